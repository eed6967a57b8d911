"""The map: which layer binds, how much flows, what resolves it, and where it moves next."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from itertools import groupby
from typing import TYPE_CHECKING

from markupsafe import Markup

from narrows.figure import number
from narrows.report.pages.channel import channel_svg, shade_class
from narrows.report.pages.parts import (
    Controls,
    Export,
    Heat,
    Model,
    Picture,
    Prose,
    Table,
    fact_link,
    joined,
    link,
    num,
    unit_words,
)
from narrows.report.pages.question import Question
from narrows.report.words import (
    SHOWN_FROM,
    compute,
    gigawatt,
    layer_names,
    likeliest,
    percent,
    within,
)

if TYPE_CHECKING:
    from narrows.bottlenecks.result import Band, MapResult
    from narrows.report.pages.study import Study

__all__ = ["live_regions", "map_page", "source_line"]

LEAST, MOST, STEP = 0.5, 2.0, 0.05
"""Ends and step of a slider."""
DEAREST = 6
CHANNEL_TOLD = (
    "Height: what the layer alone could carry, median, in H100e a quarter (one H100e: the dense 8-bit "
    "arithmetic of one NVIDIA H100). What a layer makes is used some quarters later, so a section that "
    "binds can be wider than the stream of its own quarter."
)
HEAT_TOLD = (
    "A layer binds when one more unit of its capacity would raise what is deployed. Framed: the likeliest "
    "of its quarter; a point: below 1 %."
)
_CELL = Markup('<a class="num" href="/n/{}">{}</a>')
DOUBLE = 2.0
"""Factor of the experiment that shows where the constraint moves."""


def map_page(study: Study, question: Question, _: str = "") -> Model:
    """Return the map page."""
    result, column = study.map(question), study.column(question)
    return Model(
        title=f"What binds in {result.quarters[column]}",
        heading=_heading(result, column),
        lead=_lead(study, result, column, question),
        blocks=(
            _picture(study, result, column, question),
            _controls(study, question, column),
            _heat(study, result, column, question),
            _resolves(study, result, column, question),
            _moves(study, result, column, question),
            _rests(study),
        ),
        query=question.query(vintage=study.vintage, model=study.model) if question.query() else "",
        notice=_notice(study, question),
    )


def live_regions(study: Study, question: Question) -> tuple[Model, Picture, list[tuple[str, str]], Markup]:
    """Return what a slider changes at once: heading and lead, channel, cells of the heat map, its note."""
    result, column = study.map(question), study.column(question)
    model = Model(
        title=f"What binds in {result.quarters[column]}",
        heading=_heading(result, column),
        lead=_lead(study, result, column, question),
        query=question.query(vintage=study.vintage, model=study.model) if question.query() else "",
    )
    return model, _picture(study, result, column, question), shaded(result, column), _heat_note(study, result)


def source_line(study: Study, result: MapResult) -> Markup:
    """Return where a figure comes from: facts, model, draws and seed."""
    draws = "study.draws" if result.meta["draws"] == study.draws else "study.quick_draws"
    return joined(
        (
            f"narrows: facts of {study.vintage}, model {study.model},",
            num(draws, f"{result.meta['draws']:,} draws") + ",",
            num("study.seed", f"seed {study.seed}") + ".",
        )
    )


def _heading(result: MapResult, column: int) -> Markup:
    name = layer_names(result)[likeliest(result, column)[0][0]]
    return Markup("In {} the narrowest section is <em>{}</em>").format(result.quarters[column], within(name))


def _lead(study: Study, result: MapResult, column: int, question: Question) -> Markup:
    quarter, names = result.quarters[column], layer_names(result)
    ranked = [(name, share) for name, share in likeliest(result, column) if share >= SHOWN_FROM]
    first, *others = [
        joined((within(names[name]), "in", num(f"map.binds.{name}.{quarter}", percent(share), question)))
        for name, share in ranked[:3]
    ]
    shown, power = result.deployed, result.deployed_mw
    flow = num(f"map.deployed.{quarter}", f"{compute(shown.p50[column])} H100e", question)
    watts = num(f"map.deployed_mw.{quarter}", f"{gigawatt(power.p50[column])} of IT", question)
    ends = num(
        f"map.deployed.{quarter}",
        f"({compute(shown.p05[column])} to {compute(shown.p95[column])}, 5 to 95 %)",
        question,
    )
    rest = Markup(" of draws, {}").format(joined(others, ", ")) if others else " of draws"
    told = Markup("Binding: {}{}. About {} are deployed {}, {}.").format(first, rest, flow, ends, watts)
    if not question.changes:
        return told
    asked = Question(quick=True)
    before = study.map(asked)
    name, share = likeliest(before, column)[0]
    return joined(
        (
            told,
            Markup("As the facts stand, in the same draws: {} {}, {}.").format(
                within(names[name]),
                num(f"map.binds.{name}.{quarter}", percent(share), asked),
                num(f"map.deployed.{quarter}", f"{compute(before.deployed.p50[column])} H100e", asked),
            ),
        )
    )


def _notice(study: Study, question: Question) -> str:
    made = [
        f"{what} {link_}" + f" (now {now})"
        for what, link_, now in (
            ("facts of", question.vintage, study.vintage),
            ("model", question.model, study.model),
        )
        if link_ and link_ != now
    ]
    return f"This link was made with {' and '.join(made)}: its numbers are asked anew." if made else ""


def _exports(question: Question) -> tuple[Export, ...]:
    query = question.query()
    tail = f"?{query}" if query else ""
    forms = ("SVG", "PNG", "CSV", "JSON", *(("XLSX",) if _workbooks() else ()))
    return tuple(Export(form, f"/map.{form.lower()}{tail}") for form in forms)


@cache
def _workbooks() -> bool:
    """Return whether workbooks can be written here."""
    return find_spec("xlsxwriter") is not None


def _picture(study: Study, result: MapResult, column: int, question: Question) -> Picture:
    quarter = result.quarters[column]
    shares = {name: series[column] for name, series in result.binds.items()}
    rows = [
        [
            row.name,
            num(f"map.capacity.{row.id}.{quarter}", number(result.capacity[row.id].p50[column]), question),
            num(f"map.capacity.{row.id}.{quarter}", _ends(result.capacity[row.id], column), question),
            num(f"map.binds.{row.id}.{quarter}", percent(shares[row.id]), question),
        ]
        for row in result.layers
    ]
    twin = Table(
        f"Capacity of each layer alone in {quarter}, H100e a quarter",
        ("Layer", "Median", "5 to 95 %", "Binds"),
        rows,
        frozenset({1, 2, 3}),
    )
    return Picture(
        f"The channel in {quarter}",
        channel_svg(result, column, question),
        joined(
            (
                CHANNEL_TOLD,
                source_line(study, result),
            )
        ),
        twin,
        (("stream", "deployed"), ("bank", "stands idle"), ("frame", "likeliest to bind")),
        _exports(question),
        "channel",
        wide=True,
        live=True,
    )


def _ends(band: Band, column: int) -> str:
    return f"{number(band.p05[column])} to {number(band.p95[column])}"


def _controls(study: Study, question: Question, column: int) -> Controls:
    factors = dict(question.changes)
    sliders = [
        {
            "series": slider.series,
            "name": slider.name,
            "value": f"{factors.pop(slider.series, 1.0):g}",
            "least": LEAST,
            "most": MOST,
            "step": STEP,
        }
        for slider in study.sliders
    ]
    note = joined(
        (
            "What if a layer could make more, or less, from",
            f"{study.window[:4]} on? The facts of its capacity are scaled and the whole map is asked again,",
            "with",
            num("study.quick_draws", f"{study.quick_draws} draws"),
            "instead of",
            num("study.draws", f"{study.draws:,}") + ".",
        )
    )
    others = tuple((name, f"{factor:g}") for name, factor in factors.items())
    return Controls(sliders, study.quarters, column, note, others)


def shaded(result: MapResult, column: int) -> list[tuple[str, str]]:
    """Return class and text of every cell of who binds when, row by row.

    Parameters
    ----------
    result
        The map.
    column
        Place of the quarter in view.
    """
    best = [likeliest(result, place)[0][0] for place in range(len(result.quarters))]
    cells = []
    for name in layer_names(result):
        for place, share in enumerate(result.binds[name]):
            classes = shade_class(share) + (" best" if best[place] == name else "")
            classes += " now" if place == column else ""
            cells.append((classes, f"{100 * share:.0f}" if share >= SHOWN_FROM else "·"))
    return cells


def _heat(study: Study, result: MapResult, column: int, question: Question) -> Heat:
    names = layer_names(result)
    query = question.scenario.query()
    tail = f"?{query}" if query else ""
    cells = iter(shaded(result, column))
    rows = [
        (
            text,
            [
                (classes, _CELL.format(f"map.binds.{name}.{quarter}{tail}", told))
                for quarter, (classes, told) in zip(result.quarters, cells, strict=False)
            ],
        )
        for name, text in names.items()
    ]
    columns = [(quarter[:4], quarter[4:]) for quarter in result.quarters]
    years = [(year, len(list(group))) for year, group in groupby(year for year, _ in columns)]
    note = _heat_note(study, result)
    return Heat(
        "Who binds when",
        "Probability that each layer binds, % of draws",
        columns,
        rows,
        years,
        note,
        _exports(Question(question.changes)),
        "heat",
        live=True,
    )


def _heat_note(study: Study, result: MapResult) -> Markup:
    return joined((HEAT_TOLD, source_line(study, result)))


def _resolves(study: Study, result: MapResult, column: int, question: Question) -> Table:
    quarter = result.quarters[column]
    leads = {layer.id: layer.lead for layer in study.catalog.layers}
    dear = sorted(result.layers, key=lambda row: -result.price[row.id].right[column])[:DEAREST]
    rows = []
    for row in dear:
        price = result.price[row.id]
        lead = row.lead_quarters
        rows.append(
            [
                row.name,
                num(f"map.price.{row.id}.{quarter}", f"{price.right[column]:.3f}", question),
                joined(
                    (num(f"map.price_usd.{row.id}.{quarter}", number(price.usd_per_unit[column]), question),
                     f"a {unit_words(row.unit)}")
                ),
                fact_link(leads[row.id], f"{lead[0]:.1f} to {lead[2]:.1f}") if lead else "not known",
            ]
        )  # fmt: skip
    return Table(
        f"What one more unit of capacity of {quarter} is worth, and how long more takes",
        ("Layer", "H100e deployed per H100e of capacity", "USD", "Quarters to add"),
        rows,
        frozenset({1, 2, 3}),
        "What resolves it",
        "resolves",
        "No layer alone resolves it where several bind in turn: the worth of a unit is a mean over draws.",
        live=True,
    )


def _moves(study: Study, result: MapResult, column: int, question: Question) -> Prose:
    quarter, names = result.quarters[column], layer_names(result)
    runs = [
        (name, [result.quarters[place] for place in group][-1])
        for name, group in groupby(range(len(result.quarters)), lambda place: likeliest(result, place)[0][0])
    ]
    path = [
        joined(
            (
                within(names[name]),
                f"to {last}",
                Markup("({})").format(
                    num(
                        f"map.binds.{name}.{last}",
                        percent(result.binds[name][result.quarters.index(last)]),
                        question,
                    )
                ),
            )
        )
        for name, last in runs
    ]
    told: list[str | Markup] = [
        Markup("As plans stand, the likeliest layer is {}.").format(joined(path, ", then "))
    ]
    factors = dict(question.changes)
    for slider in study.sliders[:2]:
        asked = Question(
            tuple(sorted((factors | {slider.series: factors.get(slider.series, 1.0) * DOUBLE}).items())),
            quarter,
        )
        more = study.map(asked)
        name, share = likeliest(more, column)[0]
        told.append(
            Markup(
                "With twice the capacity of {} from {} on, the likeliest of {} is {} ({}), "
                "and {} H100e are deployed. {}"
            ).format(
                within(slider.name),
                study.window[:4],
                quarter,
                within(names[name]),
                num(f"map.binds.{name}.{quarter}", percent(share), asked),
                num(f"map.deployed.{quarter}", compute(more.deployed.p50[column]), asked),
                "" if study.static else link(f"/?{asked.query()}", "Look at it"),
            )
        )
    return Prose(told, "Where it moves next", "moves", live=True)


def _rests(study: Study) -> Prose:
    meta = study.base.meta
    return Prose(
        [
            joined(
                (
                    "The map rests on",
                    num("study.facts", f"{meta['facts']} facts") + ",",
                    num("study.assumptions", f"{meta['assumptions']} of them assumptions")
                    + ", each with a reason.",
                    f"The oldest is of {meta['oldest_fact']}, the newest of {meta['newest_fact']}.",
                    link("/facts", "All facts") + ",",
                    link("/sources", "all sources") + ",",
                    link("/validation", "what was right and what was missed") + ".",
                )
            )
        ],
        "What it rests on",
        "rests",
    )
