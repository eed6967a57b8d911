"""The sheet of rents: what one more unit of each layer is worth, and what its capacity earns in a year.

It goes back over the flow as `narrows.bottlenecks.plain` does: the worth of what is deployed is carried to
what set it: a layer's own capacity of a quarter, its inputs, or through full stock the layer that it feeds.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from narrows.report.workbook.formula import Span, Term, at, choose, constant, exp, greatest, least, log
from narrows.report.workbook.sheet import Sheet, neighbours
from narrows.report.workbook.stack import QUARTERS_A_YEAR, interpolated
from narrows.value.ledger import PRICE, SURPLUS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xlsxwriter.workbook import Workbook

    from narrows.bottlenecks.model import Model
    from narrows.report.workbook.inputs import Inputs
    from narrows.report.workbook.sheet import Styles
    from narrows.report.workbook.stack import Flow

__all__ = ["add_rents"]

TITLE = "Rents: what scarce capacity earns, by layer"
NOTES = (
    "Rent = price x need x capacity: what one more unit would add to all that is deployed later, in money.",
    (
        "Central values, in one draw: the rents of Day 10 are means over draws, in which other layers bind "
        "too. Who keeps a rent hangs on contracts, and is told by narrows value."
    ),
)
DECLINE = "value.decline"
NAMES, LEFT, TOP = 0, 3, 5
NO_LIMIT = 1e100


class _Rows(NamedTuple):
    """Cells of a layer by quarter of the model."""

    sums: dict[int, Term]
    prices: dict[int, Term]
    handed: dict[int, Term]
    left: dict[int, Term]


def add_rents(  # noqa: PLR0917 (where, and what it is computed from)
    book: Workbook, styles: Styles, model: Model, inputs: Inputs, flow: Flow, shown: Sequence[int]
) -> None:
    """Add the sheet of rents.

    Parameters
    ----------
    book, styles
        The workbook and its styles.
    model
        The model in one draw.
    inputs, flow
        The sheets that it is computed from.
    shown
        Places of the quarters shown.

    Notes
    -----
    price_i(t) = sum over quarters s of w(s), where the shortest path to s takes the capacity of layer i in t;
    w(s) = worth(s) - worth(s + 1), worth(s) = (1 - decline)**(s / 4).
    """
    sheet = Sheet(book, "Rents", styles)
    sheet.widths(46, 22, 12)
    sheet.put(0, NAMES, TITLE, "title")
    for step, note in enumerate(NOTES):
        sheet.put(1 + step, NAMES, note, "plain")
    first, count = shown[0], len(model.quarters)
    sheet.page.set_column(LEFT, LEFT + count - first, 15)
    names = ["Deployed compute", *(layer.declared.name for layer in model.layers)]
    size = len(names) + 2
    lines = {
        block: TOP + (step + 1) * size + 9 for step, block in enumerate(("sums", "prices", "handed", "left"))
    }
    for block, told in (
        ("sums", "Worth that comes to a layer's output [value/H100e]"),
        ("prices", "The same less what full stock carries on to the layer fed [value/H100e]"),
        ("handed", "Of it, handed on to the layer that feeds it, by that layer [value/H100e]"),
        ("left", "Price: what one more unit of a layer's capacity adds [value/H100e]"),
    ):
        sheet.put(lines[block] - 1, NAMES, told, "part")
        for row, name in enumerate(names):
            sheet.put(lines[block] + row, NAMES, name, "name")
    worth_line = lines["left"] + size
    worth, weight = _worth(sheet, worth_line, inputs, first, count)
    money = _money(sheet, worth_line + 3, model, inputs, flow, worth, first)
    rows = _Back(sheet, lines, model, flow, weight, first).rows()
    quarters = [str(quarter) for quarter in model.quarters]
    sheet.row(TOP - 1, NAMES, ["Rent of a quarter", "unit"], "head")
    sheet.row(TOP - 1, LEFT, [quarters[t] for t in shown], "head_right")
    rents = []
    for row, layer in enumerate(model.layers, start=1):
        sheet.row(TOP + row - 1, NAMES, [layer.declared.name, "USD a quarter"], "name")
        capacity = flow.capacity.get(layer.id)
        cells = [_rent(rows[row].left[t], capacity, t, money[t - first]) for t in shown]
        rents.append(sheet.row(TOP + row - 1, LEFT, cells, "amount"))
    _year(sheet, rents, shown)
    sheet.page.freeze_panes(TOP, LEFT)


def _rent(price: Term, capacity: Span | None, t: int, money: Term) -> Term:
    if capacity is None:
        return Term("0", 0.0)
    return choose(capacity[t], "<=", constant(NO_LIMIT), price * capacity[t] * money, 0)


def _year(sheet: Sheet, rents: Sequence[Span], shown: Sequence[int]) -> None:
    """Write the sums: all layers by quarter, and each layer over the first year, with its share."""
    end = TOP + len(rents)
    sheet.row(end, NAMES, ["All layers", "USD a quarter"], "part")
    columns = [neighbours([row[step] for row in rents]) for step in range(len(shown))]
    totals = sheet.row(end, LEFT, [_total(column) for column in columns], "headline")
    line, year = end + 2, min(QUARTERS_A_YEAR, len(shown))
    sheet.row(line, NAMES, [f"All layers, first {year} quarters", "USD"], "name")
    whole = sheet.put(line, LEFT, _total(totals.first(year)), "headline")
    sheet.row(line + 1, NAMES, ["The same, layer by layer", "USD"], "name")
    column = LEFT + len(shown) + 1
    sheet.row(TOP - 1, column, [f"First {year} quarters [USD]", "Share of all"], "head_right")
    sheet.page.set_column(column, column + 1, 24)
    years = [sheet.put(TOP + row, column, _total(one.first(year)), "amount") for row, one in enumerate(rents)]
    by_layer = sheet.put(line + 1, LEFT, _total(neighbours(years)), "amount")
    shares = [
        sheet.put(TOP + row, column + 1, choose(whole, "=", 0, 0, one / whole), "share")
        for row, one in enumerate(years)
    ]
    sheet.put(end, column, Term(by_layer.text, by_layer.value), "amount")
    sheet.put(end, column + 1, _total(neighbours(shares)), "share")
    sheet.row(line + 2, NAMES, ["Difference", "USD"], "name")
    sheet.put(line + 2, LEFT, by_layer - whole, "amount")


def _total(span: Span) -> Term:
    return Term(f"SUM({span.text})", float(sum(term.value for term in span)))


def _worth(sheet: Sheet, line: int, inputs: Inputs, first: int, count: int) -> tuple[list[Term], list[Term]]:
    """Write the value of one H100e by quarter, and of one of cumulative deployment."""
    sheet.put(line, NAMES, "Worth of one H100e deployed in a quarter, of the first of the model", "name")
    sheet.put(line + 1, NAMES, "Less that of a quarter later", "name")
    fall = log(Term("1", 1.0) - inputs[DECLINE])
    cells = [exp(fall * constant(t / QUARTERS_A_YEAR)) for t in range(first, count)]
    worth = list(sheet.row(line, LEFT, cells, "fine"))
    after = [one - later for one, later in pairwise(worth)]
    weight = sheet.row(line + 1, LEFT, [*after, Term(worth[-1].text, worth[-1].value)], "fine")
    return worth, list(weight)


def _money(  # noqa: PLR0917 (where, and what it is computed from)
    sheet: Sheet, line: int, model: Model, inputs: Inputs, flow: Flow, worth: Sequence[Term], first: int
) -> list[Term]:
    """Write what one unit of value is in money in each quarter."""
    sheet.row(line, NAMES, ["Price of one H100e", "USD"], "name")
    sheet.row(line + 1, NAMES, ["Money for one unit of value: price x surplus / worth", "USD"], "name")
    years = range(first, len(model.quarters))
    if inputs.has(PRICE):
        prices = [Term(inputs[PRICE].text, inputs[PRICE].value) for _ in years]
    else:
        series = flow.series(PRICE)
        prices = [interpolated(series, flow.years[t]) for t in years]
    cells = sheet.row(line, LEFT, prices, "amount")
    surplus = inputs[SURPLUS]
    return list(
        sheet.row(
            line + 1,
            LEFT,
            [one * surplus / each for one, each in zip(cells, worth, strict=True)],
            "amount",
        )
    )


class _Back:
    """The way back over the flow, from the last quarter to the first that is shown."""

    def __init__(  # noqa: PLR0917 (where, and what it is computed from)
        self,
        sheet: Sheet,
        lines: dict[str, int],
        model: Model,
        flow: Flow,
        weight: Sequence[Term],
        first: int,
    ) -> None:
        self._sheet, self._lines, self._net, self._flow = sheet, lines, model.network, flow
        self._weight, self._first, self._count = weight, first, len(model.quarters)
        self._rows = [_Rows({}, {}, {}, {}) for _ in range(len(model.layers) + 1)]

    def rows(self) -> list[_Rows]:
        """Return the cells of every layer, the root first."""
        up = [int(node) for node in self._net.up]
        for t in range(self._count - 1, self._first - 1, -1):
            for i in up:
                self._rows[i].sums[t] = self._put("sums", i, t, self._sum(i, t))
            for i in reversed(up):
                self._hand(i, t)
        return self._rows

    def _sum(self, i: int, t: int) -> Term:
        """Return what comes to an output: of later quarters, of the root, through full stock of inputs."""
        found = Term("0", 0.0)
        if t + 1 < self._count:
            later = self._rows[i].left[t + 1]
            found = Term(later.text, later.value) + self._late(i, t)
        if i == self._net.root:
            found = found + self._weight[t - self._first]
        for c in self._net.inputs(i):
            if self._flow.capped[c]:
                found = found + choose(
                    self._flow.up[c][t], "<=", self._flow.output[c][t], 0, self._rows[c].sums[t]
                )
        return found

    def _late(self, i: int, t: int) -> Term:
        """Return what the layer fed hands back from the quarter in which it uses this output."""
        if i == self._net.root:
            return Term("0", 0.0)
        lag, after = self._flow.lags[i], self._count - 1 - t
        later = neighbours([self._rows[i].handed[one] for one in range(t + 1, self._count)])
        used = at(later, least(greatest(lag, 1), after))
        return choose(lag, "=", 0, 0, choose(lag, "<=", after, used, 0))

    def _hand(self, i: int, t: int) -> None:
        rows, flow = self._rows[i], self._flow
        here = Term(rows.sums[t].text, rows.sums[t].value)
        if flow.capped[i]:
            here = choose(flow.up[i][t], "<=", flow.output[i][t], here, 0)
        if i != self._net.root:
            here = here + choose(flow.lags[i], "=", 0, rows.handed[t], 0)
        price = rows.prices[t] = self._put("prices", i, t, here)
        wins = flow.wins[i][t]
        for place, c in enumerate(self._net.inputs(i), start=1):
            self._rows[c].handed[t] = self._put("handed", c, t, choose(wins, "=", place, price, 0))
        rows.left[t] = self._put("left", i, t, choose(wins, "=", 0, price, 0))

    def _put(self, block: str, layer: int, t: int, content: Term) -> Term:
        cell: Term = self._sheet.put(self._lines[block] + layer, LEFT + t - self._first, content, "tiny")
        return cell
