"""The power of chips and servers against measurements, and its fit.

Rates of tokens are those that were measured: what is tested here is power, not speed.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from narrows.catalog import default
from narrows.figure import Comparison
from narrows.inference.energy import BEND, chip_power_w, power, server_power_w, use_of
from narrows.inference.law import Placement
from narrows.transformer.registry import chip, model

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from narrows.transformer import Model

    Array = NDArray[np.float64]

__all__ = ["WALL_TABLE", "GpuRun", "cooling_of", "energy_rows", "fit_power", "read_gpu_runs"]

ROOM = "inference"
GPU_TABLE = "energy_per_token_inferencex.csv"
WALL_TABLE = "mlperf_v5.1_energy_per_token.csv"
CARD = "b200_sxm"
SERVED = "deepseek-v4-pro"
PEER = {"mean": 2.2, "worst": 5.1}
"""Errors of a power of tokens/s fitted to the same 18 points, in sample [%]."""
GOAL = 15.0
COVER = (85.0, 95.0)
STEPS = 200
LIQUID = ("SR780a",)
"""Servers of the table that are cooled by water; the others by air."""
WIDTHS = {"llama2-70b": ("llama-3.1-70b", "llama2-70b"), "llama3.1-8b": ("llama-3.1-8b", "llama3_1-8b")}
ANSWERS = {"llama2-70b": 273.3, "llama3.1-8b": 128.0}
"""Mean answers of the six runs [token]: the table of results, and the most that the task allows."""
WALL_BATCH = 1024.0


@dataclass(frozen=True)
class GpuRun:
    """One run with measured power of chips.

    Parameters
    ----------
    concurrency, experts_apart
        Requests in flight; whether experts are spread over the chips.
    tokens_per_s, chips
        Output tokens in a second of all chips.
    watts
        Measured power of one chip.
    memory, compute
        Shares of bandwidth and of the peak rate in use, from the widths of the model.
    """

    concurrency: int
    experts_apart: bool
    tokens_per_s: float
    chips: int
    watts: float
    memory: float
    compute: float


def _served() -> Model:
    """Return DeepSeek-V4-Pro as it works: its compressed cache is small, and its active weights are stated.

    The widths in the catalogue do not hold how its attention is factored, so the width of a head is chosen
    such that the active weights are those of the model card.
    """
    whole = model(SERVED)
    stated = default().fact(f"model.{SERVED}.active_weights").canonical_value
    others = whole.active_weights - whole.layers * whole.attention_weights
    head = (stated - others) / whole.layers / (whole.hidden * (2 * whole.heads + 2 * whole.kv_heads))
    return replace(whole, full_layers=0, head_size=round(head))


def read_gpu_runs(folder: Path) -> list[GpuRun]:
    """Return the runs with measured power of chips.

    Parameters
    ----------
    folder
        Folder with the table.
    """
    card, widths = chip(CARD), _served()
    found = []
    with (folder / GPU_TABLE).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            chips, spread, count = int(row["tp"]), int(row["ep"]), int(row["concurrency"])
            watts = float(row["avg_gpu_power_w"])
            speed = chips * watts / float(row["joules_per_output_token"])
            asked, answered = float(row["isl"]), float(row["osl"])
            place = Placement(
                "vllm", "fp8", "mxfp4", "fp8",
                tensor=chips, expert_tensor=chips // spread, expert_parallel=spread,
            )  # fmt: skip
            prompt = count * asked / answered
            memory, compute = use_of(
                widths, card, place,
                requests=count, context=asked + answered / 2, prompt=prompt, prompt_pairs=prompt * asked / 2,
                steps_per_s=speed / count,
            )  # fmt: skip
            found.append(GpuRun(count, spread > 1, speed, chips, watts, memory, compute))
    return found


def fit_power(runs: Sequence[GpuRun]) -> tuple[Array, Array, float]:
    """Return the coefficients of power, their standard deviations, and the scatter in logarithms.

    Parameters
    ----------
    runs
        Runs of one chip.

    Notes
    -----
    Least squares in logarithms by Gauss and Newton, from no particular start.
    """
    memory = np.array([run.memory for run in runs])
    compute = np.array([run.compute for run in runs])
    told = np.log(np.array([run.watts for run in runs]) / chip(CARD).power_w)

    def predict(found: Array) -> Array:
        load = np.maximum(found[1] * memory + found[2] * compute, 0.0)
        wide: Array = np.log(found[0] + (1 - found[0]) * load / (1 + load**BEND) ** (1 / BEND))
        return wide

    found = np.array([0.3, 0.1, 10.0])
    for _ in range(STEPS):
        base = predict(found)
        size = np.diag(found * 1e-6)
        slopes = np.array([(predict(found + size[j]) - base) / size[j, j] for j in range(3)]).T
        step, *_ = np.linalg.lstsq(slopes, told - base, rcond=None)
        found = np.maximum(found + 0.5 * step, 1e-3)
    rest = told - predict(found)
    scatter = float(np.sqrt((rest @ rest) / (len(runs) - len(found))))
    deviation = np.sqrt(np.diag(np.linalg.inv(slopes.T @ slopes))) * scatter
    return found, deviation, scatter


def _predicted(found: Array, runs: Sequence[GpuRun]) -> Array:
    load = np.array([found[1] * run.memory + found[2] * run.compute for run in runs])
    share: Array = found[0] + (1 - found[0]) * load / (1 + load**BEND) ** (1 / BEND)
    return share * chip(CARD).power_w


def energy_rows(folder: Path | None) -> Iterator[Comparison]:
    """Yield the comparisons of power.

    Parameters
    ----------
    folder
        Folder with the tables of inference; None where there is none.

    Notes
    -----
    J of a token = chips x power/tokens per s with measured tokens, so its error is that of the power.
    Where runs are left out the interval keeps its width about what the others predict.
    """
    if folder is None or not (folder / GPU_TABLE).is_file():
        yield Comparison(
            ROOM, GPU_TABLE, "energy of a token", "not run: data absent", None, "", None, 0, None
        )
    else:
        yield from _gpu_rows(read_gpu_runs(folder))
    if folder is not None and (folder / WALL_TABLE).is_file():
        yield from _wall_rows(folder)


def _gpu_rows(runs: list[GpuRun]) -> Iterator[Comparison]:
    card = chip(CARD)
    told = np.array([run.watts for run in runs])
    shipped = chip_power_w(
        card, memory_share=[run.memory for run in runs], compute_share=[run.compute for run in runs]
    )
    yield from _errors(GPU_TABLE, "energy of a token, chips, in sample", shipped / told - 1, PEER)
    spans = [power(card, memory_share=run.memory, compute_share=run.compute) for run in runs]
    low, high = np.array([(span.low / span.value, span.high / span.value) for span in spans]).T
    for title, labels in (
        ("one concurrency left out", [run.concurrency for run in runs]),
        ("experts spread or not left out", [run.experts_apart for run in runs]),
    ):
        error = np.empty(len(runs))
        for label in set(labels):
            kept = [run for run, own in zip(runs, labels, strict=True) if own != label]
            out = [place for place, own in enumerate(labels) if own == label]
            found, _, _ = fit_power(kept)
            error[out] = _predicted(found, [runs[place] for place in out]) / told[out] - 1
        yield from _errors(GPU_TABLE, f"energy of a token, chips, {title}", error, {})
        ratio = 1.0 / (1.0 + error)
        yield _coverage(GPU_TABLE, f"power of chips, {title}", ((low <= ratio) & (ratio <= high)).tolist())


def cooling_of(system: str) -> str:
    """Return the cooling of a server of the table: ``liquid`` or ``air``."""
    return "liquid" if any(name in system for name in LIQUID) else "air"


def _wall_rows(folder: Path) -> Iterator[Comparison]:
    card, catalog = chip(CARD), default()
    error, inside = [], []
    with (folder / WALL_TABLE).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            task = row["model"].removesuffix("-99").removesuffix("-99.9")
            widths, name = WIDTHS[task]
            asked, answered = catalog.fact(f"mlperf.{name}.input").canonical_value, ANSWERS[task]
            speed = float(row["tokens_s"]) / int(row["n"])
            prompt = WALL_BATCH * asked / answered
            memory, compute = use_of(
                model(widths), card, Placement("trtllm", "nvfp4", cache="fp8"),
                requests=WALL_BATCH, context=asked + answered / 2, prompt=prompt,
                prompt_pairs=prompt * asked / 2, steps_per_s=speed / WALL_BATCH,
            )  # fmt: skip
            one = power(card, memory_share=memory, compute_share=compute)
            wall = server_power_w(one, cooling=cooling_of(row["system"]))
            told = float(row["system_power_w"]) / int(row["n"])
            error.append(wall.value / told - 1)
            inside.append(wall.low <= told <= wall.high)
    yield from _errors(WALL_TABLE, "energy of a token, server at the wall", np.array(error), {})
    yield _coverage(WALL_TABLE, "power of servers", inside, goal=False)


def _errors(table: str, title: str, error: Array, peer: dict[str, float]) -> Iterator[Comparison]:
    size = np.abs(error) * 100
    for metric, value, baseline in (
        ("mean error in %", float(size.mean()), peer.get("mean")),
        ("median error in %", float(np.median(size)), None),
        ("largest error in %", float(size.max()), peer.get("worst")),
    ):
        goal = GOAL if metric.startswith("largest") else None
        yield Comparison(
            ROOM, table, title, metric, value, f"at most {goal:g}" if goal else "", baseline, len(size),
            None if goal is None else value <= goal,
        )  # fmt: skip
    share = float((size <= GOAL).mean())
    yield Comparison(ROOM, table, title, "share within 15 %", share, "1", None, len(size), share == 1.0)


def _coverage(table: str, title: str, inside: Sequence[bool], *, goal: bool = True) -> Comparison:
    share = 100.0 * sum(inside) / len(inside)
    low, high = COVER
    wanted = f"{low:g} to {high:g}" if goal else ""
    return Comparison(
        ROOM, table, title, "% inside intervals of 90 %", share, wanted, 90.0, len(inside),
        low <= share <= high if goal else None,
    )  # fmt: skip
