"""Rows of the validation of the market: sessions, total return, breadth, contribution, leveraged funds.

What is published of the S&P 500 in words is checked with the claims, not here.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import date
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.figure import Comparison, compared
from narrows.market.breadth import above_mean, highs_lows
from narrows.market.history import History
from narrows.market.leverage import FUNDS, fund, leveraged_path, short_rates
from narrows.market.panel import Panel, Spell, panel_of
from narrows.market.sessions import last_of_week, sessions
from narrows.market.total_return import split_adjusted, total_returns
from narrows.market.weights import compose, concentration, sector_history, shares_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["market_rows"]

ROOM = "market"
FRIDAY = 4
SPX, WEEKLY = "spx_daily_1999_2026.csv", "weekly_closes_2023_2026_reference.csv"
ACTIONS, FUNDS_TABLE = "corp_actions_5tickers_1999_2020.parquet", "etf19_ohlcv_2021-07_2026-06.parquet"
STOCKS, EARLIER = "sp500_309_adjclose_2024_2025.parquet", "sp500_200_adjclose_2020-09_2023.parquet"
CAPS, MEMBERS = "sp500_market_caps_2026-03-09.csv", "sp500_constituents_2026-03-04.csv"
TARGETS = {
    "AMD": (0.0, 753.8651),
    "IBM": (8.65e-12, 101.8360),
    "INTC": (9.15e-12, 97.1282),
    "MSFT": (8.45e-12, 625.8231),
    "SPY": (5.05e-7, 295.918),
}
"""Largest daily distance from the vendor's own total return [share], and the return of the whole time [%]."""
RUNS = {
    ("week", 1): {
        "2004-01-23": 9, "2013-11-29": 8, "2017-11-03": 8, "2023-12-29": 9, "2024-10-18": 6, "2026-05-29": 9,
    },
    ("week", -1): {"2001-03-23": 8, "2022-05-20": 7, "2026-03-27": 5},
    ("day", 1): {"2004-11-05": 9, "2025-05-02": 9, "2026-06-02": 9},
    ("day", -1): {"2016-11-04": 9},
}  # fmt: skip
BREADTH = (
    (STOCKS, 200, "2025-12-31", 59.40),
    (STOCKS, 50, "2025-12-31", 56.04),
    (STOCKS, 200, "2025-04-08", 17.45),
    (STOCKS, 50, "2025-04-08", 6.38),
    (STOCKS, 200, "2025-08-22", 73.49),
    (EARLIER, 200, "2022-09-27", 12.5),
    (EARLIER, 200, "2023-12-29", 78.5),
)
EXTREMES = {"2025-04-08": (0, 94), "2025-10-28": (15, 9)}
SECTOR_FUNDS = {
    "XLK": ("Information Technology", 0.983),
    "XLF": ("Financials", 0.981),
    "XLU": ("Utilities", 0.980),
    "XLRE": ("Real Estate", 0.974),
    "XLE": ("Energy", 0.972),
    "XLC": ("Communication Services", 0.880),
}
PARTS = (
    ("2025-04-11", {"": 5.849, "equal": 3.719, "NVDA": 1.266, "MSFT": 0.588, "AMZN": 0.452}),
    ("2025-12-19", {"": 0.456, "equal": -0.361, "NVDA": 0.327}),
)
WINDOWS = (
    ("SOXL", "2023-07-03", "2024-06-28"),
    ("SOXL", "2025-05-01", "2026-05-01"),
    ("SOXL", "2026-03-27", "2026-05-01"),
    ("TQQQ", "2023-07-03", "2024-06-28"),
    ("TQQQ", "2024-07-01", "2025-04-30"),
    ("TQQQ", "2025-05-01", "2026-05-01"),
)
NEAR_FUND, CLOSE_FUND, ONE_RATE = 0.02, 0.01, 0.028
"""Goals for the growth multiple of a leveraged fund, and the error of one rate for all years."""
SAME_CLOSE, PRINTED, EXACT = 2.01e-4, 6e-4, 1e-9
"""Distance of equal closes, of a number printed with three decimals, of a sum from its parts."""
BLIND_DAYS = 126
"""Sessions of the rolling windows of half a year."""


def market_rows(folder: Path | None) -> Iterator[Comparison]:
    """Yield the comparisons of the market.

    Parameters
    ----------
    folder
        Folder of market data; None where there is none.
    """
    if folder is None or not (folder / SPX).is_file():
        for dataset in (SPX, WEEKLY, ACTIONS, STOCKS, CAPS, FUNDS_TABLE):
            yield Comparison(ROOM, dataset, "figures", "not run: data absent", None, "", None, 0, None)
        return
    for dataset, part in (
        (SPX, _index_rows),
        (WEEKLY, _house_rows),
        (ACTIONS, _return_rows),
        (STOCKS, _breadth_rows),
        (CAPS, _weight_rows),
        (STOCKS, _panel_rows),
        (FUNDS_TABLE, _fund_rows),
    ):
        yield from compared(ROOM, dataset, partial(part, folder))


def _row(  # noqa: PLR0917
    dataset: str, quantity: str, metric: str, value: float, goal: str, n: int, *, holds: bool
) -> Comparison:
    return Comparison(ROOM, dataset, quantity, metric, float(value), goal, None, n, bool(holds))


def _near(  # noqa: PLR0917
    dataset: str, quantity: str, found: float, wanted: float, within: float, n: int = 1, unit: str = ""
) -> Comparison:
    return _row(
        dataset,
        quantity,
        f"value{f' [{unit}]' if unit else ''}",
        found,
        f"{wanted:g} within {within:g}",
        n,
        holds=abs(found - wanted) <= within,
    )


def _query(text: str, *values: str) -> list[tuple[Any, ...]]:
    import duckdb

    with duckdb.connect() as connection:
        return connection.execute(text, list(values)).fetchall()


# ---------------------------------------------------------------- the index


def _index(folder: Path) -> History:
    with (folder / SPX).open(encoding="utf-8", newline="") as file:
        rows = [(date.fromisoformat(row["date"]), float(row["SPX"])) for row in csv.DictReader(file)]
    days = [day for day, _ in rows]
    return History("SPX", days, [close for _, close in rows], sessions(days[0], date(2026, 12, 31)))


def _index_rows(folder: Path) -> Iterator[Comparison]:
    index = _index(folder)
    known = sessions(index.days[0], index.days[-1])
    wrong = len(set(known) ^ set(index.days))
    yield _row(SPX, "trading days by rule", "days missing or extra", wrong, "0", len(known), holds=wrong == 0)
    weeks = [week for week in index.weeks if index.days[week.end] <= date(2026, 5, 29)]
    yield _near(SPX, "weekly returns to 2026-05-29", len(weeks), 1429, 0, len(weeks))
    ends = [index.days[week.end] for week in weeks]
    odd = sum(day.weekday() != FRIDAY for day in (last_of_week(index.days[0]) or index.days[0], *ends))
    yield _near(SPX, "weeks whose last session is no Friday", odd, 47, 0, len(ends) + 1)
    gaps = sum(one.end != other.base for one, other in pairwise(weeks))
    yield _row(
        SPX, "weeks that do not begin where the last ended", "weeks", gaps, "0", len(weeks), holds=gaps == 0
    )
    best, worst = (pick(weeks, key=lambda week: week.change) for pick in (max, min))
    yield _near(SPX, f"best week ({index.days[best.end]})", best.change, 12.102, 5e-4, unit="%")
    yield _near(SPX, f"worst week ({index.days[worst.end]})", worst.change, -18.195, 5e-4, unit="%")
    right = asked = 0
    for (unit, way), cases in RUNS.items():
        periods, runs = index.periods(unit), index.runs(unit, way)
        for day, count in cases.items():
            if date.fromisoformat(day) not in index.days:
                continue
            at = index.period_at(unit, index.days.index(date.fromisoformat(day)))
            last = at is not None and (
                at + 1 == len(periods) or runs[at + 1] == 0 or index.days[-1] <= date(2026, 6, 4)
            )
            asked, right = asked + 1, right + (at is not None and runs[at] == count and last)
    yield _row(SPX, "streaks of days and weeks", "right", right, f"{asked}", asked, holds=right == asked)


def _house_rows(folder: Path) -> Iterator[Comparison]:
    index = _index(folder)
    with (folder / WEEKLY).open(encoding="utf-8", newline="") as file:
        rows = [(date.fromisoformat(row["week_ending"]), float(row["GSPC"])) for row in csv.DictReader(file)]
    same = 0
    for friday, close in rows:
        place = index.last(friday)
        same += place is not None and abs(index.closes[place] - close) <= SAME_CLOSE
    yield _row(
        WEEKLY,
        "weekly closes equal to a second house",
        "weeks",
        same,
        "147",
        len(rows),
        holds=same == len(rows),
    )


# ---------------------------------------------------------------- total return


def _return_rows(folder: Path) -> Iterator[Comparison]:
    table = str(folder / ACTIONS)
    text = (
        "SELECT close, adjusted_close, dividend_amount, split_coefficient FROM read_parquet(?) "
        "WHERE ticker = ? ORDER BY date"
    )
    for ticker, (within, whole) in TARGETS.items():
        close, vendor, dividend, split = np.array(_query(text, table, ticker), float).T
        ours = total_returns(close, split, dividend)
        worst = float(np.abs(ours - (vendor[1:] / vendor[:-1] - 1)).max())
        yield _row(
            ACTIONS, f"{ticker} total return of a day", "largest distance from the vendor's", worst,
            f"<= {within:g}", len(ours), holds=worst <= within,
        )  # fmt: skip
        yield _near(
            ACTIONS,
            f"{ticker} total return, whole time",
            float(100 * (np.prod(1 + ours) - 1)),
            whole,
            1e-3,
            unit="%",
        )
        if ticker == "INTC":
            yield _near(
                ACTIONS,
                "INTC record close, split-adjusted",
                float(split_adjusted(close, split).max()),
                74.88,
                5e-3,
                unit="USD",
            )
    spy = _query(
        "SELECT close, adj_close FROM read_parquet(?) WHERE ticker = 'SPY' AND date IN "
        "('2023-07-03', '2026-05-01') ORDER BY date",
        str(folder / FUNDS_TABLE),
    )
    for name, at, wanted in (("price", 0, 62.39), ("total", 1, 68.12)):
        found = 100 * (spy[1][at] / spy[0][at] - 1)
        yield _near(
            FUNDS_TABLE, f"SPY {name} return 2023-07-03 to 2026-05-01", found, wanted, 0.005, unit="%"
        )


# ---------------------------------------------------------------- breadth


def _members(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / MEMBERS).open(encoding="utf-8", newline="") as file:
        return {row["Symbol"]: row for row in csv.DictReader(file)}


def _stocks(folder: Path, table: str, **more: Any) -> Panel:
    rows = _query(
        "SELECT ticker, date, adj_close FROM read_parquet(?) WHERE adj_close IS NOT NULL", str(folder / table)
    )
    return panel_of(rows, **more)


def _breadth_rows(folder: Path) -> Iterator[Comparison]:
    listed = _members(folder)
    panels = {}
    for table in (STOCKS, EARLIER):
        whole = _stocks(folder, table)
        named = np.array([ticker in listed or table == EARLIER for ticker in whole.tickers])
        panels[table] = whole.only(~np.isnan(whole.closes).any(axis=0) & named)
    yield _near(
        STOCKS, "complete stocks that were members on 2026-03-04", len(panels[STOCKS].tickers), 298, 0
    )
    held: dict[tuple[str, int], Any] = {}
    for table, window, day, wanted in BREADTH:
        if (table, window) not in held:
            held[table, window] = above_mean(panels[table], window)
        found = held[table, window]
        at = found.days.index(date.fromisoformat(day))
        yield _near(
            table,
            f"above the {window}-day mean on {day}",
            100 * found.share[at],
            wanted,
            0.006,
            int(found.counted[at]),
            "%",
        )
    low = held[STOCKS, 200]
    year = [at for at, day in enumerate(low.days) if day.year == 2025]  # noqa: PLR2004 (the year of the figures)
    lowest = low.days[min(year, key=lambda at: low.share[at])]
    yield _row(
        STOCKS,
        f"low of 2025 above the 200-day mean ({lowest})",
        "day",
        float(lowest == date(2025, 4, 8)),
        "2025-04-08",
        len(year),
        holds=lowest == date(2025, 4, 8),
    )
    extremes = highs_lows(panels[STOCKS])
    for day, (high, deep) in EXTREMES.items():
        at = extremes.days.index(date.fromisoformat(day))
        found = (int(extremes.highs[at]), int(extremes.lows[at]))
        away = abs(found[0] - high) + abs(found[1] - deep)
        yield _row(
            STOCKS,
            f"252-day highs and lows on {day}: {found[0]} and {found[1]}",
            "away from those stated",
            away,
            f"{high} and {deep}",
            int(extremes.counted[at]),
            holds=away == 0,
        )


# ---------------------------------------------------------------- weights


def _caps(folder: Path) -> dict[str, float]:
    with (folder / CAPS).open(encoding="utf-8", newline="") as file:
        return {
            row["ticker"]: float(row["market_cap_usd"])
            for row in csv.DictReader(file)
            if row["market_cap_usd"]
        }


def _weighted(folder: Path, *, merged: bool) -> Panel:
    listed, caps = _members(folder), _caps(folder)
    sectors = [Spell(ticker, row["GICS Sector"], scheme="gics") for ticker, row in listed.items()]
    panel = _stocks(folder, STOCKS, sectors=sectors)
    panel = panel.only(np.array([ticker in listed and ticker in caps for ticker in panel.tickers]))
    last = {
        ticker: float(column[~np.isnan(column)][-1])
        for ticker, column in zip(panel.tickers, panel.closes.T, strict=True)
    }
    owner = {ticker: row["CIK"] for ticker, row in listed.items()} if merged else None
    shares = shares_of({ticker: caps[ticker] for ticker in panel.tickers}, last, owner)
    return Panel(
        panel.tickers,
        panel.days,
        panel.closes,
        (),
        panel.sectors,
        np.array([shares[t] for t in panel.tickers]),
    )


def _weight_rows(folder: Path) -> Iterator[Comparison]:
    listed, caps = _members(folder), _caps(folder)
    for merged, index, effective, top in ((False, 0.02246, 44.5, 41.6), (True, 0.01979, 50.5, 38.1)):
        owner = {ticker: row["CIK"] for ticker, row in listed.items()} if merged else None
        found = concentration(list(shares_of(caps, dict.fromkeys(caps, 1.0), owner).values()))
        told = "classes merged" if merged else "each class the whole company"
        yield _near(CAPS, f"Herfindahl index, {told}", found.herfindahl, index, 6e-6, found.n)
        yield _near(CAPS, f"effective number, {told}", found.effective, effective, 0.06, found.n)
        yield _near(CAPS, f"top-10 share, {told}", 100 * found.top, top, 0.06, found.n, "%")


def _panel_rows(folder: Path) -> Iterator[Comparison]:
    """Compare the panel, classes merged, with the index and the sector funds; beside it, classes doubled."""
    index = _index(folder)
    funds = _fund_closes(folder)
    merged, doubled = (_weighted(folder, merged=whole) for whole in (True, False))
    ours, theirs = _against(merged, index)
    twice, _ = _against(doubled, index)
    gap, wide = np.abs(ours - theirs), np.abs(twice - theirs)
    for metric, found, goal, other in (
        ("weekly correlation", _alike(ours, theirs), 0.990, _alike(twice, theirs)),
        ("mean distance [pp]", float(gap.mean()), 0.264, float(wide.mean())),
        ("largest distance [pp]", float(gap.max()), 0.983, float(wide.max())),
    ):
        holds = bool(abs(found - goal) <= PRINTED)
        told = f"{goal:g} (other: each class the whole company)"
        what = "panel with classes merged against the S&P 500"
        yield Comparison(ROOM, STOCKS, what, metric, found, told, other, len(ours), holds)
    for symbol, (name, goal) in SECTOR_FUNDS.items():
        found, other = (_likeness(panel, name, funds[symbol]) for panel in (merged, doubled))
        yield Comparison(
            ROOM, STOCKS, f"{name}, classes merged, against {symbol}", "weekly correlation", found,
            f"at least {goal:g}", other, len(merged.weeks), found >= goal - PRINTED,
        )  # fmt: skip
    yield from _part_rows(merged, index)


def _against(panel: Panel, index: History) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the changes of all weeks, of the panel and of the index [%]."""
    _, _, ours = sector_history(panel)
    theirs = []
    for week in panel.weeks:
        base, end = index.at(panel.days[week.base]), index.at(panel.days[week.end])
        theirs.append(np.nan if base is None or end is None else index.between(base, end))
    held = np.isfinite(theirs)
    return ours[held], np.array(theirs)[held]


def _likeness(panel: Panel, name: str, closes: dict[date, float]) -> float:
    """Return the correlation of the weekly change of a sector's members with that of its fund."""
    names, place = panel.sectors_on(len(panel.days) - 1)
    part = panel.only(place == names.index(name))
    ours, theirs = [], []
    for week in part.weeks:
        first, last = part.days[week.base], part.days[week.end]
        if first in closes and last in closes and (found := compose(part, week.base, week.end)) is not None:
            ours.append(found.capitalised)
            theirs.append(100 * (closes[last] / closes[first] - 1))
    return _alike(np.array(ours), np.array(theirs))


def _alike(one: NDArray[Any], other: NDArray[Any]) -> float:
    return float(np.corrcoef(one, other)[0, 1])


def _part_rows(panel: Panel, index: History) -> Iterator[Comparison]:
    for text, wanted in PARTS:
        day = date.fromisoformat(text)
        week = panel.week(day)
        found = None if week is None else compose(panel, week.base, week.end)
        if week is None or found is None:
            continue
        points = dict(zip(found.tickers, found.points, strict=True))
        values = {"": found.capitalised, "equal": found.equal, **points}
        worst = max(abs(values[name] - number) for name, number in wanted.items())
        told = ", ".join(name or "panel" for name in wanted)
        yield _row(
            STOCKS,
            f"week {text}: {told}",
            "largest distance [pp]",
            worst,
            "<= 0.0006",
            len(wanted),
            holds=worst <= PRINTED,
        )
        parts = sum(part.points for part in found.sectors)
        yield _row(
            STOCKS,
            f"week {text}: contributions against the change",
            "sum less change [pp]",
            abs(parts - found.capitalised),
            "<= 1e-9",
            found.counted,
            holds=abs(parts - found.capitalised) <= EXACT,
        )
        first, last = index.at(panel.days[week.base]), index.at(panel.days[week.end])
        if first is not None and last is not None:
            residual = index.between(first, last) - found.capitalised
            goal = {"2025-04-11": 5.701 - 5.849, "2025-12-19": 0.104 - 0.456}[text]
            yield _near(STOCKS, f"week {text}: residual to the S&P 500", residual, goal, 1.1e-3, unit="pp")
        if text == "2025-04-11":
            technology = next(part.points for part in found.sectors if part.name == "Information Technology")
            yield _near(STOCKS, f"week {text}: Technology", technology, 3.057, PRINTED, unit="pp")
            yield _near(
                STOCKS, f"week {text}: dispersion", found.dispersion, 5.155, PRINTED, found.counted, "pp"
            )
            yield _near(
                STOCKS,
                f"week {text}: effective number",
                found.concentration.effective,
                35.9,
                0.06,
                found.counted,
            )
        else:
            yield _near(STOCKS, f"week {text}: stocks up", 100 * found.rose, 44.0, 0.06, found.counted, "%")


# ---------------------------------------------------------------- leveraged funds


def _fund_closes(folder: Path) -> dict[str, dict[date, float]]:
    found: dict[str, dict[date, float]] = defaultdict(dict)
    for ticker, day, close in _query(
        "SELECT ticker, date, adj_close FROM read_parquet(?) ORDER BY date", str(folder / FUNDS_TABLE)
    ):
        found[ticker][day] = close
    return found


def _fund_rows(folder: Path) -> Iterator[Comparison]:
    closes = _fund_closes(folder)
    for symbol, first, last in WINDOWS:
        days = [
            day
            for day in closes[FUNDS[symbol]]
            if date.fromisoformat(first) <= day <= date.fromisoformat(last)
        ]
        away = _away(symbol, days, closes)
        yield Comparison(
            ROOM, FUNDS_TABLE, f"{symbol} growth multiple, {first} to {last}", "relative error", abs(away),
            f"<= {NEAR_FUND:g} (within {CLOSE_FUND:g} asked for from half a year on)", ONE_RATE, len(days),
            abs(away) <= (CLOSE_FUND if len(days) >= BLIND_DAYS else NEAR_FUND),
        )  # fmt: skip
    for symbol, plain in FUNDS.items():
        errors = []
        for run in _whole_runs(symbol, plain, closes):
            errors += [
                abs(_away(symbol, run[at : at + BLIND_DAYS], closes))
                for at in range(len(run) - BLIND_DAYS + 1)
            ]
        worst = max(errors)
        yield Comparison(
            ROOM, FUNDS_TABLE, f"{symbol}, every window of half a year", "worst relative error", worst,
            f"<= {CLOSE_FUND:g}", ONE_RATE, len(errors), worst <= CLOSE_FUND,
        )  # fmt: skip


def _whole_runs(symbol: str, plain: str, closes: dict[str, dict[date, float]]) -> list[list[date]]:
    """Return the stretches of sessions in which neither fund lacks a close."""
    found: list[list[date]] = [[]]
    for day in sessions(min(closes[plain]), max(closes[plain])):
        if day in closes[symbol] and day in closes[plain]:
            found[-1].append(day)
        elif found[-1]:
            found.append([])
    return [run for run in found if len(run) >= BLIND_DAYS]


def _away(symbol: str, days: list[date], closes: dict[str, dict[date, float]]) -> float:
    """Return the relative error of the model's growth over a fund's own."""
    index = np.array([closes[FUNDS[symbol]][day] for day in days])
    path = leveraged_path(index, short_rates(days), fund(symbol))
    return float(path.growth[-1] / (closes[symbol][days[-1]] / closes[symbol][days[0]]) - 1)
