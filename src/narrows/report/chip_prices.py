"""Dated prices of accelerators as text, JSON and CSV."""

from __future__ import annotations

import json
import textwrap
from dataclasses import asdict
from typing import TYPE_CHECKING

from narrows.catalog import default
from narrows.figure import number
from narrows.report.columns import aligned, rows_csv

if TYPE_CHECKING:
    from narrows.compute.prices import Price

__all__ = ["prices_csv", "prices_json", "prices_text"]

HEAD = ("chip", "kind", "of", "low", "value", "high", "unit", "source", "conflict")
NUMBERS, WIDE = (3, 4, 5), 100
FIELDS = ("chip", "kind", "date", "low", "value", "high", "unit", "fact", "source", "locator", "note")


def _row(place: int, price: Price) -> list[str]:
    meets = ", ".join(f"row {other + 1}" for other in price.conflicts)
    cells = [number(each) for each in (price.low, price.value, price.high)]
    head = f"{place + 1:>3}  {price.chip}"
    return [head, price.kind, price.date, *cells, price.unit, price.source, meets and f"not {meets}"]


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDE, initial_indent="  ", subsequent_indent="    ")


def prices_text(found: list[Price]) -> str:
    """Return prices as a table, with the sources below.

    Parameters
    ----------
    found
        The prices.
    """
    if not found:
        return "No price of this chip is held."
    sources = default().sources
    lines = ["Prices of accelerators: to buy [usd], and of an hour [usd/h]", ""]
    rows = [["     chip", *HEAD[1:]], *(_row(place, price) for place, price in enumerate(found))]
    lines += aligned(rows, right=NUMBERS)
    told = {price.source: sources[price.source] for price in found if price.source in sources}
    lines += ["", "Sources:"]
    for key, source in told.items():
        lines += _wrapped(f"{key}: {source.producer}, {source.title} ({source.date_published})")
    notes: dict[str, list[str]] = {}
    for place, price in enumerate(found):
        if price.note:
            notes.setdefault(price.note, []).append(str(place + 1))
    if notes:
        lines += ["", "Notes, by row:"]
        for note, places in notes.items():
            lines += _wrapped(f"{', '.join(places)}: {note}")
    return "\n".join(lines)


def prices_json(found: list[Price]) -> str:
    """Return prices as JSON.

    Parameters
    ----------
    found
        The prices.
    """
    sources = default().sources
    rows = [
        asdict(price) | {"url": sources[price.source].url if price.source in sources else ""}
        for price in found
    ]
    return json.dumps({"command": "compute prices", "prices": rows}, indent=1)


def prices_csv(found: list[Price]) -> str:
    """Return prices as CSV.

    Parameters
    ----------
    found
        The prices.
    """
    return rows_csv(FIELDS, [[getattr(price, name) for name in FIELDS] for price in found])
