"""``narrows headlines``: the facts that move each headline, and what knowing them better is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.bottlenecks.knowledge import headlines as ask
from narrows.cli.output import emit, width

if TYPE_CHECKING:
    from argparse import Namespace

__all__ = ["run"]


def run(arguments: Namespace) -> int:
    """Answer the question and show it."""
    from narrows.report import headlines as page

    result = ask(
        arguments.quarter,
        draws=arguments.draws,
        seed=arguments.seed,
        method=arguments.method,
        as_of=arguments.as_of,
        scenario=arguments.scenario,
    )
    if arguments.json:
        text = page.headlines_json(result)
    elif arguments.csv:
        text = page.headlines_csv(result)
    else:
        text = page.headlines_text(result, width=width())
    emit(text, arguments.output)
    return 0
