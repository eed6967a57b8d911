"""What a reader may look for by name: pages, Days, layers, companies, events."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from narrows.report.pages.study import Study

__all__ = ["Place", "places", "places_of"]


class Place(NamedTuple):
    """A page that is found by its name.

    Parameters
    ----------
    href
        Its address.
    name
        What it is called.
    words
        What else it is found by.
    """

    href: str
    name: str
    words: str = ""


def places(study: Study) -> list[Place]:
    """Return every page that has a name, in the order of the menu.

    Parameters
    ----------
    study
        The study.
    """
    from narrows.report.pages.day_page import DAYS, words_of
    from narrows.report.pages.registry import PAGES
    from narrows.shocks.events import known_events

    found = [
        Place(page.path, page.title)
        for page in PAGES
        if "{" not in page.path and page.title and (page.written or not study.static)
    ]
    for day in range(1, DAYS + 1):
        words = words_of(day)
        terms = " ".join(one["word"] for one in words["term"])
        found.append(Place(f"/day/{day}", f"Day {day}: {words['title']}", terms))
    layers = [layer for layer in study.catalog.layers if layer.feeds]
    found += [Place(f"/layer/{layer.id}", layer.name, layer.id) for layer in layers]
    found += [
        Place(f"/company/{company.id}", company.name, f"{company.id} {company.ticker}")
        for company in study.catalog.companies
    ]
    return found + [Place(f"/shock/{name}", event.title, name) for name, event in known_events().items()]


def places_of(study: Study, words: str) -> list[Place]:
    """Return the pages whose name or words hold all of some words.

    Parameters
    ----------
    study
        The study.
    words
        Words, in any case.

    Examples
    --------
    >>> from narrows.report.pages.study import Study
    >>> [place.href for place in places_of(Study(draws=20), "hormuz")]
    ['/shock/hormuz']
    """
    parts = words.lower().split()
    return [
        place
        for place in places(study)
        if parts and all(part in f"{place.name} {place.words}".lower() for part in parts)
    ]
