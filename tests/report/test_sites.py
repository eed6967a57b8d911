"""The page, the tables and the picture of the sites."""

from __future__ import annotations

import csv
import io
import json
from xml.etree import ElementTree as ET

import pytest

from narrows.facility import score_sites, sites
from narrows.report.sites import score_json, score_text, sites_csv, sites_json, sites_svg, sites_text
from narrows.report.svg import contrast


@pytest.fixture(scope="module")
def result():
    return sites(["2025-06-30", "2026-03-31", "2026-06-30", "2026-12-31", "2027-12-31"], draws=300)


@pytest.mark.parametrize("width", [60, 80, 100, 120, 160])
def test_the_page_answers_first_and_keeps_its_width(result, width):
    page = sites_text(result, width)
    assert page.startswith("On 2026-03-31 these 16 sites run ")
    assert "the tracker's own plan says 7.4 GW" in page.replace("\n", " ")
    assert max(map(len, page.splitlines())) <= width
    assert "…" not in page or width < 80
    assert "narrows why sites.power.total.2026-03-31 --draws 300" in page.replace("\n", " ")
    assert "Epoch AI" in page
    assert "CC BY 4.0" in page


def test_a_page_of_one_site_tells_its_milestones():
    page = sites_text(sites("2026-06-30", site="prometheus", draws=300), 100)
    assert page.startswith("On 2026-06-30 Meta Prometheus runs ")
    for day in ("2026-02-12", "2026-02-27", "2026-05-28", "2026-08-26", "2026-10-01"):
        assert day in page
    assert "narrows why sites.power.prometheus.2026-06-30 --draws 300" in page.replace("\n", " ")


def test_a_site_without_plans_and_days_before_the_snapshot():
    page = sites_text(sites("2025-06-30", site="colossus-1", draws=50), 100)
    assert page.replace("\n", " ").startswith(
        "On 2025-06-30 xAI Colossus 1 ran 349 MW of facility power, as observed up to 2025-12-14; the day is not "
        "after the snapshot, so nothing is forecast."
    )
    assert "No milestone is planned after the snapshot." in page


def test_json_holds_the_numbers(result):
    told = json.loads(sites_json(result))
    assert told["days"] == list(result.days)
    assert told["observed"] == [True, False, False, False, False]
    assert told["total"]["p50"] == pytest.approx(result.total.p50)
    assert [site["id"] for site in told["sites"]] == [row.id for row in result.rows]
    assert "sites.power.total.2026-03-31" in told["figures"]


def test_csv_has_a_row_a_day_and_site(result):
    rows = list(csv.DictReader(io.StringIO(sites_csv(result))))
    assert len(rows) == 5 * 17
    last = rows[-1]
    assert (last["day"], last["site"], last["plan"]) == ("2027-12-31", "total", "15799.5")
    assert float(last["p50"]) == pytest.approx(result.total.p50[-1])


def test_the_picture_is_whole_and_legible(result):
    svg = sites_svg(result)
    assert svg == sites_svg(result)
    root = ET.fromstring(svg)  # noqa: S314 (our own text)
    words = " ".join(root.itertext())
    assert "plan" in words
    assert "median" in words
    assert "prefers-color-scheme:dark" in svg
    width, height = (float(root.get(side)) for side in ("width", "height"))
    for text in root.iter("{http://www.w3.org/2000/svg}text"):
        assert 0 <= float(text.get("x")) <= width
        assert 0 <= float(text.get("y")) <= height
        assert contrast(text.get("fill"), "#ffffff") >= 4.5


def test_a_score_on_the_page(tmp_path):
    path = tmp_path / "later.csv"
    path.write_text("Date,Data center,Power (MW)\n2/2/2026,Meta Prometheus,900\n", "utf-8")
    score = score_sites(path, "2026-03-31", draws=200)
    page = score_text(score, 80)
    assert page.startswith("On 2026-03-31 the sites ran 900 MW; forecast ")
    assert "1 of 1 site days lie inside their interval of 80 %: 100 %." in page
    assert max(map(len, page.splitlines())) <= 80
    assert json.loads(score_json(score))["totals"][0]["came"] == 900


def test_an_interval_across_a_gigawatt_keeps_one_unit():
    page = sites_text(sites("2026-03-31", site="prometheus"), 120)
    assert "870 MW (80 %: 0.7 to 1.0 GW)" in page.replace("\n", " ")
