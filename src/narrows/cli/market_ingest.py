"""``narrows market ingest``: tables of closes into a store."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from narrows.cli.output import emit

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable

__all__ = ["run"]


def run(arguments: Namespace) -> int:
    """Ingest a folder and tell what is now held."""
    from narrows.market.intake import ingest
    from narrows.report.store import ingested_json, ingested_text

    found = ingest(arguments.source, arguments.store, progress=_progress(quiet=arguments.quiet))
    emit(ingested_json(found) if arguments.json else ingested_text(found), arguments.output)
    return 0


def _progress(*, quiet: bool) -> Callable[[int, int], None] | None:
    if quiet or sys.stderr is None or not sys.stderr.isatty():
        return None

    def show(done: int, total: int) -> None:
        end = "\r" if done < total else "\r\033[K"
        print(
            f"narrows: {done} of {total} years, Ctrl-C leaves the store as it was",
            end=end,
            file=sys.stderr,
            flush=True,
        )

    return show
