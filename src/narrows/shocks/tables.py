"""Input-output tables: who needs what of whom, read, checked at load, and said what was found.

The tables of the United States are shipped; tables of the world are read from the user's own files by
`narrows.shocks.world`. Nothing is clipped: a column that sums above 1 (negative value added) stays, and is
named in `findings`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.errors import DataError, UnknownNameError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = [
    "Economy",
    "Prices",
    "economy",
    "parents",
    "prices",
    "provenance",
    "radius",
    "requirements",
    "yearly",
]

BALANCE = {"summary": 1e-4, "detail": 1e-3}
"""Largest relative gap between what an industry makes and its output."""
ROUNDED = 0.5
"""Largest rounding of a cell [million USD]."""
ROUNDS, SETTLED = 500, 1e-10
"""Rounds of the power method, and the change of its result at which it ends."""


@dataclass(frozen=True, eq=False)
class Economy:
    """Industries and what one dollar of each needs of the others.

    Parameters
    ----------
    level, year
        Name of the classification, and year of the table.
    codes, names
        Of the industries, in order.
    A
        Dollars of the row needed for a dollar of the column, axes (supplier, user).
    output
        Output [million USD], axis (industry).
    basket
        Shares of household spending, axis (industry), sum 1; zeros where the table has none.
    added
        Compensation, taxes and operating surplus over output, axes (part, industry).

    Raises
    ------
    DataError
        If a number is not finite, or no price vector exists: the largest eigenvalue of A is 1 or more.

    Examples
    --------
    >>> us = economy("summary", 2017)
    >>> len(us.codes), round(us.radius, 3)
    (71, 0.493)
    >>> us.findings[0].split(", the largest")[0]
    '12 needs are below zero (used and scrap goods)'
    """

    level: str
    year: int
    codes: tuple[str, ...]
    names: tuple[str, ...]
    A: Floats = field(repr=False)
    output: Floats = field(repr=False)
    basket: Floats = field(repr=False)
    added: Floats = field(repr=False)
    notes: tuple[str, ...] = ()
    radius: float = field(init=False)
    """Largest eigenvalue of A by size; prices exist below 1."""

    def __post_init__(self) -> None:
        for name, values in (("A", self.A), ("output", self.output), ("basket", self.basket)):
            if not np.isfinite(values).all():
                raise DataError(
                    f"The {name} of the table {self.level} {self.year} has a number that is not finite",
                    "Cells are finite numbers; a missing cell is zero",
                    "Correct the file",
                )
        object.__setattr__(self, "radius", radius(self.A))
        if self.radius >= 1:
            raise DataError(
                f"The largest eigenvalue of the table {self.level} {self.year} is {self.radius:.3f}",
                "Prices exist where it is below 1",
                "Check that rows and columns are in one order, and that output is in the unit of the flows",
            )

    @cached_property
    def index(self) -> dict[str, int]:
        """Place of each code."""
        return {code: place for place, code in enumerate(self.codes)}

    @cached_property
    def findings(self) -> tuple[str, ...]:
        """What a reader must know of the table, one sentence each."""
        sums = self.A.sum(axis=0)
        high = [
            f"{self.codes[at]} {self.names[at]}: inputs are {sums[at]:.3f} of output, so value added is "
            "negative; kept as it is."
            for at in np.flatnonzero(sums > 1)
        ]
        below = np.argwhere(self.A < 0)
        worst = below[[self.A[tuple(below.T)].argmin()]] if len(below) else below
        negative = [
            f"{len(below)} needs are below zero (used and scrap goods), the largest "
            f"{self.A[i, j]:.4f}, {self.codes[i]} to {self.codes[j]}; kept as they are."
            for i, j in worst
        ]
        none = [f"{self.codes[at]} {self.names[at]}: no output." for at in np.flatnonzero(self.output <= 0)]
        return (*self.notes, *high, *negative, *none)

    def at(self, code: str) -> int:
        """Return the place of a code.

        Raises
        ------
        UnknownNameError
            If the table has no such industry.
        """
        if code not in self.index:
            raise UnknownNameError("industry", code, self.codes, remedy="Name a code of the table")
        return self.index[code]

    def places(self, codes: Iterable[str]) -> NDArray[np.intp]:
        """Return the places of codes, axis (code)."""
        return np.array([self.at(code) for code in codes], dtype=np.intp)

    @property
    def surplus(self) -> Floats:
        """Operating surplus over output, axis (industry)."""
        return np.asarray(self.added[2])


@dataclass(frozen=True, eq=False)
class Prices:
    """Price indices of industries, 2017 = 100.

    Parameters
    ----------
    codes
        Industries.
    years
        Years.
    index
        Price, axes (industry, year); NaN where none is published.
    """

    codes: tuple[str, ...]
    years: tuple[int, ...]
    index: Floats = field(repr=False)

    def change(self, first: int, last: int) -> Floats:
        """Return price of one year over another, axis (industry); 1 where none is published.

        Examples
        --------
        >>> found = prices("detail")
        >>> round(float(found.change(2014, 2016)[found.codes.index("211000")]), 3)
        0.502
        """
        ratio = self.index[:, self.years.index(last)] / self.index[:, self.years.index(first)]
        return np.where(np.isfinite(ratio), ratio, 1.0)

    @cached_property
    def log_change(self) -> Floats:
        """Yearly change of the logarithm, axes (industry, year from the second on)."""
        return np.asarray(np.diff(np.log(self.index), axis=1))


def radius(A: Floats) -> float:
    """Return the largest eigenvalue of a matrix of needs, by the power method.

    Examples
    --------
    >>> import numpy as np
    >>> round(radius(np.array([[0.0, 0.5], [0.5, 0.0]])), 6)
    0.5
    """
    size = np.abs(A) if (A < 0).any() else A  # a bound from above where a need is negative
    vector = np.ones(len(size)) / len(size)
    found = 0.0
    for _ in range(ROUNDS):
        following = size @ vector + vector  # shifted by 1, so that a cycle converges too
        total = following.sum()
        if abs(total - 1 - found) < SETTLED:
            return max(float(total - 1), 0.0)
        found, vector = total - 1, following / total
    return max(float(found), 0.0)


def requirements(use: Floats, make: Floats, output: Floats) -> Floats:
    """Return dollars of an industry's output per dollar of each user's, axes (supplier, user).

    Parameters
    ----------
    use
        Commodities used [million USD], axes (commodity, user).
    make
        Commodities made [million USD], axes (maker, commodity).
    output
        Output [million USD], axis (industry).

    Notes
    -----
    A = D B: D, the makers' shares of each commodity; B, use over output. An industry makes all its goods
    with one recipe (industry technology).

    Source
    ------
    Miller and Blair, Input-Output Analysis, chapter 5, industry-technology assumption.

    Examples
    --------
    >>> import numpy as np
    >>> requirements(np.array([[2.0, 1.0]]), np.array([[3.0], [1.0]]), np.array([4.0, 2.0])).tolist()
    [[0.375, 0.375], [0.125, 0.125]]
    """
    supply = make.sum(axis=0)
    share = make / np.where(supply > 0, supply, 1.0)
    return np.asarray(share @ (use / np.where(output > 0, output, 1.0)))


@cache
def _shipped() -> dict[str, Any]:
    path = files("narrows.shocks") / "us_tables.npz"
    with path.open("rb") as file, np.load(file, allow_pickle=False) as tables:
        return {name: tables[name] for name in tables.files}


def provenance() -> str:
    """Return where the shipped tables come from."""
    return str(_shipped()["provenance"])


@cache
def economy(level: str = "detail", year: int = 2017) -> Economy:
    """Return a shipped table of the United States, after redefinitions.

    Parameters
    ----------
    level
        ``summary`` (71 industries, 2012 to 2019) or ``detail`` (402, 2017).
    year
        Year of the table.

    Raises
    ------
    UsageError
        If that table is not shipped.
    DataError
        If what the industries make is not what they put out.

    Examples
    --------
    >>> us = economy("detail", 2017)
    >>> [text.split(":")[0] for text in us.findings][:1]
    ['S00102 Other federal government enterprises']
    """
    shipped = _shipped()
    years = sorted(int(name.rpartition("_")[2]) for name in shipped if name.startswith(f"{level}_use_"))
    if year not in years:
        raise UsageError(
            f"The table {level} {year} is asked for",
            "Shipped are summary 2012 to 2019 and detail 2017",
            "Ask for one of them, or bring a table to another year with `repriced`",
        )
    use, make = (shipped[f"{level}_{name}_{year}"].astype(float) for name in ("use", "make"))
    parts = shipped[f"{level}_added_{year}"].astype(float)
    output = parts[3]
    rounding = ROUNDED * np.sqrt(make.shape[1])  # of a sum of cells in whole millions
    gap = np.clip(np.abs(make.sum(axis=1) - output) - rounding, 0.0, None)[output > 0] / output[output > 0]
    if gap.max() > BALANCE[level]:
        raise DataError(
            f"In the table {level} {year} make and output differ by {gap.max():.1e}",
            f"They agree to {BALANCE[level]:g}",
            "Take make and use of one year and one redefinition",
        )
    supply = make.sum(axis=0)
    share = make / np.where(supply > 0, supply, 1.0)
    bought = share @ shipped[f"{level}_households_{year}"].astype(float)
    return Economy(
        level,
        year,
        tuple(str(code) for code in shipped[f"{level}_codes"]),
        tuple(str(name) for name in shipped[f"{level}_names"]),
        requirements(use, make, output),
        output,
        bought / bought.sum(),
        parts[:3] / np.where(output > 0, output, 1.0),
    )


@cache
def prices(level: str = "detail") -> Prices:
    """Return the price indices of a level, 1997 to 2019."""
    shipped = _shipped()
    return Prices(
        tuple(str(code) for code in shipped[f"{level}_codes"]),
        tuple(int(year) for year in shipped["price_years"]),
        shipped[f"{level}_price_index"],
    )


@cache
def parents() -> dict[str, str]:
    """Return the summary industry of each detailed one."""
    shipped = _shipped()
    pairs = zip(shipped["detail_codes"], shipped["detail_parents"], strict=True)
    return {str(code): str(parent) for code, parent in pairs}


@cache
def yearly(name: str) -> Floats:
    """Return a yearly summary series: gross_output, value_added or margin, axes (industry, year)."""
    return np.asarray(_shipped()[f"summary_{name}"], dtype=float)
