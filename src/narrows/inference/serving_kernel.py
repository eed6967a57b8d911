"""The compiled simulation of serving: the same results as `narrows.inference.serving`, bit for bit.

numba is imported on the first call, not with this module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from narrows.inference.engine import BINS, Batches, Served, check, routes
from narrows.inference.steps import LAW, TERMS

if TYPE_CHECKING:
    from narrows.inference.engine import Engine, Requests
    from narrows.inference.steps import StepTable

__all__ = ["serve"]


def serve(requests: Requests, table: StepTable, engine: Engine, *, batches: bool = False) -> Served:
    """Return what becomes of requests on a deployment.

    Parameters
    ----------
    requests
        Requests in order of arrival.
    table
        How long a step takes.
    engine
        Replicas and their limits.
    batches
        Whether to return every batch; the simulation then runs twice, the first time to count them.

    Raises
    ------
    DataError
        If a request or a batch does not fit the cache or the table.
    RunError
        If the engine stops with requests that it cannot admit.

    Notes
    -----
    The rules are in `narrows.inference.serving`. The cost is O(batches + requests), and O(sequences) more
    for a batch in which blocks run out.

    Examples
    --------
    >>> from narrows.inference.engine import Engine, Requests
    >>> from narrows.inference.steps import StepTable
    >>> served = serve(Requests([0.0, 0.5], [600, 10], [3, 1]), StepTable.from_law([1.0]), Engine())
    >>> served.ttft_s.tolist(), served.e2e_s.tolist(), served.iterations
    ([2.0, 1.5], [4.0, 1.5], 4)
    """
    check(requests, table, engine)
    served, _ = _run(requests, table, engine, 0)
    if batches:
        served, columns = _run(requests, table, engine, served.iterations)
        return Served(
            served.queue_s,
            served.ttft_s,
            served.e2e_s,
            served.restarts,
            served.replica,
            served.gaps,
            served.iterations,
            served.peak_blocks,
            served.makespan_s,
            Batches.of(*columns),
        )
    return served


def _run(
    requests: Requests, table: StepTable, engine: Engine, rows: int
) -> tuple[Served, tuple[np.ndarray, np.ndarray]]:
    from narrows.inference._serving_compiled import DONE, END, ITERATIONS, PEAK, run_replicas
    from narrows.inference.serving import stuck

    count = len(requests)
    given = routes(count, engine)
    chosen = np.zeros(count, np.int32) if given is None else given.astype(np.int32)
    prompt = requests.prompt.astype(np.int32)
    total = (requests.prompt + requests.output).astype(np.int32)
    queued, first, finished = (np.full(count, -1.0) for _ in range(3))
    restarts, gaps = np.zeros(count, np.int32), np.zeros(BINS, np.int64)
    times, counts = np.zeros((2, rows)), np.zeros((8, rows), np.int64)
    limits = np.array([engine.blocks, engine.block_tokens, engine.chunk, engine.sequences, engine.reserve])
    linear = table.kind == LAW and not table.coefficients[len(TERMS) :].any()
    coefficients = table.coefficients[: len(TERMS)] if linear else table.coefficients
    numbers, clocks = run_replicas(
        int(given is None), table.kind, table.token, table.decode, table.prefill, coefficients, limits,
        requests.arrived_s, prompt, total, chosen, int(total.max()), engine.replicas, queued, first, finished,
        restarts, gaps, times, counts,
    )  # fmt: skip
    done = int(numbers[:, DONE].sum())
    if done < count:
        raise stuck(count - done)
    served = Served(
        queued,
        first,
        finished,
        restarts,
        chosen,
        gaps,
        int(numbers[:, ITERATIONS].sum()),
        int(numbers[:, PEAK].max()),
        float(clocks[:, END].max()),
    )
    return served, (times, counts)
