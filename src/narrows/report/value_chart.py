"""Who keeps the value, as a picture: rents by layer and keeper, and the exposure of companies."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from narrows.figure import number
from narrows.report.svg import INK, legible, night_rules, path, picture, rect, shade, words
from narrows.report.treemap import tiles
from narrows.report.value import headline
from narrows.report.words import folded, percent, printable

if TYPE_CHECKING:
    from narrows.value.answer import CompanyRow, LayerRow, ValueResult

__all__ = ["value_svg"]

WIDTH, MARGIN = 1080, 28
LEFT, RIGHT = 220.0, 1052.0
ROW = 24
TITLE_LETTERS = 104
COMPANIES = 14
LEAST = 0.0005
"""Share of all rents from which a layer has a column: shown as 0.1 %."""
HEAD_LETTERS = 11
LETTER = 0.62
"""Width of a letter over its size."""
WHITE = {"makers": "#fefefe"}
"""Ink on colours that are dark."""
TILE, TILES_HIGH = 0.01, 260.0
"""Share of all rents from which a company has an area of its own; height of the areas."""
COLOURS = {"makers": "#2f6f9f", "designers": "#b5651d", "operators": "#7fa7c4", "buyers": "#9aa3ad"}
NAMES = {
    "makers": "makers of the layer",
    "designers": "designers of chips",
    "operators": "operators of compute",
    "buyers": "buyers of compute",
}
QUIET, GRID = "#5a6675", "#dfe4ea"
NIGHT = {
    "#ffffff": "#11161c",
    INK: "#e6ebf0",
    QUIET: "#a3afbd",
    GRID: "#2b3540",
    "#2f6f9f": "#5aa0d6",
    "#b5651d": "#e09a55",
    "#7fa7c4": "#3f5f7a",
    "#9aa3ad": "#6b7682",
}


def value_svg(result: ValueResult) -> str:
    """Return the answer as one SVG document: rents stacked by keeper, a map of who keeps them, a matrix.

    Parameters
    ----------
    result
        The answer of `narrows.value`.

    Returns
    -------
    str
        The same answer gives the same bytes.
    """
    marks: list[str] = []
    y = 38.0
    for line in folded(headline(result), TITLE_LETTERS):
        marks.append(words(MARGIN, y, line, 15, font_weight="bold"))
        y += 22
    y = _legend(marks, y + 8)
    y = _rents(result, marks, y + 8)
    y = _keepers(result, marks, y + 40)
    y = _matrix(result, marks, y + 40)
    meta = result.meta
    source = f"narrows · facts of {meta['vintage']} · {meta['draws']:,} draws · seed {meta['seed']}"
    marks.append(words(RIGHT, y + 26, source, 10.5, fill=QUIET, text_anchor="end"))
    note = "Bars: mean rent of the year [bn USD]; lines: 5 to 95 % of draws."
    marks.append(words(MARGIN, y + 26, note, 10.5, fill=QUIET))
    return picture(
        WIDTH,
        math.ceil(y + 46),
        "Who keeps the rent of scarcity",
        headline(result),
        marks,
        style=night_rules(NIGHT),
    )


def _legend(marks: list[str], y: float) -> float:
    x = LEFT
    for role, colour in COLOURS.items():
        marks.append(rect(x, y - 9, 12, 12, fill=colour))
        marks.append(words(x + 17, y + 1, NAMES[role], 11))
        x += 175
    return y + 10


def _rents(result: ValueResult, marks: list[str], y: float) -> float:
    most = max((row.rent.p95 for row in result.layers), default=0.0) or 1.0
    scale = (RIGHT - LEFT - 60) / most
    for row in result.layers:
        marks.append(words(LEFT - 8, y + 15, printable(row.name), 11, text_anchor="end"))
        x = LEFT
        for role, colour in COLOURS.items():
            wide = max(row.split.get(role, 0.0), 0.0) * row.rent.mean * scale
            if wide >= 0.5:  # noqa: PLR2004 (half a pixel)
                marks.append(rect(x, y + 4, wide, ROW - 9, fill=colour))
                x += wide
        middle = y + 4 + (ROW - 9) / 2
        if row.rent.p95 > row.rent.p05:
            line = f"M{LEFT + row.rent.p05 * scale:.1f},{middle:.1f} H{LEFT + row.rent.p95 * scale:.1f}"
            marks.append(path(line, stroke=INK, stroke_width="1.2"))
        end = max(LEFT + max(row.rent.p95, row.rent.mean) * scale, x) + 6
        marks.append(words(end, middle + 4, number(row.rent.mean / 1e9, 2), 10.5))
        y += ROW
    return y


def _keepers(result: ValueResult, marks: list[str], y: float) -> float:
    """Draw what each company keeps as an area, those that keep little and those not named together."""
    marks.append(words(MARGIN, y, "Who keeps it: area is the mean of what is kept", 12, font_weight="bold"))
    kept = [row for row in result.companies if row.rent_share > 0]
    rows = [row for row in kept if row.rent_share >= TILE]
    shown = [(printable(row.name).partition(" (")[0], row.rent_share, _role(row)) for row in rows]
    rest = [
        ("other companies", sum(row.rent_share for row in kept) - sum(share for _, share, _ in shown), ""),
        ("not named", result.others, ""),
    ]
    shown = sorted(shown + [each for each in rest if each[1] > 0], key=lambda each: -each[1])
    areas = tiles([share for _, share, _ in shown], MARGIN, y + 14, RIGHT - MARGIN, TILES_HIGH)
    for (name, share, role), area in zip(shown, areas, strict=True):
        colour = COLOURS.get(role, GRID)
        marks.append(rect(area.x + 1, area.y + 1, area.wide - 2, area.high - 2, fill=colour))
        ink = WHITE.get(role, INK)
        longest = max(map(len, name.split()))
        size = min(11.0, (area.wide - 12) / longest / LETTER)
        lines = (*folded(name, max(int((area.wide - 12) / size / LETTER), longest)), percent(share))
        for line, text in enumerate(lines[: int((area.high - 6) / (size + 3))]):
            marks.append(words(area.x + 7, area.y + 16 + (size + 3) * line, text, size, fill=ink))
    return y + 14 + TILES_HIGH


def _role(row: CompanyRow) -> str:
    """Return as what a company keeps most."""
    kept: dict[str, float] = {}
    for _, role, share in row.parts:
        kept[role] = kept.get(role, 0.0) + share
    return max(kept, key=lambda role: kept[role]) if kept else ""


def _matrix(result: ValueResult, marks: list[str], y: float) -> float:
    """Draw the share of each company in what is kept of each layer's rent, companies that keep most first."""
    companies = result.companies[:COMPANIES]
    through = {name for row in companies for name, _, share in row.parts if abs(share) >= LEAST}
    layers = [row for row in result.layers if row.id in through]
    wide = min((RIGHT - LEFT) / max(len(layers) + 1, 1), 84.0)
    marks.append(words(MARGIN, y, "Through which layers: share of all rents [%]", 12, font_weight="bold"))
    y += 24
    for place, layer in enumerate(layers):
        _head(marks, layer, LEFT + place * wide + wide / 2, y)
    marks.append(words(LEFT + len(layers) * wide + wide / 2, y + 24, "all", 10, text_anchor="middle"))
    y += 34
    top = max((abs(share) for row in companies for _, _, share in row.parts), default=1.0) or 1.0
    for row in companies:
        marks.append(words(LEFT - 8, y + 15, printable(row.name), 11, text_anchor="end"))
        for place, layer in enumerate(layers):
            _cell(marks, row, layer, LEFT + place * wide, y, wide, top)
        marks.append(
            words(
                LEFT + len(layers) * wide + wide / 2,
                y + 15,
                percent(row.rent_share),
                11,
                text_anchor="middle",
            )
        )
        y += ROW
    return y


def _head(marks: list[str], layer: LayerRow, x: float, y: float) -> None:
    lines = folded(printable(layer.name), HEAD_LETTERS)[:3]
    for line, text in enumerate(lines):
        marks.append(
            words(x, y + 26 - 11 * (len(lines) - 1 - line), text, 9, text_anchor="middle", fill=QUIET)
        )


def _cell(  # noqa: PLR0917 (a place and its size)
    marks: list[str], row: CompanyRow, layer: LayerRow, x: float, y: float, wide: float, top: float
) -> None:
    share = sum(part for name, _, part in row.parts if name == layer.id)
    colour = shade(max(share, 0.0) / top)
    marks.append(rect(x + 1, y + 2, wide - 2, ROW - 4, fill=colour, stroke=GRID))
    if round(1000 * share):
        ink = legible(colour)
        marks.append(words(x + wide / 2, y + 15, f"{100 * share:.1f}", 10, fill=ink, text_anchor="middle"))
