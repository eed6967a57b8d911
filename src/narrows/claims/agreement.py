"""Whether a number agrees with what was printed, at the printed precision and with its hedge."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from narrows.claims.claim import Stated

__all__ = ["Allowance", "agrees", "allowance", "near_miss", "rounded"]

DIGITS, MOST_PLACES = 1200, 400
"""More digits, and more places, than any number of eight bytes has, written out."""

CENT = 0.01
"""Step of a printed close: two vendors' closes of one index differ by up to one."""
TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Allowance:
    """How far words and stand-ins may be from the number.

    Parameters
    ----------
    about, nearly
        Relative distance that "about" and "nearly" allow.
    proxy
        Distance of a fund's change from its index's [percentage points].
    """

    about: float
    nearly: float
    proxy: float


@cache
def allowance() -> Allowance:
    """Return the allowances of the catalogue."""
    from narrows.catalog import default

    about, nearly, proxy = (
        default().fact(f"claims.{name}").value for name in ("about", "nearly", "proxy_error")
    )
    return Allowance(about, nearly, 100 * proxy)


def rounded(value: float, places: int) -> float:
    """Return a number rounded half up, as newspapers do.

    Examples
    --------
    >>> rounded(2.675, 2), rounded(-0.125, 2), rounded(1234.0, -2)
    (2.68, -0.13, 1200.0)
    """
    if not math.isfinite(value):
        return value
    with localcontext(prec=DIGITS):
        step = Decimal(1).scaleb(-max(-MOST_PLACES, min(places, MOST_PLACES)))
        return float((Decimal(repr(value)) / step).quantize(Decimal(1), ROUND_HALF_UP) * step)


def agrees(stated: Stated, value: float, slack: float = 0.0) -> bool:
    """Return whether a number is what was printed.

    Parameters
    ----------
    stated
        As printed.
    value
        As recomputed, in the same unit.
    slack
        What it may be off besides: a cent between vendors, a fund for its index.

    Examples
    --------
    >>> from narrows.claims.claim import Stated
    >>> agrees(Stated(0.91, "%", 2), 0.9077), agrees(Stated(10.0, "%", 0, "over"), 18.9)
    (True, True)
    >>> agrees(Stated(3.0, "x", 0, "nearly"), 2.877), agrees(Stated(3.3, "%", 1), 3.24)
    (True, False)
    """
    said, hedge = stated.value, stated.hedge
    if hedge == "over":
        return (value >= said - slack - TINY) if said >= 0 else (value <= said + slack + TINY)
    if hedge in {"under", "within"}:
        return abs(value) <= abs(said) + slack + (stated.half if hedge == "within" else TINY)
    if abs(rounded(value, stated.places) - said) < TINY or abs(value - said) <= slack + TINY:
        return True
    if slack and abs(value - said) <= slack + stated.half:
        return True
    if hedge == "nearly":
        return (
            said * value > 0 and (1 - allowance().nearly) * abs(said) <= abs(value) <= abs(said) + stated.half
        )
    return hedge == "about" and abs(value - said) <= max(allowance().about * abs(said), stated.half)


def near_miss(stated: Stated, value: float) -> bool:
    """Return whether a number is less than one unit of the last printed digit away: truncated or misrounded.

    Examples
    --------
    >>> from narrows.claims.claim import Stated
    >>> near_miss(Stated(6.5, "%", 1), 6.584), near_miss(Stated(3.4, "%", 1), 3.501)
    (True, False)
    """
    return not stated.hedge and abs(value - stated.value) < 2 * stated.half - TINY
