"""Bring a table to the prices of a day, and a detailed table to the flows of a newer summary table.

A table's shares hold at its own prices. What is dearer now is a larger part of the cost of those who use it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from narrows.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from narrows.shocks.tables import Economy

    Floats = NDArray[np.float64]

__all__ = ["repriced", "scaled_to"]


def repriced(economy: Economy, ratio: Floats, year: int | None = None, exponent: float = 1.0) -> Economy:
    """Return the table at other prices.

    Parameters
    ----------
    economy
        The table.
    ratio
        Price of each industry over its price in the table's year, axis (industry).
    year
        Year to write on it; the table's own if left out.
    exponent
        How far a share follows relative prices: 1 holds quantities per unit of output.

    Raises
    ------
    UsageError
        If a ratio is not a positive number.
    DataError
        If no prices exist on the new table.

    Notes
    -----
    a_ij times (r_i / r_j)^k; the basket's shares times r_i^k, brought back to sum 1; value added takes the
    rest of each column, in the proportions it had. Prices of industries understate what users pay and leave
    out that tables are revised: from 2012 to 2017 the share of refined products fell with k = 1.25.

    Examples
    --------
    >>> import numpy as np
    >>> from narrows.shocks.tables import economy
    >>> us = economy("summary", 2014)
    >>> ratio = np.ones(71)
    >>> ratio[us.at("211")] = 0.5
    >>> cheap = repriced(us, ratio)
    >>> round(float(cheap.A[us.at("211"), us.at("324")] / us.A[us.at("211"), us.at("324")]), 3)
    0.5
    """
    ratio = np.asarray(ratio, dtype=float)
    if ratio.shape != (len(economy.codes),) or not (np.isfinite(ratio).all() and (ratio > 0).all()):
        raise UsageError(
            f"Price ratios of shape {ratio.shape} are given, the least {np.nanmin(ratio, initial=np.inf):g}",
            f"One positive number for each of {len(economy.codes)} industries",
            "Give 1 where a price has not moved",
        )
    moved = ratio**exponent
    return _with_needs(
        economy,
        economy.A * moved[:, None] / moved[None, :],
        economy.output * ratio,
        economy.basket * moved,
        year,
    )


def scaled_to(
    detail: Economy, before: Economy, after: Economy, ratio: Floats, parents: Mapping[str, str]
) -> Economy:
    """Return a detailed table brought to the year of a summary table.

    Parameters
    ----------
    detail
        The detailed table.
    before, after
        Summary tables of the detailed table's year, and of the year asked for.
    ratio
        Price over that of the detailed table's year, axis (detailed industry).
    parents
        Summary code by detailed code.

    Notes
    -----
    Every detailed need is re-priced; then the block of needs between two summary industries is scaled so
    that its mean, by output, moves as the summary need has moved. Where the summary need was zero, the
    re-priced need stays.

    Source
    ------
    RAS with known block totals: Miller and Blair, section 7.4.7, additional exogenous information.
    """
    moved = repriced(detail, ratio, after.year)
    codes = before.codes
    own = np.array([codes.index(parents[code]) for code in detail.codes])

    def mean(A: Floats, weights: Floats) -> Floats:
        member = (own[None, :] == np.arange(len(codes))[:, None]).astype(float)
        total = member @ weights
        return np.asarray((member @ (A * weights) @ member.T) / np.where(total > 0, total, 1.0))

    was, now = mean(detail.A, detail.output), mean(moved.A, moved.output)
    usable = (before.A > 0) & (after.A > 0) & (was > 0) & (now > 0)
    wanted = was * np.where(usable, after.A, 1.0) / np.where(usable, before.A, 1.0)
    factor = np.where(usable, wanted / np.where(usable, now, 1.0), 1.0)
    return _with_needs(moved, moved.A * factor[np.ix_(own, own)], moved.output, moved.basket, after.year)


def _with_needs(economy: Economy, A: Floats, output: Floats, basket: Floats, year: int | None) -> Economy:
    left = 1 - A.sum(axis=0)
    total = economy.added.sum(axis=0)
    parts = np.where(total != 0, left / np.where(total != 0, total, 1.0), 0.0)
    spent = basket.sum()
    return replace(
        economy,
        A=A,
        output=output,
        basket=basket / spent if spent > 0 else basket,
        added=economy.added * parts,
        year=economy.year if year is None else year,
    )
