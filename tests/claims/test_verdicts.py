"""Verdicts: the built-in closes by hand, the visible data, published numbers, the seed's own recap."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from narrows.claims import check
from narrows.claims.document import DEEPEST, LARGEST_BYTES, read
from narrows.claims.mutations import cases
from narrows.claims.validation import claims_rows, published_verdicts, recap_verdicts, superlative_verdicts
from narrows.errors import DataError, UsageError
from narrows.market.library import Library

DATA = Path("../shared/data/market")
SEED = Path("../shared/seed")
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not here")
WEEK = "in the week ended May 1, 2026"


@pytest.fixture(scope="module")
def library():
    return Library(DATA)


def names(text: str, library=None, week=None) -> list[str]:
    return [one.verdict.name for one in check(text, week, library).checked]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # closes of 24 April, 27 April and 1 May: 7165.08, 7173.91, 7230.12
        (f"The S&P 500 rose 0.91% {WEEK}.", "TRUE"),
        (f"The S&P 500 rose 65.04 points {WEEK}.", "TRUE"),
        (f"The S&P 500 rose 0.78% {WEEK}.", "WRONG_BASE(monday)"),
        (f"The S&P 500 fell 0.91% {WEEK}.", "FALSE(sign)"),
        (f"The S&P 500 rose 65.04% {WEEK}.", "WRONG_UNIT(points)"),
        (f"The S&P 500 rose 0.9077% {WEEK}.", "TRUE"),
        (f"The S&P 500 rose 0.90% {WEEK}.", "ROUNDING"),
        (f"The S&P 500 rose 0.29% {WEEK}.", "WINDOW(day)"),
        (f"The S&P 500 rose 1.12% {WEEK}.", "WRONG_ENTITY(IXIC)"),
        (f"The S&P 500 rose 0.55% {WEEK}.", "WINDOW(week before)"),
        (f"The S&P 500 rose more than 1% {WEEK}.", "FALSE"),
        (f"The S&P 500 rose nearly 1% {WEEK}.", "TRUE"),
        (f"The Dow rose 0.57% {WEEK}.", "TRUE"),
        ("The S&P 500 closed at 7,230.12 on May 1, 2026.", "TRUE"),
        ("The S&P 500 closed at 7,209.01 on May 1, 2026.", "STALE(2026-04-30)"),
        ("The S&P 500 closed at 25,114.44 on May 1, 2026.", "FALSE"),
        ("The Energy sector fund (XLE) ranked 1st of the 11 sector funds in the week ended May 1, 2026.", "TRUE"),
        (f"9 of the 11 sector funds rose {WEEK}.", "TRUE"),
        (f"8 of the 11 sector funds rose {WEEK}.", "FALSE"),
        (f"9 of the 12 sector funds rose {WEEK}.", "FALSE"),
        (f"Spirit Airlines fell 60% {WEEK}.", "UNVERIFIABLE(no series of Spirit Airlines)"),
        (f"Nvidia rose to €150 {WEEK}.", "UNVERIFIABLE(currency EUR: the closes are in USD)"),
        ("The S&P 500 rose 0.91% this week.", "UNVERIFIABLE(the text names no day: give --week DATE)"),
    ],
)  # fmt: skip
def test_a_sentence_has_its_verdict_on_the_built_in_closes(text, expected):
    found = names(text)
    assert found == [expected] or (expected == "FALSE" and found[0].startswith(("FALSE", "WRONG_ENTITY")))


def test_the_founding_example_is_told_exactly():
    verdict = (
        check("| Index | Weekly change |\n|---|---|\n| S&P 500 | +0.78% |\n", date(2026, 5, 1))
        .checked[0]
        .verdict
    )
    assert verdict.reading.words == (
        "+0.78 % is Monday's close to Friday's: from the close of Mon 27 Apr 2026 (7,173.91) to that of Fri 1 May 2026 (7,230.12)"
    )
    assert verdict.words == (
        "+0.91 % over the week, from the close of Fri 24 Apr 2026 (7,165.08) to that of Fri 1 May 2026 (7,230.12)"
    )
    assert verdict.holds is False
    assert 0 < verdict.chance < 0.05


def test_a_missing_session_makes_a_change_unavailable(tmp_path):
    (tmp_path / "closes.csv").write_text(
        "ticker,date,close\n"
        + "".join(
            f"INTC,2026-04-{day},{price}\n" for day, price in ((20, 65.7), (23, 66.8), (27, 85.0), (28, 84.5))
        )
    )
    assert names("Intel rose 27.24% in the week ended April 28, 2026.", tmp_path) == [
        "UNVERIFIABLE(no close for the base of over the week)"
    ]


def test_a_hostile_page_is_read_for_what_it_shows():
    page = (
        "<html><head><title>9%</title><script>The S&P 500 rose 99%</script></head><body onload=x><p hidden>The Dow fell 88%</p>"
        "<p style='display: none'>The Nasdaq fell 77%</p><p>The S&amp;P 500 rose <b>0.91</b>% in the week ended May&nbsp;1, 2026"
        "&#99999999999999999999;<p>unclosed <table><tr><td>"
    )
    assert names(page) == ["TRUE"]


def test_too_large_too_deep_no_text_and_no_number_are_refused():
    with pytest.raises(UsageError, match=f"A draft of at most {LARGEST_BYTES:,} bytes is read"):
        read(b"x" * (LARGEST_BYTES + 1))
    with pytest.raises(UsageError, match=f"Pages of up to {DEEPEST} nested tags are read"):
        read("<div>" * (DEEPEST + 5))
    with pytest.raises(DataError, match="The draft holds zero bytes"):
        read(b"abc\x00def")
    with pytest.raises(DataError, match="The text holds no numeric claim of a market"):
        check("Stocks rose.")
    with pytest.raises(DataError, match="is not there"):
        check("The S&P 500 rose 1%.", library="no/such/folder")


def test_a_large_page_is_read_in_time():
    assert read("<p>" + "&lt;" * 100_000 + "<" * 50_000).form == "html"
    assert read("[" * 50_000 + "(" * 50_000 + "*" * 50_000).blocks


@needs_data
def test_published_numbers_are_confirmed_and_publishers_errors_flagged(library):
    found = published_verdicts(DATA, library)
    wrong = {(day, name) for day, name, verdict in found if verdict.holds is not True}
    assert len(found) == 89
    assert wrong == {
        ("2020-05-08", "week_pct"),
        ("2020-10-23", "week_pct"),
        ("2022-05-27", "week_pct"),
        ("2023-12-22", "ytd_pct"),
    }


@needs_data
def test_superlatives_are_confirmed_where_there_is_a_series(library):
    found = superlative_verdicts(DATA, library)
    assert sum(all(one.holds for one in verdicts) for _, verdicts in found) == 22
    assert sum(all(one.verdict == "UNVERIFIABLE" for one in verdicts) for _, verdicts in found) == 2


@needs_data
def test_the_visible_recap_has_its_verdicts(library):
    found = {
        name: (expected, verdict)
        for name, expected, verdict in recap_verdicts(DATA / "recap1_restated.md", library)
    }
    assert [verdict for _, verdict in found.values()].count("WRONG_BASE(monday)") == 3
    assert found["r1-07"][1] == "WINDOW(from trough)"
    assert found["r1-08"][1] == "ROUNDING"
    assert found["r1-14"][1] == "TRUE(against the text's own table)"
    for expected, verdict in found.values():
        assert verdict.partition("(")[0] == expected.partition("(")[0]


@needs_data
def test_falsified_sentences_are_rejected_and_true_ones_are_not(library):
    wrong = []
    for case in cases(library, 400, seed=5):
        verdicts = [one.verdict.holds for one in check(case.text, None, library).checked]
        if verdicts != [case.label]:
            wrong.append(case.text)
    assert len(wrong) <= 4, wrong


@needs_data
@pytest.mark.skipif(not SEED.is_dir(), reason="../shared/seed is not here")
def test_the_recaps_of_the_seed_are_measured_from_monday(library):
    text = next(SEED.glob("*.txt")).read_text(encoding="utf-8")
    for title, end in (
        ("Weekly Market Recap (May 4", date(2026, 5, 8)),
        ("Weekly Market Recap (April 27", date(2026, 5, 1)),
    ):
        start = text.index(title)
        report = check(text[start : text.index("AI Infrastructure Study", start)], None, library)
        assert report.day == end
        monday = {one.claim.entity for one in report.checked if one.verdict.name == "WRONG_BASE(monday)"}
        assert monday == {"SPX", "IXIC", "DJI"}
        streaks = [one.verdict.verdict for one in report.checked if one.claim.kind == "streak"]
        assert set(streaks) == {"TRUE"}


def test_rows_without_data_are_named_as_not_run():
    rows = list(claims_rows(None))
    assert len(rows) == 4
    assert all(row.holds is None and row.metric == "not run: data absent" for row in rows)


def test_the_command_line_gives_4_for_a_wrong_claim_and_0_where_all_hold(tmp_path):  # noqa: ARG001
    def run(text: str, *options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "narrows", "claims", "check", "-", *options],
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )

    wrong = run(f"The S&P 500 rose 0.78% {WEEK}.", "--annotate")
    assert wrong.returncode == 4
    assert (
        "^ WRONG_BASE(monday); +0.78 % is Monday's close to Friday's; recomputed +0.91 % over the week"
        in wrong.stdout
    )
    assert run(f"The S&P 500 rose 0.91% {WEEK}.", "--json").returncode == 0
    refused = run("The S&P 500 rose 1%.", "--week", "May")
    assert refused.returncode == 2
    assert refused.stderr.startswith(
        "narrows: The option --week is given 'May'. It takes the last trading day"
    )
    assert run("Nothing here.").returncode == 3


@needs_data
def test_a_month_that_is_named_is_the_one_that_is_checked(library):
    text = "# Wrap, May 15, 2026\n\nIt was the best month for the S&P 500 since November 2020: it soared 10.4% in April.\n"
    assert names(text, library) == ["TRUE", "TRUE"]


@needs_data
def test_no_later_close_is_looked_at(library):
    # the week to Thursday 14 May stood at +1.38 %; Friday took most of it back
    thursday = check("The S&P 500 rose 1.38% in the week to May 14, 2026.", None, library).checked[0].verdict
    assert thursday.name == "TRUE"
