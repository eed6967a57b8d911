"""The documentation as pages: what stands in ``docs/``, whose code blocks are run as tests."""

from __future__ import annotations

import itertools
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from narrows.errors import nearest
from narrows.report.pages.parts import Document, Model, Prose, Table, joined, link
from narrows.report.words import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from narrows.report.pages.question import Question
    from narrows.report.pages.study import Study

__all__ = ["guide_names", "guide_page", "guides_page"]

SHIPPED = Path(__file__).with_name("docs")
"""Where the wheel carries the documentation."""
WRITTEN = Path(__file__).parents[4] / "docs"
"""Where it stands in the repository."""
GROUPS = (("days", "Days"), ("guides", "Guides"), ("", "The house"))
"""Folders of the documentation, and what they hold."""
NOT_FOUND = 404
OUTSIDE = ("https://", "http://")
_WORD = re.compile(r"[^a-z0-9]+")


def guides_page(study: Study, question: Question, _: str = "") -> Model:
    """Return the list of the documentation."""
    del study, question
    found = _files()
    if not found:
        return Model(
            title="Documentation", lead="The documentation does not stand here: see the source of narrows."
        )
    blocks = [
        Table(
            f"{title}: pages of the documentation",
            ("Page", "What it says"),
            [
                [link(f"/docs/{name}", _title(file)), _first(file)]
                for name, file in found.items()
                if _in(file, folder)
            ],
            title=title,
        )
        for folder, title in GROUPS
    ]
    return Model(
        title="Documentation",
        lead="How each part of the model works, and how the house is built. Code blocks are run as tests.",
        blocks=[block for block in blocks if block.rows],
    )


def guide_page(study: Study, question: Question, id_: str = "") -> Model:
    """Return one page of the documentation; the nearest where there is none."""
    del study, question
    found = _files()
    if id_ not in found:
        near = [link(f"/docs/{name}", _title(found[name])) for name in nearest(id_, found)]
        told = joined(("The nearest:", joined(near or [link("/docs", "all documentation")], ", ") + "."))
        return Model(
            title="Not here",
            lead=f"The documentation has no page {printable(id_)!r}.",
            blocks=[Prose([told])],
            status=NOT_FOUND,
        )
    file = found[id_]
    return Model(
        title=_title(file),
        blocks=[Document(_html(file)), Prose([link("/docs", "All documentation")])],
    )


def guide_names() -> tuple[str, ...]:
    """Return the names of the pages of the documentation."""
    return tuple(_files())


@cache
def _files() -> dict[str, Path]:
    """Return the files by the name of their page."""
    home = next((folder for folder in (SHIPPED, WRITTEN) if folder.is_dir()), None)
    return {file.stem: file for file in sorted(home.rglob("*.md"))} if home else {}


def _in(file: Path, folder: str) -> bool:
    inside = file.parent.name if file.parent.name in {name for name, _ in GROUPS} else ""
    return inside == folder


def _lines(file: Path) -> list[str]:
    return file.read_text("utf-8").splitlines()


def _title(file: Path) -> str:
    return next((line[2:].strip() for line in _lines(file) if line.startswith("# ")), file.stem)


def _first(file: Path) -> str:
    """Return the first sentence of a page."""
    words = [line for line in _lines(file) if line[:1].isalpha()]
    return words[0].partition(". ")[0].rstrip(".:") if words else ""


@cache
def _html(file: Path) -> Markup:
    """Return a page as HTML: no tags of its own, no styles, links of the site."""
    from markdown_it import MarkdownIt

    maker = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = maker.parse(file.read_text("utf-8"))
    heading = next((place for place, token in enumerate(tokens) if token.type == "heading_open"), None)
    if heading is not None and tokens[heading].tag == "h1":
        del tokens[heading : heading + 3]
    _dress(tokens)
    html = maker.renderer.render(tokens, maker.options, {})
    numbers, box = itertools.count(1), '<div class="scroll" tabindex="0" role="region" aria-label="Table {}">'
    html = re.sub("<table>", lambda _: box.format(next(numbers)) + "<table>", html)
    html = html.replace('<th scope="col"></th>', "<td></td>")  # a heading without a word heads nothing
    html = html.replace("<pre>", '<pre tabindex="0">')
    return Markup(html.replace("</table>", "</table></div>"))  # noqa: S704 - rendered with tags switched off


def _dress(tokens: Sequence[Any]) -> None:
    """Give cells their scope, headings their ids, and links their place in the site."""
    for place, token in enumerate(tokens):
        token.attrs.pop("style", None)
        if token.type == "th_open":
            token.attrs["scope"] = "col"
        elif token.type == "heading_open":
            token.attrs["id"] = _slug(tokens[place + 1].content)
            if token.tag == "h1":
                token.tag = tokens[place + 2].tag = "h2"
        elif token.type == "inline":
            _relink(token.children or ())


def _relink(parts: Sequence[Any]) -> None:
    """Turn links to files into links of the site; what has no page loses its link, a picture its place."""
    shut: list[bool] = []
    for part in parts:
        if part.type == "link_open":
            to = _address(str(part.attrs.get("href", "")))
            shut.append(not to)
            part.attrs = {"href": to}
        dead = shut[-1] if shut and part.type in {"link_open", "link_close"} else False
        if part.type == "link_close" and shut:
            shut.pop()
        if dead or part.type == "image":
            part.type, part.tag, part.nesting, part.content = "text", "", 0, part.content
            part.children, part.attrs = None, {}


def _address(href: str) -> str:
    """Return where a link of the documentation leads in the site; empty where it has no page."""
    if href.startswith((*OUTSIDE, "#")):
        return href
    path, _, mark = href.partition("#")
    name = path.rpartition("/")[2].removesuffix(".md")
    if not path.endswith(".md") or name not in _files():
        return ""
    return f"/docs/{name}" + (f"#{mark}" if mark else "")


def _slug(text: str) -> str:
    return "part-" + (_WORD.sub("-", text.lower()).strip("-") or "x")
