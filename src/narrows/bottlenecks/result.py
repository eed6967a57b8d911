"""What the map answers: plain data that a report can show and a program can read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from narrows.figure import Shown

__all__ = ["Band", "LayerRow", "MapResult", "PriceRow"]

Series = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Band:
    """Quantiles over draws, one value a quarter.

    Parameters
    ----------
    unit
        Unit of every value.
    p05, p50, p95
        Quantiles over draws, axis (quarter).
    mean
        Mean over draws, axis (quarter).
    """

    unit: str
    p05: Series
    p50: Series
    p95: Series
    mean: Series


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One layer of the stack as the map shows it, in flow order.

    Parameters
    ----------
    id, name
        Name in programs and on the page.
    day
        Day of the study, 1 to 10.
    family
        Group by which statements of others are compared.
    unit
        What the layer makes, for instance wafer, stack, MW.
    feeds
        The one layer that uses it; empty at the root and for demand.
    makers
        Pairs (maker, share of the layer's output, 0 to 1), largest first.
    lead_quarters
        Quarters from a decision to added capacity, (low, value, high).
    assumed_share
        Share of the facts behind this layer that are assumptions, 0 to 1.
    """

    id: str
    name: str
    day: int
    family: str
    unit: str
    feeds: str
    makers: tuple[tuple[str, float], ...]
    lead_quarters: tuple[float, float, float] | None
    assumed_share: float


@dataclass(frozen=True, slots=True)
class PriceRow:
    """What one more unit of a layer's capacity in a quarter is worth.

    Parameters
    ----------
    right, left
        Mean over draws of the right and the left derivative of discounted deployed
        compute to capacity [H100e per H100e of capacity], axis (quarter). They differ where
        layers tie; one more unit is worth ``right``, one unit less costs ``left``.
    usd_per_unit
        The right derivative in money [USD per native unit of the layer], axis (quarter).
    unit
        The native unit.
    """

    right: Series
    left: Series
    usd_per_unit: Series
    unit: str


@dataclass(frozen=True, slots=True)
class MapResult(Shown):
    """The map: which layer binds in each quarter, at what price, and how much is deployed.

    Parameters
    ----------
    quarters
        Labels such as ``2026Q4``.
    layers
        Layers in flow order, ``demand`` last.
    binds
        For each layer id, and ``stock`` (nothing new binds: the quarter lives on opening stock),
        the probability that it binds, axis (quarter). The values of one quarter sum to 1.
    deployed
        Compute installed in the quarter [H100e/quarter].
    deployed_mw
        The same in power of IT [MW/quarter].
    installed
        Compute installed since the first quarter of the model [H100e].
    capacity
        For each layer id, what it alone would allow [H100e/quarter]. A layer whose capacity is
        not known (or not needed) in a quarter has ``inf`` there.
    price
        For each layer id, see `PriceRow`.
    tied
        Share of draws in which two or more layers bind together, axis (quarter).
    unknown
        Ids of layers about whose capacity nothing was known on the date asked for.
    meta
        seed, draws, method, vintage, as_of, model version, oldest and newest fact, counts.
    """

    quarters: tuple[str, ...]
    layers: tuple[LayerRow, ...]
    binds: dict[str, Series]
    deployed: Band
    deployed_mw: Band
    installed: Band
    capacity: dict[str, Band]
    price: dict[str, PriceRow]
    tied: Series
    unknown: tuple[str, ...] = ()
    meta: dict[str, Any] = field(default_factory=dict)

    def binder(self, quarter: str) -> tuple[str, float]:
        """Return the layer most likely to bind in a quarter, and its probability."""
        column = self.quarters.index(quarter)
        name = max(self.binds, key=lambda layer: self.binds[layer][column])
        return name, self.binds[name][column]
