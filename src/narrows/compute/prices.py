"""Prices of accelerators with dates and sources: to buy, by the hour, and where statements do not meet."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

from narrows.catalog import default
from narrows.compute.holdings import held, resolved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from narrows.catalog import Fact
    from narrows.catalog.catalog import Catalog

__all__ = ["BOUGHT", "HOURLY", "Price", "prices"]

BOUGHT = ("price", "purchase_price")
"""Quantities of a chip that are what one costs to buy."""
HOURLY = ("rental", "rental_3yr", "rental_spot", "tco_neocloud", "tco_hyperscaler")
"""Quantities of a chip that are what an hour of one costs."""
MARKET = "market_price"
"""Volume prices, by generation and year."""
HOUR, YEAR = 3600.0, 4


@dataclass(frozen=True, slots=True)
class Price:
    """One statement of a price.

    Parameters
    ----------
    chip
        Chip, or generation for volume prices.
    kind
        ``price``, ``purchase_price`` or ``market_price`` to buy [usd]; else one of `HOURLY` [usd/h].
    date
        Period that it speaks of, or the day of the statement.
    low, value, high
        As stated.
    unit
        ``usd`` or ``usd/h``.
    fact, source, locator, note
        Where it stands.
    conflicts
        Places in the list of the statements that it does not meet.
    """

    chip: str
    kind: str
    date: str
    low: float
    value: float
    high: float
    unit: str
    fact: str
    source: str
    locator: str
    note: str
    conflicts: tuple[int, ...] = ()


def prices(name: str | None = None, catalog: Catalog | None = None) -> list[Price]:
    """Return every statement of a price of accelerators, by chip, kind and date.

    Parameters
    ----------
    name
        Chip, such as ``h100_sxm``; ``h100`` means the same, and brings the volume prices of its generation.
        All if left out.
    catalog
        Facts; those that come with narrows if left out.

    Raises
    ------
    UnknownNameError
        No such chip; the error names the nearest.

    Notes
    -----
    Two statements conflict where they speak of one kind of price of one chip in one year and their ranges do
    not meet, or where one fact is stated with different values. Both are kept.

    Examples
    --------
    >>> found = prices("h100")
    >>> [price.date for price in found if price.kind == "market_price"]
    ['2022', '2023', '2024', '2025']
    """
    facts = catalog or default()
    chip = None if name is None else resolved("chip", name, held("chip", facts), "compute")
    found = sorted(_statements(facts, chip), key=lambda price: (price.chip, price.kind, price.date))
    pairs = [(a, b) for a, b in combinations(range(len(found)), 2) if _apart(found[a], found[b])]
    others: dict[int, list[int]] = {}
    for one, other in pairs:
        others.setdefault(one, []).append(other)
        others.setdefault(other, []).append(one)
    return [replace(price, conflicts=tuple(others.get(place, ()))) for place, price in enumerate(found)]


def _statements(facts: Catalog, chip: str | None) -> Iterator[Price]:
    known = [fact.id for fact in (*facts.under("chip"), *facts.under(MARKET))]
    for name in dict.fromkeys(known):
        family, owner, kind = name.split(".", 2)
        if family == MARKET:
            if chip is None or chip.split("_")[0] == owner:
                yield from (_price(owner, MARKET, fact) for fact in facts.statements(name))
        elif kind in {*BOUGHT, *HOURLY} and chip in {None, owner}:
            yield from (_price(owner, kind, fact) for fact in facts.statements(name))


def _price(chip: str, kind: str, fact: Fact) -> Price:
    scale = HOUR if kind in HOURLY else 1.0
    low, value, high = (
        each * scale for each in (fact.canonical_low, fact.canonical_value, fact.canonical_high)
    )
    unit = "usd/h" if kind in HOURLY else "usd"
    date = fact.about or fact.as_of
    return Price(chip, kind, date, low, value, high, unit, fact.id, fact.source, fact.locator, fact.note)


def _apart(one: Price, other: Price) -> bool:
    """Return whether two statements of one kind of price do not agree."""
    if (one.chip, one.kind) != (other.chip, other.kind) or one.date[:YEAR] != other.date[:YEAR]:
        return False
    differ = one.fact == other.fact and one.value != other.value
    return differ or one.low > other.high or other.low > one.high
