"""``narrows claims`` and ``narrows market``: what is printed, written and refused, with closes that ship."""

from __future__ import annotations

import json

import pytest

import narrows
from narrows.cli import main

DRAFT = """# Weekly recap, April 27 - May 1, 2026

The S&P 500 rose 0.78% for the week, and the Nasdaq Composite gained 1.12%.
Energy (XLE) led with a gain of 3.5%.
"""


def said(capsys, *line, code=0):
    assert main([*line]) == code
    return capsys.readouterr()


@pytest.fixture
def draft(tmp_path):
    path = tmp_path / "draft.md"
    path.write_text(DRAFT)
    return str(path)


def test_a_change_from_monday_is_told_as_one(capsys, draft):
    page = said(capsys, "claims", "check", draft, code=4).out
    assert "WRONG_BASE" in page
    assert "Monday" in page
    assert "0.91" in page


def test_json_gives_a_verdict_for_each_claim(capsys, draft):
    answer = json.loads(said(capsys, "claims", "check", draft, "--json", code=4).out)
    verdicts = [claim["verdict"] for claim in answer["claims"]]
    assert verdicts.count("WRONG_BASE") == 1
    assert verdicts.count("TRUE") == len(verdicts) - 1


def test_the_annotated_text_keeps_every_line_of_the_draft(capsys, draft):
    page = said(capsys, "claims", "check", draft, "--annotate", code=4).out
    for line in DRAFT.splitlines():
        assert line in page


def test_html_is_read_as_text(capsys, tmp_path):
    page = tmp_path / "draft.html"
    page.write_text(f"<html><script>alert(1)</script><body><p>{DRAFT}</p></body></html>")
    answer = json.loads(said(capsys, "claims", "check", str(page), "--json", code=4).out)
    assert "alert" not in json.dumps(answer)
    assert any(claim["verdict"] == "WRONG_BASE" for claim in answer["claims"])


def test_the_types_are_listed(capsys):
    page = said(capsys, "claims", "list").out
    assert "WRONG_BASE" in page
    assert json.loads(said(capsys, "claims", "list", "--json").out)


def test_what_cannot_be_asked_is_refused(capsys, draft):
    assert "YYYY-MM-DD" in said(capsys, "claims", "check", draft, "--week", "friday", code=2).err
    assert "cannot be read" in said(capsys, "claims", "check", "nowhere.md", code=3).err
    assert "no question" in said(capsys, "claims", code=2).err


def test_the_week_in_every_form(capsys, tmp_path):
    page = said(capsys, "market", "recap", "2026-05-01").out
    assert "0.91%" in page
    picture = tmp_path / "week.svg"
    web = said(capsys, "market", "recap", "2026-05-01", "--html", "--svg", str(picture)).out
    assert web.lstrip().lower().startswith("<!doctype html>")
    assert picture.read_text().startswith("<svg")
    answer = json.loads(said(capsys, "market", "recap", "2026-05-01", "--json").out)
    assert answer


def test_our_own_week_is_found_true(capsys, tmp_path):
    path = tmp_path / "recap.md"
    path.write_text(said(capsys, "market", "recap", "2026-05-01").out)
    answer = json.loads(said(capsys, "claims", "check", str(path), "--json").out)
    assert answer["claims"]
    assert {claim["verdict"] for claim in answer["claims"]} <= {"TRUE", "UNVERIFIABLE"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("market.close.SPX.2026-05-01", 7230.12),
        ("market.change.week.SPX.2026-05-01", 100 * (7230.12 / 7165.08 - 1)),
        ("market.run.SPX.2026-05-01", 5),
    ],
)
def test_numbers_of_the_week_answer_why(name, value):
    assert narrows.why(name, draws=10).figure.value == pytest.approx(value)
