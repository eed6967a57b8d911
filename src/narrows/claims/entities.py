"""Names and tickers in a text, by table: indices, funds, stocks, goods, sectors."""

from __future__ import annotations

import csv
import re
import tomllib
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Entity", "Found", "entities", "entity", "find"]

HOME = Path(__file__).parent
SECTOR_FUND = re.compile(
    r"['’]?s?\s+(?:select\s+)?(?:sector\s+)?(?:spdr\s+)?(?:sector\s+)?(?:fund|etf|spdr)s?\b", re.IGNORECASE
)
SECTOR_WORD = re.compile(r"\s+(?:sector|stocks|shares|index)\b", re.IGNORECASE)
TICKER_AFTER = re.compile(r"\s*\((?:(?:NYSE|NASDAQ|Nasdaq|NYSEARCA|AMEX)\s*:\s*)?\$?([A-Z][A-Z.]{0,5})\)")
NOT_TICKERS = frozenset(
    [
        "A",
        "ALL",
        "AM",
        "AN",
        "ANY",
        "ARE",
        "AS",
        "AT",
        "BE",
        "BIG",
        "BY",
        "CAN",
        "CAT",
        "CEO",
        "COMP",
        "COO",
        "CF",
        "DAY",
        "DD",
        "DE",
        "DOC",
        "DOW",
        "EA",
        "ED",
        "EG",
        "EL",
        "ES",
        "FAST",
        "FIG",
        "FIX",
        "FOR",
        "GEN",
        "GO",
        "HAS",
        "HAS",
        "IT",
        "J",
        "KEY",
        "L",
        "LOW",
        "MA",
        "MET",
        "MS",
        "NET",
        "NOW",
        "O",
        "OK",
        "ON",
        "ONE",
        "OR",
        "OUT",
        "PAY",
        "PH",
        "PM",
        "PODD",
        "POOL",
        "Q",
        "RH",
        "SEE",
        "SO",
        "SPOT",
        "SNOW",
        "T",
        "TECH",
        "TEL",
        "TEM",
        "TKO",
        "TO",
        "UP",
        "V",
        "WELL",
        "WM",
        "COST",
        "APP",
        "HOOD",
        "DASH",
        "FUN",
        "PAYC",
        "FOX",
        "NEWS",
        "CAKE",
        "EDIT",
        "SAVE",
        "OVID",
        "PACS",
        "SHOP",
    ]
)
"""Symbols that are also words; they count only in brackets or after a dollar sign."""
COMMON = frozenset(
    [
        "Target",
        "Visa",
        "Gap",
        "Match",
        "Block",
        "Energy",
        "Technology",
        "Tech",
        "Materials",
        "Utilities",
        "Financials",
        "Financial",
        "Industrials",
        "Industrial",
        "Communications",
        "Discretionary",
        "Staples",
        "Gold",
        "Travelers",
        "Progressive",
        "Meta",
        "Oracle",
        "Apple",
        "Intel",
    ]
)


@dataclass(frozen=True, slots=True)
class Entity:
    """Something that a market text speaks of.

    Parameters
    ----------
    id
        Symbol.
    name
        For people.
    kind
        ``index``, ``fund``, ``stock``, ``commodity``, ``yield``, ``currency`` or ``sector``.
    fund
        Fund that tracks it; empty where there is none.
    other
        The same good in another instrument.
    tracks
        What a fund tracks.
    aliases, words
        Other names, with their capitals and in any case.
    """

    id: str
    name: str
    kind: str
    fund: str = ""
    other: str = ""
    tracks: str = ""
    aliases: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """A name in a text.

    Parameters
    ----------
    start, end
        Where it stands.
    id
        Symbol; empty where name and ticker disagree.
    name
        As printed.
    """

    start: int
    end: int
    id: str
    name: str


@cache
def entities() -> dict[str, Entity]:
    """Return every known entity by its symbol."""
    content = tomllib.loads((HOME / "entities.toml").read_text(encoding="utf-8"))
    known: dict[str, Entity] = {}
    for row in content["entity"]:
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in row.items()
        }
        values["aliases"] = tuple(dict.fromkeys((row["name"], *values.get("aliases", ()))))
        known[row["id"]] = Entity(**values)
    for row in content["sector"]:
        names = tuple(row["aliases"])
        key = f"sector.{row['gics'].lower().replace(' ', '_')}"
        known[key] = Entity(key, row["gics"], "sector", fund=row["fund"], aliases=names)
        select = f"{row['gics']} Select Sector SPDR"
        aliases = (row["fund"], f"{select} Fund", f"{select} ETF", select)
        known[row["fund"]] = Entity(
            row["fund"], f"{row['gics']} sector fund", "fund", tracks=key, aliases=aliases
        )
    with (HOME / "companies.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            others = tuple(part for part in row["aliases"].split("|") if part)
            known.setdefault(
                row["symbol"], Entity(row["symbol"], row["name"], "stock", aliases=(row["name"], *others))
            )
    return known


def entity(symbol: str) -> Entity | None:
    """Return an entity by its symbol; None for one that is not in the table.

    Examples
    --------
    >>> entity("DJI").fund
    'DIA'
    """
    return entities().get(symbol)


@cache
def _names() -> tuple[dict[str, list[tuple[str, str]]], dict[str, list[tuple[str, str]]], frozenset[str]]:
    """Return names by their first word, exact and in lower case, the longest first; and all symbols."""
    exact: dict[str, list[tuple[str, str]]] = defaultdict(list)
    lower: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for one in entities().values():
        for alias in one.aliases:
            exact[_first(alias)].append((alias, one.id))
        for word in one.words:
            lower[_first(word)].append((word, one.id))
    for table in (exact, lower):
        for names in table.values():
            names.sort(key=lambda pair: -len(pair[0]))
    symbols = frozenset(name for name, one in entities().items() if one.kind in {"stock", "fund"})
    return dict(exact), dict(lower), symbols


_WORD = re.compile(r"(?<![\w$.])[$^]?[A-Za-z0-9][A-Za-z0-9]*")


def _first(text: str) -> str:
    match = _WORD.match(text)
    return match[0] if match else text


def find(text: str) -> Iterator[Found]:
    """Yield the names in a text, from left to right.

    Parameters
    ----------
    text
        A sentence or a cell.

    Examples
    --------
    >>> [(one.id, one.name) for one in find("Intel fell; the Energy sector fund (XLE) beat the S&P 500")]
    [('INTC', 'Intel'), ('XLE', 'Energy sector fund (XLE)'), ('SPX', 'S&P 500')]
    """
    exact, lower, symbols = _names()
    end = 0
    for match in _WORD.finditer(text):
        if match.start() < end:
            continue
        found = _at(text, match, exact, lower, symbols)
        if found is not None:
            end = found.end
            yield found


def _at(
    text: str,
    match: re.Match[str],
    exact: dict[str, list[tuple[str, str]]],
    lower: dict[str, list[tuple[str, str]]],
    symbols: frozenset[str],
) -> Found | None:
    start, word = match.start(), match[0]
    for alias, symbol in exact.get(word, ()):
        if text.startswith(alias, start) and _ends(text, start + len(alias)):
            return _extended(text, start, start + len(alias), symbol)
    small = text[start : start + 60].lower()
    for alias, symbol in lower.get(word.lower(), ()):
        if small.startswith(alias) and _ends(text, start + len(alias)):
            return _extended(text, start, start + len(alias), symbol)
    if word.startswith("$") and word[1:] in entities():
        return Found(start, match.end(), word[1:], word)
    if (
        word.isupper()
        and len(word) > 1
        and word in symbols
        and word not in NOT_TICKERS
        and _ends(text, match.end())
    ):
        return Found(start, match.end(), word, word)
    return None


def _ends(text: str, at: int) -> bool:
    return at >= len(text) or not (text[at].isalnum() or text[at] == "&")


def _extended(text: str, start: int, end: int, symbol: str) -> Found:
    """Take in what follows a name: "sector fund", "(XLE)"."""
    one = entities()[symbol]
    if one.kind == "sector":
        fund = SECTOR_FUND.match(text, end)
        if fund is not None:
            end, symbol = fund.end(), one.fund
        else:
            word = SECTOR_WORD.match(text, end)
            end = word.end() if word is not None and "sector" in word[0].lower() else end
    ticker = TICKER_AFTER.match(text, end)
    if ticker is not None:
        end = ticker.end()
        named = ticker[1]
        if named != symbol and (named in entities() or one.kind in {"stock", "fund", "sector"}):
            same = one.kind == "sector" and named == one.fund
            twin = one.kind == "stock" and named not in entities()
            symbol = named if same or one.kind == "index" or twin else ("" if named in entities() else symbol)
    return Found(start, end, symbol, text[start:end])
