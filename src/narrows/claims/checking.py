"""A draft to verdicts: one call for what `narrows claims check` does."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from narrows.claims.claim import Claim  # noqa: TC001 - part of the public result
from narrows.claims.document import Document, read
from narrows.claims.extraction import extract, text_day
from narrows.claims.verdict import Verdict  # noqa: TC001 - part of the public result
from narrows.claims.verification import Desk, verify
from narrows.errors import DataError, UsageError
from narrows.market.library import Library

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

__all__ = ["Checked", "Report", "check"]


@dataclass(frozen=True, slots=True)
class Checked:
    """A claim with its verdict."""

    claim: Claim
    verdict: Verdict

    def to_json(self) -> dict[str, Any]:
        """Return both as JSON values."""
        return self.claim.to_json() | self.verdict.to_json()


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a check.

    Parameters
    ----------
    document
        The draft as read.
    day
        Day that the text speaks of; None where neither it nor the caller says.
    checked
        Claims with verdicts, in the order of the text.
    """

    document: Document
    day: date | None
    checked: tuple[Checked, ...]

    @property
    def wrong(self) -> tuple[Checked, ...]:
        """Claims that do not hold."""
        return tuple(one for one in self.checked if one.verdict.holds is False)

    @property
    def open(self) -> tuple[Checked, ...]:
        """Claims that the data cannot tell."""
        return tuple(one for one in self.checked if one.verdict.holds is None)


def check(
    draft: str | bytes | Document,
    week: date | None = None,
    library: Library | str | Path | None = None,
    store: str | Path | None = None,
) -> Report:
    """Return a verdict on every numeric claim of a draft.

    Parameters
    ----------
    draft
        Markdown, HTML or plain text.
    week
        Last trading day of the week that the text speaks of, where it does not say.
    library
        Closes, or a folder of tables; the built-in closes if left out.
    store
        Folder of a store, instead of a folder of tables: with it the members of an index are checked too.

    Raises
    ------
    DataError
        If the text holds no claim, or the folder no closes.
    UsageError
        If the text is too large or nested too deep, or both a folder of tables and a store are named.

    Examples
    --------
    >>> report = check("The S&P 500 rose 0.78% in the week ended May 1, 2026.")
    >>> verdict = report.checked[0].verdict
    >>> verdict.name, verdict.words.split(",")[0]
    ('WRONG_BASE(monday)', '+0.91 % over the week')
    """
    if library is not None and store is not None:
        raise UsageError(
            "Both a folder of tables and a store are named",
            "Closes come from one of them",
            "Leave out --data or --store",
        )
    document = draft if isinstance(draft, Document) else read(draft)
    claims = extract(document, week)
    if not claims:
        raise DataError(
            "The text holds no numeric claim of a market",
            "A claim is a number beside the name of an index, fund, stock or good",
            "Give the text of a recap; `narrows claims list` shows the types",
        )
    desk = Desk(_books(library, store), claims, document.source, store)
    checked = tuple(Checked(claim, verify(claim, desk)) for claim in claims)
    return Report(document, week or text_day(document), checked)


@cache
def _shipped() -> Library:
    """Return the closes that come with narrows, with the histories made of them so far."""
    return Library()


def _books(library: Library | str | Path | None, store: str | Path | None) -> Library:
    if store is None:
        if library is None:
            return _shipped()
        return library if isinstance(library, Library) else Library(library)
    from narrows.market.shelf import Shelf
    from narrows.market.store import Store

    return Shelf(store, Store(store).last, whole=True)
