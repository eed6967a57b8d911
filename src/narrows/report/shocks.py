"""A shock as text, JSON and picture."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.draws import quantiles
from narrows.report.chart import EDGE, FRAME, MARGIN, NIGHT, QUIET, STREAM
from narrows.report.shock_push import company_lines, industry_lines, sector_lines
from narrows.report.svg import night_rules, path, picture, words
from narrows.report.words import folded
from narrows.shocks.parity import CRUDE, FOLLOWERS
from narrows.shocks.series import prices
from narrows.shocks.transmission import as_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from narrows.bottlenecks.shock_knowledge import Watched
    from narrows.shocks.answer import EventAnswer
    from narrows.shocks.events import Event
    from narrows.shocks.firms import CompanyResult
    from narrows.shocks.transmission import SectorTable

    Place = Callable[[date, float], tuple[float, float]]

__all__ = ["list_json", "list_text", "shock_json", "shock_svg", "shock_text"]

MILLION = 1e6
TREE_NAME, TREE_CELL = 28, 16
CHANGE_NAME, CHANGE_CELL = 22, 18
"""Letters of the first column and of each quarter in two tables."""
WATCHED = 6
"""Things to watch that are shown; --json gives all."""
LEAST_EFFECTIVE = 200
"""Below it a band of 80 % has fewer than 20 draws on each side."""
WORTH = 0.005
PARTS = {
    "short": "up to 3 months",
    "half_year": "3 to 9 months",
    "structural": "longer",
}
"""Words for the parts of the usual mixture of lengths."""


def list_text(events: Mapping[str, Event]) -> str:
    """Return the events that ship, one a line."""
    lines = [f"  {'event':<15}{'onset':<12}{'known':<12}title"]
    lines += [f"  {name:<15}{one.onset!s:<12}{one.known!s:<12}{one.title}" for name, one in events.items()]
    return "\n".join(
        [*lines, "", "ask: narrows shocks run hormuz; an event of your own: narrows shocks run FILE.toml"]
    )


def list_json(events: Mapping[str, Event]) -> str:
    """Return the events that ship as JSON."""
    rows = [
        {
            "id": one.id,
            "title": one.title,
            "onset": str(one.onset),
            "known": str(one.known),
            "commodity": one.commodity,
        }
        for one in events.values()
    ]
    return json.dumps({"command": "shocks list", "events": rows}, indent=2)


def shock_text(
    found: EventAnswer,
    watched: Sequence[Watched],
    width: int,
    table: SectorTable,
    companies: Sequence[CompanyResult] = (),
) -> str:
    """Return the answer as text.

    Parameters
    ----------
    found
        The answer of `narrows.shocks.shock`.
    watched
        What to watch, most first; none where the draws are too few.
    width
        Width to write for [character].
    table
        What the price does to sectors and industries.
    companies
        What it does to companies.
    """
    lines = [*folded(headline(found), width), "", *_flow(found, width), "", *_prices(found), ""]
    lines += [*_odds(found, width), "", *_tree(found, width), *_changes(found, width)]
    lines += ["", *sector_lines(table, width), "", *industry_lines(table, width)]
    lines += ["", *company_lines(companies)] if companies else []
    lines += ["", *_watch(found, watched)] if watched else []
    name = found.event.id
    quarter = found.path.ahead[0]
    asked = "" if found.path.as_of == found.event.known else f" --as-of {found.path.as_of}"
    lines += [
        "",
        *folded(
            f"ask: narrows why shocks.price.{name}.{quarter}{asked}; also shocks.net.{name}.{quarter}, "
            f"shocks.odds.{name}.{found.event.lengths[0].name}, shocks.change.{name}.refined.{quarter}",
            width,
        ),
    ]
    return "\n".join(lines)


def headline(found: EventAnswer) -> str:
    """Return the answer in one sentence."""
    told = []
    for quarter in found.path.ahead:
        low, middle, high = _band(found, "price", quarter)
        told.append(f"{quarter} {middle:.0f} USD a barrel ({low:.0f} to {high:.0f})")
    return (
        f"{found.event.title}, as known on {found.path.as_of}: Brent in {' and in '.join(told)}, P10 to P90."
    )


def _band(found: EventAnswer, quantity: str, *rest: str) -> tuple[float, float, float]:
    figure = found.get(quantity, *rest)
    low, _, _, high = found.inner[figure.id]
    return low, figure.p50, high


def _flow(found: EventAnswer, width: int) -> list[str]:
    low, middle, high = (value / MILLION for value in _band(found, "lost"))
    one = found.path
    lost = (
        f"Flow lost on {one.as_of}: {middle:.1f} million barrels a day ({low:.1f} to {high:.1f}). "
        f"Price before {np.median(one.base):.2f}, last price {one.usd[0, 0]:.2f} on {one.anchor} "
        "(Brent, spot, USD a barrel)."
    )
    if one.anchor < one.event.onset:
        lost += " No price since the onset is at hand: the rise is the model's own."
    lines = [*folded(lost, width), "", f"  {'million barrels a day':<26}{'P10':>8}{'P50':>8}{'P90':>8}"]
    for quarter in one.periods("quarter"):
        for quantity, label in (("net", "net shortage"), ("unmet", "left to price")):
            row = [value / MILLION for value in _band(found, quantity, quarter)]
            lines.append(f"  {label:<18}{quarter:<8}" + "".join(f"{value:>8.1f}" for value in row))
    return lines


def _other(found: EventAnswer) -> str:
    """Return the name of the path without the event; once the price has seen it, that is the walk alone."""
    return "walk" if found.path.anchor >= found.event.onset else "without"


def _prices(found: EventAnswer) -> list[str]:
    lines = [f"  {'USD a barrel':<14}{'P10':>8}{'P25':>8}{'P50':>8}{'P75':>8}{'P90':>8}{_other(found):>11}"]
    one = found.path
    for kind in ("month", "quarter"):
        for period in one.periods(kind):
            figure = found.get("price", period)
            low, lower, upper, high = found.inner[figure.id]
            without = found.get("without", period).p50
            row = "".join(f"{value:>8.0f}" for value in (low, lower, figure.p50, upper, high))
            lines.append(f"  {period:<14}{row}{without:>11.0f}")
        if kind == "month":
            lines.append("")
    return lines


def _odds(found: EventAnswer, width: int) -> list[str]:
    told = []
    for part, before in zip(found.event.lengths, found.path.odds_before, strict=True):
        now = found.get("odds", part.name).value
        told.append(f"{PARTS.get(part.name, part.name)} {now:.0%} (before anything was seen {before:.0%})")
    low, middle, high = quantiles(found.path.lengths, (0.1, 0.5, 0.9))
    days = f"P50 {middle:.0f} days, P10 {low:.0f}, P90 {high:.0f}"
    lines = folded(f"How long it lasts: {'; '.join(told)}; {days}.", width)
    if found.path.effective < LEAST_EFFECTIVE:
        count = f"{found.path.effective:.0f} of {found.path.reader.n}"
        lines += folded(
            f"Few draws agree with what was seen ({count}): bands are rough. Give more draws.", width
        )
    return lines


def _tree(found: EventAnswer, width: int) -> list[str]:
    """Return the price of each quarter that fits by how long it lasts, where the mixture has parts."""
    if len(found.event.lengths) == 1:
        return []
    quarters = found.path.periods("quarter")[: max((width - TREE_NAME) // TREE_CELL, 1)]
    lines = [
        f"  {'USD a barrel if it lasts':<{TREE_NAME - 2}}"
        + "".join(f"{quarter:>{TREE_CELL}}" for quarter in quarters)
    ]
    for part in found.event.lengths:
        cells = []
        for quarter in quarters:
            low, middle, high = _band(found, "price_if", part.name, quarter)
            cells.append(f"{f'{middle:.0f} ({low:.0f}..{high:.0f})':>{TREE_CELL}}")
        lines.append(f"  {PARTS.get(part.name, part.name):<26}" + "".join(cells))
    return [*lines, ""]


def _changes(found: EventAnswer, width: int) -> list[str]:
    quarters = found.path.periods("quarter")[: max((width - CHANGE_NAME) // CHANGE_CELL, 1)]
    lines = [f"  {'change over before':<20}" + "".join(f"{quarter:>18}" for quarter in quarters)]
    for commodity in (CRUDE, *FOLLOWERS):
        cells = []
        for quarter in quarters:
            low, middle, high = (100 * value for value in _band(found, "change", commodity, quarter))
            cells.append(f"{f'{_whole(middle)} % ({_whole(low)}..{_whole(high)})':>18}")
        lines.append(f"  {commodity:<20}" + "".join(cells))
    return lines


def _whole(percent: float) -> str:
    """Return a change in whole percent with its sign; none for 0."""
    return f"{round(percent):+d}" if round(percent) else "0"


def _watch(found: EventAnswer, watched: Sequence[Watched]) -> list[str]:
    quarters = " and ".join(found.path.ahead)
    lines = [
        f"  What to watch: doubt of ln price, {quarters}, gone if known",
        f"  {'':<53}{'share':>7}{'if low':>9}{'if high':>9}",
    ]
    lines += [
        f"  {one.watch:<53}{one.share:>7.0%}{one.low:>9.0f}{one.high:>9.0f}"
        for one in watched[:WATCHED]
        if one.share >= WORTH
    ]
    return lines


def shock_json(
    found: EventAnswer,
    watched: Sequence[Watched],
    table: SectorTable,
    companies: Sequence[CompanyResult] = (),
) -> str:
    """Return the answer as JSON, with the push through sectors and companies."""
    content: dict[str, Any] = {"command": "shocks run", **found.to_json()}
    content["watch"] = [asdict(one) for one in watched]
    content["sectors"] = as_json(table)
    content["companies"] = [firm.to_json() for firm in companies]
    return json.dumps(content, indent=2)


# --- picture ------------------------------------------------------------------------------------

WIDTH, HEIGHT = 960.0, 520.0
LEFT, RIGHT, TOP, BOTTOM = 64.0, 130.0, 96.0, 60.0
PAST = 120
"""Days of prices shown before the last one."""
FAN = ((0.05, 0.95, "#dbe7f5"), (0.1, 0.9, "#bcd3ec"), (0.25, 0.75, STREAM))
NIGHT_FAN = {"#dbe7f5": "#1c2b3d", "#bcd3ec": "#28435f"}
LINE = "#1a2330"
TICKS = (5, 10, 20, 25, 50, 100)
MOST_TICKS = 8
LETTERS = 108
EVERY = 3
"""Days between two points of a line: a daily one is no finer at this width."""


def shock_svg(found: EventAnswer) -> str:
    """Return the price fan as SVG: past, median, bands of 50, 80 and 90 %, and the path without the event.

    Parameters
    ----------
    found
        The answer of `narrows.shocks.shock`.
    """
    one = found.path
    last = max(place for place, day in enumerate(one.days) if _month(day) in one.periods("month"))
    places = [*range(0, last, EVERY), last]
    days = [one.days[place] for place in places]
    usd = quantiles(one.usd[:, places], (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95))
    without = quantiles(one.without[:, places], (0.5,))[0]
    past = _past(found)
    start = past[0][0] if past else days[0]
    most = max(float(usd[-1].max()), *(price for _, price in past), 1.0)
    step = next((tick for tick in TICKS if most / tick <= MOST_TICKS), TICKS[-1])
    top = step * int(-(-most // step))
    span = (days[-1] - start).days

    def place(day: date, price: float) -> tuple[float, float]:
        x = LEFT + (WIDTH - LEFT - RIGHT) * (day - start).days / span
        return x, HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * price / top

    marks = [
        words(MARGIN, 34 + 20 * row, line, 14.5, font_weight="bold")
        for row, line in enumerate(folded(headline(found), LETTERS))
    ]
    other = "of a walk from the last price" if _other(found) == "walk" else "without the event"
    note = f"Brent, USD a barrel. Bands hold 50, 80 and 90 % of the draws; dashed: median {other}"
    marks.append(words(MARGIN, 80, note, 12, fill=QUIET))
    rows = {0.05: 0, 0.1: 1, 0.25: 2, 0.5: 3, 0.75: 4, 0.9: 5, 0.95: 6}
    for low, high, colour in FAN:
        upper = [place(day, value) for day, value in zip(days, usd[rows[high]].tolist(), strict=True)]
        lower = [place(day, value) for day, value in zip(days, usd[rows[low]].tolist(), strict=True)]
        marks.append(path(f"{_line([*upper, *lower[::-1]])}Z", fill=colour))
    marks += _grid(start, days[-1], step, top, place)
    if past:
        marks.append(
            path(_line([place(*point) for point in past]), fill="none", stroke=LINE, stroke_width="1.6")
        )
    calm = [place(day, value) for day, value in zip(days, without.tolist(), strict=True)]
    style = {"fill": "none", "stroke": QUIET, "stroke_width": "1.6", "stroke_dasharray": "5 4"}
    marks.append(path(_line(calm), **style))
    middle = [place(day, value) for day, value in zip(days, usd[3].tolist(), strict=True)]
    marks.append(path(_line(middle), fill="none", stroke=LINE, stroke_width="2.4"))
    x, _ = place(max(one.event.onset, start), 0.0)
    marks.append(path(f"M{x:.1f} {TOP:.1f}V{HEIGHT - BOTTOM:.1f}", stroke=FRAME, stroke_width="1.2"))
    marks.append(words(x - 5, TOP + 12, f"onset {one.event.onset}", 11, fill=FRAME, text_anchor="end"))
    marks += _ends(place, days[-1], usd[:, -1].tolist(), (float(without[-1]), _other(found)))
    night = night_rules(NIGHT | NIGHT_FAN | {LINE: "#e8edf3"})
    return picture(WIDTH, HEIGHT, headline(found), note, marks, style=night)


def _month(day: date) -> str:
    return f"{day:%Y-%m}"


def _past(found: EventAnswer) -> list[tuple[date, float]]:
    series = prices(found.event.commodity).until(found.path.anchor)
    first = found.path.anchor.toordinal() - PAST
    return [
        (date.fromordinal(int(day)), float(price))
        for day, price in zip(series.ordinals, series.usd, strict=True)
        if day >= first
    ]


def _line(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _grid(start: date, end: date, step: int, top: int, place: Place) -> list[str]:
    marks = []
    for usd in range(0, top + 1, step):
        x, y = place(start, usd)
        marks.append(path(f"M{x:.1f} {y:.1f}H{WIDTH - RIGHT:.1f}", stroke=EDGE, stroke_width="0.4"))
        marks.append(words(x - 8, y + 4, f"{usd}", 11, fill=QUIET, text_anchor="end"))
    month = date(start.year + start.month // 12, start.month % 12 + 1, 1)
    while month <= end:
        x, y = place(month, 0)
        marks.append(path(f"M{x:.1f} {y:.1f}v5", stroke=EDGE, stroke_width="1"))
        text = f"{month:%b}" if month.month > 1 else f"{month:%b %Y}"
        marks.append(words(x, y + 19, text, 11, fill=QUIET, text_anchor="middle"))
        month = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return marks


def _ends(place: Place, day: date, usd: Sequence[float], other: tuple[float, str]) -> list[str]:
    """Return the names of the lines at their right ends, moved apart where they would touch."""
    told = [
        (usd[6], "P95"),
        (usd[5], "P90"),
        (usd[4], "P75"),
        (usd[3], "median"),
        other,
        (usd[2], "P25"),
        (usd[1], "P10"),
        (usd[0], "P5"),
    ]
    marks, last = [], -1e9
    for price, name in sorted(told, key=lambda one: -one[0]):
        x, y = place(day, price)
        last = max(y + 4, last + 13)
        weight = "bold" if name == "median" else "normal"
        marks.append(words(x + 8, last, f"{price:.0f}  {name}", 11, font_weight=weight))
    return marks
