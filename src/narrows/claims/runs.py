"""Checks of runs and of counts of days, weeks and months."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from narrows.claims.agreement import agrees, near_miss
from narrows.claims.desk import (
    NO_PRICE,
    RECENT,
    Desk,
    cannot_tell,
    history_of,
    judged,
)
from narrows.claims.telling import day_words
from narrows.claims.verdict import Verdict

if TYPE_CHECKING:
    from narrows.claims.claim import (
        Claim,
        CountOfPast,
        Quiet,
        Share,
        Streak,
        StreakEnded,
        StreakSince,
    )
    from narrows.market.history import History

__all__ = [
    "check_count_of_past",
    "check_quiet",
    "check_share",
    "check_streak",
    "check_streak_ended",
    "check_streak_since",
]


def _run_place(claim: Claim, history: History, unit: str) -> int | None:
    window = claim.window if claim.window.kind in {"day", "week"} else replace(claim.window, kind="week")
    end = history.end_of(window)
    return None if end is None else history.period_at(unit, end)


def check_streak(claim: Streak, desk: Desk) -> Verdict:
    """Return the verdict on a run of days, weeks or months."""
    history, note, verdict = history_of(claim, desk)
    if verdict is not None or history is None or claim.stated is None:
        return verdict or cannot_tell(NO_PRICE)
    place = _run_place(claim, history, claim.unit)
    if place is None:
        return cannot_tell("no close for the base")
    way = claim.direction or 1
    runs = history.runs(claim.unit, way)
    count, said = runs[place], int(claim.stated.value)
    words = f"{count} {claim.unit}{'s' if count != 1 else ''} {'up' if way > 0 else 'down'} in a row to {day_words(history.days[history.periods(claim.unit)[place].end])}"  # noqa: E501
    told: dict[str, Any] = {"value": float(count), "words": words, "data": history.hash, "note": note}
    if said > count and history.reaches_start(claim.unit, way, place):
        return cannot_tell(f"data start {history.days[0].isoformat()}", words, data=history.hash)
    if agrees(claim.stated, float(count)):
        return Verdict("TRUE", **told)
    for back in range(1, RECENT[claim.unit] + 1):
        if place >= back and runs[place - back] == said:
            day = history.days[history.periods(claim.unit)[place - back].end]
            return Verdict("STALE", day.isoformat(), **told)
    return Verdict("FALSE", **told)


def check_streak_since(claim: StreakSince, desk: Desk) -> Verdict:  # noqa: PLR0911
    """Return the verdict on a longest run since."""
    history, note, verdict = history_of(claim, desk)
    if verdict is not None or history is None:
        return verdict or cannot_tell(NO_PRICE)
    place = _run_place(claim, history, claim.unit)
    if place is None:
        return cannot_tell("no close for the base")
    way = claim.direction or 1
    runs, periods = history.runs(claim.unit, way), history.periods(claim.unit)
    count = runs[place]
    told: dict[str, Any] = {"value": float(count), "data": history.hash, "note": note}
    if count == 0:
        return Verdict("FALSE", words=f"no run {'up' if way > 0 else 'down'}", **told)
    before = next((k for k in range(place - count, -1, -1) if runs[k] >= count), None)
    start = history.days[0].isoformat()
    own = f"{count} {claim.unit}s in a row"
    if before is None:
        words = f"{own}; none as long in the data, from {start}"
        if claim.since is None or claim.since.start < history.days[0]:
            return cannot_tell(f"data start {start}", words, value=float(count), data=history.hash, note=note)
        return Verdict("FALSE", words=words, **told)
    last = before
    while last + 1 < place and runs[last + 1] > runs[last]:
        last += 1
    reached = next(k for k in range(last, -1, -1) if runs[k] == count)
    days = [history.days[periods[k].end] for k in (reached, last)]
    words = f"{own}; the last run as long: {runs[last]} {claim.unit}s to {day_words(days[1])}"
    if claim.since is None:
        return Verdict("FALSE", words=words, **told)
    span = claim.since
    right = any(
        span.holds(day)
        or (span.start == span.end and abs((span.start - day).days) < 4 and claim.unit == "week")  # noqa: PLR2004
        for day in days
    )
    return judged(right=right, words=words, **told)


def check_streak_ended(claim: StreakEnded, desk: Desk) -> Verdict:
    """Return the verdict on the end of a run."""
    history, note, verdict = history_of(claim, desk)
    if verdict is not None or history is None or claim.stated is None:
        return verdict or cannot_tell(NO_PRICE)
    place = _run_place(claim, history, claim.unit)
    if not place:
        return cannot_tell("no close for the base")
    way = claim.direction or 1
    runs = history.runs(claim.unit, way)
    words = (
        f"{runs[place - 1]} {claim.unit}s {'up' if way > 0 else 'down'} in a row before, {runs[place]} now"
    )
    right = runs[place] == 0 and agrees(claim.stated, float(runs[place - 1]))
    return judged(right=right, value=float(runs[place - 1]), words=words, data=history.hash, note=note)


def check_count_of_past(claim: CountOfPast, desk: Desk) -> Verdict:
    """Return the verdict on a count of the past periods."""
    history, note, verdict = history_of(claim, desk)
    if verdict is not None or history is None or claim.stated is None:
        return verdict or cannot_tell(NO_PRICE)
    place = _run_place(claim, history, claim.unit)
    if place is None or place + 1 < claim.of:
        return cannot_tell("no close for the base")
    way = claim.direction or 1
    periods = history.periods(claim.unit)[place + 1 - claim.of : place + 1]
    count = sum(one.change * way > 0 for one in periods)
    words = f"{'up' if way > 0 else 'down'} in {count} of the {claim.of} {claim.unit}s to {day_words(history.days[periods[-1].end])}"  # noqa: E501
    return judged(
        right=agrees(claim.stated, float(count)),
        value=float(count),
        words=words,
        data=history.hash,
        note=note,
    )


def check_share(claim: Share, desk: Desk) -> Verdict:
    """Return the verdict on a share of periods up or down."""
    history, note, verdict = history_of(claim, desk)
    if verdict is not None or history is None or claim.stated is None:
        return verdict or cannot_tell(NO_PRICE)
    first = claim.window.start or (history.first_day("ytd", claim.window.end) if claim.window.end else None)
    last = claim.window.end
    if first is None or last is None or history.days[0] > first:
        return cannot_tell(f"data start {history.days[0].isoformat()}")
    periods = [one for one in history.periods(claim.unit) if first <= history.days[one.end] <= last]
    if not periods:
        return cannot_tell("no close in that period")
    way = claim.direction or 1
    count = sum(one.change * way > 0 for one in periods)
    value = 100 * count / len(periods)
    words = f"{count} of {len(periods)} {claim.unit}s {'up' if way > 0 else 'down'}"
    if not agrees(claim.stated, value) and near_miss(claim.stated, value):
        return Verdict("ROUNDING", "", value, words, data=history.hash)
    return judged(right=agrees(claim.stated, value), value=value, words=words, data=history.hash, note=note)


def check_quiet(claim: Quiet, desk: Desk) -> Verdict:
    """Return the verdict on a run without a large move."""
    history, note, verdict = history_of(claim, desk)
    if verdict is not None or history is None or claim.stated is None:
        return verdict or cannot_tell(NO_PRICE)
    place = _run_place(claim, history, claim.unit)
    if place is None:
        return cannot_tell("no close for the base")
    periods = history.periods(claim.unit)
    count = 0
    while place - count >= 0 and abs(periods[place - count].change) < claim.move:
        count += 1
    words = f"{count} {claim.unit}s in a row without a move of {claim.move:g} % to {day_words(history.days[periods[place].end])}"  # noqa: E501
    told: dict[str, Any] = {"value": float(count), "words": words, "data": history.hash, "note": note}
    if agrees(claim.stated, float(count)):
        return Verdict("TRUE", **told)
    before = 0
    while count == 0 and place - 1 - before >= 0 and abs(periods[place - 1 - before].change) < claim.move:
        before += 1
    if before and agrees(claim.stated, float(before)):
        told["note"] = f"the run ended with the {claim.unit} before"
        return Verdict("TRUE", **told)
    return Verdict("FALSE", **told)
