"""The books of a plant close, and books that do not are refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.facility.test_plant import designs

from narrows.errors import RunError
from narrows.facility.plant import AGES, Design, facts_of
from narrows.facility.plant_ledger import ledger
from narrows.facility.weather import cities, weather

FACTS = {age: facts_of(age) for age in AGES}


@settings(max_examples=40, deadline=None)
@given(designs(), st.sampled_from(cities()))
def test_books_close_in_every_hour_under_every_sky(design, city):
    books = ledger(design, weather(city), FACTS[design.age])
    assert books.energy_gap < 1e-9
    assert books.water_gap < 1e-9
    assert (books.year.water["evaporation"] <= books.ceiling).all()


def test_books_with_a_leak_are_refused():
    books = ledger(Design(), weather("tampa_fl"))
    leaky = replace(books, water_in=books.water_in * 1.01)
    with pytest.raises(
        RunError, match=r"The books are off by .* in energy and 0.01 in water; 0 L/kWh evaporate"
    ):
        leaky.check()
    cold = replace(books, heat_out=books.heat_out * 0.5)
    with pytest.raises(RunError, match=r"The books are off by 0\.5 in energy"):
        cold.check()
    dry = replace(books, ceiling=books.ceiling * 0.1)
    with pytest.raises(
        RunError, match="Each balance closes to 1e-09, and evaporation stays under its ceiling"
    ):
        dry.check()
