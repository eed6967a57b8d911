"""A price shock through tables: one vector, many draws, a table of the world, a year of stocks.

Peers' figures are recorded, not run: pymrio 0.7.0 (LGPL) and BoARIO 0.7.2 (GPL) on the same generated tables,
on two shared cores. `Row.peer` is the recorded time.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import Row, benchmark
from narrows.shocks.inventories import run_inventories
from narrows.shocks.push import PriceModel, many, price_vector
from narrows.shocks.tables import economy

if TYPE_CHECKING:
    from collections.abc import Callable

DRAWS, DRAWS_S, ONE_S = 10_000, 2.0, 0.005
NODES, NODES_S, NODES_BYTES = (49, 200), 3.0, 1.7e9
STOCKS, STOCKS_S, DAYS = (10, 56), 4.0, 365
BATCHED_S, PYMRIO_S, BOARIO_S = 5.4, 152.6, 39.1
"""Recorded: a batched power series in double precision; pymrio's `calc_system`; BoARIO, 107 ms a step."""


def best(work: Callable[[], object], times: int = 3) -> float:
    """Return the least seconds of some runs."""
    spent = []
    for _ in range(times):
        begin = time.perf_counter()
        work()
        spent.append(time.perf_counter() - begin)
    return min(spent)


def world(regions: int, sectors: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the generated table: flows, output, value added over output."""
    rng = np.random.default_rng(0)
    count = regions * sectors
    flows = rng.gamma(0.3, 1, (count, count))
    final = rng.gamma(2, 0.006 * count, (count, 2 * regions)).sum(axis=1)
    output = flows.sum(axis=1) + final
    return flows, output, 1 - flows.sum(axis=0) / output


def alone() -> None:
    """Time the large table and print seconds, the largest error and the bytes it took."""
    flows, output, added = world(*NODES)
    begin = time.perf_counter()
    found, _ = price_vector(flows, output, added)
    spent = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(spent, float(np.abs(found - 1).max()), peak)


@benchmark("shocks")
def shocks() -> list[Row]:
    """Time the four sizes of the question."""
    us = economy("detail", 2017)
    model = PriceModel(us, ("211000",))
    one = best(lambda: model.series([0.1]), 20)
    rng = np.random.default_rng(0)
    phi, change = rng.beta(5, 2, (DRAWS, len(us.codes))), np.exp(rng.normal(0.4, 0.3, (DRAWS, 1))) - 1
    batch = best(lambda: many(model, change, phi))
    text = "from benchmarks.shocks import alone; alone()"
    told = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True).stdout
    seconds, error, peak = (float(part) for part in told.split())
    flows, output, _ = world(*STOCKS)
    final = output - flows.sum(axis=1)
    capacity = np.ones((DAYS, len(output)))
    capacity[5:95, 1], capacity[95:155, 1] = 0.5, np.linspace(0.5, 1, 60)
    product = np.tile(np.arange(STOCKS[1]), STOCKS[0])
    run_inventories(flows, final, product, capacity[:2])
    year = best(lambda: run_inventories(flows, final, product, capacity), 2)
    return [
        Row("price vector, 402 industries, warm", one, None, "s", None, f"<= {ONE_S:g} s", one <= ONE_S),
        Row(
            f"{DRAWS} draws, a pass-through for each of 401 industries",
            batch,
            BATCHED_S,
            "s",
            BATCHED_S / batch,
            f"<= {DRAWS_S:g} s",
            batch <= DRAWS_S,
        ),
        Row(
            f"price vector, {NODES[0] * NODES[1]} nodes, error {error:.0e} (peer: pymrio)",
            seconds,
            PYMRIO_S,
            "s",
            PYMRIO_S / seconds,
            f"<= {NODES_S:g} s",
            seconds <= NODES_S,
        ),
        Row(
            "memory of it (peer: pymrio)",
            peak / 1e9,
            4.75,
            "GB",
            4.75e9 / peak,
            "<= 1.7 GB",
            peak <= NODES_BYTES,
        ),
        Row(
            f"{DAYS} days of stocks, {len(output)} nodes (peer: BoARIO)",
            year,
            BOARIO_S,
            "s",
            BOARIO_S / year,
            f"<= {STOCKS_S:g} s",
            year <= STOCKS_S,
        ),
    ]
