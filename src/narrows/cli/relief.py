"""``narrows map --relax``: what resolves the constraint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.bottlenecks.relief import relax
from narrows.bottlenecks.sweep import SHARE
from narrows.cli.output import emit, progress, say, width, write
from narrows.quarters import span

if TYPE_CHECKING:
    from argparse import Namespace

    from narrows.bottlenecks.relief_result import ReliefResult

__all__ = ["run"]


def run(arguments: Namespace) -> int:
    """Answer the question and show it; the decision is taken in the first of the quarters."""
    result = relax(
        None if arguments.quarters is None else str(span(arguments.quarters)[0]),
        share=SHARE if arguments.add is None else arguments.add,
        budget_usd=arguments.budget,
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


def _text(result: ReliefResult, arguments: Namespace) -> str:
    from narrows.report.relief import relief_csv, relief_json, relief_text

    if arguments.json:
        return relief_json(result)
    return relief_csv(result) if arguments.csv else relief_text(result, width=width())


def _pictures(result: ReliefResult, arguments: Namespace) -> None:
    from narrows.report.chart import png
    from narrows.report.relief import relief_svg

    svg = relief_svg(result)
    for path, content in (
        (arguments.svg, svg),
        (arguments.png, png(svg) if arguments.png is not None else b""),
    ):
        if path is not None:
            write(path, content)
            if not arguments.quiet:
                say(f"wrote {path}")
