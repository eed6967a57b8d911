"""What a training run cost by the three methods of a published study, rule by rule.

Cottier and others, 2024, The rising costs of training frontier AI models: amortised capital and energy,
acquisition of the whole cluster, and rent of a cloud. The rules and constants of the study stand in
``published_rules.toml``; its tables of runs, chips, prices and deflator are read from a folder. narrows' own
estimate is `narrows.training.run_cost`.
"""

from __future__ import annotations

import csv
import math
import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from narrows.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "CASES",
    "COMPONENTS",
    "METHODS",
    "PublishedCost",
    "Tables",
    "published_cost",
    "published_costs",
    "read_tables",
]

CASES, CHIPS, PRICES, DEFLATOR = (
    "epoch_cost_cases.csv",
    "epoch_cost_chips.csv",
    "epoch_hardware_prices.csv",
    "ppi_PCU518210518210.csv",
)
METHODS = ("capex_energy", "acquisition", "cloud")
"""Methods of the study, in dollars of one month."""
COMPONENTS = ("chip", "server", "interconnect", "energy")
"""Parts of the amortised method, in dollars of the day."""
HOUR, HOURS_A_DAY, CENTS, WATTS = 3600.0, 24.0, 100.0, 1000.0
COLUMNS = {
    CASES: ("model", "publication_date", "organization", "training_flop", "hardware"),
    CHIPS: ("hardware", "release_date", "tdp_w"),
    PRICES: ("Price date", "Hardware model", "Vendor", "Price (hardware purchase)", "Notes"),
    DEFLATOR: ("date", "ppi"),
}

Row = dict[str, str]


@dataclass(frozen=True)
class PublishedCost:
    """What one run cost by the published methods.

    Parameters
    ----------
    model
        Name of the run.
    chip_hours
        Hours of all chips [h]; None where the table does not say.
    start
        Day on which the training began.
    nominal
        Parts of the amortised method [usd of the day], by `COMPONENTS`; None where there is no estimate.
    real
        Cost by each of `METHODS` [usd of the month of the rules]; None where there is no estimate.
    """

    model: str
    chip_hours: float | None
    start: date
    nominal: dict[str, float | None]
    real: dict[str, float | None]


@dataclass(frozen=True)
class Offer:
    """One row of the table of prices."""

    day: date
    chip: str
    vendor: str
    purchase: float | None
    hourly: tuple[float | None, ...]
    note: str


@dataclass(frozen=True)
class Tables:
    """The tables that the methods read.

    Parameters
    ----------
    chips
        Rows of the table of chips by name.
    offers
        Purchase and rental prices, in the order of the table.
    deflator
        Price index by month, YYYY-MM.
    """

    chips: dict[str, Row]
    offers: tuple[Offer, ...]
    deflator: dict[str, float]

    @property
    def vendors(self) -> tuple[str, ...]:
        """Clouds by first appearance."""
        return tuple(dict.fromkeys(offer.vendor for offer in self.offers if offer.vendor))


@cache
def rules() -> dict[str, Any]:
    """Return the rules and constants of the study."""
    return tomllib.loads((Path(__file__).parent / "published_rules.toml").read_text(encoding="utf-8"))


def read_rows(path: Path, needed: Iterable[str] = ()) -> list[Row]:
    """Return the rows of a table.

    Parameters
    ----------
    path
        A CSV file with a head.
    needed
        Columns that it must have.

    Raises
    ------
    DataError
        The file is not there, is not text, or lacks a column.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            head, rows = reader.fieldnames or (), list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            f"The table {path.name!r} cannot be read in {str(path.parent)!r}",
            f"The published methods read {', '.join(COLUMNS)}",
            "Name the folder that holds them with --data",
        ) from error
    lost = [column for column in needed if column not in head]
    if lost:
        raise DataError(
            f"The table {path.name!r} has no column {lost[0]!r}",
            f"Its head needs {', '.join(needed)}",
            "Add the column, or name another table",
        )
    return rows


def read_tables(folder: str | Path) -> Tables:
    """Return the tables of chips, prices and deflator of a folder.

    Parameters
    ----------
    folder
        Where the three CSV files stand.

    Raises
    ------
    DataError
        A table is not there, lacks a column, or holds what is no number.
    """
    place = Path(folder)
    types = tuple(rules()["cloud"]["types"])
    chips = read_rows(place / CHIPS, (*COLUMNS[CHIPS], *rules()["peak"]["columns"]))
    prices = read_rows(place / PRICES, (*COLUMNS[PRICES], *types))
    months = read_rows(place / DEFLATOR, COLUMNS[DEFLATOR])
    offers = tuple(
        Offer(
            _day(row["Price date"], PRICES, "Price date"),
            row["Hardware model"],
            row["Vendor"],
            _maybe(row, "Price (hardware purchase)", PRICES),
            tuple(_maybe(row, column, PRICES) for column in types),
            row["Notes"],
        )
        for row in prices
        if row["Price date"] and row["Hardware model"]
    )
    deflator = {row["date"][:7]: _need(row, "ppi", DEFLATOR) for row in months}
    month = rules()["run"]["price_month"]
    if month not in deflator:
        raise DataError(
            f"The table {DEFLATOR!r} has no month {month}",
            f"Dollars are those of {month}",
            "Add the month",
        )
    return Tables({row["hardware"]: row for row in chips}, offers, deflator)


def published_costs(cases: str | Path, folder: str | Path | None = None) -> list[PublishedCost]:
    """Return the costs of all runs of a table.

    Parameters
    ----------
    cases
        A table of runs (CSV), or the folder that holds all four tables.
    folder
        Folder of the tables of chips, prices and deflator; that of the runs if left out.

    Raises
    ------
    DataError
        A table is not there, lacks a column, or holds what is no number.
    """
    path = Path(cases)
    path = path / CASES if path.is_dir() else path
    runs = read_rows(path, COLUMNS[CASES])
    tables = read_tables(folder or path.parent)
    return [published_cost(row, tables) for row in runs]


def published_cost(run: Mapping[str, str], tables: Tables) -> PublishedCost:
    """Return the cost of one run by the three methods.

    Parameters
    ----------
    run
        Row of the table of runs; ``hardware_quantity``, ``hours``, ``chip_hours`` and ``mfu`` may be empty.
    tables
        The tables of chips, prices and deflator.

    Returns
    -------
    PublishedCost
        None stands where the method gives no estimate: an unknown chip, one without price, two types of chip;
        in real dollars also where the price index lacks the month of publication.

    Notes
    -----
    Value at the start V = P 10^(-k t), k decades a year, t years from acquisition. Amortised: V k ln(10) / h
    a chip-hour, h hours of a year; chips and the rest of the server by the overhead; interconnect a share s
    of the whole, so s / (1 - s) of both. Energy: design power x server x load x PUE x price of the year.
    Acquisition: P quantity / (1 - s). Cloud: price of a chip-hour x quantity x hours.
    """
    case = _Case(run, tables)
    nominal: dict[str, float | None] = dict.fromkeys(COMPONENTS)
    real: dict[str, float | None] = dict.fromkeys(METHODS)
    parts = case.amortised()
    if parts is not None:
        nominal |= parts
        real["capex_energy"] = case.real(sum(parts.values()))
    real["acquisition"], real["cloud"] = case.real(case.acquisition()), case.real(case.cloud())
    return PublishedCost(case.model, case.chip_hours, case.start, nominal, real)


class _Case:
    """One run with the tables, and what follows from both."""

    def __init__(self, run: Mapping[str, str], tables: Tables) -> None:
        self.tables, self.rules = tables, rules()
        self.model, self.organisation = run["model"], run["organization"]
        self.chip = run["hardware"]
        self.published = _day(run["publication_date"], CASES, "publication_date")
        self.quantity = _maybe(run, "hardware_quantity", CASES)
        self.hours = _maybe(run, "hours", CASES)
        self.tpu = "TPU" in self.chip
        self.card = tables.chips.get(self.chip)
        self.chip_hours = self._chip_hours(run)
        self.start = self._start()
        self.bought = self._purchase()

    def real(self, usd: float | None) -> float | None:
        """Return dollars of the month of the rules; None where the index lacks the month of publication."""
        then = self.tables.deflator.get(f"{self.published:%Y-%m}")
        if usd is None or then is None:
            return None
        return usd * self.tables.deflator[self.rules["run"]["price_month"]] / then

    def _chip_hours(self, run: Mapping[str, str]) -> float | None:
        given = _maybe(run, "chip_hours", CASES)
        if given is not None:
            return given
        if self.quantity is not None and self.hours is not None:
            return self.quantity * self.hours
        flop, peak = _maybe(run, "training_flop", CASES), self._peak()
        if flop is None or peak is None:
            return None
        return flop / (peak * (_maybe(run, "mfu", CASES) or self.rules["run"]["mfu"])) / HOUR

    def _peak(self) -> float | None:
        if self.card is None:
            return None
        peak = self.rules["peak"]
        if any(name in self.chip for name in peak["integer_only"]):
            return _maybe(self.card, peak["integer_column"], CHIPS)
        columns = [name for name in peak["columns"] if self.tpu or name not in peak["only_tpu"]]
        found = [_maybe(self.card, name, CHIPS) for name in columns]
        return next((rate for rate in found if rate is not None), None)

    def _start(self) -> date:
        rule = self.rules["run"]
        known = self.rules["start"].get(self.model)
        if known is not None:
            return date.fromisoformat(known)
        hours = rule["usual_hours"] if self.hours is None else float(int(self.hours))
        before = self.rules["start_less_hours"].get(self.model)
        if before is not None:
            return _back(date.fromisoformat(before), hours)
        for named in self.rules["start_named"]:
            if named["text"] in self.model:
                return date.fromisoformat(named["day"])
        return _back(self.published - timedelta(days=rule["preparation_days"]), hours)

    def _overhead(self) -> float:
        table = self.rules["overhead"]
        return float(next((value for name, value in table.items() if name in self.chip), table["other"]))

    def _purchase(self) -> tuple[float, date] | None:
        """Return the price of a chip with its share of the server, and the day it was acquired."""
        if self.card is None or "," in self.chip or not self.card["release_date"]:
            return None
        released = _day(self.card["release_date"], CHIPS, "release_date")
        if self.tpu:
            prices = self.rules["tpu_usd"]
            price = next((usd for name, usd in prices.items() if self.chip.endswith(name)), None)
            return None if price is None else (price * self._overhead(), released)
        rule = self.rules["purchase"]
        alias = next((name for name in rule["aliases"] if name in self.chip), None)
        if alias is None:
            return None
        rows = [row for row in self.tables.offers if row.purchase is not None and alias in row.chip]
        rows.sort(key=lambda row: row.day)
        if not rows:
            return None
        row = next((row for row in rows if rule["server_note"] in row.note), rows[0])
        single = rule["single_note"] in row.note.lower()
        price = (row.purchase or 0.0) * (self._overhead() if single else 1.0)
        return price, max(row.day, released + timedelta(days=self.rules["run"]["availability_days"]))

    def amortised(self) -> dict[str, float] | None:
        """Return the parts of the amortised method [usd of the day]."""
        if self.bought is None or self.chip_hours is None:
            return None
        rule, (price, acquired) = self.rules["run"], self.bought
        start = self.start if self.tpu else max(self.start, acquired)
        years = (start - acquired).days / rule["days_per_year"]
        value = price * 10.0 ** (-rule["price_fall"] * years)
        hourly = value * rule["price_fall"] * math.log(10.0) / (rule["days_per_year"] * HOURS_A_DAY)
        servers = hourly * self.chip_hours
        chips = servers / self._overhead()
        share = rule["interconnect_share"]
        energy = self._energy()
        if energy is None:
            return None
        return {
            "chip": chips,
            "server": servers - chips,
            "interconnect": servers * share / (1.0 - share),
            "energy": energy,
        }

    def _energy(self) -> float | None:
        rule, card = self.rules["power"], self.card or {}
        named = next((watts for name, watts in rule["tdp"].items() if name in self.chip), None)
        tdp = _maybe(card, "tdp_w", CHIPS) or named
        cents = self.rules["electricity"].get(str(self.published.year))
        if tdp is None or cents is None or self.chip_hours is None:
            return None
        if self.tpu:
            names, usual, load = rule["tpu"], rule["tpu_server"], rule["tpu_load"]
            server = next((factor for name, factor in names.items() if name in self.chip), usual)
        else:
            names, usual, load = rule["server"], rule["gpu_server"], rule["gpu_load"]
            boxes = next((found for name, found in names.items() if name in self.chip), None)
            server = usual if boxes is None else sum(kw / n / each for kw, n, each in boxes) / len(boxes)
        own = any(name in self.organisation.lower() for name in rule["own_sites"])
        pue = rule["pue_own_sites"] if own else rule["pue"]
        kilowatts = tdp * server * load * pue / WATTS
        return float(kilowatts * self.chip_hours * cents / CENTS)

    def acquisition(self) -> float | None:
        """Return the price of the whole cluster [usd of the day]."""
        if self.bought is None or self.quantity is None:
            return None
        return self.bought[0] * self.quantity / float(1.0 - self.rules["run"]["interconnect_share"])

    def cloud(self) -> float | None:
        """Return the rent of the whole run [usd of the day]."""
        if self.quantity is None or self.hours is None or not self.chip or "," in self.chip:
            return None
        order = self.start - timedelta(days=self.rules["run"]["preparation_days"])
        hourly = self._rent(order)
        return None if hourly is None else hourly * self.quantity * self.hours

    def _rent(self, day: date) -> float | None:
        """Return the price of a chip-hour on three years' commitment, ordered on a day [usd/h]."""
        rule = self.rules["cloud"]
        for column in range(len(rule["types"])):
            for vendor in self._vendors():
                row = self._nearest(vendor, day)
                price = None if row is None else row.hourly[column]
                if price is not None:
                    off = (*rule["discount"].get(vendor, (0.0, 0.0)), 0.0)
                    return float(price * (1.0 - off[0]) / (1.0 - off[column]))
        return None

    def _vendors(self) -> list[str]:
        rule = self.rules["cloud"]
        if self.tpu:
            return [rule["tpu"]]
        name = self.organisation.lower()
        own = next((vendor for text, vendor in rule["own"].items() if text in name), rule["other"])
        return list(dict.fromkeys([own, *rule["order"], *self.tables.vendors]))

    def _nearest(self, vendor: str, day: date) -> Offer | None:
        """Return the offer nearest in time, one dated on or before the day if there is any."""
        listed = [row for row in self.tables.offers if row.vendor == vendor]
        rows = [row for row in listed if row.chip == self.chip]
        family = next((it for it in self.rules["cloud"]["family"] if self.chip in it["chips"]), None)
        if not rows and family is not None:
            for name in (family["name"], *family["chips"]):
                rows = [row for row in listed if row.chip == name]
                if rows:
                    break
        rows.sort(key=lambda row: abs((row.day - day).days))
        return next((row for row in rows if row.day <= day), rows[0] if rows else None)


def _back(day: date, hours: float) -> date:
    """Return the day that lies some hours before the start of a day."""
    return day - timedelta(days=math.ceil(hours / HOURS_A_DAY))


def _maybe(row: Mapping[str, str], column: str, table: str) -> float | None:
    text = row.get(column) or ""
    if not text.strip():
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value < 0:
        raise DataError(
            f"The column {column!r} of {table!r} holds {text!r}",
            "It is a number, 0 or more, or is empty",
            "Correct the table",
        )
    return value


def _need(row: Mapping[str, str], column: str, table: str) -> float:
    value = _maybe(row, column, table)
    if not value:
        raise DataError(
            f"The column {column!r} of {table!r} holds {row.get(column)!r}",
            "It is a number above 0",
            "Correct the table",
        )
    return value


def _day(text: str, table: str, column: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise DataError(
            f"The column {column!r} of {table!r} holds {text!r}",
            "A day is written YYYY-MM-DD",
            "Correct the table",
        ) from error
