"""How much power tracked sites run on a day, with its doubt."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows import __version__
from narrows.catalog import Reader, default, read_overlay
from narrows.draws import MOST_DRAWS, quantiles
from narrows.errors import UnknownNameError, UsageError
from narrows.facility.energising import LAW, Energising, sites_of, snapshot_of
from narrows.quarters import Quarter, period, span

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from numpy.typing import NDArray

    from narrows.catalog import Catalog
    from narrows.facility.energising import Site

    Array = NDArray[np.float64]

__all__ = [
    "MODEL_VERSION",
    "Due",
    "Interval",
    "SiteRow",
    "SitesResult",
    "SitesRun",
    "reduce_sites",
    "run_sites",
    "sites",
]

MODEL_VERSION = f"{__version__}+slip.1"
DEFAULT_DRAWS = 10_000
BAND = (0.1, 0.5, 0.9)
"""Quantiles shown: the median and an interval of 80 %."""
QUARTERS_AHEAD = 8
"""Quarters shown where no day is asked for, from that after the snapshot."""
TOTAL = "total"
"""Name of the sum over sites in the ids of figures."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Quantiles over draws, one value a day.

    Parameters
    ----------
    p10, p50, p90
        Quantiles over draws, axis (day).
    mean
        Mean over draws, axis (day).
    """

    p10: tuple[float, ...]
    p50: tuple[float, ...]
    p90: tuple[float, ...]
    mean: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Due:
    """When a milestone of a site happens.

    Parameters
    ----------
    day
        Day on which it is planned.
    power
        Power of the site after it, as planned [MW].
    lead
        Days from the snapshot on which it was planned to be complete [day].
    when
        The same as forecast [day]: p10, p50, p90.
    on_time
        Probability that it is complete on the planned day.
    """

    day: str
    power: float
    lead: float
    when: tuple[float, float, float]
    on_time: float


@dataclass(frozen=True, slots=True)
class SiteRow:
    """One site.

    Parameters
    ----------
    id, name
        Name in programs and on the page.
    now
        Power in operation on the day of the snapshot [MW].
    plan
        Power in operation as the tracker planned it [MW], axis (day).
    power
        Power in operation as forecast [MW].
    due
        Its milestones.
    """

    id: str
    name: str
    now: float
    plan: tuple[float, ...]
    power: Interval
    due: tuple[Due, ...]


@dataclass(frozen=True, slots=True)
class SitesResult:
    """Power in operation at tracked sites.

    Parameters
    ----------
    days
        Days asked for, ``YYYY-MM-DD``.
    snapshot
        Day on which the sites were recorded.
    observed
        Whether a day is not after the snapshot, so that its power is observed, axis (day).
    rows
        One row a site, in the order of the power planned for the last day, greatest first.
    now, plan, total
        Sum over the sites shown: on the day of the snapshot [MW], as planned [MW], as forecast [MW].
    added
        Power added after the snapshot over that planned [ratio]; not a number where none was planned.
    late
        Share of draws in which the sum is below the plan, axis (day).
    meta
        Seed, draws, vintage and counts.
    """

    days: tuple[str, ...]
    snapshot: str
    observed: tuple[bool, ...]
    rows: tuple[SiteRow, ...]
    now: float
    plan: tuple[float, ...]
    total: Interval
    added: Interval
    late: tuple[float, ...]
    meta: dict[str, Any] = field(default_factory=dict)

    def figure_ids(self) -> list[str]:
        """Return the id of every number of the page; each answers `narrows.why`."""
        sums = [] if self.meta.get("site") else [TOTAL]
        names = [*(row.id for row in self.rows), *sums]
        found = [
            f"sites.{word}.{name}.{day}" for word in ("power", "plan") for name in names for day in self.days
        ]
        found += [f"sites.late.{name}.{day}" for name in sums for day in self.days]
        found += [f"sites.added.{name}.{day}" for name in sums for day in self.days if day > self.snapshot]
        found += [f"sites.due.{row.id}.{due.day}" for row in self.rows for due in row.due]
        return found + [f"sites.on_time.{row.id}.{due.day}" for row in self.rows for due in row.due]


@dataclass(frozen=True)
class SitesRun:
    """One question, and everything that led to its answer.

    Parameters
    ----------
    catalog
        Facts as asked for.
    reader
        The reading of the facts.
    snapshot
        Day on which the sites were recorded.
    sites
        Sites asked for, by id.
    days
        Days asked for.
    """

    catalog: Catalog
    reader: Reader
    snapshot: date
    sites: dict[str, Site]
    days: tuple[date, ...]

    @cached_property
    def law(self) -> Energising:
        """When the power of each site arrives."""
        return Energising(self.reader, self.snapshot)

    @cached_property
    def power(self) -> dict[str, Array]:
        """Power in operation of each site [MW], axes (draw, day)."""
        ahead = np.array([day > self.snapshot for day in self.days], dtype=np.bool_)
        found = {}
        for name, site in self.sites.items():
            values = self.law.observed(site, self.days)
            if ahead.any():
                values[:, ahead] = self.law.power(
                    site, tuple(day for day in self.days if day > self.snapshot)
                )
            found[name] = values
        return found

    @cached_property
    def total(self) -> Array:
        """Sum over the sites [MW], axes (draw, day)."""
        found: Array = np.add.reduce(list(self.power.values()))
        return found

    @property
    def now(self) -> float:
        """Sum over the sites on the day of the snapshot [MW], as observed."""
        return sum(site.plan(self.snapshot) for site in self.sites.values())

    @property
    def plan(self) -> tuple[float, ...]:
        """Sum over the sites as observed or planned [MW], axis (day)."""
        return tuple(sum(site.plan(day) for site in self.sites.values()) for day in self.days)

    @cached_property
    def added(self) -> Array:
        """Power added after the snapshot over that planned [ratio], axes (draw, day)."""
        planned = np.array(self.plan) - self.now
        start = np.sum([self.law.observed(site, (self.snapshot,)) for site in self.sites.values()], axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            found: Array = np.where(planned > 0, (self.total - start) / planned, np.nan)
        return found

    def due(self, site: Site) -> dict[str, Array]:
        """Return when each milestone of a site is complete [day after the snapshot], axis (draw)."""
        found: dict[str, Array] = {}
        for piece in self.law.arrivals(site):
            day = str(piece.day)
            found[day] = np.maximum(found.get(day, piece.when), piece.when)
        return found

    def reads(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return the ids of the facts behind the forecast of some sites."""
        return (*(name for site in names for name in self.sites[site].reads()), *LAW)


def run_sites(
    on: str | Sequence[str] | None = None,
    *,
    site: str | None = None,
    quarters: str | None = None,
    draws: int = DEFAULT_DRAWS,
    seed: int = 1,
    method: str = "random",
    as_of: str | None = None,
    scenario: str | Path | None = None,
    catalog: Catalog | None = None,
) -> SitesRun:
    """Prepare one question and keep everything that leads to its answer; parameters are those of `sites`."""
    if not 1 <= draws <= MOST_DRAWS:
        raise UsageError(
            f"The number of draws is {draws}",
            f"Draws are a whole number from 1 to {MOST_DRAWS}",
            f"Give --draws {DEFAULT_DRAWS}",
        )
    if seed < 0:
        raise UsageError(f"The seed is {seed}", "A seed is a whole number from 0", "Give --seed 1")
    book = catalog or default()
    if as_of is not None:
        book = book.as_known_on(as_of)
    if scenario is not None:
        book = book.overlay(read_overlay(scenario))
    known = sites_of(book)
    snapshot = snapshot_of(known)
    if site is not None and site not in known:
        raise UnknownNameError("site", site, known, remedy="List the sites with `narrows sites`")
    last = max(row.day for each in known.values() for row in (*each.observed, *each.planned))
    days = _days(on, quarters, snapshot, last)
    chosen = known if site is None else {site: known[site]}
    return SitesRun(book, Reader(book, seed, draws, method), snapshot, chosen, days)


def _days(
    on: str | Sequence[str] | None, quarters: str | None, snapshot: date, last: date
) -> tuple[date, ...]:
    """Return the days asked for, in order; quarters count by their last day."""
    texts = [on] if isinstance(on, str) else list(on or ())
    days = {period(text).end for text in texts}
    if quarters is not None:
        days |= {quarter.end for quarter in span(quarters)}
    if not days:
        first = Quarter.of(snapshot) + 1
        days = {(first + step).end for step in range(QUARTERS_AHEAD)}
    beyond = max(days)
    if Quarter.of(beyond) > Quarter.of(last):
        raise UsageError(
            f"The day {beyond} lies beyond the last milestone",
            f"The plans of the sites end on {last}",
            f"Ask for a day up to {Quarter.of(last).end}",
        )
    return tuple(sorted(days))


def sites(
    on: str | Sequence[str] | None = None,
    *,
    site: str | None = None,
    quarters: str | None = None,
    draws: int = DEFAULT_DRAWS,
    seed: int = 1,
    method: str = "random",
    as_of: str | None = None,
    scenario: str | Path | None = None,
    catalog: Catalog | None = None,
) -> SitesResult:
    """Forecast the power in operation at tracked sites, with an interval of 80 %.

    Parameters
    ----------
    on
        Day or days, ``YYYY-MM-DD``; a month or a quarter means its last day. A day up to the snapshot
        gives what was observed.
    site
        One site by id, such as ``colossus-2``; all if left out.
    quarters
        Quarters by their last day, such as ``2026Q1:2027Q4``, added to the days. Without either: the
        eight quarters after the snapshot.
    draws
        Number of draws, 1 to 1,000,000.
    seed
        Seed of the draws, a whole number from 0.
    method
        ``random`` or ``sobol``.
    as_of
        Date: use only what was known on that day.
    scenario
        Scenario file (TOML): an overlay on facts.
    catalog
        Facts to use instead of the shipped ones.

    Returns
    -------
    SitesResult
        Power by site and in sum [MW], the plan beside it, and when each milestone happens.

    Raises
    ------
    NarrowsError
        A site is not known, a day cannot be read or lies beyond the last plan, or nothing was known.

    Examples
    --------
    >>> result = sites("2026-03-31", draws=500)
    >>> result.plan
    (7370.0,)
    >>> result.total.p10[0] < result.total.p50[0] < result.plan[0]
    True
    """
    return reduce_sites(
        run_sites(
            on,
            site=site,
            quarters=quarters,
            draws=draws,
            seed=seed,
            method=method,
            as_of=as_of,
            scenario=scenario,
            catalog=catalog,
        )
    )


def reduce_sites(run: SitesRun) -> SitesResult:
    """Reduce a question to what the page shows."""
    rows = [_row(run, site) for site in run.sites.values()]
    rows.sort(key=lambda row: -row.plan[-1])
    below = run.total < np.array(run.plan)
    return SitesResult(
        days=tuple(map(str, run.days)),
        snapshot=str(run.snapshot),
        observed=tuple(day <= run.snapshot for day in run.days),
        rows=tuple(rows),
        now=run.now,
        plan=run.plan,
        total=interval(run.total),
        added=interval(np.where(np.isnan(run.added), 0.0, run.added)),
        late=tuple(below.mean(axis=0).tolist()),
        meta=_meta(run),
    )


def interval(values: Array) -> Interval:
    """Return quantiles and mean over draws, axes (draw, day) in, one value a day out."""
    p10, p50, p90 = (tuple(row.tolist()) for row in quantiles(values, BAND))
    return Interval(p10, p50, p90, tuple(values.mean(axis=0).tolist()))


def _row(run: SitesRun, site: Site) -> SiteRow:
    when = run.due(site)
    due = []
    for row in site.planned:
        found = when[str(row.day)]
        lead = float((row.day - run.snapshot).days)
        p10, p50, p90 = (float(value) for value in quantiles(found, BAND))
        on_time = float((found <= lead).mean())
        due.append(Due(str(row.day), row.power.value, lead, (p10, p50, p90), on_time))
    return SiteRow(
        site.id,
        site.name,
        site.plan(run.snapshot),
        tuple(site.plan(day) for day in run.days),
        interval(run.power[site.id]),
        tuple(due),
    )


def _meta(run: SitesRun) -> dict[str, Any]:
    facts = [run.catalog.fact(name) for name in run.reads(tuple(run.sites))]
    return {
        "seed": run.reader.seed,
        "draws": run.reader.n,
        "method": run.reader.method,
        "vintage": str(run.catalog.vintage),
        "catalog": run.catalog.hash,
        "scenario": run.catalog.scenario,
        "model_version": MODEL_VERSION,
        "facts": len(facts),
        "assumptions": sum(fact.kind == "assumption" for fact in facts),
        "oldest_fact": min(fact.as_of for fact in facts),
        "newest_fact": max(fact.as_of for fact in facts),
        "site": next(iter(run.sites)) if len(run.sites) == 1 else "",
    }
