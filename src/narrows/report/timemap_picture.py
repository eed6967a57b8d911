"""The time map as a picture: an interval a layer over ten years, with the study's span as a band."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from narrows.report.columns import rested
from narrows.report.svg import INK, NIGHT_RAMP, legible, night_rules, path, picture, rect, shade, words
from narrows.report.timemap import GROUP_WORDS, grouped, headline, spoken_years
from narrows.report.words import folded, printable

if TYPE_CHECKING:
    from narrows.bottlenecks.resolution import Spell, TimeResult, TimeRow

__all__ = ["time_svg"]

# All lengths are in pixels of the picture.
WIDTH = 1200.0
MARGIN = 28.0
TITLE_LETTERS = 130
NAMES = 196.0
CHANCES = 300.0
"""Room for the five probabilities, at the right."""
ROW = 36.0
LAST_YEAR = 10.0
BEYOND = 40.0
"""Room right of the axis for what is later, or never."""
SPANS = {"short": (0.0, 2.0), "mid": (2.0, 4.0), "long": (4.0, 10.0)}
PLAN, ORDER, STUDY, EDGE, QUIET, GRID = "#2f6fb0", "#b3211b", "#f0e2b6", "#7d8897", "#4a5564", "#dbe1e9"
NIGHT = {
    "#ffffff": "#10151c",
    INK: "#e8edf3",
    QUIET: "#a9b5c2",
    EDGE: "#8693a3",
    GRID: "#2c3744",
    STUDY: "#4b4326",
    PLAN: "#86b0dc",
    ORDER: "#ff8a7d",
}


def time_svg(result: TimeResult) -> str:
    """Return the time map as one SVG document.

    Parameters
    ----------
    result
        The answer of `narrows.time`.

    Returns
    -------
    str
        One row a layer, grouped by the median on announced plans: 10 to 90 % of draws as a
        line, the median as a dot, for announced plans and for an order
        today; the study's span as a band; the five probabilities at the right. The same answer
        gives the same bytes.
    """
    marks: list[str] = []
    y = 36.0
    lines = folded(headline(result), TITLE_LETTERS)
    for line in lines:
        marks.append(words(MARGIN, y, line, 13.5, font_weight="bold"))
        y += 20
    y = _legend(result, y + 2, marks)
    left, wide = MARGIN + NAMES, WIDTH - 2 * MARGIN - NAMES - CHANCES - BEYOND
    top = y + 36
    _heads(left + wide + BEYOND + 16, top - 8, marks)
    body: list[str] = []
    y = top
    for group, rows in grouped(result).items():
        body.append(words(MARGIN, y + 15, GROUP_WORDS[group], 11.5, font_weight="bold", fill=QUIET))
        y += 20
        for row in rows:
            _row(row, (left, y, wide), body)
            y += ROW
    _axis((left, top, wide), y, marks)
    marks += body
    marks.append(words(MARGIN, y + 52, f"narrows · {rested(result.meta)}", 11, fill=QUIET))
    told = {_whole(share) for row in result.rows for share in row.announced.shares.values()}
    night = NIGHT | {shade(share): shade(share, NIGHT_RAMP) for share in sorted(told)}
    return picture(WIDTH, math.ceil(y + 68), lines[0], headline(result), marks, style=night_rules(night))


def _whole(share: float) -> float:
    """Return a share in whole percent: equal numbers have equal colours."""
    return round(share, 2)


def _legend(result: TimeResult, y: float, marks: list[str]) -> float:
    x = MARGIN
    for colour, text in ((PLAN, "announced plans"), (ORDER, f"if more were ordered in {result.quarter}")):
        marks.append(path(f"M{x:.1f},{y + 6:.1f} h30", stroke=colour, stroke_width="4"))
        marks.append(_dot(x + 15, y + 6, colour))
        marks.append(words(x + 38, y + 10, f"{text}: 10 to 90 % of draws, median"))
        x += 54 + 6.0 * (len(text) + 32)
    marks.append(rect(x, y, 26, 12, fill=STUDY))
    marks.append(words(x + 33, y + 10, "span of the study"))
    return y + 14


def _dot(x: float, y: float, colour: str) -> str:
    return rect(x - 4.5, y - 4.5, 9, 9, fill=colour, rx="4.5", stroke="#ffffff", stroke_width="1")


def _heads(x: float, y: float, marks: list[str]) -> None:
    for place, text in enumerate(("now", "0-2", "2-4", "4-10", ">10")):
        marks.append(words(x + (place + 0.5) * CHANCE, y, text, 10.5, text_anchor="middle", fill=QUIET))
    marks.append(
        words(x + 2.5 * CHANCE, y - 15, "resolved within [years], % of draws", 10.5, text_anchor="middle")
    )


CHANCE = 54.0
"""Width of one probability."""


def _row(row: TimeRow, place: tuple[float, float, float], marks: list[str]) -> None:
    left, y, wide = place
    marks.append(words(left - 8, y + 22, printable(row.name), 11, text_anchor="end"))
    if row.study:
        first, last = SPANS[row.study]
        x = left + wide * first / LAST_YEAR
        marks.append(rect(x, y + 1, wide * (last - first) / LAST_YEAR, ROW - 3, fill=STUDY, rx="3"))
    _spell(row.announced, (left, y + 13, wide), PLAN, marks)
    _spell(row.ordered, (left, y + 23, wide), ORDER, marks)
    x = left + wide + BEYOND + 16
    for share in row.announced.shares.values():
        told = _whole(share)
        dark = "black" if legible(shade(told, NIGHT_RAMP)) == "#000000" else "pale"
        style = {"fill": legible(shade(told)), "text_anchor": "middle", "class": dark}
        marks.append(rect(x + 1, y + 2, CHANCE - 2, ROW - 5, fill=shade(told)))
        marks.append(words(x + CHANCE / 2, y + 22, f"{100 * told:.0f}", 11, **style))
        x += CHANCE


def _spell(spell: Spell, place: tuple[float, float, float], colour: str, marks: list[str]) -> None:
    left, y, wide = place
    first, middle, last = (_x(years, left, wide) for years in (spell.p10, spell.p50, spell.p90))
    marks.append(path(f"M{first:.1f},{y:.1f} H{last:.1f}", stroke=colour, stroke_width="3"))
    if spell.p90 > LAST_YEAR:
        marks.append(path(f"M{last - 5:.1f},{y - 4:.1f} l6,4 l-6,4 Z", fill=colour))
    marks.append(_dot(middle, y, colour))
    told = spoken_years(spell.p50)
    marks.append(words(middle + 7, y - 3.5 if colour == PLAN else y + 9.5, told, 8.5, fill=colour))


def _x(years: float, left: float, wide: float) -> float:
    """Return the place of a time; what is beyond the axis stands right of it."""
    return left + wide + BEYOND / 2 if years > LAST_YEAR else left + wide * years / LAST_YEAR


def _axis(place: tuple[float, float, float], bottom: float, marks: list[str]) -> None:
    left, top, wide = place
    for year in range(int(LAST_YEAR) + 1):
        x = left + wide * year / LAST_YEAR
        marks.append(path(f"M{x:.1f},{top:.1f} V{bottom:.1f}", stroke=GRID))
        marks.append(words(x, bottom + 15, str(year), 10.5, text_anchor="middle", fill=QUIET))
    marks.append(
        words(left + wide + BEYOND / 2 + 8, bottom + 15, "later", 10.5, text_anchor="middle", fill=QUIET)
    )
    marks.append(words(left + wide / 2, bottom + 31, "years until resolved", 11, text_anchor="middle"))
