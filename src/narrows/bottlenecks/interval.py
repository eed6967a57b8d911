"""Prices where layers tie: the least and the greatest worth of a unit, and who binds together.

Where several shortest paths lead to a quarter, one more unit of a layer helps only as far as every
path uses it, and one unit less hurts as soon as any path does. So a price is an interval.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from narrows.bottlenecks.paths import Carried, Paths
from narrows.bottlenecks.solution import DEMAND, STOCK, chunks
from narrows.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from narrows.bottlenecks.network import Stack
    from narrows.bottlenecks.solution import Solution

__all__ = ["Prices", "Shares", "Ties", "binders", "path_counts", "users"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
MOST_MARKED = 62  # layers that fit into one set of 64 bits, beside the bit for none
KEPT = 256
"""Tied draws up to which their paths are kept for the next question, some 80 kB each."""


class Stacked(Protocol):
    """A `Stack`, or what gives the stack of some draws when asked."""

    @property
    def draws(self) -> int:
        """Number of draws."""

    @property
    def layers(self) -> int:
        """Number of layers."""

    @property
    def quarters(self) -> int:
        """Number of quarters."""

    @property
    def w(self) -> Floats:
        """Value of one unit of cumulative root output in a quarter, axis (quarter)."""

    def take(self, draws: Flags) -> Stack:
        """Return the stack of some draws."""


@dataclass(frozen=True, eq=False)
class Prices:
    """One-sided derivatives of the value by capacity, mean over draws.

    Parameters
    ----------
    right, left
        Gain of one more unit, and loss of one unit less [value/unit], axes (layer, quarter);
        right <= left.
    """

    right: Floats
    left: Floats


@dataclass(frozen=True, eq=False)
class Shares:
    """How often each layer binds, with ties shared equally.

    Parameters
    ----------
    binds
        Mean over draws, axes (layer, quarter), then two more rows: index `STOCK` (-2) and index
        `DEMAND` (-1). The values of a quarter sum to 1.
    tied
        Share of draws in which two or more bind together, axis (quarter).
    """

    binds: Floats
    tied: Floats


def path_counts(stack: Stack, masks: Floats, demand_masks: Floats) -> tuple[Floats, Floats]:
    """Return the least and greatest total mask over all shortest paths to each quarter [unit/unit].

    They are the right and left derivatives of cumulative root output when K grows by e x mask and
    D by e x demand mask.

    Parameters
    ----------
    stack
        Network and quantities, draws first.
    masks
        Marks on capacity, 0 or more, axes (mask, layer, quarter).
    demand_masks
        Marks on cumulative demand, 0 or more, axes (mask, quarter).

    Returns
    -------
    tuple
        Two arrays with axes (mask, draw, quarter).

    Notes
    -----
    The recursion of `narrows.bottlenecks.plain` on pairs (length, count), compared by length first
    and, among candidates within 1e-9 relative of the least, by count.

    Examples
    --------
    Two layers of 3 feed a root of 9: one more unit of the first alone adds nothing.

    >>> from narrows.bottlenecks.network import Network, Stack
    >>> K = [[[3.0], [3.0], [9.0]]]
    >>> stack = Stack(Network([2, 2, -1], [0, 0, 0]), K, np.zeros((1, 3, 1)),
    ...               [[[np.inf]] * 3], [[9.0]], [1.0])
    >>> least, greatest = path_counts(stack, np.array([[[1.0], [0], [0]]]), np.zeros((1, 1)))
    >>> least.item(), greatest.item()
    (0.0, 1.0)
    """
    _check_masks(stack, masks, demand_masks)
    shape = (2, masks.shape[0], stack.draws)
    marked = np.asarray(masks.any(axis=0)).tolist()
    carried = Carried(
        start=np.zeros(shape),
        own=lambda i, t, before: before + masks[:, i, t, None] if marked[i][t] else before,
        demand=lambda t: np.broadcast_to(demand_masks[:, t, None], shape),
        join=_ends,
    )
    found = Paths(stack).carry(carried)
    return found[0], found[1]


def _ends(one: Floats, other: Floats) -> Floats:
    """Return the lesser of the first halves and the greater of the second."""
    joined = np.minimum(one, other)
    np.maximum(one[1], other[1], out=joined[1])
    return joined


class Ties:
    """A solved stack, asked what its ties mean: what is on any shortest path, not on the one that was kept.

    Parameters
    ----------
    stack
        Network and quantities, draws first.
    solution
        Its solution: draws without a tie keep their one price and their one binder.

    Attributes
    ----------
    draws
        Places of the draws with a tie, axis (tied draw).

    Examples
    --------
    Two layers of 3 feed a root of 9: they bind together, and more of one alone adds nothing.

    >>> from narrows.bottlenecks.network import Network, Stack
    >>> from narrows.bottlenecks.plain import solve
    >>> K = [[[3.0], [3.0], [9.0]]]
    >>> stack = Stack(Network([2, 2, -1], [0, 0, 0]), K, np.zeros((1, 3, 1)),
    ...               [[[np.inf]] * 3], [[9.0]], [1.0])
    >>> ties = Ties(stack, solve(stack))
    >>> found = ties.prices(slice(0, 1))
    >>> found.right[:, 0].tolist(), found.left[:, 0].tolist()
    ([0.0, 0.0, 0.0], [1.0, 1.0, 0.0])
    >>> ties.shares.binds[:, 0].tolist(), ties.shares.tied.tolist()
    ([0.5, 0.5, 0.0, 0.0, 0.0], [1.0])
    """

    def __init__(self, stack: Stacked, solution: Solution) -> None:
        self.stack, self.solution = stack, solution
        self.draws = np.flatnonzero(solution.tied.any(axis=1))

    def _tied(self) -> Iterable[tuple[Stack, list[Paths]]]:
        """Return the tied draws, some at a time, and the paths of each: faster than those of many at once."""
        return self._few if len(self.draws) <= KEPT else self._found()

    @cached_property
    def _few(self) -> list[tuple[Stack, list[Paths]]]:
        return list(self._found())

    def _found(self) -> Iterator[tuple[Stack, list[Paths]]]:
        for block in chunks(len(self.draws), KEPT):
            wanted = np.zeros(self.stack.draws, dtype=np.bool_)
            wanted[self.draws[block]] = True
            chosen = self.stack.take(wanted)
            yield chosen, [Paths(chosen.take(slice(row, row + 1))) for row in range(chosen.draws)]

    def prices(self, shown: slice) -> Prices:
        """Return the worth of one more and of one less unit of each capacity.

        Parameters
        ----------
        shown
            Quarters asked about: those from which the solution has prices, or later ones.
        """
        from narrows.bottlenecks.kernel import at_hand

        stack = self.stack
        plain = stack.draws * self.solution.price_K_mean[:, shown]
        right, left = np.zeros((2, *plain.shape))
        for chosen, found in self._tied():
            plain -= chosen.draws * at_hand()(chosen, shown.start).price_K_mean[:, shown]
            for paths in found:
                least, greatest = _counts_of_each(paths, shown)
                right += least @ stack.w
                left += greatest @ stack.w
        if len(self.draws) == stack.draws:
            plain[:] = 0.0
        return Prices((plain + right) / stack.draws, (plain + left) / stack.draws)

    @cached_property
    def shares(self) -> Shares:
        """The share of draws in which each layer binds each quarter, ties shared equally.

        In a tied quarter the layers that bind together are those with the newest own arc on some
        shortest path: less of any one of them lowers the quarter's output. Demand, or stock where
        nothing new binds, counts as one of them. Each gets an equal part of the draw.
        """
        stack, solution = self.stack, self.solution
        shape = (stack.layers + 2, stack.quarters)
        binds, together = np.zeros(shape), np.zeros(stack.quarters)
        for rows in chunks(stack.draws):
            names = solution.binder[rows] % np.int64(shape[0])  # -2 and -1 go last
            places = names * stack.quarters + np.arange(stack.quarters)
            binds += np.bincount(places[~solution.tied[rows]], minlength=binds.size).reshape(shape)
        for members, ties in zip(self.members.swapaxes(0, 1), solution.tied[self.draws], strict=True):
            count = members.sum(axis=0)
            binds += np.where(ties, members / count, 0.0)
            together += ties & (count > 1)
        return Shares(binds / stack.draws, together / stack.draws)

    @cached_property
    def members(self) -> Flags:
        """Who may bind the tied draws, as `binders`, axes (layer + 2, tied draw, quarter)."""
        found = np.empty((self.stack.layers + 2, len(self.draws), self.stack.quarters), dtype=np.bool_)
        walked = (paths for _, some in self._tied() for paths in some)
        for place, paths in enumerate(walked):
            found[:, place] = _members(paths)[:, 0]
        return found


def _counts_of_each(paths: Paths, shown: slice) -> Floats:
    """Return the least and greatest counts of each capacity in one draw.

    Axes are (end, layer, quarter of the capacity, quarter of the output).
    """
    shape = (2, paths.stack.layers, shown.stop - shown.start, 1)

    def own(layer: int, quarter: int, before: Floats) -> Floats:
        if not shown.start <= quarter < shown.stop:
            return before
        after = before.copy()
        after[:, layer, quarter - shown.start] += 1.0
        return after

    none = np.zeros(shape)
    counts: Floats = paths.carry(Carried(start=none, own=own, demand=lambda _t: none, join=_ends))
    return counts[:, :, :, 0]


def binders(stack: Stack) -> Flags:
    """Return who may bind: the newest own arcs of all shortest paths, axes (layer + 2, draw, quarter)."""
    return _members(Paths(stack))


def _members(paths: Paths) -> Flags:
    rows = paths.stack.layers + 2
    one, shape = np.eye(rows, dtype=np.bool_)[:, :, None], (rows, paths.draws)
    each = [np.broadcast_to(row, shape) for row in one]
    carried = Carried(
        start=each[STOCK],
        own=lambda i, _t, _before: each[i],
        demand=lambda _t: each[DEMAND],
        join=np.logical_or,
    )
    members: Flags = paths.carry(carried)
    return members


def users(stack: Stack, quarter: int) -> NDArray[np.uint64]:
    """Return which layers' capacity of one quarter lies on a shortest path, as sets of bits.

    Parameters
    ----------
    stack
        Network and quantities, draws first.
    quarter
        Index of the quarter whose capacity is asked about.

    Returns
    -------
    numpy.ndarray
        Axes (draw, quarter). Bit i is set where some shortest path to the quarter takes the capacity
        of layer i in the quarter asked about; bit n, n the number of layers, where some takes none.

    Raises
    ------
    UsageError
        If the layers are too many for the bits.

    Notes
    -----
    A path leaves the quarter by the first capacity that it takes there, so it takes one at most. The
    least mask over all shortest paths is therefore 1 where the set lies within the mask, and the
    greatest is 1 where the two meet: one sweep answers for every mask of that quarter at once.

    Examples
    --------
    >>> from narrows.bottlenecks.network import Network, Stack
    >>> K = [[[3.0], [3.0], [9.0]]]
    >>> stack = Stack(Network([2, 2, -1], [0, 0, 0]), K, np.zeros((1, 3, 1)),
    ...               [[[np.inf]] * 3], [[9.0]], [1.0])
    >>> f"{users(stack, 0).item():04b}"
    '0011'
    """
    if stack.layers > MOST_MARKED:
        raise UsageError(
            f"The network has {stack.layers} layers",
            f"Sets of layers are kept for {MOST_MARKED} layers at most",
            "Ask for intervals of single masks",
        )
    none = np.full(stack.draws, 1 << stack.layers, dtype=np.uint64)
    one = [np.full(stack.draws, 1 << i, dtype=np.uint64) for i in range(stack.layers)]
    carried = Carried(
        start=none,
        own=lambda i, t, before: one[i] if t == quarter else before,
        demand=lambda _t: none,
        join=np.bitwise_or,
    )
    found: NDArray[np.uint64] = Paths(stack).carry(carried)
    return found


def _check_masks(stack: Stack, masks: Floats, demand_masks: Floats) -> None:
    want = (masks.shape[0], stack.layers, stack.quarters)
    if masks.shape != want or demand_masks.shape != (want[0], want[2]):
        raise UsageError(
            f"The masks have the shapes {masks.shape} and {demand_masks.shape}",
            f"Their axes are (mask, layer, quarter) and (mask, quarter): {want} and {(want[0], want[2])}",
            "Give one mask on capacity and one on demand for each question",
        )
    if not (masks.min(initial=0.0) >= 0 and demand_masks.min(initial=0.0) >= 0):
        raise UsageError(
            "A mask is negative or not a number",
            "A mask is 0 or more",
            "Give 1 where a unit is added and 0 elsewhere",
        )
