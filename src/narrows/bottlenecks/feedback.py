"""Revenue funds capital, capital orders compute, compute earns revenue: the one loop of the map, stepped.

Only the capacity of the layer ``capital`` changes. Revenue reaches it some quarters later, so the answer
of a quarter needs only what was deployed before: passing forward over the kernel is exact.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.bottlenecks import plain
from narrows.bottlenecks.answer import (
    BAND,
    DEFAULT_DRAWS,
    DEFAULT_SEED,
    MODEL_VERSION,
    Run,
)
from narrows.bottlenecks.answer import run as solve_run
from narrows.bottlenecks.model import draws_last
from narrows.bottlenecks.network import Stack
from narrows.bottlenecks.solution import CHUNK, chunks, join
from narrows.bottlenecks.supply import QUARTER_S, factor
from narrows.bottlenecks.told import Told
from narrows.draws import quantiles
from narrows.errors import DataError, UnknownNameError, UsageError
from narrows.figure import Shown
from narrows.quarters import Quarter, span

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from narrows.bottlenecks.solution import Solution
    from narrows.bottlenecks.told import Asked
    from narrows.catalog import Catalog

    Array = NDArray[np.float64]

__all__ = ["FALL", "VARIANTS", "Band", "Loop", "LoopResult", "loop", "tell"]

CAPITAL = "capital"
REVENUE = "ai_infrastructure.revenue"
SHARE, DECLINE, LAG = "feedback.reinvested_share", "feedback.revenue_decline", "feedback.lag"
PRICE = "value.usd_per_h100e"
FALL = 0.30
"""Fall a year of the revenue per H100e in the variant ``falls`` [share]."""
VARIANTS = ("open", "closed", "falls", "stops")
"""Without the loop, with it, with revenue per H100e falling by `FALL` a year, and with no reinvestment."""
QUARTERS_A_YEAR = 4


@dataclass(frozen=True, slots=True)
class Band:
    """One printed number over draws.

    Parameters
    ----------
    value
        Mean over draws [unit].
    p05, p50, p95
        Quantiles over draws [unit].
    unit
        Its unit.
    """

    value: float
    p05: float
    p50: float
    p95: float
    unit: str


@dataclass(frozen=True)
class LoopResult(Shown):
    """The loop, quarter by quarter.

    Parameters
    ----------
    quarters
        Labels of the quarters shown.
    since
        Label of the quarter in which revenue is stated; the loop acts after it.
    lag
        Quarters from revenue to capital.
    numbers
        Every number by its id: ``loop.revenue.Q``, ``loop.capital.VARIANT.Q``,
        ``loop.deployed.VARIANT.Q``, ``loop.binds.VARIANT.Q``, ``loop.funded.Q``, ``loop.sustained.Q``,
        ``loop.growth.Q``, with Q a quarter shown and VARIANT one of `VARIANTS`.
    meta
        draws, seed, vintage, model version, passes.
    """

    quarters: tuple[str, ...]
    since: str
    lag: int
    numbers: dict[str, Band]
    meta: dict[str, Any] = field(default_factory=dict)

    def number(self, *parts: str) -> Band:
        """Return a number by the parts of its id after ``loop``."""
        return self.numbers[".".join(("loop", *parts))]


def loop(
    quarters: str | None = None,
    *,
    draws: int = DEFAULT_DRAWS,
    seed: int = DEFAULT_SEED,
    method: str = "random",
    as_of: str | None = None,
    scenario: str | Path | None = None,
    catalog: Catalog | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> LoopResult:
    """Close the loop of revenue, capital and compute, and say what it changes.

    Parameters
    ----------
    quarters
        Quarters to show; default as for `narrows.map`.
    draws, seed, method, as_of, scenario, catalog, progress
        As for `narrows.map`.

    Returns
    -------
    LoopResult
        Revenue, capital, compute deployed and the chance that capital binds, with and without the loop.

    Raises
    ------
    DataError
        If revenue, or the layer of capital, was not known.
    NarrowsError
        If a quarter, date, count or scenario cannot be understood.

    Examples
    --------
    >>> result = loop("2028Q1:2028Q2", draws=100)
    >>> result.number("deployed", "closed", "2028Q1").unit
    'h100e/quarter'
    """
    solved = Loop(
        solve_run(
            quarters,
            draws=draws,
            seed=seed,
            method=method,
            as_of=as_of,
            scenario=scenario,
            catalog=catalog,
            progress=progress,
        )
    )
    numbers = {}
    for name in solved.ids():
        values, unit, _ = solved.figure(name)
        numbers[name] = _band(values, unit)
    run = solved.run
    return LoopResult(
        quarters=run.quarters,
        since=str(solved.model.quarters[solved.since]),
        lag=solved.lag,
        numbers=numbers,
        meta={
            "draws": run.reader.n,
            "seed": run.reader.seed,
            "method": run.reader.method,
            "vintage": str(run.catalog.vintage),
            "catalog": run.catalog.hash,
            "as_of": run.catalog.asked.isoformat() if run.catalog.asked else None,
            "scenario": run.catalog.scenario,
            "model_version": MODEL_VERSION,
            "passes": solved.passes,
            "fall": FALL,
        },
    )


class Loop:
    """A solved map with its capital layer open to revenue.

    Parameters
    ----------
    run
        The map.

    Notes
    -----
    With N(t) what is installed, R0 the revenue stated for quarter t0 and d its decline a year,

        revenue(t) = R0 N(t) / N(t0) (1 - d)^((t - t0) / 4)
        capital(t) = plan(t) (1 - s revenue(t0 - lag) / plan(t0)) + s revenue(t - lag),  t > t0

    where plan(t) is the capital of the map and s the share reinvested: outside money keeps its part of
    the announced plans, and the part that AI revenue pays for follows revenue. With s = 0 it is the map.
    """

    def __init__(self, run: Run) -> None:
        self.run, self.model = run, run.model
        reader, catalog = run.reader, run.catalog
        if CAPITAL not in {layer.id for layer in self.model.layers} or CAPITAL in self.model.unknown:
            raise DataError(
                "Nothing was known of the layer 'capital'",
                "The loop changes the capacity of this layer",
                "Ask for a later day, or declare the layer",
            )
        self.row = self.model.row(CAPITAL)
        stated = catalog.series(REVENUE)
        if not stated:
            raise DataError(
                f"Nothing was known of {REVENUE!r}",
                "The loop begins with a revenue of today",
                "Ask for a later day, or type the fact",
            )
        newest = max(stated, key=lambda fact: fact.midpoint or 0.0)
        self.reads = (newest.id, SHARE, DECLINE, LAG, PRICE)
        self.revenue_usd = reader.draws(newest.id) * QUARTER_S
        year = newest.midpoint or 0.0
        self.since = int(np.argmin(np.abs(self.model.years - year)))
        if run.shown.start < self.since:
            begin = self.model.quarters[self.since]
            raise UsageError(
                f"The quarters begin in {run.quarters[0]}",
                f"The loop begins with the revenue stated for {begin}",
                f"Ask for quarters from {begin}, for instance --quarters {begin}:2030Q4",
            )
        self.share = np.asarray(reader.draws(SHARE))
        self.decline = np.asarray(reader.draws(DECLINE))
        self.lag = max(round(reader.point(LAG) / QUARTER_S), 1)
        self.passes = 0

    @cached_property
    def plan_usd(self) -> Array:
        """Capital of the map [USD/quarter], axes (draw, quarter)."""
        read_at = self.model.years - self.model.early[self.row] / QUARTERS_A_YEAR
        supply = self.model.layers[self.row - 1].supply(read_at)
        if supply is None:  # the layer is known, so this does not happen
            return np.zeros((self.run.reader.n, len(self.model.quarters)))
        return np.asarray(supply)

    def revenue(self, installed: Array, rows: NDArray[np.int64], variant: str) -> Array:
        """Return AI revenue [USD/quarter], axes (draw, quarter), from what is installed [h100e]."""
        base = installed[:, self.since : self.since + 1]
        years = (np.arange(installed.shape[1]) - self.since) / QUARTERS_A_YEAR
        decline = np.full_like(self.decline[rows], FALL) if variant == "falls" else self.decline[rows]
        earned = self.revenue_usd[rows, None] * installed / base
        # What was earned before the quarter stated is not what a variant asks about.
        decline = np.where(years[None, :] > 0, decline[:, None], self.decline[rows, None])
        found: Array = earned * (1.0 - decline) ** years
        return found

    def money(self, installed: Array, rows: NDArray[np.int64], variant: str) -> Array:
        """Return capital relative to the map's, axes (draw, quarter), from what is installed [h100e]."""
        if variant == "open":
            return np.ones_like(installed)
        since, lag, count = self.since, self.lag, installed.shape[1]
        plan = self.plan_usd[rows, :count]
        earned = self.share[rows, None] * self.revenue(installed, rows, variant)
        before = earned[:, max(since - lag, 0), None]
        own = before / plan[:, since, None]
        outside = np.maximum(1.0 - own, 0.0)
        relative = np.ones_like(installed)
        if variant == "stops":
            relative[:, since + 1 :] = outside
            return relative
        later = slice(since + 1, count)
        relative[:, later] = outside + earned[:, since + 1 - lag : count - lag] / plan[:, later]
        return relative

    def solved(self, variant: str) -> tuple[Array, Array]:
        """Return cumulative output [h100e] and capital relative to the map's, axes (draw, quarter)."""
        if variant == "open":
            return self.run.solution.output, np.ones_like(self.run.solution.output)
        output, relative, _ = self._all
        return output[variant], relative[variant]

    @cached_property
    def earned(self) -> Array:
        """AI revenue with the loop closed [USD/quarter], axes (draw, quarter)."""
        return self.revenue(self.solved("closed")[0], np.arange(self.run.reader.n), "closed")

    @cached_property
    def closed(self) -> Run:
        """The map with the loop closed, with its binders."""
        _, relative, solution = self._all

        def change(K: Array, rows: slice | NDArray[np.bool_]) -> None:
            K[:, self.row] *= relative["closed"][rows]

        return replace(self.run, model=self.model.changed(change), solution=solution)

    @cached_property
    def _all(self) -> tuple[dict[str, Array], dict[str, Array], Solution]:
        """Every variant solved: cumulative output, relative capital, and the closed loop with its binders."""
        shape = self.run.solution.output.shape
        output = {variant: np.empty(shape) for variant in VARIANTS[1:]}
        relative = {variant: np.empty(shape) for variant in VARIANTS[1:]}
        parts = []
        for rows in chunks(self.run.reader.n, CHUNK):
            stack = self.model.stack(rows)
            capital = stack.K[:, self.row].copy()
            for variant in reversed(VARIANTS[1:]):
                output[variant][rows] = self._stepped(stack, capital, rows, variant)
                relative[variant][rows] = self.money(
                    output[variant][rows], np.arange(*rows.indices(shape[0])), variant
                )
            stack.K[:, self.row] = capital * relative["closed"][rows]
            parts.append(plain.solve(self._part(stack, slice(None)), self.run.shown.start))
        return output, relative, join(parts)

    def _stepped(self, stack: Stack, capital: Array, rows: slice, variant: str) -> Array:
        """Solve some draws again and again until none changes; return cumulative output [h100e].

        A pass makes `lag` quarters more exact, so the passes end. A draw in which nothing changed is done.
        """
        output = self.run.solution.output[rows].copy()
        draws = np.arange(*rows.indices(self.run.reader.n))
        active, passes = np.arange(len(output)), 0
        while active.size:
            stack.K[active, self.row] = capital[active] * self.money(output[active], draws[active], variant)
            found = plain.forward(self._part(stack, active)).output
            changed = (found != output[active]).any(axis=1)
            output[active] = found
            active, passes = active[changed], passes + 1
        self.passes = max(self.passes, passes)
        return output

    def _part(self, stack: Stack, rows: slice | NDArray[np.int64]) -> Stack:
        """Return some draws of a stack, with caps that follow its capacities."""
        K = stack.K if isinstance(rows, slice) else draws_last(len(rows), *stack.K.shape[1:])
        if not isinstance(rows, slice):
            K[:] = stack.K[rows]
        return Stack(
            network=stack.network, K=K, A=stack.A[:1], B=self.model.caps_for(K), D=stack.D[:1], w=stack.w
        )

    def ids(self) -> list[str]:
        """Return the id of every number."""
        quarters = self.run.quarters
        found = [
            f"loop.{name}.{q}" for name in ("revenue", "funded", "sustained", "growth") for q in quarters
        ]
        found += [
            f"loop.{name}.{v}.{q}" for name in ("capital", "deployed") for v in VARIANTS for q in quarters
        ]
        return found + [f"loop.binds.{v}.{q}" for v in ("open", "closed") for q in quarters]

    def figure(self, name: str) -> tuple[Array, str, str]:
        """Return a number in every draw [unit], axis (draw), its unit and its formula."""
        _, quantity, *middle, quarter = name.split(".")
        column = self.run.quarters.index(quarter)
        at = self.run.shown.start + column
        if quantity == "binds":
            run = self.run if middle[0] == "open" else self.closed
            return run.binds(CAPITAL, column), "share", f"share of draws in which capital binds {quarter}"
        if quantity in {"deployed", "capital"}:
            return self._of_variant(quantity, middle[0], at, quarter)
        return self._of_revenue(quantity, at, quarter)

    def _of_variant(self, quantity: str, variant: str, at: int, quarter: str) -> tuple[Array, str, str]:
        output, relative = self.solved(variant)
        if quantity == "deployed":
            text = f"cumulative compute by {quarter} ({variant}) less that of the quarter before"
            return output[:, at] - output[:, at - 1], "h100e/quarter", text
        text = f"capital of the map in {quarter} x what the loop ({variant}) makes of it"
        return relative[:, at] * self.plan_usd[:, at] * QUARTERS_A_YEAR, "usd/year", text

    def _of_revenue(self, quantity: str, at: int, quarter: str) -> tuple[Array, str, str]:
        (output, relative), revenue = self.solved("closed"), self.earned
        if quantity == "revenue":
            text = f"revenue stated x installed in {quarter} / installed then x (1 - decline) ** years"
            return revenue[:, at] * QUARTERS_A_YEAR, "usd/year", text
        if quantity == "funded":
            part = self.share * revenue[:, at - self.lag] / (relative[:, at] * self.plan_usd[:, at])
            text = f"share reinvested x revenue {self.lag} quarters before / capital in {quarter}"
            return part, "ratio", text
        if quantity == "growth":
            text = f"installed by {quarter} / installed a year before - 1"
            return output[:, at] / output[:, at - QUARTERS_A_YEAR] - 1.0, "ratio", text
        price = factor(self.run.reader, PRICE, self.model.years[at : at + 1])[:, 0]
        price = price * (self.model.worth[at] / self.model.worth[self._priced(at)])
        earned = revenue[:, at] * QUARTERS_A_YEAR / output[:, at]
        text = (
            f"share reinvested x revenue a year of one H100e in {quarter} / its all-in price: the growth "
            "a year of installed compute that AI revenue alone would pay for"
        )
        return self.share * earned / price, "ratio", text

    def _priced(self, at: int) -> int:
        """Return the last quarter up to one for which a price per H100e is stated."""
        last = max(fact.midpoint or 0.0 for fact in self.run.catalog.series(PRICE))
        return min(at, int(np.searchsorted(self.model.years, last)))


def tell(id: str, asked: Asked) -> Told:  # noqa: A002 (the word of the trade)
    """Return a figure of the loop in every draw.

    Parameters
    ----------
    id
        Such as ``loop.revenue.2028Q1`` or ``loop.deployed.closed.2028Q1``.
    asked
        The question that it belongs to.

    Raises
    ------
    UnknownNameError
        If the loop has no such figure.
    """
    quarter = id.rsplit(".", 1)[-1]
    try:
        span(quarter)
    except UsageError:
        quarter = str(Quarter.parse("2030Q4"))
    solved = Loop(asked.run(quarter))
    if id not in solved.ids():
        remedy = "Write loop.<quantity>.<quarter> or loop.<quantity>.<variant>.<quarter>"
        raise UnknownNameError("figure", id, solved.ids(), remedy=remedy)
    values, unit, formula = solved.figure(id)
    return Told(run=solved.run, values=values, unit=unit, formula=formula)


def _band(values: Array, unit: str) -> Band:
    value = float(values.mean())
    if unit == "share":
        return Band(value, value, value, value, unit)
    p05, p50, p95 = (float(q) for q in quantiles(values, BAND))
    return Band(value, p05, p50, p95, unit)
