"""Training steps against public runs: operations, time and memory."""

from __future__ import annotations

import csv
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from narrows.figure import Comparison, compared
from narrows.fitted import covered, unseen
from narrows.training.layout import Layout
from narrows.training.memory import fullest, fullest_bytes, stages
from narrows.training.recipes import stored_by
from narrows.training.runs import BRIDGE, ROUNDED, TABLES, read_runs, unknown_rows
from narrows.training.step_fit import HELD_OUT, fit_steps, groups, held_out, labels_of, parts_of, row_key
from narrows.training.step_law import fitted_rows, predictor, read_step_law
from narrows.training.stored import Stored
from narrows.transformer import training_flops
from narrows.transformer.registry import model

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from narrows.training.runs import Run

    Array = NDArray[np.float64]

__all__ = ["step_rows"]

ROOM, RUNS = "training", "training runs"
GIB = 2**30
GOALS = {"dense": 7.0, "moe": 15.0}
COVER = (85.0, 95.0)
PEER = {"calculon": (3.65, 8.87), "simumax": (5.81, 13.54)}
"""Mean and worst error of the model that each table belongs to, on its own rows, in %."""
TIME_GOAL = {"calculon": 3.65, "simumax": 5.6}
MEMORY_GOAL, MEMORY_PEER = 1.5, 0.39
TABLE_PEER = {"parameters+optimizer": 8.49, "activations": 2.08, "activations relative to no recompute": 6.69}
"""Mean error of calculon on its own table, in %."""
FIT_GOAL, RECIPE_GOAL, PRINTED = 98.0, 90.0, ("bridge", "mlperf")
"""Least share of layouts that ran that must fit, and the tables of large runs."""
COUNT_GOAL, SHARE_GOAL = 0.5, 0.25
BYTES = 18
"""Bytes of a weight with its gradient and optimiser in the table of 2022: 2, 4 and 12."""
PEAKS = {"a100_40gb": 312e12, "a100_80gb": 312e12, "h100_80gb": 989.5e12}
TITLES = {
    "configuration": "configurations not fitted",
    "model": "one model left out",
    "machine": "one machine left out",
    "vintage": "one release left out",
}


def step_rows(folder: Path | None) -> Iterator[Comparison]:
    """Yield the comparisons of operations, step times and memory with public runs.

    Parameters
    ----------
    folder
        Folder with the tables; None where there is none.
    """
    there = [] if folder is None else [name for name, file in TABLES.items() if (folder / file).is_file()]
    if folder is None or not there:
        yield Comparison(ROOM, RUNS, "step", "not run: data absent", None, "", None, 0, None)
        return
    yield from compared(ROOM, TABLES["bridge"], partial(_operations, folder))
    yield from compared(ROOM, TABLES["foundry"], partial(_shares, folder))
    runs = read_runs(folder, there)
    yield from compared(ROOM, RUNS, partial(_unknown, folder, there))
    yield from compared(ROOM, RUNS, partial(_as_shipped, runs))
    yield from compared(ROOM, RUNS, partial(_times, runs))
    yield from compared(ROOM, TABLES["simumax"], partial(_memory, folder, _of(runs, "simumax")))
    yield from compared(ROOM, TABLES["calculon"], partial(_table, folder))
    yield from compared(ROOM, RUNS, partial(_fits, _of(runs, *PRINTED)))


def _of(runs: list[Run], *stacks: str) -> list[Run]:
    return [run for run in runs if run.stack in stacks]


def _unknown(folder: Path, tables: list[str]) -> Iterator[Comparison]:
    """Tell of rows that no model or chip of the catalogue answers; nothing where there are none."""
    for what in unknown_rows(folder, tables):
        yield Comparison(ROOM, RUNS, "rows left out", f"not run: {what}", None, "", None, 0, None)


def _as_shipped(runs: list[Run]) -> Iterator[Comparison]:
    """Compare runs that are not among those of the fit with the law as it ships."""
    strange = unseen(fitted_rows(), map(row_key, runs))
    runs = [run for run, new in zip(runs, strange, strict=True) if new]
    law = read_step_law()
    for name, goal in GOALS.items():
        own = [run for run in runs if bool(run.model.experts) == (name == "moe")]
        title = f"time of a step, {name}, the law as shipped, runs that it was not fitted to"
        if not own:
            yield Comparison(ROOM, RUNS, title, "not run: no such run here", None, "", None, 0, None)
            continue
        predict, every = predictor(parts_of(own)), groups(own)
        off = predict(law.logs(every)) - np.log([run.step_s for run in own])
        inside = np.abs(off) <= law.half(predict, every)
        error = np.abs(np.exp(off) - 1) * 100
        yield _row(RUNS, title, "mean error in %", float(error.mean()), goal, n=len(own))
        yield _row(RUNS, title, "median error in %", float(np.median(error)), None, n=len(own))
        yield _coverage(title, inside)


def _coverage(title: str, inside: NDArray[np.bool_]) -> Comparison:
    share, (low, high) = float(inside.mean()) * 100, COVER
    return Comparison(
        ROOM, RUNS, title, "% inside intervals of 90 %", share, f"{low:g} to {high:g}", 90.0, len(inside),
        low <= share <= high,
    )  # fmt: skip


def _row(
    data: str,
    quantity: str,
    metric: str,
    value: float,
    goal: float | None,
    *,
    n: int,
    baseline: float | None = None,
) -> Comparison:
    wanted = "" if goal is None else f"at most {goal:g}"
    return Comparison(
        ROOM, data, quantity, metric, value, wanted, baseline, n, None if goal is None else value <= goal
    )


def _read(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def _operations(folder: Path) -> Iterator[Comparison]:
    """Operations of a token as the table prints them: rate over tokens a second."""
    errors = []
    for row in _read(folder / TABLES["bridge"]):
        known = row["kind"] == "pretrain" and row["tokens_per_s_per_gpu"] and row["release"] != ROUNDED
        old = row["model"] == "GPT OSS 120B" and row["release"] < "26.06"  # counted otherwise before
        if not known or old or row["model"] not in BRIDGE:
            continue
        told = float(row["model_tflops_per_gpu"]) * 1e12 / float(row["tokens_per_s_per_gpu"])
        llm, sequence = model(BRIDGE[row["model"]]), float(row["seq_len"])
        counts = [training_flops(llm, sequence, ahead=ahead).train for ahead in (True, False)]
        errors.append(min(abs(count / told - 1) for count in counts) * 100)
    yield _row(
        TABLES["bridge"], "operations of a token", "worst error in %", max(errors), COUNT_GOAL, n=len(errors)
    )


def _shares(folder: Path) -> Iterator[Comparison]:
    """Share of the peak as the table prints it."""
    errors = []
    for row in _read(folder / TABLES["foundry"]):
        llm = model(f"mpt-{row['model']}")
        # The table's own count: 6 of every weight with embeddings, all pairs of tokens halved twice over.
        each = 3 * (2 * float(row["n_params"]) + 4 * llm.layers * llm.hidden * float(row["seq_len"]))
        peak = PEAKS[row["gpu"]]
        found = each * float(row["tokens_per_s_per_gpu"]) / peak * 100
        errors.append(abs(found / float(row["mfu_pct"]) - 1) * 100)
    yield _row(
        TABLES["foundry"], "share of the peak", "worst error in %", max(errors), SHARE_GOAL, n=len(errors)
    )


def _times(runs: list[Run]) -> Iterator[Comparison]:
    parts, measured = parts_of(runs), np.log([run.step_s for run in runs])
    sort = np.array(["moe" if run.model.experts else "dense" for run in runs])
    stack = np.array([run.stack for run in runs])
    for what in HELD_OUT:
        labels = labels_of(runs, what)
        value, deviation = held_out(runs, parts, labels)
        error = np.abs(np.exp(value - measured) - 1) * 100
        ratio = np.abs(value - measured) / deviation
        inside = covered(ratio, labels, sort)
        for name in ("dense", "moe"):
            own = sort == name
            if not own.any():
                continue
            goal = GOALS[name] if what == "configuration" else None
            title = f"time of a step, {name}, {TITLES[what]}"
            n = int(own.sum())
            yield _row(RUNS, title, "mean error in %", float(error[own].mean()), goal, n=n)
            yield _row(RUNS, title, "median error in %", float(np.median(error[own])), None, n=n)
            yield _coverage(title, inside[own])
        if what == "configuration":
            for name, (mean, worst) in PEER.items():
                own = stack == name
                if not own.any():
                    continue
                title = f"time of a step, {TITLES[what]}"
                found, most = float(error[own].mean()), float(error[own].max())
                yield _row(
                    TABLES[name],
                    title,
                    "mean error in %",
                    found,
                    TIME_GOAL[name],
                    n=int(own.sum()),
                    baseline=mean,
                )
                yield _row(
                    TABLES[name], title, "worst error in %", most, None, n=int(own.sum()), baseline=worst
                )
    yield from compared(
        ROOM, TABLES["calculon"], partial(_alone, runs, parts, np.flatnonzero(stack == "calculon"))
    )


def _alone(runs: list[Run], parts: Array, rows: NDArray[np.int64]) -> Iterator[Comparison]:
    """Each run of a small table left out alone: its other recomputation is then known to the law."""
    errors = []
    for row in rows:
        labels = np.arange(len(runs)) == row
        law = fit_steps([run for run, left in zip(runs, labels, strict=True) if not left], parts[~labels])
        value = predictor(parts[labels])(law.logs(groups([runs[row]])))[0]
        errors.append(abs(float(np.exp(value)) / runs[row].step_s - 1) * 100)
    mean, worst = PEER["calculon"]
    for metric, found, goal in (
        ("mean error in %", float(np.mean(errors)), mean),
        ("worst error in %", max(errors), worst),
    ):
        yield _row(
            TABLES["calculon"],
            "time of a step, each row left out alone",
            metric,
            found,
            goal,
            n=len(errors),
            baseline=goal,
        )


def _memory(folder: Path, runs: list[Run]) -> Iterator[Comparison]:
    told = {row["case"]: float(row["real_alloc_gib"]) for row in _read(folder / TABLES["simumax"])}
    errors = []
    for run in runs:
        _, stage = fullest(stages(run.model, run.layout))
        errors.append(abs(stage.total / GIB / told[run.row] - 1) * 100)
    mean, worst = float(np.mean(errors)), max(errors)
    yield _row(
        TABLES["simumax"],
        "memory of the fullest chip",
        "mean error in %",
        mean,
        MEMORY_GOAL,
        n=len(errors),
        baseline=MEMORY_PEER,
    )
    yield _row(
        TABLES["simumax"], "memory of the fullest chip", "worst error in %", worst, None, n=len(errors)
    )


def _fits(runs: list[Run]) -> Iterator[Comparison]:
    """Layouts that ran, by whether their memory fits: what tables do not print decides."""
    plain, stack = Stored(), {run: stored_by(run.stack, "", "", "", run.layout) for run in runs}
    told = {run: stored_by(*_who(run), run.layout) for run in runs}
    for words, again, form, goal in (
        ("nothing recomputed, gradients in fp32", "none", dict.fromkeys(runs, plain), None),
        ("nothing recomputed, stored as the stack does", "none", stack, None),
        ("stored and recomputed by published recipes", "none", told, RECIPE_GOAL),
        ("all recomputed, gradients in fp32", "full", dict.fromkeys(runs, plain), FIT_GOAL),
    ):
        held = [
            float(fullest_bytes(run.model, replace(run.layout, recompute=again), stored=form[run]))
            for run in runs
        ]
        inside = [full <= run.machine.chip.memory_bytes for full, run in zip(held, runs, strict=True)]
        share = 100.0 * sum(inside) / len(inside)
        wanted = "" if goal is None else f"at least {goal:g}"
        yield Comparison(
            ROOM, RUNS, f"layouts that ran and fit, {words}", "%", share, wanted, None, len(runs),
            None if goal is None else share >= goal,
        )  # fmt: skip


def _who(run: Run) -> tuple[str, str, str, str]:
    return run.stack, run.vintage, run.model.id, run.machine.chip.id


def _table(folder: Path) -> Iterator[Comparison]:
    """Memory of the runs of 2022 on A100, published as a formula and a figure."""
    jobs = {row["model"]: row for row in _read(folder / TABLES["calculon"])}
    path = folder / "calculon_a100_memory.csv"
    errors: dict[str, list[float]] = {}
    for row in _read(path):
        job, llm = jobs[row["model"]], model(row["model"].lower())
        words = row["mode"]
        form = ("no sequence" not in words and "seq" in words, _recomputed(words))
        kept = _kept(job, *form)
        if row["quantity"] == "parameters+optimizer":
            weights = llm.weights - 2 * llm.hidden * llm.vocabulary
            found = BYTES * weights / (float(job["tp"]) * float(job["pp"])) / GIB
        else:
            whole = _kept(job, False, "none") / 100 if "relative" in row["quantity"] else GIB
            found = kept / whole
        errors.setdefault(row["quantity"], []).append(abs(found / float(row["published"]) - 1) * 100)
    for quantity, misses in errors.items():
        peer = TABLE_PEER[quantity]
        yield _row(
            path.name, quantity, "mean error in %", float(np.mean(misses)), peer, n=len(misses), baseline=peer
        )


def _recomputed(words: str) -> str:
    return "attention" if "selective" in words else "full" if "full" in words else "none"


def _kept(job: dict[str, str], parallel: bool, again: str) -> float:  # noqa: FBT001 (one property of the row)
    """Return the activations of the first stage of a job [byte]."""
    layout = Layout(
        chips=float(job["n_gpus"]),
        tensor=float(job["tp"]),
        stages=float(job["pp"]),
        interleave=float(job["interleave"]),
        micro_batch=float(job["micro_batch"]),
        batch=float(job["global_batch"]),
        sequence=float(job["seq_len"]),
        recompute=again,
        sequence_parallel=parallel,
    )
    form = Stored(flash=False, dropout=True)
    return stages(model(job["model"].lower()), layout, stored=form)[0].activations
