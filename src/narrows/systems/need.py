"""What one accelerator needs of every layer, from physics: wafers, stacks, packages, optics, ports, power.

The names of the quantities are those of the map's recipes, so that both can be laid side by side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from narrows.catalog import Reader, default
from narrows.compute.holdings import held, resolved
from narrows.compute.silicon import dies_per_wafer, good_share, sides
from narrows.errors import DataError
from narrows.systems.figures import chip_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from narrows.catalog.catalog import Catalog

    Floats = NDArray[np.float64]

__all__ = ["FORMULAS", "Line", "Need", "need", "need_draws", "need_reads"]

BAND = (5.0, 50.0, 95.0)
FORMULAS = {
    "packages_per_logic_wafer": ("package/wafer", "dies on a wafer x good share / dies of a package"),
    "packages_per_cowos_wafer": ("package/wafer", "interposers on a wafer, area = (dies + stacks) x rim"),
    "hbm_stacks": ("stack", "stacks of the chip"),
    "hbm_gb": ("GB", "memory of the chip"),
    "dram_dies_per_stack": ("die/stack", "memory / stacks / capacity of a die"),
    "dram_dies_per_wafer": ("die/wafer", "memory dies on a wafer, before yield"),
    "transceivers": ("transceiver", "2 x tiers x optical share x link / 800 Gbit/s"),
    "switch_ports": ("port", "(2 x tiers - 1) x link / 800 Gbit/s"),
    "it_kw": ("kW", "IT power of the system / its accelerators + modules of the network"),
    "racks": ("rack", "1 / accelerators of the system"),
}
"""Unit and formula by quantity."""
FOURS = 4.0
"""Stacks have 4, 8, 12 or 16 dies; GiB and GB cannot be told apart below that."""
RACK = 32
"""A system with so many accelerators is a rack, not a server."""


@dataclass(frozen=True, slots=True)
class Line:
    """One need.

    Parameters
    ----------
    name
        Quantity, as the recipes of the map call it.
    p05, p50, p95
        Quantiles over draws [unit].
    unit, formula
        As text.
    reads
        Ids of the facts.
    """

    name: str
    p05: float
    p50: float
    p95: float
    unit: str
    formula: str
    reads: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Need:
    """What one accelerator needs.

    Parameters
    ----------
    chip
        Name in the catalogue.
    lines
        By quantity; only what the facts of the chip allow.
    missing
        Quantities that are not known, and what lacks.
    draws, seed
        As asked.
    """

    chip: str
    lines: dict[str, Line]
    missing: dict[str, str]
    draws: int
    seed: int


class _Parts:
    """The facts of one chip as draws."""

    def __init__(self, chip: str, reader: Reader) -> None:
        self.chip, self.reader = chip, reader
        self.catalog = reader.catalog
        stacks = [word for word in held("chip", self.catalog)[chip] if word.startswith("stacks_")]
        self.stacks = stacks[0] if stacks else ""
        self.generation = f"hbm_generation.{self.stacks.removeprefix('stacks_')}"

    def of(self, quantity: str) -> Floats:
        """Return the draws of a quantity of the chip."""
        return self.reader.draws(f"chip.{self.chip}.{quantity}")

    def whole(self, name: str) -> Floats:
        """Return the draws of any fact."""
        return self.reader.draws(name)

    def dies(self) -> Floats:
        """Return the logic dies of a package: one where no count is held."""
        name = f"chip.{self.chip}.dies"
        return np.rint(self.whole(name)) if self.catalog.has(name) else np.ones(self.reader.n)

    def wafer(self, short: Floats, long: Floats) -> Floats:
        """Return the dies of a size on a wafer."""
        lane = self.whole("silicon.scribe_lane")
        return dies_per_wafer(
            short + lane,
            long + lane,
            self.whole("silicon.wafer_diameter"),
            self.whole("silicon.edge_exclusion"),
        )

    def logic(self) -> Floats:
        """Return packages for a wafer of logic."""
        dies = self.dies()
        area = self.of("die") / dies
        short, long = sides(area, self.whole("silicon.shape"))
        good = good_share(
            area,
            self.whole("silicon.defect_density"),
            self.whole("silicon.defect_clustering"),
            self.whole("silicon.salvaged_share"),
        )
        return self.wafer(short, long) * good / dies

    def interposers(self) -> Floats:
        """Return packages for a wafer of interposers."""
        parts = self.of("die") + np.rint(self.of(self.stacks)) * self.whole(f"{self.generation}.die_area")
        short, long = sides(parts * self.whole("silicon.interposer_over_parts"))
        return self.wafer(short, long)

    def dies_of_stack(self) -> Floats:
        """Return the memory dies of a stack: dies are stacked in fours."""
        size = self.of("memory") / np.rint(self.of(self.stacks))
        return FOURS * np.maximum(np.rint(size / self.whole(f"{self.generation}.die_capacity") / FOURS), 1.0)

    def memory_dies(self) -> Floats:
        """Return the memory dies on a wafer."""
        return self.wafer(*sides(self.whole(f"{self.generation}.die_area")))

    def links(self) -> Floats:
        """Return the scale-out link in reference ports: as deployed where that is held."""
        deployed = f"cluster.{self.chip}.scale_out"
        rate = self.whole(deployed) if self.catalog.has(deployed) else self.of("scale_out")
        return rate / self.whole("fabric.reference_rate")

    def modules(self) -> Floats:
        """Return the optical modules, in reference ports."""
        return 2.0 * self.whole("fabric.tiers") * self.whole("fabric.optical_share") * self.links()

    def ports(self) -> Floats:
        """Return the switch ports, in reference ports."""
        return (2.0 * self.whole("fabric.tiers") - 1.0) * self.links()

    def system(self) -> str:
        """Return the largest system of the chip.

        Raises
        ------
        DataError
            There is none.
        """
        systems = held("system", self.catalog)
        mine = [
            name for name in systems if chip_of(name, self.catalog) == self.chip and "power" in systems[name]
        ]
        if not mine:
            raise DataError(
                f"No system of {self.chip!r} is held", "A system has power and accelerators", "Add its facts"
            )
        return max(mine, key=lambda name: systems[name]["gpus"][0].value)

    def power(self) -> Floats:
        """Return the IT power of one accelerator with its share of the system and of the network [kW]."""
        name = f"system.{self.system()}"
        alone = self.whole(f"{name}.power") / self.whole(f"{name}.gpus")
        return (alone + self.modules() * self.whole("part.module_800g.power")) / 1e3

    def racks(self) -> Floats:
        """Return the racks of one accelerator.

        Raises
        ------
        DataError
            Its system is a server.
        """
        gpus = self.whole(f"system.{self.system()}.gpus")
        if gpus[0] < RACK:
            raise DataError(
                f"{self.system()!r} is a server", "A rack-scale system is a rack", "Ask for another chip"
            )
        return 1.0 / gpus


def need(chip: str, *, draws: int = 10_000, seed: int = 1, catalog: Catalog | None = None) -> Need:
    """Return what one accelerator needs of every layer, with doubt.

    Parameters
    ----------
    chip
        A name such as ``h100_sxm``; ``h100`` means the same.
    draws, seed
        Number and seed of the draws.
    catalog
        Facts; those that come with narrows if left out.

    Raises
    ------
    UnknownNameError
        No such chip; the error names the nearest.

    Examples
    --------
    >>> found = need("h100", draws=400)
    >>> 40 < found.lines["packages_per_logic_wafer"].p50 < 60, found.lines["hbm_stacks"].p50
    (True, 5.0)
    """
    facts = catalog or default()
    name = resolved("chip", chip, held("chip", facts), "systems")
    reader = Reader(facts, seed, draws)
    parts = _Parts(name, reader)
    lines, missing = {}, {}
    for word, make in _makes(parts).items():
        lacking = _lacking(word, parts)
        if lacking:
            missing[word] = lacking
            continue
        try:
            with reader.chain() as chain:
                values = make()
        except DataError as problem:
            missing[word] = problem.given
            continue
        low, middle, high = (float(each) for each in np.percentile(values, BAND))
        lines[word] = Line(word, low, middle, high, *FORMULAS[word], chain.reads)
    return Need(name, lines, missing, draws, seed)


def _makes(parts: _Parts) -> dict[str, Callable[[], Floats]]:
    """Return the function of each quantity."""
    return {
        "packages_per_logic_wafer": parts.logic,
        "packages_per_cowos_wafer": parts.interposers,
        "hbm_stacks": lambda: np.rint(parts.of(parts.stacks)),
        "hbm_gb": lambda: parts.of("memory") / 1e9,
        "dram_dies_per_stack": parts.dies_of_stack,
        "dram_dies_per_wafer": parts.memory_dies,
        "transceivers": parts.modules,
        "switch_ports": parts.ports,
        "it_kw": parts.power,
        "racks": parts.racks,
    }


def need_draws(chip: str, quantity: str, reader: Reader) -> Floats:
    """Return the draws of one need of a chip, in the unit of `FORMULAS`; axis (draw).

    Parameters
    ----------
    chip
        Id in the catalogue, such as ``gb200``.
    quantity
        One of `FORMULAS`.
    reader
        The reading of the catalogue: its seed, draws and day.

    Raises
    ------
    DataError
        The catalogue lacks a fact of the chip, or did not know it on the day asked for.

    Examples
    --------
    >>> float(np.median(need_draws("gb200", "packages_per_logic_wafer", Reader(default(), 1, 400)))) > 20
    True
    """
    parts = _Parts(chip, reader)
    lacking = _lacking(quantity, parts)
    if lacking:
        raise DataError(
            f"The need {quantity!r} of {chip!r} cannot be computed: {lacking}",
            "A computed recipe has all facts of its chip",
            f"Type the fact, or the recipe <design>.{quantity}",
        )
    return _makes(parts)[quantity]()


def need_reads(chip: str, quantity: str, catalog: Catalog) -> tuple[str, ...]:
    """Return the ids of the facts behind one need of a chip.

    Parameters
    ----------
    chip, quantity
        As in `need_draws`.
    catalog
        Facts.
    """
    reader = Reader(catalog, 1, 1)
    with reader.chain() as chain:
        need_draws(chip, quantity, reader)
    return chain.reads


USES = {
    "packages_per_logic_wafer": ("die",),
    "packages_per_cowos_wafer": ("die", "stacks"),
    "hbm_stacks": ("stacks",),
    "hbm_gb": ("memory",),
    "dram_dies_per_stack": ("memory", "stacks"),
    "dram_dies_per_wafer": ("stacks",),
    "transceivers": ("scale_out",),
    "switch_ports": ("scale_out",),
    "it_kw": ("scale_out",),
    "racks": (),
}
"""Facts of the chip that a need reads."""


def _lacking(word: str, parts: _Parts) -> str:
    """Return what the catalogue lacks for a need, empty for nothing."""
    table: Iterable[str] = held("chip", parts.catalog)[parts.chip]
    names = {*table, "stacks"} if parts.stacks else set(table)
    lacking = [quantity for quantity in USES[word] if quantity not in names]
    return f"the catalogue holds no {' and no '.join(lacking)} of {parts.chip}" if lacking else ""
