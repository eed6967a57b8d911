"""What resolves it as text, tables and a picture: gain, first effect and cost, layer by layer."""

from __future__ import annotations

import io
import math
from dataclasses import asdict
from typing import TYPE_CHECKING

from narrows.figure import number
from narrows.report.svg import INK, night_rules, path, picture, rect, words
from narrows.report.tables import Sheet, _cells, _value, _written
from narrows.report.text import NORMAL_95, _aligned, _counted, _wrapped
from narrows.report.words import compute, folded, percent, printable, scenario, within

if TYPE_CHECKING:
    from narrows.bottlenecks.relief_result import Portfolio, ReliefResult, ReliefRow
    from narrows.report.text import Table

__all__ = ["COLUMNS", "relief_csv", "relief_json", "relief_svg", "relief_text"]

PRICED = 7
"""Place of the column USD/USD."""
COLUMNS_FROM = ((112, 9), (92, 7), (0, 6))
"""From this width on [character], the table has so many columns."""
COLUMNS = (
    "layer",
    "name",
    "first_effect",
    "acts_in_share",
    "wait_p10_quarters",
    "wait_p50_quarters",
    "wait_p90_quarters",
    "added_per_quarter",
    "unit",
    "gain_h100e",
    "gain_p05_h100e",
    "gain_p95_h100e",
    "ceiling_h100e",
    "cost_usd",
    "cost_kind",
    "h100e_per_million_usd",
    "usd_per_usd",
    "half_of_ceiling_at_share",
    "half_worth_at_share",
    "then_binds",
)


def relief_text(result: ReliefResult, *, width: int) -> str:
    """Return what resolves the constraint as text.

    Parameters
    ----------
    result
        The answer of `narrows.relax`.
    width
        Greatest length of a line [character].

    Returns
    -------
    str
        The best addition first, then one line a layer, what a budget buys, and what it rests on.
    """
    parts = [
        _wrapped(headline(result), width),
        _table(result, width),
        _wrapped(_meaning(result, width), width),
        _budgets(result, width),
        _footer(result, width),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def headline(result: ReliefResult) -> str:
    """Return which addition buys most per dollar, which brings most, and what a budget buys."""
    laid = scenario_of(result)
    told = [laid] if laid else []
    share, decided = percent(result.share), f"decided in {result.quarter}"
    acting = [row for row in result.rows if row.gain.mean > 0]
    if not acting:
        told.append(f"No addition of {share} {decided} brings compute by {result.horizon}.")
        return " ".join(told)
    most = max(acting, key=lambda row: row.gain.mean)
    best = next((row for row in acting if row.per_million is not None), None)
    if best is not None and best.per_million is not None:
        error = number(NORMAL_95 * best.per_million.error, 2)
        bought = f"{number(best.per_million.mean)} ± {error}"
        known = sum(row.cost is not None for row in result.rows)
        among = "" if known == len(result.rows) else f" among the {known} whose cost was known"
        told.append(
            f"Adding {share} to {_layer(best)} buys most per dollar{among}: {bought} H100e per million USD, "
            f"{_first_effect(best)}{_beyond(result, best)}."
        )
    cost = f" for {_usd(most.cost.mean)}" if most.cost else "; its cost was not known"
    gain = compute(most.gain.mean)
    told.append(f"Adding {share} to {_layer(most)} brings most: {gain} H100e by {result.horizon}{cost}.")
    return " ".join(told)


def scenario_of(result: ReliefResult) -> str:
    """Return that the answer is of a scenario; nothing where it is not."""
    return scenario(result)  # type: ignore[arg-type]  # it reads meta alone


def _layer(row: ReliefRow) -> str:
    return within(printable(row.name))


def _per_million(row: ReliefRow) -> str:
    return number(row.per_million.mean) if row.per_million else "?"


def _first_effect(row: ReliefRow) -> str:
    seen = f"first effect {row.earliest}" if row.earliest else "with no effect to speak of in any quarter"
    return f"{seen}, in {percent(row.effect)} of draws"


def _beyond(result: ReliefResult, row: ReliefRow) -> str:
    if row.reach is None:
        return ""
    names = {other.id: _layer(other) for other in result.rows}
    then = f", {names.get(row.next, row.next)} most often" if row.next else ""
    return f"; beyond +{percent(row.reach)} other layers bind{then}"


def _usd(usd: float) -> str:
    return f"{number(usd, 2)} USD"


def _table(result: ReliefResult, width: int) -> str:
    """Return one line a layer, the highest gain per dollar first."""
    names = {row.id: printable(row.name) for row in result.rows}
    head = ("layer", "from", "acts in", "H100e", "USD", "per M USD", "half worth at", "USD/USD", "then binds")
    kept = _kept(width)
    rows: Table = [head[:kept]]
    for row in result.rows:
        cells = (
            names[row.id],
            row.earliest or "-",
            percent(row.effect),
            compute(row.gain.mean),
            f"{number(row.cost.mean, 2)}{_mark(row) or ' '}" if row.cost else "unknown",
            _per_million(row),
            f"+{percent(row.reach)}" if row.reach is not None else "-",
            number(row.usd_per_usd.mean, 2) if row.usd_per_usd else "?",
            names.get(row.next, row.next) or "-",
        )
        rows.append(cells[:kept])
    title = f"What {percent(result.share)} more of each layer brings by {result.horizon}, and costs"
    return "\n".join([_wrapped(title, width), *_aligned(rows, width, right=(2, 3, 4, 5, 6, 7))])


def _mark(row: ReliefRow) -> str:
    """Return the mark of a cost that is assumed."""
    return "*" if row.cost_kind == "assumption" else ""


def _kept(width: int) -> int:
    """Return how many columns of the table fit."""
    return next(count for least, count in COLUMNS_FROM if width >= least)


def _meaning(result: ReliefResult, width: int) -> str:
    sold = (
        " USD/USD: what the compute gained would sell for, per dollar of the addition; chips, power and all "
        "else that it takes are not in the cost."
    )
    told = (
        "From: the first quarter in which the mean gain is a thousandth of what is deployed. Acts in: the "
        "draws in which the addition lifts some quarter; in the others something else binds. H100e: compute "
        "gained, mean, later quarters counted at the lower price of an H100e. Half worth at: the addition at "
        "which one more unit brings half of the first. An addition arrives after the layer's lead time and "
        "stays, all of it for AI. * cost assumed."
    ) + (sold if _kept(width) > PRICED else "")
    if result.left_out:
        left = ", ".join(f"{name} ({why})" for name, why in result.left_out.items())
        told += f" Left out: {left}."
    unpriced = [_layer(row) for row in result.rows if row.cost is None]
    if unpriced:
        told += f" Cost not known on the day asked for: {', '.join(unpriced)}."
    return told


def _budgets(result: ReliefResult, width: int) -> str:
    """Return what each budget buys, split over the layers."""
    if not result.portfolios:
        return ""
    names = {row.id: _layer(row) for row in result.rows}
    rows: Table = [("budget", "together", "each alone", "no split brings over", "all in one layer")]
    rows += [
        (
            _usd(part.budget_usd),
            compute(part.sample),
            compute(part.alone),
            f"{compute(part.bound)} (+{percent(part.gap)})",
            f"{compute(part.single)} {names[part.single_layer]}",
        )
        for part in result.portfolios
    ]
    title = f"A budget split at its best: H100e by {result.horizon} together, and each spend alone, summed"
    lines = [_wrapped(title, width), *_aligned(rows, width, right=(1, 2, 3))]
    lines += [_wrapped(_split(part, names), width, "  ") for part in result.portfolios]
    return "\n".join(lines)


def _split(part: Portfolio, names: dict[str, str]) -> str:
    spends = [f"{names[name]} {number(usd, 2)}" for name, usd in part.spend_usd.items()]
    return f"{_usd(part.budget_usd)}: {', '.join(spends) or 'nothing gains'}"


def _footer(result: ReliefResult, width: int) -> str:
    meta = result.meta
    best = next((row for row in result.rows if row.gain.mean > 0), None)
    same = f" --as-of {meta['as_of']}" if meta.get("as_of") else ""
    same += " --scenario FILE" if meta.get("scenario") else ""
    draws = f"{meta['draws']:,} draws, seed {meta['seed']}"
    if best is not None:
        error = NORMAL_95 * best.gain.error / best.gain.mean
        draws += f": the mean gain of {_layer(best)} is known to ± {percent(error)} (95 %)"
    lines = [
        (
            f"{draws}. Half worth: the first {result.draws_curve:,} draws; budgets: the first "
            f"{result.draws_portfolio:,}."
        ),
        (
            f"{_counted(meta['facts'], 'fact')} of vintage {meta['vintage']}. Without any addition "
            f"{compute(result.value.mean)} H100e are deployed from {result.quarter} to {result.horizon}."
        ),
    ]
    if best is not None:
        lines.append(f"ask: narrows why relax.gain.{best.id}{result.suffix}{same}")
    return "\n".join(_wrapped(line, width) for line in lines)


def relief_json(result: ReliefResult) -> str:
    """Return what resolves the constraint as one JSON object.

    Parameters
    ----------
    result
        The answer of `narrows.relax`.

    Returns
    -------
    str
        The fields of `narrows.bottlenecks.ReliefResult`, and ``figures``: every number by the id under which
        `narrows.why` tells it.
    """
    plain = asdict(result)
    for part, shown in zip(plain["portfolios"], result.portfolios, strict=True):
        part["gap"] = shown.gap
    return _written(_value(plain | {"figures": result.figures()}))


def relief_csv(result: ReliefResult) -> str:
    """Return one line a layer, with the columns `COLUMNS`.

    Parameters
    ----------
    result
        The answer of `narrows.relax`.
    """
    file = io.StringIO()
    writer = Sheet(file)
    writer.writerow(COLUMNS)
    for row in result.rows:
        money = [part.mean if part else None for part in (row.cost, row.per_million, row.usd_per_usd)]
        writer.writerow(
            _cells(
                row.id,
                row.name,
                row.earliest,
                row.effect,
                *row.wait,
                row.added_units,
                row.unit,
                row.gain.mean,
                row.gain.p05,
                row.gain.p95,
                row.ceiling.mean,
                money[0],
                row.cost_kind,
                *money[1:],
                row.half,
                row.reach,
                row.next,
            )
        )
    return file.getvalue()


# The picture. All lengths are in pixels.

WIDTH = 1200.0
MARGIN = 28.0
NAMES = 230.0
BARS = 400.0
ROW = 24.0
BAR = "#3f7fbf"
QUIET, EDGE = "#4a5564", "#7d8897"
NIGHT = {"#ffffff": "#10151c", INK: "#e8edf3", QUIET: "#a9b5c2", EDGE: "#8693a3", BAR: "#7fb2e5"}
TITLE_LETTERS, LINE_LETTERS = 108, 168
HEADS = (
    ("first effect", 0.0),
    ("acts in", 75.0),
    ("gain, H100e", 165.0),
    ("cost, USD", 260.0),
    ("half worth at", 350.0),
)


def relief_svg(result: ReliefResult) -> str:
    """Return the gain per dollar of each layer as one SVG document.

    Parameters
    ----------
    result
        The answer of `narrows.relax`.

    Returns
    -------
    str
        One bar a layer, its length the H100e per million USD, with the first quarter of effect, the share
        of draws in which it acts, gain, cost, and the addition at which a unit is worth half. The same
        answer gives the same bytes.
    """
    marks: list[str] = []
    y = 38.0
    told = headline(result)
    first, _, rest = told.partition(". ")
    for line in folded(first + ("." if rest else ""), TITLE_LETTERS):
        marks.append(words(MARGIN, y, line, 16.5, font_weight="bold"))
        y += 24
    for line in folded(rest, LINE_LETTERS):
        marks.append(words(MARGIN, y, line, 12.5, fill=QUIET))
        y += 18
    y += 20
    marks.append(words(MARGIN + NAMES, y, "H100e gained per million USD, mean", 11, fill=QUIET))
    right = MARGIN + NAMES + BARS + 70
    for text, x in HEADS:
        marks.append(words(right + x + 30, y, text, 11, fill=QUIET, text_anchor="middle"))
    y += 10
    longest = max((row.per_million.mean for row in result.rows if row.per_million), default=0.0)
    for row in result.rows:
        y = _bar(row, y, longest, right, marks)
    marks.append(path(f"M{MARGIN + NAMES:.1f},{y - ROW * len(result.rows):.1f} V{y:.1f}", stroke=EDGE))
    y += 24
    meta = result.meta
    source = f"narrows · facts of {meta['vintage']} · {meta['draws']:,} draws · seed {meta['seed']}"
    note = (
        f"{percent(result.share)} more of each layer, decided in {result.quarter}, to {result.horizon}. "
        "Half worth at: the addition at which one more unit brings half of the first. * cost assumed."
    )
    marks.append(words(MARGIN, y, note, 11, fill=QUIET))
    marks.append(words(WIDTH - MARGIN, y + 16, source, 11, fill=QUIET, text_anchor="end"))
    return picture(WIDTH, math.ceil(y + 34), first + ".", rest or first, marks, style=night_rules(NIGHT))


def _bar(row: ReliefRow, y: float, longest: float, right: float, marks: list[str]) -> float:
    """Draw one layer; return where the next begins."""
    base, left = y + ROW - 7, MARGIN + NAMES
    marks.append(words(left - 10, base, printable(row.name), 12, text_anchor="end"))
    if row.per_million is None:
        marks.append(words(left + 8, base, "cost not known", 11, fill=QUIET))
    else:
        long = BARS * row.per_million.mean / longest if longest > 0 else 0.0
        if long > 0:
            marks.append(rect(left, y + 4, long, ROW - 8, fill=BAR))
        marks.append(words(left + long + 8, base, _per_million(row), 11))
    cells = (
        row.earliest or "-",
        percent(row.effect),
        compute(row.gain.mean),
        f"{number(row.cost.mean, 2)}{_mark(row)}" if row.cost else "-",
        f"+{percent(row.reach)}" if row.reach is not None else "-",
    )
    for text, (_, x) in zip(cells, HEADS, strict=True):
        marks.append(words(right + x + 30, base, text, 11, text_anchor="middle"))
    return y + ROW
