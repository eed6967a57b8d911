"""The narrows chart: a channel through the layers, and below it who binds when."""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from narrows.errors import DataError, UnknownNameError
from narrows.report.svg import INK, legible, path, picture, rect, shade, words
from narrows.report.words import (
    SHOWN_FROM,
    binding,
    compute,
    flow,
    folded,
    layer_names,
    likeliest,
    migration,
    percent,
    printable,
)

if TYPE_CHECKING:
    from narrows.bottlenecks.result import MapResult

__all__ = ["map_svg", "png"]

# All lengths are in pixels of the picture.
WIDTH = 1200.0
MARGIN = 28.0
TITLE_SIZE = 16.5
TITLE_LETTERS = 112
"""Letters of a title line that fit the width."""
LINE_LETTERS = 178
STREAM_HEIGHT = 84.0
TALLEST = 3.0
"""A section is drawn at most this many times as high as the stream; above it stands a break mark."""
BEND = 9.0
"""Half the width over which the channel goes from one section's height to the next."""
LABEL_ROWS = 3
LABEL_SIZE = 9.5
LABEL_LETTERS = 12
ROW = 19.0
NAMES = 196.0
"""Room for the names of the layers beside the heat map."""
LEAST_CELL = 20.0
"""Narrowest cell that can hold a number."""
STREAM, BANK, EDGE, FRAME, SECOND, QUIET = "#86b0dc", "#dbe1e9", "#7d8897", "#b3211b", INK, "#4a5564"

FRAMES = (
    {"stroke": FRAME, "stroke_width": "2.5"},
    {"stroke": SECOND, "stroke_width": "1.2", "stroke_dasharray": "4 3"},
)
"""The likeliest section, and the second."""
LETTER = 8.4
"""Width of a letter of 12 px, bold, at most."""


@dataclass(frozen=True, slots=True)
class Section:
    """One section of the channel: its layer, what is written in it, and its height over the stream's."""

    id: str
    name: str
    told: str
    ratio: float


def map_svg(result: MapResult, quarter: str | None = None) -> str:
    """Return the narrows chart as one SVG document.

    Parameters
    ----------
    result
        The answer of `narrows.map`.
    quarter
        Quarter of the channel; the first if left out.

    Returns
    -------
    str
        Above, the channel: the height of a section is the median capacity of its layer
        [H100e/quarter], the stream in it is the compute deployed, the banks stand idle. Below, the
        probability that each layer binds in each quarter. The same map gives the same bytes.

    Raises
    ------
    UnknownNameError
        If the map has no such quarter.
    """
    column = _column(result, quarter)
    marks: list[str] = []
    top = _head(result, column, marks)
    top = _legend(top, marks)
    top = _channel(result, column, top, marks)
    top = _heat(result, column, top, marks)
    top = _foot(result, top, marks)
    title = binding(result, column)
    return picture(WIDTH, math.ceil(top), title, f"{flow(result, column)} {migration(result)}", marks)


def png(svg: str) -> bytes:
    """Return a picture as PNG.

    Parameters
    ----------
    svg
        A picture, such as `map_svg` makes.

    Raises
    ------
    DataError
        If resvg-py is not there.
    """
    try:
        import resvg_py
    except ImportError as error:
        raise DataError(
            "A PNG is asked for, and the package resvg-py is not there",
            "Pictures are written as SVG without it",
            "Install narrows[png], or ask for --svg",
        ) from error
    return bytes(resvg_py.svg_to_bytes(svg_string=svg))


def _column(result: MapResult, quarter: str | None) -> int:
    if quarter is None:
        return 0
    if quarter not in result.quarters:
        raise UnknownNameError("quarter", quarter, result.quarters, remedy="Name a quarter of the map")
    return result.quarters.index(quarter)


def _head(result: MapResult, column: int, marks: list[str]) -> float:
    """Draw the title sentence and what it means; return the height used."""
    y = 38.0
    for line in folded(binding(result, column), TITLE_LETTERS):
        marks.append(words(MARGIN, y, line, TITLE_SIZE, font_weight="bold"))
        y += 24
    for line in folded(f"{flow(result, column)} {migration(result)}", LINE_LETTERS):
        marks.append(words(MARGIN, y, line, 12.5, fill=QUIET))
        y += 18
    return y


def _legend(top: float, marks: list[str]) -> float:
    """Draw what the shapes of the channel mean, in one row."""
    y = top + 6
    marks += [
        rect(MARGIN, y, 26, 12, fill=STREAM),
        words(MARGIN + 33, y + 10, "compute deployed, median [H100e/quarter]"),
        rect(345, y, 26, 12, fill=BANK, stroke=EDGE),
        words(378, y + 10, "capacity that stands idle"),
        _zigzag(553, 573, y + 6, "#ffffff", 4),
        _zigzag(553, 573, y + 6, EDGE, 1.2),
        words(580, y + 10, f"higher than drawn (over {TALLEST:g} times the stream)"),
        rect(867, y, 20, 12, fill="none", **FRAMES[0]),
        words(894, y + 10, "likeliest to bind"),
        rect(1018, y, 20, 12, fill="none", **FRAMES[1]),
        words(1045, y + 10, "second likeliest"),
    ]
    return y + 24


def _sections(result: MapResult, column: int) -> list[Section]:
    stream = result.deployed.p50[column]
    unit = stream if math.isfinite(stream) and stream > 0 else 1.0
    found = []
    for row in result.layers:
        band = result.capacity.get(row.id)
        value = band.p50[column] if band else math.inf
        if row.id in result.unknown or math.isnan(value):
            told, value = "not known", math.inf
        else:
            told = compute(value) if math.isfinite(value) else "no limit"
        found.append(Section(row.id, printable(row.name), told, value / unit))
    return found


def _channel(result: MapResult, column: int, top: float, marks: list[str]) -> float:
    """Draw the channel with its frames and names; return where it ends."""
    sections = _sections(result, column)
    wide = (WIDTH - 2 * MARGIN) / max(len(sections), 1)
    half = STREAM_HEIGHT * TALLEST / 2
    middle = top + 40 + half
    heights = [min(section.ratio, TALLEST) * STREAM_HEIGHT / 2 for section in sections]
    marks.append(path(_outline(heights, wide, middle), fill=BANK, stroke=EDGE))
    marks.append(rect(MARGIN, middle - STREAM_HEIGHT / 2, WIDTH - 2 * MARGIN, STREAM_HEIGHT, fill=STREAM))
    for place, section in enumerate(sections):
        left = MARGIN + place * wide
        if section.ratio > TALLEST:
            marks += _breaks(left, wide, middle, half)
        style = {"fill": legible(STREAM), "text_anchor": "middle"}
        marks.append(words(left + wide / 2, middle + 4, section.told, 11, **style))
    bottom = middle + half + 10
    best = _frames(result, column, sections, (wide, middle - half - 6, bottom - 4), marks)
    for place, section in enumerate(sections):
        _label(section.name, MARGIN + (place + 0.5) * wide, bottom + 12, section.id == best, marks)
    return bottom + 12 + LABEL_ROWS * 12 + 12


def _outline(heights: list[float], wide: float, middle: float) -> str:
    """Return the banks of the channel: the upper half and the lower half, each a closed path."""
    halves = []
    for side in (-1, 1):
        steps = [f"M{MARGIN:.1f},{middle:.1f} V{middle + side * heights[0]:.1f}"]
        for place, (before, after) in enumerate(pairwise(heights), 1):
            x, first, last = MARGIN + place * wide, middle + side * before, middle + side * after
            bend = f"{x:.1f},{first:.1f} {x:.1f},{last:.1f} {x + BEND:.1f},{last:.1f}"
            steps.append(f"H{x - BEND:.1f} C{bend}")
        halves.append(" ".join([*steps, f"H{WIDTH - MARGIN:.1f} V{middle:.1f} Z"]))
    return " ".join(halves)


def _breaks(left: float, wide: float, middle: float, half: float) -> list[str]:
    """Return the break marks of a section that is higher than drawn."""
    marks = []
    for y in (middle - half + 14, middle + half - 14):
        first, last = left + BEND - 4, left + wide - BEND + 4
        marks += [_zigzag(first, last, y, "#ffffff", 5), _zigzag(first, last, y, EDGE, 1.2)]
    return marks


def _zigzag(first: float, last: float, y: float, colour: str, width: float) -> str:
    count = max(2, round((last - first) / 7))
    step = (last - first) / count
    points = " ".join(
        f"{first + place * step:.1f},{y + (3 if place % 2 else -3):.1f}" for place in range(count + 1)
    )
    return path(f"M{points}", fill="none", stroke=colour, stroke_width=f"{width:g}")


def _frames(
    result: MapResult,
    column: int,
    sections: list[Section],
    size: tuple[float, float, float],
    marks: list[str],
) -> str:
    """Frame the two sections that most likely bind, with their probabilities; return the likeliest."""
    wide, top, bottom = size
    places = {section.id: place for place, section in enumerate(sections)}
    best = likeliest(result, column)[:2]
    drawn: list[tuple[float, float]] = []
    for rank, (name, share) in enumerate(best):
        if name not in places or share < SHOWN_FROM:
            continue
        left = MARGIN + places[name] * wide
        marks.append(rect(left + 2, top, wide - 4, bottom - top, fill="none", rx="4", **FRAMES[rank]))
        told = f"{_short(sections[places[name]].name)} {percent(share)}"
        half = LETTER * len(told) / 2
        x = min(max(left + wide / 2, MARGIN + half), WIDTH - MARGIN - half)
        crowded = any(abs(x - other) < half + width for other, width in drawn)
        y = top - (22 if crowded else 7)
        style = {"fill": FRAMES[rank]["stroke"], "font_weight": ("bold", "normal")[rank]}
        marks.append(words(x, y, told, 12, text_anchor="middle", **style))
        drawn.append((x, half))
    return best[0][0]


def _label(name: str, x: float, y: float, bold: bool, marks: list[str]) -> None:  # noqa: FBT001 (one property)
    parts = textwrap.wrap(name, LABEL_LETTERS)
    if len(parts) > LABEL_ROWS:
        parts = [*parts[: LABEL_ROWS - 1], parts[LABEL_ROWS - 1][: LABEL_LETTERS - 1] + "…"]
    for place, line in enumerate(parts):
        marks.append(
            words(
                x,
                y + 12 * place,
                line,
                LABEL_SIZE,
                text_anchor="middle",
                font_weight="bold" if bold else "normal",
            )
        )


def _heat(result: MapResult, column: int, top: float, marks: list[str]) -> float:
    """Draw the probability that each layer binds in each quarter; return where it ends."""
    names = {
        name: text
        for name, text in layer_names(result).items()
        if name != "stock" or max(result.binds[name]) >= SHOWN_FROM
    }
    wide = (WIDTH - 2 * MARGIN - NAMES) / len(result.quarters)
    left = MARGIN + NAMES
    y = top + 20
    marks.append(words(MARGIN, y, "Probability that each layer binds, % of draws", 13, font_weight="bold"))
    _scale(y, marks)
    y += 14
    x = left + (column + 0.5) * wide
    marks.append(
        path(f"M{x - 5:.1f},{y - 1:.1f} L{x + 5:.1f},{y - 1:.1f} L{x:.1f},{y + 5:.1f} Z", fill=FRAME)
    )
    y += 8
    best = [likeliest(result, place)[0][0] for place in range(len(result.quarters))]
    for name, text in names.items():
        marks.append(words(left - 8, y + 13.5, _short(text), 11, text_anchor="end"))
        for place, share in enumerate(result.binds[name]):
            marks += _cell(left + place * wide, y, wide, share, name == best[place])
        y += ROW
    _ticks(result.quarters, left, wide, y, marks)
    return y + 34


def _short(name: str) -> str:
    letters = 30
    return name if len(name) <= letters else name[: letters - 1] + "…"


def _cell(x: float, y: float, wide: float, share: float, best: bool) -> list[str]:  # noqa: FBT001 (one cell)
    """Return one cell of the heat map; the likeliest of its quarter is framed."""
    back = shade(share)
    marks = [rect(x + 0.5, y + 0.5, wide - 1, ROW - 1, fill=back)]
    if best:
        marks.append(
            rect(x + 1.25, y + 1.25, wide - 2.5, ROW - 2.5, fill="none", stroke=INK, stroke_width="1.5")
        )
    if share >= SHOWN_FROM and wide >= LEAST_CELL:
        weight = "bold" if best else "normal"
        style = {"fill": legible(back), "text_anchor": "middle", "font_weight": weight}
        marks.append(words(x + wide / 2, y + 13.3, f"{100 * share:.0f}", 10.5, **style))
    return marks


def _scale(y: float, marks: list[str]) -> None:
    """Draw the key of the colours at the right."""
    steps = (0.01, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0)
    wide = 36.0
    left = WIDTH - MARGIN - wide * len(steps)
    marks.append(words(left - 8, y, "framed: likeliest of its quarter", 11, fill=QUIET, text_anchor="end"))
    for place, share in enumerate(steps):
        back = shade(share)
        x = left + place * wide
        marks.append(rect(x, y - 12, wide, 16, fill=back))
        marks.append(
            words(x + wide / 2, y, f"{100 * share:g}", 10.5, fill=legible(back), text_anchor="middle")
        )


def _ticks(quarters: tuple[str, ...], left: float, wide: float, y: float, marks: list[str]) -> None:
    """Draw the quarter under every column, and the year with a tick where it begins."""
    before = ""
    for place, label in enumerate(quarters):
        year, quarter = label.split("Q")
        x = left + place * wide
        if wide >= LEAST_CELL:
            marks.append(words(x + wide / 2, y + 13, f"Q{quarter}", 10, fill=QUIET, text_anchor="middle"))
        if year != before:
            marks.append(path(f"M{x:.1f},{y:.1f} L{x:.1f},{y + 28:.1f}", stroke=EDGE))
            if wide * len(quarters[place:]) >= LEAST_CELL:
                marks.append(words(x + 5, y + 27, year, 11, font_weight="bold"))
        before = year


def _foot(result: MapResult, top: float, marks: list[str]) -> float:
    """Draw the unit and the source line."""
    meta = result.meta
    unit = (
        "Numbers in the channel: median capacity of the layer alone, in H100e a quarter "
        "(one H100e: the dense 8-bit arithmetic of one NVIDIA H100)."
    )
    source = f"narrows · facts of {meta['vintage']} · {meta['draws']:,} draws · seed {meta['seed']}"
    wait = (
        "What a layer makes is used some quarters later, after its lag: a section that binds can be wider "
        "than the stream of its own quarter."
    )
    marks.append(words(MARGIN, top + 16, unit, 11, fill=QUIET))
    marks.append(words(MARGIN, top + 32, wait, 11, fill=QUIET))
    marks.append(words(WIDTH - MARGIN, top + 16, source, 11, fill=QUIET, text_anchor="end"))
    return top + 50
