"""Where the constraint goes next: raise the binder to its ceiling, solve again; and where it goes by itself.

Notes
-----
The ceiling of a layer is what it could make if more of it were decided in the quarter of the decision, see
`narrows.bottlenecks.ceilings.Ceilings.path`. Raising a layer never lowers what is deployed, since the
greatest solution of the core does not fall when a capacity grows; so the value of the plan does not fall
along a cascade.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from narrows.bottlenecks import plain
from narrows.bottlenecks.answer import BAND, DEFAULT_DRAWS, DEFAULT_SEED, STOCK, Run, _meta, asked_of
from narrows.bottlenecks.answer import run as solve_run
from narrows.bottlenecks.ceilings import QUARTERS_PER_YEAR, Ceilings, ceilings
from narrows.bottlenecks.interval import binders
from narrows.bottlenecks.migration_result import (
    Alone,
    Amount,
    CascadeResult,
    CascadeStep,
    First,
    Move,
    Order,
    OwnStep,
    PhaseRow,
)
from narrows.bottlenecks.model import FIRST, LAST, Model
from narrows.bottlenecks.solution import DEMAND, chunks
from narrows.bottlenecks.solution import STOCK as STOCK_CODE
from narrows.bottlenecks.study import DATE, PHASES, Phase
from narrows.bottlenecks.study import QUARTER as STUDY_QUARTER
from narrows.bottlenecks.told import Asked
from narrows.draws import quantiles
from narrows.errors import UsageError
from narrows.quarters import Quarter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from narrows.catalog import Catalog

    Array = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

__all__ = [
    "AHEAD",
    "ENDS",
    "HORIZON",
    "NEVER",
    "Migration",
    "amount",
    "before_study",
    "cascade",
    "decision",
    "opened",
    "opened_then",
    "phase_row",
    "window",
]

HORIZON = 40
"""Quarters that the natural migration looks ahead: ten years."""
AHEAD = 20
"""Quarters from the decision to the quarter asked about, unless one is named: five years. Sooner, what is
decided now has not arrived at most layers that bind, and nothing would move."""
ALONE = (4, 8, 20, 40)
"""Quarters after the decision for which the stand-alone ceilings are given."""
BY = (4, 8, 20, 40)
"""Quarters after the decision by which a passage between families is counted."""
STEPS = 6
FIRST_OF_ORDER = 3
"""Layers of a draw's own cascade that make its order."""
SUPPORTED, MIXED = 1 / 2, 1 / 4
"""Least probability at which a phase of the study is supported, or mixed."""
NEVER = HORIZON + 1
"""Quarters that stand for "not within ten years"."""
CEILING, NAMED_DEMAND = "ceiling", "demand"
ENDS = (NAMED_DEMAND, CEILING, STOCK)
INTERVAL = (0.1, 0.5, 0.9)


@dataclass(frozen=True, eq=False)
class Stage:
    """The stack with some layers raised, in the quarter asked about.

    Parameters
    ----------
    raised
        Rows raised, in order.
    model
        The model with these ceilings.
    value
        Compute deployed from the decision to the quarter asked about [h100e], axis (draw).
    deployed
        Compute deployed in the quarter asked about [h100e/quarter], axis (draw).
    binder, tied
        Who binds it, as in `narrows.bottlenecks.solution.Solution`, axis (draw).
    column
        The quarter asked about.
    """

    raised: tuple[int, ...]
    model: Model
    value: Array
    deployed: Array
    binder: NDArray[np.int16]
    tied: Flags
    column: int

    @cached_property
    def together(self) -> Flags:
        """Who may bind the tied draws, axes (layer + 2, tied draw)."""
        return binders(self.model.stack(self.tied))[:, :, self.column]


@dataclass(frozen=True, eq=False)
class Own:
    """The cascade in which every draw raises its own binder.

    Parameters
    ----------
    order
        Row raised in each step, or 0 where the draw had ended, axes (draw, step).
    reason
        Index into `ENDS` of why a draw ended, -1 where it has not, axis (draw).
    ended
        Step in which it ended, axis (draw).
    value
        Compute deployed up to the quarter asked about after each step, from step 0 [h100e],
        axes (step + 1, draw).
    """

    order: Ints
    reason: Ints
    ended: Ints
    value: Array


@dataclass(frozen=True, eq=False)
class Migration:
    """A solved question with everything that the cascade and its figures need, found when asked for.

    Parameters
    ----------
    run
        The solved question; its first quarter shown is that of the decision.
    at
        Quarter asked about.
    steps
        Most layers that are raised.
    """

    run: Run
    at: Quarter
    steps: int

    @property
    def model(self) -> Model:
        """The stack on announced plans."""
        return self.run.model

    @property
    def start(self) -> int:
        """Column of the quarter of the decision."""
        return int(self.run.shown.start)

    @property
    def column(self) -> int:
        """Column of the quarter asked about."""
        return self.at - FIRST

    @cached_property
    def ceilings(self) -> Ceilings:
        """Ceilings for a decision in the first quarter shown."""
        return ceilings(self.model, self.start)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Ids of what can bind; place i is row i + 1, and `STOCK` is last."""
        return (*(layer.id for layer in self.model.layers), STOCK)

    @cached_property
    def family(self) -> dict[str, str]:
        """Family of everything that can bind."""
        return {layer.id: layer.declared.family for layer in self.model.layers} | {STOCK: STOCK}

    @cached_property
    def demand(self) -> tuple[int, ...]:
        """Rows that are demand itself, which nobody raises."""
        return tuple(row for row, name in enumerate(self.names, start=1) if self.family[name] == NAMED_DEMAND)

    # The cascade that is the same in every draw.

    @cached_property
    def headline(self) -> tuple[tuple[Stage, ...], str]:
        """Stages of the headline, and why it ends."""
        stages = [self._stage(())]
        while True:
            shares = {row: float(self.binds(stages[-1], row).mean()) for row in self._open(stages[-1])}
            best = max(shares, key=shares.__getitem__, default=0)
            wanted = sum(float(self.binds(stages[-1], row).mean()) for row in (*self.demand, DEMAND))
            if not best or shares[best] <= 0.0 or shares[best] <= wanted:
                return tuple(stages), NAMED_DEMAND if wanted > 0.0 else CEILING
            if len(stages) > self.steps:
                return tuple(stages), "steps"
            stages.append(self._stage((*stages[-1].raised, best)))

    def _open(self, stage: Stage) -> list[int]:
        """Rows that can still be raised."""
        return [row for row in self.ceilings.known if row not in stage.raised and row not in self.demand]

    def _stage(self, raised: tuple[int, ...]) -> Stage:
        def change(capacity: Array, rows: slice | Flags) -> None:
            for row in raised:
                capacity[:, row] = self.ceilings.path(capacity[:, row], row, rows)

        model = self.model.changed(change) if raised else self.model
        return Stage(raised, model, *self._forward(model, chunks(self.run.reader.n)), self.column)

    def _forward(
        self, model: Model, parts: Iterable[slice | Flags]
    ) -> tuple[Array, Array, NDArray[np.int16], Flags]:
        """Return value, deployed, binder and tie of the quarter asked about for some draws, in order."""
        found: tuple[list[Array], ...] = ([], [], [], [])
        for rows in parts:
            ahead = plain.forward(model.stack(rows))
            before = ahead.output[:, self.start - 1] if self.start else 0.0
            last = ahead.output[:, self.column - 1] if self.column else 0.0
            now = ahead.output[:, self.column]
            for kept, values in zip(
                found,
                (now - before, now - last, ahead.binder[:, self.column], ahead.tied[:, self.column]),
                strict=True,
            ):
                kept.append(np.asarray(values))
        value, deployed, binder, tied = (np.concatenate(kept) for kept in found)
        return value, deployed, binder.astype(np.int16), tied.astype(np.bool_)

    def binds(self, stage: Stage, row: int) -> Array:
        """Return each draw's share of binding of a row after a stage, ties shared, axis (draw)."""
        found = (stage.binder == row).astype(np.float64)
        if stage.tied.any():
            found[stage.tied] = stage.together[row] / stage.together.sum(axis=0)
        return np.asarray(found)

    # The cascade in which every draw has its own binder.

    @cached_property
    def own(self) -> Own:
        """Raise each draw's own binder until demand, a ceiling or stock binds it."""
        count = self.run.reader.n
        raised = np.zeros((count, len(self.model.layers) + 1), dtype=np.bool_)
        steps = max(self.steps, FIRST_OF_ORDER)
        order = np.zeros((count, steps), dtype=np.int64)
        reason, ended = np.full((2, count), -1)

        def change(capacity: Array, rows: slice | Flags) -> None:
            flags = raised[rows]
            for row in np.flatnonzero(flags.any(axis=0)).tolist():
                path = self.ceilings.path(capacity[:, row], row, rows)
                capacity[flags[:, row], row] = path[flags[:, row]]

        first = self.headline[0][0]
        value, binder = [first.value], first.binder.copy()
        model = self.model.changed(change)
        for step in range(steps):
            live = np.flatnonzero(reason < 0)
            rows = binder[live]
            stops = np.where(np.isin(rows, (*self.demand, DEMAND)), 0, np.where(rows == STOCK_CODE, 2, -1))
            stuck = ~np.isin(rows, tuple(self.ceilings.known)) | raised[live, np.maximum(rows, 0)]
            stops[(stops < 0) & stuck] = 1
            reason[live], ended[live[stops >= 0]] = stops, step
            going, rows = live[stops < 0], rows[stops < 0]
            raised[going, rows], order[going, step] = True, rows
            value.append(value[-1].copy())
            if len(going):
                value[-1][going], _, binder[going], _ = self._forward(model, _flagged(going, count))
        return Own(order, reason, ended, np.stack(value))

    def order(self, draws: slice = slice(None)) -> list[tuple[str, ...]]:
        """Return the order of each draw: its first layers, and why it ended before the third."""
        places = dict(enumerate(self.names, start=1))
        found = []
        for steps, reason in zip(self.own.order[draws, :FIRST_OF_ORDER], self.own.reason[draws], strict=True):
            layers = tuple(places[row] for row in steps.tolist() if row)
            found.append(layers if len(layers) == FIRST_OF_ORDER else (*layers, ENDS[reason]))
        return found

    # Figures of both cascades, axis (draw).

    def gain(self, number: int) -> Array:
        """Return what a step of the headline adds to the value [h100e]."""
        stages, _ = self.headline
        added: Array = stages[number].value - stages[max(number - 1, 0)].value
        return added

    def at_ceiling(self, number: int) -> Array:
        """Return each draw's share of binding of the layers raised so far."""
        stage = self.headline[0][number]
        return sum((self.binds(stage, row) for row in stage.raised), np.zeros(self.run.reader.n))

    def in_time(self, layer: str) -> Array:
        """Return 1 where more of a layer arrives by the quarter asked about, else 0."""
        arrival = self.ceilings.arrival(self.model.row(layer))
        return np.asarray((arrival <= self.column - self.start).astype(np.float64))

    def ended(self, number: int, reason: str) -> Array:
        """Return 1 where a draw's own cascade had ended before a step for one reason, else 0."""
        found = (self.own.reason == ENDS.index(reason)) & (self.own.ended < number)
        return np.asarray(found.astype(np.float64))

    # Layers alone.

    @cached_property
    def alone_at(self) -> tuple[int, ...]:
        """Columns of the quarters of the stand-alone ceilings."""
        return tuple(self.start + ahead for ahead in ALONE)

    @cached_property
    def alone(self) -> tuple[Array, Array]:
        """What each layer alone would permit to deploy, announced and raised, axes (draw, row, quarter)."""
        count, rows = self.run.reader.n, len(self.model.layers) + 1
        announced, raised = np.full((2, count, rows, len(ALONE)), np.inf)
        for part in chunks(count):
            capacity = self.model.capacity(part, self.model.years)
            for row in range(1, rows):
                columns = np.maximum(np.array(self.alone_at) - self.model.path_lag[row], 0)
                announced[part, row] = capacity[:, row, columns]
                raised[part, row] = self.ceilings.path(capacity[:, row], row, part)[:, columns]
        return announced, raised

    def headroom(self, permitted: Array, place: int) -> Array:
        """Return what is permitted over what is deployed on announced plans [1], axis (draw)."""
        deployed = self.run.deployed[:, ALONE[place]]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(deployed > 0, permitted / deployed, np.inf)

    # The migration by itself.

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """Families in flow order, `STOCK` last."""
        return tuple(dict.fromkeys(self.family.values()))

    @cached_property
    def group(self) -> NDArray[np.int8]:
        """Place of the binder's family in `groups`, axes (draw, quarter from the decision on)."""
        places = np.array([0, *(self.groups.index(self.family[name]) for name in self.names)])
        codes = self.run.solution.binder[:, self.start : self.start + HORIZON + 1].astype(np.int64)
        codes = np.where(codes == STOCK_CODE, len(self.names), codes)
        codes = np.where(codes == DEMAND, self.demand[0] if self.demand else 0, codes)
        found: NDArray[np.int8] = places[codes].astype(np.int8)
        return found

    def first(self, family: str) -> Array:
        """Return the years until a family first binds, `NEVER` quarters where it does not, axis (draw)."""
        found = self.group == self.groups.index(family)
        quarters = np.where(found.any(axis=1), found.argmax(axis=1), NEVER)
        return np.asarray(quarters / QUARTERS_PER_YEAR)

    def moved(self, before: str, after: str) -> Ints:
        """Return the quarters until the binder's family passes from one to the other, axis (draw)."""
        first, second = self.groups.index(before), self.groups.index(after)
        found = (self.group[:, :-1] == first) & (self.group[:, 1:] == second)
        return np.asarray(np.where(found.any(axis=1), found.argmax(axis=1) + 1, NEVER))

    def phase(self, families: Sequence[str], window: tuple[int, int]) -> Array:
        """Return each draw's share of binding of some families, mean over a window, axis (draw)."""
        rows = [name for name in self.names if self.family[name] in families]
        columns = range(*window)
        total = sum((self.run.binds(name, column) for name in rows for column in columns), np.zeros(1))
        return np.broadcast_to(np.asarray(total / len(columns)), (self.run.reader.n,))


def _flagged(chosen: Ints, count: int) -> Iterable[Flags]:
    """Return flags of the chosen draws, chunk by chunk."""
    for part in chunks(len(chosen)):
        flags = np.zeros(count, dtype=np.bool_)
        flags[chosen[part]] = True
        yield flags


def amount(values: Array, unit: str) -> Amount:
    """Return mean and quantiles of a figure over draws.

    Examples
    --------
    >>> amount(np.array([1.0, 2.0, 3.0]), "year").p50
    2.0
    """
    p05, p50, p95 = (float(value) for value in quantiles(values, BAND))
    return Amount(unit, float(values.mean()), p05, p50, p95)


def decision(quarter: str | None, catalog: Catalog) -> Quarter:
    """Return the quarter of a decision: the one named, or that of the day asked for.

    Raises
    ------
    UsageError
        If it lies outside the model.
    """
    today = Quarter.of(catalog.asked or datetime.now(tz=UTC).date())
    usual = min(max(today, FIRST), LAST)
    if quarter is None:
        return usual
    found = Quarter.parse(quarter)
    if not FIRST <= found <= LAST:
        raise UsageError(
            f"The quarter {quarter!r} of the decision lies outside the model",
            f"A decision lies from {FIRST} to {LAST}",
            f"Give a quarter such as {usual}",
        )
    return found


def cascade(
    quarter: str | None = None,
    *,
    at: str | None = None,
    steps: int = STEPS,
    draws: int = DEFAULT_DRAWS,
    seed: int = DEFAULT_SEED,
    method: str = "random",
    as_of: str | None = None,
    scenario: str | Path | None = None,
    catalog: Catalog | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> CascadeResult:
    """Find which layer binds after each relief, what it gains, and where the constraint moves by itself.

    Parameters
    ----------
    quarter
        Quarter of the decisions, from 2019Q4 to 2030Q4; default: that of today, or of ``as_of``.
    at
        Quarter asked about, 1 to 40 quarters later; default: 20 later.
    steps
        Most layers that are raised, from 1.
    draws, seed, method, as_of, scenario, catalog, progress
        As for `narrows.map`.

    Returns
    -------
    CascadeResult
        The cascade, what each layer alone would permit, the migration without a decision, and the
        study's phases tested.

    Raises
    ------
    NarrowsError
        If a quarter, date, count or scenario cannot be understood.

    Notes
    -----
    In the headline the likeliest binder that can still be raised is raised in every draw. It ends
    where demand is likelier to bind than any of those, or where none of those binds at all.

    Examples
    --------
    >>> result = cascade("2026Q4", steps=2, draws=200)
    >>> result.quarter, result.at, len(result.steps) <= 3
    ('2026Q4', '2031Q4', True)
    >>> result.steps[1].value.mean >= result.steps[0].value.mean
    True
    """
    asked = Asked(draws, seed, method, as_of, scenario, catalog)
    book = asked_of(catalog, as_of, scenario)
    most = max(sum(bool(layer.ceiling) for layer in book.layers), 1)
    if not 1 <= steps <= most:
        raise UsageError(
            f"The number of steps is {steps}",
            f"Steps are a whole number from 1 to {most}, the layers that can be raised",
            f"Give --steps {min(STEPS, most)}",
        )
    found = opened(asked, decision(quarter, book), at, steps, progress)
    then = None if before_study(book) else opened_then(asked)
    return _reduced(found, then)


def before_study(book: Catalog) -> bool:
    """Return whether the day asked for is before that of the study."""
    return book.asked is not None and book.asked.isoformat() < DATE


def opened(
    asked: Asked,
    start: Quarter,
    at: str | None,
    steps: int,
    progress: Callable[[int, int], None] | None = None,
) -> Migration:
    """Solve the question from the quarter of the decision on."""
    asked_about = start + AHEAD if at is None else Quarter.parse(at)
    if not 1 <= asked_about - start <= HORIZON:
        raise UsageError(
            f"The quarter asked about is {asked_about}, and the decision is taken in {start}",
            f"It lies 1 to {HORIZON} quarters after the decision",
            f"Give --at {start + AHEAD}",
        )
    solved = solve_run(
        f"{start}:{start + HORIZON}",
        draws=asked.draws,
        seed=asked.seed,
        method=asked.method,
        as_of=asked.as_of,
        scenario=asked.scenario,
        catalog=asked.catalog,
        progress=progress,
    )
    return Migration(solved, asked_about, steps)


def opened_then(asked: Asked) -> Migration:
    """Solve the study's own question: its quarter, the facts of its day."""
    known = Asked(asked.draws, asked.seed, asked.method, DATE, asked.scenario, asked.catalog)
    return opened(known, Quarter.parse(STUDY_QUARTER), None, 1)


def _reduced(found: Migration, then: Migration | None) -> CascadeResult:
    """Reduce a solved cascade to what is shown."""
    run, start = found.run, found.start
    columns = slice(start, start + HORIZON + 1)
    stages, ends = found.headline
    return CascadeResult(
        quarter=str(found.model.quarters[start]),
        at=str(found.at),
        names={layer.id: layer.declared.name for layer in found.model.layers},
        families={layer.id: layer.declared.family for layer in found.model.layers},
        steps=tuple(_step(found, number) for number in range(len(stages))),
        ends=ends,
        own=tuple(_own_step(found, number) for number in range(1, found.steps + 1)),
        orders=tuple(
            Order(layers, count / run.reader.n) for layers, count in Counter(found.order()).most_common()
        ),
        alone=tuple(_alone(found, row) for row in range(1, len(found.names))),
        quarters=run.quarters,
        binds={name: tuple(run.shares.binds[run.row(name), columns].tolist()) for name in found.names},
        firsts=tuple(_first(found, family) for family in found.groups),
        moves=_moves(found),
        phases=tuple(phase_row(found, phase) for phase in PHASES),
        phases_then=tuple(phase_row(then, phase) for phase in PHASES) if then else (),
        meta=_meta(run) | {"steps": found.steps, "horizon_quarters": HORIZON, "study_date": DATE},
    )


def _step(found: Migration, number: int) -> CascadeStep:
    stages, _ = found.headline
    stage = stages[number]
    layer = found.names[stage.raised[-1] - 1] if number else ""
    return CascadeStep(
        number=number,
        layer=layer,
        arrives=_label(found, layer) if number else "",
        in_time=float(found.in_time(layer).mean()) if number else 1.0,
        binds={name: float(found.binds(stage, found.run.row(name)).mean()) for name in found.names},
        at_ceiling=float(found.at_ceiling(number).mean()),
        value=amount(stage.value, "h100e"),
        gain=amount(found.gain(number), "h100e"),
        deployed=amount(stage.deployed, "h100e/quarter"),
    )


def _label(found: Migration, layer: str) -> str:
    """Return the first quarter with more of a layer, in the median draw."""
    ahead = int(np.median(found.ceilings.arrival(found.model.row(layer))))
    return str(found.model.quarters[found.start] + ahead)


def _own_step(found: Migration, number: int) -> OwnStep:
    own = found.own
    return OwnStep(
        number=number,
        relieved={
            name: float((own.order[:, number - 1] == row).mean())
            for row, name in enumerate(found.names[:-1], start=1)
        },
        ended={name: float(found.ended(number, name).mean()) for name in ENDS},
        value=amount(own.value[number], "h100e"),
    )


def _alone(found: Migration, row: int) -> Alone:
    announced, raised = found.alone
    places = range(len(ALONE))
    return Alone(
        layer=found.names[row - 1],
        quarters=tuple(str(found.model.quarters[column]) for column in found.alone_at),
        announced=tuple(amount(announced[:, row, place], "h100e/quarter") for place in places),
        raised=tuple(amount(raised[:, row, place], "h100e/quarter") for place in places),
        headroom=tuple(amount(found.headroom(announced[:, row, place], place), "ratio") for place in places),
        headroom_raised=tuple(
            amount(found.headroom(raised[:, row, place], place), "ratio") for place in places
        ),
    )


def _first(found: Migration, family: str) -> First:
    years = found.first(family)
    p10, p50, p90 = (float(value) for value in quantiles(years, INTERVAL))
    return First(family, float((years <= HORIZON / QUARTERS_PER_YEAR).mean()), p10, p50, p90)


def _moves(found: Migration) -> tuple[Move, ...]:
    """Return the passages that any draw makes, the likeliest within ten years first."""
    rows = []
    for before in found.groups:
        for after in found.groups:
            if before == after:
                continue
            quarters = found.moved(before, after)
            by = tuple(float((quarters <= limit).mean()) for limit in BY)
            if by[-1] > 0:
                rows.append(Move(before, after, by))
    return tuple(sorted(rows, key=lambda move: (-move.by[-1], move.before, move.after)))


def window(phase: Phase) -> tuple[int, int]:
    """Return the first quarter of a phase and the one after its last, after that of the decision."""
    return phase.first * QUARTERS_PER_YEAR, phase.last * QUARTERS_PER_YEAR


def phase_row(found: Migration, phase: Phase) -> PhaseRow:
    """Test one phase of the study."""
    first, last = window(phase)
    columns = slice(found.start + first, found.start + last)
    shares = dict.fromkeys(found.groups, 0.0)
    for name in found.names:
        mean = float(found.run.shares.binds[found.run.row(name), columns].mean())
        shares[found.family[name]] += mean
    likeliest = max(shares, key=shares.__getitem__)
    share = sum(shares.get(family, 0.0) for family in phase.families)
    return PhaseRow(
        number=phase.number,
        name=phase.name,
        families=phase.families,
        caveat=phase.caveat,
        quarters=(str(found.model.quarters[columns.start]), str(found.model.quarters[columns.stop - 1])),
        share=share,
        likeliest=likeliest,
        likeliest_share=shares[likeliest],
        verdict="supported" if share >= SUPPORTED else "mixed" if share >= MIXED else "not supported",
    )
