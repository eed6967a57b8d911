"""Every way to execute a training step of one batch: the counted problem of calculon, execution by execution.

What depends on few axes is computed on those axes; a time is the sum of a part that depends on the
micro-batch and a part that each step pays once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from narrows.catalog import default
from narrows.errors import UsageError
from narrows.spread import spread
from narrows.training.layout import Layout
from narrows.training.memory import BUCKETS, activation_bytes_per_token, buckets
from narrows.training.step import EACH, FULL, HALF, PARTS, step_parts
from narrows.training.step_law import groups_of, read_step_law
from narrows.training.stored import Stored

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from numpy.typing import NDArray

    from narrows.catalog.catalog import Catalog
    from narrows.training.machine import Machine
    from narrows.transformer import Model

    Array = NDArray[np.float64]

__all__ = ["AXES", "Block", "Execution", "Found", "Problem", "cuts", "executions", "search_executions"]

FORMS = ("all-reduce", "scatter between stages", "sequence parallel", "gathered again")
"""Forms of the exchange: the stream is whole on every chip; sent cut; kept cut; nowhere kept whole."""
CUT = 2
"""Forms from this one on keep the stream cut along the sequence."""
AGAIN = ("full", "attention", "none")
OVERLAPS = ("none", "ring", "pipe")
NETWORKS = ("scale-up", "scale-out")
AXES = (
    "interleave", "micro_batch", "kept", "weights_offload", "tensor_overlap", "tensor_network",
    "pipeline_network", "optimiser_sharded", "optimiser_offload", "data_overlap", "data_network",
)  # fmt: skip
"""Axes of one cut, in order; ``kept`` joins recomputation, form and place of activations."""
APART = ("tensor", "pipeline", "reduce", "gather", "optimiser")
"""Parts that are priced by their own axes."""
SEEN = ("tensor_ring", "tensor_pipe")
KEPT = BUCKETS.index("activations")
WITH_SCORES = Stored(flash=False, dropout=True)
"""The counted problem stores scores and masks."""
WITHOUT, WITH = (False,), (False, True)
GATHERED = 10 / 8
"""Exchanges of a layer where two are gathered again in the backward pass, over those without."""
WHOLE = 2.0
"""Inputs of products a layer keeps whole where they are not gathered again."""
REDUCED = 2 * FULL / (FULL + HALF)
"""Bytes of a whole gradient summed everywhere, over those of a part summed and its weight handed out."""
SECOND = 2.0
"""Layers of what is offloaded that stay on the chip: the one in use, and the one on its way."""
TRIPS = 2.0
"""Times that what is offloaded passes the link: out and in, or in for both passes."""


@dataclass(frozen=True)
class Problem:
    """What is executed.

    Parameters
    ----------
    chips
        Chips of the job.
    most_batch
        Most sequences of a step; the batch is the largest multiple of the data-parallel width up to it.
    sequence
        Tokens of a sequence.
    second_memory
        Whether the host holds what is offloaded.
    precision
        As in `narrows.training.layout.Layout`.
    """

    chips: int
    most_batch: int
    sequence: int = 2048
    second_memory: bool = True
    precision: str = "bf16"


@dataclass(frozen=True)
class Execution:
    """One execution: its cut, its choices by axis, its time, and the memory of its fullest chip.

    Parameters
    ----------
    tensor, stages, data
        Widths.
    batch
        Sequences of its step.
    choices
        Value by axis.
    seconds
        Time of the step [s].
    memory_bytes
        Memory of the fullest chip [byte].
    """

    tensor: int
    stages: int
    data: int
    batch: int
    choices: dict[str, str]
    seconds: float
    memory_bytes: float

    @property
    def sequences_per_s(self) -> float:
        """Sequences in a second."""
        return self.batch / self.seconds


@dataclass(frozen=True)
class Found:
    """What the search found.

    Parameters
    ----------
    executions, fitting
        Executions priced, and those of them that fit both memories and their networks.
    best
        Those with most sequences a second, best first.
    interrupted
        Whether it was stopped before the end.
    """

    executions: int
    fitting: int
    best: tuple[Execution, ...]
    interrupted: bool = False


@dataclass(frozen=True)
class Block:
    """All executions of one cut.

    Parameters
    ----------
    cut
        Tensor width, stages, data-parallel width, batch.
    seconds, memory_bytes
        Time and memory of the fullest chip, axes `AXES`.
    fits
        Whether it fits, on the same axes.
    labels
        Values along each axis.
    """

    cut: tuple[int, int, int, int]
    seconds: Array
    memory_bytes: Array
    fits: NDArray[np.bool_]
    labels: dict[str, list[str]]

    def execution(self, place: int) -> Execution:
        """Return the execution at a place of the flat order."""
        tensor, stages, data, batch = self.cut
        where = np.unravel_index(place, self.seconds.shape)
        choices = {axis: self.labels[axis][int(i)] for axis, i in zip(AXES, where, strict=True)}
        seconds, held = float(self.seconds.flat[place]), float(self.memory_bytes.flat[place])
        return Execution(tensor, stages, data, batch, choices, seconds, held)


def _divisors(number: int) -> list[int]:
    return [n for n in range(1, number + 1) if not number % n]


def cuts(model: Model, problem: Problem) -> list[tuple[int, int, int, int]]:
    """Return tensor width, stages, data-parallel width and batch of every cut, in order.

    Parameters
    ----------
    model, problem
        What is executed.

    Examples
    --------
    >>> from narrows.transformer.registry import model
    >>> cuts(model("megatron-22b"), Problem(8, 4))[:3]
    [(1, 2, 4, 4), (1, 4, 2, 4), (1, 8, 1, 4)]
    """
    found = []
    for tensor in _divisors(problem.chips):
        if model.hidden % tensor or model.heads % tensor:
            continue
        for stages in range(1, min(problem.chips // tensor, model.layers) + 1):
            if problem.chips % (tensor * stages) or model.layers % stages:
                continue
            data = problem.chips // (tensor * stages)
            if data <= problem.most_batch:
                found.append((tensor, stages, data, problem.most_batch // data * data))
    return found


def executions(
    model: Model,
    machine: Machine,
    problem: Problem,
    cut: tuple[int, int, int, int],
    *,
    stack: str = "calculon",
    catalog: Catalog | None = None,
) -> Block:
    """Return the time and the memory of every execution of one cut.

    Parameters
    ----------
    model, machine, problem
        What is executed where.
    cut
        One of `cuts`.
    stack
        Software, as in `narrows.training.step_law.step`.
    catalog
        Facts; those that come with narrows if left out.

    Notes
    -----
    Parts of `narrows.training.step.step_parts` with their fitted factors. A tensor exchange that is cut
    beside its product is seen by the share of a fact, the exchange of gradients by its fitted factor where
    it overlaps and by a fact where it does not. What is offloaded passes the link to the host twice and is
    seen where that takes longer than the work. An exchange fits the scale-up network where the widths of all
    that use it multiply to its domain at most.
    """
    facts = catalog or default()
    tensor, stages, data, batch = cut
    offload = WITH if problem.second_memory else WITHOUT
    labels = _labels(model, problem, cut)
    shape = tuple(len(values) for values in labels.values())
    if not all(shape):
        return Block(cut, np.zeros(shape), np.zeros(shape), np.zeros(shape, bool), labels)
    chunks, micros = ([float(text) for text in labels[axis]] for axis in AXES[:2])
    job = Layout(
        chips=float(problem.chips),
        tensor=float(tensor),
        stages=float(stages),
        interleave=np.array(chunks)[:, None],
        micro_batch=np.array(micros)[None, :],
        batch=float(batch),
        sequence=float(problem.sequence),
        precision=problem.precision,
    )
    factor = _factors(model, machine, job, stack)
    speeds = np.array([machine.chip.scale_up_bytes_per_s, machine.network_bytes_per_s])
    nets = {width: speeds if width > 1 else speeds[:1] for width in (tensor, stages, data)}
    link = facts.fact("training.second_memory.bandwidth").canonical_value
    stay = min(1.0, SECOND * stages / model.layers)
    # One column a recomputation, form and place of activations.
    plain = {
        (again, cut_up): _plain(
            model, machine, replace(job, recompute=again, sequence_parallel=cut_up), factor
        )
        for again in AGAIN
        for cut_up in (False, True)
    }
    columns = [_column(model, job, kind, plain[kind[0], kind[1] >= CUT], factor) for kind in _kept(offload)]
    busy, moved, sent, streamed = (np.stack([column[i] for column in columns], axis=-1) for i in range(4))
    ends = np.stack([column[4] for column in columns], axis=-2)  # end, chunks, micro-batches, kept, bucket
    away = np.array([away for *_, away in _kept(offload)], dtype=np.float64)
    gone = np.array(offload, dtype=np.float64)
    own = ends[..., 0].max(axis=0)
    passes = job.micro_batches[..., None]
    carried = TRIPS * (1 - stay) * ((streamed * away)[..., None] + (own * passes)[..., None] * gone)
    shares = [1.0] + [facts.fact(f"training.exposed.{name}").canonical_value for name in SEEN]
    seen = np.array(shares[: len(labels["tensor_overlap"])])
    left = (
        (busy[..., None] + np.maximum(0.0, carried / link - busy[..., None]))[..., None, None, None]
        + moved[..., None, None, None, None] * seen[:, None, None] / nets[tensor][:, None]
        + sent[..., None, None, None, None] / nets[stages]
    )
    ranks = np.array([1.0, float(data)][: len(labels["optimiser_sharded"])])
    once = step_parts(model, machine, replace(job, interleave=chunks[0], micro_batch=micros[0]))
    parts = dict(zip(PARTS, once.tolist(), strict=True))
    states = ends[:, 0, 0, 0, 2]
    update = parts["optimiser"] * factor["optimiser"] * (1 / ranks + EACH) / (1 / data + EACH)
    written = TRIPS * (1 - stay) * states.max() / ranks[:, None] * gone / link
    summed = parts["reduce"] * float(speeds[int(tensor * data > machine.domain)])
    hidden = [facts.fact("training.exposed.data").canonical_value * factor["scale"], factor["reduce"]]
    shown = np.array(hidden[: len(labels["data_overlap"])])
    whole = np.where(ranks > 1, 1.0, REDUCED if data > 1 else 1.0)
    right = (update[:, None] + np.maximum(0.0, written - update[:, None]))[..., None, None] + (
        whole[:, None, None, None] * summed * shown[:, None] / nets[data]
    )
    seconds = left.reshape(*left.shape, 1, 1, 1, 1) + right
    on_chip, on_host = _memory(ends, states, (away, gone, ranks, stay))
    room = machine.chip.memory_bytes
    host = facts.fact("training.second_memory.size").canonical_value
    held = on_chip.max(axis=0)[:, :, :, :, None, None, None, :, :, None, None]
    fitting = (held <= room) & (on_host.max(axis=0) <= host)[:, :, :, :, None, None, None, :, :, None, None]
    fits = np.broadcast_to(fitting & _reach(machine, cut, shape), shape)
    return Block(cut, seconds, np.broadcast_to(held, shape), fits, labels)


def _kept(offload: tuple[bool, ...]) -> list[tuple[str, int, bool]]:
    """Return recomputation, form and offload of activations together."""
    return [
        (again, form, away)
        for again in AGAIN
        for form in range(len(FORMS))
        for away in offload
        if not (again == "full" and (away or form == len(FORMS) - 1))
    ]


def _labels(model: Model, problem: Problem, cut: tuple[int, int, int, int]) -> dict[str, list[str]]:
    tensor, stages, data, batch = cut
    offload = WITH if problem.second_memory else WITHOUT
    away = ["host" if gone else "chip" for gone in offload]
    micros = [c for c in _divisors(batch // data) if not c * problem.sequence % tensor]
    values = (
        [str(v) for v in (_divisors(model.layers // stages) if stages > 1 else [1])],
        [str(c) for c in micros],
        [f"{again}, {FORMS[form]}, {'host' if gone else 'chip'}" for again, form, gone in _kept(offload)],
        away,
        list(OVERLAPS if tensor > 1 else OVERLAPS[:1]),
        list(NETWORKS[: 1 + (tensor > 1)]),
        list(NETWORKS[: 1 + (stages > 1)]),
        ["no", "yes"][: 1 + (data > 1)],
        away,
        ["no", "yes"][: 1 + (data > 1)],
        list(NETWORKS[: 1 + (data > 1)]),
    )
    return dict(zip(AXES, values, strict=True))


def _factors(model: Model, machine: Machine, job: Layout, stack: str) -> dict[str, float]:
    """Return the fitted factor of each part with that on all, and that alone as ``scale``."""
    logs = read_step_law().logs([groups_of(model, machine, job, stack=stack)])[0]
    found = dict(zip(PARTS, np.exp(logs[:-1] + logs[-1]).tolist(), strict=True))
    return found | {"scale": float(np.exp(logs[-1]))}


def _plain(
    model: Model, machine: Machine, layout: Layout, factor: dict[str, float]
) -> tuple[Array, Array, Array, float, Array]:
    """Return work, tensor and pipeline exchange at 1 byte/s, bytes kept a token and layer, memory by end."""
    parts = dict(zip(PARTS, np.moveaxis(step_parts(model, machine, layout), -1, 0), strict=True))
    work: Array = sum((parts[name] * factor[name] for name in PARTS if name not in APART), np.zeros(1))
    near = layout.tensor <= machine.domain
    speed = machine.chip.scale_up_bytes_per_s if near else machine.network_bytes_per_s
    each = activation_bytes_per_token(model, replace(layout, interleave=1, micro_batch=1), stored=WITH_SCORES)
    ends = [
        buckets(model, layout, place, stored=replace(WITH_SCORES, sharded_optimiser=False))
        for place in (0.0, float(layout.stages) - 1)
    ]
    passed = parts["pipeline"] * machine.network_bytes_per_s
    return work, parts["tensor"] * speed, passed, each, np.stack(ends)


def _column(
    model: Model,
    job: Layout,
    kind: tuple[str, int, bool],
    plain: tuple[Array, Array, Array, float, Array],
    factor: dict[str, float],
) -> tuple[Array, Array, Array, Array, Array]:
    """Return work, exchanges at 1 byte/s, activations through a chip, and memory by end and bucket."""
    again, form, _ = kind
    work, moved, passed, each, ends = plain
    tensor = float(job.tensor)
    if form == len(FORMS) - 1:
        moved = moved * GATHERED
    if form == 1:
        moved = moved + passed * (tensor - 1)
    whole = WHOLE * HALF * model.hidden * (1 - 1 / tensor) if form == CUT and again != "full" else 0.0
    held = ends.copy()
    held[..., KEPT] *= 1 + whole / each
    tokens = float(job.batch) * float(job.sequence) / float(job.data)
    return (
        work,
        moved * factor["tensor"],
        passed * factor["pipeline"] * (tensor if form == 0 else 1.0),
        np.full(work.shape, (each + whole) * tokens * model.layers / float(job.stages)),
        held,
    )


def _memory(ends: Array, states: Array, choice: tuple[Array, Array, Array, float]) -> tuple[Array, Array]:
    """Return bytes on the chip and on its host; axes: end, the first four, optimiser sharded, offloaded."""
    away, gone, ranks, stay = choice
    weights, gradients, _, kept, work = np.moveaxis(ends, -1, 0)
    state = (states[:, None] / ranks)[:, None, None, None, None, :, None]
    off_kept, off_weights = (away * (1 - stay) * kept)[..., None], weights[..., None] * gone * (1 - stay)
    chip = (weights + gradients + kept + work)[..., None] - off_kept - off_weights
    left = gone * (1 - stay)
    return (
        chip[..., None, None] + state * (1 - left),
        (off_kept + off_weights)[..., None, None] + state * left,
    )


def _reach(machine: Machine, cut: tuple[int, int, int, int], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return whether all that use the scale-up network lie in its domain."""
    used: Array = np.ones((1,) * len(AXES))
    for axis, width in zip(("tensor_network", "pipeline_network", "data_network"), cut[:3], strict=True):
        place = AXES.index(axis)
        form = [1] * len(AXES)
        form[place] = shape[place]
        used = used * np.array([float(width), 1.0][: shape[place]]).reshape(form)
    return used <= machine.domain


def search_executions(
    model: Model,
    machine: Machine,
    problem: Problem,
    *,
    top: int = 10,
    stack: str = "calculon",
    executor: Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
    catalog: Catalog | None = None,
) -> Found:
    """Price every execution, and return the fastest that fit.

    Parameters
    ----------
    model, machine, problem
        What is executed where.
    top
        Executions to return.
    stack
        As in `executions`.
    executor
        Any executor of `concurrent.futures`; the answer is the same.
    progress
        Told the cuts done and all cuts.
    catalog
        Facts; those that come with narrows if left out.

    Raises
    ------
    UsageError
        The problem has no execution, or a number is below 1.

    Examples
    --------
    >>> from narrows.transformer.registry import model
    >>> from narrows.training.machine import machine
    >>> found = search_executions(model("megatron-22b"), machine("a100"), Problem(8, 4, second_memory=False))
    >>> found.executions
    28006
    """
    for name in ("chips", "most_batch", "sequence"):
        if getattr(problem, name) < 1:
            raise UsageError(
                f"The problem has {name.replace('_', ' ')} {getattr(problem, name)}",
                "It is a whole number from 1",
                "Give another",
            )
    every = cuts(model, problem)
    if not every:
        raise UsageError(
            f"The problem spreads {model.id} over {problem.chips} chips with a batch of {problem.most_batch}",
            "Widths divide the chips, the heads and the layers, and the batch feeds every data-parallel rank",
            "Give more sequences, or another number of chips",
        )
    price = partial(executions, model, machine, problem, stack=stack, catalog=catalog)
    task = partial(_best, price, top)
    count, fitting, best, interrupted = 0, 0, list[Execution](), False
    try:
        results = spread(executor, task, every)
        for done, (own, held, found) in enumerate(results, 1):
            count, fitting = count + own, fitting + held
            best = sorted([*best, *found], key=lambda one: one.seconds / one.batch)[:top]
            if progress is not None:
                progress(done, len(every))
    except KeyboardInterrupt:
        interrupted = True
    return Found(count, fitting, tuple(best), interrupted)


def _best(
    price: Callable[[tuple[int, int, int, int]], Block], top: int, cut: tuple[int, int, int, int]
) -> tuple[int, int, list[Execution]]:
    """Return executions, those that fit, and the fastest of them for one cut."""
    block = price(cut)
    times = np.where(block.fits, block.seconds, np.inf).ravel()
    fitting = int(np.count_nonzero(block.fits))
    most = min(top, fitting)
    if not most:
        return times.size, 0, []
    bound = np.partition(times, most - 1)[most - 1]
    places = np.flatnonzero(times <= bound)
    order = places[np.argsort(times[places], kind="stable")][:most]
    return times.size, fitting, [block.execution(int(place)) for place in order]
