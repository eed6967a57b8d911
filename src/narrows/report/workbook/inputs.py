"""The sheet of inputs: every fact that the map rests on, at its central value, to be changed by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.bottlenecks.supply import FORETELLS
from narrows.facility.hall_power import FORMULAS as SITE_FORMULAS
from narrows.report.workbook.formula import Term, choose, constant, least
from narrows.report.workbook.sheet import Sheet
from narrows.units import parse
from narrows.value.ledger import PRICE, SURPLUS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xlsxwriter.workbook import Workbook

    from narrows.bottlenecks.model import Model
    from narrows.report.workbook.sheet import Styles

__all__ = ["Inputs", "facts_behind", "inputs_of"]

POWER = "it_kw"

TITLE = "Inputs: the facts that the map rests on"
NOTE = (
    "Change the yellow cells; every other sheet follows. A cell holds the median of its fact, in the unit as "
    "typed. What you change counts as your assumption, as in a scenario file: where it speaks of a later "
    "time it slips as plans do."
)
HEAD = ("Fact", "Value", "Unit", "As published", "Low", "High", "Of what", "About", "Kind", "In the model")
WIDTHS = (34, 14, 16, 14, 12, 12, 52, 10, 11, 14)
TOP = 4
MONEY = (PRICE, SURPLUS, "value.decline")
"""Facts that make money of what is deployed, for the sheet of rents."""
CLOSE = 1e-12
"""Two numbers closer than this share are one number, typed and turned into canonical units and back."""


def inputs_of(model: Model) -> list[str]:
    """Return the ids of the facts that the workbook computes from, in flow order.

    Parameters
    ----------
    model
        A model that is built.
    """
    book = model.reader.catalog

    def facts(name: str) -> list[str]:
        return [name] if book.has(name) else [fact.id for fact in book.series(name)]

    found: list[str] = []
    for layer in model.layers:
        told = layer.declared
        for name in (told.capacity, told.slip, told.growth, *told.multiply, told.lag, told.hold):
            found.extend(facts(name) if name else ())
    needs = [(POWER,), *(layer.declared.need for layer in model.layers)]
    terms = [term.lstrip("/") for need in needs for term in need]
    designs = [design.id for design in book.designs if book.series(f"mix.{design.id}")]
    found += [fact.id for design in designs for fact in book.series(f"mix.{design}")]
    quantities = ["h100e", *dict.fromkeys(term for term in terms if "." not in term)]
    found += [f"{design}.{quantity}" for design in designs for quantity in quantities]
    found += [name for term in terms if "." in term for name in facts(term)]
    found += [name for term in MONEY for name in facts(term)]
    return list(dict.fromkeys(found))


def facts_behind(model: Model, names: Iterable[str]) -> list[str]:
    """Return the ids of the facts behind inputs: each itself, or those that it is computed from.

    Parameters
    ----------
    model
        A model that is built.
    names
        Ids of inputs.
    """
    book, recipes = model.reader.catalog, model.layers[0].recipes
    found: list[str] = []
    for name in names:
        design, _, quantity = name.partition(".")
        found += (name,) if book.has(name) else recipes.behind(design, quantity)
    return list(dict.fromkeys(found))


class Inputs:
    """The sheet of inputs.

    Parameters
    ----------
    book, styles
        The workbook and its styles.
    model
        The model in one draw, in which every fact has its central value.
    names
        Ids of the facts, in the order of the rows.
    """

    def __init__(self, book: Workbook, styles: Styles, model: Model, names: Iterable[str]) -> None:
        self.sheet = Sheet(book, "Inputs", styles)
        self._reader, self._recipes = model.reader, model.layers[0].recipes
        self._facts: dict[str, Term] = {}
        self._typed: dict[str, tuple[Term, Term]] = {}
        self._write(list(names))

    def _write(self, names: list[str]) -> None:
        sheet = self.sheet
        sheet.widths(*WIDTHS)
        sheet.put(0, 0, TITLE, "title")
        sheet.page.merge_range(1, 0, 1, len(HEAD) - 1, "", sheet.styles["note"])
        sheet.put(1, 0, NOTE, "note")
        sheet.page.set_row(1, 32)
        for column, name in enumerate(HEAD):
            sheet.put(TOP - 1, column, name, "head" if column in {0, 2, 6, 7, 8} else "head_right")
        for place, name in enumerate(names):
            self._row(TOP + place, name)
        sheet.page.freeze_panes(TOP, 2)
        sheet.page.autofilter(TOP - 1, 0, TOP + len(names) - 1, len(HEAD) - 1)

    def _row(self, row: int, name: str) -> None:
        if not self._reader.catalog.has(name):
            self._computed(row, name)
            return
        sheet, fact = self.sheet, self._reader.fact(name)
        factor = parse(fact.unit).factor
        central = self._reader.point(name)
        told = fact.value
        if abs(told * factor - central) > CLOSE * abs(central):
            told = central / factor  # the median of a lopsided doubt, or of several statements
        sheet.put(row, 0, name, "name")
        typed = sheet.put(row, 1, told, "input")
        sheet.put(row, 2, fact.unit, "name")
        published = sheet.put(row, 3, told)
        sheet.put(row, 4, fact.low)
        sheet.put(row, 5, fact.high)
        sheet.put(row, 6, fact.of, "name")
        sheet.put(row, 7, fact.about, "name")
        sheet.put(row, 8, fact.kind, "name")
        self._typed[name] = (typed, published)
        self._facts[name] = sheet.put(row, 9, typed * constant(factor) if factor != 1 else typed)

    def _computed(self, row: int, name: str) -> None:
        """Write an amount that is computed: no formula counts the dies of a wafer, or runs a plant.

        What halls take follows the cells of the heat in liquid and of the IT power, as in `per_it_draws`.
        """
        sheet = self.sheet
        design, _, quantity = name.partition(".")
        computed = self._recipes.computed_from(design, quantity)
        if computed is None:
            raise self._reader.catalog.unknown(name)
        thing, unit, formula = computed
        value = float(self._recipes.amount(design, quantity)[0])
        sheet.put(row, 0, name, "name")
        halls = self._recipes.halls if quantity in SITE_FORMULAS else None
        told: Term | float = value
        if halls is not None:
            air, liquid, plates = (float(draws[0]) for draws in (halls.air, halls.liquid, halls.plates))
            power, heat = (self._facts[f"{design}.{part}"] for part in ("it_kw", "liquid_kw"))
            told = constant(air) + least(heat / (power * constant(plates)), constant(1.0)) * constant(
                liquid - air
            )
        typed = sheet.put(row, 1, told, "input")
        sheet.put(row, 2, unit, "name")
        sheet.put(row, 3, value)
        sheet.put(row, 6, f"counted by narrows from the facts of {thing}: {formula}", "name")
        sheet.put(row, 8, "computed", "name")
        self._facts[name] = sheet.put(row, 9, typed)

    def __getitem__(self, name: str) -> Term:
        """Return a fact in its canonical unit."""
        return self._facts[name]

    def has(self, name: str) -> bool:
        """Return whether the sheet has a fact."""
        return name in self._facts

    def foretold(self, name: str, horizon: float) -> Term | None:
        """Return how far ahead a statement looks [year]: 0 for what is reported, unless it is changed.

        Parameters
        ----------
        name
            Id of the fact.
        horizon
            Years from the day it was said to the period that it speaks of, 0 to 1.

        Returns
        -------
        Term or None
            None where it does not look ahead.
        """
        if horizon == 0.0:
            return None
        far = constant(horizon)
        if self._reader.fact(name).kind in FORETELLS:
            return far
        typed, published = self._typed[name]
        return choose(typed, "<>", published, far, 0)
