"""The arithmetic of a transformer: weights, operations and cache bytes of a model, from its widths.

What is counted: attention with grouped, multi-query or latent keys and values, feed-forward layers with
and without a gate, experts with shared ones, state-space layers, embeddings. Norms, biases and positional
tables are left out: less than a thousandth of the weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

__all__ = ["Chip", "Flops", "Model", "training_flops"]

GATED, PLAIN = 3, 2
"""Matrices of a feed-forward layer: gate, up and down; up and down."""
MULTIPLY_ADD = 2
"""Operations of one weight on one token."""
PASSES = 3
"""Forward, and backward to inputs and to weights."""
STATE = 7
"""Operations on each number of the state of a state-space layer, for one token."""


@dataclass(frozen=True)
class Model:
    """A transformer by its widths; 0 where a model has no such part.

    Parameters
    ----------
    id
        Name in programs.
    layers, hidden, heads, head_size
        Depth, width of the residual stream, query heads, width of a head.
    kv_heads
        Heads of keys and values; not used where `kv_rank` is set.
    dense_ff
        Width of the dense feed-forward layers.
    experts, experts_per_token, expert_ff, shared_experts
        Routed experts of a layer, those that serve a token, their width, and experts that serve all.
    dense_layers
        Layers at the start that have a dense feed-forward layer instead of experts.
    kv_rank, rope_size, nope_size, value_size, query_rank
        Latent attention: rank of the cached latent, widths of its rotary and other query parts and of
        values, rank of the query projection (0 for none).
    full_layers
        Layers with attention over the whole context; None for all.
    window
        Tokens seen by the other layers; 0 where those keep a state of fixed size instead.
    vocabulary
        Tokens of the vocabulary.
    tied
        Whether input and output embeddings are one matrix.
    context
        Longest sequence [token]; 0 if not known.
    sparse_context
        Tokens of the context that a token attends to at most, where it chooses them; 0 for all.
    gated
        Whether feed-forward layers and experts have a gate.
    expert_latent
        Width on which routed experts work, where that is not the residual stream; 0 if it is.
    mtp_layers
        Layers that predict further tokens, each with its own head.
    mamba_layers, mamba_heads, mamba_groups, mamba_state
        State-space layers (Mamba-2), their heads, groups and width of a state. A model with such layers has
        in each layer one part only: state space, attention (`full_layers`) or feed-forward (the rest).
    """

    id: str
    layers: int
    hidden: int
    heads: int
    head_size: int
    kv_heads: int = 0
    dense_ff: int = 0
    experts: int = 0
    experts_per_token: int = 0
    expert_ff: int = 0
    shared_experts: int = 0
    dense_layers: int = 0
    kv_rank: int = 0
    rope_size: int = 0
    nope_size: int = 0
    value_size: int = 0
    query_rank: int = 0
    full_layers: int | None = None
    window: int = 0
    vocabulary: int = 0
    tied: bool = False
    context: int = 0
    sparse_context: int = 0
    gated: bool = True
    expert_latent: int = 0
    mtp_layers: int = 0
    mamba_layers: int = 0
    mamba_heads: int = 0
    mamba_groups: int = 0
    mamba_state: int = 0

    @property
    def expert_layers(self) -> int:
        """Layers with experts."""
        if not self.experts:
            return 0
        single = self.mamba_layers + (self.attending_layers if self.mamba_layers else 0)
        return self.layers - self.dense_layers - single

    @property
    def attention_layers(self) -> int:
        """Layers with attention, over the whole context or a window."""
        return self.attending_layers if self.mamba_layers else self.layers

    @property
    def matrices(self) -> int:
        """Matrices of a feed-forward layer."""
        return GATED if self.gated else PLAIN

    @property
    def attending_layers(self) -> int:
        """Layers with attention over the whole context."""
        return self.layers if self.full_layers is None else self.full_layers

    @cached_property
    def attention_weights(self) -> int:
        """Weights of attention in one layer."""
        width = self.hidden
        if self.kv_rank:
            query = self.heads * (self.nope_size + self.rope_size)
            asked = width * self.query_rank + self.query_rank * query if self.query_rank else width * query
            latent = width * (self.kv_rank + self.rope_size)
            opened = self.kv_rank * self.heads * (self.nope_size + self.value_size)
            return asked + latent + opened + self.heads * self.value_size * width
        return width * self.head_size * (2 * self.heads + 2 * self.kv_heads)

    @cached_property
    def expert_weights(self) -> int:
        """Weights of one expert."""
        return self.matrices * (self.expert_latent or self.hidden) * self.expert_ff

    @cached_property
    def mamba_weights(self) -> int:
        """Weights of one state-space layer: its projections in and out."""
        inner = 2 * self.hidden
        into = 2 * inner + 2 * self.mamba_groups * self.mamba_state + self.mamba_heads
        return self.hidden * into + inner * self.hidden

    @cached_property
    def shared_weights(self) -> int:
        """Weights of a layer with experts that serve every token: shared experts and the way to a latent."""
        shared = self.matrices * self.hidden * self.expert_ff * self.shared_experts
        return shared + PLAIN * self.hidden * self.expert_latent

    @cached_property
    def dense_weights(self) -> int:
        """Weights that every token meets, without the routed experts and the input embedding."""
        feed = self.dense_feed_layers * self.matrices * self.hidden * self.dense_ff
        routed = self.expert_layers * (self.shared_weights + self.hidden * self.experts)
        attention = self.attention_layers * self.attention_weights
        state = self.mamba_layers * self.mamba_weights
        return attention + state + feed + routed + self.hidden * self.vocabulary

    @property
    def dense_feed_layers(self) -> int:
        """Feed-forward layers without experts."""
        return 0 if self.mamba_layers else self.layers - self.expert_layers

    @cached_property
    def weights(self) -> int:
        """All weights.

        Examples
        --------
        >>> llama = Model("llama-3.1-8b", 32, 4096, 32, 128, kv_heads=8, dense_ff=14336, vocabulary=128256)
        >>> round(llama.weights / 1e9, 2)
        8.03
        """
        embedding = 0 if self.tied else self.hidden * self.vocabulary
        return self.dense_weights + self.expert_layers * self.experts * self.expert_weights + embedding

    @cached_property
    def active_weights(self) -> int:
        """Weights that one token meets."""
        return self.dense_weights + self.expert_layers * self.experts_per_token * self.expert_weights

    def experts_touched(self, tokens: ArrayLike) -> Array:
        """Return the expected number of distinct experts of a layer that some tokens meet, uniform routing.

        Parameters
        ----------
        tokens
            Tokens of a step.

        Notes
        -----
        E (1 - (1 - k/E)^t) for E experts, k of which serve each of t tokens.
        """
        if not self.experts:
            return np.zeros_like(np.asarray(tokens, dtype=np.float64))
        missed = (1.0 - self.experts_per_token / self.experts) ** np.asarray(tokens, dtype=np.float64)
        found: Array = self.experts * (1.0 - missed)
        return found

    def kv_bytes_per_token(self, bytes_per_value: float = 2.0) -> float:
        """Return the cache of one more token of context, in the layers that attend to all of it [byte].

        Parameters
        ----------
        bytes_per_value
            Bytes of one cached number: 2 for bf16, 1 for fp8.

        Examples
        --------
        >>> Model("llama-3.1-8b", 32, 4096, 32, 128, kv_heads=8).kv_bytes_per_token()
        131072.0
        """
        width = self.kv_rank + self.rope_size if self.kv_rank else 2 * self.kv_heads * self.head_size
        return self.attending_layers * width * bytes_per_value

    def flops(self, tokens: ArrayLike, context_tokens: ArrayLike) -> Array:
        """Return the operations of one step [flop].

        Parameters
        ----------
        tokens
            Tokens of the step.
        context_tokens
            Sum over the tokens of the step of the tokens that each attends to.

        Notes
        -----
        2 N_active t + 4 c H d_h L_full: scores and values take 2 operations each of every pair of a token
        and a token of its context, in every head.
        """
        size = (self.nope_size + self.rope_size + self.value_size) / 2 if self.kv_rank else self.head_size
        dense = MULTIPLY_ADD * self.active_weights * np.asarray(tokens, dtype=np.float64)
        pairs = 2 * MULTIPLY_ADD * np.asarray(context_tokens, dtype=np.float64)
        found: Array = dense + pairs * self.heads * size * self.attending_layers
        return found


@dataclass(frozen=True)
class Flops:
    """Operations of one token in the forward pass, by part [flop].

    Parameters
    ----------
    linear
        Projections of attention, dense feed-forward layers, shared experts.
    core
        Scores and values of attention.
    experts
        Routed experts.
    mamba
        State-space layers.
    logits
        Output heads.
    """

    linear: float
    core: float
    experts: float
    mamba: float
    logits: float

    @property
    def forward(self) -> float:
        """Operations of the forward pass."""
        return self.linear + self.core + self.experts + self.mamba + self.logits

    @property
    def train(self) -> float:
        """Operations of forward and backward pass, without recomputation: three times the forward."""
        return PASSES * self.forward


def training_flops(model: Model, sequence: float, *, causal: bool = True, ahead: bool = True) -> Flops:
    """Return the operations of one token of a training sequence, forward pass [flop].

    Parameters
    ----------
    model
        The model.
    sequence
        Tokens of a sequence.
    causal
        Whether a token counts only the tokens before it: half of all pairs. Attention without a mask
        computes all.
    ahead
        Whether layers that predict further tokens are trained.

    Notes
    -----
    Two operations a weight and token; 4 H d_h of every pair in each attention layer; a window w counts
    w - w (w - 1)/(2 s) tokens. The input embedding and the router are not counted. State-space layers: 7
    operations of each number of the state beside their projections. A layer that predicts further is one
    more block, one more head, and a projection of 2h onto h; the published count of models with state-space
    layers leaves that projection out, and so does this.

    Source: Narayanan et al. 2021 (arXiv 2104.04473), appendix, with the causal half; Megatron-LM counts so.

    Examples
    --------
    >>> llama = Model("llama-3.1-8b", 32, 4096, 32, 128, kv_heads=8, dense_ff=14336, vocabulary=128256)
    >>> round(training_flops(llama, 8192).train / 1e9, 2)
    51.47
    """
    width = (model.nope_size + model.rope_size + model.value_size) / 2 if model.kv_rank else model.head_size
    pair = 2 * MULTIPLY_ADD * model.heads * width
    half = sequence / 2 if causal else sequence
    seen = half
    if model.window and model.window < sequence:
        seen = model.window - model.window * (model.window - 1) / (2 * sequence)
    windowed = model.attention_layers - model.attending_layers
    experts = MULTIPLY_ADD * model.experts_per_token * model.expert_weights
    feed = model.matrices * model.hidden * model.dense_ff
    block = model.attention_weights + (model.shared_weights if model.experts else feed)
    extra = model.mtp_layers if ahead else 0
    linear = (
        model.attention_layers * model.attention_weights
        + model.dense_feed_layers * feed
        + model.expert_layers * model.shared_weights
        + extra * (block + (0 if model.mamba_layers else PLAIN * model.hidden**2))
    )
    state = STATE * 2 * model.hidden * model.mamba_state
    return Flops(
        linear=MULTIPLY_ADD * linear,
        core=pair * (model.attending_layers * half + windowed * seen + extra * half),
        experts=experts * (model.expert_layers + (extra if model.experts else 0)),
        mamba=model.mamba_layers * (MULTIPLY_ADD * model.mamba_weights + state),
        logits=MULTIPLY_ADD * model.hidden * model.vocabulary * (1 + extra),
    )


@dataclass(frozen=True)
class Chip:
    """An accelerator by what it offers a workload.

    Parameters
    ----------
    id
        Name in programs.
    memory_bytes, bandwidth_bytes_per_s
        Memory and its bandwidth.
    flop_per_s
        Dense rate by precision: ``bf16``, ``fp8``, ``fp4``; absent where the chip has none.
    power_w
        Design power.
    chips_per_node
        Chips of one scale-up domain, as sold in a server or a tray.
    scale_up_bytes_per_s, scale_out_bytes_per_s, pcie_bytes_per_s
        Links, one way.
    """

    id: str
    memory_bytes: float
    bandwidth_bytes_per_s: float
    flop_per_s: dict[str, float]
    power_w: float
    chips_per_node: int
    scale_up_bytes_per_s: float
    scale_out_bytes_per_s: float
    pcie_bytes_per_s: float
