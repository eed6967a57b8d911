"""Ask any number of the map "why?": its formula, the facts it rests on, and the fact that moves it most."""

from __future__ import annotations

import importlib
from collections import Counter
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

import numpy as np

from narrows.bottlenecks.answer import (
    BAND,
    DEFAULT_DRAWS,
    DEFAULT_SEED,
    MODEL_VERSION,
    STOCK,
    WATTS_PER_MW,
    asked_of,
)
from narrows.bottlenecks.interval import path_counts
from narrows.bottlenecks.plain import path
from narrows.bottlenecks.solution import chunks
from narrows.bottlenecks.told import FAMILIES, Asked, Stretch, Told
from narrows.draws import quantiles
from narrows.errors import UnknownNameError
from narrows.figure import Figure, Shown

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from narrows.bottlenecks.answer import Run
    from narrows.bottlenecks.told import Reading
    from narrows.catalog import Catalog, Fact

    Array = NDArray[np.float64]

__all__ = ["Chain", "Link", "chain_of", "figure_ids", "figure_of", "links", "tell", "why"]

QUANTITIES = ("binds", "capacity", "price", "price_left", "price_usd")
"""What is said of each layer."""
TOTALS = ("deployed", "deployed_mw", "installed", "tied")
"""What is said of the whole stack."""


@dataclass(frozen=True, slots=True)
class Link:
    """A fact of a chain and how far the figure moves with it.

    Parameters
    ----------
    fact
        The statement that was read.
    low, high
        Mean of the figure over the third of the draws in which the fact is lowest, and highest.
    kin
        Number of other facts of the chain that move with it, by a common cause.
    """

    fact: Fact
    low: float
    high: float
    kin: int = 0

    @property
    def effect(self) -> float:
        """Distance between the two means, in the unit of the figure."""
        return abs(self.high - self.low)


@dataclass(frozen=True, slots=True)
class Chain(Shown):
    """A figure, and the facts behind it, the one that moves it most first.

    Parameters
    ----------
    figure
        The figure.
    links
        Its facts.
    path
        For compute deployed: the layers that set the pace up to that quarter, oldest first, in the
        draw nearest to the median. Each made all it could in its stretch, and what came before was
        the work of the stretch before.
    """

    figure: Figure
    links: tuple[Link, ...]
    path: tuple[Stretch, ...] = ()


def figure_ids(names: tuple[str, ...], quarters: tuple[str, ...]) -> list[str]:
    """Return the id of every number that the map prints.

    Parameters
    ----------
    names
        Layer ids.
    quarters
        Quarter labels.

    Examples
    --------
    >>> figure_ids(("cowos",), ("2026Q4",))[:2]
    ['map.deployed.2026Q4', 'map.deployed_mw.2026Q4']
    """
    totals = [f"map.{quantity}.{quarter}" for quantity in TOTALS for quarter in quarters]
    return totals + [
        f"map.{quantity}.{name}.{quarter}"
        for quantity in QUANTITIES
        for name in names
        for quarter in quarters
    ]


def why(
    id: str,  # noqa: A002 (the word of the trade, and of the command line)
    *,
    draws: int = DEFAULT_DRAWS,
    seed: int = DEFAULT_SEED,
    method: str = "random",
    as_of: str | None = None,
    scenario: str | Path | None = None,
    catalog: Catalog | None = None,
) -> Chain | list[Fact]:
    """Return the chain behind a figure of the map, or every statement of a fact.

    Parameters
    ----------
    id
        A figure such as ``map.binds.cowos.2026Q4``, ``map.deployed.2027Q1``,
        ``map.price.cowos.2026Q4``; or the id of a fact.
    draws, seed, method, as_of, scenario, catalog
        As for `narrows.map`: ask with the same to get the chain of the number that you saw.

    Returns
    -------
    Chain or list of Fact
        The figure with its facts, the one that moves it most first; for a fact, its statements,
        the chosen one first.

    Raises
    ------
    UnknownNameError
        If no figure and no fact has that id.

    Notes
    -----
    A fact moves a figure by the difference between the figure's mean over the third of the draws
    in which the fact is highest and that in which it is lowest.

    Examples
    --------
    >>> chain = why("map.deployed.2027Q1", draws=400)
    >>> chain.figure.unit
    'h100e/quarter'
    >>> len(chain.links) > 10
    True
    """
    family = FAMILIES.get(id.partition(".")[0])
    if family is None or asked_of(catalog, as_of, scenario).has(id):
        return _statements(id, as_of, scenario, catalog)
    asked = Asked(draws, seed, method, as_of, scenario, catalog)
    return chain_of(id, importlib.import_module(family).tell(id, asked))


def chain_of(id: str, told: Told) -> Chain:  # noqa: A002 (the word of the trade)
    """Return the chain behind a figure that was told.

    Parameters
    ----------
    id
        Id of the figure.
    told
        The figure in every draw.
    """
    reads = tuple(told.run.reader.reads) if told.reads is None else told.reads
    return Chain(figure_of(id, told), links(told.run, told.values, reads), told.path)


def tell(id: str, asked: Asked) -> Told:  # noqa: A002 (the word of the trade)
    """Return a figure of the map in every draw.

    Parameters
    ----------
    id
        Such as ``map.binds.cowos.2026Q4``.
    asked
        The question that it belongs to.

    Raises
    ------
    UnknownNameError
        If the map has no such figure.
    """
    solved = asked.run(id.rsplit(".", 1)[-1])
    names = tuple(layer.id for layer in solved.model.layers)
    if id not in figure_ids((*names, STOCK), solved.quarters):
        raise UnknownNameError(
            "figure",
            id,
            figure_ids((*names, STOCK), solved.quarters),
            remedy="Write map.<quantity>.<layer>.<quarter> or map.<quantity>.<quarter>",
        )
    _, quantity, *middle, _ = id.split(".")
    values, unit, formula = _values(solved, quantity, middle[0] if middle else "")
    return Told(
        run=solved,
        values=values,
        unit=unit,
        formula=formula,
        reads=solved.model.chains[middle[0]] if quantity == "capacity" else None,
        path=_path(solved, values) if quantity in TOTALS[:3] else (),
    )


def _statements(
    name: str, as_of: str | None, scenario: str | Path | None, catalog: Catalog | None
) -> list[Fact]:
    book = asked_of(catalog, as_of, scenario)
    chosen = book.fact(name)
    return [chosen, *(fact for fact in book.statements(name) if fact is not chosen)]


def _values(solved: Run, quantity: str, name: str) -> tuple[Array, str, str]:
    """Return a figure's value in every draw [unit], axis (draw), its unit and its formula."""
    quarter = solved.quarters[0]
    if quantity in TOTALS:
        return {
            "deployed": (
                solved.deployed[:, 0],
                "h100e/quarter",
                f"cumulative compute by {quarter} (shortest path of Day 9) less that of the quarter before",
            ),
            "deployed_mw": (
                solved.deployed_w[:, 0] / WATTS_PER_MW,
                "MW/quarter",
                f"compute deployed in {quarter} x IT power of one H100e, by the mix of designs",
            ),
            "installed": (
                solved.installed[:, 0],
                "h100e",
                f"cumulative compute by {quarter}, the shortest path of Day 9, since the model begins",
            ),
            "tied": (
                solved.together(),
                "share",
                f"share of draws in which two layers or more bind {quarter} together",
            ),
        }[quantity]
    if quantity == "binds":
        text = (
            f"share of draws in which {name} holds the newest capacity arc on the shortest path "
            f"to the compute deployed by {quarter}; a tie is shared over the layers that bind together"
        )
        return solved.binds(name), "share", text
    row = solved.model.row(name)
    declared = solved.model.layers[row - 1].declared
    if quantity == "capacity":
        factors = " x ".join([declared.capacity, *declared.multiply])
        return solved.capacity[:, row, 0], "h100e/quarter", f"{factors} / ({_recipe(declared.need)})"
    right, left = _prices(solved, row)
    if quantity in {"price", "price_left"}:
        side = "one unit more of" if quantity == "price" else "one unit less of"
        text = f"dV/dK, {side} {name} in {quarter}, / v({quarter}); V = sum of v(t) x compute deployed in t"
        return right if quantity == "price" else left, "h100e per h100e", text
    usd = right * solved.model.units_usd(solved.shown)[row - 1, 0]
    return usd, f"usd/{declared.unit}", f"price of {name} x USD per H100e / need per H100e"


def _prices(solved: Run, row: int) -> tuple[Array, Array]:
    """Return the right and left derivatives of the value to one capacity [h100e per h100e], axis (draw)."""
    model, column = solved.model, solved.shown.start
    mask = np.zeros((1, len(model.layers) + 1, len(model.quarters)))
    mask[0, row, column] = 1.0
    found = [path_counts(model.stack(rows), mask, mask[:, 0] * 0.0) for rows in chunks(solved.reader.n)]
    right, left = (
        np.concatenate([ends[0] @ model.weight for ends in side]) / model.worth[column]
        for side in zip(*found, strict=True)
    )
    return right, left


def _recipe(need: tuple[str, ...]) -> str:
    if not need:
        return "1"
    terms = "".join(f" / {term[1:]}" if term.startswith("/") else f" x {term}" for term in need)
    return f"sum over designs of mix{terms} / h100e"


def figure_of(id: str, told: Told) -> Figure:  # noqa: A002 (the word of the trade)
    """Return a figure that was told, without the facts behind it.

    Parameters
    ----------
    id
        Id of the figure.
    told
        The figure in every draw.
    """
    p05, p50, p95 = (float(q) for q in quantiles(told.values, BAND))
    value = float(told.values.mean())
    if told.unit == "share":
        p05 = p50 = p95 = value
    solved = told.run
    return Figure(
        id=id,
        value=value,
        p05=p05,
        p50=p50,
        p95=p95,
        unit=told.unit,
        formula=told.formula,
        reads=tuple(solved.reader.reads) if told.reads is None else told.reads,
        vintage=str(solved.catalog.vintage),
        model=f"{MODEL_VERSION}, {told.method}",
        seed=solved.reader.seed,
        draws=solved.reader.n,
    )


def _path(solved: Run, values: Array) -> tuple[Stretch, ...]:
    """Return the stretches of the shortest path to the figure's quarter in the draw nearest to its median."""
    model = solved.model
    draw = int(np.argsort(values, kind="stable")[len(values) // 2])
    names = ["", *(layer.declared.name for layer in model.layers)]
    steps = path(model.stack(slice(draw, draw + 1)), 0, solved.shown.start)
    own = [
        (names[step.layer], str(model.quarters[step.quarter]))
        for step in reversed(steps)
        if step.arc == "own"
    ]
    found = []
    for name, group in groupby(own, key=itemgetter(0)):
        quarters = [quarter for _, quarter in group]
        found.append(Stretch(name, quarters[0], quarters[-1]))
    return tuple(found)


def links(solved: Reading, values: Array, names: tuple[str, ...]) -> tuple[Link, ...]:
    """Return the facts read with their effect on a figure, the largest first.

    Parameters
    ----------
    solved
        The reading that the figure comes from.
    values
        The figure in every draw, axis (draw).
    names
        Ids of the facts.
    """
    finite = np.where(np.isfinite(values), values, np.nan)
    third = max(solved.reader.n // 3, 1)
    found = []
    for name in names:
        drawn = solved.reader.draws(name)
        order = np.argpartition(drawn, [third - 1, solved.reader.n - third])
        low, high = finite[order[:third]], finite[order[-third:]]
        found.append(Link(solved.catalog.fact(name), _mean(low), _mean(high)))
    return _leaders_first(sorted(found, key=lambda link: (-link.effect, link.fact.id)))


def _leaders_first(ordered: list[Link]) -> tuple[Link, ...]:
    """Put the strongest fact of each common cause first; those that move with it come after all of them."""
    kin = Counter(link.fact.group for link in ordered)
    leaders, followers, seen = [], [], set()
    for link in ordered:
        group = link.fact.group
        if group and group in seen:
            followers.append(link)
            continue
        seen.add(group)
        leaders.append(replace(link, kin=kin[group] - 1 if group else 0))
    return (*leaders, *followers)


def _mean(values: Array) -> float:
    kept = values[np.isfinite(values)]
    return float(kept.mean()) if kept.size else 0.0
