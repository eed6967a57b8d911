"""The need of one accelerator, and the switches of a cluster, as text, JSON and CSV."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from narrows.catalog import default
from narrows.figure import number
from narrows.report.columns import aligned, rows_csv

if TYPE_CHECKING:
    from narrows.network.fabric import ClusterCost, Fabric
    from narrows.systems.need import Need

__all__ = ["fabric_json", "fabric_text", "need_csv", "need_json", "need_text"]


def need_text(found: Need) -> str:
    """Return what one accelerator needs as text.

    Parameters
    ----------
    found
        The need.
    """
    rows: list[tuple[str, ...]] = [("quantity", "p05", "p50", "p95", "unit", "formula")]
    for line in found.lines.values():
        numbers = [number(each, 3) for each in (line.p05, line.p50, line.p95)]
        rows += [(line.name, *numbers, line.unit, line.formula)]
    facts = {name for line in found.lines.values() for name in line.reads}
    assumed = sum(default().fact(name).kind == "assumption" for name in facts)
    parts = [f"What one {found.chip} needs of every layer.", "", *aligned(rows, right=(1, 2, 3))]
    if found.missing:
        parts += ["", "Not known:", *(f"  {word}: {why}" for word, why in found.missing.items())]
    told = f"{found.draws:,} draws, seed {found.seed}; {len(facts)} facts, {assumed} of them assumptions."
    return "\n".join([*parts, "", told])


def need_json(found: Need) -> str:
    """Return what one accelerator needs as JSON."""
    return json.dumps({"command": "systems need", **asdict(found)}, indent=2, allow_nan=False)


def need_csv(found: Need) -> str:
    """Return what one accelerator needs as CSV."""
    rows = [(line.name, line.p05, line.p50, line.p95, line.unit) for line in found.lines.values()]
    return rows_csv(("quantity", "p05", "p50", "p95", "unit"), rows)


def fabric_text(built: Fabric, cost: ClusterCost | None) -> str:
    """Return the switches of a cluster as text, with its cost where it is of the kind that facts price.

    Parameters
    ----------
    built
        The network.
    cost
        The cost; None where it is not known.
    """
    head = f"{built.gpus:,} accelerators, {built.rails} rails, switches of {built.radix} ports"
    tiers = " + ".join(f"{count:,}" for count in built.switches) or "0"
    used = f"{built.links:,} links, {built.ports_per_gpu:g} switch ports an accelerator"
    plural = "s" * (built.tiers != 1)
    lines = [f"{head}:", f"{built.total:,} switches in {built.tiers} tier{plural} ({tiers}), {used}."]
    if cost is not None:
        parts = {
            "servers": cost.nodes,
            "switches": cost.switches,
            "cables and connectors": cost.cables,
            "building and operation": cost.facility,
            "all": cost.total,
        }
        rows = [("", "USD", "USD an accelerator")]
        rows += [(word, f"{usd:,.0f}", f"{usd / cost.gpus:,.0f}") for word, usd in parts.items()]
        lines += [
            "",
            *aligned(rows, right=(1, 2)),
            "",
            "Prices of H100 servers and 400G switches of August 2024.",
        ]
    return "\n".join(lines)


def fabric_json(built: Fabric, cost: ClusterCost | None) -> str:
    """Return the switches of a cluster as JSON."""
    table = {"command": "network fabric", **asdict(built), "total": built.total}
    if cost is not None:
        table["cost"] = {**asdict(cost), "total": cost.total, "per_gpu": cost.per_gpu}
    return json.dumps(table, indent=2)
