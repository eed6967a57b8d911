"""Cost of plant for the supply of a campus, from the catalogue: stated values, and draws of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from narrows.catalog import PointReader, Reader, default
from narrows.units import to_canonical

if TYPE_CHECKING:
    from narrows.catalog import Catalog

__all__ = ["CONTRACT", "FIRM", "RENEWABLE", "STORE", "PlantCosts", "drawn_costs", "plant_costs"]

RENEWABLE = ("pv", "wind")
GAS = ("ocgt", "ccgt", "fuel_cell")
FIRM = (*GAS, "smr")
STORE = ("battery", "inverter")
CONTRACT = {"ppa_pv": "pv", "ppa_wind": "wind"}
"""Contracts for energy as produced, and whose profile each follows."""
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
    contract
        Price of energy as produced, by contract [usd/MWh].
    """

    yearly: dict[str, float]
    running: dict[str, float]
    fuel: dict[str, float]
    heat: dict[str, float]
    gas_carbon: float
    one_way: float
    contract: dict[str, float] = field(default_factory=dict)


def plant_costs(catalog: Catalog | None = None, *, today: bool = False) -> PlantCosts:
    """Return the stated costs.

    Parameters
    ----------
    catalog
        Where facts stand; the shipped catalogue if left out.
    today
        What plant ordered now costs, where a fact says so: turbines are scarce; else the book of costs of
        2030, which the reference problem uses.

    Examples
    --------
    >>> round(plant_costs().yearly["ccgt"]), round(plant_costs(today=True).yearly["ccgt"])
    (155041, 244558)
    """
    return drawn_costs(PointReader(default() if catalog is None else catalog), None, today=today)


def drawn_costs(reader: Reader, draws: Any, *, today: bool = False) -> PlantCosts:
    """Return the costs of some draws.

    Parameters
    ----------
    reader
        Draws of facts.
    draws
        Which draws: a number, or a slice, whose costs are arrays; None for the stated values.
    today
        See `plant_costs`.

    Notes
    -----
    Yearly cost = overnight cost * (r/(1 - (1 + r)^-life) + fixed share).
    """

    def read(name: str) -> Any:
        fact = reader.fact(f"supply.{name}")
        value = fact.canonical_value if draws is None else reader.draws(fact.id)[draws]
        return value / to_canonical(1.0, fact.unit)

    rate = read("discount_rate")

    def yearly(name: str) -> Any:
        annuity = rate / (1 - (1 + rate) ** -read(f"{name}.life"))
        now = f"{name}.invest_today"
        invest = now if today and reader.catalog.has(f"supply.{now}") else f"{name}.invest"
        return KW_PER_MW * read(invest) * (annuity + read(f"{name}.fixed"))

    return PlantCosts(
        {name: yearly(name) for name in (*RENEWABLE, *FIRM, *STORE)},
        {name: read(f"{name}.variable") for name in FIRM},
        {"smr": read("smr.fuel")},
        {name: 1 / read(f"{name}.efficiency") for name in GAS},
        read("gas_carbon"),
        read("one_way_efficiency"),
        {name: read(f"{name}.price") for name in CONTRACT},
    )
