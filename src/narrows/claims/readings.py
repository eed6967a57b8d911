"""Other readings of a change that does not fit: another base, window, unit, instrument or date.

They are tried in a fixed order, and the first that gives the printed number is named with the chance of such
a hit: readings tried x width of the rounding interval / spread of the changes.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from narrows.claims.agreement import agrees
from narrows.claims.entities import entities, entity
from narrows.claims.telling import day_words, signed, window_words
from narrows.claims.verdict import Reading
from narrows.market.window import Window, monday_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from narrows.claims.claim import Change, Stated
    from narrows.market.history import History
    from narrows.market.library import Library

__all__ = ["explain"]

PEERS = {
    "index": ("SPX", "IXIC", "DJI", "RUT", "NDX", "SOX"),
    "fund": ("XLK", "XLB", "XLC", "XLY", "XLRE", "XLI", "XLP", "XLF", "XLV", "XLU", "XLE"),
}
"""Instruments that are most easily mixed up, by kind."""


def explain(
    claim: Change, history: History, library: Library, named: Iterable[str], slack: float = 0.0
) -> tuple[Reading | None, int, float | None]:
    """Return the first other reading that gives the printed number, how many were tried, and the chance.

    Parameters
    ----------
    claim
        A change that is not as printed.
    history
        Of its instrument.
    library
        Where other instruments are looked up.
    named
        Symbols that the same text speaks of.
    slack
        What a stand-in may be off [percentage points].
    """
    stated = claim.stated
    if stated is None:
        return None, 0, None
    tried = 0
    for reading in _readings(claim, history, library, named):
        tried += 1
        if agrees(replace(stated, hedge=""), reading.value, slack):
            return reading, tried, chance(claim, history, tried, slack)
    return None, tried, None


def chance(claim: Change, history: History, tried: int, slack: float) -> float | None:
    """Return the chance that so many readings hit the printed number by accident."""
    stated = claim.stated
    if stated is None:
        return None
    unit = {"mtd": "month", "qtd": "quarter", "ytd": "quarter", "past": claim.window.unit or "month"}.get(
        claim.window.kind, claim.window.kind
    )
    spread = history.spread(unit if unit in {"day", "week", "month", "quarter"} else "week")
    if stated.unit == "points":
        spread *= history.closes[-1] / 100
    if not spread:
        return None
    return min(1.0, tried * 2 * (stated.half + slack) / (spread * math.sqrt(2 * math.pi)))


def _readings(claim: Change, history: History, library: Library, named: Iterable[str]) -> Iterator[Reading]:
    end = history.end_of(claim.window)
    if end is None:
        return
    yield from _bases(claim, history, end)
    yield from _units(claim, history)
    yield from _windows(claim, history, end)
    yield from _earlier(claim, history, end)
    yield from _instruments(claim, library)
    yield from _entities(claim, library, named)


def _as(claim: Change, history: History, base: int, end: int) -> float:
    unit = claim.stated.unit if claim.stated is not None else "%"
    percent, points = history.between(base, end), history.closes[end] - history.closes[base]
    return points if unit == "points" else 100 * points if unit == "bp" else percent


def _words(claim: Change, history: History, base: int, end: int, lead: str) -> str:
    unit = claim.stated.unit if claim.stated is not None else "%"
    first, last = day_words(history.days[base]), day_words(history.days[end])
    value = signed(_as(claim, history, base, end), unit, claim.stated.places if claim.stated else 2)
    return f"{value} is {lead}: from the close of {first} ({history.closes[base]:,.2f}) to that of {last} ({history.closes[end]:,.2f})"  # noqa: E501


def _bases(claim: Change, history: History, end: int) -> Iterator[Reading]:
    day, kind = history.days[end], claim.window.kind
    if kind == "week":
        first = history.first(monday_of(day))
        if first is not None and first < end:
            name = f"{history.days[first]:%A}".lower()
            lead = f"{history.days[first]:%A}'s close to {history.days[end]:%A}'s"
            yield Reading(
                "WRONG_BASE", name, _words(claim, history, first, end, lead), _as(claim, history, first, end)
            )
        before = history.before(monday_of(day))
        if before is not None and before > 0:
            lead = "from one session before the last week's end"
            yield Reading(
                "WRONG_BASE",
                f"{history.days[before - 1]:%A}".lower(),
                _words(claim, history, before - 1, end, lead),
                _as(claim, history, before - 1, end),
            )
    elif kind in {"mtd", "qtd", "ytd"}:
        first = history.first(history.first_day(kind, day))
        if first is not None and first < end:
            lead = "the change from the first close of the period"
            yield Reading(
                "WRONG_BASE",
                "first close",
                _words(claim, history, first, end, lead),
                _as(claim, history, first, end),
            )
    elif kind == "day" and end > 1:
        lead = "the change over two sessions"
        yield Reading(
            "WRONG_BASE",
            "two sessions",
            _words(claim, history, end - 2, end, lead),
            _as(claim, history, end - 2, end),
        )


def _units(claim: Change, history: History) -> Iterator[Reading]:
    found = history.change(claim.window)
    if found is None or claim.stated is None:
        return
    percent, points, _, _ = found
    where = window_words(claim.window, history)
    other = {
        "%": ("points", points),
        "points": ("percent", percent),
        "bp": ("percent", percent),
        "pp": ("percent", percent),
    }
    if claim.stated.unit in other:
        name, value = other[claim.stated.unit]
        unit = "points" if name == "points" else "%"
        yield Reading("WRONG_UNIT", name, f"{signed(value, unit, 2)} is the change in {name} {where}", value)
    if claim.stated.unit == "bp":
        yield Reading(
            "WRONG_UNIT", "points", f"{signed(points, 'points', 2)} is the change in points {where}", points
        )


def _windows(claim: Change, history: History, end: int) -> Iterator[Reading]:
    day, own = history.days[end], claim.window
    others = [
        Window("week", day), Window("day", day), Window("mtd", day), Window("ytd", day), Window("qtd", day),
        Window("past", day, count=1, unit="month"), Window("past", day, count=4, unit="week"),
        Window("past", day, count=3, unit="month"), Window("past", day, count=1, unit="year"),
    ]  # fmt: skip
    trough = _trough(own, history, end)
    if trough is not None and own.kind in {"past", "mtd", "qtd", "ytd"}:
        yield Reading(
            "WINDOW",
            "from trough",
            _words(claim, history, trough, end, "the change from the trough"),
            _as(claim, history, trough, end),
        )
    for other in others:
        if (other.kind, other.count, other.unit) == (own.kind, own.count, own.unit):
            continue
        base = history.base_of(other)
        if base is not None:
            name = {"mtd": "month to date", "ytd": "year to date", "qtd": "quarter to date"}.get(
                other.kind, other.kind
            )
            name = (
                f"past {other.count} {other.unit}{'s' if other.count > 1 else ''}"
                if other.kind == "past"
                else name
            )
            yield Reading(
                "WINDOW",
                name,
                _words(claim, history, base, end, f"the change over the {name}"),
                _as(claim, history, base, end),
            )


def _trough(window: Window, history: History, end: int) -> int | None:
    """Return the lowest close in twice the window, or since the year's start."""
    if window.kind == "past":
        first = history.back(end, 2 * window.count, window.unit)
    else:
        first = history.first(history.first_day("ytd", history.days[end]))
    return None if first is None or first >= end else min(range(first, end), key=history.closes.__getitem__)


def _earlier(claim: Change, history: History, end: int) -> Iterator[Reading]:
    if claim.window.kind == "week":
        place = history.period_at("week", end)
        if place:
            one = history.weeks[place - 1]
            yield Reading(
                "WINDOW",
                "week before",
                _words(claim, history, one.base, one.end, "the week before"),
                _as(claim, history, one.base, one.end),
            )
    if claim.window.kind == "day" and end > 1:
        yield Reading(
            "WINDOW",
            "day before",
            _words(claim, history, end - 2, end - 1, "the day before"),
            _as(claim, history, end - 2, end - 1),
        )


def _other(claim: Change, library: Library, symbol: str) -> tuple[float, str] | None:
    history = library.history(symbol)
    found = None if history is None else history.change(claim.window)
    if found is None or history is None:
        return None
    _, _, base, end = found
    known = entity(symbol)
    name = known.name if known is not None else symbol
    return _as(claim, history, base, end), _words(
        claim, history, base, end, f"the change of {name} ({symbol})"
    )


def _instruments(claim: Change, library: Library) -> Iterator[Reading]:
    known = entity(claim.entity)
    if known is None:
        return
    for symbol in dict.fromkeys((known.fund, known.tracks, known.other)):
        other = _other(claim, library, symbol) if symbol and symbol != claim.entity else None
        if other is not None:
            yield Reading("INSTRUMENT", symbol, other[1], other[0])


def _entities(claim: Change, library: Library, named: Iterable[str]) -> Iterator[Reading]:
    known = entities().get(claim.entity)
    peers = PEERS.get(known.kind, ()) if known is not None else ()
    for symbol in dict.fromkeys((*named, *peers)):
        if symbol in {claim.entity, ""} or symbol not in library.symbols:
            continue
        other = _other(claim, library, symbol)
        if other is not None:
            yield Reading("WRONG_ENTITY", symbol, other[1], other[0])


def turned(stated: Stated, value: float) -> bool:
    """Return whether the printed number is right but for its sign."""
    return stated.value != 0 and agrees(replace(stated, value=-stated.value), value)
