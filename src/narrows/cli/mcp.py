"""``narrows mcp``: the study for assistants, over stdin and stdout."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from narrows.cli.output import emit

if TYPE_CHECKING:
    from argparse import Namespace

__all__ = ["run"]


def run(arguments: Namespace) -> int:
    """Serve until the assistant leaves, or list the tools."""
    if arguments.tools:
        import json

        from narrows.mcp import tool_list

        emit(json.dumps({"tools": tool_list()}, ensure_ascii=False, separators=(",", ":")))
        return 0
    from narrows.cli.study import asked_study
    from narrows.mcp import serve

    with suppress(KeyboardInterrupt):
        serve(asked_study(arguments))
    return 0
