"""Daily prices that ship with narrows, up to a day."""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from narrows.errors import DataError, UnknownNameError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["SERIES", "Prices", "prices"]

SERIES = {"oil": "brent_daily.csv.gz"}
"""File of the daily price of a commodity; source eia-brent-daily, Brent spot [usd/barrel]."""


@dataclass(frozen=True, eq=False)
class Prices:
    """Closing prices in order of time.

    Parameters
    ----------
    ordinals
        Days as proleptic ordinals, axis (close).
    usd
        Prices [usd/barrel], axis (close).
    """

    ordinals: NDArray[np.int64]
    usd: Floats

    def until(self, day: date) -> Prices:
        """Return the closes up to a day, that day included."""
        count = int(np.searchsorted(self.ordinals, day.toordinal(), side="right"))
        return Prices(self.ordinals[:count], self.usd[:count])

    @property
    def last(self) -> tuple[date, float]:
        """Day and price of the last close.

        Raises
        ------
        DataError
            If there is none.
        """
        if len(self.usd) == 0:
            first = date.fromordinal(int(prices("oil").ordinals[0]))
            raise DataError(
                "No daily price stands on or before the day asked for",
                f"Daily prices of oil begin on {first}",
                "Give the price before the event: base under [price] of the event file",
            )
        return date.fromordinal(int(self.ordinals[-1])), float(self.usd[-1])


@cache
def prices(commodity: str) -> Prices:
    """Return the daily prices of a commodity.

    Parameters
    ----------
    commodity
        ``oil``.

    Raises
    ------
    UnknownNameError
        If no series of that commodity ships.

    Examples
    --------
    >>> from datetime import date
    >>> day, usd = prices("oil").until(date(1990, 8, 1)).last
    >>> day.isoformat(), round(usd, 2)
    ('1990-08-01', 19.93)
    """
    if commodity not in SERIES:
        raise UnknownNameError(
            "commodity",
            commodity,
            SERIES,
            remedy="Events move the price of one of these; others follow by parity",
        )
    raw = files("narrows.shocks").joinpath(SERIES[commodity]).read_bytes()
    rows = list(csv.DictReader(gzip.decompress(raw).decode().splitlines()))
    days = np.array([date.fromisoformat(row["date"]).toordinal() for row in rows], dtype=np.int64)
    return Prices(days, np.array([float(row["usd_per_barrel"]) for row in rows]))
