"""Options of power and cooling."""

from __future__ import annotations

from typing import Any

from narrows.cli.options.common import forms, number, output, whole

__all__ = ["add"]


def add(commands: Any) -> None:
    """Add the commands of power and cooling."""
    room = commands.add_parser(
        "facility", help="power and cooling of a site: when power comes, from what, what cools"
    )
    questions = room.add_subparsers(dest="question", metavar="QUESTION", parser_class=type(room))
    _facility_power_date(questions)
    _facility_rack(questions)
    _facility_simulate(questions)
    _facility_sweep(questions)
    _facility_supply(questions)
    _facility_frontier(questions)
    _facility_electrical(questions)
    _facility_need(questions)
    _facility_lead(questions)


def _facility_power_date(questions: Any) -> None:
    dated = questions.add_parser("power-date", help="when a site has power, and what decides")
    dated.add_argument(
        "--mw", type=number("--mw", "100"), default=100.0, metavar="MW", help="facility power (100)"
    )
    dated.add_argument("--path", default="grid", help="grid, onsite, bridge or leased (grid)")
    dated.add_argument("--start", metavar="MONTH", help="month of the first works; the facts' if left out")
    dated.add_argument("--state", metavar="STATE", help="state whose queue has a fact, such as tx")
    dated.add_argument("--let", action="store_true", help="built by a landlord to be let")
    dated.add_argument("--converted", action="store_true", help="into a shell or industrial site that stands")
    dated.add_argument("--quick-permits", action="store_true", help="where permits come quicker than usual")
    dated.add_argument(
        "--draws", type=whole("--draws", 10_000), default=10_000, metavar="N", help="number of draws (10000)"
    )
    dated.add_argument(
        "--seed", type=whole("--seed", 1), default=1, metavar="N", help="seed of the draws (1)"
    )
    dated.add_argument("--json", action="store_true", help="print JSON")
    dated.add_argument("--svg", metavar="FILE", help="also write the picture")
    output(dated)


def _facility_rack(questions: Any) -> None:
    cooled = questions.add_parser("rack", help="what cools a rack, and what takes over where that ends")
    cooled.add_argument("rack", metavar="KW|SYSTEM", help="heat in kW, or a system such as gb200_nvl72")
    cooled.add_argument("--family", metavar="NAME", help="a family that must take it, such as air")
    cooled.add_argument("--rise", type=number("--rise", "10"), metavar="K", help="rise of the coolant (10)")
    cooled.add_argument("--json", action="store_true", help="print JSON")
    cooled.add_argument("--svg", metavar="FILE", help="also write the picture")
    output(cooled)


def _facility_simulate(questions: Any) -> None:
    run = questions.add_parser("simulate", help="a hall through every hour of a year: PUE, WUE, power, water")
    run.add_argument("place", metavar="CITY|FILE.epw", help="a city such as phoenix_az, or a weather file")
    run.add_argument(
        "--design", default="air + towers", metavar="LINE", help="such as 'direct liquid + dry coolers, 2N'"
    )
    run.add_argument(
        "--it-mw", type=number("--it-mw", "100"), default=100.0, metavar="MW", help="IT power (100)"
    )
    run.add_argument(
        "--draws", type=whole("--draws", 100), default=100, metavar="N", help="number of draws (100)"
    )
    run.add_argument("--seed", type=whole("--seed", 1), default=1, metavar="N", help="seed of the draws (1)")
    run.add_argument("--json", action="store_true", help="print JSON")
    run.add_argument("--svg", metavar="FILE", help="also write PUE by hour and day as a picture")
    run.set_defaults(command="plant")
    output(run)


def _facility_sweep(questions: Any) -> None:
    many = questions.add_parser("sweep", help="designs at one place, the least PUE first")
    many.add_argument("place", metavar="CITY|FILE.epw", help="a city such as phoenix_az, or a weather file")
    many.add_argument("--redundancy", default="N+1", metavar="NAME", help="N, N+1 or 2N (N+1)")
    many.add_argument(
        "--age", default="campus", metavar="NAME", help="class of hall, such as leased (campus)"
    )
    many.set_defaults(command="plant")
    output(many)


def _facility_supply(questions: Any) -> None:
    ask = questions.add_parser("supply", help="the cheapest supply of every hour, also with one unit out")
    _campus(ask)
    ask.add_argument(
        "--carbon-price",
        type=number("--carbon-price", "100"),
        default=0.0,
        metavar="N",
        help="price of carbon dioxide burnt on the site [usd/t] (0)",
    )
    ask.add_argument(
        "--ways",
        metavar="NAMES",
        help="grid,ppa,renewable,battery,turbines,combined_cycle,fuel_cell,smr (all but smr)",
    )
    ask.add_argument(
        "--within", type=number("--within", "36"), metavar="MONTHS", help="leave out what comes later"
    )
    ask.add_argument("--book", action="store_true", help="turbines at the book of 2030, not as ordered now")
    forms(ask)
    output(ask)


def _facility_frontier(questions: Any) -> None:
    ask = questions.add_parser("frontier", help="first power against cost against carbon, by way of supply")
    _campus(ask)
    forms(ask)
    ask.add_argument("--svg", metavar="FILE", help="also write the picture")
    output(ask)


def _campus(ask: Any) -> None:
    ask.add_argument("place", metavar="CITY|FILE.epw", help="a city such as phoenix_az, or a weather file")
    for option, usual, default, told in (
        ("--mw", "100", 100.0, "power of the campus in every hour [MW] (100)"),
        ("--grid-mw", "60", None, "limit of the grid connection [MW]; the power if left out"),
        ("--gas-price", "4", None, "price of gas [usd/MMBtu]; a fact if left out"),
    ):
        ask.add_argument(option, type=number(option, usual), default=default, metavar="N", help=told)
    ask.add_argument("--grid-price", metavar="N|FILE", help="delivered price [usd/MWh], or one for each hour")
    ask.add_argument("--weeks", type=whole("--weeks", 13), metavar="N", help="solve representative weeks")
    ask.add_argument(
        "--draws", type=whole("--draws", 1000), default=1000, metavar="N", help="number of draws (1000)"
    )
    ask.add_argument("--seed", type=whole("--seed", 1), default=1, metavar="N", help="seed of the draws (1)")
    ask.set_defaults(command="facility_supply")


def _facility_electrical(questions: Any) -> None:
    ask = questions.add_parser("electrical", help="losses of the electrical chain, redundancy, shared feeds")
    ask.add_argument(
        "place", nargs="?", metavar="CITY|FILE.epw", help="also size the site: a city, or a file"
    )
    for option, usual, default, told in (
        ("--it-mw", "100", 100.0, "IT power that the chain is built for [MW] (100)"),
        ("--load", "0.8", 0.8, "load over that [share] (0.8)"),
        ("--rack-kw", "132", 132.0, "rating of a rack [kW] (132)"),
        ("--feed-kw", "2000", 2000.0, "what one feed of racks carries [kW] (2000)"),
    ):
        ask.add_argument(option, type=number(option, usual), default=default, metavar="N", help=told)
    ask.add_argument(
        "--units", type=whole("--units", 4), default=4, metavar="N", help="units of a group in N+1 (4)"
    )
    ask.add_argument("--design", default="air + towers", metavar="LINE", help="plant, with a place")
    ask.add_argument("--json", action="store_true", help="print JSON")
    ask.set_defaults(command="facility_electrical")
    output(ask, quiet=False)


def _facility_need(questions: Any) -> None:
    ask = questions.add_parser(
        "need", help="what one MW of IT takes of power, cooling and halls, from physics"
    )
    ask.add_argument(
        "rack", metavar="DESIGN|SYSTEM", help="a design of the map such as blackwell, or a system"
    )
    ask.add_argument(
        "--place", default="", metavar="CITY|FILE.epw", help="such as phoenix_az; 13 cities else"
    )
    ask.add_argument("--age", default="", metavar="NAME", help="class of hall; the mix of the map else")
    ask.add_argument("--redundancy", default="N+1", metavar="NAME", help="N, N+1 or 2N (N+1)")
    ask.add_argument(
        "--it-mw", type=number("--it-mw", "100"), default=100.0, metavar="MW", help="IT power (100)"
    )
    ask.add_argument(
        "--draws", type=whole("--draws", 10_000), default=10_000, metavar="N", help="number of draws (10000)"
    )
    ask.add_argument("--seed", type=whole("--seed", 1), default=1, metavar="N", help="seed of the draws (1)")
    forms(ask)
    ask.set_defaults(command="facility_need")
    output(ask, quiet=False)


def _facility_lead(questions: Any) -> None:
    ask = questions.add_parser("lead", help="from decision to capacity by layer, and how plans slip")
    ask.add_argument(
        "--draws", type=whole("--draws", 10_000), default=10_000, metavar="N", help="number of draws (10000)"
    )
    ask.add_argument("--seed", type=whole("--seed", 1), default=1, metavar="N", help="seed of the draws (1)")
    forms(ask)
    ask.set_defaults(command="facility_lead")
    output(ask, quiet=False)
