"""The time map: laws of the two readings, limits, and every number told again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import narrows
from narrows.bottlenecks.resolution import (
    IN_A_ROW,
    NEVER,
    OUTCOMES,
    _resolution,
    _resolved,
    outcome_of,
)
from narrows.bottlenecks.told import Asked
from narrows.draws import quantiles
from narrows.errors import NarrowsError
from narrows.quarters import Quarter

DRAWS = 300
START = "2026Q4"


@pytest.fixture(scope="module")
def result():
    return narrows.time(START, draws=DRAWS)


@pytest.fixture(scope="module")
def found():
    return _resolution(Asked(DRAWS, 1), Quarter.parse(START))


@given(arrays.arrays(np.bool_, st.tuples(st.integers(1, 4), st.just(NEVER + IN_A_ROW - 1))))
def test_the_first_quarter_from_which_enough_are_covered(covered):
    for row, told in zip(covered.tolist(), _resolved(covered).tolist(), strict=True):
        text = "".join("x" if value else "." for value in row)
        place = text.find("x" * IN_A_ROW)
        assert told == (place if place >= 0 else NEVER)


def test_an_order_today_is_never_later_than_announced_plans(found):
    assert (found.quarters["ordered"] <= found.quarters["announced"]).all()


def test_outcomes_sum_to_one_and_agree_with_the_years(found, result):
    for row in result.rows:
        for spell in (row.announced, row.ordered):
            assert list(spell.shares) == list(OUTCOMES)
            assert sum(spell.shares.values()) == pytest.approx(1)
            assert 0 <= spell.p10 <= spell.p50 <= spell.p90 <= NEVER / 4
    for place in found.rows:
        years = found.years("announced", place)
        for name in OUTCOMES:
            told = [float(outcome_of(float(year)) == name) for year in years]
            assert found.outcome("announced", place, name).tolist() == told


def scaled(tmp_path, layer, factor):
    path = tmp_path / "s.toml"
    path.write_text(f'name = "scaled"\nwhy = "a test"\n[scale]\n"{layer}.capacity" = {factor}\n')
    found = narrows.time(START, draws=80, scenario=path)
    return {row.layer: row for row in found.rows}


@pytest.mark.parametrize("layer", ["data_hall", "cowos", "capital"])
def test_a_layer_without_a_limit_is_resolved_now(layer, tmp_path):
    row = scaled(tmp_path, layer, 1e5)[layer]
    assert row.announced.shares["now"] == 1
    assert row.ordered.p90 == 0


def test_a_layer_of_almost_nothing_is_not_resolved(tmp_path):
    row = scaled(tmp_path, "grid_connection", 1e-4)["grid_connection"]
    assert row.announced.shares["beyond"] == 1
    assert row.group == "beyond"
    assert row.verdict == "later"
    assert row.by_study == 0


def test_less_demand_resolves_no_layer_later(tmp_path, found):
    path = tmp_path / "s.toml"
    path.write_text('name = "less"\nwhy = "a test"\n[scale]\n"demand.capacity" = 0.5\n')
    less = _resolution(Asked(DRAWS, 1, scenario=path), Quarter.parse(START))
    for reading, quarters in found.quarters.items():
        assert (less.quarters[reading] <= quarters).all()


def test_now_is_that_capacity_covers_demand_for_a_year(found):
    model, start = found.run.model, Quarter.parse(START) - model_first(found)
    capacity = model.capacity(slice(None), model.years)
    row, demand = model.row("cowos"), model.row("demand")
    lag = int(model.path_lag[row] - model.path_lag[demand])
    covered = np.stack(
        [capacity[:, row, start + k] >= capacity[:, demand, start + k + lag] for k in range(IN_A_ROW)]
    ).all(axis=0)
    assert (found.outcome("announced", row, "now") == covered).all()


def model_first(found):
    return found.run.model.quarters[0]


def test_the_study_is_set_beside_the_layers_that_it_names(result):
    named = {row.layer: row.study for row in result.rows if row.study}
    assert named == {
        "hbm_wafer": "short",
        "hbm_stack": "short",
        "rack": "short",
        "cowos": "mid",
        "euv": "mid",
        "liquid_cooling": "mid",
        "grid_connection": "long",
        "transformer": "long",
    }
    for row in result.rows:
        assert (row.by_study is None) == (row.verdict == "") == (row.study == "")
        if row.study:
            upto = OUTCOMES[: OUTCOMES.index(row.study) + 1]
            assert row.by_study == pytest.approx(sum(row.announced.shares[name] for name in upto))
    assert len(result.no_layer) == 5


def test_every_number_is_told_as_it_is_printed(result):
    for row in result.rows[::4]:
        for kind, spell in (("resolved", row.announced), ("ordered", row.ordered)):
            values = _told(f"time.{kind}.{row.layer}.{START}").values
            assert (spell.p10, spell.p50, spell.p90) == tuple(quantiles(values, (0.1, 0.5, 0.9)))
            for name, share in spell.shares.items():
                assert _told(f"time.{kind}.{row.layer}.{name}.{START}").values.mean() == pytest.approx(share)
        if row.by_study is not None:
            told = narrows.why(f"time.by_study.{row.layer}.{START}", draws=DRAWS)
            assert told.figure.value == pytest.approx(row.by_study)


def _told(name):
    from narrows.bottlenecks.resolution import tell

    return tell(name, Asked(DRAWS, 1))


def test_only_an_order_reads_the_ceiling():
    plan = narrows.why(f"time.resolved.cowos.{START}", draws=60)
    order = narrows.why(f"time.ordered.cowos.{START}", draws=60)
    names = [{link.fact.id for link in chain.links} for chain in (plan, order)]
    assert names[1] - names[0] == {"cowos.ceiling", "cowos.lead"}


def test_without_a_quarter_the_day_asked_for_counts():
    told = narrows.why("time.resolved.cowos", draws=60, as_of="2026-03-31")
    same = narrows.why("time.resolved.cowos.2026Q1", draws=60, as_of="2026-03-31")
    assert told.figure.value == same.figure.value


@pytest.mark.parametrize(
    "name",
    ["time", "time.resolved", "time.resolved.cowoss", "time.resolved.cowos.soon", "time.by_study.optics"],
)
def test_an_unknown_figure_is_refused(name):
    with pytest.raises(NarrowsError) as caught:
        narrows.why(name, draws=10)
    assert str(caught.value).startswith(f"The figure {name!r} is not known. The nearest known: 'time.")
    assert str(caught.value).endswith(
        "Write time.resolved.<layer> or time.ordered.<layer>, and an outcome or a quarter."
    )


def test_a_quarter_outside_the_model_is_refused():
    with pytest.raises(NarrowsError) as caught:
        narrows.time("2018Q4", draws=10, as_of="2026-03-31")
    assert str(caught.value) == (
        "The quarter '2018Q4' of the decision lies outside the model. A decision lies from 2019Q4 to 2030Q4. "
        "Give a quarter such as 2026Q1."
    )
