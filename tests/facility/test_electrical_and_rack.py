"""The electrical chain and what cools a rack: laws, published numbers, refusals."""

from __future__ import annotations

import math
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrows.errors import UnknownNameError, UsageError
from narrows.facility.electrical import (
    REDUNDANCY,
    Stage,
    chain_of,
    exceedance,
    frontier,
    layout_of,
    oversubscribed,
    site_power,
)
from narrows.facility.rack import (
    FAMILIES,
    PG25,
    air_flow_cfm,
    air_limit_kw,
    coolant_flow_lpm,
    door_limit_kw,
    effectiveness,
    families,
    junction_c,
    ladder,
    plate_supply_c,
    rack_kw,
)

QUICK = settings(max_examples=40, deadline=None)
loads = st.floats(0.05, 1.0)


# --- the chain -----------------------------------------------------------------------------------


@QUICK
@given(load=loads, units=st.integers(1, 12))
def test_more_redundancy_never_raises_efficiency(load, units):
    found = {name: chain_of(1000 * load, 1000, name, units=units) for name in REDUNDANCY}
    tolerance = 1 + 1e-12
    assert found["N+1"].efficiency <= found["N"].efficiency * tolerance
    assert found["2N"].efficiency <= found["N+1"].efficiency * tolerance
    assert found["2N"].efficiency <= found["4N/3"].efficiency * tolerance
    assert found["4N/3"].efficiency <= found["N"].efficiency * tolerance


@QUICK
@given(load=loads, name=st.sampled_from(REDUNDANCY))
def test_power_in_is_power_out_over_every_stage(load, name):
    found = chain_of(1000 * load, 1000, name)
    assert found.efficiency == pytest.approx(math.prod(found.stages.values()), rel=1e-12)
    assert found.input_kw > found.it_kw


def test_units_load_and_stranded_power():
    found = {name: layout_of(name) for name in REDUNDANCY}
    assert [found[name].load for name in REDUNDANCY] == [1.0, 0.8, 0.5, 0.75]
    stranded = [found[name].stranded_kw(1000) for name in REDUNDANCY]
    assert stranded == pytest.approx([0, 250, 1000, 1000 / 3])


def test_a_stage_by_hand():
    assert float(Stage("x", 0.01, 0.02, 0.03).efficiency(0.5)) == pytest.approx(0.5 / 0.5275)
    assert float(Stage("x", 0.01, 0.02, 0.03).efficiency(0.0)) == 0


def test_voltage_regulators_take_their_share():
    stages = ("transformer", "ups", "pdu", "rectifier", "vrm")
    assert chain_of(500, 1000, stages=stages).efficiency < chain_of(500, 1000).efficiency


def test_frontier_as_published():
    assert float(frontier(1750.0)) == pytest.approx(0.933, abs=0.0006)
    assert float(frontier(1950.0)) == pytest.approx(0.934, abs=0.0006)


@QUICK
@given(
    racks=st.integers(1, 60),
    mean=st.floats(0.3, 0.95),
    spread=st.floats(0.01, 0.2),
    limit=st.floats(10, 5000),
)
def test_another_rack_never_lowers_the_risk(racks, mean, spread, limit):
    one = exceedance(racks, 100, limit, mean=mean, spread=spread)
    two = exceedance(racks + 1, 100, limit, mean=mean, spread=spread)
    assert two >= one - 1e-12


def test_the_normal_tail_is_near_the_binomial():
    racks, limit, share = 200, 120, 0.5
    exact = sum(comb(racks, on) for on in range(limit + 1, racks + 1)) / 2**racks
    tail = exceedance(racks, 1.0, limit + 0.5, mean=share, spread=math.sqrt(share * (1 - share)))
    assert tail == pytest.approx(exact, rel=0.1)


@QUICK
@given(risk=st.floats(1e-4, 0.2), correlation=st.floats(0, 1))
def test_the_most_racks_is_the_last_within_the_risk(risk, correlation):
    kinds = {"mean": 0.7, "spread": 0.05, "correlation": correlation}
    most = oversubscribed(100, 2000, risk=risk, **kinds)
    assert exceedance(most, 100, 2000, **kinds) <= risk < exceedance(most + 1, 100, 2000, **kinds)


def test_the_worst_hour_sizes_and_the_year_pays():
    assert site_power(100, design_pue=1.4, annual_pue=1.1, hours=10) == pytest.approx((140, 1100))
    with pytest.raises(UsageError, match=r"^The PUE is 1\.4 in the year and 1\.1 in the worst hour\. "):
        site_power(100, design_pue=1.1, annual_pue=1.4, hours=10)


# --- the rack ------------------------------------------------------------------------------------


def test_flows_as_published():
    assert [round(air_flow_cfm(1, rise)) for rise in (13.9, 16.7)] == [127, 106]
    assert [round(coolant_flow_lpm(1, rise), 2) for rise in (10, 15)] == [1.44, 0.96]
    assert round(coolant_flow_lpm(1, 10, PG25), 2) == 1.51
    assert round(coolant_flow_lpm(120, 15)) == 115
    assert round(coolant_flow_lpm(120, 10, PG25)) == 181
    spans = [(round(air_limit_kw(cfm, 13.9)), round(air_limit_kw(cfm, 16.7))) for cfm in (3000, 5000)]
    assert spans[0] == (24, 28)
    assert spans[1] == (39, 47)


@QUICK
@given(kw=st.floats(0.1, 500), rise=st.floats(2, 40))
def test_flow_and_limit_undo_one_another(kw, rise):
    assert air_limit_kw(air_flow_cfm(kw, rise), rise) == pytest.approx(kw)


@QUICK
@given(kw=st.floats(1, 590))
def test_every_rack_up_to_the_last_family_is_taken(kw):
    found = ladder(kw)
    assert {row.id for row in (*found.works, *found.beyond)} == set(FAMILIES)
    assert all(kw <= row.most_kw for row in found.works)
    assert all(kw > row.most_kw for row in found.beyond)


def test_air_ends_between_the_published_limits():
    air = families()[0]
    assert 23.5 < air.usual_kw < 28.5
    assert 39 < air.most_kw < 48


@QUICK
@given(units=st.floats(0.1, 6), ratio=st.floats(0, 1))
def test_a_coil_passes_no_more_than_all_and_equal_flows_are_the_limit(units, ratio):
    passed = effectiveness(units, ratio)
    assert 0 < passed <= 1 - math.exp(-units) + 1e-12  # no coil passes more than with endless water
    assert passed >= effectiveness(units, 1.0) - 1e-9


def test_a_door_leaves_nothing_to_the_room():
    kw = door_limit_kw(4000, 27, 18, 0.7)
    rise = kw / air_limit_kw(4000, 1.0)
    assert 0.7 * (27 + rise - 18) == pytest.approx(rise)
    with pytest.raises(UsageError, match=r"^The door has water of 27 C and air of 27 C\. "):
        door_limit_kw(4000, 27, 27, 0.7)


def test_a_hotter_chip_needs_colder_water():
    assert plate_supply_c(1400) < plate_supply_c(700)
    supply = plate_supply_c(1000)
    assert junction_c(supply, 1000, approach_k=3, rise_k=10, resistance=0.025) == pytest.approx(85)


def test_a_system_over_several_racks_spreads_its_heat():
    assert rack_kw("cloudmatrix_384")[0] == pytest.approx(559 / 16)
    assert rack_kw("GB200-NVL72") == (132.0, "gb200_nvl72")


def test_refusals_name_what_works():
    with pytest.raises(UsageError) as refused:
        ladder("gb200_nvl72", family="air")
    assert str(refused.value) == (
        "A rack has 132 kW and is to be cooled by air. That ends at 47 kW; cold plates or single-phase immersion "
        "or two-phase immersion would take it. Take cold plates, or spread the load over more racks."
    )
    with pytest.raises(UsageError) as refused:
        ladder(700)
    assert str(refused.value) == (
        "A rack has 700 kW. Cold plates go furthest, to 600 kW. Spread the load over more racks."
    )
    with pytest.raises(UnknownNameError, match=r"^The system 'gb2000' is not known\. "):
        ladder("gb2000")
    with pytest.raises(UsageError, match=r"^The kw is -1\. "):
        ladder(-1)
