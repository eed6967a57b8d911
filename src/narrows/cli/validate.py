"""``narrows validate``: predicted against measured, misses included."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.cli.output import emit, width
from narrows.report.validation import rows_of, validation_data

if TYPE_CHECKING:
    from argparse import Namespace

__all__ = ["run"]

MISSED = 4


def run(arguments: Namespace) -> int:
    """Print every comparison; exit 4 if one that was run does not hold."""
    rows = rows_of(arguments.room, validation_data(arguments.data), arguments.networks)
    if arguments.json:
        from narrows.report.tables import rows_json

        emit(rows_json(rows))
    elif arguments.markdown:
        from narrows.report.validation import rows_markdown

        emit(rows_markdown(rows))
    else:
        from narrows.report.text import rows_text

        emit(rows_text(rows, width()))
    return 0 if all(row.holds is not False for row in rows) else MISSED
