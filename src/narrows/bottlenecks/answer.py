"""Day 9: which layer of the stack binds in each quarter, at what price, and how much is deployed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows import __version__
from narrows.bottlenecks.interval import Ties
from narrows.bottlenecks.model import FIRST, LAST, Model, Stacks, build, draws_last
from narrows.bottlenecks.result import Band, LayerRow, MapResult, PriceRow
from narrows.bottlenecks.solution import CHUNK, chunks, join
from narrows.bottlenecks.solution import STOCK as STOCK_CODE
from narrows.catalog import Reader, default, read_overlay
from narrows.draws import MOST_DRAWS, quantiles
from narrows.errors import UsageError
from narrows.facility.lead_law import LAWS
from narrows.quarters import Quarter, span
from narrows.spread import spread

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Executor
    from pathlib import Path

    from numpy.typing import NDArray

    from narrows.bottlenecks.interval import Shares, Stacked
    from narrows.bottlenecks.network import Stack
    from narrows.bottlenecks.solution import Solution
    from narrows.bottlenecks.supply import FactLayer
    from narrows.catalog import Catalog, Fact

    Array = NDArray[np.float64]
    Progress = Callable[[int, int], None]

__all__ = [
    "DEFAULT_DRAWS",
    "DEFAULT_SEED",
    "MODEL_VERSION",
    "STOCK",
    "Run",
    "layer",
    "layers",
    "map",
    "reduce_run",
    "run",
]

MODEL_VERSION = f"{__version__}+minplus.1"
DEFAULT_DRAWS = 10_000
DEFAULT_SEED = 1
AHEAD = 64
"""Blocks of draws handed out at a time: some megabytes each."""
COMPILED_FROM = 200_000
"""Draws from which the compiled kernel pays: below, the plain solver, equal bit for bit, is done sooner."""
STOCK = "stock"
"""Name of the state in which no layer binds because the quarter lives on opening stock."""
BAND = (0.05, 0.5, 0.95)
"""Quantiles of every band shown."""
WATTS_PER_MW = 1e6


@dataclass(frozen=True)
class Run:
    """One solved question: what was read, built and solved.

    Parameters
    ----------
    catalog
        Facts as asked for: a past date and a scenario are already in it.
    reader
        The reading, which remembers facts and draws.
    model
        The stack.
    solution
        Its solution over draws.
    capacity
        Capacity of every layer in the quarters asked for [h100e/quarter], axes (draw, layer, quarter).
    shown
        Columns of the quarters asked for.
    stack
        Arrays of the core: as solved, or such as makes them again for the draws asked for.
    """

    catalog: Catalog
    reader: Reader
    model: Model
    solution: Solution
    capacity: Array
    shown: slice
    stack: Stacked

    @property
    def quarters(self) -> tuple[str, ...]:
        """Labels of the quarters asked for."""
        return tuple(str(quarter) for quarter in self.model.quarters[self.shown])

    @cached_property
    def deployed(self) -> Array:
        """Compute installed in each quarter shown [h100e/quarter], axes (draw, quarter)."""
        return np.diff(self.solution.output, axis=1, prepend=0.0)[:, self.shown]

    @cached_property
    def deployed_w(self) -> Array:
        """IT power of the compute installed in each quarter shown [W/quarter], axes (draw, quarter)."""
        return self.deployed * self.model.it_watts(self.shown)

    @cached_property
    def installed(self) -> Array:
        """Compute installed since the first quarter of the model [h100e], axes (draw, quarter)."""
        return self.solution.output[:, self.shown]

    @cached_property
    def ties(self) -> Ties:
        """What the ties of the solution mean."""
        return Ties(self.stack, self.solution)

    @property
    def shares(self) -> Shares:
        """Shares of binding of every layer, ties shared equally over the co-binding set (§10)."""
        return self.ties.shares

    def row(self, name: str) -> int:
        """Return the row of a layer in the arrays of the core; that of `STOCK` is negative."""
        return STOCK_CODE if name == STOCK else self.model.row(name)

    def binds(self, name: str, column: int = 0) -> Array:
        """Return each draw's share of binding of a layer in one quarter shown, axis (draw).

        Notes
        -----
        1 where the layer holds the newest capacity arc on the quarter's shortest path; its part of
        the draw where layers tie. The mean is ``shares`` of that layer and quarter.
        """
        at = self.shown.start + column
        row = self.row(name)
        found = (self.solution.binder[:, at] == row).astype(np.float64)
        draws, together = self._tied(at)
        found[draws] = together[row] / together.sum(axis=0)
        return np.asarray(found)

    def _tied(self, at: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Return the draws in which a quarter is tied, and who may bind it, axes (layer + 2, tied draw)."""
        tied = self.solution.tied[self.ties.draws, at]
        return self.ties.draws[tied], self.ties.members[:, tied, at]

    def together(self, column: int = 0) -> Array:
        """Return 1 for each draw in which two layers or more bind a quarter shown, else 0, axis (draw)."""
        at = self.shown.start + column
        found = np.zeros(self.reader.n)
        draws, together = self._tied(at)
        found[draws] = together.sum(axis=0) > 1
        return found


def run(
    quarters: str | None = None,
    *,
    draws: int = DEFAULT_DRAWS,
    seed: int = DEFAULT_SEED,
    method: str = "random",
    as_of: str | None = None,
    scenario: str | Path | None = None,
    catalog: Catalog | None = None,
    progress: Progress | None = None,
    executor: Executor | None = None,
) -> Run:
    """Solve one question and keep everything that led to the answer; parameters are those of `map`."""
    _check_counts(draws, seed)
    catalog = asked_of(catalog, as_of, scenario)
    asked = (
        span(quarters)
        if quarters is not None
        else _default_quarters(catalog.asked or datetime.now(tz=UTC).date())
    )
    if asked[0] < FIRST:
        raise UsageError(
            f"The quarters {quarters!r} begin before the model",
            f"The model begins in {FIRST}",
            f"Ask for quarters from {FIRST}, for instance --quarters {FIRST}:{LAST}",
        )
    reader = Reader(catalog, seed, draws, method, LAWS)
    model = build(reader, max(asked[-1], LAST))
    shown = slice(asked[0] - FIRST, asked[-1] - FIRST + 1)
    solution, capacity = _solve(model, shown, progress, executor)
    return Run(catalog, reader, model, solution, capacity, shown, Stacks(model))


def asked_of(catalog: Catalog | None, as_of: str | None, scenario: str | Path | None) -> Catalog:
    """Return the facts that a question is about: those known on a day, with a scenario laid over them."""
    catalog = catalog or default()
    if as_of is not None:
        catalog = catalog.as_known_on(as_of)
    if scenario is not None:
        catalog = catalog.overlay(read_overlay(scenario))
    return catalog


def _solve(
    model: Model, shown: slice, progress: Progress | None, executor: Executor | None = None
) -> tuple[Solution, Array]:
    """Solve block by block, so that memory does not grow with the draws; keep the capacities shown."""
    draws = model.reader.n
    if draws >= COMPILED_FROM:
        from narrows.bottlenecks.kernel import solve

        size = 4 * CHUNK  # several chunks, so that every core has one
    else:
        from narrows.bottlenecks.plain import solve

        size = CHUNK
    parts = []
    capacity = draws_last(draws, len(model.layers) + 1, shown.stop - shown.start)
    blocks = list(chunks(draws, size))

    def stack_of(rows: slice) -> Stack:
        stack = model.stack(rows)
        capacity[rows] = stack.K[:, :, shown]
        return stack

    stacks = (stack_of(rows) for rows in blocks)
    for rows, part in zip(blocks, spread(executor, solve, stacks, shown.start, ahead=AHEAD), strict=True):
        parts.append(part)
        if progress:
            progress(rows.stop, draws)
    return join(parts), capacity


def map(  # noqa: A001 (the product's own verb; narrows.map reads as it is meant)
    quarters: str | None = None,
    *,
    draws: int = DEFAULT_DRAWS,
    seed: int = DEFAULT_SEED,
    method: str = "random",
    as_of: str | None = None,
    scenario: str | Path | None = None,
    catalog: Catalog | None = None,
    progress: Progress | None = None,
    executor: Executor | None = None,
) -> MapResult:
    """Find which layer binds in each quarter, with what probability, at what price, and what is deployed.

    Parameters
    ----------
    quarters
        Quarters to show, such as ``2026Q4:2030Q4``; default: from the quarter of the vintage to 2030Q4.
        The model always runs from 2022Q1, so the window moves no figure.
    draws
        Number of draws, 1 to 1,000,000.
    seed
        Seed of the draws, a whole number from 0.
    method
        ``random`` or ``sobol``.
    as_of
        Date: use only what was known on that day.
    scenario
        Scenario file (TOML): an overlay on facts.
    catalog
        Facts to use instead of the shipped ones.
    progress
        Called with the draws done and the draws asked for after each block.
    executor
        Where blocks of draws are solved: any executor of `concurrent.futures`; this process if left out.
        The answer is the same.

    Returns
    -------
    MapResult
        Probabilities, prices, deployed compute and its quantiles.

    Raises
    ------
    NarrowsError
        If a quarter, date, count or scenario cannot be understood.

    Examples
    --------
    >>> result = map("2027Q1", draws=400)
    >>> result.quarters
    ('2027Q1',)
    >>> round(sum(result.binds[name][0] for name in result.binds), 9)
    1.0
    """
    solved = run(
        quarters,
        draws=draws,
        seed=seed,
        method=method,
        as_of=as_of,
        scenario=scenario,
        catalog=catalog,
        progress=progress,
        executor=executor,
    )
    return reduce_run(solved)


def reduce_run(
    solved: Run, rows: Mapping[str, LayerRow] | None = None, bands: Mapping[str, Band] | None = None
) -> MapResult:
    """Reduce a solved question to what the map shows.

    Parameters
    ----------
    solved
        The question.
    rows, bands
        Layers as shown and bands of capacity that are known already, by id; those left out are made.
    """
    known, ready = rows or {}, bands or {}
    model, shown = solved.model, solved.shown
    names = [layer.id for layer in model.layers]
    binds = {name: _series(solved.shares.binds[solved.row(name), shown]) for name in [*names, STOCK]}
    return MapResult(
        quarters=solved.quarters,
        layers=tuple(known.get(layer.id) or _row(solved, layer) for layer in model.layers),
        binds=binds,
        deployed=band(solved.deployed, "h100e/quarter"),
        deployed_mw=band(solved.deployed_w / WATTS_PER_MW, "MW/quarter"),
        installed=band(solved.installed, "h100e"),
        capacity={
            name: ready.get(name) or band(solved.capacity[:, model.row(name)], "h100e/quarter")
            for name in names
        },
        price=_prices(solved),
        tied=_series(solved.shares.tied[shown]),
        unknown=model.unknown,
        meta=_meta(solved),
    )


def band(values: Array, unit: str) -> Band:
    """Return quantiles and mean over draws, axes (draw, quarter) in, one value a quarter out."""
    p05, p50, p95 = quantiles(values, BAND)
    return Band(unit, _series(p05), _series(p50), _series(p95), _series(values.mean(axis=0)))


def _series(values: Array) -> tuple[float, ...]:
    return tuple(values.tolist())


def _prices(solved: Run) -> dict[str, PriceRow]:
    """Return the price interval of every layer, in H100e and in money."""
    model, shown = solved.model, solved.shown
    found, worth = solved.ties.prices(shown), model.worth[shown]
    right, left = (end[1:] / worth for end in (found.right, found.left))
    per_unit = model.units_usd(shown)
    return {
        layer.id: PriceRow(
            right=_series(right[row]),
            left=_series(left[row]),
            usd_per_unit=_series(right[row] * per_unit[row]),
            unit=layer.unit,
        )
        for row, layer in enumerate(model.layers)
    }


def _row(solved: Run, layer: FactLayer) -> LayerRow:
    facts = [solved.catalog.fact(name) for name in solved.model.chains[layer.id]]
    return LayerRow(
        id=layer.id,
        name=layer.declared.name,
        day=layer.declared.day,
        family=layer.declared.family,
        unit=layer.unit,
        feeds=layer.declared.feeds,
        makers=tuple(layer.makers().items()),
        lead_quarters=layer.relief(),
        assumed_share=_assumed(facts),
    )


def _assumed(facts: list[Fact]) -> float:
    return sum(fact.kind == "assumption" for fact in facts) / len(facts) if facts else 1.0


def _meta(solved: Run) -> dict[str, Any]:
    facts = [solved.catalog.fact(name) for name in solved.reader.reads]
    asked = solved.catalog.asked
    known = [fact.as_of for fact in facts if asked is None or fact.known_on <= asked]
    reader = solved.reader
    return {
        "seed": reader.seed,
        "draws": reader.n,
        "method": reader.method,
        "vintage": str(solved.catalog.vintage),
        "catalog": solved.catalog.hash,
        "as_of": asked.isoformat() if asked else None,
        "scenario": solved.catalog.scenario,
        "scenario_name": solved.catalog.sources["scenario"].title if solved.catalog.scenario else "",
        "model_version": MODEL_VERSION,
        "first_quarter": str(FIRST),
        "facts": len(facts),
        "assumptions": sum(fact.kind == "assumption" for fact in facts),
        "oldest_fact": min(known),
        "newest_fact": max(known),
        "standing": len(facts) - len(known),
        "sampling_error": float(0.5 / np.sqrt(reader.n)),
    }


def layers(as_of: str | None = None) -> list[dict[str, Any]]:
    """Return all layers in flow order, as `layer` does.

    Parameters
    ----------
    as_of
        Date: use only what was known on that day.

    Examples
    --------
    >>> len(layers()) >= 14
    True
    """
    solved = run(draws=1, as_of=as_of)
    return [_declared(solved, found) for found in solved.model.layers]


def layer(name: str, as_of: str | None = None) -> dict[str, Any]:
    """Return one layer as declared: unit, makers, lead time, recipe and the facts that it rests on.

    Parameters
    ----------
    name
        Layer id, such as ``cowos``; its label, such as ``Data halls``, in any case and with hyphens; or a
        part of either that one layer alone has, such as ``cooling``.
    as_of
        Date: use only what was known on that day.

    Raises
    ------
    UnknownNameError
        If there is no such layer.
    UsageError
        If more than one layer has the part.

    Examples
    --------
    >>> layer("cowos")["unit"]
    'wafer'
    >>> layer("data-halls")["id"], layer("cooling")["id"]
    ('data_hall', 'liquid_cooling')
    """
    solved = run(draws=1, as_of=as_of)
    return _declared(solved, solved.model.layer(_named(name, solved.model.layers)))


def _named(asked: str, layers: Sequence[FactLayer]) -> str:
    """Return the id of the layer that words mean; the words themselves where none is meant."""
    words = _plain(asked)
    spelt = {layer.id: (_plain(layer.id), _plain(layer.declared.name)) for layer in layers}
    whole = [name for name, texts in spelt.items() if words in texts]
    found = whole or [name for name, texts in spelt.items() if words and any(words in text for text in texts)]
    if len(found) > 1:
        raise UsageError(
            f"The layer {asked!r} may be {', '.join(repr(name) for name in found)}",
            "One layer is named by its id, its label, or a part that no other layer has",
            f"Write `narrows layer {found[0]}`",
        )
    return found[0] if found else asked


def _plain(text: str) -> str:
    """Return a text in small letters, with one blank for what stands between words."""
    return " ".join(text.lower().replace("_", " ").replace("-", " ").split())


def _declared(solved: Run, found: FactLayer) -> dict[str, Any]:
    row = _row(solved, found)
    return {
        "id": row.id,
        "name": row.name,
        "day": row.day,
        "family": row.family,
        "unit": row.unit,
        "feeds": row.feeds,
        "makers": dict(row.makers),
        "lead_quarters": row.lead_quarters,
        "need": list(found.declared.need),
        "watch": found.watch(),
        "assumed_share": row.assumed_share,
        "facts": [solved.catalog.fact(fact) for fact in solved.model.chains[row.id]],
    }


def _check_counts(draws: int, seed: int) -> None:
    if not 1 <= draws <= MOST_DRAWS:
        raise UsageError(
            f"The number of draws is {draws}",
            f"Draws are a whole number from 1 to {MOST_DRAWS}",
            f"Give --draws {DEFAULT_DRAWS}",
        )
    if seed < 0:
        raise UsageError(
            f"The seed is {seed}", "A seed is a whole number from 0", f"Give --seed {DEFAULT_SEED}"
        )


def _default_quarters(day: date) -> tuple[Quarter, ...]:
    """Quarters from that of a day to the last, or that one alone when it is later."""
    first = max(Quarter.of(day), FIRST)
    return tuple(first + step for step in range(max(LAST - first, 0) + 1))
