"""Tell the figures of the sites: power by day, the plan, how sure a milestone is (family ``sites``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from narrows.bottlenecks.told import Told
from narrows.draws import quantiles
from narrows.errors import UnknownNameError
from narrows.facility.energising import LAW
from narrows.facility.forecast import BAND, TOTAL, run_sites
from narrows.figure import number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from narrows.bottlenecks.told import Asked
    from narrows.facility.energising import Site
    from narrows.facility.forecast import SitesRun

    Array = NDArray[np.float64]

__all__ = ["tell"]

QUANTITIES = ("power", "plan", "due", "on_time")
SUMS = ("power", "plan", "late", "added")
"""What is said of all sites together."""
PARTS = 4
REMEDY = "Write sites.<quantity>.<site>.<day>, or total in the place of the site"
METHOD = "law of slip"


def tell(id: str, asked: Asked) -> Told:  # noqa: A002 (the word of the trade)
    """Return a figure of the sites in every draw.

    Parameters
    ----------
    id
        ``sites.power.<site>.<day>``, ``sites.plan...``, ``sites.due.<site>.<planned day>``,
        ``sites.on_time...``; of all sites ``sites.power.total.<day>``, ``sites.plan...``,
        ``sites.late...``, ``sites.added...``.
    asked
        The question that it belongs to.

    Raises
    ------
    UnknownNameError
        If the sites have no such figure.
    """
    parts = id.split(".")
    run = _run(parts[3] if len(parts) == PARTS else None, parts[1:2] in (["due"], ["on_time"]), asked)
    known = _known(run, parts[1] if len(parts) > 1 else "")
    if id not in known:
        raise UnknownNameError("figure", id, known, remedy=REMEDY)
    _, quantity, name, day = parts
    if quantity in {"due", "on_time"}:
        return _due(run, run.sites[name], quantity, day)
    return _whole(run, quantity, day) if name == TOTAL else _site(run, run.sites[name], quantity, day)


def _run(day: str | None, planned: bool, asked: Asked) -> SitesRun:  # noqa: FBT001 (one property of the id)
    return run_sites(
        None if planned else day,
        draws=asked.draws,
        seed=asked.seed,
        method=asked.method,
        as_of=asked.as_of,
        scenario=asked.scenario,
        catalog=asked.catalog,
    )


def _known(run: SitesRun, quantity: str) -> list[str]:
    """Return the ids that can be asked of a run."""
    found = [
        f"sites.{word}.{name}.{row.day}"
        for word in ("due", "on_time")
        for name, site in run.sites.items()
        for row in site.planned
    ]
    if quantity in {"due", "on_time"}:
        return found
    days = [(day, day > run.snapshot) for day in run.days]
    found = [
        f"sites.{word}.{name}.{day}" for word in ("power", "plan") for name in run.sites for day, _ in days
    ]
    sums = [(word, day) for word in SUMS for day, ahead in days if ahead or word != "added"]
    return found + [f"sites.{word}.{TOTAL}.{day}" for word, day in sums]


def _site(run: SitesRun, site: Site, quantity: str, day: str) -> Told:
    if quantity == "plan":
        return _plan(run, {site.id: site})
    values = run.power[site.id][:, 0]
    if run.days[0] <= run.snapshot:
        last = [row.power.id for row in site.observed if row.day <= run.days[0]][-1:]
        text = "power observed last on or before the day"
        return _told(run, values, "MW", f"{text}; {_span(values)}", tuple(last))
    text = (
        f"power observed at the snapshot + pieces of each milestone that have come by {day}, each at planned "
        "lead x stretch + delay, no faster than the speed of the site; + what is in no plan"
    )
    return _told(run, values, "MW", f"{text}; {_span(values)}", run.reads((site.id,)))


def _whole(run: SitesRun, quantity: str, day: str) -> Told:
    reads = run.reads(tuple(run.sites))
    count = len(run.sites)
    if quantity == "plan":
        return _plan(run, run.sites)
    if quantity == "late":
        values = (run.total[:, 0] < run.plan[0]).astype(np.float64)
        text = f"share of draws in which the sites run less than planned on {day}"
        return _told(run, values, "share", text, reads)
    if quantity == "added":
        text = f"power added at {count} sites from the snapshot to {day} over that planned"
        values = run.added[:, 0]
        if np.isnan(values).any():
            values = np.zeros_like(values)
            text += " (nothing was planned)"
        return _told(run, values, "ratio", f"{text}; {_span(values)}", reads)
    values = run.total[:, 0]
    return _told(run, values, "MW", f"sum of the power of {count} sites on {day}; {_span(values)}", reads)


def _plan(run: SitesRun, sites: dict[str, Site]) -> Told:
    """Return the power that the tracker planned, the same in every draw."""
    day = run.days[0]
    past = [[row for row in (*site.observed, *site.planned) if row.day <= day] for site in sites.values()]
    reads = tuple(rows[-1].power.id for rows in past if rows)
    total = sum(site.plan(day) for site in sites.values())
    text = f"last power on or before {day} by the tracker's table, observed or planned on {run.snapshot}"
    if len(sites) > 1:
        text += f"; sum over {len(sites)} sites"
    return _told(run, np.full(run.reader.n, float(total)), "MW", text, reads)


def _due(run: SitesRun, site: Site, quantity: str, day: str) -> Told:
    values = run.due(site)[day]
    planned = next(row for row in site.planned if str(row.day) == day)
    lead = (planned.day - run.snapshot).days
    reads = (*site.reads(), *LAW)
    if quantity == "on_time":
        text = f"share of draws in which {site.name} completes by {day} what is planned for that day"
        return _told(run, (values <= lead).astype(np.float64), "share", text, reads)
    text = (
        f"days from {run.snapshot} until {site.name} completes what is planned for {day} ({lead} days): the "
        f"last piece of planned lead x stretch + delay, no faster than its speed; {_span(values)}"
    )
    return _told(run, values, "day", text, reads)


def _span(values: Array) -> str:
    low, _, high = quantiles(values, BAND)
    return f"80 % of draws lie in {number(float(low), 4)} to {number(float(high), 4)}"


def _told(run: SitesRun, values: Array, unit: str, formula: str, reads: tuple[str, ...]) -> Told:
    return Told(run=run, values=values, unit=unit, formula=formula, reads=reads, method=METHOD)
