"""The compiled sweeps of the kernel; importing this module imports numba.

A group of `LANES` draws lies side by side in scratch arrays with axes (layer, quarter, lane), so
that every inner loop runs over lanes and becomes vector instructions. Slot 0 of the quarter axis of
`Z`, `code` and `g` stands for everything before the first quarter.

A code is twice the binder, plus 1 where the path to the node is tied.
"""

# ruff: noqa: PLR0917 -- compiled functions take arrays by position; keyword arguments cost a lookup each

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from narrows.bottlenecks.solution import ARC_CAP, ARC_DEMAND, ARC_OWN, DEMAND, LANES, STOCK, TIED

__all__ = ["solve_chunk"]

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Marks = NDArray[np.int16]
Flags = NDArray[np.bool_]


@njit(nogil=True)
def _load(source: Floats, first: int, stop: int, scratch: Floats) -> None:
    """Copy draws first..stop of (draw, layer, quarter) into (layer, quarter, lane); 0 in spare lanes."""
    layers, quarters = source.shape[1], source.shape[2]
    for i in range(layers):
        for lane in range(LANES):
            if first + lane < stop:
                for t in range(quarters):
                    scratch[i, t, lane] = source[first + lane, i, t]
            else:
                for t in range(quarters):
                    scratch[i, t, lane] = 0.0


@njit(nogil=True)
def _own(i: int, t: int, K: Floats, Z: Floats, code: Marks, arc: Marks, second: Floats) -> None:
    for lane in range(LANES):
        Z[i, t + 1, lane] = Z[i, t, lane] + K[i, t, lane]
        code[i, t + 1, lane] = (code[i, t, lane] & 1) | (2 * i)
        arc[i, t, lane] = ARC_OWN
        second[lane] = np.inf


@njit(nogil=True)
def _input(
    i: int, t: int, c: int, u: int, A: Floats, Z: Floats, code: Marks, arc: Marks, second: Floats
) -> None:
    for lane in range(LANES):
        best, v = Z[i, t + 1, lane], A[c, t, lane] + Z[c, u, lane]
        win = v < best
        more = best if win else v
        Z[i, t + 1, lane] = v if win else best
        second[lane] = more if more < second[lane] else second[lane]  # noqa: FURB136 (min() minds NaN)
        code[i, t + 1, lane] = code[c, u, lane] if win else code[i, t + 1, lane]
        arc[i, t, lane] = c if win else arc[i, t, lane]


@njit(nogil=True)
def _demand(i: int, t: int, D: Floats, Z: Floats, code: Marks, arc: Marks, second: Floats) -> None:
    for lane in range(LANES):
        best, v = Z[i, t + 1, lane], D[t, lane]
        win = v < best
        more = best if win else v
        Z[i, t + 1, lane] = v if win else best
        second[lane] = more if more < second[lane] else second[lane]  # noqa: FURB136 (min() minds NaN)
        code[i, t + 1, lane] = 2 * DEMAND if win else code[i, t + 1, lane]
        arc[i, t, lane] = ARC_DEMAND if win else arc[i, t, lane]


@njit(nogil=True)
def _ties(i: int, t: int, Z: Floats, code: Marks, second: Floats, local: Marks) -> None:
    for lane in range(LANES):
        best = Z[i, t + 1, lane]
        tie = np.int16(1) if second[lane] <= best * TIED else np.int16(0)
        local[i, lane] = tie
        code[i, t + 1, lane] |= tie


@njit(nogil=True)
def _cap(
    i: int, t: int, p: int, lag: int, slack: Floats, Z: Floats, code: Marks, arc: Marks, local: Marks
) -> None:
    """Lower a layer to its consumer's output plus the slack of its stock."""
    for lane in range(LANES):
        best, v = Z[i, t + 1, lane], Z[p, t + 1, lane] + slack[i, t, lane]
        win = v < best
        low, high = (v, best) if win else (best, v)
        # The consumer's output may be this layer's own, handed on in the same quarter: no other path.
        loop = (lag == 0) & (arc[p, t, lane] == i) & (local[p, lane] == 0)
        tie = np.int16(1) if (high <= low * TIED) and not loop else np.int16(0)
        Z[i, t + 1, lane] = low
        local[i, lane] |= tie
        code[i, t + 1, lane] = (code[p, t + 1, lane] if win else code[i, t + 1, lane]) | tie
        arc[i, t, lane] = ARC_CAP if win else arc[i, t, lane]


@njit(nogil=True)
def _forward(
    up: Indices,
    start: Indices,
    index: Indices,
    parent: Indices,
    lag: Indices,
    root: int,
    capped: Flags,
    K: Floats,
    A: Floats,
    slack: Floats,
    D: Floats,
    Z: Floats,
    code: Marks,
    arc: Marks,
    second: Floats,
    local: Marks,
) -> None:
    layers, quarters = K.shape[0], K.shape[1]
    for t in range(quarters):
        for place in range(layers):
            i = up[place]
            _own(i, t, K, Z, code, arc, second)
            for k in range(start[i], start[i + 1]):
                c = index[k]
                _input(i, t, c, max(t - lag[c] + 1, 0), A, Z, code, arc, second)
            if i == root:
                _demand(i, t, D, Z, code, arc, second)
            if i == root or start[i] < start[i + 1]:  # a layer without inputs has one way only
                _ties(i, t, Z, code, second, local)
        for place in range(layers - 2, -1, -1):
            i = up[place]
            if capped[i]:
                _cap(i, t, parent[i], lag[i], slack, Z, code, arc, local)


@njit(nogil=True)
def _back_cap(
    i: int, t: int, p: int, A: Floats, B: Floats, arc: Marks, g: Floats, stock_rent: Floats, cap_rent: Floats
) -> bool:
    last = A.shape[1] - 1
    hit = False
    for lane in range(LANES):
        y = g[i, t + 1, lane] if arc[i, t, lane] == ARC_CAP else 0.0
        hit |= y > 0.0
        cap_rent[lane] += y * (B[i, t, lane] if y > 0.0 else 0.0)
        stock_rent[lane] -= y * A[i, last, lane]
        g[p, t + 1, lane] += y
        g[i, t + 1, lane] -= y
    return hit


@njit(nogil=True)
def _back_own(i: int, t: int, K: Floats, arc: Marks, g: Floats, rent: Floats, sums: Floats) -> bool:
    hit = False
    for lane in range(LANES):
        x = g[i, t + 1, lane] if arc[i, t, lane] == ARC_OWN else 0.0
        hit |= x > 0.0
        rent[i, lane] += x * (K[i, t, lane] if x > 0.0 else 0.0)
        sums[i, t, lane] += x
        g[i, t, lane] += x
    return hit


@njit(nogil=True)
def _back_input(i: int, t: int, c: int, u: int, A: Floats, arc: Marks, g: Floats, stock_rent: Floats) -> bool:
    hit = False
    for lane in range(LANES):
        y = g[i, t + 1, lane] if arc[i, t, lane] == c else 0.0
        hit |= y > 0.0
        stock_rent[lane] += y * A[c, t, lane]
        g[c, u, lane] += y
    return hit


@njit(nogil=True)
def _back_demand(
    i: int, t: int, D: Floats, arc: Marks, g: Floats, demand_rent: Floats, demand_sums: Floats
) -> None:
    for lane in range(LANES):
        y = g[i, t + 1, lane] if arc[i, t, lane] == ARC_DEMAND else 0.0
        demand_rent[lane] += y * (D[t, lane] if y > 0.0 else 0.0)
        demand_sums[t, lane] += y


@njit(nogil=True)
def _backward(  # noqa: C901 (an end that is not constant would make every index signed)
    up: Indices,
    start: Indices,
    index: Indices,
    parent: Indices,
    lag: Indices,
    root: int,
    capped: Flags,
    K: Floats,
    A: Floats,
    B: Floats,
    D: Floats,
    arc: Marks,
    g: Floats,
    live: Flags,
    rent: Floats,
    stock_rent: Floats,
    cap_rent: Floats,
    demand_rent: Floats,
    sums: Floats,
    demand_sums: Floats,
    since: int,
) -> None:
    layers, quarters = K.shape[0], K.shape[1]
    for t in range(quarters - 1, -1, -1):
        if t < since:
            break
        for place in range(layers - 1):
            i = up[place]
            p = parent[i]
            if capped[i] and live[i, t + 1] and _back_cap(i, t, p, A, B, arc, g, stock_rent, cap_rent):
                live[p, t + 1] = True
        for place in range(layers - 1, -1, -1):
            i = up[place]
            if not live[i, t + 1]:
                continue
            if _back_own(i, t, K, arc, g, rent, sums):
                live[i, t] = True
            for k in range(start[i], start[i + 1]):
                c = index[k]
                u = max(t - lag[c] + 1, 0)
                if _back_input(i, t, c, u, A, arc, g, stock_rent):
                    live[c, u] = True
            if i == root:
                _back_demand(i, t, D, arc, g, demand_rent, demand_sums)


@njit(nogil=True)
def _load_rows(
    capped: Flags, caps: Floats, demand: Floats, first: int, stop: int, A: Floats, B: Floats, slack: Floats,
    D: Floats,
) -> None:  # fmt: skip
    """Copy the caps of capped layers, and demand; spare lanes hold 0 and no cap."""
    layers, last, quarters = B.shape[0], A.shape[1] - 1, D.shape[0]
    for lane in range(LANES):
        inside = first + lane < stop
        for i in range(layers):
            if capped[i]:
                for t in range(quarters):
                    B[i, t, lane] = caps[first + lane, i, t] if inside else np.inf
                    slack[i, t, lane] = B[i, t, lane] - A[i, last, lane]
        for t in range(quarters):
            D[t, lane] = demand[first + lane, t] if inside else 0.0


@njit(nogil=True)
def _clear(
    root: int,
    w: Floats,
    since: int,
    first: int,
    stop: int,
    g: Floats,
    live: Flags,
    rent: Floats,
    rents: Floats,
) -> None:
    g[:] = 0.0
    live[:] = False
    rent[:] = 0.0
    rents[:] = 0.0
    for t in range(since, w.size):
        live[root, t + 1] = True
        for lane in range(LANES):
            g[root, t + 1, lane] = w[t] if first + lane < stop else 0.0


@njit(nogil=True)
def _store(
    root: int,
    w: Floats,
    first: int,
    stop: int,
    Z: Floats,
    code: Marks,
    rent: Floats,
    rents: Floats,
    output: Floats,
    binder: Marks,
    tied: Flags,
    value: Floats,
    rent_out: Floats,
    rents_out: Floats,
) -> None:
    for lane in range(min(LANES, stop - first)):
        d, total = first + lane, 0.0
        for t in range(w.size):
            z, mark = Z[root, t + 1, lane], code[root, t + 1, lane]
            output[d, t], binder[d, t], tied[d, t] = z, mark >> 1, (mark & 1) == 1
            total += w[t] * z
        value[d] = total
        for i in range(rent.shape[0]):
            rent_out[d, i] = rent[i, lane]
        for kind in range(3):
            rents_out[kind, d] = rents[kind, lane]


def _array(kind: Any, axes: int, layout: Literal["A", "C"] = "C", *, readonly: bool = False) -> Any:
    return types.Array(kind, axes, layout, readonly=readonly)


# One signature, whatever the layout of the inputs, so that one compiled version serves every call.
_INDEX = _array(types.int64, 1, readonly=True)
_GIVEN = [_array(types.float64, axes, "A", readonly=True) for axes in (3, 3, 3, 2, 1)]
_SIGNATURE = types.void(
    *[_INDEX] * 5, types.int64, _array(types.boolean, 1), *_GIVEN, types.int64, types.int64, types.int64,
    _array(types.float64, 2), _array(types.int16, 2), _array(types.boolean, 2), _array(types.float64, 1),
    *[_array(types.float64, axes) for axes in (2, 2, 3, 2)],
)  # fmt: skip


@njit(_SIGNATURE, cache=True, nogil=True)
def solve_chunk(
    up: Indices,
    start: Indices,
    index: Indices,
    parent: Indices,
    lag: Indices,
    root: int,
    capped: Flags,
    capacity: Floats,
    arrivals: Floats,
    caps: Floats,
    demand: Floats,
    w: Floats,
    since: int,
    first: int,
    stop: int,
    output: Floats,
    binder: Marks,
    tied: Flags,
    value: Floats,
    rent_out: Floats,
    rents_out: Floats,
    sums: Floats,
    demand_sums: Floats,
) -> None:
    """Solve draws first..stop; add their prices to the sums by lane; write the rest by draw."""
    if sums.shape[2] != LANES:
        raise ValueError("the compiled kernel on disk has another number of lanes: remove __pycache__")
    layers, quarters = capacity.shape[1], capacity.shape[2]
    K, A = np.empty((layers, quarters, LANES)), np.empty((layers, quarters, LANES))
    Z, g = np.zeros((layers, quarters + 1, LANES)), np.empty((layers, quarters + 1, LANES))
    code = np.full((layers, quarters + 1, LANES), 2 * STOCK, dtype=np.int16)
    arc = np.empty((layers, quarters, LANES), dtype=np.int16)
    B, slack = np.empty((layers, quarters, LANES)), np.empty((layers, quarters, LANES))
    rent = np.empty((layers, LANES))
    D, second, rents = np.empty((quarters, LANES)), np.empty(LANES), np.empty((3, LANES))
    local, live = np.zeros((layers, LANES), dtype=np.int16), np.empty((layers, quarters + 1), dtype=np.bool_)
    shared = arrivals.strides[0] == 0
    for lead in range(first, stop, LANES):
        _load(capacity, lead, stop, K)
        if not shared or lead == first or lead + LANES > stop:
            _load(arrivals, lead, stop, A)
        _load_rows(capped, caps, demand, lead, stop, A, B, slack, D)
        _forward(up, start, index, parent, lag, root, capped, K, A, slack, D, Z, code, arc, second, local)
        _clear(root, w, since, lead, stop, g, live, rent, rents)
        _backward(
            up, start, index, parent, lag, root, capped, K, A, B, D, arc, g, live,
            rent, rents[0], rents[1], rents[2], sums, demand_sums, since,
        )  # fmt: skip
        _store(root, w, lead, stop, Z, code, rent, rents, output, binder, tied, value, rent_out, rents_out)
