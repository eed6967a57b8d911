"""What an audit finds, and the rows that it reads."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from narrows.catalog import default
from narrows.compute.holdings import chip_named, family_of, held, values
from narrows.errors import DataError
from narrows.units import to_canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from narrows.catalog.catalog import Catalog

__all__ = ["Finding", "Row", "bound", "chip_rows", "held_rows", "is_chip_table", "read_table", "slip_of"]

COLUMNS = {
    "bf16_dense_tflops": ("bf16", "Tflop/s"),
    "fp8_dense_tflops": ("fp8", "Tflop/s"),
    "fp4_dense_tflops": ("fp4", "Tflop/s"),
    "int8_dense_tops": ("int8", "Tflop/s"),
    "mem_gb": ("memory", "GB"),
    "mem_bw_tbps": ("bandwidth", "TB/s"),
    "scaleup_unidir_gbps": ("scale_up", "GB/s"),
    "power_w": ("power", "W"),
    "die_mm2": ("die", "mm2"),
    "transistors_b": ("transistors", "1"),
    "price_usd": ("price", "usd"),
    "mamf_bf16_tflops": ("best_bf16", "Tflop/s"),
    "mamf_fp8_tflops": ("best_fp8", "Tflop/s"),
    "units": ("units", "1"),
    "clock_ghz": ("clock", "GHz"),
    "fma_per_unit_per_clock": ("fma", "1"),
}
"""Quantity and unit by column of a table of accelerators."""
FACTOR = {"transistors_b": 1e9}
MOST = 1e24  # no table prints a larger number
LONGEST = 2**24  # byte; such tables have a few ten thousand
GIBI = 2**30 / 1e9
THOUSANDS = (1e3, 1e6, 1e9, 1e12)
COUNTS = (4.0, 6.0, 8.0, 12.0, 16.0, 32.0, 64.0, 72.0, 144.0, 256.0)
"""Chips of an instance, a server or a rack."""
NEAR = 0.06
"""How near to a slip a ratio must be."""
LINKS = {"scale_up", "scale_out", "bandwidth"}
RATES = {"bf16", "fp8", "fp4", "int8"}
BITS = 8.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One figure that cannot be, or that contradicts another.

    Parameters
    ----------
    room
        Whose rule found it.
    where
        Name of the row, or id of the fact.
    quantity
        What is wrong.
    found, expected
        In words, with units.
    rule
        The rule that it breaks.
    slip
        What most likely happened.
    """

    room: str
    where: str
    quantity: str
    found: str
    expected: str
    rule: str
    slip: str


@dataclass(frozen=True, slots=True)
class Row:
    """One accelerator as some table gives it, in canonical units.

    Parameters
    ----------
    name
        As the table prints it.
    numbers
        By quantity [canonical unit].
    vendor, memory_type
        As printed; may be empty.
    chip
        Name in the catalogue, None where it holds no such chip.
    family
        Chips of the catalogue with the same first word.
    own
        The row is that of the catalogue itself.
    impossible
        Figures as printed that are not above zero, or larger than any; no other rule reads them.
    """

    name: str
    numbers: Mapping[str, float]
    vendor: str = ""
    memory_type: str = ""
    chip: str | None = None
    family: tuple[str, ...] = ()
    own: bool = False
    impossible: Mapping[str, float] = field(default_factory=dict)


def bound(name: str, catalog: Catalog | None = None) -> tuple[float, float, float]:
    """Return value, low and high of a limit that the audit keeps to, the fact ``audit.<name>``.

    Examples
    --------
    >>> bound("agreement")[0]
    0.12
    """
    fact = (catalog or default()).fact(f"audit.{name}")
    return fact.canonical_value, fact.canonical_low, fact.canonical_high


def read_table(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file.

    Raises
    ------
    DataError
        It cannot be read, or has no rows.
    """
    try:
        if path.stat().st_size > LONGEST:
            raise DataError(
                f"The file {str(path)!r} is larger than 16 MiB", "A table has some thousand rows", "Cut it"
            )
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [
                {
                    (key or "").strip(): (word or "").strip()
                    for key, word in row.items()
                    if isinstance(word, str | None)
                }
                for row in csv.DictReader(file)
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or "it is not a table in UTF-8"
        raise DataError(
            f"The file {str(path)!r} cannot be read: {reason}",
            "An audit reads a CSV with a header",
            "Check the path",
        ) from None
    if not rows:
        raise DataError(
            f"The file {str(path)!r} has no rows", "An audit reads a CSV with a header", "Check the file"
        )
    return rows


def is_chip_table(columns: Iterable[str]) -> bool:
    """Return whether columns are those of a table of accelerators."""
    names = set(columns)
    return "name" in names and bool(names & (COLUMNS.keys() - {"units", "price_usd", "power_w"}))


def number_of(word: str) -> float | None:
    """Return a printed number, None for none; ``~1600 (2 dies)`` is 1600.

    Examples
    --------
    >>> number_of("~1600 (2 dies)"), number_of("2 dies"), number_of("")
    (1600.0, None, None)
    """
    found = re.fullmatch(r"~?\s*(-?[\d,]*\.?\d+(?:[eE][+-]?\d+)?)\s*(?:\(.*\))?", word)
    return float(found[1].replace(",", "")) if found else None


def chip_rows(table: Iterable[Mapping[str, str]], catalog: Catalog | None = None) -> list[Row]:
    """Return the accelerators of a table in the form of ``accelerators.csv``."""
    known = list(held("chip", catalog))
    rows = []
    for line in table:
        numbers, impossible = {}, {}
        for column, (quantity, unit) in COLUMNS.items():
            value = number_of(line.get(column, ""))
            if value is not None and not 0 < value < MOST:
                impossible[quantity] = value
            elif value is not None:
                numbers[quantity] = to_canonical(value * FACTOR.get(column, 1.0), unit)
        name = line.get("name", "")
        chip = chip_named(name, known)
        rows.append(
            Row(
                name,
                numbers,
                line.get("vendor", ""),
                line.get("mem_type", ""),
                chip,
                tuple(family_of(name, known)),
                impossible=impossible,
            )
        )
    return rows


def held_rows(catalog: Catalog | None = None) -> list[Row]:
    """Return the accelerators of the catalogue, each with the statements that are used."""
    rows = []
    for name, quantities in held("chip", catalog).items():
        kind = next((word.removeprefix("stacks_") for word in quantities if word.startswith("stacks_")), "")
        rows.append(Row(f"chip.{name}", values(quantities), "", kind, name, (name,), own=True))
    return rows


def slip_of(ratio: float, quantity: str) -> str:
    """Return the usual slip behind a ratio of found to expected.

    Parameters
    ----------
    ratio
        Found over expected.
    quantity
        Of what; links, rates and memory have slips of their own.

    Examples
    --------
    >>> slip_of(2.0, "scale_up")
    'both ways given as one way'
    >>> slip_of(12.0, "bandwidth")
    'the value of an instance or node of 12 chips given as that of one'
    """
    if ratio <= 0:
        return "a rate cannot be zero or negative"
    for known, words in _known(quantity):
        if abs(ratio / known - 1) < NEAR:
            return words
    if quantity == "memory" and min(abs(ratio / GIBI - 1), abs(ratio * GIBI - 1)) < NEAR / 4:
        return "GiB and GB taken for each other"
    return "no usual slip; look at the source"


def _known(quantity: str) -> list[tuple[float, str]]:
    """Return ratios and what they mean, the most particular first."""
    pairs = []
    if quantity in RATES:
        pairs += [
            (2.0, "a rate with sparsity given as dense"),
            (0.5, "half: one die, or the rate of a wider type"),
        ]
    elif quantity == "scale_up":
        pairs += [(2.0, "both ways given as one way"), (0.5, "halved although it is one way already")]
    elif quantity in {"memory", "bandwidth", "power"}:
        pairs += [
            (2.0, "the value of a board or superchip of two given as that of one"),
            (0.5, "one of two dies"),
        ]
    for count in COUNTS:
        also = ", or bits taken for bytes" if count == BITS and quantity in LINKS else ""
        pairs.append(
            (count, f"the value of an instance or node of {count:g} chips given as that of one{also}")
        )
    if quantity in LINKS:
        pairs.append((1 / BITS, "divided by eight although it is in bytes already"))
    for step in THOUSANDS:
        pairs += [(step, f"a unit slip of {step:,.0f}"), (1 / step, f"a unit slip of one in {step:,.0f}")]
        pairs += [(step * GIBI, f"a unit slip of {step:,.0f}"), (step / GIBI, f"a unit slip of {step:,.0f}")]
    return pairs
