"""The facts of machines: every source figure is held, conflicts stay, serving sees only whole chips."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from narrows.catalog import default
from narrows.compute.figures import chip, chips
from narrows.compute.finding import COLUMNS, FACTOR, chip_rows, number_of
from narrows.compute.holdings import chip_named, held
from narrows.errors import DataError, UnknownNameError
from narrows.memory.figures import chip_lines, memory
from narrows.network.figures import link
from narrows.systems.figures import system
from narrows.transformer import registry
from narrows.units import to_canonical

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "training"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the tables of training are not here")
KEPT = {
    "chip.b200_sxm.bandwidth": (7.7e12, 8.0e12),
    "chip.b200_sxm.memory": (192e9, 180e9),
    "chip.b300_sxm.fp4": (1.26e16, 1.4e16, 1.5e16),
    "chip.gb300.int8": (5e15, 1.65e14),
    "chip.b300_sxm.power": (1000, 1100, 1750),
    "chip.gaudi3.bf16": (1.835e15, 1.677e15),
    "chip.mi355x.bf16": (2.3e15, 2.5166e15),
    "chip.ascend_910c.bf16": (3.2e14, 7.52e14, 7.8e14, 8e14),
    "chip.ascend_910c.bandwidth": (1.8e12, 3.2e12),
    "chip.rubin.fp4": (3.5e16, 5e16),
    "chip.rubin.bf16": (4e15, 1.25e16),
    "chip.gaudi2.bf16": (4.32e14, 4.5e14),
    "chip.tpu_v4.price": (5176, 5167),
}


@pytest.mark.parametrize("name", KEPT)
def test_conflicting_statements_are_all_kept(name):
    said = [fact.canonical_value for fact in default().statements(name)]
    for value in KEPT[name]:
        assert any(value == pytest.approx(each, rel=1e-6) for each in said)


def test_conflicts_stand_with_their_own_sources():
    for name in KEPT:
        statements = default().statements(name)
        assert len({(fact.source, fact.as_of) for fact in statements}) == len(statements)


@needs_data
def test_every_figure_of_the_table_is_held_within_its_rounding():
    with (DATA / "accelerators.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    rows = chip_rows(table)
    assert all(row.chip for row in rows)
    assert len({row.chip for row in rows}) == len(rows) == 41
    for line, row in zip(table, rows, strict=True):
        for column, (quantity, unit) in COLUMNS.items():
            value = number_of(line.get(column, ""))
            if value is None or "~" in line[column]:
                continue
            told = to_canonical(value * FACTOR.get(column, 1.0), unit)
            said = [fact.canonical_value for fact in held("chip")[row.chip][quantity]]
            assert min(abs(told / each - 1) for each in said) < 0.01, (row.name, quantity)


@needs_data
def test_what_the_table_calls_unverified_is_never_more_than_an_assumption():
    with (DATA / "accelerators.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    for line, row in zip(table, chip_rows(table), strict=True):
        for column in line["unverified"].split(";"):
            quantity = COLUMNS.get(column, ("",))[0]
            for fact in held("chip")[row.chip].get(quantity, ()):
                ours = fact.file == "facts/machine_chips.toml" and fact.locator == f"row of {line['name']}"
                assert not ours, fact


def test_serving_lists_only_chips_it_can_use_and_says_what_lacks():
    assert "tpu_v4" not in registry.chips()
    assert {"h100_sxm", "b200_sxm", "mi300x"} <= set(registry.chips())
    with pytest.raises(
        DataError, match=r"^The chip 'tpu_v4' has no node, scale_up, scale_out, pcie in the catalogue"
    ):
        registry.chip("tpu_v4")
    for name in registry.chips():
        assert registry.chip(name).bandwidth_bytes_per_s > 0


def test_derived_figures_of_one_chip_follow_from_its_facts():
    found = {figure.name: figure.value for figure in chip("h100").derived}
    assert found["ridge"] == pytest.approx(989 / 3.35, rel=1e-9)
    assert found["rate_per_power"] == pytest.approx(989e12 / 700, rel=1e-9)
    assert found["price_per_pflops"] == pytest.approx(33750 / 0.989, rel=1e-9)


def test_the_share_of_a_gigawatt_follows_from_money():
    found = {figure.name: figure.value for figure in system("gb200_nvl72").derived}
    assert round(found["bought_per_gw"]) == 5932  # 35e9 / 5.9e6
    assert found["power_bought"] == pytest.approx(169e3, rel=0.005)
    assert found["power_per_gpu"] == pytest.approx(132e3 / 72)


def test_stacks_give_the_bandwidth_of_every_chip():
    for line in chip_lines():
        if "use_of_stacks" in line and line["generation"] != "hbm4":
            assert 0.5 < line["use_of_stacks"] < 1.02, line["name"]


def test_names_are_read_as_tables_print_them():
    known = held("chip")
    told = {
        "NVIDIA H100 SXM5 80GB": "h100_sxm",
        "NVIDIA A100 SXM4 40 GB": "a100_sxm_40gb",
        "NVIDIA A100": "a100_sxm",
        "NVIDIA H100 PCIe": "h100_pcie",
        "Google TPU v4": "tpu_v4",
        "Amazon Trainium1": "trainium1",
        "H100 NVL": None,
        "NVIDIA P100": None,
        "NVIDIA A800 PCIe 40 GB": None,
    }
    assert {name: chip_named(name, known) for name in told} == told


@pytest.mark.parametrize(
    ("ask", "name"), [(chip, "h10"), (memory, "hbm9"), (link, "nvlnk4"), (system, "nvl7")]
)
def test_an_unknown_name_gives_the_nearest(ask, name):
    with pytest.raises(UnknownNameError, match="nearest known"):
        ask(name)


def test_all_lines_have_a_name_and_a_year():
    lines = chips()
    assert len(lines) == len(held("chip"))
    assert all(str(line["year"]).isdigit() for line in lines)
