"""Prices that survive ties, as text, tables and a picture."""

from __future__ import annotations

import dataclasses
import io
import math
from typing import TYPE_CHECKING, Any

from narrows.figure import number
from narrows.report.chart import EDGE, MARGIN, NIGHT, QUIET, STREAM
from narrows.report.svg import INK, night_rules, path, picture, rect, words
from narrows.report.tables import Sheet, _cells, _value, _written
from narrows.report.text import Table, _aligned, _decimals, _unit, _wrapped
from narrows.report.words import SHOWN_FROM, compute, folded, percent, printable, within

if TYPE_CHECKING:
    from narrows.bottlenecks.pricing import PricedLayer, PricesResult

__all__ = ["prices_csv", "prices_json", "prices_svg", "prices_text"]

NAMED = 3
"""Layers that the first sentences name."""
COLUMNS = (
    "quarter", "layer", "name", "right", "left", "price", "price_error", "price_usd_per_unit", "unit",
    "binding", "alone", "added_share", "gain_h100e", "gain_error", "gain_p05", "gain_p50", "gain_p95",
    "gain_share",
)  # fmt: skip


def prices_text(result: PricesResult, *, width: int) -> str:
    """Return the prices as text: the answer in two sentences, the table, who binds together, what it means.

    Parameters
    ----------
    result
        The answer of `narrows.prices`.
    width
        Greatest length of a line [character].
    """
    parts = [
        _wrapped(f"{_priced(result)} {_gained(result)}", width),
        _table(result, width),
        _wrapped(_together(result), width),
        _wrapped(_meaning(result), width),
        _footer(result, width),
    ]
    return "\n\n".join(parts) + "\n"


def _best(result: PricesResult, name: str) -> list[PricedLayer]:
    return sorted(
        result.layers,
        key=lambda row: -(row.gain.mean if name == "gain" else row.price),
    )


def _priced(result: PricesResult) -> str:
    """Return what one more unit is worth, in one sentence."""
    named = [f"{within(row.name)} ({row.price:.2f})" for row in _best(result, "price")[:NAMED]]
    return (
        f"One H100e more of the {result.quarter} capacity of every layer would be worth "
        f"{result.everyone:.2f} H100e; of that, most falls to {', '.join(named[:-1])} and {named[-1]}."
    )


def _gained(result: PricesResult) -> str:
    """Return what more of all would bring, and to whom, in one sentence."""
    total = result.total
    named = [f"{within(row.name)} {percent(row.gain_share)}" for row in _best(result, "gain")[:NAMED]]
    return (
        f"{_added(result)} more capacity of all layers from {result.quarter} on would add "
        f"{compute(total.mean)} H100e ({compute(total.p05)} to {compute(total.p95)}, 5 to 95 %), and "
        f"these layers earn most of it: {', '.join(named[:-1])} and {named[-1]}."
    )


def _added(result: PricesResult) -> str:
    return f"{100 * result.share:.4g} %"


def _table(result: PricesResult, width: int) -> str:
    million = 1e6
    rows: Table = [
        ("layer", "price", "USD per unit", "unit", "felt", "alone", "M H100e", "5 to 95 %", "part")
    ]
    for row in result.layers:
        gain = row.gain
        shown = row.price if row.right == row.left else None
        rows.append(
            (
                printable(row.name),
                f"{shown:.3f}"
                if shown is not None
                else f"{row.price:.3f} ({_decimals(row.right, row.left)})",
                number(row.usd_per_unit, 2),
                _unit(row.unit),
                percent(row.binding),
                percent(row.alone),
                f"{gain.mean / million:.2f}",
                f"{gain.p05 / million:.1f} to {gain.p95 / million:.1f}",
                percent(row.gain_share),
            )
        )
    kept = range(9) if _length(rows) <= width else (0, 1, 4, 5, 6, 7, 8)
    chosen = [tuple(row[column] for column in kept) for row in rows]
    lines = _aligned(chosen, width, right=tuple(range(1, len(kept))))
    title = (
        f"Worth of {result.quarter} capacity [H100e per H100e], how often it is felt, and each layer's part "
        f"of the gain from {_added(result)} more of all [M H100e]"
    )
    return "\n".join([_wrapped(title, width), *lines])


def _length(rows: Table) -> int:
    return sum(max(map(len, column)) + 2 for column in zip(*rows, strict=True)) - 2


def _together(result: PricesResult) -> str:
    names = {row.id: within(printable(row.name)) for row in result.layers}
    told = [
        f"{' with '.join(names[name] for name in members) or 'no layer'} {percent(share)}"
        for members, share in result.sets
        if share >= SHOWN_FROM
    ]
    return f"Felt together, most often: {'; '.join(told) or 'nothing above 1 %'}."


def _meaning(result: PricesResult) -> str:
    tied = (
        "No draw is tied here, so price, one more and one less agree."
        if result.tied == 0
        else f"{percent(result.tied)} of draws are tied; there the price is the exact Shapley value, and one "
        "more to one less stands in brackets."
    )
    return (
        "The price is the compute deployed, now and later, that one H100e more of the quarter's capacity "
        "brings, a later H100e counting for less. A layer is felt where one unit less of it would cost "
        f"something, alone where that holds of no other. {tied} Part: the exact Shapley value over all "
        "coalitions of layers, what a layer adds on average when layers join one by one in any order. Stock "
        f"limits stay as they are; could they grow with the flow, all layers would gain "
        f"{compute(result.total_with_stock)} H100e."
    )


def _footer(result: PricesResult, width: int) -> str:
    best = _best(result, "gain")[0]
    meta = result.meta
    label = f"{100 * result.share:.12g}%"
    same = f" --as-of {meta['as_of']}" if meta.get("as_of") else ""
    lines = [
        (
            f"{meta['draws']:,} draws, seed {meta['seed']}; in each, {result.earners:.1f} layers earn a "
            f"part on average. Standard error of {compute(best.gain.mean)} is {compute(best.gain.error)}."
        ),
        f"{meta['facts']:,} facts of vintage {meta['vintage']}, the oldest of {meta['oldest_fact']}.",
        f"ask: narrows why prices.price.{best.id}.{result.quarter}{same}",
        f"ask: narrows why prices.gain.{label}.{best.id}.{result.quarter}{same}",
    ]
    return "\n".join(_wrapped(line, width) for line in lines)


def prices_json(result: PricesResult) -> str:
    """Return the prices as one JSON object; a number that is not finite is null.

    Parameters
    ----------
    result
        The answer of `narrows.prices`.
    """
    told: dict[str, Any] = dataclasses.asdict(result)
    told["sets"] = [{"layers": list(members), "share": share} for members, share in result.sets]
    return _written(_value(told))


def prices_csv(result: PricesResult) -> str:
    """Return the prices as CSV, one line a layer, columns `COLUMNS`.

    Parameters
    ----------
    result
        The answer of `narrows.prices`.
    """
    file = io.StringIO()
    writer = Sheet(file)
    writer.writerow(COLUMNS)
    for row in result.layers:
        gain = row.gain
        writer.writerow(
            _cells(
                result.quarter, row.id, row.name, row.right, row.left, row.price, row.error,
                row.usd_per_unit, row.unit, row.binding, row.alone, result.share, gain.mean, gain.error,
                gain.p05, gain.p50, gain.p95, row.gain_share,
            )
        )  # fmt: skip
    return file.getvalue()


# The picture: all lengths are in pixels.
WIDTH = 900.0
ROW = 24.0
LEFT, MIDDLE, RIGHT = 210.0, 520.0, 872.0
"""Where the bars of the price begin, where those of the parts begin, and where they end."""
GAP = 50.0
TITLE_LETTERS = 93


def prices_svg(result: PricesResult) -> str:
    """Return the prices as one SVG document: at the left one more unit, at the right more of all.

    Parameters
    ----------
    result
        The answer of `narrows.prices`.

    Returns
    -------
    str
        The same answer gives the same bytes.
    """
    marks: list[str] = []
    y = 36.0
    for line in folded(_priced(result), TITLE_LETTERS):
        marks.append(words(MARGIN, y, line, 15, font_weight="bold"))
        y += 22
    for line in folded(_gained(result), TITLE_LETTERS + 28):
        marks.append(words(MARGIN, y, line, 12, fill=QUIET))
        y += 17
    y += 14
    marks += [
        words(LEFT, y, "one unit more [H100e per H100e]", 11, font_weight="bold"),
        words(
            MIDDLE, y, f"part of {_added(result)} more of all [M H100e], 5 to 95 %", 11, font_weight="bold"
        ),
    ]
    y += 10
    top = max((row.left for row in result.layers), default=0.0) or 1.0
    most = max((row.gain.p95 for row in result.layers), default=0.0) or 1.0
    for row in result.layers:
        _bars(row, y, (MIDDLE - GAP - LEFT) / top, (RIGHT - GAP - MIDDLE) / most, marks)
        y += ROW
    meta = result.meta
    source = f"narrows · facts of {meta['vintage']} · {meta['draws']:,} draws · seed {meta['seed']}"
    marks.append(words(RIGHT, y + 22, source, 10.5, fill=QUIET, text_anchor="end"))
    note = "Bars: exact Shapley values, mean. Lines: one more to one less; 5 to 95 % of draws."
    marks.append(words(MARGIN, y + 22, note, 10.5, fill=QUIET))
    return picture(
        WIDTH,
        math.ceil(y + 40),
        _priced(result),
        f"{_gained(result)} {_together(result)}",
        marks,
        style=night_rules(NIGHT),
    )


def _bars(row: PricedLayer, y: float, price: float, gain: float, marks: list[str]) -> None:
    """Draw one layer: its price with the interval of ties, its part with its quantiles."""
    middle = y + ROW / 2
    marks.append(words(LEFT - 8, middle + 4, printable(row.name), 11, text_anchor="end"))
    marks.append(rect(LEFT, y + 5, row.price * price, ROW - 10, fill=STREAM))
    if row.left > row.right:
        ends = f"M{LEFT + row.right * price:.1f},{middle:.1f} H{LEFT + row.left * price:.1f}"
        marks.append(path(ends, stroke=INK, stroke_width="1.5"))
    marks.append(words(LEFT + row.left * price + 5, middle + 4, f"{row.price:.3f}", 10.5))
    spread = row.gain
    marks.append(rect(MIDDLE, y + 5, max(spread.mean, 0.0) * gain, ROW - 10, fill=STREAM))
    line = f"M{MIDDLE + spread.p05 * gain:.1f},{middle:.1f} H{MIDDLE + spread.p95 * gain:.1f}"
    marks.append(path(line, stroke=EDGE, stroke_width="1.5"))
    end = MIDDLE + max(spread.p95, spread.mean) * gain + 5
    marks.append(words(end, middle + 4, f"{spread.mean / 1e6:.2f}", 10.5))
