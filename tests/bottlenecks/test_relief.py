"""What resolves it: twins, laws and outside oracles of additions, of the concave bound, and of budgets."""

from __future__ import annotations

import sys
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrows.bottlenecks import lp, plain, sweep
from narrows.bottlenecks.addition import Addition, Future, Majorant, arrivals, unit_cost
from narrows.bottlenecks.answer import run
from narrows.bottlenecks.chain import why
from narrows.bottlenecks.interval import path_counts
from narrows.bottlenecks.model import FIRST, LAST
from narrows.bottlenecks.network import Stack
from narrows.bottlenecks.portfolio import Search
from narrows.bottlenecks.relief import relax, tell
from narrows.bottlenecks.sweep import half, reach
from narrows.bottlenecks.told import Asked
from narrows.errors import DataError, UnknownNameError, UsageError
from narrows.quarters import Quarter

from .stacks import many_draws, stacks

DRAWS, DECISION = 200, "2026Q4"
START, HORIZON = Quarter.parse(DECISION) - FIRST, LAST - FIRST


@cache
def solved():
    return run(f"{DECISION}:{LAST}", draws=DRAWS, seed=3)


@cache
def future():
    return Future.of(solved().model, slice(0, DRAWS), START, HORIZON)


@cache
def arriving():
    found = {row: arrivals(solved().model, row, START) for row in range(1, len(solved().model.layers) + 1)}
    return {row: arrival for row, arrival in found.items() if arrival is not None}


@cache
def majorant():
    return Majorant(future(), arriving())


def value(stack):
    return plain.forward(stack).output @ stack.w


def gain(row, size):
    return value(future().changed({row: Addition(size, arriving()[row])})) - value(future().stack)


@given(stacks(), st.data())
@settings(max_examples=60, deadline=None)
def test_a_stack_begun_later_goes_on_as_the_whole_one(stack, data):
    first = data.draw(st.integers(0, stack.quarters - 1))
    last = data.draw(st.integers(first, stack.quarters - 1))
    whole = plain.forward(stack).output
    before = whole[:, first - 1 : first] if first else 0.0
    part = plain.forward(plain.restart(stack, first, last)).output
    np.testing.assert_allclose(part, whole[:, first : last + 1] - before, rtol=1e-9, atol=1e-9)


@given(stacks(most_draws=12))
@settings(max_examples=40, deadline=None)
def test_the_worth_of_marked_capacity_lies_within_its_interval(stack):
    marks = np.zeros(stack.K.shape)
    marks[:, 0, stack.quarters // 2 :] = 1.0
    found, price, _ = plain.worth(stack, marks)
    np.testing.assert_allclose(found, plain.solve(stack).value, rtol=1e-12)
    least, greatest = path_counts(stack, marks[:1], np.zeros((1, stack.quarters)))
    assert (price[:, 0] >= least[0] @ stack.w - 1e-9).all()
    assert (price[:, 0] <= greatest[0] @ stack.w + 1e-9).all()


@pytest.mark.parametrize("seed", range(6))
def test_gains_are_those_of_the_linear_program(seed):
    stack = many_draws(seed, 3, 4, 6, integer=False)
    row = seed % 4
    more = stack.K.copy()
    more[:, row, 2:] += 1.5
    grown = Stack(stack.network, more, stack.A, stack.B, stack.D, stack.w)
    ours = value(grown) - value(stack)
    theirs = [lp.optimum(grown, draw).value - lp.optimum(stack, draw).value for draw in range(3)]
    np.testing.assert_allclose(ours, theirs, rtol=1e-7, atol=1e-7)


@given(stacks(most_draws=6), st.floats(0.1, 5.0), st.floats(0.1, 5.0))
@settings(max_examples=40, deadline=None)
def test_with_caps_held_a_gain_never_falls_and_bends_down(stack, size, more):
    def at(added):
        K = stack.K.copy()
        K[:, 0, stack.quarters // 2 :] += added
        return value(Stack(stack.network, K, stack.A, stack.B, stack.D, stack.w))

    none, some, both = at(0.0), at(size), at(size + more)
    tolerance = 1e-9 * np.maximum(none, 1.0)
    assert (some >= none - tolerance).all()
    assert (both >= some - tolerance).all()
    assert ((some - none) / size >= (both - some) / more - 1e-6 * np.maximum(none, 1.0)).all()


def test_with_nothing_added_the_future_is_that_of_the_map():
    output = future().solve().output
    np.testing.assert_allclose(np.diff(output, axis=1, prepend=0.0), solved().deployed, rtol=1e-9)
    same = future().changed({3: Addition(0.0, arriving()[3])})
    np.testing.assert_allclose(plain.forward(same).output, output, rtol=1e-12)


@pytest.mark.parametrize("row", [3, 8, 14, 15])
def test_a_gain_grows_with_the_addition_up_to_its_ceiling(row):
    sizes = [0.0, 1e4, 1e5, 1e6, 1e7, np.inf]
    gains = np.stack([gain(row, size) for size in sizes])
    assert (np.diff(gains, axis=0) >= -1e-9 * value(future().stack)).all()
    means = gains.mean(axis=1)[:-1]
    slopes = np.diff(means) / np.diff(sizes[:-1])
    assert (np.diff(slopes) <= 1e-3 * slopes[0]).all()  # caps follow the flow: concave to a thousandth


@pytest.mark.parametrize("row", [3, 8, 14, 15])
def test_with_caps_held_a_small_gain_is_the_right_derivative(row):
    stack = future().stack
    arrival = np.full(DRAWS, START + 4)
    mask = np.zeros((1, stack.layers, stack.quarters))
    mask[0, row, 4:] = 1.0
    least, _ = path_counts(stack, mask, np.zeros((1, stack.quarters)))
    size = 1.0
    grown = future().changed({row: Addition(size, arrival)}, caps=stack.B)
    found = (value(grown) - value(stack)) / size
    np.testing.assert_allclose(found, least[0] @ stack.w, atol=1e-5)


def test_an_addition_that_comes_after_the_horizon_brings_nothing():
    late = Addition(1e9, np.full(DRAWS, HORIZON + 1))
    grown = value(future().changed({15: late})) - value(future().stack)
    # its flow still lifts caps on what waits for later quarters
    assert (grown >= 0).all()
    assert grown.mean() < 1e-3 * value(future().stack).mean()


@given(st.integers(0, 2**32 - 1), st.floats(0.05, 0.95))
@settings(max_examples=15, deadline=None)
def test_the_majorant_is_concave_above_the_value_and_below_its_planes(seed, part):
    random = np.random.default_rng(seed)
    one, two = ({row: float(random.choice([0, 1e5, 1e6, 1e7])) for row in arriving()} for _ in range(2))
    mixed = {row: part * one[row] + (1 - part) * two[row] for row in one}
    (first, slope), (second, _), (middle, _) = (majorant().at(sizes) for sizes in (one, two, mixed))
    tolerance = 1e-9 * first
    assert (middle >= part * first + (1 - part) * second - tolerance).all()
    steps = np.array([two[row] - one[row] for row in one])
    assert (second <= first + slope @ steps + tolerance).all()
    real = value(future().changed({row: Addition(one[row], arriving()[row]) for row in one}))
    assert (first >= real - tolerance).all()


def test_with_nothing_added_the_majorant_is_the_value():
    found, _ = majorant().at(dict.fromkeys(arriving(), 0.0))
    np.testing.assert_allclose(found, value(future().stack), rtol=1e-12)


def test_draws_that_are_not_touched_gain_nothing():
    touched = majorant().touched()
    for place, row in enumerate(arriving()):
        without = gain(row, np.inf)[~touched[:, place]]
        assert (np.abs(without) <= 1e-9 * value(future().stack)[~touched[:, place]]).all()


@pytest.mark.parametrize("name", ["cowos", "data_hall"])
def test_the_cost_is_that_of_the_units(name):
    model = solved().model
    row = model.row(name)
    layer = model.layers[row - 1]
    cost = model.reader.draws(layer.declared.cost)
    arrival = np.full(DRAWS, START + 5)
    years = model.years[START + 5 : HORIZON + 1] + (model.path_lag[row] - model.sale_lag) / 4
    need = layer.need(years)  # by the recipe, anew
    seconds = 365.25 * 24 * 3600 / 4
    want = cost / seconds * need[:, 0] if name == "cowos" else cost * need.sum(axis=1)
    np.testing.assert_allclose(unit_cost(model, row, arrival, HORIZON), want, rtol=1e-9)


def test_a_split_is_as_good_as_the_best_of_a_grid():
    stack = many_draws(5, 40, 3, 8, integer=False)
    base = value(stack).mean()

    def oracle(spend):
        K = stack.K.copy()
        marks = np.zeros(K.shape)
        K[:, :2, 2:] += spend[:, None]
        marks[:, :2, 2:] = 1.0
        found, slope, _ = plain.worth(Stack(stack.network, K, stack.A, stack.B, stack.D, stack.w), marks)
        return float(found.mean() - base), slope[:, :2].mean(axis=0)

    split = Search(oracle, 2).best(3.0)
    grid = max(oracle(np.array([part, 3.0 - part]))[0] for part in np.linspace(0.0, 3.0, 61))
    assert split.spend.sum() <= 3.0 * (1 + 1e-9)
    assert grid <= split.bound * (1 + 1e-9)
    assert split.gain >= 0.994 * grid


def test_half_and_reach_by_hand():
    shares = np.array(sweep.LADDER)
    bent = np.minimum(shares, 0.3)  # full worth up to 30 %, nothing beyond
    assert half(np.append(bent, 0.3)) == pytest.approx(0.15)
    assert reach(np.append(bent, 0.3)) == pytest.approx((0.225 + 0.45) / 2)
    assert half(np.append(shares, 1e9)) is None
    assert reach(np.append(shares, 1e9)) is None
    assert half(np.zeros(len(shares) + 1)) is None
    assert reach(np.zeros(len(shares) + 1)) is None


def test_the_answer_holds_together():
    result = relax(DECISION, draws=150, budget_usd=5e9)
    assert result.horizon == "2030Q4"
    assert {row.id for row in result.rows} >= {"cowos", "data_hall", "capital"}
    for row in result.rows:
        assert row.ceiling.mean >= row.gain.mean >= 0
        assert row.gain.p95 >= row.gain.p50 >= row.gain.p05 >= 0
        assert 0 <= row.effect <= 1
        assert row.per_million.mean == pytest.approx(row.gain.mean / row.cost.mean * 1e6)
    (part,) = result.portfolios
    assert sum(part.spend_usd.values()) <= 5e9 * (1 + 1e-9)
    assert part.bound >= part.sample >= part.single * 0.99
    assert 0 <= part.gap < 0.1


def test_every_figure_tells_the_number_that_is_shown(monkeypatch):
    kept = {}

    def once(quarters, **asked):
        key = (quarters, *(asked[name] for name in ("draws", "seed", "method")))
        if key not in kept:
            kept[key] = run(quarters, **asked)
        return kept[key]

    monkeypatch.setattr(sweep, "run", once)
    result = relax("2027Q1", share=0.25, budget_usd=2.5e9, draws=60)
    figures = result.figures()
    assert "relax.gain.cowos.2027Q1.25pct" in figures
    assert "relax.portfolio.gain.2_5bn.2027Q1" in figures
    portfolio = [name for name in figures if ".portfolio." in name]
    for name in [*portfolio[::2], *[name for name in figures if name not in portfolio][::5]]:
        shown = figures[name]
        assert tell(name, Asked(draws=60, seed=1)).values.mean() == pytest.approx(shown, rel=1e-12), name
    chain = why("relax.cost.cowos.2027Q1.25pct", draws=60)
    assert chain.figure.value == pytest.approx(figures["relax.cost.cowos.2027Q1.25pct"])
    assert "cowos.cost" in {link.fact.id for link in chain.links}


def test_a_larger_share_of_the_same_layer_costs_in_proportion():
    one, two = (relax(DECISION, draws=60, share=share, budget_usd=1e8) for share in (0.1, 0.2))
    costs = [{row.id: row.cost.mean for row in result.rows} for result in (one, two)]
    for name, usd in costs[0].items():
        assert costs[1][name] == pytest.approx(2 * usd)


def test_a_cost_that_was_not_known_is_left_out_and_its_gain_shown():
    result = relax(draws=60, as_of="2023-09-30")
    rows = {row.id: row for row in result.rows}
    assert result.quarter == "2023Q3"
    assert rows["cowos"].cost is None
    assert rows["cowos"].per_million is None
    assert rows["cowos"].gain.mean > 0
    assert "relax.cost.cowos" not in result.figures()
    with pytest.raises(UnknownNameError):
        why("relax.cost.cowos", draws=60, as_of="2023-09-30")


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (
            {"share": 0.0},
            (
                "The addition is 0 of the layer's capacity. An addition is a share above 0, and 10 at most. "
                "Write, for instance, --add 0.1."
            ),
        ),
        (
            {"share": float("nan")},
            (
                "The addition is nan of the layer's capacity. An addition is a share above 0, and 10 at most. "
                "Write, for instance, --add 0.1."
            ),
        ),
        (
            {"budget_usd": -1.0},
            (
                "The budget is -1 USD. A budget is a finite number of USD above 0. "
                "Write, for instance, --budget 5000000000."
            ),
        ),
        (
            {"budget_usd": float("inf")},
            (
                "The budget is inf USD. A budget is a finite number of USD above 0. "
                "Write, for instance, --budget 5000000000."
            ),
        ),
        (
            {"quarter": "2019Q3", "as_of": "2026-06-30"},
            (
                "The decision is taken in 2019Q3. The model begins in 2019Q4, and the last quarter that counts is "
                "2030Q4. Ask for a decision from 2019Q4 to 2030Q4, for instance --quarters 2026Q2."
            ),
        ),
        (
            {"quarter": "2031Q1", "as_of": "2026-06-30"},
            (
                "The decision is taken in 2031Q1. The model begins in 2019Q4, and the last quarter that counts is "
                "2030Q4. Ask for a decision from 2019Q4 to 2030Q4, for instance --quarters 2026Q2."
            ),
        ),
    ],
)
def test_what_is_out_of_range_is_refused(asked, sentence):
    with pytest.raises(UsageError) as refusal:
        relax(draws=20, **asked)
    assert str(refusal.value) == sentence


def test_without_highs_only_a_budget_that_is_asked_for_is_refused(monkeypatch):
    monkeypatch.setitem(sys.modules, "highspy", None)
    assert relax(DECISION, draws=20).portfolios == ()
    with pytest.raises(DataError) as refusal:
        relax(DECISION, draws=20, budget_usd=1e9)
    assert str(refusal.value) == (
        "highspy, the linear program of HiGHS, is not installed. It comes with narrows. "
        "Run `make map` once, or install highspy."
    )


@pytest.mark.parametrize(
    "name", ["relax.gains.cowos", "relax.gain.cowoss", "relax.portfolio.spend.demand.5bn", "relax"]
)
def test_an_unknown_figure_is_refused_with_the_nearest(name):
    with pytest.raises(UnknownNameError) as refusal:
        why(name, draws=20)
    assert str(refusal.value).startswith(f"The figure {name!r} is not known. The nearest known: 'relax.")
    assert "Write relax.<quantity>.<layer>" in str(refusal.value)


@pytest.mark.parametrize("quarter", ["2019Q4", "2030Q4"])
def test_a_decision_in_the_first_or_the_last_quarter_is_answered(quarter):
    result = relax(quarter, draws=20, as_of="2026-06-30", budget_usd=1e9)
    assert result.quarter == quarter
    assert all(np.isfinite(number) for number in result.figures().values())
