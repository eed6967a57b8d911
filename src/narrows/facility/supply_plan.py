"""The cheapest firm supply of a campus: what is built, what an outage leaves short, cost and carbon."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.catalog import Reader, default
from narrows.draws import MOST_DRAWS, quantiles
from narrows.errors import RunError, UsageError
from narrows.facility.renewables import photovoltaic_share, supply_weather, wind_share
from narrows.facility.supply_costs import CONTRACT, FIRM, RENEWABLE, drawn_costs, plant_costs
from narrows.facility.supply_lp import (
    GRAMS_PER_KG,
    MWH_PER_MMBTU,
    PARTS,
    YEAR,
    Campus,
    Supply,
    least_cost_supply,
)
from narrows.facility.supply_ways import WAY_NAMES, WAYS, allowed_by, in_time, stated, way_months
from narrows.units import to_canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from narrows.catalog import Catalog
    from narrows.facility.supply_costs import PlantCosts

    Floats = NDArray[np.float64]

__all__ = [
    "BAND",
    "FirmSupply",
    "Outage",
    "Priced",
    "band",
    "campus_at",
    "firm_supply",
    "outages",
    "priced",
    "supply",
    "with_spare",
]

BAND = (0.1, 0.5, 0.9)
TRACE = 1e-3  # share of the load, below which power is none
SCOPES = ("scope 1", "scope 2", "scope 3")
ALL = slice(None)
SCREEN = 13
"""Weeks by which the largest unit that pays is found."""


@dataclass(frozen=True)
class Outage:
    """What is short while a part is out, over every hour in which the outage may begin.

    Parameters
    ----------
    what
        What is out.
    lost
        Power lost [MW].
    hours
        How long.
    share
        Share of beginnings after which load is shed.
    mean, worst
        Energy not served, mean and greatest [MWh].
    hour
        Hour of the beginning that is worst.
    """

    what: str
    lost: float
    hours: int
    share: float
    mean: float
    worst: float
    hour: int


@dataclass(frozen=True, eq=False)
class Priced:
    """A plan paid and burnt at the facts of every draw.

    Parameters
    ----------
    cost
        Cost of energy [usd/MWh of load], with the carbon price paid, axis (draw).
    without
        The same without the carbon price.
    carbon
        Carbon dioxide by scope [g/kWh of load], axis (draw).
    """

    cost: Floats
    without: Floats
    carbon: dict[str, Floats]

    @property
    def total(self) -> Floats:
        """Carbon dioxide of scopes 1 and 2 [g/kWh], axis (draw)."""
        return self.carbon["scope 1"] + self.carbon["scope 2"]


@dataclass(frozen=True, eq=False)
class FirmSupply:
    """The answer.

    Parameters
    ----------
    place, ways, left_out
        The city, the ways that were open, and those for which there is no time.
    built
        The supply of least cost, spare unit included.
    spare
        Name and power of the spare unit [MW]; empty and 0 where none is needed.
    outages
        What is short with one unit out and with the grid out; empty where weeks were solved.
    priced
        Cost and carbon in every draw.
    months
        Months to first power by way in use, P10, P50, P90.
    reader
        The reading.
    """

    place: str
    ways: tuple[str, ...]
    left_out: tuple[str, ...]
    built: Supply
    spare: tuple[str, float]
    outages: tuple[Outage, ...]
    priced: Priced
    months: dict[str, tuple[float, float, float]]
    reader: Reader

    @property
    def cost(self) -> tuple[float, float, float]:
        """Cost of energy, P10, P50, P90 [usd/MWh]."""
        return band(self.priced.cost)

    def to_json(self) -> dict[str, Any]:
        """Return the answer as plain data."""
        built, campus = self.built, self.built.campus
        hours, energy = built.both_ways
        return {
            "question": {
                "place": self.place,
                "mw": campus.load,
                "grid_mw": campus.grid,
                "gas_usd_per_mmbtu": campus.gas_price,
                "carbon_usd_per_t": campus.carbon_price,
                "ways": list(self.ways),
                "left_out": list(self.left_out),
                "hours_solved": int(built.hours.size),
            },
            "usd_per_mwh": {"value": built.cost, **_named(self.cost)},
            "capacity_mw": {name: size for name, size in built.capacity.items() if size > TRACE},
            "spare": {"of": self.spare[0], "mw": self.spare[1]},
            "share_of_energy": {name: share for name, share in built.shares.items() if abs(share) > TRACE},
            "usd_per_mwh_by_part": built.cost_parts,
            "g_per_kwh": {scope: _named(band(values)) for scope, values in self.priced.carbon.items()},
            "curtailed": built.curtailed,
            "one_more_mw_usd_per_mwh": built.one_more,
            "grid_value_usd_per_mw_year": built.grid_value,
            "both_ways": {"hours": hours, "mwh": energy},
            "outages": [asdict(outage) for outage in self.outages],
            "months": {way: _named(span) for way, span in self.months.items()},
            "sources": list(self.reader.reads),
            "seed": self.reader.seed,
            "draws": self.reader.n,
        }


def _named(span: tuple[float, float, float]) -> dict[str, float]:
    return dict(zip(("p10", "p50", "p90"), span, strict=True))


def band(values: Floats) -> tuple[float, float, float]:
    """Return P10, P50 and P90 of draws."""
    low, middle, high = quantiles(values, BAND)
    return float(low), float(middle), float(high)


def campus_at(
    place: str,
    mw: float,
    grid_mw: float | None = None,
    *,
    grid_price: float | Floats | None = None,
    gas_price: float | None = None,
    carbon_price: float = 0.0,
    ways: Sequence[str] = tuple(WAYS),
) -> Campus:
    """Return the question of a campus at a place.

    Parameters
    ----------
    place
        A city of `narrows.facility.weather.cities`, or an EPW file.
    mw, grid_mw
        Power of the campus in every hour, and limit of its grid connection [MW]; the power if left out.
    grid_price
        Price of delivered grid energy [usd/MWh], one number or axis (hour); if left out wholesale energy at
        its stated mean, and wires on top.
    gas_price, carbon_price
        Price of gas [usd/MMBtu], the stated one if left out; price of carbon dioxide burnt on the site
        [usd/t].
    ways
        Names of `WAYS` that are open; without ``grid`` the campus is an island.
    """
    weather = supply_weather(place)
    price = np.asarray(stated("grid_price") if grid_price is None else grid_price, dtype=np.float64)
    if price.ndim == 0:
        price = np.full(weather.wind.size, float(price))
    limit = mw if grid_mw is None else grid_mw
    return Campus(
        mw,
        limit if "grid" in ways else 0.0,
        price,
        {"pv": photovoltaic_share(weather), "wind": wind_share(weather)},
        carbon_price,
        stated("gas_price") if gas_price is None else gas_price,
        allowed_by(ways),
        wires=stated("grid_wires") if grid_price is None else 0.0,
    )


def supply(
    place: str,
    mw: float = 100.0,
    grid_mw: float | None = None,
    *,
    grid_price: float | Floats | None = None,
    gas_price: float | None = None,
    carbon_price: float = 0.0,
    ways: Sequence[str] | None = None,
    within: float | None = None,
    weeks: int | None = None,
    book: bool = False,
    draws: int = 1000,
    seed: int = 1,
    catalog: Catalog | None = None,
    progress: Callable[[str], None] | None = None,
) -> FirmSupply:
    """Return the cheapest supply that serves a campus in every hour, also with one unit out.

    Parameters
    ----------
    place, mw, grid_mw, grid_price, gas_price, carbon_price
        See `campus_at`.
    ways
        Names of `WAYS`; all but small reactors if left out.
    within
        Patience [month]: ways whose median first power is later are left out; small reactors count if there
        is time for them.
    weeks
        Representative weeks to solve; all 8,760 hours if left out.
    book
        Take the book of costs of 2030 for turbines, not what they cost if ordered now.
    draws, seed, catalog
        Number of draws, their seed, and the facts.
    progress
        Told what is being done.

    Raises
    ------
    RunError
        If nothing that is open serves every hour: the worst hour, and what is short.
    UsageError, UnknownNameError
        If the question is out of range.

    Notes
    -----
    The plan is made at stated costs and paid at the costs of every draw: who builds does not know them.

    Examples
    --------
    >>> found = supply("phoenix_az", 100, weeks=2, draws=200)
    >>> low, middle, high = found.cost
    >>> low < middle < high
    True
    """
    if not 1 <= draws <= MOST_DRAWS:
        raise UsageError(
            f"The number of draws is {draws}",
            f"Draws are a whole number from 1 to {MOST_DRAWS}",
            "Give --draws 1000",
        )
    reader = Reader(catalog or default(), seed=seed, n=draws)
    tell = progress or (lambda _: None)
    months = way_months(reader, mw)
    opened = in_time(months, within)
    if ways is not None:
        allowed_by(ways)
        opened = tuple(way for way in WAYS if way in ways and (within is None or way in opened))
    if not opened:
        soonest = min(ways or WAYS, key=lambda way: float(np.median(months[way])))
        took = float(np.median(months[soonest]))
        raise UsageError(
            f"Within {within:g} months no way of supply that was asked for gives first power",
            f"The soonest is {WAY_NAMES[soonest]}, after {took:.1f} months",
            f"Give --within {np.ceil(took):.0f} or more",
        )
    campus = campus_at(
        place,
        mw,
        grid_mw,
        grid_price=grid_price,
        gas_price=gas_price,
        carbon_price=carbon_price,
        ways=opened,
    )
    costs = plant_costs(catalog, today=not book)
    tell(f"solving {'8,760 hours' if weeks is None else f'{weeks} weeks'}")
    built, spare = firm_supply(campus, costs, weeks)
    used = {way: max((built.capacity[part] for part in parts), default=0.0) for way, parts in WAYS.items()}
    used["grid"] = float(built.flows["grid"].max())
    return FirmSupply(
        place,
        opened,
        tuple(way for way in WAYS if way not in opened and within is not None and (not ways or way in ways)),
        built,
        spare,
        tuple(outages(built)) if weeks is None else (),
        priced(
            built, reader, today=not book, fixed_grid=grid_price is not None, fixed_gas=gas_price is not None
        ),
        {way: band(months[way]) for way in opened if used[way] > TRACE * mw},
        reader,
    )


def firm_supply(
    campus: Campus, costs: PlantCosts, weeks: int | None = None
) -> tuple[Supply, tuple[str, float]]:
    """Return the supply of least cost with its spare unit, and which the spare is.

    Parameters
    ----------
    campus, costs, weeks
        See `narrows.facility.supply_lp.least_cost_supply`.

    Raises
    ------
    RunError
        If nothing that is open serves every hour.

    Notes
    -----
    The spare is as large as the largest unit, so that a technology of large units may not pay. The program
    is solved by 13 weeks without the technologies of the largest units, one after another, and in full with
    those that cost least, spare included.
    """
    firm = sorted((name for name in FIRM if name in campus.allowed), key=lambda name: -stated(f"unit.{name}"))
    costed: list[tuple[float, int, Campus, tuple[Supply, tuple[str, float]]]] = []
    few = SCREEN if weeks is None else min(weeks, SCREEN)
    for dropped in range(len(firm) + 1) if firm else ():
        allowed = tuple(name for name in campus.allowed if name not in firm[:dropped])
        asked = replace(campus, allowed=allowed)
        try:
            found = with_spare(least_cost_supply(asked, costs, few))
        except RunError:
            break
        costed.append((found[0].cost, dropped, asked, found))
    if not costed:
        return with_spare(least_cost_supply(campus, costs, weeks))
    _, _, asked, found = min(costed, key=lambda row: row[:2])
    screened = weeks is not None and weeks <= SCREEN
    return found if screened else with_spare(least_cost_supply(asked, costs, weeks))


def with_spare(built: Supply) -> tuple[Supply, tuple[str, float]]:
    """Return the supply with the spare that one unit out asks for, and which it is.

    Parameters
    ----------
    built
        A supply of least cost.

    Notes
    -----
    The spare covers what is short in the worst hour with a unit of the largest size out, without the battery,
    which a repair outlasts: at most that unit. A grid connection that has room needs no spare beside it. The
    spare is of the cheapest firm technology that is open. What the loss of the grid leaves short is told by
    `outages`.
    """
    units = {name: size for name, size in _units(built).items() if size > TRACE * built.campus.load}
    if not units:
        return built, ("", 0.0)
    campus, largest = built.campus, max(units.values())
    offered = sum(
        (campus.profiles[name][built.hours] * built.capacity[name] for name in RENEWABLE),
        np.full(built.hours.size, campus.grid),
    )
    stands = offered + sum(built.capacity[name] for name in FIRM)
    size = min(max(campus.load - float(stands.min()) + largest, 0.0), largest)
    if size <= TRACE * campus.load:
        return built, ("", 0.0)
    open_ = [name for name in FIRM if name in campus.allowed]
    name = min(open_, key=lambda part: built.costs.yearly[part])
    part = built.costs.yearly[name] * size * (float(built.weight.sum()) / YEAR) / built.energy
    parts = built.cost_parts | {f"{name} spare": part}
    capacity = built.capacity | {name: built.capacity[name] + size}
    return replace(built, cost=built.cost + part, cost_parts=parts, capacity=capacity), (name, size)


def _units(built: Supply) -> dict[str, float]:
    """Return the size of one unit by firm technology [MW], no larger than what stands."""
    return {name: min(stated(f"unit.{name}"), built.capacity[name]) for name in FIRM}


def outages(built: Supply) -> list[Outage]:
    """Return what is short with the largest unit out, and with the grid out.

    Parameters
    ----------
    built
        A supply of every hour of a year.

    Raises
    ------
    UsageError
        If the supply was solved by weeks.

    Notes
    -----
    The outage begins in each hour in turn, with the battery as full as the optimum left it. What remains
    runs at full power; the battery takes the surplus and gives what is short.
    """
    campus = built.campus
    if built.hours.size != campus.price.size:
        raise UsageError(
            f"The supply was solved over {built.hours.size} of {campus.price.size} hours",
            "Firmness is judged hour by hour over all of them",
            "Solve without weeks",
        )
    units = _units(built)
    largest = max(units, key=units.__getitem__)
    found = []
    if units[largest] > TRACE * campus.load:
        found.append(_outage(built, f"one unit of {largest}", units[largest], round(stated("repair"))))
    if campus.grid > 0:
        found.append(_outage(built, "the grid", campus.grid, round(stated("grid_outage"))))
    return found


def _outage(built: Supply, what: str, lost: float, hours: int) -> Outage:
    campus, capacity, kept = built.campus, built.capacity, built.costs.one_way
    renewable = sum(
        (campus.profiles[name] * capacity[name] for name in RENEWABLE), np.zeros(campus.price.size)
    )
    spare = renewable + campus.grid + sum(capacity[name] for name in FIRM) - lost - campus.load
    stored = np.clip(np.roll(built.flows["stored"], 1), 0.0, capacity["battery"])
    short = np.zeros(spare.size)
    for step in range(hours):
        now = np.roll(spare, -step)
        given = np.minimum.reduce(
            [np.maximum(-now, 0.0), np.full(spare.size, capacity["inverter"]), stored * kept]
        )
        taken = np.clip(now, 0.0, capacity["inverter"])
        stored = np.minimum(stored - given / kept + taken * kept, capacity["battery"])
        short += np.maximum(-now - given, 0.0)
    shed = short > TRACE * campus.load
    worst = int(short.argmax())
    return Outage(what, lost, hours, float(shed.mean()), float(short.mean()), float(short[worst]), worst)


def priced(
    built: Supply, reader: Reader, *, today: bool = True, fixed_grid: bool = False, fixed_gas: bool = False
) -> Priced:
    """Return cost and carbon of a plan at the facts of every draw.

    Parameters
    ----------
    built
        The plan, as built and run at stated costs.
    reader
        Facts and draws.
    today
        See `plant_costs`.
    fixed_grid, fixed_gas
        Whether the price of grid energy, and of gas, is given and not drawn.

    Notes
    -----
    cost = sum of annuity x capacity + contracts + share x (variable + fuel) + bought energy x price. Scope 1
    is gas burnt, scope 2 grid energy bought at the mean of the grid, scope 3 the supply of gas and the life
    cycle of own and contracted plant; nothing is counted upstream of the grid.
    """
    campus, energy, shares = built.campus, built.energy, built.shares
    costs = drawn_costs(reader, ALL, today=today)
    years = float(built.weight.sum()) / YEAR
    made = {name: float(campus.profiles[name][built.hours] @ built.weight) for name in RENEWABLE}
    cost = np.zeros(reader.n)
    for name in PARTS:
        if name in CONTRACT:
            cost += costs.contract[name] * made[CONTRACT[name]] * built.capacity[name] / energy
        else:
            cost += costs.yearly[name] * years * built.capacity[name] / energy
    gas = campus.gas_price if fixed_gas else _drawn(reader, "gas_price")
    burnt = sum((shares[name] * heat for name, heat in costs.heat.items()), np.zeros(reader.n))
    cost += burnt * gas / MWH_PER_MMBTU
    cost += sum(shares[name] * (costs.running[name] + costs.fuel.get(name, 0.0)) for name in FIRM)
    ratio = 1.0 if fixed_grid else _drawn(reader, "grid_price") / stated("grid_price", reader.catalog)
    cost += built.cost_parts.get("grid", 0.0) * ratio
    if campus.wires > 0:
        wires = built.cost_parts.get("wires", 0.0) / campus.wires
        cost += wires * _drawn(reader, "grid_wires")
    life = {name: _drawn(reader, f"life_carbon.{name}") for name in (*RENEWABLE, "smr")}
    beyond = burnt * _drawn(reader, "gas_upstream") + shares["smr"] * life["smr"]
    for name in RENEWABLE:
        held = built.capacity[name] + sum(built.capacity[part] for part, of in CONTRACT.items() if of == name)
        beyond = beyond + life[name] * made[name] * held / energy
    bought = max(shares["grid"], 0.0)  # the solver leaves an island a little below nothing
    scopes = (burnt * costs.gas_carbon, bought * _drawn(reader, "grid_carbon"), beyond)
    carbon = {name: np.asarray(GRAMS_PER_KG * each) for name, each in zip(SCOPES, scopes, strict=True)}
    return Priced(cost + campus.carbon_price * burnt * costs.gas_carbon, cost, carbon)


def _drawn(reader: Reader, name: str) -> Floats:
    fact = reader.fact(f"supply.{name}")
    found: Floats = reader.draws(fact.id) / to_canonical(1.0, fact.unit)
    return found
