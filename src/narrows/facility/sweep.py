"""Many designs under one year of weather, on all cores."""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from narrows.facility.plant import Design, facts_of, simulate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from narrows.facility.weather import Weather

    Floats = NDArray[np.float64]

__all__ = ["Swept", "sweep"]

CHUNK = 100
"""Designs that one task takes, so that handing over costs nothing."""


@dataclass(frozen=True)
class Swept:
    """Numbers of a year by design, axis (design).

    Parameters
    ----------
    designs
        The designs.
    pue, peak_pue
        Facility energy over IT energy of the year; facility power over IT power in its worst hour.
    wue
        Water over IT energy [L/kWh].
    free_hours
        Hours without a chiller.
    """

    designs: tuple[Design, ...]
    pue: Floats
    peak_pue: Floats
    wue: Floats
    free_hours: Floats


def sweep(designs: Sequence[Design], year: Weather, executor: Executor | None = None) -> Swept:
    """Run designs through a year.

    Parameters
    ----------
    designs
        The designs.
    year
        The weather.
    executor
        Where tasks run; two threads if left out. numpy lets go of the interpreter in each step.

    Examples
    --------
    >>> from narrows.facility.weather import weather
    >>> pair = [Design(supply_c=30, heat="direct liquid"), Design(supply_c=45, heat="direct liquid")]
    >>> swept = sweep(pair, weather("phoenix_az"))
    >>> bool(swept.pue[1] < swept.pue[0])
    True
    """
    known = {age: facts_of(age) for age in {design.age for design in designs}}

    def run(part: Sequence[Design]) -> list[tuple[float, float, float, float]]:
        years = (simulate(design, year, known[design.age]) for design in part)
        return [(one.pue, one.peak_pue, one.wue, one.free_hours) for one in years]

    parts = [designs[at : at + CHUNK] for at in range(0, len(designs), CHUNK)]
    if executor is None:
        with ThreadPoolExecutor(2) as threads:
            rows = [row for part in threads.map(run, parts) for row in part]
    else:
        rows = [row for part in executor.map(run, parts) for row in part]
    pue, peak, wue, free = np.array(rows, np.float64).reshape(-1, 4).T
    return Swept(tuple(designs), pue, peak, wue, free)
