"""Hostile input: a short run of the fuzzer, and what long runs of it found."""

from __future__ import annotations

import difflib
import json
from pathlib import Path

import pytest
from fuzz import Target, run
from fuzz.parsers import DRAFT, ICIO, NAMED, NUMBERS, TARGETS, TIMELINES, YAHOO
from hypothesis import given, settings
from hypothesis import strategies as st

from narrows.claims.agreement import rounded
from narrows.claims.checking import check
from narrows.cli import main
from narrows.errors import ALIKE, DataError, NarrowsError, nearest

NAUGHTY = Path("../shared/data/ecosystem/naughty_strings_part.json")
RUNS, SECONDS, EVERY = 150, 0.1, 64


@pytest.mark.parametrize("name", TARGETS)
def test_only_typed_errors_come_out(name):
    found = run(TARGETS[name], RUNS, seed=7, seconds=SECONDS)
    assert found.runs >= len(TARGETS[name].seeds)
    assert [failure.trace for failure in found.failures] == []


def test_the_fuzzer_finds_what_is_wrong():
    def brittle(body: bytes) -> object:
        if b"nan" in body:
            raise KeyError(body)
        if not body.isascii():
            raise DataError("Not ASCII", "ASCII", "Write ASCII")
        return float(len(body))

    found = run(Target("brittle", brittle, (b"a = 1\n",)), 2000, seed=1)
    assert [failure.kind for failure in found.failures] == ["KeyError"]
    assert found.refused > 100
    again = run(Target("brittle", brittle, (b"a = 1\n",)), 2000, seed=1)
    assert (again.runs, again.refused, again.kept) == (found.runs, found.refused, found.kept)


def test_a_parser_that_does_not_end_is_told(monkeypatch):
    def endless(body: bytes) -> object:
        while b"a" in body:
            pass
        return body

    monkeypatch.setattr("fuzz.SECONDS", 0.05)
    found = run(Target("endless", endless, (b"a",)), 3, seed=1)
    assert [failure.kind for failure in found.failures] == ["Hang"]


EVENT = TARGETS["event"].seeds[1]
CLOSES = b"date,ticker,close\n2026-04-24,SPX,7165.08\n"


@pytest.mark.parametrize(
    ("name", "body", "sentence"),
    [
        ("named", NAMED + b'{"timestamp": ' + b"[" * 2000, "Line 5 of the trace"),
        ("named", NAMED.replace(b"[0, 7]", b"[%d, 7]" % 2**70), "Line 1 of the trace"),
        ("named", NAMED.replace(b'"timestamp": 0', b'"timestamp": ' + b"1" * 5000), "Line 1 of the trace"),
        ("closes", CLOSES + b"2026-inf-24,SPX,1\n", "holds '2026-inf-24', '1' in line 3"),
        ("closes", CLOSES + b"2026-04-27,SPX,nan\n", "holds '2026-04-27', 'nan' in line 3"),
        ("closes", CLOSES + b"\x97,SPX,1\n", "The table 'closes.csv' cannot be read"),
        ("closes", b"\x97,SPX,1\n", "The table 'closes.csv' cannot be read"),
        ("closes", b"date,ticker,shut\n2026-04-24,SPX,7165.08\n", "holds no table of closes"),
        ("world", b"", "has no first line"),
        ("world", ICIO.replace(b"4,5,6,21", b"4,5"), "the row 'USA_A' has 6 cells. The first line has 8"),
        ("world", ICIO + b"\xce\n", "cannot be read"),
        ("prices", b"code,2017," + b"1" * 5000 + b"\n11,1,2\n", "columns are years"),
        ("prices", b"\n11,1\n", "has no first line"),
        ("epw", b"a\n" * 8 + b"1" * 200_000, "cannot be read: field larger than field limit"),
        (
            "validation",
            b"| a |\n" + b"| " + b"x | " * 9 + b"\n| " + b"y | " * 9 + b"\n",
            "No table of validation",
        ),
        ("yahoo", YAHOO.replace(b"1777037400", b"9" * 40), "answers for SPY in no form that is known"),
        ("yahoo", b'{"chart": {"result": [{"meta": []}]}}', "answers for SPY in no form that is known"),
        ("yahoo", b"[" * 100_000, "answers for SPY in no form that is known"),
        ("edgar", b'{"units": {"shares": 7}}', "answers for 320193 in no form that is known"),
        ("store", b'{"number": 1, "years": [], "tables": {}, "provenance": [], "marks": []}', "'one.json'"),
        ("store", b"[" * 100_000, "The vintage 'one.json' of the store"),
        ("accounts", b'{"facts": ' + b"[" * 100_000, "cannot be read as accounts: RecursionError"),
        ("numbers", b"\n".join(NUMBERS.split(b"\n")[:1]) + b"\na-1\n", "has no concept of revenue"),
        ("timelines", TIMELINES.replace(b"5/1/2026", b"9" * 40 + b"/1/2026"), "Line 2 of 'timelines.csv'"),
        ("event", EVENT.replace(b'unit = "share"', b"unit = {}", 1), "the unit of 'share' is {}"),
        ("sun", b"\n" * 8 + b"x" * 200_000, "field larger than field limit"),
        ("draft", b"Intel is down 5% from its " + b"5" * 5001 + b" week high.", "Line 1 of the draft"),
        ("draft", DRAFT + b"\n\n9 of the 9,999" + b",999" * 20 + b" sectors rose.", "a number of 64 digits"),
    ],
)
def test_what_it_found_is_refused_in_a_sentence(name, body, sentence):
    with pytest.raises(NarrowsError) as refused:
        TARGETS[name].parse(body)
    assert sentence in str(refused.value)


@given(st.text("abcdef.", max_size=12), st.sets(st.text("abcdef.", min_size=1, max_size=12), max_size=40))
@settings(max_examples=200, deadline=None)
def test_the_nearest_names_are_those_of_difflib(text, known):
    assert nearest(text, known) == difflib.get_close_matches(text, sorted(known), n=3, cutoff=ALIKE)


@pytest.mark.parametrize("value", [1e308, -1e30, 1e-320, float("inf")])
def test_rounding_takes_any_number(value):
    assert rounded(value, 2) == pytest.approx(value, abs=0.01)


@pytest.mark.parametrize("unit", ["days", "weeks", "months", "quarters", "years"])
@pytest.mark.parametrize("count", ["200000", "99999", "9999", "9" * 40])
def test_a_change_over_more_time_than_there_is_has_no_base(count, unit):
    text = f"The S&P 500 rose 5% over the past {count} {unit} to May 1, 2026, its best in {count} years."
    verdict = check(text).checked[0].verdict
    assert verdict.verdict in {"UNVERIFIABLE", "FALSE"}


def test_a_draft_with_an_impossible_date_is_read():
    try:
        TARGETS["draft"].parse(DRAFT.replace(b"May 1, 2026", b"May 8, -1"))
    except NarrowsError as refused:
        assert str(refused)  # noqa: PT017 (either is fine, nothing else is)


@pytest.mark.skipif(not NAUGHTY.is_file(), reason="../shared/data is not here")
def test_naughty_strings_as_arguments(capsys):
    for text in _strings(json.loads(NAUGHTY.read_text("utf-8")))[::EVERY]:
        for command in (["why", text], ["layer", text], ["facts", text], ["claims", "study", text]):
            try:
                code = main(command)
            except SystemExit as left:  # argparse takes a string that begins with a dash for an option
                code = left.code
            told = capsys.readouterr()
            assert code in {0, 1, 2, 3}, (command, told.err)
            assert "Traceback" not in told.err
            assert code == 0 or told.err.startswith(("narrows: ", "usage: "))


def _strings(content: object) -> list[str]:
    if isinstance(content, str):
        return [content]
    rows = content.values() if isinstance(content, dict) else content if isinstance(content, list) else ()
    return [text for row in rows for text in _strings(row)]
