"""Checks of closes and changes, and of what no close can tell."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from narrows.claims.agreement import CENT, agrees, allowance, near_miss
from narrows.claims.desk import (
    FAR,
    NO_PRICE,
    Desk,
    cannot_tell,
    history_of,
    judged,
    reach,
)
from narrows.claims.entities import entity
from narrows.claims.readings import explain, turned
from narrows.claims.telling import day_words, signed, window_words
from narrows.claims.verdict import Verdict

if TYPE_CHECKING:
    from narrows.claims.claim import (
        Change,
        Distance,
        Level,
        Multiple,
        Other,
        Spread,
        Stated,
    )
    from narrows.market.history import History

__all__ = [
    "check_change",
    "check_distance",
    "check_level",
    "check_multiple",
    "check_other",
    "check_spread",
]


def check_other(claim: Other, desk: Desk) -> Verdict:  # noqa: ARG001
    """Return the verdict on a number that no price tells."""
    topic = claim.topic
    reasons = {"number": "no series", "supposed": "not stated as a fact"}
    return cannot_tell(reasons.get(topic, f"no series of {topic}"))


def check_multiple(claim: Multiple, desk: Desk) -> Verdict:  # noqa: ARG001
    """Return the verdict on a multiple, from the text's own numbers."""
    if claim.stated is None or not claim.right:
        return cannot_tell("no second number")
    ratio = claim.left / claim.right
    right = agrees(claim.stated, ratio)
    words = f"{claim.left:g} is {ratio:.2f} times {claim.right:g}"
    return judged(
        right=right,
        which="arithmetic" if right else "",
        value=ratio,
        words=words,
        note="checked against the text's own numbers",
    )


def check_level(claim: Level, desk: Desk) -> Verdict:  # noqa: C901, PLR0911, PLR0912
    """Return the verdict on a close."""
    stated = claim.stated
    if stated is None:
        return cannot_tell("no number")
    foreign = _foreign(stated)
    if foreign is not None:
        return foreign
    known = entity(claim.entity)
    if known is not None and known.kind == "sector":
        return cannot_tell(NO_PRICE)
    history, note, verdict = history_of(claim, desk)
    if verdict is not None or history is None:
        return verdict or cannot_tell("no series")
    if note:
        return Verdict(
            "INSTRUMENT",
            f"{known.name if known else claim.entity}; the data holds the fund {history.symbol}",
            data=history.hash,
            note=note,
        )
    place = history.end_of(claim.window)
    if place is None and claim.window.assumed and claim.window.end is not None:
        place = history.last(claim.window.end)
    if place is None:
        return cannot_tell(f"no close on {claim.window.end}")
    value = history.closes[place]
    words = f"close of {day_words(history.days[place])}: {value:,.2f}"
    if agrees(stated, value, CENT if stated.places >= 2 else 0.0):  # noqa: PLR2004 - printed to the cent
        cent = "" if agrees(stated, value) else "a cent from this vendor's close"
        return Verdict("TRUE", value=value, words=words, data=history.hash, note=cent)
    if near_miss(stated, value) and stated.places < 2:  # noqa: PLR2004
        return Verdict("ROUNDING", value=value, words=words, data=history.hash)
    for back in range(1, 6):
        if place >= back and agrees(replace(stated, hedge=""), history.closes[place - back]):
            day = history.days[place - back]
            return Verdict(
                "STALE",
                day.isoformat(),
                value,
                words,
                data=history.hash,
                note=f"{stated.text} is the close of {day_words(day)}",
            )
    for symbol in dict.fromkeys((*desk.named, "SPX", "IXIC", "DJI")):
        other = (
            desk.library.history(symbol)
            if symbol != claim.entity and symbol in desk.library.symbols
            else None
        )
        at = None if other is None else other.at(history.days[place])
        if other is not None and at is not None and agrees(replace(stated, hedge=""), other.closes[at]):
            return Verdict(
                "WRONG_ENTITY",
                symbol,
                value,
                words,
                data=history.hash,
                note=f"{stated.text} is the close of {symbol}",
            )
    return Verdict("FALSE", value=value, words=words, data=history.hash)


def _foreign(stated: Stated) -> Verdict | None:
    money = {"EUR", "GBP", "JPY", "KRW", "INR", "CAD", "AUD", "HKD"}
    return cannot_tell(f"currency {stated.unit}: the closes are in USD") if stated.unit in money else None


def check_change(claim: Change, desk: Desk) -> Verdict:  # noqa: PLR0911
    """Return the verdict on a change."""
    stated = claim.stated
    if stated is None:
        return cannot_tell("no number")
    known = entity(claim.entity)
    if known is not None and known.kind == "sector":
        return _sector(claim, desk, known.name, known.fund)
    if claim.window.kind == "none":
        return cannot_tell("the text names no window")
    history, note, verdict = history_of(claim, desk)
    if verdict is not None or history is None:
        return verdict or cannot_tell("no series")
    found = history.change(claim.window)
    if found is None:
        return cannot_tell(
            f"no close for the base of {window_words(claim.window, None) or 'the window'}", note=note
        )
    percent, points, _base, _end = found
    if note and stated.unit == "points":
        return Verdict(
            "INSTRUMENT",
            f"{known.name if known else claim.entity}; the data holds the fund {history.symbol}",
            note=note,
            data=history.hash,
        )
    value = points if stated.unit == "points" else 100 * points if stated.unit == "bp" else percent
    slack = allowance().proxy if note else _slack(stated, known.kind if known else "")
    if known is not None and known.kind == "yield" and stated.unit == "%" and not note:
        note = "relative change of the yield"
    words = f"{signed(value, stated.unit, stated.places)} {window_words(claim.window, history)}"
    compared = (
        stated
        if claim.direction or stated.unit == "points"
        else replace(stated, value=stated.value if value >= 0 else -abs(stated.value))
    )
    more: dict[str, Any] = {"value": value, "words": words, "data": history.hash, "note": note}
    if agrees(compared, value, slack):
        return Verdict("TRUE", **more)
    if near_miss(compared, value) and not note:
        return Verdict("ROUNDING", **more)
    return _mismatch(claim, history, desk, more, slack if note else 0.0)


def _slack(stated: Stated, kind: str) -> float:
    """Return what two vendors' closes leave open: a cent at either end of a change in points."""
    return 1.5 * CENT if stated.unit == "points" and kind == "index" and stated.places >= 2 else 0.0  # noqa: PLR2004


def _mismatch(claim: Change, history: History, desk: Desk, more: dict[str, Any], slack: float) -> Verdict:
    stated = claim.stated
    assert stated is not None  # noqa: S101 - the caller has looked
    value = float(more["value"])
    if stated.hedge in {"over", "under", "within"}:  # a bound is no number that a reading could explain
        return Verdict("FALSE", **more)
    if turned(stated, value):
        return Verdict("FALSE", "sign", **more)
    reading, tried, chance = explain(claim, history, desk.library, desk.named, slack)
    if reading is not None and (chance is None or chance < 1):
        return Verdict(reading.verdict, reading.which, reading=reading, tried=tried, chance=chance, **more)
    unit = claim.window.kind if claim.window.kind in {"day", "week"} else "week"
    spread = history.spread(unit)
    if claim.window.assumed and stated.unit == "%" and spread and abs(stated.value) > FAR * spread:
        return cannot_tell(
            "the text names no window", str(more["words"]), value=value, data=history.hash, tried=tried
        )
    return Verdict("FALSE", tried=tried, **more)


def _sector(claim: Change, desk: Desk, name: str, fund: str) -> Verdict:
    """Return the verdict on a sector without an instrument: only the text itself can contradict it."""
    stated = claim.stated
    assert stated is not None  # noqa: S101 - the caller has looked
    printed = desk.table(claim.window).get(claim.entity)
    history = desk.library.history(fund)
    found = history.change(claim.window) if history is not None else None
    note = "" if found is None else f"the fund {fund} made {signed(found[0], '%')}"
    if printed is not None and not agrees(stated, printed):
        return Verdict("FALSE", "against the text's own table", printed, note=note)
    return cannot_tell(f"universe: the members of {name} are not in the data", note=note)


def check_spread(claim: Spread, desk: Desk) -> Verdict:
    """Return the verdict on a lead over another instrument."""
    stated = claim.stated
    history, note, verdict = history_of(claim, desk)
    if verdict is not None or history is None or stated is None:
        return verdict or cannot_tell(NO_PRICE)
    other, more, verdict = history_of(replace(claim, entity=claim.other), desk)
    if verdict is not None or other is None:
        return verdict or cannot_tell(NO_PRICE)
    left, right = history.change(claim.window), other.change(claim.window)
    if left is None or right is None:
        return cannot_tell("no close for the base")
    value = left[0] - right[0]
    slack = allowance().proxy if note or more else 0.0
    words = f"{signed(left[0], '%')} less {signed(right[0], '%')} {window_words(claim.window, history)}"
    if not agrees(stated, value, slack) and near_miss(stated, value):
        return Verdict("ROUNDING", "", value, words, data=history.hash, note=note or more)
    return judged(
        right=agrees(stated, value, slack), value=value, words=words, data=history.hash, note=note or more
    )


def check_distance(claim: Distance, desk: Desk) -> Verdict:
    """Return the verdict on a distance to the record close."""
    stated = claim.stated
    history, note, verdict = history_of(claim, desk)
    if verdict is not None or history is None or stated is None:
        return verdict or cannot_tell(NO_PRICE)
    end = history.end_of(claim.window)
    if end is None and claim.window.end is not None:
        end = history.last(claim.window.end)
    if end is None:
        return cannot_tell("no close on that day")
    peak = max(range(end + 1), key=history.closes.__getitem__)
    value = -history.between(peak, end)
    words = f"{value:.2f} % below the highest close, {history.closes[peak]:,.2f} of {day_words(history.days[peak])}"  # noqa: E501
    right = agrees(stated, value)
    told: dict[str, Any] = {
        "value": value,
        "words": words,
        "data": history.hash,
        "note": reach(history, note),
    }
    if not right and near_miss(stated, value):
        return Verdict("ROUNDING", **told)
    return judged(right=right, **told)
