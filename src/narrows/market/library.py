"""Histories by symbol: the few closes typed in the catalogue, and the tables of a folder."""

from __future__ import annotations

import csv
import re
from datetime import date, datetime
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from narrows.errors import DataError
from narrows.market.history import History
from narrows.market.sessions import FIRST_YEAR, LAST_YEAR, sessions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Library", "built_in", "printed"]

COLUMNS = {
    "brent_spot_usd": "BRENT", "wti_spot_usd": "WTI", "vix": "VIX", "US10Y_pct": "US10Y", "DGS10": "US10Y",
    "DGS2": "US2Y", "BRENT_FUT": "BRENT_FUT", "WTI_FUT": "WTI_FUT",
}  # fmt: skip
"""Symbols by the column that holds their closes."""
SKIPPED = re.compile(r"adjclose|reference|membership|constituents|caps|changes|shiller", re.IGNORECASE)
"""Tables that hold no raw closes by session: adjusted, weekly, monthly, lists."""
TICKER = re.compile(r"[A-Z][A-Z0-9.^-]{0,7}")
"""Names of columns that are symbols themselves."""
BUILT_IN = Path(__file__).parent / "closes.csv"
ELSEWHERE = frozenset(
    {"KOSPI", "BRENT", "WTI", "BRENT_FUT", "WTI_FUT", "US10Y", "US2Y", "BTCUSD", "GOLD", "VIX"}
)
"""Symbols with a calendar of their own."""


class Library:
    """Histories of closes, read when they are asked for.

    Parameters
    ----------
    folder
        With tables (CSV or Parquet) of columns ``date, ticker, close``, or of ``date`` and one column a
        symbol; or one that has such a folder named ``market``. None for the built-in closes alone.

    Raises
    ------
    DataError
        If the folder is not there or holds no table of closes.

    Examples
    --------
    >>> history = Library().history("SPX")
    >>> history.days[0].isoformat(), history.closes[-1]
    ('2026-04-15', 7398.93)
    """

    def __init__(self, folder: str | Path | None = None) -> None:
        self.folder = None if folder is None else _folder(Path(folder))
        self._histories: dict[tuple[str, bool], History | None] = {}
        if self.folder is not None and not self._tables:
            raise DataError(
                f"The folder {str(folder)!r} holds no table of closes",
                "A table is CSV or Parquet with columns date, ticker, close, or date and a column a symbol",
                "Name another folder with --data",
            )

    @cached_property
    def _tables(self) -> list[tuple[Path, tuple[str, ...]]]:
        """Tables with their columns."""
        if self.folder is None:
            return []
        found = []
        for path in sorted(self.folder.iterdir()):
            if path.suffix not in {".csv", ".parquet"} or SKIPPED.search(path.name):
                continue
            columns = _columns(path)
            if "date" in columns and (
                ("ticker" in columns and "close" in columns) or any(map(_symbol, columns))
            ):
                found.append((path, columns))
        return found

    @cached_property
    def symbols(self) -> frozenset[str]:
        """Symbols of which a close is held."""
        found: set[str] = set(built_in())
        for path, columns in self._tables:
            if {"ticker", "close"} <= set(columns):
                found |= set(_tickers(path))
            else:
                found |= {COLUMNS.get(name, name) for name in columns if _symbol(name)}
        return frozenset(found)

    def record(self, symbol: str) -> tuple[float, date] | None:  # noqa: ARG002 (a store knows more)
        """Return the highest close before those held, and the day they begin; None where it is not known."""
        return None

    @property
    def origin(self) -> str:
        """Where the closes are from, in words."""
        return (
            "closes that ship with narrows"
            if self.folder is None
            else f"closes of the folder {self.folder.name}"
        )

    def history(self, symbol: str, *, anchored: bool = False) -> History | None:
        """Return the history of a symbol; None where no close is held.

        Parameters
        ----------
        symbol
            Of the instrument.
        anchored
            With single closes from before the first session from which none is missing, such as ends of weeks
            and of the last year: enough for a change or a run of weeks, not for "the highest since".
        """
        key = (symbol, anchored)
        if key not in self._histories:
            closes = self._closes(symbol)
            first = min(closes, default=date.min) if anchored else self._whole_from(symbol, closes)
            days = sorted(day for day in closes if day >= first)
            known = () if symbol in ELSEWHERE else _sessions_from(days)
            place = "built-in closes" if self.folder is None else self.folder.name
            made = History(symbol, days, [closes[day] for day in days], known, place) if days else None
            self._histories[key] = made
        return self._histories[key]

    def _whole_from(self, symbol: str, closes: dict[date, float]) -> date:
        """Return the first day from which no built-in close is missing; of a folder, the first."""
        days = sorted(closes)
        if not days or symbol not in built_in() or self.folder is not None:
            return days[0] if days else date.min
        known = _sessions_from(days)
        first = days[-1]
        for session in reversed(known):
            if session > first:
                continue
            if session not in closes:
                break
            first = session
        return first

    def _closes(self, symbol: str) -> dict[date, float]:
        closes = dict(built_in().get(symbol, {}))
        for path, columns in self._tables:
            for day, close in _read(path, columns, symbol):
                closes.setdefault(day, close)
        return closes


@cache
def built_in() -> dict[str, dict[date, float]]:
    """Return the closes that come with narrows, by symbol and day."""
    found: dict[str, dict[date, float]] = {}
    with BUILT_IN.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            day = date.fromisoformat(row.pop("date"))
            for symbol, close in row.items():
                if close:
                    found.setdefault(symbol, {})[day] = float(close)
    return found


def _sessions_from(days: list[date]) -> tuple[date, ...]:
    """Return the sessions of the exchange from the first day held on; none where a day is no session."""
    if not days or days[0].year < FIRST_YEAR:
        return ()
    known = sessions(days[0], date(LAST_YEAR, 12, 31))
    return known if set(days) <= set(known) else ()


def _symbol(column: str) -> bool:
    """Say whether the name of a column is that of an instrument."""
    return column in COLUMNS or TICKER.fullmatch(column) is not None


def _folder(path: Path) -> Path:
    inner = path / "market"
    found = inner if inner.is_dir() else path
    if not found.is_dir():
        raise DataError(
            f"The folder {str(path)!r} is not there",
            "Closes stand in a folder of tables (CSV or Parquet)",
            "Name it with --data, or leave --data out to use the built-in closes",
        )
    return found


def _columns(path: Path) -> tuple[str, ...]:
    if path.suffix == ".csv":
        return tuple(_head(path))
    return tuple(str(row[0]) for row in _query("DESCRIBE SELECT * FROM read_parquet(?)", str(path)))


def _head(path: Path) -> Iterable[str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return next(csv.reader(file), ())
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise DataError(
            f"The table {path.name!r} cannot be read: {getattr(problem, 'strerror', None) or problem}",
            "A table of closes is CSV in UTF-8, or Parquet",
            "Mend it, or take it out of the folder",
        ) from problem


def _query(text: str, *values: str) -> list[tuple[object, ...]]:
    import duckdb

    with duckdb.connect() as connection:
        return connection.execute(text, list(values)).fetchall()


def _tickers(path: Path) -> Iterable[str]:
    if path.suffix == ".csv":
        return {row["ticker"] for _, row in _csv_rows(path)}
    return {str(row[0]) for row in _query("SELECT DISTINCT ticker FROM read_parquet(?)", str(path))}


def _read(path: Path, columns: tuple[str, ...], symbol: str) -> Iterator[tuple[date, float]]:
    """Yield the closes of a symbol in a table."""
    if {"ticker", "close"} <= set(columns):
        if path.suffix == ".csv":
            yield from _csv(path, "close", symbol)
        elif "split_coefficient" in columns:
            told = "SELECT date, close, split_coefficient FROM read_parquet(?) WHERE ticker = ? ORDER BY date"
            yield from _unsplit(_query(told, str(path), symbol))
        else:
            told = "SELECT date, close FROM read_parquet(?) WHERE ticker = ? AND close IS NOT NULL"
            yield from _rows(_query(told, str(path), symbol))
        return
    for name in columns:
        if COLUMNS.get(name, name) == symbol:
            if path.suffix == ".csv":
                yield from _csv(path, name, None)
            else:
                quoted = name.replace('"', '""')
                told = f'SELECT date, "{quoted}" FROM read_parquet(?) WHERE "{quoted}" IS NOT NULL'  # noqa: S608 - a column's own name
                yield from _rows(_query(told, str(path)))


def _unsplit(rows: list[tuple[object, ...]]) -> Iterator[tuple[date, float]]:
    """Yield raw closes in the shares of the last day: divided by every later split."""
    ratio = 1.0
    for day, close, split in reversed(rows):
        if isinstance(day, date) and isinstance(close, (int, float)):
            yield from _rows([(day, float(close) / ratio)])
        ratio *= float(split) if isinstance(split, (int, float)) and split else 1.0


def _rows(rows: list[tuple[object, ...]]) -> Iterator[tuple[date, float]]:
    for day, close in rows:
        if isinstance(day, date) and isinstance(close, (int, float)):
            yield day.date() if isinstance(day, datetime) else day, printed(float(close))


def printed(close: float) -> float:
    """Return a close stored in four bytes as it was printed: seven digits."""
    return float(f"{close:.7g}")


def _csv(path: Path, column: str, symbol: str | None) -> Iterator[tuple[date, float]]:
    for line, row in _csv_rows(path):
        if (symbol is None or row["ticker"] == symbol) and row[column]:
            try:
                day, close = date.fromisoformat((row["date"] or "")[:10]), float(row[column])
            except ValueError:
                day, close = date.max, 0.0
            if not 0 < close < float("inf"):
                raise DataError(
                    f"The table {path.name!r} holds {row['date']!r}, {row[column]!r} in line {line}",
                    "A row has a date such as 2026-05-08 and a close above 0",
                    "Mend the row or leave it out",
                )
            yield day, close


def _csv_rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows of a CSV with their lines; missing cells are empty."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, restval="")
            for row in rows:
                yield rows.line_num, row
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise DataError(
            f"The table {path.name!r} cannot be read: {getattr(problem, 'strerror', None) or problem}",
            "A table of closes is CSV in UTF-8, or Parquet",
            "Mend it, or take it out of the folder",
        ) from problem
