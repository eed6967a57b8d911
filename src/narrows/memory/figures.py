"""Figures of memory that follow from facts: bandwidth by stacks, pins and width."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.compute.holdings import Derived, Holding, held, holding, resolved, values

if TYPE_CHECKING:
    from narrows.catalog.catalog import Catalog

__all__ = ["chip_lines", "generation_lines", "memory", "stack_bandwidth", "stacks_of"]

STACKS = "stacks_"


def stack_bandwidth(pin_rate: float, width: float) -> float:
    """Return the bandwidth of one stack: pin rate x width.

    Parameters
    ----------
    pin_rate
        Rate of one pin [byte/s].
    width
        Data pins, as data moved at once [byte]: 1,024 bits are 128.

    Returns
    -------
    float
        Bandwidth [byte/s].

    Notes
    -----
    A pin moves one bit at a time: 8 x pin_rate bits a second, and there are 8 x width pins.

    Examples
    --------
    >>> round(stack_bandwidth(6.4e9 / 8, 1024 / 8) / 1e9, 1)
    819.2
    """
    return 8.0 * pin_rate * width


def stacks_of(row: dict[str, float]) -> tuple[str, float] | None:
    """Return the generation and the count of stacks of a chip, None where they are not held."""
    return next(
        ((word.removeprefix(STACKS), count) for word, count in row.items() if word.startswith(STACKS)), None
    )


def generation_lines(catalog: Catalog | None = None) -> list[dict[str, float | str]]:
    """Return one line a generation of stacked memory.

    Parameters
    ----------
    catalog
        Facts; those that come with narrows if left out.

    Examples
    --------
    >>> [line["name"] for line in generation_lines()]
    ['hbm2', 'hbm2e', 'hbm3', 'hbm3e', 'hbm4']
    """
    lines: list[dict[str, float | str]] = []
    for name, quantities in held("hbm_generation", catalog).items():
        row = values(quantities)
        line: dict[str, float | str] = {"name": name, **row}
        line["by_pins"] = stack_bandwidth(row["pin_rate"], row["width"])
        lines.append(line)
    return lines


def chip_lines(catalog: Catalog | None = None) -> list[dict[str, float | str]]:
    """Return one line a chip with stacked memory: stacks, capacity, bandwidth, and the use of its stacks."""
    lines: list[dict[str, float | str]] = []
    for name, quantities in held("chip", catalog).items():
        row = values(quantities)
        found = stacks_of(row)
        if found is None:
            continue
        line: dict[str, float | str] = {"name": name, "generation": found[0], "stacks": found[1]}
        line |= {word: row[word] for word in ("memory", "bandwidth") if word in row}
        line |= {figure.name: figure.value for figure in _of_chip(row, catalog)}
        lines.append(line)
    return lines


def memory(name: str, catalog: Catalog | None = None) -> Holding:
    """Return all that is held of one generation, or of the memory of one chip.

    Parameters
    ----------
    name
        A generation such as ``hbm3e``, or a chip such as ``h200``.
    catalog
        Facts; those that come with narrows if left out.

    Raises
    ------
    UnknownNameError
        No such generation or chip.

    Examples
    --------
    >>> [round(figure.value, 3) for figure in memory("h200").derived if figure.name == "use_of_stacks"]
    [0.651]
    """
    generations = held("hbm_generation", catalog)
    if name.lower() in generations:
        row = values(generations[name.lower()])
        by_pins = stack_bandwidth(row["pin_rate"], row["width"])
        derived = (Derived("by_pins", by_pins, "byte/s", "pin rate x width / 8"),)
        return holding("memory", "hbm_generation", name.lower(), catalog, derived)
    tables = held("chip", catalog)
    both = {**dict.fromkeys(generations, ""), **dict.fromkeys(tables, "")}
    found = resolved("memory generation or chip", name, both, "memory")
    whole = holding("memory", "chip", found, catalog, tuple(_of_chip(values(tables[found]), catalog)))
    kept = {
        word: statements
        for word, statements in whole.quantities.items()
        if word in {"memory", "bandwidth"} or word.startswith(STACKS)
    }
    rules = {word: rule for word, rule in whole.rules.items() if word in kept}
    return Holding("memory", found, kept, rules, whole.derived)


def _of_chip(row: dict[str, float], catalog: Catalog | None) -> list[Derived]:
    found = stacks_of(row)
    if found is None:
        return []
    name, stacks = found
    generation = values(held("hbm_generation", catalog)[name])
    figures = []
    if "memory" in row:
        figures.append(Derived("per_stack", row["memory"] / stacks, "byte", "memory / stacks"))
    if "bandwidth" in row:
        full = stacks * stack_bandwidth(generation["pin_rate"], generation["width"])
        pin = row["bandwidth"] / stacks / (8.0 * generation["width"])
        figures += [
            Derived("full_bandwidth", full, "byte/s", "stacks x pin rate x width / 8"),
            Derived(
                "use_of_stacks",
                row["bandwidth"] / full,
                "ratio",
                "bandwidth / (stacks x pin rate x width / 8)",
            ),
            Derived("implied_pin_rate", pin, "byte/s", "bandwidth / stacks / width"),
        ]
    if "memory" in row and "bandwidth" in row:
        figures.append(
            Derived(
                "time_to_read", row["memory"] / row["bandwidth"], "s", "memory / bandwidth: one pass over all"
            )
        )
    return figures
