"""A chip with what joins it to others in a cluster that trains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from narrows.catalog import default
from narrows.errors import DataError
from narrows.transformer.registry import chip

if TYPE_CHECKING:
    from narrows.catalog.catalog import Catalog
    from narrows.transformer import Chip

__all__ = ["Machine", "machine", "machines"]


@dataclass(frozen=True)
class Machine:
    """A chip in a cluster.

    Parameters
    ----------
    chip
        What one chip offers.
    domain
        Chips joined by the scale-up link.
    network_bytes_per_s
        Link of one chip beyond that, one way, as clusters are built.
    """

    chip: Chip
    domain: int
    network_bytes_per_s: float


def machines(catalog: Catalog | None = None) -> list[str]:
    """Return the names of the chips whose clusters are known."""
    known = (catalog or default()).under("cluster")
    return sorted({fact.id.split(".")[1] for fact in known})


def machine(name: str, catalog: Catalog | None = None) -> Machine:
    """Return a chip with the links of the clusters that it is built into.

    Parameters
    ----------
    name
        A chip such as ``h100_sxm``; ``h100`` means the same.
    catalog
        Facts; those that come with narrows if left out.

    Raises
    ------
    UnknownNameError
        No chip of that name; the error names the nearest.
    DataError
        The links of its clusters are not known.

    Examples
    --------
    >>> machine("gb200").domain
    72
    """
    catalog = catalog or default()
    card = chip(name, catalog)
    if not catalog.has(f"cluster.{card.id}.domain"):
        raise DataError(
            f"The clusters of {card.id} are not known",
            f"Known are those of {', '.join(machines(catalog))}",
            "Name one of these",
        )
    return Machine(
        card,
        int(catalog.fact(f"cluster.{card.id}.domain").canonical_value),
        catalog.fact(f"cluster.{card.id}.network").canonical_value,
    )
