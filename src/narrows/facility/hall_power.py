"""Facility power over IT power of the halls that the map mixes, by design, in every draw of the facts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from narrows.catalog import Reader, default
from narrows.catalog.fact import SCENARIO
from narrows.facility.design_hour import peak_ratio, typical_hour, worst_hours
from narrows.facility.plant import Design

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from narrows.catalog import Catalog
    from narrows.facility.design_hour import DesignHour
    from narrows.facility.weather import Weather

    Floats = NDArray[np.float64]

__all__ = [
    "AIR",
    "FORMULAS",
    "HALLS",
    "LIQUID",
    "PLATES",
    "TYPED",
    "Hall",
    "Halls",
    "halls_draws",
    "overruled",
    "per_it_draws",
    "per_it_reads",
    "ratio_draws",
]

AIR, LIQUID = "air", "direct liquid"
"""How heat leaves a rack, as designs of plant say it."""
CAMPUS, DRY, PLATES = "site_need.campus_share", "site_need.dry_share", "plant.heat.liquid_share"
ERROR = "site_need.law_error"
TYPED = "facility.per_it"
"""Statement of others on facility power over IT power, beside which the law is set."""
FORMULAS = {
    "per_it": (
        "ratio",
        (
            "facility power over IT power in the worst hour, full load: halls of air and of cold plates by "
            "the share of heat in liquid, over two classes of halls and two ways to reject heat"
        ),
    ),
}
"""Unit and formula of what the map computes of every design: no chip says it, the halls do."""


@dataclass(frozen=True, slots=True)
class Hall:
    """One kind of hall of the mix.

    Parameters
    ----------
    line
        Its design in one line.
    campus, dry
        Whether it is of the class of large campuses, and whether it rejects heat to dry air.
    """

    line: str
    campus: bool
    dry: bool

    @property
    def design(self) -> Design:
        """The design."""
        return Design.parse(self.line)


HALLS = (
    Hall("air + towers, campus", campus=True, dry=False),
    Hall("air + dry coolers, campus", campus=True, dry=True),
    Hall("air + outside air, cloud, adiabatic", campus=False, dry=False),
    Hall("air + dry coolers, cloud", campus=False, dry=True),
    Hall("direct liquid + towers, campus", campus=True, dry=False),
    Hall("direct liquid + dry coolers, campus", campus=True, dry=True),
    Hall("direct liquid + towers, cloud", campus=False, dry=False),
    Hall("direct liquid + dry coolers, cloud", campus=False, dry=True),
)
"""Halls that the map mixes: as operators are declared to build, and the same with dry rejection."""


def ratio_draws(
    heat: str,
    reader: Reader,
    *,
    year: Weather | None = None,
    age: str = "",
    redundancy: str = "N+1",
) -> Floats:
    """Return facility power over IT power in the worst hour of the year [ratio], axis (draw).

    Parameters
    ----------
    heat
        ``air`` or ``direct liquid``.
    reader
        Where facts are drawn.
    year
        The weather of a place; the hour that stands for the shipped cities if left out.
    age
        Class of the hall; two classes by their share if left out.
    redundancy
        Of the electrical units.

    Notes
    -----
    r = e x sum over halls h of w_h r_h, with e the error of the law and w_h from the share c of the class of
    campuses and the share d of dry rejection: c d, c (1 - d), (1 - c) d, (1 - c)(1 - d). One draw is a mean
    over the sites of the world: where a single site stands is no doubt of it.

    Examples
    --------
    >>> reader = Reader(default(), 1, 200)
    >>> bool(np.median(ratio_draws("direct liquid", reader)) < np.median(ratio_draws("air", reader)))
    True
    """
    campus = reader.draws(CAMPUS) if not age else np.ones(reader.n)
    dry = reader.draws(DRY)
    found = np.zeros(reader.n)
    for hall in HALLS:
        if hall.design.heat != heat or (age and not hall.campus):
            continue
        design = replace(hall.design, redundancy=redundancy, age=age or hall.design.age)
        hours: DesignHour = worst_hours(design, year) if year else typical_hour(hall.design)
        weight = (campus if hall.campus else 1.0 - campus) * (dry if hall.dry else 1.0 - dry)
        found += weight * peak_ratio(design, hours, reader)
    return found * reader.draws(ERROR)


@dataclass(frozen=True, eq=False)
class Halls:
    """What halls take beyond IT power, drawn once for all designs.

    Parameters
    ----------
    air, liquid
        Facility power over IT power of halls of air and of cold plates [ratio], axis (draw).
    plates
        Share of the heat of a rack with cold plates that is in liquid [share], axis (draw).
    """

    air: Floats
    liquid: Floats
    plates: Floats


def halls_draws(reader: Reader) -> Halls:
    """Return the draws of what halls take, from the mix of halls that the map takes.

    Parameters
    ----------
    reader
        Where facts are drawn.
    """
    return Halls(ratio_draws(AIR, reader), ratio_draws(LIQUID, reader), reader.draws(PLATES))


@cache
def _halls_reads() -> tuple[str, ...]:
    reader = Reader(default(), 1, 1)
    with reader.chain() as chain:
        halls_draws(reader)
    return chain.reads


def per_it_reads(design: str) -> tuple[str, ...]:
    """Return the ids of the facts behind facility power over IT power of a design of the map.

    Parameters
    ----------
    design
        Id in the catalogue.

    Examples
    --------
    >>> per_it_reads("blackwell")[:2]
    ('blackwell.it_kw', 'blackwell.liquid_kw')
    """
    return f"{design}.it_kw", f"{design}.liquid_kw", *_halls_reads()


def overruled(catalog: Catalog) -> bool:
    """Return whether a scenario states facility power over IT power itself, so that no law gives it.

    Parameters
    ----------
    catalog
        Facts as asked for.
    """
    return catalog.has(TYPED) and catalog.fact(TYPED).source == SCENARIO


def per_it_draws(it_kw: Floats, liquid_kw: Floats, halls: Halls) -> Floats:
    """Return facility power over IT power of a design of the map in the worst hour [ratio], axis (draw).

    Parameters
    ----------
    it_kw, liquid_kw
        IT power and heat in liquid of one accelerator [W], axis (draw).
    halls
        What halls take.

    Notes
    -----
    r = (1 - s) r_air + s r_liquid with s = min(liquid / (IT x p), 1): of a rack with cold plates the share p
    of the heat is in liquid, so s is the share of the power of the design that stands in such racks.

    Examples
    --------
    >>> halls = halls_draws(Reader(default(), 1, 200))
    >>> half = per_it_draws(np.full(200, 1000.0), np.full(200, 400.0), halls)
    >>> bool(np.median(halls.liquid) < np.median(half) < np.median(halls.air))
    True
    """
    share = np.minimum(liquid_kw / (it_kw * halls.plates), 1.0)
    return np.asarray(halls.air + share * (halls.liquid - halls.air))
