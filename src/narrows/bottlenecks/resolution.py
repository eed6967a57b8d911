"""When each layer stops standing between orders and deployment: the time map.

Notes
-----
A layer is resolved in the first quarter from which its own capacity covers what demand alone asks, in the
quarter in which its output would be deployed, for `IN_A_ROW` quarters. Two readings: on announced plans,
and if more of it were ordered in the quarter asked about. Slips of announced plans act inside the draws
of the capacity, doubt of the lead time inside those of the ceiling.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.bottlenecks.answer import DEFAULT_DRAWS, DEFAULT_SEED, Run, _meta, asked_of
from narrows.bottlenecks.answer import run as solve_run
from narrows.bottlenecks.ceilings import QUARTERS_PER_YEAR, Ceilings, ceilings
from narrows.bottlenecks.migration import HORIZON, decision
from narrows.bottlenecks.model import FIRST
from narrows.bottlenecks.solution import chunks
from narrows.bottlenecks.study import GROUPS, NO_LAYER, SPANS
from narrows.bottlenecks.told import Asked, Told
from narrows.draws import quantiles
from narrows.errors import DataError, UnknownNameError
from narrows.figure import Shown

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from narrows.catalog import Catalog
    from narrows.quarters import Quarter

    Array = NDArray[np.float64]

__all__ = ["Spell", "TimeResult", "TimeRow", "tell", "time"]

IN_A_ROW = 4
"""Quarters in a row that must be covered, so that one good quarter is no resolution."""
NEVER = HORIZON + 1
"""Quarters that stand for "not within ten years"."""
NOW, BEYOND = "now", "beyond"
OUTCOMES = (NOW, *SPANS, BEYOND)
INTERVAL = (0.1, 0.5, 0.9)
DEMAND = "demand"
READINGS = ("announced", "ordered")


def outcome_of(years: float) -> str:
    """Return the outcome that a time to resolution [year] belongs to.

    Examples
    --------
    >>> outcome_of(0.0), outcome_of(2.0), outcome_of(2.25), outcome_of(10.25)
    ('now', 'short', 'mid', 'beyond')
    """
    if years <= 0.0:
        return NOW
    return next((name for name, (_, last) in SPANS.items() if years <= last), BEYOND)


@dataclass(frozen=True, slots=True)
class Spell:
    """Time until a layer is resolved, in one reading.

    Parameters
    ----------
    p10, p50, p90
        Quantiles over draws [year]; above 10: later, or never.
    shares
        Probability of each outcome, summing to 1: ``now`` (already not short), ``short`` (within two years),
        ``mid`` (two to four), ``long`` (four to ten), ``beyond``.
    """

    p10: float
    p50: float
    p90: float
    shares: dict[str, float]


@dataclass(frozen=True, slots=True)
class TimeRow:
    """One layer of the time map.

    Parameters
    ----------
    layer, name, family
        Id, name and family of the layer.
    announced, ordered
        The two readings.
    study
        The study's group of the layer: ``short``, ``mid``, ``long``; empty where it names none.
    by_study
        Probability, on announced plans, that it is resolved by the end of that group's span; None without.
    """

    layer: str
    name: str
    family: str
    announced: Spell
    ordered: Spell
    study: str

    by_study: float | None

    @property
    def group(self) -> str:
        """Outcome in which the median on announced plans lies."""
        return outcome_of(self.announced.p50)

    @property
    def verdict(self) -> str:
        """Whether that group ``agrees`` with the study's, is ``sooner`` or ``later``; empty without one."""
        if not self.study:
            return ""
        apart = OUTCOMES.index(self.group) - OUTCOMES.index(self.study)
        return "agrees" if apart == 0 else "sooner" if apart < 0 else "later"


@dataclass(frozen=True, slots=True)
class TimeResult(Shown):
    """The time map: when each layer is resolved, with doubt.

    Parameters
    ----------
    quarter
        Quarter that years are counted from, and in which more would be ordered.
    rows
        Layers in flow order, demand left out.
    no_layer
        What the study sorts by duration and the map has no layer for, with the study's group.
    meta
        As in `narrows.bottlenecks.result.MapResult`.
    """

    quarter: str
    rows: tuple[TimeRow, ...]
    no_layer: tuple[tuple[str, str], ...]
    meta: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Resolution:
    """A question with the time to resolution of every layer in every draw.

    Parameters
    ----------
    run
        The solved question.
    start
        Quarter asked about.
    """

    run: Run
    start: Quarter

    @cached_property
    def ceilings(self) -> Ceilings:
        """Ceilings for a decision in the quarter asked about."""
        return ceilings(self.run.model, self.start - FIRST)

    @cached_property
    def demand(self) -> list[int]:
        """Rows of demand."""
        model = self.run.model
        return [row for row, layer in enumerate(model.layers, 1) if layer.declared.family == DEMAND]

    @cached_property
    def rows(self) -> list[int]:
        """Rows of the layers that can be short."""
        return [row for row in range(1, len(self.run.model.layers) + 1) if row not in self.demand]

    @cached_property
    def quarters(self) -> dict[str, NDArray[np.int64]]:
        """Quarters until each layer is resolved, by reading, axes (draw, row of the model).

        Notes
        -----
        The target of a quarter is what demand asks in the quarter of deployment, that is the path lag of
        the layer, less that of demand, later.
        """
        model, count = self.run.model, self.run.reader.n
        lag = model.path_lag - min((int(model.path_lag[row]) for row in self.demand), default=0)
        first, last = self.start - FIRST, self.start - FIRST + HORIZON + IN_A_ROW
        years = np.array([(FIRST + step).midpoint for step in range(last + int(lag.max()))])
        found = {reading: np.zeros((count, len(lag)), dtype=np.int64) for reading in READINGS}
        for part in chunks(count):
            capacity = model.capacity(part, years)
            wanted = capacity[:, self.demand].min(axis=1)
            for row in self.rows:
                target = wanted[:, first + lag[row] : last + lag[row]]
                own = capacity[:, row, : len(model.quarters)]
                ordered = self.ceilings.path(own, row, part)
                for reading, path in zip(READINGS, (own, ordered), strict=True):
                    found[reading][part, row] = _resolved(path[:, first:last] >= target)
        return found

    def years(self, reading: str, row: int) -> Array:
        """Return the years until a layer is resolved; `NEVER` quarters where it is not, axis (draw)."""
        return self.quarters[reading][:, row] / QUARTERS_PER_YEAR

    def outcome(self, reading: str, row: int, name: str) -> Array:
        """Return 1 where a layer has this outcome, else 0, axis (draw)."""
        years = self.years(reading, row)
        if name == NOW:
            return (years <= 0.0).astype(np.float64)
        if name == BEYOND:
            return (years > HORIZON / QUARTERS_PER_YEAR).astype(np.float64)
        above, up_to = SPANS[name]
        return ((years > above) & (years <= up_to)).astype(np.float64)

    def reads(self, row: int, reading: str = READINGS[0]) -> tuple[str, ...]:
        """Return the facts behind the capacity of a layer, its ceiling if that is read, and demand."""
        layers, chains = self.run.model.layers, self.run.model.chains
        found = [chains[layers[place - 1].id] for place in (row, *self.demand)]
        if reading == READINGS[1] and row in self.ceilings.known:
            found.append(self.ceilings.known[row].reads)
        return tuple(dict.fromkeys(name for names in found for name in names))

    def by_study(self, row: int) -> Array:
        """Return 1 where a layer is resolved by the end of the study's span for it, else 0, axis (draw)."""
        _, last = SPANS[GROUPS[self.run.model.layers[row - 1].id]]
        return (self.years(READINGS[0], row) <= last).astype(np.float64)


def _resolved(covered: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the first quarter from which enough in a row are covered, or `NEVER`, axis (draw).

    Examples
    --------
    >>> quarters = np.array([[False, True] + [True] * 42, [False] * 44])
    >>> _resolved(quarters).tolist()
    [1, 41]
    """
    windows: NDArray[np.bool_] = np.asarray(
        np.lib.stride_tricks.sliding_window_view(covered, IN_A_ROW, axis=1).all(axis=2)
    )
    found: NDArray[np.int64] = np.where(windows.any(axis=1), windows.argmax(axis=1), NEVER)
    return found


def time(
    quarter: str | None = None,
    *,
    draws: int = DEFAULT_DRAWS,
    seed: int = DEFAULT_SEED,
    method: str = "random",
    as_of: str | None = None,
    scenario: str | Path | None = None,
    catalog: Catalog | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> TimeResult:
    """Find when each layer stops being short, on announced plans and if more were ordered today [year].

    Parameters
    ----------
    quarter
        Quarter that years are counted from, from 2019Q4 to 2030Q4; default: that of today, or of ``as_of``.
    draws, seed, method, as_of, scenario, catalog, progress
        As for `narrows.map`.

    Returns
    -------
    TimeResult
        Quantiles and probabilities of each layer, beside the study's group of it.

    Raises
    ------
    NarrowsError
        If a quarter, date, count or scenario cannot be understood.

    Examples
    --------
    >>> result = time("2026Q4", draws=200)
    >>> row = next(row for row in result.rows if row.layer == "cowos")
    >>> row.study, round(sum(row.announced.shares.values()), 9)
    ('mid', 1.0)
    >>> row.ordered.p50 <= row.announced.p50
    True
    """
    asked = Asked(draws, seed, method, as_of, scenario, catalog)
    start = decision(quarter, asked_of(catalog, as_of, scenario))
    found = _resolution(asked, start, progress)
    model = found.run.model
    return TimeResult(
        quarter=str(start),
        rows=tuple(_row(found, row) for row in found.rows),
        no_layer=NO_LAYER,
        meta=_meta(found.run) | {"horizon_quarters": HORIZON, "layers": len(model.layers)},
    )


def _resolution(
    asked: Asked, start: Quarter, progress: Callable[[int, int], None] | None = None
) -> Resolution:
    solved = solve_run(
        str(start + HORIZON),
        draws=asked.draws,
        seed=asked.seed,
        method=asked.method,
        as_of=asked.as_of,
        scenario=asked.scenario,
        catalog=asked.catalog,
        progress=progress,
    )
    found = Resolution(solved, start)
    if not found.demand:
        raise DataError(
            "The catalogue declares no layer of the family 'demand'",
            "A layer is resolved when it covers demand",
            "Add a layer with family = 'demand' to layers.toml",
        )
    _ = found.ceilings  # read before the facts are counted
    return found


def _row(found: Resolution, row: int) -> TimeRow:
    layer = found.run.model.layers[row - 1]
    announced, ordered = (_spell(found, reading, row) for reading in READINGS)
    return TimeRow(
        layer=layer.id,
        name=layer.declared.name,
        family=layer.declared.family,
        announced=announced,
        ordered=ordered,
        study=GROUPS.get(layer.id, ""),
        by_study=float(found.by_study(row).mean()) if layer.id in GROUPS else None,
    )


def _spell(found: Resolution, reading: str, row: int) -> Spell:
    p10, p50, p90 = (float(value) for value in quantiles(found.years(reading, row), INTERVAL))
    shares = {name: float(found.outcome(reading, row, name).mean()) for name in OUTCOMES}
    return Spell(p10, p50, p90, shares)


KINDS = {"resolved": "announced", "ordered": "ordered"}
"""Reading of each kind of figure."""


def tell(id: str, asked: Asked) -> Told:  # noqa: A002 (the word of the trade)
    """Return a figure of the time map in every draw.

    Parameters
    ----------
    id
        ``time.resolved.<layer>``, ``time.ordered.<layer>``, or one of these with an outcome, such as
        ``time.resolved.cowos.mid``; with the quarter at the end where it is not that of the day asked for.
    asked
        The question that it belongs to.

    Raises
    ------
    UnknownNameError
        If the time map has no such figure.
    """
    book = asked_of(asked.catalog, asked.as_of, asked.scenario)
    bare, label = id, None
    last = id.rsplit(".", 1)[-1]
    if last[:1].isdigit():
        bare, label = id.rsplit(".", 1)
    found = _resolution(asked, decision(label, book))
    layers = {found.run.model.layers[row - 1].id: row for row in found.rows}
    known = [
        ".".join(part for part in ("time", kind, layer, outcome, label) if part)
        for kind in KINDS
        for layer in layers
        for outcome in ("", *OUTCOMES)
    ]
    tail = "" if label is None else f".{label}"
    known += [f"time.by_study.{layer}{tail}" for layer in layers if layer in GROUPS]
    if id not in known:
        raise UnknownNameError(
            "figure",
            id,
            known,
            remedy="Write time.resolved.<layer> or time.ordered.<layer>, and an outcome or a quarter",
        )
    _, kind, layer, *outcome = bare.split(".")
    if kind == "by_study":
        _, last_year = SPANS[GROUPS[layer]]
        text = f"share of draws in which {layer} is resolved within {last_year:g} years, as the study has it"
        return Told(found.run, found.by_study(layers[layer]), "share", text, found.reads(layers[layer]))
    reading, row = KINDS[kind], layers[layer]
    plan = "on announced plans" if reading == READINGS[0] else f"if more were ordered in {found.start}"
    if outcome:
        text = f"share of draws in which {layer} is resolved {plan}: {_SPOKEN[outcome[0]]}"
        return Told(
            found.run, found.outcome(reading, row, outcome[0]), "share", text, found.reads(row, reading)
        )
    text = (
        f"years from {found.start} until the capacity of {layer} covers what demand asks for {IN_A_ROW} "
        f"quarters in a row, {plan}; {NEVER / QUARTERS_PER_YEAR:g} where it does not within ten years"
    )
    return Told(found.run, found.years(reading, row), "year", text, found.reads(row, reading))


_SPOKEN = {
    NOW: "already",
    "short": "within two years",
    "mid": "in two to four years",
    "long": "in four to ten years",
    BEYOND: "not within ten years",
}
