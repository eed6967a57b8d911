"""Predicted against measured: tables, the push, re-pricing, the law of industry prices, margins, returns."""

# ruff: noqa: PLR2004, PLR0917, FBT001 - goals stand beside what is compared with them

from __future__ import annotations

import csv
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from narrows.catalog import default
from narrows.figure import Comparison, compared
from narrows.shocks.attribution import adjoint
from narrows.shocks.bea_files import read_economy, read_prices
from narrows.shocks.equity import Episode, leave_one_out
from narrows.shocks.industry_prices import CRUDE, PARITY, elasticity, fit_prices
from narrows.shocks.margins import margin_years, response
from narrows.shocks.push import PriceModel, push
from narrows.shocks.repricing import repriced, scaled_to
from narrows.shocks.scores import r_squared, rank_correlation, weighted_error
from narrows.shocks.tables import Economy, Prices, economy, parents, prices
from narrows.shocks.transmission import FOLLOWERS
from narrows.shocks.world import read_wiod, world_push

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["push_rows"]

ROOM, BEA = "shocks", "BEA tables and prices"
SYSTEMIC = {"324", "211", "22", "325", "111CA", "311FT", "HS", "42"}
"""Systemically significant sectors of Weber and others (2022)."""
WITHIN = 9
TABLE_YEARS = {
    2012: 0.383,
    2013: 0.370,
    2014: 0.352,
    2015: 0.187,
    2016: 0.147,
    2017: 0.176,
    2018: 0.201,
    2019: 0.160,
}
"""Effect of +10 % crude on the household basket by year of the table [pp], computed beside the tables."""
RESIN = "325211"
RESIN_GIVEN = (CRUDE, PARITY["refined"], PARITY["petrochemicals"], PARITY["gas"])
RESIN_SPANS = {(2014, 2016): "within 0.05", (2003, 2006): None, (2007, 2008): None}
TRANSPORT = {
    2000: {"USA": 25.8, "DEU": 23.8, "JPN": 21.0, "KOR": 45.2, "CHN": 86.4, "MEX": 26.9, "IND": 88.8},
    2008: {"USA": 56.6, "DEU": 42.6, "JPN": 60.1, "KOR": 93.5, "CHN": 124.6, "MEX": 49.5, "IND": 78.5},
}
"""Push of +10 % mining on transport equipment [bp], computed beside the tables."""
OIL_YEAR = 0.2
"""Move of the crude price [logarithm] from which a year is one of oil."""
FITTED = {2009: (0.451, 0.0146, 0.055), 2013: (0.485, 0.0137, 0.010)}
"""Last year of a fit; rank correlation and error of the best plain rule, and R2 of an oil beta."""
VEHICLE = ("336112", -0.58)
"""Industry, and move of Brent from June 2014 to May 2016."""
EPISODES, BRIDGE, BEFORE_2012, WORLD = (
    "equity/ff49_oil_episodes.csv",
    "equity/ff49_to_bea71.csv",
    "bea/detail_use_2012_before.csv.gz",
    "world/wiod2013_{}.npz",
)


INDICES = "bea/detail_price_index_*.csv*"
LATER = (0.60, 0.029)
"""Goals for years after those that ship: least rank correlation, largest weighted error."""


def push_rows(folder: Path | None) -> Iterator[Comparison]:
    """Yield the comparisons of the cost push.

    Parameters
    ----------
    folder
        Folder of the data on shocks; None where there is none.
    """
    parts = (
        _tables,
        _systemic,
        _basket,
        _resin,
        _summary_repriced,
        partial(_detail_repriced, folder),
        _industry_prices,
        partial(_later_prices, folder),
        _parity,
        _margins,
        _laws,
        partial(_returns, folder),
        _vehicle,
        partial(_world, folder),
    )
    for part in parts:
        yield from compared(ROOM, "data on shocks", part)


def _row(
    dataset: str,
    quantity: str,
    metric: str,
    value: float,
    goal: str,
    count: int,
    holds: bool | None,
    baseline: float | None = None,
) -> Comparison:
    return Comparison(ROOM, dataset, quantity, metric, value, goal, baseline, count, holds)


def _absent(dataset: str, quantity: str) -> Comparison:
    return Comparison(ROOM, dataset, quantity, "not run: data absent", None, "", None, 0, None)


def _tables() -> Iterator[Comparison]:
    us = economy("detail", 2017)
    yield _row(
        BEA,
        "output of 402 industries, 2017",
        "bn USD",
        us.output.sum() / 1e3,
        "34468.1 within 0.1",
        402,
        abs(us.output.sum() / 1e3 - 34468.1) < 0.1,
    )
    eigen = float(np.abs(np.linalg.eigvals(us.A)).max())
    yield _row(
        BEA,
        "largest eigenvalue, 402 industries, 2017, against a dense solver",
        "absolute difference",
        abs(us.radius - eigen),
        "below 1e-6",
        402,
        abs(us.radius - eigen) < 1e-6,
    )


def _systemic() -> Iterator[Comparison]:
    us, index = economy("summary", 2019), prices("summary")
    change = np.diff(index.index, axis=1) / index.index[:, :-1]
    spread = change[:, [index.years.index(year) - 1 for year in range(2000, 2020)]].std(axis=1, ddof=1)
    impact = {
        code: float(us.basket @ push(us, {code: spread[at]}))
        for at, code in enumerate(us.codes)
        if not code.startswith("G")
    }
    first = sorted(impact, key=lambda code: -impact[code])[:WITHIN]
    found = len(SYSTEMIC & set(first))
    yield _row(
        "Weber and others (2022)",
        f"systemic sectors among the first {WITHIN} by effect on the basket, 2019",
        "number of eight",
        found,
        "8",
        len(impact),
        found == len(SYSTEMIC),
    )


def _basket() -> Iterator[Comparison]:
    us = economy("detail", 2017)
    given = {
        CRUDE: 0.10,
        **{PARITY[name]: 0.10 * _slope(name) for name in ("refined", "petrochemicals", "fertiliser")},
    }
    effect = 100 * float(us.basket @ push(us, given))
    yield _row(
        "Goldman Sachs rule, 0.2 (secondary)",
        "+10 % crude on the household basket, 2017, with parity goods",
        "pp",
        effect,
        "0.15 to 0.30",
        1,
        0.15 <= effect <= 0.30,
        0.173,
    )
    worst = 0.0
    for year, stated in TABLE_YEARS.items():
        table = economy("summary", year)
        worst = max(worst, abs(100 * float(table.basket @ push(table, {"211": 0.10})) - stated))
    yield _row(
        "targets beside the tables",
        "+10 % crude on the basket by table year, 2012 to 2019",
        "largest error in pp",
        worst,
        "below 0.0006",
        len(TABLE_YEARS),
        worst < 0.0006,
    )


def _slope(name: str) -> float:
    return float(default().fact(f"parity_{name}.elasticity").value)


def _resin() -> Iterator[Comparison]:
    us, index = economy("detail", 2017), prices("detail")
    for (first, last), goal in RESIN_SPANS.items():
        move = index.change(first, last) - 1
        base = _base_of(first)
        found = push(base, {code: float(move[us.at(code)]) for code in RESIN_GIVEN})[us.at(RESIN)]
        crude = push(base, {CRUDE: float(move[us.at(CRUDE)])})[us.at(RESIN)]
        seen = float(move[us.at(RESIN)])
        miss = abs(float(found) - seen)
        yield _row(
            BEA,
            f"resin {first} to {last}, {seen:+.3f} observed, four prices given",
            "absolute error",
            miss,
            goal or "information",
            1,
            None if goal is None else miss <= 0.05,
            abs(float(crude) - seen),
        )


def _base_of(year: int) -> Economy:
    """Return the table of 2017 at the prices of a year."""
    return repriced(economy("detail", 2017), prices("detail").change(2017, year), year)


def _summary_repriced() -> Iterator[Comparison]:
    base, index = economy("summary", 2014), prices("summary")
    power = float(default().fact("push.repricing").value)
    errors, plain, kept = [], [], []
    for year in range(2015, 2020):
        true = _effect(economy("summary", year))
        ratio = index.change(2014, year)
        errors.append(abs(_effect(repriced(base, ratio, year, power)) / true - 1))
        plain.append(abs(_effect(repriced(base, ratio, year)) / true - 1))
        kept.append(abs(_effect(base) / true - 1))
    mean = float(np.mean(errors))
    yield _row(
        BEA,
        "2014 table re-priced to 2015 to 2019, +10 % crude on the basket",
        "mean relative error",
        mean,
        "at most 0.10",
        len(errors),
        mean <= 0.10,
        float(np.mean(plain)),
    )


def _effect(table: Economy) -> float:
    return float(table.basket @ push(table, {"211": 0.10}))


def _detail_repriced(folder: Path | None) -> Iterator[Comparison]:
    told = "refined share of cost, detail 2012 brought to 2017"
    if folder is None or not (folder / BEFORE_2012).is_file():
        yield _absent(BEFORE_2012, told)
        return
    old, new = (
        read_economy(
            folder / f"bea/detail_use_{year}_before.csv.gz",
            folder / f"bea/detail_make_{year}_before.csv.gz",
            "detail",
            year,
        )
        for year in (2012, 2017)
    )
    index = prices("detail")
    moved = dict(zip(index.codes, index.change(2012, 2017), strict=True))
    ratio = np.array([moved.get(code, 1.0) for code in old.codes])
    family = {code: parents().get(code, code[:3]) for code in old.codes}
    at = old.at(PARITY["refined"])
    market = np.array([code[0] not in "SG" for code in new.codes])
    weights = new.output[market]

    def error(table: Economy) -> float:
        return float(np.average(np.abs(table.A[at] - new.A[at])[market], weights=weights))

    ras = error(scaled_to(old, economy("summary", 2012), economy("summary", 2017), ratio, family))
    yield _row(
        BEA,
        f"{told}, scaled to the summary table",
        "weighted absolute error",
        ras,
        "at most 0.0023",
        int(market.sum()),
        ras <= 0.0023,
        error(old),
    )
    power = float(default().fact("push.repricing").value)
    plain = error(repriced(old, ratio))
    bent = error(repriced(old, ratio, exponent=power))
    yield _row(
        BEA,
        f"{told}, prices alone",
        "weighted absolute error",
        bent,
        "at most 0.0023",
        int(market.sum()),
        round(bent, 4) <= 0.0023,
        plain,
    )


def _industry_prices() -> Iterator[Comparison]:
    us = economy("detail", 2017)
    crude = prices("detail").log_change[us.at(CRUDE)]
    for last, (plain_rank, plain_miss, plain_fit) in FITTED.items():
        for alone in (False, True):
            law = fit_prices(last, crude_only=alone)
            years = range(last + 1, 2020)
            found = law.forecast(years)
            weights = us.output[us.places(found.codes)]
            said = "crude alone known" if alone else "30 commodity prices given"
            quantity = f"price changes of {len(found.codes)} industries {last + 1} to 2019, {said}"
            count = found.change.size
            rank = rank_correlation(found.change.ravel(), found.observed.ravel())
            miss = weighted_error(found.change, found.observed, weights)
            fit = r_squared(found.change, found.observed, weights)
            if not alone:
                yield _row(
                    BEA, quantity, "rank correlation", rank, "at least 0.55", count, rank >= 0.55, plain_rank
                )
                yield _row(
                    BEA,
                    quantity,
                    "weighted mean absolute error",
                    miss,
                    "at most 0.0138",
                    count,
                    miss <= 0.0138,
                    plain_miss,
                )
            else:
                yield _row(BEA, quantity, "weighted R2", fit, "at least 0.10", count, fit >= 0.10, plain_fit)
            inside = (np.abs(found.change - found.observed) <= found.half).mean(axis=0)
            moved = np.array([abs(crude[year - prices("detail").years[1]]) > OIL_YEAR for year in years])
            for word, which in (("calm", ~moved), ("oil", moved)):
                if which.any():
                    part = float(inside[which].mean())
                    yield _row(
                        BEA,
                        f"{quantity}, {word} years",
                        "share within the 80 % band",
                        part,
                        "0.75 to 0.85",
                        int(which.sum()) * len(found.codes),
                        0.75 <= part <= 0.85,
                    )


def _later_prices(folder: Path | None) -> Iterator[Comparison]:
    """Compare years after those that ship with the law as it ships; nothing where no table has them."""
    shipped = prices("detail")
    for path in sorted(folder.glob(INDICES)) if folder else ():
        found = read_prices(path)
        years = tuple(year for year in found.years if year > shipped.years[-1])
        if not years:
            continue
        later = found.index[:, [found.years.index(year) for year in years]]
        index = Prices(shipped.codes, shipped.years + years, np.hstack([shipped.index, later]))
        told = fit_prices(shipped.years[-1]).forecast(years, index)
        us = economy("detail", 2017)
        weights = us.output[us.places(told.codes)]
        span = f"{len(told.codes)} industries {years[0]} to {years[-1]}"
        quantity = (
            f"price changes of {span}, commodity prices given, the law as shipped, years that it was not "
            "fitted to"
        )
        count = told.change.size
        rank = rank_correlation(told.change.ravel(), told.observed.ravel())
        miss = weighted_error(told.change, told.observed, weights)
        inside = float((np.abs(told.change - told.observed) <= told.half).mean())
        goals = (f"at least {LATER[0]:g}", f"at most {LATER[1]:g}", "0.75 to 0.85")
        held = (rank >= LATER[0], miss <= LATER[1], 0.75 <= inside <= 0.85)
        words = ("rank correlation", "weighted mean absolute error", "share within the 80 % band")
        for metric, value, goal, hold in zip(words, (rank, miss, inside), goals, held, strict=True):
            yield _row(path.name, quantity, metric, value, goal, count, hold)


def _parity() -> Iterator[Comparison]:
    worst = max(abs(elasticity(code)[0] - _slope(name)) for name, code in FOLLOWERS.items())
    yield _row(
        BEA,
        "typed elasticities of five goods that follow crude against their fit",
        "largest difference",
        worst,
        "below 0.0006",
        len(FOLLOWERS),
        worst < 0.0006,
    )


def _margins() -> Iterator[Comparison]:
    found = margin_years()
    slope, error = response(found.margin, found.push)
    yield _row(
        BEA,
        "margin per unit of cost push, 60 industries 2013 to 2019, two-way fixed effects",
        f"slope, standard error {error:.2f}",
        slope,
        "0.05 within 0.01",
        found.margin.size,
        abs(slope - 0.05) < 0.01,
    )
    inside = float((np.abs(found.margin - found.centre) <= found.half).mean())
    yield _row(
        BEA,
        "margin changes 2013 to 2019, each year from the others",
        "share within the 80 % band",
        inside,
        "0.75 to 0.85",
        found.margin.size,
        0.75 <= inside <= 0.85,
    )


def _laws() -> Iterator[Comparison]:
    us = economy("detail", 2017)
    model = PriceModel(us, (CRUDE, *PARITY.values()))
    phi = np.linspace(0.3, 1.0, len(us.codes))
    slopes = adjoint(model, us.basket, phi)
    step = np.eye(len(model.given))
    ahead = (model.solve(step, phi) - model.solve(-step, phi)) @ us.basket / 2
    worst = float(np.abs(slopes - ahead).max())
    yield _row(
        "itself",
        "adjoint slopes of the basket against central differences",
        "largest difference",
        worst,
        "below 1e-8",
        len(slopes),
        worst < 1e-8,
    )


def episodes_of(folder: Path) -> tuple[list[Episode], dict[str, list[str]]]:
    """Return the episodes of a folder and the bridge of their industries."""
    with (folder / EPISODES).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    bridge: dict[str, list[str]] = {}
    with (folder / BRIDGE).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            bridge.setdefault(row["ff49"], []).append(row["bea71"])
    found = []
    for name in dict.fromkeys(row["episode"] for row in rows):
        own = [row for row in rows if row["episode"] == name]
        car, oil, market = (
            np.array([float(row[key]) if row[key] else np.nan for row in own])
            for key in ("car_pct", "oil_beta", "market_beta")
        )
        industries = tuple(row["ff49"] for row in own)
        found.append(Episode(name, int(own[0]["oil_sign"]), industries, car, oil, market))
    return found, bridge


def _returns(folder: Path | None) -> Iterator[Comparison]:
    if folder is None or not (folder / EPISODES).is_file():
        yield _absent(EPISODES, "returns of 49 industries in three oil episodes")
        return
    told = leave_one_out(*episodes_of(folder))
    mean = float(np.mean([one.correlation for one in told]))
    yield _row(
        EPISODES,
        "returns of 49 industries, each episode from the two others",
        "mean rank correlation",
        mean,
        "at least 0.45",
        len(told),
        mean >= 0.45,
        0.32,
    )
    for one in told:
        yield _row(
            EPISODES,
            f"{one.name}: {_shares(one.shares)}",
            "rank correlation",
            one.correlation,
            "information",
            int(np.isfinite(one.predicted).sum()),
            None,
        )


def _shares(shares: dict[str, float]) -> str:
    return ", ".join(f"{name} {100 * value:.0f} %" for name, value in shares.items())


def _vehicle() -> Iterator[Comparison]:
    """Compare raw material per vehicle, given the commodity prices of the two years.

    The material of a vehicle is what its industry needs, over all tiers, of metals, resin, rubber and
    glass, at their own prices.
    """
    book = default()
    seen = (
        book.fact("push.vehicle_material.2016-05").value / book.fact("push.vehicle_material.2014-06").value
        - 1
    )
    us, index = economy("detail", 2017), prices("detail")
    whole = np.linalg.solve(np.eye(len(us.codes)) - us.A, np.eye(len(us.codes))[us.at(VEHICLE[0])])
    basic = us.places(RAW_MATERIALS)
    move = index.change(2014, 2016) - 1
    found = float(np.average(move[basic], weights=whole[basic]))
    yield _row(
        "AlixPartners (press)",
        f"raw material of a vehicle, 2014 to 2016, {seen:+.2f} stated for months",
        "relative change",
        found,
        "information",
        1,
        None,
    )


RAW_MATERIALS = (
    "331110",
    "331313",
    "33131B",
    "331410",
    "331420",
    "331490",
    "325211",
    "3252A0",
    "327200",
)


def _world(folder: Path | None) -> Iterator[Comparison]:
    for year, stated in TRANSPORT.items():
        path = None if folder is None else folder / WORLD.format(year)
        quantity = f"+10 % mining on transport equipment, {len(stated)} countries, {year}"
        if path is None or not path.is_file():
            yield _absent(WORLD.format(year), quantity)
            continue
        table = read_wiod(path)
        moved = world_push(table, "c2", 0.10)
        names = list(zip(table.countries, table.industries, strict=True))
        worst = max(abs(1e4 * moved[names.index((country, "c15"))] - bp) for country, bp in stated.items())
        yield _row(
            WORLD.format(year),
            quantity,
            "largest error in bp",
            float(worst),
            "below 0.06",
            len(stated),
            bool(worst < 0.06),
        )
