"""Closes of one instrument, and the questions that claims ask of them."""

from __future__ import annotations

import bisect
import hashlib
import statistics
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from narrows.market.window import monday_of, months_before, years_before

if TYPE_CHECKING:
    from collections.abc import Sequence

    from narrows.market.window import Window

__all__ = ["History", "Period"]

MONTHS = {"month": 1, "quarter": 3, "year": 12}
LEAST_DAYS = {"week": 7, "month": 28, "quarter": 90, "year": 365}
"""Days of a period, at the fewest."""


@dataclass(frozen=True, slots=True)
class Period:
    """A change between two sessions.

    Parameters
    ----------
    base, end
        Places of the sessions in the history.
    start
        First calendar day of the period.
    change
        Close over base, less one [%].
    """

    base: int
    end: int
    start: date
    change: float


@dataclass(eq=False)
class History:
    """Closes of one instrument, oldest first.

    Parameters
    ----------
    symbol
        Of the instrument.
    days, closes
        Sessions and closes [its own unit].
    sessions
        Days on which its exchange was open, as far as they are known: a day of these that the history lacks
        makes what needs it unavailable. Its own days if left out.
    source
        Where the closes are from.

    Examples
    --------
    >>> days = [date(2026, 4, 24), date(2026, 4, 27), date(2026, 5, 1)]
    >>> closes = History("SPX", days, [7165.08, 7173.91, 7230.12])
    >>> f"{closes.weeks[-1].change:.3f}"
    '0.908'
    """

    symbol: str
    days: Sequence[date]
    closes: Sequence[float]
    sessions: Sequence[date] = ()
    source: str = ""
    _cache: dict[str, list[Period]] = field(default_factory=dict, repr=False)

    @cached_property
    def hash(self) -> str:
        """Hash of the closes, of twelve hexadecimal digits."""
        text = ";".join(
            f"{day.isoformat()}={close!r}" for day, close in zip(self.days, self.closes, strict=True)
        )
        return hashlib.sha256(f"{self.symbol};{text}".encode()).hexdigest()[:12]

    def at(self, day: date) -> int | None:
        """Return the place of a session; None where there is no close on that day."""
        place = bisect.bisect_left(self.days, day)
        return place if place < len(self.days) and self.days[place] == day else None

    def last(self, day: date) -> int | None:
        """Return the place of the last session on a day or before; None where a session is missing there."""
        place = bisect.bisect_right(self.days, day) - 1
        return None if place < 0 or self._missing(self.days[place], day) else place

    def before(self, day: date) -> int | None:
        """Return the place of the last session before a day; None where it is missing."""
        return self.last(day - timedelta(days=1))

    def first(self, day: date) -> int | None:
        """Return the place of the first session on a day or after."""
        place = bisect.bisect_left(self.days, day)
        return place if place < len(self.days) else None

    def _missing(self, found: date, day: date) -> bool:
        """Whether a known session lies after the one found, up to a day."""
        known = self.sessions
        if not known or known[-1] < day:
            return (day - found).days > 5  # noqa: PLR2004 - longer than any closure of the exchange but one
        place = bisect.bisect_right(known, day) - 1
        return place >= 0 and known[place] > found

    def end_of(self, window: Window) -> int | None:
        """Return the place of the session that a window ends with."""
        day = window.end
        if day is None:
            return None
        if window.kind == "week":
            monday = monday_of(day)
            friday = monday + timedelta(days=4)
            place = self.last(min(friday, day))
            return place if place is not None and self.days[place] >= monday else None
        if window.kind in {"day", "none"}:
            return self.at(day)
        return self.last(day)

    def base_of(self, window: Window) -> int | None:  # noqa: PLR0911 (one a kind)
        """Return the place of the session whose close a window's change is measured from."""
        end = self.end_of(window)
        if end is None or window.end is None:
            return None
        day = self.days[end]
        kind = window.kind
        if kind == "day":
            return self.before(day)
        if kind == "week":
            return self.before(monday_of(day))
        if kind in {"mtd", "qtd", "ytd"}:
            return self.before(self.first_day(kind, day))
        if kind == "calendar":
            return None if window.start is None else self.before(window.start)
        if kind == "since":
            return None if window.start is None else self.last(window.start)
        if kind == "past":
            return self.back(end, window.count, window.unit)
        return self._extreme(kind, end)

    @staticmethod
    def first_day(kind: str, day: date) -> date:
        """Return the first day of the month, quarter or year of a day."""
        if kind == "ytd":
            return date(day.year, 1, 1)
        return day.replace(day=1) if kind == "mtd" else date(day.year, day.month - (day.month - 1) % 3, 1)

    def back(self, end: int, count: int, unit: str) -> int | None:
        """Return the place of the session so many days, weeks, months or years before another.

        None where that lies before the first session.
        """
        day = self.days[end]
        if unit == "day":
            return end - count if end >= count else None
        if count * LEAST_DAYS[unit] > (day - self.days[0]).days + LEAST_DAYS["month"]:
            return None
        if unit == "week":
            return self.before(monday_of(day) - timedelta(weeks=count - 1))
        return self.last(months_before(day, count * MONTHS[unit]))

    def _extreme(self, kind: str, end: int) -> int | None:
        if kind == "record":
            return max(range(end + 1), key=self.closes.__getitem__)
        if kind not in {"low52", "high52"}:
            return None
        first = bisect.bisect_left(self.days, years_before(self.days[end], 1))
        pick = min if kind == "low52" else max
        return pick(range(first, end + 1), key=self.closes.__getitem__)

    def change(self, window: Window) -> tuple[float, float, int, int] | None:
        """Return percent, points, place of the base and of the end; None where a close is missing."""
        end, base = self.end_of(window), self.base_of(window)
        if end is None or base is None:
            return None
        points = self.closes[end] - self.closes[base]
        return 100 * (self.closes[end] / self.closes[base] - 1), points, base, end

    def between(self, base: int, end: int) -> float:
        """Return the change from one session to another [%]."""
        return 100 * (self.closes[end] / self.closes[base] - 1)

    def periods(self, unit: str) -> list[Period]:
        """Return the changes of all days, weeks, months, quarters or years that have a base, oldest first."""
        if unit not in self._cache:
            self._cache[unit] = list(self._periods(unit))
        return self._cache[unit]

    @property
    def weeks(self) -> list[Period]:
        """The changes of all weeks."""
        return self.periods("week")

    def _periods(self, unit: str) -> list[Period]:
        starts = [self._start(unit, day) for day in self.days]
        found = []
        for place, start in enumerate(starts):
            if (place + 1 < len(starts) and starts[place + 1] == start) or self._unfinished(unit, place):
                continue
            base = self.before(start)
            if base is not None:
                found.append(Period(base, place, start, self.between(base, place)))
        return found

    def _unfinished(self, unit: str, place: int) -> bool:
        """Whether a known session of the same period follows one that is held, without a close."""
        at = bisect.bisect_right(self.sessions, self.days[place])
        if at >= len(self.sessions):
            return False
        return self._start(unit, self.sessions[at]) == self._start(unit, self.days[place])

    def _start(self, unit: str, day: date) -> date:
        if unit == "day":
            return day
        if unit == "week":
            return monday_of(day)
        return self.first_day({"month": "mtd", "quarter": "qtd", "year": "ytd"}[unit], day)

    def period_at(self, unit: str, end: int) -> int | None:
        """Return the place among the periods of the one that holds a session."""
        found = self.periods(unit)
        start = self._start(unit, self.days[end])
        place = bisect.bisect_left([one.start for one in found], start)
        return place if place < len(found) and found[place].start == start else None

    def runs(self, unit: str, way: int) -> list[int]:
        """Return, for each period, how many in a row went one way up to it, as far as closes are held.

        A run that `reaches_start` may be longer than the closes tell.
        """
        key = f"run {unit} {way}"
        if key not in self._runs:
            found, count, before = [], 0, None
            for one in self.periods(unit):
                joined = before is None or one.base == before
                count = (count if joined else 0) + 1 if one.change * way > 0 else 0
                found.append(count)
                before = one.end
            self._runs[key] = found
        return self._runs[key]

    def reaches_start(self, unit: str, way: int, place: int) -> bool:
        """Return whether a run is cut by the first close that is held, or by a gap.

        Parameters
        ----------
        unit, way
            As in `runs`.
        place
            Place among the periods of the last one of the run.
        """
        first = place - self.runs(unit, way)[place] + 1
        found = self.periods(unit)
        return first <= place and (first == 0 or found[first].base != found[first - 1].end)

    @cached_property
    def _runs(self) -> dict[str, list[int]]:
        return {}

    def spread(self, unit: str) -> float:
        """Return the standard deviation of the changes of a unit [%]."""
        changes = [one.change for one in self.periods(unit)][-520:]
        return statistics.pstdev(changes) if len(changes) > 1 else 0.0
