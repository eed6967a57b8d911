"""``narrows makers``: who makes each layer, and what is lost when one stops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from narrows.bottlenecks.concentration import makers
from narrows.cli.output import emit, progress, say, width, write

if TYPE_CHECKING:
    from argparse import Namespace

    from narrows.bottlenecks.concentration_result import ConcentrationResult

__all__ = ["run"]


def run(arguments: Namespace) -> int:
    """Answer the question and show it."""
    question = {
        name: getattr(arguments, name) for name in ("quarter", "draws", "seed", "method", "as_of", "scenario")
    }
    shown = progress(arguments.draws, quiet=arguments.quiet)
    result = makers(arguments.name, **question, progress=shown)
    text = _text(result, arguments)
    if arguments.svg is not None:
        write(arguments.svg, _picture(result, question))
        if not arguments.quiet:
            say(f"wrote {arguments.svg}")
    emit(text, arguments.output)
    return 0


def _text(result: ConcentrationResult, arguments: Namespace) -> str:
    from narrows.report.concentration import makers_csv, makers_json, makers_text

    if arguments.json:
        return makers_json(result)
    return makers_csv(result) if arguments.csv else makers_text(result, width())


def _picture(result: ConcentrationResult, question: dict[str, Any]) -> str:
    """Draw all layers, with the thread of the company asked for, or of the largest designer."""
    from narrows.report.concentration_chart import makers_svg

    whole = result if not result.asked else makers(**question)
    company = result.company
    if company is None:
        company = makers(whole.layers[0].top, **question).company
    return makers_svg(whole, company)
