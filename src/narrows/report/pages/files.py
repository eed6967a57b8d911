"""The study as files: every page that a link leads to, the same bytes for the same seed and vintage."""

from __future__ import annotations

import os
import re
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from narrows.errors import OutputError, RunError
from narrows.report.pages.answers import FILES, PICTURE, answer
from narrows.report.pages.registry import PAGES
from narrows.whole import new_folder

if TYPE_CHECKING:
    from collections.abc import Callable

    from narrows.report.pages.answers import Answer
    from narrows.report.pages.study import Study

__all__ = ["MARK", "build"]

MARK = ".narrows-study"
"""File that says that a folder was written by this command and may be replaced."""
OK = 200
_MARKED = re.compile(r"(?P<before>\]\()(?P<address>/[^)]*)(?P<after>\))")
"""A link in plain text, as Markdown writes it."""
_LINK = re.compile(r'(?P<before>(?:href|src|action)=")(?P<address>/[^"#]*)')


def build(study: Study, folder: str | Path, progress: Callable[[int, int], None] | None = None) -> int:
    """Write the study into a folder, whole or not at all.

    Parameters
    ----------
    study
        What is shown, made with ``static=True``.
    folder
        Where to; it must not exist, be empty, or be such a study, which is then replaced.
    progress
        Called with the pages written and the pages known so far.

    Returns
    -------
    int
        Count of files.

    Raises
    ------
    OutputError
        If the folder holds something else, or cannot be written.
    RunError
        If a page links to what is not there.

    Notes
    -----
    Links are followed from the pages of the registry, so that no link of the study is dead. They are
    written relative to each page: the folder works wherever it stands, also without a server.
    """
    target = Path(os.path.realpath(folder))
    _check(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with new_folder(target) as fresh:
            count = _write_all(study, fresh, progress)
            fresh.chmod(0o755)
    except OSError as problem:
        raise _unwritten(target, problem) from problem
    return count


def _check(target: Path) -> None:
    empty = not target.exists() or (target.is_dir() and not any(target.iterdir()))
    if not empty and not (target / MARK).is_file():
        raise OutputError(
            f"The folder {target.as_posix()!r} holds something else than a study",
            "A study is written into a new or empty folder, or over a study",
            "Name another folder",
        )


def _unwritten(target: Path, problem: OSError) -> OutputError:
    return OutputError(
        f"The study cannot be written to {target.as_posix()!r}: {problem.strerror or problem}",
        "It needs a folder that may be written, with room on the disk",
        "Name another folder",
    )


def _write_all(study: Study, fresh: Path, progress: Callable[[int, int], None] | None) -> int:
    queue = [page.path for page in PAGES if page.written and "{" not in page.path] + list(FILES)
    queue += ["/embed/map"]
    seen = set(queue)
    done = 0
    while done < len(queue):
        address = queue[done]
        path, _, query = address.partition("?")
        found = answer(study, unquote(path), query)
        if found.status != OK and path == "/map.png":  # no rasteriser here: the page names the others
            found = answer(study, "/map.svg", query)
        if found.status != OK:
            raise RunError(
                f"A page links to {address!r}, which answers {found.status}",
                "Links lead somewhere",
                "Report it",
            )
        for new in _links(found):
            if new not in seen:
                seen.add(new)
                queue.append(new)
        _write(fresh / place(address), _local(found, address))
        done += 1
        if progress:
            progress(done, len(queue))
    _write(fresh / MARK, f"narrows study: {study.vintage} {study.model} seed {study.seed}\n".encode())
    return done + 1


def place(address: str) -> str:
    """Return the file of an address; the query of a scenario is part of its name.

    Examples
    --------
    >>> place("/"), place("/n/map.tied.2027Q1"), place("/map.svg"), place("/n/a?cowos.capacity=2")
    ('index.html', 'n/map.tied.2027Q1/index.html', 'map.svg', 'n/a/cowos.capacity=2/index.html')
    """
    path, _, query = address.partition("?")
    name = unquote(path).strip("/")
    stem = f"{name}/{query.replace('&', '/')}" if query else name
    if path.startswith(PICTURE):
        return name
    if path in FILES or path == "/map.xlsx":
        return f"{query.replace('&', '/')}/{name}" if query else name
    return f"{stem}/index.html".lstrip("/")


def _links(found: Answer) -> list[str]:
    if found.type.startswith("text/plain"):
        return [match["address"] for match in _MARKED.finditer(found.body.decode())]
    if not found.type.startswith("text/html"):
        return []
    return [unescape(match["address"]) for match in _LINK.finditer(found.body.decode())]


def _local(found: Answer, address: str) -> bytes:
    """Return a page whose links are relative to its own file."""
    if found.type.startswith("text/plain"):
        text = found.body.decode()
        return _MARKED.sub(lambda to: f"{to['before']}{place(to['address'])}{to['after']}", text).encode()
    if not found.type.startswith("text/html"):
        return found.body
    here = Path(place(address)).parent

    def local(match: re.Match[str]) -> str:
        to = Path(os.path.relpath(place(unescape(match["address"])), here)).as_posix()
        return match["before"] + to.replace("%", "%25").replace("?", "%3F").replace("&", "&amp;")

    return _LINK.sub(local, found.body.decode()).encode()


def _write(file: Path, body: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(body)
