"""``narrows prices``: what capacity is worth where layers tie, and who earns what of more of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.bottlenecks.pricing import prices as ask
from narrows.cli.output import emit, say, width, write

if TYPE_CHECKING:
    from argparse import Namespace

    from narrows.bottlenecks.pricing import PricesResult

__all__ = ["run"]


def run(arguments: Namespace) -> int:
    """Answer the question and show it."""
    result = ask(
        arguments.quarter,
        share=arguments.add,
        draws=arguments.draws,
        seed=arguments.seed,
        method=arguments.method,
        as_of=arguments.as_of,
        scenario=arguments.scenario,
    )
    if arguments.svg is not None or arguments.png is not None:
        _pictures(result, arguments)
    emit(_text(result, arguments), arguments.output)
    return 0


def _text(result: PricesResult, arguments: Namespace) -> str:
    from narrows.report import prices as page

    if arguments.json:
        return page.prices_json(result)
    if arguments.csv:
        return page.prices_csv(result)
    return page.prices_text(result, width=width())


def _pictures(result: PricesResult, arguments: Namespace) -> None:
    from narrows.report.chart import png
    from narrows.report.prices import prices_svg

    svg = prices_svg(result)
    for path, content in (
        (arguments.svg, svg),
        (arguments.png, png(svg) if arguments.png is not None else b""),
    ):
        if path is not None:
            write(path, content)
            if not arguments.quiet:
                say(f"wrote {path}")
