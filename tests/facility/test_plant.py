"""Laws of the plant: what must hold for every design under every sky."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrows.errors import UsageError
from narrows.facility.plant import AGES, HEAT_PATHS, REDUNDANCY, REJECTION, Design, facts_of, simulate
from narrows.facility.sweep import sweep
from narrows.facility.weather import Weather, cities, weather

HOURS = 8760
FACTS = {age: facts_of(age) for age in AGES}


@st.composite
def designs(draw):
    heat = draw(st.sampled_from(HEAT_PATHS))
    outlets = REJECTION if heat == "air" else REJECTION[1:]
    return Design(
        heat,
        draw(st.sampled_from(outlets)),
        draw(st.sampled_from(sorted(REDUNDANCY))),
        draw(st.sampled_from(AGES)),
        draw(st.floats(15, 50)),
        draw(st.floats(0.2, 1.0)),
        draw(st.booleans()),
    )


def air(dry=(-25.0, 45.0), rh=0.5):
    """Return a year that climbs from cold to hot at one relative humidity."""
    return Weather("up", np.linspace(*dry, HOURS), np.full(HOURS, rh), np.full(HOURS, 101_325.0))


def at_one_dry_bulb():
    return Weather("wetter", np.full(HOURS, 32.0), np.linspace(0.02, 1, HOURS), np.full(HOURS, 101_325.0))


@settings(max_examples=40, deadline=None)
@given(designs(), st.sampled_from(cities()))
def test_heat_in_is_heat_out_in_every_hour(design, city):
    year = simulate(design, weather(city), FACTS[design.age])
    drawn = np.sum(list(year.power.values()), axis=0)
    left = np.sum(list(year.heat.values()), axis=0)
    np.testing.assert_allclose(left, drawn, rtol=1e-9)
    assert (year.pue_hours >= 1).all()
    assert all((values >= 0).all() for values in (*year.power.values(), *year.water.values()))


@settings(max_examples=40, deadline=None)
@given(designs())
def test_power_never_falls_as_the_wet_bulb_rises(design):
    rising = simulate(design, at_one_dry_bulb(), FACTS[design.age]).pue_hours
    # room fans move lighter air: humidity does not enter them, so nothing else may fall
    assert (np.diff(rising) >= -1e-9).all()


@settings(max_examples=40, deadline=None)
@given(designs(), st.floats(0, 15))
def test_warmer_coolant_never_costs_power(design, more):
    warmer = replace(design, supply_c=min(60.0, design.supply_c + more))
    cool, warm = (simulate(each, air(), FACTS[design.age]).pue_hours for each in (design, warmer))
    assert (warm <= cool + 1e-9).all()


@settings(max_examples=40, deadline=None)
@given(designs())
def test_chillers_stay_below_carnot(design):
    facts = FACTS[design.age]
    year = simulate(replace(design, rejection="air-cooled chillers"), air((20.0, 45.0)), facts)
    moved = sum(year.power[name] for name in ("it", "electrical", "overhead", "fans"))
    cold = facts["air"] - facts["air.coil_approach"] if design.heat in {"air", "rear door"} else 60.0
    carnot = (cold + 273.15) / np.maximum(air((20.0, 45.0)).wet_c - cold, 1e-9)
    assert (moved / year.power["chillers"] < carnot).all()


@settings(max_examples=40, deadline=None)
@given(designs())
def test_more_redundancy_is_never_more_efficient(design):
    pues = [
        simulate(replace(design, redundancy=name), air(), FACTS[design.age]).pue
        for name in ("N", "N+1", "2N")
    ]
    assert pues == sorted(pues)


def test_the_water_of_a_tower_closes():
    facts = FACTS["campus"]
    water = simulate(Design(), weather("tampa_fl"), facts).water
    out = water["drift"] + water["blow-down"]
    np.testing.assert_allclose(water["evaporation"] / out, facts["tower.cycles"] - 1, rtol=1e-9)


def test_a_tower_in_mild_air_evaporates_near_the_latent_heat():
    water = simulate(Design(), air((15.0, 25.0)), FACTS["campus"]).water["evaporation"]
    assert 0.8 < water.mean() < 1.9  # 3600 s / 2450 kJ/kg is 1.5 L/kWh


def test_a_sweep_is_each_design_alone_whoever_runs_it():
    year = weather("chicago_il")
    many = [Design(load=load, age=age) for load in (0.4, 0.9) for age in AGES]
    with ThreadPoolExecutor(1) as one:
        swept = sweep(many, year, one)
    assert swept.pue.tolist() == [simulate(design, year).pue for design in many]
    assert sweep(many, year).wue.tolist() == swept.wue.tolist()


def test_a_line_names_a_design():
    line = "direct liquid + dry coolers, 2N, adiabatic, 45 C, cloud"
    assert Design.parse(line) == Design("direct liquid", "dry coolers", "2N", "cloud", 45.0, adiabatic=True)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("ponds", "The design says 'ponds'. Its words are air, rear door"),
        ("immersion + outside air", "Outside air cools servers that air cools."),
        ("direct liquid + towers, 99 C", "The design has coolant of 99 C and a load of 0.8."),
    ],
)
def test_a_line_that_is_no_design_is_refused(line, words):
    with pytest.raises(UsageError) as refusal:
        Design.parse(line)
    assert words in str(refusal.value)


def test_a_word_from_nowhere_is_refused():
    with pytest.raises(UsageError, match="The age of the design is 'antique'"):
        Design(age="antique")


@settings(max_examples=30, deadline=None)
@given(st.lists(designs(), min_size=1, max_size=6), st.sampled_from(cities()))
def test_the_compiled_kernel_is_the_plain_one(many, city):
    year = weather(city)
    fast, slow = sweep(many, year, compiled=True), sweep(many, year, compiled=False)
    for name in ("pue", "peak_pue", "wue"):
        np.testing.assert_allclose(getattr(fast, name), getattr(slow, name), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(fast.free_hours, slow.free_hours, atol=1)
