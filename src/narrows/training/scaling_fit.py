"""The fit of the law of loss to runs, by the published procedure, and how sure its parameters are.

Besiroglu and others, 2024 (arXiv 2404.10102), fit the five parameters again to points read from the figure of
Hoffmann and others: Huber loss on the logarithm of the loss, from a grid of starts. Here the same minimum is
found by a damped Newton method that works on all starts, or all resamples, at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from narrows.draws import stream
from narrows.errors import DataError, UsageError
from narrows.training.published_cost import read_rows
from narrows.training.scaling import OPERATIONS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["Fit", "Points", "bootstrap", "fit_law", "objective", "read_points", "sandwich"]

POINTS = "chinchilla_points.csv"
COLUMNS = ("params", "training_flop", "loss")
OUTLIERS = 5
"""Runs with the highest losses, which the procedure leaves out."""
HUBER = 1e-3
"""Residual of ln L beyond which the penalty grows in proportion."""
GRID = (
    np.arange(0.0, 26.0, 5.0),
    np.arange(0.0, 26.0, 5.0),
    np.arange(-1.0, 1.1, 0.5),
    np.arange(0.0, 2.1, 0.5),
    np.arange(0.0, 2.1, 0.5),
)
"""Starts of ln A, ln B, ln E, alpha, beta."""
POLISHED = 64  # best starts that are followed to their minimum
ITERATIONS = 400
CONVERGED = 1e-11
BLOCK = 500  # resamples solved together: keeps the arrays in cache
LEAST_DAMPING, MOST_DAMPING = 1e-9, 1e12


@dataclass(frozen=True)
class Points:
    """Training runs: logarithms of parameters, tokens and loss, each with axis (run)."""

    size: Array
    tokens: Array
    loss: Array


@dataclass(frozen=True)
class Fit:
    """The minimum.

    Parameters
    ----------
    logs
        ln A, ln B, ln E, alpha, beta.
    objective
        Sum of the Huber penalties there.
    points
        The runs fitted.
    """

    logs: Array
    objective: float
    points: Points

    @property
    def parameters(self) -> dict[str, float]:
        """A, B, E, alpha, beta."""
        a, b, e, alpha, beta = (float(value) for value in self.logs)
        return {"A": math.exp(a), "B": math.exp(b), "E": math.exp(e), "alpha": alpha, "beta": beta}


def read_points(path: str | Path) -> Points:
    """Return the runs of a table, without those of highest loss.

    Parameters
    ----------
    path
        A CSV file with ``params``, ``training_flop``, ``loss``, or the folder of ``chinchilla_points.csv``.

    Raises
    ------
    DataError
        The table is not there, lacks a column, holds what is no positive number, or is too short.

    Notes
    -----
    Tokens are those of C = 6 N D.
    """
    place = Path(path)
    place = place / POINTS if place.is_dir() else place
    table = read_rows(place, COLUMNS)
    try:
        rows = np.array([[float(row[name]) for name in COLUMNS] for row in table]).reshape(-1, 3)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"The table {place.name!r} holds what is no number: {error}",
            f"Its columns {', '.join(COLUMNS)} hold numbers above 0",
            "Correct the table",
        ) from error
    if len(rows) < OUTLIERS + 2 * len(GRID) or not (np.isfinite(rows).all() and (rows > 0).all()):
        raise DataError(
            f"The table {place.name!r} has {len(rows)} runs, or a number that is not above 0",
            f"A fit needs at least {OUTLIERS + 2 * len(GRID)} runs, all numbers above 0",
            "Name another table",
        )
    kept = rows[np.argsort(rows[:, 2], kind="stable")][:-OUTLIERS]
    size, flop, value = kept.T
    return Points(np.log(size), np.log(flop / (OPERATIONS * size)), np.log(value))


def objective(logs: Array, points: Points) -> Array:
    """Return the sum of Huber penalties at some parameters.

    Parameters
    ----------
    logs
        ln A, ln B, ln E, alpha, beta, axes (..., 5).
    points
        The runs.

    Notes
    -----
    Sum of h(ln L_model - ln L), h(r) = r**2 / 2 up to d = 0.001 and d (abs(r) - d/2) beyond.
    """
    terms = _terms(np.atleast_2d(logs), points.size, points.tokens)
    found: Array = _penalty(np.log(np.exp(terms).sum(axis=0)) - points.loss).sum(axis=-1)
    return found


def fit_law(points: Points) -> Fit:
    """Return the parameters with the least penalty.

    Parameters
    ----------
    points
        The runs.

    Notes
    -----
    The penalty is taken at all 4,500 starts of the grid; the best 64 are followed to their minimum.
    """
    starts = np.array(np.meshgrid(*GRID, indexing="ij")).reshape(len(GRID), -1).T
    best = starts[np.argsort(objective(starts, points), kind="stable")[:POLISHED]]
    found, least = _descend(best, points, np.ones((1, len(points.loss))))
    place = int(np.argmin(least))
    return Fit(found[place], float(least[place]), points)


def bootstrap(fit: Fit, resamples: int = 4000, seed: int = 1) -> Array:
    """Return the parameters fitted to resampled runs, axes (resample, 5).

    Parameters
    ----------
    fit
        The fit to all runs, from which each resample starts.
    resamples, seed
        Number of resamples and the seed.

    Raises
    ------
    UsageError
        There is no resample.
    """
    if resamples < 1:
        raise UsageError(f"Resamples are {resamples}", "There is at least 1", "Give 4000")
    count = len(fit.points.loss)
    picks = stream(seed, "training.loss.bootstrap").integers(count, size=(resamples, count))
    weight = np.zeros((resamples, count))
    np.add.at(weight, (np.arange(resamples)[:, None], picks), 1.0)
    return np.concatenate(
        [
            _descend(np.tile(fit.logs, (len(part), 1)), fit.points, part)[0]
            for part in np.array_split(weight, max(1, resamples // BLOCK))
        ]
    )


def sandwich(fit: Fit) -> Array:
    """Return the covariance of ln A, ln B, ln E, alpha, beta, axes (5, 5).

    Parameters
    ----------
    fit
        The fit.

    Notes
    -----
    Covariance of a minimum of summed penalties: H^-1 (sum of g g^T) H^-1 with H the second derivatives of the
    sum and g the slope of each run's penalty.
    """
    points = fit.points
    _, curve, _, own = _derivatives(fit.logs[None, :], points, np.ones((1, len(points.loss))))
    inverse = np.linalg.inv(curve[0])
    found: Array = inverse @ (own[0] @ own[0].T) @ inverse
    return found


def _terms(logs: Array, size: Array, tokens: Array) -> Array:
    """Return the logarithms of the three parts of the loss, axes (part, start, run)."""
    a, b, e, alpha, beta = (logs[:, [place]] for place in range(5))
    return np.stack([a - alpha * size, b - beta * tokens, np.broadcast_to(e, (len(logs), len(size)))])


def _penalty(residual: Array) -> Array:
    far = np.abs(residual)
    return np.where(far <= HUBER, residual**2 / 2.0, HUBER * (far - HUBER / 2.0))


def _derivatives(logs: Array, points: Points, weight: Array) -> tuple[Array, Array, Array, Array]:
    """Return the slope of the penalty, its second derivatives, what touches it, and every run's own slope.

    What touches it is the curvature of the weighed least squares that lie above the penalty and touch it.
    """
    size, tokens = points.size, points.tokens
    parts = np.exp(_terms(logs, size, tokens))
    whole = parts.sum(axis=0)
    first, second, third = parts / whole
    residual = np.log(whole) - points.loss
    jacobian = np.stack([first, second, third, -first * size, -second * tokens], axis=1)
    near = np.abs(residual) <= HUBER
    push = weight * np.clip(residual, -HUBER, HUBER)
    own = jacobian * push[:, None, :]
    curve = (jacobian * (weight * near - push)[:, None, :]) @ jacobian.swapaxes(1, 2)
    for coefficient, exponent, share, log in ((0, 3, first, size), (1, 4, second, tokens)):
        mass = push * share
        curve[:, coefficient, coefficient] += mass.sum(axis=1)
        mixed = (mass * log).sum(axis=1)
        curve[:, coefficient, exponent] -= mixed
        curve[:, exponent, coefficient] -= mixed
        curve[:, exponent, exponent] += (mass * log**2).sum(axis=1)
    curve[:, 2, 2] += (push * third).sum(axis=1)
    force = weight * np.minimum(1.0, HUBER / np.maximum(np.abs(residual), HUBER))
    touching = (jacobian * force[:, None, :]) @ jacobian.swapaxes(1, 2) + LEAST_DAMPING * np.eye(5)
    return own.sum(axis=2), curve, touching, own


def _descend(starts: Array, points: Points, weight: Array) -> tuple[Array, Array]:
    """Follow every start to its minimum; return the parameters and the penalties there.

    Newton's step, damped by a multiple of the curvature of the least squares that touch the penalty from
    above: large damping is a step that cannot fail, none is Newton's own. Logarithms are centred, so that
    coefficients and exponents are nearly apart.
    """
    middle = Points(points.size - points.size.mean(), points.tokens - points.tokens.mean(), points.loss)
    shift = np.array([points.size.mean(), points.tokens.mean()])
    now = starts.copy()
    now[:, :2] -= now[:, 3:] * shift
    weight = np.broadcast_to(weight, (len(now), weight.shape[1]))
    damping = np.full(len(now), 1.0)
    least = _weighed(now, middle, weight)
    live = np.arange(len(now))
    for _ in range(ITERATIONS):
        slope, curve, touching, _ = _derivatives(now[live], middle, weight[live])
        step = -np.linalg.solve(curve + damping[live, None, None] * touching, slope[..., None])[..., 0]
        step = np.clip(step, -2.0, 2.0)
        tried = now[live] + step
        value = _weighed(tried, middle, weight[live])
        better = value <= least[live]
        now[live[better]] = tried[better]
        gain = np.where(better, least[live] - value, 0.0)
        least[live[better]] = value[better]
        damping[live] = np.clip(damping[live] * np.where(better, 0.2, 6.0), LEAST_DAMPING, MOST_DAMPING)
        done = better & (np.abs(step).max(axis=1) < CONVERGED * 1e3) & (gain <= CONVERGED * value)
        done |= damping[live] >= MOST_DAMPING
        live = live[~done]
        if not len(live):
            break
    now[:, :2] += now[:, 3:] * shift
    return now, least


def _weighed(logs: Array, points: Points, weight: Array) -> Array:
    whole = np.log(np.exp(_terms(logs, points.size, points.tokens)).sum(axis=0))
    value: Array = (weight * _penalty(whole - points.loss)).sum(axis=1)
    return value
