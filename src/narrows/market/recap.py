"""The week in numbers: indices, sectors, what drove it, and what it may hide; every number from closes."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from narrows.errors import DataError, UsageError
from narrows.market.instruments import INDICES, SECTORS, STANDS_IN
from narrows.market.library import Library
from narrows.market.sessions import last_of_week, sessions
from narrows.market.window import Window, monday_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from narrows.market.history import History
    from narrows.market.inside import Inside
    from narrows.market.kept import KeptWeek
    from narrows.market.shelf import Shelf
    from narrows.market.signals import Past

__all__ = ["INDICES", "SECTORS", "IndexRow", "Move", "Recap", "Score", "Signal", "recap"]

DEFENSIVE = ("XLP", "XLU", "XLV")
STATE = Path(__file__).parent / "closes.toml"
BREADTH_BELOW = 0.03
"""Share of members by which breadth stands below its own four-week high when a record is called thin."""
BREADTH_WEEKS = 4
SCORES = 8
LEVERED = 1.5
"""Times the multiple of the index's change from which a leveraged fund's path is told."""
ENOUGH_YEARS = 10
"""Years of closes from which their highest is called a record without a fact that says so."""
LONGEST_CLOSURE = 14
"""Days that hold a session for sure: the exchange was never closed so long since 1990."""


@dataclass(frozen=True, slots=True)
class Move:
    """A change of the week.

    Parameters
    ----------
    symbol, name
        The instrument.
    close, base
        Closes of the last session and of the last one before the week's Monday.
    percent, points
        The change.
    before
        Change of the week before [%]; None where a close is missing.
    stands_for
        Name of the index that the instrument stands in for; empty for none.
    """

    symbol: str
    name: str
    close: float
    base: float
    percent: float
    points: float
    before: float | None
    stands_for: str = ""


@dataclass(frozen=True, slots=True)
class IndexRow:
    """An index in the first table.

    Parameters
    ----------
    move
        Change of the week.
    year
        Change since the end of last year [%]; None where a close is missing.
    streak
        Weeks in a row in the direction of this one.
    streak_open
        Whether the run is cut by the first close that is held, and may be longer.
    record
        Whether the close is the highest of all that are known; None where the closes do not tell.
    records
        Sessions of the week with a record close.
    """

    move: Move
    year: float | None
    streak: int
    streak_open: bool
    record: bool | None
    records: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """One thing that drove the week, or shows in it.

    Parameters
    ----------
    kind
        ``streak``, ``record``, ``leader``, ``laggard``, ``spread``, ``reversal``, ``count``, ``defensive`` or
        ``year``.
    weight
        What it is ranked by.
    facts
        The numbers that its sentence is written from.
    """

    kind: str
    weight: float
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Signal:
    """A rule on a divergence, and whether it fires.

    Parameters
    ----------
    rule
        What the rule is, in words.
    fires
        Whether it fires; None where what it needs is not held.
    facts
        The numbers behind it.
    past
        How often it fired before and what came after; None where no history is held.
    """

    rule: str
    fires: bool | None
    facts: dict[str, Any]
    past: Past | None = None


@dataclass(frozen=True)
class Recap:
    """The week in numbers.

    Parameters
    ----------
    week
        Last session of the week.
    base
        Last session before its Monday: every change of the week is measured from its close.
    first
        First session of the week.
    indices
        Rows of the first table.
    sectors
        Sector funds, the best first.
    scores
        What drove the week, the weightiest first.
    signals
        Rules on divergences.
    missing
        Symbols whose closes are not held.
    source
        Where the closes are from.
    inside
        Breadth, contribution and concentration of the members; None where no panel is held.
    """

    week: date
    base: date
    first: date
    indices: tuple[IndexRow, ...]
    sectors: tuple[Move, ...]
    scores: tuple[Score, ...]
    signals: tuple[Signal, ...]
    missing: tuple[str, ...] = ()
    source: str = ""
    notes: tuple[str, ...] = field(default_factory=tuple)
    inside: Inside | None = None


def recap(
    week: str | date,
    *,
    data: str | Path | None = None,
    store: str | Path | None = None,
    universe: str | None = None,
) -> Recap:
    """Return the week of a day in numbers.

    Parameters
    ----------
    week
        A day of the week; its last session is what the recap ends with.
    data
        Folder with tables of closes; the few closes that ship if left out.
    store
        Folder of a store, instead of tables. Breadth, contribution and concentration are told where it holds
        a panel.
    universe
        Membership of the store that the panel is of; the tickers with a sector if left out.

    Raises
    ------
    UsageError
        If the day cannot be read, the week has no session or has not ended in the closes, the store knows no
        such universe, or both a folder and a store are named.
    DataError
        If the closes of no index reach from the base to the end of the week.

    Notes
    -----
    The change of a week is that from the close of the last session before its Monday to the close of its last
    session. What is not held is left out and named; nothing is filled.

    Examples
    --------
    >>> found = recap("2026-05-01")
    >>> found.base.isoformat(), [f"{row.move.percent:.2f}" for row in found.indices]
    ('2026-04-24', ['0.91', '1.12', '0.57'])
    >>> found.indices[0].streak, found.indices[0].record, found.sectors[0].symbol
    (5, True, 'XLE')
    """
    last = _last(week)
    monday = monday_of(last)
    base = sessions(monday - timedelta(days=LONGEST_CLOSURE), monday - timedelta(days=1))[-1]
    if data is not None and store is not None:
        raise UsageError(
            "Both a folder of tables and a store are named",
            "Closes come from one of them",
            "Leave out --data or --store",
        )
    library = _library(data, store, last)
    missing: list[str] = []
    indices = tuple(row for symbol, name in INDICES if (row := _index(library, symbol, name, last, missing)))
    if not indices:
        raise DataError(
            f"No close of an index is held from {base.isoformat()} to {last.isoformat()}",
            "The weeks to 2026-05-01 and 2026-05-08 ship; other weeks need a folder of closes",
            "Name a folder with --data",
        )
    sectors = _sectors(library, last, missing)
    held = _inside(library, indices, last, universe)
    return Recap(
        week=last,
        base=base,
        first=sessions(monday, last)[0],
        indices=indices,
        sectors=sectors,
        scores=_scores(indices, sectors),
        signals=_signals(indices, sectors, last, held, _weeks(library)),
        missing=tuple(missing),
        source=library.origin,
        inside=held,
    )


def _library(data: str | Path | None, store: str | Path | None, last: date) -> Library:
    if store is None:
        return Library(data)
    from narrows.market.shelf import Shelf  # brings arrays and Parquet, which the weeks that ship need not

    return Shelf(store, last)


def _last(week: str | date) -> date:
    try:
        day = date.fromisoformat(week) if isinstance(week, str) else week
    except ValueError:
        raise UsageError(
            f"The week asked for is {week!r}",
            "It is a day such as 2026-05-01",
            "Write, for instance, 2026-05-01",
        ) from None
    last = last_of_week(day)
    if last is None:
        raise UsageError(
            f"The week of {day.isoformat()} has no session of the exchange",
            "A recap is of a week with a session",
            "Ask for another week",
        )
    return last


def _move(history: History | None, symbol: str, name: str, last: date, stands_for: str = "") -> Move | None:
    found = None if history is None else history.change(Window("week", last))
    if history is None or found is None or history.days[found[3]] != last:
        return None
    percent, points, base, end = found
    earlier = history.change(Window("week", history.days[base]))
    return Move(
        symbol=symbol,
        name=name,
        close=history.closes[end],
        base=history.closes[base],
        percent=percent,
        points=points,
        before=None if earlier is None else earlier[0],
        stands_for=stands_for,
    )


def _index(library: Library, symbol: str, name: str, last: date, missing: list[str]) -> IndexRow | None:
    history = library.history(symbol, anchored=True)
    move = _move(history, symbol, name, last)
    if move is None and symbol in STANDS_IN:
        missing.append(symbol)
        symbol, stands_for = STANDS_IN[symbol], name
        history = library.history(symbol, anchored=True)
        move = _move(history, symbol, symbol, last, stands_for)
    if move is None or history is None:
        missing.append(symbol)
        return None
    place = history.period_at("week", history.days.index(last))
    way = 1 if move.percent > 0 else -1
    streak = 0 if place is None else history.runs("week", way)[place]
    year = history.change(Window("ytd", last))
    record, days = _records(history, symbol, last, library.record(symbol))
    return IndexRow(
        move=move,
        year=None if year is None else year[0],
        streak=streak,
        streak_open=place is None or history.reaches_start("week", way, place),
        record=record,
        records=days,
    )


def _records(
    history: History, symbol: str, last: date, before: tuple[float, date] | None
) -> tuple[bool | None, tuple[date, ...]]:
    """Return whether the last close is a record, and the sessions of the week that made one."""
    known = _state()["record"].get(symbol)
    year = history.days[0].year
    whole = (last.year - year) > ENOUGH_YEARS
    if not whole and known is None and before is None:
        return None, ()
    high, since = (
        (0.0, date.min) if whole else before or (known["close"], date.fromisoformat(known["before"]))
    )
    made = []
    for day, close in zip(history.days, history.closes, strict=True):
        if day > last:
            break
        if close > high:
            high = close
            if day >= since:
                made.append(day)
    week = tuple(day for day in made if day >= monday_of(last))
    return bool(made) and made[-1] == last, week


def _sectors(library: Library, last: date, missing: list[str]) -> tuple[Move, ...]:
    found = []
    for symbol, name in SECTORS:
        move = _move(library.history(symbol), symbol, name, last)
        if move is None:
            missing.append(symbol)
        else:
            found.append(move)
    return tuple(sorted(found, key=lambda move: (-move.percent, move.symbol)))


def _scores(indices: tuple[IndexRow, ...], sectors: tuple[Move, ...]) -> tuple[Score, ...]:
    """Return what drove the week; weights are changes of the week [%], or what stands for them."""
    scores: list[Score] = []
    lead = indices[0]
    scores += [Score("record", 2.0 + len(row.records), {"row": row}) for row in indices if row.record]
    if lead.streak >= 2:  # noqa: PLR2004 (a run)
        scores.append(Score("streak", float(lead.streak), {"row": lead}))
    if lead.year is not None:
        scores.append(Score("year", abs(lead.year) / 10, {"row": lead}))
    if sectors:
        best, worst = sectors[0], sectors[-1]
        scores.append(Score("leader", abs(best.percent), {"move": best}))
        scores.append(Score("laggard", abs(worst.percent), {"move": worst}))
        scores.append(Score("spread", (best.percent - worst.percent) / 2, {"best": best, "worst": worst}))
        up = [move for move in sectors if move.percent > 0]
        scores.append(Score("count", 1.0, {"up": len(up), "all": len(sectors), "sectors": sectors}))
        turned = [move for move in sectors if move.before is not None and move.before * move.percent < 0]
        if turned:
            widest = max(turned, key=lambda move: abs(move.percent - (move.before or 0.0)))
            scores.append(
                Score("reversal", abs(widest.percent - (widest.before or 0.0)) / 2, {"move": widest})
            )
        shy = [move for move in sectors if move.symbol in DEFENSIVE]
        if len(shy) == len(DEFENSIVE):
            mean = sum(move.percent for move in shy) / len(shy)
            scores.append(
                Score(
                    "defensive",
                    abs(mean - lead.move.percent),
                    {"mean": mean, "moves": tuple(shy), "row": lead},
                )
            )
    return tuple(sorted(scores, key=lambda score: (-score.weight, score.kind)))[:SCORES]


def _inside(
    library: Library, indices: tuple[IndexRow, ...], last: date, universe: str | None
) -> Inside | None:
    """Return the week of the members; None where the closes are not those of a store."""
    if not hasattr(library, "store"):
        return None
    from narrows.market.inside import inside

    lead = next((row.move.percent for row in indices if row.move.symbol == "SPX"), None)
    return inside(cast("Shelf", library), last, lead, universe)


def _weeks(library: Library) -> Sequence[KeptWeek]:
    """Return the weeks that a store keeps, or those of a long history of the index; none otherwise."""
    if hasattr(library, "store"):
        from narrows.market.kept import kept_weeks

        return kept_weeks(cast("Shelf", library).store)
    history = library.history("SPX") if library.folder is not None else None
    if history is None or history.days[-1].year - history.days[0].year <= ENOUGH_YEARS:
        return ()
    from narrows.market.kept import with_index

    return with_index({}, history)


def _signals(
    indices: tuple[IndexRow, ...],
    sectors: tuple[Move, ...],
    last: date,
    held: Inside | None,
    weeks: Sequence[KeptWeek],
) -> tuple[Signal, ...]:
    """Return the rules on divergences; with their past where weeks are kept, or the index is long."""
    thin, narrow = _thin_record(indices, last), _narrow(sectors, indices)
    at = next((place for place, one in enumerate(weeks) if one.week == last), None)
    if at is None:
        return thin, narrow
    from narrows.market.signals import LEADING, LONG_STREAK, leaders_fire, past_of, streak_fires, thin_fires

    if thin.fires is None and (fires := thin_fires(weeks, at)) is not None:
        week = weeks[at]
        shares = [one.above_50 for one in weeks[at - BREADTH_WEEKS + 1 : at + 1] if one.above_50]
        facts = {
            "above_50": week.above_50,
            "above_200": week.above_200,
            "high": max(shares),
            "weeks": len(shares),
        }
        thin = replace(thin, fires=fires, facts=facts)
    leading = Signal(
        f"few leaders: five members make {100 * LEADING:.0f}% or more of the week's gain",
        leaders_fire(weeks, at),
        {"leaders": None if held is None else held.leaders},
    )
    long = Signal(
        f"long run: the index at a record after {LONG_STREAK} or more weeks up in a row",
        streak_fires(weeks, at),
        {"streak": indices[0].streak},
    )
    rules = ((thin, thin_fires), (leading, leaders_fire), (long, streak_fires))
    told = [replace(signal, past=past_of(weeks, at, rule)) for signal, rule in rules]
    return (told[0], narrow, *told[1:], *(() if held is None else _levered(held)))


def _levered(held: Inside) -> tuple[Signal, ...]:
    """Say whether a leveraged fund ran far ahead of the multiple of its index."""
    found = []
    for one in held.funds:
        gain, simple = one.actual[-1] - 1, one.multiple_path[-1] - 1
        rule = (
            f"compounding: {one.symbol} more than {LEVERED:g} times {one.multiple:g} times the change of "
            f"{one.plain} over {len(one.days) - 1} sessions"
        )
        facts = {"fund": one.symbol, "gain": gain, "simple": simple, "plain": one.plain}
        found.append(Signal(rule, simple > 0 and gain > LEVERED * simple, facts))
    return tuple(found)


def _thin_record(indices: tuple[IndexRow, ...], last: date) -> Signal:
    """Say whether a record close comes with breadth below its own four-week high."""
    weeks = _state()["breadth"]["weeks"]
    rule = (
        "thin record: the index at a record close while the share of members above their 50-day mean stands "
        f"{100 * BREADTH_BELOW:.0f} points or more below its own {BREADTH_WEEKS}-week high"
    )
    at = next((k for k, row in enumerate(weeks) if date.fromisoformat(row["week"]) == last), None)
    lead = next((row for row in indices if row.move.symbol == "SPX"), None)
    if at is None or lead is None or lead.record is None:
        return Signal(rule, None, {})
    shown = weeks[max(at - BREADTH_WEEKS + 1, 0) : at + 1]
    high = max(row["above_50"] for row in shown)
    now = weeks[at]
    facts = {
        "above_50": now["above_50"],
        "above_200": now["above_200"],
        "high": high,
        "weeks": len(shown),
        "of": lead.move.name,
    }
    return Signal(rule, bool(lead.record and high - now["above_50"] >= BREADTH_BELOW), facts)


def _narrow(sectors: tuple[Move, ...], indices: tuple[IndexRow, ...]) -> Signal:
    """Say whether the index rises while fewer than half of the sectors beat it."""
    rule = "narrow rise: the index up while fewer than a third of the sector funds are ahead of it"
    lead = next((row for row in indices if row.move.symbol == "SPX"), None)
    if lead is None or len(sectors) < len(SECTORS):
        return Signal(rule, None, {})
    ahead = [move for move in sectors if move.percent > lead.move.percent]
    facts = {"ahead": len(ahead), "all": len(sectors), "names": tuple(move.name for move in ahead)}
    return Signal(rule, lead.move.percent > 0 and 3 * len(ahead) < len(sectors), facts)


@cache
def _state() -> dict[str, Any]:
    return tomllib.loads(STATE.read_text(encoding="utf-8"))
