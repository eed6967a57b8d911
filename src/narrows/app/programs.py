"""The interface for programs, version 1: the JSON of the command line under documented addresses."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from narrows import __version__
from narrows.app.openbb import apps, widgets
from narrows.app.tables import table
from narrows.bottlenecks.answer import layers
from narrows.bottlenecks.what_if import WhatIf
from narrows.errors import NarrowsError, UnknownNameError, UsageError
from narrows.report.pages.answers import Answer, refusal
from narrows.report.pages.number_page import nearest_ids
from narrows.report.pages.other_pages import ROUTES
from narrows.report.pages.places import places_of
from narrows.report.pages.question import read_question
from narrows.report.tables import chain_json, facts_json, layer_json, map_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from narrows.catalog import Overlay
    from narrows.report.pages.study import Study

__all__ = ["API", "DRAWS", "LONGEST", "OPENBB", "Programs"]

API = "/api/v1"
OPENBB = ("/widgets.json", "/apps.json")
"""What OpenBB Workspace asks first."""
DRAWS = (100, 250, 500, 1000)
"""Numbers of draws that a posted scenario may ask for."""
FOUND = 100
"""Facts that a search gives at most."""
LONGEST = 500
MOST_FIELDS = 20
LIST, NOT_FOUND, BAD = 200, 404, 400


class Programs:
    """What programs may ask.

    Parameters
    ----------
    study
        The study that the pages show.
    describe
        Makes the application that takes scenarios, on the first.

    Attributes
    ----------
    solver
        The thread that solves scenarios, one after another: several would hold each other up.
    """

    def __init__(self, study: Study, describe: Callable[[Programs], Any]) -> None:
        self.study, self._describe = study, describe
        self._asked: dict[int, WhatIf] = {}
        self.solver = ThreadPoolExecutor(1)

    # --- readings, kept as bytes ---------------------------------------------------------------

    def read(self, path: str, query: str) -> Answer:
        """Return the answer of a reading; a refusal in three parts for what is not there.

        Parameters
        ----------
        path
            Address, decoded.
        query
            Text behind the question mark.
        """
        try:
            if path in OPENBB:
                return _json_answer(_written(widgets(self.study) if path == OPENBB[0] else apps(self.study)))
            return _json_answer(self._read(path.removeprefix(API).strip("/"), query))
        except UnknownNameError as problem:
            return refusal(problem, NOT_FOUND)
        except NarrowsError as problem:
            return refusal(problem, BAD)

    def _read(self, rest: str, query: str) -> str:
        kind, _, id_ = rest.partition("/")
        if not id_ and kind in self._lists:
            made: str = self._lists[kind]()
            return made
        if kind == "facts":
            return self._facts(id_, query)
        if kind == "numbers" and id_:
            question = read_question(query)
            return chain_json(self.study.chain(id_, question), self.study.map_catalog(question).sources)
        if kind == "tables" and id_:
            return _written(table(self.study, id_, _asked(query)))
        if kind == "search" and not id_:
            return self._search(_words(query))
        known = [path for method, path, _ in ROUTES if method == "GET"]
        raise UnknownNameError("address", f"{API}/{rest}", known, f"See {API}")

    @cached_property
    def _lists(self) -> dict[str, Any]:
        study = self.study
        return {
            "": self._about,
            "map": lambda: map_json(study.base),
            "now": self._now,
            "numbers": lambda: _written({"numbers": study.ids}),
            "sources": self._sources,
            "layers": lambda: layer_json(layers()),
            "validation": self._validation,
            "openapi.json": lambda: _written(self.app.openapi()),
        }

    def _about(self) -> str:
        study = self.study
        told = {
            "name": "narrows",
            "version": __version__,
            "vintage": study.vintage,
            "model_version": study.model,
            "catalog": study.catalog.hash,
            "draws": study.draws,
            "quick_draws": study.quick_draws,
            "seed": study.seed,
            "addresses": [{"method": m, "path": path, "answers": text} for m, path, text in ROUTES],
        }
        return _written(told)

    def _now(self) -> str:
        """Return the map of the first quarter alone, out of the same draws."""
        whole = json.loads(map_json(self.study.base))
        first = {name: series[0] for name, series in whole["binds"].items()}
        cut = {
            "quarter": whole["quarters"][0],
            "binds": first,
            "layers": whole["layers"],
            "meta": whole["meta"],
            "tied": whole["tied"][0],
        }
        for band in ("deployed", "deployed_mw", "installed"):
            cut[band] = _first(whole[band])
        for group in ("capacity", "price"):
            cut[group] = {name: _first(band) for name, band in whole[group].items()}
        return _written(cut)

    def _sources(self) -> str:
        names = ("producer", "title", "url", "date_published", "date_accessed", "licence", "note")
        found = self.study.catalog.sources
        return _written({key: {name: getattr(found[key], name) for name in names} for key in sorted(found)})

    def _validation(self) -> str:
        names = ("id", "room", "dataset", "quantity", "metric", "value", "goal", "baseline", "n", "holds")
        return _written([{name: getattr(row, name) for name in names} for row in self.study.measured])

    def _facts(self, id_: str, query: str) -> str:
        book = self.study.catalog
        facts = book.statements(id_) if id_ else book.search(_words(query))[:FOUND]
        return facts_json(facts, book.sources)

    def _search(self, words: str) -> str:
        study, parts = self.study, words.lower().split()
        numbers = [name for name in study.ids if parts and all(part in name.lower() for part in parts)][
            :FOUND
        ]
        facts = [fact.id for fact in study.catalog.search(words)[:FOUND]] if parts else []
        pages = [{"address": place.href, "name": place.name} for place in places_of(study, words)[:FOUND]]
        near = [] if numbers or facts else nearest_ids(study, words)
        told = {"query": words, "numbers": numbers, "facts": facts, "nearest": near, "pages": pages}
        return _written(told)

    # --- scenarios -----------------------------------------------------------------------------

    def scenario(self, overlay: Overlay, draws: int) -> str:
        """Return the map under a scenario, as `narrows map --scenario FILE --json` with the same draws.

        One thread at a time may ask, such as that of `solver`.

        Parameters
        ----------
        overlay
            The scenario.
        draws
            Number of draws.

        Raises
        ------
        UsageError
            If it names what is not known, or a number out of range.
        """
        if draws not in DRAWS:
            raise UsageError(
                f"The scenario asks for {draws} draws",
                f"Here draws are one of {', '.join(map(str, DRAWS))}",
                "Ask the command line for more: narrows map --scenario FILE --draws N",
            )
        if draws not in self._asked:
            shown = self.study.quarters
            self._asked[draws] = WhatIf(
                self.study.catalog,
                draws,
                self.study.seed,
                f"{shown[0]}:{shown[-1]}",
                waits=not self.study.served,
            )
        return map_json(self._asked[draws].map(overlay))

    @cached_property
    def app(self) -> Any:
        """The application that documents all addresses and takes scenarios; FastAPI is loaded with it."""
        return self._describe(self)

    async def ask(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass what is posted on to the application, and load that with the first."""
        await self.app(scope, receive, send)


def _first(band: dict[str, Any]) -> dict[str, Any]:
    return {name: value[0] if isinstance(value, list) else value for name, value in band.items()}


def _words(query: str) -> str:
    return _asked(query).get("q", "")


def _asked(query: str) -> dict[str, str]:
    """Return the words of a query by their keys, the first of each."""
    try:
        found = parse_qs(query, max_num_fields=MOST_FIELDS, errors="replace")
    except ValueError:
        raise UsageError(
            "The query has too many parts", f"A query has at most {MOST_FIELDS}", "Leave some out"
        ) from None
    return {key: values[0][:LONGEST] for key, values in found.items()}


def _written(value: Any) -> str:
    return json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))


def _json_answer(text: str) -> Answer:
    return Answer(LIST, "application/json", text.encode())
