"""The week in words: Markdown, HTML, JSON and a picture, written from numbers alone."""

from __future__ import annotations

import html
import json
import math
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any

from narrows.report.inside import inside_pictures, inside_sections, past_table, past_words
from narrows.report.news import news_html, news_json, news_markdown
from narrows.report.svg import INK, night_rules, path, picture, rect, words

if TYPE_CHECKING:
    from collections.abc import Callable

    from narrows.claims.news import News
    from narrows.market.recap import IndexRow, Move, Recap, Score, Signal

__all__ = [
    "lead_words",
    "recap_html",
    "recap_json",
    "recap_markdown",
    "recap_pictures",
    "recap_svg",
    "score_lines",
    "signal_lines",
    "span_words",
    "takeaway_words",
]

MINUS = "\u2212"
COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven")
ORDINALS = {
    2: "second",
    3: "third",
    4: "fourth",
    5: "fifth",
    6: "sixth",
    7: "seventh",
    8: "eighth",
    9: "ninth",
}
FLAT = 0.1
"""Change of a week below which an index is called little changed [%]."""


def recap_markdown(found: Recap, news: News | None = None) -> str:
    """Return the recap as Markdown; the same numbers give the same bytes.

    Parameters
    ----------
    found
        The answer of `narrows.market.recap.recap`.
    news
        That of `narrows.claims.news.week_news`; no such section if left out.
    """
    return "\n\n".join(_parts(found, None if news is None else news_markdown(news))) + "\n"


def _parts(found: Recap, news: str | None) -> list[str]:
    return [
        f"# Weekly Market Recap ({span_words(found)})",
        lead_words(found),
        f"## Index Performance (Weekly)\n\n{_index_table(found)}\n\n{_base_words(found)}",
        f"## Sector Snapshot (1-Week)\n\n{_sector_table(found)}\n\n{_sector_words(found)}",
        "## The Score: What Drove the Market\n\n" + "\n".join(f"- {line}" for line in score_lines(found)),
        *([] if found.inside is None else inside_sections(found.inside)),
        f"## Key Takeaway\n\n{takeaway_words(found)}",
        f"## What Investors May Be Underestimating\n\n{_underestimated(found)}",
        *([] if news is None else [news]),
        f"---\n\n{_foot(found)}",
    ]


def span_words(found: Recap) -> str:
    """Return the days of the week in words."""
    first, last = found.first, found.week
    if first.month == last.month:
        return f"{first:%B} {first.day}\u2013{last.day}, {last.year}"
    return f"{first:%B} {first.day} \u2013 {last:%B} {last.day}, {last.year}"


def _day(day: date, *, year: bool = False) -> str:
    return f"{day:%B} {day.day}, {day.year}" if year else f"{day:%A}, {day:%B} {day.day}"


def _signed(value: float) -> str:
    return f"{'+' if value >= 0 else MINUS}{abs(value):.2f}%"


def _points(value: float) -> str:
    return f"{'+' if value >= 0 else MINUS}{abs(value):,.2f}"


def _name(move: Move) -> str:
    return f"{move.name} (fund, for the {move.stands_for})" if move.stands_for else move.name


def lead_words(found: Recap) -> str:
    """Return the week in two sentences."""
    row = found.indices[0]
    move = row.move
    text = f"The {move.name} {_verb(move)} for the week ended {_day(found.week, year=True)}"
    if row.streak >= 2:  # noqa: PLR2004 (a run)
        way = "gain" if move.percent > 0 else "loss"
        text += f", its {_ordinal(row.streak)} weekly {way} in a row"
    if row.record:
        text += ", and closed at a record"
    others = [f"the {other.move.name} {_verb(other.move)}" for other in found.indices[1:]]
    return text + "." + (f" {others[0][0].upper()}{others[0][1:]}." if others else "")


def _ordinal(count: int) -> str:
    ends = {1: "st", 2: "nd", 3: "rd"}
    teens = range(10, 20)
    return ORDINALS.get(count, f"{count}{'th' if count % 100 in teens else ends.get(count % 10, 'th')}")


def _verb(move: Move) -> str:
    if abs(move.percent) < FLAT:
        return f"was little changed ({_signed(move.percent)})"
    return f"{'rose' if move.percent > 0 else 'fell'} {abs(move.percent):.2f}%"


def _index_table(found: Recap) -> str:
    head = "| Index | Close | Weekly Change | Points | Year to Date |\n|---|---:|---:|---:|---:|"
    rows = [
        f"| {_name(row.move)} | {row.move.close:,.2f} | {_signed(row.move.percent)} | "
        f"{_points(row.move.points)} | "
        f"{'unavailable' if row.year is None else _signed(row.year)} |"
        for row in found.indices
    ]
    return "\n".join([head, *rows])


def _base_words(found: Recap) -> str:
    text = (
        f"Weekly change: from the close of {_day(found.base)}, the last session before the week, to the "
        "close of "
        f"{_day(found.week)}."
    )
    funds = [row.move for row in found.indices if row.move.stands_for]
    if funds:
        text += "".join(
            f" The closes of the {move.stands_for} are not held; its fund {move.symbol} stands in for it."
            for move in funds
        )
    return text


def _sector_table(found: Recap) -> str:
    if not found.sectors:
        return "Unavailable: no closes of the sector funds are held."
    rows = [f"| {move.name} ({move.symbol}) | {_signed(move.percent)} |" for move in found.sectors]
    return "\n".join(["| Sector Fund | Weekly Change |\n|---|---:|", *rows])


def _sector_words(found: Recap) -> str:
    return (
        "Universe: the Select Sector SPDR funds of the S&P 500, price only; sectors of a vendor with other "
        "members "
        f"move otherwise. Base: the close of {_day(found.base)}."
    )


def score_lines(found: Recap) -> list[str]:
    """Return what drove the week, a sentence each, the heading in bold."""
    return [_SENTENCES[score.kind](score, found) for score in found.scores] or ["Unavailable."]


def _record(score: Score, _found: Recap) -> str:
    row: IndexRow = score.facts["row"]
    count = len(row.records)
    more = (
        f"one of {COUNTS[count]} record closes in the week"
        if count > 1
        else "its one record close of the week"
    )
    return f"**Record:** the {row.move.name} closed the week at {row.move.close:,.2f}, {more}."


def _streak(score: Score, _found: Recap) -> str:
    row: IndexRow = score.facts["row"]
    way = "winning" if row.move.percent > 0 else "losing"
    least = " at least, as far as closes are held" if row.streak_open else ""
    return f"**Streak:** the {row.move.name} has a {row.streak}-week {way} streak{least}."


def _year(score: Score, _found: Recap) -> str:
    row: IndexRow = score.facts["row"]
    way = "up" if row.year >= 0 else "down"  # type: ignore[operator]  # scored only where it is held
    return f"**Year:** the {row.move.name} is {way} {abs(row.year or 0.0):.2f}% year to date."


def _leader(score: Score, _found: Recap) -> str:
    move: Move = score.facts["move"]
    way = "rose" if move.percent > 0 else "fell only"
    return (
        f"**Leader:** the {move.name} fund {move.symbol} {way} {abs(move.percent):.2f}%, the best of the "
        "sector funds."
    )


def _laggard(score: Score, _found: Recap) -> str:
    move: Move = score.facts["move"]
    way = "fell" if move.percent < 0 else "rose only"
    return (
        f"**Laggard:** the {move.name} fund {move.symbol} {way} {abs(move.percent):.2f}%, the worst of the "
        "sector funds."
    )


def _spread(score: Score, _found: Recap) -> str:
    best, worst = score.facts["best"], score.facts["worst"]
    return (
        f"**Dispersion:** {best.symbol} did better than {worst.symbol} by {best.percent - worst.percent:.2f} "
        "percentage points."
    )


def _count(score: Score, found: Recap) -> str:
    up = [move for move in found.sectors if move.percent > 0]
    return f"**Breadth of sectors:** {COUNTS[len(up)]} of the {COUNTS[score.facts['all']]} sector funds rose."


def _reversal(score: Score, found: Recap) -> str:
    move: Move = score.facts["move"]
    now, then = ("rose", "fell") if move.percent > 0 else ("fell", "rose")
    return (
        f"**Reversal:** the {move.name} fund {move.symbol} {now} {abs(move.percent):.2f}%. "
        f"{move.symbol} {then} {abs(move.before or 0.0):.2f}% in the week ended "
        f"{_day(found.base, year=True)}."
    )


def _defensive(score: Score, _found: Recap) -> str:
    row: IndexRow = score.facts["row"]
    parts = ", ".join(f"{move.symbol} {_signed(move.percent)}" for move in score.facts["moves"])
    way = "lagged" if score.facts["mean"] < row.move.percent else "led"
    return f"**Defensives {way}:** {parts}, against {_signed(row.move.percent)} for the {row.move.name}."


_SENTENCES: dict[str, Callable[[Score, Recap], str]] = {
    "record": _record,
    "streak": _streak,
    "year": _year,
    "leader": _leader,
    "laggard": _laggard,
    "spread": _spread,
    "count": _count,
    "reversal": _reversal,
    "defensive": _defensive,
}


def takeaway_words(found: Recap) -> str:
    """Return what is left of the week."""
    row = found.indices[0]
    way = "up" if row.move.percent > 0 else "down"
    parts = [f"The {row.move.name} ended the week {way} {abs(row.move.percent):.2f}%"]
    if found.sectors:
        up = sum(move.percent > 0 for move in found.sectors)
        ahead = [move.symbol for move in found.sectors if move.percent > row.move.percent]
        parts.append(f"{COUNTS[up]} of {COUNTS[len(found.sectors)]} sector funds rose")
        parts.append(f"ahead of the index: {', '.join(ahead) or 'none'}")
    return (
        f"{'; '.join(parts)}. These are the numbers of the week; why it moved so needs a source, and none "
        "is cited here."
    )


def signal_lines(found: Recap) -> list[str]:
    """Return the rules on divergences, with what they find."""
    return [_signal(signal) for signal in found.signals]


def _underestimated(found: Recap) -> str:
    lines = signal_lines(found)
    past = past_table([(signal.rule.partition(":")[0].capitalize(), signal.past) for signal in found.signals])
    told = f"\n\n{past}" if past else ""
    return (
        "\n".join(f"- {line}" for line in lines)
        + told
        + "\n\nA rule that fires is a question, not a forecast."
    )


def _signal(signal: Signal) -> str:
    rule = f"{signal.rule[0].upper()}{signal.rule[1:]}"
    if signal.fires is None:
        return f"{rule}: unavailable, the closes or the members that it needs are not held."
    told = f"{rule}: {'fires' if signal.fires else 'does not fire'}"
    facts = signal.facts
    if "above_50" in facts:
        of = f"{facts['of']} " if "of" in facts else ""
        told += (
            f" ({100 * facts['above_50']:.1f}% of {of}members above their 50-day mean, "
            f"{100 * facts['high']:.1f}% at the "
            f"four-week high; {100 * facts['above_200']:.1f}% above their 200-day mean)"
        )
    if "ahead" in facts:
        told += f" (ahead: {', '.join(facts['names']) or 'none'})"
    if facts.get("leaders") is not None:
        told += f" (they make {100 * facts['leaders']:.0f}% of it)"
    if "fund" in facts:
        return (
            f"{told} ({facts['fund']} {_signed(100 * facts['gain'])}, "
            f"the multiple {_signed(100 * facts['simple'])})."
        )
    return f"{told}; {past_words(signal.past)}."


def _foot(found: Recap) -> str:
    missing = f" Unavailable: {', '.join(found.missing)}." if found.missing else ""
    return (
        f"Week ended {_day(found.week, year=True)}. Base {_day(found.base, year=True)}. Source: "
        f"{found.source}; every "
        f"number is computed from closes, price only.{missing} Not advice."
    )


def recap_json(found: Recap, news: News | None = None) -> str:
    """Return the recap's numbers as one JSON object."""

    def plain(value: Any) -> Any:
        if isinstance(value, date):
            return value.isoformat()
        if isinstance(value, float) and not math.isfinite(value):
            return None
        message = f"{type(value).__name__} has no form in JSON"
        raise TypeError(message)

    content = {"command": "market recap", **asdict(found)}
    if news is not None:
        content["news"] = news_json(news)
    return json.dumps(content, indent=2, default=plain, ensure_ascii=False)


def recap_html(found: Recap, news: News | None = None) -> str:
    """Return the recap as one HTML page without script or anything fetched."""
    *parts, foot = _parts(found, None)
    read = [] if news is None else [news_html(news)]
    body = "\n".join([_as_html("\n\n".join(parts)), *read, _as_html(foot)])
    pictures = "".join(f"<figure>{one}</figure>\n" for one in recap_pictures(found).values())
    title = html.escape(f"Weekly Market Recap ({span_words(found)})")
    style = (
        "body{font:16px/1.55 Georgia,serif;max-width:44rem;margin:2rem auto;padding:0 1rem;color:#1a2330;"
        "background:#fff}table{border-collapse:collapse;margin:1rem 0}td,th{padding:.25rem .8rem;"
        "border-bottom:1px solid #dfe4ea;text-align:left}td+td,th+th{text-align:right;"
        "font-variant-numeric:tabular-nums}svg{max-width:100%;height:auto}"
        "@media(prefers-color-scheme:dark){body{color:#e6ebf0;background:#11161c}td,th{border-color:#2b3540}}"
    )
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width"><title>{title}</title><style>{style}</style></head><body><main>\n{body}\n'
        f"{pictures}</main></body></html>\n"
    )


def _as_html(text: str) -> str:
    """Turn the recap's own Markdown (headings, tables, lists, bold) into HTML."""
    out = []
    for block in text.strip().split("\n\n"):
        lines = block.split("\n")
        if lines[0].startswith("#"):
            level = len(lines[0]) - len(lines[0].lstrip("#"))
            out.append(f"<h{level}>{_inline(lines[0][level:].strip())}</h{level}>")
        elif lines[0].startswith("|"):
            rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
            head = "".join(f'<th scope="col">{_inline(cell)}</th>' for cell in rows[0])
            cells = ["".join(f"<td>{_inline(cell)}</td>" for cell in row) for row in rows[2:]]
            out.append(f"<table><tr>{head}</tr>" + "".join(f"<tr>{row}</tr>" for row in cells) + "</table>")
        elif lines[0].startswith("- "):
            out.append("<ul>" + "".join(f"<li>{_inline(line[2:])}</li>" for line in lines) + "</ul>")
        else:
            out.append("<hr>" if lines == ["---"] else f"<p>{_inline(' '.join(lines))}</p>")
    return "\n".join(out)


def _inline(text: str) -> str:
    parts = html.escape(text).split("**")
    return "".join(f"<strong>{part}</strong>" if place % 2 else part for place, part in enumerate(parts))


WIDTH, ROW, LEFT, RIGHT = 760, 26, 230.0, 730.0
QUIET, GRID, UP, DOWN = "#5a6675", "#dfe4ea", "#2f6f9f", "#b5482f"
NIGHT = {
    "#ffffff": "#11161c",
    INK: "#e6ebf0",
    QUIET: "#a3afbd",
    GRID: "#2b3540",
    UP: "#5aa0d6",
    DOWN: "#e0785a",
}


def recap_pictures(found: Recap) -> dict[str, str]:
    """Return every picture of a recap by what it shows, each a whole SVG document; sectors first.

    Parameters
    ----------
    found
        The answer of `narrows.market.recap.recap`.
    """
    return {"sectors": recap_svg(found)} | ({} if found.inside is None else inside_pictures(found.inside))


def recap_svg(found: Recap) -> str:
    """Return the sector funds as bars around zero, with the index as a line.

    Parameters
    ----------
    found
        The answer of `narrows.market.recap.recap`.
    """
    lead = found.indices[0].move
    title = f"Sector funds, week to {_day(found.week, year=True)}"
    marks = [
        words(24, 34, title, 16, font_weight="bold"),
        words(24, 54, f"Change from the close of {_day(found.base)} [%]; line: {lead.name}", 12, fill=QUIET),
    ]
    ends = [*(move.percent for move in found.sectors), lead.percent, 0.0]
    low, high = min(ends), max(ends)
    scale = (RIGHT - LEFT - 80) / ((high - low) or 1.0)
    zero = LEFT + 5 - low * scale
    y = 74.0
    for move in found.sectors:
        x = zero + move.percent * scale
        marks.append(words(LEFT - 12, y + 17, f"{move.name} {move.symbol}", 12, text_anchor="end"))
        marks.append(
            rect(min(x, zero), y + 4, abs(x - zero), ROW - 8, fill=UP if move.percent >= 0 else DOWN)
        )
        marks.append(words(RIGHT, y + 17, _signed(move.percent), 11.5, text_anchor="end"))
        y += ROW
    at = zero + lead.percent * scale
    marks.append(path(f"M{zero:.1f},70 V{y:.1f}", stroke=GRID, stroke_width="1"))
    marks.append(path(f"M{at:.1f},70 V{y:.1f}", stroke=INK, stroke_width="1.4", stroke_dasharray="3 3"))
    marks.append(words(at, y + 14, f"{lead.name} {_signed(lead.percent)}", 11, text_anchor="middle"))
    marks.append(words(RIGHT, y + 36, f"narrows · {found.source}", 10.5, fill=QUIET, text_anchor="end"))
    best = found.sectors[0] if found.sectors else None
    told = f"Best: {best.name} {_signed(best.percent)}." if best else "No sector funds are held."
    return picture(WIDTH, math.ceil(y + 50), title, told, marks, style=night_rules(NIGHT))
