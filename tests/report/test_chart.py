"""The narrows chart: sound SVG, the same bytes each time, legible, safe against hostile names."""

from __future__ import annotations

import json
import re
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from itertools import pairwise
from math import inf, nan
from pathlib import Path

import pytest

from narrows.errors import DataError, UnknownNameError
from narrows.report.chart import BANK, NIGHT, QUIET, STREAM, map_svg, png
from narrows.report.svg import INK, NIGHT_RAMP, contrast, legible, shade

from .made_up import COUNT, LAYERS, QUARTERS, band, renamed, small_map

SPACE = "{http://www.w3.org/2000/svg}"
NAUGHTY = Path(__file__).resolve().parents[2] / "../shared/data/ecosystem/naughty_strings_part.json"


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 (our own text)


def test_it_is_one_document_that_fetches_nothing() -> None:
    svg = map_svg(small_map())
    root = parsed(svg)
    assert root.get("role") == "img"
    assert root.find(f"{SPACE}title").text == (
        "In 2026Q4 rack assembly binds (50 % of draws), then data halls (25 %) and grid connections (12 %)."
    )
    assert root.find(f"{SPACE}desc").text.startswith("About 7.1 M H100e go in that quarter")
    assert {element.tag for element in root.iter()} == {
        SPACE + name for name in ("svg", "title", "desc", "style", "rect", "path", "text")
    }
    assert "href" not in svg
    assert "url(" not in svg


def test_the_same_map_gives_the_same_bytes() -> None:
    assert map_svg(small_map()) == map_svg(small_map())


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", '" onload="x', "a & b", "]]>", "\x00\x1b"])
def test_hostile_names_stay_text(name: str) -> None:
    is_harmless(name)


def is_harmless(name: str) -> None:
    result = renamed(small_map(), name)
    laid = {**result.meta, "scenario": "b579ded027ec502c", "scenario_name": name}
    root = parsed(map_svg(replace(result, meta=laid)))
    plain = parsed(map_svg(small_map()))
    assert {element.tag for element in root.iter()} == {element.tag for element in plain.iter()}
    known = {name for element in plain.iter() for name in element.attrib}
    assert {name for element in root.iter() for name in element.attrib} <= known


@pytest.mark.skipif(not NAUGHTY.is_file(), reason="../shared/data is not there")
def test_naughty_names_stay_text() -> None:
    for name in json.loads(NAUGHTY.read_text(encoding="utf-8")):
        is_harmless(name)


def test_every_number_is_finite_and_on_the_page() -> None:
    svg = map_svg(small_map(), "2029Q4")
    assert not re.search(r"\b(nan|inf)\b", svg)
    root = parsed(svg)
    width, height = float(root.get("width")), float(root.get("height"))
    for element in root.iter():
        if element.tag in {f"{SPACE}text", f"{SPACE}rect"}:
            assert 0 <= float(element.get("x")) <= width
            assert 0 <= float(element.get("y")) <= height


@pytest.mark.parametrize("stream", [0.0, inf, nan])
def test_a_stream_without_a_number_still_draws(stream: float) -> None:
    result = small_map()
    deployed = replace(result.deployed, p50=(stream,) * COUNT)
    assert not re.search(r"\b(nan|inf)\b", map_svg(replace(result, deployed=deployed)))


def in_the_dark(svg: str) -> ET.Element:
    """Return the picture with the rules of its dark page applied, as a browser would."""
    root = parsed(svg)
    style = root.find(f"{SPACE}style").text
    assert style.startswith("@media screen and (prefers-color-scheme:dark){")
    colours = re.findall(r'\[(fill|stroke)="(#[0-9a-f]{6})"\]\{\1:(#[0-9a-f]{6})\}', style)
    classes = dict(re.findall(r"\.narrows \.(\w+)\{fill:(#[0-9a-f]{6})\}", style))
    assert style.count("{") == 1 + len(colours) + len(classes)
    turned = {(name, light): dark for name, light, dark in colours}
    for element in root.iter():
        for name in ("fill", "stroke"):
            if element.get(name):
                element.set(name, turned.get((name, element.get(name)), element.get(name)))
        if element.get("class") in classes:
            element.set("fill", classes[element.get("class")])
    return root


@pytest.mark.parametrize("page", [parsed, in_the_dark])
def test_text_on_cells_and_stream_is_legible(page) -> None:
    root = page(map_svg(small_map()))
    checked = 0
    cells = [element for element in root.iter(f"{SPACE}rect") if element.get("fill", "none") != "none"]
    for text in root.iter(f"{SPACE}text"):
        x, y = float(text.get("x")), float(text.get("y")) - 4
        under = [cell for cell in cells if holds(cell, x, y)]
        back = under[-1].get("fill")
        assert contrast(back, text.get("fill")) >= 4.5, text.text
        checked += len(under) > 1
    assert checked > 60


def holds(cell: ET.Element, x: float, y: float) -> bool:
    left, top, width, height = (float(cell.get(name)) for name in ("x", "y", "width", "height"))
    return left <= x <= left + width and top <= y <= top + height


def test_every_shade_carries_legible_text_and_darkens() -> None:
    shades = [shade(place / 200) for place in range(201)]
    assert min(contrast(back, legible(back)) for back in shades) >= 4.5
    light = [contrast(back, "#000000") for back in shades]
    assert light == sorted(light, reverse=True)
    assert contrast(STREAM, BANK) > 1.5
    assert min(contrast(colour, "#ffffff") for colour in (INK, QUIET)) >= 4.5


def test_the_dark_page_is_as_legible_and_brightens() -> None:
    shades = [shade(place / 100, NIGHT_RAMP) for place in range(101)]
    assert min(contrast(back, legible(back)) for back in shades) >= 4.5
    dark = [contrast(back, "#ffffff") for back in shades]
    assert dark == sorted(dark, reverse=True)
    assert len({shade(place / 100) for place in range(101)} - set(NIGHT)) == 101
    assert contrast(STREAM, NIGHT[BANK]) > 3


def test_a_scenario_is_never_shown_as_the_facts() -> None:
    result = small_map()
    laid = {**result.meta, "scenario": "b579ded027ec502c", "scenario_name": "CoWoS <halves>"}
    root = parsed(map_svg(replace(result, meta=laid)))
    sentence = "Scenario, not the facts as they stand: CoWoS <halves> (b579ded027ec502c)."
    assert sentence in [element.text for element in root.iter(f"{SPACE}text")]
    assert root.find(f"{SPACE}desc").text.startswith(sentence)
    assert "Scenario" not in map_svg(result)


def test_the_description_tells_what_feeds_what() -> None:
    assert (
        parsed(map_svg(small_map()))
        .find(f"{SPACE}desc")
        .text.endswith(
            "CoWoS packaging needs EUV exposures; Rack assembly needs CoWoS packaging; "
            "Data halls need grid connections; what is deployed needs rack assembly, data halls and demand."
        )
    )


def long_map(first: int, count: int):
    """Return the small map stretched over any number of quarters, beginning with a fourth quarter."""
    result = small_map()
    quarters = tuple(f"{first + (3 + step) // 4}Q{(3 + step) % 4 + 1}" for step in range(count))

    def stretched(values: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(values[step * COUNT // count] for step in range(count))

    def stretched_band(one):
        parts = {name: stretched(getattr(one, name)) for name in ("p05", "p50", "p95", "mean")}
        return replace(one, **parts)

    return replace(
        result,
        quarters=quarters,
        binds={name: stretched(values) for name, values in result.binds.items()},
        capacity={name: stretched_band(one) for name, one in result.capacity.items()},
        deployed=stretched_band(result.deployed),
        deployed_mw=stretched_band(result.deployed_mw),
        installed=stretched_band(result.installed),
        tied=stretched(result.tied),
    )


@pytest.mark.parametrize("count", [1, 2, 17, 45, 60, 165, 400])
def test_any_span_is_sound_and_its_years_stand_apart(count: int) -> None:
    root = parsed(map_svg(long_map(2019, count)))
    for mark in root.iter(f"{SPACE}rect"):
        assert float(mark.get("width")) > 0
        assert float(mark.get("height")) > 0
    years = [
        float(element.get("x"))
        for element in root.iter(f"{SPACE}text")
        if re.fullmatch("[0-9]{4}", element.text)
    ]
    assert years
    assert all(two - one >= 36 for one, two in pairwise(years))
    assert years[-1] + 32 <= float(root.get("width"))


def test_one_frame_goes_round_a_run_of_quarters() -> None:
    root = parsed(map_svg(small_map()))
    frames = [mark for mark in root.iter(f"{SPACE}rect") if mark.get("stroke-width") == "1.5"]
    assert len(frames) == 2


def test_what_is_unknown_or_without_limit_says_so() -> None:
    told = [element.text for element in parsed(map_svg(small_map(), "2029Q4")).iter(f"{SPACE}text")]
    assert "not known" in told
    assert "no limit" in told
    assert "Data halls 48 %" in told
    assert "Grid connections 22 %" in told
    assert "narrows · facts of 2026-06 · 2,000 draws · seed 7" in told


def test_names_of_neighbours_do_not_collide() -> None:
    result = small_map()
    layers = tuple(
        replace(LAYERS[0], id=f"layer{place}", name="Transformers and switchgear") for place in range(17)
    )
    share = (1 / 17,) * COUNT
    many = replace(
        result,
        layers=layers,
        binds={row.id: share for row in layers},
        capacity={row.id: band(9e6, 9e6) for row in layers},
        unknown=(),
    )
    root = parsed(map_svg(many))
    above = [element for element in root.iter(f"{SPACE}text") if element.text.endswith("switchgear 6 %")]
    assert len({element.get("y") for element in above}) == 2


def test_opening_stock_frames_no_section() -> None:
    result = small_map()
    binds = {**dict.fromkeys(result.binds, (0.0,) * COUNT), "stock": (1.0,) * COUNT}
    told = [element.text for element in parsed(map_svg(replace(result, binds=binds))).iter(f"{SPACE}text")]
    assert "Opening stock" in told


def test_an_unknown_quarter_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="The quarter '2031Q1' is not known"):
        map_svg(small_map(), "2031Q1")
    assert map_svg(small_map(), QUARTERS[0]) == map_svg(small_map())


def test_png_is_a_picture() -> None:
    pytest.importorskip("resvg_py", reason="the extra 'png' is not installed")
    assert png(map_svg(small_map())).startswith(b"\x89PNG")


def test_png_without_its_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(DataError) as refused:
        png("<svg/>")
    assert str(refused.value) == (
        "A PNG is asked for, and the package resvg-py is not there. "
        "Pictures are written as SVG without it. Install narrows[png], or ask for --svg."
    )
