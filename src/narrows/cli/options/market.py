"""Options of the market."""

from __future__ import annotations

from typing import Any

from narrows.cli.options.common import output, pictures, whole

__all__ = ["add"]


def add(commands: Any) -> None:
    """Add the commands of the market."""
    room = commands.add_parser("market", help="the week in numbers and words, from closes")
    questions = room.add_subparsers(
        dest="question", metavar="QUESTION", required=True, parser_class=type(room)
    )
    _market_recap(questions)
    _market_draft(questions)
    _market_ingest(questions)
    _market_fetch(questions)
    _market_status(questions)
    _market_sql(questions)


def _market_recap(questions: Any) -> None:
    week = questions.add_parser("recap", help="indices, sectors, what drove the week, what it may hide")
    week.add_argument("week", metavar="DATE", help="a day of the week, such as 2026-05-01")
    week.add_argument(
        "--data", metavar="DIR", help="folder with tables of closes; those that ship if left out"
    )
    week.add_argument(
        "--store", metavar="DIR", help="store of closes, instead of tables: with breadth and contribution"
    )
    week.add_argument(
        "--universe",
        metavar="NAME",
        help="members of which index of the store; tickers with a sector if left out",
    )
    week.add_argument(
        "--news",
        metavar="FILE",
        nargs="+",
        help="RSS or Atom files on disk, whose items of the week are listed",
    )
    form = week.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON")
    form.add_argument("--html", action="store_true", help="print one HTML page with its picture")
    pictures(week, "pictures: sectors in FILE, the others beside it")
    output(week)
    week.set_defaults(command="market_recap")


def _market_draft(questions: Any) -> None:
    asked = questions.add_parser(
        "draft", help="the week as a language model orders it, if its draft passes the check of claims"
    )
    asked.add_argument("week", metavar="DATE", help="a day of the week, such as 2026-05-01")
    asked.add_argument(
        "--endpoint",
        metavar="URL",
        required=True,
        help="address that takes /chat/completions: https, or http on this machine",
    )
    asked.add_argument("--model", metavar="NAME", required=True, help="name of the model there")
    asked.add_argument("--key-env", metavar="VAR", help="variable of the environment that holds the key")
    closes = asked.add_mutually_exclusive_group()
    closes.add_argument(
        "--data", metavar="DIR", help="folder with tables of closes; those that ship if left out"
    )
    closes.add_argument("--store", metavar="DIR", help="store of closes, instead of tables")
    asked.add_argument("--json", action="store_true", help="print JSON")
    output(asked)
    asked.set_defaults(command="market_draft")


def _market_ingest(questions: Any) -> None:
    intake = questions.add_parser("ingest", help="read tables of closes into a store")
    intake.add_argument("source", metavar="SOURCE_DIR", help="folder of tables (CSV, Parquet)")
    intake.add_argument(
        "--store", metavar="DIR", required=True, help="folder of the store; made if it is not there"
    )
    intake.add_argument("--json", action="store_true", help="print JSON")
    output(intake)
    intake.set_defaults(command="market_ingest")


def _market_fetch(questions: Any) -> None:
    asked = questions.add_parser(
        "fetch", help="closes of a provider into a store: two requests a second at most"
    )
    asked.add_argument(
        "provider", metavar="PROVIDER", help="yahoo, stooq, fred, edgar, openbb, or one that is installed"
    )
    asked.add_argument("symbols", metavar="SYMBOL", nargs="+", help="such as SPY")
    asked.add_argument("--start", metavar="DATE", required=True, help="first day")
    asked.add_argument("--end", metavar="DATE", required=True, help="last day")
    asked.add_argument("--store", metavar="DIR", required=True, help="folder of the store")
    asked.add_argument("--json", action="store_true", help="print JSON")
    output(asked)
    asked.set_defaults(command="market_fetch")


def _market_status(questions: Any) -> None:
    state = questions.add_parser("status", help="what a store holds, from where, and what is odd in it")
    state.add_argument("--store", metavar="DIR", required=True, help="folder of the store")
    state.add_argument("--json", action="store_true", help="print JSON")
    output(state)
    state.set_defaults(command="market_status")


def _market_sql(questions: Any) -> None:
    asked = questions.add_parser("sql", help="one SELECT to a store; no file and no network")
    asked.add_argument("text", metavar="SELECT", help='such as "SELECT * FROM weeks"')
    asked.add_argument("--store", metavar="DIR", required=True, help="folder of the store")
    asked.add_argument(
        "--limit", type=whole("--limit", 1000), default=1000, metavar="N", help="rows at most (default 1000)"
    )
    asked.add_argument("--json", action="store_true", help="print JSON")
    output(asked)
    asked.set_defaults(command="market_sql")
