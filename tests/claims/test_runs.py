"""Runs, records and shares against plain counting in a made-up series; figures of the market that ships."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import numpy as np
import pytest

import narrows
from narrows.claims import check
from narrows.errors import UnknownNameError
from narrows.market.library import Library
from narrows.market.sessions import sessions

WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
ORDINALS = ["zeroth", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"]


def weekly(days, closes):
    """Return the last day and the change of every whole week, counted by hand."""
    ends = [
        at for at in range(len(days))
        if at + 1 == len(days) or days[at].isocalendar()[:2] != days[at + 1].isocalendar()[:2]
    ]  # fmt: skip
    return [(days[b], closes[b] / closes[a] - 1) for a, b in pairwise(ends)]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    days = sessions(date(2019, 1, 2), date(2023, 12, 29))
    steps = np.random.default_rng(5).normal(0.0005, 0.008, len(days))
    closes = [round(float(close), 2) for close in 3000 * np.exp(np.cumsum(steps))]
    folder = tmp_path_factory.mktemp("made")
    rows = [f"{day},SPX,{close}" for day, close in zip(days, closes, strict=True)]
    (folder / "closes.csv").write_text("\n".join(["date,ticker,close", *rows]) + "\n")
    return Library(folder), days, closes, weekly(days, closes)


def long(day):
    return f"{day:%B} {day.day}, {day.year}"


def verdicts(made, text):
    return [one.verdict.name.partition("(")[0] for one in check(text, library=made[0]).checked]


def straight(weeks, at, way):
    count = 0
    while at - count >= 0 and weeks[at - count][1] * way > 0:
        count += 1
    return count


PLACES = range(60, 250, 7)


@pytest.mark.parametrize("way", [1, -1])
def test_runs_of_weeks_are_those_that_are_counted(made, way):
    weeks, seen = made[3], set()
    verb, kind = ("rose", "winning") if way > 0 else ("fell", "losing")
    for at in PLACES:
        day, count = weeks[at][0], straight(weeks, at, way)
        if count > 1:
            seen.add("run")
            text = f"The S&P 500 {verb} for the {{}} straight week in the week ended {long(day)}."
            assert verdicts(made, text.format(ORDINALS[count])) == ["TRUE"]
            assert verdicts(made, text.format("ninth"))[0] in {"FALSE", "STALE"}
        before = straight(weeks, at - 1, way)
        if count == 0 and before > 1:
            seen.add("end")
            text = f"The S&P 500 snapped a {{}}-week {kind} streak in the week ended {long(day)}."
            assert verdicts(made, text.format(WORDS[before])) == ["TRUE"]
            assert verdicts(made, text.format(WORDS[before + 1])) == ["FALSE"]
    assert seen == {"run", "end"}


def test_counts_of_past_weeks_are_those_that_are_counted(made):
    weeks = made[3]
    for at in PLACES:
        up = sum(change > 0 for _, change in weeks[at - 5 : at + 1])
        for said in range(1, 7):
            text = f"As of {long(weeks[at][0])} the S&P 500 has risen in {WORDS[said]} of the past six weeks."
            assert verdicts(made, text) == ["TRUE" if said == up else "FALSE"], text


def test_weeks_without_a_move_are_those_that_are_counted(made):
    weeks, seen = made[3], 0
    for at in PLACES:
        quiet = 0
        while abs(weeks[at - quiet][1]) < 0.02:
            quiet += 1
        if quiet > 1:
            seen += 1
            text = (
                f"As of {long(weeks[at][0])} the S&P 500 has gone {{}} straight weeks without a move of 2%."
            )
            assert verdicts(made, text.format(quiet)) == ["TRUE"]
            assert verdicts(made, text.format(quiet + 2)) == ["FALSE"]
    assert seen > 3


@pytest.mark.parametrize("year", [2020, 2021, 2022])
def test_shares_of_a_year_are_those_that_are_counted(made, year):
    changes = [change for day, change in made[3] if day.year == year]
    share = 100 * sum(change > 0 for change in changes) / len(changes)
    text = "The S&P 500 rose in {}% of weeks in {}."
    assert verdicts(made, text.format(f"{share:.0f}", year)) == ["TRUE"]
    assert verdicts(made, text.format(f"{share + 7:.0f}", year)) == ["FALSE"]


@pytest.mark.parametrize(("worst", "word"), [(False, "best"), (True, "worst")])
def test_the_best_week_since_is_the_one_that_is_found(made, worst, word):
    weeks, sign, seen = made[3], -1 if worst else 1, set()
    for at in PLACES:
        day, change = weeks[at]
        text = f"In the week ended {long(day)} the S&P 500 had its {word} week since {{}}."
        before = next((k for k in range(at - 1, -1, -1) if weeks[k][1] * sign >= change * sign), None)
        if change * sign <= 0:
            seen.add("wrong way")
            assert verdicts(made, text.format("March 2019")) == ["FALSE"]
        elif before is not None and (day - weeks[before][0]).days > 60:
            seen.add("found")
            assert verdicts(made, text.format(f"{weeks[before][0]:%B %Y}")) == ["TRUE"]
            assert verdicts(made, text.format("January 2019" if before > 8 else "June 2020"))[0] == "FALSE"
        of_year = [one for one in weeks[: at + 1] if one[0].year == day.year]
        right = max(of_year, key=lambda one: one[1] * sign)[0] == day and change * sign > 0
        text = f"In the week ended {long(day)} the S&P 500 had its {word} week of the year."
        assert verdicts(made, text) == ["TRUE" if right else "FALSE"]
    assert seen == {"wrong way", "found"}


def test_the_longest_run_since_is_the_one_that_is_found(made):
    weeks, seen = made[3], 0
    for at in PLACES:
        count = straight(weeks, at, 1)
        before = next((k for k in range(at - count, -1, -1) if straight(weeks, k, 1) >= count), None)
        if count > 1 and before is not None and (weeks[at][0] - weeks[before][0]).days > 60:
            seen += 1
            text = (
                f"In the week ended {long(weeks[at][0])} the S&P 500 had its longest weekly winning streak "
                "since {}."
            )
            assert verdicts(made, text.format(f"{weeks[before][0]:%B %Y}")) == ["TRUE"]
            assert verdicts(made, text.format("February 2019"))[0] == "FALSE"
    assert seen > 0


def test_highest_closes_and_records_are_those_that_are_found(made):
    _, days, closes, _ = made
    seen = set()
    for at in range(300, len(days), 29):
        before = next((k for k in range(at - 1, -1, -1) if closes[k] >= closes[at]), None)
        text = f"On {long(days[at])} the S&P 500 closed at its highest since {{}}."
        if before is None:
            seen.add("record")
            assert verdicts(made, f"The S&P 500 closed at a record on {long(days[at])}.") == ["TRUE"]
        elif (days[at] - days[before]).days > 60:
            seen.add("since")
            assert verdicts(made, text.format(long(days[before]))) == ["TRUE"]
        else:
            seen.add("neither")
            found = verdicts(made, f"The S&P 500 closed at a record on {long(days[at])}.")
            assert found[0] in {"FALSE", "STALE"}
    assert {"record", "neither"} <= seen


# --- figures of the market that ships ------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "unit"),
    [
        ("market.close.SPX.2026-05-01", 7230.12, "point"),
        ("market.change.week.SPX.2026-05-01", 100 * (7230.12 / 7165.08 - 1), "percent"),
        ("market.run.SPX.2026-05-01", 5, "week"),
    ],
)
def test_a_figure_of_the_market_is_that_of_the_closes(name, value, unit):
    figure = narrows.why(name, draws=10).figure
    assert figure.value == pytest.approx(value)
    assert figure.unit == unit


@pytest.mark.parametrize(
    "name",
    [
        "market.close.SPX.2026-05-02",
        "market.close.NONE.2026-05-01",
        "market.close.SPX.soon",
        "market.change.decade.SPX.2026-05-01",
        "market.close.SPX",
    ],
)
def test_a_figure_of_the_market_that_is_not_known_is_refused(name):
    with pytest.raises(UnknownNameError):
        narrows.why(name, draws=10)
