"""A year of production by day where stocks of inputs run down: quantities, before prices clear.

Every node makes one product and keeps a stock of each product that it uses. A stock that falls below a part
of its target holds production back; suppliers that cannot serve all orders serve all alike (rationing).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.catalog import default
from narrows.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from narrows.catalog import Catalog

    Floats = NDArray[np.float64]
    Whole = NDArray[np.int64]

__all__ = ["Knobs", "Moved", "Run", "knobs_of", "moves", "run_inventories", "step_compiled", "step_plain"]

KNOBS = {
    "stock_days": "push.stock.days",
    "tight": "push.stock.tight",
    "refill_days": "push.stock.refill",
    "overtime": "push.stock.overtime",
    "overtime_days": "push.stock.overtime_days",
}
"""Fact of each habit."""

SMALL = 1e-12


@dataclass(frozen=True)
class Knobs:
    """Habits of firms.

    Parameters
    ----------
    stock_days
        Target stock of every input [day of use].
    tight
        Part of the target below which a stock holds production back.
    refill_days
        Days over which a gap to the target is re-ordered.
    overtime
        Largest production over the usual.
    overtime_days
        Days to reach it under full scarcity.
    """

    stock_days: float
    tight: float
    refill_days: float
    overtime: float
    overtime_days: float

    def __post_init__(self) -> None:
        for name in ("stock_days", "refill_days", "overtime_days"):
            if not getattr(self, name) > 0:
                raise UsageError(
                    f"The knob {name} is {getattr(self, name):g}", "Days are above 0", "Give another"
                )
        if not (0 <= self.tight <= 1 and self.overtime >= 1):
            raise UsageError(
                f"tight is {self.tight:g} and overtime {self.overtime:g}",
                "tight is 0 to 1, overtime at least 1",
                "Give others",
            )


@dataclass(frozen=True, eq=False)
class Run:
    """Production, day by day.

    Parameters
    ----------
    production
        Over its usual, axes (day, node).
    unmet
        Final demand not served, over the usual, axes (day, node).
    lost
        Value added lost over the run, over a usual year's, one number.
    """

    production: Floats = field(repr=False)
    unmet: Floats = field(repr=False)
    lost: float


def knobs_of(catalog: Catalog | None = None, **other: float) -> Knobs:
    """Return the habits as the facts state them, some replaced.

    Examples
    --------
    >>> knobs_of(tight=0.5).tight, knobs_of().stock_days
    (0.5, 30.0)
    """
    book = default() if catalog is None else catalog
    stated = {name: float(book.fact(fact).value) for name, fact in KNOBS.items()}
    return Knobs(**(stated | other))


@dataclass(frozen=True)
class Moved:
    """How far one habit moves the loss.

    Parameters
    ----------
    knob, fact
        The habit and its fact.
    low, high
        Loss at the low and at the high end of the fact.
    """

    knob: str
    fact: str
    low: float
    high: float


def moves(
    flows: Floats, final: Floats, product: Whole, capacity: Floats, catalog: Catalog | None = None
) -> list[Moved]:
    """Return how far each habit moves the loss, from the low to the high end of its fact, the widest first.

    Parameters
    ----------
    flows, final, product, capacity
        As for `run_inventories`.
    catalog
        Facts; those of the house if left out.
    """
    book = default() if catalog is None else catalog
    rows = []
    for name, fact in KNOBS.items():
        low, high = (
            run_inventories(flows, final, product, capacity, knobs_of(book, **{name: float(end)})).lost
            for end in (book.fact(fact).low, book.fact(fact).high)
        )
        rows.append(Moved(name, fact, low, high))
    return sorted(rows, key=lambda row: -abs(row.high - row.low))


def run_inventories(
    flows: Floats,
    final: Floats,
    product: Whole,
    capacity: Floats,
    knobs: Knobs | None = None,
    *,
    compiled: bool = True,
) -> Run:
    """Return production under a path of capacity.

    Parameters
    ----------
    flows
        Usual flows between nodes a day, axes (supplier, user) [currency].
    final
        Usual final demand a day, axis (node).
    product
        Product of each node, whole numbers from 0, axis (node).
    capacity
        Usual capacity that stands, 0 to 1, axes (day, node).
    knobs
        Habits of firms; those of the facts if left out.
    compiled
        Whether the compiled step runs; the plain one gives the same numbers.

    Notes
    -----
    Stocks S_pj of product p at node j, target n_j days of use. Each day: orders = use + gap / refill days,
    split over suppliers as usual; production = min(capacity times overtime, orders, what stocks allow); all
    orders are served in one ratio; stocks take what came less what was used; overtime rises with scarcity.

    Source
    ------
    Hallegatte (2008), An Adaptive Regional Input-Output Model, Risk Analysis 28(3), and Hallegatte (2014),
    Modeling the Role of Inventories and Heterogeneity, Risk Analysis 34(1); written from the equations.

    Raises
    ------
    UsageError
        If shapes do not fit or a flow is negative.

    Examples
    --------
    >>> import numpy as np
    >>> flows = np.array([[0.0, 1.0], [0.5, 0.0]])
    >>> run = run_inventories(flows, np.array([1.0, 2.0]), np.array([0, 1]), np.ones((5, 2)), compiled=False)
    >>> float(abs(run.production - 1).max()) < 1e-12, run.lost
    (True, 0.0)
    """
    knobs = knobs_of() if knobs is None else knobs
    nodes = len(final)
    shapes = flows.shape == (nodes, nodes) and product.shape == (nodes,) and capacity.shape[1:] == (nodes,)
    if not shapes or (flows < 0).any() or (final < 0).any() or (capacity < 0).any():
        raise UsageError(
            f"Flows of shape {flows.shape}, final demand of {final.shape}, capacity of {capacity.shape}",
            "Flows (node, node), final demand (node), product (node), capacity (day, node), none negative",
            "Give them in one order of nodes",
        )
    output = flows.sum(axis=1) + final
    products = int(product.max()) + 1
    use = np.zeros((products, nodes))
    np.add.at(use, product, flows)
    share = flows / np.where(use[product] > 0, use[product], 1.0)
    needs = use / np.where(output > 0, output, 1.0)
    target_of = knobs.stock_days * needs
    step: Callable[..., Any] = step_plain
    if compiled:
        step = step_compiled()
    stock = target_of * output
    orders, overtime = use.copy(), np.ones(nodes)
    days = len(capacity)
    production, unmet = np.empty((days, nodes)), np.empty((days, nodes))
    settings = (knobs.tight, knobs.refill_days, knobs.overtime, knobs.overtime_days)
    for day in range(days):
        made, short = step(
            share, product, needs, target_of, final, output, capacity[day], stock, orders, overtime,
            settings,
        )  # fmt: skip
        production[day], unmet[day] = made, short
    usual = np.where(output > 0, output, 1.0)
    added = 1 - needs.sum(axis=0)
    year = float((added * output).sum()) * days
    lost = float((added * (output - production)).sum()) / year if year else 0.0
    served = np.where(final > 0, final, 1.0)
    return Run(production / usual, unmet / served, lost if abs(lost) > SMALL else 0.0)


def step_plain(  # noqa: PLR0917 (the state, in the order of its twin)
    share: Floats,
    product: Whole,
    needs: Floats,
    target_of: Floats,
    final: Floats,
    output: Floats,
    capacity: Floats,
    stock: Floats,
    orders: Floats,
    overtime: Floats,
    settings: tuple[float, float, float, float],
) -> tuple[Floats, Floats]:
    """Go one day on, stocks, orders and overtime in place; return production and unmet demand."""
    tight, refill, most, slow = settings
    asked = share * orders[product]
    demand = asked.sum(axis=1) + final
    wanted = np.minimum(output * capacity * overtime, demand)
    need = needs * wanted
    limit = tight * target_of * wanted
    held = np.where(limit > SMALL, stock / np.where(limit > SMALL, limit, 1.0), 1.0)
    made = wanted * np.minimum(held.min(axis=0), 1.0)
    room = np.where(need > SMALL, stock / np.where(need > SMALL, need, 1.0), 1.0)
    made = np.minimum(made, wanted * np.minimum(room.min(axis=0), 1.0))
    ratio = np.where(demand > SMALL, made / np.where(demand > SMALL, demand, 1.0), 1.0)
    came = np.zeros_like(stock)
    np.add.at(came, product, asked * ratio[:, None])
    used = needs * made
    stock += came - used
    np.maximum(stock, 0.0, out=stock)
    expected = np.minimum(demand, output * overtime)
    gap = target_of * expected - stock
    orders[:] = np.maximum(needs * expected + gap / refill, 0.0)
    scarce = np.where(demand > SMALL, 1 - ratio, 0.0)
    rising = scarce > 1e-9  # noqa: PLR2004 (below it demand is met)
    overtime[:] = np.where(
        rising,
        np.minimum(overtime + (most - 1) * scarce / slow, most),
        overtime + (1 - overtime) / slow,
    )
    return made, final * (1 - ratio)


_COMPILED: list[Any] = []


def step_compiled() -> Callable[..., Any]:
    """Return the same step compiled, loops in place of arrays; compiled once and kept on disk."""
    if not _COMPILED:
        from narrows.shocks._inventories_compiled import step

        _COMPILED.append(step)
    found: Callable[..., Any] = _COMPILED[0]
    return found
