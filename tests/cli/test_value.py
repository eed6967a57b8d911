"""``narrows value``: what is printed, written and refused."""

from __future__ import annotations

import csv
import io
import json

import pytest

import narrows
from narrows.cli import main

DRAWS = ["--draws", "300"]


def told(capsys, *line):
    code = main(["value", *line])
    said = capsys.readouterr()
    assert code == 0, said.err
    return said.out


@pytest.fixture(scope="module")
def shown():
    from narrows.report.value import value_csv, value_json
    from narrows.value.answer import value

    result = value("2026Q4", draws=300)
    return json.loads(value_json(result)), list(csv.DictReader(io.StringIO(value_csv(result))))


def test_shares_add_up(shown):
    answer, _ = shown
    assert sum(layer["rent"]["mean"] for layer in answer["layers"]) == pytest.approx(answer["total"]["mean"])
    for layer in answer["layers"]:
        if layer["rent_share"] > 1e-9:
            assert sum(layer["split"].values()) == pytest.approx(1)
    assert sum(share for _, share in answer["roles"]) == pytest.approx(1)


def test_numbers_in_the_table_answer_why(shown):
    _, rows = shown
    by_id = {row["figure"]: row for row in rows}
    families = {}
    for name in by_id:
        families.setdefault(name.split(".")[1], name)
    assert len(families) >= 4
    for name in families.values():
        figure = narrows.why(name, draws=300).figure
        assert figure.value == pytest.approx(float(by_id[name]["mean"]), rel=1e-9)


def test_the_page_and_the_picture(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("COLUMNS", "100")
    picture = tmp_path / "value.svg"
    page = told(capsys, "show", *DRAWS, "--svg", str(picture))
    assert page.startswith("From 2026Q4 to 2027Q3 scarcity is worth ")
    assert "Transformers and switchgear" in page
    assert all(len(line) <= 100 for line in page.splitlines() if not line.startswith("ask:"))
    drawn = picture.read_text()
    assert drawn.startswith("<svg")
    assert "Data halls" in drawn


def test_a_company_and_two(capsys):
    one = json.loads(told(capsys, "company", "tsmc", "--json", *DRAWS))
    assert one["row"]["id"] == "tsmc"
    assert "TSMC" in told(capsys, "company", "TWSE:2330", *DRAWS)
    both = told(capsys, "compare", "tsmc", "sk_hynix", *DRAWS)
    assert "TSMC" in both
    assert "SK hynix" in both
    assert json.loads(told(capsys, "compare", "tsmc", "sk_hynix", "--json", *DRAWS))


def test_segments_and_what_is_lacking_fit_the_line(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    page = told(capsys, "company", "NVIDIA", *DRAWS)
    assert "compute networking  2024  71.3 %     116  operating income over revenue of the segment" in page
    lacking = told(capsys, "company", "Groq", *DRAWS)
    assert lacking.startswith(
        "Groq keeps nothing of the scarcity from 2026Q4 to 2027Q3. No fact gives Groq a share"
    )
    assert all(len(line) <= 100 for line in (page + lacking).splitlines() if not line.startswith("ask:"))
    assert json.loads(told(capsys, "company", "Groq", "--json", *DRAWS))["lacks"]
    assert "Groq" in told(capsys, "compare", "groq", "tsmc", *DRAWS)


def test_the_back_test_names_its_design_and_who_disagrees(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    page = told(capsys, "backtest", "--draws", "20", "--margins", "segments", "--change", "same")
    flat = " ".join(page.split())
    assert (
        "the change of rent share known at a year's end and the same year's change of margin of segments"
        in flat
    )
    assert "Layers that disagree, and what each takes from the figure: " in flat
    assert all(len(line) <= 100 for line in page.splitlines() if "," not in line)


def test_a_scenario_beside_the_facts(capsys, tmp_path):
    scenario = tmp_path / "halls.toml"
    scenario.write_text('name = "more halls"\n[scale]\n"data_hall.capacity" = 1.5\n')
    page = told(capsys, "compare", str(scenario), *DRAWS)
    assert "more halls" in page


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (["company", "tsmcc", *DRAWS], "The company 'tsmcc' is not known."),
        (["show", "2026Q9"], "The quarter '2026Q9' cannot be read."),
        ([], "`narrows value` is given no question."),
    ],
)
def test_what_cannot_be_asked_is_refused(capsys, line, sentence):
    assert main(["value", *line]) == 2
    assert sentence in capsys.readouterr().err
