"""Prices that survive ties: the answer agrees with the map, sums up, and every number answers why."""

from __future__ import annotations

import pytest

import narrows
from narrows.bottlenecks.answer import run
from narrows.bottlenecks.plain import forward
from narrows.bottlenecks.pricing import _Study
from narrows.bottlenecks.told import Asked
from narrows.errors import UnknownNameError, UsageError

DRAWS, QUARTER = 120, "2027Q1"
ASKED = Asked(DRAWS, 1)


@pytest.fixture(scope="module")
def answer():
    return narrows.prices(QUARTER, draws=DRAWS, share=0.05)


def test_prices_are_those_of_the_map(answer):
    known = narrows.map(QUARTER, draws=DRAWS).price
    for row in answer.layers:
        assert row.right == pytest.approx(known[row.id].right[0], abs=1e-12)
        assert row.left == pytest.approx(known[row.id].left[0], abs=1e-12)
        assert row.right <= row.price <= row.left
        assert row.usd_per_unit == pytest.approx(known[row.id].usd_per_unit[0], rel=1e-9)


def test_parts_sum_to_the_whole(answer):
    assert sum(row.price for row in answer.layers) == pytest.approx(answer.everyone, rel=1e-12)
    assert sum(row.gain.mean for row in answer.layers) == pytest.approx(answer.total.mean, rel=1e-9)
    assert sum(row.gain_share for row in answer.layers) == pytest.approx(1.0, rel=1e-9)


def test_the_whole_is_the_gain_of_the_stack_solved_with_more_capacity(answer):
    solved = run(QUARTER, draws=DRAWS)
    model, at = solved.model, solved.shown.start
    stack = model.stack(slice(0, DRAWS))
    more = stack.K.copy()
    more[:, :, at:] *= 1.05
    grown = type(stack)(stack.network, more, stack.A, stack.B, stack.D, stack.w)
    gain = (forward(grown).output - forward(stack).output) @ model.weight / model.worth[at]
    assert answer.total.mean == pytest.approx(gain.mean(), rel=1e-9)
    followed = model.changed(lambda K, _: K[:, :, at:].__imul__(1.05))
    freer = forward(followed.stack(slice(0, DRAWS))).output
    gain = (freer - forward(stack).output) @ model.weight / model.worth[at]
    assert answer.total_with_stock == pytest.approx(gain.mean(), rel=1e-9)
    assert answer.total_with_stock >= answer.total.mean


def test_sets_are_shares_of_the_draws(answer):
    assert all(0 < share <= 1 for _, share in answer.sets)
    assert [share for _, share in answer.sets] == sorted((share for _, share in answer.sets), reverse=True)
    alone = dict(answer.sets)
    for row in answer.layers:
        if (row.id,) in alone:
            assert alone[row.id,] == pytest.approx(row.alone)
        assert row.alone <= row.binding


def test_every_number_printed_answers_why(answer):
    study = _Study(ASKED, QUARTER, 0.05)
    told = {name: narrows.why(name, draws=DRAWS).figure for name in list(study.ids())[::17]}
    for name, figure in told.items():
        values, unit, _ = study.figure(name.split(".")[1:-1])
        assert figure.value == pytest.approx(values.mean(), rel=1e-12, abs=1e-300)
        assert figure.unit == unit
    rows = {row.id: row for row in answer.layers}
    for name, figure in told.items():
        match name.split("."):
            case [_, quantity, layer, _] if layer in rows and quantity in {"right", "left", "price", "alone"}:
                assert figure.value == getattr(rows[layer], quantity)
            case [_, "gain", _, layer, _] if layer in rows:
                assert figure.value == rows[layer].gain.mean
    assert narrows.why(f"prices.gain.5%.all.{QUARTER}", draws=DRAWS).figure.value == answer.total.mean


def test_an_odd_share_keeps_its_digits():
    assert narrows.prices(QUARTER, share=0.0125, draws=5).share == pytest.approx(0.0125)
    figure = narrows.why(f"prices.gain.1.25%.all.{QUARTER}", draws=5).figure
    assert figure.value == narrows.prices(QUARTER, share=0.0125, draws=5).total.mean


def test_unknown_figures_are_refused_with_the_nearest():
    with pytest.raises(UnknownNameError) as refused:
        narrows.why("prices.price.cowoss.2027Q1", draws=5)
    assert str(refused.value) == (
        "The figure 'prices.price.cowoss.2027Q1' is not known. The nearest known: "
        "'prices.price.cowos.2027Q1', 'prices.price_usd.cowos.2027Q1', 'prices.right.cowos.2027Q1'. Write "
        "prices.<quantity>.<layer>.<quarter> or prices.gain.<percent>%.<layer>.<quarter>."
    )


@pytest.mark.parametrize("quarter", ["2026Q1:2026Q2", "2019Q3"])
def test_another_quarter_than_one_of_the_model_is_refused(quarter):
    with pytest.raises(UsageError) as refused:
        narrows.prices(quarter, draws=5)
    assert str(refused.value) == (
        f"The quarter asked for is {quarter!r}. It is one quarter, from 2019Q4 on. Ask, for instance, for 2030Q4."
    )


def test_as_of_a_past_day_the_quarter_is_of_that_day():
    answer = narrows.prices(draws=20, as_of="2023-09-30")
    assert answer.quarter == "2023Q3"
    assert max(answer.layers, key=lambda row: row.price).id == "cowos"
