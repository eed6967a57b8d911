"""The law of slip: when the milestones of a site happen, against when they were planned.

A milestone planned L days after the snapshot arrives in pieces. Piece j of m is planned at

    l_j = L - ramp (1 - j/m) (L - L of the milestone before)

and happens at

    d_j = max( l_j x stretch + delay,  d_(j-1) + MW of the piece / speed )  (+ stall, for a few pieces)

``stretch`` and ``speed`` belong to a site, ``delay`` to a milestone; a share of the variance of each is
common to all sites. Some milestones are held: their stretch is at most 1 and their delay 0. In a few draws
all sites build no faster than the year before: their stretch is at least that of the trend.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from narrows import draws
from narrows.errors import DataError
from narrows.quarters import period
from narrows.units import to_canonical

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from numpy.typing import NDArray

    from narrows.catalog import Catalog, Fact, Reader

    Array = NDArray[np.float64]

__all__ = ["Arrival", "Energising", "Milestone", "Site", "sites_of", "snapshot_of"]

PREFIX = "site-"
DAY_S = to_canonical(1.0, "day")
MW_W = to_canonical(1.0, "MW")
YEAR_D = to_canonical(1.0, "year") / DAY_S
LAW = (
    "slip.stretch",
    "slip.shared",
    "slip.delay",
    "slip.speed",
    "slip.ramp",
    "slip.held_share",
    "slip.stall_share",
    "slip.stall",
    "slip.trend_weight",
    "slip.trend_stretch",
    "slip.unplanned",
)
"""Facts that every forecast reads."""


@dataclass(frozen=True)
class Milestone:
    """A day from which on a site has another power.

    Parameters
    ----------
    day
        The day, observed or planned.
    power
        Its fact; the value is the power in operation from that day on.
    before
        Power in operation before it [MW], by the table.
    """

    day: date
    power: Fact
    before: float

    @property
    def step(self) -> float:
        """Power that it adds [MW], by the table."""
        return self.power.value - self.before


@dataclass(frozen=True)
class Site:
    """A tracked site.

    Parameters
    ----------
    id, name
        Name in programs and on the page.
    handle
        Its name in the table of the tracker.
    observed, planned
        Milestones up to the snapshot, and after it, in order of time.
    """

    id: str
    name: str
    handle: str
    observed: tuple[Milestone, ...]
    planned: tuple[Milestone, ...]

    def plan(self, day: date) -> float:
        """Return the power in operation on a day as the tracker says or plans it [MW]."""
        past = [row.power.value for row in (*self.observed, *self.planned) if row.day <= day]
        return past[-1] if past else 0.0

    def reads(self) -> tuple[str, ...]:
        """Return the ids of the facts behind a forecast of the site."""
        last = [row.power.id for row in self.observed[-1:]]
        ahead = [
            f"{PREFIX}{self.id}.{quantity}.{row.day}"
            for row in self.planned
            for quantity in ("power", "planned_lead", "pieces")
        ]
        return (*last, *ahead)


def sites_of(catalog: Catalog) -> dict[str, Site]:
    """Return the tracked sites by id, in the order of the file.

    Parameters
    ----------
    catalog
        The facts.

    Raises
    ------
    DataError
        Nothing was known about any site on the day asked for.

    Examples
    --------
    >>> from narrows.catalog import default
    >>> len(sites_of(default()))
    16
    """
    names = [fact.id.split(".")[0] for fact in catalog if fact.id.startswith(PREFIX)]
    found = {}
    for name in dict.fromkeys(names):
        facts = catalog.series(f"{name}.power")
        if not facts:
            continue
        said = max(fact.known_on for fact in facts)
        rows, before = [], 0.0
        for fact in facts:
            rows.append(Milestone(period(fact.about).start, fact, before))
            before = fact.value
        site = name.removeprefix(PREFIX)
        found[site] = Site(
            site,
            facts[0].of.split(",")[0],
            facts[0].locator.rpartition(", ")[2],
            tuple(row for row in rows if row.day <= said),
            tuple(row for row in rows if row.day > said),
        )
    if not found:
        raise DataError(
            f"Nothing was known about the power of any site on {catalog.vintage}",
            "The sites were first recorded on 2025-12-14",
            "Ask for a later day",
        )
    return found


def snapshot_of(sites: Mapping[str, Site]) -> date:
    """Return the day on which the sites were recorded."""
    return max(row.power.known_on for site in sites.values() for row in (*site.observed, *site.planned))


@dataclass(frozen=True)
class Arrival:
    """One piece of a milestone.

    Parameters
    ----------
    day
        Day on which its milestone is planned.
    when
        When it happens [day after the snapshot], axis (draw).
    power
        What it adds [MW], axis (draw).
    """

    day: date
    when: Array
    power: Array


@dataclass(frozen=True)
class Energising:
    """When the power of sites arrives, in every draw.

    Parameters
    ----------
    reader
        A reading of the facts; its draws are keyed by fact and by milestone, so that one site moves no other.
    snapshot
        Day from which leads are counted.
    """

    reader: Reader
    snapshot: date

    @cached_property
    def _trend(self) -> Array:
        """Least stretch of every site: that of the trend in some draws, else 0; axis (draw)."""
        slow = self._chance("slip.trend_weight", "slip.trend_weight:choice")
        found: Array = np.where(slow, self.reader.draws("slip.trend_stretch"), 0.0)
        return found

    def _chance(self, name: str, key: str) -> NDArray[np.bool_]:
        """Return in which draws something happens whose chance is a fact, axis (draw)."""
        return draws.stream(self.reader.seed, key).random(self.reader.n) < self.reader.draws(name)

    def _own(self, name: str, key: str) -> Array:
        """Return the draws of one member of the population that a fact speaks of, axis (draw).

        The score of a member is the common score of the fact and its own, by the share ``slip.shared``; the
        unit is the canonical one of the fact.
        """
        fact = self.reader.fact(name)
        doubt = draws.Doubt(
            fact.canonical_value, fact.canonical_low, fact.canonical_high, fact.level, fact.shape
        )
        return draws.sample(
            doubt,
            self.reader.n,
            self.reader.seed,
            f"{key}:{name}",
            group=fact.group,
            correlation=self.reader.point("slip.shared"),
            method=self.reader.method,
        )

    def arrivals(self, site: Site) -> list[Arrival]:
        """Return every piece of every planned milestone of a site, in order of time.

        Parameters
        ----------
        site
            The site.
        """
        reader, key = self.reader, f"{PREFIX}{site.id}"
        stretch = np.maximum(self._own("slip.stretch", key), self._trend)
        speed = self._own("slip.speed", key) / MW_W * DAY_S
        ramp = reader.draws("slip.ramp")
        last: Array | float = (
            float((site.observed[-1].day - self.snapshot).days) if site.observed else -np.inf
        )
        before: Array = np.zeros(reader.n)
        found = []
        for row in site.planned:
            lead = np.maximum(reader.draws(f"{key}.planned_lead.{row.day}") / DAY_S, before)
            pieces = max(round(reader.fact(f"{key}.pieces.{row.day}").value), 1)
            held = self._chance("slip.held_share", f"{key}.{row.day}:held")
            slowed = np.where(held, np.minimum(stretch, 1.0), stretch)
            delay = np.where(held, 0.0, self._own("slip.delay", f"{key}.{row.day}") / DAY_S)
            step = row.step * reader.draws(row.power.id) / row.power.canonical_value
            for piece in range(1, pieces + 1):
                planned = lead - ramp * (1 - piece / pieces) * (lead - before)
                last = np.maximum(planned * slowed + delay, last + np.maximum(step, 0.0) / pieces / speed)
                stall = self._stall(f"{key}.{row.day}.{piece}")
                found.append(Arrival(row.day, last + stall, step / pieces))
            before = lead
        return found

    def _stall(self, key: str) -> Array:
        """Return how long a piece stalls [day], mostly 0, axis (draw)."""
        stalled = self._chance("slip.stall_share", f"{key}:stalls")
        found: Array = np.where(stalled, self._own("slip.stall", key) / DAY_S, 0.0)
        return found

    def power(self, site: Site, days: tuple[date, ...]) -> Array:
        """Return the power in operation [MW], axes (draw, day).

        Parameters
        ----------
        site
            The site.
        days
            Days from the snapshot on.
        """
        found = np.zeros((self.reader.n, len(days)))
        if site.observed:
            found += (self.reader.draws(site.observed[-1].power.id) / MW_W)[:, None]
        ahead = np.array([(day - self.snapshot).days for day in days], dtype=np.float64)
        for piece in self.arrivals(site):
            found += np.where(piece.when[:, None] <= ahead, piece.power[:, None], 0.0)
        unplanned = self.reader.draws("slip.unplanned") * to_canonical(1.0, "year")
        found *= 1.0 + unplanned[:, None] * np.maximum(ahead, 0.0) / YEAR_D
        return found

    def observed(self, site: Site, days: tuple[date, ...]) -> Array:
        """Return the power in operation on days up to the snapshot, as observed [MW], axes (draw, day)."""
        found = np.zeros((self.reader.n, len(days)))
        for place, day in enumerate(days):
            past = [row for row in site.observed if row.day <= day]
            if past and past[-1].power.value:
                found[:, place] = self.reader.draws(past[-1].power.id) / MW_W
        return found
