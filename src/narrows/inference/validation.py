"""Predicted against measured for inference: one part a question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.inference.energy_checks import energy_rows
from narrows.inference.fit_checks import fit_rows
from narrows.inference.law_checks import law_rows
from narrows.inference.price_checks import price_rows
from narrows.inference.serving_checks import serving_rows
from narrows.inference.throughput_checks import throughput_rows

if TYPE_CHECKING:
    from pathlib import Path

    from narrows.figure import Comparison

__all__ = ["inference_rows"]


def inference_rows(folder: Path | None) -> list[Comparison]:
    """Return the comparisons of the room.

    Parameters
    ----------
    folder
        Folder with the tables of inference; None where there is none.
    """
    rows: list[Comparison] = []
    rows += fit_rows(folder)
    rows += price_rows(folder)
    rows += serving_rows(folder)
    rows += law_rows(folder)
    rows += energy_rows(folder)
    rows += throughput_rows(folder)
    return rows
