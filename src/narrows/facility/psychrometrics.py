"""Moist air: saturation, humidity, wet bulb, dew point, enthalpy and volume, whole years at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = [
    "dew_point",
    "enthalpy",
    "humidity_ratio",
    "pressure_at",
    "saturation_humidity",
    "saturation_pressure",
    "volume",
    "wet_bulb",
]

ZERO_C = 273.15
"""Freezing point of water [K]."""
TRIPLE_C = 0.01
"""Triple point of water [C]: ice below, water above."""
MASS_RATIO = 0.621945
"""Molar mass of water over that of dry air."""
GAS_CONSTANT = 287.042
"""Gas constant of dry air [J/kg K]."""
ICE = (-5.6745359e3, 6.3925247, -9.677843e-3, 6.2215701e-7, 2.0747825e-9, -9.484024e-13, 4.1635019)
WATER = (-5.8002206e3, 1.3914993, -4.8640239e-2, 4.1764768e-5, -1.4452093e-8, 0.0, 6.5459673)
"""Coefficients of ln p over ice and over water (Hyland and Wexler 1983, in ASHRAE Fundamentals 2017)."""
AIR, VAPOUR = 1.006, 1.86
"""Heat capacity of dry air and of vapour [kJ/kg K]."""
WATER_HEATS, ICE_HEATS = (2501.0, 2.326, 4.186), (2830.0, 0.24, 2.1)
"""Latent heat at 0 C [kJ/kg], its fall with the wet bulb [kJ/kg K] and the heat of the liquid or the ice
[kJ/kg K], as the balance of the wet bulb takes them."""
ROUNDS = 7
"""Newton steps: from the dry bulb down the convex curve, more than any air from -40 to 55 C needs."""


def _log_pressure(kelvin: Floats, constants: tuple[float, ...]) -> tuple[Floats, Floats]:
    """Return ln p and its slope [1/K]."""
    c, a0, a1, a2, a3, a4, log = constants
    value = c / kelvin + a0 + kelvin * (a1 + kelvin * (a2 + kelvin * (a3 + kelvin * a4)))
    slope = a1 + kelvin * (2 * a2 + kelvin * (3 * a3 + kelvin * 4 * a4)) - c / kelvin**2
    return value + log * np.log(kelvin), slope + log / kelvin


def saturation_pressure(t_c: ArrayLike) -> Floats:
    """Return the pressure of saturated vapour [Pa] over ice or water.

    Parameters
    ----------
    t_c
        Temperature [C], -100 to 200.

    Examples
    --------
    >>> saturation_pressure([-10.0, 25.0]).round(1).tolist()
    [259.9, 3169.2]
    """
    kelvin = np.asarray(t_c, np.float64) + ZERO_C
    cold = kelvin <= ZERO_C + TRIPLE_C
    over = np.where(cold, _log_pressure(kelvin, ICE)[0], _log_pressure(kelvin, WATER)[0])
    return np.exp(over)


def saturation_humidity(t_c: ArrayLike, p_pa: ArrayLike) -> Floats:
    """Return the humidity ratio of saturated air [kg/kg] at a temperature [C] and pressure [Pa]."""
    vapour = saturation_pressure(t_c)
    return MASS_RATIO * vapour / (np.asarray(p_pa, np.float64) - vapour)


def humidity_ratio(t_c: ArrayLike, rh: ArrayLike, p_pa: ArrayLike) -> Floats:
    """Return kg of vapour per kg of dry air.

    Parameters
    ----------
    t_c, rh, p_pa
        Dry bulb [C], relative humidity (0 to 1), pressure [Pa].

    Examples
    --------
    >>> float(humidity_ratio(25.0, 0.5, 101_325.0).round(5))
    0.00988
    """
    vapour = saturation_pressure(t_c) * np.asarray(rh, np.float64)
    return MASS_RATIO * vapour / (np.asarray(p_pa, np.float64) - vapour)


def wet_bulb(t_c: ArrayLike, rh: ArrayLike, p_pa: ArrayLike) -> Floats:
    """Return the adiabatic-saturation wet bulb [C].

    Parameters
    ----------
    t_c, rh, p_pa
        Dry bulb [C], relative humidity (0 to 1), pressure [Pa].

    Notes
    -----
    Solves the balance of ASHRAE Fundamentals 2017, chapter 1, (33) over water and (35) over ice, by a
    fixed number of Newton steps. Water where its balance at 0 C puts the wet bulb at 0 C or above.

    Examples
    --------
    >>> float(wet_bulb(35.0, 0.2, 101_325.0).round(2))
    18.87
    """
    dry, ratio, pressure = np.broadcast_arrays(
        np.asarray(t_c, np.float64), humidity_ratio(t_c, rh, p_pa), np.asarray(p_pa, np.float64)
    )
    shape, dry, ratio, pressure = dry.shape, dry.ravel(), ratio.ravel(), pressure.ravel()
    found = np.empty_like(dry)
    at_zero = WATER_HEATS[0] * saturation_humidity(0.0, pressure) - AIR * dry
    at_zero -= ratio * (WATER_HEATS[0] + VAPOUR * dry)
    for icy, constants, heats in (
        (True, ICE, ICE_HEATS),
        (False, WATER, WATER_HEATS),
    ):
        these = np.flatnonzero((at_zero > 0) == icy)
        if these.size:
            found[these] = _saturate(dry[these], ratio[these], pressure[these], constants, heats)
    return found.reshape(shape)


def _saturate(
    dry: Floats,
    ratio: Floats,
    pressure: Floats,
    constants: tuple[float, ...],
    heats: tuple[float, float, float],
) -> Floats:
    latent, slope, liquid = heats
    wet = dry.copy()
    for _ in range(ROUNDS):
        log, rise = _log_pressure(wet + ZERO_C, constants)
        vapour = np.exp(log)
        full = MASS_RATIO * vapour / (pressure - vapour)
        steep = full * rise * pressure / (pressure - vapour)
        short = (latent - slope * wet) * full - AIR * (dry - wet)
        short -= ratio * (latent + VAPOUR * dry - liquid * wet)
        wet = wet - short / ((latent - slope * wet) * steep - slope * full + AIR + liquid * ratio)
    return np.minimum(wet, dry)


def dew_point(t_c: ArrayLike, rh: ArrayLike) -> Floats:
    """Return the temperature [C] at which the vapour of the air is saturated.

    Parameters
    ----------
    t_c, rh
        Dry bulb [C]; relative humidity above 0, to 1.

    Examples
    --------
    >>> float(dew_point(25.0, 0.5).round(2))
    13.86
    """
    log = np.log(saturation_pressure(t_c) * np.asarray(rh, np.float64))
    cold = log <= _log_pressure(np.float64(ZERO_C + TRIPLE_C), ICE)[0]  # type: ignore[arg-type]
    kelvin = np.broadcast_to(np.asarray(t_c, np.float64) + ZERO_C, log.shape)
    for _ in range(ROUNDS):
        ice, water = _log_pressure(kelvin, ICE), _log_pressure(kelvin, WATER)
        value, slope = np.where(cold, ice[0], water[0]), np.where(cold, ice[1], water[1])
        # ln p is nearly linear in 1/T: a Newton step in 1/T converges from afar
        kelvin = 1 / (1 / kelvin - (log - value) / (slope * kelvin**2))
    return np.asarray(kelvin - ZERO_C)


def enthalpy(t_c: ArrayLike, ratio: ArrayLike) -> Floats:
    """Return the enthalpy of moist air [J per kg of dry air], zero for dry air at 0 C.

    Examples
    --------
    >>> float(enthalpy(25.0, 0.01).round())
    50625.0
    """
    dry, wet = np.asarray(t_c, np.float64), np.asarray(ratio, np.float64)
    return np.asarray((AIR * dry + wet * (WATER_HEATS[0] + VAPOUR * dry)) * 1e3)


def volume(t_c: ArrayLike, ratio: ArrayLike, p_pa: ArrayLike) -> Floats:
    """Return the volume of moist air [m3 per kg of dry air].

    Examples
    --------
    >>> float(volume(25.0, 0.01, 101_325.0).round(4))
    0.8582
    """
    dry, wet = np.asarray(t_c, np.float64), np.asarray(ratio, np.float64)
    kelvin = dry + ZERO_C
    return np.asarray(GAS_CONSTANT * kelvin * (1 + wet / MASS_RATIO) / np.asarray(p_pa, np.float64))


def pressure_at(altitude_m: ArrayLike) -> Floats:
    """Return the pressure of the standard atmosphere [Pa] at an altitude [m], -500 to 11,000.

    Examples
    --------
    >>> pressure_at([0.0, 1609.0]).round().tolist()
    [101325.0, 83431.0]
    """
    return np.asarray(101_325.0 * (1 - 2.25577e-5 * np.asarray(altitude_m, np.float64)) ** 5.2559)
