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

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from narrows.transformer import Chip, Model

    Array = NDArray[np.float64]

__all__ = [
    "BYTES",
    "COEFFICIENTS",
    "FEATURES",
    
    "Placement",
    "Span",
    "step_features",
    "step_seconds",
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
"""What is fitted, each in logarithms: a factor on each feature; tokens at half efficiency; a factor on all."""
MEMORY = slice(0, 3)
COMPUTE = slice(3, 7)
REST = slice(7, 17)
SHARPNESS = 3.0
"""Power of the soft maximum of memory and compute time."""
TILE = 16.0
"""Tokens that an expert computes at least once it is touched, before the fitted factor."""
MICRO = 1e-6
ACTIVATIONS = 2.0 * 8
"""Bytes of the residual stream that a layer reads and writes for each token and unit of width."""
BUDGET = 8192.0
"""Tokens of one step that engines give to prompts unless told otherwise."""
Z90 = 1.6448536269514722


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


@dataclass(frozen=True)
class Span:
    """A number with its 90 % interval.

    Parameters
    ----------
    value, low, high
        Median, 5 % and 95 % [s].
    """

    value: float
    low: float
    high: float


def _rate(chip: Chip, form: str) -> float:
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
    requests: float,
    context: float,
    prompt: float = 0.0,
    prompt_pairs: float = 0.0,
) -> Array:
    """Return what one step is made of, in the order of `FEATURES` [s].

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
    Memory: bytes of dense weights, of the experts touched by the tokens of all ranks, and of the cache, over
    the bandwidth. Compute: 2 operations a weight and token over the rate of the format; a touched expert
    computes whole tiles of rows. Exchange: two all-reduces a layer within a rank, one dispatch and one
    return a layer between experts.
    """
    width = place.tensor
    own = requests + prompt
    tokens = own * place.ranks
    rate, expert_rate = _rate(chip, place.weights), _rate(chip, place.expert_format)
    seconds = 1.0 / chip.bandwidth_bytes_per_s
    head = model.hidden * model.vocabulary
    body = model.dense_weights - head
    cut = place.expert_tensor * place.expert_parallel
    touched = float(model.experts_touched(tokens)) * model.expert_layers / cut
    served = tokens * model.experts_per_token * model.expert_layers / cut
    attended = min(context, model.sparse_context) if model.sparse_context else context
    shards = 1 if model.kv_rank else min(width, model.kv_heads or 1)
    kept = model.kv_bytes_per_token(BYTES[place.cache]) * attended
    if model.window:
        others = model.layers - model.attending_layers
        each = model.kv_bytes_per_token(BYTES[place.cache]) / max(1, model.attending_layers)
        kept += others * each * min(context, model.window)
    size = (model.nope_size + model.rope_size + model.value_size) / 2 if model.kv_rank else model.head_size
    pairs = 4.0 * model.heads * size * model.attending_layers / width / _rate(chip, "bf16")
    # Cached latents are read once for all heads: decoding them is work, not only bytes.
    scored = 4.0 * model.heads * (model.kv_rank + model.rope_size / 2) * model.layers / width
    decode_pairs = scored * requests * attended / _rate(chip, "bf16") if model.kv_rank else 0.0
    link = chip.scale_up_bytes_per_s if width * place.ranks <= max(8, chip.chips_per_node) else min(
        chip.scale_up_bytes_per_s, max(chip.scale_out_bytes_per_s, 1.0)
    )
    spread = place.expert_parallel
    wire = 2.0 * model.hidden / link
    reduced = 2.0 * model.layers * 2.0 * (width - 1) / width * own * wire
    moved = 2.0 * model.expert_layers * tokens * model.experts_per_token / spread * (1 - 1 / spread) * wire
    found = np.array(
        [
            (body + head * 2.0 / BYTES[place.weights]) * BYTES[place.weights] / width * seconds,
            touched * model.expert_weights * BYTES[place.expert_format] * seconds,
            requests * kept / shards * seconds,
            2.0 * (body * own + head * requests) / width / rate,
            2.0 * served * model.expert_weights / expert_rate,
            2.0 * TILE * touched * model.expert_weights / expert_rate,
            pairs * prompt_pairs + decode_pairs,
            reduced,
            2.0 * model.layers * math.log2(width) * MICRO,
            moved,
            2.0 * model.expert_layers * math.log2(spread) * MICRO,
            model.layers * MICRO,
            model.expert_layers * MICRO,
            requests * MICRO,
            ACTIVATIONS * own * model.hidden * model.layers * seconds,
            2.0 * served * (2 * model.hidden + 3 * model.expert_ff) * seconds,
            100 * MICRO,
        ]
    )
    return found


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
    memory = parts[..., MEMORY].sum(axis=-1)
    short = 1.0 + 64.0 * factor[..., len(FEATURES)] / np.maximum(tokens, 1.0)
    compute = parts[..., COMPUTE].sum(axis=-1) + parts[..., 3] * (short - 1.0)
    roof = (memory**SHARPNESS + compute**SHARPNESS) ** (1.0 / SHARPNESS)
    found: Array = (roof + parts[..., REST].sum(axis=-1)) * factor[..., -1]
    return found
