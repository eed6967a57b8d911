"""The hour that sizes a site: the worst of the year, and what a design takes in it in every draw."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.facility.plant import Design, facts_of, simulate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from narrows.catalog import Reader
    from narrows.facility.weather import Weather

    Floats = NDArray[np.float64]

__all__ = ["DesignHour", "peak_ratio", "typical_hour", "typical_of", "worst_hours"]

TABLE = "design_hours.csv"
COLUMNS = ("t_c", "wet_c", "humidity", "p_pa")
UNUSED = {"tower.cycles": 2.0, "tower.drift": 0.0, "adiabatic.bleed": 0.0, "heat.immersion_share": 1.0}
"""Facts of water, which move no power, and of immersion, which no hall of a mix has: any number serves."""
WORST = 8
"""Hours of a year that are tried in every draw: so many of each kind, the worst, hottest and wettest."""


@dataclass(frozen=True)
class DesignHour:
    """Air of one or more hours, as `simulate` reads it of a year.

    Parameters
    ----------
    t_c, wet_c, humidity, p_pa
        Dry bulb [C], wet bulb [C], vapour per dry air [kg/kg], pressure [Pa], axis (hour).
    """

    t_c: Floats
    wet_c: Floats
    humidity: Floats
    p_pa: Floats


class _Drawn(dict[str, Any]):
    """Numbers of the plant by short name, drawn when first asked for, axes (draw, hour)."""

    def __init__(self, age: str, reader: Reader) -> None:
        super().__init__()
        self._ids = {name: f"plant.{age}.{name}" for name in ("ups", "fan", "rise", "air", "overhead")}
        self._reader = reader

    def __missing__(self, name: str) -> Floats | float:
        if name in UNUSED:
            return UNUSED[name]
        drawn = self._reader.draws(self._ids.get(name, f"plant.{name}"))[:, None]
        self[name] = drawn
        return drawn


def peak_ratio(design: Design, hours: DesignHour, reader: Reader) -> Floats:
    """Return facility power over IT power in the worst of some hours, with every rack at full power [ratio].

    Parameters
    ----------
    design
        The design; its load counts as 1.
    hours
        The hours.
    reader
        Where facts are drawn.

    Returns
    -------
    numpy.ndarray
        Axis (draw).

    Examples
    --------
    >>> from narrows.catalog import PointReader, default
    >>> plan = Design.parse("direct liquid + towers")
    >>> bool(1.05 < peak_ratio(plan, typical_hour(plan), PointReader(default()))[0] < 1.15)
    True
    """
    found = simulate(replace(design, load=1.0), hours, _Drawn(design.age, reader))  # type: ignore[arg-type]
    return np.asarray(np.broadcast_to(found.pue_hours, (reader.n, hours.t_c.size)).max(axis=1))


def worst_hours(design: Design, year: Weather) -> DesignHour:
    """Return the hours of a year in which a design takes most in any draw of the facts.

    Parameters
    ----------
    design
        The design; its load counts as 1.
    year
        The weather.

    Notes
    -----
    Power rises with the dry and with the wet bulb. Kept are the hours that are worst at the medians of the
    facts, and the hottest by dry bulb, by wet bulb and by the mean of both.

    Examples
    --------
    >>> from narrows.facility.weather import weather
    >>> float(worst_hours(Design.parse("air + towers"), weather("phoenix_az")).wet_c.max().round(1))
    24.9
    """
    orders = (_median_ratio(design, year), year.t_c, year.wet_c, year.t_c + year.wet_c)
    worst = np.unique([np.argsort(-values, kind="stable")[:WORST] for values in orders])
    return _hours(year, worst)


def _median_ratio(design: Design, year: Weather) -> Floats:
    """Return facility power over IT power at the medians of the facts, axis (hour)."""
    return simulate(replace(design, load=1.0), year, facts_of(design.age)).pue_hours


def _hours(year: Weather, at: Any) -> DesignHour:
    return DesignHour(*(getattr(year, name)[at] for name in COLUMNS))


def typical_of(design: Design, years: Iterable[Weather]) -> tuple[str, DesignHour, float]:
    """Return the place whose worst hour takes what the mean of the places takes, most nearly.

    Parameters
    ----------
    design
        The design; its load counts as 1.
    years
        The weather of the places.

    Returns
    -------
    tuple
        Name of the place, its worst hour, and the mean of facility power over IT power of all [ratio].

    Notes
    -----
    A real hour of a real place stands for all, since the ratio bends where free cooling ends: the mean of
    the hours would be one in which no place stands.
    """
    hours, peaks = {}, {}
    for year in years:
        ratio = _median_ratio(design, year)
        worst = int(ratio.argmax())
        hours[year.place], peaks[year.place] = _hours(year, slice(worst, worst + 1)), float(ratio[worst])
    mean = float(np.mean(list(peaks.values())))
    place = min(peaks, key=lambda name: abs(peaks[name] - mean))
    return place, hours[place], mean


def typical_hour(design: Design) -> DesignHour:
    """Return the hour that stands for the shipped cities, for a design of those that halls are mixed of.

    Parameters
    ----------
    design
        One of `narrows.facility.hall_power.HALLS`.

    Notes
    -----
    Read from a table that ``tools/type_design_hours.py`` writes from the weather, so that the map need not
    load 13 years.

    Examples
    --------
    >>> typical_hour(Design.parse("air + towers")).t_c.size
    1
    """
    return _table()[_key(design)]


def _key(design: Design) -> str:
    words = f"{design.heat} + {design.rejection}, {design.age}"
    return words + ", adiabatic" * design.adiabatic


@cache
def _table() -> dict[str, DesignHour]:
    text = files("narrows.facility").joinpath(TABLE).read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return {row["design"]: DesignHour(*(np.array([float(row[name])]) for name in COLUMNS)) for row in rows}
