"""``narrows market recap``: the week in numbers and words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.cli.output import emit, say, write

if TYPE_CHECKING:
    from argparse import Namespace

__all__ = ["run"]


def run(arguments: Namespace) -> int:
    """Write the recap of a week."""
    from narrows.market.recap import recap
    from narrows.report.recap import recap_html, recap_json, recap_markdown, recap_svg

    found = recap(arguments.week, data=arguments.data, store=arguments.store, universe=arguments.universe)
    news = None
    if arguments.news is not None:
        from narrows.claims.news import week_news

        news = week_news(arguments.news, found)
    files: list[tuple[str | None, str | bytes]] = []
    if arguments.svg is not None or arguments.png is not None:
        from narrows.report.chart import png

        svg = recap_svg(found)
        files = [(arguments.svg, svg), (arguments.png, png(svg) if arguments.png is not None else b"")]
    for file, content in files:
        if file is not None:
            write(file, content)
            if not arguments.quiet:
                say(f"wrote {file}")
    if arguments.json:
        text = recap_json(found, news)
    else:
        text = recap_html(found, news) if arguments.html else recap_markdown(found, news)
    emit(text, arguments.output)
    return 0
