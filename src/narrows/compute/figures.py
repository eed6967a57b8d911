"""Figures of accelerators that follow from their facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.compute.holdings import Derived, Holding, held, holding, resolved, values

if TYPE_CHECKING:
    from narrows.catalog.catalog import Catalog

__all__ = ["RATES", "chip", "chips"]

RATES = ("bf16", "fp8", "fp4", "int8")
PETA = 1e15


def chips(catalog: Catalog | None = None) -> list[dict[str, float | str]]:
    """Return one line a chip: rates [flop/s], memory [byte], bandwidth [byte/s], power [W], price [usd].

    Parameters
    ----------
    catalog
        Facts; those that come with narrows if left out.

    Examples
    --------
    >>> next(line["bf16"] for line in chips() if line["name"] == "h100_sxm")
    989000000000000.0
    """
    lines: list[dict[str, float | str]] = []
    for name, quantities in held("chip", catalog).items():
        year = min(statements[0].as_of for statements in quantities.values())[:4]
        line: dict[str, float | str] = {"name": name, "year": year}
        line |= {word: number for word, number in values(quantities).items() if not word.startswith("stacks")}
        line |= {figure.name: figure.value for figure in _derived(values(quantities))}
        line["conflicts"] = sum(len(statements) > 1 for statements in quantities.values())
        lines.append(line)
    return sorted(lines, key=lambda line: (str(line["year"]), str(line["name"])))


def chip(name: str, catalog: Catalog | None = None) -> Holding:
    """Return all that is held of one chip.

    Parameters
    ----------
    name
        A name such as ``h100_sxm``; ``h100`` means the same.
    catalog
        Facts; those that come with narrows if left out.

    Raises
    ------
    UnknownNameError
        No such chip; the error names the nearest.

    Examples
    --------
    >>> [(figure.name, round(figure.value, 1)) for figure in chip("h100").derived][0]
    ('ridge', 295.2)
    """
    tables = held("chip", catalog)
    found = resolved("chip", name, tables, "compute")
    return holding("compute", "chip", found, catalog, tuple(_derived(values(tables[found]))))


def _derived(row: dict[str, float]) -> list[Derived]:
    """Return the figures that the facts of a chip allow."""
    found: list[Derived] = []
    rate = next(((word, row[word]) for word in RATES if word in row), None)
    if rate is None:
        return found
    word, value = rate
    if "bandwidth" in row:
        found.append(
            Derived("ridge", value / row["bandwidth"], "flop/byte", f"{word} rate / memory bandwidth")
        )
    if "power" in row:
        found.append(Derived("rate_per_power", value / row["power"], "flop/J", f"{word} rate / design power"))
    if "price" in row:
        found.append(
            Derived(
                "price_per_pflops", row["price"] / (value / PETA), "usd/(Pflop/s)", f"price / {word} rate"
            )
        )
    if "best_bf16" in row and "bf16" in row:
        found.append(
            Derived(
                "best_share", row["best_bf16"] / row["bf16"], "share", "best measured bf16 rate / bf16 rate"
            )
        )
    if "die" in row:
        found.append(
            Derived("rate_per_area", value / row["die"], "flop/s/m2", f"{word} rate / logic silicon")
        )
    return found
