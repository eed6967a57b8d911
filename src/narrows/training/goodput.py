"""Useful time of a run, from published events: best interval, expected interruptions, what is lost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from narrows.catalog import PointReader, Reader, default
from narrows.draws import stream
from narrows.errors import UsageError
from narrows.training.chips import chip_id, hour_facts
from narrows.training.failures import (
    best_interval,
    daly_interval,
    repair_shares,
    useful_share,
    young_interval,
)
from narrows.training.scaling import band

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from narrows.catalog.catalog import Catalog

    Array = NDArray[np.float64]

__all__ = ["HARDWARE", "Goodput", "Timing", "drawn_goodput", "goodput", "hardware_share"]

DAY, HOUR = 86_400.0, 3600.0
HARDWARE = (
    "faulty_gpu", "gpu_hbm3_memory", "gpu_sram_memory", "gpu_system_processor", "silent_data_corruption",
    "gpu_thermal_interface_and_sensor", "nic", "ssd", "power_supply", "server_chassis", "io_expansion_board",
    "cpu", "system_memory",
)  # fmt: skip
"""Published kinds of interruption that take a node out; a restart cures the others."""
RATES = ("training.interruption.rate", "training.interruption.planned_rate")
WRITE, RESTART = "training.checkpoint.write", "training.restart.time"
REPAIR = ("training.repair.time", "training.failure.group_share", "training.failure.group")


@dataclass(frozen=True)
class Timing:
    """What the operator sets.

    Parameters
    ----------
    checkpoint_s
        Time that a checkpoint keeps the run from working [s]; that of the facts if left out.
    restart_s
        Time from a failure to work again [s]; that of the facts if left out.
    interval_s
        Work between checkpoints [s]; the best one if left out.
    spares
        Nodes that stand ready; one is always at hand if left out.
    """

    checkpoint_s: float | None = None
    restart_s: float | None = None
    interval_s: float | None = None
    spares: int | None = None


@dataclass(frozen=True)
class Goodput:
    """Useful time of a run.

    Parameters
    ----------
    chip, chips, days
        The run.
    checkpoint_s, restart_s, interval_s
        Times used [s].
    young_s, daly_s, best_s
        Best interval to first order, by Daly's series, and exactly [s].
    stated
        At the stated facts: useful [share], whole [share of time with enough nodes], interruptions, mttf_h,
        lost_gpu_hours, lost_usd.
    bands
        p05, p50, p95 of each.
    usd_per_hour
        Kind of cost of a chip and hour that money is counted at; empty where none is known.
    reads
        Facts behind it.
    """

    chip: str
    chips: int
    days: float
    checkpoint_s: float
    restart_s: float
    interval_s: float
    young_s: float
    daly_s: float
    best_s: float
    stated: dict[str, float]
    bands: dict[str, tuple[float, float, float]]
    usd_per_hour: str
    reads: tuple[str, ...]


def hardware_share(reader: Reader) -> Array:
    """Return the share of unexpected interruptions that take a node out, axis (draw)."""
    total = reader.draws("training.llama3.unexpected")
    hard = sum((reader.draws(f"training.llama3.{name}") for name in HARDWARE), np.zeros(reader.n))
    return np.asarray(np.minimum(hard / total, 1.0))


def goodput(
    chips: int,
    days: float,
    timing: Timing | None = None,
    *,
    chip: str = "h100",
    draws: int = 10_000,
    seed: int = 1,
    catalog: Catalog | None = None,
) -> Goodput:
    """Return the useful time of a run, and what interruptions cost.

    Parameters
    ----------
    chips, days
        Chips of the run and how long it takes.
    timing
        What the operator sets; all by facts if left out.
    chip
        Name of the chip: its nodes, and the cost of its hour.
    draws, seed
        Number of draws over the doubt of the facts, and their seed.
    catalog
        Facts; those that come with narrows if left out.

    Raises
    ------
    UsageError
        A number is out of range.
    UnknownNameError
        No such chip.

    Notes
    -----
    See `narrows.training.failures.useful_share`. The interval is set once, from the stated facts: an operator
    does not know the rate of a run to come. Interruptions of a draw are Poisson around rate x chips x time.

    Examples
    --------
    >>> found = goodput(16_384, 54.0, Timing(60.0, 600.0), draws=300)
    >>> round(found.interval_s), round(found.stated["useful"], 3)
    (1057, 0.842)
    """
    catalog, timing = catalog or default(), timing or Timing()
    _check(chips, days, timing)
    card = chip_id(chip, catalog)
    hours = hour_facts(card, catalog)
    kind = next(iter(hours), "")
    point, reader = PointReader(catalog), Reader(catalog, seed, draws)
    rate = float(_rate(point, chips)[0])
    write = _given(point, WRITE, timing.checkpoint_s)
    best = float(best_interval(rate, write)[0])
    interval = timing.interval_s or best
    told: dict[str, dict[str, Array]] = {}
    for word, reading in (("stated", point), ("drawn", reader)):
        share = drawn_goodput(reading, chips, timing, card, interval)
        events = _rate(reading, chips) * days * DAY
        if word == "drawn":
            events = stream(seed, "training.interruptions").poisson(events).astype(np.float64)
        lost = (1.0 - share) * chips * days * DAY
        told[word] = {
            "useful": share,
            "interruptions": events,
            "mttf_h": 1.0 / _rate(reading, chips) / HOUR,
            "lost_gpu_hours": lost / HOUR,
        }
        if kind:
            told[word]["lost_usd"] = lost * reading.draws(hours[kind])
        if timing.spares is not None:
            told[word]["whole"] = _whole(reading, chips, timing.spares, card)
    return Goodput(
        chip=card,
        chips=chips,
        days=days,
        checkpoint_s=float(write[0]),
        restart_s=float(_given(point, RESTART, timing.restart_s)[0]),
        interval_s=interval,
        young_s=float(young_interval(rate, write)[0]),
        daly_s=float(daly_interval(rate, write)[0]),
        best_s=best,
        stated={name: float(values[0]) for name, values in told["stated"].items()},
        bands={name: band(values) for name, values in told["drawn"].items()},
        usd_per_hour=kind,
        reads=reader.reads,
    )


def drawn_goodput(
    reader: Reader, chips: int, timing: Timing, chip: str, interval: float | None = None
) -> Array:
    """Return the useful share of a run in every draw.

    Parameters
    ----------
    reader
        Where the facts are read.
    chips
        Chips of the run.
    timing
        What the operator sets.
    chip
        Id of the chip.
    interval
        Work between checkpoints [s]; the best at the stated facts if left out.
    """
    if interval is None:
        point = PointReader(reader.catalog)
        best = best_interval(_rate(point, chips), _given(point, WRITE, timing.checkpoint_s))
        interval = timing.interval_s or float(best[0])
    share = useful_share(
        _rate(reader, chips),
        _given(reader, WRITE, timing.checkpoint_s),
        _given(reader, RESTART, timing.restart_s),
        np.array(interval),
    )
    return share if timing.spares is None else share * _whole(reader, chips, timing.spares, chip)


def _rate(reader: Reader, chips: int) -> Array:
    """Return the interruptions of the whole run in a second, axis (draw)."""
    found: Array = sum((reader.draws(name) for name in RATES), np.zeros(reader.n)) * chips
    return found


def _given(reader: Reader, fact: str, value: float | None) -> Array:
    return reader.draws(fact) if value is None else np.full(reader.n, float(value))


def _whole(reader: Reader, chips: int, spares: int, chip: str) -> Array:
    """Return the share of the time with enough nodes, in every draw."""
    node = f"chip.{chip}.node"
    size = float(reader.draws(node)[0]) if reader.catalog.has(node) else 1.0
    time, grouped, group = (reader.draws(name) for name in REPAIR)
    hard = hardware_share(reader) * reader.draws(RATES[0]) * chips
    nodes = np.clip(np.round(group), 1, max(1.0, chips // size)).astype(np.int64)
    return repair_shares(hard * time, grouped, nodes, spares)


def _check(chips: int, days: float, timing: Timing) -> None:
    for option, value, least, usual in (
        ("--chips", chips, 1.0, "16384"),
        ("--days", days, math.ulp(0.0), "54"),
        ("--checkpoint-s", timing.checkpoint_s, math.ulp(0.0), "60"),
        ("--restart-s", timing.restart_s, 0.0, "600"),
        ("--interval", timing.interval_s, math.ulp(0.0), "1800"),
        ("--spares", timing.spares, 0.0, "16"),
    ):
        if value is not None and not (value >= least and math.isfinite(value)):
            words = {0.0: "It is 0 or more", 1.0: "It is a whole number from 1"}
            raise UsageError(
                f"The option {option} is given {value:g}",
                words.get(least, "It is above 0"),
                f"Write, for instance, {option} {usual}",
            )
