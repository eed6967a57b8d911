"""What pages are made of: numbers that link to their own page, tables, figures with a twin.

Every block names its kind; the shell has one macro for each kind. A page function returns blocks and
never writes a tag of its own, apart from links to numbers and facts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

from markupsafe import Markup

from narrows.figure import number
from narrows.report.words import percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from narrows.figure import Figure
    from narrows.report.pages.question import Question

__all__ = [
    "Controls",
    "Document",
    "Export",
    "Heat",
    "Model",
    "Picture",
    "Points",
    "Prose",
    "Table",
    "Terms",
    "fact_link",
    "interval",
    "joined",
    "link",
    "num",
    "told",
    "unit_words",
]

UNITS = {
    "h100e": "H100e",
    "usd": "USD",
    "h100e/quarter": "H100e a quarter",
    "MW/quarter": "MW a quarter",
    "h100e per h100e": "H100e per H100e",
    "share": "of draws",
    "1": "",
}


def link(href: str, text: str, **marks: str) -> Markup:
    """Return a link; underscores in the names of attributes become hyphens."""
    attributes = Markup("").join(
        Markup(' {}="{}"').format(Markup(name.rstrip("_").replace("_", "-")), value)  # noqa: S704 - our names
        for name, value in marks.items()
    )
    return Markup('<a href="{}"{}>{}</a>').format(href, attributes, text)


def num(id_: str, text: str, question: Question | None = None) -> Markup:
    """Return a number as a link to its own page, under the scenario that it belongs to.

    Parameters
    ----------
    id_
        Id of the number.
    text
        The number as shown, with its unit where the place does not say it.
    question
        The scenario.

    Examples
    --------
    >>> num("map.deployed.2027Q1", "8.1 M")
    Markup('<a class="num" href="/n/map.deployed.2027Q1">8.1 M</a>')
    """
    query = question.scenario.query() if question else ""
    href = f"/n/{quote(id_, safe='')}" + (f"?{query}" if query else "")
    return Markup('<a class="num" href="{}">{}</a>').format(href, text)


def fact_link(id_: str, text: str = "") -> Markup:
    """Return a fact, or a number that is a fact, as a link to its page."""
    return Markup('<a class="num fact" href="/fact/{}">{}</a>').format(quote(id_, safe=""), text or id_)


def joined(parts: Iterable[str | Markup], by: str = " ") -> Markup:
    """Return parts put together, each escaped where it is not markup."""
    return Markup(by).join(parts)  # noqa: S704 - the separator is ours


def unit_words(unit: str) -> str:
    """Return a unit as it is read."""
    return UNITS.get(unit, unit)


def told(value: float, unit: str) -> str:
    """Return a number as it is read, without its unit, a share in percent.

    Examples
    --------
    >>> told(0.271, "share"), told(6.9e6, "h100e")
    ('27 %', '6.9 M')
    """
    return percent(value) if unit == "share" else number(value)


def interval(figure: Figure) -> str:
    """Return the interval of a figure in words, empty where it has none."""
    if figure.p05 == figure.p95 or not figure.draws:
        return ""
    return f"{told(figure.p05, figure.unit)} to {told(figure.p95, figure.unit)} (5 to 95 %)"


@dataclass(frozen=True, slots=True)
class Export:
    """A form in which a figure can be taken away."""

    label: str
    href: str


@dataclass(frozen=True, slots=True)
class Prose:
    """A paragraph or several, with a heading where one is given."""

    kind: ClassVar[str] = "prose"
    paragraphs: Sequence[str | Markup]
    title: str = ""
    id: str = ""
    live: bool = False


@dataclass(frozen=True, slots=True)
class Points:
    """A list, numbered or not; or, as a callout, paragraphs set apart from the rest.

    Parameters
    ----------
    items
        Its items, or paragraphs of a callout.
    title, id
        Heading and id of the block.
    form
        ``ul``, ``ol``, ``nav`` for a row of links, or ``callout``.
    """

    kind: ClassVar[str] = "points"
    items: Sequence[str | Markup]
    title: str = ""
    id: str = ""
    form: str = "ul"
    live: bool = False


@dataclass(frozen=True, slots=True)
class Terms:
    """Pairs of a word and what it means here."""

    kind: ClassVar[str] = "terms"
    pairs: Sequence[tuple[str, str | Markup]]
    title: str = ""
    id: str = ""
    live: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table: a caption, a head and rows.

    Parameters
    ----------
    caption
        What the table shows.
    head
        Names of the columns.
    rows
        Cells of each row; the first is the row's own name.
    numeric
        Columns that hold numbers.
    title, id
        Heading and id of the block.
    note
        A line below.
    exports
        Forms to take away.
    live
        Whether a what-if replaces the block.
    """

    kind: ClassVar[str] = "table"
    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str | Markup]]
    numeric: frozenset[int] = frozenset()
    title: str = ""
    id: str = ""
    note: str | Markup = ""
    exports: Sequence[Export] = ()
    live: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture with its twin in numbers, its source and the forms in which it can be taken away."""

    kind: ClassVar[str] = "picture"
    title: str
    svg: Markup
    source: str | Markup
    twin: Table | None = None
    legend: Sequence[tuple[str, str]] = ()
    exports: Sequence[Export] = ()
    id: str = ""
    wide: bool = False
    live: bool = False


@dataclass(frozen=True, slots=True)
class Heat:
    """A table whose cells are shaded by a share: picture and twin in one.

    Parameters
    ----------
    title, caption
        Heading and caption.
    columns
        Pairs (year, quarter) of the columns.
    rows
        Names, and cells as (class of the shade, content).
    """

    kind: ClassVar[str] = "heat"
    title: str
    caption: str
    columns: Sequence[tuple[str, str]]
    rows: Sequence[tuple[str, Sequence[tuple[str, str | Markup]]]]
    years: Sequence[tuple[str, int]]
    note: str | Markup = ""
    exports: Sequence[Export] = ()
    id: str = ""
    live: bool = False


@dataclass(frozen=True, slots=True)
class Controls:
    """Sliders of a what-if."""

    kind: ClassVar[str] = "controls"
    sliders: Sequence[dict[str, Any]]
    quarters: Sequence[str]
    quarter: int
    note: str | Markup
    others: Sequence[tuple[str, str]] = ()
    id: str = "what-if"
    live: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """A text that was written elsewhere, as HTML without styles or scripts."""

    kind: ClassVar[str] = "document"
    html: Markup
    id: str = ""
    live: bool = False


@dataclass(frozen=True, slots=True)
class Model:
    """What a page shows.

    Parameters
    ----------
    title
        Heading of the page.
    blocks
        Its parts, in order.
    lead
        One or two sentences below the heading.
    heading
        The heading with marks, where it has some; the title if left out.
    query
        Canonical query of the page.
    status
        Status of the answer.
    notice
        A remark above all else, such as that a link is of another vintage.
    wide
        Whether the page uses the whole width.
    """

    title: str
    blocks: Sequence[Any] = field(default_factory=tuple)
    lead: str | Markup = ""
    heading: Markup | None = None
    query: str = ""
    status: int = 200
    notice: str | Markup = ""
