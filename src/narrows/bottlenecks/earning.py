"""Accelerators that the revenue of inference pays for, beside those that are ordered.

A scenario made of them puts them in the place of the map's demand: what would bind if only compute that
earns its cost were ordered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from narrows.bottlenecks.answer import DEFAULT_DRAWS, DEFAULT_SEED, asked_of
from narrows.bottlenecks.supply import QUARTER_S, FactLayer, Recipes, interpolate
from narrows.bottlenecks.told import Told
from narrows.catalog import Reader
from narrows.draws import quantiles
from narrows.errors import DataError, UnknownNameError, UsageError
from narrows.quarters import Quarter, span

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from narrows.bottlenecks.told import Asked
    from narrows.catalog import Catalog

    Array = NDArray[np.float64]

__all__ = ["QUANTITIES", "Earning", "earning", "scenario_text", "tell_demand"]

QUANTITIES = {
    "revenue": ("usd/quarter", "run rates of the labs / 4 / their share of the revenue of inference"),
    "must_earn": (
        "usd/quarter per h100e",
        "cost of the hour x hours of the quarter / share paid for compute",
    ),
    "must_earn_hour": ("usd/h per h100e", "cost of the hour / share paid for compute / utilisation"),
    "paid": ("h100e", "revenue / what one H100e must earn: compute at work or idle that revenue pays"),
    "added": ("h100e/quarter", "a quarter of the rise over a year of the H100e that revenue pays"),
    "ordered": ("h100e/quarter", "orders as the map states them (layer demand)"),
    "share_of_orders": ("ratio", "added / ordered"),
}
"""Quantities by quarter: unit, and how each comes about."""
LABS = ("openai.revenue_run_rate", "anthropic.revenue_run_rate")
LAYER = "demand"
COST, DECLINE = "chip.h100_sxm.tco_neocloud", "value.decline"
SHARE, OTHERS, GROWTH = "inference.compute_share", "inference.labs_share", "inference.revenue_growth"
LOAD = ("inference.mean_load", "inference.peak_load")
BAND = (0.1, 0.5, 0.9)
HOUR, MONTHS, PER_YEAR = 3600.0, 12.0, 4.0


@dataclass(frozen=True)
class Earning:
    """What revenue pays for, by quarter.

    Parameters
    ----------
    quarters
        Labels, axis (quarter).
    values
        Every quantity of `QUANTITIES`, axes (draw, quarter).
    catalog, reader
        Facts, and their reading.
    stated
        Facts of the map's demand that lie in these quarters, by quarter.
    reads
        Facts behind the revenue and the cost, without those of the orders.
    """

    quarters: tuple[str, ...]
    values: dict[str, Array]
    catalog: Catalog
    reader: Reader
    stated: dict[str, str]
    reads: tuple[str, ...]

    def band(self, quantity: str, quarter: str) -> tuple[float, float, float]:
        """Return p10, p50 and p90 of a quantity in a quarter."""
        low, mid, high = quantiles(self.values[quantity][:, self.quarters.index(quarter)], BAND)
        return float(low), float(mid), float(high)


def earning(
    quarters: str | None = None,
    *,
    draws: int = DEFAULT_DRAWS,
    seed: int = DEFAULT_SEED,
    method: str = "random",
    as_of: str | None = None,
    scenario: str | Path | None = None,
    catalog: Catalog | None = None,
) -> Earning:
    """Return the accelerators that the revenue of inference pays for, by quarter.

    Parameters
    ----------
    quarters
        Such as ``2025Q1:2026Q4``; those for which the map states demand if left out.
    draws, seed, method, as_of, scenario, catalog
        As for `narrows.map`.

    Raises
    ------
    UsageError
        The quarters cannot be read, or lie before the first revenue known.
    DataError
        The revenue was not known.

    Notes
    -----
    Revenue R of a quarter: the run rates of two labs, straight in the logarithm between statements and
    with a stated growth after the last, over their share of all revenue of inference. A share s of it pays
    for compute, so that one H100e must bring c x hours / s for a cost c of the hour, at work or idle:
    revenue pays R / that many. Idle hours are paid all the same; utilisation says only what an hour at
    work must bring. The cost of an H100e falls as its price does. Added are a quarter of the rise over the
    year before; nothing is replaced.

    Examples
    --------
    >>> found = earning("2026Q1", draws=200)
    >>> low, mid, high = found.band("added", "2026Q1")
    >>> 0 < low < mid < high
    True
    """
    book = asked_of(catalog, as_of, scenario)
    reader = Reader(book, seed, draws, method)
    known = {fact.about: fact.id for fact in book.series(f"{LAYER}.capacity")}
    starts = [min((fact.midpoint or 0.0 for fact in book.series(lab)), default=None) for lab in LABS]
    if None in starts:
        raise DataError(
            "The revenue of the labs was not known on the day asked for",
            "It is known from 2023 on",
            "Ask for a later day",
        )
    first = max(start for start in starts if start is not None) + 1.0
    asked = (
        [Quarter.parse(label) for label in known if Quarter.parse(label).midpoint >= first]
        if quarters is None
        else list(span(quarters))
    )
    early = [quarter for quarter in asked if quarter.midpoint < first]
    if early or not asked:
        raise UsageError(
            f"The quarters begin in {early[0]}" if early else "No quarter of the demand is asked for",
            f"The rise over a year needs revenue of a year before, which begins in {first - 1.0:.2f}",
            "Ask for quarters from 2024Q4",
        )
    years = np.array([quarter.midpoint for quarter in asked])
    with reader.chain() as chain:
        values = _paid(reader, years)
    layer = next(layer for layer in book.layers if layer.id == LAYER)
    orders = FactLayer(layer, reader, Recipes(reader)).supply(years)
    if orders is None:
        raise DataError("No demand was known on the day", "It is known from 2020 on", "Ask for a later day")
    values |= {"ordered": orders, "share_of_orders": values["added"] / orders}
    labels = tuple(map(str, asked))
    stated = {label: known[label] for label in labels if label in known}
    return Earning(labels, values, book, reader, stated, chain.reads)


def _paid(reader: Reader, years: Array) -> dict[str, Array]:
    """Return the revenue and what it pays for, axes (draw, quarter)."""
    series = [reader.series(lab)[:2] for lab in LABS]
    growth = np.log(reader.draws(GROWTH))[:, None]
    fact = reader.fact(COST)
    stated = fact.known_on.year + (fact.known_on.month - 0.5) / MONTHS
    share, load = (
        reader.draws(SHARE)[:, None],
        np.prod([reader.draws(name) for name in LOAD], axis=0)[:, None],
    )

    def revenue(times: Array) -> Array:
        found = np.zeros((reader.n, len(times)))
        for moments, rates in series:
            logs = np.log(rates) @ interpolate(moments, times)
            found += np.exp(logs + growth * np.maximum(times - moments[-1], 0.0))
        return found * QUARTER_S / reader.draws(OTHERS)[:, None]

    def cost(times: Array) -> Array:
        found: Array = reader.draws(COST)[:, None] * (1.0 - reader.draws(DECLINE))[:, None] ** (
            times - stated
        )
        return found

    now, before = (revenue(times) * share / cost(times) / QUARTER_S for times in (years, years - 1.0))
    return {
        "revenue": revenue(years),
        "must_earn": cost(years) * QUARTER_S / share,
        "must_earn_hour": cost(years) * HOUR / share / load,
        "paid": now,
        "added": np.maximum(now - before, np.finfo(np.float64).tiny) / PER_YEAR,
    }


def scenario_text(found: Earning) -> str:
    """Return a scenario file that puts what revenue pays for in the place of the map's demand.

    Parameters
    ----------
    found
        What revenue pays for.

    Raises
    ------
    DataError
        None of the quarters has a stated demand that could be set.
    """
    if not found.stated:
        raise DataError(
            f"The map states no demand in {found.quarters[0]} to {found.quarters[-1]}",
            "A scenario may change only facts that exist",
            "Leave out --quarters",
        )
    lines = [
        'name = "only compute that inference pays for"',
        (
            'why = "orders are the accelerators whose cost the revenue of inference covers; training and '
            'reserves order nothing"'
        ),
        "",
        "[set]",
    ]
    for quarter, fact in found.stated.items():
        low, mid, high = found.band("added", quarter)
        numbers = f'value = {mid:.0f}, low = {low:.0f}, high = {high:.0f}, unit = "h100e/quarter"'
        lines.append(f'"{fact}" = {{ {numbers}, level = "P10-P90" }}')
    return "\n".join(lines) + "\n"


def tell_demand(id: str, rest: str, asked: Asked) -> Told:  # noqa: A002 (the word of the trade)
    """Return ``inference.demand.<quantity>.<quarter>`` in every draw.

    Parameters
    ----------
    id, rest
        The whole id, and its part after ``inference.demand.``.
    asked
        The question that it belongs to.
    """
    quantity, _, quarter = rest.partition(".")
    if quantity not in QUANTITIES:
        known = [f"inference.demand.{word}.{quarter or '2026Q1'}" for word in QUANTITIES]
        raise UnknownNameError(
            "figure", id, known, remedy="Write inference.demand.<quantity>.<quarter>, or the id of a fact"
        )
    found = earning(
        str(Quarter.parse(quarter)),
        draws=asked.draws,
        seed=asked.seed,
        method=asked.method,
        as_of=asked.as_of,
        scenario=asked.scenario,
        catalog=asked.catalog,
    )
    unit, formula = QUANTITIES[quantity]
    reads = None if quantity in {"ordered", "share_of_orders"} else found.reads
    return Told(found, found.values[quantity][:, 0], unit, formula, reads, method="revenue over cost")
