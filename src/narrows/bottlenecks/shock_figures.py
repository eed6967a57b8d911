"""Tell the figures of a shock: flow lost, shortage, price, odds, other prices, sectors (``shocks``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from narrows.bottlenecks.answer import asked_of
from narrows.bottlenecks.told import Told
from narrows.catalog import Reader
from narrows.errors import UnknownNameError
from narrows.shocks.answer import FORMULAS, REMEDY, UNITS, figure_ids, figure_values
from narrows.shocks.event_sectors import event_sectors
from narrows.shocks.events import known_events
from narrows.shocks.firms import companies, known
from narrows.shocks.parity import commodity_changes
from narrows.shocks.price import price_path
from narrows.shocks.sectors import SECTORS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from narrows.bottlenecks.told import Asked
    from narrows.catalog import Catalog
    from narrows.shocks.price import PricePath
    from narrows.shocks.transmission import SectorTable

    Floats = NDArray[np.float64]

__all__ = ["PUSHED", "Carried", "EventFigures", "event_figures", "sector_id", "tell"]

LEAST_PARTS = 3
PUSHED = {
    "profit": (
        "price of oil by the path x price model of industries: change of operating surplus of the sector's "
        "industries, mean over the shock"
    ),
    "margin": "the same push over the company's mix of industries: change of operating profit over revenue",
}
"""What is said of a sector and of a company: how it comes about."""
METHODS = {"path": "price path", "push": "price path, then price model"}


class Carried(Reader):
    """Draws of the facts behind a push: those of the price path as the path weighted them, else the push's.

    Parameters
    ----------
    path
        The reading of the path.
    push
        The reading of the push, with as many draws as are carried.
    """

    def __init__(self, path: Reader, push: Reader) -> None:
        super().__init__(push.catalog, push.seed, push.n, push.method)
        self.path, self.push = path, push

    def draws(self, name: str) -> Floats:
        """Return the draws of a fact that are carried [canonical unit], axis (draw)."""
        found: Floats = self.path.draws(name)[: self.n] if name in self.path.reads else self.push.draws(name)
        return found


@dataclass(frozen=True)
class Reading:
    """The facts that a figure came from."""

    catalog: Catalog
    reader: Reader


@dataclass(frozen=True, eq=False)
class EventFigures:
    """Every figure of an event in every draw, without the path that they came from.

    Parameters
    ----------
    path, push
        The readings of the price path and of what it does to sectors.
    values
        Each figure in every draw [its unit], axis (draw), by id.
    reads
        Facts of the path, of other prices, of the push.
    """

    path: Reading
    push: Reading
    values: dict[str, Floats]
    reads: dict[str, tuple[str, ...]]

    def tell(self, id: str) -> Told:  # noqa: A002 (the word of the trade)
        """Return a figure.

        Raises
        ------
        UnknownNameError
            If the event has no such figure.
        """
        if id not in self.values:
            raise UnknownNameError("figure", id, self.values, remedy=REMEDY)
        quantity = id.split(".")[1]
        if quantity in PUSHED:
            return Told(
                self.push, self.values[id], "1", PUSHED[quantity], self.reads["push"], method=METHODS["push"]
            )
        reads = self.reads["change" if quantity == "change" else "path"]
        return Told(
            self.path, self.values[id], UNITS[quantity], FORMULAS[quantity], reads, method=METHODS["path"]
        )


def event_figures(
    event: str, asked: Asked, *, part: str | None = None, only: str = ""
) -> tuple[EventFigures, PricePath, SectorTable | None]:
    """Return every figure of an event, and the path and table that they came from.

    Parameters
    ----------
    event
        Id of an event that ships.
    asked
        The question.
    part
        Part of the mixture of lengths that every draw is of; all parts if left out.
    only
        Id of the one figure that is wanted; all but those of one part if left out.

    Notes
    -----
    Let go of the path where only the figures are kept: it holds a price for every day and draw.
    """
    path = price_path(
        known_events()[event],
        as_of=asked.as_of,
        draws=asked.draws,
        seed=asked.seed,
        method=asked.method,
        catalog=asked_of(asked.catalog, None, asked.scenario),
        part=part,
    )
    own = path.reader.reads
    whole = [name for name in figure_ids(path) if not name.startswith("shocks.price_if.")]
    wanted = [only] if only in figure_ids(path) else [] if only else whole
    moved = any(name.startswith("shocks.change.") for name in wanted)
    changes = commodity_changes(path) if moved else None
    values = {name: figure_values(path, name, changes) for name in wanted}
    reads = {"path": own, "change": path.reader.reads, "push": ()}
    reading = push = Reading(path.reader.catalog, path.reader)
    table = None
    if not only or only.split(".")[1] in PUSHED:
        table, _ = event_sectors(path, catalog=asked_of(asked.catalog, None, asked.scenario))
        push = Reading(table.shock.reader.catalog, Carried(path.reader, table.shock.reader))
        reads["push"] = tuple(dict.fromkeys((*own, *table.reads)))
        for sector in table.sectors:
            values[sector_id(event, sector.name)] = sector.draws
        for name in known():
            (firm,) = companies(table.shock, (name,))
            if firm.draws is not None:
                values[f"shocks.margin.{event}.{name}"] = firm.draws
    return EventFigures(reading, push, values, reads), path, table


def sector_id(event: str, sector: str) -> str:
    """Return the id of the change of a sector's profit.

    Examples
    --------
    >>> sector_id("hormuz", "Real Estate")
    'shocks.profit.hormuz.real_estate'
    """
    return f"shocks.profit.{event}.{sector.lower().replace(' ', '_')}"


def tell(id: str, asked: Asked) -> Told:  # noqa: A002 (the word of the trade)
    """Return a figure of a shock in every draw.

    Parameters
    ----------
    id
        ``shocks.<quantity>.<event>...``, such as ``shocks.price.hormuz.2026Q2`` or
        ``shocks.profit.hormuz.energy``.
    asked
        The question that it belongs to.

    Raises
    ------
    UnknownNameError
        If there is no such figure.
    """
    parts = id.split(".")
    events = known_events()
    quantity = parts[1] if len(parts) >= LEAST_PARTS else ""
    if quantity not in {*FORMULAS, *PUSHED} or parts[2] not in events:
        examples = [f"shocks.{word}.{name}" for word in FORMULAS for name in events]
        examples += [sector_id(name, sector) for name in events for sector in SECTORS]
        raise UnknownNameError("figure", id, examples, remedy=REMEDY)
    part = parts[3] if quantity == "price_if" and len(parts) > LEAST_PARTS else None
    found, path, _ = event_figures(parts[2], asked, part=part, only=id)
    if id not in found.values:
        raise UnknownNameError("figure", id, [*figure_ids(path), *found.values], remedy=REMEDY)
    return found.tell(id)
