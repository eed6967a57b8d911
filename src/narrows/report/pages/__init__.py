"""The study as pages: a registry of pages, one shell, and the numbers that answer for themselves.

A page is a path, a title and a function from the study and a question to a page model. `answer` turns an
address into an answer; the server (`narrows serve`) and the static study (`narrows study build`) both
use it, so that they show the same bytes.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from narrows.report.pages.answers import Answer, answer, paper
    from narrows.report.pages.files import build
    from narrows.report.pages.registry import PAGES, Page
    from narrows.report.pages.study import Study

__all__ = ["PAGES", "Answer", "Page", "Study", "answer", "build", "paper"]

_HOMES = {
    "answers": ("Answer", "answer", "paper"),
    "files": ("build",),
    "registry": ("PAGES", "Page"),
    "study": ("Study",),
}


def __getattr__(name: str) -> Any:
    """Load a public name from its module on first touch."""
    for home, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f"narrows.report.pages.{home}"), name)
    message = f"module 'narrows.report.pages' has no attribute {name!r}"
    raise AttributeError(message)
