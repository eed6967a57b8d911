"""Predicted against measured for inference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.inference.law_checks import law_rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from narrows.figure import Comparison

__all__ = ["validate"]


def validate(data: Path | None) -> Iterator[Comparison]:
    """Yield every comparison of the room.

    Parameters
    ----------
    data
        Folder of measurements; None where there is none.
    """
    yield from law_rows(data)
