"""Cooling and power of a hall, hour by hour: one design under one year of weather."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from narrows.catalog import PointReader, default
from narrows.errors import UsageError
from narrows.facility import psychrometrics as moist

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from narrows.facility.weather import Weather

    Floats = NDArray[np.float64]

__all__ = ["AGES", "HEAT_PATHS", "REDUNDANCY", "REJECTION", "Design", "Year", "facts_of", "simulate"]

HEAT_PATHS = ("air", "rear door", "direct liquid", "immersion")
REJECTION = ("outside air", "towers", "dry coolers", "air-cooled chillers")
"""Towers and dry coolers cool without a chiller where the weather allows; chillers take the rest."""
REDUNDANCY = {"N": 1.0, "N+1": 0.8, "2N": 0.5}
"""Share of its rating that one unit carries at full load: all, four of five, one of two."""
AGES = ("campus", "early", "cloud", "leased")
WATER_HEAT, AIR_HEAT = 4.186, 1.006
"""Heat capacity of water and of air [kJ/kg K]."""
WATER_DENSITY = 998.0
"""Density of water [kg/m3]."""
AIR_DENSITY = 1.18
"""Density of supply air at the sea [kg/m3]; by pressure elsewhere."""
SEA_PA = 101_325.0
LATENT = 2450.0
"""Heat of evaporation near 20 C [kJ/kg]."""
LATENT_AT_ZERO, LATENT_SLOPE = 2501.0, 2.381
"""Heat of evaporation at 0 C [kJ/kg] and its fall [kJ/kg K]."""
HOUR_S = 3600.0
HOTTEST_WATER = 60.0
COLDEST_WATER = 10.0
MACHINES = (
    "heat.liquid_share",
    "heat.immersion_share",
    "air.door_fan",
    "air.coil_approach",
    "liquid.approach",
    "water.rise",
    "water.pump",
    "liquid.pump",
    "pump.efficiency",
    "tower.approach",
    "tower.exchanger",
    "tower.range",
    "tower.pump",
    "tower.fan",
    "tower.cycles",
    "tower.drift",
    "dry.approach",
    "dry.fan",
    "dry.air_rise",
    "adiabatic.effectiveness",
    "adiabatic.bleed",
    "adiabatic.band",
    "fan.floor",
    "chiller.carnot",
    "chiller.approach",
    "chiller.air_condenser",
    "chiller.least_lift",
    "chiller.idle",
    "transformer.loss",
    "busway.loss",
    "ups.idle",
)
HALL = ("ups", "fan", "rise", "air", "overhead")


@dataclass(frozen=True, slots=True)
class Design:
    """A hall in one line.

    Parameters
    ----------
    heat
        How heat leaves the chips, one of `HEAT_PATHS`.
    rejection
        How it leaves the site, one of `REJECTION`.
    redundancy
        Of the electrical units, one of `REDUNDANCY`.
    age
        Class of the hall, one of `AGES`.
    supply_c
        Coolant supplied to liquid-cooled racks [C].
    load
        Mean IT power over the IT power built for, above 0, to 1.
    adiabatic
        Whether water is sprayed ahead of dry coolers or into outside air.

    Examples
    --------
    >>> Design.parse("direct liquid + dry coolers, 2N").redundancy
    '2N'
    """

    heat: str = "air"
    rejection: str = "towers"
    redundancy: str = "N+1"
    age: str = "campus"
    supply_c: float = 40.0
    load: float = 0.8
    adiabatic: bool = False

    def __post_init__(self) -> None:
        for name, known in (
            ("heat", HEAT_PATHS),
            ("rejection", REJECTION),
            ("redundancy", tuple(REDUNDANCY)),
            ("age", AGES),
        ):
            if getattr(self, name) not in known:
                raise UsageError(
                    f"The {name} of the design is {getattr(self, name)!r}",
                    f"It is one of {', '.join(known)}",
                    "Name one of them",
                )
        if not COLDEST_WATER <= self.supply_c <= HOTTEST_WATER or not 0 < self.load <= 1:
            raise UsageError(
                f"The design has coolant of {self.supply_c:g} C and a load of {self.load:g}",
                f"Coolant is {COLDEST_WATER:g} to {HOTTEST_WATER:g} C, the load above 0 and up to 1",
                "Give numbers in range",
            )
        if self.heat != "air" and self.rejection == "outside air":
            raise UsageError(
                f"The design takes heat by {self.heat!r} and rejects it by 'outside air'",
                "Outside air cools servers that air cools",
                "Name towers, dry coolers or air-cooled chillers",
            )

    @classmethod
    def parse(cls, line: str) -> Design:
        """Return the design of a line such as ``direct liquid + dry coolers, 2N, adiabatic, 45 C``.

        Raises
        ------
        UsageError
            A word of the line is not known.
        """
        found: dict[str, str | float | bool] = {}
        for word in (part.strip() for part in line.replace("+ ", ",").split(",")):
            known = {"heat": HEAT_PATHS, "rejection": REJECTION, "redundancy": REDUNDANCY, "age": AGES}
            names = [name for name, words in known.items() if word in words]
            if names:
                found[names[0]] = word
            elif word == "adiabatic":
                found["adiabatic"] = True
            elif word.endswith(" C") and word[:-2].replace(".", "", 1).isdigit():
                found["supply_c"] = float(word[:-2])
            else:
                raise UsageError(
                    f"The design says {word!r}",
                    f"Its words are {', '.join((*HEAT_PATHS, *REJECTION, *REDUNDANCY, *AGES))}, "
                    "adiabatic, and a temperature such as 45 C",
                    "Write it like 'direct liquid + dry coolers, 2N'",
                )
        return cls(**found)  # type: ignore[arg-type]


def facts_of(age: str, read: PointReader | Mapping[str, float] | None = None) -> dict[str, float]:
    """Return the numbers of the machines and of one class of halls, by short name.

    Parameters
    ----------
    age
        Class of the hall.
    read
        Where facts are read; medians of the catalogue if left out. A mapping of fact id to value
        stands in for it.
    """
    ids = {name: f"plant.{name}" for name in MACHINES} | {name: f"plant.{age}.{name}" for name in HALL}
    if isinstance(read, Mapping):
        return {name: float(read[fact]) for name, fact in ids.items()}
    reader = PointReader(default()) if read is None else read
    return {name: float(reader.draws(fact)[0]) for name, fact in ids.items()}


@dataclass(frozen=True)
class Year:
    """What a design does in a year, for 1 kW of IT power.

    Parameters
    ----------
    design
        The design.
    power
        Power by component [kW per kW of IT], axis (hour); ``it`` is 1.
    water
        Water by use [kg per kWh of IT], axis (hour): evaporation, drift, blow-down.
    heat
        Heat leaving the site by way [kW per kW of IT], axis (hour).
    free
        Share of the water-borne or air-borne heat that no chiller touched, axis (hour).
    """

    design: Design
    power: dict[str, Floats]
    water: dict[str, Floats]
    heat: dict[str, Floats]
    free: Floats

    @property
    def pue_hours(self) -> Floats:
        """Facility power over IT power, axis (hour)."""
        return np.asarray(sum(self.power.values()))

    @property
    def pue(self) -> float:
        """Facility energy over IT energy of the year."""
        return float(self.pue_hours.mean())

    @property
    def peak_pue(self) -> float:
        """Facility power over IT power in the hour of the year that needs most: it sizes the site."""
        return float(self.pue_hours.max())

    @property
    def wue(self) -> float:
        """Water of the year over IT energy [L/kWh]."""
        return float(sum(values.mean() for values in self.water.values()))

    @property
    def free_hours(self) -> int:
        """Hours in which no chiller runs."""
        return int((self.free >= 1).sum())


def simulate(design: Design, year: Weather, facts: dict[str, float] | None = None) -> Year:
    """Run a design through a year.

    Parameters
    ----------
    design, year
        The design and the weather.
    facts
        Numbers of `facts_of`; medians of the catalogue if left out.

    Notes
    -----
    Air loop: IT heat that air takes, losses in the hall, fans. Liquid loop: the rest, with its pump. Each
    loop goes to the rejection at its own water temperature. The economiser share has the form of Lei and
    Masanet (2022); the COP is a share of Carnot at the lift of the hour. Humidity is not controlled.

    Examples
    --------
    >>> from narrows.facility.weather import weather
    >>> warm = simulate(Design.parse("direct liquid + dry coolers, 45 C"), weather("phoenix_az"))
    >>> bool(1 < warm.pue < 1.2)
    True
    """
    p = facts_of(design.age) if facts is None else facts
    flat = np.ones_like(year.t_c)
    path = {"air": 0.0, "rear door": 0.0, "direct liquid": p["heat.liquid_share"]}
    liquid = path.get(design.heat, p["heat.immersion_share"])
    per_unit = REDUNDANCY[design.redundancy] * design.load
    busway = p["busway.loss"] / (1 - p["busway.loss"])
    ups = p["ups"] * (p["ups.idle"] / per_unit + 1 - p["ups.idle"]) * (1 + busway)
    fan = _fan(design, year, p)
    air_heat = (1 - liquid + busway + ups + p["overhead"]) / (1 - fan)
    power = {"it": flat, "electrical": flat * (busway + ups), "overhead": flat * p["overhead"]}
    power["fans"] = fan * air_heat
    loops = [_reject(design, year, p, air_heat, p["air"])]
    if design.heat in {"direct liquid", "immersion"}:
        pump = _pump(p, p["liquid.pump"], p["water.rise"])
        warm = flat * liquid / (1 - pump)
        loops.append(_reject(design, year, p, warm, p["air.coil_approach"] + _facility_water(design, p)))
        power["coolant pumps"] = warm * pump
    for name in ("pumps", "chillers", "outdoor fans"):
        power[name] = np.asarray(sum(loop[name] for loop in loops))
    load = sum(power.values())
    power["transformer"] = np.asarray(load * p["transformer.loss"] / (1 - p["transformer.loss"]))
    heat = {name: np.asarray(sum(loop[name] for loop in loops)) for name in ("latent", "sensible")}
    heat["outdoor machines"] = power["outdoor fans"] + power["transformer"]
    water = {name: np.asarray(sum(loop[name] for loop in loops)) for name in _WATER}
    free = np.asarray(sum(loop["free"] * loop["taken"] for loop in loops))
    return Year(design, power, water, heat, free / sum(loop["taken"] for loop in loops))


_WATER = ("evaporation", "drift", "blow-down")


def _pump(p: dict[str, float], pressure: float, rise: float) -> float:
    """Return pump power over the heat that its water carries [Pa and K in]."""
    return pressure / (WATER_DENSITY * WATER_HEAT * 1e3 * rise * p["pump.efficiency"])


def _facility_water(design: Design, p: dict[str, float]) -> float:
    return design.supply_c - p["liquid.approach"]


def _fan(design: Design, year: Weather, p: dict[str, float]) -> Floats:
    """Return room-fan power over the heat that air takes: flow by the rise, speed by the load."""
    flow = SEA_PA / (AIR_DENSITY * year.p_pa * AIR_HEAT * p["rise"])  # m3/s per kW
    speed = np.maximum(design.load, p["fan.floor"])
    door = p["air.door_fan"] if design.heat == "rear door" else 1.0
    return np.asarray(p["fan"] / 1e3 * flow * speed**2 * door)


def _reject(
    design: Design, year: Weather, p: dict[str, float], heat: Floats, supply: float
) -> dict[str, Floats]:
    """Return powers, water and heat of one loop; supply is what the loop needs as air [C]."""
    if design.rejection == "outside air":
        return _outside_air(design, year, p, heat, supply)
    need = supply - p["air.coil_approach"]
    pump = _pump(p, p["water.pump"], p["water.rise"])
    taken = heat / (1 - pump)
    if design.rejection == "towers":
        left = _towers(year, p, taken, need)
    else:
        left = _dry(design, year, p, taken, need)
    return left | {"pumps": left["pumps"] + pump * taken}


def _chillers(p: dict[str, float], taken: Floats, free: Floats, cold: float, hot: Floats) -> Floats:
    """Return chiller power: a share of Carnot at the lift, and a line with a floor at part load."""
    evaporating = cold - p["chiller.approach"]
    lift = np.maximum(hot - evaporating, p["chiller.least_lift"])
    cop = p["chiller.carnot"] * (evaporating + moist.ZERO_C) / lift
    part = np.where(free < 1, p["chiller.idle"] + (1 - p["chiller.idle"]) * (1 - free), 0.0)
    return np.asarray(taken / cop * part)


def _speed(p: dict[str, float], approach: float, room: Floats) -> Floats:
    """Return fan speed: full where all the approach is needed, slower where the air is colder."""
    return np.clip(approach / np.maximum(room, approach), p["fan.floor"], 1.0)


def _towers(year: Weather, p: dict[str, float], taken: Floats, need: float) -> dict[str, Floats]:
    approach, rise = p["tower.approach"], p["water.rise"]
    reached = year.wet_c + approach + p["tower.exchanger"]
    free = np.clip((need + rise - reached) / rise, 0.0, 1.0)
    hot = year.wet_c + approach + p["tower.range"] + p["chiller.approach"]
    chillers = _chillers(p, taken, free, need, hot)
    pump = _pump(p, p["tower.pump"], p["tower.range"])
    leaving = (taken + chillers) / (1 - pump)
    speed = _speed(p, approach, need - p["tower.exchanger"] - year.wet_c)
    out = year.wet_c + approach + p["tower.range"] / 2
    full = moist.saturation_humidity(out, year.p_pa)
    gained = (moist.enthalpy(out, full) - moist.enthalpy(year.t_c, year.humidity)) / 1e3
    evaporation = leaving * (full - year.humidity) / gained
    latent = evaporation * (LATENT_AT_ZERO - LATENT_SLOPE * out)
    drift = p["tower.drift"] * leaving / (WATER_HEAT * p["tower.range"])
    return {
        "taken": taken,
        "free": free,
        "chillers": chillers,
        "pumps": pump * leaving,
        "outdoor fans": p["tower.fan"] * leaving * speed**3,
        "latent": latent,
        "sensible": leaving - latent,
        "evaporation": evaporation * HOUR_S,
        "drift": drift * HOUR_S,
        "blow-down": np.maximum(evaporation / (p["tower.cycles"] - 1) - drift, 0.0) * HOUR_S,
    }


def _wetted(design: Design, year: Weather, p: dict[str, float], wanted: float) -> Floats:
    """Return the air after the pads [C]: only as cold as is wanted."""
    if not design.adiabatic:
        return year.t_c
    coldest = year.t_c - p["adiabatic.effectiveness"] * (year.t_c - year.wet_c)
    return np.minimum(year.t_c, np.maximum(coldest, wanted))


def _sprayed(p: dict[str, float], air_kg: Floats, dry: Floats, entering: Floats) -> dict[str, Floats]:
    evaporation = air_kg * AIR_HEAT * (dry - entering) / LATENT * HOUR_S
    return {
        "evaporation": evaporation,
        "drift": np.zeros_like(evaporation),
        "blow-down": evaporation * p["adiabatic.bleed"],
    }


def _dry(design: Design, year: Weather, p: dict[str, float], taken: Floats, need: float) -> dict[str, Floats]:
    approach, rise = p["dry.approach"], p["water.rise"]
    entering = _wetted(design, year, p, need - approach)
    free = np.clip((need + rise - entering - approach) / rise, 0.0, 1.0)
    if design.rejection == "air-cooled chillers":
        free = np.zeros_like(free)
    chillers = _chillers(p, taken, free, need, entering + p["chiller.air_condenser"])
    leaving = taken + chillers
    speed = np.where(free < 1, 1.0, _speed(p, approach, need - entering))
    latent = np.zeros_like(leaving)
    return {
        "taken": taken,
        "free": free,
        "chillers": chillers,
        "pumps": np.zeros_like(taken),
        "outdoor fans": p["dry.fan"] * leaving * speed**3,
        "latent": latent,
        "sensible": leaving - latent,
        **_sprayed(p, leaving / (AIR_HEAT * p["dry.air_rise"]), year.t_c, entering),
    }


def _outside_air(
    design: Design, year: Weather, p: dict[str, float], heat: Floats, supply: float
) -> dict[str, Floats]:
    entering = _wetted(design, year, p, supply - p["adiabatic.band"])
    free = np.clip((supply + p["rise"] - entering) / p["rise"], 0.0, 1.0)
    hot = year.t_c + p["chiller.air_condenser"]
    chillers = _chillers(p, heat, free, supply - p["air.coil_approach"], hot)
    condenser = heat * (1 - free) + chillers
    return {
        "taken": heat,
        "free": free,
        "chillers": chillers,
        "pumps": np.zeros_like(heat),
        "outdoor fans": p["dry.fan"] * condenser,
        "latent": np.zeros_like(heat),
        "sensible": heat + chillers,
        **_sprayed(p, heat / (AIR_HEAT * p["rise"]), year.t_c, entering),
    }
