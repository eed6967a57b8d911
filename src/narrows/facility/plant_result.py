"""The answer of one design at one place, with the doubt of its facts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from narrows.catalog import Reader, default
from narrows.errors import UsageError
from narrows.facility.plant import HALL, MACHINES, Design, Year, facts_of, simulate
from narrows.facility.weather import weather

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["PlantResult", "run_plant"]

MOST_DRAWS = 10_000
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
    ids = [f"plant.{name}" for name in MACHINES] + [f"plant.{plan.age}.{name}" for name in HALL]
    drawn = {name: reader.draws(name) for name in ids}
    rows = []
    for at in range(draws):
        one = simulate(
            plan, hours, facts_of(plan.age, {name: float(values[at]) for name, values in drawn.items()})
        )
        rows.append((one.pue, one.peak_pue, one.wue))
    low, high = np.quantile(np.array(rows), SPAN, axis=0)
    names = ("pue", "peak_pue", "wue")
    spans = {name: (float(low[at]), float(high[at])) for at, name in enumerate(names)}
    return PlantResult(place, it_mw, simulate(plan, hours), spans, draws, seed, tuple(ids))
