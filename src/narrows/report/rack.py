"""What cools a rack, as text and as a picture over heat."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from narrows.facility.rack import families
from narrows.report.chart import EDGE, FRAME, MARGIN, NIGHT, QUIET, STREAM
from narrows.report.svg import night_rules, path, picture, rect, words
from narrows.systems.figures import system_lines

if TYPE_CHECKING:
    from narrows.facility.rack import Ladder

__all__ = ["rack_svg", "rack_text"]

WIDTH, LEFT, RIGHT, TOP = 900.0, 190.0, 130.0, 96.0
ROW, BAR = 46.0, 20.0
LEAST_KW, MOST_KW = 2.0, 1000.0
LINES = (2, 5, 10, 20, 50, 100, 200, 500, 1000)
KILOWATT = 1000.0
RACKS = ("gb200_nvl72", "vera_rubin_nvl72", "dgx_h100")
"""Systems marked along the axis; a server stands for itself."""
PALE = "#c9dcf0"
SIDE = {"text_anchor": "middle", "fill": QUIET}


def rack_text(found: Ladder) -> str:
    """Return the answer as text.

    Parameters
    ----------
    found
        The answer.
    """
    name = f" ({found.named})" if found.named else ""
    lines = [f"A rack of {found.kw:g} kW{name}: {_works(found)}.", ""]
    lines.append(f"  {'family':<26}{'usual to':>10}{'at most':>10}{'supply to':>11}")
    for row in families():
        mark = "takes it" if row in found.works else "ends below"
        lines.append(
            f"  {row.name:<26}{row.usual_kw:>7.0f} kW{row.most_kw:>7.0f} kW{row.supply_c:>9.0f} C  {mark}"
        )
    lines += [
        "",
        f"Air alone would need {found.air_cfm:,.0f} CFM.",
        f"All heat to coolant needs {found.coolant_lpm:.0f} l/min of water, {found.glycol_lpm:.0f} of PG25.",
        f"With cold plates {found.residual_kw:.3g} kW stay in air, {found.residual_cfm:,.0f} CFM.",
    ]
    if found.takes_over:
        following = next(row for row in families() if row.id == found.takes_over)
        first = found.works[0]
        lines.append(f"Above {first.most_kw:.0f} kW {following.name} take over from {first.name}.")
    return "\n".join(lines)


def _works(found: Ladder) -> str:
    return " or ".join(row.name for row in found.works)


def rack_svg(found: Ladder) -> str:
    """Return the ranges of all families over the heat of a rack as SVG.

    Parameters
    ----------
    found
        The answer.

    Returns
    -------
    str
        The axis is logarithmic [kW]; dark is what a family takes as usually built, pale at most.
    """
    rows = families()
    span = WIDTH - LEFT - RIGHT
    bottom = TOP + ROW * len(rows)

    def x_of(kw: float) -> float:
        share = math.log(max(kw, LEAST_KW) / LEAST_KW) / math.log(MOST_KW / LEAST_KW)
        return LEFT + min(share, 1.0) * span

    title = f"A rack of {found.kw:g} kW is cooled by {_works(found)}"
    note = "Heat of a rack by family: dark as usually built, pale at most; right, the warmest supply"
    marks = [words(MARGIN, 34, title, 15, font_weight="bold"), words(MARGIN, 56, note, 12, fill=QUIET)]
    for kw in LINES:
        x = x_of(kw)
        marks.append(path(f"M{x:.1f} {TOP:.1f}V{bottom:.1f}", stroke=EDGE, stroke_width="0.5"))
        marks.append(words(x, bottom + 16, f"{kw}", text_anchor="middle", fill=QUIET))
    marks.append(
        words(LEFT + span / 2, bottom + 36, "kW a rack, logarithmic", text_anchor="middle", fill=QUIET)
    )
    for place, row in enumerate(rows):
        y = TOP + ROW * place + (ROW - BAR) / 2
        weight = {"font_weight": "bold"} if row in found.works else {"fill": QUIET}
        marks.append(words(LEFT - 10, y + 14, row.name, 12, text_anchor="end", **weight))
        marks.append(rect(LEFT, y, x_of(row.most_kw) - LEFT, BAR, fill=PALE, stroke=EDGE))
        marks.append(rect(LEFT, y, x_of(row.usual_kw) - LEFT, BAR, fill=STREAM))
        marks.append(words(x_of(row.most_kw) + 5, y + 14, f"{row.most_kw:.0f}", 11, fill=QUIET))
        marks.append(words(WIDTH - RIGHT + 14, y + 14, f"up to {row.supply_c:.0f} C", 12))
    marks.append(path(f"M{x_of(found.kw):.1f} {TOP - 8:.1f}V{bottom:.1f}", stroke=FRAME, stroke_width="2.5"))
    marks.append(words(x_of(found.kw), TOP - 13, f"{found.kw:g} kW", 12, text_anchor="middle", fill=FRAME))
    powers = {str(line["name"]): line.get("power") for line in system_lines()}
    marks += [
        words(x_of(float(watt) / KILOWATT), bottom + 54 + 15 * (place % 2), name, 10, **SIDE)
        for place, name in enumerate(RACKS)
        if (watt := powers.get(name)) is not None
    ]
    style = night_rules(NIGHT | {PALE: "#47637f"})
    return picture(WIDTH, bottom + 84, title, note, marks, style=style)
