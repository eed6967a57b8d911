"""Reader of the table of measured serving runs: cleaned, named by our models and chips.

The table is described beside it. Repeats and suspect labels are dropped, repaired widths taken.
"""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from narrows.errors import DataError
from narrows.inference.law import Placement
from narrows.transformer import Chip, Model

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "ARCHITECTURES",
    "TABLE",
    "Run",
    "architecture",
    "read_chips",
    "read_models",
    "read_runs",
    "unknown_models",
]

TABLE = "silicon_ttft_tpot.csv.gz"
ARCHITECTURES = {
    "deepseek-r1": "deepseek-v3",
    "deepseek-v3": "deepseek-v3",
    "llama-3.1-8b": "llama-3.1-8b",
    "llama-3.1-70b": "llama-3.1-70b",
    "llama-3.3-70b": "llama-3.1-70b",
    "llama-3.1-405b": "llama-3.1-405b",
    "qwen3-32b": "qwen3-32b",
    "qwen3-30b-a3b": "qwen3-30b-a3b",
    "qwen3-235b-a22b": "qwen3-235b-a22b",
    "qwen3.5-397b-a17b": "qwen3.5-397b-a17b",
    "minimax-m2": "minimax-m2.5",
    "gpt-oss-120b": "gpt-oss-120b",
    "gpt-oss-20b": "gpt-oss-20b",
    "kimi-k2": "kimi-k2.5",
    "glm-5": "glm-5",
    "mixtral-8x7b": "mixtral-8x7b",
    "mixtral-8x22b": "mixtral-8x22b",
    "llama-4-scout": "llama-4-scout",
}
"""Start of a checkpoint's name -> row of the table of models."""


@dataclass(frozen=True)
class Run:
    """One measured run.

    Parameters
    ----------
    id
        Name of the row.
    model, chip, place
        What ran where; of a split run the decoding workers.
    asked, answered
        Tokens of a prompt and of an answer.
    concurrency
        Requests in flight over the whole deployment.
    first_s, token_s
        Measured mean time to the first token and time per output token [s].
    day
        Day of the measurement; empty where not stated.
    clean
        Whether the row is no repeat and its labels are not suspect.
    split
        Placement of the prompt workers; None where one engine does both.
    workers
        Prompt workers and decoding workers; (1, 1) where one engine does both.
    """

    id: str
    model: Model
    chip: Chip
    place: Placement
    asked: float
    answered: float
    concurrency: float
    first_s: float
    token_s: float
    day: str
    clean: bool
    split: Placement | None = None
    workers: tuple[int, int] = (1, 1)


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        raise DataError(
            f"The table {path.name!r} is not there", "It stands in the data folder", "Give --data its folder"
        )
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return list(csv.DictReader(text.decode("utf-8").splitlines()))


def _number(text: str, empty: float = 0.0) -> float:
    return float(text) if text else empty


def _width(text: str) -> int:
    return max(1, int(float(text))) if text else 1


def read_models(folder: Path) -> dict[str, Model]:
    """Return the models of ``models.csv`` by name."""
    found = {}
    for row in _rows(folder / "models.csv"):
        count = {name: int(_number(text)) for name, text in row.items() if name not in {"model", "source"}}
        full = count["full_attention_layers"]
        found[row["model"]] = Model(
            row["model"],
            count["layers"],
            count["hidden"],
            count["query_heads"],
            count["head_dim"],
            kv_heads=count["kv_heads"],
            dense_ff=count["dense_ff"],
            experts=count["experts"],
            experts_per_token=count["experts_per_token"],
            expert_ff=count["expert_ff"],
            shared_experts=count["shared_experts"],
            dense_layers=count["first_dense_layers"],
            kv_rank=count["kv_lora_rank"],
            rope_size=count["rope_head_dim"],
            nope_size=count["nope_head_dim"],
            value_size=count["value_head_dim"],
            query_rank=count["q_lora_rank"],
            full_layers=full or None,
            window=count["sliding_window"],
            vocabulary=count["vocabulary"],
            sparse_context=count["sparse_topk"],
        )
    return found


def read_chips(folder: Path) -> dict[str, Chip]:
    """Return the chips of ``chips.csv`` by name."""
    found = {}
    for row in _rows(folder / "chips.csv"):
        rates = {form: _number(row[f"{form}_dense_flop_per_s"]) for form in ("bf16", "fp8", "fp4")}
        found[row["chip"]] = Chip(
            row["chip"],
            float(row["memory_bytes"]),
            float(row["memory_bandwidth_bytes_per_s"]),
            {form: rate for form, rate in rates.items() if rate},
            float(row["power_w"]),
            int(row["chips_per_node"]),
            float(row["scale_up_bytes_per_s_one_way"]),
            float(row["scale_out_bytes_per_s_one_way"]),
            float(row["pcie_bytes_per_s_one_way"]),
        )
    return found


def architecture(checkpoint: str) -> str:
    """Return the name of the model that a checkpoint is a copy of; empty where it is not known.

    Examples
    --------
    >>> architecture("nvidia/DeepSeek-R1-NVFP4"), architecture("made/up")
    ('deepseek-v3', '')
    """
    name = checkpoint.rsplit("/", 1)[-1].lower()
    fitting = [start for start in ARCHITECTURES if name.startswith(start)]
    return ARCHITECTURES[max(fitting, key=len)] if fitting else ""


def _formats(row: dict[str, str], model: str) -> tuple[str, str]:
    if model.startswith("gpt-oss"):
        return "bf16", "mxfp4"
    by_precision = {"fp8": "fp8", "fp4": "nvfp4", "int4": "int4"}
    checkpoint = row["model"].lower()
    if row["gemm_quant"]:
        dense = row["gemm_quant"]
    elif row["precision"]:
        dense = by_precision.get(row["precision"], "bf16")
    else:
        dense = "nvfp4" if "fp4" in checkpoint else "fp8" if "fp8" in checkpoint else "bf16"
    known = {"fp8", "fp8_block", "nvfp4", "bf16", "mxfp4"}
    dense = dense if dense in known else "int4" if "int4" in dense else "bf16"
    expert = row["moe_quant"] or dense
    expert = expert if expert in known else "int4" if "int4" in expert else dense
    if model.startswith("kimi") and row["precision"] == "int4":
        return "bf16", "int4"
    return dense, expert


def _cache(row: dict[str, str], dense: str) -> str:
    """Return the format of the cache, which the table does not state.

    Checkpoints in fp8 and nvfp4 for TensorRT-LLM and vLLM ask for a cache in fp8, and the requests that those
    runs hold at once need it; but on H100 the runs of vLLM queue as with a cache in bf16.
    """
    asks = dense in {"fp8", "nvfp4"} and row["backend"] in {"trtllm", "vllm"}
    return "fp8" if asks and (row["backend"], row["system"]) != ("vllm", "h100_sxm") else "bf16"


def _run(row: dict[str, str], models: dict[str, Model], chips: dict[str, Chip]) -> Run | None:
    name = architecture(row["model"])
    if name not in models or row["system"] not in chips:
        return None
    dense, expert = _formats(row, name)
    build = f"{row['backend']} {row['backend_version']}" if row["backend_version"] else ""
    alike = Placement(row["backend"], dense, expert, _cache(row, dense), build=build)
    split = None
    workers = (1, 1)
    if row["scenario"] == "agg":
        tensor, ranks = _width(row["fixed_tp"] or row["tp"]), _width(row["fixed_attn_dp"] or row["attn_dp"])
        cut, spread = (
            _width(row["fixed_moe_tp"] or row["moe_tp"]),
            _width(row["fixed_moe_ep"] or row["moe_ep"]),
        )
        place = replace(
            alike,
            tensor=tensor,
            stages=_width(row["pp"]),
            ranks=ranks,
            expert_tensor=cut,
            expert_parallel=spread,
        )
        batch = row["fixed_batch_per_dp_rank"] or row["batch_size"]
        flight = _number(row["concurrency"], _number(batch) * ranks)
    else:
        if not (row["prefill_num_workers"] and row["decode_num_workers"]):
            return None
        place, split = (
            replace(
                alike,
                tensor=_width(row[f"{part}_tp_size"]),
                ranks=_width(row[f"{part}_attention_dp_size"]),
                expert_tensor=_width(row[f"{part}_moe_tp_size"]),
                expert_parallel=_width(row[f"{part}_moe_ep_size"]),
            )
            for part in ("decode", "prefill")
        )
        workers = (int(row["prefill_num_workers"]), int(row["decode_num_workers"]))
        held = _number(row["decode_batch_size"]) * place.ranks * workers[1]
        flight = _number(row["concurrency"], held)
    if flight <= 0 or not row["tpot_ms"]:
        return None
    return Run(
        row["id"],
        models[name],
        chips[row["system"]],
        place,
        float(row["isl"]),
        float(row["osl"]),
        flight,
        _number(row["ttft_ms"]) / 1e3,
        float(row["tpot_ms"]) / 1e3,
        row["measured"],
        not row.get("repeat_of") and row.get("label_suspect", "0") != "1",
        split,
        workers,
    )


def unknown_models(folder: Path) -> list[str]:
    """Return the checkpoints of the table whose architecture is not known, once each.

    Parameters
    ----------
    folder
        As for `read_runs`.
    """
    known = read_models(folder)
    names = {row["model"] for row in _rows(folder / TABLE)}
    return sorted(name for name in names if architecture(name) not in known)


def read_runs(folder: Path) -> list[Run]:
    """Return every run of the table whose fields are complete.

    Parameters
    ----------
    folder
        Folder with the table of runs, ``models.csv`` and ``chips.csv``.

    Raises
    ------
    DataError
        If a table is not there.
    """
    models, chips = read_models(folder), read_chips(folder)
    made = (_run(row, models, chips) for row in _rows(folder / TABLE))
    return [run for run in made if run is not None]
