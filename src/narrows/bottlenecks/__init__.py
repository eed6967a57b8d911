"""Day 9: which layer of the stack binds, when, at what price, and where it moves.

Names are loaded when touched.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from narrows.bottlenecks.answer import layer, layers, map  # noqa: A004
    from narrows.bottlenecks.chain import Chain, why
    from narrows.bottlenecks.knowledge import HeadlinesResult, headlines
    from narrows.bottlenecks.pricing import PricesResult, prices
    from narrows.bottlenecks.result import Band, LayerRow, MapResult, PriceRow

__all__ = [
    "Band",
    "Chain",
    "HeadlinesResult",
    "LayerRow",
    "MapResult",
    "PriceRow",
    "PricesResult",
    "headlines",
    "layer",
    "layers",
    "map",
    "prices",
    "why",
]

_HOMES = {
    "answer": ("layer", "layers", "map"),
    "result": ("Band", "LayerRow", "MapResult", "PriceRow"),
    "chain": ("Chain", "why"),
    "knowledge": ("HeadlinesResult", "headlines"),
    "pricing": ("PricesResult", "prices"),
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
