"""Rows of the validation of Day 10: the ledger, its split, and rents against what came after."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from narrows.bottlenecks.told import Asked
from narrows.errors import DataError
from narrows.figure import Comparison
from narrows.value.answer import Study
from narrows.value.backtest import backtest, rank_correlation

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
PRICES = "stocks66_ohlcv_2024-07_2026-06.parquet", "sp500_309_adjclose_2024_2025.parquet"
INDEX, INDEX_COLUMN = "spx_daily_1999_2026.csv", "SPX"
TENTH = 0.1
"""Least share of revenue in the second design of the back-test."""
RETURNS_YEAR = 2024
"""Year at whose end rents are asked for: the prices at hand begin in 2024."""


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
        past = backtest(draws=DRAWS)
    except DataError as error:
        yield Comparison(ROOM, MARGINS, "rent share against margins", str(error), None, "", None, 0, None)
        return
    yield from _margins(past)
    yield _exposed(backtest(draws=DRAWS, exposed=TENTH))
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


def _returns(past: Backtest, folder: Path | None) -> Comparison:
    """Compare rents at the end of a year with the next year's returns in excess of the index."""
    words = f"rent share at the end of {RETURNS_YEAR} and its makers' excess return in {RETURNS_YEAR + 1}"
    files = [] if folder is None else [folder / name for name in PRICES if (folder / name).is_file()]
    if not files or folder is None or not (folder / INDEX).is_file():
        return Comparison(ROOM, PRICES[0], words, "not run: data absent", None, "", None, 0, None)
    import duckdb

    from narrows.catalog import default

    symbols = {one.id: one.ticker.rpartition(":")[2] for one in default().companies}
    ends = (f"{RETURNS_YEAR}-12-31", f"{RETURNS_YEAR + 1}-12-31")

    def moved(table: str, column: str, where: str) -> float | None:
        query = (
            f"select arg_max({column}, date) filter (where date <= date '{{0}}') from {table} where {where}"  # noqa: S608
        )
        first, last = (duckdb.execute(query.format(end)).fetchone() for end in ends)
        if first is None or last is None or first[0] is None or last[0] is None:
            return None
        return math.log(last[0] / first[0])

    index = moved(f"read_csv('{folder / INDEX}')", INDEX_COLUMN, "true")
    seen: dict[str, float] = {}
    for file in files:
        column = "close" if "ohlcv" in file.name else "adj_close"
        for company, symbol in symbols.items():
            if company not in seen and symbol:
                found = moved(f"read_parquet('{file}')", column, f"ticker = '{symbol}'")
                if found is not None and index is not None:
                    seen[company] = found - index
    pairs = [
        (one.rent_share, float(np.mean([seen[name] for name in one.companies if name in seen])))
        for one in past.observations
        if one.year == RETURNS_YEAR and any(name in seen for name in one.companies)
    ]
    value = rank_correlation(*zip(*pairs, strict=True)) if len(pairs) > 2 else math.nan  # noqa: PLR2004 (two always agree)
    return Comparison(
        ROOM,
        "prices of stocks",
        words,
        "rank correlation over layers",
        value if math.isfinite(value) else None,
        "for information",
        None,
        len(pairs),
        None,
    )
