"""The plan of five products with capacity that may be bought: time to write and solve it, beside linopy."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import Row, benchmark
from narrows.bottlenecks.feedback import loop
from narrows.bottlenecks.model import build
from narrows.bottlenecks.products import Choice, Shop, usual
from narrows.bottlenecks.programme import Expansion, Programme, optimise
from narrows.catalog import PointReader, default

if TYPE_CHECKING:
    from collections.abc import Iterator

QUARTERS, RUNS, SIZE = 40, 5, 1e6


def priced_everywhere(programme: Programme) -> Programme:
    """Return a programme in which every layer with a capacity may be expanded, at made-up costs."""
    rows, quarters = programme.K.shape
    root = programme.network.root
    cost = np.where(np.arange(rows) == root, np.inf, np.linspace(0.5, 1.5, rows))
    cost[~np.isfinite(programme.K).all(axis=1)] = np.inf
    ceiling = np.repeat(0.2 * programme.K.max(axis=1, keepdims=True), quarters, axis=1)
    lead = 2 + np.arange(rows) % 4
    grow = Expansion(cost, lead, ceiling, np.ones((rows, quarters)), np.ones(rows, dtype=np.bool_))
    return replace(programme, expansion=grow)


def with_linopy(programme: Programme) -> float:
    """Return the optimum of a programme written in cumulative outputs with linopy [value]."""
    import linopy
    import pandas as pd

    products, rows, quarters = programme.take.shape
    model, index = linopy.Model(), pd.RangeIndex(quarters, name="t")
    made, root = np.isfinite(programme.take), programme.network.root

    def series(values: np.ndarray) -> object:
        return pd.Series(np.asarray(values, dtype=float), index).to_xarray()

    x = {
        (p, i): model.add_variables(
            lower=0, upper=series(np.where(made[p, i], np.inf, 0.0)), name=f"x{p}_{i}"
        )
        for p in range(products)
        for i in range(rows)
    }
    total = {key: made_here.cumsum("t") for key, made_here in x.items()}
    whole = sum(1 * x[p, root] for p in range(products))
    value = (whole * series(programme.value)).sum()
    grow = programme.expansion
    for i in range(rows):
        if np.isfinite(programme.K[i]).all():
            take = np.where(made[:, i], programme.take[:, i], 0.0)
            left = sum(x[p, i] * series(take[p]) for p in range(products))
            if grow is not None and np.isfinite(grow.cost[i]):
                top = np.where(np.arange(quarters) < grow.lead[i], 0.0, grow.ceiling[i] / SIZE)
                added = model.add_variables(lower=0, upper=series(top), name=f"u{i}")
                model.add_constraints(added - added.shift(t=1) >= 0)
                left = left - added * series(grow.reach[i])
                value = value - float(grow.cost[i]) * added.isel(t=quarters - 1)
            model.add_constraints(left <= series(programme.K[i] / SIZE))
        if i == root:
            continue
        parent, lag = int(programme.network.parent[i]), int(programme.network.lag[i])
        ahead = 0
        for p in range(products):
            came = total[p, i].shift(t=lag)
            model.add_constraints(total[p, parent] - came <= series(programme.A[p, i] / SIZE))
            ahead = ahead + total[p, i] - total[p, parent]
        if np.isfinite(programme.cap[i]).all():
            model.add_constraints(ahead <= series(programme.cap[i] / SIZE))
    for p in range(products):
        model.add_constraints(x[p, root] - whole * series(programme.high[p]) <= 0)
        model.add_constraints(x[p, root] - whole * series(programme.low[p]) >= 0)
    model.add_objective(value, sense="max")
    model.solve("highs", io_api="direct", output_flag=False)
    return float(model.objective.value) * SIZE


@contextmanager
def _quiet() -> Iterator[None]:
    """Send what compiled code prints to stdout nowhere: the solver greets even when told to be silent."""
    sys.stdout.flush()
    kept = os.dup(1)
    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123 (a device)
        os.dup2(nowhere.fileno(), 1)
        try:
            yield
        finally:
            os.dup2(kept, 1)
            os.close(kept)


@benchmark("plan")
def plan() -> list[Row]:
    """Time five products with expansion over 40 quarters, and the loop over 10,000 draws."""
    model = build(PointReader(default()))
    shop = Shop(model, usual(model.layers[0].recipes, 2026), len(model.quarters) - QUARTERS)
    seconds, found = [], 0.0
    for _ in range(RUNS):
        begin = time.perf_counter()
        programme = priced_everywhere(shop.programme(0, Choice(mix=True)))
        found = optimise(programme).objective
        seconds.append(time.perf_counter() - begin)
    ours, peer = min(seconds), None
    try:
        import linopy  # noqa: F401
    except ImportError:
        pass
    else:
        import warnings

        with warnings.catch_warnings(), _quiet():
            warnings.simplefilter("ignore")
            begin = time.perf_counter()
            theirs = with_linopy(programme)
            peer = time.perf_counter() - begin
        if not np.isclose(found, theirs, rtol=1e-6):
            message = f"the plan and linopy differ: {found} and {theirs}"
            raise AssertionError(message)
    begin = time.perf_counter()
    loop()
    stepped = time.perf_counter() - begin
    size = f"5 products x {len(model.layers)} layers x {QUARTERS} quarters with expansion"
    return [
        Row(
            f"{size}, build and solve",
            ours,
            peer,
            "s",
            peer / ours if peer else None,
            "at most 2",
            ours <= 2,
        ),
        Row("the loop, 10000 draws", stepped, None, "s", None, "at most 5", stepped <= 5),
    ]
