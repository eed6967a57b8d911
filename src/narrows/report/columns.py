"""Small helpers of the pages on migration and time: aligned columns, plain JSON, CSV rows."""

from __future__ import annotations

import io
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from narrows.report.tables import Sheet, _cells, _value, _written
from narrows.report.words import FAMILIES, folded, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["NO_LIMIT", "aligned", "family_words", "paragraph", "rested", "rows_csv", "shortened", "written"]

NO_LIMIT = "a number without a limit: nothing is known of the layer's capacity, or nothing of it is needed"


def aligned(rows: Sequence[Sequence[str]], right: Iterable[int] = (), gap: int = 2) -> list[str]:
    """Return rows as lines of equal columns.

    Parameters
    ----------
    rows
        Cells as text.
    right
        Columns that are flush right.
    gap
        Spaces between two columns.

    Examples
    --------
    >>> aligned([("layer", "P"), ("CoWoS", "9 %")], right=[1])
    ['layer    P', 'CoWoS  9 %']
    """
    wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
    flush = set(right)
    return [
        (" " * gap)
        .join(
            cell.rjust(size) if place in flush else cell.ljust(size)
            for place, (cell, size) in enumerate(zip(row, wide, strict=True))
        )
        .rstrip()
        for row in rows
    ]


def paragraph(text: str, width: int) -> str:
    """Return text folded to a width [character]."""
    return "\n".join(folded(text, width))


def shortened(name: str, letters: int) -> str:
    """Return a name of at most so many letters.

    Examples
    --------
    >>> shortened("Data halls", 5)
    'Data…'
    """
    return name if len(name) <= letters else f"{name[: letters - 1]}…"


def family_words(family: str) -> str:
    """Return the name of a family of layers in words.

    Examples
    --------
    >>> family_words("space_power")
    'space and power'
    """
    return FAMILIES.get(family, family.replace("_", " "))


def rested(meta: Mapping[str, Any]) -> str:
    """Return what an answer rests on; that it is of a scenario comes first."""
    laid = ""
    if meta.get("scenario"):
        name = printable(str(meta.get("scenario_name")))
        laid = f"Scenario, not the facts as they stand: {name} ({meta['scenario']}). "
    assumed = 100 * meta["assumptions"] / max(meta["facts"], 1)
    return (
        f"{laid}{meta['draws']:,} draws, seed {meta['seed']}; {meta['facts']} facts of vintage "
        f"{meta['vintage']}, {assumed:.0f} % of them assumptions."
    )


def written(result: Any, **derived: Any) -> str:
    """Return a result as one JSON object; a number that is not finite is null, and ``reason`` says why.

    Parameters
    ----------
    result
        A dataclass of plain data.
    derived
        Entries to add or replace.
    """
    found = _value(asdict(result) | derived)
    if _absent(found):
        found["reason"] = NO_LIMIT
    return _written(found)


def _absent(value: Any) -> bool:
    """Return whether a number is missing in a band of numbers."""
    if isinstance(value, dict):
        if any(value.get(name, 0.0) is None for name in ("mean", "p05", "p10", "p50", "p90", "p95")):
            return True
        return any(_absent(item) for item in value.values())
    return isinstance(value, list) and any(_absent(item) for item in value)


def rows_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return rows as CSV; a number that is not finite is empty, text never becomes a formula."""
    file = io.StringIO()
    writer = Sheet(file)
    writer.writerow(columns)
    writer.writerows(_cells(*row) for row in rows)
    return file.getvalue()
