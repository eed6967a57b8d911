"""The search on a cluster: cost of a task, cost of handing one out, and the curve that follows."""

from __future__ import annotations

import heapq
import pickle
import time
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, Any

from benchmarks import Row, benchmark
from benchmarks.search import ASKED
from narrows.inference.search import search
from narrows.inference.traffic import Objective, Traffic
from narrows.spread import cluster

if TYPE_CHECKING:
    from collections.abc import Callable

MODEL, EMPTY = "llama-3.1-70b", 300
WORKERS = (1, 2, 10, 100)
REAL = 2


class Timed(Executor):
    """Runs tasks here and keeps what each takes, by the name of its work."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {}
        self.size = 0

    def submit(self, work: Callable[..., Any], /, *rest: Any, **named: Any) -> Future[Any]:
        """Run a task at once."""
        self.size = max(self.size, len(pickle.dumps((work, rest))))
        began = time.perf_counter()
        done: Future[Any] = Future()
        done.set_result(work(*rest, **named))
        self.seconds.setdefault(work.__name__, []).append(time.perf_counter() - began)
        return done


def _search(executor: Executor | None) -> float:
    traffic, objective = Traffic(4000, 500, spread=0.3), Objective(ttft_s=2.0, tpot_s=0.05)
    began = time.perf_counter()
    search(MODEL, traffic, objective, ASKED[MODEL], executor=executor)
    return time.perf_counter() - began


def predicted(stages: list[list[float]], rest: float, handing: float, workers: int) -> float:
    """Return the time of stages one after the other: tasks in order, each to the worker that is free first.

    Parameters
    ----------
    stages
        Seconds of the tasks of each stage.
    rest
        Seconds of what is not spread.
    handing
        Seconds between two tasks that the scheduler hands out.
    workers
        Workers.
    """
    ends = rest
    for tasks in stages:
        free = [ends] * workers
        for place, seconds in enumerate(tasks):
            start = max(heapq.heappop(free), ends + handing * (place + 1))
            heapq.heappush(free, start + seconds)
        ends = max(free)
    return ends


@benchmark("cluster")
def curve() -> list[Row]:
    """Measure the tasks of one search, then predict it for more workers and check two real ones."""
    from distributed import LocalCluster

    timed = Timed()
    whole = _search(timed)
    stages = list(timed.seconds.values())
    tasks = [seconds for stage in stages for seconds in stage]
    rest = whole - sum(tasks)
    with (
        LocalCluster(n_workers=REAL, threads_per_worker=1, processes=True, dashboard_address=None) as local,
        cluster(local.scheduler_address) as executor,
    ):
        began = time.perf_counter()
        for future in [executor.submit(abs, -place) for place in range(EMPTY)]:
            future.result()
        handing = (time.perf_counter() - began) / EMPTY
        _search(executor)  # workers load their modules
        real = _search(executor)
    told = [(workers, predicted(stages, rest, handing, workers)) for workers in WORKERS]
    two = dict(told)[REAL]
    return [
        Row(f"{MODEL}: {len(tasks)} tasks, mean of one", sum(tasks) / len(tasks), None, "s", None, "", None),
        Row("the longest task", max(tasks), None, "s", None, "", None),
        Row("what is not spread", rest, None, "s", None, "", None),
        Row("the largest task as sent", timed.size / 1e3, None, "kB", None, "", None),
        Row("handing out and taking back an empty task", 1e3 * handing, None, "ms", None, "", None),
        *(
            Row(f"predicted, {workers} workers", seconds, None, "s", None, "", None)
            for workers, seconds in told
        ),
        Row("two real workers on this machine against the prediction", real, two, "s", None, "", None),
    ]
