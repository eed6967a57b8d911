"""Predicted against measured for Day 9: every row is shown, misses included.

The measurements stand in files beside the project (see each row's dataset); rows whose data are
absent are listed as not run.
"""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from narrows.bottlenecks.answer import map as ask
from narrows.bottlenecks.answer import run
from narrows.bottlenecks.check import check_networks
from narrows.bottlenecks.concentration_checks import check_concentration
from narrows.bottlenecks.model import FIRST
from narrows.errors import DataError, UsageError
from narrows.facility.validation import site_rows
from narrows.figure import Comparison
from narrows.quarters import Quarter, period
from narrows.units import to_canonical

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from narrows.bottlenecks.answer import Run
    from narrows.bottlenecks.result import MapResult

__all__ = ["validate"]

ROOM = "bottlenecks"
FOLDER = "bottleneck"
NETWORKS = 300
"""Random networks in the everyday check; docs/validation.md holds 10,000."""
MOST_NETWORKS = 1_000_000
"""Networks in one check at most: hours of linear programs."""
LABEL_DRAWS = 2_000
FLOOR = 0.01
"""Least probability that the log score of a label counts."""


def validate(data: Path | None, networks: int | None = None) -> list[Comparison]:
    """Return every comparison of this room.

    Parameters
    ----------
    data
        Folder that holds ``bottleneck/``; None where there is none.
    networks
        Random networks compared with the linear program; `NETWORKS` by default.

    Raises
    ------
    UsageError
        If the number of networks is out of range.
    """
    count = NETWORKS if networks is None else networks
    if not 1 <= count <= MOST_NETWORKS:
        raise UsageError(
            f"The number of networks is {count}",
            f"Networks are a whole number from 1 to {MOST_NETWORKS}",
            f"Give --networks {NETWORKS}",
        )
    try:
        rows = check_networks(count, seed=1)
    except DataError as error:
        rows = [_not_run("random networks", error.given)]
    rows += _past_maps()
    folder = None if data is None else data / FOLDER
    rows += site_rows(folder)
    rows += check_concentration(folder)
    if folder is None or not folder.is_dir():
        return [
            *rows,
            *(_not_run(name, "data absent") for name in ("epoch_chip_counts", "binding_labels.csv")),
        ]
    return [*rows, *_packaging(folder), *_deployed(folder), *_labels(folder)]


def _not_run(dataset: str, reason: str) -> Comparison:
    return Comparison(ROOM, dataset, "all", f"not run: {reason}", None, "", None, 0, None)


def _past_maps() -> Iterator[Comparison]:
    """Compare the map as of past dates with what principals said then."""
    then = ask("2023Q3", draws=LABEL_DRAWS, as_of="2023-09-30")
    name, _ = then.binder("2023Q3")
    yield Comparison(
        ROOM,
        "TSMC's chairman, 2023-09-08",
        "layer named for 2023Q3 as known on 2023-09-30: packaging",
        "P(packaging binds)",
        _family(then, "packaging"),
        "the likeliest layer is cowos",
        None,
        LABEL_DRAWS,
        name == "cowos",
    )
    for title, as_of in (("with today's facts", None), ("as known on 2022-09-30", "2022-09-30")):
        result = ask("2022Q3", draws=LABEL_DRAWS, as_of=as_of)
        demand = result.binds["demand"][0]
        yield Comparison(
            ROOM,
            "NVIDIA, 2022-08-08",
            f"demand binds in 2022Q3, {title}",
            "P(demand binds)",
            demand,
            ">= 0.5",
            None,
            LABEL_DRAWS,
            demand >= 0.5,  # noqa: PLR2004 (the goal beside it)
        )


def _family(result: MapResult, family: str, column: int = 0) -> float:
    return sum(result.binds[layer.id][column] for layer in result.layers if layer.family == family)


@cache
def _today() -> Run:
    return run("2021Q1:2030Q4", draws=LABEL_DRAWS)


def _table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _quarter_of(text: str) -> Quarter:
    month, _, year = (int(part) for part in text.split("/"))
    return Quarter(year, (month + 2) // 3)


def _units(folder: Path, name: str) -> dict[Quarter, dict[str, tuple[float, float, float]]]:
    """Return units by quarter and chip: p05, median, p95."""
    found: dict[Quarter, dict[str, tuple[float, float, float]]] = defaultdict(dict)
    for row in _table(folder / "epoch_chip_counts" / f"{name}.csv"):
        found[_quarter_of(row["Start date"])][row["Chip type"]] = (
            float(row["Number of Units (5th percentile)"]),
            float(row["Number of Units"]),
            float(row["Number of Units (95th percentile)"]),
        )
    return found


def _packaging(folder: Path) -> Iterator[Comparison]:
    """Compare NVIDIA's 2024 units implied by the CoWoS wafers booked for it, against those counted."""
    solved = _today()
    year = 2024
    units = _units(folder, "nvidia_calendar_quarter_chip_timelines")
    counted = sum(
        chip[1] for quarter, chips in units.items() if quarter.year == year for chip in chips.values()
    )
    blackwell = sum(
        chips["B200"][1] for quarter, chips in units.items() if quarter.year == year and "B200" in chips
    )
    booked = solved.reader.point("cowos.nvidia_wafers.2024") * to_canonical(1.0, "year")
    hopper_wafer = solved.reader.point("hopper.packages_per_cowos_wafer")
    blackwell_wafer = solved.reader.point("blackwell.packages_per_cowos_wafer")
    share = blackwell / counted
    implied = booked / ((1 - share) / hopper_wafer + share / blackwell_wafer)
    yield Comparison(
        ROOM,
        "epoch_chip_counts",
        "NVIDIA units in 2024 implied by booked CoWoS wafers",
        "relative error",
        implied / counted - 1,
        "within 0.10",
        None,
        4,
        abs(implied / counted - 1) <= 0.10,  # noqa: PLR2004 (the goal beside it)
    )


COUNTS = (
    "nvidia_calendar_quarter_chip_timelines",
    "tpu_calendar_quarter_chip_timelines",
    "amd_chip_timelines",
    "trainium_chip_timelines",
)


def _counted(folder: Path) -> dict[Quarter, float]:
    """Return H100e shipped by quarter, the sum of the medians of all makers."""
    total: dict[Quarter, float] = defaultdict(float)
    for name in COUNTS:
        for row in _table(folder / "epoch_chip_counts" / f"{name}.csv"):
            total[_quarter_of(row["Start date"])] += float(row["Compute estimate in H100e (median)"])
    return total


def _deployed(folder: Path) -> Iterator[Comparison]:
    """Compare compute deployed with all chips counted as shipped, by year."""
    solved = _today()
    counted = _counted(folder)
    lag = int(solved.model.path_lag[solved.model.row("accelerator")])
    labels = [Quarter.parse(text) for text in solved.quarters]
    for year in (2023, 2024):
        shipped = sum(value for quarter, value in counted.items() if quarter.year == year)
        columns = [labels.index(Quarter(year, q) + lag) for q in (1, 2, 3, 4)]
        draws = solved.deployed[:, columns].sum(axis=1)
        low, middle, high = np.quantile(draws, (0.05, 0.5, 0.95))
        yield Comparison(
            ROOM,
            "epoch_chip_counts",
            f"H100e shipped in {year}, all makers ({shipped:,.0f}), by the median of the draws",
            "relative error",
            middle / shipped - 1,
            "inside p05-p95",
            None,
            4,
            bool(low <= shipped <= high),
        )


def _labels(folder: Path) -> Iterator[Comparison]:
    """Compare the map, as known in each quarter, with what principals said was short."""
    rows = [row for row in _table(folder / "binding_labels.csv") if row["use"] == "score"]
    reach = [row for row in rows if Quarter.parse(row["quarter"]) >= FIRST]
    scores, hits, packaging, previous, last = [], [], [], [], "substrate"
    for row in rows:
        accepted = set(row["families"].split("|"))
        if row in reach:
            chances = _chances(row["quarter"])
            scores.append(-math.log(max(sum(chances.get(name, 0.0) for name in accepted), FLOOR)))
            top = sorted(chances, key=lambda name: -chances[name])[:2]
            hits.append(bool(accepted & set(top)))
            packaging.append(-math.log(1.0 if "packaging" in accepted else FLOOR))
            previous.append(-math.log(1.0 if last in accepted else FLOOR))
        last = row["families"].split("|")[0]
    count = len(reach)
    missing = len(rows) - count
    yield Comparison(
        ROOM,
        "binding_labels.csv",
        f"accepted family among the two likeliest, as known in the quarter ({missing} rows not reached)",
        "hit rate",
        sum(hits) / count,
        ">= 0.8",
        sum(score < 1 for score in packaging) / count,
        count,
        sum(hits) / count >= 0.8,  # noqa: PLR2004 (the goal beside it)
    )
    ours = sum(scores) / count
    for name, peer in (("always packaging", packaging), ("the previous label", previous)):
        mean = sum(peer) / count
        yield Comparison(
            ROOM,
            "binding_labels.csv",
            f"log score against {name}",
            "mean -ln P",
            ours,
            "< baseline",
            mean,
            count,
            ours < mean,
        )


@cache
def _chances(quarter: str) -> dict[str, float]:
    """Return P(family binds) in a quarter, as known at its end."""
    result = ask(quarter, draws=LABEL_DRAWS, as_of=str(period(quarter).end))
    chances: dict[str, float] = defaultdict(float)
    for layer in result.layers:
        chances[layer.family] += result.binds[layer.id][0]
    return dict(chances)
