"""The page of one number: value, interval, formula, and the facts that move it most."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from markupsafe import Markup

from narrows.bottlenecks.answer import DEFAULT_DRAWS
from narrows.errors import UnknownNameError, nearest
from narrows.figure import number
from narrows.report.pages.parts import (
    Export,
    Model,
    Picture,
    Prose,
    Table,
    Terms,
    fact_link,
    interval,
    joined,
    link,
    num,
    told,
    unit_words,
)
from narrows.report.pages.places import places
from narrows.report.words import printable

if TYPE_CHECKING:
    from narrows.bottlenecks.chain import Chain, Link
    from narrows.report.pages.question import Question
    from narrows.report.pages.study import Study

__all__ = ["missing_page", "nearest_ids", "number_page", "suggestions"]

MOVERS = 10
"""Facts in the picture and the table."""
WIDTH, ROW, NAMES, VALUES = 760.0, 26.0, 250.0, 92.0
"""Lengths in units of the picture."""
SUGGESTED = 6
LONGEST = 120
"""Letters of a name for which the nearest is looked for."""


def number_page(study: Study, question: Question, id_: str = "") -> Model:
    """Return the page of a number."""
    chain = study.chain(id_, question)
    figure = chain.figure
    shown = told(figure.value, figure.unit)
    doubtful = figure.draws and figure.p05 != figure.p95
    median = f"mean; median {told(figure.p50, figure.unit)}" if doubtful else ""
    beside = (unit_words(figure.unit), median, interval(figure))
    blocks = [_terms(study, chain, question), *_movers(study, chain, id_, question)]
    return Model(
        title=id_,
        heading=Markup('<span class="id">{}</span>').format(_breakable(id_)),
        lead=Markup('<span class="big">{}</span> {}').format(
            num(id_, shown, question), joined((part for part in beside if part), " · ")
        ),
        blocks=[block for block in blocks if block is not None],
        query=question.scenario.query(),
    )


def _breakable(id_: str) -> Markup:
    return Markup(".<wbr>").join(id_.split("."))


def _terms(study: Study, chain: Chain, question: Question) -> Terms:
    figure = chain.figure
    pairs: list[tuple[str, str | Markup]] = [("Formula", figure.formula)]
    if figure.note:
        pairs.append(("Note", figure.note))
    if question.changes:
        changed = ", ".join(f"{name} × {factor:g}" for name, factor in question.changes)
        back = link(f"/n/{quote(figure.id, safe='')}", "the facts as they stand")
        pairs.append(("Scenario", joined((changed, "from", f"{study.window[:4]} on; beside", back))))
    if chain.path:
        steps = [
            f"{printable(part.layer)} {part.first}" + (f" to {part.last}" if part.last != part.first else "")
            for part in chain.path
        ]
        pairs.append(("Path of the median draw", ", then ".join(steps)))
    if figure.draws:
        counts = {study.draws: "study.draws", study.quick_draws: "study.quick_draws"}
        draws = counts.get(figure.draws, figure.id)
        told = num(draws, f"{figure.draws:,}", question if draws == figure.id else None)
        pairs.append(("Draws", joined((told + ",", num("study.seed", f"seed {figure.seed}")))))
    pairs += [("Facts of", figure.vintage), ("Model", figure.model)]
    asked = "" if not question.changes else " --scenario FILE"
    count = figure.draws if question.quick else study.draws
    if figure.draws and not question.changes and count != DEFAULT_DRAWS:
        asked += f" --draws {count}"
    pairs.append(("Ask the program", Markup("<code>narrows why {}{}</code>").format(figure.id, asked)))
    return Terms(pairs)


def _movers(study: Study, chain: Chain, id_: str, question: Question) -> list[Picture | Prose | None]:
    links = [found for found in chain.links[:MOVERS] if found.effect > 0]
    unit, rest = chain.figure.unit, len(chain.links) - len(links)
    if not links:
        if not chain.links:
            return []
        facts = joined((fact_link(found.fact.id) for found in chain.links[:MOVERS]), ", ")
        return [
            Prose([joined(("No fact moves it in these draws. It reads", facts + "."))], "Facts behind it")
        ]
    rows = [
        [
            fact_link(found.fact.id),
            fact_link(found.fact.id, f"{number(found.fact.value)} {found.fact.unit}"),
            joined(
                (num(id_, told(found.low, unit), question), "to", num(id_, told(found.high, unit), question))
            ),
            found.fact.kind,
            _source(study, found.fact.source, question),
            found.fact.as_of,
        ]
        for found in links
    ]
    twin = Table(
        "Mean of the number in the third of the draws where the fact is low, and where it is high",
        ("Fact", "Value", "Low to high", "Kind", "Source", "As of"),
        rows,
        frozenset({1, 2}),
    )
    query = question.scenario.query()
    address = f"/n/{quote(id_, safe='')}.json" + (f"?{query}" if query else "")
    more = f"{rest} more facts are behind it with a smaller effect or none." if rest else ""
    source = joined(
        (
            "From left to right: mean where the fact is low, and where it is high; filled where it is high.",
            more,
        )
    )
    return [
        Picture(
            "What moves it most",
            _tornado(links, chain, unit),
            source,
            twin,
            exports=() if study.static else (Export("JSON", address),),
            id="movers",
        )
    ]


def _source(study: Study, key: str, question: Question) -> str | Markup:
    title = study.source(key, question).title
    return title if key == "scenario" else link(f"/source/{quote(key, safe='')}", title)


def _tornado(links: list[Link], chain: Chain, unit: str) -> Markup:
    """Return bars from the mean where a fact is low to that where it is high."""
    ends = [end for found in links for end in (found.low, found.high)] + [chain.figure.value]
    least, most = min(ends), max(ends)
    span = (most - least) or 1.0
    room = WIDTH - NAMES - 2 * VALUES

    def place(value: float) -> float:
        return NAMES + VALUES + room * (value - least) / span

    height = ROW * len(links) + 34
    said = f"{chain.figure.id}: the facts that move it most, from {told(least, unit)} to {told(most, unit)}"
    marks = [
        Markup('<svg xmlns="http://www.w3.org/2000/svg" class="tornado" viewBox="0 0 {} {}" role="img" '
               'aria-label="{}">').format(f"{WIDTH:g}", f"{height:g}", said)
    ]  # fmt: skip
    middle = place(chain.figure.value)
    marks.append(
        Markup('<path class="axis" d="M{} 0V{}"/>').format(f"{middle:.1f}", f"{ROW * len(links) + 6:g}")
    )
    for row, found in enumerate(links):
        y = ROW * row
        low, high = place(found.low), place(found.high)
        left, right = min(low, high), max(low, high)
        marks.append(
            Markup(
                '<text class="name" x="{}" y="{}">{}</text>'
                '<rect class="bar" x="{}" y="{}" width="{}" height="14"/>'
                '<circle class="end" cx="{}" cy="{}" r="4.5"/>'
                '<text class="left" x="{}" y="{}">{}</text><text class="right" x="{}" y="{}">{}</text>'
            ).format(
                f"{NAMES - 10:g}", f"{y + 16:g}", _cut(found.fact.id),
                f"{left:.1f}", f"{y + 5:g}", f"{max(right - left, 1):.1f}",
                f"{high:.1f}", f"{y + 12:g}",
                f"{left - 8:.1f}", f"{y + 16:g}", told(min(found.low, found.high), unit),
                f"{right + 8:.1f}", f"{y + 16:g}", told(max(found.low, found.high), unit),
            )
        )  # fmt: skip
    here = f"{told(chain.figure.value, unit)} {unit_words(unit)}".strip()
    marks.append(
        Markup('<text class="here" x="{}" y="{}">{}</text>').format(f"{middle:.1f}", f"{height - 10:g}", here)
    )
    return Markup("").join(marks) + Markup("</svg>")


def _cut(name: str) -> str:
    letters = 34
    return name if len(name) <= letters else f"{name[: letters - 1]}…"


def nearest_ids(study: Study, id_: str) -> list[str]:
    """Return the ids of numbers and facts most like a text, the most like first."""
    return nearest(id_[:LONGEST], [*study.ids, *study.catalog.known], SUGGESTED)


def near_pages(study: Study, path: str) -> list[Markup]:
    """Return links to the pages whose address is most like one, the most like first."""
    named = {place.href: place.name for place in places(study)}
    return [link(href, named[href]) for href in nearest(path[:LONGEST], named)]


def suggestions(study: Study, id_: str) -> list[Markup]:
    """Return links to the numbers and facts most like an id."""
    found = [
        fact_link(name) if study.catalog.has(name) else num(name, name) for name in nearest_ids(study, id_)
    ]
    return found or [link("/search", "Search"), link("/", "The map")]


def missing_page(study: Study, wanted: str, problem: UnknownNameError | None = None) -> Model:
    """Return the page of what is not there, with the nearest that is."""
    told_ = problem.given if problem else f"There is no page {wanted!r}"
    pages = [] if problem else near_pages(study, f"/{wanted}")
    near = joined(pages or suggestions(study, wanted), ", ")
    return Model(
        title="Not here",
        lead=f"{printable(told_)}.",
        blocks=[Prose([joined(("The nearest:", near + "."))])],
        status=404,
    )
