"""How a room tells a number: its value in every draw, and how it comes about.

Every printed number has an id, such as ``map.binds.cowos.2026Q4``. Its first part names the family,
and the family's module tells the figure, so that `narrows.why` can show the chain behind it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from narrows.bottlenecks.answer import Run
    from narrows.catalog import Catalog, Reader

__all__ = ["FAMILIES", "Asked", "Reading", "Stretch", "Told"]

FAMILIES = {
    "cascade": "narrows.bottlenecks.migration_why",
    "claims": "narrows.claims.study",
    "derived": "narrows.bottlenecks.derived_figures",
    "facility": "narrows.bottlenecks.facility_figures",
    "headlines": "narrows.bottlenecks.knowledge",
    "inference": "narrows.bottlenecks.inference_figures",
    "loop": "narrows.bottlenecks.feedback",
    "makers": "narrows.bottlenecks.concentration",
    "map": "narrows.bottlenecks.chain",
    "market": "narrows.bottlenecks.market_figures",
    "plan": "narrows.bottlenecks.planning",
    "plant": "narrows.bottlenecks.plant_figures",
    "power_date": "narrows.bottlenecks.power_date_figures",
    "prices": "narrows.bottlenecks.pricing",
    "push": "narrows.bottlenecks.shock_push_figures",
    "relax": "narrows.bottlenecks.relief",
    "shocks": "narrows.bottlenecks.shock_figures",
    "sites": "narrows.bottlenecks.site_figures",
    "time": "narrows.bottlenecks.resolution",
    "training": "narrows.bottlenecks.training_figures",
    "value": "narrows.value.answer",
}
"""Module that tells the figures of a family: it has ``tell(id, asked) -> Told``."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The question that a figure belongs to; see `narrows.map` for each part.

    Parameters
    ----------
    draws, seed, method
        Number of draws, their seed, and ``random`` or ``sobol``.
    as_of, scenario, catalog
        Which facts.
    """

    draws: int
    seed: int
    method: str = "random"
    as_of: str | None = None
    scenario: str | Path | None = None
    catalog: Catalog | None = None

    def run(self, quarters: str | None = None) -> Run:
        """Return the question solved, for some quarters."""
        from narrows.bottlenecks.answer import run

        return run(
            quarters,
            draws=self.draws,
            seed=self.seed,
            method=self.method,
            as_of=self.as_of,
            scenario=self.scenario,
            catalog=self.catalog,
        )


class Reading(Protocol):
    """What a figure comes from: facts, and the reading of them. A `Run` of the map is one."""

    @property
    def catalog(self) -> Catalog:
        """Facts as asked for."""
        ...

    @property
    def reader(self) -> Reader:
        """The reading, which remembers facts and draws."""
        ...


@dataclass(frozen=True, slots=True)
class Stretch:
    """A layer that set the pace over some quarters.

    Parameters
    ----------
    layer
        Name of the layer.
    first, last
        Labels of its first and last quarter on the path.
    """

    layer: str
    first: str
    last: str


@dataclass(frozen=True, eq=False)
class Told:
    """A figure in every draw.

    Parameters
    ----------
    run
        The question that it comes from, with its catalogue and reader: a solved map, or another room's.
    values
        The figure in every draw [unit], axis (draw).
    unit
        Its unit; ``share`` for the mean of zeros and ones.
    formula
        How it comes about, in one sentence.
    reads
        Ids of the facts behind it; all that the run has read if left out.
    path
        Layers that set the pace, oldest first, where the figure is an output of the stack.
    method
        Which solver made it: ``shortest path``, ``linear program``, or a room's own law.
    """

    run: Reading
    values: NDArray[np.float64]
    unit: str
    formula: str
    reads: tuple[str, ...] | None = None
    path: tuple[Stretch, ...] = ()
    method: str = "shortest path"
