"""Time from the first works to the first power, learned from sites that have it and sites that still wait.

The sites and their days are Epoch AI's (CC BY 4.0); the traits of each are declared by us.
"""

from __future__ import annotations

import csv
import math
import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from narrows.draws import normal_cdf, quantiles, stream
from narrows.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = [
    "Law",
    "LeftOut",
    "TrackedSite",
    "Traits",
    "foreseen",
    "law_of",
    "leave_one_out",
    "sites_tracked",
    "traits_by_name",
]

TABLE = "powered_sites.csv"
DAYS_PER_MONTH = 30.4375
PRIOR_EFFECT = 0.5
"""Spread of the effect of a trait before data, on the log of the months: a factor 1.65 either way."""
PRIOR_SPREAD, PRIOR_CASES = 0.3, 5.0
"""Spread of sites of equal traits before data, and the number of sites that this is worth."""
WIDE = 1e-6
"""Precision of the prior of the mean: none."""
ROUNDS = 200
DRAWS = 4000
BAND = (0.1, 0.5, 0.9)
STREAM = "facility.power_date.powered"
LEAST_DRAWS = 50


@dataclass(frozen=True)
class Traits:
    """What is known of a site on the day of its first works.

    Parameters
    ----------
    let
        Whether it is built by a landlord to be let, not by its user.
    onsite
        Whether its first power comes from generation on the site.
    converted
        Whether it moves into a shell or an industrial site that stands.
    quick_permits
        Whether its country gives permits and connections quicker than North America and Europe do.

    Examples
    --------
    >>> Traits(onsite=True).columns
    (1.0, 0.0, 1.0)
    """

    let: bool = False
    onsite: bool = False
    converted: bool = False
    quick_permits: bool = False

    @property
    def columns(self) -> tuple[float, float, float]:
        """One, let, and whether any shortcut is taken: on-site power, a shell that stands, quick permits."""
        return 1.0, float(self.let), float(self.onsite or self.converted or self.quick_permits)


@dataclass(frozen=True)
class TrackedSite:
    """One site of the tracker.

    Parameters
    ----------
    name
        As the tracker names it.
    start, power, seen
        Day of the first works; day of the first power, None if it still waited; day of the snapshot.
    first_mw
        Power on that day [MW]; 0 if it still waited.
    traits
        What we declare of it.
    """

    name: str
    start: date
    power: date | None
    seen: date
    first_mw: float
    traits: Traits

    @property
    def months(self) -> float:
        """Months to first power, or those waited so far."""
        return ((self.power or self.seen) - self.start).days / DAYS_PER_MONTH

    @property
    def window(self) -> float:
        """Months from the first works to the snapshot: a longer wait could not have been seen."""
        return (self.seen - self.start).days / DAYS_PER_MONTH


@cache
def sites_tracked() -> tuple[TrackedSite, ...]:
    """Return the sites that ship with narrows, those with power first.

    Examples
    --------
    >>> len([site for site in sites_tracked() if site.power])
    17
    """
    text = files("narrows.facility").joinpath(TABLE).read_text("utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return tuple(_site(row) for row in rows)


def _site(row: dict[str, str]) -> TrackedSite:
    marks = {name: row[name] == "1" for name in ("let", "onsite", "converted", "quick_permits")}
    power = date.fromisoformat(row["first_power"]) if row["first_power"] else None
    days = date.fromisoformat(row["start"]), power, date.fromisoformat(row["snapshot"])
    return TrackedSite(row["site"], *days, float(row["first_mw"] or 0), Traits(**marks))


@dataclass(frozen=True, eq=False)
class Law:
    """A fitted law of the months to first power.

    Parameters
    ----------
    effects
        Mean of the log of the months, effect of being let, effect of a shortcut.
    spread
        Spread of the log among sites of equal traits.
    doubt
        Covariance of the effects, axes (effect, effect).
    sites
        Number of sites with power behind it.
    """

    effects: Array
    spread: float
    doubt: Array
    sites: int

    def draws(self, traits: Traits, *, window: float | None = None, n: int = DRAWS, seed: int = 1) -> Array:
        """Return the months to first power, axis (draw), ascending.

        Parameters
        ----------
        traits
            What is declared of the site.
        window
            Where the site is known to have had power this many months after its first works; None for
            a site of which nothing is known.
        n, seed
            Number of draws and their seed.

        Raises
        ------
        UsageError
            The law gives a window almost no chance.

        Notes
        -----
        exp of a Student t with as many degrees of freedom as sites less effects: the spread and the
        effects are both learned.
        """
        row = np.array(traits.columns)
        centre = float(row @ self.effects)
        wide = math.sqrt(self.spread**2 + float(row @ self.doubt @ row))
        free = max(self.sites - len(row), 1)
        random = stream(seed, STREAM)
        found: Array = np.sort(np.exp(centre + wide * random.standard_t(free, n)))
        if window is None:
            return found
        kept = found[found <= window]
        if kept.size < min(LEAST_DRAWS, n):
            raise UsageError(
                f"A first power within {window:.3g} months is asked for",
                f"The law gives it {kept.size} of {n} draws",
                "Give a longer window, or declare the traits that make it likely",
            )
        return kept

    def band(self, traits: Traits, *, window: float | None = None) -> tuple[float, float, float]:
        """Return P10, P50 and P90 of the months to first power.

        Examples
        --------
        >>> law_of().band(Traits())[1] > law_of().band(Traits(onsite=True))[1]
        True
        """
        low, middle, high = quantiles(self.draws(traits, window=window), BAND)
        return float(low), float(middle), float(high)


def law_of(sites: Sequence[TrackedSite] | None = None) -> Law:
    """Fit the law to sites.

    Parameters
    ----------
    sites
        Sites with power and sites that wait; those that ship with narrows if left out.

    Notes
    -----
    Log-normal months. A site that waits says that its months exceed those waited, so that the sites
    with power, which are the quick ones of their year, do not stand for all. Effects have normal priors
    around none. Expectation and maximisation: a waiting site counts with the mean and variance of the
    tail above its wait (Schmee and Hahn 1979).

    Examples
    --------
    >>> [bool(effect > 0) for effect in law_of().effects[1:]]
    [True, False]
    """
    cases = sites_tracked() if sites is None else tuple(sites)
    rows = np.array([site.traits.columns for site in cases])
    said = np.log([site.months for site in cases])
    waits = np.array([site.power is None for site in cases])
    prior = np.diag([WIDE, *[PRIOR_EFFECT**-2] * (rows.shape[1] - 1)])
    effects, spread = np.array([said.mean(), *[0.0] * (rows.shape[1] - 1)]), PRIOR_SPREAD
    for _ in range(ROUNDS):
        centre = rows @ effects
        score, tail = _tail((said - centre) / spread)
        filled = np.where(waits, centre + spread * tail, said)
        left = np.where(waits, spread**2 * (1 + score * tail - tail**2), 0.0)
        effects = np.linalg.solve(rows.T @ rows + spread**2 * prior, rows.T @ filled)
        square = float(((filled - rows @ effects) ** 2 + left).sum())
        spread = math.sqrt((square + PRIOR_CASES * PRIOR_SPREAD**2) / (len(cases) + PRIOR_CASES))
    score, tail = _tail((said - rows @ effects) / spread)
    told = np.where(waits, tail * (tail - score), 1.0)
    doubt = np.linalg.inv((rows.T * told) @ rows / spread**2 + prior)
    return Law(effects, spread, doubt, int((~waits).sum()))


def _tail(score: Array) -> tuple[Array, Array]:
    """Return the scores, and the mean of a standard normal above each of them."""
    density = np.exp(-(score**2) / 2) / math.sqrt(2 * math.pi)
    return score, density / np.maximum(np.asarray(normal_cdf(-score)), np.finfo(float).tiny)


@dataclass(frozen=True)
class LeftOut:
    """One powered site as the law without it would have it.

    Parameters
    ----------
    name, months
        The site and what it took.
    band
        P10, P50, P90 [month].
    """

    name: str
    months: float
    band: tuple[float, float, float]

    @property
    def error(self) -> float:
        """Months by which the median is off."""
        return abs(self.band[1] - self.months)

    @property
    def inside(self) -> bool:
        """Whether the interval of 80 % holds what it took."""
        return self.band[0] <= self.months <= self.band[2]


def leave_one_out(*, known_powered: bool) -> tuple[LeftOut, ...]:
    """Return every powered site as foreseen by the law fitted to all others.

    Parameters
    ----------
    known_powered
        Whether the forecast may use that the site is in the table of powered sites, so that its wait
        is shorter than the time from its first works to the snapshot; False for a site of which only
        its traits are known.
    """
    cases = sites_tracked()
    return tuple(
        _forecast(law_of([other for other in cases if other is not case]), case, known_powered=known_powered)
        for case in cases
        if case.power is not None
    )


def foreseen(sites: Sequence[TrackedSite], *, known_powered: bool) -> tuple[LeftOut, ...]:
    """Return sites with power as the law foresees them; those that it was fitted to are left out.

    Parameters
    ----------
    sites
        Sites with power.
    known_powered
        As for `leave_one_out`.
    """
    known, law = {site.name for site in sites_tracked()}, law_of()
    return tuple(
        _forecast(law, site, known_powered=known_powered) for site in sites if site.name not in known
    )


def _forecast(law: Law, site: TrackedSite, *, known_powered: bool) -> LeftOut:
    band = law.band(site.traits, window=site.window if known_powered else None)
    return LeftOut(site.name, site.months, band)


def traits_by_name(name: str) -> Traits:
    """Return what the name of a site tells of it: whether it is built to be let.

    Parameters
    ----------
    name
        As the tracker writes it, builder first.

    Notes
    -----
    A site is its user's own where a word of its name is the first word of a site of ours that is; nothing
    else can be read from a name.

    Examples
    --------
    >>> traits_by_name("Google Somewhere").let, traits_by_name("Vantage TX9").let
    (False, True)
    """
    owners = {site.name.split()[0] for site in sites_tracked() if not site.traits.let}
    return Traits(let=not owners & set(re.split(r"[\s-]+", name)))
