"""Options of shocks."""

from __future__ import annotations

from typing import Any

from narrows.cli.options.common import number, output, pictures, question, whole

__all__ = ["add"]


def add(commands: Any) -> None:
    """Add the commands of shocks."""
    room = commands.add_parser(
        "shocks", help="an event such as a closed strait: flow, price, industries, sectors, companies"
    )
    questions = room.add_subparsers(dest="question", metavar="QUESTION", parser_class=type(room))
    listed = questions.add_parser("list", help="the events that ship")
    listed.add_argument("--json", action="store_true", help="print JSON")
    output(listed)
    ran = questions.add_parser(
        "run", help="flow lost, shortage, price path, odds of its length, sectors, what to watch"
    )
    ran.add_argument("event", metavar="EVENT|FILE.toml", help="an event such as hormuz, or a file")
    question(ran)
    ran.add_argument("--json", action="store_true", help="print JSON")
    ran.add_argument("--overlay", metavar="FILE", help="also write a scenario that `narrows map` takes")
    pictures(ran)
    output(ran)
    _shocks_push(questions)


def _shocks_push(questions: Any) -> None:
    ask = questions.add_parser("push", help="what changes of commodity prices do to sectors and companies")
    ask.add_argument(
        "--crude", type=number("--crude", "50"), metavar="PCT", help="change of crude in percent"
    )
    for option, form, text in (
        ("--commodity", "NAME=PCT", "change of another price, such as gas=30, or of an industry's code"),
        ("--industry", "CODE", "an industry to tell, such as 336111; the most moved if left out"),
        ("--company", "NAME", "a company to tell, such as gm; all that are named if left out"),
        ("--seen", "SECTOR=PCT", "abnormal return seen in the market: which duration does it imply?"),
    ):
        ask.add_argument(option, action="append", default=[], metavar=form, help=f"{text}; again for more")
    ask.add_argument(
        "--usd",
        type=number("--usd", "71.3"),
        metavar="USD",
        help="a barrel of crude before (71.32)",
    )
    ask.add_argument(
        "--duration", type=whole("--duration", 2), default=2, metavar="Q", help="quarters it lasts (2)"
    )
    ask.add_argument(
        "--draws", type=whole("--draws", 1000), default=1000, metavar="N", help="number of draws (1000)"
    )
    ask.add_argument("--seed", type=whole("--seed", 1), default=1, metavar="N", help="seed of the draws (1)")
    ask.add_argument("--json", action="store_true", help="print JSON")
    pictures(ask)
    ask.set_defaults(command="shock_push")
    output(ask)
