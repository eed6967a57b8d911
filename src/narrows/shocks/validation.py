"""Predicted against measured for shocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.shocks.price_checks import price_rows
from narrows.shocks.push_checks import push_rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from narrows.figure import Comparison

__all__ = ["shock_rows"]


def shock_rows(folder: Path | None) -> Iterator[Comparison]:
    """Yield the comparisons of the room.

    Parameters
    ----------
    folder
        Folder of the data on shocks; None where there is none.
    """
    yield from price_rows(folder)
    yield from push_rows(folder)
