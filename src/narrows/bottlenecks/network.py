"""Layers that feed one another in a tree, and the quantities of one run over quarters.

Everything is in units of the final product: each layer's own units are divided by its recipe and
yield before they come here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray

from narrows.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["MOST_LAYERS", "Network", "Stack"]

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

MOST_LAYERS = 8191  # arcs and binders are stored as 16-bit codes with one bit for ties


@dataclass(frozen=True, eq=False, init=False)
class Network:
    """An in-tree of layers: each feeds one consumer, the root feeds none.

    Parameters
    ----------
    parent
        Consumer of each layer as an index, -1 at the root, axis (layer).
    lag
        Time from a layer's output to its use by the consumer [quarter], axis (layer); 0 at the root.

    Attributes
    ----------
    up
        Layer indices, inputs before consumers, the root last.
    root
        Index of the root.
    start, index
        The inputs of layer i are ``index[start[i]:start[i + 1]]``, in ascending order.

    Raises
    ------
    UsageError
        If the layers are not one in-tree, or a lag is negative.

    Examples
    --------
    >>> network = Network([2, 2, -1], [1, 0, 0])
    >>> network.root, network.inputs(2)
    (2, [0, 1])
    """

    parent: Indices
    lag: Indices
    up: Indices
    start: Indices
    index: Indices
    root: int

    def __init__(self, parent: ArrayLike, lag: ArrayLike) -> None:
        consumers, lags = _whole("consumers", parent), _whole("lags", lag)
        _check_shapes(consumers, lags)
        roots = np.flatnonzero(consumers == -1)
        _check_consumers(consumers, roots)
        _check_lags(lags, int(roots[0]))
        depth = _depths(consumers)
        sources = np.argsort(consumers, kind="stable")[1:]  # the root, with consumer -1, sorts first
        start = np.searchsorted(consumers[sources], np.arange(consumers.size + 1))
        for name, value in (
            ("parent", consumers),
            ("lag", lags),
            ("up", np.argsort(-depth, kind="stable")),
            ("start", start.astype(np.int64)),
            ("index", sources.astype(np.int64)),
        ):
            value.flags.writeable = False
            object.__setattr__(self, name, value)
        object.__setattr__(self, "root", int(roots[0]))

    @classmethod
    def from_arcs(cls, count: int, arcs: Iterable[tuple[int, int, int]]) -> Network:
        """Build a network from (supplier, consumer, lag in quarters) arcs.

        Parameters
        ----------
        count
            Number of layers.
        arcs
            One triple for each layer but the root: supplier, consumer, lag [quarter].

        Raises
        ------
        UsageError
            If a layer feeds two consumers: several uses of one layer need the linear program.

        Examples
        --------
        >>> Network.from_arcs(3, [(0, 2, 1), (1, 2, 0)]).parent.tolist()
        [2, 2, -1]
        """
        parent, lag = np.full(count, -1, dtype=np.int64), np.zeros(count, dtype=np.int64)
        for supplier, consumer, quarters in arcs:
            if parent[supplier] != -1:
                raise UsageError(
                    f"Layer {supplier} feeds layer {parent[supplier]} and layer {consumer}",
                    "A layer feeds one consumer",
                    "Split the layer by its booked shares, or solve the linear program",
                )
            parent[supplier], lag[supplier] = consumer, quarters
        return cls(parent, lag)

    def __len__(self) -> int:
        return int(self.parent.size)

    def inputs(self, layer: int) -> list[int]:
        """Return the layers that feed a layer, in ascending order."""
        return [int(c) for c in self.index[self.start[layer] : self.start[layer + 1]]]


def _whole(name: str, values: ArrayLike) -> Indices:
    array = np.array(values)
    if array.dtype.kind not in "iu":
        raise UsageError(
            f"The {name} of the layers are of type {array.dtype}",
            "They are whole numbers",
            f"Give the {name} as integers",
        )
    return array.astype(np.int64)


def _check_shapes(parent: Indices, lag: Indices) -> None:
    if parent.ndim != 1 or parent.shape != lag.shape or not 0 < parent.size <= MOST_LAYERS:
        raise UsageError(
            f"The consumers have the shape {parent.shape} and the lags {lag.shape}",
            f"Both have one axis (layer) of the same length, 1 to {MOST_LAYERS}",
            "Give one consumer and one lag for each layer",
        )


def _check_consumers(parent: Indices, roots: Indices) -> None:
    wrong = np.flatnonzero((parent < -1) | (parent >= parent.size))
    if wrong.size:
        raise UsageError(
            f"Layer {wrong[0]} feeds layer {parent[wrong[0]]}",
            f"A consumer is a layer from 0 to {parent.size - 1}, or -1 at the root",
            "Correct the consumer",
        )
    if roots.size != 1:
        found = ", ".join(str(int(i)) for i in roots) or "none"
        raise UsageError(
            f"The layers that feed nothing are {found}",
            "Exactly one layer, the root, feeds nothing",
            "Give every other layer its consumer",
        )


def _check_lags(lag: Indices, root: int) -> None:
    wrong = np.flatnonzero(lag < 0)
    if wrong.size:
        raise UsageError(
            f"The lag of layer {wrong[0]} is {lag[wrong[0]]} quarters",
            "A lag is 0 quarters or more",
            "Correct the lag",
        )
    if lag[root]:
        raise UsageError(
            f"The root, layer {root}, has a lag of {lag[root]} quarters",
            "The root feeds nothing, so its lag is 0",
            "Give the lag to a layer that feeds the root, or set it to 0",
        )


def _depths(parent: Indices) -> Indices:
    """Return the number of arcs from each layer to the root; refuse a cycle."""
    depth, place = np.zeros(parent.size, dtype=np.int64), parent.copy()
    for _ in range(parent.size):
        inside = place >= 0
        if not inside.any():
            return depth
        depth += inside
        place = np.where(inside, parent[place], -1)
    lost = int(np.flatnonzero(place >= 0)[0])
    raise UsageError(
        f"Layer {lost} never reaches the root: its consumers form a cycle",
        "Following the consumers from any layer ends at the root",
        "Remove the arc that closes the cycle",
    )


@dataclass(frozen=True, eq=False, init=False)
class Stack:
    """A network with its quantities, draws first.

    The draw axis of `A`, `B` and `D` may be 1: every draw then sees the same values. The arrays
    are not copied where they are float64 already; do not change them afterwards.

    Parameters
    ----------
    network
        The in-tree of layers.
    K
        Capacity, lost when unused [unit/quarter], axes (draw, layer, quarter); inf for a layer
        without a limit.
    A
        Cumulative arrivals at the consumer from opening stock and work in progress [unit],
        axes (draw, layer, quarter); never falls with the quarter; 0 at the root.
    B
        Cap on a layer's stock plus transit [unit], axes (draw, layer, quarter), where the quarters
        may be 1 for a cap that stays; never falls; inf for none; at least the last cumulative
        arrival; inf at the root.
    D
        Cumulative demand on the root [unit], axes (draw, quarter); never falls; inf for no limit.
    w
        Value of one unit of cumulative root output in a quarter [value/unit], axis (quarter).

    Raises
    ------
    UsageError
        If a shape, sign or order is wrong, or a value is not a number.

    Examples
    --------
    >>> line = Network([1, -1], [1, 0])
    >>> K = [[[3, 3, 6], [4, 5, 5]]]
    >>> A = [[[5, 5, 5], [0, 0, 0]]]
    >>> stack = Stack(line, K, A, [[[np.inf], [np.inf]]], [[6, 12, 15]], [1, 0.9, 0.81])
    >>> stack.K.shape
    (1, 2, 3)
    """

    network: Network
    K: Floats
    A: Floats
    B: Floats
    D: Floats
    w: Floats

    def __init__(  # noqa: PLR0917 (the letters of the model, in its order)
        self, network: Network, K: ArrayLike, A: ArrayLike, B: ArrayLike, D: ArrayLike, w: ArrayLike
    ) -> None:
        capacity = np.asarray(K, dtype=np.float64)
        if capacity.ndim != 3 or capacity.shape[1] != len(network) or 0 in capacity.shape:  # noqa: PLR2004 (axes)
            raise UsageError(
                f"The capacity K has the shape {capacity.shape}",
                f"Its axes are (draw, layer, quarter), with {len(network)} layers and no empty axis",
                "Give K with draws first",
            )
        draws, layers, quarters = capacity.shape
        arrivals = _shaped("arrivals A", A, (draws, layers, quarters))
        caps = _caps(B, (draws, layers, quarters))
        demand = _shaped("demand D", D, (draws, quarters))
        weight = np.asarray(w, dtype=np.float64)
        if weight.shape != (quarters,):
            raise UsageError(
                f"The weight w has the shape {weight.shape}",
                f"Its axis is (quarter): ({quarters},)",
                "Give one weight for each quarter",
            )
        _check_signs("capacity K", capacity, finite=False)
        _check_signs("arrivals A", arrivals, finite=True)
        _check_signs("stock cap B", caps, finite=False)
        _check_signs("demand D", demand, finite=False)
        _check_signs("weight w", weight, finite=True)
        _check_rising("arrivals A", arrivals)
        _check_rising("demand D", demand)
        _check_rising("stock cap B", caps)
        _check_caps(caps, arrivals)
        _check_root(network.root, caps, arrivals)
        for name, value in (
            ("network", network),
            ("K", capacity),
            ("A", np.broadcast_to(arrivals, capacity.shape)),
            ("B", np.broadcast_to(caps, capacity.shape)),
            ("D", np.broadcast_to(demand, (draws, quarters))),
            ("w", weight),
        ):
            object.__setattr__(self, name, value)

    @property
    def draws(self) -> int:
        """Number of draws."""
        return int(self.K.shape[0])

    @property
    def layers(self) -> int:
        """Number of layers."""
        return int(self.K.shape[1])

    @property
    def quarters(self) -> int:
        """Number of quarters."""
        return int(self.K.shape[2])

    @property
    def capped(self) -> NDArray[np.bool_]:
        """Layers whose stock has a cap in some draw, axis (layer)."""
        first = self.B[:1] if self.B.strides[0] == 0 else self.B
        lowest: Floats = first[:, :, 0].min(axis=0)  # caps never fall
        return np.isfinite(lowest)

    def take(self, draws: slice | NDArray[np.bool_] | Indices) -> Stack:
        """Return the stack of some draws, checked already.

        Parameters
        ----------
        draws
            Slice, mask or indices on the draw axis.

        Examples
        --------
        >>> stack = Stack(Network([-1], [0]), np.ones((5, 1, 2)), np.zeros((1, 1, 2)),
        ...               [[[np.inf]]], [[9, 9]], [1, 1])
        >>> stack.take(slice(3)).draws
        3
        """
        part = object.__new__(Stack)
        object.__setattr__(part, "network", self.network)
        object.__setattr__(part, "w", self.w)
        for name in ("K", "A", "B", "D"):
            whole = getattr(self, name)
            if whole.strides[0] == 0:  # the same in every draw, and stays so
                count = np.arange(self.draws)[draws].size
                chosen = np.broadcast_to(whole[:1], (count, *whole.shape[1:]))
            else:
                chosen = whole[draws]
            object.__setattr__(part, name, chosen)
        return part


def _shaped(name: str, values: ArrayLike, shape: tuple[int, ...]) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != len(shape) or array.shape[1:] != shape[1:] or array.shape[0] not in (1, shape[0]):
        axes = "(draw, quarter)" if name.startswith("demand") else "(draw, layer, quarter)"
        raise UsageError(
            f"The {name} has the shape {array.shape}",
            f"Its axes are {axes}: {shape}, where the draws may be 1",
            f"Give the {name} with draws first",
        )
    return array


def _caps(values: ArrayLike, shape: tuple[int, int, int]) -> Floats:
    """Return the stock caps, whose quarters may be 1."""
    array = np.asarray(values, dtype=np.float64)
    stays = array.ndim == len(shape) and array.shape[-1] == 1
    return _shaped("stock cap B", array, (*shape[:2], 1) if stays else shape)


def _check_signs(name: str, values: Floats, *, finite: bool) -> None:
    """Refuse NaN and negative values, and infinity where it has no meaning."""
    if values.min() >= 0 and not (finite and values.max() == np.inf):  # min is NaN where a value is
        return
    good = (values >= 0) & ((values < np.inf) | (not finite))
    _refuse(name, values, ~good, "0 or more and finite" if finite else "0 or more; inf means no limit")


def _check_rising(name: str, values: Floats) -> None:
    falls = values[..., 1:] < values[..., :-1]
    if falls.any():
        place = tuple(int(i) for i in np.argwhere(falls)[0])
        raise UsageError(
            f"The {name} falls from {values[place]:g} to {values[(*place[:-1], place[-1] + 1)]:g} "
            f"after {_where(name, place)}",
            f"The {name} is cumulative: it never falls",
            "Give the running sum of what is added in each quarter",
        )


def _check_caps(caps: Floats, arrivals: Floats) -> None:
    last = arrivals[:, :, -1]
    first = caps[:, :, 0]
    if (first < last).any():
        place = tuple(int(i) for i in np.argwhere(first < last)[0])
        cap, held = (array[place] for array in np.broadcast_arrays(first, last))
        raise UsageError(
            f"The stock cap B at draw {place[0]}, layer {place[1]} is {cap:g}, "
            f"below the opening stock and work in progress of {held:g}",
            "The cap is at least the last cumulative arrival A",
            "Raise the cap or lower the arrivals",
        )


def _check_root(root: int, caps: Floats, arrivals: Floats) -> None:
    if (caps[:, root] < np.inf).any():
        raise UsageError(
            f"The stock cap B of the root, layer {root}, is {caps[:, root].min():g}",
            "The root feeds nothing, so it has no cap: inf",
            "Cap a layer that feeds the root, or lower the demand",
        )
    if (arrivals[:, root] > 0).any():
        raise UsageError(
            f"The arrivals A of the root, layer {root}, reach {arrivals[:, root].max():g}",
            "The root feeds nothing, so nothing of it arrives: 0",
            "Give the arrivals to the layers that feed the root",
        )


def _refuse(name: str, values: Floats, bad: NDArray[np.bool_], acceptable: str) -> NoReturn:
    place = tuple(int(i) for i in np.argwhere(bad)[0])
    raise UsageError(
        f"The {name} at {_where(name, place)} is {values[place]:g}",
        f"The {name} is {acceptable}",
        "Correct the value",
    )


def _where(name: str, place: tuple[int, ...]) -> str:
    axes = {"demand D": ("draw", "quarter"), "weight w": ("quarter",)}
    return ", ".join(
        f"{axis} {i}" for axis, i in zip(axes.get(name, ("draw", "layer", "quarter")), place, strict=True)
    )
