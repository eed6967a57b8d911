"""The plan of several products as text, JSON and CSV."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from narrows.figure import number
from narrows.report.tables import Sheet
from narrows.report.tables import _value as value
from narrows.report.tables import _written as written
from narrows.report.words import compute, folded, printable

if TYPE_CHECKING:
    from narrows.bottlenecks.planning import Number, PlanResult

__all__ = ["COLUMNS", "plan_csv", "plan_json", "plan_text"]

COLUMNS = ("id", "value", "p05", "p50", "p95", "unit", "made_by")
SHOWN_LAYERS = 6
"""Layers of the table of prices."""
LEAST_RENT = 0.001
"""A layer below this share of the value is not shown."""
LEAST_PERCENT = 0.005
"""A gain nearer to 0 is shown as 0 [percent]."""
GAPS = 2
"""Spaces between columns."""
WORDS = {
    "path": "the map as it stands",
    "fixed": "one product, stated mix",
    "apart": "products apart, stated mix",
    "mix": "mix chosen",
    "expand": "capacity bought",
    "elastic": "elastic demand",
}


def plan_text(result: PlanResult, *, width: int) -> str:
    """Return the plan as text.

    Parameters
    ----------
    result
        The answer of `narrows.plan`.
    width
        Greatest length of a line [character].
    """
    parts = [
        "\n".join(folded(_headline(result), width)),
        _cases(result),
        _products(result, width),
        _layers(result, width),
        _added(result, width),
        "\n".join(line for text in _remarks(result) for line in folded(text, width)),
        "\n".join(folded(_ask(result), width)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def plan_json(result: PlanResult) -> str:
    """Return the plan as one JSON object: every number by its id.

    Parameters
    ----------
    result
        The answer of `narrows.plan`.
    """
    return written(
        {
            "quarters": list(result.quarters),
            "first": result.first,
            "products": [{"id": product.id, "designs": list(product.designs)} for product in result.products],
            "cases": list(result.cases),
            "expandable": list(result.expandable),
            "numbers": {
                name: {column: value(getattr(found, column)) for column in COLUMNS[1:]}
                for name, found in result.numbers.items()
            },
            "meta": value(dict(result.meta)),
        }
    )


def plan_csv(result: PlanResult) -> str:
    """Return the plan as CSV, one line a number.

    Parameters
    ----------
    result
        The answer of `narrows.plan`.
    """
    file = io.StringIO()
    writer = Sheet(file)
    writer.writerow(COLUMNS)
    for name, found in result.numbers.items():
        writer.writerow([name, *(value(getattr(found, column)) for column in COLUMNS[1:])])
    return file.getvalue()


def case_words(case: str) -> str:
    """Return a case in words.

    Examples
    --------
    >>> case_words("mix_expand")
    'mix chosen, capacity bought'
    """
    return ", ".join(WORDS[part] for part in case.split("_"))


def _gain(found: Number, *, doubt: bool) -> str:
    mean, low, high = (
        100 * one if abs(100 * one) >= LEAST_PERCENT else 0.0 for one in (found.value, found.p05, found.p95)
    )
    return f"{mean:+.2f} % ({low:+.1f} to {high:+.1f})" if doubt else f"{mean:+.2f} %"


def _headline(result: PlanResult) -> str:
    window, last = result.window, result.cases[-1]
    gain = result.number("gain", last, window)
    verb = "more" if gain.value >= 0 else "less"
    if last == "apart":
        told = "With the mix of designs as stated, planning each product apart deploys"
    else:
        chosen = [WORDS[part] for part in last.split("_") if part != "apart"]
        told = f"With {' and '.join(chosen)}, the best plan deploys"
    text = (
        f"{told} {100 * abs(gain.value):.1f} % {verb} compute in {_span(result.quarters)} than the "
        f"map, whose mix is fixed: {compute(result.number('total', last, window).value)} against "
        f"{compute(result.number('total', 'path', window).value)} H100e."
    )
    if "mix" in result.cases:
        share = {product.id: _mean_share(result, "mix", product.id) for product in result.products}
        stated = {product.id: _mean_share(result, "apart", product.id) for product in result.products}
        most = max(share, key=lambda name: share[name] - stated[name])
        least = min(share, key=lambda name: share[name] - stated[name])
        text += f" It moves from {least} to {most}."
    return text


def _span(quarters: tuple[str, ...]) -> str:
    return quarters[0] if len(quarters) == 1 else f"{quarters[0]} to {quarters[-1]}"


def _mean_share(result: PlanResult, case: str, product: str) -> float:
    shares = [result.number("share", case, product, quarter).value for quarter in result.quarters]
    return sum(shares) / len(shares)


def _table(rows: list[tuple[str, ...]], words: int = 1) -> str:
    """Return rows as columns, the first `words` of them to the left."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        (" " * GAPS)
        .join(
            text.ljust(size) if place < words else text.rjust(size)
            for place, (text, size) in enumerate(zip(row, widths, strict=True))
        )
        .rstrip()
        for row in rows
    )


def _cases(result: PlanResult) -> str:
    doubt = bool(result.meta["draws"])
    rows: list[tuple[str, ...]] = [("Plan", "made by", "H100e", "against the map")]
    for case in result.cases:
        total = result.number("total", case, result.window)
        gain = "" if case == "path" else _gain(result.number("gain", case, result.window), doubt=doubt)
        base, *more = case.split("_")
        words = f"  and {WORDS[more[-1]]}" if more else WORDS[base]
        rows.append((words, total.made_by, compute(total.value), gain))
    return _table(rows, 2)


def _years(result: PlanResult) -> list[str]:
    """Return the last quarter of each year shown."""
    last = {quarter[:4]: quarter for quarter in result.quarters}
    return list(last.values())


def _products(result: PlanResult, width: int) -> str:
    case = result.cases[-1]
    if case == "apart":
        return ""
    shown = _years(result)
    rows = [("Share of a product, %", *shown)]
    for product in result.products:
        cells = [
            f"{100 * result.number('share', 'apart', product.id, quarter).value:.0f}>"
            f"{100 * result.number('share', case, product.id, quarter).value:.0f}"
            for quarter in shown
        ]
        rows.append((product.id, *cells))
    head = f"Stated mix > plan ({case_words(case)}), made by: linear program"
    return "\n".join([*folded(head, width), _table(rows)])


def _layers(result: PlanResult, width: int) -> str:
    case, window = result.cases[-1], result.window
    rents = {name: result.number("rent", case, name, window) for name in result.layers}
    dear = sorted((name for name in rents if rents[name].value >= LEAST_RENT), key=lambda n: -rents[n].value)
    rows: list[tuple[str, ...]] = [("Shared layer", "share of value", "highest price", "unit")]
    for name in dear[:SHOWN_LAYERS]:
        usd = result.number("price_usd", case, name, window)
        rows.append(
            (
                printable(result.layers[name]),
                f"{100 * rents[name].value:.1f} %",
                number(usd.value, 3),
                usd.unit.replace("usd", "USD"),
            )
        )
    head = f"What one more unit of a shared layer is worth ({case_words(case)}), made by: linear program"
    return "\n".join([*folded(head, width), _table(rows)]) if dear else ""


def _added(result: PlanResult, width: int) -> str:
    case = result.cases[-1]
    if "expand" not in case:
        return ""
    if not result.expandable:
        return "\n".join(folded("No layer has a known cost of more capacity: nothing can be bought.", width))
    shown = _years(result)
    rows = [("Capacity added in", *shown, "unit")]
    unwanted = []
    for name in result.expandable:
        found = [result.number("added", case, name, quarter) for quarter in shown]
        if not any(one.value for one in found):
            unwanted.append(printable(result.layers[name]))
            continue
        rows.append((printable(result.layers[name]), *(number(one.value, 3) for one in found), found[0].unit))
    spent = result.number("spent", case)
    rest = [printable(name) for layer, name in result.layers.items() if layer not in result.expandable]
    lines = [
        f"Capacity bought for {number(spent.value, 3)} USD, made by: linear program",
        *([_table(rows)] if len(rows) > 1 else []),
        *(folded(f"None is bought of: {', '.join(unwanted)}.", width) if unwanted else ()),
        *folded(f"No cost is known, so not expanded: {', '.join(rest)}.", width),
    ]
    return "\n".join(lines)


def _remarks(result: PlanResult) -> list[str]:
    room = 100 * result.meta["room"]
    draws = result.meta["draws"]
    rows = [
        (
            f"{draws} draws: each is solved anew, so intervals are coarse."
            if draws
            else "Median case: every fact at its stated value; --draws 20 gives intervals."
        ),
        (
            f"The plan knows the future and decides from {result.first} on; what is under way then is the "
            f"map's. A product's share of a quarter may lie {room:.0f} % below or above the mix stated "
            "(plan.mix_room)."
        ),
        (
            "'One product, stated mix' must equal the map: it checks one against the other. 'Products apart' "
            "differs: recipes change with the generation, the map makes the blend of each quarter, and the "
            "program may choose which product's parts it makes first and which wait."
        ),
        "Prices are duals of the linear program; where layers tie they are one choice of several.",
    ]
    if any("elastic" in case for case in result.cases):
        rows.append(
            "Elastic demand is eight steps of falling value, from twice the price of the day to half of it "
            "(plan.elasticity)."
        )
    if any("expand" in case for case in result.cases):
        rows.append(
            "Capacity is bought where what it lets deploy until the end of the plan, at the all-in price of "
            "an H100e, is worth more than its cost; costs of making are not subtracted."
        )
    return rows


def _ask(result: PlanResult) -> str:
    shown = f"plan.gain.{result.cases[-1]}.{result.window}{result.question}"
    draws = f" --draws {result.meta['draws']} --seed {result.meta['seed']}" if result.meta["draws"] else ""
    quoted = f"'{shown}'" if result.question else shown
    return (
        f"Why: narrows why {quoted}{draws}. Every id: narrows plan --json. "
        f"Facts of {result.meta['vintage']}, model {result.meta['model_version']}."
    )
