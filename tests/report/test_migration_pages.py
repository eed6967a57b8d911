"""The pages of the cascade and the time map: widths, programs' forms, pictures."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

import narrows
from narrows.report.cascade import cascade_csv, cascade_json, cascade_text
from narrows.report.cascade_picture import cascade_svg
from narrows.report.timemap import GROUP_WORDS, time_csv, time_json, time_text
from narrows.report.timemap_picture import time_svg

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def cascade():
    return narrows.cascade("2026Q4", draws=200)


@pytest.fixture(scope="module")
def times():
    return narrows.time("2026Q4", draws=200)


@pytest.fixture(scope="module")
def pages(cascade, times):
    return (
        (cascade, cascade_text, cascade_json, cascade_csv, cascade_svg),
        (times, time_text, time_json, time_csv, time_svg),
    )


@pytest.mark.parametrize("width", [80, 120])
def test_no_line_is_longer_than_the_page(pages, width):
    for result, text, *_ in pages:
        for line in text(result, width).splitlines():
            assert len(line) <= width, line


def test_the_answer_comes_first_and_says_how_to_ask_why(cascade, times):
    page = cascade_text(cascade, 100)
    assert page.startswith("On announced plans ")
    assert f"narrows why cascade.gain.1.{cascade.quarter}.{cascade.at}" in " ".join(page.split())
    page = " ".join(time_text(times, 100).split())
    assert "narrows why time.resolved.euv.2026Q4" in page
    assert any(page.index(words) for words in GROUP_WORDS.values() if words in page)


def test_ids_named_on_the_page_answer(cascade):
    page = " ".join(cascade_text(cascade, 100).split())
    for name in re.findall(r"narrows why (\S+?)[;:,]", page):
        assert narrows.why(name, draws=40).figure.id == name


def test_json_is_finite_and_whole(cascade, times):
    told = json.loads(cascade_json(cascade), parse_constant=pytest.fail)
    assert [step["layer"] for step in told["steps"]] == [step.layer for step in cascade.steps]
    assert len(told["binds"]["cowos"]) == 41
    told = json.loads(time_json(times), parse_constant=pytest.fail)
    assert [row["group"] for row in told["rows"]] == [row.group for row in times.rows]
    assert "reason" not in told


def test_json_says_why_a_number_is_missing(cascade):
    endless = replace(cascade.alone[0].raised[0], p50=math.inf, mean=math.inf, p95=math.inf)
    row = replace(cascade.alone[0], raised=(endless, *cascade.alone[0].raised[1:]))
    told = json.loads(cascade_json(replace(cascade, alone=(row,))))
    assert told["alone"][0]["raised"][0]["p50"] is None
    assert told["reason"].startswith("a number without a limit")


def test_csv_has_every_number(cascade, times):
    rows = list(csv.DictReader(io.StringIO(cascade_csv(cascade))))
    parts = {row["part"] for row in rows}
    assert parts >= {
        "value",
        "gain",
        "binds",
        "relieved",
        "ended",
        "order",
        "alone",
        "layer",
        "first",
        "moves",
        "phase",
    }
    shares = [float(row["mean"]) for row in rows if row["part"] == "binds" and row["step"] == "0"]
    assert sum(shares) == pytest.approx(1)
    rows = list(csv.DictReader(io.StringIO(time_csv(times))))
    assert len(rows) == 2 * len(times.rows)
    for row in rows:
        assert sum(float(row[name]) for name in ("now", "short", "mid", "long", "beyond")) == pytest.approx(1)


def test_pictures_are_whole_and_the_same_each_time(pages):
    for result, *_, svg in pages:
        picture = svg(result)
        root = ET.fromstring(picture)  # noqa: S314 (our own picture)
        assert root.find(f"{SVG}title").text
        assert "prefers-color-scheme:dark" in picture
        assert picture == svg(result)
        for mark in root.iter(f"{SVG}rect"):
            assert float(mark.get("width")) >= 0
            assert float(mark.get("x", 0)) + float(mark.get("width")) <= 1200.5


def test_names_cannot_break_a_page(cascade):
    names = cascade.names | {"data_hall": "<b> & \x1b[1m"}
    named = replace(cascade, names=names)
    ET.fromstring(cascade_svg(named))  # noqa: S314 (our own picture)
    assert "\x1b" not in cascade_text(named, 80)


def test_a_scenario_is_named(tmp_path):
    path = tmp_path / "few.toml"
    path.write_text('name = "few halls"\nwhy = "a test"\n[scale]\n"data_hall.capacity" = 0.5\n')
    for page in (
        cascade_text(narrows.cascade("2026Q4", draws=30, steps=1, scenario=path), 300),
        time_text(narrows.time("2026Q4", draws=30, scenario=path), 300),
    ):
        assert "Scenario, not the facts as they stand: few halls" in page
