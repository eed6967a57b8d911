# ruff: noqa: E501 - a pattern stands on one line
"""A sentence with its names, dates, windows and numbers marked, letter for letter.

The shape of a sentence has the same length as its text. Each thing found is covered: one letter of a private
range says what it is, filling letters follow. Patterns over shapes then read like the sentences they fit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from narrows.claims.dates import Dated, dates
from narrows.claims.entities import Found, find
from narrows.claims.numerals import Numeral, numerals
from narrows.claims.windows import COVER, DATE, Spoken, windows

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["CODES", "Sentence", "marked", "pattern"]

CODES = {
    "E": "\ue001", "D": DATE, "W": "\ue003", "S": "\ue004", "P": "\ue011", "T": "\ue012", "B": "\ue013",
    "Q": "\ue014", "M": "\ue015", "X": "\ue016", "O": "\ue017", "C": "\ue018", "I": "\ue019",
}  # fmt: skip
"""Entity, date, window, since; percent, points, basis points, percentage points, money, times, ordinal, cardinal; ignored."""
_D = f"{DATE}{COVER}*"
SINCE = re.compile(
    rf"\b(?:since|going\s+back\s+to|dating\s+(?:back\s+)?to)\s+(?:at\s+least\s+)?(?:the\s+|its\s+|their\s+|that\s+of\s+)?"
    rf"(?:one\s+|that\s+)?(?:(?:trading\s+)?(?:week|month|quarter|session|day|year|stretch|run)\s+)?"
    rf"(?:(?:that\s+)?(?:ended|ending|of|in|to|beginning|on|closed)\s+(?:on\s+)?)?(?:the\s+)?(?P<date>{_D})"
)
IGNORED = re.compile(
    r"24/7|\b\d+x (?=leveraged|funds?\b|etfs?\b|bull|bear|inverse|long\b|short\b)|\b(?:s&p|top|no\.|number|#)\s?\d+\b|\b\d+-k\b|\b\d+(?:st|nd|rd|th) century"
    r"|\b(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|fifty|two-hundred)-(?:year|month|week|day|hour|minute|quarter)(?:s)?(?=[- ](?:average|mean|old|long|treasury|note|bond|yield|plan|deal|period|high|low))"
    r"|(?<![\d.,$€£+\-])\b(?:19|20)\d{2}s?\b(?![.,]\d|\s?%|\s(?:points|percent))"
    r"|\b\d+-in-\d+\b|\b\d+:\d\d\b|\b\d+\s?(?:a\.m\.|p\.m\.|am\b|pm\b)|\b(?:g|h|b|a)\d{2,3}\b"
)


@dataclass(slots=True)
class Sentence:
    """A sentence, its shape, and what was found in it by place.

    Parameters
    ----------
    text
        As it stands.
    shape
        In lower case and covered.
    line, column
        Of its first letter.
    names, dated, spoken, since, numbers
        What was found, by the place of its first letter.
    used
        Places of numbers that a claim has taken.
    bound
        Places of windows and dates that belong to a claim that is no plain change.
    """

    text: str
    shape: str
    line: int = 0
    column: int = 0
    names: dict[int, Found] = field(default_factory=dict)
    dated: dict[int, Dated] = field(default_factory=dict)
    spoken: dict[int, Spoken] = field(default_factory=dict)
    since: dict[int, Dated] = field(default_factory=dict)
    numbers: dict[int, Numeral] = field(default_factory=dict)
    used: set[int] = field(default_factory=set)
    bound: set[int] = field(default_factory=set)

    def free(self, codes: str) -> Iterator[Numeral]:
        """Yield the numbers of some codes that no claim has taken."""
        for place, numeral in sorted(self.numbers.items()):
            if numeral.code in codes and place not in self.used:
                yield numeral


def marked(text: str, line: int = 0, column: int = 0) -> Sentence:  # noqa: C901
    """Return a sentence with all that is found in it.

    Examples
    --------
    >>> found = marked("The S&P 500 rose 0.91% in the week ended May 1, 2026.")
    >>> [one.name for one in found.names.values()], [one.kind for one in found.spoken.values()]
    (['S&P 500'], ['week'])
    >>> [one.stated.value for one in found.numbers.values()]
    [0.91]
    """
    letters = [small if len(small := letter.lower()) == 1 else letter for letter in text]
    found = Sentence(text, "", line, column)

    def cover(start: int, end: int, code: str) -> None:
        letters[start:end] = [CODES[code], *([COVER] * (end - start - 1))]

    for dated in dates(text):
        found.dated[dated.start] = dated
    for name in find(text):
        inside = [d for d in found.dated.values() if d.start < name.end and name.start < d.end]
        if not inside:
            found.names[name.start] = name
            cover(name.start, name.end, "E")
    for dated in found.dated.values():
        cover(dated.start, dated.end, "S" if dated.kind == "back" else "D")
        if dated.kind == "back":
            found.since[dated.start] = dated
    shape = "".join(letters)
    for match in SINCE.finditer(shape):
        found.since[match.start()] = found.dated[match.start("date")]
        cover(match.start(), match.end(), "S")
    for window in windows("".join(letters)):
        found.spoken[window.start] = window
        cover(window.start, window.end, "W")
    for match in IGNORED.finditer("".join(letters)):
        cover(match.start(), match.end(), "I")
    for numeral in numerals("".join(letters)):
        found.numbers[numeral.start] = numeral
        cover(numeral.start, numeral.end, numeral.code)
    found.shape = "".join(letters)
    return found


@cache
def pattern(text: str) -> re.Pattern[str]:
    r"""Return a pattern over shapes; ``<E>`` stands for a name, ``<N>`` for a count, and so on by code.

    Examples
    --------
    >>> shape = marked("The Dow fell 2%.").shape
    >>> bool(pattern(r"<E> fell <P>").search(shape))
    True
    """

    def token(match: re.Match[str]) -> str:
        code = match[1]
        if code == "N":
            return f"[{CODES['O']}{CODES['C']}]{COVER}*"
        if code == "A":  # any amount of change
            return f"[{CODES['P']}{CODES['T']}{CODES['B']}{CODES['Q']}]{COVER}*"
        return f"{CODES[code]}{COVER}*"

    return re.compile(re.sub(r"<([A-Z])>", token, text))
