"""The serving simulation: requests a second on one core, and memory."""

from __future__ import annotations

import numpy as np

from benchmarks import Row, benchmark
from benchmarks.kernel import least_seconds
from benchmarks.startup import process
from narrows.inference.engine import Engine, Requests
from narrows.inference.serving import serve as plain
from narrows.inference.serving_kernel import serve
from narrows.inference.steps import StepTable

COUNT, FEW = 1_000_000, 5_000
PREEMPTED = (8.0, Engine(blocks=2000))
"""Requests a second, and an engine whose cache is full at times."""
MEMORY_MB = 500.0
PROMPT, OUTPUT = (6.6, 0.95), (5.0, 0.85)
"""Mean and width of the logarithm of lengths, like those of a conversation trace: about 1,150 and 210."""
LAW = [5e-3, 6e-5, 1e-5, 1.5e-7, 1e-4, 1e-7, 0.0]


def requests(count: int, rate: float, seed: int = 1) -> Requests:
    """Return made-up requests of conversation length with Poisson arrivals."""
    random = np.random.default_rng(seed)
    prompt = np.clip(random.lognormal(*PROMPT, count), 1, 14_050).astype(np.int64)
    output = np.clip(random.lognormal(*OUTPUT, count), 1, 1000).astype(np.int64)
    return Requests(np.cumsum(random.exponential(1 / rate, count)), prompt, output)


def alone() -> None:
    """Serve the requests with preemption: all that a process of its own does."""
    rate, engine = PREEMPTED
    serve(requests(COUNT, rate), StepTable.from_law(LAW), engine)


@benchmark("serving")
def speed() -> list[Row]:
    """Time 1,000,000 requests with room in the cache and with preemption; a few in the plain twin."""
    table = StepTable.from_law(LAW)
    rows = []
    for name, rate, engine, most in (
        ("cache never full", 6.45, Engine(), 0.25),
        ("preemption", *PREEMPTED, 0.2),
    ):
        asked = requests(COUNT, rate)
        _, cpu = least_seconds(lambda asked=asked, engine=engine: serve(asked, table, engine), 3)
        few = requests(FEW, rate)
        _, slow = least_seconds(lambda few=few, engine=engine: plain(few, table, engine), 1)
        rows.append(
            Row(
                f"1,000,000 requests, {name}, one core; peer: the plain twin, scaled",
                cpu,
                slow * COUNT / FEW,
                "s",
                slow * COUNT / FEW / cpu,
                f"at most {most:g} s",
                cpu <= most,
            )
        )
    memory = process("-c", "from benchmarks.serving import alone; alone()", runs=1).memory
    rows.append(
        Row(
            "peak memory of a process that serves them",
            memory,
            None,
            "MB",
            None,
            f"at most {MEMORY_MB:g} MB",
            memory <= MEMORY_MB,
        )
    )
    return rows
