"""All rooms' comparisons of predicted with measured, as one table."""

from __future__ import annotations

import importlib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from narrows.errors import DataError, UnknownNameError
from narrows.figure import compared

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from narrows.figure import Comparison

__all__ = ["ROOMS", "rows_markdown", "rows_of", "validation_data"]

BOTTLENECK = "bottleneck"
MACHINES = ("compute", "memory", "network", "systems")
CHECKS = (
    (("shocks",), "shocks.validation", "shock_rows", "shocks"),
    (MACHINES, "systems.validation", "machine_rows", "training"),
    (("compute",), "compute.operator_checks", "operator_rows", "training"),
    (("network",), "network.collective_checks", "collective_rows", "training"),
    (("facility",), "facility.validation", "site_rows", BOTTLENECK),
    (("facility",), "facility.power_checks", "power_rows", "facility"),
    (("facility",), "facility.plant_checks", "plant_rows", "facility"),
    (("facility",), "facility.lei_masanet_checks", "lei_masanet_rows", "facility"),
    (("facility",), "facility.supply_checks", "supply_rows", "facility"),
    (("facility",), "facility.need_checks", "need_rows", "facility"),
    (("training",), "training.validation", "training_rows", "training"),
    (("inference",), "inference.validation", "inference_rows", "inference"),
    (("value",), "value.validation", "value_rows", "market"),
    (("market",), "market.validation", "market_rows", "market"),
    (("claims",), "claims.validation", "claims_rows", "market"),
)
"""Rooms that a check speaks of, where it is, and the folder of its measurements."""
ROOMS = tuple(dict.fromkeys([*(room for rooms, *_ in CHECKS for room in rooms), "bottlenecks"]))
"""Rooms that compare themselves with measurements."""


def validation_data(folder: str | None) -> Path | None:
    """Return the folder of measurements: the one asked for, or ``../shared/data`` where it exists.

    Raises
    ------
    DataError
        If the folder asked for is not there.
    """
    if folder is None:
        usual = Path("../shared/data")
        return usual if usual.is_dir() else None
    path = Path(folder)
    if not path.is_dir():
        raise DataError(
            f"The folder {folder!r} is not there",
            "Measurements stand in a folder with one sub-folder a subject",
            "Name it with --data, or leave --data out to run what needs no data",
        )
    return path


def rows_of(room: str | None, data: Path | None, networks: int | None = None) -> list[Comparison]:
    """Return the comparisons of one room or of all.

    Parameters
    ----------
    room
        Name of a room; None for all.
    data
        Folder of measurements, with one sub-folder a subject, or for one room the sub-folder itself; None
        where there is none.
    networks
        Number of random networks compared with the linear program.

    Raises
    ------
    UnknownNameError
        If the room has no comparisons.
    DataError
        If the folder has no sub-folder of measurements, and all rooms are asked for.
    UsageError
        If the number of networks is out of range.
    """
    if room is not None and room not in ROOMS:
        raise UnknownNameError("room", room, ROOMS, remedy="Leave the room out to run all")
    if networks is not None:  # refused before the other rooms are run
        from narrows.bottlenecks.validation import networks_asked

        networks_asked(networks)
    place = _places(data, room)
    rows: list[Comparison] = []
    for rooms, module, function, folder in CHECKS:
        if room is None or room in rooms:
            check = getattr(importlib.import_module(f"narrows.{module}"), function)
            part = partial(check, place(folder))
            rows += [row for row in compared(rooms[0], folder, part) if room in {None, row.room}]
    if room in {None, "bottlenecks"}:
        from narrows.bottlenecks.validation import validate

        rows += compared("bottlenecks", BOTTLENECK, partial(validate, place(BOTTLENECK), networks))
    return rows


def _places(data: Path | None, room: str | None) -> Callable[[str], Path | None]:
    """Return where the measurements of a subject are: in a sub-folder, beside it, or right here."""
    if data is None:
        return lambda _: None
    subjects = sorted({BOTTLENECK, *(folder for *_, folder in CHECKS)})
    if any((data / name).is_dir() for name in subjects):
        return lambda name: data / name
    if data.resolve().name in subjects:
        return lambda name: data.resolve().parent / name
    if room is not None:
        return lambda _: data
    raise DataError(
        f"The folder {str(data)!r} has none of the sub-folders of measurements",
        f"They are {', '.join(subjects)}",
        "Name the folder that holds them, or one room and its folder",
    )


def rows_markdown(rows: Sequence[Comparison]) -> str:
    """Return the table of docs/validation.md."""
    lines = [
        "# Predicted against measured",
        "",
        "Output of `narrows validate --markdown`. Misses stay; goals are not loosened to pass.",
        "",
        "| room | against | quantity | metric | value | goal | baseline | n | holds |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [f"| {' | '.join(_cell(text) for text in _cells(row))} |" for row in rows]
    return "\n".join(lines) + "\n"


def _cells(row: Comparison) -> tuple[str, ...]:
    outcome = (_number(row.value), row.goal, _number(row.baseline), str(row.n), _verdict(row))
    return (row.room, row.dataset, row.quantity, row.metric, *outcome)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"


def _verdict(row: Comparison) -> str:
    if row.holds is None:
        return "not run" if row.value is None else "-"
    return "yes" if row.holds else "**no**"
