"""Histories from a store: the days of a run, and the records of the years before them."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from narrows.market.instruments import INDICES, SECTORS, STANDS_IN
from narrows.market.library import Library, built_in, printed
from narrows.market.store import RUN_DAYS, Store

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Shelf"]

WHOLE_YEARS = 10
"""Years of closes from which their highest is called a record."""


class Shelf(Library):
    """The closes of a store, with those that ship where the store has none.

    Parameters
    ----------
    store
        Folder of the store.
    last
        Last day that is asked for.
    whole
        Whether every year is read, not only those that a recap needs.

    Raises
    ------
    DataError
        If the folder holds no store.
    """

    def __init__(self, store: str | Path, last: date, *, whole: bool = False) -> None:
        super().__init__(None)
        self.store, self.last = Store(store), last
        self.first = date.min if whole else date((last - timedelta(days=RUN_DAYS)).year, 1, 1)

    @cached_property
    def symbols(self) -> frozenset[str]:
        """Symbols of which a close is held."""
        return frozenset(built_in()) | frozenset(self.store.tickers)

    @cached_property
    def _wanted(self) -> dict[str, dict[date, float]]:
        """Closes of indices and funds of the recap, read at once."""
        from narrows.market.leverage import FUNDS

        names = [*(name for name, _ in (*INDICES, *SECTORS)), *STANDS_IN.values(), *FUNDS, *FUNDS.values()]
        return self._read(names)

    def _read(self, names: list[str]) -> dict[str, dict[date, float]]:
        place = {ticker: at for at, ticker in enumerate(self.store.tickers)}
        held = {place[name]: name for name in names if name in place}
        found: dict[str, dict[date, float]] = {name: {} for name in names}
        years = self.store.vintage.years
        paths = [
            str(self.store.path(years[year])) for year in years if self.first.year <= year <= self.last.year
        ]
        if held and paths:
            numbers = ", ".join(map(str, sorted(held)))
            text = (
                f"SELECT security, date, close FROM read_parquet(?) WHERE security IN ({numbers}) "  # noqa: S608
                "AND close IS NOT NULL AND date BETWEEN ? AND ? ORDER BY date"
            )
            with self.store.connection() as connection:
                for security, day, close in connection.execute(
                    text, [paths, self.first, self.last]
                ).fetchall():
                    found[held[security]][day] = printed(close)
        return found

    def _closes(self, symbol: str) -> dict[date, float]:
        own = self._wanted[symbol] if symbol in self._wanted else self._read([symbol])[symbol]
        built = {day: close for day, close in built_in().get(symbol, {}).items() if day <= self.last}
        return {**built, **own}

    def _whole_from(self, symbol: str, closes: dict[date, float]) -> date:
        own = self._wanted.get(symbol) or {}
        return min(own) if own else super()._whole_from(symbol, closes)

    @cached_property
    def _records(self) -> dict[str, tuple[float, date]]:
        rows = self.store.table("records", "ticker, year, high, first_day")
        before = self.first.year - 1
        return {ticker: (printed(high), first) for ticker, year, high, first in rows if year == before}

    def record(self, symbol: str) -> tuple[float, date] | None:
        """Return the highest close before the run; None where the store reaches back too few years."""
        found = self._records.get(symbol)
        if found is None or self.last.year - found[1].year <= WHOLE_YEARS:
            return None
        return found[0], self.first

    @property
    def origin(self) -> str:
        """Where the closes are from, in words."""
        licences = sorted({one.licence for one in self.store.vintage.provenance})
        return (
            f"closes of the store {self.store.folder.name}, vintage {self.store.vintage.number} "
            f"(licence: {', '.join(licences)})"
        )
