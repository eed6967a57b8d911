"""Companies: what each keeps of the rent of scarcity, through which layers, and what is not known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from narrows.errors import UnknownNameError
from narrows.figure import number
from narrows.report.pages.map_page import source_line
from narrows.report.pages.parts import Model, Prose, Table, Terms, fact_link, joined, link, num
from narrows.report.pages.question import Question
from narrows.report.pages.shown import NONE
from narrows.report.words import percent
from narrows.value.segments import segment_lines

if TYPE_CHECKING:
    from markupsafe import Markup

    from narrows.report.pages.study import Study
    from narrows.value.answer import CompanyRow, ValueResult

__all__ = ["companies_page", "company_page", "company_table", "layer_table", "role_table", "thread_tables"]

SHOWN = 24
"""Companies in the table of a Day."""
ROLES = {
    "makers": "Makers of the layers",
    "designers": "Designers of chips",
    "operators": "Operators of compute",
    "buyers": "Buyers of compute",
}
QUICK = Question(quick=True)


def role_table(found: ValueResult) -> Table:
    """Return what makers, designers, operators and buyers keep."""
    rows = [
        [ROLES.get(row.role, row.role), num(f"value.role.{row.role}.{found.quarter}", _share(row.share))]
        for row in found.roles
    ]
    return Table(
        f"Who keeps the rents from {found.quarter} to {found.last}",
        ("Claimant", "Of all rents"),
        rows,
        frozenset({1}),
    )


def layer_table(found: ValueResult) -> Table:
    """Return the rent of every layer and how long it lasts, the largest first."""
    rows = [
        [
            link(f"/layer/{row.id}", row.name),
            num(f"value.rent.{row.id}.{found.quarter}", number(row.rent.mean)),
            num(f"value.rent_share.{row.id}.{found.quarter}", _share(row.rent_share)),
            num(f"value.durability.{row.id}.{found.quarter}", number(row.durability, 2)),
        ]
        for row in sorted(found.layers, key=lambda row: -row.rent_share)
    ]
    return Table(
        f"Rent of each layer from {found.quarter} to {found.last}, mean over draws",
        ("Layer", "Rent [USD]", "Of all rents", "Quarters of the next eight with a rent"),
        rows,
        frozenset({1, 2, 3}),
    )


def company_table(study: Study, found: ValueResult, most: int = SHOWN) -> Table:
    """Return companies by what they keep, the most first.

    Parameters
    ----------
    study
        The study.
    found
        Who keeps the value.
    most
        Companies shown.
    """
    quarter = found.quarter
    rows = []
    for row in found.companies[:most]:
        accounts = row.exposure is not None
        rows.append(
            [
                _name(study, row.id, row.name),
                num(f"value.kept.{row.id}.{quarter}", number(row.kept.mean)),
                num(f"value.share.{row.id}.{quarter}", _share(row.rent_share)),
                num(f"value.durability.{row.id}.{quarter}", number(row.durability, 2)),
                num(f"value.exposure.{row.id}.{quarter}", percent(row.exposure or 0.0)) if accounts else NONE,
                num(f"value.profit_share.{row.id}.{quarter}", _share(row.profit_share))
                if row.profit_share is not None
                else NONE,
            ]
        )
    return Table(
        f"Companies by what they keep from {quarter} to {found.last}, mean over draws",
        ("Company", "Kept [USD]", "Of all rents", "Quarters it lasts", "Of its revenue", "Of gross profit"),
        rows,
        frozenset({1, 2, 3, 4, 5}),
        note="Not known: no accounts of that company are held here. Nothing is filled in.",
    )


def companies_page(study: Study, question: Question, _: str = "") -> Model:
    """Return all companies."""
    del question
    found = study.rooms.value
    ids = {row.id for row in found.companies}
    rest = [company for company in study.catalog.companies if company.id not in ids]
    blocks: list[Any] = [
        role_table(found),
        company_table(study, found, len(found.companies)),
        layer_table(found),
    ]
    if rest:
        names = joined((link(f"/company/{company.id}", company.name) for company in rest), ", ")
        blocks.append(Prose([joined(("No rent is traced to", names + "."))], "Other companies"))
    return Model(
        title="Companies",
        lead=joined(
            (
                f"Scarcity from {found.quarter} to {found.last} is worth",
                num(f"value.rent.all.{found.quarter}", f"{number(found.total.mean)} USD"),
                "in the mean. Here is who keeps it: facts give the shares of makers,",
                "and how much of a rent their contracts let them take.",
                source_line(study, study.base),
            )
        ),
        blocks=blocks,
    )


def company_page(study: Study, question: Question, id_: str = "") -> Model:
    """Return one company."""
    del question
    names = {company.id: company for company in study.catalog.companies}
    if id_ not in names:
        raise UnknownNameError("company", id_, names, "See /companies")
    company = names[id_]
    found = study.rooms.value
    row = next((one for one in found.companies if one.id == id_), None)
    blocks: list[Any] = []
    if row is not None:
        blocks += [_kept(study, found, row), _accounts(found, row)]
    if row is not None and any(role == "designers" for _, role, _ in row.parts):
        blocks += thread_tables(study, id_)
    blocks += [*_segments(study, id_), *_made(study, id_), *_stated(study, id_)]
    if row is None and company.note:
        blocks.append(Prose([f"{company.name}: {company.note}."], "What is lacking"))
    if not blocks:
        blocks = [Prose(["No fact here is about it yet, beyond its name."])]
    return Model(title=company.name, lead=_lead(found, row, company.name, company.ticker), blocks=blocks)


def _lead(found: ValueResult, row: CompanyRow | None, name: str, ticker: str) -> Markup:
    listed = f"Listed as {ticker}." if ticker else "Not listed, as far as is known here."
    if row is None:
        return joined(
            (f"No rent of scarcity is traced to {name} from {found.quarter} to {found.last}.", listed)
        )
    return joined(
        (
            f"From {found.quarter} to {found.last} it keeps",
            num(f"value.kept.{row.id}.{found.quarter}", f"{number(row.kept.mean)} USD"),
            "of the rents of scarcity in the mean",
            num(
                f"value.kept.{row.id}.{found.quarter}",
                f"({number(row.kept.p05)} to {number(row.kept.p95)}, 5 to 95 %)",
            )
            + ",",
            num(f"value.share.{row.id}.{found.quarter}", _share(row.rent_share)),
            "of all.",
            *(["A mean below nothing: what it is bound to pay outlasts the shortage."] * (row.kept.mean < 0)),
            listed,
        )
    )


def _kept(study: Study, found: ValueResult, row: CompanyRow) -> Table:
    names = {layer.id: layer.name for layer in found.layers}
    roles: dict[str, list[str]] = {}
    for layer, role, _ in row.parts:
        roles.setdefault(layer, []).append(role)
    watch = {layer.id: layer.watch for layer in study.catalog.layers}
    rows = [
        [
            link(f"/layer/{layer}", names.get(layer, layer)),
            " and ".join(role.removesuffix("s") for role in held),
            num(f"value.share.{row.id}.{layer}.{found.quarter}", _share(_sum(row, layer))),
            num(f"value.durability.{layer}.{found.quarter}", number(_held(found, layer), 2)),
            watch.get(layer, ""),
        ]
        for layer, held in roles.items()
    ]
    return Table(
        "What it keeps by layer, and quarters of the next eight in which the layer earns a rent",
        ("Layer", "As", "Of all rents", "Quarters", "Watch"),
        rows,
        frozenset({2, 3}),
        "Through which layers",
        "layers",
    )


def _sum(row: CompanyRow, layer: str) -> float:
    return sum(share for name, _, share in row.parts if name == layer)


def _held(found: ValueResult, layer: str) -> float:
    return next((one.durability for one in found.layers if one.id == layer), 0.0)


def _accounts(found: ValueResult, row: CompanyRow) -> Terms:
    quarter = found.quarter
    lasting = num(f"value.durability.{row.id}.{quarter}", number(row.durability, 2))
    pairs: list[tuple[str, str | Markup]] = [
        ("It lasts", joined((lasting, "of the next eight quarters"))),
        (
            "Revenue from the stack",
            num(f"value.exposure.{row.id}.{quarter}", percent(row.exposure)) if row.exposure is not None else
            "Not known: no accounts of this company are held here.",
        ),
    ]  # fmt: skip
    for word, value, what in (
        ("Of revenue of the stack", row.revenue_share, "revenue_share"),
        ("Of gross profit of the stack", row.profit_share, "profit_share"),
    ):
        pairs.append(
            (word, num(f"value.{what}.{row.id}.{quarter}", _share(value)) if value is not None else NONE)
        )
    if row.rank is not None:
        ranked = sum(one.rank is not None for one in found.companies)
        place = num(f"value.rank.{row.id}.{quarter}", f"{number(row.rank.p50)} of {ranked}")
        pairs.append(("Rank by rent kept, its length, and exposure", place))
    return Terms(pairs, "Beside its accounts", "accounts")


def _segments(study: Study, id_: str) -> list[Table]:
    """Return what the company reports of its segments, each number a link to its fact."""
    rows = [
        [
            line.segment.replace("_", " "),
            str(line.year),
            fact_link(line.fact, _share(line.margin)),
            NONE if line.revenue is None else fact_link(line.revenue_fact, number(line.revenue)),
            line.of.partition(", ")[2],
        ]
        for line in segment_lines(study.catalog, id_)
    ]
    if not rows:
        return []
    head = ("Segment", "Year", "Margin", "Revenue [USD/year]", "Margin is")
    title = "What it reports of its segments; a margin is in the segment's own measure"
    return [Table(title, head, rows, frozenset({1, 2, 3}), "Its segments", "segments")]


def _made(study: Study, id_: str) -> list[Any]:
    rows = []
    for layer in study.catalog.layers:
        facts = [
            fact
            for fact in (study.catalog.under(layer.makers) if layer.makers else ())
            if fact.id.removeprefix(f"{layer.makers}.").split(".")[0] == id_
        ]
        if facts:
            newest = max(facts, key=lambda fact: fact.as_of)
            cell = fact_link(newest.id, percent(newest.value))
            rows.append([link(f"/layer/{layer.id}", layer.name), cell, newest.of, newest.as_of])
    if not rows:
        return []
    names = {one.id: one.name for one in study.rooms.makers.layers}
    made = {one.id for one in study.base.layers}
    losses = {
        layer.id: loss for layer in study.rooms.makers.layers for loss in layer.losses if loss.maker == id_
    }
    blocks: list[Any] = [
        Table(
            "Its share of layers, as last stated",
            ("Layer", "Share", "Of", "As of"),
            rows,
            frozenset({1}),
            "What it makes",
            "makes",
        )
    ]
    lost = [
        [
            link(f"/layer/{layer}", names[layer]) if layer in made else names[layer],
            *(
                num(f"makers.{word}.{layer}.{id_}", percent(loss.readings[word].part.mean), QUICK)
                for word in loss.readings
            ),
        ]
        for layer, loss in losses.items()
    ]
    if lost:
        heads = ("until the rest has rebuilt", "for one year", "for good")
        blocks.append(
            Table(
                "Compute of the next two years that is lost if it stops",
                ("Layer", *heads),
                lost,
                frozenset({1, 2, 3}),
                "Without it",
                "without",
            )
        )
    return blocks


def thread_tables(study: Study, id_: str) -> list[Any]:
    """Return one company through all layers: what it makes, and what goes into its designs.

    Parameters
    ----------
    study
        The study.
    id_
        Id of a company that designs chips.
    """
    found = study.rooms.thread(id_)
    if found is None:
        return []
    layers = {row.id for row in study.base.layers}
    rows = []
    for row in found.rows:
        takes = num(f"makers.thread.{id_}.{row.id}", percent(row.takes.mean), QUICK) if row.takes else ""
        makes = num(f"makers.share.{row.id}.{id_}", percent(row.makes.mean), QUICK) if row.makes else ""
        if takes or makes:
            rows.append([link(f"/layer/{row.id}", row.name) if row.id in layers else row.name, makes, takes])
    said = [
        [fact.of, fact_link(fact.fact, percent(fact.value)), fact.about or fact.as_of]
        for row in found.rows
        for fact in row.reported
        if fact.unit == "share"
    ]
    blocks: list[Any] = [
        Table(
            f"{found.name} through the stack, share of each layer",
            ("Layer", "It makes", "Its designs take"),
            rows,
            frozenset({1, 2}),
            "Through the stack",
            "thread",
        )
    ]
    if said:
        head = ("What sources say of the same", "Share", "About")
        blocks.append(Table("Statements that the model does not use", head, said, frozenset({1})))
    return blocks


def _stated(study: Study, id_: str) -> list[Prose]:
    if id_ not in study.subjects or not any(fact.id.startswith(f"{id_}.") for fact in study.catalog):
        return []
    return [
        Prose(
            [joined(("What it reported:", link(f"/facts/{id_}", f"facts of {id_}") + "."))], "Its own numbers"
        )
    ]


def _name(study: Study, id_: str, name: str) -> str | Markup:
    known = {company.id for company in study.catalog.companies}
    return link(f"/company/{id_}", name) if id_ in known else name


def _share(value: float | None) -> str:
    small = 0.1
    if value is None:
        return NONE
    return f"{100 * value + 0.0:.1f} %".replace("-0.0 %", "0.0 %") if abs(value) < small else percent(value)
