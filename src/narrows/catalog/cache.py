"""The cache of the parsed catalogue: a help to speed and never a reason to fail.

One JSON file per catalogue directory, with a first line that names what it was made from. Facts stand
in columns, since a list of 2,000 numbers is read far faster than 2,000 tables.
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

__all__ = ["directory", "read", "write"]

_KNOWN_ON = Fact._fields.index("known_on")


def directory() -> Path:
    """Return the folder of the cache: ``NARROWS_CACHE_DIR``, or the user's own cache folder."""
    named = os.environ.get("NARROWS_CACHE_DIR")
    if named:
        return Path(named)
    from platformdirs import user_cache_path

    return user_cache_path("narrows", appauthor=False)


def _path(home: Path) -> Path:
    return directory() / f"catalog-{blake2b(os.fsencode(home.absolute()), digest_size=8).hexdigest()}.json"


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
    try:
        head, _, body = _path(home).read_bytes().partition(b"\n")
        if head.decode() != f"{key} {_sum(body)}":
            return None
        return _unpack(json.loads(body))
    except (OSError, ValueError, TypeError, LookupError, AttributeError, RuntimeError):
        return None


def write(home: Path, key: str, contents: Contents) -> None:
    """Store contents under a key: by temporary file, fsync and rename; a failure leaves the old file.

    Parameters
    ----------
    home
        The catalogue directory.
    key
        What the contents were made from.
    contents
        What to store.
    """
    body = json.dumps(_pack(contents), ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    with contextlib.suppress(OSError, RuntimeError):  # no home, no room, no right: then no cache
        _replace(_path(home), f"{key} {_sum(body)}\n".encode() + body)


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
