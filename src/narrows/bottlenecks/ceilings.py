"""How far a layer could go if more of it were decided today: its ceiling, quarter by quarter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from narrows.bottlenecks.supply import QUARTER_S, interpolate, over_time

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from narrows.bottlenecks.model import Model

    Array = NDArray[np.float64]
    Rows = slice | NDArray[np.bool_]

__all__ = ["Ceiling", "Ceilings", "ceilings"]

QUARTERS_PER_YEAR = 4


@dataclass(frozen=True, eq=False)
class Ceiling:
    """What a decision for more of one layer can do, in every draw.

    Parameters
    ----------
    lead
        Time from the decision to the first added capacity [quarter], axis (draw).
    growth
        Fastest growth a year that can be kept up from then on [1], axis (draw).
    reads
        Ids of the facts, that of the growth last.
    """

    lead: Array
    growth: Array
    reads: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Ceilings:
    """Ceilings of the layers of a model, for a decision taken in one quarter.

    Parameters
    ----------
    model
        The stack.
    start
        Column of the quarter of the decision.
    known
        Ceiling by row of the layer; a layer that is not here cannot be raised, and demand never is.
    """

    model: Model
    start: int
    known: dict[int, Ceiling]

    def arrival(self, row: int) -> NDArray[np.int64]:
        """Return the quarters until the first one with added capacity [quarter], axis (draw)."""
        return np.ceil(self.known[row].lead).astype(np.int64)

    def path(self, capacity: Array, row: int, rows: Rows) -> Array:
        """Return what a layer could make [h100e/quarter], axes (draw, quarter).

        Parameters
        ----------
        capacity
            What it makes on announced plans [h100e/quarter], axes (draw, quarter of the model).
        row
            Row of the layer.
        rows
            Draws that the capacity is of.

        Notes
        -----
        With a the first quarter at or after t0 + lead, S the capacity in the layer's own units and G the
        growth a year, the ceiling is S(t) up to a and max(S(t), S(a) G^((t - a)/4)) after it; in
        compute both are divided by the need of the quarter, see `Model.stack`.
        """
        if row not in self.known:
            return capacity
        count = capacity.shape[1]
        found = self.known[row]
        arrival = np.minimum(self.start + self.arrival(row)[rows], count - 1)
        need = over_time(
            self.model.need[rows][:, :, row],
            interpolate(self.model.stated, self.model.years + self.model.path_lag[row] / QUARTERS_PER_YEAR),
        )
        draws = np.arange(len(capacity))
        past = np.maximum(np.arange(count)[:, None] - arrival, 0) / QUARTERS_PER_YEAR  # axes (quarter, draw)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            units = capacity[draws, arrival] * need[draws, arrival]
            grown = np.exp(past * np.log(found.growth[rows])) * units / need.T
        # A layer without a limit has units of inf x 0, which is no number: its capacity stands.
        raised: Array = np.where(past > 0, np.fmax(capacity.T, grown), capacity.T).T
        return raised


def ceilings(model: Model, start: int) -> Ceilings:
    """Return the ceilings of all layers whose lead time and fastest growth are facts.

    Parameters
    ----------
    model
        The stack.
    start
        Column of the quarter of the decision.
    """
    reader, known = model.reader, {}
    for row, layer in enumerate(model.layers, start=1):
        lead, growth = layer.declared.lead, layer.declared.ceiling
        if not (lead and growth and reader.catalog.has(lead) and reader.catalog.has(growth)):
            continue
        known[row] = Ceiling(
            lead=np.maximum(reader.draws(lead) / QUARTER_S, 0.0),
            growth=reader.draws(growth),
            reads=(*reader.behind(lead), growth),
        )
    return Ceilings(model, start, known)
