"""Day 6: halls and power. At present: how much power tracked sites will run, and how far dates slip.

Names are loaded when touched.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from narrows.facility.forecast import SitesResult, sites
    from narrows.facility.scoring import SitesScore, score_sites

__all__ = ["SitesResult", "SitesScore", "score_sites", "sites"]

_HOMES = {
    "forecast": ("SitesResult", "sites"),
    "scoring": ("SitesScore", "score_sites"),
}


def __getattr__(name: str) -> Any:
    """Load a public name from its module on first touch."""
    for home, names in _HOMES.items():
        if name in names:
            value = getattr(importlib.import_module(f"narrows.facility.{home}"), name)
            globals()[name] = value
            return value
    message = f"module 'narrows.facility' has no attribute {name!r}"
    raise AttributeError(message)
