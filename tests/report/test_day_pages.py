"""The Days, layers, companies and shocks as pages: sections in order, every number a link that answers."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from html import unescape
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest

import narrows
from narrows.catalog import default
from narrows.errors import UnknownNameError
from narrows.report.pages import Study, answer, files
from narrows.report.pages.day_page import DAYS, words_of
from narrows.report.pages.pictures import bars_svg, themed
from narrows.report.pages.places import places
from narrows.report.pages.registry import find
from narrows.report.pages.shown import Shown
from narrows.shocks.events import known_events

DRAWS = 60
FIRST = ["Why this matters", "Words, each in one sentence", "A simple picture"]
LAST = ["How it connects to the stack", "What was learned", "One question left open", "What comes next"]
UNIT = re.compile(r"\d[\d.,]*\s?(?:%|USD|[GTMk]B|GW|kW|years?|months?|weeks?|times|tokens?|quarters?)\b")
NUMBERS = re.compile(r'<a class="num[^"]*" href="([^"]+)">([^<]*)</a>')


@pytest.fixture(scope="module")
def study():
    return Study(draws=DRAWS)


class Text(HTMLParser):
    """The text of a page outside links, pictures and heads of tables, and its headings."""

    def __init__(self, text):
        super().__init__()
        self.heads, self.cells, self.inside, self.kept = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag not in {"meta", "link", "input", "br", "wbr", "path", "rect", "circle", "line"}:
            self.inside.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        while self.inside and self.inside.pop()[0] != tag:
            pass

    def handle_data(self, data):
        tags = [tag for tag, _ in self.inside]
        if tags and tags[-1] in {"h2", "h1"}:
            self.heads.append(data)
        if "main" in tags and not {"a", "svg", "thead", "h1", "h2", "caption", "summary"} & set(tags):
            self.kept.append(data)


def page(study, path):
    found = answer(study, path)
    assert found.status == 200, path
    return found.body.decode()


@pytest.mark.parametrize("day", range(1, DAYS + 1))
def test_a_day_has_the_sections_of_the_seed_in_its_order(study, day):
    text = page(study, f"/day/{day}")
    heads = Text(text).heads
    wrong, care = heads.index("What beginners get wrong"), heads.index("Why investors care")
    assert [head.split(":")[0] for head in heads[1:4]] == FIRST
    assert [head for head in heads if head in LAST] == LAST
    assert heads.index(FIRST[0]) < wrong < care < heads.index(LAST[0])
    words = words_of(day)
    assert heads[care + 1] == words["investors"]["title"]
    assert all(f'href="/day/{one["day"]}"' in text for one in words["connection"])
    assert day == DAYS or f'href="/day/{day + 1}">Day {day + 1}' in text


@pytest.mark.parametrize("day", range(1, DAYS + 1))
def test_no_word_of_a_day_holds_a_number_of_the_world(day):
    def told(value):
        if isinstance(value, str):
            yield re.sub(r"\{[^{}]*\}", "", value)
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            yield from told(inner)

    words = {key: value for key, value in words_of(day).items() if key != "part"}
    words["parts"] = [part.get("text", []) for part in words_of(day)["part"]]
    assert [text for text in told(words) if UNIT.search(text)] == []


@pytest.mark.parametrize("path", ["/layers", "/layer/cowos", "/layer/demand", "/companies", "/company/tsmc",
                                  "/company/nvidia", "/shock", "/shock/hormuz", "/shock/abqaiq-2019", "/days"])  # fmt: skip
def test_the_other_pages_say_no_number_without_a_link(study, path):
    kept = Text(page(study, path)).kept
    assert [
        part for part in kept if UNIT.search(part.replace("80 % of draws", "").replace("5 to 95 %", ""))
    ] == []


def test_numbers_of_these_pages_answer_and_say_the_same(study):
    numbers = {}
    for path in ("/day/1", "/day/6", "/day/8", "/layer/cowos", "/company/tsmc", "/shock/hormuz"):
        for href, shown in NUMBERS.findall(page(study, path)):
            numbers.setdefault(unescape(href), unescape(shown))
    links = sorted(link for link in numbers if link.startswith("/n/"))
    assert len(links) > 200
    same = 0
    for link in links[:: 1 + len(links) // 60]:
        path, _, query = link.partition("?")
        found = answer(study, unquote(path), query)
        assert found.status == 200, link
        if link.startswith(("/n/derived.", "/n/value.rent.")):
            same += 1
            assert f">{numbers[link].split()[0]}" in found.body.decode(), link
    assert same >= 5


def test_facts_of_a_day_are_shown_as_the_catalogue_has_them(study):
    shown, fact = Shown(study), default().fact("chip.h100_sxm.bandwidth")
    assert f">{fact.value / 1e12:g}</a>" in shown.number("chip.h100_sxm.bandwidth|TB/s")
    assert shown.number("chip.a100_sxm.fp8|Tflop/s") == "not known"
    assert "GB" not in shown.text("{chip.h100_sxm.memory|GB|bare}")
    with pytest.raises(UnknownNameError):
        shown.text("{chip.h100_sxm.bandwith|TB/s}")
    escaped = shown.text("a < b [the map](/) {chip.h100_sxm.power|W}")
    assert escaped.startswith('a &lt; b <a href="/">the map</a> <a class="num fact"')


def test_every_named_page_is_there_and_found(study):
    found = places(study)
    assert len({place.href for place in found}) == len(found) > 80
    assert {f"/shock/{name}" for name in known_events()} <= {place.href for place in found}
    assert all(find(place.href.partition("?")[0]) for place in found)
    text = answer(study, "/search", "query=cowos").body.decode()
    assert 'href="/layer/cowos"' in text
    assert 'href="/day/4"' in text


@pytest.mark.parametrize(
    ("path", "near"),
    [("/day/11", "day"), ("/layer/cowoss", "layer"), ("/company/nvidiaa", "company"), ("/shock/ormuz", "event"),
     ("/picture/day-9.tim.svg", "picture"), ("/picture/../../etc/passwd.svg", "picture")],
)  # fmt: skip
def test_what_is_not_there_is_told(study, path, near):
    found = answer(study, path)
    assert found.status == 404
    assert f"The {near} " in found.body.decode()


@pytest.mark.parametrize(
    "name", ["day-1.ridge-0", "day-9.time", "layer-cowos.quarters", "shock-hormuz.price"]
)
def test_a_picture_is_taken_away_in_each_form(study, name):
    svg, table, told = (answer(study, f"/picture/{name}.{form}") for form in ("svg", "csv", "json"))
    assert ET.fromstring(svg.body.decode()).tag.endswith("svg")  # noqa: S314 - our own picture
    rows = list(csv.reader(io.StringIO(table.body.decode())))
    twin = json.loads(told.body)["rows"]
    assert [list(row.values())[1:] for row in twin] == [row[1:] for row in rows[1:]]
    assert list(twin[0]) == rows[0]
    assert files.place(f"/picture/{name}.svg") == f"picture/{name}.svg"


def test_a_picture_on_a_page_has_colours_by_day_and_night_and_no_style():
    whole = bars_svg("Rate <b>", "Tflop/s", [("=H100", 989.0, "989"), ("A100", 312.0, "312")])
    shown = themed(whole)
    assert "<style" in whole
    assert "<style" not in shown
    assert 'id="' not in shown
    assert 'aria-label="Rate &lt;b&gt;: Tflop/s"' in shown
    widths = [float(width) for width in re.findall(r'<rect [^>]*width="([\d.]+)" height="15', shown)]
    assert widths[1] / widths[0] == pytest.approx(312 / 989, rel=1e-3)
    assert set(re.findall(r'(?:fill|stroke)="([^"(]+)', shown)) <= {"light-dark"}


def test_a_company_without_accounts_says_so(study):
    row = next(row for row in study.rooms.value.companies if row.exposure is None)
    assert "Not known: no accounts of this company are held here." in page(study, f"/company/{row.id}")


def test_every_event_and_layer_has_a_page():
    small = Study(draws=20)
    for path in [f"/layer/{layer.id}" for layer in small.base.layers] + [
        f"/shock/{name}" for name in known_events()
    ]:
        page(small, path)


def test_a_number_with_few_draws_says_how_to_ask_for_it(study):
    shown = page(study, "/day/6")
    (text,) = {
        text for href, text in NUMBERS.findall(shown) if href == "/n/plant.wue.tampa_fl.air.towers?quick=1"
    }
    own = answer(study, "/n/plant.wue.tampa_fl.air.towers", "quick=1").body.decode()
    assert f"narrows why plant.wue.tampa_fl.air.towers --draws {DRAWS}" in own
    assert float(text) == pytest.approx(
        study.figure("plant.wue.tampa_fl.air.towers", quick=True).value, abs=0.005
    )


def test_what_was_asked_before_changes_no_page_and_no_chain():
    first, second = Study(draws=40), Study(draws=40)
    for path in ("/layer/cowos", "/n/map.price.cowos.2027Q1"):
        answer(second, path)
    for path in ("/company/nvidia", "/day/10", "/n/value.kept.nvidia.2026Q4"):
        assert answer(first, path) == answer(second, path)
    told = first.chain("value.kept.nvidia.2026Q4")
    assert told == narrows.why("value.kept.nvidia.2026Q4", draws=40)
