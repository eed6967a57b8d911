"""The members' week in words and pictures: breadth, contribution, concentration, leveraged funds."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from narrows.report.svg import INK, night_rules, path, picture, rect, words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from narrows.market.inside import FundYear, Inside, Member
    from narrows.market.signals import Past

__all__ = [
    "breadth_svg",
    "contribution_svg",
    "fund_svg",
    "inside_pictures",
    "inside_sections",
    "past_table",
    "past_words",
]

MINUS = "\u2212"
FIELDS = {"close": "closes, price only", "adj_close": "adjusted closes, dividends counted"}


def signed(value: float, unit: str = "%", digits: int = 2) -> str:
    """Return a number with its sign."""
    return f"{'+' if value >= 0 else MINUS}{abs(value):,.{digits}f}{unit}"


def inside_sections(found: Inside) -> list[str]:
    """Return the sections of the members' week as Markdown; what is not held is left out or named."""
    parts = [f"## Inside the Index: Breadth\n\n{_breadth(found)}"]
    if found.capitalised is not None:
        parts.append(f"## Inside the Index: Contribution\n\n{_contribution(found)}")
        parts.append(f"## Inside the Index: Concentration\n\n{_concentration(found)}")
    if found.funds:
        parts.append(f"## Leveraged Funds\n\n{_funds(found.funds)}")
    return parts


def _breadth(found: Inside) -> str:
    rows = [
        f"| Above the {share.window}-day mean [% of counted] | {100 * share.share:.1f} | {share.counted} of "
        f"{share.members} |"
        for share in found.shares
    ]
    if found.highs is not None:
        of = f"{found.extremes_of} of {found.members}"
        rows += [
            f"| At a 252-day high | {found.highs} | {of} |",
            f"| At a 252-day low | {found.lows} | {of} |",
        ]
    of = f"{found.counted} of {found.members}"
    rows += [
        f"| Rose in the week | {found.rose} | {of} |",
        f"| Fell in the week | {found.fell} | {of} |",
        f"| Unchanged in the week | {found.stayed} | {of} |",
    ]
    told = [
        f"Universe: {found.universe}; {FIELDS[found.field]}. A member that lacks a session is not counted."
    ]
    if 2 * found.counted < found.members:
        told.append("Fewer than half of the members are counted: the shares speak for these alone.")
    told += [f"{note[0].upper()}{note[1:]}." for note in found.notes]
    return "\n".join(["| Members | Now | Counted |", "|---|---:|---:|", *rows]) + "\n\n" + " ".join(told)


def _contribution(found: Inside) -> str:
    rows = [_member(member) for member in (*found.first, *reversed(found.last))]
    table = ["| Member | Share of Cap [%] | Move [%] | Contribution [pp] |", "|---|---:|---:|---:|", *rows]
    sectors = [
        f"| {part.name} | {100 * part.weight:.1f} | {signed(part.change, '')} | "
        f"{signed(part.points, '')} | {part.n} |"
        for part in found.sectors
    ]
    grid = [
        "| Sector | Share of Cap [%] | Mean Move [%] | Contribution [pp] | Members |",
        "|---|---:|---:|---:|---:|",
        *sectors,
    ]
    told = (
        f"The {found.weighted} members with a weight moved {signed(found.capitalised or 0.0)} "
        "by capitalisation and "
        f"{signed(found.equal or 0.0)} with equal weights."
    )
    if found.residual is not None:
        told += f" Residual to the published index: {signed(found.residual, ' pp')}."
    if found.leaders is not None:
        told += f" The five greatest contributions are {100 * found.leaders:.0f}% of the change."
    return "\n".join(table) + "\n\n" + "\n".join(grid) + "\n\n" + told


def _member(member: Member) -> str:
    cells = (f"{100 * member.weight:.1f}", signed(member.change, ""), signed(member.points, ""))
    return f"| {member.ticker} | {' | '.join(cells)} |"


def _concentration(found: Inside) -> str:
    lines = [
        (
            f"- Effective number of members: {found.effective or 0.0:.1f} of {found.weighted} "
            f"(Herfindahl index {found.herfindahl or 0.0:.4f})."
        ),
        f"- Weight of the largest ten: {100 * (found.top or 0.0):.1f}%.",
        (
            f"- Dispersion: standard deviation {found.dispersion or 0.0:.2f} pp, mean deviation by weight "
            f"{found.deviation or 0.0:.2f} pp."
        ),
    ]
    turn = found.rotation
    if turn is not None:
        moved = [
            f"{name} from rank {before} to {now}" for name, now, before in turn.moved[:3] if now != before
        ]
        lines.append(
            f"- Rotation: {'; '.join(moved) or 'no sector changed its rank'}; rank correlation "
            "with the week before "
            f"{signed(turn.likeness, '')}."
        )
        way = "fell together, so that money moved" if turn.funded else "did not fall together"
        lines.append(
            f"- Funding: {turn.leader} led; the other sectors contributed "
            f"{signed(turn.others, ' pp')} and {way}."
        )
    return "\n".join(lines)


def _funds(funds: Sequence[FundYear]) -> str:
    rows = []
    for one in funds:
        ends = (one.actual[-1], one.model[-1], one.low, one.high, one.multiple_path[-1])
        actual, model, low, high, multiple = (signed(100 * (end - 1), "", 1) for end in ends)
        sessions = len(one.days) - 1
        rows.append(f"| {one.symbol} | {sessions} | {actual} | {model} | {low} to {high} | {multiple} |")
    head = [
        "| Fund | Sessions | Growth [%] | Model [%] | Interval [%] | Multiple of the plain fund [%] |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    return "\n".join([*head, *rows]) + (
        "\n\nModel: the multiple of each day's change less fee and borrowing at the short rate "
        "of its time. The last "
        "column is what the multiple of the whole change would be; a fund that is reset each "
        "day does not follow it. "
        f"Plain funds: {', '.join(one.plain for one in funds)}."
    )


def past_words(past: Past | None) -> str:
    """Return how often a rule fired before, in words."""
    if past is None:
        return "how it went after earlier cases is unavailable: no history is held"
    if past.cases == 0:
        return f"no earlier case in the {past.weeks} weeks held, from {past.first}"
    cases = "one earlier case" if past.cases == 1 else f"{past.cases} earlier cases"
    told = f"{cases} in the {past.weeks} weeks held, from {past.first}"
    return f"{told}, below" if past.after else f"{told}; what came after is not over"


def past_table(pasts: Sequence[tuple[str, Past | None]]) -> str:
    """Return what came after earlier cases, a row a rule and time; empty where nothing is held.

    Parameters
    ----------
    pasts
        Names of rules, and their past.
    """
    rows = [
        f"| {name} | {one.name} | {one.n} | {signed(one.low, '', 1)} | {signed(one.middle, '', 1)} | "
        f"{signed(one.high, '', 1)} | {100 * one.up:.0f} | {signed(one.usual, '', 1)} |"
        for name, past in pasts
        if past is not None
        for one in past.after
    ]
    if not rows:
        return ""
    columns = (
        "Rule", "Index after", "Cases", "Lower Quartile [%]", "Median [%]", "Upper Quartile [%]",
        "Rose [% of cases]", "Median of Any Week [%]",
    )  # fmt: skip
    head = [f"| {' | '.join(columns)} |", "|---|---|" + "---:|" * (len(columns) - 2)]
    told = (
        "A case is the first of the weeks in which a rule fires. With few cases the quartiles are the ends. "
        "Members are those of the lists held, with today's survivors."
    )
    return "\n".join([*head, *rows]) + f"\n\n{told}"


# ---------------------------------------------------------------- pictures

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760.0, 320.0, 64.0, 640.0, 76.0, 270.0
QUIET, GRID, UP, DOWN, THIRD = "#5a6675", "#dfe4ea", "#2f6f9f", "#b5482f", "#8a6d1f"
NIGHT = {
    "#ffffff": "#11161c", INK: "#e6ebf0", QUIET: "#a3afbd", GRID: "#2b3540", UP: "#5aa0d6", DOWN: "#e0785a",
    THIRD: "#d9b65a",
}  # fmt: skip
ROW, BAR_LEFT, BAR_RIGHT = 24, 190.0, 700.0


def inside_pictures(found: Inside) -> dict[str, str]:
    """Return the pictures of the members' week by what they show, each a whole SVG document."""
    drawn = {}
    if len([1 for _, short, _ in found.line if short is not None]) > 1:
        drawn["breadth"] = breadth_svg(found)
    if found.sectors:
        drawn["contribution"] = contribution_svg(found)
    return drawn | {one.symbol.lower(): fund_svg(one) for one in found.funds}


def _line(values: Sequence[float | None], x: Callable[[int], float], y: Callable[[float], float]) -> str:
    """Return the steps of a line that breaks where a value is not held."""
    steps, open_ = [], False
    for at, value in enumerate(values):
        if value is None:
            open_ = False
            continue
        steps.append(f"{'L' if open_ else 'M'}{x(at):.1f},{y(value):.1f}")
        open_ = True
    return " ".join(steps)


def _months(days: Sequence[date], x: Callable[[int], float], marks: list[str]) -> None:
    """Write the months below a picture, as many as fit."""
    starts = [at for at, (one, other) in enumerate(pairwise(days), 1) if other.month != one.month]
    step = math.ceil(len(starts) / 8) if starts else 1
    for at in starts[::step]:
        label = f"{days[at]:%b %Y}" if days[at].month == 1 or at == starts[0] else f"{days[at]:%b}"
        marks.append(path(f"M{x(at):.1f},{BOTTOM:.1f} v5", stroke=QUIET, stroke_width="1"))
        marks.append(words(x(at), BOTTOM + 18, label, 11, text_anchor="middle", fill=QUIET))


def breadth_svg(found: Inside) -> str:
    """Return the share of members above their two means over the last half year.

    Parameters
    ----------
    found
        The members' week.
    """
    days = [day for day, _, _ in found.line]
    series = (
        ("50-day", UP, [short for _, short, _ in found.line]),
        ("200-day", DOWN, [long for _, _, long in found.line]),
    )

    def x(at: int) -> float:
        return LEFT + (RIGHT - LEFT) * at / max(len(days) - 1, 1)

    def y(share: float) -> float:
        return BOTTOM - (BOTTOM - TOP) * share

    last = days[-1]
    marks = [
        words(
            24, 34, f"Members above their mean, to {last:%B} {last.day}, {last.year}", 16, font_weight="bold"
        ),
        words(24, 54, f"Share of members counted [%]; {found.universe}", 12, fill=QUIET),
    ]
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        marks.append(path(f"M{LEFT},{y(share):.1f} H{RIGHT}", stroke=GRID, stroke_width="1"))
        marks.append(words(LEFT - 8, y(share) + 4, f"{100 * share:.0f}", 11, text_anchor="end", fill=QUIET))
    _months(days, x, marks)
    labels = []
    for name, colour, values in series:
        steps = _line(values, x, y)
        if steps:
            marks.append(path(steps, stroke=colour, stroke_width="1.8", fill="none"))
        if values[-1] is not None:
            labels.append((y(values[-1]), f"{name} {100 * values[-1]:.1f}%", colour))
    _labels(labels, marks)
    told = "; ".join(text for _, text, _ in labels)
    return picture(
        WIDTH, HEIGHT, "Breadth", f"Share above the mean: {told}.", marks, style=night_rules(NIGHT)
    )


def _labels(labels: list[tuple[float, str, str]], marks: list[str]) -> None:
    """Write the labels at the ends of lines, apart from one another."""
    at = -math.inf
    for place, text, colour in sorted(labels):
        at = max(place + 4, at + 15)
        marks.append(words(RIGHT + 8, at, text, 11.5, fill=colour))


def contribution_svg(found: Inside) -> str:
    """Return the sectors' contributions as bars around zero.

    Parameters
    ----------
    found
        The members' week.
    """
    marks = [
        words(24, 34, "Contribution of sectors to the week", 16, font_weight="bold"),
        words(
            24,
            54,
            f"Percentage points; together {signed(found.capitalised or 0.0)} by capitalisation",
            12,
            fill=QUIET,
        ),
    ]
    ends = [*(part.points for part in found.sectors), 0.0]
    low, high = min(ends), max(ends)
    scale = (BAR_RIGHT - BAR_LEFT - 70) / ((high - low) or 1.0)
    zero = BAR_LEFT + 5 - low * scale
    y = 74.0
    for part in found.sectors:
        x = zero + part.points * scale
        marks.append(words(BAR_LEFT - 12, y + 16, part.name, 12, text_anchor="end"))
        colour = UP if part.points >= 0 else DOWN
        marks.append(rect(min(x, zero), y + 4, abs(x - zero), ROW - 8, fill=colour))
        marks.append(words(WIDTH - 16, y + 16, signed(part.points, " pp"), 11.5, text_anchor="end"))
        y += ROW
    marks.append(path(f"M{zero:.1f},70 V{y:.1f}", stroke=QUIET, stroke_width="1"))
    lead = found.sectors[0]
    told = f"Greatest: {lead.name} {signed(lead.points, ' pp')}."
    return picture(WIDTH, math.ceil(y + 20), "Contribution of sectors", told, marks, style=night_rules(NIGHT))


def fund_svg(one: FundYear) -> str:
    """Return a leveraged fund beside its model and the multiple of its index's change.

    Parameters
    ----------
    one
        The fund's year.
    """
    series = (
        (one.symbol, INK, one.actual, ""),
        ("model", UP, one.model, "5 3"),
        (f"{one.multiple:g}\u00d7 {one.plain}", THIRD, one.multiple_path, ""),
    )
    values = [value for _, _, line, _ in series for value in line if value > 0]
    low, high = math.log(min(values)), math.log(max(values))

    def x(at: int) -> float:
        return LEFT + (RIGHT - LEFT) * at / max(len(one.days) - 1, 1)

    def y(growth: float) -> float:
        return BOTTOM - (BOTTOM - TOP) * (math.log(growth) - low) / ((high - low) or 1.0)

    first = one.days[0]
    marks = [
        words(
            24,
            34,
            f"{one.symbol} against {one.multiple:g} times the change of {one.plain}",
            16,
            font_weight="bold",
        ),
        words(24, 54, f"Growth since {first:%B} {first.day}, {first.year}, log scale", 12, fill=QUIET),
    ]
    for step in (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0):
        if math.exp(low) <= step <= math.exp(high):
            marks.append(path(f"M{LEFT},{y(step):.1f} H{RIGHT}", stroke=GRID, stroke_width="1"))
            marks.append(words(LEFT - 8, y(step) + 4, f"\u00d7{step:g}", 11, text_anchor="end", fill=QUIET))
    _months(one.days, x, marks)
    labels = []
    for name, colour, line, dash in series:
        style = {"stroke_dasharray": dash} if dash else {}
        shown = [value if value > 0 else None for value in line]
        marks.append(path(_line(shown, x, y), stroke=colour, stroke_width="1.8", fill="none", **style))
        if line[-1] > 0:
            labels.append((y(line[-1]), f"{name} \u00d7{line[-1]:.2f}", colour))
    _labels(labels, marks)
    told = "; ".join(text for _, text, _ in labels)
    return picture(WIDTH, HEIGHT, f"{one.symbol} and its model", f"{told}.", marks, style=night_rules(NIGHT))
