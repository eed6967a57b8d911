"""The cascade as a picture: who binds after each relief, what it gains, and where it moves by itself."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from narrows.report.cascade import family_shares, headline
from narrows.report.columns import family_words, rested, shortened
from narrows.report.svg import INK, NIGHT_RAMP, legible, night_rules, path, picture, rect, shade, words
from narrows.report.words import compute, folded, percent, printable

if TYPE_CHECKING:
    from narrows.bottlenecks.migration_result import CascadeResult, CascadeStep, PhaseRow

__all__ = ["cascade_svg"]

# All lengths are in pixels of the picture.
WIDTH = 1200.0
MARGIN = 28.0
TITLE_LETTERS = 110
LINE_LETTERS = 165
NAMES = 238.0
"""Room for what is raised, beside the bars."""
GAINS = 250.0
"""Room for gain and value, at the right."""
BAR = 30.0
STEP = 62.0
RISER = 18.0
"""Width of the arrow from a step to the next."""
CELL = 20.0
LETTER = 6.6
"""Width of a letter of 10.5 px."""
LEGEND_LETTER = 6.2
LEAST_LABEL = 30.0
LEAST_LETTERS = 6
LEAST_SHARE = 0.004
YEAR_STEP = 4
FRAME, RAISED, WANTED, OTHER, EDGE, QUIET = "#b3211b", "#8a97a8", "#7fb08a", "#86b0dc", "#7d8897", "#4a5564"
NEXT = "#e2a08a"
NIGHT = {
    "#ffffff": "#10151c",
    INK: "#e8edf3",
    QUIET: "#a9b5c2",
    EDGE: "#8693a3",
    FRAME: "#ff8a7d",
}
"""The colours that change on a dark page; the blocks keep theirs, with dark text on them."""
DARK = "#10151d"
"""Text on the blocks, on a light page and on a dark one."""


def cascade_svg(result: CascadeResult) -> str:
    """Return the cascade as one SVG document.

    Parameters
    ----------
    result
        The answer of `narrows.cascade`.

    Returns
    -------
    str
        Above, one row a step: who binds the quarter asked about, and what raising the next layer gains.
        Below, the probability that each family binds by itself, quarter by quarter, with the study's
        phases. The same answer gives the same bytes.
    """
    marks: list[str] = []
    y = 36.0
    title, _, more = headline(result).partition(". ")
    for line in folded(f"{title}.", TITLE_LETTERS):
        marks.append(words(MARGIN, y, line, 16, font_weight="bold"))
        y += 22
    for line in folded(more, LINE_LETTERS):
        marks.append(words(MARGIN, y, line, 12.5, fill=QUIET))
        y += 18
    y = _legend(result, y + 4, marks)
    y = _steps(result, y + 8, marks)
    y = _natural(result, y + 26, marks)
    y = _phases(result.phases, result, y + 6, marks)
    marks.append(words(MARGIN, y + 22, f"narrows · {rested(result.meta)}", 11, fill=QUIET))
    shares = {
        _whole(s) for column in range(len(result.quarters)) for s in family_shares(result, column).values()
    }
    night = NIGHT | {shade(share): shade(share, NIGHT_RAMP) for share in sorted(shares)}
    return picture(WIDTH, math.ceil(y + 38), f"{title}.", headline(result), marks, style=night_rules(night))


def _whole(share: float) -> float:
    """Return a share in whole percent: equal numbers have equal colours."""
    return round(share, 2)


def _legend(result: CascadeResult, y: float, marks: list[str]) -> float:
    told = (
        (NEXT, "raised next"),
        (OTHER, "other layers"),
        (RAISED, "raised already, at its ceiling"),
        (WANTED, "demand"),
    )
    marks.append(
        words(MARGIN, y + 10, f"Who binds {result.at} after each relief [% of draws]", 13, font_weight="bold")
    )
    x = MARGIN + 370
    for colour, text in told:
        marks += [rect(x, y, 20, 12, fill=colour), words(x + 26, y + 10, text)]
        x += 44 + LEGEND_LETTER * len(text)
    return y + 18


def _steps(result: CascadeResult, top: float, marks: list[str]) -> float:
    left, wide = MARGIN + NAMES, WIDTH - 2 * MARGIN - NAMES - GAINS
    greatest = max((step.gain.mean for step in result.steps), default=0.0) or 1.0
    right = left + wide + 16
    y = top
    for place, step in enumerate(result.steps):
        following = result.steps[place + 1].layer if place + 1 < len(result.steps) else ""
        _raised(result, step, y, marks)
        _bar(result, step, following, (left, y, wide), marks)
        if step.number:
            length = max((GAINS - 110) * step.gain.mean / greatest, 1.0)
            marks.append(rect(right, y + 4, length, BAR - 8, fill=NEXT))
            marks.append(
                words(right + length + 6, y + 19, f"+{compute(step.gain.mean)}", 11.5, font_weight="bold")
            )
        marks.append(words(right, y + BAR + 12, f"{compute(step.value.mean)} H100e deployed", 10, fill=QUIET))
        if following:
            x = MARGIN + 12
            marks.append(
                path(
                    f"M{x:.1f},{y + BAR + 8:.1f} V{y + STEP - 8:.1f} m-5,-6 l5,6 l5,-6",
                    fill="none",
                    stroke=FRAME,
                    stroke_width="1.8",
                )
            )
        y += STEP
    marks.append(words(right, top - 16, f"gain up to {result.at}, mean [H100e]", 11, fill=QUIET))
    return y - STEP + BAR + 18


def _raised(result: CascadeResult, step: CascadeStep, y: float, marks: list[str]) -> None:
    if not step.number:
        marks.append(words(MARGIN, y + 14, "On announced plans", 12, font_weight="bold"))
        marks.append(words(MARGIN, y + 28, f"decisions of {result.quarter}", 10, fill=QUIET))
        return
    name = shortened(printable(result.names[step.layer]), 30)
    marks.append(words(MARGIN, y + 14, f"{step.number}. {name}", 12, font_weight="bold"))
    told = f"first more in {step.arrives}; by {result.at} in {percent(step.in_time)} of draws"
    marks.append(words(MARGIN, y + 28, told, 9, fill=QUIET))


def _bar(
    result: CascadeResult,
    step: CascadeStep,
    following: str,
    place: tuple[float, float, float],
    marks: list[str],
) -> None:
    """Draw one bar: raised layers first, then the open ones from the likeliest on, demand last."""
    x, y, wide = place
    raised = {other.layer for other in result.steps[: step.number + 1] if other.layer}
    for name, share in sorted(step.binds.items(), key=lambda pair: _rank(result, pair, raised)):
        if share < LEAST_SHARE:
            continue
        size = wide * share
        colour = (
            RAISED
            if name in raised
            else WANTED
            if result.families.get(name) == "demand"
            else NEXT
            if name == following
            else OTHER
        )
        marks.append(rect(x, y, max(size - 1, 0.5), BAR, fill=colour))
        if name == following:
            marks.append(
                rect(x + 1, y + 1, max(size - 3, 0.5), BAR - 2, fill="none", stroke=FRAME, stroke_width="2")
            )
        label = f"{100 * share:.0f} {printable(result.names.get(name, 'opening stock'))}"
        if size >= LEAST_LABEL:
            marks.append(words(x + 5, y + 19, _fitted(label, int((size - 8) / LETTER)), 10.5, fill=DARK))
        x += size
    rest = wide + place[0] - x
    if rest > 1:
        marks.append(rect(x, y, rest, BAR, fill=OTHER))


def _fitted(label: str, letters: int) -> str:
    """Return a share with its name, cut to so many letters; the share alone where little fits."""
    if len(label) <= letters:
        return label
    return shortened(label, letters) if letters >= LEAST_LETTERS else label.partition(" ")[0]


def _rank(result: CascadeResult, pair: tuple[str, float], raised: set[str]) -> tuple[int, float]:
    name, share = pair
    wanted = result.families.get(name) == "demand"
    return (2 if wanted else 0 if name in raised else 1), -share


def _natural(result: CascadeResult, top: float, marks: list[str]) -> float:
    """Draw the probability that each family binds, quarter by quarter; return where it ends."""
    marks.append(
        words(
            MARGIN,
            top,
            "With no decision: probability that each family binds [% of draws]",
            13,
            font_weight="bold",
        )
    )
    columns = [family_shares(result, column) for column in range(len(result.quarters))]
    families = [name for name in columns[0] if max(shares[name] for shares in columns) >= LEAST_SHARE]
    left = MARGIN + 130
    wide = (WIDTH - MARGIN - left) / len(columns)
    y = top + 12
    for family in families:
        marks.append(words(left - 8, y + 14, family_words(family), 11, text_anchor="end"))
        for place, shares in enumerate(columns):
            share = _whole(shares[family])
            x = left + place * wide
            best = family == max(shares, key=lambda name: shares[name])
            marks.append(rect(x + 0.5, y + 0.5, wide - 1, CELL - 1, fill=shade(share)))
            if share >= 0.01:  # noqa: PLR2004 (whole percent)
                dark = "black" if legible(shade(share, NIGHT_RAMP)) == "#000000" else "pale"
                style = {"fill": legible(shade(share)), "text_anchor": "middle", "class": dark}
                style |= {"font_weight": "bold" if best else "normal"}
                marks.append(words(x + wide / 2, y + 14, f"{100 * share:.0f}", 9.5, **style))
        y += CELL
    for place, label in enumerate(result.quarters):
        if place % YEAR_STEP == 0:
            x = left + place * wide
            marks.append(path(f"M{x:.1f},{y:.1f} v6", stroke=EDGE))
            marks.append(words(x + 2, y + 16, label, 10, fill=QUIET))
    return y + 22


def _phases(rows: tuple[PhaseRow, ...], result: CascadeResult, top: float, marks: list[str]) -> float:
    """Draw the study's windows under the quarters, each with its probability and verdict."""
    left = MARGIN + 130
    wide = (WIDTH - MARGIN - left) / len(result.quarters)
    marks.append(words(left - 8, top + 14, "the study's phases", 11, text_anchor="end", font_weight="bold"))
    for row in rows:
        first, last = (result.quarters.index(label) for label in row.quarters)
        x, size = left + first * wide, (last - first + 1) * wide
        marks.append(rect(x + 1, top, size - 2, 20, fill="none", stroke=EDGE, stroke_width="1.4", rx="3"))
        marks.append(words(x + size / 2, top + 14, row.name, 10.5, text_anchor="middle", font_weight="bold"))
        marks.append(words(x + size / 2, top + 34, percent(row.share), 10.5, text_anchor="middle"))
        marks.append(words(x + size / 2, top + 48, row.verdict, 9.5, text_anchor="middle", fill=QUIET))
    return top + 54
