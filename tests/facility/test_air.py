"""Moist air against an outside table, and years that are refused."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrows.errors import DataError, UnknownNameError
from narrows.facility import psychrometrics as moist
from narrows.facility.weather import Weather, cities, read_epw, weather

POINTS = Path(__file__).parents[3] / "shared" / "data" / "facility" / "psychrolib_points.csv"


@pytest.fixture(scope="module")
def points():
    if not POINTS.is_file():
        pytest.skip("the table of points is not here")
    with POINTS.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}


def test_wet_bulb_agrees_with_an_outside_program(points):
    ours = moist.wet_bulb(points["t_c"], points["rh"], points["p_pa"])
    far = np.abs(points["t_wet_bulb_c"]) > 0.5
    assert np.abs(ours - points["t_wet_bulb_c"])[far].max() <= 1e-3


def test_the_other_properties_agree_with_an_outside_program(points):
    t_c, rh, p_pa = points["t_c"], points["rh"], points["p_pa"]
    ratio = moist.humidity_ratio(t_c, rh, p_pa)
    np.testing.assert_allclose(moist.saturation_pressure(t_c), points["p_sat_pa"], rtol=1e-5)
    np.testing.assert_allclose(ratio, points["humidity_ratio"], atol=1e-7)
    np.testing.assert_allclose(moist.dew_point(t_c, rh), points["t_dew_point_c"], atol=2e-4)
    np.testing.assert_allclose(moist.enthalpy(t_c, ratio), points["enthalpy_j_kg_dry_air"], atol=0.02)
    np.testing.assert_allclose(moist.volume(t_c, ratio, p_pa), points["volume_m3_kg_dry_air"], atol=1e-5)


@given(st.floats(-40, 55), st.floats(0.02, 1.0), st.floats(70_000, 105_000))
def test_dew_point_wet_bulb_and_dry_bulb_stand_in_order(t_c, rh, p_pa):
    wet = float(moist.wet_bulb(t_c, rh, p_pa))
    assert wet <= t_c + 1e-9
    if abs(wet) > 0.5 and t_c > 0.5:  # over ice the dew point is a frost point
        assert float(moist.dew_point(t_c, rh)) <= wet + 1e-6


def test_a_year_of_wet_bulbs_is_quick():
    year = weather("sterling_va")
    spent = []
    for _ in range(5):
        begin = time.perf_counter()
        moist.wet_bulb(year.t_c, year.rh, year.p_pa)
        spent.append(time.perf_counter() - begin)
    assert min(spent) <= 0.015


def test_every_shipped_year_is_whole_and_mild_enough_to_be_true():
    for city in cities():
        assert weather(city).wet_c.shape == (8760,)
        assert 0 < weather(city).t_c.mean() < 30


def test_an_unknown_city_is_refused():
    with pytest.raises(UnknownNameError, match="phoenix_az"):
        weather("phoenix")


def flat(**other):
    year = {"t_c": np.full(8760, 20.0), "rh": np.full(8760, 0.5), "p_pa": np.full(8760, 101_325.0)}
    return Weather("a hall", **(year | other))


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        (
            {"t_c": np.full(8759, 20.0)},
            (
                "The dry bulb of 'a hall' has 8759 hours. A year has 8760 hours, a leap year 8784. "
                "Give a whole year, hour by hour."
            ),
        ),
        (
            {"rh": np.where(np.arange(8760) == 7, np.nan, 0.5)},
            (
                "The relative humidity of 'a hall' is nan in hour 7. It is 0.01 to 1 of saturation in every hour. "
                "Fill gaps and mend the hour, or take another file."
            ),
        ),
        (
            {"t_c": np.where(np.arange(8760) == 3, 99.9, 20.0)},
            (
                "The dry bulb of 'a hall' is 99.9 in hour 3. It is -70 to 60 C in every hour. "
                "Fill gaps and mend the hour, or take another file."
            ),
        ),
    ],
)
def test_a_year_that_is_none_is_refused(other, sentence):
    with pytest.raises(DataError) as refusal:
        flat(**other)
    assert str(refusal.value) == sentence


def epw(path, hours, head=8):
    lines = ["head"] * head + [f"1999,1,1,{hour},0,?,21.5,10.0,48,98000" for hour in hours]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def test_an_epw_file_is_read(tmp_path):
    year = read_epw(epw(tmp_path / "here.epw", [hour % 24 + 1 for hour in range(8760)]))
    assert (year.place, year.t_c[0], year.rh[0], year.p_pa[-1]) == ("here", 21.5, 0.48, 98_000.0)


def test_an_hour_out_of_order_is_refused(tmp_path):
    hours = [hour % 24 + 1 for hour in range(8760)]
    hours[5] = 7
    with pytest.raises(DataError, match=r"says hour 7 in its line 14. Hours run from 1 to 24; hour 6 comes"):
        read_epw(epw(tmp_path / "wrong.epw", hours))


def test_what_is_no_weather_file_is_refused(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read_epw(tmp_path / "absent.epw")
