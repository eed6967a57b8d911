"""What a chip that trains keeps of a token until the backward pass, block by block, and in how many bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from narrows.errors import UnknownNameError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from narrows.training.layout import Layout
    from narrows.transformer import Model

    Array = NDArray[np.float64]

__all__ = ["MODULES", "PLAIN", "Kept", "Stored", "kept_per_token"]

HALF, FULL = 2, 4
"""Bytes of a number in bf16 and fp32."""
INPUT_BYTES = {"bf16": 2.0, "fp8": 1.0, "mxfp8": 1.0 + 1.0 / 32.0, "nvfp4": 0.5 + 1.0 / 16.0}
"""Bytes of a number that a product keeps as its input: with the scale of 32 numbers, or of 16."""
SCORES = 5
"""Bytes of a stored pair of tokens and head: score, its softmax, and a mask of dropout."""
MODULES = ("layernorm", "mla_up_proj", "mlp", "moe", "moe_act")
"""Modules that may be computed again: norms, opened latents, dense feeds, experts, their activation."""


@dataclass(frozen=True)
class Stored:
    """Form in which a run stores what it keeps.

    Parameters
    ----------
    again
        Modules computed again beside the recomputation of the layout, of `MODULES`.
    blocks
        Layers of each chunk that are computed again as a whole.
    offloaded
        Layers of a chip whose activations wait in the memory of the host.
    gradient_bytes
        Bytes of a gradient: 4 where they are summed in fp32, 2 in bf16.
    moment_bytes
        Bytes of the two moments of a weight: 8 in fp32, 4 in bf16.
    weighted_after
        Whether outputs of experts are kept until they are weighted, after the exchange back.
    flash
        Whether attention keeps no scores.
    dropout
        Whether masks of dropout are kept.
    sharded_optimiser
        Whether the optimiser is spread over data-parallel ranks.

    Raises
    ------
    UnknownNameError
        A module is not one of `MODULES`.
    """

    again: tuple[str, ...] = ()
    blocks: int = 0
    offloaded: int = 0
    gradient_bytes: float = FULL
    moment_bytes: float = 2 * FULL
    weighted_after: bool = True
    flash: bool = True
    dropout: bool = False
    sharded_optimiser: bool = True

    def __post_init__(self) -> None:
        for name in self.again:
            if name not in MODULES:
                raise UnknownNameError("module", name, MODULES, remedy="Name one of these")


PLAIN = Stored()


@dataclass(frozen=True)
class Kept:
    """Bytes kept of one token, by block [byte].

    Parameters
    ----------
    attention, state, dense, routed
        A block of attention, of state space, of a dense feed-forward, of experts.
    entry
        What is kept of a layer that is computed again as a whole.
    """

    attention: Array
    state: Array
    dense: Array
    routed: Array
    entry: Array


def kept_per_token(model: Model, layout: Layout, stored: Stored = PLAIN) -> Kept:
    """Return what each block keeps of one token for the backward pass, on one chip.

    Parameters
    ----------
    model, layout
        What trains, and its widths, precision and recomputation; widths may be arrays.
    stored
        Form in which it is stored.

    Notes
    -----
    Inputs of norms and of activation functions stay in bf16, two bytes each. Inputs of products have the
    bytes of the precision of the products. In bf16 the output of attention is one tensor with the input of
    the product after it; in narrower formats that product keeps a copy of its own. Routers read bf16.
    """
    tensor = np.asarray(layout.tensor, dtype=np.float64)
    spread = tensor if layout.sequence_parallel else np.ones_like(tensor)
    width, each = model.hidden, INPUT_BYTES[layout.precision]
    narrow = layout.precision != "bf16"
    entry = HALF * width / spread
    if layout.recompute == "full":
        return Kept(*(entry,) * 5)
    again, mask = stored.again, width if stored.dropout else 0
    norm = HALF * width
    first = 0.0 if "layernorm" in again and not narrow else each * width
    plain = norm + first + mask
    attention = _attention(model, layout, stored, each) / tensor + plain / spread
    inner = 2 * model.hidden
    into = 2 * inner + 2 * model.mamba_groups * model.mamba_state + model.mamba_heads
    state = (HALF * (into + inner) + each * inner) / tensor + (norm + first) / spread
    wide = model.dense_ff or model.expert_ff
    feed = 0.0 if "mlp" in again else wide * (HALF * (model.matrices - 1) + each)
    dense = feed / tensor + (plain if feed else norm + HALF * width + mask) / spread
    routed = _routed(model, stored, each) / tensor
    read = 0.0 if "layernorm" in again else HALF * width
    if narrow and model.shared_experts and "moe" not in again:
        read += each * width
    return Kept(attention, np.asarray(state), dense, routed + (norm + read + mask) / spread, entry)


def _attention(model: Model, layout: Layout, stored: Stored, each: float) -> float:
    """Return what attention keeps beside its norm, cut by the tensor width."""
    out = model.heads * (model.value_size if model.kv_rank else model.head_size)
    copy = each * out if each != HALF else 0.0
    if model.kv_rank:
        ranks = model.query_rank + model.kv_rank
        query = model.heads * (model.nope_size + model.rope_size)
        opened = model.heads * (model.nope_size + model.value_size)
        kept: float = HALF * (ranks + model.rope_size + out)
        if "mla_up_proj" not in stored.again:
            kept += each * ranks + HALF * (2 * query + opened)
    else:
        kept = HALF * (model.heads * model.head_size + 2 * model.kv_heads * model.head_size + out)
    if not stored.flash and layout.recompute == "none":
        kept += SCORES * model.heads * float(layout.sequence)
    return kept + copy


def _routed(model: Model, stored: Stored, each: float) -> float:
    """Return what experts keep of a token beside the norm before them, cut by the tensor width."""
    if "moe" in stored.again or not model.experts:
        return 0.0
    latent = model.expert_latent or model.hidden
    through = HALF * (model.matrices - 1) * model.expert_ff
    last = each * model.expert_ff
    routed: float = each * latent + through + (0.0 if "moe_act" in stored.again else last)
    if stored.weighted_after:
        routed += HALF * latent
    return model.experts_per_token * routed + model.shared_experts * (through + last)
