"""From the answers of the layers to the arrays of the core: one stack over quarters and draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from narrows.bottlenecks.network import Network, Stack
from narrows.bottlenecks.supply import QUARTER_S, FactLayer, Recipes, interpolate
from narrows.errors import DataError, UnknownNameError
from narrows.quarters import Quarter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from narrows.catalog import Reader

    Array = NDArray[np.float64]

__all__ = ["FIRST", "LAST", "ROOT", "TAIL_QUARTERS", "Model", "build"]

FIRST = Quarter.parse("2020Q3")
"""First quarter of the model: the oldest demand that is on record."""
LAST = Quarter.parse("2030Q4")
"""Last quarter of the default question."""
TAIL_QUARTERS = 4
"""Quarters solved beyond the last one asked for, so that the end of time does not touch the answer."""
ROOT = "deployed"


@dataclass(frozen=True)
class Model:
    """One stack, ready to solve, with what is needed to read the answer.

    Parameters
    ----------
    quarters
        All quarters solved, axis (quarter).
    layers
        Layers in flow order without the root, axis (layer) of the arrays after the root's own row.
    stack
        The arrays of the core; row 0 is the root, row i + 1 is ``layers[i]``.
    need_mean
        What one H100-equivalent takes of each layer, mean over draws [unit/h100e], axes (layer, quarter).
    it_w
        IT power of one H100-equivalent deployed in the quarter [W], axes (draw, quarter).
    worth
        Value of one H100-equivalent deployed in the quarter, relative to the first, axis (quarter).
    usd_per_h100e
        Market price of one H100-equivalent [USD], axes (draw, quarter).
    unknown
        Ids of layers about whose capacity nothing was known.
    chains
        Facts behind the capacity of each layer, by layer id.
    """

    quarters: tuple[Quarter, ...]
    layers: tuple[FactLayer, ...]
    stack: Stack
    need_mean: Array
    it_w: Array
    worth: Array
    usd_per_h100e: Array
    unknown: tuple[str, ...]
    chains: dict[str, tuple[str, ...]]

    def row(self, name: str) -> int:
        """Return the row of a layer in the arrays of the stack.

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

    def path_lag(self, name: str) -> int:
        """Return the time from a layer's output to its deployment [quarter]."""
        network = self.stack.network
        return int(_path_lag(network.parent, network.lag)[self.row(name)])


def build(reader: Reader, last: Quarter = LAST) -> Model:
    """Build the stack from a reading of the catalogue.

    Parameters
    ----------
    reader
        The reading of the catalogue: it gives draws and remembers the facts.
    last
        Last quarter asked for; `TAIL_QUARTERS` more are solved.

    Raises
    ------
    DataError
        If the catalogue declares no root layer ``deployed``.

    Notes
    -----
    Capacity K_i(t) = supply_i(t) / need_i(t + path lag) [h100e/quarter]: a unit is made by the
    recipe of the design that it will end in. A layer of which nothing is known, or of which
    nothing is needed, has K = inf.

    Stock and transit may hold B_i(t) = the flow of the next lag_i quarters + hold_i quarters'
    flow, where flow(t) is the least capacity of all layers that serve quarter t; it never falls.
    Work in progress at the start is lag_i quarters of the first flow (its mean over draws). See docs/convention.md §9.
    """
    declared = [layer for layer in reader.catalog.layers if layer.id != ROOT]
    if len(declared) == len(reader.catalog.layers):
        raise DataError(
            "The catalogue declares no layer 'deployed'",
            "One layer must be the root that all others feed",
            "Add [[layer]] id = 'deployed' with feeds = '' to layers.toml",
        )
    quarters = tuple(FIRST + step for step in range(last - FIRST + 1 + TAIL_QUARTERS))
    years = np.array([quarter.midpoint for quarter in quarters])
    recipes = Recipes(reader)
    layers = tuple(FactLayer(layer, reader, recipes) for layer in declared)
    rows = {ROOT: 0} | {layer.id: row + 1 for row, layer in enumerate(layers)}
    parent = np.array([-1, *(rows[layer.declared.feeds] for layer in layers)])
    lag = np.array([0, *(_quarters(layer, layer.declared.lag) for layer in layers)])
    path_lag = _path_lag(parent, lag)

    need = _needs(layers, recipes, years, path_lag[1:])
    capacity = np.full((reader.n, len(rows), len(quarters)), np.inf)
    unknown, chains = [], {}
    for row, layer in enumerate(layers):
        with reader.chain() as chain:
            path = layer.log_supply(years)
        chains[layer.id] = chain.reads + recipes.reads(layer.declared.need)
        if path is None:
            unknown.append(layer.id)
            continue
        with np.errstate(divide="ignore"):
            np.divide(np.exp(path), need[:, row], out=capacity[:, row + 1])
    hold = np.array([np.inf, *(_hold(layer) for layer in layers)])
    flow = _flow(capacity, path_lag)
    arrivals, cap = _stocks(flow, lag, path_lag, hold)
    worth = (1.0 - reader.point("value.decline")) ** (np.arange(len(quarters)) / 4)
    return Model(
        quarters=quarters,
        layers=layers,
        stack=Stack(
            network=Network(parent, lag),
            K=capacity,
            A=arrivals,
            B=cap,
            D=np.full((1, len(quarters)), np.inf),
            w=np.append(worth[:-1] - worth[1:], worth[-1]),
        ),
        need_mean=need.mean(axis=0),
        it_w=_power(recipes, years),
        worth=worth,
        usd_per_h100e=_price(reader, years),
        unknown=tuple(unknown),
        chains=chains,
    )


def _quarters(layer: FactLayer, name: str) -> int:
    """Return a lag rounded to whole quarters."""
    return round(layer.reader.point(name) / QUARTER_S) if name else 0


def _hold(layer: FactLayer) -> float:
    """Return how many quarters' flow may wait after the layer; inf where nothing limits it."""
    name = layer.declared.hold
    return layer.reader.point(name) / QUARTER_S if name else np.inf


def _path_lag(parent: Array, lag: Array) -> NDArray[np.int64]:
    """Return the quarters from each layer's output to its deployment, axis (layer)."""
    total = np.zeros(len(parent), dtype=np.int64)
    for row in range(len(parent)):
        node = row
        while parent[node] >= 0:
            total[row] += lag[node]
            node = parent[node]
    return total


def _needs(layers: Sequence[FactLayer], recipes: Recipes, years: Array, path_lag: NDArray[np.int64]) -> Array:
    """Return needs per H100e at the time of deployment, axes (draw, layer, quarter)."""
    using = [row for row, layer in enumerate(layers) if layer.declared.need]
    moments, at_years = recipes.at_years([layers[row].declared.need for row in using])
    need = np.ones((len(at_years), len(layers), len(years)))
    for column, row in enumerate(using):
        need[:, row] = at_years[:, :, column] @ interpolate(moments, years + path_lag[row] / 4)
    return need


def _flow(capacity: Array, path_lag: NDArray[np.int64]) -> Array:
    """Return the least capacity that serves each quarter, axes (draw, quarter) [h100e/quarter]."""
    flow = np.full(capacity[:, 0].shape, np.inf)
    for row, lag in enumerate(path_lag):
        served = capacity[:, row, : capacity.shape[2] - lag]
        np.minimum(flow[:, lag:], served, out=flow[:, lag:])
        if lag:
            np.minimum(flow[:, :lag], served[:, :1], out=flow[:, :lag])
    return flow


def _stocks(flow: Array, lag: Array, path_lag: NDArray[np.int64], hold: Array) -> tuple[Array, Array]:
    """Return opening arrivals A and caps on stock plus transit B, axes (draw, layer, quarter)."""
    draws, count = flow.shape
    steps = np.arange(count)
    arrivals = (np.minimum(steps + 1, lag[:, None]) * flow[:, 0].mean())[None]
    cap = np.full((draws, len(lag), count), np.inf)
    for row in range(len(lag)):
        if not np.isfinite(hold[row]):
            continue
        transit = sum(
            (flow[:, np.minimum(steps + path_lag[row] - ahead, count - 1)] for ahead in range(lag[row])),
            start=np.zeros(1),
        )
        waiting = hold[row] * flow[:, np.minimum(steps + path_lag[row], count - 1)]
        rising = np.maximum.accumulate(transit + waiting, axis=1)
        cap[:, row] = np.maximum(rising, arrivals[:, row, -1:])
    return arrivals, cap


def _power(recipes: Recipes, years: Array) -> Array:
    """Return IT power per H100e deployed [W], axes (draw, quarter)."""
    moments, needs = recipes.at_years([["it_kw"]])
    return needs[:, :, 0] @ interpolate(moments, years)


def _price(reader: Reader, years: Array) -> Array:
    """Return the market price of one H100e [USD], axes (draw, quarter)."""
    moments, values, _ = reader.series("value.usd_per_h100e")
    return np.exp(np.log(values) @ interpolate(moments, years))
