"""`narrows compute`, `memory`, `network` and `systems` on the command line."""

from __future__ import annotations

import csv
import io
import json

import pytest

from narrows.cli import main

ONE = {"compute": "h100", "memory": "hbm3e", "network": "nvlink5", "systems": "gb200_nvl72"}


@pytest.mark.parametrize("room", ONE)
def test_show_lists_and_shows_one_in_three_forms(room, capsys):
    for words in ([], [ONE[room]]):
        assert main([room, "show", *words]) == 0
        assert capsys.readouterr().out.strip()
        assert main([room, "show", *words, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["command"] == f"{room} show"
        assert main([room, "show", *words, "--csv"]) == 0
        rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
        assert rows
        assert all(row["quantity"] for row in rows)


def test_show_puts_conflicts_side_by_side_with_their_rule(capsys):
    assert main(["compute", "show", "gaudi3"]) == 0
    text = capsys.readouterr().out
    assert "1,677 TFLOP/s" in text
    assert "1,835 TFLOP/s" in text
    assert "of one date, the most trusted kind" in text


@pytest.mark.parametrize("room", ONE)
def test_audit_of_the_facts_finds_nothing(room, capsys):
    assert main([room, "audit"]) == 0
    assert capsys.readouterr().out.startswith(f"Facts of {room}: no defect.")


def test_audit_of_a_file_ends_with_four(tmp_path, capsys):
    path = tmp_path / "a.csv"
    path.write_text("name,scaleup_unidir_gbps\nH100 SXM5 80GB,900\n", encoding="utf-8")
    assert main(["network", "audit", str(path)]) == 4
    assert "both ways given as one way" in capsys.readouterr().out
    assert main(["network", "audit", str(path), "--json"]) == 4
    assert json.loads(capsys.readouterr().out)["defects"][0]["quantity"] == "scale_up"


def test_fabric_and_need(capsys):
    assert main(["network", "fabric", "1024"]) == 0
    assert "48 switches in 2 tiers (32 + 16)" in capsys.readouterr().out
    assert main(["systems", "need", "gb200", "--draws", "200", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["lines"]["hbm_stacks"]["p50"] == 8


def test_a_room_without_a_question_names_its_questions(capsys):
    assert main(["systems"]) == 2
    told = capsys.readouterr().err
    assert "`narrows systems` is given no question. Its questions are audit, need, show." in told


def test_why_prints_every_statement_of_a_machine(capsys):
    assert main(["why", "chip.b300_sxm.fp4"]) == 0
    assert capsys.readouterr().out.count("another statement") == 2
