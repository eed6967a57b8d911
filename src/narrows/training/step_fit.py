"""Fit of the law of training steps to public runs, and its errors on runs that no fit has seen."""

from __future__ import annotations

import hashlib
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.fitted import HUBER, drawn, fit_law, stored, told_rows, widened
from narrows.training.runs import TABLES, read_runs
from narrows.training.step import step_parts
from narrows.training.step_law import KINDS, NAMES, groups_of, predictor

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from narrows.fitted import Law, Predict
    from narrows.training.runs import Run

    Array = NDArray[np.float64]
    Mask = NDArray[np.bool_]

__all__ = ["HELD_OUT", "fit_steps", "held_out", "labels_of", "parts_of", "row_key", "shipped"]

START = {
    "linear": 1.35, "core": 2.0, "experts": 1.8, "state": 3.0, "logits": 1.4,
    "activations": 1.0, "routed": 1.2, "casts": 0.5, "weights": 2.0,
    "tensor": 1.0, "context": 0.5, "exchange": 0.5, "pipeline": 0.5, "reduce": 0.2, "gather": 0.3,
    "layers": 1.0, "expert_layers": 5.0, "passes": 1.0, "optimiser": 2.0, "step": 0.5,
    "short": 0.5, "short_experts": 0.5, "scale": 1.0,
}  # fmt: skip
"""Where the fit starts and whence the prior draws: what a part would cost at a usual efficiency."""
FIRM, LOOSE = 0.4, 0.8
"""Prior deviations: of parts whose efficiency is known to within half, and of the others."""
KNOWN = ("linear", "core", "experts", "logits", "activations")
SPREADS = {
    "stack": (0.2, 0.2),
    "machine": (0.1, 0.15),
    "vintage": (0.2, 0.1),
    "model": (0.15, 0.1),
    "setting": (0.0, 0.1),
}
"""Spread of offsets at each level, in logarithms: of a coefficient, and of the factor on all."""
METHOD = replace(HUBER, floor=0.02)
"""The least residual scale is what step times of one run differ by."""
FOLDS = 5
HELD_OUT = ("configuration", "model", "machine", "vintage")
"""What is left out at a time."""


def parts_of(runs: Sequence[Run]) -> Array:
    """Return the parts of each run, axes: runs, parts."""
    return np.array([step_parts(run.model, run.machine, run.layout, ahead=run.ahead) for run in runs])


def groups(runs: Sequence[Run]) -> list[dict[str, str]]:
    """Return the group of each run at each level."""
    return [
        groups_of(run.model, run.machine, run.layout, stack=run.stack, vintage=run.vintage) for run in runs
    ]


def fit_steps(runs: Sequence[Run], parts: Array) -> Law:
    """Return the law fitted on some runs, without widening.

    Parameters
    ----------
    runs, parts
        What was measured, and the parts of each.
    """

    def make(rows: Mask) -> Predict:
        return predictor(parts[rows])

    doubt = {name: FIRM if name in KNOWN else 0.0 if name == "scale" else LOOSE for name in NAMES}
    return fit_law(
        make,
        np.log([run.step_s for run in runs]),
        groups(runs),
        start={name: (START[name], doubt[name]) for name in NAMES},
        spreads=SPREADS,
        method=METHOD,
        kinds=KINDS,
        by="sort",
    )


def row_key(run: Run) -> tuple[object, ...]:
    """Return what tells a run from the others: the same in every table that prints it."""
    where = (run.stack, run.vintage, run.model.id, run.machine.chip.id)
    return *where, *(getattr(run.layout, field.name) for field in fields(run.layout)), f"{run.step_s:.4g}"


def labels_of(runs: Sequence[Run], what: str) -> NDArray[Any]:
    """Return the label by which each run is left out.

    Parameters
    ----------
    runs
        What was measured.
    what
        One of `HELD_OUT`; a configuration is left out in all its releases, with a fifth of the others.
    """
    if what == "model":
        return np.array([run.model.id for run in runs])
    if what == "machine":
        return np.array([run.machine.chip.id for run in runs])
    if what == "vintage":
        return np.array([f"{run.stack} {run.vintage}" for run in runs])
    return drawn(
        [
            (
                run.stack,
                run.machine.chip.id,
                run.model.id,
                run.layout.precision,
                run.layout.chips,
                run.layout.batch,
                run.layout.sequence,
                run.layout.tensor,
                run.layout.stages,
            )
            for run in runs
        ],
        count=FOLDS,
    )


def held_out(runs: Sequence[Run], parts: Array, labels: NDArray[Any]) -> tuple[Array, Array]:
    """Return log-predictions and their deviations, each from a law that has not seen its label.

    Parameters
    ----------
    runs, parts
        What was measured, and the parts of each.
    labels
        Label of each run.
    """
    value, deviation = np.empty(len(runs)), np.empty(len(runs))
    every = groups(runs)
    for label in sorted(set(labels.tolist())):
        test = labels == label
        law = fit_steps([run for run, left in zip(runs, test, strict=True) if not left], parts[~test])
        own = [group for group, left in zip(every, test, strict=True) if left]
        predict = predictor(parts[test])
        value[test] = predict(law.logs(own))
        deviation[test] = law.deviation(predict, own)
    return value, deviation


def shipped(folder: Path) -> dict[str, Any]:
    """Return what is written to ``law.json``: the law fitted on all runs, and where they come from.

    Parameters
    ----------
    folder
        Folder with the tables of runs.
    """
    runs = read_runs(folder)
    parts = parts_of(runs)
    law = fit_steps(runs, parts)
    measured = np.log([run.step_s for run in runs])
    sort = np.array(["moe" if run.model.experts else "dense" for run in runs])
    for what, kind in (
        ("configuration", "seen"),
        ("model", "model"),
        ("machine", "machine"),
        ("vintage", "stack"),
    ):
        value, deviation = held_out(runs, parts, labels_of(runs, what))
        law.widening[kind] = widened(np.abs(value - measured) / deviation, sort)
    return {
        "made_by": "python tools/fit_training.py --data DIR",
        "source": (
            "NVIDIA-NeMo/Megatron-Bridge @067f987; mlcommons training_results v4.1, v5.0, v5.1; "
            "mosaicml/llm-foundry @8c8dd48; MooreThreads/SimuMax @4dcaae5; calculon-ai/calculon @caa4b11; "
            "pytorch/torchtitan; NVIDIA/Megatron-LM @d98e8a6"
        ),
        "licence": "Apache-2.0, BSD-3-Clause",
        "tables_sha256": {
            name: hashlib.sha256((folder / file).read_bytes()).hexdigest() for name, file in TABLES.items()
        },
        "runs": len(runs),
        "rows": told_rows(row_key(run) for run in runs),
        "parts_s": float(f"{parts.sum():.8g}"),
        "fitted": "time of a step; logarithms of factors on its parts; common first, then by level",
        "step": stored(law),
    }
