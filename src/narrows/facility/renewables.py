"""What a panel and a wind turbine give in each hour of weather, as a share of their power."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from narrows.catalog import PointReader, default
from narrows.errors import DataError, UnknownNameError
from narrows.units import from_canonical

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["SupplyWeather", "photovoltaic_share", "supply_weather", "wind_share"]

TYPICAL = Path("../shared/data/facility/weather_tmy3.npz")
"""Typical years of 27 places in the United States, hours in local standard time."""
TEST_IRRADIANCE = 1000.0  # W/m2, by definition of a module's rated power
TEST_TEMPERATURE = 25.0  # C, the same
MEASURED_HEIGHT = 10.0  # m, at which weather stations read wind
TENTHS = 10.0


@dataclass(frozen=True)
class SupplyWeather:
    """Weather of one place over a year.

    Parameters
    ----------
    temperature
        Dry bulb [C], axis (hour).
    irradiance
        Global horizontal irradiance [W/m2], axis (hour).
    wind
        Wind at 10 m [m/s], axis (hour).
    """

    temperature: Floats
    irradiance: Floats
    wind: Floats


def supply_weather(city: str, table: Path = TYPICAL) -> SupplyWeather:
    """Return the typical year of a city.

    Parameters
    ----------
    city
        A name such as ``sterling_va``.
    table
        File of typical years.

    Raises
    ------
    DataError
        If the file is not there.
    UnknownNameError
        If it has no such city.
    """
    if not table.is_file():
        raise DataError(
            f"The table of weather {str(table)!r} is not there",
            "Supply reads typical years of weather from it",
            "Run where ../shared/data stands, or name the file",
        )
    with np.load(table) as years:
        places = [str(name) for name in years["site"]]
        if city not in places:
            raise UnknownNameError("city", city, places, remedy="Choose one of the table")
        row = places.index(city)
        return SupplyWeather(
            years["t_c_x10"][row] / TENTHS,
            years["ghi_w_m2"][row].astype(np.float64),
            years["wind_m_s_x10"][row] / TENTHS,
        )


@cache
def _constants() -> dict[str, float]:
    reader, held = PointReader(default()), {}
    for name in ("pv_heat", "pv_rise", "pv_system", "wind_shear"):
        held[name] = float(reader.fact(f"supply.{name}").canonical_value)
    for name, unit in (("wind_hub", "m"), ("wind_start", "m/s"), ("wind_full", "m/s"), ("wind_stop", "m/s")):
        held[name] = from_canonical(float(reader.fact(f"supply.{name}").canonical_value), unit)
    return held


def photovoltaic_share(weather: SupplyWeather) -> Floats:
    """Return the output of flat panels over their rated power, axis (hour).

    Parameters
    ----------
    weather
        Weather of the place.

    Notes
    -----
    clip(G / 1000 * (1 - a (T + b G - 25)) * s, 0, 1) with irradiance G on a horizontal plane, fall with
    heat a, rise of the cell b and system share s. Panels that follow the sun give more; this is the flat
    plane of the reference problem.

    Examples
    --------
    >>> noon = SupplyWeather(np.array([25.0]), np.array([1000.0]), np.array([3.0]))
    >>> photovoltaic_share(noon).round(4).tolist()
    [0.8448]
    """
    held, sun = _constants(), weather.irradiance
    cell = weather.temperature + held["pv_rise"] * sun
    share = sun / TEST_IRRADIANCE * (1 - held["pv_heat"] * (cell - TEST_TEMPERATURE)) * held["pv_system"]
    return np.asarray(np.clip(share, 0.0, 1.0), dtype=np.float64)


def wind_share(weather: SupplyWeather) -> Floats:
    """Return the output of wind turbines over their rated power, axis (hour).

    Parameters
    ----------
    weather
        Weather of the place.

    Notes
    -----
    Speed at the hub v = v10 (h/10)^0.14; output (v^3 - start^3)/(full^3 - start^3), within 0 and 1, and
    none above the storm limit.

    Examples
    --------
    >>> hours = SupplyWeather(np.zeros(3), np.zeros(3), np.array([0.0, 10.0, 20.0]))
    >>> wind_share(hours).tolist()
    [0.0, 1.0, 0.0]
    """
    held = _constants()
    speed = weather.wind * (held["wind_hub"] / MEASURED_HEIGHT) ** held["wind_shear"]
    start, full = held["wind_start"] ** 3, held["wind_full"] ** 3
    share = np.clip((speed**3 - start) / (full - start), 0.0, 1.0)
    share[speed > held["wind_stop"]] = 0.0
    return np.asarray(share, dtype=np.float64)
