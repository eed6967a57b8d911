"""The electrical chain of one site: redundancies, loads, racks on a shared feed, what the site takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from narrows.catalog import PointReader, default
from narrows.errors import UsageError
from narrows.facility.electrical import (
    REDUNDANCY,
    Chain,
    chain_of,
    exceedance,
    oversubscribed,
    site_power,
)

if TYPE_CHECKING:
    from narrows.catalog import Catalog

__all__ = ["Feed", "Site", "electrical_site"]

LOADS = (0.25, 0.5, 0.75, 1.0)
"""Shares of the design load at which the chain is shown."""
RISKS = (0.05, 0.01, 0.001, 0.0001)
"""Probabilities of exceeding a feed."""
KW_PER_MW = 1000.0
DRAW = ("mean", "spread", "correlation")


@dataclass(frozen=True)
class Feed:
    """Racks on a feed at one risk.

    Parameters
    ----------
    risk
        Highest probability of exceeding the feed [share].
    racks
        Racks that may be fed.
    over
        Their rating over what the feed carries.
    reached
        Probability that they exceed it [share].
    """

    risk: float
    racks: int
    over: float
    reached: float


@dataclass(frozen=True)
class Site:
    """The answer.

    Parameters
    ----------
    it_mw, load
        IT power that the chain is built for [MW], and load over it [share].
    chains
        The chain at the load, by redundancy.
    efficiency
        Efficiency by redundancy at `LOADS`.
    rack_kw, feed_kw
        Rating of a rack, and what a feed carries [kW].
    full
        Racks on a feed if none may ever exceed it.
    feeds
        Racks on a feed by risk.
    place, design_pue, annual_pue
        Where the plant stands, its PUE in the worst hour and in the year; empty and None without a place.
    connection_mw, energy_mwh
        Grid connection, and energy of a year; None without a place.
    reads
        Ids of the facts behind it.
    """

    it_mw: float
    load: float
    chains: dict[str, Chain]
    efficiency: dict[str, tuple[float, ...]]
    rack_kw: float
    feed_kw: float
    full: int
    feeds: tuple[Feed, ...]
    place: str
    design_pue: float | None
    annual_pue: float | None
    connection_mw: float | None
    energy_mwh: float | None
    reads: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the answer as plain data."""
        return {
            "it_mw": self.it_mw,
            "load": self.load,
            "redundancy": {
                name: {
                    "efficiency": chain.efficiency,
                    "stages": chain.stages,
                    "unit_load": chain.layout.load * self.load,
                    "input_mw": chain.input_kw / KW_PER_MW,
                    "loss_mw": (chain.input_kw - chain.it_kw) / KW_PER_MW,
                    "stranded_mw": chain.stranded_kw / KW_PER_MW,
                    "efficiency_by_load": dict(
                        zip((f"{load:g}" for load in LOADS), self.efficiency[name], strict=True)
                    ),
                }
                for name, chain in self.chains.items()
            },
            "feed": {
                "rack_kw": self.rack_kw,
                "feed_kw": self.feed_kw,
                "racks_never_over": self.full,
                "by_risk": [
                    {
                        "risk": feed.risk,
                        "racks": feed.racks,
                        "rating_over_feed": feed.over,
                        "probability_over": feed.reached,
                    }
                    for feed in self.feeds
                ],
            },
            "site": {
                "place": self.place or None,
                "design_pue": self.design_pue,
                "annual_pue": self.annual_pue,
                "connection_mw": self.connection_mw,
                "energy_mwh": self.energy_mwh,
            },
            "sources": list(self.reads),
        }


def electrical_site(
    it_mw: float = 100.0,
    load: float = 0.8,
    *,
    units: int = 4,
    rack_kw: float = 132.0,
    feed_kw: float = 2000.0,
    place: str | None = None,
    design: str = "air + towers",
    catalog: Catalog | None = None,
) -> Site:
    """Return the electrical chain of a site.

    Parameters
    ----------
    it_mw
        IT power that it is built for [MW].
    load
        Load over that [share].
    units
        Units of a group where one more is spare.
    rack_kw, feed_kw
        Rating of a rack, and what a feed of racks carries [kW].
    place, design
        City or EPW file and line of design of the plant: its PUE in the worst hour sizes the connection, that
        of the year its energy. Without a place the site is not sized.
    catalog
        Facts.

    Raises
    ------
    UsageError
        A number is out of range, or a feed carries not even one rack.

    Examples
    --------
    >>> site = electrical_site(100, 0.8)
    >>> site.chains["2N"].stranded_kw, site.chains["4N/3"].layout.installed
    (100000.0, 4)
    >>> site.chains["N"].efficiency > site.chains["2N"].efficiency
    True
    """
    if not 0 < load <= 1:
        raise UsageError(f"The load is {load:g}", "A load is above 0 and up to 1", "Give --load 0.8")
    held = catalog or default()
    read = PointReader(held)
    design_kw = it_mw * KW_PER_MW
    with read.chain() as chain:
        draw = {name: float(read.point(f"electrical.draw.{name}")) for name in DRAW}
    chains = {
        name: chain_of(load * design_kw, design_kw, name, units=units, catalog=held) for name in REDUNDANCY
    }
    efficiency = {
        name: tuple(
            chain_of(share * design_kw, design_kw, name, units=units, catalog=held).efficiency
            for share in LOADS
        )
        for name in REDUNDANCY
    }
    feeds = []
    for risk in RISKS:
        racks = oversubscribed(rack_kw, feed_kw, risk=risk, **draw)
        reached = exceedance(racks, rack_kw, feed_kw, **draw)
        feeds.append(Feed(risk, racks, racks * rack_kw / feed_kw, reached))
    worst, mean, connection, energy = (
        (None, None, None, None) if place is None else _sized(it_mw, load, place, design)
    )
    stages = tuple(fact.id for stage in chains["N"].stages for fact in held.under(f"electrical.{stage}"))
    return Site(
        it_mw,
        load,
        chains,
        efficiency,
        rack_kw,
        feed_kw,
        int(feed_kw // rack_kw),
        tuple(feeds),
        place or "",
        worst,
        mean,
        connection,
        energy,
        (*stages, *chain.reads),
    )


def _sized(it_mw: float, load: float, place: str, design: str) -> tuple[float, float, float, float]:
    """Return PUE in the worst hour and in the year, connection [MW] and energy of a year [MWh]."""
    from narrows.facility.plant import Design, simulate
    from narrows.facility.weather import weather

    year = simulate(Design.parse(design), weather(place))
    connection, _ = site_power(it_mw, design_pue=year.peak_pue, annual_pue=year.pue, hours=year.free.size)
    _, energy = site_power(it_mw * load, design_pue=year.peak_pue, annual_pue=year.pue, hours=year.free.size)
    return year.peak_pue, year.pue, connection, energy
