"""The systems of Lei and Masanet (2022) by their equations: a named design of the plant, for comparison.

Inputs carry the names of their table B.1. Their regressed COP is passed in; the plant has its own.
"""

# ruff: noqa: PLR0917 -- a law takes its weather one by one

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from narrows.errors import UsageError
from narrows.facility import psychrometrics as moist

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Cop = Callable[[Floats, Floats], Floats]

__all__ = ["SYSTEMS", "published_system"]

SYSTEMS = (
    "airside economizer, adiabatic",
    "airside economizer, water-cooled chiller",
    "waterside economizer, water-cooled chiller",
    "water-cooled chiller",
    "air-cooled chiller",
)
AIR_HEAT, WATER_HEAT, VAPORISING = 1.01, 4.184, 2266.0
"""Heat of air and of water [kJ/kg K], and of evaporation in the room [kJ/kg], as they take them."""
HEAT_0, HEAT_1, HEAT_2 = 2500.5, 2.3097, 0.0013
"""Heat of evaporation in the tower: at 0 C [kJ/kg], its fall [kJ/kg K] and the fall of that [kJ/kg K2]."""
DENSITY, HOUR_S = 1000.0, 3600.0


def published_system(
    system: str, inputs: Mapping[str, Floats], t_c: Floats, rh: Floats, p_pa: Floats, cop: Cop
) -> tuple[Floats, Floats]:
    """Return PUE and WUE [L/kWh] of a system in every hour, axes as broadcast.

    Parameters
    ----------
    system
        One of `SYSTEMS`.
    inputs
        Numbers by the names of table B.1, shares as shares, pressures in Pa; each broadcasts with the
        weather.
    t_c, rh, p_pa
        Dry bulb [C], relative humidity (0 to 1), pressure [Pa].
    cop
        COP of the chiller at a temperature [C] and a load: of the entering condenser water, or of the
        outdoor air for the air-cooled one.

    Raises
    ------
    UsageError
        No such system.

    Notes
    -----
    Lei and Masanet (2022), 10.1016/j.resconrec.2022.106323. With a waterside economizer their tower
    evaporates for the sensible heat of the room alone; without one for the heat of the chiller and
    its compressor. Tower air is evaporation over the "liquid-gas ratio".
    """
    if system not in SYSTEMS:
        raise UsageError(
            f"The system is {system!r}", f"It is one of {', '.join(SYSTEMS)}", "Name one of them"
        )
    x = inputs
    losses = 1 / x["UPS_e"] - 1 + 1 / (1 - x["PD_lr"]) - 1 + x["L_percentage"]
    heat = 1 + losses
    latent = heat / x["SHR"] - heat
    wet = moist.wet_bulb(t_c, rh, p_pa)
    zero = np.zeros_like(wet)
    supply = x["T_up"]
    air = heat / (AIR_HEAT * x["delta_T_air"])
    vapour = moist.humidity_ratio(supply, x["RH_up"], p_pa)
    volume = moist.volume(supply, vapour, p_pa) / (1 + vapour)
    fan = air * volume * x["Fan_Pressure_CRAC"] / x["Fan_e_CRAC"] / 1e3
    if system.startswith("airside"):
        load, humidity, latent_water = _airside(system, x, heat, air, t_c, rh, p_pa)
    else:
        load, humidity, latent_water = heat + latent, latent / VAPORISING, zero
    spray = humidity * x["Pump_Pressure_HD"] / (x["Pump_e_HD"] * DENSITY) / 1e3
    power, water = heat + fan + spray, humidity + latent_water
    flow = load / (WATER_HEAT * x["delta_T_water"])
    if system == "air-cooled chiller":
        chiller = load / (cop(t_c, x["Chiller_load"]) * (1 + x["pcop"]))
        return power + chiller + _pump(flow, x, "CW"), np.broadcast_to(water * HOUR_S, power.shape)
    free = zero
    pumps = _pump(flow, x, "CW")
    if system.startswith("waterside"):
        cold = supply + x["delta_T_air"] - x["delta_T_air"] / x["HTE"]
        reached = wet + x["AT_CT"] + x["AT_HE"]
        free = np.clip((cold + x["delta_T_water"] - reached) / x["delta_T_water"], 0.0, 1.0)
        pumps = _pump(flow * free, x, "WE") + _pump(flow * (1 - free), x, "CW")
    chiller = load * (1 - free) / (cop(wet + x["AT_CT"], x["Chiller_load"]) * (1 + x["pcop"]))
    rejected = heat if system.startswith("waterside") else load + chiller
    moved, used = _tower(x, rejected, wet, p_pa)
    return power + pumps + chiller + moved, (water + used) * HOUR_S


def _pump(flow: Floats, x: Mapping[str, Floats], name: str) -> Floats:
    return np.asarray(flow * x[f"Pump_Pressure_{name}"] / (x[f"Pump_e_{name}"] * DENSITY) / 1e3)


def _tower(x: Mapping[str, Floats], heat: Floats, wet: Floats, p_pa: Floats) -> tuple[Floats, Floats]:
    """Return power of pump and fan [kW], and water [kg/s]."""
    flow = heat / (WATER_HEAT * x["delta_T_CT"])
    at = wet + x["AT_CT"] + x["delta_T_CT"] / 2
    evaporation = heat / (HEAT_0 - HEAT_1 * at - HEAT_2 * at**2)
    windage = x["Windage_p"] * flow
    blow_down = np.maximum(evaporation / (x["CC"] - 1) - windage, 0.0)
    air = evaporation / x["LGRatio"]
    volume = moist.volume(at, moist.saturation_humidity(at, p_pa), p_pa)
    fan = air * volume * x["Fan_Pressure_CT"] / x["Fan_e_CT"] / 1e3
    return _pump(flow, x, "CT") + fan, evaporation + windage + blow_down


def _airside(
    system: str, x: Mapping[str, Floats], heat: Floats, air: Floats, t_c: Floats, rh: Floats, p_pa: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return what the chiller must take [kW], humidifier water and pad water [kg/s].

    Outside air that is cooler and drier than the high set-points is taken in, mixed with return air where
    it is cold. Pads cool hot dry air down the line of the wet bulb as far as the set-points of dew
    point and humidity allow. What is left, and all of it at a high dew point, the chiller takes.
    """
    ratio = moist.humidity_ratio(t_c, rh, p_pa)
    high, low = x["T_up"], x["T_lw"]
    wettest = np.minimum(
        moist.saturation_humidity(x["dp_up"], p_pa),
        moist.humidity_ratio(np.clip(t_c, low, high), x["RH_up"], p_pa),
    )
    driest = np.maximum(
        moist.saturation_humidity(x["dp_lw"], p_pa), moist.humidity_ratio(low, x["RH_lw"], p_pa)
    )
    fits = ratio <= wettest
    back = high + x["delta_T_air"]
    share = np.where(t_c < high, np.clip((back - high) / np.maximum(back - t_c, 1e-9), 0.0, 1.0), 1.0)
    humidifier = np.where(fits, air * share * np.maximum(driest - ratio, 0.0), 0.0)
    pads = np.zeros_like(ratio * air)
    entering = np.minimum(t_c, back)
    if system.endswith("adiabatic"):
        room = np.minimum((t_c - high) * AIR_HEAT / (HEAT_0 - HEAT_1 * high), wettest - ratio)
        added = np.where(fits & (t_c > high), np.maximum(room, 0.0), 0.0)
        pads = air * added
        entering = np.minimum(t_c - added * (HEAT_0 - HEAT_1 * high) / AIR_HEAT, back)
    left = np.clip((entering - high) / x["delta_T_air"], 0.0, 1.0)
    latent = heat / x["SHR"] - heat
    load = np.where(fits, heat * left, heat + latent)
    return load, humidifier + np.where(fits, 0.0, latent / VAPORISING), pads
