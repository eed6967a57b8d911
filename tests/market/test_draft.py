"""Drafts by a language model, from a server on this machine: checked, or not published; the key stays unsaid."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from narrows.cli import main
from narrows.errors import UsageError
from narrows.market.chat import Endpoint, EndpointError
from narrows.market.recap import recap
from narrows.report.drafting import draft, sentences
from narrows.report.recap import recap_markdown

KEY = "sk-house-4711"
GOOD = (
    "The S&P 500 rose 0.91% for the week ended May 1, 2026, its fifth weekly gain in a row. "
    "The Nasdaq Composite rose 1.12%.\n\nThe Energy fund XLE rose 3.48% for the week."
)


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, self.headers.get("Authorization"), json.loads(body)))
        status, headers, answer = self.server.answer
        if status == "late":
            time.sleep(answer)
            return
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


@pytest.fixture
def server():
    held = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    held.asked = []
    thread = threading.Thread(target=held.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield held
    held.shutdown()
    thread.join()
    held.server_close()


@pytest.fixture(scope="module")
def found():
    return recap("2026-05-01")


def base(server):
    return f"http://127.0.0.1:{server.server_port}/v1"


def says(text):
    return 200, {}, json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]}).encode()


def line(server, *more):
    return [
        "market",
        "draft",
        "2026-05-01",
        "--endpoint",
        base(server),
        "--model",
        "small",
        "--key-env",
        "DRAFT_KEY",
        *more,
    ]


def test_a_good_draft_is_published(server, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("DRAFT_KEY", KEY)
    server.answer = says(GOOD)
    assert main(line(server, "-o", str(tmp_path / "week.md"))) == 0
    text = (tmp_path / "week.md").read_text()
    assert GOOD in text
    assert "Order and joins by a language model; its 4 claims passed the check." in text
    assert "Not advice." in text
    ((path, key, body),) = server.asked
    assert (path, key, body["model"]) == ("/v1/chat/completions", f"Bearer {KEY}", "small")
    sent = json.loads(body["messages"][1]["content"])
    week = recap("2026-05-01")
    assert sent == {"week": "April 27 \u2013 May 1, 2026", "sentences": sentences(week)}
    assert KEY not in capsys.readouterr().err


def test_a_wrong_number_is_not_published(server, capsys, monkeypatch):
    monkeypatch.setenv("DRAFT_KEY", KEY)
    server.answer = says(GOOD.replace("0.91%", "0.78%"))
    assert main(line(server)) == 4
    said = capsys.readouterr()
    assert "narrows: The draft holds a number that the recap does not: 0.78." in said.err
    assert "narrows: WRONG_BASE(monday): SPX 0.78% (+0.91 % over the week" in said.err
    assert "did not pass the check; these are the fixed sentences." in said.out
    assert "0.78%" not in said.out
    rest = recap_markdown(recap("2026-05-01")).partition("\n\n")[2]
    assert said.out.endswith(rest)
    assert main(line(server, "--json")) == 4
    answer = json.loads(capsys.readouterr().out)
    assert answer["published"] is False
    assert "WRONG_BASE" in {one["verdict"] for one in answer["verdicts"]}


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        (("0.91%", "1.12%"), "WRONG_ENTITY(IXIC)"),  # a number of the recap beside another name
        (("rose 3.48%", "fell 3.48%"), "FALSE"),
        (("fifth", "sixth"), "a number that the recap does not: sixth"),
        (("Energy fund XLE", "Intel share"), "a name that the recap does not: INTC"),
        ((" for the week.", " because of oil."), "a cause that the recap does not: because"),
        ((" for the week.", " <script>alert()</script>."), "markup or a link"),
        ((" for the week.", " at www.example.org."), "markup or a link"),
        ((" for the week.", " for the week, \u00bd more."), "a number that the recap does not: 2"),
        ((GOOD, "A good week for shares."), "no claim that can be checked"),
        ((GOOD, GOOD * 200), "more than 20,000"),
    ],
)
def test_what_the_recap_does_not_say_is_not_published(server, found, change, finding):
    server.answer = says(GOOD.replace(*change))
    made = draft(found, Endpoint(base(server), "small"))
    assert not made.published
    assert any(finding in one for one in made.findings), made.findings


def test_all_sentences_of_the_recap_pass(server, found):
    server.answer = says("\n\n".join(sentences(found).values()))
    made = draft(found, Endpoint(base(server), "small"))
    assert made.findings == ()
    assert len(made.report.checked) > 30


def test_letters_that_steer_a_terminal_are_taken_out(server, found):
    server.answer = says(GOOD + "\x1b]0;owned\x07")
    assert "\x1b" not in draft(found, Endpoint(base(server), "small")).text


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((200, {}, b"<html>"), "the answer is not JSON with choices and a message"),
        ((200, {}, b"[" * 100_000), "the answer is not JSON with choices and a message"),
        ((200, {}, b'{"choices": []}'), "the answer is not JSON with choices and a message"),
        (says(" "), "the answer holds no text"),
        (says(KEY), "the answer repeats the key"),
        ((200, {}, b"x" * (1 << 20) + b"y"), "the answer is too large"),
        ((401, {}, f"no such key {KEY}".encode()), "the host answers 401: it does not accept the key"),
        ((302, {"Location": "http://127.0.0.1:1/"}, b""), "it is moved, and a redirect is not followed"),
        ((500, {}, KEY.encode()), "the host answers 500"),
    ],
)
def test_an_answer_of_no_use_is_refused(server, capsys, monkeypatch, answer, why):
    monkeypatch.setenv("DRAFT_KEY", KEY)
    server.answer = answer
    assert main(line(server)) == 5
    said = capsys.readouterr()
    assert said.err == (
        f"narrows: The endpoint {base(server)!r} gave no draft: {why}. An answer is JSON of "
        "`/chat/completions`, within 120 s and 1,048,576 bytes. Look at --endpoint, --model and --key-env, or "
        "write the week with `narrows market recap`.\n"
    )
    assert (said.out, len(server.asked)) == ("", 1)


def test_a_late_answer_and_none_are_refused(server):
    server.answer = ("late", {}, 0.4)
    with pytest.raises(EndpointError, match="the answer is late"):
        Endpoint(base(server), "small", timeout_s=0.2).ask([])
    with pytest.raises(EndpointError, match=r"no answer came \(ConnectionRefusedError\)"):
        Endpoint("http://127.0.0.1:1", "small").ask([])


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("http://example.org/v1", "is asked without encryption"),
        ("http://127.0.0.1.example.org/v1", "is asked without encryption"),
        ("https://10.0.0.1/v1", "has a private address"),
        ("https://169.254.169.254/v1", "has a private address"),
        ("http://user:word@localhost/v1", "holds a user, a question or a fragment"),
        (f"https://example.org/v1?key={KEY}", "holds a user, a question or a fragment"),
        ("file:///etc/hosts", "is no address of the web"),
        ("http://localhost:x/", "cannot be read"),
    ],
)
def test_an_address_of_no_use_is_refused(address, why):
    with pytest.raises(UsageError) as refused:
        Endpoint(address, "small", KEY).ask([])
    assert why in str(refused.value)
    assert KEY not in str(refused.value)
    assert "word" not in str(refused.value)


def test_the_key_is_not_shown(monkeypatch, server, capsys):
    assert KEY not in repr(Endpoint("http://localhost", "small", KEY))
    with pytest.raises(UsageError, match="cannot be sent in a header"):
        Endpoint("http://localhost", "small", f"{KEY}\nX: y").ask([])
    monkeypatch.delenv("DRAFT_KEY", raising=False)
    assert main(line(server)) == 2
    assert capsys.readouterr().err == (
        "narrows: The variable that --key-env names is not set or empty. --key-env takes the name of a variable "
        "of the environment that holds the key. Set the variable, or leave out --key-env for an endpoint "
        "without a key.\n"
    )
