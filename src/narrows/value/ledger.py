"""The ledger: the rent of every layer in every quarter, which adds up to the value of what is deployed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from narrows.bottlenecks.plain import rents
from narrows.bottlenecks.supply import factor
from narrows.draws import stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from narrows.bottlenecks.answer import Run

    Array = NDArray[np.float64]

__all__ = ["ORDERS", "Ledger", "ledger", "money"]

ORDERS = 8
"""Orders in which tied layers are put; each counts with its reverse."""
PRICE, SURPLUS = "value.usd_per_h100e", "value.surplus"


@dataclass(frozen=True, eq=False)
class Ledger:
    """Who holds the scarcity of a stack, in every draw.

    Parameters
    ----------
    layers
        Ids of the layers in flow order, without the root.
    quarters
        Labels of all quarters of the model.
    value
        Compute deployed in all quarters, each at its worth [h100e of the first quarter], axis (draw).
    rent
        Rent of each layer's capacity of a quarter [h100e of the first quarter], axes (draw, layer, quarter).
    root
        Rent of the installation itself, which has no limit of its own and earns none, axis (draw).
    stock, caps, demand
        Rents of what was under way at the start, of limits on stock, and of a cap on demand, axis (draw).
    capacity
        Capacity of each layer [h100e/quarter], axes (draw, layer, quarter).
    """

    layers: tuple[str, ...]
    quarters: tuple[str, ...]
    value: Array
    rent: Array
    root: Array
    stock: Array
    caps: Array
    demand: Array
    capacity: Array

    @property
    def gap(self) -> float:
        """Greatest difference of all rents from the value, relative to the value, over draws."""
        total = self.rent.sum(axis=(1, 2)) + self.root + self.stock + self.caps + self.demand
        return float((np.abs(total - self.value) / np.maximum(self.value, 1.0)).max())


def ledger(run: Run, rows: slice | None = None) -> Ledger:
    """Return the rent of every layer in every quarter, for some draws of a solved map.

    Parameters
    ----------
    run
        A solved map.
    rows
        The draws; all of them if left out.

    Returns
    -------
    Ledger
        Its rents add up to its value in every draw.

    Notes
    -----
    V = sum over quarters of worth x compute deployed, and V = sum over layers and quarters of price x
    capacity + the rents of opening stock, of limits on stock and of demand, by linear programming
    duality. Where layers tie, prices are the mean over `ORDERS` orders of the layers and their reverses:
    the Shapley value of the tied layers, sampled.

    Source
    ------
    Shapley (1953), A Value for n-Person Games; the duality is that of `narrows.bottlenecks.plain`.

    Examples
    --------
    >>> from narrows.bottlenecks.answer import run
    >>> ledger(run(draws=100)).gap < 1e-9
    True
    """
    model = run.model
    stack = model.stack(rows or slice(run.reader.n))
    shuffle = stream(run.reader.seed, "value.ties")
    orders = np.array([shuffle.permutation(stack.layers) for _ in range(ORDERS)])
    found = rents(stack, orders)
    return Ledger(
        layers=tuple(layer.id for layer in model.layers),
        quarters=tuple(str(quarter) for quarter in model.quarters),
        value=found.value,
        rent=found.rent[:, 1:],
        root=found.rent[:, 0].sum(axis=1),
        stock=found.stock,
        caps=found.caps,
        demand=found.demand,
        capacity=stack.K[:, 1:],
    )


def money(run: Run, rows: slice) -> Array:
    """Return what one unit of the ledger is worth in each quarter [USD/h100e of the first quarter].

    Parameters
    ----------
    run
        A solved map.
    rows
        The draws.

    Returns
    -------
    numpy.ndarray
        Axes (draw, quarter).

    Notes
    -----
    USD = price of an H100e in the quarter x the share of that price which is not the cost of making it /
    worth of the quarter. Rents share the surplus, not the whole price.
    """
    model = run.model
    price = factor(run.reader, PRICE, model.years)
    price = price if len(price) == 1 else price[rows]
    surplus = run.reader.draws(SURPLUS)[rows, None]
    found: Array = price * surplus / model.worth
    return found
