"""News feeds on disk: RSS and Atom files, read without entities, links or anything fetched."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import NoReturn
from urllib.parse import quote, urlsplit
from xml.parsers import expat

from narrows.errors import DataError

__all__ = ["LARGEST_BYTES", "MOST_ITEMS", "Feed", "Item", "read_feed"]

LARGEST_BYTES = 8 << 20
"""A file of more is refused: a feed of a week has some hundred thousand letters."""
MOST_ITEMS = 5_000
"""Items of one file."""
DEEPEST = 50
"""Elements within elements, beyond which a file is refused."""
LONGEST_TITLE, LONGEST_LINK = 300, 2_000
ITEMS = frozenset({"item", "entry"})
HEADS = frozenset({"channel", "feed"})
DATES = ("published", "pubDate", "date", "updated")
"""Elements that date an item, the first that can be read."""
ADDRESS = "/:?&=%#@+,;~$-._"
"""Signs that stand in an address as they are; others are written as per cent and two digits."""


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a feed.

    Parameters
    ----------
    published
        Its time, in UTC; a time without a zone is taken as UTC.
    title, source, link
        As printed, in one line; the link is an address of the web.
    """

    published: datetime
    title: str
    source: str
    link: str


@dataclass(frozen=True, slots=True)
class Feed:
    """What a file holds.

    Parameters
    ----------
    items
        Items with a title, a date and a link.
    left_out
        Items that lack one of them.
    """

    items: tuple[Item, ...]
    left_out: int


def read_feed(file: str | Path) -> Feed:
    """Return the items of an RSS or Atom file.

    Parameters
    ----------
    file
        Its name.

    Raises
    ------
    DataError
        If it cannot be read, is too large, is no XML, declares an entity, or is no feed.
    """
    name = str(file)
    try:
        path = Path(file)
        if not path.is_file():
            _refuse(name, "is no file that can be read")
        with path.open("rb") as stream:
            content = stream.read(LARGEST_BYTES + 1)
    except (OSError, ValueError) as error:
        _refuse(name, f"cannot be read: {getattr(error, 'strerror', None) or error}")
    if len(content) > LARGEST_BYTES:
        _refuse(name, f"is larger than {LARGEST_BYTES:,} bytes")
    reader = _Reader(name)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.EntityDeclHandler = reader.entity
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        _refuse(name, f"is no XML: {error}")
    if not reader.is_feed:
        _refuse(name, "is XML, but no feed")
    return Feed(tuple(reader.items), reader.left_out)


def _refuse(name: str, why: str) -> NoReturn:
    raise DataError(
        f"The news file {name!r} {why}",
        f"A news file is RSS 2.0 or Atom, without entity declarations, at most {LARGEST_BYTES:,} bytes and "
        f"{MOST_ITEMS:,} items",
        "Save the feed again, or name another file with --news",
    )


@dataclass
class _Reader:
    """Gathers the items of a file as its elements begin and end."""

    name: str
    items: list[Item] = field(default_factory=list)
    left_out: int = 0
    is_feed: bool = False
    source: str = ""
    _path: list[str] = field(default_factory=list)
    _item_at: int | None = None
    _held: dict[str, str] = field(default_factory=dict)

    def start(self, name: str, values: dict[str, str]) -> None:
        """Begin an element."""
        tag = name.rpartition(" ")[2]
        self._path.append(tag)
        if len(self._path) > DEEPEST:
            _refuse(self.name, f"nests deeper than {DEEPEST} elements")
        self.is_feed |= tag in HEADS
        if self._item_at is None and tag in ITEMS and len(self._path) > 1:
            self._item_at, self._held = len(self._path), {}
            if len(self.items) + self.left_out >= MOST_ITEMS:
                _refuse(self.name, f"holds more than {MOST_ITEMS:,} items")
        elif self._in_item() and tag == "link" and values.get("rel", "alternate") == "alternate":
            self._held.setdefault("href", values.get("href", ""))

    def _in_item(self) -> bool:
        return self._item_at is not None and len(self._path) == self._item_at + 1

    def text(self, words: str) -> None:
        """Take text: of an item's own elements, or of the feed's title."""
        if self._item_at is not None and len(self._path) > self._item_at:
            tag = self._path[self._item_at]
            self._held[tag] = self._held.get(tag, "") + words
        elif self._path[-1] == "title" and len(self._path) > 1 and self._path[-2] in HEADS:
            self.source += words

    def entity(self, *_: object) -> NoReturn:
        """Refuse a declaration of an entity."""
        _refuse(self.name, "declares an entity")

    def end(self, _: str) -> None:
        """End an element; at the end of an item, keep it."""
        if self._item_at == len(self._path):
            self._item_at = None
            title = _line(self._held.get("title", ""))[:LONGEST_TITLE]
            link = _link(self._held.get("href") or self._held.get("link", ""))
            day = next((found for name in DATES if (found := _time(self._held.get(name, "")))), None)
            source = _line(self._held.get("source", "")) or _line(self.source)
            if title and link and day:
                self.items.append(Item(day, title, source[:LONGEST_TITLE], link))
            else:
                self.left_out += 1
        self._path.pop()


def _line(text: str) -> str:
    """Return a text in one line, without letters that steer a terminal."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _link(text: str) -> str:
    """Return an address of the web, safe to print; empty for any other."""
    address = text.strip()
    try:
        parts = urlsplit(address)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.username is None
    except ValueError:
        return ""
    return quote(address, safe=ADDRESS) if good and len(address) <= LONGEST_LINK else ""


def _time(text: str) -> datetime | None:
    """Return the time that a text names, in UTC; None where it names none.

    Examples
    --------
    >>> _time("Fri, 01 May 2026 09:30:00 -0400").isoformat()
    '2026-05-01T13:30:00+00:00'
    >>> _time("2026-05-01").isoformat(), _time("soon")
    ('2026-05-01T00:00:00+00:00', None)
    """
    words = text.strip()
    if not words:
        return None
    try:
        found = datetime.fromisoformat(words) if re.match(r"\d{4}-", words) else parsedate_to_datetime(words)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
