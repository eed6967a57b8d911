"""Whether rent leads margins: a layer's rent share at a year's end against what its makers earned next.

Designs, each written down before its outcome was seen. The first takes margins of whole companies. Two take
what companies report of the segment that books the layer (`narrows.value.segments`), because the stack is a
part of most companies:

- ``margins="segments"``: rent share against the segment margin's change in the next four quarters;
- ``margins="segments", change="same"`` and ``change="next"``: the *change* of rent share since the year
  before against the margin's change in the same and in the next four quarters, because levels of rent share
  differ by trade as levels of margin do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
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
from narrows.value.segments import segments

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from narrows.catalog import Catalog

    Array = NDArray[np.float64]

__all__ = [
    "CHANGES",
    "MARGINS",
    "Backtest",
    "Observation",
    "backtest",
    "correlate",
    "rank_correlation",
    "rent_shares",
]

COMPANIES, SEGMENTS = "companies", "segments"
MARGINS = (COMPANIES, SEGMENTS)
"""Whose margins are compared: those of whole companies, or of the segment that books the layer."""
SAME, NEXT = "same", "next"
CHANGES = (SAME, NEXT)
"""Four quarters whose margins a change of rent share is compared with."""

RentShares = dict[int, dict[str, float]]
"""Share of each layer in all rents, by year and layer."""
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
        Share of the layer in all rents of the next four quarters, with the facts known then; in a design of
        changes, less that of a year before.
    change
        Margin of its makers in the next fiscal year less that in this one, weighted by revenue; in the design
        ``same``, in this one less that in the year before.
    companies
        Ids of the makers with accounts.
    weights, changes
        What each of them earns from the layer [USD/year], and its own change of margin.
    """

    layer: str
    year: int
    rent_share: float
    change: float
    companies: tuple[str, ...]
    weights: tuple[float, ...] = ()
    changes: tuple[float, ...] = ()


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
    company_low, company_high
        The same by resampling companies, which stand in several layers.
    by_layer
        What each layer adds to the correlation, the least first; together they are the correlation.
    chance
        Share of shuffles within years that reach the correlation.
    by_year
        Rank correlation in each year.
    scarce, plain
        Mean change of margin where the rent share, or its change, was a hundredth or more, and where not.
    margins, change
        The design, as in `backtest`.
    """

    observations: tuple[Observation, ...]
    correlation: float
    low: float
    high: float
    company_low: float
    company_high: float
    by_layer: tuple[tuple[str, float], ...]
    chance: float
    by_year: tuple[tuple[int, float], ...]
    scarce: float
    plain: float
    margins: str = COMPANIES
    change: str | None = None


def backtest(
    *,
    draws: int = 2000,
    seed: int = 1,
    exposed: float = 0.0,
    margins: str = COMPANIES,
    change: str | None = None,
    shares: RentShares | None = None,
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
    margins
        One of `MARGINS`: those of whole companies, or of the segments that book the layer.
    change
        One of `CHANGES` to compare the change of rent share with the change of margin in the same or in the
        next four quarters; None to compare the rent share itself with the next.
    shares
        What `rent_shares` returns, where several designs are asked for; found anew if left out.
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
        If the least share is not 0 to 1, or the design is unknown.
    DataError
        If margins are stated for fewer than two pairs of years, or no layer is left.

    Notes
    -----
    The map of a year's end uses only facts known on its last day; margins, exposures and who makes what are
    as reported since. Rent and margin are ranked within a year, so that a year in which all margins rose
    counts for nothing. One interval resamples layers with all their years, the other companies in all their
    layers; the chance shuffles rents within years.

    Source
    ------
    Spearman (1904), The Proof and Measurement of Association between Two Things; Efron (1979), Bootstrap
    Methods, for the resampling.
    """
    if not 0 <= exposed <= 1:
        raise UsageError(
            f"The least share of revenue is {exposed:g}", "A share is 0 to 1", "Give, for instance, 0.1"
        )
    for option, given, known in (("margins", margins, MARGINS), ("change", change, (None, *CHANGES))):
        if given not in known:
            names = ", ".join(name for name in known if name)
            raise UsageError(
                f"The design has {option}={given!r}", f"Known are {names}", f"Give {known[-1]!r}"
            )
    book = catalog or default()
    if shares is None:
        shares = rent_shares(draws=draws, seed=seed, catalog=book, progress=progress)
    years = sorted(shares)
    makers = _Makers(book, list(shares[years[0]]), margins, exposed)
    seen = _compared(makers, shares, change)
    kept = [year for year in years if sum(one.year == year for one in seen) >= LEAST_LAYERS]
    observations = tuple(one for one in seen if one.year in kept)
    if not observations:
        raise DataError(
            f"No year has {LEAST_LAYERS} layers with makers of which they bring {exposed:g} of revenue",
            f"Ranks need at least {LEAST_LAYERS} layers in a year",
            "Give a lesser share, or add facts company.<id>.exposed.<layer>.<year>",
        )
    return replace(correlate(observations, kept, seed), margins=margins, change=change)


def rent_shares(
    *,
    draws: int = 2000,
    seed: int = 1,
    catalog: Catalog | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> RentShares:
    """Return the share of each layer in the rents of the four quarters after each year's end, as known then.

    Parameters
    ----------
    draws, seed, catalog, progress
        As for `backtest`.

    Returns
    -------
    dict
        Shares by layer, by every year whose next one has margins.

    Raises
    ------
    DataError
        If margins are stated for fewer than two pairs of years.
    """
    book = catalog or default()
    whole = _margins(book)
    years = sorted({year for found in whole.values() for year in found if year + 1 in found})
    if len(years) < LEAST_YEARS:
        raise DataError(
            f"Gross margins are stated for {len(years)} pairs of years",
            f"A back-test needs at least {LEAST_YEARS}",
            "Add facts company.<id>.gross_margin.<year>",
        )
    shares: RentShares = {}
    for done, year in enumerate(years):
        shares[year] = _shares(book, year, Asked(draws, seed, as_of=f"{year}-12-31", catalog=book))
        if progress:
            progress(done + 1, len(years))
    return shares


def correlate(observations: tuple[Observation, ...], years: Sequence[int], seed: int) -> Backtest:
    """Return the rank correlation of observations within years, with its intervals and its parts.

    Parameters
    ----------
    observations
        One a layer and year.
    years
        Years of the observations.
    seed
        Seed of the resampling.
    """
    shuffle = stream(seed, "value.backtest")
    layers = sorted({one.layer for one in observations})
    at = np.array([one.year for one in observations])
    rents, changes = (
        np.array([values])
        for values in zip(*((one.rent_share, one.change) for one in observations), strict=True)
    )
    once = np.ones((1, len(at)))
    whole = float(_within(at, rents, changes, once)[0])
    picked = _counts(shuffle, len(layers))[:, [layers.index(one.layer) for one in observations]]
    low, high = np.nanquantile(_within(at, rents, changes, picked), BAND)
    shuffled = _within(at, _mixed(at, rents[0], shuffle), changes, once)
    names = sorted({name for one in observations for name in one.companies})
    others = _within(at, rents, *_recounted(observations, names, _counts(shuffle, len(names))))
    company_low, company_high = np.nanquantile(others, BAND)
    rising = [one.change for one in observations if one.rent_share >= BINDS]
    plain = [one.change for one in observations if one.rent_share < BINDS]
    return Backtest(
        observations=observations,
        correlation=whole,
        low=float(low),
        high=float(high),
        company_low=float(company_low),
        company_high=float(company_high),
        by_layer=_by_layer(observations),
        chance=float(np.mean(shuffled >= whole)),
        by_year=tuple((year, float(_within(at, rents, changes, once * (at == year))[0])) for year in years),
        scarce=float(np.mean(rising)) if rising else np.nan,
        plain=float(np.mean(plain)) if plain else np.nan,
    )


def rank_correlation(first: Sequence[float], second: Sequence[float]) -> float:
    """Return the rank correlation of two series, ties at their middle rank; not known for a constant one.

    Examples
    --------
    >>> rank_correlation([1, 2, 3], [10, 30, 20])
    0.5
    """
    one, other = (_ranks(np.asarray(values, dtype=np.float64)) for values in (first, second))
    one, other = one - one.sum() / max(len(one), 1), other - other.sum() / max(len(other), 1)
    scale = math.sqrt(float(one @ one) * float(other @ other))
    return float(one @ other) / scale if scale else float("nan")


def _ranks(values: Array) -> Array:
    """Return ranks, ties at their middle, axis as given."""
    below = (values[:, None] > values).sum(axis=1)
    level = (values[:, None] == values).sum(axis=1)
    ranks: Array = below + (level - 1) / 2
    return ranks


def _within(at: NDArray[np.int64], rents: Array, changes: Array, counts: Array) -> Array:
    """Return the rank correlation within years of each resample, years weighted by their observations.

    Parameters
    ----------
    at
        Year of each observation.
    rents, changes, counts
        What is ranked, and how often each observation counts; axes (resample or 1, observation).
    """
    total, weight = np.zeros(()), np.zeros(())
    for year in np.unique(at):
        count = counts[:, at == year]
        size = count.sum(axis=1)
        one, other = (_counted_ranks(values[:, at == year], count) for values in (rents, changes))
        one, other = (
            ranks - ((count * ranks).sum(axis=1) / np.maximum(size, 1.0))[:, None] for ranks in (one, other)
        )
        scale = np.sqrt((count * one * one).sum(axis=1) * (count * other * other).sum(axis=1))
        known = scale > 0
        together = (count * one * other).sum(axis=1) / np.where(known, scale, 1.0)
        total = total + np.where(known, size * together, 0.0)
        weight = weight + np.where(known, size, 0.0)
    found: Array = np.where(weight > 0, total, np.nan) / np.maximum(weight, 1.0)
    return found


def _counted_ranks(values: Array, counts: Array) -> Array:
    """Return ranks of values that count so often, ties at their middle; axes (resample or 1, observation)."""
    below, level = (
        (counts[:, None, :] * compared(values[:, :, None], values[:, None, :])).sum(axis=2)
        for compared in (np.greater, np.equal)
    )
    ranks: Array = below + (level - 1) / 2
    return ranks


def _by_layer(observations: Sequence[Observation]) -> tuple[tuple[str, float], ...]:
    """Return what each layer adds to the rank correlation within years, the least first."""
    added: dict[str, float] = {}
    weight = 0
    for year in sorted({one.year for one in observations}):
        group = [one for one in observations if one.year == year]
        first, second = (
            _ranks(np.array(values))
            for values in ([one.rent_share for one in group], [one.change for one in group])
        )
        if first.std() and second.std():
            product = (first - first.mean()) * (second - second.mean()) / (first.std() * second.std())
            weight += len(group)
            for one, part in zip(group, product.tolist(), strict=True):
                added[one.layer] = added.get(one.layer, 0.0) + part
    return tuple(sorted(((name, part / weight) for name, part in added.items()), key=lambda pair: pair[1]))


def _counts(shuffle: np.random.Generator, size: int) -> Array:
    """Return how often each of so many things is drawn, for every resample."""
    drawn = [np.bincount(shuffle.integers(size, size=size), minlength=size) for _ in range(RESAMPLES)]
    return np.array(drawn, dtype=np.float64)


def _recounted(observations: Sequence[Observation], names: list[str], times: Array) -> tuple[Array, Array]:
    """Return changes with companies drawn so often, each in all its layers and years, and which count."""
    sums, changes = np.zeros((2, len(times), len(observations)))
    for place, one in enumerate(observations):
        for name, weight, moved in zip(one.companies, one.weights, one.changes, strict=True):
            drawn = weight * times[:, names.index(name)]
            sums[:, place] += drawn
            changes[:, place] += drawn * moved
    counts = (sums > 0).astype(np.float64)
    return changes / np.where(sums > 0, sums, 1.0), counts


def _mixed(at: NDArray[np.int64], rents: Array, shuffle: np.random.Generator) -> Array:
    """Return the rents shuffled within years, for every resample."""
    found = np.tile(rents, (RESAMPLES, 1))
    places = [np.flatnonzero(at == year) for year in np.unique(at)]
    for row in found:
        for place in places:
            row[place] = shuffle.permutation(rents[place])
    return found


def _margins(book: Catalog) -> dict[str, dict[int, float]]:
    """Return gross margins by company and fiscal year."""
    found: dict[str, dict[int, float]] = {}
    for fact in book.under(FAMILY):
        parts = fact.id.split(".")
        if parts[2] == GROSS_MARGIN and parts[3].isdecimal():
            found.setdefault(parts[1], {})[int(parts[3])] = book.fact(fact.id).value
    return found


def _shares(book: Catalog, year: int, asked: Asked) -> dict[str, float]:
    """Return the share of each layer in the rents of the four quarters after a year's end, as known then."""
    found = capture(asked.run(f"{year + 1}Q1:{year + 1}Q4"), ahead=AHEAD)
    check(book, {*found.layers, DESIGNS})
    shares = found.rent.mean(axis=0) / max(float(found.total.mean()), 1.0)
    return dict(zip(found.layers, shares.tolist(), strict=True))


class _Makers:
    """What the makers of each layer earn from it, and their margins."""

    def __init__(self, book: Catalog, layers: list[str], margins: str, exposed: float) -> None:
        reader = PointReader(book)
        self.layers = layers
        self.weights = {layer: _weights(book, reader, layer, exposed) for layer in layers}
        self.margins: dict[tuple[str, str], list[tuple[float, dict[int, float]]]] = {}
        if margins == COMPANIES:
            whole = _margins(book)
            for layer, weights in self.weights.items():
                for name in weights:
                    if name in whole:
                        self.margins[layer, name] = [(1.0, whole[name])]
        else:
            for one in segments(book, layers):
                for layer, part in one.parts.items():
                    self.margins.setdefault((layer, one.company), []).append((part, one.margins))

    def observed(self, layer: str, year: int, rent: float, first: int) -> Observation | None:
        """Return the change of margin of a layer's makers from a fiscal year to the next, beside its rent."""
        moves = []
        for name, weight in self.weights[layer].items():
            known = [
                (part, found[first + 1] - found[first])
                for part, found in self.margins.get((layer, name), [])
                if {first, first + 1} <= found.keys()
            ]
            if known:
                booked = sum(part for part, _ in known)
                moves.append((name, weight, sum(part * moved for part, moved in known) / booked))
        if not moves:
            return None
        names, weights, changes = zip(*moves, strict=True)
        change = sum(weight * moved for _, weight, moved in moves) / sum(weights)
        return Observation(layer, year, rent, change, names, weights, changes)


def _compared(makers: _Makers, shares: dict[int, dict[str, float]], change: str | None) -> list[Observation]:
    """Return the observations of a design, by year."""
    seen = []
    for year in sorted(shares):
        if change is not None and year - 1 not in shares:
            continue
        for layer in makers.layers:
            rent = shares[year][layer] - (shares[year - 1][layer] if change is not None else 0.0)
            one = makers.observed(layer, year, rent, year - 1 if change == SAME else year)
            if one is not None:
                seen.append(one)
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
