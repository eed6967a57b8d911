"""How much a price moves besides what a model says: a random walk whose volatility has a state.

The root mean square of five daily moves is measured, block by block. Its logarithm x follows

    x(b+1) = mu + phi (x(b) - mu) + e,   e ~ N(0, q)

and is seen with a known error: of five normal moves, ln of their mean square has the mean and variance of
ln chi-squared with 5 degrees of freedom. Three numbers, fitted by likelihood (Kalman filter).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from narrows.draws import stream
from narrows.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["BLOCK", "Volatility", "block_measures", "fit_volatility"]

BLOCK = 5
"""Closes of a block: a week of trading."""
WEEK = 7
"""Days of the calendar in a block."""
CLOSES_PER_DAY = 252 / 365.25
"""Closes in a day of the calendar."""
LEAST_BLOCKS = 100
"""Below two years of closes the three numbers are not told apart."""
_MEAN_LN = 0.7031566406452432 + math.log(2.0)  # digamma(5/2) + ln 2: mean of ln chi-squared, 5 degrees
_VAR_LN = 0.4903577561002349  # trigamma(5/2): its variance
SHIFT = (_MEAN_LN - math.log(BLOCK)) / 2.0
"""Mean of half the ln of the mean square of five normal moves of variance 1."""
ERROR = _VAR_LN / 4.0
"""Its variance."""
LEAST_SQUARE = 1e-6
"""A week without any move counts as one of 0.1 % a day."""
MEANS, KEPT, STEPS = (-4.4, -3.6, 17), (0.75, 0.99, 25), (0.02, 0.40, 20)
"""Grid of mu, phi and the root of q: from, to, points."""


@dataclass(frozen=True, slots=True)
class Volatility:
    """The law of the volatility and its state on a day.

    Parameters
    ----------
    mean, kept, step
        mu [ln], phi a block, and q.
    state, doubt
        x on the last day, and its variance.
    """

    mean: float
    kept: float
    step: float
    state: float
    doubt: float

    @property
    def daily(self) -> float:
        """Median volatility of a close on the last day [ln]."""
        return math.exp(self.state)

    def moves(self, draws: int, days: int, seed: int, key: str = "shocks.noise") -> Floats:
        """Return sums of moves of ln price since the last day, axes (draw, day); day 0 is zero.

        Parameters
        ----------
        draws, days
            How many draws, and days of the calendar ahead.
        seed, key
            The stream.
        """
        random = stream(seed, key)
        x = self.state + math.sqrt(self.doubt) * random.standard_normal(draws)
        moved = np.zeros((days + 1, draws))
        for day in range(1, days + 1):
            if day % WEEK == 1:
                x = (
                    self.mean
                    + self.kept * (x - self.mean)
                    + math.sqrt(self.step) * random.standard_normal(draws)
                )
                scale = np.exp(x) * math.sqrt(CLOSES_PER_DAY)
            moved[day] = moved[day - 1] + scale * random.standard_normal(draws)
        return moved.T


def block_measures(usd: Floats) -> Floats:
    """Return half the ln of the mean square of five moves, block by block up to the last, less its bias.

    Parameters
    ----------
    usd
        Closes in order of time, axis (close).
    """
    moves = np.diff(np.log(usd))
    count = len(moves) // BLOCK
    squares = (moves[len(moves) - BLOCK * count :].reshape(count, BLOCK) ** 2).mean(axis=1)
    found: Floats = np.log(np.maximum(squares, LEAST_SQUARE)) / 2.0 - SHIFT
    return found


def _filtered(
    measured: Floats, seen: NDArray[np.bool_], mean: Floats, kept: Floats, step: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return log-likelihood, last state and its variance, for each point of a grid."""
    state, doubt = mean + 0.0 * kept, step / (1.0 - kept**2) + 0.0 * mean
    score = np.zeros(np.broadcast(mean, kept, step).shape)
    now, spread = state, doubt
    for value, use in zip(measured.tolist(), seen.tolist(), strict=True):
        if use:
            total = doubt + ERROR
            missed = value - state
            score -= (np.log(total) + missed**2 / total) / 2.0
            gain = doubt / total
            now, spread = state + gain * missed, doubt * (1.0 - gain)
        else:
            now, spread = state, doubt
        state, doubt = mean + kept * (now - mean), kept**2 * spread + step
    return score, now, spread


def fit_volatility(
    usd: Floats, left_out: NDArray[np.bool_] | None = None, until: int | None = None
) -> Volatility:
    """Fit the law to closes, and return it with its state on a day.

    Parameters
    ----------
    usd
        Closes in order of time, axis (close).
    left_out
        Closes that the fit may not see (the event that is forecast), axis (close).
    until
        Number of closes known on the day of the state; all if left out. The state sees none after it.

    Raises
    ------
    DataError
        If there are fewer than `LEAST_BLOCKS` blocks.

    Notes
    -----
    The likelihood is that of a linear state with a normal error: quasi-likelihood, since the error is
    the ln of a chi-squared. Source: Harvey, Ruiz and Shephard (1994), section 3, for blocks of one move.
    """
    measured = block_measures(usd)
    if len(measured) < LEAST_BLOCKS:
        raise DataError(
            f"The volatility is asked of {len(usd)} daily prices",
            f"It needs {LEAST_BLOCKS * BLOCK} or more before the day of the forecast",
            "Ask for a later day",
        )
    seen = np.ones(len(measured), dtype=bool)
    if left_out is not None:
        ends = len(usd) - 1 - BLOCK * np.arange(len(measured))[::-1]
        seen = ~(left_out[ends] | left_out[ends - BLOCK + 1])
    grid = np.meshgrid(
        *(np.linspace(*axis) for axis in (MEANS, KEPT)), np.linspace(*STEPS) ** 2, indexing="ij"
    )
    score, _, _ = _filtered(measured, seen, *grid)
    best = int(score.argmax())
    mean, kept, step = (float(axis.ravel()[best]) for axis in grid)
    known = block_measures(usd[:until])
    point = (np.array(mean), np.array(kept), np.array(step))
    _, state, doubt = _filtered(known, np.ones(len(known), dtype=bool), *point)
    return Volatility(mean, kept, step, float(state), float(doubt))
