"""What `narrows.makers` answers: shares, concentration, losses, and one company through all layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from narrows.figure import Shown

__all__ = [
    "ALL",
    "DESIGNS",
    "OTHERS",
    "READINGS",
    "SINGLE_SUPPLIER_SHARE",
    "CompanyThread",
    "ConcentrationResult",
    "DesignerYear",
    "LayerConcentration",
    "Loss",
    "LossRow",
    "MakerRow",
    "Reported",
    "RoleRow",
    "Spread",
    "ThreadRow",
]

SINGLE_SUPPLIER_SHARE = 0.8
"""From this share of the largest maker on, a layer has a single supplier: the rest would have to grow
fivefold to take its place, which no layer of the map does within its lead time."""
DESIGNS = "designs"
"""Chip designs: no layer of the map, for they make nothing, yet what is deployed is one company's design."""
OTHERS = "others"
"""The makers that no fact names one by one: many, never one supplier."""
ALL = "all"
"""In the place of a layer: all layers at once."""
READINGS = {
    "loss": "until the lead time of the layer has passed and the rest has rebuilt",
    "loss_year": "for one year",
    "loss_good": "for good",
}
"""For how long a maker is away, by the word of the figure."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure over draws.

    Parameters
    ----------
    unit
        Its unit.
    mean, p05, p50, p95
        Mean and quantiles [unit].
    """

    unit: str
    mean: float
    p05: float
    p50: float
    p95: float


@dataclass(frozen=True, slots=True)
class MakerRow:
    """A maker of a layer.

    Parameters
    ----------
    id, name
        The company; `OTHERS` for all that no fact names.
    share
        Share of the layer's output in the quarter, all shares of a draw adding up to 1 [ratio].
    """

    id: str
    name: str
    share: Spread


@dataclass(frozen=True, slots=True)
class Loss:
    """What is lost for one reading of how long a maker is away.

    Parameters
    ----------
    h100e
        Compute not deployed over the window [h100e].
    part
        The same as a part of what would be deployed [ratio].
    """

    h100e: Spread
    part: Spread


@dataclass(frozen=True, slots=True)
class LossRow:
    """N-1: one maker stops.

    Parameters
    ----------
    layer, maker, name
        Which maker of which layer, and its name.
    readings
        Loss by reading, keys of `READINGS`.
    binders
        The layers that bind most of the window then, and for how many of its quarters in the mean; with the
        first reading. ``stock`` for quarters that live on what was made before.
    """

    layer: str
    maker: str
    name: str
    readings: dict[str, Loss]
    binders: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class LayerConcentration:
    """How few make a layer.

    Parameters
    ----------
    id, name, day
        The layer; `DESIGNS` for the chip designs that the stack ends in.
    makers
        The largest first, `OTHERS` last.
    hhi, hhi_most
        Sum of squared shares on the scale to 10,000: the others as many, each too small to count, and
        as one [point].
    effective, effective_most
        Makers of equal size that would be as concentrated: 10,000 / HHI, at least and at most [maker].
    top
        Id of the largest maker that is named.
    single
        Share of draws in which one named maker holds `SINGLE_SUPPLIER_SHARE` or more.
    single_supplier
        Whether that is so in most draws.
    lead_quarters
        Time from a decision to added capacity [quarter]: low, value, high.
    losses
        What is lost when a maker stops, the greatest loss first.
    """

    id: str
    name: str
    day: int
    makers: tuple[MakerRow, ...]
    hhi: Spread
    hhi_most: Spread
    effective: Spread
    effective_most: Spread
    top: str
    single: float
    single_supplier: bool
    lead_quarters: tuple[float, float, float] | None
    losses: tuple[LossRow, ...]


@dataclass(frozen=True, slots=True)
class Reported:
    """A dated statement about a company that the model does not use, beside what it computes.

    Parameters
    ----------
    fact, of, about, as_of
        Id of the fact, what it is about, its period, and when it was said.
    value, low, high, unit
        The statement.
    """

    fact: str
    of: str
    about: str
    as_of: str
    value: float
    low: float
    high: float
    unit: str


@dataclass(frozen=True, slots=True)
class ThreadRow:
    """What a company has to do with one layer.

    Parameters
    ----------
    id, name, day
        The layer.
    makes
        Its share of the layer's output [ratio]; None where it makes none.
    takes
        Share of what the layer makes that goes into its designs [ratio]; None where it designs none.
    reported
        What sources say of the same: shares booked, and what it supplies to the layer's makers.
    loss
        What is lost when it stops in this layer alone; None where it makes none.
    """

    id: str
    name: str
    day: int
    makes: Spread | None
    takes: Spread | None
    reported: tuple[Reported, ...]
    loss: LossRow | None


@dataclass(frozen=True, slots=True)
class RoleRow:
    """A part of the stack, the company's role in it, and the figures beside the words.

    Parameters
    ----------
    part, role, threat
        In words, from the study.
    figures
        Id, verb, object and share of each figure.
    """

    part: str
    role: str
    threat: str
    figures: tuple[tuple[str, str, str, Spread], ...]


@dataclass(frozen=True, slots=True)
class DesignerYear:
    """Whose designs the compute added in a year is.

    Parameters
    ----------
    year
        Calendar year.
    hhi
        Concentration of designers [point].
    shares
        Share of H100e added, by id of the company [ratio].
    """

    year: int
    hhi: Spread
    shares: dict[str, Spread]


@dataclass(frozen=True, slots=True)
class CompanyThread:
    """One company through all layers.

    Parameters
    ----------
    id, name, ticker
        The company.
    rows
        Layers in the order of the Days.
    at_once
        What is lost when it stops in all of them at once; None where it makes and designs nothing.
    alone
        Sum of what is lost when it stops in one layer at a time, by reading [h100e].
    roles
        Its roles in words, with figures.
    commitments
        What it has promised to buy.
    """

    id: str
    name: str
    ticker: str
    rows: tuple[ThreadRow, ...]
    at_once: LossRow | None
    alone: dict[str, Spread]
    roles: tuple[RoleRow, ...]
    commitments: tuple[Reported, ...]


@dataclass(frozen=True, slots=True)
class ConcentrationResult(Shown):
    """Who makes the stack: the answer of `narrows.makers`.

    Parameters
    ----------
    asked
        Id of the layer or the company asked for; empty for all layers.
    quarter, last
        Quarter of the loss, and the last one of the window over which it is counted.
    deployed
        Compute deployed over the window where nothing stops [h100e].
    layers
        The layers, in flow order, the designs first; the one asked for; none for a company.
    company
        The company asked for.
    designers
        Whose designs the compute added is, by year.
    unknown
        Layers about whose makers nothing was known.
    meta
        Seed, draws, vintage and the like.
    """

    asked: str
    quarter: str
    last: str
    deployed: Spread
    layers: tuple[LayerConcentration, ...]
    company: CompanyThread | None
    designers: tuple[DesignerYear, ...]
    unknown: tuple[str, ...]
    meta: dict[str, Any]

    @property
    def ranking(self) -> tuple[LossRow, ...]:
        """Losses of all layers shown, the greatest first."""
        rows = [row for layer in self.layers for row in layer.losses]
        return tuple(sorted(rows, key=lambda row: -row.readings["loss"].h100e.mean))

    def figure(self, *parts: str) -> str:
        """Return the id under which `narrows why` tells a figure, such as ``figure("hhi", "cowos")``."""
        tail = (self.quarter,) if self.meta["asked_quarter"] else ()
        return ".".join(("makers", *parts, *tail))

    def figures(self) -> dict[str, Spread | float]:
        """Return every figure of the answer by its id."""
        found: dict[str, Spread | float] = {self.figure("deployed"): self.deployed}
        for layer in self.layers:
            for word in ("hhi", "hhi_most", "effective", "effective_most", "single"):
                found[self.figure(word, layer.id)] = getattr(layer, word)
            for row in layer.makers:
                found[self.figure("share", layer.id, row.id)] = row.share
            for lost in layer.losses:
                found |= self._losses(lost, lost.layer, lost.maker)
        for year in self.designers:
            found[self.figure("designers", str(year.year))] = year.hhi
            for company, share in year.shares.items():
                found[self.figure("designer", company, str(year.year))] = share
        return found | (self._thread(self.company) if self.company else {})

    def _losses(self, row: LossRow, *place: str) -> dict[str, Spread | float]:
        found: dict[str, Spread | float] = {}
        for word, loss in row.readings.items():
            found[self.figure(word, *place)] = loss.h100e
            found[self.figure(f"{word}_part", *place)] = loss.part
        return found | {self.figure("binds", *place, name): quarters for name, quarters in row.binders}

    def _thread(self, company: CompanyThread) -> dict[str, Spread | float]:
        found: dict[str, Spread | float] = {}
        for row in company.rows:
            if row.makes is not None:
                found[self.figure("share", row.id, company.id)] = row.makes
            if row.takes is not None:
                found[self.figure("thread", company.id, row.id)] = row.takes
            if row.loss is not None:
                found |= self._losses(row.loss, row.id, company.id)
        if company.at_once is not None:
            found |= self._losses(company.at_once, ALL, company.id)
            found |= {self.figure(f"{word}_alone", company.id): sum_ for word, sum_ in company.alone.items()}
        return found
