"""The date of first power as a critical path: activities, what waits for what, and which branch decides.

The clock starts with the first works on the site, as it does at tracked sites.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from narrows.catalog import Reader, default
from narrows.errors import UnknownNameError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from narrows.catalog import Catalog

    Array = NDArray[np.float64]

__all__ = [
    "GRAPH",
    "PATHS",
    "Activity",
    "Durations",
    "Finish",
    "durations",
    "facts_of",
    "finish",
    "hall_after",
    "reaches",
    "source_months",
    "states",
]

MONTH_S = 2_629_800.0
"""A month [s], as the units of the house have it."""
MEGAWATT = 1e6
EPSILON = 1e-9
"""Months below which two ends are one."""
FACTS = "power_date."
PATHS = ("grid", "onsite", "bridge", "leased")
"""Grid alone; generation on the site alone; leased turbines until the grid comes; a landlord's hall."""


@dataclass(frozen=True)
class Activity:
    """One activity of the path.

    Parameters
    ----------
    fact
        Fact that holds its time.
    name
        What it is.
    after
        Activities that must have ended before it starts.
    ahead
        Whether it is requested or ordered before the first works.
    """

    fact: str
    name: str
    after: tuple[str, ...] = ()
    ahead: bool = False


GRAPH: dict[str, Activity] = {
    "permits": Activity(FACTS + "permits", "permits"),
    "shell": Activity(FACTS + "shell", "building to the roof", ("permits",)),
    "fit_out": Activity(FACTS + "fit_out", "fit-out", ("shell",)),
    "cooling_plant": Activity(FACTS + "cooling_plant", "cooling plant", ("permits",)),
    "load_study": Activity(FACTS + "load_study", "grid study and agreement", ahead=True),
    "substation": Activity(FACTS + "substation", "substation and lines", ("load_study",)),
    "transformer": Activity("large_transformer.delivery_time.2026-05", "transformer", ahead=True),
    "switchgear": Activity(FACTS + "switchgear", "switchgear and generators", ahead=True),
    "gas_supply": Activity(FACTS + "gas_supply", "gas supply"),
    "air_permit": Activity(FACTS + "air_permit", "air permit"),
    "engines": Activity(FACTS + "engines", "gas engines and small turbines"),
    "fuel_cells": Activity(FACTS + "fuel_cells", "fuel cells"),
    "mobile": Activity(FACTS + "mobile", "leased mobile turbines"),
    "installation": Activity(FACTS + "installation", "installation of generation"),
    "leased": Activity(FACTS + "leased", "powered hall of a landlord"),
    "energisation": Activity(FACTS + "energisation", "energisation"),
}
"""Activities by name; each stands after those it waits for."""

HALL = ("fit_out", "cooling_plant", "switchgear")
SUPPLIES = {
    "grid": ("substation", "transformer"),
    "engines": ("gas_supply", "air_permit", "engines"),
    "fuel_cells": ("gas_supply", "fuel_cells"),
    "mobile": ("gas_supply", "air_permit", "mobile"),
}
"""What each source of power waits for; the generators also wait for their installation."""
SOURCES = {"grid": ("grid",), "onsite": ("engines", "fuel_cells"), "bridge": ("mobile", "grid")}
"""Sources that a path may take; the earliest in a draw gives the first power."""
CONVERTED = ("permits", "shell")
"""What a shell that stands leaves out."""


@dataclass(frozen=True, eq=False)
class Durations:
    """Draws of all activities and of the ramp.

    Parameters
    ----------
    months
        Time of each activity, less what was ordered ahead [month], axis (draw).
    first_block, ramp, mobile_power
        Power on the first day [MW], power added in a month [MW], power of leased turbines [MW].
    reads
        Ids of the facts behind them.
    """

    months: Mapping[str, Array]
    first_block: Array
    ramp: Array
    mobile_power: Array
    reads: tuple[str, ...]

    def earlier(self, name: str, months: float) -> Durations:
        """Return the same with one activity shorter, never below nothing."""
        changed = {**self.months, name: np.maximum(self.months[name] - months, 0.0)}
        return Durations(changed, self.first_block, self.ramp, self.mobile_power, self.reads)


def states(catalog: Catalog | None = None) -> tuple[str, ...]:
    """Return the states whose queue has a fact of its own.

    Examples
    --------
    >>> states()
    ('ca', 'oh', 'tx', 'va')
    """
    held = catalog or default()
    found = (fact.id for fact in held.under(FACTS + "state"))
    return tuple(sorted({name.rsplit(".", 1)[1] for name in found}))


def durations(
    mw: float, *, converted: bool = False, state: str | None = None, reader: Reader | None = None
) -> Durations:
    """Return the time of every activity in every draw.

    Parameters
    ----------
    mw
        Facility power of the site when complete [MW].
    converted
        Whether a shell stands.
    state
        State of the United States, such as ``tx``; the usual queue if left out.
    reader
        Facts and draws; those that ship with narrows, 10,000 draws, if left out.

    Raises
    ------
    UnknownNameError
        No fact speaks of the state.
    UsageError
        The power is not positive.
    """
    if not 0 < mw < np.inf:
        raise UsageError(
            f"The site has {mw:g} MW", "A site has a power above 0", "Give the power in MW, such as --mw 100"
        )
    read = reader or Reader(default(), seed=1, n=10_000)
    known = states(read.catalog)
    if state is not None and state.lower() not in known:
        raise UnknownNameError("state", state, known, remedy="Leave --state out for the usual queue")
    with read.chain() as chain:
        ahead = read.draws(FACTS + "ahead") / MONTH_S
        months = {}
        for name, activity in GRAPH.items():
            took = read.draws(activity.fact) / MONTH_S
            if name == "load_study" and state is not None:
                took = took * read.draws(f"{FACTS}state.{state.lower()}")
            months[name] = np.maximum(took - ahead, 0.0) if activity.ahead else took
        for name in CONVERTED if converted else ():
            months[name] = np.zeros(read.n)
        large = "_large" if mw * MEGAWATT >= read.point(FACTS + "large") else ""
        block = read.draws(f"{FACTS}first_block{large}") / MEGAWATT
        ramp = read.draws(f"{FACTS}ramp{large}") / MEGAWATT * MONTH_S
        mobile = read.draws(FACTS + "mobile_power") / MEGAWATT
    return Durations(months, np.minimum(block, mw), ramp, mobile, chain.reads)


@dataclass(frozen=True, eq=False)
class Finish:
    """When a path gives first power, and why then.

    Parameters
    ----------
    first, grid
        Months to first power; months to the grid's first power, infinite where the path has none.
    chains
        Months at which each chain before the energisation ends, by its last activity.
    critical
        Whether each activity sets the date, by activity, axis (draw).
    slack
        Months by which each activity could be longer alone before the date of its own source moves.
    """

    first: Array
    grid: Array
    chains: Mapping[str, Array]
    critical: Mapping[str, NDArray[np.bool_]]
    slack: Mapping[str, Array]


def finish(times: Durations, path: str) -> Finish:
    """Return the first power of a path in every draw.

    Parameters
    ----------
    times
        Time of each activity.
    path
        ``grid``, ``onsite``, ``bridge`` or ``leased``.

    Raises
    ------
    UnknownNameError
        No such path.

    Notes
    -----
    Critical path method: an activity starts when all it waits for have ended; a source gives power when
    its own chains, the hall and the energisation have ended; the path takes the source that is first.
    Slack is the latest end that keeps the date of the source, less the end.
    """
    if path not in PATHS:
        raise UnknownNameError("path", path, PATHS, remedy="Give --path grid, onsite, bridge or leased")
    if path == "leased":
        return _leased(times)
    passed = {source: _source(times, source) for source in SOURCES[path]}
    dates = np.array([found[0] for found in passed.values()])
    first = dates.min(axis=0)
    taken = dates.argmin(axis=0)
    critical: dict[str, NDArray[np.bool_]] = {}
    slack: dict[str, Array] = {}
    chains: dict[str, Array] = {}
    for place, (_, ends, loose) in enumerate(passed.values()):
        chains |= ends
        for name, months in loose.items():
            sets = (taken == place) & (months <= EPSILON)
            critical[name] = critical.get(name, np.zeros_like(sets)) | sets
            slack[name] = np.minimum(slack.get(name, months), months)
    grid = passed["grid"][0] if "grid" in passed else np.full_like(first, np.inf)
    return Finish(first, grid, chains, critical, slack)


def _leased(times: Durations) -> Finish:
    first = times.months["leased"]
    sets = np.ones(first.shape, dtype=bool)
    return Finish(
        first, np.full_like(first, np.inf), {"leased": first}, {"leased": sets}, {"leased": first * 0}
    )


def _source(times: Durations, source: str) -> tuple[Array, dict[str, Array], dict[str, Array]]:
    """Return the date of a source, the ends of its chains, and the slack of its activities."""
    waits = dict.fromkeys(_needed((*HALL, *SUPPLIES[source])))
    joins = {name: GRAPH[name].after for name in waits}
    supplied = SUPPLIES[source]
    if source != "grid":
        joins["installation"] = supplied
    last = (*HALL, "installation") if source != "grid" else (*HALL, *supplied)
    joins["energisation"] = last
    ends: dict[str, Array] = {}
    for name, before in joins.items():
        starts = [ends[other] for other in before]
        ends[name] = times.months[name] + (np.maximum.reduce(starts) if starts else 0.0)
    date = ends["energisation"]
    latest: dict[str, Array] = {"energisation": date}
    for name in reversed(list(joins)):
        for other in joins[name]:
            allowed = latest[name] - times.months[name]
            latest[other] = np.minimum(latest[other], allowed) if other in latest else allowed
    slack = {name: latest[name] - ends[name] for name in joins}
    return date, {name: ends[name] for name in (*HALL, *supplied)}, slack


def source_months(times: Durations, source: str) -> Array:
    """Return the months to first power by one source alone, axis (draw).

    Parameters
    ----------
    times
        Time of each activity.
    source
        ``grid``, ``engines``, ``fuel_cells`` or ``mobile``.

    Raises
    ------
    UnknownNameError
        No such source.
    """
    if source not in SUPPLIES:
        raise UnknownNameError("source", source, SUPPLIES, remedy="Choose among them")
    return _source(times, source)[0]


def hall_after(times: Durations, supply: Array) -> Array:
    """Return the months to first power by a supply that takes some months itself, axis (draw).

    Parameters
    ----------
    times
        Time of each activity.
    supply
        Months until the supply stands.
    """
    ends = _source(times, "grid")[1]
    done: Array = np.maximum.reduce([supply, *(ends[name] for name in HALL)]) + times.months["energisation"]
    return done


def _needed(names: tuple[str, ...]) -> list[str]:
    """Return activities with all they wait for, in the order of the graph."""
    wanted, left = set(names), list(names)
    while left:
        for other in GRAPH[left.pop()].after:
            wanted.add(other)
            left.append(other)
    return [name for name in GRAPH if name in wanted]


def facts_of(times: Durations, done: Finish) -> tuple[str, ...]:
    """Return the ids of the facts that a path hangs on: those of its own activities and of the ramp."""
    unused = {activity.fact for name, activity in GRAPH.items() if name not in done.slack}
    if "mobile" not in done.slack:
        unused.add(FACTS + "mobile_power")
    return tuple(name for name in times.reads if name not in unused)


def reaches(times: Durations, done: Finish, path: str, mw: float) -> Array:
    """Return the months until a site runs a power, axis (draw).

    Parameters
    ----------
    times, done, path
        Activities, their finish, and the path.
    mw
        Facility power [MW].

    Notes
    -----
    First block on the day of first power, then a steady ramp. On a bridge, power beyond that of the
    leased turbines waits for the grid.
    """
    ramped = done.first + np.maximum(mw - times.first_block, 0.0) / times.ramp
    if path != "bridge":
        return ramped
    return np.where(mw <= times.mobile_power, ramped, np.maximum(ramped, done.grid))
