"""What `narrows compute`, `memory`, `network` and `systems` share: show and audit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from narrows.cli.output import emit
from narrows.errors import UsageError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Mapping

__all__ = ["audited", "run_room", "shown"]

DEFECTS = 4  # exit code where an audit finds something


def run_room(arguments: Namespace, answers: Mapping[str, Callable[[Namespace], tuple[str, int]]]) -> int:
    """Answer one question of a room, show it, and return the exit code.

    Parameters
    ----------
    arguments
        As parsed.
    answers
        By question, what gives the text and the exit code.
    """
    if arguments.question is None:
        raise UsageError(
            f"`narrows {arguments.command}` is given no question",
            f"Its questions are {', '.join(sorted(answers))}",
            f"See `narrows {arguments.command} --help`",
        )
    text, code = answers[arguments.question](arguments)
    emit(text, arguments.output)
    return code


def shown(
    room: str, arguments: Namespace, tables: Callable[[], Any], one: Callable[[str], Any]
) -> tuple[str, int]:
    """Return what a room holds, or all that it holds of one thing."""
    from narrows.report import machines

    if arguments.name is None:
        lines = tables()
        form = (
            machines.lines_json
            if arguments.json
            else machines.lines_csv
            if arguments.csv
            else machines.lines_text
        )
        return form(room, lines), 0
    found = one(arguments.name)
    whole = (
        machines.holding_json
        if arguments.json
        else machines.holding_csv
        if arguments.csv
        else machines.holding_text
    )
    return whole(found), 0


def audited(room: str, arguments: Namespace) -> tuple[str, int]:
    """Return the audit of a room of the catalogue, or of a file; exit code 4 where it finds something."""
    from narrows.report.audit import audit_csv, audit_file, audit_json, audit_room, audit_text

    if arguments.file is None:
        subject = f"Facts of {room}"
        found, kept = audit_room(room)
    else:
        subject = arguments.file
        found, kept = audit_file(arguments.file)
    if arguments.csv:
        text = audit_csv(found)
    else:
        text = (audit_json if arguments.json else audit_text)(subject, found, kept)
    return text, DEFECTS if found else 0
