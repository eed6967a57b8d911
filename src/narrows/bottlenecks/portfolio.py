"""The best split of a budget over layers: cutting planes, with a bound that certifies it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from narrows.bottlenecks.addition import Addition, Majorant
from narrows.bottlenecks.lp import greatest
from narrows.bottlenecks.relief_result import BILLION, Portfolio, Spread
from narrows.bottlenecks.solution import chunks
from narrows.draws import quantiles

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from narrows.bottlenecks.sweep import Question

    Array = NDArray[np.float64]
    Oracle = Callable[[Array], tuple[float, Array]]

__all__ = ["PORTFOLIO_DRAWS", "Search", "Split", "Splitter", "spread"]

PORTFOLIO_DRAWS = 1024
"""Draws, the first ones, on which a budget is split."""
SPREAD = (0.05, 0.5, 0.95)
"""Quantiles of every spread."""
DUST = 1e-4
"""A spend below this share of the budget is left out."""

GAP = 0.005
"""The search ends when the bound is this close to the best split found, as a share of its gain."""
MOST_STEPS = 60
"""The search ends after this many evaluations for one budget, whatever the gap."""
INWARD = 0.5
"""How far the next split lies from the best one towards the one that the planes promise most of."""


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
    Kelley's method: every point asked for gives a plane that lies nowhere below the function, so
    the greatest value under all planes is a bound, found by a small linear program. The next point lies
    between the best one and the one of the bound, which keeps the search from jumping. Planes hold for every
    budget and are kept.

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
    >>> split.spend.round().tolist(), split.bound / split.gain < 1.01
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
        """Return the greatest value under all planes, and its split."""
        steepest = max(float(np.abs(slope).max()) for slope in self.slopes)
        size = max(*map(abs, self.heights), budget * steepest) or 1.0  # so that the program is well scaled
        rows = np.zeros((len(self.slopes) + 1, self.layers + 1))
        rows[:-1, 0], rows[:-1, 1:] = 1.0, -np.stack(self.slopes) * (budget / size)
        rows[-1, 1:] = 1.0
        value, x = greatest(np.eye(self.layers + 1)[0], rows, np.append(np.array(self.heights) / size, 1.0))
        return value * size, x[1:] * budget


@dataclass(eq=False)
class Splitter:
    """Splits budgets over the layers whose cost is known, on the first draws.

    Parameters
    ----------
    question
        The solved question.
    """

    question: Question

    def __post_init__(self) -> None:
        self.parts = self.question.paid
        self.rows = slice(0, min(PORTFOLIO_DRAWS, self.question.run.reader.n))
        self.future = self.question.future(self.rows)
        self.base = self.future.solve().output @ self.future.stack.w
        self.usd = np.array([part.usd.mean() for part in self.parts if part.usd is not None])
        self.majorant = Majorant(self.future, {part.row: part.arrival[self.rows] for part in self.parts})
        self.touched = self.question.touched(self.future, self.rows, self.parts)

    def _oracle(self, spend: Array) -> tuple[float, Array]:
        sizes = {part.row: float(size) for part, size in zip(self.parts, self.sizes(spend), strict=True)}
        value, slope = self.majorant.at(sizes)
        return float((value - self.base).mean()), slope.mean(axis=0) * BILLION / self.usd

    def sizes(self, spend: Array) -> Array:
        """Return capacities [h100e/quarter] from spends [bn usd], axis (layer)."""
        return np.asarray(spend * BILLION / self.usd)

    def alone(self, place: int, spend: float) -> float:
        """Return the mean gain of a spend [bn usd] on one layer alone, on the first draws [h100e]."""
        draws, part = self.touched[place], self.parts[place]
        if not draws.size or spend <= 0:
            return 0.0
        size = spend * BILLION / float(self.usd[place])
        output = self.future.take(draws).solve(self.question.added(part, draws, size)).output
        return float((output @ self.future.stack.w - self.base[draws]).sum() / len(self.base))

    def gains(self, spends: Sequence[Array]) -> list[Array]:
        """Return the gain of each of some spends together in every draw [h100e], axis (draw)."""
        found = [np.empty(self.question.run.reader.n) for _ in spends]
        for rows in chunks(self.question.run.reader.n):
            future = self.question.future(rows)
            base = future.solve().output
            for spend, gains in zip(spends, found, strict=True):
                added: dict[int, Addition] = {}
                for part, size in zip(self.parts, self.sizes(spend), strict=True):
                    if size > 0:
                        added |= self.question.added(part, rows, float(size))
                gains[rows] = (future.solve(added).output - base) @ future.stack.w
        return found

    def split(self, budgets_usd: Sequence[float]) -> list[tuple[Portfolio, Array]]:
        """Return the best split of each budget, and its gain in every draw."""
        found = [Search(self._oracle, len(self.parts)).best(usd / BILLION) for usd in budgets_usd]
        spends = [np.where(part.spend > part.spend.sum() * DUST, part.spend, 0.0) for part in found]
        return [
            (self._portfolio(usd, spend, gains, part.bound), gains)
            for usd, spend, gains, part in zip(budgets_usd, spends, self.gains(spends), found, strict=True)
        ]

    def _portfolio(self, budget_usd: float, spend: Array, gains: Array, bound: float) -> Portfolio:
        singles = [self.alone(place, budget_usd / BILLION) for place in range(len(self.parts))]
        best = int(np.argmax(singles))
        return Portfolio(
            budget_usd=budget_usd,
            spend_usd={
                self.parts[i].id: float(spend[i] * BILLION)
                for i in np.argsort(-spend, kind="stable")
                if spend[i] > 0
            },
            gain=spread(gains, "h100e"),
            sample=float(gains[self.rows].mean()),
            bound=bound,
            alone=sum(self.alone(place, float(each)) for place, each in enumerate(spend)),
            single=singles[best],
            single_layer=self.parts[best].id,
        )


def spread(values: Array, unit: str) -> Spread:
    """Return the mean and quantiles of a number over draws, axis (draw)."""
    p05, p50, p95 = (float(q) for q in quantiles(values, SPREAD))
    return Spread(unit, float(values.mean()), p05, p50, p95, float(values.std() / np.sqrt(len(values))))
