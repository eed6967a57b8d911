"""What a check says of a claim: the verdict, the number, the query in words, the reading that would fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["HOLDS", "OPEN", "VERDICTS", "Reading", "Verdict"]

VERDICTS = {
    "TRUE": "the number is as printed",
    "ROUNDING": "truncated or misrounded: less than one unit of the last digit away",
    "WRONG_BASE": "right from another base",
    "WINDOW": "right over another window",
    "WRONG_ENTITY": "right for another instrument",
    "WRONG_UNIT": "right in another unit",
    "STALE": "was right on an earlier date",
    "INSTRUMENT": "another instrument than the one held",
    "UNVERIFIABLE": "the data cannot tell",
    "FALSE": "wrong, and no reading fits",
}
"""Verdicts and what they mean."""
HOLDS = frozenset({"TRUE"})
OPEN = frozenset({"UNVERIFIABLE", "INSTRUMENT"})
"""Verdicts that say neither right nor wrong, where no number could be recomputed."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Another reading of a claim, which gives the printed number.

    Parameters
    ----------
    verdict
        Class of the verdict.
    which
        The base, window, instrument or unit.
    words
        The reading with its sessions, in words.
    value
        What it gives.
    """

    verdict: str
    which: str
    words: str
    value: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of a check.

    Parameters
    ----------
    verdict
        One of `VERDICTS`.
    which
        The base, window, instrument, unit, date or reason; empty where there is none.
    value
        As recomputed, in the unit of the claim; None where it cannot be.
    words
        The query in words, with the base session and dates.
    reading
        What the printed number is, where another reading gives it.
    tried
        Number of readings tried up to that one.
    chance
        Chance that so many readings hit the printed number by accident.
    data
        Hash of the closes that were read.
    note
        What a reader must know besides: a stand-in, where the data begin.
    """

    verdict: str
    which: str = ""
    value: float | None = None
    words: str = ""
    reading: Reading | None = None
    tried: int = 0
    chance: float | None = None
    data: str = ""
    note: str = ""

    @property
    def name(self) -> str:
        """The verdict with what it names.

        Examples
        --------
        >>> Verdict("WRONG_BASE", "monday").name
        'WRONG_BASE(monday)'
        """
        return f"{self.verdict}({self.which})" if self.which else self.verdict

    @property
    def holds(self) -> bool | None:
        """Whether the claim holds; None where the data cannot tell.

        A number that fits another instrument than the one named is wrong; an instrument that is not in the
        data leaves the claim open.
        """
        if self.verdict in OPEN and self.reading is None:
            return None
        return self.verdict in HOLDS

    def to_json(self) -> dict[str, Any]:
        """Return the verdict as JSON values."""
        reading = self.reading
        return {
            "verdict": self.verdict,
            "which": self.which,
            "holds": self.holds,
            "value": self.value,
            "words": self.words,
            "reading": None if reading is None else {"words": reading.words, "value": reading.value},
            "readings_tried": self.tried,
            "chance": self.chance,
            "data": self.data,
            "note": self.note,
        }
