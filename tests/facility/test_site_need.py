"""What one MW of IT takes: the law of the plant in its worst hour, mixed, rated and set beside what is stated."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from narrows import map as narrows_map
from narrows import why
from narrows.bottlenecks.supply import Recipes
from narrows.bottlenecks.what_if import WhatIf
from narrows.catalog import PointReader, Reader, default
from narrows.catalog.overlays import Overlay, Setting
from narrows.cli import main
from narrows.errors import NarrowsError
from narrows.facility.design_hour import peak_ratio, typical_hour, typical_of, worst_hours
from narrows.facility.hall_power import HALLS, TYPED, halls_draws, per_it_draws, ratio_draws
from narrows.facility.need import need, racks
from narrows.facility.plant import AGES, HALL, MACHINES, Design, facts_of, simulate
from narrows.facility.weather import cities, weather

DRAWS = 300


def reader(n: int = DRAWS) -> Reader:
    return Reader(default(), 1, n)


@pytest.mark.parametrize("hall", HALLS)
def test_the_shipped_hour_is_that_of_the_weather(hall):
    """The table is what the weather and the facts say now, and stands for the mean of the cities."""
    years = [weather(city) for city in cities()]
    _, hour, mean = typical_of(hall.design, years)
    shipped = typical_hour(hall.design)
    for name in ("t_c", "wet_c", "humidity", "p_pa"):
        assert getattr(shipped, name) == pytest.approx(getattr(hour, name), rel=1e-6)
    found = peak_ratio(hall.design, shipped, PointReader(default()))[0]
    assert found == pytest.approx(mean, abs=0.012)


@pytest.mark.parametrize(
    "line", ["air + towers", "direct liquid + dry coolers, cloud", "air + outside air, adiabatic"]
)
def test_the_worst_hours_are_worst_in_every_draw(line):
    """Twin: the whole year of simulate, draw by draw."""
    design, year, read = Design.parse(line), weather("houston_tx"), reader(12)
    ours = peak_ratio(design, worst_hours(design, year), read)
    ids = [f"plant.{name}" for name in MACHINES] + [f"plant.{design.age}.{name}" for name in HALL]
    whole = []
    for at in range(12):
        facts = facts_of(design.age, {name: float(read.draws(name)[at]) for name in ids})
        whole.append(simulate(replace(design, load=1.0), year, facts).peak_pue)
    assert ours == pytest.approx(whole, rel=2e-3)
    assert (ours <= np.array(whole) + 1e-12).all()


def test_liquid_takes_less_than_air_and_cloud_more_than_campus():
    read = reader()
    air, liquid = ratio_draws("air", read), ratio_draws("direct liquid", read)
    assert (liquid < air).mean() > 0.99
    campus, cloud = (np.median(ratio_draws("air", read, age=age)) for age in ("campus", "cloud"))
    assert 1 < campus < np.median(air) < cloud
    assert [np.median(ratio_draws("air", read, age=age)) > 1 for age in AGES] == [True] * len(AGES)


def test_a_design_lies_between_its_forms():
    read = reader()
    it_kw = np.full(DRAWS, 2000.0)
    none, some, all_ = (per_it_draws(it_kw, it_kw * share, halls_draws(read)) for share in (0.0, 0.4, 1.0))
    assert none == pytest.approx(ratio_draws("air", read))
    assert all_ == pytest.approx(ratio_draws("direct liquid", read))
    assert ((all_ <= some) & (some <= none)).mean() > 0.99


def test_more_redundancy_is_more_plant():
    found = [need("gb200_nvl72", redundancy=name, draws=DRAWS).lines for name in ("N", "N+1", "2N")]
    for quantity in ("facility_mw", "transformer_mva", "switchgear_mva", "ups_mva"):
        single, spare, double = (lines[quantity].p50 for lines in found)
        assert single < spare < double
    single, double = found[0]["switchgear_mva"].p50, found[2]["switchgear_mva"].p50
    assert double / single == pytest.approx(
        2 * found[2]["facility_mw"].p50 / found[0]["facility_mw"].p50, rel=1e-2
    )


def test_heat_is_whole_and_generation_outlives_a_unit():
    for name in ("gb200_nvl72", "dgx_h100"):
        lines = need(name, draws=DRAWS).lines
        assert lines["liquid_kw"].p50 + lines["air_kw"].p50 == pytest.approx(1000)
        assert lines["onsite_mw"].p50 > lines["facility_mw"].p50
    small, large = (need("hopper", it_mw=size, draws=DRAWS).lines["onsite_mw"].p50 for size in (20, 1000))
    assert large < small


def test_rack_law_says_how_heat_leaves():
    assert [
        need(name, draws=20).heat for name in ("hopper", "dgx_h100", "blackwell", "rubin", "tpu_v5e")
    ] == [
        "air",
        "air",
        "direct liquid",
        "direct liquid",
        "air",
    ]
    assert all(need(name, draws=2).lines for name in racks())


def test_the_map_takes_the_law_of_each_design():
    """Need of transformers over that of halls is facility power over IT power, by the mix of designs."""
    read = reader()
    recipes = Recipes(read)
    years, needs = recipes.at_years([["it_kw", "per_it"], ["it_kw"]])
    found = needs[:, :, 0] / needs[:, :, 1]
    halls = halls_draws(read)
    assert (found <= halls.air[:, None] + 1e-9).all()
    assert (found >= halls.liquid[:, None] - 1e-9).mean() > 0.99
    early, late = np.median(found[:, years < 2022]), np.median(found[:, years > 2028])
    assert early == pytest.approx(np.median(halls.air), abs=0.02)
    assert late == pytest.approx(np.median(halls.liquid), abs=0.02)
    taken = need("blackwell", draws=20).lines["facility_mw"].taken
    assert np.median(recipes.amount("blackwell", "per_it")) == pytest.approx(taken, abs=0.01)
    assert set(recipes.behind("blackwell", "per_it")) <= set(recipes.reads(["it_kw", "per_it"]))
    assert TYPED not in read.reads


def test_a_scenario_that_states_the_ratio_goes_first():
    book = default().overlay(Overlay("a", settings=(Setting(TYPED, 1.4, "ratio", 1.4, 1.4),)))
    recipes = Recipes(Reader(book, 1, 50))
    assert recipes.amount("rubin", "per_it") == pytest.approx(np.full(50, 1.4))
    assert recipes.behind("rubin", "per_it") == (TYPED,)
    near = WhatIf(default(), draws=50)
    warm = near.map(Overlay("a", settings=(Setting(TYPED, 1.4, "ratio", 1.4, 1.4),)))
    cold = narrows_map(draws=50, catalog=book)
    assert warm.deployed.p50 == pytest.approx(cold.deployed.p50)


def test_each_number_answers_why():
    line = need("blackwell", draws=DRAWS).lines["facility_mw"]
    chain = why("facility.need.facility_mw.blackwell", draws=DRAWS)
    assert (chain.figure.p05, chain.figure.p95) == pytest.approx((line.p05, line.p95))
    assert {link.fact.id for link in chain.links} == set(line.reads)


def test_the_face_is_the_library(capsys):
    assert main(["facility", "need", "blackwell", "--draws", "50", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    found = need("blackwell", draws=50)
    assert told == {"command": "facility need", **json.loads(json.dumps(found.to_json()))}
    assert main(["facility", "need", "hopper", "--draws", "50", "--csv"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "quantity,p05,p50,p95,unit,taken,stated"
    assert main(["facility", "need", "hopper", "--draws", "50"]) == 0
    page = capsys.readouterr().out
    assert page.startswith("What one MW of IT of hopper takes: racks cooled by air;")
    assert "facility power" in page
    assert "1.28" in page


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            {"rack": "blackwell", "age": "old"},
            (
                "The class of halls 'old' is not known. The nearest known: 'cloud', 'leased'. "
                "Leave --age out for the mix of the map."
            ),
        ),
        (
            {"rack": "blackwell", "redundancy": "3N"},
            "The redundancy '3N' is not known. The nearest known: 'N', '2N', 'N+1'. Write N, N+1 or 2N.",
        ),
        (
            {"rack": "blackwell", "it_mw": -1},
            (
                "The IT power is -1 MW, the number of draws 10000. IT power is above 0, draws are 1 to 1000000. "
                "Give numbers in range."
            ),
        ),
    ],
)
def test_refusals(words, said):
    with pytest.raises(NarrowsError) as refused:
        need(**words)
    assert str(refused.value) == said
