"""The narrows chart as it stands on a page: sections are links, colours are those of the page."""

from __future__ import annotations

import textwrap
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import quote

from markupsafe import Markup

from narrows.report.svg import NIGHT_RAMP, legible, shade
from narrows.report.words import SHOWN_FROM, compute, likeliest, percent, printable

if TYPE_CHECKING:
    from narrows.bottlenecks.result import MapResult
    from narrows.report.pages.question import Question

__all__ = ["channel_svg", "ramp_css", "shade_class"]

# Lengths in units of the picture.
WIDTH, HALF, TOP = 1100.0, 118.0, 40.0
TALLEST = 3.0
"""A section is drawn at most this many times as high as the stream; above it stands a break mark."""
BEND = 9.0
LETTERS, LINES = 12, 3
STEP = 5
"""Shades of the heat map: one each so many percent."""


def shade_class(share: float) -> str:
    """Return the class of the shade of a share, and of the text on it.

    Examples
    --------
    >>> shade_class(0.27), shade_class(0.004)
    ('s25', 's0')
    """
    return f"s{STEP * round(100 * share / STEP) or (1 if share >= SHOWN_FROM else 0)}"


def ramp_css() -> str:
    """Return the rules of the shades: on each, black or white, whichever stands out more."""
    rules = []
    for place in (0, 1, *range(STEP, 101, STEP)):
        day, night = shade(place / 100), shade(place / 100, NIGHT_RAMP)
        rules.append(
            f".s{place}{{background:light-dark({day},{night});"
            f"color:light-dark({legible(day)},{legible(night)})}}"
        )
    return "\n".join(rules) + "\n"


def channel_svg(result: MapResult, column: int, question: Question) -> Markup:
    """Return the channel of one quarter.

    Parameters
    ----------
    result
        The map.
    column
        Place of the quarter.
    question
        The scenario, which the links to numbers carry.

    Returns
    -------
    Markup
        An SVG whose heights are median capacities [H100e/quarter]; the stream is the compute deployed.
    """
    flow = result.deployed.p50[column] or 1.0
    quarter, query = result.quarters[column], question.scenario.query()
    ratios = [result.capacity[row.id].p50[column] / flow for row in result.layers]
    scale = HALF / min(max([*ratios, 1.0]), TALLEST)
    heights = [scale * min(ratio, TALLEST) for ratio in ratios]
    wide, middle = WIDTH / len(heights), TOP + HALF
    best = likeliest(result, column)
    height = middle + HALF + 14 + 14 * LINES
    marks = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="channel" viewBox="0 0 {WIDTH:g} {height:g}"',
        f' role="group" aria-label="Channel of {quarter}: height is what each layer could carry,',
        f' the stream is what is deployed, {compute(flow)} H100e">',
        f'<path class="bank" d="{_outline(heights, wide, middle)}"/>',
        f'<rect class="stream" x="0" y="{middle - scale:.1f}" width="{WIDTH:g}" height="{2 * scale:.1f}"/>',
    ]
    shares = dict(best)
    for place, row in enumerate(result.layers):
        name, capacity = printable(row.name), result.capacity[row.id].p50[column]
        x = (place + 0.5) * wide
        shown = compute(capacity)
        binds = row.id == best[0][0]
        href = f"/n/{quote(f'map.capacity.{row.id}.{quarter}', safe='')}" + (f"?{query}" if query else "")
        classes = (
            "layer num binding" if binds else "layer num second" if row.id == best[1][0] else "layer num"
        )
        share = shares[row.id]
        label = " ".join(_lines(name))
        spoken = f"{percent(share)} {shown} {label}" if binds or row.id == best[1][0] else f"{shown} {label}"
        marks.append(
            Markup(
                '<a class="{}" href="{}" aria-label="{}: capacity in H100e a quarter, binds in {} of draws">'
            ).format(classes, href, spoken, percent(share))
        )
        marks.append(
            f'<rect class="hit" x="{place * wide + 2:.1f}" y="{TOP - 14:g}" width="{wide - 4:.1f}" '
            f'height="{height - TOP + 12:.1f}" rx="5"/>'
        )
        if ratios[place] > TALLEST:
            marks += [_break(place * wide, wide, middle + side * (HALF - 12)) for side in (-1, 1)]
        if binds or row.id == best[1][0]:
            marks.append(f'<text class="share" x="{x:.1f}" y="{TOP - 20:g}">{percent(share)}</text> ')
        marks.append(f'<text class="value" x="{x:.1f}" y="{middle + 4:.1f}">{shown}</text> ')
        marks += [
            str(Markup('<text class="name" x="{}" y="{}">{}</text> ').format(
                f"{x:.1f}", f"{middle + HALF + 16 + 13 * line:.1f}", text
            ))
            for line, text in enumerate(_lines(name))
        ]  # fmt: skip
        marks.append("</a>")
    marks.append("</svg>")
    return Markup("".join(str(mark) for mark in marks))  # noqa: S704 - every text above is escaped


def _lines(name: str) -> list[str]:
    lines = textwrap.wrap(name, LETTERS)
    return lines if len(lines) <= LINES else [*lines[: LINES - 1], lines[LINES - 1][: LETTERS - 1] + "…"]


def _outline(heights: list[float], wide: float, middle: float) -> str:
    """Return the banks of the channel, upper side then lower side, as one closed path."""
    steps = [f"M0 {middle - heights[0]:.1f}"]
    for place, (before, after) in enumerate(pairwise(heights), 1):
        x = place * wide
        first, last = middle - before, middle - after
        steps.append(f"H{x - BEND:.1f}C{x:.1f} {first:.1f} {x:.1f} {last:.1f} {x + BEND:.1f} {last:.1f}")
    steps.append(f"H{WIDTH:g}V{middle + heights[-1]:.1f}")
    for place, (before, after) in reversed(list(enumerate(pairwise(heights), 1))):
        x = place * wide
        first, last = middle + after, middle + before
        steps.append(f"H{x + BEND:.1f}C{x:.1f} {first:.1f} {x:.1f} {last:.1f} {x - BEND:.1f} {last:.1f}")
    return "".join(steps) + "H0Z"


def _break(left: float, wide: float, y: float) -> str:
    """Return the mark of a section that is higher than drawn."""
    count = 6
    step = (wide - 4 * BEND) / count
    points = " ".join(
        f"{left + 2 * BEND + place * step:.1f},{y + (3 if place % 2 else -3):.1f}"
        for place in range(count + 1)
    )
    return f'<polyline class="break" points="{points}"/>'
