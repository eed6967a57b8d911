"""The makers of every layer as one picture: a bar a layer, one company's thread through it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.bottlenecks.concentration_result import OTHERS
from narrows.report.svg import INK, legible, night_rules, picture, rect, words
from narrows.report.words import percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from narrows.bottlenecks.concentration_result import (
        CompanyThread,
        ConcentrationResult,
        LayerConcentration,
    )

__all__ = ["makers_svg"]

WIDTH, LABEL, BAR, ROW, TOP, MARGIN = 1040, 210, 560, 38, 104, 24
"""Places [px]: of the page, of the layer's name, of a whole bar, of a row, above the rows, around."""
HEIGHT, THREAD = 18, 5
"""Height of a bar, and of the thread below it [px]."""
LETTER = 6.3
"""Mean width of a letter of a maker's name [px]."""
NIGHT_INK, GROUND, NIGHT_GROUND = "#e6eaf0", "#ffffff", "#181f28"
MUTED, NIGHT_MUTED = "#5a6675", "#a3afbd"
MAKERS = ("#3f6690", "#6e92b8", "#9cb8d3", "#c3d5e6", "#d6e2ee", "#e1eaf3")
"""Named makers of a layer, the largest darkest; the last for all further ones."""
NIGHT_MAKERS = ("#7ea6d1", "#5c83ad", "#456a91", "#365576", "#2d4862", "#273d53")
REST, NIGHT_REST = "#eceff3", "#222c38"
ACCENT, NIGHT_ACCENT = "#c4503a", "#ff9d85"
"""The company whose thread is drawn."""


def makers_svg(result: ConcentrationResult, company: CompanyThread | None) -> str:
    """Return the picture of the makers of all layers.

    Parameters
    ----------
    result
        The answer of `narrows.makers` for all layers.
    company
        The company whose thread is drawn; None for none.

    Returns
    -------
    str
        SVG: for each layer a bar of shares, below it the part that goes into the company's designs, and
        the loss of compute if the largest maker stops. Light, and dark where the reader asks for it.
    """
    marks = [*_head(result, company)]
    for place, layer in enumerate(result.layers):
        marks += _row(layer, company, TOP + place * ROW)
    bottom = TOP + len(result.layers) * ROW
    marks.append(
        words(
            MARGIN,
            bottom + 18,
            f"Facts of {result.meta['vintage']}, {result.meta['draws']:,} draws, means. Others: makers "
            f"that no fact names. Loss: compute not deployed {result.quarter} to {result.last}, while the "
            "rest rebuilds.",
            10,
            fill=MUTED,
        )
    )
    return picture(
        WIDTH, bottom + 34, _title(result), _described(result), marks, style=night_rules(_night_colours())
    )


def _title(result: ConcentrationResult) -> str:
    single = sum(layer.single_supplier for layer in result.layers)
    return f"{single} of {len(result.layers)} layers of the AI stack hang on one maker"


def _described(result: ConcentrationResult) -> str:
    told = [
        f"{layer.name}: " + ", ".join(f"{maker.name} {percent(maker.share.mean)}" for maker in layer.makers)
        for layer in result.layers
    ]
    return "; ".join(told)


def _head(result: ConcentrationResult, company: CompanyThread | None) -> Iterator[str]:
    yield words(MARGIN, 34, _title(result), 19, font_weight="bold")
    yield words(
        MARGIN,
        56,
        f"Share of each layer by maker, {result.quarter}; * one maker holds 80 % or more",
        12,
        fill=MUTED,
    )
    if company is not None:
        yield rect(MARGIN, 68, 12, 9, fill=ACCENT)
        told = (
            f"{company.name} as maker; the line below a bar: the part of the layer that goes into its designs"
        )
        yield words(MARGIN + 18, 77, told, 11, fill=MUTED)
    x = LABEL + BAR + 20
    yield words(x, TOP - 12, "HHI", 11, fill=MUTED)
    yield words(x + 100, TOP - 12, "lost if the largest stops", 11, fill=MUTED)


def _row(layer: LayerConcentration, company: CompanyThread | None, y: float) -> Iterator[str]:
    star = " *" if layer.single_supplier else ""
    yield words(MARGIN, y + 13, layer.name + star, 12)
    x = float(LABEL)
    for rank, maker in enumerate(layer.makers):
        width = BAR * maker.share.mean
        mine = company is not None and maker.id == company.id
        colour = ACCENT if mine else REST if maker.id == OTHERS else MAKERS[min(rank, len(MAKERS) - 1)]
        yield rect(x, y, width, HEIGHT, fill=colour, stroke=GROUND)
        name = "others" if maker.id == OTHERS else maker.name.partition(" (")[0]
        told = next(
            (
                text
                for text in (f"{name} {percent(maker.share.mean)}", name)
                if len(text) * LETTER < width - 8
            ),
            "",
        )
        if told:
            night = "pale" if legible(_night_colours()[colour]) == GROUND else "black"
            yield words(x + 4, y + 13, told, 10.5, fill=legible(colour), **{"class": night})
        x += width
    taken = next((row.takes for row in company.rows if row.id == layer.id), None) if company else None
    if taken is not None:
        yield rect(LABEL, y + HEIGHT + 2, BAR * taken.mean, THREAD, fill=ACCENT)
    yield from _figures(layer, y)


def _figures(layer: LayerConcentration, y: float) -> Iterator[str]:
    x = LABEL + BAR + 20
    low, high = round(layer.hhi.mean), round(layer.hhi_most.mean)
    yield words(x, y + 13, str(high) if low == high else f"{low}-{high}", 11)
    lost = next((row for row in layer.losses if row.maker == layer.top), None)
    if lost is not None:
        part = lost.readings["loss"].part.mean
        yield rect(x + 100, y, 100 * part, HEIGHT, fill=MUTED)
        yield words(x + 106 + 100 * part, y + 13, percent(part), 11)


def _night_colours() -> dict[str, str]:
    pairs = {INK: NIGHT_INK, GROUND: NIGHT_GROUND, MUTED: NIGHT_MUTED, REST: NIGHT_REST, ACCENT: NIGHT_ACCENT}
    return pairs | dict(zip(MAKERS, NIGHT_MAKERS, strict=True))
