"""Scenarios as they are posted, and the application that reads them and describes every address.

FastAPI and pydantic are loaded with this module: a server that nobody posts to does without them.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, field_validator

from narrows.app.programs import API, BAD, LONGEST, NOT_FOUND
from narrows.catalog import Overlay, Scaling, Setting
from narrows.errors import NarrowsError, UsageError
from narrows.quarters import span
from narrows.report.pages.answers import refusal
from narrows.report.pages.other_pages import ROUTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from narrows.app.programs import Programs
    from narrows.report.pages.answers import Answer

__all__ = ["Scenario", "posted"]

USUAL_DRAWS = 500
MOST_CHANGES = 200
UNREADABLE = 422
MOST_LETTERS = 80
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


def posted(programs: Programs) -> FastAPI:
    """Return the application that documents all addresses and takes scenarios.

    Parameters
    ----------
    programs
        Answers the readings.
    """
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
            _document(programs, app, path.partition("?")[0], text)

    @app.post(f"{API}/scenario", summary="The map under a scenario", responses=_REFUSALS)
    async def scenario(asked: Scenario) -> Response:
        loop = asyncio.get_running_loop()
        try:
            text = await loop.run_in_executor(
                programs.solver, programs.scenario, asked.overlay(), asked.draws
            )
        except NarrowsError as problem:
            return _response(refusal(problem, BAD))
        return Response(text, media_type="application/json")

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


def _document(programs: Programs, app: FastAPI, path: str, text: str) -> None:
    """Name a reading in the description; `read` answers it from memory."""

    def reading(request: Request) -> Response:
        return _response(programs.read(request.url.path, request.url.query))

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


def _cut(text: str) -> str:
    return text if len(text) <= MOST_LETTERS else text[:MOST_LETTERS] + "…"


def _response(found: Answer) -> Response:
    return Response(found.body, found.status, media_type=found.type)
