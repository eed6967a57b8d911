"""``narrows market sql``: one SELECT to a store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.cli.output import emit, say

if TYPE_CHECKING:
    from argparse import Namespace

__all__ = ["run"]


def run(arguments: Namespace) -> int:
    """Answer one question."""
    from narrows.market.query import query
    from narrows.report.store import answer_json, answer_text

    found = query(arguments.text, arguments.store, limit=arguments.limit)
    if found.more and not arguments.quiet:
        say(f"more than {arguments.limit} rows; give --limit for more")
    emit(answer_json(found) if arguments.json else answer_text(found), arguments.output)
    return 0
