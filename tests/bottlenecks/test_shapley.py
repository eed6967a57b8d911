"""Shapley shares: games from the books, ties against all coalitions, and the bound on null players."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from narrows.bottlenecks import plain
from narrows.bottlenecks.check import random_stack
from narrows.bottlenecks.interval import Ties, path_counts, users
from narrows.bottlenecks.network import Network, Stack
from narrows.bottlenecks.shapley import Game, at_ties, shapley, split
from narrows.errors import UsageError

from .stacks import EXAMPLES


def by_orders(value, count):
    """The mean over all orders in which players join: the definition, not the formula."""
    found = np.zeros(count)
    for order in itertools.permutations(range(count)):
        inside = 0
        for player in order:
            found[player] += value[inside | 1 << player] - value[inside]
            inside |= 1 << player
    return found / math.factorial(count)


def grown(stack, coalition, quarter, share):
    """A stack in which the layers of a coalition have a share more from a quarter on."""
    K = stack.K.copy()
    for i in coalition:
        K[:, i, quarter:] *= 1 + share
    return Stack(stack.network, K, stack.A, stack.B, stack.D, stack.w)


def every_coalition(stack, quarter, share):
    """The gain of every coalition of all layers of one draw, each solved by itself."""
    worth = [
        plain.forward(grown(stack, [i for i in range(stack.layers) if c >> i & 1], quarter, share)).output[0]
        @ stack.w
        for c in range(1 << stack.layers)
    ]
    return np.array(worth) - worth[0]


def networks(seed, layers=6, quarters=7, *, integer):
    return random_stack(np.random.default_rng(seed), layers, quarters, integer=integer)


def test_the_airport_game_is_shared_as_littlechild_and_owen_say():
    cost = [1.0, 2.0, 5.0]  # each needs a runway of this length, and shares every stretch that it uses
    value = np.array([max((cost[j] for j in range(3) if c >> j & 1), default=0.0) for c in range(8)])
    assert shapley(value) == pytest.approx([1 / 3, 1 / 3 + 1 / 2, 1 / 3 + 1 / 2 + 3])


@given(st.lists(st.floats(-5, 5), min_size=16, max_size=16))
def test_shapley_is_the_mean_over_all_orders(values):
    assert shapley(np.array(values)) == pytest.approx(by_orders(values, 4), abs=1e-12)


def test_a_game_without_players_and_games_side_by_side():
    assert shapley(np.zeros((1, 3))).shape == (0, 3)
    both = np.random.default_rng(1).normal(size=(8, 2))
    assert shapley(both) == pytest.approx(np.column_stack([shapley(both[:, 0]), shapley(both[:, 1])]))


def test_a_broken_game_is_refused():
    with pytest.raises(UsageError) as refused:
        shapley(np.zeros(6))
    assert str(refused.value) == (
        "A game is given by 6 coalitions. A game of n players has 2**n coalitions, with n from 0 to 22. "
        "Give the value of every coalition, the empty one first."
    )


@pytest.mark.parametrize("seed", range(12))
def test_at_ties_every_coalition_and_the_sum_agree(seed):
    """v(S) by the sweep over masks, one for each coalition, on whole-numbered networks full of ties."""
    stack = networks(seed, layers=5, quarters=6, integer=True)
    quarter, n = seed % 4, 5
    masks = np.zeros((1 << n, n, stack.quarters))
    for c in range(1 << n):
        masks[c, [i for i in range(n) if c >> i & 1], quarter] = 1.0
    least, greatest = path_counts(stack, masks, masks[:, 0] * 0)
    value = (least @ stack.w)[:, 0]
    found = at_ties(stack, quarter)[0]
    assert found == pytest.approx(by_orders(value, n), abs=1e-12)
    assert abs(found.sum() - value[-1]) < 1e-12
    right, left, _ = split(users(stack, quarter), stack.w, n)
    singles = [1 << i for i in range(n)]
    assert right[0] == pytest.approx(value[singles], abs=1e-12)
    assert left[0] == pytest.approx((greatest @ stack.w)[singles, 0], abs=1e-12)


def test_without_a_tie_the_share_is_the_price():
    for name in "ACD":
        stack = EXAMPLES[name]
        solved = plain.solve(stack)
        for quarter in range(3):
            assert at_ties(stack, quarter)[0] == pytest.approx(solved.price_K_mean[:, quarter])


def test_more_layers_than_bits_are_refused():
    net = Network([62] * 62 + [-1], [0] * 63)
    stack = Stack(net, np.ones((1, 63, 1)), np.zeros((1, 63, 1)), np.full((1, 63, 1), np.inf), [[9.0]], [1.0])
    with pytest.raises(UsageError) as caught:
        users(stack, 0)
    assert str(caught.value) == (
        "The network has 63 layers. Sets of layers are kept for 62 layers at most. "
        "Ask for intervals of single masks."
    )


def test_tied_with_demand_more_of_a_layer_is_worth_nothing_and_less_costs():
    right, left, part = split(users(EXAMPLES["B"], 0), EXAMPLES["B"].w, 2)
    known = Ties(EXAMPLES["B"], plain.solve(EXAMPLES["B"])).prices(slice(0, 1))
    assert right[0] == pytest.approx(known.right[:, 0])
    assert left[0] == pytest.approx(known.left[:, 0])
    assert part[0] == pytest.approx(right[0])  # demand earns no part: it is no player


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    integer=st.booleans(),
    quarter=st.integers(0, 6),
    share=st.sampled_from([0.05, 0.25, 0.5, 1.0]),
)
@example(seed=0, integer=False, quarter=1, share=0.05)  # a network without any lag
def test_shares_equal_those_of_all_coalitions_solved_one_by_one(seed, integer, quarter, share):
    stack = networks(seed, layers=5, integer=integer)
    if not np.isfinite(plain.forward(stack).output).all():
        return
    game, value = Game(stack, quarter, share), every_coalition(stack, quarter, share)
    found = game.shares()[0]
    assert found == pytest.approx(by_orders(value, 5), abs=1e-9)
    assert abs(found.sum() - game.gain()[0]) <= 1e-9 * max(value[-1], 1.0)
    whole = game.shares(np.ones((1, 5), dtype=bool))[0]
    assert whole == pytest.approx(found, abs=1e-9)
    assert game.every() == pytest.approx(value, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), integer=st.booleans(), share=st.sampled_from([0.1, 0.5]))
def test_a_layer_that_is_no_player_adds_nothing_to_any_coalition(seed, integer, share):
    stack = networks(seed, layers=6, integer=integer)
    value = every_coalition(stack, 2, share)
    players = Game(stack, 2, share).players[0]
    places = np.arange(len(value))
    for i in np.flatnonzero(~players):
        without = places[places >> i & 1 == 0]
        assert np.abs(value[without | 1 << i] - value[without]).max() <= 1e-9


def test_nothing_added_alone_or_last_does_not_make_a_null_player():
    """Layer 1 adds 0 to the empty and 0 to the grand coalition, and 2 between them.

    In the second quarter 10 come through layer 0, or 6 + 5 through layers 1 and then 2, and demand is
    13. Half more of 0 leaves 11; half more of 1 then leaves 13. With 2 grown as well the way through 1 and
    2 is longer than the demand even without 1.
    """
    far = 1000.0
    stack = Stack(
        Network([3, 2, 3, -1], [0, 0, 0, 0]),
        [[[8.0, 2.0], [6.0, far], [far, 5.0], [far, far]]],
        np.zeros((1, 4, 2)),
        np.full((1, 4, 1), np.inf),
        [[13.0, 13.0]],
        [0.0, 1.0],
    )
    value = every_coalition(stack, 0, 0.5)
    grand = (1 << 4) - 1
    assert value[0b0010] - value[0] == 0
    assert value[grand] - value[grand & ~0b0010] == 0
    assert value[0b0011] - value[0b0001] == 2
    game = Game(stack, 0, 0.5)
    assert game.players[0].tolist() == [True, True, True, False]
    assert game.shares()[0] == pytest.approx(by_orders(value, 4))
    assert game.shares()[0, 1] > 0


def test_draws_with_other_players_do_not_touch_one_another():
    parts = [networks(seed, layers=6, integer=False) for seed in range(6)]
    net = parts[0].network
    stack = Stack(
        net, np.concatenate([part.K for part in parts]), parts[0].A, parts[0].B, parts[0].D, parts[0].w
    )
    stack = stack.take(np.isfinite(plain.forward(stack).output).all(axis=1))
    together = Game(stack, 1, 0.3).shares()
    for draw in range(stack.draws):
        alone = Game(stack.take(slice(draw, draw + 1)), 1, 0.3).shares()[0]
        assert together[draw] == pytest.approx(alone, abs=1e-12)


def test_a_small_step_tends_to_the_price():
    stack, quarter = EXAMPLES["A"], 0
    step = 1e-6
    price = plain.solve(stack).price_K_mean
    known = (price[:, quarter:] * stack.K[0, :, quarter:]).sum(axis=1)
    assert Game(stack, quarter, step).shares()[0] / step == pytest.approx(known, rel=1e-4)


@pytest.mark.parametrize("share", [0.0, -0.1, math.nan, math.inf])
def test_a_share_that_adds_nothing_is_refused(share):
    with pytest.raises(UsageError) as refused:
        Game(EXAMPLES["A"], 0, share)
    assert str(refused.value) == (
        f"The share of capacity that is added is {share}. It is a number above 0; 0.1 adds a tenth. "
        "Give, for instance, 0.1."
    )
