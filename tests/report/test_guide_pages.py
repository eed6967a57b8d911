"""The documentation as pages: every file, no tag of its own, every link leads somewhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from markupsafe import Markup
from tests.report.test_pages import Reader

from narrows.report.pages import Study, answer
from narrows.report.pages.guide_pages import _html, guide_names

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def study():
    return Study(draws=20)


def test_every_file_has_a_page():
    files = sorted(DOCS.rglob("*.md"))
    assert len(files) > 40
    assert sorted(file.stem for file in files) == sorted(guide_names())


def test_every_page_is_sound_and_its_links_lead_somewhere(study):
    known = set(guide_names())
    links = set()
    for name in guide_names():
        found = answer(study, f"/docs/{name}")
        assert found.status == 200
        page = Reader(found.body.decode())
        assert page.heads[0] == "h1"
        assert page.heads.count("h1") == 1
        assert page.bad == []
        assert all(marks.get("scope") for tag, marks in page.tags if tag == "th")
        links |= {link.partition("#")[0] for link in page.links if link.startswith("/docs/")}
    assert {link.removeprefix("/docs/") for link in links} <= known
    assert len(links) > 10


def test_tags_in_a_text_stay_text(tmp_path):
    file = tmp_path / "x.md"
    file.write_text(
        "# T\n\n<script>alert(1)</script> <b onclick='x'>b</b>\n\n[a](javascript:alert(1)) [b](nowhere.md) ![c](x.svg)\n"
        "\n| a | b |\n|---|--:|\n| 1 | 2 |\n"
    )
    html = _html(file)
    assert isinstance(html, Markup)
    page = Reader(html)
    assert page.bad == []
    assert not {"script", "b", "img"} & {tag for tag, _ in page.tags}
    assert page.links == []
    assert "style" not in html


def test_a_page_that_is_not_there_names_the_nearest(study):
    found = answer(study, "/docs/day08_prise")
    assert found.status == 404
    assert "day08_price" in found.body.decode()
