"""Continuous batching with chunked prompts and a paged cache, one batch at a time, in plain Python.

This is the readable twin of `narrows.inference.serving_kernel`, which gives the same numbers, bit for bit.

Notes
-----
The policies ``vllm``, ``orca`` and ``static`` are in `narrows.inference.policies`. Those of ``sarathi`` are
those of the scheduler of that name of Vidur (Agrawal et al. 2024; Sarathi-Serve, OSDI 2024): decoding
requests first, one token each; then the prompt in progress; then new requests, while tokens, sequences and
blocks last. A decoding request needs a free block, whether or not it will use it; while none is free, the
last running request is restarted: what it has processed becomes its prompt.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.errors import RunError
from narrows.inference import policies
from narrows.inference.engine import BINS, Batches, Served, check, gap_bin, routes
from narrows.inference.steps import GRAIN

if TYPE_CHECKING:
    from collections.abc import Callable

    from narrows.inference.engine import Engine, Floats, Requests
    from narrows.inference.steps import StepTable

__all__ = ["serve", "stuck"]


@dataclass(slots=True)
class _Request:
    index: int
    arrived: float
    prompt: int
    output: int
    processed: int = 0
    prompt_done: bool = False
    scheduled: float | None = None
    first: float | None = None
    latest: float = 0.0
    finished: float = 0.0
    restarts: int = 0

    @property
    def done(self) -> bool:
        return self.processed == self.prompt + self.output

    def restart(self) -> None:
        """Make what was processed the prompt, to be computed again."""
        self.output += self.prompt - self.processed
        self.prompt, self.processed = self.processed, 0
        self.prompt_done = False
        self.restarts += 1


@dataclass(slots=True)
class _Replica:
    number: int
    engine: Engine
    table: StepTable
    gaps: list[int]
    waiting: deque[_Request] = field(default_factory=deque)
    running: list[_Request] = field(default_factory=list)
    held: dict[int, int] = field(default_factory=dict)
    in_use: int = 0
    peak: int = 0
    batch: list[tuple[_Request, int]] = field(default_factory=list)
    start: float = 0.0
    end: float = math.inf
    times: list[tuple[float, float]] = field(default_factory=list)
    counts: list[tuple[int, ...]] = field(default_factory=list)

    @property
    def outstanding(self) -> int:
        return len(self.waiting) + len(self.held)

    @property
    def free(self) -> int:
        return self.engine.blocks - self.in_use

    def take(self, request: _Request, blocks: int) -> None:
        self.held[request.index] = self.held.get(request.index, 0) + blocks
        self.in_use += blocks

    def release(self, request: _Request) -> None:
        self.in_use -= self.held.pop(request.index)

    def restart(self, request: _Request) -> None:
        request.restart()
        self.release(request)
        self.waiting.appendleft(request)

    def form(self, now: float) -> None:
        """Put a batch together and start it; do nothing where there is nothing to do."""
        self.batch, prompts = [], []
        while self.running and len(self.batch) < self.engine.sequences:
            request = self.running.pop(0)
            if request.prompt_done:
                self.decode(request)
            else:
                prompts.append(request)
        left_over = [request for request in prompts if not self.add_chunk(request)]
        self.running = sorted(left_over + self.running, key=lambda request: request.arrived)
        self.admit()
        if self.batch:
            self.begin(now)

    def decode(self, request: _Request) -> None:
        while self.free == 0:
            if not self.running:
                self.restart(request)
                return
            self.restart(self.running.pop())
        if request.processed > self.held[request.index] * self.engine.block_tokens:
            self.take(request, 1)
        self.batch.append((request, 1))

    def add_chunk(self, request: _Request) -> bool:
        left = self.engine.chunk - sum(tokens for _, tokens in self.batch)
        chunk = min(request.prompt - request.processed, left)
        if chunk > 0:
            self.batch.append((request, chunk))
        return chunk > 0

    def admit(self) -> None:
        engine = self.engine
        while self.waiting and len(self.held) < engine.sequences and len(self.batch) < engine.sequences:
            request = self.waiting[0]
            blocks = -(-request.prompt // engine.block_tokens)
            if self.free - blocks < engine.reserve or not self.add_chunk(request):
                return
            self.take(self.waiting.popleft(), blocks)

    def begin(self, now: float) -> None:
        chunks = [(request, tokens) for request, tokens in self.batch if not request.prompt_done]
        decoding = [request.processed for request, _ in self.batch if request.prompt_done]
        content = (
            len(decoding),
            sum(decoding),
            len(chunks),
            sum(tokens for _, tokens in chunks),
            sum(-(-request.processed // GRAIN) * GRAIN for request, _ in chunks),
            sum(tokens * tokens for _, tokens in chunks),
        )
        names = ("n_decode", "decode_kv", "n_prefill", "prefill_tokens", "prefill_kv", "prefill_sum_sq")
        pairs = sum(tokens * (2 * request.processed + tokens) for request, tokens in chunks)
        duration = self.table.seconds(**dict(zip(names, content, strict=True)), prefill_pairs=pairs)
        self.start, self.end = now, now + duration
        self.peak = max(self.peak, self.in_use)
        self.times.append((now, duration))
        self.counts.append((self.number, *content, self.in_use))
        for request, _ in chunks:
            if request.scheduled is None:
                request.scheduled = now

    def finish(self) -> None:
        """End the batch: hand out its tokens, let the finished go."""
        now, self.end = self.end, math.inf
        for request, tokens in self.batch:
            was_done = request.prompt_done
            request.processed += tokens
            if not was_done and request.processed == request.prompt:
                request.prompt_done = True
                request.processed += 1
            if request.prompt_done:
                self.token(request, now)
            if request.done:
                request.finished = now
                self.release(request)
            else:
                self.running.append(request)

    def token(self, request: _Request, now: float) -> None:
        if request.first is None:
            request.first = now
        else:
            self.gaps[gap_bin(now - request.latest)] += 1
        request.latest = now


def serve(
    requests: Requests,
    table: StepTable,
    engine: Engine,
    *,
    batches: bool = False,
    since_s: Floats | None = None,
) -> Served:
    """Return what becomes of requests on a deployment, by the rules of its policy.

    Parameters
    ----------
    requests
        Requests in order of arrival.
    table
        How long a step takes.
    engine
        Replicas and their limits.
    batches
        Whether to return every batch.
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
    At one instant arrivals come first, then ends of batches, then new batches.

    Examples
    --------
    >>> from narrows.inference.engine import Engine, Requests
    >>> from narrows.inference.steps import StepTable
    >>> served = serve(Requests([0.0, 0.5], [600, 10], [3, 1]), StepTable.from_law([1.0]), Engine())
    >>> served.ttft_s.tolist(), served.e2e_s.tolist(), served.iterations
    ([2.0, 1.5], [4.0, 1.5], 4)
    """
    check(requests, table, engine)
    gaps = [0] * BINS
    plain = engine.policy == "sarathi"
    kind = _Replica if plain else policies.Replica
    replicas: list[Any] = [kind(number, engine, table, gaps) for number in range(engine.replicas)]
    lists = (a.tolist() for a in (requests.arrived_s, requests.prompt, requests.output))
    rows: list[tuple[Any, ...]] = list(zip(*lists, strict=True))
    every: list[Any] = [
        _Request(index, *row)
        if plain
        else policies.Task(index, row[0], row[1], row[2], _names(requests, index))
        for index, row in enumerate(rows)
    ]
    if since_s is not None:
        for task, since in zip(every, since_s.tolist(), strict=True):
            task.begin_decoding(since)
    chosen = routes(len(every), engine)
    replica_of = np.zeros(len(every), dtype=np.int32)
    coming: deque[Any] = deque(every)
    now = 0.0
    while coming or any(math.isfinite(replica.end) for replica in replicas):
        now = min([replica.end for replica in replicas] + ([coming[0].arrived] if coming else []))
        touched = set()
        while coming and coming[0].arrived == now:
            request = coming.popleft()
            number = min(replicas, key=_load(engine)).number if chosen is None else int(chosen[request.index])
            replica_of[request.index] = number
            replicas[number].waiting.append(request)
            touched.add(number)
        for replica in replicas:
            if replica.end == now:
                replica.finish()
                touched.add(replica.number)
        for number in sorted(touched):
            if math.isinf(replicas[number].end):
                replicas[number].form(now)
    left = sum(not request.done for request in every)
    if left:
        raise stuck(left)
    times = np.array([row for replica in replicas for row in replica.times]).T
    counts = np.array([row for replica in replicas for row in replica.counts], dtype=np.int64).T
    return Served(
        np.array([(request.scheduled or 0.0) - request.arrived for request in every]),
        np.array([(request.first or 0.0) - request.arrived for request in every]),
        np.array([request.finished - request.arrived for request in every]),
        np.array([request.restarts for request in every], dtype=np.int32),
        replica_of,
        np.array(gaps, dtype=np.int64),
        times.shape[1],
        max(replica.peak for replica in replicas),
        now,
        Batches.of(times, counts) if batches else None,
        np.array([task.cached for task in every]) if engine.prefix_cache else None,
        0 if plain else sum(replica.verifications for replica in replicas),
        0 if plain else sum(replica.verified for replica in replicas),
    )


def _names(requests: Requests, index: int) -> list[int]:
    """Return the names of the full blocks of a prompt."""
    if requests.hashes is None or requests.offsets is None:
        return []
    first = int(requests.offsets[index])
    full = int(requests.prompt[index]) // requests.hash_tokens
    return [int(name) for name in requests.hashes[first : first + full]]


def _load(engine: Engine) -> Callable[[Any], int]:
    """Return what the routing compares."""
    if engine.routing == "least_outstanding":
        return lambda replica: int(replica.outstanding)
    return lambda replica: len(replica.waiting)


def stuck(left: int) -> RunError:
    """Return the refusal of a simulation that cannot go on."""
    return RunError(
        f"The engine stopped with {left} requests that it cannot admit",
        "A request is admitted once enough blocks are free",
        "Give more blocks or a smaller watermark",
    )
