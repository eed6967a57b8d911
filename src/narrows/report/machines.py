"""Accelerators, memory, links and systems as text, JSON and CSV."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from narrows.catalog import default
from narrows.compute.holdings import age
from narrows.figure import number
from narrows.report.columns import aligned, rows_csv

if TYPE_CHECKING:
    from collections.abc import Sequence

    from narrows.catalog import Fact
    from narrows.compute.holdings import Holding

__all__ = ["holding_csv", "holding_json", "holding_text", "lines_csv", "lines_json", "lines_text"]

Line = dict[str, "float | str"]
Column = tuple[str, str, float, int]
"""Quantity, heading, divisor, significant digits."""
TERA, GIGA = 1e12, 1e9
TABLES: dict[str, tuple[str, tuple[Column, ...]]] = {
    "chips": (
        "Accelerators: dense rates [TFLOP/s], memory [GB, TB/s], design power [W], price [USD].",
        (
            ("name", "chip", 1, 0),
            ("year", "year", 1, 0),
            ("bf16", "BF16", TERA, 4),
            ("fp8", "FP8", TERA, 4),
            ("fp4", "FP4", TERA, 5),
            ("memory", "GB", GIGA, 4),
            ("bandwidth", "TB/s", TERA, 3),
            ("power", "W", 1, 4),
            ("price", "USD", 1, 5),
            ("ridge", "FLOP/byte", 1, 3),
            ("rate_per_power", "TFLOP/J", TERA, 3),
            ("price_per_pflops", "USD/PFLOP/s", 1, 5),
            ("conflicts", "conflicts", 1, 2),
        ),
    ),
    "generations": (
        "Stacked memory: rate of a pin [Gbit/s], width [bit], bandwidth and size of a stack [GB/s, GB].",
        (
            ("name", "generation", 1, 0),
            ("pin_rate", "pin", GIGA / 8, 3),
            ("width", "width", 1 / 8, 4),
            ("by_pins", "pin x width", GIGA, 4),
            ("bandwidth", "as printed", GIGA, 4),
            ("largest_stack", "largest", GIGA, 3),
            ("smallest_stack", "smallest", GIGA, 3),
            ("die_area", "die mm2", 1e-6, 3),
        ),
    ),
    "memories": (
        "Memory of accelerators: bandwidth as a part of what its stacks give at the full rate of a pin.",
        (
            ("name", "chip", 1, 0),
            ("generation", "generation", 1, 0),
            ("stacks", "stacks", 1, 3),
            ("memory", "GB", GIGA, 4),
            ("bandwidth", "TB/s", TERA, 3),
            ("full_bandwidth", "full TB/s", TERA, 3),
            ("use_of_stacks", "used", 1, 2),
            ("time_to_read", "ms to read all", 1e-3, 3),
        ),
    ),
    "links": (
        "Links, one way [GB/s].",
        (("name", "link", 1, 0), ("rate", "GB/s", GIGA, 4)),
    ),
    "switches": (
        "Switches: ports, one way [Gbit/s], price [USD].",
        (
            ("name", "switch", 1, 0),
            ("ports", "ports", 1, 3),
            ("port_rate", "a port", GIGA / 8, 4),
            ("rate", "all ports", GIGA / 8, 6),
            ("price", "USD", 1, 6),
        ),
    ),
    "reach": (
        "Links of accelerators, one way [GB/s].",
        (
            ("name", "chip", 1, 0),
            ("scale_up", "scale-up", GIGA, 4),
            ("scale_out", "scale-out", GIGA, 4),
            ("pcie", "PCIe", GIGA, 4),
            ("up_over_out", "up/out", 1, 2),
            ("memory_over_up", "memory/up", 1, 2),
        ),
    ),
    "systems": (
        "Servers and racks: IT power [kW], price [USD], and what one accelerator takes of them.",
        (
            ("name", "system", 1, 0),
            ("gpus", "chips", 1, 3),
            ("power", "kW", 1e3, 4),
            ("power_per_gpu", "kW a chip", 1e3, 3),
            ("power_over_chips", "x chip power", 1, 3),
            ("systems_per_gw", "a GW", 1, 4),
            ("price", "USD", 1, 4),
            ("price_per_gpu", "USD a chip", 1, 5),
            ("all_in_per_gpu", "with building", 1, 5),
        ),
    ),
}
ROOMS = {
    "compute": ("chips",),
    "memory": ("generations", "memories"),
    "network": ("links", "switches", "reach"),
    "systems": ("systems",),
}
"""Tables of each room, in the order in which its `lines_of` gives them."""
SCALES = {
    "byte": ((GIGA, "GB"), (1e6, "MB")),
    "byte/s": ((TERA, "TB/s"), (GIGA, "GB/s")),
    "flop/s": ((TERA, "TFLOP/s"),),
    "flop/J": ((TERA, "TFLOP/J"),),
    "m2": ((1e-6, "mm2"),),
    "W": ((1e3, "kW"), (1, "W")),
    "s": ((1e-3, "ms"),),
    "flop/s/m2": ((1e18, "TFLOP/s/mm2"),),
    "usd/(accelerator s)": ((1 / 3600, "USD/h"),),
    "usd/(Pflop/s)": ((1, "USD/(PFLOP/s)"),),
}


def lines_text(room: str, tables: Sequence[list[Line]]) -> str:
    """Return what a room holds, one line each.

    Parameters
    ----------
    room
        compute, memory, network or systems.
    tables
        Lines of each table of the room.
    """
    parts = []
    for word, lines in zip(ROOMS[room], tables, strict=True):
        title, columns = TABLES[word]
        rows = [tuple(heading for _, heading, _, _ in columns)]
        rows += [tuple(_cell(line.get(key), by, digits) for key, _, by, digits in columns) for line in lines]
        parts += [title, "", *aligned(rows, right=range(1, len(columns))), ""]
    thing = {"compute": "a chip", "memory": "a generation or chip", "network": "a link or chip"}.get(
        room, "a rack"
    )
    parts.append(f"`narrows {room} show NAME` shows every figure of {thing} with its source; - is not held.")
    return "\n".join(parts)


def _cell(value: float | str | None, by: float, digits: int) -> str:
    if value is None:
        return "-"
    return value if isinstance(value, str) else _plain(value / by, digits)


def _plain(value: float, digits: int) -> str:
    """Write a number without a suffix, so that a column compares."""
    shown = f"{float(f'{value:.{digits}g}'):,.10f}".rstrip("0").rstrip(".")
    return shown or "0"


def lines_json(room: str, tables: Sequence[list[Line]]) -> str:
    """Return what a room holds as JSON, in canonical units."""
    found = dict(zip(ROOMS[room], tables, strict=True))
    return json.dumps({"command": f"{room} show", "units": "byte, byte/s, flop/s, W, usd", **found}, indent=2)


def lines_csv(_room: str, tables: Sequence[list[Line]]) -> str:
    """Return what a room holds as CSV: one row a figure, in canonical units."""
    rows = [
        (line["name"], key, value)
        for lines in tables
        for line in lines
        for key, value in line.items()
        if key not in {"name", "year", "generation"}
    ]
    return rows_csv(("name", "quantity", "value"), rows)


def holding_text(found: Holding) -> str:
    """Return all that is held of one thing: every statement, the conflicts side by side, and what follows.

    Parameters
    ----------
    found
        The holding.
    """
    parts = [found.name, ""]
    rows: list[tuple[str, ...]] = [("quantity", "value", "low", "high", "kind", "said", "age", "source")]
    for quantity, statements in found.quantities.items():
        for place, fact in enumerate(statements):
            label = quantity if place == 0 else "  also"
            rows.append((label, *_statement(fact)))
    parts += aligned(rows, right=(1, 2, 3))
    if found.rules:
        parts += ["", "Where statements differ the first is used. The rule that chose:"]
        parts += [f"  {'  '.join(pair)}" for pair in _padded(found.rules)]
    notes = [
        f"  {quantity}, {fact.source}: {fact.note or fact.why}"
        for quantity, statements in found.quantities.items()
        if len(statements) > 1
        for fact in statements
        if fact.note or fact.kind == "assumption"
    ]
    parts += ["", "Notes:", *notes] if notes else []
    if found.derived:
        rows = [(item.name, _scaled(item.value, item.unit), item.formula) for item in found.derived]
        parts += ["", "It follows:", *(f"  {line}" for line in aligned(rows, right=(1,)))]
    ident = next(iter(found.quantities.values()))[0].id
    return "\n".join([*parts, "", f"`narrows why {ident}` prints a statement with its source in full."])


def _padded(rules: Any) -> list[tuple[str, str]]:
    wide = max(map(len, rules))
    return [(quantity.ljust(wide), rule) for quantity, rule in rules.items()]


def _statement(fact: Fact) -> tuple[str, ...]:
    numbers = (fact.canonical_value, fact.canonical_low, fact.canonical_high)
    by, unit = _scale(fact.canonical_value, fact.canonical_unit)
    shown, low, high = (_plain(value / by, 5) for value in numbers)
    exact = low == high
    told = f"{shown} {unit}".strip()
    return (
        told,
        "" if exact else low,
        "" if exact else high,
        fact.kind,
        fact.as_of,
        f"{age(fact):.1f} yr",
        fact.source,
    )


def _scale(value: float, unit: str) -> tuple[float, str]:
    steps = SCALES.get(unit, ((1.0, {"1": "", "usd": "USD", "share": "", "ratio": ""}.get(unit, unit)),))
    return next((step for step in steps if abs(value) >= step[0]), steps[-1])


def _scaled(value: float, unit: str) -> str:
    by, name = _scale(value, unit)
    return f"{number(value / by, 4)} {name}".strip()


def holding_json(found: Holding) -> str:
    """Return all that is held of one thing as JSON."""
    sources = default().sources
    quantities = {
        quantity: [
            {
                "id": fact.id,
                "value": fact.canonical_value,
                "low": fact.canonical_low,
                "high": fact.canonical_high,
                "unit": fact.canonical_unit,
                "kind": fact.kind,
                "as_of": fact.as_of,
                "age_years": round(age(fact), 2),
                "source": fact.source,
                "title": sources[fact.source].title,
                "locator": fact.locator,
                "note": fact.note,
                "why": fact.why,
                "used": place == 0,
            }
            for place, fact in enumerate(statements)
        ]
        for quantity, statements in found.quantities.items()
    }
    derived = {
        item.name: {"value": item.value, "unit": item.unit, "formula": item.formula} for item in found.derived
    }
    table = {"command": f"{found.room} show", "name": found.name, "quantities": quantities}
    return json.dumps({**table, "rules": dict(found.rules), "derived": derived}, indent=2, allow_nan=False)


def holding_csv(found: Holding) -> str:
    """Return all that is held of one thing as CSV: one row a statement."""
    rows = [
        (
            found.name,
            quantity,
            fact.value,
            fact.low,
            fact.high,
            fact.unit,
            fact.kind,
            fact.as_of,
            fact.source,
            place == 0,
        )
        for quantity, statements in found.quantities.items()
        for place, fact in enumerate(statements)
    ]
    head = ("name", "quantity", "value", "low", "high", "unit", "kind", "as_of", "source", "used")
    return rows_csv(head, rows)
