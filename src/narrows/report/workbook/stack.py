"""The stack of the map as formulas: recipes, capacities, and the flow through the layers.

The sheets say what `narrows.bottlenecks.model` and `narrows.bottlenecks.plain` compute, in one draw: the
need of each layer for one H100e, its capacity K, the cap on its stock B, and its greatest cumulative output
Z, found upwards and then downwards in every quarter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from narrows.bottlenecks.answer import WATTS_PER_MW
from narrows.bottlenecks.model import APART, COUNTED
from narrows.bottlenecks.supply import QUARTER_S, SAME_MOMENT_YEARS, horizon
from narrows.report.workbook.formula import (
    Span,
    Term,
    at,
    choose,
    constant,
    exp,
    greatest,
    least,
    log,
    place,
    stretch,
    weighted,
)
from narrows.report.workbook.sheet import Sheet, neighbours

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xlsxwriter.workbook import Workbook

    from narrows.bottlenecks.model import Model
    from narrows.bottlenecks.supply import FactLayer
    from narrows.report.workbook.inputs import Inputs
    from narrows.report.workbook.sheet import Styles

__all__ = ["Flow", "Series", "add_stack"]

UNLIMITED = 1e150
"""Stands for the output of a layer without any limit [h100e]."""
QUARTERS_A_YEAR = 4
POWER = "it_kw"
LEFT = 3
"""Columns before the first quarter: name, unit, and what stands before the first quarter."""
HEAD_ROW, YEAR_ROW, FIRST_ROW = 3, 4, 6


class Series(NamedTuple):
    """Anchors in time: moments [year] and values there."""

    moments: Span
    values: Span


@dataclass(frozen=True)
class Flow:
    """What the headlines are taken from, axis (quarter), all quarters of the model.

    Parameters
    ----------
    capacity
        Capacity of each layer [h100e/quarter], by layer id.
    serving
        The same by the quarter of deployment that it serves, by layer id.
    deployed, installed
        Compute deployed in the quarter [h100e/quarter], and in all [h100e].
    power
        IT power of what is deployed [MW/quarter].
    binding
        Name of the layer that binds.
    narrowest
        Name of the layer whose capacity is the least of those that serve the quarter.
    up, output, wins
        By row of the model and quarter: output from own capacity and inputs, greatest output [h100e], and
        what sets the former: 0 for own capacity, else the place of the input.
    capped, lags
        By row: whether its stock has a limit, and the whole quarters to the use of its output.
    years
        Middles of the quarters [year].
    series
        Gives a series of facts as anchors.
    """

    capacity: dict[str, Span]
    serving: dict[str, Span]
    deployed: Span
    installed: Span
    power: Span
    binding: Span
    narrowest: Span
    up: list[list[Term]]
    output: list[list[Term]]
    wins: list[list[Term]]
    capped: list[bool]
    lags: tuple[Term, ...]
    years: Span
    series: Callable[[str], Series]


def add_stack(book: Workbook, styles: Styles, model: Model, inputs: Inputs) -> Flow:
    """Add the sheets of the stack to a workbook.

    Parameters
    ----------
    book, styles
        The workbook and its styles.
    model
        The model in one draw, in which every fact has its central value.
    inputs
        The sheet of inputs.
    """
    lags = _Lags(book, styles, model, inputs)
    anchors = _Anchors(book, styles, model, inputs)
    recipes = _Recipes(book, styles, model, inputs=inputs, anchors=anchors, lags=lags)
    capacities = _Capacities(book, styles, model, anchors=anchors, recipes=recipes, lags=lags)
    return _flow(book, styles, model, lags, capacities, anchors)


def _titled(sheet: Sheet, title: str, note: str) -> None:
    sheet.put(0, 0, title, "title")
    sheet.put(1, 0, note, "plain")


class _Lags:
    """The sheet of times: from output to use, to deployment, and how long stock may wait [quarter]."""

    HEAD = (
        "Layer", "Feeds", "Lag [quarter]", "Whole quarters", "To deployment [quarter]", "Whole quarters",
        "Left by rounding", "Stock may wait [quarter]",
    )  # fmt: skip

    def __init__(self, book: Workbook, styles: Styles, model: Model, inputs: Inputs) -> None:
        sheet = self.sheet = Sheet(book, "Times", styles)
        sheet.widths(28, 28, 14, 14, 20, 14, 16, 22)
        _titled(sheet, "Times", "From a layer's output to its use, and to deployment.")
        sheet.row(HEAD_ROW, 0, self.HEAD, "head")
        parent = model.network.parent.tolist()
        names = ["Deployed compute", *(layer.declared.name for layer in model.layers)]
        zero = sheet.put(HEAD_ROW + 1, 2, 0.0)
        exact, whole = [zero], [sheet.put(HEAD_ROW + 1, 3, 0.0)]
        for row, layer in enumerate(model.layers, start=1):
            name, line = layer.declared.lag, HEAD_ROW + 1 + row
            lag = inputs[name] / constant(QUARTER_S) if name else Term("0", 0.0)
            exact.append(sheet.put(line, 2, lag, "fine"))
            whole.append(sheet.put(line, 3, _rounded(exact[-1]), "whole"))
        self.whole = tuple(whole)
        self.path_exact, self.path, early, hold = [], [], [], []
        for row in range(len(parent)):
            line, way = HEAD_ROW + 1 + row, _way(parent, row)
            sheet.put(line, 0, names[row], "name")
            sheet.put(line, 1, names[parent[row]] if row else "", "name")
            self.path_exact.append(sheet.put(line, 4, _total([exact[node] for node in way]), "fine"))
            self.path.append(sheet.put(line, 5, _total([whole[node] for node in way]), "whole"))
            early.append(sheet.put(line, 6, self.path_exact[-1] - self.path[-1], "fine"))
            told = model.layers[row - 1].declared.hold if row else ""
            apart = constant(1.0 + APART * row)
            wait = inputs[told] / constant(QUARTER_S) * apart if told else None
            hold.append(sheet.put(line, 7, wait, "fine") if wait else None)
        self.early, self.hold = early, hold
        # Names by the number of the layer that binds; 0 is the opening stock.
        line = HEAD_ROW + 3 + len(parent)
        sheet.put(line, 0, "Numbers of the layers", "part")
        shown = ["Opening stock", *names[1:]]
        self.names = neighbours(
            [sheet.put(line + 1 + step, 1, name, "name") for step, name in enumerate(shown)]
        )
        self.codes = [sheet.put(line + 1 + step, 0, float(step), "whole") for step in range(len(shown))]
        sheet.page.freeze_panes(HEAD_ROW + 1, 1)


class _Anchors:
    """The sheet of series: facts about periods, as anchors in time."""

    def __init__(self, book: Workbook, styles: Styles, model: Model, inputs: Inputs) -> None:
        self.sheet = Sheet(book, "Anchors", styles)
        self.sheet.widths(34, 16)
        _titled(
            self.sheet,
            "Anchors",
            "Series of facts: the middle of each period [year], and what is said of it.",
        )
        self._book, self._inputs = model.reader.catalog, inputs
        self._line = HEAD_ROW
        self._kept: dict[str, Series] = {}
        self.sheet.page.freeze_panes(HEAD_ROW, 2)

    def series(self, name: str) -> Series:
        """Return a series of facts, written on its first use."""
        if name not in self._kept:
            facts = self._book.series(name)
            moments = [float(fact.midpoint or 0.0) for fact in facts]
            self._kept[name] = self._write(name, moments, [self._inputs[fact.id] for fact in facts])
        return self._kept[name]

    def logarithms(self, layer: FactLayer) -> Series:
        """Return the logarithms of a layer's capacity, as plans turn out, close anchors averaged."""
        told, line = layer.declared, self._line
        facts = self._book.series(told.capacity)
        ahead = horizon([fact._replace(kind="assumption") for fact in facts]).tolist()
        slip = self._inputs[told.slip] if self._inputs.has(told.slip) else None
        terms = []
        for fact, far in zip(facts, ahead, strict=True):
            term = log(self._inputs[fact.id])
            years = self._inputs.foretold(fact.id, far) if slip is not None else None
            terms.append(term + log(slip) * years if slip is not None and years is not None else term)
        sheet = self.sheet
        sheet.put(line, 0, told.capacity, "part")
        sheet.put(line + 1, 0, "middle of the period [year]", "name")
        moments = np.array([fact.midpoint for fact in facts], dtype=np.float64)
        sheet.row(line + 1, 2, moments.tolist(), "year")
        sheet.put(line + 2, 0, "ln of capacity, plans slipped", "name")
        cells = sheet.row(line + 2, 2, terms, "fine")
        self._line += 4
        starts = np.flatnonzero(np.diff(moments, prepend=-np.inf) >= SAME_MOMENT_YEARS).tolist()
        groups = [slice(start, end) for start, end in zip(starts, [*starts[1:], len(facts)], strict=True)]
        means = [float(moments[group].mean()) for group in groups]
        merged = [_mean(cells.terms[group]) for group in groups]
        return self._write(f"{told.capacity}, close anchors averaged", means, merged, "fine")

    def _write(
        self, name: str, moments: Sequence[float], values: Sequence[Term], style: str = "any"
    ) -> Series:
        sheet, line = self.sheet, self._line
        sheet.put(line, 0, name, "part")
        sheet.put(line + 1, 0, "middle of the period [year]", "name")
        sheet.put(line + 2, 0, "value", "name")
        self._line += 4
        return Series(sheet.row(line + 1, 2, moments, "year"), sheet.row(line + 2, 2, values, style))


class _Recipes:
    """The sheet of recipes: what one H100e takes of each layer, and of IT power, by the mix of designs."""

    def __init__(
        self,
        book: Workbook,
        styles: Styles,
        model: Model,
        *,
        inputs: Inputs,
        anchors: _Anchors,
        lags: _Lags,
    ) -> None:
        self.sheet = sheet = Sheet(book, "Recipes", styles)
        self._inputs, self._anchors, self._catalog = inputs, anchors, model.reader.catalog
        sheet.widths(34, 16)
        _titled(sheet, "Recipes", "What one H100e takes of each layer: mix of designs x units per H100e.")
        needs = [(POWER,), *(layer.declared.need for layer in model.layers)]
        names = ["IT power", *(layer.declared.name for layer in model.layers)]
        designs = [one.id for one in self._catalog.designs if self._catalog.series(f"mix.{one.id}")]
        years = sorted(
            {float(fact.midpoint or 0.0) for one in designs for fact in self._catalog.series(f"mix.{one}")}
        )
        line = HEAD_ROW
        sheet.put(line, 0, "Mix of designs stated for [year]", "part")
        self.stated = sheet.row(line, 2, years, "year")
        shares = self._mix(line + 1, designs, years)
        line += 2 * len(designs) + 3
        sheet.put(line, 0, "Deployed at [year]", "part")
        sale = lags.path_exact[_row(model, COUNTED)] if _row(model, COUNTED) else Term("0", 0.0)
        self.moments = sheet.row(line, 2, [year + sale / QUARTERS_A_YEAR for year in self.stated], "year")
        line += 2
        own = [[term for term in terms if "." not in term] for terms in needs]
        recipes = self._recipes(line, designs, own, names)
        line += len(designs) + 2
        sheet.put(line, 0, "Need per H100e, canonical units", "part")
        sheet.row(line, 2, list(self.stated), "year")
        self.need = []
        for step, terms in enumerate(needs):
            sheet.put(line + 1 + step, 0, names[step], "name")
            common = [term for term in terms if "." in term]
            cells = [
                self._need(weighted(mix, recipes[step]) if terms else None, common, column)
                for column, mix in enumerate(shares)
            ]
            self.need.append(sheet.row(line + 1 + step, 2, cells, "tiny"))
        sheet.page.freeze_panes(HEAD_ROW + 1, 2)

    def _mix(self, line: int, designs: Sequence[str], years: Sequence[float]) -> list[Span]:
        """Write the mix as stated and with the sum of 1; return the columns of the latter."""
        sheet = self.sheet
        table: list[list[Term]] = []
        for step, one in enumerate(designs):
            said = {float(f.midpoint or 0.0): self._inputs[f.id] for f in self._catalog.series(f"mix.{one}")}
            sheet.put(line + step, 0, f"mix.{one}", "name")
            row = sheet.row(line + step, 2, [said.get(year, 0.0) for year in years], "share")
            table.append(list(row))
        total_line = line + len(designs)
        sheet.put(total_line, 0, "sum", "part")
        totals = [
            sheet.put(total_line, 2 + column, _sum(neighbours([row[column] for row in table])), "share")
            for column in range(len(years))
        ]
        found: list[list[Term]] = [[] for _ in years]
        for step, one in enumerate(designs):
            sheet.put(total_line + 1 + step, 0, f"share of {one}", "name")
            for column, total in enumerate(totals):
                share = table[step][column] / total
                found[column].append(sheet.put(total_line + 1 + step, 2 + column, share, "share"))
        return [neighbours(column) for column in found]

    def _recipes(
        self, line: int, designs: Sequence[str], own: Sequence[Sequence[str]], names: Sequence[str]
    ) -> list[Span]:
        """Write what one H100e of each design takes; return the columns, one a layer."""
        sheet = self.sheet
        sheet.put(line, 0, "Units per H100e of each design", "part")
        sheet.row(line, 2, list(names), "head_right")
        columns: list[list[Term]] = [[] for _ in own]
        for step, one in enumerate(designs):
            sheet.put(line + 1 + step, 0, one, "name")
            for column, terms in enumerate(own):
                amount = Term("1", 1.0) / self._inputs[f"{one}.h100e"]
                for term in terms:
                    fact = self._inputs[f"{one}.{term.lstrip('/')}"]
                    amount = amount / fact if term.startswith("/") else amount * fact
                columns[column].append(sheet.put(line + 1 + step, 2 + column, amount, "tiny"))
        return [neighbours(column) for column in columns]

    def _need(self, need: Term | None, common: Sequence[str], column: int) -> Term:
        found = need or Term("1", 1.0)
        for term in common:
            name = term.lstrip("/")
            if self._catalog.has(name):
                amount = self._inputs[name]
            else:
                amount = interpolated(self._anchors.series(name), self.stated[column])
            found = found / amount if term.startswith("/") else found * amount
        return found


class _Capacities:
    """The sheet of capacities: supply over need, by quarter."""

    def __init__(
        self,
        book: Workbook,
        styles: Styles,
        model: Model,
        *,
        anchors: _Anchors,
        recipes: _Recipes,
        lags: _Lags,
    ) -> None:
        self.sheet = sheet = Sheet(book, "Capacity", styles)
        self._anchors, self._inputs, self._recipes = anchors, anchors._inputs, recipes  # noqa: SLF001
        self._catalog, self._lags = model.reader.catalog, lags
        sheet.widths(40, 16, 10)
        _titled(
            sheet,
            "Capacity",
            "What each layer alone could carry: its supply, by the recipe of what it ends in, over need.",
        )
        self.years = _heads(sheet, model)
        self._line = FIRST_ROW
        self.rows: list[Span | None] = [None]
        for row, layer in enumerate(model.layers, start=1):
            self.rows.append(self._layer(row, layer))
        sheet.put(self._line, 0, "IT power of one H100e", "part")
        self.watts = self._need(self._line + 1, 0, "W per H100e")
        sheet.page.freeze_panes(FIRST_ROW - 1, LEFT)

    def _layer(self, row: int, layer: FactLayer) -> Span:
        sheet, line, told = self.sheet, self._line, layer.declared
        sheet.put(line, 0, told.name, "part")
        if not self._catalog.series(told.capacity):
            self._line += 3
            sheet.put(line + 1, 0, "Capacity [H100e a quarter]: nothing is known", "name")
            return sheet.row(line + 1, LEFT, [Term("1E+150", UNLIMITED)] * len(self.years), "amount")
        sheet.put(line + 1, 0, "Made at [year]", "name")
        early = self._lags.early[row]
        made = sheet.row(line + 1, LEFT, [year - early / QUARTERS_A_YEAR for year in self.years], "year")
        logs = self._anchors.logarithms(layer)
        factors, line = self._factors(line + 2, layer, made)
        before = self._before(line, logs.moments, made)
        sheet.put(line + 1, 0, "Supply, canonical units a quarter", "name")
        growth = self._inputs[told.growth] if self._inputs.has(told.growth) else None
        last = logs.moments[len(logs.moments) - 1]
        cells = []
        for column, year in enumerate(made):
            power = between(logs, year, before[column])
            if growth is not None:
                power = power + log(growth) * greatest(year - last, 0)
            supply = exp(power) * constant(QUARTER_S)
            for factor in factors:
                supply = supply * (factor[column] if isinstance(factor, Span) else factor)
            cells.append(supply)
        supplied = sheet.row(line + 1, LEFT, cells, "amount")
        need = self._need(line + 2, row, "Need per H100e")
        sheet.put(line + 5, 0, "Capacity [H100e a quarter]", "name")
        alone = [
            choose(one, "=", 0, Term("1E+150", UNLIMITED), supply / one)
            for supply, one in zip(supplied, need, strict=True)
        ]
        self._line = line + 7
        return sheet.row(line + 5, LEFT, alone, "amount")

    def _factors(self, line: int, layer: FactLayer, made: Span) -> tuple[list[Term | Span], int]:
        """Write the factors that change by year; return all factors of supply, and the next line."""
        found: list[Term | Span] = []
        for name in layer.declared.multiply:
            if self._catalog.has(name):
                found.append(self._inputs[name])
                continue
            series = self._anchors.series(name)
            self.sheet.put(line, 0, name, "name")
            cells = [interpolated(series, year) for year in made]
            found.append(self.sheet.row(line, LEFT, cells, "fine"))
            line += 1
        return found, line

    def _before(self, line: int, moments: Span, years: Span) -> Span:
        """Write the number of the anchor before each moment."""
        self.sheet.put(line, 0, "anchor before", "plain")
        return self.sheet.row(line, LEFT, [_segment(moments, year) for year in years], "whole")

    def _need(self, line: int, row: int, name: str) -> Span:
        """Write when a unit is deployed, and what one H100e takes then: three lines."""
        series = Series(self._recipes.moments, self._recipes.need[row])
        path = self._lags.path[row]
        self.sheet.put(line, 0, "Deployed at [year]", "name")
        used = self.sheet.row(line, LEFT, [year + path / QUARTERS_A_YEAR for year in self.years], "year")
        before = self._before(line + 1, series.moments, used)
        self.sheet.put(line + 2, 0, name, "name")
        cells = [between(series, year, before[column]) for column, year in enumerate(used)]
        return self.sheet.row(line + 2, LEFT, cells, "tiny")


def _flow(  # noqa: PLR0917 (the sheets before it)
    book: Workbook, styles: Styles, model: Model, lags: _Lags, capacities: _Capacities, anchors: _Anchors
) -> Flow:
    """Add the sheet of the flow."""
    sheet = Sheet(book, "Flow", styles)
    sheet.widths(40, 16, 10)
    _titled(
        sheet,
        "Flow",
        "Greatest cumulative output of each layer: up from its inputs, then down from what it feeds.",
    )
    _heads(sheet, model)
    layers, count = len(model.layers) + 1, len(model.quarters)
    names = ["Deployed compute", *(layer.declared.name for layer in model.layers)]
    blocks = _blocks(sheet, names)
    serving = [
        sheet.row(blocks["serving"] + row, LEFT, _serving(capacity, lags.path[row]), "amount")
        for row, capacity in enumerate(capacities.rows)
        if capacity is not None
    ]
    flow, narrowest, highest = _narrowest(sheet, blocks["narrowest"], serving, lags.names)
    first = [
        sheet.put(blocks["caps"] + row, 1, flow * constant(1.0 + APART * row), "amount")
        for row in range(layers)
    ]
    caps = [
        sheet.row(blocks["caps"] + row, LEFT, _caps(lags, row, highest, first[row], count), "amount")
        if lags.hold[row] is not None
        else None
        for row in range(layers)
    ]
    grid = _Grid(sheet, blocks, model, lags=lags, capacities=capacities.rows, first=first, caps=caps)
    for t in range(count):
        grid.quarter(t)
    output = grid.output(model.network.root)
    line = blocks["totals"]
    deployed = sheet.row(line, LEFT, [output[t + 1] - output[t] for t in range(count)], "amount")
    power = [
        one * watts / constant(WATTS_PER_MW) for one, watts in zip(deployed, capacities.watts, strict=True)
    ]
    binding = [at(lags.names, code + 1) for code in grid.codes(model.network.root)]
    sheet.page.freeze_panes(FIRST_ROW - 1, LEFT)
    ids = [layer.id for layer in model.layers]
    return Flow(
        capacity={name: row for name, row in zip(ids, capacities.rows[1:], strict=True) if row is not None},
        serving=dict(zip(ids, serving, strict=True)),
        deployed=deployed,
        power=sheet.row(line + 1, LEFT, power, "amount"),
        installed=neighbours(output.terms[1:]),
        binding=sheet.row(line + 2, LEFT, binding, "right"),
        narrowest=narrowest,
        up=grid.ups,
        output=[list(grid.output(row).terms[1:]) for row in range(layers)],
        wins=grid.wins,
        capped=[cap is not None for cap in caps],
        lags=lags.whole,
        years=capacities.years,
        series=anchors.series,
    )


def _blocks(sheet: Sheet, names: Sequence[str]) -> dict[str, int]:
    """Write the names of all blocks and rows; return the line of the first row of each block."""
    line = FIRST_ROW
    found = {}
    for key, title, lines in (
        (
            "totals",
            "What is deployed",
            ("Compute deployed [H100e a quarter]", "IT power [MW a quarter]", "Binding"),
        ),
        ("serving", "Capacity that serves a quarter [H100e a quarter]", names),
        ("narrowest", "The least of them", ("Least [H100e a quarter]", "Narrowest", "Highest so far")),
        ("caps", "Stock and transit, at most [H100e]; work in progress at the start a quarter", names),
        ("fed", "Handed on to the layer fed, cumulative [H100e]", names),
        ("up", "Output from own capacity and inputs, cumulative [H100e]", names),
        ("output", "Greatest output, cumulative [H100e]", names),
        ("fed_code", "Number of the layer that sets what is handed on", names),
        ("up_code", "Number of the layer that sets own capacity and inputs", names),
        ("code", "Number of the layer that sets the greatest output", names),
    ):
        sheet.put(line, 0, title, "part")
        for step, name in enumerate(lines):
            sheet.put(line + 1 + step, 0, name, "name")
        found[key] = line + 1
        line += len(lines) + 2
    return found


def _serving(capacity: Span, path: Term) -> list[Term]:
    return [at(capacity, greatest(constant(t) - path, 0) + 1) for t in range(len(capacity))]


def _narrowest(sheet: Sheet, line: int, serving: Sequence[Span], names: Span) -> tuple[Term, Span, Span]:
    """Write the least capacity that serves each quarter; return the first, names, the highest so far."""
    columns = [neighbours([row[t] for row in serving]) for t in range(len(serving[0]))]
    least_ = sheet.row(line, LEFT, [least(column) for column in columns], "amount")
    found = [at(names, place(column, one) + 1) for column, one in zip(columns, least_, strict=True)]
    narrowest = sheet.row(line + 1, LEFT, found, "right")
    highest: list[Term] = []
    for t, one in enumerate(least_):
        term = greatest(highest[-1], one) if highest else Term(one.text, one.value)
        highest.append(sheet.put(line + 2, LEFT + t, term, "amount"))
    for step in range(len(least_)):  # stock serves what is deployed later: the flow goes on as it ends
        highest.append(
            sheet.put(
                line + 2, LEFT + len(least_) + step, Term(highest[-1].text, highest[-1].value), "amount"
            )
        )
    return least_[0], narrowest, neighbours(highest)


def _caps(lags: _Lags, row: int, highest: Span, first: Term, count: int) -> list[Term]:
    """Return the caps on stock and transit after a layer."""
    lag, path, hold = lags.whole[row], lags.path[row], lags.hold[row]
    found = []
    for t in range(count):
        ahead = constant(t) + path
        moving = choose(lag, "=", 0, 0, stretch(highest, ahead - lag + 2, ahead + 1))
        found.append(greatest(hold * highest[t] + moving, lag * first))
    return found


class _Grid:
    """Outputs and the layers that set them, quarter by quarter.

    Parameters
    ----------
    sheet, blocks
        Where they are written.
    model
        The model: who feeds whom.
    lags, capacities, first, caps
        Lags, capacities, work in progress and caps of each layer.
    """

    def __init__(
        self,
        sheet: Sheet,
        blocks: dict[str, int],
        model: Model,
        *,
        lags: _Lags,
        capacities: Sequence[Span | None],
        first: Sequence[Term],
        caps: Sequence[Span | None],
    ) -> None:
        self._sheet, self._blocks, self._net, self._lags = sheet, blocks, model.network, lags
        self._capacities, self._first, self._caps = capacities, first, caps
        layers = range(len(model.layers) + 1)
        self._output = [[self._put("output", i, -1, 0.0)] for i in layers]
        self._code = [[self._put("code", i, -1, 0.0)] for i in layers]
        self.ups: list[list[Term]] = [[] for _ in layers]
        self.wins: list[list[Term]] = [[] for _ in layers]
        self._up: list[Any] = [None for _ in layers]
        self._up_code: list[Any] = [None for _ in layers]
        self._fed: list[Any] = [None for _ in layers]
        self._fed_code: list[Any] = [None for _ in layers]

    def output(self, layer: int) -> Span:
        """Return the output of a layer; the first cell stands before the first quarter."""
        return neighbours(self._output[layer])

    def codes(self, layer: int) -> Span:
        """Return the numbers of the layers that set its output, axis (quarter)."""
        return neighbours(self._code[layer][1:])

    def quarter(self, t: int) -> None:
        """Write one quarter."""
        for i in (int(node) for node in self._net.up):
            self._rise(i, t)
            if i != self._net.root:
                self._hand_on(i, t)
        for i in (int(node) for node in reversed(self._net.up)):
            self._fall(i, t)

    def _rise(self, i: int, t: int) -> None:
        """Write the least of own capacity and inputs."""
        ways, codes = [], []
        capacity = self._capacities[i]
        if capacity is not None:
            ways.append(self._output[i][t] + capacity[t])
            codes.append(self._lags.codes[i])
        for c in self._net.inputs(i):
            ways.append(self._fed[c])
            codes.append(self._fed_code[c])
        best = least(*ways) if len(ways) > 1 else ways[0]
        self._up[i] = self._put("up", i, t, best)
        code = codes[-1]
        for way, other in zip(reversed(ways[:-1]), reversed(codes[:-1]), strict=True):
            code = choose(way, "<=", self._up[i], other, code)
        self._up_code[i] = self._put("up_code", i, t, code)
        places = list(range(0 if capacity is not None else 1, len(self._net.inputs(i)) + 1))
        wins = constant(places[-1])
        for way, which in zip(reversed(ways[:-1]), reversed(places[:-1]), strict=True):
            wins = choose(way, "<=", self._up[i], which, wins)
        self.ups[i].append(self._up[i])
        self.wins[i].append(wins)

    def _hand_on(self, i: int, t: int) -> None:
        """Write what the layer fed has had of a layer: output of some quarters ago and the first work."""
        lag = self._lags.whole[i]
        if t == 0:
            then, code = self._output[i][0], self._code[i][0]
        else:
            slot = greatest(constant(t + 1) - lag, 0) + 1
            then = at(neighbours(self._output[i]), least(slot, t + 1))
            code = at(neighbours(self._code[i]), least(slot, t + 1))
        arrived = least(constant(t + 1), lag) * self._first[i]
        self._fed[i] = self._put("fed", i, t, arrived + choose(lag, "=", 0, self._up[i], then))
        self._fed_code[i] = self._put("fed_code", i, t, choose(lag, "=", 0, self._up_code[i], code))

    def _fall(self, i: int, t: int) -> None:
        """Write the least of that and of what stock may hold above the layer fed."""
        up, code, cap = self._up[i], self._up_code[i], self._caps[i]
        if cap is None:
            self._output[i].append(self._put("output", i, t, Term(up.text, up.value)))
            self._code[i].append(self._put("code", i, t, Term(code.text, code.value)))
            return
        parent = int(self._net.parent[i])
        above = self._output[parent][t + 1] + (cap[t] - self._lags.whole[i] * self._first[i])
        best = self._put("output", i, t, least(up, above))
        self._output[i].append(best)
        self._code[i].append(self._put("code", i, t, choose(up, "<=", best, code, self._code[parent][t + 1])))

    def _put(self, block: str, layer: int, t: int, content: Any) -> Term:
        style = "whole" if block.endswith("code") else "amount"
        cell: Term = self._sheet.put(self._blocks[block] + layer, LEFT + t, content, style)
        return cell


# --- pieces of formulas -------------------------------------------------------------------------


def interpolated(series: Series, moment: Term) -> Term:
    """Return a series at a moment, linear between its anchors and flat outside."""
    return between(series, moment, _segment(series.moments, moment))


def between(series: Series, moment: Term, before: Term) -> Term:
    """Return a series at a moment, given the number of the anchor before it."""
    moments, values = series
    if len(moments) == 1:
        return Term(values[0].text, values[0].value)
    inside = least(greatest(moment, moments[0]), moments[len(moments) - 1])
    start, end = at(moments, before), at(moments, before + 1)
    low, high = at(values, before), at(values, before + 1)
    part = (inside - start) / (end - start)
    found: Term = low + part * (high - low)
    return found


def _segment(moments: Span, moment: Term) -> Term:
    if len(moments) == 1:
        return Term("1", 1.0)
    return least(place(moments, greatest(moment, moments[0]), exact=False), len(moments) - 1)


def _heads(sheet: Sheet, model: Model) -> Span:
    """Write quarters and their middles above the columns; return the middles [year]."""
    sheet.put(YEAR_ROW, 0, "middle of the quarter [year]", "plain")
    sheet.row(HEAD_ROW, LEFT, [str(quarter) for quarter in model.quarters], "head_right")
    sheet.page.set_column(LEFT, LEFT + 2 * len(model.quarters), 13)
    return sheet.row(YEAR_ROW, LEFT, model.years.tolist(), "year")


def _row(model: Model, name: str) -> int:
    """Return the row of a layer, 0 where there is none."""
    ids = [layer.id for layer in model.layers]
    return ids.index(name) + 1 if name in ids else 0


def _way(parent: Sequence[int], row: int) -> list[int]:
    """Return a layer and those that its output goes through, the root left out."""
    found = []
    while parent[row] >= 0:
        found.append(row)
        row = parent[row]
    return found


def _total(terms: Sequence[Term]) -> Term:
    """Return the sum of terms that stand apart."""
    found = Term("0", 0.0)
    for step, term in enumerate(terms):
        found = found + term if step else Term(term.text, term.value)
    return found


def _sum(span: Span) -> Term:
    return Term(f"SUM({span.text})", float(sum(term.value for term in span)))


def _mean(terms: Sequence[Term]) -> Term:
    return _total(terms) / len(terms) if len(terms) > 1 else Term(terms[0].text, terms[0].value)


def _rounded(term: Term) -> Term:
    """Return the nearest whole number, of two the even one, as the model rounds."""
    text = f"IF({term.text}-INT({term.text})=0.5,2*ROUND({term.text}/2,0),ROUND({term.text},0))"
    return Term(text, float(round(term.value)))
