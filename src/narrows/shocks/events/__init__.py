"""Events as data: one TOML file each, read into numbers with doubt.

Each number of an event is a fact of the catalogue, named by its id, or a table with ``value``, ``low``,
``high`` and ``unit`` (P10 and P90). A flow is in barrel/day, a stock in barrel, a share in share.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from narrows import units
from narrows.catalog.documents import read_bytes, read_toml
from narrows.draws import Doubt, default_shape, sample
from narrows.errors import NarrowsError, UnknownNameError, UsageError
from narrows.shocks.series import SERIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from narrows.catalog import Reader

__all__ = ["DURATIONS", "Event", "Length", "Observed", "Quantity", "event", "known_events", "read_event"]

WAIT = timedelta(days=10)
"""From onset to the day of the forecast, where the file does not say."""
DURATIONS = ("short", "half_year", "structural")
"""The mixture of lengths of past disruptions: facts ``oil.closure_<name>.share`` and ``.time``."""
TOP = ("id", "title", "onset", "known", "commodity", "flow", "relief", "price", "duration", "observed")
PARTS: dict[str, dict[str, str]] = {
    "flow": {"normal": "barrel/day", "left": "share", "chance": "share", "world": "barrel/day"},
    "relief": {"bypass": "barrel/day", "spare": "barrel/day", "release": "barrel"},
    "price": {"base": "usd/barrel", "outlook": ""},
}
"""Entries of each part of a file, with the unit of each."""
REMEDY = "See docs/shocks_price.md for a whole file"


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of an event.

    Parameters
    ----------
    name
        Id of the fact, or ``<event>.<entry>`` for a number of the file.
    doubt
        The number [canonical unit]; None for a fact.
    """

    name: str
    doubt: Doubt | None = None

    def draws(self, reader: Reader) -> NDArray[Any]:
        """Return its draws [canonical unit], axis (draw)."""
        if self.doubt is None:
            return reader.draws(self.name)
        return sample(self.doubt, reader.n, reader.seed, self.name, method=reader.method)

    def point(self, reader: Reader) -> float:
        """Return its median [canonical unit]."""
        return reader.point(self.name) if self.doubt is None else self.doubt.value


@dataclass(frozen=True, slots=True)
class Length:
    """One part of the mixture of lengths: its name, share and time."""

    name: str
    share: Quantity
    time: Quantity


@dataclass(frozen=True, slots=True)
class Observed:
    """What was seen of the flow on a day: the share of normal that passed."""

    day: date
    left: Quantity


@dataclass(frozen=True, slots=True)
class Event:
    """An event as stated in its file.

    Parameters
    ----------
    id, title
        Its name and what it is called.
    onset, known
        First day; the day up to which a forecast knows, if none is asked for.
    commodity
        Whose price moves.
    flow
        ``normal`` flow at risk, ``left`` (share that still passes), ``chance`` that it is lost, and ``world``
        supply.
    relief
        ``bypass``, ``spare``, ``release``; what is left out is zero.
    base
        Price before the event; None to take the last daily close before the onset.
    outlook
        Id of the series of quarterly prices expected without the event; empty for none.
    lengths
        The mixture of lengths.
    observed
        What was seen of the flow.
    """

    id: str
    title: str
    onset: date
    known: date
    commodity: str
    flow: Mapping[str, Quantity]
    relief: Mapping[str, Quantity]
    base: Quantity | None
    outlook: str
    lengths: tuple[Length, ...]
    observed: tuple[Observed, ...]


def known_events() -> dict[str, Event]:
    """Return the events that ship, by id, in order of time.

    Examples
    --------
    >>> list(known_events())[:2]
    ['embargo-1973', 'iran-1979']
    """
    folder = files("narrows.shocks.events")
    found = [
        _event(read_toml(item.read_bytes(), f"Event file {item.name!r}"), f"Event file {item.name!r}")
        for item in folder.iterdir()
        if item.name.endswith(".toml")
    ]
    return {one.id: one for one in sorted(found, key=lambda one: one.onset)}


def event(name: str | Path) -> Event:
    """Return an event that ships, by its id, or the event of a file.

    Raises
    ------
    UnknownNameError
        If the name is no event and no file.
    DataError, UsageError
        If the file cannot be read or says something that an event cannot.
    """
    text = str(name)
    if text.endswith(".toml") or Path(text).is_file():
        return read_event(text)
    known = known_events()
    if text not in known:
        raise UnknownNameError(
            "event", text, known, remedy="List them with `narrows shocks list`, or name a TOML file"
        )
    return known[text]


def read_event(path: str | Path) -> Event:
    """Return the event of a file.

    Parameters
    ----------
    path
        A TOML file.

    Raises
    ------
    DataError
        If the file cannot be read or is not TOML.
    UsageError
        If it says something that an event cannot.
    """
    where = f"Event file {Path(path).as_posix()!r}"
    return _event(read_toml(read_bytes(Path(path), where), where), where)


def _event(table: dict[str, Any], where: str) -> Event:
    """Return the event of a table, or refuse it in one sentence."""
    _known_entries(table, TOP, where)
    name = _text(table, "id", where)
    onset = _day(table, "onset", where)
    commodity = _text(table, "commodity", where)
    if commodity not in SERIES:
        raise UnknownNameError(
            "commodity",
            commodity,
            SERIES,
            remedy="An event moves the price of one of these; others follow by parity",
            where=where,
        )
    parts = {part: _part(table, part, name, where) for part in ("flow", "relief")}
    for needed in ("normal", "world"):
        if needed not in parts["flow"]:
            raise UsageError(
                f"{where} has no {needed!r} under [flow]",
                "An event says which flow is at risk, and the world supply it is part of",
                f'Write {needed} = {{ value = 4.3e6, low = 4.0e6, high = 4.6e6, unit = "barrel/day" }} '
                "or the id of a fact",
            )
    price = _table(table, "price", where)
    _known_entries(price, tuple(PARTS["price"]), f"{where}, [price]")
    base = _quantity(price["base"], "usd/barrel", f"{name}.base", where) if "base" in price else None
    return Event(
        id=name,
        title=_text(table, "title", where),
        onset=onset,
        known=_day(table, "known", where) if "known" in table else onset + WAIT,
        commodity=commodity,
        flow=parts["flow"],
        relief=parts["relief"],
        base=base,
        outlook=str(price.get("outlook", "")),
        lengths=_lengths(table, name, where),
        observed=tuple(
            _observed(row, name, place, where) for place, row in enumerate(_rows(table, "observed", where))
        ),
    )


def _part(table: dict[str, Any], part: str, name: str, where: str) -> dict[str, Quantity]:
    given = _table(table, part, where)
    _known_entries(given, tuple(PARTS[part]), f"{where}, [{part}]")
    return {
        entry: _quantity(raw, PARTS[part][entry], f"{name}.{entry}", where) for entry, raw in given.items()
    }


def _lengths(table: dict[str, Any], name: str, where: str) -> tuple[Length, ...]:
    rows = _rows(table, "duration", where)
    if not rows:
        return tuple(
            Length(one, Quantity(f"oil.closure_{one}.share"), Quantity(f"oil.closure_{one}.time"))
            for one in DURATIONS
        )
    found = []
    for row in rows:
        _known_entries(row, ("name", "share", "time"), f"{where}, [[duration]]")
        label = _text(row, "name", where)
        for entry in ("share", "time"):
            if entry not in row:
                raise UsageError(
                    f"{where}: the duration {label!r} has no {entry}",
                    "A duration has a share and a time",
                    REMEDY,
                )
        found.append(
            Length(
                label,
                _quantity(row["share"], "share", f"{name}.{label}.share", where),
                _quantity(row["time"], "day", f"{name}.{label}.time", where),
            )
        )
    return tuple(found)


def _observed(row: dict[str, Any], name: str, place: int, where: str) -> Observed:
    _known_entries(row, ("date", "left"), f"{where}, [[observed]]")
    if "left" not in row:
        raise UsageError(
            f"{where}: an observation has no share left", "It has a date and the share of normal flow", REMEDY
        )
    return Observed(_day(row, "date", where), _quantity(row["left"], "share", f"{name}.seen{place}", where))


def _quantity(raw: Any, unit: str, name: str, where: str) -> Quantity:
    if isinstance(raw, str):
        return Quantity(raw)
    entry = name.rpartition(".")[2]
    if not isinstance(raw, dict) or "value" not in raw or not _numbers(raw):
        raise UsageError(
            f"{where}: {entry!r} is no number with its doubt",
            "A number is the id of a fact, or a table with value, low, high and unit",
            f'Write {entry} = {{ value = 1, low = 0.5, high = 2, unit = "{unit}" }}',
        )
    _known_entries(raw, ("value", "low", "high", "unit"), f"{where}, {entry!r}")
    if not isinstance(raw.get("unit", unit), str):
        raise UsageError(
            f"{where}: the unit of {entry!r} is {raw['unit']!r}",
            f"It is measured in {unit}",
            f'Write unit = "{unit}"',
        )
    try:
        value, low, high = (
            units.to_canonical(float(raw[key] if key in raw else raw["value"]), raw.get("unit", unit))
            for key in ("value", "low", "high")
        )
        same = units.same_dimension(raw.get("unit", unit), unit)
    except NarrowsError as problem:
        raise UsageError(f"{where}: {entry!r}: {problem.given}", problem.acceptable, problem.remedy) from None
    if not same:
        raise UsageError(
            f"{where}: {entry!r} is in {raw['unit']!r}", f"It is measured in {unit}", f'Write unit = "{unit}"'
        )
    _in_range(entry, unit, (value, low, high), where)
    inside = unit == "share" and low > 0 and high < 1
    level = "min-max" if unit == "share" and not inside else "P10-P90"
    return Quantity(name, Doubt(value, low, high, level, default_shape(low, level, share=unit == "share")))


def _numbers(raw: dict[str, Any]) -> bool:
    given = [raw[key] for key in ("value", "low", "high") if key in raw]
    return all(isinstance(one, int | float) and not isinstance(one, bool) for one in given)


def _in_range(entry: str, unit: str, numbers: tuple[float, float, float], where: str) -> None:
    value, low, high = numbers
    if not low <= value <= high:
        raise UsageError(
            f"{where}: {entry!r} has low {low:g}, value {value:g}, high {high:g} in canonical units",
            "low <= value <= high",
            "Put them in order",
        )
    if unit == "share" and not (low >= 0 and high <= 1):
        raise UsageError(
            f"{where}: the share {entry!r} runs from {low:g} to {high:g}",
            "A share is 0 to 1",
            "Divide percentages by 100",
        )
    if entry != "normal" and low < 0:
        raise UsageError(
            f"{where}: {entry!r} runs below zero, to {units.from_canonical(low, unit):g} {unit}",
            "Only the flow of a glut is below zero",
            "Give a number from 0 on",
        )


def _known_entries(table: dict[str, Any], known: tuple[str, ...], where: str) -> None:
    for entry in table:
        if entry not in known:
            raise UnknownNameError("entry", entry, known, remedy=REMEDY, where=where)


def _table(table: dict[str, Any], part: str, where: str) -> dict[str, Any]:
    found = table.get(part, {})
    if not isinstance(found, dict):
        raise UsageError(f"{where}: {part!r} is no table", f"It is a table [{part}]", REMEDY)
    return found


def _rows(table: dict[str, Any], part: str, where: str) -> list[dict[str, Any]]:
    found = table.get(part, [])
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise UsageError(f"{where}: {part!r} is no list of tables", f"Each is a table [[{part}]]", REMEDY)
    return found


def _text(table: dict[str, Any], entry: str, where: str) -> str:
    found = table.get(entry)
    if not isinstance(found, str) or not found:
        raise UsageError(f"{where} has no {entry!r}", f"An event has the text {entry!r}", REMEDY)
    return found


def _day(table: dict[str, Any], entry: str, where: str) -> date:
    found = table.get(entry)
    if type(found) is not date:
        raise UsageError(
            f"{where}: {entry!r} is {'left out' if found is None else repr(str(found))}",
            "It is a day such as 2026-02-28, without quotes",
            "Correct the entry",
        )
    return found
