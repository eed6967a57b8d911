"""Breadth: how many members stand above their mean, at a high or a low, and how many rose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from narrows.market.panel import Panel

    Floats = NDArray[np.floating[Any]]
    Ints = NDArray[np.int64]

__all__ = ["Breadth", "Extremes", "above_mean", "advances", "highs_lows"]

LONG_MEAN, SHORT_MEAN, YEAR = 200, 50, 252
"""Sessions of the two means in use, and of a year."""
TIE = 1e-9
"""Relative distance from its mean up to which a close counts as equal to it: sums are rounded."""
COLUMNS = 512
"""Tickers worked on at a time, so that what is in hand stays in the cache."""


@dataclass(frozen=True, eq=False)
class Breadth:
    """Members above their mean, by session.

    Parameters
    ----------
    days
        Sessions, from the first that has a whole window behind it.
    above
        Members whose close stands above the mean of the window [count].
    counted
        Members with a close on every session of the window [count].
    members
        Members of that day [count].
    window
        Sessions of the mean, the day itself among them.
    """

    days: tuple[date, ...]
    above: Ints
    counted: Ints
    members: Ints
    window: int

    @property
    def share(self) -> Floats:
        """Share of the counted members above their mean; not-a-number where none is counted."""
        return _ratio(self.above, self.counted)

    @property
    def coverage(self) -> Floats:
        """Share of the members of that day that are counted."""
        return _ratio(self.counted, self.members)


@dataclass(frozen=True, eq=False)
class Extremes:
    """Members at the highest or lowest close of a window, by session.

    Parameters
    ----------
    days
        Sessions, from the first that has a whole window behind it.
    highs, lows
        Members at a new high, and at a new low [count].
    counted, members
        As in `Breadth`.
    window
        Sessions, the day itself among them.
    """

    days: tuple[date, ...]
    highs: Ints
    lows: Ints
    counted: Ints
    members: Ints
    window: int


def _ratio(part: Ints, whole: Ints) -> Floats:
    found: Floats = np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
    return found


def above_mean(panel: Panel, window: int = LONG_MEAN) -> Breadth:
    """Return how many members stand above the mean of their last closes, on every session.

    Parameters
    ----------
    panel
        Of closes.
    window
        Sessions of the mean, the day itself among them.

    Notes
    -----
    Sums are differences of one running sum in double precision. A member that lacks a close within the window
    is not counted: the mean of fewer closes is another number.

    Examples
    --------
    >>> from datetime import date, timedelta
    >>> from narrows.market.panel import Panel
    >>> days = tuple(date(2026, 1, 5) + timedelta(days=k) for k in range(4))
    >>> closes = np.array([[1.0, 4.0], [2.0, 3.0], [3.0, np.nan], [4.0, 1.0]])
    >>> found = above_mean(Panel(("A", "B"), days, closes), 2)
    >>> found.above.tolist(), found.counted.tolist()
    ([1, 1, 1], [2, 1, 1])
    """
    rows = len(panel.days)
    first = min(window - 1, rows)
    above, counted = np.zeros(rows - first, np.int64), np.zeros(rows - first, np.int64)
    members = _members(panel, first)
    for start in range(0, len(panel.tickers) if len(above) else 0, COLUMNS):
        part = panel.closes[:, start : start + COLUMNS]
        missing = np.isnan(part)
        gaps = bool(missing.any())
        total = np.cumsum(np.where(missing, 0, part) if gaps else part, axis=0, dtype=np.float64)
        total[window:] -= total[:-window].copy()
        total = total[first:]
        total *= (1 + TIE) / window
        ahead = part[first:] > total
        whole = _whole(missing, window, first) if gaps else None
        who = None if members is None else members[:, start : start + COLUMNS]
        if whole is not None and who is not None:
            whole &= who
        counts = who if whole is None else whole
        above += np.count_nonzero(ahead if counts is None else ahead & counts, axis=1)
        counted += part.shape[1] if counts is None else np.count_nonzero(counts, axis=1)
    return Breadth(panel.days[first:], above, counted, _named(panel, first, members), window)


def _whole(missing: NDArray[np.bool_], window: int, first: int) -> NDArray[np.bool_]:
    """Return where a column has every close of the window."""
    gaps = np.cumsum(missing, axis=0, dtype=np.int32)
    gaps[window:] -= gaps[:-window].copy()
    found: NDArray[np.bool_] = gaps[first:] == 0
    return found


def _members(panel: Panel, first: int) -> NDArray[np.bool_] | None:
    """Return members by session from a row on; None where every ticker is one."""
    return panel.member_rows(first, len(panel.days)) if panel.members else None


def _named(panel: Panel, first: int, members: NDArray[np.bool_] | None) -> Ints:
    """Return how many members the list names on each session from a row on."""
    if members is None:
        return np.full(len(panel.days) - first, len(panel.tickers), np.int64)
    change = np.zeros(len(panel.days) + 1, np.int64)
    from narrows.market.panel import _rows

    for spell in panel.members:
        rows = _rows(panel.days, spell)
        if rows.start < rows.stop:
            change[rows.start] += 1
            change[rows.stop] -= 1
    return np.cumsum(change)[first : len(panel.days)]


def highs_lows(panel: Panel, window: int = YEAR) -> Extremes:
    """Return how many members close at the highest or the lowest of their window, on every session.

    Parameters
    ----------
    panel
        Of closes.
    window
        Sessions, the day itself among them.

    Notes
    -----
    The rows are cut into blocks of one window. The extreme of a window is that of the tail of one block and
    of the head of the next, both running extremes; so the work does not grow with the window. A member that
    lacks a close within the window is not counted.

    Source
    ------
    M. van Herk, A fast algorithm for local minimum and maximum filters (1992).

    Examples
    --------
    >>> from datetime import date, timedelta
    >>> from narrows.market.panel import Panel
    >>> days = tuple(date(2026, 1, 5) + timedelta(days=k) for k in range(4))
    >>> closes = np.array([[1.0, 4.0], [2.0, 3.0], [3.0, 5.0], [2.0, 6.0]])
    >>> found = highs_lows(Panel(("A", "B"), days, closes), 3)
    >>> found.highs.tolist(), found.lows.tolist()
    ([2, 1], [0, 1])
    """
    rows = len(panel.days)
    first = min(window - 1, rows)
    highs, lows, counted = (np.zeros(rows - first, np.int64) for _ in range(3))
    members = _members(panel, first)
    for start in range(0, len(panel.tickers) if len(highs) else 0, COLUMNS):
        part = np.ascontiguousarray(panel.closes[:, start : start + COLUMNS])
        who = None if members is None else members[:, start : start + COLUMNS]
        for at, (top, bottom) in _windows(part, window):
            now = part[at : at + len(top)]
            out = slice(at - first, at - first + len(top))
            high, low, whole = now >= top, now <= bottom, ~np.isnan(top)
            if who is not None:
                high, low, whole = (mark & who[out] for mark in (high, low, whole))
            highs[out] += np.count_nonzero(high, axis=1)
            lows[out] += np.count_nonzero(low, axis=1)
            counted[out] += np.count_nonzero(whole, axis=1)
    return Extremes(panel.days[first:], highs, lows, counted, _named(panel, first, members), window)


def _windows(part: Floats, window: int) -> Any:
    """Yield the first row, and the highest and lowest of the window that ends with each row from there on."""
    for begin in range(0, len(part) - window + 1, window):
        block, after = part[begin : begin + window], part[begin + window : begin + 2 * window - 1]
        tails = (np.maximum.accumulate(block[::-1])[::-1], np.minimum.accumulate(block[::-1])[::-1])
        yield begin + window - 1, (tails[0][:1], tails[1][:1])
        if len(after):
            # the window that ends k rows into the next block begins k rows after this one does
            count = len(after)
            yield (
                begin + window,
                (
                    np.maximum(tails[0][1 : count + 1], np.maximum.accumulate(after)),
                    np.minimum(tails[1][1 : count + 1], np.minimum.accumulate(after)),
                ),
            )


def advances(panel: Panel, base: int, end: int) -> tuple[int, int, int, int]:
    """Return how many members rose, fell, stayed, and are counted between two rows.

    Notes
    -----
    A member that did not change is neither up nor down. Members are those of the last day.

    Examples
    --------
    >>> from datetime import date
    >>> from narrows.market.panel import Panel
    >>> days = date(2026, 4, 24), date(2026, 5, 1)
    >>> advances(Panel(("A", "B", "C"), days, np.array([[1.0, 2.0, 3.0], [2.0, 2.0, 1.0]])), 0, 1)
    (1, 1, 1, 3)
    """
    change = panel.change(base, end)
    held = panel.members_on(end) & ~np.isnan(change)
    up, down = int(np.count_nonzero(change[held] > 0)), int(np.count_nonzero(change[held] < 0))
    count = int(np.count_nonzero(held))
    return up, down, count - up - down, count
