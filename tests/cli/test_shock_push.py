"""``narrows shocks push``: the face agrees with the library, and refuses in one sentence."""

import json

import pytest

from narrows.cli import main
from narrows.shocks.transmission import as_json, sector_table

REFUSED = {
    "shocks push": "`narrows shocks push` is given no change of a price. It takes --crude PCT, --commodity NAME=PCT, or both. Write, for instance, --crude 50.",
    "shocks push --commodity gas": "The option --commodity is given 'gas'. It takes NAME=PCT, a name and a change in percent. Write, for instance, --commodity gas=30.",
    "shocks push --crude 5 --commodity crude=6": "Crude is given by --crude and by --commodity. Every price is given once. Leave one of them out.",
    "shocks push --commodity refined=5 --commodity 324110=6": "refined and 324110 are one price. Every price is given once. Leave one of them out.",
    "shocks push --crude 5 --draws 30000": "30000 draws of 2 quarters are asked for. Draws times quarters are at most 40000. Ask for fewer draws.",
    "shocks push --crude 50 --duration 0": "The shock lasts 0 quarters. It lasts 1 to 40. Give another duration.",
}


@pytest.mark.parametrize("line", REFUSED)
def test_refusals(line, capsys):
    assert main(line.split()) == 2
    assert capsys.readouterr().err.strip().removeprefix("narrows: ") == REFUSED[line]


def test_json_is_the_library(capsys):
    assert main(["shocks", "push", "--crude", "30", "--industry", "336111", "--draws", "100", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    found = json.loads(json.dumps(as_json(sector_table({"crude": 0.3}, industries=("336111",), draws=100))))
    assert {key: told[key] for key in found} == found
    assert told["command"] == "shocks push"
    assert len(told["sectors"]) == 11
    assert all(row["verdict"] in {"Supported", "Pressured", "Resilient", "Mixed"} for row in told["sectors"])


def test_text_and_picture(capsys, tmp_path):
    picture = tmp_path / "push.svg"
    line = f"shocks push --crude 50 --draws 100 --seen energy=1 --company gm --svg {picture} -o {tmp_path / 'push.txt'}"
    assert main(line.split()) == 0
    text = (tmp_path / "push.txt").read_text()
    assert "Information Technology" in text
    assert "General Motors" in text
    assert "duration implied" in text
    drawn = picture.read_text()
    assert drawn.startswith("<svg")
    assert "Duration implied by Energy" in drawn
    assert max(len(line) for line in text.splitlines()) <= 110
    capsys.readouterr()


def test_why_tells_the_facts(capsys):
    assert main(["why", "push.profit.energy@crude=50,duration=2", "--draws", "100"]) == 0
    text = capsys.readouterr().out
    assert "parity_refined.elasticity" in text
    asked = "shocks push --crude 50 --usd 40 --draws 200 --json"
    assert main(asked.split()) == 0
    row = json.loads(capsys.readouterr().out)["sectors"][2]
    assert row["id"].endswith("@crude=50,duration=2,usd=40")
    assert main(["why", row["id"], "--draws", "200", "--json"]) == 0
    figure = json.loads(capsys.readouterr().out)["figure"]
    assert figure["p50"] == pytest.approx(row["profit"][1], rel=1e-9)
    assert main(["why", "push.profit.energie@crude=50"]) == 2
    assert "The sector 'energie' is not known" in capsys.readouterr().err
