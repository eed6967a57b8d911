"""Whether rent leads returns: a layer's rent share against the excess return of its makers' shares.

Prices are measurements that do not come with narrows: they are read from a folder that the user names.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from narrows.value.backtest import LEAST_LAYERS, Observation, correlate

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from narrows.catalog import Catalog
    from narrows.value.backtest import Backtest

__all__ = ["excess_returns", "returns_backtest"]

PRICES = (
    ("sp500_200_adjclose_2020-09_2023.parquet", "adj_close"),
    ("sp500_309_adjclose_2024_2025.parquet", "adj_close"),
    ("stocks66_ohlcv_2024-07_2026-06.parquet", "close"),
)
"""Files of prices with their column; of two that hold a share in a year the first counts."""
INDEX, INDEX_COLUMN = "spx_daily_1999_2026.csv", "SPX"
LATE = 7
"""Days into a year in which a file may begin to count for it [day]."""


def excess_returns(folder: Path, catalog: Catalog, year: int) -> dict[str, float]:
    """Return what the share of each company returned in a calendar year beyond the index.

    Parameters
    ----------
    folder
        Folder with the prices.
    catalog
        The facts, for the tickers.
    year
        The calendar year.

    Returns
    -------
    dict
        Log return less that of the S&P 500 over the same days, by company id; no entry where a file lacks it.

    Notes
    -----
    The index is without dividends and most prices are with them, so excesses are a little too high, alike for
    all that pay alike.
    """
    import duckdb

    if not (folder / INDEX).is_file():
        return {}
    index = str(folder / INDEX)
    found: dict[str, float] = {}
    symbols = {one.ticker.rpartition(":")[2]: one.id for one in catalog.companies if one.ticker}
    for name, column in PRICES:
        if not (folder / name).is_file():
            continue
        rows = duckdb.execute(
            f"""
            with prices as (
                select ticker, date, {column} as price from read_parquet(?)
                where date between make_date(?, 12, 20) and make_date(?, 12, 31) and {column} > 0
            ), ends as (
                select ticker, coalesce(
                    max(date) filter (where date < make_date(?, 1, 1)), min(date)
                ) as first, max(date) as last from prices group by ticker
            ), level as (select date, {INDEX_COLUMN} as level from read_csv(?))
            select e.ticker, a.price, b.price, i.level, j.level from ends e
            join prices a on a.ticker = e.ticker and a.date = e.first
            join prices b on b.ticker = e.ticker and b.date = e.last
            join level i on i.date = e.first join level j on j.date = e.last
            where e.first <= make_date(?, 1, ?) and e.last >= make_date(?, 12, 31 - ?)
            """,  # noqa: S608 (names of columns are ours)
            [str(folder / name), year - 1, year, year, index, year, LATE, year, LATE],
        ).fetchall()
        for ticker, start, end, before, after in rows:
            if ticker in symbols:
                found.setdefault(symbols[ticker], math.log(end / start) - math.log(after / before))
    return found


def returns_backtest(past: Backtest, returns: dict[int, dict[str, float]], seed: int = 1) -> Backtest | None:
    """Compare rent shares with the next year's excess returns of those who earn from the layer.

    Parameters
    ----------
    past
        A back-test of rent shares, whose companies and weights count.
    returns
        Excess returns by year and company; a year is that of the rent share, the returns of the year after.
    seed
        Seed of the resampling.

    Returns
    -------
    Backtest
        As of margins, with the excess return as the change; None where no year has enough layers.
    """
    seen = [one for one in (_priced(one, returns.get(one.year, {})) for one in past.observations) if one]
    counts = _counts(seen)
    kept = [year for year in sorted(counts) if counts[year] >= LEAST_LAYERS]
    observations = tuple(one for one in seen if one.year in kept)
    return correlate(observations, kept, seed) if observations else None


def _counts(seen: Iterable[Observation]) -> dict[int, int]:
    found: dict[int, int] = {}
    for one in seen:
        found[one.year] = found.get(one.year, 0) + 1
    return found


def _priced(one: Observation, returns: dict[str, float]) -> Observation | None:
    """Return an observation with excess returns in the place of margins; None where none is known."""
    held = [
        (name, weight, returns[name])
        for name, weight in zip(one.companies, one.weights, strict=True)
        if name in returns
    ]
    if not held:
        return None
    names, weights, moves = zip(*held, strict=True)
    mean = sum(weight * move for _, weight, move in held) / sum(weights)
    return one._replace(change=mean, companies=names, weights=weights, changes=moves)
