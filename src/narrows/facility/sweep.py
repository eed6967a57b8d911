"""Many designs under one year of weather, on all cores."""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from narrows.facility.plant import HEAT_PATHS, REDUNDANCY, REJECTION, Design, facts_of, simulate
from narrows.facility.psychrometrics import saturation_humidity

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from narrows.facility.weather import Weather

    Floats = NDArray[np.float64]

__all__ = ["Swept", "sweep"]

FEW = 2000
"""Fewer designs than this are not worth loading the compiled kernel."""
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


def sweep(
    designs: Sequence[Design],
    year: Weather,
    executor: Executor | None = None,
    *,
    compiled: bool | None = None,
) -> Swept:
    """Run designs through a year.

    Parameters
    ----------
    designs
        The designs.
    year
        The weather.
    executor
        Where tasks run; two threads if left out. Both kernels let go of the interpreter.
    compiled
        Whether the compiled kernel runs, which agrees with `simulate` to 1e-12; from 2,000 designs on if
        left out.

    Examples
    --------
    >>> from narrows.facility.weather import weather
    >>> pair = [Design(supply_c=30, heat="direct liquid"), Design(supply_c=45, heat="direct liquid")]
    >>> swept = sweep(pair, weather("phoenix_az"))
    >>> bool(swept.pue[1] < swept.pue[0])
    True
    """
    known = {age: facts_of(age) for age in sorted({design.age for design in designs})}
    if compiled is None:
        compiled = len(designs) >= FEW
    run = _compiled(known, year) if compiled else _plain(known, year)
    parts = [designs[at : at + CHUNK] for at in range(0, len(designs), CHUNK)]
    if executor is None:
        with ThreadPoolExecutor(2) as threads:
            rows = list(threads.map(run, parts))
    else:
        rows = list(executor.map(run, parts))
    pue, peak, wue, free = np.concatenate([np.empty((0, 4)), *rows]).T
    return Swept(tuple(designs), pue, peak, wue, free)


def _plain(known: dict[str, dict[str, float]], year: Weather) -> Callable[[Sequence[Design]], Floats]:
    def run(part: Sequence[Design]) -> Floats:
        years = (simulate(design, year, known[design.age]) for design in part)
        return np.array([(one.pue, one.peak_pue, one.wue, one.free_hours) for one in years], np.float64)

    return run


def _compiled(known: dict[str, dict[str, float]], year: Weather) -> Callable[[Sequence[Design]], Floats]:
    from narrows.facility._plant_compiled import FACTS, designs_years

    order = {age: at for at, age in enumerate(known)}
    facts = np.array([[numbers[name] for name in FACTS] for numbers in known.values()])
    hours = np.array([year.t_c, year.wet_c, year.humidity, year.p_pa])
    outs = [year.wet_c + p["tower.approach"] + p["tower.range"] / 2 for p in known.values()]
    tower = np.array([saturation_humidity(out, year.p_pa) for out in outs])

    def run(part: Sequence[Design]) -> Floats:
        plans = np.array(
            [(HEAT_PATHS.index(one.heat), REJECTION.index(one.rejection), one.adiabatic) for one in part],
            np.int64,
        )
        numbers = np.array([(one.supply_c, one.load, REDUNDANCY[one.redundancy] * one.load) for one in part])
        classes = np.array([order[one.age] for one in part], np.int64)
        return np.asarray(designs_years(facts, classes, plans, numbers, hours, tower))

    return run
