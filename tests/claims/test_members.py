"""The members of an index in a text: weights, counts and cases are told from changes, and checked on a store."""

import re
from dataclasses import replace
from datetime import date

import pytest
from tests.market.test_store import source

from narrows.claims import check, extract
from narrows.claims.claim import Change, Leveraged, Other, Signal, type_of
from narrows.claims.desk import Desk
from narrows.claims.verification import verify
from narrows.cli import main
from narrows.errors import UsageError
from narrows.market.intake import ingest
from narrows.market.recap import recap
from narrows.market.shelf import Shelf
from narrows.report.recap import recap_markdown

DAY = date(2025, 12, 19)
OF_MEMBERS = {
    "breadth", "member_count", "member_move", "weight", "contribution", "concentration", "dispersion", "rotation",
    "leveraged", "signal", "past",
}  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    base = tmp_path_factory.mktemp("members")
    source(base / "source")
    ingest(base / "source", base / "store")
    return base / "store"


@pytest.fixture(scope="module")
def text(store):
    return recap_markdown(recap(DAY, store=store))


def told(text):
    return [(type_of(one), one.stated.text if one.stated else "") for one in extract(text, DAY)]


def test_our_own_recap_passes_with_its_store(text, store):
    report = check(text, store=store)
    assert not report.wrong
    kinds = {type_of(one.claim) for one in report.checked if one.verdict.holds}
    assert kinds >= {
        "breadth",
        "member_count",
        "member_move",
        "weight",
        "contribution",
        "concentration",
        "signal",
    }
    open_ones = {type_of(one.claim) for one in report.open}
    assert not open_ones & (OF_MEMBERS - {"past", "signal"})


def test_without_the_store_the_members_are_left_open(text):
    report = check(text)
    assert not report.wrong
    members = [one for one in report.checked if type_of(one.claim) in OF_MEMBERS]
    assert len(members) > 60
    assert {one.verdict.verdict for one in members} == {"UNVERIFIABLE"}
    assert sum("universe" in one.verdict.which for one in members) > 60


def test_every_number_of_the_members_that_is_moved_is_found(text, store):
    claims = extract(text)
    desk = Desk(Shelf(store, DAY, whole=True), claims, text, store)
    moved = 0
    for claim in claims:
        if type_of(claim) not in OF_MEMBERS or isinstance(claim, (Leveraged, Signal)) or claim.stated is None:
            continue
        if verify(claim, desk).verdict != "TRUE":
            continue
        wrong = replace(claim.stated, value=claim.stated.value + 3 * 10.0**-claim.stated.places)
        assert verify(replace(claim, stated=wrong), desk).holds is False, claim.query
        moved += 1
    assert moved > 60


def test_a_contribution_that_is_not_weight_times_move_is_found_without_data(text):
    row = re.search(r"^\| S\w\w \| [\d.]+ \| \S+ \| (\S+) \|$", text, re.MULTILINE)
    wrong = text[: row.start(1)] + "+1.75" + text[row.end(1) :]
    (one,) = check(wrong).wrong
    assert (type_of(one.claim), one.verdict.which) == ("contribution", "against the text's own table")


@pytest.mark.parametrize(
    ("text", "claims"),
    [
        (
            "| Stock | Weight | Return | Contribution (bps) |\n|---|---|---|---|\n| Nvidia | 7.9% | +4.1% | +32 |",
            [("weight", "7.9%"), ("member_move", "+4.1%"), ("contribution", "+32")],
        ),
        ("| Company | % of index |\n|---|---|\n| Nvidia | 7.9 |", [("weight", "7.9")]),
        (
            "| Breadth | Today |\n|---|---|\n| Advancing members | 312 |\n| % above 200-day average | 58.6 |",
            [("member_count", "312"), ("breadth", "58.6")],
        ),
        ("300 of the 314 members rose in the week.", [("member_count", "300")]),
        ("Nvidia's weight in the S&P 500 is 7.9%.", [("weight", "7.9%")]),
        ("The ten largest companies account for 38% of the S&P 500's market cap.", [("weight", "38%")]),
        ("The five largest members contributed 61% of the gain.", [("concentration", "61%")]),
        ("Energy went from rank 10 to 2.", [("rotation", "10"), ("rotation", "2")]),
        ("58.6% of S&P 500 stocks stood above their 200-day moving average.", [("breadth", "58.6%")]),
        ("Thin: the S&P 500 up 3% at a record: does not fire.", [("signal", ""), ("other", "3%")]),
    ],
)
def test_headings_and_words_say_what_is_no_change(text, claims):
    assert told(text) == claims


def test_a_change_beside_a_length_is_over_that_length():
    (claim,) = extract("| Fund | Sessions | Growth |\n|---|---|---|\n| TQQQ | 252 | +16.3% |", DAY)
    assert isinstance(claim, Change)
    assert (claim.window.kind, claim.window.count, claim.window.unit) == ("past", 252, "day")


def test_a_change_beside_a_weight_is_still_a_change():
    rows = "| Index | Weight | Weekly change |\n|---|---|---|\n| S&P 500 | 60% | +0.91% |"
    assert told(rows) == [("weight", "60%"), ("change.week", "+0.91%")]


def test_members_of_another_index_are_left_open(text, store):
    other = f"{text}\n\n12.3% of S&P 500 members stood above their 200-day mean.\n"
    last = check(other, store=store).checked[-1]
    assert (type_of(last.claim), last.verdict.verdict) == ("breadth", "UNVERIFIABLE")
    assert last.verdict.which == "universe: the text names other members than the store's"


def test_the_command_reads_a_store(text, store, tmp_path, capsys):
    draft = tmp_path / "draft.md"
    draft.write_text(text)
    assert main(["claims", "check", str(draft), "--store", str(store)]) == 0
    assert " 0 wrong" in capsys.readouterr().out
    with pytest.raises(UsageError) as refused:
        check(text, library=tmp_path, store=store)
    assert str(refused.value) == (
        "Both a folder of tables and a store are named. Closes come from one of them. Leave out --data or --store."
    )


def test_a_condition_is_asked_and_not_stated(text):
    asked = [one for one in extract(text) if isinstance(one, Other) and one.topic == "supposed"]
    assert [one.stated.text for one in asked] == ["3 points or more", "50% or more"]


def test_every_picture_stands_beside_the_first(store, tmp_path):
    first = tmp_path / "week.svg"
    assert main(["market", "recap", "2025-12-19", "--store", str(store), "--svg", str(first), "--quiet"]) == 0
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"week.svg", "week-breadth.svg", "week-contribution.svg"}
    assert all(
        path.read_text().startswith("<svg") or "<svg" in path.read_text() for path in tmp_path.iterdir()
    )
