"""Linear programming and differences against the recursion, its intervals and who binds together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrows.bottlenecks import check, plain
from narrows.bottlenecks.interval import Ties, binders, path_counts
from narrows.bottlenecks.lp import cold_seconds, optimum
from narrows.bottlenecks.network import Network, Stack
from narrows.bottlenecks.solution import DEMAND
from narrows.errors import UsageError

from .stacks import EXAMPLES, many_draws, stacks

PACKAGING, RACKS = np.eye(2)[:, :, None] * np.ones(3)


@pytest.mark.parametrize("name", EXAMPLES)
def test_linear_program_gives_the_examples(name):
    best, solved = optimum(EXAMPLES[name]), plain.solve(EXAMPLES[name])
    assert best.value == pytest.approx(solved.value[0])
    assert best.output == pytest.approx(solved.output[0])


def test_linear_program_prices_the_example_without_a_tie_alike():
    best = optimum(EXAMPLES["A"])
    assert best.price_K == pytest.approx(plain.solve(EXAMPLES["A"]).price_K_mean)
    assert best.price_D == pytest.approx([0, 0, 0])


def test_both_programs_have_one_value():
    stack = EXAMPLES["A"]
    assert cold_seconds(stack)[1] == pytest.approx(optimum(stack).value)


def test_timed_program_refuses_caps():
    with pytest.raises(UsageError) as caught:
        cold_seconds(EXAMPLES["D"])
    assert str(caught.value) == (
        "The stack has stock caps. The timed program has none: B is inf everywhere. "
        "Use `optimum`, which holds every constraint."
    )


def worths(stack, masks, demand_masks=None):
    """Return the mean gain of one more and loss of one less of what each mask marks."""
    none = np.zeros((len(masks), stack.quarters))
    counts = path_counts(stack, masks, none if demand_masks is None else demand_masks)
    return [(count @ stack.w).mean(axis=1) for count in counts]


def test_intervals_of_the_example_with_a_tie():
    masks = np.array([PACKAGING, RACKS, 0 * RACKS])
    demand = np.array([np.zeros(3), np.zeros(3), np.ones(3)])
    right, left = worths(EXAMPLES["B"], masks, demand)
    assert right == pytest.approx([0.9, 1, 0])
    assert left == pytest.approx([2.52, 1, 0.81])


def test_interval_is_one_price_without_a_tie():
    stack = EXAMPLES["A"]
    found = Ties(stack, plain.solve(stack)).prices(slice(0, 3))
    assert (found.right == found.left).all()
    assert found.right[0].sum() == pytest.approx(2.52)
    assert np.ravel(worths(stack, np.array([PACKAGING]))) == pytest.approx([2.52, 2.52])


def test_who_binds_together_in_the_example_with_a_tie():
    shares = Ties(EXAMPLES["B"], plain.solve(EXAMPLES["B"])).shares
    assert shares.binds[:, 2].tolist() == [0.5, 0, 0, 0.5]  # packaging, racks, stock, demand
    assert shares.binds[DEMAND, 2] == 0.5
    assert shares.tied.tolist() == [0, 0, 1]


@settings(max_examples=60, deadline=None)
@given(stacks(most_draws=20))
def test_intervals_hold_the_price_and_shares_sum_to_one(stack):
    solved = plain.solve(stack)
    ties = Ties(stack, solved)
    found, shares = ties.prices(slice(0, stack.quarters)), ties.shares
    assert (found.right <= solved.price_K_mean + 1e-9).all()
    assert (solved.price_K_mean <= found.left + 1e-9).all()
    assert shares.binds.sum(axis=0) == pytest.approx(np.ones(stack.quarters))
    assert (shares.tied <= solved.tied.mean(axis=0) + 1e-12).all()


@settings(max_examples=30, deadline=None)
@given(stacks(most_draws=20), st.data())
def test_asking_only_the_tied_draws_is_the_same_as_asking_all(stack, data):
    first = data.draw(st.integers(0, stack.quarters - 1))
    found = Ties(stack, plain.solve(stack, first)).prices(slice(first, stack.quarters))
    places = [(i, t) for i in range(stack.layers) for t in range(first, stack.quarters)]
    masks = np.zeros((len(places), stack.layers, stack.quarters))
    for mask, place in zip(masks, places, strict=True):
        mask[place] = 1.0
    right, left = worths(stack, masks)
    assert found.right.ravel() == pytest.approx(right)
    assert found.left.ravel() == pytest.approx(left)


@settings(max_examples=60, deadline=None)
@given(stacks(most_draws=8))
def test_the_paths_of_one_draw_walked_are_those_of_many_swept(stack):
    masks = np.eye(stack.layers)[:, :, None] * np.ones(stack.quarters)
    none = np.zeros((stack.layers, stack.quarters))
    twice = stack.take(np.repeat(np.arange(stack.draws), 2))  # more than one draw, so swept
    together = [*path_counts(twice, masks, none), binders(twice)]
    for d in range(stack.draws):
        one = stack.take(slice(d, d + 1))
        for swept, walked in zip(together, [*path_counts(one, masks, none), binders(one)], strict=True):
            assert np.array_equal(swept[:, 2 * d], walked[:, 0])


def test_untied_quarters_have_one_path():
    stack = many_draws(11, 200, 6, 8, integer=True)
    masks = np.eye(6)[:, :, None] * np.ones(8)
    least, greatest = path_counts(stack, masks, np.zeros((6, 8)))
    tied = plain.solve(stack).tied
    assert 0 < tied.mean() < 1
    assert np.array_equal(least[:, ~tied], greatest[:, ~tied])


def test_random_networks_agree_with_linear_programming_and_differences():
    rows = check.check_networks(300, seed=20260701)
    assert [(row.quantity, row.holds) for row in rows] == [
        ("cumulative root output", True),
        ("value", True),
        ("rents against value", True),
        ("price interval by quarter", True),
    ]
    assert {row.n for row in rows} == {300}


def test_check_notices_a_wrong_solver(monkeypatch):
    def wrong(stack):
        return plain.solve(Stack(stack.network, stack.K * 1.001, stack.A, stack.B, stack.D, stack.w))

    monkeypatch.setattr("narrows.bottlenecks.kernel.solve", wrong)
    assert [row.holds for row in check.check_networks(6, seed=1)] == [False, False, True, False]


def test_masks_are_refused_in_three_parts():
    stack, none = EXAMPLES["A"], np.zeros((1, 3))
    with pytest.raises(UsageError) as caught:
        path_counts(stack, np.ones((1, 3, 3)), none)
    assert str(caught.value) == (
        "The masks have the shapes (1, 3, 3) and (1, 3). "
        "Their axes are (mask, layer, quarter) and (mask, quarter): (1, 2, 3) and (1, 3). "
        "Give one mask on capacity and one on demand for each question."
    )
    with pytest.raises(UsageError) as caught:
        path_counts(stack, np.full((1, 2, 3), -1.0), none)
    assert str(caught.value) == (
        "A mask is negative or not a number. A mask is 0 or more. "
        "Give 1 where a unit is added and 0 elsewhere."
    )


def test_a_linear_program_of_one_layer():
    one = Stack(Network([-1], [0]), [[[2.0, 2.0]]], np.zeros((1, 1, 2)), [[[np.inf]]], [[9, 9]], [1, 1])
    assert optimum(one).output.tolist() == [2, 4]


def test_without_highs_the_comparison_is_listed_as_not_run(monkeypatch):
    import sys

    from narrows.bottlenecks.validation import validate

    monkeypatch.setitem(sys.modules, "highspy", None)
    rows = validate(None, 2)
    assert rows[0].metric == "not run: highspy, the linear program of HiGHS, is not installed"
    assert [row.holds for row in rows[:4]] == [None, True, True, True]
    assert [row.holds for row in rows[-2:]] == [None, None]
