"""When a site has power: P10, P50 and P90, the branch that decides, and what a month is worth."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.catalog import Reader, default
from narrows.draws import MOST_DRAWS, quantiles
from narrows.errors import UsageError
from narrows.facility.power_path import GRAPH, MONTH_S, durations, facts_of, finish, reaches
from narrows.facility.powered import DAYS_PER_MONTH, Traits, law_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from narrows.catalog import Catalog

    Array = NDArray[np.float64]

__all__ = ["MILESTONES", "Branch", "Dated", "PowerDate", "power_date", "usd_month"]

MILESTONES = (100.0, 500.0, 1000.0)
"""Powers whose date is told, where the site reaches them [MW]."""
BAND = (0.1, 0.5, 0.9)
POWER, RENT, ELECTRICITY = "h100.facility_power", "chip.h100_sxm.rental_3yr", "inference.electricity_price"
HOUR_S, MEGAWATT = 3600.0, 1e6
GRIDLESS = ("onsite", "leased")
LAST_MONTH = 1200.0
"""Dates are written up to this many months ahead."""


@dataclass(frozen=True)
class Dated:
    """Months to a power and the dates.

    Parameters
    ----------
    what
        ``first`` or the power in MW.
    months
        P10, P50, P90 [month].
    dates
        The same as days, ISO.
    """

    what: str
    months: tuple[float, float, float]
    dates: tuple[str, str, str]


@dataclass(frozen=True)
class Branch:
    """One activity: how often it decides, how loose it is, what a month of it is worth.

    Parameters
    ----------
    id, name
        Its key and its words.
    months
        P10, P50, P90 of its own time [month].
    decides
        Share of draws in which it lies on the critical path [share].
    slack
        Median slack [month].
    month_gains
        Mean months by which first power comes earlier where it takes one month less.
    usd
        The same in margin of the site, mean [usd].
    """

    id: str
    name: str
    months: tuple[float, float, float]
    decides: float
    slack: float
    month_gains: float
    usd: float


@dataclass(frozen=True, eq=False)
class PowerDate:
    """The answer.

    Parameters
    ----------
    mw, path, start, state, traits
        The question.
    dated
        First power and milestones.
    chains
        Share of draws in which each chain ends last before energisation, by its name.
    branches
        Activities, the one that decides most first.
    usd_month
        Margin of a month of the whole site, P10, P50, P90 [usd].
    learned
        P10, P50, P90 by the law of powered sites with these traits [month].
    first
        Months to first power, axis (draw).
    reads
        Ids of the facts behind it.
    reader
        The reading.
    """

    mw: float
    path: str
    start: date
    state: str | None
    traits: Traits
    dated: tuple[Dated, ...]
    chains: dict[str, float]
    branches: tuple[Branch, ...]
    usd_month: tuple[float, float, float]
    learned: tuple[float, float, float]
    first: Array
    reads: tuple[str, ...]
    reader: Reader

    @property
    def decides(self) -> str:
        """Name of the chain that ends last most often."""
        return max(self.chains, key=lambda name: self.chains[name])

    def to_json(self) -> dict[str, Any]:
        """Return the answer as plain data."""
        return {
            "question": {
                "mw": self.mw,
                "path": self.path,
                "start": str(self.start),
                "state": self.state,
                "traits": {name: getattr(self.traits, name) for name in Traits.__dataclass_fields__},
            },
            "power": [
                {"what": row.what, "months": _band(row.months), "dates": _band(row.dates)}
                for row in self.dated
            ],
            "decides": self.decides,
            "decides_share": self.chains,
            "activities": [
                {
                    "id": row.id,
                    "name": row.name,
                    "months": _band(row.months),
                    "decides_share": row.decides,
                    "slack_months": row.slack,
                    "earlier_by_months": row.month_gains,
                    "usd": row.usd,
                }
                for row in self.branches
            ],
            "usd_per_month": _band(self.usd_month),
            "powered_sites_months": _band(self.learned),
            "sources": list(self.reads),
            "seed": self.reader.seed,
            "draws": self.reader.n,
        }


def _band(values: tuple[Any, Any, Any]) -> dict[str, Any]:
    return dict(zip(("p10", "p50", "p90"), values, strict=True))


def power_date(
    mw: float = 100.0,
    path: str = "grid",
    *,
    start: str | date | None = None,
    state: str | None = None,
    let: bool = False,
    converted: bool = False,
    quick_permits: bool = False,
    draws: int = 10_000,
    seed: int = 1,
    catalog: Catalog | None = None,
) -> PowerDate:
    """Return when a site has power.

    Parameters
    ----------
    mw
        Facility power of the complete site [MW].
    path
        ``grid``, ``onsite``, ``bridge`` or ``leased``.
    start
        Month or day of the first works, such as ``2026-12``; that after the newest fact if left out.
    state
        State whose queue has a fact of its own, such as ``tx``.
    let, converted, quick_permits
        What is declared of the site, see `Traits`; a path other than the grid's has power on the site.
    draws, seed, catalog
        Number of draws, their seed, and the facts.

    Raises
    ------
    UsageError
        A number is out of range.
    UnknownNameError
        The path or the state is not known.

    Notes
    -----
    The worth of a month is rent of accelerators at their price of three years, less electricity, on the
    whole site; capital is spent either way.

    Examples
    --------
    >>> found = power_date(100, "grid", start="2026-12", draws=500)
    >>> low, middle, high = found.dated[0].months
    >>> low < middle < high
    True
    >>> power_date(100, "bridge", draws=500).dated[0].months[1] < middle
    True
    """
    if not 1 <= draws <= MOST_DRAWS:
        raise UsageError(
            f"The number of draws is {draws}",
            f"Draws are a whole number from 1 to {MOST_DRAWS}",
            "Give --draws 10000",
        )
    if state is not None and path in GRIDLESS:
        raise UsageError(
            f"The state {state!r} is given with the path {path!r}",
            "A state says how long its grid takes, and this path has none",
            "Leave --state out, or take the path grid or bridge",
        )
    held = catalog or default()
    reader = Reader(held, seed=seed, n=draws)
    times = durations(mw, converted=converted, state=state, reader=reader)
    done = finish(times, path)
    begins = _start(start, held)
    traits = Traits(let, path in {"onsite", "bridge"}, converted, quick_permits)
    wanted = sorted({power for power in MILESTONES if power <= mw} | {mw})
    series = {"first": done.first} | {f"{power:g}": reaches(times, done, path, power) for power in wanted}
    with reader.chain() as chain:
        usd = usd_month(reader, mw)
    rows = []
    for name, slack in done.slack.items():
        gained = float(np.mean(done.first - finish(times.earlier(name, 1.0), path).first))
        rows.append(
            Branch(
                name,
                GRAPH[name].name,
                _three(times.months[name]),
                float(done.critical[name].mean()),
                float(np.median(slack)),
                gained,
                gained * float(usd.mean()),
            )
        )
    rows.sort(key=lambda row: -row.decides)
    return PowerDate(
        mw,
        path,
        begins,
        state,
        traits,
        tuple(_dated(what, months, begins) for what, months in series.items()),
        _chains(done.critical, tuple(done.chains)),
        tuple(rows),
        _three(usd),
        law_of().band(traits),
        done.first,
        tuple(dict.fromkeys((*facts_of(times, done), *chain.reads))),
        reader,
    )


def _chains(critical: Any, last: tuple[str, ...]) -> dict[str, float]:
    shares = {GRAPH[name].name: float(critical[name].mean()) for name in last}
    return dict(sorted(((name, share) for name, share in shares.items() if share), key=lambda row: -row[1]))


def _three(values: Array) -> tuple[float, float, float]:
    low, middle, high = quantiles(values, BAND)
    return float(low), float(middle), float(high)


def usd_month(reader: Reader, mw: float) -> Array:
    """Return the margin of a month of a site, rent less electricity [usd], axis (draw)."""
    watt = reader.draws(POWER)
    margin = reader.draws(RENT) - reader.draws(ELECTRICITY) * watt
    found: Array = mw * MEGAWATT / watt * margin * MONTH_S
    return found


def _start(start: str | date | None, held: Catalog) -> date:
    if isinstance(start, date):
        return start
    if start is None:
        return held.last
    try:
        return date.fromisoformat(start if start.count("-") > 1 else f"{start}-01")
    except ValueError:
        raise UsageError(
            f"The start is {start!r}", "A start is a month or a day", "Write --start 2026-12"
        ) from None


def _dated(what: str, months: Array, begins: date) -> Dated:
    band = _three(months)
    days = [str(begins + timedelta(days=min(value, LAST_MONTH) * DAYS_PER_MONTH)) for value in band]
    return Dated(what, band, (days[0], days[1], days[2]))
