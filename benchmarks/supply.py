"""The supply of a campus: time of the reference cases, and fifty random cases beside linopy with HiGHS."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks import Row, benchmark
from narrows.facility.supply_checks import reference_cases
from narrows.facility.supply_costs import FIRM, RENEWABLE, PlantCosts, plant_costs
from narrows.facility.supply_lp import YEAR, Campus, least_cost_supply, running_costs
from narrows.facility.supply_options import supply_frontier

DATA = Path("../shared/data/facility")
CASES, HOURS = 50, 168
EXACT = 1e-5
HARD_S, EASY_S, WEEKS_S, FRONTIER_S = 10.0, 2.0, 0.8, 60.0
WEEKS = 13


def random_campus(seed: int, hours: int = HOURS) -> Campus:
    """Return a campus with random prices, weather and limits."""
    random = np.random.default_rng(seed)
    sun = np.clip(np.sin(np.arange(hours) / 24 * 2 * np.pi - np.pi / 2), 0, 1) * random.uniform(0.2, 1, hours)
    return Campus(
        100.0,
        float(random.choice([0.0, 20.0, 50.0, 80.0, 100.0])),
        random.normal(60, 40, hours).round(2),
        {"pv": sun.round(4), "wind": random.uniform(0, 1, hours).round(4)},
        float(random.uniform(0, 300)),
        float(random.uniform(2, 12)),
        shared_inverter=bool(random.integers(2)),
    )


def by_linopy(campus: Campus, costs: PlantCosts) -> float:
    """Return the cost of the same problem as linopy states it and HiGHS solves it [usd/MWh]."""
    import highspy
    import linopy
    import pandas as pd
    import xarray as xr

    hours = pd.RangeIndex(campus.price.size, name="hour")
    over = [hours]
    program = linopy.Model()
    built = {
        name: program.add_variables(lower=0, name=f"K_{name}")
        for name in (*RENEWABLE, "ocgt", "ccgt", "battery", "inverter")
    }
    flow = {
        name: program.add_variables(lower=0, coords=over, name=name)
        for name in ("pv", "wind", "ocgt", "ccgt", "charge", "discharge", "stored")
    }
    grid = program.add_variables(lower=0, upper=campus.grid, coords=over, name="grid")
    series = {
        name: xr.DataArray(values, dims="hour", coords={"hour": hours})
        for name, values in {"price": campus.price, **campus.profiles}.items()
    }
    made = grid + flow["pv"] + flow["wind"] + flow["ocgt"] + flow["ccgt"] + flow["discharge"]
    program.add_constraints(made - flow["charge"] == campus.load)
    for name in RENEWABLE:
        program.add_constraints(flow[name] - series[name] * built[name] <= 0)
    for name in ("ocgt", "ccgt"):
        program.add_constraints(flow[name] - built[name] <= 0)
    inward = flow["charge"] + flow["discharge"] if campus.shared_inverter else 1 * flow["charge"]
    program.add_constraints(inward - built["inverter"] <= 0)
    program.add_constraints(flow["stored"] - built["battery"] <= 0)
    before = flow["stored"].roll(hour=1)
    kept = costs.one_way
    program.add_constraints(
        flow["stored"] - before - kept * flow["charge"] + (1 / kept) * flow["discharge"] == 0
    )
    running = running_costs(campus, costs)
    years = campus.price.size / YEAR
    total = sum(costs.yearly[name] * years * built[name] for name in built)
    total = total + (series["price"] * grid).sum()
    for name in (part for part in FIRM if part in built):
        total = total + running[name] * flow[name].sum()
    program.add_objective(total)
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    with tempfile.TemporaryDirectory() as folder:
        stated = Path(folder) / "campus.lp"
        program.to_file(stated, progress=False)
        solver.readModel(str(stated))
    solver.run()
    return float(solver.getInfo().objective_function_value) / (campus.load * campus.price.size)


@benchmark("supply")
def supply() -> list[Row]:
    """Time the reference cases and the frontier, and compare random cases with linopy."""
    costs = plant_costs()
    ours = theirs = far = 0.0
    for seed in range(CASES):
        campus = random_campus(seed)
        begin = time.perf_counter()
        found = least_cost_supply(campus, costs).cost
        ours += time.perf_counter() - begin
        begin = time.perf_counter()
        told = by_linopy(campus, costs)
        theirs += time.perf_counter() - begin
        far = max(far, abs(found / told - 1))
    name = f"{CASES} random campuses of {HOURS} hours"
    rows = [
        Row(f"{name}: largest relative error", far, None, "1", None, f"<= {EXACT:g}", far <= EXACT),
        Row(f"{name}: time, beside linopy with HiGHS", ours, theirs, "s", theirs / ours, "", None),
    ]
    begin = time.perf_counter()
    supply_frontier("sterling_va", 100.0)
    wall = time.perf_counter() - begin
    rows.append(
        Row("frontier of ten options", wall, None, "s", None, f"<= {FRONTIER_S:g} s", wall <= FRONTIER_S)
    )
    if not DATA.is_dir():
        return rows
    for row, campus in reference_cases(DATA):
        most = EASY_S if campus.carbon_price == 0 else HARD_S
        for weeks, limit in ((None, most), (WEEKS, WEEKS_S)):
            spent = []
            for _ in range(2):
                begin = time.perf_counter()
                least_cost_supply(campus, costs, weeks)
                spent.append(time.perf_counter() - begin)
            wall = min(spent)
            hours = "8,760 hours" if weeks is None else f"{weeks} weeks"
            what = f"least-cost supply of {row['site']}, {hours}"
            rows.append(Row(what, wall, None, "s", None, f"<= {limit:g} s", wall <= limit))
    return rows
