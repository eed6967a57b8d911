"""The compiled simulation of serving: the same results as `narrows.inference.serving`, bit for bit.

numba is imported on the first call, not with this module.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from narrows.inference.engine import BINS, Batches, Served, check, routes
from narrows.inference.steps import LAW, TERMS

if TYPE_CHECKING:
    from narrows.inference.engine import Engine, Floats, Requests
    from narrows.inference.steps import StepTable

__all__ = ["serve"]


def serve(
    requests: Requests,
    table: StepTable,
    engine: Engine,
    *,
    batches: bool = False,
    since_s: Floats | None = None,
) -> Served:
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
    since_s
        [s] With ``vllm``: requests, of two tokens or more, arrive with their prompt in the cache, and had
        their first token at these times.

    Raises
    ------
    DataError
        If a request or a batch does not fit the cache or the table.
    RunError
        If the engine stops with requests that it cannot admit.

    Notes
    -----
    The rules are in `narrows.inference.serving` and `narrows.inference.policies`. With ``sarathi``, and with
    ``vllm`` alone, the cost is O(batches + requests), and O(sequences) more for a batch in which blocks run
    out; otherwise it is O(running requests) for each batch.

    Examples
    --------
    >>> from narrows.inference.engine import Engine, Requests
    >>> from narrows.inference.steps import StepTable
    >>> served = serve(Requests([0.0, 0.5], [600, 10], [3, 1]), StepTable.from_law([1.0]), Engine())
    >>> served.ttft_s.tolist(), served.e2e_s.tolist(), served.iterations
    ([2.0, 1.5], [4.0, 1.5], 4)
    """
    check(requests, table, engine)
    ring = engine.policy == "sarathi" or (
        engine.policy == "vllm" and since_s is None and not engine.prefix_cache and not engine.speculate
    )

    def run(rows: int) -> tuple[Served, tuple[np.ndarray, np.ndarray]]:
        return _ring(requests, table, engine, rows) if ring else _walk(requests, table, engine, rows, since_s)

    served, _ = run(0)
    if batches:
        served, columns = run(served.iterations)
        return replace(served, batches=Batches.of(*columns))
    return served


def _ring(
    requests: Requests, table: StepTable, engine: Engine, rows: int
) -> tuple[Served, tuple[np.ndarray, np.ndarray]]:
    from narrows.inference._serving_compiled import DONE, END, ITERATIONS, PEAK, run_replicas

    count = len(requests)
    given = routes(count, engine)
    chosen = np.zeros(count, np.int32) if given is None else given.astype(np.int32)
    prompt = requests.prompt.astype(np.int32)
    total = (requests.prompt + requests.output).astype(np.int32)
    queued, first, finished = (np.full(count, -1.0) for _ in range(3))
    restarts, gaps = np.zeros(count, np.int32), np.zeros(BINS, np.int64)
    times, counts = np.zeros((2, rows)), np.zeros((8, rows), np.int64)
    limits = np.array([*_limits(engine), int(engine.policy == "vllm")])
    numbers, clocks = run_replicas(
        int(given is None), int(engine.routing == "least_outstanding"), table.kind, table.token,
        table.decode, table.prefill, _coefficients(table), limits, requests.arrived_s, prompt, total, chosen,
        int(total.max()), engine.replicas, queued, first, finished, restarts, gaps, times, counts,
    )  # fmt: skip
    _check_done(int(numbers[:, DONE].sum()), count)
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


def _walk(
    requests: Requests, table: StepTable, engine: Engine, rows: int, since_s: Floats | None
) -> tuple[Served, tuple[np.ndarray, np.ndarray]]:
    from narrows.inference._policies_compiled import (
        CHECKED,
        CHECKS,
        DONE,
        END,
        ITERATIONS,
        ORCA,
        PEAK,
        STATIC,
        VLLM,
        run_walk,
    )
    from narrows.inference.policies import powers
    from narrows.inference.prefixes import dense

    count = len(requests)
    given = routes(count, engine)
    chosen = np.zeros(count, np.int32) if given is None else given.astype(np.int32)
    prompt = requests.prompt.astype(np.int32)
    total = (requests.prompt + requests.output).astype(np.int32)
    known, computed, latest = prompt.copy(), np.zeros(count, np.int32), np.zeros(count)
    queued, first, finished = (np.full(count, -1.0) for _ in range(3))
    if since_s is not None:
        known, computed, latest = prompt + np.int32(1), prompt.copy(), since_s.astype(np.float64)
        first = np.zeros(count)  # handed out already
    restarts, cached, gaps = np.zeros(count, np.int32), np.zeros(count, np.int32), np.zeros(BINS, np.int64)
    times, counts = np.zeros((2, rows)), np.zeros((8, rows), np.int64)
    names, offsets = np.zeros(1, np.int32), np.zeros(count + 1, np.int64)
    full, distinct = np.zeros(count, np.int32), 1
    if engine.prefix_cache and requests.hashes is not None and requests.offsets is not None:
        places, distinct = dense(requests.hashes)
        names, offsets = places.astype(np.int32), requests.offsets
        full = (requests.prompt // requests.hash_tokens).astype(np.int32)
    policy = {"vllm": VLLM, "orca": ORCA, "static": STATIC}[engine.policy]
    limits = np.array([*_limits(engine), policy, int(engine.prefix_cache), engine.speculate])
    numbers, clocks = run_walk(
        int(given is None), int(engine.routing == "least_outstanding"), table.kind, table.token,
        table.decode, table.prefill, _coefficients(table), limits, np.uint64(engine.seed % 2**64),
        np.array([*powers(engine), 0.0]), engine.speculate * engine.draft_share, requests.arrived_s, prompt,
        total, names, offsets, full, distinct, chosen, engine.replicas, known, computed, latest, queued,
        first, finished, restarts, cached, gaps, times, counts,
    )  # fmt: skip
    _check_done(int(numbers[:, DONE].sum()), count)
    served = Served(
        queued,
        first if since_s is None else since_s - requests.arrived_s,
        finished,
        restarts,
        chosen,
        gaps,
        int(numbers[:, ITERATIONS].sum()),
        int(numbers[:, PEAK].max()),
        float(clocks[:, END].max()),
        None,
        cached.astype(np.int64) if engine.prefix_cache else None,
        int(numbers[:, CHECKS].sum()),
        int(numbers[:, CHECKED].sum()),
    )
    return served, (times, counts)


def _limits(engine: Engine) -> tuple[int, ...]:
    return engine.blocks, engine.block_tokens, engine.chunk, engine.sequences, engine.reserve


def _coefficients(table: StepTable) -> np.ndarray:
    linear = table.kind == LAW and not table.coefficients[len(TERMS) :].any()
    return table.coefficients[: len(TERMS)] if linear else table.coefficients


def _check_done(done: int, count: int) -> None:
    from narrows.inference.serving import stuck

    if done < count:
        raise stuck(count - done)
