"""Events that move a price: what is lost, what it costs, and what that does to sectors and companies."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from narrows.errors import UnknownNameError
from narrows.figure import number
from narrows.report.pages.map_page import source_line
from narrows.report.pages.parts import Model, Points, Prose, Table, joined, link, num
from narrows.report.pages.pictures import shown_picture
from narrows.report.pages.shown import Shown
from narrows.report.words import percent

if TYPE_CHECKING:
    from markupsafe import Markup

    from narrows.report.pages.question import Question
    from narrows.report.pages.rooms import ShockRoom
    from narrows.report.pages.study import Study

__all__ = ["shock_page", "shocks_page"]

MILLION, POINTS = 1e6, 1e4
WATCHED = 6
WORTH = 0.005
PARTS = {"short": "up to three months", "half_year": "three to nine months", "structural": "longer"}
VERDICTS = (
    "Pressured and Supported: 80 % of draws lie on one side of nothing; Resilient: they stay within what can "
    "be noticed; Mixed: neither."
)
HOW = (
    "Price: a path in every draw, from what is lost, what holders of stocks meet, and how buyers and "
    "producers answer. Sectors: the price carried through tables of who buys from whom. Ask the program:"
)
_NUMBERS = re.compile(r"\s*\([^()]*\d[^()]*\)|\s+[-+]?\d[\d.,]*\s*%|\s+[-+]?\d+(?:\.\d+)?(?=[;,.]|$)")


def shocks_page(study: Study, question: Question, _: str = "") -> Model:
    """Return the events that ship."""
    del question
    from narrows.shocks.events import known_events

    shown = Shown(study)
    rows = []
    for name, event in sorted(known_events().items(), key=lambda pair: pair[1].onset, reverse=True):
        flow = event.flow.get("normal")
        id_ = flow.name if flow is not None else ""
        cell = shown.number(f"{id_}|barrel/day") if study.catalog.has(id_) else "see the page"
        rows.append([link(f"/shock/{name}", event.title), f"{event.onset}", f"{event.known}", cell])
    return Model(
        title="Shocks",
        lead="Events that took oil from the world, or added it. Each is told as it was known on a day: what "
        "was lost, where the price may go, and what that does to sectors. Past events test the same law.",
        blocks=[
            Table(
                "Events, the newest first",
                ("Event", "Began", "Told as known on", "Flow at stake [barrels a day]"),
                rows,
                frozenset({3}),
            )
        ],
    )


def shock_page(study: Study, question: Question, id_: str = "") -> Model:
    """Return one event."""
    del question
    from narrows.shocks.events import known_events

    known = known_events()
    if id_ not in known:
        raise UnknownNameError("event", id_, known, "See /shock")
    room = study.rooms.shock(id_)
    watched = [one.watch for one in room.watched if one.share >= WORTH][:WATCHED]
    blocks: list[Any] = [
        _picture(study, room),
        _flow(room),
        *_odds(room),
        _changes(room),
        _sectors(room),
        _companies(room),
    ]
    if watched:
        blocks.append(
            Points(
                [text[:1].upper() + text[1:] + "." for text in watched],
                "What to watch, what would tell most first",
                "watch",
                "ol",
            )
        )
    told = joined((HOW, f"narrows shocks run {id_}.", source_line(study, study.base)))
    blocks.append(Prose([told], "How it is told", "told"))
    return Model(title=room.event.title, lead=_lead(room), blocks=blocks)


def _lead(room: ShockRoom) -> Markup:
    told = [joined((f"in {quarter}", _price(room, quarter, with_band=True))) for quarter in room.ahead]
    return joined(
        (
            f"As known on {room.as_of}: Brent",
            joined(told, " and ") + ",",
            "median and 80 % of draws, in USD a barrel.",
            f"It began on {room.event.onset}; the last price that is used is of {room.anchor}.",
        )
    )


def _price(room: ShockRoom, period: str, *, with_band: bool = False) -> Markup:
    id_ = room.id("price", period)
    low, middle, high = room.band(id_)
    return num(id_, f"{middle:.0f} ({low:.0f} to {high:.0f})" if with_band else f"{middle:.0f}")


def _picture(study: Study, room: ShockRoom) -> Any:
    rows = []
    for period in (*room.months, *room.quarters):
        price, calm = room.id("price", period), room.id("without", period)
        low, middle, high = room.band(price)
        rows.append(
            [
                period,
                num(price, f"{low:.0f}"),
                num(price, f"{middle:.0f}"),
                num(price, f"{high:.0f}"),
                num(calm, f"{room.band(calm)[1]:.0f}"),
            ]
        )
    twin = Table(
        "Brent, mean of the period, USD a barrel",
        ("Period", "P10", "Median", "P90", "Without the event"),
        rows,
        frozenset({1, 2, 3, 4}),
    )
    source = joined(
        ("Bands hold 50, 80 and 90 % of the draws; dashed: without the event, or a walk from the last price.",
         source_line(study, study.base))
    )  # fmt: skip
    return shown_picture(
        study,
        f"shock-{room.event.id}.price",
        "Where the price may go",
        room.picture,
        twin=twin,
        source=source,
    )


def _flow(room: ShockRoom) -> Table:
    rows = [["Flow lost", "on that day", *_three(room, room.id("lost"), MILLION)]]
    for quantity, name in (("net", "Short after relief"), ("unmet", "Left to the price")):
        rows += [
            [name, quarter, *_three(room, room.id(quantity, quarter), MILLION)] for quarter in room.quarters
        ]
    return Table(
        "Million barrels a day",
        ("What", "When", "P10", "Median", "P90"),
        rows,
        frozenset({2, 3, 4}),
        "What is lost",
        "lost",
    )


def _three(room: ShockRoom, id_: str, scale: float) -> list[Markup]:
    return [num(id_, number(value / scale, 2)) for value in room.band(id_)]


def _odds(room: ShockRoom) -> list[Table]:
    lengths = room.event.lengths
    if len(lengths) < 2:  # noqa: PLR2004 (one length is no choice)
        return []
    rows = [
        [
            PARTS.get(part.name, part.name).capitalize(),
            num(
                room.id("odds", part.name),
                percent(float(room.figures.values[room.id("odds", part.name)].mean())),
            ),
        ]
        for part in lengths
    ]
    return [
        Table(
            "Odds, after what was seen",
            ("It lasts", "Odds"),
            rows,
            frozenset({1}),
            "How long it lasts",
            "odds",
        )
    ]


def _changes(room: ShockRoom) -> Table:
    from narrows.shocks.parity import CRUDE, FOLLOWERS

    rows = []
    for commodity in (CRUDE, *FOLLOWERS):
        cells = []
        for quarter in room.quarters:
            id_ = room.id("change", commodity, quarter)
            low, middle, high = (_whole(value) for value in room.band(id_))
            cells.append(num(id_, f"{middle} % ({low} to {high})"))
        rows.append([commodity.capitalize(), *cells])
    return Table(
        "Change over the price before, median and 80 % of draws",
        ("Price of", *room.quarters),
        rows,
        frozenset(range(1, len(room.quarters) + 1)),
        "Other prices",
        "prices",
    )


def _whole(share: float) -> str:
    return _signed(100 * share)


def _signed(value: float, digits: int = 0) -> str:
    """Return a number with its sign; none for what rounds to 0."""
    shown = f"{value:+.{digits}f}"
    return shown if float(shown) else shown[1:]


def _sectors(room: ShockRoom) -> Table:
    from narrows.bottlenecks.shock_figures import sector_id

    rows = []
    for sector in sorted(room.sectors, key=lambda one: one.profit[1]):
        id_ = sector_id(room.event.id, sector.name)
        low, middle, high = (100 * value for value in room.band(id_))
        reason = _NUMBERS.sub("", sector.rationale)
        rows.append(
            [
                sector.name,
                sector.verdict,
                num(id_, f"{_signed(middle, 1)} %"),
                num(id_, f"{_signed(low, 1)} to {_signed(high, 1)}"),
                reason[:1].upper() + reason[1:] + ".",
            ]
        )
    return Table(
        "Operating profit of eleven sectors, mean over the shock, against no shock",
        ("Sector", "Verdict", "Profit", "80 % of draws", "Why"),
        rows,
        frozenset({2, 3}),
        "What it does to sectors",
        "sectors",
        VERDICTS,
    )


def _companies(room: ShockRoom) -> Table:
    from narrows.shocks.firms import named

    rows = []
    for name, told in named().items():
        id_ = room.id("margin", name)
        if id_ in room.figures.values:
            low, middle, high = (POINTS * value for value in room.band(id_))
            rows.append(
                (middle, [told, num(id_, _signed(middle)), num(id_, f"{_signed(low)} to {_signed(high)}")])
            )
    return Table(
        "Operating margin, hundredths of a percentage point",
        ("Company", "Median", "80 % of draws"),
        [row for _, row in sorted(rows, key=lambda pair: pair[0])],
        frozenset({1, 2}),
        "What it does to companies",
        "companies",
        "A company is told as the mix of its industries, with its own share of fuel where a fact states it.",
    )
