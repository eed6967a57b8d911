"""The date of power: laws of a critical path, the law of powered sites, the table behind it."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrows.catalog import Reader, default
from narrows.errors import UnknownNameError, UsageError
from narrows.facility.power_checks import power_rows
from narrows.facility.power_date import power_date
from narrows.facility.power_path import GRAPH, PATHS, Durations, durations, finish, reaches, states
from narrows.facility.powered import Traits, law_of, leave_one_out, sites_tracked

DATA = Path(__file__).parents[3] / "shared" / "data" / "facility"
DRAWS = 300
SLOW = settings(max_examples=25, deadline=None)
paths = st.sampled_from(PATHS)


@pytest.fixture(scope="module")
def times():
    return durations(100.0, reader=Reader(default(), seed=3, n=DRAWS))


def by_hand(months):
    """Activities of one draw, all instant but those named."""
    one = {name: np.array([float(months.get(name, 0))]) for name in GRAPH}
    return Durations(one, np.array([50.0]), np.array([10.0]), np.array([80.0]), ())


# --- the critical path ---------------------------------------------------------------------------


def test_the_grid_by_hand():
    case = by_hand(
        {
            "permits": 3,
            "shell": 14,
            "fit_out": 5,
            "load_study": 6,
            "substation": 18,
            "transformer": 20,
            "energisation": 2,
        }
    )
    done = finish(case, "grid")
    assert done.first[0] == 26  # 6 + 18 + 2, above 3 + 14 + 5 + 2 and 20 + 2
    assert {name for name, sets in done.critical.items() if sets[0]} == {
        "load_study",
        "substation",
        "energisation",
    }
    assert done.slack["transformer"][0] == 4
    assert done.slack["shell"][0] == done.slack["permits"][0] == 2


def test_the_bridge_takes_the_grid_where_that_is_sooner():
    case = by_hand(
        {"shell": 10, "mobile": 4, "installation": 8, "air_permit": 20, "substation": 12, "energisation": 1}
    )
    assert finish(case, "bridge").first[0] == 13
    assert finish(case, "grid").first[0] == 13
    assert finish(by_hand({"shell": 10, "mobile": 4, "substation": 30}), "bridge").first[0] == 10


def test_above_its_turbines_a_bridge_waits_for_the_grid():
    case = by_hand({"mobile": 4, "substation": 30})
    done = finish(case, "bridge")
    assert reaches(case, done, "bridge", 80.0)[0] == 4 + 3  # 50 MW at once, 10 MW a month
    assert reaches(case, done, "bridge", 81.0)[0] == 30


@SLOW
@given(path=paths, name=st.sampled_from(sorted(GRAPH)), more=st.floats(0.01, 60))
def test_a_longer_activity_never_brings_power_earlier(times, path, name, more):
    before, after = finish(times, path), finish(times.earlier(name, -more), path)
    assert (after.first >= before.first - 1e-9).all()
    assert (after.first <= before.first + more + 1e-9).all()


@SLOW
@given(path=paths, mw=st.floats(1, 3000), seed=st.integers(0, 50))
def test_quantiles_and_milestones_are_in_order(path, mw, seed):
    found = power_date(mw, path, start="2026-12", draws=200, seed=seed)
    for row in found.dated:
        assert row.months[0] <= row.months[1] <= row.months[2]
        assert row.dates[0] <= row.dates[1] <= row.dates[2]
    for column in range(3):
        series = [row.months[column] for row in found.dated]
        assert series == sorted(series)


@SLOW
@given(path=st.sampled_from(["grid", "onsite", "bridge"]), data=st.data())
def test_slack_is_what_an_activity_may_lose(times, path, data):
    done = finish(times, path)
    name = data.draw(st.sampled_from(sorted(done.slack)))
    draw = data.draw(st.integers(0, DRAWS - 1))
    spare = done.slack[name][draw]
    assert spare >= -1e-9
    within = finish(times.earlier(name, -0.999 * spare), path).first[draw]
    assert within == pytest.approx(done.first[draw], abs=1e-6)


def test_every_draw_has_something_that_decides(times):
    for path in PATHS:
        done = finish(times, path)
        decided = np.any([done.critical[name] for name in done.chains], axis=0)
        assert decided.all()


def test_a_shell_that_stands_and_a_quick_state_are_never_later():
    usual = power_date(100, "grid", draws=DRAWS).first
    assert (power_date(100, "grid", converted=True, draws=DRAWS).first <= usual + 1e-9).all()
    texas = power_date(100, "grid", state="TX", draws=DRAWS)
    virginia = power_date(100, "grid", state="va", draws=DRAWS)
    assert np.median(texas.first) < np.median(usual) < np.median(virginia.first)


def test_a_month_is_worth_what_its_parts_say():
    found = power_date(250, "grid", draws=DRAWS)
    half = power_date(125, "grid", draws=DRAWS)
    assert found.usd_month[1] == pytest.approx(2 * half.usd_month[1])
    for row in found.branches:
        assert 0 <= row.month_gains <= 1 + 1e-9
        assert row.decides >= row.month_gains - 1e-9  # only what decides can bring it earlier


def test_days_follow_from_months():
    row = power_date(100, "grid", start="2026-12", draws=DRAWS).dated[0]
    days = (date.fromisoformat(row.dates[1]) - date(2026, 12, 1)).days
    assert days / 30.4375 == pytest.approx(row.months[1], abs=0.04)


REFUSALS = {
    "the path 'gird'": (
        lambda: power_date(100, "gird"),
        UnknownNameError,
        (
            "The path 'gird' is not known. The nearest known: 'grid', 'bridge'. "
            "Give --path grid, onsite, bridge or leased."
        ),
    ),
    "no power": (
        lambda: power_date(0),
        UsageError,
        "The site has 0 MW. A site has a power above 0. Give the power in MW, such as --mw 100.",
    ),
    "a state without a fact": (
        lambda: power_date(100, state="ny"),
        UnknownNameError,
        (
            "The state 'ny' is not known. The nearest known: 'ca', 'oh', 'tx'. "
            "Leave --state out for the usual queue."
        ),
    ),
    "a state without its grid": (
        lambda: power_date(100, "onsite", state="tx"),
        UsageError,
        (
            "The state 'tx' is given with the path 'onsite'. A state says how long its grid takes, and this path has "
            "none. Leave --state out, or take the path grid or bridge."
        ),
    ),
    "a start": (
        lambda: power_date(100, start="soon"),
        UsageError,
        "The start is 'soon'. A start is a month or a day. Write --start 2026-12.",
    ),
    "draws": (
        lambda: power_date(100, draws=0),
        UsageError,
        "The number of draws is 0. Draws are a whole number from 1 to 1000000. Give --draws 10000.",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal(case):
    ask, kind, sentence = REFUSALS[case]
    with pytest.raises(kind) as refused:
        ask()
    assert str(refused.value) == sentence


def test_a_path_names_the_facts_it_hangs_on_and_no_others():
    reads = {path: set(power_date(100, path, draws=20).reads) for path in PATHS}
    assert "power_date.load_study" in reads["grid"]
    assert not {"power_date.engines", "power_date.mobile_power"} & reads["grid"]
    assert "large_transformer.delivery_time.2026-05" not in reads["onsite"]
    assert "power_date.permits" not in reads["leased"]


def test_states_have_facts():
    assert "tx" in states()


# --- powered sites -------------------------------------------------------------------------------


def test_the_sites_are_those_of_the_table():
    table = DATA / "time_to_first_power.csv"
    if not table.is_file():
        pytest.skip("the table of sites is not beside the project")
    with table.open(encoding="utf-8", newline="") as file:
        rows = {row["site"]: row for row in csv.DictReader(file)}
    held = {site.name: site for site in sites_tracked() if site.power}
    assert set(held) == set(rows)
    for name, row in rows.items():
        assert held[name].months == pytest.approx(float(row["months"]), abs=0.06)
        assert held[name].first_mw == float(row["first_power_mw"])


def test_a_site_that_waits_longer_makes_all_later():
    sites = list(sites_tracked())
    place = next(at for at, site in enumerate(sites) if site.power is None)
    later = replace(sites[place], start=date(2018, 1, 1))
    changed = law_of([*sites[:place], later, *sites[place + 1 :]])
    assert changed.band(Traits(let=True))[1] > law_of().band(Traits(let=True))[1]


def test_without_waiting_sites_the_law_is_the_ridge_by_hand():
    powered = [site for site in sites_tracked() if site.power]
    law = law_of(powered)
    rows = np.array([site.traits.columns for site in powered])
    logs = np.log([site.months for site in powered])
    weight = np.diag([1e-6, 4.0, 4.0]) * law.spread**2
    expected = np.linalg.lstsq(
        np.vstack([rows, np.sqrt(weight)]), np.concatenate([logs, np.zeros(3)]), rcond=None
    )[0]
    assert law.effects == pytest.approx(expected, rel=1e-6)


def test_a_window_cuts_and_a_hopeless_one_is_refused():
    law = law_of()
    assert law.band(Traits(), window=25.0)[2] <= 25.0
    with pytest.raises(UsageError, match=r"^A first power within 1 months is asked for\. "):
        law.band(Traits(), window=1.0)


def test_the_law_beats_the_median_of_the_others():
    took = np.array([site.months for site in sites_tracked() if site.power])
    naive = np.mean([abs(np.median(np.delete(took, at)) - took[at]) for at in range(took.size)])
    assert naive == pytest.approx(7.85, abs=0.05)
    for known in (False, True):
        rows = leave_one_out(known_powered=known)
        assert np.mean([row.error for row in rows]) <= 6.0
        assert 0.7 <= np.mean([row.inside for row in rows]) <= 0.9


def test_all_comparisons_hold():
    if not DATA.is_dir():
        pytest.skip("the measurements are not beside the project")
    rows = list(power_rows(DATA))
    assert not [row for row in rows if row.holds is False]
    assert len(rows) == 15


def test_without_data_rows_say_so():
    assert sum(row.value is None for row in power_rows(None)) == 5
