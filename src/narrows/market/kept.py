"""What a store keeps of its own history, so that a run need not read it again: records, and a row a week.

Both are computed once, when a source is ingested.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.market.breadth import LONG_MEAN, SHORT_MEAN, above_mean, highs_lows
from narrows.market.store import FIELDS
from narrows.market.weights import LEADERS, compose, shares_of

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from narrows.market.history import History
    from narrows.market.panel import Panel
    from narrows.market.store import Store

__all__ = [
    "INDEX",
    "LEAST",
    "WEEK_COLUMNS",
    "KeptWeek",
    "kept_weeks",
    "records",
    "share_counts",
    "weeks_of",
    "with_index",
]

INDEX = "SPX"
"""Index whose closes stand beside the weeks."""
RECORD_YEARS = 10
"""Years of closes from which their highest is called a record."""
LEAST = 20
"""Members that must be counted before a share of them is kept."""
WEEK_COLUMNS = (
    "week DATE, field VARCHAR, above_200 DOUBLE, above_50 DOUBLE, counted INTEGER, members INTEGER, "
    "highs INTEGER, lows INTEGER, capitalised DOUBLE, equal DOUBLE, leaders DOUBLE, dispersion DOUBLE, "
    "effective DOUBLE, index_close DOUBLE, index_change DOUBLE, index_record BOOLEAN"
)
SHARE_COLUMNS = "ticker VARCHAR, field VARCHAR, date DATE, shares DOUBLE"
RECORD_COLUMNS = "ticker VARCHAR, year INTEGER, high DOUBLE, high_day DATE, first_day DATE"


@dataclass(frozen=True, slots=True)
class KeptWeek:
    """Numbers of a week of a panel; None where they are not held.

    Parameters
    ----------
    week
        Its last session.
    field
        Kind of the closes: ``close`` or ``adj_close``.
    above_200, above_50
        Share of the counted members above their mean.
    counted, members
        Members with every close of the long mean, and members of that day.
    highs, lows
        Members at a 252-day high, and at a low.
    capitalised, equal
        Change weighted by capitalisation, and with equal weights [%].
    leaders
        Share of the change that the five largest contributions make; None in a week of loss.
    dispersion
        Standard deviation of the members' changes [percentage points].
    effective
        Number of equal names with the same concentration.
    index_close, index_change, index_record
        Close of the index, its change of the week [%], and whether the close is the highest held of ten years
        or more.
    """

    week: date
    field: str
    above_200: float | None
    above_50: float | None
    counted: int
    members: int
    highs: int | None
    lows: int | None
    capitalised: float | None
    equal: float | None
    leaders: float | None
    dispersion: float | None
    effective: float | None
    index_close: float | None = None
    index_change: float | None = None
    index_record: bool | None = None


def weeks_of(panel: Panel, field: str = "close") -> list[KeptWeek]:
    """Return the numbers of every week of a panel, oldest first.

    Parameters
    ----------
    panel
        Of closes.
    field
        Kind of them.

    Notes
    -----
    A week in which fewer than 20 members are counted is left out: a share of so few says little.
    """
    long, short, extreme = above_mean(panel, LONG_MEAN), above_mean(panel, SHORT_MEAN), highs_lows(panel)
    at200, at50, at252 = ({day: at for at, day in enumerate(one.days)} for one in (long, short, extreme))
    above200, above50 = long.share, short.share
    found = []
    for week in panel.weeks:
        day = panel.days[week.end]
        parts = compose(panel, week.base, week.end)
        change = panel.change(week.base, week.end)[panel.members_on(week.end)]
        held = change[~np.isnan(change)]
        if len(held) < LEAST:
            continue
        place = at200.get(day)
        enough = place is not None and long.counted[place] >= LEAST
        found.append(
            KeptWeek(
                week=day,
                field=field,
                above_200=float(above200[place]) if enough and place is not None else None,
                above_50=_held(above50, short.counted, at50.get(day)),
                counted=int(long.counted[place]) if place is not None else 0,
                members=panel.members_named(week.end),
                highs=_count(extreme.highs, extreme.counted, at252.get(day)),
                lows=_count(extreme.lows, extreme.counted, at252.get(day)),
                capitalised=None if parts is None else parts.capitalised,
                equal=float(100 * held.mean()),
                leaders=None if parts is None else parts.leaders(LEADERS),
                dispersion=None if parts is None else parts.dispersion,
                effective=None if parts is None else parts.concentration.effective,
            )
        )
    return found


def with_index(weeks: dict[date, KeptWeek], index: History | None) -> list[KeptWeek]:
    """Return the weeks with the index beside them, oldest first; also those of which only the index is held.

    Parameters
    ----------
    weeks
        Of the panel, by their last session.
    index
        Closes of the index; None where they are not held.
    """
    found = dict(weeks)
    if index is not None:
        high = np.maximum.accumulate(np.array(index.closes))
        for one in index.weeks:
            day = index.days[one.end]
            bare = KeptWeek(day, "", None, None, 0, 0, None, None, None, None, None, None, None)
            close = index.closes[one.end]
            record = bool(close >= high[one.end]) if day.year - index.days[0].year > RECORD_YEARS else None
            found[day] = replace(
                found.get(day, bare), index_close=close, index_change=one.change, index_record=record
            )
    return [found[day] for day in sorted(found)]


def _held(values: NDArray[Any], counted: NDArray[Any], place: int | None) -> float | None:
    return float(values[place]) if place is not None and counted[place] >= LEAST else None


def _count(values: NDArray[Any], counted: NDArray[Any], place: int | None) -> int | None:
    return int(values[place]) if place is not None and counted[place] >= LEAST else None


def records(store: Store) -> list[tuple[str, int, float, date, date]]:
    """Return the highest close of each ticker up to the end of each year, its day, and its first day."""
    days, closes = store.closes()
    if not days:
        return []
    high = np.full(closes.shape[1], -np.inf)
    row_of = np.zeros(closes.shape[1], np.int64)
    first = np.argmax(~np.isnan(closes), axis=0)
    years = np.array([day.year for day in days])
    found = []
    for year in sorted(set(years.tolist())):
        rows = np.flatnonzero(years == year)
        block = np.where(np.isnan(closes[rows]), -np.inf, closes[rows])
        top = block.argmax(axis=0)
        value = block[top, np.arange(block.shape[1])]
        more = value > high
        high, row_of = np.where(more, value, high), np.where(more, rows[top], row_of)
        found += [
            (ticker, year, float(high[at]), days[row_of[at]], days[first[at]])
            for at, ticker in enumerate(store.tickers)
            if np.isfinite(high[at])
        ]
    return found


def share_counts(store: Store) -> list[tuple[str, str, date, float]]:
    """Return shares by ticker, kind of closes and day of the capitalisation, share classes counted once.

    Notes
    -----
    Shares are the capitalisation over the last close on or before its day. They are taken to be constant.
    """
    rows = store.table("capitalisation", "ticker, date, cap")
    found = []
    for of in FIELDS if rows else ():
        days, closes = store.closes(of=of)
        for day in sorted({row[1] for row in rows}):
            caps = {ticker: cap for ticker, on, cap in rows if on == day}
            upto = closes[: bisect_right(days, day)]
            held = ~np.isnan(upto)
            last = {
                ticker: float(upto[len(upto) - 1 - int(np.argmax(held[::-1, at])), at])
                for at, ticker in enumerate(store.tickers)
                if ticker in caps and held[:, at].any()
            }
            caps = {ticker: cap for ticker, cap in caps.items() if ticker in last}
            counts = shares_of(caps, last, store.issuers)
            found += [(ticker, of, day, count) for ticker, count in counts.items()]
    return found


def kept_weeks(store: Store) -> list[KeptWeek]:
    """Return the weeks that a store keeps, oldest first."""
    columns = ", ".join(part.split()[0] for part in WEEK_COLUMNS.split(", "))
    return [KeptWeek(*row) for row in sorted(store.table("weeks", columns), key=lambda row: row[0])]
