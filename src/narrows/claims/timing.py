"""Which window belongs to a number: the day of the text, headings, and what a sentence says of time."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from narrows.market.window import Window

if TYPE_CHECKING:
    from datetime import date

    from narrows.claims.claim import Claim
    from narrows.claims.dates import Dated
    from narrows.claims.numerals import Numeral
    from narrows.claims.sentence import Sentence
    from narrows.claims.windows import Spoken

__all__ = ["CHANGES", "Context", "change_window", "dated_window", "said_day", "window_said"]

CHANGES = "PTBQ"
"""Codes of numbers that can be a change."""


@dataclass(slots=True)
class Context:
    """What earlier sentences say for later ones.

    Parameters
    ----------
    day
        Day of the text.
    fixed
        Whether the day was given by the caller.
    kind
        Window that the title or a heading tells.
    lead
        Window that an introducing line tells ("For the week:").
    topic
        Entity spoken of last.
    index
        The index of the text.
    streak
        Unit and direction of the streak spoken of last.
    """

    day: date | None = None
    fixed: bool = False
    kind: str = "week"
    lead: Spoken | None = None
    topic: tuple[str, str] = ("", "")
    index: tuple[str, str] = ("", "")
    streak: tuple[str, int] = ("week", 1)
    claims: list[Claim] = field(default_factory=list)


def change_window(numeral: Numeral, sentence: Sentence, context: Context) -> tuple[Spoken | None, Window]:
    """Return the window that belongs to a number."""
    changes = sorted(n.start for n in sentence.numbers.values() if n.code in CHANGES and n.code != "Q")
    marks = _marks(sentence)
    owner: dict[int, int] = {}
    for at in changes:
        limit = min([other for other in changes if other > at], default=len(sentence.shape))
        stop = sentence.shape.find(";", at)
        limit = min(limit, stop if stop >= 0 else limit)
        after = [mark for mark in marks if at < mark < limit and mark not in owner.values()]
        if after:
            owner[at] = after[0]
    place = numeral.start
    chosen = owner.get(place)
    if chosen is None:
        begun = max([other for other in changes if other < place], default=-1)
        free = [mark for mark in marks if begun < mark < place and mark not in owner.values()]
        taken = set(owner.values())
        chosen = (
            free[-1]
            if free
            else next((mark for mark in reversed(marks) if mark < place and mark not in taken), None)
        )
        if chosen is None:
            chosen = next((mark for mark in reversed(marks) if mark < place), None)
        if chosen is None:
            chosen = next((mark for mark in marks if mark > place), None)
    if chosen is None:
        if context.lead is not None:
            return context.lead, replace(window_said(context.lead, sentence, context), assumed=False)
        return None, Window(context.kind, context.day, assumed=True)
    if chosen in sentence.spoken:
        spoken = sentence.spoken[chosen]
        return spoken, window_said(spoken, sentence, context)
    if chosen in sentence.since:
        return None, _since_window(sentence.since[chosen], sentence, context)
    return None, dated_window(sentence.dated[chosen], sentence, context)


def _marks(sentence: Sentence) -> list[int]:
    """Return places of what can be the window of a change: windows, "since" and dates that stand alone."""
    inside = {place for spoken in sentence.spoken.values() for place in range(spoken.start, spoken.end)}
    inside |= {
        place for at in sentence.since for place in range(at, at + 60) if sentence.since[at].start == place
    }
    alone = [
        at
        for at, dated in sentence.dated.items()
        if at not in inside and dated.kind != "back" and not _as_of(sentence, at)
    ]
    usual = [at for at, one in sentence.spoken.items() if one.kind != "quarter" and at not in sentence.bound]
    since = [at for at in sentence.since if at not in sentence.bound]
    return sorted([*usual, *since, *[at for at in alone if not _covered_by_since(sentence, at)]])


def _covered_by_since(sentence: Sentence, at: int) -> bool:
    return any(dated.start == at and place != at for place, dated in sentence.since.items())


def _as_of(sentence: Sentence, at: int) -> bool:
    lead = sentence.shape[max(0, at - 25) : at]
    return (
        re.search(
            r"\b(?:as of|through|as at|by|until|to|from|at the close (?:of|on))\s+(?:the close (?:of|on)\s+)?(?:the\s+)?$|\($",  # noqa: E501
            lead,
        )
        is not None
    )


def said_day(sentence: Sentence, context: Context, near: int | None = None) -> date | None:
    """Return the single day that a sentence names, if any; with a place, the nearest to it."""
    inside = {place for at, spoken in sentence.spoken.items() for place in range(at, spoken.end)}
    found = [
        (abs(at - (near or 0)), dated)
        for at, dated in sorted(sentence.dated.items())
        if dated.kind in {"day", "weekday"} and at not in inside and not _covered_by_since(sentence, at)
    ]
    if not found:
        ends = [sentence.dated[s.date] for s in sentence.spoken.values() if s.date in sentence.dated]
        found = [(0, one) for one in ends if one.kind in {"day", "weekday"}]
    if not found:
        return None
    span = min(found, key=lambda pair: pair[0])[1].span(context.day)
    return span.end if span is not None else None


def window_said(spoken: Spoken, sentence: Sentence, context: Context) -> Window:  # noqa: PLR0911
    """Return a window of the text beside its day."""
    dated = sentence.dated.get(spoken.date) if spoken.date >= 0 else None
    span = dated.span(context.day) if dated is not None else None
    said = span.end if span is not None else said_day(sentence, context)
    day = said or context.day
    kind = spoken.kind
    if kind == "weekof" and span is not None:
        return Window("week", span.end)
    if kind == "weekof":
        return Window("week", day)
    if kind in {"since", "trough"}:
        begun = sentence.dated.get(spoken.since) if spoken.since >= 0 else None
        first = begun.span(day) if begun is not None else None
        if begun is not None and begun.kind == "range" and first is not None:
            return _range_window(first.start, first.end)
        if first is None:
            return Window("low52" if kind == "trough" else "none", day)
        if first.start != first.end and dated is None:
            return (
                Window("calendar", first.end, first.start)
                if first.end <= (day or first.end)
                else Window("since", day, first.start)
            )
        return Window("since", span.end if span is not None else day, first.end)
    if kind in {"month", "quarter"}:
        kind = "mtd" if kind == "month" else "qtd"
    if kind == "past":
        return Window("past", day, count=spoken.count, unit=spoken.unit)
    if kind in {"mtd", "qtd", "ytd"} and span is not None and span.start != span.end:
        return Window(kind, context.day if context.day and span.holds(context.day) else span.end)
    return Window(kind, day)


def _range_window(start: date, end: date) -> Window:
    """Return the window of two dates: a week where they stand in one, else from the close of the first."""
    one_week = start.isocalendar()[:2] == end.isocalendar()[:2]
    return Window("week", end) if one_week else Window("since", end, start)


def _since_window(dated: Dated, sentence: Sentence, context: Context) -> Window:
    day = said_day(sentence, context) or context.day
    if dated.kind == "back":
        return Window("past", day, count=dated.year, unit="year")
    span = dated.span(day)
    return (
        Window("none", day)
        if span is None
        else Window("since", day, span.end if span.start == span.end else span.start)
    )


def dated_window(dated: Dated, sentence: Sentence, context: Context) -> Window:
    """Return the window that a date alone means: a day, a month, a year."""
    span = dated.span(context.day)
    if span is None:
        return Window("none", context.day)
    if dated.kind in {"day", "weekday"}:
        return Window("day", span.end)
    if dated.kind == "range":
        return _range_window(span.start, span.end)
    day = said_day(sentence, context) or context.day
    if day is not None and span.holds(day) and day < span.end:
        return Window({"month": "mtd", "quarter": "qtd", "year": "ytd"}[dated.kind], day)
    return Window("calendar", span.end, span.start)
