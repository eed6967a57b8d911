"""The best split of a budget over layers: cutting planes, with a bound that certifies it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from narrows.bottlenecks.lp import greatest

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Oracle = Callable[[Array], tuple[float, Array]]

__all__ = ["Search", "Split"]

GAP = 0.005
"""The search ends when the bound is this close to the best split found, as a share of its gain."""
MOST_STEPS = 60
"""The search ends after this many evaluations for one budget, whatever the gap."""
INWARD = 0.5
"""The next split asked for lies this far from the best one towards the one that the planes promise most of."""


@dataclass(frozen=True, eq=False)
class Split:
    """A budget split over layers.

    Parameters
    ----------
    spend
        Money for each layer, in the unit of the budget, axis (layer).
    gain
        Value of the concave function there.
    bound
        No split of the budget has a value above this.
    """

    spend: Array
    gain: float
    bound: float


@dataclass(eq=False)
class Search:
    """Maximise a concave function of spends that never falls, budget by budget.

    Parameters
    ----------
    oracle
        Value and a supergradient at a spend, axis (layer); the value at 0 spend is 0.
    layers
        Number of layers.

    Notes
    -----
    Kelley's method: every point asked for gives a plane that lies nowhere below the function, so the greatest
    value under all planes is a bound, found by a small linear program. The next point lies between the best one
    and the one of the bound, which keeps the search from jumping. Planes hold for every budget and are kept.

    Source
    ------
    J. E. Kelley, The cutting-plane method for solving convex programs, 1960; W. Ben-Ameur and J. Neto,
    Acceleration of cutting-plane and column generation algorithms, 2007.

    Examples
    --------
    Two layers with falling gains, sqrt(x) and sqrt(y): a budget of 2 is best halved.

    >>> def roots(x):
    ...     root = np.sqrt(x + 1e-6)
    ...     return float(root.sum() - 2e-3), 0.5 / root
    >>> split = Search(roots, 2).best(2.0)
    >>> [round(float(spend), 1) for spend in split.spend], split.bound / split.gain < 1.01
    ([1.0, 1.0], True)
    """

    oracle: Oracle
    layers: int
    slopes: list[Array] = field(default_factory=list)
    heights: list[float] = field(default_factory=list)
    points: list[tuple[Array, float]] = field(default_factory=list)

    def best(self, budget: float) -> Split:
        """Return the best split of a budget, as far as the gap or the steps allow."""
        if not self.points:
            self._ask(np.zeros(self.layers))
        bound = np.inf
        for _ in range(MOST_STEPS):
            bound, promised = self._bound(budget)
            spend, gain = self._best_point(budget)
            if bound - gain <= GAP * abs(gain):
                break
            self._ask(spend + INWARD * (promised - spend))
        spend, gain = self._best_point(budget)
        return Split(spend, gain, max(min(bound, self._bound(budget)[0]), gain))

    def _ask(self, spend: Array) -> None:
        gain, slope = self.oracle(spend)
        self.points.append((spend, gain))
        self.slopes.append(slope)
        self.heights.append(gain - float(slope @ spend))

    def _best_point(self, budget: float) -> tuple[Array, float]:
        """Return the best point that the budget can pay."""
        paid = [pair for pair in self.points if pair[0].sum() <= budget * (1.0 + 1e-9)]
        return max(paid, key=lambda pair: pair[1])

    def _bound(self, budget: float) -> tuple[float, Array]:
        """Return the greatest value under all planes and its split, scaled so that the program is well posed."""
        size = max(
            max(map(abs, self.heights)), budget * max(float(np.abs(s).max()) for s in self.slopes), 1e-300
        )
        rows = np.zeros((len(self.slopes) + 1, self.layers + 1))
        rows[:-1, 0], rows[:-1, 1:] = 1.0, -np.stack(self.slopes) * (budget / size)
        rows[-1, 1:] = 1.0
        value, x = greatest(np.eye(self.layers + 1)[0], rows, np.append(np.array(self.heights) / size, 1.0))
        return value * size, x[1:] * budget
