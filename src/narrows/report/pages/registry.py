"""All pages: a new page is one line here and one function."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from narrows.report.pages.parts import Model
    from narrows.report.pages.question import Question
    from narrows.report.pages.study import Study

    Build = Callable[[Study, Question, str], Model]

__all__ = ["PAGES", "Page", "find"]


@dataclass(frozen=True, slots=True)
class Page:
    """A page: an address, a title and the function that makes it.

    Parameters
    ----------
    path
        Address; ``{id}`` at the end stands for the rest of it.
    title
        Name in the menu and the search.
    build
        ``module:function`` in ``narrows.report.pages``, from the study, the question and the id to a `Model`.
    menu
        Whether it stands in the menu of every page.
    main
        Whether it stands there in the line at the top; in the line at the foot otherwise.
    key
        Second letter of its keys, after ``g``; empty for none.
    written
        Whether the static study has it.
    """

    path: str
    title: str
    build: str
    menu: bool = False
    main: bool = False
    key: str = ""
    written: bool = True

    def make(self, study: Study, question: Question, id_: str) -> Model:
        """Return what the page shows."""
        home, _, name = self.build.partition(":")
        build: Build = getattr(importlib.import_module(f"narrows.report.pages.{home}"), name)
        return build(study, question, id_)


PAGES = (
    Page("/", "Map", "map_page:map_page", menu=True, main=True, key="m"),
    Page("/days", "Days", "day_page:days_page", menu=True, main=True, key="d"),
    Page("/layers", "Layers", "layer_page:layers_page", menu=True, main=True, key="l"),
    Page("/companies", "Companies", "company_page:companies_page", menu=True, main=True, key="o"),
    Page("/market", "Market", "market_page:weeks_page", menu=True, main=True, key="w"),
    Page("/market/{id}", "", "market_page:market_page"),
    Page("/shock", "Shocks", "shock_page:shocks_page", menu=True, main=True, key="h"),
    Page("/day/{id}", "", "day_page:day_page"),
    Page("/layer/{id}", "", "layer_page:layer_page"),
    Page("/company/{id}", "", "company_page:company_page"),
    Page("/shock/{id}", "", "shock_page:shock_page"),
    Page("/claims", "Claims", "claims_page:claims_page", menu=True, main=True, key="t"),
    Page("/facts", "Facts", "fact_pages:facts_page", menu=True, key="f"),
    Page("/sources", "Sources", "fact_pages:sources_page", menu=True, key="s"),
    Page("/validation", "Validation", "other_pages:validation_page", menu=True, key="v"),
    Page("/docs", "Docs", "guide_pages:guides_page", menu=True, key="e"),
    Page("/docs/{id}", "", "guide_pages:guide_page"),
    Page("/compare", "Compare", "other_pages:compare_page", menu=True, key="c", written=False),
    Page("/api", "API", "other_pages:api_page", menu=True, key="p", written=False),
    Page("/search", "Search", "fact_pages:search_page", written=False),
    Page("/n/{id}", "", "number_page:number_page"),
    Page("/fact/{id}", "", "fact_pages:fact_page"),
    Page("/facts/{id}", "", "fact_pages:subject_page"),
    Page("/source/{id}", "", "fact_pages:source_page"),
)
"""The pages, in the order of the menu."""


def find(path: str) -> tuple[Page, str] | None:
    """Return the page of an address and the id in it; None where there is none.

    Examples
    --------
    >>> page, id_ = find("/n/map.deployed.2027Q1")
    >>> page.path, id_
    ('/n/{id}', 'map.deployed.2027Q1')
    """
    for page in PAGES:
        if page.path == path:
            return page, ""
        stem = page.path.removesuffix("{id}")
        if stem != page.path and path.startswith(stem) and "/" not in path[len(stem) :] and path != stem:
            return page, path[len(stem) :]
    return None
