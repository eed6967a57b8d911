"""Ways to supply a campus: what each may build, and when each gives first power."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from narrows.catalog import Reader, default
from narrows.errors import UnknownNameError
from narrows.facility.power_path import MONTH_S, Durations, durations, hall_after, source_months

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from narrows.catalog import Catalog

    Floats = NDArray[np.float64]

__all__ = ["CARRIERS", "DATED", "WAYS", "WAY_NAMES", "allowed_by", "in_time", "stated", "way_months"]

WAYS: dict[str, tuple[str, ...]] = {
    "grid": (),
    "ppa": ("ppa_pv", "ppa_wind"),
    "renewable": ("pv", "wind"),
    "battery": ("battery", "inverter"),
    "turbines": ("ocgt",),
    "combined_cycle": ("ccgt",),
    "fuel_cell": ("fuel_cell",),
    "smr": ("smr",),
}
"""Parts of the linear program by way."""
WAY_NAMES = {
    "grid": "grid",
    "ppa": "contracts for sun and wind",
    "renewable": "own sun and wind",
    "battery": "battery",
    "turbines": "small turbines",
    "combined_cycle": "combined cycle",
    "fuel_cell": "fuel cells",
    "smr": "small reactors",
}
CARRIERS = ("grid", "turbines", "combined_cycle", "fuel_cell", "smr")
"""Ways that can carry a campus alone."""
DATED = ("smr",)
"""Ways that count only where they are named, or where there is time for them."""
SOURCES = {"grid": "grid", "ppa": "grid", "turbines": "engines", "fuel_cell": "fuel_cells"}
"""Source of the critical path by way."""
LEADS = {
    "renewable": "supply.lead.renewable",
    "battery": "supply.lead.renewable",
    "combined_cycle": "combined_cycle.lead_time.2025",
    "smr": "supply.lead.smr",
}
"""Lead time of plant that the critical path does not know, by way."""


def stated(name: str, catalog: Catalog | None = None) -> float:
    """Return the stated value of a fact of supply, in its own unit.

    Examples
    --------
    >>> stated("grid_outage")
    4.0
    """
    return float((catalog or default()).fact(f"supply.{name}").value)


def way_months(reader: Reader, mw: float, times: Durations | None = None) -> dict[str, Floats]:
    """Return the months from the first works to first power by way, axis (draw).

    Parameters
    ----------
    reader
        Facts and draws.
    mw
        Power of the campus [MW].
    times
        Activities of the critical path, if drawn before.

    Notes
    -----
    First power comes when hall, supply and energisation have ended, as in `narrows.facility.power_date`.
    Contracts come through the grid and are signed while it is built.

    Examples
    --------
    >>> months = way_months(Reader(default(), seed=1, n=500), 100.0)
    >>> float(np.median(months["fuel_cell"])) < float(np.median(months["grid"])) < float(
    ...     np.median(months["smr"])
    ... )
    True
    """
    times = durations(mw, reader=reader) if times is None else times
    found = {way: source_months(times, source) for way, source in SOURCES.items()}
    found |= {way: hall_after(times, reader.draws(lead) / MONTH_S) for way, lead in LEADS.items()}
    return {way: found[way] for way in WAYS}


def in_time(months: dict[str, Floats], within: float | None) -> tuple[str, ...]:
    """Return the ways whose median date lies within some months; the dated ways are left out of None.

    Parameters
    ----------
    months
        Months to first power by way, axis (draw).
    within
        Patience [month]; None for no limit.
    """
    if within is None:
        return tuple(way for way in WAYS if way not in DATED)
    return tuple(way for way in WAYS if float(np.median(months[way])) <= within)


def allowed_by(ways: Iterable[str]) -> tuple[str, ...]:
    """Return the parts of the linear program that some ways may build.

    Parameters
    ----------
    ways
        Names of `WAYS`.

    Raises
    ------
    UnknownNameError
        A way has no such name.

    Examples
    --------
    >>> allowed_by(["turbines", "battery"])
    ('battery', 'inverter', 'ocgt')
    """
    asked = list(ways)
    for way in asked:
        if way not in WAYS:
            raise UnknownNameError("way of supply", way, WAYS, remedy="Choose among them")
    return tuple(part for way, parts in WAYS.items() if way in asked for part in parts)
