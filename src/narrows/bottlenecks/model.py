"""From the answers of the layers to the arrays of the core: one stack over quarters and draws."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.bottlenecks.network import Network, Stack
from narrows.bottlenecks.supply import QUARTER_S, FactLayer, Recipes, factor, interpolate, over_time
from narrows.errors import DataError, UnknownNameError, UsageError
from narrows.facility.hall_power import TYPED as SITE_TYPED
from narrows.quarters import Quarter
from narrows.units import to_canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from narrows.catalog import LayerDeclaration, Reader

    Array = NDArray[np.float64]
    Change = Callable[[Array, "slice | NDArray[np.bool_]"], None]

__all__ = ["FIRST", "LAST", "ROOT", "TAIL_QUARTERS", "Model", "Stacks", "build", "draws_last"]

FIRST = Quarter.parse("2019Q4")
"""First quarter of the model: the oldest demand on record, less the longest way through the stack."""
LAST = Quarter.parse("2030Q4")
"""Last quarter of the default question."""
TAIL_QUARTERS = 4
"""Quarters solved beyond the last one asked for, so that the end of time does not touch the answer."""
ROOT = "deployed"
IT_POWER = ("it_kw",)
"""The design quantity that gives IT power."""
COUNTED = "rack"
"""Layer at whose door chips are counted as sold: the mix of designs is that of what is sold."""
APART = 1e-5
"""Stocks of neighbouring layers differ by this share, so that two of them never tie by construction."""


@dataclass(frozen=True, eq=False)
class Model:
    """One stack over quarters and draws, and what is needed to read its solution.

    Parameters
    ----------
    reader
        The reading of the catalogue.
    quarters
        All quarters solved, axis (quarter).
    layers
        Layers in flow order without the root; ``layers[i]`` is row i + 1 of the arrays, row 0 is the root.
    network
        Who feeds whom, and with what lag.
    exact_lag
        Lags before rounding [quarter], axis (layer).
    sale_lag
        Time from the sale of a chip to its deployment [quarter].
    hold
        Quarters of flow that may wait after each layer, inf for no limit, axis (layer).
    arrivals
        Cumulative arrivals from the work in progress at the start [h100e], axes (1, layer, quarter).
    stated, need
        Moments of deployment at which the mix is stated [year], and what one H100e takes of each layer
        and of IT power in them [unit/h100e], axes (draw, moment, layer + 1).
    worth
        Value of one H100e deployed in a quarter, relative to the first, axis (quarter).
    unknown
        Ids of layers about whose capacity nothing was known.
    chains
        Facts behind the capacity of each layer, by layer id.
    change
        What a question changes about the capacities, see `changed`; None for the stack as it stands.
    """

    reader: Reader
    quarters: tuple[Quarter, ...]
    layers: tuple[FactLayer, ...]
    network: Network
    exact_lag: Array
    sale_lag: float
    hold: Array
    arrivals: Array
    stated: Array
    need: Array
    worth: Array
    unknown: tuple[str, ...]
    chains: dict[str, tuple[str, ...]]
    change: Change | None = None

    def changed(self, change: Change) -> Model:
        """Return the model with other capacities: what if a layer made more, or a maker stopped.

        Parameters
        ----------
        change
            Called with the capacities of some draws [h100e/quarter], axes (draw, layer, quarter), which
            it alters in place, and with those draws (a slice, or flags). Stock and transit then
            follow the changed flow.
        """
        return replace(self, change=change)

    @cached_property
    def recipe_facts(self) -> frozenset[str]:
        """Facts behind what one H100e takes of all layers and of IT power."""
        recipes = self.layers[0].recipes
        needs = [IT_POWER, *(layer.declared.need for layer in self.layers)]
        return frozenset(name for terms in needs for name in recipes.reads(terms))

    @cached_property
    def years(self) -> Array:
        """Middles of the quarters [year], axis (quarter)."""
        return np.array([quarter.midpoint for quarter in self.quarters])

    @cached_property
    def path_lag(self) -> NDArray[np.int64]:
        """Time from each layer's output to its deployment [quarter], axis (layer)."""
        return _path_lag(self.network.parent, self.network.lag)

    @cached_property
    def early(self) -> Array:
        """Part of the time from a layer's output to its deployment that whole quarters leave out [quarter].

        Lags of the network are whole quarters; what rounding leaves, -0.5 to 0.5 for each step of the way, is
        kept by reading the capacity so much earlier, axis (layer).
        """
        return _path_lag(self.network.parent, self.exact_lag) - self.path_lag

    @property
    def weight(self) -> Array:
        """Value of one H100e of cumulative deployment at a quarter, axis (quarter)."""
        weight: Array = np.append(self.worth[:-1] - self.worth[1:], self.worth[-1])
        return weight

    def row(self, name: str) -> int:
        """Return the row of a layer in the arrays.

        Raises
        ------
        UnknownNameError
            If there is no such layer.
        """
        names = [layer.id for layer in self.layers]
        if name not in names:
            raise UnknownNameError("layer", name, names, remedy="List the layers with `narrows layer`")
        return names.index(name) + 1

    def layer(self, name: str) -> FactLayer:
        """Return a layer by its id."""
        return self.layers[self.row(name) - 1]

    def stack(self, rows: slice | NDArray[np.bool_]) -> Stack:
        """Return the arrays of the core for some draws.

        Notes
        -----
        Capacity K_i(t) = supply_i(t) / need_i(t + path lag) [h100e/quarter]: a unit is made by the
        recipe of the design that it will end in. A layer of which nothing is known, or of which
        nothing is needed, has K = inf.

        Stock and transit may hold B_i(t) = (lag_i + hold_i) quarters of the highest flow so far, the
        flow of a quarter being the least capacity of all layers that serve it: lag_i quarters are
        under way, hold_i may wait. See docs/convention.md §12.
        """
        capacity = self.capacity(rows, self.years)
        if self.change is not None:
            self.change(capacity, rows)
        return Stack(
            network=self.network,
            K=capacity,
            A=self.arrivals,
            B=self.caps_for(capacity),
            D=np.full((1, len(self.quarters)), np.inf),
            w=self.weight,
        )

    def capacity(self, rows: slice | NDArray[np.bool_], years: Array) -> Array:
        """Return capacities of some draws, axes (draw, layer, time) [h100e/quarter]."""
        need = self.need[rows]
        capacity = draws_last(len(need), len(self.layers) + 1, len(years))
        capacity[:, 0] = np.inf
        for row, layer in enumerate(self.layers, start=1):
            supply = layer.supply(years - self.early[row] / 4, rows)
            if supply is None:
                capacity[:, row] = np.inf
                continue
            per_h100e = over_time(need[:, :, row], interpolate(self.stated, years + self.path_lag[row] / 4))
            with np.errstate(divide="ignore"):
                np.divide(supply, per_h100e, out=capacity[:, row])
        return capacity

    def flow(self, capacity: Array) -> Array:
        """Return the least capacity that serves each quarter, axes (draw, quarter) [h100e/quarter].

        Parameters
        ----------
        capacity
            Capacities [h100e/quarter], axes (draw, layer, quarter).
        """
        return _flow(capacity, self.path_lag)

    def caps_for(self, capacity: Array) -> Array:
        """Return caps on stock plus transit that follow capacities, axes (draw, layer, quarter) [h100e].

        Parameters
        ----------
        capacity
            Capacities [h100e/quarter], axes (draw, layer, quarter).
        """
        return self.caps(np.maximum.accumulate(self.flow(capacity), axis=1))

    def caps(self, flow: Array) -> Array:
        """Return caps on stock plus transit, axes (draw, layer, quarter) [h100e].

        Parameters
        ----------
        flow
            Highest flow so far in every quarter [h100e/quarter], axes (draw, quarter).
        """
        count, furthest = flow.shape[1], int(self.path_lag.max())
        ahead = np.vstack([flow.T, np.repeat(flow[:, -1:].T, furthest, axis=0)]).T
        cap = draws_last(len(flow), len(self.hold), count)
        for row, (hold, lag) in enumerate(zip(self.hold, self.network.lag, strict=True)):
            if np.isinf(hold):
                cap[:, row] = np.inf
                continue
            served = self.path_lag[row]
            np.multiply(flow, hold, out=cap[:, row])
            for start in range(served - lag + 1, served + 1):
                cap[:, row] += ahead[:, start : start + count]
            np.maximum(cap[:, row], self.arrivals[:, row, -1:], out=cap[:, row])
        return cap

    def it_watts(self, shown: slice) -> Array:
        """Return IT power of one H100e deployed in a quarter [W], axes (draw, quarter)."""
        return self.need[:, :, 0] @ interpolate(self.stated, self.years[shown])

    def units_usd(self, shown: slice) -> Array:
        """Return the price of the H100e that one native unit carries [USD/unit], axes (layer, quarter)."""
        price = factor(self.reader, "value.usd_per_h100e", self.years[shown]).mean(axis=0)
        need = np.stack(
            [
                self.need[:, :, row].mean(axis=0) @ interpolate(self.stated, self.years[shown] + lag / 4)
                for row, lag in enumerate(self.path_lag)
            ]
        )[1:]
        per_unit: Array = np.divide(price, need, out=np.zeros_like(need), where=need > 0)
        sizes = np.array([to_canonical(1.0, layer.unit) for layer in self.layers])
        worth: Array = per_unit * sizes[:, None]
        return worth


@dataclass(frozen=True)
class Stacks:
    """The stack of a model, built for the draws that are asked for.

    Parameters
    ----------
    model
        The model.
    """

    model: Model

    @property
    def draws(self) -> int:
        """Number of draws."""
        return self.model.reader.n

    @property
    def layers(self) -> int:
        """Number of layers, the root among them."""
        return len(self.model.layers) + 1

    @property
    def quarters(self) -> int:
        """Number of quarters."""
        return len(self.model.quarters)

    @property
    def w(self) -> Array:
        """Value of one H100e of cumulative deployment at a quarter, axis (quarter)."""
        return self.model.weight

    def take(self, draws: slice | NDArray[np.bool_]) -> Stack:
        """Return the arrays of the core for some draws."""
        return self.model.stack(draws)


def build(reader: Reader, last: Quarter = LAST, near: Model | None = None) -> Model:
    """Build the stack from a reading of the catalogue.

    Parameters
    ----------
    reader
        The reading of the catalogue: it gives draws and remembers the facts.
    last
        Last quarter asked for; `TAIL_QUARTERS` more are solved.
    near
        Model of a catalogue with the same ids, of the same seed, number of draws and last quarter: what it
        has read is kept where no fact behind it differs. The model is the same without it.

    Raises
    ------
    DataError
        If the catalogue declares no root layer ``deployed``, or a fact needed was not known.
    UsageError
        If the lags are longer than the model.

    Notes
    -----
    Work in progress at the start is lag_i quarters of the first flow (its mean over draws).
    """
    declared = [layer for layer in reader.catalog.layers if layer.id != ROOT]
    if len(declared) == len(reader.catalog.layers):
        raise DataError(
            "The catalogue declares no layer 'deployed'",
            "One layer must be the root that all others feed",
            "Add [[layer]] id = 'deployed' with feeds = '' to layers.toml",
        )
    quarters = tuple(FIRST + step for step in range(last - FIRST + 1 + TAIL_QUARTERS))
    kept = _Near(reader, near)
    recipes, layers = kept.recipes, tuple(kept.layer(layer) for layer in declared)
    rows = {ROOT: 0} | {layer.id: row + 1 for row, layer in enumerate(layers)}
    unknown, chains = kept.read(layers, quarters[0].midpoint)
    stated, need = kept.needs([IT_POWER, *(layer.declared.need for layer in layers)])
    lags = np.array([0.0, *(_quarters(layer, layer.declared.lag) for layer in layers)])
    network = Network(
        parent=np.array([-1, *(rows[layer.declared.feeds] for layer in layers)]),
        lag=np.rint(lags).astype(np.int64),
    )
    sale_lag = float(_path_lag(network.parent, lags)[rows[COUNTED]]) if COUNTED in rows else 0.0
    model = Model(
        reader=reader,
        quarters=quarters,
        layers=layers,
        network=network,
        exact_lag=lags,
        sale_lag=sale_lag,
        hold=np.array([np.inf, *(_hold(layer) for layer in layers)]) * (1.0 + APART * np.arange(len(rows))),
        arrivals=np.empty(0),
        stated=stated + sale_lag / 4,
        need=need,
        worth=(1.0 - reader.point("value.decline")) ** (np.arange(len(quarters)) / 4),
        unknown=unknown,
        chains=chains,
    )
    _check_lags(model)
    recipes.forget()
    reader.forget()  # what the layers still need of them, they keep
    first = model.capacity(slice(None), model.years[:1]).min(axis=1).mean()
    return replace(model, arrivals=_arrivals(first, model.network.lag, len(quarters)))


class _Near:
    """What a reading can keep of a model of other facts: recipes, needs, and capacities of layers.

    Parameters
    ----------
    reader
        The reading.
    near
        The model; None keeps nothing.
    """

    def __init__(self, reader: Reader, near: Model | None) -> None:
        self.reader, self.near = reader, near
        self.chains: dict[str, tuple[str, ...]] = {}
        self.changed = reader.catalog.differs(near.reader.catalog) if near else frozenset()
        if near is None or not self.changed.isdisjoint({*near.recipe_facts, SITE_TYPED}):
            self.near, self.recipes = None, Recipes(reader)
            self.recipes.prepare(layer.need for layer in reader.catalog.layers)
        else:
            self.recipes = near.layers[0].recipes.again(reader)

    def layer(self, declared: LayerDeclaration) -> FactLayer:
        """Return a layer, with its capacity where that is the same; what it rests on counts as read."""
        if self.near is None or not self.changed.isdisjoint(self.near.chains[declared.id]):
            return FactLayer(declared, self.reader, self.recipes)
        self.chains[declared.id] = self.near.chains[declared.id]
        return self.near.layer(declared.id).again(self.reader, self.recipes)

    def needs(self, terms: Sequence[Sequence[str]]) -> tuple[Array, Array]:
        """Return the years stated and the needs there, as `Recipes.at_years`."""
        if self.near is None:
            return self.recipes.at_years(terms)
        self.reader.note(self.near.recipe_facts)
        return self.recipes.years, self.near.need

    def read(
        self, layers: Sequence[FactLayer], year: float
    ) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
        """Read every layer once that is not kept: the ids of the unknown ones, and the facts behind each."""
        unknown, chains = [], {}
        for layer in layers:
            if self.near is not None and layer.id in self.chains:
                known = layer.id not in self.near.unknown
                chains[layer.id] = self.chains[layer.id]
                layer.reader.note(chains[layer.id])
            else:
                with layer.reader.chain() as chain:
                    known = layer.supply(np.array([year]), slice(1)) is not None
                chains[layer.id] = chain.reads + self.recipes.reads(layer.declared.need)
            if not known:
                unknown.append(layer.id)
        return tuple(unknown), chains


def _check_lags(model: Model) -> None:
    """Check that what a layer makes can be deployed before the model ends."""
    longest = int(model.path_lag.argmax())
    lag, count = int(model.path_lag[longest]), len(model.quarters)
    if lag >= count:
        raise UsageError(
            f"What {model.layers[longest - 1].id!r} makes is deployed {lag} quarters later",
            f"The model spans {count} quarters",
            "Set shorter lags in the scenario",
        )


def _quarters(layer: FactLayer, name: str) -> float:
    """Return a lag in quarters."""
    return layer.reader.point(name) / QUARTER_S if name else 0.0


def _hold(layer: FactLayer) -> float:
    """Return how many quarters' flow may wait after the layer; inf where nothing limits it."""
    name = layer.declared.hold
    return layer.reader.point(name) / QUARTER_S if name else np.inf


def _path_lag(parent: NDArray[np.int64], lag: NDArray[Any]) -> NDArray[Any]:
    """Return the quarters from each layer's output to its deployment, axis (layer)."""
    total = np.zeros(len(parent), dtype=lag.dtype)
    for row in range(len(parent)):
        node = row
        while parent[node] >= 0:
            total[row] += lag[node]
            node = parent[node]
    return total


def draws_last(draws: int, layers: int, times: int) -> Array:
    """Return an unset array, axes (draw, layer, time), in which the draws of one moment stand together.

    The solvers go through time with all draws side by side, and read this array without a copy.
    """
    return np.empty((layers, times, draws)).transpose(2, 0, 1)


def _flow(capacity: Array, path_lag: NDArray[np.int64]) -> Array:
    """Return the least capacity that serves each quarter, axes (draw, quarter) [h100e/quarter]."""
    flow: Array = capacity[:, 0].copy("K")
    for row, lag in enumerate(path_lag):
        served = capacity[:, row, : capacity.shape[2] - lag]
        np.minimum(flow[:, lag:], served, out=flow[:, lag:])
        if lag:
            np.minimum(flow[:, :lag], served[:, :1], out=flow[:, :lag])
    return flow


def _arrivals(flow: float, lag: NDArray[np.int64], count: int) -> Array:
    """Return cumulative arrivals from the work in progress at the start, axes (1, layer, quarter) [h100e]."""
    first = flow * (1.0 + APART * np.arange(len(lag)))
    arrivals: Array = (np.minimum(np.arange(count) + 1, lag[:, None]) * first[:, None])[None]
    return arrivals
