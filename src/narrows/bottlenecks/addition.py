"""More capacity of some layers from a quarter on: what it brings, and what it costs.

The quarters before the decision are as they were; from the decision on the stack is solved again for every
question. Only quarters up to the horizon are solved, and only forward.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from narrows import units
from narrows.bottlenecks.network import Stack
from narrows.bottlenecks.plain import Forward, forward, restart, worth
from narrows.bottlenecks.supply import QUARTER_S, interpolate, over_time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from narrows.bottlenecks.model import Model
    from narrows.bottlenecks.supply import FactLayer

    Array = NDArray[np.float64]
    Flags = NDArray[np.bool_]
    Whole = NDArray[np.int64]

__all__ = ["Addition", "Future", "Majorant", "arrivals", "cost_known", "unit_cost"]

WHOLE = 1e-9
"""A lead this little over a whole number of quarters [quarter] still counts as that number."""


def arrivals(model: Model, row: int, start: int) -> Whole | None:
    """Return the quarter in which capacity decided in a quarter arrives, axis (draw); None if not known.

    Parameters
    ----------
    model
        The stack.
    row
        Row of the layer.
    start
        Quarter of the decision; all quarters count from the first of the model.
    """
    lead = model.layers[row - 1].declared.lead
    if not model.reader.catalog.has(lead):
        return None
    quarters = np.ceil(model.reader.draws(lead) / QUARTER_S - WHOLE)
    return start + np.maximum(quarters, 0.0).astype(np.int64)


def cost_known(model: Model, row: int) -> bool:
    """Return whether the cost of more capacity of a layer was known."""
    return model.reader.catalog.has(model.layers[row - 1].declared.cost)


def unit_cost(model: Model, row: int, arrival: Whole, last: int) -> Array:
    """Return the cost of one h100e/quarter of a layer, axis (draw) [usd per h100e/quarter].

    Parameters
    ----------
    model
        The stack.
    row
        Row of the layer, whose cost is known.
    arrival
        Quarter in which the capacity arrives, axis (draw).
    last
        Horizon.

    Notes
    -----
    A line is paid once: cost x need(arrival), with the recipe of the quarter in which it arrives. Where every
    unit is paid for: cost x sum of need(t) over the quarters from the arrival to the horizon. Money is not
    discounted.
    """
    layer = model.layers[row - 1]
    start = min(int(arrival.min()), last)
    moments = model.years[start : last + 1] + model.path_lag[row] / 4
    need = over_time(model.need[:, :, row], interpolate(model.stated, moments))
    cost = model.reader.draws(layer.declared.cost)
    if _is_line(layer):
        at = np.minimum(arrival, last) - start
        return np.asarray(cost / QUARTER_S * np.take_along_axis(need, at[:, None], axis=1)[:, 0])
    made = np.where(np.arange(start, last + 1) >= arrival[:, None], need, 0.0).sum(axis=1)
    return np.asarray(cost * made)


def _is_line(layer: FactLayer) -> bool:
    """Return whether the cost is that of a line [usd x time / unit], not of each unit [usd / unit]."""
    fact = layer.reader.fact(layer.declared.cost)
    line = units.parse("usd*s") / units.parse(layer.unit)
    return units.parse(fact.unit).dimension == line.dimension


class Addition(NamedTuple):
    """Capacity added to a layer for good.

    Parameters
    ----------
    size
        Capacity added [h100e/quarter]; inf for a layer without limit.
    arrival
        Quarter in which it arrives, counted from the first of the model, axis (draw).
    """

    size: float
    arrival: Whole


@dataclass(frozen=True, eq=False)
class Future:
    """The quarters from a decision to the horizon of some draws, ready to be asked what if.

    Parameters
    ----------
    model
        The stack.
    start, last
        Quarter of the decision and horizon, counted from the first of the model.
    stack
        The stack from the decision to the horizon as it stands.
    served
        Capacity of each layer by the quarter that it serves, from the decision to the end of the model
        [h100e/quarter], axes (draw, layer, quarter).
    peaks, peak
        Highest of it before the decision, axes (draw, layer), and highest flow before it, axis (draw).
    used
        What stock and transit at the decision take off the caps [h100e], 0 or less, axes (draw, layer).

    Notes
    -----
    The value is V = sum over quarters t of v(t) / v(start) x compute deployed in t [H100e of the
    quarter of the decision], from the decision to the horizon. Caps on stock and transit follow the changed
    flow, from the decision on: nothing that was made before it moves.
    """

    model: Model
    start: int
    last: int
    stack: Stack
    served: Array
    peaks: Array
    peak: Array
    used: Array

    @classmethod
    def of(cls, model: Model, rows: slice, start: int, last: int) -> Future:
        """Return the future of some draws, as it stands."""
        capacity = model.capacity(rows, model.years)
        if model.change is not None:
            model.change(capacity, rows)
        flow = np.maximum.accumulate(model.flow(capacity), axis=1)
        caps = model.caps(flow)
        whole = Stack(
            network=model.network,
            K=capacity,
            A=model.arrivals,
            B=caps,
            D=np.full((1, capacity.shape[2]), np.inf),
            w=_weight(model, start, last),
        )
        stack = restart(whole, start, last)
        before = caps[:, :, start]
        used = np.subtract(stack.B[:, :, 0], before, out=np.zeros_like(before), where=np.isfinite(before))
        served = _served(capacity, model.path_lag)
        return cls(
            model,
            start,
            last,
            stack,
            served[:, :, start:],
            served[:, :, :start].max(axis=2, initial=0.0),
            flow[:, :start].max(axis=1, initial=0.0),
            used,
        )

    def take(self, draws: Whole) -> Future:
        """Return the future of some of its draws, by index."""
        return replace(
            self,
            stack=self.stack.take(draws),
            served=self.served[draws],
            peaks=self.peaks[draws],
            peak=self.peak[draws],
            used=self.used[draws],
        )

    def solve(self, added: Mapping[int, Addition] | None = None) -> Forward:
        """Return outputs and binders from the decision to the horizon with capacity added to rows."""
        return forward(self.changed(added) if added else self.stack)

    def changed(
        self, added: Mapping[int, Addition], caps: Array | None = None, weight: Array | None = None
    ) -> Stack:
        """Return the stack from the decision to the horizon with added capacity.

        Parameters
        ----------
        added
            What is added to rows.
        caps
            Caps on stock and transit, axes (draw, layer, quarter shown); those that follow the changed flow
            if left out.
        weight
            Value of one H100e of cumulative deployment at a quarter, axis (quarter shown); that of V if left
            out.
        """
        stack = self.stack
        capacity = stack.K.copy("K")
        for row, (size, _) in added.items():
            capacity[:, row] += np.where(self.arrived(added[row]), size, 0.0)
        found = self.caps(self.flow(added)) if caps is None else caps
        value = stack.w if weight is None else weight
        return Stack(network=stack.network, K=capacity, A=stack.A, B=found, D=stack.D, w=value)

    def arrived(self, addition: Addition) -> Flags:
        """Return where added capacity has arrived, axes (draw, quarter shown)."""
        flags: Flags = (np.arange(self.start, self.last + 1)[:, None] >= addition.arrival).T
        return flags

    def serving(self, row: int, addition: Addition) -> Flags:
        """Return where added capacity serves the quarter, axes (draw, quarter from the decision on)."""
        quarters = np.arange(self.start, len(self.model.quarters)) - self.model.path_lag[row]
        flags: Flags = (quarters[:, None] >= addition.arrival).T
        return flags

    def flow(self, added: Mapping[int, Addition]) -> Array:
        """Return the highest flow so far, axes (draw, quarter from the decision on) [h100e/quarter]."""
        grown = {
            row: self.served[:, row] + np.where(self.serving(row, addition), addition.size, 0.0)
            for row, addition in added.items()
        }
        others = [row for row in range(1, self.served.shape[1]) if row not in grown]
        least = np.minimum.reduce([*(self.served[:, row] for row in others), *grown.values()])
        least = np.maximum.accumulate(least, axis=1)
        return np.maximum(least, self.peak[:, None], out=least)

    def caps(self, flow: Array) -> Array:
        """Return the caps on stock and transit of a flow, axes (draw, layer, quarter shown)."""
        caps = self.model.caps(flow)[:, :, : self.last + 1 - self.start]
        caps += self.used[:, :, None]
        return np.maximum(caps, self.stack.A[:, :, -1:], out=caps)


def _served(capacity: Array, path_lag: Whole) -> Array:
    """Return capacities by the quarter that they serve, axes (draw, layer, quarter)."""
    served = capacity.copy("K")
    for row, lag in enumerate(path_lag):
        if lag:
            served[:, row, lag:] = capacity[:, row, :-lag]
            served[:, row, :lag] = capacity[:, row, :1]
    return served


@dataclass(frozen=True, eq=False)
class Majorant:
    """A concave function of all additions together that is nowhere below the value.

    Parameters
    ----------
    future
        The quarters from the decision to the horizon of some draws.
    arrival
        For each row that can grow, the quarter in which its capacity arrives, axis (draw).

    Notes
    -----
    The value V(K + x, B) is concave in capacity and caps together, but caps follow the highest
    flow so far, F(t; x) = max over s <= t of min over layers i of K_i(s) + x_i a_i(s), with a_i = 1 once it
    has arrived, and a greatest of least values is not concave in x. In its place stands the lesser of

        min over i of (max over s <= t of K_i(s)) + x_i a_i(t)      and
        F(t; 0) + sum of x_i over the layers i that were the least in some s <= t after they had arrived.

    Both are concave and at least F: the first since a greatest of least is at most a least of greatest, the
    second since the least is at most what was the least, grown. The second is F at x = 0. V never falls as a
    cap grows, so V with these caps is concave in x and at least V.
    """

    future: Future
    arrival: Mapping[int, Whole]

    @cached_property
    def _highest(self) -> Array:
        """Highest capacity so far, axes (draw, layer, quarter from the decision on)."""
        return np.maximum(np.maximum.accumulate(self.future.served, axis=2), self.future.peaks[:, :, None])

    @cached_property
    def _serving(self) -> dict[int, Flags]:
        """Where the capacity added to each row serves the quarter."""
        return {
            row: self.future.serving(row, Addition(0.0, arrival)) for row, arrival in self.arrival.items()
        }

    @cached_property
    def _least(self) -> dict[int, Flags]:
        """Where each row was the least in some quarter so far that its new capacity serves."""
        who = self.future.served.argmin(axis=1)
        return {
            row: np.logical_or.accumulate((who == row) & serving, axis=1)
            for row, serving in self._serving.items()
        }

    def touched(self) -> Flags:
        """Return the draws in which a row that grows can move any output at all, axes (draw, row).

        A supergradient of 0 at nothing added says that no addition, however large, raises the sum of all
        cumulative outputs; none of them falls, so none moves.
        """
        _, slope = self.at(dict.fromkeys(self.arrival, 0.0), np.ones_like(self.future.stack.w))
        return slope > 0.0

    def at(self, sizes: Mapping[int, float], weight: Array | None = None) -> tuple[Array, Array]:
        """Return the value and its supergradient to every row that can grow.

        Parameters
        ----------
        sizes
            Capacity added to each row [h100e/quarter].
        weight
            As for `Future.changed`.

        Returns
        -------
        tuple
            Value [h100e], axis (draw), and gain of one more unit [h100e per h100e/quarter], axes (draw, row).
        """
        future = self.future
        added = {row: Addition(sizes[row], arrival) for row, arrival in self.arrival.items()}
        flow = future.flow({})
        for row, least in self._least.items():
            flow += sizes[row] * least
        who = np.zeros(flow.shape, dtype=np.int16)
        marks = np.zeros_like(future.stack.K)
        for row in range(1, len(future.model.layers) + 1):
            height = self._highest[:, row]
            if row in added:
                marks[:, row] = future.arrived(added[row])
                height = height + sizes[row] * self._serving[row]
            who[height < flow] = row
            np.minimum(flow, height, out=flow)
        value, price, cap_price = worth(future.changed(added, future.caps(flow), weight), marks)
        paid = self._flow_price(cap_price)
        through = [
            (paid * np.where(who == 0, self._least[row], (who == row) & serving)).sum(axis=1)
            for row, serving in self._serving.items()
        ]
        return value, price[:, list(added)] + np.stack(through, axis=1)

    def _flow_price(self, cap_price: Array) -> Array:
        """Return the price of one more of flow from the prices of the caps, axes (draw, quarter).

        The transpose of `Model.caps`.
        """
        model = self.future.model
        count, shown = self.future.served.shape[2], cap_price.shape[2]
        found = np.zeros((len(cap_price), count + int(model.path_lag.max())))
        for row, (hold, lag) in enumerate(zip(model.hold, model.network.lag, strict=True)):
            if np.isinf(hold):
                continue
            served = model.path_lag[row]
            found[:, :shown] += hold * cap_price[:, row]
            for first in range(served - lag + 1, served + 1):
                found[:, first : first + shown] += cap_price[:, row]
        found[:, count - 1] += found[:, count:].sum(axis=1)
        return found[:, :count]


def _weight(model: Model, start: int, last: int) -> Array:
    """Return the value of one H100e of cumulative deployment at a quarter, axis (quarter of the model)."""
    worth = model.worth / model.worth[start]
    weight = np.zeros(len(worth))
    weight[start:last] = worth[start:last] - worth[start + 1 : last + 1]
    weight[last] = worth[last]
    return weight
