"""What resolves it: how much compute more capacity of each layer brings, when, at what cost, and together."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.bottlenecks.addition import Addition, Future, Majorant, arrivals, cost_known, unit_cost
from narrows.bottlenecks.answer import DEFAULT_DRAWS, DEFAULT_SEED, _meta, asked_of, run
from narrows.bottlenecks.model import FIRST, LAST
from narrows.bottlenecks.plain import Forward
from narrows.bottlenecks.portfolio import Search
from narrows.bottlenecks.solution import chunks
from narrows.bottlenecks.supply import factor
from narrows.bottlenecks.told import Asked, Told
from narrows.draws import quantiles
from narrows.errors import DataError, UnknownNameError, UsageError
from narrows.quarters import Quarter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from narrows.bottlenecks.answer import Run
    from narrows.catalog import Catalog

    Array = NDArray[np.float64]
    Whole = NDArray[np.int64]
    Progress = Callable[[int, int], None]

__all__ = ["Portfolio", "ReliefResult", "ReliefRow", "Spread", "relax", "tell"]

SHARE = 0.1
"""Capacity added where nothing else is asked for, as a share of the layer's own."""
MOST_SHARE = 10.0
EFFECT = 0.001
"""A gain counts as an effect from this share of the compute deployed in the quarter on."""
LADDER = (0.01, 0.03, 0.07, 0.15, 0.3, 0.6, 1.2, 2.4, 4.8)
"""Additions at which the curve of the gain is evaluated, as shares of the layer's capacity."""
LADDER_DRAWS = 512
"""Draws, the first ones, on which the curve is evaluated."""
PORTFOLIO_DRAWS = 1024
"""Draws, the first ones, on which a budget is split."""
BUDGETS_USD = (1e9, 5e9, 20e9, 80e9)
"""Budgets that are split where none is asked for."""
SPREAD = (0.05, 0.5, 0.95)
WAITS = (0.1, 0.5, 0.9)
MILLION, BILLION = 1e6, 1e9
GAIN = (
    "V with the addition less V without; V = sum over quarters of v(t) / v(decision) x compute deployed in t"
)
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
_ENDINGS = {
    "share": re.compile(r"(\d+(?:_\d+)?)pct"),
    "quarter": re.compile(r"(\d{4}Q[1-4])"),
    "budget": re.compile(r"(\d+(?:_\d+)?)bn"),
}


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
    """

    unit: str
    mean: float
    p05: float
    p50: float
    p95: float


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
        Quarters from the decision to the first effect, 10, 50 and 90 % of draws; one more than the quarters to
        the horizon stands for none.
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
class ReliefResult:
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
            end = f".{_billions(part.budget_usd)}{self.budget_suffix}"
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


def relax(
    quarter: str | None = None,
    *,
    share: float = SHARE,
    budget_usd: float | None = None,
    draws: int = DEFAULT_DRAWS,
    seed: int = DEFAULT_SEED,
    method: str = "random",
    as_of: str | None = None,
    scenario: str | Path | None = None,
    catalog: Catalog | None = None,
    progress: Progress | None = None,
) -> ReliefResult:
    """Find what resolves the constraint: what more capacity of each layer brings, when, and at what cost.

    Parameters
    ----------
    quarter
        Quarter of the decision, such as ``2026Q4``; the quarter of today, or of ``as_of``, if left out.
    share
        Capacity added to each layer in turn, as a share of its own, above 0 to 10.
    budget_usd
        Budget to split over all layers [usd]; some round ones if left out.
    draws, seed, method, as_of, scenario, catalog, progress
        As for `narrows.map`.

    Returns
    -------
    ReliefResult
        One row for each layer, and the best split of each budget.

    Raises
    ------
    UsageError
        If the quarter, the share or the budget is out of range.
    DataError
        If a budget is asked for and HiGHS is not installed, or no cost was known.

    Notes
    -----
    The addition to a layer is a constant e [h100e/quarter]: `share` of the mean over draws of the layer's capacity
    in the first quarter in which it can arrive. It arrives after the layer's lead time, drawn anew in every draw
    and rounded up to whole quarters, and stays. Its gain is V(K + e) - V,

        V = sum over t from the decision to 2030Q4 of v(t) / v(decision) x compute deployed in t,

    in H100e of the quarter of the decision. Caps on stock and transit follow the changed flow (convention §12).
    Added units go wholly to AI. Money is not discounted.

    A portfolio adds x_i >= 0 to all layers at once, with sum of mean cost x_i <= budget, to make the mean gain
    greatest. V is concave in capacities and caps, but caps follow the highest flow so far, which is not concave in
    x. The search therefore runs on a concave function that is nowhere below V
    (`narrows.bottlenecks.addition.Majorant`), by cutting planes. Its bound holds for the real V as well; the gain
    that is shown is that of the real V. What lies between them is the tolerance of the search and the room of the
    caps.

    Examples
    --------
    >>> result = relax("2026Q4", draws=200)
    >>> result.horizon, len(result.rows) >= 14
    ('2030Q4', True)
    >>> all(row.ceiling.mean >= row.gain.mean >= 0 for row in result.rows)
    True
    """
    _check_share(share)
    budgets = BUDGETS_USD if budget_usd is None else (_checked_budget(budget_usd),)
    asked = Asked(draws, seed, method, as_of, scenario, catalog)
    question = _Question.of(asked, quarter, share, progress)
    rows = tuple(_row(question, part, swept) for part, swept in question.swept.items())
    rows = tuple(sorted(rows, key=lambda row: -row.per_million.mean if row.per_million else math.inf))
    return ReliefResult(
        quarter=str(question.quarter),
        horizon=str(LAST),
        share=share,
        value=_spread(question.value, "h100e"),
        rows=rows,
        portfolios=_portfolios(question, budgets, asked_for=budget_usd is not None),
        left_out=question.left_out,
        suffix=question.ending(share),
        budget_suffix=question.ending(SHARE),
        draws_portfolio=min(PORTFOLIO_DRAWS, draws),
        draws_curve=min(LADDER_DRAWS, draws),
        meta=_meta(question.run),
    )


def tell(id: str, asked: Asked) -> Told:  # noqa: A002 (the word of the trade)
    """Return a figure of the relief in every draw.

    Parameters
    ----------
    id
        Such as ``relax.gain.cowos``, ``relax.gain.cowos.2027Q1.25pct`` or ``relax.portfolio.gain.5bn``.
    asked
        The question that it belongs to.

    Raises
    ------
    UnknownNameError
        If there is no such figure.
    """
    parts = id.split(".")[1:]
    ends: dict[str, str] = {}
    for name, pattern in _ENDINGS.items():
        found = pattern.fullmatch(parts[-1]) if parts else None
        if found:
            ends[name] = found[1].replace("_", ".")
            parts.pop()
    share = float(ends["share"]) / 100.0 if "share" in ends else SHARE
    _check_share(share)
    question = _Question.of(asked, ends.get("quarter"), share, None)
    if parts == ["value"]:
        text = (
            "sum over quarters from the decision to the horizon of v(t) / v(decision) x compute deployed in t"
        )
        return Told(question.run, question.value, "h100e", text)
    if parts[:1] == ["portfolio"] and "budget" in ends:
        budget = _checked_budget(float(ends["budget"]) * BILLION)
        names = [part.id for part in question.paid]
        if parts[1:] in [[name] for name in PORTFOLIO_FIGURES if name != "spend"] or (
            parts[1:2] == ["spend"] and len(parts) == 3 and parts[2] in names  # noqa: PLR2004 (portfolio.spend.layer)
        ):
            return _tell_portfolio(question, budget, parts[1:])
    elif len(parts) == 2 and parts[0] in LAYER_FIGURES and "budget" not in ends:  # noqa: PLR2004 (quantity.layer)
        part = next((part for part in question.parts if part.id == parts[1]), None)
        if part is not None and (part.usd is not None or parts[0] not in _COSTED):
            return _tell_layer(question, part, parts[0])
    raise UnknownNameError(
        "figure",
        id,
        _ids(question),
        remedy="Write relax.<quantity>.<layer> or relax.portfolio.<quantity>.<budget>bn, then the quarter of the "
        "decision and the addition if they are not the usual ones, such as relax.gain.cowos.2027Q1.25pct",
    )


_COSTED = ("cost", "per_million", "usd_per_usd")


def _ids(question: _Question) -> list[str]:
    ids = [
        f"relax.{name}.{part.id}{question.ending(question.share)}"
        for name in LAYER_FIGURES
        for part in question.parts
    ]
    budgets = [_billions(usd) for usd in BUDGETS_USD]
    ids += [
        f"relax.portfolio.{name}.{usd}" for name in PORTFOLIO_FIGURES if name != "spend" for usd in budgets
    ]
    return [*ids, "relax.value"]


def _check_share(share: float) -> None:
    if not 0 < share <= MOST_SHARE:
        raise UsageError(
            f"The addition is {share:g} of the layer's capacity",
            f"An addition is a share above 0, and {MOST_SHARE:g} at most",
            f"Write, for instance, --add {SHARE:g}",
        )


def _checked_budget(usd: float) -> float:
    if not (usd > 0 and math.isfinite(usd)):
        raise UsageError(
            f"The budget is {usd:g} USD",
            "A budget is a finite number of USD above 0",
            f"Write, for instance, --budget {BUDGETS_USD[1]:.0f}",
        )
    return usd


def _decision(text: str | None, catalog: Catalog) -> Quarter:
    """Return the quarter of the decision; that of the day of the question where none is named."""
    usual = max(Quarter.of(catalog.asked or datetime.now(tz=UTC).date()), FIRST)
    quarter = usual if text is None else Quarter.parse(text)
    if not FIRST <= quarter <= LAST:
        raise UsageError(
            f"The decision is taken in {quarter}",
            f"The model begins in {FIRST}, and the last quarter that counts is {LAST}",
            f"Ask for a decision from {FIRST} to {LAST}, for instance --quarters {min(usual, LAST)}",
        )
    return quarter


@dataclass(frozen=True, eq=False)
class _Part:
    """A layer that can grow: row, size [h100e/quarter], arrival and cost of one h100e/quarter, axis (draw)."""

    id: str
    row: int
    size: float
    units: float
    arrival: Whole
    usd: Array | None


@dataclass(frozen=True, eq=False)
class _Swept:
    """What one addition does, in every draw."""

    gain: Array
    ceiling: Array
    wait: Array
    by_quarter: Array
    rise: Array
    curve: Array


@dataclass(frozen=True, eq=False)
class _Question:
    """One solved question: the run, the decision, and the layers that can grow."""

    run: Run
    quarter: Quarter
    usual: Quarter
    share: float
    parts: tuple[_Part, ...]
    left_out: dict[str, str]
    progress: Progress | None

    @classmethod
    def of(cls, asked: Asked, quarter: str | None, share: float, progress: Progress | None) -> _Question:
        catalog = asked_of(asked.catalog, asked.as_of, asked.scenario)
        decided = _decision(quarter, catalog)
        solved = run(
            f"{decided}:{LAST}", draws=asked.draws, seed=asked.seed, method=asked.method, catalog=catalog
        )
        usual = max(Quarter.of(catalog.asked or datetime.now(tz=UTC).date()), FIRST)
        parts, left_out = _parts(solved, share)
        return cls(solved, decided, usual, share, parts, left_out, progress)

    @property
    def start(self) -> int:
        """The quarter of the decision, counted from the first of the model."""
        return self.run.shown.start

    @property
    def last(self) -> int:
        """The horizon, counted from the first quarter of the model."""
        return self.run.shown.stop - 1

    @property
    def paid(self) -> list[_Part]:
        """The layers whose cost is known."""
        return [part for part in self.parts if part.usd is not None]

    def ending(self, share: float) -> str:
        """Return what an id ends with: the decision and the share where they are not the usual ones."""
        decided = f".{self.quarter}" if self.quarter != self.usual else ""
        return decided + (f".{_dotless(100 * share)}pct" if share != SHARE else "")

    def future(self, rows: slice) -> Future:
        """Return the future of some draws."""
        return Future.of(self.run.model, rows, self.start, self.last)

    def added(self, part: _Part, rows: slice | Whole, size: float) -> dict[int, Addition]:
        """Return a capacity added to a layer in some draws."""
        return {part.row: Addition(size, part.arrival[rows])}

    @cached_property
    def weight(self) -> Array:
        """Value of the compute deployed in a quarter against that of the decision, axis (quarter shown)."""
        worth = self.run.model.worth[self.run.shown]
        return np.asarray(worth / worth[0])

    @cached_property
    def value(self) -> Array:
        """Compute deployed from the decision to the horizon [h100e of that quarter], axis (draw)."""
        return np.asarray(self.run.deployed @ self.weight)

    @cached_property
    def usd_per_h100e(self) -> Array:
        """Price of one H100e in the quarter of the decision [usd/h100e], axis (draw)."""
        years = self.run.model.years[self.start : self.start + 1]
        return np.broadcast_to(factor(self.run.reader, "value.usd_per_h100e", years)[:, 0], self.run.reader.n)

    @cached_property
    def swept(self) -> dict[_Part, _Swept]:
        """What every addition does."""
        return self.sweep(self.parts)

    def sweep(self, parts: Sequence[_Part]) -> dict[_Part, _Swept]:
        """Return what some additions do, each alone."""
        n, shown = self.run.reader.n, self.last - self.start + 1
        found = {
            part: _Swept(
                *np.zeros((2, n)),
                np.full(n, float(shown)),
                np.zeros(shown),
                np.zeros(len(self.run.model.layers) + 3),
                np.zeros(len(LADDER) + 1),
            )
            for part in parts
        }
        floor = EFFECT * self.run.deployed.mean(axis=0)
        for rows in chunks(n):
            future = self.future(rows)
            base = future.solve()
            for (part, swept), draws in zip(found.items(), self.touched(future, rows, parts), strict=True):
                if draws.size:
                    some = Forward(*(each[draws] for each in base))
                    self._one(future.take(draws), rows.start + draws, some, part, swept, floor)
            if self.progress:
                self.progress(rows.stop, n)
        self._curves(found)
        return found

    def touched(self, future: Future, rows: slice, parts: Sequence[_Part]) -> list[Whole]:
        """Return for each layer the draws of a future, by index, in which more of it can move anything."""
        flags = Majorant(future, {part.row: part.arrival[rows] for part in parts}).touched()
        return [np.flatnonzero(column) for column in flags.T]

    def _one(
        self, future: Future, draws: Whole, base: Forward, part: _Part, swept: _Swept, floor: Array
    ) -> None:
        """Fill in what one addition does in some draws."""
        output = future.solve(self.added(part, draws, part.size)).output - base.output
        flows = np.diff(output, axis=1, prepend=0.0)
        swept.gain[draws] = flows @ self.weight
        swept.by_quarter[:] += flows.sum(axis=0) / self.run.reader.n
        seen = flows > floor
        swept.wait[draws] = np.where(seen.any(axis=1), seen.argmax(axis=1), swept.wait[draws])
        most = future.solve(self.added(part, draws, np.inf))
        swept.ceiling[draws] = np.diff(most.output - base.output, axis=1, prepend=0.0) @ self.weight
        arrived = np.arange(self.start, self.last + 1) >= part.arrival[draws, None]
        count = len(swept.rise)
        for sign, codes in ((1.0, most.binder), (-1.0, base.binder)):
            swept.rise[:] += sign * np.bincount(codes[arrived] % count, minlength=count)

    def _curves(self, found: dict[_Part, _Swept]) -> None:
        """Fill in the mean gain along the ladder, and without limit last, on the first draws."""
        rows = slice(0, min(LADDER_DRAWS, self.run.reader.n))
        future = self.future(rows)
        base = future.solve().output @ future.stack.w
        for (part, swept), draws in zip(found.items(), self.touched(future, rows, list(found)), strict=True):
            if not draws.size:
                continue
            some = future.take(draws)
            for place, share in enumerate((*LADDER, np.inf)):
                output = some.solve(self.added(part, draws, part.size / self.share * share)).output
                swept.curve[place] = (output @ future.stack.w - base[draws]).sum() / len(base)


def _parts(solved: Run, share: float) -> tuple[tuple[_Part, ...], dict[str, str]]:
    """Return the layers that can grow, and why others cannot."""
    model, start, last = solved.model, solved.shown.start, solved.shown.stop - 1
    parts, left_out = [], {}
    for row, layer in enumerate(model.layers, start=1):
        if not (layer.declared.lead or layer.declared.cost):
            continue  # demand is what the rest is for
        arrival = arrivals(model, row, start)
        if arrival is None:
            left_out[layer.id] = "its lead time was not known"
            continue
        at = np.minimum(arrival, last) - start
        capacity = np.take_along_axis(solved.capacity[:, row], at[:, None], axis=1)[:, 0]
        known = np.isfinite(capacity)
        if not known.any():
            left_out[layer.id] = "its capacity was not known, and it has no limit"
            continue
        size = share * float(capacity[known].mean())
        need = model.need[:, :, row].mean(axis=0)
        years = (model.years + model.path_lag[row] / 4)[np.bincount(at).argmax() + start]
        units = size * float(np.interp(years, model.stated, need))
        usd = unit_cost(model, row, arrival, last) if cost_known(model, row) else None
        parts.append(_Part(layer.id, row, size, units, arrival, usd))
    return tuple(parts), left_out


def _row(question: _Question, part: _Part, swept: _Swept) -> ReliefRow:
    solved = question.run
    layer = solved.model.layers[part.row - 1]
    place, rise = _next(question, part, swept)
    half, reach = _half(swept.curve), _reach(swept.curve)
    early = _earliest(question, swept)
    wait = [float(q) for q in quantiles(swept.wait, WAITS)]
    ratios = (
        {name: _tell_layer(question, part, name, swept).values for name in _COSTED}
        if part.usd is not None
        else {}
    )
    spreads = {name: _spread(values, LAYER_FIGURES[name]) for name, values in ratios.items()}
    from narrows.units import to_canonical

    return ReliefRow(
        id=layer.id,
        name=layer.declared.name,
        unit=layer.unit,
        added_h100e=part.size,
        added_units=part.units / to_canonical(1.0, layer.unit),
        earliest="" if early is None else str(question.quarter + early),
        wait=(wait[0], wait[1], wait[2]),
        effect=float((swept.wait <= question.last - question.start).mean()),
        gain=_spread(swept.gain, "h100e"),
        ceiling=_spread(swept.ceiling, "h100e"),
        first=_first(question, part, swept),
        half=half,
        reach=reach,
        next=place,
        next_rise=rise,
        cost=spreads.get("cost"),
        per_million=spreads.get("per_million"),
        usd_per_usd=spreads.get("usd_per_usd"),
        curve=tuple(swept.curve[:-1].tolist()),
    )


def _spread(values: Array, unit: str) -> Spread:
    p05, p50, p95 = (float(q) for q in quantiles(values, SPREAD))
    return Spread(unit, float(values.mean()), p05, p50, p95)


def _earliest(question: _Question, swept: _Swept) -> int | None:
    """Return the quarters from the decision to the first in which the mean gain is an effect."""
    seen = swept.by_quarter > EFFECT * question.run.deployed.mean(axis=0)
    return int(seen.argmax()) if seen.any() else None


def _next(question: _Question, part: _Part, swept: _Swept) -> tuple[str, float]:
    """Return the layer that binds in place of one without limit, and the rise of its share."""
    layers = question.run.model.layers
    shown = np.arange(question.start, question.last + 1)
    total = max(int((shown >= part.arrival[:, None]).sum()), 1)
    rise = swept.rise[1 : len(layers) + 1] / total
    place = int(rise.argmax())
    return (layers[place].id, float(rise[place])) if rise[place] > 0 else ("", 0.0)


def _first(question: _Question, part: _Part, swept: _Swept) -> float:
    return float(swept.curve[0]) / (part.size / question.share * LADDER[0])


def _half(curve: Array) -> float | None:
    """Return the addition at which half of the ceiling is reached, as a share of capacity; None beyond."""
    gains, shares = np.append(0.0, curve[:-1]), np.append(0.0, LADDER)
    target = curve[-1] / 2
    if not 0 < target <= gains[-1]:
        return None
    return float(np.interp(target, np.maximum.accumulate(gains), shares))


def _reach(curve: Array) -> float | None:
    """Return the addition at which one more unit brings half of what the first brings; None beyond."""
    gains, shares = np.append(0.0, curve[:-1]), np.append(0.0, LADDER)
    slopes = np.diff(gains) / np.diff(shares)
    middles = (shares[1:] + shares[:-1]) / 2
    low = slopes <= slopes[0] / 2
    if slopes[0] <= 0 or not low.any():
        return None
    after = int(low.argmax())
    pair = slice(after, after - 2, -1) if after > 1 else slice(1, None, -1)
    return float(np.interp(slopes[0] / 2, slopes[pair], middles[pair]))


def _tell_layer(question: _Question, part: _Part, name: str, swept: _Swept | None = None) -> Told:
    """Return one figure of a layer in every draw."""
    if swept is None:
        swept = question.sweep([part])[part]
    n, unit = question.run.reader.n, LAYER_FIGURES[name]
    layer = question.run.model.layers[part.row - 1]
    lead = f"arriving after {layer.declared.lead}, to {LAST}"
    what = f"{100 * question.share:g} % more of {part.id}, decided in {question.quarter}, {lead}"
    cost = np.zeros(n) if part.usd is None else part.size * part.usd
    reads = None
    if name == "gain":
        values, text = swept.gain, f"{GAIN}; {what}"
    elif name == "ceiling":
        values, text = swept.ceiling, f"{GAIN}; {part.id} without limit, {lead}"
    elif name == "first":
        values, text = (
            np.full(n, _first(question, part, swept)),
            f"gain of the first {LADDER[0]:.0%} / its size, mean over the first {LADDER_DRAWS} draws",
        )
    elif name == "effect":
        values = (swept.wait <= question.last - question.start).astype(np.float64)
        text = f"share of draws in which {what}, lifts what is deployed by {EFFECT:.1%} in some quarter"
    elif name == "wait":
        values, text = (
            swept.wait,
            f"quarters from the decision to the first effect; {what}; no effect counts as one past {LAST}",
        )
    elif name == "earliest":
        early = _earliest(question, swept)
        values = np.full(n, math.nan if early is None else float(early))
        text = f"quarters from the decision to the first in which the mean gain is {EFFECT:.1%} of what is deployed; {what}"
    elif name == "cost":
        values, reads = cost, (*question.run.model.chains[part.id], layer.declared.cost, layer.declared.lead)
        text = f"{layer.declared.cost} x need per H100e x capacity added; {what}"
    elif name == "per_million":
        values = _ratio(swept.gain, cost) * MILLION
        text = f"mean gain / mean cost, spread over draws as gain / cost; {what}"
    elif name == "usd_per_usd":
        values = _ratio(swept.gain * question.usd_per_h100e, cost)
        text = f"mean of gain x value.usd_per_h100e / mean cost, spread over draws as their ratio; {what}"
    elif name == "half":
        values, text = (
            _constant(n, _half(swept.curve)),
            f"addition at which half of the ceiling of {part.id} is reached, / its capacity; mean over the first {LADDER_DRAWS} draws",
        )
    elif name == "reach":
        values, text = (
            _constant(n, _reach(swept.curve)),
            f"addition at which one more unit of {part.id} brings half of what the first brings, / its capacity; mean over the first {LADDER_DRAWS} draws",
        )
    else:
        place, rise = _next(question, part, swept)
        values, text = (
            np.full(n, rise),
            f"rise of the share of draws and quarters in which {place or 'none'} binds where {part.id} has no limit, {lead}",
        )
    return Told(question.run, np.asarray(values), unit, text, reads)


def _constant(n: int, value: float | None) -> Array:
    return np.full(n, math.nan if value is None else value)


def _ratio(gain: Array, cost: Array) -> Array:
    """Return the ratio in every draw, scaled so that its mean is the ratio of the means."""
    each = np.divide(gain, cost, out=np.zeros_like(gain), where=cost > 0)
    mean, paid = each.mean(), cost.mean()
    return np.asarray(each * (gain.mean() / paid / mean)) if mean > 0 and paid > 0 else each


def _dotless(value: float) -> str:
    return f"{round(value, 6):.12g}".replace(".", "_")


def _billions(usd: float) -> str:
    return f"{_dotless(usd / BILLION)}bn"


@dataclass(eq=False)
class _Splitter:
    """Splits budgets over the layers whose cost is known, on the first draws."""

    question: _Question

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
        spends = [np.where(part.spend > part.spend.sum() * _DUST, part.spend, 0.0) for part in found]
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
            gain=_spread(gains, "h100e"),
            sample=float(gains[self.rows].mean()),
            bound=bound,
            alone=sum(self.alone(place, float(each)) for place, each in enumerate(spend)),
            single=singles[best],
            single_layer=self.parts[best].id,
        )


_DUST = 1e-4
"""A spend below this share of the budget is left out."""


def _portfolios(question: _Question, budgets: Sequence[float], *, asked_for: bool) -> tuple[Portfolio, ...]:
    """Return the best split of each budget; none where that cannot be found and nobody asked for it."""
    if not question.paid:
        if not asked_for:
            return ()
        raise DataError(
            "A budget is to be split, and no cost of more capacity was known on the day asked for",
            "A split needs the cost of one layer or more",
            "Ask for a later day, or leave --budget out",
        )
    try:
        return tuple(part for part, _ in _Splitter(question).split(budgets))
    except DataError:
        if asked_for:
            raise
        return ()


def _tell_portfolio(question: _Question, budget: float, names: list[str]) -> Told:
    """Return one figure of a budget in every draw."""
    splitter = _Splitter(question)
    found, gains = splitter.split([budget])[0]
    n, name = question.run.reader.n, names[0]
    split = ", ".join(f"{layer} {usd / BILLION:.2f}" for layer, usd in found.spend_usd.items())
    draws = splitter.rows.stop
    text = {
        "gain": f"{GAIN}; bn USD: {split}",
        "sample": f"mean gain over the first {draws} draws; bn USD: {split}",
        "bound": f"greatest value under all cutting planes of a concave function nowhere below V, first {draws} draws",
        "alone": f"sum of the mean gains of the same spends, each alone, first {draws} draws; bn USD: {split}",
        "single": f"mean gain of the whole budget in {found.single_layer}, first {draws} draws",
        "spend": f"spend on {names[-1]} in the best split of {budget / BILLION:g} bn USD, first {draws} draws",
    }[name]
    if name == "gain":
        values = gains
    else:
        values = np.full(n, found.spend_usd.get(names[-1], 0.0) if name == "spend" else getattr(found, name))
    return Told(
        question.run, values, PORTFOLIO_FIGURES[name], text, method="shortest path and cutting planes"
    )
