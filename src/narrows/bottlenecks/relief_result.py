"""What the relief answers: plain data that a report can show and a program can read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from narrows.figure import Shown
from narrows.quarters import Quarter

__all__ = [
    "LAYER_FIGURES",
    "PORTFOLIO_FIGURES",
    "Portfolio",
    "ReliefResult",
    "ReliefRow",
    "Spread",
    "billions",
    "dotless",
]

BILLION = 1e9
LAYER_FIGURES = {
    "gain": "h100e",
    "ceiling": "h100e",
    "first": "h100e per h100e/quarter",
    "effect": "share",
    "earliest": "quarter",
    "wait": "quarter",
    "cost": "usd",
    "per_million": "h100e/Musd",
    "usd_per_usd": "usd/usd",
    "half": "ratio",
    "reach": "ratio",
    "next": "share",
}
"""What is told of each layer, with its unit."""
PORTFOLIO_FIGURES = {
    "gain": "h100e",
    "bound": "h100e",
    "sample": "h100e",
    "alone": "h100e",
    "single": "h100e",
    "spend": "usd",
}
"""What is told of each budget, with its unit; the spend is told by layer."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A number over draws.

    Parameters
    ----------
    unit
        Unit of every value.
    mean
        Mean over draws.
    p05, p50, p95
        Quantiles over draws.
    error
        Standard error of the mean, from the number of draws.
    """

    unit: str
    mean: float
    p05: float
    p50: float
    p95: float
    error: float


@dataclass(frozen=True, slots=True)
class ReliefRow:
    """What an addition to one layer brings.

    Parameters
    ----------
    id, name, unit
        The layer.
    added_h100e
        Capacity added [h100e/quarter].
    added_units
        The same in what the layer makes [unit/quarter], mean over draws, when it arrives.
    earliest
        First quarter in which the mean gain is above a thousandth of what is deployed; empty where none is.
    wait
        Quarters from the decision to the first effect, 10, 50 and 90 % of draws; one more than the quarters
        to the horizon stands for none.
    effect
        Share of draws with any effect.
    gain
        Compute gained to the horizon [h100e of the quarter of the decision].
    ceiling
        The same where the layer has no limit from the arrival on.
    first
        Gain of the first unit, mean [h100e per h100e/quarter].
    half
        Addition at which half of the ceiling is reached, as a share of capacity; None beyond the curve.
    reach
        Addition at which one more unit brings half of what the first brings: the next layer binds.
    next, next_rise
        The layer whose share of binding rises most where this one has no limit, and by how much.
    cost
        Cost of the addition [usd]; None where it was not known.
    cost_kind
        Kind of the fact behind the cost, such as ``assumption``; empty where it was not known.
    per_million
        Gain per million USD: ratio of means, and quantiles over draws [h100e/Musd].
    usd_per_usd
        The gain at the price of an H100e, per USD spent.
    curve
        Mean gains along `LADDER` [h100e], on the first draws.
    """

    id: str
    name: str
    unit: str
    added_h100e: float
    added_units: float
    earliest: str
    wait: tuple[float, float, float]
    effect: float
    gain: Spread
    ceiling: Spread
    first: float
    half: float | None
    reach: float | None
    next: str
    next_rise: float
    cost: Spread | None
    cost_kind: str
    per_million: Spread | None
    usd_per_usd: Spread | None
    curve: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Portfolio:
    """The best split of a budget over the layers whose cost is known.

    Parameters
    ----------
    budget_usd
        The budget [usd].
    spend_usd
        Money for each layer [usd], the largest first; layers without any are left out.
    gain
        Compute gained by all of it together, over all draws [h100e].
    sample
        The same on the draws on which the budget was split, mean [h100e].
    bound
        No split of the budget gains more on these draws [h100e].
    alone
        Sum of the gains of the same spends, each alone, on these draws [h100e].
    single, single_layer
        Gain of the whole budget in the one layer where it gains most, on these draws [h100e].
    """

    budget_usd: float
    spend_usd: dict[str, float]
    gain: Spread
    sample: float
    bound: float
    alone: float
    single: float
    single_layer: str

    @property
    def gap(self) -> float:
        """How far the bound lies above the gain, as a share of the gain."""
        return self.bound / self.sample - 1.0 if self.sample > 0 else 0.0


@dataclass(frozen=True, slots=True)
class ReliefResult(Shown):
    """What resolves it: the answer of `relax`.

    Parameters
    ----------
    quarter, horizon
        Quarter of the decision, and the last quarter that counts.
    share
        Capacity added to each layer in turn, as a share of its own.
    value
        Compute deployed from the decision to the horizon with nothing added [h100e of that quarter].
    rows
        One for each layer, the one with the highest gain per dollar first, those of unknown cost last.
    portfolios
        One for each budget; empty where the linear program is not installed or no cost was known.
    left_out
        Layers that cannot be added to, and why.
    suffix, budget_suffix
        What the ids of the figures end with, so that they name the question.
    draws_portfolio, draws_curve
        Draws behind the portfolios, and behind `half`, `reach` and `first`.
    meta
        As in `narrows.bottlenecks.MapResult`.
    """

    quarter: str
    horizon: str
    share: float
    value: Spread
    rows: tuple[ReliefRow, ...]
    portfolios: tuple[Portfolio, ...]
    left_out: dict[str, str]
    suffix: str
    budget_suffix: str
    draws_portfolio: int
    draws_curve: int
    meta: dict[str, Any] = field(default_factory=dict)

    def figures(self) -> dict[str, float]:
        """Return every number by the id under which `narrows.why` tells it."""
        found = {f"relax.value{self.budget_suffix}": self.value.mean}
        for row in self.rows:
            for name in LAYER_FIGURES:
                value = _printed(row, name, self.quarter)
                if value is not None:
                    found[f"relax.{name}.{row.id}{self.suffix}"] = value
        for part in self.portfolios:
            end = f".{billions(part.budget_usd)}{self.budget_suffix}"
            for name in PORTFOLIO_FIGURES:
                if name != "spend":
                    value = getattr(part, name)
                    found[f"relax.portfolio.{name}{end}"] = value.mean if name == "gain" else value
            found |= {f"relax.portfolio.spend.{name}{end}": usd for name, usd in part.spend_usd.items()}
        return found


def _printed(row: ReliefRow, name: str, quarter: str) -> float | None:
    """Return the number that a row shows for a figure; None where it has none."""
    if name == "earliest":
        return float(Quarter.parse(row.earliest) - Quarter.parse(quarter)) if row.earliest else None
    if name == "wait":
        return None  # shown as quantiles; told with its mean
    value = row.next_rise if name == "next" else getattr(row, name)
    return value.mean if isinstance(value, Spread) else value


def dotless(value: float) -> str:
    """Return a number as it stands in an id.

    Examples
    --------
    >>> dotless(12.5), dotless(5.0)
    ('12_5', '5')
    """
    return f"{round(value, 6):.12g}".replace(".", "_")


def billions(usd: float) -> str:
    """Return an amount of money as it stands in an id.

    Examples
    --------
    >>> billions(5e9)
    '5bn'
    """
    return f"{dotless(usd / BILLION)}bn"
