"""The tables of Day 8 as text, as JSON and as CSV."""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from narrows.figure import number
from narrows.report.tables import Sheet

if TYPE_CHECKING:
    from narrows.inference.tables import Cell, Table

__all__ = ["tables_csv", "tables_json", "tables_text"]

WIDEST = 110
COLUMNS = ("table", "row", "figure", "value", "p05", "p95", "unit", "word", "why", "told_by")
SCALED = {
    "byte": (1e9, "GB"),
    "byte/s": (1e12, "TB/s"),
    "s": (1e-3, "ms"),
    "usd/Mtoken": (1.0, "usd/M tokens"),
    "weight": (1e9, "billion"),
}
"""Size of unit in which people read a quantity, and its name."""


def tables_text(found: Table) -> str:
    """Return a table as text: a figure a line, with its 90 % interval.

    Parameters
    ----------
    found
        The table.
    """
    lines = [found.title, "", f"  {'':<44}{'':>12}{'p05':>12}{'p95':>12}"]
    for row in found.rows:
        lines.append(row.name)
        lines += [_line(cell) for cell in row.cells]
    lines.append("")
    for note in found.notes:
        lines += _wrapped(note)
    told = next(
        (cell.told for row in found.rows for cell in row.cells if cell.told.startswith("inference.")), ""
    )
    if told:
        lines += [f"Each figure has its id or command in --json and --csv; such as `narrows why {told}`."]
    return "\n".join(lines)


def _line(cell: Cell) -> str:
    if cell.value is None:
        return _cut(f"  {cell.name:<44}{'-':>12}  {cell.why}")
    size, unit = SCALED.get(cell.unit, (1.0, cell.unit))
    if cell.text and cell.unit in ("rank", "weight"):
        return f"  {cell.name:<44}{number(cell.value / size, 3):>12}  {cell.text}"
    if cell.low == cell.high:
        return f"  {cell.name:<44}{number(cell.value / size, 3):>12}{'':>24}  {unit}"
    shown = "".join(f"{number((one or 0.0) / size, 3):>12}" for one in (cell.value, cell.low, cell.high))
    return f"  {cell.name:<44}{shown}  {cell.text or unit}"


def _cut(line: str) -> str:
    return line if len(line) <= WIDEST else f"{line[: WIDEST - 3]}..."


def _wrapped(text: str) -> list[str]:
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) >= WIDEST:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def tables_json(found: Table) -> str:
    """Return a table as JSON.

    Parameters
    ----------
    found
        The table.
    """
    return json.dumps({"command": "inference tables", **asdict(found)}, indent=2, allow_nan=False)


def tables_csv(found: Table) -> str:
    """Return a table as CSV, a figure a line.

    Parameters
    ----------
    found
        The table.
    """
    out = io.StringIO()
    writer = Sheet(out)
    writer.writerow(COLUMNS)
    for row in found.rows:
        for cell in row.cells:
            numbers = ("" if one is None else repr(one) for one in (cell.value, cell.low, cell.high))
            writer.writerow(
                (found.name, row.name, cell.name, *numbers, cell.unit, cell.text, cell.why, cell.told)
            )
    return out.getvalue()
