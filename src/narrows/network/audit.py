"""Rules of Day 3: links one way, of one chip, beside their family and their memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.compute.audit import against_catalogue, shown, successors
from narrows.compute.finding import Finding, Row, bound, slip_of
from narrows.compute.holdings import held, values

if TYPE_CHECKING:
    from narrows.catalog.catalog import Catalog

__all__ = ["audit_links"]

ROOM = "network"
MINE = ("scale_up",)
BITS = 8.0
FASTER = 1.5
"""A part of a family has at most so much of the fastest link of the family."""


def audit_links(rows: list[Row], catalog: Catalog | None = None) -> list[Finding]:
    """Return what breaks a rule of links.

    Parameters
    ----------
    rows
        Accelerators of a table or of the catalogue.
    catalog
        Facts; those that come with narrows if left out.

    Examples
    --------
    >>> row = Row("X1", {"scale_up": 14.4e12, "bandwidth": 8e12})
    >>> [finding.rule for finding in audit_links([row])]
    ['a scale-up link one way is a small part of the memory bandwidth']
    """
    found = against_catalogue(rows, MINE, ROOM, catalog)
    flagged = {(finding.where, finding.quantity) for finding in found}
    for row in rows:
        for finding in (*_family(row, catalog), *_beside_memory(row, catalog)):
            if (row.name, finding.quantity) not in flagged:
                found.append(finding)
                flagged.add((row.name, finding.quantity))
    return [*found, *successors(rows, MINE, ROOM, flagged, catalog), *_ports(rows, catalog)]


def _family(row: Row, catalog: Catalog | None) -> list[Finding]:
    """Return links far above those of the family of a chip that the catalogue does not hold."""
    speed = row.numbers.get("scale_up")
    if speed is None or row.chip or not row.family:
        return []
    tables = held("chip", catalog)
    known = [values(tables[chip])["scale_up"] for chip in row.family if "scale_up" in tables[chip]]
    if not known or speed <= FASTER * max(known):
        return []
    rule = f"a link is at most that of its family ({', '.join(row.family)})"
    expected, slip = f"at most {shown('scale_up', max(known))}", slip_of(speed / max(known), "scale_up")
    return [Finding(ROOM, row.name, "scale_up", shown("scale_up", speed), expected, rule, slip)]


def _beside_memory(row: Row, catalog: Catalog | None) -> list[Finding]:
    """Return links that are too large or too small beside the memory bandwidth."""
    speed, memory = row.numbers.get("scale_up"), row.numbers.get("bandwidth")
    if not speed or not memory:
        return []
    middle, low, high = bound("link_per_bandwidth", catalog)
    if low <= speed / memory <= high:
        return []
    expected = f"{shown('scale_up', low * memory)} to {shown('scale_up', high * memory)}"
    rule = "a scale-up link one way is a small part of the memory bandwidth"
    slip = slip_of(speed / memory / middle, "scale_up")
    if slip.startswith("no usual"):
        slip = (
            "the value of a node, both ways, or bits taken for bytes"
            if speed > high * memory
            else "a unit slip"
        )
    return [Finding(ROOM, row.name, "scale_up", shown("scale_up", speed), expected, rule, slip)]


def _ports(rows: list[Row], catalog: Catalog | None) -> list[Finding]:
    """Return switches of the catalogue whose rate is not ports x rate of a port."""
    if not any(row.own for row in rows):
        return []
    found = []
    for name, quantities in held("network_switch", catalog).items():
        row = values(quantities)
        if not {"ports", "port_rate", "rate"} <= row.keys():
            continue
        expected = row["ports"] * row["port_rate"]
        if abs(row["rate"] / expected - 1) > bound("agreement", catalog)[0]:
            told, rule = f"{expected * BITS / 1e12:.4g} Tbit/s", "rate of a switch = ports x rate of a port"
            got, slip = (
                f"{row['rate'] * BITS / 1e12:.4g} Tbit/s",
                slip_of(row["rate"] / expected, "bandwidth"),
            )
            found.append(Finding(ROOM, f"network_switch.{name}", "rate", got, told, rule, slip))
    return found
