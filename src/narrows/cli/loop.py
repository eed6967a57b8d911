"""``narrows loop``: revenue funds capital, capital orders compute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.bottlenecks.feedback import loop
from narrows.cli.output import emit, progress, width

if TYPE_CHECKING:
    from argparse import Namespace

    from narrows.bottlenecks.feedback import LoopResult

__all__ = ["run"]


def run(arguments: Namespace) -> int:
    """Answer the question and show it."""
    result = loop(
        arguments.quarters,
        draws=arguments.draws,
        seed=arguments.seed,
        method=arguments.method,
        as_of=arguments.as_of,
        scenario=arguments.scenario,
        progress=progress(arguments.draws, quiet=False),
    )
    emit(_text(result, arguments), arguments.output)
    return 0


def _text(result: LoopResult, arguments: Namespace) -> str:
    if arguments.json:
        from narrows.report.loop import loop_json

        return loop_json(result)
    if arguments.csv:
        from narrows.report.loop import loop_csv

        return loop_csv(result)
    from narrows.report.loop import loop_text

    return loop_text(result, width=width())
