"""The laws of inference against measured runs that they have not seen."""

from __future__ import annotations

import csv
import gzip
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from narrows.figure import Comparison, compared
from narrows.fitted import covered, unseen
from narrows.inference.law import fitted_rows, read_law
from narrows.inference.law_fit import held_out, loops_of, predicted, ratios, row_key
from narrows.inference.silicon import TABLE, read_runs, unknown_models

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from narrows.inference.silicon import Run

    Array = NDArray[np.float64]

__all__ = ["law_rows"]

ROOM = "inference"
PEER = "silicon_aiconfigurator_0.12.0_predictions.csv.gz"
TITLES = {
    "seen": "five folds by configuration",
    "model": "one model left out",
    "chip": "one chip left out",
}
GOALS = {"seen": (8.0, 14.0, 10.0), "model": (12.0, None, 15.9), "chip": (14.0, None, 16.6)}
"""Goals for median and mean, and the median of an additive roofline of ten coefficients [%]."""
FIRST_GOAL = 25.0
FIRST_PEER = 55.2
SPLIT_GOALS = {"token": 15.0, "first": 35.0}
SPLIT_PEER = {"token": 21.8, "first": 78.3}
COVER = (85.0, 95.0)
QUANTITY = {"token": "time per output token", "first": "time to first token"}


def law_rows(folder: Path | None) -> Iterator[Comparison]:
    """Yield the comparisons of the laws with measured runs.

    Parameters
    ----------
    folder
        Folder that holds the table of runs; None where there is none.
    """
    if folder is None or not (folder / TABLE).is_file():
        yield Comparison(ROOM, TABLE, "step-time law", "not run: data absent", None, "", None, 0, None)
        return
    every = read_runs(folder)
    for name in unknown_models(folder):
        reason = f"not run: the model {name!r} is not known"
        yield Comparison(ROOM, TABLE, "rows left out", reason, None, "", None, 0, None)
    if not every:
        yield Comparison(ROOM, TABLE, "step-time law", "not run: no rows", None, "", None, 0, None)
        return
    yield from compared(ROOM, TABLE, partial(_answered, every))
    runs = [run for run in every if run.clean]
    yield from compared(ROOM, TABLE, partial(_as_shipped, runs))
    yield from compared(ROOM, TABLE, partial(_left_out, runs, folder))


def _as_shipped(runs: list[Run]) -> Iterator[Comparison]:
    """Compare runs that are not among those of the fit with the laws as they ship."""
    runs = [run for run, new in zip(runs, unseen(fitted_rows(), map(row_key, runs)), strict=True) if new]
    runs = [run for run in runs if run.split is None]
    ending = "the law as shipped, runs that it was not fitted to"
    if not runs:
        title = f"{QUANTITY['token']}, {ending}"
        yield Comparison(ROOM, TABLE, title, "not run: no such run here", None, "", None, 0, None)
        return
    told = {"token": [run.token_s for run in runs], "first": [run.first_s for run in runs]}
    for name, (value, _, half) in predicted(read_law(), loops_of(runs)).items():
        measured = np.array(told[name])
        known = measured > 0
        off = np.log(value[known] / measured[known])
        title = f"{QUANTITY[name]}, {ending}"
        yield from _errors(name, "seen", title, np.abs(np.exp(off) - 1) * 100)
        yield _coverage(title, np.abs(off) <= half[known])


def _left_out(runs: list[Run], folder: Path) -> Iterator[Comparison]:
    """Compare every run with laws that have not seen its configuration, its model or its chip."""
    whole = np.array([run.split is None for run in runs])
    engines = np.array([run.place.engine for run in runs])
    measured = {
        "token": np.array([run.token_s for run in runs]),
        "first": np.array([run.first_s for run in runs]),
    }
    for kind, (labels, found) in held_out(runs, loops_of(runs)).items():
        for name, (value, deviation) in found.items():
            known = measured[name] > 0
            error = np.where(known, np.abs(value / np.where(known, measured[name], 1.0) - 1.0) * 100, np.nan)
            title = f"{QUANTITY[name]}, {TITLES[kind]}"
            yield from _errors(name, kind, title, error[whole & known])
            if kind == "seen":
                yield from _split(name, error[~whole & known])
            inside = covered(ratios(value, deviation, measured[name]), labels, engines)
            yield _coverage(title, inside[whole & known])
            if (name, kind) == ("token", "seen"):
                yield from _beside(runs, error, folder)


def _row(
    quantity: str, metric: str, value: float, goal: float | None, *, baseline: float | None, n: int
) -> Comparison:
    wanted = "" if goal is None else f"at most {goal:g}"
    held = None if goal is None else value <= goal
    return Comparison(ROOM, TABLE, quantity, metric, value, wanted, baseline, n, held)


def _errors(name: str, kind: str, title: str, error: Array) -> Iterator[Comparison]:
    middle, mean, rule = GOALS[kind]
    baseline: float | None = rule
    goal: float | None = middle
    if name == "first":
        goal, mean, baseline = (FIRST_GOAL if kind == "seen" else None), None, FIRST_PEER
    yield _row(title, "median error in %", float(np.median(error)), goal, baseline=baseline, n=len(error))
    yield _row(title, "mean error in %", float(error.mean()), mean, baseline=None, n=len(error))
    yield _row(title, "P90 of error in %", float(np.quantile(error, 0.9)), None, baseline=None, n=len(error))


def _split(name: str, error: Array) -> Iterator[Comparison]:
    if len(error):
        title = f"{QUANTITY[name]}, prompts apart, {TITLES['seen']}"
        goal, peer = SPLIT_GOALS[name], SPLIT_PEER[name]
        yield _row(title, "median error in %", float(np.median(error)), goal, baseline=peer, n=len(error))


def _coverage(title: str, inside: NDArray[np.bool_]) -> Comparison:
    share = float(inside.mean()) * 100
    low, high = COVER
    goal = f"{low:g} to {high:g}"
    return Comparison(
        ROOM, TABLE, title, "% inside intervals of 90 %", share, goal, 90.0, len(inside), low <= share <= high
    )


def _beside(runs: list[Run], error: Array, folder: Path) -> Iterator[Comparison]:
    path = folder / PEER
    if not path.is_file():
        return
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        told = {row["id"]: row["aic_0_12_0_tpot_ms"] for row in csv.DictReader(file)}
    pairs = [
        (error[row], abs(float(told[run.id]) / 1e3 / run.token_s - 1.0) * 100)
        for row, run in enumerate(runs)
        if run.split is None and told.get(run.id)
    ]
    ours, theirs = np.array(pairs).T
    yield _row(
        "time per output token, rows that aiconfigurator answers",
        "median error in %",
        float(np.median(ours)),
        float(np.median(theirs)),
        baseline=float(np.median(theirs)),
        n=len(pairs),
    )


def _answered(every: list[Run]) -> Iterator[Comparison]:
    found = predicted(read_law(), loops_of(every))
    good = sum(
        bool(np.isfinite(token) and np.isfinite(first) and min(token, first) > 0)
        for token, first in zip(found["token"][0], found["first"][0], strict=True)
    )
    yield Comparison(
        ROOM, TABLE, "runs with complete fields", "share answered", good / len(every), "1", None, len(every),
        good == len(every),
    )  # fmt: skip
