"""Checks of the members of an index: against a store, the closes of a fund, or the text's own numbers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from narrows.claims.agreement import CENT, agrees, near_miss
from narrows.claims.claim import MemberMove, Weight
from narrows.claims.desk import Desk, cannot_tell
from narrows.claims.entities import entity
from narrows.claims.telling import signed
from narrows.claims.verdict import Verdict
from narrows.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

    from narrows.claims.claim import (
        Breadth,
        Claim,
        Concentration,
        Contribution,
        Dispersion,
        Leveraged,
        MemberCount,
        Past,
        Rotation,
        Signal,
        Stated,
    )
    from narrows.claims.member_week import MemberWeek
    from narrows.market.signals import Past as PastOf
    from narrows.market.weights import SectorPart

__all__ = [
    "check_breadth",
    "check_concentration",
    "check_contribution",
    "check_dispersion",
    "check_leveraged",
    "check_member_count",
    "check_member_move",
    "check_past",
    "check_rotation",
    "check_signal",
    "check_weight",
]

NO_MEMBERS = "universe: the members are not in the data; a store holds them"
"""Why members cannot be checked on closes alone."""
TINY = 1e-9


def _week(claim: Claim, desk: Desk) -> MemberWeek | None:
    day = claim.window.end
    if desk.store is None or day is None or claim.window.kind not in {"week", "day"}:
        return None
    if day not in desk.weeks:
        from narrows.claims.member_week import member_week

        desk.weeks[day] = member_week(desk.store, day, desk.text)
    return desk.weeks[day]


def _same(stated: Stated, value: float) -> bool:
    """Return whether a number is as printed; a tie may be rounded either way."""
    return agrees(stated, value) or (not stated.hedge and abs(value - stated.value) <= stated.half + TINY)


def _on_members(  # noqa: PLR0911
    claim: Claim, desk: Desk, told: Callable[[MemberWeek], float | None], note: str = ""
) -> Verdict:
    """Return the verdict on a number of the members, from a store."""
    stated = claim.stated
    if stated is None:
        return cannot_tell("no number")
    week = _week(claim, desk)
    if week is None:
        if desk.store is not None:
            return cannot_tell(f"universe: the store cannot tell the members of {claim.window}", note=note)
        return cannot_tell(NO_MEMBERS, note=note)
    value = told(week)
    if value is None:
        return cannot_tell(f"universe: not told of the members to {week.recap.week.isoformat()}", note=note)
    words = f"{value:,.{max(stated.places, 0) + 1}f} {stated.unit}".strip()
    words = f"{words}, {week.inside.universe}, week to {week.recap.week.isoformat()}"
    named = week.named and _own(claim, week)
    if _same(stated, value):
        return Verdict("TRUE", value=value, words=words, note="" if named else f"of {week.inside.universe}")
    if not named:
        return cannot_tell("universe: the text names other members than the store's", words, value=value)
    return Verdict("ROUNDING" if near_miss(stated, value) else "FALSE", value=value, words=words)


def _own(claim: Claim, week: MemberWeek) -> bool:
    """Return whether a claim on the members of an index that it names is of the store's members."""
    known = entity(claim.entity)
    if known is None or known.kind != "index":
        return True
    told, held = (re.sub(r"[^a-z0-9]", "", text.lower()) for text in (known.name, week.inside.universe))
    return told in held


def _share(part: float | None) -> float | None:
    return None if part is None else 100 * part


# ---------------------------------------------------------------- breadth


def check_breadth(claim: Breadth, desk: Desk) -> Verdict:
    """Return the verdict on a share of members above or below their mean."""

    def told(week: MemberWeek) -> float | None:
        if claim.back:
            return _share(week.high)
        found = next((one.share for one in week.inside.shares if one.window == claim.days), None)
        return _share(found if found is None or claim.direction >= 0 else 1 - found)

    return _on_members(claim, desk, told, f"no panel of members: share above the {claim.days}-day mean")


_COUNTS = {
    "rose": "rose", "fell": "fell", "unchanged": "stayed",
    "high": "highs", "low": "lows", "weighted": "weighted",
}  # fmt: skip
LONG_YEAR = 252


def check_member_count(claim: MemberCount, desk: Desk) -> Verdict:
    """Return the verdict on a count of members."""

    def told(week: MemberWeek) -> float | None:
        inside = week.inside
        part = _sector(claim, week)
        if part is not None or claim.entity.startswith("sector."):
            return float(part.n) if part is not None and claim.near == "members" else None
        if claim.what == "counted":
            share = next((one for one in inside.shares if one.window == claim.days), None)
            counted = {
                "above": None if share is None else share.counted,
                "high": inside.extremes_of, "low": inside.extremes_of,
                "rose": inside.counted, "fell": inside.counted,
                "unchanged": inside.counted, "": inside.counted,
            }  # fmt: skip
            found = counted.get(claim.near)
        elif claim.what in {"high", "low"} and claim.days not in {0, LONG_YEAR}:
            found = None
        elif claim.what == "above":
            share = next((one for one in inside.shares if one.window == claim.days), None)
            found = None if share is None else round(share.share * share.counted)
        else:
            found = getattr(inside, _COUNTS[claim.what], None)
        if found is not None and claim.of and claim.of not in {inside.members, inside.counted}:
            return float("nan")
        return None if found is None else float(found)

    return _on_members(claim, desk, told)


# ---------------------------------------------------------------- weights and contributions


def _sector(claim: Claim, week: MemberWeek) -> SectorPart | None:
    """Return the part of the sector that a claim is of; None where it is of no sector."""
    known = entity(claim.entity)
    named = week.sector(known.name) if known is not None and known.kind == "sector" else None
    return named or week.sector(claim.name)


def _of_entity(claim: Claim, week: MemberWeek, at: int) -> float | None:
    """Return weight [%], change [%] or contribution [percentage points] of a member or sector."""
    part = _sector(claim, week)
    if part is not None:
        return (100 * part.weight, part.change, part.points)[at]
    found = week.member(claim.entity or claim.name)
    return None if found is None else (100 * found[0], found[1], found[2])[at]


def check_weight(claim: Weight, desk: Desk) -> Verdict:
    """Return the verdict on a share of the capitalisation."""

    def told(week: MemberWeek) -> float | None:
        if claim.top:
            if week.parts is None:
                return None
            return 100 * float(sum(sorted(week.parts.weights.tolist(), reverse=True)[: claim.top]))
        return _of_entity(claim, week, 0)

    return _on_members(claim, desk, told)


def check_member_move(claim: MemberMove, desk: Desk) -> Verdict:
    """Return the verdict on the change of a member or of all members."""
    stated = claim.stated

    def told(week: MemberWeek) -> float | None:
        if claim.weights:
            found = week.inside.capitalised if claim.weights == "capitalisation" else week.inside.equal
            return None if found is None else float(found)
        return _of_entity(claim, week, 1)

    if desk.store is None and stated is not None:
        history = desk.library.history(claim.entity) if claim.entity in desk.library.symbols else None
        found = None if history is None else history.change(claim.window)
        if history is not None and found is not None:
            words = f"{signed(found[0], '%')} by the closes, price only"
            if _same(stated, found[0]):
                return Verdict("TRUE", value=found[0], words=words, data=history.hash)
            return cannot_tell(f"{NO_MEMBERS}, with dividends where they are counted", words, value=found[0])
    return _on_members(claim, desk, told)


def check_contribution(claim: Contribution, desk: Desk) -> Verdict:
    """Return the verdict on a contribution: from a store, or weight times move of the same row."""
    stated = claim.stated
    if stated is not None and stated.unit not in {"pp", "%", "bp"}:
        return cannot_tell("no weights of members at the base date")
    product = _product(claim, desk)
    if stated is not None and product is not None and stated.unit == "pp":
        value, slack = product
        if abs(value - stated.value) > stated.half + slack + TINY:
            words = f"weight times move is {signed(value, 'pp')}"
            return Verdict("FALSE", "against the text's own table", value, words)
    scale = 100.0 if stated is not None and stated.unit == "bp" else 1.0

    def told(week: MemberWeek) -> float | None:
        if claim.part == "residual":
            found = week.inside.residual
        elif claim.part == "others":
            found = None if week.inside.rotation is None else week.inside.rotation.others
        else:
            found = _of_entity(claim, week, 2)
        if found is None:
            return None
        if (
            stated is not None and stated.unit == "%" and not _same(stated, float(found))
        ):  # a share of the change
            return 100 * float(found) / week.inside.capitalised if week.inside.capitalised else None
        return scale * float(found)

    note = "no weights of members at the base date"
    return _on_members(
        claim, desk, told, note if product is None else "weight times move of its row gives it"
    )


def _product(claim: Contribution, desk: Desk) -> tuple[float, float] | None:
    """Return weight times move of the same row of a table, and what their rounding leaves open."""
    row = [
        one for one in desk.claims if one.line == claim.line and one.text == claim.text and " | " in one.text
    ]
    weights = [
        one.stated for one in row if isinstance(one, Weight) and not one.top and one.stated is not None
    ]
    moves = [one.stated for one in row if isinstance(one, MemberMove) and one.stated is not None]
    if len(weights) != 1 or len(moves) != 1:
        return None
    weight, move = weights[0], moves[0]
    slack = abs(move.value) * weight.half + abs(weight.value) * move.half + weight.half * move.half
    return CENT * weight.value * move.value, CENT * slack


def check_concentration(claim: Concentration, desk: Desk) -> Verdict:
    """Return the verdict on a concentration."""

    def told(week: MemberWeek) -> float | None:
        found = getattr(week.inside, claim.measure)
        return None if found is None else float(100 * found if claim.measure == "leaders" else found)

    return _on_members(claim, desk, told)


def check_dispersion(claim: Dispersion, desk: Desk) -> Verdict:
    """Return the verdict on the spread of the members' changes."""

    def told(week: MemberWeek) -> float | None:
        found = week.inside.dispersion if claim.measure == "standard" else week.inside.deviation
        return None if found is None else float(found)

    return _on_members(claim, desk, told)


def check_rotation(claim: Rotation, desk: Desk) -> Verdict:
    """Return the verdict on a sector's rank, or on the correlation of ranks."""

    def told(week: MemberWeek) -> float | None:
        turn = week.inside.rotation
        if turn is None:
            return None
        if claim.measure == "correlation":
            return float(turn.likeness)
        known = entity(claim.entity)
        names = {claim.name.lower(), known.name.lower() if known is not None else ""}
        row = next((one for one in turn.moved if one[0].lower() in names), None)
        return None if row is None else float(row[1] if claim.measure == "now" else row[2])

    return _on_members(claim, desk, told)


# ---------------------------------------------------------------- funds and rules


def check_leveraged(claim: Leveraged, desk: Desk) -> Verdict:
    """Return the verdict on a model of a leveraged fund, from its closes and those of the plain fund."""
    stated, day = claim.stated, claim.window.end
    if stated is None or day is None:
        return cannot_tell("no number" if stated is None else "the text names no day: give --week DATE")
    if day not in desk.funds:
        from narrows.market.inside import fund_years

        try:
            desk.funds[day] = fund_years(desk.library, day)
        except DataError:
            desk.funds[day] = ()
    found = next((one for one in desk.funds[day] if one.symbol == claim.entity), None)
    if found is None or (claim.sessions and claim.sessions != len(found.days) - 1):
        return cannot_tell(f"no run of closes of {claim.name} and its plain fund over that time")
    ends = {
        "model": found.model[-1],
        "low": found.low,
        "high": found.high,
        "multiple": found.multiple_path[-1],
    }
    value = 100 * (ends[claim.measure] - 1)
    words = f"{signed(value, '%')}: {claim.measure} of {claim.entity} over {len(found.days) - 1} sessions"
    if _same(stated, value):
        return Verdict("TRUE", value=value, words=words)
    if claim.measure != "multiple":
        return cannot_tell("another model may give another number", words, value=value)
    return Verdict("ROUNDING" if near_miss(stated, value) else "FALSE", value=value, words=words)


def check_signal(claim: Signal, desk: Desk) -> Verdict:
    """Return the verdict on whether a rule fires."""
    week = _week(claim, desk)
    if week is None:
        return cannot_tell("no history of weeks; a store holds one")
    found = [
        one
        for one in week.recap.signals
        if one.rule.partition(":")[0] == claim.rule and one.facts.get("fund", claim.entity) == claim.entity
    ]
    if len(found) != 1 or found[0].fires is None:
        return cannot_tell("no rule of that name can be told")
    words = f"{claim.rule} {'fires' if found[0].fires else 'does not fire'}"
    if found[0].fires == claim.fires:
        return Verdict("TRUE", words=words)
    return Verdict("FALSE", words=words) if week.named else cannot_tell("universe: other members", words)


_PLACES = {"low": "low", "middle": "middle", "high": "high", "usual": "usual"}


def check_past(claim: Past, desk: Desk) -> Verdict:
    """Return the verdict on earlier cases of a rule, or on what came after them."""

    def told(week: MemberWeek) -> float | None:
        past: PastOf | None = next(
            (one.past for one in week.recap.signals if one.rule.partition(":")[0] == claim.rule), None
        )
        if past is None:
            return None
        if not claim.after:
            return {"cases": float(past.cases), "weeks": float(past.weeks)}.get(claim.measure)
        after = next((one for one in past.after if one.name == claim.after), None)
        if after is None:
            return None
        if claim.measure == "cases":
            return float(after.n)
        if claim.measure == "up":
            return 100 * after.up
        return float(getattr(after, _PLACES[claim.measure])) if claim.measure in _PLACES else None

    return _on_members(claim, desk, told)
