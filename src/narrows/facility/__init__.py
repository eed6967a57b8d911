"""Day 6: halls and power. How much power sites will run, from what, at what cost, and how far dates slip.

Names are loaded when touched.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from narrows.facility.forecast import SitesResult, sites
    from narrows.facility.scoring import SitesScore, score_sites
    from narrows.facility.site_chain import electrical_site
    from narrows.facility.supply_options import supply_frontier
    from narrows.facility.supply_plan import supply

__all__ = [
    "SitesResult",
    "SitesScore",
    "electrical_site",
    "score_sites",
    "sites",
    "supply",
    "supply_frontier",
]

_HOMES = {
    "site_chain": ("electrical_site",),
    "forecast": ("SitesResult", "sites"),
    "scoring": ("SitesScore", "score_sites"),
    "supply_options": ("supply_frontier",),
    "supply_plan": ("supply",),
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
