"""Realised margins of industries: what they did when costs and prices moved, and the band they stayed in."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from narrows.shocks.push import PriceModel
from narrows.shocks.tables import economy, prices, yearly

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["MarginYears", "margin_years", "response"]

OIL, REFINED = "211", "324"
LEFT_OUT = ("211", "324", "213", "ORE", "HS", "486")
FIRST, LAST = 2013, 2019
PRIOR_YEARS = 3.0
"""Years that the common scale of margins counts as beside an industry's own."""
BAND = 0.8


@dataclass(frozen=True, eq=False)
class MarginYears:
    """Yearly changes of margins with the band of the model.

    Parameters
    ----------
    codes
        Summary industries.
    years
        Years.
    push, price, margin
        Cost push passed on in full, own price (relative changes), change of surplus over revenue;
        axes (industry, year).
    centre, half
        Prediction of the margin change without the year itself, and half of the width of its 80 % band.
    """

    codes: tuple[str, ...]
    years: tuple[int, ...]
    push: Floats = field(repr=False)
    price: Floats = field(repr=False)
    margin: Floats = field(repr=False)
    centre: Floats = field(repr=False)
    half: Floats = field(repr=False)


@cache
def margin_years() -> MarginYears:
    """Return margin changes 2013 to 2019 and what the model said of each from the other years.

    Notes
    -----
    Centre: (1 - m) dp - push, times the one coefficient fitted on the other years (near 0: margins show no
    general squeeze). Scale of an industry: mean absolute miss in the other years, drawn to that of all.

    Examples
    --------
    >>> found = margin_years()
    >>> found.margin.shape
    (60, 7)
    """
    us, index = economy("summary", 2017), prices("summary")
    keep = [at for at, code in enumerate(us.codes) if code not in LEFT_OUT and not code.startswith("G")]
    years = tuple(range(FIRST, LAST + 1))
    growth = np.column_stack([index.change(year - 1, year) - 1 for year in years])
    model = PriceModel(us, (OIL, REFINED))
    push = model.solve(growth[[us.at(OIL), us.at(REFINED)]].T).T[keep]
    level = yearly("margin")[keep]
    margin, price = np.diff(level, axis=1), growth[keep]
    squeeze = (1 - level[:, :-1]) * price - push
    squeeze = squeeze - np.median(squeeze, axis=0)
    centre, half = np.empty_like(margin), np.empty_like(margin)
    for at in range(len(years)):
        other = np.arange(len(years)) != at
        slope = float((squeeze[:, other] * margin[:, other]).sum() / (squeeze[:, other] ** 2).sum())
        miss = np.abs(margin[:, other] - slope * squeeze[:, other])
        scale = (miss.sum(axis=1) + PRIOR_YEARS * miss.mean()) / (miss.shape[1] + PRIOR_YEARS)
        centre[:, at] = slope * squeeze[:, at]
        half[:, at] = np.quantile(miss / scale[:, None], BAND) * scale
    return MarginYears(tuple(us.codes[at] for at in keep), years, push, price, margin, centre, half)


def response(outcome: Floats, push: Floats) -> tuple[float, float]:
    """Return the slope of an outcome on the push and its standard error, two-way fixed effects.

    Parameters
    ----------
    outcome, push
        Axes (industry, year).

    Notes
    -----
    Means of industries and of years are taken off; errors are clustered by industry.

    Examples
    --------
    >>> found = margin_years()
    >>> slope, error = response(found.margin, found.push)
    >>> round(slope, 2), round(error, 2)
    (0.05, 0.29)
    """

    def within(values: Floats) -> Floats:
        across = values.mean(axis=1, keepdims=True) + values.mean(axis=0) - values.mean()
        return np.asarray(values - across)

    x, y = within(push), within(outcome)
    size = float((x**2).sum())
    slope = float((x * y).sum()) / size
    moment = ((y - slope * x) * x).sum(axis=1)
    return slope, float(np.sqrt((moment**2).sum())) / size
