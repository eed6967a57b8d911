"""``narrows time``: when each layer stops being short."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.bottlenecks.resolution import time as ask
from narrows.cli.output import emit, progress, say, width, write

if TYPE_CHECKING:
    from argparse import Namespace

    from narrows.bottlenecks.resolution import TimeResult

__all__ = ["run"]


def run(arguments: Namespace) -> int:
    """Answer the question and show it."""
    result = ask(
        arguments.quarter,
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
    emit(text, arguments.output)
    return 0


def _text(result: TimeResult, arguments: Namespace) -> str:
    from narrows.report.timemap import time_csv, time_json, time_text

    if arguments.json:
        return time_json(result)
    if arguments.csv:
        return time_csv(result)
    return time_text(result, width())


def _pictures(result: TimeResult, arguments: Namespace) -> None:
    from narrows.report.chart import png
    from narrows.report.timemap_picture import time_svg

    svg = time_svg(result)
    for path, content in (
        (arguments.svg, svg),
        (arguments.png, png(svg) if arguments.png is not None else b""),
    ):
        if path is not None:
            write(path, content)
            if not arguments.quiet:
                say(f"wrote {path}")
