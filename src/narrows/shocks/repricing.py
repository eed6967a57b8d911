"""Bring a table to the prices of a day, and a detailed table to the flows of a newer summary table.

A table's shares hold at its own prices. What is dearer now is a larger part of the cost of those who use it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from narrows.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from narrows.shocks.tables import Economy

    Floats = NDArray[np.float64]

__all__ = ["balanced", "repriced", "scaled_to", "summary_of"]

ROUNDS, SETTLED = 2000, 1e-9
"""Rounds of the balancing, and the largest relative gap at which it ends."""


def repriced(economy: Economy, ratio: Floats, year: int | None = None) -> Economy:
    """Return the table at other prices, quantities per unit of output held.

    Parameters
    ----------
    economy
        The table.
    ratio
        Price of each industry over its price in the table's year, axis (industry).
    year
        Year to write on it; the table's own if left out.

    Raises
    ------
    UsageError
        If a ratio is not a positive number.
    DataError
        If no prices exist on the new table.

    Notes
    -----
    a_ij times r_i / r_j; the basket's shares times r_i, brought back to sum 1; value added takes the rest
    of each column, in the proportions it had.

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
    return _with_needs(
        economy,
        economy.A * ratio[:, None] / ratio[None, :],
        economy.output * ratio,
        economy.basket * ratio,
        year,
    )


def balanced(economy: Economy, output: Floats, added: Floats, year: int | None = None) -> Economy:
    """Return the table with columns and rows that fit published totals (RAS).

    Parameters
    ----------
    economy
        The table, at the prices of the year.
    output
        Output of the year [million USD], axis (industry).
    added
        Value added of the year [million USD], axis (industry); NaN where none is published keeps the
        table's own share.

    Raises
    ------
    DataError
        If the balancing does not settle.

    Notes
    -----
    Column j sums to output less value added. Row i sums to what was left for intermediate use: output
    times the share of its output that the table sends to industries, all rows scaled alike to the columns'
    total. Biproportional: A' = diag(r) Z diag(s).

    Source
    ------
    Miller and Blair, Input-Output Analysis, section 7.4, the RAS approach.
    """
    was = np.where(economy.output > 0, economy.output, 1.0)
    flows = np.clip(economy.A, 0.0, None) * output[None, :]
    kept = np.clip(economy.A, None, 0.0)
    share = np.where(np.isfinite(added), 1 - added / np.where(output > 0, output, 1.0), economy.A.sum(axis=0))
    columns = np.clip(share, 0.0, None) * output
    sold = (np.clip(economy.A, 0.0, None) @ economy.output) / was
    rows = sold * output
    rows = rows * columns.sum() / rows.sum()
    for _ in range(ROUNDS):
        down = flows.sum(axis=1)
        flows = flows * np.where(down > 0, rows / np.where(down > 0, down, 1.0), 1.0)[:, None]
        across = flows.sum(axis=0)
        factor = np.where(across > 0, columns / np.where(across > 0, across, 1.0), 1.0)
        flows = flows * factor[None, :]
        if np.abs(factor[across > 0] - 1).max() < SETTLED:
            break
    else:
        if np.abs(factor[across > 0] - 1).max() > 1e-4:
            raise DataError(
                f"Rows and columns have not been balanced after {ROUNDS} rounds",
                "Totals of rows and columns that one table can meet",
                "Check output and value added",
            )
    return _with_needs(
        economy, flows / np.where(output > 0, output, 1.0) + kept, output, economy.basket, year
    )


def summary_of(economy: Economy, parents: Mapping[str, str], codes: tuple[str, ...]) -> Floats:
    """Return the flows of a detailed table between summary industries [million USD], axes (supplier, user).

    Parameters
    ----------
    economy
        The detailed table.
    parents
        Summary code by detailed code.
    codes
        Summary codes, in order.
    """
    member = np.zeros((len(codes), len(economy.codes)))
    for at, code in enumerate(economy.codes):
        member[codes.index(parents[code]), at] = 1.0
    return np.asarray(member @ (economy.A * economy.output) @ member.T)


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
    return _with_needs(
        moved, moved.A * factor[np.ix_(own, own)], moved.output, moved.basket, after.year
    )


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
