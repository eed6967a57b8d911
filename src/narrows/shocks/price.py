"""From an event to the price, day by day, with doubt.

ln P(t) = ln P(a) + path without the event + [m(t) - m(a)] + noise(t - a)
m(t)    = limit x tanh( unmet(t) / (S (e_s(t) + e_d(t)) limit) ) + premium(t)

a is the day of the last price known. Where it lies before the onset, m is taken as it is. Where it lies
after, the price has seen the event: draws are weighted by how well m(a) explains what it has done since
(Bayes), and the mean of what m still has to go is taken off, since a market price holds what is expected.
What is left is the difference between the draws: it widens the band and moves no mean.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows import __version__
from narrows.catalog import Reader, default
from narrows.draws import stream
from narrows.errors import UnknownNameError, UsageError
from narrows.quarters import Quarter
from narrows.shocks.events import Event, event
from narrows.shocks.series import prices
from narrows.shocks.shortage import Relief, Shortage, flow_share, net_shortage
from narrows.shocks.volatility import CLOSES_PER_DAY, Volatility, fit_volatility
from narrows.units import from_canonical

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from narrows.catalog import Catalog

    Floats = NDArray[np.float64]

__all__ = ["BAND", "DEFAULT_DRAWS", "PricePath", "elasticity", "premium", "price_path", "scarcity"]

BAND = (0.1, 0.5, 0.9)
DEFAULT_DRAWS = 10_000
MOST_DRAWS = 50_000
"""Each draw holds a price a day: fifty thousand take two gigabytes."""
HORIZON = 9
"""Months shown after the month of the forecast."""
MODEL_VERSION = f"narrows {__version__}, shocks"
DAYS_OF_MONTH = 31
BEFORE_DAILY = 0.02
"""Volatility of a day where no daily price stands: the mean of the first years of the series, rounded."""


def elasticity(days: Floats, short: Floats, long: Floats, clock: Floats) -> Floats:
    """Return an elasticity by days since the onset [ratio], axes (draw, day).

    Notes
    -----
    e(t) = e_short + (e_long - e_short) (1 - exp(-t / clock)); the long run is never below the short one.

    Examples
    --------
    >>> one = np.ones(1)
    >>> elasticity(np.array([0.0, 1e9]), 0.1 * one, 0.4 * one, 365 * one).round(3).tolist()
    [[0.1, 0.4]]
    """
    gone = 1.0 - np.exp(-np.maximum(days, 0.0) / clock[:, None])
    found: Floats = short[:, None] + (np.maximum(long, short) - short)[:, None] * gone
    return found


def scarcity(unmet: Floats, world: Floats, together: Floats, limit: Floats) -> Floats:
    """Return the rise of ln price that clears a shortage [ln], axes (draw, day).

    Parameters
    ----------
    unmet
        Shortage [m3/s], axes (draw, day).
    world
        World supply [m3/s], axis (draw).
    together
        Elasticity of supply plus that of demand, sign dropped [ratio], axes (draw, day).
    limit
        Greatest rise of ln price: beyond it demand is destroyed at will [ln], axis (draw).

    Notes
    -----
    limit tanh(x / limit) with x = unmet / (S (e_s + e_d)): x itself for a small shortage, the limit for
    a large one.

    Examples
    --------
    >>> one = np.ones((1, 1))
    >>> round(float(scarcity(0.02 * one, one[0], 0.4 * one, 1e6 * one[0])[0, 0]), 6)  # 2 % at 0.4
    0.05
    """
    wanted = unmet / (world[:, None] * together)
    found: Floats = limit[:, None] * np.tanh(wanted / limit[:, None])
    return found


def premium(days: Floats, closed: Floats, size: Floats, clock: Floats) -> Floats:
    """Return the premium of ln price, which lasts as long as the crisis and then fades, axes (draw, day).

    Examples
    --------
    >>> one = np.ones(1)
    >>> premium(np.array([-1.0, 5.0, 40.0]), 10 * one, 0.1 * one, 30 * one).round(4).tolist()
    [[0.0, 0.1, 0.0368]]
    """
    after = np.maximum(days - closed[:, None], 0.0)
    on = (days >= 0) & (closed > 0)[:, None]
    found: Floats = np.where(on, size[:, None] * np.exp(-after / clock[:, None]), 0.0)
    return found


class Weighted(Reader):
    """Draws of facts in the order in which Bayes' rule kept them: the same draw may stand there twice."""

    def __init__(self, reader: Reader, kept: NDArray[np.int64]) -> None:
        super().__init__(reader.catalog, reader.seed, reader.n, reader.method)
        self.whole, self.kept = reader, kept

    def _draw(self, name: str, candidates: Any) -> Floats:
        return super()._draw(name, candidates)[self.kept]


@dataclass(frozen=True, eq=False)
class PricePath:
    """What an event does to a price.

    Parameters
    ----------
    event
        The event.
    as_of, anchor
        Day up to which all is known; day of the last price.
    base
        Price before the event [usd/barrel], axis (draw).
    days
        Days of the path, axis (day); the first is the anchor.
    usd
        Price [usd/barrel], axes (draw, day).
    without
        Price without the event: the same noise, no event after the anchor [usd/barrel], axes (draw, day).
    shortage
        What is missing, axes (draw, day) [m3/s].
    lengths
        Length of the closure [day], axis (draw), as known on `as_of`.
    parts
        Which part of the mixture each draw is of, axis (draw).
    odds_before
        Share of each part before anything was seen.
    effective
        Draws that count once what was seen has weighted them: all where nothing was seen.
    volatility
        The law of the noise.
    inputs
        Draws of every input by its name, axis (draw).
    reader
        The facts behind it, aligned with the draws.
    """

    event: Event
    as_of: date
    anchor: date
    base: Floats
    days: tuple[date, ...]
    usd: Floats
    without: Floats
    shortage: Shortage
    lengths: Floats
    parts: NDArray[np.int64]
    odds_before: tuple[float, ...]
    effective: float
    volatility: Volatility
    inputs: dict[str, Floats]
    reader: Reader

    def mean_over(self, period: str, *, without: bool = False) -> Floats:
        """Return the mean price of a month or a quarter [usd/barrel], axis (draw).

        Parameters
        ----------
        period
            ``2026-05`` or ``2026Q2``; days up to the anchor count with the price they had.
        without
            Whether to take the price without the event.

        Raises
        ------
        UsageError
            If the path holds no day of it.
        """
        rows = [place for place, day in enumerate(self.days) if place and period in labels(day)]
        if not rows:
            raise UsageError(
                f"The path has no day of {period!r}",
                f"It runs from {self.days[1]} to {self.days[-1]}",
                "Ask for a month such as 2026-05 or a quarter such as 2026Q2",
            )
        ahead = (self.without if without else self.usd)[:, rows[0] : rows[-1] + 1]
        passed = self.passed(period)
        found: Floats = (ahead.sum(axis=1) + sum(passed)) / (ahead.shape[1] + len(passed))
        return found

    def over(self, part: Floats, period: str) -> Floats:
        """Return the mean of a part of the shortage over the days of a period from the onset, axis (draw)."""
        rows = [
            place for place, day in enumerate(self.days) if period in labels(day) and day >= self.event.onset
        ]
        found: Floats = part[:, rows].mean(axis=1)
        return found

    def passed(self, period: str) -> list[float]:
        """Return the price on each day of a period up to the anchor: the last close on or before it."""
        series = prices(self.event.commodity)
        found = []
        day = self.anchor
        while period in labels(day) and day.toordinal() >= int(series.ordinals[0]):
            found.append(series.until(day).last[1])
            day -= timedelta(days=1)
        return found

    def periods(self, kind: str) -> tuple[str, ...]:
        """Return the months (``month``) or quarters (``quarter``) of the path after `as_of`, whole ones only.

        A period that has begun counts when the path holds its rest; one that the path cuts off does not.
        """
        place = 0 if kind == "month" else 1
        last = self.days[-1] + timedelta(days=1)
        seen = dict.fromkeys(labels(day)[place] for day in self.days if day > self.as_of)
        cut = labels(last)[place]
        return tuple(name for name in seen if name != cut)

    @property
    def ahead(self) -> tuple[str, ...]:
        """The first two quarters that begin after `as_of`; the last of the path where there is none."""
        shown = self.periods("quarter")
        begun = labels(self.as_of)[1]
        return tuple(quarter for quarter in shown if quarter != begun)[:2] or shown[-1:]

    @property
    def odds(self) -> dict[str, float]:
        """Share of each part of the mixture of lengths, as known on `as_of`."""
        counts = np.bincount(self.parts, minlength=len(self.event.lengths)) / len(self.parts)
        return {length.name: float(share) for length, share in zip(self.event.lengths, counts, strict=True)}


@lru_cache(maxsize=4096)
def labels(day: date) -> tuple[str, str]:
    """Return the month and the quarter of a day.

    Examples
    --------
    >>> labels(date(2026, 5, 3))
    ('2026-05', '2026Q2')
    """
    return f"{day:%Y-%m}", str(Quarter(day.year, (day.month + 2) // 3))


def price_path(
    name: str | Path | Event,
    *,
    as_of: str | date | None = None,
    draws: int = DEFAULT_DRAWS,
    seed: int = 1,
    method: str = "random",
    catalog: Catalog | None = None,
    months: int = HORIZON,
    length: float | None = None,
    part: str | None = None,
    left_out: bool = False,
    blind: bool = False,
) -> PricePath:
    """Carry an event to a price path.

    Parameters
    ----------
    name
        An event that ships, a TOML file, or an event.
    as_of
        Day up to which prices, flows and facts are known; that of the event if left out.
    draws, seed, method
        Number of draws, their seed, ``random`` or ``sobol``.
    catalog
        Facts; those that ship if left out.
    months
        Whole months after the day of the forecast.
    length
        Length of the closure in every draw [day]; drawn from the mixture if left out.
    part
        Name of one part of the mixture, from which all lengths are then drawn: a branch of the tree.
    left_out
        Whether the law of the volatility is fitted without the days of the event (back-test).
    blind
        Whether no price from the onset on is used: the event alone tells the rise.

    Returns
    -------
    PricePath
        Prices, shortage, odds of the lengths, and the draws of every input.

    Raises
    ------
    UsageError
        If the day is before the onset, draws or length are out of range, or the part is not known.
    DataError
        If no price stands before the event.

    Examples
    --------
    >>> path = price_path("hormuz", draws=500)
    >>> path.anchor.isoformat(), path.periods("quarter")
    ('2026-02-27', ('2026Q1', '2026Q2', '2026Q3', '2026Q4'))
    """
    one = name if isinstance(name, Event) else event(name)
    day = _asked(one, as_of)
    _in_range(draws, length, months)
    book = (catalog or default()).as_known_on(day)
    reader = Reader(book, seed, draws, method)
    anchor, known_base, law = _history(one, day, left_out=left_out, blind=blind)
    base = (
        from_canonical(one.base.draws(reader), "usd/barrel")
        if one.base is not None
        else np.full(draws, known_base)
    )
    onset = one.onset
    start = min(anchor, onset)
    end = _end(day, months)
    ages = np.arange((start - onset).days, (end - onset).days + 1, dtype=np.float64)
    inputs, closed, parts, before = _inputs(one, reader, length, part)
    place = (anchor - start).days
    seen = anchor >= onset
    gap = np.log(_last_price(one, anchor)) - np.log(base) if seen else None
    noise = law.daily * np.sqrt(CLOSES_PER_DAY * ((anchor - onset).days + 1)) if seen else 0.0

    def weighed(of: Floats) -> tuple[Floats, Shortage, Floats, NDArray[np.int64]]:
        """Return the further move of ln price, the shortage, ln weights and the draws kept, for lengths."""
        model, missing = _model(ages, inputs, of)
        weight = _bayes(one, inputs, of, reader, day)
        if gap is not None:
            weight = weight - ((gap - model[:, place]) / noise) ** 2 / 2.0
        return (model - model[:, [place]])[:, place:], missing, weight, _kept(weight, reader)

    shift, shortage, keep, kept = weighed(closed)
    if seen:  # what a price holds is the mean over all lengths, whatever length is asked for
        mixed, _, _, held = (
            (shift, shortage, keep, kept)
            if length is None and part is None
            else weighed(_inputs(one, reader, None, None)[1])
        )
        shift = shift - mixed[held].mean(axis=0)
        del mixed
    count = shift.shape[1]
    missing = [shortage.lost, shortage.net, shortage.unmet]
    del shortage  # of each, what is not shown goes before the next is cut
    seen_missing = Shortage(*(missing.pop(0)[kept, place:] for _ in range(len(missing))))
    calm = law.moves(draws, count - 1, seed)
    first = np.full(draws, _last_price(one, anchor)) if seen or one.base is None else base
    days = tuple(anchor + timedelta(days=step) for step in range(count))
    drift = _outlook(one, reader, days, first)
    log_without = np.log(first)[kept, None] + drift[kept] + calm
    del drift, calm
    usd = np.exp(log_without + shift[kept])
    del shift
    np.exp(log_without, out=log_without)
    chosen = {label: values[kept] for label, values in inputs.items()}
    chosen["length"] = closed[kept]
    return PricePath(
        event=one,
        as_of=day,
        anchor=anchor,
        base=base[kept],
        days=days,
        usd=usd,
        without=log_without,
        shortage=seen_missing,
        lengths=closed[kept],
        parts=parts[kept],
        odds_before=before,
        effective=_effective(keep),
        volatility=law,
        inputs=chosen,
        reader=_aligned(reader, kept),
    )


def _aligned(reader: Reader, kept: NDArray[np.int64]) -> Reader:
    aligned = Weighted(reader, kept)
    for name in reader.reads:
        aligned.draws(name)
    return aligned


def _asked(one: Event, as_of: str | date | None) -> date:
    if as_of is None:
        return one.known
    try:
        day = as_of if isinstance(as_of, date) else date.fromisoformat(as_of)
    except ValueError:
        raise UsageError(
            f"The day is {as_of!r}", "A day is YYYY-MM-DD", f"Write --as-of {one.known}"
        ) from None
    if day < one.onset:
        raise UsageError(
            f"{one.title} is asked for as known on {day}",
            f"It begins on {one.onset}",
            f"Give a day from then on, such as {one.known}",
        )
    return day


def _in_range(draws: int, length: float | None, months: int) -> None:
    if not 1 <= draws <= MOST_DRAWS:
        raise UsageError(
            f"Draws are {draws}",
            f"Draws of a path are a whole number from 1 to {MOST_DRAWS}",
            "Give --draws 10000",
        )
    if length is not None and not 0 <= length < float("inf"):
        raise UsageError(f"The length is {length:g} days", "A length is 0 days or more", "Give 0 or more")
    if months < 1:
        raise UsageError(f"The path has {months} months", "It has 1 or more", "Give --months 9")


def _end(day: date, months: int) -> date:
    """Return the last day of the month that lies some months after a day's."""
    count = day.year * 12 + day.month + months
    return date(count // 12, count % 12 + 1, 1) - timedelta(days=1)


def _history(one: Event, day: date, *, left_out: bool, blind: bool) -> tuple[date, float, Volatility]:
    """Return the day of the last price, the price before the event, and the law of the noise."""
    series = prices(one.commodity)
    if one.base is not None and one.onset.toordinal() <= int(series.ordinals[0]):
        flat = _law(
            one.commodity, None, None
        )  # no daily price of the time: the mean volatility of the series
        start = one.onset - timedelta(days=1)
        return start, float("nan"), replace(flat, state=flat.mean, doubt=flat.step / (1.0 - flat.kept**2))
    before = series.until(one.onset - timedelta(days=1)).last[1]
    known = series.until(one.onset - timedelta(days=1) if blind else day)
    anchor, _ = known.last
    law = _law(one.commodity, len(known.usd), (one.onset.toordinal(), left_out) if left_out else None)
    return anchor, before, law


@lru_cache(maxsize=64)
def _law(commodity: str, until: int | None, hidden: tuple[int, bool] | None) -> Volatility:
    """Return the law of the noise as known after a number of closes.

    In a back-test it is fitted to all closes but those around the event, since a law of one event would
    have three years of history in 1990; its state sees only closes before.
    """
    series = prices(commodity)
    if hidden is None:
        return fit_volatility(series.usd[:until])
    onset = hidden[0]
    inside = (series.ordinals >= onset) & (series.ordinals < onset + HIDDEN)
    return fit_volatility(series.usd, inside, until)


HIDDEN = 120
"""Days from the onset that a law may not see when it is judged on them."""


def _last_price(one: Event, anchor: date) -> float:
    return prices(one.commodity).until(anchor).last[1]


def _inputs(
    one: Event, reader: Reader, length: float | None, part: str | None
) -> tuple[dict[str, Floats], Floats, NDArray[np.int64], tuple[float, ...]]:
    """Return the draws of every input, the lengths [day] with their parts, and the shares of the parts."""
    zero = np.zeros(reader.n)
    laws = {
        "supply elasticity, short": "oil.supply_elasticity.short",
        "supply elasticity, long": "oil.supply_elasticity.long",
        "demand elasticity, short": "oil.demand_elasticity.short",
        "demand elasticity, long": "oil.demand_elasticity.long",
        "elasticity clock": "oil.elasticity_clock",
        "price limit": "oil.price_limit",
        "premium": "oil.premium",
        "premium clock": "oil.premium_clock",
        "stock cover": "oil.stock_cover",
        "usable stocks": "oil.usable_stocks",
        "reopening": "oil.reopening",
        "relief clock": "oil.relief_clock",
        "release delay": "oil.release_delay",
        "release rate": "oil.release_rate",
    }
    inputs = {label: np.asarray(reader.draws(fact)) for label, fact in laws.items()}
    for label in ("elasticity clock", "premium clock", "reopening", "relief clock", "release delay"):
        inputs[label] = inputs[label] / 86_400.0
    inputs["flow"] = np.asarray(one.flow["normal"].draws(reader))
    inputs["world supply"] = np.asarray(one.flow["world"].draws(reader))
    inputs["flow left"] = one.flow["left"].draws(reader) if "left" in one.flow else zero
    for entry, label in (("bypass", "bypass"), ("spare", "spare capacity"), ("release", "stock release")):
        inputs[label] = one.relief[entry].draws(reader) if entry in one.relief else zero
    chance = one.flow["chance"].draws(reader) if "chance" in one.flow else np.ones(reader.n)
    inputs["flow is lost"] = (stream(reader.seed, f"{one.id}:lost").random(reader.n) < chance).astype(float)
    shares = np.stack([each.share.draws(reader) for each in one.lengths])
    points = np.array([each.share.point(reader) for each in one.lengths])
    before = tuple(float(share) for share in points / points.sum())
    edges = np.cumsum(shares, axis=0) / shares.sum(axis=0)
    parts = (stream(reader.seed, f"{one.id}:length").random(reader.n) > edges).sum(axis=0)
    if part is not None:
        names = [one_part.name for one_part in one.lengths]
        if part not in names:
            raise UnknownNameError("part", part, names, remedy="Name a part of the mixture of lengths")
        parts = np.full(reader.n, names.index(part))
    times = np.stack([each.time.draws(reader) for each in one.lengths]) / 86_400.0
    closed = times[parts, np.arange(reader.n)] if length is None else np.full(reader.n, float(length))
    return inputs, closed, parts, before


def _model(ages: Floats, inputs: dict[str, Floats], closed: Floats) -> tuple[Floats, Shortage]:
    """Return what the event adds to ln price and the shortage, axes (draw, day)."""
    from_onset = ages[ages >= 0]
    passing = flow_share(from_onset, inputs["flow left"], closed, inputs["reopening"])
    relief = Relief(
        lasting=inputs["bypass"] + inputs["spare capacity"],
        clock=inputs["relief clock"],
        release=inputs["stock release"],
        rate=inputs["release rate"],
        delay=inputs["release delay"],
        cover=inputs["stock cover"],
        stocks=inputs["usable stocks"],
    )
    missing = net_shortage(inputs["flow"] * inputs["flow is lost"], passing, relief)
    together = elasticity(
        from_onset,
        inputs["supply elasticity, short"],
        inputs["supply elasticity, long"],
        inputs["elasticity clock"],
    ) + elasticity(
        from_onset,
        inputs["demand elasticity, short"],
        inputs["demand elasticity, long"],
        inputs["elasticity clock"],
    )
    limit = np.log(np.maximum(inputs["price limit"], 1.0 + 1e-9))
    rise = scarcity(missing.unmet, inputs["world supply"], together, limit)
    size = np.where(inputs["flow"] > 0, inputs["premium"], 0.0)
    rise = rise + premium(from_onset, closed, size, inputs["premium clock"])
    ahead = len(ages) - len(from_onset)

    def whole(part: Floats) -> Floats:
        return np.hstack([np.zeros((len(closed), ahead)), part])

    return whole(rise), Shortage(whole(missing.lost), whole(missing.net), whole(missing.unmet))


def _bayes(one: Event, inputs: dict[str, Floats], closed: Floats, reader: Reader, day: date) -> Floats:
    """Return ln weights of the draws from what was seen of the flow up to a day, axis (draw)."""
    weight = np.zeros(reader.n)
    doubt = reader.point("oil.transit_doubt")
    for seen in one.observed:
        if seen.day > day:
            continue
        age = np.array([float((seen.day - one.onset).days)])
        told = flow_share(age, inputs["flow left"], closed, inputs["reopening"])[:, 0]
        weight -= ((told - seen.left.point(reader)) / doubt) ** 2 / 2.0
    return weight


def _kept(weight: Floats, reader: Reader) -> NDArray[np.int64]:
    """Return the places of the draws that are kept, in order: each as often as its weight says.

    Even steps through the sum of the weights, from one common start: no draw is lost or doubled where all
    weigh the same.
    """
    share = np.exp(weight - weight.max())
    ends = np.cumsum(share) / share.sum()
    start = stream(reader.seed, "shocks:kept").random()
    found: NDArray[np.int64] = np.searchsorted(ends, (np.arange(reader.n) + start) / reader.n).clip(
        0, reader.n - 1
    )
    return found


def _effective(weight: Floats) -> float:
    """Return the number of draws of equal weight that would say as much: (sum w)**2 / sum w**2."""
    share = np.exp(weight - weight.max())
    return float(share.sum() ** 2 / (share**2).sum())


def _outlook(one: Event, reader: Reader, days: tuple[date, ...], first: Floats) -> Floats:
    """Return how ln price would move without the event, axes (draw, day): part of the way to the outlook."""
    drift = np.zeros((reader.n, len(days)))
    if not one.outlook:
        return drift
    middles, values, _ = reader.series(one.outlook)
    if len(middles) == 0:
        return drift
    trust = reader.draws("oil.outlook_trust")
    years = np.array([day.year + (day.timetuple().tm_yday - 0.5) / 365.25 for day in days])
    told = np.log(from_canonical(values, "usd/barrel"))
    ahead = middles > years[0]
    places = np.concatenate([[years[0]], middles[ahead]])
    steps = np.hstack([np.zeros((reader.n, 1)), (told - np.log(first)[:, None])[:, ahead]])
    for column, year in enumerate(years):
        after = int(np.clip(np.searchsorted(places, year), 1, len(places) - 1)) if len(places) > 1 else 0
        if not after:
            break
        part = np.clip((year - places[after - 1]) / (places[after] - places[after - 1]), 0.0, 1.0)
        drift[:, column] = trust * (steps[:, after - 1] * (1 - part) + steps[:, after] * part)
    return drift
