"""Rules of Day 2: capacity and bandwidth by stacks, GiB and GB."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from narrows.compute.audit import against_catalogue, shown, successors
from narrows.compute.finding import GIBI, Finding, Row, bound, slip_of
from narrows.compute.holdings import held, values
from narrows.memory.figures import stack_bandwidth

if TYPE_CHECKING:
    from narrows.catalog.catalog import Catalog

__all__ = ["audit_memory", "generation_of"]

ROOM = "memory"
MINE = ("memory", "bandwidth")
WHOLE = 0.03
"""How near to a whole number of gigabytes a capacity must be to count as one [GB]."""
STEP = 2
"""Capacities of accelerators are multiples of so many gigabytes."""
GIGA = 1e9
SLACK = 1.06
"""Usable and built-in capacity differ by so much (95 of 96 GB), and so do rounded bandwidths."""


def generation_of(text: str, catalog: Catalog | None = None) -> str | None:
    """Return the generation that a memory type names, None where it names none or two.

    Examples
    --------
    >>> generation_of("HBM3e"), generation_of("HBM3 (Epoch/NVIDIA: HBM2e)"), generation_of("SRAM")
    ('hbm3e', None, None)
    """
    names = set(re.findall(r"hbm\d+e?", text.lower()))
    return next(iter(names)) if len(names) == 1 and names <= held("hbm_generation", catalog).keys() else None


def audit_memory(rows: list[Row], catalog: Catalog | None = None) -> list[Finding]:
    """Return what breaks a rule of memory.

    Parameters
    ----------
    rows
        Accelerators of a table or of the catalogue.
    catalog
        Facts; those that come with narrows if left out.

    Examples
    --------
    >>> row = Row("X1", {"memory": 74.5e9, "bandwidth": 3e12}, memory_type="HBM3")
    >>> [finding.slip for finding in audit_memory([row])]
    ['GiB and GB taken for each other']
    """
    found = against_catalogue(rows, MINE, ROOM, catalog)
    flagged = {(finding.where, finding.quantity) for finding in found}
    for row in rows:
        for finding in (
            *_gibi(row, catalog),
            *_capacity(row, catalog),
            *_per_capacity(row, catalog),
            *_stacks(row, catalog),
        ):
            follows = finding.quantity == "bandwidth" and (row.name, "memory") in flagged
            if (row.name, finding.quantity) not in flagged and not follows:
                found.append(finding)
                flagged.add((row.name, finding.quantity))
    return [*found, *successors(rows, MINE, ROOM, flagged, catalog)]


def _gibi(row: Row, catalog: Catalog | None) -> list[Finding]:
    """Return capacities that are whole only after a change between GiB and GB."""
    memory = row.numbers.get("memory")
    if memory is None or row.own:
        return []
    gigabytes = memory / GIGA
    if abs(gigabytes - round(gigabytes)) < WHOLE or gigabytes < 1:
        return []
    table = held("chip", catalog).get(row.chip or "", {})
    known = {round(fact.canonical_value / GIGA, 1) for fact in table.get("memory", ())}
    for changed in (gigabytes * GIBI, gigabytes / GIBI):
        near = round(changed)
        if abs(changed - near) < WHOLE and (near % STEP == 0 or float(near) in known):
            told = "GiB and GB taken for each other"
            rule = "a capacity is a whole number of gigabytes"
            return [Finding(ROOM, row.name, "memory", shown("memory", memory), f"{near} GB", rule, told)]
    return []


def _capacity(row: Row, catalog: Catalog | None) -> list[Finding]:
    """Return capacities and bandwidths that no chip with stacked memory has."""
    kind, memory = generation_of(row.memory_type, catalog), row.numbers.get("memory")
    if kind is None and "hbm" not in row.memory_type.lower():
        return []
    middle, low, high = bound("memory_of_chip", catalog)
    if memory is None or low <= memory <= high:
        return []
    expected = f"{shown('memory', low)} to {shown('memory', high)}"
    return [
        Finding(
            ROOM,
            row.name,
            "memory",
            shown("memory", memory),
            expected,
            "memory of one chip with stacked memory",
            slip_of(memory / middle, "memory")
            if memory > high * 100
            else "the memory of a node or rack, or a unit slip",
        )
    ]


def _per_capacity(row: Row, catalog: Catalog | None) -> list[Finding]:
    """Return bandwidths that stacks of the capacity cannot have, whatever their number."""
    kind = generation_of(row.memory_type, catalog)
    memory, speed = row.numbers.get("memory"), row.numbers.get("bandwidth")
    if kind is None or not memory or speed is None:
        return []
    generation = held("hbm_generation", catalog)[kind]
    pin, width = generation["pin_rate"][0], generation["width"][0].canonical_value
    fastest = stack_bandwidth(pin.canonical_high, width)
    least = bound("stack_use", catalog)[1] * stack_bandwidth(pin.canonical_low, width)
    small = generation["smallest_stack"][0].canonical_low
    large = generation["largest_stack"][0].canonical_high
    high, low = fastest / small * SLACK * memory, least / large / SLACK * memory
    if low <= speed <= high:
        return []
    ends, size = (shown("bandwidth", low), shown("bandwidth", high)), shown("memory", memory)
    expected = f"{ends[0]} to {ends[1]} with {size} of {kind.upper()}"
    rule = "bandwidth = stacks x pin rate x width / 8, and stacks follow from the capacity"
    slip = slip_of(speed / (low * high) ** 0.5, "bandwidth")
    if slip.startswith("no usual"):
        slip = (
            "the value of an instance or node, or bits taken for bytes"
            if speed > high
            else "a unit slip, or one stack"
        )
    return [Finding(ROOM, row.name, "bandwidth", shown("bandwidth", speed), expected, rule, slip)]


def _stacks(row: Row, catalog: Catalog | None) -> list[Finding]:
    """Return chips of the catalogue whose stacks cannot hold or move what is said."""
    if not row.own:
        return []
    found = []
    for name, quantities in held("hbm_generation", catalog).items():
        count = row.numbers.get(f"stacks_{name}")
        if count is None:
            continue
        generation = values(quantities)
        most = count * stack_bandwidth(quantities["pin_rate"][0].canonical_high, generation["width"])
        full = count * generation["largest_stack"]
        share = bound("stack_use", catalog)
        speed, memory = row.numbers.get("bandwidth"), row.numbers.get("memory")
        rule = "bandwidth = stacks x pin rate x width / 8"
        if speed is not None and not share[1] * most <= speed <= share[2] * most:
            expected = f"{shown('bandwidth', share[1] * most)} to {shown('bandwidth', most)}"
            found.append(
                Finding(
                    ROOM,
                    row.name,
                    "bandwidth",
                    shown("bandwidth", speed),
                    expected,
                    rule,
                    slip_of(speed / most, "bandwidth"),
                )
            )
        if memory is not None and memory > full * SLACK:
            expected = f"at most {shown('memory', full)}"
            rule = "memory <= stacks x largest stack"
            found.append(
                Finding(
                    ROOM,
                    row.name,
                    "memory",
                    shown("memory", memory),
                    expected,
                    rule,
                    slip_of(memory / full, "memory"),
                )
            )
    return found
