"""The law of slip: laws, twins of single numbers by hand, and what a bad question gets."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import narrows
from narrows.catalog import Reader, default, read_overlay
from narrows.errors import DataError, UnknownNameError, UsageError
from narrows.facility.energising import Energising, sites_of, snapshot_of
from narrows.facility.forecast import run_sites, sites

DRAWS = 400
SPAN = "2026Q1:2028Q4"
DATA = Path(__file__).parents[3] / "shared" / "data" / "bottleneck"
SUMS = {"2026-03-31": 7370.0, "2026-05-15": 7896.0, "2026-12-31": 10_498.0, "2027-12-31": 15_799.5}


@pytest.fixture(scope="module")
def base():
    return run_sites(quarters=SPAN, draws=DRAWS)


def overlaid(tmp_path, text):
    path = tmp_path / "scenario.toml"
    path.write_text(f'name = "x"\nwhy = "y"\n{text}', "utf-8")
    return path


# --- what the tracker said ----------------------------------------------------------------------


def test_sixteen_sites_and_the_sums_of_the_tracker():
    result = sites(list(SUMS), draws=2)
    assert len(result.rows) == 16
    assert dict(zip(result.days, result.plan, strict=True)) == SUMS
    assert result.now == 4538
    assert result.snapshot == "2025-12-14"


def test_observed_days_show_what_was_seen():
    result = sites(["2024-12-31", "2025-06-30"], draws=DRAWS)
    assert result.observed == (True, True)
    assert result.plan == (1242, 3134)
    assert result.total.p50[1] == pytest.approx(3134, rel=0.02)


def test_the_facts_are_those_of_the_table():
    table = DATA / "epoch_dc"
    if not table.is_dir():
        pytest.skip("the site tables are not beside the project")
    import importlib.util

    path = Path(__file__).parents[2] / "tools" / "type_sites.py"
    spec = importlib.util.spec_from_file_location("type_sites", path)
    tool = importlib.util.module_from_spec(spec)
    import sys

    sys.modules["type_sites"] = tool
    spec.loader.exec_module(tool)
    assert tool.page(table) == tool.PAGE.read_text("utf-8")


# --- laws ---------------------------------------------------------------------------------------


def test_quantiles_stand_in_order(base):
    for values in [*base.power.values(), base.total]:
        low, middle, high = np.quantile(values, (0.1, 0.5, 0.9), axis=0)
        assert (low <= middle).all()
        assert (middle <= high).all()


def test_power_never_falls_where_the_plan_never_falls(base):
    for values in base.power.values():
        assert (np.diff(values, axis=1) >= -1e-9).all()


def test_nothing_of_a_plan_is_lost_in_the_end(base):
    far = (base.snapshot + timedelta(days=40_000),)
    for site in base.sites.values():
        still = base.law.power(site, far)[:, 0]
        years = 40_000 / 365.25
        growth = 1 + base.reader.draws("slip.unplanned") * 365.25 * 86_400 * years
        steps = sum(
            row.step * base.reader.draws(row.power.id) / row.power.canonical_value for row in site.planned
        )
        now = base.reader.draws(site.observed[-1].power.id) / 1e6 if site.observed else 0.0
        np.testing.assert_allclose(still, (now + steps) * growth, rtol=1e-9)


MORE = {
    "slip.stretch": 1.3,
    "slip.delay": 2.0,
    "slip.stall": 1.5,
    "slip.stall_share": 1.5,
    "slip.trend_weight": 1.5,
    "slip.trend_stretch": 1.3,
    "slip.speed": 0.7,
    "slip.held_share": 0.5,
}


@pytest.mark.parametrize("name", MORE)
def test_more_slip_never_raises_power(name, base, tmp_path):
    path = overlaid(tmp_path, f'[scale]\n"{name}" = {MORE[name]}\n')
    later = run_sites(quarters=SPAN, draws=DRAWS, scenario=path)
    for site, values in base.power.items():
        assert (later.power[site] <= values + 1e-9).all()
    assert later.total.sum() < base.total.sum()


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(sorted(sites_of(default()))), st.integers(0, 2**32))
def test_a_site_draws_the_same_alone_and_among_others(name, seed):
    alone = run_sites("2026-12-31", site=name, draws=20, seed=seed)
    among = run_sites("2026-12-31", draws=20, seed=seed)
    np.testing.assert_array_equal(alone.power[name], among.power[name])


def test_a_new_site_moves_no_other(base):
    catalog = default()
    known = dict(catalog.statements_by_id)
    for name in [name for name in known if name.startswith("site-hyperion.")]:
        del known[name]
    fewer = run_sites(quarters=SPAN, draws=DRAWS, catalog=replace(catalog, statements_by_id=known))
    assert set(base.power) - set(fewer.power) == {"hyperion"}
    for name, values in fewer.power.items():
        np.testing.assert_array_equal(values, base.power[name])


def test_pieces_come_in_order_and_no_faster_than_the_site_can(base):
    reader = Reader(default(), 1, DRAWS)
    law = Energising(reader, snapshot_of(base.sites))
    for site in base.sites.values():
        # without the stalls, which hit one piece alone
        quiet = type("Quiet", (Energising,), {"_stall": lambda _self, _key: 0.0})(reader, law.snapshot)
        whens = [piece.when for piece in quiet.arrivals(site)]
        for first, second in pairwise(whens):
            assert (second > first).all()


def test_without_slip_the_plan_is_met(tmp_path):
    path = overlaid(
        tmp_path,
        "[set]\n"
        '"slip.stretch" = { value = 1.0, low = 0.999999, high = 1.000001, unit = "ratio" }\n'
        '"slip.delay" = { value = 1e-4, low = 5e-5, high = 2e-4, unit = "day" }\n'
        '"slip.speed" = { value = 5e5, low = 2e5, high = 1e6, unit = "MW/day" }\n'
        '"slip.stall_share" = { value = 1e-6, low = 5e-7, high = 2e-6, unit = "share" }\n'
        '"slip.trend_weight" = { value = 1e-6, low = 5e-7, high = 2e-6, unit = "share" }\n'
        '"slip.ramp" = { value = 1e-5, low = 5e-6, high = 2e-5, unit = "share" }\n'
        '"slip.unplanned" = { value = 1e-7, low = 5e-8, high = 2e-7, unit = "1/year" }\n',
    )
    catalog = default().overlay(read_overlay(path))
    exact = {
        name: tuple(
            fact._replace(
                canonical_low=fact.canonical_value * 0.999999, canonical_high=fact.canonical_value * 1.000001
            )
            if ".planned_lead." in name or (name.startswith("site-") and ".power." in name)
            else fact
            for fact in facts
        )
        for name, facts in catalog.statements_by_id.items()
    }
    run = run_sites(
        ["2026-04-15", "2026-08-20", "2027-12-20"], draws=50, catalog=replace(catalog, statements_by_id=exact)
    )
    np.testing.assert_allclose(run.total, np.broadcast_to(run.plan, (50, 3)), rtol=1e-4)


def test_the_common_part_widens_the_sum(tmp_path):
    wide = run_sites("2026-12-31", draws=3000, scenario=overlaid(tmp_path, '[scale]\n"slip.shared" = 1.5\n'))
    narrow = run_sites(
        "2026-12-31", draws=3000, scenario=overlaid(tmp_path, '[scale]\n"slip.shared" = 0.1\n')
    )
    assert wide.total.std() > narrow.total.std()


# --- what the facts of the law say --------------------------------------------------------------


def test_the_trend_is_that_of_the_sites():
    found = sites_of(default()).values()
    before, now, after = (
        sum(site.plan(date.fromisoformat(day)) for site in found)
        for day in ("2024-12-14", "2025-12-14", "2026-12-14")
    )
    fact = default().fact("slip.trend_stretch")
    assert fact.low < (after - now) / (now - before) < fact.high


def test_the_ratio_of_halls_is_that_of_the_law():
    result = sites("2026-12-14")
    fact = default().fact("data_hall.forecast_ratio")
    found = (result.added.p10[0], result.added.p50[0], result.added.p90[0])
    assert found == pytest.approx((fact.low, fact.value, fact.high), abs=0.02)


def test_only_what_was_known_at_the_snapshot_is_read():
    run = run_sites(draws=2)
    assert all(run.catalog.fact(name).as_of <= "2025-12-14" for name in run.reads(tuple(run.sites)))
    assert all(
        name.split(".")[0] == "slip" or name.startswith("site-") for name in run.reads(tuple(run.sites))
    )


# --- every number answers -----------------------------------------------------------------------


def test_every_number_answers_why():
    days = ["2025-06-30", "2026-03-31", "2027-06-30"]
    result = sites(days, draws=30)
    numbers = {}
    for row in [*result.rows, None]:
        name = row.id if row else "total"
        band, plan = (row.power, row.plan) if row else (result.total, result.plan)
        for place, day in enumerate(result.days):
            numbers[f"sites.power.{name}.{day}"] = ("p50", band.p50[place])
            numbers[f"sites.plan.{name}.{day}"] = ("p50", plan[place])
        for due in row.due if row else ():
            numbers[f"sites.due.{name}.{due.day}"] = ("p50", due.when[1])
            numbers[f"sites.on_time.{name}.{due.day}"] = ("value", due.on_time)
    for place, day in enumerate(result.days):
        numbers[f"sites.late.total.{day}"] = ("value", result.late[place])
        if not result.observed[place]:
            numbers[f"sites.added.total.{day}"] = ("p50", result.added.p50[place])
    assert set(numbers) == set(result.figure_ids())
    for name, (word, value) in numbers.items():
        chain = narrows.why(name, draws=30)
        assert getattr(chain.figure, word) == pytest.approx(value, rel=1e-12, abs=1e-12)


# --- bad questions ------------------------------------------------------------------------------


def test_an_unknown_site_names_the_nearest():
    with pytest.raises(UnknownNameError) as refused:
        sites(site="colosus-2", draws=2)
    assert str(refused.value) == (
        "The site 'colosus-2' is not known. The nearest known: 'colossus-2', 'colossus-1', 'helios'. "
        "List the sites with `narrows sites`."
    )


def test_a_day_beyond_the_plan_is_refused():
    with pytest.raises(UsageError) as refused:
        sites("2031-01-01", draws=2)
    assert str(refused.value) == (
        "The day 2031-01-01 lies beyond the last milestone. The plans of the sites end on 2029-01-01. "
        "Ask for a day up to 2029-03-31."
    )


def test_before_the_snapshot_nothing_was_known():
    with pytest.raises(DataError) as refused:
        sites(draws=2, as_of="2025-12-13")
    assert str(refused.value) == (
        "Nothing was known about the power of any site on 2025-12-13. The sites were first recorded on "
        "2025-12-14. Ask for a later day."
    )
