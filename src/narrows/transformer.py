"""The arithmetic of a transformer: weights, operations and cache bytes of a model, from its widths.

What is counted: attention with grouped, multi-query or latent keys and values, gated feed-forward
layers, experts with shared ones, embeddings. Norms, biases and positional tables are left out: less
than a thousandth of the weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

__all__ = ["Chip", "Model"]

GATED = 3
"""Matrices of a gated feed-forward layer: gate, up and down."""
MULTIPLY_ADD = 2
"""Operations of one weight on one token."""


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

    @property
    def expert_layers(self) -> int:
        """Layers with experts."""
        return self.layers - self.dense_layers if self.experts else 0

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
        return GATED * self.hidden * self.expert_ff

    @cached_property
    def dense_weights(self) -> int:
        """Weights that every token meets, without the routed experts and the input embedding."""
        dense = self.layers - self.expert_layers
        feed = dense * GATED * self.hidden * self.dense_ff
        shared = self.expert_layers * self.shared_experts * self.expert_weights
        router = self.expert_layers * self.hidden * self.experts
        return self.layers * self.attention_weights + feed + shared + router + self.hidden * self.vocabulary

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
