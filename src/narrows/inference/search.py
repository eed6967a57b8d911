"""The best deployments for some traffic: every way to lay a model over chips, screened and then simulated."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.catalog import default
from narrows.errors import DataError, UnknownNameError, UsageError
from narrows.inference.deployment import (
    Deployment,
    Outcome,
    chip_power,
    goodput,
    half_width,
    hop_seconds,
    loads,
    measure,
)
from narrows.inference.fit import CACHE_BYTES, Setup, fit
from narrows.inference.law import MEMORY, Placement, arithmetic, step_features, step_seconds
from narrows.inference.prices import COSTS
from narrows.inference.traffic import LIMITS, Objective
from narrows.spread import spread
from narrows.transformer.registry import BITS, LINEAR, checkpoint, chip, chips

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Executor
    from pathlib import Path

    from numpy.typing import NDArray

    from narrows.inference.traffic import Traffic
    from narrows.transformer.registry import Checkpoint

    Array = NDArray[np.float64]
    Mask = NDArray[np.bool_]

__all__ = ["AIMS", "ENGINES", "LATENCIES", "Found", "Search", "Space", "front", "search"]

ENGINES = ("trtllm", "vllm", "sglang")
"""Engines that the law has measured."""
LATENCIES = ("tpot_s", "e2e_s")
"""Latencies that a front can be drawn over."""
AIMS = {
    "usd_per_million": "cheapest",
    "latency_s": "fastest",
    "joules_per_token": "least energy",
    "goodput_per_chip": "most from a chip",
}
"""What a deployment can be best at."""
REFUSALS = {
    "uncut": "the model cannot be cut so",
    "memory": "does not fit the memory",
    "cache": "more requests than the cache holds",
    "prompts": "prompts come faster than a step takes them in",
    "objective": "misses the objective",
    "chips": "needs more chips than allowed",
}
"""Why a configuration is refused, in the order of the questions."""
SLACK = 1.25
"""Factor on the limits within which the closed form lets a configuration through to the simulation."""
NEAR = 0.9
"""A configuration goes to the simulation unless another one is better than this factor of it in all."""
SPARE = 2.0
"""Factor on the rate of the closed form that bounds the goodput."""
MILLION = 1e6
TINY = 1e-12
BLOCKS_OF_WORK = 8


@dataclass(frozen=True)
class Space:
    """What is searched.

    Parameters
    ----------
    chips
        Chips; those with a cost if empty.
    weights
        Formats of the weights; as shipped and the narrower ones that the chip computes in if empty.
    caches
        Formats of the cache.
    tensor, stages, ranks
        Tensor, pipeline and data-parallel widths; data parallel only for models with experts. One stage
        if left out: no measured run of the law has a pipeline.
    engines
        Engines.
    batches
        Requests in flight in one copy.
    budgets
        Tokens of one step.
    splits
        Workers for prompts and for decoding; None for both in one.
    most_chips
        Chips in all.
    cost
        Kind of cost of a chip and hour.
    simulated
        Most configurations that are simulated.
    """

    chips: tuple[str, ...] = ()
    weights: tuple[str, ...] = ()
    caches: tuple[str, ...] = ("bf16", "fp8")
    tensor: tuple[int, ...] = (1, 2, 4, 8, 16)
    stages: tuple[int, ...] = (1,)
    ranks: tuple[int, ...] = (1, 2, 4, 8)
    engines: tuple[str, ...] = ENGINES
    batches: tuple[int, ...] = (1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
    budgets: tuple[int, ...] = (1024, 2048, 4096, 8192)
    splits: tuple[tuple[int, int] | None, ...] = (None, (1, 1), (1, 2), (2, 1), (1, 4))
    most_chips: int = 64
    cost: str = "tco_neocloud"
    simulated: int = 300


@dataclass(frozen=True)
class Found:
    """One deployment of the answer, as simulated.

    Parameters
    ----------
    deployment
        The copy.
    copies
        Copies for the traffic; 1 where no rate and no users are asked for.
    outcome
        What one copy does with its share.
    goodput
        [1/s] Requests that one copy serves within the objective.
    usd_per_million, joules_per_token
        Per output token, at the load of the traffic.
    goodput_per_chip
        [1/s] Goodput over the chips of a copy.
    latency_s
        The latency of the front, at the share of the objective.
    half
        Half the width of the 90 % interval of the time of a step, in logarithms.
    kind
        What the law has not seen: ``seen``, ``chip`` or ``model``.
    """

    deployment: Deployment
    copies: int
    outcome: Outcome
    goodput: float
    usd_per_million: float
    joules_per_token: float
    goodput_per_chip: float
    latency_s: float
    half: float = 0.0
    kind: str = "seen"

    @property
    def chips(self) -> int:
        """Chips of all copies."""
        return self.copies * self.deployment.chips


@dataclass(frozen=True)
class Search:
    """The answer of a search.

    Parameters
    ----------
    model, traffic, objective, space, latency
        What was asked; `latency` is that of the front.
    found
        All simulated deployments that meet the objective.
    front
        Places in `found` of those that no other one beats in latency, cost and energy, by latency.
    best
        Place in `found` of the best for each aim of `AIMS`.
    cloud
        Latency [s], cost [usd/M], and place in `chips` of every screened configuration that goes on.
    chips
        Names of the chips searched.
    configurations, simulated
        How many were screened, and how many simulated.
    refused
        Configurations refused, by reason.
    attainable
        The lowest value of each limited latency that any configuration reaches in the closed form [s].
    interrupted
        Whether the search was stopped; the answer then holds what was done.
    """

    model: str
    traffic: Traffic
    objective: Objective
    space: Space
    latency: str
    found: tuple[Found, ...]
    front: tuple[int, ...]
    best: dict[str, int]
    cloud: Array
    chips: tuple[str, ...]
    configurations: int
    simulated: int
    refused: dict[str, int]
    attainable: dict[str, float] = field(default_factory=dict)
    interrupted: bool = False


def front(points: Array) -> NDArray[np.int64]:
    """Return the places of the points that no other point beats; equal points all stay.

    Parameters
    ----------
    points
        Axes: points, quantities of which less is better.

    Examples
    --------
    >>> front(np.array([[1.0, 5.0], [2.0, 2.0], [3.0, 3.0], [4.0, 1.0]])).tolist()
    [0, 1, 3]
    """
    order = np.lexsort(points.T[::-1])
    kept: list[int] = []
    left = order
    while left.size:
        # The first in lexical order is beaten by none of those left.
        first = points[left[0]]
        same = (points[left] == first).all(axis=1)
        kept += left[same].tolist()
        left = left[(points[left] < first).any(axis=1)]
    return np.array(sorted(kept), dtype=np.int64)


# --- what is searched ---------------------------------------------------------------------------


@dataclass(frozen=True)
class _Cell:
    """One worker: a model in some formats on some chips."""

    kept: Checkpoint
    chip: str
    setup: Setup
    usd_per_s: float


def _formats(kept: Checkpoint, name: str, asked: tuple[str, ...]) -> Iterator[str | None]:
    offered = chip(name).flop_per_s
    shipped = max(kept.bits_of(module) for module in LINEAR)
    if not asked:
        yield None
        yield from (word for word in offered if word in BITS and BITS[word] < shipped)
        return
    for word in asked:
        plain = {"nvfp4": "fp4", "mxfp4": "fp4"}.get(word, word)
        if word == "shipped":
            yield None
        elif plain in offered:
            yield plain


def _setups(kept: Checkpoint, name: str, space: Space) -> Iterator[Setup]:
    routed = bool(kept.model.experts)
    for weights in _formats(kept, name, space.weights):
        for cache_form in space.caches:
            for tp in space.tensor:
                for pp in space.stages:
                    for dp in space.ranks if routed else (1,):
                        for ep in sorted({1, tp}) if routed and dp == 1 else [tp * dp if routed else 1]:
                            if tp * pp * dp <= space.most_chips:
                                yield Setup(tp, pp, ep, dp, weights=weights, kv=cache_form)


def costs_of(space: Space) -> dict[str, float]:
    """Return the cost of each chip searched [usd/s]."""
    catalog = default()
    if space.cost not in COSTS:
        raise UnknownNameError("cost", space.cost, COSTS, remedy=f"Name one of {', '.join(COSTS)}")
    names = [chip(name).id for name in space.chips or chips()]
    found = {
        name: catalog.fact(f"chip.{name}.{space.cost}").canonical_value
        for name in names
        if catalog.has(f"chip.{name}.{space.cost}")
    }
    missing = [name for name in names if name not in found]
    if space.chips and missing:
        known = [name for name in chips() if catalog.has(f"chip.{name}.{space.cost}")]
        raise DataError(
            f"No {space.cost} is known for {missing[0]}",
            f"It is known for {', '.join(known)}",
            "Name one of these, or another --cost",
        )
    return found


def check_asked(kept: Checkpoint, traffic: Traffic, space: Space) -> None:
    length, most = math.ceil(traffic.asked + traffic.answered), kept.model.context
    if 0 < most < length:
        raise UsageError(
            f"The options --input-tokens and --output-tokens make {length} tokens",
            f"The longest sequence of {kept.model.id} is {most} tokens",
            "Give shorter lengths, or another model",
        )
    for engine in space.engines:
        if engine not in ENGINES:
            raise UnknownNameError("engine", engine, ENGINES, remedy=f"Name one of {', '.join(ENGINES)}")
    if space.most_chips < 1:
        raise UsageError(
            f"The option --most-chips is given {space.most_chips}", "It is 1 or more", "Write --most-chips 64"
        )
    for word in space.weights:
        plain = {"nvfp4": "fp4", "mxfp4": "fp4"}.get(word, word)
        if plain not in (*BITS, "shipped"):
            raise UnknownNameError(
                "weight format", word, (*BITS, "nvfp4", "shipped"), remedy="Name one of these"
            )
        names = space.chips or tuple(chips())
        if plain != "shipped" and not any(plain in chip(name).flop_per_s for name in names):
            known = ", ".join(dict.fromkeys(x for name in names for x in chip(name).flop_per_s))
            raise UsageError(
                f"The option --weights is given {word!r}",
                f"The chips {', '.join(names)} compute in {known}",
                "Name one of these formats, or another chip",
            )


# --- the closed form ----------------------------------------------------------------------------


@cache
def _broadcasts() -> bool:
    """Return whether the law takes arrays."""
    kept, card = checkpoint("llama-3.1-8b"), chip("h100")
    two: dict[str, Any] = dict.fromkeys(("requests", "context", "prompt", "prompt_pairs"), np.ones(2))
    try:
        made = step_features(kept.model, card, Placement(), **two)
    except (TypeError, ValueError):
        return False
    return made.ndim == 2  # noqa: PLR2004 (two steps)


def _features(one: Deployment, requests: Array, context: float, prompt: Array, pairs: float) -> Array:
    """Return the features of many steps of one placement; axes as given, then features."""
    requests, prompt = np.broadcast_arrays(requests, prompt)
    place = one.place
    if _broadcasts():
        asked: dict[str, Any] = {"requests": requests, "context": np.full(requests.shape, context)}
        asked |= {"prompt": prompt, "prompt_pairs": prompt * pairs}
        return step_features(one.model, one.card, place, **asked)
    rows = [
        step_features(
            one.model, one.card, place, requests=n, context=context, prompt=t, prompt_pairs=t * pairs
        )
        for n, t in zip(requests.ravel().tolist(), prompt.ravel().tolist(), strict=True)
    ]
    return np.array(rows).reshape(*requests.shape, -1)


@dataclass(frozen=True)
class _Screened:
    """Configurations of one cell: arrays with axes engine, split, batch, budget."""

    reason: NDArray[np.int8]
    """Place in `REFUSALS`, or -1."""
    latency: dict[str, Array]
    """At the share of the objective [s]."""
    rate: Array
    """[1/s] Requests of one copy."""
    usd: Array
    joules: Array
    chips: NDArray[np.int64]


SCREENED_OUT = {name: place for place, name in enumerate(REFUSALS)}


def _screen(cell: _Cell, traffic: Traffic, objective: Objective, space: Space) -> _Screened:
    """Return all configurations of one worker by the closed form.

    Notes
    -----
    With arrivals the mean in flight n is so far below the limit B that n + z sqrt(n) = B, z the normal
    quantile of the share; in a closed loop n = B. Then n is the requests in flight a batch and rank. A step
    meets n a / b prompt tokens for prompts of a and answers of b, in lumps of a prompt or a budget: step s =
    (1 - f) T(n) + f T(n, a lump), f = 1 - exp(-tokens of a step / lump). Rate = n / (b s + S), S the steps
    that take one prompt (Little). The prompt waits half a step and then W = rho S (1 + c^2) / (2 (1 - rho)),
    M/G/1 with rho the load of prompts when steps are full and c the spread of lengths; the share q of waits
    is below ln(rho / (1 - q)) W / rho.
    """
    shape = (len(space.engines), len(space.splits), len(space.batches), len(space.budgets))
    nothing = np.full(shape, np.inf)
    blank = _Screened(
        np.full(shape, -1, dtype=np.int8),
        dict.fromkeys(LIMITS, nothing),
        np.zeros(shape),
        nothing,
        nothing,
        np.full(shape, cell.setup.chips),
    )
    length = math.ceil(traffic.asked + traffic.answered)
    try:
        room = fit(cell.kept, cell.chip, replace(cell.setup, context=length), remedies=False)
    except UsageError:
        return replace(blank, reason=np.full(shape, SCREENED_OUT["uncut"], dtype=np.int8))
    if not room.fits:
        return replace(blank, reason=np.full(shape, SCREENED_OUT["memory"], dtype=np.int8))
    card, held = chip(cell.chip), room.sequences(length) * cell.setup.dp
    parts = [
        [
            _lane(Deployment(cell.kept, card, cell.setup, engine, 1, 1, split), (traffic, objective, space))
            for split in space.splits
        ]
        for engine in space.engines
    ]
    ttft, tpot, e2e, rate, memory, work, load = (
        np.array([[one[place] for one in row] for row in parts]) for place in range(7)
    )
    copy_chips = np.array(
        [cell.setup.chips * (sum(split) if split else 1) for split in space.splits], dtype=np.int64
    )
    count = np.broadcast_to(copy_chips[None, :, None, None], shape)
    batches = np.array(space.batches)[None, None, :, None]
    room_for = np.array([held * (split[1] if split else 1) for split in space.splits])[None, :, None, None]
    copies, served = _copies(rate, batches, traffic)
    spent = copies * count * cell.usd_per_s
    tokens = np.maximum(served * traffic.answered, TINY)
    watts = chip_power(card, memory_share=np.minimum(memory, 1.0), compute_share=np.minimum(work, 1.0))
    joules = copies * count * watts * _pue() / tokens
    lanes = cell.setup.pp * cell.setup.dp
    worst = np.zeros(shape, dtype=bool)
    for name, limit in objective.limits.items():
        worst |= {"ttft_s": ttft, "tpot_s": tpot, "e2e_s": e2e}[name] > SLACK * limit
    least = np.array([lanes * (split[1] if split else 1) for split in space.splits])[None, :, None, None]
    reason = np.full(shape, -1, dtype=np.int8)
    for name, wrong in (
        ("uncut", np.broadcast_to(batches < least, shape)),
        ("cache", np.broadcast_to(batches > room_for, shape)),
        ("prompts", ~(load < 1.0)),
        ("chips", count * copies > space.most_chips),
        ("objective", worst),
    ):
        reason = np.where((reason < 0) & wrong, np.int8(SCREENED_OUT[name]), reason)
    return _Screened(
        reason,
        {"ttft_s": ttft, "tpot_s": tpot, "e2e_s": e2e},
        rate,
        spent * MILLION / tokens,
        joules,
        np.array(count),
    )


def _pue() -> float:
    return default().fact("inference.pue").canonical_value


def _copies(rate: Array, batches: NDArray[Any], traffic: Traffic) -> tuple[Array, Array]:
    """Return the copies for the traffic, and the requests that all of them serve [1/s]."""
    if traffic.rate is not None:
        copies = np.maximum(1.0, np.ceil(traffic.rate / np.maximum(rate, TINY) - 1e-9))
        return copies, np.full(rate.shape, traffic.rate)
    if traffic.users is not None:
        copies = np.broadcast_to(np.ceil(traffic.users / batches), rate.shape)
        return copies, rate * traffic.users / batches
    return np.ones(rate.shape), rate


@dataclass(frozen=True)
class _Steps:
    """Steps of a batch by the law; axes: requests in flight, budget."""

    caps: Array
    whole: Array
    """Mean requests in flight in the copy."""
    steady: Array
    """Features of a step without prompts."""
    busy: Array
    """Features of one with prompts."""
    own: Array
    """Features of one that takes a prompt, or a budget of it."""
    share: Array
    """Share of steps with prompts."""
    lump: Array
    step_s: Array
    jump_s: Array
    own_s: Array


def _steps(one: Deployment, traffic: Traffic, objective: Objective, space: Space) -> _Steps:
    z, setup, split = _normal(objective.at), one.setup, one.split
    logs, hop = one.logs(), hop_seconds(one)
    answered, fresh = traffic.answered, traffic.fresh
    context, pairs = traffic.asked + answered / 2, traffic.prefix + fresh / 2
    shape = (len(space.batches), len(space.budgets))
    caps = np.array(space.batches, dtype=np.float64)[:, None]
    # With Poisson arrivals the mean leaves room below the limit for all but a share of the time.
    whole = caps if _closed(traffic, objective) else ((np.sqrt(z**2 + 4 * caps) - z) / 2) ** 2
    least = 1.0 / setup.dp  # a batch that runs has a request
    count = np.broadcast_to(np.maximum(whole / (one.lanes * setup.dp), least), shape)
    taking = np.zeros(shape) if split else count
    budgets = np.array(space.budgets, dtype=np.float64)[None, :]
    lump = np.broadcast_to(np.minimum(np.maximum(budgets - taking, 1.0), fresh), shape)
    flow = np.zeros(shape) if split else count * fresh / answered
    share = -np.expm1(-flow / lump)
    met = np.where(share > 0, flow / np.maximum(share, TINY), 0.0)

    def seconds(features: Array, tokens: Array) -> Array:
        return step_seconds(features, logs, tokens) + hop * tokens

    steady = _features(one, count[:, :1], context, np.zeros_like(count[:, :1]), pairs)
    calm = seconds(steady, count[:, :1])
    own = _features(one, taking, context, lump, pairs)
    busy = steady if split else _features(one, count, context, met, pairs)
    mixed = calm if split else seconds(busy, count + met)
    return _Steps(
        caps=caps,
        whole=np.broadcast_to(whole, shape),
        steady=steady,
        busy=busy,
        own=own,
        share=share,
        lump=lump,
        step_s=(1 - share) * calm + share * mixed,
        jump_s=mixed - calm,
        own_s=seconds(own, taking + lump),
    )


def _lane(one: Deployment, asked: tuple[Traffic, Objective, Space]) -> tuple[Array, ...]:
    """Return TTFT, TPOT, E2E, rate, shares of bandwidth and arithmetic, and the load of prompts."""
    traffic, objective, space = asked
    z, split, spread, answered = _normal(objective.at), one.split, traffic.spread, traffic.answered
    parts = _steps(one, traffic, objective, space)
    step, whole = parts.step_s, parts.whole
    service = parts.own_s * np.ceil(traffic.fresh / parts.lump)
    rate = whole / (answered * step + (0.0 if split else service))
    pools = one.setup.pp * one.setup.dp * (split[0] if split else 1)
    load = rate / pools * traffic.fresh * parts.own_s / parts.lump
    wait = service * (1 + spread**2) / (2 * np.maximum(1.0 - load, TINY))  # of those that wait
    tail = np.maximum(np.log(np.maximum(load, TINY) / (1 - objective.at)), 0.0) * wait
    wide = math.exp(z * math.sqrt(math.log1p(spread**2)))
    ttft = (0.0 if split else step / 2) + tail + service * wide
    tpot = step
    if not _closed(traffic, objective):
        several = len(parts.caps) > 1
        slope = np.gradient(np.log(step), np.log(parts.caps[:, 0]), axis=0) if several else np.ones_like(step)
        met = parts.jump_s**2 * parts.share * (1 - parts.share) / answered
        tpot = step + z * np.sqrt((slope * step) ** 2 / np.maximum(whole, 1.0) + met)
    e2e = ttft + _carried(one, traffic) + (answered * wide - 1) * tpot
    return ttft, tpot, e2e, rate, *_shares(one, traffic, parts, rate, pools), load


def _carried(one: Deployment, traffic: Traffic) -> float:
    """Return the time that the cache of a prompt takes from one worker to another [s]."""
    if one.split is None:
        return 0.0
    shards = 1 if one.model.kv_rank else min(one.setup.tp, one.model.kv_heads or 1)
    kept = one.model.kv_bytes_per_token(CACHE_BYTES[one.setup.kv]) / shards / one.setup.pp
    return kept * traffic.asked / max(one.card.scale_out_bytes_per_s, 1.0)


def _shares(one: Deployment, traffic: Traffic, parts: _Steps, rate: Array, pools: int) -> tuple[Array, Array]:
    """Return the shares of bandwidth and of arithmetic: seconds at the full offer of the chip in a second."""
    asked = arithmetic(one.model, one.card, one.place)

    def seconds(features: Array) -> tuple[Array, Array]:
        return features[..., MEMORY].sum(axis=-1), features @ asked

    share = parts.share[..., None]
    memory, work = (
        x * rate * traffic.answered / parts.whole
        for x in seconds(parts.steady * (1 - share) + parts.busy * share)
    )
    if one.split is not None:
        fed = rate / pools * traffic.fresh / parts.lump
        first, second = one.split
        taken = seconds(parts.own)
        memory = (memory * second + taken[0] * fed * first) / (first + second)
        work = (work * second + taken[1] * fed * first) / (first + second)
    return memory, work


def _closed(traffic: Traffic, objective: Objective) -> bool:
    """Return whether all places of a copy are taken at all times."""
    return traffic.users is not None or (traffic.rate is None and not objective.limits)


def _normal(share: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf(share)


# --- the search ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Asked:
    """What one simulation needs to know."""

    deployment: Deployment
    usd_per_s: float
    rate: float
    """[1/s] Requests of the copy by the closed form."""


def _loaded(
    asked: _Asked, traffic: Traffic, objective: Objective, seed: int
) -> tuple[Deployment, int, Outcome, float]:
    """Return a copy, how many there are, what one does at its load, and the goodput of one [1/s]."""
    one = asked.deployment
    if _closed(traffic, objective):
        copies = 1 if traffic.users is None else math.ceil(traffic.users / one.sequences)
        if traffic.users is not None:
            one = replace(one, sequences=max(one.lanes, math.ceil(traffic.users / copies)))
        outcome = measure(one, traffic, objective, seed=seed)
        return one, copies, outcome, outcome.rate
    best = outcome = goodput(one, traffic, objective, bound=SPARE * asked.rate, seed=seed)
    if asked.rate < best.rate:
        usual = measure(one, traffic, objective, rate=asked.rate, seed=seed)
        outcome = usual if usual.meets(objective) else best
    if traffic.rate is None or best.saturated:
        return one, 1, outcome, best.rate
    copies = math.ceil(traffic.rate / outcome.rate - 1e-9)
    return one, copies, measure(one, traffic, objective, rate=traffic.rate / copies, seed=seed), best.rate


def _simulate(asked: _Asked, question: tuple[Traffic, Objective, Space, str, int]) -> Found | str:
    """Return one simulated deployment, or why it is refused."""
    traffic, objective, space, latency, seed = question
    try:
        one, copies, outcome, top = _loaded(asked, traffic, objective, seed)
    except DataError:
        return "cache"
    if copies * one.chips > space.most_chips:
        return "chips"
    if not outcome.meets(objective):
        return "objective"
    served = traffic.rate if traffic.rate is not None else outcome.rate * copies
    memory, work = loads(one, traffic, outcome.rate, outcome.concurrency)
    watts = float(chip_power(one.card, memory_share=memory, compute_share=work)) * _pue()
    tokens = served * outcome.tokens_per_s / outcome.rate
    return Found(
        deployment=one,
        copies=copies,
        outcome=outcome,
        goodput=top,
        usd_per_million=copies * one.chips * asked.usd_per_s * MILLION / tokens,
        joules_per_token=copies * one.chips * watts / tokens,
        goodput_per_chip=top / one.chips,
        latency_s=getattr(outcome, latency)[-1],
    )


def _screen_some(
    cells: Sequence[_Cell], traffic: Traffic, objective: Objective, space: Space
) -> list[_Screened]:
    return [_screen(cell, traffic, objective, space) for cell in cells]


def _simulate_some(some: Sequence[_Asked], *question: Any) -> list[Found | str]:
    return [_simulate(one, question) for one in some]


def _fan(
    executor: Executor | None,
    work: Callable[..., list[Any]],
    items: list[Any],
    rest: tuple[Any, ...],
    tick: Callable[[int], None],
) -> tuple[list[Any], bool]:
    """Return the results in order, and whether all are there; what is done stays if it is interrupted."""
    done: list[Any] = []
    groups = [items[first : first + BLOCKS_OF_WORK] for first in range(0, len(items), BLOCKS_OF_WORK)]
    try:
        for found in spread(executor, work, groups, *rest):
            done += found
            tick(len(done))
    except (KeyboardInterrupt, SystemError) as stop:
        # Compiled code that Ctrl-C meets ends in a SystemError with the interruption as its cause.
        if isinstance(stop, SystemError) and not isinstance(stop.__cause__, KeyboardInterrupt):
            raise
        return done, False
    return done, True


def search(
    model: str | Path | Checkpoint,
    traffic: Traffic,
    objective: Objective | None = None,
    space: Space | None = None,
    *,
    latency: str = "tpot_s",
    seed: int = 1,
    executor: Executor | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Search:
    """Return the best deployments of a model for some traffic.

    Parameters
    ----------
    model
        A name, a ``config.json``, or a checkpoint.
    traffic
        Lengths and arrivals. With users, or with neither a rate nor an objective, each copy has all its
        places taken at all times (a closed loop); otherwise requests arrive on their own.
    objective
        Latency that must hold; none if left out.
    space
        What is searched.
    latency
        Latency of the front: ``tpot_s`` or ``e2e_s``.
    seed
        Seed of lengths and arrivals.
    executor
        Any executor of `concurrent.futures`; this process alone if left out. The answer is the same.
    progress
        Called with what is done, how many are, and of how many.

    Raises
    ------
    UnknownNameError, UsageError
        A name is not known or a number is out of range.
    DataError
        Nothing fits; the error names the nearest and what makes it fit.

    Notes
    -----
    Every configuration is screened by a closed form: the law of step times, memory, and M/G/1 for prompts
    (see docs/days/day08_search.md). The ones on the front and near it are simulated, those that meet
    the objective are kept, and the front is drawn again through what was simulated.

    Examples
    --------
    >>> from narrows.inference.traffic import Traffic
    >>> narrow = Space(chips=("h100",), tensor=(1,), stages=(1,), engines=("vllm",), batches=(8, 64))
    >>> found = search("llama-3.1-8b", Traffic(1000, 200), space=narrow)
    >>> found.configurations, found.simulated > 0, found.found[found.front[0]].deployment.sequences
    (160, True, 8)
    """
    objective, space = objective or Objective(), space or Space()
    if latency not in LATENCIES:
        raise UnknownNameError("latency", latency, LATENCIES, remedy="Name one of these")
    from narrows.transformer.registry import Checkpoint

    kept = model if isinstance(model, Checkpoint) else checkpoint(model)
    check_asked(kept, traffic, space)
    costs = costs_of(space)
    cells = [
        _Cell(kept, name, setup, usd) for name, usd in costs.items() for setup in _setups(kept, name, space)
    ]
    each = len(space.engines) * len(space.splits) * len(space.batches) * len(space.budgets)

    def tick(what: str, total: int, size: int) -> Callable[[int], None]:
        def show(done: int) -> None:
            if progress is not None:
                progress(what, done * size, total * size)

        return show

    screened, whole = _fan(
        executor, _screen_some, cells, (traffic, objective, space), tick("screened", len(cells), each)
    )
    chosen, cloud, counts, attainable = _choose(cells, screened, space, (objective, latency))
    if whole and not chosen:
        _explain(kept, cells, counts, traffic, (objective, attainable, space))
    found: list[Found | str] = []
    if whole:
        found, whole = _fan(
            executor,
            _simulate_some,
            chosen,
            (traffic, objective, space, latency, seed),
            tick("simulated", len(chosen), 1),
        )
    for refusal in found:
        if isinstance(refusal, str):
            counts[refusal] = counts.get(refusal, 0) + 1
    good = [one for one in found if not isinstance(one, str)]
    if whole and not good:
        _explain(kept, cells, counts, traffic, (objective, attainable, space))
    points = np.array([[one.latency_s, one.usd_per_million, one.joules_per_token] for one in good])
    places = front(points).tolist() if good else []
    places = sorted(_distinct(points, places), key=lambda place: (good[place].latency_s, place))
    best = {
        aim: min(range(len(good)), key=lambda k: (_aim(good[k], aim), good[k].latency_s, k))
        for aim in AIMS
        if good
    }
    told = {*places, *best.values()}
    good = [_with_doubt(one, traffic) if k in told else one for k, one in enumerate(good)]
    return Search(
        model=kept.model.id,
        traffic=traffic,
        objective=objective,
        space=space,
        latency=latency,
        found=tuple(good),
        front=tuple(places),
        best=best,
        cloud=cloud,
        chips=tuple(costs),
        configurations=each * len(screened),
        simulated=len(found),
        refused={name: counts[name] for name in REFUSALS if counts.get(name)},
        attainable=attainable,
        interrupted=not whole,
    )


def _distinct(points: Array, places: list[int]) -> list[int]:
    """Return one place for equal points."""
    seen: dict[tuple[float, ...], int] = {}
    for place in places:
        seen.setdefault(tuple(points[place].tolist()), place)
    return list(seen.values())


def _aim(one: Found, aim: str) -> float:
    value = float(getattr(one, aim))
    return -value if aim == "goodput_per_chip" else value


def _with_doubt(one: Found, traffic: Traffic) -> Found:
    from narrows.inference.law import groups_of, read_law

    deployment = one.deployment
    groups = groups_of(
        deployment.model, deployment.card, deployment.place, split=deployment.split is not None
    )
    return replace(
        one,
        half=half_width(deployment, traffic, one.outcome.concurrency),
        kind=read_law()["token"].kind(groups),
    )


def _choose(
    cells: Sequence[_Cell],
    screened: Sequence[_Screened],
    space: Space,
    asked: tuple[Objective, str],
) -> tuple[list[_Asked], Array, dict[str, int], dict[str, float]]:
    """Return what is simulated, the cloud of the closed form, refusals by count, and what is attainable."""
    objective, latency = asked
    if not screened:
        return [], np.zeros((0, 3)), {}, {}
    reason = np.stack([one.reason for one in screened])
    counts = {
        name: int((reason == place).sum()) for place, name in enumerate(REFUSALS) if (reason == place).any()
    }
    could = (reason < 0) | (reason == SCREENED_OUT["objective"])
    attainable = {
        name: float(np.stack([one.latency[name] for one in screened])[could].min())
        for name in objective.limits
        if could.any()
    }
    places = np.flatnonzero(reason.ravel() < 0)
    if not places.size:
        return [], np.zeros((0, 3)), counts, attainable
    time = np.stack([one.latency[latency] for one in screened]).ravel()[places]
    usd = np.stack([one.usd for one in screened]).ravel()[places]
    joules = np.stack([one.joules for one in screened]).ravel()[places]
    rate = np.stack([one.rate for one in screened]).ravel()[places]
    rows = places // reason[0].size
    names = {name: place for place, name in enumerate(dict.fromkeys(cell.chip for cell in cells))}
    card = np.array([names[cells[row].chip] for row in rows])
    cloud = np.array([time, usd, card]).T
    points = np.log(np.array([time, usd, joules]).T)
    near = _near(points, card, space.simulated)
    made = []
    # One placement after the other, its largest step first: they share their table of step times.
    shape = reason[0].shape
    aside = np.array([np.unravel_index(place % reason[0].size, shape) for place in places[near]])
    for place in np.array(near)[
        np.lexsort((aside[:, 2], -aside[:, 3], aside[:, 1], aside[:, 0], rows[near]))
    ]:
        cell = cells[rows[place]]
        e, s, b, t = np.unravel_index(places[place] % reason[0].size, shape)
        deployment = Deployment(
            cell.kept,
            chip(cell.chip),
            cell.setup,
            space.engines[e],
            space.batches[b],
            space.budgets[t],
            space.splits[s],
        )
        made.append(_Asked(deployment, cell.usd_per_s, float(rate[place])))
    return made, cloud, counts, attainable


def _near(points: Array, group: NDArray[np.int64], most: int) -> list[int]:
    """Return the places on the front, on that of each chip, and near them, the front first."""
    best = front(points)
    chosen = dict.fromkeys(_thinned(points, best, most))
    for name in np.unique(group):
        own = np.flatnonzero(group == name)
        chosen |= dict.fromkeys(_thinned(points, own[front(points[own])], max(1, most // 8)))
    beaten = np.zeros(len(points), dtype=bool)
    for place in best:
        beaten |= (points[place] < points + math.log(NEAR)).all(axis=1)
    others = np.flatnonzero(~beaten)
    chosen |= dict.fromkeys(_thinned(points, others, most))
    return list(chosen)[:most]


def _thinned(points: Array, places: NDArray[np.int64], most: int) -> list[int]:
    """Return at most so many places, evenly along the first quantity, its ends included."""
    order = places[np.argsort(points[places, 0], kind="stable")]
    if len(order) > most:
        order = order[np.unique(np.linspace(0, len(order) - 1, most).round().astype(int))]
    return [int(place) for place in order]


def _explain(
    kept: Checkpoint,
    cells: Sequence[_Cell],
    counts: dict[str, int],
    traffic: Traffic,
    rest: tuple[Objective, dict[str, float], Space],
) -> None:
    """Refuse with the nearest thing that would do."""
    objective, attainable, space = rest
    length = math.ceil(traffic.asked + traffic.answered)
    if attainable or counts.get("objective"):
        told = ", ".join(
            f"{name.removesuffix('_s').upper()} {1e3 * value:.3g} ms" for name, value in attainable.items()
        )
        asked = ", ".join(
            f"{name.removesuffix('_s').upper()} {1e3 * value:.3g} ms"
            for name, value in objective.limits.items()
        )
        raise DataError(
            f"No configuration meets {asked} for {100 * objective.at:g} % of the requests",
            f"The least of each alone is {told}",
            "Give a looser objective, or other chips, formats or lengths",
        )
    if counts.get("chips"):
        raise DataError(
            f"No configuration serves the traffic with {space.most_chips} chips",
            "Copies are added until the rate or the users are served",
            "Allow more with --most-chips, or give a lower --rate",
        )
    short = None
    for cell in cells:
        try:
            found = fit(cell.kept, cell.chip, replace(cell.setup, context=length), remedies=False)
        except UsageError:
            continue
        if not found.fits and (short is None or found.short_bytes < short[0]):
            short = (found.short_bytes, cell)
    if short is None:
        raise DataError(
            f"No configuration of {kept.model.id} can run",
            "Batches, budgets and widths must leave room for the prompts",
            "Search more batches, larger budgets or other chips",
        )
    cell = short[1]
    remedies = fit(cell.kept, cell.chip, replace(cell.setup, context=length)).remedies
    raise DataError(
        f"{kept.model.id} with a sequence of {length} tokens fits none of the {len(cells)} ways "
        "to lay it over chips",
        f"The nearest is tensor {cell.setup.tp}, stages {cell.setup.pp} on {cell.chip}, "
        f"where {math.ceil(short[0]):,} byte are missing on a chip",
        f"Enough alone: {'; '.join(remedies)}" if remedies else "Allow more chips, or name larger ones",
    )
