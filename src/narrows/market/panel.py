"""A dense panel of closes: sessions by tickers, with who was a member and of which sector on each day."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.errors import DataError
from narrows.market.sessions import sessions
from narrows.market.window import monday_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.floating[Any]]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]

__all__ = ["UNCLASSIFIED", "Panel", "Spell", "Week", "panel_of"]

UNCLASSIFIED = "no sector"
"""What the sector of a ticker is called that the taxonomy does not name on a day."""


@dataclass(frozen=True, slots=True)
class Spell:
    """A time in which a ticker was a member of an index, or stood in a sector.

    Parameters
    ----------
    ticker
        The listing.
    name
        The index or the sector.
    start
        First day; None where it is not known to begin.
    end
        First day on which it no longer holds; None where it still does.
    scheme
        Of the sector, such as ``gics``; empty for a membership.

    Examples
    --------
    >>> Spell("VRT", "sp500", date(2026, 3, 23), None).holds(date(2026, 3, 20))
    False
    """

    ticker: str
    name: str
    start: date | None = None
    end: date | None = None
    scheme: str = ""

    def holds(self, day: date) -> bool:
        """Return whether it holds on a day."""
        return (self.start is None or self.start <= day) and (self.end is None or day < self.end)


@dataclass(frozen=True, slots=True)
class Week:
    """A week of a panel.

    Parameters
    ----------
    base, end
        Places of the last session before its Monday and of its last session.
    """

    base: int
    end: int


@dataclass(frozen=True, eq=False)
class Panel:
    """Closes of many tickers on the sessions of one exchange.

    Parameters
    ----------
    tickers
        Listings, in the order of the columns.
    days
        Sessions, oldest first, in the order of the rows.
    closes
        Axes (session, ticker) [currency a share]; not-a-number where no close is held. Nothing is filled.
    members
        Spells of membership; empty where every ticker counts as a member on every day.
    sectors
        Spells of the sector, of one scheme.
    shares
        Number that turns a close into a capitalisation, by ticker [shares]; not-a-number where not known.
        Classes of one company are already shared out, see `narrows.market.weights.shares_of`.
    universe
        What the members are members of, in words.

    Raises
    ------
    DataError
        If the shape of the closes is not that of days and tickers, or the days are not in order.

    Examples
    --------
    >>> days = [date(2026, 4, 24), date(2026, 4, 27), date(2026, 5, 1)]
    >>> panel = Panel(("A", "B"), tuple(days), np.array([[10.0, 50.0], [11.0, np.nan], [12.0, 45.0]]))
    >>> panel.week(date(2026, 5, 1)), panel.change(0, 2).round(2).tolist()
    (Week(base=0, end=2), [0.2, -0.1])
    """

    tickers: tuple[str, ...]
    days: tuple[date, ...]
    closes: Floats
    members: tuple[Spell, ...] = ()
    sectors: tuple[Spell, ...] = ()
    shares: Floats | None = None
    universe: str = "all tickers held"
    notes: tuple[str, ...] = field(default_factory=tuple)

    def __post_init__(self) -> None:
        if self.closes.shape != (len(self.days), len(self.tickers)):
            raise DataError(
                f"The closes have the shape {self.closes.shape}",
                f"{len(self.days)} sessions and {len(self.tickers)} tickers need one row and column each",
                "Build the panel with narrows.market.panel.panel_of",
            )
        if any(one >= other for one, other in zip(self.days, self.days[1:], strict=False)):
            raise DataError(
                "The sessions of the panel are not in order",
                "Each stands once, the oldest first",
                "Sort them, and leave out duplicates",
            )

    @cached_property
    def place(self) -> dict[str, int]:
        """Column of each ticker."""
        return {ticker: at for at, ticker in enumerate(self.tickers)}

    def at(self, day: date) -> int | None:
        """Return the row of a session; None where it is not held."""
        row = bisect_left(self.days, day)
        return row if row < len(self.days) and self.days[row] == day else None

    def week(self, day: date) -> Week | None:
        """Return the week of a day; None where a session at its base or its end is not held.

        Notes
        -----
        The base is the last session of the exchange before the week's Monday, the end its last session.
        """
        monday = monday_of(day)
        before = sessions(monday - timedelta(days=14), monday - timedelta(days=1))
        inside = sessions(monday, monday + timedelta(days=4))
        if not before or not inside:
            return None
        base, end = self.at(before[-1]), self.at(inside[-1])
        return None if base is None or end is None else Week(base, end)

    @cached_property
    def weeks(self) -> tuple[Week, ...]:
        """All weeks whose base and last session are held, oldest first."""
        mondays = sorted({monday_of(day) for day in self.days})
        return tuple(week for monday in mondays if (week := self.week(monday)) is not None)

    def change(self, base: int, end: int) -> Floats:
        """Return each ticker's change between two rows [share]; not-a-number where a close is missing."""
        changed: Floats = np.asarray(self.closes[end], np.float64) / self.closes[base] - 1
        return changed

    def members_on(self, row: int) -> Bools:
        """Return which tickers were members on a session, whether or not a close is held."""
        found: Bools = self.member_rows(row, row + 1)[0]
        return found

    def member_rows(self, first: int, last: int) -> Bools:
        """Return which tickers were members on the sessions of a range of rows; axes (session, ticker)."""
        if not self.members:
            return np.ones((last - first, len(self.tickers)), bool)
        found = np.zeros((last - first, len(self.tickers)), bool)
        days = self.days[first:last]
        for spell in self.members:
            column = self.place.get(spell.ticker)
            if column is not None:
                found[_rows(days, spell), column] = True
        return found

    def members_named(self, row: int) -> int:
        """Return how many members the list names on a session, whether or not the panel holds them."""
        if not self.members:
            return len(self.tickers)
        day = self.days[row]
        return len({spell.ticker for spell in self.members if spell.holds(day)})

    def sectors_on(self, row: int) -> tuple[tuple[str, ...], Ints]:
        """Return the names of the sectors and the place of each ticker's sector on a session.

        Returns
        -------
        tuple
            Names in order, the last of them `UNCLASSIFIED`; and one place in it for each ticker.
        """
        day = self.days[row]
        named = {
            spell.ticker: spell.name
            for spell in self.sectors
            if spell.ticker in self.place and spell.holds(day)
        }
        names = (*sorted(set(named.values())), UNCLASSIFIED)
        order = {name: at for at, name in enumerate(names)}
        return names, np.array([order[named.get(ticker, UNCLASSIFIED)] for ticker in self.tickers], np.int64)

    def tail(self, rows: int) -> Panel:
        """Return the panel of its last sessions."""
        return replace(self, days=self.days[-rows:], closes=self.closes[-rows:])

    def only(self, keep: Bools) -> Panel:
        """Return the panel of some of the tickers."""
        columns = np.flatnonzero(keep)
        return Panel(
            tuple(self.tickers[at] for at in columns),
            self.days,
            self.closes[:, columns],
            self.members,
            self.sectors,
            None if self.shares is None else self.shares[columns],
            self.universe,
            self.notes,
        )


def _rows(days: Sequence[date], spell: Spell) -> slice:
    first = 0 if spell.start is None else bisect_left(days, spell.start)
    last = len(days) if spell.end is None else bisect_left(days, spell.end)
    return slice(first, last)


def panel_of(
    rows: Iterable[tuple[str, date, float]],
    *,
    members: Sequence[Spell] = (),
    sectors: Sequence[Spell] = (),
    shares: Mapping[str, float] | None = None,
    universe: str = "all tickers held",
) -> Panel:
    """Return the panel of single closes.

    Parameters
    ----------
    rows
        Ticker, session and close, in any order.
    members, sectors, universe
        As in `Panel`.
    shares
        Shares by ticker; those not named have none.

    Raises
    ------
    DataError
        If a ticker has two closes on one day, or a close that is not a positive number.

    Examples
    --------
    >>> panel_of([("B", date(2026, 5, 1), 45.0), ("A", date(2026, 5, 1), 12.0)]).closes.tolist()
    [[12.0, 45.0]]
    """
    held: dict[tuple[date, str], float] = {}
    for ticker, day, close in rows:
        if (day, ticker) in held:
            raise DataError(
                f"{ticker} has two closes on {day.isoformat()}",
                "A ticker has one close a session",
                "Leave one of them out",
            )
        if not (np.isfinite(close) and close > 0):
            raise DataError(
                f"The close of {ticker} on {day.isoformat()} is {close}",
                "A close is a positive number",
                "Leave it out where it is not known",
            )
        held[day, ticker] = close
    days, tickers = sorted({day for day, _ in held}), sorted({ticker for _, ticker in held})
    row, column = ({name: at for at, name in enumerate(names)} for names in (days, tickers))
    closes = np.full((len(days), len(tickers)), np.nan)
    for (day, ticker), close in held.items():
        closes[row[day], column[ticker]] = close
    number = None if shares is None else np.array([shares.get(ticker, np.nan) for ticker in tickers])
    return Panel(tuple(tickers), tuple(days), closes, tuple(members), tuple(sectors), number, universe)


def last_row(panel: Panel, day: date) -> int | None:
    """Return the row of the last session held on a day or before; None where there is none."""
    row = bisect_right(panel.days, day) - 1
    return row if row >= 0 else None
