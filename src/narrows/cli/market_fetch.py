"""``narrows market fetch``: closes of a provider into a store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.cli.output import emit

if TYPE_CHECKING:
    from argparse import Namespace

__all__ = ["run"]


def run(arguments: Namespace) -> int:
    """Fetch symbols and tell what is now held."""
    from narrows.market.providers import day_of, fetch, provider
    from narrows.report.store import ingested_json, ingested_text

    first, last = day_of(arguments.start), day_of(arguments.end)
    found = fetch(provider(arguments.provider), arguments.symbols, first, last, arguments.store)
    emit(ingested_json(found) if arguments.json else ingested_text(found), arguments.output)
    return 0
