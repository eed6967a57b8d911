"""Write docs/nomenclature.md: every quantity of the house, its unit, its meaning, its room; or check it.

python tools/nomenclature.py            # write
python tools/nomenclature.py --check    # exit 1 if the page is not what would be written
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

from narrows.catalog import default
from narrows.units import parse

PAGE = Path(__file__).parent.parent / "docs" / "nomenclature.md"

SYMBOLS = (
    ("K", "capacity of a layer in a quarter, lost when unused", "h100e/quarter", "bottlenecks"),
    ("Z", "greatest cumulative output of a layer", "h100e", "bottlenecks"),
    ("A", "cumulative arrivals from opening stock and work in progress", "h100e", "bottlenecks"),
    ("B", "cap on a layer's stock plus transit", "h100e", "bottlenecks"),
    ("D", "cumulative demand on the root", "h100e", "bottlenecks"),
    ("lag", "time from a layer's output to its use by the consumer", "quarter", "bottlenecks"),
    ("w", "value of one unit of cumulative deployment at a quarter", "1", "bottlenecks"),
    ("v", "value of one H100e deployed in a quarter, relative to the first", "1", "bottlenecks"),
    ("V", "value of the plan: sum of v x compute deployed", "h100e", "bottlenecks"),
)

FIGURES = (
    ("map.binds.<layer>.<quarter>", "probability that the layer binds", "share"),
    ("map.deployed.<quarter>", "compute installed in the quarter", "h100e/quarter"),
    ("map.deployed_mw.<quarter>", "the same in power of IT", "MW/quarter"),
    ("map.installed.<quarter>", "compute installed since the model begins", "h100e"),
    ("map.capacity.<layer>.<quarter>", "what the layer alone would allow", "h100e/quarter"),
    ("map.price.<layer>.<quarter>", "worth of one more unit of capacity", "h100e/h100e"),
    (
        "map.price_left.<layer>.<quarter>",
        "worth of the last unit of capacity, where layers tie",
        "h100e/h100e",
    ),
    ("map.price_usd.<layer>.<quarter>", "worth of one more unit in money", "usd per unit of the layer"),
    ("sites.power.<site>.<day>", "facility power in operation; total for all sites", "MW"),
    ("sites.plan.<site>.<day>", "the same as the tracker observed or planned it", "MW"),
    ("sites.late.total.<day>", "share of draws in which the sites run less than planned", "share"),
    ("sites.added.total.<day>", "power added after the snapshot over that planned", "ratio"),
    ("power_date.first.<path>.<mw>", "months from the first works to first power", "month"),
    ("power_date.reached.<path>.<mw>", "months from the first works to that power", "month"),
    ("power_date.month.<path>.<mw>", "margin of one month of the whole site", "usd"),
    ("shocks.lost.<event>", "flow lost on the day known", "barrel/day"),
    ("shocks.net.<event>.<quarter>", "the same less bypass, spare capacity and releases", "barrel/day"),
    ("shocks.unmet.<event>.<quarter>", "the same less what holders of stocks meet", "barrel/day"),
    ("shocks.price.<event>.<period>", "mean price of a month or quarter", "usd/barrel"),
    ("shocks.without.<event>.<period>", "the same without the event", "usd/barrel"),
    ("shocks.price_if.<event>.<part>.<quarter>", "the same if the closure is of that length", "usd/barrel"),
    ("shocks.odds.<event>.<part>", "share of draws whose closure is of that length", "share"),
    ("shocks.change.<event>.<commodity>.<quarter>", "change over the price before the event", "ratio"),
    ("sites.due.<site>.<planned day>", "days from the snapshot until a milestone is complete", "day"),
    ("sites.on_time.<site>.<planned day>", "probability that a milestone is complete as planned", "share"),
    (
        "inference.price.<quantity>.<model>.<chip>",
        "cost, list price and steps between of a million tokens, and what they rest on",
        "usd/Mtoken",
    ),
    ("inference.demand.paid.<quarter>", "compute that the revenue of inference pays for", "h100e"),
    ("inference.demand.added.<quarter>", "what is added to it in a quarter", "h100e/quarter"),
    ("inference.demand.ordered.<quarter>", "orders as the map states them", "h100e/quarter"),
    ("map.tied.<quarter>", "share of draws in which two layers or more bind together", "share"),
    ("makers.share.<layer>.<company>", "share of the layer's output", "ratio"),
    ("makers.hhi.<layer>", "sum of squared shares to 10,000, the others as many", "point"),
    ("makers.hhi_most.<layer>", "the same, the others as one", "point"),
    ("makers.effective.<layer>", "makers of equal size as concentrated, at least", "maker"),
    ("makers.effective_most.<layer>", "the same, at most", "maker"),
    ("makers.single.<layer>", "draws in which one maker holds four fifths or more", "share"),
    (
        "makers.loss.<layer>.<company>",
        "compute not deployed in two years, until the rest has rebuilt",
        "h100e",
    ),
    ("makers.loss_year.<layer>.<company>", "the same, the maker away for one year", "h100e"),
    ("makers.loss_good.<layer>.<company>", "the same, the maker gone for good", "h100e"),
    ("makers.loss_part.<layer>.<company>", "loss as a part of what would be deployed, likewise", "ratio"),
    ("makers.loss.all.<company>", "the same, gone from all layers at once", "h100e"),
    ("makers.loss_alone.<company>", "sum of its losses, one layer at a time", "h100e"),
    (
        "makers.binds.<layer>.<company>.<layer>",
        "quarters that a layer binds while a maker is away",
        "quarter",
    ),
    ("makers.thread.<company>.<layer>", "share of the layer that goes into its designs", "ratio"),
    ("makers.designers.<year>", "concentration of designers of the H100e added", "point"),
    ("makers.designer.<company>.<year>", "share of the H100e added that is of its designs", "ratio"),
    ("makers.deployed", "compute deployed over the two years of a loss", "h100e"),
    ("cascade.binds.<step>.<layer>.<decision>.<quarter>", "probability that it binds after a step", "share"),
    ("cascade.value.<step>.<decision>.<quarter>", "compute deployed up to the quarter", "h100e"),
    ("cascade.gain.<step>.<decision>.<quarter>", "what the step adds to it", "h100e"),
    ("cascade.deployed.<step>.<decision>.<quarter>", "compute deployed in the quarter", "h100e/quarter"),
    ("cascade.at_ceiling.<step>.<decision>.<quarter>", "a layer already raised binds", "share"),
    ("cascade.in_time.<layer>.<decision>.<quarter>", "more of the layer arrives by the quarter", "share"),
    ("cascade.arrives.<layer>.<decision>", "time until more of the layer arrives", "quarter"),
    ("cascade.relieved.<step>.<layer>.<decision>.<quarter>", "the draw raises it in this step", "share"),
    ("cascade.ended.<step>.<reason>.<decision>.<quarter>", "the draw's cascade has ended", "share"),
    ("cascade.own_value.<step>.<decision>.<quarter>", "the value where draws raise their own", "h100e"),
    ("cascade.order.<layers>.<decision>.<quarter>", "the draw raises these layers in turn", "share"),
    ("cascade.alone.<layer>.<decision>.<quarter>", "what the layer alone would permit", "h100e/quarter"),
    ("cascade.alone_raised.<layer>.<decision>.<quarter>", "the same at its ceiling", "h100e/quarter"),
    ("cascade.headroom.<layer>.<decision>.<quarter>", "the former over what is deployed", "ratio"),
    ("cascade.headroom_raised.<layer>.<decision>.<quarter>", "the same at its ceiling", "ratio"),
    ("cascade.layer.<layer>.<decision>.<quarter>", "it binds, with no decision", "share"),
    ("cascade.family.<family>.<decision>.<quarter>", "a layer of it binds, with no decision", "share"),
    ("cascade.first.<family>.<decision>", "time until a layer of it first binds", "year"),
    ("cascade.ever.<family>.<decision>", "a layer of it binds within ten years", "share"),
    ("cascade.moves.<from>.<to>.<decision>.<quarter>", "the binder has passed between families", "share"),
    ("cascade.phase.<number>.<decision>", "the families of a phase of the study bind", "share"),
    ("cascade.phase_likeliest.<number>.<decision>", "the likeliest family of its window binds", "share"),
    ("cascade.phase_then.<number>.2026Q2", "the phase as of the study", "share"),
    ("cascade.phase_then_likeliest.<number>.2026Q2", "the likeliest family as of the study", "share"),
    ("time.resolved.<layer>", "time until resolved, on announced plans", "year"),
    ("time.ordered.<layer>", "the same if more were ordered today", "year"),
    ("time.resolved.<layer>.<span>", "it is resolved in that span: now, short, mid, long, beyond", "share"),
    ("time.by_study.<layer>", "it is resolved by the end of the study's span", "share"),
)


def page() -> str:
    """Return the page."""
    lines = [
        "# Nomenclature",
        "",
        "Written by `python tools/nomenclature.py`. One name per quantity and unit in the whole house.",
        "",
        "## Symbols of the core",
        "",
        "| symbol | quantity | unit | room |",
        "|---|---|---|---|",
        *(f"| {' | '.join(row)} |" for row in SYMBOLS),
        "",
        "## Figures that answer `narrows why`",
        "",
        "| id | quantity | unit |",
        "|---|---|---|",
        *(f"| `{name}` | {meaning} | {unit} |" for name, meaning, unit in FIGURES),
        "",
        "## Layers",
        "",
        "| id | layer | Day | unit | feeds |",
        "|---|---|---|---|---|",
    ]
    catalog = default()
    lines += [
        f"| {layer.id} | {layer.name} | {layer.day} | {layer.unit} | {layer.feeds or '(root)'} |"
        for layer in catalog.layers
    ]
    lines += [
        "",
        "## Quantities of the facts",
        "",
        "| quantity | canonical unit | facts | for instance |",
        "|---|---|---|---|",
    ]
    kinds: dict[tuple[str, str], list[str]] = defaultdict(list)
    for fact in catalog:
        kinds[_quantity(fact.id), parse(fact.unit).symbol].append(fact.id)
    lines += [
        f"| {quantity} | {unit} | {len(names)} | {min(names)} |"
        for (quantity, unit), names in sorted(kinds.items())
    ]
    return "\n".join(lines) + "\n"


def _quantity(name: str) -> str:
    """Return the quantity of a fact; names of models and chips may hold a dot."""
    parts = name.split(".")
    return parts[-1] if parts[0] in {"model", "chip", "price"} else parts[1]


def main() -> int:
    """Write the page, or check it."""
    text = page()
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if PAGE.read_text(encoding="utf-8") == text:
        return 0
    print(
        "docs/nomenclature.md is not what the facts say. Run python tools/nomenclature.py.", file=sys.stderr
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
