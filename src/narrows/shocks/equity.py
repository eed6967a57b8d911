"""Returns of industries in a price episode: cost, demand, output price, rates, suppliers of oil, two betas.

The cost channel alone does not order returns. Each channel is a column with a known sign or a number known
before the episode; their weights are fitted on other episodes, never on the one told.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from narrows.errors import UsageError
from narrows.shocks.push import PriceModel
from narrows.shocks.scores import rank_correlation, ranks
from narrows.shocks.tables import economy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["CHANNELS", "Episode", "Explained", "explained", "leave_one_out"]

CHANNELS = ("cost", "demand", "output price", "rate", "oil suppliers", "oil beta", "market beta")
STIFF = 5.0
"""Weight of the prior that a channel explains nothing, in industries."""
OIL, REFINED = "211", "324"
REFINED_SLOPE = 0.83
CHAIN = 0.9
"""Part of a demand for suppliers that goes on to their suppliers."""
LEAST_MARGIN = 0.05
"""Margin below which a cost share of profit is not followed."""


@dataclass(frozen=True, eq=False)
class Episode:
    """One price episode as seen before it began, and what came.

    Parameters
    ----------
    name
        Of the episode.
    sign
        +1 for a rise of oil, -1 for a fall.
    industries
        Names, as in `equity_channels.csv`.
    car
        Abnormal return [any unit], axis (industry); NaN where there is none.
    oil_beta, market_beta
        From the months before, axis (industry); NaN where there is none.
    """

    name: str
    sign: int
    industries: tuple[str, ...]
    car: Floats = field(repr=False)
    oil_beta: Floats = field(repr=False)
    market_beta: Floats = field(repr=False)


@dataclass(frozen=True, eq=False)
class Explained:
    """An episode predicted from the others.

    Parameters
    ----------
    name
        Of the episode.
    correlation
        Rank correlation of predicted and observed returns.
    shares
        Share of the variance of ranks that each channel explains, and ``unexplained``; they sum to 1. A share
        below zero says that the channel pointed the wrong way.
    predicted
        In ranks, standardised, axis (industry); NaN where no return is known.
    """

    name: str
    correlation: float
    shares: dict[str, float]
    predicted: Floats = field(repr=False)


@cache
def _typed() -> dict[str, dict[str, str]]:
    path = files("narrows.shocks") / "equity_channels.csv"
    with path.open(encoding="utf-8") as file:
        return {row["industry"]: row for row in csv.DictReader(file)}


def _exposures(bridge: Mapping[str, Sequence[str]], industries: Sequence[str]) -> tuple[Floats, Floats]:
    """Return cost over profit per unit of oil price, and sales to oil producers, axis (industry)."""
    us = economy("summary", 2017)
    price = PriceModel(us, (OIL, REFINED)).solve([1.0, REFINED_SLOPE])
    cost = (price @ us.A) / np.clip(us.surplus, LEAST_MARGIN, None)
    sold = us.A * us.output / np.where(us.output > 0, us.output, 1.0)[:, None]
    back = np.linalg.solve(np.eye(len(us.codes)) - CHAIN * sold, sold[:, us.at(OIL)])
    found = np.zeros((2, len(industries)))
    for at, name in enumerate(industries):
        places = [us.at(code) for code in bridge.get(name, ()) if code in us.index]
        if places:
            weight = us.output[places]
            found[:, at] = [np.average(row[places], weights=weight) for row in (cost, back)]
    return found[0], found[1]


def channels(episode: Episode, bridge: Mapping[str, Sequence[str]]) -> Floats:
    """Return the columns of an episode, axes (industry, channel), each with mean 0 and spread 1.

    Parameters
    ----------
    episode
        The episode.
    bridge
        Summary codes by industry.

    Notes
    -----
    Signed by the move of oil: dearer inputs and energy bills hurt, own prices and sales to oil producers
    help, what moved with oil and with the market before does so again.
    """
    typed = _typed()

    def mark(name: str) -> Floats:
        return np.array([float(typed.get(row, {}).get(name, 0)) for row in episode.industries])

    cost, back = _exposures(bridge, episode.industries)
    columns = np.column_stack(
        [
            -cost,
            -mark("demand"),
            mark("output"),
            -mark("rate"),
            back,
            np.nan_to_num(episode.oil_beta),
            np.nan_to_num(episode.market_beta, nan=1.0),
        ]
    )
    columns = columns - columns.mean(axis=0)
    spread = columns.std(axis=0)
    return np.asarray(episode.sign * columns / np.where(spread > 0, spread, 1.0))


def explained(episode: Episode, others: Sequence[Episode], bridge: Mapping[str, Sequence[str]]) -> Explained:
    """Return one episode predicted with weights from others.

    Raises
    ------
    UsageError
        If there is no other episode.

    Notes
    -----
    Ridge regression of standardised ranks of returns on the channels. The share of a channel is the
    covariance of its part with the ranks that came, over their variance.
    """
    if not others:
        raise UsageError(
            f"The episode {episode.name} has no others beside it",
            "Weights come from at least one other episode",
            "Give two or more",
        )
    X = np.vstack([channels(one, bridge)[np.isfinite(one.car)] for one in others])
    y = np.concatenate([_score(one.car[np.isfinite(one.car)]) for one in others])
    weights = np.linalg.solve(X.T @ X + STIFF * np.eye(X.shape[1]), X.T @ y)
    known = np.isfinite(episode.car)
    parts = channels(episode, bridge) * weights
    total = parts.sum(axis=1)
    came = _score(episode.car[known])
    shares = {
        name: float(((part[known] - part[known].mean()) * came).mean())
        for name, part in zip(CHANNELS, parts.T, strict=True)
    }
    shares["unexplained"] = 1 - sum(shares.values())
    return Explained(
        episode.name,
        rank_correlation(total[known], episode.car[known]),
        shares,
        np.where(known, total, np.nan),
    )


def leave_one_out(episodes: Sequence[Episode], bridge: Mapping[str, Sequence[str]]) -> list[Explained]:
    """Return every episode predicted from the others."""
    return [explained(one, [other for other in episodes if other is not one], bridge) for one in episodes]


def _score(values: Floats) -> Floats:
    """Return ranks with mean 0 and spread 1."""
    order = ranks(values)
    return np.asarray((order - order.mean()) / order.std())
