"""The headlines and the value of knowing, as text and tables."""

from __future__ import annotations

import dataclasses
import io
from typing import TYPE_CHECKING, Any

from narrows.figure import number
from narrows.report.tables import Sheet, _cells, _fact, _value, _written
from narrows.report.text import Table, _aligned, _wrapped
from narrows.report.words import FAMILIES, compute, percent, printable, sources_or_shipped, within

if TYPE_CHECKING:
    from collections.abc import Mapping

    from narrows.bottlenecks.knowledge import Headline, HeadlinesResult, Mover
    from narrows.catalog import Source

__all__ = ["headlines_csv", "headlines_json", "headlines_text"]

NAMED = 3
"""Families or layers that a sentence names."""
COLUMNS = (
    "headline", "quarter", "value", "unit", "fact", "moves_with", "measure", "measure_value", "id",
)  # fmt: skip


def headlines_text(result: HeadlinesResult, *, width: int) -> str:
    """Return the headlines as text, each with the facts worth knowing better, the best first.

    Parameters
    ----------
    result
        The answer of `narrows.headlines`.
    width
        Greatest length of a line [character].
    """
    parts = [_wrapped(_first(result), width)]
    for place, headline in enumerate(result.headlines, 1):
        lines = [_wrapped(_sentence(headline, result), width, f"{place}. ")]
        if headline.movers:
            lines += _movers(headline, width)
        else:
            lines.append(_wrapped("No single fact stands out from chance.", width, INDENT))
        parts.append("\n".join(lines))
    parts.append(_wrapped(_meaning(result), width))
    parts.append(_footer(result, width))
    return "\n\n".join(parts) + "\n"


def _first(result: HeadlinesResult) -> str:
    """Return the answer in one or two sentences."""
    deployed, decision = result.headlines[0], result.headlines[-1]
    told = []
    if deployed.movers:
        best = deployed.movers[0]
        told.append(
            f"Knowing {best.fact.id} exactly would shrink the 90 % interval of compute deployed in "
            f"{deployed.quarter} from {number(deployed.p05)} to {number(deployed.p95)} H100e to about "
            f"{number(best.values['low'])} to {number(best.values['high'])}, "
            "and no other fact takes away more of its doubt."
        )
    if decision.movers:
        best = decision.movers[0]
        told.append(
            f"Knowing {best.fact.id} would change which layer to add to in "
            f"{percent(best.values['changes'])} of cases, worth {number(best.values['known'], 2)} "
            "H100e per H100e of capacity."
        )
    return " ".join(told) or "No single fact stands out from chance for compute deployed or where to add."


def _sentence(headline: Headline, result: HeadlinesResult) -> str:
    kind = headline.id.split(".")[1]
    span = f"{compute(headline.p05)} to {compute(headline.p95)}, 5 to 95 %"
    amount = f"{compute(headline.value)} H100e on average ({span})"
    whole = [f"{_family(name)} {percent(share)}" for name, share in headline.options[:NAMED]]
    match kind:
        case "deployed":
            return f"Compute deployed in {headline.quarter}: {amount}."
        case "deployed_year":
            return f"Compute deployed in the four quarters to {headline.quarter}: {amount}."
        case "installed":
            return f"Compute installed by {headline.quarter}: {amount}."
        case "power_from":
            return (
                f"Quarters from {result.quarter} until space and power first binds: {headline.value:.1f} on "
                f"average, median {number(headline.p50)} ({number(headline.p05)} to {number(headline.p95)}; "
                f"one more than the quarters to {headline.quarter} stands for later than that)."
            )
        case "binds" | "binds_later":
            told = f"Who binds in {headline.quarter}: {', '.join(whole)}"
            return f"{told}; doubt of {headline.value:.2f} bits in all."
    layers = [
        f"{within(printable(result.names[name]))} {price:.2f}" for name, price in headline.options[:NAMED]
    ]
    return f"Which layer to add to in {headline.quarter} [H100e per H100e]: {', '.join(layers)}."


def _family(name: str) -> str:
    return FAMILIES.get(name, name.replace("_", " "))


def _movers(headline: Headline, width: int) -> list[str]:
    """Return the facts of a headline as a table, indented."""
    heads, rows = _HEADS[headline.kind], [_row(headline.kind, mover) for mover in headline.movers]
    table: Table = [("fact worth knowing", "with", *heads)]
    table += [
        (mover.fact.id, f"+{mover.kin}" if mover.kin else "", *row)
        for mover, row in zip(headline.movers, rows, strict=True)
    ]
    if headline.kind == "number" and width < WIDE:
        table = [(*row[:4], row[5]) for row in table]
    lines = _aligned(table, width - len(INDENT), right=tuple(range(1, len(table[0]))))
    return [INDENT + line for line in lines]


INDENT = "   "
WIDE = 100
"""Line length from which a table also shows the interval at half the doubt [character]."""
_HEADS = {
    "number": ("known exactly", "variance", "half its doubt", "variance"),
    "binder": ("known exactly", "log score", "half its doubt"),
    "decision": ("other layer", "H100e", "USD", "half: H100e"),
}


def _row(kind: str, mover: Mover) -> tuple[str, ...]:
    values = mover.values
    if kind == "number":
        return (
            f"{number(values['low'])} to {number(values['high'])}",
            f"-{percent(values['known'])}",
            f"{number(values['halved_low'])} to {number(values['halved_high'])}",
            f"-{percent(values['halved'])}",
        )
    if kind == "binder":
        return f"-{values['known']:.3f} bit", f"+{values['score']:.3f}", f"-{values['halved']:.3f} bit"
    return (
        percent(values["changes"]),
        f"{values['known']:.3f}",
        number(values["usd"]),
        f"{values['halved']:.3f}",
    )


def _meaning(result: HeadlinesResult) -> str:
    doubtful, causes = result.facts
    return (
        f"Of {doubtful:,} doubtful facts ({causes:,} when a common cause counts once), at most five are "
        "shown for each headline: those of which exact knowledge would remove most doubt, as far as it "
        "stands out from chance. +8: so many other facts move with it by a common cause. Known exactly: "
        "the 90 % interval that is left, on average over what the fact may turn out to be, and the part "
        "of the variance or of the doubt in bits that falls away; half its doubt: the same for news that "
        "halves the fact's standard deviation. Other layer: how often the better informed choose "
        "another layer to add to, and what that brings on average per H100e of capacity, judged on draws "
        "that did not make the choice. It is the worth of capacity in the quarter itself; capacity ordered "
        "now comes later."
    )


def _footer(result: HeadlinesResult, width: int) -> str:
    meta = result.meta
    same = f" --as-of {meta['as_of']}" if meta.get("as_of") else ""
    lines = [
        (
            f"{meta['draws']:,} draws, seed {meta['seed']}; {meta['facts']:,} facts of vintage "
            f"{meta['vintage']}, the oldest of {meta['oldest_fact']}."
        ),
        f"ask: narrows why {result.headlines[0].id}{same}",
    ]
    first = next((headline for headline in result.headlines if headline.movers), None)
    if first is not None:
        lines.append(f"ask: narrows why {first.id}.known.{first.movers[0].fact.id}{same}")
    return "\n".join(_wrapped(line, width) for line in lines)


def headlines_json(result: HeadlinesResult, sources: Mapping[str, Source] | None = None) -> str:
    """Return the headlines as one JSON object, each fact with its source in full.

    Parameters
    ----------
    result
        The answer of `narrows.headlines`.
    sources
        Sources by key; those shipped if left out.
    """
    named = sources_or_shipped(sources)
    return _written(
        {
            "quarter": result.quarter,
            "headlines": [_told(headline, named) for headline in result.headlines],
            "facts": {"doubtful": result.facts[0], "causes": result.facts[1]},
            "meta": _value(result.meta),
        }
    )


def _told(headline: Headline, sources: Mapping[str, Source]) -> dict[str, Any]:
    rest = {
        part.name: _value(getattr(headline, part.name))
        for part in dataclasses.fields(headline)
        if part.name not in {"options", "movers"}
    }
    options = [{"name": name, "value": _value(value)} for name, value in headline.options]
    movers = [
        {"fact": _fact(mover.fact, sources), "moves_with": mover.kin, "values": _value(mover.values)}
        for mover in headline.movers
    ]
    return rest | {"options": options, "movers": movers}


def headlines_csv(result: HeadlinesResult) -> str:
    """Return the headlines as CSV, one line a headline, fact and measure, columns `COLUMNS`.

    Parameters
    ----------
    result
        The answer of `narrows.headlines`.
    """
    file = io.StringIO()
    writer = Sheet(file)
    writer.writerow(COLUMNS)
    for headline in result.headlines:
        head = (headline.id.split(".")[1], headline.quarter, headline.value, headline.unit)
        writer.writerow(_cells(*head, "", None, "", None, headline.id))
        for name, value in headline.options:
            writer.writerow(_cells(*head, "", None, name, value, f"{headline.id}.{name}"))
        for mover in headline.movers:
            for name, value in mover.values.items():
                figure = f"{headline.id}.{name}.{mover.fact.id}"
                writer.writerow(_cells(*head, mover.fact.id, mover.kin, name, value, figure))
    return file.getvalue()
