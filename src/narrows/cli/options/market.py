"""Options of the market."""

from __future__ import annotations

from typing import Any

from narrows.cli.options.common import output, pictures

__all__ = ["add"]


def add(commands: Any) -> None:
    """Add the commands of the market."""
    room = commands.add_parser("market", help="the week in numbers and words, from closes")
    questions = room.add_subparsers(
        dest="question", metavar="QUESTION", required=True, parser_class=type(room)
    )
    _market_recap(questions)


def _market_recap(questions: Any) -> None:
    week = questions.add_parser("recap", help="indices, sectors, what drove the week, what it may hide")
    week.add_argument("week", metavar="DATE", help="a day of the week, such as 2026-05-01")
    week.add_argument(
        "--data", metavar="DIR", help="folder with tables of closes; those that ship if left out"
    )
    form = week.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON")
    form.add_argument("--html", action="store_true", help="print one HTML page with its picture")
    pictures(week)
    output(week)
    week.set_defaults(command="market_recap")
