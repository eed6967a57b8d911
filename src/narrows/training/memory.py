"""Memory of one chip that trains: weights, gradients, optimiser, activations, work space, by stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from narrows.errors import UsageError
from narrows.training.layout import check

if TYPE_CHECKING:
    from collections.abc import Sequence

    from narrows.training.layout import Layout
    from narrows.transformer import Model

__all__ = ["BUCKETS", "Stage", "activation_bytes_per_token", "fullest", "stages"]

BUCKETS = ("weights", "gradients", "optimiser", "activations", "work")
HALF, FULL = 2, 4
"""Bytes of a number in bf16 and fp32."""
MOMENTS = 12
"""Bytes of a weight in the optimiser: a master copy and two moments in fp32."""
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
    if layout.recompute == "full":
        return float(HALF * model.hidden / (layout.tensor if layout.sequence_parallel else 1))
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
    spread = layout.tensor if layout.sequence_parallel else 1
    return float(whole / spread + cut / layout.tensor)


def _under_way(layout: Layout, stage: int, layers: int) -> float:
    """Return layers x micro-batches that a stage keeps at most."""
    depth, chunks = int(layout.stages), int(layout.interleave)
    if chunks == 1:
        return layers * min(depth - stage, float(layout.micro_batches))
    ahead = 2 * (depth - stage - 1) + (chunks - 1) * depth + 1
    return layers / chunks * min(ahead, chunks * float(layout.micro_batches))


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
    found, begin = [], 0
    for i, count in enumerate(held):
        dense_feed = (
            max(0, min(model.dense_feed_layers, begin + count) - begin) if not model.mamba_layers else 0
        )
        begin += count
        found.append(
            _stage(
                model,
                layout,
                i,
                (count, dense_feed),
                form=(flash, dropout),
                kept=(sharded_optimiser, gradient_bytes),
            )
        )
    return found


def _stage(
    model: Model,
    layout: Layout,
    place: int,
    counts: tuple[int, int],
    *,
    form: tuple[bool, bool],
    kept: tuple[bool, float],
) -> Stage:
    count, dense = counts
    sharded, gradient = kept
    tensor, experts = float(layout.tensor), float(layout.experts)
    first, last = place == 0, place == int(layout.stages) - 1
    share = count / model.layers
    attention = model.attention_layers * share * model.attention_weights
    state = model.mamba_layers * share * model.mamba_weights
    routed = model.expert_layers * share if model.mamba_layers else count - dense
    if not model.experts:
        routed, dense = 0.0, count
    feed = dense * model.matrices * model.hidden * model.dense_ff + routed * model.shared_weights
    edge = model.hidden * model.vocabulary * ((first and not (model.tied and last)) + last)
    common = (attention + state + feed + edge) / tensor + routed * model.hidden * model.experts
    owned = routed * model.experts * model.expert_weights / experts
    ranks = float(layout.chips) / (tensor * float(layout.stages))
    expert_ranks = max(1.0, float(layout.chips) / (float(layout.stages) * experts))
    cut = max(1.0, float(layout.shard))
    own = common + owned
    spread = common / max(ranks, 1.0) + owned / expert_ranks if sharded else own
    tokens = float(layout.micro_batch) * float(layout.sequence) / float(layout.context)
    each = [
        activation_bytes_per_token(model, layout, dense=kind, flash=form[0], dropout=form[1])
        for kind in (True, False)
    ]
    mixed = (each[0] * dense + each[1] * (count - dense)) / max(count, 1) if model.experts else each[0]
    wide = (model.matrices - 1) * (model.dense_ff or model.expert_ff)
    head = FULL * model.hidden * model.vocabulary / tensor if last else 0.0
    work = head + HALF * wide * (model.hidden + tokens) / tensor
    if layout.recompute == "full":
        work += tokens * (model.hidden * 34 if not form[0] else HALF * wide) / tensor
    return Stage(
        count,
        weights=HALF * own / cut,
        gradients=gradient * own / cut,
        optimiser=MOMENTS * (own / cut if cut > 1 else spread),
        activations=mixed * tokens * _under_way(layout, place, count),
        work=work,
    )


def fullest(found: Sequence[Stage]) -> tuple[int, Stage]:
    """Return the number of the fullest stage, and that stage.

    Parameters
    ----------
    found
        From `stages`.
    """
    place = max(range(len(found)), key=lambda i: found[i].total)
    return place, found[place]
