"""The interface for programs, version 1: the JSON of the command line under documented addresses."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import parse_qs

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, field_validator

from narrows import __version__
from narrows.app.openbb import apps, widgets
from narrows.app.tables import table
from narrows.bottlenecks.answer import layers
from narrows.bottlenecks.what_if import WhatIf
from narrows.catalog import Overlay, Scaling, Setting
from narrows.errors import NarrowsError, UnknownNameError, UsageError
from narrows.quarters import span
from narrows.report.pages.answers import Answer, refusal
from narrows.report.pages.number_page import nearest_ids
from narrows.report.pages.other_pages import ROUTES
from narrows.report.pages.places import places_of
from narrows.report.pages.question import read_question
from narrows.report.tables import chain_json, facts_json, layer_json, map_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from narrows.report.pages.study import Study

__all__ = ["DRAWS", "OPENBB", "Programs", "Scenario"]

API = "/api/v1"
OPENBB = ("/widgets.json", "/apps.json")
"""What OpenBB Workspace asks first."""
DRAWS = (100, 250, 500, 1000)
"""Numbers of draws that a posted scenario may ask for."""
USUAL_DRAWS = 500
FOUND = 100
"""Facts that a search gives at most."""
LONGEST = 500
MOST_CHANGES, MOST_FIELDS = 200, 20
LIST, NOT_FOUND, BAD, UNREADABLE = 200, 404, 400, 422
Text = Annotated[str, Field(max_length=LONGEST)]


class Set(BaseModel):
    """A fact set to a value, with its unit."""

    model_config = ConfigDict(extra="forbid", strict=True)
    value: Annotated[float, Field(allow_inf_nan=False)]
    unit: Text
    low: Annotated[float | None, Field(allow_inf_nan=False)] = None
    high: Annotated[float | None, Field(allow_inf_nan=False)] = None
    level: Text = ""


class Scenario(BaseModel):
    """A scenario: an overlay on facts, as in a scenario file."""

    model_config = ConfigDict(extra="forbid", strict=True)
    name: Text = "scenario"
    why: Text = ""
    set: dict[Text, Set] = Field(default_factory=dict, max_length=MOST_CHANGES)
    scale: dict[Text, Annotated[float, Field(allow_inf_nan=False)]] = Field(
        default_factory=dict, max_length=MOST_CHANGES, examples=[{"data_hall.capacity": 1.2}]
    )
    quarters: dict[Text, Text] = Field(default_factory=dict, max_length=MOST_CHANGES)
    draws: int = USUAL_DRAWS

    @field_validator("name", "why")
    @classmethod
    def _readable(cls, text: str) -> str:
        """Refuse half a letter, which no answer could repeat."""
        text.encode()
        return text

    def overlay(self) -> Overlay:
        """Return the overlay.

        Raises
        ------
        UsageError
            If quarters are given for what is not scaled, or cannot be read.
        """
        stray = sorted(self.quarters.keys() - self.scale.keys())
        if stray:
            raise UsageError(
                f"The scenario gives quarters for {stray[0]!r}, which is not scaled",
                "Quarters limit a scale",
                "Remove it",
            )
        for window in self.quarters.values():
            span(window)
        settings = tuple(
            Setting(name, given.value, given.unit, given.low, given.high, given.level)
            for name, given in self.set.items()
        )
        scalings = tuple(
            Scaling(name, factor, self.quarters.get(name, "")) for name, factor in self.scale.items()
        )
        return Overlay(self.name, self.why, settings, scalings)


class Programs:
    """What programs may ask.

    Parameters
    ----------
    study
        The study that the pages show.
    """

    def __init__(self, study: Study) -> None:
        self.study = study
        self._asked: dict[int, WhatIf] = {}

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

    def scenario(self, asked: Scenario) -> str:
        """Return the map under a scenario, as `narrows map --scenario FILE --json` with the same draws.

        Parameters
        ----------
        asked
            The scenario.

        Raises
        ------
        UsageError
            If it names what is not known, or a number out of range.
        """
        if asked.draws not in DRAWS:
            raise UsageError(
                f"The scenario asks for {asked.draws} draws",
                f"Here draws are one of {', '.join(map(str, DRAWS))}",
                "Ask the command line for more: narrows map --scenario FILE --draws N",
            )
        if asked.draws not in self._asked:
            shown = self.study.quarters
            self._asked[asked.draws] = WhatIf(
                self.study.catalog, asked.draws, self.study.seed, f"{shown[0]}:{shown[-1]}"
            )
        return map_json(self._asked[asked.draws].map(asked.overlay()))

    @cached_property
    def app(self) -> FastAPI:
        """The application that documents all addresses and takes scenarios."""
        app = FastAPI(
            title="narrows",
            version="1",
            description="Where the AI build-out is constrained, with doubt and with sources.",
            openapi_url=None,
            docs_url=None,
            redoc_url=None,
        )
        for method, path, text in ROUTES:
            if method == "GET":
                self._document(app, path.partition("?")[0], text)

        @app.post(f"{API}/scenario", summary="The map under a scenario", responses=_REFUSALS)
        def scenario(asked: Scenario) -> Response:
            try:
                return Response(self.scenario(asked), media_type="application/json")
            except NarrowsError as problem:
                return _response(refusal(problem, BAD))

        @app.exception_handler(RequestValidationError)
        async def unreadable(request: Request, problem: RequestValidationError) -> Response:
            del request
            first = problem.errors()[0]
            place = ".".join(str(part) for part in first["loc"][1:]) or "the body"
            told = UsageError(
                f"The scenario cannot be read at {_cut(place)!r}: {first['msg']}",
                "A scenario is a JSON object with name, why, set, scale, quarters and draws",
                f"See {API}/openapi.json",
            )
            return _response(refusal(told, UNREADABLE))

        return app

    def _document(self, app: FastAPI, path: str, text: str) -> None:
        """Name a reading in the description; `read` answers it from memory."""

        def reading(request: Request) -> Response:
            return _response(self.read(request.url.path, request.url.query))

        def one(request: Request, id: str) -> Response:  # noqa: A002 (the name in the address)
            del id
            return reading(request)

        named: Callable[..., Response] = one if "{id}" in path else reading
        words = [part for part in path.removeprefix(API).split("/") if part]
        app.add_api_route(
            path,
            named,
            methods=["GET"],
            summary=text[:1].upper() + text[1:],
            operation_id="read_" + "_".join(words or ["about"]).replace("{id}", "one").replace(".", "_"),
            response_class=Response,
            responses=_REFUSALS,
        )


_REFUSALS: dict[int | str, dict[str, Any]] = {
    BAD: {"description": "A refusal in three parts: given, acceptable, remedy"},
    NOT_FOUND: {"description": "Not there; acceptable names the nearest"},
}


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


def _cut(text: str) -> str:
    letters = 80
    return text if len(text) <= letters else text[:letters] + "…"


def _written(value: Any) -> str:
    return json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))


def _json_answer(text: str) -> Answer:
    return Answer(LIST, "application/json", text.encode())


def _response(found: Answer) -> Response:
    return Response(found.body, found.status, media_type=found.type)
