"""What resolves it on the page, in tables and as a picture: the best first, everything within its width."""

from __future__ import annotations

import csv
import json
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from narrows.bottlenecks.relief_result import Portfolio, ReliefResult, ReliefRow, Spread
from narrows.report.relief import COLUMNS, headline, relief_csv, relief_json, relief_svg, relief_text

SPACE = "{http://www.w3.org/2000/svg}"


def spread(mean: float, unit: str = "h100e") -> Spread:
    return Spread(unit, mean, 0.0, mean / 2, mean * 3, mean / 10)


def row(name: str, title: str, *, gain: float, cost: float | None, reach: float | None) -> ReliefRow:
    known = cost is not None
    return ReliefRow(
        id=name,
        name=title,
        unit="wafer",
        added_h100e=1e6,
        added_units=30_000.0,
        earliest="2028Q1" if gain else "",
        wait=(4.0, 9.0, 17.0),
        effect=0.25 if gain else 0.0,
        gain=spread(gain),
        ceiling=spread(2 * gain),
        first=0.5,
        half=0.2,
        reach=reach,
        next="hall",
        next_rise=0.1,
        cost=spread(cost, "usd") if known else None,
        cost_kind="assumption" if known else "",
        per_million=spread(gain / cost * 1e6, "h100e/Musd") if known else None,
        usd_per_usd=spread(gain / cost * 25_000, "usd/usd") if known else None,
        curve=(1.0, 2.0, 3.0),
    )


META = {
    "seed": 1,
    "draws": 10_000,
    "vintage": "2026-06",
    "facts": 685,
    "as_of": None,
    "scenario": "",
    "scenario_name": "",
}
RESULT = ReliefResult(
    quarter="2026Q4",
    horizon="2030Q4",
    share=0.1,
    value=spread(1.2e8),
    rows=(
        row("cowos", "CoWoS packaging", gain=2e5, cost=2e9, reach=0.08),
        row("hall", "Data halls", gain=1.3e6, cost=9e10, reach=None),
        row("euv", "EUV exposures", gain=0.0, cost=None, reach=None),
    ),
    portfolios=(
        Portfolio(
            budget_usd=5e9,
            spend_usd={"cowos": 3e9, "hall": 2e9},
            gain=spread(4e5),
            sample=4e5,
            bound=4.1e5,
            alone=3.9e5,
            single=3e5,
            single_layer="cowos",
        ),
    ),
    left_out={"grid": "its lead time was not known"},
    suffix="",
    budget_suffix="",
    draws_portfolio=1024,
    draws_curve=512,
    meta=META,
)


def test_the_answer_comes_first():
    assert headline(RESULT) == (
        "Adding 10 % to CoWoS packaging buys most per dollar among the 2 whose cost was known: "
        "100 ± 20 H100e per million USD, first effect 2028Q1, in 25 % of draws; "
        "beyond +8 % other layers bind, data halls most often. "
        "Adding 10 % to data halls brings most: 1.3 M H100e by 2030Q4 for 90 bn USD."
    )


def test_where_nothing_gains_it_says_so():
    nothing = replace(RESULT, rows=RESULT.rows[2:])
    assert headline(nothing) == "No addition of 10 % decided in 2026Q4 brings compute by 2030Q4."


@pytest.mark.parametrize("width", [60, 80, 92, 112, 120, 160])
def test_no_line_is_wider_than_asked_for(width):
    text = relief_text(RESULT, width=width)
    assert max(map(len, text.splitlines())) <= width
    assert "narrows why relax.gain.cowos" in text


def test_the_page_tells_what_was_not_known():
    text = " ".join(relief_text(RESULT, width=120).split())
    assert "Left out: grid (its lead time was not known)." in text
    assert "Cost not known on the day asked for: EUV exposures." in text
    assert "5 bn USD 400 k 390 k 410 k (+2 %) 300 k CoWoS packaging" in text
    assert "5 bn USD: CoWoS packaging 3 bn, data halls 2 bn" in text


def test_a_past_question_is_repeated_in_what_to_ask():
    past = replace(RESULT, suffix=".2023Q4.25pct", meta=META | {"as_of": "2023-09-30"})
    asked = relief_text(past, width=120).splitlines()[-1]
    assert asked == "ask: narrows why relax.gain.cowos.2023Q4.25pct --as-of 2023-09-30"


def test_json_holds_every_figure_and_only_finite_numbers():
    answer = json.loads(relief_json(RESULT))
    assert answer["figures"]["relax.gain.cowos"] == 2e5
    assert answer["figures"]["relax.earliest.cowos"] == 5
    assert answer["figures"]["relax.portfolio.spend.hall.5bn"] == 2e9
    assert "relax.cost.euv" not in answer["figures"]
    assert answer["portfolios"][0]["gap"] == pytest.approx(0.025)
    assert answer["rows"][2]["cost"] is None


def test_csv_has_one_line_a_layer():
    table = list(csv.DictReader(relief_csv(RESULT).splitlines()))
    assert tuple(table[0]) == COLUMNS
    assert [line["layer"] for line in table] == ["cowos", "hall", "euv"]
    assert table[2]["cost_usd"] == ""
    assert float(table[0]["h100e_per_million_usd"]) == 100


def test_the_picture_is_sound_and_the_same_each_time():
    svg = relief_svg(RESULT)
    assert svg == relief_svg(RESULT)
    root = ET.fromstring(svg)  # noqa: S314 (our own text)
    assert {element.tag for element in root.iter()} == {
        SPACE + name for name in ("svg", "title", "desc", "style", "rect", "path", "text")
    }
    bars = [element for element in root.iter(f"{SPACE}rect") if element.get("fill") == "#3f7fbf"]
    assert len(bars) == 2
    assert float(bars[0].get("width")) > float(bars[1].get("width"))
    assert "prefers-color-scheme:dark" in svg


def test_a_hostile_name_stays_text():
    rows = (replace(RESULT.rows[0], name='<script>alert("1")</script>'), *RESULT.rows[1:])
    hostile = replace(RESULT, rows=rows)
    assert "<script>" not in relief_svg(hostile)
    ET.fromstring(relief_svg(hostile))  # noqa: S314 (our own text)
