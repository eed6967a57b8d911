"""Training: published costs of 40 runs, the fit of the law of loss and its resamples, the cost of a run."""

from __future__ import annotations

from pathlib import Path

from benchmarks import Row, benchmark
from benchmarks.kernel import least_seconds
from narrows.training.published_cost import CASES, published_costs
from narrows.training.run_cost import Run, run_cost
from narrows.training.scaling_fit import bootstrap, fit_law, read_points

DATA = Path("../shared/data/training")
PEER_COST = 2.2
"""CPU-seconds of the study's own script for its 52 runs, as recorded; not run here."""


@benchmark("training_cost")
def speed() -> list[Row]:
    """Time the methods; what needs the tables is left out where they are not."""
    asked = Run("h100", 16_384, days=54.0)
    run_cost(asked, draws=10)
    _, cpu = least_seconds(lambda: run_cost(asked), 3)
    rows = [Row("cost of a run, 10,000 draws, tornado", cpu, None, "s", None, "at most 0.5 s", cpu <= 0.5)]
    if not (DATA / CASES).is_file():
        return rows
    _, cpu = least_seconds(lambda: published_costs(DATA), 5)
    rows.append(
        Row(
            "published cost of 40 runs, tables read; peer: its own script, as recorded",
            cpu,
            PEER_COST,
            "s",
            PEER_COST / cpu,
            "at most 0.2 s",
            cpu <= 0.2,
        )
    )
    points = read_points(DATA)
    _, cpu = least_seconds(lambda: fit_law(points), 3)
    rows.append(Row("law of loss, 4,500 starts", cpu, None, "s", None, "at most 2 s", cpu <= 2))
    fit = fit_law(points)
    _, cpu = least_seconds(lambda: bootstrap(fit, 4000), 1)
    rows.append(Row("law of loss, 4,000 resamples", cpu, None, "s", None, "at most 60 s", cpu <= 60))
    return rows
