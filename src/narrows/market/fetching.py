"""Fetching from the few hosts that providers name: no private address, never too fast or too much.

One request at a time; a redirect is followed only to an allowed host, and every address is looked at again.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from narrows.errors import NarrowsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["FetchError", "Fetcher"]

LEAST_GAP_S = 0.5
"""Seconds between two requests: two a second."""
TIMEOUT_S = 20.0
MOST_BYTES = 64 << 20
"""Bytes of an answer, as sent and as unpacked."""
MOST_REDIRECTS = 3
TRIES = 3
CHUNK = 1 << 16
MOVED = frozenset({301, 302, 303, 307, 308})
BUSY = frozenset({429, 500, 502, 503, 504})
FOUND = 200


class FetchError(NarrowsError):
    """What a provider was asked for did not come; the store is as it was."""

    exit_code = 5


@dataclass
class Fetcher:
    """A polite reader of web addresses.

    Parameters
    ----------
    hosts
        Names of hosts that may be asked.
    agent
        What it calls itself.
    gap_s
        Seconds between two requests.
    most_bytes
        Of an answer, as sent and as unpacked.
    plain
        Hosts that may be asked without encryption and at a private address: for tests on this machine.

    Examples
    --------
    >>> try:
    ...     Fetcher(frozenset({"example.org"})).get("https://example.com/a")
    ... except FetchError as error:
    ...     print(error.given)
    The address https://example.com/a is not asked: its host is not allowed
    """

    hosts: frozenset[str]
    agent: str = "narrows"
    gap_s: float = LEAST_GAP_S
    most_bytes: int = MOST_BYTES
    plain: frozenset[str] = frozenset()
    _last: float = field(default=-LEAST_GAP_S, repr=False)
    _wait: Callable[[float], None] = field(default=time.sleep, repr=False)

    def get(self, address: str, headers: Mapping[str, str] | None = None) -> bytes:
        """Return the bytes of an address.

        Raises
        ------
        FetchError
            If the host is not allowed or has a private address, the answer is too large, or none comes.
        """
        asked = address
        for _ in range(MOST_REDIRECTS + 1):
            status, where, body = self._patient(asked, dict(headers or {}))
            if status == FOUND:
                return body
            if status not in MOVED or not where:
                raise self._refused(asked, f"the host answers {status}")
            asked = urljoin(asked, where)
        raise self._refused(address, f"it is moved more than {MOST_REDIRECTS} times")

    def _refused(self, address: str, why: str) -> FetchError:
        return FetchError(
            f"The address {address[:200]} is not asked: {why}"
            if "allowed" in why
            else f"{address[:200]}: {why}",
            f"Hosts that may be asked: {', '.join(sorted(self.hosts))}",
            "Use a provider that names the host"
            if "allowed" in why
            else "Try again later; the store is as it was",
        )

    def _patient(self, address: str, headers: dict[str, str]) -> tuple[int, str, bytes]:
        """Ask until the host is not busy, a few times, each after a longer wait."""
        for attempt in range(TRIES):
            try:
                answer = self._once(address, headers)
            except (OSError, http.client.HTTPException) as error:
                if attempt == TRIES - 1:
                    raise self._refused(address, f"no answer came ({type(error).__name__})") from error
            else:
                if answer[0] not in BUSY or attempt == TRIES - 1:
                    return answer
            self._wait(self.gap_s * 2 ** (attempt + 1))
        raise AssertionError

    def _once(self, address: str, headers: dict[str, str]) -> tuple[int, str, bytes]:
        parts = urlsplit(address)
        host = parts.hostname or ""
        if host not in self.hosts or parts.username is not None:
            raise self._refused(address, "its host is not allowed")
        if parts.scheme != "https" and not (parts.scheme == "http" and host in self.plain):
            raise self._refused(address, "only https is allowed")
        place = self._public(address, host, parts.port or (443 if parts.scheme == "https" else 80))
        self._slowly()
        connection = http.client.HTTPConnection(host, parts.port, timeout=TIMEOUT_S)
        raw = socket.create_connection(place, TIMEOUT_S)  # the address looked at is the one asked
        try:
            if parts.scheme == "https":
                raw = ssl.create_default_context().wrap_socket(raw, server_hostname=host)
            connection.sock = raw
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request(
                "GET", path, headers={"User-Agent": self.agent, "Accept-Encoding": "gzip, deflate"} | headers
            )
            answer = connection.getresponse()
            body = self._body(address, answer) if answer.status == FOUND else b""
            return answer.status, answer.headers.get("Location", ""), body
        finally:
            raw.close()
            connection.close()

    def _public(self, address: str, host: str, port: int) -> tuple[str, int]:
        """Return the address of a host; refuse one that is not public."""
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        for *_, place in found:
            if host not in self.plain and not ipaddress.ip_address(str(place[0])).is_global:
                raise self._refused(address, "its host has a private address, which is not allowed")
        return str(found[0][4][0]), port

    def _slowly(self) -> None:
        left = self._last + self.gap_s - time.monotonic()
        if left > 0:
            self._wait(left)
        self._last = time.monotonic()

    def _body(self, address: str, answer: http.client.HTTPResponse) -> bytes:
        """Read an answer, unpacked, no further than the cap."""
        packed = answer.headers.get("Content-Encoding", "").lower() in {"gzip", "deflate"}
        unpack = zlib.decompressobj(zlib.MAX_WBITS | 32) if packed else None
        parts: list[bytes] = []
        sent = size = 0
        while chunk := answer.read(CHUNK):
            sent += len(chunk)
            try:
                text = unpack.decompress(chunk, self.most_bytes + 1 - size) if unpack else chunk
            except zlib.error as error:
                raise self._refused(address, "the answer cannot be unpacked") from error
            size += len(text)
            if max(sent, size) > self.most_bytes or (unpack is not None and unpack.unconsumed_tail):
                raise self._refused(address, f"the answer is larger than {self.most_bytes:,} bytes")
            parts.append(text)
        if answer.length not in {None, 0}:
            raise self._refused(address, "the answer is cut off")
        return b"".join(parts)
