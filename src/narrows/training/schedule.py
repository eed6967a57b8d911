"""When a training run ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from narrows.draws import quantiles
from narrows.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

__all__ = ["schedule", "schedule_days"]

DAY = 86_400.0
BAND = (0.05, 0.5, 0.95)


def schedule_days(
    flop: ArrayLike, chips: ArrayLike, flop_per_s_per_chip: ArrayLike, goodput: ArrayLike
) -> Array:
    """Return the days that a run takes.

    Parameters
    ----------
    flop
        Operations of the model [flop].
    chips
        Chips of the run.
    flop_per_s_per_chip
        Operations of the model that one chip does in a second of work [flop/s].
    goodput
        Share of the time that is work kept in the end [share].

    Raises
    ------
    UsageError
        One of them is not above 0, or the share is above 1.

    Notes
    -----
    days = C / (n f g) / 86,400. Each may be a number or an array with axis (draw).

    Examples
    --------
    >>> float(schedule_days(3.8e25, 16_384, 400e12, 0.9).round(1))
    74.6
    """
    parts = [np.asarray(part, dtype=np.float64) for part in (flop, chips, flop_per_s_per_chip, goodput)]
    words = ("work", "number of chips", "speed of a chip", "share of useful time")
    for word, part in zip(words, parts, strict=True):
        most = 1.0 if word == words[-1] else np.finfo(np.float64).max
        wrong = part[~((part > 0) & (part <= most))]
        if wrong.size:
            raise UsageError(
                f"The {word} of a schedule is {wrong.flat[0]:g}",
                "Each is above 0, and the share at most 1",
                "Correct it",
            )
    work, count, speed, share = parts
    return np.asarray(work / (count * speed * share) / DAY)


def schedule(
    flop: ArrayLike, chips: ArrayLike, flop_per_s_per_chip: ArrayLike, goodput: ArrayLike
) -> tuple[float, float, float]:
    """Return the days that a run takes: p05, p50, p95 over draws.

    Parameters
    ----------
    flop, chips, flop_per_s_per_chip, goodput
        As for `schedule_days`.

    Raises
    ------
    UsageError
        One of them is not above 0, or the share is above 1.

    Examples
    --------
    >>> low, middle, high = schedule(3.8e25, 16_384, 400e12, [0.85, 0.9, 0.95])
    >>> round(middle, 1), low < middle < high
    (74.6, True)
    """
    days = np.atleast_1d(schedule_days(flop, chips, flop_per_s_per_chip, goodput))
    low, middle, high = quantiles(days, BAND)
    return float(low), float(middle), float(high)
