"""Is it priced in: abnormal returns with doubt from other dates, the gap, the duration implied."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from narrows.draws import quantiles, stream
from narrows.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["EventStudy", "Priced", "event_study", "implied_years", "priced"]

BAND = (0.1, 0.5, 0.9)
FEWEST = 30
"""Fewest periods that a market model is estimated on."""
PLACEBOS = 999


@dataclass(frozen=True, eq=False)
class EventStudy:
    """Abnormal returns of assets over an event.

    Parameters
    ----------
    car
        Sum of abnormal returns over the window, axis (asset).
    beta
        Slope on the market before the event, axis (asset).
    chance
        Probability that a window of other dates moves as far, axis (asset).
    spread
        10 %, 50 %, 90 % of the sums over other windows, axes (quantile, asset).
    joint
        The same probability for the mean size over all assets.
    windows
        Number of other windows.
    """

    car: Floats
    beta: Floats
    chance: Floats
    spread: Floats
    joint: float
    windows: int


def event_study(
    returns: Floats, market: Floats, start: int, length: int, *, estimation: int = 250, seed: int = 1
) -> EventStudy:
    """Return abnormal returns with doubt from other dates.

    Parameters
    ----------
    returns
        Simple returns, axes (period, asset).
    market
        Of the market, axis (period).
    start
        First period of the event.
    length
        Number of its periods.
    estimation
        Periods before a window on which its market model is fitted.
    seed
        Seed of the choice of windows, where there are more than 999.

    Notes
    -----
    Market model with intercept, fitted on the periods just before; abnormal returns are summed. The same
    window is then laid on other dates that do not touch the event (block permutation over dates): all assets
    move together in a block, so that an event over many assets counts as one draw. Chance is
    (1 + windows that reach as far) / (1 + windows).

    Source
    ------
    MacKinlay (1997), Event Studies in Economics and Finance, section 4; permutation over dates in place of
    its normal theory.

    Raises
    ------
    UsageError
        If there are too few periods before the event, or no other window.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(3)
    >>> market = rng.normal(0, 0.01, 900)
    >>> returns = 0.5 * market[:, None] + rng.normal(0, 0.01, (900, 2))
    >>> returns[600:610, 0] -= 0.02
    >>> found = event_study(returns, market, 600, 10)
    >>> found.chance[0] < 0.01, found.chance[1] > 0.05
    (np.True_, np.True_)
    """
    periods = len(returns)
    if start < max(estimation, FEWEST) or start + length > periods or length < 1:
        raise UsageError(
            f"The event runs over periods {start} to {start + length - 1} of {periods}",
            f"At least {max(estimation, FEWEST)} periods come before it, and all of it is known",
            "Give more history or a shorter estimation",
        )
    car, beta = _abnormal(returns, market, start, length, estimation)
    free = np.array(
        [
            first
            for first in range(estimation, periods - length + 1)
            if first + length <= start or first - estimation >= start + length
        ]
    )
    if len(free) == 0:
        raise UsageError(
            "No other window of the same length is free of the event",
            f"History of at least {estimation + 2 * length} periods",
            "Give more history",
        )
    if len(free) > PLACEBOS:
        free = np.sort(stream(seed, "push.placebo").choice(free, PLACEBOS, replace=False))
    others = np.array([_abnormal(returns, market, int(first), length, estimation)[0] for first in free])
    chance = (1 + (np.abs(others) >= np.abs(car)).sum(axis=0)) / (1 + len(free))
    size = np.abs(others).mean(axis=1)
    joint = (1 + int((size >= np.abs(car).mean()).sum())) / (1 + len(free))
    return EventStudy(car, beta, chance, np.asarray(quantiles(others.T, BAND)), joint, len(free))


def _abnormal(
    returns: Floats, market: Floats, start: int, length: int, estimation: int
) -> tuple[Floats, Floats]:
    before, during = slice(start - estimation, start), slice(start, start + length)
    centre = market[before].mean()
    away = market[before] - centre
    beta = away @ (returns[before] - returns[before].mean(axis=0)) / (away @ away)
    level = returns[before].mean(axis=0) - beta * centre
    return (returns[during] - level - beta * market[during, None]).sum(axis=0), beta


def implied_years(seen: float, permanent: Floats, discount: Floats) -> Floats:
    """Return the duration at which the model equals the return seen [year], axis (draw).

    Parameters
    ----------
    seen
        Abnormal return.
    permanent
        Change of profit while the shock lasts, relative, axis (draw).
    discount
        Return asked, a year, axis (draw).

    Notes
    -----
    seen = (1 - exp(-r d)) permanent. Infinite where even a permanent shock is less than was seen; NaN where
    the signs differ: then no duration explains it.

    Examples
    --------
    >>> import numpy as np
    >>> implied_years(-0.05, np.array([-0.1, -0.02, 0.1]), np.full(3, 0.08)).round(2).tolist()
    [8.66, inf, nan]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        part = seen / permanent
        years = -np.log1p(-np.clip(part, 0.0, 1.0)) / discount
    return np.where(part < 0, np.nan, np.where(part >= 1, np.inf, years))


@dataclass(frozen=True, eq=False)
class Priced:
    """What was seen against the model.

    Parameters
    ----------
    seen
        Abnormal return.
    gap
        Seen less the model's change of value for the duration asked, 10 %, 50 %, 90 %.
    years
        Duration implied [year], same quantiles of the draws that have one; infinite beyond a permanent shock.
    without
        Part of draws whose sign differs from what was seen.
    verdict
        ``priced for longer``, ``priced for shorter``, ``in line``, or ``of another sign``.
    """

    seen: float
    gap: tuple[float, float, float]
    years: tuple[float, float, float]
    without: float
    verdict: str
    draws: Floats = field(repr=False)

    @property
    def label(self) -> str:
        """Undervalued or Overvalued where the gap's band lies on one side of zero, else Fair."""
        low, _, high = self.gap
        return "Undervalued" if high < 0 else "Overvalued" if low > 0 else "Fair"


def priced(seen: float, profit: Floats, discount: Floats, years: float) -> Priced:
    """Return the gap between an abnormal return and the model, and the duration that closes it.

    Parameters
    ----------
    seen
        Abnormal return of a sector or company.
    profit
        Change of profit while the shock lasts, relative, axis (draw).
    discount
        Return asked, a year, axis (draw).
    years
        Duration expected [year].

    Examples
    --------
    >>> import numpy as np
    >>> found = priced(-0.05, np.full(100, -0.1), np.full(100, 0.08), 0.5)
    >>> found.verdict, round(found.years[1], 2)
    ('priced for longer', 8.66)
    """
    model = (1 - np.exp(-discount * years)) * profit
    gap = seen - model
    duration = implied_years(seen, profit, discount)
    known = duration[~np.isnan(duration)]
    without = float(np.isnan(duration).mean())
    low, middle, high = _sorted(known) if known.size else (np.nan, np.nan, np.nan)
    if without > 0.5:  # noqa: PLR2004 (more often than not)
        told = "of another sign"
    elif low > years:
        told = "priced for longer"
    else:
        told = "priced for shorter" if high < years else "in line"
    edges: Sequence[float] = [float(value) for value in quantiles(gap, BAND)]
    return Priced(seen, (edges[0], edges[1], edges[2]), (low, middle, high), without, told, duration)


def _sorted(values: Floats) -> tuple[float, float, float]:
    """Return quantiles by rank, since some values are infinite."""
    ordered = np.sort(values)
    low, middle, high = (float(ordered[min(int(share * len(ordered)), len(ordered) - 1)]) for share in BAND)
    return low, middle, high
