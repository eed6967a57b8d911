"""The list prices of tokens that the catalogue holds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from narrows.catalog import default
from narrows.errors import UnknownNameError

if TYPE_CHECKING:
    from narrows.catalog.catalog import Catalog
    from narrows.catalog.fact import Fact

__all__ = ["Listed", "price_book"]

TOKENS = ("input", "cached", "output")
HOSTS = re.compile(r"\b(\d+) entries")


@dataclass(frozen=True)
class Listed:
    """The list price of one kind of token of one model.

    Parameters
    ----------
    id
        The fact.
    model, token
        Whose, and ``input``, ``cached`` or ``output``.
    value, low, high
        Stated value, and what a tenth of the hosts is below and above [usd/Mtoken].
    hosts
        Entries of hosts that low and high rest on; None where not stated.
    as_of, locator
        Day of the list, and where in it the value stands.
    """

    id: str
    model: str
    token: str
    value: float
    low: float
    high: float
    hosts: int | None
    as_of: str
    locator: str


def price_book(model: str | None = None, catalog: Catalog | None = None) -> list[Listed]:
    """Return the list prices held, by model; a kind of token without a price has no entry.

    Parameters
    ----------
    model
        One model; all if left out.
    catalog
        Facts; those that come with narrows if left out.

    Raises
    ------
    UnknownNameError
        No price of the model is known.

    Examples
    --------
    >>> [(row.token, row.value, row.hosts) for row in price_book("deepseek-r1")]
    [('input', 0.55, 23), ('cached', 0.14, 4), ('output', 2.19, 23)]
    """
    catalog = catalog or default()
    found = [_listed(fact) for fact in catalog.under("price")]
    names = list(dict.fromkeys(row.model for row in found))
    if model is not None and model not in names:
        raise UnknownNameError("price", model, names, remedy="List all with `narrows inference price --list`")
    rows = [row for row in found if model in (None, row.model)]
    return sorted(rows, key=lambda row: (names.index(row.model), TOKENS.index(row.token)))


def _listed(fact: Fact) -> Listed:
    model, _, token = fact.id.removeprefix("price.").rpartition(".")
    hosts = HOSTS.search(fact.note)
    return Listed(
        fact.id,
        model,
        token,
        fact.value,
        fact.low,
        fact.high,
        int(hosts[1]) if hosts else None,
        str(fact.as_of),
        fact.locator,
    )
