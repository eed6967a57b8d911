"""Why an industry's costs move: by given price, by direct supplier and by path, from one adjoint solve."""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from narrows.shocks.push import PriceModel

    Floats = NDArray[np.float64]

__all__ = ["Attribution", "Path", "adjoint", "attribute"]

PATHS = 12
"""Paths that are told."""
EXPANDED = 4000
"""Partial paths that are followed at most."""


@dataclass(frozen=True, slots=True)
class Path:
    """One way of a price rise through the table.

    Parameters
    ----------
    codes
        From the given price to the industry asked about.
    change
        What comes this way: relative price change.
    """

    codes: tuple[str, ...]
    change: float


@dataclass(frozen=True, eq=False)
class Attribution:
    """The move of one industry's price, three times split; each split sums to the total.

    Parameters
    ----------
    code
        The industry.
    total
        Relative change of its price by cost.
    given
        Part by given price.
    suppliers
        Part by what the industry buys itself, largest first.
    paths
        The largest paths.
    other_paths
        What comes by all other paths.
    """

    code: str
    total: float
    given: dict[str, float]
    suppliers: dict[str, float]
    paths: tuple[Path, ...]
    other_paths: float


def adjoint(model: PriceModel, weights: ArrayLike, pass_through: ArrayLike = 1.0) -> Floats:
    """Return how far a weighted price moves with each given price: one solve for all of them.

    Parameters
    ----------
    model
        The parted table.
    weights
        Weight of each industry's price, axis (industry): 1 at one industry, or a basket.
    pass_through
        Share passed on: one number, or axis (industry).

    Returns
    -------
    numpy.ndarray
        Axis (given industry).

    Notes
    -----
    With w_R the weights of the rest, (I - A_RR phi) l = w_R, and the gradient is w_E + A_ER phi l.

    Examples
    --------
    >>> import numpy as np
    >>> from narrows.shocks.push import PriceModel
    >>> from narrows.shocks.tables import economy
    >>> us = economy("detail", 2017)
    >>> model = PriceModel(us, ("211000",))
    >>> round(float(10 * adjoint(model, us.basket)[0]), 3)
    0.173
    """
    count = len(model.economy.codes)
    phi = np.broadcast_to(np.asarray(pass_through, dtype=float), (count,))[model.free]
    weight = np.asarray(weights, dtype=float)
    dual = np.linalg.solve(np.eye(len(phi)) - model.between.T * phi[None, :], weight[model.free])
    return np.asarray(weight[model.fixed] + model.direct.T @ (phi * dual))


def attribute(
    model: PriceModel,
    code: str,
    change: ArrayLike,
    pass_through: ArrayLike = 1.0,
    paths: int = PATHS,
) -> Attribution:
    """Return where the move of one industry's price comes from.

    Parameters
    ----------
    model
        The parted table.
    code
        An industry whose price is not given.
    change
        Change of the given prices, axis (given industry).
    pass_through
        Share passed on: one number, or axis (industry).
    paths
        Number of paths told.

    Notes
    -----
    Paths are followed from the industry backwards, the heaviest first; what has not been followed is
    `other_paths`, so that the parts sum to the total.

    Examples
    --------
    >>> from narrows.shocks.push import PriceModel
    >>> from narrows.shocks.tables import economy
    >>> model = PriceModel(economy("detail", 2017), ("211000",))
    >>> found = attribute(model, "326110", [0.10])
    >>> found.paths[0].codes
    ('211000', '324110', '325211', '326110')
    """
    economy = model.economy
    shock = np.asarray(change, dtype=float)
    phi = np.broadcast_to(np.asarray(pass_through, dtype=float), (len(economy.codes),))
    price = model.solve(shock, phi)
    place = economy.at(code)
    weights = np.zeros(len(economy.codes))
    weights[place] = 1.0
    slopes = adjoint(model, weights, phi)
    given = {name: float(slope * move) for name, slope, move in zip(model.given, slopes, shock, strict=True)}
    if place in model.fixed:
        only = (Path((code,), float(price[place])),)
        return Attribution(code, float(price[place]), given, {}, only, 0.0)
    through = phi[place] * economy.A[:, place] * price
    order = np.argsort(-np.abs(through))
    suppliers = {economy.codes[at]: float(through[at]) for at in order if through[at] != 0}
    found = tuple(_paths(model, place, price, phi, paths))
    total = float(price[place])
    return Attribution(code, total, given, suppliers, found, total - sum(path.change for path in found))


def _paths(model: PriceModel, place: int, price: Floats, phi: Floats, count: int) -> list[Path]:
    """Follow the heaviest partial paths until the heaviest whole ones are known."""
    A, codes = model.economy.A, model.economy.codes
    fixed = set(model.fixed.tolist())
    ticket = itertools.count()
    heap: list[tuple[float, int, tuple[int, ...], float]] = [
        (-abs(float(price[place])), next(ticket), (place,), 1.0)
    ]
    found: list[Path] = []
    for _ in range(EXPANDED):
        if not heap or len(found) == count:
            break
        _, _, way, weight = heapq.heappop(heap)
        at = way[-1]
        if at in fixed:
            found.append(Path(tuple(codes[step] for step in reversed(way)), weight * float(price[at])))
            continue
        carried = weight * phi[at] * A[:, at]
        sizes = np.abs(carried * price)
        for next_at in np.argpartition(-sizes, min(count, len(sizes) - 1))[: count + 1]:
            if sizes[next_at] > 0:
                step = (*way, int(next_at))
                heapq.heappush(heap, (-float(sizes[next_at]), next(ticket), step, float(carried[next_at])))
    return found
