"""Parts of the Days that are more than a column of numbers: layers of the map, makers, pictures of rooms."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from narrows.figure import number
from narrows.report.pages.map_page import source_line
from narrows.report.pages.parts import Prose, Table, fact_link, joined, link, num
from narrows.report.pages.pictures import shown_picture
from narrows.report.pages.question import Question
from narrows.report.pages.rooms import YEARS
from narrows.report.pages.shown import NONE, Shown
from narrows.report.words import layer_names, likeliest, percent, within

if TYPE_CHECKING:
    from collections.abc import Callable

    from narrows.catalog import Fact
    from narrows.report.pages.study import Study

__all__ = ["MAKERS", "layer_rows", "maker_rows"]

CITIES = {
    "sterling_va": "Sterling, Virginia",
    "chicago_il": "Chicago, Illinois",
    "phoenix_az": "Phoenix, Arizona",
    "tampa_fl": "Tampa, Florida",
}
PATHS = {
    "grid": "grid connection",
    "onsite": "generation on the site",
    "bridge": "turbines until the grid comes",
    "leased": "a hall that is let",
}
RUN = ("h100_sxm", 16_384, 54)
"""Chip, chips and days of the run whose cost is shown: those over which Llama 3 counted interruptions."""
LEADER = "nvidia"
"""The company that is followed through the stack."""
SERVED = ("deepseek-r1", "b200_sxm")
YEARS_SHOWN = 4
"""Last quarters of years in a table of who binds when."""
MOST_LAYERS = 8
OUTCOMES = {
    "now": "already",
    "short": "0 to 2 years",
    "mid": "2 to 4",
    "long": "4 to 10",
    "beyond": "later or never",
}
QUICK = Question(quick=True)


def day_quarters(study: Study) -> list[str]:
    """Return the first quarter of the map and the same quarter of the years after it."""
    return list(study.quarters[::YEARS_SHOWN])


def layer_rows(study: Study, ids: tuple[str, ...]) -> Table:
    """Return layers with what they could carry, how likely they bind, and how long more takes.

    Parameters
    ----------
    study
        The study.
    ids
        Layers.
    """
    shown, quarters = Shown(study), day_quarters(study)
    first, later = quarters[0], quarters[min(2, len(quarters) - 1)]
    declared = {layer.id: layer for layer in study.catalog.layers}
    rows = []
    for row in study.base.layers:
        if row.id not in ids:
            continue
        lead = declared[row.id].lead
        rows.append(
            [
                link(f"/layer/{row.id}", row.name),
                shown.number(f"map.capacity.{row.id}.{first}"),
                shown.number(f"map.binds.{row.id}.{first}|%"),
                shown.number(f"map.binds.{row.id}.{later}|%"),
                shown.number(lead) if lead else NONE,
            ]
        )
    return Table(
        f"Layers of the map: what each alone could carry in {first}, and how likely it binds",
        ("Layer", "Alone [H100e a quarter]", f"Binds {first}", f"Binds {later}", "Quarters to add more"),
        rows,
        frozenset({1, 2, 3, 4}),
        note=source_line(study, study.base),
    )


def _layers(study: Study, day: int) -> list[Any]:
    ids = tuple(layer.id for layer in study.catalog.layers if layer.day == day and layer.feeds)
    return [layer_rows(study, ids)]


def maker_rows(study: Study, layer: str, prefix: str) -> list[list[str | Markup]]:
    """Return the makers of a layer with their stated shares, the newest statement of each.

    Parameters
    ----------
    study
        The study.
    layer
        Name of the layer, for the first column; empty to leave it out.
    prefix
        Facts of the makers, such as ``cowos.maker``.
    """
    names = {company.id: company.name for company in study.catalog.companies}
    newest: dict[str, Fact] = {}
    for fact in study.catalog.under(prefix) if prefix else ():
        company = fact.id.removeprefix(f"{prefix}.").split(".")[0]
        if company not in newest or fact.as_of >= newest[company].as_of:
            newest[company] = fact
    rows = []
    for company, fact in sorted(newest.items(), key=lambda pair: (pair[0] == "others", -pair[1].value)):
        name = names.get(company, company.replace("_", " "))
        told: str | Markup = link(f"/company/{company}", name) if company in names else name
        rows.append(
            [*([layer] if layer else []), told, fact_link(fact.id, percent(fact.value)), fact.of, fact.as_of]
        )
    return rows


def _makers(study: Study, day: int) -> list[Any]:
    rows: list[list[str | Markup]] = []
    for layer in study.catalog.layers:
        if layer.day == day and layer.makers:
            rows += maker_rows(study, layer.name, layer.makers)
    return [
        Table(
            "Makers of the layers of this Day, as last stated",
            ("Layer", "Company", "Share", "Of", "As of"),
            rows,
            frozenset({2}),
        )
    ]


def _map_years(study: Study, day: int) -> list[Any]:
    del day
    quarters, names = day_quarters(study), layer_names(study.base)
    places = [study.quarters.index(quarter) for quarter in quarters]
    best = [likeliest(study.base, place)[0][0] for place in places]
    ranked = sorted(names, key=lambda name: -max(study.base.binds[name][place] for place in places))
    shown = Shown(study)
    rows = [
        [
            link(f"/layer/{name}", names[name])
            if name in {row.id for row in study.base.layers}
            else names[name],
            *(shown.number(f"map.binds.{name}.{quarter}|%") for quarter in quarters),
        ]
        for name in ranked[:MOST_LAYERS]
    ]
    runs = [list(run) for _, run in groupby(range(len(quarters)), lambda place: best[place])]
    path = joined((_run(study, best[run[0]], [quarters[place] for place in run]) for run in runs), ", then ")
    return [
        Prose([joined(("The likeliest layer is", path + "."))]),
        Table(
            "Probability that a layer binds, % of draws",
            ("Layer", *quarters),
            rows,
            frozenset(range(1, len(quarters) + 1)),
            note=source_line(study, study.base),
        ),
    ]


def _run(study: Study, name: str, quarters: list[str]) -> Markup:
    """Return how likely a layer binds, over quarters in a row in which it is the likeliest."""
    shown = Shown(study)
    ends = [f"map.binds.{name}.{quarter}|%" for quarter in dict.fromkeys((quarters[0], quarters[-1]))]
    when = f"from {quarters[0]} to {quarters[-1]}" if len(ends) > 1 else f"in {quarters[0]}"
    told = joined((shown.number(end) for end in ends), " at first, ")
    return joined(
        (
            within(layer_names(study.base)[name]),
            when,
            Markup("({}{})").format(told, " at last" if len(ends) > 1 else ""),
        )
    )


def _time_map(study: Study, day: int) -> list[Any]:
    from narrows.report.timemap_picture import time_svg

    found = study.rooms.times
    rows = []
    for row in found.rows:
        cells = [
            num(f"time.{kind}.{row.layer}", _years(spell.p50))
            for kind, spell in (("resolved", row.announced), ("ordered", row.ordered))
        ]
        shares = [
            num(f"time.resolved.{row.layer}.{outcome}", percent(row.announced.shares[outcome]))
            for outcome in OUTCOMES
        ]
        rows.append([link(f"/layer/{row.layer}", row.name), *cells, *shares])
    twin = Table(
        "Years until capacity covers demand: medians, and chances on announced plans",
        ("Layer", "As planned", "If more is ordered", *OUTCOMES.values()),
        rows,
        frozenset(range(1, 3 + len(OUTCOMES))),
    )
    source = joined(("Line: 10 to 90 % of draws; dot: median.", source_line(study, study.base)))
    return [
        shown_picture(
            study, f"day-{day}.time", "When each layer resolves", time_svg(found), twin=twin, source=source
        )
    ]


def _years(years: float) -> str:
    from narrows.bottlenecks.ceilings import QUARTERS_PER_YEAR
    from narrows.bottlenecks.resolution import NEVER

    return "over 10" if years >= NEVER / QUARTERS_PER_YEAR else f"{years:.1f}"


def _cascade(study: Study, day: int) -> list[Any]:
    from narrows.report.cascade_picture import cascade_svg

    found = study.rooms.cascade
    tail = f"{found.quarter}.{found.at}"
    rows = []
    for step in found.steps:
        what = within(found.names.get(step.layer, "")) if step.layer else "as announced"
        binder = found.names.get(step.binder, step.binder)
        gained = num(f"cascade.gain.{step.number}.{tail}", number(step.gain.mean), QUICK)
        rows.append(
            [
                what.capitalize() if not step.layer else f"+ {what}",
                num(f"cascade.value.{step.number}.{tail}", number(step.value.mean), QUICK),
                gained if step.layer else "",
                within(binder),
                num(
                    f"cascade.binds.{step.number}.{step.binder}.{tail}",
                    percent(step.binds[step.binder]),
                    QUICK,
                ),
            ]
        )
    twin = Table(
        f"Widened one after the other from {found.quarter} on; compute deployed up to {found.at}",
        ("Widened", "Deployed [H100e]", "Gained [H100e]", "Then binds", "In draws"),
        rows,
        frozenset({1, 2, 4}),
    )
    source = joined(
        (
            "Each step raises the layer that most likely binds, as far as its maker can grow.",
            num("study.quick_draws", f"{study.quick_draws:,} draws") + ",",
            num("study.seed", f"seed {study.seed}") + ".",
        )
    )
    return [
        shown_picture(
            study,
            f"day-{day}.cascade",
            "Where it moves when it is widened",
            cascade_svg(found),
            twin=twin,
            source=source,
        )
    ]


def _pue(study: Study, day: int) -> list[Any]:
    from narrows.report.pages.pictures import bars_svg

    shown = Shown(study)
    kinds = (
        ("air.towers", "Air, cooling towers"),
        ("direct_liquid.dry_coolers.45c", "Cold plates, dry coolers, 45 °C"),
    )
    rows = [
        [city, *(shown.number(f"plant.pue.{place}.{kind}||.2f") for kind, _ in kinds),
         shown.number(f"plant.wue.{place}.air.towers||.2f")]
        for place, city in CITIES.items()
    ]  # fmt: skip
    twin = Table(
        "Facility power over IT power through a year of weather, and water with towers",
        ("City", *(f"PUE: {name[0].lower()}{name[1:]}" for _, name in kinds), "Water with towers [L/kWh]"),
        rows,
        frozenset({1, 2, 3}),
    )
    bars = []
    for place, city in CITIES.items():
        found = shown.value(f"plant.pue.{place}.air.towers")
        if found is not None:
            bars.append((city, found[0] - 1.0, f"{found[0]:.2f}"))
    title = "Power beside that of the computers, air and towers: PUE less 1"
    source = joined(
        (
            "Every hour of a year of weather, with the losses of fans, pumps, chillers and power supply;",
            num("plant.pue.phoenix_az.air.towers", f"{min(YEARS, study.quick_draws)} draws", QUICK) + ".",
        )
    )
    svg, inner = (bars_svg(title, "PUE less 1", bars, headed=headed) for headed in (True, False))
    return [twin, shown_picture(study, f"day-{day}.pue", title, svg, twin=twin, source=source, inner=inner)]


def _power_date(study: Study, day: int) -> list[Any]:
    from narrows.facility.power_date import power_date
    from narrows.report.power_date import power_date_svg

    shown = Shown(study)
    rows = [
        [
            name.capitalize(),
            shown.number(f"power_date.first.{path}.100||band"),
            shown.number(f"power_date.reached.{path}.100||band"),
        ]
        for path, name in PATHS.items()
    ]
    table = Table(
        "Months from first works to power, 100 MW: median and 5 to 95 %",
        ("Way to power", "First power", "All of it"),
        rows,
        frozenset({1, 2}),
    )
    found = power_date(100.0, draws=study.draws, seed=study.seed, catalog=study.catalog)
    source = joined(
        ("Critical path of permits, supply, hall and energisation.", source_line(study, study.base))
    )
    title = "What a campus of 100 MW waits for, by the grid"
    return [
        table,
        shown_picture(study, f"day-{day}.power", title, power_date_svg(found), twin=table, source=source),
    ]


def _rack(study: Study, day: int) -> list[Any]:
    from narrows.facility.rack import ladder
    from narrows.report.rack import rack_svg

    shown = Shown(study)
    rows: list[list[str | Markup]] = [
        ["Air, usual rise", shown.number("derived.air_usual.rack")],
        ["Air, the most that is blown", shown.number("derived.air_most.rack")],
        ["Tank, one phase", shown.number("cooling.immersion_single_most|kW")],
        ["Tank, two phases", shown.number("cooling.immersion_two_most|kW")],
        ["Cold plates", shown.number("cooling.plate_most|kW")],
    ]
    twin = Table("Heat that one rack can be rid of", ("Family", "kW a rack"), rows, frozenset({1}))
    title = "Which cooling takes which rack"
    source = "Heat = density x heat capacity x flow x rise, of air, water, or fluid."
    picture = rack_svg(ladder("gb200_nvl72", catalog=study.catalog))
    return [twin, shown_picture(study, f"day-{day}.rack", title, picture, twin=twin, source=source)]


def _cost(study: Study, day: int) -> list[Any]:
    from narrows.report.training_chart import cost_svg
    from narrows.training.run_cost import Run, run_cost

    chip, chips, days = RUN
    found = run_cost(
        Run(chip, chips, days=float(days)), draws=study.draws, seed=study.seed, catalog=study.catalog
    )
    shown = Shown(study)
    tail = f"{chip}.{chips}.{days}"
    parts = [part for part in (*found.parts, "total") if part != "rent"]
    rows = [
        [part.replace("_", " ").capitalize(), shown.number(f"training.cost.{part}.{tail}|usd|band")]
        for part in parts
    ]
    twin = Table(
        f"Cost of {chips:,} chips of the kind of the H100 for {days} days, owned, USD: median and 5 to 95 %",
        ("Part", "USD"),
        rows,
        frozenset({1}),
    )
    source = joined(("Bars: stated facts; lines: 5 to 95 % of draws.", source_line(study, study.base)))
    return [
        twin,
        shown_picture(
            study, f"day-{day}.cost", "What a run costs", cost_svg(found), twin=twin, source=source
        ),
    ]


def _waterfall(study: Study, day: int) -> list[Any]:
    from narrows.inference.speed import Traffic
    from narrows.inference.waterfall import LABELS, Terms, economics
    from narrows.report.waterfall import waterfall_svg

    terms = Terms(Traffic(tpot=0.05))
    found = economics(*SERVED, terms, draws=study.draws, seed=study.seed, catalog=study.catalog)
    shown = Shown(study)
    rows = [
        [LABELS.get(part, part.replace("_", " ")).capitalize(), shown.number(f"{found.id(part)}||band")]
        for part in (found.top, *found.parts)
    ]
    twin = Table(
        "From list price to the floor of arithmetic, USD per million output tokens: median and 5 to 95 %",
        ("Step", "USD per million tokens"),
        rows,
        frozenset({1}),
    )
    source = joined(("Bars: stated facts; in brackets 5 to 95 % of draws.", source_line(study, study.base)))
    title = "Where the price of a token goes"
    return [
        twin,
        shown_picture(study, f"day-{day}.price", title, waterfall_svg(found), twin=twin, source=source),
    ]


def _thread(study: Study, day: int) -> list[Any]:
    from narrows.report.pages.company_page import thread_tables

    del day
    return [replace(one, title="", id="") for one in thread_tables(study, LEADER)]


def _value(study: Study, day: int) -> list[Any]:
    from narrows.report.pages.company_page import company_table, layer_table, role_table
    from narrows.report.value_chart import value_svg

    found = study.rooms.value
    source = joined(
        (
            f"Rents from {found.quarter} to {found.last}: price x capacity of scarce quarters.",
            source_line(study, study.base),
        )
    )
    return [
        role_table(found),
        shown_picture(
            study,
            f"day-{day}.value",
            "Who keeps the rent of scarcity",
            value_svg(found),
            twin=layer_table(found),
            source=source,
        ),
        company_table(study, found),
    ]


MAKERS: dict[str, Callable[[Study, int], list[Any]]] = {
    "cascade": _cascade,
    "cost": _cost,
    "layers": _layers,
    "makers": _makers,
    "map_years": _map_years,
    "power_date": _power_date,
    "pue": _pue,
    "rack": _rack,
    "thread": _thread,
    "time_map": _time_map,
    "value": _value,
    "waterfall": _waterfall,
}
"""Parts that a file of words can name under ``make``: blocks from the study and the Day."""
