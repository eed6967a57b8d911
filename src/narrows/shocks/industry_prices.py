"""The law of industry prices: what an industry charges when commodity prices move, learnt year by year.

Price changes are logarithms relative to the median industry: general inflation is no subject here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from narrows.errors import UsageError
from narrows.fitted import Method, fit
from narrows.shocks.push import PriceModel
from narrows.shocks.tables import economy, prices

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from narrows.shocks.tables import Prices

    Floats = NDArray[np.float64]

__all__ = ["CRUDE", "PARITY", "Forecast", "PriceLaw", "elasticity", "fit_prices", "industries"]

CRUDE = "211000"
PARITY = {"refined": "324110", "petrochemicals": "325110", "fertiliser": "325310", "gas": "221200"}
"""World-price goods that follow crude, by name."""
COMMODITY_FAMILIES = ("111", "112", "113", "114", "211", "212")
COMMODITY_CODES = (
    *PARITY.values(), "331110", "331313", "33131B", "331410", "331420",
    "33141A", "321100", "311200", "311221", "31122A", "31161A",
)  # fmt: skip
OUTSIDE = ("S", "G", "HS", "531H")
"""First letters of industries that set no market price: government, and owners' own dwellings."""
STEEL = "331110"
NAMES = ("now", "later", "own", "level", "learnt")
SPREAD, OIL_SPREAD, STEEL_SPREAD = 0.27, 0.027, 0.027
"""Prior spread between industries of the pass-through of the push, and of the slope on crude and on steel."""
NOISE = 0.015
"""Usual size of a yearly price change that no cost explains, at which a slope and its prior count alike."""
PRIOR_YEARS, PRIOR_SCALE = 3.0, 0.02
"""Years of history that the common scale of an industry's noise counts as, and that scale."""
CLIPPED = 2.0
"""Scales of an industry beyond which a change of last year is taken as no larger."""
LEVEL_YEARS = 2.0
METHOD = Method("huber", 1.345, floor=0.004)
FIRST = 2
"""Years of history before the first that is fitted."""
BAND, RECENT = 0.8, 3
"""Part of industries that a band shall hold; years before, whose misses set its width."""


def industries() -> tuple[list[str], list[str]]:
    """Return the codes of commodities with a price of their own, and of the industries that are forecast.

    Examples
    --------
    >>> given, forecast = industries()
    >>> len(given), len(forecast)
    (30, 362)
    """
    us, index = economy("detail", 2017), prices("detail")
    known = [bool(np.isfinite(row).all()) for row in index.index]
    given = [code for code in us.codes if code[:3] in COMMODITY_FAMILIES or code in COMMODITY_CODES]
    rest = [
        code
        for code, ok in zip(us.codes, known, strict=True)
        if ok and code not in given and not code.startswith(("S", "G", "HS"))
    ]
    return given, rest


def elasticity(code: str, first: int = 1998, last: int = 2019, level: str = "detail") -> tuple[float, float]:
    """Return the slope of an industry's yearly log price change on that of crude, and its standard error.

    Examples
    --------
    >>> slope, error = elasticity("324110")
    >>> round(slope, 3), round(error, 3)
    (0.828, 0.062)
    """
    index = prices(level)
    years = slice(first - index.years[1], last - index.years[1] + 1)
    crude = CRUDE if level == "detail" else CRUDE[:3]
    x = index.log_change[index.codes.index(crude), years]
    y = index.log_change[index.codes.index(code), years]
    away = x - x.mean()
    slope = float(away @ y / (away @ away))
    left = y - y.mean() - slope * away
    return slope, float(np.sqrt(left @ left / (len(x) - 2) / (away @ away)))


@dataclass(frozen=True, eq=False)
class Forecast:
    """Price changes of a year forecast from its commodity prices and from the years before.

    Parameters
    ----------
    codes
        Industries.
    years
        Years.
    change
        Relative to the median industry [logarithm], axes (industry, year).
    half
        Half of the width between the 10 % and the 90 % quantile, in the same unit.
    observed
        What came, same axes.
    """

    codes: tuple[str, ...]
    years: tuple[int, ...]
    change: Floats = field(repr=False)
    half: Floats = field(repr=False)
    observed: Floats = field(repr=False)


@dataclass(frozen=True, eq=False)
class PriceLaw:
    """Coefficients of the law, each a number with a meaning.

    Parameters
    ----------
    now, later
        Part of the push passed on in its year, and in the year after.
    own
        Part of last year's unexplained change that comes again.
    level
        Part of an industry's usual unexplained change that comes each year.
    learnt
        Part of the industry's own learnt slopes that is used.
    last
        Last year that was fitted.
    errors
        Standard errors of the five.
    half
        Half-width of the 80 % band in scales of the industry.
    crude_only
        Whether the price of crude alone is known.
    """

    now: float
    later: float
    own: float
    level: float
    learnt: float
    last: int
    errors: tuple[float, ...]
    half: float
    crude_only: bool

    @property
    def coefficients(self) -> Floats:
        """The five, axis (coefficient)."""
        return np.array([self.now, self.later, self.own, self.level, self.learnt])

    def forecast(self, years: Sequence[int], index: Prices | None = None) -> Forecast:
        """Return forecasts of years, each from the years before and its own commodity prices.

        Parameters
        ----------
        years
            Years to forecast.
        index
            Price indices that hold these years and those before, such as `bea_files.read_prices` gives; the
            shipped ones if left out. An industry without a price in any year is left out.

        Raises
        ------
        UsageError
            If a year is not among the shipped years, or has too little history.
        """
        panel = _panel(self.crude_only, self.last, index)
        low, high = panel.years[FIRST], panel.years[-1]
        for year in years:
            if not low <= year <= high:
                raise UsageError(
                    f"A forecast of {year} is asked for",
                    f"Prices are known for {low} to {high}",
                    "Ask for a year of them",
                )
        rows = [year - panel.years[0] for year in years]
        design, scale = _design(panel)
        return Forecast(
            panel.codes,
            tuple(years),
            np.column_stack([design[row] @ self.coefficients for row in rows]),
            np.column_stack([self._width(row, design, scale, panel.change) * scale[row] for row in rows]),
            panel.change[:, rows],
        )

    def _width(self, row: int, design: dict[int, Floats], scale: dict[int, Floats], change: Floats) -> float:
        """Return the half-width that held 80 % of the years just before [scales of an industry]."""
        before = [past for past in range(row - RECENT, row) if past in design]
        if not before:
            return self.half
        sizes = [np.abs(change[:, past] - design[past] @ self.coefficients) / scale[past] for past in before]
        return float(np.quantile(np.concatenate(sizes), BAND))


@dataclass(frozen=True, eq=False)
class _Panel:
    codes: tuple[str, ...]
    years: tuple[int, ...]
    change: Floats
    """Observed, relative to the median industry, axes (industry, year)."""
    push: Floats
    """Modelled at full pass-through, relative to the median, same axes."""
    drivers: tuple[tuple[Floats, float], ...]
    """Series that industries may follow in their own measure, same axes or (year), with prior spreads."""
    weights: Floats


@cache
def _panel(crude_only: bool, last: int, own: Prices | None = None) -> _Panel:  # noqa: FBT001
    us = economy("detail", 2017)
    index = prices("detail") if own is None else own
    moves = index.log_change
    given, rest = industries()
    gap = {code for code, row in zip(us.codes, moves, strict=True) if not np.isfinite(row).all()}
    rest = [code for code in rest if code not in gap]
    if crude_only:
        codes = [CRUDE, *PARITY.values()][:4]
        slopes = [1.0, *(elasticity(code, last=last)[0] for code in codes[1:])]
        rest = [
            code
            for code, row in zip(us.codes, moves, strict=True)
            if np.isfinite(row).all() and code not in codes and not code.startswith(("S", "G", "HS"))
        ]
        known = np.outer(moves[index.codes.index(CRUDE)], slopes)
        given = codes
    else:
        known = np.nan_to_num(moves[[index.codes.index(code) for code in given]].T)
    places = us.places(rest)
    push = PriceModel(us, tuple(given)).solve(known)[:, places].T
    push = push - np.median(push, axis=0)
    change = moves - np.nanmedian(moves, axis=0)
    crude = moves[index.codes.index(CRUDE)]
    drivers: list[tuple[Floats, float]] = [(push, SPREAD), (np.tile(crude, (len(rest), 1)), OIL_SPREAD)]
    if not crude_only:
        steel = moves[index.codes.index(STEEL)]
        drivers.append((np.tile(steel, (len(rest), 1)), STEEL_SPREAD))
    return _Panel(tuple(rest), index.years[1:], change[places], push, tuple(drivers), us.output[places])


def _design(panel: _Panel) -> tuple[dict[int, Floats], dict[int, Floats]]:
    """Return the five regressors and the scale of each industry's noise by year, from the years before it."""
    start = np.array([0.95, 0.37])  # taken off to see what cost does not explain; the fit is free
    before = np.concatenate([np.zeros((len(panel.codes), 1)), panel.push[:, :-1]], axis=1)
    left = panel.change - start[0] * panel.push - start[1] * before
    design, scales = {}, {}
    for row in range(FIRST, len(panel.years)):
        past = left[:, :row]
        middle = np.median(past, axis=1)
        spread = 1.4826 * np.median(np.abs(past - middle[:, None]), axis=1)
        scale = np.sqrt((spread**2 * row + PRIOR_SCALE**2 * PRIOR_YEARS) / (row + PRIOR_YEARS))
        level = middle * row / (row + LEVEL_YEARS)
        own = np.clip(past[:, -1], -CLIPPED * scale, CLIPPED * scale)
        rest = np.clip(past - level[:, None], -CLIPPED * scale[:, None], CLIPPED * scale[:, None])
        learnt = np.zeros(len(panel.codes))
        for series, prior in panel.drivers:
            then = series[:, :row]
            slope = (then * rest).sum(axis=1) / ((then**2).sum(axis=1) + (NOISE / prior) ** 2)
            learnt = learnt + slope * series[:, row]
            rest = rest - slope[:, None] * then
        design[row] = np.column_stack([panel.push[:, row], before[:, row], own, level, learnt])
        scales[row] = np.sqrt(scale**2 + (SPREAD * panel.push[:, row]) ** 2)
    return design, scales


@cache
def fit_prices(last: int = 2019, *, crude_only: bool = False) -> PriceLaw:
    """Return the law fitted to the years up to one.

    Parameters
    ----------
    last
        Last year of the fit.
    crude_only
        Whether only crude is known; else thirty commodity prices are.

    Notes
    -----
    dp = now push + later push before + own left before + level usual + learnt (own slopes of the industry
    times what it follows). Five common numbers; slopes of an industry are drawn to zero with one prior
    spread each (partial pooling), and use only years before the one forecast. Robust fit, rows weighted by
    the root of output. A band is as wide, in scales of industries, as held 80 % of the three years before.

    Raises
    ------
    UsageError
        If there are too few years.

    Examples
    --------
    >>> law = fit_prices(2009)
    >>> 0.8 < law.now < 1.1, law.later > 0
    (True, True)
    """
    panel = _panel(crude_only, last)
    rows = [row for row in range(FIRST, len(panel.years)) if panel.years[row] <= last]
    if len(rows) < FIRST:
        raise UsageError(
            f"A fit up to {last} is asked for",
            f"A fit needs at least {FIRST} years from {panel.years[FIRST]} on",
            "Name a later year",
        )
    design, scale = _design(panel)
    X = np.vstack([design[row] for row in rows])
    y = np.concatenate([panel.change[:, row] for row in rows])
    weight = np.tile((panel.weights / panel.weights.mean()) ** 0.25, len(rows))

    def predict(logs: Floats) -> Floats:
        return np.asarray(weight * (X @ np.exp(logs)))

    centre = np.log([0.9, 0.3, 0.4, 0.5, 0.5])
    shift, covariance, _ = fit(predict, weight * y, centre, np.full(5, 2.0), method=METHOD)
    found = np.exp(centre + shift)
    errors = found * np.sqrt(np.diag(covariance))
    sizes = np.abs(y - X @ found) / np.concatenate([scale[row] for row in rows])
    return PriceLaw(
        float(found[0]),
        float(found[1]),
        float(found[2]),
        float(found[3]),
        float(found[4]),
        last,
        tuple(float(value) for value in errors),
        float(np.quantile(sizes, BAND)),
        crude_only,
    )
