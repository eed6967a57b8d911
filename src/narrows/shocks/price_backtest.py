"""Past events forecast as of ten days after each onset, judged by what the price did."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from narrows.draws import quantiles, stream
from narrows.shocks.events import Event, known_events
from narrows.shocks.price import BAND, price_path
from narrows.shocks.price_scores import crps
from narrows.shocks.series import prices
from narrows.shocks.volatility import CLOSES_PER_DAY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from narrows.shocks.price import PricePath

__all__ = ["AHEAD", "EVENTS", "WEEKS", "Case", "Scored", "backtest", "score_quarters"]

EVENTS = ("kuwait-1990", "runup-2008", "libya-2011", "abqaiq-2019", "ukraine-2022", "june-2025")
"""The six spikes; glut-2014 is forecast beside them."""
AHEAD = (30, 60, 90)
"""Days after the day of the forecast."""
WEEKS = 13
MONTHS = 4
"""Months of path that hold 13 weeks."""


@dataclass(frozen=True, slots=True)
class Case:
    """One event forecast.

    Parameters
    ----------
    event
        Its id.
    ahead
        Days after the day of the forecast.
    ours, walk, walk_all
        CRPS of ln price at each of them: of the path; of a random walk with the volatility of all days
        before; of one with the volatility of all days there are, which no forecaster could know.
    came, middle
        Move of ln price since the last price known, and the median forecast, at each of them.
    inside
        Whether the close lies between P10 and P90 on the day known and in each of 13 weeks after it.
    """

    event: str
    ahead: tuple[int, ...]
    ours: tuple[float, ...]
    walk: tuple[float, ...]
    walk_all: tuple[float, ...]
    came: tuple[float, ...]
    middle: tuple[float, ...]
    inside: tuple[bool, ...]


def backtest(
    names: tuple[str, ...] = EVENTS, *, blind: bool = False, draws: int = 4000, seed: int = 1
) -> tuple[Case, ...]:
    """Forecast past events and score the forecasts.

    Parameters
    ----------
    names
        Events whose prices stand in the series.
    blind
        Whether the forecast may not see the price from the onset on: then the event alone tells the rise,
        as it must for Hormuz, and the day known itself is forecast too.
    draws, seed
        As for `price_path`.

    Notes
    -----
    The law of the volatility is fitted without the 120 days from the onset; its state sees closes up to
    the day of the forecast. Nothing else is learned from these events' prices but the facts
    ``oil.premium`` and ``oil.premium_clock``. Where the price has been seen they widen a band and move no
    mean; where it has not, they are part of the rise. The events are known as spikes, which any forecast of
    a rise is helped by.
    """
    known = known_events()
    return tuple(_case(known[name], draws, seed, blind=blind) for name in names)


def _case(one: Event, draws: int, seed: int, *, blind: bool) -> Case:
    path = price_path(one, draws=draws, seed=seed, months=MONTHS, left_out=True, blind=blind)
    days_ahead = (0, *AHEAD) if blind else AHEAD
    series = prices(one.commodity)
    before = series.until(path.anchor)
    log_before = np.log(before.usd)
    scores = stream(seed, "shocks:walk").standard_normal(draws)
    sizes = (float(np.diff(log_before).std(ddof=1)), float(np.diff(np.log(series.usd)).std(ddof=1)))
    rows = []
    for ahead in days_ahead:
        day = one.known + timedelta(days=ahead)
        after = series.until(day)
        came = math.log(after.last[1]) - log_before[-1]
        told = np.log(path.usd[:, (day - path.anchor).days]) - log_before[-1]
        closes = math.sqrt(len(after.usd) - len(before.usd))
        walks = [crps(size * closes * scores, came) for size in sizes]
        rows.append((crps(told, came), *walks, came, float(np.median(told))))
    inside = []
    for week in range(WEEKS + 1):
        day = one.known + timedelta(days=7 * week)
        low, _, high = quantiles(path.usd[:, (day - path.anchor).days], BAND)
        inside.append(bool(low <= series.until(day).last[1] <= high))
    ours, walk, walk_all, moved, middle = (tuple(column) for column in zip(*rows, strict=True))
    return Case(one.id, days_ahead, ours, walk, walk_all, moved, middle, tuple(inside))


@dataclass(frozen=True, slots=True)
class Scored:
    """The forecast of a month or quarter, scored by what came.

    Parameters
    ----------
    period
        Month or quarter.
    came
        Its mean price [usd/barrel].
    inside
        Whether it lies between P10 and P90.
    ours, walk, outlook
        CRPS [usd/barrel]: of the path; of a random walk with the volatility of all days before; of the
        official outlook as one number, None where there is none.
    """

    period: str
    came: float
    inside: bool
    ours: float
    walk: float
    outlook: float | None


def score_quarters(path: PricePath, came: Mapping[str, float]) -> tuple[Scored, ...]:
    """Score a path by the mean prices that came, beside a random walk and the official outlook.

    Parameters
    ----------
    path
        The forecast.
    came
        Mean price by month or quarter [usd/barrel].

    Raises
    ------
    UsageError
        If the path holds no day of a period.

    Examples
    --------
    >>> path = price_path("hormuz", draws=500)
    >>> (row,) = score_quarters(path, {"2026Q2": 57.32})  # the outlook, had it come true
    >>> row.outlook
    0.0
    """
    before = np.log(prices(path.event.commodity).until(path.anchor).usd)
    size = float(np.diff(before).std(ddof=1)) * math.sqrt(CLOSES_PER_DAY)
    steps = stream(path.reader.seed, "shocks:walk").standard_normal(path.usd.shape)
    steps[:, 0] = 0.0
    walk = replace(path, usd=np.exp(before[-1] + size * np.cumsum(steps, axis=1)))
    rows = []
    for period, value in came.items():
        told = path.mean_over(period)
        low, _, high = quantiles(told, BAND)
        outlook = f"{path.event.outlook}.{period}"
        known = bool(path.event.outlook) and path.reader.catalog.has(outlook)
        official = [path.reader.catalog.fact(outlook).value] if known else None
        rows.append(
            Scored(
                period=period,
                came=value,
                inside=bool(low <= value <= high),
                ours=crps(told, value),
                walk=crps(walk.mean_over(period), value),
                outlook=None if official is None else crps(official, value),
            )
        )
    return tuple(rows)
