"""What operators build: a declared design for a site, and the cooling family that figures betray."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from narrows.errors import UnknownNameError, UsageError
from narrows.facility.plant import Design, facts_of, simulate

if TYPE_CHECKING:
    from narrows.facility.weather import Weather

__all__ = ["FAMILIES", "OPERATORS", "Family", "infer_family", "operator_design"]

OPERATORS = ("google", "microsoft", "amazon")
OLD = 2010
"""Sites that opened before this year are of the older class of their operator."""
HUMID_C = 26.5
"""Wet bulb of the 99.6th percentile [C] above which no pad brings outside air to a server's inlet."""
SHARE = 99.6
NEWEST = 9999
FAMILIES = {
    "outside air": Design(rejection="outside air", age="cloud"),
    "outside air, adiabatic": Design(rejection="outside air", age="cloud", adiabatic=True),
    "towers": Design(rejection="towers", age="cloud"),
    "air-cooled chillers": Design(rejection="air-cooled chillers", age="cloud"),
}
"""Cooling families that a pair of PUE and WUE can tell apart."""
PUE_SCALE, WUE_SCALE, WUE_FLOOR = 0.08, 0.4, 0.02
"""Spread of PUE within a family; spread of ln WUE; smallest WUE that is told from none [L/kWh]."""
CLASSES = ("campus", "early", "cloud", "leased")


@cache
def _declared() -> dict[tuple[str, str], tuple[int, str]]:
    text = files("narrows.facility").joinpath("published_designs.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {(row["operator"], row["place"]): (int(row["opened"]), row["line"]) for row in rows}


def operator_design(operator: str, hours: Weather, place: str = "", opened: int | None = None) -> Design:
    """Return the design that is declared for a site, or that its operator builds in such a climate.

    Parameters
    ----------
    operator
        One of `OPERATORS`.
    hours
        The weather of the site.
    place
        Its name in the operator's list; a place that is not declared gets the rule.
    opened
        Year in which it opened; of the declared site, or recent, if left out.

    Notes
    -----
    Google: towers, older class before 2010. Microsoft and Amazon: outside air with pads where the
    99.6th percentile of the wet bulb is below 26.5 C, towers above it.

    Examples
    --------
    >>> from narrows.facility.weather import weather
    >>> operator_design("google", weather("sterling_va"), opened=2007).age
    'early'
    >>> operator_design("amazon", weather("sterling_va")).rejection
    'outside air'
    """
    if operator not in OPERATORS:
        raise UnknownNameError("operator", operator, OPERATORS, remedy="Name one of them")
    year, line = _declared().get((operator, place), (NEWEST, ""))
    year = year if opened is None else opened
    if line:
        return Design.parse(line)
    if operator == "google":
        return Design(age="early" if year < OLD else "campus")
    humid = float(np.percentile(hours.wet_c, SHARE)) > HUMID_C
    return FAMILIES["towers" if humid else "outside air, adiabatic"]


@dataclass(frozen=True)
class Family:
    """A cooling family and how far the figures are from it.

    Parameters
    ----------
    name
        One of `FAMILIES`.
    age
        Class of halls that comes nearest.
    pue, wue
        What the plant gives there; WUE in L/kWh.
    distance
        Distance in units of the spread within a family.
    """

    name: str
    age: str
    pue: float
    wue: float
    distance: float


def infer_family(pue: float, wue: float, hours: Weather) -> tuple[Family, ...]:
    """Return the families by their distance to published figures, the nearest first.

    Parameters
    ----------
    pue, wue
        Published figures of a year; WUE in L/kWh.
    hours
        The weather of the site.

    Raises
    ------
    UsageError
        PUE is below 1, or WUE below 0.

    Examples
    --------
    >>> from narrows.facility.weather import weather
    >>> infer_family(1.25, 1.7, weather("tampa_fl"))[0].name
    'towers'
    """
    if not (1 <= pue < np.inf and 0 <= wue < np.inf):
        raise UsageError(
            f"The PUE is {pue:g}, the WUE {wue:g} L/kWh",
            "PUE is 1 or more, WUE 0 or more",
            "Give the figures of a whole year",
        )
    found = []
    for name, family in FAMILIES.items():
        for age in CLASSES:
            year = simulate(replace(family, age=age), hours, facts_of(age))
            off = (year.pue - pue) / PUE_SCALE
            water = np.log((year.wue + WUE_FLOOR) / (wue + WUE_FLOOR)) / WUE_SCALE
            found.append(Family(name, age, year.pue, year.wue, float(np.hypot(off, water))))
    best = (
        min((one for one in found if one.name == name), key=lambda one: one.distance) for name in FAMILIES
    )
    return tuple(sorted(best, key=lambda one: one.distance))
