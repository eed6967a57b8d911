"""Write src/narrows/catalog/facts/sites.toml from the site tables of the snapshot of 2025-12-14.

python tools/type_sites.py FOLDER    # folder with dc_sites_2025-12-14.csv and dc_timelines_2025-12-14.csv

The tables are Epoch AI's (Frontier Data Centers, CC BY 4.0). The windows in `BASIS` are ours: each says what
the date of a milestone rests on, as its status text tells it.
"""

from __future__ import annotations

import csv
import re
import sys
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from pathlib import Path

PAGE = Path(__file__).parent.parent / "src" / "narrows" / "catalog" / "facts" / "sites.toml"
SNAPSHOT = date(2025, 12, 14)
OBSERVED, PLANNED = 0.12, 0.15
"""P10-P90 half width of a power level, observed and planned [share]."""
LEVEL_WHY = (
    "power is inferred from cooling and equipment seen from above; the same site was put at 424, 348 and "
    "498 MW within four months (Colossus 1)"
)
HEAD = """\
# Sixteen tracked sites: power in operation from a day on, and what was planned after the snapshot.
# Written by tools/type_sites.py from Epoch AI, Frontier Data Centers, snapshot of 2025-12-14, CC BY 4.0.
# Intervals, windows and parts are ours.

[defaults]
level = "P10-P90"
as_of = "2025-12-14"
source = "epoch-dc-2025-12-14"
"""
WINDOWS = {
    "seen": (-0.15, -10.0, 0.15, 10.0, "works seen from above, and the usual time from roof to operation"),
    "pace": (-0.25, -10.0, 0.25, 10.0, "the pace of earlier buildings; little or nothing of it was seen yet"),
    "filing": (
        -0.10,
        -60.0,
        0.10,
        10.0,
        "an end date filed with the state, which came three months early once",
    ),
    "stated": (-0.10, -5.0, 0.15, 10.0, "the builder's own statement"),
}
"""Basis of a date: P10 and P90 as share of the lead and days, and in words."""
BASIS: dict[tuple[str, str], tuple[str, str]] = {
    ("colossus-2", "2026-02-17"): ("stated", ""),
    ("new-carlisle", "2026-01-09"): ("stated", ""),
    ("fairwater-wisconsin", "2026-03-31"): ("stated", "2026-01-15"),
    ("fairwater-wisconsin", "2027-02-04"): ("pace", ""),
    ("fairwater-wisconsin", "2027-05-15"): ("pace", ""),
    ("fairwater-wisconsin", "2027-09-17"): ("pace", ""),
    ("stargate-abilene", "2026-04-01"): ("filing", ""),
    ("stargate-abilene", "2026-07-01"): ("filing", ""),
    ("stargate-abilene", "2027-03-03"): ("pace", ""),
    ("stargate-uae", "2028-01-01"): ("pace", "2027-09-30"),
    ("helios", "2026-06-30"): ("stated", "2026-04-15"),
    ("helios", "2028-01-01"): ("stated", "2027-04-01"),
    ("helios", "2029-01-01"): ("stated", "2028-04-01"),
    ("hyperion", "2028-01-01"): ("stated", ""),
    ("prometheus", "2026-02-27"): ("stated", ""),
    ("prometheus", "2026-05-28"): ("pace", ""),
    ("prometheus", "2026-08-26"): ("pace", ""),
    ("prometheus", "2026-10-01"): ("stated", ""),
    ("canton", "2026-09-18"): ("pace", ""),
    ("ridgeland", "2027-09-21"): ("pace", ""),
    ("google-omaha", "2027-01-24"): ("pace", ""),
    ("google-omaha", "2027-07-26"): ("pace", ""),
    ("goodnight", "2027-07-01"): ("pace", ""),
}
"""What a date rests on, and the first day of the range that was stated; ``seen`` where none is named."""
SLUGS = {
    "Alibaba Zhangbei": "zhangbei",
    "Amazon Madison Mega Site": "canton",
    "Amazon Ridgeland": "ridgeland",
    "Anthropic-Amazon New Carlisle": "new-carlisle",
    "Goodnight": "goodnight",
    "Google New Albany": "google-new-albany",
    "Google Omaha": "google-omaha",
    "Meta Hyperion": "hyperion",
    "Meta Prometheus": "prometheus",
    "Microsoft Fairwater Atlanta": "fairwater-atlanta",
    "Microsoft Fairwater Wisconsin": "fairwater-wisconsin",
    "OpenAI Stargate Abilene": "stargate-abilene",
    "OpenAI Stargate UAE": "stargate-uae",
    "Coreweave Helios": "helios",
    "xAI Colossus 1": "colossus-1",
    "xAI Colossus 2": "colossus-2",
}
NAMES = {"Coreweave Helios": "CoreWeave Helios", "Goodnight": "Crusoe Goodnight"}


@dataclass(frozen=True)
class Row:
    """A day on which the power of a site changed.

    Parameters
    ----------
    day
        From which day on.
    power
        Power in operation [MW].
    buildings
        Buildings in operation.
    """

    day: date
    power: float
    buildings: int


def changes(path: Path) -> dict[str, list[Row]]:
    """Return the days on which the power of each site changed, by the name of the site in the table.

    Parameters
    ----------
    path
        The table of timelines.
    """
    found: dict[str, list[Row]] = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            month, day, year = (int(part) for part in line["Date"].split("/"))
            row = Row(
                date(year, month, day), float(line["Power (MW)"]), int(line["Buildings operational"] or 0)
            )
            found[line["Data center"]].append(row)
    kept = {}
    for name, rows in found.items():
        rows.sort(key=lambda row: row.day)
        before = [0.0, *(row.power for row in rows)]
        kept[name] = [row for row, last in zip(rows, before, strict=False) if row.power != last]
    return kept


def page(folder: Path) -> str:
    """Return the file of facts.

    Parameters
    ----------
    folder
        Where the two tables stand.
    """
    with (folder / "dc_sites_2025-12-14.csv").open(encoding="utf-8", newline="") as file:
        titles = {line["Handle"]: line["Title"] for line in csv.DictReader(file)}
    parts = [HEAD]
    for handle, rows in sorted(changes(folder / "dc_timelines_2025-12-14.csv").items()):
        slug = SLUGS[titles[handle]]
        name = NAMES.get(titles[handle], titles[handle])
        previous, step = Row(rows[0].day, 0.0, 0), 0.0
        for row in rows:
            parts.append(power(slug, name, handle, row))
            if row.day > SNAPSHOT:
                parts.append(lead(slug, name, handle, row.day))
                parts.append(pieces(slug, name, handle, row, previous, step))
            previous, step = row, row.power - previous.power
    return "\n".join(parts)


def power(slug: str, name: str, handle: str, row: Row) -> str:
    """Return the fact of a power level."""
    ahead = row.day > SNAPSHOT
    half = PLANNED if ahead else OBSERVED
    note = "planned on the day of the snapshot" if ahead else "as observed"
    return record(
        f"site-{slug}.power.{row.day}",
        (row.power, round(row.power * (1 - half), 1), round(row.power * (1 + half), 1)),
        "MW",
        f"{name}, facility power in operation from that day on",
        "forecast" if ahead else "estimate",
        (str(row.day), handle),
        f"{note}; interval ours: {LEVEL_WHY}",
        f'group = "site-{slug}.power"\ncorrelation = 0.8\n',
    )


def lead(slug: str, name: str, handle: str, day: date) -> str:
    """Return the fact of when a milestone is due, in days after the snapshot."""
    basis, start = BASIS.get((slug, str(day)), ("seen", ""))
    down, before, up, after, words = WINDOWS[basis]
    days = (day - SNAPSHOT).days
    low = days + down * days + before
    if start:
        low = min(low, (date.fromisoformat(start) - SNAPSHOT).days)
        words += f", a range that begins about {start} and is tracked at its end"
    return record(
        f"site-{slug}.planned_lead.{day}",
        (days, max(round(low), 1), round(days + up * days + after)),
        "day",
        f"{name}, from the snapshot to the milestone planned for that day",
        "forecast",
        (str(day), handle),
        f"the date rests on {words}; window ours",
        "",
    )


def pieces(slug: str, name: str, handle: str, row: Row, previous: Row, step: float) -> str:  # noqa: PLR0917
    """Return the fact of how many pieces a milestone arrives in."""
    count = row.buildings - previous.buildings
    basis = "buildings that the milestone adds"
    if count < 1:
        count = max(round((row.power - previous.power) / step), 1)
        basis = "the milestone over the step before it, for a building that is filled in pieces"
    return record(
        f"site-{slug}.pieces.{row.day}",
        (count, max(count - 1, 1), count + 1),
        "1",
        f"{name}, pieces in which the milestone of that day arrives",
        "estimate",
        (str(row.day), handle),
        basis,
        'shape = "triangular"\n',
    )


def record(  # noqa: PLR0917 (the entries of a fact)
    identity: str,
    numbers: tuple[float, float, float],
    unit: str,
    of: str,
    kind: str,
    place: tuple[str, str],
    note: str,
    more: str,
) -> str:
    """Return one fact as TOML."""
    value, low, high = (f"{number:g}" for number in numbers)
    about, handle = place
    text = (
        f'[[fact]]\nid = "{identity}"\nvalue = {value}\nunit = "{unit}"\nof = "{of}"\n'
        f'low = {low}\nhigh = {high}\nkind = "{kind}"\nabout = "{about}"\n'
        f'locator = "data_center_timelines, {handle}"\nnote = "{note}"\n{more}'
    )
    return re.sub(r"\n+$", "\n", text)


def main(arguments: list[str]) -> int:
    """Write the file.

    Parameters
    ----------
    arguments
        The folder with the two tables.
    """
    PAGE.write_text(page(Path(arguments[0])), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
