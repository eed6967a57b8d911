"""What one MW of IT takes of power, cooling and halls, and when it comes, as text, JSON and CSV."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from narrows.catalog import default
from narrows.figure import number
from narrows.report.columns import aligned, paragraph, rows_csv

if TYPE_CHECKING:
    from narrows.facility.lead import Leads
    from narrows.facility.need import SiteNeed

__all__ = ["leads_csv", "leads_json", "leads_text", "site_need_csv", "site_need_json", "site_need_text"]

HEAD = ("quantity", "p05", "p50", "p95", "unit", "the map takes", "stated", "gap")
WORDS = {
    "facility_mw": "facility power",
    "transformer_mva": "transformers, all steps",
    "switchgear_mva": "switchgear, each level",
    "ups_mva": "UPS",
    "liquid_kw": "heat in liquid",
    "air_kw": "heat in air",
    "onsite_mw": "generation, no grid",
    "hall_mw": "hall",
}


def site_need_text(found: SiteNeed, width: int) -> str:
    """Return the need of one MW of IT as text.

    Parameters
    ----------
    found
        The need.
    width
        Letters of a line.
    """
    rows: list[tuple[str, ...]] = [HEAD]
    for line in found.lines.values():
        numbers = [number(each, 3) for each in (line.p05, line.p50, line.p95)]
        taken, typed = ("" if each is None else number(each, 3) for each in (line.taken, line.typed))
        gap = "" if line.gap is None else f"{100 * line.gap:+.0f} %"
        rows.append((WORDS[line.name], *numbers, line.unit, taken, typed, gap))
    facts = {name for line in found.lines.values() for name in line.reads}
    assumed = sum(default().fact(name).kind == "assumption" for name in facts)
    kw = "" if found.rack_kw is None else f" of {found.rack_kw:.0f} kW"
    where = found.place or "the hour that stands for 13 cities"
    halls = found.age or "the mix of halls that the map takes"
    head = (
        f"What one MW of IT of {found.rack} takes: racks{kw} cooled by {found.heat}; {where}; {halls}; "
        f"{found.redundancy}; {found.it_mw:g} MW of IT."
    )
    stated = {line.statement for line in found.lines.values() if line.statement}
    forms = (
        "The map takes a generation in all its forms, servers beside whole racks; the need is that of "
        f"whole racks. Stated: {', '.join(sorted(stated))}."
    )
    ratings = (
        "Capacities of transformers and of generation in the map are MW of load that they can serve, so that "
        "redundancy, spare units and power factor are in the capacity already."
    )
    count = f"{found.draws:,} draws, seed {found.seed}; {len(facts)} facts, {assumed} of them assumptions."
    notes = (forms, ratings, count)
    table = aligned(rows, right=(1, 2, 3, 5, 6, 7))
    return "\n".join([paragraph(head, width), "", *table, "", *(paragraph(note, width) for note in notes)])


def site_need_json(found: SiteNeed) -> str:
    """Return the need of one MW of IT as JSON."""
    return json.dumps({"command": "facility need", **found.to_json()}, indent=2, allow_nan=False)


def site_need_csv(found: SiteNeed) -> str:
    """Return the need of one MW of IT as CSV, one row a quantity."""
    rows = [
        (line.name, line.p05, line.p50, line.p95, line.unit, _cell(line.taken), _cell(line.typed))
        for line in found.lines.values()
    ]
    return rows_csv(("quantity", "p05", "p50", "p95", "unit", "taken", "stated"), rows)


def _cell(value: float | None) -> float | str:
    return "" if value is None else value


def leads_text(found: Leads, width: int) -> str:
    """Return leads and slips as text.

    Parameters
    ----------
    found
        The leads.
    width
        Letters of a line.
    """
    names = {layer.id: layer.name for layer in default().layers}
    parts = ["From a decision to capacity [quarter], by the path, beside what is stated."]
    for rows, head in ((found.leads, ""), (found.slips, "What came over what was forecast a year ahead.")):
        if head:
            parts += ["", head]
        table: list[tuple[str, ...]] = [("layer", "P10", "P50", "P90", "stated", "the map takes")]
        for row in rows:
            said = " or ".join(
                f"{number(one.value, 3)} ({number(one.low, 3)} to {number(one.high, 3)})"
                for one in row.stated
            )
            numbers = (number(each, 3) for each in (row.p10, row.p50, row.p90))
            table.append((names[row.layer], *numbers, said, "the law" if row.by_law else "the statement"))
        parts += ["", *aligned(table, right=(1, 2, 3))]
    for row in (*found.leads, *found.slips):
        parts += ["", paragraph(f"{row.id}: {row.formula}. The map takes {row.taken}.", width)]
    return "\n".join([*parts, "", f"{found.draws:,} draws, seed {found.seed}."])


def leads_json(found: Leads) -> str:
    """Return leads and slips as JSON."""
    return json.dumps({"command": "facility lead", **found.to_json()}, indent=2, allow_nan=False)


def leads_csv(found: Leads) -> str:
    """Return leads and slips as CSV, one row a quantity."""
    rows = [
        (row.id, row.p10, row.p50, row.p90, row.unit, "law" if row.by_law else "statement")
        for row in (*found.leads, *found.slips)
    ]
    return rows_csv(("quantity", "p10", "p50", "p90", "unit", "taken"), rows)
