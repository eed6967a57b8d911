"""Rules of Day 5: racks beside their chips, parts of a whole, and single statements beside the catalogue."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from narrows.catalog import default
from narrows.compute.audit import shown
from narrows.compute.finding import GIBI, Finding, bound, number_of, slip_of
from narrows.compute.holdings import held, values
from narrows.errors import DataError, NarrowsError, UnknownNameError
from narrows.systems.figures import chip_of
from narrows.units import from_canonical, parse, to_canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from narrows.catalog.catalog import Catalog
    from narrows.catalog.fact import Fact

__all__ = ["audit_parts", "audit_statements", "audit_systems", "conflicts", "transposed"]

ROOM = "systems"
DIFFERENT = 0.01
"""Statements that differ by less than this are one figure, rounded twice."""
CHECKED = ("chip.", "link.", "network_switch.", "system.", "hbm_generation.")
KILO = 1e3


def audit_systems(
    table: Iterable[Mapping[str, str]] | None = None, catalog: Catalog | None = None
) -> list[Finding]:
    """Return servers and racks that contradict their chips.

    Parameters
    ----------
    table
        Rows in the form of ``systems_racks.csv``; the systems of the catalogue if left out.
    catalog
        Facts; those that come with narrows if left out.

    Examples
    --------
    >>> rack = {"system": "GB200 NVL72", "gpus": "72", "it_power_kw": "1.32"}
    >>> [finding.slip for finding in audit_systems([rack])]
    ['power of one tray or chip, or a unit slip']
    """
    rows: list[tuple[str, dict[str, float]]] = []
    if table is None:
        rows = [
            (f"system.{name}", values(quantities)) for name, quantities in held("system", catalog).items()
        ]
    else:
        for line in table:
            numbers = {
                "gpus": number_of(line.get("gpus", "")),
                "power": number_of(line.get("it_power_kw", "")),
                "price": number_of(line.get("price_usd", "")),
            }
            kept = {word: value for word, value in numbers.items() if value is not None}
            if "power" in kept:
                kept["power"] *= KILO
            rows.append((line.get("system", ""), kept))
    return [finding for name, row in rows for finding in _system(name, row, catalog)]


def _system(name: str, row: dict[str, float], catalog: Catalog | None) -> list[Finding]:
    found = []
    plain = re.sub(r"[\s]+", "_", name.removeprefix("system.").lower())
    known = values(held("system", catalog).get(plain, {}))
    if "gpus" in row and "gpus" in known and row["gpus"] != known["gpus"]:
        expected, slip = f"{known['gpus']:g}", slip_of(row["gpus"] / known["gpus"], "gpus")
        found.append(
            Finding(ROOM, name, "gpus", f"{row['gpus']:g}", expected, "accelerators of a known system", slip)
        )
        return found
    gpus, power, price = row.get("gpus"), row.get("power"), row.get("price")
    chip = chip_of(plain, catalog)
    of_chip = values(held("chip", catalog)[chip]).get("power") if chip else None
    if gpus and power is not None and of_chip:
        _, low, high = bound("system_over_chips", catalog)
        if not low <= power / (gpus * of_chip) <= high:
            expected = f"{low * gpus * of_chip / KILO:.3g} to {high * gpus * of_chip / KILO:.3g} kW"
            rule = f"IT power of a system by the design power of its {gpus:g} chips ({chip})"
            slip = (
                "power of one tray or chip, or a unit slip"
                if power < gpus * of_chip
                else "power of several, or a unit slip"
            )
            found.append(Finding(ROOM, name, "power", f"{power / KILO:.4g} kW", expected, rule, slip))
    if gpus and price is not None:
        _, low, high = bound("price_of_chip", catalog)
        if not low <= price / gpus <= high:
            expected, rule = (
                f"{low * gpus:,.0f} to {high * gpus:,.0f} USD",
                "price of a system by its accelerators",
            )
            slip = "price of one chip" if price < low * gpus else "price of several, or a unit slip"
            found.append(Finding(ROOM, name, "price", f"{price:,.0f} USD", expected, rule, slip))
    for quantity in ("power", "price"):
        if (
            quantity in row
            and quantity in known
            and not any(finding.quantity == quantity for finding in found)
        ):
            ratio = row[quantity] / known[quantity]
            if abs(ratio - 1) > 3 * bound("agreement", catalog)[0]:
                rule = "a figure of a known system agrees with the catalogue"
                expected, got = f"{known[quantity]:,.6g}", f"{row[quantity]:,.6g}"
                found.append(Finding(ROOM, name, quantity, got, expected, rule, slip_of(ratio, quantity)))
    return found


def audit_parts(table: Iterable[Mapping[str, str]], catalog: Catalog | None = None) -> list[Finding]:
    """Return percentages that do not follow from their counts.

    Parameters
    ----------
    table
        Rows with ``count``, a percentage (a column that begins with ``pct`` or ``percent``) and, where the
        whole is not the sum of the counts, ``total``.
    catalog
        Facts; those that come with narrows if left out.

    Examples
    --------
    >>> rows = [{"component": "GPU", "count": "148", "pct": "30.1", "total": "419"}]
    >>> [(finding.found, finding.expected) for finding in audit_parts(rows)]
    [('30.1 %', '35.3 % (148 of 419)')]
    """
    rows = list(table)
    counts = [number_of(row.get("count", "")) for row in rows]
    whole = sum(count for count in counts if count is not None)
    rounding = bound("percent_rounding", catalog)[0]
    found = []
    for row, count in zip(rows, counts, strict=True):
        column = next((word for word in row if word.startswith(("pct", "percent"))), None)
        printed = number_of(row[column].replace("%", "").strip()) if column else None
        total = number_of(row.get("total", "")) or whole
        if count is None or printed is None or not total:
            continue
        share = count / total
        if abs(printed / 100 - share) <= rounding:
            continue
        name = next((word for key, word in row.items() if key not in {"count", "total", column}), "")
        slip = (
            "a share given as percent"
            if abs(printed - share) <= rounding
            else "the percentage is of another whole, or mistyped"
        )
        expected = f"{100 * share:.1f} % ({count:g} of {total:g})"
        found.append(
            Finding(ROOM, name, column or "", f"{printed:g} %", expected, "percent = count / whole", slip)
        )
    return found


def audit_statements(table: Iterable[Mapping[str, str]], catalog: Catalog | None = None) -> list[Finding]:
    """Return single statements that no statement of the catalogue comes near, or that contradict each other.

    Parameters
    ----------
    table
        Rows with ``id`` (of a fact), ``value`` and ``unit``.
    catalog
        Facts; those that come with narrows if left out.

    Raises
    ------
    UnknownNameError
        An id is not that of a fact.
    DataError
        A value is no number.

    Examples
    --------
    >>> said = {"id": "model.llama-3.1-405b.kv_heads", "value": "16", "unit": "1"}
    >>> [finding.expected for finding in audit_statements([said])]
    ['8']
    """
    whole = catalog or default()
    found: list[Finding] = []
    said: dict[str, float] = {}
    for row in table:
        name, value = row.get("id", ""), number_of(row.get("value", ""))
        if not whole.has(name):
            raise UnknownNameError(
                "fact", name, whole.statements_by_id, remedy="List them with `narrows facts`"
            )
        if value is None:
            raise DataError(
                f"The value of {name!r} is {row.get('value')!r}", "A value is a number", "Correct it"
            )
        number = _read(value, row.get("unit", ""), whole.fact(name))
        found += _statement(name, number, value, row.get("unit", ""), whole)
        if (
            name in said
            and abs(number / said[name] - 1) > DIFFERENT
            and not any(each.where == name for each in found)
        ):
            rule = "statements of one quantity agree"
            found.append(
                Finding(
                    ROOM,
                    name,
                    "value",
                    f"{value:g}",
                    "the other statement",
                    rule,
                    "two sources differ; keep both",
                )
            )
        said[name] = number
    return found


def _read(value: float, unit: str, fact: Fact) -> float:
    """Return a value in the canonical unit of a fact; in another dimension, as if it were right."""
    try:
        read = parse(unit or fact.unit)
        return to_canonical(value, read.text) if read.symbol == fact.canonical_unit else value
    except NarrowsError:
        return value


def _statement(name: str, number: float, value: float, unit: str, catalog: Catalog) -> list[Finding]:
    statements = catalog.statements(name)
    near = bound("agreement", catalog)[0] if name.startswith(CHECKED) else DIFFERENT
    known = [fact.canonical_value for fact in statements]
    exact = statements[0].kind == "spec" or statements[0].unit in {"1", "share"}
    best = min(known, key=lambda each: abs(number / each - 1) if each else abs(number))
    quantity = name.rpartition(".")[2]
    inside = any(fact.canonical_low <= number <= fact.canonical_high for fact in statements)
    gibi = quantity == "memory" and min(abs(number / best - GIBI), abs(number / best - 1 / GIBI)) < DIFFERENT
    first = statements[0]
    if number != first.canonical_value and transposed(from_canonical(number, first.unit), first.value):
        expected, rule = (
            f"{first.value:,.6g} {first.unit}",
            "a figure has the digits of its source in their order",
        )
        return [
            Finding(ROOM, name, quantity, f"{value:,.6g} {unit}", expected, rule, "two digits changed places")
        ]
    if inside or (
        not gibi and best and abs(number / best - 1) <= (DIFFERENT if exact and near == DIFFERENT else near)
    ):
        return []
    fact = statements[known.index(best)]
    told = "" if fact.unit == "1" else f" {fact.unit}"
    expected = f"{from_canonical(best, fact.unit):,.6g}{told}"
    if name.startswith("chip."):
        expected = shown(quantity, best)
    rule = f"a figure agrees with a statement of the catalogue ({fact.source})"
    slip = slip_of(number / best, quantity) if best else "no usual slip; look at the source"
    return [
        Finding(ROOM, name, quantity, f"{value:,.6g} {unit}".removesuffix(" 1").strip(), expected, rule, slip)
    ]


def transposed(first: float, second: float) -> bool:
    """Return whether two numbers have the same digits in another order.

    Examples
    --------
    >>> transposed(5167.0, 5176.0), transposed(5167.0, 5167.0), transposed(80.0, 800.0)
    (True, False, False)
    """
    texts = f"{first:.6g}", f"{second:.6g}"
    return texts[0] != texts[1] and sorted(texts[0]) == sorted(texts[1]) and len(set(texts[0])) > 1


def conflicts(prefix: str, catalog: Catalog | None = None) -> list[tuple[Fact, ...]]:
    """Return the quantities of which the catalogue keeps statements that differ.

    Parameters
    ----------
    prefix
        First part of the fact ids, such as ``chip``.
    catalog
        Facts; those that come with narrows if left out.

    Examples
    --------
    >>> "chip.gaudi3.bf16" in [statements[0].id for statements in conflicts("chip")]
    True
    """
    return [
        statements
        for quantities in held(prefix, catalog).values()
        for statements in quantities.values()
        if max(fact.canonical_value for fact in statements)
        > (1 + DIFFERENT) * min(fact.canonical_value for fact in statements)
        or any(transposed(fact.value, statements[0].value) for fact in statements[1:])
    ]
