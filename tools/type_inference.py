"""Write the facts of models and chips from the tables of their specifications.

python tools/type_inference.py FOLDER    # folder with models.csv and chips.csv

Writes facts/inference_models.toml and facts/inference_chips.toml of the catalogue. What the tables lack
(context, precision as shipped, the chips of AMD, sources that differ) stands in this tool.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

HOME = Path(__file__).parent.parent / "src" / "narrows" / "catalog" / "facts"
COLUMNS = {
    "layers": "layers",
    "hidden": "hidden",
    "query_heads": "heads",
    "head_dim": "head_size",
    "kv_heads": "kv_heads",
    "dense_ff": "dense_ff",
    "experts": "experts",
    "experts_per_token": "experts_per_token",
    "expert_ff": "expert_ff",
    "shared_experts": "shared_experts",
    "first_dense_layers": "dense_layers",
    "kv_lora_rank": "kv_rank",
    "rope_head_dim": "rope_size",
    "nope_head_dim": "nope_size",
    "value_head_dim": "value_size",
    "q_lora_rank": "query_rank",
    "full_attention_layers": "full_layers",
    "sliding_window": "window",
    "vocabulary": "vocabulary",
}
"""Quantity of the catalogue by column of models.csv."""
UNITS = {
    "layers": ("layer", "layers"),
    "dense_layers": ("layer", "layers with a dense feed-forward part before the layers with experts"),
    "full_layers": ("layer", "layers that attend to the whole context"),
    "window": ("token", "tokens seen by the other layers"),
    "vocabulary": ("token", "vocabulary"),
    "context": ("token", "longest sequence"),
    "hidden": ("1", "width of the residual stream"),
    "heads": ("1", "query heads"),
    "head_size": ("1", "width of a head"),
    "kv_heads": ("1", "heads of keys and values"),
    "dense_ff": ("1", "width of a dense feed-forward layer"),
    "experts": ("1", "routed experts of a layer"),
    "experts_per_token": ("1", "routed experts that serve a token"),
    "expert_ff": ("1", "width of an expert"),
    "shared_experts": ("1", "experts of a layer that serve every token"),
    "kv_rank": ("1", "rank of the cached latent"),
    "rope_size": ("1", "rotary part of a query"),
    "nope_size": ("1", "other part of a query"),
    "value_size": ("1", "width of a value"),
    "query_rank": ("1", "rank of the query projection"),
    "vision": ("1", "weights of the vision tower and its projector"),
    "expert_bits": ("bit", "one weight of an expert as shipped"),
    "linear_bits": ("bit", "one weight of the linear layers as shipped, without embeddings, head and router"),
}
RELEASED = {
    "llama-3.1-8b": ("2024-07", 131072),
    "llama-3.1-70b": ("2024-07", 131072),
    "llama-3.1-405b": ("2024-07", 131072),
    "qwen3-32b": ("2025-04", 40960),
    "qwen3-30b-a3b": ("2025-04", 40960),
    "qwen3-235b-a22b": ("2025-04", 40960),
    "qwen3.5-397b-a17b": ("2026-02", 262144),
    "deepseek-v3": ("2024-12", 163840),
    "minimax-m2.5": ("2026-02", 196608),
    "kimi-k2.5": ("2026-01", 262144),
    "glm-5": ("2026-02", 202752),
    "gpt-oss-120b": ("2025-08", 131072),
    "gpt-oss-20b": ("2025-08", 131072),
    "mixtral-8x7b": ("2023-12", 32768),
    "mixtral-8x22b": ("2024-04", 65536),
    "llama-4-scout": ("2025-04", 10485760),
    "deepseek-v4-pro": ("2026-04", 0),
    "codellama-34b": ("2023-08", 16384),
    "llama-2-7b": ("2023-07", 4096),
    "mistral-nemo-12b": ("2024-07", 131072),
    "qwen2.5-7b": ("2024-09", 32768),
    "qwen3-14b": ("2025-04", 40960),
    "yi-34b": ("2023-11", 4096),
}
"""Month of release, and longest sequence [token]; 0 where it is not typed."""
MORE: dict[str, dict[str, float]] = {
    "deepseek-v3": {"linear_bits": 8},
    "minimax-m2.5": {"linear_bits": 8},
    "kimi-k2.5": {"expert_bits": 4.5},
    "gpt-oss-120b": {"expert_bits": 4.25},
    "gpt-oss-20b": {"expert_bits": 4.25},
    "llama-4-scout": {"shared_experts": 1, "vision": 872_000_000},
}
"""What the table does not hold."""
NOTES = {
    (
        "llama-4-scout",
        "shared_experts",
    ): "text model of Llama 4: one shared expert in each layer with experts",
    ("llama-4-scout", "vision"): "counted from vision_config: 34 layers of width 1408 and two projectors",
    ("kimi-k2.5", "expert_bits"): "4-bit integers with one 16-bit scale for 32 weights",
    ("gpt-oss-120b", "expert_bits"): "MXFP4: 4-bit numbers with one 8-bit scale for 32 weights",
    ("gpt-oss-20b", "expert_bits"): "MXFP4: 4-bit numbers with one 8-bit scale for 32 weights",
}
CHIP_COLUMNS = {
    "memory_bytes": ("memory", "byte", "memory of one chip"),
    "memory_bandwidth_bytes_per_s": ("bandwidth", "byte/s", "bandwidth of the memory of one chip"),
    "bf16_dense_flop_per_s": ("bf16", "flop/s", "dense bf16 rate of one chip"),
    "fp8_dense_flop_per_s": ("fp8", "flop/s", "dense fp8 rate of one chip"),
    "fp4_dense_flop_per_s": ("fp4", "flop/s", "dense fp4 rate of one chip"),
    "power_w": ("power", "W", "design power of one chip"),
    "chips_per_node": ("node", "chip", "chips of one server or tray"),
    "scale_up_bytes_per_s_one_way": ("scale_up", "byte/s", "scale-up link of one chip, one way"),
    "scale_out_bytes_per_s_one_way": ("scale_out", "byte/s", "scale-out link of one chip, one way"),
    "pcie_bytes_per_s_one_way": ("pcie", "byte/s", "PCIe link of one chip, one way"),
}
SOLD = {
    "a100_sxm": "2020-11",
    "l40s": "2023-08",
    "h100_sxm": "2022-03",
    "h200_sxm": "2023-11",
    "b200_sxm": "2024-03",
    "b300_sxm": "2025-03",
    "gb200": "2024-03",
    "gb300": "2025-03",
    "rtx_pro_6000_server": "2025-03",
    "mi300x": "2023-12",
    "mi325x": "2024-10",
    "mi355x": "2025-06",
}
"""Month of announcement."""
GIB = 2**30
UNREAD = {"bf16", "fp8", "fp4", "scale_up", "scale_out", "pcie"}
UNREAD_WHY = "typed from memory of the published specification; its page was not read again"
AMD = {
    "mi300x": (192 * GIB, 5.3e12, 1.3074e15, 2.6149e15, None, 750, 8, 4.48e11, 5.0e10, 6.4e10),
    "mi325x": (256 * GIB, 6.0e12, 1.3074e15, 2.6149e15, None, 1000, 8, 4.48e11, 5.0e10, 6.4e10),
    "mi355x": (288 * GIB, 8.0e12, 2.5166e15, 5.0332e15, 1.00663e16, 1400, 8, 5.376e11, 5.0e10, 6.4e10),
}
"""Data sheets, in the order of the columns; the scale-out link is one 400 Gbit/s adapter a chip."""
BETWEEN: dict[tuple[str, str], tuple[float, float, str]] = {
    ("b200_sxm", "bandwidth"): (7.7e12, 8.0e12, "the 8-GPU board is given as 7.7, the package as 8.0 TB/s"),
    ("b300_sxm", "power"): (1100, 1200, "the system file says 1100 W, the registry of InferenceX 1200 W"),
}
"""Low and high where sources differ."""
HEAD = """\
# {subject}
# Written by tools/type_inference.py.

[defaults]
level = "exact"
kind = "spec"
standing = true
why = "a specification does not change"
"""


def fact(name: str, value: float, unit: str, entries: dict[str, str | float]) -> str:
    """Return one fact as text."""
    low, high = entries.pop("low", value), entries.pop("high", value)
    lines = [
        "[[fact]]",
        f'id = "{name}"',
        *(f"{key} = {number(word)}" for key, word in (("value", value), ("low", low), ("high", high))),
        f'unit = "{unit}"',
        *(f'{key} = "{text}"' for key, text in entries.items() if text != ""),
    ]
    return "\n".join(lines) + "\n"


def number(value: float | str) -> str:
    """Return a number as TOML, whole where it is whole."""
    number = float(value)
    return str(int(number)) if number.is_integer() and number < 1e12 else repr(number)


def models(table: Path) -> str:
    """Return the facts of the models."""
    parts = [
        HEAD.format(
            subject="Widths of open models, from their configuration files; what a model lacks is left out.",
        )
    ]
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        name = row["model"]
        released, context = RELEASED[name]
        widths = {quantity: float(row[column]) for column, quantity in COLUMNS.items() if row[column]}
        widths.update(MORE.get(name, {}))
        if context:
            widths["context"] = context
        path = row["source"].split(" ")[1].split("/")
        locator = "/".join(path[-2:]) if path[-1] == "config.json" else path[-1]
        source = "aiconfigurator-models" if "aiconfigurator" in row["source"] else "inference-sim-models"
        for quantity, value in widths.items():
            unit, of = UNITS[quantity]
            entries: dict[str, str | float] = {
                "of": f"{of}, {name}",
                "as_of": released,
                "source": source,
                "locator": locator,
                "note": NOTES.get((name, quantity), ""),
            }
            parts.append(fact(f"model.{name}.{quantity}", value, unit, entries))
    return "\n".join(parts)


def chips(table: Path) -> str:
    """Return the facts of the chips."""
    parts = [
        HEAD.format(
            subject="What accelerators offer: memory, rates, power, links. Dense rates, links one way.",
        )
    ]
    with table.open(encoding="utf-8", newline="") as file:
        rows = [(row["chip"], row["file"], "aiconfigurator-systems", row) for row in csv.DictReader(file)]
    rows += [
        (name, "specification table", "amd-instinct", dict(zip(CHIP_COLUMNS, values, strict=True)))
        for name, values in AMD.items()
    ]
    for name, locator, source, row in rows:
        for column, (quantity, unit, of) in CHIP_COLUMNS.items():
            if row[column] in {"", None}:
                continue
            entries: dict[str, str | float] = {
                "of": f"{of}, {name}",
                "as_of": SOLD[name],
                "source": source,
                "locator": locator,
            }
            if (name, quantity) in BETWEEN:
                low, high, note = BETWEEN[name, quantity]
                entries |= {"low": low, "high": high, "level": "min-max", "note": note}
            if name in AMD and quantity in UNREAD:
                value = float(row[column])
                entries |= {"low": 0.95 * value, "high": 1.05 * value, "level": "min-max"}
                entries |= {
                    "kind": "assumption",
                    "source": "narrows",
                    "locator": "see why",
                    "why": UNREAD_WHY,
                }
            parts.append(fact(f"chip.{name}.{quantity}", float(row[column]), unit, entries))
    return "\n".join(parts)


def main() -> int:
    """Write both files."""
    folder = Path(sys.argv[1])
    (HOME / "inference_models.toml").write_text(models(folder / "models.csv"), encoding="utf-8")
    (HOME / "inference_chips.toml").write_text(chips(folder / "chips.csv"), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
