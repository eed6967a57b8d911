"""Power at tracked sites as text, JSON, CSV and a fan chart."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from narrows.figure import number
from narrows.report.svg import INK, night_rules, path, picture, words
from narrows.report.tables import Sheet, _cells, _value, _written
from narrows.report.text import _aligned, _cut, _wrapped
from narrows.report.words import MW_PER_GW, percent, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from narrows.facility.forecast import Interval, SiteRow, SitesResult
    from narrows.facility.scoring import Score, SitesScore

__all__ = [
    "COLUMNS",
    "score_json",
    "score_text",
    "sites_csv",
    "sites_json",
    "sites_svg",
    "sites_text",
]

COLUMNS = ("day", "site", "name", "observed", "unit", "plan", "p10", "p50", "p90", "mean")
MOST_DAYS = 4
"""Days that the table by site shows; JSON and CSV hold all."""
USUAL = {"draws": 10_000, "seed": 1, "method": "random"}
"""Options that need not be told again."""
ASSUMED = (
    "How: each milestone planned after the snapshot comes at its planned lead x a stretch of its site + a "
    "delay, piece by piece, and no faster than a site can build; some dates hold, a few pieces stall long. "
    "Part of it is common to all sites. Power levels are read from above and in doubt by about an eighth."
)


# --- text ---------------------------------------------------------------------------------------


def sites_text(result: SitesResult, width: int) -> str:
    """Return the forecast as text: the answer, the table, what it rests on, how to ask why.

    Parameters
    ----------
    result
        The answer of `narrows.sites`.
    width
        Greatest length of a line [character].
    """
    one = _one(result)
    shown = _shown(result)
    parts = [
        _wrapped(answer(result), width),
        _one_table(result, width) if one else _table(result, shown, width),
        _due_table(result.rows[0], result, width) if one else _totals(result, width),
        _remarks(result, shown, width),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def answer(result: SitesResult) -> str:
    """Return the answer in two sentences: the power on the first days ahead, and the plan beside it."""
    ahead = [place for place, observed in enumerate(result.observed) if not observed]
    who = printable(result.rows[0].name) if _one(result) else f"these {len(result.rows)} sites"
    verb = "runs" if _one(result) else "run"
    told = []
    if not ahead:
        place = len(result.days) - 1
        return (
            f"On {result.days[place]} {who} ran {_gw(result.plan[place])} of facility power, as observed "
            f"up to {result.snapshot}; the day is not after the snapshot, so nothing is forecast."
        )
    for place in ahead[:1]:
        band = result.total
        told.append(
            f"On {result.days[place]} {who} {verb} {_gw(band.p50[place])} "
            f"(80 %: {_between(band, place)}); the tracker's own plan says "
            f"{_gw(result.plan[place])}, and {percent(result.late[place])} of draws fall short of it."
        )
    last = ahead[-1]
    if last != ahead[0]:
        told.append(
            f"On {result.days[last]} it is {_gw(result.total.p50[last])} "
            f"({_between(result.total, last)}) against "
            f"{_gw(result.plan[last])} planned."
        )
    told.append(f"On {result.snapshot} it was {_gw(result.now)}.")
    return " ".join(told)


def _one(result: SitesResult) -> bool:
    return bool(result.meta.get("site"))


def _gw(megawatt: float) -> str:
    return f"{megawatt / MW_PER_GW:.1f} GW" if megawatt >= MW_PER_GW else f"{megawatt:.0f} MW"


def _between(band: Interval, place: int) -> str:
    """Return the interval in one unit, that of its high side."""
    low, high = band.p10[place], band.p90[place]
    if high >= MW_PER_GW:
        return f"{low / MW_PER_GW:.1f} to {_gw(high)}"
    return f"{low:.0f} to {_gw(high)}"


def _shown(result: SitesResult) -> list[int]:
    """Return the places of the days that the table by site has room for."""
    count = len(result.days)
    if count <= MOST_DAYS:
        return list(range(count))
    step = (count - 1) / (MOST_DAYS - 1)
    return sorted({round(step * place) for place in range(MOST_DAYS)})


def _fits(result: SitesResult, shown: list[int], width: int) -> list[int]:
    """Return as many of the days as fit into a width, the first and the last kept longest."""
    kept = list(shown)
    while len(kept) > 1 and _length(_rows(result, kept)) > width:
        kept = kept[:-2] + kept[-1:] if len(kept) > 2 else kept[:1]  # noqa: PLR2004 (first and last)
    return kept


def _rows(result: SitesResult, shown: list[int]) -> list[tuple[str, ...]]:
    head = ["MW in operation", result.snapshot]
    for place in shown:
        head += [f"{result.days[place]}", "80 %", "plan"]
    rows = [tuple(head)]
    rows += [_line(printable(row.name), row.now, row.power, row.plan, shown) for row in result.rows]
    rows.append(_line("All sites", result.now, result.total, result.plan, shown))
    return rows


def _length(rows: list[tuple[str, ...]]) -> int:
    return sum(max(len(row[column]) for row in rows) + 2 for column in range(len(rows[0]))) - 2


def _line(name: str, now: float, band: Interval, plan: Sequence[float], shown: list[int]) -> tuple[str, ...]:
    cells = [name, f"{now:,.0f}"]
    for place in shown:
        cells += [f"{band.p50[place]:,.0f}", _span(band, place), f"{plan[place]:,.0f}"]
    return tuple(cells)


def _span(band: Interval, place: int) -> str:
    return f"{band.p10[place]:,.0f}-{band.p90[place]:,.0f}"


def _table(result: SitesResult, shown: list[int], width: int) -> str:
    rows = _rows(result, _fits(result, shown, width))
    return "\n".join(_aligned(rows, width, right=tuple(range(1, len(rows[0])))))


def _one_table(result: SitesResult, width: int) -> str:
    row = result.rows[0]
    rows: list[tuple[str, ...]] = [("day", "MW, median", "80 %", "plan", "")]
    for place, day in enumerate(result.days):
        seen = "observed" if result.observed[place] else ""
        rows.append(
            (day, f"{row.power.p50[place]:,.0f}", _span(row.power, place), f"{row.plan[place]:,.0f}", seen)
        )
    return "\n".join(_aligned(rows, width, right=(1, 2, 3)))


def _due_table(row: SiteRow, result: SitesResult, width: int) -> str:
    if not row.due:
        return "No milestone is planned after the snapshot."
    rows: list[tuple[str, ...]] = [("milestone", "planned", "complete, median", "80 %", "on time")]
    for due in row.due:
        p10, p50, p90 = (_date(result.snapshot, value) for value in due.when)
        rows.append((f"{due.power:,.0f} MW", due.day, p50, f"{p10} to {p90}", percent(due.on_time)))
    return "\n".join(_aligned(rows, width, right=(0, 4)))


def _date(snapshot: str, days: float) -> str:
    return str(date.fromisoformat(snapshot) + timedelta(days=round(days)))


def _totals(result: SitesResult, width: int) -> str:
    """Return the sum day by day: forecast, plan, what part of the plan comes, chance of falling short."""
    rows: list[tuple[str, ...]] = [
        ("all sites", "GW, median", "80 %", "plan", "of the plan added", "below plan")
    ]
    for place, day in enumerate(result.days):
        band = result.total
        if result.observed[place]:
            rows.append((day, f"{band.p50[place] / MW_PER_GW:.2f}", "observed", "", "", ""))
            continue
        low, middle, high = (getattr(band, name)[place] / MW_PER_GW for name in ("p10", "p50", "p90"))
        least, most = (100 * getattr(result.added, name)[place] for name in ("p10", "p90"))
        added = f"{percent(result.added.p50[place])} ({least:.0f}-{most:.0f})"
        rows.append(
            (
                day,
                f"{middle:.2f}",
                f"{low:.2f}-{high:.2f}",
                f"{result.plan[place] / MW_PER_GW:.2f}",
                added if result.plan[place] > result.now else "-",
                percent(result.late[place]),
            )
        )
    return "\n".join(_aligned(rows, width, right=(1, 2, 3, 4, 5)))


def _remarks(result: SitesResult, shown: list[int], width: int) -> str:
    meta = result.meta
    lines = []
    if any(result.observed):
        lines.append(f"Days up to the snapshot of {result.snapshot} show what was observed, not a forecast.")
    if not _one(result):
        fitted = len(_fits(result, shown, width))
        if fitted < len(result.days):
            lines.append(
                f"The table by site shows {fitted} of {len(result.days)} days: --json and --csv give all, "
                "--on picks."
            )
        names = ", ".join(sorted(row.id for row in result.rows))
        lines.append(f"One site, with its milestones: narrows sites SITE, one of {names}.")
    lines.append(ASSUMED)
    if meta.get("scenario"):
        lines.append(f"Scenario {meta['scenario']}: not the facts as they stand.")
    lines.append(
        f"Sites, milestones and plans: Epoch AI, Frontier Data Centers, as of {result.snapshot} (CC BY 4.0). "
        f"{meta['facts']} facts, {meta['assumptions']} of them assumptions, the newest of "
        f"{meta['newest_fact']}; {meta['draws']:,} draws, seed {meta['seed']}."
    )
    name = meta.get("site") or "total"
    day = next(
        (day for day, seen in zip(result.days, result.observed, strict=True) if not seen), result.days[0]
    )
    asked = "".join(
        f" --{option} {meta[option]}" for option, usual in USUAL.items() if meta.get(option, usual) != usual
    )
    also = "plan, due and on_time" if _one(result) else "plan, late, added, due and on_time"
    lines.append(f"ask: narrows why sites.power.{name}.{day}{asked}; also {also}")
    return "\n".join(_wrapped(line, width) for line in lines)


def score_text(score: SitesScore, width: int) -> str:
    """Return a score as text: the sums first, then coverage, then the sites.

    Parameters
    ----------
    score
        The answer of `narrows.facility.score_sites`.
    width
        Greatest length of a line [character].
    """
    parts = []
    for row in score.totals:
        error = _relative(row.p50, row.came)
        parts.append(
            _wrapped(
                f"On {row.day} the sites ran {_gw(row.came)}; forecast {_gw(row.p50)} "
                f"(80 %: {_gw(row.p10)} to {_gw(row.p90)}), {'inside' if row.inside else 'OUTSIDE'}, error "
                f"{error}; the plan said {_gw(row.plan)}, error {_relative(row.plan, row.came)}. "
                f"CRPS {number(row.crps)} MW, pinball {number(row.pinball)} MW.",
                width,
            )
        )
    count = len(score.rows)
    inside = sum(row.inside for row in score.rows)
    parts.append(
        f"{inside} of {count} site days lie inside their interval of 80 %: {percent(score.coverage)}."
    )
    for day in score.days:
        rows: list[tuple[str, ...]] = [(day, "came", "median", "80 %", "plan", "error", "CRPS", "")]
        rows += [_scored(row) for row in score.rows if row.day == day]
        parts.append("\n".join(_aligned(rows, width, right=(1, 2, 3, 4, 5, 6))))
    if score.missing:
        parts.append(_wrapped(f"Not in the later table, left out: {', '.join(score.missing)}.", width))
    if score.unknown:
        parts.append(
            _wrapped(f"Not tracked here, left out: {', '.join(map(printable, score.unknown))}.", width)
        )
    return "\n\n".join(parts) + "\n"


def _scored(row: Score) -> tuple[str, ...]:
    return (
        printable(row.name),
        f"{row.came:,.0f}",
        f"{row.p50:,.0f}",
        f"{row.p10:,.0f}-{row.p90:,.0f}",
        f"{row.plan:,.0f}",
        f"{row.p50 - row.came:+,.0f}",
        f"{row.crps:,.0f}",
        "" if row.inside else "outside",
    )


def _relative(told: float, came: float) -> str:
    return f"{100 * (told / came - 1):+.0f} %" if came else "not defined"


# --- tables -------------------------------------------------------------------------------------


def sites_json(result: SitesResult) -> str:
    """Return the forecast as one JSON object.

    Parameters
    ----------
    result
        The answer of `narrows.sites`.
    """
    return _written(
        {
            "days": list(result.days),
            "observed": list(result.observed),
            "snapshot": result.snapshot,
            "unit": "MW",
            "sites": [
                {
                    "id": row.id,
                    "name": row.name,
                    "now": _value(row.now),
                    "plan": _value(row.plan),
                    "power": _band(row.power),
                    "due": [
                        {
                            "day": due.day,
                            "power": _value(due.power),
                            "lead_days": _value(due.lead),
                            "when_days": _value(due.when),
                            "on_time": _value(due.on_time),
                        }
                        for due in row.due
                    ],
                }
                for row in result.rows
            ],
            "now": _value(result.now),
            "plan": _value(result.plan),
            "total": _band(result.total),
            "added_over_plan": _band(result.added),
            "below_plan": _value(result.late),
            "figures": result.figure_ids(),
            "meta": {name: _value(result.meta[name]) for name in sorted(result.meta)},
        }
    )


def score_json(score: SitesScore) -> str:
    """Return a score as one JSON object."""
    return _written(
        {
            "days": list(score.days),
            "unit": "MW",
            "coverage": _value(score.coverage),
            "totals": [_score(row) for row in score.totals],
            "sites": [_score(row) for row in score.rows],
            "missing": list(score.missing),
            "unknown": list(score.unknown),
            "meta": {name: _value(score.meta[name]) for name in sorted(score.meta)},
        }
    )


def sites_csv(result: SitesResult) -> str:
    """Return the forecast as CSV: one line a day and site, then the sum; columns `COLUMNS`."""
    file = io.StringIO()
    writer = Sheet(file)
    writer.writerow(COLUMNS)
    for place, day in enumerate(result.days):
        rows = [(row.id, row.name, row.plan, row.power) for row in result.rows]
        if not _one(result):
            rows.append(("total", "All sites", result.plan, result.total))
        for name, text, plan, band in rows:
            numbers = (plan[place], band.p10[place], band.p50[place], band.p90[place], band.mean[place])
            seen = "yes" if result.observed[place] else "no"
            writer.writerow(_cells(day, name, text, seen, "MW", *numbers))
    return file.getvalue()


def _band(band: Interval) -> dict[str, Any]:
    return {name: _value(getattr(band, name)) for name in ("p10", "p50", "p90", "mean")}


def _score(row: Score) -> dict[str, Any]:
    names = ("id", "name", "day", "came", "plan", "p10", "p50", "p90", "inside", "crps", "pinball")
    return {name: _value(getattr(row, name)) for name in names}


# --- picture ------------------------------------------------------------------------------------

WIDTH, HEIGHT = 960.0, 520.0
LEFT, RIGHT, TOP, BOTTOM = 64.0, 150.0, 84.0, 84.0
FAN, LINE, PLAN, GRID, QUIET = "#c9ddf2", "#1f5f9e", "#b3211b", "#dbe1e9", "#4a5564"
NIGHT = {
    "#ffffff": "#10151c",
    INK: "#e8edf3",
    FAN: "#22405f",
    LINE: "#7db8f0",
    PLAN: "#ff8a7d",
    GRID: "#2c3744",
    QUIET: "#a9b5c2",
}
"""The dark colour of each colour drawn."""
STEPS = (1, 2, 5)
TICKS = 6
LETTERS = 120


def sites_svg(result: SitesResult) -> str:
    """Return the fan chart: power of all sites shown, median and 80 % band, the plan as a line.

    Parameters
    ----------
    result
        The answer of `narrows.sites`, of two days or more to be of use.
    """
    start = date.fromisoformat(result.snapshot)
    ahead = [place for place, seen in enumerate(result.observed) if not seen]
    days = [start, *(date.fromisoformat(result.days[place]) for place in ahead)]
    band = {
        name: [result.now, *(getattr(result.total, name)[place] for place in ahead)]
        for name in ("p10", "p50", "p90")
    }
    plan = [result.now, *(result.plan[place] for place in ahead)]
    most = max([*band["p90"], *plan, 1.0]) / MW_PER_GW
    step = _step(most)
    top = step * -(-most // step)
    span = max((days[-1] - start).days, 1)

    def place(day: date, megawatt: float) -> tuple[float, float]:
        x = LEFT + (WIDTH - LEFT - RIGHT) * (day - start).days / span
        return x, HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * megawatt / MW_PER_GW / top

    who = printable(result.rows[0].name) if _one(result) else f"{len(result.rows)} tracked sites"
    marks = [words(LEFT - 40, 30, f"Power in operation at {who}, GW", 16, font_weight="bold")]
    marks += [words(LEFT - 40, 52, line, 12, fill=QUIET) for line in _clipped(answer(result))]
    marks += _axes(days, top, step, place)
    high = [place(day, value) for day, value in zip(days, band["p90"], strict=True)]
    low = [place(day, value) for day, value in zip(days, band["p10"], strict=True)]
    marks.append(path(f"{_steps(high)} L{_steps(low[::-1])[1:]} Z", fill=FAN))
    middle = [place(day, value) for day, value in zip(days, band["p50"], strict=True)]
    planned = [place(day, value) for day, value in zip(days, plan, strict=True)]
    marks.append(path(_steps(planned), fill="none", stroke=PLAN, stroke_width="2", stroke_dasharray="6 4"))
    marks.append(path(_steps(middle), fill="none", stroke=LINE, stroke_width="2.5"))
    marks += _labels(
        high[-1],
        middle[-1],
        low[-1],
        planned[-1],
        {name: band[name][-1] for name in band} | {"plan": plan[-1]},
    )
    meta = result.meta
    source = (
        f"narrows · sites and plans: Epoch AI, {result.snapshot}, CC BY 4.0 · {meta['draws']:,} draws · "
        f"seed {meta['seed']}"
    )
    marks.append(words(LEFT - 40, HEIGHT - 18, source, 11, fill=QUIET))
    return picture(
        WIDTH, HEIGHT, f"Power in operation at {who}", answer(result), marks, style=night_rules(NIGHT)
    )


def _clipped(text: str) -> list[str]:
    first = text.split(". ", 1)[0].rstrip(".") + "."
    return [_cut(first, LETTERS + 30)]


def _step(most: float) -> float:
    """Return a round step of the axis [GW]."""
    size = 1.0
    while size * TICKS * STEPS[-1] < most:
        size *= 10
    while size * TICKS > most * 10:
        size /= 10
    return next((size * each for each in STEPS if size * each * TICKS >= most), size * 10)


def _steps(points: list[tuple[float, float]]) -> str:
    return "M" + " L".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _axes(days: list[date], top: float, step: float, place: Any) -> list[str]:
    marks = []
    for count in range(round(top / step) + 1):
        x, y = place(days[0], count * step * MW_PER_GW)
        marks.append(path(f"M{x:.1f},{y:.1f} H{WIDTH - RIGHT:.1f}", stroke=GRID))
        marks.append(words(x - 8, y + 4, f"{count * step:g}", 11, fill=QUIET, text_anchor="end"))
    before = -1.0e9
    for day in days:
        x, y = place(day, 0.0)
        marks.append(path(f"M{x:.1f},{y:.1f} V{y + 5:.1f}", stroke=QUIET))
        if x - before >= 66:  # noqa: PLR2004 (room for a label [pixel])
            marks.append(words(x, y + 19, str(day), 10.5, fill=QUIET, text_anchor="middle"))
            before = x
    return marks


def _labels(
    high: tuple[float, float],
    middle: tuple[float, float],
    low: tuple[float, float],
    planned: tuple[float, float],
    values: dict[str, float],
) -> list[str]:
    """Return the names of the lines at their right ends, moved apart where they would touch."""
    wanted = [
        (high[1], f"{_gw(values['p90'])}, 90 %", QUIET),
        (planned[1], f"{_gw(values['plan'])}, plan", PLAN),
        (middle[1], f"{_gw(values['p50'])}, median", LINE),
        (low[1], f"{_gw(values['p10'])}, 10 %", QUIET),
    ]
    marks, last = [], -1.0e9
    for y, text, colour in sorted(wanted, key=lambda entry: entry[0]):
        last = max(y, last + 15)
        marks.append(words(high[0] + 8, last + 4, text, 12, fill=colour))
    return marks
