"""Accounts of a company from a file that the SEC publishes, as facts of this catalogue.

Two kinds of file are read, both from disk: the *companyfacts* JSON of one company, and the table of numbers
(``num.tsv`` or ``num.txt``) of the Financial Statement (and Notes) Data Sets, which holds segments.
"""

from __future__ import annotations

import csv
import json
import math
import re
import tomllib
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from narrows.catalog import default
from narrows.errors import DataError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from narrows.catalog import Catalog

__all__ = ["Filing", "FiscalYear", "facts_toml", "filing"]

REVENUE = (
    "Revenues",
    "RevenueFromContractWithCustomerExcludingAssessedTax",
    "RevenueFromContractWithCustomerIncludingAssessedTax",
    "SalesRevenueNet",
    "Revenue",
)
"""Concepts of revenue, the widest first; the last is of IFRS."""
GROSS = ("GrossProfit",)
COST = ("CostOfRevenue", "CostOfGoodsAndServicesSold", "CostOfGoodsSold", "CostOfSales")
TAXONOMIES = ("us-gaap", "ifrs-full")
YEAR_DAYS = (345, 385)
"""Fewest and most days of a fiscal year of 52 or 53 weeks, with a week of play."""
YEAR_QUARTERS = "4"
AGREE = 0.01
"""Share of revenue by which segments may miss the total."""
ROUNDING = 0.0005
"""Half of what is printed as a tenth of a percent: the doubt of a filed figure."""
USD = "USD"
SEGMENT_AXES = ("BusinessSegments", "StatementBusinessSegmentsAxis", "StatementBusinessSegments")
COLUMNS = {"adsh", "tag", "ddate", "qtrs", "uom", "value"}
LISTED = 8
"""Names shown of a longer list."""
BLANK = 64
"""Bytes read to tell JSON from a table."""
ANNUAL = ("10-K", "20-F", "40-F")
"""Forms of annual reports, with their amendments: others repeat years that roll by quarters."""


class _Number(NamedTuple):
    """One filed number of a whole fiscal year."""

    tag: str
    ends: date
    segment: str
    currency: str
    value: float
    filed: str


@dataclass(frozen=True)
class FiscalYear:
    """The accounts of one fiscal year.

    Parameters
    ----------
    year
        Calendar year in which the middle of the fiscal year lies.
    ends
        Last day of the fiscal year.
    filed
        Day on which the figures were filed.
    revenue
        Revenue, in the currency of the filing.
    gross_profit
        Gross profit; None where neither it nor a cost of revenue is filed.
    segments
        Revenue of each segment, by its name in an id.
    """

    year: int
    ends: str
    filed: str
    revenue: float
    gross_profit: float | None
    segments: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Filing:
    """The accounts of one company as filed.

    Parameters
    ----------
    company
        Its id.
    entity
        Its name in the file; empty where the file has none.
    file
        Name of the file.
    currency
        Code of the currency, such as USD.
    years
        Fiscal years, oldest first.
    """

    company: str
    entity: str
    file: str
    currency: str
    years: tuple[FiscalYear, ...]


def filing(
    path: str | Path,
    company: str,
    *,
    accession: str | None = None,
    filed: str | None = None,
    catalog: Catalog | None = None,
) -> Filing:
    """Read the yearly accounts of a company from a file of the SEC.

    Parameters
    ----------
    path
        A companyfacts JSON, or a ``num.tsv`` with a column of segments or with its ``dim.tsv`` beside it.
    company
        Id of the company in ``companies.toml``.
    accession
        Accession number of the filing, where a table holds several.
    filed
        Day of the filing of a table (YYYY-MM-DD); read from ``sub.tsv`` beside it if left out.
    catalog
        Catalogue with the companies; the shipped one if left out.

    Raises
    ------
    UnknownNameError
        If the company is not in ``companies.toml``.
    DataError
        If the file is neither kind, holds no revenue, or its segments disagree with the total.

    Notes
    -----
    A fiscal year is named by the calendar year in which its middle lies, so a year that ended in January 2025
    is 2024. Of a figure filed twice the later filing counts. Gross profit is as filed, or revenue less its
    cost. Segments are those of one dimension, without eliminations, which stand in a second dimension.
    """
    known = [one.id for one in (catalog or default()).companies]
    if company not in known:
        raise UnknownNameError("company", company, known, "Add it to companies.toml, or mend the id")
    file = Path(path)
    if _is_json(file):
        entity, numbers = _companyfacts(_text(file), file)
    else:
        entity, numbers = "", _table(file, accession, filed)
    currency = _currency(numbers, file)
    chosen = [one for one in numbers if one.currency == currency]
    years = tuple(_year(end, chosen, file) for end in _ends(chosen, file))
    return Filing(company, entity, file.name, currency, tuple(sorted(years, key=lambda one: one.year)))


def facts_toml(found: Filing) -> str:
    """Return the accounts as facts in the schema of the catalogue, with their source as a comment.

    Revenue is in USD a year; of a filing in another currency only margins are written, because no rate is in
    it.

    Examples
    --------
    >>> year = FiscalYear(2024, "2025-01-26", "2025-02-26", 130.497e9, 97.858e9, ())
    >>> text = facts_toml(Filing("nvidia", "NVIDIA CORP", "facts.json", "USD", (year,)))
    >>> print(text.split("[[fact]]")[2].strip().splitlines()[1])
    value = 0.7499
    """
    source = f"sec-{found.company.replace('_', '-')}"
    who = found.entity or found.company
    newest = found.years[-1].filed
    lines = [
        "# Put this table into sources_<name>.toml beside companies.toml:",
        f"# [{source}]",
        f"# producer = {_quoted(who)}",
        f"# title = {_quoted('Annual reports, from ' + found.file)}",
        f"# date_published = {_quoted(newest)}",
        f"# date_accessed = {_quoted(newest)}",
        '# licence = "facts only"',
        "",
        "[defaults]",
        'level = "P10-P90"',
        'kind = "reported"',
        f"source = {_quoted(source)}",
        "",
    ]
    for year in found.years:
        if found.currency == USD:
            lines += _fact(found, year, "revenue", year.revenue, "revenue")
        if year.gross_profit is not None:
            lines += _fact(
                found,
                year,
                "gross_margin",
                year.gross_profit / year.revenue,
                f"gross profit {year.gross_profit:.6g} over revenue {year.revenue:.6g} {found.currency}",
            )
        if found.currency == USD:
            for name, value in year.segments:
                lines += _fact(found, year, f"segment_revenue.{name}", value, f"revenue of segment {name}")
    text = "\n".join(lines) + "\n"
    tomllib.loads(text)
    return text


def _fact(found: Filing, year: FiscalYear, what: str, value: float, where: str) -> list[str]:
    margin = what == "gross_margin"
    unit = "usd/year" if not margin else "share" if value > ROUNDING else "ratio"
    doubt = ROUNDING if margin else abs(value) * ROUNDING
    written = ".4f" if margin else ".6g"
    low, high = value - doubt, value + doubt
    if margin:
        high = min(high, 1.0)
    return [
        "[[fact]]",
        f"id = {_quoted(f'company.{found.company}.{what}.{year.year}')}",
        f"value = {value:{written}}",
        f"low = {low:{written if not margin else '.5f'}}",
        f"high = {high:{written if not margin else '.5f'}}",
        f"unit = {_quoted(unit)}",
        f"of = {_quoted(f'{found.company}, fiscal year ended {year.ends}')}",
        f"as_of = {_quoted(year.filed)}",
        f"about = {_quoted(str(year.year))}",
        f"locator = {_quoted(where + f', {found.file}')}",
        *(['shape = "normal"'] if unit == "ratio" else []),
        "",
    ]


def _quoted(text: str) -> str:
    """Return a text as TOML has it: JSON writes letters beyond the first 65,536 in a way that TOML refuses.

    Examples
    --------
    >>> tomllib.loads(f"name = {_quoted(chr(0x1F600) + chr(0x7F))}")["name"] == chr(0x1F600) + chr(0x7F)
    True
    """
    whole = text.encode("utf-8", "replace").decode()
    return json.dumps(whole, ensure_ascii=False).replace("\x7f", "\\u007f")


# --- what the files hold ------------------------------------------------------------------------


def _is_json(file: Path) -> bool:
    """Return whether the first character that is no blank opens an object."""
    try:
        with file.open("rb") as lines:
            return lines.read(BLANK).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
    except OSError as error:
        raise _neither(file, error.strerror or "it cannot be opened") from None


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise _neither(file, str(error).splitlines()[0]) from None


def _neither(file: Path, reason: str) -> DataError:
    return DataError(
        f"The file {file.name!r} cannot be read as accounts: {reason}",
        "It is a companyfacts JSON, or a num.tsv of the Financial Statement Data Sets, of the SEC",
        "Give such a file, for instance narrows value import CIK0001045810.json --company nvidia",
    )


def _companyfacts(text: str, file: Path) -> tuple[str, list[_Number]]:
    """Return the name of the company, and the numbers of whole fiscal years in a companyfacts JSON."""
    try:
        whole = json.loads(text)
        taxonomies = whole["facts"]
        concepts = {
            tag: units["units"] for name in TAXONOMIES for tag, units in taxonomies.get(name, {}).items()
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _neither(file, f"{type(error).__name__} {error}") from None
    if not any(tag in concepts for tag in REVENUE):
        raise _no_revenue(file, concepts)
    numbers = []
    for tag in (*REVENUE, *GROSS, *COST):
        for currency, rows in concepts.get(tag, {}).items():
            numbers += [one for row in rows if (one := _annual(tag, currency, row)) is not None]
    return str(whole.get("entityName", "")), numbers


def _annual(tag: str, currency: str, row: Mapping[str, Any]) -> _Number | None:
    """Return a number of a whole fiscal year, None where it is of another period."""
    try:
        starts, ends = date.fromisoformat(row["start"]), date.fromisoformat(row["end"])
        days = (ends - starts).days + 1
        if not YEAR_DAYS[0] <= days <= YEAR_DAYS[1] or not str(row["form"]).startswith(ANNUAL):
            return None
        return _Number(tag, ends, "", currency, _finite(row["val"]), str(row["filed"]))
    except (KeyError, ValueError, TypeError, OverflowError):
        return None


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(value)
    return number


def _table(file: Path, accession: str | None, filed: str | None) -> list[_Number]:
    """Return the numbers of whole fiscal years in a table of numbers, read row by row: it may be large."""
    held: Counter[str] = Counter()
    tags: set[str] = set()
    kept: list[dict[str, str]] = []
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            table = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE, restval="")
            names = set(table.fieldnames or ())
            if not names >= COLUMNS:
                lacks = ", ".join(sorted(COLUMNS - names))
                raise _neither(file, f"it is no JSON, and as a table it lacks the columns {lacks}")
            for row in table:
                held[row["adsh"]] += 1
                if accession in (None, row["adsh"]):
                    tags.add(row["tag"])
                    if row["tag"] in (*REVENUE, *GROSS, *COST) and row["qtrs"] == YEAR_QUARTERS:
                        kept.append(row)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _neither(file, str(error).splitlines()[0]) from None
    if accession is None and len(held) > 1:
        raise DataError(
            f"The table {file.name!r} holds {len(held)} filings, such as {min(held)}",
            "One filing is read at a time",
            f"Give its accession number, for instance --filing {min(held)}",
        )
    if accession is not None and accession not in held:
        raise DataError(
            f"The table {file.name!r} holds no filing {accession}",
            f"It holds {', '.join(sorted(held)[:LISTED]) or 'none'}",
            "Mend the accession number",
        )
    if not tags.intersection(REVENUE):
        raise _no_revenue(file, tags)
    said = filed or _filed(file, accession or next(iter(held)))
    members = {} if "segments" in names else _members(file)
    return [one for row in kept if (one := _of_table(row, members, said)) is not None]


def _of_table(row: Mapping[str, str], members: Mapping[str, str], filed: str) -> _Number | None:
    """Return the number of a row, None where it is of a co-registrant or of another dimension."""
    if "segments" in row:
        segment = _segment(row["segments"])
    else:
        mark = row.get("dimh", "")
        segment = _segment(members.get(mark, mark))
    if segment is None or row.get("coreg"):
        return None
    try:
        ends, value = date.fromisoformat(row["ddate"]), _finite(row["value"])
    except ValueError:
        return None
    return _Number(row["tag"], ends, segment, row["uom"], value, filed)


def _filed(file: Path, accession: str) -> str:
    """Return the day of a filing from the table of submissions beside the table of numbers."""
    for row in _beside(file, "sub"):
        if row.get("adsh") == accession and row.get("filed"):
            try:
                return date.fromisoformat(row["filed"]).isoformat()
            except ValueError:
                raise DataError(
                    f"The filing {accession} was made on {row['filed']!r}, says the table of submissions",
                    "A day is written 20250226 or 2025-02-26",
                    "Mend it, or give --filed 2025-02-26",
                ) from None
    raise DataError(
        f"Nothing says when the filing {accession} was made",
        "A fact has the day from which it was known: sub.tsv beside the table has it",
        "Put sub.tsv beside the table, or give --filed 2025-02-26",
    )


def _members(file: Path) -> dict[str, str]:
    """Return what each dimension of a table means, from the table of dimensions beside it."""
    rows = _beside(file, "dim")
    return {row["dimhash"]: row.get("segments", "") for row in rows if row.get("dimhash")}


def _beside(file: Path, name: str) -> list[dict[str, str]]:
    """Return the rows of a table beside another; none where it is not there."""
    for beside in (file.with_name(f"{name}.tsv"), file.with_name(f"{name}.txt")):
        if beside.is_file():
            try:
                rows = csv.DictReader(
                    _text(beside).splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE, restval=""
                )
                return list(rows)
            except csv.Error as error:
                raise _neither(beside, str(error)) from None
    return []


def _segment(described: str) -> str | None:
    """Return the name of a business segment, empty for the whole, None for any other dimension.

    Examples
    --------
    >>> _segment("BusinessSegments=ComputeAndNetworking;"), _segment(""), _segment("Geographical=US;")
    ('compute_and_networking', '', None)
    """
    if not described.strip("0x"):
        return ""
    parts = [part for part in described.split(";") if part]
    axis, _, member = (parts or [""])[0].partition("=")
    if len(parts) > 1 or axis not in SEGMENT_AXES or not member:
        return None
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", member.removesuffix("Member")).lower()
    return re.sub(r"[^a-z0-9]+", "_", words)


def _no_revenue(file: Path, concepts: Iterable[str]) -> DataError:
    names = sorted(concepts)
    near = [name for name in names if re.search("revenue|sales", name, re.IGNORECASE)] or names
    return DataError(
        f"The file {file.name!r} has no concept of revenue; it has {', '.join(near[:LISTED]) or 'none'}",
        f"Revenue is one of {', '.join(REVENUE)}",
        "Give a file with an income statement",
    )


# --- years ---------------------------------------------------------------------------------------


def _currency(numbers: list[_Number], file: Path) -> str:
    """Return the currency of the accounts: USD where there is any, else the one that is used most."""
    used = Counter(one.currency for one in numbers if one.tag in REVENUE and not one.segment)
    if not used:
        raise DataError(
            f"The file {file.name!r} has no revenue of a whole fiscal year",
            "A fiscal year has 52 or 53 weeks, and its figures no dimension",
            "Give a file with an annual report",
        )
    return USD if USD in used else used.most_common(1)[0][0]


def _ends(numbers: list[_Number], file: Path) -> list[date]:
    """Return the last days of the fiscal years with revenue, one a year."""
    ends = sorted({one.ends for one in numbers if one.tag in REVENUE and not one.segment})
    labels = Counter(_label(end) for end in ends)
    twice = [year for year, count in labels.items() if count > 1]
    if twice:
        raise DataError(
            f"The file {file.name!r} has two fiscal years of which {twice[0]} is the middle",
            "A calendar year has the middle of one fiscal year",
            "Remove the years before the company moved the end of its fiscal year",
        )
    return ends


def _label(end: date) -> int:
    """Return the calendar year in which the middle of a fiscal year lies.

    Examples
    --------
    >>> _label(date(2025, 1, 26)), _label(date(2025, 9, 27)), _label(date(2025, 12, 31))
    (2024, 2025, 2025)
    """
    return (end - timedelta(days=YEAR_DAYS[0] // 2)).year


def _year(end: date, numbers: list[_Number], file: Path) -> FiscalYear:
    """Return the accounts of the fiscal year that ends on a day."""
    of_year = [one for one in numbers if one.ends == end]
    total = _first(of_year, REVENUE)
    if total is None or total.value <= 0:
        raise DataError(
            f"The revenue of the fiscal year that ended on {end} in {file.name!r} is not above 0",
            "A margin is a share of revenue",
            "Give a file of a company that sells",
        )
    gross, cost = _first(of_year, GROSS), _first(of_year, COST)
    profit = gross.value if gross else total.value - cost.value if cost else None
    if profit is not None and profit > total.value:
        raise DataError(
            f"The gross profit of {_label(end)} in {file.name!r} is {profit / total.value:.3g} of revenue",
            "A margin is a share of revenue, at most 1",
            "Mend the file, or leave the year out",
        )
    segments = {one.segment: one.value for one in of_year if one.tag == total.tag and one.segment}
    _agree(segments, total.value, _label(end), file)
    return FiscalYear(
        _label(end), end.isoformat(), total.filed, total.value, profit, tuple(sorted(segments.items()))
    )


def _first(numbers: list[_Number], tags: tuple[str, ...]) -> _Number | None:
    """Return the number of the first concept that is filed, of the latest filing."""
    for tag in tags:
        found = [one for one in numbers if one.tag == tag and not one.segment]
        if found:
            return max(found, key=lambda one: one.filed)
    return None


def _agree(segments: Mapping[str, float], total: float, year: int, file: Path) -> None:
    """Refuse segments that are more than the whole, or miss it."""
    for name, value in segments.items():
        if value > total:
            raise DataError(
                f"The segment {name!r} of {year} in {file.name!r} is {value / total:.3g} of revenue",
                "A segment is a share of revenue, at most 1",
                "Mend the file",
            )
    whole = sum(segments.values())
    if segments and abs(whole - total) > AGREE * total:
        raise DataError(
            f"The segments of {year} in {file.name!r} add up to {whole:.6g}, and revenue is {total:.6g}",
            f"Segments agree with revenue within {100 * AGREE:g} %",
            f"Mend the file; it names {', '.join(sorted(segments))}",
        )
