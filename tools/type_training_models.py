"""Write the facts of models that are known by how they train.

python tools/type_training_models.py FOLDER    # folder with model_shapes.csv

Writes facts/training_models.toml of the catalogue: models that it does not hold yet, and the layers that
predict further tokens of those that it does.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from type_inference import HEAD, UNITS, fact

HOME = Path(__file__).parent.parent / "src" / "narrows" / "catalog" / "facts"
COLUMNS = {
    "layers": "layers",
    "hidden": "hidden",
    "heads": "heads",
    "head_dim": "head_size",
    "kv_heads": "kv_heads",
    "ffn": "dense_ff",
    "dense_layers": "dense_layers",
    "experts": "experts",
    "topk": "experts_per_token",
    "expert_ffn": "expert_ff",
    "latent": "expert_latent",
    "q_lora": "query_rank",
    "kv_lora": "kv_rank",
    "qk_nope": "nope_size",
    "qk_rope": "rope_size",
    "v_head": "value_size",
    "mtp_layers": "mtp_layers",
    "vocab": "vocabulary",
}
"""Quantity of the catalogue by column of model_shapes.csv."""
MORE_UNITS = {
    "mtp_layers": ("layer", "layers that predict further tokens"),
    "plain_feed": ("1", "1 where feed-forward layers have no gate"),
    "expert_latent": ("1", "width on which routed experts work"),
    "mamba_layers": ("layer", "state-space layers"),
    "mamba_heads": ("1", "heads of a state-space layer"),
    "mamba_groups": ("1", "groups of a state-space layer"),
    "mamba_state": ("1", "width of a state"),
}
KNOWN = {
    "llama3.1-8b", "llama3.1-70b", "llama3.1-405b", "qwen3-30b-a3b", "qwen3-235b-a22b", "gpt-oss-120b",
    "deepseek-v3",
}  # fmt: skip
"""Rows whose widths the catalogue holds from elsewhere."""
RELEASED = {
    "deepseek": "2024-05", "gpt3": "2020-05", "kimi": "2025-07", "megatron": "2022-05", "mpt": "2023-05",
    "nemotron-3-nano": "2025-12", "nemotron-3-super": "2026-03", "turing": "2022-01",
}  # fmt: skip
"""Month of publication by the start of the name."""
SOURCES = {
    "ai-dynamo": ("aiconfigurator-models", "model_configs"),
    "calculon": ("calculon", "models"),
    "mosaicml": ("llm-foundry", "scripts/train/yamls/pretrain"),
    "MLPerf": ("calculon", "models, vocabulary of the MLPerf task"),
    "MooreThreads": ("simumax", "configs/models"),
}
STATES = {"nemotron-3-nano-30b-a3b": 64, "nemotron-3-super-120b-a12b": 128}
"""Heads of the state-space layers; each has 8 groups and states of 128."""


def widths(row: dict[str, str]) -> dict[str, float]:
    """Return the quantities of a row; 0 and empty ones left out."""
    found = {quantity: float(row[column]) for column, quantity in COLUMNS.items() if row[column]}
    found = {quantity: value for quantity, value in found.items() if value}
    if row["shared_ffn"] and float(row["shared_ffn"]):
        found["shared_experts"] = float(row["shared_ffn"]) / float(row["expert_ffn"])
    if row["gated"] == "0":
        found["plain_feed"] = 1
    if row["pattern"]:
        found.pop("dense_layers", None)
        found |= {"full_layers": row["pattern"].count("*"), "mamba_layers": row["pattern"].count("M")}
        found |= {"mamba_heads": STATES[row["model"]], "mamba_groups": 8, "mamba_state": 128}
    return found


def main() -> int:
    """Write the file."""
    with (Path(sys.argv[1]) / "model_shapes.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    subject = "Widths of models known by how they train; what a model lacks is left out."
    parts = [HEAD.format(subject=subject).replace("type_inference", "type_training_models")]
    for row in rows:
        name = row["model"]
        known = {
            word: value for word, value in widths(row).items() if name not in KNOWN or word == "mtp_layers"
        }
        start = next((key for key in RELEASED if name.startswith(key)), "deepseek")
        source, locator = next(entry for word, entry in SOURCES.items() if word in row["source"])
        for quantity, value in known.items():
            unit, of = (UNITS | MORE_UNITS)[quantity]
            entries: dict[str, str | float] = {
                "of": f"{of}, {name}",
                "as_of": "2024-12" if name == "deepseek-v3" else RELEASED[start],
                "source": source,
                "locator": locator,
            }
            parts.append(fact(f"model.{name}.{quantity}", value, unit, entries))
    (HOME / "training_models.toml").write_text("\n".join(parts), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
