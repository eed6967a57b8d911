"""What was read in a week, as Markdown, HTML and JSON; titles are text, never markup."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from narrows.claims.news import News, NewsItem

__all__ = ["news_html", "news_json", "news_markdown"]

HEADING = "Read That Week"
MARKUP = re.compile(r"([\\`*_\[\]<>|~$]|&(?=#?\w+;))")
"""Signs that mean something within a line of Markdown."""
AUTOLINK = re.compile(r"(?i)(https?|ftp|mailto)(:)|(www)(\.)|(\w)(@)")


def news_markdown(found: News) -> str:
    """Return the section as Markdown.

    Parameters
    ----------
    found
        The answer of `narrows.claims.news.week_news`.
    """
    lines = [
        f"- {_when(one)}: {_text(one.item.title)} ({_from(one)}<{one.item.link}>)" for one in found.items
    ]
    return f"## {HEADING}\n\n" + "\n".join(lines) + f"\n\n{_told(found)}"


def news_html(found: News) -> str:
    """Return the section as HTML."""
    rows = [
        f"<li>{_when(one)}: {html.escape(one.item.title)} ({html.escape(one.item.source)}"
        f'{", " if one.item.source else ""}<a rel="noopener noreferrer nofollow" '
        f'href="{html.escape(one.item.link)}">{html.escape(one.item.link)}</a>)</li>'
        for one in found.items
    ]
    return f"<h2>{HEADING}</h2>\n<ul>{''.join(rows)}</ul>\n<p>{html.escape(_told(found))}</p>"


def news_json(found: News) -> dict[str, Any]:
    """Return the section as JSON values."""
    return {
        "items": [
            {
                "published": one.item.published.isoformat(),
                "title": one.item.title,
                "source": one.item.source,
                "link": one.item.link,
                "names": list(one.names),
            }
            for one in found.items
        ],
        "in_week": found.in_week,
        "outside": found.outside,
        "left_out": found.left_out,
    }


def _when(one: NewsItem) -> str:
    return f"{one.item.published:%Y-%m-%d %H:%M} UTC"


def _from(one: NewsItem) -> str:
    return f"{_text(one.item.source)}, " if one.item.source else ""


def _text(title: str) -> str:
    r"""Return a title whose signs of markup are shown as they are.

    Examples
    --------
    >>> print(_text("[a](javascript:b) <i>"))
    \[a\](javascript:b) \<i\>
    """
    return AUTOLINK.sub(lambda m: "\\".join(part for part in m.groups() if part), MARKUP.sub(r"\\\1", title))


def _told(found: News) -> str:
    items = "one item is" if found.in_week == 1 else f"{found.in_week} items are"
    return (
        f"Headlines of the files given, by their publishers: {items} dated in the week, {len(found.items)} "
        f"listed, those first whose titles name the most of what this recap names; {found.outside} dated "
        f"otherwise and {found.left_out} without a title, a date or a link are left out. Whether any of them "
        "moved a price is not known here."
    )
