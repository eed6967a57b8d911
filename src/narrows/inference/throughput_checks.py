"""Throughput at full load against the best results of MLPerf and the published points of TensorRT-LLM."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from narrows.catalog import default
from narrows.errors import NarrowsError
from narrows.figure import Comparison
from narrows.inference.energy import server_power_w
from narrows.inference.energy_checks import WALL_TABLE, cooling_of
from narrows.inference.law import Placement
from narrows.inference.throughput import FiniteRun, best_throughput
from narrows.transformer.registry import checkpoint, chip, models

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from narrows.inference.throughput import Throughput

__all__ = ["Point", "mlperf_points", "throughput_rows", "trtllm_points"]

ROOM = "inference"
MLPERF = "mlperf_v5.1_llm_datacenter.csv"
TRTLLM = "trtllm_perf_overview.csv"
ACCELERATORS = {
    "NVIDIA H100-SXM-80GB": "h100_sxm",
    "NVIDIA H200-SXM-141GB": "h200_sxm",
    "NVIDIA B200-SXM-180GB": "b200_sxm",
    "NVIDIA B300-SXM-270GB": "b300_sxm",
    "NVIDIA GB200": "gb200",
    "NVIDIA GB300": "gb300",
    "NVIDIA L40S": "l40s",
    "NVIDIA RTX PRO 6000 Blackwell Server Edition": "rtx_pro_6000_server",
    "AMD Instinct MI300X 192GB HBM3": "mi300x",
    "AMD Instinct MI325X 256GB HBM3e": "mi325x",
    "AMD Instinct MI355X 288GB HBM3e": "mi355x",
}
"""Accelerators of the table by our names; mixtures and other kinds are left out."""
TASKS = {
    "llama2-70b-99": ("llama-2-70b", "llama2-70b"),
    "llama3.1-405b": ("llama-3.1-405b", "llama3_1-405b"),
    "llama3.1-8b": ("llama-3.1-8b", "llama3_1-8b"),
    "deepseek-r1": ("deepseek-r1", "deepseek-r1"),
    "mixtral-8x7b": ("mixtral-8x7b", "mixtral-8x7b"),
}
SERVED = {
    "DeepSeek-R1-0528": "deepseek-v3",
    "Llama-3.3-70B": "llama-3.1-70b",
    "gpt-oss-120b": "gpt-oss-120b",
    "gpt-oss-20b": "gpt-oss-20b",
    "Qwen3-235B-A22B": "qwen3-235b-a22b",
    "Qwen3-30B-A3B": "qwen3-30b-a3b",
}
GPUS = {"RTXPRO6000": "rtx_pro_6000"}
REQUESTS = {1000: 3000, 1024: 3000, 8192: 1500, 32768: 1000}
"""Requests of a published run by its longer side, as its documentation says."""
WITHIN = 0.20
GOAL = 0.8
WORST = 3
COVER = (85.0, 95.0)


@dataclass(frozen=True)
class Point:
    """A measured throughput and ours.

    Parameters
    ----------
    name
        Model, chip, and what else tells it apart.
    scenario
        ``Offline`` or ``Server`` of MLPerf; ``overview`` of TensorRT-LLM.
    measured
        Output tokens of one chip in a second.
    ours
        What we say; None where no answer was given.
    """

    name: str
    scenario: str
    measured: float
    ours: Throughput | None

    @property
    def error(self) -> float:
        """Relative error; infinite where no answer was given."""
        return np.inf if self.ours is None else self.ours.tokens_per_s_per_chip.value / self.measured - 1


def mlperf_points(folder: Path) -> list[Point]:
    """Return the best closed result of each model, chip and scenario, and ours.

    Parameters
    ----------
    folder
        Folder with the table.
    """
    best: dict[tuple[str, str, str], dict[str, str]] = {}
    with (folder / MLPERF).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            card = ACCELERATORS.get(row["accelerator"].strip())
            if row["category"] != "closed" or row["model"] not in TASKS or card is None:
                continue
            key = (row["model"], card, row["scenario"])
            if key not in best or float(row["result_per_accel"]) > float(best[key]["result_per_accel"]):
                best[key] = row
    return [
        Point(f"{model} on {card}", scenario, float(row["result_per_accel"]), _mlperf(row, model, card))
        for (model, card, scenario), row in sorted(best.items())
    ]


def _mlperf(row: dict[str, str], model: str, card: str) -> Throughput | None:
    catalog = default()
    name, task = TASKS[model]

    def rule(quantity: str) -> float:
        found: float = catalog.fact(f"mlperf.{task}.{quantity}").canonical_value
        return found

    answered = float(row["mean_output_tokens"]) if row["mean_output_tokens"] else rule("output")
    run = FiniteRun(
        rule("requests"), rule("longest"), catalog.fact("mlperf.run").canonical_value, int(row["n_accel"])
    )
    server = row["scenario"] == "Server"
    try:
        return best_throughput(
            name,
            card,
            asked=rule("input"),
            answered=answered,
            weights=row["precision"] if row["precision"] in chip(card).flop_per_s else None,
            tpot_limit_s=rule("tpot") if server else None,
            ttft_limit_s=rule("ttft") if server else None,
            engine="" if card.startswith("mi") else "trtllm",
            run=run,
        )
    except NarrowsError:
        return None


def trtllm_points(folder: Path) -> list[Point]:
    """Return the published points of TensorRT-LLM, and ours on the widths that were used.

    Parameters
    ----------
    folder
        Folder with the table.
    """
    found = []
    with (folder / TRTLLM).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            name = f"{row['model']} on {row['gpu']} {row['parallelism']}, {row['isl']} to {row['osl']}"
            found.append(Point(name, "overview", float(row["output_tok_s_per_gpu"]), _trtllm(row)))
    return found


def _trtllm(row: dict[str, str]) -> Throughput | None:
    name = SERVED.get(row["model"])
    if name not in models():
        return None
    kept, shape, hopper = checkpoint(name), row["parallelism"], row["gpu"].startswith("H")
    widths = {word: int(count) for word, count in re.findall(r"(DEP|TP|PP)(\d+)", shape)}
    shipped = kept.bits_of("experts") < kept.bits_of("attention")
    word = row["precision"].lower()
    form = {"fp4": "nvfp4", "fp8": "fp8"}[word]
    dense, experts = ("bf16", "mxfp4") if shipped else (form, form)
    cache = "bf16" if shipped and hopper else "fp8"
    spread, width = widths.get("DEP", 1), widths.get("TP", 1)
    place = Placement(
        "trtllm", dense, experts, cache,
        tensor=width, stages=widths.get("PP", 1), ranks=spread,
        expert_tensor=width if kept.model.experts else 1, expert_parallel=spread,
    )  # fmt: skip
    asked, answered = float(row["isl"]), float(row["osl"])
    chips = spread * width * widths.get("PP", 1)
    try:
        return best_throughput(
            kept,
            GPUS.get(row["gpu"], row["gpu"]),
            asked=asked,
            answered=answered,
            weights=None if shipped else word,
            only=place,
            run=FiniteRun(REQUESTS[int(max(asked, answered))], answered, 0.0, chips),
        )
    except NarrowsError:
        return None


def throughput_rows(folder: Path | None) -> Iterator[Comparison]:
    """Yield the comparisons of throughput.

    Parameters
    ----------
    folder
        Folder with the tables of inference; None where there is none.
    """
    if folder is None or not (folder / MLPERF).is_file():
        yield Comparison(
            ROOM, MLPERF, "throughput at full load", "not run: data absent", None, "", None, 0, None
        )
    else:
        points = mlperf_points(folder)
        for scenario in ("Offline", "Server"):
            own = [point for point in points if point.scenario == scenario]
            yield from _scenario(own, f"MLPerf best of a chip, {scenario}")
        if (folder / WALL_TABLE).is_file():
            yield from _wall(points, folder / WALL_TABLE)
    if folder is not None and (folder / TRTLLM).is_file():
        yield from _overview(trtllm_points(folder))


def _scenario(points: Sequence[Point], title: str) -> Iterator[Comparison]:
    error = np.abs([point.error for point in points])
    share = float((error <= WITHIN).mean())
    yield Comparison(
        ROOM, MLPERF, title, "share within 20 %", share, f"at least {GOAL:g}", None, len(points),
        share >= GOAL,
    )  # fmt: skip
    yield _plain(MLPERF, title, "median error in %", float(np.median(error)) * 100, len(points))
    yield _inside(MLPERF, title, points)
    for kind, chosen in (("dense models", False), ("models with experts", True)):
        some = [
            abs(point.error)
            for point in points
            if point.ours is not None and (checkpoint(point.ours.model).model.experts > 0) is chosen
        ]
        if some:
            within = float((np.array(some) <= WITHIN).mean())
            yield _plain(MLPERF, f"{title}, {kind}", "share within 20 %", within, len(some))
    for point in sorted(points, key=lambda point: -abs(point.error))[:WORST]:
        yield _plain(MLPERF, f"{title}, {point.name}", "relative error", point.error, 1)


def _wall(points: Sequence[Point], table: Path) -> Iterator[Comparison]:
    """Yield the error of the energy of a token at the wall where both power and speed are ours."""
    ours = {(point.name, point.scenario): point.ours for point in points}
    error = []
    with table.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            name = f"{row['model'].removesuffix('.9')} on {ACCELERATORS[row['accelerator']]}"
            found = ours.get((name, row["scenario"]))
            if found is not None:
                wall = server_power_w(found.energy.chip_w, cooling=cooling_of(row["system"]))
                joules = wall.value / found.tokens_per_s_per_chip.value
                error.append(abs(joules / float(row["joules_per_output_token"]) - 1) * 100)
    title = "energy of a token at the wall, speed from the law"
    for metric, value in (
        ("median error in %", float(np.median(error))),
        ("largest error in %", float(np.max(error))),
    ):
        yield _plain(WALL_TABLE, title, metric, value, len(error))


def _overview(points: Sequence[Point]) -> Iterator[Comparison]:
    title = "TensorRT-LLM, published points"
    answered = [point for point in points if point.ours is not None]
    error = np.array([point.error for point in answered])
    yield _plain(TRTLLM, title, "share answered", len(answered) / len(points), len(points))
    yield _plain(TRTLLM, title, "median error in %", float(np.median(np.abs(error))) * 100, len(error))
    yield _plain(TRTLLM, title, "median of signed error in %", float(np.median(error)) * 100, len(error))
    yield _inside(TRTLLM, title, answered)


def _plain(table: str, title: str, metric: str, value: float, n: int) -> Comparison:
    return Comparison(ROOM, table, title, metric, value, "", None, n, None)


def _inside(table: str, title: str, points: Sequence[Point]) -> Comparison:
    spans = [(point.ours.tokens_per_s_per_chip, point.measured) for point in points if point.ours is not None]
    share = 100.0 * float(np.mean([span.low <= told <= span.high for span, told in spans]))
    low, high = COVER
    return Comparison(
        ROOM, table, title, "% inside intervals of 90 %", share, f"{low:g} to {high:g}", 90.0, len(spans),
        low <= share <= high,
    )  # fmt: skip
