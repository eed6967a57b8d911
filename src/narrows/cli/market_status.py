"""``narrows market status``: what a store holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.cli.output import emit

if TYPE_CHECKING:
    from argparse import Namespace

__all__ = ["run"]


def run(arguments: Namespace) -> int:
    """Check the files of a store and tell what it holds."""
    from narrows.market.store import status
    from narrows.report.store import status_json, status_text

    found = status(arguments.store)
    emit(status_json(found) if arguments.json else status_text(found), arguments.output)
    return 0
