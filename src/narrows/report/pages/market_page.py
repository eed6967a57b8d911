"""The market's week as a page: the recap, with every change linked to its closes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from narrows.errors import UnknownNameError
from narrows.market.recap import Recap, recap
from narrows.report.pages.parts import Model, Prose, Table, joined, link, num
from narrows.report.pages.pictures import shown_picture
from narrows.report.recap import lead_words, recap_svg, score_lines, signal_lines, span_words, takeaway_words

if TYPE_CHECKING:
    from narrows.market.recap import Move
    from narrows.report.pages.question import Question
    from narrows.report.pages.study import Study

__all__ = ["WEEKS", "market_page", "weeks_page"]

WEEKS = ("2026-05-01", "2026-05-08")
"""Last sessions of the weeks whose closes ship."""


def weeks_page(study: Study, question: Question, _: str = "") -> Model:  # noqa: ARG001 (as every page)
    """Return the weeks that can be told without further data."""
    rows = [
        [link(f"/market/{week}", span_words(found)), _change(found.indices[0].move, found), lead_words(found)]
        for week, found in ((week, recap(week)) for week in WEEKS)
    ]
    return Model(
        title="The market's week",
        lead=Markup(
            "Weeks whose closes ship. Any other week needs a folder of closes: "
            "<code>narrows market recap DATE --data DIR</code>."
        ),
        blocks=[Table("Weeks", ("Week", "S&P 500", "In a sentence"), rows, frozenset({1}))],
    )


def market_page(study: Study, question: Question, id_: str = "") -> Model:  # noqa: ARG001 (as every page)
    """Return one week: indices, sector funds, what drove it, and what it may hide."""
    if id_ not in WEEKS:
        raise UnknownNameError("week", id_, WEEKS, remedy="See /market")
    found = recap(id_)
    sectors = _sectors(found)
    source = joined((f"Source: {found.source}; price only.", f"Base: the close of {found.base.isoformat()}."))
    return Model(
        title=f"The market's week: {span_words(found)}",
        lead=lead_words(found),
        blocks=[
            _indices(found),
            shown_picture(
                study, f"market-{id_}", "Sector funds", recap_svg(found), twin=sectors, source=source
            ),
            Prose([*(_strong(line) for line in score_lines(found))], "The Score: what drove the market"),
            Prose([takeaway_words(found)], "Key takeaway"),
            Prose(
                [*signal_lines(found), "A rule that fires is a question, not a forecast."],
                "What investors may be underestimating",
            ),
        ],
    )


def _strong(line: str) -> Markup:
    parts = line.split("**")
    return joined(
        (
            Markup("<strong>{}</strong>").format(part) if place % 2 else part
            for place, part in enumerate(parts)
        ),
        "",
    )


def _change(move: Move, found: Recap) -> Markup:
    return num(f"market.change.week.{move.symbol}.{found.week.isoformat()}", f"{move.percent:+.2f} %")


def _indices(found: Recap) -> Table:
    day = found.week.isoformat()
    rows = []
    for row in found.indices:
        symbol = row.move.symbol
        year = "unavailable"
        rows.append(
            [
                f"{row.move.name}, for the {row.move.stands_for}" if row.move.stands_for else row.move.name,
                num(f"market.close.{symbol}.{day}", f"{row.move.close:,.2f}"),
                _change(row.move, found),
                year if row.year is None else num(f"market.change.ytd.{symbol}.{day}", f"{row.year:+.2f} %"),
                num(f"market.run.{symbol}.{day}", f"{row.streak}{' or more' if row.streak_open else ''}"),
            ]
        )
    return Table(
        f"Indices, week to {day}; weekly change from the close of {found.base.isoformat()}",
        ("Index", "Close", "Week", "Year to date", "Weeks in a row"),
        rows,
        frozenset({1, 2, 3, 4}),
    )


def _sectors(found: Recap) -> Table:
    day = found.week.isoformat()
    rows = [
        [
            f"{move.name} ({move.symbol})",
            num(f"market.close.{move.symbol}.{day}", f"{move.close:,.2f}"),
            _change(move, found),
        ]
        for move in found.sectors
    ]
    return Table("Sector funds, the best first", ("Fund", "Close [USD]", "Week"), rows, frozenset({1, 2}))
