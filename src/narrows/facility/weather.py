"""The weather of a place: typical years that are shipped, and EPW files for any other place."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from narrows.errors import DataError, UnknownNameError
from narrows.facility import psychrometrics as moist

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Weather", "cities", "read_epw", "weather"]

YEARS = (8760, 8784)
"""Hours of a year and of a leap year."""
LIMITS = {
    "dry bulb": (-70.0, 60.0, "C"),
    "relative humidity": (0.01, 1.0, "of saturation"),
    "pressure": (50_000.0, 110_000.0, "Pa"),
}
EPW_HEAD, EPW_COLUMNS = 8, 10
"""Lines before the first hour of an EPW file, and the columns read of each hour."""


@dataclass(frozen=True)
class Weather:
    """A year of hours at one place.

    Parameters
    ----------
    place
        Name of the place.
    t_c, rh, p_pa
        Dry bulb [C], relative humidity (0 to 1) and pressure [Pa], axis (hour).

    Raises
    ------
    DataError
        If it is no whole year, has a gap, or a value that air never has.

    Examples
    --------
    >>> import numpy as np
    >>> flat = Weather("a hall", np.full(8760, 20.0), np.full(8760, 0.5), np.full(8760, 101_325.0))
    >>> float(flat.wet_c[0].round(2))
    13.78
    """

    place: str
    t_c: Floats
    rh: Floats
    p_pa: Floats
    wet_c: Floats = field(init=False, repr=False)
    """Wet bulb [C], axis (hour)."""
    humidity: Floats = field(init=False, repr=False)
    """Vapour per dry air [kg/kg], axis (hour)."""

    def __post_init__(self) -> None:
        for (name, (low, high, unit)), values in zip(
            LIMITS.items(), (self.t_c, self.rh, self.p_pa), strict=True
        ):
            if values.shape not in {(hours,) for hours in YEARS}:
                raise DataError(
                    f"The {name} of {self.place!r} has {values.size} hours",
                    "A year has 8760 hours, a leap year 8784",
                    "Give a whole year, hour by hour",
                )
            wrong = np.flatnonzero(~((values >= low) & (values <= high)))
            if wrong.size:
                raise DataError(
                    f"The {name} of {self.place!r} is {values[wrong[0]]:g} in hour {wrong[0]}",
                    f"It is {low:g} to {high:g} {unit} in every hour",
                    "Fill gaps and mend the hour, or take another file",
                )
        object.__setattr__(self, "wet_c", moist.wet_bulb(self.t_c, self.rh, self.p_pa))
        object.__setattr__(self, "humidity", moist.humidity_ratio(self.t_c, self.rh, self.p_pa))


@cache
def _shipped() -> dict[str, NDArray[np.int16]]:
    home = files("narrows.facility").joinpath("weather_tmy3.npz")
    with home.open("rb") as file, np.load(file) as years:
        return dict(years)


def cities() -> tuple[str, ...]:
    """Return the names of the places whose typical year is shipped.

    Notes
    -----
    TMY3 of NREL, data of the US government; written by tools/type_weather.py.

    Examples
    --------
    >>> "phoenix_az" in cities()
    True
    """
    return tuple(str(name) for name in _shipped()["site"])


def weather(place: str) -> Weather:
    """Return the year of a shipped city, or of an EPW file.

    Parameters
    ----------
    place
        A name of `cities`, or a path that ends in ``.epw``.

    Raises
    ------
    UnknownNameError
        No such city.
    DataError
        The file is not there, or is no whole year.

    Examples
    --------
    >>> float(weather("phoenix_az").t_c.mean().round(1))
    23.8
    """
    if place.lower().endswith(".epw"):
        return read_epw(place)
    if place not in cities():
        raise UnknownNameError("city", place, cities(), remedy="Name a city, or an EPW file")
    years, at = _shipped(), cities().index(place)
    return Weather(
        place, years["t_c_x10"][at] / 10, np.maximum(years["rh_pct"][at], 1) / 100, years["p_hpa"][at] * 100.0
    )


def read_epw(path: str | Path) -> Weather:
    """Return the year of an EPW file (EnergyPlus weather).

    Parameters
    ----------
    path
        The file: eight lines of head, then one line an hour from 1 January, hour 1 to 24.

    Raises
    ------
    DataError
        The file cannot be read, an hour is missing or out of order, or a value is impossible.
    """
    path = Path(path)
    try:
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            rows = [row for row in list(csv.reader(file))[EPW_HEAD:] if row]
        clock = [int(row[3]) for row in rows]
        t_c, rh, p_pa = (np.array([float(row[column]) for row in rows]) for column in (6, 8, EPW_COLUMNS - 1))
    except (OSError, ValueError, IndexError, csv.Error) as error:
        raise DataError(
            f"The weather file {str(path)!r} cannot be read: {error}",
            "An EPW file has eight lines of head and one line of numbers an hour",
            "Name another file",
        ) from error
    wrong = [at for at, hour in enumerate(clock) if hour != at % 24 + 1]
    if wrong:
        line = wrong[0] + EPW_HEAD + 1
        raise DataError(
            f"The weather file {str(path)!r} says hour {clock[wrong[0]]} in its line {line}",
            f"Hours run from 1 to 24; hour {wrong[0] % 24 + 1} comes there",
            "Fill gaps and sort the hours",
        )
    return Weather(path.stem, t_c, rh / 100, p_pa)
