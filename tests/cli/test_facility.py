"""``narrows facility``: the face agrees with the library, and refuses in one sentence."""

from __future__ import annotations

import json

import pytest

from narrows.cli import main
from narrows.facility.power_date import power_date
from narrows.facility.rack import ladder

LINES = {
    "facility": (
        "`narrows facility` is given no question. Its questions are electrical, frontier, lead, need, power-date, rack, simulate, supply, sweep. See `narrows facility --help`."
    ),
    "facility power-date --path gird": (
        "The path 'gird' is not known. The nearest known: 'grid', 'bridge'. "
        "Give --path grid, onsite, bridge or leased."
    ),
    "facility power-date --mw -5": (
        "The site has -5 MW. A site has a power above 0. Give the power in MW, such as --mw 100."
    ),
    "facility power-date --mw many": (
        "The option --mw is given 'many'. It takes a number. Write, for instance, --mw 100."
    ),
    "facility power-date --draws 0": (
        "The number of draws is 0. Draws are a whole number from 1 to 1000000. Give --draws 10000."
    ),
    "facility rack 700": (
        "A rack has 700 kW. Cold plates go furthest, to 600 kW. Spread the load over more racks."
    ),
    "facility rack 20 --family water": (
        "The family of cooling 'water' is not known. The nearest known: 'air', 'cold_plate'. "
        "Leave --family out to see all."
    ),
    "why power_date.first.grid.0 --draws 20": (
        "The figure 'power_date.first.grid.0' is not known. The nearest known: 'power_date.first.grid.100', "
        "'power_date.first.bridge.100', 'power_date.first.onsite.100'. Write power_date.<quantity>.<path>.<whole "
        "MW>, such as power_date.first.grid.100."
    ),
}


@pytest.mark.parametrize("line", LINES)
def test_a_bad_line(line, capsys):
    assert main(line.split()) == 2
    assert capsys.readouterr() == ("", f"narrows: {LINES[line]}\n")


def shown(capsys, line):
    assert main(line.split()) == 0
    return capsys.readouterr().out


def test_json_is_the_answer_of_the_library(capsys):
    line = "facility power-date --mw 600 --path bridge --start 2026-12 --draws 200 --json"
    told = json.loads(shown(capsys, line))
    found = power_date(600, "bridge", start="2026-12", draws=200)
    assert told == {"command": "facility power-date", **json.loads(json.dumps(found.to_json()))}
    assert [row["what"] for row in told["power"]] == ["first", "100", "500", "600"]
    told = json.loads(shown(capsys, "facility rack 120 --json"))
    assert told == {"command": "facility rack", **ladder(120).to_json()}


def test_text_says_date_branch_worth_and_sites(capsys):
    text = shown(capsys, "facility power-date --mw 100 --start 2026-12 --draws 500")
    found = power_date(100, start="2026-12", draws=500)
    assert found.dated[0].dates[1] in text.splitlines()[0]
    assert f"{found.decides} decides most often" in text
    assert "Powered sites with these traits took" in text
    assert "A month of the whole site is worth" in text


def test_pictures_are_written(capsys, tmp_path):
    for line in ("facility power-date --draws 100", "facility rack gb200_nvl72"):
        path = tmp_path / "picture.svg"
        shown(capsys, f"{line} --quiet --svg {path}")
        assert path.read_text("utf-8").startswith("<svg ")


@pytest.mark.parametrize("quantity", ["first", "reached", "month"])
def test_figures_answer_why(quantity, capsys):
    text = shown(capsys, f"why power_date.{quantity}.grid.100 --draws 200")
    assert "formula:" in text
