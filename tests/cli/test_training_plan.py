"""Plans and searches of training runs on the command line."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from narrows.cli import main
from narrows.report.svg import contrast
from narrows.report.training_plan import BLUE, GREY, NIGHT, RED

if TYPE_CHECKING:
    from pathlib import Path

PLAN = ["training", "plan", "llama-3.1-70b", "h100", "--chips", "64", "--batch", "128", "--sequence", "8192"]
SEARCH = [
    "training",
    "search",
    "llama-3.1-8b",
    "h100",
    "--chips",
    "8,16",
    "--batch",
    "64",
    "--sequence",
    "8192",
]
COUNT = ["training", "search", "megatron-22b", "a100", "--chips", "8", "--batch", "4", "--sequence", "2048"]


def test_a_plan_is_shown_and_written(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    picture = tmp_path / "step.svg"
    asked = [*PLAN, "--tp", "4", "--pp", "8", "--tokens", "1e12", "--start", "2027-01-01", "--draws", "300"]
    assert main([*asked, "--precision", "fp8", "--svg", str(picture)]) == 0
    page = capsys.readouterr().out
    assert page.startswith("llama-3.1-70b on 64 h100_sxm, 128 sequences of 8,192 tokens, fp8")
    for part in (
        "of the bf16 peak",
        "of the fp8 rate",
        "left out",
        "fullest",
        "Useful time",
        "days",
        "done 2027-",
    ):
        assert part in page
    assert max(map(len, page.splitlines())) <= 120
    texts = [mark.text or "" for mark in ET.parse(picture).iter() if mark.tag.endswith("text")]  # noqa: S314
    assert "whole step" in texts
    assert main([*asked, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["command"] == "training plan"
    assert sum(told["step"]["waterfall"].values()) == pytest.approx(1)
    assert len(told["memory"]["stages"]) == 8
    assert told["finish"]["p05"] <= told["finish"]["p95"]


def test_colours_are_legible() -> None:
    assert min(contrast(colour, "#ffffff") for colour in (BLUE, RED, GREY)) > 4.5
    assert min(contrast(NIGHT[colour], NIGHT["#ffffff"]) for colour in (BLUE, RED, GREY)) > 4.5


def test_a_search_answers_in_three_forms(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SEARCH, "--top", "3"]) == 0
    assert "layouts divide" in capsys.readouterr().out
    assert main([*SEARCH, "--top", "3", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert len(told["best"]) == 3
    assert main([*SEARCH, "--top", "3", "--csv"]) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert [float(row["seconds"]) for row in rows[:3]] == [row["seconds"] for row in told["best"]]
    assert sum(row["front"] == "1" for row in rows) == len(told["front"])


def test_executions_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*COUNT, "--executions", "--no-second-memory", "--top", "2"]) == 0
    assert capsys.readouterr().out.startswith("28,006 executions priced, ")
    assert main([*COUNT, "--executions", "--no-second-memory", "--top", "2", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["executions"], len(told["best"])) == (28_006, 2)
    assert main([*COUNT, "--executions", "--no-second-memory", "--top", "2", "--csv"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3


REFUSED = [
    (
        [*PLAN, "--start", "soon"],
        "The option --start is given 'soon'. It is a day. Write, for instance, --start 2027-01-01.",
    ),
    (
        [*PLAN, "--tp", "0"],
        "The option --tp is given 0. It is a whole number from 1. Write --tp 1 or more.",
    ),
    (
        [*SEARCH, "--top", "0"],
        "The option --top is given 0. It is 1 to 10000. Write, for instance, --top 2.",
    ),
    (
        [*SEARCH, "--chips", "8,x"],
        (
            "The option --chips is given '8,x'. It takes whole numbers from 1 with commas between them. "
            "Write, for instance, --chips 512,1024."
        ),
    ),
]


REFUSED += [
    (
        [*COUNT, "--executions", "--tp", "2"],
        (
            "The option --executions is given with --tp. It prices every width on one number of chips. "
            "Leave one of them out."
        ),
    ),
    (
        [*SEARCH, "--ep", "2"],
        (
            "No layout of llama-3.1-8b divides 64 sequences over 16 chips. "
            "Widths divide the chips, and data-parallel width x micro-batch divides the batch. "
            "Give another batch, or leave widths out."
        ),
    ),
]


@pytest.mark.parametrize(("asked", "sentence"), REFUSED)
def test_refusals(asked: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(asked) == 2
    assert sentence in " ".join(capsys.readouterr().err.split())
