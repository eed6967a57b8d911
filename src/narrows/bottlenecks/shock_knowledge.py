"""What to watch in a shock: how much of the doubt of its price goes away with each thing known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from narrows.bottlenecks.signal import Bins, enough

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from narrows.shocks.price import PricePath

    Floats = NDArray[np.float64]

__all__ = ["Watched", "watch"]

WATCH = {
    "length": "how long flow is cut: daily counts of ships, talks",
    "flow": "the flow at risk",
    "flow left": "what still passes: daily counts of ships",
    "flow is lost": "whether the threat is carried out",
    "world supply": "world supply",
    "bypass": "pipelines past the strait: port loadings",
    "spare capacity": "spare capacity: output of other producers",
    "stock release": "size of a coordinated release",
    "release rate": "pace of a coordinated release",
    "release delay": "first day of a coordinated release",
    "stock cover": "whether holders sell stocks: weekly stocks",
    "usable stocks": "how low stocks can go: weekly stocks",
    "supply elasticity, short": "how fast wells answer: rigs, output",
    "supply elasticity, long": "how far wells answer: rigs, output",
    "demand elasticity, short": "how fast users save: fuel sales",
    "demand elasticity, long": "how far users save: fuel sales",
    "elasticity clock": "how soon the answers come",
    "price limit": "where demand breaks",
    "premium": "premium of the crisis: options, spreads",
    "premium clock": "how soon the premium fades",
    "reopening": "how fast flow returns after the end",
    "relief clock": "how fast bypass and spare capacity run",
    "without": "all else that moves the price",
}
"""What to watch for each input of the path."""


@dataclass(frozen=True, slots=True)
class Watched:
    """One thing that may become known.

    Parameters
    ----------
    input
        Name of the input.
    watch
        What to watch for it.
    share
        Share of the variance of ln price that goes away when it is known [share].
    low, high
        Mean price over the tenth of draws in which the input is lowest, and highest [usd/barrel].
    """

    input: str
    watch: str
    share: float
    low: float
    high: float


def watch(path: PricePath, quarters: tuple[str, ...] | None = None) -> tuple[Watched, ...]:
    """Return the inputs of a path by how much knowing each takes off the doubt of the price, most first.

    Parameters
    ----------
    path
        A price path of 1,000 draws or more.
    quarters
        The mean price of these; the first two that begin after the day of the forecast if left out.

    Raises
    ------
    UsageError
        If the draws are too few.

    Notes
    -----
    Share of input X: Var(E[ln P | X]) / Var(ln P), the means taken over bins of equal count and less what
    chance alone gives (`narrows.bottlenecks.signal`). Shares need not sum to 1: what inputs do only
    together is in none of them.
    """
    enough(path.reader.n)
    shown = path.ahead if quarters is None else quarters
    price = np.mean([path.mean_over(quarter) for quarter in shown], axis=0)
    calm = np.mean([path.mean_over(quarter, without=True) for quarter in shown], axis=0)
    log = np.log(price)
    found = []
    for name, values in ({"without": calm} | path.inputs).items():
        if values.std() == 0:
            continue
        order = np.argsort(values, kind="stable")
        tenth = max(len(values) // 10, 1)
        low, high = (float(price[rows].mean()) for rows in (order[:tenth], order[-tenth:]))
        found.append(Watched(name, WATCH[name], _explained(values, log), low, high))
    return tuple(sorted(found, key=lambda one: (-one.share, one.input)))


def _explained(values: Floats, told: Floats) -> float:
    """Return the share of the variance of a figure that an input explains, less that of chance."""
    bins = Bins.of(values)
    sizes = bins.sizes
    means = bins.sums(told[:, None])[:, 0] / sizes
    spread = float(told.var())
    between = float((sizes * (means - told.mean()) ** 2).sum() / len(told))
    inside = spread - between
    by_chance = inside * (bins.count - 1) / (len(told) - bins.count)
    return min(max((between - by_chance) / spread, 0.0), 1.0)
