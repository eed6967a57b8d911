"""``narrows map``: which layer binds in each quarter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.bottlenecks.answer import map as ask
from narrows.cli.output import colour, emit, progress, say, width, write
from narrows.errors import UsageError

if TYPE_CHECKING:
    from argparse import Namespace

    from narrows.bottlenecks.result import MapResult

__all__ = ["run"]


def run(arguments: Namespace) -> int:
    """Answer the question and show it."""
    if arguments.relax:
        if arguments.xlsx is not None:
            raise UsageError(
                "The option --xlsx is given with --relax",
                "The workbook is of the map itself",
                "Write narrows map --xlsx FILE, or ask for --csv",
            )
        from narrows.cli.relief import run as relax

        return relax(arguments)
    for option in ("add", "budget"):
        if getattr(arguments, option) is not None:
            raise UsageError(
                f"The option --{option} is given without --relax",
                f"--{option} belongs to the question what resolves the constraint",
                f"Write narrows map --relax --{option} ..., or leave it out",
            )
    result = ask(
        arguments.quarters,
        draws=arguments.draws,
        seed=arguments.seed,
        method=arguments.method,
        as_of=arguments.as_of,
        scenario=arguments.scenario,
        progress=progress(arguments.draws, quiet=arguments.quiet),
    )
    text = _text(result, arguments)
    if arguments.svg is not None or arguments.png is not None:
        _pictures(result, arguments)
    if arguments.xlsx is not None:
        _workbook(result, arguments)
    emit(text, arguments.output)
    return 0


def _text(result: MapResult, arguments: Namespace) -> str:
    if arguments.json:
        from narrows.report.tables import map_json

        return map_json(result)
    if arguments.csv:
        from narrows.report.tables import map_csv

        return map_csv(result)
    from narrows.report.text import map_text

    return map_text(result, colour=colour() and arguments.output is None, width=width())


def _pictures(result: MapResult, arguments: Namespace) -> None:
    from narrows.report.chart import map_svg, png

    svg = map_svg(result)
    for path, content in (
        (arguments.svg, svg),
        (arguments.png, png(svg) if arguments.png is not None else b""),
    ):
        if path is not None:
            write(path, content)
            if not arguments.quiet:
                say(f"wrote {path}")


def _workbook(result: MapResult, arguments: Namespace) -> None:
    from narrows.bottlenecks.answer import asked_of
    from narrows.report.workbook import map_workbook

    write(arguments.xlsx, map_workbook(result, asked_of(None, arguments.as_of, arguments.scenario)))
    if not arguments.quiet:
        say(f"wrote {arguments.xlsx}")
