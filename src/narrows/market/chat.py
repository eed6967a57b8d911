"""One question to a language model at an address that the user names: capped in time and size."""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import json
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from narrows.errors import NarrowsError, UsageError

__all__ = ["Endpoint", "EndpointError"]

TIMEOUT_S = 120.0
"""Seconds for the whole of an answer."""
MOST_BYTES = 1 << 20
"""Bytes of an answer."""
FOUND = 200
TOLD = {
    401: "the host answers 401: it does not accept the key",
    403: "the host answers 403: it does not accept the key",
    404: "the host answers 404: it does not know the address or the model",
    429: "the host answers 429: too many questions",
}
MOVED = range(300, 400)
LONGEST_TOLD = 200


class EndpointError(NarrowsError):
    """A language model did not answer, or not in a form that is known."""

    exit_code = 5


@dataclass
class Endpoint:
    """An address that takes ``/chat/completions`` as OpenAI defined it.

    Parameters
    ----------
    address
        Up to and without ``/chat/completions``: https, or http on this machine.
    model
        Name of the model there.
    key
        Sent as a bearer token; empty for none. It is in no message and in no form of this object as text.
    timeout_s
        For the whole of an answer.
    most_bytes
        Of an answer.

    Examples
    --------
    >>> try:
    ...     Endpoint("http://example.org/v1", "small").ask([])
    ... except UsageError as error:
    ...     print(error.given)
    The endpoint 'http://example.org/v1' is asked without encryption
    """

    address: str
    model: str
    key: str = field(default="", repr=False)
    timeout_s: float = TIMEOUT_S
    most_bytes: int = MOST_BYTES

    def ask(self, messages: list[dict[str, str]]) -> str:
        """Return the text that a model answers.

        Parameters
        ----------
        messages
            Pairs of ``role`` and ``content``.

        Raises
        ------
        UsageError
            If the address or the key cannot be used.
        EndpointError
            If no answer comes, it is too large, too late or of no known form, or the host refuses it.
        """
        host, port, path, secure = self._parts()
        body = json.dumps(
            {"model": self.model, "messages": messages, "temperature": 0, "stream": False}
        ).encode()
        try:
            status, answer = self._once(host, port, path, body, secure=secure)
        except (OSError, http.client.HTTPException) as error:
            raise self._failed(f"no answer came ({type(error).__name__})") from None
        if status != FOUND:
            told = "it is moved, and a redirect is not followed" if status in MOVED else TOLD.get(status)
            raise self._failed(told or f"the host answers {status}")
        try:
            text = json.loads(answer)["choices"][0]["message"]["content"]
        except (ValueError, LookupError, TypeError, RecursionError):
            raise self._failed("the answer is not JSON with choices and a message") from None
        if not isinstance(text, str) or not text.strip():
            raise self._failed("the answer holds no text")
        if self.key and self.key in text:
            raise self._failed("the answer repeats the key")
        return text

    def _shown(self) -> str:
        """Return the address for a message: without the key, its user and its question."""
        address = self.address.replace(self.key, "[key]") if self.key else self.address
        scheme, mark, rest = address.partition("://")
        rest = rest.partition("?")[0].partition("#")[0].rpartition("@")[2]
        return f"{scheme}{mark}{rest}"[:LONGEST_TOLD]

    def _failed(self, why: str) -> EndpointError:
        return EndpointError(
            f"The endpoint {self._shown()!r} gave no draft: {why}",
            f"An answer is JSON of `/chat/completions`, within {self.timeout_s:g} s and {self.most_bytes:,} "
            "bytes",
            "Look at --endpoint, --model and --key-env, or write the week with `narrows market recap`",
        )

    def _unusable(self, why: str) -> UsageError:
        return UsageError(
            f"The endpoint {self._shown()!r} {why}",
            "An endpoint is an https address of a public host, or an address of this machine, without user, "
            "question or fragment",
            "Write, for instance, --endpoint http://localhost:8080/v1",
        )

    def _parts(self) -> tuple[str, int, str, bool]:
        """Return host, port and path, and whether to encrypt."""
        try:
            parts = urlsplit(self.address)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            raise self._unusable("cannot be read") from None
        if parts.scheme not in {"http", "https"} or not host or not self.address.isascii():
            raise self._unusable("is no address of the web")
        if any(not letter.isprintable() or letter == " " for letter in self.address):
            raise self._unusable("cannot be read")
        if parts.username is not None or parts.query or parts.fragment:
            raise self._unusable("holds a user, a question or a fragment")
        secure = parts.scheme == "https"
        if not secure and not _is_here(host):
            raise self._unusable("is asked without encryption")
        if not all("!" <= letter <= "~" for letter in self.key):
            raise UsageError(
                "The key cannot be sent in a header",
                "A key has printable letters of ASCII without blanks",
                "Set the variable that --key-env names again",
            )
        path = parts.path.rstrip("/").removesuffix("/chat/completions")
        return host, port or (443 if secure else 80), f"{path}/chat/completions", secure

    def _once(self, host: str, port: int, path: str, body: bytes, *, secure: bool) -> tuple[int, bytes]:
        until = time.monotonic() + self.timeout_s
        place = self._place(host, port, secure=secure)
        connection = http.client.HTTPConnection(host, port)
        raw = socket.create_connection(place, self.timeout_s)  # the address looked at is the one asked
        late = threading.Timer(self.timeout_s, _shut, [raw])
        late.daemon = True
        late.start()
        try:
            if secure:
                raw = ssl.create_default_context().wrap_socket(raw, server_hostname=host)
            connection.sock = raw
            headers = {
                "User-Agent": "narrows",
                "Content-Type": "application/json",
                "Accept-Encoding": "identity",
            }
            if self.key:
                headers["Authorization"] = f"Bearer {self.key}"
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            if answer.status != FOUND:
                return answer.status, b""
            return answer.status, self._body(answer)
        except (OSError, http.client.HTTPException):
            if time.monotonic() >= until:
                raise self._failed("the answer is late") from None
            raise
        finally:
            late.cancel()
            raw.close()
            connection.close()

    def _body(self, answer: http.client.HTTPResponse) -> bytes:
        body = answer.read(self.most_bytes + 1)
        if len(body) > self.most_bytes:
            raise self._failed("the answer is too large")
        if answer.length not in {None, 0}:
            raise http.client.IncompleteRead(body, answer.length)
        return body

    def _place(self, host: str, port: int, *, secure: bool) -> tuple[str, int]:
        """Return the address of a host: a public one, or of this machine; without encryption this machine."""
        found: list[Any] = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        for *_, place in found:
            address = ipaddress.ip_address(str(place[0]))
            if not (address.is_loopback or (secure and address.is_global)):
                raise self._unusable("has a private address")
        return str(found[0][4][0]), port


def _shut(raw: socket.socket) -> None:
    """Wake whoever waits for a socket: it reads no more."""
    with contextlib.suppress(OSError):
        raw.shutdown(socket.SHUT_RDWR)


def _is_here(host: str) -> bool:
    """Say whether a name is that of this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
