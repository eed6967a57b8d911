"""Output tokens per second of a chip at full load: the best placement and batch under limits.

The law of steps gives the time of a token at each batch, the balance of memory bounds the batch, and the
best of the widths and batches is kept. With limits, requests arrive at random and 99 % must meet them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from narrows.catalog import default
from narrows.errors import DataError, NarrowsError, UsageError
from narrows.inference.energy import Energy, joules_per_token, power
from narrows.inference.fit import Setup, fit
from narrows.inference.law import (
    BUDGET,
    COMPUTE,
    FEATURES,
    MEMORY,
    Placement,
    Span,
    TokenParts,
    arithmetic,
    closed_loop,
    read_law,
    step_features,
    step_seconds,
)
from narrows.inference.prices import usd_per_million
from narrows.transformer.registry import BITS, Checkpoint, checkpoint, chip

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from narrows.catalog.catalog import Catalog
    from narrows.inference.fit import Fit
    from narrows.inference.law import Loop
    from narrows.transformer import Chip, Model

    Array = NDArray[np.float64]

__all__ = ["FiniteRun", "Throughput", "attained", "best_throughput"]

ALIKE = {
    "deepseek-r1": "deepseek-v3",
    "llama-2-70b": "llama-3.1-70b",
    "llama-3.3-70b": "llama-3.1-70b",
}
"""Models of one architecture, or nearly: the one whose widths the catalogue holds, by another name."""
LARGEST, ATTAINABLE, STACK = "inference.largest_batch", "inference.attainable", "inference.stack"
LATE, Z99 = 0.01, 2.3263478740408408
"""Share of requests that may miss a limit, and the normal deviate that it stands at."""
LEAST = 1e-9
ALIKE_SHARE = 0.02
"""Placements whose speeds differ by less are alike; the one on the fewest chips is taken."""
RATIO = 2**0.25
"""Step between the batches that are tried."""
SMALL = 32
"""Batches up to which every one is tried."""
SERVER = 8
"""Chips that one copy of a model may take."""
DRAIN_POINTS = 48
DOUBLINGS = 60
FORMATS = {"bf16": "bf16", "fp8": "fp8", "fp4": "nvfp4"}
PARTS = {
    "memory": FEATURES[MEMORY],
    "compute": FEATURES[COMPUTE],
    "exchange": ("reduce_bytes", "reduce_count", "exchange_bytes", "exchange_count"),
    "overhead": ("layers", "expert_layers", "requests", "activations", "routed", "step"),
}


@dataclass(frozen=True)
class FiniteRun:
    """A run that ends: it fills, works, and drains until its longest answer is done.

    Parameters
    ----------
    requests, seconds
        Fewest requests of the whole system, and shortest time that requests are sent [s].
    longest
        Longest answer [token].
    chips
        Chips of the system.

    Raises
    ------
    UsageError
        Nothing runs.
    """

    requests: float
    longest: float
    seconds: float = 0.0
    chips: int = 8

    def __post_init__(self) -> None:
        sizes = (self.requests, self.longest, self.chips)
        if not (all(size > 0 and math.isfinite(size) for size in sizes) and self.seconds >= 0):
            raise UsageError(
                f"The run has {self.requests:g} requests, answers up to {self.longest:g} "
                f"and {self.chips} chips",
                "Each is above 0",
                "Leave the run out for a load that goes on",
            )


@dataclass(frozen=True)
class Throughput:
    """The best that a chip does.

    Parameters
    ----------
    model, chip
        Names.
    asked, answered
        Tokens of a prompt and of an answer.
    tokens_per_s_per_chip
        Output tokens of one chip in a second.
    placement, setup, chips
        How the model lies on how many chips.
    batch
        Mean of the requests in flight at one attention rank, over its stages.
    tpot_s, ttft_s
        Time per output token and, with limits, to the first token: of 99 % of requests with limits, else
        the mean [s].
    memory_share, compute_share
        Shares of bandwidth and of the peak rate in use.
    bounds
        What the time of a step goes to, in the law: memory, compute, exchange, overhead; sums to 1.
    energy
        Energy of an output token and power of the chip.
    usd_per_million
        Cost of a million output tokens at full load, owning the chip as a neocloud; None where not known.
    tried
        Placements and batches that were compared.
    reads
        Facts behind it.
    """

    model: str
    chip: str
    asked: float
    answered: float
    tokens_per_s_per_chip: Span
    placement: Placement
    setup: Setup
    chips: int
    batch: int
    tpot_s: float
    ttft_s: float | None
    memory_share: float
    compute_share: float
    bounds: dict[str, float]
    energy: Energy
    usd_per_million: Span | None
    tried: int
    reads: tuple[str, ...]


@dataclass(frozen=True)
class _Candidate:
    """One placement that fits, the batches that are tried on it, and their means where requests arrive."""

    place: Placement
    setup: Setup
    batches: Array
    mean: Array
    loops: tuple[Loop, ...]


@dataclass(frozen=True)
class _Question:
    """What is asked of the candidates."""

    model: Model
    card: Chip
    asked: float
    answered: float
    tpot_limit_s: float | None
    ttft_limit_s: float | None
    run: FiniteRun | None

    @property
    def limited(self) -> bool:
        """Whether requests arrive at random and must meet limits."""
        return self.tpot_limit_s is not None or self.ttft_limit_s is not None


def best_throughput(
    model: str | Path | Checkpoint,
    chip_name: str,
    *,
    asked: float,
    answered: float,
    weights: str | None = None,
    tpot_limit_s: float | None = None,
    ttft_limit_s: float | None = None,
    engine: str = "trtllm",
    run: FiniteRun | None = None,
    only: Placement | None = None,
    catalog: Catalog | None = None,
) -> Throughput:
    """Return the most output tokens per second of one chip at full load, and how they are reached.

    Parameters
    ----------
    model
        A name, a ``config.json``, or a checkpoint.
    chip_name
        A chip of the catalogue.
    asked, answered
        Tokens of a prompt and of an answer.
    weights
        ``bf16``, ``fp8`` or ``fp4``; the leanest in which the chip computes if left out, or that of the
        checkpoint where it is leaner.
    tpot_limit_s, ttft_limit_s
        Limits that 99 % of requests meet, which arrive at random [s]; None for all requests at hand.
    engine
        ``trtllm``, ``vllm``, ``sglang``, or another name for no engine in particular.
    run
        A run that ends; None for a load that goes on.
    only
        Widths to take; None for the best.
    catalog
        Facts; those that come with narrows if left out.

    Raises
    ------
    UnknownNameError
        The model or the chip is not known.
    UsageError
        A number is out of range, or a limit cannot be met.
    DataError
        The model fits on no server of such chips, or its cache is not known.

    Notes
    -----
    X = n/T(n)/chips of a rank; n is bounded by the room for caches of whole requests and by the largest
    batch of engines. With limits a rank has n requests on average and n + 2.33 sqrt(n) at the worst of
    100 moments: room and time per token are taken there. Prompts queue before one server of fixed
    service S (M/D/1): the share that waits longer than w falls as C exp(-x w/S), rho (exp(x) - 1) = x,
    C = (1 - rho)/(rho exp(x) - 1). Pipeline stages each hold a batch and the slowest sets the pace, so a
    step meets prompts with share 1 - (1 - f)^stages. A run that ends drains while the batch shrinks;
    lengths of answers are taken as exponential, cut at the longest. The interval holds the doubt of the
    law and how much stacks differ on one chip.

    Examples
    --------
    >>> found = best_throughput("llama-3.1-8b", "h100", asked=1000, answered=1000)
    >>> found.chips, found.tokens_per_s_per_chip.value > 1000
    (1, True)
    """
    catalog = catalog or default()
    kept = model if isinstance(model, Checkpoint) else checkpoint(ALIKE.get(str(model), model), catalog)
    card = attained(chip(chip_name, catalog), catalog)
    _check(asked, answered, tpot_limit_s, ttft_limit_s)
    question = _Question(kept.model, card, asked, answered, tpot_limit_s, ttft_limit_s, run)
    largest = catalog.fact(LARGEST)
    candidates: list[_Candidate] = []
    refused: list[Fit] = []
    own = f"chip.{card.id}.attainable"
    reads = dict.fromkeys((LARGEST, STACK, *((own, ATTAINABLE) if catalog.has(own) else ())))
    for place, setup in _placements(kept, card, weights, engine, only):
        try:
            balance = fit(kept, card.id, setup, catalog)
        except UsageError:  # the heads or experts cannot be cut so
            continue
        reads |= dict.fromkeys(balance.reads)
        room = balance.sequences(math.ceil(asked + answered)) // place.stages
        if room < 1:
            refused.append(balance)
        else:
            most = min(room, int(largest.canonical_value))
            candidates.append(_candidate(question, place, setup, most))
    if not candidates:
        raise _does_not_fit(kept, card, refused, asked + answered)
    best = _best(question, candidates)
    return _told(question, best, sum(len(each.loops) for each in candidates), tuple(reads), catalog)


def _check(asked: float, answered: float, tpot: float | None, ttft: float | None) -> None:
    for option, value, usual in (
        ("--input-tokens", asked, "1024"),
        ("--output-tokens", answered, "1024"),
        ("--tpot", tpot, "0.05"),
        ("--ttft", ttft, "2"),
    ):
        if value is not None and not (math.isfinite(value) and value > 0):
            raise UsageError(
                f"The option {option} is given {value:g}",
                "It is above 0",
                f"Write, for instance, {option} {usual}",
            )


def attained(card: Chip, catalog: Catalog) -> Chip:
    """Return a chip with the rates that the law of steps would see, where large products reach less of them.

    The law was fitted on chips that reach a usual share of their peak rate.
    """
    own = f"chip.{card.id}.attainable"
    if not catalog.has(own):
        return card
    share = catalog.fact(own).canonical_value / catalog.fact(ATTAINABLE).canonical_value
    return replace(card, flop_per_s={word: rate * share for word, rate in card.flop_per_s.items()})


# --- what is tried ------------------------------------------------------------------------------


def _formats(kept: Checkpoint, card: Chip, weights: str | None) -> tuple[str | None, str, str]:
    """Return the precision for the balance of memory, and the formats of dense weights and of experts."""
    words = sorted(card.flop_per_s, key=lambda word: BITS[word])
    if weights is not None:
        if weights not in card.flop_per_s:
            raise UsageError(
                f"The option --weights is given {weights!r}",
                f"{card.id} computes in {', '.join(words)}",
                f"Write --weights {words[0]}, or name another chip",
            )
        return weights, FORMATS[weights], FORMATS[weights]
    own = {module: kept.bits_of(module) for module in ("attention", "experts")}
    if kept.model.experts and own["experts"] <= BITS["fp4"] < own["attention"]:
        dense = next((word for word in FORMATS if BITS[word] == own["attention"]), "bf16")
        return None, dense, "mxfp4"
    return words[0], FORMATS[words[0]], FORMATS[words[0]]


def _placements(
    kept: Checkpoint, card: Chip, weights: str | None, engine: str, only: Placement | None
) -> Iterator[tuple[Placement, Setup]]:
    """Yield widths: tensor alone; experts apart; and experts apart with attention by rank."""
    balance, dense, experts = _formats(kept, card, weights)
    cache = "fp8" if "fp8" in card.flop_per_s else "bf16"
    if only is not None:
        yield only, _setup(only, balance)
        return
    width = 1
    while width <= max(SERVER, card.chips_per_node):
        cut = width if kept.model.experts else 1
        stages = 1
        while width * stages <= max(SERVER, card.chips_per_node):
            plain = Placement(engine, dense, experts, cache, tensor=width, stages=stages, expert_tensor=cut)
            yield plain, _setup(plain, balance)
            stages *= 2
        if cut > 1:
            for ranks in (1, width):
                apart = Placement(
                    engine, dense, experts, cache,
                    tensor=width // ranks, ranks=ranks, expert_parallel=width,
                )  # fmt: skip
                yield apart, _setup(apart, balance)
        width *= 2


def _setup(place: Placement, weights: str | None) -> Setup:
    kv = "fp8" if place.cache == "fp8" else "bf16"
    return Setup(
        tp=place.tensor, pp=place.stages, dp=place.ranks, ep=place.expert_parallel, weights=weights, kv=kv
    )


def _candidate(question: _Question, place: Placement, setup: Setup, most: int) -> _Candidate:
    grid = {math.floor(RATIO**power) for power in range(1 + int(math.log(most) / math.log(RATIO)))}
    grid |= set(range(1, min(SMALL, most) + 1))
    batches = np.array(sorted(grid | {most}), dtype=np.float64)
    loops = tuple(
        closed_loop(
            question.model, question.card, place,
            asked=question.asked, answered=question.answered, concurrency=float(count * place.ranks),
            places=math.inf,
        )
        for count in batches
    )  # fmt: skip
    mean = (np.sqrt(Z99**2 / 4 + batches) - Z99 / 2) ** 2 if question.limited else batches
    return _Candidate(place, setup, batches, mean, loops)


def _does_not_fit(kept: Checkpoint, card: Chip, refused: list[Fit], length: float) -> NarrowsError:
    if not refused:
        return UsageError(
            f"{kept.model.id} cannot be cut over the chips of a server of {card.id}",
            "Heads and experts are whole numbers a chip",
            "Name another model or chip",
        )
    flat = [found for found in refused if found.setup.pp == 1] or refused
    best = max(flat, key=lambda found: (found.setup.chips, found.room_bytes))
    missing = math.ceil(max(0.0, best.sequence_bytes(math.ceil(length)) - best.room_bytes))
    changes = [change for change in best.remedies if not change.startswith("--tp")]
    enough = f"; enough alone: {', '.join(changes)}" if changes else ""
    return DataError(
        f"{kept.model.id} does not fit on {best.setup.chips} x {card.id}",
        f"{missing:,} byte are missing on a chip for one sequence of {length:,.0f} tokens{enough}",
        "Name a larger chip, or leaner --weights",
    )


# --- the best -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Point:
    """One placement and batch, and what it reaches."""

    candidate: _Candidate
    place: int
    tokens_per_s: float
    tpot_s: float
    ttft_s: float | None

    def order(self) -> tuple[int, float]:
        """Return what comes first among points that are alike: few chips, then much speed."""
        return self.candidate.setup.chips, -self.tokens_per_s


def _best(question: _Question, candidates: list[_Candidate]) -> _Point:
    """Return the point with the most output tokens per second of a chip, or nearly, on the fewest chips."""
    law = read_law()["token"]
    loops = [loop for each in candidates for loop in each.loops]
    parts = TokenParts(loops)
    logs = law.logs([loop.groups for loop in loops])
    calm = step_seconds(parts.steady, logs, parts.tokens)
    busy = step_seconds(parts.mixed, logs, parts.mixed_tokens)
    stages = np.array([each.place.stages for each in candidates for _ in each.loops])
    share = 1.0 - (1.0 - parts.share) ** stages
    every = (1.0 - share) * calm + share * busy
    found: list[_Point] = []
    least = [math.inf, math.inf]
    begin = 0
    for each in candidates:
        rows = slice(begin, begin + len(each.loops))
        begin = rows.stop
        token, steady = every[rows], calm[rows]
        at_mean = np.interp(each.mean, each.batches, token)
        speed = each.mean / at_mean
        first = _first(question, each, logs[rows], steady, speed) if question.limited else None
        allowed = np.ones(len(token), dtype=bool)
        if question.tpot_limit_s is not None:
            allowed &= token <= question.tpot_limit_s
            least[0] = min(least[0], float(token.min()))
        if question.ttft_limit_s is not None and first is not None:
            allowed &= first <= question.ttft_limit_s
            least[1] = min(least[1], float(first.min()))
        speed = _ended(question, each, speed, token, steady)
        value = np.where(allowed, speed / each.place.tensor, -math.inf)
        place = int(np.argmax(value))
        if math.isfinite(value[place]):
            told = None if first is None else float(first[place])
            found.append(_Point(each, place, float(value[place]), float(token[place]), told))
    if not found:
        raise _not_met(question, least)
    enough = (1.0 - ALIKE_SHARE) * max(point.tokens_per_s for point in found)
    return min((point for point in found if point.tokens_per_s >= enough), key=_Point.order)


def _first(question: _Question, each: _Candidate, logs: Array, steady: Array, speed: Array) -> Array:
    """Return the time to the first token that 99 % of requests meet [s]."""
    asked = question.asked
    full = np.array(
        [
            step_features(
                question.model, question.card, each.place,
                requests=count, context=asked + question.answered / 2,
                prompt=BUDGET, prompt_pairs=BUDGET * asked / 2,
            )
            for count in each.batches
        ]
    )  # fmt: skip
    filled = step_seconds(full, logs, each.batches + BUDGET)
    alone = step_seconds(
        np.array([loop.prompt for loop in each.loops]),
        logs,
        np.array([loop.prompt_tokens for loop in each.loops]),
    )
    service = filled * asked / BUDGET
    load = speed / question.answered * service
    wait = service * _waits(load)
    own = np.where(asked > BUDGET, service, alone)
    found: Array = steady + wait + own
    return found


def _waits(load: Array) -> Array:
    """Return the wait that 99 % stay below before one server of fixed service, in services."""
    busy = np.clip(load, LEAST, 1.0 - LEAST)
    low, high = np.zeros_like(busy), -2.0 * np.log(busy) + 2.0
    for _ in range(DOUBLINGS):
        middle = (low + high) / 2
        below = busy * np.expm1(middle) < middle
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    constant = (1.0 - busy) / np.maximum(busy * np.exp(low) - 1.0, LEAST)
    wait = np.where(busy > LATE, np.log(np.maximum(constant / LATE, 1.0)) / np.maximum(low, LEAST), 0.0)
    found: Array = np.where(load < 1.0, wait, math.inf)
    return found


def _ended(question: _Question, each: _Candidate, speed: Array, token: Array, steady: Array) -> Array:
    """Return the output tokens per second of a rank over a run that ends."""
    run, answered = question.run, question.answered
    if run is None:
        return speed
    ranks = max(run.chips / each.place.tensor, 1.0)
    requests = np.maximum(run.requests / ranks, run.seconds * speed / answered)
    held = np.minimum(each.mean, requests)
    alive = _alive(answered, max(run.longest, answered))
    points = np.maximum(held[:, None] * alive[None, :], 1.0)
    seconds = np.interp(points, each.batches, steady)
    drain = max(run.longest, answered) * (seconds[:, 1:] + seconds[:, :-1]).mean(axis=1) / 2
    if question.limited:
        sent = requests * answered / speed
        ended: Array = requests * answered / (sent + drain)
        return ended
    fill = (token - steady) * answered * held / each.mean
    main = (requests - held) * answered / speed
    found: Array = requests * answered / (main + fill + drain)
    return found


def _alive(mean: float, longest: float) -> Array:
    """Return the share of answers longer than points from 0 to the longest, exponential and cut there."""
    low, high = 0.0, 1.0 / mean
    for _ in range(DOUBLINGS):
        middle = (low + high) / 2
        held = longest if middle == 0.0 else -math.expm1(-middle * longest) / middle
        low, high = (middle, high) if held > mean else (low, middle)
    found: Array = np.exp(-low * longest * np.linspace(0.0, 1.0, DRAIN_POINTS))
    return found


def _not_met(question: _Question, least: list[float]) -> UsageError:
    asked, reached, options = [], [], []
    for name, option, limit, found in (
        ("time per output token", "--tpot", question.tpot_limit_s, least[0]),
        ("time to the first token", "--ttft", question.ttft_limit_s, least[1]),
    ):
        if limit is not None:
            asked.append(f"a {name} of {limit:g} s")
            reached.append(f"{found:.3g} s")
            options.append(f"{option} {max(limit, 1.2 * found):.2g}")
    return UsageError(
        f"{question.model.id} on {question.card.id} is asked for {' and '.join(asked)}",
        f"At the lightest load the best is {' and '.join(reached)}",
        f"Write, for instance, {' '.join(options)}",
    )


# --- what is told -------------------------------------------------------------------------------


def _told(
    question: _Question, best: _Point, tried: int, reads: tuple[str, ...], catalog: Catalog
) -> Throughput:
    law = read_law()["token"]
    card, place = question.card, best.candidate.place
    loop = best.candidate.loops[best.place]
    half = float(law.half(TokenParts([loop]), [loop.groups])[0])
    stack = catalog.fact(STACK)
    down = math.exp(-math.hypot(half, math.log(stack.canonical_low)))
    up = math.exp(math.hypot(half, math.log(stack.canonical_high)))
    speed = Span(best.tokens_per_s, best.tokens_per_s * down, best.tokens_per_s * up)
    features = (1.0 - loop.share) * loop.steady + loop.share * loop.mixed
    token = best.tpot_s
    memory = min(1.0, float(features[MEMORY].sum()) / token)
    compute = float(features @ arithmetic(question.model, card, place)) / token
    compute = min(1.0, compute * card.flop_per_s["bf16"] / chip(card.id, catalog).flop_per_s["bf16"])
    weighed = features * np.exp(law.logs([loop.groups])[0][: len(FEATURES)])
    sums = {
        name: sum(float(weighed[FEATURES.index(part)]) for part in parts) for name, parts in PARTS.items()
    }
    whole = sum(sums.values())
    watts = power(card, memory_share=memory, compute_share=compute, catalog=catalog)
    energy = joules_per_token(card, watts, speed, catalog=catalog)
    hour = f"chip.{card.id}.tco_neocloud"
    cost = None
    if catalog.has(hour):
        fact = catalog.fact(hour)
        cost = _cost(fact.canonical_value, fact.canonical_low, fact.canonical_high, speed)
        reads = (*reads, hour)
    return Throughput(
        model=question.model.id,
        chip=card.id,
        asked=question.asked,
        answered=question.answered,
        tokens_per_s_per_chip=speed,
        placement=place,
        setup=best.candidate.setup,
        chips=place.tensor * place.ranks * place.stages,
        batch=max(1, round(float(best.candidate.mean[best.place]) * place.stages)),
        tpot_s=best.tpot_s,
        ttft_s=best.ttft_s,
        memory_share=memory,
        compute_share=compute,
        bounds={name: value / whole for name, value in sums.items()},
        energy=energy,
        usd_per_million=cost,
        tried=tried,
        reads=(*reads, *energy.reads),
    )


def _cost(value: float, low: float, high: float, speed: Span) -> Span:
    """Return the cost of a million tokens; the doubts of the hour and of the speed add as squares."""
    hour = 3600.0
    middle = usd_per_million(value * hour, speed.value)
    down = math.hypot(math.log(value / low), math.log(speed.high / speed.value))
    up = math.hypot(math.log(high / value), math.log(speed.value / speed.low))
    return Span(middle, middle * math.exp(-down), middle * math.exp(up))
