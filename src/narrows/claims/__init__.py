"""A sentence to typed claims, to figures, to verdicts.

`read` gives the blocks of a draft, `extract` its typed claims, `check` the verdict on each; `phrase` writes a
claim as a sentence that `extract` reads back.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from narrows.claims.checking import Checked, Report, check
    from narrows.claims.document import read
    from narrows.claims.extraction import extract
    from narrows.claims.phrases import phrase

__all__ = ["Checked", "Report", "check", "extract", "phrase", "read"]

_HOMES = {
    "Checked": "checking",
    "Report": "checking",
    "check": "checking",
    "extract": "extraction",
    "phrase": "phrases",
    "read": "document",
}


def __getattr__(name: str) -> Any:
    """Open a module when its name is first asked for."""
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(importlib.import_module(f"narrows.claims.{_HOMES[name]}"), name)
