"""Options of the checker of claims."""

from __future__ import annotations

from typing import Any

from narrows.cli.options.common import output

__all__ = ["add"]


def add(commands: Any) -> None:
    """Add the commands of claims."""
    room = commands.add_parser("claims", help="the numbers of a market text, checked against the closes")
    questions = room.add_subparsers(dest="question", metavar="QUESTION", parser_class=type(room))
    checked = questions.add_parser("check", help="a verdict on every numeric claim; exit 4 if one is wrong")
    checked.add_argument("file", metavar="FILE", help="Markdown, HTML or plain text; - for stdin")
    checked.add_argument(
        "--week", metavar="DATE", help="last trading day of the week that the text speaks of"
    )
    checked.add_argument(
        "--data", metavar="DIR", help="folder with tables of closes; the built-in if left out"
    )
    form = checked.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON")
    form.add_argument(
        "--annotate", action="store_true", help="print the text with verdicts between its lines"
    )
    output(checked, quiet=False)
    listed = questions.add_parser("list", help="the types of claims, with examples, and the verdicts")
    listed.add_argument("--json", action="store_true", help="print JSON")
    output(listed, quiet=False)
