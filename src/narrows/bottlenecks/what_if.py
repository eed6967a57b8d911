"""What-ifs asked one after another: facts that a scenario leaves alone are drawn only once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from narrows.bottlenecks import plain
from narrows.bottlenecks.answer import DEFAULT_SEED, Run, reduce_run, run
from narrows.bottlenecks.kernel import at_once, solve
from narrows.bottlenecks.model import TAIL_QUARTERS, build
from narrows.catalog import Reader
from narrows.facility.hall_power import FORMULAS as SITE_FORMULAS
from narrows.facility.hall_power import TYPED as SITE_TYPED
from narrows.facility.lead_law import LAWS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from narrows.bottlenecks.model import Model
    from narrows.bottlenecks.network import Stack
    from narrows.bottlenecks.result import Band, LayerRow, MapResult
    from narrows.bottlenecks.solution import Solution
    from narrows.bottlenecks.supply import FactLayer
    from narrows.catalog import Catalog, Fact, Overlay

    Array = NDArray[np.float64]

__all__ = ["WhatIf"]


COMPILED_FROM, WAITED_FROM = 3, 5
"""Scenarios from which on the compiled kernel is worth its memory, and worth waiting for: the first page asks
two by itself, a reader who moves a slider asks the third."""


class _Kept(Reader):
    """A reading that keeps the draws of the base facts for the next reading.

    Parameters
    ----------
    catalog
        Facts, with a scenario laid over them.
    base
        Facts without it.
    kept
        Draws of base facts by id, shared by all readings of one seed and count.
    """

    def __init__(self, catalog: Catalog, base: Catalog, seed: int, n: int, kept: dict[str, Array]) -> None:
        super().__init__(catalog, seed, n, laws=LAWS)
        self._base, self._kept = base, kept

    def _draw(self, name: str, candidates: tuple[Fact, ...]) -> Array:
        same = candidates == self._base.candidates(name)
        if same and name in self._kept:
            return self._kept[name]
        values = super()._draw(name, candidates)
        if same:
            values.flags.writeable = False
            self._kept[name] = values
        return values


class WhatIf:
    """Answers scenario after scenario on one catalogue, as `narrows.map` does and to the last bit.

    Parameters
    ----------
    catalog
        The facts.
    draws
        Number of draws.
    seed
        Seed of the draws.
    quarters
        Quarters to show, such as ``2026Q4:2030Q4``; as `narrows.map` if left out.
    waits
        Whether questions wait for the compiled kernel. If not, the plain solver answers until the kernel is
        loaded, which a few scenarios begin.

    Notes
    -----
    Draws are keyed by (seed, fact id), so that a scenario moves only the draws of the facts that it
    changes; those of all others are kept from one question to the next. The compiled kernel solves,
    which equals the plain solver bit for bit.

    Examples
    --------
    >>> from narrows.catalog import Overlay, Scaling, default
    >>> asked = WhatIf(default(), draws=64, quarters="2027Q1")
    >>> more = asked.map(Overlay("more", scalings=(Scaling("data_hall.capacity", 1.5),)))
    >>> more.binds["data_hall"][0] < asked.map().binds["data_hall"][0]
    True
    """

    def __init__(
        self,
        catalog: Catalog,
        draws: int,
        seed: int = DEFAULT_SEED,
        quarters: str | None = None,
        *,
        waits: bool = True,
    ) -> None:
        self._waits, self._asked = waits, 0
        self.catalog, self.draws, self.seed = catalog, draws, seed
        shape = run(quarters, draws=1, seed=seed, catalog=catalog)
        self.shown = shape.shown
        self._last = shape.model.quarters[-1 - TAIL_QUARTERS]
        self._kept: dict[str, Array] = {}
        self._base: Model | None = None
        self._rows: dict[str, LayerRow] = {}
        self._bands: dict[str, tuple[Array, Band]] = {}
        self._shown: tuple[str, ...] = ()
        self._behind: dict[str, frozenset[str]] = {}

    def run(self, overlay: Overlay | None = None) -> Run:
        """Return the question solved under a scenario.

        Parameters
        ----------
        overlay
            The scenario; the facts as they stand if left out.

        Raises
        ------
        UsageError
            If the scenario names what is not known, or a number out of range.
        """
        if self._base is None:
            self._base = build(self._reading(self.catalog), self._last)
        catalog = self.catalog if overlay is None else self.catalog.overlay(overlay)
        reader = self._reading(catalog)
        model = build(reader, self._last, self._base)
        stack = model.stack(slice(0, self.draws))
        solution = self._solver(overlay)(stack, self.shown.start)
        return Run(catalog, reader, model, solution, stack.K[:, :, self.shown], self.shown, stack)

    def _solver(self, overlay: Overlay | None) -> Callable[[Stack, int], Solution]:
        """Return the solver: the compiled one, or what answers until scenarios have shown that it pays."""
        if self._waits:
            return solve
        self._asked += bool(overlay and (overlay.settings or overlay.scalings))
        if self._asked < COMPILED_FROM:
            return plain.solve
        return at_once() if self._asked < WAITED_FROM else solve

    def _reading(self, catalog: Catalog) -> Reader:
        return _Kept(catalog, self.catalog, self.seed, self.draws, self._kept)

    def map(self, overlay: Overlay | None = None) -> MapResult:
        """Return the map under a scenario.

        Parameters
        ----------
        overlay
            The scenario; the facts as they stand if left out.
        """
        return self.reduce(self.run(overlay))

    def reduce(self, solved: Run) -> MapResult:
        """Return what the map shows of a solved scenario; what facts leave as it was is not made again."""
        if not self._rows:
            base = self.run()
            with base.reader.chain() as chain:
                shown = reduce_run(base)
            self._shown, model = chain.reads, base.model
            self._behind = {layer.id: _behind(base, layer) for layer in model.layers}
            self._bands = {
                name: (base.capacity[:, model.row(name)].copy(), band)
                for name, band in shown.capacity.items()
            }
            self._rows = {row.id: row for row in shown.layers}
        solved.reader.note(self._shown)  # what a layer that is not remade rests on was read all the same
        changed = solved.catalog.differs(self.catalog)
        same = {name: row for name, row in self._rows.items() if changed.isdisjoint(self._behind[name])}
        bands = {
            name: band
            for name, (before, band) in self._bands.items()
            if np.array_equal(before, solved.capacity[:, solved.model.row(name)])
        }
        return reduce_run(solved, same, bands)


def _behind(solved: Run, layer: FactLayer) -> frozenset[str]:
    """Return the facts behind what the map says of a layer itself: capacity, makers and lead time."""
    makers = solved.catalog.under(layer.declared.makers) if layer.declared.makers else ()
    stated = (SITE_TYPED,) if not SITE_FORMULAS.keys().isdisjoint(layer.declared.need) else ()
    lead = layer.declared.lead
    facts = (*solved.model.chains[layer.id], *stated, lead, *solved.reader.behind(lead))
    return frozenset((*facts, *(fact.id for fact in makers)))
