"""Checks of places and counts among the sectors."""

from __future__ import annotations  # noqa: I001

from narrows.claims.agreement import CENT, agrees
from narrows.claims.desk import (
    FUNDS,
    Desk,
    cannot_tell,
    judged,
)
from narrows.claims.entities import entities
from narrows.claims.telling import signed
from narrows.claims.verdict import Verdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from narrows.claims.claim import (
        Claim,
        Count,
        Only,
        Rank,
    )

__all__ = ["check_count", "check_only", "check_rank"]


def _group(claim: Claim, desk: Desk, group: str) -> tuple[dict[str, float], str, Verdict | None]:
    """Return the changes of a group's members over a window, where they are from, or why not."""
    if group == "sectors":
        table = desk.table(claim.window)
        if len(table) < len(FUNDS):
            return {}, "", cannot_tell("universe: the members of the sectors are not in the data")
        return table, "against the text's own table", None
    changes: dict[str, float] = {}
    missing = []
    for symbol in FUNDS:
        history = desk.library.history(symbol)
        found = None if history is None else history.change(claim.window)
        if found is None:
            missing.append(symbol)
        else:
            changes[symbol] = found[0]
    if missing:
        return {}, "", cannot_tell(f"no closes of {', '.join(missing)} for that window")
    return changes, "", None


def _member(claim: Claim, group: str) -> str:
    known = entities().get(claim.entity)
    if known is None:
        return ""
    if group == "sector_funds" and known.kind == "sector":
        return known.fund
    return known.tracks if group == "sectors" and known.kind == "fund" else claim.entity


def check_rank(claim: Rank, desk: Desk) -> Verdict:
    """Return the verdict on a place in a group."""
    group = "sector_funds" if claim.entity in FUNDS else claim.group
    changes, which, verdict = _group(claim, desk, group)
    if verdict is not None or claim.stated is None:
        return verdict or cannot_tell("no number")
    symbol = _member(claim, group)
    if symbol not in changes:
        return cannot_tell(f"{claim.name or 'the name'} is not of the group")
    sign = 1 if claim.worst else -1
    own = changes[symbol]
    better = sum(change * sign < own * sign for change in changes.values())
    level = [one for one in changes if abs(changes[one] - own) < CENT / 2]
    places = range(better + 1, better + 1 + max(1, sum(changes[one] == own for one in changes)))
    said = int(claim.stated.value)
    near = [1 + sum(change * sign < changes[one] * sign for change in changes.values()) for one in level]
    right = said in places or said in near
    words = (
        f"{signed(own, '%')}: place {better + 1} of {len(changes)}{' from the worst' if claim.worst else ''}"
    )
    if claim.of and claim.of != len(changes):
        return Verdict(
            "FALSE", value=float(better + 1), words=f"{words}; there are {len(changes)}, not {claim.of}"
        )
    note = "shares its place at the printed precision" if len(level) > 1 else ""
    return judged(right=right, which=which if right else "", value=float(better + 1), words=words, note=note)


def check_count(claim: Count, desk: Desk) -> Verdict:
    """Return the verdict on a count of a group."""
    changes, which, verdict = _group(claim, desk, claim.group)
    if verdict is not None or claim.stated is None:
        return verdict or cannot_tell("no number")
    way = claim.direction or 1
    hits = [name for name, change in changes.items() if change * way > claim.beyond]
    beyond = f" more than {claim.beyond:g} %" if claim.beyond else ""
    words = f"{len(hits)} of {len(changes)} {'rose' if way > 0 else 'fell'}{beyond}"
    if claim.of and claim.of != len(changes) and not claim.beyond:
        return Verdict(
            "FALSE", value=float(len(hits)), words=f"{words}; there are {len(changes)}, not {claim.of}"
        )
    right = agrees(claim.stated, float(len(hits)))
    note = ""
    if which:
        funds, _, missing = _group(claim, desk, "sector_funds")
        if missing is None:
            note = f"of the sector funds, {sum(change * way > claim.beyond for change in funds.values())} did"
    return judged(right=right, which=which if right else "", value=float(len(hits)), words=words, note=note)


def check_only(claim: Only, desk: Desk) -> Verdict:
    """Return the verdict on the only one of a group."""
    group = "sector_funds" if claim.entity in FUNDS else claim.group
    changes, which, verdict = _group(claim, desk, group)
    if verdict is not None:
        return verdict
    symbol = _member(claim, group)
    way = claim.direction or 1
    hits = [name for name, change in changes.items() if change * way > 0]
    names = ", ".join(
        f"{name.removeprefix('sector.').replace('_', ' ')} {signed(changes[name], '%')}" for name in hits
    )
    words = f"{len(hits)} {'rose' if way > 0 else 'fell'}: {names or 'none'}"
    right = hits == [symbol]
    note = ""
    if which:
        funds, _, missing = _group(claim, desk, "sector_funds")
        if missing is None:
            same = [f"{name} {signed(change, '%')}" for name, change in funds.items() if change * way > 0]
            note = f"of the sector funds {len(same)} did: {', '.join(same) or 'none'}"
    return judged(right=right, which=which if right else "", value=float(len(hits)), words=words, note=note)
