"""Companies: a mix of industries, with what is known of a company in the place of its industry's shares."""

from __future__ import annotations

import csv
from dataclasses import asdict, dataclass, field
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.draws import quantiles
from narrows.errors import UnknownNameError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from narrows.shocks.transmission import Shock

    Floats = NDArray[np.float64]

__all__ = ["CompanyResult", "companies", "company", "known", "named"]

BAND = (0.1, 0.5, 0.9)
FUEL = "324110"
MIX_SUM = 1e-6


@dataclass(frozen=True)
class CompanyResult:
    """What a shock does to a company.

    Parameters
    ----------
    name
        The company.
    margin
        Change of operating profit over revenue before the shock, 10 %, 50 %, 90 %.
    profit
        The same over operating surplus of its industries.
    cost
        Rise of input cost over revenue.
    fuel_share, hedged_share, lag_quarters
        As given; None where the industry's own is used.
    draws
        Change of operating profit over revenue in every draw.
    """

    name: str
    margin: tuple[float, float, float]
    profit: tuple[float, float, float]
    cost: tuple[float, float, float]
    fuel_share: float | None
    hedged_share: float
    lag_quarters: float
    reads: tuple[str, ...] = field(default=())
    draws: Floats | None = field(default=None, repr=False, compare=False)

    def to_json(self) -> dict[str, Any]:
        """Return the company as plain data."""
        content = asdict(self)
        del content["draws"]
        if not np.isfinite(self.profit).all():
            content["profit"] = None  # its industries have no surplus
        return content


def company(
    shock: Shock,
    mix: Mapping[str, float],
    *,
    name: str = "the company",
    fuel_share: float | Floats | None = None,
    hedged_share: float | Floats = 0.0,
    lag_quarters: float = 0.0,
) -> CompanyResult:
    """Return the margin band of a company under a shock.

    Parameters
    ----------
    shock
        From `narrows.shocks.transmission.shocked`.
    mix
        Share of revenue by code of a detailed industry; sums to 1.
    name
        Its name.
    fuel_share
        Refined fuel over revenue; it replaces the industry's share and does not add to it. One number, or
        axis (draw).
    hedged_share
        Part of the fuel whose price is fixed ahead for the whole shock.
    lag_quarters
        Quarters that its own prices are fixed by contract.

    Notes
    -----
    d margin = dp - sum_i a_i dp_i - wages + volume, of its industries by revenue. Fuel: (fuel share - the
    industries' own share) more of the table's fuel cost, and the hedged part of it does not move. With a
    contract lag of L quarters its output price is that of L quarters before.

    Raises
    ------
    UsageError
        If the mix does not sum to 1, or a share is not 0 to 1.

    Examples
    --------
    >>> from narrows.shocks.transmission import shocked
    >>> shock = shocked({"crude": 0.5}, draws=200)
    >>> open_ = company(shock, {"481000": 1.0}, fuel_share=0.2)
    >>> closed = company(shock, {"481000": 1.0}, fuel_share=0.2, hedged_share=0.5)
    >>> open_.margin[1] < closed.margin[1] < 0
    True
    """
    _check(mix, fuel_share, hedged_share, lag_quarters)
    base = shock.model.economy
    places = base.places(mix)
    weight = np.array(list(mix.values()))
    parts = {key: part[:, :, places] @ weight for key, part in shock.parts.items()}
    fuel = base.at(FUEL)
    table_share = float(base.A[fuel, places] @ weight)
    share = table_share if fuel_share is None else fuel_share
    open_share = np.broadcast_to(
        np.asarray(share * (1 - np.asarray(hedged_share)), dtype=float), (len(shock.final),)
    )
    moved = shock.price[:, :, fuel]
    cost = -parts["input cost"] + (open_share - table_share)[:, None] * moved
    price = _held(parts["output price"], lag_quarters)
    total = (price - cost + parts["wages"] + parts["volume"]).mean(axis=1)
    surplus = float(base.surplus[places] @ weight)
    given = None if fuel_share is None else float(np.median(fuel_share))
    return CompanyResult(
        name,
        _band(total),
        _band(total / surplus if surplus else np.full_like(total, np.nan)),
        _band(cost.mean(axis=1)),
        given,
        float(np.median(hedged_share)),
        lag_quarters,
        draws=total,
    )


def _held(price: Floats, lag: float) -> Floats:
    """Return prices as they were some quarters before, between two quarters in proportion."""
    quarters = price.shape[1]
    then = np.arange(quarters) - lag
    rows = np.vstack([np.zeros(len(price)), price.T])  # before the shock nothing has moved
    low = np.floor(then).astype(int)
    part = then - low
    before = rows[np.clip(low + 1, 0, quarters)]
    after = rows[np.clip(low + 2, 0, quarters)]
    return np.asarray(((1 - part)[:, None] * before + part[:, None] * after).T)


def _band(values: Floats) -> tuple[float, float, float]:
    low, middle, high = (float(value) for value in quantiles(values, BAND))
    return low, middle, high


def _check(mix: Mapping[str, float], fuel: Any, hedged: Any, lag: float) -> None:
    total = sum(mix.values())
    if abs(total - 1) > MIX_SUM or any(share < 0 for share in mix.values()):
        raise UsageError(
            f"The revenue mix sums to {total:g}",
            "Shares of revenue by industry are 0 to 1 and sum to 1",
            "Divide each by their sum",
        )
    for what, value in (("fuel share", fuel), ("hedged share", hedged)):
        if value is not None and not ((np.asarray(value) >= 0) & (np.asarray(value) <= 1)).all():
            raise UsageError(
                f"The {what} is {float(np.max(value)):g}", "A share is 0 to 1", "Divide percent by 100"
            )
    if not (lag >= 0 and np.isfinite(lag)):
        raise UsageError(
            f"The contract lag is {lag:g} quarters", "A lag is 0 or more", "Give 0 where prices are free"
        )


def _listed() -> dict[str, dict[str, str]]:
    path = files("narrows.shocks") / "companies.csv"
    with path.open(encoding="utf-8") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


def known() -> tuple[str, ...]:
    """Return the ids of the companies that are named."""
    return tuple(_listed())


def named() -> dict[str, str]:
    """Return the name of each company by its id."""
    return {name: row["name"] for name, row in _listed().items()}


def companies(shock: Shock, names: tuple[str, ...] = ()) -> list[CompanyResult]:
    """Return named companies under a shock, the worst first; all if none is named.

    Raises
    ------
    UnknownNameError
        If a company is not known.
    """
    listed = _listed()
    for name in names:
        if name not in listed:
            raise UnknownNameError("company", name, listed, remedy="Name one of them")
    rows = []
    for name in names or tuple(listed):
        row = listed[name]
        mix = {code: float(share) for code, share in (pair.split(":") for pair in row["mix"].split(";"))}
        fact = f"push.company.{name}.fuel"
        fuel = shock.reader.draws(fact) if shock.reader.catalog.has(fact) else None
        rows.append(company(shock, mix, name=row["name"], fuel_share=fuel))
    return sorted(rows, key=lambda row: row.margin[1])
