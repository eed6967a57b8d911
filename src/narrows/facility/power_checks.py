"""Time to power, the electrical chain and the rack against what was measured or published."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from narrows.catalog import PointReader, default
from narrows.facility.electrical import frontier_group
from narrows.facility.power_date import MILESTONES, power_date
from narrows.facility.powered import (
    DAYS_PER_MONTH,
    TrackedSite,
    foreseen,
    leave_one_out,
    sites_tracked,
    traits_by_name,
)
from narrows.facility.rack import PG25, air_flow_cfm, coolant_flow_lpm
from narrows.figure import Comparison, compared

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["power_rows"]

ROOM = "facility"
SITES = "time_to_first_power.csv"
DAYS = ("first_milestone", "first_power", "snapshot")
MILESTONE_TABLE = "epoch_milestones.csv"
TOWERS, CHILLERS = "epoch_cooling_towers.csv", "epoch_chillers.csv"
GOAL_MONTHS = 6.0
COVER = (0.7, 0.9)
WATTS_PER_HORSEPOWER = 745.7
WITHIN = 0.01
FRONTIER_W = (18.5e6, 20.2e6)
"""Power of Frontier between which its chain was simulated [W]."""
FRONTIER_GROUPS = 2368.0
"""Rectifiers of Frontier: 74 racks with 32 each."""
FRONTIER_BAND = (0.933, 0.934)
NODE_W = (500.0, 3500.0, 3001)
"""Powers of a node that are tried: lowest, highest, count [W]."""
FLOWS = (
    (air_flow_cfm(1, 13.9), 127.0),
    (air_flow_cfm(1, 16.7), 106.0),
    (coolant_flow_lpm(1, 10), 1.44),
    (coolant_flow_lpm(1, 15), 0.96),
    (coolant_flow_lpm(1, 10, PG25), 1.51),
    (coolant_flow_lpm(1, 15, PG25), 1.01),
)
"""Ours, and as published for one kW: ft3/min of air, l/min of water and of glycol."""
DRAWS = 4000


def power_rows(folder: Path | None) -> Iterator[Comparison]:
    """Yield the comparisons of this part of the room.

    Parameters
    ----------
    folder
        Folder of the room's measurements; None where there is none.
    """
    yield from _left_out()
    yield from compared(ROOM, SITES, partial(_others, folder))
    yield from compared(ROOM, MILESTONE_TABLE, partial(_milestones, folder))
    yield _frontier()
    yield from compared(ROOM, TOWERS, partial(_equipment, folder))
    worst = max(abs(ours / told - 1) for ours, told in FLOWS)
    yield Comparison(
        ROOM,
        "published flows",
        "air and coolant for one kW of heat",
        "largest relative error",
        worst,
        f"within {WITHIN:g}",
        None,
        len(FLOWS),
        worst <= WITHIN,
    )


def _left_out() -> Iterator[Comparison]:
    told = {False: "nothing known of the site but its traits", True: "known to have power by the snapshot"}
    for known, words in told.items():
        rows = leave_one_out(known_powered=known)
        took = np.array([row.months for row in rows])
        errors = np.array([row.error for row in rows])
        naive = np.array([abs(np.median(np.delete(took, at)) - took[at]) for at in range(len(took))])
        covered = float(np.mean([row.inside for row in rows]))
        about = f"months to first power, each site left out, {words}"
        value = float(errors.mean())
        yield Comparison(
            ROOM,
            SITES,
            about,
            "mean absolute error in months; baseline: median of the others",
            value,
            f"at most {GOAL_MONTHS:g}",
            float(naive.mean()),
            len(rows),
            value <= GOAL_MONTHS,
        )
        yield Comparison(
            ROOM,
            SITES,
            about,
            "root mean square error in months; baseline: median of the others",
            float(np.sqrt((errors**2).mean())),
            "for information",
            float(np.sqrt((naive**2).mean())),
            len(rows),
            None,
        )
        yield Comparison(
            ROOM,
            SITES,
            about,
            "share inside the interval of 80 %",
            covered,
            f"{COVER[0]:g} to {COVER[1]:g}",
            None,
            len(rows),
            COVER[0] <= covered <= COVER[1],
        )


def _others(folder: Path | None) -> Iterator[Comparison]:
    """Compare sites of the table that the law was not fitted to."""
    about, table = "months to first power, sites that the law was not fitted to", folder and folder / SITES
    if table is None or not table.is_file():
        yield Comparison(ROOM, SITES, about, "not run: data absent", None, "", None, 0, None)
        return
    with table.open(encoding="utf-8", newline="") as file:
        sites = [_tracked(row) for row in csv.DictReader(file)]
    rows = foreseen(sites, known_powered=True)
    if not rows:
        yield Comparison(ROOM, SITES, about, "not run: no such site here", None, "", None, 0, None)
        return
    naive = np.median([site.months for site in sites_tracked() if site.power])
    off = float(np.mean([abs(naive - row.months) for row in rows]))
    value = float(np.mean([row.error for row in rows]))
    metric = "mean absolute error in months; baseline: median of ours"
    yield Comparison(
        ROOM, SITES, about, metric, value, f"at most {GOAL_MONTHS:g}", off, len(rows), value <= GOAL_MONTHS
    )
    held = float(np.mean([row.inside for row in rows]))
    yield Comparison(
        ROOM, SITES, about, "share inside the interval of 80 %", held, f"{COVER[0]:g} to {COVER[1]:g}", None,
        len(rows), COVER[0] <= held <= COVER[1],
    )  # fmt: skip


def _tracked(row: dict[str, str]) -> TrackedSite:
    start, power, seen = (date.fromisoformat(row[name]) for name in DAYS)
    name = row["site"]
    return TrackedSite(name, start, power, seen, float(row["first_power_mw"] or 0), traits_by_name(name))


def _milestones(folder: Path | None) -> Iterator[Comparison]:
    table = None if folder is None else folder / MILESTONE_TABLE
    if table is None or not table.is_file():
        yield Comparison(
            ROOM, MILESTONE_TABLE, "months to a power", "not run: data absent", None, "", None, 0, None
        )
        return
    reached = _reached(table)
    for power in MILESTONES:
        found = reached[power]
        middle = float(np.median(found))
        ours = power_date(power, "grid", draws=DRAWS).dated[-1].months[1]
        yield Comparison(
            ROOM,
            MILESTONE_TABLE,
            f"months from first works to {power:g} MW, median of sites, forecasts included",
            "median of the grid path less that of the sites, months",
            ours - middle,
            f"within {GOAL_MONTHS:g}",
            None,
            len(found),
            abs(ours - middle) <= GOAL_MONTHS,
        )


def _reached(table: Path) -> dict[float, list[float]]:
    """Return the months to each power of the sites that start without any."""
    rows: dict[str, list[tuple[date, float]]] = defaultdict(list)
    with table.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            power = float(row["facility_power_mw"] or 0)
            rows[row["site"]].append((date.fromisoformat(row["date"]), power))
    found: dict[float, list[float]] = {power: [] for power in MILESTONES}
    for states in rows.values():
        start, first = min(states)
        if first > 0:
            continue
        for power, months in found.items():
            days = [(day - start).days for day, has in states if has >= power]
            if days:
                months.append(min(days) / DAYS_PER_MONTH)
    return found


def _frontier() -> Comparison:
    nodes = np.linspace(*NODE_W[:2], int(NODE_W[2]))
    useful, taken = frontier_group(nodes)
    found = np.interp(FRONTIER_W, taken * FRONTIER_GROUPS, useful / taken)
    low, high = FRONTIER_BAND
    worst = float(np.max(np.abs(found - np.clip(found, low, high))))
    return Comparison(
        ROOM,
        "Frontier by RAPS",
        "efficiency of its chain at 18.5 and 20.2 MW",
        "lower of the two",
        float(found.min()),
        f"{low:g} to {high:g}, rounded to three digits",
        None,
        len(FRONTIER_W),
        round(worst, 3) == 0,
    )


def _equipment(folder: Path | None) -> Iterator[Comparison]:
    for name, quantity, fact in (
        (TOWERS, "fan motor of a cooling tower over its heat", "cooling.tower_motor"),
        (TOWERS, "heat of a cooling tower over its ground", "cooling.tower_area"),
        (CHILLERS, "heat of an air-cooled chiller over its ground", "cooling.chiller_area"),
    ):
        table = None if folder is None else folder / name
        if table is None or not table.is_file():
            yield Comparison(ROOM, name, quantity, "not run: data absent", None, "", None, 0, None)
            continue
        with table.open(encoding="utf-8", newline="") as file:
            values = _ratios(list(csv.DictReader(file)), fact)
        middle = float(np.median(values))
        off = PointReader(default()).point(fact) / middle - 1
        yield Comparison(
            ROOM,
            name,
            f"{quantity}, median of the table {middle:.4g}",
            f"relative error of {fact}",
            float(off),
            f"within {WITHIN:g}",
            None,
            len(values),
            abs(off) <= WITHIN,
        )


def _ratios(rows: list[dict[str, str]], fact: str) -> list[float]:
    """Return W per W of heat, or W/m2, of the rows that say so."""
    if fact == "cooling.tower_motor":
        motors = [row for row in rows if row["motor_hp"] and row["capacity_kw"]]
        fans = [float(row["motor_hp"]) * WATTS_PER_HORSEPOWER for row in motors]
        return [fan / (float(row["capacity_kw"]) * 1e3) for fan, row in zip(fans, motors, strict=True)]
    if fact == "cooling.chiller_area":
        rows = [row for row in rows if row["type"] == "Air-cooled"]
    stated = [row for row in rows if row["capacity_kw"] and row["length_m"] and row["width_m"]]
    return [
        float(row["capacity_kw"]) * 1e3 / (float(row["length_m"]) * float(row["width_m"])) for row in stated
    ]
