"""The time of a step, compiled: the same as `narrows.inference.steps.StepTable.seconds`, bit for bit."""

# ruff: noqa: PLR0917 -- a kernel takes its numbers one by one

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from narrows.inference.steps import GRAIN, SHARPNESS, TERMS

__all__ = ["law_seconds", "roof_seconds", "tables_seconds"]

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
