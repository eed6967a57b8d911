"""A fund that holds a multiple of an index each day: its path, its cost, and its decay."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.catalog import default
from narrows.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from narrows.catalog import Catalog

    Floats = NDArray[np.floating[Any]]

__all__ = ["FUNDS", "Fund", "LeveragedPath", "closed_form", "fund", "leveraged_path", "short_rates"]

SESSIONS = 252
"""Sessions of a year, by which a yearly cost is divided."""
FUNDS = {"SOXL": "SOXX", "TQQQ": "QQQ"}
"""Leveraged funds with facts in the catalogue, and the plain fund that stands in for their index."""
RATE = "market.federal_funds"


@dataclass(frozen=True, slots=True)
class Fund:
    """A leveraged fund.

    Parameters
    ----------
    multiple
        Of the index's change of a day.
    fee
        Yearly [share of assets], with its low and high.
    spread
        What borrowing costs above the short rate, yearly [share of what is borrowed], with low and high.
    """

    multiple: float
    fee: tuple[float, float, float]
    spread: tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class LeveragedPath:
    """The path of a leveraged fund from the change of its index.

    Parameters
    ----------
    growth
        Value over the first day's, by session; the first is 1.
    low, high
        The same with fee and spread at their high, and at their low.
    plain
        The index's own growth.
    multiple
        Of the index's change of a day.
    cost
        What was paid for fee and borrowing: 1 less the ratio of growth with cost to that without [share].
    """

    growth: Floats
    low: Floats
    high: Floats
    plain: Floats
    multiple: float
    cost: float

    @property
    def change(self) -> float:
        """Change over the whole path [share]."""
        return float(self.growth[-1] - 1)

    @property
    def naive(self) -> float:
        """The multiple of the index's change over the path [share]."""
        return float(self.multiple * (self.plain[-1] - 1))

    @property
    def decay(self) -> float:
        """Change of the fund less the multiple of the index's change [share]; above zero in a steady rise."""
        return self.change - self.naive


def fund(symbol: str, catalog: Catalog | None = None) -> Fund:
    """Return what the catalogue knows of a leveraged fund.

    Raises
    ------
    UsageError
        If the catalogue knows none of that name.

    Examples
    --------
    >>> fund("SOXL").multiple
    3.0
    """
    if symbol not in FUNDS:
        raise UsageError(
            f"The leveraged fund asked for is {symbol!r}",
            f"Facts are held of {', '.join(FUNDS)}",
            "Name one of these, or build a narrows.market.leverage.Fund",
        )
    held = catalog or default()
    fee, spread = held.fact(f"market.fund_fee.{symbol.lower()}"), held.fact("market.borrowing_spread")
    multiple = held.fact(f"market.fund_multiple.{symbol.lower()}").canonical_value
    return Fund(
        float(multiple),
        (fee.canonical_value, fee.canonical_low, fee.canonical_high),
        (spread.canonical_value, spread.canonical_low, spread.canonical_high),
    )


def short_rates(days: Sequence[date], catalog: Catalog | None = None) -> Floats:
    """Return the middle of the Federal Reserve's target range on each day, a year [share].

    Raises
    ------
    DataError
        If a day lies before the first range in the catalogue.

    Notes
    -----
    A range holds from the day after its announcement until the next. After the last one in the catalogue it
    is carried on: `days` after it are as good as the last range.

    Examples
    --------
    >>> short_rates([date(2024, 1, 2), date(2026, 1, 2)]).tolist()
    [0.05375, 0.03625]
    """
    held = catalog or default()
    starts, levels = _ranges(held)
    found = np.empty(len(days))
    for at, day in enumerate(days):
        place = bisect_right(starts, day) - 1
        if place < 0:
            raise DataError(
                f"The short rate of {day.isoformat()} is not held",
                f"Target ranges are held from {starts[0].isoformat()}",
                "Give rates of your own, one a day",
            )
        found[at] = levels[place]
    return found


def _ranges(held: Catalog) -> tuple[list[date], list[float]]:
    facts = held.series(RATE)
    days = [date.fromisoformat(fact.id.removeprefix(f"{RATE}.")) for fact in facts]
    order = sorted(range(len(days)), key=days.__getitem__)
    return [days[at] for at in order], [float(facts[at].canonical_value) for at in order]


def leveraged_path(index: Floats, rates: Floats, held: Fund) -> LeveragedPath:
    """Return the path of a fund that holds a multiple of an index, reset each day.

    Parameters
    ----------
    index
        Closes of the index or of a plain fund on it, dividends included; the first is the base.
    rates
        Short rate of each session, a year [share].
    held
        The fund.

    Raises
    ------
    DataError
        If a close is missing or not positive, or rates and closes differ in number.

    Notes
    -----
    V_t / V_(t-1) = 1 + L r_t - c_t / 252, c_t = fee + (L - 1) (rate_t + spread). The yearly cost is that of
    the day. Low and high take fee and spread at the ends of their intervals; the error of tracking is
    not in it. A day that would take the fund below zero leaves it at zero.

    Source
    ------
    M. Avellaneda and S. Zhang, Path-dependence of leveraged ETF returns, SIAM J. Financial Math. 1 (2010).

    Examples
    --------
    Up a tenth and down an eleventh: the index is where it was, the fund is not.

    >>> free = Fund(3.0, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0))
    >>> path = leveraged_path(np.array([100.0, 110.0, 100.0]), np.zeros(3), free)
    >>> round(path.change, 4), round(path.naive, 4), round(path.decay, 4)
    (-0.0545, 0.0, -0.0545)
    """
    closes = np.asarray(index, np.float64)
    if len(rates) != len(closes) or not (np.all(np.isfinite(closes)) and np.all(closes > 0)):
        raise DataError(
            f"The path has {len(closes)} closes and {len(rates)} rates, or a close that is not positive",
            "Every session needs one positive close and one rate",
            "Take a window in which no session is missing",
        )
    moved = closes[1:] / closes[:-1] - 1
    borrowed = held.multiple - 1

    def grown(fee: float, spread: float) -> Floats:
        cost = (fee + borrowed * (rates[1:] + spread)) / SESSIONS
        step = np.maximum(1 + held.multiple * moved - cost, 0.0)
        return np.concatenate([[1.0], np.cumprod(step)])

    growth = grown(held.fee[0], held.spread[0])
    free = float(np.prod(np.maximum(1 + held.multiple * moved, 0.0)))
    return LeveragedPath(
        growth=growth,
        low=grown(held.fee[2], held.spread[2]),
        high=grown(held.fee[1], held.spread[1]),
        plain=closes / closes[0],
        multiple=held.multiple,
        cost=1 - float(growth[-1]) / free if free > 0 else 0.0,
    )


def closed_form(growth: float, variance: float, years: float, multiple: float, cost: float) -> float:
    """Return the growth of a leveraged fund from the growth and the variance of its index.

    Parameters
    ----------
    growth
        Of the index: its last value over its first.
    variance
        Of its log changes, a year.
    years
        Length of the path [years].
    multiple
        Of the index's change of a day.
    cost
        Yearly cost [share].

    Notes
    -----
    (1 + R)^L exp(-L (L - 1) / 2 s^2 T - c T): exact for a continuous path with a constant variance.

    Source
    ------
    M. Avellaneda and S. Zhang, Path-dependence of leveraged ETF returns, SIAM J. Financial Math. 1 (2010).

    Examples
    --------
    >>> round(closed_form(1.0, 0.04, 1.0, 3.0, 0.0), 4)
    0.8869
    """
    return float(growth**multiple * np.exp(-(multiple * (multiple - 1) / 2 * variance + cost) * years))
