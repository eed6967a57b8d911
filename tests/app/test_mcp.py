"""Assistants: few small tools, no number without its unit, refusals in three parts, over the real wire."""

from __future__ import annotations

import json
import os
import sys

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mcp import Client, StdioServerParameters

import narrows
from narrows.cli import main
from narrows.errors import DataError, NarrowsError
from narrows.mcp import TOOLS, call, tool_list
from narrows.mcp.server import answered, server
from narrows.mcp.tools import QUARTER
from narrows.report.pages import Study

DRAWS = 60
CALLS = [
    ("map", {}),
    ("map", {"quarter": "2027Q2", "changes": {"data_hall.capacity": 1.5}}),
    ("series", {"id": "map.deployed"}),
    ("series", {"id": "map.binds.stock"}),
    ("series", {"id": "map.capacity.demand", "changes": {"cowos.capacity": 0.5}}),
    ("series", {"id": "map.price_usd.cowos"}),
    ("series", {"id": "map.price.cowos"}),
    ("series", {"id": "tied"}),
    ("why", {"id": "map.deployed.2027Q1"}),
    ("why", {"id": "map.binds.cowos.2027Q1", "changes": {"cowos.capacity": 0.5}}),
    ("why", {"id": "study.draws"}),
    ("why", {"id": "market.change.week.SPX.2026-05-01"}),
    ("why", {"id": "cowos.utilisation"}),
    ("search", {"words": "cowos capacity", "limit": 3}),
    ("search", {"words": "zzzz"}),
    ("company", {"name": "tsmc"}),
    ("shock", {}),
    ("shock", {"event": "hormuz"}),
    ("market_week", {}),
    ("market_week", {"week": "2026-05-01"}),
    (
        "check_claims",
        {"text": "The S&P 500 rose 0.78% in the week ended May 1, 2026, its fifth weekly gain in a row."},
    ),
]


NEAR = (
    "The series 'map.binds.cowoss' is not known. The nearest known: 'map.binds.cowos', 'map.binds.optics', "
    "'map.binds.rack'. Write map.deployed, or map.binds.<layer>."
)


@pytest.fixture(scope="module")
def study():
    return Study(draws=DRAWS)


def bare(value, *, unit=False):
    """Return the numbers of an answer that have no unit in their object or in one around it."""
    if isinstance(value, dict):
        inside = unit or (isinstance(value.get("unit"), str) and bool(value["unit"]))
        return [found for name, item in value.items() for found in bare(item, unit=inside)]
    if isinstance(value, list):
        return [found for item in value for found in bare(item, unit=unit)]
    return [value] if isinstance(value, int | float) and not isinstance(value, bool) and not unit else []


def test_the_walk_finds_a_bare_number():
    assert bare({"a": [{"value": 1, "unit": "usd"}, {"b": 2}], "c": 3, "d": {"unit": "", "value": 4}}) == [
        2,
        3,
        4,
    ]


@pytest.mark.parametrize(("name", "arguments"), CALLS)
def test_no_number_stands_without_its_unit(study, name, arguments):
    found = call(study, name, arguments)
    assert found
    assert bare(found) == []
    json.dumps(found, allow_nan=False)


def test_the_list_is_short():
    listed = json.dumps({"tools": tool_list()}, ensure_ascii=False)
    assert len(TOOLS) <= 8
    assert len(listed.encode()) <= 8_000
    assert {name for name, _ in CALLS} == {tool.name for tool in TOOLS}


def test_the_map_says_what_the_map_says(study):
    result = narrows.map(draws=DRAWS)
    found = call(study, "map", {"quarter": "2027Q3"})
    at = result.quarters.index("2027Q3")
    assert found["deployed"]["p50"] == pytest.approx(result.deployed.p50[at], rel=1e-5)
    name, share = result.binder("2027Q3")
    assert found["binds"][0]["id"] == f"map.binds.{name}.2027Q3"
    assert found["binds"][0]["value"] == pytest.approx(share, rel=1e-5)
    series = call(study, "series", {"id": "map.deployed"})
    assert [point["p50"] for point in series["points"]] == pytest.approx(result.deployed.p50, rel=1e-5)


def test_what_would_change_stands_beside_what_is(study):
    found = call(study, "map", {"quarter": "2027Q2", "changes": {"data_hall.capacity": 1.5}})
    assert found["deployed"]["p50"] > found["without_the_changes"]["deployed"]["p50"]
    assert found["page"] == "/?data_hall.capacity=1.5&q=2027Q2"


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("mapp", {}, "The tool 'mapp' is not known. The nearest known: 'map'. List the tools."),
        (
            "map",
            {"quartr": "2027Q1"},
            "The argument 'quartr' is not known. The nearest known: 'quarter'. See the tool 'map' in the list of tools.",
        ),
        (
            "map",
            {"quarter": 3},
            f"The argument 'quarter' of 'map' is 3. It is of type string: {QUARTER[1]}. Correct it.",
        ),
        ("why", {}, "The tool 'why' is called without 'id'. 'id' is such as map.deployed.2027Q1 or cowos.utilisation. Give it."),
        (
            "map",
            {"changes": {"cowos.capacity": "2"}},
            "The input 'cowos.capacity' is scaled by '2'. A factor is a number from 0. Write 1.2 for +20 %.",
        ),
        (
            "map",
            {"changes": {"q": 2}},
            "The input 'q' is not known. Inputs are facts and series of facts. Search for it.",
        ),
        (
            "series",
            {"id": "map.binds.cowoss"},
            NEAR,
        ),
        ("search", {"words": " "}, "The search has no words. Words such as cowos capacity. Give some."),
    ],
)  # fmt: skip
def test_a_refusal_has_three_parts(study, name, arguments, told):
    with pytest.raises(NarrowsError) as refused:
        call(study, name, arguments)
    assert str(refused.value) == told
    text, is_refusal = answered(study, name, arguments)
    assert is_refusal
    assert set(json.loads(text)["error"]) == {"given", "acceptable", "remedy"}


VALUES = st.one_of(st.text(max_size=30), st.integers(-3, 60), st.floats(allow_nan=True), st.none(), st.booleans(),
                   st.dictionaries(st.text(max_size=12), st.one_of(st.floats(), st.text(max_size=3)), max_size=3))  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_arguments_are_answered_or_refused(study, data):
    tool = data.draw(st.sampled_from([one for one in TOOLS if one.name != "company"]))
    arguments = {
        name: data.draw(VALUES) for name in data.draw(st.sets(st.sampled_from([*tool.arguments, "x"])))
    }
    text, _ = answered(study, tool.name, arguments)
    assert bare({key: item for key, item in json.loads(text).items() if key != "error"}) == []


def test_an_assistant_asks_over_stdin_and_stdout():
    asked = StdioServerParameters(
        command=sys.executable, args=["-m", "narrows", "mcp", "--draws", str(DRAWS)], env=dict(os.environ)
    )

    async def talk():
        async with Client(asked) as client:
            listed = await client.list_tools()
            good = await client.call_tool("why", {"id": "map.deployed.2027Q1"})
            bad = await client.call_tool("why", {"id": "map.deployd.2027Q1"})
            return listed, good, bad

    listed, good, bad = anyio.run(talk)
    assert len(listed.model_dump_json(by_alias=True, exclude_none=True)) <= 8_000
    assert [tool.name for tool in listed.tools] == [tool.name for tool in TOOLS]
    assert all(tool.annotations.read_only_hint for tool in listed.tools)
    assert not good.is_error
    assert json.loads(good.content[0].text) == call(Study(draws=DRAWS), "why", {"id": "map.deployed.2027Q1"})
    assert bad.is_error
    assert "map.deployed.2027Q1" in json.loads(bad.content[0].text)["error"]["acceptable"]


def test_the_command_lists_its_tools(capsys):
    assert main(["mcp", "--tools"]) == 0
    assert json.loads(capsys.readouterr().out) == {"tools": tool_list()}


def test_without_the_package_the_refusal_names_it(monkeypatch, study):
    monkeypatch.setitem(sys.modules, "mcp.server.lowlevel", None)
    with pytest.raises(DataError) as refused:
        server(study)
    assert str(refused.value) == (
        "Assistants are to be served, and the package mcp is not there. "
        "Programs are served without it by narrows serve. Install narrows[mcp]."
    )
