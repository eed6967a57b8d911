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
    from narrows.bottlenecks import (
        cascade,
        headlines,
        layer,
        loop,
        makers,
        map,  # noqa: A004
        plan,
        prices,
        relax,
        time,
        why,
    )
    from narrows.catalog import facts
    from narrows.facility import sites

__version__ = "0.1.0"
__all__ = [
    "__version__",
    "cascade",
    "facts",
    "headlines",
    "layer",
    "loop",
    "makers",
    "map",
    "plan",
    "prices",
    "relax",
    "sites",
    "time",
    "why",
]

_HOMES = {
    "cascade": "narrows.bottlenecks",
    "facts": "narrows.catalog",
    "headlines": "narrows.bottlenecks",
    "layer": "narrows.bottlenecks",
    "loop": "narrows.bottlenecks",
    "makers": "narrows.bottlenecks",
    "map": "narrows.bottlenecks",
    "plan": "narrows.bottlenecks",
    "prices": "narrows.bottlenecks",
    "relax": "narrows.bottlenecks",
    "sites": "narrows.facility",
    "time": "narrows.bottlenecks",
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
