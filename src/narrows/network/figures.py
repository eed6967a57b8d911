"""Figures of links and switches that follow from facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.compute.holdings import Derived, Holding, held, holding, resolved, values

if TYPE_CHECKING:
    from narrows.catalog.catalog import Catalog

__all__ = ["chip_lines", "link", "link_lines", "switch_lines"]

LINKS = ("scale_up", "scale_out", "pcie", "node", "domain")


def link_lines(catalog: Catalog | None = None) -> list[dict[str, float | str]]:
    """Return one line a link: its rate one way [byte/s].

    Examples
    --------
    >>> next(line["rate"] for line in link_lines() if line["name"] == "nvlink4")
    450000000000.0
    """
    return [{"name": name, **values(quantities)} for name, quantities in held("link", catalog).items()]


def switch_lines(catalog: Catalog | None = None) -> list[dict[str, float | str]]:
    """Return one line a switch: ports, rate of a port and of all ports [byte/s], price [usd]."""
    lines: list[dict[str, float | str]] = []
    for name, quantities in held("network_switch", catalog).items():
        row = values(quantities)
        if "ports" in row and "port_rate" in row:
            row.setdefault("rate", row["ports"] * row["port_rate"])
        lines.append({"name": name, **row})
    return lines


def chip_lines(catalog: Catalog | None = None) -> list[dict[str, float | str]]:
    """Return one line a chip: links one way [byte/s], and their ratios to each other and to the memory."""
    lines: list[dict[str, float | str]] = []
    for name, quantities in held("chip", catalog).items():
        row = values(quantities)
        if "scale_up" in row:
            line: dict[str, float | str] = {"name": name}
            line |= {word: row[word] for word in LINKS if word in row}
            lines.append(line | {figure.name: figure.value for figure in _of_chip(row)})
    return lines


def link(name: str, catalog: Catalog | None = None) -> Holding:
    """Return all that is held of one link or switch, or of the links of one chip.

    Parameters
    ----------
    name
        A link such as ``nvlink5``, a switch such as ``sn5600``, or a chip such as ``gb200``.
    catalog
        Facts; those that come with narrows if left out.

    Raises
    ------
    UnknownNameError
        No such link, switch or chip.

    Examples
    --------
    >>> [round(figure.value) for figure in link("h100").derived]
    [9, 7]
    """
    links, switches, chips = (held(word, catalog) for word in ("link", "network_switch", "chip"))
    found = resolved("link, switch or chip", name, [*links, *switches, *chips], "network")
    for prefix, table in (("link", links), ("network_switch", switches)):
        if found in table:
            row = values(table[found])
            derived = []
            if "ports" in row and "port_rate" in row:
                total = row["ports"] * row["port_rate"]
                derived.append(Derived("all_ports", total, "byte/s", "ports x rate of a port"))
            if "price" in row and "ports" in row:
                derived.append(
                    Derived("price_per_port", row["price"] / row["ports"], "usd/port", "price / ports")
                )
            return holding("network", prefix, found, catalog, tuple(derived))
    whole = holding("network", "chip", found, catalog, tuple(_of_chip(values(chips[found]))))
    kept = {word: statements for word, statements in whole.quantities.items() if word in LINKS}
    return Holding("network", found, kept, {w: r for w, r in whole.rules.items() if w in kept}, whole.derived)


def _of_chip(row: dict[str, float]) -> list[Derived]:
    figures = []
    if "scale_up" in row and "scale_out" in row:
        ratio = row["scale_up"] / row["scale_out"]
        figures.append(Derived("up_over_out", ratio, "ratio", "scale-up link / scale-out link"))
    if "scale_up" in row and "bandwidth" in row:
        ratio = row["bandwidth"] / row["scale_up"]
        figures.append(Derived("memory_over_up", ratio, "ratio", "memory bandwidth / scale-up link"))
    return figures
