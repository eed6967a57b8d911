"""Accelerators that the revenue of inference pays for, offered to the map."""

from __future__ import annotations

import json

import numpy as np
import pytest

import narrows
from narrows.bottlenecks.earning import QUANTITIES, earning, scenario_text
from narrows.catalog import default, read_overlay
from narrows.cli import main
from narrows.errors import DataError, UsageError

QUARTER_HOURS = 365.25 * 24 / 4


def test_what_an_accelerator_must_earn_worked_by_hand() -> None:
    found = earning("2026Q2", draws=4000)
    mid = found.band("must_earn", "2026Q2")[1]
    # 1.55 usd/h, a quarter of hours, 0.45 of revenue, a sixth of a year of fall by 0.26 before the cost was stated
    assert mid == pytest.approx(1.55 * QUARTER_HOURS / 0.45 / 0.74 ** (1 / 6), rel=0.05)
    # 33 and 45 bn usd a year, 0.75 of all
    assert found.band("revenue", "2026Q2")[1] == pytest.approx((33e9 + 45e9) / 4 / 0.75, rel=0.05)


def test_the_parts_of_a_count_hold_in_every_draw() -> None:
    found = earning("2025Q1:2026Q1", draws=200)
    values = found.values
    assert values.keys() == QUANTITIES.keys()
    assert np.allclose(values["paid"] * values["must_earn"], values["revenue"])
    last, first = found.quarters.index("2026Q1"), found.quarters.index("2025Q1")
    rise = values["paid"][:, last] - values["paid"][:, first]
    assert np.allclose(values["added"][:, last], rise / 4)
    assert np.allclose(values["share_of_orders"] * values["ordered"], values["added"])


def test_a_dearer_chip_earns_less_often() -> None:
    dear = default().overlay(
        narrows.catalog.Overlay(
            "dear", scalings=(narrows.catalog.Scaling("chip.h100_sxm.tco_neocloud", 2.0),)
        )
    )
    twice, once = earning("2026Q1", draws=100, catalog=dear), earning("2026Q1", draws=100)
    assert np.allclose(2.0 * twice.values["paid"], once.values["paid"])
    assert np.allclose(twice.values["ordered"], once.values["ordered"])


def test_the_scenario_goes_round_and_demand_binds(tmp_path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "paid.toml"
    line = ["inference", "demand", "--draws", "300", "--scenario", str(path)]
    assert main(line) == 0
    assert f"wrote {path}" in capsys.readouterr().err
    assert main([*line, "--quiet"]) == 0
    assert f"replaced {path}" in capsys.readouterr().err
    found = earning(draws=300)
    laid = default().overlay(read_overlay(path))
    for quarter, name in found.stated.items():
        low, mid, high = found.band("added", quarter)
        fact = laid.fact(name)
        assert (fact.low, fact.value, fact.high) == pytest.approx((low, mid, high), abs=0.5)
        assert fact.level == "P10-P90"
    chain = narrows.why("map.binds.demand.2026Q1", draws=300, scenario=path)
    before = narrows.why("map.binds.demand.2026Q1", draws=300)
    assert chain.figure.value > 0.95 > before.figure.value
    # the layer of the map makes what was written: 2026Q1 is past, nothing slips
    again = earning("2026Q1", draws=4000, scenario=path)
    assert again.band("ordered", "2026Q1")[1] == pytest.approx(found.band("added", "2026Q1")[1], rel=0.05)


def test_numbers_answer_why(capsys: pytest.CaptureFixture[str]) -> None:
    found = earning("2026Q1", draws=100)
    for word in QUANTITIES:
        chain = narrows.why(f"inference.demand.{word}.2026Q1", draws=100)
        assert chain.figure.value == pytest.approx(float(found.values[word].mean()))
        assert chain.links
    assert main(["inference", "demand", "--quarters", "2026Q1", "--draws", "100", "--json"]) == 0
    table = json.loads(capsys.readouterr().out)
    assert table["figures"]["inference.demand.added.2026Q1"]["p50"] == pytest.approx(
        found.band("added", "2026Q1")[1]
    )


def test_quarters_without_revenue_or_demand_are_refused() -> None:
    with pytest.raises(UsageError) as refusal:
        earning("2023Q1", draws=20)
    assert str(refusal.value).startswith("The quarters begin in 2023Q1. The rise over a year needs revenue")
    with pytest.raises(DataError) as unset:
        scenario_text(earning("2026Q2", draws=20))
    assert str(unset.value) == (
        "The map states no demand in 2026Q2 to 2026Q2. A scenario may change only facts that exist. "
        "Leave out --quarters."
    )
    with pytest.raises(DataError, match="The revenue of the labs was not known"):
        earning(draws=20, as_of="2022-01-31")
