"""``narrows cascade`` and ``narrows time``: what they print, write and refuse."""

from __future__ import annotations

import json

import pytest

from narrows.cli import main

QUICK = ("--draws", "40")
OPTIONS = "--draws, --seed, --method, --as-of, --scenario, --json, --csv, --svg, --png, -o, --output, --quiet"

LINES = {
    "cascade 2026Q5": (
        "The quarter '2026Q5' cannot be read. A quarter is a year from 1900 to 2199 and Q1 to Q4. "
        "Write it like 2026Q1."
    ),
    "time 2026Q4:2027Q4": (
        "The quarter '2026Q4:2027Q4' cannot be read. A quarter is a year from 1900 to 2199 and Q1 to Q4. "
        "Write it like 2026Q1."
    ),
    "cascade 2026Q4 --at soon": (
        "The quarter 'soon' cannot be read. A quarter is a year from 1900 to 2199 and Q1 to Q4. "
        "Write it like 2026Q1."
    ),
    "cascade 2026Q4 --at 2026Q3": (
        "The quarter asked about is 2026Q3, and the decision is taken in 2026Q4. It lies 1 to 40 quarters "
        "after the decision. Give --at 2031Q4."
    ),
    "cascade --steps 99": (
        "The number of steps is 99. Steps are a whole number from 1 to 16, the layers that can be raised. "
        "Give --steps 6."
    ),
    "cascade --steps many": (
        "The option --steps is given 'many'. It takes a whole number. Write, for instance, --steps 6."
    ),
    "cascade --stepz 3": (
        "The option '--stepz' is not known. The nearest known: '--steps', '--seed', '--help'. "
        "See `narrows cascade --help`."
    ),
    "time --at 2027Q1": (
        "The option '--at' is not known. The nearest known: '--quiet', '--draws', '--as-of'. "
        "See `narrows time --help`."
    ),
    "time 2026Q4 2027Q4": (
        "`narrows time` is given '2027Q4', which is one argument too many. Its options are -h, --help, "
        f"{OPTIONS}. Leave it out, or put texts with blanks in quotes."
    ),
}


@pytest.mark.parametrize("line", LINES)
def test_a_bad_line(line, capsys):
    assert main(line.split()) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"narrows: {LINES[line]}\n"


@pytest.mark.parametrize("command", ["cascade", "time"])
def test_text_json_csv_and_pictures(command, capsys, tmp_path):
    assert main([command, "2026Q4", *QUICK, "--svg", str(tmp_path / "a.svg")]) == 0
    out, err = capsys.readouterr()
    assert "2026Q4" in out
    assert err == f"narrows: wrote {tmp_path / 'a.svg'}\n"
    assert (tmp_path / "a.svg").read_text().startswith("<svg")
    assert main([command, "2026Q4", *QUICK, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["quarter"] == "2026Q4"
    assert main([command, "2026Q4", *QUICK, "--csv", "--quiet", "-o", str(tmp_path / "a.csv")]) == 0
    assert capsys.readouterr() == ("", "")
    assert (tmp_path / "a.csv").read_text().count("\n") > 20


@pytest.mark.parametrize("year", range(2020, 2027))
@pytest.mark.parametrize("command", ["cascade", "time"])
def test_any_past_day_is_answered_or_refused(command, year, capsys):
    code = main([command, "--draws", "20", "--as-of", f"{year}-12-31"])
    out, err = capsys.readouterr()
    assert code in {0, 3}
    assert bool(out) == (code == 0)
    assert bool(err) == (code == 3)


def test_a_day_on_which_nothing_was_known(capsys):
    assert main(["cascade", "--as-of", "1950-01-01", *QUICK]) == 3
    assert capsys.readouterr().err.startswith("narrows: Nothing was known about '")


@pytest.mark.parametrize("name", ["time.resolved.cowos", "cascade.family.space_power.2026Q4.2028Q4"])
def test_why(name, capsys):
    assert main(["why", name, *QUICK]) == 0
    assert capsys.readouterr().out.startswith(f"{name}\n")
