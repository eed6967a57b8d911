"""Tell the figures of the market's week: closes, changes, runs (family ``market``)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from narrows.bottlenecks.answer import asked_of
from narrows.bottlenecks.told import Told
from narrows.catalog import Catalog, Reader
from narrows.errors import UnknownNameError
from narrows.market.library import Library
from narrows.market.window import Window

if TYPE_CHECKING:
    from narrows.bottlenecks.told import Asked
    from narrows.market.history import History

__all__ = ["tell"]

WINDOWS = ("week", "ytd", "mtd")
REMEDY = (
    "Write market.close.<symbol>.<day>, market.change.<week, mtd or ytd>.<symbol>.<day>, "
    "market.run.<symbol>.<day>"
)
PARTS = {"close": 4, "run": 4, "change": 5}
"""Words of an id, by what it says."""


@dataclass(frozen=True)
class Reading:
    """The facts as asked for; a figure of the market reads none of them."""

    catalog: Catalog
    reader: Reader


def tell(id: str, asked: Asked) -> Told:  # noqa: A002 (the word of the trade)
    """Return a figure of the market: the same in every draw.

    Parameters
    ----------
    id
        Such as ``market.close.SPX.2026-05-01``, ``market.change.week.SPX.2026-05-01`` or
        ``market.run.SPX.2026-05-01``.
    asked
        The question that it belongs to.

    Raises
    ------
    UnknownNameError
        If the closes that ship do not give it.
    """
    book = asked_of(asked.catalog, asked.as_of, asked.scenario)
    reading = Reading(book, Reader(book, asked.seed, asked.draws, asked.method))
    found = _figure(id.split("."))
    if found is None:
        raise UnknownNameError("figure", id, list(_ids()), remedy=REMEDY)
    value, unit, formula = found
    return Told(
        reading, np.full(asked.draws, value), unit, formula, (), method="closes that ship, with their sources"
    )


def _figure(parts: list[str]) -> tuple[float, str, str] | None:
    if len(parts) < 2 or PARTS.get(parts[1]) != len(parts):  # noqa: PLR2004 (family and what it says)
        return None
    *_, symbol, text = parts
    history = Library().history(symbol, anchored=True)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    at = None if history is None else history.at(day)
    if history is None or at is None:
        return None
    if parts[1] == "close":
        return history.closes[at], "point", f"close of {symbol} on {day.isoformat()}, as its source prints it"
    if parts[1] == "run":
        return _run(history, symbol, at)
    return _change(history, symbol, day, parts[2])


def _change(history: History, symbol: str, day: date, kind: str) -> tuple[float, str, str] | None:
    found = history.change(Window(kind, day)) if kind in WINDOWS else None
    if found is None:
        return None
    percent, _, base, end = found
    told = (
        f"close of {symbol} on {history.days[end].isoformat()} ({history.closes[end]:,.2f}) / its close on "
        f"{history.days[base].isoformat()} ({history.closes[base]:,.2f}) - 1, in percent"
    )
    return percent, "percent", told


def _run(history: History, symbol: str, at: int) -> tuple[float, str, str] | None:
    place = history.period_at("week", at)
    if place is None:
        return None
    way = 1 if history.weeks[place].change > 0 else -1
    told = (
        f"weeks in a row in which {symbol} {'rose' if way > 0 else 'fell'}, to {history.days[at].isoformat()}"
    )
    if history.reaches_start("week", way, place):
        told += ", at least: the first close that is held cuts the run"
    return float(history.runs("week", way)[place]), "week", told


def _ids() -> list[str]:
    found = []
    library = Library()
    for symbol in sorted(library.symbols):
        history = library.history(symbol, anchored=True)
        for day in history.days if history else ():
            found += [f"market.close.{symbol}.{day}", f"market.change.week.{symbol}.{day}"]
    return found
