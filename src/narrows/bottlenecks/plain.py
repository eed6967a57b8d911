"""The plain solver: NumPy over draws, one quarter and one layer at a time.

This is the text to read. `narrows.bottlenecks.kernel` gives the same results, bit for bit.

Notes
-----
Z_i(t) is the greatest cumulative output, found for t = 0, 1, ...:

1. up, inputs before consumers: Z_i(t) = min{Z_i(t-1) + K_i(t); A_c(t) + Z_c(t - lag_c) over inputs c;
   D(t) at the root}, with Z = 0 before the first quarter;
2. down, consumers before inputs: Z_i(t) = min{Z_i(t); Z_p(t) + B_i - A_i(T-1)}.

Which arc wins is stored; the first of equals wins. Going back over the arcs with the weights of
the root gives the prices.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from narrows.bottlenecks.solution import (
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

__all__ = ["Forward", "Rents", "Step", "forward", "outputs", "path", "rents", "restart", "solve", "worth"]

UNTIE = 1e-12
"""Share by which capacities are set apart where a tie is to be broken by an order: far below `TIED`."""
ORDERED = 2048
"""Draws that are solved at once in all their orders, orders counted."""
UNLIMITED = 1e150
"""Stands for the output of a layer without any limit where a finite number is needed [unit]."""

Floats = NDArray[np.float64]
Codes = NDArray[np.int16]
Flags = NDArray[np.bool_]


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
        return block.price, block.demand_price

    sums, demand_sums = zip(*map(run, chunks(stack.draws)), strict=True)
    add_chunks(sums, stack.draws, solution.price_K_mean)
    add_chunks(demand_sums, stack.draws, solution.price_D_mean)
    return solution


class Forward(NamedTuple):
    """What the pass forward alone finds: enough to ask what if, a third of the work of `solve`.

    Parameters
    ----------
    output
        Cumulative output of the root [unit], axes (draw, quarter).
    binder, tied
        As in `narrows.bottlenecks.solution.Solution`, axes (draw, quarter).
    """

    output: Floats
    binder: Codes
    tied: Flags


def forward(stack: Stack) -> Forward:
    """Return the greatest output of a stack and its binders, without prices, for every draw [unit].

    Parameters
    ----------
    stack
        Network and quantities, draws first.

    Examples
    --------
    >>> from narrows.bottlenecks.network import Network, Stack
    >>> line = Network([1, -1], [0, 0])
    >>> K = [[[3, 3], [4, 4]]]
    >>> stack = Stack(line, K, np.zeros((1, 2, 2)), [[[np.inf], [np.inf]]], [[9, 9]], [1, 1])
    >>> forward(stack).output.tolist(), forward(stack).binder.tolist()
    ([[3.0, 6.0]], [[0, 0]])
    """
    shape = (stack.draws, stack.quarters)
    found = Forward(np.empty(shape), np.empty(shape, dtype=np.int16), np.empty(shape, dtype=np.bool_))
    for rows in chunks(stack.draws):
        block = _Block(stack.take(rows))
        block.forward()
        found.output[rows] = block.output[:, : block.draws].T
        found.binder[rows] = (block.root_code[:, : block.draws] >> 1).T
        found.tied[rows] = (block.root_code[:, : block.draws] & 1).astype(np.bool_).T
    return found


def outputs(stack: Stack) -> Floats:
    """Return the greatest cumulative output of every layer [unit], axes (draw, layer, quarter).

    Parameters
    ----------
    stack
        Network and quantities, draws first.

    Examples
    --------
    >>> from narrows.bottlenecks.network import Network, Stack
    >>> line = Network([1, -1], [0, 0])
    >>> K = [[[3, 3], [4, 4]]]
    >>> stack = Stack(line, K, np.zeros((1, 2, 2)), [[[9], [np.inf]]], [[9, 9]], [1, 1])
    >>> outputs(stack).tolist()
    [[[3.0, 6.0], [3.0, 6.0]]]
    """
    found = np.empty((stack.draws, stack.layers, stack.quarters))
    for rows in chunks(stack.draws):
        block = _Block(stack.take(rows), slots=stack.quarters + 1)
        block.forward()
        found[rows] = block.Z[1:, :, : block.draws].transpose(2, 1, 0)
    return found


def worth(stack: Stack, marks: Floats, since: int = 0) -> tuple[Floats, Floats, Floats]:
    """Return each draw's value, the price of all capacity that a mark stands on, and the prices of caps.

    Parameters
    ----------
    stack
        Network and quantities, draws first.
    marks
        Marks on capacity, axes (draw, layer, quarter): 1 where a unit is added, 0 elsewhere.
    since
        First quarter whose prices are wanted.

    Returns
    -------
    tuple
        Value, axis (draw); sum over quarters of price times mark, axes (draw, layer); price of the cap on
        stock and transit, axes (draw, layer, quarter) [value/unit].

    Notes
    -----
    `solve` sums price times capacity, the rent; with the marks in place of the capacity the same sum is
    the derivative of the value as the marked capacity grows. Where a draw is tied it is one of several,
    and always a supergradient: V(K + x) <= V(K) + x . worth.

    Examples
    --------
    >>> from narrows.bottlenecks.network import Network, Stack
    >>> K = np.array([[[3.0, 3], [4, 4]]])
    >>> stack = Stack(Network([1, -1], [0, 0]), K, np.zeros((1, 2, 2)), [[[np.inf]] * 2], [[9, 9]], [1, 1])
    >>> [found.tolist() for found in worth(stack, np.ones_like(K))]
    [[9.0], [[3.0, 0.0]], [[[0.0, 0.0], [0.0, 0.0]]]]
    """
    value, price = np.empty(stack.draws), np.empty((stack.draws, stack.layers))
    caps = np.zeros((stack.layers, stack.quarters, stack.draws))
    for rows in chunks(stack.draws):
        block = _Block(stack.take(rows))
        block.forward()
        block.K = _last(marks[rows], block.output.shape[1])
        block.cap_price = np.zeros((stack.layers, stack.quarters, block.output.shape[1]))
        block.backward(since)
        caps[:, :, rows] = block.cap_price[:, :, : block.draws]
        value[rows] = (stack.w @ block.output)[: block.draws]
        price[rows] = block.rent[:, : block.draws].T
    return value, price, np.moveaxis(caps, -1, 0)


class Rents(NamedTuple):
    """Who is paid for the output of a stack: the value, split without a rest.

    Parameters
    ----------
    value
        Weighted sum of cumulative root output [value], axis (draw).
    rent
        Price times capacity [value], axes (draw, layer, quarter).
    stock, caps, demand
        Price times arrivals, stock caps and demand, summed over quarters [value], axis (draw).
    tied
        True where a shortest path of the draw is tied, axis (draw).
    """

    value: Floats
    rent: Floats
    stock: Floats
    caps: Floats
    demand: Floats
    tied: Flags


def rents(stack: Stack, orders: NDArray[np.int64] | None = None) -> Rents:
    """Return the rent of every layer in every quarter [value], ties shared over orders of the layers.

    Parameters
    ----------
    stack
        Network and quantities, draws first.
    orders
        Orders in which tied layers are put, each a permutation of the layers, axes (order, layer); each
        order and its reverse count the same. None takes the first arc of a tie.

    Notes
    -----
    In one order each layer's capacity is made greater by a share of up to `UNTIE`, the later the more, so
    that of two tied layers the first in the order holds the price. Prices found so are prices of the stack
    as it is, and so is their mean over orders: rent + stock + caps + demand = value in every draw. With
    all orders the mean is the Shapley value of the tied layers.

    Examples
    --------
    Packaging and test make 3 each, and share the price of the racks' parts.

    >>> from narrows.bottlenecks.network import Network, Stack
    >>> K = np.array([[[3.0], [3.0], [9.0]]])
    >>> stack = Stack(Network([2, 2, -1], [0, 0, 0]), K, np.zeros((1, 3, 1)),
    ...               [[[np.inf]] * 3], [[9.0]], [1.0])
    >>> rents(stack).rent.ravel().tolist(), rents(stack, np.array([[0, 1, 2]])).rent.ravel().tolist()
    ([3.0, 0.0, 0.0], [1.5, 1.5, 0.0])
    """
    found = _no_rents(stack)
    for rows in chunks(stack.draws):
        _keep_rents(found, rows, stack.take(rows))
    at = np.flatnonzero(found.tied)
    if orders is not None and at.size:
        ranks = np.argsort(orders, axis=1)
        ranks = np.concatenate((ranks, stack.layers - 1 - ranks))
        at_once = max(1, ORDERED // len(ranks))
        for first in range(0, at.size, at_once):
            some = at[first : first + at_once]
            part = _ordered(stack.take(np.tile(some, len(ranks))), np.repeat(ranks, some.size, axis=0))
            for field in ("rent", "stock", "caps", "demand"):
                every = getattr(part, field)
                orderly = every.reshape(len(ranks), some.size, *every.shape[1:])
                getattr(found, field)[some] = sum(orderly) / len(ranks)
    return found


def _no_rents(stack: Stack) -> Rents:
    stock, caps, demand = np.empty((3, stack.draws))
    rent = np.empty((stack.draws, stack.layers, stack.quarters))
    return Rents(np.empty(stack.draws), rent, stock, caps, demand, np.empty(stack.draws, dtype=np.bool_))


def _ordered(stack: Stack, rank: NDArray[np.int64]) -> Rents:
    """Return the rents of a stack whose ties are broken by the rank of its layers, axes (draw, layer)."""
    found = _no_rents(stack)
    growth = (1.0 + UNTIE * rank / stack.layers)[:, :, None]
    for rows in chunks(stack.draws):
        part = stack.take(rows)
        _keep_rents(found, rows, replace(part, K=part.K * growth[rows]), part)
    return found


def _keep_rents(found: Rents, rows: slice, solved: Stack, paid: Stack | None = None) -> None:
    """Solve some draws and keep their rents, prices from one stack and capacities from another."""
    block = _Block(solved)
    block.forward()
    if paid is not None:
        block.K = _last(paid.K, block.output.shape[1])
    block.rent_at = np.zeros((solved.layers, solved.quarters, block.output.shape[1]))
    block.backward(0)
    kept = slice(block.draws)
    found.value[rows] = (solved.w @ block.output)[kept]
    found.rent[rows] = np.moveaxis(block.rent_at, -1, 0)[kept]
    found.stock[rows] = block.stock_rent[kept]
    found.caps[rows] = block.cap_rent[kept]
    found.demand[rows] = block.demand_rent[kept]
    found.tied[rows] = (block.root_code[:, kept] & 1).any(axis=0)


def restart(stack: Stack, quarter: int, last: int) -> Stack:
    """Return the stack of some quarters on, with what was made before them as stock and work in progress.

    Parameters
    ----------
    stack
        Network and quantities, draws first.
    quarter, last
        First and last quarter kept.

    Returns
    -------
    Stack
        Its outputs are those of the whole stack less what the root had put out before `quarter`.

    Notes
    -----
    With T the first quarter kept and Y_i(t) = Z_i(t) - Z_i(T - 1), every constraint keeps its form:
    A'_i(t) = A_i(t) + Z_i(min(t - lag_i, T - 1)) - Z_p(T - 1) at the consumer p of layer i, and
    B'_i(t) = B_i(t), both counted up to the last quarter kept.

    Examples
    --------
    >>> from narrows.bottlenecks.network import Network, Stack
    >>> K = [[[5.0, 3, 3], [4, 4, 4]]]
    >>> stack = Stack(Network([1, -1], [0, 0]), K, np.zeros((1, 2, 3)), [[[np.inf]] * 2], [[99] * 3], [1] * 3)
    >>> forward(stack).output.tolist(), forward(restart(stack, 1, 2)).output.tolist()
    ([[4.0, 8.0, 11.0]], [[4.0, 7.0]])
    """
    from narrows.bottlenecks.network import Stack

    net, shown = stack.network, slice(quarter, last + 1)
    made = np.zeros((stack.layers, int(net.lag.max()) + 1, stack.draws))  # by quarters back from T - 1
    for rows in chunks(stack.draws) if quarter else ():
        block = _Block(stack.take(rows))
        block.forward(quarter)
        for back in range(min(made.shape[1], quarter)):
            made[:, back, rows] = block.Z[(quarter - back) % block.slots][:, : block.draws]
    np.minimum(made, UNLIMITED, out=made)
    arrived = np.zeros((stack.layers, last + 1 - quarter, stack.draws))
    caps = np.empty_like(arrived)
    for i, p in enumerate(map(int, net.parent)):
        if p < 0:
            caps[i] = np.inf
            continue
        lag, out = int(net.lag[i]), made[p, 0]
        for t in range(len(arrived[i])):
            arrived[i, t] = stack.A[:, i, quarter + t] + made[i, max(lag - 1 - t, 0)] - out
        np.maximum.accumulate(arrived[i].clip(0.0), axis=0, out=arrived[i])  # rounding below 0
        total = stack.A[:, i, -1] + made[i, 0] - out
        caps[i] = stack.B[:, i, shown if stack.B.shape[2] > 1 else slice(None)].T - total + arrived[i, -1]
        np.maximum(caps[i], arrived[i, -1], out=caps[i])
    with np.errstate(invalid="ignore"):
        demand = np.maximum(stack.D[:, shown] - made[net.root, 0][:, None], 0.0)
    return Stack(
        network=net,
        K=stack.K[:, :, shown],
        A=np.moveaxis(arrived, -1, 0),
        B=np.moveaxis(caps, -1, 0),
        D=demand,
        w=stack.w[shown],
    )


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
        supplier = next((c for c in block.inputs[layer] if block.fed[c, t, 0]), None)
        if block.full[layer, t, 0]:
            steps.append(Step("cap", layer, t))
            layer = int(stack.network.parent[layer])
        elif supplier is not None:
            steps.append(Step("input", supplier, t))
            layer, t = supplier, t - int(stack.network.lag[supplier])
        elif layer == stack.network.root and block.asked[t, 0]:
            steps.append(Step("demand", layer, t))
            break
        else:
            steps.append(Step("own", layer, t))
            t -= 1
    return steps


def _by_lane(prices: Floats) -> Floats:
    """Return the sums over groups of draws, axis (lane)."""
    summed: Floats = prices.reshape(-1, LANES).sum(axis=0)
    return summed


def _last(array: Floats, width: int, spare: float = 0.0) -> Floats:
    """Return an array with the draws last, filled up to a whole number of lanes."""
    if array.strides[0] == 0:  # the same in every draw
        same: Floats = array[0][..., None]
        return same
    last = np.moveaxis(array, 0, -1)
    if last.shape[-1] == width and last.strides[-1] == last.itemsize:
        return last
    out = np.empty((*last.shape[:-1], width))
    out[..., : array.shape[0]] = last
    out[..., array.shape[0] :] = spare
    return out


def _paid(price: Floats, quantity: Floats) -> Floats:
    """Return price times quantity; no price falls on what has no limit, and 0 times inf is 0 here."""
    if quantity.max() == np.inf:
        quantity = np.where(price > 0.0, quantity, 0.0)
    paid: Floats = price * quantity
    return paid


class _Block:
    """Scratch rows of some draws, draws last.

    Slot 0 of outputs and codes is before the first quarter; as many slots are kept as the longest lag
    asks for. `fed[c, t]` marks the draws in which the consumer of c waits for it in quarter t, `full`
    those in which a layer's stock is full, `asked` those in which demand sets the root.
    """

    def __init__(self, stack: Stack, slots: int | None = None) -> None:
        net = stack.network
        self.net, self.w, self.draws = net, stack.w, stack.draws
        width = -(-stack.draws // LANES) * LANES
        self.K, self.A, self.D = (_last(array, width) for array in (stack.K, stack.A, stack.D))
        self.B = _last(stack.B, width, np.inf)
        layers, quarters = stack.layers, stack.quarters
        self.slots = slots or min(max(int(net.lag.max()), 1), quarters) + 1
        self.Z = np.zeros((self.slots, layers, width))
        self.code = np.full((self.slots, layers, width), 2 * STOCK, dtype=np.int16)
        self.own_code = (2 * np.arange(layers, dtype=np.int16))[:, None]
        self.output, self.root_code = np.empty((quarters, width)), np.empty((quarters, width), dtype=np.int16)
        self.fed, self.full = np.zeros((2, layers, quarters, width), dtype=np.bool_)
        self.asked = np.zeros((quarters, width), dtype=np.bool_)
        self.local = np.zeros((layers, width), dtype=np.bool_)
        self.v, self.second, self.high, self.limit = np.empty((4, width))
        self.tie, self.step = np.empty(width, dtype=np.bool_), np.empty(width, dtype=np.int16)
        capped = stack.capped
        self.rising = [int(i) for i in net.up]
        self.capped = [i for i in self.rising if capped[i]]
        self.inputs = [net.inputs(i) for i in range(layers)]
        self.joints = [i for i in self.rising if self.inputs[i] or i == net.root]
        self.g: dict[tuple[int, int], Floats] = {}
        self.rent = np.zeros((layers, width))
        self.stock_rent, self.cap_rent, self.demand_rent = np.zeros((3, width))
        self.cap_price: Floats | None = None
        self.rent_at: Floats | None = None
        self.price, self.demand_price = np.zeros((layers, quarters, LANES)), np.zeros((quarters, LANES))

    def used(self, layer: int, t: int) -> int:
        """Return the slot of a layer's output that its consumer uses in quarter t."""
        return max(t - int(self.net.lag[layer]) + 1, 0)

    def forward(self, end: int | None = None) -> None:
        """Find the greatest outputs and the arcs that set them, up to a quarter."""
        root = self.net.root
        for t in range(len(self.output))[:end]:
            before, now = t % self.slots, (t + 1) % self.slots
            Z, code = self.Z[now], self.code[now]
            np.add(self.Z[before], self.K[:, t], out=Z)
            np.bitwise_and(self.code[before], 1, out=code)
            code |= self.own_code
            for i in self.joints:
                self._up(i, t, Z[i], code[i])
            for i in reversed(self.capped):
                self._down(i, t, Z, code)
            self.output[t], self.root_code[t] = Z[root], code[root]

    def _up(self, i: int, t: int, best: Floats, code: Codes) -> None:
        won: list[Flags] = []
        self.second[:] = np.inf
        for c in self.inputs[i]:
            slot = self.used(c, t) % self.slots
            np.add(self.A[c, t], self.Z[slot, c], out=self.v)
            self._lower(best, self.v, code, self.code[slot, c], self.fed[c, t], won)
            np.minimum(self.second, self.high, out=self.second)
        if i == self.net.root:
            self._lower(best, self.D[t], code, 2 * DEMAND, self.asked[t], won)
            np.minimum(self.second, self.high, out=self.second)
        self.local[i] = self._tied(self.second, best)
        if np.count_nonzero(self.tie):
            code |= self.tie

    def _down(self, i: int, t: int, Z: Floats, code: Codes) -> None:
        p = int(self.net.parent[i])
        np.subtract(self.B[i, t], self.A[i, -1], out=self.v)
        np.add(Z[p], self.v, out=self.v)
        won = [self.fed[c, t] for c in self.inputs[i]]
        self._lower(Z[i], self.v, code[i], code[p], self.full[i, t], won)
        tie = self._tied(self.high, Z[i])
        if np.count_nonzero(tie):
            if self.net.lag[i] == 0:
                # The consumer's output may be this layer's own, handed on in the same quarter: no other path.
                tie &= ~self.fed[i, t] | self.local[p]
            self.local[i] |= tie
            code[i] |= tie

    def _lower(  # noqa: PLR0917 (rows of one node, then those of the arc)
        self, best: Floats, v: Floats, code: Codes, path: Codes | int, wins: Flags, won: list[Flags]
    ) -> None:
        """Lower a node where an arc is shorter; `high` is left with the longer of the two."""
        np.less(v, best, out=wins)
        np.maximum(best, v, out=self.high)
        np.minimum(best, v, out=best)
        if np.count_nonzero(wins):
            np.subtract(path, code, out=self.step)
            np.multiply(self.step, wins, out=self.step)
            code += self.step  # several times as fast as a copy under a mask
            for earlier in won:
                np.greater(earlier, wins, out=earlier)  # and not
        won.append(wins)

    def _tied(self, second: Floats, best: Floats) -> Flags:
        """Return where the second shortest way is as short as the shortest, within rounding."""
        np.multiply(best, TIED, out=self.limit)
        return np.less_equal(second, self.limit, out=self.tie)

    def backward(self, since: int) -> None:
        """Carry the weights of the root back over the arcs; what is left at a node is the price there."""
        for t in range(since, len(self.output)):
            row = np.zeros(self.output.shape[1])
            row[: self.draws] = self.w[t]
            self.g[self.net.root, t + 1] = row
        for t in range(len(self.output) - 1, since - 1, -1):
            for i in self.capped:
                if (i, t + 1) in self.g:
                    self._back_cap(i, t)
            for i in reversed(self.rising):
                if (i, t + 1) in self.g:
                    self._back(i, t)

    def _give(self, i: int, slot: int, price: Floats) -> None:
        """Add a price to that of a node."""
        if (i, slot) in self.g:
            self.g[i, slot] += price
        else:
            self.g[i, slot] = price

    def _back_cap(self, i: int, t: int) -> None:
        if np.count_nonzero(self.full[i, t]):
            a = self.g[i, t + 1]
            y = a * self.full[i, t]
            a -= y
            self.cap_rent += _paid(y, self.B[i, t])
            if self.cap_price is not None:
                self.cap_price[i, t] = y
            self.stock_rent -= y * self.A[i, -1]
            self._give(int(self.net.parent[i]), t + 1, y)

    def _back(self, i: int, t: int) -> None:
        a = self.g.pop((i, t + 1))
        for c in self.inputs[i]:
            if np.count_nonzero(self.fed[c, t]):
                y = a * self.fed[c, t]
                a -= y
                self.stock_rent += y * self.A[c, t]
                self._give(c, self.used(c, t), y)
        if i == self.net.root and np.count_nonzero(self.asked[t]):
            y = a * self.asked[t]
            a -= y
            self.demand_rent += _paid(y, self.D[t])
            self.demand_price[t] = _by_lane(y)
        paid = _paid(a, self.K[i, t])
        self.rent[i] += paid
        if self.rent_at is not None:
            self.rent_at[i, t] = paid
        self.price[i, t] = _by_lane(a)
        self._give(i, t, a)

    def store(self, solution: Solution, rows: slice) -> None:
        """Write what is kept by draw."""
        value = np.zeros(self.output.shape[1])
        for weight, row in zip(self.w, self.output, strict=True):
            value += weight * row
        for kept, found in (
            (solution.output, self.output),
            (solution.binder, self.root_code >> 1),
            (solution.tied, (self.root_code & 1).astype(np.bool_)),
            (solution.value, value),
            (solution.rent, self.rent),
            (solution.stock_rent, self.stock_rent),
            (solution.cap_rent, self.cap_rent),
            (solution.demand_rent, self.demand_rent),
        ):
            kept[rows] = found[..., : self.draws].T
