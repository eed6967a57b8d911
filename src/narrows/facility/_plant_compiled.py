"""Sums of a design-year, compiled: the same laws as `narrows.facility.plant`, hour by hour.

numba is imported with this module; import it inside the call that needs it.
"""

# ruff: noqa: PLR0917 -- a kernel takes its numbers one by one

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from narrows.facility.plant import (
    AIR_DENSITY,
    AIR_HEAT,
    HALL,
    HOUR_S,
    LATENT,
    MACHINES,
    SEA_PA,
    WATER_DENSITY,
    WATER_HEAT,
)
from narrows.facility.psychrometrics import AIR, VAPOUR, WATER_HEATS, ZERO_C

__all__ = ["FACTS", "designs_years"]

FACTS = (*MACHINES, *HALL)
"""Order of the facts in a row."""
_N = {name: at for at, name in enumerate(FACTS)}
(COIL, LIQUID_APPROACH, RISE_W, PUMP_W, PUMP_L, EFFICIENCY) = (
    _N[name]
    for name in (
        "air.coil_approach",
        "liquid.approach",
        "water.rise",
        "water.pump",
        "liquid.pump",
        "pump.efficiency",
    )
)
(T_APPROACH, T_EXCHANGER, T_RANGE, T_PUMP, T_FAN, T_CYCLES, T_DRIFT) = (
    _N[f"tower.{name}"] for name in ("approach", "exchanger", "range", "pump", "fan", "cycles", "drift")
)
(D_APPROACH, D_FAN, D_RISE) = (_N[f"dry.{name}"] for name in ("approach", "fan", "air_rise"))
(A_EFFECT, A_BLEED, A_BAND) = (_N[f"adiabatic.{name}"] for name in ("effectiveness", "bleed", "band"))
(C_CARNOT, C_APPROACH, C_AIR, C_LIFT, C_IDLE) = (
    _N[f"chiller.{name}"] for name in ("carnot", "approach", "air_condenser", "least_lift", "idle")
)
(FLOOR, TRANSFORMER, BUSWAY, UPS_IDLE) = (
    _N[name] for name in ("fan.floor", "transformer.loss", "busway.loss", "ups.idle")
)
(UPS, FAN, RISE, AIR_C, OVERHEAD) = (_N[name] for name in HALL)
IMMERSION, PLATES, DOOR_FAN = _N["heat.immersion_share"], _N["heat.liquid_share"], _N["air.door_fan"]
OUTSIDE, TOWERS, DRY, CHILLED = range(4)
PLATED, IMMERSED = 2, 3
_LATENT_0 = WATER_HEATS[0]


@njit(nogil=True, inline="always")
def _pump(p: Any, pressure: float, rise: float) -> Any:
    return pressure / (WATER_DENSITY * WATER_HEAT * 1e3 * rise * p[EFFICIENCY])


@njit(nogil=True, inline="always")
def _chiller(p: Any, taken: float, free: float, cold: float, hot: float) -> Any:
    if free >= 1.0:
        return 0.0
    evaporating = cold - p[C_APPROACH]
    lift = max(hot - evaporating, p[C_LIFT])
    cop = p[C_CARNOT] * (evaporating + ZERO_C) / lift
    return taken / cop * (p[C_IDLE] + (1 - p[C_IDLE]) * (1 - free))


@njit(nogil=True, inline="always")
def _speed(p: Any, approach: float, room: float) -> Any:
    return min(max(approach / max(room, approach), p[FLOOR]), 1.0)


@njit(nogil=True, inline="always")
def _wetted(p: Any, adiabatic: Any, dry: float, wet: float, wanted: float) -> Any:
    if not adiabatic:
        return dry
    coldest = dry - p[A_EFFECT] * (dry - wet)
    return min(dry, max(coldest, wanted))


@njit(nogil=True, inline="always")
def _loop(
    p: Any,
    way: int,
    adiabatic: Any,
    heat: float,
    supply: float,
    air: Any,
) -> Any:
    """Return power, water, share free and heat taken of one loop in one hour."""
    dry, wet, ratio, full, out = air
    if way == OUTSIDE:
        entering = _wetted(p, adiabatic, dry, wet, supply - p[A_BAND])
        free = min(max((supply + p[RISE] - entering) / p[RISE], 0.0), 1.0)
        chillers = _chiller(p, heat, free, supply - p[COIL], dry + p[C_AIR])
        power = chillers + p[D_FAN] * (heat * (1 - free) + chillers)
        wetting = heat / (AIR_HEAT * p[RISE]) * AIR_HEAT * (dry - entering) / LATENT * HOUR_S
        return power, wetting * (1 + p[A_BLEED]), free, heat
    need = supply - p[COIL]
    pump = _pump(p, p[PUMP_W], p[RISE_W])
    taken = heat / (1 - pump)
    if way == TOWERS:
        reached = wet + p[T_APPROACH] + p[T_EXCHANGER]
        free = min(max((need + p[RISE_W] - reached) / p[RISE_W], 0.0), 1.0)
        chillers = _chiller(p, taken, free, need, wet + p[T_APPROACH] + p[T_RANGE] + p[C_APPROACH])
        lift = _pump(p, p[T_PUMP], p[T_RANGE])
        leaving = (taken + chillers) / (1 - lift)
        speed = _speed(p, p[T_APPROACH], need - p[T_EXCHANGER] - wet)
        gained = (
            AIR * out + full * (_LATENT_0 + VAPOUR * out) - AIR * dry - ratio * (_LATENT_0 + VAPOUR * dry)
        )
        evaporation = leaving * (full - ratio) / gained
        drift = p[T_DRIFT] * leaving / (WATER_HEAT * p[T_RANGE])
        water = evaporation + drift + max(evaporation / (p[T_CYCLES] - 1) - drift, 0.0)
        power = chillers + lift * leaving + p[T_FAN] * leaving * speed**3 + pump * taken
        return power, water * HOUR_S, free, taken
    entering = _wetted(p, adiabatic, dry, wet, need - p[D_APPROACH])
    free = 0.0
    if way == DRY:
        free = min(max((need + p[RISE_W] - entering - p[D_APPROACH]) / p[RISE_W], 0.0), 1.0)
    chillers = _chiller(p, taken, free, need, entering + p[C_AIR])
    leaving = taken + chillers
    speed = _speed(p, p[D_APPROACH], need - entering) if free >= 1.0 else 1.0
    wetting = leaving / (AIR_HEAT * p[D_RISE]) * AIR_HEAT * (dry - entering) / LATENT * HOUR_S
    return chillers + p[D_FAN] * leaving * speed**3 + pump * taken, wetting * (1 + p[A_BLEED]), free, taken


@njit(nogil=True, cache=True)
def designs_years(facts: Any, classes: Any, plans: Any, numbers: Any, hours: Any, tower: Any) -> Any:
    """Return PUE, peak PUE, WUE and free hours, axes (design, quantity).

    Parameters
    ----------
    facts
        Rows of `FACTS`, axes (class, fact).
    classes
        Row of facts of each design, axis (design).
    plans
        Heat path (0 air, 1 door, 2 plates, 3 immersion), way out, spray, axes (design, word).
    numbers
        Coolant [C], load, share of its rating that a UPS carries, axes (design, number).
    hours
        Dry bulb [C], wet bulb [C], humidity ratio, pressure [Pa], axes (quantity, hour).
    tower
        Humidity ratio of the air that leaves a tower, axes (class, hour).
    """
    count, last = classes.size, hours.shape[1]
    found = np.empty((count, 4))
    for at in range(count):
        p = facts[classes[at]]
        path, way, adiabatic = plans[at, 0], plans[at, 1], plans[at, 2] != 0
        coolant, load, unit = numbers[at, 0], numbers[at, 1], numbers[at, 2]
        liquid = 0.0
        if path == PLATED:
            liquid = p[PLATES]
        elif path == IMMERSED:
            liquid = p[IMMERSION]
        busway = p[BUSWAY] / (1 - p[BUSWAY])
        ups = p[UPS] * (p[UPS_IDLE] / unit + 1 - p[UPS_IDLE]) * (1 + busway)
        speed = max(load, p[FLOOR])
        door = p[DOOR_FAN] if path == 1 else 1.0
        still = 1.0 + busway + ups + p[OVERHEAD]
        pump = _pump(p, p[PUMP_L], p[RISE_W])
        warm = liquid / (1 - pump)
        warm_supply = p[COIL] + coolant - p[LIQUID_APPROACH]
        total = peak = water = 0.0
        without = 0
        for hour in range(last):
            wet = hours[1, hour]
            out = wet + p[T_APPROACH] + p[T_RANGE] / 2
            air = (hours[0, hour], wet, hours[2, hour], tower[classes[at], hour], out)
            flow = SEA_PA / (AIR_DENSITY * hours[3, hour] * AIR_HEAT * p[RISE])
            fan = p[FAN] / 1e3 * flow * speed**2 * door
            heat = (still - liquid) / (1 - fan)
            power, used, free, taken = _loop(p, way, adiabatic, heat, p[AIR_C], air)
            power += still + fan * heat
            none = free * taken
            if liquid > 0:
                more, also, part, moved = _loop(p, way, adiabatic, warm, warm_supply, air)
                power += more + pump * warm
                used += also
                none += part * moved
                taken += moved
            power *= 1 + p[TRANSFORMER] / (1 - p[TRANSFORMER])
            total += power
            water += used
            peak = max(peak, power)
            without += int(none / taken >= 1)
        found[at, 0], found[at, 1] = total / last, peak
        found[at, 2], found[at, 3] = water / last, without
    return found
