"""The electrical chain of a site: losses by stage and load, redundancy, oversubscription, stranded power."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from narrows.catalog import PointReader, default
from narrows.draws import normal_cdf
from narrows.errors import UnknownNameError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from narrows.catalog import Catalog

    Array = NDArray[np.float64]

__all__ = [
    "REDUNDANCY",
    "Chain",
    "Layout",
    "Stage",
    "chain_of",
    "exceedance",
    "frontier",
    "frontier_group",
    "layout_of",
    "oversubscribed",
    "site_power",
    "stage_of",
]

STAGES = ("transformer", "ups", "pdu", "rectifier", "vrm")
"""Stages from the medium-voltage bus to the chip."""
TERMS = ("no_load", "linear", "square")
REDUNDANCY = ("N", "N+1", "2N", "4N/3")
SHARED = ("transformer", "ups", "pdu")
"""Stages that redundancy doubles; supplies of a rack stand in the rack."""
MOST_RACKS = 1_000_000
NODES = 4
"""Nodes on one rectifier of Frontier."""


@dataclass(frozen=True)
class Stage:
    """One stage whose loss follows its load.

    Parameters
    ----------
    name
        What it is.
    no_load, linear, square
        Loss over rating at load L (output over rating): no_load + linear L + square L^2.

    Examples
    --------
    >>> ups = Stage("ups", 0.008, 0.015, 0.014)
    >>> round(float(ups.efficiency(0.5)), 4)
    0.9634
    """

    name: str
    no_load: float
    linear: float
    square: float

    def loss(self, load: ArrayLike) -> Array:
        """Return the loss over the rating, for a load over the rating.

        Raises
        ------
        UsageError
            A load is not between 0 and 1.
        """
        share = np.asarray(load, dtype=np.float64)
        if not ((share >= 0) & (share <= 1)).all():
            raise UsageError(
                f"The stage {self.name} is loaded to {float(share.max()):g} of its rating",
                "A stage carries 0 to 1 of its rating",
                "Give it a higher rating, or more units",
            )
        found: Array = self.no_load + self.linear * share + self.square * share**2
        return found

    def efficiency(self, load: ArrayLike) -> Array:
        """Return output over input, 0 at no load."""
        share = np.asarray(load, dtype=np.float64)
        lost = self.loss(share)
        return share / np.maximum(share + lost, np.finfo(float).tiny)


@dataclass(frozen=True)
class Layout:
    """Units of a redundancy in a group, and how the load lies on them.

    Parameters
    ----------
    name
        ``N``, ``N+1``, ``2N`` or ``4N/3``.
    needed, installed
        Units that carry the load, and units that stand.
    """

    name: str
    needed: int
    installed: int

    @property
    def load(self) -> float:
        """Load of each unit over its rating while all run and the group carries its design load."""
        return float(Fraction(self.needed, self.installed))

    def stranded_kw(self, design_kw: float) -> float:
        """Return the capacity that stands unused at design load [kW]."""
        return design_kw * (self.installed - self.needed) / self.needed


def layout_of(name: str, units: int = 4) -> Layout:
    """Return a redundancy.

    Parameters
    ----------
    name
        ``N``, ``N+1``, ``2N`` or ``4N/3``.
    units
        Units that carry the load where one more is spare.

    Raises
    ------
    UnknownNameError
        No such redundancy.
    UsageError
        There is no unit.

    Examples
    --------
    >>> [layout_of(name).load for name in REDUNDANCY]
    [1.0, 0.8, 0.5, 0.75]
    """
    if units < 1:
        raise UsageError(f"The group has {units} units", "A group has 1 unit or more", "Give 4 units")
    kinds = {"N": (units, units), "N+1": (units, units + 1), "2N": (units, 2 * units), "4N/3": (3, 4)}
    if name not in kinds:
        raise UnknownNameError("redundancy", name, REDUNDANCY, remedy="Write N, N+1, 2N or 4N/3")
    return Layout(name, *kinds[name])


def stage_of(name: str, catalog: Catalog | None = None) -> Stage:
    """Return a stage by its facts; a term without a fact is none.

    Raises
    ------
    UnknownNameError
        No such stage.
    """
    if name not in STAGES:
        raise UnknownNameError("stage", name, STAGES, remedy="Name a stage of the chain")
    held = catalog or default()
    read = PointReader(held)
    ids = [f"electrical.{name}.{term}" for term in TERMS]
    return Stage(name, *(float(read.point(id_)) if held.has(id_) else 0.0 for id_ in ids))


@dataclass(frozen=True)
class Chain:
    """The chain at one load.

    Parameters
    ----------
    stages
        Efficiency of each stage, from the grid to the load, by its name.
    layout
        The redundancy.
    it_kw, input_kw
        Power that reaches the load, and power at the first stage [kW].
    stranded_kw
        Capacity of shared stages that stands unused at the design load [kW].
    """

    stages: dict[str, float]
    layout: Layout
    it_kw: float
    input_kw: float
    stranded_kw: float

    @property
    def efficiency(self) -> float:
        """Power that reaches the load over power taken."""
        return self.it_kw / self.input_kw


def chain_of(
    it_kw: float,
    design_kw: float,
    redundancy: str = "N",
    *,
    units: int = 4,
    stages: Sequence[str] = ("transformer", "ups", "pdu", "rectifier"),
    catalog: Catalog | None = None,
) -> Chain:
    """Return the losses of the chain at a load.

    Parameters
    ----------
    it_kw, design_kw
        Load, and the load that the chain is built for [kW].
    redundancy, units
        See `layout_of`.
    stages
        Stages from the grid to the load; ``vrm`` may follow the rectifier.
    catalog
        Facts.

    Raises
    ------
    UsageError
        The load is not above 0 and up to the design load.

    Notes
    -----
    A group with n of m units needed is rated m/n of its design load, so that each unit runs at n/m of
    the share of the load. A stage is rated so that it carries the design load of what follows it.

    Examples
    --------
    >>> single, double = (chain_of(800, 1000, name).efficiency for name in ("N", "2N"))
    >>> single > double
    True
    """
    if not 0 < it_kw <= design_kw:
        raise UsageError(
            f"The load is {it_kw:g} kW on a chain built for {design_kw:g} kW",
            "A load is above 0 and up to that of the design",
            "Give a chain built for more",
        )
    layout = layout_of(redundancy, units)
    found: dict[str, float] = {}
    power, design = it_kw, design_kw
    for name in reversed(stages):
        stage = stage_of(name, catalog)
        share = layout.load if name in SHARED else 1.0
        efficiency = _spread(stage, power / design, share)
        found[name] = efficiency
        power /= efficiency
        design /= float(stage.efficiency(1.0))
    ordered = {name: found[name] for name in stages}
    return Chain(ordered, layout, it_kw, power, layout.stranded_kw(design_kw))


def _spread(stage: Stage, load: float, share: float) -> float:
    """Return the efficiency of a group whose units run at a part of the load.

    No-load losses rise with the units that stand; losses in windings fall with the square of the current
    in each. Near full load the curve alone would make redundancy save energy. That gain is not credited:
    it hangs on the split of loss into its parts, which ratings do not tell.
    """
    single, spread = stage.efficiency(min(load, 1.0)), stage.efficiency(min(load, 1.0) * share)
    return float(np.minimum(single, spread))


def exceedance(
    racks: int, rating_kw: float, limit_kw: float, *, mean: float, spread: float, correlation: float = 0.0
) -> float:
    """Return the probability that racks draw more than a limit together.

    Parameters
    ----------
    racks, rating_kw
        Racks on one feed, and the rating of each [kW].
    limit_kw
        What the feed carries [kW].
    mean, spread
        Mean draw of a rack over its rating, and its standard deviation over the rating.
    correlation
        Correlation of two racks: one training job moves them together.

    Raises
    ------
    UsageError
        A number is out of range.

    Notes
    -----
    Normal tail of the sum: variance n s^2 (1 + (n - 1) c).

    Examples
    --------
    >>> apart = exceedance(20, 100, 1700, mean=0.8, spread=0.1)
    >>> together = exceedance(20, 100, 1700, mean=0.8, spread=0.1, correlation=0.9)
    >>> apart < together
    True
    """
    if not (1 <= racks <= MOST_RACKS and rating_kw > 0 and limit_kw > 0):
        raise UsageError(
            f"There are {racks} racks of {rating_kw:g} kW on {limit_kw:g} kW",
            "Racks, their rating and the limit are above 0",
            "Give, for instance, 20 racks of 100 kW on 1700 kW",
        )
    if not (0 <= mean <= 1 and spread >= 0 and 0 <= correlation <= 1):
        raise UsageError(
            f"The draw has mean {mean:g}, spread {spread:g} and correlation {correlation:g}",
            "Mean and correlation are 0 to 1, the spread is 0 or more",
            "Give, for instance, 0.8, 0.1 and 0.5",
        )
    wide = rating_kw * spread * math.sqrt(racks * (1 + (racks - 1) * correlation))
    over = racks * rating_kw * mean - limit_kw
    if wide == 0:
        return float(over > 0)
    return float(normal_cdf(over / wide))


def oversubscribed(
    rating_kw: float,
    limit_kw: float,
    *,
    risk: float,
    mean: float,
    spread: float,
    correlation: float = 0.0,
) -> int:
    """Return the most racks on a feed whose draw exceeds the limit with at most a risk.

    Parameters
    ----------
    rating_kw, limit_kw, mean, spread, correlation
        See `exceedance`.
    risk
        Highest probability of exceeding the limit [share].

    Raises
    ------
    UsageError
        Not even one rack may be fed, or a number is out of range.

    Examples
    --------
    >>> oversubscribed(100, 2000, risk=0.001, mean=0.8, spread=0.1)
    23
    """
    if not 0 < risk < 1:
        raise UsageError(f"The risk is {risk:g}", "A risk lies between 0 and 1", "Give, for instance, 0.001")
    least, most = 0, MOST_RACKS
    while least < most:
        middle = (least + most + 1) // 2
        tail = exceedance(middle, rating_kw, limit_kw, mean=mean, spread=spread, correlation=correlation)
        least, most = (middle, most) if tail <= risk else (least, middle - 1)
    if least == 0:
        raise UsageError(
            f"One rack of {rating_kw:g} kW exceeds {limit_kw:g} kW with a probability above {risk:g}",
            "A feed carries at least one rack",
            "Give a larger feed or a higher risk",
        )
    return least


def site_power(it_mw: float, *, design_pue: float, annual_pue: float, hours: float) -> tuple[float, float]:
    """Return the grid connection [MW] and the energy of a period [MWh] of an IT load.

    Parameters
    ----------
    it_mw
        IT power, constant [MW].
    design_pue, annual_pue
        PUE of the worst hour, which sizes the site, and of the year, which pays.
    hours
        Length of the period [h].

    Raises
    ------
    UsageError
        The PUE of the year is below 1 or above that of the worst hour.

    Examples
    --------
    >>> connection, energy = site_power(100, design_pue=1.4, annual_pue=1.15, hours=8760)
    >>> round(connection), round(energy)
    (140, 1007400)
    """
    if not 1 <= annual_pue <= design_pue:
        raise UsageError(
            f"The PUE is {annual_pue:g} in the year and {design_pue:g} in the worst hour",
            "A PUE is 1 or more, and no mean is above the worst hour",
            "Exchange the two, or correct one",
        )
    return it_mw * design_pue, it_mw * annual_pue * hours


def frontier(node_w: ArrayLike, catalog: Catalog | None = None) -> Array:
    """Return the efficiency of Frontier's chain by the constants of RAPS.

    Parameters
    ----------
    node_w
        Power of a node behind its converter [W].

    Notes
    -----
    Input = (output + constant) / efficiency, first at each node, then at the rectifier of four nodes
    and a switch. Useful is what nodes and switch take.

    Examples
    --------
    >>> round(float(frontier(1880.0)), 3)
    0.933
    """
    useful, taken = frontier_group(node_w, catalog)
    return useful / taken


def frontier_group(node_w: ArrayLike, catalog: Catalog | None = None) -> tuple[Array, Array]:
    """Return what four nodes and a switch use, and what their rectifier takes [W], see `frontier`."""
    read = PointReader(catalog or default())

    def held(name: str) -> float:
        return float(read.point(f"electrical.raps.{name}"))

    node = np.asarray(node_w, dtype=np.float64)
    fed = (node + held("sivoc_constant")) / held("sivoc_efficiency")
    behind = NODES * fed + held("switch_power")
    taken = (behind + held("rectifier_constant")) / held("rectifier_efficiency")
    return NODES * node + held("switch_power"), taken
