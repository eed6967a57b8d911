"""Who keeps the value of a year: layers, companies, their ranking, and the figure behind every number."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from narrows.bottlenecks.answer import BAND, DEFAULT_DRAWS, DEFAULT_SEED, _meta
from narrows.bottlenecks.concentration_result import DESIGNS, Spread
from narrows.bottlenecks.pricing import one_quarter
from narrows.bottlenecks.told import Asked, Told
from narrows.draws import quantiles
from narrows.errors import UnknownNameError
from narrows.value.capture import MAKERS, OTHERS, ROLES, Captured, capture
from narrows.value.companies import Accounts, accounts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from narrows.bottlenecks.answer import Run
    from narrows.catalog import Catalog

    Array = NDArray[np.float64]

__all__ = ["AHEAD", "YEAR", "CompanyRow", "LayerRow", "RoleShare", "ValueResult", "tell", "told_by", "value"]

YEAR = 4
"""Quarters counted from the one asked for: one year, so that revenue by year stands beside it."""
AHEAD = 8
"""Quarters over which durability is counted."""
ALL = "all"
RENTS = "part of all rents"


class RoleShare(NamedTuple):
    """What one kind of claimant keeps of all rents.

    Parameters
    ----------
    role
        One of ``makers``, ``designers``, ``operators``, ``buyers``.
    share
        Its share of all rents, in the mean.
    """

    role: str
    share: float


@dataclass(frozen=True, slots=True)
class LayerRow:
    """A layer, the rent of its scarcity, and who keeps it.

    Parameters
    ----------
    id, name, day
        The layer.
    rent
        Rent of the year [USD].
    rent_h100e
        Rent of the year [h100e], in the mean.
    rent_share, rent_error
        Its share of all rents, in the mean, with the standard error of that.
    kept
        What its makers keep over its rent, in the mean; above 1 where contracts outlast the shortage.
    split
        What each kind of claimant keeps over its rent, in the mean, by role.
    durability
        Quarters of the next `AHEAD` in which it earns a rent, in the mean.
    revenue_share, profit_share
        Its share of the stack's revenue and gross profit in the accounts; None where no company reports it.
    """

    id: str
    name: str
    day: int
    rent: Spread
    rent_h100e: float
    rent_share: float
    rent_error: float
    kept: float
    split: dict[str, float]
    durability: float
    revenue_share: float | None
    profit_share: float | None


@dataclass(frozen=True, slots=True)
class CompanyRow:
    """A company and what it keeps.

    Parameters
    ----------
    id, name, ticker
        The company.
    kept
        What it keeps of all rents in the year [USD].
    rent_share
        The same over all rents, in the mean.
    parts
        Its claims: layer, role, and share of all rents, in the mean; the largest first.
    exposure
        Share of its revenue that the stack brings; None where no fact states it.
    durability
        Quarters of the next `AHEAD` in which the layers that it keeps rents of earn them, weighted by what
        it keeps.
    revenue_share, profit_share
        Its share of the revenue and gross profit of all companies with accounts; None without.
    gap
        Rent share less gross-profit share; None without accounts.
    rank
        Its place by kept rent x durability x exposure among those with accounts; None without.
    """

    id: str
    name: str
    ticker: str
    kept: Spread
    rent_share: float
    parts: tuple[tuple[str, str, float], ...]
    exposure: float | None
    durability: float
    revenue_share: float | None
    profit_share: float | None
    gap: float | None
    rank: Spread | None


@dataclass(frozen=True)
class ValueResult:
    """Who keeps the value of a year.

    Parameters
    ----------
    quarter, last
        First and last quarter counted.
    total
        All rents of the year [USD].
    layers
        Layers in flow order.
    roles
        What makers, designers, operators and buyers keep of all rents.
    companies
        Companies, those that keep most first.
    others
        Share of all rents that companies keep which no fact names.
    concentration
        Sum of squared shares of the companies named in what companies keep [point], 10,000 for one.
    ledger_gap
        Greatest difference of all rents from the value of what is deployed, relative, over draws.
    unranked
        Ids of companies that keep a rent and have no accounts.
    meta
        As in `MapResult`.
    """

    quarter: str
    last: str
    total: Spread
    layers: tuple[LayerRow, ...]
    roles: tuple[RoleShare, ...]
    companies: tuple[CompanyRow, ...]
    others: float
    concentration: float
    ledger_gap: float
    unranked: tuple[str, ...]
    meta: dict[str, Any] = field(default_factory=dict)

    def company(self, name: str) -> CompanyRow:
        """Return a company by id, name or ticker.

        Raises
        ------
        UnknownNameError
            If no company here has that name.
        """
        wanted = name.casefold()
        for row in self.companies:
            if wanted in {
                row.id,
                row.name.casefold(),
                row.ticker.casefold(),
                row.ticker.rpartition(":")[2].casefold(),
            }:
                return row
        raise UnknownNameError(
            "company", name, [row.id for row in self.companies], remedy="List them with `narrows value show`"
        )


def value(
    quarter: str | None = None,
    *,
    draws: int = DEFAULT_DRAWS,
    seed: int = DEFAULT_SEED,
    method: str = "random",
    as_of: str | None = None,
    scenario: str | Path | None = None,
    catalog: Catalog | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ValueResult:
    """Find the rent of every layer over a year, who keeps it, and what revenue and profit say beside it.

    Parameters
    ----------
    quarter
        First of the four quarters counted, such as ``2026Q4``; that of today if left out.
    draws, seed, method, as_of, scenario, catalog, progress
        As for `narrows.map`.

    Raises
    ------
    UsageError
        If the quarter is out of range.
    DataError
        If the accounts of a company cannot be: shares above 1, an unknown layer.

    Notes
    -----
    See `narrows.value.ledger` for rents and `narrows.value.capture` for who keeps them. The rank of a
    company is by kept rent x quarters of durability / `AHEAD` x exposure, in every draw.

    Examples
    --------
    >>> found = value("2026Q4", draws=200)
    >>> round(sum(row.rent_share for row in found.layers), 9), found.ledger_gap < 1e-9
    (1.0, True)
    """
    return Study(Asked(draws, seed, method, as_of, scenario, catalog), quarter, progress).result()


class Study:
    """One question, with every number in every draw.

    Parameters
    ----------
    asked
        The question.
    quarter
        First quarter counted; that of today if None.
    progress
        Called with the draws done and all draws.
    """

    def __init__(
        self, asked: Asked, quarter: str | None = None, progress: Callable[[int, int], None] | None = None
    ) -> None:
        first = one_quarter(quarter, asked)
        self.quarter, self.last = str(first), str(first + (YEAR - 1))
        self.run: Run = asked.run(f"{self.quarter}:{self.last}")
        self.captured: Captured = capture(self.run, ahead=AHEAD, progress=progress)
        self.layers = self.captured.layers
        self.accounts: dict[str, Accounts] = accounts(self.run.reader, {*self.layers, DESIGNS})

    @cached_property
    def total(self) -> Array:
        return self.captured.total

    @cached_property
    def held(self) -> dict[str, float]:
        """Quarters of the next `AHEAD` in which each layer earns a rent, in the mean."""
        return dict(zip(self.layers, self.captured.held.mean(axis=0).tolist(), strict=True))

    @cached_property
    def companies(self) -> tuple[str, ...]:
        return self.captured.companies

    def kept(self, company: str, layer: str | None = None) -> Array:
        return self.captured.of(company=company, layer=layer)

    def durability(self, company: str) -> Array:
        """Return the durability of what a company keeps [quarter], axis (draw)."""
        whole = np.zeros(self.run.reader.n)
        weighted = np.zeros_like(whole)
        for claim, kept in self.captured.kept.items():
            if claim.company == company:
                share = np.maximum(kept, 0.0)
                whole += share
                weighted += share * self.held[claim.layer]
        found: Array = np.divide(weighted, whole, out=np.zeros_like(whole), where=whole > 0)
        return found

    @cached_property
    def scores(self) -> dict[str, Array]:
        """Kept rent x durability x exposure [USD], axis (draw), of every company with accounts."""
        return {
            name: self.kept(name) * self.durability(name) / AHEAD * self.accounts[name].exposure
            for name in self.companies
            if name in self.accounts
        }

    @cached_property
    def ranks(self) -> dict[str, Array]:
        """Place of every company with accounts, 1 the first, axis (draw)."""
        if not self.scores:
            return {}
        scores = np.stack(list(self.scores.values()))
        places = np.empty_like(scores)
        order = np.argsort(-scores, axis=0, kind="stable")
        np.put_along_axis(places, order, np.arange(1.0, len(scores) + 1)[:, None], axis=0)
        return dict(zip(self.scores, places, strict=True))

    def reported(
        self, quantity: str, *, layer: str | None = None, company: str | None = None
    ) -> Array | None:
        """Return revenue or gross profit from the stack [USD/year], axis (draw); None if not stated."""
        parts = []
        for name, one in self.accounts.items():
            if company is not None and name != company:
                continue
            share = one.exposure if layer is None else one.exposed.get(layer)
            margin = np.ones(1) if quantity == "revenue" else one.gross_margin
            if share is not None and margin is not None:
                parts.append(one.revenue * share * margin)
        return sum(parts, np.zeros(self.run.reader.n)) if parts else None

    def reported_share(
        self, quantity: str, *, layer: str | None = None, company: str | None = None
    ) -> Array | None:
        part, whole = self.reported(quantity, layer=layer, company=company), self.reported(quantity)
        return None if part is None or whole is None else part / whole

    # --- figures by name ------------------------------------------------------------------------

    def figure(self, words: list[str]) -> tuple[Array, str, str] | None:
        """Return values in every draw, unit and formula; None for an unknown figure."""
        for tell_it in (self._tell_rent, self._tell_keeper, self._tell_account):
            found = tell_it(words)
            if found is not None:
                return found
        return None

    @property
    def _year(self) -> str:
        return f"from {self.quarter} to {self.last}"

    def _tell_rent(self, words: list[str]) -> tuple[Array, str, str] | None:
        match words:
            case ["rent" | "rent_share" as what, name] if name in {*self.layers, ALL}:
                found = self.total if name == ALL else self.captured.rent[:, self.layers.index(name)]
                told = f"price x capacity of its scarce quarters, in money, of {name}, {self._year}"
                if what == "rent":
                    return found, "usd", told
                return found / self.total.mean(), RENTS, f"({told}) / mean of all"
            case ["durability", name] if name in self.layers:
                found = self.captured.held[:, self.layers.index(name)]
                told = f"quarters of the {AHEAD} from {self.quarter} in which {name} earns a rent"
                return found, "quarter", told
            case ["role", role] if role in ROLES:
                found = self.captured.of(role=role) / self.total.mean()
                return found, RENTS, f"what {role} keep {self._year} / mean of all rents"
        return None

    def _tell_keeper(self, words: list[str]) -> tuple[Array, str, str] | None:
        match words:
            case ["durability", name] if name in self.companies:
                told = f"durability of the layers whose rents {name} keeps, weighted by what it keeps"
                return self.durability(name), "quarter", told
            case ["kept" | "share" as what, name, *layer] if name in self.companies and (
                not layer or (len(layer) == 1 and layer[0] in self.layers)
            ):
                found = self.kept(name, *layer)
                told = (
                    f"rents of {layer[0] if layer else 'all layers'} {self._year} that {name} keeps: as "
                    "maker free_pricing x contract price x capacity x its share; as designer and operator "
                    "its share of what is left"
                )
                if what == "kept":
                    return found, "usd", told
                return found / self.total.mean(), RENTS, f"({told}) / mean of all rents"
            case ["score" | "rank" as what, name] if name in self.scores:
                told = f"kept rent x durability / {AHEAD} x exposure"
                if what == "score":
                    return self.scores[name], "usd", told
                told = f"place by {told} among {len(self.scores)} companies, in each draw"
                return self.ranks[name], "place", told
        return None

    def _tell_account(self, words: list[str]) -> tuple[Array, str, str] | None:
        match words:
            case ["exposure", name] if name in self.accounts:
                told = f"sum over layers of company.{name}.exposed.<layer>.<year>"
                return self.accounts[name].exposure, "part of revenue", told
            case ["revenue_share" | "profit_share" as what, name] if name in self.accounts:
                return self._reported_figure(what, company=name)
            case ["revenue_share" | "profit_share" as what, name] if name in {*self.layers, DESIGNS}:
                return self._reported_figure(what, layer=name)
        return None

    def _reported_figure(
        self, what: str, *, company: str | None = None, layer: str | None = None
    ) -> tuple[Array, str, str] | None:
        quantity = what.removesuffix("_share")
        found = self.reported_share(quantity, company=company, layer=layer)
        if found is None:
            return None
        margin = "" if quantity == "revenue" else " x gross margin of the company"
        told = f"revenue x exposure{margin} of {company or layer} / the same over all companies with accounts"
        return found, f"part of {quantity}", told

    def ids(self) -> Iterator[str]:
        """Yield the id of every number of the answer."""
        for what in ("rent", "rent_share"):
            yield from (f"value.{what}.{name}.{self.quarter}" for name in (ALL, *self.layers))
        yield from (f"value.durability.{name}.{self.quarter}" for name in (*self.layers, *self.companies))
        yield from (f"value.role.{role}.{self.quarter}" for role in ROLES)
        for name in self.companies:
            yield from (f"value.{what}.{name}.{self.quarter}" for what in ("kept", "share"))
            for layer in dict.fromkeys(c.layer for c in self.captured.kept if c.company == name):
                yield f"value.kept.{name}.{layer}.{self.quarter}"
        for name in self.scores:
            yield from (f"value.{what}.{name}.{self.quarter}" for what in ("score", "rank"))
        for name in self.accounts:
            for what in ("exposure", "revenue_share", "profit_share"):
                yield f"value.{what}.{name}.{self.quarter}"

    # --- the answer -----------------------------------------------------------------------------

    def result(self) -> ValueResult:
        """Return the whole answer."""
        keepers = list(self.companies)
        total = float(self.total.mean())
        named = np.array([float(self.kept(name).mean()) for name in keepers])
        whole = named[named > 0].sum()
        return ValueResult(
            quarter=self.quarter,
            last=self.last,
            total=spread(self.total, "usd"),
            layers=tuple(self._layer(place) for place in range(len(self.layers))),
            roles=tuple(RoleShare(role, float(self.captured.of(role=role).mean()) / total) for role in ROLES),
            companies=tuple(self.company(name) for name in keepers),
            others=float(self.captured.of(company=OTHERS).mean()) / total,
            concentration=float(1e4 * ((named[named > 0] / whole) ** 2).sum()) if whole else 0.0,
            ledger_gap=self.captured.ledger_gap,
            unranked=tuple(name for name in keepers if name not in self.accounts),
            meta=_meta(self.run),
        )

    def _layer(self, place: int) -> LayerRow:
        name = self.layers[place]
        layer = self.run.model.layers[place]
        rent = self.captured.rent[:, place]
        mean = float(rent.mean())
        split = {
            role: float(self.captured.of(layer=name, role=role).mean()) / mean if mean else np.nan
            for role in ROLES
        }
        whole = float(self.total.mean())
        return LayerRow(
            id=name,
            name=layer.declared.name,
            day=layer.declared.day,
            rent=spread(rent, "usd"),
            rent_h100e=float(self.captured.rent_h100e[:, place].mean()),
            rent_share=mean / whole,
            rent_error=float(rent.std(ddof=1) / np.sqrt(len(rent))) / whole if len(rent) > 1 else np.nan,
            kept=split[MAKERS],
            split=split,
            durability=self.held[name],
            revenue_share=_mean(self.reported_share("revenue", layer=name)),
            profit_share=_mean(self.reported_share("profit", layer=name)),
        )

    def company(self, name: str) -> CompanyRow:
        """Return one company by id; one that keeps nothing has no parts.

        Parameters
        ----------
        name
            Id of the company.
        """
        known = {company.id: company for company in self.run.catalog.companies}.get(name)
        kept, whole = self.kept(name), float(self.total.mean())
        parts = sorted(
            (
                (claim.layer, claim.role, float(amount.mean()) / whole)
                for claim, amount in self.captured.kept.items()
                if claim.company == name
            ),
            key=lambda part: -abs(part[2]),
        )
        books = self.accounts.get(name)
        profit = _mean(self.reported_share("profit", company=name)) if books else None
        share = float(kept.mean()) / whole
        return CompanyRow(
            id=name,
            name=known.name if known else name.replace("_", " "),
            ticker=known.ticker if known else "",
            kept=spread(kept, "usd"),
            rent_share=share,
            parts=tuple(parts),
            exposure=float(books.exposure.mean()) if books else None,
            durability=float(self.durability(name).mean()),
            revenue_share=_mean(self.reported_share("revenue", company=name)) if books else None,
            profit_share=profit,
            gap=None if profit is None else share - profit,
            rank=spread(self.ranks[name], "place") if name in self.ranks else None,
        )


def _mean(values: Array | None) -> float | None:
    return None if values is None else float(values.mean())


def spread(values: Array, unit: str) -> Spread:
    """Return mean and quantiles of a figure over draws.

    Parameters
    ----------
    values
        The figure in every draw.
    unit
        Its unit.
    """
    p05, p50, p95 = (float(q) for q in quantiles(values, BAND))
    return Spread(unit, float(values.mean()), p05, p50, p95)


def tell(id: str, asked: Asked) -> Told:  # noqa: A002 (the word of the trade)
    """Return a figure of Day 10 in every draw.

    Parameters
    ----------
    id
        Such as ``value.rent.transformer.2026Q4`` or ``value.rank.tsmc.2026Q4``.
    asked
        The question that it belongs to.

    Raises
    ------
    UnknownNameError
        If there is no such figure.
    """
    *_, quarter = id.split(".")[1:] or [""]
    return told_by(Study(asked, quarter), id)


def told_by(study: Study, id: str) -> Told:  # noqa: A002 (the word of the trade)
    """Return a figure of a question that is answered already.

    Parameters
    ----------
    study
        The question.
    id
        A figure of its quarter.

    Raises
    ------
    UnknownNameError
        If there is no such figure.
    """
    *words, quarter = id.split(".")[1:] or [""]
    found = study.figure(words) if quarter == study.quarter else None
    if found is None:
        raise UnknownNameError(
            "figure", id, list(study.ids()), remedy="Write value.<quantity>.<layer or company>.<quarter>"
        )
    values, unit, formula = found
    reads = study.accounts[words[1]].reads if words[0] == "exposure" else None
    return Told(run=study.run, values=values, unit=unit, formula=formula, reads=reads, method="shortest path")
