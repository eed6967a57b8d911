"""Speaks the model context protocol over stdin and stdout; the protocol itself is the work of `mcp`."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from narrows import __version__
from narrows.errors import DataError, NarrowsError
from narrows.mcp.tools import call, tool_list

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcp.server.lowlevel import Server

    from narrows.report.pages.study import Study

__all__ = ["answered", "serve", "server"]

INSTRUCTIONS = (
    "narrows: where the AI build-out is constrained, when, at what price, and where the constraint moves. "
    "Every number has an id: ask `why` for its formula, interval, facts and sources before you rest a "
    "conclusion on it. Values come from draws: give the interval with the value. An error says what was "
    "given, what is acceptable, and what to do."
)


def answered(study: Study, name: str, given: Mapping[str, Any] | None) -> tuple[str, bool]:
    """Return the answer of a tool as JSON, and whether it is a refusal.

    Parameters
    ----------
    study, name, given
        As for `narrows.mcp.call`.

    Examples
    --------
    >>> from narrows.report.pages import Study
    >>> text, refused = answered(Study(draws=8), "way", {})
    >>> refused, json.loads(text)["error"]["given"]
    (True, "The tool 'way' is not known")
    """
    try:
        found: Any = call(study, name, given)
    except NarrowsError as problem:
        parts = {"given": problem.given, "acceptable": problem.acceptable, "remedy": problem.remedy}
        return _written({"error": parts}), True
    return _written(found), False


def _written(value: Any) -> str:
    return json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))


def server(study: Study) -> Server[Any]:
    """Return the server, not yet connected to anything.

    Parameters
    ----------
    study
        The study that is asked.

    Raises
    ------
    DataError
        If the package mcp is not there.
    """
    try:
        import anyio.to_thread
        import mcp_types as types
        from mcp.server.lowlevel import Server
    except ImportError as error:
        raise DataError(
            "Assistants are to be served, and the package mcp is not there",
            "Programs are served without it by narrows serve",
            "Install narrows[mcp]",
        ) from error
    hints = types.ToolAnnotations(read_only_hint=True, open_world_hint=False)
    tools = [
        types.Tool(
            name=told["name"],
            description=told["description"],
            input_schema=told["inputSchema"],
            annotations=hints,
        )
        for told in tool_list()
    ]

    async def listed(_: Any, __: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=tools)

    async def called(_: Any, asked: types.CallToolRequestParams) -> types.CallToolResult:
        text, refused = await anyio.to_thread.run_sync(partial(answered, study, asked.name, asked.arguments))
        return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=refused)

    return Server(
        "narrows",
        version=__version__,
        instructions=INSTRUCTIONS,
        on_list_tools=listed,
        on_call_tool=called,
    )


def serve(study: Study) -> None:
    """Serve an assistant over stdin and stdout until it leaves.

    Parameters
    ----------
    study
        The study that is asked.

    Raises
    ------
    DataError
        If the package mcp is not there.
    """
    made = server(study)
    import anyio
    from mcp.server.stdio import stdio_server

    async def speak() -> None:
        async with stdio_server() as (reading, writing):
            await made.run(reading, writing, made.create_initialization_options())

    anyio.run(speak)
