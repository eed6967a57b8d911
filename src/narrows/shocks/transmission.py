"""From commodity prices to industries, margins, eleven sectors and what equity should make of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.catalog import Reader, default
from narrows.draws import quantiles, stream
from narrows.errors import UnknownNameError, UsageError
from narrows.shocks.attribution import Attribution, attribute
from narrows.shocks.industry_prices import CRUDE, PARITY
from narrows.shocks.push import PriceModel, lagged, many, quarterly_kernel
from narrows.shocks.repricing import repriced, scaled_to
from narrows.shocks.sectors import SECTORS, members, waits
from narrows.shocks.tables import economy, parents, prices

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from narrows.catalog import Catalog
    from narrows.shocks.tables import Economy

    Floats = NDArray[np.float64]

__all__ = [
    "CHANNELS",
    "GOODS",
    "Industry",
    "Sector",
    "SectorTable",
    "Shock",
    "of_day",
    "sector_table",
    "shocked",
    "verdict",
]

FOLLOWERS = {**PARITY, "power": "221100"}
"""Goods that follow crude by an elasticity of their own, by name."""
GOODS = {
    "crude": CRUDE,
    **FOLLOWERS,
    "coal": "212100",
    "steel": "331110",
    "aluminium": "33131B",
    "copper": "331420",
    "grain": "1111B0",
    "oilseeds": "1111A0",
    "meat": "31161A",
    "timber": "113000",
    "lumber": "321100",
}
"""Commodities by name; any code of a detailed industry is one too."""
CHANNELS = ("output price", "input cost", "wages", "volume")
BAND = (0.1, 0.5, 0.9)
TABLE_YEAR, NEWEST = 2017, 2019
"""Year of the detailed table, and of the newest summary table."""
DAY = "push.crude.2026-02-27"
QUARTERS_A_YEAR = 4
LONGEST = 40
"""Most quarters a shock may last."""
MOST_ROWS = 40_000
"""Most draws times quarters: about 1.5 GB."""
DRAWS, SEED = 1000, 1
VERDICTS = ("Supported", "Pressured", "Resilient", "Mixed")
SHARE_TOLD = 0.5
"""Sum of shares at which a rationale stops naming suppliers; at most three."""
NAMED = 3


@dataclass(frozen=True, eq=False)
class Sector:
    """What a shock does to one sector.

    Parameters
    ----------
    name
        The sector.
    profit
        Change of operating surplus, relative, 10 %, 50 %, 90 % of draws; mean over the shock.
    margin
        Change of the margin [share of revenue], same quantiles.
    cyclical, structural
        Change of equity value if the shock ends after its duration, and if it stays.
    channels
        Mean change of operating surplus by channel; they sum to the mean change.
    verdict
        Supported, Pressured, Resilient or Mixed, from sign and width of the band of profit.
    rationale
        One sentence, computed.
    quarters
        Median change of operating surplus quarter by quarter.
    draws
        Change of operating surplus in every draw.
    settled
        The same once all is passed on.
    """

    name: str
    profit: tuple[float, float, float]
    margin: tuple[float, float, float]
    cyclical: tuple[float, float, float]
    structural: tuple[float, float, float]
    channels: dict[str, float]
    verdict: str
    rationale: str
    quarters: tuple[float, ...]
    draws: Floats = field(repr=False)
    settled: Floats = field(repr=False)


@dataclass(frozen=True)
class Industry:
    """What a shock does to one industry.

    Parameters
    ----------
    code, name
        The industry.
    price
        Relative change of its price in the last quarter of the shock, 10 %, 50 %, 90 %.
    profit
        Change of operating surplus over revenue, same quantiles, mean over the shock.
    rationale
        One sentence, computed; empty for a given price.
    path
        Names along the largest path of the push, the given price first, the industry itself left out.
    """

    code: str
    name: str
    price: tuple[float, float, float]
    profit: tuple[float, float, float]
    rationale: str
    path: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Shock:
    """The arithmetic of one shock, draw by draw; `sector_table` tells it.

    Parameters
    ----------
    model
        Table at the prices of the day, parted into given prices and the rest.
    given
        Change of the given prices, axes (draw, quarter, given).
    final
        Response of all prices once all is passed on, to the last quarter's prices, axes (draw, industry).
    price
        Price change, axes (draw, quarter, industry).
    parts
        Change of operating surplus over revenue by channel, axes (draw, quarter, industry).
    settled
        The same once all is passed on, axes (draw, industry).
    discount
        Return asked, a year, axis (draw).
    noticeable
        Change of profit that is told apart.
    reads
        Facts read.
    """

    model: PriceModel
    given: Floats
    final: Floats
    price: Floats
    parts: dict[str, Floats]
    settled: dict[str, Floats]
    discount: Floats
    noticeable: float
    reads: tuple[str, ...]
    reader: Reader


@dataclass(frozen=True, eq=False)
class SectorTable:
    """The answer: sectors, industries, the household basket.

    Parameters
    ----------
    changes
        Given prices by code: median change in the last quarter.
    asked
        What was asked, by commodity: median change in the last quarter.
    sectors
        The eleven.
    industries
        The most moved, or those asked for.
    basket
        Change of the price of the household basket, 10 %, 50 %, 90 %.
    duration
        Quarters that the shock lasts.
    day
        Price of crude before [usd/barrel], or the fact that states it.
    draws, seed, reads
        Number of draws, seed, facts read.
    """

    changes: dict[str, float]
    asked: dict[str, float]
    sectors: tuple[Sector, ...]
    industries: tuple[Industry, ...]
    basket: tuple[float, float, float]
    duration: int
    day: str | float
    draws: int
    seed: int
    reads: tuple[str, ...]
    shock: Shock = field(repr=False)

    def sector(self, name: str) -> Sector:
        """Return a sector by name.

        Raises
        ------
        UnknownNameError
            If there is no such sector.
        """
        for sector in self.sectors:
            if sector.name.lower() == name.lower():
                return sector
        raise UnknownNameError("sector", name, SECTORS, remedy="Name one of the eleven")


def code_of(good: str) -> str:
    """Return the detailed industry of a commodity, by name or code.

    Raises
    ------
    UnknownNameError
        If it is neither.

    Examples
    --------
    >>> code_of("crude"), code_of("325211")
    ('211000', '325211')
    """
    if good in GOODS:
        return GOODS[good]
    codes = economy("detail", TABLE_YEAR).codes
    if good in codes:
        return good
    raise UnknownNameError(
        "commodity", good, (*GOODS, *codes), remedy="Name one of them, or the code of a detailed industry"
    )


@cache
def _newest() -> Economy:
    ratio = prices("detail").change(TABLE_YEAR, NEWEST)
    return scaled_to(
        economy("detail", TABLE_YEAR),
        economy("summary", TABLE_YEAR),
        economy("summary", NEWEST),
        ratio,
        parents(),
    )


def of_day(reader: Reader, day: str | float = DAY) -> Economy:
    """Return the detailed table at the newest summary table's flows and the fuel prices of a day.

    Parameters
    ----------
    reader
        Facts; their stated values are taken.
    day
        Fact with the price of crude on the day, or the price itself [usd/barrel].

    Raises
    ------
    UsageError
        If the price is not above 0.

    Notes
    -----
    Crude moves from its mean in the table's year to the day; goods with a world price follow by their
    elasticity; everything else by its cost.
    """
    base = _newest()
    crude = _stated(reader, day) if isinstance(day, str) else float(day)
    then = _stated(reader, f"push.crude.{NEWEST}")
    if not 0 < crude < np.inf:
        raise UsageError(
            f"Crude costs {crude:g} usd a barrel on the day the shock begins",
            "A price is above 0",
            "Give the price of the day before",
        )
    moved = {CRUDE: crude / then - 1}
    for name, code in FOLLOWERS.items():
        slope = _stated(reader, f"parity_{name}.elasticity")
        moved[code] = (crude / then) ** slope - 1
    codes = tuple(moved)
    change = PriceModel(base, codes).solve([moved[code] for code in codes])
    return repriced(base, 1 + change, exponent=_stated(reader, "push.repricing"))


def _stated(reader: Reader, name: str) -> float:
    reader.draws(name)  # recorded
    return float(reader.catalog.fact(name).value)


def shocked(
    changes: Mapping[str, ArrayLike],
    *,
    duration: int = 2,
    draws: int = DRAWS,
    seed: int = SEED,
    day: str | float = DAY,
    table: Economy | None = None,
    catalog: Catalog | None = None,
) -> Shock:
    """Return prices, costs and profits of all industries, draw by draw; see `sector_table`.

    Raises
    ------
    UnknownNameError
        If a commodity is not known.
    UsageError
        If a change is not above -1, or an axis does not fit.
    """
    if not changes:
        raise UsageError(
            "No change of a price is given", "At least one commodity moves", "Give crude=0.5, say"
        )
    if not 1 <= duration <= LONGEST:
        raise UsageError(
            f"The shock lasts {duration} quarters", f"It lasts 1 to {LONGEST}", "Give another duration"
        )
    reader = Reader(default() if catalog is None else catalog, seed, draws)
    duration = _quarters(changes, duration)
    _check_size(changes, draws, duration)
    given = {code_of(good): _path(good, change, draws, duration) for good, change in changes.items()}
    _add_parity(given, reader)
    base = of_day(reader, day) if table is None else table
    model = PriceModel(base, tuple(given))
    moves = np.stack([np.broadcast_to(path, (draws, duration)) for path in given.values()], axis=2)
    phi = _pass_through(reader, seed, draws, len(base.codes))
    kernel = quarterly_kernel(
        _stated(reader, "push.lag.now"), _stated(reader, "push.lag.later"), max(duration, 12)
    )
    steady = bool((moves == moves[:, -1:, :]).all())
    if steady:
        final = many(model, np.ascontiguousarray(moves[:, -1, :]), phi)
        full = np.broadcast_to(final[:, None, :], (draws, duration, final.shape[1]))
    else:
        flat = many(model, moves.reshape(-1, len(given)), np.repeat(phi, duration, axis=0))
        full = flat.reshape(draws, duration, -1)
        final = full[:, -1, :]
    price = lagged(full, kernel)
    price[:, :, model.fixed] = moves
    parts = _parts(model, price, reader)
    settled = {name: part[:, 0, :] for name, part in _parts(model, final[:, None, :], reader).items()}
    return Shock(
        model,
        moves,
        final,
        price,
        parts,
        settled,
        reader.draws("push.discount"),
        _stated(reader, "push.noticeable"),
        reader.reads,
        reader,
    )


def _check_size(changes: Mapping[str, ArrayLike], draws: int, duration: int) -> None:
    """Refuse one price given twice, and more draws and quarters than memory holds."""
    codes = [code_of(good) for good in changes]
    twice = [good for good, code in zip(changes, codes, strict=True) if codes.count(code) > 1]
    if twice:
        raise UsageError(
            f"{' and '.join(twice)} are one price", "Every price is given once", "Leave one of them out"
        )
    if draws * duration > MOST_ROWS:
        raise UsageError(
            f"{draws} draws of {duration} quarters are asked for",
            f"Draws times quarters are at most {MOST_ROWS}",
            "Ask for fewer draws",
        )


def _quarters(changes: Mapping[str, ArrayLike], duration: int) -> int:
    """Return the quarters of the changes that have quarters of their own, else the duration."""
    lengths = sorted({np.shape(change)[1] for change in changes.values() if np.ndim(change) == 2})  # noqa: PLR2004
    if len(lengths) > 1:
        raise UsageError(
            f"Changes are given of {lengths[-1]} and of {lengths[0]} quarters",
            "All changes with quarters have as many",
            "Cut them to one length",
        )
    return lengths[0] if lengths else duration


def _path(good: str, change: ArrayLike, draws: int, duration: int) -> Floats:
    """Return a change as axes (draw, quarter); a single number lasts for the duration."""
    values = np.asarray(change, dtype=float)
    if not np.isfinite(values).all() or (values <= -1).any():
        raise UsageError(
            f"The change of {good} is {float(values.min()):g}",
            "A relative price change is a number above -1; 0.5 is plus 50 %",
            "Give another change",
        )
    if values.ndim == 0:
        return np.full((draws, duration), float(values))
    if values.ndim == 1 and values.shape == (draws,):
        return np.repeat(values[:, None], duration, axis=1)
    if values.ndim == 2 and values.shape[0] == draws and values.shape[1] <= LONGEST:  # noqa: PLR2004 (axes)
        return values
    raise UsageError(
        f"The change of {good} has the shape {values.shape}",
        f"One number, {draws} draws, or axes (draw, quarter) with at most {LONGEST} quarters",
        "Give as many draws as asked for",
    )


def _add_parity(given: dict[str, Floats], reader: Reader) -> None:
    """Let the goods with a world price follow crude, where crude moves and they are not given themselves."""
    if CRUDE not in given:
        return
    for name, code in FOLLOWERS.items():
        if code not in given:
            slope = reader.draws(f"parity_{name}.elasticity")
            given[code] = (1 + given[CRUDE]) ** slope[:, None] - 1


def _pass_through(reader: Reader, seed: int, draws: int, count: int) -> Floats:
    """Return the pass-through of every industry in every draw, axes (draw, industry): beta around a mean."""
    mean = np.clip(reader.draws("push.pass_through"), 1e-3, 1 - 1e-3)
    weight = reader.draws("push.pass_through.weight")
    generator = stream(seed, "push.pass_through.industries")
    return np.asarray(
        generator.beta((mean * weight)[:, None], ((1 - mean) * weight)[:, None], (draws, count))
    )


def _parts(model: PriceModel, price: Floats, reader: Reader) -> dict[str, Floats]:
    """Return the change of operating surplus over revenue by channel, axes (draw, quarter, industry).

    Notes
    -----
    Output price: dp_j. Input cost: -sum_i a_ij dp_i. Wages: -w_j times the wage response times the basket.
    Volume: surplus times dq_j, dq_j = -eta (dp_j - basket) - durable or other elasticity times the part of
    the basket that dearer energy takes. Who sells at a given world price loses no volume by its price.
    """
    base = model.economy
    basket = price @ base.basket
    wage = reader.draws("push.wage")[:, None] * basket
    fuels = [base.at(code) for code in ("324110", "221100", "221200")]
    taken = price[:, :, fuels] @ base.basket[fuels]
    slow = waits(base.codes)
    per_taken = np.where(
        slow[None, :],
        reader.draws("push.volume.durable")[:, None],
        reader.draws("push.volume.other")[:, None],
    )
    energy = np.zeros(len(base.codes), dtype=bool)
    energy[fuels] = True
    per_taken = np.where(energy[None, :], 0.0, per_taken)
    eta = np.tile(reader.draws("push.volume.price")[:, None, None], (1, 1, len(base.codes)))
    eta[:, :, model.fixed] = 0.0
    volume = -eta * (price - basket[:, :, None]) - per_taken[:, None, :] * taken[:, :, None]
    return {
        "output price": price,
        "input cost": -(price @ base.A),
        "wages": -base.added[0] * wage[:, :, None],
        "volume": base.surplus * volume,
    }


def verdict(low: float, high: float, noticeable: float) -> str:
    """Return what a band of relative profit change says.

    Parameters
    ----------
    low, high
        10 % and 90 % of draws.
    noticeable
        Change that is told apart from noise.

    Examples
    --------
    >>> bands = ((0.1, 0.3), (-0.2, -0.1), (-0.01, 0.02), (-0.2, 0.1))
    >>> tuple(verdict(low, high, 0.03) for low, high in bands)
    ('Supported', 'Pressured', 'Resilient', 'Mixed')
    """
    if max(abs(low), abs(high)) <= noticeable:
        return "Resilient"
    if low > 0:
        return "Supported"
    return "Pressured" if high < 0 else "Mixed"


def sector_table(
    changes: Mapping[str, ArrayLike],
    *,
    duration: int = 2,
    draws: int = DRAWS,
    seed: int = SEED,
    industries: tuple[str, ...] = (),
    most: int = 12,
    day: str | float = DAY,
    table: Economy | None = None,
    catalog: Catalog | None = None,
) -> SectorTable:
    """Return what changes of commodity prices do to industries and to the eleven sectors.

    Parameters
    ----------
    changes
        Relative price change by commodity: a number, axis (draw), or axes (draw, quarter).
        Names are those of `GOODS`, or codes of detailed industries. Where crude is given and refined
        products, petrochemicals, fertiliser or gas are not, they follow crude by their own elasticity.
    duration
        Quarters that a change without quarters of its own lasts.
    draws, seed
        Number of draws and their seed.
    industries
        Codes to tell; the most moved if left out.
    most
        How many of them.
    day
        Price of crude on the day that the shock begins [usd/barrel], or the fact that states it.
    table
        Another table, with the detailed codes.
    catalog
        Facts; those of the house if left out.

    Examples
    --------
    >>> found = sector_table({"crude": 0.5}, draws=200)
    >>> found.sector("Energy").verdict, found.sector("Information Technology").verdict
    ('Supported', 'Resilient')
    """
    shock = shocked(changes, duration=duration, draws=draws, seed=seed, day=day, table=table, catalog=catalog)
    base = shock.model.economy
    mean_phi = shock.reader.catalog.fact("push.pass_through").value
    share = members(base.codes)
    weight = share * np.where(base.output > 0, base.output, 0.0)
    revenue = weight.sum(axis=1)
    surplus = weight @ base.surplus
    middle = np.median(shock.given[:, -1, :], axis=0)
    told = [
        _sector(shock, at, weight[at] / revenue[at], float(surplus[at] / revenue[at]))
        for at in range(len(SECTORS))
    ]
    total = np.sum([part.mean(axis=1) for part in shock.parts.values()], axis=0)
    last = shock.price[:, -1, :]
    changed = {code: float(value) for code, value in zip(shock.model.given, middle, strict=True)}
    codes = industries or _most_moved(shock, most)
    rows = []
    for code in codes:
        at = base.at(code)
        why, path = "", tuple[str, ...]()
        if code not in shock.model.given:
            cause = attribute(shock.model, code, middle, mean_phi)
            why, path = told_of(cause, base), path_of(cause, base)
        rows.append(Industry(code, base.names[at], _band(last[:, at]), _band(total[:, at]), why, path))
    return SectorTable(
        changed,
        {good: changed[code_of(good)] for good in changes},
        tuple(told),
        tuple(rows),
        _band(last @ base.basket),
        shock.given.shape[1],
        day,
        draws,
        seed,
        shock.reads,
        shock,
    )


def _most_moved(shock: Shock, most: int) -> tuple[str, ...]:
    """Return the industries whose prices move most; government and given prices are left out."""
    base = shock.model.economy
    size = np.median(np.abs(shock.price[:, -1, :]), axis=0)
    known = [
        at
        for at in np.argsort(-size)
        if base.codes[at] not in shock.model.given and members((base.codes[at],)).any()
    ]
    return tuple(base.codes[at] for at in known[:most])


def _band(values: Floats) -> tuple[float, float, float]:
    low, middle, high = (float(value) for value in quantiles(values, BAND))
    return low, middle, high


def equity_of(profit: Floats, settled: Floats, discount: Floats, quarters: int) -> tuple[Floats, Floats]:
    """Return the change of equity value if a shock ends after some quarters, and if it stays.

    Parameters
    ----------
    profit
        Relative change of profit while it lasts, axis (draw).
    settled
        The same once all is passed on, axis (draw).
    discount
        Return asked, a year, axis (draw).
    quarters
        Its duration.

    Notes
    -----
    Profit is a perpetuity without the shock. d years of it are worth the part 1 - exp(-r d) of the value.

    Examples
    --------
    >>> import numpy as np
    >>> short, long = equity_of(np.array([-0.1]), np.array([-0.1]), np.array([0.08]), 4)
    >>> round(float(short[0]), 4), float(long[0])
    (-0.0077, -0.1)
    """
    years = quarters / QUARTERS_A_YEAR
    part = 1 - np.exp(-discount * years)
    return part * profit, part * profit + (1 - part) * settled


def _sector(shock: Shock, at: int, weight: Floats, surplus: float) -> Sector:
    channels = {name: part.mean(axis=1) @ weight / surplus for name, part in shock.parts.items()}
    profit = sum(channels.values())
    by_quarter = np.sum([part @ weight for part in shock.parts.values()], axis=0) / surplus
    revenue = shock.price.mean(axis=1) @ weight
    margin = (surplus * (1 + profit)) / (1 + revenue) - surplus
    settled = np.sum([part @ weight for part in shock.settled.values()], axis=0) / surplus
    short, long = equity_of(np.asarray(profit), settled, shock.discount, shock.given.shape[1])
    band = _band(np.asarray(profit))
    return Sector(
        SECTORS[at],
        band,
        _band(margin),
        _band(short),
        _band(long),
        {name: float(values.mean()) for name, values in channels.items()},
        verdict(band[0], band[2], shock.noticeable),
        _sector_rationale(shock, weight, channels),
        tuple(float(value) for value in np.median(by_quarter, axis=0)),
        np.asarray(profit),
        np.asarray(settled),
    )


def _sector_rationale(shock: Shock, weight: Floats, channels: Mapping[str, Floats]) -> str:
    """Say which channel weighs most, which industry of the sector, and what the sector buys dearer."""
    base = shock.model.economy
    means = {name: float(values.mean()) for name, values in channels.items()}
    channel = max(means, key=lambda name: abs(means[name]))
    by_industry = np.sum([part.mean(axis=(0, 1)) for part in shock.parts.values()], axis=0) * weight
    industry = int(np.argmax(np.abs(by_industry)))
    bought = (base.A @ weight) * shock.price.mean(axis=(0, 1))
    return (
        f"{channel} weighs most ({100 * means[channel]:+.1f} % of profit); largest part "
        f"{_short(base.names[industry])}; cost through {_through(base, bought)}"
    )


def _through(base: Economy, parts: Floats) -> str:
    total = float(parts.sum())
    if total == 0:
        return "nothing"
    order = np.argsort(-parts * np.sign(total))
    named, told = [], 0.0
    for at in order[:NAMED]:
        part = float(parts[at]) / total
        named.append(f"{_short(base.names[at])} {100 * part:.0f} %")
        told += part
        if told >= SHARE_TOLD:
            break
    return ", ".join(named)


def told_of(found: Attribution, base: Economy) -> str:
    """Return the reason of an industry's move in one sentence.

    Examples
    --------
    >>> from narrows.shocks.attribution import attribute
    >>> from narrows.shocks.push import PriceModel
    >>> from narrows.shocks.tables import economy
    >>> us = economy("detail", 2017)
    >>> told_of(attribute(PriceModel(us, ("211000", "325110")), "325211", [0.1, 0.07]), us)
    'petrochemical 40 %, petroleum refineries 30 % of its cost push; path crude > petrochemical'
    """
    if found.total == 0 or not found.suppliers:
        return "no cost of it moves"
    shares = {code: part / found.total for code, part in found.suppliers.items() if part / found.total > 0}
    named, told = [], 0.0
    for code, part in list(shares.items())[:NAMED]:
        named.append(f"{_short(base.names[base.at(code)])} {100 * part:.0f} %")
        told += part
        if told >= SHARE_TOLD:
            break
    steps = " > ".join(path_of(found, base))
    return f"{', '.join(named)} of its cost push; path {steps}"


def path_of(found: Attribution, base: Economy) -> tuple[str, ...]:
    """Return the names along the largest path, the industry itself left out."""
    way = max(found.paths, key=lambda path: abs(path.change), default=None)
    codes = () if way is None else way.codes[:-1]
    if CRUDE in found.given and codes and codes[0] in FOLLOWERS.values():
        codes = (CRUDE, *codes)  # its price was moved by that of crude
    return tuple("crude" if code == CRUDE else _short(base.names[base.at(code)]) for code in codes)


def _short(name: str) -> str:
    """Return a name without its last word where that says only that it is made."""
    text = name.removesuffix(" manufacturing").removesuffix(" production")
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def figure_id(quantity: str, name: str, found: SectorTable) -> str:
    """Return the id under which `narrows why` tells a figure of the table.

    Examples
    --------
    >>> found = sector_table({"crude": 0.5}, draws=50)
    >>> figure_id("profit", "Real Estate", found)
    'push.profit.real_estate@crude=50,duration=2'
    """
    asked = ",".join(f"{good}={100 * value:g}" for good, value in found.asked.items())
    usd = f",usd={found.day:g}" if isinstance(found.day, (int, float)) else ""
    return f"push.{quantity}.{name.lower().replace(' ', '_')}@{asked},duration={found.duration}{usd}"


def as_json(found: SectorTable) -> dict[str, Any]:
    """Return the table as plain data."""
    base = found.shock.model.economy
    return {
        "changes": {
            code: {"name": base.names[base.at(code)], "change": value}
            for code, value in found.changes.items()
        },
        "duration_quarters": found.duration,
        "basket": list(found.basket),
        "sectors": [
            {
                "id": figure_id("profit", sector.name, found),
                "sector": sector.name,
                "verdict": sector.verdict,
                "profit": list(sector.profit),
                "margin": list(sector.margin),
                "equity_cyclical": list(sector.cyclical),
                "equity_structural": list(sector.structural),
                "channels": sector.channels,
                "profit_by_quarter": list(sector.quarters),
                "rationale": sector.rationale,
            }
            for sector in found.sectors
        ],
        "industries": [
            {
                "code": row.code,
                "name": row.name,
                "price": list(row.price),
                "surplus_over_revenue": list(row.profit),
                "rationale": row.rationale,
                "path": list(row.path),
            }
            for row in found.industries
        ],
        "draws": found.draws,
        "seed": found.seed,
        "sources": list(found.reads),
    }
