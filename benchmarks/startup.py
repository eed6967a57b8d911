"""Whole processes: what a user waits for, from the shell to the last byte."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING, NamedTuple

from benchmarks import Row, benchmark

if TYPE_CHECKING:
    import resource

RUNS = 7
START_S, MAP_S, MAP_MB = 0.06, 0.5, 300.0


class Process(NamedTuple):
    """Medians over fresh processes: wall and CPU time [s], and peak memory [MB]."""

    wall: float
    cpu: float
    memory: float


def process(*arguments: str, runs: int = RUNS) -> Process:
    """Return the medians of several runs of Python; the first run, uncounted, fills the caches."""
    with tempfile.TemporaryDirectory() as folder:
        # Byte code is kept, as it is once narrows is installed.
        environment = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment |= {"PYTHONPYCACHEPREFIX": f"{folder}/code", "NARROWS_CACHE_DIR": f"{folder}/facts"}
        measured = [_once(arguments, environment) for _ in range(runs + 1)][1:]
    return Process(*map(statistics.median, zip(*measured, strict=True)))


def _once(arguments: tuple[str, ...], environment: dict[str, str]) -> Process:
    begin = time.perf_counter()
    child = subprocess.Popen([sys.executable, *arguments], env=environment, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    wall = time.perf_counter() - begin
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, child.args)
    return Process(wall, used.ru_utime + used.ru_stime, _megabytes(used))


def _megabytes(used: resource.struct_rusage) -> float:
    unit = 1 if sys.platform == "darwin" else 2**10  # bytes there, KiB elsewhere
    return used.ru_maxrss * unit / 1e6


@benchmark("startup")
def startup() -> list[Row]:
    """Time an import, the help and a map of 10,000 draws, each beside the least that Python needs for it."""
    bare, numpy = process("-c", "pass"), process("-c", "import numpy")
    told = "bare Python"
    return [
        *_rows("import narrows", process("-c", "import narrows"), bare, told, START_S),
        *_rows("narrows --help", process("-m", "narrows", "--help"), bare, told, START_S),
        *_map(process("-m", "narrows", "map", "--json", "--quiet"), numpy),
    ]


def _rows(name: str, ours: Process, peer: Process, told: str, most: float) -> list[Row]:
    """Return wall time, which has a goal, and CPU time."""
    text = f"{name}, process; peer: {told}"
    return [
        Row(
            f"{text}: wall",
            ours.wall,
            peer.wall,
            "s",
            peer.wall / ours.wall,
            f"at most {most}",
            ours.wall <= most,
        ),
        Row(f"{text}: CPU", ours.cpu, peer.cpu, "s", peer.cpu / ours.cpu, "", None),
    ]


def _map(ours: Process, peer: Process) -> list[Row]:
    name, told = "narrows map --json, 10000 draws", "Python and NumPy imported"
    return [
        *_rows(name, ours, peer, told, MAP_S),
        Row(
            f"{name}, process; peer: {told}: peak memory",
            ours.memory,
            peer.memory,
            "MB",
            peer.memory / ours.memory,
            f"at most {MAP_MB:g}",
            ours.memory <= MAP_MB,
        ),
    ]
