"""Tell the figures of the date of power: first power, a power reached, a month's worth (``power_date``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from narrows.bottlenecks.answer import asked_of
from narrows.bottlenecks.told import Told
from narrows.catalog import Catalog, Reader
from narrows.errors import UnknownNameError
from narrows.facility.power_date import usd_month
from narrows.facility.power_path import PATHS, durations, facts_of, finish, reaches

if TYPE_CHECKING:
    from narrows.bottlenecks.told import Asked

__all__ = ["tell"]

QUANTITIES = ("first", "reached", "month")
PARTS = 4
REMEDY = "Write power_date.<quantity>.<path>.<whole MW>, such as power_date.first.grid.100"
TEXTS = {
    "first": (
        "each activity starts when all it waits for have ended; first power when supply, hall and "
        "energisation have ended, by the source that is first"
    ),
    "reached": "first power + (power - first block) / ramp; on a bridge the grid above its turbines",
    "month": "facility power / power of an accelerator x (rent - electricity) x hours of a month",
}


@dataclass(frozen=True)
class Reading:
    """The facts that a figure came from."""

    catalog: Catalog
    reader: Reader


def tell(id: str, asked: Asked) -> Told:  # noqa: A002 (the word of the trade)
    """Return a figure of the date of power in every draw.

    Parameters
    ----------
    id
        ``power_date.first.<path>.<whole MW>``, ``power_date.reached...`` or ``power_date.month...``.
    asked
        The question that it belongs to.

    Raises
    ------
    UnknownNameError
        If there is no such figure.
    """
    book = asked_of(asked.catalog, asked.as_of, asked.scenario)
    reader = Reader(book, asked.seed, asked.draws, asked.method)
    parts = id.split(".")
    known = len(parts) == PARTS and parts[1] in QUANTITIES and parts[2] in PATHS and parts[3].isdecimal()
    if not known or int(parts[3]) == 0:
        examples = [f"power_date.{word}.{path}.100" for word in QUANTITIES for path in PATHS]
        raise UnknownNameError("figure", id, examples, remedy=REMEDY)
    _, quantity, path, text = parts
    mw = float(text)
    reading = Reading(book, reader)
    if quantity == "month":
        values = usd_month(reader, mw)
        return Told(reading, values, "usd", TEXTS[quantity], reader.reads, method="margin of a month")
    times = durations(mw, reader=reader)
    done = finish(times, path)
    values = done.first if quantity == "first" else reaches(times, done, path, mw)
    return Told(reading, values, "month", TEXTS[quantity], facts_of(times, done), method="critical path")
