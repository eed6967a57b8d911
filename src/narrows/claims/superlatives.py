"""Checks of records, of the best and highest since."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from narrows.claims.desk import (
    LONG_ENOUGH,
    NO_PRICE,
    RECENT,
    Desk,
    cannot_tell,
    history_of,
    judged,
    reach,
)
from narrows.claims.entities import entity
from narrows.claims.telling import day_words, signed
from narrows.claims.verdict import Verdict
from narrows.market.history import Period

if TYPE_CHECKING:
    from narrows.claims.claim import (
        BestOfYear,
        BestSince,
        ExtremeSince,
        Record,
        Span,
    )
    from narrows.market.history import History

__all__ = ["check_best_of_year", "check_best_since", "check_extreme_since", "check_record"]


def check_record(claim: Record, desk: Desk) -> Verdict:  # noqa: PLR0911
    """Return the verdict on a record close."""
    history, note, verdict = history_of(claim, desk)
    if verdict is not None or history is None:
        return verdict or cannot_tell(NO_PRICE)
    end = history.end_of(claim.window)
    if end is None:
        return cannot_tell("no close on that day")
    sign = -1 if claim.low else 1
    records = _records(history, sign, end)
    if claim.first is not None:
        return _first_record(claim, history, records, end, sign)
    if not records:
        return Verdict("FALSE", data=history.hash, note=reach(history, note))
    last = records[-1]
    week = claim.window.kind == "week"
    start = history.period_at("week", end)
    within = last == end or (week and start is not None and last > history.weeks[start].base)
    peak = history.days[last]
    words = f"highest close so far: {history.closes[last]:,.2f} of {day_words(peak)}".replace(
        "highest", "lowest" if claim.low else "highest"
    )
    told: dict[str, Any] = {
        "value": history.closes[end],
        "words": words,
        "data": history.hash,
        "note": reach(history, note),
    }
    known = entity(claim.entity)
    if not within:
        name = "STALE" if end - last <= RECENT["week"] * 5 else "FALSE"
        return Verdict(name, peak.isoformat() if name == "STALE" else "", **told)
    before = records[-2] if len(records) > 1 else None
    if before is not None:
        told["words"] = (
            f"{words}; the record before: {history.closes[before]:,.2f} of {day_words(history.days[before])}"
        )
    if known is None or known.kind != "index" or end < LONG_ENOUGH:
        return cannot_tell(
            f"data start {history.days[0].isoformat()}",
            str(told["words"]),
            value=history.closes[end],
            data=history.hash,
        )
    return Verdict("TRUE", **told)


def _records(history: History, sign: int, end: int) -> list[int]:
    """Return the sessions up to one whose close was above (or below) all before."""
    found, best = [], float("-inf")
    for place in range(end + 1):
        if history.closes[place] * sign > best:
            best = history.closes[place] * sign
            if place:
                found.append(place)
    return found


def _first_record(claim: Record, history: History, records: list[int], end: int, sign: int) -> Verdict:
    """Return the verdict on the first record for so long: where it came, and where the old one stands."""
    span = claim.first
    assert span is not None  # noqa: S101 - the caller has looked
    if span.start < history.days[0]:
        return cannot_tell(
            f"data start {history.days[0].isoformat()}", data=history.hash, note=reach(history)
        )
    gap = [a for a, b in itertools.pairwise(records) if (history.days[b] - history.days[a]).days > 365]  # noqa: PLR2004
    if not gap:
        return Verdict("FALSE", data=history.hash, words="no record stood for a year", note=reach(history))
    old = gap[-1]
    first = records[records.index(old) + 1]
    words = f"first close {'below' if sign < 0 else 'above'} {history.closes[old]:,.2f} of {day_words(history.days[old])}: {day_words(history.days[first])} ({history.closes[first]:,.2f})"  # noqa: E501
    told: dict[str, Any] = {
        "value": history.closes[first],
        "words": words,
        "data": history.hash,
        "note": reach(history),
    }
    if not span.holds(history.days[old]):
        return Verdict("FALSE", **told)
    start = history.period_at("week", end)
    base = history.weeks[start].base if start is not None else end - 1
    if first == end or (claim.window.kind == "week" and base < first <= end):
        return Verdict("TRUE", **told)
    return Verdict(
        "STALE" if first < end else "FALSE", history.days[first].isoformat() if first < end else "", **told
    )


def check_extreme_since(claim: ExtremeSince, desk: Desk) -> Verdict:
    """Return the verdict on a highest or lowest close since."""
    history, note, verdict = history_of(claim, desk)
    if verdict is not None or history is None:
        return verdict or cannot_tell(NO_PRICE)
    end = history.end_of(claim.window)
    span = claim.since
    if end is None or span is None:
        return cannot_tell("no close on that day" if end is None else "no date")
    sign = -1 if claim.low else 1
    before = next(
        (k for k in range(end - 1, -1, -1) if history.closes[k] * sign >= history.closes[end] * sign), None
    )
    name = "lowest" if claim.low else "highest"
    if span.years:  # a 52-week high
        if history.days[0] > span.end:
            return cannot_tell(f"data start {history.days[0].isoformat()}", data=history.hash)
        right = before is None or history.days[before] <= span.end
        when = (
            ""
            if before is None
            else f"; the last one beyond it: {history.closes[before]:,.2f} of {day_words(history.days[before])}"  # noqa: E501
        )
        return judged(
            right=right,
            value=history.closes[end],
            words=f"close of {day_words(history.days[end])}: {history.closes[end]:,.2f}{when}",
            data=history.hash,
            note=note,
        )
    return _since(span, before, history, end, name, note)


def _since(span: Span, before: int | None, history: History, end: int, name: str, note: str) -> Verdict:  # noqa: PLR0917
    """Return the verdict on "the highest since": the last session beyond it stands in the period named."""
    told: dict[str, Any] = {"value": history.closes[end], "data": history.hash, "note": note}
    if before is None:
        words = f"no {name.replace('est', 'er')} close in the data, from {history.days[0].isoformat()}"
        if span.start < history.days[0]:
            return cannot_tell(
                f"data start {history.days[0].isoformat()}", words, data=history.hash, note=note
            )
        return Verdict("FALSE", words=words, **told)
    words = f"{name} close since {day_words(history.days[before])} ({history.closes[before]:,.2f})"
    right = span.holds(history.days[before]) or _after(span, before, history, end)
    return judged(right=right, words=words, **told)


def _after(span: Span, before: int, history: History, end: int) -> bool:  # noqa: ARG001
    """Whether a day named as one that was higher is the first session after the last higher one."""
    return span.start == span.end and span.start == history.days[before]


def check_best_since(claim: BestSince, desk: Desk) -> Verdict:
    """Return the verdict on a best or worst period since."""
    history, note, verdict = history_of(claim, desk)
    if verdict is not None or history is None:
        return verdict or cannot_tell(NO_PRICE)
    end = history.end_of(claim.window)
    if end is None:
        return cannot_tell("no close on that day")
    if claim.length > 1:
        return _best_run(claim, history, end, note)
    place = history.period_at(claim.unit, end)
    if place is None:
        return cannot_tell("no close for the base")
    periods = history.periods(claim.unit)[: place + 1]
    now = periods[-1]
    if now.end != end:  # the period to date: no later close is looked at
        periods = [*periods[:-1], Period(now.base, end, now.start, history.between(now.base, end))]
    return _best_verdict(claim, history, periods, place, note)


def _best_run(claim: BestSince, history: History, end: int, note: str) -> Verdict:
    """Return the verdict on a run of n weeks: every run of that length that ends with a week."""
    units = history.periods(claim.unit)
    last = history.period_at(claim.unit, end)
    if last is None or last < claim.length:
        return cannot_tell(f"data start {history.days[0].isoformat()}", data=history.hash)
    runs = [
        Period(
            units[k - claim.length + 1].base,
            units[k].end,
            units[k].start,
            history.between(units[k - claim.length + 1].base, units[k].end),
        )
        for k in range(claim.length - 1, last + 1)
    ]
    return _best_verdict(claim, history, runs, len(runs) - 1, note)


def _best_verdict(
    claim: BestSince, history: History, periods: list[Period], place: int, note: str
) -> Verdict:
    sign = -1 if claim.worst else 1
    now = periods[place]
    first = place - claim.length if claim.length > 1 else place - 1
    before = next((k for k in range(first, -1, -1) if periods[k].change * sign >= now.change * sign), None)
    unit = claim.unit if claim.length == 1 else f"run of {claim.length} {claim.unit}s"
    own = f"{signed(now.change, '%')} in the {unit} to {day_words(history.days[now.end])}"
    told: dict[str, Any] = {"value": now.change, "data": history.hash, "note": note}
    if now.change * sign <= 0:
        return Verdict("FALSE", words=f"{own}: {'no fall' if claim.worst else 'no gain'}", **told)
    start = history.days[0].isoformat()
    if before is None:
        words = f"{own}; no {'worse' if claim.worst else 'better'} one in the data, from {start}"
        if claim.since is None or claim.since.start < history.days[0]:
            return cannot_tell(f"data start {start}", words, value=now.change, data=history.hash, note=note)
        return Verdict("FALSE", words=words, **told)
    one = periods[before]
    words = f"{own}; the last {'worse' if claim.worst else 'better'} one: {signed(one.change, '%')} to {day_words(history.days[one.end])}"  # noqa: E501
    if claim.since is None:
        return Verdict("FALSE", words=words, **told)
    return judged(right=_names(claim.since, history, one, claim.unit), words=words, **told)


def _names(span: Span, history: History, one: Period, unit: str) -> bool:
    """Whether a date names a period: its last session, or for one day any day in it."""
    last = history.days[one.end]
    if span.start != span.end:
        return span.holds(last)
    if unit == "week":
        return span.start.isocalendar()[:2] == last.isocalendar()[:2]
    return one.start <= span.start <= last


def check_best_of_year(claim: BestOfYear, desk: Desk) -> Verdict:
    """Return the verdict on a best or worst period of the year."""
    history, note, verdict = history_of(claim, desk)
    if verdict is not None or history is None:
        return verdict or cannot_tell(NO_PRICE)
    end = history.end_of(
        replace(claim.window, kind="week") if claim.window.kind not in {"day", "week"} else claim.window
    )
    place = None if end is None else history.period_at(claim.unit, end)
    if end is None or place is None:
        return cannot_tell("no close on that day")
    year = history.days[end].year
    periods = [one for one in history.periods(claim.unit)[: place + 1] if history.days[one.end].year == year]
    if history.before(history.first_day("ytd", history.days[end])) is None:
        return cannot_tell(f"data start {history.days[0].isoformat()}", data=history.hash)
    pick = min if claim.worst else max
    best = pick(periods, key=lambda one: one.change)
    now = periods[-1]
    words = f"{signed(now.change, '%')}; the {'worst' if claim.worst else 'best'} {claim.unit} of {year} so far: {signed(best.change, '%')} to {day_words(history.days[best.end])}"  # noqa: E501
    right = best is now and (now.change < 0) == claim.worst
    return judged(right=right, value=now.change, words=words, data=history.hash, note=note)
