"""Traces with named blocks, and what a prefix cache of a given size would find in them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np

from narrows.errors import DataError, UsageError
from narrows.inference.engine import Requests

__all__ = ["MOONCAKE_TOKENS", "dense", "prefix_hits", "read_named"]

MOONCAKE_TOKENS = 512
"""Tokens of a block in the traces of Mooncake (Qin et al., FAST 2025)."""
FIELDS = ("timestamp", "input_length", "output_length", "hash_ids")
MS_PER_S = 1000
LARGEST = 2**63
"""What a number of a trace stays below."""


def read_named(path: str | Path) -> Requests:
    """Return the requests of a ``.jsonl`` trace of Mooncake.

    Parameters
    ----------
    path
        The file, plain or with the ending ``.gz``; one object a line with ``timestamp`` [ms],
        ``input_length``, ``output_length`` and ``hash_ids``, one for each 512 tokens.

    Raises
    ------
    DataError
        If the file cannot be read, or a line lacks a field or holds something else.
    """
    where = Path(path)
    try:
        with (
            gzip.open(where, "rt", encoding="utf-8")
            if where.suffix == ".gz"
            else where.open(encoding="utf-8")
        ) as file:
            rows = [_row(path, number, line) for number, line in enumerate(file, 1) if line.strip()]
    except (OSError, UnicodeDecodeError, EOFError) as error:
        raise DataError(
            f"The trace {str(path)!r} cannot be read: {getattr(error, 'strerror', None) or error}",
            f"A trace has one object a line with {', '.join(FIELDS)}",
            "Name another file",
        ) from error
    if not rows:
        raise DataError(
            f"The trace {str(path)!r} has no rows",
            "A simulation has at least one request",
            "Give a trace with rows",
        )
    arrived, prompt, output = (np.array([row[name] for row in rows]) for name in FIELDS[:3])
    lists = [row[FIELDS[3]] for row in rows]
    hashes = np.array([name for names in lists for name in names], dtype=np.int64)
    offsets = np.cumsum([0, *map(len, lists)])
    return Requests(arrived / MS_PER_S, prompt, output, hashes, offsets, MOONCAKE_TOKENS)


def _row(path: str | Path, number: int, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):  # no JSON, a number of thousands of digits, or too deep
        row = None
    numbers = isinstance(row, dict) and all(
        type(row.get(name)) in {int, float} and abs(row[name]) < LARGEST for name in FIELDS[:3]
    )
    names = row.get(FIELDS[3]) if isinstance(row, dict) else None
    if not numbers or not isinstance(names, list) or not all(_is_name(name) for name in names):
        raise DataError(
            f"Line {number} of the trace {str(path)!r} is {line.strip()[:40]!r}",
            f"A line is an object with the numbers {', '.join(FIELDS[:3])} and the list {FIELDS[3]}",
            "Mend the line or leave it out",
        )
    found: dict[str, Any] = row
    return found


def _is_name(name: object) -> bool:
    return type(name) is int and -LARGEST < name < LARGEST


def prefix_hits(requests: Requests, blocks: int | None = None) -> np.ndarray:
    """Return the blocks of each request that a cache of all earlier prompts holds.

    Parameters
    ----------
    requests
        Requests with hashes, in order of arrival.
    blocks
        Blocks of the cache; without limit if left out.

    Returns
    -------
    ndarray
        Leading blocks of each request found in the cache.

    Raises
    ------
    DataError
        If the requests have no hashes.
    UsageError
        If the cache has less than one block.

    Notes
    -----
    A hit is a leading block in the cache. Then all blocks of the request are used in order, and while there
    are too many the least recently used leaves. Time plays no part: this is the bound of a cache that knows
    every prompt at once. The cost is O(1) a block.

    Examples
    --------
    >>> asked = Requests([0.0, 1.0], [1000, 1500], [1, 1], [7, 8, 7, 9, 10], [0, 2, 5], 512)
    >>> prefix_hits(asked).tolist()
    [0, 1]
    """
    if requests.hashes is None or requests.offsets is None:
        raise DataError(
            "The requests have no hashes",
            "A trace with hashes names each block of a prompt, as Mooncake's .jsonl does",
            "Give such a trace",
        )
    if blocks is not None and blocks < 1:
        raise UsageError(f"The cache has {blocks} blocks", "It has at least one", "Give 10000")
    from narrows.inference._policies_compiled import count_hits

    places, distinct = dense(requests.hashes)
    room = distinct if blocks is None else blocks
    hits: np.ndarray = count_hits(places, requests.offsets, distinct, room)
    return hits


def dense(hashes: np.ndarray) -> tuple[np.ndarray, int]:
    """Return names as whole numbers from 0, and how many there may be.

    Examples
    --------
    >>> dense(np.array([900, -7, 900]))
    (array([1, 0, 1]), 2)
    """
    if hashes.size and hashes.min() >= 0 and hashes.max() < 2 * hashes.size:
        return hashes, int(hashes.max()) + 1
    found, places = np.unique(hashes, return_inverse=True)
    return places.astype(np.int64), max(found.size, 1)
