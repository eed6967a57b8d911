"""What the cascade answers: plain data that a report can show and a program can read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from narrows.figure import Shown

__all__ = [
    "Alone",
    "Amount",
    "CascadeResult",
    "CascadeStep",
    "First",
    "Move",
    "Order",
    "OwnStep",
    "PhaseRow",
]

Series = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Amount:
    """One number over draws: its mean and quantiles.

    Parameters
    ----------
    unit
        Unit of every value.
    mean, p05, p50, p95
        Mean and quantiles over draws.
    """

    unit: str
    mean: float
    p05: float
    p50: float
    p95: float


@dataclass(frozen=True, slots=True)
class CascadeStep:
    """The stack after some layers were raised to their ceilings, the same in every draw.

    Parameters
    ----------
    number
        Count of layers raised, 0 for announced plans.
    layer
        Id of the layer raised in this step; empty in step 0.
    arrives
        Label of the first quarter with more of it, in the median draw; empty in step 0.
    in_time
        Share of draws in which that is not after the quarter asked about; 1 in step 0.
    binds
        For each layer id, and ``stock``, the probability that it binds the quarter asked about.
    at_ceiling
        Probability that the binder is a layer that was raised: more of it cannot come sooner.
    value
        Compute deployed from the quarter of the decision to that asked about [h100e].
    gain
        What this step adds to it [h100e].
    deployed
        Compute deployed in the quarter asked about [h100e/quarter].
    """

    number: int
    layer: str
    arrives: str
    in_time: float
    binds: dict[str, float]
    at_ceiling: float
    value: Amount
    gain: Amount
    deployed: Amount

    @property
    def binder(self) -> str:
        """The layer most likely to bind after the step."""
        return max(self.binds, key=self.binds.__getitem__)


@dataclass(frozen=True, slots=True)
class OwnStep:
    """The same where every draw raises its own binder.

    Parameters
    ----------
    number
        Count of layers that a draw has raised at most.
    relieved
        For each layer id, the probability that it is the one raised in this step. With those of
        ``ended`` they sum to 1.
    ended
        Probability that nothing was raised, because demand binds (``demand``), because the binder
        is at its ceiling or cannot be raised (``ceiling``), or because the quarter lives on opening
        stock (``stock``).
    value
        Compute deployed from the quarter of the decision to that asked about [h100e].
    """

    number: int
    relieved: dict[str, float]
    ended: dict[str, float]
    value: Amount


@dataclass(frozen=True, slots=True)
class Order:
    """The first layers that a draw raises, and its probability.

    Parameters
    ----------
    layers
        Ids, at most three; the last may be ``demand``, ``ceiling`` or ``stock``, where the cascade ends.
    share
        Share of draws with this order; those of all orders sum to 1.
    """

    layers: tuple[str, ...]
    share: float


@dataclass(frozen=True, slots=True)
class Alone:
    """What one layer alone would permit if no other were short.

    Parameters
    ----------
    layer
        Id.
    quarters
        Labels of the quarters of deployment, axis (quarter).
    announced, raised
        Compute that could be deployed in each, on announced plans and with more of it decided
        today [h100e/quarter].
    headroom, headroom_raised
        The same over what is deployed in that quarter on announced plans [ratio].
    """

    layer: str
    quarters: tuple[str, ...]
    announced: tuple[Amount, ...]
    raised: tuple[Amount, ...]
    headroom: tuple[Amount, ...]
    headroom_raised: tuple[Amount, ...]


@dataclass(frozen=True, slots=True)
class First:
    """When a family first binds, with no decision at all.

    Parameters
    ----------
    family
        Name of the family.
    ever
        Share of draws in which it binds within ten years.
    p10, p50, p90
        Years until it first does, quantiles over all draws [year]; above 10: later, or never.
    """

    family: str
    ever: float
    p10: float
    p50: float
    p90: float


@dataclass(frozen=True, slots=True)
class Move:
    """How likely the binder's family passes from one to another.

    Parameters
    ----------
    before, after
        Families.
    by
        Share of draws with such a passage by the end of 1, 2, 5 and 10 years, axis (horizon).
    """

    before: str
    after: str
    by: Series


@dataclass(frozen=True, slots=True)
class PhaseRow:
    """One phase of the study against the map.

    Parameters
    ----------
    number, name, families, caveat
        See `narrows.bottlenecks.study.Phase`.
    quarters
        First and last quarter of its window.
    share
        Probability that its families bind, mean over the quarters of the window.
    likeliest, likeliest_share
        The family most likely to bind in the window, and its probability, in the same way.
    verdict
        ``supported`` from 1/2 on, ``mixed`` from 1/4 on, else ``not supported``.
    """

    number: int
    name: str
    families: tuple[str, ...]
    caveat: str
    quarters: tuple[str, str]
    share: float
    likeliest: str
    likeliest_share: float
    verdict: str


@dataclass(frozen=True, slots=True)
class CascadeResult(Shown):
    """The cascade: what binds after each relief, and where the constraint moves by itself.

    Parameters
    ----------
    quarter, at
        Quarter of the decision, and quarter asked about.
    names, families
        Name and family of each layer id, in flow order.
    steps
        The headline: the likeliest open layer is raised in every draw, step by step.
    ends
        Why the headline ends: ``demand``, ``ceiling`` or ``steps``.
    own
        Every draw raises its own binder.
    orders
        Orders of the first three layers, the likeliest first.
    alone
        What each layer alone would permit.
    quarters
        Quarters of the natural migration, 40 after that of the decision.
    binds
        For each layer id, and ``stock``, the probability that it binds, axis (quarter).
    firsts
        When each family first binds.
    moves
        Passages from family to family, the likeliest first.
    phases
        The study's phases tested from the quarter of the decision.
    phases_then
        The same from the study's own quarter with the facts of its day; empty where that day is later
        than the one asked for.
    meta
        As in `narrows.bottlenecks.result.MapResult`.
    """

    quarter: str
    at: str
    names: dict[str, str]
    families: dict[str, str]
    steps: tuple[CascadeStep, ...]
    ends: str
    own: tuple[OwnStep, ...]
    orders: tuple[Order, ...]
    alone: tuple[Alone, ...]
    quarters: tuple[str, ...]
    binds: dict[str, Series]
    firsts: tuple[First, ...]
    moves: tuple[Move, ...]
    phases: tuple[PhaseRow, ...]
    phases_then: tuple[PhaseRow, ...]
    meta: dict[str, Any] = field(default_factory=dict)
