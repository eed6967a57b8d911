"""The browser face and the interface for programs: what the pages say, served.

`serve` runs it; `application` is the ASGI application alone. FastAPI and uvicorn are imported here and
nowhere else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from narrows.app.server import application, serve

__all__ = ["application", "serve"]


def __getattr__(name: str) -> Any:
    """Load a public name on first touch."""
    if name in __all__:
        from narrows.app import server

        return getattr(server, name)
    message = f"module 'narrows.app' has no attribute {name!r}"
    raise AttributeError(message)
