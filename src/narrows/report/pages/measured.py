"""The table of validation, read from the page that `narrows validate --markdown` writes."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from narrows.errors import DataError

__all__ = ["Row", "measured_rows"]

SHIPPED = Path(__file__).with_name("validation.md")
"""Where the wheel carries the table."""
WRITTEN = Path(__file__).parents[4] / "docs" / "validation.md"
"""Where it stands in the repository."""
COLUMNS = 9
_CELL = re.compile(r"(?<!\\)\|")
_VERDICTS = {"yes": True, "**no**": False}


@dataclass(frozen=True, slots=True)
class Row:
    """One row: predicted against measured, as printed.

    Parameters
    ----------
    room, dataset, quantity, metric
        What is compared with what, and how.
    value
        The outcome; None where it was not run.
    goal, baseline, n
        What it should be, what a simple rule reaches, and the number of cases, as printed.
    holds
        Whether the goal is met; None where there is none, or it was not run.
    """

    room: str
    dataset: str
    quantity: str
    metric: str
    value: float | None
    goal: str
    baseline: str
    n: str
    holds: bool | None

    @property
    def id(self) -> str:
        """Id of the number, the same as long as the row says the same thing of the same data."""
        text = f"{self.room}|{self.dataset}|{self.quantity}|{self.metric}|{self.goal}|{self.n}"
        return f"validation.{self.room}.{hashlib.blake2b(text.encode(), digest_size=4).hexdigest()}"

    @property
    def verdict(self) -> str:
        """Whether the goal is met, in a word."""
        if self.holds is None:
            return "not run" if self.value is None else "for information"
        return "met" if self.holds else "missed"

    @property
    def told(self) -> str:
        """Goal, baseline and count in one sentence."""
        parts = [f"Goal: {self.goal or 'none'}", f"{self.n} cases"]
        if self.baseline:
            parts.append(f"a simple rule reaches {self.baseline}")
        return f"{'; '.join(parts)}; {self.verdict}."


def measured_rows(path: str | Path | None = None) -> tuple[Row, ...]:
    """Return the rows of the table of validation.

    Parameters
    ----------
    path
        File of `narrows validate --markdown`; that of the documentation if left out.

    Raises
    ------
    DataError
        If the file asked for is not there or holds no such table.
    """
    file = Path(path) if path is not None else next((f for f in (SHIPPED, WRITTEN) if f.is_file()), None)
    if file is None:
        return ()
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, ValueError) as problem:
        raise _refused(file) from problem
    try:
        rows = _rows(lines)
    except ValueError as problem:
        raise _refused(file) from problem
    if path is not None and not rows:
        raise _refused(file)
    return rows


def _rows(lines: list[str]) -> tuple[Row, ...]:
    cells = [[cell.strip() for cell in _CELL.split(line)[1:-1]] for line in lines if line.startswith("| ")]
    return tuple(_row(row) for row in cells[1:] if len(row) == COLUMNS)


def _refused(file: Path) -> DataError:
    return DataError(
        f"No table of validation can be read from {file.as_posix()!r}",
        "It is what `narrows validate --markdown` writes",
        "Write it with `narrows validate --markdown > FILE`",
    )


def _row(cells: list[str]) -> Row:
    room, dataset, quantity, metric, value, goal, baseline, n, verdict = (
        cell.replace("\\|", "|") for cell in cells
    )
    outcome = float(value) if value else None
    return Row(room, dataset, quantity, metric, outcome, goal, baseline, n, _VERDICTS.get(verdict))
