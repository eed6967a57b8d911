"""A store of closes: immutable Parquet by year, named by its hash, and a file that names the current one.

A vintage is a list of files. Files are written whole, then the list, then the name of the list: a crash
between two steps leaves the last good vintage; what it left over is swept when the store is next written.
A reader reads the name once, so it never sees two vintages.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from bisect import bisect_left
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.errors import DataError, OutputError, UsageError
from narrows.market.panel import Panel, Spell
from narrows.market.sessions import FIRST_YEAR, LAST_YEAR, sessions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.floating[Any]]

__all__ = ["RUN_DAYS", "Part", "Provenance", "Status", "Store", "Vintage", "status", "whole_text"]

RUN_DAYS = 400
"""Calendar days that a run reads: a year of sessions, a week, and room for holidays."""
CURRENT, VINTAGES, FILES, LOCK = "current", "vintages", "files", "lock"
FORMAT = 1
FIELDS = ("close", "adj_close")
TABLES = (
    "securities", "actions", "membership", "taxonomy", "capitalisation", "provenance", "marks", "records",
    "shares", "weeks",
)  # fmt: skip
"""Tables beside the closes."""
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Part:
    """A file of a vintage.

    Parameters
    ----------
    file
        Name in the folder of files: its hash.
    sha256
        Of its bytes.
    rows
        Number of rows.
    """

    file: str
    sha256: str
    rows: int


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where closes come from.

    Parameters
    ----------
    source
        Number in the column ``source`` of the closes.
    provider
        Who gave them.
    table
        File or address.
    fetched_at
        Day or time of it.
    licence
        As the provider states it.
    sha256
        Of what was fetched.
    raw
        Whether its closes are raw: not adjusted for splits.
    """

    source: int
    provider: str
    table: str
    fetched_at: str
    licence: str
    sha256: str
    raw: bool = False


@dataclass(frozen=True)
class Vintage:
    """What a store held at one time.

    Parameters
    ----------
    number
        Counts up.
    years
        Files of closes by year.
    tables
        Files of the other tables by name.
    provenance
        Where the closes come from.
    marks
        Sentences on what is wrong with them, or left out.
    """

    number: int = 0
    years: dict[int, Part] = field(default_factory=dict)
    tables: dict[str, Part] = field(default_factory=dict)
    provenance: tuple[Provenance, ...] = ()
    marks: tuple[str, ...] = ()

    def text(self) -> str:
        """Return the vintage as JSON; equal vintages give the same bytes."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1, sort_keys=True) + "\n"

    @classmethod
    def of(cls, text: str) -> Vintage:
        """Read a vintage back."""
        told = json.loads(text)
        return cls(
            told["number"],
            {int(year): Part(**part) for year, part in sorted(told["years"].items())},
            {name: Part(**part) for name, part in sorted(told["tables"].items())},
            tuple(Provenance(**one) for one in told["provenance"]),
            tuple(told["marks"]),
        )

    @property
    def parts(self) -> tuple[Part, ...]:
        """All its files."""
        return (*self.years.values(), *self.tables.values())


class Store:
    """A folder of vintages.

    Parameters
    ----------
    folder
        Of the store; made when the first vintage is written.

    Raises
    ------
    DataError
        If the folder holds no store, or what it names is not there.

    Examples
    --------
    >>> import tempfile
    >>> store = Store(tempfile.mkdtemp(), new=True)
    >>> store.vintage.number, store.tickers
    (0, ())
    """

    def __init__(self, folder: str | Path, *, new: bool = False) -> None:
        self.folder = Path(folder)
        if not new and not (self.folder / CURRENT).is_file():
            raise DataError(
                f"The folder {str(folder)!r} holds no store of closes",
                f"A store has a file named {CURRENT!r} and a folder named {FILES!r}",
                "Make one with `narrows market ingest SOURCE_DIR --store DIR`",
            )
        self.vintage = self._read()
        self._engine: Any = None
        self._held: dict[tuple[str, str], list[tuple[Any, ...]]] = {}

    def _read(self) -> Vintage:
        current = self.folder / CURRENT
        if not current.is_file():
            return Vintage()
        name = ""
        try:
            name = Path(current.read_text(encoding="utf-8").strip()).name
            return Vintage.of((self.folder / VINTAGES / name).read_text(encoding="utf-8"))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise DataError(
                f"The vintage {name[:80]!r} of the store {str(self.folder)!r} cannot be read",
                "A vintage is a file of the store's own, written whole",
                "Ingest the source again, or put the name of an older vintage into the file 'current'",
            ) from error

    def path(self, part: Part) -> Path:
        """Return where a file of the vintage lies.

        Raises
        ------
        DataError
            If it is not there.
        """
        found = self.folder / FILES / part.file
        if not found.is_file():
            raise DataError(
                f"The file {part.file!r} of vintage {self.vintage.number} is not in the store",
                "Files of a vintage are never removed while it is current",
                "Ingest the source again",
            )
        return found

    def check(self) -> None:
        """Compare every file with its hash.

        Raises
        ------
        DataError
            If the bytes of a file are not those that were written.
        """
        for part in self.vintage.parts:
            if hashlib.sha256(self.path(part).read_bytes()).hexdigest() != part.sha256:
                raise DataError(
                    f"The file {part.file!r} of vintage {self.vintage.number} is not what was written",
                    "A file's bytes have the hash that the vintage names",
                    "Ingest the source again",
                )

    # ------------------------------------------------------------ reading

    @contextlib.contextmanager
    def connection(self) -> Iterator[Any]:
        """Give DuckDB in memory, on one thread; opened once, since opening costs more than a query."""
        import duckdb

        try:
            if self._engine is None:
                self._engine = duckdb.connect(config={"threads": 1})
            yield self._engine
        except duckdb.Error as error:
            if isinstance(error, (duckdb.IOException, duckdb.InvalidInputException)):
                raise DataError(
                    f"A file of vintage {self.vintage.number} cannot be read: {str(error).splitlines()[0]}",
                    "Files of a store are Parquet, as they were written",
                    "Check the store with `narrows market status --store DIR`, and ingest again",
                ) from error
            raise

    def table(self, name: str, columns: str = "*") -> list[tuple[Any, ...]]:
        """Return the rows of a table beside the closes; none where the store has no such table."""
        part = self.vintage.tables.get(name)
        if part is None:
            return []
        asked = (part.sha256, columns)
        if asked not in self._held:
            with self.connection() as connection:
                text = f"SELECT {columns} FROM read_parquet(?)"  # noqa: S608 (our own columns)
                self._held[asked] = connection.execute(text, [str(self.path(part))]).fetchall()
        return list(self._held[asked])

    @cached_property
    def _securities(self) -> tuple[tuple[str, str, str], ...]:
        """Ticker, currency and issuer by number of the security."""
        rows = self.table("securities", "security, ticker, currency, issuer")
        return tuple((ticker, currency, issuer) for _, ticker, currency, issuer in sorted(rows))

    @property
    def tickers(self) -> tuple[str, ...]:
        """Listings held, by number of the security."""
        return tuple(ticker for ticker, _, _ in self._securities)

    @property
    def issuers(self) -> dict[str, str]:
        """Company of each ticker, where it is known."""
        return {ticker: issuer for ticker, _, issuer in self._securities if issuer}

    @cached_property
    def last(self) -> date:
        """Last session of which a close is held.

        Raises
        ------
        DataError
            If the store holds no close.
        """
        if not self.vintage.years:
            raise DataError("The store holds no close", "Closes come with ingest", "Ingest a source first")
        part = self.vintage.years[max(self.vintage.years)]
        with self.connection() as connection:
            text = "SELECT max(date) FROM read_parquet(?)"
            return date.fromisoformat(str(connection.execute(text, [str(self.path(part))]).fetchall()[0][0]))

    def fields(self) -> dict[str, int]:
        """Return how many closes of each kind are held."""
        found = dict.fromkeys(FIELDS, 0)
        with self.connection() as connection:
            for part in self.vintage.years.values():
                text = "SELECT count(close), count(adj_close) FROM read_parquet(?)"
                row = connection.execute(text, [str(self.path(part))]).fetchall()[0]
                found = {name: found[name] + count for name, count in zip(FIELDS, row, strict=True)}
        return found

    def closes(
        self,
        first: date | None = None,
        last: date | None = None,
        of: str = "close",
        source: int | None = None,
    ) -> tuple[tuple[date, ...], Floats]:
        """Return sessions and closes of all securities, dense.

        Parameters
        ----------
        first, last
            First and last day; all that is held if left out.
        of
            ``close`` or ``adj_close``.
        source
            Only adjusted closes of this source; of each ticker's last one if left out.

        Returns
        -------
        tuple
            Sessions with a close of any security, and closes, axes (session, security), single precision;
            not-a-number where none is held.

        Notes
        -----
        Only the files of the years asked for are opened, and of these only the row groups of the days. The
        adjusted closes of two sources stand on different dividends, so a ticker's are never joined.
        """
        if of not in FIELDS:
            raise UsageError(
                f"The closes asked for are {of!r}", f"They are {', '.join(FIELDS)}", "Name one of these"
            )
        low, high = first or date(FIRST_YEAR, 1, 1), last or date(LAST_YEAR, 12, 31)
        known = sessions(max(low, date(FIRST_YEAR, 1, 1)), min(high, date(LAST_YEAR, 12, 31)))
        years = [year for year in sorted(self.vintage.years) if low.year <= year <= high.year]
        blocks, origins, days = [], [], []
        origin = "adj_source" if of == "adj_close" else "0::SMALLINT"
        text = (
            f"SELECT (date - DATE '1970-01-01')::INTEGER AS day, security, {of} AS price, {origin} AS origin "  # noqa: S608
            f"FROM read_parquet(?) WHERE date BETWEEN ? AND ? AND {of} IS NOT NULL"
        )
        with self.connection() as connection:
            for year in years:
                path = str(self.path(self.vintage.years[year]))
                inside = [day for day in known if day.year == year]
                numbers = np.array([(day - EPOCH).days for day in inside], np.int32)
                block = np.full((len(inside), len(self._securities)), np.nan, np.float32)
                drawn = np.zeros(block.shape, np.int16) if of == "adj_close" else None
                held = connection.execute(text, [path, low, high])
                self._fill(block, drawn, numbers, held)
                some: Bools = np.asarray(~np.isnan(block).all(axis=1))
                blocks.append(block if some.all() else block[some])
                if drawn is not None:
                    origins.append(drawn[some])
                days += [day for day, use in zip(inside, some.tolist(), strict=True) if use]
        if not blocks:
            return (), np.empty((0, len(self._securities)), np.float32)
        whole = blocks[0] if len(blocks) == 1 else np.concatenate(blocks)
        if origins:
            return tuple(days), self._one_source(whole, np.concatenate(origins), source)
        return tuple(days), self._split(tuple(days), whole)

    @staticmethod
    def _one_source(closes: Floats, origins: NDArray[np.int16], source: int | None) -> Floats:
        """Take out adjusted closes of other sources: of all but one, or of all but each ticker's last."""
        if not len(closes):
            return closes
        if source is None:
            held = ~np.isnan(closes)
            last = len(closes) - 1 - np.argmax(held[::-1], axis=0)
            wanted: Any = origins[last, np.arange(closes.shape[1])]
        else:
            wanted = source
        closes[origins != wanted] = np.nan
        return closes

    @staticmethod
    def _fill(block: Floats, drawn: NDArray[np.int16] | None, numbers: NDArray[np.int32], held: Any) -> None:
        found = held.fetchnumpy()
        if not len(numbers):
            return
        row = np.searchsorted(numbers, found["day"])
        row[row == len(numbers)] = 0
        fits = numbers[row] == found["day"]
        security, price, origin = found["security"], found["price"], found["origin"]
        if not fits.all():  # days on which the exchange was closed belong to no session
            row, security, price, origin = row[fits], security[fits], price[fits], origin[fits]
        block[row, security] = price
        if drawn is not None:
            drawn[row, security] = origin

    def _split(self, days: tuple[date, ...], closes: Floats) -> Floats:
        """Divide raw closes by every later split of their own source."""
        raw = {one.source for one in self.vintage.provenance if one.raw}
        if not raw:
            return closes
        place = {ticker: at for at, ticker in enumerate(self.tickers)}
        for ticker, day, ratio, source in self.table("actions", "ticker, date, split, source"):
            if source in raw and ratio != 1 and ticker in place:
                closes[: bisect_left(days, day), place[ticker]] /= ratio
        return closes

    def spells(self, table: str) -> tuple[Spell, ...]:
        """Return the spells of membership or of sectors."""
        columns = {
            "membership": "ticker, name, start_day, end_day, ''",
            "taxonomy": "ticker, name, start_day, end_day, scheme",
        }
        return tuple(Spell(*row) for row in self.table(table, columns[table]))  # written in order

    def panel(
        self,
        day: date | None = None,
        *,
        span: int | None = RUN_DAYS,
        of: str = "close",
        universe: str | None = None,
        source: int | None = None,
    ) -> Panel:
        """Return the panel of a run.

        Parameters
        ----------
        day
            Last session; the last held if left out.
        span
            Calendar days before it that are read; None for all.
        of
            ``close`` or ``adj_close``.
        universe
            Name of a membership, or its beginning; the tickers with a sector if left out, and all tickers
            where the store knows no sector.
        source
            As in `closes`.

        Raises
        ------
        UsageError
            If the store knows no such membership.
        """
        last = day or self.last
        first = None if span is None else last - timedelta(days=span)
        days, closes = self.closes(first, last, of, source)
        sectors = self.spells("taxonomy")
        members, told = self._universe(universe, sectors)
        keep, notes = self._kept(members, universe, sectors, last)
        closes = self._whole(days, closes)
        if not bool(keep.all()):
            closes = closes[:, keep]
        names = tuple(ticker for ticker, use in zip(self.tickers, keep.tolist(), strict=True) if use)
        shares, note = self._shares(last, names, of)
        return Panel(names, days, closes, members, sectors, shares, told, (*notes, *note))

    def _universe(self, universe: str | None, sectors: tuple[Spell, ...]) -> tuple[tuple[Spell, ...], str]:
        if universe is None:
            return (), "tickers with a sector" if sectors else "all tickers held"
        spells = self.spells("membership")
        names = sorted({spell.name for spell in spells})
        name = next((name for name in names if name == universe or name.startswith(universe)), None)
        if name is None:
            raise UsageError(
                f"The universe asked for is {universe!r}",
                f"The store holds {', '.join(names) or 'none'}",
                "Name one of these, or leave it out for the tickers with a sector",
            )
        return tuple(spell for spell in spells if spell.name == name), f"members of {name} on each day"

    def _kept(
        self, members: tuple[Spell, ...], universe: str | None, sectors: tuple[Spell, ...], last: date
    ) -> tuple[Bools, list[str]]:
        """Return which securities a panel holds, and sentences on those left out."""
        named = {spell.ticker for spell in (members if universe is not None else sectors)}
        currencies = [currency for _, currency, _ in self._securities]
        keep = np.array([not named or ticker in named for ticker in self.tickers], bool)
        held = [currency for currency, use in zip(currencies, keep, strict=True) if use]
        notes = []
        if len(set(held)) > 1:
            usual = max(sorted(set(held)), key=held.count)
            out = [t for t, c, use in zip(self.tickers, currencies, keep, strict=True) if use and c != usual]
            keep &= np.array([currency == usual for currency in currencies], bool)
            notes.append(f"{len(out)} tickers are left out, not in {usual}: {', '.join(out[:5])}")
        if universe is not None and sectors:
            known = {spell.ticker for spell in sectors if spell.holds(last)}
            present = {spell.ticker for spell in members if spell.holds(last)}
            bare = [t for t, use in zip(self.tickers, keep, strict=True) if use and t in present - known]
            if bare:
                notes.append(f"{len(bare)} tickers have no sector: {', '.join(bare[:5])}")
        return keep, notes

    def _whole(self, days: tuple[date, ...], closes: Floats) -> Floats:
        """Take out closes from before a jump that looks like a split without an action."""
        place = {ticker: at for at, ticker in enumerate(self.tickers)}
        for ticker, day, kind in self.table("marks", "ticker, date, kind"):
            if kind == "jump" and ticker in place:
                closes[: bisect_left(days, day), place[ticker]] = np.nan
        return closes

    def _shares(self, last: date, names: tuple[str, ...], of: str) -> tuple[Floats | None, list[str]]:
        """Return shares by ticker from the nearest capitalisation, and where they are from."""
        rows = self.table("shares", "ticker, field, date, shares")
        days = sorted({day for _, field_, day, _ in rows if field_ == of})
        if not days:
            return None, []
        day = max((one for one in days if one <= last), default=days[0])
        held = {ticker: count for ticker, field_, on, count in rows if field_ == of and on == day}
        told = (
            f"weights: capitalisations of {day.isoformat()} over the last closes on or before that day, "
            "share classes counted once"
        )
        return np.array([held.get(ticker, np.nan) for ticker in names]), [told]

    # ------------------------------------------------------------ writing

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the store for writing, sweep what a crash left, and read the current vintage.

        Raises
        ------
        OutputError
            If another process writes, or the folder cannot be written.
        """
        import fcntl

        try:
            for name in (VINTAGES, FILES):
                (self.folder / name).mkdir(parents=True, exist_ok=True)
            handle = os.open(self.folder / LOCK, os.O_CREAT | os.O_RDWR, 0o644)
        except OSError as error:
            raise OutputError(
                f"The store {str(self.folder)!r} cannot be written: {error.strerror}",
                "A store is a folder that may be written",
                "Name another with --store",
            ) from error
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise OutputError(
                    f"The store {str(self.folder)!r} is being written by another process",
                    "One process writes at a time; reading goes on",
                    "Wait until it has ended",
                ) from error
            self.vintage = self._read()
            self.sweep()
            yield
        finally:
            os.close(handle)

    def sweep(self) -> list[str]:
        """Remove files that no vintage names; return their names."""
        kept, swept = set(), []
        for path in sorted((self.folder / VINTAGES).iterdir()):
            try:
                kept |= {part.file for part in Vintage.of(path.read_text(encoding="utf-8")).parts}
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                path.unlink()
                swept.append(path.name)
        for path in sorted((self.folder / FILES).iterdir()):
            if path.name not in kept:
                path.unlink()
                swept.append(path.name)
        for path in self.folder.glob(f".{CURRENT}.*"):
            path.unlink()
            swept.append(path.name)
        return swept

    def add(self, connection: Any, select: str, values: list[Any] | None = None) -> Part:
        """Write the rows of a query as one file of the store, whole or not at all.

        Parameters
        ----------
        connection
            Open DuckDB.
        select
            The query; its order is kept.
        values
            Of its parameters.
        """
        folder = self.folder / FILES
        handle, name = tempfile.mkstemp(prefix=".part.", dir=folder)
        os.close(handle)
        temporary = Path(name)
        quoted = str(temporary).replace("'", "''")
        try:
            text = f"COPY ({select}) TO '{quoted}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 100000)"
            rows = connection.execute(text, values or []).fetchall()[0][0]
            digest = hashlib.sha256(temporary.read_bytes()).hexdigest()
            part = Part(f"{digest[:32]}.parquet", digest, int(rows))
            durable(temporary, folder / part.file)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        return part

    def publish(self, vintage: Vintage) -> None:
        """Make a vintage the current one: its list, then its name, each whole.

        Notes
        -----
        What a vintage names must already lie in the store.
        """
        for part in vintage.parts:
            self.path(part)
        text = vintage.text()
        digest = hashlib.sha256(text.encode()).hexdigest()[:12]
        name = f"{vintage.number:06d}-{digest}.json"
        whole_text(self.folder / VINTAGES / name, text)
        whole_text(self.folder / CURRENT, name + "\n")
        self.vintage = vintage
        for cached in ("_securities", "last"):
            self.__dict__.pop(cached, None)


def durable(temporary: Path, target: Path) -> None:
    """Flush a file to the disk, put it in place, and flush the folder."""
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.chmod(0o644)
    temporary.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def whole_text(target: Path, text: str) -> None:
    """Write a text file: whole, or not at all."""
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        durable(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@dataclass(frozen=True)
class Status:
    """What a store holds.

    Parameters
    ----------
    vintage
        That is current.
    rows, tickers
        Rows of closes and listings.
    closes, adjusted
        Closes and adjusted closes held.
    first, last
        First and last day held; None where none is.
    universes
        Names of memberships.
    classified
        Tickers with a sector.
    """

    vintage: Vintage
    rows: int
    tickers: int
    closes: int
    adjusted: int
    first: date | None
    last: date | None
    universes: tuple[str, ...]
    classified: int


def status(folder: str | Path) -> Status:
    """Return what a store holds, after comparing every file with its hash.

    Raises
    ------
    DataError
        If the folder holds no store, or a file is not what was written.
    """
    store = Store(folder)
    store.check()
    years = store.vintage.years
    fields = store.fields()
    first = None
    if years:
        with store.connection() as connection:
            path = str(store.path(years[min(years)]))
            first = connection.execute("SELECT min(date) FROM read_parquet(?)", [path]).fetchall()[0][0]
    return Status(
        vintage=store.vintage,
        rows=sum(part.rows for part in years.values()),
        tickers=len(store.tickers),
        closes=fields["close"],
        adjusted=fields["adj_close"],
        first=first,
        last=store.last if years else None,
        universes=tuple(sorted({row[0] for row in store.table("membership", "name")})),
        classified=len({row[0] for row in store.table("taxonomy", "ticker")}),
    )
