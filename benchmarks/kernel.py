"""The solver of the map: time, memory and growth, beside HiGHS in the same run."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import Row, benchmark
from narrows.bottlenecks import kernel
from narrows.bottlenecks.check import check_networks
from narrows.bottlenecks.lp import cold_seconds
from narrows.bottlenecks.network import Network, Stack

if TYPE_CHECKING:
    from collections.abc import Callable

DRAWS, LAYERS, QUARTERS = 100_000, 14, 40
RUNS, COLD_RUNS, NETWORKS = 7, 200, 1000

# The 14 layers of the first map: logic, memory and substrates into packaging, systems, and power.
PARENT = [4, 2, 4, 4, 5, 8, 8, 8, 13, 13, 11, 12, 13, -1]
LAG = [2, 1, 0, 1, 1, 0, 1, 1, 1, 0, 0, 0, 0, 0]


def toy(draws: int, network: Network, quarters: int, seed: int = 1) -> Stack:
    """Return a stack of made-up figures that grow by a few percent a quarter, filled block by block."""
    random, quarter, layers = np.random.default_rng(seed), np.arange(quarters), len(network)
    base, growth = random.uniform(0.8, 1.6, (layers, 1)), random.uniform(1.03, 1.14, (layers, 1))
    K, block = np.empty((draws, layers, quarters)), 2000
    for first in range(0, draws, block):
        part = K[first : first + block]
        random.standard_normal(out=part)
        part *= 0.08
        part += random.normal(0, 0.25, (len(part), layers, 1))
        part += random.normal(0, 0.02, (len(part), layers, 1)) * quarter
        np.exp(part, out=part)
        part *= base * growth**quarter
    stock = random.uniform(0, 0.6, (draws, layers))
    stock[:, network.root] = 0.0
    demand = np.cumsum(1.25 * 1.12**quarter) * np.exp(random.normal(0, 0.15, (draws, 1)))
    arrivals = np.broadcast_to(stock[:, :, None], K.shape)
    return Stack(network, K, arrivals, np.full((1, layers, 1), np.inf), demand, 0.97**quarter)


def least_seconds(run: Callable[[], object], runs: int = RUNS) -> tuple[float, float]:
    """Return the least wall and CPU time of several runs [s]; the first run, uncounted, warms up."""
    run()
    wall, cpu = [], []
    for _ in range(runs):
        begin, begin_cpu = time.perf_counter(), time.process_time()
        run()
        wall.append(time.perf_counter() - begin)
        cpu.append(time.process_time() - begin_cpu)
    return min(wall), min(cpu)


@benchmark("kernel")
def speed() -> list[Row]:
    """Time 100,000 draws of 14 layers and 40 quarters with all prices, and one draw in HiGHS."""
    stack = toy(DRAWS, Network(PARENT, LAG), QUARTERS)
    wall, cpu = least_seconds(lambda: kernel.solve(stack))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    cold = statistics.median(cold_seconds(stack, draw)[0] for draw in range(COLD_RUNS))
    size = f"{DRAWS} draws x {LAYERS} layers x {QUARTERS} quarters, all prices"
    ratio = cold * DRAWS / wall
    return [
        Row(f"{size}: wall", wall, None, "s", None, "at most 0.2", wall <= 0.2),
        Row(f"{size}: CPU", cpu, None, "s", None, "", None),
        Row("draws solved", DRAWS / wall, 1 / cold, "draw/s", ratio, "", None),
        Row(
            "one draw beside cold HiGHS", wall / DRAWS, cold, "s", ratio, "ratio at least 2000", ratio >= 2000
        ),
        Row("peak memory of that run", memory, None, "GiB", None, "at most 1", memory <= 1),
    ]


@benchmark("growth")
def growth() -> list[Row]:
    """Fit the slope of log CPU time on log size: 1 is linear.

    In a long chain the layers far upstream hardly ever bind and the way back skips them, so its slope
    is lower than that of a tree where every branch binds in some draw.
    """
    stack = toy(DRAWS, Network(PARENT, LAG), QUARTERS)
    rows = [_slope("draws", [(n, stack.take(slice(n))) for n in (100, 1000, 10_000, DRAWS)])]
    sizes = (4, 8, 16, 32, 64, 128, 256)
    rows.append(_slope("layers of a tree", [(n, toy(4096, _tree(n), QUARTERS)) for n in sizes]))
    rows.append(
        _slope("layers of a chain", [(n, toy(4096, _chain(n), QUARTERS)) for n in sizes], asked=False)
    )
    rows.append(_slope("quarters", [(n, toy(4096, Network(PARENT, LAG), n)) for n in sizes[1:]]))
    return rows


def _tree(layers: int) -> Network:
    """Return a tree in which every layer takes two inputs, with lags of 0 to 2 quarters."""
    return Network([-1] + [(i - 1) // 2 for i in range(1, layers)], [0] + [i % 3 for i in range(1, layers)])


def _chain(layers: int) -> Network:
    return Network([*range(1, layers), -1], [1] * (layers - 1) + [0])


def _slope(name: str, stacks: list[tuple[int, Stack]], *, asked: bool = True) -> Row:
    seconds = [least_seconds(lambda stack=stack: kernel.solve(stack))[1] for _, stack in stacks]
    slope = float(np.polyfit(np.log([size for size, _ in stacks]), np.log(seconds), 1)[0])
    sizes = f"{stacks[0][0]} to {stacks[-1][0]}"
    goal, holds = ("0.85 to 1.1", 0.85 <= slope <= 1.1) if asked else ("", None)
    return Row(f"slope of log CPU time, {name} {sizes}", slope, None, "1", None, goal, holds)


FIRST_CALL = """
import time
begin = time.perf_counter()
import numpy as np
from narrows.bottlenecks.{solver} import solve
from narrows.bottlenecks.network import Network, Stack
K = np.random.default_rng(1).uniform(0.5, 3, (10_000, 18, 36))
shape = K.shape[1:]
network = Network([*range(1, 18), -1], [1] * 9 + [0] * 9)
demand = np.cumsum(np.full((1, 36), 2.0), axis=1)
stack = Stack(network, K, np.zeros((1, *shape)), np.full((1, 18, 1), np.inf), demand, np.ones(36))
ready = time.perf_counter()
solve(stack)
print(time.perf_counter() - ready)
"""


@benchmark("first-call")
def first_call() -> list[Row]:
    """Time the first solve of a new process: the plain solver beside the compiled one from its cache."""
    seconds = {}
    for solver in ("plain", "kernel"):
        command = [sys.executable, "-c", FIRST_CALL.format(solver=solver)]
        seconds[solver] = min(float(subprocess.check_output(command)) for _ in range(4))
    ratio = seconds["kernel"] / seconds["plain"]
    text = "first solve of a process, 10000 x 18 x 36: plain beside compiled"
    return [Row(text, seconds["plain"], seconds["kernel"], "s", ratio, "", None)]


@benchmark("networks")
def networks() -> list[Row]:
    """Compare random networks with linear programming and differences."""
    return [
        Row(
            f"{row.quantity}, {row.metric}, {NETWORKS} networks",
            row.value,
            None,
            "1",
            None,
            row.goal,
            row.holds,
        )
        for row in check_networks(NETWORKS, seed=20260701)
    ]
