"""Cost of plant for the supply of a campus, from the catalogue: stated values, and draws of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from narrows.catalog import PointReader, Reader, default
from narrows.units import from_canonical

if TYPE_CHECKING:
    from narrows.catalog import Catalog

__all__ = ["FIRM", "RENEWABLE", "STORE", "PlantCosts", "costs_of_draw", "plant_costs"]

RENEWABLE = ("pv", "wind")
GAS = ("ocgt", "ccgt", "fuel_cell")
FIRM = (*GAS, "smr")
STORE = ("battery", "inverter")
KW_PER_MW = 1000.0


@dataclass(frozen=True)
class PlantCosts:
    """What plant costs.

    Parameters
    ----------
    yearly
        Annuity and fixed cost by technology [usd/(MW year)]; of the battery [usd/(MWh year)].
    running
        Variable cost without fuel by firm technology [usd/MWh].
    fuel
        Fuel that is not gas, by technology [usd/MWh of electricity].
    heat
        Fuel energy for a unit of electricity by technology that burns gas.
    gas_carbon
        Carbon dioxide of gas [t/MWh of fuel].
    one_way
        Share of energy kept by a charge or by a discharge.
    """

    yearly: dict[str, float]
    running: dict[str, float]
    fuel: dict[str, float]
    heat: dict[str, float]
    gas_carbon: float
    one_way: float


def plant_costs(catalog: Catalog | None = None) -> PlantCosts:
    """Return the stated costs.

    Parameters
    ----------
    catalog
        Where facts stand; the shipped catalogue if left out.

    Examples
    --------
    >>> round(plant_costs().yearly["ccgt"])
    155041
    """
    return costs_of_draw(PointReader(default() if catalog is None else catalog), None)


def costs_of_draw(reader: Reader, draw: int | None) -> PlantCosts:
    """Return the costs of one draw.

    Parameters
    ----------
    reader
        Draws of facts.
    draw
        Which draw; None for the stated values.

    Notes
    -----
    Yearly cost = overnight cost * (r/(1 - (1 + r)^-life) + fixed share).
    """

    def read(name: str) -> float:
        fact = reader.fact(f"supply.{name}")
        value = fact.canonical_value if draw is None else reader.draws(fact.id)[draw]
        return float(from_canonical(float(value), fact.unit))

    rate = read("discount_rate")

    def yearly(name: str) -> float:
        annuity: float = rate / (1 - (1 + rate) ** -read(f"{name}.life"))
        return KW_PER_MW * read(f"{name}.invest") * (annuity + read(f"{name}.fixed"))

    return PlantCosts(
        {name: yearly(name) for name in (*RENEWABLE, *FIRM, *STORE)},
        {name: read(f"{name}.variable") for name in FIRM},
        {"smr": read("smr.fuel")},
        {name: 1 / read(f"{name}.efficiency") for name in GAS},
        read("gas_carbon"),
        read("one_way_efficiency"),
    )
