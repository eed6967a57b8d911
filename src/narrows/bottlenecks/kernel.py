"""The compiled solver: the same results as `narrows.bottlenecks.plain`, bit for bit, for many draws.

numba is imported on the first call, not with this module.
"""

from __future__ import annotations

import importlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from narrows.bottlenecks.solution import LANES, Solution, add_chunks, blank, chunks

if TYPE_CHECKING:
    from collections.abc import Callable

    from narrows.bottlenecks.network import Stack

__all__ = ["at_hand", "at_once", "solve"]

Floats = NDArray[np.float64]


def solve(stack: Stack, since: int = 0) -> Solution:
    """Return the greatest output of a stack, its binders and prices, for every draw [unit, value].

    Parameters
    ----------
    stack
        Network and quantities, draws first.
    since
        First quarter whose prices are wanted; rents count from it on, and add up to the value from 0.

    Returns
    -------
    Solution
        The result does not depend on the number of threads: draws are solved in fixed chunks whose
        sums are added in order.

    Notes
    -----
    One sweep forward in time finds the shortest path to every node, one sweep back finds the
    prices: O(draws x layers x quarters). See `narrows.bottlenecks.plain` for the equations.

    Examples
    --------
    Packaging makes 3 a quarter, racks 4: the second quarter waits for packages.

    >>> from narrows.bottlenecks.network import Network, Stack
    >>> line = Network([1, -1], [0, 0])
    >>> K = [[[3, 3], [4, 4]]]
    >>> stack = Stack(line, K, np.zeros((1, 2, 2)), [[[np.inf], [np.inf]]], [[9, 9]], [1, 1])
    >>> solved = solve(stack)
    >>> solved.output.tolist(), solved.binder.tolist(), solved.value.tolist()
    ([[3.0, 6.0]], [[0, 0]], [9.0])
    """
    from narrows.bottlenecks._compiled import solve_chunk

    _loaded.set()
    net, draws, layers, quarters = stack.network, stack.draws, stack.layers, stack.quarters
    solution = blank(draws, layers, quarters)
    rents = np.empty((3, draws))
    capped = stack.capped
    K, A, B, D, w = (_readonly(array) for array in (stack.K, stack.A, stack.B, stack.D, stack.w))

    def run(rows: slice) -> tuple[Floats, Floats]:
        sums, demand_sums = np.zeros((layers, quarters, LANES)), np.zeros((quarters, LANES))
        solve_chunk(
            net.up, net.start, net.index, net.parent, net.lag, net.root, capped, K, A, B, D, w,
            since, rows.start, rows.stop, solution.output, solution.binder, solution.tied, solution.value,
            solution.rent, rents, sums, demand_sums,
        )  # fmt: skip
        return sums, demand_sums

    blocks = list(chunks(draws))
    if len(blocks) == 1:  # threads cost more than they save
        found = [run(blocks[0])]
    else:
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            found = list(pool.map(run, blocks))
    sums, demand_sums = zip(*found, strict=True)
    solution.stock_rent[:], solution.cap_rent[:], solution.demand_rent[:] = rents
    add_chunks(sums, draws, solution.price_K_mean)
    add_chunks(demand_sums, draws, solution.price_D_mean)
    return solution


_loaded, _loading = threading.Event(), threading.Lock()


def at_once() -> Callable[[Stack, int], Solution]:
    """Return a solver that needs not wait: the compiled one if it is loaded, else the plain one.

    Notes
    -----
    Both give the same bits. The first call begins to load the compiled one beside what else is done; a
    program that asks nothing does without its memory.
    """
    if not _loaded.is_set() and _loading.acquire(blocking=False):
        threading.Thread(target=_load, daemon=True).start()
    return at_hand()


def at_hand() -> Callable[[Stack, int], Solution]:
    """Return the compiled solver if it is loaded, else the plain one; nothing is loaded for it."""
    from narrows.bottlenecks import plain

    return solve if _loaded.is_set() else plain.solve


def _load() -> None:
    try:
        importlib.import_module("narrows.bottlenecks._compiled")
        _loaded.set()
    finally:
        _loading.release()


def _readonly(array: Floats) -> Floats:
    view = array.view()
    view.flags.writeable = False
    return view
