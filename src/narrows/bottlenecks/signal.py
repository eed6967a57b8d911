"""What a fact says about a figure: variance, entropy and choices, from draws that are there already.

A fact's draws are put into bins of equal count by rank. The mean of a figure in a bin is its mean given
the fact; all measures follow from these means, less what chance alone would give. A signal that halves
the doubt of a fact is one whose correlation with the fact, on the normal scale, is sqrt(3)/2: what is
left is half its standard deviation.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from narrows.draws import normal_cdf, normal_quantile
from narrows.errors import UsageError

__all__ = ["BINS", "FOLDS", "LEAST_DRAWS", "Bins", "blur", "enough"]

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

BINS = 40
"""Bins of equal count for a number."""
FOLDS = 5
"""A choice is made on all but one part of the draws and judged on that one, for each part in turn."""
LEAST_DRAWS = 1000
"""Below it a bin has too few draws to say anything."""
HALF_DOUBT = float(np.sqrt(3.0) / 2.0)
"""Correlation of a fact with a signal that leaves half its standard deviation."""
_FINE = 64  # places within a bin at which the chance of each bin is averaged


def enough(draws: int) -> None:
    """Refuse fewer draws than the estimators need.

    Raises
    ------
    UsageError
        If the draws are fewer than `LEAST_DRAWS`.
    """
    if draws < LEAST_DRAWS:
        raise UsageError(
            f"The value of knowing a fact is asked of {draws} draws",
            f"It needs {LEAST_DRAWS} draws or more: fewer leave each of {BINS} bins to chance",
            f"Give --draws {10 * LEAST_DRAWS}",
        )


@cache
def blur(count: int, correlation: float = HALF_DOUBT) -> Floats:
    """Return the chance that a fact lies in a bin, given that a signal lies in one, axes (signal, fact).

    Parameters
    ----------
    count
        Number of bins of equal chance.
    correlation
        Correlation of fact and signal on the normal scale, 0 to 1; 1 for the fact itself.

    Notes
    -----
    Both are normal: z given u is normal with mean r u and variance 1 - r**2.

    Examples
    --------
    >>> blur(2, 1.0).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    >>> blur(2).round(3).tolist()
    [[0.833, 0.167], [0.167, 0.833]]
    """
    if correlation == 1.0:
        return np.eye(count)
    places = (np.arange(count * _FINE) + 0.5) / (count * _FINE)
    edges = normal_quantile(np.arange(1, count) / count)
    given = (edges - correlation * normal_quantile(places)[:, None]) / np.sqrt(1.0 - correlation**2)
    under = np.column_stack([np.zeros(len(places)), normal_cdf(given), np.ones(len(places))])
    found: Floats = np.diff(under, axis=1).reshape(count, _FINE, count).mean(axis=1)
    found = (found + found.T) / 2.0
    found /= found.sum(axis=1, keepdims=True)
    found.flags.writeable = False
    return found


@dataclass(frozen=True, eq=False)
class Bins:
    """The draws of one fact in bins of equal count.

    Parameters
    ----------
    place
        Bin of each draw, axis (draw).
    count
        Number of bins.
    correlation
        1 where the fact itself becomes known; `HALF_DOUBT` where its doubt is halved.

    Examples
    --------
    >>> Bins.of(np.array([3.0, 1.0, 2.0, 4.0]), 2).place.tolist()
    [1, 0, 0, 1]
    """

    place: Indices
    count: int
    correlation: float = 1.0

    @classmethod
    def of(cls, values: Floats, count: int = BINS, correlation: float = 1.0) -> Bins:
        """Put the draws of a fact into bins of equal count by rank."""
        place = np.empty(len(values), dtype=np.int64)
        place[np.argsort(values, kind="stable")] = np.arange(len(values)) * count // len(values)
        return cls(place, count, correlation)

    def coarse(self) -> Bins:
        """Return the same in half as many bins."""
        return Bins(self.place // 2, self.count // 2, self.correlation)

    @property
    def chances(self) -> Floats:
        """Chance of each bin of the fact for each bin of what becomes known, axes (signal, fact)."""
        return blur(self.count, self.correlation)

    def sums(self, values: Floats) -> Floats:
        """Return sums of values, axes (draw, column), in each bin, axes (bin, column)."""
        columns = np.ascontiguousarray(values.T)
        return np.stack([np.bincount(self.place, column, self.count) for column in columns], axis=1)

    @property
    def sizes(self) -> Floats:
        """Number of draws in each bin."""
        return np.bincount(self.place, minlength=self.count).astype(np.float64)

    @property
    def chance_part(self) -> float:
        """How much of the noise of the bins' means is left in what becomes known, in bins."""
        return float((self.chances**2).sum() - 1.0)

    def explained(self, values: Floats) -> Floats:
        """Return each draw's part of the variance that falls away; their mean is the share of the variance.

        Parameters
        ----------
        values
            A figure in every draw, axis (draw).

        Notes
        -----
        S = Var(E[Y | X]) / Var(Y), the first-order index; from the binned means, less the part that the
        noise of the means alone would give: (bins - 1) / n of the variance within bins for the fact
        itself.

        Source
        ------
        I. M. Sobol', Sensitivity estimates for nonlinear mathematical models, 1993.
        """
        n, whole = len(values), float(values.var())
        if whole == 0.0:
            return np.zeros(n)
        means = self.sums(values[:, None])[:, 0] / self.sizes
        within = float(((values - means[self.place]) ** 2).sum()) / (n - self.count)
        apart = ((self.chances @ means) - values.mean()) ** 2
        found: Floats = (apart[self.place] - self.chance_part * within / n) / whole
        return found

    def screened(self, sums: Floats, squares: Floats) -> Floats:
        """Return the share of the variance of many columns, from their sums in the bins, axis (column)."""
        n = len(self.place)
        sizes = self.sizes[:, None]
        between = (sums**2 / sizes).sum(axis=0) - sums.sum(axis=0) ** 2 / n
        whole = squares - sums.sum(axis=0) ** 2 / n
        within = (whole - between) / (n - self.count)
        found: Floats = np.divide(
            between - (self.count - 1) * within, whole, out=np.zeros_like(whole), where=whole > 0
        )
        return found

    def interval(self, values: Floats, probabilities: tuple[float, float]) -> tuple[Floats, Floats]:
        """Return the low and the high end that remain on average, given by draw, axis (draw).

        Parameters
        ----------
        values
            A figure in every draw, axis (draw).
        probabilities
            Probabilities of the two ends.
        """
        order = np.argsort(values, kind="stable")
        ordered, place = values[order], self.place[order]
        ends = np.empty((2, self.count))
        for row, chance in enumerate(self.chances / self.sizes):
            if self.correlation == 1.0:
                inside = place == row
                kept, weight = ordered[inside], np.full(np.count_nonzero(inside), chance[row])
            else:
                kept, weight = ordered, chance[place]
            ends[:, row] = np.interp(probabilities, np.cumsum(weight) - weight / 2.0, kept)
        return ends[0][self.place], ends[1][self.place]

    def bits(self, members: Floats) -> Floats:
        """Return each draw's part of the entropy that falls away [bit]; the mean is the mutual information.

        Parameters
        ----------
        members
            How much of each draw belongs to each name, axes (draw, name); a draw sums to 1.

        Notes
        -----
        I = sum over bins b and names k of p(b, k) log2(p(k | b) / p(k)), less its bias by chance,
        (bins - 1)(names - 1) / (2 n ln 2).

        Source
        ------
        G. A. Miller, Note on the bias of information estimates, 1955.
        """
        given = self.chances @ (self.sums(members) / self.sizes[:, None])
        whole = members.mean(axis=0)
        names = np.count_nonzero(whole)
        per_bin = _information(given, whole)
        bias = self.chance_part * (names - 1) / (2.0 * len(members) * np.log(2.0))
        found: Floats = per_bin[self.place] - bias
        return found

    def choice(self, values: Floats) -> tuple[Floats, Floats]:
        """Return what a better choice gains in each draw, and the share of cases in which it is another one.

        Parameters
        ----------
        values
            Worth of each option in every draw, axes (draw, option).

        Returns
        -------
        tuple
            Two arrays, axis (draw). The mean of the first is the expected value of knowing.

        Notes
        -----
        EVPPI = E[max_i E[Y_i | X]] - max_i E[Y_i]. The largest of noisy means is too large; so the choice
        is made on all draws but one part in `FOLDS`, and its worth is taken in that part.

        Source
        ------
        M. Strong, J. E. Oakley and A. Brennan, Estimating multiparameter partial expected value of perfect
        information from a probabilistic sensitivity analysis sample, 2014, equation (4).
        """
        n, options = values.shape
        part = np.arange(n) * FOLDS // n
        held = np.stack(
            [self._held(values, part == fold) for fold in range(FOLDS)]
        )  # sums of one part, axes (part, bin, option)
        sizes = np.stack(
            [
                np.bincount(self.place[part == fold], minlength=self.count).astype(np.float64)
                for fold in range(FOLDS)
            ]
        )
        gained, other = np.empty(n), np.empty(n)
        for fold in range(FOLDS):
            rest, rest_sizes = held.sum(axis=0) - held[fold], sizes.sum(axis=0) - sizes[fold]
            means = self.chances @ (rest / rest_sizes[:, None])
            best, usual = means.argmax(axis=1), int(rest.sum(axis=0).argmax())
            rows = np.flatnonzero(part == fold)
            chance = self.chances[:, self.place[rows]].T  # axes (draw, signal)
            taken = np.zeros((self.count, options))
            taken[np.arange(self.count), best] = 1.0
            policy = chance @ taken  # how often each option is chosen in each draw
            gained[rows] = (policy * values[rows]).sum(axis=1) - values[rows, usual]
            other[rows] = 1.0 - policy[:, usual]
        return gained, other

    def _held(self, values: Floats, rows: NDArray[np.bool_]) -> Floats:
        return Bins(self.place[rows], self.count).sums(values[rows])


def _information(given: Floats, whole: Floats) -> Floats:
    """Return the relative entropy of each row of shares to the whole [bit], axis (row)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(given > 0, given * np.log2(given / whole), 0.0)
    found: Floats = terms.sum(axis=1)
    return found
