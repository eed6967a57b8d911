"""Every layer in turn: what an addition to it alone does, in every draw."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from narrows.bottlenecks.addition import Addition, Future, Majorant, arrivals, cost_known, unit_cost
from narrows.bottlenecks.answer import asked_of, run
from narrows.bottlenecks.model import FIRST, LAST
from narrows.bottlenecks.plain import Forward
from narrows.bottlenecks.relief_result import dotless
from narrows.bottlenecks.solution import chunks
from narrows.bottlenecks.supply import factor
from narrows.errors import UsageError
from narrows.quarters import Quarter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from narrows.bottlenecks.answer import Run
    from narrows.bottlenecks.told import Asked
    from narrows.catalog import Catalog

    Array = NDArray[np.float64]
    Whole = NDArray[np.int64]
    Progress = Callable[[int, int], None]

__all__ = [
    "EFFECT",
    "LADDER",
    "LADDER_DRAWS",
    "SHARE",
    "Part",
    "Question",
    "Swept",
    "earliest",
    "first_unit",
    "half",
    "next_layer",
    "reach",
]

SHARE = 0.1
"""Capacity added where nothing else is asked for, as a share of the layer's own."""
EFFECT = 0.001
"""A gain counts as an effect from this share of the compute deployed in the quarter on."""
LADDER = (0.01, 0.03, 0.07, 0.15, 0.3, 0.6, 1.2, 2.4, 4.8)
"""Additions at which the curve of the gain is evaluated, as shares of the layer's capacity."""
LADDER_DRAWS = 512
"""Draws, the first ones, on which the curve is evaluated."""


@dataclass(frozen=True, eq=False)
class Part:
    """A layer that can grow.

    Parameters
    ----------
    id, row
        Its name, and its row in the arrays.
    size, units
        Capacity added [h100e/quarter], and the same in what it makes [canonical unit/quarter].
    arrival
        Quarter in which it arrives, counted from the first of the model, axis (draw).
    usd
        Cost of one h100e/quarter [usd], axis (draw); None where it was not known.
    """

    id: str
    row: int
    size: float
    units: float
    arrival: Whole
    usd: Array | None


@dataclass(frozen=True, eq=False)
class Swept:
    """What one addition does.

    Parameters
    ----------
    gain, ceiling
        Compute gained, and compute gained where the layer has no limit [h100e], axis (draw).
    wait
        Quarters from the decision to the first effect, one past the horizon for none, axis (draw).
    by_quarter
        Mean gain in the compute deployed in a quarter [h100e/quarter], axis (quarter shown).
    rise
        Draws and quarters that another layer binds more often without limit, axis (row of the core).
    curve
        Mean gain along `LADDER`, and without limit last, on the first draws [h100e].
    """

    gain: Array
    ceiling: Array
    wait: Array
    by_quarter: Array
    rise: Array
    curve: Array


@dataclass(frozen=True, eq=False)
class Question:
    """One solved question: the run, the decision, and the layers that can grow.

    Parameters
    ----------
    run
        The stack, solved as it stands, from the decision to the horizon.
    quarter, usual
        Quarter of the decision, and the one where none is named.
    share
        Capacity added to each layer in turn, as a share of its own.
    parts, left_out
        Layers that can grow, and why others cannot.
    progress
        Called with the draws done and the draws asked for.
    """

    run: Run
    quarter: Quarter
    usual: Quarter
    share: float
    parts: tuple[Part, ...]
    left_out: dict[str, str]
    progress: Progress | None

    @classmethod
    def of(cls, asked: Asked, quarter: str | None, share: float, progress: Progress | None) -> Question:
        """Solve the stack as it stands, and find the layers that can grow."""
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
        return int(self.run.shown.start)

    @property
    def last(self) -> int:
        """The horizon, counted from the first quarter of the model."""
        return int(self.run.shown.stop) - 1

    @property
    def paid(self) -> list[Part]:
        """Layers that money can add to: of known cost, and in time for the horizon."""
        return [part for part in self.parts if part.usd is not None and part.usd.any()]

    def ending(self, share: float) -> str:
        """Return what an id ends with: the decision and the share where they are not the usual ones."""
        decided = f".{self.quarter}" if self.quarter != self.usual else ""
        return decided + (f".{dotless(100 * share)}pct" if share != SHARE else "")

    def future(self, rows: slice) -> Future:
        """Return the future of some draws."""
        return Future.of(self.run.model, rows, self.start, self.last)

    def added(self, part: Part, rows: slice | Whole, size: float) -> dict[int, Addition]:
        """Return a capacity added to a layer in some draws."""
        return {part.row: Addition(size, part.arrival[rows])}

    @cached_property
    def weight(self) -> Array:
        """Value of the compute deployed in a quarter against that of the decision, axis (quarter shown)."""
        worth = self.run.model.worth[self.run.shown]
        return np.asarray(worth / worth[0])

    @cached_property
    def floor(self) -> Array:
        """A gain in the compute deployed above this is an effect [h100e/quarter], axis (quarter shown)."""
        return np.asarray(EFFECT * self.run.deployed.mean(axis=0))

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
    def swept(self) -> dict[Part, Swept]:
        """What every addition does."""
        return self.sweep(self.parts)

    def sweep(self, parts: Sequence[Part]) -> dict[Part, Swept]:
        """Return what some additions do, each alone."""
        n, shown = self.run.reader.n, self.last - self.start + 1
        found = {
            part: Swept(
                gain=np.zeros(n),
                ceiling=np.zeros(n),
                wait=np.full(n, float(shown)),
                by_quarter=np.zeros(shown),
                rise=np.zeros(len(self.run.model.layers) + 3),
                curve=np.zeros(len(LADDER) + 1),
            )
            for part in parts
        }
        for rows in chunks(n):
            future = self.future(rows)
            base = future.solve()
            for (part, swept), draws in zip(found.items(), self.touched(future, rows, parts), strict=True):
                if draws.size:
                    some = Forward(base.output[draws], base.binder[draws], base.tied[draws])
                    self._one(future.take(draws), rows.start + draws, some, part, swept)
            if self.progress:
                self.progress(rows.stop, n)
        self._curves(found)
        return found

    def touched(self, future: Future, rows: slice, parts: Sequence[Part]) -> list[Whole]:
        """Return for each layer the draws of a future, by index, in which more of it can move anything."""
        flags = Majorant(future, {part.row: part.arrival[rows] for part in parts}).touched()
        return [np.flatnonzero(column) for column in flags.T]

    def _one(self, future: Future, draws: Whole, base: Forward, part: Part, swept: Swept) -> None:
        """Fill in what one addition does in some draws."""
        output = future.solve(self.added(part, draws, part.size)).output - base.output
        flows = np.diff(output, axis=1, prepend=0.0)
        swept.gain[draws] = flows @ self.weight
        swept.by_quarter[:] += flows.sum(axis=0) / self.run.reader.n
        seen = flows > self.floor
        swept.wait[draws] = np.where(seen.any(axis=1), seen.argmax(axis=1), swept.wait[draws])
        most = future.solve(self.added(part, draws, np.inf))
        swept.ceiling[draws] = np.diff(most.output - base.output, axis=1, prepend=0.0) @ self.weight
        arrived = np.arange(self.start, self.last + 1) >= part.arrival[draws, None]
        count = len(swept.rise)
        for sign, codes in ((1.0, most.binder), (-1.0, base.binder)):
            swept.rise[:] += sign * np.bincount(codes[arrived] % count, minlength=count)

    def _curves(self, found: dict[Part, Swept]) -> None:
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


def _parts(solved: Run, share: float) -> tuple[tuple[Part, ...], dict[str, str]]:
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
        parts.append(Part(layer.id, row, size, units, arrival, usd))
    return tuple(parts), left_out


def earliest(question: Question, swept: Swept) -> int | None:
    """Return the quarters from the decision to the first in which the mean gain is an effect."""
    seen = swept.by_quarter > question.floor
    return int(seen.argmax()) if seen.any() else None


def next_layer(question: Question, part: Part, swept: Swept) -> tuple[str, float]:
    """Return the layer that binds in place of one without limit, and the rise of its share."""
    layers = question.run.model.layers
    shown = np.arange(question.start, question.last + 1)
    total = max(int((shown >= part.arrival[:, None]).sum()), 1)
    rise = swept.rise[1 : len(layers) + 1] / total
    place = int(rise.argmax())
    return (layers[place].id, float(rise[place])) if rise[place] > 0 else ("", 0.0)


def first_unit(question: Question, part: Part, swept: Swept) -> float:
    """Return what the first unit of capacity brings, mean [h100e per h100e/quarter]."""
    return float(swept.curve[0]) / (part.size / question.share * LADDER[0])


def half(curve: Array) -> float | None:
    """Return the addition at which half of the ceiling is reached, as a share of capacity; None beyond."""
    gains, shares = np.append(0.0, curve[:-1]), np.append(0.0, LADDER)
    target = curve[-1] / 2
    if not 0 < target <= gains[-1]:
        return None
    return float(np.interp(target, np.maximum.accumulate(gains), shares))


def reach(curve: Array) -> float | None:
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
