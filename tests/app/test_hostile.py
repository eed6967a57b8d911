"""Questions made from the interface's own description, right and wrong: no answer is an accident."""

from __future__ import annotations

import json
import os
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.app.test_door import ask

from narrows.app import application
from narrows.report.pages import Study

EXAMPLES = int(os.environ.get("NARROWS_EXAMPLES", "80"))
FAILED = 500
TEXTS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["map.deployed.2027Q1", "cowos.capacity", "2027Q1", "-1", "1e400", "nan", "%00", "../../etc/passwd"]
    ),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def door():
    made = application(Study(draws=50), ["narrows.example"])
    yield made
    made.close()


@pytest.fixture(scope="module")
def described(door):
    return ask(door, "/api/v1/openapi.json").json


def fitting(schema: dict, whole: dict):
    """Return values of a schema, most of them right."""
    if "$ref" in schema:
        return fitting(whole["components"]["schemas"][schema["$ref"].rpartition("/")[2]], whole)
    if "anyOf" in schema:
        return st.one_of([fitting(one, whole) for one in schema["anyOf"]])
    kind = schema.get("type")
    if kind == "object" or "properties" in schema:
        named = {name: fitting(one, whole) | VALUES for name, one in schema.get("properties", {}).items()}
        more = schema.get("additionalProperties")
        free = st.dictionaries(TEXTS, fitting(more, whole) if isinstance(more, dict) else VALUES, max_size=2)
        return st.fixed_dictionaries({}, optional=named) if named else free
    simple = {
        "string": TEXTS,
        "integer": st.one_of(st.integers(), st.sampled_from([100, 250])),
        "number": st.floats(),
        "boolean": st.booleans(),
        "null": st.none(),
    }
    return (
        st.lists(fitting(schema.get("items", {}), whole), max_size=3)
        if kind == "array"
        else simple.get(kind, VALUES)
    )


def questions(whole: dict):
    """Return a strategy of (method, path, query, body)."""
    ways = []
    for path, methods in whole["paths"].items():
        for method, told in methods.items():
            holes = {
                one["name"]: one["in"] for one in told.get("parameters", ()) if one["in"] in {"path", "query"}
            }
            content = told.get("requestBody", {}).get("content", {}).get("application/json", {})
            body = fitting(content["schema"], whole) | VALUES if content else st.none()
            filled = st.fixed_dictionaries(dict.fromkeys(holes, TEXTS))
            ways.append(st.tuples(st.just((method.upper(), path, holes)), filled, body))
    return st.one_of(ways)


def test_every_question_is_answered_or_refused_in_three_parts(door, described):
    @settings(max_examples=EXAMPLES, deadline=None, database=None, derandomize=True)
    @given(questions(described))
    def tried(question):
        (method, path, holes), filled, body = question
        query = "&".join(
            f"{quote(name)}={quote(text)}" for name, text in filled.items() if holes[name] == "query"
        )
        for name, text in filled.items():
            path = path.replace("{" + name + "}", text)
        sent = b"" if body is None else json.dumps(body).encode()
        got = ask(
            door, path, query=query.encode(), method=method, body=sent, content_type=b"application/json"
        )
        assert got.status < FAILED, (method, path, query, body)
        if got.status >= 400 and got.head["content-type"].startswith("application/json"):
            assert set(got.json["error"]) == {"given", "acceptable", "remedy"}
        assert b"Traceback" not in got.body

    tried()


def test_the_description_names_what_the_questions_need(described):
    assert any("requestBody" in told for methods in described["paths"].values() for told in methods.values())
    assert sum("{" in path for path in described["paths"]) >= 2
