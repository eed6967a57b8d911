"""Score a forecast of the sites by a later state of the same sites."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.draws import quantiles
from narrows.errors import DataError, UsageError
from narrows.facility.forecast import BAND, DEFAULT_DRAWS, run_sites

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from narrows.catalog import Catalog

    Array = NDArray[np.float64]

__all__ = ["Score", "SitesScore", "crps", "pinball", "read_later", "score_sites"]

COLUMNS = ("Date", "Data center", "Power (MW)")


@dataclass(frozen=True, slots=True)
class Score:
    """One forecast against what came.

    Parameters
    ----------
    id, name, day
        Site (``total`` for the sum) and day.
    came, plan
        Power in operation as recorded later, and as the tracker had planned it [MW].
    p10, p50, p90
        Forecast [MW].
    inside
        Whether what came lies in p10 to p90.
    crps, pinball
        Continuous ranked probability score, and mean pinball loss of the three quantiles [MW].
    """

    id: str
    name: str
    day: str
    came: float
    plan: float
    p10: float
    p50: float
    p90: float
    inside: bool
    crps: float
    pinball: float


@dataclass(frozen=True, slots=True)
class SitesScore:
    """Every forecast of some days against what came.

    Parameters
    ----------
    days
        Days scored.
    rows
        One row a site and day.
    totals
        One row a day: the sum over the sites that the later table holds.
    coverage
        Share of the rows of sites inside their interval.
    missing, unknown
        Sites that the later table lacks, and names in it that are not tracked here; both are left out.
    meta
        Seed, draws, vintage.
    """

    days: tuple[str, ...]
    rows: tuple[Score, ...]
    totals: tuple[Score, ...]
    coverage: float
    missing: tuple[str, ...]
    unknown: tuple[str, ...]
    meta: dict[str, Any] = field(default_factory=dict)


def crps(values: Array, came: float) -> float:
    """Return the continuous ranked probability score of draws [unit of the draws]; less is better.

    Parameters
    ----------
    values
        Draws, axis (draw).
    came
        What came.

    Notes
    -----
    E|X - y| - E|X - X'| / 2, the second term from sorted draws. For one draw it is the absolute error.

    Source
    ------
    Gneiting and Raftery (2007), Strictly proper scoring rules, equation 21.

    Examples
    --------
    >>> crps(np.array([1.0, 3.0]), 2.0)
    0.5
    """
    ordered = np.sort(values)
    count = len(ordered)
    places = 2 * np.arange(1, count + 1) - count - 1
    return float(np.abs(ordered - came).mean() - (places @ ordered) / count**2)


def pinball(quantile: float, probability: float, came: float) -> float:
    """Return the pinball loss of a quantile [unit of the quantile]; less is better.

    Examples
    --------
    >>> round(pinball(10.0, 0.9, 12.0), 6), round(pinball(10.0, 0.9, 8.0), 6)
    (1.8, 0.2)
    """
    return max(probability * (came - quantile), (probability - 1) * (came - quantile))


def read_later(path: str | Path) -> dict[str, list[tuple[date, float]]]:
    """Return the power of each site by day from a table of timelines, in order of time.

    Parameters
    ----------
    path
        CSV with the columns `COLUMNS`; days are month/day/year or YYYY-MM-DD. An empty power says
        nothing about that day.

    Raises
    ------
    DataError
        The file cannot be read, lacks a column, or a row has no day or no number.
    """
    name = Path(path).name
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            lacking = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
            lines = [] if lacking else list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            f"The table {name!r} cannot be read: {getattr(error, 'strerror', None) or error}",
            f"It is a CSV in UTF-8 with the columns {', '.join(COLUMNS)}",
            "Check the path and the file",
        ) from error
    if lacking:
        raise DataError(
            f"The table {name!r} has no column {lacking[0]!r}",
            f"It has the columns {', '.join(COLUMNS)}",
            "Give the table of timelines of the tracker",
        )
    found: dict[str, list[tuple[date, float]]] = {}
    for number, line in enumerate(lines, 2):
        power = (line["Power (MW)"] or "").strip()
        if not power:
            continue
        row = (_day(line["Date"], name, number), _number(power, name, number))
        found.setdefault((line["Data center"] or "").strip(), []).append(row)
    if not found:
        raise DataError(
            f"The table {name!r} has no power", "It has a row for each change of a site", "Check the file"
        )
    return {site: sorted(rows, key=lambda row: row[0]) for site, rows in found.items()}


def _day(text: str | None, name: str, number: int) -> date:
    given = (text or "").strip()
    try:
        if "/" in given:
            month, day, year = (int(part) for part in given.split("/"))
            return date(year, month, day)
        return date.fromisoformat(given)
    except (ValueError, OverflowError):
        raise DataError(
            f"Line {number} of {name!r} has the day {given!r}",
            "A day is month/day/year or YYYY-MM-DD",
            "Correct the line",
        ) from None


def _number(text: str, name: str, number: int) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise DataError(
            f"Line {number} of {name!r} has the power {text!r}",
            "A power is a number of MW from 0",
            "Correct the line",
        )
    return value


def score_sites(
    path: str | Path,
    on: str | Sequence[str],
    *,
    draws: int = DEFAULT_DRAWS,
    seed: int = 1,
    method: str = "random",
    as_of: str | None = None,
    scenario: str | Path | None = None,
    catalog: Catalog | None = None,
) -> SitesScore:
    """Score the forecast by a later table of the same sites.

    Parameters
    ----------
    path
        Table of timelines recorded later: columns ``Date``, ``Data center``, ``Power (MW)``.
    on
        Day or days to score; not after the day on which the table was recorded, since later rows are
        plans again.
    draws, seed, method, as_of, scenario, catalog
        As for `narrows.sites`.

    Returns
    -------
    SitesScore
        Errors, coverage of the interval of 80 %, pinball loss and CRPS, by site and in sum.

    Raises
    ------
    NarrowsError
        The table cannot be read, holds no tracked site, or no day is given.
    """
    if not on:
        raise UsageError(
            "A score has no day",
            "The forecast is scored on days up to that of the later table",
            "Give --on 2026-03-31",
        )
    later = read_later(path)
    run = run_sites(
        on, draws=draws, seed=seed, method=method, as_of=as_of, scenario=scenario, catalog=catalog
    )
    by_name = {site.handle: site for site in run.sites.values()} | {
        site.name: site for site in run.sites.values()
    }
    held = {by_name[name].id: rows for name, rows in later.items() if name in by_name}
    if not held:
        raise DataError(
            f"The table {Path(path).name!r} holds no tracked site",
            f"Tracked are, for instance, {', '.join(sorted(by_name)[:2])}",
            "Give the table of timelines of the same tracker",
        )
    rows, totals = [], []
    for column, day in enumerate(run.days):
        came = {
            site: ([mw for when, mw in states if when <= day] or [0.0])[-1] for site, states in held.items()
        }
        for site, value in came.items():
            label = (site, run.sites[site].name, str(day))
            rows.append(_score(label, run.power[site][:, column], value, run.sites[site].plan(day)))
        whole = np.sum([run.power[site][:, column] for site in held], axis=0)
        plan = sum(run.sites[site].plan(day) for site in held)
        totals.append(_score(("total", "All sites", str(day)), whole, sum(came.values()), plan))
    return SitesScore(
        days=tuple(map(str, run.days)),
        rows=tuple(rows),
        totals=tuple(totals),
        coverage=sum(row.inside for row in rows) / len(rows),
        missing=tuple(site.name for site in run.sites.values() if site.id not in held),
        unknown=tuple(name for name in later if name not in by_name),
        meta={"seed": seed, "draws": draws, "vintage": str(run.catalog.vintage)},
    )


def _score(label: tuple[str, str, str], values: Array, came: float, plan: float) -> Score:
    p10, p50, p90 = (float(value) for value in quantiles(values, BAND))
    losses = [pinball(value, share, came) for value, share in zip((p10, p50, p90), BAND, strict=True)]
    return Score(
        *label, came, plan, p10, p50, p90, p10 <= came <= p90, crps(values, came), float(np.mean(losses))
    )
