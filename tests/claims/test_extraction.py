"""What a text says: claims by hand, round trips, laws."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrows.claims import extract, phrase
from narrows.claims.claim import (
    TYPES,
    BestSince,
    Change,
    Claim,
    Count,
    Rank,
    Record,
    Span,
    Stated,
    Streak,
    type_of,
)
from narrows.claims.phrases import phrasings
from narrows.market.window import Window

FRIDAY = date(2026, 5, 1)


def told(text: str, week: date | None = FRIDAY) -> list[tuple[str, str, float | None]]:
    return [
        (type_of(one), one.entity, None if one.stated is None else one.stated.value)
        for one in extract(text, week)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Shares of Intel rose 21% on the week and are up 170% year to date.", [("change.week", "INTC", 21), ("change.ytd", "INTC", 170)]),
        ("The S&P 500 rose 22.27 points, or 0.6%, to 3,970.99 on Friday.", [("change.day", "SPX", 22.27), ("change.day", "SPX", 0.6), ("level", "SPX", 3970.99)]),
        ("The S&P 500, Nasdaq and Dow rose 0.9%, 1.1% and 0.6%.", [("change.week", "SPX", 0.9), ("change.week", "IXIC", 1.1), ("change.week", "DJI", 0.6)]),
        ("Energy fell 5.03%, while Utilities dropped 3.21%.", [("change.week", "sector.energy", -5.03), ("change.week", "sector.utilities", -3.21)]),
        ("A 2.80% decline in Basic Materials stood out.", [("change.week", "sector.materials", -2.8)]),
        ("Energy \u22125.03%", [("change.week", "sector.energy", -5.03)]),
        ("Energy \u00e2\u02c6\u20195.03%", [("change.week", "sector.energy", -5.03)]),
        ("The Dow lost a fifth in the first quarter of 2020.", [("change.calendar", "DJI", -20)]),
        ("The 10-year Treasury yield rose 5 basis points to 4.25%.", [("change.week", "US10Y", 5), ("level", "US10Y", 4.25)]),
        ("The S&P 500 posted its fifth straight weekly gain.", [("streak", "SPX", 5)]),
        ("The S&P 500 fell for a third day in a row on Friday.", [("streak", "SPX", 3)]),
        ("Both the S&P 500 and the Nasdaq closed at record highs.", [("record", "SPX", None), ("record", "IXIC", None)]),
        ("The index snapped a five-week winning streak for the S&P 500.", [("streak_ended", "SPX", 5)]),
        ("The S&P 500 is within 0.6% of its all-time high.", [("distance", "SPX", 0.6)]),
        ("The S&P 500 rose in four of the past five weeks.", [("count_of_past", "SPX", 4)]),
        ("Earnings of Intel grew 27%.", [("other", "INTC", 27)]),
        ("Micron could fall 30% from here.", [("other", "MU", 30)]),
        ("Semiconductor firms in the S&P 500 added $3.8 trillion in market cap.", [("other", "SPX", 3.8e12)]),
    ],
)  # fmt: skip
def test_a_sentence_gives_its_claims(text, expected):
    assert told(text) == expected


def test_the_header_of_a_table_gives_window_and_metric():
    markdown = "| Index | Close | Week | YTD % |\n|---|---|---|---|\n| S&P 500 | 7,230.12 | +0.91% | 5.62 |\n"
    html = (
        "<table><tr><th>Index</th><th>Close</th><th>Week</th><th>YTD %</th></tr>"
        "<tr><td>S&amp;P 500</td><td>7,230.12</td><td>+0.91%</td><td>5.62</td></tr></table>"
    )
    expected = [("level", "SPX", 7230.12), ("change.week", "SPX", 0.91), ("change.ytd", "SPX", 5.62)]
    assert told(markdown) == told(html) == expected


def test_a_list_pasted_as_lines_is_read_under_its_heading():
    text = "Sector Snapshot (1-Week)\n\nEnergy\n+3.30%\nTechnology\n+0.08%\n"
    assert told(text) == [
        ("change.week", "sector.energy", 3.3),
        ("change.week", "sector.information_technology", 0.08),
    ]


def test_an_introducing_line_sets_the_window_of_what_follows():
    text = "For the year:\nThe S&P 500 is up 131.49 points, or 3.4%.\nThe Dow is down 2.7%.\n"
    assert [kind for kind, _, _ in told(text)] == ["change.ytd"] * 3


def test_the_day_comes_from_the_title_and_a_date_in_the_sentence_wins():
    text = "# Recap, April 27 – May 1, 2026\n\nThe Dow fell 1%. The S&P 500 rose 2% in the week ended April 10, 2026.\n"
    assert [one.window.end for one in extract(text)] == [FRIDAY, date(2026, 4, 10)]


def test_numbers_that_say_nothing_of_a_market_are_left_alone():
    assert (
        extract(
            "On May 1, 2026 the S&P 500 met 24/7 news of the Q1 season, the 10 most-traded names and 3x funds."
        )
        == []
    )


def test_every_example_of_a_type_is_read_as_that_type():
    for name, (_, example) in TYPES.items():
        assert name in {type_of(one) for one in extract(example, FRIDAY)}, example


def test_a_name_with_another_fund_in_brackets_is_no_known_entity():
    (claim,) = extract("The Energy sector fund (XLK) rose 1.03% in the week ended May 1, 2026.")
    assert claim.entity == ""


FRIDAYS = st.integers(0, 1400).map(lambda weeks: date(1999, 1, 8) + timedelta(weeks=weeks))
ENTITIES = st.sampled_from(["SPX", "IXIC", "DJI", "RUT", "INTC", "NVDA", "XLE", "XLK", "SOXL", "KOSPI"])
PERCENT = st.integers(-3000, 3000).filter(bool).map(lambda n: Stated(n / 100, "%", 2))


def made() -> st.SearchStrategy[Claim]:
    def way(stated: Stated) -> int:
        return 1 if stated.value > 0 else -1

    change = st.builds(
        lambda who, kind, day, stated: Change(entity=who, window=Window(kind, day), stated=stated, direction=way(stated)),
        ENTITIES, st.sampled_from(["day", "week", "mtd", "qtd", "ytd"]), FRIDAYS, PERCENT,
    )  # fmt: skip
    streak = st.builds(
        lambda who, day, n, up: Streak(entity=who, window=Window("week", day), stated=Stated(n, "", 0), direction=up),
        ENTITIES, FRIDAYS, st.integers(2, 25), st.sampled_from([1, -1]),
    )  # fmt: skip
    since = st.builds(
        lambda who, day, back, worst: BestSince(
            entity=who, window=Window("week", day), worst=worst, direction=-1 if worst else 1,
            since=Span(day - timedelta(weeks=back), day - timedelta(weeks=back)),
        ),
        ENTITIES, FRIDAYS, st.integers(5, 400), st.booleans(),
    )  # fmt: skip
    rank = st.builds(
        lambda who, day, n: Rank(entity=who, window=Window("week", day), stated=Stated(n, "", 0), of=11),
        st.sampled_from(["XLE", "XLK", "XLRE"]), FRIDAYS, st.integers(1, 11),
    )  # fmt: skip
    count = st.builds(
        lambda day, n, up: Count(entity="sector_funds", window=Window("week", day), stated=Stated(n, "", 0), of=11, direction=up),
        FRIDAYS, st.integers(1, 11), st.sampled_from([1, -1]),
    )  # fmt: skip
    record = st.builds(
        lambda who, day: Record(entity=who, window=Window("day", day), direction=1), ENTITIES, FRIDAYS
    )
    return st.one_of(change, streak, since, rank, count, record)


@settings(max_examples=150, deadline=None)
@given(made(), st.integers(0, 40))
def test_a_claim_in_words_is_read_back(claim, variant):
    text = phrase(claim, variant % phrasings(claim))
    (found,) = extract(text)
    assert (found.query, found.direction) == (claim.query, claim.direction), text
    if claim.stated is not None:
        assert (found.stated.value, found.stated.places) == (claim.stated.value, claim.stated.places)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_read_or_refused_in_words(text):
    for claim in extract(text, FRIDAY):
        assert claim.to_json()["type"] in TYPES
