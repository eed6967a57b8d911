"""The search for the best deployments: configurations a second, the front simulated."""

from __future__ import annotations

import time
from concurrent.futures import ProcessPoolExecutor

from benchmarks import Row, benchmark
from narrows.inference.search import Search, Space, search
from narrows.inference.traffic import Objective, Traffic

MOST_SECONDS, CORES = 60.0, 2
ASKED = {
    "llama-3.1-70b": Space(chips=("h100", "h200", "b200", "gb200", "mi355x")),
    "deepseek-v3": Space(chips=("h200", "b200"), weights=("shipped", "nvfp4")),
}


def _run(model: str, space: Space) -> tuple[Search, float]:
    with ProcessPoolExecutor(CORES) as pool:
        begin = time.perf_counter()
        found = search(
            model, Traffic(4000, 500, spread=0.3), Objective(ttft_s=2.0, tpot_s=0.05), space, executor=pool
        )
        return found, time.perf_counter() - begin


@benchmark("search")
def speed() -> list[Row]:
    """Search a dense model and one with experts under an objective, on two processes."""
    rows = []
    for model, space in ASKED.items():
        found, seconds = _run(model, space)
        name = f"{model}: {found.configurations:,} configurations screened, {found.simulated} simulated"
        rows.append(
            Row(
                f"{name}, {CORES} cores",
                seconds,
                None,
                "s",
                None,
                f"at most {MOST_SECONDS:g} s",
                seconds <= MOST_SECONDS,
            )
        )
    return rows
