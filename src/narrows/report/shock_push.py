"""A price shock through industries as text, JSON and a picture."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from narrows.report.svg import INK, night_rules, path, picture, rect, words
from narrows.report.words import folded
from narrows.shocks.transmission import QUARTERS_A_YEAR, as_json, figure_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from narrows.shocks.firms import CompanyResult
    from narrows.shocks.reaction import Priced
    from narrows.shocks.transmission import SectorTable

__all__ = ["company_lines", "industry_lines", "push_json", "push_svg", "push_text", "sector_lines"]

WIDTH, MARGIN, LEFT, RIGHT, TOP, ROW, BAR = 980.0, 24.0, 190.0, 250.0, 120.0, 30.0, 14.0
COLOURS = {"Supported": "#2f7d4f", "Pressured": "#b3211b", "Resilient": "#86b0dc", "Mixed": "#b98a2e"}
EDGE, QUIET, BAND_FILL = "#7d8897", "#4a5564", "#f1f3f6"
NIGHT = {
    "#ffffff": "#10151c",
    INK: "#e8edf3",
    QUIET: "#a9b5c2",
    EDGE: "#8693a3",
    BAND_FILL: "#1b232d",
    "#2f7d4f": "#5cc58a",
    "#b3211b": "#ff8a7d",
    "#b98a2e": "#e5bd68",
}
LETTERS = 105
NAME_LETTERS, STEP_LETTERS, STEP_LETTER = 42, 30, 5.7
"""Letters of a name and of a step of a path, and the width of a letter of a step."""
MOST_CHAINS = 8
DIAL_YEARS = 10.0
"""Longest duration on the dial [year]."""
FAR = 4.0
"""A bar is cut where it is more than this many times as long as the next."""
STEPS = (0.5, 1, 2, 5, 10, 20, 50, 100, 200)
MOST_TICKS = 9
NOTE = (
    "Profit is operating surplus, mean over the shock, against no shock; bands hold 80 % of draws. Pressured "
    "and Supported: the band lies on one side of zero; Resilient: it stays within the noticeable; Mixed: it "
    "does neither. Equity: value of the profit lost or gained if the shock ends, and if it stays."
)


def push_text(
    found: SectorTable,
    width: int = 100,
    seen: Mapping[str, Priced] | None = None,
    companies: Sequence[CompanyResult] = (),
) -> str:
    """Return the page: what moves, sectors with verdict and reason, industries, companies.

    Parameters
    ----------
    found
        The answer.
    width
        Letters of a line.
    seen
        What was priced, by sector.
    companies
        Companies with their margins.
    """
    base = found.shock.model.economy
    moved = ", ".join(
        f"{base.names[base.at(code)]} {100 * change:+.0f} %" for code, change in found.changes.items()
    )
    lines = [
        *folded(f"Given for {found.duration} quarters: {moved}.", width),
        f"Household basket {_percent(found.basket, 2)}.",
        "",
        *sector_lines(found, width),
        "",
        *industry_lines(found, width),
    ]
    lines += ["", *company_lines(companies)] if companies else []
    for name, told in (seen or {}).items():
        lines += ["", *folded(_seen(name, told), width)]
    example = figure_id("profit", found.sectors[0].name, found)
    return "\n".join([*lines, "", *folded(NOTE, width), f"Why? narrows why {example}"]) + "\n"


def sector_lines(found: SectorTable, width: int) -> list[str]:
    """Return the eleven sectors: verdict, profit of a year, equity if it ends or stays, the reason."""
    lines = [
        f"  {'sector':<23}{'verdict':<10}{'profit':>9}{'10 % to 90 %':>16}{'if it ends':>12}{'stays':>8}"
    ]
    for row in found.sectors:
        low, middle, high = (100 * value for value in row.profit)
        span = f"{low:+.1f} to {high:+.1f}"
        lines.append(
            f"  {row.name:<23}{row.verdict:<10}{middle:>+7.1f} %{span:>16}"
            f"{100 * row.cyclical[1]:>+10.2f} %{100 * row.structural[1]:>+6.1f} %"
        )
        lines += [f"      {line}" for line in folded(row.rationale + ".", width - 6)]
    return lines


def industry_lines(found: SectorTable, width: int) -> list[str]:
    """Return the industries told: price, margin, and the reason."""
    cell = min(max(width - 40, 28), 50)
    lines = [f"  {'industry':<{cell}}{'price':>8}{'10 % to 90 %':>18}{'margin bp':>11}"]
    for one in found.industries:
        low, middle, high = (100 * value for value in one.price)
        name = f"{one.code} {one.name}"[: cell - 1]
        span = f"{low:+.2f} to {high:+.2f}"
        lines.append(f"  {name:<{cell}}{middle:>+6.2f} %{span:>18}{1e4 * one.profit[1]:>+11.0f}")
        lines += [f"      {line}" for line in folded(one.rationale + ".", width - 6) if one.rationale]
    return lines


def company_lines(companies: Sequence[CompanyResult]) -> list[str]:
    """Return companies with the change of their margin."""
    lines = [f"  {'company':<28}{'margin bp':>10}{'10 % to 90 %':>20}{'of profit':>12}"]
    for firm in companies:
        low, middle, high = (1e4 * value for value in firm.margin)
        span = f"{low:+.0f} to {high:+.0f}"
        lines.append(f"  {firm.name:<28}{middle:>+10.0f}{span:>20}{100 * firm.profit[1]:>+10.1f} %")
    return lines


def _percent(band: tuple[float, float, float], digits: int) -> str:
    low, middle, high = (f"{100 * value:+.{digits}f}" for value in band)
    return f"{middle} % ({low} to {high})"


def _seen(name: str, told: Priced) -> str:
    low, middle, high = (_years(value) for value in told.years)
    gap = _percent(told.gap, 1)
    if told.verdict == "of another sign":
        said = f"A return of {100 * told.seen:+.1f} % has another sign than the model"
        return f"{name}: {told.label}. {said}; gap {gap}."
    return (
        f"{name}: {told.label}. A return of {100 * told.seen:+.1f} % is {told.verdict}; duration implied "
        f"{middle} ({low} to {high}); gap to the model {gap}."
    )


def _years(value: float) -> str:
    if math.isinf(value):
        return "more than a permanent shock"
    return f"{QUARTERS_A_YEAR * value:.1f} quarters" if value < 2 else f"{value:.1f} years"  # noqa: PLR2004


def push_json(
    found: SectorTable,
    seen: Mapping[str, Priced] | None = None,
    companies: Sequence[CompanyResult] = (),
) -> str:
    """Return the same as one JSON object; a duration without limit is null."""
    content: dict[str, Any] = {"command": "shocks push", **as_json(found)}
    content["companies"] = [firm.to_json() for firm in companies]
    content["priced"] = {
        name: {
            "seen": told.seen,
            "gap": list(told.gap),
            "implied_years": [value if math.isfinite(value) else None for value in told.years],
            "draws_of_another_sign": told.without,
            "verdict": told.verdict,
            "label": told.label,
        }
        for name, told in (seen or {}).items()
    }
    return json.dumps(content, indent=2)


def push_svg(found: SectorTable, seen: Mapping[str, Priced] | None = None) -> str:
    """Return sectors as bars with bands, the path of the push, and the dial of the duration implied.

    Parameters
    ----------
    found
        The answer.
    seen
        What was priced, by sector; the first has the dial.
    """
    base = found.shock.model.economy
    moved = ", ".join(
        f"{base.names[base.at(code)]} {100 * change:+.0f} %" for code, change in found.changes.items()
    )
    title = f"Profit of eleven sectors, {found.duration} quarters"
    marks = [words(MARGIN, 34, title, 16, font_weight="bold")]
    marks += [
        words(MARGIN, 56 + 16 * place, line, 11.5, fill=QUIET)
        for place, line in enumerate(folded(f"Given: {moved}.", LETTERS + 40)[:2])
    ]
    bottom = _bars(found, marks)
    bottom = _chain(found, bottom + 56, marks)
    if seen:
        name, told = next(iter(seen.items()))
        bottom = _dial(name, told, bottom + 40, marks)
    for place, line in enumerate(folded(NOTE, LETTERS + 40)):
        marks.append(words(MARGIN, bottom + 26 + 15 * place, line, 10.5, fill=QUIET))
    height = bottom + 26 + 15 * len(folded(NOTE, LETTERS + 40)) + 12
    return picture(WIDTH, height, title, moved, marks, style=night_rules(NIGHT))


def _bars(found: SectorTable, marks: list[str]) -> float:
    rows = found.sectors
    sizes = sorted(max(abs(100 * value) for value in row.profit) for row in rows)
    widest = sizes[-2] * FAR if sizes[-1] > FAR * sizes[-2] > 0 else sizes[-1]
    ends = [100 * value for row in rows for value in row.profit if abs(100 * value) <= widest] + [0.0]
    beyond = [value for row in rows for value in row.profit if abs(100 * value) > widest]
    low = -widest if any(value < 0 for value in beyond) else min(ends)
    high = widest if any(value > 0 for value in beyond) else max(ends)
    step = next((size for size in STEPS if (high - low) / size <= MOST_TICKS), STEPS[-1])
    first, last = math.floor(low / step) * step, math.ceil(high / step) * step
    span = WIDTH - LEFT - RIGHT

    def x_of(value: float) -> float:
        return LEFT + (min(max(value, first), last) - first) / max(last - first, step) * span

    bottom = TOP + ROW * len(rows)
    for tick in range(round((last - first) / step) + 1):
        value = first + tick * step
        heavy = "1.6" if value == 0 else "0.5"
        marks.append(path(f"M{x_of(value):.1f} {TOP - 6:.1f}V{bottom:.1f}", stroke=EDGE, stroke_width=heavy))
        marks.append(words(x_of(value), bottom + 16, f"{value:+g}", 10.5, text_anchor="middle", fill=QUIET))
    marks.append(
        words(LEFT + span / 2, bottom + 34, "change of profit [%]", 11, text_anchor="middle", fill=QUIET)
    )
    for place, row in enumerate(rows):
        y = TOP + ROW * place + (ROW - BAR) / 2
        left, middle, right = (x_of(100 * value) for value in row.profit)
        zero = x_of(0.0)
        colour = COLOURS[row.verdict]
        marks += [
            words(LEFT - 10, y + BAR - 3, row.name, 11.5, text_anchor="end"),
            rect(min(zero, middle), y, max(abs(middle - zero), 1.0), BAR, fill=colour),
            _break(middle, y) if abs(100 * row.profit[1]) > widest else _whiskers(left, right, y),
            words(
                WIDTH - RIGHT + 14,
                y + BAR - 3,
                f"{row.verdict}, {100 * row.profit[1]:+.1f} %",
                11.5,
                fill=INK,
            ),
            words(
                WIDTH - RIGHT + 136,
                y + BAR - 3,
                f"if it stays {100 * row.structural[1]:+.1f} %",
                10.5,
                fill=QUIET,
            ),
        ]
    return bottom + 34


def _whiskers(left: float, right: float, y: float) -> str:
    ends = f"M{left:.1f} {y + 3:.1f}v{BAR - 6:.1f}M{right:.1f} {y + 3:.1f}v{BAR - 6:.1f}"
    return path(f"M{left:.1f} {y + BAR / 2:.1f}H{right:.1f}{ends}", stroke=INK, stroke_width="1.4")


def _break(end: float, y: float) -> str:
    """Draw the mark of a bar that goes on beyond the axis."""
    return path(
        f"M{end - 16:.1f} {y - 2:.1f}l6 {BAR + 4:.1f}m4 {-BAR - 4:.1f}l6 {BAR + 4:.1f}",
        stroke="#ffffff",
        stroke_width="3",
    )


def _chain(found: SectorTable, top: float, marks: list[str]) -> float:
    """Draw the price move of each told industry and the largest path by which it comes."""
    head = "Industries: price in the last quarter, and the largest path of the push"
    marks.append(words(MARGIN, top, head, 13, font_weight="bold"))
    most = max((abs(row.price[2]) for row in found.industries), default=1.0) or 1.0
    y = top + 14
    for row in found.industries[:MOST_CHAINS]:
        wide = 90 * abs(row.price[1]) / most
        marks += [
            words(MARGIN, y + 13, _cut(row.name.removesuffix(" manufacturing"), NAME_LETTERS), 11),
            rect(300, y + 4, max(wide, 1.0), 11, fill=COLOURS["Resilient"]),
            words(396, y + 13, f"{100 * row.price[1]:+.2f} %", 11),
        ]
        x = 458.0
        for at, step in enumerate(row.path):
            text = _cut(step, STEP_LETTERS)
            box = 12 + STEP_LETTER * len(text)
            if at:
                marks.append(words(x - 13, y + 13, "→", 11, fill=QUIET))
            marks.append(rect(x, y + 1, box, 17, fill=BAND_FILL, stroke=EDGE, stroke_width="0.6"))
            marks.append(words(x + box / 2, y + 13, text, 10, text_anchor="middle"))
            x += box + 17
        y += 23
    return y


def _cut(text: str, letters: int) -> str:
    return text if len(text) <= letters else text[: letters - 1].rstrip() + "…"


def _dial(name: str, told: Priced, top: float, marks: list[str]) -> float:
    """Draw a half circle from 0 to ten years with the band and the hand of the duration implied."""
    radius, x, y = 90.0, MARGIN + 110, top + 110
    marks.append(
        words(MARGIN, top, f"Duration implied by {name} {100 * told.seen:+.1f} %", 13, font_weight="bold")
    )

    def at(years: float, size: float) -> tuple[float, float]:
        turn = math.pi * (1 - min(max(years, 0.0), DIAL_YEARS) / DIAL_YEARS)
        return x + size * math.cos(turn), y - size * math.sin(turn)

    start, end = at(0, radius), at(DIAL_YEARS, radius)
    marks.append(
        path(
            f"M{start[0]:.1f} {start[1]:.1f}A{radius:g} {radius:g} 0 0 1 {end[0]:.1f} {end[1]:.1f}",
            fill="none",
            stroke=EDGE,
            stroke_width="2",
        )
    )
    for years in range(0, int(DIAL_YEARS) + 1, 2):
        outer = at(years, radius + 12)
        marks.append(words(outer[0], outer[1] + 4, f"{years}", 10, text_anchor="middle", fill=QUIET))
    if not any(math.isnan(value) for value in told.years):
        low, high = at(told.years[0], radius - 14), at(told.years[2], radius - 14)
        size = radius - 14
        marks.append(
            path(
                f"M{low[0]:.1f} {low[1]:.1f}A{size:g} {size:g} 0 0 1 {high[0]:.1f} {high[1]:.1f}",
                fill="none",
                stroke=COLOURS["Resilient"],
                stroke_width="10",
            )
        )
        tip = at(told.years[1], radius - 6)
        marks.append(
            path(f"M{x:.1f} {y:.1f}L{tip[0]:.1f} {tip[1]:.1f}", stroke=COLOURS["Pressured"], stroke_width="3")
        )
    marks.append(words(x, y + 18, "years", 10.5, text_anchor="middle", fill=QUIET))
    for place, line in enumerate(folded(_seen(name, told), 90)):
        marks.append(words(x + radius + 50, top + 50 + 16 * place, line, 11.5))
    return y + 26
