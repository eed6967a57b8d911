"""The study behind the pages: one catalogue, one seed, and every number that a page may show."""

from __future__ import annotations

import importlib
import threading
from collections import OrderedDict
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from narrows.apart import apart
from narrows.bottlenecks.answer import DEFAULT_DRAWS, DEFAULT_SEED, MODEL_VERSION, Run, reduce_run, run
from narrows.bottlenecks.chain import Chain, chain_of, figure_ids, figure_of, why
from narrows.bottlenecks.chain import tell as tell_map
from narrows.bottlenecks.told import FAMILIES, Asked
from narrows.catalog import Overlay, Scaling, default
from narrows.errors import UnknownNameError, UsageError
from narrows.figure import Figure
from narrows.quarters import Quarter
from narrows.report.pages.held import Held
from narrows.report.pages.measured import measured_rows
from narrows.report.pages.question import Question
from narrows.report.pages.rooms import Rooms
from narrows.report.words import STOCK, likeliest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from narrows.bottlenecks.result import MapResult
    from narrows.bottlenecks.what_if import WhatIf
    from narrows.catalog import Catalog, Source
    from narrows.claims.study import Ledger
    from narrows.report.pages.parts import Table

    Key = TypeVar("Key")
    Value = TypeVar("Value")

__all__ = ["QUICK_DRAWS", "Slider", "Study"]

LEDGER_DRAWS = 1000
"""Draws of the ledger of claims, at most: as many as `narrows claims study` takes."""
QUICK_DRAWS = 500
"""Draws of a what-if on a page: fewer than those of the map, so that the picture follows the hand."""
MOST_KEPT = 64
"""Scenarios whose answers are kept."""
MOST_CHAINS = 512
MOST_FIGURES = 4096
MOST_RUNS = 4
SLIDERS = 3
"""Sliders of the map: the layers that most likely bind."""


class Slider:
    """An input that the map page lets a reader move.

    Parameters
    ----------
    series
        Facts that it scales.
    name
        Name of the layer.
    layer
        Id of the layer.
    """

    __slots__ = ("layer", "name", "series")

    def __init__(self, series: str, name: str, layer: str) -> None:
        self.series, self.name, self.layer = series, name, layer


class Study:
    """The study as asked for: what is on every page comes from here.

    Parameters
    ----------
    catalog
        Facts; those shipped if left out.
    draws, seed
        Draws of the map and their seed.
    quick_draws
        Draws of a what-if.
    static
        Whether the pages are written as files: what needs a server is then left out.
    served
        Whether it answers many readers for long: what takes much memory is then done in a process apart,
        and the first what-if does not wait for the compiled kernel.
    validation
        File with the table of `narrows validate --markdown`; that of the documentation if left out.

    Examples
    --------
    >>> study = Study(draws=64)
    >>> study.chain("map.deployed.2027Q1").figure.unit
    'h100e/quarter'
    """

    def __init__(
        self,
        catalog: Catalog | None = None,
        *,
        draws: int = DEFAULT_DRAWS,
        seed: int = DEFAULT_SEED,
        quick_draws: int = QUICK_DRAWS,
        static: bool = False,
        served: bool = False,
        validation: str | Path | None = None,
    ) -> None:
        self.catalog = catalog or default()
        self.draws, self.seed, self.static, self.served = draws, seed, static, served
        self.quick_draws = min(quick_draws, draws)
        self.measured = measured_rows(validation)
        self.absent: set[str] = set()
        self.pictures: dict[str, tuple[str, Table]] = {}
        self._maps: OrderedDict[Question, MapResult] = OrderedDict()
        self._runs: OrderedDict[Question, tuple[Run, tuple[str, ...]]] = OrderedDict()
        self._figures: OrderedDict[tuple[str, bool], Figure] = OrderedDict()
        self._chains: OrderedDict[tuple[str, Question], Chain] = OrderedDict()
        self._base = Held(self._solve_base)
        self._claims = Held(self._tell_claims)
        self._telling = threading.Lock()
        self._lock = threading.Lock()

    # --- the map --------------------------------------------------------------------------------

    def forget(self) -> None:
        """Let go of the draws of map, what-ifs and rooms: asked for again they are made again, the same."""
        self._base.forget()
        self._runs.clear()
        if "rooms" in vars(self):
            self.rooms.forget()

    @property
    def base_run(self) -> Run:
        """The map as it stands, solved."""
        return self._base.value[0]

    def _solve_base(self) -> tuple[Run, tuple[str, ...]]:
        """Return the map as it stands, and what was read to solve it."""
        solved = run(draws=self.draws, seed=self.seed, catalog=self.catalog)
        return solved, solved.reader.reads

    @cached_property
    def reads(self) -> tuple[str, ...]:
        """Ids of the facts that the map as it stands was solved from."""
        return self._base.value[1]

    @cached_property
    def base(self) -> MapResult:
        """The map as it stands."""
        return reduce_run(self.base_run)

    @cached_property
    def what_if(self) -> WhatIf:
        """Answers what-ifs; the kernel is loaded on the first."""
        from narrows.bottlenecks.what_if import WhatIf

        first, last = self.quarters[0], self.quarters[-1]
        return WhatIf(self.catalog, self.quick_draws, self.seed, f"{first}:{last}", waits=not self.served)

    @property
    def quarters(self) -> tuple[str, ...]:
        """Quarters of the map."""
        return self.base.quarters

    @property
    def claims(self) -> Ledger:
        """The ledger of the claims of the study, made once."""
        return self._claims.value

    def _tell_claims(self) -> Ledger:
        """Return the ledger; a server asks a process of its own, which keeps it: it takes time and memory."""
        draws = min(self.draws, LEDGER_DRAWS)
        if self.served:
            work = "narrows.claims.kept:kept_ledger"
            found: Ledger = apart(work, draws=draws, seed=self.seed, catalog=self.catalog)
            return found
        from narrows.claims.study import ledger

        return ledger(draws=draws, seed=self.seed, catalog=self.catalog)

    @property
    def vintage(self) -> str:
        """Vintage of the facts."""
        return str(self.catalog.vintage)

    @property
    def model(self) -> str:
        """Version of the model."""
        return MODEL_VERSION

    @cached_property
    def window(self) -> str:
        """Quarters in which a what-if scales the facts: from the year of the first quarter shown on."""
        return f"{Quarter.parse(self.quarters[0]).year}Q1:{self.quarters[-1]}"

    @cached_property
    def sliders(self) -> tuple[Slider, ...]:
        """Sliders of the map: capacities of the layers that most likely bind in its first quarter."""
        declared = {layer.id: layer for layer in self.catalog.layers}
        ranked = [name for name, _ in likeliest(self.base, 0) if name in declared]
        able = [declared[name] for name in ranked if declared[name].capacity]
        return tuple(Slider(layer.capacity, layer.name, layer.id) for layer in able[:SLIDERS])

    def overlay(self, question: Question) -> Overlay | None:
        """Return the scenario of a question; None where it changes nothing."""
        if not question.changes:
            return None
        scalings = tuple(Scaling(name, factor, self._window_of(name)) for name, factor in question.changes)
        told = ", ".join(f"{name} x {factor:g}" for name, factor in question.changes)
        return Overlay(told, "Asked on the page", scalings=scalings)

    def _window_of(self, name: str) -> str:
        """Return the quarters scaled: of a series from this year on, of a single fact all."""
        return "" if self.catalog.has(name) else self.window

    def map(self, question: Question) -> MapResult:
        """Return the map under the changes of a question.

        Raises
        ------
        UsageError
            If an input is not known, or a factor out of range.
        """
        asked = question.scenario
        if asked == Question():
            return self.base
        return self._keep(self._maps, asked, lambda: self.what_if.reduce(self._run(asked)))

    def map_catalog(self, question: Question) -> Catalog:
        """Return the facts under the changes of a question."""
        return self._run(question.scenario).catalog if question.changes else self.catalog

    def column(self, question: Question) -> int:
        """Return the place of the quarter in view.

        Raises
        ------
        UnknownNameError
            If the map does not show that quarter.
        """
        quarter = question.quarter or self.quarters[0]
        if quarter not in self.quarters:
            raise UnknownNameError("quarter", quarter, self.quarters, "Choose a quarter of the map")
        return self.quarters.index(quarter)

    def _run(self, question: Question) -> Run:
        return self._solved(question)[0]

    def _solved(self, question: Question) -> tuple[Run, tuple[str, ...]]:
        """Return a question solved, and what was read to solve it."""
        if question == Question():
            return self._base.value

        def solve() -> tuple[Run, tuple[str, ...]]:
            solved = self.what_if.run(self.overlay(question))
            return solved, solved.reader.reads

        return self._keep(self._runs, question, solve, MOST_RUNS)

    @cached_property
    def subjects(self) -> frozenset[str]:
        """First words of the ids of facts."""
        return frozenset(name.partition(".")[0] for name in self.catalog.known)

    @cached_property
    def rooms(self) -> Rooms:
        """Answers of the other rooms."""
        return Rooms(
            self.catalog,
            self.draws,
            self.quick_draws,
            self.seed,
            solved=self._solved_base,
            telling=self._telling,
        )

    def _solved_base(self) -> tuple[Asked, tuple[str, ...]]:
        solved, reads = self._base.value
        return _Solved(solved), reads

    # --- numbers --------------------------------------------------------------------------------

    @cached_property
    def plain(self) -> dict[str, Figure]:
        """Numbers without doubt: counts of the study, and rows of the table of validation."""
        from narrows.claims.study import study_claims

        meta = self.base.meta
        counts = {
            "study.facts": (meta["facts"], "fact", "facts that the map read"),
            "study.assumptions": (meta["assumptions"], "fact", "facts of kind assumption that the map read"),
            "study.catalogue": (len(self.catalog), "fact", "facts in the catalogue"),
            "study.sources": (len(self.catalog.sources), "source", "sources in the catalogue"),
            "study.claims": (len(study_claims()), "claim", "claims of the study that can be checked"),
            "study.draws": (self.draws, "draw", "draws of the map"),
            "study.quick_draws": (self.quick_draws, "draw", "draws of a what-if on a page"),
            "study.seed": (self.seed, "1", "seed of the draws: the same seed gives the same bytes"),
            "study.validation_rows": (len(self.measured), "row", "rows of the table of validation"),
            "study.validation_misses": (
                sum(row.holds is False for row in self.measured),
                "row",
                "rows of the table of validation whose goal is not met",
            ),
        }
        found = {
            id_: self._plain(id_, float(value), unit, text) for id_, (value, unit, text) in counts.items()
        }
        for row in self.measured:
            if row.value is not None:
                text = f"{row.metric} of {row.quantity} against {row.dataset} ({row.room})"
                found[row.id] = self._plain(row.id, row.value, "1", text, row.told)
        return found

    def _plain(self, id_: str, value: float, unit: str, formula: str, note: str = "") -> Figure:
        kept = (formula, (), self.vintage, self.model, self.seed, 0, note)
        return Figure(id_, value, value, value, value, unit, *kept)

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """Ids of every number of the map and of the study itself."""
        names = (*(layer.id for layer in self.base.layers), STOCK)
        return (*figure_ids(names, self.quarters), *self.plain)

    def chain(self, id_: str, question: Question | None = None) -> Chain:
        """Return the chain behind a number, as `narrows why` does.

        Parameters
        ----------
        id_
            Id of the number.
        question
            The scenario it belongs to.

        Raises
        ------
        UnknownNameError
            If there is no such number.
        """
        asked = (question or Question()).scenario
        if id_ in self.plain:
            return Chain(self.plain[id_], ())
        return self._keep(self._chains, (id_, asked), lambda: self._chain(id_, asked), MOST_CHAINS)

    def figure(self, id_: str, *, quick: bool = False) -> Figure:
        """Return a figure without the facts behind it, which takes a part of the time of its chain.

        Parameters
        ----------
        id_
            Id of a figure of a room other than the map.
        quick
            Whether to ask with the draws of a what-if.

        Raises
        ------
        UnknownNameError
            If there is no such figure.
        """
        if id_ in self.plain:
            return self.plain[id_]
        return self._keep(self._figures, (id_, quick), lambda: self._figure(id_, quick=quick), MOST_FIGURES)

    def _figure(self, id_: str, *, quick: bool) -> Figure:
        told = self.rooms.tell(id_, quick=quick)
        if told is None:
            home = FAMILIES.get(id_.partition(".")[0])
            if home is None:
                raise UnknownNameError("number", id_, self.ids, "Search for it, or see the map")
            asked = self.rooms.quick if quick else self.rooms.asked
            return figure_of(id_, importlib.import_module(home).tell(id_, asked))
        return figure_of(id_, told)

    def source(self, key: str, question: Question | None = None) -> Source:
        """Return a source by its key; the scenario of a question is one.

        Raises
        ------
        UnknownNameError
            If there is no such source.
        """
        if key == "scenario" and question is not None and question.changes:
            return self._run(question.scenario).catalog.sources[key]
        if key not in self.catalog.sources:
            raise UnknownNameError("source", key, self.catalog.sources, "See all sources")
        return self.catalog.sources[key]

    def _chain(self, id_: str, asked: Question) -> Chain:
        family = id_.partition(".")[0]
        if family == "map":
            solved, before = self._solved(asked)
            with self._telling, solved.reader.chain() as chain:
                told = tell_map(id_, _Solved(solved))
            reads = tuple(dict.fromkeys((*before, *chain.reads))) if told.reads is None else told.reads
            return chain_of(id_, replace(told, reads=reads))
        kept = None if asked.changes else self.rooms.tell(id_, quick=asked.quick)
        if kept is not None:
            return chain_of(id_, kept)
        if family not in FAMILIES:
            raise UnknownNameError("number", id_, self.ids, "Search for it, or see the map")
        if asked.changes:
            raise UsageError(
                f"The number {id_!r} is asked under a scenario",
                "Pages carry scenarios for the numbers of the map",
                "Write `narrows why` with --scenario FILE, or leave the changes out",
            )
        if family == "claims":
            draws = min(self.draws, LEDGER_DRAWS)
        else:
            draws = self.quick_draws if asked.quick else self.draws
        found = why(id_, draws=draws, seed=self.seed, catalog=self.catalog)
        if isinstance(found, Chain):
            return found
        raise UnknownNameError("number", id_, self.ids, "It is a fact: see its own page")

    def _keep(
        self, kept: OrderedDict[Key, Value], key: Key, make: Callable[[], Value], most: int = MOST_KEPT
    ) -> Value:
        """Return what is kept under a key, or make it; the oldest goes."""
        with self._lock:
            if key in kept:
                kept.move_to_end(key)
                return kept[key]
        value = make()
        with self._lock:
            kept[key] = value
            while len(kept) > most:
                kept.popitem(last=False)
        return value


class _Solved(Asked):
    """A question that is solved already; other quarters of it are another view, not another solution."""

    __slots__ = ("_solution",)
    _solution: Run

    def __init__(self, solved: Run) -> None:
        super().__init__(solved.reader.n, solved.reader.seed, catalog=solved.catalog)
        object.__setattr__(self, "_solution", solved)

    def run(self, quarters: str | None = None) -> Run:
        """Return the view of a quarter, or of several such as ``2026Q4:2027Q3``; beyond the map anew."""
        solved = self._solution
        first, _, last = (quarters or "").partition(":")
        if last and not {first, last} <= set(solved.quarters):
            return Asked.run(self, quarters)
        if first not in solved.quarters:
            return solved
        begin, end = solved.quarters.index(first), solved.quarters.index(last or first) + 1
        shown = slice(solved.shown.start + begin, solved.shown.start + end)
        return replace(solved, capacity=solved.capacity[:, :, begin:end], shown=shown)
