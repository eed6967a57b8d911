"""The page and the picture of a shock."""

from __future__ import annotations

import itertools
import re
from xml.etree import ElementTree as ET

import pytest

from narrows.bottlenecks.shock_knowledge import watch
from narrows.report.chart import png
from narrows.report.shocks import headline, list_text, shock_svg, shock_text
from narrows.shocks import known_events, shock
from narrows.shocks.event_sectors import event_sectors


@pytest.fixture(scope="module")
def hormuz():
    return shock("hormuz", draws=1000)


def written(found, watched, width):
    return shock_text(found, watched, width, *event_sectors(found.path))


def test_the_picture_is_whole_and_keeps_its_words_inside(hormuz):
    root = ET.fromstring(shock_svg(hormuz))  # noqa: S314 (our own)
    width, height = float(root.get("width")), float(root.get("height"))
    texts = [mark for mark in root.iter() if mark.tag.endswith("}text")]
    assert all(0 <= float(mark.get("x")) <= width and 0 <= float(mark.get("y")) <= height for mark in texts)
    told = " ".join(mark.text for mark in texts)
    for word in ("median", "without", "P90", "onset 2026-02-28", "Apr", "Dec"):
        assert word in told
    pytest.importorskip("resvg_py")
    assert png(shock_svg(hormuz)).startswith(b"\x89PNG")


def test_the_names_of_the_lines_do_not_touch(hormuz):
    root = ET.fromstring(shock_svg(hormuz))  # noqa: S314 (our own)
    ends = [mark for mark in root.iter() if re.fullmatch(r"\d+  \w+", mark.text or "")]
    places = sorted(float(mark.get("y")) for mark in ends)
    assert len(places) == 8
    assert all(second - first >= 12.9 for first, second in itertools.pairwise(places))


def test_the_page_prints_the_figures(hormuz):
    text = written(hormuz, (), 100)
    figure = hormuz.get("price", "2026Q3")
    low, _, _, high = hormuz.inner[figure.id]
    assert f"2026Q3 {figure.p50:.0f} USD a barrel ({low:.0f} to {high:.0f})" in headline(hormuz)
    (row,) = [line for line in text.splitlines() if line.startswith("  2026Q3  ")]
    assert row.split()[1:] == [
        f"{value:.0f}" for value in (*hormuz.inner[figure.id][:2], figure.p50, *hormuz.inner[figure.id][2:])
    ] + [f"{hormuz.get('without', '2026Q3').p50:.0f}"]
    assert "If" not in text
    assert "-0 %" not in text


@pytest.mark.parametrize("width", [80, 100, 140])
def test_no_line_is_wider_than_asked(hormuz, width):
    assert max(map(len, written(hormuz, watch(hormuz.path, ("2026Q2",))[:6], width).splitlines())) <= width


def test_once_the_price_has_seen_the_event_the_other_path_is_a_walk():
    assert " walk" in written(shock("kuwait-1990", draws=300), (), 100)


def test_the_list_names_every_event():
    assert all(name in list_text(known_events()) for name in known_events())
