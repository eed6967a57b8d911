"""``narrows map``: which layer binds in each quarter."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from narrows.bottlenecks.answer import map as ask
from narrows.cli.output import colour, emit, progress, width, write

if TYPE_CHECKING:
    from argparse import Namespace

    from narrows.bottlenecks.result import MapResult

__all__ = ["run"]


def run(arguments: Namespace) -> int:
    """Answer the question and show it."""
    result = ask(
        arguments.quarters,
        draws=arguments.draws,
        seed=arguments.seed,
        method=arguments.method,
        as_of=arguments.as_of,
        scenario=arguments.scenario,
        progress=progress(arguments.draws, quiet=arguments.quiet),
    )
    if arguments.svg or arguments.png:
        _pictures(result, arguments)
    emit(_text(result, arguments), arguments.output)
    return 0


def _text(result: MapResult, arguments: Namespace) -> str:
    if arguments.json:
        from narrows.report.tables import map_json

        return map_json(result)
    if arguments.csv:
        from narrows.report.tables import map_csv

        return map_csv(result)
    from narrows.report.text import map_text

    return map_text(result, colour=colour() and not arguments.output, width=width())


def _pictures(result: MapResult, arguments: Namespace) -> None:
    from narrows.report.chart import map_svg, png

    svg = map_svg(result)
    for path, content in ((arguments.svg, svg), (arguments.png, png(svg) if arguments.png else b"")):
        if path:
            write(path, content)
            if not arguments.quiet:
                print(f"narrows: wrote {path}", file=sys.stderr)
