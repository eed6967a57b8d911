"""One day of stocks and production, compiled; the twin of `narrows.shocks.inventories.step_plain`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

SMALL = 1e-12


@njit(cache=True)
def step(  # noqa: C901, PLR0912, PLR0917
    share: Any,
    product: Any,
    needs: Any,
    target_of: Any,
    final: Any,
    output: Any,
    capacity: Any,
    stock: Any,
    orders: Any,
    overtime: Any,
    settings: Any,
) -> Any:
    """Go one day on; see the plain twin."""
    tight, refill, most, slow = settings
    nodes = len(final)
    products = needs.shape[0]
    demand = final.copy()
    for i in range(nodes):
        row = product[i]
        total = 0.0
        for j in range(nodes):
            total += share[i, j] * orders[row, j]
        demand[i] += total
    made = np.empty(nodes)
    ratio = np.empty(nodes)
    for j in range(nodes):
        wanted = min(output[j] * capacity[j] * overtime[j], demand[j])
        least = 1.0
        for p in range(products):
            limit = tight * target_of[p, j] * wanted
            if limit > SMALL:
                least = min(least, stock[p, j] / limit)
            need = needs[p, j] * wanted
            if need > SMALL:
                least = min(least, stock[p, j] / need)
        made[j] = wanted * least
        ratio[j] = made[j] / demand[j] if demand[j] > SMALL else 1.0
    came = np.zeros((products, nodes))
    for i in range(nodes):
        row = product[i]
        part = ratio[i]
        for j in range(nodes):
            came[row, j] += share[i, j] * orders[row, j] * part
    for p in range(products):
        for j in range(nodes):
            stock[p, j] = max(stock[p, j] + came[p, j] - needs[p, j] * made[j], 0.0)
            expected = min(demand[j], output[j] * overtime[j])
            gap = target_of[p, j] * expected - stock[p, j]
            orders[p, j] = max(needs[p, j] * expected + gap / refill, 0.0)
    short = np.empty(nodes)
    for j in range(nodes):
        scarce = 1 - ratio[j] if demand[j] > SMALL else 0.0
        if scarce > 1e-9:  # noqa: PLR2004 (below it demand is met)
            overtime[j] = min(overtime[j] + (most - 1) * scarce / slow, most)
        else:
            overtime[j] = overtime[j] + (1 - overtime[j]) / slow
        short[j] = final[j] * (1 - ratio[j])
    return made, short
