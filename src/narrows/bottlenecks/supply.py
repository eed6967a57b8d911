"""From facts to capacities: what each layer could make, in H100-equivalents a quarter.

Every layer declared in the catalogue becomes a `FactLayer` that answers the five questions of
`narrows.layer.Layer`; `capacities` puts all of them into one common currency.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from narrows.bottlenecks.solution import chunks
from narrows.catalog import Reader
from narrows.draws import quantiles
from narrows.errors import UsageError
from narrows.facility.hall_power import FORMULAS as SITE_FORMULAS
from narrows.facility.hall_power import TYPED as SITE_TYPED
from narrows.facility.hall_power import halls_draws, overruled, per_it_draws, per_it_reads
from narrows.layer import shares_of
from narrows.systems.need import FORMULAS, need_draws, need_reads
from narrows.units import to_canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from narrows.catalog import Fact, LayerDeclaration
    from narrows.facility.hall_power import Halls

    Array = NDArray[np.float64]

__all__ = ["FactLayer", "Recipes", "factor", "horizon", "interpolate", "merge_close", "over_time"]

QUARTER_S = to_canonical(1.0, "quarter")
LEAD_DRAWS, LEAD_SEED = 4000, 1
LEAD_BAND = (0.1, 0.5, 0.9)
ALL = slice(None)
"""Every draw."""
LEAST = float(np.finfo(np.float64).tiny)
"""What a factor of 0 counts as, so that its logarithm is finite: nothing, to any digit shown."""
FORETELLS = ("forecast", "assumption")
"""Kinds of statements that slip where they speak of a later time."""
ONE_THREAD = 1 << 18
"""Products of a matrix multiplication up to which OpenBLAS takes one thread."""
SAME_MOMENT_YEARS = 1 / 8
"""Anchors closer than half a quarter speak of the same moment and are averaged."""


def interpolate(moments: Array, years: Array) -> Array:
    """Return the weights that interpolate anchors linearly in time, axes (anchor, time) [1].

    Parameters
    ----------
    moments
        Rising moments of the anchors [year], axis (anchor).
    years
        Moments asked for [year], axis (time); flat outside the anchors.

    Examples
    --------
    >>> interpolate(np.array([2024.0, 2026.0]), np.array([2023.0, 2024.5, 2026.0])).tolist()
    [[1.0, 0.75, 0.0], [0.0, 0.25, 1.0]]
    """
    return _weights(moments.tobytes(), years.tobytes())


@lru_cache(maxsize=256)
def _weights(moments: bytes, years: bytes) -> Array:
    """Return what `interpolate` does, once for all blocks of draws."""
    known, asked = np.frombuffer(moments), np.frombuffer(years)
    weights = np.stack([np.interp(asked, known, row) for row in np.eye(len(known))])
    weights.flags.writeable = False
    return weights


def over_time(anchors: Array, weights: Array) -> Array:
    """Return anchors times weights, axes (draw, time); the draws of one moment stand together in memory.

    Parameters
    ----------
    anchors
        Values, axes (draw, anchor).
    weights
        Weights, axes (anchor, time).

    Notes
    -----
    Done in pieces so small that the library of linear algebra takes one thread: the bits are then the same on
    every number of cores, and two threads that wait for a busy core take a hundred times as long.

    Examples
    --------
    >>> over_time(np.array([[2.0, 4.0]]), np.array([[0.5], [0.5]])).tolist()
    [[3.0]]
    """
    found = np.empty((weights.shape[1], len(anchors)))
    step = max(ONE_THREAD // weights.size, 1)
    for first in range(0, len(anchors), step):
        rows = slice(first, first + step)
        np.matmul(weights.T, anchors[rows].T, out=found[:, rows])
    return found.T


def merge_close(moments: Array, values: Array) -> tuple[Array, Array]:
    """Average anchors that speak of the same moment (less than half a quarter apart).

    Parameters
    ----------
    moments
        Rising moments [year], axis (anchor).
    values
        Values, axes (draw, anchor).

    Returns
    -------
    tuple
        Moments and values of the merged anchors.

    Examples
    --------
    >>> m, v = merge_close(np.array([2024.0, 2024.1, 2025.0]), np.array([[1.0, 3.0, 9.0]]))
    >>> m.round(3).tolist(), v.tolist()
    ([2024.05, 2025.0], [[2.0, 9.0]])
    """
    starts = np.flatnonzero(np.diff(moments, prepend=-np.inf) >= SAME_MOMENT_YEARS)
    if len(starts) == len(moments):
        return moments, values
    counts = np.diff(np.append(starts, len(moments)))
    merged = np.add.reduceat(values, starts, axis=1) / counts
    return np.add.reduceat(moments, starts) / counts, merged


@dataclass(frozen=True)
class Recipes:
    """What one H100-equivalent takes of each layer, from the mix of designs and their recipes.

    Parameters
    ----------
    reader
        The reading of the catalogue.

    Notes
    -----
    need[draw, time] = sum over designs g of mix_g(t) x (units per package)_g / (H100e per package)_g,
    with the mix interpolated linearly between the years that it is stated for. A quantity of a design is its
    fact where one is typed; else it is computed from the chip of the design by `narrows.systems.need`, or
    from the halls that it stands in by `narrows.facility.hall_power`.
    """

    reader: Reader

    @cached_property
    def _stated(self) -> tuple[tuple[str, ...], Array]:
        """Designs with a mix, and the years stated; the first reading is the one that is recorded."""
        designs, years, vars(self)["_mix"] = self._read_mix(self.reader)
        return designs, years

    @cached_property
    def _mix(self) -> Array:
        """Shares, axes (draw, year, design); drawn again, the same, where they were let go."""
        _ = self._stated
        found: Array | None = vars(self).get("_mix")
        return self._read_mix(self.reader.twin())[2] if found is None else found

    @staticmethod
    def _read_mix(reader: Reader) -> tuple[tuple[str, ...], Array, Array]:
        """Read designs with a mix, the years stated, and shares with axes (draw, year, design)."""
        found = {}
        for design in reader.catalog.designs:
            moments, shares, facts = reader.series(f"mix.{design.id}")
            if facts:
                found[design.id] = (moments, shares)
        if not found:
            raise reader.catalog.unknown("mix")
        years = np.array(sorted({moment for moments, _ in found.values() for moment in moments.tolist()}))
        mix = np.zeros((reader.n, len(years), len(found)))
        for column, (moments, shares) in enumerate(found.values()):
            mix[:, np.searchsorted(years, moments), column] = shares
        total = mix.sum(axis=2, keepdims=True)
        if not total.all():
            raise UsageError(
                "The mix of designs has a year in which every share is 0",
                "Something is deployed in every year of the mix",
                "Leave one design of that year above 0 in the scenario",
            )
        mix /= total
        return tuple(found), years, mix

    @cached_property
    def _chips(self) -> dict[str, str]:
        """Chip of each design that has one."""
        return {design.id: design.chip for design in self.reader.catalog.designs if design.chip}

    @cached_property
    def _computed(self) -> dict[str, Array]:
        """Computed amounts, by ``<design>.<quantity>``."""
        return {}

    @cached_property
    def _halls(self) -> Halls | None:
        """What halls take beyond IT power; None where a scenario states it itself."""
        if overruled(self.reader.catalog):
            return None
        own = self.reader.twin()
        found = halls_draws(own)  # its draws of the plant go with it
        self.reader.note(own.reads)
        return found

    @property
    def halls(self) -> Halls | None:
        """What halls take beyond IT power; None where a scenario states it itself."""
        return self._halls

    def _is_computed(self, design: str, quantity: str) -> bool:
        """Return whether a quantity of a design is computed: it can be, and is not typed."""
        if self.reader.catalog.has(f"{design}.{quantity}"):
            return False
        return quantity in SITE_FORMULAS or (quantity in FORMULAS and design in self._chips)

    def _amount(self, design: str, quantity: str) -> Array:
        """Return the draws of a quantity of a design: typed, or computed from its chip or its halls."""
        name = f"{design}.{quantity}"
        if not self._is_computed(design, quantity):
            return self.reader.draws(name)
        if name not in self._computed:
            self._computed[name] = self._compute(design, quantity)
        return self._computed[name]

    def _compute(self, design: str, quantity: str) -> Array:
        if quantity not in SITE_FORMULAS:
            return need_draws(self._chips[design], quantity, self.reader)
        if self._halls is None:
            return self.reader.draws(SITE_TYPED)
        return per_it_draws(self._amount(design, "it_kw"), self._amount(design, "liquid_kw"), self._halls)

    def prepare(self, needs: Iterable[Sequence[str]]) -> None:
        """Compute what halls take before all else, so that later draws have the room that it leaves.

        Parameters
        ----------
        needs
            Terms of each layer, as in `at_years`.
        """
        if any(term in SITE_FORMULAS for terms in needs for term in terms):
            _ = self._halls

    def forget(self) -> None:
        """Let go of the mix and of what was computed of the halls; asked for again they are the same."""
        vars(self).pop("_mix", None)
        for name in [name for name in self._computed if name.partition(".")[2] in SITE_FORMULAS]:
            del self._computed[name]

    def amount(self, design: str, quantity: str) -> Array:
        """Return the draws of a quantity of a design: typed, or computed from its chip or its halls."""
        return self._amount(design, quantity)

    def computed_from(self, design: str, quantity: str) -> tuple[str, str, str] | None:
        """Return what a quantity of a design is computed from, its unit and its formula; None where typed."""
        if not self._is_computed(design, quantity):
            return None
        if quantity in SITE_FORMULAS:
            return "the halls that it stands in", *SITE_FORMULAS[quantity]
        return self._chips[design], *FORMULAS[quantity]

    def again(self, reader: Reader) -> Recipes:
        """Return the recipes in another reading, in which no fact behind them differs.

        Parameters
        ----------
        reader
            The other reading, of the same seed and number of draws.
        """
        found = Recipes(reader)
        vars(found).update(_stated=self._stated, _computed=self._computed)
        if "_halls" in vars(self):
            vars(found).update(_halls=self._halls)
        return found

    def behind(self, design: str, quantity: str) -> tuple[str, ...]:
        """Return the ids of the facts behind a quantity of a design.

        Parameters
        ----------
        design, quantity
            The quantity is ``<design>.<quantity>``, typed or computed.
        """
        if not self._is_computed(design, quantity):
            return (f"{design}.{quantity}",)
        if quantity in SITE_FORMULAS:
            return (SITE_TYPED,) if overruled(self.reader.catalog) else per_it_reads(design)
        return need_reads(self._chips[design], quantity, self.reader.catalog)

    def _per_h100e(self, terms: Sequence[str], draws: slice) -> Array:
        """Units per H100e of each design, from the terms that belong to the design, axes (draw, design)."""
        designs, _ = self._stated
        rows = np.empty((len(designs), draws.stop - draws.start))
        for row, design in enumerate(designs):
            per_package = 1.0 / self.reader.draws(f"{design}.h100e")[draws]
            for term in terms:
                amount = self._amount(design, term.lstrip("/"))[draws]
                per_package = per_package / amount if term.startswith("/") else per_package * amount
            rows[row] = per_package
        return rows.T

    def _common(self, terms: Sequence[str]) -> Array | float:
        """Product of the terms that are the same for all designs, axes (draw, year)."""
        _, years = self._stated
        product: Array | float = 1.0
        for term in terms:
            amount = factor(self.reader, term.lstrip("/"), years)
            product = product / amount if term.startswith("/") else product * amount
        return product

    def mixed(self) -> dict[str, float]:
        """Return the designs with a mix, in the order of the catalogue, and the first year of each [year]."""
        (designs, years), mix = self._stated, self._mix
        return {
            design: float(years[np.flatnonzero(mix[:, :, column].any(axis=0))[0]])
            for column, design in enumerate(designs)
            if mix[:, :, column].any()
        }

    def shares_at(self, year: float) -> dict[str, float]:
        """Return the share of each design in the mix at a moment [share], mean over draws."""
        (designs, years), mix = self._stated, self._mix
        at = mix.mean(axis=0).T @ interpolate(years, np.array([year]))[:, 0]
        return dict(zip(designs, at.tolist(), strict=True))

    def reads(self, terms: Sequence[str]) -> tuple[str, ...]:
        """Return the ids of the facts behind a need: mix, recipes and common terms."""
        designs, _ = self._stated
        book = self.reader.catalog
        quantities = ["h100e", *(term.lstrip("/") for term in terms if "." not in term)]
        common = [term.lstrip("/") for term in terms if "." in term]
        return (
            *(fact.id for design in designs for fact in book.series(f"mix.{design}")),
            *dict.fromkeys(
                name
                for design in designs
                for quantity in quantities
                for name in self.behind(design, quantity)
            ),
            *(
                name
                for term in common
                for name in ([term] if book.has(term) else [f.id for f in book.series(term)])
            ),
        )

    @property
    def years(self) -> Array:
        """Years for which the mix is stated [year], axis (year)."""
        return self._stated[1]

    def at_years(self, needs: Sequence[Sequence[str]]) -> tuple[Array, Array]:
        """Return the years stated and the needs there, axes (draw, year, layer) [unit/h100e].

        A term with a dot is a fact or a series of facts; one without is a quantity of each design.
        Without any term the need is 1: the layer is counted in H100e.
        """
        (_, years), mix = self._stated, self._mix
        own = [[term for term in terms if "." not in term] for terms in needs]
        amounts = np.empty((len(needs), len(years), self.reader.n)).T
        for rows in chunks(self.reader.n):
            recipes = np.stack([self._per_h100e(terms, rows) for terms in own], axis=2)
            amounts[rows] = np.matmul(mix[rows], recipes)
        amounts[:, :, [row for row, terms in enumerate(needs) if not terms]] = 1.0
        for row, terms in enumerate(needs):
            amounts[:, :, row] *= self._common([term for term in terms if "." in term])
        return years, amounts

    def by_group(
        self, needs: Sequence[Sequence[str]], groups: Sequence[Sequence[str]]
    ) -> tuple[Array, Array]:
        """Return the share of each group of designs, and its part of the needs, at the years stated.

        Parameters
        ----------
        needs
            Terms of each layer, as in `at_years`.
        groups
            Ids of the designs of each group; a design without a mix counts nothing.

        Returns
        -------
        tuple
            Shares, axes (draw, year, group), and need times share [unit/h100e], axes (draw, year, group,
            layer). Over groups that hold every design once they add up to 1 and to the needs of `at_years`.
        """
        (designs, years), mix = self._stated, self._mix
        own = [[term for term in terms if "." not in term] for terms in needs]
        recipes = np.stack([self._per_h100e(terms, slice(0, self.reader.n)) for terms in own], axis=2)
        recipes[:, :, [row for row, terms in enumerate(needs) if not terms]] = 1.0
        shares = np.zeros((self.reader.n, len(years), len(groups)))
        amounts = np.zeros((*shares.shape, len(needs)))
        for at, group in enumerate(groups):
            held = [column for column, design in enumerate(designs) if design in group]
            shares[:, :, at] = mix[:, :, held].sum(axis=2)
            amounts[:, :, at] = np.matmul(mix[:, :, held], recipes[:, held])
        for row, terms in enumerate(needs):
            common = self._common([term for term in terms if "." in term])
            amounts[..., row] *= np.broadcast_to(common, mix.shape[:2])[:, :, None]
        return shares, amounts


def factor(reader: Reader, name: str, years: Array) -> Array:
    """Return a factor at some moments: one fact, or a series interpolated in time; axes (draw, time or 1).

    Parameters
    ----------
    reader
        The reading of the catalogue.
    name
        Fact or series.
    years
        Moments asked for [year], axis (time).

    Raises
    ------
    DataError
        Nothing was known about it on the day asked for.
    """
    if reader.catalog.has(name):
        return reader.draws(name)[:, None]
    moments, values, facts = reader.series(name)
    if not facts:
        raise reader.catalog.unknown(name)
    return values @ interpolate(moments, years)


@dataclass(frozen=True)
class FactLayer:
    """A layer declared as facts: it answers `narrows.layer.Layer` from a reading of the catalogue.

    Parameters
    ----------
    declared
        The layer's entry in the catalogue.
    reader
        The reading of the catalogue.
    recipes
        Needs per H100-equivalent of the same reading.
    """

    declared: LayerDeclaration
    reader: Reader
    recipes: Recipes

    @property
    def id(self) -> str:
        """Name in programs."""
        return self.declared.id

    @property
    def unit(self) -> str:
        """What the layer makes."""
        return self.declared.unit

    def supply(self, years: Array, rows: slice | NDArray[np.bool_] = ALL) -> Array | None:
        """Return what the layer can make for AI [unit/quarter], axes (draw, time); None if not known.

        Parameters
        ----------
        years
            Moments as calendar years with fraction [year], axis (time).
        rows
            Draws asked for.

        Notes
        -----
        Anchors that speak of a later time, forecasts and assumptions alike, are multiplied by
        ratio ** min(h, 1), ratio = realised over forecast one year ahead, h = years from the day the
        statement was made to the period that it speaks of. Between anchors the logarithm is a straight
        line; it is flat before the first
        and grows at a constant rate after the last.
        """
        anchored = self._anchored
        if anchored is None:
            return None
        moments, columns = anchored
        weights = np.vstack([interpolate(moments, years), np.maximum(years - moments[-1], 0.0)])
        supply = over_time(columns[rows], weights)
        np.exp(supply, out=supply)
        for times, shares in self._shares:
            supply *= over_time(shares[rows], interpolate(times, years))
        return supply

    @cached_property
    def _anchored(self) -> tuple[Array, Array] | None:
        """Moments of the anchors; logarithms of supply there and of growth after, axes (draw, anchor + 1)."""
        moments, anchors, facts = self.reader.series(self.declared.capacity)
        if not facts:
            return None
        logs = np.log(anchors, out=anchors)
        slip = self._optional(self.declared.slip)
        if slip is not None:
            logs += np.log(slip)[:, None] * horizon(facts)
        moments, logs = merge_close(moments, logs)
        constant = np.full(len(logs), np.log(QUARTER_S))
        for name in self.declared.multiply:
            if self.reader.catalog.has(name):
                constant += np.log(np.maximum(self.reader.draws(name), LEAST))
        growth = self._optional(self.declared.growth)
        after = np.zeros(len(logs)) if growth is None else np.log(growth)
        return moments, np.vstack([logs.T + constant, after]).T

    @cached_property
    def _shares(self) -> list[tuple[Array, Array]]:
        """Factors that change by year: moments, and values with axes (draw, anchor)."""
        found = []
        for name in self.declared.multiply:
            if self.reader.catalog.has(name):
                continue
            times, shares, facts = self.reader.series(name)
            if not facts:
                raise self.reader.catalog.unknown(name)
            found.append((times, shares))
        return found

    def _optional(self, name: str) -> Array | None:
        return self.reader.draws(name) if self.reader.catalog.has(name) else None

    def again(self, reader: Reader, recipes: Recipes) -> FactLayer:
        """Return the layer in another reading, in which no fact behind its capacity differs.

        Parameters
        ----------
        reader, recipes
            The other reading, of the same seed and number of draws, and its recipes.
        """
        found = FactLayer(self.declared, reader, recipes)
        vars(found).update(_anchored=self._anchored, _shares=self._shares)
        return found

    def need(self, years: Array) -> Array:
        """Return what one H100-equivalent takes of the layer [unit/h100e], axes (draw, time)."""
        moments, needs = self.recipes.at_years([self.declared.need])
        return needs[:, :, 0] @ interpolate(moments, years)

    def relief(self) -> tuple[float, float, float] | None:
        """Return the time from a decision to added capacity [quarter]: low, value, high.

        Notes
        -----
        As stated; P10, P50 and P90 where a law gives it, in draws of its own, so that it is the same at any
        number of draws.
        """
        name = self.declared.lead
        if not self.reader.catalog.has(name):
            return None
        sample = Reader(self.reader.catalog, LEAD_SEED, LEAD_DRAWS, laws=self.reader.laws)
        if sample.behind(name) != (name,):
            self.reader.note(sample.behind(name))
            found = quantiles(sample.draws(name), LEAD_BAND) / QUARTER_S
            return float(found[0]), float(found[1]), float(found[2])
        fact = self.reader.fact(name)
        low, value, high = fact.canonical_low, fact.canonical_value, fact.canonical_high
        return low / QUARTER_S, value / QUARTER_S, high / QUARTER_S

    def makers(self) -> Mapping[str, float]:
        """Return each maker's share of output, newest statement of each maker, summing to 1."""
        prefix = self.declared.makers
        if not prefix:
            return {}
        newest: dict[str, Fact] = {}
        for fact in self.reader.catalog.under(prefix):
            name = fact.id.removeprefix(prefix + ".").split(".")[0]
            if name not in newest or fact.known_on >= newest[name].known_on:
                newest[name] = fact
        return shares_of([(name, fact.canonical_value) for name, fact in newest.items()])

    def watch(self) -> str:
        """Return the published indicator that would show the layer moving."""
        return self.declared.watch


def horizon(facts: Sequence[Fact]) -> Array:
    """Years ahead that each statement looked, 0 for the past and 1 at most, axis (anchor)."""
    return np.array(
        [
            min(max((fact.midpoint or 0.0) - _year(fact.known_on), 0.0), 1.0)
            if fact.kind in FORETELLS
            else 0.0
            for fact in facts
        ]
    )


def _year(day: date) -> float:
    """Return a day as calendar year with fraction [year]."""
    start = date(day.year, 1, 1)
    return day.year + (day - start).days / (date(day.year + 1, 1, 1) - start).days
