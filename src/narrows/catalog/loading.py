"""From a folder of TOML files to a catalogue, checked once and cached."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from narrows import __version__
from narrows.catalog import cache
from narrows.catalog.catalog import Catalog
from narrows.catalog.documents import read_bytes
from narrows.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from narrows.catalog.fact import Fact

__all__ = ["default", "facts", "lint", "load"]

_HOME = Path(__file__).parent
_DIGEST_BYTES = 16
_LISTS = ("companies.toml", "designs.toml", "layers.toml", "roles.toml")


def load(directory: str | Path | None = None, *, today: date | None = None) -> Catalog:
    """Return the catalogue of a directory, after checking everything in it.

    Parameters
    ----------
    directory
        Folder with ``sources*.toml``, ``designs.toml``, ``layers.toml``, ``facts/`` and, where makers
        are named, ``companies.toml`` and ``roles.toml``; the facts that come with narrows where it is
        left out.
    today
        Nothing can have been said after this day; the day of the run where it is left out.

    Returns
    -------
    Catalog
        All facts, whenever they were said.

    Raises
    ------
    DataError
        The first problem of the lint, and the count of the others.

    Examples
    --------
    >>> load("no-such-folder")
    Traceback (most recent call last):
    ...
    narrows.errors.DataError: no-such-folder/facts holds no facts. A catalogue has TOML files in a folder \
named facts. Check the path.
    """
    home = _HOME if directory is None else Path(directory)
    contents = _contents(home)
    mark = _digest(contents)
    key = f"{mark}-{_code_mark()}" if today is None else ""
    stored = cache.read(home, key) if key else None
    if stored is None:
        from narrows.catalog.checks import check

        stored, problems = check(contents, today or _today())
        if problems:
            raise _first_of(problems)
        if key:
            cache.write(home, key, stored)
    return Catalog.of(stored, mark[:16])


def lint(directory: str | Path | None = None, *, today: date | None = None) -> list[DataError]:
    """Return every problem of a catalogue directory, each a sentence with file, record and remedy.

    Parameters
    ----------
    directory, today
        As for `load`.
    """
    from narrows.catalog.checks import check

    try:
        contents = _contents(_HOME if directory is None else Path(directory))
    except DataError as problem:
        return [problem]
    return check(contents, today or _today())[1]


@lru_cache(maxsize=1)
def default() -> Catalog:
    """Return the catalogue that comes with narrows, loaded once."""
    return load()


def facts(query: str | None = None, as_of: str | date | None = None) -> list[Fact]:
    """Return the facts that come with narrows, every statement of each.

    Parameters
    ----------
    query
        Words to look for in id, of, source, locator and note; best first. All facts where left out.
    as_of
        Only what was known on that day.

    Raises
    ------
    UsageError
        The day cannot be read.
    """
    catalog = default()
    return (catalog if as_of is None else catalog.as_known_on(as_of)).search(query or "")


def _today() -> date:
    return datetime.now(tz=UTC).date()


def _first_of(problems: list[DataError]) -> DataError:
    first = problems[0]
    others = f" ({len(problems) - 1} more; see them all with tools/lint_facts.py)" if problems[1:] else ""
    return DataError(first.given, first.acceptable, first.remedy.rstrip(".") + others)


def _names(home: Path) -> list[str]:
    """Return the names of the files of a catalogue relative to it, sorted."""
    tops = [
        path.name for path in home.glob("*.toml") if path.name in _LISTS or path.name.startswith("sources")
    ]
    return sorted(tops + [path.relative_to(home).as_posix() for path in (home / "facts").rglob("*.toml")])


def _contents(home: Path) -> dict[str, bytes]:
    names = _names(home)
    if not any(name.startswith("facts/") for name in names):
        raise DataError(
            f"{(home / 'facts').as_posix()} holds no facts",
            "A catalogue has TOML files in a folder named facts",
            "Check the path",
        )
    return {name: read_bytes(home / name, name) for name in names}


def _digest(contents: Mapping[str, bytes]) -> str:
    """Return the digest of names and contents; the kind of line ending does not count."""
    digest = blake2b(digest_size=_DIGEST_BYTES)
    for name, content in contents.items():
        plain = content.replace(b"\r\n", b"\n")
        digest.update(f"{name}\0{len(plain)}\0".encode())
        digest.update(plain)
    return digest.hexdigest()


def _code_mark() -> str:
    """Return what changes when the code that reads facts does: the version, and its files' size and time."""
    files = [
        *sorted(_HOME.glob("*.py")),
        *(_HOME.parent / f"{room}.py" for room in ("draws", "quarters", "units")),
    ]
    states = [file.stat() for file in files]
    text = f"{__version__} {[(state.st_size, state.st_mtime_ns) for state in states]}"
    return blake2b(text.encode(), digest_size=8).hexdigest()
