"""The server: kept answers and posted scenarios a second, asked over the wire."""

from __future__ import annotations

import asyncio
import itertools
import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from benchmarks import Row, benchmark

CONNECTIONS, SECONDS = 32, 4.0
WARMING_S = 5.0
"""Time before the count begins: the compiled kernel is loaded with the first scenarios."""
LENGTH = len(b"content-length: ")
POSTING = 4
READ_GOAL, P99_GOAL_MS, SCENARIO_GOAL = 5_000, 25.0, 100
MEMORY_GOAL_MB, MOST_GOAL_MB = 150.0, 300.0
QUIET_S = 4.0


class Asker(asyncio.Protocol):
    """One connection that asks again as soon as it is answered."""

    def __init__(self, questions: itertools.count[int], ask: object, times: list[float]) -> None:
        self.questions, self.ask, self.times = questions, ask, times
        self.left = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask the first question."""
        self.transport = transport
        self._ask()

    def _ask(self) -> None:
        self.started = time.perf_counter()
        self.transport.write(self.ask(next(self.questions)))  # type: ignore[attr-defined,operator]

    def data_received(self, data: bytes) -> None:
        """Count an answer that is whole, and ask the next."""
        self.left -= len(data)
        if self.left < 0:  # the first piece of an answer: its head says how long it is
            head, _, body = data.partition(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                message = head[:200].decode()
                raise RuntimeError(message)
            at = head.index(b"content-length: ") + LENGTH
            self.left = int(head[at : at + 9].split(b"\r")[0]) - len(body)
        if self.left == 0:
            self.times.append(time.perf_counter() - self.started)
            self._ask()


def _get(_: int) -> bytes:
    return b"GET /api/v1/now HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"


def _post(place: int) -> bytes:
    scenario = {"scale": {"data_hall.capacity": 0.5 + place / 10_000}, "draws": 100}
    body = json.dumps(scenario).encode()
    head = b"POST /api/v1/scenario HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
    return head + f"content-length: {len(body)}\r\n\r\n".encode() + body


async def _asked(port: int, ask: object, connections: int) -> list[float]:
    loop, times, questions = asyncio.get_running_loop(), [], itertools.count()
    made = [
        await loop.create_connection(lambda: Asker(questions, ask, times), "127.0.0.1", port)
        for _ in range(connections)
    ]
    await asyncio.sleep(WARMING_S)
    times.clear()
    await asyncio.sleep(SECONDS)
    kept = list(times)
    for transport, _ in made:
        transport.close()
    return kept


def _megabytes(process: int) -> float:
    """Return what a process and those that it started take [MB]."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    own = next(int(line.split()[1]) * 1024 / 1e6 for line in status.splitlines() if line.startswith("VmRSS"))
    return own + sum(_megabytes(int(child)) for child in children)


def _memory(name: str, taken: float, goal: float) -> Row:
    return Row(name, taken, None, "MB", None, f"<= {goal:g}", taken <= goal)


@benchmark("app")
def app() -> list[Row]:
    """Ask a server of its own, on this machine."""
    command = [sys.executable, "-m", "narrows", "serve", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        try:
            port = int(server.stderr.readline().split("/ (")[0].rpartition(":")[2])  # type: ignore[union-attr]
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=60) as page:
                page.read()
            time.sleep(QUIET_S)
            started = _megabytes(server.pid)
            reads = sorted(asyncio.run(_asked(port, _get, CONNECTIONS)))
            posts = asyncio.run(_asked(port, _post, POSTING))
            used = _megabytes(server.pid)
        finally:
            server.terminate()
    rate, tail, runs = len(reads) / SECONDS, 1e3 * reads[int(0.99 * len(reads))], len(posts) / SECONDS
    return [
        Row("kept JSON, 32 connections", rate, None, "1/s", None, f">= {READ_GOAL}", rate >= READ_GOAL),
        Row("its 99th percentile", tail, None, "ms", None, f"<= {P99_GOAL_MS:g}", tail <= P99_GOAL_MS),
        Row("scenarios of 100 draws", runs, None, "1/s", None, f">= {SCENARIO_GOAL}", runs >= SCENARIO_GOAL),
        _memory("memory, started and the map shown", started, MEMORY_GOAL_MB),
        _memory("memory after the scenarios", used, MOST_GOAL_MB),
    ]
