"""Rows of the validation of Day 10: the ledger, its split, and rents against what came after."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from narrows.bottlenecks.told import Asked
from narrows.catalog import default
from narrows.errors import DataError
from narrows.figure import Comparison
from narrows.value.answer import Study
from narrows.value.backtest import backtest, rent_shares
from narrows.value.returns import excess_returns, returns_backtest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from narrows.value.backtest import Backtest

__all__ = ["value_rows"]

ROOM = "value"
DRAWS = 2000
QUARTERS = ("2023Q1", "2024Q1", "2025Q1", "2026Q4", "2028Q1")
EXACT = 1e-9
ENOUGH = 0.5
MARGINS = "gross margins of fiscal years, as reported"
SEGMENTS = "margins of segments, as reported"
DESIGNS = {
    None: "rent share of a layer at a year's end and the change of margin of the segments that book it, next "
    "four quarters",
    "same": "change of rent share of a layer since a year before, and the change of those margins, same four "
    "quarters",
    "next": "change of rent share of a layer since a year before, and the change of those margins, next four "
    "quarters",
}
"""Designs with segments, by the four quarters that a change of rent share is compared with."""
PRICES = "prices of stocks"
TENTH = 0.1
"""Least share of revenue in the second design of the back-test."""


def value_rows(folder: Path | None) -> Iterator[Comparison]:
    """Yield the comparisons of Day 10.

    Parameters
    ----------
    folder
        Folder with the prices of stocks; None where there is none.
    """
    studies = [Study(Asked(DRAWS, 1), quarter) for quarter in QUARTERS]
    gap = max(study.captured.ledger_gap for study in studies)
    yield Comparison(
        ROOM,
        "linear programming duality",
        f"rents of all layers and quarters against the value, {len(QUARTERS)} questions",
        "greatest relative gap",
        gap,
        f"<= {EXACT:g}",
        None,
        len(QUARTERS) * DRAWS,
        gap <= EXACT,
    )
    split = max(
        float(np.abs(study.captured.of() - study.total).max() / max(study.total.mean(), 1.0))
        for study in studies
    )
    yield Comparison(
        ROOM,
        "the ledger",
        "what makers, designers, operators and buyers keep against all rents",
        "greatest gap over the mean",
        split,
        f"<= {EXACT:g}",
        None,
        len(QUARTERS) * DRAWS,
        split <= EXACT,
    )
    try:
        shares = rent_shares(draws=DRAWS)
    except DataError as error:
        yield Comparison(ROOM, MARGINS, "rent share against margins", str(error), None, "", None, 0, None)
        return
    past = backtest(shares=shares)
    yield from _margins(past)
    yield _exposed(backtest(shares=shares, exposed=TENTH))
    for change, words in DESIGNS.items():
        yield _segments(backtest(shares=shares, margins="segments", change=change), words)
    yield _returns(past, folder)


def _margins(past: Backtest) -> Iterator[Comparison]:
    years = ", ".join(f"{year} {value:+.2f}" for year, value in past.by_year)
    yield Comparison(
        ROOM,
        MARGINS,
        "rent share of a layer at a year's end and its makers' change of margin in the next four quarters; 5 "
        f"to 95 % {past.low:+.2f} to {past.high:+.2f}; by year {years}",
        "rank correlation within years",
        past.correlation,
        f">= {ENOUGH}",
        0.0,
        len(past.observations),
        past.correlation >= ENOUGH,
    )
    yield Comparison(
        ROOM,
        MARGINS,
        "the same, rents shuffled within years",
        "share of shuffles that reach it",
        past.chance,
        "for information",
        None,
        len(past.observations),
        None,
    )


def _exposed(past: Backtest) -> Comparison:
    return Comparison(
        ROOM,
        MARGINS,
        f"the same, only makers of which the layer brings {TENTH:g} of revenue or more; 5 to 95 % "
        f"{past.low:+.2f} to {past.high:+.2f}",
        "rank correlation within years",
        past.correlation,
        "for information",
        None,
        len(past.observations),
        None,
    )


def _segments(past: Backtest, words: str) -> Comparison:
    return Comparison(
        ROOM,
        SEGMENTS,
        f"{words}; 5 to 95 % {past.low:+.2f} to {past.high:+.2f} over layers, {past.company_low:+.2f} to "
        f"{past.company_high:+.2f} over companies",
        "rank correlation within years",
        past.correlation,
        f">= {ENOUGH}",
        0.0,
        len(past.observations),
        past.correlation >= ENOUGH,
    )


def _returns(past: Backtest, folder: Path | None) -> Comparison:
    """Compare rents at years' ends with the next year's returns in excess of the index."""
    words = "rent share at a year's end and its makers' excess return over the S&P 500 in the next year"
    years = sorted({one.year for one in past.observations})
    book = default()
    returns = {} if folder is None else {year: excess_returns(folder, book, year + 1) for year in years}
    found = returns_backtest(past, returns)
    if found is None:
        return Comparison(ROOM, PRICES, words, "not run: data absent", None, "", None, 0, None)
    by_year = ", ".join(f"{year} {value:+.2f}" for year, value in found.by_year)
    return Comparison(
        ROOM,
        PRICES,
        f"{words}; 5 to 95 % {found.low:+.2f} to {found.high:+.2f} over layers, {found.company_low:+.2f} to "
        f"{found.company_high:+.2f} over companies; by year {by_year}",
        "rank correlation within years",
        found.correlation,
        "for information",
        None,
        len(found.observations),
        None,
    )
