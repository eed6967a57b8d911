"""Laws fitted to measurements: positive coefficients, common and by group, with their covariance.

A law is a function of log-coefficients. The common ones are fitted first; then offsets level by level, each
with what stands above it held, and drawn toward it. So what belongs to no known group is answered by its
parent, with a wider interval, and what is particular to one group does not bend the common law.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Mask = NDArray[np.bool_]
    Predict = Callable[[Array], Array]

__all__ = ["Z90", "Law", "Span", "fit", "fit_law", "law_from", "span", "stored", "widened"]

Z90 = 1.6448536269514722
STEP = 1e-4
ROUNDS = 25
TAIL = 1.345
"""Where the loss turns from square to straight, in residual scales."""
NORMAL = 1.4826
"""Standard deviation over median absolute deviation, for a normal distribution."""
FEWEST = 25
"""Held-out rows of a group from which it gets an interval of its own."""


@dataclass(frozen=True)
class Span:
    """A number with its 90 % interval.

    Parameters
    ----------
    value, low, high
        Median, 5 % and 95 %.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Law:
    """Coefficients of one law with their covariance, common and by group.

    Parameters
    ----------
    names
        The coefficients.
    common, covariance
        Log-coefficients of no group in particular, and their covariance.
    levels
        For each level, in order: spread of its offsets, and for each known group the offsets and their
        covariance.
    scatter
        Standard deviation of what the law does not explain, in logarithms.
    widening
        Factor on the half-width of the interval by kind of question and group, from held-out rows.
    kinds
        Levels that make a question another kind where their group is not known, and that kind; the first
        that applies counts. Otherwise the kind is ``seen``.
    by
        Level whose groups have a widening of their own.
    """

    names: tuple[str, ...]
    common: Array
    covariance: Array
    levels: dict[str, tuple[Array, dict[str, tuple[Array, Array]]]]
    scatter: float
    widening: dict[str, dict[str, float]] = field(default_factory=dict)
    kinds: tuple[tuple[str, str], ...] = ()
    by: str = ""

    def logs(self, groups: Sequence[Mapping[str, str]]) -> Array:
        """Return the log-coefficients for each place, axes: places, coefficients."""
        found = np.tile(self.common, (len(groups), 1))
        for level, (_, offsets) in self.levels.items():
            for row, group in enumerate(groups):
                if group[level] in offsets:
                    found[row] += offsets[group[level]][0]
        return found

    def deviation(self, predict: Predict, groups: Sequence[Mapping[str, str]]) -> Array:
        """Return the standard deviation of log-predictions, from coefficients and from scatter."""
        logs = self.logs(groups)
        base = predict(logs)
        slopes = np.empty(logs.shape)
        for j in range(logs.shape[1]):
            moved = logs.copy()
            moved[:, j] += STEP
            slopes[:, j] = (predict(moved) - base) / STEP
        variance = np.einsum("ij,jk,ik->i", slopes, self.covariance, slopes) + self.scatter**2
        for level, (spread, offsets) in self.levels.items():
            for row, group in enumerate(groups):
                slope = slopes[row]
                if group[level] in offsets:
                    variance[row] += slope @ offsets[group[level]][1] @ slope
                else:
                    variance[row] += float(np.square(slope * spread).sum())
        found: Array = np.sqrt(variance)
        return found

    def kind(self, group: Mapping[str, str]) -> str:
        """Return what is new about a place; ``seen`` where nothing is."""
        missing = (name for level, name in self.kinds if group[level] not in self.levels[level][1])
        return next(missing, "seen")

    def half(self, predict: Predict, groups: Sequence[Mapping[str, str]]) -> Array:
        """Return half the width of the 90 % interval of each log-prediction."""
        factors = [self.widening.get(self.kind(group), {}) for group in groups]
        wide = [
            found.get(group.get(self.by, ""), found.get("", Z90))
            for found, group in zip(factors, groups, strict=True)
        ]
        found: Array = np.array(wide) * self.deviation(predict, groups)
        return found


def span(law: Law, predict: Predict, group: Mapping[str, str]) -> Span:
    """Return one prediction with its interval.

    Parameters
    ----------
    law
        The law.
    predict
        Logarithm of the prediction from one row of log-coefficients.
    group
        Its group at each level.
    """
    middle = float(predict(law.logs([group]))[0])
    half = float(law.half(predict, [group])[0])
    return Span(math.exp(middle), math.exp(middle - half), math.exp(middle + half))


def fit(
    predict: Predict, measured: Array, centre: Array, width: Array, *, floor: float = 0.03
) -> tuple[Array, Array, float]:
    """Return the most probable shift of log-coefficients, its covariance, and the residual scale.

    Parameters
    ----------
    predict
        Logarithm of the prediction of every row from a table of log-coefficients, a row for each.
    measured
        Logarithms of what was measured.
    centre
        Log-coefficients of each row before the shift.
    width
        Prior standard deviation of the shift; 0 fixes a coefficient.
    floor
        Least residual scale: what repeats of one measurement differ by.

    Notes
    -----
    Gauss-Newton on the Huber loss by re-weighted least squares, with a normal prior on every number. The
    covariance is the inverse of the curvature at the end.
    """
    free = np.flatnonzero(width > 0)
    shift, covariance = np.zeros(len(width)), np.zeros((len(width), len(width)))
    stiff = 1.0 / np.square(width[free])
    scale, before, damping = 0.3, np.inf, 1.0
    for _ in range(ROUNDS):
        now = centre + shift
        base = predict(now)
        residual = measured - base
        scale = max(NORMAL * float(np.median(np.abs(residual))), floor)
        slopes = np.empty((len(measured), len(free)))
        for column, j in enumerate(free):
            moved = now.copy()
            moved[:, j] += STEP
            slopes[:, column] = (predict(moved) - base) / STEP
        weight = np.minimum(1.0, TAIL * scale / np.maximum(np.abs(residual), 1e-12)) / scale**2
        curvature = slopes.T @ (slopes * weight[:, None]) + np.diag(stiff)
        covariance[np.ix_(free, free)] = np.linalg.inv(curvature)
        change = np.linalg.solve(curvature, slopes.T @ (weight * residual) - stiff * shift[free])
        shift[free] += np.clip(change, -1.0, 1.0) * damping
        size = float(np.abs(change).max())
        if size < STEP * 10:
            break
        damping = 0.7 if size > before else 1.0
        before = size
    return shift, covariance, scale


def fit_law(
    make: Callable[[Mask], Predict],
    measured: Array,
    groups: Sequence[Mapping[str, str]],
    *,
    start: Mapping[str, tuple[float, float]],
    spreads: Mapping[str, tuple[float, float]],
    first: Mask | None = None,
    floor: float = 0.03,
) -> Law:
    """Return a law fitted level by level, without widening.

    Parameters
    ----------
    make
        Predictor of the rows of a mask.
    measured
        Logarithms of what was measured.
    groups
        Group of each row at each level.
    start
        For each coefficient where the fit starts, and the prior standard deviation of its logarithm; the last
        coefficient is a factor on all.
    spreads
        For each level, in order, the spread of offsets: of a coefficient, and of the factor on all.
    first
        Rows that the common coefficients are fitted on; all if left out.
    floor
        As in `fit`.
    """
    names = tuple(start)
    every = np.ones(len(measured), dtype=bool)
    rows = every if first is None else first
    centre = np.tile(np.log([value for value, _ in start.values()]), (len(measured), 1))
    width = np.array([doubt for _, doubt in start.values()])
    shift, covariance, _ = fit(make(rows), measured[rows], centre[rows], width, floor=floor)
    centre = centre + shift
    common = centre[0].copy()
    levels: dict[str, tuple[Array, dict[str, tuple[Array, Array]]]] = {}
    for level, (each, factor) in spreads.items():
        spread = np.full(len(names), each)
        spread[-1] = factor
        labels = np.array([group[level] for group in groups])
        found = {}
        for label in sorted(set(labels)):
            own = labels == label
            offsets, doubt, _ = fit(make(own), measured[own], centre[own], spread, floor=floor)
            found[str(label)] = (offsets, doubt)
            centre[own] += offsets
        levels[level] = (spread, found)
    residual = measured - make(every)(centre)
    scatter = max(NORMAL * float(np.median(np.abs(residual))), floor)
    return Law(names, common, covariance, levels, scatter)


def widened(ratio: Array, labels: Sequence[str] | Array) -> dict[str, float]:
    """Return the factor under which 90 % of held-out misses lie, over all rows and by label.

    Parameters
    ----------
    ratio
        Misses in logarithms over their deviations, without sign.
    labels
        Label of each row.
    """
    if not len(ratio):
        return {"": Z90}
    found = {"": float(np.quantile(ratio, 0.9))}
    for label in sorted(set(labels)):
        own = ratio[np.asarray(labels) == label]
        if len(own) >= FEWEST:
            found[str(label)] = float(np.quantile(own, 0.9))
    return found


def stored(law: Law) -> dict[str, Any]:
    """Return a law as it is written: numbers to five digits, without coefficients that a level fixes."""

    def short(values: Array, digits: int = 5) -> list[float]:
        return [float(f"{value:.{digits}g}") for value in values]

    def lower(doubt: Array, spread: Array) -> list[float]:
        free = np.flatnonzero(spread)
        return short(doubt[np.ix_(free, free)][np.tril_indices(len(free))], 3)

    return {
        "names": list(law.names),
        "common": short(law.common),
        "covariance": short(law.covariance[np.tril_indices(len(law.names))]),
        "scatter": float(f"{law.scatter:.5g}"),
        "levels": [
            {
                "name": level,
                "spread": short(spread),
                "groups": {
                    name: [short(offsets[spread > 0]), lower(doubt, spread)]
                    for name, (offsets, doubt) in groups.items()
                },
            }
            for level, (spread, groups) in law.levels.items()
        ],
        "widening": {
            kind: {label: float(f"{factor:.4g}") for label, factor in by.items()}
            for kind, by in law.widening.items()
        },
    }


def law_from(kept: Mapping[str, Any], *, kinds: tuple[tuple[str, str], ...] = (), by: str = "") -> Law:
    """Return a law from its stored form.

    Parameters
    ----------
    kept
        From `stored`.
    kinds, by
        As in `Law`.
    """
    size = len(kept["names"])

    def square(lower: list[float], free: NDArray[np.int64]) -> Array:
        part = np.zeros((len(free), len(free)))
        part[np.tril_indices(len(free))] = lower
        found = np.zeros((size, size))
        found[np.ix_(free, free)] = part + np.tril(part, -1).T
        return found

    def whole(offsets: list[float], free: NDArray[np.int64]) -> Array:
        found = np.zeros(size)
        found[free] = offsets
        return found

    levels = {}
    for level in kept["levels"]:
        spread = np.array(level["spread"])
        free = np.flatnonzero(spread)
        levels[level["name"]] = (
            spread,
            {
                name: (whole(offsets, free), square(low, free))
                for name, (offsets, low) in level["groups"].items()
            },
        )
    return Law(
        tuple(kept["names"]),
        np.array(kept["common"]),
        square(kept["covariance"], np.arange(size)),
        levels,
        kept["scatter"],
        kept["widening"],
        kinds,
        by,
    )
