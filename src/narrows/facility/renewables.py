"""What a panel and a wind turbine give in each hour of weather, as a share of their power."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.catalog import PointReader, default
from narrows.errors import DataError, UnknownNameError
from narrows.units import from_canonical

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["SupplyWeather", "photovoltaic_share", "supply_weather", "supply_weather_of", "wind_share"]

SHIPPED = "supply_tmy3.npz"
"""Typical years of the cities of `narrows.facility.weather.cities`, hours in local standard time."""
EPW_HEAD = 8
EPW_COLUMNS = (6, 13, 21)
"""Lines before the first hour of an EPW file; columns of dry bulb, global irradiance and wind."""
YEAR = 8760
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


def supply_weather(place: str) -> SupplyWeather:
    """Return the typical year of a shipped city, or the year of an EPW file.

    Parameters
    ----------
    place
        A name such as ``sterling_va``, or a path that ends in ``.epw``.

    Raises
    ------
    DataError
        If the file cannot be read or is no year of 8760 hours.
    UnknownNameError
        If there is no such city.

    Notes
    -----
    TMY3 of NREL, data of the US government; written by tools/type_supply_weather.py.

    Examples
    --------
    >>> float(supply_weather("phoenix_az").irradiance.mean().round())
    239.0
    """
    if place.lower().endswith(".epw"):
        return _read_epw(Path(place))
    with files("narrows.facility").joinpath(SHIPPED).open("rb") as file, np.load(file) as years:
        return _row(years, place)


def supply_weather_of(place: str, table: Path) -> SupplyWeather:
    """Return the year of a place in a table of years, as the reference problem has it.

    Parameters
    ----------
    place
        A name of the table.
    table
        File with ``site``, ``t_c_x10``, ``ghi_w_m2`` and ``wind_m_s_x10``.
    """
    with np.load(table) as years:
        return _row(years, place)


def _row(years: Mapping[str, NDArray[Any]], place: str) -> SupplyWeather:
    places = [str(name) for name in years["site"]]
    if place not in places:
        raise UnknownNameError("city", place, places, remedy="Name a city, or an EPW file")
    row = places.index(place)
    return SupplyWeather(
        years["t_c_x10"][row] / TENTHS,
        years["ghi_w_m2"][row].astype(np.float64),
        years["wind_m_s_x10"][row] / TENTHS,
    )


def _read_epw(path: Path) -> SupplyWeather:
    try:
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            rows = [row for row in list(csv.reader(file))[EPW_HEAD:] if row]
        heat, sun, wind = (np.array([float(row[column]) for row in rows]) for column in EPW_COLUMNS)
    except (OSError, ValueError, IndexError, csv.Error) as error:
        raise DataError(
            f"The weather file {str(path)!r} cannot be read: {error}",
            "An EPW file has eight lines of head and one line of numbers an hour",
            "Name another file",
        ) from error
    finite = all(np.isfinite(column).all() for column in (heat, sun, wind))
    if heat.size != YEAR or not finite or sun.min() < 0 or wind.min() < 0:
        raise DataError(
            f"The weather file {str(path)!r} has {heat.size} hours, or a number that is not weather",
            f"Supply takes {YEAR} hours of irradiance and wind of 0 or more",
            "Name the file of a typical year",
        )
    return SupplyWeather(heat, sun, wind)


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
