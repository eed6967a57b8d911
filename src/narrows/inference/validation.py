"""Predicted against measured for inference: one part a question."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from narrows.figure import compared
from narrows.inference.energy_checks import energy_rows
from narrows.inference.fit_checks import fit_rows
from narrows.inference.law_checks import law_rows
from narrows.inference.price_checks import price_rows
from narrows.inference.serving_checks import serving_rows
from narrows.inference.throughput_checks import throughput_rows
from narrows.inference.vllm_checks import vllm_rows

if TYPE_CHECKING:
    from pathlib import Path

    from narrows.figure import Comparison

__all__ = ["inference_rows"]

PARTS = {
    "blocks of cache": fit_rows,
    "cost of tokens": price_rows,
    "serving": serving_rows,
    "step-time law": law_rows,
    "logs of vLLM": vllm_rows,
    "energy": energy_rows,
    "throughput": throughput_rows,
}
"""What is compared, and the rows of it."""


def inference_rows(folder: Path | None) -> list[Comparison]:
    """Return the comparisons of the room.

    Parameters
    ----------
    folder
        Folder with the tables of inference; None where there is none.
    """
    return [row for name, part in PARTS.items() for row in compared("inference", name, partial(part, folder))]
