"""One deployment of a model: what it holds, how fast its steps are, and what it does with traffic."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from narrows.catalog import default
from narrows.inference import serving_kernel
from narrows.inference.energy import chip_power_w
from narrows.inference.engine import Engine, Requests
from narrows.inference.fit import BLOCK, Fit, Setup, fit
from narrows.inference.law import (
    MEMORY,
    Placement,
    TokenParts,
    arithmetic,
    closed_loop,
    groups_of,
    read_law,
    step_features,
)
from narrows.inference.placed import placed_steps
from narrows.inference.simulation import grows

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from narrows.inference.steps import StepTable
    from narrows.inference.traffic import Objective, Traffic
    from narrows.transformer import Chip, Model
    from narrows.transformer.registry import Checkpoint

    Floats = NDArray[np.float64]

__all__ = [
    "Deployment",
    "Outcome",
    "chip_power",
    "goodput",
    "half_width",
    "loads",
    "measure",
    "place_of",
]

FORMATS = {16.0: "bf16", 8.0: "fp8", 4.5: "nvfp4", 4.25: "mxfp4"}
"""Format of the law by the bits of one weight."""
QUANTILES = (0.5, 0.9, 0.99)
WARM = 0.2
"""Share of the requests, the first ones, that are left out of quantiles."""
LEAST, TURNS = 400, 12
"""Requests of one simulation: at least so many, and so many times those in flight."""
HALVINGS = 8
"""Bisections of the rate, in logarithms, between a fiftieth of the bound and the bound."""
SPAN = 50.0
GRAIN = 1024
MOST_TABLES = 64
_tables: dict[tuple[object, ...], StepTable] = {}


def chip_power(card: Chip, *, memory_share: ArrayLike, compute_share: ArrayLike) -> Floats:
    """Return the power of one chip with its share of server and network [W].

    Parameters
    ----------
    card
        The chip.
    memory_share, compute_share
        Utilisation of its bandwidth and of its arithmetic; numbers or arrays of one shape.

    Notes
    -----
    Power of the chip at that use, and what the server and the network of a chip take beside it: the all-in
    power less the design power of the chip.
    """
    name = f"chip.{card.id}.all_in_power"
    catalog = default()
    beside = catalog.fact(name).canonical_value - card.power_w if catalog.has(name) else 0.0
    return chip_power_w(card, memory_share=memory_share, compute_share=compute_share) + max(beside, 0.0)


def place_of(kept: Checkpoint, card: Chip, setup: Setup, engine: str) -> Placement:
    """Return a setup in the words of the law.

    Parameters
    ----------
    kept, card, setup
        The model with its bits, the chip, and how the model is laid over chips.
    engine
        Name of the engine.

    Examples
    --------
    >>> from narrows.transformer.registry import checkpoint, chip
    >>> place = place_of(checkpoint("gpt-oss-120b"), chip("b200"), Setup(tp=4, ep=4), "vllm")
    >>> place.weights, place.experts, place.expert_parallel, place.expert_tensor
    ('bf16', 'mxfp4', 4, 1)
    """
    if setup.weights is None:
        dense, routed = FORMATS.get(kept.bits_of("attention")), FORMATS.get(kept.bits_of("experts"))
        dense, routed = dense or "int4", routed or "int4"
    else:
        dense = routed = {"fp4": "nvfp4"}.get(setup.weights, setup.weights)
    place = Placement(
        engine,
        weights=dense,
        experts=routed,
        cache=setup.kv,
        tensor=setup.tp,
        stages=setup.pp,
        ranks=setup.dp,
        expert_tensor=max(setup.tp, setup.ep) // setup.ep,
        expert_parallel=setup.ep,
    )
    blocked = replace(
        place,
        weights="fp8_block" if dense == "fp8" else dense,
        experts="fp8_block" if routed == "fp8" else routed,
    )
    measured = read_law()["token"].levels["setting"][1]  # one format, two names in the measurements
    return blocked if groups_of(kept.model, card, blocked)["setting"] in measured else place


@dataclass(frozen=True)
class Deployment:
    """One copy of a model on chips, with an engine and its limits.

    Parameters
    ----------
    kept
        The model with its bits.
    card
        The chip.
    setup
        How the model is laid over the chips of one worker.
    engine
        Name of the engine; empty for none in particular.
    sequences
        Most requests in flight in the copy, of a split one in its decoding workers.
    budget
        Tokens of one step of one attention rank.
    split
        Workers for prompts and for decoding; None where one worker does both.
    """

    kept: Checkpoint
    card: Chip
    setup: Setup
    engine: str
    sequences: int
    budget: int
    split: tuple[int, int] | None = None

    @property
    def model(self) -> Model:
        """The model by its widths."""
        return self.kept.model

    @property
    def chips(self) -> int:
        """Chips of the copy."""
        return self.setup.chips * (sum(self.split) if self.split else 1)

    @property
    def place(self) -> Placement:
        """The setup in the words of the law."""
        return place_of(self.kept, self.card, self.setup, self.engine)

    @property
    def lanes(self) -> int:
        """Batches in flight of the workers that decode: one a stage of the pipeline and worker."""
        return self.setup.pp * (self.split[1] if self.split else 1)

    def logs(self) -> np.ndarray:
        """Return the log-coefficients of the law for it."""
        groups = groups_of(self.model, self.card, self.place, split=self.split is not None)
        found: np.ndarray = read_law()["token"].logs([groups])[0]
        return found

    def room(self, traffic: Traffic) -> Fit:
        """Return its balance of memory, with one sequence of the mean length."""
        length = math.ceil(traffic.asked + traffic.answered)
        return fit(self.kept, self.card.id, replace(self.setup, context=length))


@dataclass(frozen=True)
class Outcome:
    """What one copy does with its share of the traffic.

    Parameters
    ----------
    rate
        [1/s] Requests that arrive, or are served in a closed loop.
    saturated
        Whether the queue grows without bound; there are no latencies then.
    ttft_s, tpot_s, e2e_s
        [s] p50, p90, p99, and that at the share of the objective.
    tokens_per_s
        Output tokens of the copy.
    concurrency
        Mean requests in flight.
    """

    rate: float
    saturated: bool
    ttft_s: tuple[float, ...] = ()
    tpot_s: tuple[float, ...] = ()
    e2e_s: tuple[float, ...] = ()
    tokens_per_s: float = 0.0
    concurrency: float = 0.0
    means: dict[str, float] = field(default_factory=dict)

    def meets(self, objective: Objective, slack: float = 1.0) -> bool:
        """Return whether every limit of an objective holds."""
        return not self.saturated and all(
            getattr(self, name)[-1] <= slack * limit for name, limit in objective.limits.items()
        )


def half_width(deployment: Deployment, traffic: Traffic, concurrency: float) -> float:
    """Return half the width of the 90 % interval of the time of a step, in logarithms.

    Parameters
    ----------
    deployment, traffic
        What runs, and what is asked.
    concurrency
        Requests in flight in the copy.
    """
    place, split = deployment.place, deployment.split
    loop = closed_loop(
        deployment.model,
        deployment.card,
        place,
        asked=traffic.fresh,
        answered=traffic.answered,
        concurrency=max(concurrency / deployment.setup.pp, 1e-3),
        split=place if split else None,
        workers=split or (1, 1),
    )
    return float(read_law()["token"].half(TokenParts([loop]), [loop.groups])[0])


def loads(deployment: Deployment, traffic: Traffic, rate: float, concurrency: float) -> tuple[float, float]:
    """Return the shares of bandwidth and of arithmetic that are used, over all chips of the copy.

    Parameters
    ----------
    deployment, traffic
        What runs, and what is asked.
    rate
        [1/s] Requests of the copy.
    concurrency
        Mean requests in flight.

    Notes
    -----
    Seconds at the full offer of the chip for each step of the mean batch, times steps in a second. A step
    of a pipeline is spread over its stages. In a split copy the two kinds of workers are averaged.
    """
    setup, split = deployment.setup, deployment.split
    lanes = deployment.lanes * setup.dp
    count = max(concurrency / lanes, min(1.0, 1.0 / setup.dp))
    steps = rate * traffic.answered / (count * setup.dp)  # of one worker's batches, all together
    flow = count * traffic.fresh / traffic.answered
    pairs = traffic.prefix + traffic.fresh / 2

    def seconds(requests: float, prompt: float) -> tuple[float, float]:
        parts = step_features(
            deployment.model,
            deployment.card,
            deployment.place,
            requests=requests,
            context=traffic.asked + traffic.answered / 2,
            prompt=prompt,
            prompt_pairs=prompt * pairs,
        )
        work = parts @ arithmetic(deployment.model, deployment.card, deployment.place)
        return float(parts[MEMORY].sum()), float(work)

    if split is None:
        memory, work = seconds(count, flow)
        per = steps / setup.pp
        return min(1.0, memory * per), min(1.0, work * per)
    decode, prompts = seconds(count, 0.0), seconds(0.0, traffic.fresh)
    workers, per, fed = sum(split), steps / setup.pp, rate / (setup.pp * setup.dp)
    memory, work = ((d * per + p * fed) / workers for d, p in zip(decode, prompts, strict=True))
    return min(1.0, memory), min(1.0, work)


# --- the simulation -----------------------------------------------------------------------------


def _table(deployment: Deployment, most: int, hidden: float, *, decoding: bool) -> StepTable:
    """Return the step times of a worker; each request also reads tokens that are not in the simulation."""
    most = -(-most // GRAIN) * GRAIN
    setup, split = deployment.setup, deployment.split is not None
    key = (deployment.model, deployment.card.id, deployment.place, split, round(hidden), decoding)
    if key in _tables and _tables[key].most_tokens >= most:
        return _tables[key]
    logs = deployment.logs()
    table = placed_steps(deployment.model, deployment.card, deployment.place, most_tokens=most, logs=logs)
    rows, numbers = table.decode.copy(), table.coefficients.copy()
    reach, span = min(hidden, numbers[1]), min(hidden, numbers[3])
    extra = numbers[0] * reach + (numbers[2] * span if span else 0.0)
    tokens = np.arange(rows.shape[1])
    if decoding:
        rows[0] += extra * tokens
        rows[1] += numbers[5] * reach * tokens
    else:
        numbers[6] += extra
        rows[1] += numbers[4] * hidden * tokens
    rows[3] += hop_seconds(deployment) * tokens / setup.dp / numbers[8]
    if len(_tables) >= MOST_TABLES:
        _tables.clear()
    _tables[key] = replace(table, decode=np.ascontiguousarray(rows), coefficients=numbers)
    return _tables[key]


def hop_seconds(deployment: Deployment) -> float:
    """Return the time that one token takes between the stages of a pipeline, all hops together [s]."""
    card, setup = deployment.card, deployment.setup
    link = card.scale_up_bytes_per_s if setup.chips <= card.chips_per_node else card.scale_out_bytes_per_s
    return (setup.pp - 1) * deployment.model.hidden * 2.0 / max(link, 1.0)  # bf16


def _slower(table: StepTable, factor: float) -> StepTable:
    numbers = table.coefficients.copy()
    numbers[8] *= factor
    return replace(table, coefficients=numbers)


@dataclass(frozen=True)
class _Run:
    """Latency of each request, from its arrival, and whether it was waited for without end."""

    asked: Requests
    ttft_s: np.ndarray
    e2e_s: np.ndarray
    held_s: np.ndarray
    """Time before the prompt is admitted."""
    stalled_s: np.ndarray
    """Time between the first token and admission to a decoding worker."""
    saturated: bool


def _blocks(deployment: Deployment, traffic: Traffic, length: float) -> int:
    """Return the blocks of one batch of a worker, so that as many sequences fit as in memory."""
    room = deployment.room(traffic)
    held = room.sequences(math.ceil(traffic.asked + traffic.answered)) * math.ceil(length / BLOCK)
    plain = length == traffic.asked + traffic.answered and not deployment.model.window
    return (room.blocks if plain else held) * deployment.setup.dp // deployment.setup.pp


def _engine(deployment: Deployment, blocks: int, sequences: int, workers: int) -> Engine:
    setup = deployment.setup
    return Engine(
        replicas=workers * setup.pp,
        blocks=max(1, blocks),
        block_tokens=BLOCK,
        chunk=deployment.budget * setup.dp,
        sequences=max(1, sequences),
    )


def _run(deployment: Deployment, traffic: Traffic, asked: Requests, factor: float) -> _Run:
    if deployment.split is not None:
        return _split(deployment, traffic, asked, factor)
    length = traffic.fresh + traffic.answered
    blocks = _blocks(deployment, traffic, length)
    engine = _engine(deployment, blocks, deployment.sequences // deployment.lanes, 1)
    table = _table(deployment, engine.chunk + engine.sequences, traffic.prefix, decoding=False)
    served = serving_kernel.serve(asked, _slower(table, factor), engine)
    nothing = np.zeros(len(asked))
    return _Run(
        asked,
        served.ttft_s,
        served.e2e_s,
        served.queue_s,
        nothing,
        grows(asked.arrived_s, served.queue_s, served.e2e_s),
    )


def _split(deployment: Deployment, traffic: Traffic, asked: Requests, factor: float) -> _Run:
    """Serve prompts in one pool, carry the cache over, and decode in the other."""
    assert deployment.split is not None  # noqa: S101 (asked by the caller)
    fed, decoding = deployment.split
    one = np.ones(len(asked), dtype=np.int64)
    blocks = _blocks(deployment, traffic, traffic.fresh + traffic.answered)
    pool = _engine(deployment, blocks, min(deployment.sequences, 256), fed)
    table = _slower(_table(deployment, pool.chunk + pool.sequences, traffic.prefix, decoding=False), factor)
    first = serving_kernel.serve(Requests(asked.arrived_s, asked.prompt, one), table, pool)
    room = deployment.room(traffic)
    carried = room.kv_bytes_per_token * traffic.asked / max(deployment.card.scale_out_bytes_per_s, 1.0)
    ready = asked.arrived_s + first.ttft_s + carried
    order = np.argsort(ready, kind="stable")
    rest = Requests(ready[order], one, np.maximum(asked.output[order] - 1, 1))
    shares = _blocks(deployment, traffic, 1 + traffic.answered)
    engine = _engine(deployment, shares, deployment.sequences // deployment.lanes, decoding)
    engine = replace(engine, chunk=max(engine.sequences, 1))
    table = _slower(_table(deployment, 2 * engine.sequences, traffic.asked, decoding=True), factor)
    second = serving_kernel.serve(rest, table, engine)
    later, stalled = np.empty(len(asked)), np.empty(len(asked))
    later[order], stalled[order] = second.e2e_s, second.queue_s
    e2e = np.where(asked.output > 1, first.ttft_s + carried + later, first.ttft_s)
    grown = grows(asked.arrived_s, first.queue_s, first.e2e_s) or grows(
        rest.arrived_s, second.queue_s, second.e2e_s
    )
    return _Run(asked, first.ttft_s, e2e, first.queue_s, stalled, grown)


def measure(
    deployment: Deployment,
    traffic: Traffic,
    objective: Objective,
    *,
    rate: float | None = None,
    seed: int = 1,
    factor: float = 1.0,
    count: int | None = None,
) -> Outcome:
    """Return what one copy does at a rate, or with all its places taken at all times, by simulation.

    Parameters
    ----------
    deployment, traffic
        What runs, and the lengths of the requests.
    objective
        Names the share of requests of the last quantile.
    rate
        [1/s] Arrivals at the copy; a closed loop with `Deployment.sequences` in flight if left out.
    seed
        Seed of lengths and arrivals.
    factor
        Factor on the time of every step.
    count
        Requests; enough for some turns of all places if left out.

    Raises
    ------
    DataError
        If a request does not fit the cache.

    Notes
    -----
    In a closed loop every latency counts from admission: a user asks when the last answer is there.
    """
    busy = deployment.sequences
    count = count or max(LEAST, TURNS * busy)
    asked = traffic.requests(count, rate, seed)
    run = _run(deployment, traffic, asked, factor)
    if rate is None:
        return _closed(run, traffic, objective, busy)
    if run.saturated:
        return Outcome(rate, saturated=True)
    kept = np.arange(count) >= WARM * count
    found = _latencies(run, kept, objective)
    mean = float(run.e2e_s[kept].mean())
    return replace(
        found,
        rate=rate,
        tokens_per_s=rate * traffic.answered,
        concurrency=rate * mean,
    )


def _closed(run: _Run, traffic: Traffic, objective: Objective, busy: int) -> Outcome:
    ends = np.sort(run.asked.arrived_s + run.e2e_s)
    first, last = busy, len(ends) - busy
    rate = (last - first) / (ends[last] - ends[first])
    started = np.argsort(run.asked.arrived_s + run.held_s, kind="stable")
    kept = np.zeros(len(ends), dtype=bool)
    kept[started[first:last]] = True
    ttft, e2e = run.ttft_s - run.held_s, run.e2e_s - run.held_s - run.stalled_s
    found = _latencies(replace(run, ttft_s=ttft, e2e_s=e2e), kept, objective)
    return replace(
        found, rate=float(rate), tokens_per_s=float(rate) * traffic.answered, concurrency=float(busy)
    )


def _latencies(run: _Run, kept: np.ndarray, objective: Objective) -> Outcome:
    more = kept & (run.asked.output > 1)
    each = {
        "ttft_s": run.ttft_s[kept],
        "tpot_s": (run.e2e_s - run.ttft_s)[more] / (run.asked.output[more] - 1),
        "e2e_s": run.e2e_s[kept],
    }
    shown = {
        name: tuple(float(x) for x in np.quantile(values, (*QUANTILES, objective.at)))
        if values.size
        else (0.0,) * (len(QUANTILES) + 1)
        for name, values in each.items()
    }
    means = {name: float(values.mean()) if values.size else 0.0 for name, values in each.items()}
    return Outcome(0.0, False, shown["ttft_s"], shown["tpot_s"], shown["e2e_s"], means=means)


def goodput(
    deployment: Deployment,
    traffic: Traffic,
    objective: Objective,
    *,
    bound: float,
    seed: int = 1,
    factor: float = 1.0,
) -> Outcome:
    """Return what one copy does at the highest rate that it serves within an objective.

    Parameters
    ----------
    deployment, traffic, objective
        What runs, what is asked, and the limits; without limits only a queue that grows is refused.
    bound
        [1/s] A rate above that.
    seed, factor
        As for `measure`.

    Returns
    -------
    Outcome
        Saturated, with a rate of 0, where even a fiftieth of the bound is too much.

    Notes
    -----
    Bisection of the logarithm of the rate to 1.5 %. Each rate has the same lengths and the same gaps,
    scaled, so that a higher rate only brings the same requests closer together.
    """
    low, high = bound / SPAN, bound
    best = measure(deployment, traffic, objective, rate=low, seed=seed, factor=factor)
    if not best.meets(objective):
        return Outcome(0.0, saturated=True, ttft_s=best.ttft_s, tpot_s=best.tpot_s, e2e_s=best.e2e_s)
    top = measure(deployment, traffic, objective, rate=high, seed=seed, factor=factor)
    if top.meets(objective):
        return top
    for _ in range(HALVINGS):
        middle = math.sqrt(low * high)
        found = measure(deployment, traffic, objective, rate=middle, seed=seed, factor=factor)
        if found.meets(objective):
            low, best = middle, found
        else:
            high = middle
    return best
