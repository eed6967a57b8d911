"""Write the facts of what chips cost an hour and what tokens cost.

python tools/type_prices.py FOLDER    # folder with gpu_tco_inferencex.csv and token_prices_*.csv.gz

Writes facts/inference_prices.toml. Rentals are typed here from the catalogues that the sources name.
"""

from __future__ import annotations

import csv
import gzip
import re
import sys
from pathlib import Path
from statistics import median

PAGE = Path(__file__).parent.parent / "src" / "narrows" / "catalog" / "facts" / "inference_prices.toml"
CHIPS = {
    "h100": "h100_sxm",
    "h200": "h200_sxm",
    "b200": "b200_sxm",
    "b300": "b300_sxm",
    "rtx6000pro": "rtx_pro_6000_server",
}
SPAN = {
    "h100": (1.17, 1.78),
    "h200": (1.22, 2.05),
    "b200": (1.73, 2.90),
    "b300": (2.26, 3.00),
    "gb200": (1.86, 3.30),
    "gb300": (2.31, 3.30),
    "mi300x": (0.95, 1.55),
    "mi325x": (1.10, 1.80),
    "mi355x": (1.50, 2.10),
    "rtx6000pro": (0.52, 0.75),
}
"""Lowest and highest cost of one chip and hour over kinds of owner and both vintages."""
OWNERS = {
    "tco_hyperscaler": ("tco_hyperscaler_usd_h", "cost of owning one chip, hyperscaler"),
    "tco_neocloud": ("tco_neocloud_usd_h", "cost of owning one chip, specialised cloud"),
    "rental_3yr": ("rental_3yr_usd_h", "rent of one chip for three years"),
}
RENTALS = {
    ("h100_sxm", "rental"): (
        2.95,
        1.99,
        12.29,
        "Nebius; low Verda, high Azure; OCI 10.00, GCP 10.55, AWS 6.88",
    ),
    ("h100_sxm", "rental_spot"): (1.25, 1.00, 2.27, "Nebius; low Verda"),
    ("h200_sxm", "rental"): (2.59, 2.33, 3.50, "Verda; high Nebius; low is 10 % less, ours"),
    ("h200_sxm", "rental_spot"): (1.295, 1.16, 1.45, "Verda; high Nebius; low is 10 % less, ours"),
    ("b200_sxm", "rental"): (3.79, 3.41, 5.50, "Verda; high Nebius; low is 10 % less, ours"),
    ("b300_sxm", "rental"): (4.95, 4.45, 5.50, "Verda; low and high are 10 % about, ours"),
    ("a100_sxm", "rental"): (1.16, 1.04, 5.07, "Verda; high GCP; low is 10 % less, ours"),
    ("l40s", "rental"): (0.91, 0.82, 1.5484, "Verda; high Nebius; low is 10 % less, ours"),
    ("rtx_pro_6000_server", "rental"): (1.39, 1.25, 1.53, "Verda; low and high are 10 % about, ours"),
}
NAMES = {
    "deepseek-r1": r"deepseek[-_.]r1(?:-0528|-671b|-basic)?$",
    "deepseek-v3": r"deepseek[-_.]v3(?:-0324)?$",
    "gpt-oss-120b": r"gpt-oss-120b$",
    "gpt-oss-20b": r"gpt-oss-20b$",
    "llama-3.1-8b": r"(?:meta-)?llama-?v?3[.p-]1-8b(?:-instruct)?$",
    "llama-3.1-70b": r"(?:meta-)?llama-?v?3[.p-]1-70b(?:-instruct)?$",
    "llama-3.1-405b": r"(?:meta-)?llama-?v?3[.p-]1-405b(?:-instruct)?$",
    "llama-3.3-70b": r"llama-?v?3[.p-]3-70b(?:-instruct)?$",
    "llama-4-scout": r"llama-?4-scout(?:-17b-16e)?(?:-instruct)?(?:-basic)?$",
    "mixtral-8x7b": r"mixtral-8x7b-instruct(?:-v0[.:]1)?$",
    "qwen3-32b": r"qwen3-32b$",
    "qwen3-235b-a22b": r"qwen3-235b-a22b$",
    "kimi-k2.5": r"kimi-k2[.p]5$",
    "minimax-m2.5": r"minimax-m2[.p]5$",
    "glm-5": r"glm-5$",
}
"""How a model is called by hosts, at the end of a key; models distilled from it are others."""
OWN = {"deepseek-r1": "deepseek/deepseek-r1", "deepseek-v3": "deepseek/deepseek-v3"}
"""Entry of the maker, where there is one: it is the value; otherwise the median of all hosts."""
KINDS = {"input": "usd_per_m_input", "output": "usd_per_m_output", "cached": "usd_per_m_cached_input"}
SHARE = 0.1
"""Half width where one source alone states a number."""
NEAR = (0.95, 1.05)
"""A value at the end of its span is known no better than to a twentieth."""
HEAD = """\
# What a chip costs an hour, and what a token costs. Written by tools/type_prices.py.

[defaults]
level = "P5-P95"
kind = "reported"
"""
TYPED = """
[[fact]]
id = "inference.pue"
value = 1.25
low = 1.1
high = 1.5
unit = "ratio"
of = "power of a facility over that of its computers, where models are served"
kind = "assumption"
as_of = "2026-06"
source = "narrows"
locator = "reasoned, see why"
why = "Large operators state 1.1, the mean of all data centres is near 1.5; what serves models lies between."

[[fact]]
id = "inference.electricity_price"
value = 0.08
low = 0.05
high = 0.13
unit = "usd/kWh"
of = "electricity for a large data centre, United States"
kind = "assumption"
as_of = "2026-06"
source = "narrows"
locator = "reasoned, see why"
why = "Industrial tariffs in the USA are near 8 cents; long contracts are lower, crowded grids higher."
"""


def fact(name: str, numbers: tuple[float, float, float], unit: str, entries: dict[str, str]) -> str:
    """Return one fact as text."""
    value, low, high = numbers
    lines = ["", "[[fact]]", f'id = "{name}"', f"value = {value:g}", f"low = {low:g}", f"high = {high:g}"]
    lines += [f'unit = "{unit}"', *(f'{key} = "{text}"' for key, text in entries.items())]
    lines += ["correlation = 0.8"] if "group" in entries else []
    return "\n".join(lines) + "\n"


def owning(table: Path) -> str:
    """Return the facts of what owning costs, and of power."""
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    newest = [row for row in rows if row["vintage"].startswith("2026-07")]
    before = {row["gpu"]: float(row["all_in_kw_per_gpu"]) for row in rows if row not in newest}
    parts = []
    for row in newest:
        chip = CHIPS.get(row["gpu"], row["gpu"])
        stated = {
            "as_of": "2026-07",
            "source": "inferencex-registry",
            "locator": f"gpu-keys.ts, {row['gpu']}",
        }
        low, high = SPAN[row["gpu"]]
        note = {"note": "low and high over kinds of owner and both vintages of the registry"}
        for quantity, (column, of) in OWNERS.items():
            value = float(row[column])
            numbers = (value, min(low, round(value * NEAR[0], 3)), max(high, round(value * NEAR[1], 3)))
            parts.append(
                fact(
                    f"chip.{chip}.{quantity}",
                    numbers,
                    "usd/(gpu h)",
                    {"of": f"{of}, {chip}", **stated, **note},
                )
            )
        power = float(row["all_in_kw_per_gpu"])
        most = max(before.get(row["gpu"], 0.0), power * (1 + SHARE))
        note = {"note": "high is the earlier vintage, or 10 % more; low is 10 % less, ours"}
        of = f"power of one chip with its share of server and network, {chip}"
        numbers = (power, round(power * (1 - SHARE), 3), round(most, 3))
        parts.append(fact(f"chip.{chip}.all_in_power", numbers, "kW", {"of": of, **stated, **note}))
    return "".join(parts)


def renting() -> str:
    """Return the facts of rent by the hour."""
    parts = []
    for (chip, quantity), (value, low, high, note) in RENTALS.items():
        of = f"rent of one chip, {'interruptible' if quantity.endswith('spot') else 'on demand'}, {chip}"
        entries = {
            "of": of,
            "as_of": "2026-09-06",
            "source": "rental-catalogues",
            "locator": note.split(";")[0],
        }
        parts.append(
            fact(f"chip.{chip}.{quantity}", (value, low, high), "usd/(gpu h)", {**entries, "note": note})
        )
    return "".join(parts)


def tokens(table: Path) -> str:
    """Return the facts of list prices."""
    with gzip.open(table, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    parts = []
    for name, pattern in NAMES.items():
        hosts = [row for row in rows if re.search(rf"(?:^|[/.@-]){pattern}", row["key"].lower())]
        hosts = [
            row
            for row in hosts
            if "distill" not in row["key"].lower() and float(row["usd_per_m_output"] or 0)
        ]
        own = next((row for row in hosts if row["key"] == OWN.get(name)), None)
        for quantity, column in KINDS.items():
            prices = sorted(float(row[column]) for row in hosts if row[column] and float(row[column]) > 0)
            if not prices or (quantity == "cached" and own is None and len(prices) < 2):
                continue
            value = float(own[column]) if own and own[column] else median(prices)
            low, _, high = (prices[round(part * (len(prices) - 1))] for part in (0.1, 0.5, 0.9))
            low, high = min(low, value * (1 - SHARE)), max(high, value * (1 + SHARE))
            what = "cached input" if quantity == "cached" else quantity
            entries = {
                "of": f"list price of {what} tokens, {name}",
                "as_of": "2026-11-22",
                "source": "litellm-1-109-1",
                "locator": OWN.get(name, f"median of {len(prices)} entries"),
                "level": "P10-P90",
                "note": f"low and high: a tenth of {len(prices)} entries of hosts asks less, a tenth more",
                "group": f"price.{name}",
            }
            parts.append(fact(f"price.{name}.{quantity}", (value, low, high), "usd/Mtoken", entries))
    return "".join(parts)


def main() -> int:
    """Write the page."""
    folder = Path(sys.argv[1])
    text = HEAD + TYPED + owning(folder / "gpu_tco_inferencex.csv") + renting()
    text += tokens(folder / "token_prices_litellm_1.109.1.csv.gz")
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
