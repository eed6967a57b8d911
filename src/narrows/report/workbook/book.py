"""The map as a workbook: headlines that follow the inputs, and where every input comes from."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from narrows.bottlenecks.model import LAST, build
from narrows.catalog import PointReader
from narrows.errors import DataError
from narrows.quarters import Quarter
from narrows.report.words import layer_names, likeliest
from narrows.report.workbook.formula import at, least, place
from narrows.report.workbook.inputs import Inputs, facts_behind, inputs_of
from narrows.report.workbook.rents import add_rents
from narrows.report.workbook.sheet import Sheet, Styles, neighbours
from narrows.report.workbook.stack import add_stack

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook

    from narrows.bottlenecks.model import Model
    from narrows.bottlenecks.result import MapResult
    from narrows.catalog import Catalog
    from narrows.report.workbook.stack import Flow

__all__ = ["map_workbook"]

TITLE = "The map: what each layer could carry, what is deployed, and which layer binds"
NOTES = (
    "Every number above the last table is a formula. Change a yellow cell on the sheet Inputs, all follow.",
    (
        "Central values, in one draw: they deploy more than the median of many draws, since the least of "
        "many layers in doubt is mostly below the least of their centres. The last table is from the draws."
    ),
)
LEFT, HEAD, FIRST = 2, 5, 6
SOURCE_HEAD = (
    "Fact", "Value", "Low", "High", "Unit", "Low and high are", "Kind", "Said on", "Source", "Producer",
    "Published", "Read on", "Licence", "Where in it", "Why assumed, or a remark", "Link",
)  # fmt: skip
SOURCE_WIDTHS = (34, 12, 12, 12, 14, 14, 11, 11, 40, 22, 11, 11, 16, 30, 50, 50)


def map_workbook(result: MapResult, catalog: Catalog) -> bytes:
    """Return the map as a workbook (XLSX) with formulas from the facts to the headlines.

    Parameters
    ----------
    result
        The answer of `narrows.map`: its quarters are shown, and what its draws say stands below.
    catalog
        The facts that it was asked of.

    Returns
    -------
    bytes
        The same for the same facts, draws and seed. Texts are written as texts, never as formulas.

    Raises
    ------
    DataError
        If xlsxwriter is not there.

    Notes
    -----
    The sheets compute what the model computes when every fact has its central value: mix and recipes,
    supply over need, and the recursion of `narrows.bottlenecks.plain`, with the layer that sets it. Beside
    each formula its value is kept, for readers that do not compute.

    Examples
    --------
    >>> from narrows.bottlenecks import map as ask
    >>> from narrows.catalog import default
    >>> map_workbook(ask("2027Q1", draws=20), default())[:2]
    b'PK'
    """
    try:
        import xlsxwriter
    except ImportError as error:
        raise DataError(
            "A workbook is asked for, and the package xlsxwriter is not there",
            "Tables are written as CSV without it",
            "Install narrows[xlsx], or ask for --csv",
        ) from error
    model = build(PointReader(catalog), max(Quarter.parse(result.quarters[-1]), LAST))
    kept = io.BytesIO()
    book = xlsxwriter.Workbook(
        kept,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    said = datetime.combine(catalog.last, datetime.min.time(), tzinfo=UTC).replace(tzinfo=None)
    book.set_properties({"title": TITLE, "author": "narrows", "comments": _stamp(result), "created": said})
    book.set_calc_mode("auto")
    styles = Styles(book)
    page = Sheet(book, "Map", styles)
    names = inputs_of(model)
    inputs = Inputs(book, styles, model, names)
    flow = add_stack(book, styles, model, inputs)
    _headlines(book, page, model, result, flow)
    quarters = [str(quarter) for quarter in model.quarters]
    add_rents(book, styles, model, inputs, flow, [quarters.index(quarter) for quarter in result.quarters])
    _sources(book, styles, catalog, facts_behind(model, names))
    book.close()
    return kept.getvalue()


def _stamp(result: MapResult) -> str:
    meta = result.meta
    laid = f", scenario {meta['scenario_name']!r}" if meta.get("scenario") else ""
    known = f", as known on {meta['as_of']}" if meta.get("as_of") else ""
    return f"narrows, model {meta['model_version']}, facts of {meta['vintage']}{known}{laid}"


def _headlines(book: Workbook, sheet: Sheet, model: Model, result: MapResult, flow: Flow) -> None:
    """Write the first sheet."""
    sheet.widths(46, 20)
    sheet.page.set_column(LEFT, LEFT + len(result.quarters), 17)
    sheet.put(0, 0, TITLE, "title")
    sheet.put(1, 0, _stamp(result) + ".", "plain")
    for step, note in enumerate(NOTES):
        sheet.put(2 + step, 0, note, "plain")
    quarters = [str(quarter) for quarter in model.quarters]
    shown = [quarters.index(quarter) for quarter in result.quarters]
    sheet.row(HEAD, 0, ["Central values", "unit"], "head")
    sheet.row(HEAD, LEFT, list(result.quarters), "head_right")
    for step, (name, unit, span, style) in enumerate(
        (
            ("Compute deployed", "H100e a quarter", flow.deployed, "headline"),
            ("IT power of it", "MW a quarter", flow.power, "amount"),
            ("Compute installed since the model begins", "H100e", flow.installed, "amount"),
            ("Layer that binds", "", flow.binding, "binding"),
        )
    ):
        sheet.row(FIRST + step, 0, [name, unit], "name")
        sheet.row(FIRST + step, LEFT, [span[t] for t in shown], style)
    line = _alone(sheet, FIRST + 5, model, flow, shown)
    line = _drawn(sheet, line + 1, result)
    _chart(book, sheet, line + 1, result)
    sheet.page.freeze_panes(HEAD + 1, LEFT)
    sheet.page.activate()


def _alone(sheet: Sheet, line: int, model: Model, flow: Flow, shown: list[int]) -> int:
    """Write what each layer alone could carry, the least of them, and whose it is; return the next line."""
    sheet.row(line, 0, ["What each layer alone could carry", "by quarter deployed"], "part")
    first = line + 1
    cells = [sheet.put(first + row, 0, layer.declared.name, "name") for row, layer in enumerate(model.layers)]
    rows = []
    for row, layer in enumerate(model.layers):
        sheet.put(first + row, 1, "H100e a quarter", "name")
        rows.append(sheet.row(first + row, LEFT, [flow.serving[layer.id][t] for t in shown], "amount"))
    columns = [neighbours([row[step] for row in rows]) for step in range(len(shown))]
    end = first + len(rows)
    sheet.row(end, 0, ["Least of them", "H100e a quarter"], "name")
    lows = sheet.row(end, LEFT, [least(column) for column in columns], "amount")
    sheet.put(end + 1, 0, "Whose it is (stock can carry more for a while)", "name")
    names = neighbours(cells)
    found = [at(names, place(column, low)) for column, low in zip(columns, lows, strict=True)]
    sheet.row(end + 1, LEFT, found, "right")
    mark = sheet.page.conditional_format
    for step in range(len(shown)):
        column = LEFT + step
        mark(first, column, end - 1, column, {"type": "bottom", "value": 1, "format": sheet.styles["least"]})
    return end + 2


def _drawn(sheet: Sheet, line: int, result: MapResult) -> int:
    """Write what the draws say, which no formula computes; return the next line."""
    draws = result.meta["draws"]
    told = f"From {draws:,} draws, seed {result.meta['seed']}: does not follow the inputs"
    sheet.put(line, 0, told, "part")
    bands = (("5 %", result.deployed.p05), ("median", result.deployed.p50), ("95 %", result.deployed.p95))
    for step, (name, series) in enumerate(bands, start=1):
        sheet.row(line + step, 0, [f"Compute deployed, {name}", "H100e a quarter"], "name")
        sheet.row(line + step, LEFT, list(series), "amount")
    names = layer_names(result)
    best = [likeliest(result, column)[0] for column in range(len(result.quarters))]
    sheet.row(line + 4, 0, ["Likeliest to bind", ""], "name")
    sheet.row(line + 4, LEFT, [names[name] for name, _ in best], "right")
    sheet.row(line + 5, 0, ["in this share of draws", "share"], "name")
    sheet.row(line + 5, LEFT, [share for _, share in best], "share")
    return line + 6


def _chart(book: Workbook, sheet: Sheet, line: int, result: MapResult) -> None:
    last = LEFT + len(result.quarters) - 1
    chart = book.add_chart({"type": "column"})
    chart.add_series(
        {
            "name": "Compute deployed, central values",
            "categories": [sheet.name, HEAD, LEFT, HEAD, last],
            "values": [sheet.name, FIRST, LEFT, FIRST, last],
            "fill": {"color": "#2f6fae"},
            "gap": 40,
        }
    )
    chart.set_title({"name": "Compute deployed, H100e a quarter", "name_font": {"size": 12}})
    chart.set_legend({"none": True})
    chart.set_y_axis(
        {"num_format": '#,##0,,"M"', "major_gridlines": {"visible": True, "line": {"color": "#d9dee3"}}}
    )
    chart.set_size({"width": 960, "height": 320})
    sheet.page.insert_chart(
        line, 0, chart, {"description": "Compute deployed in each quarter, central values"}
    )


def _sources(book: Workbook, styles: Styles, catalog: Catalog, names: list[str]) -> None:
    """Write the sheet of sources: one row a statement."""
    sheet = Sheet(book, "Sources", styles)
    sheet.widths(*SOURCE_WIDTHS)
    sheet.put(0, 0, "Sources", "title")
    sheet.put(
        1,
        0,
        "Every fact behind the sheet Inputs: who said it, when, under which licence, and where.",
        "plain",
    )
    sheet.row(3, 0, list(SOURCE_HEAD), "head")
    statements = [fact for name in names for fact in catalog.candidates(name)]
    for line, fact in enumerate(statements, start=4):
        source = catalog.sources[fact.source]
        sheet.put(line, 0, fact.id, "name")
        for column, value in enumerate((fact.value, fact.low, fact.high), start=1):
            sheet.put(line, column, value)
        texts = (
            fact.unit, fact.level, fact.kind, fact.as_of, source.title, source.producer,
            source.date_published, source.date_accessed, source.licence, fact.locator, fact.why or fact.note,
        )  # fmt: skip
        sheet.row(line, 4, list(texts), "text")
        sheet.link(line, len(SOURCE_HEAD) - 1, source.url)
    sheet.page.freeze_panes(4, 1)
    sheet.page.autofilter(3, 0, 3 + len(statements), len(SOURCE_HEAD) - 1)
