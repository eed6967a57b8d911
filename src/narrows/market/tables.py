"""Tables of a source folder, told apart by columns: closes, actions, members, sectors, capitalisations."""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from narrows.errors import DataError

__all__ = ["SourceTable", "Told", "tables_of", "told_of"]

NAMES = {
    "ticker": ("ticker", "symbol"),
    "date": ("date",),
    "close": ("close",),
    "adj_close": ("adj_close", "adjusted_close", "adj close"),
    "volume": ("volume",),
    "currency": ("currency",),
    "split": ("split", "split_coefficient", "split_ratio"),
    "dividend": ("dividend", "dividend_amount"),
    "start": ("start", "start_date", "opt-in"),
    "end": ("end", "end_date", "opt-out"),
    "sector": ("sector", "gics sector"),
    "scheme": ("scheme",),
    "issuer": ("issuer", "cik"),
    "cap": ("market_cap", "market_cap_usd"),
    "index": ("index",),
}
"""Columns by the names that sources give them, in lower case."""
NOT_DAILY = re.compile(r"reference|shiller|changes", re.IGNORECASE)
"""Tables that hold no closes by session, whatever their columns say."""
WIDE = re.compile(r"[A-Z][A-Z0-9.^-]{0,7}")
"""Names of columns that are tickers themselves."""
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
SUFFIXES = (".csv", ".parquet")
LARGEST = 4 << 30
"""Bytes of the largest table that is read."""


@dataclass(frozen=True)
class Told:
    """What a folder says of itself in provenance.toml.

    Parameters
    ----------
    provider, licence, fetched_at
        Of all its tables; the day of a file where no day is given.
    currency
        Of closes in tables without such a column.
    """

    provider: str = "directory"
    licence: str = "not stated"
    fetched_at: str = ""
    currency: str = "USD"


@dataclass(frozen=True)
class SourceTable:
    """A table of a source.

    Parameters
    ----------
    path
        The file.
    kinds
        What it holds: ``bars``, ``wide``, ``actions``, ``membership``, ``taxonomy``, ``caps``; or nothing.
    columns
        Its own names by ours.
    wide
        Columns that are tickers.
    """

    path: Path
    kinds: tuple[str, ...]
    columns: dict[str, str] = field(default_factory=dict)
    wide: tuple[str, ...] = ()
    all: tuple[str, ...] = ()

    @property
    def relation(self) -> str:
        """What to select from in DuckDB."""
        quoted = str(self.path).replace("'", "''")
        if self.path.suffix == ".parquet":
            return f"read_parquet('{quoted}')"
        return (
            f"read_csv('{quoted}', header = true, all_varchar = true, delim = ',', quote = '\"', "
            "strict_mode = true)"
        )

    def text(self, name: str, kind: str) -> str:
        """Return the expression of a column as a type; NULL without the column, or without a value."""
        own = self.columns.get(name)
        if own is None:
            return f"CAST(NULL AS {kind})"
        quoted = '"' + own.replace('"', '""') + '"'
        if kind == "VARCHAR":
            return f"nullif(trim(CAST({quoted} AS VARCHAR)), '')"
        return f"TRY_CAST({quoted} AS {kind})"

    @property
    def day(self) -> date | None:
        """The day in the name of the file."""
        found = DAY.search(self.path.name)
        return date.fromisoformat(found[0]) if found else None

    @property
    def index(self) -> str:
        """Name of the index of a list of members: that of the file."""
        return re.sub(r"_?membership|_?constituents|_?start_end", "", self.path.stem).strip("_") or "index"

    def sha256(self) -> str:
        """Return the hash of the file's bytes."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def fetched_at(self) -> str:
        """Return the day on which the file was last written."""
        return datetime.fromtimestamp(self.path.stat().st_mtime, UTC).date().isoformat()


def told_of(folder: Path) -> Told:
    """Return what a folder says of itself.

    Raises
    ------
    DataError
        If provenance.toml cannot be read, or names something else.
    """
    path = folder / "provenance.toml"
    if not path.is_file():
        return Told()
    try:
        held = tomllib.loads(path.read_text(encoding="utf-8"))
        return Told(**{str(name): str(value) for name, value in held.items()})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, TypeError) as error:
        raise DataError(
            f"{path.name} of the source cannot be read: {error}",
            "It may name provider, licence, fetched_at and currency, each as text",
            'Write, for instance, licence = "PDDL"',
        ) from error


def tables_of(folder: str | Path, connection: Any) -> list[SourceTable]:
    """Return the tables of a folder, in the order of their names.

    Parameters
    ----------
    folder
        With CSV and Parquet files; or one that has such a folder named ``market``.
    connection
        Open DuckDB.

    Raises
    ------
    DataError
        If the folder is not there, holds no closes, or a file cannot be read.
    """
    place = Path(folder)
    inner = place / "market"
    place = inner if inner.is_dir() else place
    if not place.is_dir():
        raise DataError(
            f"The folder {str(folder)!r} is not there",
            "A source is a folder of tables (CSV or Parquet)",
            "Name another source",
        )
    found = [_table(path, connection) for path in sorted(place.iterdir()) if path.suffix in SUFFIXES]
    if not any({"bars", "wide"} & set(table.kinds) for table in found):
        raise DataError(
            f"The folder {str(folder)!r} holds no table of closes",
            "A table has columns date, ticker, close or adj_close, or date and a column a ticker",
            "Name another source",
        )
    return found


def _table(path: Path, connection: Any) -> SourceTable:
    import duckdb

    if path.is_symlink() or not path.is_file() or path.stat().st_size > LARGEST:
        return SourceTable(path, ())
    empty = SourceTable(path, ())
    try:
        rows = connection.execute(f"DESCRIBE SELECT * FROM {empty.relation}").fetchall()  # noqa: S608
    except duckdb.Error as error:
        raise DataError(
            f"The table {path.name!r} cannot be read: {str(error).splitlines()[0]}",
            "A table is a whole Parquet file, or CSV with one line of names",
            "Fetch the file again, or take it out of the folder",
        ) from error
    own = tuple(str(row[0]) for row in rows)
    lower = {name.lower(): name for name in reversed(own)}
    columns = {
        ours: lower[theirs] for ours, names in NAMES.items() for theirs in reversed(names) if theirs in lower
    }
    wide = tuple(name for name in own if WIDE.fullmatch(name))
    return SourceTable(path, _kinds(path, set(columns), wide), columns, wide, own)


def _kinds(path: Path, has: set[str], wide: tuple[str, ...]) -> tuple[str, ...]:
    if NOT_DAILY.search(path.name):
        return ()
    found = []
    if {"ticker", "date"} <= has and {"close", "adj_close"} & has:
        found.append("bars")
    if {"ticker", "date"} <= has and {"split", "dividend"} & has:
        found.append("actions")
    if "date" in has and "ticker" not in has and wide:
        found.append("wide")
    if {"ticker", "start"} <= has and "sector" not in has:
        found.append("membership")
    if {"ticker", "sector"} <= has:
        found.append("taxonomy")
    if {"ticker", "cap"} <= has:
        found.append("caps")
    return tuple(found)
