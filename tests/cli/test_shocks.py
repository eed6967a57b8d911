"""``narrows shocks``: what is printed, written and refused."""

from __future__ import annotations

import json

import pytest

from narrows.cli import main


def test_the_answer_says_price_odds_and_what_to_watch(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("COLUMNS", "100")
    picture, overlay = tmp_path / "fan.svg", tmp_path / "hormuz.toml"
    code = main(
        ["shocks", "run", "hormuz", "--draws", "1500", "--svg", str(picture), "--overlay", str(overlay)]
    )
    told = capsys.readouterr()
    assert code == 0
    for part in (
        "Strait of Hormuz closed, as known on 2026-03-09",
        "net shortage",
        "2026Q3",
        "How long",
        "refined",
    ):
        assert part in told.out
    assert "What to watch" in told.out
    assert all(len(line) <= 100 for line in told.out.splitlines())
    assert picture.read_text().startswith("<svg")
    assert main(["map", "--scenario", str(overlay), "--quarters", "2026Q4", "--draws", "50", "--quiet"]) == 0


def test_json_holds_every_figure_and_each_answers_why(capsys):
    assert main(["shocks", "run", "hormuz", "--draws", "1000", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["command"] == "shocks run"
    assert told["as_of"] == "2026-03-09"
    by_id = {figure["id"]: figure for figure in told["figures"]}
    for name in (
        "shocks.price.hormuz.2026Q2",
        "shocks.odds.hormuz.short",
        "shocks.price_if.hormuz.short.2026Q3",
        "shocks.change.hormuz.gas.2026Q3",
    ):
        assert main(["why", name, "--draws", "1000", "--json"]) == 0
        chain = json.loads(capsys.readouterr().out)
        assert chain["figure"]["value"] == pytest.approx(by_id[name]["value"])
        assert chain["figure"]["p95"] == pytest.approx(by_id[name]["p95"])
        assert set(by_id[name]["sources"]) == set(chain["figure"]["sources"])


def test_few_draws_say_nothing_of_what_to_watch(capsys):
    assert main(["shocks", "run", "glut-2014", "--draws", "50"]) == 0
    assert "What to watch" not in capsys.readouterr().out


def test_the_list(capsys):
    assert main(["shocks", "list", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [row["id"] for row in told["events"]][-1] == "hormuz"
    assert main(["shocks", "list"]) == 0
    assert "Attack on Abqaiq" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (
            ["shocks"],
            2,
            "`narrows shocks` is given no question. Its questions are list, run. See `narrows shocks --help`.",
        ),
        (["shocks", "run", "nowhere.toml"], 3, "Event file 'nowhere.toml' does not exist."),
        (["why", "shocks.price.nowhere.2026Q2"], 2, "The figure 'shocks.price.nowhere.2026Q2' is not known."),
        (
            ["shocks", "run", "hormuz", "--draws", "0"],
            2,
            "Draws of a path are a whole number from 1 to 50000.",
        ),
    ],
)
def test_refusals(capsys, arguments, code, said):
    assert main(arguments) == code
    assert said in " ".join(capsys.readouterr().err.split())
