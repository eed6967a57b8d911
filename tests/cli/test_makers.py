"""``narrows makers``: the faces agree, and bad input gets one sentence."""

from __future__ import annotations

import json

import pytest

import narrows
from narrows.cli import main
from narrows.report.concentration import makers_json

QUICK = ("--draws", "30")
OPTIONS = (
    "-h, --help, --quarter, --draws, --seed, --method, --as-of, --scenario, --json, --csv, --svg, -o, "
    "--output, --quiet"
)
STOPS = "It stops in a quarter from 2020Q1, when the model has filled its pipeline, to 2030Q4. Give --quarter 2029Q1."
LINES = {
    "makers cowoss": (
        "The layer or company 'cowoss' is not known. The nearest known: 'cowos', 'oklo', 'microsoft'. List the layers and "
        "their makers with `narrows makers`."
    ),
    "makers --quarter 2019Q4": f"A maker cannot stop in 2019Q4. {STOPS}",
    "makers --quarter 2040Q1": f"A maker cannot stop in 2040Q1. {STOPS}",
    "makers --quarter soon": (
        "The quarter 'soon' cannot be read. A quarter is a year from 1900 to 2199 and Q1 to Q4. "
        "Write it like 2026Q1."
    ),
    "makers --draws 0": (
        "The number of draws is 0. Draws are a whole number from 1 to 1000000. Give --draws 10000."
    ),
    "makers cowos nvidia": (
        f"`narrows makers` is given 'nvidia', which is one argument too many. Its options are {OPTIONS}. "
        "Leave it out, or put texts with blanks in quotes."
    ),
    "why makers.hhi.cowoss --draws 30": (
        "The figure 'makers.hhi.cowoss' is not known. The nearest known: 'makers.hhi.cowos', "
        "'makers.hhi_most.cowos', 'makers.single.cowos'. Write makers.<quantity>.<layer>, or "
        "makers.loss.<layer>.<company>."
    ),
    "why makers.loss.cowos.others --draws 30": "The figure 'makers.loss.cowos.others' is not known.",
    "makers optics --as-of 2023-09-30 --draws 30": (
        "Nothing was known about 'optics.maker' on 2023-09-30. It was first known on 2025-10-31. "
        "Ask for a later day."
    ),
}


@pytest.mark.parametrize("line", LINES)
def test_one_sentence_and_nothing_on_stdout(capsys, line):
    assert main(line.split()) != 0
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"narrows: {LINES[line]}")
    assert err.count("\n") == 1


def test_the_command_is_the_library(capsys):
    assert main(["makers", "cowos", *QUICK, "--json"]) == 0
    out = capsys.readouterr().out
    assert out.rstrip("\n") == makers_json(narrows.makers("cowos", draws=30))
    assert json.loads(out)["layers"][0]["top"] == "tsmc"


def test_text_csv_and_picture(capsys, tmp_path):
    picture = tmp_path / "makers.svg"
    assert main(["makers", "tsmc", *QUICK, "--svg", str(picture)]) == 0
    out, err = capsys.readouterr()
    assert "TSMC through the stack" in " ".join(out.split())
    assert err == f"narrows: wrote {picture}\n"
    assert "TSMC as maker" in picture.read_text("utf-8")
    assert main(["makers", *QUICK, "--csv", "-o", str(tmp_path / "makers.csv")]) == 0
    assert (tmp_path / "makers.csv").read_text("utf-8").startswith("figure,unit,mean,p05,p50,p95\n")


def test_a_past_date_names_the_layers_without_known_makers(capsys):
    assert main(["makers", *QUICK, "--as-of", "2023-09-30"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "Nothing was known then about the makers of: switch, optics, rack, liquid_cooling" in out
    assert "--as-of 2023-09-30" in out


def test_why_tells_the_number_of_the_page(capsys):
    result = narrows.makers("cowos", draws=30).figures()["makers.loss.cowos.tsmc"]
    assert main(["why", "makers.loss.cowos.tsmc", *QUICK, "--json"]) == 0
    figure = json.loads(capsys.readouterr().out)["figure"]
    assert figure["value"] == pytest.approx(result.mean, rel=1e-9)
    assert figure["unit"] == "h100e"
