"""What a training step is made of: seconds at the offer of the machine, part by part.

Parts are summed with fitted factors by `narrows.training.step_law`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from narrows.errors import UsageError
from narrows.training.layout import PRECISIONS
from narrows.transformer import MULTIPLY_ADD, training_flops

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from narrows.training.layout import Layout
    from narrows.training.machine import Machine
    from narrows.transformer import Model

    Array = NDArray[np.float64]

__all__ = ["PARTS", "bubble", "rate", "step_parts"]

PARTS = (
    "linear", "core", "experts", "state", "logits",
    "activations", "routed", "casts", "weights",
    "tensor", "context", "exchange", "pipeline", "reduce", "gather",
    "layers", "expert_layers", "passes", "optimiser", "step",
    "short", "short_experts",
)  # fmt: skip
"""Parts of a step, in order; the last two are what `linear` and `experts` lose for each token too few."""
FORWARD, BACKWARD = 1.0, 2.0
AGAIN = {
    "none": (0.0, 0.0),
    "attention": (0.0, 1.0),
    "parts": (0.5, 1.0),
    "full": (1.0, 1.0),
}
"""Share of the forward pass computed again: of matrices, of scores. Source: arXiv 2205.05198."""
FLASH = 0.5
"""What attention without stored scores computes again in its backward pass, of a forward pass."""
HALF, FULL = 2.0, 4.0
"""Bytes of a number in bf16 and in fp32."""
STATE_BYTES = 20.0
"""Bytes of optimiser work a weight: read and write a master copy and two moments, write the weight."""
EACH = 0.3
"""Part of the work of the optimiser that every rank does on the weights it holds."""
RESIDUAL = 12.0
"""Numbers a layer moves for each number of the residual stream: norms, sums, dropout, rotary parts."""
PASSED = 2.0
ROUTED = 6.0
WITHIN = 4.0
CHANNELS = 4.0
"""Exchanges of a layer in a forward and a backward pass: two each."""
MICRO, MILLI = 1e-4, 1e-3
STEP = 1e-2
SHORT = 200.0
"""Tokens by which short products are counted."""


def rate(machine: Machine, precision: str) -> float:
    """Return the dense rate of a chip for a precision of training [flop/s].

    Parameters
    ----------
    machine, precision
        Where, and one of `narrows.training.layout.PRECISIONS`.

    Raises
    ------
    UsageError
        If the chip has no rate for the precision.
    """
    rates = machine.chip.flop_per_s
    if PRECISIONS[precision] not in rates:
        able = [name for name, rated in PRECISIONS.items() if rated in rates]
        raise UsageError(
            f"The chip {machine.chip.id!r} has no rate for {precision!r}",
            f"It trains in {', '.join(able)}",
            "Name one of these precisions",
        )
    return rates[PRECISIONS[precision]]


def bubble(layout: Layout) -> Array:
    """Return the time of a pipeline over that of its work: (m + (p - 1)/v)/m.

    Notes
    -----
    m micro-batches, p stages, v chunks a stage. Source: Narayanan et al. 2021 (arXiv 2104.04473).

    Examples
    --------
    >>> from narrows.training.layout import Layout
    >>> float(bubble(Layout(chips=8, stages=8, batch=8)))
    1.875
    """
    count = layout.micro_batches
    found: Array = (count + (layout.stages - 1) / layout.interleave) / count
    return found


def step_parts(model: Model, machine: Machine, layout: Layout, *, ahead: bool = True) -> Array:
    """Return the parts of a step at the offer of the machine [s], axes: layouts, parts.

    Parameters
    ----------
    model, machine, layout
        What trains where, and how; the widths of the layout may be arrays.
    ahead
        Whether layers that predict further tokens are trained.

    Notes
    -----
    Work is spread over all chips evenly; the bubble of the pipeline multiplies what a micro-batch costs.
    Exchange within the scale-up domain runs at its link, beyond it at the network of one chip. No overlap is
    assumed: how much is hidden is in the fitted factor of a part.

    Examples
    --------
    >>> from narrows.transformer.registry import model
    >>> from narrows.training.layout import Layout
    >>> from narrows.training.machine import machine
    >>> job = Layout(chips=64, tensor=4, stages=4, batch=128, sequence=8192)
    >>> parts = step_parts(model("llama-3.1-70b"), machine("h100"), job)
    >>> parts.shape, round(float(parts[0]), 2)
    ((22,), 7.44)
    """
    chip = machine.chip
    bandwidth, fast = chip.bandwidth_bytes_per_s, chip.flop_per_s["bf16"]
    peak = rate(machine, layout.precision)
    flops = training_flops(model, float(np.max(layout.sequence)), ahead=ahead)
    again, again_core = AGAIN[layout.recompute]
    passes = FORWARD + BACKWARD + again
    tensor, stages, context, experts = layout.tensor, layout.stages, layout.context, layout.experts
    data, count = layout.data, layout.micro_batches
    turns = bubble(layout)
    work = turns * layout.tokens_per_chip
    sequence, micro = np.asarray(layout.sequence, dtype=np.float64), layout.micro_batch

    def link(width: object) -> Array:
        inside = np.asarray(width) <= machine.domain
        found: Array = np.where(inside, chip.scale_up_bytes_per_s, machine.network_bytes_per_s)
        return found

    attending, routed = model.attention_layers, model.expert_layers
    feeds = model.dense_feed_layers
    head = model.heads * (model.head_size if not model.kv_rank else model.value_size)
    kept = model.kv_rank + model.rope_size if model.kv_rank else 2 * model.kv_heads * model.head_size
    shared = model.shared_experts * model.expert_ff
    latent = model.expert_latent or model.hidden
    # What each token moves through memory beside the operands of products.
    residual = RESIDUAL * model.layers * model.hidden * np.where(layout.sequence_parallel, 1.0, tensor)
    inner = WITHIN * attending * head + model.matrices * PASSED * (feeds * model.dense_ff + routed * shared)
    visited = routed * model.experts_per_token * (ROUTED * latent + WITHIN * model.expert_ff)
    cast = attending * (model.hidden + head) + feeds * (model.hidden + model.dense_ff)
    # Weights: those every chip of a stage shares by tensor width, and experts by expert width.
    common = flops.linear / MULTIPLY_ADD + model.hidden * model.vocabulary * 2.0
    owned = routed * model.experts * model.expert_weights
    held = common / (tensor * stages) + owned / (stages * experts)
    group = layout.batch * sequence / (data * context)  # tokens of one data-parallel rank
    apart = layout.chips / (tensor * stages)
    apart_experts = np.maximum(layout.chips / (stages * experts), 1.0)
    sharded = np.asarray(layout.shard) > 1
    reduced = common / (tensor * stages) * (apart - 1) / apart / link(apart * tensor)
    reduced = reduced + owned / (stages * experts) * (apart_experts - 1) / apart_experts / link(
        layout.chips / stages
    )
    beyond = np.where(
        np.asarray(layout.shard) >= apart / context, 0.0, held / np.maximum(layout.shard, 1.0)
    ) * (HALF / machine.network_bytes_per_s * 2.0)
    tokens = micro * sequence / context
    per_expert = tokens * tensor * experts * model.experts_per_token / max(model.experts, 1)
    linear = work * passes * flops.linear / peak
    expert_work = work * passes * flops.experts / peak
    parts = (
        linear,
        work * (FORWARD + BACKWARD + FLASH + again_core) * flops.core / fast,
        expert_work,
        work * passes * flops.mamba / fast,
        work * (FORWARD + BACKWARD) * flops.logits / fast,
        work * HALF * (residual + inner) / bandwidth * passes,
        work * HALF * visited / bandwidth * passes,
        work * HALF * cast * 9.0 / bandwidth * (layout.precision != "bf16"),
        turns * count * owned / (stages * experts) * HALF * (FORWARD + BACKWARD) / bandwidth,
        turns * group * (model.layers / stages) * (2 * CHANNELS) * (tensor - 1) * model.hidden * HALF
        / tensor / link(tensor),
        turns * group * (attending / stages) * 3.0 * (context - 1) * kept / tensor * HALF
        / link(tensor * context),
        turns * layout.tokens_per_chip * routed * CHANNELS * model.experts_per_token * latent * HALF
        * (1 - 1 / experts) / link(experts),
        turns * count * layout.interleave * micro * sequence / context / tensor * model.hidden * HALF * 2.0
        / machine.network_bytes_per_s * (stages > 1),
        np.where(sharded, beyond, reduced * (HALF + FULL)),
        np.where(sharded, count * held * (HALF + HALF + HALF) / link(layout.shard), 0.0),
        turns * count * (model.layers / stages) * MICRO,
        turns * count * (routed / stages) * MICRO,
        turns * count * layout.interleave * MILLI,
        ((common + owned) / layout.chips + held * EACH) * STATE_BYTES / bandwidth,
        STEP,
        linear * SHORT / tokens,
        expert_work * SHORT / np.maximum(per_expert, 1.0),
    )  # fmt: skip
    found: Array = np.stack(np.broadcast_arrays(*parts), axis=-1).astype(np.float64)
    return found
