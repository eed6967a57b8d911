"""Pages on paper: the same words as in the browser, texts never markup, the same bytes each time."""

from __future__ import annotations

import json
import re
import sys

import pytest
import typst
from hypothesis import given, settings
from hypothesis import strategies as st

from narrows.cli import main
from narrows.errors import DataError, RunError, UnknownNameError, UsageError
from narrows.report.pages import PAGES, Study, answer, paper
from narrows.report.pages import typeset as pages_typeset
from narrows.report.pages.answers import page_html
from narrows.report.pages.typeset import Node, _string, _Writer, typeset, typst_source

SAMPLES = ["/", "/n/map.deployed.2027Q1", "/market/2026-05-08", "/fact/cowos.utilisation", "/docs/convention"]


@pytest.fixture(scope="module")
def study():
    return Study(draws=40)


@pytest.mark.parametrize("address", SAMPLES)
def test_a_page_is_tagged_and_the_same_twice(study, address):
    first = paper(study, address)
    assert first[:5] == b"%PDF-"
    assert b"/StructTreeRoot" in first
    assert b"pdfuaid:part" in first
    assert paper(study, address) == first


def test_every_number_of_the_map_page_is_on_paper(study):
    html = answer(study, "/").body.decode().partition('id="what-if"')
    source = typst_source(study, page_html(study, "/"), "/", site="https://narrows.example")
    shown = re.findall(
        r'class="num" href="([^"]+)"[^>]*>([^<]+)</a>', html[0] + html[2].partition("</section>")[2]
    )
    assert len(shown) > 300
    for href, text in shown:
        assert f'#link("https://narrows.example{href}")[#"{text}"]' in source, href


def test_a_number_is_a_link_to_the_site(study):
    source = typst_source(study, page_html(study, "/n/map.deployed.2027Q1"), "/n/map.deployed.2027Q1")
    assert '#link("http://127.0.0.1:8000/n/map.deployed.2027Q1")' in source


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=80))
def test_any_text_stays_the_text_it_is(text):
    found = typst.query(f"#metadata({_string(text)}) <told>".encode(), "<told>", field="value", one=True)
    wanted = "".join(letter if letter >= " " or letter == "\n" else " " for letter in text)
    assert json.loads(found) == wanted


def test_markup_of_typst_in_a_page_is_text():
    hostile = Node("p", {}, ['#read("/etc/passwd") $x$ *b* _i_ @a <b> // \\ "'])
    made = _Writer("https://narrows.example", []).blocks([hostile])
    assert made == '#words[#"#read(\\"/etc/passwd\\") $x$ *b* _i_ @a <b> // \\\\ \\""]\n'


def test_no_level_of_headings_is_left_out(study):
    html = "<main><h1>a</h1><h3>b</h3><h2>c</h2><h4>d</h4></main>"
    source = typst_source(study, html, "/")
    assert re.findall(r"#heading\(level: (\d)\)", source) == ["1", "2", "2", "3"]
    assert typeset(study, html, "/")[:5] == b"%PDF-"


def test_what_only_a_browser_can_do_is_left_out(study):
    html = (
        '<main><h1>a</h1><nav><a href="/">b</a></nav><form>c</form><section id="what-if">d</section>'
        '<p class="exports">e</p><p>f</p></main>'
    )
    source = typst_source(study, html, "/").partition("#heading(level: 1)")[2]
    assert re.findall(r'#"(\w)"', source) == ["a", "f"]


def test_what_typst_refuses_is_told(study, monkeypatch):
    monkeypatch.setattr(pages_typeset, "HEAD", "#let")
    with pytest.raises(RunError) as refused:
        paper(study, "/n/study.draws")
    assert str(refused.value).startswith("The page '/n/study.draws' cannot be set on paper: ")
    assert answer(study, "/pdf/n/study.draws").status == 400


def test_the_server_answers_paper_and_refusals(study):
    found = answer(study, "/pdf/n/study.draws")
    assert (found.status, found.type, found.body[:5]) == (200, "application/pdf", b"%PDF-")
    assert answer(study, "/pdf").body == paper(study, "/")
    assert answer(study, "/pdf/n/study.drawss").status == 404
    assert answer(study, "/pdf/nothing").status == 404
    assert answer(study, "/pdf", "cowos.capacity=nan").status == 400
    assert answer(study, "/pdf/map.csv").status == 400
    assert answer(study, "/pdf/pdf").status == 404


def test_pages_link_to_their_paper(study):
    assert 'href="/pdf/n/study.draws"' in answer(study, "/n/study.draws").body.decode()
    assert "/pdf" not in answer(Study(draws=40, static=True), "/n/study.draws").body.decode()
    assert not any(page.path.startswith("/pdf") for page in PAGES)


def test_what_cannot_be_set_is_refused(study, monkeypatch):
    with pytest.raises(UnknownNameError) as unknown:
        paper(study, "/n/study.drawss")
    assert "'study.draws'" in str(unknown.value)
    with pytest.raises(UsageError) as site:
        paper(study, "/", site="javascript:alert(1)")
    assert str(site.value) == (
        "The site is 'javascript:alert(1)'. Links lead to http:// or https:// and a name. "
        "Write --site http://127.0.0.1:8000."
    )
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(DataError) as missing:
        paper(study, "/")
    assert str(missing.value) == (
        "A PDF is asked for, and the package typst is not there. Pages are read in a browser without it, and print "
        "from there. Install narrows[report], or write narrows serve."
    )
    assert answer(study, "/pdf").status == 501


def test_the_command_writes_a_file_and_refuses_none(tmp_path, capsys):
    target = tmp_path / "number.pdf"
    given_ = ["study", "pdf", "study.draws", "--draws", "20"]
    assert main([*given_, "-o", str(target), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["bytes"] == len(target.read_bytes())
    assert told["page"] == "/n/study.draws"
    assert main([*given_, "-o", str(tmp_path / "number.png"), "--quiet"]) == 0
    assert (tmp_path / "number.png").read_bytes()[:4] == b"\x89PNG"
    capsys.readouterr()
    assert main(given_) == 2
    assert capsys.readouterr().err == (
        "narrows: A page on paper is asked for without a file. It is written to a .pdf, or a .png of its first sheet. "
        "Write narrows study pdf -o map.pdf.\n"
    )
