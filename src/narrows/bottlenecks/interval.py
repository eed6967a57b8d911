"""Prices where layers tie: the least and the greatest worth of a unit, and who binds together.

Where several shortest paths lead to a quarter, one more unit of a layer helps only as far as every
path uses it, and one unit less hurts as soon as any path does. So a price is an interval.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from narrows.bottlenecks.solution import DEMAND, STOCK, TIED
from narrows.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from narrows.bottlenecks.network import Stack
    from narrows.bottlenecks.solution import Solution

__all__ = ["Intervals", "Shares", "binders", "co_binding", "intervals", "path_counts", "users"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Marks = NDArray[Any]
MOST_MARKED = 62  # layers that fit into one set of 64 bits, beside the bit for none
_ROWS = 256  # draws carried at once, so that the counts of many masks stay small
FEW = 8
"""Tied draws up to which one at a time is faster than all at once."""


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
class Intervals:
    """One-sided derivatives of the value, mean over draws.

    Parameters
    ----------
    right, left
        Gain of one more unit, and loss of one unit less, of all that a mask marks [value/unit],
        axis (mask); right <= left.
    moves
        Share of draws in which the quarter is tied and less of what the mask marks lowers its
        output, axes (mask, quarter).
    """

    right: Floats
    left: Floats
    moves: Floats


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
    found = _sweep(
        stack,
        start=np.zeros(shape),
        own=lambda i, t, before: before + masks[:, i, t, None] if marked[i][t] else before,
        demand=lambda t: np.broadcast_to(demand_masks[:, t, None], shape),
        join=_ends,
    )
    return found[0], found[1]


def _ends(one: Floats, other: Floats) -> Floats:
    """Return the lesser of the first halves and the greater of the second."""
    joined = np.minimum(one, other)
    np.maximum(one[1], other[1], out=joined[1])
    return joined


def intervals(
    stack: Stacked, solution: Solution, masks: Floats, demand_masks: Floats | None = None
) -> Intervals:
    """Return the worth of one more and of one less unit of what each mask marks [value/unit].

    Parameters
    ----------
    stack
        Network and quantities, draws first.
    solution
        Its solution: draws without a tie keep their one price.
    masks
        Marks on capacity, 0 or more, axes (mask, layer, quarter).
    demand_masks
        Marks on cumulative demand, 0 or more, axes (mask, quarter); none by default.

    Notes
    -----
    Only draws with a tie on a path to a quarter that a mask can reach pay for the lexicographic sweep.

    Examples
    --------
    >>> from narrows.bottlenecks.network import Network, Stack
    >>> from narrows.bottlenecks.plain import solve
    >>> K = [[[3.0], [3.0], [9.0]]]
    >>> stack = Stack(Network([2, 2, -1], [0, 0, 0]), K, np.zeros((1, 3, 1)),
    ...               [[[np.inf]] * 3], [[9.0]], [1.0])
    >>> found = intervals(stack, solve(stack), np.array([[[1.0], [0], [0]], [[1.0], [1.0], [0]]]))
    >>> found.right.tolist(), found.left.tolist()
    ([0.0, 1.0], [1.0, 1.0])
    """
    from narrows.bottlenecks.kernel import at_hand

    marks = np.zeros((masks.shape[0], stack.quarters)) if demand_masks is None else demand_masks
    _check_masks(stack, masks, marks)
    first = _first_marked(masks, marks)
    tied = np.asarray(solution.tied[:, first:].any(axis=1))
    right, left = np.zeros((2, masks.shape[0]))
    moves = np.zeros((masks.shape[0], stack.quarters))
    plain = stack.draws * _priced(solution, masks, marks)
    if tied.any():
        chosen = stack.take(tied)
        plain -= chosen.draws * _priced(at_hand()(chosen, first), masks, marks)
        for part, ties in _parts(chosen, solution.tied[tied]):
            least, greatest = path_counts(part, masks, marks)
            right += (least @ stack.w).sum(axis=1)
            left += (greatest @ stack.w).sum(axis=1)
            moves += ((greatest > 0) & ties).sum(axis=1)
    if tied.all():
        plain[:] = 0.0
    return Intervals((plain + right) / stack.draws, (plain + left) / stack.draws, moves / stack.draws)


def _first_marked(masks: Floats, demand_masks: Floats) -> int:
    """Return the first quarter that any mask marks: output before it does not move."""
    marked = masks.any(axis=(0, 1)) | demand_masks.any(axis=0)
    return int(np.argmax(marked))


def co_binding(stack: Stacked, solution: Solution) -> Shares:
    """Return the share of draws in which each layer binds each quarter, ties shared equally.

    In a tied quarter the layers that bind together are those with the newest own arc on some
    shortest path: less of any one of them lowers the quarter's output. Demand, or stock where
    nothing new binds, counts as one of them. Each gets an equal part of the draw.

    Parameters
    ----------
    stack
        Network and quantities, draws first.
    solution
        Its solution.

    Examples
    --------
    >>> from narrows.bottlenecks.network import Network, Stack
    >>> from narrows.bottlenecks.plain import solve
    >>> K = [[[3.0], [3.0], [9.0]]]
    >>> stack = Stack(Network([2, 2, -1], [0, 0, 0]), K, np.zeros((1, 3, 1)),
    ...               [[[np.inf]] * 3], [[9.0]], [1.0])
    >>> shares = co_binding(stack, solve(stack))
    >>> shares.binds[:, 0].tolist(), shares.tied.tolist()
    ([0.5, 0.5, 0.0, 0.0, 0.0], [1.0])
    """
    binds, together = np.zeros((stack.layers + 2, stack.quarters)), np.zeros(stack.quarters)
    for t in range(stack.quarters):
        names = solution.binder[~solution.tied[:, t], t] % (stack.layers + 2)  # -2 and -1 go last
        binds[:, t] = np.bincount(names, minlength=stack.layers + 2)
    tied = np.asarray(solution.tied.any(axis=1))
    for part, ties in _parts(stack.take(tied), solution.tied[tied]) if tied.any() else ():
        members = binders(part)
        count = members.sum(axis=0)
        binds += np.where(ties, members / count, 0.0).sum(axis=1)
        together += (ties & (count > 1)).sum(axis=0)
    return Shares(binds / stack.draws, together / stack.draws)


def binders(stack: Stack) -> Flags:
    """Return who may bind: the newest own arcs of all shortest paths, axes (layer + 2, draw, quarter)."""
    one = np.eye(stack.layers + 2, dtype=np.bool_)[:, :, None]
    shape = (stack.layers + 2, stack.draws)
    each = [np.broadcast_to(row, shape) for row in one]
    members: Flags = _sweep(
        stack,
        start=each[STOCK],
        own=lambda i, _t, _before: each[i],
        demand=lambda _t: each[DEMAND],
        join=np.logical_or,
    )
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
    found: NDArray[np.uint64] = _sweep(
        stack,
        start=none,
        own=lambda i, t, before: one[i] if t == quarter else before,
        demand=lambda _t: none,
        join=np.bitwise_or,
    )
    return found


def _sweep(
    stack: Stack,
    *,
    start: Marks,
    own: Callable[[int, int, Marks], Marks],
    demand: Callable[[int], Marks],
    join: Callable[..., Marks],
) -> Marks:
    """Carry marks along all shortest paths; return those of the root, axes (..., draw, quarter)."""
    net, alone = stack.network, stack.draws == 1
    capped = stack.capped
    quantities = (stack.K, stack.A, stack.B - stack.A[:, :, -1:], stack.D)
    K, A, slack, D = ((q[0].tolist() if alone else np.moveaxis(q, 0, -1)) for q in quantities)
    choose: Callable[..., tuple[Any, Marks]] = _choose_alone if alone else _choose
    none: Any = 0.0 if alone else np.zeros(stack.draws)
    lags, inputs = net.lag.tolist(), [net.inputs(i) for i in range(stack.layers)]
    Z: list[list[Any]] = [[none] for _ in range(stack.layers)]  # slot 0 is before the first quarter
    M: list[list[Marks]] = [[start] for _ in range(stack.layers)]
    up, parents = net.up.tolist(), net.parent.tolist()
    for t in range(stack.quarters):
        for i in up:
            ways: list[tuple[Any, Marks | _Own]] = [(Z[i][t] + K[i][t], _Own(own, i, t, M[i][t]))]
            for c in inputs[i]:
                u = max(t - lags[c] + 1, 0)
                ways.append((Z[c][u] + A[c][t], M[c][u]))
            if i == net.root:
                ways.append((D[t], demand(t)))
            best, marks = choose(ways, join)
            Z[i].append(best)
            M[i].append(marks)
        for i in up[-2::-1]:
            if capped[i]:
                p = parents[i]
                lowered = (Z[p][t + 1] + slack[i][t], M[p][t + 1])
                Z[i][-1], M[i][-1] = choose([(Z[i][-1], M[i][-1]), lowered], join)
    return np.stack(M[net.root][1:], axis=-1)


class _Own(NamedTuple):
    """The marks of a layer's own arc, made where the arc is on a path."""

    make: Callable[[int, int, Marks], Marks]
    layer: int
    quarter: int
    before: Marks

    def made(self) -> Marks:
        """Return the marks."""
        return self.make(self.layer, self.quarter, self.before)


def _made(marks: Marks | _Own) -> Marks:
    return marks.made() if isinstance(marks, _Own) else marks


def _choose_alone(ways: list[tuple[float, Marks | _Own]], join: Callable[..., Marks]) -> tuple[float, Marks]:
    """Return the same as `_choose` for one draw, whose lengths are plain numbers: ten times as fast."""
    if len(ways) == 1:
        return ways[0][0], _made(ways[0][1])
    best = min(length for length, _ in ways)
    limit = best * TIED
    near = [_made(way) for length, way in ways if length <= limit]
    return best, near[0] if len(near) == 1 else reduce(join, near)


def _choose(ways: list[tuple[Floats, Marks | _Own]], join: Callable[..., Marks]) -> tuple[Floats, Marks]:
    """Return the least length, and the marks of the ways within the tolerance, joined."""
    marks = _made(ways[0][1])
    if len(ways) == 1:
        return ways[0][0], marks
    best = np.minimum.reduce([length for length, _ in ways])
    limit = best * TIED
    seen = ways[0][0] <= limit
    for length, way in ways[1:]:
        more = _made(way)
        near = length <= limit
        marks = np.where(near, np.where(seen, join(marks, more), more), marks)
        seen = seen | near
    return best, marks


def _parts(stack: Stack, ties: Flags) -> Iterator[tuple[Stack, Flags]]:
    size = 1 if stack.draws <= FEW else _ROWS
    for first in range(0, stack.draws, size):
        rows = slice(first, first + size)
        yield stack.take(rows), ties[rows]


def _priced(solution: Solution, masks: Floats, demand_masks: Floats) -> Floats:
    """Return mean price times mask, axis (mask)."""
    priced: Floats = np.tensordot(masks, solution.price_K_mean, axes=2) + demand_masks @ solution.price_D_mean
    return priced


def _check_masks(stack: Stack | Stacked, masks: Floats, demand_masks: Floats) -> None:
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
