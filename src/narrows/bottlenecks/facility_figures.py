"""Tell the figures of a campus: what an MW takes, cost, carbon and first power (family ``facility``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from narrows.bottlenecks.answer import asked_of
from narrows.bottlenecks.told import Told
from narrows.catalog import Reader
from narrows.errors import UnknownNameError
from narrows.facility.need import TEXTS as NEEDS
from narrows.facility.need import need_draws, racks
from narrows.facility.supply_lp import PARTS
from narrows.facility.supply_options import OPTIONS, supply_frontier
from narrows.facility.supply_plan import supply
from narrows.facility.weather import cities

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from narrows.bottlenecks.told import Asked
    from narrows.catalog import Catalog

__all__ = ["tell"]

SUPPLY, FRONTIER = ("cost", "carbon"), ("months", "cost", "carbon")
LOW = "_low"
NEED_PARTS = 4
FACTS = "supply."
TRACE = 1e-3  # MW, below which plant is not built
UNITS = {"cost": "usd/MWh", "carbon": "g/kWh", "months": "month"}
REMEDY = (
    "Write facility.need.<quantity>.<rack>, facility.supply.<cost or carbon>.<city>.<whole MW>, or "
    "facility.frontier.<months, cost or carbon>.<row>.<city>.<whole MW>"
)
TEXTS = {
    "cost": (
        "annuity and fixed cost of what is built + contracts + variable cost, fuel and grid energy with "
        "its wires, over the energy of the load; planned at stated costs, paid at those of the draw"
    ),
    "carbon": (
        "gas burnt on the site x its carbon / efficiency + grid energy bought x carbon of the grid, "
        "over the energy of the load"
    ),
    "months": "the end of hall, supply and energisation on the critical path of what carries the load",
}


@dataclass(frozen=True)
class Reading:
    """The facts that a figure came from."""

    catalog: Catalog
    reader: Reader


def tell(id: str, asked: Asked) -> Told:  # noqa: A002 (the word of the trade)
    """Return a figure of the supply of a campus in every draw.

    Parameters
    ----------
    id
        ``facility.supply.<quantity>.<city>.<MW>`` for `narrows facility supply`,
        ``facility.frontier.<quantity>.<row>.<city>.<MW>`` for `narrows facility frontier`, or
        ``facility.need.<quantity>.<rack>`` for `narrows facility need`.
    asked
        The question that it belongs to.

    Raises
    ------
    UnknownNameError
        If there is no such figure.
    """
    parts = id.split(".")
    book = asked_of(asked.catalog, asked.as_of, asked.scenario)
    if parts[1:2] == ["need"] and len(parts) == NEED_PARTS and parts[2] in NEEDS and parts[3] in racks(book):
        reader = Reader(book, asked.seed, asked.draws, asked.method)
        values = need_draws(parts[3], parts[2], reader)
        unit, text = NEEDS[parts[2]]
        return Told(Reading(book, reader), values, unit, text, method="plant, chain and rack of one MW of IT")
    known = _known(parts)
    if not known:
        raise UnknownNameError("figure", id, _examples(book), remedy=REMEDY)
    quantity, city, mw = parts[2], parts[-2], float(parts[-1])
    if parts[1] == "supply":
        found = supply(city, mw, draws=asked.draws, seed=asked.seed, catalog=book)
        values = found.priced.cost if quantity == "cost" else found.priced.total
        return _told(found.reader, values, quantity, found.built.capacity)
    row, key = parts[3], parts[3].removesuffix(LOW)
    front = supply_frontier(city, mw, options=(key,), draws=asked.draws, seed=asked.seed, catalog=book)
    choices = {choice.id: choice for choice in front.choices}
    if row not in choices:
        raise UnknownNameError("figure", id, [id.replace(row, name) for name in choices], remedy=REMEDY)
    chosen = choices[row]
    return _told(front.reader, getattr(chosen, quantity), quantity, chosen.capacity, bridged=key == "bridge")


def _known(parts: list[str]) -> bool:
    """Return whether an id names a question that can be asked."""
    shapes = {"supply": (5, SUPPLY), "frontier": (6, FRONTIER)}
    if len(parts) < min(count for count, _ in shapes.values()) or parts[1] not in shapes:
        return False
    count, quantities = shapes[parts[1]]
    rows = {*OPTIONS, *(f"{key}{LOW}" for key in OPTIONS)}
    return (
        len(parts) == count
        and parts[2] in quantities
        and parts[-2] in cities()
        and parts[-1].isdecimal()
        and int(parts[-1]) > 0
        and (parts[1] == "supply" or parts[3] in rows)
    )


def _examples(book: Catalog) -> list[str]:
    found = [f"facility.need.{quantity}.{rack}" for quantity in NEEDS for rack in racks(book)]
    found += [f"facility.supply.{quantity}.{city}.100" for quantity in SUPPLY for city in cities()]
    return found + [
        f"facility.frontier.{quantity}.{key}.{city}.100"
        for quantity in FRONTIER
        for key in OPTIONS
        for city in cities()
    ]


def _told(
    reader: Reader,
    values: NDArray[np.float64],
    quantity: str,
    capacity: dict[str, float],
    *,
    bridged: bool = False,
) -> Told:
    """Return a figure with the facts behind it: those of the path, or of money and of plant built."""
    unbuilt = tuple(f"{FACTS}{name}." for name in PARTS if capacity.get(name, 0.0) < TRACE)
    reads = []
    for id_ in reader.reads:
        of_path = not id_.startswith(FACTS) or id_.startswith(f"{FACTS}lead.")
        of_plan = (bridged or not of_path) and not id_.startswith(unbuilt)
        if of_path if quantity == "months" else of_plan:
            reads.append(id_)
    reading = Reading(reader.catalog, reader)
    return Told(
        reading, values, UNITS[quantity], TEXTS[quantity], tuple(reads), method="linear program of a campus"
    )
