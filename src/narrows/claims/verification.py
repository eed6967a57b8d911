"""Claims against closes: one rule for each type of claim."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import singledispatch
from typing import TYPE_CHECKING

from narrows.claims.agreement import CENT, agrees, allowance, near_miss
from narrows.claims.claim import (
    BestOfYear,
    BestSince,
    Breadth,
    Change,
    Claim,
    Contribution,
    Count,
    CountOfPast,
    Distance,
    ExtremeSince,
    Level,
    Multiple,
    Only,
    Other,
    Quiet,
    Rank,
    Record,
    Share,
    Span,
    Spread,
    Stated,
    Streak,
    StreakEnded,
    StreakSince,
    Window,
)
from narrows.claims.entities import entities, entity
from narrows.claims.readings import explain, turned
from narrows.claims.telling import day_words, signed, window_words
from narrows.claims.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from narrows.claims.history import History, Period
    from narrows.claims.library import Library

__all__ = ["Desk", "verify"]

FUNDS = ("XLK", "XLB", "XLC", "XLY", "XLRE", "XLI", "XLP", "XLF", "XLV", "XLU", "XLE")
"""The sector funds, as many as there are sectors."""
RECENT = {"day": 10, "week": 4, "month": 3, "quarter": 2, "year": 1}
"""Periods back in which a claim that was right is called stale, not false."""
LONG_ENOUGH = 250
"""Sessions from which on the highest close of an index's history counts as its record."""
FAR = 8.0
"""Standard deviations from which on a number cannot be meant over a window that the text left out."""


@dataclass
class Desk:
    """What a verification reads: closes, and what else the same text says.

    Parameters
    ----------
    library
        Closes by symbol.
    claims
        All claims of the text.
    """

    library: Library
    claims: Sequence[Claim] = ()
    named: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.named = tuple(dict.fromkeys(claim.entity for claim in self.claims if claim.entity))

    def table(self, window: Window) -> dict[str, float]:
        """Return the sectors' changes over a window as the text's own table prints them."""
        found: dict[str, float] = {}
        for claim in self.claims:
            if isinstance(claim, Change) and claim.entity.startswith("sector.") and claim.stated is not None:
                if (claim.window.kind, claim.window.end) == (window.kind, window.end) and " | " in claim.text:
                    found.setdefault(claim.entity, claim.stated.value)
        if not found:
            for claim in self.claims:
                if isinstance(claim, Change) and claim.entity.startswith("sector.") and claim.stated is not None:
                    if claim.window.kind == window.kind and claim.window.end == window.end:
                        found.setdefault(claim.entity, claim.stated.value)
        return found


def _open(reason: str, words: str = "", **more: object) -> Verdict:
    return Verdict("UNVERIFIABLE", reason, words=words, **more)  # type: ignore[arg-type]


def _holds(*, right: bool, **more: object) -> Verdict:
    return Verdict("TRUE" if right else "FALSE", **more)  # type: ignore[arg-type]


@singledispatch
def verify(claim: Claim, desk: Desk) -> Verdict:
    """Return the verdict on a claim.

    Parameters
    ----------
    claim
        As extracted.
    desk
        Closes, and the other claims of the text.

    Examples
    --------
    >>> from narrows.claims import extract
    >>> from narrows.claims.library import Library
    >>> (claim,) = extract("The S&P 500 rose 0.78% in the week ended May 1, 2026.")
    >>> verify(claim, Desk(Library())).name
    'WRONG_BASE(monday)'
    """
    return _open(f"no rule for {claim.kind}")


@verify.register
def _other(claim: Other, desk: Desk) -> Verdict:
    topic = claim.topic
    told = {"number": "no series", "supposed": "not stated as a fact"}.get(topic, f"no series of {topic}")
    return _open(told)


@verify.register
def _contribution(claim: Contribution, desk: Desk) -> Verdict:
    return _open("no weights of members at the base date")


@verify.register
def _breadth(claim: Breadth, desk: Desk) -> Verdict:
    return _open(f"no panel of members: share above the {claim.days}-day mean")


@verify.register
def _multiple(claim: Multiple, desk: Desk) -> Verdict:
    if claim.stated is None or not claim.right:
        return _open("no second number")
    ratio = claim.left / claim.right
    right = agrees(claim.stated, ratio)
    words = f"{claim.left:g} is {ratio:.2f} times {claim.right:g}"
    return _holds(right=right, which="arithmetic" if right else "", value=ratio, words=words, note="checked against the text's own numbers")


# ---------------------------------------------------------------- where the closes are


def _history(claim: Claim, desk: Desk) -> tuple[History | None, str, Verdict | None]:
    """Return the history that a claim is checked on, a note on a stand-in, or why there is none."""
    known = entity(claim.entity)
    if not claim.entity:
        name = f" of {claim.name}" if claim.name else ""
        return None, "", _open(f"no series{name}")
    if claim.window.end is None:
        return None, "", _open("the text names no day: give --week DATE")
    if known is not None and known.kind == "sector":
        return None, "", None
    history = desk.library.history(claim.entity)
    if history is not None and history.end_of(_to_end(claim.window)) is not None:
        return history, "", None
    if known is not None and known.fund:
        fund = desk.library.history(known.fund)
        if fund is not None and fund.end_of(_to_end(claim.window)) is not None:
            return fund, f"the fund {known.fund} stands in for {known.name}, whose closes are not in the data", None
    if known is not None and known.other:
        return None, "", _instrument(claim, desk, known.name, known.other)
    name = known.name if known is not None else claim.name
    if history is None:
        return None, "", _open(f"no series of {name}")
    first, last = history.days[0], history.days[-1]
    if first <= claim.window.end <= last:
        return None, "", _open(f"no close of {name} for {claim.window.end.isoformat()}")
    return None, "", _open(f"closes of {name} run from {first.isoformat()} to {last.isoformat()}")


def _to_end(window: Window) -> Window:
    return window if window.kind in {"week", "day"} else Window("mtd", window.end)


def _instrument(claim: Claim, desk: Desk, name: str, other: str) -> Verdict:
    held = desk.library.history(other)
    day = claim.window.end
    if held is None or day is None:
        return _open(f"no series of {name}")
    twin = entity(other)
    named = twin.name if twin is not None else other
    place = held.last(day)
    tail = f"none for {day.isoformat()}" if place is None or claim.window.kind == "day" and held.at(day) is None else f"{held.closes[place]:,.2f} on {held.days[place].isoformat()}"
    return Verdict("INSTRUMENT", f"{name}; the data holds {named}, {tail}", data=held.hash)


# ---------------------------------------------------------------- changes and levels


@verify.register
def _level(claim: Level, desk: Desk) -> Verdict:
    stated = claim.stated
    if stated is None:
        return _open("no number")
    foreign = _foreign(stated)
    if foreign is not None:
        return foreign
    known = entity(claim.entity)
    if known is not None and known.kind == "sector":
        return _open("universe: a sector has no price here")
    history, note, verdict = _history(claim, desk)
    if verdict is not None or history is None:
        return verdict or _open("no series")
    if note:
        return Verdict("INSTRUMENT", f"{known.name if known else claim.entity}; the data holds the fund {history.symbol}", data=history.hash, note=note)
    place = history.end_of(claim.window)
    if place is None and claim.window.assumed and claim.window.end is not None:
        place = history.last(claim.window.end)
    if place is None:
        return _open(f"no close on {claim.window.end}")
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
            return Verdict("STALE", day.isoformat(), value, words, data=history.hash, note=f"{stated.text} is the close of {day_words(day)}")
    for symbol in dict.fromkeys((*desk.named, "SPX", "IXIC", "DJI")):
        other = desk.library.history(symbol) if symbol != claim.entity and symbol in desk.library.symbols else None
        at = None if other is None else other.at(history.days[place])
        if other is not None and at is not None and agrees(replace(stated, hedge=""), other.closes[at]):
            return Verdict("WRONG_ENTITY", symbol, value, words, data=history.hash, note=f"{stated.text} is the close of {symbol}")
    return Verdict("FALSE", value=value, words=words, data=history.hash)


def _foreign(stated: Stated) -> Verdict | None:
    money = {"EUR", "GBP", "JPY", "KRW", "INR", "CAD", "AUD", "HKD"}
    return _open(f"currency {stated.unit}: the closes are in USD") if stated.unit in money else None


@verify.register
def _change(claim: Change, desk: Desk) -> Verdict:
    stated = claim.stated
    if stated is None:
        return _open("no number")
    known = entity(claim.entity)
    if known is not None and known.kind == "sector":
        return _sector(claim, desk, known.name, known.fund)
    if claim.window.kind == "none":
        return _open("the text names no window")
    history, note, verdict = _history(claim, desk)
    if verdict is not None or history is None:
        return verdict or _open("no series")
    found = history.change(claim.window)
    if found is None:
        return _open(f"no close for the base of {window_words(claim.window, None) or 'the window'}", note=note)
    percent, points, base, end = found
    if note and stated.unit == "points":
        return Verdict("INSTRUMENT", f"{known.name if known else claim.entity}; the data holds the fund {history.symbol}", note=note, data=history.hash)
    value = points if stated.unit == "points" else 100 * points if stated.unit == "bp" else percent
    slack = allowance().proxy if note else _slack(stated, known.kind if known else "")
    if known is not None and known.kind == "yield" and stated.unit == "%" and not note:
        note = "relative change of the yield"
    words = f"{signed(value, stated.unit, stated.places)} {window_words(claim.window, history)}"
    compared = stated if claim.direction or stated.unit == "points" else replace(stated, value=stated.value if value >= 0 else -abs(stated.value))
    more = {"value": value, "words": words, "data": history.hash, "note": note}
    if agrees(compared, value, slack):
        return Verdict("TRUE", **more)  # type: ignore[arg-type]
    if near_miss(compared, value) and not note:
        return Verdict("ROUNDING", **more)  # type: ignore[arg-type]
    return _mismatch(claim, history, desk, more, slack if note else 0.0)


def _slack(stated: Stated, kind: str) -> float:
    """Return what two vendors' closes leave open: a cent at either end of a change in points."""
    return 1.5 * CENT if stated.unit == "points" and kind == "index" and stated.places >= 2 else 0.0  # noqa: PLR2004


def _mismatch(claim: Change, history: History, desk: Desk, more: dict[str, object], slack: float) -> Verdict:
    stated = claim.stated
    assert stated is not None  # noqa: S101 - the caller has looked
    value = float(more["value"])  # type: ignore[arg-type]
    if turned(stated, value):
        return Verdict("FALSE", "sign", **more)  # type: ignore[arg-type]
    reading, tried, chance = explain(claim, history, desk.library, desk.named, slack)
    if reading is not None and (chance is None or chance < 1):
        return Verdict(reading.verdict, reading.which, reading=reading, tried=tried, chance=chance, **more)  # type: ignore[arg-type]
    unit = claim.window.kind if claim.window.kind in {"day", "week"} else "week"
    spread = history.spread(unit)
    if claim.window.assumed and stated.unit == "%" and spread and abs(stated.value) > FAR * spread:
        return _open("the text names no window", str(more["words"]), value=value, data=history.hash, tried=tried)
    return Verdict("FALSE", tried=tried, **more)  # type: ignore[arg-type]


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
    return _open(f"universe: the members of {name} are not in the data", note=note)


@verify.register
def _spread(claim: Spread, desk: Desk) -> Verdict:
    stated = claim.stated
    history, note, verdict = _history(claim, desk)
    if verdict is not None or history is None or stated is None:
        return verdict or _open("universe: a sector has no price here")
    other, more, verdict = _history(replace(claim, entity=claim.other), desk)
    if verdict is not None or other is None:
        return verdict or _open("universe: a sector has no price here")
    left, right = history.change(claim.window), other.change(claim.window)
    if left is None or right is None:
        return _open("no close for the base")
    value = left[0] - right[0]
    slack = allowance().proxy if note or more else 0.0
    words = f"{signed(left[0], '%')} less {signed(right[0], '%')} {window_words(claim.window, history)}"
    if not agrees(stated, value, slack) and near_miss(stated, value):
        return Verdict("ROUNDING", "", value, words, data=history.hash, note=note or more)
    return _holds(right=agrees(stated, value, slack), value=value, words=words, data=history.hash, note=note or more)


@verify.register
def _distance(claim: Distance, desk: Desk) -> Verdict:
    stated = claim.stated
    history, note, verdict = _history(claim, desk)
    if verdict is not None or history is None or stated is None:
        return verdict or _open("universe: a sector has no price here")
    end = history.end_of(claim.window)
    if end is None and claim.window.end is not None:
        end = history.last(claim.window.end)
    if end is None:
        return _open("no close on that day")
    peak = max(range(end + 1), key=history.closes.__getitem__)
    value = -history.between(peak, end)
    words = f"{value:.2f} % below the highest close, {history.closes[peak]:,.2f} of {day_words(history.days[peak])}"
    right = agrees(stated, value)
    told = {"value": value, "words": words, "data": history.hash, "note": _reach(history, note)}
    if not right and near_miss(stated, value):
        return Verdict("ROUNDING", **told)  # type: ignore[arg-type]
    return _holds(right=right, **told)


def _reach(history: History, note: str = "") -> str:
    first = f"closes from {history.days[0].isoformat()}"
    return f"{note}; {first}" if note else first


# ---------------------------------------------------------------- records and since


@verify.register
def _record(claim: Record, desk: Desk) -> Verdict:
    history, note, verdict = _history(claim, desk)
    if verdict is not None or history is None:
        return verdict or _open("universe: a sector has no price here")
    end = history.end_of(claim.window)
    if end is None:
        return _open("no close on that day")
    sign = -1 if claim.low else 1
    records = _records(history, sign, end)
    if claim.first is not None:
        return _first_record(claim, history, records, end, sign)
    if not records:
        return Verdict("FALSE", data=history.hash, note=_reach(history, note))
    last = records[-1]
    week = claim.window.kind == "week"
    start = history.period_at("week", end)
    within = last == end or (week and start is not None and last > history.weeks[start].base)
    peak = history.days[last]
    words = f"highest close so far: {history.closes[last]:,.2f} of {day_words(peak)}".replace("highest", "lowest" if claim.low else "highest")
    told = {"value": history.closes[end], "words": words, "data": history.hash, "note": _reach(history, note)}
    known = entity(claim.entity)
    if not within:
        name = "STALE" if end - last <= RECENT["week"] * 5 else "FALSE"
        return Verdict(name, peak.isoformat() if name == "STALE" else "", **told)  # type: ignore[arg-type]
    before = records[-2] if len(records) > 1 else None
    if before is not None:
        told["words"] = f"{words}; the record before: {history.closes[before]:,.2f} of {day_words(history.days[before])}"
    if known is None or known.kind != "index" or end < LONG_ENOUGH:
        return _open(f"data start {history.days[0].isoformat()}", str(told["words"]), value=history.closes[end], data=history.hash)
    return Verdict("TRUE", **told)  # type: ignore[arg-type]


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
        return _open(f"data start {history.days[0].isoformat()}", data=history.hash, note=_reach(history))
    gap = [a for a, b in zip(records, records[1:], strict=False) if (history.days[b] - history.days[a]).days > 365]  # noqa: PLR2004 - a year
    if not gap:
        return Verdict("FALSE", data=history.hash, words="no record stood for a year", note=_reach(history))
    old = gap[-1]
    first = records[records.index(old) + 1]
    words = f"first close {'below' if sign < 0 else 'above'} {history.closes[old]:,.2f} of {day_words(history.days[old])}: {day_words(history.days[first])} ({history.closes[first]:,.2f})"
    told = {"value": history.closes[first], "words": words, "data": history.hash, "note": _reach(history)}
    if not span.holds(history.days[old]):
        return Verdict("FALSE", **told)  # type: ignore[arg-type]
    start = history.period_at("week", end)
    base = history.weeks[start].base if start is not None else end - 1
    if first == end or (claim.window.kind == "week" and base < first <= end):
        return Verdict("TRUE", **told)  # type: ignore[arg-type]
    return Verdict("STALE" if first < end else "FALSE", history.days[first].isoformat() if first < end else "", **told)  # type: ignore[arg-type]


@verify.register
def _extreme(claim: ExtremeSince, desk: Desk) -> Verdict:
    history, note, verdict = _history(claim, desk)
    if verdict is not None or history is None:
        return verdict or _open("universe: a sector has no price here")
    end = history.end_of(claim.window)
    span = claim.since
    if end is None or span is None:
        return _open("no close on that day" if end is None else "no date")
    sign = -1 if claim.low else 1
    before = next((k for k in range(end - 1, -1, -1) if history.closes[k] * sign >= history.closes[end] * sign), None)
    name = "lowest" if claim.low else "highest"
    if span.years:  # a 52-week high
        if history.days[0] > span.end:
            return _open(f"data start {history.days[0].isoformat()}", data=history.hash)
        right = before is None or history.days[before] <= span.end
        when = "" if before is None else f"; the last one beyond it: {history.closes[before]:,.2f} of {day_words(history.days[before])}"
        return _holds(right=right, value=history.closes[end], words=f"close of {day_words(history.days[end])}: {history.closes[end]:,.2f}{when}", data=history.hash, note=note)
    return _since(span, before, history, end, name, note)


def _since(span: Span, before: int | None, history: History, end: int, name: str, note: str) -> Verdict:
    """Return the verdict on "the highest since": the last session beyond it stands in the period named."""
    told: dict[str, object] = {"value": history.closes[end], "data": history.hash, "note": note}
    if before is None:
        words = f"no {name.replace('est', 'er')} close in the data, from {history.days[0].isoformat()}"
        if span.start < history.days[0]:
            return _open(f"data start {history.days[0].isoformat()}", words, data=history.hash, note=note)
        return Verdict("FALSE", words=words, **told)  # type: ignore[arg-type]
    words = f"{name} close since {day_words(history.days[before])} ({history.closes[before]:,.2f})"
    right = span.holds(history.days[before]) or _after(span, before, history, end)
    return _holds(right=right, words=words, **told)


def _after(span: Span, before: int, history: History, end: int) -> bool:
    """Whether a day named as one that was higher is the first session after the last higher one."""
    return span.start == span.end and span.start == history.days[before]


@verify.register
def _best_since(claim: BestSince, desk: Desk) -> Verdict:
    history, note, verdict = _history(claim, desk)
    if verdict is not None or history is None:
        return verdict or _open("universe: a sector has no price here")
    end = history.end_of(claim.window)
    if end is None:
        return _open("no close on that day")
    if claim.length > 1:
        return _best_run(claim, history, end, note)
    place = history.period_at(claim.unit, end)
    if place is None:
        return _open("no close for the base")
    periods = history.periods(claim.unit)
    return _best_verdict(claim, history, periods, place, note)


def _best_run(claim: BestSince, history: History, end: int, note: str) -> Verdict:
    """Return the verdict on a run of n weeks: every run of that length that ends with a week."""
    from narrows.claims.history import Period

    units = history.periods(claim.unit)
    last = history.period_at(claim.unit, end)
    if last is None or last < claim.length:
        return _open(f"data start {history.days[0].isoformat()}", data=history.hash)
    runs = [
        Period(units[k - claim.length + 1].base, units[k].end, units[k].start, history.between(units[k - claim.length + 1].base, units[k].end))
        for k in range(claim.length - 1, last + 1)
    ]
    return _best_verdict(claim, history, runs, len(runs) - 1, note)


def _best_verdict(claim: BestSince, history: History, periods: list[Period], place: int, note: str) -> Verdict:
    sign = -1 if claim.worst else 1
    now = periods[place]
    first = place - claim.length if claim.length > 1 else place - 1
    before = next((k for k in range(first, -1, -1) if periods[k].change * sign >= now.change * sign), None)
    unit = claim.unit if claim.length == 1 else f"run of {claim.length} {claim.unit}s"
    own = f"{signed(now.change, '%')} in the {unit} to {day_words(history.days[now.end])}"
    told: dict[str, object] = {"value": now.change, "data": history.hash, "note": note}
    if now.change * sign <= 0:
        return Verdict("FALSE", words=f"{own}: {'no fall' if claim.worst else 'no gain'}", **told)  # type: ignore[arg-type]
    start = history.days[0].isoformat()
    if before is None:
        words = f"{own}; no {'worse' if claim.worst else 'better'} one in the data, from {start}"
        if claim.since is None or claim.since.start < history.days[0]:
            return _open(f"data start {start}", words, value=now.change, data=history.hash, note=note)
        return Verdict("FALSE", words=words, **told)  # type: ignore[arg-type]
    one = periods[before]
    words = f"{own}; the last {'worse' if claim.worst else 'better'} one: {signed(one.change, '%')} to {day_words(history.days[one.end])}"
    if claim.since is None:
        return Verdict("FALSE", words=words, **told)  # type: ignore[arg-type]
    return _holds(right=_names(claim.since, history, one, claim.unit), words=words, **told)


def _names(span: Span, history: History, one: Period, unit: str) -> bool:
    """Whether a date names a period: its last session, or for one day any day in it."""
    last = history.days[one.end]
    if span.start != span.end:
        return span.holds(last)
    if unit == "week":
        return span.start.isocalendar()[:2] == last.isocalendar()[:2]
    return one.start <= span.start <= last


@verify.register
def _best_of_year(claim: BestOfYear, desk: Desk) -> Verdict:
    history, note, verdict = _history(claim, desk)
    if verdict is not None or history is None:
        return verdict or _open("universe: a sector has no price here")
    end = history.end_of(replace(claim.window, kind="week") if claim.window.kind not in {"day", "week"} else claim.window)
    place = None if end is None else history.period_at(claim.unit, end)
    if end is None or place is None:
        return _open("no close on that day")
    year = history.days[end].year
    periods = [one for one in history.periods(claim.unit)[: place + 1] if history.days[one.end].year == year]
    if history.before(history.first_day("ytd", history.days[end])) is None:
        return _open(f"data start {history.days[0].isoformat()}", data=history.hash)
    pick = min if claim.worst else max
    best = pick(periods, key=lambda one: one.change)
    now = periods[-1]
    words = f"{signed(now.change, '%')}; the {'worst' if claim.worst else 'best'} {claim.unit} of {year} so far: {signed(best.change, '%')} to {day_words(history.days[best.end])}"
    right = best is now and (now.change < 0) == claim.worst
    return _holds(right=right, value=now.change, words=words, data=history.hash, note=note)


# ---------------------------------------------------------------- runs and counts


def _run_place(claim: Claim, history: History, unit: str) -> int | None:
    window = claim.window if claim.window.kind in {"day", "week"} else replace(claim.window, kind="week")
    end = history.end_of(window)
    return None if end is None else history.period_at(unit, end)


@verify.register
def _streak(claim: Streak, desk: Desk) -> Verdict:
    history, note, verdict = _history(claim, desk)
    if verdict is not None or history is None or claim.stated is None:
        return verdict or _open("universe: a sector has no price here")
    place = _run_place(claim, history, claim.unit)
    if place is None:
        return _open("no close for the base")
    way = claim.direction or 1
    runs = history.runs(claim.unit, way)
    count, said = runs[place], int(claim.stated.value)
    words = f"{count} {claim.unit}{'s' if count != 1 else ''} {'up' if way > 0 else 'down'} in a row to {day_words(history.days[history.periods(claim.unit)[place].end])}"
    told: dict[str, object] = {"value": float(count), "words": words, "data": history.hash, "note": note}
    if count == place + 1 and said > count:
        return _open(f"data start {history.days[0].isoformat()}", words, data=history.hash)
    if agrees(claim.stated, float(count)):
        return Verdict("TRUE", **told)  # type: ignore[arg-type]
    for back in range(1, RECENT[claim.unit] + 1):
        if place >= back and runs[place - back] == said:
            day = history.days[history.periods(claim.unit)[place - back].end]
            return Verdict("STALE", day.isoformat(), **told)  # type: ignore[arg-type]
    return Verdict("FALSE", **told)  # type: ignore[arg-type]


@verify.register
def _streak_since(claim: StreakSince, desk: Desk) -> Verdict:
    history, note, verdict = _history(claim, desk)
    if verdict is not None or history is None:
        return verdict or _open("universe: a sector has no price here")
    place = _run_place(claim, history, claim.unit)
    if place is None:
        return _open("no close for the base")
    way = claim.direction or 1
    runs, periods = history.runs(claim.unit, way), history.periods(claim.unit)
    count = runs[place]
    told: dict[str, object] = {"value": float(count), "data": history.hash, "note": note}
    if count == 0:
        return Verdict("FALSE", words=f"no run {'up' if way > 0 else 'down'}", **told)  # type: ignore[arg-type]
    before = next((k for k in range(place - count, -1, -1) if runs[k] >= count), None)
    start = history.days[0].isoformat()
    own = f"{count} {claim.unit}s in a row"
    if before is None:
        words = f"{own}; none as long in the data, from {start}"
        if claim.since is None or claim.since.start < history.days[0]:
            return _open(f"data start {start}", words, value=float(count), data=history.hash, note=note)
        return Verdict("FALSE", words=words, **told)  # type: ignore[arg-type]
    last = before
    while last + 1 < place and runs[last + 1] > runs[last]:
        last += 1
    reached = next(k for k in range(last, -1, -1) if runs[k] == count)
    days = [history.days[periods[k].end] for k in (reached, last)]
    words = f"{own}; the last run as long: {runs[last]} {claim.unit}s to {day_words(days[1])}"
    if claim.since is None:
        return Verdict("FALSE", words=words, **told)  # type: ignore[arg-type]
    span = claim.since
    right = any(span.holds(day) or (span.start == span.end and abs((span.start - day).days) < 4 and claim.unit == "week") for day in days)  # noqa: PLR2004 - the week's label
    return _holds(right=right, words=words, **told)


@verify.register
def _streak_ended(claim: StreakEnded, desk: Desk) -> Verdict:
    history, note, verdict = _history(claim, desk)
    if verdict is not None or history is None or claim.stated is None:
        return verdict or _open("universe: a sector has no price here")
    place = _run_place(claim, history, claim.unit)
    if not place:
        return _open("no close for the base")
    way = claim.direction or 1
    runs = history.runs(claim.unit, way)
    words = f"{runs[place - 1]} {claim.unit}s {'up' if way > 0 else 'down'} in a row before, {runs[place]} now"
    right = runs[place] == 0 and agrees(claim.stated, float(runs[place - 1]))
    return _holds(right=right, value=float(runs[place - 1]), words=words, data=history.hash, note=note)


@verify.register
def _count_of_past(claim: CountOfPast, desk: Desk) -> Verdict:
    history, note, verdict = _history(claim, desk)
    if verdict is not None or history is None or claim.stated is None:
        return verdict or _open("universe: a sector has no price here")
    place = _run_place(claim, history, claim.unit)
    if place is None or place + 1 < claim.of:
        return _open("no close for the base")
    way = claim.direction or 1
    periods = history.periods(claim.unit)[place + 1 - claim.of : place + 1]
    count = sum(one.change * way > 0 for one in periods)
    words = f"{'up' if way > 0 else 'down'} in {count} of the {claim.of} {claim.unit}s to {day_words(history.days[periods[-1].end])}"
    return _holds(right=agrees(claim.stated, float(count)), value=float(count), words=words, data=history.hash, note=note)


@verify.register
def _share(claim: Share, desk: Desk) -> Verdict:
    history, note, verdict = _history(claim, desk)
    if verdict is not None or history is None or claim.stated is None:
        return verdict or _open("universe: a sector has no price here")
    first = claim.window.start or (history.first_day("ytd", claim.window.end) if claim.window.end else None)
    last = claim.window.end
    if first is None or last is None or history.days[0] > first:
        return _open(f"data start {history.days[0].isoformat()}")
    periods = [one for one in history.periods(claim.unit) if first <= history.days[one.end] <= last]
    if not periods:
        return _open("no close in that period")
    way = claim.direction or 1
    count = sum(one.change * way > 0 for one in periods)
    value = 100 * count / len(periods)
    words = f"{count} of {len(periods)} {claim.unit}s {'up' if way > 0 else 'down'}"
    if not agrees(claim.stated, value) and near_miss(claim.stated, value):
        return Verdict("ROUNDING", "", value, words, data=history.hash)
    return _holds(right=agrees(claim.stated, value), value=value, words=words, data=history.hash, note=note)


@verify.register
def _quiet(claim: Quiet, desk: Desk) -> Verdict:
    history, note, verdict = _history(claim, desk)
    if verdict is not None or history is None or claim.stated is None:
        return verdict or _open("universe: a sector has no price here")
    place = _run_place(claim, history, claim.unit)
    if place is None:
        return _open("no close for the base")
    periods = history.periods(claim.unit)
    count = 0
    while place - count >= 0 and abs(periods[place - count].change) < claim.move:
        count += 1
    words = f"{count} {claim.unit}s in a row without a move of {claim.move:g} % to {day_words(history.days[periods[place].end])}"
    told: dict[str, object] = {"value": float(count), "words": words, "data": history.hash, "note": note}
    if agrees(claim.stated, float(count)):
        return Verdict("TRUE", **told)  # type: ignore[arg-type]
    before = 0
    while count == 0 and place - 1 - before >= 0 and abs(periods[place - 1 - before].change) < claim.move:
        before += 1
    if before and agrees(claim.stated, float(before)):
        told["note"] = f"the run ended with the {claim.unit} before"
        return Verdict("TRUE", **told)  # type: ignore[arg-type]
    return Verdict("FALSE", **told)  # type: ignore[arg-type]


# ---------------------------------------------------------------- groups


def _group(claim: Claim, desk: Desk, group: str) -> tuple[dict[str, float], str, Verdict | None]:
    """Return the changes of a group's members over a window, where they are from, or why not."""
    if group == "sectors":
        table = desk.table(claim.window)
        if len(table) < len(FUNDS):
            return {}, "", _open("universe: the members of the sectors are not in the data")
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
        return {}, "", _open(f"no closes of {', '.join(missing)} for that window")
    return changes, "", None


def _member(claim: Claim, group: str) -> str:
    known = entities().get(claim.entity)
    if known is None:
        return ""
    if group == "sector_funds" and known.kind == "sector":
        return known.fund
    return known.tracks if group == "sectors" and known.kind == "fund" else claim.entity


@verify.register
def _rank(claim: Rank, desk: Desk) -> Verdict:
    group = "sector_funds" if claim.entity in FUNDS else claim.group
    changes, which, verdict = _group(claim, desk, group)
    if verdict is not None or claim.stated is None:
        return verdict or _open("no number")
    symbol = _member(claim, group)
    if symbol not in changes:
        return _open(f"{claim.name or 'the name'} is not of the group")
    sign = 1 if claim.worst else -1
    own = changes[symbol]
    better = sum(change * sign < own * sign for change in changes.values())
    level = [one for one in changes if abs(changes[one] - own) < CENT / 2]
    places = range(better + 1, better + 1 + max(1, sum(changes[one] == own for one in changes)))
    said = int(claim.stated.value)
    near = [1 + sum(change * sign < changes[one] * sign for change in changes.values()) for one in level]
    right = said in places or said in near
    words = f"{signed(own, '%')}: place {better + 1} of {len(changes)}{' from the worst' if claim.worst else ''}"
    if claim.of and claim.of != len(changes):
        return Verdict("FALSE", value=float(better + 1), words=f"{words}; there are {len(changes)}, not {claim.of}")
    note = "shares its place at the printed precision" if len(level) > 1 else ""
    return _holds(right=right, which=which if right else "", value=float(better + 1), words=words, note=note)


@verify.register
def _count(claim: Count, desk: Desk) -> Verdict:
    changes, which, verdict = _group(claim, desk, claim.group)
    if verdict is not None or claim.stated is None:
        return verdict or _open("no number")
    way = claim.direction or 1
    hits = [name for name, change in changes.items() if change * way > claim.beyond]
    beyond = f" more than {claim.beyond:g} %" if claim.beyond else ""
    words = f"{len(hits)} of {len(changes)} {'rose' if way > 0 else 'fell'}{beyond}"
    if claim.of and claim.of != len(changes) and not claim.beyond:
        return Verdict("FALSE", value=float(len(hits)), words=f"{words}; there are {len(changes)}, not {claim.of}")
    right = agrees(claim.stated, float(len(hits)))
    note = ""
    if which:
        funds, _, missing = _group(claim, desk, "sector_funds")
        if missing is None:
            note = f"of the sector funds, {sum(change * way > claim.beyond for change in funds.values())} did"
    return _holds(right=right, which=which if right else "", value=float(len(hits)), words=words, note=note)


@verify.register
def _only(claim: Only, desk: Desk) -> Verdict:
    group = "sector_funds" if claim.entity in FUNDS else claim.group
    changes, which, verdict = _group(claim, desk, group)
    if verdict is not None:
        return verdict
    symbol = _member(claim, group)
    way = claim.direction or 1
    hits = [name for name, change in changes.items() if change * way > 0]
    names = ", ".join(f"{name.removeprefix('sector.').replace('_', ' ')} {signed(changes[name], '%')}" for name in hits)
    words = f"{len(hits)} {'rose' if way > 0 else 'fell'}: {names or 'none'}"
    right = hits == [symbol]
    note = ""
    if which:
        funds, _, missing = _group(claim, desk, "sector_funds")
        if missing is None:
            same = [f"{name} {signed(change, '%')}" for name, change in funds.items() if change * way > 0]
            note = f"of the sector funds {len(same)} did: {', '.join(same) or 'none'}"
    return _holds(right=right, which=which if right else "", value=float(len(hits)), words=words, note=note)
