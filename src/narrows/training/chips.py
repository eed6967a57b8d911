"""Chips by name, and whose cost of an hour is known for them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from narrows.errors import UnknownNameError

if TYPE_CHECKING:
    from narrows.catalog.catalog import Catalog

__all__ = ["chip_id", "chip_names", "hour_facts"]

KNOWN_BY = "bf16"  # every accelerator of the catalogue states its dense rate in 16 bits
HOURS = ("tco_neocloud", "tco_hyperscaler", "rental_3yr", "rental", "rental_spot")
"""Kinds of cost of a chip and hour, in the order in which they are looked for."""


@lru_cache(maxsize=8)
def chip_names(catalog: Catalog) -> tuple[str, ...]:
    """Return the chips of the catalogue."""
    parts = [fact.id.split(".") for fact in catalog.under("chip")]
    return tuple(dict.fromkeys(name for _, name, *rest in parts if rest == [KNOWN_BY]))


def chip_id(name: str, catalog: Catalog) -> str:
    """Return the id of a chip: ``h100``, ``H100`` and ``h100_sxm`` mean the same.

    Parameters
    ----------
    name
        What the user calls it.
    catalog
        Facts.

    Raises
    ------
    UnknownNameError
        No chip of that name; the error names the nearest.
    """
    known = chip_names(catalog)
    plain = name.lower().replace("-", "_")
    found = next((word for word in (plain, f"{plain}_sxm", f"{plain}_server") if word in known), None)
    if found is None:
        raise UnknownNameError("chip", name, known, remedy="List them with `narrows facts chip bf16`")
    return found


def hour_facts(chip: str, catalog: Catalog) -> dict[str, str]:
    """Return the facts of the cost of an hour of a chip, by kind."""
    names = {kind: f"chip.{chip}.{kind}" for kind in HOURS}
    return {kind: name for kind, name in names.items() if catalog.has(name)}
