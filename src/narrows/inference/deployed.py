"""A model on chips as the simulation needs it: the time of its steps, and room for its cache."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from narrows.errors import DataError
from narrows.inference.fit import Setup, fit
from narrows.inference.law import Placement
from narrows.inference.placed import placed_steps
from narrows.transformer.registry import BITS, chip, model

if TYPE_CHECKING:
    from pathlib import Path

    from narrows.inference.engine import Requests
    from narrows.inference.steps import StepTable

__all__ = ["Deployed", "check_context", "deploy"]


@dataclass(frozen=True, slots=True)
class Deployed:
    """What one engine of a placed model can do.

    Parameters
    ----------
    steps
        Time of a step.
    block_tokens, blocks
        [token] Size of a block of cache, and how many fit; those of 16 tokens unless asked otherwise.
    context
        [token] Longest sequence of the model; 0 if not known.
    cache_bytes_per_token
        [byte] Cache of one token over all chips of the engine.
    """

    steps: StepTable
    block_tokens: int
    blocks: int
    context: int
    cache_bytes_per_token: float


def deploy(
    model_name: str | Path,
    chip_name: str,
    *,
    tp: int = 1,
    weights: str | None = None,
    engine: str = "vllm",
    block_tokens: int = 16,
    most_tokens: int = 8704,
) -> Deployed:
    """Return a model on the chips of one engine.

    Parameters
    ----------
    model_name, chip_name
        Names in the catalogue, or a config.json.
    tp
        Tensor-parallel chips.
    weights
        ``bf16``, ``fp8`` or ``fp4``; as shipped if left out.
    engine
        Engine whose step law is used: ``vllm``, ``sglang``, ``trtllm``.
    block_tokens
        [token] Size of a block of cache.
    most_tokens
        [token] Largest batch.

    Raises
    ------
    DataError
        If the model does not fit the chips.

    Examples
    --------
    >>> found = deploy("llama-3.1-8b", "h100")
    >>> found.blocks > 20_000, found.context, found.cache_bytes_per_token
    (True, 131072, 131072.0)
    """
    room = fit(model_name, chip_name, Setup(tp=tp, weights=weights))
    blocks = room.blocks * 16 // block_tokens
    if not room.fits or blocks < 1:
        raise DataError(
            f"The model {model_name} does not fit {tp} x {chip_name}",
            f"Weights, overhead and one block of cache fit; {room.short_bytes / 1e9:.3g} GB are missing",
            "Try: " + "; ".join(room.remedies) if room.remedies else "Give a larger --tp",
        )
    which, where = model(model_name), chip(chip_name)
    experts = _form(room.bits.get("experts", BITS["bf16"]))
    expert_model = which.experts > 0
    place = Placement(
        engine,
        weights=_form(room.bits.get("attention", BITS["bf16"])),
        experts=experts if expert_model else "",
        tensor=tp,
        expert_tensor=tp if expert_model else 1,
    )
    steps = placed_steps(which, where, place, most_tokens=most_tokens)
    return Deployed(steps, block_tokens, blocks, room.model_context, float(which.kv_bytes_per_token()))


def check_context(requests: Requests, context: int) -> None:
    """Refuse requests that are longer than the model's context.

    Parameters
    ----------
    requests
        What is asked.
    context
        [token] Longest sequence of the model; 0 if not known.

    Raises
    ------
    DataError
        If a prompt and its output are longer.
    """
    lengths = requests.prompt + requests.output
    row = int(lengths.argmax())
    if context and int(lengths[row]) > context:
        raise DataError(
            f"Request {row + 1} has {int(lengths[row])} tokens",
            f"The model's context is {context}",
            "Leave the request out, or name a model with a longer context",
        )


def _form(bits: float) -> str:
    """Return the format of the step law for the bits of a weight."""
    if bits >= BITS["bf16"]:
        return "bf16"
    if bits >= BITS["fp8"]:
        return "fp8"
    return "nvfp4" if bits >= BITS["fp4"] else "mxfp4"
