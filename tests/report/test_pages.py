"""Pages: every number answers, every link leads somewhere, the same question is the same address."""

from __future__ import annotations

import os
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

import narrows
from narrows.errors import OutputError, UsageError
from narrows.figure import number
from narrows.report.pages import PAGES, Study, answer, files
from narrows.report.pages.answers import Answer
from narrows.report.pages.channel import ramp_css
from narrows.report.pages.question import Question, read_question
from narrows.report.svg import contrast
from narrows.report.words import percent

DRAWS = 80
WHOLE = [page.path for page in PAGES if "{" not in page.path]
SAMPLES = [
    *WHOLE,
    "/search?query=cowos+capacity",
    "/?data_hall.capacity=1.4&q=2027Q3",
    "/compare?a=cowos.capacity%3D1.2&b=",
    "/n/map.deployed.2026Q4",
    "/n/study.draws",
    "/fact/cowos.utilisation",
    "/facts/cowos",
    "/embed/map",
]


@pytest.fixture(scope="module")
def study():
    found = Study(draws=DRAWS)
    assert found.quick_draws == DRAWS
    return found


class Reader(HTMLParser):
    """What a page holds: links, headings, cells of numbers, and what a strict policy would refuse."""

    def __init__(self, text):
        super().__init__()
        self.links, self.heads, self.ids, self.labelled, self.controls = [], [], [], set(), []
        self.cells, self.bad, self.numbers, self.title, self.tags = [], [], [], "", []
        self._cell = None
        self.feed(text)

    def handle_starttag(self, tag, attrs):  # noqa: C901 (one question a kind of tag)
        marks = dict(attrs)
        self.tags.append((tag, marks))
        if "id" in marks:
            self.ids.append(marks["id"])
        if tag in {"h1", "h2", "h3"}:
            self.heads.append(tag)
        if tag == "a" and "href" in marks:
            self.links.append(marks["href"])
            if "num" in marks.get("class", "").split():
                self.numbers.append(marks["href"])
                if self._cell is not None:
                    self._cell[1] += 1
        if tag == "label":
            self.labelled.add(marks["for"])
        if tag in {"input", "select", "textarea"} and marks.get("type") != "hidden":
            self.controls.append(marks.get("id"))
        if "style" in marks or any(name.startswith("on") for name in marks):
            self.bad.append((tag, marks))
        if tag == "style" or (tag == "script" and "src" not in marks):
            self.bad.append((tag, marks))
        if tag == "td":
            self._cell = [marks.get("class", "") or "", 0, ""]
            self.cells.append(self._cell)

    def handle_endtag(self, tag):
        if tag == "td":
            self._cell = None

    def handle_data(self, data):
        if self._cell is not None:
            self._cell[2] += data


def asked(study, address):
    path, _, query = address.partition("?")
    return answer(study, unquote(path), query)


def read(study, address):
    found = asked(study, address)
    assert found.status == 200, address
    return Reader(found.body.decode())


@pytest.mark.parametrize("address", SAMPLES)
def test_a_page_is_sound(study, address):
    page = read(study, address)
    assert page.heads[0] == "h1"
    assert page.heads.count("h1") == 1
    assert page.bad == []
    assert len(page.ids) == len(set(page.ids))
    assert set(page.controls) <= page.labelled
    assert ("html", {"lang": "en"}) in page.tags
    for tag, marks in page.tags:
        assert not (tag == "th" and not marks.get("scope"))
        for name in ("href", "src"):
            if marks.get(name, "").startswith("http"):
                assert tag == "a"  # a reader may go there; the page fetches nothing


@pytest.mark.parametrize("address", SAMPLES)
def test_every_cell_of_numbers_links_to_what_answers(study, address):
    for classes, numbers, text in read(study, address).cells:
        if "n" in classes.split() and re.search(r"\d", text):
            assert numbers >= 1, (address, text)


def test_every_number_of_the_map_answers(study):
    page = read(study, "/")
    numbers = sorted(set(page.numbers))
    assert len(numbers) > 300
    for address in numbers[:: 1 + len(numbers) // 60]:
        shown = asked(study, address)
        assert shown.status == 200, address
    names = {
        unquote(link.partition("?")[0]).removeprefix("/n/") for link in numbers if link.startswith("/n/")
    }
    assert names <= set(study.ids)


def test_a_number_page_says_what_why_says(study):
    chain = narrows.why("map.deployed.2027Q2", draws=DRAWS)
    text = asked(study, "/n/map.deployed.2027Q2").body.decode()
    assert study.chain("map.deployed.2027Q2") == chain
    for value in (chain.figure.value, chain.figure.p50, chain.figure.p05, chain.figure.p95):
        assert number(value) in text
    assert chain.figure.formula.split("(")[0].strip() in text
    assert f"/fact/{chain.links[0].fact.id}" in text


def test_the_map_page_says_what_the_map_says(study):
    result = narrows.map(draws=DRAWS)
    text = asked(study, "/").body.decode()
    for name, series in result.binds.items():
        for quarter, share in zip(result.quarters, series, strict=True):
            shown = f"{100 * share:.0f}" if share >= 0.01 else "·"
            assert f'href="/n/map.binds.{name}.{quarter}">{shown}</a>' in text
    name, share = result.binder(result.quarters[0])
    assert f'href="/n/map.binds.{name}.{result.quarters[0]}">{percent(share)}</a> of draws' in text


def test_numbers_of_a_what_if_carry_it_and_agree(study):
    page = read(study, "/?data_hall.capacity=1.5")
    links = [link for link in page.numbers if link.startswith("/n/map.binds.data_hall.2027Q1")]
    assert links
    assert all(link.endswith("?data_hall.capacity=1.5") for link in links)
    asked_ = Question((("data_hall.capacity", 1.5),))
    at = study.quarters.index("2027Q1")
    chain = study.chain("map.binds.data_hall.2027Q1", asked_)
    assert chain.figure.value == pytest.approx(study.map(asked_).binds["data_hall"][at], abs=1e-12)


@pytest.mark.parametrize(
    ("address", "near"),
    [
        ("/n/map.deployd.2026Q4", "/n/map.deployed.2026Q4"),
        ("/fact/cowos.utilization", "/fact/cowos.utilisation"),
        ("/n/map.binds.cowos.2026Q9", "/n/map.binds.cowos.2026Q4"),
        ("/nothing", "narrows"),
        ("/source/nobody", "The nearest"),
        ("/n/../../etc/passwd", "The nearest"),
    ],
)
def test_what_is_not_there_names_the_nearest(study, address, near):
    found = asked(study, address)
    assert found.status == 404
    assert near in found.body.decode()


@pytest.mark.parametrize(
    "address",
    [
        "/?cowos.capacity=nan",
        "/?cowos.capacity=-1",
        "/?nothing.known=2",
        "/?q=2099Q9&q=2026Q4",
        "/?page=0",
        "/?cowos.capacity=1e300",
        "/compare?a=x%3Dy",
        "/live?cowos.capacity=inf",
        "/n/time.resolved.cowos?cowos.capacity=2",
    ],
)
def test_what_cannot_be_read_is_refused_in_three_parts(study, address):
    found = asked(study, address)
    assert found.status == 400
    assert len(found.body) < 8000


def test_markup_in_an_address_stays_text(study):
    shown = asked(study, "/search?query=%3Cscript%3Ealert(1)%3C%2Fscript%3E").body.decode()
    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert" in shown
    assert "<b>" not in asked(study, "/n/%3Cb%3E").body.decode()


@given(
    st.dictionaries(
        st.text("abcdefgh._0123456789 é&=%", min_size=2, max_size=12), st.floats(0, 100), max_size=6
    ),
    st.randoms(),
)
def test_the_same_question_in_another_order_is_the_same_address(changes, random):
    pairs = [(name, factor) for name, factor in changes.items() if name not in {"q", "v", "m", "a", "b"}]
    first = Question(tuple(pairs)).query()
    random.shuffle(pairs)
    second = Question(tuple(pairs)).query()
    assert read_question(first).query() == read_question(second).query()
    canonical = read_question(first)
    assert read_question(canonical.query()) == canonical


def test_a_link_of_another_vintage_says_so(study):
    text = asked(study, "/?v=2001-01&m=0").body.decode()
    assert "This link was made with facts of 2001-01 (now" in text


def test_text_stands_out_on_every_shade():
    rules = re.findall(
        r"background:light-dark\((#\w+),(#\w+)\);color:light-dark\((#\w+),(#\w+)\)", ramp_css()
    )
    assert len(rules) == 22
    for day, night, on_day, on_night in rules:
        assert contrast(day, on_day) >= 4.5
        assert contrast(night, on_night) >= 4.5


def test_colours_of_the_page_stand_out():
    css = asked_css()
    colours = {
        name: (day, night)
        for name, day, night in re.findall(r"--([\w-]+): light-dark\((#\w+), (#\w+)\)", css)
    }
    for place in (0, 1):
        ground = long(colours["ground"][place])
        for name in ("ink", "quiet", "frame", "link"):
            assert contrast(long(colours[name][place]), ground) >= 4.5, name
        assert contrast(long(colours["edge"][place]), ground) >= 3
        assert contrast(long(colours["on-stream"][place]), long(colours["stream"][place])) >= 4.5


def asked_css():
    return (Path(files.__file__).parent / "static" / "narrows.css").read_text()


def long(colour):
    return colour if len(colour) == 7 else "#" + "".join(2 * letter for letter in colour[1:])


def test_a_company_shows_its_segments_and_another_what_is_lacking(study):
    page = asked(study, "/company/nvidia").body.decode()
    assert 'href="/fact/company.nvidia.segment_margin.compute_networking.2024">71 %</a>' in page
    assert "private and without published accounts" in asked(study, "/company/groq").body.decode()


def test_script_and_page_stay_small(study):
    assert len(asked(study, "/static/narrows.js").body) <= 10_000
    assert len(asked(study, "/static/narrows.css").body) <= 14_000


# --- the study as files ---------------------------------------------------------------------------


def test_the_study_as_files_has_no_dead_link(tmp_path, monkeypatch):
    def kept(address):
        many = ("/n/", "/fact/", "/facts/", "/source/", "/company/", "/shock/", "/layer/", "/picture/")
        return not address.startswith(many) or len(address) % 37 == 0

    links_of = files._links
    monkeypatch.setattr(files, "_links", lambda found: [link for link in links_of(found) if kept(link)])
    target = tmp_path / "site"
    # The draws of the pages above: the rooms of the claims are asked once.
    count = files.build(Study(draws=DRAWS, static=True), target)
    written = {file.relative_to(target).as_posix() for file in target.rglob("*") if file.is_file()}
    assert count == len(written) > 100
    for name in (name for name in sorted(written) if name.endswith(".html")):
        text = (target / name).read_text("utf-8")
        assert 'href="/' not in text
        for link in Reader(text).links:
            if link.startswith(("https:", "#", "data:")):
                continue
            to = os.path.normpath(f"{name}/../{unquote(link.partition('#')[0])}")
            folder = to.removesuffix("index.html").rstrip("/")
            assert to in written or not kept(f"/{folder}") or "=" in folder, (name, link)


@pytest.fixture
def small(monkeypatch):
    """Return a study of two pages, so that writing it costs nothing."""
    pages = {"/": b'<a href="/n/x">1</a>', "/n/x": b'<a href="/">back</a>'}
    monkeypatch.setattr(files, "FILES", ())
    monkeypatch.setattr(files, "PAGES", PAGES[:1])
    monkeypatch.setattr(
        files, "answer", lambda _, path, __: Answer(200, "text/html", pages.get(path, b"embedded"))
    )
    return Study(draws=1, static=True)


def bytes_of(folder):
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_writing_twice_gives_the_same_bytes_and_nothing_else(small, tmp_path):
    files.build(small, tmp_path / "site")
    first = bytes_of(tmp_path)
    files.build(small, tmp_path / "site")
    assert bytes_of(tmp_path) == first
    assert first["site/index.html"] == b'<a href="n/x/index.html">1</a>'
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_another_folder_is_left_alone(small, tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(OutputError) as refused:
        files.build(small, tmp_path)
    assert str(refused.value) == (
        f"The folder {tmp_path.resolve().as_posix()!r} holds something else than a study. A study is written into a "
        "new or empty folder, or over a study. Name another folder."
    )
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_what_stood_there_stands_when_writing_fails(small, tmp_path, monkeypatch):
    files.build(small, tmp_path / "site")
    first = bytes_of(tmp_path)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "_write", full)
    with pytest.raises(OutputError):
        files.build(small, tmp_path / "site")
    assert bytes_of(tmp_path) == first


def test_two_studies_of_one_seed_say_the_same():
    first, second = Study(draws=20), Study(draws=20)
    for address in ("/", "/n/map.tied.2027Q1", "/live?data_hall.capacity=1.2"):
        assert asked(first, address) == asked(second, address)


def test_a_query_of_a_novel_is_refused():
    with pytest.raises(UsageError):
        read_question("a.b=1&" * 1000)


def test_no_two_pages_share_a_key():
    keys = [page.key for page in PAGES if page.key]
    assert sorted(keys) == sorted(set(keys))
