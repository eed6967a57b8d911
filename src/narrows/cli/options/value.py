"""Options of who keeps the value."""

from __future__ import annotations

from typing import Any

from narrows.cli.options.common import forms, number, output, pictures, question, whole

__all__ = ["add"]


def add(commands: Any) -> None:
    """Add the commands of who keeps the value."""
    room = commands.add_parser("value", help="who keeps the rent of scarcity: layers, companies, a back-test")
    questions = room.add_subparsers(dest="question", metavar="QUESTION", parser_class=type(room))
    show = questions.add_parser("show", help="rent by layer, what its makers keep, companies ranked")
    show.add_argument(
        "quarter", nargs="?", help="first of four quarters, such as 2026Q4; today's if left out"
    )
    question(show)
    forms(show, csv="print one row a figure")
    pictures(show)
    output(show)
    one = questions.add_parser("company", help="what one company keeps, through which layers, what moves it")
    one.add_argument("name", help="a company such as tsmc, by id, name or ticker")
    one.add_argument("quarter", nargs="?", help="first of four quarters; today's if left out")
    question(one)
    one.add_argument("--json", action="store_true", help="print JSON")
    output(one)
    two = questions.add_parser("compare", help="two companies, or a scenario and the stack as it stands")
    two.add_argument("first", metavar="A", help="a company, or a scenario file (.toml)")
    two.add_argument("second", metavar="B", nargs="?", help="another company")
    two.add_argument("--quarter", metavar="Q", help="first of four quarters; today's if left out")
    question(two)
    two.add_argument("--json", action="store_true", help="print JSON")
    output(two)
    past = questions.add_parser("backtest", help="whether a layer's rent led its makers' margins")
    past.add_argument(
        "--draws", type=whole("--draws", 2000), default=2000, metavar="N", help="number of draws (2000)"
    )
    past.add_argument("--seed", type=whole("--seed", 1), default=1, metavar="N", help="seed of the draws (1)")
    past.add_argument(
        "--exposed",
        type=number("--exposed", "0.1"),
        default=0.0,
        metavar="SHARE",
        help="count only makers of which the layer brings at least this share of revenue (0)",
    )
    past.add_argument(
        "--margins",
        choices=("companies", "segments"),
        default="companies",
        help="margins of whole companies, or of the segments that book the layer (companies)",
    )
    past.add_argument(
        "--change",
        choices=("same", "next"),
        help="compare the change of rent share with margins of the same, or of the next, four quarters",
    )
    past.add_argument("--json", action="store_true", help="print JSON")
    output(past)
    taken = questions.add_parser("import", help="accounts of a company from a file of the SEC, as facts")
    taken.add_argument("file", help="a companyfacts JSON, or num.tsv of the Financial Statement Data Sets")
    taken.add_argument("--company", metavar="ID", required=True, help="id of the company in companies.toml")
    taken.add_argument("--filing", metavar="N", help="accession number, where a table holds several filings")
    taken.add_argument(
        "--filed", metavar="DAY", help="day of the filing, where no sub.tsv is beside the table"
    )
    taken.add_argument("--json", action="store_true", help="print JSON")
    output(taken)
