"""The chip side of the catalogue is whole: shares sum to 1, and every design has a recipe for every layer."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest

from narrows.systems.need import FORMULAS

CATALOG = Path(__file__).resolve().parents[2] / "src" / "narrows" / "catalog"
CHIP_LAYERS = ("euv", "logic_wafer", "hbm_wafer", "hbm_stack", "substrate", "cowos", "accelerator")


def _read(name):
    return tomllib.loads((CATALOG / name).read_text(encoding="utf-8"))


def _facts():
    for path in sorted((CATALOG / "facts").glob("*.toml")):
        table = _read(f"facts/{path.name}")
        for fact in table.get("fact", []):
            yield table.get("defaults", {}) | fact


FACTS = list(_facts())
DESIGNS = {design["id"]: design for design in _read("designs.toml")["design"]}
LAYERS = {layer["id"]: layer for layer in _read("layers.toml")["layer"]}


MIX = [fact for fact in FACTS if fact["id"].startswith("mix.")]


@pytest.mark.parametrize("period", sorted({fact["about"] for fact in MIX}))
def test_the_mix_of_a_period_sums_to_one(period):
    mix = [fact["value"] for fact in MIX if fact["about"] == period]
    assert sum(mix) == pytest.approx(1, abs=1e-9)


def test_the_mix_names_only_designs_that_exist():
    assert {fact["id"].split(".")[1] for fact in FACTS if fact["id"].startswith("mix.")} == set(DESIGNS)


@pytest.mark.parametrize("design", DESIGNS)
def test_every_design_has_a_recipe_for_every_layer(design):
    recipe = {fact["id"].partition(".")[2] for fact in FACTS if fact["id"].startswith(f"{design}.")}
    needed = {name.removeprefix("/") for layer in LAYERS.values() for name in layer.get("need", [])}
    of_designs = {name for name in needed if any(fact["id"] == f"rubin.{name}" for fact in FACTS)}
    computed = set(FORMULAS) if DESIGNS[design].get("chip") else set()
    assert of_designs | {"h100e"} <= recipe | computed


@pytest.mark.parametrize("layer", CHIP_LAYERS)
def test_the_makers_of_a_layer_share_the_whole(layer):
    shares = defaultdict(float)
    for fact in FACTS:
        found = re.fullmatch(rf"{layer}\.maker\.[a-z_]+(?:\.(\S+))?", fact["id"])
        if found:
            shares[found[1]] += fact["value"]
    assert shares
    assert list(shares.values()) == pytest.approx([1] * len(shares), abs=1e-9)


@pytest.mark.parametrize("layer", CHIP_LAYERS)
def test_every_chip_layer_has_what_its_declaration_names(layer):
    declared = LAYERS[layer]
    ids = {fact["id"] for fact in FACTS}
    for entry in ("lag", "hold", "lead", "growth", "slip"):
        assert declared[entry] in ids
    for series in (declared["capacity"], *declared["multiply"]):
        assert series in ids or any(name.startswith(f"{series}.2") for name in ids)


def test_a_past_map_finds_a_capacity_for_every_chip_layer():
    known = {fact["id"] for fact in FACTS if fact["as_of"] <= "2022-06"}
    for layer in CHIP_LAYERS:
        assert any(name.startswith(f"{layer}.capacity.2") for name in known), layer
