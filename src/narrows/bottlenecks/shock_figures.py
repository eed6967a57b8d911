"""Tell the figures of a shock: flow lost, shortage, price, odds, other prices (``shocks``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from narrows.bottlenecks.answer import asked_of
from narrows.bottlenecks.told import Told
from narrows.errors import UnknownNameError
from narrows.shocks.answer import FORMULAS, REMEDY, UNITS, figure_values
from narrows.shocks.events import known_events
from narrows.shocks.price import price_path

if TYPE_CHECKING:
    from narrows.bottlenecks.told import Asked
    from narrows.catalog import Catalog, Reader

__all__ = ["tell"]

LEAST_PARTS = 3


@dataclass(frozen=True)
class Reading:
    """The facts that a figure came from."""

    catalog: Catalog
    reader: Reader


def tell(id: str, asked: Asked) -> Told:  # noqa: A002 (the word of the trade)
    """Return a figure of a shock in every draw.

    Parameters
    ----------
    id
        ``shocks.<quantity>.<event>...``, such as ``shocks.price.hormuz.2026Q2``.
    asked
        The question that it belongs to.

    Raises
    ------
    UnknownNameError
        If there is no such figure.
    """
    parts = id.split(".")
    known = known_events()
    if len(parts) < LEAST_PARTS or parts[1] not in FORMULAS or parts[2] not in known:
        examples = [f"shocks.{quantity}.{name}" for quantity in FORMULAS for name in known]
        raise UnknownNameError("figure", id, examples, remedy=REMEDY)
    path = price_path(
        known[parts[2]],
        as_of=asked.as_of,
        draws=asked.draws,
        seed=asked.seed,
        method=asked.method,
        catalog=asked_of(asked.catalog, None, asked.scenario),
        part=parts[3] if parts[1] == "price_if" and len(parts) > LEAST_PARTS else None,
    )
    values = figure_values(path, id)
    reading = Reading(path.reader.catalog, path.reader)
    return Told(reading, values, UNITS[parts[1]], FORMULAS[parts[1]], path.reader.reads, method="price path")
