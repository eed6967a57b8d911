"""An audit of the catalogue or of a table: every rule of the rooms that fits, as text, JSON and CSV."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from narrows.compute.audit import audit_chips, audit_runs, shown
from narrows.compute.finding import chip_rows, held_rows, is_chip_table, read_table
from narrows.errors import DataError
from narrows.memory.audit import audit_memory
from narrows.network.audit import audit_links
from narrows.report.columns import paragraph, rows_csv
from narrows.report.words import printable
from narrows.systems.audit import audit_parts, audit_statements, audit_systems, conflicts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from narrows.catalog import Fact
    from narrows.compute.finding import Finding

__all__ = ["audit_csv", "audit_file", "audit_json", "audit_room", "audit_text"]

WIDTH = 100
MINE = {
    "compute": {
        "bf16",
        "fp8",
        "fp4",
        "int8",
        "power",
        "die",
        "transistors",
        "price",
        "best_bf16",
        "best_fp8",
    },
    "memory": {"memory", "bandwidth"},
    "network": {"scale_up", "scale_out", "pcie"},
    "systems": {"power", "price", "gpus"},
}
"""Quantities of which a room shows the conflicts that are kept."""


def audit_room(room: str) -> tuple[list[Finding], list[tuple[Fact, ...]]]:
    """Return what breaks a rule of a room in the catalogue, and the conflicts that it keeps.

    Parameters
    ----------
    room
        compute, memory, network or systems.

    Examples
    --------
    >>> audit_room("network")[0]
    []
    """
    rules = {"compute": audit_chips, "memory": audit_memory, "network": audit_links}
    found = audit_systems() if room == "systems" else rules[room](held_rows())
    prefix = "system" if room == "systems" else "chip"
    kept = [each for each in conflicts(prefix) if each[0].id.rpartition(".")[2] in MINE[room]]
    return found, kept


def audit_file(path: str | Path) -> tuple[list[Finding], list[tuple[Fact, ...]]]:
    """Return what breaks a rule in a table, and the known conflicts that it takes part in.

    Its columns say which rules fit.

    Parameters
    ----------
    path
        A CSV file in the form of accelerators.csv, of epoch_training_runs.csv, of systems_racks.csv, with
        count and pct, or with id, value and unit.

    Raises
    ------
    DataError
        It cannot be read, or its columns fit no rule.
    """
    rows = read_table(Path(path))
    columns = set(rows[0])
    found: list[Finding] = []
    kept: list[tuple[Fact, ...]] = []
    fits = False
    if is_chip_table(columns):
        chips = chip_rows(rows)
        found += [*audit_chips(chips), *audit_memory(chips), *audit_links(chips)]
        values = {f"chip.{row.chip}.{word}": number for row in chips for word, number in row.numbers.items()}
        kept = [each for each in conflicts("chip") if _other(values.get(each[0].id), each)]
        fits = True
    if columns & {"recorded_mfu", "implied_mfu", "training_flop"}:
        found += audit_runs(rows)
        fits = True
    if {"system", "gpus"} <= columns:
        found += audit_systems(rows)
        fits = True
    if "count" in columns and any(word.startswith(("pct", "percent")) for word in columns):
        found += audit_parts(rows)
        fits = True
    if {"id", "value"} <= columns:
        found += audit_statements(rows)
        named = {row["id"] for row in rows}
        kept += [each for each in conflicts("chip") if each[0].id in named]
        fits = True
    if not fits:
        raise DataError(
            f"The columns of {str(path)!r} fit no rule",
            "Rules fit name with rates, memory and links (such as mem_gb); model with recorded_mfu or "
            "implied_mfu; system with gpus; count with pct; id with value and unit",
            "Rename the columns",
        )
    wrong = {finding.where for finding in found}
    return found, [each for each in kept if each[0].id not in wrong]


def _other(value: float | None, statements: tuple[Fact, ...]) -> bool:
    """Return whether a value is that of another statement than the one that is used."""
    if value is None:
        return False
    nearest = min(statements, key=lambda fact: abs(value - fact.canonical_value))
    return nearest is not statements[0] and nearest.canonical_low <= value <= nearest.canonical_high


def audit_text(subject: str, found: Sequence[Finding], kept: Sequence[tuple[Fact, ...]] = ()) -> str:
    """Return an audit as text.

    Parameters
    ----------
    subject
        What was audited, in words.
    found
        Findings.
    kept
        Conflicts that the catalogue keeps: no findings, since both values stand with their source.
    """
    count = "no defect" if not found else f"{len(found)} defect{'s' * (len(found) > 1)}"
    parts = [f"{printable(subject)}: {count}."]
    for finding in found:
        parts += [
            "",
            f"{printable(finding.where)}, {finding.quantity}: {finding.found}; expected {finding.expected}.",
        ]
        parts += [f"  {line}" for line in paragraph(f"Rule: {finding.rule}.", WIDTH - 2).splitlines()]
        parts += [f"  {line}" for line in paragraph(f"Likely: {finding.slip}.", WIDTH - 2).splitlines()]
    if kept:
        parts += [
            "",
            f"{len(kept)} conflict{'s' * (len(kept) > 1)} between sources kept; the first value is used:",
        ]
        for statements in kept:
            quantity = statements[0].id.rpartition(".")[2]
            values = ", ".join(
                f"{shown(quantity, fact.canonical_value)} ({fact.source})" for fact in statements
            )
            parts.append(f"  {statements[0].id}: {values}")
    return "\n".join(parts)


def audit_json(subject: str, found: Sequence[Finding], kept: Sequence[tuple[Fact, ...]] = ()) -> str:
    """Return an audit as JSON."""
    held = {
        statements[0].id: [
            {"value": fact.value, "unit": fact.unit, "source": fact.source, "as_of": fact.as_of}
            for fact in statements
        ]
        for statements in kept
    }
    return json.dumps(
        {"subject": subject, "defects": [asdict(finding) for finding in found], "conflicts": held}, indent=2
    )


def audit_csv(found: Sequence[Finding]) -> str:
    """Return the findings of an audit as CSV."""
    head = ("room", "where", "quantity", "found", "expected", "rule", "slip")
    return rows_csv(head, [tuple(asdict(finding).values()) for finding in found])
