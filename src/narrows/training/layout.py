"""How a training job lies on its chips: widths, batches, precision, what is recomputed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from narrows.errors import UnknownNameError, UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from narrows.transformer import Model

    Array = NDArray[np.float64]

__all__ = ["PRECISIONS", "RECOMPUTED", "Layout", "check"]

PRECISIONS = {"bf16": "bf16", "fp8": "fp8", "mxfp8": "fp8", "nvfp4": "fp4"}
"""Rate of the chip by precision of the matrices: fp8 has one scale a tensor, the others one a block."""
RECOMPUTED = ("none", "attention", "parts", "full")
"""What the backward pass computes again: nothing, scores of attention, every second product, all."""
WIDTHS = ("chips", "tensor", "stages", "context", "experts", "interleave")


@dataclass(frozen=True, eq=False)
class Layout:
    """A layout, or many of one precision: every width may be a number or an array.

    Parameters
    ----------
    chips
        Chips of the job.
    tensor, stages, context, experts
        Width of tensor, pipeline, context and expert parallelism; the rest of the chips are data parallel.
    interleave
        Chunks of layers that a stage holds.
    micro_batch, batch
        Sequences of one micro-batch and of one step.
    sequence
        Tokens of a sequence.
    shard
        Chips over which parameters are cut up and gathered anew in each pass (FSDP); 0 for none.
    precision
        One of `PRECISIONS`.
    recompute
        One of `RECOMPUTED`.
    sequence_parallel
        Whether what tensor parallelism leaves whole is cut along the sequence.

    Examples
    --------
    >>> one = Layout(chips=64, tensor=4, stages=4, batch=128, sequence=8192)
    >>> float(one.data), float(one.micro_batches)
    (4.0, 32.0)
    """

    chips: float | Array = 1
    tensor: float | Array = 1
    stages: float | Array = 1
    context: float | Array = 1
    experts: float | Array = 1
    interleave: float | Array = 1
    micro_batch: float | Array = 1
    batch: float | Array = 1
    sequence: float | Array = 4096
    shard: float | Array = 0
    precision: str = "bf16"
    recompute: str = "none"
    sequence_parallel: bool = True

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS:
            raise UnknownNameError("precision", self.precision, PRECISIONS, remedy="Name one of these")
        if self.recompute not in RECOMPUTED:
            raise UnknownNameError("recomputation", self.recompute, RECOMPUTED, remedy="Name one of these")

    @property
    def data(self) -> Array:
        """Data-parallel width."""
        return np.asarray(self.chips / (self.tensor * self.stages * self.context), dtype=np.float64)

    @property
    def micro_batches(self) -> Array:
        """Micro-batches of one data-parallel rank in a step."""
        found: Array = self.batch / (self.data * self.micro_batch)
        return found

    @property
    def tokens_per_chip(self) -> Array:
        """Tokens of a step over the chips."""
        return np.asarray(self.batch * self.sequence / self.chips, dtype=np.float64)


def check(model: Model, layout: Layout) -> None:
    """Refuse a layout that does not divide.

    Parameters
    ----------
    model, layout
        What trains, and one layout of it.

    Raises
    ------
    UsageError
        A width is below 1 or does not divide what it cuts; the error names a width that does.
    """
    for name in (*WIDTHS, "micro_batch", "batch", "sequence"):
        value = float(getattr(layout, name))
        if not value >= 1 or value % 1:
            raise UsageError(
                f"The layout has {name.replace('_', ' ')} {value:g}",
                "It is a whole number from 1",
                "Give another",
            )
    groups = layout.tensor * layout.stages * layout.context
    _divides("chips", layout.chips, "tensor x stages x context", groups)
    _divides(
        "batch", layout.batch, "data-parallel width x micro-batch", float(layout.data) * layout.micro_batch
    )
    _divides("heads of " + model.id, model.heads, "tensor", layout.tensor)
    if layout.interleave > 1:
        cut = layout.stages * layout.interleave
        if cut > model.layers:
            raise UsageError(
                f"The layout cuts {model.layers} layers into {cut:g} chunks",
                "A chunk has at least one layer",
                f"Give an interleave of {max(1, model.layers // int(layout.stages))} or less",
            )
    if layout.stages > model.layers:
        raise UsageError(
            f"The layout has {layout.stages:g} stages",
            f"{model.id} has {model.layers} layers, and a stage has at least one",
            f"Give {model.layers} stages or fewer",
        )
    if layout.experts > 1:
        if not model.experts:
            raise UsageError(
                f"The layout spreads experts over {layout.experts:g} chips", f"{model.id} has none", "Give 1"
            )
        _divides("experts of " + model.id, model.experts, "experts", layout.experts)
        _divides("chips of a stage", layout.chips / layout.stages, "experts", layout.experts)
    if layout.shard:
        _divides("chips", layout.chips, "shard", layout.shard)


def _divides(what: str, whole: float | Array, name: str, part: float | Array) -> None:
    if float(whole) % float(part):
        near = [str(n) for n in range(1, int(float(whole)) + 1) if not float(whole) % n]
        shown = ", ".join(near if len(near) <= 8 else [*near[:4], "...", *near[-3:]])  # noqa: PLR2004
        raise UsageError(
            f"The layout has {name} {float(part):g}, which does not divide {what} {float(whole):g}",
            f"Divisors are {shown}",
            "Give one of them",
        )
