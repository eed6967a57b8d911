"""Options of the map and what is asked of it."""

from __future__ import annotations

from typing import Any

from narrows.cli.options.common import forms, number, output, pictures, question, whole

__all__ = ["add"]


def add(commands: Any) -> None:
    """Add the commands of the map and what is asked of it."""
    for one in (_map, _prices, _cascade, _time, _headlines, _makers, _plan, _loop, _sites):
        one(commands)


def _map(commands: Any) -> None:
    show = commands.add_parser(
        "map", help="which layer binds in each quarter, at what price, what is deployed"
    )
    show.add_argument("--quarters", metavar="A:B", help="quarters to show, such as 2026Q4:2030Q4")
    show.add_argument(
        "--relax", action="store_true", help="what more of each layer brings, from --quarters on"
    )
    show.add_argument(
        "--add", metavar="SHARE", type=number("--add", "0.1"), help="with --relax: 0.1 adds 10 %%"
    )
    show.add_argument(
        "--budget", metavar="USD", type=number("--budget", "5e9"), help="with --relax: money to split"
    )
    question(show)
    forms(show, json="print JSON (see `narrows schema`)", csv="print one row a layer and quarter")
    pictures(show)
    show.add_argument(
        "--xlsx", metavar="FILE", help="also write a workbook with live formulas (extra 'xlsx')"
    )
    output(show)


def _prices(commands: Any) -> None:
    priced = commands.add_parser(
        "prices", help="what capacity of a quarter is worth, who binds together, who earns what of more"
    )
    priced.add_argument("quarter", nargs="?", help="such as 2026Q4; today's if left out")
    priced.add_argument(
        "--add",
        metavar="SHARE",
        type=number("--add", "0.1"),
        default=0.1,
        help="capacity that all layers gain in the joint question (0.1)",
    )
    question(priced)
    forms(priced)
    pictures(priced)
    output(priced)


def _cascade(commands: Any) -> None:
    moves = commands.add_parser(
        "cascade", help="what binds after each relief, and where the constraint moves"
    )
    moves.add_argument("quarter", nargs="?", help="quarter of the decisions; today's if left out")
    moves.add_argument("--at", metavar="QUARTER", help="quarter asked about; default: 20 quarters later")
    moves.add_argument(
        "--steps", type=whole("--steps", 6), default=6, metavar="N", help="most layers raised (6)"
    )
    question(moves)
    forms(moves)
    pictures(moves)
    output(moves)


def _time(commands: Any) -> None:
    spans = commands.add_parser("time", help="when each layer stops being short")
    spans.add_argument("quarter", nargs="?", help="quarter that years are counted from; today's if left out")
    question(spans)
    forms(spans)
    pictures(spans)
    output(spans)


def _headlines(commands: Any) -> None:
    heads = commands.add_parser(
        "headlines", help="the facts that move each headline most, and what knowing them better is worth"
    )
    heads.add_argument("quarter", nargs="?", help="the quarter that is now; today's if left out")
    question(heads)
    forms(heads)
    output(heads, quiet=False)


def _makers(commands: Any) -> None:
    maker = commands.add_parser("makers", help="who makes each layer, and what is lost when one stops")
    maker.add_argument(
        "name", nargs="?", help="a layer such as cowos, or a company such as nvidia; all if left out"
    )
    maker.add_argument("--quarter", metavar="Q", help="quarter in which a maker stops, such as 2027Q1")
    question(maker)
    forms(maker, csv="print one row a figure")
    maker.add_argument("--svg", metavar="FILE", help="also write the makers of all layers as a picture")
    output(maker)


def _plan(commands: Any) -> None:
    best = commands.add_parser("plan", help="the best plan of several products that share layers")
    best.add_argument("--quarters", metavar="A:B", help="quarters to show, such as 2027Q1:2030Q4")
    best.add_argument("--products", metavar="NAMES", help="makers, families or designs, such as nvidia,tpu")
    best.add_argument("--fixed-mix", action="store_true", help="keep the mix of designs as stated")
    best.add_argument("--expand", action="store_true", help="also buy capacity where its cost is known")
    best.add_argument("--elastic", action="store_true", help="also let demand follow the price")
    best.add_argument(
        "--at-least",
        metavar="PRODUCT=AMOUNT",
        action="append",
        default=[],
        help="a promise: a share of demand up to 1, or H100e a quarter",
    )
    question(best, draws=1)
    forms(best, json="print JSON: every number by its id", csv="print one row a number")
    output(best, quiet=False)


def _loop(commands: Any) -> None:
    back = commands.add_parser("loop", help="revenue funds capital, capital orders compute: with and without")
    back.add_argument("--quarters", metavar="A:B", help="quarters to show, such as 2026Q4:2030Q4")
    question(back)
    forms(back, json="print JSON: every number by its id", csv="print one row a number")
    output(back, quiet=False)


def _sites(commands: Any) -> None:
    place = commands.add_parser("sites", help="power at tracked sites by day, with the slip of their plans")
    place.add_argument("site", nargs="?", help="a site such as colossus-2; all sites if left out")
    place.add_argument("--on", nargs="+", metavar="DATE", help="days, such as 2026-03-31 2026-05-15")
    place.add_argument("--quarters", metavar="A:B", help="quarters by their last day, such as 2026Q1:2027Q4")
    place.add_argument("--score", metavar="FILE", help="score the forecast by a later table of the sites")
    question(place)
    forms(place, csv="print one row a day and site")
    place.add_argument("--svg", metavar="FILE", help="also write the fan chart")
    output(place, quiet=False)
