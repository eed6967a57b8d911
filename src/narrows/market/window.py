"""Windows of time: what a change is measured over, and the days that they begin with."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

__all__ = ["NO_WINDOW", "Window", "monday_of", "month_end", "months_before", "years_before"]


@dataclass(frozen=True, slots=True)
class Window:
    """The time that a claim speaks of.

    Parameters
    ----------
    kind
        ``day``, ``week``, ``mtd``, ``qtd``, ``ytd``, ``past`` (count of unit), ``calendar`` (start to end),
        ``since`` (from the close of start), ``record``, ``low52``, ``high52``; ``none`` where the text
        names no window.
    end
        Last day; None where neither sentence nor text names one.
    start
        First day of a calendar period, or the day of the base for ``since``.
    count, unit
        Length of ``past``: days, weeks, months, quarters or years.
    assumed
        Whether the text left the window out, so that it was taken from the title or a heading.

    Examples
    --------
    >>> from datetime import date
    >>> str(Window("week", date(2026, 5, 1)))
    'week to 2026-05-01'
    """

    kind: str
    end: date | None = None
    start: date | None = None
    count: int = 1
    unit: str = ""
    assumed: bool = False

    def __str__(self) -> str:
        names = {"mtd": "month", "qtd": "quarter", "ytd": "year", "low52": "52-week low"}
        name = names.get(self.kind, self.kind)
        if self.kind == "past":
            name = f"past {self.count} {self.unit}"
        elif self.start is not None:
            name = f"{name} {self.start.isoformat()}"
        return name if self.end is None else f"{name} to {self.end.isoformat()}"


NO_WINDOW = Window("none")
"""Where a text names no window."""


def monday_of(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def month_end(year: int, month: int) -> date:
    """Return the last day of a month.

    Examples
    --------
    >>> month_end(2024, 2)
    datetime.date(2024, 2, 29)
    """
    return date(year, month, calendar.monthrange(year, month)[1])


def years_before(day: date, years: int) -> date:
    """Return the day so many years before; 28 February for the 29th."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def months_before(day: date, months: int) -> date:
    """Return the day so many months before, the last of its month where that is shorter.

    Examples
    --------
    >>> months_before(date(2026, 5, 31), 3)
    datetime.date(2026, 2, 28)
    """
    at = day.year * 12 + day.month - 1 - months
    year, month = divmod(at, 12)
    return min(date(year, month + 1, 1) + timedelta(days=day.day - 1), month_end(year, month + 1))
