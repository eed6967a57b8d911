"""The policies ``vllm``, ``orca`` and ``static``, one batch at a time, in plain Python.

This is the readable twin: ``vllm`` alone is compiled in ``_serving_compiled`` and everything else in
``_policies_compiled``; both give the same numbers, bit for bit.

Notes
-----
``vllm`` has the rules of the first-come-first-served scheduler of vLLM v1 (vllm-project/vllm,
``vllm/v1/core/sched/scheduler.py`` and ``kv_cache_manager.py``, as of January 2026, about version 0.15).
Running requests come first, in order of admission: each is given the tokens that it still has to compute,
while tokens of the batch last, and the blocks for just these tokens. While too few blocks are free, the
last running request is preempted: it loses its blocks and goes to the front of the queue, to be computed
again with what it has generated. Where none was preempted, waiting requests follow, while tokens, sequences
and blocks last. Later versions may admit a prompt only if it fits in the free blocks whole.

``orca`` (Yu et al., OSDI 2022) forms a batch anew at each iteration, takes prompts whole and reserves the
cache of prompt and output at admission; nothing is ever preempted. ``static`` does the same, but admits
only into an empty engine, as FasterTransformer does: none joins until the last of the batch has ended. What
ends early is handed out at once and costs no more time.

Prefix cache: a block whose tokens are all of the prompt keeps its name when it is freed, until it is taken
for something else; the least recently freed is taken first, and of one request the last block first. A
request skips the leading blocks that are named already, but for its last token. A block is named when its
batch is formed, so that a request in the same batch may share it.

Speculation: a decoding request is given its token and k drafted ones, and the cache of k more. Of these,
the leading ones that are accepted count, and one more. The batch takes the time of all these tokens, and k
times the share of a plain decoding step for the draft. The draft model's own cache is left out, and so are
the logits of drafted tokens in a roof.
"""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from narrows.inference.engine import gap_bin
from narrows.inference.steps import GRAIN

if TYPE_CHECKING:
    from narrows.inference.engine import Engine
    from narrows.inference.steps import StepTable

__all__ = ["Replica", "Task", "accepted", "powers"]

_MASK = 2**64 - 1


def powers(engine: Engine) -> list[float]:
    """Return the chance that at least 1, 2, ... k drafted tokens are accepted."""
    chances, chance = [], 1.0
    for _ in range(engine.speculate):
        chance *= engine.acceptance
        chances.append(chance)
    return chances


def accepted(seed: int, request: int, place: int, chances: list[float], drafts: int) -> int:
    """Return how many drafted tokens are accepted.

    Parameters
    ----------
    seed, request, place
        What the draw depends on: seed, number of the request, tokens before the draft.
    chances
        Chance that at least 1, 2, ... are accepted.
    drafts
        Tokens drafted.

    Notes
    -----
    One uniform number is drawn by the finaliser of splitmix64 (Steele, Lea and Flood 2014) from a counter, so
    that it does not depend on the order of events.

    Examples
    --------
    >>> [accepted(1, 0, place, [0.5, 0.25], 2) for place in range(8)].count(0) in range(1, 8)
    True
    """
    x = (seed * 0x9E3779B97F4A7C15 + request * 0xBF58476D1CE4E5B9 + place * 0x94D049BB133111EB) & _MASK
    for _ in range(2):
        x = (x + 0x9E3779B97F4A7C15) & _MASK
        x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
        x ^= x >> 31
    uniform = (x >> 11) * 2.0**-53
    return sum(uniform < chance for chance in chances[:drafts])


@dataclass(slots=True)
class Task:
    """A request and how far it is; ``known`` tokens, of which ``computed`` are in the cache."""

    index: int
    arrived: float
    prompt: int
    output: int
    hashes: list[int]
    known: int = 0
    computed: int = 0
    target: int = 0
    blocks: list[int] = field(default_factory=list)
    scheduled: float | None = None
    first: float | None = None
    latest: float = 0.0
    finished: float = 0.0
    restarts: int = 0
    cached: int = 0

    def __post_init__(self) -> None:
        self.known = self.target = self.prompt

    def begin_decoding(self, since: float) -> None:
        """Come with the prompt in the cache and the first token handed out."""
        self.known, self.computed, self.first, self.latest = self.prompt + 1, self.prompt, since, since

    @property
    def decoding(self) -> bool:
        """Whether the prompt, or what was lost, is in the cache."""
        return self.computed >= self.target

    @property
    def done(self) -> bool:
        """Whether all tokens are known."""
        return self.known == self.prompt + self.output


class _Pool:
    """Blocks of cache: the free ones in the order in which they will be taken."""

    def __init__(self, blocks: int) -> None:
        self.blocks = blocks
        self.used = 0
        self.fresh = 0
        self.freed: OrderedDict[int, None] = OrderedDict()
        self.users: dict[int, int] = {}
        self.name_of: dict[int, int] = {}
        self.named: dict[int, int] = {}

    @property
    def free(self) -> int:
        return self.blocks - self.used

    def take(self) -> int:
        if self.fresh < self.blocks:
            block, self.fresh = self.fresh, self.fresh + 1
        else:
            block = self.freed.popitem(last=False)[0]
            if block in self.name_of:
                del self.named[self.name_of.pop(block)]
        self.users[block] = 1
        self.used += 1
        return block

    def share(self, block: int) -> None:
        if self.users[block] == 0:
            del self.freed[block]
            self.used += 1
        self.users[block] += 1

    def release(self, blocks: list[int]) -> None:
        for block in reversed(blocks):
            self.users[block] -= 1
            if self.users[block] == 0:
                self.freed[block] = None
                self.used -= 1

    def name(self, block: int, name: int) -> None:
        if name not in self.named:
            self.named[name], self.name_of[block] = block, name


@dataclass(slots=True)
class Replica:
    """One engine: what waits, what runs, what is in the batch."""

    number: int
    engine: Engine
    table: StepTable
    gaps: list[int]
    waiting: deque[Task] = field(default_factory=deque)
    running: list[Task] = field(default_factory=list)
    peak: int = 0
    batch: list[tuple[Task, int, int]] = field(default_factory=list)
    start: float = 0.0
    end: float = math.inf
    times: list[tuple[float, float]] = field(default_factory=list)
    counts: list[tuple[int, ...]] = field(default_factory=list)
    verifications: int = 0
    verified: int = 0
    left: int = 0
    pool: _Pool = field(init=False)
    chances: list[float] = field(init=False)

    def __post_init__(self) -> None:
        self.pool, self.chances = _Pool(self.engine.blocks), powers(self.engine)

    @property
    def outstanding(self) -> int:
        """Requests waiting and running."""
        return len(self.waiting) + len(self.running)

    def form(self, now: float) -> None:
        """Put a batch together and start it; do nothing where there is nothing to do."""
        self.batch, self.left = [], self.engine.chunk
        if self.engine.policy == "vllm":
            if self.keep_running():
                self.admit()
        else:
            self.batch = [(task, 1, 0) for task in self.running]
            if self.engine.policy == "orca" or not self.running:
                self.admit_whole()
        if self.batch:
            self.begin(now)

    def keep_running(self) -> bool:
        """Give the running requests their tokens; return whether none was preempted."""
        place, count = 0, len(self.running)
        while place < len(self.running) and self.left > 0:
            task = self.running[place]
            tokens = min(task.known - task.computed, self.left)
            drafts = min(self.engine.speculate, self.left - 1) if task.decoding else 0
            slots = task.computed + tokens + (self.engine.speculate if task.decoding else 0)
            while self.pool.free < self.missing(task, slots):
                victim = self.running.pop()
                self.preempt(victim)
                if victim is task:
                    return False
            self.give(task, tokens, drafts, slots)
            place += 1
        return len(self.running) == count

    def missing(self, task: Task, slots: int) -> int:
        """Return the blocks that a request lacks for some tokens of cache."""
        return -(-slots // self.engine.block_tokens) - len(task.blocks)

    def preempt(self, task: Task) -> None:
        """Take all blocks from a request and put it at the front of the queue."""
        self.pool.release(task.blocks)
        task.blocks, task.computed, task.target = [], 0, task.known
        task.restarts += 1
        self.waiting.appendleft(task)

    def give(self, task: Task, tokens: int, drafts: int, slots: int) -> None:
        """Put a request into the batch, with blocks for its cache."""
        task.blocks += [self.pool.take() for _ in range(self.missing(task, slots))]
        size = self.engine.block_tokens
        if self.engine.prefix_cache:
            full = min((task.computed + tokens) // size, len(task.hashes))
            for block in range(task.computed // size, full):
                self.pool.name(task.blocks[block], task.hashes[block])
        self.batch.append((task, tokens, drafts))
        self.left -= tokens + drafts

    def admit(self) -> None:
        """Take waiting requests in, while tokens, sequences and blocks last."""
        engine, pool = self.engine, self.pool
        while self.waiting and self.left > 0 and len(self.running) < engine.sequences:
            task = self.waiting[0]
            hits = self.hits(task) if engine.prefix_cache and not task.computed else []
            computed = task.computed + len(hits) * engine.block_tokens
            tokens = min(task.known - computed, self.left)
            drafts = min(engine.speculate, self.left - 1) if task.decoding else 0
            slots = computed + tokens + (engine.speculate if task.decoding else 0)
            idle = sum(pool.users[block] == 0 for block in hits)
            if pool.free - idle - (-(-slots // engine.block_tokens) - len(hits)) < engine.reserve:
                return
            for block in hits:
                pool.share(block)
            task.blocks, task.computed = list(hits), computed
            if task.scheduled is None:
                task.cached = len(hits) * engine.block_tokens
            self.give(task, tokens, drafts, slots)
            self.running.append(self.waiting.popleft())

    def hits(self, task: Task) -> list[int]:
        """Return the leading blocks of a request that are in the prefix cache."""
        found = []
        for name in task.hashes[: (task.known - 1) // self.engine.block_tokens]:
            if name not in self.pool.named:
                break
            found.append(self.pool.named[name])
        return found

    def admit_whole(self) -> None:
        """Take waiting requests in with their whole prompt, and the cache of their output."""
        engine = self.engine
        while self.waiting and len(self.running) < engine.sequences:
            task = self.waiting[0]
            need = self.missing(task, task.prompt + task.output)
            if task.prompt > self.left or self.pool.free - need < engine.reserve:
                return
            self.give(task, task.prompt, 0, task.prompt + task.output)
            self.running.append(self.waiting.popleft())

    def begin(self, now: float) -> None:
        """Start the batch that was formed."""
        chunks = [(task, tokens) for task, tokens, _ in self.batch if not task.decoding]
        contexts = [task.known for task, _, _ in self.batch if task.decoding]
        drafts = sum(drafted for _, _, drafted in self.batch)
        tokens = sum(tokens for _, tokens in chunks)
        before = sum(-(-task.computed // GRAIN) * GRAIN for task, _ in chunks)
        squares = sum(tokens * tokens for _, tokens in chunks)
        duration = self.table.seconds(
            n_decode=len(contexts),
            decode_kv=sum(contexts),
            n_prefill=len(chunks),
            prefill_tokens=tokens + drafts,
            prefill_kv=before,
            prefill_sum_sq=squares,
            prefill_pairs=sum(tokens * (2 * task.computed + tokens) for task, tokens in chunks),
        )
        share = self.engine.speculate * self.engine.draft_share
        if share > 0 and contexts:
            duration += share * self.table.seconds(n_decode=len(contexts), decode_kv=sum(contexts))
        self.start, self.end = now, now + duration
        self.peak = max(self.peak, self.pool.used)
        self.times.append((now, duration))
        content = (len(contexts), sum(contexts), len(chunks), tokens, before, squares)
        self.counts.append((self.number, *content, self.pool.used))
        for task, _, _ in self.batch:
            if task.scheduled is None:
                task.scheduled = now

    def finish(self) -> None:
        """End the batch: hand out its tokens, let the finished go."""
        now, self.end = self.end, math.inf
        for task, tokens, drafts in self.batch:
            if task.decoding:
                more = accepted(self.engine.seed, task.index, task.known, self.chances, drafts)
                gained = min(1 + more, task.prompt + task.output - task.known)
                if self.engine.speculate:
                    self.verifications += 1
                    self.verified += gained
                task.computed = task.known + gained - 1
                self.hand_out(task, gained, now)
            else:
                task.computed += tokens
                if task.computed == task.target:
                    self.hand_out(task, 1, now)
            if task.done:
                task.finished = now
                self.pool.release(task.blocks)
        self.running = [task for task in self.running if not task.done]

    def hand_out(self, task: Task, tokens: int, now: float) -> None:
        """Give a request new tokens and count the gap before them."""
        task.known += tokens
        if task.first is None:
            task.first = now
        else:
            self.gaps[gap_bin(now - task.latest)] += 1
        task.latest = now
