"""Events to shortage and price: laws, limit cases, refusals, and what came."""

from __future__ import annotations

import gzip
import math
from datetime import date, timedelta
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrows.catalog import default
from narrows.errors import DataError, UnknownNameError, UsageError
from narrows.shocks import commodity_changes, known_events, price_path, read_event, shock
from narrows.shocks.answer import figure_ids
from narrows.shocks.events import event
from narrows.shocks.overlay import MOVED, overlay_text
from narrows.shocks.price import elasticity, labels, scarcity
from narrows.shocks.price_backtest import backtest, score_quarters
from narrows.shocks.price_checks import price_rows
from narrows.shocks.price_scores import crps
from narrows.shocks.series import prices
from narrows.shocks.shortage import SECONDS, Relief, flow_share, net_shortage
from narrows.shocks.volatility import ERROR, SHIFT, block_measures, fit_volatility

DATA = Path(__file__).parents[3] / "shared" / "data" / "shocks"
FEW = settings(max_examples=30, deadline=None)
lengths = st.floats(0.0, 500.0)
shares = st.floats(0.0, 1.0)


def relief(draws, **given):
    """Relief of nothing but what is given."""
    usual = {"lasting": 0, "clock": 30, "release": 0, "rate": 0, "delay": 10, "cover": 0, "stocks": 0}
    return Relief(**{name: np.full(draws, float(value)) for name, value in (usual | given).items()})


def missing(closed, days=400, **given):
    one = np.ones(1)
    passing = flow_share(np.arange(days, dtype=float), 0.1 * one, closed * one, 30 * one)
    return net_shortage(20.0 * one, passing, relief(1, **given))


# --- flow and shortage ---------------------------------------------------------------------------


@FEW
@given(lengths, lengths, shares, st.floats(0.0, 90.0))
def test_a_longer_closure_leaves_no_day_with_more_flow(first, second, left, reopening):
    days = np.arange(600, dtype=float)
    short, long = (
        flow_share(days, np.array([left]), np.array([closed]), np.array([reopening]))
        for closed in sorted((first, second))
    )
    assert (long <= short + 1e-9).all()
    assert ((long >= left - 1e-12) & (long <= 1 + 1e-12)).all()


@FEW
@given(lengths, lengths, shares, st.floats(0, 15), st.tuples(st.floats(0, 1e8), st.floats(0, 1e8)))
def test_a_longer_closure_never_leaves_less_missing(first, second, cover, lasting, held):
    given_ = {"cover": cover, "lasting": lasting, "release": held[0], "rate": 2.0, "stocks": held[1]}
    short, long = (missing(closed, **given_) for closed in sorted((first, second)))
    assert (long.net >= short.net - 1e-9).all()
    assert (long.unmet >= short.unmet - 1e-9).all()


def test_without_relief_all_that_is_lost_is_missing():
    found = missing(100.0)
    assert np.allclose(found.unmet, found.lost)
    assert found.lost[0, 50] == pytest.approx(18.0)  # 20 less the tenth that passes


def test_stocks_end_when_they_are_drawn():
    found = missing(1000.0, days=800, cover=0.5, stocks=9.0 * SECONDS * 100)  # 9 a day for 100 days
    assert np.allclose(found.unmet[0, :100], 9.0)
    assert np.allclose(found.unmet[0, 101:], 18.0)
    drawn = float((found.net - found.unmet).sum() * SECONDS)
    assert drawn == pytest.approx(9.0 * SECONDS * 100)


def test_a_release_gives_what_it_holds_and_no_more():
    found = missing(1000.0, release=2.0 * SECONDS * 50, rate=2.0, delay=10)
    assert float((found.lost - found.net).sum() * SECONDS) == pytest.approx(2.0 * SECONDS * 50)
    assert np.allclose(found.net[0, :10], 18.0)
    assert np.allclose(found.net[0, 10:60], 16.0)


def test_stocks_bound_the_path_from_both_sides():
    none, all_of_it = missing(200.0), missing(200.0, cover=1.0, stocks=1e12)
    some = missing(200.0, cover=0.4, stocks=1e12)
    assert (all_of_it.unmet == 0).all()
    assert ((some.unmet >= all_of_it.unmet) & (some.unmet <= none.unmet)).all()


# --- shortage to price ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("supply", "demand", "rise"), [(0.015, 0.26, 0.36), (0.15, 0.35, 0.20), (0.11, 0.13, 0.42)]
)
def test_a_tenth_of_supply_by_published_pairs(supply, demand, rise):
    """The report's three pairs, rounded there to two digits; no limit on the price."""
    one = np.ones((1, 1))
    found = float(scarcity(10 * one, 100 * one[0], (supply + demand) * one, 1e9 * one[0])[0, 0])
    assert found == pytest.approx(rise, abs=0.0065)


@FEW
@given(st.floats(0, 50), st.floats(0, 50), st.floats(0.05, 1.0), st.floats(0.3, 2.0))
def test_a_greater_shortage_never_lowers_the_price_nor_breaks_the_limit(first, second, together, limit):
    one = np.ones((1, 1))
    low, high = (
        float(scarcity(unmet * one, 100 * one[0], together * one, limit * one[0])[0, 0])
        for unmet in sorted((first, second))
    )
    assert 0 <= low <= high <= limit


@FEW
@given(st.floats(0.01, 0.5), st.floats(0.01, 0.5), st.floats(10, 1000))
def test_elasticities_never_fall_with_time(short, long, clock):
    one = np.ones(1)
    found = elasticity(np.arange(2000.0), short * one, long * one, clock * one)[0]
    assert found[0] == pytest.approx(short)
    assert (np.diff(found) >= -1e-15).all()
    assert found[-1] <= max(short, long) + 1e-12


@pytest.mark.parametrize("name", ["hormuz", "embargo-1973"])
def test_a_closure_of_no_length_changes_nothing(name):
    path = price_path(name, draws=50, length=0.0)
    assert (path.usd == path.without).all()


@settings(max_examples=8, deadline=None)
@given(lengths, lengths)
def test_a_longer_closure_never_lowers_the_price_path(first, second):
    short, long = (unweighted(length) for length in sorted((first, second)))
    assert (long.usd >= short.usd * (1 - 1e-12)).all()


def unweighted(length):
    """Hormuz with nothing seen of the flow, so that all draws stand as drawn."""
    from dataclasses import replace

    return price_path(replace(event("hormuz"), observed=()), draws=40, months=4, length=length)


def test_what_was_seen_of_the_flow_takes_short_closures_away():
    known = price_path("hormuz", draws=4000)
    assert known.lengths.min() > 6  # closed on the tenth day: an end before it would be seen
    later = price_path("abqaiq-2019", draws=4000)
    assert np.median(later.lengths) < np.median(
        price_path("abqaiq-2019", draws=4000, as_of="2019-09-20").lengths
    )


def test_a_price_that_has_seen_the_event_moves_no_mean():
    """What is expected is in the price: the mean of ln P stays that of the walk."""
    path = price_path("kuwait-1990", draws=4000)
    drift = np.log(path.usd).mean(axis=0) - np.log(path.without).mean(axis=0)
    assert np.abs(drift).max() < 1e-12


def test_a_release_counts_from_the_day_it_is_announced():
    before = price_path("hormuz", draws=2000)
    after = price_path("hormuz", draws=2000, as_of="2026-03-14")
    barrels = [np.median(path.inputs["stock release"]) / 0.158987294928 for path in (before, after)]
    assert barrels[0] < 200e6
    assert barrels[1] > 390e6


def test_the_same_seed_gives_the_same_path_and_another_another():
    first, again, other = (price_path("hormuz", draws=100, seed=seed).usd for seed in (3, 3, 4))
    assert (first == again).all()
    assert not np.allclose(first, other)


def test_a_month_that_has_begun_counts_its_past_days():
    path = price_path("hormuz", draws=20)
    closes = pd.Series(
        prices("oil").usd,
        index=pd.to_datetime([date.fromordinal(int(day)) for day in prices("oil").ordinals]),
    )
    days = pd.date_range("2026-01-01", "2026-02-27")
    past = closes.reindex(days, method="ffill").sum()
    rows = [place for place, day in enumerate(path.days) if place and labels(day)[1] == "2026Q1"]
    by_hand = (path.usd[:, rows].sum(axis=1) + past) / 90
    assert np.allclose(path.mean_over("2026Q1"), by_hand)


def test_the_quarters_ahead_are_those_that_have_not_begun():
    asked = {
        "2026-03-09": ("2026Q2", "2026Q3"),
        "2026-03-31": ("2026Q2", "2026Q3"),
        "2026-04-01": ("2026Q3", "2026Q4"),
    }
    assert {day: price_path("hormuz", draws=3, as_of=day).ahead for day in asked} == asked


# --- volatility and scores -----------------------------------------------------------------------


def test_constants_of_the_measure_against_scipy():
    special = pytest.importorskip("scipy.special")
    assert pytest.approx((special.digamma(2.5) + math.log(2) - math.log(5)) / 2) == SHIFT
    assert pytest.approx(special.polygamma(1, 2.5) / 4) == ERROR


def test_a_walk_of_known_volatility_is_measured_and_fitted():
    moves = 0.02 * np.random.default_rng(1).standard_normal(10_000)
    usd = np.exp(np.concatenate([[4.0], 4.0 + np.cumsum(moves)]))
    assert float(np.exp(block_measures(usd)).mean()) == pytest.approx(0.02, rel=0.1)
    law = fit_volatility(usd)
    assert math.exp(law.mean) == pytest.approx(0.02, rel=0.06)
    ahead = law.moves(20_000, 60, 5)
    assert ahead[:, 60].std() == pytest.approx(0.02 * math.sqrt(60 * 252 / 365.25), rel=0.12)


def test_the_fit_does_not_see_what_is_left_out():
    series = prices("oil")
    hidden = np.arange(len(series.usd)) > len(series.usd) - 500
    changed = series.usd.copy()
    changed[-400:] = changed[-400:] * np.exp(np.random.default_rng(2).standard_normal(400))
    first, second = (fit_volatility(usd, hidden, until=6000) for usd in (series.usd, changed))
    assert first == second


def test_the_score_of_a_normal_forecast_in_closed_form():
    """Gneiting and Raftery (2007), equation 5: CRPS of N(m, s)."""
    normal = NormalDist()
    mean, spread = 70.0, 12.0
    draws = mean + spread * np.array([normal.inv_cdf((place + 0.5) / 4000) for place in range(4000)])
    for came in (40.0, 70.0, 95.0):
        z = (came - mean) / spread
        closed = spread * (z * (2 * normal.cdf(z) - 1) + 2 * normal.pdf(z) - 1 / math.sqrt(math.pi))
        assert crps(draws, came) == pytest.approx(closed, rel=2e-3)


# --- parity --------------------------------------------------------------------------------------


def test_commodities_follow_oil_by_their_elasticity():
    path = price_path("hormuz", draws=4000)
    changes = commodity_changes(path)
    log = {name: np.log1p(change[:, 1]) for name, change in changes.items()}
    for name in ("refined", "petrochemicals", "fertiliser", "gas"):
        slope = np.polyfit(log["crude"], log[name], 1)[0]
        fact = default().fact(f"parity_{name}.elasticity")
        assert fact.low - 0.06 <= slope <= fact.high + 0.06
    assert all(change.shape == (4000, 4) for change in changes.values())


def test_the_elasticities_are_those_measured_beside_the_data():
    import json

    path = DATA / "targets.json"
    if not path.is_file():
        pytest.skip("../shared/data/shocks is not there")
    measured = json.loads(path.read_text())["elasticity_to_oil_1998_2019 [slope, R2]"]
    for name, code in {
        "refined": "324110",
        "petrochemicals": "325110",
        "fertiliser": "325310",
        "gas": "221200",
    }.items():
        assert default().fact(f"parity_{name}.elasticity").value == pytest.approx(measured[code][0], abs=5e-4)


# --- what came -----------------------------------------------------------------------------------


def test_moves_that_came_are_those_of_the_series():
    closes = pd.read_csv(Path(price_path.__code__.co_filename).parent / "brent_daily.csv.gz", index_col=0)
    closes.index = pd.to_datetime(closes.index)
    (case,) = backtest(("ukraine-2022",), draws=50)
    first = closes[: pd.Timestamp("2022-03-06")].iloc[-1, 0]
    after = closes[: pd.Timestamp("2022-03-06") + timedelta(days=60)].iloc[-1, 0]
    assert case.came[1] == pytest.approx(math.log(after / first))


def test_a_quarter_scored_beside_walk_and_outlook():
    path = price_path("hormuz", draws=2000)
    (row,) = score_quarters(path, {"2026Q2": 71.32})
    assert row.outlook == pytest.approx(71.32 - 57.32)
    assert row.walk < row.ours  # the price of the day before is where a walk is sharpest
    moves = np.diff(np.log(prices("oil").usd)).std() * math.sqrt(252 / 365.25)
    days = np.arange(33, 124)  # 1 April to 30 June, from 27 February
    spread = 71.32 * moves * math.sqrt(np.minimum.outer(days, days).mean())  # of a mean of a walk
    closed = spread * (2 / math.sqrt(2 * math.pi) - 1 / math.sqrt(math.pi))  # CRPS of N(m, s) at m
    assert row.walk == pytest.approx(closed, rel=0.12)
    (none,) = score_quarters(price_path("kuwait-1990", draws=50), {"1990Q4": 33.0})
    assert none.outlook is None


def test_rows_of_validation_hold():
    rows = list(price_rows(DATA if DATA.is_dir() else None))
    assert all(row.holds is not False for row in rows)
    assert {row.room for row in rows} == {"shocks"}
    beaten = [row for row in rows if row.metric.startswith("CRPS") and row.holds]
    assert len(beaten) == 3 * 2 + 4  # two walks at three horizons; without the price also on the day known


# --- events and refusals -------------------------------------------------------------------------


def test_events_ship_with_facts_that_exist():
    found = known_events()
    assert len(found) == 10
    for one in found.values():
        for part in (one.flow, one.relief):
            assert all(default().has(quantity.name) for quantity in part.values())


MINE = """
id = "mine"
title = "A pipeline stops"
onset = 2025-11-03
commodity = "oil"

[flow]
normal = { value = 1.5e6, low = 1.2e6, high = 1.8e6, unit = "barrel/day" }
world = { value = 104e6, low = 102e6, high = 106e6, unit = "barrel/day" }
"""


def test_an_event_of_a_user(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(MINE)
    one = read_event(file)
    assert one.known == date(2025, 11, 13)
    found = shock(file, draws=3000)
    low, high = found.inner["shocks.lost.mine"][0], found.inner["shocks.lost.mine"][3]
    assert low == pytest.approx(1.2e6, rel=0.08)
    assert high == pytest.approx(1.8e6, rel=0.08)


REMEDY = "See docs/shocks_price.md for a whole file."


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'normal = { value = 1.5e6, low = 1.2e6, high = 1.8e6, unit = "barrel/day" }\n',
            "",
            (
                "Event file 'mine.toml' has no 'normal' under [flow]. An event says which flow is at risk, and the "
                "world supply it is part of. Write normal = { value = 4.3e6, low = 4.0e6, high = 4.6e6, unit = "
                '"barrel/day" } or the id of a fact.'
            ),
        ),
        (
            '"oil"',
            '"tin"',
            (
                "The commodity 'tin' in Event file 'mine.toml' is not known. The nearest known: 'oil'. An event moves "
                "the price of one of these; others follow by parity."
            ),
        ),
        (
            "2025-11-03",
            '"soon"',
            "Event file 'mine.toml': 'onset' is 'soon'. It is a day such as 2026-02-28, without quotes. Correct the entry.",
        ),
        (
            "[flow]",
            "flaw = 1\n[flow]",
            f"The entry 'flaw' in Event file 'mine.toml' is not known. The nearest known: 'flow'. {REMEDY}",
        ),
        (
            "[flow]",
            (
                '[[duration]]\nname = "all"\nshare = { value = 1, unit = "share" }\n'
                'time = { value = -5, low = -6, high = 3, unit = "day" }\n[flow]'
            ),
            (
                "Event file 'mine.toml': 'time' runs below zero, to -6 day. Only the flow of a glut is below zero. "
                "Give a number from 0 on."
            ),
        ),
        (
            'high = 1.8e6, unit = "barrel/day"',
            'high = 1.8e6, unit = "usd"',
            "Event file 'mine.toml': 'normal' is in 'usd'. It is measured in barrel/day. Write unit = \"barrel/day\".",
        ),
    ],
)
def test_files_that_no_event_can_be(tmp_path, monkeypatch, old, new, said):
    monkeypatch.chdir(tmp_path)
    Path("mine.toml").write_text(MINE.replace(old, new))
    with pytest.raises(UsageError) as refused:
        read_event("mine.toml")
    assert str(refused.value) == said


def test_questions_that_have_no_answer(tmp_path):
    with pytest.raises(UnknownNameError) as unknown:
        price_path("hormus")
    assert str(unknown.value) == (
        "The event 'hormus' is not known. The nearest known: 'hormuz'. List them with `narrows shocks list`, or "
        "name a TOML file."
    )
    with pytest.raises(UsageError) as early:
        price_path("hormuz", as_of="2026-01-01")
    assert str(early.value) == (
        "Strait of Hormuz closed is asked for as known on 2026-01-01. It begins on 2026-02-28. Give a day from "
        "then on, such as 2026-03-09."
    )
    file = tmp_path / "old.toml"
    file.write_text(MINE.replace("2025-11-03", "1956-11-01"))
    with pytest.raises(DataError) as old:
        price_path(file)
    assert str(old.value) == (
        "No daily price stands on or before the day asked for. Daily prices of oil begin on 1987-05-20. Give the "
        "price before the event: base under [price] of the event file."
    )
    with pytest.raises(UsageError) as negative:
        price_path("hormuz", length=-1.0)
    assert str(negative.value) == "The length is -1 days. A length is 0 days or more. Give 0 or more."
    with pytest.raises(UsageError) as period:
        price_path("hormuz", draws=5).mean_over("2030Q1")
    assert str(period.value) == (
        "The path has no day of '2030Q1'. It runs from 2026-02-28 to 2026-12-31. Ask for a month such as 2026-05 "
        "or a quarter such as 2026Q2."
    )


# --- the answer ----------------------------------------------------------------------------------


def test_every_figure_is_finite_and_in_order():
    found = shock("hormuz", draws=500)
    assert tuple(found.figures) == figure_ids(found.path)
    for name, figure in found.figures.items():
        low, lower, upper, high = found.inner[name]
        assert low <= lower <= upper <= high
        assert math.isfinite(figure.value)
    assert found.path.effective <= 500
    odds = sum(found.get("odds", part.name).value for part in found.event.lengths)
    assert odds == pytest.approx(1.0)


def test_a_branch_of_the_tree_holds_one_part_and_longer_ones_cost_more():
    branches = [price_path("hormuz", draws=1500, part=part) for part in ("short", "half_year", "structural")]
    assert [set(branch.parts.tolist()) for branch in branches] == [{0}, {1}, {2}]
    middles = [np.median(branch.mean_over("2026Q3")) for branch in branches]
    assert middles == sorted(middles)
    seen = [price_path("kuwait-1990", draws=1500, part=part) for part in ("short", "structural")]
    assert np.median(seen[0].mean_over("1991Q1")) < np.median(seen[1].mean_over("1991Q1"))
    with pytest.raises(UnknownNameError) as unknown:
        price_path("hormuz", draws=5, part="long")
    assert str(unknown.value) == (
        "The part 'long' is not known. The nearest known: 'half_year', 'short', 'structural'. Name a part of the "
        "mixture of lengths."
    )


def test_the_overlay_lies_over_facts_that_exist(tmp_path):
    from narrows.catalog.overlays import read_overlay

    file = tmp_path / "hormuz.toml"
    file.write_text(overlay_text(shock("hormuz", draws=500)))
    overlay = read_overlay(file)
    over = default().overlay(overlay)
    assert {scaling.name for scaling in overlay.scalings} == set(MOVED)
    for scaling in overlay.scalings:
        before, after = (book.fact(scaling.name).value for book in (default(), over))
        assert after == pytest.approx(before * scaling.factor)


def test_prices_after_the_forecast_are_scored_by_whole_quarters(tmp_path):
    from narrows.shocks.price_checks import _came

    (tmp_path / "oil").mkdir()
    days = [date(2026, 2, 20) + timedelta(days=step) for step in range(160)]  # to 2026-07-29
    lines = ["date,usd_per_barrel", *(f"{day},{90 if day.month in {4, 5, 6} else 70}" for day in days)]
    with gzip.open(tmp_path / "oil" / "brent_daily.csv.gz", "wt") as file:
        file.write("\n".join(lines))
    rows = list(_came(tmp_path))
    assert [row.quantity.split(",")[0] for row in rows] == ["Brent in 2026Q2"] * 3  # Q3 is not over
    assert rows[0].value == rows[1].value < rows[0].baseline
    assert rows[1].baseline == pytest.approx(90 - 57.32)
    assert rows[2].value == 1
    assert list(_came(DATA)) == []
