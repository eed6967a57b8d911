"""Tell the figures of a hall through a year: PUE, its worst hour, WUE (``plant``)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from narrows.bottlenecks.answer import asked_of
from narrows.bottlenecks.told import Told
from narrows.catalog import Catalog, Reader
from narrows.errors import UnknownNameError, UsageError
from narrows.facility.plant import AGES, HEAT_PATHS, REDUNDANCY, REJECTION, Design
from narrows.facility.plant_result import QUANTITIES, drawn_years
from narrows.facility.weather import cities, weather

if TYPE_CHECKING:
    from narrows.bottlenecks.told import Asked

__all__ = ["Years", "parsed", "tell"]

REMEDY = "Copy the id that `narrows facility simulate` prints, such as plant.pue.phoenix_az.air.towers"
TEXTS = {
    "pue": (
        "facility energy / IT energy of 8,760 hours: heat of servers and losses, fans, pumps, chillers at "
        "the lift of the hour, UPS and transformer"
    ),
    "peak_pue": "facility power / IT power in the hour of the year that needs most",
    "wue": "water evaporated, drifted and blown down in 8,760 hours / IT energy",
}
UNITS = {"pue": "ratio", "peak_pue": "ratio", "wue": "L/kWh"}


@dataclass(frozen=True)
class Reading:
    """The facts that a figure came from."""

    catalog: Catalog
    reader: Reader


def tell(id: str, asked: Asked) -> Told:  # noqa: A002 (the word of the trade)
    """Return a figure of a hall in every draw.

    Parameters
    ----------
    id
        ``plant.<quantity>.<city>.<heat path>.<rejection>``, then words of the design that are not the
        default, such as ``2N``, ``leased``, ``adiabatic``, ``45c``, ``load60``.
    asked
        The question that it belongs to.

    Raises
    ------
    UnknownNameError
        If there is no such figure.
    """
    quantity, place, design = parsed(id)
    return Years(place, design, asked).tell(quantity)


class Years:
    """A design at a place through a year, in every draw.

    Parameters
    ----------
    place, design
        A shipped city, and the design.
    asked
        The question.
    """

    def __init__(self, place: str, design: Design, asked: Asked) -> None:
        book = asked_of(asked.catalog, asked.as_of, asked.scenario)
        reader = Reader(book, asked.seed, asked.draws, asked.method)
        self.reading = Reading(book, reader)
        self.values = drawn_years(design, weather(place), reader)

    def tell(self, quantity: str) -> Told:
        """Return one of `QUANTITIES`."""
        values = np.asarray(self.values[:, QUANTITIES.index(quantity)])
        reads = self.reading.reader.reads
        return Told(self.reading, values, UNITS[quantity], TEXTS[quantity], reads, method="plant")


def parsed(id: str) -> tuple[str, str, Design]:  # noqa: A002 (the word of the trade)
    """Return quantity, city and design of an id.

    Raises
    ------
    UnknownNameError
        If it names no figure of a hall.
    """
    parts = id.split(".")
    plain = {name.replace(" ", "_"): name for name in (*HEAT_PATHS, *REJECTION)}
    try:
        _, quantity, place, heat, rejection, *rest = parts
        QUANTITIES.index(quantity), cities().index(place)
        design = Design(plain[heat], plain[rejection])
        for word in rest:
            design = replace(design, **_word(word))  # type: ignore[arg-type]
    except (KeyError, ValueError, UsageError) as error:
        examples = [f"plant.{word}.phoenix_az.air.towers" for word in QUANTITIES]
        raise UnknownNameError("figure", id, examples, remedy=REMEDY) from error
    return quantity, place, design


def _word(word: str) -> dict[str, str | float | bool]:
    if word in REDUNDANCY:
        return {"redundancy": word}
    if word in AGES:
        return {"age": word}
    if word == "adiabatic":
        return {"adiabatic": True}
    if word.startswith("load"):
        return {"load": int(word[4:]) / 100}
    if word.endswith("c"):
        return {"supply_c": float(int(word[:-1]))}
    raise KeyError(word)
