"""First power against cost against carbon: the supplies of one campus that no other beats."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.catalog import Reader, default
from narrows.draws import MOST_DRAWS
from narrows.errors import RunError, UnknownNameError, UsageError
from narrows.facility.power_path import durations, source_months
from narrows.facility.powered import DAYS_PER_MONTH
from narrows.facility.supply_costs import FIRM, plant_costs
from narrows.facility.supply_lp import GRAMS_PER_KG, Campus, Supply
from narrows.facility.supply_plan import BAND, Priced, band, campus_at, firm_supply, priced
from narrows.facility.supply_ways import CARRIERS, stated, way_months
from narrows.units import to_canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from numpy.typing import NDArray

    from narrows.catalog import Catalog
    from narrows.facility.power_path import Durations

    Floats = NDArray[np.float64]

__all__ = ["OPTIONS", "Choice", "Frontier", "Option", "choice_of", "supply_frontier"]

CARBON_PRICES = (0.0, 200.0)
"""Prices of carbon dioxide at which each option is planned [usd/t]: the cheap plan, and one of low carbon."""
CARBONIC = {"grid", "turbines", "combined_cycle", "fuel_cell"}
"""Ways that burn carbon, on the site or for the grid."""
WEEKS = 13
YEAR_MONTHS = 12.0
TRACE = 1e-3
SAME = 1e-6


@dataclass(frozen=True)
class Option:
    """One way or several to supply the campus.

    Parameters
    ----------
    name
        What it is called.
    ways
        Names of `narrows.facility.supply_ways.WAYS` that are open.
    carrier
        Way whose first power is that of the campus, where it carries the load alone.
    bridge
        Whether leased turbines run until the carrier comes.
    """

    name: str
    ways: tuple[str, ...]
    carrier: str
    bridge: bool = False


OPTIONS = {
    "grid": Option("grid", ("grid",), "grid"),
    "bridge": Option("leased turbines, then grid", ("grid",), "grid", bridge=True),
    "contracts": Option("grid + contracts for sun and wind", ("grid", "ppa"), "grid"),
    "mixed": Option("grid + own sun, wind, battery", ("grid", "renewable", "battery"), "grid"),
    "turbines": Option("small turbines", ("turbines",), "turbines"),
    "hybrid": Option("small turbines + sun, wind, battery", ("turbines", "renewable", "battery"), "turbines"),
    "combined": Option("combined cycle", ("combined_cycle",), "combined_cycle"),
    "cells": Option("fuel cells", ("fuel_cell",), "fuel_cell"),
    "island": Option("sun, wind, battery alone", ("renewable", "battery"), "renewable"),
    "reactors": Option("small reactors + battery", ("smr", "battery"), "smr"),
}
"""Options by key."""


@dataclass(frozen=True, eq=False)
class Choice:
    """One supply on the table of date, cost and carbon.

    Parameters
    ----------
    key, name
        Its option.
    carbon_price
        Price of carbon dioxide at which it was planned [usd/t].
    capacity
        What is built by part [MW; of the battery MWh], spare unit included.
    months
        Months from the first works to first power, axis (draw).
    cost
        Cost of energy without a carbon price [usd/MWh], axis (draw).
    carbon
        Carbon dioxide of scopes 1 and 2 [g/kWh], axis (draw).
    best
        Whether no other supply is as good in the medians of all three and better in one.
    often
        Share of draws in which that holds.
    """

    key: str
    name: str
    carbon_price: float
    capacity: dict[str, float]
    months: Floats
    cost: Floats
    carbon: Floats
    best: bool = False
    often: float = 0.0

    @property
    def id(self) -> str:
        """Name of the row: the option, ``_low`` after it where it was planned for low carbon."""
        return self.key if self.carbon_price == 0 else f"{self.key}_low"

    def to_json(self) -> dict[str, Any]:
        """Return the row as plain data."""
        named = ("p10", "p50", "p90")
        return {
            "id": self.id,
            "supply": self.name,
            "planned_at_usd_per_t": self.carbon_price,
            "months_to_first_power": dict(zip(named, band(self.months), strict=True)),
            "usd_per_mwh": dict(zip(named, band(self.cost), strict=True)),
            "g_per_kwh": dict(zip(named, band(self.carbon), strict=True)),
            "capacity_mw": {name: size for name, size in self.capacity.items() if size > TRACE},
            "on_frontier": self.best,
            "on_frontier_share": self.often,
        }


@dataclass(frozen=True, eq=False)
class Frontier:
    """The answer.

    Parameters
    ----------
    place, mw, grid_mw
        The question.
    choices
        All supplies, the earliest first.
    failed
        Options that cannot serve every hour, with the reason.
    start
        Day of the first works, that after the newest fact.
    reader
        The reading.
    """

    place: str
    mw: float
    grid_mw: float
    choices: tuple[Choice, ...]
    failed: dict[str, str]
    start: date
    reader: Reader

    def day(self, months: float) -> date:
        """Return the day some months after the first works."""
        return self.start + timedelta(days=months * DAYS_PER_MONTH)

    def to_json(self) -> dict[str, Any]:
        """Return the answer as plain data."""
        return {
            "question": {
                "place": self.place,
                "mw": self.mw,
                "grid_mw": self.grid_mw,
                "first_works": str(self.start),
            },
            "supplies": [row.to_json() for row in self.choices],
            "cannot_serve": self.failed,
            "sources": list(self.reader.reads),
            "seed": self.reader.seed,
            "draws": self.reader.n,
        }


def supply_frontier(
    place: str,
    mw: float = 100.0,
    grid_mw: float | None = None,
    *,
    grid_price: float | Floats | None = None,
    gas_price: float | None = None,
    options: Sequence[str] = tuple(OPTIONS),
    weeks: int | None = WEEKS,
    draws: int = 1000,
    seed: int = 1,
    catalog: Catalog | None = None,
    progress: Callable[[str], None] | None = None,
) -> Frontier:
    """Return date of first power, cost and carbon of every option, and which no other beats.

    Parameters
    ----------
    place, mw, grid_mw, grid_price, gas_price
        See `narrows.facility.supply_plan.campus_at`.
    options
        Keys of `OPTIONS`.
    weeks
        Representative weeks of each solution; None for all hours. Sun, wind and a battery alone are always
        solved over all hours: what they must outlast is longer than a week.
    draws, seed, catalog, progress
        See `narrows.facility.supply_plan.supply`.

    Raises
    ------
    UnknownNameError, UsageError
        If the question is out of range.

    Notes
    -----
    All options share draws: the study of the grid that is late in a draw is late for each that needs it.

    Examples
    --------
    >>> found = supply_frontier("phoenix_az", options=("grid", "bridge"), weeks=1, draws=200)
    >>> [row.id for row in found.choices]
    ['bridge', 'grid']
    """
    for key in options:
        if key not in OPTIONS:
            raise UnknownNameError("option", key, OPTIONS, remedy="Choose among them")
    if not options or not 1 <= draws <= MOST_DRAWS:
        raise UsageError(
            f"There are {len(options)} options and {draws} draws",
            f"Options are 1 or more, draws 1 to {MOST_DRAWS}",
            "Give --draws 1000",
        )
    reader = Reader(catalog or default(), seed=seed, n=draws)
    times = durations(mw, reader=reader)
    found: list[Choice] = []
    failed: dict[str, str] = {}
    for at, key in enumerate(options):
        if progress is not None:
            progress(f"planning {OPTIONS[key].name}, {at + 1} of {len(options)}")
        ways = OPTIONS[key].ways
        campus = campus_at(place, mw, grid_mw, grid_price=grid_price, gas_price=gas_price, ways=ways)
        fixed = {"fixed_grid": grid_price is not None, "fixed_gas": gas_price is not None}
        spell = None if OPTIONS[key].carrier not in CARRIERS else weeks
        for price in CARBON_PRICES if CARBONIC.intersection(ways) else CARBON_PRICES[:1]:
            try:
                row = choice_of(key, campus, price, reader, times, weeks=spell, **fixed)
            except RunError as refused:
                failed[OPTIONS[key].name] = str(refused)
                break
            if not any(_same(row, other) for other in found):
                found.append(row)
    return Frontier(
        place, mw, mw if grid_mw is None else grid_mw, _marked(found), failed, reader.catalog.last, reader
    )


def choice_of(
    key: str,
    campus: Campus,
    carbon_price: float,
    reader: Reader,
    times: Durations,
    *,
    weeks: int | None = WEEKS,
    fixed_grid: bool = False,
    fixed_gas: bool = False,
) -> Choice:
    """Return one option planned at a price of carbon.

    Parameters
    ----------
    key
        Key of `OPTIONS`.
    campus
        The campus with the ways of the option.
    carbon_price
        Price of carbon dioxide, burnt on the site or for the grid, that the plan sees [usd/t].
    reader, times
        Facts and draws, and the activities of the critical path in them.
    weeks, fixed_grid, fixed_gas
        See `narrows.facility.supply_plan`.
    """
    option = OPTIONS[key]
    paid = carbon_price * stated("grid_carbon", reader.catalog)
    asked = replace(campus, carbon_price=carbon_price, price=campus.price + paid)
    built, _ = firm_supply(asked, plant_costs(reader.catalog, today=True), weeks)
    parts = built.cost_parts | {"grid": built.cost_parts.get("grid", 0.0) - paid * built.shares["grid"]}
    plain = replace(built, campus=replace(asked, price=campus.price), cost_parts=parts)
    bill = priced(plain, reader, fixed_grid=fixed_grid, fixed_gas=fixed_gas)
    months = _months(option, built, reader, times)
    cost, carbon = bill.without, bill.total
    if option.bridge:
        months, cost, carbon = _bridged(bill, months, campus.load, reader, times)
    return Choice(key, option.name, carbon_price, built.capacity, months, cost, carbon)


def _months(option: Option, built: Supply, reader: Reader, times: Durations) -> Floats:
    """Return the months to first power: those of the carrier, or of the latest part where it needs help."""
    load = built.campus.load
    dates = way_months(reader, load, times)
    own = sum(built.capacity[name] for name in FIRM)
    alone = built.campus.grid if option.carrier == "grid" else own
    if alone >= load * (1 - TRACE):
        return dates[option.carrier]
    latest: Floats = np.maximum.reduce([dates[way] for way in option.ways])
    return latest


def _bridged(
    bill: Priced, grid: Floats, load: float, reader: Reader, times: Durations
) -> tuple[Floats, Floats, Floats]:
    """Return months, cost and carbon of leased turbines that run until the grid comes.

    Cost and carbon are means over the energy of some years from first power. Leased turbines carry what
    they can of the load.
    """

    def read(name: str) -> Floats:
        fact = reader.fact(f"supply.{name}")
        found: Floats = reader.draws(fact.id) / to_canonical(1.0, fact.unit)
        return found

    mobile = source_months(times, "mobile")
    first = np.minimum(mobile, grid)
    span = YEAR_MONTHS * read("horizon")
    early = np.minimum(grid - first, span) * np.minimum(times.mobile_power / load, 1.0)
    late = np.maximum(span - (grid - first), 0.0)
    share = early / (early + late)
    burnt = GRAMS_PER_KG * read("gas_carbon") / read("mobile.efficiency")
    cost = share * read("mobile.price") + (1 - share) * bill.without
    return first, cost, share * burnt + (1 - share) * bill.total


def _same(one: Choice, other: Choice) -> bool:
    """Return whether two options end in the same supply: what was open besides was not worth building."""
    pairs = zip(_three(one), _three(other), strict=True)
    return all(np.allclose(mine, theirs, rtol=SAME, atol=SAME) for mine, theirs in pairs)


def _marked(rows: list[Choice]) -> tuple[Choice, ...]:
    """Return rows by date, with those marked that no other beats, in the medians and by draw."""
    middle = np.array([[np.quantile(value, BAND[1]) for value in _three(row)] for row in rows])
    draws = np.stack([np.stack(_three(row)) for row in rows])  # axes (row, measure, draw)
    order = middle[:, 0].argsort(kind="stable")
    found = []
    for at in order:
        best = not _beaten(middle[:, :, None], at)[0]
        often = float(1 - _beaten(draws, at).mean())
        found.append(replace(rows[at], best=bool(best), often=often))
    return tuple(found)


def _three(row: Choice) -> tuple[Floats, Floats, Floats]:
    return row.months, row.cost, row.carbon


def _beaten(values: Floats, at: int) -> NDArray[np.bool_]:
    """Return whether another row is nowhere worse and somewhere better, axis (draw)."""
    worse = (values <= values[at] + SAME).all(axis=1)
    better = (values < values[at] - SAME).any(axis=1)
    found: NDArray[np.bool_] = (worse & better).any(axis=0)
    return found
