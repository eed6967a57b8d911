"""Every error the house can raise: what was given, what is acceptable, what to do.

Each class carries the data of its case and the exit code of the command line
(1 run failed, 2 usage, 3 data missing or stale, 4 validation failed, 5 network).
"""

from __future__ import annotations

import difflib
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "DataError",
    "NarrowsError",
    "OutputError",
    "RunError",
    "UnknownNameError",
    "UsageError",
    "ValidationError",
    "nearest",
]

ALIKE = 0.4
"""Share of letters in the same order from which two names are alike."""


def nearest(text: str, known: Iterable[str], count: int = 3) -> list[str]:
    """Return the known names most like a text, best first: a suggestion, never a match.

    Notes
    -----
    What `difflib.get_close_matches` returns. Names whose letters, in any order, could not be more alike than
    the best so far are not compared, which is most of them.

    Examples
    --------
    >>> nearest("cowoss", ["cowos", "hbm_stack", "rack"])
    ['cowos']
    """
    letters = Counter(text)
    most = [  # the likeness that a name could have, were the order of its letters no matter
        (2 * sum(map(min, letters.values(), map(name.count, letters))) / max(len(name) + len(text), 1), name)
        for name in set(known)
    ]
    matcher = difflib.SequenceMatcher(b=text)
    best: list[tuple[float, str]] = []
    for bound, name in sorted(most, reverse=True):
        if bound < ALIKE or (len(best) == count and bound < best[-1][0]):
            break
        matcher.set_seq1(name)
        found = matcher.ratio()
        if found >= ALIKE:
            best = sorted([*best, (found, name)], reverse=True)[:count]
    return [name for _, name in best]


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else text + "."


class NarrowsError(Exception):
    """A refusal in three parts.

    Parameters
    ----------
    given
        What was given, and where.
    acceptable
        What is acceptable: the nearest names or the range.
    remedy
        What to do.

    Examples
    --------
    >>> print(NarrowsError("Draws are -5", "Draws are 1 to 1000000", "Give --draws 10000"))
    Draws are -5. Draws are 1 to 1000000. Give --draws 10000.
    """

    exit_code = 1

    def __init__(self, given: str, acceptable: str, remedy: str) -> None:
        self.given, self.acceptable, self.remedy = given, acceptable, remedy
        super().__init__(" ".join(_sentence(part) for part in (given, acceptable, remedy)))

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how to make the error again in another process, the data of its case with it."""
        return _again, (type(self), self.args), vars(self)


def _again(kind: type[NarrowsError], args: tuple[Any, ...]) -> NarrowsError:
    return kind.__new__(kind, *args)


class RunError(NarrowsError):
    """The run itself failed."""


class UsageError(NarrowsError):
    """What the user asked for cannot be understood or is out of range."""

    exit_code = 2


class UnknownNameError(UsageError):
    """A name that is not known, with the nearest that are.

    Examples
    --------
    >>> print(UnknownNameError("layer", "cowoss", ["cowos", "rack"], remedy="List them with `narrows layer`"))
    The layer 'cowoss' is not known. The nearest known: 'cowos'. List them with `narrows layer`.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str], remedy: str, where: str = "") -> None:
        self.kind, self.name, self.known = kind, name, sorted(set(known))
        close = nearest(name, self.known) or self.known[:3]
        shown = ", ".join(repr(text) for text in close) or "none"
        place = f" in {where}" if where else ""
        super().__init__(f"The {kind} {name!r}{place} is not known", f"The nearest known: {shown}", remedy)


class DataError(NarrowsError):
    """Data are missing, stale or broken: a fact, a source, a scenario file."""

    exit_code = 3


class OutputError(NarrowsError):
    """A result cannot be written where it was asked for; nothing was half-written."""


class ValidationError(NarrowsError):
    """A validation row that must hold does not."""

    exit_code = 4
