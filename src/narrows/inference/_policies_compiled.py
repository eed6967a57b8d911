"""The compiled event kernel that walks the running requests; importing this module imports numba.

It has the rules of `narrows.inference.policies`: prefix cache, speculation, whole prompts, prompts that come
with their cache. The cost is O(running requests) for a batch. A block of the cache is O(1): free blocks are a
list linked both ways, a request's own blocks a list linked backwards, and those that it shares are found by name.
"""

# ruff: noqa: PLR0917, PLR0915, PLR0912, C901 -- one loop over local numbers is what makes it fast

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from narrows.inference._serving_compiled import gap_place
from narrows.inference._steps_compiled import law_seconds, roof_seconds, tables_seconds
from narrows.inference.steps import GRAIN, LAW, ROOF

__all__ = ["run_walk"]

# Places of the state of a replica, kept between calls.
RUNNING, GIVEN, USED, HEAD, TAIL, STACK, BUSY, ITERATIONS, PEAK, DONE, CHECKS, CHECKED = range(12)
FRESH, FIRST, LAST = 12, 13, 14
INTEGERS = 15
START, END = range(2)
FLOATS = 2
# Places of the limits.
BLOCKS, SIZE, CHUNK, SEQUENCES, RESERVE, POLICY, CACHING, DRAFTS = range(8)
VLLM, ORCA = 0, 1
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
def _take(blocks: int, I: Any, after: Any, before: Any, users: Any, name_of: Any, named: Any) -> Any:
    if I[FRESH] < blocks:
        block = I[FRESH]
        I[FRESH] += 1
    else:
        block = I[FIRST]
        I[FIRST] = after[block]
        if after[block] >= 0:
            before[after[block]] = -1
        else:
            I[LAST] = -1
        if name_of[block] >= 0:
            named[name_of[block]] = -1
            name_of[block] = -1
    users[block] = 1
    I[USED] += 1
    return block


@njit(nogil=True)
def _share(block: int, I: Any, after: Any, before: Any, users: Any) -> None:
    if users[block] == 0:
        a, b = after[block], before[block]
        if b >= 0:
            after[b] = a
        else:
            I[FIRST] = a
        if a >= 0:
            before[a] = b
        else:
            I[LAST] = b
        I[USED] += 1
    users[block] += 1


@njit(nogil=True)
def _free(block: int, I: Any, after: Any, before: Any, users: Any) -> None:
    users[block] -= 1
    if users[block] == 0:
        after[block] = -1
        before[block] = I[LAST]
        if I[LAST] >= 0:
            after[I[LAST]] = block
        else:
            I[FIRST] = block
        I[LAST] = block
        I[USED] -= 1


@njit(nogil=True)
def _release(
    r: int, caching: int, I: Any, held: Any, shared: Any, newest: Any, link: Any, after: Any, before: Any,
    users: Any, named: Any, names: Any, offsets: Any,
) -> None:  # fmt: skip
    """Free the blocks of a request, the last first."""
    if caching == 0:
        I[USED] -= held[r]
    else:
        block = newest[r]
        while block >= 0:
            _free(block, I, after, before, users)
            block = link[block]
        for j in range(shared[r] - 1, -1, -1):
            _free(named[names[offsets[r] + j]], I, after, before, users)
        newest[r] = -1
        shared[r] = 0
    held[r] = 0


@njit(nogil=True)
def _give(
    r: int, need: int, tokens: int, size: int, blocks: int, caching: int, I: Any, held: Any, newest: Any, link: Any,
    after: Any, before: Any, users: Any, name_of: Any, named: Any, names: Any, offsets: Any, full: Any, computed: Any,
) -> None:  # fmt: skip
    """Take blocks for a request, and name those that its prompt fills."""
    if caching == 0:
        I[USED] += need
        held[r] += need
        return
    for _ in range(need):
        block = _take(blocks, I, after, before, users, name_of, named)
        link[block] = newest[r]
        newest[r] = block
    held[r] += need
    first, last = computed[r] // size, min((computed[r] + tokens) // size, full[r])
    if last > first:
        block = newest[r]
        for place in range(held[r] - 1, first - 1, -1):
            if place < last:
                name = names[offsets[r] + place]
                if named[name] < 0:
                    named[name] = block
                    name_of[block] = name
            block = link[block]


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
    return tables_seconds(
        shifted, decode, prefill, coefficients, n, context, chunks, tokens, before, squares
    )


@njit(nogil=True)
def _walk(
    number: int, until: float, kind: int, token: Any, decode: Any, prefill: Any, coefficients: Any, limits: Any,
    seed: Any, chances: Any, share: float, arrived: Any, prompt: Any, total: Any, names: Any, offsets: Any, full: Any,
    queue: Any, I: Any, F: Any, running: Any, given: Any, drafted: Any, stack: Any, known: Any, computed: Any,
    target: Any, held: Any, shared: Any, newest: Any, latest: Any, link: Any, after: Any, before: Any, users: Any,
    name_of: Any, named: Any, queued: Any, first: Any, finished: Any, restarts: Any, cached: Any, gaps: Any,
    times: Any, counts: Any, rows: Any, as_float: Any, as_bits: Any,
) -> None:  # fmt: skip
    """Run one replica up to a time, not including what happens at it."""
    blocks, size, chunk, sequences = limits[BLOCKS], limits[SIZE], limits[CHUNK], limits[SEQUENCES]
    reserve, policy, caching, k = limits[RESERVE], limits[POLICY], limits[CACHING], limits[DRAFTS]
    recording = times.shape[1] > 0
    while True:
        if I[BUSY] == 1:
            if not F[END] < until:
                return
            # The batch ends: hand out its tokens, let the finished go.
            now = F[END]
            I[BUSY] = 0
            kept = 0
            for i in range(I[RUNNING]):
                r = running[i]
                if i < I[GIVEN]:
                    tokens = 0
                    if computed[r] >= target[r]:
                        tokens = 1
                        if k > 0:
                            more = _accepted(seed, r, known[r], chances, drafted[i])
                            tokens = min(1 + more, total[r] - known[r])
                            I[CHECKS] += 1
                            I[CHECKED] += tokens
                        computed[r] = known[r] + tokens - 1
                    else:
                        computed[r] += given[i]
                        if computed[r] == target[r]:
                            tokens = 1
                    if tokens > 0:
                        known[r] += tokens
                        if first[r] < 0.0:
                            first[r] = now - arrived[r]
                        else:
                            gaps[gap_place(now - latest[r], as_float, as_bits)] += 1
                        latest[r] = now
                        if known[r] == total[r]:
                            finished[r] = now - arrived[r]
                            I[DONE] += 1
                            _release(
                                r, caching, I, held, shared, newest, link, after, before, users, named, names,
                                offsets,
                            )  # fmt: skip
                            continue
                running[kept] = r
                kept += 1
            I[RUNNING] = kept
        else:
            if I[RUNNING] == 0 and I[STACK] == 0 and I[HEAD] >= I[TAIL]:
                return
            now = F[END]
            if I[RUNNING] == 0 and I[STACK] == 0:
                now = max(now, arrived[queue[I[HEAD]]])
        if not now < until:
            # Nothing may start at this instant before all its arrivals are in.
            F[END] = now
            return
        # A batch is formed: the running first.
        m, left, preempted = 0, chunk, False
        n, context, chunks, prompts, before_sum, squares, pairs, extra = 0, 0, 0, 0, 0, 0, 0, 0
        while m < I[RUNNING] and left > 0:
            r = running[m]
            c, d = 1, 0
            if policy == VLLM:
                c = min(known[r] - computed[r], left)
                slots = computed[r] + c
                decoding = computed[r] >= target[r]
                if decoding:
                    slots += k
                    d = min(k, left - 1)
                need = (slots - 1) // size + 1 - held[r]
                if need > 0 and blocks - I[USED] < need:
                    alive = True
                    while blocks - I[USED] < need:
                        preempted = True
                        I[RUNNING] -= 1
                        victim = running[I[RUNNING]]
                        _release(
                            victim, caching, I, held, shared, newest, link, after, before, users, named, names,
                            offsets,
                        )  # fmt: skip
                        computed[victim] = 0
                        target[victim] = known[victim]
                        restarts[victim] += 1
                        stack[I[STACK]] = victim
                        I[STACK] += 1
                        if victim == r:
                            alive = False
                            break
                    if not alive:
                        break
                if need > 0 or not decoding:
                    _give(
                        r, max(need, 0), c, size, blocks, caching, I, held, newest, link, after, before, users,
                        name_of, named, names, offsets, full, computed,
                    )  # fmt: skip
                left -= c + d
            else:
                decoding = True
            given[m] = c
            drafted[m] = d
            if decoding:
                n += 1
                context += known[r]
                extra += d
            else:
                chunks += 1
                prompts += c
                squares += c * c
                before_sum += (computed[r] + GRAIN - 1) // GRAIN * GRAIN
                pairs += c * (2 * computed[r] + c)
            m += 1
        # Then new requests: the preempted before the others.
        closed = preempted or (policy != VLLM and policy != ORCA and I[RUNNING] > 0)
        while not closed and left > 0 and I[RUNNING] < sequences:
            if I[STACK] > 0:
                r = stack[I[STACK] - 1]
            elif I[HEAD] < I[TAIL] and arrived[queue[I[HEAD]]] <= now:
                r = queue[I[HEAD]]
            else:
                break
            hits, idle, done = 0, 0, computed[r]
            if caching == 1 and done == 0:
                most = min((known[r] - 1) // size, full[r])
                while hits < most and named[names[offsets[r] + hits]] >= 0:
                    if users[named[names[offsets[r] + hits]]] == 0:
                        idle += 1
                    hits += 1
                done = hits * size
            decoding = done >= target[r]
            c, d = known[r] - done, 0
            if policy == VLLM:
                c = min(c, left)
                slots = done + c
                if decoding:
                    slots += k
                    d = min(k, left - 1)
            else:
                if c > left:
                    break
                slots = total[r]
            need = (slots - 1) // size + 1 - hits
            if blocks - I[USED] - idle - need < reserve:
                break
            if I[STACK] > 0:
                I[STACK] -= 1
            else:
                I[HEAD] += 1
            if hits > 0:
                for j in range(hits):
                    _share(named[names[offsets[r] + j]], I, after, before, users)
                shared[r] = hits
            held[r] = hits
            computed[r] = done
            if queued[r] < 0.0:
                queued[r] = now - arrived[r]
                cached[r] = hits * size
            _give(
                r, need, c, size, blocks, caching, I, held, newest, link, after, before, users, name_of, named,
                names, offsets, full, computed,
            )  # fmt: skip
            left -= c + d
            running[m] = r
            given[m] = c
            drafted[m] = d
            m += 1
            I[RUNNING] += 1
            if decoding:
                n += 1
                context += known[r]
                extra += d
            else:
                chunks += 1
                prompts += c
                squares += c * c
                before_sum += (done + GRAIN - 1) // GRAIN * GRAIN
                pairs += c * (2 * done + c)
        if m == 0:
            if I[RUNNING] == 0 and I[STACK] == 0 and I[HEAD] < I[TAIL] and arrived[queue[I[HEAD]]] > now:
                continue  # idle until the next arrival
            F[END] = now
            return  # nothing to do, or nothing fits: the caller sees that requests are left
        duration = _seconds(
            kind, token, decode, prefill, coefficients, n, context, chunks, prompts, before_sum, squares, pairs,
            extra,
        )  # fmt: skip
        if share > 0.0 and n > 0:
            duration += share * _seconds(
                kind, token, decode, prefill, coefficients, n, context, 0, 0, 0, 0, 0, 0
            )
        I[GIVEN] = m
        I[BUSY] = 1
        F[START] = now
        F[END] = now + duration
        I[PEAK] = max(I[PEAK], I[USED])
        I[ITERATIONS] += 1
        if recording:
            row = rows[0]
            rows[0] += 1
            times[0, row] = now
            times[1, row] = duration
            counts[0, row] = number
            counts[1, row] = n
            counts[2, row] = context
            counts[3, row] = chunks
            counts[4, row] = prompts
            counts[5, row] = before_sum
            counts[6, row] = squares
            counts[7, row] = I[USED]


@njit(nogil=True)
def _load(I: Any, r: int, outstanding: int) -> Any:
    waiting = I[r, STACK] + I[r, TAIL] - I[r, HEAD]
    return waiting + I[r, RUNNING] if outstanding == 1 else waiting


@njit(nogil=True, cache=True)
def run_walk(
    shared: int, outstanding: int, kind: int, token: Any, decode: Any, prefill: Any, coefficients: Any,
    limits: Any, seed: Any, chances: Any, share: float, arrived: Any, prompt: Any, total: Any, names: Any,
    offsets: Any, full: Any, distinct: int, chosen: Any, replicas: int, known: Any, computed: Any, latest: Any,
    queued: Any, first: Any, finished: Any, restarts: Any, cached: Any, gaps: Any, times: Any, counts: Any,
) -> Any:  # fmt: skip
    """Run all replicas; with `shared`, choose the replica of each request by the queues.

    Returns the state of every replica: integers, and times.
    """
    count = arrived.shape[0]
    most = min(limits[SEQUENCES], count) + 1
    caching = limits[CACHING]
    blocks = limits[BLOCKS] if caching == 1 else 1
    I, F = np.zeros((replicas, INTEGERS), np.int64), np.zeros((replicas, FLOATS))
    running = np.zeros((replicas, most), np.int32)
    given = np.zeros((replicas, most), np.int32)
    drafted = np.zeros((replicas, most), np.int32)
    stack = np.zeros((replicas, most), np.int32)
    target = prompt.copy()
    held = np.zeros(count, np.int32)
    hits = np.zeros(count, np.int32)
    newest = np.full(count, -1, np.int32)
    links = np.zeros((4, replicas, blocks), np.int32)
    name_of = np.full((replicas, blocks), -1, np.int32)
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
    for i in range(count + 1 if shared == 1 else 1):
        last = shared == 0 or i == count
        until = np.inf if last else arrived[i]
        best, least = 0, -1
        for r in range(replicas):
            if last or (F[r, END] < until if I[r, BUSY] == 1 else _load(I, r, 0) > 0):
                _walk(
                    r, until, kind, token, decode, prefill, coefficients, limits, seed, chances, share, arrived,
                    prompt, total, names, offsets, full, queue[begin[r]:], I[r], F[r], running[r], given[r],
                    drafted[r], stack[r], known, computed, target, held, hits, newest, latest, links[0, r],
                    links[1, r], links[2, r], links[3, r], name_of[r], named[r], queued, first, finished, restarts,
                    cached, gaps, times, counts, rows, as_float, as_bits,
                )  # fmt: skip
            if not last:
                load = _load(I, r, outstanding)
                if least < 0 or load < least:
                    best, least = r, load
                    if load == 0:
                        break  # none has fewer; what the others do meanwhile is made up for later
        if not last:
            chosen[i] = best
            queue[begin[best] + I[best, TAIL]] = i
            I[best, TAIL] += 1
    return I, F
