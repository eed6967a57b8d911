"""Leads by the path: laws in the place of statements, in every draw of the map, and statements where they win."""

from __future__ import annotations

import json

import numpy as np
import pytest

from narrows import why
from narrows.bottlenecks.answer import layer, run
from narrows.bottlenecks.ceilings import ceilings
from narrows.bottlenecks.what_if import WhatIf
from narrows.catalog import PointReader, Reader, default
from narrows.catalog.overlays import Overlay, Scaling, Setting
from narrows.cli import main
from narrows.errors import UsageError
from narrows.facility.forecast import sites
from narrows.facility.lead import leads
from narrows.facility.lead_law import LAWS
from narrows.facility.power_path import MONTH_S
from narrows.units import to_canonical

QUARTER_S = to_canonical(1.0, "quarter")
DRAWS = 300


def lawful(book=None, n=DRAWS):
    return Reader(book or default(), 1, n, laws=LAWS)


def test_the_law_of_the_grid_is_the_longest_of_its_branches():
    read = lawful()
    wires = sum(read.draws(f"power_date.{name}") for name in ("load_study", "substation"))
    unit = read.draws("large_transformer.delivery_time.2026-05")
    longest = np.maximum(wires, unit) + read.draws("power_date.energisation")
    assert read.draws("grid_connection.lead") == pytest.approx(longest)
    assert (read.draws("grid_connection.lead") > read.draws("large_transformer.delivery_time.2026-05")).all()


def test_a_law_is_read_as_its_facts():
    read = lawful()
    with read.chain() as chain:
        read.draws("transformer.lead")
    with read.chain() as again:
        read.draws("transformer.lead")
    assert set(chain.reads) == set(again.reads) == set(read.behind("transformer.lead"))
    assert "transformer.lead" not in chain.reads
    assert read.behind("data_hall.lead") == ("data_hall.lead",)
    read.forget()
    kept = lawful().draws("transformer.lead")
    assert read.draws("transformer.lead") == pytest.approx(kept)


def test_a_scenario_that_states_a_lead_goes_first():
    set_ = default().overlay(Overlay("a", settings=(Setting("transformer.lead", 3.0, "quarter", 3.0, 3.0),)))
    assert lawful(set_).draws("transformer.lead") == pytest.approx(np.full(DRAWS, 3 * QUARTER_S))
    part = default().overlay(Overlay("b", scalings=(Scaling("power_date.load_study", 3.0),)))
    assert np.median(lawful(part).draws("grid_connection.lead")) > np.median(
        lawful().draws("grid_connection.lead")
    )


def test_what_was_not_known_leaves_the_statement():
    """The first report on transformers is of the end of 2021."""
    early = default().as_known_on("2021-06-30")
    assert lawful(early).behind("transformer.lead") == ("transformer.lead",)
    assert lawful(early).draws("transformer.lead") == pytest.approx(
        Reader(early, 1, DRAWS).draws("transformer.lead")
    )
    later = default().as_known_on("2025-01-31")
    assert "large_transformer.delivery_time.2024" in lawful(later).behind("transformer.lead")
    assert np.median(lawful(later).draws("transformer.lead")) < np.median(lawful().draws("transformer.lead"))


def test_the_map_takes_the_law():
    solved = run("2026Q4", draws=DRAWS)
    found = ceilings(solved.model, solved.shown.start).known
    row = solved.model.row("transformer")
    assert found[row].lead == pytest.approx(lawful().draws("transformer.lead") / QUARTER_S)
    assert found[row].reads[-1] == "transformer.ceiling"
    assert "large_transformer.delivery_time.2026-05" in found[row].reads
    low, value, high = solved.model.layer("transformer").relief()
    row = {one.layer: one for one in leads(draws=4000).leads}["transformer"]
    assert (low, value, high) == pytest.approx((row.p10, row.p50, row.p90))
    assert layer("transformer")["lead_quarters"] == pytest.approx((low, value, high))
    assert layer("data_hall")["lead_quarters"] == pytest.approx((5.3, 9.5, 12.5))


def test_what_ifs_follow_the_facts_of_a_law():
    """A layer is remade where a fact behind its lead differs."""
    slow = Overlay("b", scalings=(Scaling("power_date.switchgear", 4.0),))
    asked = WhatIf(default(), draws=50)
    before = {one.id: one.lead_quarters for one in asked.map().layers}
    after = {one.id: one.lead_quarters for one in asked.map(slow).layers}
    assert after["transformer"] > before["transformer"]
    assert after["data_hall"] == before["data_hall"]


def test_chains_name_the_facts_of_a_law():
    chain = why("relax.cost.transformer.2026Q4", draws=60)
    names = {link.fact.id for link in chain.links}
    assert "large_transformer.delivery_time.2026-05" in names
    assert "transformer.lead" not in names


def test_slip_is_that_of_the_sites():
    found = {row.layer: row for row in leads(draws=2000).slips}["data_hall"]
    told = sites("2026-12-14", draws=2000).added
    assert (found.p10, found.p50, found.p90) == pytest.approx((told.p10[0], told.p50[0], told.p90[0]))
    assert found.p50 == pytest.approx(default().fact("data_hall.forecast_ratio").value, abs=0.03)
    assert found.p10 == pytest.approx(default().fact("data_hall.forecast_ratio").low, abs=0.03)


def test_medians_lie_within_what_is_stated():
    found = leads(draws=1000)
    for row in (*found.leads, *found.slips):
        assert row.p10 < row.p50 < row.p90
        assert any(said.low <= row.p50 <= said.high for said in row.stated), row.id
    point = PointReader(default())
    assert point.draws("power_date.permits")[0] / MONTH_S == pytest.approx(3.0)


def test_the_face_is_the_library(capsys):
    assert main(["facility", "lead", "--draws", "60", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"command": "facility lead", **json.loads(json.dumps(leads(draws=60).to_json()))}
    assert main(["facility", "lead", "--draws", "60", "--csv"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "quantity,p10,p50,p90,unit,taken"
    assert main(["facility", "lead", "--draws", "60"]) == 0
    page = capsys.readouterr().out
    assert "Transformers and switchgear" in page
    assert "The map takes the statement: the record of 17 sites" in page.replace("\n", " ")


def test_refusal():
    with pytest.raises(UsageError) as refused:
        leads(draws=0)
    assert str(refused.value) == (
        "The number of draws is 0. Draws are a whole number from 1 to 1000000. Give --draws 10000."
    )
