"""Write the facts of accelerators, memory, links, servers and racks from the tables of their figures.

python tools/type_machines.py FOLDER    # folder with accelerators.csv and systems_racks.csv

Writes facts/machine_chips.toml and facts/machine_parts.toml of the catalogue. A figure that a table prints
is kind `reported`, with the rounding of its last digit as doubt; a column that the table calls unverified is
an assumption. Figures in another table or in print stand in this tool.
"""

from __future__ import annotations

import csv
import re
import sys
import tomllib
from pathlib import Path

from narrows.units import to_canonical

HOME = Path(__file__).parent.parent / "src" / "narrows" / "catalog" / "facts"
NAMES = {
    "V100 SXM2 32GB": "v100_sxm",
    "A100 SXM4 40GB": "a100_sxm_40gb",
    "A100 SXM4 80GB": "a100_sxm",
    "A100 PCIe 80GB": "a100_pcie",
    "H100 SXM5 80GB": "h100_sxm",
    "H100 PCIe 80GB": "h100_pcie",
    "H200 SXM 141GB": "h200_sxm",
    "H800 SXM5": "h800_sxm",
    "H20": "h20",
    "GH200 (144GB var.)": "gh200",
    "B200 SXM": "b200_sxm",
    "GB200 (per GPU)": "gb200",
    "B300 SXM": "b300_sxm",
    "GB300 (per GPU)": "gb300",
    "Rubin (VR NVL72, per GPU)": "rubin",
    "MI250X": "mi250x",
    "MI300X": "mi300x",
    "MI325X": "mi325x",
    "MI350X": "mi350x",
    "MI355X": "mi355x",
    "MI455X": "mi455x",
    "TPU v2": "tpu_v2",
    "TPU v3": "tpu_v3",
    "TPU v4": "tpu_v4",
    "TPU v5e": "tpu_v5e",
    "TPU v5p": "tpu_v5p",
    "TPU v6e": "tpu_v6e",
    "TPU7x Ironwood": "tpu7x",
    "Trainium1": "trainium1",
    "Trainium2": "trainium2",
    "Trainium3": "trainium3",
    "Inferentia2": "inferentia2",
    "Gaudi2": "gaudi2",
    "Gaudi3": "gaudi3",
    "GroqChip LPU v1": "groqchip_lpu",
    "Cerebras WSE-3": "wse3",
    "Ascend 910B (B1-B3)": "ascend_910b",
    "Ascend 910C": "ascend_910c",
    "Ascend 950DT": "ascend_950dt",
    "Maia 100": "maia_100",
    "L40S": "l40s",
}
COLUMNS = {
    "mem_gb": ("memory", "GB", "memory of one chip"),
    "mem_bw_tbps": ("bandwidth", "TB/s", "bandwidth of the memory of one chip"),
    "bf16_dense_tflops": ("bf16", "Tflop/s", "dense bf16 rate of one chip"),
    "fp8_dense_tflops": ("fp8", "Tflop/s", "dense fp8 rate of one chip"),
    "fp4_dense_tflops": ("fp4", "Tflop/s", "dense fp4 rate of one chip"),
    "int8_dense_tops": ("int8", "Tflop/s", "dense int8 operations of one chip"),
    "power_w": ("power", "W", "design power of one chip"),
    "scaleup_unidir_gbps": ("scale_up", "GB/s", "scale-up link of one chip, one way"),
    "die_mm2": ("die", "mm2", "logic silicon of one chip"),
    "transistors_b": ("transistors", "1", "transistors of one chip"),
    "price_usd": ("price", "usd", "price of one chip"),
    "mamf_bf16_tflops": ("best_bf16", "Tflop/s", "best measured bf16 matrix product of one chip"),
    "mamf_fp8_tflops": ("best_fp8", "Tflop/s", "best measured fp8 matrix product of one chip"),
}
FACTOR = {"transistors_b": 1e9}
SOURCES = (
    ("aiconfigurator", "aiconfigurator-systems"),
    ("stas00", "ml-engineering"),
    ("epoch-research/training", "epoch-chips"),
    ("epoch-research/ai-chip", "epoch-chip-counts"),
    ("awsdocs", "neuron-docs"),
    ("docs.cloud.google", "cloud-tpu-docs"),
    ("The Register", "register-910c"),
    ("siliconanalysts", "silicon-analysts"),
)
"""Beginning of a source as the table prints it, and its key."""
SPECS = ("memory", "bandwidth", "bf16", "fp8", "fp4", "int8", "power", "scale_up")
"""Quantities for which the system files were read first; the rest stands in the catalogue of chips."""
STACKS = {
    "hbm2": {"v100_sxm": 4, "a100_sxm_40gb": 5, "tpu_v3": 4, "tpu_v4": 4},
    "hbm2e": {
        "a100_sxm": 5,
        "a100_pcie": 5,
        "h100_pcie": 5,
        "mi250x": 8,
        "tpu_v5p": 6,
        "trainium1": 2,
        "inferentia2": 2,
        "gaudi2": 6,
        "gaudi3": 8,
        "ascend_910b": 4,
        "maia_100": 4,
    },
    "hbm3": {"h100_sxm": 5, "h800_sxm": 5, "h20": 6, "mi300x": 8, "trainium2": 4},
    "hbm3e": {
        "h200_sxm": 6,
        "gh200": 6,
        "b200_sxm": 8,
        "gb200": 8,
        "b300_sxm": 8,
        "gb300": 8,
        "mi325x": 8,
        "mi350x": 8,
        "mi355x": 8,
        "tpu7x": 8,
        "trainium3": 4,
    },
    "hbm4": {"rubin": 8, "mi455x": 12},
}
"""Stacks of memory on a chip, by generation."""
DIES = {"b200_sxm": 2, "gb200": 2, "b300_sxm": 2, "gb300": 2, "rubin": 2, "ascend_910c": 2}
"""Logic dies of a package where there is more than one of reticle size."""
SCALE_OUT = {"a100_sxm_40gb": 25, "h800_sxm": 50, "h20": 50, "gh200": 50, "rubin": 100}
"""GB/s one way a chip, as the system files give for the machine of the same generation."""
AGREES = 0.002
"""A figure that agrees so well with the system file is not typed again."""
UNVERIFIED = "typed from memory of the published specification; no cited page was read for it"
OTHERS: tuple[tuple[str, float, str, str, str, str], ...] = (
    ("b200_sxm.memory", 192, "GB", "silicon-analysts", "2024-03", "memory on the package, before spares"),
    ("b300_sxm.fp4", 12_600, "Tflop/s", "ml-engineering", "2025-03", "table of FLOP/s"),
    ("b300_sxm.fp4", 15_000, "Tflop/s", "as-printed", "2025-03", "value of the GB300 given for B300"),
    ("b300_sxm.power", 1000, "W", "ml-engineering", "2025-03", "maximum power of the board"),
    ("b300_sxm.power", 1750, "W", "as-printed", "2025-03", "whole share of the server"),
    ("gb300.int8", 5000, "Tflop/s", "as-printed", "2025-08-15", "table of INT8, not cut"),
    ("gaudi3.bf16", 1835, "Tflop/s", "as-printed", "2024-09-24", "white paper; chips run at 1600 MHz"),
    ("gaudi2.bf16", 450, "Tflop/s", "epoch-chips", "2022-05-10", "peak clock"),
    ("mi355x.bf16", 2300, "Tflop/s", "as-printed", "2024-10", "first announcement"),
    ("ascend_910c.bf16", 320, "Tflop/s", "as-printed", "2024-10-15", "press; a single die"),
    ("ascend_910c.bf16", 780, "Tflop/s", "chip-press", "2024-10-15", "winbuzzer"),
    ("ascend_910c.bf16", 800, "Tflop/s", "epoch-chips", "2024-10-15", "chip list"),
    ("ascend_910c.bandwidth", 1.8, "TB/s", "as-printed", "2024-10-15", "press"),
    ("ascend_910b.memory", 32, "GB", "as-printed", "2022-03-17", "one catalogue, first 910B"),
    ("ascend_910b.bandwidth", 1.228, "TB/s", "as-printed", "2022-03-17", "one catalogue, first 910B"),
    ("rubin.fp4", 50_000, "Tflop/s", "as-printed", "2026-08", "page claims, inference or sparse"),
    ("rubin.bf16", 12_500, "Tflop/s", "as-printed", "2026-08", "a quarter of the 50,000"),
    ("gh200.power", 700, "W", "as-printed", "2023-08-08", "one catalogue; 900 W is the measured variant"),
    ("gh200.bandwidth", 4.9, "TB/s", "as-printed", "2023-08-08", "one catalogue"),
    ("mi250x.power", 560, "W", "as-printed", "2021-11-08", "peak board power"),
    ("tpu_v4.price", 5167, "usd", "as-printed", "2021-05-20", "in the code of the study; 5,176 in its data"),
)
"""Statements that disagree with the table: quantity, value, unit, source, when, what it is."""
KIND = {"rubin": "forecast", "ascend_910b": "assumption"}
"""Kind of a statement of OTHERS where it is not an estimate."""
HEAD = """\
# {subject}
# Written by tools/type_machines.py.

[defaults]
level = "min-max"
kind = "reported"
"""


def text(name: str, value: float, doubt: tuple[float, float], unit: str, **entries: str) -> str:
    """Return one fact as text."""
    lines = ["[[fact]]", f'id = "{name}"']
    lines += [
        f"{key} = {number(word)}" for key, word in zip(("value", "low", "high"), (value, *doubt), strict=True)
    ]
    lines += [f'unit = "{unit}"', *(f'{key} = "{word}"' for key, word in entries.items() if word)]
    return "\n".join(lines) + "\n"


def number(value: float) -> str:
    """Return a number as TOML, whole where it is whole."""
    short = float(f"{value:.12g}")
    return str(int(short)) if short.is_integer() and abs(short) < 1e12 else repr(short)


def rounded(word: str, factor: float = 1.0) -> tuple[float, tuple[float, float]]:
    """Return a printed number and the ends of its last digit."""
    places = len(word.partition(".")[2])
    half = 0.5 * 10.0**-places
    return float(word) * factor, ((float(word) - half) * factor, (float(word) + half) * factor)


def source_of(row: dict[str, str], quantity: str) -> str:
    """Return the key of the source of a figure: tables of rates first, the list of chips for the rest."""
    found = [
        key for part in row["sources"].split(";") for start, key in SOURCES if part.strip().startswith(start)
    ]
    if quantity in {"die", "transistors", "price"} and "epoch-chips" in found:
        return "epoch-chips"
    named = [key for key in found if key != "aiconfigurator-systems"]
    return (named or found)[0]


def day(row: dict[str, str], quantity: str) -> str:
    """Return when a figure was said: a price by its note, a specification by its announcement."""
    said = re.search(r"20\d\d-\d\d", row["price_note"]) if quantity == "price" else None
    if said:
        return said[0]
    return "2026-08" if "announced" in row["release_date"] else row["release_date"]


def chips(table: Path) -> str:
    """Return the facts of the accelerators."""
    typed = {
        fact["id"]: fact
        for fact in tomllib.loads((HOME / "inference_chips.toml").read_text(encoding="utf-8"))["fact"]
    }
    parts = [HEAD.format(subject="Accelerators from V100 to those announced. Dense rates, links one way.")]
    with table.open(encoding="utf-8", newline="") as file:
        rows = {NAMES[row["name"]]: row for row in csv.DictReader(file)}
    for chip, row in rows.items():
        for column, (quantity, unit, _) in COLUMNS.items():
            word = row[column].strip()
            if not re.fullmatch(r"[\d.]+", word):
                continue
            known = typed.get(f"chip.{chip}.{quantity}")
            value = to_canonical(float(word) * FACTOR.get(column, 1.0), unit)
            if known and (known.get("kind") == "assumption" or abs(value / known["value"] - 1) < AGREES):
                continue
            parts.append(figure(chip, row, column, known["as_of"] if known else ""))
        parts += counted(chip, day(row, ""))
        parts += scale_out(chip, row)
    parts += [other(line) for line in OTHERS]
    return "\n".join(parts)


def figure(chip: str, row: dict[str, str], column: str, when: str) -> str:
    """Return one figure of the table as a fact; it is dated as the one it stands beside, if there is one."""
    quantity, unit, of = COLUMNS[column]
    value, doubt = rounded(row[column].strip(), FACTOR.get(column, 1.0))
    entries = {
        "of": f"{of}, {chip}" + (f", {row['mem_type']}" if quantity == "memory" else ""),
        "as_of": when or day(row, quantity),
        "source": source_of(row, quantity),
        "locator": f"row of {row['name']}",
    }
    if "announced" in row["release_date"]:
        entries["kind"] = "forecast"
    if quantity == "price":
        entries["kind"], entries["note"] = "estimate", row["price_note"]
        doubt = (0.9 * value, 1.1 * value)
    if quantity.startswith("best"):
        entries["kind"], entries["source"] = "measured", "ml-engineering"
    if column in row["unverified"].split(";"):
        doubt = (0.95 * value, 1.05 * value)
        entries |= {"kind": "assumption", "source": "narrows", "locator": "see why", "why": UNVERIFIED}
    return text(f"chip.{chip}.{quantity}", value, doubt, unit, **entries)


def scale_out(chip: str, row: dict[str, str]) -> list[str]:
    """Return the scale-out link of a chip without a system file."""
    if chip not in SCALE_OUT:
        return []
    value = SCALE_OUT[chip]
    entries = {"of": f"scale-out link of one chip, one way, {chip}", "as_of": day(row, "")}
    entries |= {"kind": "assumption", "source": "narrows", "locator": "see why"}
    entries["why"] = "as the system files give for machines of the same generation"
    return [text(f"chip.{chip}.scale_out", value, (0.5 * value, value * 1.05), "GB/s", **entries)]


def other(line: tuple[str, float, str, str, str, str]) -> str:
    """Return a statement that disagrees with the table."""
    name, value, unit, source, when, note = line
    chip, _, quantity = name.partition(".")
    of = next(of for word, _, of in COLUMNS.values() if word == quantity)
    entries = {"of": f"{of}, {chip}", "as_of": when, "source": source}
    entries |= {"locator": "as printed", "note": note, "kind": KIND.get(chip, "estimate")}
    if entries["kind"] == "assumption":
        entries["why"] = entries.pop("note")
    return text(
        f"chip.{name}", value, rounded(f"{value:g}" if value < 10 else str(int(value)))[1], unit, **entries
    )


def counted(chip: str, when: str) -> list[str]:
    """Return the stacks and dies of a chip."""
    found = []
    for generation, stacks in STACKS.items():
        if chip in stacks:
            entries = {"of": f"{generation} stacks of one chip, {chip}", "as_of": when, "kind": "assumption"}
            entries |= {"source": "narrows", "locator": "see why"}
            entries["why"] = (
                "memory and bandwidth by the stacks of the generation; pictures of the package, from memory"
            )
            value = stacks[chip]
            found.append(
                text(
                    f"chip.{chip}.stacks_{generation}",
                    value,
                    (0.99 * value, 1.01 * value),
                    "stack",
                    **entries,
                )
            )
    if chip == "h100_pcie":
        entries = {"of": f"hbm3 stacks of one chip, {chip}", "as_of": when, "kind": "estimate"}
        entries |= {
            "source": "ml-engineering",
            "locator": "row of H100 PCIe",
            "note": "other lists say HBM2e",
        }
        found.append(text(f"chip.{chip}.stacks_hbm3", 5, (4.95, 5.05), "stack", **entries))
    if chip in DIES:
        entries = {
            "of": f"logic dies near the reticle of one chip, {chip}",
            "as_of": when,
            "kind": "assumption",
        }
        entries |= {
            "source": "narrows",
            "locator": "see why",
            "why": "two dies share a package, as announced",
        }
        found.append(text(f"chip.{chip}.dies", DIES[chip], (1.98, 2.02), "die", **entries))
        if chip != "ascend_910c":
            entries["of"] = f"logic silicon of one chip, {chip}"
            entries["why"] = "two dies near the reticle limit of 858 mm2"
            found.append(text(f"chip.{chip}.die", 1600, (1500, 1716), "mm2", **entries))
    return found


def parts(folder: Path) -> str:
    """Return the facts of memory, links, switches, racks and prices."""
    found = [HEAD.format(subject="Memory generations, links, switches, servers, racks, and dated prices.")]
    for line in TABLE.read_text(encoding="utf-8").strip().splitlines():
        if line.startswith("#"):
            continue
        name, value, low, high, unit, kind, when, source, of, locator, note = (
            word.strip() for word in line.split("|")
        )
        entries = {"of": of, "kind": kind, "as_of": when, "source": source, "locator": locator}
        entries["why" if kind == "assumption" else "note"] = note
        if kind == "spec":
            entries |= {"level": "exact"}
        if re.search(r"\.\d{4}(?:-\d\d)?$", name):
            entries["about"] = name.rpartition(".")[2]
        mid = float(value)
        found.append(text(name, mid, (float(low or mid), float(high or mid)), unit, **entries))
    with (folder / "systems_racks.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found += rack(row)
    return "\n".join(found)


RACK_RANGES = {"gb200_nvl72": (120, 145), "vera_rubin_nvl72": (190, 230), "gb300_nvl72": (128, 142)}
RACK_YEARS = {
    "dgx-1_v100": "2017-05",
    "dgx_a100": "2020-05",
    "dgx_h100": "2023-05",
    "dgx_b200": "2024-12",
    "gb200_nvl72": "2025",
    "gb300_nvl72": "2025",
    "vera_rubin_nvl72": "2026",
    "cloudmatrix_384": "2025",
}
RACK_SOURCE = {"epoch": "epoch-chips", "NVIDIA": "rack-power-docs"}
RACK_COLUMNS = {
    "gpus": ("gpus", "chip", "accelerators of one system"),
    "it_power_kw": ("power", "kW", "IT power of one system"),
    "price_usd": ("price", "usd", "price of one system"),
    "physical_infra_usd": ("facility_price", "usd", "building, power and cooling for one system"),
}


def rack(row: dict[str, str]) -> list[str]:
    """Return the facts of one server or rack."""
    name = row["system"].lower().replace(" ", "_")
    found = []
    for column, (quantity, unit, of) in RACK_COLUMNS.items():
        if not row[column]:
            continue
        value = float(row[column])
        source = next(
            (key for start, key in RACK_SOURCE.items() if row["source"].startswith(start)), "chip-press"
        )
        if quantity == "facility_price":
            source = "bernstein-2025"
        entries = {"of": f"{of}, {row['system']}", "as_of": RACK_YEARS[name], "source": source}
        entries |= {"locator": f"row of {row['system']}, grade {row['grade']}", "note": row["note"]}
        doubt = (0.95 * value, 1.05 * value)
        if quantity == "power" and name in RACK_RANGES:
            doubt = RACK_RANGES[name]
        if quantity == "gpus":
            doubt, entries = (value, value), entries | {"kind": "spec", "level": "exact"}
        if column in row["unverified"]:
            entries |= {"kind": "assumption", "source": "narrows", "locator": "see why", "why": UNVERIFIED}
            entries.pop("note")
        found.append(text(f"system.{name}.{quantity}", value, doubt, unit, **entries))
    return found


TABLE = Path(__file__).with_name("machine_parts.txt")
"""Memory, links, switches and prices, typed by hand from the sources that each line names."""


def main() -> int:
    """Write both files."""
    folder = Path(sys.argv[1])
    (HOME / "machine_chips.toml").write_text(chips(folder / "accelerators.csv"), encoding="utf-8")
    (HOME / "machine_parts.toml").write_text(parts(folder), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
