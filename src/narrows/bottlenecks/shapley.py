"""Who earns what of a joint gain: exact Shapley shares of layers, at a tie and for a finite step.

The players are the layers; a coalition is the set of layers that get more capacity. What a coalition
gains is a difference of two shortest-path values, so it is exact, and so are the shares.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from narrows.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from narrows.bottlenecks.network import Stack

__all__ = ["Game", "at_ties", "shapley", "split"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Sets = NDArray[np.uint64]
Indices = NDArray[np.int64]

MOST_PLAYERS = 22
"""Players whose coalitions are still solved one by one: 4 million of them."""
SAME = 1e-14
"""Gains closer than this part of the whole value are the same."""
_WIDTH = 4096  # coalitions carried side by side


def shapley(values: Floats) -> Floats:
    """Return the Shapley value of each player of a game given by all its coalitions.

    Parameters
    ----------
    values
        What each coalition gains, axes (coalition, ...): bit j of the place says whether player j is in
        it, so the first is the empty one and the last holds all.

    Returns
    -------
    numpy.ndarray
        Axes (player, ...), in the unit of the values. They sum to what all gain less what none gain.

    Raises
    ------
    UsageError
        If the number of coalitions is not a power of two, or there are too many players.

    Notes
    -----
    phi_j = sum over coalitions S without j of |S|! (n - |S| - 1)! / n! x (v(S and j) - v(S)).

    Source
    ------
    L. S. Shapley, A Value for n-Person Games, 1953, equation (12).

    Examples
    --------
    One glove on the left, two on the right: a pair is worth 1.

    >>> shapley(np.array([0.0, 0, 0, 1, 0, 1, 0, 1])).round(4).tolist()
    [0.6667, 0.1667, 0.1667]
    """
    count = len(values).bit_length() - 1
    if len(values) != 1 << max(count, 0) or count > MOST_PLAYERS:
        raise UsageError(
            f"A game is given by {len(values)} coalitions",
            f"A game of n players has 2**n coalitions, with n from 0 to {MOST_PLAYERS}",
            "Give the value of every coalition, the empty one first",
        )
    places = np.arange(len(values))
    sizes = sum(((places >> j) & 1 for j in range(count)), np.zeros_like(places))
    chance = np.array([1.0 / (count * math.comb(count - 1, size)) for size in range(count)])
    found = np.empty((count, *values.shape[1:]))
    for j in range(count):
        without = places[(places >> j) & 1 == 0]
        found[j] = np.tensordot(chance[sizes[without]], values[without | (1 << j)] - values[without], axes=1)
    return found


def split(sets: Sets, weight: Floats, layers: int) -> tuple[Floats, Floats, Floats]:
    """Return right derivative, left derivative and Shapley value of one quarter's capacity of each layer.

    Parameters
    ----------
    sets
        Layers on the shortest paths, from `narrows.bottlenecks.interval.users`, axes (draw, quarter).
    weight
        Value of one unit of cumulative root output in a quarter [value/unit], axis (quarter).
    layers
        Number of layers.

    Returns
    -------
    tuple
        Three arrays with axes (draw, layer) [value/unit].

    Notes
    -----
    The players of the game at a tie are the layers, and v(S) is the right derivative along the mask of
    S: the sum of the weights of all quarters whose set lies within S. Each quarter is a unanimity game,
    whose Shapley value is an equal part for each member, so the shares are exact without going through
    the coalitions. Where a shortest path takes no capacity of the quarter, the quarter gains nothing.

    Examples
    --------
    Layers 0 and 1 are tied in the first quarter; the second waits for layer 1 alone.

    >>> [part.tolist() for part in split(np.array([[3, 2]], dtype=np.uint64), np.array([1.0, 0.5]), 2)]
    [[[0.0, 0.5]], [[1.0, 1.5]], [[0.5, 1.0]]]
    """
    whole = np.where(sets >> np.uint64(layers) & np.uint64(1), 0.0, weight)
    size = np.bitwise_count(sets)
    alone, part = np.where(size == 1, whole, 0.0), whole / size
    found = np.empty((3, len(sets), layers))
    for i in range(layers):
        member = (sets >> np.uint64(i) & np.uint64(1)).astype(np.bool_)
        for row, values in zip(found[:, :, i], (alone, weight, part), strict=True):
            row[:] = np.where(member, values, 0.0).sum(axis=1)
    return found[0], found[1], found[2]


def at_ties(stack: Stack, quarter: int) -> Floats:
    """Return the Shapley value at ties of each layer's capacity of one quarter [value/unit].

    Parameters
    ----------
    stack
        Network and quantities, draws first.
    quarter
        Index of the quarter.

    Returns
    -------
    numpy.ndarray
        Axes (draw, layer); without a tie it is the price. The layers sum to the right derivative along
        the mask of all of them.

    Examples
    --------
    Two layers of 3 feed a root of 9: more of one alone is worth nothing, and of both 1.

    >>> from narrows.bottlenecks.network import Network, Stack
    >>> K = [[[3.0], [3.0], [9.0]]]
    >>> stack = Stack(Network([2, 2, -1], [0, 0, 0]), K, np.zeros((1, 3, 1)),
    ...               [[[np.inf]] * 3], [[9.0]], [1.0])
    >>> at_ties(stack, 0).tolist()
    [[0.5, 0.5, 0.0]]
    """
    from narrows.bottlenecks.interval import users

    return split(users(stack, quarter), stack.w, stack.layers)[2]


@dataclass(frozen=True, eq=False)
class Game:
    """A game in which each layer that joins gets a share more capacity from one quarter on.

    Stock caps, arrivals and demand stay as they are: the game is about capacity alone, as prices are.

    Parameters
    ----------
    stack
        Network and quantities, draws first.
    quarter
        Index of the first quarter with more capacity.
    share
        How much more, as a share of the capacity; above 0.

    Raises
    ------
    UsageError
        If the share is not above 0, or the output of the stack has no limit.

    Examples
    --------
    Layers of 3 and 4 feed a root of 9. A third more of the first gains 1, whatever the others do; the
    others gain nothing, and the bound proves it for the root.

    >>> from narrows.bottlenecks.network import Network, Stack
    >>> K = [[[3.0], [4.0], [9.0]]]
    >>> stack = Stack(Network([2, 2, -1], [0, 0, 0]), K, np.zeros((1, 3, 1)),
    ...               [[[np.inf]] * 3], [[9.0]], [1.0])
    >>> game = Game(stack, 0, 1 / 3)
    >>> game.players.tolist(), game.shares().round(9).tolist()
    ([[True, False, False]], [[1.0, 0.0, 0.0]])
    """

    stack: Stack
    quarter: int
    share: float

    def __post_init__(self) -> None:
        if not 0 < self.share < np.inf:
            raise UsageError(
                f"The share of capacity that is added is {self.share}",
                "It is a number above 0; 0.1 adds a tenth",
                "Give, for instance, 0.1",
            )
        if not np.isfinite(self.grown[self.stack.network.root]).all():
            raise UsageError(
                "The output of the stack has no limit",
                "A gain is a difference of finite outputs",
                "Limit a layer or the demand",
            )

    @cached_property
    def _last(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Capacity, arrivals, slack of the stock caps, and demand, with the draws last."""
        stack = self.stack
        slack = stack.B - stack.A[:, :, -1:]
        return (
            _draws_last(stack.K),
            _draws_last(stack.A),
            _draws_last(slack),
            _draws_last(stack.D),
        )

    @cached_property
    def base(self) -> Floats:
        """Cumulative output of every layer as it stands [unit], axes (layer, slot, draw).

        Slot t + 1 is quarter t; slot 0 is before the first.
        """
        K = self._last[0]
        return self._outputs(slice(None), lambda i, t: K[i, t])

    @cached_property
    def grown(self) -> Floats:
        """The same where every layer joins."""
        K, more = self._last[0], 1.0 + self.share
        return self._outputs(slice(None), lambda i, t: K[i, t] * more if t >= self.quarter else K[i, t])

    @cached_property
    def _slack(self) -> Floats:
        """How much shorter than the joint distance a path through a layer can be, axes (draw, layer)."""
        base, room, K = self.base, self._room(), self._last[0]
        found = np.full((self.stack.draws, self.stack.layers), -np.inf)
        for t in range(self.quarter, self.stack.quarters):
            np.maximum(found, (room[:, t - self.quarter] - (base[:, t] + K[:, t])).T, out=found)
        return found

    @property
    def players(self) -> Flags:
        """Layers that may gain in some coalition, axes (draw, layer); all others are proven not to.

        Notes
        -----
        Let L be the length, as the stack stands, of the shortest path to the root in a quarter q that
        takes an own arc of layer i from the first quarter on, and N the distance of (root, q) where all
        layers have joined. In any coalition S without i that path is at least L long, for capacity only
        lengthens arcs, and the distance is at most N. Where L >= N for every q, lengthening the arcs of
        i changes no distance: i adds nothing to any coalition. One sweep forward in time gives the
        distances from the start, and one back gives the greatest of N less the distance to (root, q).
        """
        return np.asarray(self._slack > 0)

    def shares(self, rows: Flags | None = None) -> Floats:
        """Return the exact Shapley value of each layer [value], axes (draw, layer).

        Parameters
        ----------
        rows
            Layers to play with, axes (draw, layer); those that may gain if left out. All others get 0.

        Notes
        -----
        More capacity never lowers a gain. So where a coalition S and the larger one S and R gain the
        same, all coalitions between them do, and none of them is solved. Coalitions are split, the most
        promising layer first, until every part is of one gain c: the coalitions that hold all of I
        (a layers) and none of O (b layers). Such a part adds c (a - 1)! b! / (a + b)! to each layer of I
        and takes c a! (b - 1)! / (a + b)! from each of O, which is the Shapley value of its indicator.
        """
        players = self.players if rows is None else rows
        tolerance = SAME * (self.base[self.stack.network.root, 1:].T @ self.stack.w)
        found = np.zeros(players.shape)
        draw, inside, free = np.arange(self.stack.draws), np.zeros_like(players), players.copy()
        low, high = np.zeros(len(draw)), self.gain()
        promise = self._promise(draw, inside, free, low, high)
        while len(draw):
            whole = (high - low <= tolerance[draw]) | ~free.any(axis=1)
            _add(found, draw[whole], inside[whole], (players[draw] & ~inside & ~free)[whole], low[whole])
            draw, inside, free = draw[~whole], inside[~whole], free[~whole]
            low, high, promise = low[~whole], high[~whole], promise[~whole]
            spent = promise.max(axis=1, initial=-np.inf) <= tolerance[draw]
            if spent.any():  # what seemed to add nothing does so among others
                promise[spent] = self._promise(
                    draw[spent], inside[spent], free[spent], low[spent], high[spent]
                )
            split_at = np.arange(len(draw)), promise.argmax(axis=1)
            joined, without = inside.copy(), inside | free
            joined[split_at], without[split_at] = True, False
            free[split_at], promise[split_at] = False, -np.inf
            solved = self.coalitions(np.tile(draw, 2), np.concatenate([without, joined]))
            inside = np.concatenate([inside, joined])
            low, high = (
                np.concatenate([low, solved[len(draw) :]]),
                np.concatenate([solved[: len(draw)], high]),
            )
            draw, free, promise = np.tile(draw, 2), np.tile(free, (2, 1)), np.tile(promise, (2, 1))
        return found

    def _promise(self, draw: Indices, inside: Flags, free: Flags, low: Floats, high: Floats) -> Floats:
        """Return what each free layer adds as the first and as the last of them, axes (part, layer).

        It only decides which layer is split next; a layer that is not free has -inf.
        """
        part, layer = np.nonzero(free)
        first, last = inside[part], (inside | free)[part]
        first[np.arange(len(part)), layer] = True
        last[np.arange(len(part)), layer] = False
        solved = self.coalitions(np.tile(draw[part], 2), np.concatenate([first, last]))
        found = np.full(free.shape, -np.inf)
        found[part, layer] = solved[: len(part)] - low[part] + high[part] - solved[len(part) :]
        return found

    def gain(self) -> Floats:
        """Return what all layers gain together [value], axis (draw)."""
        root = self.stack.network.root
        more: Floats = (self.grown[root, 1:] - self.base[root, 1:]).T @ self.stack.w
        return more

    def every(self, draw: int = 0) -> Floats:
        """Return the gain of every coalition of all layers of one draw [value], axis (coalition).

        Bit i of the place says whether layer i has joined, as `shapley` takes it.
        """
        count = self.stack.layers
        if count > MOST_PLAYERS:
            raise UsageError(
                f"A network of {count} layers has 2**{count} coalitions",
                f"All coalitions are solved for {MOST_PLAYERS} layers at most",
                "Ask for the shares, which need few of them",
            )
        places = np.arange(1 << count)
        inside = (places[:, None] >> np.arange(count) & 1).astype(np.bool_)
        return self.coalitions(np.full(len(places), draw), inside)

    def coalitions(self, draws: Indices, inside: Flags) -> Floats:
        """Return the gain of some coalitions [value], axis (coalition).

        Parameters
        ----------
        draws
            Draw of each coalition, axis (coalition).
        inside
            Who has joined, axes (coalition, layer).
        """
        K, root = self._last[0], self.stack.network.root
        found = np.empty(len(draws))
        for first in range(0, len(draws), _WIDTH):
            rows = slice(first, first + _WIDTH)
            drawn, factors = draws[rows], 1.0 + self.share * inside[rows].T
            output = self._outputs(
                drawn,
                lambda i, t, drawn=drawn, factors=factors: K[i, t][drawn] * factors[i],  # type: ignore[misc]
                self.quarter,
            )
            before = self.base[root, self.quarter + 1 :][:, drawn]
            more = output[root, self.quarter + 1 :] - before
            found[rows] = np.einsum("t,tc->c", self.stack.w[self.quarter :], more)  # on one thread
        return found

    def _outputs(
        self,
        draws: slice | Indices,
        capacity: Callable[[int, int], Floats],
        since: int = 0,
    ) -> Floats:
        """Return cumulative outputs from a quarter on, as `base` has them; before it they are the base's."""
        stack, net = self.stack, self.stack.network
        _, A, slack, D = self._last
        width = len(np.arange(stack.draws)[draws])
        reach = max(since + 1 - max(int(net.lag.max()), 1), 0)  # the oldest slot that a later quarter may use
        Z = np.zeros((stack.layers, stack.quarters + 1, width))
        if since:
            Z[:, reach : since + 1] = self.base[:, reach : since + 1][:, :, draws]
        capped = stack.capped
        for t in range(since, stack.quarters):
            for i in map(int, net.up):
                best = Z[i, t] + capacity(i, t)
                for c in net.inputs(i):
                    slot = max(t - int(net.lag[c]) + 1, 0)
                    np.minimum(best, _of(A[c, t], draws) + Z[c, slot], out=best)
                if i == net.root:
                    np.minimum(best, _of(D[t], draws), out=best)
                Z[i, t + 1] = best
            for i in map(int, net.up[-2::-1]):
                if capped[i]:
                    p, row = int(net.parent[i]), Z[i, t + 1]
                    np.minimum(row, Z[p, t + 1] + _of(slack[i, t], draws), out=row)
        return Z

    def _room(self) -> Floats:
        """Return the room left on the way to the root, axes (layer, quarter from the first, draw).

        What a path may be long at a node so that it can still be the shortest to some quarter of the
        root when all layers have joined.
        """
        stack, net = self.stack, self.stack.network
        K, A, slack, _ = self._last
        count = stack.quarters - self.quarter
        R = np.full((stack.layers, count, stack.draws), -np.inf)
        valued = stack.w[self.quarter :] > 0
        R[net.root, valued] = self.grown[net.root, self.quarter + 1 :][valued]
        for place in range(count - 1, -1, -1):
            t = place + self.quarter
            for i in map(int, net.up):
                if place + 1 < count:
                    np.maximum(R[i, place], R[i, place + 1] - K[i, t + 1], out=R[i, place])
                lag = int(net.lag[i])
                if i != net.root and 0 < lag < count - place:
                    later = R[net.parent[i], place + lag] - A[i, t + lag]
                    np.maximum(R[i, place], later, out=R[i, place])
            for i in map(int, net.up[:-1]):  # over the stock caps, to the inputs
                p = int(net.parent[i])
                np.maximum(R[p, place], R[i, place] - slack[i, t], out=R[p, place])
            for i in map(int, net.up[-2::-1]):  # and within the quarter, to the consumers
                if net.lag[i] == 0:
                    p = int(net.parent[i])
                    np.maximum(R[i, place], R[p, place] - A[i, t], out=R[i, place])
        return R


def _add(found: Floats, draw: Indices, inside: Flags, outside: Flags, gain: Floats) -> None:
    """Add the Shapley value of parts of one gain: the coalitions with all inside and none outside."""
    a, b = inside.sum(axis=1), outside.sum(axis=1)
    factorial = np.array([math.factorial(n) for n in range(inside.shape[1] + 1)], dtype=np.float64)
    earned = gain * factorial[np.maximum(a - 1, 0)] * factorial[b] / factorial[a + b]
    lost = gain * factorial[a] * factorial[np.maximum(b - 1, 0)] / factorial[a + b]
    np.add.at(found, draw, inside * earned[:, None] - outside * lost[:, None])


def _draws_last(array: Floats) -> Floats:
    """Return an array with the draws last; one column where all draws are the same."""
    first = array[:1] if array.strides[0] == 0 else array
    return np.ascontiguousarray(np.moveaxis(first, 0, -1))


def _of(row: Floats, draws: slice | Indices) -> Floats:
    """Return a row for some draws; one value serves all."""
    return row if len(row) == 1 else row[draws]
