"""Eleven sectors made of industries: which industry belongs where, and how its buyers give way."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["SECTORS", "members", "sector_of", "waits"]

SECTORS = (
    "Energy",
    "Materials",
    "Industrials",
    "Consumer Discretionary",
    "Consumer Staples",
    "Health Care",
    "Financials",
    "Information Technology",
    "Communication Services",
    "Utilities",
    "Real Estate",
)


@cache
def _bridge() -> dict[str, tuple[str, str]]:
    path = files("narrows.shocks") / "sectors.csv"
    with path.open(encoding="utf-8") as file:
        return {row["prefix"]: (row["sector"], row["spending"]) for row in csv.DictReader(file)}


@cache
def _row(code: str) -> tuple[str, str]:
    bridge = _bridge()
    match = max((prefix for prefix in bridge if code.startswith(prefix)), key=len, default="")
    return bridge.get(match, ("", "other"))


def sector_of(code: str) -> str:
    """Return the sector of a detailed industry; empty for government, households and owners' own dwellings.

    Notes
    -----
    The longest prefix of the code in `sectors.csv` counts: our reading of the sector that listed companies of
    the industry are put in.

    Examples
    --------
    >>> sector_of("336111"), sector_of("336120"), sector_of("S00500")
    ('Consumer Discretionary', 'Industrials', '')
    """
    return _row(code)[0]


def members(codes: Sequence[str]) -> Floats:
    """Return 1 where an industry belongs to a sector, axes (sector, industry)."""
    return np.array([[float(sector_of(code) == sector) for code in codes] for sector in SECTORS])


def waits(codes: Sequence[str]) -> NDArray[np.bool_]:
    """Return whether the spending on an industry can wait: durables and leisure, axis (industry)."""
    return np.array([_row(code)[1] == "durable" for code in codes])
