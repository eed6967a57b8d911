"""Day 9: which layer of the stack binds, when, at what price, and where it moves.

Names are loaded when touched.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from narrows.bottlenecks.answer import layer, layers, map  # noqa: A004
    from narrows.bottlenecks.chain import Chain, why
    from narrows.bottlenecks.relief import relax
    from narrows.bottlenecks.relief_result import Portfolio, ReliefResult, ReliefRow
    from narrows.bottlenecks.result import Band, LayerRow, MapResult, PriceRow

__all__ = [
    "Band",
    "Chain",
    "LayerRow",
    "MapResult",
    "Portfolio",
    "PriceRow",
    "ReliefResult",
    "ReliefRow",
    "layer",
    "layers",
    "map",
    "relax",
    "why",
]

_HOMES = {
    "answer": ("layer", "layers", "map"),
    "result": ("Band", "LayerRow", "MapResult", "PriceRow"),
    "chain": ("Chain", "why"),
    "relief": ("relax",),
    "relief_result": ("Portfolio", "ReliefResult", "ReliefRow"),
}


def __getattr__(name: str) -> Any:
    """Load a public name from its module on first touch."""
    for home, names in _HOMES.items():
        if name in names:
            value = getattr(importlib.import_module(f"narrows.bottlenecks.{home}"), name)
            globals()[name] = value
            return value
    message = f"module 'narrows.bottlenecks' has no attribute {name!r}"
    raise AttributeError(message)
