"""Whether rent leads margins: a layer's rent share at a year's end against what its makers earned next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from narrows.bottlenecks.concentration_result import DESIGNS
from narrows.bottlenecks.told import Asked
from narrows.catalog import PointReader, default
from narrows.draws import stream
from narrows.errors import DataError, UsageError
from narrows.value.answer import AHEAD
from narrows.value.capture import capture
from narrows.value.companies import EXPOSED, FAMILY, GROSS_MARGIN, REVENUE, check

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from narrows.catalog import Catalog

    Array = NDArray[np.float64]

__all__ = ["Backtest", "Observation", "backtest", "rank_correlation"]

RESAMPLES = 2000
BAND = (0.05, 0.95)
LEAST_YEARS = 2
LEAST_LAYERS = 3
BINDS = 0.01
"""Rent share from which a layer is counted as one that earns a rent."""


class Observation(NamedTuple):
    """One layer at one year's end.

    Parameters
    ----------
    layer
        Id of the layer.
    year
        Year at whose end the rent was asked for; it is that of the four quarters after.
    rent_share
        Share of the layer in all rents of the next four quarters, with the facts known then.
    change
        Gross margin of its makers in the next fiscal year less that in this one, weighted by revenue.
    companies
        Ids of the makers with accounts.
    """

    layer: str
    year: int
    rent_share: float
    change: float
    companies: tuple[str, ...]


@dataclass(frozen=True)
class Backtest:
    """What rent said of the margins of the next year.

    Parameters
    ----------
    observations
        One a layer and year.
    correlation
        Rank correlation of rent share and change of margin within years, averaged by observations.
    low, high
        Its 5 to 95 % interval by resampling layers.
    chance
        Share of shuffles within years that reach the correlation.
    by_year
        Rank correlation in each year.
    scarce, plain
        Mean change of margin where the layer earned a rent, and where it did not.
    """

    observations: tuple[Observation, ...]
    correlation: float
    low: float
    high: float
    chance: float
    by_year: tuple[tuple[int, float], ...]
    scarce: float
    plain: float


def backtest(
    *,
    draws: int = 2000,
    seed: int = 1,
    exposed: float = 0.0,
    catalog: Catalog | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Backtest:
    """Compare the rent share of every layer at each year's end with the next year's change of margin.

    Parameters
    ----------
    draws, seed
        Number of draws and their seed, of the maps and of the resampling.
    exposed
        Least share of its revenue that the layer brings to a maker for it to count, 0 to 1.
    catalog
        Facts to use instead of the shipped ones.
    progress
        Called with the years done and all years.

    Returns
    -------
    Backtest
        Few observations: layers of one year fare alike, and the interval says how little is known.

    Raises
    ------
    UsageError
        If the least share is not 0 to 1.
    DataError
        If margins are stated for fewer than two pairs of years, or no layer is left.

    Notes
    -----
    The map of a year's end uses only facts known on its last day; margins, exposures and who makes what are
    as reported since. Rent and margin are ranked within a year, so that a year in which all margins rose
    counts for nothing. The interval resamples layers with all their years; the chance shuffles rents
    within years.

    Source
    ------
    Spearman (1904), The Proof and Measurement of Association between Two Things; Efron (1979), Bootstrap
    Methods, for the resampling.
    """
    if not 0 <= exposed <= 1:
        raise UsageError(
            f"The least share of revenue is {exposed:g}", "A share is 0 to 1", "Give, for instance, 0.1"
        )
    book = catalog or default()
    margins = _margins(book)
    years = sorted({year for found in margins.values() for year in found if year + 1 in found})
    if len(years) < LEAST_YEARS:
        raise DataError(
            f"Gross margins are stated for {len(years)} pairs of years",
            f"A back-test needs at least {LEAST_YEARS}",
            "Add facts company.<id>.gross_margin.<year>",
        )
    seen: list[Observation] = []
    for done, year in enumerate(years):
        seen += _year(book, margins, year, Asked(draws, seed, as_of=f"{year}-12-31", catalog=book), exposed)
        if progress:
            progress(done + 1, len(years))
    kept = [year for year in years if sum(one.year == year for one in seen) >= LEAST_LAYERS]
    observations = tuple(one for one in seen if one.year in kept)
    if not observations:
        raise DataError(
            f"No year has {LEAST_LAYERS} layers with makers of which they bring {exposed:g} of revenue",
            f"Ranks need at least {LEAST_LAYERS} layers in a year",
            "Give a lesser share, or add facts company.<id>.exposed.<layer>.<year>",
        )
    shuffle = stream(seed, "value.backtest")
    layers = sorted({one.layer for one in observations})
    whole = _within(observations)
    resampled = [
        _within(
            [one for name in shuffle.choice(layers, len(layers)) for one in observations if one.layer == name]
        )
        for _ in range(RESAMPLES)
    ]
    shuffled = [_within(_mixed(observations, shuffle)) for _ in range(RESAMPLES)]
    low, high = np.nanquantile(resampled, BAND)
    rising = [one.change for one in observations if one.rent_share >= BINDS]
    others = [one.change for one in observations if one.rent_share < BINDS]
    return Backtest(
        observations=observations,
        correlation=whole,
        low=float(low),
        high=float(high),
        chance=float(np.mean(np.array(shuffled) >= whole)),
        by_year=tuple((year, _within([one for one in observations if one.year == year])) for year in kept),
        scarce=float(np.mean(rising)) if rising else np.nan,
        plain=float(np.mean(others)) if others else np.nan,
    )


def rank_correlation(first: Sequence[float], second: Sequence[float]) -> float:
    """Return the rank correlation of two series, ties at their middle rank; not known for a constant one.

    Examples
    --------
    >>> rank_correlation([1, 2, 3], [10, 30, 20])
    0.5
    """
    one, other = (_ranks(np.asarray(values, dtype=np.float64)) for values in (first, second))
    if len(one) < 2 or not one.std() or not other.std():  # noqa: PLR2004 (a pair)
        return float("nan")
    return float(np.corrcoef(one, other)[0, 1])


def _ranks(values: Array) -> Array:
    """Return ranks, ties at their middle, axis as given."""
    below = (values[:, None] > values).sum(axis=1)
    level = (values[:, None] == values).sum(axis=1)
    ranks: Array = below + (level - 1) / 2
    return ranks


def _within(observations: Sequence[Observation]) -> float:
    """Return the rank correlation within years, years weighted by their observations."""
    total, weight = 0.0, 0
    for year in sorted({one.year for one in observations}):
        group = [one for one in observations if one.year == year]
        found = rank_correlation([one.rent_share for one in group], [one.change for one in group])
        if np.isfinite(found):
            total, weight = total + len(group) * found, weight + len(group)
    return total / weight if weight else float("nan")


def _mixed(observations: Sequence[Observation], shuffle: np.random.Generator) -> list[Observation]:
    """Return the observations with rents shuffled within years."""
    found: list[Observation] = []
    for year in sorted({one.year for one in observations}):
        group = [one for one in observations if one.year == year]
        rents = shuffle.permutation([one.rent_share for one in group])
        found += [one._replace(rent_share=float(rent)) for one, rent in zip(group, rents, strict=True)]
    return found


def _margins(book: Catalog) -> dict[str, dict[int, float]]:
    """Return gross margins by company and fiscal year."""
    found: dict[str, dict[int, float]] = {}
    for fact in book.under(FAMILY):
        parts = fact.id.split(".")
        if parts[2] == GROSS_MARGIN and parts[3].isdecimal():
            found.setdefault(parts[1], {})[int(parts[3])] = book.fact(fact.id).value
    return found


def _year(
    book: Catalog, margins: dict[str, dict[int, float]], year: int, asked: Asked, exposed: float
) -> list[Observation]:
    """Return the observations of one year's end."""
    run = asked.run(f"{year + 1}Q1:{year + 1}Q4")
    found = capture(run, ahead=AHEAD)
    check(book, {*found.layers, DESIGNS})
    reader = PointReader(book)
    shares = found.rent.mean(axis=0) / max(float(found.total.mean()), 1.0)
    seen = []
    for layer, share in zip(found.layers, shares.tolist(), strict=True):
        weights = _weights(book, reader, layer, exposed)
        known = {name: w for name, w in weights.items() if {year, year + 1} <= margins.get(name, {}).keys()}
        if known:
            change = sum(w * (margins[name][year + 1] - margins[name][year]) for name, w in known.items())
            seen.append(Observation(layer, year, share, change / sum(known.values()), tuple(known)))
    return seen


def _weights(book: Catalog, reader: PointReader, layer: str, least: float) -> dict[str, float]:
    """Return what companies earn from a layer that brings them at least a share of revenue [USD]."""
    found: dict[str, float] = {}
    for company in book.companies:
        revenue = book.series(f"{FAMILY}.{company.id}.{REVENUE}")
        exposed = book.series(f"{FAMILY}.{company.id}.{EXPOSED}.{layer}")
        share = reader.point(exposed[-1].id) if exposed else 0.0
        if revenue and share >= least:
            found[company.id] = reader.point(revenue[-1].id) * share
    return {name: weight for name, weight in found.items() if weight > 0}
