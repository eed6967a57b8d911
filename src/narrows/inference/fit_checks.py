"""Room for the cache: predicted blocks against those that vLLM reports on H100."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from narrows.figure import Comparison
from narrows.inference.fit import BLOCK, Fit, Setup, fit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["fit_rows"]

ROOM, TABLE = "inference", "h100_vllm_experiments.json"
MODELS = {
    "meta-llama/Llama-2-7b-hf": ("llama-2-7b", Setup(), 0.03),
    "meta-llama/Llama-3.1-70B-Instruct": ("llama-3.1-70b", Setup(), 0.03),
    "mistralai/Mistral-Nemo-Instruct-2407": ("mistral-nemo-12b", Setup(), 0.03),
    "Qwen/Qwen2.5-7B-Instruct": ("qwen2.5-7b", Setup(), 0.03),
    "RedHatAI/Llama-4-Scout-17B-16E-Instruct-FP8-dynamic": (
        "llama-4-scout",
        Setup(weights="fp8", kept=("attention",)),
        0.15,
    ),
}
"""Model of the catalogue, precision, and goal, by the name in the table."""


def fit_rows(folder: Path | None) -> Iterator[Comparison]:
    """Yield the comparisons of blocks of cache.

    Parameters
    ----------
    folder
        Folder with the table of experiments; None where there is none.

    Notes
    -----
    The overhead of the engine was closed on the five dense runs, so that those rows are in sample; the
    spread of the overhead over them is the doubt of the fact. Baseline: all weights at the same bytes.
    """
    table = None if folder is None else folder / TABLE
    if table is None or not table.is_file():
        yield Comparison(ROOM, TABLE, "blocks of cache", "not run: data absent", None, "", None, 0, None)
        return
    runs = json.loads(table.read_text(encoding="utf-8"))
    for name, tp, blocks in sorted({(run["model"], run["tp"], run["total_kv_blocks"]) for run in runs}):
        model, setup, goal = MODELS[name]
        count = sum((run["model"], run["tp"]) == (name, tp) for run in runs)
        found = fit(model, "h100_sxm", Setup(tp=tp, weights=setup.weights, kept=setup.kept))
        error = found.blocks / blocks - 1.0
        yield Comparison(
            ROOM,
            TABLE,
            f"blocks of cache, {model} on {tp} H100, vLLM 0.15.1",
            "relative error",
            error,
            f"within {goal:g}",
            _alike(found) / blocks - 1.0,
            count,
            abs(error) <= goal,
        )


def _alike(found: Fit) -> float:
    """Return the blocks if all weights had the bytes of the smallest, and the engine took nothing."""
    least = min(found.bits.values())
    weights = sum(size * least / found.bits[name] for name, size in found.modules.items())
    return (found.memory_bytes - weights) / (BLOCK * found.kv_bytes_per_token)
