"""Fit of positive coefficients that differ a little by engine, chip and model, with their covariance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["Level", "Fitted", "fit"]

STEP = 1e-4
ROUNDS = 25
TAIL = 1.345
"""Where the loss turns from square to straight, in residual scales."""


@dataclass(frozen=True)
class Level:
    """A way to group rows, each group with offsets of its own.

    Parameters
    ----------
    name
        What the groups are.
    groups
        Group of each row; an empty text for none.
    spread
        Standard deviation of the offset of each coefficient, in logarithms; 0 fixes it.
    """

    name: str
    groups: tuple[str, ...]
    spread: Array


@dataclass(frozen=True)
class Fitted:
    """Coefficients and their covariance.

    Parameters
    ----------
    columns
        Level, group and coefficient of each number; the first level is ``""`` with one group ``""``.
    values, covariance
        The numbers, in logarithms.
    scale
        Robust standard deviation of the residuals.
    """

    columns: list[tuple[str, str, int]]
    values: Array
    covariance: Array
    scale: float


def fit(
    predict: Callable[[Array], Array],
    measured: Array,
    centre: Array,
    width: Array,
    levels: Sequence[Level],
    importance: Array | None = None,
) -> Fitted:
    """Return the most probable coefficients of a law and the covariance about them.

    Parameters
    ----------
    predict
        Logarithm of the prediction of every row from a table of log-coefficients, a row for each.
    measured
        Logarithms of what was measured.
    centre, width
        Prior mean of the log-coefficients, one row for all or a row each, and standard deviation of what is
        common; width 0 fixes one.
    levels
        Ways to group the rows.
    importance
        Weight of each row; None for 1.

    Notes
    -----
    Gauss-Newton on the Huber loss by re-weighted least squares, with a normal prior on every number. The
    covariance is the inverse of the curvature at the end.
    """
    count, size = len(measured), len(width)
    columns: list[tuple[str, str, int]] = [("", "", j) for j in range(size) if width[j] > 0]
    priors = [width[j] for j in range(size) if width[j] > 0]
    rows: list[Array] = [np.ones(count)] * len(columns)
    for level in levels:
        labels = np.asarray(level.groups)
        for group in sorted(set(level.groups) - {""}):
            member = (labels == group).astype(float)
            for j in range(size):
                if level.spread[j] > 0:
                    columns.append((level.name, group, j))
                    priors.append(float(level.spread[j]))
                    rows.append(member)
    belongs = np.array(rows).T
    which = np.array([j for _, _, j in columns])
    values = np.zeros(len(columns))
    stiff = 1.0 / np.square(priors)
    scatter = np.zeros((len(columns), size))
    scatter[np.arange(len(columns)), which] = 1.0

    def logs(numbers: Array) -> Array:
        found: Array = centre + (belongs * numbers) @ scatter
        return found

    scale = 0.3
    best = np.inf
    damping = 1.0
    for _ in range(ROUNDS):
        now = logs(values)
        base = predict(now)
        residual = measured - base
        scale = max(1.4826 * float(np.median(np.abs(residual))), 0.03)
        slopes = np.empty((count, size))
        for j in range(size):
            moved = now.copy()
            moved[:, j] += STEP
            slopes[:, j] = (predict(moved) - base) / STEP
        jacobian = slopes[:, which] * belongs
        weight = np.minimum(1.0, TAIL * scale / np.maximum(np.abs(residual), 1e-12)) / scale**2
        if importance is not None:
            weight = weight * importance
        curvature = jacobian.T @ (jacobian * weight[:, None]) + np.diag(stiff)
        pull = jacobian.T @ (weight * residual) - stiff * values
        change = np.linalg.solve(curvature, pull)
        values = values + np.clip(change, -1.0, 1.0) * damping
        size_now = float(np.abs(change).max())
        if size_now < 1e-3:
            break
        damping = 0.7 if size_now > best else 1.0
        best = size_now
    covariance = np.linalg.inv(curvature)
    return Fitted(columns, values, covariance, scale)
