"""Predicted against measured for training: cost, the law of loss, steps and memory, failures."""

from __future__ import annotations

import csv
import math
from functools import partial
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from narrows.catalog import default
from narrows.figure import Comparison, compared
from narrows.network.fabric import fabric
from narrows.training.failures import best_interval, first_order_share, simulated_share, useful_share
from narrows.training.goodput import goodput
from narrows.training.published_cost import CASES, COMPONENTS, METHODS, published_costs
from narrows.training.scaling import allocate
from narrows.training.scaling_fit import POINTS, bootstrap, fit_law, read_points
from narrows.training.step_checks import step_rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["training_rows"]

ROOM, EVENTS, SHEET = "training", "Llama 3 405B, 466 events", "network_cost_tiers_h100.csv"
COST_GOAL, SPREAD_GOAL, GAP_GOAL, USEFUL_GOAL, MINUTES_GOAL = 1e-6, 0.05, 0.5, 0.9, 16.7
"""Goals: relative error, error of a spread, points of a share, share, minutes an event."""
PUBLISHED = {"A": 477.84, "B": 2143.86, "E": 1.81724, "alpha": 0.34731, "beta": 0.36718}
"""Parameters of the published fit."""
SPREADS = {"A": 124.52, "B": 1293.28, "E": 0.02566, "alpha": 0.01540, "beta": 0.02060}
"""Their published standard errors."""
RESAMPLES = 40_000
CHINCHILLA_FLOP, RULE = 5.76e23, 20.0
"""Budget of the model that the rule of 20 tokens a parameter was stated with, and the rule."""
CHIPS, DAYS, MINUTES = 16_384, 54.0, 1440.0
GRID = ((600.0, 3e3, 1e4, 1e5, 1e6), (1.0, 10.0, 60.0, 300.0), (60.0, 600.0, 1800.0), (0.3, 1.0, 3.0))
"""Seconds between failures, of a checkpoint, of a restart; interval over the best one."""
COUNTS = (8, 64, 36_000)
"""Chips of a server, ports of a switch, and its price in the sheet."""


def training_rows(folder: Path | None) -> list[Comparison]:
    """Return the comparisons of the room.

    Parameters
    ----------
    folder
        Folder with the tables of training; None where there is none.
    """
    parts = {CASES: _cost, SHEET: _sheet, POINTS: _loss, "training runs": step_rows}
    rows = [row for name, part in parts.items() for row in compared(ROOM, name, partial(part, folder))]
    return [*rows, *_failures()]


def _absent(dataset: str, quantity: str) -> Comparison:
    return Comparison(ROOM, dataset, quantity, "not run: data absent", None, "", None, 0, None)


def _cost(folder: Path | None) -> Iterator[Comparison]:
    path = None if folder is None else folder / CASES
    if path is None or not path.is_file():
        yield _absent(CASES, "cost by published methods")
        return
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = published_costs(path)
    for name, column in [
        *((name, f"{name}_usd_2025") for name in METHODS),
        *((name, f"{name}_usd_nominal") for name in COMPONENTS),
    ]:
        pairs = [
            (cost.real.get(name, cost.nominal.get(name)), row[column])
            for cost, row in zip(found, rows, strict=True)
        ]
        errors = [_error(ours, theirs) for ours, theirs in pairs if ours is not None or theirs]
        part = "" if name in METHODS else "amortised method, part "
        yield Comparison(
            ROOM,
            CASES,
            f"cost of training, {part}{name}",
            "worst relative error",
            max(errors),
            "at most 1e-6",
            None,
            len(errors),
            max(errors) <= COST_GOAL,
        )


def _error(ours: float | None, theirs: str) -> float:
    """Return the relative error; infinite where one of the two gives no estimate."""
    if ours is None or not theirs:
        return math.inf
    return abs(ours / float(theirs) - 1.0)


def _sheet(folder: Path | None) -> Iterator[Comparison]:
    path = None if folder is None else folder / SHEET
    if path is None or not path.is_file():
        yield _absent(SHEET, "switches of a network")
        return
    per_server, ports, price = COUNTS
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    catalog = default()
    facility = catalog.fact("training.node.facility").canonical_value
    cables = ("none", "one_tier", "two_tiers")
    wrong, worst = 0, 0.0
    for row in rows:
        net = fabric(int(row["gpus"]), ports, per_server)
        wrong += net.total != int(row["switches"])
        cable = catalog.fact(f"training.cable.{cables[net.tiers]}").canonical_value
        node = float(row["node_cost_usd"]) / net.servers + facility + net.total / net.servers * price
        worst = max(worst, abs((node / per_server + cable) / float(row["avg_per_gpu_usd"]) - 1.0))
    yield Comparison(
        ROOM, SHEET, "switches by geometry", "sizes with a wrong count", float(wrong), "0", None, len(rows),
        wrong == 0,
    )  # fmt: skip
    yield Comparison(
        ROOM, SHEET, "all-in usd per GPU, cables by tier", "worst relative error", worst, "at most 0.001",
        None, len(rows), worst <= 1e-3,  # noqa: PLR2004 (rounding of the sheet)
    )  # fmt: skip


def _loss(folder: Path | None) -> Iterator[Comparison]:
    path = None if folder is None else folder / POINTS
    if path is None or not path.is_file():
        yield _absent(POINTS, "law of loss")
    else:
        fit = fit_law(read_points(path))
        digits = [
            abs(fit.parameters[name] - value) / 10.0 ** (math.floor(math.log10(value)) - 3)
            for name, value in PUBLISHED.items()
        ]
        yield Comparison(
            ROOM, POINTS, "five parameters of the law of loss", "worst error in units of the fourth digit",
            max(digits), "at most 0.5", None, len(digits), max(digits) <= 0.5,  # noqa: PLR2004 (of a digit)
        )  # fmt: skip
        drawn = bootstrap(fit, RESAMPLES)
        drawn[:, :3] = np.exp(drawn[:, :3])
        for name, values in zip(PUBLISHED, drawn.T, strict=True):
            ratio = float(values.std(ddof=1)) / SPREADS[name]
            yield Comparison(
                ROOM, POINTS, f"standard error of {name}", "ratio to the published one", ratio,
                "0.95 to 1.05", None, RESAMPLES, abs(ratio - 1.0) <= SPREAD_GOAL,
            )  # fmt: skip
    split = allocate(CHINCHILLA_FLOP, draws=4000)
    low, _, high = split.bands["tokens_per_parameter"]
    yield Comparison(
        ROOM, "arXiv 2203.15556", "tokens per parameter at 5.76e23 operations", "stated",
        split.stated["tokens_per_parameter"], "20 within p05 to p95", RULE, 1, low <= RULE <= high,
    )  # fmt: skip
    value, low, _, high = split.exponents["parameters"]
    yield Comparison(
        ROOM, "arXiv 2203.15556", "exponent of parameters in the budget", "stated", value,
        "0.5 within p05 to p95", 0.5, 1, low <= 0.5 <= high,  # noqa: PLR2004 (the published rule)
    )  # fmt: skip


def _failures() -> Iterator[Comparison]:
    exact, usual = [], []
    for mttf, write, restart, factor in product(*GRID):
        interval = float(best_interval(1.0 / mttf, write)) * factor
        timing = (1.0 / mttf, write, restart, interval)
        simulated, _ = simulated_share(timing, failures=400, runs=400)
        exact.append(100.0 * abs(float(useful_share(*timing[:3], np.array(interval))) - simulated))
        rough = float(np.clip(first_order_share(*timing[:3], np.array(interval)), 0.0, 1.0))
        usual.append(100.0 * abs(rough - simulated))
    yield Comparison(
        ROOM, "own simulation", "useful share, closed form", "worst gap in points", max(exact),
        "at most 0.5", max(usual), len(exact), max(exact) <= GAP_GOAL,
    )  # fmt: skip
    found = goodput(CHIPS, DAYS, draws=500).stated
    minutes = (1.0 - found["useful"]) * DAYS * MINUTES / found["interruptions"]
    yield Comparison(
        ROOM, EVENTS, "useful share, checkpoint 10 s and restart 420 s assumed", "share", found["useful"],
        "above 0.9", None, 1, found["useful"] > USEFUL_GOAL,
    )  # fmt: skip
    yield Comparison(
        ROOM, EVENTS, "loss an event, same assumptions", "minutes", minutes, "at most 16.7", None, 1,
        minutes <= MINUTES_GOAL,
    )  # fmt: skip
