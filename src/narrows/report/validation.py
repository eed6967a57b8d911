"""All rooms' comparisons of predicted with measured, as one table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from narrows.errors import DataError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from narrows.figure import Comparison

__all__ = ["ROOMS", "rows_markdown", "rows_of", "validation_data"]

ROOMS = (
    "compute",
    "memory",
    "network",
    "systems",
    "facility",
    "training",
    "inference",
    "bottlenecks",
    "claims",
)
"""Rooms that compare themselves with measurements."""
SITES = "bottleneck"
"""Folder of the tables of sites."""
TRAINING = "training"
"""Folder of the tables of chips, products and collectives."""


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


def rows_of(room: str | None, data: Path | None, networks: int | None = None) -> list[Comparison]:  # noqa: C901
    """Return the comparisons of one room or of all.

    Parameters
    ----------
    room
        Name of a room; None for all.
    data
        Folder of measurements; None where there is none.
    networks
        Number of random networks compared with the linear program.

    Raises
    ------
    UnknownNameError
        If the room has no comparisons.
    UsageError
        If the number of networks is out of range.
    """
    if room is not None and room not in ROOMS:
        raise UnknownNameError("room", room, ROOMS, remedy="Leave the room out to run all")
    if networks is not None:  # refused before the other rooms are run
        from narrows.bottlenecks.validation import networks_asked

        networks_asked(networks)
    rows: list[Comparison] = []
    if room in {None, "compute", "memory", "network", "systems"}:
        from narrows.systems.validation import machine_rows

        machines = machine_rows(None if data is None else data / TRAINING)
        rows += [row for row in machines if room in {None, row.room}]
    if room in {None, "compute"}:
        from narrows.compute.operator_checks import operator_rows

        rows += operator_rows(None if data is None else data / TRAINING)
    if room in {None, "network"}:
        from narrows.network.collective_checks import collective_rows

        rows += collective_rows(None if data is None else data / TRAINING)
    if room in {None, "facility"}:
        from narrows.facility.validation import site_rows

        rows += site_rows(None if data is None else data / SITES)
        from narrows.facility.power_checks import power_rows

        rows += power_rows(None if data is None else data / "facility")
        from narrows.facility.supply_checks import supply_rows

        rows += supply_rows(None if data is None else data / "facility")
    if room in {None, "training"}:
        from narrows.training.validation import training_rows

        rows += training_rows(None if data is None else data / TRAINING)
    if room in {None, "inference"}:
        from narrows.inference.validation import inference_rows

        rows += inference_rows(None if data is None else data / "inference")
    if room in {None, "bottlenecks"}:
        from narrows.bottlenecks import validation

        rows += validation.validate(data, networks)
    if room in {None, "claims"}:
        from narrows.claims.validation import claims_rows

        rows += claims_rows(None if data is None else data / "market")
    return rows


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
