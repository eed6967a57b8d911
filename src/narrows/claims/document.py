"""A draft as blocks: headings, paragraphs, items and table rows, from Markdown, HTML or plain text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser

from narrows.errors import DataError, UsageError

__all__ = ["LARGEST_BYTES", "Block", "Document", "plain", "read"]

LARGEST_BYTES = 2_000_000
"""A text of more is refused: a recap has some ten thousand letters."""
DEEPEST = 200
"""Tables within tables and the like, beyond which a page is refused."""
_SIGNS = {
    "\u2212": "-",
    "\u2012": "-",
    "\ufe63": "-",
    "\uff0d": "-",
    "\u2010": "-",
    "\u2011": "-",
    "\uff05": "%",
    "\uff0b": "+",
}
_SPACES = dict.fromkeys("\u00a0\u2007\u2008\u2009\u200a\u202f\u2002\u2003\u3000\t", " ")
_QUOTES = {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"'}
_LETTERS = str.maketrans(_SIGNS | _SPACES | _QUOTES)
_HIDDEN = dict.fromkeys(
    map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f\u202a\u202b\u202c\u202d\u202e")
)
_DAMAGED = {
    "\u00e2\u02c6\u2019": "-", "\u00e2\x88\x92": "-", "\u00e2\u20ac\u201c": "\u2013", "\u00e2\x80\x93": "\u2013",  # noqa: E501
    "\u00e2\u20ac\u201d": "\u2014", "\u00e2\x80\x94": "\u2014", "\u00e2\u20ac\u2122": "'", "\u00e2\x80\x99": "'",  # noqa: E501
    "\u00c2\u00a0": " ", "\u00c2\u00a3": "\u00a3", "\u00e2\u201a\u00ac": "\u20ac",
}  # fmt: skip
_DASH_SIGN = re.compile(
    r"(?<![\w.])[\u2013\u2014](?=[$\u20ac\u00a3]?\d)|(?<=[A-Za-z)])\u2013(?=\d+(?:\.\d+)?\s?%)"
)
_LOST = re.compile("\ufffd+(?=\\d)")
MOST_DIGITS = 40
"""Digits of a number that is read."""
_LONG = re.compile(rf"\d(?:,?\d){{{MOST_DIGITS},}}")


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a draft.

    Parameters
    ----------
    kind
        ``heading``, ``text`` or ``row``.
    text
        Its text; of a row, the cells joined by " | ".
    line
        Line of its first letter, from 1; of a page of HTML that of the source.
    cells, header
        Of a row of a table.
    starts
        Lines of the letters at which a new line of the source begins: pairs (place, line).
    """

    kind: str
    text: str
    line: int
    cells: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    starts: tuple[tuple[int, int], ...] = ()

    def line_at(self, place: int) -> tuple[int, int]:
        """Return line and column of a letter, from 1."""
        begun, line = max((pair for pair in self.starts if pair[0] <= place), default=(0, self.line))
        return line, place - begun + 1


@dataclass(frozen=True, slots=True)
class Document:
    """A draft that was read.

    Parameters
    ----------
    form
        ``markdown`` (also plain text) or ``html``.
    blocks
        In the order of the text.
    source
        The text, letters mended.
    """

    form: str
    blocks: tuple[Block, ...]
    source: str


def plain(text: str) -> str:
    """Return text with signs, spaces and quotes in one form, and damaged letters mended.

    Examples
    --------
    >>> plain("Energy\u2009\u22125.03\u00a0%"), plain("Basic Materials \u00e2\u02c6\u20192.80%")
    ('Energy -5.03 %', 'Basic Materials -2.80%')
    """
    for damaged, whole in _DAMAGED.items():
        if damaged in text:
            text = text.replace(damaged, whole)
    text = _LOST.sub("-", text.translate(_HIDDEN)).translate(_LETTERS)
    text = _DASH_SIGN.sub("-", text)
    return "".join(letter if letter == "\n" or letter.isprintable() else " " for letter in text)


def _decoded(content: bytes | str) -> str:
    if isinstance(content, str):
        if len(content) > LARGEST_BYTES:
            raise _too_large(len(content))
        return content
    if len(content) > LARGEST_BYTES:
        raise _too_large(len(content))
    if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return content.decode("utf-16", errors="replace")
    if b"\x00" in content:
        raise DataError(
            "The draft holds zero bytes, so it is no text",
            "A draft is Markdown, HTML or plain text in UTF-8",
            "Save it as text",
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _too_large(size: int) -> UsageError:
    return UsageError(
        f"The draft has {size:,} bytes", f"A draft of at most {LARGEST_BYTES:,} bytes is read", "Split it"
    )


def read(content: bytes | str) -> Document:
    r"""Return a draft as blocks.

    Parameters
    ----------
    content
        Markdown, HTML or plain text; HTML is told by its tags.

    Raises
    ------
    UsageError
        If the draft is too large or nested too deep.
    DataError
        If it is no text, or has a number too long to be one.

    Examples
    --------
    >>> [(one.kind, one.cells) for one in read("| Index | Week |\n|---|---|\n| S&P 500 | +0.91% |").blocks]
    [('row', ('S&P 500', '+0.91%'))]
    """
    text = _decoded(content).replace("\r\n", "\n").replace("\r", "\n")
    if _is_html(text):
        page = _Page()
        page.feed(re.sub(r"&#[xX]?[0-9a-fA-F]{7,};?", " ", text))
        page.close()
        return _readable(Document("html", tuple(page.done()), plain(text)))
    text = plain(text)
    return _readable(Document("markdown", tuple(_markdown(text)), text))


def _readable(document: Document) -> Document:
    """Return a document; refuse one with a number that no market has, and that no arithmetic holds."""
    for block in document.blocks:
        long = _LONG.search(block.text)
        if long is not None:
            count = sum(letter.isdigit() for letter in long[0])
            raise DataError(
                f"Line {block.line} of the draft has a number of {count:,} digits",
                f"A number of at most {MOST_DIGITS} digits is read",
                "Correct it",
            )
    return document


def _is_html(text: str) -> bool:
    return (
        re.search(
            r"<(?:!doctype|html|body|table|div|p|h[1-6]|ul|ol|li|span|article)\b[^<>]*>",
            text[:20_000],
            re.IGNORECASE,
        )
        is not None
    )


_ROW = re.compile(r"^\s*\|?(.+\|.*?)\|?\s*$")
_RULE = re.compile(r"^\s*\|?\s*:?-{2,}:?\s*(?:\|\s*:?-{2,}:?\s*)*\|?\s*$")
_ITEM = re.compile(r"^\s*(?:[-*+\u2022\u25cf\u25aa\u2013]|\d{1,2}[.)])\s+")
_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+")
_NUMBER = re.compile(r"\d[\d.,]*\s?(?:%|percent|points)|[$\u20ac\u00a3]\s?\d")
SHORT = 100
"""Letters of a line that may be a heading without marks."""


def _bare(text: str) -> str:
    """Drop emphasis, code and link marks, letter for letter where that is cheap."""
    text = re.sub(r"!?\[([^\]\n]{0,500})\]\([^)\n]{0,2000}\)", r"\1", text)
    return re.sub(r"\*\*|__|`|~~|(?<![\w*])\*(?=\S)|(?<=\S)\*(?![\w*])", "", text)


def _markdown(text: str) -> list[Block]:  # noqa: C901 - one branch a kind of line
    blocks: list[Block] = []
    held: list[tuple[str, int]] = []
    header: tuple[str, ...] = ()
    lines = text.split("\n")

    def flush() -> None:
        if held:
            blocks.append(_paragraph(held, alone=True))
            held.clear()

    for at, raw in enumerate(lines):
        line = _bare(raw)
        if "|" in line and _is_row(lines, at):
            flush()
            if _RULE.match(line):
                continue
            cells = tuple(cell.strip() for cell in line.strip().strip("|").split("|"))
            if at + 1 < len(lines) and _RULE.match(lines[at + 1]):
                header = cells
                continue
            blocks.append(Block("row", " | ".join(cells), at + 1, cells, header))
            continue
        header = ()
        if not line.strip():
            flush()
        elif _HEADING.match(line) or (
            at + 1 < len(lines) and re.match(r"^\s*(?:=+|-{3,})\s*$", lines[at + 1]) and line.strip()
        ):
            flush()
            blocks.append(Block("heading", _HEADING.sub("", line).strip(), at + 1))
        elif re.match(r"^\s*(?:=+|-{3,}|\*{3,})\s*$", line):
            continue
        elif _ITEM.match(line):
            flush()
            mark = _ITEM.match(line)
            assert mark is not None  # noqa: S101 - matched above
            held.append((" " * mark.end() + line[mark.end() :], at + 1))
        else:
            held.append((line, at + 1))
    flush()
    return blocks


def _is_row(lines: list[str], at: int) -> bool:
    line = lines[at]
    if line.strip().startswith("|") or _RULE.match(line):
        return True
    near = [lines[k] for k in (at - 1, at + 1) if 0 <= k < len(lines)]
    return any("|" in other or _RULE.match(other) for other in near) and _ROW.match(line) is not None


def _paragraph(held: list[tuple[str, int]], *, alone: bool) -> Block:
    starts, pieces, place = [], [], 0
    for text, line in held:
        starts.append((place, line))
        pieces.append(text.rstrip())
        place += len(text.rstrip()) + 1
    text = "\n".join(pieces)
    short = (
        alone
        and len(held) == 1
        and len(text.strip()) < SHORT
        and not text.rstrip().endswith((".", "!", "?", ";", ","))
    )
    kind = "heading" if short and not _NUMBER.search(text) and not text.startswith("  ") else "text"
    return Block(kind, text, held[0][1], starts=tuple(starts))


class _Page(HTMLParser):
    """A page as blocks: what a browser would not show is left out."""

    SKIP = frozenset({"script", "style", "template", "noscript", "head", "svg", "iframe", "object"})
    BREAKS = frozenset(
        [
            "p",
            "div",
            "li",
            "ul",
            "ol",
            "section",
            "article",
            "header",
            "footer",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "blockquote",
            "dt",
            "dd",
            "figcaption",
            "caption",
            "main",
            "aside",
            "pre",
        ]
    )
    VOID = frozenset(
        [
            "br",
            "hr",
            "img",
            "input",
            "meta",
            "link",
            "wbr",
            "col",
            "area",
            "base",
            "embed",
            "source",
            "track",
            "param",
        ]
    )

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[Block] = []
        self.skipping = ""
        self.hidden: list[str] = []
        self.depth = 0
        self.pieces: list[str] = []
        self.kind = "text"
        self.line = 1
        self.table = 0
        self.cells: list[str] = []
        self.heads = 0
        self.header: tuple[str, ...] = ()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: C901
        if self.skipping:
            return
        told = {name: (value or "") for name, value in attrs}
        style = told.get("style", "").replace(" ", "").lower()
        if tag in self.SKIP:
            self.skipping = tag
            return
        if tag not in self.VOID:
            self.depth += 1
            if self.depth > DEEPEST:
                raise UsageError(
                    f"The page nests more than {DEEPEST} tags at line {self.getpos()[0]}",
                    f"Pages of up to {DEEPEST} nested tags are read",
                    "Give the text of the page",
                )
            if self.hidden or "hidden" in told or "display:none" in style or "visibility:hidden" in style:
                self.hidden.append(tag)
        if tag in {"td", "th"} and self.table:
            self._cell()
            self.heads += tag == "th"
        elif tag == "tr" and self.table:
            self._row()
        elif tag == "table":
            self._flush()
            self.table, self.header, self.cells, self.heads = self.table + 1, (), [], 0
        elif tag in self.BREAKS and not self.table:
            self._flush()
            self.kind = "heading" if re.fullmatch(r"h[1-6]|caption", tag) else "text"
        elif tag in {"br", "hr"}:
            self.pieces.append(" " if self.table else "\n")

    def handle_endtag(self, tag: str) -> None:
        if self.skipping:
            self.skipping = "" if tag == self.skipping else self.skipping
            return
        if tag not in self.VOID:
            self.depth = max(0, self.depth - 1)
        if self.hidden and tag == self.hidden[-1]:
            self.hidden.pop()
        if tag in {"td", "th"} and self.table:
            self._cell()
        elif tag in {"tr", "table"} and self.table:
            self._row()
            if tag == "table":
                self.table -= 1
        elif tag in self.BREAKS and not self.table:
            self._flush()
            self.kind = "text"

    def handle_data(self, data: str) -> None:
        if self.skipping or self.hidden:
            return
        if not self.pieces:
            self.line = self.getpos()[0]
        self.pieces.append(data if self.table else re.sub(r"\s+", " ", data))

    def _text(self) -> str:
        text = plain("".join(self.pieces))
        self.pieces.clear()
        return text

    def _cell(self) -> None:
        text = " ".join(self._text().split())
        if text:
            self.cells.append(text)

    def _row(self) -> None:
        self._cell()
        if not self.cells:
            return
        cells = tuple(self.cells)
        if not self.header and (
            self.heads >= len(cells) or not any(re.search(r"\d", cell) for cell in cells)
        ):
            self.header = cells
        else:
            self.blocks.append(Block("row", " | ".join(cells), self.line, cells, self.header))
        self.cells, self.heads = [], 0

    def _flush(self) -> None:
        text = self._text()
        lines = [(" ".join(part.split()), self.line) for part in text.split("\n") if part.strip()]
        if lines:
            block = _paragraph(lines, alone=True)
            kind = self.kind if self.kind == "heading" else block.kind
            self.blocks.append(Block(kind, block.text, block.line, starts=block.starts))

    def done(self) -> list[Block]:
        """Return the blocks after the end of the page."""
        if self.table:
            self._row()
        self._flush()
        return self.blocks
