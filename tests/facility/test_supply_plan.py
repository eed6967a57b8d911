"""The firm supply and the frontier: an outside formulation, hand-solved cases, laws, dates that hang together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from benchmarks.supply import by_linopy, random_campus
from hypothesis import given, settings
from hypothesis import strategies as st

from narrows.bottlenecks.chain import why
from narrows.catalog import Reader, default
from narrows.errors import DataError, UnknownNameError, UsageError
from narrows.facility.electrical import chain_of, exceedance
from narrows.facility.plant import Design, simulate
from narrows.facility.power_path import durations, finish, hall_after, source_months
from narrows.facility.renewables import supply_weather
from narrows.facility.site_chain import electrical_site
from narrows.facility.supply_costs import plant_costs
from narrows.facility.supply_lp import Campus, least_cost_supply
from narrows.facility.supply_options import supply_frontier
from narrows.facility.supply_plan import band, campus_at, firm_supply, outages, priced, supply, with_spare
from narrows.facility.supply_ways import allowed_by, way_months
from narrows.facility.weather import weather

FLAT = np.ones(8760)
ISLAND = ("turbines", "combined_cycle", "renewable", "battery")


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.filterwarnings("ignore")
def test_random_campuses_cost_what_linopy_says(seed):
    campus, costs = random_campus(seed), plant_costs()
    assert least_cost_supply(campus, costs).cost == pytest.approx(by_linopy(campus, costs), rel=1e-5)


def contract_campus(price, **asked):
    sun = np.tile(np.r_[np.zeros(12), np.ones(12)], 365)
    return Campus(
        100.0, 100.0, price * FLAT, {"pv": sun, "wind": 0 * sun}, allowed=("ppa_pv", "ppa_wind"), **asked
    )


def test_a_contract_below_the_price_of_the_grid_serves_its_hours():
    costs = replace(plant_costs(), contract={"ppa_pv": 40.0, "ppa_wind": 40.0})
    found = least_cost_supply(contract_campus(60.0, wires=10.0), costs)
    assert found.capacity["ppa_pv"] == pytest.approx(100.0)
    assert found.cost == pytest.approx((60 + 40) / 2 + 10)  # half of the hours have sun; wires carry all
    assert found.flows["contracted"].max() <= 100 + 1e-6


def test_a_contract_above_the_price_of_the_grid_is_not_signed():
    costs = replace(plant_costs(), contract={"ppa_pv": 61.0, "ppa_wind": 61.0})
    found = least_cost_supply(contract_campus(60.0), costs)
    assert found.capacity["ppa_pv"] == pytest.approx(0.0, abs=1e-6)
    assert found.cost == pytest.approx(60.0)


def test_with_contracts_the_price_of_one_more_is_the_slope():
    random = np.random.default_rng(5)
    hours = 96
    asked = Campus(
        100.0,
        70.0,
        random.uniform(20, 200, hours),
        {"pv": random.uniform(0, 1, hours), "wind": random.uniform(0, 1, hours)},
        allowed=("ppa_pv", "ppa_wind", "ocgt", "battery", "inverter"),
    )
    found, more = least_cost_supply(asked), least_cost_supply(replace(asked, load=100.001))
    slope = (more.cost * more.energy - found.cost * found.energy) / (0.001 * hours)
    assert found.one_more == pytest.approx(slope, rel=1e-3)
    through = found.flows["grid"] + found.flows["contracted"]
    assert through.max() <= 70 + 1e-6
    assert found.flows["grid"].min() >= -1e-6


def test_the_spare_is_one_unit_of_the_largest_and_serves_every_hour():
    costs = plant_costs(today=True)
    campus = campus_at("cheyenne_wy", 100.0, 0.0, ways=("turbines", "combined_cycle"))
    bare = least_cost_supply(campus, costs)
    firm, (name, size) = with_spare(bare)
    assert (name, size) == ("ocgt", 50.0)
    assert firm.cost - bare.cost == pytest.approx(costs.yearly["ocgt"] * 50 / (100 * 8760))
    short, served = outages(bare)[0], outages(firm)[0]
    assert short.worst == pytest.approx(50.0 * 168)
    assert served.worst == 0


def test_a_grid_with_room_stands_for_the_spare():
    campus = campus_at("cheyenne_wy", 100.0, 100.0, ways=("grid", "combined_cycle"))
    firm, spare = with_spare(least_cost_supply(campus, plant_costs(today=True)))
    assert firm.capacity["ccgt"] == pytest.approx(100.0)
    assert spare == ("", 0.0)
    assert outages(firm)[0].worst == 0
    tight, (_, size) = with_spare(least_cost_supply(replace(campus, grid=20.0), plant_costs(today=True)))
    assert size == pytest.approx(50.0 - 20.0)
    assert outages(tight)[0].worst == pytest.approx(0.0, abs=1e-3)


def test_a_firm_supply_counts_the_spare_when_it_chooses():
    costs = plant_costs(today=True)
    campus = campus_at(
        "sterling_va", 100.0, 0.0, ways=("turbines", "combined_cycle", "fuel_cell"), gas_price=3.5
    )
    chosen, _ = firm_supply(campus, costs, 4)
    naive, _ = with_spare(least_cost_supply(campus, costs, 4))
    assert chosen.cost <= naive.cost + 1e-9


def test_the_grid_out_leaves_its_hours_short():
    found = supply("phoenix_az", 100.0, ways=("grid",), draws=50)
    (grid,) = found.outages
    assert (grid.what, grid.worst, grid.share) == ("the grid", 400.0, 1.0)
    assert found.spare == ("", 0.0)


def test_priced_at_stated_facts_is_the_cost_of_the_plan():
    """With every draw at its stated value the bill is the optimum itself."""

    class Stated(Reader):
        def draws(self, id_):
            return np.full(self.n, self.fact(id_).canonical_value)

    campus = campus_at("sterling_va", 100.0, 40.0, carbon_price=80.0)
    built, _ = firm_supply(campus, plant_costs(today=True), 4)
    reader = Stated(default(), seed=1, n=3)
    bill = priced(built, reader)
    assert bill.cost == pytest.approx(np.full(3, built.cost), rel=1e-9)
    burnt = built.carbon(0.367)
    assert bill.carbon["scope 1"][0] == pytest.approx(burnt["scope 1"], rel=1e-9)
    assert bill.carbon["scope 2"][0] == pytest.approx(burnt["scope 2"], rel=1e-9)
    assert bill.cost - bill.without == pytest.approx(80 * burnt["scope 1"] / 1000)


def test_the_ways_date_as_the_critical_path():
    reader = Reader(default(), seed=3, n=400)
    times = durations(100.0, reader=reader)
    months = way_months(reader, 100.0, times)
    assert months["grid"].tolist() == finish(times, "grid").first.tolist()
    bridge = np.minimum(source_months(times, "mobile"), source_months(times, "grid"))
    assert bridge.tolist() == finish(times, "bridge").first.tolist()
    engines = np.minimum(source_months(times, "engines"), source_months(times, "fuel_cells"))
    assert engines.tolist() == finish(times, "onsite").first.tolist()
    assert (hall_after(times, np.zeros(400)) <= months["grid"] + 1e-9).all()


def test_what_is_late_is_left_out_and_reactors_come_with_patience():
    near = supply("phoenix_az", 100.0, within=32, weeks=2, draws=300)
    assert "grid" in near.left_out
    assert "smr" in near.left_out
    assert near.built.campus.grid == 0
    far = supply("phoenix_az", 100.0, within=400, weeks=2, draws=300)
    assert "smr" in far.ways
    assert far.built.cost <= near.built.cost + 1e-9


@pytest.fixture(scope="module")
def front():
    return supply_frontier("phoenix_az", 100.0, weeks=4, draws=400)


def test_no_supply_of_the_frontier_is_beaten(front):
    points = {
        row.id: [band(values)[1] for values in (row.months, row.cost, row.carbon)] for row in front.choices
    }
    for row in front.choices:
        beaten = any(
            all(other <= own for other, own in zip(points[name], points[row.id], strict=True))
            and points[name] != points[row.id]
            for name in points
        )
        assert beaten != row.best


def test_low_carbon_is_low_and_dear(front):
    rows = {row.id: row for row in front.choices}
    cheap = {"hybrid_low": "turbines", "contracts_low": "grid", "mixed_low": "mixed"}
    assert set(cheap) <= set(rows)
    for clean, other in cheap.items():
        assert np.median(rows[clean].carbon) < np.median(rows[other].carbon)
        assert np.median(rows[clean].cost) > min(np.median(rows[name].cost) for name in (other, "mixed"))


def test_the_bridge_is_first_and_turns_into_the_grid(front):
    rows = {row.id: row for row in front.choices}
    assert (rows["bridge"].months <= rows["grid"].months).all()
    same = rows["bridge"].months == rows["grid"].months
    assert rows["bridge"].cost[same] == pytest.approx(rows["grid"].cost[same])


def test_dates_of_the_frontier_are_those_of_the_library(front):
    assert front.start == default().last
    assert [band(row.months)[1] for row in front.choices] == sorted(
        band(row.months)[1] for row in front.choices
    )


def test_a_figure_answers_why():
    chain = why("facility.frontier.cost.grid.phoenix_az.100", draws=300)
    alone = supply_frontier("phoenix_az", 100.0, options=("grid",), draws=300, seed=chain.figure.seed)
    assert chain.figure.value == pytest.approx(float(alone.choices[0].cost.mean()))
    assert chain.links[0].fact.id in {"supply.grid_price", "supply.grid_wires"}
    assert why("facility.frontier.months.bridge.phoenix_az.100", draws=100).figure.unit == "month"
    with pytest.raises(UnknownNameError):
        why("facility.supply.cost.phoenixx.100", draws=10)


@settings(max_examples=20, deadline=None)
@given(st.floats(0.1, 1.0), st.sampled_from(["N", "N+1", "2N", "4N/3"]))
def test_the_table_of_the_chain_is_the_chain(load, redundancy):
    site = electrical_site(10.0, load)
    assert site.chains[redundancy].efficiency == chain_of(load * 1e4, 1e4, redundancy).efficiency
    assert site.chains["N"].efficiency >= site.chains[redundancy].efficiency


def test_more_risk_feeds_more_racks_within_it():
    site = electrical_site(100.0)
    racks = [feed.racks for feed in site.feeds]
    assert racks == sorted(racks, reverse=True)
    for feed in site.feeds:
        assert feed.reached <= feed.risk
        held = default()
        draw = {
            name: held.fact(f"electrical.draw.{name}").value for name in ("mean", "spread", "correlation")
        }
        assert exceedance(feed.racks + 1, 132.0, 2000.0, **draw) > feed.risk


def test_the_worst_hour_sizes_and_the_year_pays():
    site = electrical_site(50.0, 0.5, place="phoenix_az")
    year = simulate(Design.parse("air + towers"), weather("phoenix_az"))
    assert site.connection_mw == pytest.approx(50 * year.peak_pue)
    assert site.energy_mwh == pytest.approx(25 * year.pue * 8760)


def test_an_epw_file_is_read(tmp_path):
    lines = ["head"] * 8
    for hour in range(8760):
        row = [str(hour)] * 3 + [str(hour % 24 + 1)] + ["0"] * 20
        row[6], row[13], row[21] = "21.5", "300", "7.5"
        lines.append(",".join(row))
    path = tmp_path / "place.epw"
    path.write_text("\n".join(lines), encoding="utf-8")
    found = supply_weather(str(path))
    assert (found.temperature[5], found.irradiance[5], found.wind[5]) == (21.5, 300.0, 7.5)
    path.write_text("\n".join(lines[:-1]), encoding="utf-8")
    with pytest.raises(DataError) as refused:
        supply_weather(str(path))
    assert "8759 hours" in str(refused.value)


@pytest.mark.skipif(not Path("../shared/data/facility").is_dir(), reason="../shared/data is not here")
def test_the_shipped_years_are_those_of_the_table():
    from narrows.facility.renewables import supply_weather_of

    table = Path("../shared/data/facility/weather_tmy3.npz")
    for city in ("phoenix_az", "tampa_fl"):
        ours, theirs = supply_weather(city), supply_weather_of(city, table)
        assert (ours.wind == theirs.wind).all()
        assert (ours.irradiance == theirs.irradiance).all()


@pytest.mark.parametrize(
    ("asked", "kind", "sentence"),
    [
        (
            {"within": 5},
            UsageError,
            (
                "Within 5 months no way of supply that was asked for gives first power. The soonest is fuel "
                "cells, after {months:.1f} months. Give --within {whole:.0f} or more."
            ),
        ),
        (
            {"draws": 0},
            UsageError,
            "The number of draws is 0. Draws are a whole number from 1 to 1000000. Give --draws 1000.",
        ),
        (
            {"ways": ("grids",)},
            UnknownNameError,
            "The way of supply 'grids' is not known. The nearest known: 'grid', 'turbines'. Choose among them.",
        ),
    ],
)
def test_what_cannot_be_asked(asked, kind, sentence):
    with pytest.raises(kind) as refused:
        supply("phoenix_az", **({"draws": 200} | asked))
    months = float(np.median(way_months(Reader(default(), seed=1, n=200), 100.0)["fuel_cell"]))
    assert str(refused.value) == sentence.format(months=months, whole=np.ceil(months))


def test_parts_of_ways():
    assert allowed_by(["ppa", "smr"]) == ("ppa_pv", "ppa_wind", "smr")
    assert set(allowed_by(ISLAND)) == {"pv", "wind", "battery", "inverter", "ocgt", "ccgt"}
