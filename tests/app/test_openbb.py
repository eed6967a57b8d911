"""OpenBB Workspace: known keys only, every endpoint answers flat rows, two addresses may read and no other."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from tests.app.test_door import ask, refused

import narrows
from narrows.app import application
from narrows.app.openbb import ORIGINS
from narrows.app.tables import COLUMNS, TABLES
from narrows.bottlenecks.answer import run
from narrows.report.pages import Study, answer

KEYS = Path(__file__).parents[2] / ".." / "shared" / "data" / "ecosystem" / "openbb_keys.csv"
DRAWS = 60
HERE = ORIGINS[0].encode()


@pytest.fixture(scope="module")
def door():
    made = application(Study(draws=DRAWS))
    yield made
    made.close()


def paths(value, at, kind):
    """Return the paths of the keys of a value, as the file of known keys writes them."""
    if isinstance(value, dict):
        for key, item in value.items():
            name = "*" if at == "app.tabs" else key
            yield f"{at}.{name}" if name != "*" else "", kind
            yield from paths(item, f"{at}.{name}", kind)
    elif isinstance(value, list):
        for item in value:
            yield from paths(item, f"{at}[]", kind)


@pytest.mark.skipif(not KEYS.is_file(), reason="the keys of OpenBB's examples are not here")
def test_only_known_keys_are_used(door):
    known = {row["key_path"] for row in csv.DictReader(KEYS.read_text("utf-8").splitlines())}
    for widget in ask(door, "/widgets.json").json.values():
        assert {path for path, _ in paths(widget, "widget", "widgets")} <= known
        assert {"name", "description", "endpoint"} <= widget.keys()
    for app in ask(door, "/apps.json").json:
        assert {path for path, _ in paths(app, "app", "apps") if path} <= known


def test_every_widget_is_answered_with_rows_of_its_columns(door):
    told = ask(door, "/widgets.json").json
    assert {widget["endpoint"].removeprefix("api/v1/tables/") for widget in told.values()} == set(TABLES)
    for widget in told.values():
        asked = "&".join(
            f"{one['paramName']}={one['value'].replace(' ', '+')}" for one in widget.get("params", ())
        )
        found = ask(door, f"/{widget['endpoint']}", query=asked.encode())
        assert found.status == 200
        rows = found.json
        if widget["type"] == "markdown":
            assert isinstance(rows, str)
            continue
        assert rows
        fields = ["label", "value"]
        if widget["type"] == "table":
            fields = [column["field"] for column in widget["data"]["table"]["columnsDefs"]]
        for row in rows:
            assert sorted(row) == sorted(fields)
            assert all(value is None or isinstance(value, int | float | str) for value in row.values())


def test_every_column_of_numbers_says_its_unit(door):
    for widget in ask(door, "/widgets.json").json.values():
        if widget["type"] != "table" or "unit" in COLUMNS.get(widget["endpoint"].rpartition("/")[2], ()):
            continue
        heads = {one["field"]: one["headerName"] for one in widget["data"]["table"]["columnsDefs"]}
        for field, value in ask(door, f"/{widget['endpoint']}").json[0].items():
            if isinstance(value, int | float) and field != "close":
                assert re.search(r"\[.+\]", heads[field]), field


def test_tables_say_what_the_map_says(door):
    result = narrows.map(draws=DRAWS)
    rows = ask(door, "/api/v1/tables/deployed").json
    assert [row["p50"] for row in rows] == pytest.approx(result.deployed.p50, rel=1e-5)
    layers = ask(door, "/api/v1/tables/layers", query=b"quarter=2027Q3").json
    at = result.quarters.index("2027Q3")
    assert [row["binds"] for row in layers] == pytest.approx(
        [100 * result.binds[row.id][at] for row in result.layers], rel=1e-5
    )


def test_the_layout_uses_known_widgets_and_none_stands_on_another(door):
    known = ask(door, "/widgets.json").json
    for app in ask(door, "/apps.json").json:
        for tab in app["tabs"].values():
            taken = set()
            for one in tab["layout"]:
                assert one["i"] in known
                cells = {
                    (x, y)
                    for x in range(one["x"], one["x"] + one["w"])
                    for y in range(one["y"], one["y"] + one["h"])
                }
                assert not cells & taken
                assert max(x for x, _ in cells) < 40
                taken |= cells


@pytest.mark.parametrize("path", ["/widgets.json", "/apps.json", "/api/v1/tables/now", "/api/v1/map"])
def test_two_addresses_may_read_and_no_other(door, path):
    for origin in ORIGINS:
        found = ask(door, path, origin=origin.encode())
        assert found.head["access-control-allow-origin"] == origin
        assert "origin" in found.head["vary"]
    for origin in (
        b"https://evil.example",
        b"https://pro.openbb.co.evil.example",
        b"null",
        b"",
        b"http://pro.openbb.co",
    ):
        assert "access-control-allow-origin" not in ask(door, path, origin=origin).head


def test_pages_and_scenarios_are_not_shared(door):
    for path in ("/", "/n/study.draws", "/map.csv"):
        assert "access-control-allow-origin" not in ask(door, path, origin=HERE).head
        refused(ask(door, path, method="OPTIONS", origin=HERE), 405)
    posted = ask(
        door, "/api/v1/scenario", method="POST", body=b"{}", origin=HERE, content_type=b"application/json"
    )
    assert "access-control-allow-origin" not in posted.head


def test_a_browser_may_ask_first(door):
    found = ask(
        door,
        "/api/v1/tables/now",
        method="OPTIONS",
        origin=HERE,
        access_control_request_private_network=b"true",
    )
    assert found.status == 204
    assert found.head["access-control-allow-methods"] == "GET, HEAD"
    assert found.head["access-control-allow-private-network"] == "true"
    refused(ask(door, "/api/v1/tables/now", method="OPTIONS", origin=b"https://evil.example"), 405)


def test_what_is_not_there_is_refused(door):
    assert refused(ask(door, "/api/v1/tables/deployd"), 404)["acceptable"] == "The nearest known: 'deployed'"
    assert (
        refused(ask(door, "/api/v1/tables/layers", query=b"quarter=2027Q9"), 404)["remedy"]
        == "Choose a quarter of the map"
    )
    assert (
        refused(ask(door, "/api/v1/tables/market", query=b"week=x"), 404)["remedy"]
        == "Choose a week that ships"
    )
    assert refused(ask(door, "/api/v1/tables/facts", query=b"&".join([b"a=1"] * 40)), 400) == {
        "given": "The query has too many parts", "acceptable": "A query has at most 20", "remedy": "Leave some out",
    }  # fmt: skip


def test_the_index_for_language_models_leads_somewhere():
    study = Study(draws=20)
    text = answer(study, "/llms.txt").body.decode()
    assert text.startswith("# narrows\n\n> ")
    links = re.findall(r"\]\((/[^)]*)\)", text)
    assert len(links) > 8
    for link in links:
        assert answer(study, link).status == 200, link
    full = answer(study, "/llms-full.txt").body.decode()
    assert full.startswith(text.rstrip())
    facts = re.findall(r"\]\(/fact/([^)]*)\)", full)
    assert len(facts) == len(set(facts)) == len(run(draws=1).reader.reads)
