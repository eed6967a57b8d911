"""The narrows chart: a channel through the layers, and below it who binds when."""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from narrows.errors import DataError, UnknownNameError
from narrows.report.svg import INK, NIGHT_RAMP, legible, night_rules, path, picture, rect, shade, words
from narrows.report.words import (
    SHOWN_FROM,
    binding,
    compute,
    flow,
    folded,
    layer_names,
    likeliest,
    migration,
    needs,
    percent,
    printable,
    scenario,
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
LINE_LETTERS = 172
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
NUMBER_SIZE, TIGHT_SIZE = 10.5, 9.0
"""Size of a number in a cell, and where it would not fit."""
NUMBER_LETTER = 8.0
"""Width of a digit of a number in a cell, bold, with its share of the gap."""
LEAST_GAP_CELL = 6.0
"""Narrowest cell that keeps a gap to the next."""
SCALE = (0.01, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0)
"""Shares in the key of the colours."""
YEAR = 38.0
"""Room for the label of a year."""
YEAR_STEPS = (1, 2, 5, 10, 20, 50)
"""Years between two labels."""
STREAM, BANK, EDGE, FRAME, SECOND, QUIET = "#86b0dc", "#dbe1e9", "#7d8897", "#b3211b", INK, "#4a5564"
NIGHT = {
    "#ffffff": "#10151c",
    INK: "#e8edf3",
    QUIET: "#a9b5c2",
    BANK: "#2c3744",
    EDGE: "#8693a3",
    FRAME: "#ff8a7d",
}
"""The colours that change on a dark page; the stream keeps its own."""

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
    parts = (scenario(result), flow(result, column), migration(result), needs(result))
    told = " ".join(part for part in parts if part)
    return picture(
        WIDTH, math.ceil(top), binding(result, column), told, marks, style=night_rules(_night(result))
    )


def _night(result: MapResult) -> dict[str, str]:
    """Return the dark colour of every colour drawn, the shades of the heat map included."""
    shares = {_whole(share) for series in result.binds.values() for share in series}
    return NIGHT | {shade(share): shade(share, NIGHT_RAMP) for share in sorted(shares | set(SCALE))}


def _whole(share: float) -> float:
    """Return a share in whole percent: equal numbers have equal colours."""
    return round(share, 2)


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
    for line in folded(scenario(result), LINE_LETTERS):
        marks.append(words(MARGIN, y, line, 12.5, fill=FRAME, font_weight="bold"))
        y += 18
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
        marks += _best(left, y, wide, [name == other for other in best])
        y += ROW
    _ticks(result.quarters, left, wide, y, marks)
    return y + 34


def _short(name: str) -> str:
    letters = 30
    return name if len(name) <= letters else name[: letters - 1] + "…"


def _cell(x: float, y: float, wide: float, share: float, best: bool) -> list[str]:  # noqa: FBT001 (one cell)
    """Return one cell of the heat map, with its number where it fits."""
    gap = 0.5 if wide >= LEAST_GAP_CELL else 0.0
    marks = [rect(x + gap, y + 0.5, wide - 2 * gap, ROW - 1, fill=shade(_whole(share)))]
    if share >= SHOWN_FROM and wide >= LEAST_CELL:
        told = f"{100 * share:.0f}"
        size = NUMBER_SIZE if wide >= len(told) * NUMBER_LETTER else TIGHT_SIZE
        style = {"font_weight": "bold" if best else "normal"}
        marks.append(_on_shade(x + wide / 2, y + 13.3, told, _whole(share), size, **style))
    return marks


def _on_shade(x: float, y: float, text: str, share: float, size: float = NUMBER_SIZE, **style: str) -> str:
    """Return text on the colour of a share, legible on a light page and on a dark one."""
    dark = "black" if legible(shade(share, NIGHT_RAMP)) == "#000000" else "pale"
    style |= {"class": dark, "fill": legible(shade(share)), "text_anchor": "middle"}
    return words(x, y, text, size, **style)


def _best(left: float, y: float, wide: float, best: list[bool]) -> list[str]:
    """Return one frame around each run of quarters in which this layer is the likeliest."""
    marks, start = [], 0
    for framed, run in groupby(best):
        count = len(list(run))
        if framed:
            x, size = left + start * wide + 1.25, max(count * wide - 2.5, 1.0)
            marks.append(rect(x, y + 1.25, size, ROW - 2.5, fill="none", stroke=INK, stroke_width="1.5"))
        start += count
    return marks


def _scale(y: float, marks: list[str]) -> None:
    """Draw the key of the colours at the right."""
    wide = 36.0
    left = WIDTH - MARGIN - wide * len(SCALE)
    marks.append(words(left - 8, y, "framed: likeliest of its quarter", 11, fill=QUIET, text_anchor="end"))
    for place, share in enumerate(SCALE):
        x = left + place * wide
        marks.append(rect(x, y - 12, wide, 16, fill=shade(share)))
        marks.append(_on_shade(x + wide / 2, y, f"{100 * share:g}", share))


def _ticks(quarters: tuple[str, ...], left: float, wide: float, y: float, marks: list[str]) -> None:
    """Draw the quarter under every column where it fits, and the years with a tick where each begins."""
    starts: dict[str, float] = {}
    for place, label in enumerate(quarters):
        year, quarter = label.split("Q")
        x = left + place * wide
        starts.setdefault(year, x)
        if wide >= LEAST_CELL:
            marks.append(words(x + wide / 2, y + 13, f"Q{quarter}", 10, fill=QUIET, text_anchor="middle"))
    labelled = _labelled(starts, wide)
    for year, x in starts.items():
        marks.append(
            path(f"M{x:.1f},{y:.1f} L{x:.1f},{y + (28 if year in labelled else 6):.1f}", stroke=EDGE)
        )
        if year in labelled:
            marks.append(words(x + 5, y + 27, year, 11, font_weight="bold"))


def _labelled(starts: dict[str, float], wide: float) -> set[str]:
    """Return the years whose label fits between its own tick and that of the next label."""
    step = next((step for step in YEAR_STEPS if 4 * wide * step >= YEAR), YEAR_STEPS[-1])
    years = [year for year in starts if int(year) % step == 0]
    ends = [*(starts[year] for year in years[1:]), WIDTH - MARGIN]
    return {year for year, end in zip(years, ends, strict=True) if end - starts[year] >= YEAR}


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
