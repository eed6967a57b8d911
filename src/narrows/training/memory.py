"""Memory of one chip that trains: weights, gradients, optimiser, activations, work space, by stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from narrows.errors import UsageError
from narrows.training.layout import check
from narrows.training.stored import FULL, HALF, PLAIN, Stored, kept_per_token

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from narrows.training.layout import Layout
    from narrows.transformer import Model

    Array = NDArray[np.float64]

__all__ = ["BUCKETS", "Stage", "activation_bytes_per_token", "buckets", "fullest", "fullest_bytes", "stages"]

BUCKETS = ("weights", "gradients", "optimiser", "activations", "work")
WHOLE = 34
"""Bytes that a layer keeps of each number of the stream, without scores; arXiv 2205.05198."""


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
    model: Model, layout: Layout, *, dense: bool = True, stored: Stored = PLAIN
) -> float:
    """Return what one layer keeps of one token for the backward pass, on one chip [byte].

    Parameters
    ----------
    model, layout
        What trains, and its tensor width, sequence, precision and recomputation.
    dense
        Whether the layer is a dense feed-forward one where the model has experts.
    stored
        Form in which it is stored.

    Notes
    -----
    Inputs of every product, of norms and of activation functions. Without sequence parallelism norms, inputs
    and masks are whole on every chip. In bf16, for a plain layer four times as wide as the stream:
    s b h (10 + 24/t + 5 a s/(h t)), and s b h (34 + 5 a s/h)/t with sequence parallelism.

    Source: Korthikanti et al. 2022 (arXiv 2205.05198), equations 1 to 4.

    Examples
    --------
    >>> from narrows.transformer.registry import model
    >>> from narrows.training.layout import Layout
    >>> gpt, one = model("gpt3-175b"), Layout(sequence=2048)
    >>> activation_bytes_per_token(gpt, one, stored=Stored(dropout=True)) / gpt.hidden
    34.0
    """
    kept = kept_per_token(model, layout, stored)
    if layout.recompute == "full":
        return float(kept.entry)
    return float(kept.attention + (kept.dense if dense or not model.experts else kept.routed))


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
    stored: Stored = PLAIN,
) -> list[Stage]:
    """Return the memory of one chip of each stage.

    Parameters
    ----------
    model, layout
        What trains and how.
    layers
        Layers of each stage, first to last; as even as they go if left out.
    stored
        Form in which weights, gradients, optimiser and activations are stored.

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
    >>> first = stages(model("gpt3-175b"), job, stored=Stored(flash=False, dropout=True))[0]
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
        stored=stored,
    )
    return [Stage(count, *row) for count, row in zip(held, parts.tolist(), strict=True)]


def buckets(
    model: Model,
    layout: Layout,
    place: float | Array,
    *,
    stored: Stored = PLAIN,
) -> Array:
    """Return the memory of one chip of a stage, layouts at once; axes: layouts, `BUCKETS` [byte].

    Parameters
    ----------
    model, layout
        What trains; the widths of the layout may be arrays. Nothing is checked.
    place
        Number of the stage, 0 for the first.
    stored
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
    return _buckets(model, layout, where, (counts, begin), stored=stored)


def fullest_bytes(model: Model, layout: Layout, *, stored: Stored = PLAIN) -> Array:
    """Return the memory of the fullest chip of each layout [byte].

    Parameters
    ----------
    model, layout
        What trains; the widths of the layout may be arrays. Nothing is checked.
    stored
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
    found = buckets(model, layout, 0.0, stored=stored).sum(axis=-1)
    for place in range(1, int(depth.max())):
        stage = np.minimum(place, depth - 1)
        held = buckets(model, layout, stage, stored=stored)
        found = np.maximum(found, held.sum(axis=-1))
    return np.asarray(found)


def _buckets(
    model: Model,
    layout: Layout,
    place: Array,
    held: tuple[Array, Array],
    *,
    stored: Stored,
) -> Array:
    """Return the buckets of the stages at some places that hold some layers, from the first one held."""
    count, begin = held
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
    spread = common / ranks + owned / expert_ranks if stored.sharded_optimiser else own
    tokens = np.asarray(layout.micro_batch, dtype=np.float64) * layout.sequence / layout.context
    kept = _kept(model, layout, stored, (count, share, dense, routed))
    wide = (model.matrices - 1) * (model.dense_ff or model.expert_ff)
    head = FULL * model.hidden * model.vocabulary / tensor * last
    work = head + HALF * wide * (model.hidden + tokens) / tensor
    if layout.recompute == "full":
        work = work + tokens * (model.hidden * WHOLE if not stored.flash else HALF * wide) / tensor
    parts = (
        HALF * own / cut,
        stored.gradient_bytes * own / cut,
        (FULL + stored.moment_bytes) * np.where(cut > 1, own / cut, spread),
        kept * tokens * _under_way(layout, place, count),
        work,
    )
    found: Array = np.stack(np.broadcast_arrays(*parts), axis=-1)
    return found


def _kept(model: Model, layout: Layout, stored: Stored, held: tuple[Array, Array, Array, Array]) -> Array:
    """Return the mean bytes kept of a token and layer of the stages that hold some layers of each kind."""
    count, share, dense, routed = held
    kept = kept_per_token(model, layout, stored)
    if layout.recompute == "full":
        return kept.entry
    attending, state = model.attention_layers * share, model.mamba_layers * share
    whole = kept.attention * attending + kept.state * state + kept.dense * dense + kept.routed * routed
    again = np.minimum(stored.blocks * np.asarray(layout.interleave, dtype=np.float64), count)
    away = np.minimum(stored.offloaded, count - again)
    mean = whole / np.maximum(count, 1)
    found: Array = (mean * (count - again - away) + kept.entry * again) / np.maximum(count, 1)
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
