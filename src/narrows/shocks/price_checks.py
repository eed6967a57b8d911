"""The price half of a shock against what came, and against laws."""

from __future__ import annotations

import csv
import gzip
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from narrows.figure import Comparison, compared
from narrows.quarters import period
from narrows.shocks.price import price_path
from narrows.shocks.price_backtest import AHEAD, EVENTS, WEEKS, backtest, score_quarters
from narrows.shocks.series import prices

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["price_rows"]

ROOM = "shocks"
DATASET = "Brent, daily, 1987 to 27 February 2026"
COVERAGE = 0.75
LEAST_HELD = 4
"""Of six events an 80 % band holds four or more with 90 %."""
GLUT = "glut-2014"
SPIKES = {
    "1990 Kuwait": ("1990-08-01", "1990-12-31", 41.45),
    "2007-08 run-up": ("2007-08-31", "2008-12-31", 143.95),
    "2011 Libya": ("2011-02-14", "2011-06-30", 126.64),
    "2019 Abqaiq": ("2019-09-13", "2019-09-30", 68.42),
    "2022 Ukraine": ("2022-02-23", "2022-05-31", 133.18),
    "2025 June": ("2025-06-12", "2025-06-30", 80.37),
}
"""Last close before, end of the search, and the peak as published beside the data [usd/barrel]."""
CENT = 0.005
TRANSITS = "oil/hormuz_tanker_transits_daily.csv"
DAILY = "oil/brent_daily.csv.gz"
WEEKEND = 5
"""Days before the end of a quarter on which its last close may lie."""
TANKERS = 0.05
"""A mean of whole tankers printed with one decimal is right to half a tenth."""


def price_rows(folder: Path | None) -> Iterator[Comparison]:
    """Yield the comparisons of the price path.

    Parameters
    ----------
    folder
        Folder of the measurements on shocks; None where there is none.
    """
    cases = backtest()
    for place, ahead in enumerate(AHEAD):
        ours, walk, walk_all = (
            float(np.mean([getattr(case, name)[place] for case in cases]))
            for name in ("ours", "walk", "walk_all")
        )
        quantity = f"price {ahead} days on, as known 10 days after {len(EVENTS)} onsets"
        goal = "below the random walk with constant volatility"
        yield Comparison(
            ROOM, DATASET, quantity, "CRPS of ln price", ours, goal, walk, len(cases), ours < walk
        )
        yield Comparison(
            ROOM,
            DATASET,
            quantity,
            "CRPS of ln price",
            ours,
            "below the walk with the volatility of all years, known only now",
            walk_all,
            len(cases),
            ours < walk_all,
        )
        kuwait = [case for case in cases if case.event != EVENTS[0]]
        rest, rival = (
            float(np.mean([getattr(case, name)[place] for case in kuwait])) for name in ("ours", "walk")
        )
        yield Comparison(
            ROOM,
            DATASET,
            f"{quantity}, without 1990",
            "CRPS of ln price",
            rest,
            "for information: one event carries most of the gain",
            rival,
            len(kuwait),
            None,
        )
    weeks = [inside for case in cases for inside in case.inside[1:]]
    share = float(np.mean(weeks))
    yield Comparison(
        ROOM,
        DATASET,
        f"weekly closes of {WEEKS} weeks inside P10 to P90, {len(EVENTS)} events",
        "share",
        share,
        f"at least {COVERAGE:g}",
        None,
        len(weeks),
        share >= COVERAGE,
    )
    worst = min(cases, key=lambda case: sum(case.inside[1:]))
    yield Comparison(
        ROOM,
        DATASET,
        f"the same for the worst event, {worst.event}",
        "share",
        float(np.mean(worst.inside[1:])),
        "for information",
        None,
        WEEKS,
        None,
    )
    yield from _blind()
    (glut,) = backtest((GLUT,))
    yield Comparison(
        ROOM,
        DATASET,
        f"price 60 days on, {GLUT}: a fall, outside the six spikes",
        "CRPS of ln price",
        glut.ours[1],
        "for information",
        glut.walk[1],
        1,
        None,
    )
    yield _spikes()
    yield from compared(ROOM, TRANSITS, partial(_transits, folder))
    yield from compared(ROOM, DAILY, partial(_came, folder))
    yield _nothing()


def _blind() -> Iterator[Comparison]:
    """Yield the comparisons of forecasts that saw no price from the onset on."""
    cases = backtest(blind=True)
    for place, ahead in enumerate(cases[0].ahead):
        ours, walk = (
            float(np.mean([getattr(case, name)[place] for case in cases])) for name in ("ours", "walk")
        )
        yield Comparison(
            ROOM,
            DATASET,
            f"price {10 + ahead} days after {len(cases)} onsets, from the event alone, no price seen",
            "CRPS of ln price",
            ours,
            "below the random walk from the last price before",
            walk,
            len(cases),
            ours < walk,
        )
    held = sum(case.inside[0] for case in cases)
    yield Comparison(
        ROOM,
        DATASET,
        f"price 10 days after {len(cases)} onsets inside P10 to P90, no price seen",
        "events",
        float(held),
        "at least 4 of 6",
        None,
        len(cases),
        held >= LEAST_HELD,
    )
    weeks = [inside for case in cases for inside in case.inside[1:]]
    yield Comparison(
        ROOM,
        DATASET,
        f"weekly closes of {WEEKS} weeks inside P10 to P90, no price seen",
        "share",
        float(np.mean(weeks)),
        "for information",
        None,
        len(weeks),
        None,
    )


def _spikes() -> Comparison:
    series = prices("oil")
    worst = 0.0
    for start, end, peak in SPIKES.values():
        first = series.until(date.fromisoformat(start))
        last = series.until(date.fromisoformat(end))
        worst = max(worst, abs(float(last.usd[len(first.usd) :].max()) - peak))
    return Comparison(
        ROOM,
        "peaks published beside the data",
        "peak of Brent in six events, from the series that ships",
        "largest error in USD",
        worst,
        f"within {CENT:g}",
        None,
        len(SPIKES),
        worst <= CENT,
    )


def _transits(folder: Path | None) -> Iterator[Comparison]:
    quantity = "tankers a day, four periods, facts against the daily counts"
    path = None if folder is None else folder / TRANSITS
    if path is None or not path.is_file():
        yield Comparison(ROOM, TRANSITS, quantity, "not run: data absent", None, "", None, 0, None)
        return
    from narrows.catalog import default

    with path.open(encoding="utf-8", newline="") as file:
        counts = {row["date"]: float(row["hormuz_tanker_transits"]) for row in csv.DictReader(file)}
    worst = 0.0
    for month in ("2025-12", "2026-01", "2026-02"):
        mean = float(np.mean([count for day, count in counts.items() if day.startswith(month)]))
        worst = max(worst, abs(mean - default().fact(f"hormuz.transits.{month}").value))
    first = date(2026, 3, 2)
    march = [counts[(first + timedelta(days=step)).isoformat()] for step in range(8)]
    worst = max(worst, abs(float(np.mean(march)) - default().fact("hormuz.transits.2026-03").value))
    yield Comparison(
        ROOM, TRANSITS, quantity, "largest error", worst, f"within {TANKERS:g}", None, 4, worst <= TANKERS
    )


def _came(folder: Path | None) -> Iterator[Comparison]:
    """Score the path of Hormuz by whole quarters after it; nothing where no daily price reaches so far."""
    table = None if folder is None else folder / DAILY
    if table is None or not table.is_file():
        return
    with gzip.open(table, "rt", encoding="utf-8", newline="") as file:
        closes = {
            date.fromisoformat(row["date"]): float(row["usd_per_barrel"]) for row in csv.DictReader(file)
        }
    path = price_path("hormuz")
    means = {}
    for name in path.periods("quarter"):
        quarter = period(name)
        own = [usd for day, usd in closes.items() if quarter.start <= day <= quarter.end]
        if quarter.start > path.anchor and max(closes) >= quarter.end - timedelta(days=WEEKEND):
            means[name] = float(np.mean(own))
    for row in score_quarters(path, means):
        quantity = f"Brent in {row.period}, foreseen on {path.event.known}; it came to {row.came:.2f} USD"
        for metric, rival in (
            ("CRPS in USD; baseline: a random walk", row.walk),
            ("CRPS in USD; baseline: the official outlook", row.outlook),
        ):
            if rival is not None:
                yield Comparison(
                    ROOM, DAILY, quantity, metric, row.ours, "below the baseline", rival, 1, row.ours < rival
                )
        yield Comparison(
            ROOM, DAILY, f"{quantity}, inside P10 to P90", "1 if so", float(row.inside), "for information",
            None, 1, None,
        )  # fmt: skip


def _nothing() -> Comparison:
    path = price_path("hormuz", draws=200, length=0.0)
    apart = float(np.abs(path.usd - path.without).max())
    return Comparison(
        ROOM,
        "a law",
        "price with a closure of length 0 less the price without it",
        "largest difference in USD",
        apart,
        "0",
        None,
        path.usd.size,
        apart == 0.0,
    )
