"""Fit of the law of collectives to measured times, and its errors on what the fit had not seen."""

from __future__ import annotations

import csv
import gzip
import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.fitted import REPEATED, fit
from narrows.network.collective import COEFFICIENTS, OPERATIONS, CollectiveLaw, Exchanges, linked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = [
    "TABLE",
    "Measured",
    "fit_collectives",
    "foreign",
    "held_out",
    "interval",
    "read_collectives",
    "shipped",
]

TABLE = "nccl_measured.csv.gz"
SOURCE = (
    "ai-dynamo/aiconfigurator @095f58a aic-core/src/aiconfigurator_core/systems/data/*/comm/nccl/*/"
    "nccl_perf.parquet"
)
DATED = "2026-08"
MILLI = 1e-3
FOLDS = 5
SEED = 7
NEARBY = 8
"""Rounds of a fit that starts where the fit to all collectives ended."""
COVER = 0.9
START = {
    "network": (6e-6, 1e-6, 0.78, 0.5, 2e-5, 0.5, 7e-6, 1.25),
    "bus": (6e-6, 1e-6, 0.6, 0.8, 2e-5, 0.7, 7e-6, 1.9),
}
"""Centre of the prior, in the order of the coefficients."""
WIDTH = (1.0, 1.0, 0.3, 1.0, 1.0, 1.0, 1.0, 0.4)


@dataclass(frozen=True)
class Measured:
    """Measured collectives of one chip.

    Parameters
    ----------
    chip
        Name of the chip.
    exchanges
        The collectives.
    seconds
        Measured times [s].
    """

    chip: str
    exchanges: Exchanges
    seconds: Array

    @property
    def kind(self) -> str:
        """The common law that would answer for the chip."""
        return "bus" if self.exchanges.chip.shared else "network"


def read_collectives(folder: Path) -> list[Measured]:
    """Return the measured collectives by chip.

    Parameters
    ----------
    folder
        Folder with the table.
    """
    groups: dict[str, list[dict[str, str]]] = {}
    with gzip.open(folder / TABLE, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            groups.setdefault(row["system"], []).append(row)
    return [_measured(chip, rows) for chip, rows in sorted(groups.items())]


def _measured(chip: str, rows: list[dict[str, str]]) -> Measured:
    exchanges = Exchanges(
        linked(chip),
        np.array([OPERATIONS.index(row["op_name"]) for row in rows]),
        np.array([float(row["num_gpus"]) for row in rows]),
        np.array([float(row["bytes"]) for row in rows]),
        narrow=np.array([row["nccl_dtype"] == "int8" for row in rows]),
        release=np.array([row["nccl"] for row in rows]),
    )
    return Measured(chip, exchanges, np.array([float(row["latency_ms"]) for row in rows]) * MILLI)


def fit_collectives(measured: Measured) -> tuple[Array, Array]:
    """Return the log-coefficients of a chip and their covariance.

    Parameters
    ----------
    measured
        Its collectives.
    """
    centre = np.log(START[measured.kind])
    logs, width = np.log(measured.seconds), np.array(WIDTH)
    shift, covariance, _ = fit(measured.exchanges, logs, centre, width, method=REPEATED)
    return centre + shift, covariance


def _labels(measured: Measured, kind: str) -> Array:
    if kind == "fold":
        order = np.random.default_rng(SEED).permutation(len(measured.seconds))
        found: Array = (order % FOLDS).astype(float)
        return found
    values: Array = getattr(measured.exchanges, kind)
    return values


def held_out(measured: Measured, kind: str, near: Array) -> tuple[Array, Array]:
    """Return the logarithm of predicted over measured by fits without each collective's group, and groups.

    Parameters
    ----------
    measured
        The collectives.
    kind
        ``fold`` for five random fifths, ``chips`` or ``size`` for one value left out.
    near
        Log-coefficients to start from.
    """
    centre = np.log(START[measured.kind])
    labels, nearby = _labels(measured, kind), replace(REPEATED, rounds=NEARBY)
    logs = np.log(measured.seconds)
    miss = np.empty(len(logs))
    for label in np.unique(labels):
        test = labels == label
        kept = measured.exchanges.only(~test)
        shift, _, _ = fit(kept, logs[~test], centre, np.array(WIDTH), method=nearby, start=near - centre)
        miss[test] = measured.exchanges.only(test)(centre + shift) - logs[test]
    return miss, labels


def interval(miss: Array) -> float:
    """Return half the width of the 90 % interval, in logarithms.

    Parameters
    ----------
    miss
        Logarithms of predicted over measured.
    """
    return float(np.quantile(np.abs(miss), COVER))


def foreign(table: list[Measured], laws: dict[str, Array], kind: str) -> Iterator[Array]:
    """Yield for each chip the misses of the common law of the other chips.

    Parameters
    ----------
    table
        Measured collectives.
    laws
        Log-coefficients by chip.
    kind
        ``network`` or ``bus``.
    """
    own = [item for item in table if item.kind == kind]
    for item in own:
        others = [laws[other.chip] for other in own if other is not item]
        if others:
            yield item.exchanges(np.mean(others, axis=0)) - np.log(item.seconds)


def shipped(folder: Path) -> dict[str, Any]:
    """Return what is written to ``collective.json``: all laws, and where they come from.

    Parameters
    ----------
    folder
        Folder with the table.
    """
    table = read_collectives(folder)
    fits = {item.chip: fit_collectives(item) for item in table}
    laws = []
    for item in table:
        logs, covariance = fits[item.chip]
        half = interval(held_out(item, "fold", logs)[0])
        laws.append(CollectiveLaw(item.chip, logs, covariance, half, len(item.seconds)))
    plain = {chip: logs for chip, (logs, _) in fits.items()}
    for kind in START:
        own = [item for item in table if item.kind == kind]
        every = np.array([plain[item.chip] for item in own])
        half = interval(np.concatenate(list(foreign(table, plain, kind))))
        rows = sum(len(item.seconds) for item in own)
        laws.append(CollectiveLaw(kind, every.mean(axis=0), np.cov(every.T), half, rows))
    return {
        "made_by": "python tools/fit_operators.py --data DIR",
        "source": SOURCE,
        "licence": "Apache-2.0",
        "dated": DATED,
        "table_sha256": hashlib.sha256((folder / TABLE).read_bytes()).hexdigest(),
        "fitted": (
            "seconds of a collective; logarithms of coefficients by name; lower triangle of the covariance; "
            "half the width of the 90 % interval from held-out fifths, of a common law from chips left out"
        ),
        "laws": [_stored(law) for law in laws],
    }


def _stored(law: CollectiveLaw) -> dict[str, Any]:
    lower = law.covariance[np.tril_indices(len(COEFFICIENTS))]
    return {
        "chip": law.chip,
        "rows": law.rows,
        "half": round(law.half, 4),
        "logs": {name: round(float(value), 5) for name, value in zip(COEFFICIENTS, law.logs, strict=True)},
        "covariance": [float(f"{value:.7g}") for value in lower],
    }
