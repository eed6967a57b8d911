"""Rules on divergences over the weeks that a store keeps, and what came after earlier cases."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from narrows.market.kept import KeptWeek

__all__ = ["HORIZONS", "After", "Past", "covered", "leaders_fire", "past_of", "streak_fires", "thin_fires"]

HORIZONS = (("one month", 4), ("three months", 13), ("six months", 26))
"""Times after a case, in words and in weeks."""
BREADTH_BELOW, BREADTH_WEEKS = 0.03, 4
LEADING = 0.5
"""Share of the week's gain from which the five largest contributions are called narrow."""
LONG_STREAK = 5
"""Weeks in a row at a record from which a run is called long."""
COVERED = 0.5
"""Share of the members that must be counted before a share of them speaks for all."""
FEWEST = 4
"""Cases from which quartiles are told."""


@dataclass(frozen=True, slots=True)
class After:
    """Changes of the index after the cases of a rule.

    Parameters
    ----------
    name
        Of the time after.
    n
        Cases whose time after has passed.
    low, middle, high
        Quartiles of the change [%]; low and high are the ends where there are few cases.
    up
        Share of the cases with a rise.
    usual
        Median change after any week [%].
    """

    name: str
    n: int
    low: float
    middle: float
    high: float
    up: float
    usual: float


@dataclass(frozen=True, slots=True)
class Past:
    """How often a rule fired before, and what came after.

    Parameters
    ----------
    cases
        Weeks in which it began to fire, before this one.
    weeks
        Weeks of which it could be told.
    first
        First of them, as YYYY-MM-DD.
    after
        Changes of the index after the cases.
    """

    cases: int
    weeks: int
    first: str
    after: tuple[After, ...]


def covered(week: KeptWeek) -> bool:
    """Return whether the panel counts enough of its members in a week."""
    return week.members > 0 and week.counted >= COVERED * week.members


def thin_fires(weeks: Sequence[KeptWeek], at: int) -> bool | None:
    """Return whether a record comes with breadth below its four-week high; None where not known."""
    shown = weeks[max(at - BREADTH_WEEKS + 1, 0) : at + 1]
    shares = [week.above_50 for week in shown if covered(week) and week.above_50 is not None]
    if len(shares) < BREADTH_WEEKS or weeks[at].index_record is None:
        return None
    return bool(weeks[at].index_record and max(shares) - shares[-1] >= BREADTH_BELOW)


def leaders_fire(weeks: Sequence[KeptWeek], at: int) -> bool | None:
    """Return whether five members make half of a week's gain; None where it cannot be told."""
    week = weeks[at]
    if not covered(week) or week.capitalised is None:
        return None
    return week.leaders is not None and week.capitalised > 0 and week.leaders >= LEADING


def streak_fires(weeks: Sequence[KeptWeek], at: int) -> bool | None:
    """Return whether the index ends its fifth or a later week of a run at a record."""
    if weeks[at].index_record is None or at < LONG_STREAK:
        return None
    run = [week.index_change for week in weeks[at - LONG_STREAK + 1 : at + 1]]
    if any(change is None for change in run):
        return None
    return bool(weeks[at].index_record) and all(change is not None and change > 0 for change in run)


def past_of(
    weeks: Sequence[KeptWeek], at: int, fires: Callable[[Sequence[KeptWeek], int], bool | None]
) -> Past | None:
    """Return how often a rule fired before a week, and what came after; None where no week can be told.

    Parameters
    ----------
    weeks
        Kept weeks, oldest first, with the index.
    at
        Place of the week of the recap: only what was over by then counts.
    fires
        The rule.

    Notes
    -----
    A case is a week that fires after one that does not: a run of such weeks is one case. What came after is
    counted only where it was over by the week of the recap.
    """
    told = {place: fires(weeks, place) for place in range(at)}
    known = [place for place, answer in told.items() if answer is not None]
    if not known:
        return None
    cases = [place for place in known if told[place] and not told.get(place - 1)]
    after = []
    for name, length in HORIZONS:
        ends = [(place, place + length) for place in cases if place + length <= at]
        changes = sorted(change for one, other in ends if (change := _change(weeks, one, other)) is not None)
        usual = [
            change
            for place in known
            if place + length <= at and (change := _change(weeks, place, place + length)) is not None
        ]
        if changes and usual:
            low, middle, high = _quartiles(changes)
            rose = sum(change > 0 for change in changes) / len(changes)
            after.append(After(name, len(changes), low, middle, high, rose, statistics.median(usual)))
    return Past(len(cases), len(known), weeks[known[0]].week.isoformat(), tuple(after))


def _change(weeks: Sequence[KeptWeek], one: int, other: int) -> float | None:
    base, end = weeks[one].index_close, weeks[other].index_close
    return None if base is None or end is None else 100 * (end / base - 1)


def _quartiles(changes: list[float]) -> tuple[float, float, float]:
    if len(changes) < FEWEST:
        return changes[0], statistics.median(changes), changes[-1]
    low, middle, high = statistics.quantiles(changes, n=4, method="inclusive")
    return low, middle, high
