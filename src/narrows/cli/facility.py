"""``narrows facility``: when power comes, and what cools a rack."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from narrows.cli.output import emit, say, width, write
from narrows.errors import UsageError

if TYPE_CHECKING:
    from argparse import Namespace

__all__ = ["run"]

ELSEWHERE = ("electrical", "frontier", "lead", "need", "simulate", "supply", "sweep")
"""Questions that other modules answer."""


def run(arguments: Namespace) -> int:
    """Answer one question of the room and show it."""
    answers = {"power-date": _power_date, "rack": _rack}
    if arguments.question is None:
        raise UsageError(
            "`narrows facility` is given no question",
            f"Its questions are {', '.join(sorted([*answers, *ELSEWHERE]))}",
            "See `narrows facility --help`",
        )
    text, picture = answers[arguments.question](arguments)
    if arguments.svg is not None:
        write(arguments.svg, picture)
        if not arguments.quiet:
            say(f"wrote {arguments.svg}")
    emit(text, arguments.output)
    return 0


def _power_date(arguments: Namespace) -> tuple[str, str]:
    from narrows.facility.power_date import power_date
    from narrows.report.power_date import power_date_svg, power_date_text

    found = power_date(
        arguments.mw,
        arguments.path,
        start=arguments.start,
        state=arguments.state,
        let=arguments.let,
        converted=arguments.converted,
        quick_permits=arguments.quick_permits,
        draws=arguments.draws,
        seed=arguments.seed,
    )
    picture = "" if arguments.svg is None else power_date_svg(found)
    if arguments.json:
        return json.dumps({"command": "facility power-date", **found.to_json()}, indent=2), picture
    return power_date_text(found, width()), picture


def _rack(arguments: Namespace) -> tuple[str, str]:
    from narrows.facility.rack import ladder
    from narrows.report.rack import rack_svg, rack_text

    found = ladder(arguments.rack, family=arguments.family, rise_k=arguments.rise)
    picture = "" if arguments.svg is None else rack_svg(found)
    if arguments.json:
        return json.dumps({"command": "facility rack", **found.to_json()}, indent=2), picture
    return rack_text(found), picture
