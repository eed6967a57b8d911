"""Run the server."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

from narrows.apart import stop
from narrows.app.door import LOCAL, Door
from narrows.app.memory import Keeper, settle
from narrows.app.programs import Programs
from narrows.errors import RunError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from fastapi import FastAPI

    from narrows.report.pages.study import Study

__all__ = ["application", "serve"]

HIGHEST_PORT = 65_535
BACKLOG = 512
"""Connections that may wait to be taken."""
DRAIN_S = 2
"""Time that requests have to end after the signal to stop [s]."""
MOST_AT_ONCE = 1_000
"""Connections beyond which the server answers that it is busy."""


def application(study: Study, names: Iterable[str] = (), made: Callable[[], None] | None = None) -> Door:
    """Return the ASGI application.

    Parameters
    ----------
    study
        What is shown.
    names
        Names under which it may be asked, besides those of this machine.
    made
        Called after an answer that was not kept.

    Examples
    --------
    >>> from narrows.report.pages import Study
    >>> door = application(Study(draws=64), ["narrows.example"])
    >>> "narrows.example" in door.hosts
    True
    """
    programs = Programs(study, _posted)
    return Door(study, programs.ask, programs.read, (*LOCAL, *names), made)


def _posted(programs: Programs) -> FastAPI:
    """Return what takes scenarios; FastAPI is loaded with it."""
    from narrows.app.posted import posted

    return posted(programs)


def serve(
    study: Study,
    host: str = "127.0.0.1",
    port: int = 8000,
    names: Iterable[str] = (),
    say: Callable[[str], None] | None = None,
) -> None:
    """Serve the study until a signal ends it.

    Parameters
    ----------
    study
        What is shown.
    host, port
        Where to listen; port 0 takes a free one.
    names
        Names under which the server may be asked, besides those of this machine.
    say
        Called with one line once the server listens.

    Raises
    ------
    RunError
        If the port is taken, or the host is none of this machine.
    UsageError
        If the port is out of range.
    """
    import uvicorn

    if not 0 <= port <= HIGHEST_PORT:
        raise UsageError(f"The port is {port}", f"A port is 0 to {HIGHEST_PORT}", "Give --port 8000")
    try:
        listening = _listening(host, port)
    except OSError as problem:
        raise RunError(
            f"The server cannot listen on {host} port {port}: {problem.strerror or problem}",
            "A port is free, and the host is an address of this machine",
            "Choose another with --port, or 0 for any that is free",
        ) from problem
    own = f"[{host}]" if ":" in host else host
    keeper = Keeper(study.forget)
    door = application(study, (own, *names), keeper.answered)
    if say:
        say(f"http://{own}:{listening.getsockname()[1]}/ (Ctrl-C stops)")
    settle()
    keeper.start()
    threading.Thread(target=_warm, args=(study, keeper), daemon=True).start()
    config = uvicorn.Config(
        door,
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="off",
        limit_concurrency=MOST_AT_ONCE,
        timeout_graceful_shutdown=DRAIN_S,
    )
    try:
        uvicorn.Server(config).run(sockets=[listening])
    finally:
        keeper.close()
        stop()
        door.close()


def _listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens; its protocol is named, so that asyncio sends small answers at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(BACKLOG)
    except BaseException:
        listening.close()
        raise
    return listening


def _warm(study: Study, keeper: Keeper) -> None:
    """Solve the map before the first reader asks; what it was solved with goes."""
    _ = study.base, study.reads
    keeper.forget()
