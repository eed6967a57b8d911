"""Scores of predictions: rank correlation, weighted errors, share of rows within a band."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = ["r_squared", "rank_correlation", "ranks", "weighted_error"]


def ranks(values: ArrayLike) -> Floats:
    """Return ranks from 1, equal values sharing their mean rank.

    Examples
    --------
    >>> ranks([3.0, 1.0, 3.0]).tolist()
    [2.5, 1.0, 2.5]
    """
    _, inverse, counts = np.unique(np.asarray(values), return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[inverse])


def rank_correlation(first: ArrayLike, second: ArrayLike) -> float:
    """Return Spearman's rank correlation; 0 where one side does not vary.

    Examples
    --------
    >>> round(rank_correlation([1.0, 2.0, 3.0], [10.0, 30.0, 20.0]), 3)
    0.5
    """
    a, b = ranks(first), ranks(second)
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size > 0 else 0.0


def weighted_error(predicted: Floats, observed: Floats, weights: Floats) -> float:
    """Return the mean absolute error, weighted, over rows and columns.

    Examples
    --------
    >>> import numpy as np
    >>> weighted_error(np.zeros((2, 1)), np.array([[1.0], [3.0]]), np.array([3.0, 1.0]))
    1.5
    """
    return float(np.average(np.abs(predicted - observed).mean(axis=1), weights=weights))


def r_squared(predicted: Floats, observed: Floats, weights: Floats) -> float:
    """Return the share of the weighted variance that is explained, over rows and columns.

    Examples
    --------
    >>> import numpy as np
    >>> r_squared(np.array([[1.0], [2.0]]), np.array([[1.0], [2.0]]), np.ones(2))
    1.0
    """
    spread = np.broadcast_to(weights[:, None], observed.shape)
    centre = float(np.average(observed, weights=spread))
    left = float(np.average((observed - predicted) ** 2, weights=spread))
    return 1 - left / float(np.average((observed - centre) ** 2, weights=spread))
