"""The law of collectives against measured times that its fit had not seen, and public sweeps."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np

from narrows.figure import Comparison
from narrows.network.collective import bus_factor, collective_time, read_laws
from narrows.network.collective_fit import TABLE, foreign, held_out, interval, read_collectives

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from narrows.network.collective_fit import Measured

    Array = NDArray[np.float64]

__all__ = ["collective_rows"]

ROOM = "network"
SWEEPS = "allreduce_sweeps.csv"
GOAL = 7.0
TWO_PARAMETERS = 11.6
"""Mean error of a latency and a rate fitted to each of 332 groups [%]."""
COVER = (85.0, 95.0)
TITLES = {"fold": "five folds", "chips": "one number of chips left out", "size": "one message size left out"}
LARGE = 2**28
"""Messages whose time is bytes, not latency [byte]."""
NODE_LINK = 5e10
"""Link of one chip to other nodes in the sweep over nodes [byte/s]."""
WITHIN_GOAL, LARGEST_GOAL = 10.0, 10.0


def collective_rows(folder: Path | None) -> Iterator[Comparison]:
    """Yield the comparisons of the law with measured collectives.

    Parameters
    ----------
    folder
        Folder that holds the tables; None where there is none.
    """
    if folder is None or not (folder / TABLE).is_file():
        yield Comparison(ROOM, TABLE, "law of collectives", "not run: data absent", None, "", None, 0, None)
        return
    table = read_collectives(folder)
    laws = {chip: law.logs for chip, law in read_laws().items()}
    shipped = [_error(item.exchanges(laws[item.chip]) - np.log(item.seconds)) for item in table]
    yield from _errors("all chips, as shipped", np.concatenate(shipped), GOAL)
    for item, error in zip(table, shipped, strict=True):
        yield _row(f"{item.chip}, as shipped", "mean error in %", float(error.mean()), n=len(error))
    for kind, title in TITLES.items():
        yield from _unseen(table, laws, kind, title)
    misses = list(foreign(table, laws, "network"))
    yield from _errors("chips with a network, one left out", _error(np.concatenate(misses)), None)
    if (folder / SWEEPS).is_file():
        yield from _sweeps(folder / SWEEPS)


def _error(miss: Array) -> Array:
    return np.abs(np.expm1(miss)) * 100


def _row(
    title: str,
    metric: str,
    value: float,
    *,
    n: int,
    goal: float | None = None,
    baseline: float | None = None,
    against: str = TABLE,
) -> Comparison:
    wanted = "" if goal is None else f"at most {goal:g}"
    return Comparison(
        ROOM, against, title, metric, value, wanted, baseline, n, None if goal is None else value <= goal
    )


def _errors(title: str, error: Array, goal: float | None) -> Iterator[Comparison]:
    baseline = None if goal is None else TWO_PARAMETERS
    yield _row(title, "mean error in %", float(error.mean()), n=len(error), goal=goal, baseline=baseline)
    yield _row(title, "P90 of error in %", float(np.quantile(error, 0.9)), n=len(error))


def _unseen(table: list[Measured], laws: dict[str, Array], kind: str, title: str) -> Iterator[Comparison]:
    errors, inside = [], []
    for item in table:
        miss, labels = held_out(item, kind, laws[item.chip])
        errors.append(_error(miss))
        for label in np.unique(labels):
            test = labels == label
            inside.append(np.abs(miss[test]) <= interval(miss[~test]))
    yield from _errors(f"all chips, {title}", np.concatenate(errors), GOAL)
    share = float(np.concatenate(inside).mean()) * 100
    low, high = COVER
    metric = "% inside intervals of 90 %"
    yield Comparison(
        ROOM, TABLE, f"all chips, {title}", metric, share, f"{low:g} to {high:g}", 90.0,
        sum(map(len, inside)), low <= share <= high,
    )  # fmt: skip


def _sweeps(path: Path) -> Iterator[Comparison]:
    """Yield sweeps of an all-reduce that no coefficient was fitted to."""
    groups: dict[str, list[dict[str, str]]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            groups.setdefault(row["setup"], []).append(row)
    for setup, rows in groups.items():
        chip = "h200_sxm" if "H200" in setup else "b200_sxm"
        chips, nodes = int(rows[0]["n_gpus"]), int(rows[0]["nodes"])
        sizes = np.array([float(row["bytes"]) for row in rows])
        rate = np.array([float(row["busbw_GBps"]) for row in rows]) * 1e9
        found = collective_time(chip, "all_reduce", sizes, chips, nodes, node_link_bytes_per_s=NODE_LINK)
        seconds = bus_factor("all_reduce", chips) * sizes / rate
        error = np.abs(found.value / seconds - 1.0) * 100
        title = f"all-reduce of {chips} {chip} in {nodes} node{'s' if nodes > 1 else ''}, not fitted"
        large = sizes >= LARGE
        goal = WITHIN_GOAL if nodes == 1 else None
        yield _row(
            f"{title}, from 256 MiB",
            "mean error in %",
            float(error[large].mean()),
            n=int(large.sum()),
            goal=goal,
            against=SWEEPS,
        )
        small = float(np.median(error[~large]))
        yield _row(f"{title}, below", "median error in %", small, n=int((~large).sum()), against=SWEEPS)
        if nodes > 1:
            last = int(np.argmax(sizes))
            yield _row(
                f"{title}, 16 GiB", "error in %", float(error[last]), n=1, goal=LARGEST_GOAL, against=SWEEPS
            )
            wire = float(found.bus_rate[last]) * (nodes - 1) / (chips - 1) / 1e9
            measured = float(rate[last]) * (nodes - 1) / (chips - 1) / 1e9
            yield _row(
                f"{title}, 16 GiB",
                "wire rate of one chip in GB/s",
                wire,
                n=1,
                baseline=measured,
                against=SWEEPS,
            )
