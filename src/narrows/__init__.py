"""Where is the AI build-out constrained now, what resolves it, and where does it move next?

The narrowest layer sets the speed of the whole stack, and doubt is carried as draws.

Public names are loaded when touched, so that ``import narrows`` costs almost nothing.

Examples
--------
>>> import narrows
>>> result = narrows.map(quarters="2026Q4:2027Q4", draws=500)
>>> len(result.quarters)
5
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from narrows.bottlenecks import layer, map, relax, why  # noqa: A004
    from narrows.catalog import facts

__version__ = "0.1.0"
__all__ = ["__version__", "facts", "layer", "map", "relax", "why"]

_HOMES = {
    "facts": "narrows.catalog",
    "layer": "narrows.bottlenecks",
    "map": "narrows.bottlenecks",
    "relax": "narrows.bottlenecks",
    "why": "narrows.bottlenecks",
}


def __getattr__(name: str) -> Any:
    """Load a public name from its room on first touch."""
    home = _HOMES.get(name)
    if home is None:
        message = f"module 'narrows' has no attribute {name!r}"
        raise AttributeError(message)
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
