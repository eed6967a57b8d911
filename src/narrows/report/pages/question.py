"""What a page is asked: changed inputs, a quarter, and the vintage and model that a link was made with.

A link carries everything that moves its numbers, in one canonical order: the same question typed in
another order is the same address.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_plus

from narrows.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["LONGEST_QUERY", "Question", "read_question"]

LONGEST_QUERY = 2000
"""Letters of a query that is read."""
MOST_CHANGES = 40
"""Inputs that one link may change."""
PAGE_KEYS = ("q", "v", "m", "a", "b", "query", "page", "quick")
"""Keys with a meaning of their own: quarter, vintage, model, two scenarios, words, page, fewer draws."""
FACTOR_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Question:
    """A question to a page.

    Parameters
    ----------
    changes
        Pairs (fact or series, factor) in order of the id; a factor of 1 is no change.
    quarter
        Quarter in view; empty for the first of the map.
    vintage, model
        What the link was made with; empty where it does not say.
    a, b
        Two scenarios to compare, each the query of a link.
    words
        Words to search.
    page
        Page of a long list, from 1.
    quick
        Whether the facts as they stand are asked with the draws of a what-if, to compare one with them.

    Examples
    --------
    >>> Question((("cowos.capacity", 1.2),), "2027Q1").query()
    'cowos.capacity=1.2&q=2027Q1'
    """

    changes: tuple[tuple[str, float], ...] = ()
    quarter: str = ""
    vintage: str = ""
    model: str = ""
    a: str = ""
    b: str = ""
    words: str = ""
    page: int = 1
    quick: bool = False

    def query(self, *, vintage: str = "", model: str = "") -> str:
        """Return the canonical query of the changes and the quarter, with vintage and model where given."""
        pairs = [(name, f"{factor:.{FACTOR_DIGITS}g}") for name, factor in self.changes]
        quick = "1" if self.quick and not self.changes else ""
        own = (("q", self.quarter), ("quick", quick), ("v", vintage), ("m", model))
        pairs += [(key, text) for key, text in own if text]
        return "&".join(f"{quote(name, safe='')}={quote(text, safe='')}" for name, text in pairs)

    @property
    def scenario(self) -> Question:
        """The same scenario without the quarter in view: what the numbers depend on."""
        return Question(self.changes, quick=self.quick and not self.changes)

    def at(self, quarter: str) -> Question:
        """Return the question with another quarter in view."""
        return replace(self, quarter=quarter)


def read_question(query: str) -> Question:
    """Read a query.

    Parameters
    ----------
    query
        Text behind the question mark of an address.

    Raises
    ------
    UsageError
        If it is too long, names a key twice, or gives a factor that is no number.

    Examples
    --------
    >>> read_question("q=2027Q1&cowos.capacity=1.20").query()
    'cowos.capacity=1.2&q=2027Q1'
    """
    if len(query) > LONGEST_QUERY:
        raise UsageError(
            f"The query of this address has {len(query)} letters",
            f"A query has at most {LONGEST_QUERY}",
            "Send a larger scenario to POST /api/v1/scenario",
        )
    own: dict[str, str] = {}
    changes: dict[str, float] = {}
    for name, text in _pairs(query):
        if name in own or name in changes:
            raise UsageError(
                f"The query gives {name!r} twice", "Each input stands once", "Keep one of the two"
            )
        if name in PAGE_KEYS:
            own[name] = text
        elif name:
            changes[name] = _factor(name, text)
    if len(changes) > MOST_CHANGES:
        raise UsageError(
            f"The query changes {len(changes)} inputs",
            f"A link changes at most {MOST_CHANGES}",
            "Send a larger scenario to POST /api/v1/scenario",
        )
    kept = tuple(sorted((name, factor) for name, factor in changes.items() if factor != 1.0))
    return Question(
        kept,
        own.get("q", ""),
        own.get("v", ""),
        own.get("m", ""),
        own.get("a", ""),
        own.get("b", ""),
        own.get("query", ""),
        _page(own.get("page", "1")),
        "quick" in own,
    )


def _pairs(query: str) -> Iterable[tuple[str, str]]:
    for part in query.split("&"):
        name, _, text = part.partition("=")
        yield unquote_plus(name, errors="replace"), unquote_plus(text, errors="replace")


def _factor(name: str, text: str) -> float:
    try:
        factor = float(text)
    except ValueError:
        factor = math.nan
    if not (math.isfinite(factor) and factor >= 0):
        raise UsageError(
            f"The query scales {name!r} by {text!r}",
            "A factor is a finite number from 0",
            f"Write {name}=0.8 to take a fifth away",
        )
    return float(f"{factor:.{FACTOR_DIGITS}g}")


def _page(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text[:6]) > 0:
        return int(text[:6])
    raise UsageError(f"The page is {text!r}", "Pages are counted from 1", "Leave it out for the first page")
