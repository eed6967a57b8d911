"""The best layouts of a training job: every way to lay a model over chips, priced, or refused by memory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.catalog import default
from narrows.errors import UnknownNameError, UsageError
from narrows.spread import spread
from narrows.training.layout import Layout
from narrows.training.memory import fullest_bytes
from narrows.training.rates import ChipHour, chip_hour
from narrows.training.step import step_parts
from narrows.training.step_law import groups_of, predictor, read_step_law
from narrows.training.stored import Stored
from narrows.transformer import training_flops

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from concurrent.futures import Executor

    from numpy.typing import NDArray

    from narrows.catalog.catalog import Catalog
    from narrows.training.machine import Machine
    from narrows.transformer import Model

    Array = NDArray[np.float64]

__all__ = ["GRADIENTS", "Laid", "Layouts", "Space", "front", "layouts", "price", "search", "usable_bytes"]

CHOSEN = ("tensor", "stages", "context", "experts", "shard", "interleave", "micro_batch")
"""Widths of a layout that are searched, in order."""
EDGES = (0, 1, 2)
"""Layers that stages may lack: embedding and head take the place of one each."""
GRADIENTS = {"fp32": 4.0, "bf16": 2.0}
"""Bytes of a gradient by the precision that it is summed in."""
RECOMPUTE = ("none", "attention", "full")
MOST_CONTEXT = 16
HOUR = 3600.0
PATHS = 2
"""Pieces of a sequence that each chip of a context group takes, one from each end."""


@dataclass(frozen=True)
class Space:
    """What is searched; a width given is held, one left out is searched.

    Parameters
    ----------
    chips
        Chips of the job; several to compare.
    batch, sequence
        Sequences of a step, and their tokens.
    precision
        As in `narrows.training.layout.Layout`.
    tensor, stages, context, experts, shard, interleave, micro_batch, recompute
        As there.
    gradients
        Precision in which gradients are summed, one of `GRADIENTS`.
    """

    chips: tuple[int, ...]
    batch: int
    sequence: int
    precision: str = "bf16"
    tensor: int | None = None
    stages: int | None = None
    context: int | None = None
    experts: int | None = None
    shard: int | None = None
    interleave: int | None = None
    micro_batch: int | None = None
    recompute: str | None = None
    gradients: str = "fp32"


@dataclass(frozen=True)
class Laid:
    """One layout with its prices.

    Parameters
    ----------
    layout
        The layout.
    seconds, low, high
        Time of a step with its 90 % interval [s].
    memory_bytes
        Memory of the fullest chip [byte].
    mfu
        Operations of the model over the bf16 rate of all chips.
    usd_per_million
        Dollars a million tokens at the stated facts; None where the chip has no price.
    kwh_per_million
        Electricity a million tokens.
    """

    layout: Layout
    seconds: float
    low: float
    high: float
    memory_bytes: float
    mfu: float
    usd_per_million: float | None
    kwh_per_million: float

    @property
    def tokens_per_s(self) -> float:
        """Tokens in a second."""
        return float(self.layout.batch * self.layout.sequence) / self.seconds


@dataclass(frozen=True)
class Layouts:
    """The answer of a search.

    Parameters
    ----------
    model, chip
        Names.
    space
        What was searched.
    hour
        What a chip costs in an hour.
    priced, fitting
        Layouts that divide, and those of them that fit the memory.
    least_bytes
        Memory of the layout that needs the least [byte].
    room_bytes
        What a job can allocate on a chip [byte].
    best
        Fastest first.
    front
        Those than which none is better in time, dollars, electricity and memory together, fastest first.
    interrupted
        Whether it was stopped before the end.
    """

    model: str
    chip: str
    space: Space
    hour: ChipHour
    priced: int
    fitting: int
    least_bytes: float
    room_bytes: float
    best: tuple[Laid, ...]
    front: tuple[Laid, ...]
    interrupted: bool = False


def usable_bytes(machine: Machine, catalog: Catalog | None = None) -> float:
    """Return what a training job can allocate on a chip [byte]."""
    share = (catalog or default()).fact("training.memory.usable").canonical_value
    return float(machine.chip.memory_bytes * share)


def _divisors(number: int) -> list[int]:
    return [n for n in range(1, number + 1) if not number % n]


def _held(value: int | None, usual: Iterable[int]) -> list[int]:
    return list(usual) if value is None else [value]


def _cuts(model: Model, machine: Machine, space: Space) -> list[tuple[int, int, int]]:
    """Return chips, tensor width and stages of every cut, in order."""
    found = []
    for chips in space.chips:
        near = [t for t in _divisors(chips) if t <= machine.domain and not model.heads % t]
        deep = [p for p in _divisors(chips) if p <= model.layers]
        deep = [p for p in deep if any(not (model.layers + edge) % p for edge in EDGES)]
        for tensor, stages in product(_held(space.tensor, near), _held(space.stages, deep)):
            if not chips % (tensor * stages) and not model.heads % tensor and stages <= model.layers:
                found.append((chips, tensor, stages))
    return found


def layouts(model: Model, space: Space, cut: tuple[int, int, int]) -> Layout | None:
    """Return all layouts of one cut as one of arrays, but for recomputation; None where there are none.

    Parameters
    ----------
    model, space
        What is laid out, and what is searched.
    cut
        Chips, tensor width, stages.
    """
    chips, tensor, stages = cut
    spread = chips // (tensor * stages)
    contexts = [
        c for c in _divisors(spread) if c <= MOST_CONTEXT and (c == 1 or not space.sequence % (PATHS * c))
    ]
    sharded = [0, spread] if stages == 1 and spread > 1 else [0]
    routed = [e for e in _divisors(chips // stages) if not model.experts % e] if model.experts else [1]
    chunks = [
        v
        for v in range(1, model.layers // stages + 1)
        if v == 1 or (stages > 1 and any(not (model.layers + edge) % (stages * v) for edge in EDGES))
    ]
    rows = []
    for context in _held(space.context, contexts):
        if spread % context or space.batch % (spread // context):
            continue
        each = space.batch // (spread // context)
        for micro, experts, chunk, shard in product(
            _held(space.micro_batch, _divisors(each)),
            _held(space.experts, routed),
            _held(space.interleave, chunks),
            _held(space.shard, sharded),
        ):
            even = chunk == 1 or not each // micro % stages or space.interleave is not None
            apart = chips // stages % experts or (model.experts or 1) % experts
            long = chunk * stages > model.layers or (shard and chips % shard)
            if apart or long or each % micro or not even:
                continue
            if not micro * space.sequence % (tensor * context):
                rows.append((tensor, stages, context, experts, shard, chunk, micro))
    if not rows:
        return None
    columns = dict(zip(CHOSEN, np.array(rows, dtype=np.float64).T, strict=True))
    return Layout(
        chips=float(chips),
        batch=float(space.batch),
        sequence=float(space.sequence),
        precision=space.precision,
        **columns,
    )


def one(many: Layout, place: int) -> Layout:
    """Return one layout of many.

    Parameters
    ----------
    many
        From `layouts`.
    place
        Its place.
    """
    widths: dict[str, Any] = {name: float(getattr(many, name)[place]) for name in CHOSEN}
    return replace(many, **widths)


def price(
    model: Model,
    machine: Machine,
    chosen: Sequence[Layout],
    hour: ChipHour,
    *,
    memory: Sequence[float],
    stack: str = "bridge",
) -> list[Laid]:
    """Return layouts with their prices.

    Parameters
    ----------
    model, machine
        What trains where.
    chosen
        Layouts of numbers.
    hour
        What a chip costs in an hour.
    memory
        Memory of the fullest chip of each [byte].
    stack
        As in `narrows.training.step_law.step`.
    """
    law, found = read_step_law(), []
    for place, layout in enumerate(chosen):
        parts = step_parts(model, machine, layout)[None, :]
        group = groups_of(model, machine, layout, stack=stack, vintage=VINTAGE.get(stack, ""))
        middle = float(predictor(parts)(law.logs([group]))[0])
        half = float(law.half(predictor(parts), [group])[0])
        seconds, low, high = (float(np.exp(middle + end)) for end in (0.0, -half, half))
        tokens = float(layout.batch * layout.sequence)
        hours = float(layout.chips) * seconds / HOUR / tokens * MILLION
        done = tokens * training_flops(model, float(layout.sequence)).train / float(layout.chips)
        found.append(
            Laid(
                layout,
                seconds,
                low,
                high,
                memory[place],
                done / seconds / machine.chip.flop_per_s["bf16"],
                None if hour.usd is None else hour.usd * hours,
                hour.kwh * hours,
            )
        )
    return found


MILLION = 1e6
VINTAGE = {"bridge": "26.06"}


@dataclass(frozen=True)
class _Rows:
    """Layouts of one cut that fit and may be among the best or on the front."""

    priced: int
    fitting: int
    least: float
    layouts: list[Layout]
    seconds: Array
    memory: Array


def _screen(
    model: Model, machine: Machine, space: Space, cut: tuple[int, int, int], *, top: int, room: float
) -> _Rows:
    """Return the layouts of one cut that no other of it beats in time and memory, and its fastest."""
    many = layouts(model, space, cut)
    if many is None:
        return _Rows(0, 0, np.inf, [], np.zeros(0), np.zeros(0))
    kept: list[Layout] = []
    seconds, memory = [], []
    priced, least, law = 0, np.inf, read_step_law()
    for again in RECOMPUTE if space.recompute is None else (space.recompute,):
        form = replace(many, recompute=again)
        held = fullest_bytes(model, form, stored=Stored(gradient_bytes=GRADIENTS[space.gradients]))
        priced, least = priced + held.size, min(least, float(held.min()))
        fits = np.flatnonzero(held <= room)
        if not fits.size:
            continue
        own = replace(form, **{name: getattr(form, name)[fits] for name in CHOSEN})
        parts = step_parts(model, machine, own)
        group = groups_of(model, machine, own, stack="bridge", vintage=VINTAGE["bridge"])
        logs = law.logs([group])[0]
        times = parts @ np.exp(logs[:-1]) * np.exp(logs[-1])
        seconds.append(times)
        memory.append(held[fits])
        kept += [one(own, place) for place in range(len(fits))]
    if not seconds:
        return _Rows(priced, 0, least, [], np.zeros(0), np.zeros(0))
    time, room_used = np.concatenate(seconds), np.concatenate(memory)
    order = np.argsort(time, kind="stable")
    places = sorted({*order[:top].tolist(), *front(np.stack([time, room_used], axis=-1)).tolist()})
    return _Rows(priced, len(time), least, [kept[place] for place in places], time[places], room_used[places])


def front(values: Array) -> NDArray[np.int64]:
    """Return the places of the rows that no other row is below in all columns, by the first column.

    Parameters
    ----------
    values
        Axes: rows, columns; less is better. Of equal rows the first is kept.

    Examples
    --------
    >>> front(np.array([[1.0, 5.0], [2.0, 6.0], [3.0, 1.0]])).tolist()
    [0, 2]
    """
    order = np.lexsort(values.T[::-1])
    found = []
    while order.size:
        best = order[0]
        found.append(int(best))
        order = order[(values[order] < values[best]).any(axis=1)]
    return np.array(found, dtype=np.int64)


def search(
    model: Model,
    machine: Machine,
    space: Space,
    *,
    top: int = 10,
    basis: str = "life",
    executor: Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
    catalog: Catalog | None = None,
) -> Layouts:
    """Return the fastest layouts that fit the memory, and the front of time, dollars, electricity and memory.

    Parameters
    ----------
    model, machine
        What trains where.
    space
        What is searched.
    top
        Layouts to return.
    basis
        How chips are paid, as in `narrows.training.run_cost`.
    executor
        Any executor of `concurrent.futures`; the answer is the same.
    progress
        Told the cuts done and all cuts.
    catalog
        Facts; those that come with narrows if left out.

    Raises
    ------
    UsageError
        No layout divides, or a number is below 1.
    UnknownNameError
        The precision of the gradients is not known.

    Notes
    -----
    Tensor width stays in the scale-up domain. Stages share the layers evenly, where embedding and head may
    count as a layer each. Chunks need micro-batches that the stages divide. Parameters are cut up over all
    chips only without a pipeline.

    Examples
    --------
    >>> from narrows.transformer.registry import model
    >>> from narrows.training.machine import machine
    >>> found = search(model("llama-3.1-8b"), machine("h100"), Space((16,), 128, 8192), top=1)
    >>> found.fitting <= found.priced, found.best[0].memory_bytes <= found.room_bytes
    (True, True)
    """
    for name, value in (("chips", min(space.chips)), ("batch", space.batch), ("sequence", space.sequence)):
        if value < 1:
            raise UsageError(
                f"The search is asked for {name} {value}", "It is a whole number from 1", "Give another"
            )
    if space.gradients not in GRADIENTS:
        raise UnknownNameError(
            "precision of gradients", space.gradients, GRADIENTS, remedy="Name one of these"
        )
    catalog = catalog or default()
    room, hour = usable_bytes(machine, catalog), chip_hour(machine.chip.id, max(space.chips), basis, catalog)
    every = _cuts(model, machine, space)
    task = partial(_screen, model, machine, space, top=top, room=room)
    rows, interrupted = list[_Rows](), False
    try:
        for done, found in enumerate(spread(executor, task, every), 1):
            rows.append(found)
            if progress is not None:
                progress(done, len(every))
    except KeyboardInterrupt:
        interrupted = True
    priced = sum(row.priced for row in rows)
    if not priced and not interrupted:
        raise UsageError(
            f"No layout of {model.id} divides {space.batch} sequences over {max(space.chips)} chips",
            "Widths divide the chips, and data-parallel width x micro-batch divides the batch",
            "Give another batch, or leave widths out",
        )
    kept = [layout for row in rows for layout in row.layouts]
    memory = [float(held) for row in rows for held in row.memory]
    laid = price(model, machine, kept, hour, memory=memory)
    order = sorted(range(len(laid)), key=lambda place: laid[place].seconds)
    table = np.array(
        [(one.seconds, one.usd_per_million or 0.0, one.kwh_per_million, one.memory_bytes) for one in laid]
    ).reshape(-1, 4)
    return Layouts(
        model.id,
        machine.chip.id,
        space,
        hour,
        priced,
        sum(row.fitting for row in rows),
        min((row.least for row in rows), default=np.inf),
        room,
        tuple(laid[place] for place in order[:top]),
        tuple(laid[int(place)] for place in front(table)),
        interrupted,
    )
