"""What was read in a week: items of news files, chosen by the names in their titles; no cause is claimed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from narrows.claims.entities import find
from narrows.errors import DataError, UsageError
from narrows.market.feeds import Item, read_feed
from narrows.market.window import monday_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from narrows.market.recap import Recap

__all__ = ["News", "NewsItem", "week_news"]

SHOWN = 10
"""Items that a recap lists."""
NEW_YORK_HOURS = timedelta(hours=5)
"""What is taken from a time in UTC for the day in New York (an hour more than it is in summer)."""


@dataclass(frozen=True, slots=True)
class NewsItem:
    """An item that is listed.

    Parameters
    ----------
    item
        As the file gives it.
    names
        Symbols that its title names and the recap names too.
    """

    item: Item
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class News:
    """Items dated in a week.

    Parameters
    ----------
    items
        Those that are listed, the most names first.
    in_week
        Items dated in the week, each link once.
    outside
        Items dated before or after it.
    left_out
        Items without a title, a date or a link.
    """

    items: tuple[NewsItem, ...]
    in_week: int
    outside: int
    left_out: int


def week_news(files: Sequence[str | Path], found: Recap) -> News:
    """Return the items of news files that are dated in a week.

    Parameters
    ----------
    files
        RSS 2.0 or Atom files.
    found
        The week.

    Raises
    ------
    DataError
        If a file is refused, see `narrows.market.feeds.read_feed`, or no item is dated in the week.
    UsageError
        If no file is named.

    Notes
    -----
    Items are ordered by how many of the recap's instruments, sectors and companies their titles name, then by
    how many other known names they have, then the newest first. The week runs from its Monday to its last
    session, by the day in New York.
    """
    if not files:
        raise UsageError("No news file is named", "News come from files", "Name a file with --news")
    feeds = [read_feed(file) for file in files]
    every = {item.link: item for feed in feeds for item in feed.items}
    first, last = monday_of(found.week), found.week
    held = [item for item in every.values() if first <= (item.published - NEW_YORK_HOURS).date() <= last]
    if not held:
        raise DataError(
            f"No item of the news files is dated from {first.isoformat()} to {last.isoformat()}",
            f"Items of the week are listed; with another date: {len(every)}; without a title, a date or a "
            f"link: {sum(feed.left_out for feed in feeds)}",
            "Name a feed of that week, or leave out --news",
        )
    named = _named(found)
    ranked = []
    for item in held:
        known = dict.fromkeys(one.id for one in find(item.title) if one.id)
        own = tuple(name for name in known if name in named)
        ranked.append((-len(own), -len(known), -item.published.timestamp(), item.link, NewsItem(item, own)))
    ranked.sort(key=lambda row: row[:4])
    return News(
        items=tuple(row[4] for row in ranked[:SHOWN]),
        in_week=len(held),
        outside=len(every) - len(held),
        left_out=sum(feed.left_out for feed in feeds),
    )


def _named(found: Recap) -> frozenset[str]:
    """Return the symbols of what a recap names."""
    names = {row.move.symbol for row in found.indices} | {move.symbol for move in found.sectors}
    names |= {"DJI"} if any(row.move.stands_for for row in found.indices) else set()
    names |= {f"sector.{move.name.lower().replace(' ', '_')}" for move in found.sectors}
    if found.inside is not None:
        names |= {member.ticker for member in (*found.inside.first, *found.inside.last)}
        names |= {one.symbol for one in found.inside.funds}
    return frozenset(names)
