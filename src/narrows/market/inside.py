"""Inside the index: breadth, contribution, concentration and leveraged funds of a week, from a store."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from narrows.errors import DataError
from narrows.market.breadth import LONG_MEAN, SHORT_MEAN, YEAR, above_mean, advances, highs_lows
from narrows.market.kept import LEAST
from narrows.market.leverage import FUNDS, fund, leveraged_path, short_rates
from narrows.market.signals import COVERED
from narrows.market.store import FIELDS
from narrows.market.weights import LEADERS, SectorPart, compose, rotation

if TYPE_CHECKING:
    from datetime import date

    from narrows.market.breadth import Breadth
    from narrows.market.history import History
    from narrows.market.library import Library
    from narrows.market.panel import Panel, Week
    from narrows.market.shelf import Shelf
    from narrows.market.weights import Composition, Rotation

__all__ = ["FundYear", "Inside", "Member", "Share", "fund_years", "inside", "member_panel"]

LINE_DAYS = 126
"""Sessions of the breadth line: half a year."""


@dataclass(frozen=True, slots=True)
class Share:
    """Share of members above a mean.

    Parameters
    ----------
    window
        Sessions of the mean.
    share
        Of the counted members.
    counted, members
        Members with every close of the window, and members of that day.
    """

    window: int
    share: float
    counted: int
    members: int


@dataclass(frozen=True, slots=True)
class Member:
    """A member's week: weight at the base [share], change [%], contribution [percentage points]."""

    ticker: str
    weight: float
    change: float
    points: float


@dataclass(frozen=True, slots=True)
class FundYear:
    """A leveraged fund beside its model and the multiple of its index's change.

    Parameters
    ----------
    symbol, plain
        The fund, and the plain fund whose closes stand for its index.
    multiple
        Of a day's change.
    days
        Sessions, at most a year of them; the first is the base.
    actual, model, multiple_path
        Growth of the fund, of the model, and one plus the multiple of the plain fund's change.
    low, high
        Growth of the model over the whole time with fee and spread at their ends.
    """

    symbol: str
    plain: str
    multiple: float
    days: tuple[date, ...]
    actual: tuple[float, ...]
    model: tuple[float, ...]
    multiple_path: tuple[float, ...]
    low: float
    high: float


@dataclass(frozen=True)
class Inside:
    """A week of the members of an index.

    Parameters
    ----------
    universe
        What they are members of, in words.
    field
        Kind of the closes: ``close``, or ``adj_close`` with dividends.
    shares
        Breadth above the long and the short mean; those that can be told.
    line
        Sessions of the last half year, and shares above the short and the long mean; None where not told.
    rose, fell, stayed, counted
        Members of the week.
    highs, lows, extremes_of
        Members at a 252-day high, at a low, and members counted; None where too few are held.
    capitalised, equal, residual
        Change by capitalisation and with equal weights [%]; published index less the former [points].
    first, last
        Members with the greatest and the least contributions.
    sectors
        Sectors, the greatest contribution first.
    leaders
        Share of the gain that the five greatest contributions make; None in a week of loss.
    herfindahl, effective, top
        Concentration of the capitalisation at the base.
    dispersion, deviation
        Of the members' changes [percentage points].
    weighted
        Members that the weights are of.
    members
        Members that the list names.
    rotation
        Change of the order of sectors from the week before.
    funds
        Leveraged funds.
    notes
        What a reader must know besides.
    """

    universe: str
    field: str
    shares: tuple[Share, ...]
    line: tuple[tuple[date, float | None, float | None], ...]
    rose: int
    fell: int
    stayed: int
    counted: int
    members: int
    highs: int | None = None
    lows: int | None = None
    extremes_of: int = 0
    capitalised: float | None = None
    equal: float | None = None
    residual: float | None = None
    first: tuple[Member, ...] = ()
    last: tuple[Member, ...] = ()
    sectors: tuple[SectorPart, ...] = ()
    leaders: float | None = None
    herfindahl: float | None = None
    effective: float | None = None
    top: float | None = None
    dispersion: float | None = None
    deviation: float | None = None
    weighted: int = 0
    rotation: Rotation | None = None
    funds: tuple[FundYear, ...] = ()
    notes: tuple[str, ...] = ()


def inside(shelf: Shelf, day: date, index: float | None = None, universe: str | None = None) -> Inside | None:
    """Return a week of the members of an index; None where the store holds too few closes of them.

    Parameters
    ----------
    shelf
        The store, opened for a week.
    day
        Its last session.
    index
        Change of the published index [%].
    universe
        Membership of the store; the tickers with a sector if left out.
    """
    found = member_panel(shelf, day, universe)
    if found is None:
        return None
    panel, of, week = found
    long, short = above_mean(panel, LONG_MEAN), above_mean(panel, SHORT_MEAN)
    extreme = highs_lows(panel.tail(YEAR), YEAR)
    enough = len(extreme.days) > 0 and int(extreme.counted[-1]) >= LEAST
    up, down, same, counted = advances(panel, week.base, week.end)
    parts = compose(panel, week.base, week.end, index)
    made = Inside(
        universe=panel.universe,
        field=of,
        shares=tuple(share for one in (long, short) if (share := _share(one)) is not None),
        line=_line(short, long),
        rose=up,
        fell=down,
        stayed=same,
        counted=counted,
        members=panel.members_named(week.end),
        highs=int(extreme.highs[-1]) if enough else None,
        lows=int(extreme.lows[-1]) if enough else None,
        extremes_of=int(extreme.counted[-1]) if enough else 0,
        funds=fund_years(shelf, day),
        notes=panel.notes,
    )
    return made if parts is None else _with_parts(made, parts, panel, week)


def member_panel(shelf: Shelf, day: date, universe: str | None = None) -> tuple[Panel, str, Week] | None:
    """Return the panel that a week is told from, the kind of its closes, and the week's rows.

    Parameters
    ----------
    shelf
        The store, opened for a week.
    day
        Its last session.
    universe
        Membership of the store; the tickers with a sector if left out.

    Notes
    -----
    Closes of the price, where enough of the members have one, or of the kind that more have.
    """
    best: tuple[int, Panel, str, Week] | None = None
    for of in FIELDS:
        try:
            panel = shelf.store.panel(day, of=of, universe=universe)
        except DataError:
            continue
        week = panel.week(day)
        if week is None or panel.days[-1] != day:
            continue
        count = advances(panel, week.base, week.end)[3]
        if count >= LEAST and (best is None or count > best[0]):
            best = (count, panel, of, week)
            if count >= COVERED * panel.members_named(week.end):
                break
    return None if best is None else best[1:]


def _share(found: Breadth) -> Share | None:
    if not found.days or found.counted[-1] < LEAST:
        return None
    return Share(found.window, float(found.share[-1]), int(found.counted[-1]), int(found.members[-1]))


def _line(short: Breadth, long: Breadth) -> tuple[tuple[date, float | None, float | None], ...]:
    slow = {
        day: float(share)
        for day, share, count in zip(long.days, long.share, long.counted, strict=True)
        if count >= LEAST
    }
    return tuple(
        (day, float(share) if count >= LEAST else None, slow.get(day))
        for day, share, count in zip(
            short.days[-LINE_DAYS:], short.share[-LINE_DAYS:], short.counted[-LINE_DAYS:], strict=True
        )
    )


def _with_parts(made: Inside, parts: Composition, panel: Panel, week: Week) -> Inside:
    rows = [
        Member(ticker, float(weight), float(change), float(points))
        for ticker, weight, change, points in zip(
            parts.tickers, parts.weights, parts.changes, parts.points, strict=True
        )
    ]
    earlier = panel.week(panel.days[week.base])
    before = None if earlier is None else compose(panel, earlier.base, earlier.end)
    return dataclasses.replace(
        made,
        capitalised=parts.capitalised,
        equal=parts.equal,
        residual=parts.residual,
        first=tuple(rows[:LEADERS]),
        last=tuple(rows[: -LEADERS - 1 : -1]),
        sectors=parts.sectors,
        leaders=parts.leaders(),
        herfindahl=parts.concentration.herfindahl,
        effective=parts.concentration.effective,
        top=parts.concentration.top,
        dispersion=parts.dispersion,
        deviation=parts.deviation,
        weighted=parts.counted,
        rotation=None if before is None else rotation(parts.sectors, before.sectors),
    )


def fund_years(library: Library, day: date) -> tuple[FundYear, ...]:
    """Return the leveraged funds beside their models over the year to a day, as far as closes are held."""
    found = []
    for symbol, plain in FUNDS.items():
        own, index = library.history(symbol), library.history(plain)
        days = [] if own is None or index is None else _shared(own, index, day)
        if own is None or index is None or len(days) < SHORT_MEAN:
            continue
        closes = np.array([index.closes[index.days.index(one)] for one in days])
        held = [own.closes[own.days.index(one)] for one in days]
        facts = fund(symbol)
        path = leveraged_path(closes, short_rates(days), facts)
        found.append(
            FundYear(
                symbol,
                plain,
                facts.multiple,
                tuple(days),
                tuple(close / held[0] for close in held),
                tuple(path.growth.tolist()),
                tuple((1 + facts.multiple * (path.plain - 1)).tolist()),
                float(path.low[-1]),
                float(path.high[-1]),
            )
        )
    return tuple(found)


def _shared(own: History, index: History, day: date) -> list[date]:
    """Return the last sessions, at most a year, on which both are held and none is missing."""
    from narrows.market.sessions import sessions

    both = set(own.days) & set(index.days)
    if day not in both:
        return []
    run: list[date] = []
    for one in reversed(sessions(min(both), day)):
        if one not in both or len(run) > YEAR:
            break
        run.append(one)
    return run[::-1]
