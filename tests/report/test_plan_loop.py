"""The pages of the plan and the loop: what they say, and that JSON and CSV hold every number."""

from __future__ import annotations

import csv
import io
import json

import pytest

import narrows
from narrows.report.loop import loop_csv, loop_json, loop_text
from narrows.report.plan import plan_csv, plan_json, plan_text


@pytest.fixture(scope="module")
def plan():
    pytest.importorskip("highspy")
    return narrows.plan("2027Q1:2028Q4", expand=True, elastic=True)


@pytest.fixture(scope="module")
def loop():
    return narrows.loop("2027Q1:2028Q4", draws=100)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_lines_are_no_longer_than_the_page(plan, loop, width):
    for text in (plan_text(plan, width=width), loop_text(loop, width=max(width, 80))):
        assert max(map(len, text.splitlines())) <= max(width, 80)


def test_every_plan_names_its_solver(plan):
    lines = plan_text(plan, width=80).splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("Plan "))
    rows = lines[start + 1 : start + 1 + len(plan.cases)]
    assert "shortest path" in rows[0]
    assert all("linear program" in row for row in rows[1:])


def test_the_plan_answers_first(plan):
    text = " ".join(plan_text(plan, width=80).split())
    gain = plan.number("gain", plan.cases[-1], plan.window).value
    assert f"{100 * gain:.1f} % more compute in 2027Q1 to 2028Q4 than the map" in text
    assert f"narrows why plan.gain.{plan.cases[-1]}.{plan.window}" in text


@pytest.mark.parametrize("name", ["plan", "loop"])
def test_json_and_csv_hold_every_number(name, request):
    result = request.getfixturevalue(name)
    as_json, as_csv = {"plan": (plan_json, plan_csv), "loop": (loop_json, loop_csv)}[name]
    numbers = json.loads(as_json(result))["numbers"]
    assert numbers.keys() == result.numbers.keys()
    rows = list(csv.DictReader(io.StringIO(as_csv(result))))
    assert [row["id"] for row in rows] == list(result.numbers)
    for row in rows:
        assert float(row["value"]) == pytest.approx(result.numbers[row["id"]].value, rel=1e-9)


def test_the_loop_answers_first(loop):
    text = " ".join(loop_text(loop, width=80).split())
    funded = loop.number("funded", "2028Q4").value
    assert text.startswith("AI revenue pays for ")
    assert f"{100 * funded:.1f} % in 2028Q4; outside money pays for the rest." in text
