"""Wafers, yield, fabrics and needs against geometry counted another way, and laws."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrows.compute.silicon import dies_per_wafer, good_share, sides
from narrows.errors import UnknownNameError, UsageError
from narrows.network.fabric import cluster_cost, fabric
from narrows.systems.need import need
from narrows.systems.validation import machine_rows

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "training"


def _counted(width, height, radius):
    """Return dies by trying every corner, for the four places of the grid."""
    best = 0
    for left in (0.0, 0.5):
        for low in (0.0, 0.5):
            spots = range(-80, 80)
            whole = 0
            for column in spots:
                for row in spots:
                    x, y = (column + left) * width, (row + low) * height
                    corners = [(x, y), (x + width, y), (x, y + height), (x + width, y + height)]
                    whole += all(math.hypot(*corner) <= radius + 1e-12 for corner in corners)
            best = max(best, whole)
    return best


@pytest.mark.parametrize(
    ("width", "height"), [(0.0253, 0.0322), (0.0105, 0.0105), (0.0567, 0.0567), (0.02, 0.008)]
)
def test_dies_on_a_wafer_are_those_counted_corner_by_corner(width, height):
    assert int(dies_per_wafer(width, height, 0.3, 0.003)) == _counted(width, height, 0.147)


def test_draws_are_counted_as_one_by_one():
    widths = np.array([0.01, 0.02, 0.026])
    together = dies_per_wafer(widths, 0.02, 0.3, 0.003)
    assert together.tolist() == [float(dies_per_wafer(width, 0.02, 0.3, 0.003)) for width in widths]


def test_a_die_without_size_is_refused():
    with pytest.raises(UsageError, match="has no size"):
        dies_per_wafer(0.0, 0.02, 0.3)


@given(st.floats(1e-6, 9e-4), st.floats(0, 5e3), st.floats(0.5, 10))
def test_clustered_defects_spare_more_dies_than_random_ones(area, density, clustering):
    assert good_share(area, density, clustering) >= good_share(area, density) - 1e-12


@given(st.floats(1e-6, 9e-4), st.floats(0, 5e3), st.floats(0, 1))
def test_salvage_is_between_none_and_all(area, density, salvaged):
    whole = float(good_share(area, density, 2.0))
    assert whole - 1e-12 <= float(good_share(area, density, 2.0, salvaged)) <= 1 + 1e-12


def test_poisson_is_the_limit_of_clustering():
    assert float(good_share(8e-4, 1e3, 1e7)) == pytest.approx(float(good_share(8e-4, 1e3)), rel=1e-5)


@given(st.floats(1e-6, 1e-2), st.floats(1, 3))
def test_sides_give_the_area_and_the_shape(area, shape):
    short, long = sides(area, shape)
    assert float(short * long) == pytest.approx(area)
    assert float(long / short) == pytest.approx(shape)


@given(st.integers(1, 400_000), st.sampled_from([32, 64, 128]), st.sampled_from([1, 4, 8]))
def test_a_fabric_has_ports_for_all_and_blocks_nothing(gpus, radix, rails):
    try:
        built = fabric(gpus, radix, rails)
    except UsageError:
        assert gpus > rails * radix**3 / 4 - rails * radix
        return
    endpoints = math.ceil(gpus / rails)
    if built.tiers == 1:
        assert endpoints <= radix
    if built.tiers >= 2:
        leaves, above = built.switches[0] // rails, built.switches[1] // rails
        assert leaves * radix // 2 >= endpoints
        assert above * radix >= leaves * radix // 2
    if built.tiers == 3:
        assert built.switches[2] * radix >= built.switches[1] * radix // 2


@given(st.integers(3, 2048))
def test_more_accelerators_never_take_fewer_switches(gpus):
    assert fabric(gpus + 1, 64, 1).total >= fabric(gpus, 64, 1).total


def test_a_full_tree_has_the_known_count():
    assert fabric(64**3 // 4, 64, 1).total == 5 * 64**2 // 4  # 5 k^2 / 4 switches of a three-tier tree
    with pytest.raises(UsageError, match="more than three tiers"):
        fabric(64**3, 64, 1)


@pytest.mark.skipif(not DATA.is_dir(), reason="the tables of training are not here")
def test_the_cluster_sheet_follows_from_geometry():
    with (DATA / "network_cost_tiers_h100.csv").open(encoding="utf-8", newline="") as file:
        sheet = list(csv.DictReader(file))
    for row in sheet:
        gpus, price = int(row["gpus"]), float(row["node_cost_usd"]) / int(row["nodes"])
        assert fabric(gpus).total == int(row["switches"])
        assert round(cluster_cost(gpus, node_price=price).per_gpu) == pytest.approx(
            float(row["avg_per_gpu_usd"]), abs=1
        )


def test_need_is_ordered_and_keeps_what_it_read():
    found = need("gb200", draws=300)
    for line in found.lines.values():
        assert line.p05 <= line.p50 <= line.p95
        assert line.reads
    assert found.lines["racks"].p50 == pytest.approx(1 / 72)
    assert found.lines["dram_dies_per_stack"].p50 == 8
    assert need("gb300", draws=300).lines["dram_dies_per_stack"].p50 == 12


def test_need_says_what_it_cannot_know():
    found = need("h20", draws=100)
    assert found.missing["packages_per_logic_wafer"] == "the catalogue holds no die of h20"
    assert need("wse3", draws=100).chip == "wse3"
    with pytest.raises(UnknownNameError):
        need("h10")


def test_rows_of_validation_run_without_data():
    rows = machine_rows(None)
    assert {row.room for row in rows} == {"compute", "memory", "network", "systems"}
    assert any(row.holds is None for row in rows)
    assert [row.dataset for row in rows if row.holds is False and row.dataset.startswith("recipe ")]
