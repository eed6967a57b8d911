"""Score a forecast that is draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["crps"]


def crps(draws: ArrayLike, came: float) -> float:
    """Return the continuous ranked probability score of draws [unit of the draws]; less is better.

    Parameters
    ----------
    draws
        The forecast, axis (draw).
    came
        What came.

    Notes
    -----
    E|X - y| - E|X - X'| / 2 with the mean over all pairs of different draws, which is unbiased in the
    number of draws. For one draw it is the absolute error.

    Source
    ------
    Gneiting and Raftery (2007), Strictly proper scoring rules, equation 21.

    Examples
    --------
    >>> crps([1.0, 3.0], 2.0), crps([5.0], 2.0)
    (0.0, 3.0)
    """
    ordered = np.sort(np.asarray(draws, dtype=np.float64))
    count = len(ordered)
    apart = float((2 * np.arange(1, count + 1) - count - 1) @ ordered) / max(count * (count - 1), 1)
    return float(np.abs(ordered - came).mean()) - apart
