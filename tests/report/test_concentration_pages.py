"""The pages of makers: answers first, lines that fit, every number of the picture told."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ET

import pytest

from narrows.bottlenecks import makers
from narrows.report.concentration import makers_csv, makers_json, makers_text
from narrows.report.concentration_chart import makers_svg

DRAWS = 60


@pytest.fixture(scope="module")
def pages():
    return {
        name: makers(name or None, draws=DRAWS) for name in ("", "cowos", "euv", "nvidia", "broadcom", "tsmc")
    }


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name", ["", "cowos", "euv", "nvidia", "broadcom", "tsmc"])
def test_every_line_fits_and_none_is_cut(pages, name, width):
    text = makers_text(pages[name], width)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    assert "nan" not in text
    assert "narrows why makers." in " ".join(text.split())


def test_the_first_sentence_answers(pages):
    assert makers_text(pages[""], 120).startswith("If NVIDIA's designs were gone from")
    assert makers_text(pages["cowos"], 120).startswith("TSMC holds ")
    assert "ASML holds 100 % of EUV exposures" in makers_text(pages["euv"], 120)
    told = " ".join(makers_text(pages["broadcom"], 120).split())
    assert told.startswith(
        "Broadcom makes no layer of the map and designs nothing that is deployed. Sources give it 65 % of "
        "merchant switch silicon of data centres."
    )


def test_others_are_never_one_supplier(pages):
    lines = makers_text(pages["cowos"], 120).splitlines()
    others = next(line for line in lines if line.startswith("others (many)"))
    assert others.split()[-5:] == ["-"] * 5
    assert all("others" not in row.maker for row in pages[""].ranking)


def test_the_table_of_the_study_has_figures_beside_its_words(pages):
    text = makers_text(pages["nvidia"], 120)
    for part in ("Compute", "Networking", "Systems", "Software"):
        assert re.search(rf"^  {part}\b", text, re.MULTILINE), part
    assert "the map counts no software" in text
    assert "7.83 bn usd at 2021-10" in text
    assert "145 bn" in text


@pytest.mark.parametrize("name", ["", "cowos", "nvidia"])
def test_json_and_csv_hold_every_figure(pages, name):
    result = pages[name]
    answer = json.loads(makers_json(result))
    rows = list(csv.DictReader(io.StringIO(makers_csv(result))))
    assert set(answer["figures"]) == set(result.figures()) == {row["figure"] for row in rows}
    assert answer["quarter"] == result.quarter
    first = rows[0]
    assert float(first["mean"]) == pytest.approx(answer["figures"][first["figure"]]["mean"])


def test_the_picture_is_whole_and_names_its_layers(pages):
    svg = makers_svg(pages[""], pages["nvidia"].company)
    root = ET.fromstring(svg)  # noqa: S314 (our own text)
    told = " ".join(root.itertext())
    for layer in pages[""].layers:
        assert layer.name in told
    assert "prefers-color-scheme:dark" in svg
    box = [float(part) for part in root.attrib["viewBox"].split()]
    for mark in root.iter("{http://www.w3.org/2000/svg}rect"):
        assert float(mark.attrib["x"]) + float(mark.attrib["width"]) <= box[2] + 0.1
    assert makers_svg(pages[""], None).count("<rect") < svg.count("<rect")
