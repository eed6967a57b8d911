"""The supply of a campus: reference optima, hand-solved cases, an independent formulation, laws."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from narrows.errors import RunError, UnknownNameError, UsageError
from narrows.facility.renewables import SupplyWeather, photovoltaic_share, wind_share
from narrows.facility.supply_checks import reference_cases
from narrows.facility.supply_costs import plant_costs
from narrows.facility.supply_lp import Campus, least_cost_supply
from narrows.facility.supply_weeks import medoids

DATA = Path("../shared/data/facility")
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not here")


def small(seed: int, hours: int = 24, **asked) -> Campus:
    random = np.random.default_rng(seed)
    sun = np.clip(np.sin(np.arange(hours) / 24 * 2 * np.pi - np.pi / 2), 0, 1).round(6)
    asked = {"grid": 40.0, "carbon_price": 200.0, "gas_price": 12.0} | asked
    grid = asked.pop("grid")
    return Campus(
        100.0, grid, random.uniform(20, 200, hours), {"pv": sun, "wind": random.uniform(0, 1, hours)}, **asked
    )


@needs_data
def test_the_profiles_have_the_capacity_factors_of_the_reference():
    for row, campus in reference_cases(DATA):
        assert campus.profiles["pv"].mean() == pytest.approx(float(row["pv_cf"]), abs=6e-6)
        assert campus.profiles["wind"].mean() == pytest.approx(float(row["wind_cf"]), abs=6e-6)


@needs_data
def test_the_optimum_is_that_of_the_reference():
    row, campus = next(reference_cases(DATA))
    found = least_cost_supply(campus)
    assert found.cost == pytest.approx(float(row["objective_usd_per_mwh"]), rel=1e-5)
    assert found.shares["grid"] == pytest.approx(float(row["grid_share"]), abs=1e-3)


@needs_data
def test_thirteen_weeks_are_near_the_reference():
    for row, campus in reference_cases(DATA):
        found = least_cost_supply(campus, weeks=13)
        assert found.cost == pytest.approx(float(row["objective_usd_per_mwh"]), rel=0.015)


def test_a_turbine_alone_costs_its_annuity_and_its_gas():
    hours = np.ones(8760)
    campus = Campus(10.0, 0.0, hours, {"pv": 0 * hours, "wind": 0 * hours}, gas_price=4.0, allowed=("ccgt",))
    annuity = 1367.46 * (0.08 / (1 - 1.08**-25) + 0.0197) * 1000 / 8760
    gas = 4.0 / 0.293071 / 0.58
    assert least_cost_supply(campus).cost == pytest.approx(annuity + 7.4698 + gas, rel=1e-6)


def brute(campus: Campus) -> float:
    """Every flow its own column and every limit its own row, solved by another method of HiGHS."""
    import highspy

    costs, hours = plant_costs(), campus.price.size
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("solver", "ipm")
    years = hours / 8760
    build = {
        name: solver.addVariable(lb=0, obj=costs.yearly[name] * years)
        for name in ("pv", "wind", "ocgt", "ccgt", "battery", "inverter")
    }
    fuel = campus.gas_price / 0.293071 + 0.198 * campus.carbon_price
    running = {"ocgt": 6.0111 + fuel / 0.41, "ccgt": 7.4698 + fuel / 0.58}
    stored = [solver.addVariable(lb=0) for _ in range(hours)]
    for hour in range(hours):
        bought = solver.addVariable(lb=0, ub=campus.grid, obj=campus.price[hour])
        sun, wind = solver.addVariable(lb=0), solver.addVariable(lb=0)
        open_, combined = (solver.addVariable(lb=0, obj=running[name]) for name in ("ocgt", "ccgt"))
        charge, discharge = solver.addVariable(lb=0), solver.addVariable(lb=0)
        solver.addConstr(bought + sun + wind + open_ + combined - charge + discharge == campus.load)
        solver.addConstr(sun <= campus.profiles["pv"][hour] * build["pv"])
        solver.addConstr(wind <= campus.profiles["wind"][hour] * build["wind"])
        solver.addConstr(open_ <= build["ocgt"])
        solver.addConstr(combined <= build["ccgt"])
        solver.addConstr(charge + discharge <= build["inverter"])
        solver.addConstr(stored[hour] == stored[hour - 1] + 0.96 * charge - discharge * (1 / 0.96))
        solver.addConstr(stored[hour] <= build["battery"])
    solver.run()
    return solver.getInfo().objective_function_value / (campus.load * hours)


@pytest.mark.parametrize("seed", range(6))
def test_the_optimum_is_that_of_the_full_formulation(seed):
    campus = small(seed, grid=20.0 * seed)
    assert least_cost_supply(campus).cost == pytest.approx(brute(campus), rel=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_the_balance_closes_and_the_parts_add_up(seed):
    found = least_cost_supply(small(seed, 72))
    flow = found.flows
    made = sum(flow[name] for name in ("grid", "renewable", "ocgt", "ccgt", "discharge"))
    assert made - flow["charge"] == pytest.approx(100.0, abs=1e-6)
    assert flow["grid"].max() <= 40 + 1e-6
    assert sum(found.cost_parts.values()) == pytest.approx(found.cost, rel=1e-6)
    assert (flow["charge"] + flow["discharge"]).max() <= found.capacity["inverter"] + 1e-6


def test_the_price_of_one_more_is_the_slope():
    campus, step = small(1, 72), 1e-3
    found = least_cost_supply(campus)
    more = least_cost_supply(replace(campus, load=100.0 + step))
    slope = (more.cost * more.energy - found.cost * found.energy) / (step * 72)
    assert found.one_more == pytest.approx(slope, rel=1e-3)
    wider = least_cost_supply(replace(campus, grid=40.0 + step))
    saved = (found.cost - wider.cost) * found.energy / step / (72 / 8760)
    assert found.grid_value == pytest.approx(saved, rel=1e-3)


def test_more_choice_never_costs_more():
    campus = small(2)
    costs = [
        least_cost_supply(replace(campus, allowed=allowed)).cost
        for allowed in (("ccgt",), ("ccgt", "pv"), ("ccgt", "pv", "wind", "battery", "inverter"))
    ]
    assert costs[0] >= costs[1] - 1e-9 >= costs[2] - 2e-9


def test_a_supply_that_cannot_be_names_the_hour():
    night = np.ones(24)
    night[3] = 0.0
    campus = Campus(100.0, 60.0, 30 + 0 * night, {"pv": night, "wind": 0 * night}, allowed=("pv",))
    with pytest.raises(RunError) as refused:
        least_cost_supply(campus)
    assert str(refused.value) == (
        "No supply serves 100 MW: in hour 3 of the year 40 MW are short, and 40 MWh in the year at best. "
        "What is allowed and the grid together serve every hour. "
        "Raise the grid to 100 MW, or allow 40 MW more of a firm technology such as ccgt."
    )


def test_the_limit_it_names_serves():
    night = np.ones(24)
    night[3] = 0.0
    campus = Campus(100.0, 100.0, 30 + 0 * night, {"pv": night, "wind": 0 * night}, allowed=("pv",))
    assert least_cost_supply(campus).flows["grid"].max() <= 100 + 1e-6


def test_negative_prices_and_both_ways_are_reported():
    price = np.where(np.arange(24) < 6, -2000.0, 100.0)
    still = np.zeros(24)
    campus = Campus(100.0, 4000.0, price, {"pv": still, "wind": still}, shared_inverter=False)
    free = least_cost_supply(campus)
    hours, energy = free.both_ways
    assert hours > 0
    assert energy > 0
    shared = least_cost_supply(replace(campus, shared_inverter=True))
    assert shared.cost >= free.cost - 1e-9


def test_what_cannot_be_asked_is_refused():
    with pytest.raises(UnknownNameError, match="technology 'coal'"):
        small(0, allowed=("coal",))
    with pytest.raises(UsageError, match="The grid limit is -1"):
        small(0, grid=-1.0)
    with pytest.raises(UsageError, match="The number of weeks is 9"):
        least_cost_supply(small(0, 24 * 7 * 8), weeks=9)


def test_medoids_are_the_best_pair():
    rows = np.random.default_rng(4).normal(size=(12, 3))
    distance = ((rows[:, None] - rows[None]) ** 2).sum(axis=2)
    best = min(distance[:, [a, b]].min(axis=1).sum() for a in range(12) for b in range(a))
    chosen, stands = medoids(rows, 2)
    assert distance[:, chosen].min(axis=1).sum() == pytest.approx(best)
    assert stands.sum() == 12


def test_shares_of_sun_and_wind_stay_within_zero_and_one():
    random = np.random.default_rng(0)
    weather = SupplyWeather(
        random.uniform(-40, 50, 500), random.uniform(0, 1300, 500), random.uniform(0, 40, 500)
    )
    for share in (photovoltaic_share(weather), wind_share(weather)):
        assert share.min() >= 0
        assert share.max() <= 1
