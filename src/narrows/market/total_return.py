"""Total return from raw closes, splits and dividends; and jumps that look like a split without a notice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.floating[Any]]

__all__ = ["Jump", "split_adjusted", "total_returns", "unexplained_jumps"]

RATIOS = (1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 15.0, 20.0, 25.0, 30.0, 50.0)
"""Shares for one old share that companies choose; the inverses are reverse splits."""
SURE = 1.99
"""Ratio from which a jump is taken for a split; a move of a third in a day is as likely as 3 for 2."""
NEAREST = 5
"""Rows between two closes up to which a change is that of a day or a short halt."""
NEAR = 0.03
"""Distance of a jump from such a ratio, as a change of that day, within which it is taken for one."""


@dataclass(frozen=True, slots=True)
class Jump:
    """A change that equals the ratio of a split, without a split in the actions.

    Parameters
    ----------
    row
        Place of the close after it.
    ratio
        New shares for one old share; below one for a reverse split.
    """

    row: int
    ratio: float

    @property
    def sure(self) -> bool:
        """Whether it is hardly a move of the day: 2 for 1 or more, either way."""
        return not 1 / SURE < self.ratio < SURE


def total_returns(closes: Floats, splits: Floats, dividends: Floats) -> Floats:
    """Return the total return of each session after the first [share].

    Parameters
    ----------
    closes
        Raw closes, axis 0 the session [currency a share].
    splits
        Shares after the session's opening for one before it, 1 where there is no split.
    dividends
        Per share of the day, on the ex-date [currency a share].

    Raises
    ------
    DataError
        If a split ratio is not a positive number, or a dividend is negative.

    Notes
    -----
    r_t = (C_t + d_t) s_t / C_(t-1) - 1. Split and dividend belong to the day on which the close first stands
    without them.

    Source
    ------
    CRSP, Calculations: holding period total return.

    Examples
    --------
    Two for one, and a dividend of 1 a new share: 50 new is 100 old.

    >>> total_returns(np.array([100.0, 50.0]), np.array([1.0, 2.0]), np.array([0.0, 1.0])).round(9).tolist()
    [0.02]
    """
    if not (np.all(np.isfinite(splits)) and np.all(splits > 0) and np.all(dividends >= 0)):
        raise DataError(
            "A split or a dividend is out of range",
            "A split ratio is a positive number, a dividend is not negative",
            "Write 1 where there is no split and 0 where there is no dividend",
        )
    found: Floats = (closes[1:] + dividends[1:]) * splits[1:] / closes[:-1] - 1
    return found


def split_adjusted(closes: Floats, splits: Floats) -> Floats:
    """Return closes in the shares of the last session: divided by every later split.

    Examples
    --------
    >>> split_adjusted(np.array([100.0, 50.0, 51.0]), np.array([1.0, 2.0, 1.0])).tolist()
    [50.0, 50.0, 51.0]
    """
    later = np.ones_like(closes, dtype=np.float64)
    later[:-1] = np.cumprod(splits[:0:-1], axis=0)[::-1]
    found: Floats = closes / later
    return found


def unexplained_jumps(closes: Floats, splits: Floats | None = None) -> tuple[Jump, ...]:
    """Return changes of one series that equal the ratio of a split which the actions do not name.

    Parameters
    ----------
    closes
        Of one ticker, not-a-number where a session is missing.
    splits
        As in `total_returns`; none if left out.

    Notes
    -----
    A jump is taken for a split where the close before over the close after is within 3 % of a usual ratio or
    of its inverse: the rest is the move of that day. A true move of that size is marked too; one of a third
    is no `sure` sign. Closes more than five rows apart tell nothing.

    Examples
    --------
    >>> unexplained_jumps(np.array([100.0, 101.0, 50.8, 51.0]))
    (Jump(row=2, ratio=2.0),)
    >>> unexplained_jumps(np.array([100.0, 101.0, 50.8, 51.0]), np.array([1.0, 1.0, 2.0, 1.0]))
    ()
    """
    held = np.flatnonzero(np.isfinite(closes))
    if len(held) < 2:  # noqa: PLR2004 (a change needs two)
        return ()
    usual = np.array([*RATIOS, *(1 / ratio for ratio in RATIOS)])
    jump = closes[held[:-1]] / closes[held[1:]]
    wide = np.flatnonzero((jump > RATIOS[0] * (1 - NEAR)) | (jump < (1 + NEAR) / RATIOS[0]))
    found = []
    for at in wide:
        row = int(held[at + 1])
        if row - held[at] > NEAREST:
            continue
        near = usual[np.argmin(np.abs(jump[at] / usual - 1))]
        told = splits is not None and bool(np.any(splits[held[at] + 1 : row + 1] != 1))
        if not told and abs(jump[at] / near - 1) <= NEAR:
            found.append(Jump(row, float(near)))
    return tuple(found)
