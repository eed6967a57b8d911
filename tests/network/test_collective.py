"""The law of collectives: laws it must obey, its refusals, formulas, and measured collectives."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrows.cli import main
from narrows.errors import UnknownNameError, UsageError
from narrows.network.collective import (
    OPERATIONS,
    bus_factor,
    collective_time,
    linked,
    read_laws,
    torus_all_reduce,
    tree_all_reduce,
)
from narrows.network.collective_checks import collective_rows

DATA = Path(__file__).parents[3] / "shared" / "data" / "training"
with_data = pytest.mark.skipif(not DATA.is_dir(), reason="the tables of measured collectives are not here")
CHIPS = ("a100_sxm", "h100_sxm", "h200_sxm", "b200_sxm", "gb200", "l40s", "rtx_pro_6000_server", "b300_sxm")
DROP = 1 + 1e-9
"""Rounding only: protocols pass into one another without a fall of the time."""

which = st.sampled_from(CHIPS)
message = st.floats(1.0, 1e11)


@settings(max_examples=100, deadline=None)
@given(which, st.sampled_from(OPERATIONS), message, st.floats(1.0, 8.0), st.sampled_from([2, 4, 8, 16]))
def test_more_bytes_are_never_faster(chip, operation, size, growth, chips):
    few, many = collective_time(chip, operation, [size, size * growth], chips).value
    assert many * DROP >= few


@settings(max_examples=60, deadline=None)
@given(which, st.sampled_from(OPERATIONS), message, st.sampled_from([2, 4, 8]), st.sampled_from([2, 4]))
def test_nodes_never_make_it_faster_than_their_links(chip, operation, size, per_node, nodes):
    found = collective_time(chip, operation, size, per_node * nodes, nodes)
    alone = collective_time(chip, operation, size, per_node).value
    assert float(found.value) >= 0.99 * float(found.parts["links between nodes"])
    assert float(found.value) >= 0.9 * float(alone)
    assert float(found.low) < float(found.value) < float(found.high)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["a100_sxm", "h100_sxm", "b200_sxm", "gb200"]),
    st.sampled_from([3, 4]),
    st.floats(1e9, 1e11),
)
def test_a_ring_all_reduce_is_a_reduce_scatter_and_an_all_gather(chip, chips, size):
    """Two chips are left out: there half of the message is the chip's own, and one call copies it once, not twice."""
    whole = collective_time(chip, "all_reduce", size, chips)
    halves = [collective_time(chip, operation, size, chips) for operation in ("reduce_scatter", "all_gather")]
    assert float(whole.low) <= sum(float(half.value) for half in halves)
    assert sum(float(half.low) for half in halves) <= float(whole.high)


@pytest.mark.parametrize("chip", ["h100_sxm", "h200_sxm"])
def test_the_switch_adds_from_five_chips_on(chip):
    rates = {n: float(collective_time(chip, "all_reduce", 2.0**32, n).bus_rate) for n in (4, 5, 8)}
    link = linked(chip).link_bytes_per_s
    assert rates[4] < 0.85 * link
    assert rates[5] > 0.9 * link
    assert rates[8] > 0.9 * link


def test_a_ring_stays_near_four_fifths_of_the_link():
    for chip in ("h100_sxm", "h200_sxm", "gb200"):
        assert 0.7 < float(collective_time(chip, "all_gather", 2.0**32, 8).link_share) < 0.85


def test_bus_factors_are_those_of_the_trade():
    assert [float(bus_factor("all_reduce", n)) for n in (2, 4)] == [1.0, 1.5]
    assert [float(bus_factor(name, 4)) for name in ("all_gather", "reduce_scatter", "alltoall")] == [0.75] * 3


def test_a_torus_of_one_axis_is_a_ring_of_two_directions():
    n, size, band = 8, 1e9, 5e10
    both_ways = 2 * (n - 1) * 1e-6 + 2 * (n - 1) / n * size / (2 * band)
    assert torus_all_reduce(size, (n,), 1e-6, band) == pytest.approx(both_ways)
    assert torus_all_reduce(size, (4, 4, 4), 1e-6, band) < torus_all_reduce(size, (64,), 1e-6, band)


def test_a_tree_beats_a_ring_in_latency_only():
    ring = 2 * 63 * 1e-6
    assert tree_all_reduce(1.0, 64, 1e-6, 1e11) < ring
    assert tree_all_reduce(1e10, 64, 1e-6, 1e11) > 2 * 63 / 64 * 1e10 / 1e11


def test_a_chip_that_was_not_measured_gets_a_wider_interval():
    known, other = (collective_time(chip, "all_reduce", 1e8, 8) for chip in ("b200", "b300"))
    assert (known.measured, other.measured) == (True, False)
    assert float(other.high / other.value) > float(known.high / known.value)


def test_each_law_has_eight_coefficients_and_a_covariance():
    for law in read_laws().values():
        assert law.logs.shape == (8,)
        assert (np.diag(law.covariance) > 0).all()


@pytest.mark.parametrize(
    ("asked", "error", "message"),
    [
        (
            ("h100", "gather", 1e6, 8),
            UnknownNameError,
            "The operation 'gather' is not known. The nearest known: 'all_gather'",
        ),
        (
            ("h100", "all_reduce", 0, 8),
            UsageError,
            "A message has no bytes. A message has 1 byte or more. Give its bytes.",
        ),
        (
            ("h100", "all_reduce", 1e6, 8, 3),
            UsageError,
            "8 chips stand in 3 nodes. At least 2 chips share the nodes evenly. Give",
        ),
        (("h999", "all_reduce", 1e6, 8), UnknownNameError, "The chip 'h999' is not known."),
    ],
)
def test_what_cannot_be_answered_is_refused(asked, error, message):
    with pytest.raises(error) as refusal:
        collective_time(*asked)
    assert str(refusal.value).startswith(message)


def test_the_command_line_tells_the_time(capsys):
    asked = [
        "network",
        "time",
        "b200",
        "all_reduce",
        "1e9",
        "--chips",
        "32",
        "--nodes",
        "4",
        "--node-link",
        "50",
    ]
    assert main([*asked, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    found = collective_time("b200", "all_reduce", 1e9, 32, 4, node_link_bytes_per_s=5e10)
    assert told["seconds"] == float(found.value)
    assert main(asked) == 0
    assert "all_reduce of 1 GB over 32 b200 in 4 nodes" in capsys.readouterr().out


@with_data
def test_the_law_meets_its_goals():
    rows = {(row.quantity, row.metric): row for row in collective_rows(DATA)}
    assert rows["all chips, as shipped", "mean error in %"].holds
    assert rows["all chips, five folds", "mean error in %"].holds
    assert rows["all chips, five folds", "% inside intervals of 90 %"].holds
    measured = [row for row in rows.values() if row.baseline == 11.6]
    assert len(measured) == 4
    assert all(row.value < row.baseline for row in measured)


@with_data
def test_the_largest_all_reduce_over_nodes_is_predicted_without_a_fit():
    rows = {(row.quantity, row.metric): row for row in collective_rows(DATA)}
    row = rows["all-reduce of 32 b200_sxm in 4 nodes, not fitted, 16 GiB", "error in %"]
    assert row.holds


def test_rows_say_that_data_are_absent():
    (row,) = collective_rows(None)
    assert (row.metric, row.holds) == ("not run: data absent", None)
