"""From the tables of a source to a vintage of the store: what is broken is refused, what is odd is marked."""

# ruff: noqa: S608 - names of columns and files are quoted by SourceTable, values are parameters
from __future__ import annotations

from collections import defaultdict
from dataclasses import astuple, dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.errors import DataError
from narrows.market.breadth import SHORT_MEAN
from narrows.market.history import History
from narrows.market.kept import (
    INDEX,
    RECORD_COLUMNS,
    SHARE_COLUMNS,
    WEEK_COLUMNS,
    KeptWeek,
    records,
    share_counts,
    weeks_of,
    with_index,
)
from narrows.market.library import printed
from narrows.market.sessions import FIRST_YEAR, LAST_YEAR, sessions
from narrows.market.store import FIELDS, Provenance, Store, Vintage
from narrows.market.tables import SourceTable, Told, tables_of, told_of
from narrows.market.total_return import RATIOS, unexplained_jumps

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from narrows.market.store import Part

__all__ = ["Ingested", "Mark", "ingest"]

CENT = 0.0051
"""Distance up to which two sources agree: a cent, with the rounding of single precision."""
SHOWN = 5
"""Names shown in a sentence on many."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A sentence on one ticker.

    Parameters
    ----------
    kind
        ``gap``, ``jump``, ``doubt``, ``no_session``, ``duplicate``, ``differs``, ``revised``, ``no_sector``
        or ``skipped``.
    ticker
        Of which it speaks; the name of a file for ``skipped``.
    day
        First day of which it speaks.
    text
        The sentence.
    """

    kind: str
    ticker: str
    day: date | None
    text: str


@dataclass(frozen=True)
class Ingested:
    """What an ingest did.

    Parameters
    ----------
    vintage
        Number of the vintage that is now current.
    rows
        Closes in it, by year.
    tickers
        Listings in it.
    marks
        Sentences on what is odd, the rarest kinds first.
    first, last
        First and last session held.
    """

    vintage: int
    rows: dict[int, int]
    tickers: int
    marks: tuple[Mark, ...]
    first: date
    last: date

    @property
    def sentences(self) -> tuple[str, ...]:
        """One sentence a kind of mark."""
        return _summary(self.marks)


def ingest(
    source: str | Path, store: str | Path, *, progress: Callable[[int, int], None] | None = None
) -> Ingested:
    """Read the tables of a folder into a new vintage of a store.

    Parameters
    ----------
    source
        Folder of tables (CSV, Parquet), see docs/market.md.
    store
        Folder of the store; made where it is not there.
    progress
        Called with the years written and the years to write.

    Raises
    ------
    DataError
        If a table cannot be read, a close is not a positive number, a ticker has two closes on one day in one
        table, or two currencies. The store is then as it was.
    OutputError
        If the store cannot be written.

    Notes
    -----
    Closes of the new source come before those held; a close that changes is marked. Two tables of one source
    agree within a cent, or the difference is marked and the first table counts.
    """
    import duckdb

    place = Store(store, new=True)
    with place.writing(), duckdb.connect() as connection:
        tables = tables_of(source, connection)
        told = told_of(tables[0].path.parent)
        work = _Intake(place, connection, tables, told)
        return work.run(progress)


class _Intake:
    """One ingest, with the store held for writing."""

    def __init__(self, store: Store, connection: Any, tables: list[SourceTable], told: Told) -> None:
        self.store, self.connection, self.tables, self.told = store, connection, tables, told
        self.old = store.vintage
        self.marks: list[Mark] = [
            Mark("skipped", table.path.name, None, f"{table.path.name}: no table of a kind that is read")
            for table in tables
            if not table.kinds
        ]
        self.provenance = list(self.old.provenance)
        self.numbers: dict[Path, int] = {}
        for table in tables:
            if table.kinds:
                self._source(table)

    def _source(self, table: SourceTable) -> None:
        digest = table.sha256()
        at = self.told.fetched_at or table.fetched_at()
        number = 1 + max((one.source for one in self.provenance), default=0)
        raw = "split" in table.columns
        licence, provider = self.told.licence, self.told.provider
        self.numbers[table.path] = number
        self.provenance.append(Provenance(number, provider, table.path.name, at, licence, digest, raw))

    def sql(self, text: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a query of our own making; what of a table cannot be read is refused."""
        import duckdb

        try:
            return list(self.connection.execute(text, list(values)).fetchall())
        except (duckdb.IOException, duckdb.InvalidInputException, duckdb.ConversionException) as error:
            raise DataError(
                f"A table of the source cannot be read: {str(error).splitlines()[0]}",
                "A table is a whole Parquet file, or CSV with one line of names",
                "Fetch it again, or take it out of the folder",
            ) from error

    def run(self, progress: Callable[[int, int], None] | None) -> Ingested:
        """Check the tables, write the files, and publish the vintage."""
        self._stage()
        self._securities()
        years = [int(row[0]) for row in self.sql("SELECT DISTINCT year(date) FROM staged ORDER BY 1")]
        parts = dict(self.old.years)
        for done, year in enumerate(years):
            parts[year] = self._year(year)
            if progress is not None:
                progress(done + 1, len(years))
        tables = self._side_tables()
        vintage = Vintage(self.old.number + 1, parts, tables, tuple(self.provenance), ())
        self.store.vintage = vintage
        self.store.__dict__.pop("_securities", None)
        first, last = self._examine()
        tables["marks"] = self._marks_table()
        self.store.vintage = replace(vintage, tables=tables)
        tables |= self._kept()
        vintage = replace(vintage, tables=tables, marks=_summary(self.marks))
        self.store.publish(vintage)
        rows = {year: part.rows for year, part in parts.items()}
        return Ingested(vintage.number, rows, len(self.store.tickers), tuple(self.marks), first, last)

    # ------------------------------------------------------------ closes

    def _stage(self) -> None:
        selects = []
        for table in self.tables:
            if {"bars", "wide"} & set(table.kinds):
                self._values(table)
                selects.append(self._select(table))
        self.connection.execute("CREATE TEMP TABLE staged AS " + " UNION ALL ".join(selects))
        twice = self.sql(
            "SELECT source, ticker, date, min(close), max(close), count(*) FROM staged "
            "GROUP BY source, ticker, date HAVING count(*) > 1 ORDER BY ticker, date"
        )
        for source, ticker, day, low, high, _ in twice:
            if low != high:
                raise DataError(
                    f"{self._name(source)} has two closes of {ticker} on {day}: {low:g} and {high:g}",
                    "A ticker has one close a session",
                    "Leave the wrong row out",
                )
        for ticker, days in _grouped((row[1], row[2]) for row in twice).items():
            self.marks.append(
                Mark(
                    "duplicate",
                    ticker,
                    days[0],
                    f"{ticker} has {_counted(len(days), 'row')} twice, with equal closes, from {days[0]}",
                )
            )
        if len(selects) > 1:
            self._reconcile()

    def _name(self, source: int) -> str:
        return next(one.table for one in self.provenance if one.source == source)

    def _values(self, table: SourceTable) -> None:
        """Refuse a table in which a value cannot be read."""
        names = [f'"{name}"' for name in table.wide] if "wide" in table.kinds else []
        names += [
            f'"{table.columns[name]}"' for name in FIELDS if name in table.columns and "bars" in table.kinds
        ]
        day = table.columns["date"]
        for name, kind in ((f'"{day}"', "DATE"), *((name, "DOUBLE") for name in names)):
            cast = f"TRY_CAST({name} AS {kind})"
            bad = f"{cast} IS NULL AND nullif(trim(CAST({name} AS VARCHAR)), '') IS NOT NULL"
            if kind == "DATE":
                bad = f"{cast} IS NULL"
            elif "bars" in table.kinds:
                bad += f" OR NOT isfinite({cast}) OR {cast} <= 0"
            rows = self.sql(
                f'SELECT CAST({name} AS VARCHAR), CAST("{day}" AS VARCHAR) FROM {table.relation} '
                f"WHERE {bad} LIMIT 1"
            )
            if rows:
                column = name.strip('"')
                raise DataError(
                    f"{table.path.name} holds {rows[0][0]!r} as {column} (date {rows[0][1]})",
                    "A date is YYYY-MM-DD, a close a positive number or empty",
                    "Correct the row, or take the file out of the folder",
                )

    def _select(self, table: SourceTable) -> str:
        number, currency = self.numbers[table.path], self.told.currency.replace("'", "''")
        if "wide" in table.kinds:
            day = f'"{table.columns["date"]}"'
            columns = ", ".join(f'"{name}"' for name in table.wide)
            casts = ", ".join(f'TRY_CAST("{name}" AS DOUBLE) AS "{name}"' for name in table.wide)
            return (
                f"SELECT {number} AS source, ticker, date, price AS close, CAST(NULL AS "
                "DOUBLE) AS adj_close, "
                f"CAST(NULL AS DOUBLE) AS volume, '{currency}' AS currency FROM (UNPIVOT (SELECT "
                f"TRY_CAST({day} AS DATE) AS date, {casts} FROM {table.relation}) ON {columns} "
                "INTO NAME ticker VALUE price)"
            )
        text = table.text
        return (
            f"SELECT {number} AS source, {text('ticker', 'VARCHAR')} AS ticker, "
            f"{text('date', 'DATE')} AS date, "
            f"{text('close', 'DOUBLE')} AS close, {text('adj_close', 'DOUBLE')} AS adj_close, "
            f"{text('volume', 'DOUBLE')} AS volume, coalesce({text('currency', 'VARCHAR')}, "
            f"'{currency}') AS currency "
            f"FROM {table.relation} WHERE {text('ticker', 'VARCHAR')} IS NOT NULL"
        )

    def _reconcile(self) -> None:
        """Mark where two tables of the source differ by more than a cent."""
        rows = self.sql(
            "SELECT ticker, date, min(close), max(close), arg_min(close, source) FROM staged "
            "WHERE close IS NOT NULL "
            "GROUP BY ticker, date HAVING count(DISTINCT source) > 1 AND max(close) - "
            "min(close) > ? ORDER BY 1, 2",
            [CENT],
        )
        for ticker, days in _grouped((row[0], row[1:]) for row in rows).items():
            day, low, high, kept = days[0]
            self.marks.append(
                Mark(
                    "differs",
                    ticker,
                    day,
                    f"{ticker} differs between two tables on {_counted(len(days), 'day')}, first on {day}: "
                    f"{low:g} and {high:g}; {kept:g} counts",
                )
            )

    def _securities(self) -> None:
        mixed = self.sql(
            "SELECT ticker, min(currency), max(currency) FROM staged GROUP BY ticker HAVING "
            "min(currency) <> max(currency) ORDER BY 1"
        )
        held = {ticker: (currency, issuer) for ticker, currency, issuer in self.store._securities}  # noqa: SLF001 (of one house)
        found = dict(self.sql("SELECT DISTINCT ticker, currency FROM staged ORDER BY 1")) if not mixed else {}
        mixed += [(t, held[t][0], c) for t, c in sorted(found.items()) if t in held and held[t][0] != c]
        if mixed:
            ticker, one, other = mixed[0]
            raise DataError(
                f"{ticker} has closes in {one} and in {other}",
                "A ticker has one currency",
                "Name the listings apart, or leave one of them out",
            )
        self.tickers = [*self.store.tickers, *sorted(set(found) - set(held))]
        self.currency = {**{ticker: currency for ticker, (currency, _) in held.items()}, **found}
        self.issuer = {ticker: issuer for ticker, (_, issuer) in held.items()}
        self.connection.execute("CREATE TEMP TABLE numbers (ticker VARCHAR, security INTEGER)")
        if self.tickers:
            values = ", ".join("(?, ?)" for _ in self.tickers)
            flat = [part for at, ticker in enumerate(self.tickers) for part in (ticker, at)]
            self.connection.execute(f"INSERT INTO numbers VALUES {values}", flat)

    def _year(self, year: int) -> Part:
        """Write the closes of a year, those held before and the new ones."""
        old = self.old.years.get(year)
        rows = (
            "SELECT ticker, date, close, adj_close, volume, source, source AS adj_source, source AS rank "
            "FROM staged "
            "WHERE year(date) = ?"
        )
        values: list[Any] = [year]
        if old is not None:
            rows += (
                " UNION ALL SELECT ticker, date, close::DOUBLE, adj_close::DOUBLE, volume, "
                "source, adj_source, 1000000 + source "
                "FROM read_parquet(?)"
            )
            values.append(str(self.store.path(old)))
            self._revised(year, old)
        text = (
            "SELECT date, security, ticker, arg_min(close, rank)::FLOAT AS close, "
            "arg_min(adj_close, rank)::FLOAT AS adj_close, arg_min(volume, rank) AS volume, "
            "min_by(source, rank)::SMALLINT AS source, "
            "arg_min(CASE WHEN adj_close IS NOT NULL THEN adj_source END, rank)::SMALLINT AS adj_source "
            f"FROM ({rows}) JOIN numbers USING (ticker) GROUP BY date, security, ticker ORDER "
            "BY date, security"
        )
        return self.store.add(self.connection, text, values)

    def _revised(self, year: int, old: Part) -> None:
        rows = self.sql(
            "SELECT s.ticker, min(s.date), count(*) FROM staged s JOIN read_parquet(?) o USING "
            "(ticker, date) "
            "WHERE year(s.date) = ? AND abs(s.close - o.close) > ? GROUP BY 1 ORDER BY 1",
            [str(self.store.path(old)), year, CENT],
        )
        for ticker, day, count in rows:
            self.marks.append(
                Mark(
                    "revised",
                    ticker,
                    day,
                    f"{ticker} has {count} closes in {year} that the last vintage held otherwise, from {day}",
                )
            )

    # ------------------------------------------------------------ beside the closes

    def _side_tables(self) -> dict[str, Part]:
        actions = dict.fromkeys(self.store.table("actions", "ticker, date, split, dividend, source"))
        members = dict.fromkeys(self.store.table("membership", "ticker, name, start_day, end_day"))
        sectors = dict.fromkeys(self.store.table("taxonomy", "ticker, name, start_day, end_day, scheme"))
        caps = dict.fromkeys(self.store.table("capitalisation", "ticker, date, cap, source"))
        lists = []
        for table in self.tables:
            number = self.numbers.get(table.path, 0)
            if "actions" in table.kinds:
                actions |= dict.fromkeys(self._actions(table, number))
            if "membership" in table.kinds:
                members |= dict.fromkeys(self._membership(table))
            if "taxonomy" in table.kinds:
                lists.append(table)
            if "caps" in table.kinds:
                caps |= dict.fromkeys(self._capitalisations(table, number))
        sectors |= dict.fromkeys(self._taxonomy(lists))
        securities = [
            (at, ticker, self.currency[ticker], self.issuer.get(ticker, ""))
            for at, ticker in enumerate(self.tickers)
        ]
        return {
            "securities": self._write(
                "security INTEGER, ticker VARCHAR, currency VARCHAR, issuer VARCHAR", securities
            ),
            "actions": self._write(
                "ticker VARCHAR, date DATE, split DOUBLE, dividend DOUBLE, source INTEGER", actions
            ),
            "membership": self._write("ticker VARCHAR, name VARCHAR, start_day DATE, end_day DATE", members),
            "taxonomy": self._write(
                "ticker VARCHAR, name VARCHAR, start_day DATE, end_day DATE, scheme VARCHAR", sectors
            ),
            "capitalisation": self._write("ticker VARCHAR, date DATE, cap DOUBLE, source INTEGER", caps),
            "provenance": self._write(
                "source INTEGER, provider VARCHAR, file VARCHAR, fetched_at VARCHAR, licence "
                "VARCHAR, sha256 VARCHAR",
                [(p.source, p.provider, p.table, p.fetched_at, p.licence, p.sha256) for p in self.provenance],
            ),
        }

    def _write(self, columns: str, rows: Any) -> Part:
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE written ({columns})")
        held = [list(row) for row in rows]
        if held:
            marks = ", ".join("?" for _ in held[0])
            for at in range(0, len(held), 1000):
                batch = held[at : at + 1000]
                values = ", ".join(f"({marks})" for _ in batch)
                self.connection.execute(
                    f"INSERT INTO written VALUES {values}", [v for row in batch for v in row]
                )
        return self.store.add(self.connection, "SELECT * FROM written ORDER BY ALL")

    def _actions(self, table: SourceTable, number: int) -> list[tuple[Any, ...]]:
        text = table.text
        split, dividend = (
            f"coalesce({text('split', 'DOUBLE')}, 1)",
            f"coalesce({text('dividend', 'DOUBLE')}, 0)",
        )
        rows = self.sql(
            f"SELECT {text('ticker', 'VARCHAR')}, {text('date', 'DATE')}, {split}, {dividend} "
            f"FROM {table.relation} "
            f"WHERE {split} <> 1 OR {dividend} <> 0"
        )
        for ticker, day, ratio, paid in rows:
            if not (ratio > 0 and paid >= 0):
                raise DataError(
                    f"{table.path.name} has a split of {ratio:g} and a dividend of {paid:g} "
                    f"for {ticker} on {day}",
                    "A split ratio is a positive number, a dividend is not negative",
                    "Correct the row",
                )
        return [(*row, number) for row in rows]

    def _membership(self, table: SourceTable) -> list[tuple[Any, ...]]:
        text = table.text
        name = (
            text("index", "VARCHAR")
            if "index" in table.columns
            else "'" + table.index.replace("'", "''") + "'"
        )
        return self.sql(
            f"SELECT {text('ticker', 'VARCHAR')}, {name}, {text('start', 'DATE')}, {text('end', 'DATE')} "
            f"FROM {table.relation} WHERE {text('ticker', 'VARCHAR')} IS NOT NULL"
        )

    def _taxonomy(self, lists: list[SourceTable]) -> list[tuple[Any, ...]]:
        """Return spells of sectors; lists dated in their names follow one another."""
        found: list[tuple[Any, ...]] = []
        dated: dict[date, dict[str, str]] = {}
        for table in lists:
            text = table.text
            scheme = text("scheme", "VARCHAR") if "scheme" in table.columns else "'gics'"
            rows = self.sql(
                f"SELECT {text('ticker', 'VARCHAR')}, {text('sector', 'VARCHAR')}, {text('start', 'DATE')}, "
                f"{text('end', 'DATE')}, {scheme}, {text('issuer', 'VARCHAR')} FROM {table.relation}"
            )
            self.issuer |= {row[0]: row[5] for row in rows if row[5]}
            if table.day is None or "start" in table.columns:
                found += [row[:5] for row in rows if row[1]]
            else:
                dated.setdefault(table.day, {}).update({row[0]: row[1] for row in rows if row[1]})
        return found + _spells(dated)

    def _capitalisations(self, table: SourceTable, number: int) -> list[tuple[Any, ...]]:
        text = table.text
        day = text("date", "DATE")
        if "date" not in table.columns:
            if table.day is None:
                raise DataError(
                    f"{table.path.name} gives capitalisations without a day",
                    "A capitalisation has a column date, or the file has a day in its name",
                    "Add one of them, such as caps_2026-03-09.csv",
                )
            day = f"DATE '{table.day.isoformat()}'"
        rows = self.sql(
            f"SELECT {text('ticker', 'VARCHAR')}, {day}, {text('cap', 'DOUBLE')} FROM {table.relation} "
            f"WHERE {text('cap', 'DOUBLE')} IS NOT NULL"
        )
        return [(*row, number) for row in rows]

    # ------------------------------------------------------------ what is odd

    def _examine(self) -> tuple[date, date]:
        """Mark gaps, strange days, and jumps that equal a split; return the first and last session."""
        edges: list[date] = []
        for of in FIELDS:
            days, closes = self.store.closes(of=of)
            if not days:
                continue
            edges += [days[0], days[-1]]
            if of == "close":
                self._gaps(days, closes)
            self._jumps(days, closes, of)
        self._strangers()
        named = {row[0] for row in self.store.table("taxonomy", "ticker")}
        if named:
            bare = [ticker for ticker in self.tickers if ticker not in named]
            self.marks += [Mark("no_sector", ticker, None, f"{ticker} has no sector") for ticker in bare]
        if not edges:
            raise DataError(
                "The source holds no close on a session of the exchange",
                f"Sessions are known from {FIRST_YEAR} to {LAST_YEAR}",
                "Name another source",
            )
        return min(edges), max(edges)

    def _gaps(self, days: tuple[date, ...], closes: Any) -> None:
        known = sessions(days[0], days[-1])
        lost = sorted(set(known) - set(days))
        if lost:
            self.marks.append(
                Mark(
                    "gap",
                    "all tickers",
                    lost[0],
                    f"{len(lost)} sessions have no close of any ticker, the first {lost[0]}",
                )
            )
        held = ~np.isnan(closes)
        for column in np.flatnonzero(held.any(axis=0)):
            rows = np.flatnonzero(held[:, column])
            inside = ~held[rows[0] : rows[-1] + 1, column]
            if inside.any():
                first = days[rows[0] + int(np.argmax(inside))]
                ticker = self.tickers[column]
                self.marks.append(
                    Mark(
                        "gap",
                        ticker,
                        first,
                        f"{ticker} lacks {_counted(int(inside.sum()), 'session')}, the first {first}: "
                        "unavailable there, nothing is filled",
                    )
                )

    def _jumps(self, days: tuple[date, ...], closes: Any, of: str) -> None:
        with np.errstate(invalid="ignore", divide="ignore"):
            step = closes[:-1] / closes[1:]
        least = 1 + (RATIOS[0] - 1) / 2
        wide = np.flatnonzero(((step > least) | (step < 1 / least) | np.isnan(step)).any(axis=0))
        for column in wide:
            ticker = self.tickers[column]
            for jump in unexplained_jumps(np.asarray(closes[:, column], float)):
                day = days[jump.row]
                end = "closes before that day are not used" if jump.sure else "kept, as a move of that day"
                told = (
                    f"{ticker} jumps on {day} as a split of {jump.ratio:g} for 1 would make it "
                    f"({of}), and no action says so: {end}"
                )
                self.marks.append(Mark("jump" if jump.sure else "doubt", ticker, day, told))

    def _strangers(self) -> None:
        rows = self.sql("SELECT ticker, date FROM staged ORDER BY 1, 2") if self._few() else []
        first = self.sql("SELECT min(date), max(date) FROM staged")[0]
        low, high = (min(max(day, date(FIRST_YEAR, 1, 1)), date(LAST_YEAR, 12, 31)) for day in first)
        known = set(sessions(low, high))
        found = _grouped((ticker, day) for ticker, day in rows if day not in known)
        for ticker, days in found.items():
            self.marks.append(
                Mark(
                    "no_session",
                    ticker,
                    days[0],
                    f"{ticker} has {_counted(len(days), 'row')} on days without a session, the first "
                    f"{days[0]}: kept, and not used in panels",
                )
            )

    def _few(self) -> bool:
        """Whether any day of the source is no session."""
        days = [row[0] for row in self.sql("SELECT DISTINCT date FROM staged ORDER BY 1")]
        known = set(sessions(date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)))
        return any(day not in known for day in days)

    def _kept(self) -> dict[str, Part]:
        """Write the records, and a row a week of each kind of closes."""
        shares = self._write(SHARE_COLUMNS, share_counts(self.store))
        self.store.vintage = replace(
            self.store.vintage, tables={**self.store.vintage.tables, "shares": shares}
        )
        weeks: dict[date, KeptWeek] = {}
        for of, source in (("close", None), *(("adj_close", number) for number in self._adjusting())):
            panel = self.store.panel(span=None, of=of, source=source)
            for one in weeks_of(panel, of):
                if one.week not in weeks or one.counted > weeks[one.week].counted:
                    weeks[one.week] = one
        rows = [astuple(week) for week in with_index(weeks, self._index())]
        return {
            "records": self._write(RECORD_COLUMNS, records(self.store)),
            "shares": shares,
            "weeks": self._write(WEEK_COLUMNS, rows),
        }

    def _adjusting(self) -> list[int]:
        """Return the sources of adjusted closes over enough sessions for a mean."""
        paths = [str(self.store.path(part)) for part in self.store.vintage.years.values()]
        text = (
            "SELECT adj_source FROM read_parquet(?) WHERE adj_close IS NOT NULL GROUP BY 1 "
            "HAVING count(DISTINCT date) >= ? ORDER BY 1"
        )
        return [row[0] for row in self.sql(text, [paths, SHORT_MEAN])]

    def _index(self) -> History | None:
        """Return the closes of the index, all that are held."""
        if INDEX not in self.tickers:
            return None
        text = (
            "SELECT date, close FROM read_parquet(?) WHERE security = ? AND close IS NOT NULL ORDER BY date"
        )
        paths = [str(self.store.path(part)) for part in self.store.vintage.years.values()]
        rows = self.sql(text, [paths, self.tickers.index(INDEX)])
        days = [row[0] for row in rows]
        return (
            History(INDEX, days, [printed(row[1]) for row in rows], sessions(days[0], days[-1]))
            if days
            else None
        )

    def _marks_table(self) -> Part:
        rows = [(mark.kind, mark.ticker, mark.day, mark.text) for mark in self.marks]
        return self._write("kind VARCHAR, ticker VARCHAR, date DATE, text VARCHAR", rows)


def _counted(count: int, name: str) -> str:
    return f"{count} {name}{'' if count == 1 else 's'}"


def _grouped(rows: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for name, value in rows:
        found[name].append(value)
    return dict(found)


def _spells(dated: dict[date, dict[str, str]]) -> list[tuple[Any, ...]]:
    """Return spells from lists of single days: each holds until the next; the first also before it."""
    days = sorted(dated)
    found: list[tuple[Any, ...]] = []
    for ticker in sorted({ticker for held in dated.values() for ticker in held}):
        start: date | None = None
        sector = dated[days[0]].get(ticker)
        for day in days[1:]:
            new = dated[day].get(ticker, sector)
            if new != sector:
                if sector is not None:
                    found.append((ticker, sector, start, day, "gics"))
                start, sector = (day if sector is not None else None), new
        if sector is not None:
            found.append((ticker, sector, start, None, "gics"))
    return found


def _summary(marks: Sequence[Mark]) -> tuple[str, ...]:
    """Return one sentence a kind of mark, and the names of the first."""
    found = []
    groups: dict[str, list[Mark]] = defaultdict(list)
    for mark in marks:
        groups[mark.kind].append(mark)
    for kind, held in sorted(groups.items(), key=lambda item: (len(item[1]), item[0])):
        if len(held) == 1 or kind == "jump":
            found += [f"{mark.text}." for mark in held[:SHOWN]]
            rest = len(held) - SHOWN
            found += [f"{rest} more jumps are marked."] if kind == "jump" and rest > 0 else []
            continue
        names = ", ".join(mark.ticker for mark in held[:SHOWN])
        found.append(
            f"{_KINDS[kind].format(count=len(held))}: {names}{' and others' if len(held) > SHOWN else ''}."
        )
    return tuple(found)


_KINDS = {
    "doubt": "{count} tickers moved as a split of 3 for 2 would make them; kept as moves of the day",
    "skipped": "{count} tables are of no kind that is read",
    "duplicate": "{count} tickers have rows twice, with equal closes",
    "differs": "{count} tickers differ between two tables by more than a cent; the first table counts",
    "revised": "{count} tickers have closes that the last vintage held otherwise",
    "gap": "{count} tickers lack sessions between their first and last; nothing is filled",
    "no_session": "{count} tickers have rows on days without a session; they are not used in panels",
    "no_sector": "{count} tickers have no sector",
}
