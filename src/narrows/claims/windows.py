# ruff: noqa: E501 - a pattern stands on one line
"""Windows in a text: the week, the year to date, the past month, since a date, from a record."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from narrows.claims.numerals import WORDS, cardinal

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["COVER", "DATE", "Spoken", "windows"]

COVER = "\ue000"
"""Stands for the letters of a name, date or window after its first, so that places stay."""
DATE = "\ue002"
D = f"{DATE}{COVER}*"
UNITS = {"day": "day", "session": "day", "trading day": "day", "week": "week", "month": "month",
         "quarter": "quarter", "year": "year"}  # fmt: skip
_N = "|".join(["\\d+", *sorted(map(re.escape, WORDS), key=len, reverse=True)])
_IN = r"(?:(?:in|for|over|during|on|through|across|within|by)\s+)?"
_THE = r"(?:the\s+|its\s+|a\s+)?"
_ENDING = r"(?:that\s+)?(?:ended|ending|ends|closed|closing|to|through|thru|up\s+to|until|till|finishing|finished)\s+(?:on\s+)?(?:the\s+)?"
_WEEKISH = r"(?:(?:holiday[- ]shortened|shortened|trading|calendar|whole|full|four[- ]day|five[- ]day|past|last|latest)\s+)*"


def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    """Return kinds with their patterns, the most telling first."""
    told: list[tuple[str, str]] = [
        ("week", rf"{_IN}{_THE}{_WEEKISH}week(?:'s)?\s+{_ENDING}(?P<date>{D})"),
        ("week", rf"{_IN}{_THE}{_WEEKISH}week\s+(?:of|from|beginning|starting)\s+(?P<weekof>{D})"),
        ("week", rf"{_IN}{_THE}week\s*[-–:(,]+\s*(?P<date3>{D})"),
        ("week", rf"{_IN}{_THE}(?P<date2>{D})\s+(?:trading\s+)?week\b"),
        ("past", rf"{_IN}(?:the\s+)?(?:past|last|previous|trailing|latest|preceding|prior)\s+(?:(?P<count>{_N})\s+)?(?:trading\s+|calendar\s+)?(?P<unit>day|session|week|month|quarter|year)s?\s+{_ENDING}(?P<date>{D})"),
        ("past", rf"{_IN}the\s+(?P<count>{_N})\s+(?:trading\s+|calendar\s+)?(?P<unit>day|session|week|month|quarter|year)s\s+{_ENDING}(?P<date>{D})"),
        ("mtd", rf"{_IN}{_THE}month\s+{_ENDING}(?P<date>{D})"),
        ("qtd", rf"{_IN}{_THE}quarter\s+{_ENDING}(?P<date>{D})"),
        ("ytd", rf"{_IN}{_THE}year\s+{_ENDING}(?P<date>{D})"),
        ("low52", rf"(?:from|above|off|since)\s+{_THE}(?:{D}\s+)?(?:52|fifty-two|one)[- ](?:week|year)\s+(?:closing\s+)?low(?:\s+(?:of|on|in|set\s+on)\s+(?P<date>{D}))?"),
        ("high52", rf"(?:from|below|off|under|short\s+of)\s+{_THE}(?:{D}\s+)?(?:52|fifty-two|one)[- ](?:week|year)\s+(?:closing\s+)?high"),
        ("record", rf"(?:from|below|off|under|short\s+of|away\s+from|beneath|of)\s+{_THE}(?:{D}\s+)?(?:all[- ]time|record)(?:[- ](?:closing|close))?(?:\s+(?:high|peak|close|level))?(?:\s+(?:of|on|in|set\s+on|reached\s+on|reached\s+in|set\s+in)\s+{D})?"),
        ("trough", rf"(?:from|since|off)\s+(?:its|the|their)\s+(?:(?P<since>{D})\s+)?(?:\w+\s+)?(?:low|trough|bottom|lows)\b(?:\s+(?:of|on|in)\s+(?P<since2>{D}))?"),
        ("mtd", r"\bmonth[- ]to[- ]date\b|\bmtd\b|\bso far this month\b|\bthis month\b|\bfor the month\b|\bon the month\b|\bsince the (?:start|beginning) of the month\b|\bmonth so far\b"),
        ("mtd", rf"\bso far in (?P<month>{D})|\b(?P<month2>{D}) to date\b"),
        ("qtd", r"\bquarter[- ]to[- ]date\b|\bqtd\b|\b(?:so far )?this quarter\b|\bfor the quarter\b|\bsince the (?:start|beginning) of the quarter\b|\bquarter so far\b"),
        ("ytd", r"\byear[- ]to[- ]date\b|\bytd\b|\b(?:so far |already )?this year\b|\bfor the year\b|\bon the year\b|\bin the year\b(?! (?:earlier|ago|before))|\bsince (?:the (?:start|beginning) of the year|new year(?:'s)?|year[- ]end|the end of last year)\b|\byear so far\b|\bsince january 1\b"),
        ("past", rf"{_IN}(?:the\s+)?(?:past|last|previous|trailing|latest|preceding|prior)\s+(?P<count>{_N})\s+(?:trading\s+|calendar\s+)?(?P<unit>day|session|week|month|quarter|year)s?\b"),
        ("past", rf"(?:{_IN}(?:the\s+)?(?:past|trailing|preceding)|(?:over|during|in)\s+the\s+last)\s+(?P<unit>month|quarter|year)\b"),
        ("past", r"(?:from|than|versus|compared\s+with|vs\.?|against)\s+(?P<count>a|one|two|three|six|five|ten)\s+(?P<unit>week|month|year)s?\s+(?:ago|earlier|before)\b"),
        ("past", r"\b(?P<unit>year|month)[- ]over[- ](?:year|month)\b|\byoy\b|\b(?P<unit2>year)-on-year\b"),
        ("past", rf"\b(?P<count>{_N})-(?P<unit>day|week|month|quarter|year)s?\b(?!\s+(?:moving|average|mean|high|low|treasury|note|yield|winning|losing|win|streak|run\b|stretch|skid|slide|closing))(?![- ]long)(?!-old)"),
        ("past", rf"^\W*(?P<count>{_N})\s(?P<unit>day|week|month|quarter|year)s?\b(?=\s*(?:%|\)|change|chg|return|perf|$))"),
        ("past", rf"\b(?:in|over|within)\s+(?:just\s+|only\s+|about\s+)?(?P<count>{_N})\s+(?:trading\s+)?(?P<unit>day|session|week|month|year)s\b"),
        ("past", r"\b(?:in|over|within) (?P<count>a) (?:single )?(?P<unit>month|quarter|year)\b"),
        ("past", r"\b(?P<short>[1-9][0-9]?)\s?(?P<letter>[dwmy])\b"),
        ("week", rf"{_IN}(?:the\s+|this\s+|last\s+){_WEEKISH}week(?:'s)?\b(?!\s+(?:before|earlier|ago|since|after|to\s+(?:remember|forget)))|\bthis\s+week\b|\bweek[- ]to[- ]date\b|\bweek[- ]over[- ]week\b|\bwow\b|\b(?:past|last|previous)\s+week\b|\b1\s?-?week\b(?! (?:winning|losing|streak))|\bweek\b(?=\s*%|\s*change|\s*chg|\s*$)"),
        ("week", rf"\bweekly\b|{D}[- ]to[- ]{D}\s+change|\bfriday[- ]to[- ]friday\b|\bfrom (?:last|the previous|the prior|the preceding) {D}"),
        ("between", rf"\b(?:between|from)\s+(?P<since>{D})\s+(?:and|to|through|until)\s+(?P<date>{D})"),
        ("since", rf"\b(?:from|versus|compared\s+with|relative\s+to|against)\s+(?:the\s+)?(?:closes?\s+(?:on|of)\s+)?(?:its\s+)?(?P<since>{D})(?:'s)?(?:\s+clos(?:e|ing(?:\s+level)?))?"),
        ("day", r"\btoday\b|\byesterday\b|\bon the day\b|\bdaily\b|\bfor the (?:day|session)\b|\bin (?:the|one) session\b|\b(?:one|1)[- ]day\b|\bin a (?:single )?(?:day|session)\b|\bday[- ]over[- ]day\b|\bthe session\b|\bday\b(?=\s*%|\s*change|\s*chg|\s*$)"),
        ("month", r"\bmonth\b(?=\s*%|\s*change|\s*chg|\s*$)|\bmonthly\b"),
        ("quarter", r"\bquarterly\b(?=\s+(?:gain|loss|decline|drop|rise|advance|performance|change|return))"),
    ]  # fmt: skip
    return [(kind, re.compile(pattern)) for kind, pattern in told]


PATTERNS = _patterns()


@dataclass(frozen=True, slots=True)
class Spoken:
    """A window in a text.

    Parameters
    ----------
    start, end
        Where it stands.
    kind
        That of the window; ``trough`` for "from its low", ``month`` and ``quarter`` where the text does not
        say whether it is to date.
    count, unit
        Of ``past``.
    date
        Place of the date that ends it; -1 for none.
    since
        Place of the date that it begins at; -1 for none.
    """

    start: int
    end: int
    kind: str
    count: int = 1
    unit: str = ""
    date: int = -1
    since: int = -1


def windows(shape: str) -> Iterator[Spoken]:
    """Yield the windows of a text in lower case in which dates are covered.

    Examples
    --------
    >>> [(one.kind, one.count, one.unit) for one in windows("up 170% year-to-date and 14% over the past month")]
    [('ytd', 1, ''), ('past', 1, 'month')]
    """
    taken: list[tuple[int, int]] = []
    found: list[Spoken] = []
    for kind, pattern in PATTERNS:
        for match in pattern.finditer(shape):
            start, end = match.span()
            if end == start or any(a < end and start < b for a, b in taken):
                continue
            taken.append((start, end))
            found.append(_spoken(kind, match))
    yield from sorted(found, key=lambda one: one.start)


def _spoken(kind: str, match: re.Match[str]) -> Spoken:
    groups = match.groupdict()
    date = next(
        (match.start(g) for g in ("date", "date2", "date3", "weekof", "month", "month2") if groups.get(g)), -1
    )
    since = next((match.start(g) for g in ("since", "since2") if groups.get(g)), -1)
    start = match.start() + len(match[0]) - len(match[0].lstrip())
    if kind == "between":
        kind = "since"
    if groups.get("weekof"):
        kind = "weekof"
    if kind != "past":
        return Spoken(start, match.end(), kind, date=date, since=since)
    if groups.get("short"):
        letter = {"d": "day", "w": "week", "m": "month", "y": "year"}[groups["letter"]]
        count = int(groups["short"])
    else:
        letter = UNITS[groups.get("unit") or groups.get("unit2") or "year"]
        text = groups.get("count")
        count = 1 if text in {None, "a"} else cardinal(text or "1")
    if count == 1 and letter in {"day", "week"}:
        return Spoken(start, match.end(), letter, date=date)
    return Spoken(start, match.end(), "past", count, letter, date=date)
