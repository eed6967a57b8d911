"""What companies report: revenue, margins, and the part of their revenue that each layer of the stack brings.

Facts are ``company.<id>.revenue.<year>``, ``company.<id>.gross_margin.<year>`` and
``company.<id>.exposed.<layer>.<year>``, a share of the company's revenue.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from narrows.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from narrows.catalog import Catalog, Fact, Reader
    from narrows.catalog.fact import Company

    Array = NDArray[np.float64]

__all__ = ["Accounts", "accounts", "check"]

FAMILY = "company"
REVENUE, GROSS_MARGIN, EXPOSED = "revenue", "gross_margin", "exposed"
ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Accounts:
    """The accounts of one company, in every draw.

    Parameters
    ----------
    company
        Who it is.
    year
        Label of the fiscal year of the revenue.
    revenue
        Revenue of the year [USD/s], axis (draw).
    gross_margin
        Gross profit over revenue, of the newest year that has one, axis (draw); None where no fact states it.
    exposed
        Share of revenue that each layer of the stack brings, axis (draw), by layer; ``designs`` for chip
        designs.
    reads
        Ids of the facts behind these.
    """

    company: Company
    year: str
    revenue: Array
    gross_margin: Array | None
    exposed: dict[str, Array]
    reads: tuple[str, ...]

    @property
    def exposure(self) -> Array:
        """Share of revenue that the stack brings, axis (draw), at most 1."""
        found = sum(self.exposed.values(), np.zeros(len(self.revenue)))
        return np.minimum(found, 1.0)

    @property
    def stack_revenue(self) -> Array:
        """Revenue from the stack [USD/year], axis (draw)."""
        found: Array = self.revenue * self.exposure
        return found

    @property
    def stack_profit(self) -> Array | None:
        """Gross profit from the stack at the margin of the whole company [USD/year], axis (draw)."""
        return None if self.gross_margin is None else self.stack_revenue * self.gross_margin


def accounts(reader: Reader, places: Collection[str]) -> dict[str, Accounts]:
    """Read the accounts of every company whose revenue is stated, by its id.

    Parameters
    ----------
    reader
        The reading of the catalogue.
    places
        Ids of the layers, and ``designs``.

    Raises
    ------
    DataError
        If shares of a company add up to more than 1, a margin is above 1, or a layer or company is unknown.

    Notes
    -----
    Of each series the statement about the latest year counts. Exposure is counted at most once: where the
    draws of a company's shares add up to more than 1, it is 1.

    Examples
    --------
    >>> from narrows.catalog import Reader, default
    >>> book = default()
    >>> found = accounts(Reader(book, 1, 50), {"designs", *(layer.id for layer in book.layers)})
    >>> all(0 <= one.exposure.mean() <= 1 for one in found.values())
    True
    """
    check(reader.catalog, places)
    found = {}
    for company in reader.catalog.companies:
        latest = _latest(reader.catalog)
        revenue = latest.get((company.id, REVENUE, ""))
        if revenue is None:
            continue
        with reader.chain() as chain:
            drawn = reader.draws(revenue.id)
            margin = latest.get((company.id, GROSS_MARGIN, ""))
            exposed = {
                place: reader.draws(fact.id)
                for (who, what, place), fact in latest.items()
                if who == company.id and what == EXPOSED and place in places
            }
            found[company.id] = Accounts(
                company=company,
                year=revenue.id.rsplit(".", 1)[-1],
                revenue=drawn,
                gross_margin=None if margin is None else reader.draws(margin.id),
                exposed=exposed,
                reads=chain.reads,
            )
    return found


def check(catalog: Catalog, places: Collection[str]) -> None:
    """Refuse accounts that cannot be: shares above 1, margins above 1, unknown companies or layers.

    Parameters
    ----------
    catalog
        The facts.
    places
        Ids of the layers, and ``designs``.

    Raises
    ------
    DataError
        Naming the first fact that cannot be.
    """
    known = {company.id for company in catalog.companies}
    shares: dict[tuple[str, str], list[Fact]] = {}
    for fact in catalog.under(FAMILY):
        parts = fact.id.split(".")
        if parts[1] not in known:
            raise DataError(
                f"The fact {fact.id} names the company {parts[1]!r}",
                "Every company of a fact stands in companies.toml",
                f"Add [[company]] id = {parts[1]!r}, or mend the id",
            )
        if parts[2] == GROSS_MARGIN and fact.high > 1:
            raise DataError(
                f"The margin {fact.id} reaches {fact.high:g}",
                "A margin is a share of revenue, at most 1",
                "Type it as a share: 0.56, not 56",
            )
        if parts[2] == EXPOSED:
            if parts[3] not in places:
                raise DataError(
                    f"The fact {fact.id} names the layer {parts[3]!r}",
                    f"Layers are {', '.join(sorted(places))}",
                    "Mend the id",
                )
            shares.setdefault((parts[1], parts[4]), []).append(fact)
    for (company, year), facts in shares.items():
        total = sum(fact.value for fact in {fact.id: fact for fact in facts}.values())
        if total > 1 + ROUNDING:
            raise DataError(
                f"The shares of revenue of {company} in {year} add up to {total:.3g}",
                "Layers share a company's revenue, so they add up to 1 at most",
                f"Mend {', '.join(fact.id for fact in facts)}",
            )


def _latest(catalog: Catalog) -> dict[tuple[str, str, str], Fact]:
    """Return the statement about the latest year of each series, by company, quantity and layer."""
    found: dict[tuple[str, str, str], Fact] = {}
    for fact in catalog.under(FAMILY):
        parts = fact.id.split(".")
        key = (parts[1], parts[2], parts[3] if parts[2] == EXPOSED else "")
        if not catalog.has(fact.id):
            continue
        chosen = found.get(key)
        if chosen is None or (fact.midpoint or 0.0) > (chosen.midpoint or 0.0):
            found[key] = fact
    return found
