"""The ledger of the study's claims as a server asks it: made once for one program and one set of facts."""

from __future__ import annotations

import json
from dataclasses import fields
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import narrows
from narrows.catalog import cache
from narrows.claims.study import Entry, Ledger, ledger, study_claims

if TYPE_CHECKING:
    from collections.abc import Iterable

    from narrows.catalog import Catalog

__all__ = ["kept_ledger"]

_HOME = Path(narrows.__file__).parent
_NAME = "claims.json"


def kept_ledger(*, draws: int, seed: int, catalog: Catalog, claims: Iterable[str] | None = None) -> Ledger:
    """Return what `narrows.claims.study.ledger` does, from the cache where that was made before.

    Parameters
    ----------
    draws, seed, catalog
        As for the ledger.
    claims
        Ids; all of the study if left out.

    Notes
    -----
    Kept is the last ledger that was asked. It is made again where a file of the program, a fact, the number
    of draws, their seed or the claims differ, and where the file cannot be read.
    """
    by_id = {claim.id: claim for claim in study_claims()}
    wanted = [*by_id] if claims is None else [*claims]
    key = _key(draws, seed, catalog, wanted)
    body = cache.kept(_NAME, key)
    try:
        rows = [] if body is None else json.loads(body)
        found = [Entry(by_id[row.pop("claim")], limits=tuple(row.pop("limits")), **row) for row in rows]
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        found = []
    if [entry.claim.id for entry in found] == wanted:
        return Ledger(tuple(found), draws, seed, str(catalog.vintage))
    made = ledger(wanted, draws=draws, seed=seed, catalog=catalog)
    cache.keep(_NAME, key, json.dumps([_row(entry) for entry in made.entries]).encode())
    return made


def _row(entry: Entry) -> dict[str, Any]:
    return {one.name: getattr(entry, one.name) for one in fields(entry)} | {"claim": entry.claim.id}


def _key(draws: int, seed: int, catalog: Catalog, claims: list[str]) -> str:
    """Return a digest of all that the ledger is made from; files of the program by name, size and time."""
    digest = blake2b(digest_size=16)
    digest.update(json.dumps([narrows.__version__, draws, seed, catalog.hash, claims]).encode())
    for file in sorted(_HOME.rglob("*")):
        if file.is_file() and file.parent.name != "__pycache__":
            found = file.stat()
            digest.update(f"{file.relative_to(_HOME)} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()
