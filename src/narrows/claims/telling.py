"""Days, windows and numbers in the words of a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.claims.agreement import rounded

if TYPE_CHECKING:
    from datetime import date

    from narrows.market.history import History
    from narrows.market.window import Window

__all__ = ["day_words", "signed", "window_words"]


def day_words(day: date) -> str:
    """Return a day with its weekday.

    Examples
    --------
    >>> from datetime import date
    >>> day_words(date(2026, 4, 24))
    'Fri 24 Apr 2026'
    """
    return f"{day:%a} {day.day} {day:%b %Y}"


def signed(value: float, unit: str, places: int = 2) -> str:
    """Return a change with its sign and unit, with at least the places of the claim.

    Examples
    --------
    >>> signed(0.90774, "%"), signed(-65.04, "points"), signed(5.0, "bp", 0)
    ('+0.91 %', '-65.04 points', '+5.00 bp')
    """
    shown = max(places, 2)
    name = {"%": "%", "points": "points", "bp": "bp", "pp": "pp"}.get(unit, unit)
    return f"{rounded(value, shown):+,.{shown}f} {name}".strip()


def window_words(window: Window, history: History | None) -> str:
    """Return a window with the sessions of its base and end."""
    names = {
        "day": "on the day", "week": "over the week", "mtd": "over the month to date", "qtd": "over the quarter to date",  # noqa: E501
        "ytd": "over the year to date", "record": "from the record close", "low52": "from the 52-week low",
        "high52": "from the 52-week high", "since": "since the date", "calendar": "over the period",
    }  # fmt: skip
    name = names.get(window.kind, "")
    if window.kind == "past":
        name = f"over the past {window.count} {window.unit}{'s' if window.count > 1 else ''}"
    if history is None:
        return name
    base, end = history.base_of(window), history.end_of(window)
    if base is None or end is None:
        return name
    first, last = day_words(history.days[base]), day_words(history.days[end])
    return f"{name}, from the close of {first} ({history.closes[base]:,.2f}) to that of {last} ({history.closes[end]:,.2f})"  # noqa: E501
