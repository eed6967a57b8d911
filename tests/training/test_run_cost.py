"""What a run costs bottom up: by hand, by its laws, the network by the public sheet, and refusals."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrows.catalog import Reader, default
from narrows.errors import DataError, UnknownNameError, UsageError
from narrows.network.fabric import fabric
from narrows.training.run_cost import BASES, Run, run_cost

DATA = Path("../shared/data/training")
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the measurements are not here")
FOLLOWS = "It follows from --days, or from --tokens with --params. Give one of them."


def fact(name: str) -> float:
    return default().fact(name).canonical_value


@needs_data
def test_switches_and_cost_of_the_public_sheet() -> None:
    with (DATA / "network_cost_tiers_h100.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        net = fabric(int(row["gpus"]), 64, 8)
        assert (net.total, net.servers) == (int(row["switches"]), int(row["nodes"]))
        cable = fact(f"training.cable.{('none', 'one_tier', 'two_tiers')[net.tiers]}")
        node = float(row["node_cost_usd"]) / net.servers
        whole = node + fact("training.node.facility") + net.total * 36_000 / net.servers + 8 * cable
        assert whole / 8 == pytest.approx(float(row["avg_per_gpu_usd"]), abs=1)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 60_000))
def test_a_network_has_ports_for_every_server(servers: int) -> None:
    net = fabric(8 * servers, 64, 8)
    assert net.total * 64 >= 8 * servers or net.tiers == 0
    assert fabric(8 * servers + 8, 64, 8).total >= net.total


def test_a_rent_worked_by_hand() -> None:
    found = run_cost(Run("h100", 16_384, days=54.0, basis="rental_3yr"), draws=200)
    hours = 16_384 * 54 * 24
    assert found.stated["chip_hours"] == hours
    assert found.parts["rent"] == pytest.approx(hours * 1.78)
    assert found.parts["failed_runs"] == pytest.approx(hours * 1.78 * 0.15)
    assert found.parts["staff"] == pytest.approx(found.stated["total"] * 0.39)
    assert sum(found.parts.values()) == pytest.approx(found.stated["total"])
    assert found.rented["rental_3yr"] == pytest.approx(found.parts["rent"])


def test_owning_worked_by_hand() -> None:
    found = run_cost(Run("h100", 16_384, days=54.0), draws=200)
    years = 16_384 * 54 / 365.25 / 0.9
    annuity = 0.1 / (1 - 1.1**-5)
    assert found.parts["chips"] == pytest.approx(23_200 * annuity * years)
    assert found.parts["network"] == pytest.approx(768 / 16_384 * 36_000 * annuity * years)
    hall = 0.1 / (1 - 1.1**-15)
    assert found.parts["facility"] == pytest.approx(11.7 * 1370 * hall * years)
    assert found.parts["energy"] == pytest.approx(1.37 * 0.8 * 1.2 * 16_384 * 54 * 24 * 0.08)
    trend = run_cost(Run("h100", 16_384, days=54.0, basis="trend"), draws=200)
    assert trend.parts["chips"] == pytest.approx(23_200 * 0.14 * math.log(10) * years)


def test_days_follow_from_work() -> None:
    run = Run("h100", 16_384, tokens=15.6e12, params=405e9, mfu=0.4)
    found = run_cost(run, draws=500)
    speed = fact("chip.h100_sxm.bf16") * 0.4
    worked = 6 * 405e9 * 15.6e12 / (16_384 * speed * found.stated["useful"]) / 86_400
    assert found.stated["days"] == pytest.approx(worked)
    low, _, high = found.bands["days"]
    assert low < worked < high
    free = run_cost(Run("h100", 16_384, tokens=15.6e12, params=405e9), draws=500)
    assert free.bands["days"][1] > 0
    assert free.tornado[0][0] == "training.mfu"


def test_twice_the_chips_or_days_is_about_twice_the_cost() -> None:
    one = run_cost(Run("h200", 4096, days=30.0), draws=100)
    two = run_cost(Run("h200", 4096, days=60.0), draws=100)
    assert two.stated["total"] == pytest.approx(2 * one.stated["total"])
    assert two.parts.keys() == one.parts.keys()


def test_the_tornado_is_one_fact_at_a_time() -> None:
    found = run_cost(Run("h100", 1024, days=10.0), draws=4000)
    reach = [abs(high - low) for _, low, high in found.tornado]
    assert reach == sorted(reach, reverse=True)
    name, low, high = next(row for row in found.tornado if row[0] == "training.electricity_price")
    assert name
    energy = found.parts["energy"]
    rest = found.stated["total"] / found.stated["final_run"]
    # Electricity enters in proportion: the two ends differ by its spread times its part of the total.
    drawn = Reader(default(), 1, 4000).draws("training.electricity_price")
    spread = np.quantile(drawn, 0.95) - np.quantile(drawn, 0.05)
    assert high - low == pytest.approx(spread / fact("training.electricity_price") * energy * rest)


@pytest.mark.parametrize("basis", BASES)
def test_parts_sum_to_the_total_on_every_basis(basis: str) -> None:
    found = run_cost(Run("h100", 2048, days=20.0, basis=basis), draws=200)
    assert sum(found.parts.values()) == pytest.approx(found.stated["total"])
    low, middle, high = found.bands["total"]
    assert 0 < low <= middle <= high


@pytest.mark.parametrize(
    ("run", "sentence"),
    [
        (
            Run("h100", 8, tokens=0.0, params=1e9),
            "The option --tokens is given 0. It is above 0. Write, for instance, --tokens 15.6e12.",
        ),
        (
            Run("h100", 8, tokens=1e9, params=1e9, mfu=1.2),
            "The option --mfu is given 1.2. It is above 0 and at most 1. Write, for instance, --mfu 0.4.",
        ),
        (
            Run("h100", 8),
            f"The length of the run is given by neither its days nor all of its work. {FOLLOWS}",
        ),
        (
            Run("h100", 8, days=3.0, tokens=1e9, params=1e9),
            f"The length of the run is given by both its days and its work. {FOLLOWS}",
        ),
        (
            Run("h100", 8, days=-3.0),
            "The option --days is given -3. It is above 0. Write, for instance, --days 54.",
        ),
    ],
)
def test_what_is_impossible_is_refused(run: Run, sentence: str) -> None:
    with pytest.raises(UsageError) as refused:
        run_cost(run)
    assert str(refused.value) == sentence


def test_unknown_names_are_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError) as chip:
        run_cost(Run("h10", 8, days=1.0))
    assert str(chip.value) == (
        "The chip 'h10' is not known. The nearest known: 'h20', 'h100_sxm', 'h100_pcie'. "
        "List them with `narrows facts chip bf16`."
    )
    with pytest.raises(UnknownNameError, match=r"The basis 'lif' is not known. The nearest known: 'life'"):
        run_cost(Run("h100", 8, days=1.0, basis="lif"))
    with pytest.raises(DataError) as price:
        run_cost(Run("l40s", 8, days=1.0))
    assert str(price.value).startswith("No price is known for l40s. It is known for ")
