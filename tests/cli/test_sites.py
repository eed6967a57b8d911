"""``narrows sites``: the face agrees with the library, and refuses in one sentence."""

from __future__ import annotations

import pytest

from narrows.cli import main
from narrows.facility import score_sites, sites
from narrows.report.sites import score_json, sites_csv, sites_json

LINES = {
    "sites colosus-2": (
        "The site 'colosus-2' is not known. The nearest known: 'colossus-2', 'colossus-1', 'helios'. "
        "List the sites with `narrows sites`."
    ),
    "sites --on yesterday": (
        "The period 'yesterday' cannot be read. A period is a year from 1900 to 2199, a quarter, a month, a day, "
        "or two years. Write it like 2024, 2024Q3, 2024-09, 2024-09-30 or 2024:2029."
    ),
    "sites --on 2031-01-01": (
        "The day 2031-01-01 lies beyond the last milestone. The plans of the sites end on 2029-01-01. "
        "Ask for a day up to 2029-03-31."
    ),
    "sites --draws 0": "The number of draws is 0. Draws are a whole number from 1 to 1000000. Give --draws 10000.",
    "sites --seed -1": "The seed is -1. A seed is a whole number from 0. Give --seed 1.",
    "sites colossus-2 --score x.csv --on 2026-03-31": (
        "A score is asked for beside 'site'. A score takes --on, --json and the options of the draws. "
        "Leave the other out."
    ),
    "why sites.power.colossus-3.2026-03-31 --draws 20": (
        "The figure 'sites.power.colossus-3.2026-03-31' is not known. The nearest known: "
        "'sites.power.colossus-2.2026-03-31', 'sites.power.colossus-1.2026-03-31', "
        "'sites.plan.colossus-2.2026-03-31'. Write sites.<quantity>.<site>.<day>, or total in the place of the "
        "site."
    ),
}


def shown(capsys, line):
    assert main(line.split()) == 0
    out, err = capsys.readouterr()
    return out, err


@pytest.mark.parametrize("line", LINES)
def test_a_bad_line(line, capsys):
    assert main(line.split()) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"narrows: {LINES[line]}\n"


def test_json_and_csv_are_those_of_the_library(capsys):
    asked = "sites --on 2026-03-31 2026-05-15 --draws 100"
    result = sites(["2026-03-31", "2026-05-15"], draws=100)
    assert shown(capsys, f"{asked} --json")[0] == sites_json(result) + "\n"
    assert shown(capsys, f"{asked} --csv")[0] == sites_csv(result)


def test_a_picture_and_a_file(capsys, tmp_path):
    picture, page = tmp_path / "fan.svg", tmp_path / "page.txt"
    out, err = shown(capsys, f"sites --draws 50 --svg {picture} -o {page}")
    assert (out, err) == ("", f"narrows: wrote {picture}\n")
    assert picture.read_text("utf-8").startswith("<svg")
    assert "All sites" in page.read_text("utf-8")


def test_a_score(capsys, tmp_path):
    path = tmp_path / "later.csv"
    path.write_text("Date,Data center,Power (MW)\n2/2/2026,Meta Prometheus,900\n", "utf-8")
    told = shown(capsys, f"sites --score {path} --on 2026-03-31 --draws 100 --json")[0]
    assert told == score_json(score_sites(path, ["2026-03-31"], draws=100)) + "\n"
