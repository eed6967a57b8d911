"""Laws fitted to measurements: positive coefficients, common and by group, with their covariance.

A law is a function of log-coefficients. The common ones are fitted first; then offsets level by level, each
with what stands above it held, and drawn toward it. So what belongs to no known group is answered by its
parent, with a wider interval, and what is particular to one group does not bend the common law.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Mask = NDArray[np.bool_]
    Predict = Callable[[Array], Array]

__all__ = [
    "HUBER",
    "REPEATED",
    "STUDENT",
    "Z90",
    "Law",
    "Method",
    "Span",
    "covered",
    "drawn",
    "fit",
    "fit_law",
    "law_from",
    "span",
    "stored",
    "told_rows",
    "unseen",
    "widened",
]

Z90 = 1.6448536269514722
DIGITS = 6
"""Hexadecimal digits that name a row of a fit."""
STEP = 1e-4
"""Step of a log-coefficient for the slope of a prediction."""
SMALL = 1e-3
"""Largest step of a log-coefficient after which a fit has ended."""
SLOWER = 0.7
"""Part of a step that is gone where steps grow from round to round."""
FIRST_DAMPING, LESS, MORE, TRIES = 1e-2, 5.0, 4.0, 8
"""First damping; what a step that helps divides it by, and one that does not multiplies it by; tries."""
AT_ONCE = 60_000
"""Most numbers in a stack of nudged tables: one call is quicker than many while a stack is small."""
SETTLED = 1e-6
"""Fall of the cost, as a share, after which a fit with held scale has ended; least damping."""
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


@dataclass(frozen=True)
class Method:
    """How a law is fitted: what a residual costs, and how far a round goes.

    Parameters
    ----------
    loss
        ``huber``: square near 0 and straight from `tail` residual scales on. ``student``: that of a t
        distribution with `tail` degrees of freedom, so that a row far from the others hardly pulls.
    tail
        See `loss`.
    floor
        Least residual scale: what repeats of one measurement differ by.
    scale
        Residual scale, held; from the residuals of each round if left out.
    rounds
        Most rounds.
    longest
        Longest step of a log-coefficient in one round.
    nudge
        Step of a log-coefficient for the slope of a prediction.
    """

    loss: str
    tail: float
    floor: float = 0.03
    scale: float | None = None
    rounds: int = 25
    longest: float = 1.0
    nudge: float = STEP

    def __post_init__(self) -> None:
        if self.loss not in LOSSES:
            raise UnknownNameError("loss", self.loss, LOSSES, remedy="Name one of them")

    def weight(self, residual: Array, scale: float) -> Array:
        """Return the weight of each row in least squares."""
        found: Array
        if self.loss == "huber":
            found = np.minimum(1.0, self.tail * scale / np.maximum(np.abs(residual), 1e-12)) / scale**2
        else:
            found = (self.tail + 1.0) / (self.tail + np.square(residual / scale)) / scale**2
        return found

    def cost(self, residual: Array, scale: float) -> Array:
        """Return the cost of each row, of which the weight times the residual is the slope."""
        size = np.abs(residual) / scale
        found: Array
        if self.loss == "huber":
            found = np.where(size < self.tail, 0.5 * size**2, self.tail * (size - 0.5 * self.tail))
        else:
            found = 0.5 * (self.tail + 1.0) * np.log1p(np.square(size) / self.tail)
        return found


LOSSES = ("huber", "student")
HUBER = Method("huber", 1.345)
"""Nineteen twentieths as efficient as least squares where errors are normal."""
STUDENT = Method("student", 4.0)
REPEATED = Method("huber", 0.3**-0.5, scale=0.03 * 0.3**0.5, longest=0.7, nudge=1e-3)
"""For tables of means over repeats, one clean curve each: straight from 0.03 on, what repeats differ by; the
prior counts 0.3 of a row that misses by as much."""


def fit(
    predict: Predict,
    measured: Array,
    centre: Array,
    width: Array,
    *,
    method: Method = HUBER,
    start: Array | None = None,
) -> tuple[Array, Array, float]:
    """Return the most probable shift of log-coefficients, its covariance, and the residual scale.

    Parameters
    ----------
    predict
        Logarithm of the prediction of every row from log-coefficients, in the form of `centre`; where that is
        a table, also from a stack of such tables, one prediction of every row for each.
    measured
        Logarithms of what was measured.
    centre
        Log-coefficients before the shift: one set, or a table with a row for each measured one.
    width
        Prior standard deviation of the shift; 0 fixes a coefficient.
    method
        How a residual counts and how far a round goes.
    start
        Shift to begin with; none if left out.

    Notes
    -----
    Least squares re-weighted by the loss, with a normal prior on every shift. Where the scale follows the
    residuals, the steps are those of Gauss and Newton, and the covariance is the inverse of the curvature.
    Where it is held, every round lowers one and the same cost (Levenberg, Marquardt), and the covariance is
    stretched by the mean square of the weighted residuals, which then tells what the scale does not. It is
    too narrow where most rows miss by several scales; intervals then come from held-out rows.

    Examples
    --------
    >>> size = np.linspace(1.0, 9.0, 40)
    >>> def line(logs):
    ...     return np.log(np.exp(logs[..., 0]) + np.exp(logs[..., 1]) * size)
    >>> shift, _, _ = fit(line, np.log(2.0 + 0.5 * size), np.zeros(2), np.full(2, 10.0))
    >>> np.exp(shift).round(2).tolist()
    [2.0, 0.5]
    """
    problem = _Problem(predict, measured, centre, width, method)
    shift = np.zeros(len(width))
    if start is not None:
        shift[problem.free] = start[problem.free]
    return _fit_free(problem, shift) if method.scale is None else _fit_held(problem, shift, method.scale)


class _Problem:
    """What is fitted: residuals, their cost and its slope at a shift of the coefficients that are free."""

    def __init__(
        self, predict: Predict, measured: Array, centre: Array, width: Array, method: Method
    ) -> None:
        self.predict, self.measured, self.centre, self.method = predict, measured, centre, method
        self.free = np.flatnonzero(width > 0)
        self.size = len(width)
        self.stiff = 1.0 / np.square(width[self.free])

    def base(self, shift: Array) -> Array:
        return self.predict(self.centre + shift)

    def cost(self, shift: Array, base: Array, scale: float) -> float:
        loss = self.method.cost(self.measured - base, scale).sum()
        return float(loss + 0.5 * (self.stiff * np.square(shift[self.free])).sum())

    def slope(self, shift: Array, base: Array, scale: float) -> tuple[Array, Array]:
        """Return curvature of the cost and its fall by coefficient."""
        slopes = self.slopes(self.centre + shift, base)
        residual = self.measured - base
        weight = self.method.weight(residual, scale)
        curvature = slopes.T @ (slopes * weight[:, None]) + np.diag(self.stiff)
        return curvature, slopes.T @ (weight * residual) - self.stiff * shift[self.free]

    def slopes(self, now: Array, base: Array) -> Array:
        """Return the slope of each prediction by each free coefficient: all at once for a small table."""
        nudge, count = self.method.nudge, len(self.free)
        if now.ndim > 1 and now.size * count <= AT_ONCE:
            moved = np.tile(now, (count, 1, 1))
            moved[np.arange(count), :, self.free] += nudge
            found: Array = ((self.predict(moved) - base) / nudge).T
            return found
        found = np.empty((len(self.measured), count))
        for column, place in enumerate(self.free):
            one = now.copy()
            one[..., place] += nudge
            found[:, column] = (self.predict(one) - base) / nudge
        return found

    def whole(self, curvature: Array) -> Array:
        """Return the covariance of all coefficients from the curvature over the free ones."""
        found = np.zeros((self.size, self.size))
        found[np.ix_(self.free, self.free)] = np.linalg.inv(curvature)
        return found


def _fit_free(problem: _Problem, shift: Array) -> tuple[Array, Array, float]:
    method = problem.method
    before, damping = np.inf, 1.0
    for _ in range(method.rounds):
        base = problem.base(shift)
        scale = _scale(problem.measured - base, method.floor)
        curvature, fall = problem.slope(shift, base, scale)
        change = np.linalg.solve(curvature, fall)
        shift[problem.free] += np.clip(change, -method.longest, method.longest) * damping
        size = float(np.abs(change).max())
        if size < SMALL:
            break
        damping = SLOWER if size > before else 1.0
        before = size
    return shift, problem.whole(curvature), scale


def _fit_held(problem: _Problem, shift: Array, scale: float) -> tuple[Array, Array, float]:
    method = problem.method
    base = problem.base(shift)
    least, damping = problem.cost(shift, base, scale), FIRST_DAMPING
    for _ in range(method.rounds):
        curvature, fall = problem.slope(shift, base, scale)
        before = least
        for _ in range(TRIES):
            change = np.linalg.solve(curvature + damping * np.diag(np.diag(curvature)), fall)
            moved = shift.copy()
            moved[problem.free] += np.clip(change, -method.longest, method.longest)
            reached = problem.base(moved)
            cost = problem.cost(moved, reached, scale)
            if cost < least:
                shift, base, least, damping = moved, reached, cost, max(damping / LESS, SETTLED)
                break
            damping *= MORE
        if before - least < SETTLED * before:
            break
    curvature, _ = problem.slope(shift, base, scale)
    residual = problem.measured - base
    stretch = float((method.weight(residual, scale) * np.square(residual)).mean())
    return shift, problem.whole(curvature) * stretch, scale


def _scale(residual: Array, floor: float) -> float:
    return max(NORMAL * float(np.median(np.abs(residual))), floor)


def fit_law(
    make: Callable[[Mask], Predict],
    measured: Array,
    groups: Sequence[Mapping[str, str]],
    *,
    start: Mapping[str, tuple[float, float]],
    spreads: Mapping[str, tuple[float, float]],
    first: Mask | None = None,
    method: Method = HUBER,
    kinds: tuple[tuple[str, str], ...] = (),
    by: str = "",
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
    method
        As in `fit`.
    kinds, by
        As in `Law`.
    """
    names = tuple(start)
    every = np.ones(len(measured), dtype=bool)
    rows = every if first is None else first
    centre = np.tile(np.log([value for value, _ in start.values()]), (len(measured), 1))
    width = np.array([doubt for _, doubt in start.values()])
    shift, covariance, _ = fit(make(rows), measured[rows], centre[rows], width, method=method)
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
            offsets, doubt, _ = fit(make(own), measured[own], centre[own], spread, method=method)
            found[str(label)] = (offsets, doubt)
            centre[own] += offsets
        levels[level] = (spread, found)
    scatter = _scale(measured - make(every)(centre), method.floor)
    return Law(names, common, covariance, levels, scatter, {}, kinds, by)


def widened(ratio: Array, labels: Sequence[str] | Array) -> dict[str, float]:
    """Return the factor under which 90 % of held-out misses lie, over all rows and by label.

    Parameters
    ----------
    ratio
        Misses in logarithms over their deviations, without sign; NaN where nothing was measured.
    labels
        Label of each row.
    """
    known = np.isfinite(ratio)
    ratio, labels = ratio[known], np.asarray(labels)[known]
    if not len(ratio):
        return {"": Z90}
    found = {"": float(np.quantile(ratio, 0.9))}
    for label in sorted(set(labels)):
        own = ratio[labels == label]
        if len(own) >= FEWEST:
            found[str(label)] = float(np.quantile(own, 0.9))
    return found


def drawn(keys: Sequence[Hashable], *, count: int = 5, seed: int = 0) -> NDArray[np.int64]:
    """Return a fold for each row, at random; rows of one key share it.

    Parameters
    ----------
    keys
        What each row was measured on.
    count
        Folds.
    seed
        Of the draw.
    """
    places: dict[Hashable, int] = {}
    rows = [places.setdefault(key, len(places)) for key in keys]
    found: NDArray[np.int64] = np.random.default_rng(seed).integers(0, count, len(places))[rows]
    return found


def covered(ratio: Array, folds: Array, labels: Array) -> Mask:
    """Return whether each held-out row lies in an interval widened by the other folds only.

    Parameters
    ----------
    ratio, labels
        As in `widened`.
    folds
        What each row was left out with.
    """
    inside = np.zeros(len(ratio), dtype=bool)
    for fold in np.unique(folds):
        test = folds == fold
        factors = widened(ratio[~test], labels[~test])
        for row in np.flatnonzero(test):
            inside[row] = ratio[row] <= factors.get(str(labels[row]), factors[""])
    return inside


def told_rows(keys: Iterable[object]) -> str:
    """Return short digests of the rows that a law was fitted to, one after the other.

    Parameters
    ----------
    keys
        What tells a row of the table from the others.

    Examples
    --------
    >>> seen = told_rows(["one", "two"])
    >>> unseen(seen, ["two", "three"]).tolist()
    [False, True]
    """
    return "".join(sorted({_digest(key) for key in keys}))


def unseen(seen: str, keys: Iterable[object]) -> Mask:
    """Return whether each row is none of those that a law was fitted to.

    Parameters
    ----------
    seen
        As written by `told_rows`. A strange row is taken for one of 3,000 once in 5,000 times.
    keys
        What tells a row of the table from the others.
    """
    known = {seen[at : at + DIGITS] for at in range(0, len(seen), DIGITS)}
    return np.array([_digest(key) not in known for key in keys], dtype=bool)


def _digest(key: object) -> str:
    return hashlib.sha256(repr(key).encode()).hexdigest()[:DIGITS]


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

    def squares(lower: list[list[float]], free: NDArray[np.intp]) -> Array:
        found = np.zeros((len(lower), size, size))
        row, column = np.tril_indices(len(free))
        values = np.array(lower, dtype=float).reshape(len(lower), len(row))
        found[:, free[row], free[column]] = values
        found[:, free[column], free[row]] = values
        return found

    levels = {}
    for level in kept["levels"]:
        spread = np.array(level["spread"])
        free, groups = np.flatnonzero(spread), level["groups"]
        offsets = np.zeros((len(groups), size))
        offsets[:, free] = np.array([own for own, _ in groups.values()], dtype=float).reshape(-1, len(free))
        doubts = squares([doubt for _, doubt in groups.values()], free)
        levels[level["name"]] = (spread, dict(zip(groups, zip(offsets, doubts, strict=True), strict=True)))
    return Law(
        tuple(kept["names"]),
        np.array(kept["common"]),
        squares([kept["covariance"]], np.arange(size))[0],
        levels,
        kept["scatter"],
        kept["widening"],
        kinds,
        by,
    )
