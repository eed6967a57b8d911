"""``narrows facts``: what is known, by whom, since when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.catalog import default, facts
from narrows.cli.output import emit, width

if TYPE_CHECKING:
    from argparse import Namespace

__all__ = ["run"]


def run(arguments: Namespace) -> int:
    """List the facts that hold the words asked for."""
    found = facts(" ".join(arguments.query) or None, arguments.as_of)
    if arguments.json:
        from narrows.report.tables import facts_json

        emit(facts_json(found, default().sources))
        return 0
    from narrows.report.text import facts_text

    emit(facts_text(found, width()))
    return 0
