"""The plain solver: NumPy over draws, one quarter and one layer at a time.

This is the text to read. `narrows.bottlenecks.kernel` gives the same results, bit for bit.

Notes
-----
Z_i(t) is the greatest cumulative output, found for t = 0, 1, ...:

1. up, inputs before consumers: Z_i(t) = min{Z_i(t-1) + K_i(t); A_c(t) + Z_c(t - lag_c) over inputs c;
   D(t) at the root}, with Z = 0 before the first quarter;
2. down, consumers before inputs: Z_i(t) = min{Z_i(t); Z_p(t) + B_i - A_i(T-1)}.

The arc that wins is stored; the first of equals wins. Going back over the arcs with the weights of
the root gives the prices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from narrows.bottlenecks.solution import (
    ARC_CAP,
    ARC_DEMAND,
    ARC_OWN,
    DEMAND,
    LANES,
    STOCK,
    TIED,
    Solution,
    add_chunks,
    blank,
    chunks,
)

if TYPE_CHECKING:
    from narrows.bottlenecks.network import Stack

__all__ = ["Step", "path", "solve"]

Floats = NDArray[np.float64]
Codes = NDArray[np.int16]


def solve(stack: Stack, since: int = 0) -> Solution:
    """Return the greatest output of a stack, its binders and prices, for every draw [unit, value].

    Parameters
    ----------
    stack
        Network and quantities, draws first.
    since
        First quarter whose prices are wanted; rents count from it on, and add up to the value from 0.

    Examples
    --------
    Packaging makes 3 a quarter, racks 4: the second quarter waits for packages.

    >>> from narrows.bottlenecks.network import Network, Stack
    >>> line = Network([1, -1], [0, 0])
    >>> K = [[[3, 3], [4, 4]]]
    >>> stack = Stack(line, K, np.zeros((1, 2, 2)), [[[np.inf], [np.inf]]], [[9, 9]], [1, 1])
    >>> solved = solve(stack)
    >>> solved.rent.tolist(), solved.value.tolist()
    ([[9.0, 0.0]], [9.0])
    """
    solution = blank(stack.draws, stack.layers, stack.quarters)

    def run(rows: slice) -> tuple[Floats, Floats]:
        block = _Block(stack.take(rows))
        block.forward()
        block.backward(since)
        block.store(solution, rows)
        return _by_lane(block.g[:, 1:]), _by_lane(block.demand_price)

    sums, demand_sums = zip(*map(run, chunks(stack.draws)), strict=True)
    add_chunks(sums, stack.draws, solution.price_K_mean)
    add_chunks(demand_sums, stack.draws, solution.price_D_mean)
    return solution


class Step(NamedTuple):
    """One arc of a shortest path.

    Parameters
    ----------
    arc
        ``own`` (the quarter's capacity), ``input`` (the layer's parts arrive), ``cap`` (its stock is
        full) or ``demand``.
    layer
        The layer whose capacity, parts or stock it is; the root for demand.
    quarter
        Index of the quarter.
    """

    arc: str
    layer: int
    quarter: int


def path(stack: Stack, draw: int, quarter: int) -> list[Step]:
    """Return the arcs that set the root's cumulative output by a quarter, newest first.

    Parameters
    ----------
    stack
        Network and quantities, draws first.
    draw
        Which draw.
    quarter
        Index of the quarter.

    Examples
    --------
    Racks make 4 a quarter and packaging 3: the second quarter waits for packages.

    >>> from narrows.bottlenecks.network import Network, Stack
    >>> line = Network([1, -1], [0, 0])
    >>> K = [[[3, 3], [4, 4]]]
    >>> stack = Stack(line, K, np.zeros((1, 2, 2)), [[[np.inf], [np.inf]]], [[9, 9]], [1, 1])
    >>> [(step.arc, step.layer, step.quarter) for step in path(stack, 0, 1)]
    [('input', 0, 1), ('own', 0, 1), ('own', 0, 0)]
    """
    block = _Block(stack.take(slice(draw, draw + 1)))
    block.forward()
    steps, layer, t = [], stack.network.root, quarter
    while t >= 0:
        arc = int(block.arc[layer, t, 0])
        if arc == ARC_OWN:
            steps.append(Step("own", layer, t))
            t -= 1
        elif arc == ARC_CAP:
            steps.append(Step("cap", layer, t))
            layer = int(stack.network.parent[layer])
        elif arc == ARC_DEMAND:
            steps.append(Step("demand", layer, t))
            break
        else:
            steps.append(Step("input", arc, t))
            layer, t = arc, t - int(stack.network.lag[arc])
    return steps


def _by_lane(prices: Floats) -> Floats:
    """Return the sums over groups of draws, axes (..., lane)."""
    summed: Floats = prices.reshape(*prices.shape[:-1], -1, LANES).sum(axis=-2)
    return summed


def _last(array: Floats, width: int, spare: float = 0.0) -> Floats:
    """Return an array with the draws last, filled up to a whole number of lanes."""
    if array.strides[0] == 0:  # the same in every draw
        same: Floats = array[0][..., None]
        return same
    out = np.empty((*array.shape[1:], width))
    out[..., : array.shape[0]] = np.moveaxis(array, 0, -1)
    out[..., array.shape[0] :] = spare
    return out


class _Block:
    """Scratch rows of some draws, draws last; slot 0 of `Z`, `code`, `g` is before the first quarter."""

    def __init__(self, stack: Stack) -> None:
        net = stack.network
        self.net, self.w, self.draws = net, stack.w, stack.draws
        width = -(-stack.draws // LANES) * LANES
        self.K, self.A, self.D = (_last(array, width) for array in (stack.K, stack.A, stack.D))
        self.B = _last(stack.B, width, np.inf)
        self.slack = self.B - self.A[:, -1:]
        layers, quarters = stack.layers, stack.quarters
        self.Z = np.zeros((layers, quarters + 1, width))
        self.code = np.full((layers, quarters + 1, width), 2 * STOCK, dtype=np.int16)
        self.arc = np.full((layers, quarters, width), ARC_OWN, dtype=np.int16)
        self.local = np.zeros((layers, width), dtype=np.bool_)
        self.own_code = (2 * np.arange(layers, dtype=np.int16))[:, None]
        capped = stack.capped
        self.rising = [int(i) for i in net.up]
        self.capped = [i for i in self.rising if capped[i]]
        self.rent = np.zeros((layers, width))
        self.stock_rent, self.cap_rent, self.demand_rent = np.zeros((3, width))
        self.demand_price = np.zeros((quarters, width))
        self.unlimited = np.isinf(self.K.max(axis=2))
        self.inputs = [net.inputs(i) for i in range(layers)]
        self.g = np.zeros((layers, quarters + 1, width))
        self.live = np.zeros((layers, quarters + 1), dtype=np.bool_)

    def slot(self, layer: int, t: int) -> int:
        """Return the slot of a layer's output that its consumer uses in quarter t."""
        return max(t - int(self.net.lag[layer]) + 1, 0)

    def forward(self) -> None:
        """Find the greatest outputs and the arcs that set them."""
        for t in range(self.arc.shape[1]):
            self.Z[:, t + 1] = self.Z[:, t] + self.K[:, t]
            self.code[:, t + 1] = (self.code[:, t] & 1) | self.own_code
            for i in self.rising:
                self._up(i, t)
            for i in reversed(self.capped):
                self._down(i, t)

    def _up(self, i: int, t: int) -> None:
        best, code, arc = self.Z[i, t + 1], self.code[i, t + 1], self.arc[i, t]
        second: Floats | float = np.inf
        others: list[tuple[Floats, int, Codes | int]] = [
            (self.A[c, t] + self.Z[c, self.slot(c, t)], c, self.code[c, self.slot(c, t)])
            for c in self.inputs[i]
        ]
        if i == self.net.root:
            others.append((self.D[t], ARC_DEMAND, 2 * DEMAND))
        for v, name, path in others:
            win = v < best
            second = np.minimum(second, np.maximum(best, v))
            np.minimum(best, v, out=best)
            np.copyto(arc, name, where=win)
            np.copyto(code, path, where=win)
        if others:
            tie = second <= best * TIED
            self.local[i] = tie
            if tie.any():
                code |= tie

    def _down(self, i: int, t: int) -> None:
        p, best, code = int(self.net.parent[i]), self.Z[i, t + 1], self.code[i, t + 1]
        v = self.Z[p, t + 1] + self.slack[i, t]
        win, high = v < best, np.maximum(best, v)
        np.minimum(best, v, out=best)
        tie = high <= best * TIED
        np.copyto(code, self.code[p, t + 1], where=win)
        if tie.any():
            if self.net.lag[i] == 0:
                # The consumer's output may be this layer's own, handed on in the same quarter: no other path.
                tie &= (self.arc[p, t] != i) | self.local[p]
            self.local[i] |= tie
            code |= tie
        np.copyto(self.arc[i, t], ARC_CAP, where=win)

    def backward(self, since: int) -> None:
        """Carry the weights of the root back over the arcs; leave the prices of capacity in `g`."""
        self.g[self.net.root, since + 1 :, : self.draws] = self.w[since:, None]
        self.live[self.net.root, since + 1 :] = True
        for t in range(self.arc.shape[1] - 1, since - 1, -1):
            for i in self.capped:
                if self.live[i, t + 1]:
                    self._back_cap(i, t)
            for i in reversed(self.rising):
                if self.live[i, t + 1]:
                    self._back(i, t)

    def _back_cap(self, i: int, t: int) -> None:
        p, a, cap = int(self.net.parent[i]), self.g[i, t + 1], self.arc[i, t] == ARC_CAP
        if not cap.any():
            return
        y = np.where(cap, a, 0.0)
        self.cap_rent += y * np.where(y > 0.0, self.B[i, t], 0.0)
        self.stock_rent -= y * self.A[i, -1]
        self.g[p, t + 1] += y
        a -= y
        self.live[p, t + 1] = True

    def _back(self, i: int, t: int) -> None:
        a = self.g[i, t + 1]
        if self.inputs[i] or i == self.net.root:
            self._back_others(i, t)
            np.copyto(a, 0.0, where=self.arc[i, t] != ARC_OWN)
        # No price falls on a capacity without a limit; 0 times inf must not make a NaN of it.
        self.rent[i] += a * (np.where(a > 0.0, self.K[i, t], 0.0) if self.unlimited[i, t] else self.K[i, t])
        self.g[i, t] += a
        self.live[i, t] = True

    def _back_others(self, i: int, t: int) -> None:
        a, arc = self.g[i, t + 1], self.arc[i, t]
        for c in self.inputs[i]:
            won = arc == c
            if won.any():
                y = np.where(won, a, 0.0)
                self.stock_rent += y * self.A[c, t]
                self.g[c, self.slot(c, t)] += y
                self.live[c, self.slot(c, t)] = True
        if i == self.net.root:
            y = np.where(arc == ARC_DEMAND, a, 0.0)
            self.demand_rent += y * np.where(y > 0.0, self.D[t], 0.0)
            self.demand_price[t] = y

    def store(self, solution: Solution, rows: slice) -> None:
        """Write what is kept by draw."""
        output, code = self.Z[self.net.root, 1:], self.code[self.net.root, 1:]
        value = np.zeros(output.shape[1])
        for weight, row in zip(self.w, output, strict=True):
            value += weight * row
        for kept, found in (
            (solution.output, output),
            (solution.binder, code >> 1),
            (solution.tied, (code & 1).astype(np.bool_)),
            (solution.value, value),
            (solution.rent, self.rent),
            (solution.stock_rent, self.stock_rent),
            (solution.cap_rent, self.cap_rent),
            (solution.demand_rent, self.demand_rent),
        ):
            kept[rows] = found[..., : self.draws].T
