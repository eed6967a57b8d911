"""``narrows why``: the chain behind a number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.bottlenecks.chain import Chain, why
from narrows.catalog import default
from narrows.cli.output import emit, width

if TYPE_CHECKING:
    from argparse import Namespace

__all__ = ["run"]


def run(arguments: Namespace) -> int:
    """Answer why."""
    found = why(
        arguments.id,
        draws=arguments.draws,
        seed=arguments.seed,
        method=arguments.method,
        as_of=arguments.as_of,
        scenario=arguments.scenario,
    )
    sources = default().sources
    if arguments.json:
        from narrows.report.tables import chain_json, facts_json

        emit(chain_json(found, sources) if isinstance(found, Chain) else facts_json(found, sources))
        return 0
    from narrows.report.text import chain_text, statements_text

    if isinstance(found, Chain):
        emit(chain_text(found, width(), sources))
    else:
        emit(statements_text(found, width(), sources))
    return 0
