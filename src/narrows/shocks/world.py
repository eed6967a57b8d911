"""Tables of the world from the user's own files: OECD ICIO, EXIOBASE, WIOD; read, checked, never shipped."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from narrows.errors import DataError, UnknownNameError
from narrows.shocks.bea_files import read_cells
from narrows.shocks.tables import radius

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["World", "read_exiobase", "read_icio", "read_wiod", "world_push"]

LABELLED = 3
"""Cells of a row with two labels and a number."""

NOT_INDUSTRIES = (
    "HFCE",
    "NPISH",
    "GGFC",
    "GFCF",
    "INVNT",
    "DPABR",
    "DISC",
    "NONRES",
    "FD",
    "P33",
    "OUT",
    "TOTAL",
)
"""Columns of final demand and totals in an ICIO file, by the part behind the country."""
OUTPUT_ROWS = ("OUTPUT", "OUT", "TOTAL", "GO")
NOTICED = 0.05
"""Relative gap of a row that is told."""
SMALLEST = 1000.0
"""Output below which a gap is rounding [million]."""


@dataclass(frozen=True, eq=False)
class World:
    """Flows between industries of countries.

    Parameters
    ----------
    source
        Name of the file.
    countries, industries
        Of each node, axis (node).
    flows
        Axes (supplier, user) [million, one currency].
    final
        Final demand, axis (node).
    output
        Axis (node).

    Raises
    ------
    DataError
        If shapes differ, a number is not finite, or no prices exist on the table.
    """

    source: str
    countries: tuple[str, ...]
    industries: tuple[str, ...]
    flows: Floats = field(repr=False)
    final: Floats = field(repr=False)
    output: Floats = field(repr=False)
    findings: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        count = len(self.countries)
        good = self.flows.shape == (count, count) and self.final.shape == (count,)
        if not (good and len(self.industries) == count and self.output.shape == (count,)):
            raise DataError(
                f"{self.source}: {count} nodes, flows of shape {self.flows.shape}, final demand of "
                f"{self.final.shape}",
                "Flows between all nodes, and one final demand and output for each",
                "Take a whole table",
            )
        if not all(np.isfinite(values).all() for values in (self.flows, self.final, self.output)):
            raise DataError(
                f"{self.source}: a number is not finite", "Cells are finite numbers", "Correct the file"
            )
        found = radius(self.needs)
        if found >= 1:
            raise DataError(
                f"{self.source}: the largest eigenvalue of the needs is {found:.3f}",
                "Prices exist where it is below 1",
                "Check that output is in the unit of the flows",
            )
        object.__setattr__(self, "findings", tuple(self._look(found)))

    @property
    def needs(self) -> Floats:
        """Flows over output of the user, axes (supplier, user)."""
        return np.asarray(self.flows / np.where(self.output > 0, self.output, 1.0))

    def _look(self, found: float) -> Sequence[str]:
        told = [f"{len(self.countries)} nodes, largest eigenvalue {found:.3f}."]
        big = self.output > SMALLEST
        gap = np.abs((self.flows.sum(axis=1) + self.final)[big] / self.output[big] - 1)
        if gap.size and gap.max() > NOTICED:
            at = int(np.flatnonzero(big)[gap.argmax()])
            told.append(
                f"{int((gap > NOTICED).sum())} rows of size do not balance; the worst, {self.countries[at]} "
                f"{self.industries[at]}, by {gap.max():.1%}; kept as it is."
            )
        above = np.flatnonzero(self.flows.sum(axis=0) > np.where(self.output > 0, self.output, np.inf))
        if above.size:
            told.append(f"{above.size} columns have negative value added; kept as they are.")
        negative = int((self.flows < 0).sum())
        if negative:
            told.append(f"{negative} flows are below zero; kept as they are.")
        empty = int((self.output <= 0).sum())
        if empty:
            told.append(f"{empty} nodes have no output.")
        return told

    def nodes(self, industry: str) -> NDArray[np.intp]:
        """Return the places of an industry in all countries.

        Raises
        ------
        UnknownNameError
            If there is no such industry.
        """
        places = np.flatnonzero(np.array(self.industries) == industry)
        if not places.size:
            raise UnknownNameError("industry", industry, self.industries, remedy=f"Name one of {self.source}")
        return places


def world_push(world: World, industry: str, change: float) -> Floats:
    """Return the price change of every node where one industry's price is given in all countries.

    Examples
    --------
    >>> import numpy as np
    >>> flows = np.array([[0.0, 2.0], [0.0, 0.0]])
    >>> final, output = np.array([2.0, 4.0]), np.array([4.0, 4.0])
    >>> table = World("by hand", ("A", "A"), ("oil", "cars"), flows, final, output)
    >>> world_push(table, "oil", 0.1).tolist()
    [0.1, 0.05]
    """
    fixed = world.nodes(industry)
    free = np.setdiff1d(np.arange(len(world.output)), fixed)
    needs = world.needs.T
    direct = needs[np.ix_(free, fixed)].sum(axis=1) * change
    found = np.full(len(world.output), change)
    found[free] = np.linalg.solve(np.eye(len(free)) - needs[np.ix_(free, free)], direct)
    return found


def _there(path: Path) -> None:
    if not path.is_file():
        raise DataError(
            f"The file {str(path)!r} is not there",
            "Tables of the world are read from your own files; none may be shipped",
            "Download it from its maker, and name it here",
        )


def _cells(path: Path, delimiter: str = ",") -> list[list[str]]:
    _there(path)
    return read_cells(path, delimiter)


def _number(text: str, where: str) -> float:
    try:
        return float(text) if text.strip() else 0.0
    except ValueError:
        raise DataError(
            f"{where}: the cell {text!r} is no number", "Cells are numbers or empty", "Correct the file"
        ) from None


def read_icio(path: str | Path) -> World:
    """Return a table in the form of OECD's ICIO: one CSV, rows and columns COUNTRY_INDUSTRY.

    Parameters
    ----------
    path
        The CSV, or CSV.gz.

    Notes
    -----
    Columns named COUNTRY_HFCE and the like are final demand; the row OUT or OUTPUT is output; other rows
    (taxes, value added) are left out.

    Raises
    ------
    DataError
        If the file is not there, has no output row, or a cell is no number.
    """
    home = Path(path)
    head, *rows = _cells(home)
    uneven = next((row for row in rows if len(row) != len(head)), None)
    if uneven is not None:
        raise DataError(
            f"{home.name}: the row {(uneven or ['empty'])[0]!r} has {len(uneven)} cells",
            f"The first line has {len(head)}",
            "Take the CSV of the inter-country table as it is published",
        )
    labels = head[1:]
    nodes = [name for name in labels if "_" in name and name.partition("_")[2].upper() not in NOT_INDUSTRIES]
    column = {name: at for at, name in enumerate(labels)}
    by_name = {row[0]: row[1:] for row in rows}
    total = next((name for name in by_name if name.upper() in OUTPUT_ROWS), None)
    absent = [name for name in nodes if name not in by_name]
    if total is None or absent or not nodes:
        given = "no row of output" if total is None else f"no row for {absent[:3] or 'any node'}"
        raise DataError(
            f"{home.name} has {given}",
            "Rows and columns are COUNTRY_INDUSTRY, with a row OUT or OUTPUT",
            "Take the CSV of the inter-country table as it is published",
        )
    at = [column[name] for name in nodes]
    ends = [
        place
        for place, name in enumerate(labels)
        if "_" in name and name not in set(nodes) and name.partition("_")[2].upper() not in OUTPUT_ROWS
    ]
    cells = np.array([[_number(cell, home.name) for cell in by_name[name]] for name in nodes])
    output = np.array([_number(by_name[total][place], home.name) for place in at])
    return World(
        home.name,
        tuple(name.partition("_")[0] for name in nodes),
        tuple(name.partition("_")[2] for name in nodes),
        cells[:, at],
        cells[:, ends].sum(axis=1),
        output,
    )


def read_exiobase(folder: str | Path) -> World:
    """Return a table of EXIOBASE 3: a folder with ``Z.txt`` (or ``A.txt`` and ``x.txt``) and ``Y.txt``.

    Parameters
    ----------
    folder
        The unpacked folder.

    Notes
    -----
    Tab-separated; two header lines (region, sector), two label columns.

    Raises
    ------
    DataError
        If a file is not there or a cell is no number.
    """
    home = Path(folder)
    labels, final = _tabbed(home / "Y.txt")
    demand = final.sum(axis=1)
    if (home / "Z.txt").is_file():
        labels, flows = _tabbed(home / "Z.txt")
        output = flows.sum(axis=1) + demand
    else:
        labels, needs = _tabbed(home / "A.txt")
        _, found = _tabbed(home / "x.txt", heads=1)
        output = found[:, 0]
        flows = needs * output
    return World(
        home.name, tuple(row[0] for row in labels), tuple(row[1] for row in labels), flows, demand, output
    )


def _tabbed(path: Path, heads: int = 2) -> tuple[list[tuple[str, str]], Floats]:
    """Return labels (region, sector) and numbers of a tab-separated file."""
    rows = _cells(path, "\t")
    body = [row for row in rows[heads:] if row and row[0] not in {"region", ""}]
    if not body or len(body[0]) < LABELLED or len({len(row) for row in body}) > 1:
        raise DataError(
            f"{path.name} has no rows, or rows of several lengths",
            "A row has two labels and the numbers of its columns, after the lines of heads",
            "Take the file as it is published",
        )
    return (
        [(row[0], row[1]) for row in body],
        np.array([[_number(cell, path.name) for cell in row[2:]] for row in body]),
    )


def read_wiod(path: str | Path) -> World:
    """Return a WIOD table kept as arrays: an npz with Z, F, x, countries and industries, country by country.

    Raises
    ------
    DataError
        If the file is not there or an array is missing.
    """
    home = Path(path)
    _there(home)
    with np.load(home, allow_pickle=False) as kept:
        absent = {"Z", "F", "x", "countries", "industries"} - set(kept.files)
        if absent:
            raise DataError(
                f"{home.name} has no array {min(absent)!r}",
                "The arrays are Z, F, x, countries and industries",
                "Write them from the published table",
            )
        countries = [str(name) for name in kept["countries"]]
        industries = [str(name) for name in kept["industries"]]
        return World(
            home.name,
            tuple(country for country in countries for _ in industries),
            tuple(industries) * len(countries),
            kept["Z"].astype(float),
            kept["F"].astype(float).sum(axis=1),
            kept["x"].astype(float),
        )
