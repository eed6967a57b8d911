"""Predicted against measured for the machines: the audit, the cluster sheet, and the recipes of the map."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.catalog import default
from narrows.compute.audit import audit_chips, audit_runs
from narrows.compute.finding import chip_rows, held_rows, number_of, read_table
from narrows.figure import Comparison
from narrows.memory.audit import audit_memory
from narrows.memory.figures import generation_lines
from narrows.network.audit import audit_links
from narrows.network.fabric import cluster_cost, fabric
from narrows.systems.audit import audit_parts, audit_systems
from narrows.systems.need import need

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["MACHINE_ROOMS", "machine_rows", "recipe_rows"]

MACHINE_ROOMS = ("compute", "memory", "network", "systems")
RUNS, CHIPS = "epoch_training_runs.csv", "accelerators.csv"
RACKS, CLUSTERS, PARTS = "systems_racks.csv", "network_cost_tiers_h100.csv", "llama3_interruptions.csv"
CONFLICTS, ABOVE = 10, 42
"""Runs with contradicting and with impossible utilisation, as counted by hand beside the table."""
DESIGNS = {
    "ampere": "a100_sxm",
    "hopper": "h100_sxm",
    "h20": "h20",
    "blackwell": "gb200",
    "blackwell_ultra": "gb300",
    "rubin": "rubin",
}
"""Chip by design of the map."""
RECIPE = {
    "packages_per_logic_wafer": ("compute", "packages_per_logic_wafer"),
    "packages_per_cowos_wafer": ("compute", "packages_per_cowos_wafer"),
    "hbm_stacks": ("memory", "hbm_stacks"),
    "dram_dies_per_stack": ("memory", "dram_dies_per_stack"),
    "dram_dies_per_wafer": ("memory", "dram_dies_per_wafer"),
    "transceivers": ("network", "transceivers"),
    "switch_ports": ("network", "switch_ports"),
    "it_kw": ("systems", "it_kw"),
    "racks": ("systems", "nvl_racks"),
}
"""Room and quantity of the map's recipes by quantity computed."""
DRAWS, SEED = 4000, 1
STACK = 0.01
DOLLAR = 1.0


def machine_rows(folder: Path | None) -> list[Comparison]:
    """Return the comparisons of compute, memory, network and systems.

    Parameters
    ----------
    folder
        Folder with the tables of training and hardware; None where there is none.
    """
    return [*_own(), *_tables(folder), *recipe_rows()]


def _own() -> Iterator[Comparison]:
    """Yield the audit of the catalogue, and the stacks by their pins."""
    rows = held_rows()
    found = {
        "compute": audit_chips(rows),
        "memory": audit_memory(rows),
        "network": audit_links(rows),
        "systems": audit_systems(),
    }
    for room, defects in found.items():
        count = len(defects)
        yield Comparison(
            room, "the shipped facts", "audit", "defects", count, "0", None, len(rows), count == 0
        )
    lines = generation_lines()
    worst = max(abs(float(line["by_pins"]) / float(line["bandwidth"]) - 1) for line in lines)
    yield Comparison(
        "memory",
        "stack bandwidths as printed",
        "pin rate x width / 8",
        "largest relative error",
        worst,
        "within 0.01",
        None,
        len(lines),
        worst <= STACK,
    )


def _tables(folder: Path | None) -> Iterator[Comparison]:
    """Yield the audit of the tables and the cluster sheet."""
    if folder is None or not (folder / CLUSTERS).is_file():
        yield Comparison("compute", RUNS, "audit", "not run: data absent", None, "", None, 0, None)
        yield Comparison("network", CLUSTERS, "switches", "not run: data absent", None, "", None, 0, None)
        return
    runs = read_table(folder / RUNS)
    findings = audit_runs(runs)
    pairs = sum(finding.quantity == "recorded and implied MFU" for finding in findings)
    above = sum(finding.quantity == "implied_mfu" for finding in findings)
    both = sum(bool(run["recorded_mfu"] and run["implied_mfu"]) for run in runs)
    goal = f"{CONFLICTS} of {both}"
    yield Comparison(
        "compute", RUNS, "audit", "MFU that contradict", pairs, goal, None, both, pairs == CONFLICTS
    )
    yield Comparison(
        "compute", RUNS, "audit", "implied MFU above 1", above, str(ABOVE), None, len(runs), above == ABOVE
    )
    chips = chip_rows(read_table(folder / CHIPS))
    false = len([*audit_chips(chips), *audit_memory(chips), *audit_links(chips)])
    yield Comparison("compute", CHIPS, "audit", "defects", false, "0", None, len(chips), false == 0)
    racks = read_table(folder / RACKS)
    count = len(audit_systems(racks))
    yield Comparison("systems", RACKS, "audit", "defects", count, "0", None, len(racks), count == 0)
    parts = read_table(folder / PARTS)
    slips = audit_parts(parts)
    right = [finding.where for finding in slips] == ["Faulty GPU"]
    yield Comparison(
        "systems", PARTS, "audit", "percentages that do not follow", len(slips), "1", None, len(parts), right
    )
    yield from _clusters(read_table(folder / CLUSTERS))


def _clusters(sheet: list[dict[str, str]]) -> Iterator[Comparison]:
    """Yield switch counts and cost per GPU, each row with its own price of a server."""
    wrong, worst = 0, 0.0
    for row in sheet:
        gpus, nodes = int(row["gpus"]), int(row["nodes"])
        wrong += fabric(gpus).total != int(row["switches"])
        price = (number_of(row["node_cost_usd"]) or 0.0) / nodes
        worst = max(worst, abs(cluster_cost(gpus, node_price=price).per_gpu - float(row["avg_per_gpu_usd"])))
    yield Comparison(
        "network", CLUSTERS, "switches", "sizes with another count", wrong, "0", None, len(sheet), wrong == 0
    )
    yield Comparison(
        "network",
        CLUSTERS,
        "cost of one GPU, all in",
        "largest error, usd",
        worst,
        "within 1",
        None,
        len(sheet),
        worst <= DOLLAR,
    )


def recipe_rows() -> Iterator[Comparison]:
    """Yield what one accelerator needs, computed, against what the map's recipes type.

    A design agrees where the two ranges meet. One row a quantity, and one more for each design that does not.
    """
    facts = default()
    needs = {design: need(chip, draws=DRAWS, seed=SEED).lines for design, chip in DESIGNS.items()}
    for word, (room, quantity) in RECIPE.items():
        errors, misses = [], []
        for design, lines in needs.items():
            name = f"{design}.{quantity}"
            if word not in lines or not facts.has(name):
                continue
            line, fact = lines[word], facts.fact(name)
            off = line.p50 / fact.value - 1
            errors.append(abs(off))
            if line.p05 > fact.high or line.p95 < fact.low:
                goal = f"{line.p05:.3g} to {line.p95:.3g} meets {fact.low:.3g} to {fact.high:.3g}"
                misses.append(
                    Comparison(
                        room, f"recipe {name}", quantity, "computed over typed - 1", off, goal, None, 1, False
                    )
                )
        middle = sorted(errors)[len(errors) // 2]
        goal = "all ranges meet"
        metric = f"median error; {len(errors) - len(misses)} of {len(errors)} ranges meet"
        yield Comparison(
            room, "recipes of the map", quantity, metric, middle, goal, None, len(errors), not misses
        )
        yield from misses
