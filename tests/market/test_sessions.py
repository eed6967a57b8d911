"""Sessions against lists that others made, and what depends on them."""

import csv
from datetime import date
from pathlib import Path

import pytest

from narrows.errors import UsageError
from narrows.market.history import History
from narrows.market.library import Library
from narrows.market.sessions import early_closes, last_of_week, sessions
from narrows.market.window import Window

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
LISTED = DATA / "ecosystem" / "xnys_sessions_1990_2015.csv"
INDEX = DATA / "market" / "spx_daily_1999_2026.csv"
absent = pytest.mark.skipif(not LISTED.is_file(), reason="../shared/data is absent")


def rows(file):
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


@absent
def test_sessions_and_early_closes_of_26_years():
    listed = rows(LISTED)
    days = [date.fromisoformat(row["date"]) for row in listed]
    assert sessions(days[0], date(2015, 12, 31)) == tuple(days)
    early = [date.fromisoformat(row["date"]) for row in listed if row["early_close"] == "1"]
    ruled = [day for year in range(1992, 2016) for day in early_closes(year)]
    assert [day for day in early if day.year >= 1992] == ruled


@absent
def test_trading_days_of_the_index_to_2026():
    days = [date.fromisoformat(row["date"]) for row in rows(INDEX)]
    assert sessions(days[0], days[-1]) == tuple(days)
    assert len(days) == 6897


@absent
def test_no_week_is_wrong():
    history = Library(DATA).history("SPX")
    assert len(history.weeks) == 1429
    for week in history.weeks:
        monday = week.start
        assert history.days[week.base] < monday <= history.days[week.end] == last_of_week(monday)
        assert sessions(history.days[week.base], monday)[-1] in {history.days[week.base], monday}
    assert sum(history.days[week.end].weekday() != 4 for week in history.weeks) == 47


def test_a_day_outside_the_rules_is_refused():
    with pytest.raises(UsageError) as refused:
        sessions(date(1980, 1, 1), date(1990, 1, 5))
    assert str(refused.value) == (
        "The day asked for is 1980-01-01. Sessions are known from 1990 to 2030. Ask for a day within these years."
    )


def made(days, closes):
    known = sessions(days[0], date(2026, 12, 31))
    return History("X", days, closes, known)


WEEK = [date(2026, 4, 23), date(2026, 4, 24), date(2026, 4, 27), date(2026, 5, 1)]


def test_a_missing_base_is_not_filled():
    history = made([WEEK[0], *WEEK[2:]], [7108.40, 7173.91, 7230.12])
    assert history.change(Window("week", date(2026, 5, 1))) is None


def test_a_later_day_without_a_close_is_not_filled():
    history = made(WEEK, [7108.40, 7165.08, 7173.91, 7230.12])
    assert history.change(Window("mtd", date(2026, 5, 12))) is None


def test_a_week_that_has_not_ended_is_no_week():
    history = made([*WEEK, date(2026, 5, 4)], [7108.40, 7165.08, 7173.91, 7230.12, 7200.75])
    assert [history.days[week.end] for week in history.weeks] == [date(2026, 5, 1)]


def test_a_run_cut_by_the_first_close_says_so():
    history = Library().history("SPX")
    last = history.period_at("week", history.at(date(2026, 5, 1)))
    assert history.runs("week", 1)[last] < 5
    assert history.reaches_start("week", 1, last)


def test_single_closes_of_an_earlier_time_complete_the_run():
    history = Library().history("SPX", anchored=True)
    last = history.period_at("week", history.at(date(2026, 5, 1)))
    assert history.runs("week", 1)[last] == 5
    assert not history.reaches_start("week", 1, last)
    assert history.change(Window("ytd", date(2026, 5, 1)))[0] == pytest.approx(5.619, abs=0.0005)
