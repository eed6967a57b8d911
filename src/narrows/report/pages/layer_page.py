"""Layers of the map: what each could carry, when it binds, what resolves it, and who makes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from narrows.errors import UnknownNameError
from narrows.figure import number
from narrows.report.pages.day_parts import layer_rows, maker_rows
from narrows.report.pages.map_page import source_line
from narrows.report.pages.parts import Model, Prose, Table, Terms, fact_link, joined, link, num, unit_words
from narrows.report.pages.pictures import band_svg, shown_picture
from narrows.report.pages.question import Question
from narrows.report.pages.shown import NONE, Shown
from narrows.report.words import compute, percent, within

if TYPE_CHECKING:
    from markupsafe import Markup

    from narrows.bottlenecks.result import LayerRow
    from narrows.catalog.fact import LayerDeclaration
    from narrows.report.pages.study import Study

__all__ = ["layer_page", "layers_page"]

KEEPS = {
    "perishable": "No: what is not used in its quarter is lost.",
    "storable": "Yes: what is not used is there in the next quarter.",
}
MONTHS = 12
LOSSES = 6
"""Makers in the table of what is lost."""
QUICK = Question(quick=True)


def layers_page(study: Study, question: Question, _: str = "") -> Model:
    """Return all layers of the map in the order of the flow."""
    del question
    ids = tuple(row.id for row in study.base.layers)
    return Model(
        title="Layers",
        lead=joined(
            (
                "Every layer that can be the narrowest, in the order of the flow.",
                "What each could carry alone is told in one unit: compute a quarter, as",
                link("/day/1", "Day 1") + " defines it.",
            )
        ),
        blocks=[layer_rows(study, ids)],
    )


def layer_page(study: Study, question: Question, id_: str = "") -> Model:
    """Return one layer."""
    del question
    rows = {row.id: row for row in study.base.layers}
    if id_ not in rows:
        raise UnknownNameError("layer", id_, rows, "See /layers")
    row = rows[id_]
    layer = next(one for one in study.catalog.layers if one.id == id_)
    blocks: list[Any] = [
        _picture(study, row),
        _resolves(study, layer),
        _terms(study, layer),
        *_makers(study, layer),
        _capacity(study, layer),
    ]
    return Model(title=row.name, lead=_lead(study, row), blocks=blocks)


def _lead(study: Study, row: LayerRow) -> Markup:
    first, last = study.quarters[0], study.quarters[-1]
    band, result = study.base.capacity[row.id], study.base
    peak = max(range(len(study.quarters)), key=lambda place: result.binds[row.id][place])
    at = study.quarters[peak]
    told = joined(
        (
            f"In {first} this layer alone could carry",
            num(f"map.capacity.{row.id}.{first}", f"{compute(band.p50[0])} H100e"),
            "a quarter; the stack deploys",
            num(f"map.deployed.{first}", compute(result.deployed.p50[0])) + ".",
            "It binds in",
            num(f"map.binds.{row.id}.{first}", percent(result.binds[row.id][0])),
            "of draws then and in",
            num(f"map.binds.{row.id}.{last}", percent(result.binds[row.id][-1])),
            f"in {last}",
        )
    )
    if peak in {0, len(study.quarters) - 1}:
        return told + "."
    most = num(f"map.binds.{row.id}.{at}", percent(result.binds[row.id][peak]))
    return joined((told + "; most often in", f"{at}, in", most + "."))


def _picture(study: Study, row: LayerRow) -> Any:
    result = study.base
    band = result.capacity[row.id]
    rows = []
    for place, quarter in enumerate(study.quarters):
        capacity = f"map.capacity.{row.id}.{quarter}"
        rows.append(
            [
                quarter,
                num(capacity, number(band.p50[place])),
                num(capacity, f"{number(band.p05[place])} to {number(band.p95[place])}"),
                num(f"map.deployed.{quarter}", number(result.deployed.p50[place])),
                num(f"map.binds.{row.id}.{quarter}", percent(result.binds[row.id][place])),
            ]
        )
    head = ("Quarter", "Alone, median", "5 to 95 %", "Deployed", "Binds")
    twin = Table(
        f"{row.name}: H100e a quarter, and chance of binding",
        head,
        rows,
        frozenset({1, 2, 3, 4}),
    )
    title = f"{row.name}: what it alone could carry, and what is deployed"
    ends = (band.p05, band.p50, band.p95)
    svg = band_svg(title, "H100e a quarter", study.quarters, ends, ("deployed", result.deployed.p50))
    source = joined(
        ("Solid: the layer alone, median; dashed: deployed by the whole stack.", source_line(study, result))
    )
    return shown_picture(
        study, f"layer-{row.id}.quarters", "Quarter by quarter", svg, twin=twin, source=source
    )


def _resolves(study: Study, layer: LayerDeclaration) -> Prose:
    shown = Shown(study)
    found = next((one for one in study.rooms.times.rows if one.layer == layer.id), None)
    told: list[str | Markup] = []
    if found is not None:
        told.append(
            joined(
                (
                    "On announced plans its capacity covers what demand asks for",
                    _when(f"time.resolved.{layer.id}", found.announced.p50) + ";",
                    "if more were ordered today,",
                    _when(f"time.ordered.{layer.id}", found.ordered.p50) + ".",
                    "It is already covered in",
                    num(f"time.resolved.{layer.id}.now", percent(found.announced.shares["now"])),
                    "of draws, and not within ten years in",
                    num(f"time.resolved.{layer.id}.beyond", percent(found.announced.shares["beyond"])) + ".",
                )
            )
        )
    if layer.lead:
        told.append(
            joined(("From a decision to more of it:", shown.number(f"{layer.lead}||band", unit=True) + "."))
        )
    told.append(f"Watch: {layer.watch}.")
    return Prose(told, "What resolves it", "resolves")


def _when(id_: str, years: float) -> Markup:
    from narrows.bottlenecks.ceilings import QUARTERS_PER_YEAR
    from narrows.bottlenecks.resolution import NEVER

    if years >= NEVER / QUARTERS_PER_YEAR:
        return num(id_, "not within ten years")
    told = f"in {number(MONTHS * years, 2)} months" if years < 1 else f"in {number(years, 2)} years"
    return num(id_, "now" if years == 0 else told) + " in the median"


def _terms(study: Study, layer: LayerDeclaration) -> Terms:
    shown, names = Shown(study), {one.id: one.name for one in study.catalog.layers}
    pairs: list[tuple[str, str | Markup]] = [
        ("Day", link(f"/day/{layer.day}", f"Day {layer.day}")),
        (
            "Feeds",
            link(f"/layer/{layer.feeds}", names[layer.feeds])
            if layer.feeds != "deployed"
            else "what is deployed",
        ),
        ("Counted in", unit_words(layer.unit)),
        ("Can be stored", KEEPS.get(layer.keeps, layer.keeps)),
    ]
    for word, fact in (
        ("Until it is used", layer.lag),
        ("May wait in stock", layer.hold),
        ("Growth after the last plan", layer.growth),
        ("Fastest growth a year", layer.ceiling),
        ("Plans came true by", layer.slip),
        ("Cost of more", layer.cost),
    ):
        if fact:
            pairs.append(
                (word, shown.number(f"{fact}||band", unit=True) if study.catalog.has(fact) else NONE)
            )
    return Terms(pairs, "How the map counts it", "counted")


def _makers(study: Study, layer: LayerDeclaration) -> list[Any]:
    rows = maker_rows(study, "", layer.makers) if layer.makers else []
    if not rows:
        return [Prose([f"No fact names who makes {within(layer.name)}."], "Who makes it", "makers")]
    found = next((one for one in study.rooms.makers.layers if one.id == layer.id), None)
    head = ("Company", "Share", "Of", "As of")
    blocks: list[Any] = [
        Table("Makers, by their share as last stated", head, rows, frozenset({1}), "Who makes it", "makers")
    ]
    if found is None:
        return blocks
    told = joined(
        (
            "Concentration (HHI, ten thousand for one maker):",
            num(f"makers.hhi.{layer.id}", number(found.hhi.mean), QUICK) + ", as if",
            num(f"makers.effective.{layer.id}", number(found.effective.mean, 2), QUICK),
            "makers of equal size stood there.",
        )
    )
    blocks.append(Prose([told]))
    losses = [
        [
            loss.name,
            *(
                num(f"makers.{word}.{layer.id}.{loss.maker}", percent(loss.readings[word].part.mean), QUICK)
                for word in loss.readings
            ),
        ]
        for loss in found.losses[:LOSSES]
    ]
    if losses:
        heads = ("until the rest has rebuilt", "for one year", "for good")
        blocks.append(
            Table(
                "Compute of the next two years that is lost when one maker stops",
                ("Maker", *heads),
                losses,
                frozenset({1, 2, 3}),
            )
        )
    return blocks


def _capacity(study: Study, layer: LayerDeclaration) -> Table:
    facts = sorted(study.catalog.under(layer.capacity), key=lambda fact: fact.id)
    rows = [
        [
            fact.id.removeprefix(f"{layer.capacity}."),
            fact_link(fact.id, number(fact.value)),
            fact_link(fact.id, f"{number(fact.low)} to {number(fact.high)}"),
            fact.unit,
            fact.kind,
            fact.as_of,
            link(f"/source/{fact.source}", study.catalog.sources[fact.source].title),
        ]
        for fact in facts
    ]
    head = ("Period", "Capacity", "Low to high", "Unit", "Kind", "As of", "Source")
    caption = facts[0].of if facts else layer.name
    return Table(
        caption[:1].upper() + caption[1:],
        head,
        rows,
        frozenset({1, 2}),
        "What is stated of its capacity",
        "stated",
    )
