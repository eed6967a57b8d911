"""``narrows claims check`` and ``narrows claims list``: the numbers of a market text against the closes."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from narrows.cli.output import emit, width
from narrows.errors import DataError, UsageError

if TYPE_CHECKING:
    from argparse import Namespace

__all__ = ["run"]

WRONG = 4
"""Exit code where a claim is wrong."""


def run(arguments: Namespace) -> int:
    """Answer the question."""
    if arguments.question is None:
        raise UsageError(
            "`narrows claims` is given no question",
            "The questions are check and list",
            "Write, for instance, narrows claims check draft.md",
        )
    if arguments.question == "list":
        from narrows.report.claims import types_json, types_text

        emit(types_json() if arguments.json else types_text(width()), arguments.output)
        return 0
    from narrows.claims import check
    from narrows.report.claims import claims_annotated, claims_json, claims_text

    report = check(_draft(arguments.file), _day(arguments.week), arguments.data)
    if arguments.json:
        text = claims_json(report)
    else:
        text = claims_annotated(report) if arguments.annotate else claims_text(report, width())
    emit(text, arguments.output)
    return WRONG if report.wrong else 0


def _draft(name: str) -> bytes:
    """Return the bytes of a file, or of stdin, and not more than are read."""
    from narrows.claims.document import LARGEST_BYTES

    try:
        if name == "-":
            return sys.stdin.buffer.read(LARGEST_BYTES + 1)
        with Path(name).open("rb") as file:
            return file.read(LARGEST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise DataError(
            f"The draft {name!r} cannot be read: {getattr(error, 'strerror', None) or error}",
            "A draft is a file of Markdown, HTML or plain text, or - for stdin",
            "Name another file",
        ) from error


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"The option --week is given {text!r}",
            "It takes the last trading day of the week as YYYY-MM-DD",
            "Write, for instance, --week 2026-05-01",
        ) from None
