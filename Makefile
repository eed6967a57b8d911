# Two commands do everything on a machine with Python 3.11+ and make: `make map` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEV := $(VENV)/.installed-dev

# Tests start many commands: without bytecode each would compile the package anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: map test programs lint warm bench validate package clean

map: $(STAMP)  ## install into .venv and run the main job
	@$(BIN)/narrows map

test: $(DEV) programs  ## every check and every test
	@$(MAKE) --no-print-directory -j2 lint warm
	$(BIN)/python -m pytest -q -n 3 --dist loadfile

programs:  ## chromium and LibreOffice, where this machine can install them
	@.ci/programs

lint: $(DEV)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

KERNELS := $(addprefix tests/,bottlenecks/test_solve.py facility/test_plant.py inference/test_serving.py \
  inference/test_serving_policies.py shocks/test_inventories_and_world.py)
warm: $(DEV)  ## kernels compiled beside the checks, which leave a core idle: each process of tests would compile them
	@$(BIN)/python -m pytest -q -p no:cacheprovider -k "twins or compiled" $(KERNELS) >/dev/null || true

bench: $(DEV)  ## ours beside the peer, as ratios; JSON=1 for JSON
	@$(BIN)/python -m benchmarks $(if $(JSON),--json)

validate: $(DEV)  ## predicted against measured, misses included
	@$(BIN)/narrows validate

package: $(STAMP)  ## wheel and source, installed in an empty place and run from there
	rm -rf dist build/away
	$(BIN)/python -m hatchling build
	$(PYTHON) -m venv build/away
	build/away/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	build/away/bin/python -m pip install -q --disable-pip-version-check --no-deps --no-index dist/*.whl
	cd / && $(CURDIR)/build/away/bin/narrows map --quarters 2026Q4

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(DEV): $(STAMP) requirements-dev.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
