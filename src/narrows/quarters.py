"""Quarters and the periods facts speak of: calendar quarters align by label (convention §3).

A moment is written as a calendar year with fraction. The label decides the fraction, not the number
of days: a quarter is a fourth of its year, a month a twelfth, so 2026Q1 has its middle at 2026.125.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import NoReturn

from narrows.errors import UnknownNameError, UsageError

__all__ = ["FISCAL", "Period", "Quarter", "fiscal", "period", "span"]

FIRST_YEAR, LAST_YEAR = 1900, 2199  # a label outside is a slip of the pen, not a plan
MOST_QUARTERS = 400  # a century; a longer span is a slip of the pen
_ONE_DAY = timedelta(days=1)
_QUARTER = re.compile(r"([0-9]{4})-?Q([1-4])")
_FISCAL = re.compile(r"FY((?:20)?[0-9]{2})Q([1-4])")


def _year_is_known(year: int) -> bool:
    return FIRST_YEAR <= year <= LAST_YEAR


def _refuse_quarter(text: str) -> NoReturn:
    raise UsageError(
        f"The quarter {text!r} cannot be read",
        f"A quarter is a year from {FIRST_YEAR} to {LAST_YEAR} and Q1 to Q4",
        "Write it like 2026Q1",
    )


@dataclass(frozen=True, order=True, slots=True)
class Quarter:
    """A calendar quarter: ordered, hashable, counted.

    Parameters
    ----------
    year
        Calendar year [year].
    number
        1 to 4.

    Raises
    ------
    UsageError
        The year or the number is out of range.

    Examples
    --------
    >>> Quarter.parse("2026Q4") + 1
    Quarter(year=2027, number=1)
    >>> Quarter(2027, 1) - Quarter(2026, 2)
    3
    >>> str(Quarter(2026, 2)), Quarter(2026, 2).midpoint
    ('2026Q2', 2026.375)
    """

    year: int
    number: int

    def __post_init__(self) -> None:
        if not (_year_is_known(self.year) and self.number in {1, 2, 3, 4}):
            _refuse_quarter(f"{self.year}Q{self.number}")

    @classmethod
    def parse(cls, text: str) -> Quarter:
        """Return the quarter of a label ``2026Q1`` or ``2026-Q1``; UsageError for any other text.

        Examples
        --------
        >>> Quarter.parse("2026-Q3")
        Quarter(year=2026, number=3)
        """
        found = _QUARTER.fullmatch(text)
        if not found or not _year_is_known(int(found[1])):
            _refuse_quarter(text)
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def of(cls, day: date) -> Quarter:
        """Return the quarter that holds a day.

        Examples
        --------
        >>> str(Quarter.of(date(2026, 4, 1)))
        '2026Q2'
        """
        return cls(day.year, (day.month + 2) // 3)

    @classmethod
    def at(cls, index: int) -> Quarter:
        """Return the quarter of an index, the reverse of `index`.

        Examples
        --------
        >>> str(Quarter.at(Quarter(2026, 1).index - 1))
        '2025Q4'
        """
        return cls(index // 4, index % 4 + 1)

    @classmethod
    def mostly(cls, start: date, end: date) -> Quarter:
        """Return the quarter that holds most days of a span of days; the earlier where two hold as many.

        Examples
        --------
        >>> str(Quarter.mostly(date(2025, 4, 28), date(2025, 7, 27)))
        '2025Q2'
        """
        touched = [cls.at(index) for index in range(cls.of(start).index, cls.of(end).index + 1)]
        return max(touched, key=lambda quarter: min(quarter.end, end) - max(quarter.start, start))

    @property
    def index(self) -> int:
        """Quarters since the first quarter of the year 0 [quarter]."""
        return 4 * self.year + self.number - 1

    @property
    def start(self) -> date:
        """First day."""
        return date(self.year, 3 * self.number - 2, 1)

    @property
    def end(self) -> date:
        """Last day."""
        following = self.index + 1
        return date(following // 4, 3 * (following % 4) + 1, 1) - _ONE_DAY

    @property
    def midpoint(self) -> float:
        """Middle as a year with fraction [year]."""
        return self.year + (self.number - 0.5) / 4

    def __add__(self, quarters: int) -> Quarter:
        return Quarter.at(self.index + quarters)

    def __sub__(self, other: Quarter) -> int:
        return self.index - other.index

    def __str__(self) -> str:
        return f"{self.year}Q{self.number}"


def span(text: str) -> tuple[Quarter, ...]:
    """Return the quarters of a span, both ends included; one quarter alone is a span.

    Parameters
    ----------
    text
        ``2026Q1:2030Q4`` or ``2026Q1``.

    Returns
    -------
    tuple of Quarter
        Axis (quarter), in order of time.

    Raises
    ------
    UsageError
        A quarter cannot be read, the span runs backwards, or it is longer than a century.

    Examples
    --------
    >>> [str(quarter) for quarter in span("2026Q3:2027Q1")]
    ['2026Q3', '2026Q4', '2027Q1']
    """
    first, stroke, last = text.partition(":")
    begin = Quarter.parse(first)
    finish = Quarter.parse(last) if stroke else begin
    count = finish - begin + 1
    if not 1 <= count <= MOST_QUARTERS:
        raise UsageError(
            f"The span {text!r} has {count} quarters" if count > 0 else f"The span {text!r} runs backwards",
            f"A span has 1 to {MOST_QUARTERS} quarters, the earlier first",
            "Write it like 2026Q1:2030Q4",
        )
    return tuple(begin + step for step in range(count))


# --- fiscal quarters ----------------------------------------------------------------------------


def _last_sunday_of_january(year: int) -> date:
    last = date(year, 1, 31)
    return last - timedelta(days=(last.weekday() + 1) % 7)


# Where a fiscal year ends, by company.
FISCAL = {"nvidia": _last_sunday_of_january}
_WEEKS = 13  # weeks in each of the first three fiscal quarters


def fiscal(text: str, company: str = "nvidia") -> tuple[date, date]:
    """Return the first and the last day of a company's fiscal quarter.

    Parameters
    ----------
    text
        ``FY26Q2`` or ``FY2026Q2``.
    company
        Whose fiscal year, a key of `FISCAL`.

    Raises
    ------
    UsageError
        The text cannot be read.
    UnknownNameError
        The company's fiscal year is not known.

    Notes
    -----
    NVIDIA's year ends on the last Sunday of January. Its first three quarters have 13 weeks each, and
    the fourth has the rest: 13 weeks, or 14 in a year of 53 weeks such as FY16 or FY21. A quarter ends on
    the last Sunday of April, July or October in most years but not in all: FY23Q1 ended on 2022-05-01.
    The calendar quarter that a fiscal one mostly covers is `Quarter.mostly` of the two days.

    Source
    ------
    NVIDIA annual report (form 10-K), note 1, "Fiscal year".

    Examples
    --------
    >>> first, last = fiscal("FY26Q4")
    >>> str(first), str(last)
    ('2025-10-27', '2026-01-25')
    """
    if company not in FISCAL:
        raise UnknownNameError("fiscal year of", company, FISCAL, "Give the first and the last day instead")
    found = _FISCAL.fullmatch(text)
    if not found:
        raise UsageError(
            f"The fiscal quarter {text!r} cannot be read",
            "A fiscal quarter is FY, the last two digits of its year, and Q1 to Q4",
            "Write it like FY26Q2",
        )
    year, number = 2000 + int(found[1]) % 100, int(found[2])
    year_end = FISCAL[company]
    before = year_end(year - 1)
    start = before + timedelta(weeks=_WEEKS * (number - 1)) + _ONE_DAY
    end = year_end(year) if number == 4 else before + timedelta(weeks=_WEEKS * number)  # noqa: PLR2004 - the last quarter
    return start, end


# --- periods ------------------------------------------------------------------------------------

_PERIOD = re.compile(
    r"(?P<year>[0-9]{4})"
    r"(?:-?Q(?P<quarter>[1-4])|-(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2}))?|[:-](?P<last>[0-9]{4}))?"
)


@dataclass(frozen=True, slots=True)
class Period:
    """A period that a fact speaks of, or at whose end its source was known.

    Parameters
    ----------
    text
        As written.
    start, end
        First and last day.
    midpoint
        Middle as a year with fraction [year].

    Examples
    --------
    >>> period("2023-12").known_from
    datetime.date(2023, 12, 31)
    """

    text: str
    start: date
    end: date
    midpoint: float

    @property
    def known_from(self) -> date:
        """The day from which a statement of this date counts as known: its last day (convention §11)."""
        return self.end


@lru_cache(maxsize=4096)
def period(text: str) -> Period:
    """Read the period of a fact.

    Parameters
    ----------
    text
        ``2024``, ``2024Q3``, ``2024-Q3``, ``2024-09``, ``2024-09-30``, or years ``2024:2029``,
        ``2024-2029``.

    Raises
    ------
    UsageError
        The text is none of these, is no day of the calendar, or runs backwards.

    Notes
    -----
    The middle of a year is at 0.5, of a quarter and a month at the middle of their fourth and twelfth,
    of a day at noon of its place among the days of its year, of a range halfway between its ends.

    Examples
    --------
    >>> period("2024:2029").midpoint, period("2026Q1").midpoint
    (2027.0, 2026.125)
    """
    found = _PERIOD.fullmatch(text)
    try:
        read = _read(text, found) if found else None
    except ValueError:  # a month or a day that the calendar does not have
        read = None
    if read is None or not (_year_is_known(read.start.year) and _year_is_known(read.end.year)):
        raise UsageError(
            f"The period {text!r} cannot be read",
            f"A period is a year from {FIRST_YEAR} to {LAST_YEAR}, a quarter, a month, a day, or two years",
            "Write it like 2024, 2024Q3, 2024-09, 2024-09-30 or 2024:2029",
        )
    if read.end < read.start:
        raise UsageError(
            f"The period {text!r} runs backwards", "The earlier year stands first", "Write it like 2024:2029"
        )
    return read


def _read(text: str, found: re.Match[str]) -> Period:
    year = int(found["year"])
    if found["quarter"]:
        quarter = Quarter(year, int(found["quarter"]))
        return Period(text, quarter.start, quarter.end, quarter.midpoint)
    if found["day"]:
        day = date(year, int(found["month"]), int(found["day"]))
        place, days = day.timetuple().tm_yday, date(year, 12, 31).timetuple().tm_yday
        return Period(text, day, day, year + (place - 0.5) / days)
    if found["month"]:
        month = int(found["month"])
        start = date(year, month, 1)
        following = date(year + month // 12, month % 12 + 1, 1)
        return Period(text, start, following - _ONE_DAY, year + (month - 0.5) / 12)
    last = int(found["last"] or year)
    return Period(text, date(year, 1, 1), date(last, 12, 31), (year + last + 1) / 2)
