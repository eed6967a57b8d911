"""An event to an overlay on facts and a sector table."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from narrows.shocks.answer import EventAnswer, shock
    from narrows.shocks.events import Event, event, known_events, read_event
    from narrows.shocks.parity import commodity_changes
    from narrows.shocks.price import PricePath, price_path

__all__ = [
    "Event",
    "EventAnswer",
    "PricePath",
    "commodity_changes",
    "event",
    "known_events",
    "price_path",
    "read_event",
    "shock",
]

_HOMES = {
    "answer": ("EventAnswer", "shock"),
    "events": ("Event", "event", "known_events", "read_event"),
    "parity": ("commodity_changes",),
    "price": ("PricePath", "price_path"),
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
