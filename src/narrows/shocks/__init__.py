"""An event to an overlay on facts and a sector table."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from narrows.shocks.firms import companies, company
    from narrows.shocks.inventories import run_inventories
    from narrows.shocks.reaction import event_study, priced
    from narrows.shocks.tables import economy
    from narrows.shocks.transmission import SectorTable, sector_table, shocked

__all__ = [
    "SectorTable",
    "companies",
    "company",
    "economy",
    "event_study",
    "priced",
    "run_inventories",
    "sector_table",
    "shocked",
]

_HOMES = {
    "firms": ("companies", "company"),
    "inventories": ("run_inventories",),
    "reaction": ("event_study", "priced"),
    "transmission": ("SectorTable", "sector_table", "shocked"),
    "tables": ("economy",),
}


def __getattr__(name: str) -> Any:
    """Load a public name from its module on first touch."""
    for home, names in _HOMES.items():
        if name in names:
            value = getattr(importlib.import_module(f"narrows.shocks.{home}"), name)
            globals()[name] = value
            return value
    message = f"module 'narrows.shocks' has no attribute {name!r}"
    raise AttributeError(message)
