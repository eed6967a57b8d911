"""Records and streaks of every ticker of a panel at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from narrows.market.panel import Panel

    Floats = NDArray[np.floating[Any]]
    Ints = NDArray[np.int64]

__all__ = ["Runs", "drawdowns", "previous_at_least", "runs"]


@dataclass(frozen=True, eq=False)
class Runs:
    """Where every ticker stands in its own history, as far as closes are held.

    Parameters
    ----------
    streak
        Weeks in a row up, negative for down, 0 where the last week is unchanged or not held [weeks].
    high
        Highest close held [currency a share].
    high_row
        Row of it.
    distance
        Last close over the highest, less one [share].
    """

    streak: Ints
    high: Floats
    high_row: Ints
    distance: Floats


def runs(panel: Panel, end: int | None = None) -> Runs:
    """Return streaks of weeks and distances from the record at a row, the last one if left out.

    Notes
    -----
    A run ends at a week that goes the other way, stays, or lacks a close.

    Examples
    --------
    >>> from narrows.market.panel import Panel
    >>> from narrows.market.sessions import sessions
    >>> from datetime import date
    >>> days = [date(2026, 4, 17), date(2026, 4, 24), date(2026, 5, 1)]
    >>> found = runs(Panel(("A", "B"), tuple(days), np.array([[3.0, 9.0], [1.0, 8.0], [2.0, 6.0]])))
    >>> found.streak.tolist(), found.high_row.tolist(), found.distance.round(3).tolist()
    ([1, -2], [0, 0], [-0.333, -0.333])
    """
    last = len(panel.days) - 1 if end is None else end
    closes = np.asarray(panel.closes[: last + 1], np.float64)
    weeks = [week for week in panel.weeks if week.end <= last]
    streak = np.zeros(len(panel.tickers), np.int64)
    open_ = np.ones(len(panel.tickers), bool)
    way = np.zeros(len(panel.tickers))
    after = None
    for week in reversed(weeks):
        if after is not None and week.end != after:
            break
        after = week.base
        sign = np.sign(np.nan_to_num(closes[week.end] / closes[week.base] - 1))
        way = np.where(streak == 0, sign, way) if week is weeks[-1] else way
        open_ &= (sign == way) & (sign != 0)
        if not open_.any():
            break
        streak += np.where(open_, way, 0).astype(np.int64)
    filled = np.where(np.isnan(closes), -np.inf, closes)
    row = filled.argmax(axis=0)
    high = filled[row, np.arange(len(row))]
    high[np.isinf(high)] = np.nan
    return Runs(streak, high, row, closes[last] / high - 1)


def drawdowns(panel: Panel) -> Floats:
    """Return the deepest fall of each ticker from its highest close so far [share].

    Examples
    --------
    >>> from narrows.market.panel import Panel
    >>> from datetime import date, timedelta
    >>> days = tuple(date(2026, 1, 5) + timedelta(days=k) for k in range(4))
    >>> drawdowns(Panel(("A",), days, np.array([[2.0], [4.0], [1.0], [3.0]]))).tolist()
    [-0.75]
    """
    high = np.zeros(len(panel.tickers), panel.closes.dtype)
    low = np.zeros(len(panel.tickers), np.float64)
    for row in panel.closes:
        np.fmax(high, row, out=high)
        np.fmin(low, row / np.where(high > 0, high, 1) - 1, out=low)
    return low


def previous_at_least(closes: Floats) -> Ints:
    """Return for each close the place of the last one before it at least as high; -1 where there is none.

    Notes
    -----
    "The highest since" is the day after that one. One pass with a stack of closes that fall: each is put on
    it once and taken off once.

    Examples
    --------
    >>> previous_at_least(np.array([3.0, 1.0, 2.0, 2.0, 5.0])).tolist()
    [-1, 0, 0, 2, -1]
    """
    stack: list[int] = []
    found = np.empty(len(closes), np.int64)
    held = closes.tolist()
    for at, close in enumerate(held):
        while stack and held[stack[-1]] < close:
            stack.pop()
        found[at] = stack[-1] if stack else -1
        stack.append(at)
    return found
