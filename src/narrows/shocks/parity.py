"""World prices that follow oil: refined products, petrochemicals, fertiliser, gas and power.

ln p_k(t) = a_k L(ln P(t) / P_0) + spread_k(t)

L is a lag of some weeks; the spread is what a price does of its own, and returns to zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from narrows.draws import stream
from narrows.shocks.price import labels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from narrows.shocks.price import PricePath

    Floats = NDArray[np.float64]

__all__ = ["CRUDE", "FOLLOWERS", "commodity_changes"]

CRUDE = "crude"
FOLLOWERS = ("refined", "petrochemicals", "fertiliser", "gas", "power")
"""Prices with the facts ``parity_<name>.elasticity`` and ``parity_<name>.spread``."""
SECONDS = 86_400.0


def commodity_changes(path: PricePath, quarters: tuple[str, ...] | None = None) -> dict[str, Floats]:
    """Return the change of each commodity's price by quarter, over the price before the event [share].

    Parameters
    ----------
    path
        A price path.
    quarters
        Such as ``("2026Q2", "2026Q3")``; those of the path if left out.

    Returns
    -------
    dict of str to numpy.ndarray
        ``crude`` and each of `FOLLOWERS`, axes (draw, quarter); 0.1 is a rise of a tenth.

    Notes
    -----
    The change is the mean over the days of the quarter; a day up to the last price counts with the price
    of oil it had, without lag or spread. The spread begins at zero on
    the day of the last price; its standard deviation grows to the fact's with the clock of the fact.

    Examples
    --------
    >>> from narrows.shocks.price import price_path
    >>> changes = commodity_changes(price_path("hormuz", draws=400))
    >>> sorted(changes), changes["crude"].shape
    (['crude', 'fertiliser', 'gas', 'petrochemicals', 'power', 'refined'], (400, 4))
    """
    shown = path.periods("quarter") if quarters is None else quarters
    crude = np.stack([path.mean_over(quarter) / path.base - 1.0 for quarter in shown], axis=1)
    followed = _lagged(path)
    rows = [
        [place for place, day in enumerate(path.days) if place and labels(day)[1] == quarter]
        for quarter in shown
    ]
    middles = np.array([(places[0] + places[-1]) / 2.0 for places in rows])
    found = {CRUDE: crude}
    for name in FOLLOWERS:
        slope = path.reader.draws(f"parity_{name}.elasticity")[:, None]
        spread = _spread(path, name, middles)
        changes = []
        for column, (quarter, places) in enumerate(zip(shown, rows, strict=True)):
            ahead = np.exp(slope * followed[:, places] + spread[:, [column]])
            passed = (np.array(path.passed(quarter)) / path.base[:, None]) ** slope
            changes.append(np.hstack([passed, ahead]).mean(axis=1) - 1.0)
        found[name] = np.stack(changes, axis=1)
    return found


def _lagged(path: PricePath) -> Floats:
    """Return ln of price over base as products follow it, axes (draw, day)."""
    clock = path.reader.draws("parity.lag") / SECONDS
    kept = np.exp(-1.0 / clock)
    ratio = np.log(path.usd / path.base[:, None])
    found = np.empty_like(ratio)
    age = max((path.anchor - path.event.onset).days, 0)
    found[:, 0] = ratio[:, 0] * (1.0 - np.exp(-age / clock))
    for day in range(1, ratio.shape[1]):
        found[:, day] = kept * found[:, day - 1] + (1.0 - kept) * ratio[:, day]
    return found


def _spread(path: PricePath, name: str, middles: Floats) -> Floats:
    """Return the spread in the middle of each quarter [ln], axes (draw, quarter)."""
    size = path.reader.draws(f"parity_{name}.spread")
    clock = path.reader.draws("parity.spread_clock") / SECONDS
    scores = stream(path.reader.seed, f"shocks:spread:{name}").standard_normal((len(middles), path.reader.n))
    state, before = np.zeros(path.reader.n), 0.0
    found = []
    for middle, score in zip(middles.tolist(), scores, strict=True):
        kept = np.exp(-(middle - before) / clock)
        state = kept * state + size * np.sqrt(1.0 - kept**2) * score
        before = middle
        found.append(state)
    return np.stack(found, axis=1)
