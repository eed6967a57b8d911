"""From the price path of an event to industries, sectors and companies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from narrows.shocks.firms import companies
from narrows.shocks.parity import CRUDE
from narrows.shocks.transmission import sector_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from narrows.catalog import Catalog
    from narrows.shocks.firms import CompanyResult
    from narrows.shocks.price import PricePath
    from narrows.shocks.transmission import SectorTable

    Floats = NDArray[np.float64]

__all__ = ["MOST_DRAWS", "event_sectors"]

MOST_DRAWS = 1000
"""Draws of the path that are carried through the table: more move no band that is shown by a digit."""


def event_sectors(
    path: PricePath, *, industries: tuple[str, ...] = (), most: int = 8, catalog: Catalog | None = None
) -> tuple[SectorTable, tuple[CompanyResult, ...]]:
    """Return what the price path of an event does to the eleven sectors, and to the companies that are named.

    Parameters
    ----------
    path
        A price path: its first draws are carried, quarter by quarter.
    industries
        Codes of industries to tell; the most moved if left out.
    most
        How many of them.
    catalog
        Facts on industries; those that ship if left out. They describe how costs are made up, and are read as
        they stand today also where the path is of a past day.

    Notes
    -----
    Oil changes in each draw and quarter by its price with the event over that without, so that what would
    have moved it anyway is no effect of the event; once prices have seen the event, by its price over that
    before. The goods that follow oil do so by their elasticities. The table is brought to the price of oil
    before the event first.

    Examples
    --------
    >>> from narrows.shocks.price import price_path
    >>> table, firms = event_sectors(price_path("hormuz", draws=200))
    >>> table.sector("Energy").verdict
    'Supported'
    """
    crude = _effect(path)[:MOST_DRAWS]
    table = sector_table(
        {CRUDE: crude},
        duration=crude.shape[1],
        draws=len(crude),
        seed=path.reader.seed,
        industries=industries,
        most=most,
        day=float(np.median(path.base)),
        catalog=catalog,
    )
    return table, tuple(companies(table.shock))


def _effect(path: PricePath) -> Floats:
    """Return the change of oil that the event brings [share], axes (draw, quarter)."""
    quarters = path.periods("quarter")
    seen = path.anchor >= path.event.onset
    with_event = np.stack([path.mean_over(quarter) for quarter in quarters], axis=1)
    if seen:
        return np.asarray(with_event / path.base[:, None] - 1.0)
    without = np.stack([path.mean_over(quarter, without=True) for quarter in quarters], axis=1)
    return np.asarray(with_event / without - 1.0)
