"""What failures take: closed forms against a simulation, the best interval, and published events."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrows.catalog import PointReader, default
from narrows.errors import UnknownNameError, UsageError
from narrows.training.failures import (
    Repair,
    best_interval,
    daly_interval,
    first_order_share,
    repair_share,
    simulated_share,
    useful_share,
    young_interval,
)
from narrows.training.goodput import HARDWARE, Timing, goodput, hardware_share
from narrows.training.schedule import schedule, schedule_days

DATA = Path("../shared/data/training")
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the measurements are not here")


@settings(max_examples=40, deadline=None)
@given(
    st.floats(300.0, 1e6),  # mean time to failure
    st.floats(1.0, 300.0),  # write
    st.floats(0.0, 1800.0),  # restart
    st.floats(0.2, 4.0),  # of the best interval
)
def test_the_closed_form_is_that_of_the_simulation(
    mttf: float, write: float, restart: float, factor: float
) -> None:
    interval = factor * float(best_interval(1 / mttf, write))
    simulated, _ = simulated_share((1 / mttf, write, restart, interval), runs=600, failures=400)
    closed = float(useful_share(1 / mttf, write, restart, np.array(interval)))
    assert abs(closed - simulated) < 0.005


@pytest.mark.parametrize(("spares", "group_share"), [(8, 0.0), (16, 0.05), (24, 0.05)])
def test_spares_are_those_of_the_simulation(spares: int, group_share: float) -> None:
    rate, repair = 1e-4, Repair(spares, 72_000.0, 0.7, group_share, 8)
    interval = float(best_interval(rate, 10.0))
    simulated, error = simulated_share((rate, 10.0, 420.0, interval), repair, failures=1500, runs=200)
    closed = float(useful_share(rate, 10.0, 420.0, np.array(interval))) * repair_share(rate, repair)
    assert abs(closed - simulated) < 0.005 + 2 * error


@settings(max_examples=60, deadline=None)
@given(st.floats(60.0, 1e7), st.floats(0.1, 2000.0), st.floats(0.0, 3000.0))
def test_no_interval_is_better_than_the_best(mttf: float, write: float, restart: float) -> None:
    best = best_interval(1 / mttf, write)
    most = useful_share(1 / mttf, write, restart, best)
    for factor in (0.5, 0.9, 0.999, 1.001, 1.1, 2.0):
        assert useful_share(1 / mttf, write, restart, best * factor) <= most * (1 + 1e-12)


def test_the_approximations_meet_the_exact_form_where_failures_are_rare() -> None:
    rate, write = 1e-7, 30.0
    best = best_interval(rate, write)
    assert young_interval(rate, write) == pytest.approx(best, rel=2e-3)
    assert daly_interval(rate, write) == pytest.approx(best, rel=1e-6)
    exact = useful_share(rate, write, 600.0, best)
    assert first_order_share(rate, write, 600.0, best) == pytest.approx(exact, abs=1e-5)
    assert daly_interval(1.0, 5.0) == 1.0  # writes longer than twice the time between failures


def test_more_spares_never_hurt() -> None:
    shares = [repair_share(1e-4, Repair(spares, 86_400.0, 0.7, 0.02, 8)) for spares in range(40)]
    assert shares == sorted(shares)
    assert shares[-1] > 0.999
    # Without groups the nodes in repair are Poisson.
    mean = 1e-4 * 0.7 * 86_400.0
    poisson = sum(np.exp(-mean) * mean**n / np.prod(np.arange(1.0, n + 1)) for n in range(6))
    assert repair_share(1e-4, Repair(5, 86_400.0, 0.7)) == pytest.approx(poisson)


def test_many_nodes_in_repair_are_counted() -> None:
    # 2,000 nodes out on average: half the time more, by the symmetry of a wide Poisson distribution.
    assert repair_share(1.0, Repair(2000, 2000.0, 1.0)) == pytest.approx(0.5, abs=0.02)
    assert repair_share(1.0, Repair(2300, 2000.0, 1.0)) > 0.9999
    assert repair_share(1.0, Repair(1700, 2000.0, 1.0)) < 1e-4
    # Groups alone: nodes are whole groups.
    rate, repair = 1e-4, Repair(15, 30_000.0, 1.0, 1.0, 8)
    assert repair_share(rate, repair) == pytest.approx(np.exp(-3.0) * (1 + 3.0))


@needs_data
def test_the_facts_are_the_published_counts() -> None:
    with (DATA / "llama3_interruptions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    catalog = default()
    facts = {fact.of: fact.value for fact in catalog.under("training.llama3")}
    for row in rows:
        told = f"unexpected interruptions: {row['component']} ({row['category']})"
        assert facts[told] == float(row["count"])
    assert sum(float(row["count"]) for row in rows) == catalog.fact("training.llama3.unexpected").value
    hard = sum(float(row["count"]) for row in rows if row["category"] in {"GPU", "Host"})
    assert hardware_share(PointReader(catalog))[0] == pytest.approx(hard / 419)
    assert len(HARDWARE) == sum(row["category"] in {"GPU", "Host"} for row in rows)


def test_llama_3_was_useful_for_more_than_nine_tenths() -> None:
    found = goodput(16_384, 54.0, draws=2000)
    assert found.stated["interruptions"] == pytest.approx(466, abs=0.5)
    assert found.stated["useful"] > 0.9
    minutes = (1 - found.stated["useful"]) * 54 * 24 * 60 / found.stated["interruptions"]
    assert minutes <= 16.7
    low, _, high = found.bands["interruptions"]
    assert low < 466 < high


def test_a_goodput_worked_by_hand() -> None:
    found = goodput(16_384, 54.0, Timing(60.0, 600.0), draws=500)
    rate = 466 / (54 * 86_400)
    assert found.young_s == pytest.approx((2 * 60 / rate) ** 0.5, rel=1e-3)
    grown = np.exp(rate * (found.interval_s + 60)) - 1
    assert found.stated["useful"] == pytest.approx(
        rate * found.interval_s * np.exp(-rate * 600) / grown, rel=1e-3
    )
    assert found.stated["lost_gpu_hours"] == pytest.approx((1 - found.stated["useful"]) * 16_384 * 54 * 24)
    fixed = goodput(16_384, 54.0, Timing(60.0, 600.0, 3600.0), draws=500)
    assert fixed.interval_s == 3600.0
    assert fixed.stated["useful"] < found.stated["useful"]
    few = goodput(16_384, 54.0, Timing(60.0, 600.0, spares=4), draws=500)
    assert few.stated["whole"] < 0.9
    assert few.stated["useful"] == pytest.approx(found.stated["useful"] * few.stated["whole"])


def test_what_is_impossible_is_refused() -> None:
    with pytest.raises(UsageError) as refused:
        goodput(0, 54.0)
    assert str(refused.value) == (
        "The option --chips is given 0. It is a whole number from 1. Write, for instance, --chips 16384."
    )
    with pytest.raises(UsageError) as refused:
        goodput(8, 54.0, Timing(checkpoint_s=-1.0))
    assert str(refused.value) == (
        "The option --checkpoint-s is given -1. It is above 0. Write, for instance, --checkpoint-s 60."
    )
    with pytest.raises(UnknownNameError) as unknown:
        goodput(8, 54.0, chip="h10")
    assert str(unknown.value).startswith("The chip 'h10' is not known. The nearest known: ")


def test_a_schedule_is_work_over_speed() -> None:
    assert schedule_days(86_400.0, 1, 1.0, 1.0) == pytest.approx(1.0)
    assert schedule_days(3.8e25, 16_384, 4e14, 0.5) == pytest.approx(
        2 * schedule_days(3.8e25, 16_384, 4e14, 1.0)
    )
    assert schedule(86_400.0, 1, 1.0, 0.5) == (2.0, 2.0, 2.0)
    with pytest.raises(UsageError) as refused:
        schedule(1e25, 8, 1e14, 1.5)
    assert str(refused.value) == (
        "The share of useful time of a schedule is 1.5. Each is above 0, and the share at most 1. Correct it."
    )
