"""Tables and prices of the Bureau of Economic Analysis from the user's own CSV files, for other years."""

from __future__ import annotations

import csv
import gzip
import re
import zlib
from pathlib import Path

import numpy as np

from narrows.errors import DataError
from narrows.shocks.tables import BALANCE, Economy, Prices, economy, requirements

TYPE_ROWS = {
    "summary": (("V001", "V002", "V003"), "Total Industry Output", "F010"),
    "detail": (("V00100", "V00200", "V00300"), "T008", "F01000"),
}
"""Rows of compensation, taxes and surplus, row of output, column of households."""
TOTALS = ("T0", "Total")

__all__ = ["read_economy", "read_prices", "read_table"]

YEAR = re.compile("[0-9]{4}")


def read_cells(home: Path, delimiter: str = ",") -> list[list[str]]:
    """Return the cells of a CSV or CSV.gz, row by row; at least one row.

    Raises
    ------
    DataError
        If the file cannot be read, or its first line is empty.
    """
    try:
        with (
            gzip.open(home, "rt", encoding="utf-8-sig", newline="")
            if home.suffix == ".gz"
            else home.open(encoding="utf-8-sig", newline="")
        ) as file:
            rows = list(csv.reader(file, delimiter=delimiter))
    except (OSError, EOFError, UnicodeDecodeError, csv.Error, zlib.error) as problem:
        raise DataError(
            f"The file {str(home)!r} cannot be read: {getattr(problem, 'strerror', None) or problem}",
            "Tables are CSV or CSV.gz files in UTF-8",
            "Name another file",
        ) from problem
    if not rows or not rows[0]:
        raise DataError(
            f"{home.name} has no first line", "It names the columns", "Take the file as it is published"
        )
    return rows


def read_table(path: str | Path) -> tuple[list[str], list[str], np.ndarray]:
    """Return row labels, column labels and numbers of a CSV or CSV.gz; an empty cell is NaN.

    Raises
    ------
    DataError
        If the file is not there, a row is too short, or a cell is no number.
    """
    home = Path(path)
    if not home.is_file():
        raise DataError(
            f"The file {str(path)!r} is not there", "Tables are CSV or CSV.gz files", "Name one that is there"
        )
    head, *rows = read_cells(home)
    numbers = np.full((len(rows), len(head) - 1), np.nan)
    for at, row in enumerate(rows):
        if len(row) != len(head):
            raise DataError(
                f"{home.name}: row {row[0] if row else at + 2!r} has {len(row)} cells",
                f"The first line has {len(head)}",
                "Correct the file",
            )
        for place, cell in enumerate(row[1:]):
            if cell not in {"", "NA"}:
                try:
                    numbers[at, place] = float(cell)
                except ValueError:
                    raise DataError(
                        f"{home.name}: the cell {cell!r} in row {row[0]} is no number",
                        "Cells are numbers or empty",
                        "Correct the file",
                    ) from None
    return [row[0] for row in rows], head[1:], numbers


def read_economy(use: str | Path, make: str | Path, level: str, year: int) -> Economy:
    """Return a table from a use and a make file of one year and one redefinition.

    Parameters
    ----------
    use
        Commodities by industries and final demand, with the rows of value added and output [million USD].
    make
        Industries by commodities [million USD].
    level
        ``summary`` or ``detail``.
    year
        Year to write on it.

    Raises
    ------
    DataError
        If a row or column is missing.

    Notes
    -----
    A gap between make and output beyond 1e-4 (summary) or 1e-3 (detail) is told in `findings`: tables before
    redefinitions round.
    """
    rows, columns, used = read_table(use)
    makers, goods, made = read_table(make)
    parts, total, households = TYPE_ROWS[level]
    absent = [name for name in (*parts, total) if name not in rows]
    if absent or households not in columns:
        raise DataError(
            f"{Path(use).name} has no {'row' if absent else 'column'} {(absent or [households])[0]}",
            f"A {level} use table has the rows {', '.join((*parts, total))} and the column {households}",
            "Take the use table at producer prices",
        )
    codes = [code for code in makers if code in columns and not code.startswith(TOTALS)]
    kept = [good for good in goods if good in rows and not good.startswith(TOTALS)]
    across = [columns.index(code) for code in codes]
    down = [rows.index(good) for good in kept]
    flows = np.nan_to_num(made)[
        np.ix_([makers.index(code) for code in codes], [goods.index(g) for g in kept])
    ]
    values = np.nan_to_num(used)
    output = values[rows.index(total), across]
    supply = flows.sum(axis=0)
    spent = (flows / np.where(supply > 0, supply, 1.0)) @ values[down, columns.index(households)]
    whole = np.where(output > 0, output, 1.0)
    gap = float(np.abs(flows.sum(axis=1) - output)[output > 0].max(initial=0.0))
    worst = float((np.abs(flows.sum(axis=1) - output) / whole)[output > 0].max(initial=0.0))
    told = f"make and output differ by up to {worst:.1e} ({gap:.0f} million USD); kept as they are."
    named = dict(zip(economy(level, 2017).codes, economy(level, 2017).names, strict=True))
    return Economy(
        level,
        year,
        tuple(codes),
        tuple(named.get(code, code) for code in codes),
        requirements(values[np.ix_(down, across)], flows, output),
        output,
        spent / spent.sum(),
        values[np.ix_([rows.index(name) for name in parts], across)] / whole,
        (told,) if worst > BALANCE[level] else (),
    )


def read_prices(path: str | Path, level: str = "detail") -> Prices:
    """Return price indices from a file of industries by years, in the order of the shipped codes.

    Parameters
    ----------
    path
        First column codes, first line years.
    level
        ``summary`` or ``detail``.

    Raises
    ------
    DataError
        If no code of the level is in it, or a year is no number.
    """
    rows, columns, numbers = read_table(path)
    codes = economy(level, 2017).codes
    known = [code for code in codes if code in rows]
    if not known or not all(YEAR.fullmatch(column) for column in columns):
        raise DataError(
            f"{Path(path).name} has {len(known)} industries and the columns {', '.join(columns[:3])}",
            f"Rows are {level} industries such as {codes[0]}, columns are years",
            "Take the price indices of gross output by industry",
        )
    index = np.full((len(codes), len(columns)), np.nan)
    index[[codes.index(code) for code in known]] = numbers[[rows.index(code) for code in known]]
    return Prices(codes, tuple(int(column) for column in columns), index)
