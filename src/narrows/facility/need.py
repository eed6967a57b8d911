"""What one MW of IT takes of the layers of Day 6, from the laws of plant, electrical chain and rack.

The map takes `narrows.facility.hall_power.per_it_draws` of each design; the rest is offered beside it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.catalog import PointReader, Reader, default
from narrows.compute.holdings import held
from narrows.draws import MOST_DRAWS, quantiles
from narrows.errors import UnknownNameError, UsageError
from narrows.facility.electrical import TERMS, layout_of
from narrows.facility.hall_power import (
    AIR,
    LIQUID,
    PLATES,
    TYPED,
    halls_draws,
    per_it_draws,
    ratio_draws,
)
from narrows.facility.plant import AGES, REDUNDANCY
from narrows.facility.rack import families
from narrows.facility.weather import weather
from narrows.systems.figures import chip_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from narrows.catalog import Catalog

    Floats = NDArray[np.float64]

__all__ = ["TEXTS", "Line", "SiteNeed", "need", "need_draws", "racks"]

FACTOR, PASSED = "electrical.power_factor", "electrical.transformations"
UNIT, USABLE = "supply.unit.ocgt", "data_hall.utilisation"
BAND = (0.05, 0.5, 0.95)
TEXTS = {
    "facility_mw": (
        "MW/MW",
        "facility power over IT power in the worst hour, all racks at full power",
    ),
    "transformer_mva": (
        "MVA/MW",
        "facility power x transformations x units that stand / units that carry / power factor",
    ),
    "switchgear_mva": ("MVA/MW", "facility power x units that stand / units that carry / power factor"),
    "ups_mva": (
        "MVA/MW",
        "power of racks and their distribution x units that stand / units that carry / power factor",
    ),
    "liquid_kw": (
        "kW/MW",
        "share of heat that the coolant of cold plates takes; 0 for a rack that air cools",
    ),
    "air_kw": ("kW/MW", "the rest of the heat of the racks"),
    "onsite_mw": ("MW/MW", "turbines that carry the facility, whole units and one more, where no grid comes"),
    "hall_mw": ("MW/MW", "1 / share of completed power of a hall that is usable"),
}
"""Unit and formula by quantity."""
REDUNDANCIES = ("N+1", "N", "2N")
"""Redundancies by name, the usual one first."""
CAMPUS_MW = 100.0
"""IT power of the site where none is asked for [MW]."""
KW_PER_MW, WATTS_PER_KW, WATTS_PER_MW = 1e3, 1e3, 1e6
HALF = 0.5
RACK = 32
"""A system with so many accelerators fills a rack; smaller ones are servers that share one."""


@dataclass(frozen=True, slots=True)
class Line:
    """One need.

    Parameters
    ----------
    name
        Quantity.
    p05, p50, p95
        Quantiles over draws [unit].
    unit, formula
        As text.
    taken
        What the map takes [unit]; None where it takes nothing of the kind.
    typed
        What is stated in its place [unit]; None where nothing is.
    statement
        Id of the fact that states it; empty where none does.
    reads
        Ids of the facts.
    """

    name: str
    p05: float
    p50: float
    p95: float
    unit: str
    formula: str
    taken: float | None
    typed: float | None
    statement: str
    reads: tuple[str, ...]

    @property
    def gap(self) -> float | None:
        """The median over what is stated, less 1; None where nothing is stated or nothing is needed."""
        return self.p50 / self.typed - 1 if self.typed and self.p50 else None


@dataclass(frozen=True, slots=True)
class SiteNeed:
    """What one MW of IT takes.

    Parameters
    ----------
    rack, heat
        The generation or system as asked, and how its heat leaves: ``air`` or ``direct liquid``.
    rack_kw
        Heat of one rack [kW]; None where no system of the generation is held.
    place, age, redundancy
        City or weather file, class of hall, and redundancy; place and age empty for the mix of the map.
    it_mw
        IT power of the site [MW], which decides how many units of generation stand.
    lines
        By quantity.
    draws, seed
        As asked.
    """

    rack: str
    heat: str
    rack_kw: float | None
    place: str
    age: str
    redundancy: str
    it_mw: float
    lines: dict[str, Line]
    draws: int
    seed: int

    def to_json(self) -> dict[str, Any]:
        """Return the answer as plain data."""
        lines = {name: {**asdict(line), "gap": line.gap} for name, line in self.lines.items()}
        return {name: getattr(self, name) for name in self.__dataclass_fields__} | {"lines": lines}


def need(
    rack: str,
    *,
    place: str = "",
    age: str = "",
    redundancy: str = REDUNDANCIES[0],
    it_mw: float = CAMPUS_MW,
    draws: int = 10_000,
    seed: int = 1,
    catalog: Catalog | None = None,
) -> SiteNeed:
    """Return what one MW of IT takes of every layer of Day 6, with doubt.

    Parameters
    ----------
    rack
        A design of the map such as ``blackwell``, or a system such as ``gb200_nvl72``.
    place
        City or weather file; the hour that stands for the shipped cities if left out.
    age
        Class of the hall; the mix that the map takes if left out.
    redundancy
        ``N``, ``N+1`` or ``2N``.
    it_mw
        IT power of the site [MW].
    draws, seed
        Number and seed of the draws.
    catalog
        Facts; those that come with narrows if left out.

    Raises
    ------
    UnknownNameError
        No such design or system, place, class or redundancy.
    UsageError
        A number is out of range.

    Examples
    --------
    >>> found = need("gb200_nvl72", draws=300)
    >>> found.heat, round(found.rack_kw), 1.1 < found.lines["facility_mw"].p50 < 1.3
    ('direct liquid', 132, True)
    >>> need("hopper", draws=300).lines["liquid_kw"].p50
    0.0
    """
    _check(age, redundancy, it_mw, draws)
    facts = catalog or default()
    design, kw, heat = _rack(rack, facts)
    reader = Reader(facts, seed, draws)
    makes = _Needs(heat, reader, place=place, age=age, redundancy=redundancy, it_mw=it_mw)
    beside = _beside(design, facts)
    lines = {}
    for name, make in makes.table().items():
        with reader.chain() as chain:
            values = make()
        low, middle, high = (float(each) for each in quantiles(values, BAND))
        taken, typed, statement = beside.get(name, (None, None, ""))
        lines[name] = Line(name, low, middle, high, *TEXTS[name], taken, typed, statement, chain.reads)
    return SiteNeed(rack, heat, kw, place, age, redundancy, it_mw, lines, draws, seed)


def need_draws(rack: str, quantity: str, reader: Reader) -> Floats:
    """Return the draws of one need of one MW of IT, in the unit of `TEXTS`; axis (draw).

    Parameters
    ----------
    rack
        A design of the map, or a system.
    quantity
        One of `TEXTS`.
    reader
        The reading of the catalogue.

    Examples
    --------
    >>> bool(np.median(need_draws("gb200_nvl72", "transformer_mva", Reader(default(), 1, 100))) > 2)
    True
    """
    _, _, heat = _rack(rack, reader.catalog)
    return _Needs(heat, reader, place="", age="", redundancy=REDUNDANCIES[0], it_mw=CAMPUS_MW).table()[
        quantity
    ]()


def racks(catalog: Catalog | None = None) -> tuple[str, ...]:
    """Return the names that `need` takes: designs of the map, then systems with a power.

    Examples
    --------
    >>> "blackwell" in racks() and "gb200_nvl72" in racks()
    True
    """
    facts = catalog or default()
    systems = held("system", facts)
    return (*(design.id for design in facts.designs), *(one for one in systems if "power" in systems[one]))


def _check(age: str, redundancy: str, it_mw: float, draws: int) -> None:
    if age and age not in AGES:
        raise UnknownNameError("class of halls", age, AGES, remedy="Leave --age out for the mix of the map")
    if redundancy not in REDUNDANCY:
        raise UnknownNameError("redundancy", redundancy, REDUNDANCY, remedy="Write N, N+1 or 2N")
    if not 0 < it_mw < float("inf") or not 1 <= draws <= MOST_DRAWS:
        raise UsageError(
            f"The IT power is {it_mw:g} MW, the number of draws {draws}",
            f"IT power is above 0, draws are 1 to {MOST_DRAWS}",
            "Give numbers in range",
        )


def _rack(asked: str, facts: Catalog) -> tuple[str, float | None, str]:
    """Return the design of the map that a name means, the heat of its rack [kW], and how that leaves."""
    name = asked if asked in racks(facts) else asked.lower().replace("-", "_").replace(" ", "_")
    designs = {design.id: design.chip for design in facts.designs}
    systems = held("system", facts)
    if name in designs:
        mine = [one for one in systems if designs[name] and chip_of(one, facts) == designs[name]]
        whole = [one for one in mine if "power" in systems[one] and systems[one]["gpus"][0].value >= RACK]
        if not whole:
            return name, None, LIQUID if _in_liquid(name, facts) > HALF else AIR
        largest = max(whole, key=lambda one: systems[one]["gpus"][0].value)
        kw = _kw(largest, facts)
        return name, kw, _path(kw, facts)
    if name not in racks(facts):
        raise UnknownNameError(
            "design or system", asked, racks(facts), remedy="Name a design of the map, or a system"
        )
    chip = chip_of(name, facts)
    kw = _kw(name, facts)
    return next((one for one, its in designs.items() if its and its == chip), ""), kw, _path(kw, facts)


def _kw(name: str, facts: Catalog) -> float:
    """Return the heat of one rack of a system [kW]; one that fills several spreads its heat over them."""
    spread = f"cooling.racks.{name}"
    count = facts.fact(spread).canonical_value if facts.has(spread) else 1.0
    return facts.fact(f"system.{name}.power").canonical_value / WATTS_PER_KW / count


def _path(kw: float, facts: Catalog) -> str:
    """Return how the heat of a rack leaves: cold plates where it is beyond what air takes."""
    return AIR if kw <= families(facts)[0].most_kw else LIQUID


def _in_liquid(design: str, facts: Catalog) -> float:
    """Return the share of the power of a design that is stated to be cooled by liquid."""
    return facts.fact(f"{design}.liquid_kw").canonical_value / facts.fact(f"{design}.it_kw").canonical_value


def _beside(design: str, facts: Catalog) -> dict[str, tuple[float | None, float | None, str]]:
    """Return what the map takes, what is stated, and the fact that states it, by quantity."""
    found: dict[str, tuple[float | None, float | None, str]] = {}
    stated = facts.fact(TYPED).canonical_value
    if design:
        point = PointReader(facts)
        it_kw, liquid_kw = (point.draws(f"{design}.{name}") for name in ("it_kw", "liquid_kw"))
        taken = float(per_it_draws(it_kw, liquid_kw, halls_draws(point))[0])
        liquid = KW_PER_MW * _in_liquid(design, facts)
        found["liquid_kw"] = (liquid, liquid, f"{design}.liquid_kw")
        found["facility_mw"] = (taken, stated, TYPED)
    else:
        found["facility_mw"] = (None, stated, TYPED)
    found["onsite_mw"] = (found["facility_mw"][0], stated, TYPED)
    found["hall_mw"] = (1.0, None, "")
    return found


class _Needs:
    """The needs of one rack at one site as draws, axis (draw)."""

    def __init__(
        self, heat: str, reader: Reader, *, place: str, age: str, redundancy: str, it_mw: float
    ) -> None:
        self.heat, self.reader, self.it_mw = heat, reader, it_mw
        self.year, self.age, self.redundancy = weather(place) if place else None, age, redundancy
        layout = layout_of(redundancy)
        self.stands = layout.installed / layout.needed

    def table(self) -> dict[str, Callable[[], Floats]]:
        """Return the function of each quantity."""
        return {
            "facility_mw": self.facility,
            "transformer_mva": lambda: self.switchgear() * self.reader.draws(PASSED),
            "switchgear_mva": self.switchgear,
            "ups_mva": self.ups,
            "liquid_kw": self.liquid,
            "air_kw": lambda: KW_PER_MW - self.liquid(),
            "onsite_mw": self.onsite,
            "hall_mw": lambda: 1.0 / self.reader.draws(USABLE),
        }

    def facility(self) -> Floats:
        """Return facility power over IT power in the worst hour."""
        return ratio_draws(self.heat, self.reader, year=self.year, age=self.age, redundancy=self.redundancy)

    def switchgear(self) -> Floats:
        """Return the rating of switchgear, once for each level [MVA/MW]."""
        return self.facility() * self.stands / self.reader.draws(FACTOR)

    def ups(self) -> Floats:
        """Return the rating of the UPS, which carries racks and their distribution [MVA/MW]."""
        lost = [
            self.reader.draws(f"electrical.pdu.{term}")
            for term in TERMS
            if self.reader.catalog.has(f"electrical.pdu.{term}")
        ]
        behind = 1.0 + np.sum(lost, axis=0)
        return np.asarray(behind * self.stands / self.reader.draws(FACTOR))

    def liquid(self) -> Floats:
        """Return the heat in liquid [kW/MW]."""
        if self.heat == AIR:
            return np.zeros(self.reader.n)
        return KW_PER_MW * self.reader.draws(PLATES)

    def onsite(self) -> Floats:
        """Return the generation that carries the facility with one unit out [MW/MW]."""
        unit = self.reader.draws(UNIT) / WATTS_PER_MW
        return (np.ceil(self.facility() * self.it_mw / unit) + 1.0) * unit / self.it_mw
