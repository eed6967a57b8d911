"""From an address to an answer: a page in the shell, a file, or a refusal that names the nearest."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from narrows.errors import DataError, NarrowsError, UnknownNameError, UsageError
from narrows.report.pages.channel import ramp_css
from narrows.report.pages.map_page import live_regions
from narrows.report.pages.number_page import missing_page
from narrows.report.pages.parts import Model, Prose, link
from narrows.report.pages.question import Question, read_question
from narrows.report.pages.registry import PAGES, find
from narrows.report.pages.typeset import SITE, typeset

if TYPE_CHECKING:
    from narrows.report.pages.study import Study

__all__ = ["FILES", "OK", "Answer", "answer", "answer_or_refuse", "page_html", "paper", "refusal"]

HERE = Path(__file__).parent
HTML, CSS, JS = "text/html; charset=utf-8", "text/css; charset=utf-8", "text/javascript; charset=utf-8"
JSON, CSV, SVG, PNG = "application/json", "text/csv; charset=utf-8", "image/svg+xml", "image/png"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TEXT = "text/plain; charset=utf-8"
FILES = (
    "/static/narrows.css",
    "/static/narrows.js",
    "/map.svg",
    "/map.png",
    "/map.csv",
    "/map.json",
    "/llms.txt",
    "/llms-full.txt",
)
"""Files beside the pages that the static study has too."""
PDF, PAPER = "application/pdf", "/pdf"
"""Type of a page on paper, and what its address begins with."""
EXTRA = ("/map.png", "/map.xlsx")
"""Files that need a package which may not be there."""
OK, NOT_FOUND, BAD, MISSING = 200, 404, 400, 501
PICTURE = "/picture/"
"""Where pictures of pages stand, to take away: name of the page, a dot, name of the picture, form."""
PICTURE_TYPES = {"svg": SVG, "png": PNG, "csv": CSV, "json": JSON}


@dataclass(frozen=True, slots=True)
class Answer:
    """What an address answers.

    Parameters
    ----------
    status
        Status of HTTP.
    type
        Media type.
    body
        The bytes.
    framed
        Whether another site may show it in a frame.
    """

    status: int
    type: str
    body: bytes
    framed: bool = False


def answer(study: Study, path: str, query: str = "") -> Answer:
    """Return what an address answers.

    Parameters
    ----------
    study
        The study.
    path
        Address, decoded, beginning with a slash.
    query
        Text behind the question mark.

    Returns
    -------
    Answer
        Never an exception for what a reader may type: an address that is not there answers 404 with the
        nearest, a question that cannot be read answers 400 with the three parts of the refusal.

    Examples
    --------
    >>> from narrows.report.pages.study import Study
    >>> answer(Study(draws=64), "/n/map.deployed.2027Q9").status
    404
    """
    try:
        if path == PAPER or path.startswith(f"{PAPER}/"):
            return Answer(200, PDF, paper(study, path.removeprefix(PAPER) or "/", query))
        return answer_or_refuse(study, path, read_question(query))
    except UnknownNameError as problem:
        if path.endswith(".json") or path == "/live":
            return refusal(problem, NOT_FOUND)
        return _page(study, missing_page(study, problem.name, problem), Question())
    except NarrowsError as problem:
        if path.endswith(".json") or path == "/live":
            return refusal(problem, BAD)
        extra = path in EXTRA or path.startswith(PAPER)
        told = Model(
            title="This cannot be answered",
            lead=f"{problem.given}.",
            blocks=[Prose([f"{problem.acceptable}.", f"{problem.remedy}.", link("/", "Back to the map")])],
            status=MISSING if isinstance(problem, DataError) and (extra or path.endswith(".png")) else BAD,
        )
        return _page(study, told, Question())


def page_html(study: Study, path: str, query: str = "") -> str:
    """Return a page as a browser gets it.

    Parameters
    ----------
    study, path, query
        As for `answer`.

    Raises
    ------
    NarrowsError
        If there is no such page, or the question cannot be answered.
    """
    found = answer_or_refuse(study, path, read_question(query))
    if found.type != HTML:
        raise UsageError(
            f"The address {path!r} is a file, not a page", "Pages are set on paper", "Ask for / or /n/NUMBER"
        )
    if found.status != OK:
        known = [page.path for page in PAGES if page.written]
        raise UnknownNameError("page", path, known, "Write a path of the site, such as / or /n/NUMBER")
    return found.body.decode()


def paper(
    study: Study, path: str = "/", query: str = "", *, site: str = SITE, form: Literal["pdf", "png"] = "pdf"
) -> bytes:
    """Return a page on paper: as PDF, or its first sheet as PNG.

    Parameters
    ----------
    study, path, query
        As for `answer`.
    site
        Where its links lead.
    form
        ``pdf`` or ``png``.

    Raises
    ------
    NarrowsError
        If there is no such page, or typst is not there.

    Examples
    --------
    >>> from narrows.report.pages.study import Study
    >>> paper(Study(draws=20), "/n/study.draws")[:5]
    b'%PDF-'
    """
    address = quote(path, safe="/:@") + (f"?{query}" if query else "")
    return typeset(study, page_html(study, path, query), address, site=site, form=form)


def refusal(problem: NarrowsError, status: int) -> Answer:
    """Return a refusal for a program: its three parts as JSON."""
    parts = {"given": problem.given, "acceptable": problem.acceptable, "remedy": problem.remedy}
    return Answer(status, JSON, _json({"error": parts}))


def answer_or_refuse(study: Study, path: str, question: Question) -> Answer:
    """Return what an address answers, as `answer` does, but raise what cannot be answered.

    Parameters
    ----------
    study, path
        As for `answer`.
    question
        What is asked, read.

    Raises
    ------
    NarrowsError
        If a name is not known, or the question cannot be answered.
    """
    maker = _FILES.get(path)
    if maker is not None:
        return maker(study, question)
    if path.startswith("/embed/"):
        return _embed(study, path.removeprefix("/embed"), question)
    if path.startswith(PICTURE):
        return _picture(study, path.removeprefix(PICTURE))
    if path.startswith("/n/") and path.endswith(".json"):
        from narrows.report.tables import chain_json

        chain = study.chain(path.removeprefix("/n/").removesuffix(".json"), question)
        return Answer(200, JSON, (chain_json(chain, _sources(study, question)) + "\n").encode())
    found = find(path)
    if found is None or (study.static and not found[0].written):
        return _page(study, missing_page(study, path.strip("/")), Question())
    page, id_ = found
    if page.path == "/n/{id}" and study.catalog.has(id_):
        page, _ = find("/fact/x") or (page, "")
    address = quote(path, safe="/:@") if page.written and not study.static and _on_paper() else ""
    return _page(study, page.make(study, question, id_), question, page.path, address=address)


@cache
def _on_paper() -> bool:
    """Return whether pages can be set on paper here."""
    return find_spec("typst") is not None


def _picture(study: Study, name: str) -> Answer:
    """Return a picture of a page, or the numbers in it, to take away."""
    from narrows.report.pages.pictures import taken

    stem, _, form = name.rpartition(".")
    page = f"/{stem.partition('.')[0].replace('-', '/', 1)}"
    found = find(page)
    if "." in stem.strip(".") and found is not None and form in PICTURE_TYPES and stem not in study.pictures:
        found[0].make(study, Question(), found[1])
    if stem not in study.pictures or form not in PICTURE_TYPES:
        raise UnknownNameError("picture", name, [f"{known}.svg" for known in study.pictures], "See the Days")
    return Answer(200, PICTURE_TYPES[form], taken(*study.pictures[stem], form))


def _sources(study: Study, question: Question) -> Any:
    return study.map_catalog(question).sources


def _page(
    study: Study,
    model: Model,
    question: Question,
    path: str = "",
    *,
    template: str = "shell.html",
    address: str = "",
) -> Answer:
    html = (
        _templates()
        .get_template(template)
        .render(model=model, study=study, menu=_menu(study), path=path, question=question, address=address)
    )
    return Answer(model.status, HTML, html.encode(), framed=template == "embed.html")


def _menu(study: Study) -> list[Any]:
    return [page for page in PAGES if page.menu and not (study.static and not page.written)]


def _embed(study: Study, path: str, question: Question) -> Answer:
    """Return the pictures of a page alone, which may stand in the page of another."""
    found = find("/" if path == "/map" else path)
    if found is None or not found[0].written:
        return _page(study, missing_page(study, path.strip("/")), Question())
    page, id_ = found
    model = page.make(study, question, id_)
    return _page(study, model, question, path, template="embed.html")


def _live(study: Study, question: Question) -> Answer:
    """Return what a slider changes, as HTML by the id of its place."""
    model, picture, cells, note = live_regions(study, question)
    macros = _templates().get_template("blocks.html").module
    regions = {
        picture.id: str(macros.block(picture, study)),  # type: ignore[attr-defined]
        "heading": str(model.heading),
        "lead": str(model.lead),
        "heat-note": str(note),
    }
    told = {"regions": regions, "cells": cells, "title": model.title, "query": model.query}
    return Answer(200, JSON, _json(told | {"scenario": question.scenario.query()}))


def _map_svg(study: Study, question: Question) -> Answer:
    from narrows.report.chart import map_svg

    svg = map_svg(study.map(question), study.quarters[study.column(question)])
    return Answer(200, SVG, svg.encode())


def _map_png(study: Study, question: Question) -> Answer:
    from narrows.report.chart import map_svg, png

    return Answer(200, PNG, png(map_svg(study.map(question), study.quarters[study.column(question)])))


def _map_csv(study: Study, question: Question) -> Answer:
    from narrows.report.tables import map_csv

    return Answer(200, CSV, map_csv(study.map(question)).encode())


def _map_xlsx(study: Study, question: Question) -> Answer:
    from narrows.report.workbook import map_workbook

    return Answer(200, XLSX, map_workbook(study.map(question), study.map_catalog(question)))


def _map_json(study: Study, question: Question) -> Answer:
    from narrows.report.tables import map_json

    return Answer(200, JSON, (map_json(study.map(question)) + "\n").encode())


def _llms(study: Study, question: Question) -> Answer:
    from narrows.report.pages.llms import llms_text

    del question
    return Answer(200, TEXT, llms_text(study).encode())


def _llms_full(study: Study, question: Question) -> Answer:
    from narrows.report.pages.llms import llms_full

    del question
    return Answer(200, TEXT, llms_full(study).encode())


def _css(study: Study, question: Question) -> Answer:
    del study, question
    return Answer(200, CSS, _static("narrows.css") + ramp_css().encode())


def _js(study: Study, question: Question) -> Answer:
    del study, question
    return Answer(200, JS, _static("narrows.js"))


_FILES = {
    "/static/narrows.css": _css,
    "/static/narrows.js": _js,
    "/map.svg": _map_svg,
    "/map.png": _map_png,
    "/map.csv": _map_csv,
    "/map.json": _map_json,
    "/map.xlsx": _map_xlsx,
    "/live": _live,
    "/llms.txt": _llms,
    "/llms-full.txt": _llms_full,
}


def _json(value: Any) -> bytes:
    return json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()


@lru_cache(maxsize=8)
def _static(name: str) -> bytes:
    return (HERE / "static" / name).read_bytes()


@lru_cache(maxsize=1)
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
