"""Tell the figures of a training run: its plan, its cost, its useful time (family ``training``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from narrows.bottlenecks.answer import asked_of
from narrows.bottlenecks.told import Told
from narrows.catalog import Catalog, Reader
from narrows.errors import UnknownNameError, UsageError
from narrows.training.chips import chip_names
from narrows.training.goodput import Timing, drawn_goodput
from narrows.training.layout import Layout
from narrows.training.machine import machine
from narrows.training.memory import BUCKETS, fullest
from narrows.training.plan import ASKED, Ask, plan
from narrows.training.run_cost import PARTS, Run, drawn_cost
from narrows.training.search import Space
from narrows.transformer.registry import model

if TYPE_CHECKING:
    from narrows.bottlenecks.told import Asked

__all__ = ["tell"]

COSTS = ("total", "final_run", "usd_per_chip_hour", *(part for part in PARTS if part != "rent"))
"""What is said of the cost of a run."""
COST_IDS, USEFUL_IDS = 6, 5
"""Words of the two kinds of id."""
REMEDY = (
    "Write training.cost.<part>.<chip>.<chips>.<whole days>, training.goodput.useful.<chip>.<chips> or "
    "training.plan.<quantity>.<model>.<chip>@<layout>, such as training.cost.total.h100_sxm.16384.54"
)


PLAN, EXAMPLE = "training.plan.", "llama-3.1-8b.h100_sxm@chips=64,batch=64,sequence=8192,tokens=1e11"
STEP = "sum of the parts of the step at the offer of the machine, each times its fitted factor"
DAYS = "steps x time of a step / useful share of the time"
LOST = ("training.interruption.", "training.checkpoint.", "training.restart.")
"""First parts of the facts behind the useful share."""
PLANNED = {
    "step": ("s", STEP),
    "mfu": (
        "ratio",
        f"operations of the tokens of a step without recomputation / bf16 rate / time of it: {STEP}",
    ),
    "tokens_per_s": ("1/s", f"tokens of a step / time of it: {STEP}"),
    "useful": ("ratio", "r D exp(-r u) / (exp(r (D + w)) - 1), at the best interval D between checkpoints"),
    "days": ("d", DAYS),
    "chip_hours": ("h", f"chips x 24 x days, days = {DAYS}"),
    "usd": ("usd", f"chip-hours x cost of a chip-hour of this run alone, days = {DAYS}"),
    "usd_with_all": ("usd", f"the same with failed runs, post-training and staff, days = {DAYS}"),
    "mwh": ("MWh", f"chip-hours x electricity of a chip-hour, days = {DAYS}"),
}
"""Unit and formula of what a plan draws."""
STAGE = {
    "weights": "2 bytes a weight that the fullest chip holds",
    "gradients": "bytes of a gradient x weights that the fullest chip holds",
    "optimiser": "master copy and two moments in fp32 of the weights, over the ranks that share them",
    "activations": "bytes kept of a token by block x tokens of a micro-batch x layers x those under way",
    "work": "gradient of the widest matrix, of the head in fp32, input of one activation function",
    "memory": "weights + gradients + optimiser + activations + work of the fullest chip",
    "room": "memory of a chip x share that a job can allocate",
}
"""Formula of the memory of the fullest chip, by bucket."""


@dataclass(frozen=True)
class Reading:
    """The facts that a figure of training came from."""

    catalog: Catalog
    reader: Reader


def tell(id: str, asked: Asked) -> Told:  # noqa: A002 (the word of the trade)
    """Return a figure of a training run in every draw.

    Parameters
    ----------
    id
        ``training.cost.<part>.<chip>.<chips>.<whole days>`` for chips that are owned over their life,
        ``training.goodput.useful.<chip>.<chips>``, or ``training.plan.<quantity>.<model>.<chip>@`` and the
        layout, such as ``chips=64,batch=128,sequence=8192,tp=4,pp=8``.
    asked
        The question that it belongs to.

    Raises
    ------
    UnknownNameError
        If training has no such figure.
    """
    book = asked_of(asked.catalog, asked.as_of, asked.scenario)
    reading = Reading(book, Reader(book, asked.seed, asked.draws, asked.method))
    if id.startswith(PLAN):
        return _plan(id, book, reading, asked)
    parts = id.split(".")
    numbers = [int(text) if text.isdecimal() else 0 for text in parts[4:]]
    known = len(parts) > USEFUL_IDS - 1 and parts[3] in chip_names(book) and min(numbers, default=0) > 0
    if known and parts[1] == "cost" and parts[2] in COSTS and len(parts) == COST_IDS:
        return _cost(reading, parts[2], parts[3], numbers)
    if known and parts[1:3] == ["goodput", "useful"] and len(parts) == USEFUL_IDS:
        return _useful(reading, parts[3], numbers[0])
    examples = [f"training.cost.{part}.h100_sxm.16384.54" for part in COSTS]
    plans = [f"{PLAN}{quantity}.{EXAMPLE}" for quantity in (*PLANNED, *STAGE)]
    known_ids = [*examples, "training.goodput.useful.h100_sxm.16384", *plans]
    raise UnknownNameError("figure", id, known_ids, remedy=REMEDY)


def _cost(reading: Reading, part: str, chip: str, numbers: list[int]) -> Told:
    chips, days = numbers
    found, reads = drawn_cost(Run(chip, chips, float(days)), reading.reader)
    unit = "usd/(gpu h)" if part == "usd_per_chip_hour" else "usd"
    words = "all parts" if part == "total" else part.replace("_", " ")
    text = (
        f"{words} of {chips:,} {chip} for {days} days: owned parts at the annuity of their life over the use "
        "of the cluster, electricity by load and PUE, failed runs and post-training as ratios, staff as share"
    )
    return Told(reading, found[part], unit, text, reads, method="cost by parts")


def _useful(reading: Reading, chip: str, chips: int) -> Told:
    values = drawn_goodput(reading.reader, chips, Timing(), chip)
    text = (
        f"useful share of the time of {chips:,} {chip}: r D exp(-r u) / (exp(r (D + w)) - 1), rate r of all "
        "chips, write w, restart u, interval D the best one at the stated facts"
    )
    return Told(reading, values, "ratio", text, tuple(reading.reader.reads), method="renewal")


def _plan(name: str, book: Catalog, reading: Reading, asked: Asked) -> Told:
    """Tell a figure of a plan."""
    head, _, besides = name.removeprefix(PLAN).partition("@")
    quantity, _, rest = head.partition(".")
    llm, _, chip = rest.rpartition(".")
    known = [f"{PLAN}{word}.{rest}@{besides}" for word in (*PLANNED, *STAGE)]
    if quantity not in PLANNED and quantity not in STAGE:
        raise UnknownNameError("figure", name, known, remedy=REMEDY)
    card = machine(chip, book)
    space, ask = _space(name, besides)
    found = plan(model(llm), card, space, ask, draws=asked.draws, seed=asked.seed, catalog=book)
    offers = [f"chip.{found.chip}.{word}" for word in ("bf16", "bandwidth", "memory", "scale_up")]
    offers += [f"cluster.{found.chip}.{word}" for word in ("domain", "network")]
    shape = tuple(fact.id for fact in book.under(f"model.{found.model}"))
    reads = tuple(each for each in offers if book.has(each))
    if quantity in STAGE:
        stage = fullest(found.stages)[1]
        held = {bucket: getattr(stage, bucket) for bucket in BUCKETS}
        held |= {"memory": stage.total, "room": found.room_bytes}
        values = np.full(asked.draws, held[quantity])
        used = (f"chip.{found.chip}.memory", "training.memory.usable") if quantity == "room" else shape
        return Told(reading, values, "byte", STAGE[quantity], used, method="account of memory")
    unit, formula = PLANNED[quantity]
    seconds = found.drawn["step"]
    drawn = found.drawn | {
        "mfu": found.step.mfu.value * found.step.seconds.value / seconds,
        "tokens_per_s": found.step.tokens / seconds,
    }
    if quantity not in drawn:
        raise UsageError(
            f"The figure {name!r} needs the length of the run",
            "Days and costs follow from tokens",
            "Add, for instance, ,tokens=1e12 to the id",
        )
    reads = (*reads, *shape)
    lost = tuple(each for each in found.reads if each.startswith(LOST))
    if quantity == "useful":
        reads = lost
    elif quantity in {"days", "chip_hours"}:
        reads += lost
    elif quantity not in {"step", "mfu", "tokens_per_s"}:
        reads += found.reads
    return Told(
        reading, drawn[quantity], unit, formula, tuple(dict.fromkeys(reads)), method="law of the step"
    )


def _space(name: str, besides: str) -> tuple[Space, Ask]:
    """Return the job of the terms of an id."""
    words = ("precision", "recompute", "gradients", "basis")
    found: dict[str, str] = {}
    for term in besides.split(","):
        word, _, value = term.partition("=")
        if word not in {*ASKED, *words, "tokens"} or not value:
            raise UsageError(
                f"The figure {name!r} has the term {term!r}",
                f"Terms are {', '.join((*ASKED, *words, 'tokens'))}, each with = and a value",
                "Write, for instance, @chips=64,batch=64,sequence=8192",
            )
        found[word] = value
    try:
        numbers = {word: float(value) for word, value in found.items() if word not in words}
    except ValueError:
        raise UsageError(
            f"The figure {name!r} has a width that is no number",
            f"{', '.join(ASKED)} and tokens are numbers",
            "Write, for instance, @chips=64,batch=64,sequence=8192",
        ) from None
    widths = {field: int(numbers.get(word, 0 if word == "shard" else 1)) for word, field in ASKED.items()}
    usual = Layout()
    space = Space(
        (widths.pop("chips"),),
        widths.pop("batch"),
        widths.pop("sequence"),
        found.get("precision", usual.precision),
        recompute=found.get("recompute", usual.recompute),
        gradients=found.get("gradients", Space.gradients),
        **widths,
    )
    return space, Ask(numbers.get("tokens"), basis=found.get("basis", Ask.basis))
