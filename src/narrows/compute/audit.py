"""Rules of Day 1: rates, silicon, power, price, and the utilisation that runs imply."""

from __future__ import annotations

from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from narrows.compute.finding import RATES, Finding, Row, bound, number_of, slip_of
from narrows.compute.holdings import chip_named, held, values
from narrows.units import from_canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from narrows.catalog import Fact
    from narrows.catalog.catalog import Catalog

__all__ = ["LINES", "against_catalogue", "audit_chips", "audit_runs", "shown", "successors"]

ROOM = "compute"
LINES = (
    ("v100_sxm", "a100_sxm_40gb", "a100_sxm", "h100_sxm", "h200_sxm", "b200_sxm", "b300_sxm", "rubin"),
    ("gb200", "gb300", "rubin"),
    ("mi250x", "mi300x", "mi325x", "mi350x", "mi455x"),
    ("tpu_v2", "tpu_v3", "tpu_v4", "tpu_v5p", "tpu7x"),
    ("tpu_v5e", "tpu_v6e"),
    ("trainium1", "trainium2", "trainium3"),
    ("gaudi2", "gaudi3"),
)
"""Chips of one line, each the successor of the one before."""
GROWS = ("bf16", "fp8", "memory", "bandwidth", "scale_up")
PAIRS = (("fp8", "bf16"), ("fp4", "fp8"))
"""Precisions of which the narrower runs twice as fast, or as fast."""
SHOWN = {
    "bf16": "Tflop/s",
    "fp8": "Tflop/s",
    "fp4": "Tflop/s",
    "int8": "Tflop/s",
    "best_bf16": "Tflop/s",
    "best_fp8": "Tflop/s",
    "memory": "GB",
    "bandwidth": "TB/s",
    "scale_up": "GB/s",
    "power": "W",
    "die": "mm2",
    "price": "usd",
}
WORDS = {"Tflop/s": "TFLOP/s", "usd": "USD", "1": ""}
LOOSE = {"price": 1.5, "transistors": 0.3, "die": 0.3, "best_bf16": 0.3, "best_fp8": 0.3}
"""Quantities that honest sources give with a larger difference."""
WAFER = 0.01  # m2; silicon larger than this is a wafer, not a chip
TWICE = 0.12
SUCCESSOR = {"memory": 0.92}
"""A successor may have a little less where tables take GB for GiB; 0.97 elsewhere, for rounding."""
ROUNDED = 0.97
HUNDRED = 100.0
FAR = 30.0
ENOUGH = 3
SECONDS = 3600.0
MILLION = 1e6


def shown(quantity: str, value: float) -> str:
    """Return a value with the unit in which tables print it.

    Examples
    --------
    >>> shown("bandwidth", 3.35e12)
    '3.35 TB/s'
    """
    unit = SHOWN.get(quantity)
    if unit is None:
        return f"{value:,.4g}"
    number = from_canonical(value, unit)
    text = f"{number:,.5g}" if abs(number) < MILLION else f"{number:.4g}"
    return f"{text} {WORDS.get(unit, unit)}".strip()


def against_catalogue(
    rows: Iterable[Row], quantities: Iterable[str], room: str, catalog: Catalog | None = None
) -> list[Finding]:
    """Return figures of known chips that no statement of the catalogue comes near.

    Parameters
    ----------
    rows
        Accelerators of a table.
    quantities
        Those that the room looks after.
    room
        The room that asks.
    catalog
        Facts; those that come with narrows if left out.
    """
    tables, found = held("chip", catalog), []
    near = bound("agreement", catalog)[0]
    for row in rows:
        if row.chip is None or row.own:
            continue
        for quantity in quantities:
            if quantity not in row.numbers or quantity not in tables[row.chip]:
                continue
            value = row.numbers[quantity]
            known = [fact.canonical_value for fact in tables[row.chip][quantity]]
            if min(abs(value / each - 1) for each in known) <= max(near, LOOSE.get(quantity, 0.0)):
                found += _transposed(row, quantity, value, known, room)
                continue
            best = min(known, key=lambda each: abs(value / each - 1))
            also = sorted({shown(quantity, each) for each in known})
            fact = tables[row.chip][quantity][0]
            found.append(
                Finding(
                    room,
                    row.name,
                    quantity,
                    shown(quantity, value),
                    f"{' or '.join(also)} ({fact.source})",
                    "a figure of a known chip agrees with a statement of the catalogue",
                    slip_of(value / best, quantity),
                )
            )
    return found


def _transposed(row: Row, quantity: str, value: float, known: list[float], room: str) -> list[Finding]:
    """Return a figure that has the digits of a statement in another order."""
    text = sorted(f"{value:.4g}")
    swapped = [each for each in known if each != value and sorted(f"{each:.4g}") == text]
    if not swapped or any(f"{each:.4g}" == f"{value:.4g}" for each in known):
        return []
    expected, rule = shown(quantity, swapped[0]), "a figure has the digits of its source in their order"
    return [
        Finding(room, row.name, quantity, shown(quantity, value), expected, rule, "two digits changed places")
    ]


def audit_chips(rows: list[Row], catalog: Catalog | None = None) -> list[Finding]:
    """Return what breaks a rule of compute.

    Parameters
    ----------
    rows
        Accelerators of a table or of the catalogue.
    catalog
        Facts; those that come with narrows if left out.

    Examples
    --------
    >>> row = Row("X1", {"bf16": 1e15, "fp8": 5e14}, vendor="NVIDIA")
    >>> [finding.quantity for finding in audit_chips([row])]
    ['fp8']
    """
    mine = ("bf16", "fp8", "fp4", "int8", "power", "die", "transistors", "price", "best_bf16", "best_fp8")
    found = [
        Finding(
            ROOM,
            row.name,
            quantity,
            f"{value:g}",
            "a number above zero",
            "quantities are above zero",
            "a cell mistyped",
        )
        for row in rows
        for quantity, value in row.impossible.items()
    ]
    found += against_catalogue(rows, mine, ROOM, catalog)
    flagged = {(finding.where, finding.quantity) for finding in found}
    for row in rows:
        for finding in (
            *_precisions(row, catalog),
            *_units(row),
            *_measured(row),
            *_silicon(row, catalog),
            *_sizes(row, catalog),
        ):
            if (row.name, finding.quantity) not in flagged:
                found.append(finding)
                flagged.add((row.name, finding.quantity))
    return [*found, *successors(rows, GROWS[:2], ROOM, flagged, catalog)]


def _precisions(row: Row, catalog: Catalog | None) -> list[Finding]:
    """Return rates that are not once or twice that of the wider type, unless the chip states it."""
    found = []
    stated = values(held("chip", catalog)[row.chip]) if row.chip else {}
    for narrow, wide in PAIRS:
        if narrow not in row.numbers or wide not in row.numbers:
            continue
        ratio = row.numbers[narrow] / row.numbers[wide]
        if narrow in stated and wide in stated and abs(ratio / (stated[narrow] / stated[wide]) - 1) < TWICE:
            continue
        if _known_to_agree(row, (narrow, wide), catalog):
            continue
        allowed = (2.0,) if row.vendor in {"NVIDIA", "AMD"} else (1.0, 2.0)
        if any(abs(ratio / each - 1) < TWICE for each in allowed):
            continue
        expected = shown(narrow, 2 * row.numbers[wide])
        rule = f"{narrow} runs at twice the rate of {wide} unless the chip states another ratio"
        found.append(
            Finding(
                ROOM,
                row.name,
                narrow,
                shown(narrow, row.numbers[narrow]),
                expected,
                rule,
                slip_of(ratio / 2, narrow),
            )
        )
    if (
        "int8" in row.numbers
        and "bf16" in row.numbers
        and not _known_to_agree(row, ("int8", "bf16"), catalog)
    ):
        ratio = row.numbers["int8"] / row.numbers["bf16"]
        if ratio > 2 * (1 + TWICE):
            expected = f"at most {shown('int8', 2 * row.numbers['bf16'])}"
            rule = "int8 runs at most at twice the rate of bf16"
            slip = f"{slip_of(ratio / 2, 'int8')}, or bf16 is that of another unit"
            found.append(
                Finding(ROOM, row.name, "int8", shown("int8", row.numbers["int8"]), expected, rule, slip)
            )
    return found


def _known_to_agree(row: Row, quantities: tuple[str, ...], catalog: Catalog | None) -> bool:
    """Return whether each figure is near a statement of the catalogue: then the ratio is stated."""
    if row.chip is None:
        return False
    table = held("chip", catalog)[row.chip]
    near = bound("agreement", catalog)[0]
    return all(
        word in table
        and min(abs(row.numbers[word] / fact.canonical_value - 1) for fact in table[word]) <= near
        for word in quantities
    )


def _units(row: Row) -> list[Finding]:
    """Return a rate that is not units x clock x 2 x multiply-adds."""
    needed = ("units", "clock", "fma", "bf16")
    if any(word not in row.numbers for word in needed):
        return []
    units, clock, fma, rate = (row.numbers[word] for word in needed)
    expected = 2.0 * units * clock * fma
    if abs(rate / expected - 1) < TWICE / 2:
        return []
    rule = "rate = units x clock x 2 x multiply-adds of a unit in a clock"
    return [
        Finding(
            ROOM,
            row.name,
            "bf16",
            shown("bf16", rate),
            shown("bf16", expected),
            rule,
            slip_of(rate / expected, "bf16"),
        )
    ]


def _measured(row: Row) -> list[Finding]:
    """Return measured rates above the peak."""
    found = []
    for word in ("bf16", "fp8"):
        best, peak = row.numbers.get(f"best_{word}"), row.numbers.get(word)
        if best is not None and peak is not None and best > peak:
            rule = "a measured rate is at most the peak rate"
            slip = slip_of(best / peak, word)
            found.append(
                Finding(
                    ROOM,
                    row.name,
                    f"best_{word}",
                    shown(word, best),
                    f"at most {shown(word, peak)}",
                    rule,
                    slip,
                )
            )
    return found


def _silicon(row: Row, catalog: Catalog | None) -> list[Finding]:
    """Return transistors that do not fit on the silicon."""
    count, die = row.numbers.get("transistors"), row.numbers.get("die")
    _, low, high = bound("transistors_per_area", catalog)
    if count is None:
        return []
    area = die or WAFER
    density = count / area / MILLION
    if (die is None or density >= low) and density <= high * (1.0 if die else 1e2):
        return []
    expected = f"{low * area * MILLION:.2g} to {high * area * MILLION:.2g} on {area * 1e6:,.0f} mm2"
    ratio = density / (low * high) ** 0.5
    slip = (
        f"a unit slip of about {ratio:.0e}"
        if die is None or not 1 / HUNDRED < ratio < HUNDRED
        else "one die of several, or another area"
    )
    return [
        Finding(
            ROOM, row.name, "transistors", f"{count:.3g}", expected, "transistors fit on the silicon", slip
        )
    ]


def _sizes(row: Row, catalog: Catalog | None) -> list[Finding]:
    """Return rates, powers and prices that no chip has; wafers are not judged."""
    if row.numbers.get("die", 0.0) > WAFER or "wse" in row.name.lower() or "wafer" in row.name.lower():
        return []
    found = []
    for quantity, name in (("power", "power_of_chip"), ("price", "price_of_chip")):
        value = row.numbers.get(quantity)
        middle, low, high = bound(name, catalog)
        if value is not None and not low <= value <= high:
            expected = f"{shown(quantity, low)} to {shown(quantity, high)}"
            rule = f"{quantity} of one chip"
            found.append(
                Finding(
                    ROOM,
                    row.name,
                    quantity,
                    shown(quantity, value),
                    expected,
                    rule,
                    _size_slip(value / middle, quantity),
                )
            )
    for under, name, unit in (
        ("power", "rate_per_power", "TFLOP/J"),
        ("bandwidth", "rate_per_bandwidth", "FLOP/byte"),
    ):
        below, rate = row.numbers.get(under), row.numbers.get("bf16")
        if not below or rate is None or (under == "power" and any(f.quantity == "power" for f in found)):
            continue
        middle, low, high = bound(name, catalog)
        if not low <= rate / below <= high:
            scale = 1e12 if under == "power" else 1.0
            told = f"{shown('bf16', rate)}, {rate / below / scale:.3g} {unit}"
            expected = f"{low / scale:.3g} to {high / scale:.3g} {unit}"
            rule = f"bf16 rate by {under}, as accelerators have it"
            found.append(
                Finding(
                    ROOM, row.name, "bf16", told, expected, rule, _size_slip(rate / below / middle, "bf16")
                )
            )
    return found


def _size_slip(ratio: float, quantity: str) -> str:
    """Return the slip behind a size far from all others, where only its order is known."""
    kilo = 1e3
    if ratio > kilo / 10 or ratio < 10 / kilo:
        return "a unit slip of a thousand or more"
    return (
        "the value of a node, or of another precision"
        if quantity in RATES
        else "the value of a system, or another unit"
    )


def successors(
    rows: list[Row],
    quantities: Iterable[str],
    room: str,
    flagged: set[tuple[str, str]],
    catalog: Catalog | None = None,
) -> list[Finding]:
    """Return successors that have less than the chip before them.

    Parameters
    ----------
    rows
        Accelerators.
    quantities
        What does not shrink.
    room
        The room that asks.
    flagged
        Pairs (row, quantity) that are already found.
    catalog
        Facts; those that come with narrows if left out.
    """
    by_chip = {row.chip: row for row in rows if row.chip}
    tables = held("chip", catalog)
    found = []
    for line in LINES:
        for before, after in pairwise(line):
            for quantity in quantities:
                old = _number(by_chip.get(before), tables[before], quantity, most=False)
                new = _number(by_chip.get(after), tables[after], quantity, most=True)
                row = by_chip.get(after) or by_chip.get(before)
                if row is None or old is None or new is None or new >= SUCCESSOR.get(quantity, ROUNDED) * old:
                    continue
                if not {(row.name, quantity), (getattr(by_chip.get(before), "name", ""), quantity)} & flagged:
                    rule = f"{after} has at least the {quantity} of {before}, which it succeeds"
                    expected = f"at least {shown(quantity, old)}"
                    slip = slip_of(new / old, quantity)
                    found.append(
                        Finding(room, row.name, quantity, shown(quantity, new), expected, rule, slip)
                    )
    return found


def _number(
    row: Row | None, table: Mapping[str, tuple[Fact, ...]], quantity: str, *, most: bool
) -> float | None:
    """Return the figure of a row, or the most or the least that the catalogue states of its chip."""
    if row is not None:
        return row.numbers.get(quantity)
    stated = [fact.canonical_value for fact in table.get(quantity, ())]
    return (max if most else min)(stated) if stated else None


def audit_runs(table: Iterable[Mapping[str, str]], catalog: Catalog | None = None) -> list[Finding]:
    """Return training runs whose utilisation cannot be, or contradicts what was recorded.

    Parameters
    ----------
    table
        Rows in the form of ``epoch_training_runs.csv``.
    catalog
        Facts; those that come with narrows if left out.

    Notes
    -----
    Implied utilisation = FLOP / (chip-hours x 3600 x peak). It is read where the table gives it, and
    computed with the peak of the catalogue where it does not.

    Examples
    --------
    >>> run = {"model": "A", "recorded_mfu": "0.4", "implied_mfu": "0.3", "compute_from_hardware": "0"}
    >>> [finding.expected for finding in audit_runs([run])]
    ['0.4 within 15 %']
    """
    found = []
    apart, most = bound("mfu_difference", catalog)[0], bound("mfu_most", catalog)[0]
    runs = list(table)
    peaks = _peaks(runs)
    for run in runs:
        name = run.get("model") or run.get("name", "")
        recorded, given = number_of(run.get("recorded_mfu", "")), number_of(run.get("implied_mfu", ""))
        found += _chip_hours(name, run)
        own = _implied(run, peaks, catalog)
        implied = given if given is not None else own
        for word, value in (("recorded_mfu", recorded), ("implied_mfu", implied)):
            if value is not None and value > most:
                slip = "percent given as a share" if word == "recorded_mfu" else _run_slip(run)
                found.append(
                    Finding(
                        ROOM,
                        name,
                        word,
                        f"{value:.4g}",
                        f"at most {most:g}",
                        "no run does more than the peak",
                        slip,
                    )
                )
        if given is not None and own is not None and abs(given / own - 1) > TWICE:
            rule = "implied utilisation = FLOP / (chip-hours x 3600 x peak)"
            found.append(
                Finding(
                    ROOM, name, "implied_mfu", f"{given:.4g}", f"{own:.4g}", rule, slip_of(given / own, "mfu")
                )
            )
        if not recorded or implied is None or abs(implied / recorded - 1) <= apart:
            continue
        circular = run.get("compute_from_hardware", "") == "1"
        slip = "hours, chips or FLOP are those of another part of the run"
        slip += (
            "; the FLOP was itself derived from hardware time with another utilisation" if circular else ""
        )
        rule = "recorded and implied utilisation agree"
        found.append(
            Finding(
                ROOM,
                name,
                "recorded and implied MFU",
                f"{implied:.4g}",
                f"{recorded:.4g} within {100 * apart:.0f} %",
                rule,
                slip,
            )
        )
    return found


def _chip_hours(name: str, run: Mapping[str, str]) -> list[Finding]:
    """Return chip-hours that chips x hours misses by far; phases with fewer chips explain a factor of ten."""
    given, product = _hours(run)
    if not given or not product or 1 / FAR < given / product < FAR:
        return []
    rule, slip = "chip-hours = chips x hours", slip_of(given / product, "chip_hours")
    return [Finding(ROOM, name, "chip_hours", f"{given:,.6g}", f"{product:,.6g}", rule, slip)]


def _hours(run: Mapping[str, str]) -> tuple[float | None, float | None]:
    """Return chip-hours as given, and as chips x hours."""
    count, time = number_of(run.get("n_chips", "")), number_of(run.get("hours", ""))
    return number_of(run.get("chip_hours", "")), count * time if count and time else None


def _implied(run: Mapping[str, str], peaks: Mapping[str, float], catalog: Catalog | None) -> float | None:
    """Return the utilisation that FLOP and chip-hours imply at the peak of the catalogue, or of the table."""
    flop = number_of(run.get("training_flop", ""))
    given, product = _hours(run)
    hours = given or product
    if not flop or not hours:
        return None
    hardware = run.get("hardware", "")
    chip = chip_named(hardware, held("chip", catalog))
    peak = values(held("chip", catalog)[chip]).get("bf16") if chip else peaks.get(hardware)
    return None if not peak else flop / (hours * SECONDS * peak)


def _peaks(table: Iterable[Mapping[str, str]]) -> dict[str, float]:
    """Return the peak that most runs on one machine imply [flop/s], where there are three."""
    found: dict[str, list[float]] = {}
    for run in table:
        flop, mfu = number_of(run.get("training_flop", "")), number_of(run.get("implied_mfu", ""))
        given, product = _hours(run)
        if run.get("hardware") and flop and mfu and (given or product):
            found.setdefault(run.get("hardware", ""), []).append(
                flop / (given or product or 1.0) / SECONDS / mfu
            )
    return {hardware: median(peaks) for hardware, peaks in found.items() if len(peaks) >= ENOUGH}


def _run_slip(run: Mapping[str, str]) -> str:
    """Return what most likely makes a run do more than its machine can."""
    if number_of(run.get("params", "")) is None:
        return "the FLOP of another run, or hours of a part only"
    return "the FLOP carries the training of the base model, the hours only this run"
