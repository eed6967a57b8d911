"""What cools a rack: flow of air and of coolant, where each family of cooling ends, and what takes over."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from narrows.catalog import PointReader, default
from narrows.errors import UnknownNameError, UsageError
from narrows.systems.figures import system, system_lines

if TYPE_CHECKING:
    from narrows.catalog.catalog import Catalog

__all__ = [
    "AIR",
    "FAMILIES",
    "PG25",
    "WATER",
    "Family",
    "Fluid",
    "Ladder",
    "air_flow_cfm",
    "air_limit_kw",
    "coolant_flow_lpm",
    "door_limit_kw",
    "effectiveness",
    "families",
    "junction_c",
    "ladder",
    "plate_supply_c",
    "rack_kw",
]

CUBIC_FOOT_M3 = 0.3048**3
MINUTE_S = 60.0
LITRES_PER_M3 = 1000.0
KILOWATT = 1000.0
FACTS = "cooling."
FAMILIES = ("air", "rear_door", "cold_plate", "immersion_single", "immersion_two")
NAMES = {
    "air": "air",
    "rear_door": "rear-door exchanger",
    "cold_plate": "cold plates",
    "immersion_single": "single-phase immersion",
    "immersion_two": "two-phase immersion",
}


@dataclass(frozen=True)
class Fluid:
    """A coolant at the temperature of use.

    Parameters
    ----------
    name
        What it is.
    density
        [kg/m3].
    heat
        Specific heat [J/(kg K)].
    """

    name: str
    density: float
    heat: float


AIR = Fluid("air at 23 C and sea level", 1.192, 1006.0)
"""Source: dry air as an ideal gas, 101,325 Pa, 296.15 K."""
WATER = Fluid("water at 30 C", 995.7, 4180.0)
"""Source: IAPWS."""
PG25 = Fluid("water with 25 % propylene glycol at 30 C", 1017.0, 3915.0)
"""Source: makers' tables of coolants; heat lies 6 % below that of water, density 2 % above."""


def air_flow_cfm(kw: float, rise_k: float, fluid: Fluid = AIR) -> float:
    """Return the air that a heat needs [ft3/min].

    Parameters
    ----------
    kw
        Heat [kW].
    rise_k
        Temperature rise of the air [K].
    fluid
        The air, thinner at altitude.

    Notes
    -----
    V = P / (rho cp dT).

    Examples
    --------
    >>> round(air_flow_cfm(1, 16.7))
    106
    """
    _positive(kw=kw, rise_k=rise_k)
    return kw * KILOWATT / (fluid.density * fluid.heat * rise_k) * MINUTE_S / CUBIC_FOOT_M3


def air_limit_kw(cfm: float, rise_k: float, fluid: Fluid = AIR) -> float:
    """Return the heat that a flow of air takes [kW].

    Examples
    --------
    >>> round(air_limit_kw(3000, 13.9)), round(air_limit_kw(5000, 16.7))
    (24, 47)
    """
    _positive(cfm=cfm)
    return cfm / air_flow_cfm(1.0, rise_k, fluid)


def effectiveness(transfer_units: float, ratio: float) -> float:
    """Return the share of the greatest heat that a counter-flow coil passes.

    Parameters
    ----------
    transfer_units
        Conductance over the smaller heat capacity flow.
    ratio
        Smaller over larger heat capacity flow, 0 to 1.

    Notes
    -----
    (1 - x) / (1 - ratio x) with x = exp(-NTU (1 - ratio)); NTU / (1 + NTU) for equal flows (Kays and
    London, Compact Heat Exchangers).

    Examples
    --------
    >>> round(effectiveness(1.8, 0.5), 3), round(effectiveness(1.8, 1.0), 3)
    (0.745, 0.643)
    """
    if ratio == 1:
        return transfer_units / (1 + transfer_units)
    taken = -math.expm1(-transfer_units * (1 - ratio))
    return taken / (1 - ratio + ratio * taken)


def door_limit_kw(cfm: float, supply_c: float, water_c: float, passed: float) -> float:
    """Return the heat of a rack whose rear door leaves none to the room [kW].

    Parameters
    ----------
    cfm
        Air through rack and door [ft3/min].
    supply_c, water_c
        Air at the inlet of the rack, water of the door [C].
    passed
        Effectiveness of the coil, the air having the smaller heat capacity.

    Raises
    ------
    UsageError
        The water is not colder than the air.

    Notes
    -----
    The rack warms the air by dT; the door takes passed x (supply + dT - water). They are equal at
    dT = passed / (1 - passed) x (supply - water).

    Examples
    --------
    >>> round(door_limit_kw(5000, 27, 18, 0.745))
    74
    """
    if water_c >= supply_c:
        raise UsageError(
            f"The door has water of {water_c:g} C and air of {supply_c:g} C",
            "Water colder than the air takes heat from it",
            "Give colder water",
        )
    return air_limit_kw(cfm, passed / (1 - passed) * (supply_c - water_c))


def coolant_flow_lpm(kw: float, rise_k: float, fluid: Fluid = WATER) -> float:
    """Return the coolant that a heat needs [l/min].

    Parameters
    ----------
    kw
        Heat that the coolant takes [kW].
    rise_k
        Its temperature rise [K].
    fluid
        The coolant.

    Notes
    -----
    6e4 P / (rho cp dT) with P in kW and litres of 1e-3 m3, times 1e3.

    Examples
    --------
    >>> round(coolant_flow_lpm(1, 10), 2), round(coolant_flow_lpm(1, 10, PG25), 2)
    (1.44, 1.51)
    """
    _positive(kw=kw, rise_k=rise_k)
    return kw * KILOWATT / (fluid.density * fluid.heat * rise_k) * MINUTE_S * LITRES_PER_M3


def _positive(**given: float) -> None:
    for name, value in given.items():
        if not 0 < value < float("inf"):
            raise UsageError(
                f"The {name} is {value:g}", "Heat, flow and temperature rise are above 0", f"Give {name} 10"
            )


def junction_c(
    facility_water_c: float, chip_w: float, *, approach_k: float, rise_k: float, resistance: float
) -> float:
    """Return the junction temperature behind a cold plate [C].

    Parameters
    ----------
    facility_water_c
        Supply of facility water [C].
    chip_w
        Heat of the package [W].
    approach_k
        Coolant above facility water in the distribution unit [K].
    rise_k
        Rise of the coolant up to the last package in its path [K].
    resistance
        Junction to coolant at the plate [K/W].

    Examples
    --------
    >>> junction_c(40, 1000, approach_k=3, rise_k=10, resistance=0.025)
    78.0
    """
    return facility_water_c + approach_k + rise_k + chip_w * resistance


def plate_supply_c(chip_w: float | None = None, catalog: Catalog | None = None) -> float:
    """Return the warmest facility water that keeps a package below its limit [C].

    Parameters
    ----------
    chip_w
        Heat of the package [W]; that of the hottest packages at present if left out.
    catalog
        Facts.
    """
    read = _reader(catalog)
    watt = read("chip_hottest") if chip_w is None else chip_w
    above: float = junction_c(
        0.0,
        watt,
        approach_k=read("cdu_approach"),
        rise_k=read("water_rise"),
        resistance=read("plate_resistance"),
    )
    return float(read("junction_most")) - above


@dataclass(frozen=True)
class Family:
    """One family of cooling.

    Parameters
    ----------
    id, name
        Its key and its words.
    usual_kw, most_kw
        Heat of a rack that it takes as usually built, and at most [kW].
    supply_c
        Warmest supply of its fluid [C]: air, water of the door or of the facility, oil, boiling point.
    """

    id: str
    name: str
    usual_kw: float
    most_kw: float
    supply_c: float


def families(catalog: Catalog | None = None) -> tuple[Family, ...]:
    """Return all families in the order in which they are taken up.

    Examples
    --------
    >>> [family.id for family in families()]
    ['air', 'rear_door', 'cold_plate', 'immersion_single', 'immersion_two']
    """
    read = _reader(catalog)
    flow, flow_most = (read(name) / CUBIC_FOOT_M3 * MINUTE_S for name in ("rack_air", "rack_air_most"))
    usual = air_limit_kw(flow, read("air_rise_usual"))
    most = air_limit_kw(flow_most, read("air_rise_large"))
    passed = effectiveness(read("rear_door_ntu"), read("rear_door_ratio"))
    air, water = read("air_supply"), read("door_water")
    held = default() if catalog is None else catalog
    door, door_most = (door_limit_kw(cfm, air, water, passed) for cfm in (flow, flow_most))
    found = [
        Family("air", NAMES["air"], usual, most, air),
        Family("rear_door", NAMES["rear_door"], door, door_most, water),
    ]
    supplies = {
        "cold_plate": ("plate_most", plate_supply_c(catalog=catalog)),
        "immersion_single": ("immersion_single_most", read("oil_supply")),
        "immersion_two": ("immersion_two_most", read("boiling")),
    }
    for name, (limit, supply) in supplies.items():
        fact = held.fact(FACTS + limit)
        least, value = fact.canonical_low / KILOWATT, fact.canonical_value / KILOWATT
        found.append(Family(name, NAMES[name], least, value, supply))
    return tuple(found)


def _reader(catalog: Catalog | None) -> Any:
    point = PointReader(catalog or default())
    return lambda name: float(point.point(FACTS + name))


@dataclass(frozen=True)
class Ladder:
    """What cools one rack.

    Parameters
    ----------
    kw, named
        Heat of the rack [kW], and the system it is, empty where a number was given.
    works, beyond
        Families that take it, and those that it is beyond, each with its range.
    takes_over
        The family that is next after the first that works ends; empty at the top.
    air_cfm
        Air that it would need at the rise of large sites [ft3/min].
    coolant_lpm, glycol_lpm
        Water and glycol that it needs if all heat goes to the coolant, at the usual rise [l/min].
    residual_kw, residual_cfm
        Heat that stays in air with cold plates [kW], and its air [ft3/min].
    """

    kw: float
    named: str
    works: tuple[Family, ...]
    beyond: tuple[Family, ...]
    takes_over: str
    air_cfm: float
    coolant_lpm: float
    glycol_lpm: float
    residual_kw: float
    residual_cfm: float

    def to_json(self) -> dict[str, Any]:
        """Return the answer as plain data."""

        def rows(found: tuple[Family, ...]) -> list[dict[str, Any]]:
            return [
                {
                    "id": row.id,
                    "usual_kw": row.usual_kw,
                    "most_kw": row.most_kw,
                    "warmest_supply_c": row.supply_c,
                }
                for row in found
            ]

        return {
            "rack_kw": self.kw,
            "system": self.named,
            "works": rows(self.works),
            "beyond": rows(self.beyond),
            "takes_over_next": self.takes_over,
            "air_cfm": self.air_cfm,
            "water_l_per_min": self.coolant_lpm,
            "glycol_l_per_min": self.glycol_lpm,
            "residual_air_kw": self.residual_kw,
            "residual_air_cfm": self.residual_cfm,
        }


def rack_kw(asked: str, catalog: Catalog | None = None) -> tuple[float, str]:
    """Return the heat of a rack [kW] and the name of its system, empty for a number.

    Parameters
    ----------
    asked
        A number of kW, or a system such as ``gb200_nvl72``.
    catalog
        Facts.

    Raises
    ------
    UnknownNameError
        No such system.
    UsageError
        The system has no power.

    Notes
    -----
    A system that fills several racks, by a fact, spreads its heat over them evenly.

    Examples
    --------
    >>> rack_kw("120"), rack_kw("gb200_nvl72")
    ((120.0, ''), (132.0, 'gb200_nvl72'))
    """
    try:
        return float(asked), ""
    except ValueError:
        pass
    known = {str(line["name"]): line for line in system_lines(catalog)}
    name = asked.lower().replace("-", "_").replace(" ", "_")
    if name not in known:
        raise UnknownNameError("system", asked, known, remedy="Give a rack's heat in kW, such as 120")
    found = system(name, catalog)
    power = known[name].get("power")
    if power is None:
        raise UsageError(
            f"The system {found.name} has no power", "A rack's heat is known or given", "Give it in kW"
        )
    spread = f"{FACTS}racks.{name}"
    book = catalog or default()
    racks = PointReader(book).point(spread) if book.has(spread) else 1.0
    return float(power) / KILOWATT / racks, name


def ladder(
    asked: str | float,
    *,
    family: str | None = None,
    rise_k: float | None = None,
    catalog: Catalog | None = None,
) -> Ladder:
    """Return what cools a rack, and what takes over next.

    Parameters
    ----------
    asked
        Heat of the rack [kW], or the name of a system.
    family
        A family that must take it; any if left out.
    rise_k
        Temperature rise of the coolant [K]; the usual one if left out.
    catalog
        Facts.

    Raises
    ------
    UsageError
        No family takes the heat, or not the one asked for; the error names those that do.
    UnknownNameError
        No such family or system.

    Examples
    --------
    >>> found = ladder(30)
    >>> found.works[0].id, found.takes_over
    ('air', 'rear_door')
    >>> [row.id for row in ladder(120).beyond]
    ['air', 'rear_door']
    """
    kw, named = rack_kw(str(asked), catalog)
    _positive(kw=kw)
    if family is not None and family not in FAMILIES:
        raise UnknownNameError("family of cooling", family, FAMILIES, remedy="Leave --family out to see all")
    held = families(catalog)
    works = tuple(row for row in held if kw <= row.most_kw)
    beyond = tuple(row for row in held if kw > row.most_kw)
    if not works:
        last = max(held, key=lambda row: row.most_kw)
        raise UsageError(
            f"A rack has {kw:g} kW",
            f"{last.name.capitalize()} go furthest, to {last.most_kw:.0f} kW",
            "Spread the load over more racks",
        )
    if family is not None and family in {row.id for row in beyond}:
        asked_for = next(row for row in beyond if row.id == family)
        takers = " or ".join(row.name for row in works)
        raise UsageError(
            f"A rack has {kw:g} kW and is to be cooled by {asked_for.name}",
            f"That ends at {asked_for.most_kw:.0f} kW; {takers} would take it",
            f"Take {works[0].name}, or spread the load over more racks",
        )
    read = _reader(catalog)
    rise = read("water_rise") if rise_k is None else rise_k
    residual = kw * read("residual_air")
    return Ladder(
        kw,
        named,
        works,
        beyond,
        next((row.id for row in works if row.most_kw > works[0].most_kw), ""),
        air_flow_cfm(kw, read("air_rise_large")),
        coolant_flow_lpm(kw, rise),
        coolant_flow_lpm(kw, rise, PG25),
        residual,
        air_flow_cfm(residual, read("air_rise_large")),
    )
