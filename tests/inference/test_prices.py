"""What tokens cost, and the bridge from the list price."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrows.cli import main
from narrows.errors import DataError, UnknownNameError, UsageError
from narrows.inference.price_checks import price_rows
from narrows.inference.prices import BRIDGE, Mix, price, usd_per_million

DATA = Path("../shared/data/inference")
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the tables of inference are not here")


@needs_data
def test_costs_are_those_of_the_derived_table() -> None:
    with (DATA / "mlperf_cost_per_mtok_derived.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    row = next(iter(price_rows(DATA)))
    assert row.n == 3 * len(rows)
    assert row.holds


def test_a_cost_worked_by_hand() -> None:
    found = price("deepseek-r1", "b200", 2324.025, draws=100)
    assert found.usd_per_hour == pytest.approx(2.07)
    assert round(found.at_full_load, 4) == 0.2474
    assert round(usd_per_million(1.73, 4172.375), 4) == 0.1152
    half = price("deepseek-r1", "b200", 2324.025, utilisation=0.5, draws=100)
    assert half.at_utilisation == pytest.approx(2 * found.at_full_load)
    # 1.71 kW x 1.25 x 0.08 usd/kWh = 0.171 usd/h
    assert found.energy == pytest.approx(0.171 / 3600 / 2324.025 * 1e6)


@settings(max_examples=30, deadline=None)
@given(
    st.floats(1.0, 5000.0),
    st.floats(0.01, 1.0),
    st.floats(0.0, 20.0),
    st.floats(0.0, 1.0),
    st.sampled_from(["tco_hyperscaler", "tco_neocloud", "rental_3yr", "rental"]),
)
def test_the_bridge_sums_to_the_list_price(
    speed: float, load: float, inputs: float, cached: float, basis: str
) -> None:
    mix = Mix(inputs, cached)
    found = price("deepseek-r1", "b200", speed, utilisation=load, basis=basis, mix=mix, draws=20)
    assert tuple(found.bridge) == BRIDGE
    assert found.list_price is not None
    largest = max(map(abs, found.bridge.values()))
    assert sum(found.bridge.values()) == pytest.approx(found.list_price, abs=1e-12 * largest)
    assert min(found.bridge[word] for word in BRIDGE[1:]) >= -1e-12
    assert all(low <= mid <= high for low, mid, high in found.bands.values())


@given(st.floats(0.0, 10.0), st.floats(0.0, 1.0))
@settings(max_examples=20, deadline=None)
def test_the_split_by_tokens_adds_up(inputs: float, cached: float) -> None:
    mix = Mix(inputs, cached, input_per_s=30_000.0, cached_per_s=300_000.0)
    found = price("deepseek-r1", "b200", 2000.0, mix=mix, draws=20)
    fresh = inputs * (1 - cached)
    total = found.split["output"] + fresh * found.split["input"] + inputs * cached * found.split["cached"]
    assert total == pytest.approx(found.at_full_load)


def test_a_model_without_a_list_price_has_a_cost() -> None:
    found = price("llama-2-7b", "h100", 3000.0, draws=20)
    assert found.list_price is None
    assert tuple(found.bridge) == BRIDGE[1:]
    assert sum(found.bridge.values()) == pytest.approx(found.at_full_load)


def test_what_is_not_possible_is_refused() -> None:
    with pytest.raises(UsageError) as refusal:
        price("deepseek-r1", "b200", 0.0)
    assert str(refusal.value) == (
        "The option --tokens-per-s is given 0. It is above 0. Write, for instance, --tokens-per-s 2324."
    )
    with pytest.raises(UsageError, match="Give output tokens of one chip, not of a server"):
        price("llama-3.1-405b", "h100", 1e5)
    with pytest.raises(
        UsageError, match=r"The option --utilisation is given 2\. It is above 0 and at most 1"
    ):
        price("deepseek-r1", "b200", 2324.0, utilisation=2.0)
    with pytest.raises(UsageError, match="takes longer than --tokens-per-s leaves"):
        price("deepseek-r1", "b200", 2324.0, mix=Mix(100.0, 0.0, input_per_s=10_000.0))
    with pytest.raises(DataError, match=r"No rental is known for mi300x\. Known are tco_hyperscaler"):
        price("deepseek-r1", "mi300x", 1000.0, basis="rental")
    with pytest.raises(UnknownNameError, match="'tco_neocloud'"):
        price("deepseek-r1", "b200", 1000.0, basis="tco_neo")
    with pytest.raises(UnknownNameError, match="'deepseek-r1'"):
        price("deepseek-r2", "b200", 1000.0)


def test_the_command_prices(capsys: pytest.CaptureFixture[str]) -> None:
    line = ["inference", "price", "deepseek-r1", "b200", "--tokens-per-s", "2324.025", "--draws", "200"]
    assert main(line) == 0
    assert "0.2474" in capsys.readouterr().out
    assert main([*line, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["sources"][0] == "chip.b200_sxm.tco_neocloud"
