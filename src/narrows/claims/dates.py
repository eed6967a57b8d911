# ruff: noqa: E501 - a pattern stands on one line
"""Dates in a text: days, months, years, quarters, ranges, weekdays, and what they mean beside a day."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from narrows.claims.claim import Span
from narrows.claims.numerals import cardinal
from narrows.market.window import month_end, years_before

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Dated", "dates"]

MONTHS = {name.lower(): at for at, name in enumerate(calendar.month_name) if name}
MONTHS |= {name.lower(): at for at, name in enumerate(calendar.month_abbr) if name} | {"sept": 9}
WEEKDAYS = {name.lower(): at for at, name in enumerate(calendar.day_name)}
QUARTERS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "1": 1, "2": 2, "3": 3, "4": 4}
PARTS = {"early": (1, 4), "mid": (5, 8), "middle": (5, 8), "late": (9, 12), "end": (11, 12), "start": (1, 2)}
"""Months that "late 2024" and the like may mean."""
SLACK = timedelta(days=7)
"""A day without a year may lie so far after the day of the text."""

_MONTH = "|".join(
    sorted(((name.capitalize() if name != "sept" else "Sept") for name in MONTHS), key=len, reverse=True)
)
_UPPER = "|".join(name.upper() for name in sorted(MONTHS, key=len, reverse=True))
_M = rf"(?:{_MONTH}|{_UPPER})\.?"
_DAY = "|".join(f"{name.capitalize()}s?|{name[:3].capitalize()}\\.?" for name in WEEKDAYS)
_Y = r"(?:19|20)\d{2}"
_DASH = r"\s*(?:-|–|—|to|through|until)\s*"
_DATES = re.compile(
    rf"""
    (?<![\w.,/])(?P<iso>{_Y}-\d{{2}}-\d{{2}})(?!\d)
   |(?<![\w.,/])(?P<us>\d{{1,2}}/\d{{1,2}}/(?:{_Y}|\d{{2}}))(?![\d/])
   |(?<![A-Za-z])(?:(?:{_DAY}),?\s+)?(?P<m1>{_M})\s+(?P<d1>\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s+(?P<y0>{_Y}))?
      {_DASH}(?:(?:{_DAY}),?\s+)?(?:(?P<m2>{_M})\s+)?(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?(?!\d|[.,]\d|%|\s?%)(?:,?\s+(?P<y1>{_Y}))?
   |(?<![A-Za-z])(?:(?:{_DAY}),?\s+)?(?:the\s+)?(?P<m3>{_M})\s+(?P<d3>\d{{1,2}})(?:st|nd|rd|th)?(?!\d|[.]\d|,\d|%|\s?%)(?:,?\s+(?P<y3>{_Y}))?
   |(?<![\w.,])(?P<d4>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<m4>{_M})(?:,?\s+(?P<y4>{_Y}))?(?![a-z])
   |(?<![A-Za-z])(?:(?P<part5>[Ee]arly|[Mm]id|[Ll]ate)[\s-])?(?P<m5>{_M}),?\s+(?:of\s+)?(?P<y5>{_Y})(?!\d|\.\d)
   |(?<![A-Za-z])(?P<q6>Q[1-4]|[1-4]Q|(?:[Ff]irst|[Ss]econd|[Tt]hird|[Ff]ourth)[\s-][Qq]uarter)(?:\s+(?:of\s+)?'?(?P<y6>{_Y}))?
   |(?<![A-Za-z])(?:(?:the\s+)?(?P<part7>[Ee]arly|[Mm]id|[Ll]ate|end\s+of|start\s+of|beginning\s+of|middle\s+of)[\s-]
      |(?P<pre7>(?:[Ss]ince|[Ii]n|[Oo]f|[Dd]uring|[Ff]or|[Ff]rom|until|through|back\s+to|year)\s+))(?P<y7>{_Y})(?![\d.,%]\d|\d|%|\s?%|[-\s](?:index|points))
   |(?<![A-Za-z])(?P<pre8>(?:[Ss]ince|[Ii]n|[Dd]uring|[Ff]or|[Ff]rom|until|through|[Ll]ast|[Tt]his|of|over|[Ee]arly|[Ll]ate|[Mm]id)[\s-]+)(?P<m8>{_M})(?![a-zA-Z]|\s+\d)
   |(?<![A-Za-z])(?P<m10>(?:January|February|April|June|July|August|September|October|November|December))(?=['’]s|\s+(?:gain|loss|rally|drop))
   |(?<![A-Za-z])(?P<wd>{_DAY})(?![A-Za-z])
   |(?<![A-Za-z])(?:in|for)\s+(?:(?:more\s+than|about|nearly|almost|over|at\s+least)\s+)?(?P<back>\d+|an?|one|two|three|four|five|six|seven|eight|nine|ten|fifteen|twenty|twenty-five|thirty|forty|fifty)\s+(?P<backunit>years?|decades?)\b
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Dated:
    """A date in a text.

    Parameters
    ----------
    start, end
        Where it stands; a leading "since" or "in" is left outside.
    kind
        ``day``, ``range``, ``month``, ``quarter``, ``year``, ``weekday`` or ``back`` (in 26 years).
    year, month, day
        0 where the text leaves them out; a quarter stands as its first month, a count of years as year.
    to_month, to_day
        End of a range.
    part
        ``early``, ``mid``, ``late``, ``end``, ``start`` or nothing.
    """

    start: int
    end: int
    kind: str
    year: int = 0
    month: int = 0
    day: int = 0
    to_month: int = 0
    to_day: int = 0
    part: str = ""

    @property
    def full(self) -> bool:
        """Whether the date names its year."""
        return self.year > 0 and self.kind != "back"

    def span(self, beside: date | None, *, past: bool = False) -> Span | None:
        """Return the period meant, beside a day.

        Parameters
        ----------
        beside
            Day of the text; None where it is not known.
        past
            Whether the period lies before that day's own month ("since March", said in March).
        """
        try:
            return self._span(beside, past=past)
        except (ValueError, OverflowError):  # 31 April, or before the calendar begins
            return None

    def _span(self, beside: date | None, *, past: bool) -> Span | None:  # noqa: PLR0911 - one line a kind
        if self.kind == "back":
            if beside is None:
                return None
            return Span(
                years_before(beside, self.year + 1), years_before(beside, max(self.year - 1, 0)), self.year
            )
        if self.kind == "weekday":
            return None if beside is None else _weekday(self.day, beside)
        if not self.year and beside is None:
            return None
        year = self.year
        if not year:
            assert beside is not None  # noqa: S101 - returned above
            year = beside.year
            first = date(year, self.month, self.day or 1)
            late = first > beside + (SLACK if self.day else timedelta(0))
            same = past and not self.day and (first.month == beside.month) and self.kind == "month"
            year -= late or same
        if self.kind == "year":
            begun, ended = PARTS.get(self.part, (1, 12))
            return Span(date(year, begun, 1), month_end(year, ended))
        if self.kind == "quarter":
            return Span(date(year, self.month, 1), month_end(year, self.month + 2))
        if self.kind == "month":
            return Span(date(year, self.month, 1), month_end(year, self.month))
        start = date(year, self.month, self.day)
        if self.kind == "range":
            end = date(year, self.to_month or self.month, self.to_day)
            return Span(start.replace(year=year - 1), end) if end < start else Span(start, end)
        return Span(start, start)


def _weekday(at: int, beside: date) -> Span:
    day = beside - timedelta(days=(beside.weekday() - at) % 7)
    return Span(day, day)


def dates(text: str) -> Iterator[Dated]:
    """Yield the dates of a text, from left to right.

    Parameters
    ----------
    text
        With its capitals: "may" is no month.

    Examples
    --------
    >>> from datetime import date
    >>> [str(one.span(date(2026, 5, 1))) for one in dates("since November 2020, on Friday: April 27 – May 1, 2026")]
    ['2020-11-01..2020-11-30', '2026-05-01', '2026-04-27..2026-05-01']
    """
    for match in _DATES.finditer(text):
        found = _dated(match)
        if found is not None:
            yield found


def _dated(match: re.Match[str]) -> Dated | None:  # noqa: C901, PLR0911 - one line a form
    start, end = match.span()
    if match["iso"]:
        year, month, day = map(int, match["iso"].split("-"))
        return Dated(start, end, "day", year, month, day) if _valid(year, month, day) else None
    if match["us"]:
        month, day, year = map(int, match["us"].split("/"))
        year += 2000 if year < 100 else 0  # noqa: PLR2004 - two digits
        return Dated(start, end, "day", year, month, day) if _valid(year, month, day) else None
    if match["m1"]:
        to = _month(match["m2"]) if match["m2"] else 0
        year = int(match["y1"] or match["y0"] or 0)
        return Dated(start, end, "range", year, _month(match["m1"]), int(match["d1"]), to, int(match["d2"]))
    for at in "34":
        if match[f"m{at}"]:
            year, month, day = int(match[f"y{at}"] or 0), _month(match[f"m{at}"]), int(match[f"d{at}"])
            return Dated(start, end, "day", year, month, day) if _valid(year or 2000, month, day) else None
    if match["m5"]:
        return Dated(start, end, "month", int(match["y5"]), _month(match["m5"]))
    if match["q6"]:
        name = match["q6"].lower().replace("q", "", 1) if len(match["q6"]) == 2 else match["q6"].lower()  # noqa: PLR2004
        quarter = QUARTERS[name.split("-")[0].split()[0]]
        return Dated(start, end, "quarter", int(match["y6"] or 0), 3 * quarter - 2)
    if match["y7"]:
        part = (match["part7"] or "").lower().split()[0:1]
        named = {"beginning": "start"}.get(part[0], part[0]) if part else ""
        return Dated(start + len(match["pre7"] or ""), end, "year", int(match["y7"]), part=named)
    if match["m8"]:
        return Dated(start + len(match["pre8"]), end, "month", 0, _month(match["m8"]))
    if match["m10"]:
        return Dated(start, end, "month", 0, _month(match["m10"]))
    if match["wd"]:
        day = next(at for name, at in WEEKDAYS.items() if name.startswith(match["wd"].lower()[:3]))
        return Dated(start, end, "weekday", day=day)
    count = 1 if match["back"] in {"a", "an"} else cardinal(match["back"])
    return Dated(start, end, "back", count * (10 if match["backunit"].startswith("decade") else 1))


def _valid(year: int, month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]  # noqa: PLR2004


def _month(text: str) -> int:
    return MONTHS[text.lower().rstrip(".")]
