"""Draws of facts: keyed by the fact, recorded, and moved by nothing unrelated."""

from __future__ import annotations

import numpy as np
import pytest

from narrows.catalog import Overlay, Reader, Scaling, load
from narrows.errors import UnknownNameError

from .small import FACTS, fact

CAPACITY = "cowos.capacity.2023-12"


def reader_of(small, n=400, method="random"):
    return Reader(load(small.write()), 7, n, method)


def test_draws_are_in_canonical_units_about_the_median(small):
    reader = reader_of(small, 4000)
    drawn = reader.draws(CAPACITY)
    middle = 14500 / (365.25 * 86400 / 12)
    assert drawn.shape == (4000,)
    assert np.median(drawn) == pytest.approx(middle, rel=0.005)
    assert reader.point(CAPACITY) == pytest.approx(middle)
    assert np.mean(drawn < middle * 14000 / 14500) == pytest.approx(0.1, abs=0.02)


@pytest.mark.parametrize("method", ["random", "sobol"])
def test_five_hundred_other_facts_move_no_draw(small, method):
    names = [fact["id"] for fact in FACTS]
    before = {name: reader_of(small, method=method).draws(name) for name in names}
    small.facts = [
        *[fact(f"other.thing_{i}", i + 2, i + 1, i + 3, "MW") for i in range(500)],
        *reversed(small.facts),
    ]
    small.layers = []
    after = reader_of(small, method=method)
    for name in names:
        np.testing.assert_array_equal(after.draws(name), before[name])


def test_a_new_vintage_keeps_its_place_in_the_draws(small):
    before = reader_of(small).draws(CAPACITY)
    small.facts.append(fact(CAPACITY, 15500, 15000, 16000, "wafer/month", about="2023-12", as_of="2025-01"))
    after = reader_of(small).draws(CAPACITY)
    np.testing.assert_array_equal(np.argsort(after), np.argsort(before))
    assert (after > before).all()


def test_a_pool_picks_each_statement_about_as_often(small):
    reader = reader_of(small, 4000)
    reader.catalog.fact("cowos.ai_share")
    small.choices = []
    newest = reader_of(small, 4000).draws("cowos.ai_share")
    small.facts = [fact for fact in small.facts if fact["source"] != "report-b"]
    other = reader_of(small, 4000).draws("cowos.ai_share")
    pooled = reader.draws("cowos.ai_share")
    assert ((pooled == newest) | (pooled == other)).all()
    assert np.mean(pooled == newest) == pytest.approx(0.5, abs=0.03)
    assert reader.point("cowos.ai_share") == pytest.approx(0.825)


def test_a_group_moves_together(small):
    small.facts.append(
        fact("rack.capacity.2024", 5, 4, 6, "rack/month", about="2024", group="cowos", correlation=0.7)
    )
    reader = reader_of(small, 4000)
    pair = np.corrcoef(
        np.log(reader.draws("cowos.capacity.2024Q4")), np.log(reader.draws("rack.capacity.2024"))
    )
    assert pair[0, 1] == pytest.approx(0.7, abs=0.03)


def test_a_series_has_axes_draw_and_anchor(small):
    middles, values, facts = reader_of(small).series("cowos.capacity")
    assert middles.tolist() == [2023 + 11.5 / 12, 2024.875, 2025.5]
    assert values.shape == (400, 3)
    assert [fact.about for fact in facts] == ["2023-12", "2024Q4", "2025"]
    assert (values[:, 0] < values[:, 2]).all()


def test_a_series_of_nothing_has_no_anchor(small):
    middles, values, facts = reader_of(small).series("cowos.nothing")
    assert (middles.shape, values.shape, facts) == ((0,), (400, 0), ())


def test_what_is_read_is_recorded_once_and_in_order(small):
    reader = reader_of(small)
    reader.draws("cowos.lag")
    with reader.chain() as outer:
        reader.point(CAPACITY)
        with reader.chain() as inner:
            reader.draws("cowos.lag")
            reader.draws("cowos.lag")
        reader.fact("hopper.hbm_bytes")
    reader.draws("cowos.ai_share")
    assert inner.reads == ("cowos.lag",)
    assert outer.reads == (CAPACITY, "cowos.lag", "hopper.hbm_bytes")
    assert reader.reads == ("cowos.lag", CAPACITY, "hopper.hbm_bytes", "cowos.ai_share")


def test_a_chain_closes_when_the_block_fails(small):
    reader = reader_of(small)
    with pytest.raises(UnknownNameError), reader.chain() as chain:
        reader.draws("nothing.here")
    reader.draws("cowos.lag")
    assert chain.reads == ()


def test_draws_are_shared_and_cannot_be_written(small):
    reader = reader_of(small)
    assert reader.draws("cowos.lag") is reader.draws("cowos.lag")
    with pytest.raises(ValueError, match="read-only"):
        reader.draws("cowos.lag")[0] = 1


def test_a_scenario_scales_every_draw(small):
    reader = reader_of(small)
    changed = Reader(reader.catalog.overlay(Overlay("x", scalings=(Scaling(CAPACITY, 0.5),))), 7, 400)
    np.testing.assert_allclose(changed.draws(CAPACITY), reader.draws(CAPACITY) / 2)
