"""The answer of one design at one place, with the doubt of its facts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from narrows.catalog import Reader, default
from narrows.errors import UsageError
from narrows.facility.plant import HALL, MACHINES, Design, Year, facts_of, simulate
from narrows.facility.weather import cities, weather

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from narrows.facility.weather import Weather

__all__ = ["QUANTITIES", "PlantResult", "drawn_years", "figure_ids", "run_plant"]

MOST_DRAWS = 10_000
EXACT = 1e-12
QUANTITIES = ("pue", "peak_pue", "wue")
"""Figures of a year that answer why."""
SPAN = (0.1, 0.9)
"""Quantiles of the intervals."""


@dataclass(frozen=True)
class PlantResult:
    """A design-year and its doubt.

    Parameters
    ----------
    place, it_mw
        The place and the mean IT power [MW].
    year
        The year with every fact at its median.
    spans
        P10 and P90 over draws of the facts, by quantity: ``pue``, ``peak_pue``, ``wue``.
    draws, seed
        Number of draws, and their seed.
    reads
        Ids of the facts.
    """

    place: str
    it_mw: float
    year: Year
    spans: dict[str, tuple[float, float]]
    draws: int
    seed: int
    reads: tuple[str, ...]

    @property
    def power_mw(self) -> dict[str, float]:
        """Mean power by component [MW]."""
        return {name: float(values.mean()) * self.it_mw for name, values in self.year.power.items()}

    @property
    def water_m3(self) -> float:
        """Water of the year [m3]."""
        return self.year.wue * self.it_mw * self.year.free.size

    def day_hours(self) -> NDArray[np.float64]:
        """Return PUE, axes (hour of the day, day)."""
        return self.year.pue_hours.reshape(-1, 24).T


def run_plant(
    place: str, design: str | Design, *, it_mw: float = 100.0, draws: int = 100, seed: int = 1
) -> PlantResult:
    """Run a design at a place through a year, with the doubt of its facts.

    Parameters
    ----------
    place
        A shipped city, or an EPW file.
    design
        A line of `Design.parse`, or a design.
    it_mw
        Mean IT power [MW].
    draws, seed
        Number of draws of the facts, and their seed.

    Raises
    ------
    UsageError
        A number is out of range.

    Examples
    --------
    >>> result = run_plant("phoenix_az", "direct liquid + dry coolers, 2N", draws=20)
    >>> low, high = result.spans["pue"]
    >>> low < high
    True
    """
    if not 0 < it_mw < float("inf") or not 1 <= draws <= MOST_DRAWS:
        raise UsageError(
            f"The IT power is {it_mw:g} MW, the number of draws {draws}",
            f"IT power is above 0, draws are 1 to {MOST_DRAWS}",
            "Give numbers in range",
        )
    plan = Design.parse(design) if isinstance(design, str) else design
    hours = weather(place)
    reader = Reader(default(), seed, draws)
    low, high = np.quantile(drawn_years(plan, hours, reader), SPAN, axis=0)
    ids = [f"plant.{name}" for name in MACHINES] + [f"plant.{plan.age}.{name}" for name in HALL]
    spans = {name: (float(low[at]), float(high[at])) for at, name in enumerate(QUANTITIES)}
    return PlantResult(place, it_mw, simulate(plan, hours), spans, draws, seed, tuple(ids))


def drawn_years(design: Design, hours: Weather, reader: Reader) -> NDArray[np.float64]:
    """Return `QUANTITIES` of a year in every draw of the facts, axes (draw, quantity).

    Parameters
    ----------
    design, hours
        The design and the weather.
    reader
        Where facts are drawn.
    """
    ids = [f"plant.{name}" for name in MACHINES] + [f"plant.{design.age}.{name}" for name in HALL]
    drawn = {name: reader.draws(name) for name in ids}
    rows = []
    for at in range(next(iter(drawn.values())).size):
        facts = facts_of(design.age, {name: float(values[at]) for name, values in drawn.items()})
        one = simulate(design, hours, facts)
        rows.append((one.pue, one.peak_pue, one.wue))
    return np.array(rows)


def figure_ids(place: str, design: Design) -> dict[str, str]:
    """Return the ids under which the figures of a shipped city answer `narrows why`, by quantity.

    Parameters
    ----------
    place
        A shipped city; figures of a weather file have no id.
    design
        The design; its coolant and load are whole numbers (C, percent), or there is no id.

    Examples
    --------
    >>> figure_ids("phoenix_az", Design.parse("direct liquid + dry coolers, 2N, 45 C"))["pue"]
    'plant.pue.phoenix_az.direct_liquid.dry_coolers.2N.45c'
    """
    load = round(design.load * 100)
    if place not in cities() or abs(load / 100 - design.load) > EXACT or design.supply_c % 1:
        return {}
    plain = Design()
    words = [design.heat.replace(" ", "_"), design.rejection.replace(" ", "_")]
    words += [design.redundancy] * (design.redundancy != plain.redundancy)
    words += [design.age] * (design.age != plain.age) + ["adiabatic"] * design.adiabatic
    words += [f"{design.supply_c:g}c"] * (design.supply_c != plain.supply_c)
    words += [f"load{load}"] * (design.load != plain.load)
    return {name: ".".join(("plant", name, place, *words)) for name in QUANTITIES}
