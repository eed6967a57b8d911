"""Predicted against measured for the sites: sums of the tables, and how forecasts slipped before."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from narrows.catalog import default
from narrows.facility.energising import sites_of
from narrows.facility.scoring import read_later, score_sites
from narrows.figure import Comparison, compared
from narrows.quarters import period

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["forecast_pairs", "site_rows"]

ROOM = "facility"
TABLE = "epoch_dc/dc_timelines_2025-12-14.csv"
LATER = "epoch_dc/dc_timelines_*.csv"
COVER = (0.7, 0.9)
STATEMENTS = "stack_facts.csv"
SUMS = {
    "2024-12-31": 1242.0,
    "2025-06-30": 3134.0,
    "2025-12-14": 4538.0,
    "2026-03-31": 7370.0,
    "2026-05-15": 7896.0,
    "2026-12-31": 10_498.0,
    "2027-12-31": 15_799.5,
}
"""Power of the 16 sites on a day [MW], by the tracker's table, as summed by hand beside the table."""
ROUNDING_MW = 0.5
RATIOS = {"cowos": "cowos.forecast_ratio", "rack": "rack.forecast_ratio"}
"""Fact that holds the slip of a layer, by the layer's name in the table of statements."""


def site_rows(folder: Path | None) -> Iterator[Comparison]:
    """Yield the comparisons of the sites.

    Parameters
    ----------
    folder
        Folder with the site tables and the table of statements; None where there is none.
    """
    sites = sites_of(default()).values()
    ours = {day: sum(site.plan(date.fromisoformat(day)) for site in sites) for day in SUMS}
    yield _sums("the shipped facts", ours)
    table = None if folder is None else folder / TABLE
    if table is None or not table.is_file():
        yield Comparison(ROOM, TABLE, "power of 16 sites", "not run: data absent", None, "", None, 0, None)
    else:
        yield from compared(ROOM, TABLE, partial(_tracked, table))
    for later in sorted(folder.glob(LATER)) if folder else ():
        if later.name > Path(TABLE).name:
            yield from compared(ROOM, later.name, partial(_foreseen, later))
    statements = None if folder is None else folder / STATEMENTS
    if statements is None or not statements.is_file():
        yield Comparison(
            ROOM, STATEMENTS, "slip of forecasts", "not run: data absent", None, "", None, 0, None
        )
        return
    for layer, about, ratio, count in forecast_pairs(statements):
        fact = default().fact(RATIOS[layer])
        yield Comparison(
            ROOM,
            STATEMENTS,
            f"{layer} {about}: newest statement over the earliest, against {fact.id}",
            "ratio",
            ratio,
            f"{fact.low:g} to {fact.high:g}",
            1.0,
            count,
            fact.low <= ratio <= fact.high,
        )


def _foreseen(later: Path) -> Iterator[Comparison]:
    """Score the forecast of the sites by a later table, up to its day."""
    seen = later.stem.removeprefix("dc_timelines_")
    days = [day for day in SUMS if Path(TABLE).stem.removeprefix("dc_timelines_") < day <= seen]
    found = score_sites(later, days)
    for total in found.totals:
        own = [row for row in found.rows if row.day == total.day]
        about = f"power of {len(own)} sites on {total.day}, foreseen on the day of {Path(TABLE).name}"
        ours, plan = (
            sum(abs(getattr(row, name) - row.came) for row in own) / len(own) for name in ("p50", "plan")
        )
        yield Comparison(
            ROOM, later.name, about, "mean absolute error in MW; baseline: the tracker's plan", ours,
            "below the baseline", plan, len(own), ours < plan,
        )  # fmt: skip
        yield Comparison(
            ROOM, later.name, f"{about}: their sum came to {total.came:,.0f} MW",
            "median of the sum [MW]; baseline: the tracker's plan", total.p50,
            f"{total.p10:,.0f} to {total.p90:,.0f} holds what came", total.plan, 1, total.inside,
        )  # fmt: skip
    yield Comparison(
        ROOM, later.name, "sites inside the interval of 80 %", "share", found.coverage, "0.7 to 0.9", None,
        len(found.rows), COVER[0] <= found.coverage <= COVER[1],
    )  # fmt: skip


def _tracked(table: Path) -> Iterator[Comparison]:
    states = read_later(table).values()
    found = {
        day: sum(
            ([power for when, power in rows if when <= date.fromisoformat(day)] or [0.0])[-1]
            for rows in states
        )
        for day in SUMS
    }
    yield _sums(TABLE, found)


def _sums(dataset: str, found: dict[str, float]) -> Comparison:
    worst = max(abs(found[day] - SUMS[day]) for day in SUMS)
    return Comparison(
        ROOM,
        dataset,
        "power of 16 sites, observed and planned, on seven days",
        "largest error in MW",
        worst,
        f"within {ROUNDING_MW:g}",
        None,
        len(SUMS),
        worst <= ROUNDING_MW,
    )


def forecast_pairs(path: Path) -> Iterator[tuple[str, str, float, int]]:
    """Yield layer, period, newest over earliest statement, and number of statements.

    Parameters
    ----------
    path
        Table with ``layer, metric, about, value, unit, as_of``.

    Notes
    -----
    Statements of one period, unit and layer count as of one thing where their metrics differ only in the
    word "forecast". Of several statements of the earliest date the first in the table is taken.
    """
    said: dict[tuple[str, ...], list[tuple[date, float]]] = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["layer"] in RATIOS and row["value"]:
                key = (row["layer"], row["metric"].replace(" forecast", ""), row["about"], row["unit"])
                said[key].append((period(row["as_of"]).end, float(row["value"])))
    for (layer, _, about, _), pairs in said.items():
        pairs.sort(key=lambda pair: pair[0])
        if pairs[0][0] < pairs[-1][0]:
            yield layer, about, pairs[-1][1] / pairs[0][1], len(pairs)
