"""What a chip costs and draws in an hour of training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from narrows.catalog import PointReader, default
from narrows.errors import DataError
from narrows.training.chips import HOURS, hour_facts
from narrows.training.run_cost import Run, drawn_cost

if TYPE_CHECKING:
    from narrows.catalog.catalog import Catalog

__all__ = ["ChipHour", "basis_of", "chip_hour"]


@dataclass(frozen=True)
class ChipHour:
    """An hour of one chip of a cluster.

    Parameters
    ----------
    usd
        Its cost, without failed runs, post-training and staff; None where no price is known.
    kwh
        Electricity of the site for it.
    basis
        How it is paid; empty where no price is known.
    """

    usd: float | None
    kwh: float
    basis: str


def basis_of(chip: str, basis: str, catalog: Catalog) -> str:
    """Return the basis asked for, or the first price of an hour where a chip has no price of purchase."""
    owned = basis not in HOURS
    if owned and not catalog.has(f"chip.{chip}.purchase_price"):
        return next(iter(hour_facts(chip, catalog)), "")
    return basis


def chip_hour(chip: str, chips: int, basis: str = "life", catalog: Catalog | None = None) -> ChipHour:
    """Return what a chip costs and draws in an hour, at the stated facts.

    Parameters
    ----------
    chip
        Id of the chip.
    chips
        Chips of the cluster.
    basis
        As in `narrows.training.run_cost`; a chip without a price of purchase is paid by the hour.
    catalog
        Facts; those that come with narrows if left out.

    Raises
    ------
    DataError
        The chip has no price of that kind, and the kind is by the hour.

    Examples
    --------
    >>> found = chip_hour("h100_sxm", 1024)
    >>> 1.0 < found.usd < 3.0, 0.5 < found.kwh < 2.0
    (True, True)
    """
    catalog = catalog or default()
    used = basis_of(chip, basis, catalog)
    try:
        drawn, _ = drawn_cost(Run(chip, chips, days=1.0, basis=used or "life"), PointReader(catalog))
    except DataError:
        if basis in HOURS:
            raise
        power = catalog.fact(f"chip.{chip}.power").canonical_value
        names = ("training.power.server_ratio", "training.pue", "training.power.load")
        for name in names:
            power *= catalog.fact(name).canonical_value
        return ChipHour(None, power / 1000.0, "")
    hours = float(drawn["chip_hours"][0])
    return ChipHour(float(drawn["final_run"][0]) / hours, float(drawn["kwh"][0]) / hours, used)
