"""An event to an overlay on facts and a sector table."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from narrows.shocks.companies import companies, company
    from narrows.shocks.inventories import run_inventories
    from narrows.shocks.priced import event_study, priced
    from narrows.shocks.push import push
    from narrows.shocks.sector_table import SectorTable, sector_table, shocked
    from narrows.shocks.tables import economy

__all__ = [
    "SectorTable",
    "companies",
    "company",
    "economy",
    "event_study",
    "priced",
    "push",
    "run_inventories",
    "sector_table",
    "shocked",
]

_HOMES = {
    "companies": ("companies", "company"),
    "inventories": ("run_inventories",),
    "priced": ("event_study", "priced"),
    "push": ("push",),
    "sector_table": ("SectorTable", "sector_table", "shocked"),
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
