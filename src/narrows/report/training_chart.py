"""The cost of a training run as a picture: where the money goes, and which fact moves it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.figure import number
from narrows.report.svg import INK, night_rules, picture, rect, words
from narrows.report.training import PART_WORDS, SHOWN

if TYPE_CHECKING:
    from narrows.training.run_cost import RunCost

__all__ = ["cost_svg"]

WIDTH, LEFT, RIGHT = 860.0, 270.0, 790.0
ROW, BAR = 22.0, 14.0
TOP = 78.0
BLUE, RED, GREY, PALE = "#33658a", "#c4503a", "#5b6673", "#d5dae0"
NIGHT = {
    INK: "#e6e9ed",
    "#ffffff": "#141a21",
    BLUE: "#7fb2d9",
    RED: "#e58a74",
    GREY: "#a8b2bd",
    PALE: "#333d48",
}


def cost_svg(found: RunCost) -> str:
    """Return the waterfall of the parts and the tornado of the facts as SVG.

    Parameters
    ----------
    found
        The cost.
    """
    facts = found.tornado[:SHOWN]
    second = TOP + ROW * (len(found.parts) + 1) + 66.0
    height = second + ROW * max(len(facts), 1) + 34.0
    title = f"Cost of training: {found.run.chips:,} {found.chip}, {found.stated['days']:.1f} days"
    low, _, high = (number(usd) for usd in found.bands["total"])
    total = number(found.stated["total"])
    told = f"{total} usd at stated facts, p05 {low} to p95 {high}, basis {found.run.basis}"
    marks = [
        words(24, 30, title, 16, font_weight="bold"),
        words(24, 50, told, 12, fill=GREY),
        *_waterfall(found),
        words(
            24, second - 20, "What moves the total: one fact at its p05 and its p95", 13, font_weight="bold"
        ),
        *_tornado(found, second),
    ]
    return picture(WIDTH, height, title, told, marks, style=night_rules(NIGHT))


def _waterfall(found: RunCost) -> list[str]:
    total = found.stated["total"]
    scale = (RIGHT - LEFT) / max(total, found.bands["total"][2])
    marks, start = [], 0.0
    for place, (name, usd) in enumerate(found.parts.items()):
        y = TOP + ROW * place
        marks += [
            words(LEFT - 10, y + BAR - 3, PART_WORDS[name], 12, text_anchor="end"),
            rect(LEFT + start * scale, y, max(usd * scale, 1.0), BAR, fill=BLUE),
            words(LEFT + (start + usd) * scale + 6, y + BAR - 3, number(usd), 11, fill=GREY),
        ]
        start += usd
    y = TOP + ROW * len(found.parts)
    low, _, high = found.bands["total"]
    marks += [
        words(LEFT - 10, y + BAR - 3, "total, usd", 12, text_anchor="end", font_weight="bold"),
        rect(LEFT, y, total * scale, BAR, fill=RED),
        rect(LEFT + low * scale, y + BAR + 3, (high - low) * scale, 2, fill=GREY),
        words(LEFT + high * scale, y + BAR + 18, f"p05 {number(low)} to p95 {number(high)}", 11,
              fill=GREY, text_anchor="end"),
    ]  # fmt: skip
    return marks


def _tornado(found: RunCost, top: float) -> list[str]:
    facts = found.tornado[:SHOWN]
    if not facts:
        return [words(LEFT, top + BAR, "Give more draws: one draw has no p05 and p95.", 12, fill=GREY)]
    total = found.stated["total"]
    ends = [usd for _, low, high in facts for usd in (low, high)]
    least, most = min(*ends, total), max(*ends, total)
    scale = (RIGHT - LEFT - 60.0) / ((most - least) or 1.0)

    def across(usd: float) -> float:
        return LEFT + 44.0 + (usd - least) * scale

    marks = [rect(across(total) - 0.5, top - 6, 1, ROW * len(facts) + 4, fill=PALE)]
    for place, (name, low, high) in enumerate(facts):
        y = top + ROW * place
        first, last = sorted((low, high))
        marks.append(words(LEFT - 10, y + BAR - 3, name, 12, text_anchor="end"))
        for usd, colour in ((low, BLUE), (high, RED)):
            start, stop = sorted((across(usd), across(total)))
            marks.append(rect(start, y, max(stop - start, 0.5), BAR, fill=colour))
        for usd, anchor, shift in ((first, "end", -5.0), (last, "start", 5.0)):
            text = number(usd)
            marks.append(words(across(usd) + shift, y + BAR - 3, text, 11, fill=GREY, text_anchor=anchor))
    y = top + ROW * len(facts) + 14
    marks += [
        rect(LEFT + 44, y - 9, 10, 10, fill=BLUE),
        words(LEFT + 60, y, "fact at its p05", 11, fill=GREY),
        rect(LEFT + 174, y - 9, 10, 10, fill=RED),
        words(LEFT + 190, y, "fact at its p95", 11, fill=GREY),
        words(RIGHT, y, "usd", 11, fill=GREY, text_anchor="end"),
    ]
    return marks
