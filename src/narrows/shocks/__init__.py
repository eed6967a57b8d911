"""An event to an overlay on facts and a sector table."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from narrows.shocks.answer import EventAnswer, shock
    from narrows.shocks.events import Event, event, known_events, read_event
    from narrows.shocks.firms import companies, company
    from narrows.shocks.inventories import run_inventories
    from narrows.shocks.parity import commodity_changes
    from narrows.shocks.price import PricePath, price_path
    from narrows.shocks.reaction import event_study, priced
    from narrows.shocks.tables import economy
    from narrows.shocks.transmission import SectorTable, sector_table, shocked

__all__ = [
    "Event",
    "EventAnswer",
    "PricePath",
    "SectorTable",
    "commodity_changes",
    "companies",
    "company",
    "economy",
    "event",
    "event_study",
    "known_events",
    "price_path",
    "priced",
    "read_event",
    "run_inventories",
    "sector_table",
    "shock",
    "shocked",
]

_HOMES = {
    "answer": ("EventAnswer", "shock"),
    "events": ("Event", "event", "known_events", "read_event"),
    "parity": ("commodity_changes",),
    "price": ("PricePath", "price_path"),
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
