"""``narrows claims``: the numbers of a market text against the closes, and the claims of the study."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from narrows.cli.output import emit, width
from narrows.errors import DataError, UnknownNameError, UsageError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable

__all__ = ["run"]

WRONG = 4
"""Exit code where a claim is wrong."""


def run(arguments: Namespace) -> int:
    """Answer the question."""
    if arguments.question is None:
        raise UsageError(
            "`narrows claims` is given no question",
            "The questions are check, list and study",
            "Write, for instance, narrows claims check draft.md",
        )
    if arguments.question == "list":
        from narrows.report.claims import types_json, types_text

        emit(types_json() if arguments.json else types_text(width()), arguments.output)
        return 0
    if arguments.question == "study":
        return _study(arguments)
    from narrows.claims import check
    from narrows.report.claims import claims_annotated, claims_json, claims_text

    report = check(_draft(arguments.file), _day(arguments.week), arguments.data, arguments.store)
    if arguments.json:
        text = claims_json(report)
    else:
        text = claims_annotated(report) if arguments.annotate else claims_text(report, width())
    emit(text, arguments.output)
    return WRONG if report.wrong else 0


def _study(arguments: Namespace) -> int:
    """Show the ledger of the study's claims, or one claim in full."""
    from narrows.claims.study import VERDICTS, ledger
    from narrows.report.claims_study import claim_text, ledger_csv, ledger_json, ledger_text

    verdict = arguments.verdict
    if verdict is not None and verdict not in VERDICTS:
        raise UnknownNameError("verdict", verdict, VERDICTS, remedy=f"Name one of {', '.join(VERDICTS)}")
    asked = None if arguments.claim is None else [arguments.claim]
    found = ledger(
        asked,
        draws=arguments.draws,
        seed=arguments.seed,
        data=arguments.data,
        progress=_progress(quiet=arguments.quiet),
    )
    if verdict is not None:
        found = found.only(verdict)
    if arguments.json:
        text = ledger_json(found)
    elif arguments.csv:
        text = ledger_csv(found)
    elif asked is not None and found.entries:
        text = claim_text(found, width())
    else:
        text = ledger_text(found, width())
    emit(text, arguments.output)
    return 0


def _progress(*, quiet: bool) -> Callable[[int, int], None] | None:
    if quiet or sys.stderr is None or not sys.stderr.isatty():
        return None

    def show(done: int, total: int) -> None:
        end = "\r" if done < total else "\r\033[K"
        print(f"narrows: {done} of {total} claims, Ctrl-C stops", end=end, file=sys.stderr, flush=True)

    return show


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
