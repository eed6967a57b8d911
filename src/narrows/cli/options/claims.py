"""Options of the checker of claims."""

from __future__ import annotations

from typing import Any

from narrows.cli.options.common import forms, output, whole

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
    checked.add_argument(
        "--store", metavar="DIR", help="store of closes, instead of tables: with the members of the index"
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
    study = questions.add_parser("study", help="every claim of the study against model and data")
    study.add_argument("claim", nargs="?", metavar="ID", help="one claim in full, such as day6.air")
    study.add_argument("--data", metavar="DIR", help="folder with tables of closes; the built-in if left out")
    study.add_argument("--verdict", metavar="NAME", help="only claims of one verdict, such as contradicted")
    study.add_argument(
        "--draws", type=whole("--draws", 1000), default=1000, metavar="N", help="number of draws (1000)"
    )
    study.add_argument(
        "--seed", type=whole("--seed", 1), default=1, metavar="N", help="seed of the draws (1)"
    )
    forms(study, csv="print one row a claim")
    output(study)
