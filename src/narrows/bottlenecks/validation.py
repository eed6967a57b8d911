"""Predicted against measured for Day 9: every row is shown, misses included.

The measurements stand in files beside the project (see each row's dataset); rows whose data are
absent are listed as not run.
"""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

from narrows.bottlenecks.answer import map as ask
from narrows.bottlenecks.answer import run
from narrows.bottlenecks.backtest import check_labels, check_units, counted
from narrows.bottlenecks.check import check_networks
from narrows.bottlenecks.concentration_checks import check_concentration
from narrows.errors import DataError, UsageError
from narrows.figure import Comparison, compared
from narrows.units import to_canonical

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from narrows.bottlenecks.answer import Run
    from narrows.bottlenecks.result import MapResult

__all__ = ["networks_asked", "validate"]

ROOM = "bottlenecks"
NETWORKS = 300
"""Random networks in the everyday check; docs/validation.md holds 10,000."""
MOST_NETWORKS = 1_000_000
"""Networks in one check at most: hours of linear programs."""
LABEL_DRAWS = 2_000


def networks_asked(networks: int | None) -> int:
    """Return the number of random networks that are compared.

    Parameters
    ----------
    networks
        As asked for; `NETWORKS` if left out.

    Raises
    ------
    UsageError
        If it is out of range.
    """
    count = NETWORKS if networks is None else networks
    if not 1 <= count <= MOST_NETWORKS:
        raise UsageError(
            f"The number of networks is {count}",
            f"Networks are a whole number from 1 to {MOST_NETWORKS}",
            f"Give --networks {NETWORKS}",
        )
    return count


def validate(folder: Path | None, networks: int | None = None) -> list[Comparison]:
    """Return every comparison of this room.

    Parameters
    ----------
    folder
        Folder of counted chips and labels; None where there is none.
    networks
        Random networks compared with the linear program; `NETWORKS` by default.

    Raises
    ------
    UsageError
        If the number of networks is out of range.
    """
    try:
        rows = check_networks(networks_asked(networks), seed=1)
    except DataError as error:
        rows = [_not_run("random networks", error.given)]
    rows += _past_maps()
    rows += compared(ROOM, "makers", partial(check_concentration, folder))
    if folder is None or not folder.is_dir():
        return [
            *rows,
            *(_not_run(name, "data absent") for name in ("epoch_chip_counts", "binding_labels.csv")),
        ]
    for name, part in (
        ("packaging", _packaging),
        ("epoch_chip_counts", check_units),
        ("binding_labels.csv", check_labels),
    ):
        rows += compared(ROOM, name, partial(part, folder))
    return rows


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


def _packaging(folder: Path) -> Iterator[Comparison]:
    """Compare NVIDIA's 2024 units implied by the CoWoS wafers booked for it, against those counted."""
    solved = _today()
    year = 2024
    units = counted(folder, "nvidia_calendar_quarter_chip_timelines")
    total = sum(
        chip[1] for quarter, chips in units.items() if quarter.year == year for chip in chips.values()
    )
    blackwell = sum(
        chips["B200"][1] for quarter, chips in units.items() if quarter.year == year and "B200" in chips
    )
    booked = solved.reader.point("cowos.nvidia_wafers.2024") * to_canonical(1.0, "year")
    hopper_wafer = solved.reader.point("hopper.packages_per_cowos_wafer")
    blackwell_wafer = solved.reader.point("blackwell.packages_per_cowos_wafer")
    share = blackwell / total
    implied = booked / ((1 - share) / hopper_wafer + share / blackwell_wafer)
    yield Comparison(
        ROOM,
        "epoch_chip_counts",
        "NVIDIA units in 2024 implied by booked CoWoS wafers",
        "relative error",
        implied / total - 1,
        "within 0.10",
        None,
        4,
        abs(implied / total - 1) <= 0.10,  # noqa: PLR2004 (the goal beside it)
    )
