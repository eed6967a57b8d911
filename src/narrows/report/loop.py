"""The loop of revenue, capital and compute as text, JSON and CSV."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from narrows.figure import number
from narrows.report.tables import Sheet
from narrows.report.tables import _value as value
from narrows.report.tables import _written as written
from narrows.report.words import folded, percent

if TYPE_CHECKING:
    from narrows.bottlenecks.feedback import Band, LoopResult

__all__ = ["COLUMNS", "loop_csv", "loop_json", "loop_text"]

COLUMNS = ("id", "value", "p05", "p50", "p95", "unit")
GAP = "  "
COLUMNS_SHOWN = 6
"""Quarters of the table; the last of each year where more are asked for."""
USUAL = (10_000, 1)
"""Draws and seed where none are given."""
VARIANT_WORDS = {
    "open": "without the loop",
    "closed": "with the loop",
    "falls": "revenue per H100e -{fall} a year",
    "stops": "reinvestment stops",
}


def loop_text(result: LoopResult, *, width: int) -> str:
    """Return the loop as text.

    Parameters
    ----------
    result
        The answer of `narrows.loop`.
    width
        Greatest length of a line [character].
    """
    parts = [
        folded(_headline(result), width),
        [_table(result)],
        [line for text in _remarks(result) for line in folded(text, width)],
        folded(_ask(result), width),
    ]
    return "\n\n".join("\n".join(lines) for lines in parts) + "\n"


def loop_json(result: LoopResult) -> str:
    """Return the loop as one JSON object: every number by its id.

    Parameters
    ----------
    result
        The answer of `narrows.loop`.
    """
    numbers = {
        name: {column: value(getattr(found, column)) for column in COLUMNS[1:]}
        for name, found in result.numbers.items()
    }
    return written(
        {
            "quarters": list(result.quarters),
            "since": result.since,
            "lag": result.lag,
            "numbers": numbers,
            "meta": value(dict(result.meta)),
        }
    )


def loop_csv(result: LoopResult) -> str:
    """Return the loop as CSV, one line a number.

    Parameters
    ----------
    result
        The answer of `narrows.loop`.
    """
    file = io.StringIO()
    writer = Sheet(file)
    writer.writerow(COLUMNS)
    for name, found in result.numbers.items():
        writer.writerow([name, *(value(getattr(found, column)) for column in COLUMNS[1:])])
    return file.getvalue()


def _headline(result: LoopResult) -> str:
    first, last = result.quarters[0], result.quarters[-1]
    funded = [result.number("funded", quarter).value for quarter in (first, last)]
    deployed = {name: result.number("deployed", name, last).value for name in VARIANT_WORDS}
    with_loop, stopped = (deployed[name] / deployed["open"] - 1 for name in ("closed", "stops"))
    span = (
        f"{100 * funded[0]:.1f} % of the capital for AI compute in {first}"
        if first == last
        else f"{100 * funded[0]:.1f} % of the capital for AI compute in {first} and "
        f"{100 * funded[1]:.1f} % in {last}"
    )
    return (
        f"AI revenue pays for {span}; outside money pays for the rest. By itself revenue would let "
        f"installed compute grow by {percent(result.number('sustained', last).value)} a year in {last}, and "
        f"it grows by {percent(result.number('growth', last).value)}. With the loop, compute deployed in "
        f"{last} is {100 * with_loop:+.1f} %; were reinvestment to stop, {100 * stopped:+.1f} %."
    )


def _shown(result: LoopResult) -> list[str]:
    if len(result.quarters) <= COLUMNS_SHOWN:
        return list(result.quarters)
    last = {quarter[:4]: quarter for quarter in result.quarters}
    return list(last.values())[:COLUMNS_SHOWN]


def _cell(found: Band) -> str:
    in_money = found.unit in {"usd/year", "h100e/quarter"}
    return number(found.value, 3) if in_money else f"{100 * found.value:.1f} %"


def _words(result: LoopResult, variant: str) -> str:
    return VARIANT_WORDS[variant].format(fall=percent(result.meta["fall"]))


def _table(result: LoopResult) -> str:
    shown = _shown(result)
    rows: list[tuple[str, ...]] = [("mean over draws", *shown)]
    for title, quantity in (
        ("AI revenue, USD a year", "revenue"),
        ("Capital paid by it", "funded"),
        ("Growth it sustains, a year", "sustained"),
        ("Growth of installed, a year", "growth"),
    ):
        rows.append((title, *(_cell(result.number(quantity, quarter)) for quarter in shown)))
    for title, quantity, variants in (
        ("Capital, USD a year", "capital", tuple(VARIANT_WORDS)),
        ("Deployed, H100e a quarter", "deployed", tuple(VARIANT_WORDS)),
        ("Capital binds", "binds", ("open", "closed")),
    ):
        rows.append((title, *("" for _ in shown)))
        for variant in variants:
            cells = [_cell(result.number(quantity, variant, quarter)) for quarter in shown]
            rows.append((f"  {_words(result, variant)}", *cells))
    sizes = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        GAP.join(
            text.rjust(size) if place else text.ljust(size)
            for place, (text, size) in enumerate(zip(row, sizes, strict=True))
        ).rstrip()
        for row in rows
    )


def _remarks(result: LoopResult) -> list[str]:
    return [
        (
            f"Revenue is the one stated for {result.since} (ai_infrastructure.revenue) and moves with what "
            f"is installed, less a fall a year (feedback.revenue_decline). A share of it "
            f"(feedback.reinvested_share) becomes capital {result.lag} quarters later (feedback.lag). What "
            "builders earn with compute that they use themselves, such as advertising, counts as outside "
            "money."
        ),
        (
            "Outside money keeps its part of the announced plans. Only the layer of capital changes; with no "
            "revenue reinvested the loop is the map exactly. Where money is short early, what waits is "
            "deployed later, so a late quarter may gain while the total loses."
        ),
        (
            "The growth that revenue sustains is the share reinvested x revenue a year of one H100e / its "
            "all-in price (value.usd_per_h100e, falling by value.decline after the last year stated)."
        ),
    ]


def _ask(result: LoopResult) -> str:
    meta = result.meta
    usual = (
        ""
        if (meta["draws"], meta["seed"]) == (10_000, 1)
        else f" --draws {meta['draws']} --seed {meta['seed']}"
    )
    return (
        f"Why: narrows why loop.deployed.closed.{result.quarters[-1]}{usual}. Every id: narrows loop --json. "
        f"{meta['draws']:,} draws, seed {meta['seed']}, facts of {meta['vintage']}, "
        f"model {meta['model_version']}."
    )
