"""True and falsified sentences from closes: what a checker must accept and reject.

Claims are drawn over the histories of a library, put in words by the templates, and falsified in one respect
each. A falsified claim is kept only where it is wrong at its own printed precision.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from narrows.claims.agreement import agrees, rounded
from narrows.claims.claim import BestSince, Change, Claim, Count, Rank, Span, Stated, Streak
from narrows.claims.desk import FUNDS
from narrows.claims.phrases import phrase, phrasings
from narrows.market.window import Window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from narrows.market.history import History
    from narrows.market.library import Library

__all__ = ["CLASSES", "Case", "cases"]

CLASSES = ("value", "entity", "base", "sign", "unit", "window", "rank", "count", "streak", "since")
"""What is falsified."""
CHANGES = ("week", "day", "mtd", "qtd", "ytd")
STEPS = (-26, -9, -4, -1, 1, 2)
"""Weeks by which a "since" is moved."""


@dataclass(frozen=True, slots=True)
class Case:
    """A sentence and whether it is true.

    Parameters
    ----------
    kind
        What was falsified, or would be.
    label
        Whether it is true.
    claim
        As made.
    text
        As phrased.
    """

    kind: str
    label: bool
    claim: Claim
    text: str


def cases(library: Library, count: int, seed: int = 1) -> Iterator[Case]:
    """Yield pairs of a true and a falsified sentence, of every class alike.

    Parameters
    ----------
    library
        With the S&P 500 and the sector funds.
    count
        Number of sentences, half of them true.
    seed
        Of the draws.
    """
    rng = random.Random(seed)  # noqa: S311 - draws of test cases
    for at in range(count // 2):
        kind = CLASSES[at % len(CLASSES)]
        pair = None
        while pair is None:
            pair = _pair(kind, library, rng)
        variant = rng.randrange(phrasings(pair[0]))
        for label, claim in zip((True, False), pair, strict=True):
            yield Case(kind, label, claim, phrase(claim, variant))


def _pair(kind: str, library: Library, rng: random.Random) -> tuple[Claim, Claim] | None:  # noqa: C901
    if kind in {"rank", "count"}:
        return _group(kind, library, rng)
    fund = kind == "entity" or (kind in {"value", "sign", "base"} and rng.random() < 0.5)  # noqa: PLR2004 - a coin
    history = library.history(rng.choice(FUNDS) if fund else "SPX")
    if history is None:
        return None
    if kind in {"streak", "since"}:
        return _run(kind, history, rng)
    unit = "week" if kind in {"entity", "base"} else rng.choice(CHANGES)
    window = Window(unit, history.days[rng.choice(history.weeks).end])
    found = history.change(window)
    if found is None:
        return None
    percent, points, _, end = found
    places = rng.choice((1, 2))
    true = _stated(history, window, percent, "%", places)
    bad: Change | None
    if kind == "value":
        bad = _stated(history, window, percent + rng.choice((-1, 1)) * rng.uniform(0.15, 2.5), "%", places)
    elif kind == "entity":
        other = library.history(rng.choice(FUNDS))
        moved = None if other is None else other.change(window)
        bad = None if moved is None else _stated(history, window, moved[0], "%", places)
    elif kind == "base":
        first = history.first(history.days[end] - timedelta(days=history.days[end].weekday()))
        bad = (
            None
            if first is None or first >= end
            else _stated(history, window, history.between(first, end), "%", places)
        )
    elif kind == "sign":
        bad = _stated(history, window, -percent, "%", places)
    elif kind == "unit":
        bad = _stated(history, window, points, "%", places)
    else:
        moved = history.change(
            replace(window, kind=rng.choice([one for one in CHANGES if one != window.kind]))
        )
        bad = None if moved is None else _stated(history, window, moved[0], "%", places)
    if (
        bad is None
        or bad.stated is None
        or agrees(bad.stated, percent)
        or abs(bad.stated.value - percent) < 2 * bad.stated.half
    ):
        return None
    return true, bad


def _stated(history: History, window: Window, value: float, unit: str, places: int) -> Change:
    printed = rounded(value, places)
    stated = Stated(printed, unit, places)
    way = 1 if printed >= 0 else -1
    return Change(entity=history.symbol, window=window, stated=stated, direction=way)


def _group(kind: str, library: Library, rng: random.Random) -> tuple[Claim, Claim] | None:
    history = library.history(FUNDS[0])
    if history is None:
        return None
    window = Window("week", history.days[rng.choice(history.weeks).end])
    changes = {}
    for symbol in FUNDS:
        fund = library.history(symbol)
        found = None if fund is None else fund.change(window)
        if found is None:
            return None
        changes[symbol] = found[0]
    step = rng.choice((-2, -1, 1, 2))
    if kind == "count":
        way = rng.choice((1, -1))
        number = sum(change * way > 0 for change in changes.values())
        if not (0 < number <= len(FUNDS) and 0 < number + step <= len(FUNDS)):
            return None
        made = [
            Count(entity="sector_funds", window=window, stated=Stated(n, "", 0), of=len(FUNDS), direction=way)
            for n in (number, number + step)
        ]
        return made[0], made[1]
    symbol = rng.choice(FUNDS)
    place = 1 + sum(change > changes[symbol] for change in changes.values())
    tied = sum(abs(change - changes[symbol]) < 0.005 for change in changes.values()) > 1  # noqa: PLR2004 - shared at two places
    if tied or not 1 <= place + step <= len(FUNDS):
        return None
    ranks = [
        Rank(entity=symbol, window=window, stated=Stated(n, "", 0), of=len(FUNDS))
        for n in (place, place + step)
    ]
    return ranks[0], ranks[1]


def _run(kind: str, history: History, rng: random.Random) -> tuple[Claim, Claim] | None:
    weeks = history.weeks
    at = rng.randrange(1, len(weeks))
    window = Window("week", history.days[weeks[at].end])
    way = rng.choice((1, -1))
    if kind == "streak":
        number = history.runs("week", way)[at]
        bad = number + rng.choice((-1, 1))
        if number < 2 or bad < 1:  # noqa: PLR2004 - one week is no run
            return None
        runs = [
            Streak(entity=history.symbol, window=window, stated=Stated(n, "", 0), direction=way)
            for n in (number, bad)
        ]
        return runs[0], runs[1]
    before = next((k for k in range(at - 1, -1, -1) if weeks[k].change * way >= weeks[at].change * way), None)
    if before is None or weeks[at].change * way <= 0 or at - before < 4:  # noqa: PLR2004 - worth saying
        return None
    other = before + rng.choice(STEPS)
    if not 0 <= other < at or other == before:
        return None
    days = [history.days[weeks[k].end] for k in (before, other)]
    best = [
        BestSince(entity=history.symbol, window=window, worst=way < 0, since=Span(day, day), direction=way)
        for day in days
    ]
    return best[0], best[1]
