"""The study for assistants: eight tools that read, spoken over the model context protocol (MCP).

`narrows.mcp.tools` says what each tool answers, without any protocol; `narrows.mcp.server` speaks it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from narrows.mcp.server import serve
    from narrows.mcp.tools import TOOLS, Tool, call, tool_list

__all__ = ["TOOLS", "Tool", "call", "serve", "tool_list"]


def __getattr__(name: str) -> Any:
    """Load a public name on first touch."""
    if name in __all__:
        import importlib

        return getattr(
            importlib.import_module(f"narrows.mcp.{'server' if name == 'serve' else 'tools'}"), name
        )
    message = f"module 'narrows.mcp' has no attribute {name!r}"
    raise AttributeError(message)
