"""Serving by an engine that forms a batch while the one before it runs, as vLLM does from version 0.14 on."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from narrows.errors import UsageError
from narrows.inference.engine import Requests
from narrows.inference.serving_kernel import serve

if TYPE_CHECKING:
    from narrows.inference.engine import Engine, Served
    from narrows.inference.steps import StepTable

__all__ = ["serve_ahead"]

ROUNDS = 8
AFTER_S = 1e-9
"""By how much a request comes after the end of a batch, to miss the next."""


def serve_ahead(requests: Requests, table: StepTable, engine: Engine, *, rounds: int = ROUNDS) -> Served:
    """Return what becomes of requests where each batch is formed while the one before it runs.

    Parameters
    ----------
    requests
        Requests in order of arrival.
    table
        How long a step takes.
    engine
        One replica and its limits.
    rounds
        Simulations, each with the batches of the one before.

    Raises
    ------
    UsageError
        If there is more than one replica, or no round.
    DataError
        If a request or a batch does not fit the cache or the table.

    Notes
    -----
    A request that arrives while batch k runs finds batch k + 1 formed and joins batch k + 2. So it is given
    to the simulation just after the end of batch k, and its latency is counted from its arrival. Which batch
    runs at an arrival depends on the batches; a few rounds settle it to about a millisecond. Not counted: a
    place that becomes free is seen one batch later too.

    Examples
    --------
    >>> from narrows.inference.engine import Engine
    >>> from narrows.inference.steps import StepTable
    >>> asked = Requests([0.0, 0.5], [100, 10], [5, 1])
    >>> served = serve_ahead(asked, StepTable.from_law([1.0]), Engine())
    >>> served.ttft_s.round(6).tolist()  # the second waits to the end of the first batch, and one more
    [1.0, 2.5]
    """
    if engine.replicas != 1 or rounds < 1:
        raise UsageError(
            f"Serving ahead is asked for {engine.replicas} replicas in {rounds} rounds",
            "It simulates one replica in one round or more",
            "Give one replica",
        )
    arrived = requests.arrived_s
    moved = arrived
    for left in range(rounds, -1, -1):
        served = serve(Requests(moved, requests.prompt, requests.output), table, engine, batches=left > 0)
        if served.batches is None:
            break
        start = served.batches.start_s
        end = start + served.batches.duration_s
        running = np.maximum(np.searchsorted(start, arrived, side="right") - 1, 0)
        busy = (arrived > start[running]) & (arrived < end[running])
        moved = np.where(busy, end[running] + AFTER_S, arrived)
        shift = moved - arrived
    return dataclasses.replace(
        served,
        queue_s=served.queue_s + shift,
        ttft_s=served.ttft_s + shift,
        e2e_s=served.e2e_s + shift,
    )
