"""Days on which the New York Stock Exchange was or will be open, from its rules and its exceptions."""

from __future__ import annotations

import csv
from bisect import bisect_left, bisect_right
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from narrows.errors import UsageError

__all__ = ["FIRST_YEAR", "LAST_YEAR", "early_closes", "last_of_week", "sessions"]

FIRST_YEAR, LAST_YEAR = 1990, 2030
MONDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = 0, 3, 4, 5, 6
DAY = timedelta(days=1)
EXCEPTIONS = Path(__file__).parent / "closures.csv"
"""Closures that no rule gives, with their reasons and source."""
KING_FROM, JUNETEENTH_FROM = 1998, 2022
"""First years of two holidays."""
JULY_THIRD_FROM, NEW_JULY_RULE = 1995, 2013
"""First years of early closes around Independence Day, and of today's rule for a Thursday."""


def sessions(first: date, last: date) -> tuple[date, ...]:
    """Return the days on which the exchange is open, first and last included.

    Parameters
    ----------
    first, last
        Calendar days, from 1990 to 2030.

    Raises
    ------
    UsageError
        If a day lies outside the years whose rules are known.

    Notes
    -----
    Rules of the exchange: New Year's Day (Monday where it falls on Sunday; no closure where it falls on
    Saturday), Martin Luther King (third Monday of January, from 1998), Washington (third Monday of
    February), Good Friday, Memorial Day (last Monday of May), Juneteenth (from 2022), Independence Day,
    Labour Day (first Monday of September), Thanksgiving (fourth Thursday of November), Christmas; those with
    a date are kept on the Friday before a Saturday and the Monday after a Sunday. Closures for mourning,
    attack and storm stand in closures.csv.

    Source
    ------
    NYSE Rule 7.2, Holidays; Good Friday by the Gregorian computus of Meeus, Jones and Butcher.

    Examples
    --------
    The week of Good Friday has four sessions.

    >>> [day.isoformat() for day in sessions(date(2026, 3, 30), date(2026, 4, 6))][-2:]
    ['2026-04-02', '2026-04-06']
    """
    _check(first)
    _check(last)
    found = _all()
    return found[bisect_left(found, first) : bisect_right(found, last)]


def last_of_week(day: date) -> date | None:
    """Return the last session of a day's week; None for a week without one.

    Examples
    --------
    >>> last_of_week(date(2026, 3, 30)).isoformat()
    '2026-04-02'
    """
    monday = day - timedelta(days=day.weekday())
    found = sessions(monday, monday + timedelta(days=4))
    return found[-1] if found else None


@cache
def early_closes(year: int) -> tuple[date, ...]:
    """Return the sessions of a year that end at 13:00 by rule.

    Parameters
    ----------
    year
        From 1992, the first year in which the exchange closed early after Thanksgiving.

    Notes
    -----
    The day after Thanksgiving; 24 December where it is a session; 3 July before a weekday, but until 2012 the
    Friday after where Independence Day is a Thursday; and single days that closures.csv names.

    Examples
    --------
    >>> [day.isoformat() for day in early_closes(2025)]
    ['2025-07-03', '2025-11-28', '2025-12-24']
    """
    open_days = set(sessions(date(year, 1, 1), date(year, 12, 31)))
    found = []
    fourth = date(year, 7, 4)
    if year >= JULY_THIRD_FROM:
        if fourth.weekday() == THURSDAY and year < NEW_JULY_RULE:
            found.append(date(year, 7, 5))
        elif fourth.weekday() not in {MONDAY, SATURDAY, SUNDAY}:
            found.append(date(year, 7, 3))
    found += [_nth(year, 11, THURSDAY, 4) + DAY, date(year, 12, 24)]
    found += [day for day in _exceptions("early") if day.year == year]
    return tuple(sorted(day for day in found if day in open_days))


def _check(day: date) -> None:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise UsageError(
            f"The day asked for is {day.isoformat()}",
            f"Sessions are known from {FIRST_YEAR} to {LAST_YEAR}",
            "Ask for a day within these years",
        )


@cache
def _all() -> tuple[date, ...]:
    closed = set(_exceptions("closed"))
    for year in range(FIRST_YEAR, LAST_YEAR + 2):
        closed |= set(_holidays(year))
    day, found = date(FIRST_YEAR, 1, 1), []
    while day.year <= LAST_YEAR:
        if day.weekday() <= FRIDAY and day not in closed:
            found.append(day)
        day += DAY
    return tuple(found)


@cache
def _exceptions(kind: str) -> tuple[date, ...]:
    with EXCEPTIONS.open(encoding="utf-8", newline="") as file:
        return tuple(date.fromisoformat(row["date"]) for row in csv.DictReader(file) if row["kind"] == kind)


def _holidays(year: int) -> list[date]:
    """Return the days on which a year's holidays close the exchange."""
    new_year = date(year, 1, 1)
    found = [new_year + DAY if new_year.weekday() == SUNDAY else new_year]
    if year >= KING_FROM:
        found.append(_nth(year, 1, MONDAY, 3))
    found += [_nth(year, 2, MONDAY, 3), _easter(year) - 2 * DAY, _last_monday(year, 5)]
    if year >= JUNETEENTH_FROM:
        found.append(_observed(date(year, 6, 19)))
    found += [_observed(date(year, 7, 4)), _nth(year, 9, MONDAY, 1), _nth(year, 11, THURSDAY, 4)]
    return [*found, _observed(date(year, 12, 25))]


def _observed(day: date) -> date:
    """Return the day on which a holiday is kept: Friday for Saturday, Monday for Sunday."""
    return day + {SATURDAY: -DAY, SUNDAY: DAY}.get(day.weekday(), timedelta())


def _nth(year: int, month: int, weekday: int, count: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (count - 1))


def _last_monday(year: int, month: int) -> date:
    last = date(year, month + 1, 1) - DAY
    return last - timedelta(days=last.weekday())


def _easter(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = b // 4, b % 4
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = c // 4, c % 4
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)
