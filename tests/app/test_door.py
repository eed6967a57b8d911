"""The server at the wire: hosts, methods, sizes, policies, tags, and hostile questions."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import narrows
from narrows.app import application
from narrows.app.door import LARGEST_BODY
from narrows.app.server import serve
from narrows.errors import RunError, UsageError
from narrows.report.pages import Study
from narrows.report.tables import chain_json, facts_json, map_json

NAUGHTY = Path(__file__).parents[2] / ".." / "shared" / "data" / "ecosystem" / "naughty_strings_part.json"
DRAWS = 100
SCENARIO = "/api/v1/scenario"


@pytest.fixture(scope="module")
def door():
    made = application(Study(draws=DRAWS), ["narrows.example"])
    yield made
    made.close()


class Got:
    def __init__(self, messages):
        self.status = messages[0]["status"]
        self.head = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
        self.body = b"".join(message.get("body", b"") for message in messages[1:])

    @property
    def json(self):
        return json.loads(self.body)


def ask(door, path, *, query=b"", method="GET", body=b"", host=b"127.0.0.1:8000", **head):
    """Ask as a server would, without one."""
    headers = [(b"host", host), *((name.replace("_", "-").encode(), value) for name, value in head.items())]
    parts = [body[at : at + 20_000] for at in range(0, len(body), 20_000)] or [b""]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "path": path,
        "raw_path": path.encode("utf-8", "replace"), "query_string": query, "headers": headers, "scheme": "http",
        "server": ("127.0.0.1", 8000), "client": ("127.0.0.1", 9), "root_path": "",
    }  # fmt: skip
    sent = []

    async def receive():
        if not parts:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    async def send(message):
        sent.append(message)

    asyncio.run(door(scope, receive, send))
    return Got(sent)


def post(door, scenario, **options):
    body = scenario if isinstance(scenario, bytes) else json.dumps(scenario).encode()
    return ask(door, SCENARIO, method="POST", body=body, content_type=b"application/json", **options)


def refused(got, status):
    assert got.status == status
    assert set(got.json["error"]) == {"given", "acceptable", "remedy"}
    return got.json["error"]


# --- who may ask, and what -----------------------------------------------------------------------


@pytest.mark.parametrize("host", [b"evil.example", b"", b"127.0.0.1.evil.example", b"[::2]", b"\xff"])
def test_a_name_that_is_not_its_own_is_refused(door, host):
    refused(ask(door, "/", host=host), 403)


@pytest.mark.parametrize("host", [b"localhost", b"LOCALHOST:1", b"[::1]:8000", b"narrows.example"])
def test_its_own_names_are_answered(door, host):
    assert ask(door, "/api/v1", host=host).status == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "POST"])
def test_other_methods_are_refused(door, method):
    refused(ask(door, "/", method=method), 405)


def test_head_gives_the_head_of_get(door):
    got, head = ask(door, "/facts"), ask(door, "/facts", method="HEAD")
    assert head.body == b""
    assert head.head == got.head
    assert int(got.head["content-length"]) == len(got.body)


def test_policies(door):
    for path in ("/", "/nothing", "/api/v1", "/static/narrows.js", "/n/map.tied.2027Q1"):
        head = ask(door, path).head
        assert head["x-content-type-options"] == "nosniff"
        assert head["referrer-policy"] == "no-referrer"
        assert head["content-security-policy"].startswith(
            "default-src 'none'; script-src 'self'; style-src 'self'"
        )
        assert "frame-ancestors 'none'" in head["content-security-policy"]
        assert "unsafe" not in head["content-security-policy"]
    assert "frame-ancestors *" in ask(door, "/embed/map").head["content-security-policy"]
    assert "script-src" not in ask(door, "/embed/map").head["content-security-policy"]
    assert "sandbox" in ask(door, "/map.svg").head["content-security-policy"]


def test_what_did_not_change_is_not_sent_again(door):
    first = ask(door, "/api/v1/map")
    again = ask(door, "/api/v1/map", if_none_match=first.head["etag"].encode())
    assert (again.status, again.body) == (304, b"")
    assert ask(door, "/api/v1/map", if_none_match=b'"other"').body == first.body


def test_compressed_and_plain_are_the_same(door):
    plain, packed = ask(door, "/"), ask(door, "/", accept_encoding=b"gzip, br")
    assert packed.head["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    parts = sum(
        len(ask(door, path, accept_encoding=b"gzip").body)
        for path in ("/", "/static/narrows.css", "/static/narrows.js")
    )
    assert parts <= 30_000


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd", "/static/../answers.py", "/static/%2e%2e/answers.py", "/n/../../x", "/static/",
        "/static/narrows.css/", "//etc/passwd", "/n/", "/fact/..", "/\x00", "/n/\ud7ff", "/embed/../api", "/api/v1/nope",
    ],
)  # fmt: skip
def test_paths_that_climb_find_nothing(door, path):
    got = ask(door, path)
    assert got.status == 404
    assert b"root:" not in got.body
    assert b"import" not in got.body


def test_an_endless_address_is_refused(door):
    refused(ask(door, "/n/" + "a" * 5000), 414)
    assert ask(door, "/", query=b"x.y=1&" * 900).status == 400


@pytest.mark.parametrize(
    "query",
    [b"%", b"%ff%fe=1", b"=&=&==", b"q=%00", b"q[]=1", b"a.b=1e999", b"a.b=0x10", b"\xff\xfe=1", b"q=%F0%9F"],
)
def test_hostile_queries_are_refused_or_harmless(door, query):
    assert ask(door, "/", query=query).status in {200, 400, 404}
    assert ask(door, "/search", query=query).status in {200, 400}


# --- the interface for programs ------------------------------------------------------------------


def test_it_says_what_the_command_line_says(door):
    result = narrows.map(draws=DRAWS)
    assert ask(door, "/api/v1/map").body.decode() == map_json(result)
    chain = narrows.why("map.installed.2027Q4", draws=DRAWS)
    assert ask(door, "/api/v1/numbers/map.installed.2027Q4").body.decode() == chain_json(chain)
    facts = narrows.why("cowos.utilisation")
    assert ask(door, "/api/v1/facts/cowos.utilisation").body.decode() == facts_json(facts)


def test_the_first_quarter_alone_is_cut_from_the_map(door):
    whole, now = ask(door, "/api/v1/map").json, ask(door, "/api/v1/now").json
    assert now["quarter"] == whole["quarters"][0]
    assert now["binds"] == {name: series[0] for name, series in whole["binds"].items()}
    assert now["capacity"]["cowos"]["p50"] == whole["capacity"]["cowos"]["p50"][0]


def test_every_address_is_documented_and_answers(door):
    described = ask(door, "/api/v1/openapi.json").json
    about = ask(door, "/api/v1").json
    listed = {(row["method"].lower(), row["path"].partition("?")[0]) for row in about["addresses"]}
    assert {(method, path) for path, methods in described["paths"].items() for method in methods} == listed
    for row in about["addresses"]:
        if row["method"] == "GET":
            ids = {"facts": "cowos.utilisation", "tables": "deployed"}
            id_ = ids.get(row["path"].split("/")[3] if row["path"].count("/") > 3 else "", "map.tied.2027Q1")
            got = ask(door, row["path"].partition("?")[0].replace("{id}", id_))
            assert got.status == 200, row
            assert "NaN" not in got.body.decode()
            json.loads(got.body, parse_constant=pytest.fail)


def test_a_scenario_is_that_of_the_file(door, tmp_path):
    file = tmp_path / "s.toml"
    file.write_text('name = "more"\n[scale]\n"data_hall.capacity" = 1.3\n')
    got = post(door, {"name": "more", "scale": {"data_hall.capacity": 1.3}, "draws": DRAWS})
    assert got.status == 200
    quarters = got.json["quarters"]
    result = narrows.map(f"{quarters[0]}:{quarters[-1]}", draws=DRAWS, scenario=file)
    assert got.body.decode() == map_json(result)
    assert got.head["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("scenario", "status"),
    [
        (b"", 422),
        (b"{", 422),
        (b"[" * 30_000, 422),
        (b'{"scale": {"cowos.capacity": NaN}}', 422),
        (b'{"scale": {"cowos.capacity": 1e999}}', 422),
        ({"scale": {"cowos.capacity": "2"}}, 422),
        ({"scale": {"cowos.capacity": -1}}, 400),
        ({"scale": {"nothing.known": 2}}, 400),
        ({"set": {"cowos.utilisation": {"value": 2, "unit": "share"}}}, 400),
        ({"set": {"cowos.utilisation": {"value": 0.5, "unit": "parsec"}}}, 400),
        ({"scale": {"cowos.capacity": 2}, "quarters": {"cowos.capacity": "soon"}}, 400),
        ({"quarters": {"cowos.capacity": "2026Q4"}}, 400),
        ({"draws": 10**9}, 400),
        ({"draws": 1.5}, 422),
        ({"unknown": 1}, 422),
        ({"name": "x" * 10_000}, 422),
        (b'{"name": "\\ud800"}', 422),
        (b'\xff\xfe{"name": 1}', 422),
        ({"scale": {f"a.b{place}": 1 for place in range(300)}}, 422),
    ],
)
def test_scenarios_that_cannot_be(door, scenario, status):
    got = post(door, scenario)
    assert got.status in {status, 400} if status == 422 else got.status == status
    assert len(got.body) < 4000
    assert b"Traceback" not in got.body


def test_a_scenario_beyond_the_limit_is_not_read(door):
    refused(post(door, b" " * (LARGEST_BODY + 1)), 413)


@given(st.text(max_size=60))
@settings(max_examples=60, deadline=None)
def test_any_text_is_answered_without_failing(door, text):
    query = text.encode("utf-8", "replace")
    for path in ("/search", "/", "/compare"):
        assert ask(door, path, query=b"query=" + query.replace(b"&", b"%26")).status < 500
    assert ask(door, f"/n/{text}").status in {200, 404, 414}


def test_naughty_strings(door):
    if not NAUGHTY.is_file():
        pytest.skip("shared/data/ecosystem is not here")
    from urllib.parse import quote

    for text in json.loads(NAUGHTY.read_text("utf-8"))[::12]:
        searched = ask(door, "/api/v1/search", query=b"q=" + quote(text, safe="", errors="replace").encode())
        assert searched.status == 200
        assert searched.json["query"] == text
        page = ask(door, "/search", query=b"query=" + quote(text, safe="", errors="replace").encode())
        assert page.status == 200
        assert b"<script>" not in page.body
        got = post(
            door, json.dumps({"name": text[:400], "scale": {"cowos.capacity": 1.1}, "draws": 100}).encode()
        )
        assert got.status in {200, 422}
        if got.status == 200:
            assert got.json["meta"]["scenario_name"] == text[:400]


# --- running -------------------------------------------------------------------------------------


def test_a_port_that_is_taken_is_refused():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(RunError) as told:
            serve(Study(draws=1), port=port)
    assert str(told.value) == (
        f"The server cannot listen on 127.0.0.1 port {port}: Address already in use. A port is free, and the host is "
        "an address of this machine. Choose another with --port, or 0 for any that is free."
    )


def test_a_port_out_of_range_is_refused():
    with pytest.raises(UsageError) as told:
        serve(Study(draws=1), port=99_999)
    assert str(told.value) == "The port is 99999. A port is 0 to 65535. Give --port 8000."
