"""Time of one step of a served model, by a law with few coefficients, and an interval for it.

A step reads weights and cache, multiplies, exchanges between chips and pays overheads. Each part follows
from the widths of the model and the offer of the chip; the coefficients say how far engines and chips are
from that offer. They were fitted to measurements and stand, with their covariance, in ``law.json``.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.errors import UnknownNameError, UsageError
from narrows.fitted import Span, law_from, span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from narrows.fitted import Law
    from narrows.transformer import Chip, Model

    Array = NDArray[np.float64]

__all__ = [
    "BYTES",
    "COEFFICIENTS",
    "FEATURES",
    "FIRST",
    "FirstParts",
    "Loop",
    "Placement",
    "Span",
    "TokenParts",
    "arithmetic",
    "closed_loop",
    "first_token_parts",
    "first_token_time",
    "fitted_rows",
    "groups_of",
    "held_at_once",
    "rate_of",
    "read_law",
    "step_features",
    "step_seconds",
    "step_time",
    "token_time",
]

BYTES = {"bf16": 2.0, "fp8": 1.0, "fp8_block": 1.0, "nvfp4": 0.5625, "mxfp4": 0.53125, "int4": 0.53125}
"""Bytes of one weight by format, scales included: a group of 16 or 32 shares one byte of scale."""
RATES = {"bf16": "bf16", "fp8": "fp8", "fp8_block": "fp8", "nvfp4": "fp4", "mxfp4": "fp4", "int4": "bf16"}
FEATURES = (
    "dense_weights", "expert_weights", "cache",
    "dense_work", "expert_work", "expert_tiles", "attention_work",
    "reduce_bytes", "reduce_count", "exchange_bytes", "exchange_count",
    "layers", "expert_layers", "requests", "activations", "routed", "step",
)  # fmt: skip
"""What a step is made of; seconds at the offer of the chip, or counts times a microsecond."""
COEFFICIENTS = (*FEATURES, "saturation", "scale")
"""What is fitted, in logarithms: a factor on each feature; tokens at half efficiency; a factor on all."""
FIRST = ("prompt", "step_before", "burst", "queue", "waiting", "requests", "request", "scale")
"""What the time to the first token is made of, and a factor on all."""
MEMORY = slice(0, 3)
COMPUTE = slice(3, 7)
REST = slice(7, 17)
SUMS = np.array([[place in range(len(FEATURES))[part] for part in (MEMORY, COMPUTE, REST)]
                 for place in range(len(FEATURES))], dtype=np.float64)  # fmt: skip
"""Which features add up to memory, to compute and to the rest: a product is quicker than sums of few."""
SHARPNESS = 6.0
"""Power of the soft maximum of memory and compute time."""
TILE = 16.0
"""Tokens that an expert computes at least once it is touched, before the fitted factor."""
NARROW = 2048.0
"""Width of an expert on one chip at which its products run at half the rate of wide ones."""
MICRO = 1e-6
ACTIVATIONS = 2.0 * 8
"""Bytes of the residual stream that a layer reads and writes for each token and unit of width."""
MORE_KERNELS = {"state": 0.5, "low_dense": 0.2, "low_expert": 0.3, "shared": 0.3}
"""Kernels that start beyond those of a plain layer in bf16, as a share of some ten: a state of fixed size
(convolution, gates, decay, update, norm), activations brought to a low format before the products of a layer
and before those of its experts, and an expert that serves all (gate and up, activation, down)."""
PLAIN = ("bf16", "int4", "mxfp4")
"""Formats whose products take activations in bf16."""
TAKEN = 0.9
"""Share of the memory that engines take unless told otherwise."""
SET_ASIDE = 1.25e9
"""Bytes that engines hold beside weights and cache: activations, graphs, communication."""
BUDGET = 8192.0
"""Tokens of one step that engines give to prompts unless told otherwise."""
KINDS = (("model", "model"), ("setting", "chip"))
"""Levels that make a question another kind where their group is not known, and that kind."""


@dataclass(frozen=True)
class Placement:
    """How a model lies on chips, and in which formats.

    Parameters
    ----------
    engine
        ``trtllm``, ``vllm``, ``sglang``; any other name gets the law of no engine in particular.
    weights, experts, cache
        Format of dense weights, of routed experts, and of cached keys and values.
    tensor, stages, ranks
        Tensor width of one attention rank, pipeline stages, and attention ranks that hold other requests.
    expert_tensor, expert_parallel
        Widths over which experts are cut and spread.
    build
        Version of the engine; empty where not known.
    """

    engine: str = ""
    weights: str = "bf16"
    experts: str = ""
    cache: str = "bf16"
    tensor: int = 1
    stages: int = 1
    ranks: int = 1
    expert_tensor: int = 1
    expert_parallel: int = 1
    build: str = ""

    def __post_init__(self) -> None:
        for name in (self.weights, self.experts or self.weights, self.cache):
            if name not in BYTES:
                raise UnknownNameError("format", name, BYTES, remedy="Name one of the known formats")
        widths = (self.tensor, self.stages, self.ranks, self.expert_tensor, self.expert_parallel)
        if min(widths) < 1:
            raise UsageError(f"A parallel width is {min(widths)}", "Widths are 1 or more", "Give 1 for none")

    @property
    def expert_format(self) -> str:
        """Format of routed experts."""
        return self.experts or self.weights


def rate_of(chip: Chip, form: str) -> float:
    """Return the dense rate at which a chip multiplies weights of a format [flop/s].

    Parameters
    ----------
    chip
        The chip.
    form
        One of `RATES`; where the chip has no such rate, the next wider one counts.

    Raises
    ------
    UsageError
        The chip has no rate for it.
    """
    named = RATES[form]
    for name in (named, "fp8", "bf16") if form == "nvfp4" else (named, "bf16"):
        found = chip.flop_per_s.get(name, 0.0)
        if found and found > 0:
            return found
    raise UsageError(f"The chip {chip.id!r} has no rate for {form!r}", "A chip has at least bf16", "Give one")


def step_features(
    model: Model,
    chip: Chip,
    place: Placement,
    *,
    requests: ArrayLike,
    context: ArrayLike,
    prompt: ArrayLike = 0.0,
    prompt_pairs: ArrayLike = 0.0,
) -> Array:
    """Return what steps are made of, in the order of `FEATURES` along the last axis [s].

    Parameters
    ----------
    model, chip, place
        What runs where.
    requests
        Decoding requests of one attention rank.
    context
        Mean context of those [token].
    prompt
        Prompt tokens of one attention rank in the step.
    prompt_pairs
        Sum over the prompt tokens of the tokens each attends to.

    Notes
    -----
    The four counts may be arrays; they are broadcast, and features come last: shape (..., 17).

    Memory: bytes of dense weights, of the experts touched by the tokens of all ranks, and of the cache, over
    the bandwidth. Compute: 2 operations a weight and token over the rate of the format; a touched expert
    computes whole tiles of rows; scores, values and the output embedding run in bf16. Exchange: two
    all-reduces a layer within a rank; where ranks hold other requests, one dispatch and one return a layer
    between experts. Experts that lie on the chips of one rank need no dispatch: each chip has all tokens, and
    the all-reduce adds what its experts made.

    Examples
    --------
    >>> from narrows.transformer import Chip, Model
    >>> llama = Model("llama-3.1-8b", 32, 4096, 32, 128, kv_heads=8, dense_ff=14336, vocabulary=128256)
    >>> h100 = Chip("h100_sxm", 8.6e10, 3.35e12, {"bf16": 9.89e14}, 700, 8, 4.5e11, 5e10, 6.4e10)
    >>> step_features(llama, h100, Placement("vllm"), requests=[1, 8, 64], context=1000).shape
    (3, 17)
    """
    alone = all(isinstance(count, int | float) for count in (requests, context, prompt, prompt_pairs))
    if not alone:
        requests, context, prompt, prompt_pairs = np.broadcast_arrays(
            *(np.asarray(count, dtype=np.float64) for count in (requests, context, prompt, prompt_pairs))
        )
    columns = _columns(model, chip, place, (requests, context, prompt, prompt_pairs))
    if alone:
        return np.array(columns)
    found = np.empty((*np.shape(requests), len(columns)))
    for j, column in enumerate(columns):
        found[..., j] = column
    return found


def _columns(model: Model, chip: Chip, place: Placement, counts: tuple[Any, ...]) -> list[Any]:
    """Return the features, each a number or an array of the shape of the counts."""
    requests, context, prompt, prompt_pairs = counts
    width = place.tensor
    own = requests + prompt
    tokens = own * place.ranks
    half = rate_of(chip, "bf16")
    rate = rate_of(chip, place.weights)
    expert_rate = _expert_rate(chip, place)
    seconds = 1.0 / chip.bandwidth_bytes_per_s
    head = model.hidden * model.vocabulary
    body = model.dense_weights - head
    cut = place.expert_tensor * place.expert_parallel
    touched = model.experts_touched(tokens) * (model.expert_layers / cut) if model.experts else 0.0 * tokens
    served = tokens * (model.experts_per_token * model.expert_layers / cut)
    attended = np.minimum(context, model.sparse_context) if model.sparse_context else context
    shards = _shards(model, place)
    kept = model.kv_bytes_per_token(BYTES[place.cache]) * attended
    plain = model.layers - model.attending_layers
    if model.window:
        each = model.kv_bytes_per_token(BYTES[place.cache]) / max(1, model.attending_layers)
        kept = kept + plain * each * np.minimum(context, model.window)
    size = (model.nope_size + model.rope_size + model.value_size) / 2 if model.kv_rank else model.head_size
    pairs = 4.0 * model.heads * size * model.attending_layers / width / half
    # Cached latents are read once for all heads: decoding them is work, not only bytes.
    scored = 4.0 * model.heads * (model.kv_rank + model.rope_size / 2) * model.layers / width
    decode_pairs = requests * attended * (scored / half) if model.kv_rank else 0.0
    link = (
        chip.scale_up_bytes_per_s
        if width * place.ranks <= max(8, chip.chips_per_node)
        else min(chip.scale_up_bytes_per_s, max(chip.scale_out_bytes_per_s, 1.0))
    )
    wire = 2.0 * model.hidden / link
    apart = cut if place.ranks > 1 else 1
    sent = min(1.0, model.experts_per_token / apart) * (1 - 1 / apart)
    states = 0 if model.window else plain
    feed = (model.layers - model.expert_layers) * model.dense_ff
    feed += model.expert_layers * model.shared_experts * model.expert_ff
    inner = 3 * feed + 2 * (model.heads + (model.kv_heads or 1)) * size * model.layers
    narrow = _narrow(model, place)
    kernels = model.layers * (1 + MORE_KERNELS["low_dense"] * (place.weights not in PLAIN))
    kernels += MORE_KERNELS["state"] * states
    more = MORE_KERNELS["low_expert"] * (place.expert_format not in PLAIN)
    more += MORE_KERNELS["shared"] * (model.shared_experts > 0)
    return [
        0.0 * own + (body + head * 2.0 / BYTES[place.weights]) * BYTES[place.weights] / width * seconds,
        touched * (model.expert_weights * BYTES[place.expert_format] * seconds),
        requests * kept * (seconds / shards),
        own * (2.0 * body / width / rate),
        served * (2.0 * narrow * model.expert_weights / expert_rate),
        touched * (2.0 * narrow * TILE * model.expert_weights / expert_rate),
        pairs * prompt_pairs + decode_pairs + requests * (2.0 * head / width / half),
        own * (2.0 * model.layers * 2.0 * (width - 1) / width * wire),
        2.0 * model.layers * math.log2(width) * MICRO,
        tokens * (2.0 * model.expert_layers * sent * wire),
        2.0 * model.expert_layers * math.log2(apart) * MICRO,
        kernels * MICRO,
        model.expert_layers * (1 + more) * MICRO,
        requests * MICRO,
        own * ((ACTIVATIONS * model.hidden * model.layers + 2.0 * inner / width) * seconds),
        served * (2.0 * (2 * model.hidden + 3 * model.expert_ff) * seconds),
        100 * MICRO,
    ]


def arithmetic(model: Model, chip: Chip, place: Placement) -> Array:
    """Return what turns the parts of a step into the time of its arithmetic at the peak rates.

    Parameters
    ----------
    model, chip, place
        What runs where.

    Notes
    -----
    The time is the sum of `step_features` times this. Whole tiles of experts are not asked for and do not
    count; products of experts count at the rate of their format.
    """
    found = np.zeros(len(FEATURES))
    found[[FEATURES.index("dense_work"), FEATURES.index("attention_work")]] = 1.0
    if model.experts:
        full = rate_of(chip, place.expert_format)
        found[FEATURES.index("expert_work")] = _expert_rate(chip, place) / (full * _narrow(model, place))
    return found


def _expert_rate(chip: Chip, place: Placement) -> float:
    return math.sqrt(rate_of(chip, place.expert_format) * rate_of(chip, "bf16"))


def _narrow(model: Model, place: Placement) -> float:
    """Return how much slower the products of experts are because one chip holds a narrow part of each."""
    return 1.0 + NARROW * place.expert_tensor / model.expert_ff if model.experts else 1.0


def _shards(model: Model, place: Placement) -> int:
    """Return the chips over which the cache of one request is cut."""
    return 1 if model.kv_rank else min(place.tensor, model.kv_heads or 1)


def held_at_once(model: Model, chip: Chip, place: Placement, context: float) -> float:
    """Return the requests whose cache fits beside the weights on one attention rank.

    Parameters
    ----------
    model, chip, place
        What runs where.
    context
        Mean context of a request [token].

    Notes
    -----
    Free memory over the cache of one request. Infinite where the weights leave no room for one request: then
    the widths or the memory are not the true ones, and the law answers as if there were room.
    """
    cut = place.expert_tensor * place.expert_parallel
    head = model.hidden * model.vocabulary
    dense = (model.dense_weights - head) * BYTES[place.weights] + 2 * head * BYTES["bf16"]
    routed = model.expert_layers * model.experts * model.expert_weights * BYTES[place.expert_format]
    held = (dense / place.tensor + routed / cut) / place.stages
    free = TAKEN * chip.memory_bytes - held - SET_ASIDE
    kept = model.kv_bytes_per_token(BYTES[place.cache]) / _shards(model, place) / place.stages
    found = free / (kept * context)
    return found if found >= 1 else math.inf


def step_seconds(features: Array, logs: Array, tokens: Array) -> Array:
    """Return the time of steps [s].

    Parameters
    ----------
    features
        Rows of `step_features`.
    logs
        Logarithms of the coefficients, a row for each or one for all.
    tokens
        Tokens of one rank in each step.

    Notes
    -----
    (M^p + C^p)^(1/p) + exchange + overhead, times the scale; C of dense layers counts t + t0 tokens for t.
    """
    factor = np.exp(logs)
    parts = features * factor[..., : len(FEATURES)]
    sums = parts @ SUMS
    memory, compute, rest = sums[..., 0], sums[..., 1], sums[..., 2]
    compute = compute + parts[..., 3] * (64.0 * factor[..., len(FEATURES)] / np.maximum(tokens, 1.0))
    roof = (memory**SHARPNESS + compute**SHARPNESS) ** (1.0 / SHARPNESS)
    found: Array = (roof + rest) * factor[..., -1]
    return found


@dataclass(frozen=True)
class Loop:
    """What one closed loop of requests is made of, for the two laws.

    Parameters
    ----------
    steady, mixed
        Features of a step without and with prompt tokens.
    share
        Share of steps with prompt tokens.
    tokens, mixed_tokens
        Tokens of one rank in such steps.
    prompt, prompt_tokens
        Features of the step that takes one prompt, or one budget of it, and its tokens.
    chunks
        Steps that one prompt takes.
    requests
        Requests in flight at one rank that takes prompts.
    waiting
        Steps that a request waits because the cache of those in flight fills the memory.
    groups
        Group of the loop at each level of a law.
    """

    steady: Array
    mixed: Array
    share: float
    tokens: float
    mixed_tokens: float
    prompt: Array
    prompt_tokens: float
    chunks: float
    requests: float
    waiting: float
    groups: dict[str, str]


def groups_of(model: Model, chip: Chip, place: Placement, *, split: bool = False) -> dict[str, str]:
    """Return the group of a placed model at each level of a law; ``h100_sxm`` and ``h100`` are one chip."""
    form = place.expert_format if model.experts else place.weights
    known = (place.engine, chip.id.replace("-", "_").removesuffix("_sxm"), model.id, form)
    where = "|".join((*known, "split")) if split else "|".join(known)
    return {
        "engine": place.engine,
        "mode": "split" if split else "together",
        "stack": "|".join((known[0], known[1], form)),
        "model": model.id,
        "setting": where,
        "build": f"{where}|{place.build}",
    }


def closed_loop(
    model: Model,
    chip: Chip,
    place: Placement,
    *,
    asked: float,
    answered: float,
    concurrency: float,
    split: Placement | None = None,
    workers: tuple[int, int] = (1, 1),
    places: float | None = None,
) -> Loop:
    """Return what a closed loop is made of: as many requests in flight at all times.

    Parameters
    ----------
    model, chip, place
        What runs where; of a split deployment the decoding workers.
    asked, answered
        Tokens of a prompt and of an answer.
    concurrency
        Requests in flight.
    split
        Placement of the prompt workers where prompts run apart.
    workers
        Prompt workers and decoding workers.
    places
        Requests that the memory of one rank holds; by `held_at_once` if left out.

    Notes
    -----
    Every answer takes one step a token, so the steps of a rank with n requests meet n asked / answered
    prompt tokens on average (Little). They come in lumps of a prompt or a budget: the share of steps that
    meet some is 1 - exp(-tokens per step / lump). Of requests whose cache does not fit, as many run as fit,
    and the others wait: n in flight and k places make each wait n/k - 1 answers.
    """
    if min(asked, answered, concurrency) <= 0:
        raise UsageError(
            f"Prompt, answer and requests in flight are {asked:g}, {answered:g} and {concurrency:g}",
            "Each is above 0",
            "Give the loop that was measured",
        )
    context = asked + answered / 2
    room = held_at_once(model, chip, place, context) if places is None else places
    room *= place.ranks * workers[1]
    waiting = max(0.0, concurrency / room - 1.0) * answered
    concurrency = min(concurrency, room)
    count = concurrency / (place.ranks * workers[1])
    steady = step_features(model, chip, place, requests=count, context=context)
    taking = split or place
    held = concurrency / (taking.ranks * workers[0])
    lump = min(BUDGET, asked)
    riding = 0.0 if split else count
    alone = step_features(
        model, chip, taking, requests=riding, context=context, prompt=lump, prompt_pairs=lump * asked / 2
    )
    groups = groups_of(model, chip, place, split=split is not None)
    mixed, share, total = steady, 0.0, count
    if split is None:
        flow = count * asked / answered
        share = 1.0 - math.exp(-flow / lump)
        total = count + flow / share
        mixed = step_features(
            model,
            chip,
            place,
            requests=count,
            context=context,
            prompt=flow / share,
            prompt_pairs=flow / share * asked / 2,
        )
    return Loop(
        steady,
        mixed,
        share,
        count,
        total,
        alone,
        riding + lump,
        math.ceil(asked / BUDGET),
        held,
        waiting,
        groups,
    )


class TokenParts:
    """Loops as arrays, and the time per output token by log-coefficients."""

    def __init__(self, loops: Sequence[Loop]) -> None:
        self.steady = np.array([loop.steady for loop in loops])
        self.mixed = np.array([loop.mixed for loop in loops])
        self.share = np.array([loop.share for loop in loops])
        self.tokens = np.array([loop.tokens for loop in loops])
        self.mixed_tokens = np.array([loop.mixed_tokens for loop in loops])

    def only(self, rows: NDArray[np.bool_]) -> TokenParts:
        """Return some of the loops, chosen by a mask."""
        found = TokenParts([])
        for name in ("steady", "mixed", "share", "tokens", "mixed_tokens"):
            setattr(found, name, getattr(self, name)[rows])
        return found

    def __call__(self, logs: Array) -> Array:
        """Return the logarithm of the time per output token of each loop."""
        calm = step_seconds(self.steady, logs, self.tokens)
        busy = step_seconds(self.mixed, logs, self.mixed_tokens)
        found: Array = np.log((1 - self.share) * calm + self.share * busy)
        return found


class FirstParts:
    """Parts of the time to the first token as an array, and that time by log-coefficients."""

    def __init__(self, parts: Array) -> None:
        self.parts = parts

    def __call__(self, logs: Array) -> Array:
        """Return the logarithm of the time to the first token of each loop."""
        found: Array = np.log((self.parts * np.exp(logs[..., :-1])).sum(axis=-1)) + logs[..., -1]
        return found


def first_token_parts(loops: Sequence[Loop], logs: Array) -> Array:
    """Return what the time to the first token is made of, in the order of `FIRST` [s].

    Parameters
    ----------
    loops
        The loops.
    logs
        Log-coefficients of the law of steps, a row a loop.

    Notes
    -----
    The step that takes the prompt; the step that runs when it arrives; prompts of others before it in the
    start-up burst, when all requests in flight arrive at once, and in the steady state, where that grows as
    the share of time spent on prompts; the wait for a place in memory; and overheads.
    """
    tokens = TokenParts(loops)
    steady = step_seconds(tokens.steady, logs, tokens.tokens)
    own = step_seconds(
        np.array([loop.prompt for loop in loops]), logs, np.array([loop.prompt_tokens for loop in loops])
    ) * np.array([loop.chunks for loop in loops])
    held = np.array([loop.requests for loop in loops])
    return np.array(
        [
            own,
            steady,
            0.05 * held * own,
            tokens.share * 0.5 * held * own,
            np.array([loop.waiting for loop in loops]) * np.exp(tokens(logs)),
            held * 1e-4,
            np.full(len(loops), 0.01),
        ]
    ).T


@cache
def read_law() -> dict[str, Law]:
    """Return the shipped laws: ``token`` for steps and output tokens, ``first`` for the first token."""
    stored = _shipped()
    return {name: law_from(stored[name], kinds=KINDS, by="engine") for name in ("token", "first")}


def fitted_rows() -> str:
    """Return the digests of the runs that the shipped laws were fitted to, for `narrows.fitted.unseen`."""
    return str(_shipped()["rows"])


def _shipped() -> dict[str, Any]:
    text = resources.files("narrows.inference").joinpath("law.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def step_time(
    model: Model,
    chip: Chip,
    place: Placement,
    *,
    requests: float,
    context: float,
    prompt: float = 0.0,
    prompt_pairs: float = 0.0,
) -> Span:
    """Return the time of one step with its 90 % interval [s].

    Parameters
    ----------
    model, chip, place
        What runs where.
    requests
        Decoding requests of one attention rank.
    context
        Mean context of those [token].
    prompt
        Prompt tokens of one attention rank in the step.
    prompt_pairs
        Sum over the prompt tokens of the tokens each attends to.

    Raises
    ------
    UsageError
        If the step has no tokens.

    Examples
    --------
    >>> from narrows.transformer import Chip, Model
    >>> llama = Model("llama-3.1-8b", 32, 4096, 32, 128, kv_heads=8, dense_ff=14336, vocabulary=128256)
    >>> rates = {"bf16": 9.89e14, "fp8": 1.978e15}
    >>> h100 = Chip("h100_sxm", 8.6e10, 3.35e12, rates, 700, 8, 4.5e11, 5e10, 6.4e10)
    >>> span = step_time(llama, h100, Placement("vllm"), requests=8, context=1000)
    >>> span.low < span.value < span.high
    True
    """
    if requests + prompt <= 0 or min(requests, prompt, context, prompt_pairs) < 0:
        raise UsageError(
            f"The step has {requests:g} decoding requests and {prompt:g} prompt tokens",
            "A step has at least one token, and no count is below 0",
            "Give requests or prompt",
        )
    law = read_law()["token"]
    parts = step_features(
        model, chip, place, requests=requests, context=context, prompt=prompt, prompt_pairs=prompt_pairs
    )

    def predict(logs: Array) -> Array:
        found: Array = np.log(step_seconds(parts[None, :], logs, np.array([requests + prompt])))
        return found

    return span(law, predict, groups_of(model, chip, place))


def token_time(loop: Loop) -> Span:
    """Return the mean time per output token of a closed loop with its 90 % interval [s].

    Parameters
    ----------
    loop
        From `closed_loop`.
    """
    return span(read_law()["token"], TokenParts([loop]), loop.groups)


def first_token_time(loop: Loop) -> Span:
    """Return the mean time to the first token of a closed loop with its 90 % interval [s].

    Parameters
    ----------
    loop
        From `closed_loop`. It starts with all requests at once and serves ten times as many, as the public
        benchmarks do.
    """
    laws = read_law()
    parts = first_token_parts([loop], laws["token"].logs([loop.groups]))
    return span(laws["first"], FirstParts(parts), loop.groups)
