"""The cache: a help to speed and never a reason to fail.

One file for each thing kept, with a first line that names what it was made from. The parsed catalogue has a
file for each directory; facts stand in columns, since a list of 2,000 numbers is read far faster than 2,000
tables.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict
from datetime import date
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from narrows.catalog.fact import Choice, Company, Contents, Design, Fact, LayerDeclaration, Role, Source

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["directory", "keep", "kept", "read", "write"]

_KNOWN_ON = Fact._fields.index("known_on")


def directory() -> Path:
    """Return the folder of the cache: ``NARROWS_CACHE_DIR``, or the user's own cache folder."""
    named = os.environ.get("NARROWS_CACHE_DIR")
    if named:
        return Path(named)
    from platformdirs import user_cache_path

    return user_cache_path("narrows", appauthor=False)


def kept(name: str, key: str) -> bytes | None:
    """Return what is kept under a name, None where it was made from something else, or cannot be read.

    Parameters
    ----------
    name
        Name of the file in the folder of the cache.
    key
        What it is made from.
    """
    try:
        head, _, body = (directory() / name).read_bytes().partition(b"\n")
        return body if head.decode() == f"{key} {_sum(body)}" else None
    except (OSError, ValueError, RuntimeError):
        return None


def keep(name: str, key: str, body: bytes) -> None:
    """Keep what can be made again: by temporary file, fsync and rename; a failure leaves the old file.

    Parameters
    ----------
    name
        Name of the file in the folder of the cache.
    key
        What it is made from.
    body
        What to keep.
    """
    with contextlib.suppress(OSError, RuntimeError):  # no home, no room, no right: then no cache
        _replace(directory() / name, f"{key} {_sum(body)}\n".encode() + body)


def _name(home: Path) -> str:
    return f"catalog-{blake2b(os.fsencode(home.absolute()), digest_size=8).hexdigest()}.json"


def _sum(body: bytes) -> str:
    return blake2b(body, digest_size=16).hexdigest()


def read(home: Path, key: str) -> Contents | None:
    """Return what is stored of a catalogue directory under a key, None where nothing usable is.

    Parameters
    ----------
    home
        The catalogue directory.
    key
        What the contents were made from.
    """
    body = kept(_name(home), key)
    try:
        return None if body is None else _unpack(json.loads(body))
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return None


def write(home: Path, key: str, contents: Contents) -> None:
    """Store contents under a key, as `keep` does.

    Parameters
    ----------
    home
        The catalogue directory.
    key
        What the contents were made from.
    contents
        What to store.
    """
    text = json.dumps(_pack(contents), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    keep(_name(home), key, text.encode())


def _replace(path: Path, content: bytes) -> None:
    from narrows.whole import write_file

    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, content)


def _pack(contents: Contents) -> dict[str, Any]:
    columns: list[Iterable[Any]] = [list(column) for column in zip(*contents.facts, strict=True)]
    if columns:
        columns[_KNOWN_ON] = [day.isoformat() for day in columns[_KNOWN_ON]]
    return {
        "facts": columns,
        "layers": [asdict(layer) for layer in contents.layers],
        "designs": [asdict(design) for design in contents.designs],
        "sources": [asdict(source) for source in contents.sources.values()],
        "choices": [asdict(choice) for choice in contents.choices.values()],
        "companies": [asdict(company) for company in contents.companies],
        "roles": [asdict(role) for role in contents.roles],
    }


def _unpack(stored: dict[str, Any]) -> Contents:
    columns = stored["facts"]
    if columns:
        columns[_KNOWN_ON] = map(date.fromisoformat, columns[_KNOWN_ON])
    facts = tuple(map(Fact._make, zip(*columns, strict=True)))
    for layer in stored["layers"]:
        layer |= {name: tuple(layer[name]) for name in ("multiply", "need")}
    for role in stored["roles"]:
        role["layers"] = tuple(role["layers"])
    return Contents(
        facts,
        tuple(LayerDeclaration(**layer) for layer in stored["layers"]),
        tuple(Design(**design) for design in stored["designs"]),
        {source["key"]: Source(**source) for source in stored["sources"]},
        {choice["id"]: Choice(**choice) for choice in stored["choices"]},
        tuple(Company(**company) for company in stored["companies"]),
        tuple(Role(**role) for role in stored["roles"]),
    )
