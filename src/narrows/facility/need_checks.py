"""What Day 6 computes for the map against what is stated in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from narrows.catalog import Reader, default
from narrows.facility.hall_power import PLATES, TYPED, halls_draws
from narrows.facility.lead import leads
from narrows.facility.need import need_draws
from narrows.figure import Comparison

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from narrows.facility.lead import Lead

__all__ = ["need_rows"]

ROOM, STATED = "facility", "facts of the catalogue"
DRAWS, SEED = 4000, 1
HIGH = 0.95
STEPS_MVA = 2.0
"""MVA of transformers for a MW of load as stated with ``transformer.capacity.2024``: two steps of
transformation of 25 GW are 50,000 MVA, without spare units."""


def need_rows(folder: Path | None) -> Iterator[Comparison]:
    """Yield the comparisons of what one MW of IT takes.

    Parameters
    ----------
    folder
        Folder of the room's measurements, which these do not need.
    """
    del folder
    reader = Reader(default(), SEED, DRAWS)
    yield from _ratios(reader)
    yield _plates(reader)
    yield _transformers(reader)
    found = leads(draws=DRAWS, seed=SEED)
    for row in (*found.leads, *found.slips):
        yield _stated(row)


def _stated(row: Lead) -> Comparison:
    """Compare the median of a law with what is stated: of several statements one must hold it."""
    ranges = " or ".join(f"{said.low:g} to {said.high:g}" for said in row.stated)
    taken = "the map takes the law" if row.by_law else "the map takes the statement"
    return Comparison(
        ROOM,
        STATED,
        f"{row.id} by its law ({row.p10:.2g} to {row.p90:.2g} {row.unit}) against the statement; {taken}",
        "median of the law",
        row.p50,
        ranges,
        row.stated[0].value,
        len(row.stated),
        any(said.low <= row.p50 <= said.high for said in row.stated),
    )


def _ratios(reader: Reader) -> Iterator[Comparison]:
    halls, fact = halls_draws(reader), default().fact(TYPED)
    for name, drawn in (("air", halls.air), ("cold plates", halls.liquid)):
        middle = float(np.median(drawn))
        yield Comparison(
            ROOM,
            STATED,
            f"facility power over IT power in the worst hour, racks cooled by {name}, against {TYPED}",
            "median of the law",
            middle,
            f"{fact.low:g} to {fact.high:g}",
            fact.value,
            1,
            fact.low <= middle <= fact.high,
        )


def _plates(reader: Reader) -> Comparison:
    book = default()
    most = float(np.quantile(reader.draws(PLATES), HIGH))
    shares = [
        book.fact(f"{design.id}.liquid_kw").canonical_value / book.fact(f"{design.id}.it_kw").canonical_value
        for design in book.designs
    ]
    beyond = sum(share > most for share in shares)
    return Comparison(
        ROOM,
        STATED,
        f"heat in liquid of the designs of the map, against what cold plates take ({most:.2f} at most)",
        "designs stated beyond it",
        beyond,
        "0",
        None,
        len(shares),
        beyond == 0,
    )


def _transformers(reader: Reader) -> Comparison:
    rated = need_draws("gb200_nvl72", "transformer_mva", reader)
    facility = need_draws("gb200_nvl72", "facility_mw", reader)
    return Comparison(
        ROOM,
        STATED,
        "MVA of transformers for a MW of facility power with N+1, against those stated with their capacity",
        "median of the chain",
        float(np.median(rated / facility)),
        "for information",
        STEPS_MVA,
        1,
        None,
    )
