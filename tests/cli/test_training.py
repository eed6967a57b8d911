"""The questions of training on the command line, their pages, pictures and refusals."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

import narrows
from narrows.cli import main
from narrows.errors import UnknownNameError
from narrows.report.svg import contrast
from narrows.report.training_chart import BLUE, GREY, NIGHT, RED
from narrows.report.validation import rows_of
from narrows.training.published_cost import METHODS
from narrows.training.run_cost import Run, run_cost

DATA = Path("../shared/data")
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the measurements are not here")
COST = ["training", "cost", "--chip", "h100", "--chips", "16384", "--days", "54", "--draws", "200"]


def test_cost_is_shown_and_written(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    picture = tmp_path / "cost.svg"
    assert main([*COST, "--svg", str(picture)]) == 0
    page = capsys.readouterr().out
    assert page.startswith("16,384 h100_sxm, 54.0 days, 21.2 M chip-hours, basis life")
    assert "narrows why training.cost.total.h100_sxm.16384.54" in page
    texts = [mark.text or "" for mark in ET.parse(picture).iter() if mark.tag.endswith("text")]  # noqa: S314
    assert "Cost of training: 16,384 h100_sxm, 54.0 days" in texts
    assert "training.staff" in texts
    assert main([*COST, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["command"] == "training cost"
    assert sum(told["parts"].values()) == pytest.approx(told["stated"]["total"])
    assert "training.staff" in told["sources"]
    assert max(map(len, page.splitlines())) <= 110


def test_colours_are_legible() -> None:
    assert min(contrast(colour, "#ffffff") for colour in (BLUE, RED, GREY)) > 4.5
    assert min(contrast(NIGHT[colour], NIGHT["#ffffff"]) for colour in (BLUE, RED, GREY)) > 4.5


def test_allocate_and_goodput_answer(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["training", "allocate", "--flop", "3.8e25", "--inference-tokens", "1e13"]) == 0
    page = capsys.readouterr().out
    assert page.startswith("3.8e+25 operations, 10 tn tokens to serve")
    assert "second-hand" in page
    assert main(["training", "allocate", "--flop", "3.8e25", "--json", "--draws", "100"]) == 0
    assert json.loads(capsys.readouterr().out)["inference_tokens"] == 0.0
    line = ["training", "goodput", "--chips", "16384", "--days", "54", "--draws", "200"]
    assert main([*line, "--checkpoint-s", "60", "--restart-s", "600", "--interval", "1800"]) == 0
    assert "every 1,800 s" in capsys.readouterr().out
    assert main([*line, "--spares", "16", "--json"]) == 0
    assert 0 < json.loads(capsys.readouterr().out)["stated"]["whole"] < 1


@needs_data
def test_published_tables_are_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["training", "cost", "--data", str(DATA), "--json"]) == 0
    runs = json.loads(capsys.readouterr().out)["runs"]
    assert len(runs) == 40
    llama = next(run for run in runs if run["model"] == "Llama 3.1-405B")
    published = dict(zip(METHODS, (52_883_729, 928_403_441, 175_960_935), strict=True))
    assert llama["real"] == pytest.approx(published, rel=1e-7)
    assert main(["training", "cost", "--data", str(DATA / "training")]) == 0
    assert "Llama 3.1-405B" in capsys.readouterr().out


@needs_data
def test_every_comparison_holds_but_the_one_that_is_told_as_missed() -> None:
    rows = rows_of("training", DATA)
    assert len(rows) > 20
    assert {row.dataset for row in rows if row.holds is False} <= {"calculon_a100_time.csv"}


def test_without_data_the_comparisons_say_so() -> None:
    rows = rows_of("training", None)
    assert sum(row.holds is None for row in rows) == 4
    assert all(row.holds in {True, None} for row in rows)


def test_why_tells_a_cost_and_a_fact() -> None:
    chain = narrows.why("training.cost.total.h100_sxm.16384.54", draws=2000)
    direct = run_cost(Run("h100", 16_384, days=54.0), draws=2000)
    assert chain.figure.p50 == pytest.approx(direct.bands["total"][1], rel=1e-9)
    assert chain.links[0].fact.id.startswith("training.")
    useful = narrows.why("training.goodput.useful.h100_sxm.16384", draws=500)
    assert 0.5 < useful.figure.p50 < 1.0
    assert narrows.why("training.mfu")[0].value == 0.4
    with pytest.raises(UnknownNameError, match=r"The nearest known: 'training.cost.total.h100_sxm.16384.54'"):
        narrows.why("training.cost.totl.h100_sxm.16384.54")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            ["training"],
            (
                "`narrows training` is given no question. Its questions are allocate, cost, goodput, plan, search. "
                "See `narrows training --help`."
            ),
        ),
        (
            ["training", "cost"],
            (
                "`narrows training cost` is given no chips. It is asked of a run (--chips with --days or "
                "--tokens), or of published tables (--data). Write, for instance, --chips 16384 --days 54."
            ),
        ),
        (
            ["training", "cost", "--chips", "8", "--tokens", "0", "--params", "1e9"],
            "The option --tokens is given 0. It is above 0. Write, for instance, --tokens 15.6e12.",
        ),
        (
            ["training", "cost", "--data", "x", "--days", "3"],
            (
                "The published methods are given --days. They read their runs from --cases or --data. "
                "Leave one of them out."
            ),
        ),
        (
            ["training", "goodput", "--chips", "8", "--days", "1", "--interval", "soon"],
            (
                "The option --interval is given 'soon'. It is a number of seconds, or auto. "
                "Write, for instance, --interval 1800."
            ),
        ),
    ],
    ids=["no question", "no run", "no tokens", "two ways", "no interval"],
)
def test_a_refusal_says_what_to_do(
    capsys: pytest.CaptureFixture[str], line: list[str], sentence: str
) -> None:
    assert main(line) == 2
    assert capsys.readouterr().err == f"narrows: {sentence}\n"
