"""The law of products against measured products that its fit had not seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from narrows.compute.operator import read_laws
from narrows.compute.operator_fit import TABLE, foreign, held_out, interval, read_products
from narrows.figure import Comparison

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from narrows.compute.operator_fit import Measured

    Array = NDArray[np.float64]

__all__ = ["neighbours", "operator_rows"]

ROOM = "compute"
GOALS = {"bf16": 6.0, "fp8": 12.0, "fp4": 12.0}
"""Goals for the mean error [%]."""
ROOFLINES = {
    ("h100_sxm", "bf16"): 8.8, ("b200_sxm", "bf16"): 10.2, ("gb200", "bf16"): 10.1, ("b300_sxm", "bf16"): 9.8,
    ("a100_sxm", "bf16"): 13.0,
}  # fmt: skip
"""Mean error of a roofline of three parameters, fitted to the same products [%]."""
USUAL_ROOFLINE = {"fp8": 27.0, "fp4": 21.0}
"""The least of such errors where they are known as a range [%]."""
COVER = (85.0, 95.0)
TITLES = {"fold": "five folds", "m": "one m left out", "k": "one k left out"}
SIDES = 2


def operator_rows(folder: Path | None) -> Iterator[Comparison]:
    """Yield the comparisons of the law with measured products.

    Parameters
    ----------
    folder
        Folder that holds the table; None where there is none.
    """
    if folder is None or not (folder / TABLE).is_file():
        yield Comparison(ROOM, TABLE, "law of products", "not run: data absent", None, "", None, 0, None)
        return
    table = read_products(folder)
    laws = {key: law.logs for key, law in read_laws().items()}
    for item in table:
        yield from _of(item, laws[item.chip, item.precision])
    for precision, goal in GOALS.items():
        known = {key: logs for key, logs in laws.items() if key[0]}
        misses = list(foreign(table, known, precision))
        if len(misses) > 1:
            yield from _left_out(precision, misses, goal)


def _error(miss: Array) -> Array:
    return np.abs(np.expm1(miss)) * 100


def _row(
    title: str, metric: str, value: float, *, n: int, goal: float | None = None, baseline: float | None = None
) -> Comparison:
    wanted = "" if goal is None else f"at most {goal:g}"
    return Comparison(
        ROOM, TABLE, title, metric, value, wanted, baseline, n, None if goal is None else value <= goal
    )


def _of(item: Measured, logs: Array) -> Iterator[Comparison]:
    name = f"{item.chip} {item.precision}"
    goal = GOALS[item.precision]
    baseline = ROOFLINES.get((item.chip, item.precision), USUAL_ROOFLINE.get(item.precision))
    n = len(item.seconds)
    whole = _error(item.shapes(logs) - np.log(item.seconds))
    yield _row(
        f"{name}, as shipped", "mean error in %", float(whole.mean()), n=n, goal=goal, baseline=baseline
    )
    yield _row(f"{name}, as shipped", "P90 of error in %", float(np.quantile(whole, 0.9)), n=n)
    rough = _error(np.log(neighbours(item)))
    rough = rough[np.isfinite(rough)]
    title = f"{name}, interpolated between measured neighbours in n"
    yield _row(title, "mean error in %", float(rough.mean()), n=len(rough))
    for kind, title in TITLES.items():
        miss, labels = held_out(item, kind, logs)
        error = float(_error(miss).mean())
        yield _row(f"{name}, {title}", "mean error in %", error, n=n, goal=goal, baseline=baseline)
        if kind == "fold":
            yield _coverage(f"{name}, {title}", _inside(miss, labels))


def neighbours(item: Measured) -> Array:
    """Return the time interpolated between the next measured n on either side, over the measured time.

    Parameters
    ----------
    item
        Measured products; not finite where a neighbour is missing.

    Notes
    -----
    It says how rough measured times are: a smooth law cannot be much nearer.
    """
    shapes = item.shapes
    found = np.full(len(item.seconds), np.nan)
    for m, k in sorted(set(zip(shapes.m, shapes.k, strict=True))):
        line = np.flatnonzero((shapes.m == m) & (shapes.k == k))
        line = line[np.argsort(shapes.n[line])]
        n, seconds = shapes.n[line], item.seconds[line]
        share = (n[1:-1] - n[:-2]) / (n[2:] - n[:-2])
        found[line[1:-1]] = (seconds[:-2] * (1 - share) + seconds[2:] * share) / seconds[1:-1]
    return found


def _inside(miss: Array, labels: Array) -> NDArray[np.bool_]:
    """Return whether each product lies in an interval from the misses of the other groups only."""
    found = np.zeros(len(miss), dtype=bool)
    for label in np.unique(labels):
        test = labels == label
        found[test] = np.abs(miss[test]) <= interval(miss[~test])
    return found


def _coverage(title: str, inside: NDArray[np.bool_]) -> Comparison:
    share = float(inside.mean()) * 100
    low, high = COVER
    goal = f"{low:g} to {high:g}"
    metric = "% inside intervals of 90 %"
    return Comparison(ROOM, TABLE, title, metric, share, goal, 90.0, len(inside), low <= share <= high)


def _left_out(precision: str, misses: list[Array], goal: float) -> Iterator[Comparison]:
    n = sum(map(len, misses))
    mean = float(np.mean([_error(miss).mean() for miss in misses]))
    yield _row(f"{precision}, one chip left out", "mean error in %", mean, n=n, goal=goal)
    if len(misses) > SIDES:
        labels = np.repeat(np.arange(len(misses)), [len(miss) for miss in misses]).astype(float)
        yield _coverage(f"{precision}, one chip left out", _inside(np.concatenate(misses), labels))
