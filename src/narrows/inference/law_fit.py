"""Fit of the laws: common first, then offsets of engines, modes, stacks, models, settings and builds."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.fitted import STUDENT, drawn, fit_law, stored, told_rows, widened
from narrows.inference.law import (
    COEFFICIENTS,
    FIRST,
    KINDS,
    FirstParts,
    TokenParts,
    closed_loop,
    first_token_parts,
)
from narrows.inference.silicon import TABLE, read_runs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from narrows.fitted import Law, Predict
    from narrows.inference.law import Loop
    from narrows.inference.silicon import Run

    Array = NDArray[np.float64]
    Mask = NDArray[np.bool_]

__all__ = [
    "crossed",
    "fit_laws",
    "folds",
    "held_out",
    "loops_of",
    "predicted",
    "ratios",
    "row_key",
    "shipped",
]

SOURCE = "ai-dynamo/aiconfigurator @095f58a5 aic-core/src/aiconfigurator_core/systems/silicon_sample.csv"

START = {
    "dense_weights": 1.2, "expert_weights": 1.2, "cache": 1.2, "dense_work": 1.4, "expert_work": 1.4,
    "expert_tiles": 0.3, "attention_work": 2.0, "reduce_bytes": 1.5, "reduce_count": 2.0,
    "exchange_bytes": 1.0, "exchange_count": 5.0, "layers": 30.0, "expert_layers": 10.0, "requests": 5.0,
    "activations": 1.5, "routed": 1.0, "step": 5.0, "saturation": 0.3, "scale": 1.0,
    "prompt": 1.0, "step_before": 1.0, "burst": 1.0, "queue": 0.3, "request": 1.0,
    "waiting": 1.0,
}  # fmt: skip
"""Where the fit starts and whence the prior draws: what a part would cost at a usual efficiency."""
LOOSE = 1.0
FIRM = {
    "dense_weights": 0.4, "expert_weights": 0.4, "cache": 0.4, "waiting": 0.4, "activations": 0.2,
    "dense_work": 0.05, "expert_work": 0.3, "scale": 0.0,
}  # fmt: skip
"""Parts whose efficiency is known better than to a factor of e: spread of their prior, in logarithms.

Dense products reach 70 to 85 % of the peak in microbenchmarks: left free, the fit takes them above it.
"""
SPREADS = {
    "token": {
        "engine": (0.03, 0.0),
        "mode": (0.0, 0.1),
        "stack": (0.05, 0.0),
        "model": (0.1, 0.1),
        "setting": (0.15, 0.1),
        "build": (0.0, 0.15),
    },
    "first": {
        "engine": (0.2, 0.0),
        "mode": (0.5, 0.3),
        "stack": (0.1, 0.1),
        "model": (0.1, 0.1),
        "setting": (0.3, 0.3),
        "build": (0.0, 0.3),
    },
}
"""Spread of offsets at each level, in logarithms: of a coefficient, and of the factor on all."""


def loops_of(runs: Sequence[Run]) -> list[Loop]:
    """Return the loop of each run."""
    return [
        closed_loop(
            run.model,
            run.chip,
            run.place,
            asked=run.asked,
            answered=run.answered,
            concurrency=run.concurrency,
            split=run.split,
            workers=run.workers,
        )
        for run in runs
    ]


def _fitted(what: str, make: Callable[[Mask], Predict], loops: Sequence[Loop], measured: Array) -> Law:
    groups = [loop.groups for loop in loops]
    return fit_law(
        make,
        measured,
        groups,
        start={
            name: (START[name], FIRM.get(name, LOOSE))
            for name in (COEFFICIENTS if what == "token" else FIRST)
        },
        spreads=SPREADS[what],
        first=np.array([group["mode"] == "together" for group in groups]),
        method=STUDENT,
        kinds=KINDS,
        by="engine",
    )


def _rows(loops: Sequence[Loop], rows: Mask) -> list[Loop]:
    return [loop for loop, chosen in zip(loops, rows, strict=True) if chosen]


def fit_laws(loops: Sequence[Loop], token_s: Array, first_s: Array) -> dict[str, Law]:
    """Return the two laws of some measured loops, without widening.

    Parameters
    ----------
    loops
        What was run.
    token_s, first_s
        Measured time per output token and to the first token [s].
    """
    parts = TokenParts(loops)

    def token(rows: Mask) -> Predict:
        return parts.only(rows)

    laws = {"token": _fitted("token", token, loops, np.log(token_s))}
    timed = first_s > 0
    kept = _rows(loops, timed)
    table = first_token_parts(kept, laws["token"].logs([loop.groups for loop in kept]))

    def first(rows: Mask) -> Predict:
        return FirstParts(table[rows])

    laws["first"] = _fitted("first", first, kept, np.log(first_s[timed]))
    return laws


def predicted(laws: dict[str, Law], loops: Sequence[Loop]) -> dict[str, tuple[Array, Array, Array]]:
    """Return value [s], deviation and half-width in logarithms of each loop by each law."""
    groups = [loop.groups for loop in loops]
    first = FirstParts(first_token_parts(loops, laws["token"].logs(groups)))
    made: dict[str, Predict] = {"token": TokenParts(loops), "first": first}
    return {
        name: (
            np.exp(predict(laws[name].logs(groups))),
            laws[name].deviation(predict, groups),
            laws[name].half(predict, groups),
        )
        for name, predict in made.items()
    }


def row_key(run: Run) -> tuple[object, ...]:
    """Return what tells a run from the others."""
    return run.id, f"{run.token_s:.4g}"


def folds(runs: Sequence[Run], count: int = 5, seed: int = 0) -> NDArray[np.int64]:
    """Return a fold for each run; runs of one configuration share it."""
    keys = [
        (
            run.chip.id,
            run.model.id,
            run.place.engine,
            run.place.weights,
            run.asked,
            run.answered,
            run.concurrency,
            run.place.tensor,
            run.place.ranks,
            run.place.expert_parallel,
        )
        for run in runs
    ]
    return drawn(keys, count=count, seed=seed)


def crossed(
    loops: Sequence[Loop], token_s: Array, first_s: Array, labels: Array
) -> dict[str, tuple[Array, Array]]:
    """Return value [s] and deviation of every loop by laws fitted without its fold."""
    found = {name: (np.zeros(len(loops)), np.zeros(len(loops))) for name in ("token", "first")}
    for label in np.unique(labels):
        test = labels == label
        laws = fit_laws(_rows(loops, ~test), token_s[~test], first_s[~test])
        for name, (value, deviation, _) in predicted(laws, _rows(loops, test)).items():
            found[name][0][test] = value
            found[name][1][test] = deviation
    return found


def held_out(
    runs: Sequence[Run], loops: Sequence[Loop]
) -> dict[str, tuple[Array, dict[str, tuple[Array, Array]]]]:
    """Return folds and crossed predictions by kind of question: ``seen``, ``model`` and ``chip``.

    Parameters
    ----------
    runs, loops
        What was measured, and the loop of each.

    Notes
    -----
    ``seen`` is five folds by configuration; ``model`` and ``chip`` leave one out at a time.
    """
    token_s, first_s = np.array([run.token_s for run in runs]), np.array([run.first_s for run in runs])
    labels = {
        "seen": folds(runs),
        "model": np.array([run.model.id for run in runs]),
        "chip": np.array([run.chip.id for run in runs]),
    }
    return {kind: (label, crossed(loops, token_s, first_s, label)) for kind, label in labels.items()}


def ratios(value: Array, deviation: Array, measured: Array) -> Array:
    """Return the misses in logarithms over their deviations, without sign; NaN where nothing was measured."""
    known = np.where(measured > 0, measured, np.nan)
    found: Array = np.abs(np.log(value / known)) / deviation
    return found


def shipped(folder: Path) -> dict[str, Any]:
    """Return what is written to ``law.json``: both laws fitted on all clean runs, and where they come from.

    Parameters
    ----------
    folder
        Folder with the table of runs.
    """
    runs = [run for run in read_runs(folder) if run.clean]
    loops = loops_of(runs)
    measured = {
        "token": np.array([run.token_s for run in runs]),
        "first": np.array([run.first_s for run in runs]),
    }
    laws = fit_laws(loops, measured["token"], measured["first"])
    engines = np.array([run.place.engine for run in runs])
    for kind, (_, found) in held_out(runs, loops).items():
        for name, law in laws.items():
            ratio = ratios(*found[name], measured[name])
            law.widening[kind] = widened(ratio, engines)
    days = sorted(run.day for run in runs if run.day)
    return {
        "made_by": "python tools/fit_law.py --data DIR",
        "source": SOURCE,
        "licence": "Apache-2.0",
        "table_sha256": hashlib.sha256((folder / TABLE).read_bytes()).hexdigest(),
        "measured_from": days[0],
        "measured_to": days[-1],
        "runs": len(runs),
        "rows": told_rows(row_key(run) for run in runs),
        "fitted": (
            "mean time per output token (token) and to the first token (first) of closed loops; "
            "logarithms of coefficients; common first, then offsets by level, each drawn to what is above it"
        ),
        **{name: stored(law) for name, law in laws.items()},
    }
