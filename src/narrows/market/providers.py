"""Providers of closes by entry point: a folder, small readers of four public services, and OpenBB.

A provider has one method, ``bars(symbols, start, end)``, which returns rows and where they come from.
Others are found under the entry point group ``narrows.market.providers``.
"""

from __future__ import annotations

import csv
import hashlib
import importlib
import io
import json
import math
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from narrows.errors import DataError, UnknownNameError, UsageError
from narrows.market.fetching import Fetcher, FetchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from narrows.market.intake import Ingested

__all__ = [
    "GROUP",
    "Bar",
    "Bars",
    "Difference",
    "Directory",
    "Edgar",
    "Fred",
    "OpenBB",
    "Provider",
    "Stooq",
    "Yahoo",
    "day_of",
    "fetch",
    "provider",
    "reconcile",
]

GROUP = "narrows.market.providers"
CENT = 0.0051
"""Distance up to which two sources agree: a cent, with the rounding of single precision."""
UNKNOWN_FORMS = (
    ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError, csv.Error,
)  # fmt: skip
"""What an answer of another form than the known ends in."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NEW_YORK_HOURS = timedelta(hours=5)
"""What is taken from the time of a bar, so that its day is that of the exchange in summer and winter."""


class Bar(NamedTuple):
    """A close of one ticker on one day; the adjusted close counts dividends, and is None where not given."""

    ticker: str
    day: date
    close: float | None
    adj_close: float | None
    volume: float | None
    currency: str


@dataclass(frozen=True)
class Bars:
    """What a provider gave.

    Parameters
    ----------
    rows
        Closes.
    provider, licence
        Who gave them, and on what terms, in its words.
    fetched_at
        Day of it.
    sha256
        Of the bytes that were read.
    """

    rows: tuple[Bar, ...]
    provider: str
    licence: str
    fetched_at: str
    sha256: str


class Provider(Protocol):
    """Gives closes."""

    def bars(self, symbols: Sequence[str], start: date, end: date) -> Bars:
        """Return the closes of symbols from a day to a day, both included."""


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


@dataclass
class Directory:
    """A folder of tables, see `narrows.market.tables`.

    Parameters
    ----------
    folder
        With the tables.
    """

    folder: str | Path

    def bars(self, symbols: Sequence[str], start: date, end: date) -> Bars:
        """Return the closes of the folder's tables."""
        import duckdb

        from narrows.market.tables import tables_of, told_of

        rows: list[Bar] = []
        digest = hashlib.sha256()
        with duckdb.connect() as connection:
            tables = [table for table in tables_of(self.folder, connection) if "bars" in table.kinds]
            told = told_of(Path(self.folder))
            for table in tables:
                digest.update(table.sha256().encode())
                columns = [
                    ("ticker", "VARCHAR"),
                    ("date", "DATE"),
                    ("close", "DOUBLE"),
                    ("adj_close", "DOUBLE"),
                    ("volume", "DOUBLE"),
                ]
                text = ", ".join(table.text(name, kind) for name, kind in columns)
                found = connection.execute(f"SELECT {text} FROM {table.relation}").fetchall()  # noqa: S608
                rows += [
                    Bar(ticker, day, close, adjusted, volume, told.currency)
                    for ticker, day, close, adjusted, volume in found
                    if ticker in set(symbols) and start <= day <= end
                ]
        return Bars(tuple(rows), told.provider, told.licence, told.fetched_at or _today(), digest.hexdigest())


@dataclass
class _Web:
    """What the readers of services share: one address a symbol, asked one after the other."""

    name: str
    licence: str
    fetcher: Fetcher
    base: str
    headers: dict[str, str] = field(default_factory=dict)
    today: Callable[[], str] = _today

    def bars(self, symbols: Sequence[str], start: date, end: date) -> Bars:
        """Return the closes that the service gives.

        Raises
        ------
        FetchError
            If the service does not answer, or in no form that is known.
        """
        digest = hashlib.sha256()
        rows: list[Bar] = []
        for symbol in symbols:
            body = self.fetcher.get(self.address(symbol, start, end), self.headers)
            digest.update(body)
            try:
                found = list(self.read(symbol, body))
            except UNKNOWN_FORMS as error:
                raise FetchError(
                    f"{self.name} answers for {symbol} in no form that is known",
                    "The answer of a provider has not changed its form",
                    "Use another provider; the store is as it was",
                ) from error
            rows += [bar for bar in found if start <= bar.day <= end]
        return Bars(tuple(rows), self.name, self.licence, self.today(), digest.hexdigest())

    def address(self, symbol: str, start: date, end: date) -> str:
        """Return where the closes of a symbol stand."""
        raise NotImplementedError

    def read(self, symbol: str, body: bytes) -> Iterable[Bar]:
        """Yield the closes of an answer."""
        raise NotImplementedError


def _plain(symbol: str) -> str:
    """Return a symbol that can stand in an address.

    Raises
    ------
    UsageError
        If it has other signs than letters, digits and ``^.=-_``.
    """
    if not symbol or not all(
        letter.isascii() and (letter.isalnum() or letter in "^.=-_") for letter in symbol
    ):
        raise UsageError(
            f"The symbol {symbol!r} cannot be asked for",
            "Symbols have letters, digits and ^.=-_",
            "Write, for instance, SPY",
        )
    return symbol.replace("^", "%5E").replace("=", "%3D")


class Yahoo(_Web):
    """Daily bars of Yahoo Finance; its terms allow personal use only."""

    def __init__(
        self, fetcher: Fetcher | None = None, base: str = "https://query1.finance.yahoo.com"
    ) -> None:
        held = fetcher or Fetcher(frozenset({"query1.finance.yahoo.com"}))
        super().__init__("Yahoo Finance", "personal use only, not to be shipped", held, base)

    def address(self, symbol: str, start: date, end: date) -> str:
        """Return the address of the chart of a symbol."""
        first, last = (
            int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
            for day in (start, end + timedelta(days=1))
        )
        return f"{self.base}/v8/finance/chart/{_plain(symbol)}?period1={first}&period2={last}&interval=1d"

    def read(self, symbol: str, body: bytes) -> Iterable[Bar]:
        """Yield the bars of a chart; days without a close are left out."""
        found = json.loads(body)["chart"]["result"][0]
        currency = str(found["meta"]["currency"])
        quote = found["indicators"]["quote"][0]
        adjusted = found["indicators"].get("adjclose", [{}])[0].get("adjclose") or [None] * len(
            quote["close"]
        )
        for stamp, close, own, volume in zip(
            found["timestamp"], quote["close"], adjusted, quote["volume"], strict=True
        ):
            day = (EPOCH + timedelta(seconds=stamp) - NEW_YORK_HOURS).date()
            if close is not None:
                yield Bar(symbol, day, _positive(close), _maybe(own), _maybe(volume), currency)


class Stooq(_Web):
    """Daily bars of Stooq, adjusted for splits."""

    def __init__(self, fetcher: Fetcher | None = None, base: str = "https://stooq.com") -> None:
        held = fetcher or Fetcher(frozenset({"stooq.com"}))
        super().__init__("Stooq", "not stated: not to be shipped", held, base)

    def address(self, symbol: str, start: date, end: date) -> str:
        """Return the address of a symbol: a share of the United States where no dot says otherwise."""
        name = symbol.lower() if "." in symbol or symbol.startswith("^") else f"{symbol.lower()}.us"
        return f"{self.base}/q/d/l/?s={_plain(name)}&d1={start:%Y%m%d}&d2={end:%Y%m%d}&i=d"

    def read(self, symbol: str, body: bytes) -> Iterable[Bar]:
        """Yield the rows of a table."""
        for row in csv.DictReader(io.StringIO(body.decode())):
            volume = _maybe(row.get("Volume") or None)
            yield Bar(symbol, date.fromisoformat(row["Date"]), _positive(row["Close"]), None, volume, "USD")


class Fred(_Web):
    """Series of the Federal Reserve Bank of St. Louis."""

    def __init__(self, fetcher: Fetcher | None = None, base: str = "https://fred.stlouisfed.org") -> None:
        held = fetcher or Fetcher(frozenset({"fred.stlouisfed.org"}))
        super().__init__("FRED", "as each series states; most are public", held, base)

    def address(self, symbol: str, start: date, end: date) -> str:
        """Return the address of the table of a series."""
        return f"{self.base}/graph/fredgraph.csv?id={_plain(symbol)}&cosd={start}&coed={end}"

    def read(self, symbol: str, body: bytes) -> Iterable[Bar]:
        """Yield the values of a series; days without one are left out."""
        table = list(csv.reader(io.StringIO(body.decode())))
        if table[0][1] != symbol:
            raise ValueError(table[0][1])
        for day, value in table[1:]:
            if value not in {"", "."}:
                yield Bar(symbol, date.fromisoformat(day), _number(value), None, None, "USD")


class Edgar(_Web):
    """Shares outstanding of companies, as they report them to the SEC; a symbol is a CIK number.

    Notes
    -----
    What is returned as the close is the number of shares [shares], on the day that the report is about. It is
    no price: it stands under the symbol ``SHARES-<CIK>``.
    """

    def __init__(
        self, contact: str = "", fetcher: Fetcher | None = None, base: str = "https://data.sec.gov"
    ) -> None:
        held = fetcher or Fetcher(frozenset({"data.sec.gov"}), agent=f"narrows {contact}".strip())
        super().__init__("EDGAR", "US government data", held, base)

    def address(self, symbol: str, start: date, end: date) -> str:  # noqa: ARG002 (all years in one answer)
        """Return the address of the shares outstanding of a company."""
        if not symbol.isdigit():
            raise UsageError(
                f"The company {symbol!r} is no CIK", "A CIK is a number", "Write, for instance, 320193"
            )
        concept = "dei/EntityCommonStockSharesOutstanding"
        return f"{self.base}/api/xbrl/companyconcept/CIK{int(symbol):010d}/{concept}.json"

    def read(self, symbol: str, body: bytes) -> Iterable[Bar]:
        """Yield the reported numbers, the last report of a day."""
        held = {row["end"]: row["val"] for row in json.loads(body)["units"]["shares"]}
        for day, value in sorted(held.items()):
            yield Bar(f"SHARES-{symbol}", date.fromisoformat(day), _positive(value), None, None, "shares")


def _number(value: Any) -> float:
    found = float(value)
    if not math.isfinite(found):
        raise ValueError(value)
    return found


def _positive(value: Any) -> float:
    found = _number(value)
    if found <= 0:
        raise ValueError(value)
    return found


def _maybe(value: Any) -> float | None:
    return None if value is None else _number(value)


class OpenBB:
    """Daily bars through OpenBB, from the source that its user has set there.

    Notes
    -----
    It is imported when it is first asked. Requests are OpenBB's own: its hosts, its keys, its pace. Where it
    names no currency, a symbol without a dot is taken as one in US dollars, and one with a dot is refused.
    """

    def bars(self, symbols: Sequence[str], start: date, end: date) -> Bars:
        """Return the closes that OpenBB gives.

        Raises
        ------
        UsageError
            If OpenBB is not installed.
        FetchError
            If it gives no closes, or in no form that is known.
        """
        try:
            ask = importlib.import_module("openbb").obb.equity.price.historical
        except (ImportError, AttributeError) as error:
            raise UsageError(
                "The provider 'openbb' needs the package openbb, which is not installed or has no prices",
                "It is no part of narrows: whoever uses it installs it",
                "Install it with `pip install openbb`, or use another provider",
            ) from error
        rows: list[Bar] = []
        sources: list[str] = []
        for symbol in symbols:
            _plain(symbol)
            try:
                found = ask(symbol=symbol, start_date=start.isoformat(), end_date=end.isoformat())
            except Exception as error:
                raise FetchError(
                    f"OpenBB gives no closes for {symbol} ({type(error).__name__})",
                    "OpenBB asks a source that its user has set up",
                    "Look at its settings, or use another provider; the store is as it was",
                ) from error
            try:
                given = [_openbb_bar(symbol, row) for row in found.results or () if row.close is not None]
            except (ValueError, AttributeError, TypeError) as error:
                raise FetchError(
                    f"OpenBB answers for {symbol} in no form that is known",
                    "An answer has rows with a day and a close, and a currency where the symbol has a dot",
                    "Use another provider; the store is as it was",
                ) from error
            rows += [bar for bar in given if start <= bar.day <= end]
            sources.append(str(getattr(found, "provider", None) or "its default source"))
        digest = hashlib.sha256(json.dumps([[*bar[:1], str(bar.day), *bar[2:]] for bar in rows]).encode())
        name = f"OpenBB ({', '.join(dict.fromkeys(sources))})"
        return Bars(
            tuple(rows), name, "as its source states: not to be shipped", _today(), digest.hexdigest()
        )


def _openbb_bar(symbol: str, row: Any) -> Bar:
    """Return a row of OpenBB as a close."""
    currency = getattr(row, "currency", None) or ("" if "." in symbol else "USD")
    if not currency:
        raise ValueError(symbol)
    stamp = row.date
    day = stamp.date() if isinstance(stamp, datetime) else stamp
    if not isinstance(day, date):
        day = date.fromisoformat(str(day)[:10])
    own, volume = getattr(row, "adj_close", None), getattr(row, "volume", None)
    return Bar(symbol, day, _positive(row.close), _maybe(own), _maybe(volume), str(currency))


BUILT_IN: dict[str, Callable[[], Provider]] = {
    "yahoo": Yahoo,
    "stooq": Stooq,
    "fred": Fred,
    "edgar": Edgar,
    "openbb": OpenBB,
}


def provider(name: str) -> Provider:
    """Return a provider by name: one of ours, or one that a package registers.

    Raises
    ------
    UnknownNameError
        If there is none of that name.
    """
    if name in BUILT_IN:
        return BUILT_IN[name]()
    found = {point.name: point for point in entry_points(group=GROUP)}
    if name not in found:
        raise UnknownNameError("provider", name, [*BUILT_IN, *found], remedy="Or ingest a folder of tables")
    made: Provider = found[name].load()()
    return made


def day_of(text: str) -> date:
    """Return the day that a text names.

    Raises
    ------
    UsageError
        If it cannot be read.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"The day asked for is {text!r}",
            "It is a day such as 2026-05-01",
            "Write, for instance, 2026-05-01",
        ) from None


@dataclass(frozen=True, slots=True)
class Difference:
    """A close on which two sources do not agree, or that one of them lacks (None)."""

    ticker: str
    day: date
    one: float | None
    other: float | None


def reconcile(one: Bars, other: Bars, within: float = CENT) -> list[Difference]:
    """Return where two sources do not agree, by ticker and day.

    Parameters
    ----------
    one, other
        What two providers gave.
    within
        Distance up to which closes agree [currency a share]: a cent.

    Notes
    -----
    A day that one source lacks between the first and the last day of both is a difference too.

    Examples
    --------
    >>> def bars(*closes):
    ...     days = (date(2026, 5, 4 + k) for k in range(len(closes)))
    ...     rows = (Bar("A", day, close, None, None, "USD") for day, close in zip(days, closes))
    ...     return Bars(tuple(rows), "", "", "", "")
    >>> [(found.day.day, found.one, found.other) for found in reconcile(bars(1.0, 2.0), bars(1.004, 2.1))]
    [(5, 2.0, 2.1)]
    """
    held, theirs = ({(bar.ticker, bar.day): bar.close for bar in bars.rows} for bars in (one, other))
    found = []
    for ticker in sorted({ticker for ticker, _ in held} & {ticker for ticker, _ in theirs}):
        spans = [[day for name, day in rows if name == ticker] for rows in (held, theirs)]
        first, last = max(map(min, spans)), min(map(max, spans))
        for day in sorted({day for span in spans for day in span if first <= day <= last}):
            a, b = held.get((ticker, day)), theirs.get((ticker, day))
            if a is None or b is None or abs(a - b) > within:
                found.append(Difference(ticker, day, a, b))
    return found


def fetch(
    source: Provider, symbols: Sequence[str], start: date, end: date, store: str | Path, *, batch: int = 20
) -> Ingested:
    """Fetch closes into a new vintage of a store.

    Parameters
    ----------
    source
        The provider.
    symbols
        Asked for in batches; what came before a failure is kept beside the store, and not asked for again.
    start, end
        First and last day.
    store
        Folder of the store.
    batch
        Symbols a batch.

    Raises
    ------
    FetchError
        If the provider fails. The store is as it was.
    DataError
        If nothing came, or what came is refused, see `narrows.market.intake.ingest`.
    """
    from narrows.market.intake import ingest

    name = type(source).__name__.lower()
    key = hashlib.sha256(f"{name} {start} {end}".encode()).hexdigest()[:12]
    kept = Path(store) / "fetched" / key
    kept.mkdir(parents=True, exist_ok=True)
    terms = ("", "")
    for at in range(0, len(symbols), batch):
        asked = tuple(symbols[at : at + batch])
        part = kept / f"{hashlib.sha256(' '.join(asked).encode()).hexdigest()[:16]}.json"
        if not part.is_file():
            bars = source.bars(asked, start, end)
            _keep(part, bars)
    folder = Path(tempfile.mkdtemp(prefix="narrows-fetched-"))
    try:
        count = 0
        for part in sorted(kept.glob("*.json")):
            told = json.loads(part.read_text(encoding="utf-8"))
            terms = (told["provider"], told["licence"])
            count += len(told["rows"])
            # Not a table for people: `ingest` reads it back below, so no letter of it may change.
            with (folder / f"{part.stem}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(("ticker", "date", "close", "adj_close", "volume", "currency"))
                writer.writerows(told["rows"])
        if not count:
            raise DataError(
                f"{terms[0] or name} gave no close of {', '.join(symbols[:5])}",
                f"Closes from {start} to {end} are asked for",
                "Ask for other symbols or days",
            )
        text = "".join(
            f"{key} = {json.dumps(value)}\n"
            for key, value in zip(("provider", "licence"), terms, strict=True)
        )
        (folder / "provenance.toml").write_text(text, encoding="utf-8")
        made = ingest(folder, store)
    finally:
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
    for part in kept.glob("*.json"):
        part.unlink()
    kept.rmdir()
    return made


def _keep(part: Path, bars: Bars) -> None:
    """Write what a batch gave, whole or not at all."""
    from narrows.market.store import whole_text

    rows = [[b.ticker, b.day.isoformat(), b.close, b.adj_close, b.volume, b.currency] for b in bars.rows]
    body = {
        "provider": bars.provider,
        "licence": bars.licence,
        "fetched_at": bars.fetched_at,
        "sha256": bars.sha256,
    }
    whole_text(part, json.dumps({**body, "rows": rows}))
