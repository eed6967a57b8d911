"""All shortest paths of a stack at once: marks that are carried along every one of them.

The solvers keep one shortest path for each quarter; where several tie, what lies on the others matters too.
"""

from __future__ import annotations

from functools import cached_property, reduce
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from narrows.bottlenecks.solution import ARC_CAP, ARC_DEMAND, ARC_OWN, TIED

if TYPE_CHECKING:
    from collections.abc import Callable

    from narrows.bottlenecks.network import Stack

__all__ = ["Carried", "Paths"]

Floats = NDArray[np.float64]
Marks = NDArray[Any]
Node = tuple[int, int]
_BEFORE: Node = (-1, 0)
"""The node from which all paths start: what lies before the first quarter."""


class Carried(NamedTuple):
    """What is carried along paths, from before the first quarter to the root.

    Parameters
    ----------
    start
        Marks of a path that begins before the first quarter, axes (..., draw).
    own
        Marks of a path after a layer's own arc, from layer, quarter and the marks before it.
    demand
        Marks of a path that begins with the demand of a quarter.
    join
        Marks of two paths that tie, from the marks of each.
    """

    start: Marks
    own: Callable[[int, int, Marks], Marks]
    demand: Callable[[int], Marks]
    join: Callable[[Marks, Marks], Marks]


class Paths:
    """All shortest paths to the root of a stack.

    Parameters
    ----------
    stack
        Network and quantities, draws first.

    Notes
    -----
    The recursion of `narrows.bottlenecks.plain` with marks beside the lengths: candidates within 1e-9
    relative of the least are joined. The paths of one draw are found once and walked as often as asked: its
    lengths are plain numbers and most nodes lie on no path, ten times as fast as the sweep of one draw.

    Examples
    --------
    Two layers of 3 feed a root of 9: two paths, each through one layer.

    >>> from narrows.bottlenecks.network import Network, Stack
    >>> K = [[[3.0], [3.0], [9.0]]]
    >>> stack = Stack(Network([2, 2, -1], [0, 0, 0]), K, np.zeros((1, 3, 1)),
    ...               [[[np.inf]] * 3], [[9.0]], [1.0])
    >>> names = Carried(np.zeros(1, int), lambda i, t, before: before | 1 << i,
    ...                 lambda t: np.zeros(1, int), np.bitwise_or)
    >>> f"{Paths(stack).carry(names).item():03b}"
    '011'
    """

    def __init__(self, stack: Stack) -> None:
        self.stack, self.draws = stack, stack.draws

    def carry(self, carried: Carried) -> Marks:
        """Return the joined marks of all shortest paths, axes (..., draw, quarter).

        Parameters
        ----------
        carried
            The marks, and what arcs and ties make of them.
        """
        found = self._walk(carried) if self.draws == 1 else _sweep(self.stack, carried)
        return np.stack(found, axis=-1)

    @cached_property
    def _arcs(self) -> tuple[list[_OnPath], list[Node]]:
        return _Lengths(self.stack).back()

    def _walk(self, carried: Carried) -> list[Marks]:
        """Carry marks for one draw, along its shortest paths alone."""
        arcs, ends = self._arcs
        marks = {_BEFORE: carried.start}
        for node, layer, quarter, into in arcs:
            ways = [
                carried.own(layer, quarter, marks[before])
                if arc == ARC_OWN
                else carried.demand(quarter)
                if arc == ARC_DEMAND
                else marks[before]
                for arc, before in into
            ]
            marks[node] = reduce(carried.join, ways)
        return [marks[node] for node in ends]


def _sweep(stack: Stack, carried: Carried) -> list[Marks]:
    """Carry marks for many draws at once: along every arc, kept where the arc is on a path."""
    net, capped, join = stack.network, stack.capped, carried.join
    quantities = (stack.K, stack.A, stack.B - stack.A[:, :, -1:], stack.D)
    K, A, slack, D = (np.moveaxis(quantity, 0, -1) for quantity in quantities)
    none = np.zeros(stack.draws)
    lags, inputs = net.lag.tolist(), [net.inputs(i) for i in range(stack.layers)]
    Z: list[list[Floats]] = [[none] for _ in range(stack.layers)]  # slot 0 is before the first quarter
    M: list[list[Marks]] = [[carried.start] for _ in range(stack.layers)]
    up, parents = net.up.tolist(), net.parent.tolist()
    for t in range(stack.quarters):
        for i in up:
            ways = [(Z[i][t] + K[i][t], carried.own(i, t, M[i][t]))]
            for c in inputs[i]:
                u = max(t - lags[c] + 1, 0)
                ways.append((Z[c][u] + A[c][t], M[c][u]))
            if i == net.root:
                ways.append((D[t], carried.demand(t)))
            best, marks = _choose(ways, join)
            Z[i].append(best)
            M[i].append(marks)
        for i in up[-2::-1]:
            if capped[i]:
                p = parents[i]
                lowered = (Z[p][t + 1] + slack[i][t], M[p][t + 1])
                Z[i][-1], M[i][-1] = _choose([(Z[i][-1], M[i][-1]), lowered], join)
    return M[net.root][1:]


def _choose(ways: list[tuple[Floats, Marks]], join: Callable[[Marks, Marks], Marks]) -> tuple[Floats, Marks]:
    """Return the least length, and the marks of the ways within the tolerance, joined."""
    if len(ways) == 1:
        return ways[0]
    best = np.minimum.reduce([length for length, _ in ways])
    limit = best * TIED
    marks = ways[0][1]
    seen = ways[0][0] <= limit
    for length, more in ways[1:]:
        near = length <= limit
        marks = np.where(near, np.where(seen, join(marks, more), more), marks)
        seen = seen | near
    return best, marks


class _OnPath(NamedTuple):
    """A node on a shortest path, and the last arcs of such paths to it, each with the node before it."""

    node: Node
    layer: int
    quarter: int
    arcs: list[tuple[int, Node]]


class _Lengths:
    """Lengths of the shortest paths of one draw.

    A layer has two nodes a quarter: its output as capacity and inputs allow it, and as the cap on its stock
    leaves it. A node is its quarter and a place in it; nodes in ascending order are in the order of paths.
    """

    def __init__(self, stack: Stack) -> None:
        net = stack.network
        slack = stack.B[0] - stack.A[0, :, -1:]
        self.K, self.A, self.slack, self.D = (
            array.tolist() for array in (stack.K[0], stack.A[0], slack, stack.D[0])
        )
        self.up, self.parent, self.root = net.up.tolist(), net.parent.tolist(), net.root
        self.rank, self.capped = net.up.argsort().tolist(), stack.capped.tolist()
        lags = net.lag.tolist()
        self.inputs = [[(c, lags[c]) for c in net.inputs(i)] for i in range(stack.layers)]
        self.Z: list[list[float]] = [[0.0] for _ in lags]  # slot 0 is before the first quarter
        self.uncapped: list[list[float]] = [[0.0] for _ in lags]
        for t in range(stack.quarters):
            self._forward(t)

    def _forward(self, t: int) -> None:
        Z, A, capped = self.Z, self.A, self.capped
        for i in self.up:
            least = Z[i][t] + self.K[i][t]
            for c, lag in self.inputs[i]:
                length = Z[c][t - lag + 1 if t >= lag else 0] + A[c][t]
                if length < least:  # noqa: PLR1730 (min() costs a call each)
                    least = length
            if i == self.root:
                least = min(least, self.D[t])
            Z[i].append(least)
            self.uncapped[i].append(least)
        for i in self.up[-2::-1]:
            if capped[i]:
                lowered = Z[self.parent[i]][t + 1] + self.slack[i][t]
                Z[i][t + 1] = min(Z[i][t + 1], lowered)

    def back(self) -> tuple[list[_OnPath], list[Node]]:
        """Return the nodes on the shortest paths in the order of paths, and those of the root by quarter."""
        ends = [self._final(self.root, t + 1) for t in range(len(self.D))]
        found: dict[Node, _OnPath] = {}
        ahead = ends.copy()
        while ahead:
            node = ahead.pop()
            if node not in found and node != _BEFORE:
                quarter, place = node
                layer = self.up[min(place, 2 * len(self.up) - 1 - place)]
                arcs = _tight((self._inputs if place < len(self.up) else self._caps)(layer, quarter))
                found[node] = _OnPath(node, layer, quarter, arcs)
                ahead += [before for _, before in arcs]
        return sorted(found.values()), ends

    def _final(self, layer: int, slot: int) -> Node:
        """Return the node of a layer's output as its cap leaves it; slot 0 is before the first quarter."""
        return (slot - 1, 2 * len(self.up) - 1 - self.rank[layer]) if slot else _BEFORE

    def _inputs(self, i: int, t: int) -> list[tuple[float, int, Node]]:
        """Return the ways to a layer's output before its cap."""
        ways = [(self.Z[i][t] + self.K[i][t], ARC_OWN, self._final(i, t))]
        for c, lag in self.inputs[i]:
            if lag:
                u = max(t - lag + 1, 0)
                ways.append((self.Z[c][u] + self.A[c][t], c, self._final(c, u)))
            else:
                ways.append((self.uncapped[c][t + 1] + self.A[c][t], c, (t, self.rank[c])))
        if i == self.root:
            ways.append((self.D[t], ARC_DEMAND, _BEFORE))
        return ways

    def _caps(self, i: int, t: int) -> list[tuple[float, int, Node]]:
        """Return the ways to a layer's output after its cap."""
        ways = [(self.uncapped[i][t + 1], i, (t, self.rank[i]))]
        if self.capped[i]:
            p = self.parent[i]
            ways.append((self.Z[p][t + 1] + self.slack[i][t], ARC_CAP, self._final(p, t + 1)))
        return ways


def _tight(ways: list[tuple[float, int, Node]]) -> list[tuple[int, Node]]:
    """Return the arcs of the shortest of the ways to a node, each with the node before it."""
    if len(ways) == 1:
        return [ways[0][1:]]
    limit = min(ways)[0] * TIED
    return [(arc, before) for length, arc, before in ways if length <= limit]
