"""Predicted against measured: how few design chips, stack memory and build racks."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np

from narrows.bottlenecks.concentration import concentration, makers
from narrows.catalog import Reader, default
from narrows.figure import Comparison

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from narrows.bottlenecks.concentration_result import ConcentrationResult

__all__ = ["added_by_designer", "check_concentration"]

ROOM = "bottlenecks"
DRAWS = 2_000
COUNTED = {"nvidia": "nvidia", "google": "tpu", "amd": "amd", "amazon": "trainium"}
"""File of cumulative totals of each designer."""
PUBLISHED = {2023: 7322.0, 2024: 4957.0}
"""HHI of the differences of the cumulative medians, as worked out with the data by hand [point]."""
REPORTED = (
    ("hbm_stack.revenue_share", "2025Q2", "HHI of HBM makers by revenue in 2025Q2 (64, 15 and 21 %)", 4762.0),
    (
        "rack.maker",
        "2025Q3",
        "HHI of NVL72 rack makers in 2025Q3 (50, 22, 20, 2 and 6 %), others as one",
        3424.0,
    ),
)
"""Series, period, words and HHI of shares as their sources print them [point]."""
CLOSE = 0.03
"""Relative error of a concentration that counts as met."""


def check_concentration(folder: Path | None) -> Iterator[Comparison]:
    """Compare concentrations with what was counted and reported.

    Parameters
    ----------
    folder
        Folder that holds ``epoch_chip_counts/``; None where it is absent.
    """
    reader = Reader(default(), seed=1, n=1)
    for series, when, words, goal in REPORTED:
        shares = {
            fact.id.split(".")[-2]: np.array([reader.point(fact.id)])
            for fact in reader.catalog.under(series)
            if fact.id.endswith(when)
        }
        found = float(concentration(shares)[1][0])
        yield _row("facts of the catalogue", words, found / goal - 1, 1, None)
    counts = None if folder is None else folder / "epoch_chip_counts"
    if counts is None or not counts.is_dir():
        reason = "not run: data absent"
        yield Comparison(ROOM, "epoch_chip_counts", "HHI of designers", reason, None, "", None, 0, None)
        return
    ours = makers("designs", draws=DRAWS)
    before = None
    for year in PUBLISHED:
        yield from _designers(ours, year, added_by_designer(counts, year), before)
        before = _hhi(added_by_designer(counts, year))


def added_by_designer(counts: Path, year: int) -> dict[str, float]:
    """Return H100e added in a year by designer, from differences of the cumulative medians [h100e].

    Parameters
    ----------
    counts
        Folder with the counts of Epoch AI.
    year
        Calendar year.
    """
    found = {}
    for company, name in COUNTED.items():
        with (counts / f"{name}_cumulative_totals.csv").open(encoding="utf-8", newline="") as file:
            ends = {
                row["End date"]: float(row["Compute estimate in H100e (median)"])
                for row in csv.DictReader(file)
            }
        amount = ends.get(f"12/31/{year}", 0.0) - ends.get(f"12/31/{year - 1}", 0.0)
        if amount > 0:
            found[company] = amount
    return found


def _hhi(added: dict[str, float]) -> float:
    total = sum(added.values())
    return float(concentration({name: np.array([part / total]) for name, part in added.items()})[0][0])


def _designers(
    ours: ConcentrationResult, year: int, added: dict[str, float], before: float | None
) -> Iterator[Comparison]:
    """Compare one year: the count worked out again, then what the mix of designs gives."""
    counted = _hhi(added)
    words = f"HHI of designers of the H100e added in {year}"
    published = PUBLISHED[year]
    yield _row(
        "epoch_chip_counts", f"{words}, counted ({published:,.0f})", counted / published - 1, len(added), None
    )
    found = next(row.hhi.mean for row in ours.designers if row.year == year)
    yield _row(
        "epoch_chip_counts",
        f"{words}, by the mix of designs ({found:,.0f})",
        found / counted - 1,
        len(added),
        None if before is None else before / counted - 1,
    )


def _row(dataset: str, words: str, error: float, count: int, baseline: float | None) -> Comparison:
    goal = f"within {CLOSE:g}"
    return Comparison(
        ROOM, dataset, words, "relative error", error, goal, baseline, count, abs(error) <= CLOSE
    )
