"""What-ifs asked one after another answer as the map does, to the last bit."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrows.bottlenecks import map as ask
from narrows.bottlenecks.answer import run
from narrows.bottlenecks.what_if import WhatIf
from narrows.catalog import Overlay, Scaling, Setting, default
from narrows.errors import UsageError

DRAWS, SPAN = 60, "2027Q1:2028Q2"


@pytest.fixture(scope="module")
def asked():
    return WhatIf(default(), DRAWS, quarters=SPAN)


def by_the_map(overlay):
    return ask(SPAN, draws=DRAWS, catalog=default().overlay(overlay))


@given(
    factor=st.floats(0.2, 3.0),
    series=st.sampled_from(
        ["cowos.capacity", "data_hall.capacity", "transformer.capacity", "cowos.utilisation"]
    ),
)
@settings(max_examples=12, deadline=None)
def test_scenario_after_scenario_equals_the_map(asked, factor, series):
    if not (default().has(series) or default().series(series)):
        pytest.skip("the catalogue has no such series")
    factor = min(factor, 1.0) if series == "cowos.utilisation" else factor
    overlay = Overlay("x", scalings=(Scaling(series, factor),))
    assert asked.map(overlay) == by_the_map(overlay)


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_a_scenario_on_any_fact_equals_the_map(asked, data):
    """Whatever is kept from one question to the next: lags, mixes, recipes, lead times and makers too."""
    fact = default().fact(data.draw(st.sampled_from(sorted(run(draws=1).reader.reads))))
    overlay = Overlay("any", settings=(Setting(fact.id, fact.low, fact.unit),))
    assert asked.map(overlay) == by_the_map(overlay)


def test_a_set_fact_and_then_the_facts_as_they_stand(asked):
    fact = default().fact("cowos.utilisation")
    overlay = Overlay("set", settings=(Setting(fact.id, fact.low, fact.unit),))
    assert asked.map(overlay) == by_the_map(overlay)
    assert asked.map() == ask(SPAN, draws=DRAWS)


def test_an_unknown_series_is_refused_with_the_nearest(asked):
    with pytest.raises(UsageError) as refused:
        asked.map(Overlay("x", scalings=(Scaling("cowoss.capacity", 2.0),)))
    assert "'cowos.capacity'" in str(refused.value)
