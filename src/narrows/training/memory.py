"""Memory of one chip that trains: weights, gradients, optimiser, activations, work space, by stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from narrows.errors import UsageError
from narrows.training.layout import check

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from narrows.training.layout import Layout
    from narrows.transformer import Model

    Array = NDArray[np.float64]

__all__ = ["BUCKETS", "Stage", "activation_bytes_per_token", "buckets", "fullest", "fullest_bytes", "stages"]

BUCKETS = ("weights", "gradients", "optimiser", "activations", "work")
HALF, FULL = 2, 4
"""Bytes of a number in bf16 and fp32."""
MOMENTS = 12
"""Bytes of a weight in the optimiser: a master copy and two moments in fp32."""
WHOLE = 34
"""Bytes that a layer keeps of each number of the stream, without scores; arXiv 2205.05198."""
SCORES = 5
"""Bytes of a stored pair of tokens and head: score, its softmax, and a mask of dropout."""


@dataclass(frozen=True)
class Stage:
    """Memory of one chip of a stage, by bucket [byte].

    Parameters
    ----------
    layers
        Layers of the stage.
    weights, gradients, optimiser
        What belongs to the weights of the chip.
    activations
        Kept for the backward pass, of all micro-batches under way.
    work
        What one layer or the head needs for a moment.
    """

    layers: int
    weights: float
    gradients: float
    optimiser: float
    activations: float
    work: float

    @property
    def total(self) -> float:
        """Sum of the buckets [byte]."""
        return self.weights + self.gradients + self.optimiser + self.activations + self.work


def activation_bytes_per_token(
    model: Model, layout: Layout, *, dense: bool = True, flash: bool = True, dropout: bool = False
) -> float:
    """Return what one layer keeps of one token for the backward pass, on one chip [byte].

    Parameters
    ----------
    model, layout
        What trains, and its tensor width, sequence and recomputation.
    dense
        Whether the layer is a dense feed-forward one where the model has experts.
    flash
        Whether attention keeps no scores.
    dropout
        Whether masks of dropout are kept.

    Notes
    -----
    Inputs of every product, of norms and of activation functions, two bytes each. Without sequence
    parallelism norms, inputs and masks are whole on every chip. For a plain layer four times as wide as the
    stream: s b h (10 + 24/t + 5 a s/(h t)), and s b h (34 + 5 a s/h)/t with sequence parallelism.

    Source: Korthikanti et al. 2022 (arXiv 2205.05198), equations 1 to 4.

    Examples
    --------
    >>> from narrows.transformer.registry import model
    >>> from narrows.training.layout import Layout
    >>> gpt, one = model("gpt3-175b"), Layout(sequence=2048)
    >>> activation_bytes_per_token(gpt, one, dropout=True) / gpt.hidden
    34.0
    """
    return float(_kept_per_token(model, layout, dense=dense, flash=flash, dropout=dropout))


def _kept_per_token(model: Model, layout: Layout, *, dense: bool, flash: bool, dropout: bool) -> Array:
    tensor = np.asarray(layout.tensor, dtype=np.float64)
    spread = tensor if layout.sequence_parallel else np.ones_like(tensor)
    if layout.recompute == "full":
        return np.asarray(HALF * model.hidden / spread)
    width = model.hidden
    whole = HALF * 4 * width + (HALF * width if dropout else 0)
    if model.kv_rank:
        query = model.heads * (model.nope_size + model.rope_size)
        opened = model.heads * (model.nope_size + model.value_size)
        latent = 2 * (model.query_rank + model.kv_rank) + model.rope_size
        parts = query * 2 + latent + opened + model.heads * model.value_size
    else:
        parts = 2 * model.heads * model.head_size + 2 * model.kv_heads * model.head_size
    if model.experts and not dense:
        latent = model.expert_latent or width
        each = 2 * latent + model.matrices * model.expert_ff
        feed = model.matrices * model.expert_ff * model.shared_experts + model.experts_per_token * each
    else:
        feed = model.matrices * (model.dense_ff or model.expert_ff)
    scores = 0.0
    if not flash and layout.recompute == "none":
        scores = SCORES * model.heads * float(layout.sequence)
    cut = HALF * (parts + feed) + scores
    return np.asarray(whole / spread + cut / tensor)


def _under_way(layout: Layout, place: Array, layers: Array) -> Array:
    """Return layers x micro-batches that a stage keeps at most."""
    depth = np.asarray(layout.stages, dtype=np.float64)
    chunks, count = np.asarray(layout.interleave, dtype=np.float64), layout.micro_batches
    ahead = 2 * (depth - place - 1) + (chunks - 1) * depth + 1
    plain = layers * np.minimum(depth - place, count)
    return np.where(chunks == 1, plain, layers / chunks * np.minimum(ahead, chunks * count))


def stages(
    model: Model,
    layout: Layout,
    *,
    layers: Sequence[int] | None = None,
    flash: bool = True,
    dropout: bool = False,
    sharded_optimiser: bool = True,
    gradient_bytes: float = FULL,
) -> list[Stage]:
    """Return the memory of one chip of each stage.

    Parameters
    ----------
    model, layout
        What trains and how.
    layers
        Layers of each stage, first to last; as even as they go if left out.
    flash, dropout
        As in `activation_bytes_per_token`.
    sharded_optimiser
        Whether the optimiser is spread over data-parallel ranks.
    gradient_bytes
        Bytes of a gradient: 4 where they are summed in fp32.

    Raises
    ------
    UsageError
        The layout does not divide, or the layers of the stages do not sum to those of the model.

    Notes
    -----
    Stage i of p keeps p - i micro-batches, or with v chunks 2(p - i - 1) + (v - 1)p + 1 chunks of layers.
    Work: the gradient of the widest matrix before it is added, in fp32 that of the head, and the input of the
    activation function of one layer.

    Examples
    --------
    >>> from narrows.transformer.registry import model
    >>> from narrows.training.layout import Layout
    >>> job = Layout(chips=64, tensor=8, stages=8, batch=64, sequence=2048, interleave=3)
    >>> first = stages(model("gpt3-175b"), job, flash=False, dropout=True)[0]
    >>> round(first.activations / 2**30, 1) > 40
    True
    """
    check(model, layout)
    depth = int(layout.stages)
    held = (
        list(layers) if layers else [model.layers // depth + (i < model.layers % depth) for i in range(depth)]
    )
    if len(held) != depth or sum(held) != model.layers or min(held) < 0:
        raise UsageError(
            f"The stages have {', '.join(map(str, held))} layers",
            f"{depth} stages share the {model.layers} layers of {model.id}",
            "Give one number a stage",
        )
    counts = np.array(held, dtype=np.float64)
    parts = _buckets(
        model,
        layout,
        np.arange(depth, dtype=np.float64),
        (counts, np.cumsum(counts) - counts),
        form=(flash, dropout),
        kept=(sharded_optimiser, gradient_bytes),
    )
    return [Stage(count, *row) for count, row in zip(held, parts.tolist(), strict=True)]


def buckets(
    model: Model,
    layout: Layout,
    place: float | Array,
    *,
    flash: bool = True,
    dropout: bool = False,
    sharded_optimiser: bool = True,
    gradient_bytes: float = FULL,
) -> Array:
    """Return the memory of one chip of a stage, layouts at once; axes: layouts, `BUCKETS` [byte].

    Parameters
    ----------
    model, layout
        What trains; the widths of the layout may be arrays. Nothing is checked.
    place
        Number of the stage, 0 for the first.
    flash, dropout, sharded_optimiser, gradient_bytes
        As in `stages`.

    Notes
    -----
    Layers are spread as evenly as they go, the first stages taking one more. See `stages`.
    """
    depth = np.asarray(layout.stages, dtype=np.float64)
    where = np.asarray(place, dtype=np.float64)
    each, left = np.divmod(model.layers, depth)
    counts = each + (where < left)
    begin = where * each + np.minimum(where, left)
    return _buckets(
        model, layout, where, (counts, begin), form=(flash, dropout), kept=(sharded_optimiser, gradient_bytes)
    )


def fullest_bytes(model: Model, layout: Layout, *, flash: bool = True, gradient_bytes: float = FULL) -> Array:
    """Return the memory of the fullest chip of each layout [byte].

    Parameters
    ----------
    model, layout
        What trains; the widths of the layout may be arrays. Nothing is checked.
    flash, gradient_bytes
        As in `stages`.

    Examples
    --------
    >>> from narrows.transformer.registry import model
    >>> from narrows.training.layout import Layout
    >>> llm, job = model("llama-3.1-8b"), Layout(chips=8, tensor=2, stages=4, batch=8)
    >>> float(fullest_bytes(llm, job)) == fullest(stages(llm, job))[1].total
    True
    """
    depth = np.asarray(layout.stages, dtype=np.float64)
    found = buckets(model, layout, 0.0, flash=flash, gradient_bytes=gradient_bytes).sum(axis=-1)
    for place in range(1, int(depth.max())):
        stage = np.minimum(place, depth - 1)
        held = buckets(model, layout, stage, flash=flash, gradient_bytes=gradient_bytes)
        found = np.maximum(found, held.sum(axis=-1))
    return np.asarray(found)


def _buckets(
    model: Model,
    layout: Layout,
    place: Array,
    held: tuple[Array, Array],
    *,
    form: tuple[bool, bool],
    kept: tuple[bool, float],
) -> Array:
    """Return the buckets of the stages at some places that hold some layers, from the first one held."""
    count, begin = held
    sharded, gradient = kept
    depth = np.asarray(layout.stages, dtype=np.float64)
    tensor, experts = (np.asarray(width, dtype=np.float64) for width in (layout.tensor, layout.experts))
    first, last = place == 0, place == depth - 1
    dense = np.maximum(0.0, np.minimum(model.dense_feed_layers, begin + count) - begin)
    share = count / model.layers
    routed = count - dense
    if model.mamba_layers:
        dense, routed = np.zeros_like(count), model.expert_layers * share
    if not model.experts:
        dense, routed = count, np.zeros_like(count)
    attention = model.attention_layers * share * model.attention_weights
    state = model.mamba_layers * share * model.mamba_weights
    feed = dense * model.matrices * model.hidden * model.dense_ff + routed * model.shared_weights
    edge = model.hidden * model.vocabulary * ((first & ~(model.tied & last)) * 1.0 + last)
    common = (attention + state + feed + edge) / tensor + routed * model.hidden * model.experts
    owned = routed * model.experts * model.expert_weights / experts
    ranks = np.maximum(1.0, layout.chips / (tensor * depth))
    expert_ranks = np.maximum(1.0, layout.chips / (depth * experts))
    cut = np.maximum(1.0, layout.shard)
    own = common + owned
    spread = common / ranks + owned / expert_ranks if sharded else own
    tokens = np.asarray(layout.micro_batch, dtype=np.float64) * layout.sequence / layout.context
    each = [
        _kept_per_token(model, layout, dense=kind, flash=form[0], dropout=form[1]) for kind in (True, False)
    ]
    mixed = (each[0] * dense + each[1] * (count - dense)) / np.maximum(count, 1) if model.experts else each[0]
    wide = (model.matrices - 1) * (model.dense_ff or model.expert_ff)
    head = FULL * model.hidden * model.vocabulary / tensor * last
    work = head + HALF * wide * (model.hidden + tokens) / tensor
    if layout.recompute == "full":
        work = work + tokens * (model.hidden * WHOLE if not form[0] else HALF * wide) / tensor
    parts = (
        HALF * own / cut,
        gradient * own / cut,
        MOMENTS * np.where(cut > 1, own / cut, spread),
        mixed * tokens * _under_way(layout, place, count),
        work,
    )
    found: Array = np.stack(np.broadcast_arrays(*parts), axis=-1)
    return found


def fullest(found: Sequence[Stage]) -> tuple[int, Stage]:
    """Return the number of the fullest stage, and that stage.

    Parameters
    ----------
    found
        From `stages`.
    """
    place = max(range(len(found)), key=lambda i: found[i].total)
    return place, found[place]
