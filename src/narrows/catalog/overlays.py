"""Scenarios: changes laid over facts, the one way in which shocks and users alter the model.

A scenario sets facts to values, and scales facts or whole series by factors. It may override only
facts that exist (convention §5).
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from narrows import __version__, draws, quarters, units
from narrows.catalog.documents import read_bytes, read_toml
from narrows.catalog.fact import SCENARIO, Fact, series_of
from narrows.catalog.records import OVERLAY, SETTING, Desk, read_record
from narrows.errors import NarrowsError, UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Statements = Mapping[str, tuple[Fact, ...]]
    Series = Mapping[str, list[str]]

__all__ = ["Overlay", "Scaling", "Setting", "changed", "read_overlay", "scenario_id"]

_ID_BYTES = 8
_HALF_QUARTER = 0.125  # year
_FARTHEST = 1e6  # times: enough for any question, and far from where floats overflow


@dataclass(frozen=True, slots=True)
class Setting:
    """A fact set to a value.

    Parameters
    ----------
    id
        The fact.
    value
        The new value [unit].
    unit
        Unit of the three numbers.
    low, high
        New bounds [unit]; both None for an exact value.
    level
        What low and high mean; empty for the level of the fact.
    """

    id: str
    value: float
    unit: str
    low: float | None = None
    high: float | None = None
    level: str = ""


@dataclass(frozen=True, slots=True)
class Scaling:
    """A fact, or all facts of a series, times a factor.

    Parameters
    ----------
    name
        Fact id, or the id of a series.
    factor
        0 or more [ratio].
    window
        Quarters ``2026Q4:2027Q4``: only the facts whose period has its middle there; empty for all.
    """

    name: str
    factor: float
    window: str = ""


@dataclass(frozen=True, slots=True)
class Overlay:
    """A scenario.

    Parameters
    ----------
    name, why
        What it is called, and why one would think so.
    settings
        Facts set to values.
    scalings
        Facts and series times factors. A fact that is set as well is not scaled.

    Examples
    --------
    >>> Overlay("CoWoS slips", scalings=(Scaling("cowos.capacity", 0.8),)).scalings[0].factor
    0.8
    """

    name: str
    why: str = ""
    settings: tuple[Setting, ...] = ()
    scalings: tuple[Scaling, ...] = ()


def read_overlay(path: str | Path) -> Overlay:
    """Read a scenario file.

    Parameters
    ----------
    path
        TOML file with ``name`` and any of ``why``, ``[set]``, ``[scale]``, ``[quarters]``.

    Raises
    ------
    DataError
        The file cannot be read, or is not TOML.
    UsageError
        It holds something that a scenario cannot.
    """
    path = Path(path)
    where = f"Scenario file {path.as_posix()!r}"
    table = read_toml(read_bytes(path, where), where)
    desk = Desk()
    record = read_record(table, OVERLAY, where, desk) or {}
    settings = [_setting(name, raw, where, desk) for name, raw in record.get("set", {}).items()]
    windows = record.get("quarters", {})
    scalings = []
    for name, factor in record.get("scale", {}).items():
        if isinstance(factor, bool) or not isinstance(factor, int | float):
            desk.refuse(
                f"{where}: the scale of {name!r} is {_shown(factor)}",
                "A scale is a number; 0.8 takes a fifth away",
                f'Write "{name}" = 0.8' if "." in name else 'Put the id in quotes: "cowos.capacity" = 0.8',
            )
            continue
        scalings.append(Scaling(name, float(factor), _window(name, windows.get(name, ""), where, desk)))
    for name in sorted(windows.keys() - record.get("scale", {}).keys()):
        desk.refuse(
            f"{where}: quarters names {name!r}, which is not scaled", "Quarters limit a scale", "Remove it"
        )
    if desk.problems:
        first = desk.problems[0]
        raise UsageError(first.given, first.acceptable, first.remedy)
    return Overlay(
        record["name"], record["why"], tuple(setting for setting in settings if setting), tuple(scalings)
    )


def scenario_id(overlay: Overlay, vintage: str) -> str:
    """Return the identifier of a scenario, 16 hexadecimal digits.

    Parameters
    ----------
    overlay
        The changes; their order, the name and the reason do not count.
    vintage
        Vintage of the facts under it.

    Examples
    --------
    >>> first, second = Scaling("cowos.capacity", 0.8), Scaling("rack.capacity", 1.1)
    >>> one = scenario_id(Overlay("a", scalings=(first, second)), "2026-09")
    >>> one == scenario_id(Overlay("b", scalings=(second, first)), "2026-09")
    True
    """
    settings = [asdict(setting) for setting in overlay.settings]
    scalings = [asdict(scaling) for scaling in overlay.scalings]
    changes = sorted(json.dumps(change, sort_keys=True) for change in settings + scalings)
    text = json.dumps([changes, vintage, __version__])
    return blake2b(text.encode(), digest_size=_ID_BYTES).hexdigest()


def changed(
    overlay: Overlay, statements: Statements, series: Series, known: Iterable[str], asked: object
) -> Statements:
    """Return the statements that a scenario puts in place of others.

    Parameters
    ----------
    overlay
        The changes.
    statements
        Statements by fact id.
    series
        Ids of the facts of each series.
    known
        Ids of the whole catalogue.
    asked
        The day on which `statements` were known, for the messages.

    Raises
    ------
    UsageError
        A fact is not known, a unit has another dimension, or a number is out of range.
    """
    place = f"Scenario {overlay.name!r}"
    names = [setting.id for setting in overlay.settings] + [scaling.name for scaling in overlay.scalings]
    _check_known(names, statements, series, known, f"{asked}", place)
    factors: dict[str, float] = {}
    for scaling in overlay.scalings:
        for name in _scaled(statements, series, scaling, place):
            factors[name] = factors.get(name, 1.0) * scaling.factor
    why = overlay.why or overlay.name
    changes = {
        name: tuple(_times(fact, factor, why, place) for fact in statements[name])
        for name, factor in factors.items()
    }
    for setting in overlay.settings:
        changes[setting.id] = (_set(_one(statements, setting.id, place), setting, why, place),)
    return changes


# --- reading ------------------------------------------------------------------------------------


def _shown(value: Any) -> str:
    return "a table" if isinstance(value, dict) else "a list" if isinstance(value, list) else repr(value)


def _setting(name: str, raw: Any, where: str, desk: Desk) -> Setting | None:
    if "." not in name:
        desk.refuse(
            f"{where}: set names {name!r}, which is no fact id",
            "A fact id has dots, as in cowos.capacity.2026-12",
            'Put the id in quotes: "cowos.capacity.2026-12" = { value = 70000, unit = "wafer/month" }',
        )
        return None
    record = read_record(raw, SETTING, f"{where}, fact {name!r}", desk)
    if record is None:
        return None
    numbers = {key: None if record[key] is None else float(record[key]) for key in ("low", "high")}
    return Setting(name, float(record["value"]), record["unit"], level=record["level"], **numbers)


def _window(name: str, text: Any, where: str, desk: Desk) -> str:
    try:
        return ":".join(map(str, _ends(text))) if text != "" else ""
    except (NarrowsError, TypeError, AttributeError):
        desk.refuse(
            f"{where}: the quarters of {name!r} are {_shown(text)}",
            "Quarters are a text such as 2026Q4:2027Q4",
            f'Write "{name}" = "2026Q4:2027Q4"',
        )
        return ""


def _ends(text: str) -> tuple[quarters.Quarter, quarters.Quarter]:
    span = quarters.span(text)
    return span[0], span[-1]


# --- laying over --------------------------------------------------------------------------------


def _check_known(  # noqa: PLR0917 (what stands, and what is asked of it)
    names: list[str], statements: Statements, series: Series, known: Iterable[str], asked: str, place: str
) -> None:
    """Check that a scenario changes what exists, and what was known on the day asked for."""
    for name in names:
        if name in statements or name in series:
            continue
        ever = {*known, *(series_of(fact)[0] for fact in known)}
        if name in ever:
            raise UsageError(
                f"{place} changes {name!r}, of which nothing was known on {asked}",
                "A scenario changes what was known",
                "Leave it out, or ask for a later day",
            )
        raise UsageError(
            f"{place} changes {name!r}, which is no fact and no series",
            f"The nearest: {', '.join(map(repr, nearest(name, ever))) or 'none'}",
            "A scenario may override only facts that exist; list them with `narrows facts`",
        )


def _one(statements: Statements, name: str, place: str) -> Fact:
    """Return the statement that a setting replaces; a series is scaled, never set."""
    if name in statements:
        return statements[name][0]
    inside = [repr(other) for other in statements if series_of(other)[0] == name]
    raise UsageError(
        f"{place} sets the series {name!r}", f"Its facts: {', '.join(inside)}", "Set each of them"
    )


def _scaled(statements: Statements, series: Series, scaling: Scaling, place: str) -> list[str]:
    """Return the ids of the facts that a scaling touches."""
    if not (math.isfinite(scaling.factor) and scaling.factor >= 0):
        raise UsageError(
            f"{place} scales {scaling.name!r} by {scaling.factor}",
            "A factor is a finite number from 0",
            "Write 0.8 to take a fifth away",
        )
    names = series.get(scaling.name) or [scaling.name]
    if not scaling.window:
        return names
    first, last = _ends(scaling.window)
    start, end = first.midpoint - _HALF_QUARTER, last.midpoint + _HALF_QUARTER
    facts = sorted((statements[name][0] for name in names), key=lambda fact: fact.midpoint or 0.0)
    inside = [fact.id for fact in facts if fact.midpoint is not None and start <= fact.midpoint <= end]
    if not inside:
        raise UsageError(
            f"{place} scales {scaling.name!r} in {scaling.window}, where it has no fact",
            f"It has facts about: {', '.join(fact.about or 'no period' for fact in facts)}",
            "Widen the quarters, or leave them out",
        )
    return inside


def _check_range(fact: Fact, numbers: tuple[float, float, float], place: str) -> None:
    """Check finite numbers in order, above 0 and shares up to 1 where the fact is."""
    low, value, high = numbers
    shown = f"{place}, fact {fact.id!r}"
    if not all(map(math.isfinite, numbers)) or not low <= value <= high:
        raise UsageError(
            f"{shown}: {value:g} with low {low:g} and high {high:g}",
            "Numbers are finite, and low <= value <= high",
            "Correct them",
        )
    if low < 0 <= fact.low:
        raise UsageError(f"{shown}: {low:g} is below 0", "This quantity is 0 or more", "Correct the number")
    if fact.unit == "share" and high > 1:
        raise UsageError(
            f"{shown}: {high:g} is above 1", "A share is 0 to 1", "Correct the number or the factor"
        )


def _check_reach(fact: Fact, numbers: tuple[float, float, float], unit: str, place: str) -> None:
    """Check that a quantity above 0 stays above 0, and within what floats and the model can hold."""
    low, _, high = (number * units.to_canonical(1.0, unit) for number in numbers)
    given = f"{place}, fact {fact.id!r}: {numbers[1]:g} {unit}"
    if fact.canonical_low <= 0:
        return
    if low == 0 and not (fact.unit == "share" or units.same_dimension(fact.unit, "quarter")):
        raise UsageError(
            f"{given} reaches down to 0",
            "This quantity is above 0; shares and times may be 0",
            "For almost nothing, scale it by 0.001",
        )
    if high > fact.canonical_high * _FARTHEST or 0 < low < fact.canonical_low / _FARTHEST:
        raise UsageError(
            f"{given} is too far from the {fact.value:g} {fact.unit} that is known",
            f"A scenario changes a number by a factor of at most {_FARTHEST:.0f}",
            "Correct the number or the factor",
        )


def _shape(fact: Fact, numbers: tuple[float, float, float], level: str, place: str) -> str:
    """Return the shape of the fact, or the usual one where that cannot hold the numbers."""
    low, value, high = numbers
    usual = draws.default_shape(low, level, share=fact.unit == "share")
    for shape in (fact.shape, usual):
        try:
            draws.Doubt(value, low, high, level, shape)
        except NarrowsError as problem:
            refusal = problem
        else:
            return shape
    raise UsageError(f"{place}, fact {fact.id!r}: {refusal.given}", refusal.acceptable, refusal.remedy)


def _restated(fact: Fact, numbers: tuple[float, float, float], level: str, place: str, **others: Any) -> Fact:
    """Return a statement with other numbers (low, value, high), which shows as the scenario's."""
    _check_range(fact, numbers, place)
    unit = others.get("unit", fact.unit)
    _check_reach(fact, numbers, unit, place)
    low, value, high = numbers
    level = "exact" if low == high else level
    factor = units.to_canonical(1.0, unit)
    return fact._replace(
        value=value,
        low=low,
        high=high,
        canonical_value=value * factor,
        canonical_low=low * factor,
        canonical_high=high * factor,
        level=level,
        shape=_shape(fact, numbers, level, place),
        source=SCENARIO,
        **{"kind": "assumption"} | others,
    )


def _times(fact: Fact, factor: float, why: str, place: str) -> Fact:
    """Return a statement times a factor; a forecast stays one, since it turns out as forecasts do."""
    numbers = (fact.low * factor, fact.value * factor, fact.high * factor)
    locator = f"{fact.value:g} {fact.unit} of {fact.source}, times {factor:g}"
    kind = "forecast" if fact.kind == "forecast" else "assumption"
    return _restated(fact, numbers, fact.level, place, kind=kind, why=why, locator=locator)


def _set(fact: Fact, setting: Setting, why: str, place: str) -> Fact:
    shown = f"{place}, fact {fact.id!r}"
    try:
        same = units.same_dimension(setting.unit, fact.unit)
    except NarrowsError as problem:
        raise UsageError(f"{shown}: {problem.given}", problem.acceptable, problem.remedy) from None
    if not same or (fact.unit == "share") != (setting.unit == "share"):
        raise UsageError(
            f"{shown}: the unit {setting.unit!r} measures another thing than {fact.unit!r}",
            f"Its unit is {fact.unit} or one of the same dimension",
            f"Write it in {fact.unit}",
        )
    if (setting.low is None) != (setting.high is None):
        raise UsageError(f"{shown} has only one of low and high", "They go together", "Give both or none")
    low = setting.value if setting.low is None else setting.low
    high = setting.value if setting.high is None else setting.high
    level = setting.level or ("P10-P90" if fact.level == "exact" else fact.level)
    locator = f"set to {setting.value:g} {setting.unit}, {fact.value:g} {fact.unit} of {fact.source}"
    numbers = (low, setting.value, high)
    return _restated(fact, numbers, level, place, unit=setting.unit, why=why, locator=locator)
