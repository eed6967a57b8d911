"""The door of the server: who may ask, what may be asked, and answers kept as bytes.

Everything that is asked passes here first. What was answered before is answered from memory, without a
thread and without the framework; the rest goes to the pages or to the interface for programs.
"""

from __future__ import annotations

import asyncio
import gzip
import os
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from narrows.app.openbb import ORIGINS
from narrows.app.programs import OPENBB
from narrows.errors import NarrowsError, UsageError
from narrows.report.pages.answers import Answer, answer, refusal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, MutableMapping

    from narrows.report.pages.study import Study

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    App = Callable[[Message, Receive, Send], Awaitable[None]]

__all__ = ["LARGEST_BODY", "LOCAL", "Door"]

LARGEST_BODY = 65_536
"""Bytes of a scenario that are read."""
LONGEST_PATH = 1024
MOST_KEPT = 1024
MOST_BYTES = 24_000_000
"""Answers kept in memory, by count and by size [byte]."""
GZIP_LEVEL = 4
GZIP_FROM = 1024
"""Bytes from which an answer is sent compressed."""
PACKED = ("image/png", "application/pdf", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
"""Types whose bytes are compressed already."""
LOCAL = ("localhost", "127.0.0.1", "[::1]")
"""Names under which this machine calls itself."""
API = "/api/v1"
SCENARIO = f"{API}/scenario"
ALLOW = (b"access-control-allow-origin", b"access-control-allow-methods", b"access-control-allow-headers")
"""Heads that let a page of another address read an answer."""
PRIVATE = b"access-control-request-private-network"
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
FRAMED_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors *"
)
PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
PAPER_POLICY = "default-src 'none'; object-src 'self'; frame-ancestors 'none'"
ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cache-control", b"no-cache"),
)
BAD, FORBIDDEN, NO_METHOD, TOO_LARGE, TOO_LONG, FAILED = 400, 403, 405, 413, 414, 500
NO_CONTENT, UNCHANGED = 204, 304


@dataclass(frozen=True, slots=True)
class Sent:
    """An answer as it is sent: plain and compressed, with its tag."""

    status: int
    head: tuple[tuple[bytes, bytes], ...]
    head_gzip: tuple[tuple[bytes, bytes], ...]
    body: bytes
    body_gzip: bytes
    tag: bytes


def ready(found: Answer) -> Sent:
    """Return an answer as it is sent."""
    tag = b'"' + blake2b(found.body, digest_size=8).hexdigest().encode() + b'"'
    if found.type == "image/svg+xml":
        policy = PICTURE_POLICY
    elif found.type == "application/pdf":
        policy = PAPER_POLICY
    else:
        policy = FRAMED_POLICY if found.framed else PAGE_POLICY
    common = (
        *ALWAYS,
        (b"content-type", found.type.encode()),
        (b"content-security-policy", policy.encode()),
        (b"etag", tag),
        (b"vary", b"accept-encoding, origin"),
    )
    plain = (*common, (b"content-length", str(len(found.body)).encode()))
    if len(found.body) < GZIP_FROM or found.type in PACKED:
        return Sent(found.status, plain, plain, found.body, found.body, tag)
    small = gzip.compress(found.body, GZIP_LEVEL, mtime=0)
    packed = (*common, (b"content-encoding", b"gzip"), (b"content-length", str(len(small)).encode()))
    return Sent(found.status, plain, packed, found.body, small, tag)


class Door:
    """The ASGI application.

    Parameters
    ----------
    study
        What is shown.
    programs
        The interface for programs, an ASGI application.
    read
        Answers a reading of the interface for programs: from path and query, None where it is not one.
    hosts
        Names under which the server may be asked, without ports.
    made
        Called after an answer that was not kept.

    Notes
    -----
    A page of another site can ask a server on this machine under its own name (rebinding of names); a
    server that answers only to names it knows refuses that.
    """

    def __init__(
        self,
        study: Study,
        programs: App,
        read: Callable[[str, str], Answer | None],
        hosts: Iterable[str] = LOCAL,
        made: Callable[[], None] | None = None,
    ) -> None:
        self._made = made
        self.study, self.programs, self.read = study, programs, read
        self.hosts = frozenset(host.lower() for host in hosts)
        self._kept: OrderedDict[tuple[str, bytes], Sent] = OrderedDict()
        self._bytes = 0
        self._pool = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="narrows")

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one question."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.programs(scope, receive, send)
            return
        headers = scope["headers"]
        host = next((value for name, value in headers if name == b"host"), b"")
        if _name(host) not in self.hosts:
            await _send(send, ready(_refused(FORBIDDEN, *_HOST)), headers)
            return
        method, path, query = scope["method"], scope["path"], scope["query_string"]
        if method in {"GET", "HEAD"}:
            kept = self._kept.get((path, query))
            if kept is None:
                kept = await self._ask(path, query)
            await _send(send, kept, headers, bodiless=method == "HEAD", more=_shared(path, headers))
        elif method == "OPTIONS" and (shared := _shared(path, headers, before=True)):
            await send({"type": "http.response.start", "status": NO_CONTENT, "headers": [*shared, *ALWAYS]})
            await send({"type": "http.response.body", "body": b""})
        elif method == "POST" and path == SCENARIO:
            await self._post(scope, receive, send)
        else:
            await _send(send, ready(_refused(NO_METHOD, *_METHOD)), headers)

    async def _ask(self, path: str, query: bytes) -> Sent:
        if len(path) > LONGEST_PATH:
            return ready(_refused(TOO_LONG, *_PATH))
        loop = asyncio.get_running_loop()
        sent = await loop.run_in_executor(self._pool, self._answer, path, query.decode("latin-1"))
        if sent.status == 200:  # noqa: PLR2004 - what is wrong is not kept
            self._keep((path, query), sent)
        return sent

    def _answer(self, path: str, query: str) -> Sent:
        try:
            found = self.read(path, query) if _for_programs(path) else None
            return ready(found or answer(self.study, path, query))
        except NarrowsError as problem:
            return ready(refusal(problem, FAILED))
        finally:
            if self._made:
                self._made()

    def _keep(self, key: tuple[str, bytes], sent: Sent) -> None:
        if key in self._kept:
            return
        self._kept[key] = sent
        self._bytes += len(sent.body) + len(sent.body_gzip)
        while len(self._kept) > MOST_KEPT or self._bytes > MOST_BYTES:
            _, old = self._kept.popitem(last=False)
            self._bytes -= len(old.body) + len(old.body_gzip)

    async def _post(self, scope: Message, receive: Receive, send: Send) -> None:
        body = b""
        more = True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > LARGEST_BODY:
                await _send(send, ready(_refused(TOO_LARGE, *_BODY)), scope["headers"])
                return
        given = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            return given.pop() if given else await receive()

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                policy = (b"content-security-policy", PAGE_POLICY.encode())
                message["headers"] = [*message.get("headers", ()), *ALWAYS, policy]
            await send(message)

        await self.programs(scope, replay, guarded)
        if self._made:
            self._made()

    def close(self) -> None:
        """Let go of the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)


_HOST = (
    "The server is asked under a name that it does not know",
    "It answers to localhost and to the names given with --name",
    "Start it with --name NAME, or ask http://localhost",
)
_METHOD = (
    "The method is not answered here",
    f"Pages are read with GET; a scenario is posted to {SCENARIO}",
    "Use GET",
)
_PATH = ("The address is too long", f"An address has at most {LONGEST_PATH} letters", "Search for the number")
_BODY = (
    "The scenario is too large",
    f"A scenario has at most {LARGEST_BODY} bytes",
    "Scale a series instead of each fact",
)


def _for_programs(path: str) -> bool:
    return path == API or path.startswith(f"{API}/") or path in OPENBB


def _shared(
    path: str, headers: Iterable[tuple[bytes, bytes]], *, before: bool = False
) -> tuple[tuple[bytes, bytes], ...]:
    """Return the heads that let a page of OpenBB Workspace read an answer; none for any other page.

    Notes
    -----
    What is shared is read without a name or a key, and holds nothing of the reader's own.
    """
    if not _for_programs(path):
        return ()
    given = dict(headers)
    origin = given.get(b"origin", b"")
    if origin.decode("latin-1") not in ORIGINS:
        return ()
    allowed = tuple(zip(ALLOW, (origin, b"GET, HEAD", b"*"), strict=True))
    if not before:
        return allowed[:1]
    near = ((b"access-control-allow-private-network", b"true"),) if PRIVATE in given else ()
    return (*allowed, *near, (b"vary", b"origin"))


def _refused(status: int, given: str, acceptable: str, remedy: str) -> Answer:
    return refusal(UsageError(given, acceptable, remedy), status)


def _name(host: bytes) -> str:
    """Return the name in a Host header, without its port."""
    text = host.decode("latin-1").lower()
    if text.startswith("["):
        return text.partition("]")[0] + "]"
    return text.partition(":")[0]


async def _send(
    send: Send,
    sent: Sent,
    headers: Iterable[tuple[bytes, bytes]],
    *,
    bodiless: bool = False,
    more: tuple[tuple[bytes, bytes], ...] = (),
) -> None:
    """Send an answer: compressed where that is accepted, and only its head where nothing changed."""
    packed = unchanged = False
    for name, value in headers:
        if name == b"accept-encoding":
            packed = b"gzip" in value
        elif name == b"if-none-match":
            unchanged = sent.tag in value
    if unchanged and sent.status == 200:  # noqa: PLR2004
        head = [*(pair for pair in sent.head if pair[0] != b"content-length"), *more]
        await send({"type": "http.response.start", "status": UNCHANGED, "headers": head})
        await send({"type": "http.response.body", "body": b""})
        return
    head_, body = (sent.head_gzip, sent.body_gzip) if packed else (sent.head, sent.body)
    await send(
        {"type": "http.response.start", "status": sent.status, "headers": (*head_, *more) if more else head_}
    )
    await send({"type": "http.response.body", "body": b"" if bodiless else body})
