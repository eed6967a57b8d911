"""The panel's metrics against plain counting, and laws that hold for any closes."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrows.errors import DataError, UsageError
from narrows.market.breadth import above_mean, advances, highs_lows
from narrows.market.leverage import Fund, closed_form, fund, leveraged_path, short_rates
from narrows.market.panel import UNCLASSIFIED, Panel, Spell, Week, panel_of
from narrows.market.runs import drawdowns, previous_at_least, runs
from narrows.market.sessions import sessions
from narrows.market.total_return import split_adjusted, total_returns, unexplained_jumps
from narrows.market.validation import market_rows
from narrows.market.weights import compose, concentration, rotation, sector_history, shares_of

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
absent = pytest.mark.skipif(not (DATA / "market").is_dir(), reason="../shared/data is absent")
DAYS = sessions(date(2024, 1, 2), date(2025, 12, 31))


def made(rows, columns, seed=0, *, gaps=0.0, members=False, dtype=np.float64):
    rng = np.random.default_rng(seed)
    closes = np.exp(np.cumsum(rng.normal(0, 0.02, (rows, columns)), axis=0)).round(2).astype(dtype) + 1
    closes[rng.random(closes.shape) < gaps] = np.nan
    names = tuple(f"T{k:03d}" for k in range(columns))
    spells = tuple(Spell(name, "index", DAYS[rows // 4], DAYS[3 * rows // 4]) for name in names[::3]) + tuple(
        Spell(name, "index") for name in names[1::3]
    )
    sectors = tuple(Spell(name, "ABC"[k % 3]) for k, name in enumerate(names[:-1]))
    shares = rng.uniform(1, 9, columns)
    return Panel(names, DAYS[:rows], closes, spells if members else (), sectors, shares)


@pytest.mark.parametrize("members", [False, True])
@pytest.mark.parametrize("window", [1, 5, 20])
def test_breadth_and_extremes_equal_plain_counting(window, members):
    panel = made(64, 7, window, gaps=0.03, members=members)
    mean, extreme = above_mean(panel, window), highs_lows(panel, window)
    assert mean.days == extreme.days == panel.days[window - 1 :]
    for at in range(len(mean.days)):
        row = at + window - 1
        above = high = low = counted = 0
        for column, name in enumerate(panel.tickers):
            own = panel.closes[row - window + 1 : row + 1, column].tolist()
            spells = [spell for spell in panel.members if spell.ticker == name]
            if (panel.members and not any(spell.holds(panel.days[row]) for spell in spells)) or any(
                np.isnan(value) for value in own
            ):
                continue
            counted += 1
            above += own[-1] > sum(own) / window + 1e-12
            high += own[-1] == max(own)
            low += own[-1] == min(own)
        if window > 1:
            assert mean.above[at] == above
        assert (extreme.highs[at], extreme.lows[at]) == (high, low)
        assert mean.counted[at] == extreme.counted[at] == counted
        assert mean.members[at] == panel.members_named(row)


def test_a_window_longer_than_the_panel_gives_no_days():
    assert above_mean(made(10, 3), 200).days == ()
    assert highs_lows(made(10, 3), 252).days == ()


def test_one_missing_day_is_unavailable_and_never_filled():
    panel = made(30, 2)
    panel.closes[20, 0] = np.nan
    assert above_mean(panel, 5).counted[16:22].tolist() == [1, 1, 1, 1, 1, 2]
    assert np.isnan(panel.change(20, 25)[0])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 12), st.booleans())
def test_contributions_sum_to_the_change_and_weights_to_one(seed, columns, members):
    panel = made(40, columns, seed, gaps=0.05, members=members)
    week = panel.weeks[-1]
    found = compose(panel, week.base, week.end, 1.0)
    if found is None:
        return
    assert sum(found.weights) == pytest.approx(1)
    assert sum(found.points) == pytest.approx(found.capitalised)
    assert sum(part.points for part in found.sectors) == pytest.approx(found.capitalised)
    assert sum(part.n for part in found.sectors) == found.counted <= found.members
    assert found.residual == pytest.approx(1.0 - found.capitalised)
    assert 1 <= found.concentration.effective <= found.counted * (1 + 1e-12)
    names, parts, changes = sector_history(panel, panel.weeks)
    assert changes[-1] == pytest.approx(found.capitalised)
    told = dict(zip(names, parts[-1], strict=True))
    for part in found.sectors:
        assert told[part.name] == pytest.approx(part.points, abs=1e-12)


def test_a_ticker_without_a_sector_is_named_so():
    panel = made(10, 4)
    names, place = panel.sectors_on(0)
    assert names[place[-1]] == UNCLASSIFIED


def test_equal_names_are_as_many_as_they_are():
    assert concentration([3.0] * 8).effective == pytest.approx(8)
    assert concentration([3.0] * 8, 2).top == pytest.approx(0.25)


def test_classes_of_one_company_are_counted_once():
    shares = shares_of(
        {"A": 10.0, "B1": 8.0, "B2": 8.0}, {"A": 1.0, "B1": 2.0, "B2": 4.0}, {"B1": "b", "B2": "b"}
    )
    assert shares["B1"] * 2 + shares["B2"] * 4 == pytest.approx(8)


def test_membership_and_sectors_are_those_of_the_day():
    spells = (Spell("A", "i", date(2024, 1, 2), date(2024, 1, 10)), Spell("B", "i", date(2024, 1, 10)))
    sectors = (Spell("A", "X", None, date(2024, 1, 9)), Spell("A", "Y", date(2024, 1, 9)))
    panel = Panel(("A", "B"), DAYS[:12], np.ones((12, 2)), spells, sectors)
    row = panel.days.index(date(2024, 1, 10))
    assert panel.members_on(row).tolist() == [False, True]
    assert panel.members_on(row - 1).tolist() == [True, False]
    assert [panel.sectors_on(at)[0][0] for at in (0, row)] == ["X", "Y"]


def test_a_week_needs_its_base_and_its_end():
    panel = made(60, 2)
    assert panel.week(date(2024, 1, 3)) is None  # its base, 2023-12-29, is not held
    good_friday = panel.week(date(2024, 3, 27))
    assert good_friday is None or panel.days[good_friday.end] == date(2024, 3, 28)
    first = panel.weeks[0]
    assert (panel.days[first.base], panel.days[first.end]) == (date(2024, 1, 5), date(2024, 1, 12))


def test_streaks_and_records_equal_plain_counting():
    panel = made(120, 9, 4)
    found = runs(panel)
    for column in range(9):
        count, way = 0, 0
        for week in reversed(panel.weeks):
            sign = int(np.sign(panel.closes[week.end, column] / panel.closes[week.base, column] - 1))
            if sign == 0 or (way and sign != way):
                break
            way = sign
            count += sign
        assert found.streak[column] == count
        assert found.high[column] == panel.closes[:, column].max()
        deepest = min(
            panel.closes[at, column] / panel.closes[: at + 1, column].max() - 1
            for at in range(len(panel.days))
        )
        assert drawdowns(panel)[column] == pytest.approx(deepest)


@given(st.lists(st.integers(1, 9), max_size=30))
def test_the_last_close_at_least_as_high(closes):
    found = previous_at_least(np.array(closes, float))
    for at, close in enumerate(closes):
        earlier = [place for place in range(at) if closes[place] >= close]
        assert found[at] == (earlier[-1] if earlier else -1)


@given(st.integers(0, 1000))
def test_a_split_moves_no_total_return(seed):
    rng = np.random.default_rng(seed)
    closes, ones, none = np.exp(rng.normal(0, 0.1, 12).cumsum()), np.ones(12), np.zeros(12)
    splits = ones.copy()
    splits[5] = 4.0
    raw = np.where(np.arange(12) >= 5, closes / 4, closes)
    assert total_returns(raw, splits, none) == pytest.approx(total_returns(closes, ones, none))
    assert split_adjusted(raw, splits) == pytest.approx(closes / 4)
    calm = np.where(np.arange(12) >= 5, 25.0, 100.0) * (1 + 0.02 * (np.arange(12) % 2))
    assert [(jump.row, jump.ratio) for jump in unexplained_jumps(calm)] == [(5, 4.0)]
    assert unexplained_jumps(calm, splits) == ()


def test_a_fund_without_borrowing_or_fee_is_its_index():
    index = np.exp(np.random.default_rng(0).normal(0, 0.01, 300).cumsum())
    path = leveraged_path(index, np.full(300, 0.05), Fund(1.0, (0, 0, 0), (0.01, 0.01, 0.01)))
    assert path.growth == pytest.approx(index / index[0])
    assert path.decay == pytest.approx(0, abs=1e-12)


def test_the_closed_form_agrees_where_days_are_small():
    rng = np.random.default_rng(1)
    moves = rng.normal(0.0002, 0.002, 2520)
    index = np.exp(np.concatenate([[0], moves.cumsum()]))
    free = Fund(3.0, (0.01, 0.01, 0.01), (0.0, 0.0, 0.0))
    path = leveraged_path(index, np.zeros(2521), free)
    formula = closed_form(index[-1], moves.var() * 252, 10.0, 3.0, 0.01)
    assert path.growth[-1] == pytest.approx(formula, rel=5e-4)
    assert (path.low <= path.growth + 1e-12).all()
    assert (path.growth <= path.high + 1e-12).all()


def test_rates_are_those_of_their_time():
    assert short_rates([date(2024, 9, 18), date(2024, 9, 19)]).tolist() == pytest.approx([0.05375, 0.04875])
    with pytest.raises(DataError) as refused:
        short_rates([date(2010, 1, 4)])
    assert str(refused.value) == (
        "The short rate of 2010-01-04 is not held. Target ranges are held from 2015-12-17. "
        "Give rates of your own, one a day."
    )


def test_refusals_name_what_is_wrong():
    with pytest.raises(UsageError) as refused:
        fund("UPRO")
    assert str(refused.value) == (
        "The leveraged fund asked for is 'UPRO'. Facts are held of SOXL, TQQQ. "
        "Name one of these, or build a narrows.market.leverage.Fund."
    )
    day = date(2026, 5, 1)
    with pytest.raises(DataError) as refused:
        panel_of([("A", day, 1.0), ("A", day, 2.0)])
    assert str(refused.value) == (
        "A has two closes on 2026-05-01. A ticker has one close a session. Leave one of them out."
    )
    with pytest.raises(DataError) as refused:
        panel_of([("A", day, -1.0)])
    assert str(refused.value) == (
        "The close of A on 2026-05-01 is -1.0. A close is a positive number. Leave it out where it is not known."
    )


def test_equal_sectors_share_the_better_rank():
    from narrows.market.weights import SectorPart

    now = [
        SectorPart(name, 0.3, change, 0.3 * change, 1)
        for name, change in (("A", 1.0), ("B", 1.0), ("C", 0.0))
    ]
    found = rotation(now, now)
    assert {name: rank for name, rank, _ in found.moved} == {"A": 1, "B": 1, "C": 3}


def test_unchanged_is_neither_up_nor_down():
    panel = Panel(("A", "B", "C"), DAYS[:2], np.array([[1.0, 2.0, 3.0], [1.0, 3.0, 2.0]]))
    assert advances(panel, 0, 1) == (1, 1, 1, 3)
    assert panel.change(0, 1)[0] == 0
    assert DAYS[1] - DAYS[0] == timedelta(days=1)
    assert Week(0, 1) == Week(0, 1)


@absent
def test_every_figure_of_the_data_is_met():
    rows = list(market_rows(DATA / "market"))
    assert [row for row in rows if row.holds is not True] == []
    assert len(rows) >= 55


def test_absent_data_are_not_run():
    assert {row.holds for row in market_rows(None)} == {None}
