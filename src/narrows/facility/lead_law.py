"""Laws of the time from a decision to capacity, by the path; the map takes those of `LAWS`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from narrows.errors import DataError
from narrows.facility.power_path import GRAPH, SUPPLIES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from narrows.catalog import Reader

    Floats = NDArray[np.float64]
    Law = Callable[[Reader], Floats]

__all__ = ["LAWS", "cooling", "grid", "hall", "onsite", "transformer"]

DELIVERIES = "large_transformer.delivery_time."
"""Reports on the delivery of large transformers; the newest that was known counts."""


def _delivery(reader: Reader) -> Floats:
    """Return the delivery of a large transformer by the newest report [s], axis (draw)."""
    book = reader.catalog
    said = [book.fact(name) for name in book.statements_by_id if name.startswith(DELIVERIES)]
    if not said:
        raise DataError(
            f"Nothing was known of {DELIVERIES}* on {book.asked}",
            "The first report is of 2021",
            "Ask for a later day",
        )
    return reader.draws(max(said, key=lambda fact: fact.known_on).id)


def _time(reader: Reader, name: str) -> Floats:
    """Return the time of an activity from its request or order on [s], axis (draw)."""
    return reader.draws(GRAPH[name].fact)


def transformer(reader: Reader) -> Floats:
    """Return the time until transformers and switchgear are delivered [s], axis (draw)."""
    return np.maximum(_delivery(reader), _time(reader, "switchgear"))


def grid(reader: Reader) -> Floats:
    """Return the time from a request to an energised connection [s], axis (draw)."""
    delivered = _delivery(reader)
    wires = _time(reader, "load_study") + _time(reader, "substation")
    return np.asarray(np.maximum(wires, delivered) + _time(reader, "energisation"))


def onsite(reader: Reader) -> Floats:
    """Return the time from an order to power from engines or fuel cells, the sooner [s], axis (draw)."""
    sources = [
        np.maximum.reduce([_time(reader, name) for name in SUPPLIES[source]])
        for source in ("engines", "fuel_cells")
    ]
    ends = np.minimum.reduce(sources) + _time(reader, "installation") + _time(reader, "energisation")
    return np.asarray(ends)


def hall(reader: Reader) -> Floats:
    """Return the time from a decision to a hall with power [s], axis (draw)."""
    chains = [
        _time(reader, "permits") + _time(reader, "shell") + _time(reader, "fit_out"),
        _time(reader, "permits") + _time(reader, "cooling_plant"),
        _time(reader, "switchgear"),
    ]
    return np.asarray(np.maximum.reduce(chains) + _time(reader, "energisation"))


def cooling(reader: Reader) -> Floats:
    """Return the time of the cooling plant of a site [s], axis (draw)."""
    return _time(reader, "cooling_plant")


LAWS: Mapping[str, Law] = {"grid_connection.lead": grid, "transformer.lead": transformer}
"""Leads that the map takes from the path, by the id of the statement in whose place they stand."""
