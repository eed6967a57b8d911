"""A few weeks that stand for a year of price, sun and wind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from narrows.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int64]

__all__ = ["medoids", "representative_weeks"]

WEEK = 168


def representative_weeks(
    price: Floats, profiles: dict[str, Floats], weeks: int | None
) -> tuple[Indices, Floats, Floats, dict[str, Floats]]:
    """Return the hours taken, the hours each stands for, and price and profiles at them.

    Parameters
    ----------
    price
        Price [usd/MWh], axis (hour).
    profiles
        Output over power by technology, axis (hour).
    weeks
        Number of weeks; None for every hour.

    Raises
    ------
    UsageError
        If there are not so many weeks.

    Notes
    -----
    Weeks are compared by their duration curves of price, sun and wind, each over its standard deviation;
    k medoids are the weeks, weighted by those they stand for. Prices are then shifted and profiles scaled
    so that their means are those of all hours. Each week is closed for the battery.
    """
    if weeks is None:
        return np.arange(price.size), np.ones(price.size), price, profiles
    whole = price.size // WEEK
    if not 1 <= weeks <= whole:
        raise UsageError(
            f"The number of weeks is {weeks}", f"The hours given have 1 to {whole} weeks", "Give --weeks 13"
        )
    series = (price, *profiles.values())
    features = [
        np.sort(row[: whole * WEEK].reshape(whole, WEEK), axis=1) / (row.std() or 1.0) for row in series
    ]
    chosen, stands = medoids(np.hstack(features), weeks)
    hours = (chosen[:, None] * WEEK + np.arange(WEEK)).ravel()
    weight = np.repeat(stands, WEEK) * price.size / (whole * WEEK)
    shifted = price[hours] + price.mean() - np.average(price[hours], weights=weight)
    scaled = {}
    for name, row in profiles.items():
        mean = np.average(row[hours], weights=weight)
        scaled[name] = np.clip(row[hours] * (row.mean() / mean if mean > 0 else 1.0), 0.0, 1.0)
    return hours, weight, shifted, scaled


def medoids(features: Floats, count: int) -> tuple[Indices, Floats]:
    """Return rows that stand for all rows, in order, and how many each stands for.

    Parameters
    ----------
    features
        Axes (row, feature).
    count
        Number of rows to take.

    Notes
    -----
    Greedy start, then exchange of one medoid for one other row while the sum of squared distances falls.

    Source
    ------
    Kaufman and Rousseeuw 1990, Finding Groups in Data, chapter 2.

    Examples
    --------
    >>> chosen, stands = medoids(np.array([[0.0], [0.1], [9.0]]), 2)
    >>> stands.tolist()
    [2.0, 1.0]
    """
    distance = ((features[:, None] - features[None]) ** 2).sum(axis=2)
    chosen = [int(distance.sum(axis=1).argmin())]
    while len(chosen) < count:
        gain = np.maximum(distance[:, chosen].min(axis=1)[:, None] - distance, 0.0).sum(axis=0)
        gain[chosen] = -1.0
        chosen.append(int(gain.argmax()))
    best, better = float(distance[:, chosen].min(axis=1).sum()), True
    while better:
        better = False
        for place in range(count):
            for other in set(range(len(features))) - set(chosen):
                trial = [*chosen[:place], other, *chosen[place + 1 :]]
                total = float(distance[:, trial].min(axis=1).sum())
                if total < best * (1 - 1e-12):
                    best, chosen, better = total, trial, True
    chosen.sort()
    stands = np.bincount(distance[:, chosen].argmin(axis=1), minlength=count)
    return np.array(chosen), stands.astype(np.float64)
