"""Facts with their sources, the day on which they were known, and scenarios laid over them.

The room reads and checks, and never computes a figure. Names are loaded when touched.

Examples
--------
>>> from narrows import catalog
>>> sorted(catalog.__all__)[:3]
['Catalog', 'Chain', 'Company']
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from narrows.catalog.catalog import Catalog
    from narrows.catalog.fact import Company, Design, Fact, LayerDeclaration, Role, Source
    from narrows.catalog.loading import default, facts, lint, load
    from narrows.catalog.overlays import Overlay, Scaling, Setting, read_overlay, scenario_id
    from narrows.catalog.reader import Chain, PointReader, Reader

__all__ = [
    "Catalog",
    "Chain",
    "Company",
    "Design",
    "Fact",
    "LayerDeclaration",
    "Overlay",
    "PointReader",
    "Reader",
    "Role",
    "Scaling",
    "Setting",
    "Source",
    "default",
    "facts",
    "lint",
    "load",
    "read_overlay",
    "scenario_id",
]

_HOMES = {
    "catalog": ("Catalog",),
    "fact": ("Company", "Design", "Fact", "LayerDeclaration", "Role", "Source"),
    "loading": ("default", "facts", "lint", "load"),
    "overlays": ("Overlay", "Scaling", "Setting", "read_overlay", "scenario_id"),
    "reader": ("Chain", "PointReader", "Reader"),
}


def __getattr__(name: str) -> Any:
    """Load a public name from its module on first touch."""
    for home, names in _HOMES.items():
        if name in names:
            value = getattr(importlib.import_module(f"narrows.catalog.{home}"), name)
            globals()[name] = value
            return value
    message = f"module 'narrows.catalog' has no attribute {name!r}"
    raise AttributeError(message)
