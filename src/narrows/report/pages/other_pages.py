"""Two scenarios side by side, predicted against measured, and the interface for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from narrows.figure import number
from narrows.report.pages.parts import Export, Model, Prose, Table, joined, link, num
from narrows.report.pages.question import Question, read_question
from narrows.report.words import SHOWN_FROM, compute, layer_names, likeliest, percent, within

if TYPE_CHECKING:
    from narrows.report.pages.measured import Row
    from narrows.report.pages.study import Study

__all__ = ["api_page", "compare_page", "validation_page"]

ROUTES = (
    ("GET", "/api/v1", "what this study is: vintage, model, draws, seed, and these addresses"),
    ("GET", "/api/v1/map", "the map, as narrows map --json"),
    ("GET", "/api/v1/now", "the map of the first quarter alone"),
    ("GET", "/api/v1/numbers", "ids of all numbers of the map"),
    ("GET", "/api/v1/numbers/{id}", "one number with its chain, as narrows why --json"),
    ("GET", "/api/v1/facts?q=", "facts that hold some words, as narrows facts --json"),
    ("GET", "/api/v1/facts/{id}", "every statement of one fact"),
    ("GET", "/api/v1/sources", "sources by key"),
    ("GET", "/api/v1/layers", "layers in flow order, as narrows layer --json"),
    ("GET", "/api/v1/search?q=", "pages, numbers and facts that hold some words"),
    ("GET", "/api/v1/validation", "predicted against measured"),
    (
        "GET",
        "/api/v1/tables/{id}",
        "flat rows that other programs draw: deployed, binds, layers, facts, market",
    ),
    ("POST", "/api/v1/scenario", "the map under a scenario: an overlay on facts"),
    ("GET", "/api/v1/openapi.json", "the description of all this for programs"),
)
"""Method, address and meaning of what programs may ask."""


def compare_page(study: Study, question: Question, _: str = "") -> Model:
    """Return two scenarios side by side, in the same draws."""
    pair = [_same(read_question(text)) for text in (question.a, question.b)]
    column = study.column(question)
    results = [study.map(asked) for asked in pair]
    quarter, names = study.quarters[column], layer_names(results[0])
    rows = []
    for name, text in names.items():
        shares = [result.binds[name][column] for result in results]
        if max(shares) >= SHOWN_FROM:
            cells = [
                num(f"map.binds.{name}.{quarter}", percent(share), asked)
                for share, asked in zip(shares, pair, strict=True)
            ]
            rows.append([text, *cells])
    flows = [
        num(f"map.deployed.{quarter}", f"{compute(result.deployed.p50[column])}", asked)
        for result, asked in zip(results, pair, strict=True)
    ]
    heads = [_name(asked) for asked in pair]
    rows.append(["Deployed, H100e a quarter", *flows])
    first, second = (within(names[likeliest(result, column)[0][0]]) for result in results)
    told = f"{first} in both" if first == second else f"{first} in A, {second} in B"
    links = joined(
        (link("/" + (f"?{asked.query()}" if asked.query() else ""), f"{key}: {head}")
         for key, asked, head in zip("AB", pair, heads, strict=True)), "; "
    )  # fmt: skip
    return Model(
        title="Two scenarios",
        lead=Markup("In {} the likeliest layer is {}. {}.").format(quarter, told, links),
        blocks=[
            Table(
                f"Probability that each layer binds in {quarter}, in the same draws",
                ("Layer", f"A: {heads[0]}", f"B: {heads[1]}"),
                rows,
                frozenset({1, 2}),
            ),
            Prose(
                [
                    Markup(
                        "Write <code>/compare?a=cowos.capacity%3D1.2&amp;b=data_hall.capacity%3D1.5</code>: "
                        "each side is the query of a link to the map; an empty one is the facts as they are."
                    )
                ],
                "How to ask",
            ),
        ],
    )


def _same(asked: Question) -> Question:
    """Ask with the draws of a what-if on both sides."""
    return Question(asked.changes, quick=not asked.changes)


def _name(asked: Question) -> str:
    return ", ".join(f"{name} × {factor:g}" for name, factor in asked.changes) or "the facts as they stand"


def validation_page(study: Study, question: Question, _: str = "") -> Model:
    """Return predicted against measured, misses first."""
    del question
    rows = sorted(study.measured, key=lambda row: (row.holds is not False, row.room))
    if not rows:
        return Model(
            title="Validation", lead="No table of validation is installed here. Run narrows validate."
        )
    met = sum(row.holds is True for row in rows)
    missed = num("study.validation_misses", f"{sum(row.holds is False for row in rows)} are missed")
    cells = [
        [
            row.quantity,
            Markup('<span class="{}">{}</span>').format(row.verdict.split()[0], row.verdict),
            row.metric,
            "not run" if row.value is None else num(row.id, number(row.value)),
            row.goal,
            _beside(row, row.baseline),
            _beside(row, row.n) if row.value is not None else "",
            row.dataset,
            row.room,
        ]
        for row in rows
    ]
    head = ("Quantity", "Goal met", "Metric", "Value", "Goal", "Baseline", "n", "Against", "Room")
    return Model(
        title="Validation",
        lead=joined(
            (
                "Predicted against measured:",
                num("study.validation_rows", f"{len(rows)} comparisons") + ",",
                f"{met} goals are met,",
                missed + ".",
                "Misses come first; goals are not loosened to pass.",
            )
        ),
        blocks=[
            Table(
                "Predicted against measured", head, cells, frozenset({3, 5, 6}),
                exports=() if study.static else (Export("JSON", "/api/v1/validation"),),
            )
        ],
    )  # fmt: skip


def _beside(row: Row, text: str) -> str | Markup:
    return num(row.id, text) if text and row.value is not None else text


def api_page(study: Study, question: Question, _: str = "") -> Model:
    """Return what programs may ask."""
    del study, question
    rows = [[Markup("<code>{}</code>").format(f"{method} {path}"), text] for method, path, text in ROUTES]
    example = (
        '{"name": "More data halls", "scale": {"data_hall.capacity": 1.2}, '
        '"quarters": {"data_hall.capacity": "2026Q1:2030Q4"}, "draws": 500}'
    )
    return Model(
        title="For programs",
        lead=joined(
            (
                "The same numbers as JSON, in the envelope of the command line. Version 1 only gains fields.",
                link("/api/v1/openapi.json", "Description") + ".",
            )
        ),
        blocks=[
            Table("Addresses", ("Address", "Answer"), rows),
            Prose(
                [
                    Markup(
                        "A scenario is posted as JSON with the keys of a scenario file: <code>name</code>, "
                        "<code>why</code>, <code>set</code>, <code>scale</code>, <code>quarters</code>, and "
                        "<code>draws</code>: <code>{}</code>"
                    ).format(example),
                    "Every refusal has three parts: given, acceptable, remedy.",
                    Markup(
                        'A chart stands in another page with <code>&lt;iframe src="/embed/map"&gt;</code>; '
                        "only addresses under <code>/embed</code> may be framed."
                    ),
                ],
                "How to ask",
            ),
        ],
    )
