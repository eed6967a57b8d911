#!/usr/bin/env bash
# Write the two hashed lock files from pyproject.toml; they name no registry host.
set -euo pipefail
cd "$(dirname "$0")/.."
uv lock --quiet
uv export --quiet --frozen --no-emit-project --no-header --no-annotate --no-default-groups --group build \
  --format requirements-txt -o requirements.lock
uv export --quiet --frozen --no-emit-project --no-header --no-annotate --group build --group dev \
  --format requirements-txt -o requirements-dev.lock
