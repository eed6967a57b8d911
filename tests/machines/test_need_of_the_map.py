"""The map reads recipes from the chip of a design where none is typed, and typed ones first."""

from __future__ import annotations

import numpy as np
import pytest

from narrows.bottlenecks.supply import Recipes
from narrows.catalog import Reader, default
from narrows.errors import DataError
from narrows.facility.hall_power import FORMULAS as SITE_FORMULAS
from narrows.systems.need import FORMULAS, need, need_draws, need_reads

DRAWS = 300


def test_one_need_is_the_need() -> None:
    line = need("gb200", draws=DRAWS, seed=3).lines["packages_per_logic_wafer"]
    drawn = need_draws("gb200", "packages_per_logic_wafer", Reader(default(), 3, DRAWS))
    assert np.percentile(drawn, [5, 50, 95]) == pytest.approx([line.p05, line.p50, line.p95])
    assert set(need_reads("gb200", "packages_per_logic_wafer", default())) == set(line.reads)


def test_the_map_needs_what_is_computed() -> None:
    """All of the mix one design: need per H100e = 1 / (packages a wafer x H100e a package)."""
    reader = Reader(default(), 3, DRAWS)
    recipes = Recipes(reader)
    shares, amounts = recipes.by_group([["/packages_per_logic_wafer"]], [["blackwell"]])
    made = need_draws("gb200", "packages_per_logic_wafer", reader) * reader.draws("blackwell.h100e")
    held = shares[:, :, 0] > 0
    found = amounts[:, :, 0, 0][held]
    expected = (shares[:, :, 0] / made[:, None])[held]
    assert held.any()
    assert found == pytest.approx(expected)


def test_a_typed_recipe_goes_first() -> None:
    book = default()
    recipes = Recipes(Reader(book, 1, DRAWS))
    assert "hopper.packages_per_logic_wafer" in recipes.reads(["/packages_per_logic_wafer"])
    assert not any(name.startswith("chip.h100") for name in recipes.reads(["/packages_per_logic_wafer"]))
    assert "blackwell.packages_per_logic_wafer" not in recipes.reads(["/packages_per_logic_wafer"])


@pytest.mark.parametrize("design", [design for design in default().designs if design.chip])
def test_what_is_not_typed_can_be_computed(design) -> None:
    reader = Reader(default(), 1, 20)
    typed = {fact.id.partition(".")[2] for fact in default().under(design.id)}
    needed = {term.lstrip("/") for layer in default().layers for term in layer.need if "." not in term}
    for quantity in needed - typed - set(SITE_FORMULAS):
        assert quantity in FORMULAS
        assert need_draws(design.chip, quantity, reader).min() > 0


def test_a_need_that_lacks_a_fact_says_which() -> None:
    with pytest.raises(DataError) as refused:
        need_draws("h20", "packages_per_logic_wafer", Reader(default(), 1, 20))
    assert str(refused.value) == (
        "The need 'packages_per_logic_wafer' of 'h20' cannot be computed: the catalogue holds no die of h20. "
        "A computed recipe has all facts of its chip. Type the fact, or the recipe "
        "<design>.packages_per_logic_wafer."
    )
