"""Whether a model fits some chips: weights, cache and room for it, byte by byte.

The chips of one copy of a model are split over tensor and pipeline parallel ranks; experts may also be
spread over the ranks of data-parallel attention.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from narrows.catalog import default
from narrows.errors import DataError, UsageError
from narrows.transformer import GATED
from narrows.transformer.registry import BITS, LINEAR, MODULES, Checkpoint, checkpoint, chip, chips

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from narrows.catalog.catalog import Catalog
    from narrows.transformer import Chip

__all__ = ["BLOCK", "Fit", "Setup", "fit"]

BLOCK = 16
"""Tokens of one block of cache."""
BITS_PER_BYTE = 8.0
CACHE_BYTES = {"bf16": 2.0, "fp8": 1.0}
OVERHEAD, VISIBLE = "inference.memory_overhead", "inference.memory_visible"
CONTEXTS = (1024, 4096, 16384, 65536, 262144, 1048576)
WIDEST = 4096  # ranks of one kind


@dataclass(frozen=True)
class Setup:
    """How a model is laid over chips.

    Parameters
    ----------
    tp, pp, ep, dp
        Ranks: tensor, pipeline, expert, data.
    weights
        Precision of the linear layers: ``bf16``, ``fp8``, ``fp4``; None for that of the checkpoint.
    kept
        Modules that stay in bf16 although others are quantised.
    kv
        Precision of the cache: ``bf16`` or ``fp8``.
    share
        Part of the memory that the engine may fill.
    context
        Tokens of one sequence that must fit; None for any.
    """

    tp: int = 1
    pp: int = 1
    ep: int = 1
    dp: int = 1
    weights: str | None = None
    kept: tuple[str, ...] = ()
    kv: str = "bf16"
    share: float = 0.9
    context: int | None = None

    @property
    def chips(self) -> int:
        """Chips of the whole setup."""
        return self.tp * self.pp * self.dp


@dataclass(frozen=True)
class Fit:
    """The balance of memory of the fullest chip.

    Parameters
    ----------
    model, chip
        Names.
    setup
        How the model is laid over the chips.
    modules
        Bytes of weights on the chip by module.
    bits
        Bits of one weight by module.
    memory_bytes
        Memory that the engine may fill: visible memory x share.
    overhead_bytes, overhead_low, overhead_high
        What the engine takes besides, with its doubt.
    kv_bytes_per_token
        Cache of one token on the chip.
    window_bytes
        Cache of one sequence in layers with a window, once the window is full.
    blocks, blocks_low, blocks_high
        Blocks of 16 tokens that fit in one data-parallel rank.
    model_context
        Longest sequence of the model; 0 if not known.
    window
        Window of those layers [token].
    remedies
        The smallest changes that would make it fit; empty where it fits.
    reads
        Facts behind it.
    """

    model: str
    chip: str
    setup: Setup
    modules: dict[str, float]
    bits: dict[str, float]
    memory_bytes: float
    overhead_bytes: float
    overhead_low: float
    overhead_high: float
    kv_bytes_per_token: float
    window_bytes: float
    blocks: int
    blocks_low: int
    blocks_high: int
    model_context: int
    window: int
    remedies: tuple[str, ...]
    reads: tuple[str, ...]

    @property
    def weights_bytes(self) -> float:
        """Bytes of weights on the chip."""
        return sum(self.modules.values())

    @property
    def room_bytes(self) -> float:
        """Bytes left for the cache on the chip; negative where weights and overhead do not fit."""
        return self.memory_bytes - self.weights_bytes - self.overhead_bytes

    @property
    def asked_bytes(self) -> float:
        """Cache that must fit: one sequence of the length asked for, or one block."""
        return self.sequence_bytes(self.setup.context or BLOCK)

    @property
    def short_bytes(self) -> float:
        """Bytes missing on the chip; 0 where it fits."""
        return max(0.0, self.asked_bytes - self.room_bytes)

    @property
    def fits(self) -> bool:
        """Whether weights, overhead and the sequence asked for fit."""
        return self.short_bytes == 0.0

    @property
    def tokens(self) -> int:
        """Tokens of cache that fit in one data-parallel rank, not counting layers with a window."""
        return self.blocks * BLOCK

    @property
    def longest(self) -> int:
        """Longest single sequence [token]."""
        room = self.room_bytes - self.window_bytes
        if self.kv_bytes_per_token == 0:  # every layer has a window
            return self.model_context if room >= 0 else 0
        tokens = max(0, int(room // (BLOCK * self.kv_bytes_per_token))) * BLOCK
        return min(tokens, self.model_context or tokens)

    def sequence_bytes(self, context: int) -> float:
        """Return the cache of one sequence on the chip [byte].

        Parameters
        ----------
        context
            Tokens of the sequence.
        """
        held = math.ceil(context / BLOCK) * BLOCK * self.kv_bytes_per_token
        return held + self.window_bytes * min(1.0, context / self.window if self.window else 1.0)

    def sequences(self, context: int) -> int:
        """Return how many sequences of one length fit in one data-parallel rank.

        Parameters
        ----------
        context
            Tokens of a sequence.
        """
        return max(0, int(self.room_bytes // self.sequence_bytes(context)))

    def batches(self) -> list[tuple[int, int]]:
        """Return pairs of context [token] and sequences that fit."""
        most = self.setup.context or self.model_context or CONTEXTS[-1]
        lengths = sorted({length for length in CONTEXTS if length < most} | {most})
        return [(length, self.sequences(length)) for length in lengths]


def fit(
    model: str | Path | Checkpoint,
    chip_name: str,
    setup: Setup | None = None,
    catalog: Catalog | None = None,
    *,
    remedies: bool = True,
) -> Fit:
    """Return whether a model fits, with every byte.

    Parameters
    ----------
    model
        A name, a ``config.json``, or a checkpoint.
    chip_name
        A chip of the catalogue.
    setup
        How the model is laid over chips; one chip and the checkpoint's precision if left out.
    catalog
        Facts; those that come with narrows if left out.
    remedies
        Whether to look for what would make it fit where it does not.

    Raises
    ------
    UnknownNameError
        The model or the chip is not known.
    UsageError
        The ranks, the precision or the length are impossible.
    DataError
        The bytes of the model's cache are not known, or its configuration is broken.

    Notes
    -----
    Blocks = (share x visible memory - weights - overhead) / (16 x bytes of a token), all on one chip.
    Heads of keys and values are split over min(tp, heads); a latent cache is on every rank of tp.
    The engine's overhead is a fact with doubt; low and high blocks come from its high and low.
    The fullest stage of the pipeline is the one shown.

    Examples
    --------
    >>> found = fit("llama-3.1-8b", "h100")
    >>> found.fits, round(found.weights_bytes / 1e9, 2)
    (True, 16.06)
    """
    catalog = catalog or default()
    setup = setup or Setup()
    kept = model if isinstance(model, Checkpoint) else checkpoint(model, catalog)
    card = chip(chip_name, catalog)
    _check(kept, card, setup)
    found = _balance(kept, card, setup, catalog)
    return (
        found
        if found.fits or not remedies
        else replace(found, remedies=tuple(_remedies(kept, card, setup, catalog)))
    )


# --- refusals -----------------------------------------------------------------------------------


def _check(kept: Checkpoint, card: Chip, setup: Setup) -> None:
    model = kept.model
    if not kept.known_cache:
        raise DataError(
            f"The cache of {model.id} is compressed by rules that narrows does not hold",
            "The bytes of a token are known for grouped, latent and windowed attention",
            "Name another model",
        )
    for word in ("tp", "pp", "ep", "dp"):
        count = getattr(setup, word)
        if not 1 <= count <= WIDEST:
            raise UsageError(
                f"The option --{word} is given {count}",
                f"It is 1 to {WIDEST}",
                f"Write, for instance, --{word} 8",
            )
    if not 0.0 < setup.share <= 1.0:
        raise UsageError(
            f"The option --gpu-memory-share is given {setup.share:g}",
            "It is above 0 and at most 1",
            "Write, for instance, --gpu-memory-share 0.9",
        )
    _check_precision(card, setup)
    _check_ranks(kept, setup)
    if setup.context is not None and setup.context < 1:
        raise UsageError(
            f"The option --context is given {setup.context}",
            "It is at least 1 token",
            "Write, for instance, --context 8192",
        )
    if setup.context is not None and 0 < model.context < setup.context:
        raise UsageError(
            f"The option --context is given {setup.context}",
            f"The longest sequence of {model.id} is {model.context} tokens",
            f"Write --context {model.context} or less",
        )


def _check_precision(card: Chip, setup: Setup) -> None:
    known = ", ".join(card.flop_per_s)
    if setup.weights is not None and setup.weights not in card.flop_per_s:
        raise UsageError(
            f"The option --weights is given {setup.weights!r}",
            f"{card.id} computes in {known}",
            f"Write --weights {list(card.flop_per_s)[-1]}, or name another chip",
        )
    if setup.kv not in CACHE_BYTES:
        raise UsageError(
            f"The option --kv is given {setup.kv!r}", "It is bf16 or fp8", "Write, for instance, --kv fp8"
        )
    for name in setup.kept:
        if name not in LINEAR:
            raise UsageError(
                f"The option --keep is given {name!r}",
                f"Modules that can stay in bf16 are {', '.join(LINEAR)}",
                "Write, for instance, --keep attention",
            )


def _check_ranks(kept: Checkpoint, setup: Setup) -> None:
    model, tp = kept.model, setup.tp
    if model.heads % tp or (model.kv_heads and model.kv_heads % tp and tp % model.kv_heads):
        fitting = [
            str(count)
            for count in range(1, model.heads + 1)
            if not model.heads % count
            and not (model.kv_heads and model.kv_heads % count and count % model.kv_heads)
        ]
        raise UsageError(
            f"The option --tp is given {tp}",
            f"The {model.heads} heads of {model.id} can be split over {', '.join(fitting)}",
            f"Write --tp {max((count for count in map(int, fitting) if count <= tp), default=1)}",
        )
    if setup.pp > model.layers:
        raise UsageError(
            f"The option --pp is given {setup.pp}",
            f"{model.id} has {model.layers} layers, and a stage has at least one",
            f"Write --pp {model.layers} or less",
        )
    if setup.ep > 1 and setup.ep > model.experts:
        raise UsageError(
            f"The option --ep is given {setup.ep}",
            f"{model.id} has {model.experts or 'no'} experts in a layer",
            f"Write --ep {max(1, model.experts)} or less",
        )
    if setup.ep > 1 and tp % setup.ep and (setup.ep % tp or setup.dp % (setup.ep // tp)):
        raise UsageError(
            f"The option --ep is given {setup.ep} with --tp {tp} --dp {setup.dp}",
            "Expert ranks divide the tensor ranks, or are the tensor ranks times a divisor of the data ranks",
            f"Write --ep {tp * setup.dp}",
        )


# --- bytes --------------------------------------------------------------------------------------


def _bits(kept: Checkpoint, setup: Setup) -> dict[str, float]:
    if setup.weights is None:
        return {module: kept.bits_of(module) for module in MODULES}
    asked = dict.fromkeys(MODULES, BITS["bf16"])
    return asked | {module: BITS[setup.weights] for module in LINEAR if module not in setup.kept}


def _attention(kept: Checkpoint, tp: int) -> float:
    """Return the weights of attention of one layer on one tensor rank."""
    model = kept.model
    if not model.kv_rank:
        queries = 2 * model.hidden * model.head_size * model.heads / tp
        return queries + 2 * model.hidden * model.head_size * model.kv_heads / min(tp, model.kv_heads)
    whole = model.hidden * (model.kv_rank + model.rope_size + model.query_rank)  # on every rank
    return whole + (model.attention_weights - whole) / tp


def _stages(kept: Checkpoint, setup: Setup) -> Iterator[tuple[dict[str, float], float]]:
    """Yield the weights by module of one chip of each stage, and the share of the layers it holds."""
    model, tp = kept.model, setup.tp
    dense_layers = model.layers - model.expert_layers
    edge = model.hidden * model.vocabulary / tp
    least, more = divmod(model.layers, setup.pp)
    begin = 0
    for stage in range(setup.pp):
        count = least + (stage < more)
        dense = max(0, min(dense_layers, begin + count) - begin)
        routed = count - dense
        begin += count
        first, last = stage == 0, stage == setup.pp - 1
        yield (
            {
                "embeddings": edge if first else 0.0,
                "attention": count * _attention(kept, tp),
                "dense": (
                    dense * GATED * model.hidden * model.dense_ff
                    + routed * model.shared_experts * model.expert_weights
                )
                / tp,
                "experts": routed
                * math.ceil(model.experts / setup.ep)
                * setup.ep
                * model.expert_weights
                / max(tp, setup.ep),
                "router": float(routed * model.hidden * model.experts),
                "head": edge if last and not (model.tied and first) else 0.0,
                "vision": kept.vision / tp if first else 0.0,
            },
            count / model.layers,
        )


def _balance(kept: Checkpoint, card: Chip, setup: Setup, catalog: Catalog) -> Fit:
    model = kept.model
    own = f"chip.{card.id}.memory_visible"
    visible = catalog.fact(own if catalog.has(own) else VISIBLE)
    memory = visible.canonical_value * (1.0 if visible.id == own else card.memory_bytes)
    overhead = catalog.fact(OVERHEAD)
    bits = _bits(kept, setup)
    value_bytes = CACHE_BYTES[setup.kv]
    parts = 1 if model.kv_rank else min(setup.tp, model.kv_heads)
    windowed = model.layers - model.attending_layers
    width = model.kv_rank + model.rope_size if model.kv_rank else 2 * model.kv_heads * model.head_size
    best: Fit | None = None
    for weights, share in _stages(kept, setup):
        full = math.ceil(model.attending_layers * share)
        modules = {name: count * bits[name] / BITS_PER_BYTE for name, count in weights.items() if count}
        found = Fit(
            model=model.id,
            chip=card.id,
            setup=setup,
            modules=modules,
            bits=bits,
            memory_bytes=setup.share * memory,
            overhead_bytes=overhead.canonical_value,
            overhead_low=overhead.canonical_low,
            overhead_high=overhead.canonical_high,
            kv_bytes_per_token=full * width * value_bytes / parts,
            window_bytes=math.ceil(windowed * share) * width * value_bytes * model.window / parts,
            blocks=0,
            blocks_low=0,
            blocks_high=0,
            model_context=model.context,
            window=model.window,
            remedies=(),
            reads=(visible.id, overhead.id),
        )
        free = found.memory_bytes - found.weights_bytes
        block_bytes = BLOCK * (full or math.ceil(windowed * share)) * width * value_bytes / parts
        low, mid, high = (
            max(0, int((free - taken) // block_bytes))
            for taken in (overhead.canonical_high, overhead.canonical_value, overhead.canonical_low)
        )
        found = replace(found, blocks=mid, blocks_low=low, blocks_high=high)
        if best is None or (found.blocks, found.room_bytes) < (best.blocks, best.room_bytes):
            best = found
    assert best is not None  # noqa: S101 (a pipeline has a stage)
    return best


# --- what would make it fit ---------------------------------------------------------------------


def _remedies(kept: Checkpoint, card: Chip, setup: Setup, catalog: Catalog) -> Iterator[str]:
    """Yield the smallest change of each kind that makes it fit: chips, precision, another chip."""
    for change in (_wider(kept, card, setup, catalog), _leaner(kept, card, setup, catalog)):
        if change:
            yield change
    others = [chip(name, catalog) for name in chips(catalog)]
    for other in sorted(others, key=lambda found: found.memory_bytes):
        asked = setup.weights is None or setup.weights in other.flop_per_s
        if other.memory_bytes > card.memory_bytes and asked and _balance(kept, other, setup, catalog).fits:
            yield f"the chip {other.id} ({other.memory_bytes / 2**30:.0f} GiB)"
            return


def _wider(kept: Checkpoint, card: Chip, setup: Setup, catalog: Catalog) -> str:
    for tp in range(setup.tp + 1, kept.model.heads + 1):
        wider = replace(setup, tp=tp)
        try:
            _check_ranks(kept, wider)
        except UsageError:
            continue
        if _balance(kept, card, wider, catalog).fits:
            return f"--tp {tp}"
    return ""


def _leaner(kept: Checkpoint, card: Chip, setup: Setup, catalog: Catalog) -> str:
    now = max(_bits(kept, setup)[module] for module in LINEAR)
    for word in card.flop_per_s:
        if BITS[word] < now and _balance(kept, card, replace(setup, weights=word), catalog).fits:
            return f"--weights {word}"
    leaner = replace(setup, kv="fp8")
    if setup.kv != "fp8" and _balance(kept, card, leaner, catalog).fits:
        return "--kv fp8"
    return ""
