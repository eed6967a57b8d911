"""Day 9: which layer of the stack binds, when, at what price, and where it moves.

Names are loaded when touched.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from narrows.bottlenecks.answer import layer, layers, map  # noqa: A004
    from narrows.bottlenecks.chain import Chain, why
    from narrows.bottlenecks.concentration import makers
    from narrows.bottlenecks.concentration_result import ConcentrationResult
    from narrows.bottlenecks.feedback import LoopResult, loop
    from narrows.bottlenecks.knowledge import HeadlinesResult, headlines
    from narrows.bottlenecks.migration import cascade
    from narrows.bottlenecks.migration_result import CascadeResult
    from narrows.bottlenecks.planning import PlanResult, plan
    from narrows.bottlenecks.pricing import PricesResult, prices
    from narrows.bottlenecks.relief import relax
    from narrows.bottlenecks.relief_result import Portfolio, ReliefResult, ReliefRow
    from narrows.bottlenecks.resolution import TimeResult, time
    from narrows.bottlenecks.result import Band, LayerRow, MapResult, PriceRow

__all__ = [
    "Band",
    "CascadeResult",
    "Chain",
    "ConcentrationResult",
    "HeadlinesResult",
    "LayerRow",
    "LoopResult",
    "MapResult",
    "PlanResult",
    "Portfolio",
    "PriceRow",
    "PricesResult",
    "ReliefResult",
    "ReliefRow",
    "TimeResult",
    "cascade",
    "headlines",
    "layer",
    "layers",
    "loop",
    "makers",
    "map",
    "plan",
    "prices",
    "relax",
    "time",
    "why",
]

_HOMES = {
    "answer": ("layer", "layers", "map"),
    "chain": ("Chain", "why"),
    "concentration": ("makers",),
    "concentration_result": ("ConcentrationResult",),
    "feedback": ("LoopResult", "loop"),
    "knowledge": ("HeadlinesResult", "headlines"),
    "migration": ("cascade",),
    "migration_result": ("CascadeResult",),
    "planning": ("PlanResult", "plan"),
    "pricing": ("PricesResult", "prices"),
    "relief": ("relax",),
    "relief_result": ("Portfolio", "ReliefResult", "ReliefRow"),
    "resolution": ("TimeResult", "time"),
    "result": ("Band", "LayerRow", "MapResult", "PriceRow"),
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
