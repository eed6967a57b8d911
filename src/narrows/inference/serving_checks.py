"""The serving simulation against the runs of Vidur, batch by batch, and prefix hits of a trace."""

from __future__ import annotations

import csv
import gzip
from typing import TYPE_CHECKING

import numpy as np

from narrows.figure import Comparison
from narrows.inference.engine import Engine, Requests
from narrows.inference.prefixes import prefix_hits, read_named
from narrows.inference.serving_kernel import serve
from narrows.inference.steps import StepTable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from narrows.inference.engine import Served

__all__ = ["serving_rows"]

ROOM = "inference"
FOLDER = "vidur"
TABLES = "step_tables_llama3_8b_a100.npz"
LAYERS = 32
RUNS = {
    "n1000_q6.45": Engine(),
    "n10000_q6.45": Engine(),
    "n500_q8_2000blocks": Engine(blocks=2000),
    "n1000_q12_2replicas_round_robin": Engine(replicas=2),
}
"""Engines of the runs, by the ending of their files."""
WITHIN_S = 1e-9
TRACE = "traces/mooncake_conversation_first_20min.jsonl.gz"
HITS = {
    None: 30_998 / 97_495,
    1_000: 0.04018,
    5_000: 0.10429,
    10_000: 0.20431,
    20_000: 0.27402,
    50_000: 0.31661,
}
"""Share of the blocks of the trace found in a cache of least recent use, by its blocks; to five digits as
told beside the data, and the count itself without limit."""


def serving_rows(data: Path | None) -> Iterator[Comparison]:
    """Yield the comparisons with the runs of Vidur and with the hits counted beside the data.

    Parameters
    ----------
    data
        Folder that holds ``vidur/`` and ``traces/``; None where there is none.
    """
    folder = None if data is None else data / FOLDER
    for run, engine in RUNS.items():
        dataset = f"vidur requests_{run}"
        path = None if folder is None else folder / f"requests_{run}.csv.gz"
        if folder is None or path is None or not (path.is_file() and (folder / TABLES).is_file()):
            yield Comparison(ROOM, dataset, "latency", "not run: data absent", None, "", None, 0, None)
            continue
        table, asked = StepTable.load(folder / TABLES, layers=LAYERS), _columns(path)
        lists = [asked[name] for name in ("arrived_at_s", "num_prefill_tokens", "num_decode_tokens")]
        requests = Requests(lists[0], lists[1].astype(np.int64), lists[2].astype(np.int64))
        served = serve(requests, table, engine, batches=True)
        worst = max(
            float(np.abs(getattr(served, name) - asked[name]).max())
            for name in ("queue_s", "ttft_s", "e2e_s")
        )
        yield Comparison(
            ROOM,
            dataset,
            "queue, TTFT and E2E of each request",
            "largest error in s",
            worst,
            "within 1e-9",
            None,
            len(requests),
            worst <= WITHIN_S,
        )
        if "restarts" in asked:
            wrong = int((served.restarts != asked["restarts"]).sum())
            yield _count(dataset, "restarts of each request", wrong, len(requests))
        batches = folder / f"batches_{run}.csv.gz"
        if batches.is_file():
            yield _batches(f"vidur {batches.name.removesuffix('.csv.gz')}", _columns(batches), served)
    yield from _hits(None if data is None else data / TRACE)


def _hits(path: Path | None) -> Iterator[Comparison]:
    dataset = "mooncake conversation, first 20 min"
    if path is None or not path.is_file():
        yield Comparison(ROOM, dataset, "prefix hits", "not run: data absent", None, "", None, 0, None)
        return
    requests = read_named(path)
    count = 0 if requests.hashes is None else requests.hashes.size
    for blocks, wanted in HITS.items():
        hits = int(prefix_hits(requests, blocks).sum())
        size = "unbounded" if blocks is None else f"{blocks:,} blocks"
        wrong = abs(hits - round(wanted * count))
        yield _count(dataset, f"hit blocks of a cache, {size}", wrong, count)


def _batches(dataset: str, theirs: dict[str, np.ndarray], served: Served) -> Comparison:
    count = len(theirs["start_s"])
    if served.batches is None or served.iterations != count:
        return _count(dataset, "batches", abs(served.iterations - count), count)
    differs = np.zeros(count, dtype=bool)
    for name, values in theirs.items():
        found = getattr(served.batches, name)
        differs |= np.abs(found - values) > (WITHIN_S if name.endswith("_s") else 0)
    return _count(dataset, "content, blocks and times of each batch", int(differs.sum()), count)


def _count(dataset: str, quantity: str, wrong: int, n: int) -> Comparison:
    return Comparison(ROOM, dataset, quantity, "number that differ", wrong, "0", None, n, wrong == 0)


def _columns(path: Path) -> dict[str, np.ndarray]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}
