"""The shipped catalogue with a cost of more capacity for some layers, made up for tests."""

from __future__ import annotations

import shutil
from pathlib import Path

from narrows import catalog
from narrows.catalog import load

COSTS = {"cowos": "usd*month/wafer", "data_hall": "usd/MW"}
FACT = """
[[fact]]
id = "{layer}.made_up_cost"
value = {value}
low = {low}
high = {high}
unit = "{unit}"
of = "made up"
level = "P10-P90"
kind = "assumption"
as_of = "2026-06"
source = "narrows"
locator = "a test"
why = "made up for a test"
standing = true
"""


def priced(folder: Path, values: dict[str, float]):
    """Copy the catalogue and give the layers named a cost in the unit of `COSTS`."""
    home = folder / "catalog"
    shutil.copytree(Path(catalog.__file__).parent, home, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    layers = (home / "layers.toml").read_text()
    facts = ""
    for layer, value in values.items():
        at = layers.index(f'[[layer]]\nid = "{layer}"\n')
        end = layers.find("[[layer]]", at + 1)
        kept = [line for line in layers[at:end].splitlines() if not line.startswith("cost =")]
        kept.insert(2, f'cost = "{layer}.made_up_cost"')
        layers = layers[:at] + "\n".join(kept) + "\n\n" + layers[end:]
        facts += FACT.format(layer=layer, value=value, low=value * 0.8, high=value * 1.25, unit=COSTS[layer])
    (home / "layers.toml").write_text(layers)
    (home / "facts" / "made_up_cost.toml").write_text(facts)
    return load(home)
