"""The recap of the weeks that ship, against figures that others printed, and against the checker of claims."""

import json
from pathlib import Path

import pytest

from narrows.claims import check
from narrows.cli import main
from narrows.errors import DataError, UsageError
from narrows.market.recap import recap
from narrows.report.recap import recap_html, recap_json, recap_markdown, recap_svg

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
absent = pytest.mark.skipif(not (DATA / "market").is_dir(), reason="../shared/data is absent")


def test_the_week_of_the_founding_example_from_what_ships():
    found = recap("2026-05-01")
    moves = {row.move.symbol: round(row.move.percent, 3) for row in found.indices}
    assert moves == {"SPX": 0.908, "IXIC": 1.119, "DIA": 0.571}
    sectors = {move.symbol: round(move.percent, 2) for move in found.sectors}
    assert sectors["XLE"] == 3.48
    assert sectors["XLB"] == -1.10
    assert sum(move.percent > 0 for move in found.sectors) == 9
    assert found.indices[0].streak == 5
    assert [day.isoformat() for day in found.indices[0].records] == ["2026-04-27", "2026-04-30", "2026-05-01"]
    assert round(found.indices[0].year, 3) == 5.619


def test_a_record_with_thin_breadth_fires_when_it_did():
    fired = {week: recap(week).signals[0].fires for week in ("2026-05-01", "2026-05-08")}
    assert fired == {"2026-05-01": True, "2026-05-08": None}


@absent
def test_the_rule_did_not_fire_on_17_april():
    assert recap("2026-04-17", data=DATA).signals[0].fires is False
    assert recap("2026-04-24", data=DATA).signals[0].fires is True


@pytest.mark.parametrize("week", ["2026-05-01", "2026-05-08"])
def test_the_checker_finds_nothing_wrong_in_what_is_written(week):
    text = recap_markdown(recap(week))
    verdicts = [one.verdict.name for one in check(text).checked]
    assert len(verdicts) > 30
    assert not {"FALSE", "WRONG_BASE", "WRONG_ENTITY", "WINDOW", "WRONG_UNIT", "STALE", "ROUNDING"} & set(
        verdicts
    )


def test_same_numbers_same_bytes():
    one, other = recap("2026-05-01"), recap("2026-04-29")
    for form in (recap_markdown, recap_html, recap_json, recap_svg):
        assert form(one) == form(other)


def test_a_week_that_is_not_held_is_refused():
    with pytest.raises(DataError) as refused:
        recap("2026-03-06")
    assert str(refused.value) == (
        "No close of an index is held from 2026-02-27 to 2026-03-06. The weeks to 2026-05-01 and 2026-05-08 "
        "ship; other weeks need a folder of closes. Name a folder with --data."
    )


def test_a_text_for_a_week_is_refused():
    with pytest.raises(UsageError) as refused:
        recap("last week")
    assert str(refused.value) == (
        "The week asked for is 'last week'. It is a day such as 2026-05-01. Write, for instance, 2026-05-01."
    )


def test_command_line(capsys, tmp_path):
    assert main(["market", "recap", "2026-05-01", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["base"] == "2026-04-24"
    assert main(["market", "recap", "2026-05-01", "--html", "--svg", str(tmp_path / "a.svg")]) == 0
    assert capsys.readouterr().out.startswith("<!doctype html>")


@absent
def test_a_rule_tells_its_own_past_from_a_long_history():
    found = recap("2026-05-01", data=DATA)
    long = next(signal for signal in found.signals if signal.rule.startswith("long run"))
    assert long.fires is True
    assert long.past.cases == 12
    assert [one.name for one in long.past.after] == ["one month", "three months", "six months"]
    text = recap_markdown(found)
    assert "fires; 12 earlier cases in the 851 weeks held, from 2010-01-08, below." in text
    assert "| Long run | one month | 12 | " in text
