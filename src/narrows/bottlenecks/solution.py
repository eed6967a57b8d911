"""What a solved stack gives, and the codes and block sizes that both solvers share."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["DEMAND", "STOCK", "Solution"]

Floats = NDArray[np.float64]

DEMAND = -1  # binder: demand stops the quarter
STOCK = -2  # binder: nothing new stops it, the quarter lives on opening stock and work in progress

ARC_OWN, ARC_DEMAND, ARC_CAP = -1, -2, -3  # the arc that sets a node; 0 and above name an input layer

TIED = 1.0 + 1e-9  # candidates up to this multiple of the least are tied with it
LANES = 32  # draws that the compiled kernel carries side by side
CHUNK = 2048  # draws whose prices are summed before the chunks are added in order


@dataclass(frozen=True, eq=False)
class Solution:
    """Greatest output of a stack, what binds it, and what a unit of each quantity is worth.

    Parameters
    ----------
    output
        Cumulative output of the root [unit], axes (draw, quarter).
    binder
        Layer of the newest own arc on the quarter's shortest path, or `DEMAND`, or `STOCK`,
        axes (draw, quarter).
    tied
        True where another candidate came within 1e-9, relative, of the least at a node of the
        quarter's path, so that another layer may bind together with the binder,
        axes (draw, quarter).
    value
        Weighted sum of cumulative root output [value], axis (draw).
    rent
        Price times capacity, summed over quarters [value], axes (draw, layer).
    stock_rent, cap_rent, demand_rent
        Price times arrivals, stock caps and demand [value], axis (draw).
    price_K_mean
        Mean over draws of the price of capacity [value/unit], axes (layer, quarter).
    price_D_mean
        Mean over draws of the price of cumulative demand [value/unit], axis (quarter).

    Notes
    -----
    The four rents sum to the value. Where a draw is tied its prices are one valid choice of
    several; `narrows.bottlenecks.interval` gives the interval.
    """

    output: Floats
    binder: NDArray[np.int16]
    tied: NDArray[np.bool_]
    value: Floats
    rent: Floats
    stock_rent: Floats
    cap_rent: Floats
    demand_rent: Floats
    price_K_mean: Floats
    price_D_mean: Floats

    def ledger_gap(self) -> float:
        """Return the greatest |rents - value| over draws, relative to the value or to 1."""
        total = self.rent.sum(axis=1) + self.stock_rent + self.cap_rent + self.demand_rent
        return float((np.abs(total - self.value) / np.maximum(self.value, 1.0)).max())


def blank(draws: int, layers: int, quarters: int) -> Solution:
    """Return a solution with unset values, to be filled block by block."""
    return Solution(
        output=np.empty((draws, quarters)),
        binder=np.empty((draws, quarters), dtype=np.int16),
        tied=np.empty((draws, quarters), dtype=np.bool_),
        value=np.empty(draws),
        rent=np.empty((draws, layers)),
        stock_rent=np.empty(draws),
        cap_rent=np.empty(draws),
        demand_rent=np.empty(draws),
        price_K_mean=np.empty((layers, quarters)),
        price_D_mean=np.empty(quarters),
    )


def join(parts: Sequence[Solution]) -> Solution:
    """Return the solution of several groups of draws, one after another.

    Parameters
    ----------
    parts
        Solutions of the groups, in order.
    """
    counts = [len(part.value) for part in parts]
    means = ("price_K_mean", "price_D_mean")
    return Solution(
        **{
            field.name: np.concatenate([getattr(part, field.name) for part in parts])
            for field in fields(Solution)
            if field.name not in means
        },
        **{
            name: sum(count * getattr(part, name) for count, part in zip(counts, parts, strict=True))
            / sum(counts)
            for name in means
        },
    )


def chunks(draws: int, size: int = CHUNK) -> list[slice]:
    """Return the fixed chunks of draws that are solved one by one."""
    return [slice(first, min(first + size, draws)) for first in range(0, draws, size)]


def add_chunks(sums: Iterable[Floats], draws: int, out: Floats) -> None:
    """Add sums over lanes and chunks in a fixed order, and divide by the draws.

    Parameters
    ----------
    sums
        Sums by lane for each chunk, axes (..., lane).
    draws
        Number of draws.
    out
        Where the mean goes.
    """
    out[...] = 0.0
    for chunk in sums:
        for lane in range(LANES):
            out += chunk[..., lane]
    out /= draws
