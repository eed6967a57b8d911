"""Power of a chip that serves, and the energy of a token: at the chip, at the wall and in the facility.

A serving chip draws its idle power, and more as more of its memory bandwidth and of its peak rate is in
use, up to its design power. The coefficients are facts of the catalogue.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from narrows.catalog import default
from narrows.errors import UsageError
from narrows.inference.law import MEMORY, Placement, Span, arithmetic, step_features

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from narrows.catalog.catalog import Catalog
    from narrows.transformer import Chip, Model

    Array = NDArray[np.float64]

__all__ = [
    "POWER_FACTS",
    "Energy",
    "chip_power_w",
    "joules_per_token",
    "power",
    "server_power_w",
    "use_of",
]

POWER_FACTS = ("inference.power_idle", "inference.power_memory", "inference.power_compute")
"""Idle power over design power; rise of the load with the use of bandwidth, and of the peak rate."""
SCATTER, HOST, FANS, PUE = (
    "inference.power_scatter",
    "inference.host_power",
    "inference.fan_share",
    "inference.pue",
)
BEND = 4.0
"""Power of the soft minimum of load and 1; it only rounds a corner."""


@dataclass(frozen=True)
class Energy:
    """Energy of one output token with the input that belongs to it.

    Parameters
    ----------
    chip_j, server_j, facility_j
        At the chips, at the wall of air-cooled servers, and all in: with network, cooling and conversion [J].
    chip_w
        Power of one chip [W].
    reads
        Facts behind it.
    """

    chip_j: Span
    server_j: Span
    facility_j: Span
    chip_w: Span
    reads: tuple[str, ...]


def _load(coefficients: tuple[Array, Array, Array], memory: Array, compute: Array) -> Array:
    """Return power over design power."""
    idle, by_memory, by_compute = coefficients
    load = by_memory * memory + by_compute * compute
    found: Array = idle + (1.0 - idle) * load / (1.0 + load**BEND) ** (1.0 / BEND)
    return found


def _shares(memory_share: ArrayLike, compute_share: ArrayLike) -> tuple[Array, Array]:
    memory = np.asarray(memory_share, dtype=np.float64)
    compute = np.asarray(compute_share, dtype=np.float64)
    for name, values in (("memory", memory), ("compute", compute)):
        if not np.all((values >= 0.0) & np.isfinite(values)):
            raise UsageError(
                f"The share of {name} in use is {float(np.min(values)):g}",
                "It is a share, 0 to 1",
                "Give the share of the chip's offer that is in use",
            )
    return np.minimum(memory, 1.0), np.minimum(compute, 1.0)


def chip_power_w(
    card: Chip, *, memory_share: ArrayLike, compute_share: ArrayLike, catalog: Catalog | None = None
) -> Array:
    """Return the power of one chip that serves [W].

    Parameters
    ----------
    card
        The chip.
    memory_share
        Bytes read and written over what the bandwidth allows, 0 to 1, any shape; more counts as 1.
    compute_share
        Operations over what the peak rate of their format allows, 0 to 1, of the same shape.
    catalog
        Facts; those that come with narrows if left out.

    Raises
    ------
    UsageError
        A share is below 0 or not a number.

    Notes
    -----
    P = D (i + (1 - i) x (1 + x^4)^(-1/4)), x = m memory + c compute; D design power. Idle is a chip with a
    model loaded and no request. Fitted on one chip (B200) and one model; on others it is carried over.

    Examples
    --------
    >>> from narrows.transformer.registry import chip
    >>> watts = chip_power_w(chip("b200"), memory_share=[0.0, 0.3, 1.0], compute_share=[0.0, 0.01, 1.0])
    >>> bool(300 < watts[0] < watts[1] < watts[2] <= 1000)
    True
    """
    catalog = catalog or default()
    memory, compute = _shares(memory_share, compute_share)
    idle, by_memory, by_compute = (np.asarray(catalog.fact(name).canonical_value) for name in POWER_FACTS)
    found: Array = card.power_w * _load((idle, by_memory, by_compute), memory, compute)
    return found


def power(card: Chip, *, memory_share: float, compute_share: float, catalog: Catalog | None = None) -> Span:
    """Return the power of one chip that serves, with its 90 % interval [W].

    Parameters
    ----------
    card, memory_share, compute_share, catalog
        As for `chip_power_w`, one number each.

    Raises
    ------
    UsageError
        A share is below 0 or not a number.

    Notes
    -----
    The doubts of the coefficients and the scatter about the fit add as squares; the design power bounds it.

    Examples
    --------
    >>> from narrows.transformer.registry import chip
    >>> span = power(chip("h100"), memory_share=0.5, compute_share=0.01)
    >>> span.low < span.value < span.high <= 700
    True
    """
    catalog = catalog or default()
    memory, compute = _shares(memory_share, compute_share)
    facts = [catalog.fact(name) for name in POWER_FACTS]
    middle = [np.asarray(fact.canonical_value) for fact in facts]
    value = float(_load((middle[0], middle[1], middle[2]), memory, compute))
    scatter = catalog.fact(SCATTER).canonical_value * value
    down = up = scatter**2
    for place, fact in enumerate(facts):
        for edge, upwards in ((fact.canonical_low, False), (fact.canonical_high, True)):
            moved = [*middle]
            moved[place] = np.asarray(edge)
            off = (float(_load((moved[0], moved[1], moved[2]), memory, compute)) - value) ** 2
            up, down = (up + off, down) if upwards else (up, down + off)
    return Span(
        card.power_w * value,
        card.power_w * max(0.0, value - math.sqrt(down)),
        card.power_w * min(1.0, value + math.sqrt(up)),
    )


def use_of(
    model: Model,
    card: Chip,
    place: Placement,
    *,
    requests: float,
    context: float,
    prompt: float,
    prompt_pairs: float,
    steps_per_s: float,
) -> tuple[float, float]:
    """Return the shares of bandwidth and of the peak rate that a served model uses.

    Parameters
    ----------
    model, card, place
        What runs where.
    requests, context, prompt, prompt_pairs
        The mean step of one attention rank, as for `narrows.inference.law.step_features`.
    steps_per_s
        Steps in a second.

    Examples
    --------
    >>> from narrows.transformer.registry import chip, model
    >>> memory, compute = use_of(
    ...     model("llama-3.1-8b"), chip("h100"), Placement("vllm"),
    ...     requests=1, context=1000, prompt=0, prompt_pairs=0, steps_per_s=100,
    ... )
    >>> round(memory, 2), compute < 0.01
    (0.45, True)
    """
    parts = step_features(
        model, card, place, requests=requests, context=context, prompt=prompt, prompt_pairs=prompt_pairs
    )
    work = float(parts @ arithmetic(model, card, place))
    return min(1.0, float(parts[MEMORY].sum()) * steps_per_s), min(1.0, work * steps_per_s)


def server_power_w(watts: Span, *, cooling: str = "air", catalog: Catalog | None = None) -> Span:
    """Return the power at the wall of a server, by chip [W].

    Parameters
    ----------
    watts
        Power of one chip.
    cooling
        ``air`` or ``liquid``; the fans of a server of the first take a share of its power.
    catalog
        Facts; those that come with narrows if left out.

    Raises
    ------
    UsageError
        Another word for the cooling.

    Notes
    -----
    Air: chip + host, with the host measured in full work. Liquid: the same less the share of the fans.
    """
    catalog = catalog or default()
    if cooling not in ("air", "liquid"):
        raise UsageError(f"The cooling is given {cooling!r}", "It is air or liquid", "Write 'air'")
    host, fans = catalog.fact(HOST), catalog.fact(FANS)
    removed = 1.0 - (fans.canonical_value if cooling == "liquid" else 0.0)
    value = (watts.value + host.canonical_value) * removed
    down = math.hypot(watts.value - watts.low, host.canonical_value - host.canonical_low) * removed
    up = math.hypot(watts.high - watts.value, host.canonical_high - host.canonical_value) * removed
    if cooling == "liquid":
        whole = watts.value + host.canonical_value
        down = math.hypot(down, whole * (fans.canonical_high - fans.canonical_value))
        up = math.hypot(up, whole * (fans.canonical_value - fans.canonical_low))
    return Span(value, max(value - down, watts.low * removed), value + up)


def joules_per_token(
    card: Chip,
    watts: Span,
    tokens_per_s: Span,
    *,
    chips: int = 1,
    catalog: Catalog | None = None,
) -> Energy:
    """Return the energy of one output token, with the input that belongs to it [J].

    Parameters
    ----------
    card
        The chip.
    watts
        Power of one chip.
    tokens_per_s
        Output tokens of the deployment in a second.
    chips
        Chips of the deployment.
    catalog
        Facts; those that come with narrows if left out.

    Raises
    ------
    UsageError
        No chips, or no tokens.

    Notes
    -----
    J = n P/X. All in: what the chip's share of server and network adds to its design power does not follow
    the load, so facility = (P + all-in - design) x PUE; where no all-in power is known, (P + host) x PUE.

    Examples
    --------
    >>> from narrows.transformer.registry import chip
    >>> told = Span(1000.0, 950.0, 1000.0), Span(12864.0, 12000.0, 13500.0)
    >>> round(joules_per_token(chip("b200"), *told).chip_j.value, 4)
    0.0777
    """
    catalog = catalog or default()
    if chips < 1 or not (np.isfinite(tokens_per_s.value) and tokens_per_s.low > 0.0):
        raise UsageError(
            f"The deployment has {chips} chips and {tokens_per_s.value:g} output tokens/s",
            "Both are above 0",
            "Give what serves",
        )
    pue = catalog.fact(PUE)
    own = f"chip.{card.id}.all_in_power"
    reads = [*POWER_FACTS, SCATTER, HOST, PUE]
    if catalog.has(own):
        fact = catalog.fact(own)
        more = max(0.0, fact.canonical_value - card.power_w)
        value = watts.value + more
        down = math.hypot(watts.value - watts.low, fact.canonical_value - fact.canonical_low)
        up = math.hypot(watts.high - watts.value, fact.canonical_high - fact.canonical_value)
        all_in = Span(value, max(watts.low, value - down), value + up)
        reads.append(own)
    else:
        all_in = server_power_w(watts, catalog=catalog)
    facility = _times(all_in, Span(pue.canonical_value, pue.canonical_low, pue.canonical_high))
    per_token = Span(chips / tokens_per_s.value, chips / tokens_per_s.high, chips / tokens_per_s.low)
    return Energy(
        _times(watts, per_token),
        _times(server_power_w(watts, catalog=catalog), per_token),
        _times(facility, per_token),
        watts,
        tuple(reads),
    )


def _times(one: Span, other: Span) -> Span:
    """Return the product of independent numbers; their relative doubts add as squares."""
    value = one.value * other.value
    down = math.hypot(math.log(one.value / one.low), math.log(other.value / other.low))
    up = math.hypot(math.log(one.high / one.value), math.log(other.high / other.value))
    return Span(value, value * math.exp(-down), value * math.exp(up))
