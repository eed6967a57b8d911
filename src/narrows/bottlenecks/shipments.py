"""Chips that leave a maker in each quarter, from supply alone: no revenue and no price enters.

The lines that several makers share are split: packaging by the wafers booked for each, every other
layer by what the maker's designs take of it in the mix. What is left is a stack of one maker.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from narrows.bottlenecks.plain import forward
from narrows.bottlenecks.solution import chunks
from narrows.bottlenecks.supply import factor, interpolate, over_time
from narrows.errors import UnknownNameError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from narrows.bottlenecks.answer import Run
    from narrows.bottlenecks.model import Model

    Array = NDArray[np.float64]

__all__ = ["Shipments", "shipments", "sold"]

PACKAGING = "cowos"
"""Layer whose wafers are booked by maker, as the facts ``cowos.booked.<maker>``: shares of TSMC's line."""
ALL_MAKERS = ("cowos.industry_over_tsmc", "cowos.ai_share")
"""Factors of that layer's capacity that lead from TSMC's line to the wafers of all accelerators."""
DEMAND = "demand"
"""Layer of orders, which rests on revenue and is left out."""
PACKAGES = ("modules",)
"""Design quantity that counts packages."""
CHIP_POWER = ("chip_w",)
"""Design quantity that gives the design power of a package."""


@dataclass(frozen=True, eq=False)
class Shipments:
    """What one maker can sell in each quarter.

    Parameters
    ----------
    maker
        Company, as the designs name it.
    quarters
        Labels of the quarters, axis (quarter).
    packages
        Accelerators sold [package/quarter], axes (draw, quarter).
    h100e
        The same in compute [h100e/quarter], axes (draw, quarter).
    chip_w
        Their design power, chips alone [W/quarter], axes (draw, quarter).
    """

    maker: str
    quarters: tuple[str, ...]
    packages: Array
    h100e: Array
    chip_w: Array


def shipments(solved: Run, maker: str) -> Shipments:
    """Return the accelerators that a maker can sell in the quarters asked for [package/quarter].

    Parameters
    ----------
    solved
        A solved question.
    maker
        Company, as the designs name it: ``NVIDIA``, ``Google``.

    Raises
    ------
    UnknownNameError
        If no design is by that maker.
    DataError
        If nothing was known of the wafers booked for it.

    Notes
    -----
    With s the maker's share of the H100e in the mix, n what its designs take of packaging for one H100e
    of the whole mix and N what all designs take, and b over a the wafers booked for it over those of all
    accelerators, its capacity in H100e is s K for every layer but packaging, and K (b / a) (N / n) s
    there. Orders are left out. The fast path gives its cumulative deployment, which is read back to the
    time of sale; recipes turn compute into packages. The mix gives proportions, no level. Packages that
    were made and written off (``<maker>.written_off.<quarter>``) are not sold.

    Examples
    --------
    >>> from narrows.bottlenecks.answer import run
    >>> found = shipments(run("2024Q1:2024Q4", draws=200), "NVIDIA")
    >>> bool(2.5e6 < np.median(found.packages.sum(axis=1)) < 5e6)
    True
    """
    model, catalog = solved.model, solved.catalog
    designs = [design.id for design in catalog.designs if design.maker == maker]
    if not designs:
        makers = sorted({design.maker for design in catalog.designs})
        raise UnknownNameError("maker", maker, makers, remedy="Name a company that designs accelerators")
    packaging, orders = model.row(PACKAGING), model.row(DEMAND)
    recipe = model.layer(PACKAGING).declared.need
    shares, needs = model.layers[0].recipes.by_group([recipe, PACKAGES, CHIP_POWER], [designs])
    share, parts = shares[:, :, 0], needs[:, :, 0]
    booked = _booked(solved, maker, packaging)

    def split(capacity: Array, rows: slice | NDArray[np.bool_]) -> None:
        for row, lag in enumerate(model.path_lag):
            at = interpolate(model.stated, model.years + lag / 4)
            if row == packaging:
                all_take = over_time(model.need[rows, :, row], at)
                own_take = over_time(parts[rows, :, 0], at)
                capacity[:, row] *= booked[rows] * all_take / own_take
            if row == orders:
                capacity[:, row] = np.inf
            else:
                capacity[:, row] *= over_time(share[rows], at)

    alone = model.changed(split)
    output = np.concatenate([forward(alone.stack(rows)).output for rows in chunks(solved.reader.n)])
    h100e = sold(model, output)[:, solved.shown]
    at_sale = interpolate(model.stated, model.years[solved.shown] + model.sale_lag / 4)
    whole = over_time(share, at_sale)
    packages = h100e * over_time(parts[:, :, 1], at_sale) / whole
    power = over_time(parts[:, :, 2], at_sale) / over_time(parts[:, :, 1], at_sale)
    for column, quarter in enumerate(solved.quarters):
        name = f"{maker.lower()}.written_off.{quarter}"
        if catalog.has(name):
            packages[:, column] -= solved.reader.draws(name)
    return Shipments(maker, solved.quarters, packages, h100e, packages * power)


def sold(model: Model, output: Array) -> Array:
    """Return what is sold in each quarter, given cumulative deployment, axes (draw, quarter).

    Parameters
    ----------
    model
        The model: chips are deployed `Model.sale_lag` quarters after they are sold.
    output
        Cumulative deployment, axes (draw, quarter).

    Notes
    -----
    Deployment runs evenly within a quarter; after the last quarter it stays as it is.
    """
    whole, part = divmod(model.sale_lag, 1)
    step = int(whole)
    later = np.concatenate([output, np.repeat(output[:, -1:], step + 1, axis=1)], axis=1)
    count = output.shape[1]
    cumulative = (1 - part) * later[:, step : step + count] + part * later[:, step + 1 : step + 1 + count]
    return np.diff(cumulative, axis=1, prepend=0.0)


def _booked(solved: Run, maker: str, row: int) -> Array:
    """Return the wafers booked for a maker over those of all accelerators, axes (draw, quarter)."""
    model, reader = solved.model, solved.reader
    made = model.years - model.early[row] / 4
    booked = factor(reader, f"{PACKAGING}.booked.{maker.lower()}", made)
    for name in ALL_MAKERS:
        booked = booked / factor(reader, name, made)
    return booked
