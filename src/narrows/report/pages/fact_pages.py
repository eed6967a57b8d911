"""Pages of facts and their sources: all, one, and the words that find them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import quote

from markupsafe import Markup

from narrows.errors import UnknownNameError, nearest
from narrows.figure import number
from narrows.report.pages.parts import Model, Prose, Table, Terms, fact_link, joined, link, num
from narrows.report.words import printable

if TYPE_CHECKING:
    from narrows.catalog import Fact
    from narrows.report.pages.question import Question
    from narrows.report.pages.study import Study

__all__ = ["fact_page", "facts_page", "search_page", "source_page", "sources_page", "subject_page"]

FOUND = 40
"""Results of a search that are shown."""


def facts_page(study: Study, question: Question, _: str = "") -> Model:
    """Return the page of all facts, by subject."""
    del question
    subjects: dict[str, list[Fact]] = {}
    for fact in study.catalog:
        subjects.setdefault(fact.id.split(".")[0], []).append(fact)
    rows = [
        [
            link(f"/facts/{quote(subject, safe='')}", subject),
            _count(subject, len(facts)),
            _count(subject, sum(fact.kind == "assumption" for fact in facts)),
            max(fact.as_of for fact in facts),
        ]
        for subject, facts in sorted(subjects.items())
    ]
    kinds = Counter(fact.kind for fact in study.catalog)
    told = ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common())
    return Model(
        title="Facts",
        lead=joined(
            (
                num("study.catalogue", f"{len(study.catalog):,} facts"),
                f"by kind: {told}. Each has a source, a date and bounds.",
            )
        ),
        blocks=[
            Table("Facts by subject", ("Subject", "Facts", "Assumptions", "Newest"), rows, frozenset({1, 2}))
        ],
    )


def _count(subject: str, count: int) -> Markup:
    return link(f"/facts/{quote(subject, safe='')}", str(count), class_="num")


def subject_page(study: Study, question: Question, id_: str = "") -> Model:
    """Return the page of the facts of one subject."""
    del question
    facts = [fact for fact in study.catalog if fact.id.split(".")[0] == id_]
    if not facts:
        subjects = {name.split(".")[0] for name in study.catalog.known}
        raise UnknownNameError("subject", id_, subjects, "See all facts")
    return Model(
        title=f"Facts of {id_}",
        lead=joined((f"{len(facts)} facts. Back to", link("/facts", "all subjects") + ".")),
        blocks=[_table(study, facts, f"Facts of {id_}")],
    )


def fact_page(study: Study, question: Question, id_: str = "") -> Model:
    """Return the page of a fact: every statement of it, with source, dates and licence."""
    del question
    statements = study.catalog.statements(id_)
    chosen = study.catalog.fact(id_)
    blocks = [
        _statement(study, fact, "The statement that is used" if fact is chosen else "Another statement")
        for fact in [chosen, *(fact for fact in statements if fact is not chosen)]
    ]
    near = [fact for fact in study.catalog.under(".".join(id_.split(".")[:2])) if fact.id != id_]
    beside = [Prose([joined((fact_link(fact.id) for fact in near), ", ")], "Beside it")] if near else []
    return Model(
        title=id_,
        heading=Markup('<span class="id">{}</span>').format(Markup(".<wbr>").join(id_.split("."))),
        lead=Markup('<span class="big">{}</span> {} of {} · {} to {} ({})').format(
            fact_link(id_, number(chosen.value)),
            chosen.unit,
            chosen.of,
            number(chosen.low),
            number(chosen.high),
            chosen.level,
        ),
        blocks=[*blocks, *beside],
    )


def _statement(study: Study, fact: Fact, title: str) -> Terms:
    source = study.catalog.sources[fact.source]
    stated = f"{number(fact.value)} {fact.unit} ({number(fact.low)} to {number(fact.high)}, {fact.level})"
    pairs: list[tuple[str, str | Markup]] = [
        ("Value", fact_link(fact.id, stated)),
        ("Of", fact.of),
        ("Kind", fact.kind),
        ("As of", fact.as_of),
    ]
    pairs += [
        (name, text)
        for name, text in (
            ("About", fact.about),
            ("Why", fact.why),
            ("Note", fact.note),
            ("Where", fact.locator),
        )
        if text
    ]
    pairs.append(
        ("Source", link(f"/source/{quote(fact.source, safe='')}", f"{source.producer}: {source.title}"))
    )
    pairs += [
        ("Published, seen", f"{source.date_published or 'undated'}, {source.date_accessed}"),
        ("Licence", source.licence),
        ("File", fact.file),
    ]
    return Terms(pairs, title)


def sources_page(study: Study, question: Question, _: str = "") -> Model:
    """Return the page of all sources."""
    del question
    uses = Counter(fact.source for fact in study.catalog)
    rows = [
        [
            link(f"/source/{quote(key, safe='')}", source.title),
            source.producer,
            source.date_published or "undated",
            source.licence,
            link(f"/source/{quote(key, safe='')}", str(uses[key]), class_="num"),
        ]
        for key, source in sorted(study.catalog.sources.items(), key=lambda pair: pair[1].title.lower())
    ]
    head = ("Source", "Producer", "Published", "Licence", "Facts")
    return Model(
        title="Sources",
        lead=joined(
            (num("study.sources", f"{len(rows)} sources") + ".", "Judgements are sources of their own kind.")
        ),
        blocks=[Table("Where facts come from", head, rows, frozenset({4}))],
    )


def source_page(study: Study, question: Question, id_: str = "") -> Model:
    """Return the page of a source, with the facts that rest on it."""
    source = study.source(id_, question)
    facts = [fact for name in study.catalog.known for fact in _said(study, name) if fact.source == id_]
    pairs: list[tuple[str, str | Markup]] = [("Producer", source.producer)]
    if source.url.startswith("https://"):
        pairs.append(("Address", link(source.url, source.url, rel="noreferrer")))
    pairs += [
        ("Published", source.date_published or "undated"),
        ("Seen", source.date_accessed),
        ("Licence", source.licence),
    ]
    if source.note:
        pairs.append(("Note", source.note))
    return Model(title=source.title, blocks=[Terms(pairs), _table(study, facts, "Facts that rest on it")])


def _said(study: Study, name: str) -> tuple[Fact, ...]:
    return study.catalog.statements(name) if study.catalog.has(name) else ()


def _table(study: Study, facts: list[Fact], caption: str) -> Table:
    rows = [
        [
            fact_link(fact.id),
            fact_link(fact.id, number(fact.value)),
            fact_link(fact.id, f"{number(fact.low)} to {number(fact.high)}"),
            fact.unit,
            fact.kind,
            fact.as_of,
            link(f"/source/{quote(fact.source, safe='')}", study.catalog.sources[fact.source].title),
        ]
        for fact in facts
    ]
    return Table(
        caption, ("Fact", "Value", "Low to high", "Unit", "Kind", "As of", "Source"), rows, frozenset({1, 2})
    )


def search_page(study: Study, question: Question, _: str = "") -> Model:
    """Return what a few words find among numbers, facts and sources."""
    from narrows.report.pages.places import places_of

    words = printable(question.words or question.quarter).strip()
    if not words:
        return Model(
            title="Search", lead="Pages, numbers, facts and sources by their words, such as cowos capacity."
        )
    parts = words.lower().split()
    facts = study.catalog.search(words)[:FOUND]
    numbers = [name for name in study.ids if all(part in name.lower() for part in parts)][:FOUND]
    pages = places_of(study, words)
    blocks: list[Prose | Table] = []
    if pages:
        blocks.append(Prose([joined((link(page.href, page.name) for page in pages), ", ")], "Pages"))
    if facts:
        blocks.append(_table(study, facts, f"Facts that hold: {words}"))
    if numbers:
        blocks.append(Prose([joined((num(name, name) for name in numbers), ", ")], "Numbers"))
    if not blocks:
        near = nearest(words, [*study.catalog.known, *study.ids], 6)
        told = joined((fact_link(n) if study.catalog.has(n) else num(n, n) for n in near), ", ")
        blocks.append(Prose([joined(("Nothing holds all these words. The nearest:", told or "none")) + "."]))
    return Model(title="Search", lead=f"Found for: {words}", blocks=blocks)
