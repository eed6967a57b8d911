"""Readers of measured training runs: one form for seven tables, named by our models and machines.

The tables are described beside them; each reader names the file it reads.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from narrows.errors import DataError, UnknownNameError
from narrows.training.layout import Layout
from narrows.training.machine import Machine, machine
from narrows.transformer import Model, training_flops
from narrows.transformer.registry import model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

__all__ = ["READERS", "TABLES", "Run", "read_runs", "unknown_rows"]

TABLES = {
    "bridge": "megatron_bridge_perf.csv",
    "mlperf": "mlperf_training_step_times.csv",
    "foundry": "llm_foundry_throughput.csv",
    "simumax": "simumax_b200_real.csv",
    "calculon": "calculon_a100_time.csv",
    "titan": "torchtitan_tables.csv",
    "megatron": "megatron_h100_weak_scaling.csv",
}
"""File of each table."""
BRIDGE = {
    "LLAMA3_8B": "llama-3.1-8b",
    "LLAMA3_70B": "llama-3.1-70b",
    "LLAMA3.1_405B": "llama-3.1-405b",
    "DeepSeekV3": "deepseek-v3",
    "Qwen3_30B_a3B": "qwen3-30b-a3b",
    "Qwen3_235B_a22B": "qwen3-235b-a22b",
    "GPT OSS 120B": "gpt-oss-120b",
    "Nemotron_3_Super": "nemotron-3-super-120b-a12b",
    "Nemotron_3_Nano": "nemotron-3-nano-30b-a3b",
    "Kimi_K2": "kimi-k2",
}
FORMATS = {
    "BF16": "bf16",
    "FP8": "fp8",
    "FP8-CS": "fp8",
    "FP8-MX": "mxfp8",
    "MXFP8": "mxfp8",
    "NVFP4": "nvfp4",
}
ROUNDED = "26.04.01"
"""Release whose tokens a second come from a whole number of samples: its operations a second are used."""
OLD_COUNT = {4096: 27.2e9, 8192: 30.8e9}
"""Operations of a token of gpt-oss by the count used before release 26.06, by length of sequence."""
MLPERF = {
    "gpt3": ("gpt3-175b", 6),
    "llama31_405b": ("llama-3.1-405b", 7),
    "llama31_8b": ("llama-3.1-8b", 1),
}
"""Model, and interleave of its pipeline in the published configurations."""
SIMUMAX = {
    "llama3_8b": "llama-3.1-8b",
    "llama3_70b": "llama-3.1-70b",
    "llama3_405b": "llama-3.1-405b",
    "deepseekv2": "deepseek-v2",
    "deepseekv3": "deepseek-v3",
    "mixtral_8x7b": "mixtral-8x7b",
    "qwen3_32b": "qwen3-32b",
}


@dataclass(frozen=True, eq=False)
class Run:
    """One measured run.

    Parameters
    ----------
    stack
        Table that it stands in: one software stack each.
    vintage
        Release or section of the stack.
    row
        Name of the row.
    model, machine, layout
        What trained where and how.
    ahead
        Whether layers that predict further tokens were trained.
    step_s
        Measured time of a step [s].
    known
        Whether micro-batch and interleave are published; 1 is taken where not.
    """

    stack: str
    vintage: str
    row: str
    model: Model
    machine: Machine
    layout: Layout
    ahead: bool
    step_s: float
    known: bool = True


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            f"The table {str(path)!r} cannot be read",
            "It is a CSV file with one header row",
            "Give --data its folder",
        ) from error


def _number(text: str, empty: float = 1.0) -> float:
    return max(float(text), 1.0) if text else empty


def _bridge(row: dict[str, str]) -> Run | None:
    if row["kind"] != "pretrain":
        return None
    name, release = BRIDGE.get(row["model"], row["model"]), row["release"]
    llm, sequence = model(name), int(row["seq_len"])
    rated = float(row["tokens_per_s_per_gpu"] or 0.0)
    done = float(row["model_tflops_per_gpu"]) * 1e12
    counts = {ahead: training_flops(llm, sequence, ahead=ahead).train for ahead in (True, False)}
    ahead = bool(rated) and abs(done / rated - counts[True]) <= abs(done / rated - counts[False])
    if release == ROUNDED or not rated:
        ahead = ahead or release == ROUNDED
        old = OLD_COUNT.get(sequence, 0.0) if name == "gpt-oss-120b" else 0.0
        rated = done / (old or counts[ahead])
    precision = FORMATS.get(row["precision"], "")
    if not precision:  # release 25.09: two recipes in a cell, the second with finer scales
        fine = row["recipe"] == "alt" and row["system"] != "H100"
        precision = "mxfp8" if fine else "fp8"
    chips, batch = float(row["n_gpus"]), float(row["gbs"])
    layout = Layout(
        chips=chips,
        tensor=_number(row["tp"]),
        stages=_number(row["pp"]),
        context=_number(row["cp"]),
        experts=_number(row["ep"]),
        interleave=_number(row["vp"]),
        micro_batch=_number(row["mbs"]),
        batch=batch,
        sequence=sequence,
        shard=float(row["fsdp"] or 0),
        precision=precision,
    )
    step = batch * sequence / (rated * chips)
    return Run("bridge", release, row["table_row"], llm, machine(row["system"].lower()), layout, ahead, step)


def _mlperf(row: dict[str, str]) -> Run | None:
    if not row["tp"]:
        return None
    name, interleave = MLPERF.get(row["benchmark"], (row["benchmark"], 1))
    words = re.findall(r"G?[ABH]\d00", row["accelerator"])
    card = machine((words or [row["accelerator"]])[-1].lower())
    llm, stages = model(name), float(row["pp"])
    fits = [count for count in range(interleave, 0, -1) if llm.layers >= stages * count]
    batch, data, count = float(row["global_batch"]), float(row["dp"]), float(row["micro_batches"])
    layout = Layout(
        chips=float(row["n_accel"]),
        tensor=float(row["tp"]),
        stages=stages,
        context=float(row["cp"]),
        interleave=fits[0] if stages > 1 else 1,
        micro_batch=batch / (data * count),
        batch=batch,
        sequence=float(row["seq_len"]),
        precision="nvfp4" if "fp4" in row["tags"] else "fp8",
    )
    return Run("mlperf", row["round"], row["system"], llm, card, layout, False, float(row["median_step_s"]))


def _foundry(row: dict[str, str]) -> Run | None:
    sections = {"A100-40": "a100_sxm_40gb", "A100-80": "a100_sxm"}
    batch, sequence = float(row["global_batch_size"]), float(row["seq_len"])
    layout = Layout(
        chips=float(row["n_gpus"]),
        micro_batch=float(row["micro_batch_size"]),
        batch=batch,
        sequence=sequence,
        shard=float(row["n_gpus"]),
        precision="fp8" if "fp8" in row["precision"].lower() else "bf16",
        recompute="full" if row["act_ckpt"] == "True" else "none",
    )
    step = batch * sequence / float(row["tokens_per_s"])
    name = f"{row['model']} {row['n_gpus']} {row['seq_len']}"
    card = machine(sections.get(row["section"], "h100"))
    return Run("foundry", row["section"], name, model(f"mpt-{row['model']}"), card, layout, False, step)


def _simumax(row: dict[str, str]) -> Run | None:
    whole = model(SIMUMAX.get(row["model"], row["model"]))
    llm = replace(whole, layers=int(row["layers"]), kv_heads=16 if "405b" in row["model"] else whole.kv_heads)
    data, count = float(row["dp"]), float(row["micro_batches"])
    layout = Layout(
        chips=8.0,
        tensor=float(row["tp"]),
        stages=float(row["pp"]),
        context=float(row["cp"]),
        experts=float(row["ep"]),
        batch=data * count,
        sequence=float(row["seq_len"]),
    )
    return Run(
        "simumax", "1.2", row["case"], llm, machine("b200"), layout, False, float(row["real_ms"]) / 1e3
    )


def _calculon(row: dict[str, str]) -> Run | None:
    layout = Layout(
        chips=float(row["n_gpus"]),
        tensor=float(row["tp"]),
        stages=float(row["pp"]),
        interleave=float(row["interleave"]),
        micro_batch=float(row["micro_batch"]),
        batch=float(row["global_batch"]),
        sequence=float(row["seq_len"]),
        recompute="full" if row["recompute"] == "full" else "attention",
        sequence_parallel=row["sequence_parallel"] == "1",
    )
    step = float(row["measured_s"])
    name = f"{row['model']} {row['mode']}"
    return Run("calculon", "2022", name, model(row["model"].lower()), machine("a100"), layout, False, step)


def _titan(row: dict[str, str]) -> Run | None:
    size = re.findall(r"(\d+)B", row["model"])[0]
    words = dict(re.findall(r"(FSDP|TP|PP|CP)(\d+)", row["parallelism"]))
    chips, tensor = float(row["n_gpus"]), float(words.get("TP", 1))
    stages, context = float(words.get("PP", 1)), float(words.get("CP", 1))
    local = float(row["local_batch"])
    batch = float(row["global_batch"] or local * chips / (tensor * stages * context))
    layout = Layout(
        chips=chips,
        tensor=tensor,
        stages=stages,
        context=context,
        micro_batch=local,
        batch=batch,
        sequence=float(row["seq_len"]),
        shard=float(words.get("FSDP", chips / tensor)),
        precision="fp8" if "Float8" in row["technique"] else "bf16",
        recompute={"selective": "parts", "full": "full"}.get(row["activation_ckpt"], "none"),
    )
    step = batch * float(row["seq_len"]) / (float(row["tps_per_gpu"]) * chips)
    how = "compiled" if "compile" in row["technique"].lower() else "eager"
    card = machine(row["gpu"].split()[0].lower())
    name = f"{row['model']} {row['gpu']} {row['n_gpus']} {row['technique']}"
    return Run("titan", how, name, model(f"llama-3.1-{size}b"), card, layout, False, step)


def _megatron(row: dict[str, str]) -> Run | None:
    layers, hidden, heads = int(row["layers"]), int(row["hidden"]), int(row["attn_heads"])
    sequence, words = float(row["seq_len"]), int(row["vocab"])
    llm = Model(
        f"gpt-{row['model_size_b']}b", layers, hidden, heads, hidden // heads, kv_heads=heads,
        dense_ff=4 * hidden, vocabulary=words, gated=False,
    )  # fmt: skip
    chips, batch = float(row["n_gpus"]), float(row["global_batch"])
    layout = Layout(
        chips=chips, tensor=float(row["tp"]), stages=float(row["pp"]), batch=batch, sequence=sequence
    )
    # The table's own count: scores without the causal half.
    done = batch * sequence * training_flops(llm, sequence, causal=False).train
    step = done / (float(row["tflops_per_gpu"]) * 1e12 * chips)
    return Run("megatron", "2024", llm.id, llm, machine("h100"), layout, False, step, known=False)


READERS: dict[str, Callable[[dict[str, str]], Run | None]] = {
    "bridge": _bridge,
    "mlperf": _mlperf,
    "foundry": _foundry,
    "simumax": _simumax,
    "calculon": _calculon,
    "titan": _titan,
    "megatron": _megatron,
}


def read_runs(folder: Path, tables: Iterable[str] = tuple(TABLES)) -> list[Run]:
    """Return every pre-training run of the tables whose layout, model and machine are known.

    Parameters
    ----------
    folder
        Folder with the tables.
    tables
        Which, by name; all if left out.

    Raises
    ------
    DataError
        If a table cannot be read.
    """
    return [run for run in _each(folder, tables) if isinstance(run, Run)]


def unknown_rows(folder: Path, tables: Iterable[str]) -> list[str]:
    """Return what is not known of the rows that `read_runs` leaves out, once each.

    Parameters
    ----------
    folder, tables
        As for `read_runs`.
    """
    refused = [run for run in _each(folder, tables) if isinstance(run, UnknownNameError)]
    return sorted({error.given for error in refused})


def _each(folder: Path, tables: Iterable[str]) -> Iterator[Run | UnknownNameError]:
    for name in tables:
        for row in _rows(folder / TABLES[name]):
            try:
                run = READERS[name](row)
            except UnknownNameError as error:
                yield error
            else:
                if run is not None:
                    yield run
