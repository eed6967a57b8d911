"""Any page on paper: the page as it is written for a browser, set by typst.

The words, tables and pictures are taken from the HTML of the page, so that paper and browser cannot say two
things, and a block that is added to the pages needs nothing here. Every text goes to typst as a string, never
as markup. Only the fonts that come with typst are used: the bytes are the same on every machine.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from narrows.apart import apart
from narrows.errors import UsageError
from narrows.report.pages.channel import STEP
from narrows.report.pages.setting import set_source
from narrows.report.pages.typeset_style import HEAD, LEFT_OUT, RULES, SET, WIDE
from narrows.report.svg import legible, shade

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from narrows.report.pages.study import Study

__all__ = ["SITE", "typeset", "typst_source"]

SITE = "http://127.0.0.1:8000"
"""Where the links of a paper lead if nothing else is said: the study as `narrows serve` serves it."""
STYLE = Path(__file__).parent / "static" / "narrows.css"
DRAWN = ("fill", "stroke", "stroke-width", "stroke-dasharray", "fill-opacity", "text-anchor", "font-size",
         "font-weight")  # fmt: skip
"""Properties of a style sheet that a picture keeps."""
VOID = {"br", "wbr", "input", "meta", "link", "img", "hr"}
INLINE = {"a", "em", "i", "strong", "b", "code", "kbd", "span", "sub", "sup", "br", "wbr", "svg", "small"}
SINGLE = {"br": "#linebreak()", "wbr": '#"\\u{200b}"', "svg": ""}
WRAPS = {"em": "marked", "strong": "strong", "b": "strong", "sub": "sub", "sup": "super"}
_SVG = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
_LONG = re.compile(r"\S{24,}")
_MEDIA = re.compile(r"@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")


@dataclass
class Node:
    """An element of a page: its tag, its marks, and what is in it."""

    tag: str
    marks: dict[str, str] = field(default_factory=dict)
    inside: list[Node | str] = field(default_factory=list)

    @property
    def classes(self) -> set[str]:
        """Its classes."""
        return set(self.marks.get("class", "").split())

    def all(self, *tags: str) -> list[Node]:
        """Return the elements below with one of some tags, in order."""
        found = []
        for child in self.inside:
            if isinstance(child, Node):
                if child.tag in tags:
                    found.append(child)
                found.extend(child.all(*tags))
        return found

    @property
    def text(self) -> str:
        """All text in it."""
        return "".join(child if isinstance(child, str) else child.text for child in self.inside)


class _Tree(HTMLParser):
    """Reads HTML into nodes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.root = Node("root")
        self._open = [self.root]
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        self._open[-1].inside.append(node)
        if tag not in VOID:
            self._open.append(node)

    def handle_endtag(self, tag: str) -> None:
        if any(node.tag == tag for node in self._open[1:]):
            while self._open.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        self._open[-1].inside.append(data)


def typeset(
    study: Study, html: str, address: str, *, site: str = SITE, form: Literal["pdf", "png"] = "pdf"
) -> bytes:
    """Return a page as PDF, or its first sheet as PNG.

    Parameters
    ----------
    study
        The study that the page belongs to.
    html
        The page as a browser gets it.
    address
        Its path and query.
    site
        Where its links lead.
    form
        ``pdf`` or ``png``.

    Returns
    -------
    bytes
        The same for the same page: the date in the file is that of the facts.

    Raises
    ------
    DataError
        If typst is not there.
    RunError
        If the page cannot be set.
    """
    source = typst_source(study, html, address, site=site).encode()
    if not study.served:
        return set_source(source, address, form, _said(study))
    work = "narrows.report.pages.setting:set_source"
    made: bytes = apart(work, source=source, address=address, form=form, said=_said(study))
    return made


def typst_source(study: Study, html: str, address: str, *, site: str = SITE) -> str:
    """Return a page as a document of typst; parameters are those of `typeset`.

    Raises
    ------
    UsageError
        If the site is not an address of the web.
    """
    if urlsplit(site).scheme not in {"http", "https"} or not urlsplit(site).netloc:
        raise UsageError(
            f"The site is {site!r}", "Links lead to http:// or https:// and a name", f"Write --site {SITE}"
        )
    pictures = _SVG.findall(html)
    counted = iter(range(len(pictures)))
    (main,) = _Tree(_SVG.sub(lambda _: f'<svg data-n="{next(counted)}"></svg>', html)).root.all("main")
    (title,) = main.all("h1")
    writer = _Writer(site.rstrip("/"), [_standing(svg) for svg in pictures])
    day = _said(study)
    head = SET.format(
        title=_string(title.text.strip()),
        wide="true" if any(_width(svg) > WIDE for svg in pictures) else "false",
        date=f"datetime(year: {day.year}, month: {day.month}, day: {day.day})",
        foot=_string(f"narrows: facts of {study.vintage}, model {study.model}, seed {study.seed}."),
        address=_string(site.rstrip("/").partition("//")[2] + address),
    )
    return HEAD + head + writer.blocks(main.inside)


def _said(study: Study) -> datetime:
    return datetime.combine(study.catalog.last, datetime.min.time(), tzinfo=UTC)


# --- pictures ----------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _rules() -> str:
    """Return what the style sheet of the pages says of pictures, by day, without names of colours."""
    sheet = re.sub(r"@media.*", "", STYLE.read_text("utf-8"), flags=re.DOTALL)
    names = dict(re.findall(r"--([\w-]+): light-dark\(([^,]+),", sheet))
    found = []
    for selector, body in re.findall(r"([^{}]+)\{([^{}]*)\}", sheet):
        if ":" in selector:
            continue
        pairs = [part.split(":", 1) for part in body.split(";") if ":" in part]
        kept = [
            f"{name.strip()}:{re.sub(r'var[(]--([^)]+)[)]', lambda m: names[m[1]], value).strip()}"
            for name, value in pairs
            if name.strip() in DRAWN
        ]
        if kept and not re.search(r"\b(h1|h2|body|table|td|th|a|button|input|kbd|code|dl)\b", selector):
            found.append(f"{selector.strip()}{{{';'.join(kept)}}}")
    return "".join(found)


def _standing(svg: str) -> str:
    """Return a picture of a page that stands alone: with its style, and by day."""
    plain = _MEDIA.sub("", svg)
    head, mark, rest = plain.partition(">")
    return f"{head}{mark}<style>{_rules()}{RULES}</style>{rest}"


def _width(svg: str) -> float:
    """Return the width of a picture in its own units."""
    box = re.search(r'viewBox="\S+ \S+ (\S+) \S+"', svg)
    return float(box[1]) if box else 0.0


@lru_cache(maxsize=1)
def _shades() -> dict[str, tuple[str, str]]:
    """Return ground and ink of every shade of a heat map, by its class."""
    places = (0, 1, *range(STEP, 101, STEP))
    return {f"s{place}": (shade(place / 100), legible(shade(place / 100))) for place in places}


# --- blocks and text ---------------------------------------------------------------------------------


def _string(text: str) -> str:
    r"""Return a text as a string of typst.

    Examples
    --------
    >>> print(_string('a "b"'))
    "a \"b\""
    """
    shown = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", " ")
    return '"' + "".join(max(letter, " ") for letter in shown) + '"'


def _breaking(text: str) -> str:
    """Return a text in which long names may break behind a point or a stroke.

    Examples
    --------
    >>> _breaking("blackwell.packages_per_wafer").count(chr(0x200B))
    3
    """
    return _LONG.sub(lambda name: re.sub(r"(?<=[._/])(?=\w)", chr(0x200B), name[0]), text)


class _Writer:
    """Writes nodes as typst.

    Parameters
    ----------
    site
        Where links lead.
    pictures
        Pictures of the page, in order.
    """

    def __init__(self, site: str, pictures: Sequence[str]) -> None:
        self._site, self._pictures, self._level = site, pictures, 0
        self._makers: dict[str, Callable[[Node], str]] = {
            "h1": lambda node: self._heading(node, 1),
            "h2": lambda node: self._heading(node, 2),
            "h3": lambda node: self._heading(node, 3),
            "h4": lambda node: self._heading(node, 4),
            "p": self._paragraph,
            "dl": self._terms,
            "ul": self._list,
            "ol": self._list,
            "table": self._table,
            "figcaption": lambda node: f"#source[{self.text(node)}]\n",
            "summary": lambda node: self._heading(node, 3),
            "pre": lambda node: f"#raw({_string(node.text)}, block: true)\n",
            "form": lambda _: "",
            "nav": lambda _: "",
            "aside": lambda _: "",
            "button": lambda _: "",
        }

    def blocks(self, nodes: Sequence[Node | str]) -> str:
        """Return what stands one below the other."""
        found, loose = [], Node("p")
        for node in nodes:
            if isinstance(node, str) or (node.tag in INLINE and node.tag != "svg"):
                loose.inside.append(node)
                continue
            if loose.text.strip():
                found.append(self._paragraph(loose))
            loose = Node("p")
            found.append(self._block(node))
        if loose.text.strip():
            found.append(self._paragraph(loose))
        return "".join(found)

    def _block(self, node: Node) -> str:
        if node.marks.get("id") in LEFT_OUT or node.classes & LEFT_OUT:
            return ""
        if node.tag == "svg":
            return self._picture(node)
        maker = self._makers.get(node.tag)
        return maker(node) if maker else self.blocks(node.inside)

    def _heading(self, node: Node, level: int) -> str:
        """Return a heading; a tagged document leaves no level out."""
        self._level = min(level, self._level + 1)
        return f"#heading(level: {self._level})[{self.text(node)}]\n"

    def _paragraph(self, node: Node) -> str:
        words = self.text(node)
        if not words:
            return ""
        for kind in ("lead", "source", "notice"):
            if kind in node.classes:
                return f"#{kind}[{words}]\n"
        return f"#words[{words}]\n"

    def _list(self, node: Node) -> str:
        if "legend" in node.classes:
            items = [f"#key({_string(self._key(item))}, [{self.text(item)}])" for item in node.all("li")]
            return f"#legend[{'#h(14pt)'.join(items)}]\n"
        kind = "enum" if node.tag == "ol" else "list"
        items = [f"[{self.text(item)}]" for item in node.inside if isinstance(item, Node)]
        return f"#{kind}({', '.join(items)})\n"

    def _key(self, item: Node) -> str:
        marks = item.all("i")
        return next(iter(marks[0].classes), "") if marks else ""

    def _terms(self, node: Node) -> str:
        cells = [
            f"quiet[{self.text(child)}]" if child.tag == "dt" else f"[{self.text(child)}]"
            for child in node.all("dt", "dd")
        ]
        return f"#pairs({', '.join(cells)})\n"

    def _picture(self, node: Node) -> str:
        svg = self._pictures[int(node.marks["data-n"])]
        label = re.search(r'aria-label="([^"]*)"', svg)
        alt = unescape(label[1]) if label else "A picture; its numbers stand in the table below"
        return f'#figure(image(bytes({_string(svg)}), format: "svg", width: 100%, alt: {_string(alt)}))\n'

    def _table(self, node: Node) -> str:
        rows = node.all("tr")
        heads = [row for head in node.all("thead") for row in head.all("tr")]
        count = max(sum(int(cell.marks.get("colspan", "1")) for cell in row.all("th", "td")) for row in rows)
        grid = "grid" in node.classes
        head = ", ".join(
            self._cell(cell, head=True, grid=grid) for row in heads for cell in row.all("th", "td")
        )
        body = [
            self._cell(cell, head=False, grid=grid)
            for row in rows
            if row not in heads
            for cell in row.all("th", "td")
        ]
        caption = "".join(f"#caption[{self.text(one)}]\n" for one in node.all("caption"))
        last = heads[-1].all("th", "td") if heads else []
        aligns = ", ".join("right" if "n" in cell.classes else "left" for cell in last) or "left"
        columns = f"(auto, {', '.join(['1fr'] * (count - 1))})" if grid else f"{count}"
        kind = "heat" if grid else "rows"
        header = f"table.header({head}), " if heads else ""
        return f"{caption}#{kind}({columns}, ({aligns},), {header}{', '.join(body)})\n"

    def _cell(self, cell: Node, *, head: bool, grid: bool) -> str:
        words = f"[{self.text(cell)}]"
        span = int(cell.marks.get("colspan", "1"))
        marks = [f"colspan: {span}"] if span > 1 else []
        if head:
            words = f"quiet{words}"
        if grid and cell.tag == "td":
            ground, ink = next((pair for name, pair in _shades().items() if name in cell.classes), ("", ""))
            if ground:
                marks.append(f'fill: rgb("{ground}")')
                words = f'text(fill: rgb("{ink}"){", weight: 700" if "best" in cell.classes else ""}){words}'
            if "best" in cell.classes:
                marks.append("stroke: 0.9pt + ink")
        return f"table.cell({', '.join(marks)}{', ' if marks else ''}{words})" if marks else words

    def text(self, node: Node) -> str:
        """Return what stands in one line, as content of typst; white space as a browser shows it."""
        pieces = self._pieces(node)
        return "".join(pieces).strip()

    def _pieces(self, node: Node) -> list[str]:
        found: list[str] = []
        for child in node.inside:
            if isinstance(child, str):
                shown = re.sub(r"[ \t\n\r\f]+", " ", child)
                if shown.strip() or (shown and found):
                    found.append(f"#{_string(_breaking(shown))}")
            else:
                found.append(self._inline(child))
        return [piece for piece in found if piece]

    def _inline(self, node: Node) -> str:
        if node.tag in SINGLE:
            return SINGLE[node.tag]
        words = "".join(self._pieces(node))
        if not words:
            return ""
        if node.tag == "a":
            return f"#link({_string(self._target(node.marks.get('href', '')))})[{words}]"
        if node.tag in {"code", "kbd"}:
            return f"#raw({_string(node.text)})"
        kind = next((name for name in ("big", "missed") if name in node.classes), WRAPS.get(node.tag, ""))
        return f"#{kind}[{words}]" if kind else words

    def _target(self, href: str) -> str:
        return self._site + href if href.startswith("/") else href or self._site
