"""One training run in full: step, memory, useful time, days, dollars and energy, with intervals."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.catalog import PointReader, Reader, default
from narrows.draws import MOST_DRAWS, stream
from narrows.errors import DataError, UnknownNameError, UsageError
from narrows.fitted import Z90
from narrows.training.goodput import Timing, drawn_goodput
from narrows.training.layout import Layout, check
from narrows.training.memory import Stage, fullest, fullest_bytes, stages
from narrows.training.rates import ChipHour, basis_of, chip_hour
from narrows.training.run_cost import Run, drawn_cost
from narrows.training.scaling import allocate, band
from narrows.training.search import GRADIENTS, Laid, Space, price, search, usable_bytes
from narrows.training.step_law import Step, step
from narrows.training.stored import Stored

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from narrows.catalog.catalog import Catalog
    from narrows.training.machine import Machine
    from narrows.transformer import Model

    Array = NDArray[np.float64]

__all__ = ["ASKED", "KNOBS", "Ask", "Knobs", "Plan", "plan", "question"]

KNOBS = ("micro_batch", "interleave", "recompute")
"""What public tables often leave out."""
DAY, HOUR = 86_400.0, 3600.0
MILLION, GIB = 1e6, 2.0**30
MOST_KNOBS = 10_000
"""Combinations of what is left out that are ranked."""
MOST_DAYS = 365_000.0


@dataclass(frozen=True)
class Ask:
    """What is trained beside the layout.

    Parameters
    ----------
    tokens
        Tokens of the run; without them the plan ends with the step.
    flop
        Instead of tokens: operations of the model to spend.
    inference_tokens
        With a budget of operations: tokens that the model will serve.
    start
        First day.
    basis
        How chips are paid, as in `narrows.training.run_cost`.
    """

    tokens: float | None = None
    flop: float | None = None
    inference_tokens: float = 0.0
    start: dt.date | None = None
    basis: str = "life"


@dataclass(frozen=True)
class Knobs:
    """The time of the step over plausible values of what was left out.

    Parameters
    ----------
    names
        What was left out.
    tried
        Combinations that fit the memory.
    fastest, slowest
        Ends of them.
    default
        One sequence a micro-batch, one chunk a stage, nothing computed again, where left out.
    default_fits
        Whether that fits the memory.
    """

    names: tuple[str, ...]
    tried: int
    fastest: Laid
    slowest: Laid
    default: Laid
    default_fits: bool


@dataclass(frozen=True)
class Plan:
    """A training run in full.

    Parameters
    ----------
    model, chip
        Names.
    layout
        The layout.
    searched
        Whether widths were left out and the fastest layout that fits was taken.
    step
        Time of a step, its share of the peak, and where it goes.
    stages
        Memory by stage and bucket.
    capacity_bytes, room_bytes
        Memory of a chip, and what of it a job can allocate.
    remedies
        Where it does not fit: changes that make it fit, with the memory then needed.
    knobs
        What was left out beside the widths; None where all is given.
    useful
        Useful share of the time: stated, p05, p50, p95.
    hour
        What a chip costs and draws in an hour.
    usd_per_million, kwh_per_million
        Of a million tokens while the run works: stated.
    tokens
        Tokens of the run.
    split
        Parameters and tokens that a budget of operations would be split into; empty without one.
    stated
        days, chip_hours, usd (final run), usd_with_all (with failed runs, post-training and staff), mwh.
    bands
        p05, p50, p95 of the same.
    start
        First day.
    finish
        Last day: stated, p05, p50, p95.
    reads
        Facts behind it.
    question
        What was asked, as the ids of its figures write it: ``<model>.<chip>@chips=64,...``.
    drawn
        ``step`` [s], ``useful`` and, with a length, what `stated` has, in every draw.
    """

    model: str
    chip: str
    layout: Layout
    searched: bool
    step: Step
    stages: tuple[Stage, ...]
    capacity_bytes: float
    room_bytes: float
    remedies: tuple[tuple[str, float], ...]
    knobs: Knobs | None
    useful: tuple[float, float, float, float]
    hour: ChipHour
    usd_per_million: float | None
    kwh_per_million: float
    tokens: float | None
    split: dict[str, float]
    stated: dict[str, float]
    bands: dict[str, tuple[float, float, float]]
    start: dt.date | None
    finish: tuple[dt.date, ...]
    reads: tuple[str, ...]
    question: str
    drawn: dict[str, Array]

    @property
    def fits(self) -> bool:
        """Whether the fullest chip has room."""
        return fullest(self.stages)[1].total <= self.room_bytes


def plan(
    model: Model,
    machine: Machine,
    space: Space,
    ask: Ask | None = None,
    *,
    draws: int = 10_000,
    seed: int = 1,
    catalog: Catalog | None = None,
) -> Plan:
    """Return one training run in full.

    Parameters
    ----------
    model, machine
        What trains where.
    space
        The job; what it leaves out is searched. With tensor width and stages given, context, experts and
        shard left out are 1, 1 and none, and only `KNOBS` are searched.
    ask
        How long it trains, from when, and how chips are paid.
    draws, seed
        Number of draws over the doubt of step, failures and cost together, and their seed.
    catalog
        Facts; those that come with narrows if left out.

    Raises
    ------
    UsageError
        The layout does not divide, no layout fits, or a number is out of range.

    Notes
    -----
    The time of the step is log-normal in the interval of its law; failures and prices are drawn from their
    facts; days = steps x time of the step / useful share.

    Examples
    --------
    >>> from narrows.transformer.registry import model
    >>> from narrows.training.machine import machine
    >>> job = Space((64,), 128, 8192, "fp8", tensor=4, stages=8, interleave=5, gradients="bf16")
    >>> found = plan(model("llama-3.1-70b"), machine("h100"), job, Ask(tokens=1e11), draws=200)
    >>> found.fits, found.stated["days"] > found.tokens / found.step.tokens_per_s / 86_400
    (True, True)
    """
    ask, catalog = ask or Ask(), catalog or default()
    _checked(space, ask, draws)
    layout, searched = _layout(model, machine, space, catalog)
    check(model, layout)
    found = step(model, machine, layout)
    gradient = GRADIENTS[space.gradients]
    held = tuple(stages(model, layout, stored=Stored(gradient_bytes=gradient)))
    room, chips = usable_bytes(machine, catalog), space.chips[0]
    hour = chip_hour(machine.chip.id, chips, ask.basis, catalog)
    tokens, split = _tokens(ask, found, catalog)
    point, reader = PointReader(catalog), Reader(catalog, seed, draws)
    chip = machine.chip.id
    useful = [drawn_goodput(each, chips, Timing(), chip) for each in (point, reader)]
    stated: dict[str, float] = {}
    bands: dict[str, tuple[float, float, float]] = {}
    finish: tuple[dt.date, ...] = ()
    reads: tuple[str, ...] = reader.reads
    spread = math.log(found.seconds.high / found.seconds.low) / (2.0 * Z90)
    drawn_step = found.seconds.value * np.exp(spread * stream(seed, "training.step").standard_normal(draws))
    drawn = {"step": drawn_step, "useful": useful[1]}
    if tokens is not None:
        steps = math.ceil(tokens / found.tokens)
        days = [
            steps * seconds / DAY / share
            for seconds, share in zip((np.array([found.seconds.value]), drawn_step), useful, strict=True)
        ]
        told = [
            _run(each, at, chips, chip, basis_of(chip, ask.basis, catalog))
            for each, at in zip((point, reader), days, strict=True)
        ]
        drawn |= told[1]
        stated = {name: float(values[0]) for name, values in told[0].items()}
        bands = {name: band(values) for name, values in told[1].items()}
        reads = tuple(dict.fromkeys((*reads, *reader.reads)))
        if ask.start is not None:
            finish = tuple(_day(ask.start, at) for at in (stated["days"], *bands["days"]))
    chip_hours = chips * found.seconds.value / HOUR / found.tokens * MILLION
    return Plan(
        model=model.id,
        chip=chip,
        layout=layout,
        searched=searched,
        step=found,
        stages=held,
        capacity_bytes=machine.chip.memory_bytes,
        room_bytes=room,
        remedies=()
        if fullest(held)[1].total <= room
        else tuple(_remedies(model, layout, machine, (room, gradient))),
        knobs=_knobs(model, machine, layout, space, hour),
        useful=(float(useful[0][0]), *band(useful[1])),
        hour=hour,
        usd_per_million=None if hour.usd is None else hour.usd * chip_hours,
        kwh_per_million=hour.kwh * chip_hours,
        tokens=tokens,
        split=split,
        stated=stated,
        bands=bands,
        start=ask.start,
        finish=finish,
        reads=reads,
        question=question(model.id, chip, layout, ask, space.gradients),
        drawn=drawn,
    )


ASKED = {
    "chips": "chips", "batch": "batch", "sequence": "sequence", "tp": "tensor", "pp": "stages",
    "cp": "context", "ep": "experts", "vp": "interleave", "mbs": "micro_batch", "shard": "shard",
}  # fmt: skip
"""Width of a layout by its word in an id."""


def question(model: str, chip: str, layout: Layout, ask: Ask, gradients: str) -> str:
    """Return a plan as the ids of its figures write it.

    Parameters
    ----------
    model, chip
        Names.
    layout, ask, gradients
        Of the plan; what is as usual is left out.

    Examples
    --------
    >>> question("llama-3.1-8b", "gb200", Layout(chips=8, batch=8, precision="fp8"), Ask(), "fp32")
    'llama-3.1-8b.gb200@chips=8,batch=8,sequence=4096,precision=fp8'
    """
    usual = Layout(sequence=0)
    terms = [
        f"{word}={float(getattr(layout, name)):g}"
        for word, name in ASKED.items()
        if float(getattr(layout, name)) != float(getattr(usual, name))
    ]
    words = {
        "precision": (layout.precision, usual.precision),
        "recompute": (layout.recompute, usual.recompute),
        "gradients": (gradients, Space.gradients),
        "basis": (ask.basis, Ask.basis),
    }
    terms += [f"{name}={value}" for name, (value, plain) in words.items() if value != plain]
    if ask.tokens is not None:
        terms.append(f"tokens={ask.tokens:g}")
    return f"{model}.{chip}@{','.join(terms)}"


def _checked(space: Space, ask: Ask, draws: int) -> None:
    for option, value, usual in (
        ("--tokens", ask.tokens, "15e12"),
        ("--flop", ask.flop, "3.8e25"),
    ):
        if value is not None and not (value > 0 and math.isfinite(value)):
            raise UsageError(
                f"The option {option} is given {value:g}",
                "It is above 0",
                f"Write, for instance, {option} {usual}",
            )
    if ask.tokens is not None and ask.flop is not None:
        raise UsageError(
            "The length of the run is given by tokens and by operations",
            "One follows from the other",
            "Give one",
        )
    if not 1 <= draws <= MOST_DRAWS:
        raise UsageError(
            f"Draws are {draws}", f"Draws are a whole number from 1 to {MOST_DRAWS}", "Give --draws 10000"
        )
    if space.gradients not in GRADIENTS:
        raise UnknownNameError(
            "precision of gradients", space.gradients, GRADIENTS, remedy="Name one of these"
        )
    if len(space.chips) != 1:
        raise UsageError("A plan is given several numbers of chips", "It is one run", "Give one number")


def _layout(model: Model, machine: Machine, space: Space, catalog: Catalog) -> tuple[Layout, bool]:
    """Return the layout asked for, or the fastest that fits, and whether widths were searched."""
    given = space.tensor is not None and space.stages is not None
    if given:
        space = replace(space, context=space.context or 1, experts=space.experts or 1, shard=space.shard or 0)
    plain = Layout(
        chips=float(space.chips[0]),
        tensor=float(space.tensor or 1),
        stages=float(space.stages or 1),
        context=float(space.context or 1),
        experts=float(space.experts or 1),
        interleave=float(space.interleave or 1),
        micro_batch=float(space.micro_batch or 1),
        batch=float(space.batch),
        sequence=float(space.sequence),
        shard=float(space.shard or 0),
        precision=space.precision,
        recompute=space.recompute or "none",
    )
    if given:
        check(model, plain)
        if all(getattr(space, name) is not None for name in KNOBS):
            return plain, False
    found = search(model, machine, space, top=1, catalog=catalog)
    if found.best:
        return found.best[0].layout, not given
    if given:
        return plain, False
    need, room = found.least_bytes / GIB, found.room_bytes / GIB
    raise DataError(
        f"No layout of {model.id} fits on {space.chips[0]} {machine.chip.id}",
        f"The least of them needs {need:.1f} GiB a chip, of which {room:.1f} can be allocated",
        "Give more chips, or fewer sequences and tokens",
    )


def _knobs(model: Model, machine: Machine, layout: Layout, space: Space, hour: ChipHour) -> Knobs | None:
    names = tuple(name for name in KNOBS if getattr(space, name) is None)
    if not names:
        return None
    fixed = replace(
        space,
        tensor=int(layout.tensor),
        stages=int(layout.stages),
        context=int(layout.context),
        experts=int(layout.experts),
        shard=int(layout.shard),
    )
    found = search(model, machine, fixed, top=MOST_KNOBS)
    if not found.best:
        return None
    plain = replace(
        layout,
        micro_batch=float(space.micro_batch or 1),
        interleave=float(space.interleave or 1),
        recompute=space.recompute or "none",
    )
    held = float(fullest_bytes(model, plain, stored=Stored(gradient_bytes=GRADIENTS[space.gradients])))
    usual = price(model, machine, [plain], hour, memory=[held])[0]
    return Knobs(
        names, len(found.best), found.best[0], found.best[-1], usual, default_fits=held <= found.room_bytes
    )


def _remedies(
    model: Model, layout: Layout, machine: Machine, rule: tuple[float, float]
) -> Iterator[tuple[str, float]]:
    """Yield changes of one thing that make the layout fit, and the memory then needed [byte]."""
    room, gradient = rule
    for changes in _changes(model, layout, machine):
        for words, other in changes:
            try:
                check(model, other)
            except UsageError:
                continue
            held = float(fullest_bytes(model, other, stored=Stored(gradient_bytes=gradient)))
            if held <= room:
                yield words, held
                break
    held = float(fullest_bytes(model, layout, stored=Stored(gradient_bytes=GRADIENTS["bf16"])))
    if gradient > GRADIENTS["bf16"] and held <= room:
        yield "gradients summed in bf16", held


def _changes(model: Model, layout: Layout, machine: Machine) -> Iterator[list[tuple[str, Layout]]]:
    """Yield what may be changed: for each thing its steps, smallest first."""
    yield [("recompute full", replace(layout, recompute="full"))]
    yield [("a micro-batch of 1", replace(layout, micro_batch=1.0))]
    yield [("an interleave of 1", replace(layout, interleave=1.0))]
    most = {"tensor": machine.domain, "stages": model.layers, "context": machine.domain}
    for name, largest in (most | {"experts": model.experts}).items():
        wide, steps = float(getattr(layout, name)) * 2, []
        while wide <= largest:
            change: dict[str, Any] = {name: wide}
            steps.append((f"{name} {wide:g}", replace(layout, **change)))
            wide *= 2
        yield steps
    whole = float(layout.chips) / float(layout.tensor * layout.stages)
    if layout.shard < whole and layout.stages == 1:
        yield [(f"shard {whole:g}", replace(layout, shard=whole))]
    yield [(f"{layout.chips * n:g} chips", replace(layout, chips=layout.chips * n)) for n in (2, 4, 8)]


def _tokens(ask: Ask, found: Step, catalog: Catalog) -> tuple[float | None, dict[str, float]]:
    if ask.flop is None:
        return ask.tokens, {}
    split = allocate(ask.flop, inference_tokens=ask.inference_tokens, draws=1, catalog=catalog).stated
    return ask.flop / found.flops_per_token, {name: split[name] for name in ("parameters", "tokens")}


def _run(reader: Reader, days: Array, chips: int, chip: str, basis: str) -> dict[str, Array]:
    """Return days, chip-hours, dollars and electricity of the run in every draw."""
    told = {"days": days, "chip_hours": days * DAY / HOUR * chips}
    try:
        daily, _ = drawn_cost(Run(chip, chips, days=1.0, basis=basis or "life"), reader)
    except DataError:
        return told
    return told | {
        "usd": daily["final_run"] * days,
        "usd_with_all": daily["total"] * days,
        "mwh": daily["kwh"] * days / 1000.0,
    }


def _day(start: dt.date, days: float) -> dt.date:
    if not days <= MOST_DAYS:
        raise UsageError(
            f"The run takes {days:.3g} days",
            "A calendar ends with the year 9999",
            "Give more chips or fewer tokens",
        )
    return start + dt.timedelta(days=math.ceil(days))
