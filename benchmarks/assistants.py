"""The list of tools that an assistant reads, and the time of a tool that is called again."""

from __future__ import annotations

import os
import statistics
import sys
import time
from typing import TYPE_CHECKING

from benchmarks import Row, benchmark

if TYPE_CHECKING:
    from mcp import Client

REPEATS = 20
MOST_BYTES = 8_000
CALLS = (("map", {}), ("why", {"id": "map.deployed.2027Q1"}), ("search", {"words": "cowos capacity"}))


async def _median_ms(client: Client, name: str, arguments: dict[str, str]) -> float:
    """Return the median time of a tool that was called before [ms]."""
    await client.call_tool(name, arguments)
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        await client.call_tool(name, arguments)
        times.append(time.perf_counter() - started)
    return 1e3 * statistics.median(times)


async def _talk() -> list[Row]:
    from mcp import Client, StdioServerParameters

    asked = StdioServerParameters(command=sys.executable, args=["-m", "narrows", "mcp"], env=dict(os.environ))
    async with Client(asked) as client:
        listed = await client.list_tools()
        size = len(listed.model_dump_json(by_alias=True, exclude_none=True).encode())
        rows = [Row("assistants: list of tools", size, None, "byte", None, "<= 8000", size <= MOST_BYTES)]
        for name, arguments in CALLS:
            spent = await _median_ms(client, name, dict(arguments))
            rows.append(Row(f"assistants: {name} called again", spent, None, "ms", None, "", None))
        return rows


@benchmark("assistants")
def assistants() -> list[Row]:
    """Ask as an assistant does, over stdin and stdout."""
    import anyio

    return anyio.run(_talk)
