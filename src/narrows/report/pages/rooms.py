"""Rooms that pages ask: each is answered once and kept, as small as its pages need it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from narrows.bottlenecks.told import Asked
from narrows.draws import quantiles
from narrows.report.pages.held import Held

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from datetime import date

    from narrows.bottlenecks.concentration_result import CompanyThread, ConcentrationResult
    from narrows.bottlenecks.migration_result import CascadeResult
    from narrows.bottlenecks.plant_figures import Years
    from narrows.bottlenecks.resolution import TimeResult
    from narrows.bottlenecks.shock_figures import EventFigures
    from narrows.bottlenecks.shock_knowledge import Watched
    from narrows.bottlenecks.told import Told
    from narrows.catalog import Catalog
    from narrows.facility.plant import Design
    from narrows.shocks.events import Event
    from narrows.shocks.transmission import Sector
    from narrows.value.answer import Study as ValueStudy
    from narrows.value.answer import ValueResult

__all__ = ["BAND", "Rooms", "ShockRoom"]

BAND = (0.1, 0.5, 0.9)
"""Quantiles of a shock: 80 % of the draws lie between the first and the last."""
MOST_EVENTS = 4
"""Events that are kept: each holds its figures in every draw."""
YEARS = 200
"""Draws of a hall through a year, each 8,760 hours: a mean PUE is then known to about 0.002."""
WATCHED_FROM = 1000
"""Draws from which the worth of knowing an input can be told."""


@dataclass(frozen=True, eq=False)
class ShockRoom:
    """An event as its page needs it: figures and words, without the path that they came from.

    Parameters
    ----------
    event
        The event.
    figures
        Every figure in every draw.
    as_of, anchor
        Day up to which all is known; day of the last price.
    quarters, months, ahead
        Periods of the path; the two quarters after the day of the forecast.
    sectors
        What it does to the eleven sectors.
    watched
        What to watch, most first; none where the draws are too few.
    picture
        The price fan as SVG.
    headline
        The answer in one sentence.
    """

    event: Event
    figures: EventFigures
    as_of: date
    anchor: date
    quarters: tuple[str, ...]
    months: tuple[str, ...]
    ahead: tuple[str, ...]
    sectors: tuple[Sector, ...]
    watched: Sequence[Watched]
    picture: str
    headline: str
    bands: dict[str, tuple[float, float, float]] = field(default_factory=dict)

    def id(self, quantity: str, *rest: str) -> str:
        """Return the id of a figure."""
        return ".".join(("shocks", quantity, self.event.id, *rest))

    def band(self, id: str) -> tuple[float, float, float]:  # noqa: A002 (the word of the trade)
        """Return P10, P50 and P90 of a figure [its unit]."""
        if id not in self.bands:
            low, middle, high = (float(value) for value in quantiles(self.figures.values[id], BAND))
            self.bands[id] = (low, middle, high)
        return self.bands[id]


class Rooms:
    """Answers of other rooms for one study; each is computed on first touch.

    Parameters
    ----------
    catalog
        Facts.
    draws, quick_draws
        Draws of the map, and of a what-if.
    seed
        Their seed.
    solved
        Gives the map as it is solved already, as a question, and the facts that it read; rooms that start
        from the map take it instead of solving and drawing it again.
    telling
        Lock of the reader that they then share.

    Notes
    -----
    What takes longer than a reader waits at all draws of the map takes those of a what-if; its links say so.
    """

    def __init__(
        self,
        catalog: Catalog,
        draws: int,
        quick_draws: int,
        seed: int,
        *,
        solved: Callable[[], tuple[Asked, tuple[str, ...]]],
        telling: AbstractContextManager[Any],
    ) -> None:
        self.catalog = catalog
        self._solved, self._telling = solved, telling
        self.asked = Asked(draws, seed, catalog=catalog)
        self.quick = Asked(quick_draws, seed, catalog=catalog)
        self._value = Held(self._solve_value)
        self._shocks: dict[str, ShockRoom] = {}
        self._threads: dict[str, CompanyThread | None] = {}
        self._years: dict[tuple[str, Design], Years] = {}

    def _solve_value(self) -> tuple[ValueStudy, ValueResult, tuple[str, ...]]:
        """Return who keeps the value: with every figure in every draw, in short, and the facts read."""
        from narrows.value.answer import Study as ValueStudy

        asked, before = self._solved()
        reader = asked.run().reader
        with self._telling, reader.chain() as chain:
            study = ValueStudy(asked)
            result = study.result()
        own = study.run.reader
        reads = (*before, *chain.reads) if own is reader else own.reads
        return study, result, tuple(dict.fromkeys(reads))

    @property
    def value_study(self) -> ValueStudy:
        """Who keeps the value, with every figure in every draw."""
        return self._value.value[0]

    @cached_property
    def value(self) -> ValueResult:
        """Who keeps the value of a year."""
        return self._value.value[1]

    def forget(self) -> None:
        """Let go of what holds figures in every draw: value, events, and halls through a year."""
        self._value.forget()
        self._shocks.clear()
        self._years.clear()

    @cached_property
    def times(self) -> TimeResult:
        """When each layer resolves."""
        from narrows.bottlenecks.resolution import time

        return time(draws=self.asked.draws, seed=self.asked.seed, catalog=self.catalog)

    @cached_property
    def cascade(self) -> CascadeResult:
        """Where the constraint moves when the layer that binds is widened, with few draws."""
        from narrows.bottlenecks.migration import cascade

        return cascade(draws=self.quick.draws, seed=self.quick.seed, catalog=self.catalog)

    @cached_property
    def makers(self) -> ConcentrationResult:
        """How few make each layer, with few draws."""
        from narrows.bottlenecks.concentration import makers

        return makers(draws=self.quick.draws, seed=self.quick.seed, catalog=self.catalog)

    def thread(self, company: str) -> CompanyThread | None:
        """Return one company through all layers, with few draws; None where it neither makes nor designs.

        Parameters
        ----------
        company
            Id of the company.
        """
        if company not in self._threads:
            from narrows.bottlenecks.concentration import makers

            asked = self.quick
            found = makers(company, draws=asked.draws, seed=asked.seed, catalog=self.catalog)
            self._threads[company] = found.company
        return self._threads[company]

    def shock(self, name: str) -> ShockRoom:
        """Return an event answered.

        Parameters
        ----------
        name
            Id of an event that ships.
        """
        found = self._shocks.get(name)
        if found is None:
            while len(self._shocks) >= MOST_EVENTS:
                self._shocks.pop(next(iter(self._shocks)), None)
            found = self._shocks[name] = _shock(name, self.asked)
        return found

    def years(self, place: str, design: Design) -> Years:
        """Return a hall through a year, with few draws."""
        from narrows.bottlenecks.plant_figures import Years

        key = (place, design)
        found = self._years.get(key)
        if found is None:
            asked = replace(self.quick, draws=min(self.quick.draws, YEARS))
            found = self._years[key] = Years(place, design, asked)
        return found

    def tell(self, id: str, *, quick: bool = False) -> Told | None:  # noqa: A002 (the word of the trade)
        """Return a figure from what is kept here; None where its own family has to tell it.

        Parameters
        ----------
        id
            Id of the figure.
        quick
            Whether it is asked with the draws of a what-if.
        """
        family, _, rest = id.partition(".")
        if family == "plant" and quick:
            from narrows.bottlenecks.plant_figures import parsed

            quantity, place, design = parsed(id)
            return self.years(place, design).tell(quantity)
        if quick:
            return None
        if family == "value" and rest.rpartition(".")[2] == self.value.quarter:
            from narrows.value.answer import told_by

            study, _, reads = self._value.value
            told = told_by(study, id)
            return replace(told, reads=reads) if told.reads is None else told
        if family == "shocks":
            from narrows.shocks.events import known_events

            name = rest.split(".")[1] if "." in rest else ""
            if name in known_events() and id in (figures := self.shock(name).figures).values:
                return figures.tell(id)
        return None


def _shock(name: str, asked: Asked) -> ShockRoom:
    from narrows.bottlenecks.shock_figures import event_figures
    from narrows.bottlenecks.shock_knowledge import watch
    from narrows.report.shocks import headline, shock_svg
    from narrows.shocks.answer import EventAnswer, figure_of

    found, path, table = event_figures(name, asked)
    prices = [
        f"shocks.price.{name}.{period}" for period in (*path.periods("month"), *path.periods("quarter"))
    ]
    figures = {one: figure_of(path, one, found.values[one], path.reader.reads) for one in prices}
    inner = {
        one: tuple(float(value) for value in quantiles(found.values[one], (0.1, 0.25, 0.75, 0.9)))
        for one in prices
    }
    answer = EventAnswer(path, figures, inner, {})
    return ShockRoom(
        event=path.event,
        figures=found,
        as_of=path.as_of,
        anchor=path.anchor,
        quarters=path.periods("quarter"),
        months=path.periods("month"),
        ahead=path.ahead,
        sectors=table.sectors if table else (),
        watched=watch(path) if path.reader.n >= WATCHED_FROM else (),
        picture=shock_svg(answer),
        headline=headline(answer),
    )
