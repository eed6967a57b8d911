"""The date of power as text and as a picture."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from narrows.report.chart import EDGE, FRAME, MARGIN, NIGHT, QUIET, STREAM
from narrows.report.svg import night_rules, path, picture, rect, words
from narrows.report.words import folded

if TYPE_CHECKING:
    from narrows.facility.power_date import PowerDate

__all__ = ["power_date_svg", "power_date_text"]

WIDTH = 900.0
LEFT, RIGHT, TOP = 250.0, 116.0, 104.0
ROW = 26.0
BAR = 12.0
GRID = "0.5"
TICKS = (3, 6, 12, 24, 60)
"""Months between two lines of the grid."""
MOST_TICKS = 12
MILLION = 1e6
LETTERS = 96
SHOWN = 0.005
"""Activities that decide in fewer draws are not listed in the text."""
PATHS = {
    "grid": "grid connection",
    "onsite": "generation on the site",
    "bridge": "leased turbines until the grid comes",
    "leased": "hall of a landlord",
}


def power_date_text(found: PowerDate, width: int) -> str:
    """Return the answer as text.

    Parameters
    ----------
    found
        The answer.
    width
        Width to write for [character].
    """
    lines = [_headline(found), ""]
    lines.append(f"  {'':<22}{'P10':>12}{'P50':>12}{'P90':>12}   months")
    for row in found.dated:
        name = "first power" if row.what == "first" else f"{row.what} MW"
        days = "".join(f"{day:>12}" for day in row.dates)
        months = " / ".join(f"{value:.1f}" for value in row.months)
        lines.append(f"  {name:<22}{days}   {months}")
    shares = ", ".join(f"{name} {share:.0%}" for name, share in found.chains.items() if share >= SHOWN)
    lines += ["", *folded(f"Last to end before energisation, share of draws: {shares}.", width)]
    lines += [
        "",
        f"  {'activity':<32}{'P50':>7}{'decides':>9}{'slack':>8}{'one month less':>16}{'worth':>11}",
    ]
    lines += [
        f"  {row.name:<32}{row.months[1]:>7.1f}{row.decides:>9.0%}{row.slack:>8.1f}"
        f"{row.month_gains:>16.2f}{row.usd / MILLION:>9.1f} M"
        for row in found.branches
    ]
    low, middle, high = (value / MILLION for value in found.usd_month)
    span = f"{middle:.0f} M USD ({low:.0f} to {high:.0f})"
    worth = f"A month of the whole site is worth {span}: rent less electricity."
    band = found.learned
    sites = (
        f"Powered sites with these traits took {band[1]:.1f} months from first works to first power "
        f"({band[0]:.1f} to {band[2]:.1f}); the path says {found.dated[0].months[1]:.1f}."
    )
    return "\n".join([*lines, "", *folded(worth, width), *folded(sites, width)])


def _headline(found: PowerDate) -> str:
    first = found.dated[0]
    return (
        f"{found.mw:g} MW by {PATHS[found.path]}, first works {found.start}: first power {first.dates[1]} "
        f"({first.dates[0]} to {first.dates[2]}); {found.decides} decides most often."
    )


def power_date_svg(found: PowerDate) -> str:
    """Return the months to power and of every activity as SVG.

    Parameters
    ----------
    found
        The answer.

    Returns
    -------
    str
        Bars run from P10 to P90 [month], a mark stands at P50; below, activities by how often they decide.
    """
    rows = [
        ("first power" if row.what == "first" else f"{row.what} MW", row.months, row.dates[1], FRAME)
        for row in found.dated
    ]
    rows.append(("powered sites with these traits", found.learned, "law of sites", EDGE))
    rows += [(row.name, row.months, f"decides {100 * row.decides:.0f} %", STREAM) for row in found.branches]
    most = max(band[2] for _, band, _, _ in rows)
    step = next((ticks for ticks in TICKS if most / ticks <= MOST_TICKS), TICKS[-1])
    last = math.ceil(most / step) * step
    span, bottom = WIDTH - LEFT - RIGHT, TOP + ROW * len(rows)

    def x_of(months: float) -> float:
        return LEFT + months / last * span

    headline = folded(_headline(found), LETTERS)
    marks = [
        words(MARGIN, 34 + 20 * place, line, 14.5, font_weight="bold") for place, line in enumerate(headline)
    ]
    note = "Months from the first works (above) and of each activity itself (below): P10 to P90, mark at P50"
    marks.append(words(MARGIN, 82, note, 12, fill=QUIET))
    for months in range(0, last + 1, step):
        x = x_of(months)
        marks.append(path(f"M{x:.1f} {TOP - 4:.1f}V{bottom:.1f}", stroke=EDGE, stroke_width=GRID))
        marks.append(words(x, bottom + 16, f"{months}", text_anchor="middle", fill=QUIET))
    marks.append(words(LEFT + span / 2, bottom + 36, "months", text_anchor="middle", fill=QUIET))
    for place, (name, (low, middle, high), told, colour) in enumerate(rows):
        y = TOP + ROW * place + (ROW - BAR) / 2
        if place % 2:
            marks.insert(0, rect(MARGIN / 2, y - (ROW - BAR) / 2, WIDTH - MARGIN, ROW, fill="#f6f7f9"))
        marks.append(words(LEFT - 10, y + BAR - 2, name, 11.5, text_anchor="end"))
        marks.append(rect(x_of(low), y, max(x_of(high) - x_of(low), 1.0), BAR, fill=colour))
        marks.append(rect(x_of(middle) - 1.5, y - 3, 3, BAR + 6, fill="#1a2330"))
        marks.append(words(WIDTH - RIGHT + 12, y + BAR - 2, told, 11, fill=QUIET))
    style = night_rules(NIGHT | {"#f6f7f9": "#1b232d"})
    return picture(WIDTH, bottom + 52, headline[0], note, marks, style=style)
