"""``narrows cascade``: what binds after each relief, and where the constraint moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.bottlenecks.migration import cascade as ask
from narrows.cli.output import emit, progress, say, width, write

if TYPE_CHECKING:
    from argparse import Namespace

    from narrows.bottlenecks.migration_result import CascadeResult

__all__ = ["run"]


def run(arguments: Namespace) -> int:
    """Answer the question and show it."""
    result = ask(
        arguments.quarter,
        at=arguments.at,
        steps=arguments.steps,
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


def _text(result: CascadeResult, arguments: Namespace) -> str:
    from narrows.report.cascade import cascade_csv, cascade_json, cascade_text

    if arguments.json:
        return cascade_json(result)
    if arguments.csv:
        return cascade_csv(result)
    return cascade_text(result, width())


def _pictures(result: CascadeResult, arguments: Namespace) -> None:
    from narrows.report.cascade_picture import cascade_svg
    from narrows.report.chart import png

    svg = cascade_svg(result)
    for path, content in (
        (arguments.svg, svg),
        (arguments.png, png(svg) if arguments.png is not None else b""),
    ):
        if path is not None:
            write(path, content)
            if not arguments.quiet:
                say(f"wrote {path}")
