"""Fit of a law with few coefficients to logarithms of measured times, robust against single odd rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["robust_fit"]

STEP = 1e-3
TAIL = 0.03
"""Residual from which the loss grows in a straight line: what repeats of one measurement differ by."""
FIRMNESS = 0.3
"""Weight of the prior against one row."""
ROUNDS = 40
TRIES = 8
LONGEST = 0.7
"""Longest step of a log-coefficient in one round."""
SETTLED = 1e-6


def robust_fit(
    predict: Callable[[Array], Array],
    measured: Array,
    centre: Array,
    width: Array,
    *,
    start: Array | None = None,
    rounds: int = ROUNDS,
) -> tuple[Array, Array]:
    """Return the most probable log-coefficients and their covariance.

    Parameters
    ----------
    predict
        Logarithm of the prediction of every row from log-coefficients.
    measured
        Logarithms of what was measured.
    centre, width
        Normal prior of the log-coefficients; a width of 0 fixes one at its centre.
    start
        Where to begin; the centre if left out.
    rounds
        Most rounds.

    Notes
    -----
    Levenberg-Marquardt on the Huber loss. The covariance is the inverse of the curvature at the end times
    the variance of the weighted residuals; fixed coefficients have none.

    Examples
    --------
    >>> size = np.linspace(1.0, 9.0, 40)
    >>> found, _ = robust_fit(
    ...     lambda logs: np.log(np.exp(logs[0]) + np.exp(logs[1]) * size),
    ...     np.log(2.0 + 0.5 * size), np.zeros(2), np.ones(2))
    >>> np.exp(found).round(2).tolist()
    [2.0, 0.5]
    """
    free = np.flatnonzero(width > 0)
    stiff = np.zeros(len(centre))
    stiff[free] = FIRMNESS * TAIL**2 / width[free] ** 2

    def cost(at: Array) -> tuple[float, Array]:
        miss = measured - predict(at)
        size = np.abs(miss)
        loss = np.where(size < TAIL, 0.5 * miss**2, TAIL * (size - 0.5 * TAIL)).sum()
        return float(loss + 0.5 * (stiff * (at - centre) ** 2).sum()), miss

    logs = np.where(width > 0, centre if start is None else start, centre)
    damping = 1e-2
    least, miss = cost(logs)
    for _ in range(rounds):
        slopes, pull = (
            _slopes(predict, logs, measured - miss, free),
            np.minimum(1.0, TAIL / np.maximum(np.abs(miss), 1e-12)),
        )
        curvature = slopes.T @ (slopes * pull[:, None]) + np.diag(stiff[free])
        uphill = slopes.T @ (pull * miss) - (stiff * (logs - centre))[free]
        before = least
        for _ in range(TRIES):
            step = np.linalg.solve(curvature + damping * np.diag(np.diag(curvature)), uphill)
            moved = logs.copy()
            moved[free] += np.clip(step, -LONGEST, LONGEST)
            reached, left = cost(moved)
            if reached < least:
                logs, least, miss, damping = moved, reached, left, max(damping / 5, SETTLED)
                break
            damping *= 4
        if before - least < SETTLED * before:
            break
    slopes = _slopes(predict, logs, measured - miss, free)
    pull = np.minimum(1.0, TAIL / np.maximum(np.abs(miss), 1e-12))
    curvature = slopes.T @ (slopes * pull[:, None]) + np.diag(stiff[free])
    covariance = np.zeros((len(centre), len(centre)))
    covariance[np.ix_(free, free)] = np.linalg.inv(curvature) * float((pull * miss**2).mean())
    return logs, covariance


def _slopes(predict: Callable[[Array], Array], logs: Array, base: Array, free: NDArray[np.intp]) -> Array:
    found = np.empty((len(base), len(free)))
    for column, place in enumerate(free):
        moved = logs.copy()
        moved[place] += STEP
        found[:, column] = (predict(moved) - base) / STEP
    return found
