"""``narrows facility supply`` and ``frontier``: the cheapest firm supply; date, cost and carbon."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from narrows.cli.output import emit, say, width, write
from narrows.errors import DataError, UsageError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable

__all__ = ["run"]


def run(arguments: Namespace) -> int:
    """Answer and show."""
    asked = {
        "grid_price": _price(arguments.grid_price),
        "gas_price": arguments.gas_price,
        "draws": arguments.draws,
        "seed": arguments.seed,
        "progress": _progress(quiet=arguments.quiet),
    }
    answer = _frontier if arguments.question == "frontier" else _supply
    text = answer(arguments, asked)
    if asked["progress"] is not None:
        print("\r\033[K", end="", file=sys.stderr, flush=True)
    emit(text, arguments.output)
    return 0


def _supply(arguments: Namespace, asked: dict[str, Any]) -> str:
    from narrows.facility.supply_plan import supply
    from narrows.report.supply import supply_csv, supply_json, supply_text

    found = supply(
        arguments.place,
        arguments.mw,
        arguments.grid_mw,
        carbon_price=arguments.carbon_price,
        ways=None if arguments.ways is None else [name for name in arguments.ways.split(",") if name],
        within=arguments.within,
        weeks=arguments.weeks,
        book=arguments.book,
        **asked,
    )
    ids = [f"facility.supply.{name}" for name in ("cost", "carbon")] if _usual(arguments) else []
    ids = [f"{name}.{_site(arguments)}" for name in ids]
    if arguments.json:
        return supply_json(found, ids)
    return supply_csv(found) if arguments.csv else supply_text(found, width(), ids)


def _frontier(arguments: Namespace, asked: dict[str, Any]) -> str:
    from narrows.facility.supply_options import WEEKS, supply_frontier
    from narrows.report.supply import frontier_csv, frontier_json, frontier_svg, frontier_text

    weeks = WEEKS if arguments.weeks is None else arguments.weeks
    found = supply_frontier(arguments.place, arguments.mw, arguments.grid_mw, weeks=weeks, **asked)
    if arguments.svg is not None:
        write(arguments.svg, frontier_svg(found))
        if not arguments.quiet:
            say(f"wrote {arguments.svg}")
    rows = [row.id for row in found.choices] if _usual(arguments) else []
    ids = [
        f"facility.frontier.{name}.{row}.{_site(arguments)}"
        for row in rows
        for name in ("months", "cost", "carbon")
    ]
    if arguments.json:
        return frontier_json(found, ids)
    return frontier_csv(found) if arguments.csv else frontier_text(found, width(), ids)


def _usual(arguments: Namespace) -> bool:
    """Return whether an id can name the question: whole MW at a shipped city, all else as left out."""
    given = vars(arguments)
    left_out = ("grid_mw", "grid_price", "gas_price", "weeks", "ways", "within", "book", "carbon_price")
    plain = not any(given.get(name) for name in left_out)
    return plain and arguments.mw.is_integer() and not arguments.place.lower().endswith(".epw")


def _site(arguments: Namespace) -> str:
    return f"{arguments.place}.{arguments.mw:.0f}"


def _progress(*, quiet: bool) -> Callable[[str], None] | None:
    """Return what tells on a terminal what is being done; None where nothing is to be told."""
    if quiet or sys.stderr is None or not sys.stderr.isatty():
        return None

    def tell(what: str) -> None:
        print(f"\r\033[Knarrows: {what}, Ctrl-C stops", end="\r", file=sys.stderr, flush=True)

    return tell


def _price(text: str | None) -> Any:
    """Return one price, or that of every hour from a file with one number a line [usd/MWh]."""
    import numpy as np

    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        pass
    try:
        with open(text, encoding="utf-8") as file:  # noqa: PTH123 - a name as the user gave it
            prices = np.array([float(line) for line in file.read().split()])
    except (OSError, ValueError) as error:
        raise DataError(
            f"The price of grid energy {text!r} is no number, and no file of numbers: {error}",
            "A price is one number in usd/MWh, or a file with one an hour, 8760 lines",
            "Give --grid-price 75, or name another file",
        ) from error
    hours = 8760
    if prices.size != hours or not np.isfinite(prices).all():
        raise UsageError(
            f"The file {text!r} has {prices.size} prices",
            f"A year has {hours} hours, each with a finite price in usd/MWh",
            "Leave out the head and the 29 February",
        )
    return prices
