"""Figures of servers and racks that follow from facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.catalog import default
from narrows.compute.holdings import Derived, Holding, chip_named, held, holding, resolved, values

if TYPE_CHECKING:
    from narrows.catalog.catalog import Catalog

__all__ = ["chip_of", "system", "system_lines"]

GIGAWATT = 1e9


def system_lines(catalog: Catalog | None = None) -> list[dict[str, float | str]]:
    """Return one line a server or rack: accelerators, power [W], price [usd], and what follows.

    Examples
    --------
    >>> next(round(line["power_per_gpu"]) for line in system_lines() if line["name"] == "dgx_h100")
    1275
    """
    lines: list[dict[str, float | str]] = []
    for name, quantities in held("system", catalog).items():
        row = values(quantities)
        line: dict[str, float | str] = {"name": name, **row}
        lines.append(line | {figure.name: figure.value for figure in _derived(name, row, catalog)})
    return lines


def system(name: str, catalog: Catalog | None = None) -> Holding:
    """Return all that is held of one server or rack.

    Parameters
    ----------
    name
        A name such as ``gb200_nvl72``.
    catalog
        Facts; those that come with narrows if left out.

    Raises
    ------
    UnknownNameError
        No such system; the error names the nearest.

    Examples
    --------
    >>> [figure.name for figure in system("gb200_nvl72").derived][:2]
    ['power_per_gpu', 'price_per_gpu']
    """
    tables = held("system", catalog)
    found = resolved("system", name, tables, "systems")
    return holding(
        "systems", "system", found, catalog, tuple(_derived(found, values(tables[found]), catalog))
    )


def chip_of(name: str, catalog: Catalog | None = None) -> str | None:
    """Return the chip that a system is built of, None where its name does not say.

    Examples
    --------
    >>> chip_of("gb200_nvl72"), chip_of("cloudmatrix_384")
    ('gb200', 'ascend_910c')
    """
    if name.startswith("cloudmatrix"):
        return "ascend_910c"
    return chip_named(name.replace("_", " ").replace("-", " "), held("chip", catalog))


def _derived(name: str, row: dict[str, float], catalog: Catalog | None) -> list[Derived]:
    gpus = row.get("gpus")
    if gpus is None:
        return []
    figures = []
    if "power" in row:
        figures.append(Derived("power_per_gpu", row["power"] / gpus, "W", "IT power / accelerators"))
    if "price" in row:
        figures.append(Derived("price_per_gpu", row["price"] / gpus, "usd", "price / accelerators"))
    if "power" in row:
        figures.append(
            Derived("systems_per_gw", GIGAWATT / row["power"], "1", "1 GW of IT power / power of one")
        )
    chip = chip_of(name, catalog)
    power = values(held("chip", catalog)[chip]).get("power") if chip else None
    if power and "power" in row:
        share = row["power"] / (gpus * power)
        figures.append(
            Derived("power_over_chips", share, "ratio", f"IT power / (accelerators x power of {chip})")
        )
    return figures + _all_in(row, catalog)


def _all_in(row: dict[str, float], catalog: Catalog | None) -> list[Derived]:
    """Return a rack with its building, and how many of them the money of a gigawatt buys."""
    price = row.get("compute_price", row.get("price"))
    if price is None or "facility_price" not in row:
        return []
    whole = price + row["facility_price"]
    money = (catalog or default()).fact("gigawatt.build_out").canonical_value
    return [
        Derived("all_in_per_gpu", whole / row["gpus"], "usd", "(compute + building) / accelerators"),
        Derived("bought_per_gw", money / whole, "1", "build-out of a gigawatt / (compute + building)"),
        Derived("power_bought", GIGAWATT * whole / money, "W", "1 GW / racks that its money buys"),
    ]
