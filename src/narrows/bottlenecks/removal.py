"""What is lost when makers stop: the stack from a quarter on, with their part of the capacity gone.

Notes
-----
Nobody foresees the loss, so everything up to the quarter before it stands as in the map: what every
layer has made, and what waits or is under way. From there the stack is solved again,

    Z'_i(t) = Z_i(t) - Z_i(before),    A'_i(t) = A_i(t) + Z_i(min(t - lag_i, before)) - Z_p(before),

with the same room for stock. The shift changes no arc, so the outputs are those of the whole stack.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from narrows.bottlenecks.network import Stack
from narrows.bottlenecks.plain import forward, restart
from narrows.bottlenecks.solution import STOCK, chunks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from narrows.bottlenecks.model import Model

    Array = NDArray[np.float64]

__all__ = ["BINDERS_BEFORE", "Lost", "Removal", "absent", "lose"]

BINDERS_BEFORE = -STOCK
"""Binder codes below 0: stock and demand come before row 0 where binders are counted."""


@dataclass(frozen=True, eq=False)
class Removal:
    """What stops, and for how long.

    Parameters
    ----------
    shares
        Share of the capacity of a layer's row that stops, axis (draw).
    away
        Part of each quarter in which it is away, by row, axes (draw, quarter).
    runs_on
        Part of the share that runs on at the level of the first quarter and only stops growing, by row,
        axis (draw); nothing runs on in a row left out.
    designs
        Part of what is deployed that stops because its designer is gone, axes (draw, quarter); None for
        none.
    """

    shares: Mapping[int, Array]
    away: Mapping[int, Array]
    runs_on: Mapping[int, Array] = field(default_factory=dict)
    designs: Array | None = None

    def take(self, rows: slice) -> Removal:
        """Return the removal of some draws."""
        shares, away, runs_on = (
            {row: values[rows] for row, values in part.items()}
            for part in (self.shares, self.away, self.runs_on)
        )
        return Removal(shares, away, runs_on, None if self.designs is None else self.designs[rows])

    def capacity(self, K: Array) -> Array:
        """Return what is left of the capacities, axes (draw, layer, quarter) [h100e/quarter].

        Notes
        -----
        K' = K - away x share x (K - runs_on x min(K, K of the first quarter)): what stops is gone, what
        runs on no longer grows. A layer without a limit that loses all has none left.
        """
        left = K.copy("K")
        for row, share in self.shares.items():
            gone = self.away[row] * share[:, None]
            now = K[:, row]
            with np.errstate(invalid="ignore"):
                kept = now * (1.0 - gone)
            if row in self.runs_on:
                kept += gone * self.runs_on[row][:, None] * np.minimum(now, now[:, :1])
            left[:, row] = np.nan_to_num(kept, nan=0.0, posinf=np.inf)
        return left


@dataclass(frozen=True, eq=False)
class Lost:
    """What a removal costs, in every draw.

    Parameters
    ----------
    deployed
        Compute deployed over the quarters where nothing stops [h100e], axis (draw).
    loss
        Compute not deployed over them [h100e], axis (draw).
    quarters
        Quarters of them that each layer binds after the removal, axes (draw, code + `BINDERS_BEFORE`).
    """

    deployed: Array
    loss: Array
    quarters: NDArray[np.int16]


def absent(time: Array, count: int) -> Array:
    """Return the part of each quarter that lies within a time from the start, axes (draw, quarter).

    Parameters
    ----------
    time
        Time from the start [quarter], axis (draw).
    count
        Number of quarters.

    Examples
    --------
    >>> absent(np.array([1.5]), 3).tolist()
    [[1.0, 0.5, 0.0]]
    """
    part: Array = np.clip(time[:, None] - np.arange(count), 0.0, 1.0)
    return part


def lose(
    model: Model,
    start: int,
    count: int,
    removals: Sequence[Removal],
    progress: Callable[[int, int], None] | None = None,
) -> list[Lost]:
    """Return what each removal costs over some quarters.

    Parameters
    ----------
    model
        The stack.
    start, count
        First quarter and number of quarters.
    removals
        What stops; each is a question of its own.
    progress
        Called with the draws done and the draws asked for.
    """
    draws, codes = model.reader.n, len(model.layers) + 1 + BINDERS_BEFORE
    deployed = np.empty(draws)
    losses = np.empty((len(removals), draws))
    quarters = np.empty((len(removals), draws, codes), dtype=np.int16)
    for rows in chunks(draws):
        whole = restart(model.stack(rows), start, start + count - 1)
        as_is = forward(whole).output
        steps = np.diff(as_is, axis=1, prepend=0.0)
        deployed[rows] = as_is[:, -1]
        for number, removal in enumerate(removals):
            found = forward(_without(whole, removal.take(rows), steps))
            losses[number, rows] = np.maximum(as_is[:, -1] - found.output[:, -1], 0.0)
            for code in range(codes):
                quarters[number, rows, code] = (found.binder == code - BINDERS_BEFORE).sum(axis=1)
        if progress:
            progress(rows.stop, draws)
    return [Lost(deployed, loss, counts) for loss, counts in zip(losses, quarters, strict=True)]


def _without(whole: Stack, removal: Removal, steps: Array) -> Stack:
    """Return the stack without what stops; ``steps`` is what it deploys by quarter where nothing stops."""
    demand = whole.D
    if removal.designs is not None:
        demand = np.minimum(demand, np.cumsum(steps * np.maximum(1.0 - removal.designs, 0.0), axis=1))
    return Stack(whole.network, removal.capacity(whole.K), whole.A, whole.B, demand, whole.w)
