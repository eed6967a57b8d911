"""Formulas that are written once: as a spreadsheet reads them, and with the value that they have.

A `Term` is a piece of a formula and its value. Arithmetic on terms writes the text and computes the value
in one step, so that the value kept beside a formula is that of the formula and of nothing else.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = [
    "Span",
    "Term",
    "Text",
    "at",
    "choose",
    "constant",
    "exp",
    "greatest",
    "least",
    "log",
    "place",
    "stretch",
    "weighted",
]

Value = float | str


@dataclass(frozen=True, slots=True)
class Term:
    """A number of a formula: its text without the sign of equality, and its value.

    Parameters
    ----------
    text
        Such as ``Inputs!D5*2``.
    value
        What it is.
    whole
        Whether it stands in a product without brackets.

    Examples
    --------
    >>> cell = Term("Inputs!D5", 3.0)
    >>> (cell + 1) * cell
    Term(text='(Inputs!D5+1)*Inputs!D5', value=12.0, whole=False)
    """

    text: str
    value: float
    whole: bool = True

    def __add__(self, other: Term | int) -> Term:
        right = _term(other)
        return Term(f"{self.text}+{right.text}", self.value + right.value, whole=False)

    def __sub__(self, other: Term | int) -> Term:
        right = _term(other)
        return Term(f"{self.text}-{_closed(right)}", self.value - right.value, whole=False)

    def __mul__(self, other: Term | int) -> Term:
        right = _term(other)
        return Term(f"{_closed(self)}*{_closed(right)}", self.value * right.value, whole=False)

    def __truediv__(self, other: Term | int) -> Term:
        right = _term(other)
        value = self.value / right.value if right.value else math.inf  # only where another branch is taken
        return Term(f"{_closed(self)}/{_closed(right)}", value, whole=False)


@dataclass(frozen=True, slots=True)
class Text:
    """A text of a formula."""

    text: str
    value: str


@dataclass(frozen=True, slots=True)
class Span:
    """Cells that stand side by side, or one below the other.

    Parameters
    ----------
    text
        Such as ``Stack!C5:Z5``.
    terms
        The cells.
    """

    text: str
    terms: tuple[Any, ...]

    def __len__(self) -> int:
        return len(self.terms)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.terms)

    def __getitem__(self, at_: int) -> Any:
        return self.terms[at_]

    def first(self, count: int) -> Span:
        """Return the first cells of the span."""
        start, _, _ = self.text.partition(":")
        sheet, _, _ = start.partition("!")
        last = self.terms[count - 1].text.removeprefix(f"{sheet}!")
        return Span(f"{start}:{last}", self.terms[:count])


def constant(value: float) -> Term:
    """Return a constant as it stands in a formula, to the digits that a spreadsheet reads."""
    text = f"{value:.15g}"
    return Term(text, float(text))


def _term(value: Term | float) -> Term:
    return value if isinstance(value, Term) else Term(f"{value:g}", float(value))


def _closed(term: Term) -> str:
    return term.text if term.whole else f"({term.text})"


def _listed(parts: Sequence[Term | Span | int]) -> tuple[str, list[float]]:
    """Return parts as the arguments of a function, and their values."""
    texts: list[str] = []
    values: list[float] = []
    for part in parts:
        if isinstance(part, Span):
            texts.append(part.text)
            values.extend(term.value for term in part)
        else:
            texts.append(_term(part).text)
            values.append(_term(part).value)
    return ",".join(texts), values


def least(*parts: Term | Span | int) -> Term:
    """Return the least of terms and of cells.

    Examples
    --------
    >>> least(Term("A1", 3.0), 2)
    Term(text='MIN(A1,2)', value=2.0, whole=True)
    """
    text, values = _listed(parts)
    return Term(f"MIN({text})", min(values))


def greatest(*parts: Term | Span | int) -> Term:
    """Return the greatest of terms and of cells."""
    text, values = _listed(parts)
    return Term(f"MAX({text})", max(values))


def exp(term: Term) -> Term:
    """Return e to the power of a term."""
    return Term(f"EXP({term.text})", math.exp(term.value))


def log(term: Term) -> Term:
    """Return the natural logarithm of a term."""
    return Term(f"LN({term.text})", math.log(term.value))


def weighted(weights: Span, values: Span) -> Term:
    """Return the sum of products of two spans.

    Examples
    --------
    >>> two = Span("A1:A2", (Term("A1", 2.0), Term("A2", 3.0)))
    >>> weighted(two, two)
    Term(text='SUMPRODUCT(A1:A2,A1:A2)', value=13.0, whole=True)
    """
    total = math.fsum(w.value * v.value for w, v in zip(weights, values, strict=True))
    return Term(f"SUMPRODUCT({weights.text},{values.text})", total)


def at(span: Span, position: Term) -> Any:
    """Return the cell of a span at a position, counted from 1: a term, or a text where the cells are texts.

    Examples
    --------
    >>> at(Span("A1:B1", (Term("A1", 2.0), Term("B1", 3.0))), Term("D1", 2.0))
    Term(text='INDEX(A1:B1,D1)', value=3.0, whole=True)
    """
    value = span.terms[round(position.value) - 1].value
    made = Text if isinstance(value, str) else Term
    return made(f"INDEX({span.text},{position.text})", value)


def place(span: Span, value: Term, *, exact: bool = True) -> Term:
    """Return the position of a value in a span, counted from 1.

    Parameters
    ----------
    span
        Cells; rising where the position is not exact.
    value
        What is looked for.
    exact
        Whether it stands there; else the last cell that is not above it is found.
    """
    values = [term.value for term in span]
    found = values.index(value.value) + 1 if exact else bisect_right(values, value.value)
    return Term(f"MATCH({value.text},{span.text},{0 if exact else 1})", float(found))


def stretch(span: Span, first: Term, last: Term) -> Term:
    """Return the sum of the cells of a span from one position to another, counted from 1."""
    found = span.terms[round(first.value) - 1 : round(last.value)]
    text = f"SUM(INDEX({span.text},{first.text}):INDEX({span.text},{last.text}))"
    return Term(text, math.fsum(term.value for term in found))


def choose(left: Term, sign: str, right: Term | int, yes: Term | int, no: Term | int) -> Term:
    """Return one term where a comparison holds, else another.

    Parameters
    ----------
    left, right
        What is compared.
    sign
        ``=``, ``<>``, or ``<=``.
    yes, no
        Terms where it holds, and where it does not.

    Examples
    --------
    >>> choose(Term("A1", 0.0), "=", 0, 7, Term("B1", 2.0))
    Term(text='IF(A1=0,7,B1)', value=7.0, whole=True)
    """
    first, second, then, other = (_term(part) for part in (left, right, yes, no))
    holds = {
        "=": first.value == second.value,
        "<>": first.value != second.value,
        "<=": first.value <= second.value,
    }[sign]
    text = f"IF({first.text}{sign}{second.text},{then.text},{other.text})"
    return Term(text, then.value if holds else other.value)
