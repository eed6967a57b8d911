"""Fit of the law of products to measured times, and its errors on products that the fit had not seen."""

from __future__ import annotations

import csv
import gzip
import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.compute.operator import ALIASES, COEFFICIENTS, OperatorLaw, Shapes, processor
from narrows.fitted import REPEATED, fit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = [
    "TABLE",
    "Measured",
    "fit_products",
    "foreign",
    "held_out",
    "interval",
    "read_products",
    "shipped",
]

TABLE = "gemm_measured.csv.gz"
SOURCE = (
    "ai-dynamo/aiconfigurator @095f58a aic-core/src/aiconfigurator_core/systems/data/*/gemm/trtllm/*/"
    "gemm_perf.parquet"
)
DATED = "2026-08"
MILLI = 1e-3
FOLDS = 5
SEED = 7
NEARBY = 3
"""Rounds of a fit that starts where the fit to all products ended."""
COVER = 0.9
START = {
    "launch": 2e-6, "tile_work": 1.0, "sustained": 1.3, "memory": 1.2, "fill": 300.0, "port": 0.25,
    "waves": 0.4, "split": 5.0, "cast": 3.5,
}  # fmt: skip
"""Centre of the prior: what a part would cost at a usual efficiency."""
WIDTH = {
    "launch": 1.0, "tile_work": 0.3, "sustained": 0.3, "memory": 0.3, "fill": 1.0, "port": 1.0,
    "waves": 0.7, "split": 1.0, "cast": 0.5,
}  # fmt: skip
FIXED = {"bf16": ("cast",), "fp8": ("split",), "fp4": ("split",)}
"""Coefficients that a precision does not fit: eight are left."""


@dataclass(frozen=True)
class Measured:
    """Measured products of one chip in one precision.

    Parameters
    ----------
    chip, precision
        Which.
    shapes
        The products.
    seconds
        Measured times [s].
    """

    chip: str
    precision: str
    shapes: Shapes
    seconds: Array


def read_products(folder: Path) -> list[Measured]:
    """Return the measured products by chip and precision.

    Parameters
    ----------
    folder
        Folder with the table.
    """
    groups: dict[tuple[str, str], list[list[float]]] = {}
    with gzip.open(folder / TABLE, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            key = (row["system"], ALIASES.get(row["dtype"], row["dtype"]))
            numbers = [float(row[name]) for name in ("m", "n", "k", "latency_ms")]
            groups.setdefault(key, []).append(numbers)
    found = []
    for (chip, precision), rows in sorted(groups.items()):
        m, n, k, time = np.array(rows).T
        found.append(Measured(chip, precision, Shapes(processor(chip), precision, m, n, k), time * MILLI))
    return found


def _prior(precision: str) -> tuple[Array, Array]:
    centre = np.log([START[name] for name in COEFFICIENTS])
    width = np.array([0.0 if name in FIXED[precision] else WIDTH[name] for name in COEFFICIENTS])
    return centre, width


def fit_products(measured: Measured) -> tuple[Array, Array]:
    """Return the log-coefficients of a chip and precision, and their covariance.

    Parameters
    ----------
    measured
        The products.
    """
    centre, width = _prior(measured.precision)
    shift, covariance, _ = fit(measured.shapes, np.log(measured.seconds), centre, width, method=REPEATED)
    return centre + shift, covariance


def _labels(measured: Measured, kind: str) -> Array:
    if kind == "fold":
        order = np.random.default_rng(SEED).permutation(len(measured.seconds))
        found: Array = (order % FOLDS).astype(float)
        return found
    values: Array = getattr(measured.shapes, kind)
    return values


def held_out(measured: Measured, kind: str, near: Array) -> tuple[Array, Array]:
    """Return the logarithm of predicted over measured by fits without each product's group, and the groups.

    Parameters
    ----------
    measured
        The products.
    kind
        ``fold`` for five random fifths, ``m``, ``n`` or ``k`` for one value left out.
    near
        Log-coefficients to start from.
    """
    centre, width = _prior(measured.precision)
    labels, nearby = _labels(measured, kind), replace(REPEATED, rounds=NEARBY)
    logs = np.log(measured.seconds)
    miss = np.empty(len(logs))
    for label in np.unique(labels):
        test = labels == label
        kept = measured.shapes.only(~test)
        shift, _, _ = fit(kept, logs[~test], centre, width, method=nearby, start=near - centre)
        miss[test] = measured.shapes.only(test)(centre + shift) - logs[test]
    return miss, labels


def interval(miss: Array) -> float:
    """Return half the width of the 90 % interval, in logarithms.

    Parameters
    ----------
    miss
        Logarithms of predicted over measured.
    """
    return float(np.quantile(np.abs(miss), COVER))


def foreign(table: list[Measured], laws: dict[tuple[str, str], Array], precision: str) -> Iterator[Array]:
    """Yield for each chip the misses of the common law of the other chips.

    Parameters
    ----------
    table
        Measured products.
    laws
        Log-coefficients by chip and precision.
    precision
        Which common law.
    """
    own = [item for item in table if item.precision == precision]
    for item in own:
        others = [laws[other.chip, precision] for other in own if other is not item]
        if others:
            yield item.shapes(np.mean(others, axis=0)) - np.log(item.seconds)


def shipped(folder: Path) -> dict[str, Any]:
    """Return what is written to ``operator.json``: all laws, and where they come from.

    Parameters
    ----------
    folder
        Folder with the table.
    """
    table = read_products(folder)
    fits = {(item.chip, item.precision): fit_products(item) for item in table}
    laws = []
    for item in table:
        logs, covariance = fits[item.chip, item.precision]
        half = interval(held_out(item, "fold", logs)[0])
        laws.append(OperatorLaw(item.chip, item.precision, logs, covariance, half, len(item.seconds)))
    plain = {key: logs for key, (logs, _) in fits.items()}
    for precision in dict.fromkeys(item.precision for item in table):
        every = np.array([logs for (_, form), logs in plain.items() if form == precision])
        half = interval(np.concatenate(list(foreign(table, plain, precision))))
        rows = sum(len(item.seconds) for item in table if item.precision == precision)
        laws.append(OperatorLaw("", precision, every.mean(axis=0), np.cov(every.T), half, rows))
    return {
        "made_by": "python tools/fit_operators.py --data DIR",
        "source": SOURCE,
        "licence": "Apache-2.0",
        "dated": DATED,
        "table_sha256": hashlib.sha256((folder / TABLE).read_bytes()).hexdigest(),
        "fitted": (
            "seconds of a product; logarithms of coefficients by name; lower triangle of the covariance; "
            "half the width of the 90 % interval from held-out fifths, of a common law from chips left out"
        ),
        "laws": [_stored(law) for law in laws],
    }


def _stored(law: OperatorLaw) -> dict[str, Any]:
    lower = law.covariance[np.tril_indices(len(COEFFICIENTS))]
    return {
        "chip": law.chip,
        "precision": law.precision,
        "rows": law.rows,
        "half": round(law.half, 4),
        "logs": {name: round(float(value), 5) for name, value in zip(COEFFICIENTS, law.logs, strict=True)},
        "covariance": [float(f"{value:.7g}") for value in lower],
    }
