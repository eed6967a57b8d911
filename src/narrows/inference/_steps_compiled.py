"""The time of a step, compiled: the same as `narrows.inference.steps.StepTable.seconds`, bit for bit."""

# ruff: noqa: PLR0917 -- a kernel takes its numbers one by one

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from narrows.inference.steps import AXES, GRAIN, SHARPNESS, TERMS

__all__ = ["law_seconds", "profile_seconds", "roof_seconds", "tables_seconds"]

_TERMS = len(TERMS)


@njit(nogil=True, inline="always")
def _row(a: Any, i: int, n: int, context: int, chunks: int, tokens: int, before: int, squares: int) -> Any:
    total = a[i] + a[i + 1] * (n + tokens)
    total += a[i + 2] * n
    total += a[i + 3] * context
    total += a[i + 4] * chunks
    total += a[i + 5] * before
    return total + a[i + 6] * squares


@njit(nogil=True)
def law_seconds(a: Any, n: int, context: int, chunks: int, tokens: int, before: int, squares: int) -> Any:
    always = _row(a, 0, n, context, chunks, tokens, before, squares)
    if a.shape[0] == _TERMS:
        return always
    memory = _row(a, _TERMS, n, context, chunks, tokens, before, squares)
    compute = _row(a, 2 * _TERMS, n, context, chunks, tokens, before, squares)
    return always + max(memory, compute)


@njit(nogil=True)
def roof_seconds(rows: Any, a: Any, n: int, context: int, chunks: int, tokens: int, pairs: int) -> Any:
    t = n + tokens
    read = min(float(context), n * a[1])
    memory = rows[0, t] + (a[0] * read + a[2] * min(float(context), n * a[3]))
    compute = rows[1, t] + (rows[2, t] * n + a[4] * (0.5 * pairs) + a[5] * read)
    rest = rows[3, t] + (a[6] * n + a[7] * chunks)
    more, less = max(memory, compute), min(memory, compute)
    if more <= 0.0:
        return a[8] * rest
    return a[8] * (more * (1.0 + (less / more) ** SHARPNESS) ** (1.0 / SHARPNESS) + rest)


@njit(nogil=True)
def tables_seconds(
    token: Any,
    decode: Any,
    prefill: Any,
    coefficients: Any,
    n: int,
    context: int,
    chunks: int,
    tokens: int,
    before: int,
    squares: int,
) -> Any:
    """Return the time of one step by measured tables [s]."""
    ms = token[n + tokens]
    if n > 0:
        ms += decode[n, (context // n + GRAIN - 1) // GRAIN]
    if chunks == 1:
        ms += prefill[before // GRAIN, tokens]
    elif chunks > 1:
        ms += prefill[before // GRAIN, int(np.sqrt(squares) + 0.5)] * coefficients[1]
    return coefficients[0] * ms * 1e-3


@njit(nogil=True, inline="always")
def _place(a: Any, first: int, count: int, at: float) -> Any:
    low, high = 0, count - 1
    while high - low > 1:
        half = (low + high) // 2
        if a[first + half] <= at:
            low = half
        else:
            high = half
    return low


@njit(nogil=True, inline="always")
def _across(row: Any, near: int, far: int, w: float, x: float) -> Any:
    low = row[near] + x * (row[near + 1] - row[near])
    high = row[far] + x * (row[far + 1] - row[far])
    return low + w * (high - low)


@njit(nogil=True)
def _attention(grid: Any, a: Any, chunk: float, before: float, n: int, mean: float) -> Any:
    sizes0, sizes1, sizes2, sizes3 = int(a[0]), int(a[1]), int(a[2]), int(a[3])
    first = AXES
    i = _place(a, first, sizes0, chunk)
    u = (chunk - a[first + i]) / (a[first + i + 1] - a[first + i])
    first += sizes0
    j = _place(a, first, sizes1, before)
    v = (before - a[first + j]) / (a[first + j + 1] - a[first + j])
    first += sizes1
    k = _place(a, first, sizes2, n)
    w = (n - a[first + k]) / (a[first + k + 1] - a[first + k])
    first += sizes2
    m = _place(a, first, sizes3, mean)
    x = (mean - a[first + m]) / (a[first + m + 1] - a[first + m])
    near, far = k * sizes3 + m, (k + 1) * sizes3 + m
    row, ahead = i * sizes1 + j, (i + 1) * sizes1 + j
    one = _across(grid[row], near, far, w, x)
    low = one + v * (_across(grid[row + 1], near, far, w, x) - one)
    one = _across(grid[ahead], near, far, w, x)
    high = one + v * (_across(grid[ahead + 1], near, far, w, x) - one)
    return low + u * (high - low)


@njit(nogil=True)
def profile_seconds(
    token: Any,
    sequence: Any,
    grid: Any,
    a: Any,
    n: int,
    context: int,
    chunks: int,
    tokens: int,
    squares: int,
    pairs: int,
) -> Any:
    """Return the time of one step by a kernel profile [s]."""
    chunk, before = 0.0, 0.0
    if tokens > 0:
        before = 0.5 * (pairs - squares) / tokens
        chunk = np.sqrt(before * before + pairs) - before
    if chunks == 1:
        chunk = float(tokens)
    mean = context / n if n > 0 else a[AXES + int(a[0]) + int(a[1]) + int(a[2])]
    alone = token[n + tokens] + sequence[0, n + chunks]
    return alone + _attention(grid, a, chunk, before, n, mean)
