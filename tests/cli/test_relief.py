"""``narrows map --relax`` from the shell."""

from __future__ import annotations

import json

import pytest

import narrows
from narrows.cli import main

QUICK = ["map", "--relax", "--draws", "60", "--quarters", "2026Q4:2030Q4"]


def test_it_prints_what_the_library_answers(capsys):
    assert main([*QUICK, "--json", "--add", "0.2", "--budget", "2e9"]) == 0
    answer = json.loads(capsys.readouterr().out)
    result = narrows.relax("2026Q4", share=0.2, budget_usd=2e9, draws=60)
    assert answer["figures"] == pytest.approx(result.figures())
    assert answer["quarter"] == "2026Q4"


def test_the_page_names_a_figure_that_why_tells(capsys):
    assert main([*QUICK, "--budget", "2e9"]) == 0
    asked = capsys.readouterr().out.splitlines()[-1].removeprefix("ask: narrows ").split()
    assert main([*asked, "--draws", "60"]) == 0
    assert capsys.readouterr().out.startswith(asked[1])


def test_picture_and_table_go_to_files(tmp_path, capsys):
    svg, table = tmp_path / "relief.svg", tmp_path / "relief.csv"
    assert main([*QUICK, "--budget", "2e9", "--csv", "-o", str(table), "--svg", str(svg)]) == 0
    assert capsys.readouterr().err == f"narrows: wrote {svg}\n"
    assert table.read_text().startswith("layer,name,first_effect,")
    assert svg.read_text().startswith("<svg ")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            "map --add 0.2",
            ("The option --add is given without --relax. --add belongs to the question what resolves the "
            "constraint. Write narrows map --relax --add ..., or leave it out."),
        ),
        ("map --relax --add x", "The option --add is given 'x'. It takes a number. Write, for instance, --add 0.1."),
        (
            "map --relax --budget 5bn",
            "The option --budget is given '5bn'. It takes a number. Write, for instance, --budget 5e9.",
        ),
        (
            "map --relax --budget 0 --draws 20",
            ("The budget is 0 USD. A budget is a finite number of USD above 0. "
            "Write, for instance, --budget 5000000000."),
        ),
        (
            "map --relax --add 11 --draws 20",
            ("The addition is 11 of the layer's capacity. An addition is a share above 0, and 10 at most. "
            "Write, for instance, --add 0.1."),
        ),
    ],
)  # fmt: skip
def test_bad_input_is_refused(line, sentence, capsys):
    assert main(line.split()) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == f"narrows: {sentence}\n"
