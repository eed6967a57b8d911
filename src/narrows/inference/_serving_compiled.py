"""The compiled event kernel of serving; importing this module imports numba.

In any batch every decoding request advances by one token. So the batch in which a request ends is known
when its prompt ends (a ring of lists by batch number), a step needs only the number of decoding requests
and the sum of their contexts, and the requests that need a new cache block in this batch are those of one
phase: their count, by context modulo block size, is kept. Only where blocks run out is the list of
decoding requests walked. The cost is O(batches + requests), and O(sequences) for a batch with a shortage.

At most one prompt is ever half done: only the last chunk of a batch can be cut short, and while one is
half done no other is admitted without it getting its chunk first.
"""

# ruff: noqa: PLR0917, PLR0915, PLR0912, C901 -- one loop over local numbers is what makes it fast

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from narrows.inference._steps_compiled import law_seconds, profile_seconds, roof_seconds, tables_seconds
from narrows.inference.engine import BINS, BINS_PER_DOUBLING, FIRST_DOUBLING
from narrows.inference.steps import GRAIN, LAW, PROFILE, ROOF

__all__ = ["DONE", "END", "ITERATIONS", "PEAK", "gap_place", "run_replicas"]

# Places of the state of a replica, kept between calls.
BATCH, PHASE, DECODING, CONTEXT, USED, HELD, PART, PART_DONE, PART_FRONT, HEAD, STACK, BUSY = range(12)
ENDING, FIRST, LAST, SPARE, ITERATIONS, PEAK, DONE, TAIL = range(12, 20)
INTEGERS = 20
START, END, LATEST = range(3)
FLOATS = 3
_SHIFT = 44
_ORIGIN = (1023 + FIRST_DOUBLING) * BINS_PER_DOUBLING


@njit(nogil=True, inline="always")
def gap_place(gap: float, as_float: Any, as_bits: Any) -> Any:
    """Return the bin of a gap, by the bits of the number."""
    as_float[0] = gap
    place = (as_bits[0] >> _SHIFT) - _ORIGIN
    if gap <= 0.0:
        return 0
    return min(max(place, 0), BINS - 1)


@njit(nogil=True)
def _load(I: Any, r: int, outstanding: int) -> Any:
    waiting = I[r, STACK] + I[r, TAIL] - I[r, HEAD]
    return waiting + I[r, HELD] if outstanding == 1 else waiting


@njit(nogil=True, cache=True)
def run_replicas(
    shared: int,
    outstanding: int,
    kind: int,
    token: Any,
    decode: Any,
    prefill: Any,
    coefficients: Any,
    limits: Any,
    arrived: Any,
    prompt: Any,
    total: Any,
    chosen: Any,
    longest: int,
    replicas: int,
    queued: Any,
    first: Any,
    finished: Any,
    restarts: Any,
    gaps: Any,
    times: Any,
    counts: Any,
) -> Any:
    """Run all replicas; with `shared`, choose the replica of each request by the waiting queues.

    Returns the state of every replica: integers, and times.
    """
    count = arrived.shape[0]
    blocks, size, chunk, sequences, reserve = limits[0], limits[1], limits[2], limits[3], limits[4]
    vllm = limits[5]  # 1: blocks on demand, as vLLM; 0: the whole prompt reserved, as sarathi
    width = 2
    while width <= longest:
        width *= 2
    most = min(sequences, count)
    I, F = np.zeros((replicas, INTEGERS), np.int64), np.zeros((replicas, FLOATS))
    phases = np.zeros((replicas, size), np.int32)
    ring = np.full((replicas, width), -1, np.int32)
    stack = np.zeros((replicas, most + 1), np.int32)
    ending = np.zeros((replicas, most + 1), np.int32)
    slot_request = np.zeros((replicas, most + 1), np.int32)
    slot_base = np.zeros((replicas, most + 1), np.int64)
    after = np.zeros((replicas, most + 1), np.int32)
    before = np.zeros((replicas, most + 1), np.int32)
    ring_after = np.zeros((replicas, most + 1), np.int32)
    ring_before = np.zeros((replicas, most + 1), np.int32)
    spare = np.zeros((replicas, most + 1), np.int32)
    lost = np.zeros(count)
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
        I[r, PART], I[r, FIRST], I[r, LAST] = -1, -1, -1
        I[r, SPARE] = most + 1
        for j in range(most + 1):
            spare[r, j] = most - j
        if shared == 1:
            begin[r] = r * count
    if shared == 0:
        for i in range(count):
            r = chosen[i]
            queue[begin[r] + I[r, TAIL]] = i
            I[r, TAIL] += 1
    mask = ring.shape[1] - 1
    recording = times.shape[1] > 0
    for i in range(count + 1 if shared == 1 else 1):
        final = shared == 0 or i == count
        until = np.inf if final else arrived[i]
        best, least = 0, -1
        for r in range(replicas):
            if final or (F[r, END] < until if I[r, BUSY] == 1 else _load(I, r, 0) > 0):
                start_of = begin[r]
                k, phase, n, context = I[r, BATCH], I[r, PHASE], I[r, DECODING], I[r, CONTEXT]
                used, held, part, part_done, part_front = (
                    I[r, USED],
                    I[r, HELD],
                    I[r, PART],
                    I[r, PART_DONE],
                    I[r, PART_FRONT],
                )
                head, piled, busy, endings = I[r, HEAD], I[r, STACK], I[r, BUSY], I[r, ENDING]
                front, back, spares = I[r, FIRST], I[r, LAST], I[r, SPARE]
                iterations, peak, done, tail = I[r, ITERATIONS], I[r, PEAK], I[r, DONE], I[r, TAIL]
                start, end, now = F[r, START], F[r, END], F[r, LATEST]
                while True:
                    if busy == 1:
                        if not end < until:
                            break
                        # The batch ends.
                        now = end
                        busy = 0
                        if n > 0:
                            gaps[gap_place(now - start, as_float, as_bits)] += n
                        context += n
                        k += 1
                        phase = phase + 1 if phase + 1 < size else 0
                        place = k & mask
                        slot = ring[r, place]
                        ring[r, place] = -1
                        while slot >= 0:
                            q = slot_request[r, slot]
                            tokens = total[q]
                            finished[q] = now - arrived[q]
                            done += 1
                            used -= (tokens - 2) // size + 1
                            held -= 1
                            n -= 1
                            context -= tokens
                            phases[r, slot_base[r, slot] % size] -= 1
                            a, b = after[r, slot], before[r, slot]
                            if b >= 0:
                                after[r, b] = a
                            else:
                                front = a
                            if a >= 0:
                                before[r, a] = b
                            else:
                                back = b
                            spare[r, spares] = slot
                            spares += 1
                            slot = ring_after[r, slot]
                        for j in range(endings):
                            q = ending[r, j]
                            if first[q] < 0.0:
                                first[q] = now - arrived[q]
                            else:
                                gaps[gap_place(now - lost[q], as_float, as_bits)] += 1
                            p = prompt[q] + 1
                            if p == total[q]:
                                finished[q] = now - arrived[q]
                                done += 1
                                used -= (p - 2) // size + 1
                                held -= 1
                                continue
                            spares -= 1
                            slot = spare[r, spares]
                            slot_request[r, slot] = q
                            base = p - k
                            slot_base[r, slot] = base
                            phases[r, base % size] += 1
                            n += 1
                            context += p
                            before[r, slot] = back
                            after[r, slot] = -1
                            if back >= 0:
                                after[r, back] = slot
                            else:
                                front = slot
                            back = slot
                            place = (k + total[q] - p) & mask
                            ring_before[r, slot] = -1
                            ring_after[r, slot] = ring[r, place]
                            if ring[r, place] >= 0:
                                ring_before[r, ring[r, place]] = slot
                            ring[r, place] = slot
                        endings = 0
                    elif n == 0 and part < 0 and piled == 0:
                        if head >= tail:
                            break
                        now = max(now, arrived[queue[start_of + head]])
                    if not now < until:
                        # Nothing may start at this instant before all its arrivals are in.
                        break
                    # A batch is formed: decoding requests first.
                    preempted = False
                    if n > 0:
                        place = 1 - phase
                        if place < 0:
                            place += size
                        if size == 1:
                            place = 0
                        wanted = phases[r, place]
                        if blocks - used + vllm > wanted:
                            used += wanted
                        else:
                            slot = front
                            while slot >= 0:
                                p = slot_base[r, slot] + k
                                alive = True
                                while blocks == used and (vllm == 0 or (p - 1) % size == 0):
                                    preempted = True
                                    if part >= 0 and (part_front == 0 or vllm == 1):
                                        held -= 1
                                        if vllm == 1:
                                            used -= (part_done - 1) // size + 1
                                        else:
                                            used -= (prompt[part] - 1) // size + 1
                                            prompt[part] = part_done
                                        restarts[part] += 1
                                        stack[r, piled] = part
                                        piled += 1
                                        part = -1
                                        continue
                                    victim = back
                                    alive = victim != slot
                                    q = slot_request[r, victim]
                                    seen = slot_base[r, victim] + k
                                    used -= (seen - 2) // size + 1
                                    held -= 1
                                    n -= 1
                                    context -= seen
                                    phases[r, slot_base[r, victim] % size] -= 1
                                    place = (k + total[q] - seen) & mask
                                    a, b = ring_after[r, victim], ring_before[r, victim]
                                    if b >= 0:
                                        ring_after[r, b] = a
                                    else:
                                        ring[r, place] = a
                                    if a >= 0:
                                        ring_before[r, a] = b
                                    back = before[r, victim]
                                    if back >= 0:
                                        after[r, back] = -1
                                    else:
                                        front = -1
                                    spare[r, spares] = victim
                                    spares += 1
                                    prompt[q] = seen
                                    restarts[q] += 1
                                    lost[q] = now
                                    stack[r, piled] = q
                                    piled += 1
                                    if not alive:
                                        break
                                if not alive:
                                    break
                                if (p - 1) % size == 0:
                                    used += 1
                                slot = after[r, slot]
                    left = chunk - n
                    chunks, tokens, context_before, squares, pairs = 0, 0, 0, 0, 0
                    # Then the prompt in progress.
                    if part >= 0:
                        c = min(prompt[part] - part_done, left)
                        if vllm == 1:
                            need = (part_done + c - 1) // size - (part_done - 1) // size
                            if blocks - used < need:
                                # The prompt in progress is the last of the running: it gives way itself.
                                preempted = True
                                used -= (part_done - 1) // size + 1
                                held -= 1
                                restarts[part] += 1
                                stack[r, piled] = part
                                piled += 1
                                part = -1
                                c = 0
                            else:
                                used += need
                        if c > 0:
                            chunks, tokens, squares = 1, c, c * c
                            context_before = (part_done + GRAIN - 1) // GRAIN * GRAIN
                            pairs = c * (2 * part_done + c)
                            left -= c
                            part_done += c
                            part_front = 0
                            if part_done == prompt[part]:
                                ending[r, endings] = part
                                endings += 1
                                part = -1
                        else:
                            part_front = 1
                    # Then new requests: the restarted before the others.
                    while left > 0 and held < sequences and n + chunks < sequences:
                        if vllm == 1 and preempted:
                            break
                        if piled > 0:
                            q = stack[r, piled - 1]
                        elif head < tail and arrived[queue[start_of + head]] <= now:
                            q = queue[start_of + head]
                        else:
                            break
                        length = prompt[q]
                        need = ((min(length, left) if vllm == 1 else length) - 1) // size + 1
                        if blocks - used - need < reserve:
                            break
                        if piled > 0:
                            piled -= 1
                        else:
                            head += 1
                        if queued[q] < 0.0:
                            queued[q] = now - arrived[q]
                        used += need
                        held += 1
                        c = min(length, left)
                        chunks += 1
                        tokens += c
                        squares += c * c
                        pairs += c * c
                        left -= c
                        if c == length:
                            ending[r, endings] = q
                            endings += 1
                        else:
                            part, part_done, part_front = q, c, 0
                    if n + chunks == 0:
                        if part < 0 and piled == 0 and head < tail and arrived[queue[start_of + head]] > now:
                            continue  # idle until the next arrival
                        break  # nothing to do, or nothing fits: the caller sees that requests are left
                    if kind == LAW:
                        duration = law_seconds(
                            coefficients, n, context, chunks, tokens, context_before, squares
                        )
                    elif kind == ROOF:
                        duration = roof_seconds(decode, coefficients, n, context, chunks, tokens, pairs)
                    elif kind == PROFILE:
                        duration = profile_seconds(
                            token, prefill, decode, coefficients, n, context, chunks, tokens, squares, pairs
                        )
                    else:
                        duration = tables_seconds(
                            token,
                            decode,
                            prefill,
                            coefficients,
                            n,
                            context,
                            chunks,
                            tokens,
                            context_before,
                            squares,
                        )
                    busy = 1
                    start = now
                    end = now + duration
                    peak = max(peak, used)
                    iterations += 1
                    if recording:
                        row = rows[0]
                        rows[0] += 1
                        times[0, row] = now
                        times[1, row] = duration
                        counts[0, row] = r
                        counts[1, row] = n
                        counts[2, row] = context
                        counts[3, row] = chunks
                        counts[4, row] = tokens
                        counts[5, row] = context_before
                        counts[6, row] = squares
                        counts[7, row] = used
                I[r, BATCH], I[r, PHASE], I[r, DECODING], I[r, CONTEXT] = k, phase, n, context
                I[r, USED], I[r, HELD], I[r, PART], I[r, PART_DONE], I[r, PART_FRONT] = (
                    used,
                    held,
                    part,
                    part_done,
                    part_front,
                )
                I[r, HEAD], I[r, STACK], I[r, BUSY], I[r, ENDING] = head, piled, busy, endings
                I[r, FIRST], I[r, LAST], I[r, SPARE] = front, back, spares
                I[r, ITERATIONS], I[r, PEAK], I[r, DONE], I[r, TAIL] = iterations, peak, done, tail
                F[r, START], F[r, END], F[r, LATEST] = start, end, now
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
