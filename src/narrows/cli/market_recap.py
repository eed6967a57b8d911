"""``narrows market recap``: the week in numbers and words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from narrows.cli.output import emit, say, write

if TYPE_CHECKING:
    from argparse import Namespace

__all__ = ["run"]

FIRST = "sectors"
"""Picture that is written to the file named; the others stand beside it."""


def run(arguments: Namespace) -> int:
    """Write the recap of a week."""
    from narrows.market.recap import recap
    from narrows.report.recap import recap_html, recap_json, recap_markdown, recap_pictures

    found = recap(arguments.week, data=arguments.data, store=arguments.store, universe=arguments.universe)
    news = None
    if arguments.news is not None:
        from narrows.claims.news import week_news

        news = week_news(arguments.news, found)
    files: list[tuple[str, str | bytes]] = []
    if arguments.svg is not None or arguments.png is not None:
        from narrows.report.chart import png

        for name, svg in recap_pictures(found).items():
            if arguments.svg is not None:
                files.append((_beside(arguments.svg, name), svg))
            if arguments.png is not None:
                files.append((_beside(arguments.png, name), png(svg)))
    for file, content in files:
        write(file, content)
        if not arguments.quiet:
            say(f"wrote {file}")
    if arguments.json:
        text = recap_json(found, news)
    else:
        text = recap_html(found, news) if arguments.html else recap_markdown(found, news)
    emit(text, arguments.output)
    return 0


def _beside(file: str, name: str) -> str:
    """Return the file of a picture: the one named, or one beside it with what it shows in its name."""
    path = Path(file)
    return file if name == FIRST or not path.name else str(path.with_name(f"{path.stem}-{name}{path.suffix}"))
