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
_BEFORE = -1
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
    def _arcs(self) -> tuple[list[_OnPath], list[int]]:
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


_OnPath = tuple[int, int, int, list[tuple[int, int]]]
"""A node on a shortest path, its layer and quarter, and the last arcs of such paths to it, each with the node
before it."""


class _Lengths:
    """Lengths of the shortest paths of one draw.

    A layer has a node a quarter: its output as capacity and inputs allow it. Where a cap on its stock may
    lower that it has a second. Nodes are numbered in the order of paths.
    """

    def __init__(self, stack: Stack) -> None:
        net = stack.network
        slack = stack.B[0] - stack.A[0, :, -1:]
        self.K, self.A, self.slack, self.D = (
            array.tolist() for array in (stack.K[0], stack.A[0], slack, stack.D[0])
        )
        self.up, self.parent, self.root = net.up.tolist(), net.parent.tolist(), net.root
        self.capped, self.nodes = stack.capped.tolist(), 2 * stack.layers
        ranks = net.up.argsort().tolist()
        self.first, self.last = (
            ranks,
            [
                self.nodes - 1 - rank if capped else rank
                for rank, capped in zip(ranks, self.capped, strict=True)
            ],
        )
        lags = net.lag.tolist()
        self.inputs = [[(c, lags[c]) for c in net.inputs(i)] for i in range(stack.layers)]
        self.Z: list[list[float]] = [[0.0] for _ in lags]  # slot 0 is before the first quarter
        self.uncapped = [[0.0] if capped else Z for Z, capped in zip(self.Z, self.capped, strict=True)]
        self._forward()

    def _forward(self) -> None:
        Z, K, A, root = self.Z, self.K, self.A, self.root
        rows = [(i == root, Z[i], K[i], [(Z[c], A[c], lag) for c, lag in self.inputs[i]]) for i in self.up]
        lowered = [
            (Z[i], self.uncapped[i], Z[self.parent[i]], self.slack[i])
            for i in self.up[-2::-1]
            if self.capped[i]
        ]
        for t, demand in enumerate(self.D):
            for asked, own, more, inputs in rows:
                least = own[t] + more[t]
                for made, stored, lag in inputs:
                    length = made[t - lag + 1 if t >= lag else 0] + stored[t]
                    if length < least:  # noqa: PLR1730 (min() costs a call each)
                        least = length
                own.append(demand if asked and demand < least else least)
            for own, uncapped, parent, slack in lowered:
                uncapped.append(own[-1])
                own[-1] = min(own[-1], parent[-1] + slack[t])

    def back(self) -> tuple[list[_OnPath], list[int]]:
        """Return the nodes on the shortest paths in the order of paths, and those of the root by quarter."""
        last, nodes = self.last[self.root], self.nodes
        ends = [t * nodes + last for t in range(len(self.D))]
        found: dict[int, _OnPath] = {_BEFORE: (_BEFORE, 0, 0, [])}
        ahead = ends.copy()
        while ahead:
            node = ahead.pop()
            if node not in found:
                t, place = divmod(node, nodes)
                below = place < len(self.up)
                layer = self.up[place if below else nodes - 1 - place]
                ways = self._inputs(layer, t) if below else self._caps(layer, t)
                limit = min(ways)[0] * TIED
                arcs = [(arc, before) for length, arc, before in ways if length <= limit]
                found[node] = node, layer, t, arcs
                ahead += [before for _, before in arcs]
        del found[_BEFORE]
        return sorted(found.values()), ends

    def _inputs(self, i: int, t: int) -> list[tuple[float, int, int]]:
        """Return the ways to a layer's output before its cap: their lengths, last arcs and nodes before."""
        Z, nodes = self.Z, self.nodes
        ways = [(Z[i][t] + self.K[i][t], ARC_OWN, (t - 1) * nodes + self.last[i] if t else _BEFORE)]
        for c, lag in self.inputs[i]:
            stored = self.A[c][t]
            if lag > t:
                ways.append((stored, c, _BEFORE))
            elif lag:
                ways.append((Z[c][t - lag + 1] + stored, c, (t - lag) * nodes + self.last[c]))
            else:
                ways.append((self.uncapped[c][t + 1] + stored, c, t * nodes + self.first[c]))
        if i == self.root:
            ways.append((self.D[t], ARC_DEMAND, _BEFORE))
        return ways

    def _caps(self, i: int, t: int) -> list[tuple[float, int, int]]:
        """Return the ways to a layer's output after its cap, as `_inputs`."""
        p, start = self.parent[i], t * self.nodes
        return [
            (self.uncapped[i][t + 1], i, start + self.first[i]),
            (self.Z[p][t + 1] + self.slack[i][t], ARC_CAP, start + self.last[p]),
        ]
