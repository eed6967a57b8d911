"""An event answered: every number of its page as a figure that can say why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.draws import quantiles
from narrows.errors import UnknownNameError
from narrows.figure import Figure
from narrows.shocks.parity import CRUDE, FOLLOWERS, commodity_changes
from narrows.shocks.price import MODEL_VERSION, price_path
from narrows.units import from_canonical

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from numpy.typing import NDArray

    from narrows.catalog import Catalog
    from narrows.shocks.events import Event
    from narrows.shocks.price import PricePath

    Floats = NDArray[np.float64]

__all__ = ["EventAnswer", "figure_ids", "figure_of", "figure_values", "shock"]

LEVELS = (0.05, 0.5, 0.95)
INNER = (0.1, 0.25, 0.75, 0.9)
FORMULAS = {
    "lost": "normal flow x (1 - share that passes) on the day known",
    "net": "flow lost - bypass - spare capacity - releases, mean of the period",
    "unmet": "net shortage - what holders of stocks meet, mean of the period",
    "price": "last price x exp(path without the event + scarcity + premium + noise), mean of the period",
    "without": "last price x exp(path without the event + noise), mean of the period",
    "price_if": "as price, with every length drawn from one part of the mixture",
    "odds": "share of draws whose closure is of this part of the mixture, after what was seen",
    "change": "exp(elasticity x lagged ln of price over base + spread) - 1, mean of the quarter; crude "
    "itself is price over base - 1",
}
UNITS = {
    "lost": "barrel/day",
    "net": "barrel/day",
    "unmet": "barrel/day",
    "price": "usd/barrel",
    "without": "usd/barrel",
    "price_if": "usd/barrel",
    "odds": "share",
    "change": "ratio",
}
REMEDY = "Write shocks.<quantity>.<event>.<period>, such as shocks.price.hormuz.2026Q2"


@dataclass(frozen=True, eq=False)
class EventAnswer:
    """An event, its price path, and the figures of its page.

    Parameters
    ----------
    path
        The price path in every draw.
    figures
        Every figure by id.
    inner
        P10, P25, P75 and P90 of each figure by id.
    changes
        Change of each commodity's price, axes (draw, quarter), for the sector table.
    """

    path: PricePath
    figures: dict[str, Figure]
    inner: dict[str, tuple[float, ...]]
    changes: dict[str, Floats]

    @property
    def event(self) -> Event:
        """The event."""
        return self.path.event

    def get(self, quantity: str, *rest: str) -> Figure:
        """Return a figure by its quantity and what follows the event in its id."""
        return self.figures[".".join(("shocks", quantity, self.event.id, *rest))]

    def to_json(self) -> dict[str, Any]:
        """Return the answer in the envelope of the house."""
        path = self.path
        return {
            "event": {
                "id": path.event.id,
                "title": path.event.title,
                "onset": str(path.event.onset),
                "commodity": path.event.commodity,
            },
            "as_of": str(path.as_of),
            "last_price": {"day": str(path.anchor), "usd_per_barrel": float(path.usd[0, 0])},
            "base_usd_per_barrel": float(np.median(path.base)),
            "effective_draws": path.effective,
            "odds_before": dict(
                zip((part.name for part in path.event.lengths), path.odds_before, strict=True)
            ),
            "quarters": list(path.periods("quarter")),
            "months": list(path.periods("month")),
            "figures": [
                figure.to_json() | dict(zip(("p10", "p25", "p75", "p90"), self.inner[name], strict=True))
                for name, figure in self.figures.items()
            ],
        }


def figure_ids(path: PricePath) -> tuple[str, ...]:
    """Return the ids of the figures of a path, in the order of its page."""
    name = path.event.id
    quarters, months = path.periods("quarter"), path.periods("month")
    found = [f"shocks.lost.{name}"]
    for quantity in ("net", "unmet"):
        found += [f"shocks.{quantity}.{name}.{quarter}" for quarter in quarters]
    for quantity in ("price", "without"):
        found += [f"shocks.{quantity}.{name}.{period}" for period in (*months, *quarters)]
    found += [f"shocks.odds.{name}.{part.name}" for part in path.event.lengths]
    if len(path.event.lengths) > 1:
        found += [f"shocks.price_if.{name}.{part.name}.{q}" for part in path.event.lengths for q in quarters]
    found += [
        f"shocks.change.{name}.{commodity}.{quarter}"
        for commodity in (CRUDE, *FOLLOWERS)
        for quarter in quarters
    ]
    return tuple(found)


def figure_values(
    path: PricePath,
    id: str,  # noqa: A002 (the word of the trade)
    changes: dict[str, Floats] | None = None,
    branches: dict[str, dict[str, Floats]] | None = None,
) -> Floats:
    """Return a figure in every draw [its unit], axis (draw).

    Parameters
    ----------
    path
        The path.
    id
        One of `figure_ids`.
    changes
        Those of `commodity_changes`, where they are at hand.
    branches
        Mean prices by part of the mixture and quarter, for ``price_if``; else the path is that of the part.

    Raises
    ------
    UnknownNameError
        If the path has no such figure.
    """
    if id not in figure_ids(path):
        raise UnknownNameError("figure", id, figure_ids(path), remedy=REMEDY)
    _, quantity, _, *rest = id.split(".")
    if quantity == "lost":
        day = min((path.as_of - path.anchor).days, len(path.days) - 1)
        lost: Floats = from_canonical(path.shortage.lost[:, day], UNITS[quantity])
        return lost
    if quantity in {"net", "unmet"}:
        part = path.shortage.net if quantity == "net" else path.shortage.unmet
        missing: Floats = from_canonical(path.over(part, rest[0]), UNITS[quantity])
        return missing
    if quantity in {"price", "without"}:
        return path.mean_over(rest[0], without=quantity == "without")
    if quantity == "price_if":
        return path.mean_over(rest[1]) if branches is None else branches[rest[0]][rest[1]]
    if quantity == "odds":
        place = [part.name for part in path.event.lengths].index(rest[0])
        of_part: Floats = (path.parts == place).astype(np.float64)
        return of_part
    commodity, quarter = rest
    whole = commodity_changes(path) if changes is None else changes
    found: Floats = whole[commodity][:, path.periods("quarter").index(quarter)]
    return found


def shock(
    name: str | Path | Event,
    *,
    as_of: str | date | None = None,
    draws: int = 10_000,
    seed: int = 1,
    method: str = "random",
    catalog: Catalog | None = None,
) -> EventAnswer:
    """Answer an event: flow lost, shortage, price by month and quarter, odds of its length, other prices.

    Parameters
    ----------
    name, as_of, draws, seed, method, catalog
        As for `narrows.shocks.price_path`.

    Returns
    -------
    EventAnswer
        The path, the figures of its page by id, and the draws for the sector table.

    Raises
    ------
    NarrowsError
        As `narrows.shocks.price_path`.

    Examples
    --------
    >>> found = shock("hormuz", draws=500)
    >>> found.get("price", "2026Q2").unit
    'usd/barrel'
    """
    path = price_path(name, as_of=as_of, draws=draws, seed=seed, method=method, catalog=catalog)
    own = path.reader.reads
    asked: dict[str, Any] = {
        "as_of": as_of,
        "draws": draws,
        "seed": seed,
        "method": method,
        "catalog": catalog,
    }
    quarters = path.periods("quarter")
    branches: dict[str, dict[str, Floats]] = {}
    for part in path.event.lengths if len(path.event.lengths) > 1 else ():
        branch = price_path(path.event, part=part.name, **asked)
        branches[part.name] = {quarter: branch.mean_over(quarter) for quarter in quarters}
        del branch  # each holds a price a day and draw
    changes = commodity_changes(path)
    figures: dict[str, Figure] = {}
    inner: dict[str, tuple[float, ...]] = {}
    for one in figure_ids(path):
        values = figure_values(path, one, changes, branches)
        figures[one] = figure_of(path, one, values, path.reader.reads if ".change." in one else own)
        inner[one] = tuple(float(value) for value in quantiles(values, INNER))
    return EventAnswer(path, figures, inner, changes)


def figure_of(
    path: PricePath,
    id: str,  # noqa: A002 (the word of the trade)
    values: Floats,
    reads: tuple[str, ...],
) -> Figure:
    """Return the figure of values in every draw.

    Parameters
    ----------
    path
        The path.
    id
        One of `figure_ids`.
    values
        Those of `figure_values`.
    reads
        Facts behind it.
    """
    quantity = id.split(".")[1]
    low, middle, high = (float(value) for value in quantiles(values, LEVELS))
    value = float(values.mean())
    if quantity == "odds":
        low = middle = high = value
    return Figure(
        id=id,
        value=value,
        p05=low,
        p50=middle,
        p95=high,
        unit=UNITS[quantity],
        formula=FORMULAS[quantity],
        reads=reads,
        vintage=str(path.reader.catalog.vintage),
        model=MODEL_VERSION,
        seed=path.reader.seed,
        draws=path.reader.n,
    )
