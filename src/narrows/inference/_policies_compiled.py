"""The compiled event kernel that walks the running requests; importing this module imports numba.

It has the rules of `narrows.inference.policies`: prefix cache, speculation, whole prompts, prompts that
come with their cache. The cost is O(running requests) for a batch. A block of the cache is O(1): free
blocks are a list linked both ways, a request's own blocks a list linked backwards, and those that it shares
are found by name.
"""

# ruff: noqa: PLR0917, PLR0915, PLR0912, C901 -- one loop over local numbers is what makes it fast

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from narrows.inference._serving_compiled import gap_place
from narrows.inference._steps_compiled import law_seconds, profile_seconds, roof_seconds, tables_seconds
from narrows.inference.steps import GRAIN, LAW, PROFILE, ROOF

__all__ = ["count_hits", "run_walk"]

# Places of the state of a replica, kept between calls.
RUNNING, GIVEN, USED, HEAD, TAIL, STACK, BUSY, ITERATIONS, PEAK, DONE, CHECKS, CHECKED = range(12)
FRESH, FIRST, LAST = 12, 13, 14
INTEGERS = 15
START, END = range(2)
FLOATS = 2
# Of each block: its neighbours among the free, the block before it of its request, users, name + 1.
AFTER, BEFORE, LINK, USERS, NAME = range(5)
# Of each request: blocks, how many of them are shared, the newest of the others, full blocks of the prompt.
HELD, SHARED, NEWEST, FULL = range(4)
# Places of the limits.
BLOCKS, SIZE, CHUNK, SEQUENCES, RESERVE, POLICY, CACHING, DRAFTS = range(8)
VLLM, ORCA, STATIC = range(3)
_SCALE = 2.0**-53
_A, _B, _C = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


@njit(nogil=True)
def _accepted(seed: Any, request: int, place: int, chances: Any, drafts: int) -> Any:
    x = seed * _A + np.uint64(request) * _B + np.uint64(place) * _C
    for _ in range(2):
        x += _A
        x = (x ^ (x >> np.uint64(30))) * _B
        x = (x ^ (x >> np.uint64(27))) * _C
        x ^= x >> np.uint64(31)
    uniform = np.float64(x >> np.uint64(11)) * _SCALE
    more = 0
    for j in range(drafts):
        if uniform < chances[j]:
            more += 1
    return more


@njit(nogil=True)
def _take(r: int, blocks: int, I: Any, pool: Any, named: Any) -> Any:
    """Return a free block, the one that was freed first."""
    if I[r, FRESH] < blocks:
        block = I[r, FRESH]
        I[r, FRESH] += 1
    else:
        block = I[r, FIRST]
        following = pool[r, AFTER, block]
        I[r, FIRST] = following
        if following >= 0:
            pool[r, BEFORE, following] = -1
        else:
            I[r, LAST] = -1
        name = pool[r, NAME, block] - 1
        if name >= 0:
            named[r, name] = -1
            pool[r, NAME, block] = 0
    pool[r, USERS, block] = 1
    I[r, USED] += 1
    return block


@njit(nogil=True)
def _share(r: int, block: int, I: Any, pool: Any) -> None:
    """Let one more request use a block; if none did, it leaves the free ones."""
    if pool[r, USERS, block] == 0:
        a, b = pool[r, AFTER, block], pool[r, BEFORE, block]
        if b >= 0:
            pool[r, AFTER, b] = a
        else:
            I[r, FIRST] = a
        if a >= 0:
            pool[r, BEFORE, a] = b
        else:
            I[r, LAST] = b
        I[r, USED] += 1
    pool[r, USERS, block] += 1


@njit(nogil=True)
def _free(r: int, block: int, I: Any, pool: Any) -> None:
    """Let one request less use a block; if none does, it becomes the last of the free ones."""
    pool[r, USERS, block] -= 1
    if pool[r, USERS, block] == 0:
        end = I[r, LAST]
        pool[r, AFTER, block] = -1
        pool[r, BEFORE, block] = end
        if end >= 0:
            pool[r, AFTER, end] = block
        else:
            I[r, FIRST] = block
        I[r, LAST] = block
        I[r, USED] -= 1


@njit(nogil=True)
def _release(q: int, r: int, I: Any, pool: Any, blocks_of: Any, named: Any, names: Any, offsets: Any) -> None:
    """Free the blocks of a request, the last first."""
    block = blocks_of[NEWEST, q]
    while block >= 0:
        _free(r, block, I, pool)
        block = pool[r, LINK, block]
    for j in range(blocks_of[SHARED, q] - 1, -1, -1):
        _free(r, named[r, names[offsets[q] + j]], I, pool)
    blocks_of[NEWEST, q], blocks_of[SHARED, q], blocks_of[HELD, q] = -1, 0, 0


@njit(nogil=True)
def _give(
    q: int, r: int, need: int, first: int, last: int, blocks: int, I: Any, pool: Any, blocks_of: Any,
    named: Any, names: Any, offsets: Any,
) -> None:  # fmt: skip
    """Take blocks for a request, and name those that its prompt fills, from the first to before the last."""
    for _ in range(need):
        block = _take(r, blocks, I, pool, named)
        pool[r, LINK, block] = blocks_of[NEWEST, q]
        blocks_of[NEWEST, q] = block
    blocks_of[HELD, q] += need
    if last > first:
        block = blocks_of[NEWEST, q]
        for place in range(blocks_of[HELD, q] - 1, first - 1, -1):
            if place < last:
                name = names[offsets[q] + place]
                if named[r, name] < 0:
                    named[r, name] = block
                    pool[r, NAME, block] = name + 1
            block = pool[r, LINK, block]


@njit(nogil=True)
def _seconds(
    kind: int, token: Any, decode: Any, prefill: Any, coefficients: Any, n: int, context: int, chunks: int,
    tokens: int, before: int, squares: int, pairs: int, drafts: int,
) -> Any:  # fmt: skip
    """Return the time of a step [s]; drafted tokens count as tokens of the batch only."""
    if kind == LAW:
        return law_seconds(coefficients, n, context, chunks, tokens + drafts, before, squares)
    if kind == ROOF:
        return roof_seconds(decode, coefficients, n, context, chunks, tokens + drafts, pairs)
    shifted = token[drafts:]
    if kind == PROFILE:
        return profile_seconds(
            shifted, prefill, decode, coefficients, n, context, chunks, tokens, squares, pairs
        )
    return tables_seconds(shifted, decode, prefill, coefficients, n, context, chunks, tokens, before, squares)


@njit(nogil=True)
def _load(I: Any, r: int, outstanding: int) -> Any:
    waiting = I[r, STACK] + I[r, TAIL] - I[r, HEAD]
    return waiting + I[r, RUNNING] if outstanding == 1 else waiting


@njit(nogil=True, cache=True)
def run_walk(
    shared: int, outstanding: int, kind: int, token: Any, decode: Any, prefill: Any, coefficients: Any,
    limits: Any, seed: Any, chances: Any, share: float, arrived: Any, prompt: Any, total: Any, names: Any,
    offsets: Any, full: Any, distinct: int, chosen: Any, replicas: int, known: Any, computed: Any,
    latest: Any, queued: Any, first: Any, finished: Any, restarts: Any, cached: Any, gaps: Any, times: Any,
    counts: Any,
) -> Any:  # fmt: skip
    """Run all replicas; with `shared`, choose the replica of each request by the queues.

    Returns the state of every replica: integers, and times.
    """
    count = arrived.shape[0]
    blocks, size, chunk, sequences = limits[BLOCKS], limits[SIZE], limits[CHUNK], limits[SEQUENCES]
    reserve, policy, caching, k = limits[RESERVE], limits[POLICY], limits[CACHING], limits[DRAFTS]
    most = min(sequences, count) + 1
    I, F = np.zeros((replicas, INTEGERS), np.int64), np.zeros((replicas, FLOATS))
    running = np.zeros((replicas, most), np.int32)
    given = np.zeros((replicas, most), np.int32)
    drafted = np.zeros((replicas, most), np.int32)
    stack = np.zeros((replicas, most), np.int32)
    target = prompt.copy()
    blocks_of = np.zeros((4, count), np.int32)
    blocks_of[NEWEST] = -1
    blocks_of[FULL] = full
    pool = np.zeros((replicas, 5, blocks if caching == 1 else 1), np.int32)
    named = np.full((replicas, distinct), -1, np.int32)
    rows = np.zeros(1, np.int64)
    as_float = np.zeros(1)
    as_bits = as_float.view(np.int64)
    begin = np.zeros(replicas + 1, np.int64)
    if shared == 0:
        for i in range(count):
            begin[chosen[i] + 1] += 1
        for r in range(replicas):
            begin[r + 1] += begin[r]
    queue = np.zeros(replicas * count if shared == 1 else count, np.int32)
    for r in range(replicas):
        I[r, FIRST], I[r, LAST] = -1, -1
        if shared == 1:
            begin[r] = r * count
    if shared == 0:
        for i in range(count):
            r = chosen[i]
            queue[begin[r] + I[r, TAIL]] = i
            I[r, TAIL] += 1
    recording = times.shape[1] > 0
    for i in range(count + 1 if shared == 1 else 1):
        final = shared == 0 or i == count
        until = np.inf if final else arrived[i]
        best, least = 0, -1
        for r in range(replicas):
            if final or (F[r, END] < until if I[r, BUSY] == 1 else _load(I, r, 0) > 0):
                while True:
                    if I[r, BUSY] == 1:
                        if not F[r, END] < until:
                            break
                        # The batch ends: hand out its tokens, let the finished go.
                        now = F[r, END]
                        I[r, BUSY] = 0
                        kept, start = 0, F[r, START]
                        usual = gap_place(now - start, as_float, as_bits)
                        for j in range(I[r, RUNNING]):
                            q = running[r, j]
                            if j < I[r, GIVEN]:
                                tokens = 0
                                if computed[q] >= target[q]:
                                    tokens = 1
                                    if k > 0:
                                        more = _accepted(seed, q, known[q], chances, drafted[r, j])
                                        tokens = min(1 + more, total[q] - known[q])
                                        I[r, CHECKS] += 1
                                        I[r, CHECKED] += tokens
                                    computed[q] = known[q] + tokens - 1
                                else:
                                    computed[q] += given[r, j]
                                    if computed[q] == target[q]:
                                        tokens = 1
                                if tokens > 0:
                                    known[q] += tokens
                                    if first[q] < 0.0:
                                        first[q] = now - arrived[q]
                                    elif latest[q] == start:
                                        gaps[usual] += 1
                                    else:
                                        gaps[gap_place(now - latest[q], as_float, as_bits)] += 1
                                    latest[q] = now
                                    if known[q] == total[q]:
                                        finished[q] = now - arrived[q]
                                        I[r, DONE] += 1
                                        if caching == 1:
                                            _release(q, r, I, pool, blocks_of, named, names, offsets)
                                        else:
                                            I[r, USED] -= blocks_of[HELD, q]
                                            blocks_of[HELD, q] = 0
                                        continue
                            running[r, kept] = q
                            kept += 1
                        I[r, RUNNING] = kept
                    else:
                        if I[r, RUNNING] == 0 and I[r, STACK] == 0 and I[r, HEAD] >= I[r, TAIL]:
                            break
                        now = F[r, END]
                        if I[r, RUNNING] == 0 and I[r, STACK] == 0:
                            now = max(now, arrived[queue[begin[r] + I[r, HEAD]]])
                    if not now < until:
                        # Nothing may start at this instant before all its arrivals are in.
                        F[r, END] = now
                        break
                    # A batch is formed: the running first.
                    m, left, preempted = 0, chunk, False
                    n, context, chunks, prompts, before_sum, squares, pairs, extra = 0, 0, 0, 0, 0, 0, 0, 0
                    while m < I[r, RUNNING] and left > 0:
                        q = running[r, m]
                        c, d = 1, 0
                        if policy == VLLM:
                            c = min(known[q] - computed[q], left)
                            slots = computed[q] + c
                            decoding = computed[q] >= target[q]
                            if decoding:
                                slots += k
                                d = min(k, left - 1)
                            need = 0
                            if slots > blocks_of[HELD, q] * size:
                                need = (slots - 1) // size + 1 - blocks_of[HELD, q]
                            if need > 0 and blocks - I[r, USED] < need:
                                alive = True
                                while blocks - I[r, USED] < need:
                                    preempted = True
                                    I[r, RUNNING] -= 1
                                    victim = running[r, I[r, RUNNING]]
                                    if caching == 1:
                                        _release(victim, r, I, pool, blocks_of, named, names, offsets)
                                    else:
                                        I[r, USED] -= blocks_of[HELD, victim]
                                        blocks_of[HELD, victim] = 0
                                    computed[victim] = 0
                                    target[victim] = known[victim]
                                    restarts[victim] += 1
                                    stack[r, I[r, STACK]] = victim
                                    I[r, STACK] += 1
                                    if victim == q:
                                        alive = False
                                        break
                                if not alive:
                                    break
                            if need > 0 or not decoding:
                                if caching == 1:
                                    last = min((computed[q] + c) // size, blocks_of[FULL, q])
                                    _give(
                                        q,
                                        r,
                                        need,
                                        computed[q] // size,
                                        last,
                                        blocks,
                                        I,
                                        pool,
                                        blocks_of,
                                        named,
                                        names,
                                        offsets,
                                    )
                                else:
                                    I[r, USED] += need
                                    blocks_of[HELD, q] += need
                            left -= c + d
                        else:
                            decoding = True
                        given[r, m] = c
                        drafted[r, m] = d
                        if decoding:
                            n += 1
                            context += known[q]
                            extra += d
                        else:
                            chunks += 1
                            prompts += c
                            squares += c * c
                            before_sum += (computed[q] + GRAIN - 1) // GRAIN * GRAIN
                            pairs += c * (2 * computed[q] + c)
                        m += 1
                    # Then new requests: the preempted before the others.
                    closed = preempted or (policy == STATIC and I[r, RUNNING] > 0)
                    while not closed and left > 0 and I[r, RUNNING] < sequences:
                        if I[r, STACK] > 0:
                            q = stack[r, I[r, STACK] - 1]
                        elif I[r, HEAD] < I[r, TAIL] and arrived[queue[begin[r] + I[r, HEAD]]] <= now:
                            q = queue[begin[r] + I[r, HEAD]]
                        else:
                            break
                        hits, idle, done = 0, 0, computed[q]
                        if caching == 1 and done == 0:
                            most = min((known[q] - 1) // size, blocks_of[FULL, q])
                            while hits < most and named[r, names[offsets[q] + hits]] >= 0:
                                if pool[r, USERS, named[r, names[offsets[q] + hits]]] == 0:
                                    idle += 1
                                hits += 1
                            done = hits * size
                        decoding = done >= target[q]
                        c, d = known[q] - done, 0
                        if policy == VLLM:
                            c = min(c, left)
                            slots = done + c
                            if decoding:
                                slots += k
                                d = min(k, left - 1)
                        else:
                            if c > left:
                                break
                            slots = total[q]
                        need = (slots - 1) // size + 1 - hits
                        if blocks - I[r, USED] - idle - need < reserve:
                            break
                        if I[r, STACK] > 0:
                            I[r, STACK] -= 1
                        else:
                            I[r, HEAD] += 1
                        if hits > 0:
                            for j in range(hits):
                                _share(r, named[r, names[offsets[q] + j]], I, pool)
                            blocks_of[SHARED, q] = hits
                        blocks_of[HELD, q] = hits
                        computed[q] = done
                        if queued[q] < 0.0:
                            queued[q] = now - arrived[q]
                            cached[q] = hits * size
                        if caching == 1:
                            last = min((computed[q] + c) // size, blocks_of[FULL, q])
                            _give(
                                q,
                                r,
                                need,
                                computed[q] // size,
                                last,
                                blocks,
                                I,
                                pool,
                                blocks_of,
                                named,
                                names,
                                offsets,
                            )
                        else:
                            I[r, USED] += need
                            blocks_of[HELD, q] += need
                        left -= c + d
                        running[r, m] = q
                        given[r, m] = c
                        drafted[r, m] = d
                        m += 1
                        I[r, RUNNING] += 1
                        if decoding:
                            n += 1
                            context += known[q]
                            extra += d
                        else:
                            chunks += 1
                            prompts += c
                            squares += c * c
                            before_sum += (done + GRAIN - 1) // GRAIN * GRAIN
                            pairs += c * (2 * done + c)
                    if m == 0:
                        if (
                            I[r, RUNNING] == 0
                            and I[r, STACK] == 0
                            and I[r, HEAD] < I[r, TAIL]
                            and arrived[queue[begin[r] + I[r, HEAD]]] > now
                        ):
                            continue  # idle until the next arrival
                        F[r, END] = now
                        break  # nothing to do, or nothing fits: the caller sees that requests are left
                    duration = _seconds(
                        kind, token, decode, prefill, coefficients, n, context, chunks, prompts, before_sum,
                        squares, pairs, extra,
                    )  # fmt: skip
                    if share > 0.0 and n > 0:
                        duration += share * _seconds(
                            kind, token, decode, prefill, coefficients, n, context, 0, 0, 0, 0, 0, 0
                        )
                    I[r, GIVEN] = m
                    I[r, BUSY] = 1
                    F[r, START] = now
                    F[r, END] = now + duration
                    I[r, PEAK] = max(I[r, PEAK], I[r, USED])
                    I[r, ITERATIONS] += 1
                    if recording:
                        row = rows[0]
                        rows[0] += 1
                        times[0, row] = now
                        times[1, row] = duration
                        counts[0, row] = r
                        counts[1, row] = n
                        counts[2, row] = context
                        counts[3, row] = chunks
                        counts[4, row] = prompts
                        counts[5, row] = before_sum
                        counts[6, row] = squares
                        counts[7, row] = I[r, USED]
            if not final:
                load = _load(I, r, outstanding)
                if least < 0 or load < least:
                    best, least = r, load
                    if load == 0:
                        break  # none has fewer; what the others do meanwhile is made up for later
        if not final:
            chosen[i] = best
            queue[begin[best] + I[best, TAIL]] = i
            I[best, TAIL] += 1
    return I, F


@njit(nogil=True, cache=True)
def count_hits(names: Any, offsets: Any, distinct: int, blocks: int) -> Any:
    """Return the leading blocks of each request in a cache of blocks by least recent use."""
    count = offsets.shape[0] - 1
    # The names in the cache, linked from the least to the most recently used; place 0 is both ends.
    after = np.full(distinct + 1, -1, np.int64)
    before = np.full(distinct + 1, -1, np.int64)
    after[0] = before[0] = 0
    found = np.zeros(count, np.int64)
    held = 0
    for i in range(count):
        for j in range(offsets[i], offsets[i + 1]):
            if after[names[j] + 1] < 0:
                break
            found[i] += 1
        for j in range(offsets[i], offsets[i + 1]):
            at = names[j] + 1
            if after[at] >= 0:
                after[before[at]] = after[at]
                before[after[at]] = before[at]
            else:
                held += 1
            newest = before[0]
            after[newest] = at
            before[at] = newest
            after[at] = 0
            before[0] = at
            if held > blocks:
                oldest = after[0]
                after[0] = after[oldest]
                before[after[oldest]] = 0
                after[oldest] = -1
                held -= 1
    return found
