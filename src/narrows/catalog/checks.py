"""Check everything that is typed by hand, and say every problem in one sentence of three parts.

What passes is complete: a unit that is known, low <= value <= high with a level, a source and a place
in it, and the day from which it was known.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from narrows import draws, quarters, units
from narrows.catalog.documents import read_toml
from narrows.catalog.fact import (
    Choice,
    Company,
    Contents,
    Design,
    Fact,
    LayerDeclaration,
    Role,
    Source,
    series_of,
)
from narrows.catalog.records import CHOICE, COMPANY, DESIGN, FACT, LAYER, ROLE, SOURCE, Desk, read_record
from narrows.errors import DataError, NarrowsError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

__all__ = ["check"]

_PART = r"[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?"
_NAME = re.compile(_PART)
_ID = re.compile(rf"[a-z](?:[a-z0-9_-]*[a-z0-9])?(?:\.{_PART})*(?:\.\d{{4}}Q[1-4])?")
_LONGEST_ID = 80  # characters; a page must hold it
_DATE = re.compile(r"\d{4}(?:-\d\d(?:-\d\d)?)?")
_NUMBER = units.parse("1").dimension
_SCHEMAS = {"layer": LAYER, "design": DESIGN, "company": COMPANY, "role": ROLE}
_MANY = "others"  # makers that no fact names one by one
_TYPED = FACT.keys() - {"id", "value", "low", "high"}  # what [defaults] may hold

COMPUTED = frozenset({"per_it"})
"""Quantities that a law gives every design, so that none need be typed."""


def check(contents: Mapping[str, bytes], today: date) -> tuple[Contents, list[DataError]]:
    """Read and check the files of a catalogue.

    Parameters
    ----------
    contents
        Bytes of each file by its name relative to the catalogue.
    today
        Nothing can have been said after this day.

    Returns
    -------
    tuple
        What passed, and every problem found.
    """
    desk = Desk()
    tables = {}
    for name, content in contents.items():
        try:
            tables[name] = read_toml(content, name)
        except DataError as problem:
            desk.problems.append(problem)
    if any(_is_sources(name) and name not in tables for name in contents):
        # Every fact would be refused for its source.
        return Contents((), (), (), {}, {}), desk.problems
    sources: dict[str, Source] = {}
    for name in [name for name in tables if _is_sources(name)]:
        sources |= _sources(tables.pop(name), name, sources, today, desk)
    designs = _listed(tables.pop("designs.toml", {}), "design", "designs.toml", Design, desk)
    layers = _listed(tables.pop("layers.toml", {}), "layer", "layers.toml", LayerDeclaration, desk)
    companies = _listed(tables.pop("companies.toml", {}), "company", "companies.toml", Company, desk)
    roles = _listed(tables.pop("roles.toml", {}), "role", "roles.toml", Role, desk)
    facts: list[Fact] = []
    choices: list[tuple[str, Choice]] = []
    for name, table in tables.items():
        found, rules = _facts_file(table, name, sources, today, desk)
        facts += found
        choices += rules
    _check_duplicates(facts, desk)
    _check_series(facts, {design.id for design in designs}, desk)
    _check_designs(designs, desk)
    _check_layers(layers, designs, facts, desk)
    _check_companies(companies, roles, layers, designs, facts, desk)
    for role in roles:
        _check_known("source", (role.source,), sources, f"Role {role.id!r} in roles.toml", desk)
    chosen = _choices(choices, {fact.id for fact in facts}, desk)
    lists = tuple(companies), tuple(roles)
    return Contents(tuple(facts), tuple(layers), tuple(designs), sources, chosen, *lists), desk.problems


# --- files --------------------------------------------------------------------------------------


def _check_tops(table: dict[str, Any], known: Iterable[str], name: str, desk: Desk) -> None:
    known = list(known)
    for key in sorted(table.keys() - set(known)):
        desk.refuse(
            f"{name}: the key {key!r} is not known at the top",
            f"The nearest known: {', '.join(map(repr, nearest(key, known) or known))}",
            "Correct or remove it",
        )


def _tables(table: dict[str, Any], key: str, name: str, desk: Desk) -> list[Any]:
    """Return the records of ``[[key]]``."""
    records = table.get(key, [])
    if isinstance(records, list):
        return records
    desk.refuse(f"{name}: {key} is not a list of tables", f"Each {key} is a table", f"Write [[{key}]]")
    return []


def _label(word: str, raw: Any, number: int, name: str) -> str:
    identity = raw.get("id") if isinstance(raw, dict) else None
    known = isinstance(identity, str) and identity.isprintable() and 0 < len(identity) <= _LONGEST_ID
    return f"{word} {identity!r} in {name}" if known else f"{word} number {number} in {name}"


def _facts_file(
    table: dict[str, Any], name: str, sources: dict[str, Source], today: date, desk: Desk
) -> tuple[list[Fact], list[tuple[str, Choice]]]:
    """Return the facts and the named rules of one file."""
    _check_tops(table, ("defaults", "fact", "choice"), name, desk)
    defaults = table.get("defaults", {})
    if not isinstance(defaults, dict):
        desk.refuse(f"{name}: defaults is not a table", "Defaults are a table", "Write [defaults]")
        defaults = {}
    for key in sorted(defaults.keys() - _TYPED):
        desk.refuse(
            f"{name}: the default {key!r} is not possible",
            f"Possible: {', '.join(sorted(_TYPED))}",
            "Type it in each fact",
        )
    defaults = {key: value for key, value in defaults.items() if key in _TYPED}
    facts = []
    for number, raw in enumerate(_tables(table, "fact", name, desk), 1):
        whole = defaults | raw if isinstance(raw, dict) else raw
        label = _label("Fact", raw, number, name)
        record = read_record(whole, FACT, label, desk)
        fact = record and _fact(record, label, name, sources, today=today, desk=desk)
        if fact:
            facts.append(fact)
        elif isinstance(raw, dict):
            desk.broken.add(str(raw.get("id")))
    rules = []
    for number, raw in enumerate(_tables(table, "choice", name, desk), 1):
        label = _label("Choice", raw, number, name)
        record = read_record(raw, CHOICE, label, desk)
        if record:
            rules.append((label, Choice(**record)))
    return facts, rules


def _is_sources(name: str) -> bool:
    return "/" not in name and name.startswith("sources")


def _sources(
    table: dict[str, Any], name: str, others: dict[str, Source], today: date, desk: Desk
) -> dict[str, Source]:
    """Return the sources of one file by key."""
    sources = {}
    for key, raw in table.items():
        label = f"Source {key!r} in {name}"
        if key in others:
            desk.refuse(
                f"{label} stands in another file too", "A key stands once", "Remove one, or rename it"
            )
            continue
        if not _NAME.fullmatch(key) or key == "scenario":
            desk.refuse(
                f"{label}: the key is not possible",
                "A key is lowercase letters, digits, '_' and '-'; 'scenario' is the user's own",
                "Rename it, here and in the facts",
            )
            continue
        record = read_record(raw, SOURCE, label, desk)
        if record is None:
            continue
        sources[key] = Source(key, **record)
        for entry in ("date_published", "date_accessed"):
            _check_said(record[entry], entry, label, today, desk)
        if record["url"] and not record["url"].startswith(("https://", "http://")):
            desk.refuse(
                f"{label}: url = {record['url']!r}",
                "A url begins with https:// or http://",
                "Write it in full, or leave it out",
            )
    return sources


def _listed(table: dict[str, Any], key: str, name: str, make: Any, desk: Desk) -> list[Any]:
    """Return the records of a file that lists one kind of them; each id once."""
    _check_tops(table, (key,), name, desk)
    made: dict[str, Any] = {}
    for number, raw in enumerate(_tables(table, key, name, desk), 1):
        label = _label(key.capitalize(), raw, number, name)
        record = read_record(raw, _SCHEMAS[key], label, desk)
        if record is None:
            continue
        if not _NAME.fullmatch(record["id"]):
            desk.refuse(
                f"{label}: the id is not a name",
                "An id is lowercase letters, digits, '_' and '-'",
                "Rename it",
            )
        elif record["id"] in made:
            desk.refuse(f"{label} stands there twice", "An id stands once", "Remove one, or rename it")
        else:
            made[record["id"]] = make(**record)
    return list(made.values())


# --- one fact -----------------------------------------------------------------------------------


def _fact(
    record: dict[str, Any], label: str, name: str, sources: dict[str, Source], *, today: date, desk: Desk
) -> Fact | None:
    """Return one fact with its canonical numbers and dates, None where anything is wrong."""
    before = len(desk.problems)
    for key in ("value", "low", "high"):
        record[key] = float(record[key])
    _check_id(record["id"], label, desk)
    _check_numbers(record, label, desk)
    _check_words(record, label, desk)
    _check_group(record, label, desk)
    if record["source"] not in sources:
        close = nearest(record["source"], sources)
        desk.refuse(
            f"{label}: the source {record['source']!r} is not known",
            f"The nearest in sources.toml: {', '.join(map(repr, close)) or 'none'}",
            "Add the source, or correct the key",
        )
    unit = _unit(record, label, desk)
    said = _check_said(record["as_of"], "as_of", label, today, desk)
    about = _about(record, label, desk)
    if unit is None or said is None or len(desk.problems) > before:
        return None
    canonical = [units.to_canonical(record[key], unit.text) for key in ("value", "low", "high")]
    record["shape"] = _shape(record, label, desk)
    if not record["shape"]:
        return None
    midpoint = about.midpoint if about else None
    typed = [record[key] for key in FACT]
    return Fact._make([*typed, name, *canonical, unit.symbol, said, midpoint])


def _check_id(identity: str, label: str, desk: Desk) -> None:
    if not _ID.fullmatch(identity) or len(identity) > _LONGEST_ID:
        desk.refuse(
            f"{label}: the id {identity[:_LONGEST_ID]!r} cannot be read",
            "An id is subject.quantity[.when], lowercase letters, digits, '_' and '-', "
            f"at most {_LONGEST_ID} characters",
            'Write, for instance, id = "cowos.capacity.2023-12"',
        )


def _check_numbers(record: dict[str, Any], label: str, desk: Desk) -> None:
    """Check low <= value <= high, and that only a spec is exact."""
    value, low, high = record["value"], record["low"], record["high"]
    if low > high:
        desk.refuse(
            f"{label}: low {low:g} is above high {high:g}", "low <= value <= high", "Swap or correct them"
        )
    elif not low <= value <= high:
        desk.refuse(
            f"{label}: the value {value:g} is outside {low:g} to {high:g}",
            "low <= value <= high",
            "Correct the value, or widen low and high",
        )
    elif low == high and record["kind"] != "spec":
        desk.refuse(
            f"{label}: low = high = {low:g} in a fact of kind {record['kind']}",
            "Only a spec is exact",
            "Give a low and a high, and say in why or note where they come from",
        )
    elif (low == high) != (record["level"] == "exact"):
        desk.refuse(
            f"{label}: level = {record['level']!r} with low {low:g} and high {high:g}",
            "The level is exact where low = high, and only there",
            'Write level = "exact"' if low == high else "Say what low and high mean",
        )


def _check_words(record: dict[str, Any], label: str, desk: Desk) -> None:
    if not record["why"].strip() and (record["kind"] == "assumption" or record["standing"]):
        what = "an assumption" if record["kind"] == "assumption" else "a standing fact"
        desk.refuse(
            f"{label} is {what} without a why", f"{what.capitalize()} says why", 'Add why = "the reason"'
        )


def _check_group(record: dict[str, Any], label: str, desk: Desk) -> None:
    if not 0 <= record["correlation"] <= 1:
        desk.refuse(
            f"{label}: correlation = {record['correlation']:g}", "A correlation is 0 to 1", "Correct it"
        )
    elif bool(record["group"]) != bool(record["correlation"]):
        has, lacks = ("group", "correlation") if record["group"] else ("correlation", "group")
        desk.refuse(
            f"{label} has a {has} and no {lacks}",
            "A group and the correlation with it go together",
            f"Add {lacks}, or remove {has}",
        )


def _unit(record: dict[str, Any], label: str, desk: Desk) -> units.Unit | None:
    """Return the unit, None where it is not known or not the unit of such a quantity."""
    quantity = series_of(record["id"])[0].rsplit(".", 1)[-1]
    try:
        unit = units.parse(record["unit"])
    except NarrowsError as problem:
        desk.refuse(f"{label}: {problem.given}", problem.acceptable, problem.remedy)
        return None
    is_share = quantity == "share" or quantity.endswith("_share")
    if record["unit"] in ("%", "percent") or (is_share and record["unit"] != "share"):
        desk.refuse(
            f"{label}: the unit of a share is {record['unit']!r}",
            "A share is 0 to 1, never percent",
            'Divide by 100 and write unit = "share"',
        )
        return None
    if record["unit"] == "share" and not 0 <= record["low"] <= record["high"] <= 1:
        desk.refuse(
            f"{label}: a share of {record['low']:g} to {record['high']:g}",
            "A share is 0 to 1, never percent",
            'Divide by 100, or write unit = "ratio" where more than 1 is possible',
        )
        return None
    if "byte" in quantity and "bit" in record["unit"]:
        desk.refuse(
            f"{label}: the quantity {quantity!r} is in {record['unit']!r}",
            "Bits are never called bytes",
            "Divide by 8 and write bytes, for instance GB",
        )
        return None
    return unit


def _check_said(text: str, entry: str, label: str, today: date, desk: Desk) -> date | None:
    """Return the last day of the period in which something was said."""
    period = _period(text) if _DATE.fullmatch(text) else None
    if period is None:
        desk.refuse(
            f"{label}: {entry} = {text!r} cannot be read",
            "A date is YYYY, YYYY-MM or YYYY-MM-DD",
            f'Write, for instance, {entry} = "2024-08"',
        )
        return None
    if period.start > today:
        desk.refuse(
            f"{label}: {entry} = {text!r} is in the future",
            f"Today is {today.isoformat()}",
            "Correct the date",
        )
        return None
    return period.end


def _period(text: str) -> quarters.Period | None:
    try:
        return quarters.period(text)
    except NarrowsError:
        return None


def _about(record: dict[str, Any], label: str, desk: Desk) -> quarters.Period | None:
    """Return the period a fact speaks of, None for a timeless quantity."""
    when = series_of(record["id"])[1]
    if not record["about"]:
        if when:
            desk.refuse(
                f"{label} has no about",
                "A fact with a date in its id says about what period",
                f'Add about = "{when}"',
            )
        return None
    about, dated = _period(record["about"]), _period(when) if when else None
    if about is None or (when and dated is None):
        given = f"about = {record['about']!r}" if about is None else f"the date {when!r} in the id"
        desk.refuse(
            f"{label}: {given} cannot be read",
            "A period is YYYY, YYYYQn, YYYY-MM, YYYY-MM-DD or a range 2024:2029",
            'Write, for instance, about = "2023-12"',
        )
    elif dated and not (about.start <= dated.end and dated.start <= about.end):
        desk.refuse(
            f"{label}: about = {record['about']!r} has no day in common with the id",
            "The id carries the period that the fact is about",
            "Correct one of them",
        )
    return about


def _shape(record: dict[str, Any], label: str, desk: Desk) -> str:
    """Return the shape of doubt, empty where it cannot hold low and high."""
    usual = draws.default_shape(record["low"], record["level"], share=record["unit"] == "share")
    shape: str = record["shape"] or usual
    try:
        draws.Doubt(record["value"], record["low"], record["high"], record["level"], shape)
    except NarrowsError as problem:
        desk.refuse(f"{label}: {problem.given}", problem.acceptable, problem.remedy)
        return ""
    return shape


# --- facts together -----------------------------------------------------------------------------


def _check_duplicates(facts: list[Fact], desk: Desk) -> None:
    first: dict[tuple[str, str, str], Fact] = {}
    for fact in facts:
        twin = first.setdefault((fact.id, fact.as_of, fact.source), fact)
        if twin is not fact:
            desk.refuse(
                f"Fact {fact.id!r} in {fact.file} stands already in {twin.file}, "
                f"of {fact.as_of} and from {fact.source!r} too",
                "One source says one thing on one date",
                "Remove one; a correction has a new as_of",
            )


def _check_series(facts: list[Fact], designs: set[str], desk: Desk) -> None:
    """Check that all facts of one series, and one quantity of all designs, have one dimension."""
    first: dict[str, Fact] = {}
    for fact in facts:
        series = series_of(fact.id)[0]
        subject, _, quantity = series.partition(".")
        other = first.setdefault(f"<design>.{quantity}" if subject in designs else series, fact)
        if other.canonical_unit != fact.canonical_unit:
            desk.refuse(
                f"Fact {fact.id!r} in {fact.file}: the unit {fact.unit!r} measures another thing than "
                f"{other.unit!r} of {other.id!r} in {other.file}",
                "All facts of one series have one dimension",
                "Convert it, or rename one of the series",
            )


def _choices(rules: list[tuple[str, Choice]], known: set[str], desk: Desk) -> dict[str, Choice]:
    chosen: dict[str, Choice] = {}
    for label, choice in rules:
        if choice.id not in known and not desk.excuses(choice.id):
            desk.refuse(
                f"{label} is about no fact",
                f"The nearest facts: {', '.join(map(repr, nearest(choice.id, known))) or 'none'}",
                "Correct the id, or remove the choice",
            )
        elif choice.id in chosen:
            desk.refuse(f"{label} stands there twice", "One rule for a fact", "Remove one")
        chosen[choice.id] = choice
    return chosen


# --- designs and layers -------------------------------------------------------------------------


def _check_designs(designs: list[Design], desk: Desk) -> None:
    for design in designs:
        if not _DATE.fullmatch(design.announced) or _period(design.announced) is None:
            desk.refuse(
                f"Design {design.id!r} in designs.toml: announced = {design.announced!r} cannot be read",
                "A date is YYYY, YYYY-MM or YYYY-MM-DD",
                'Write, for instance, announced = "2024-08"',
            )


def _check_layers(
    layers: list[LayerDeclaration], designs: list[Design], facts: list[Fact], desk: Desk
) -> None:
    by_id = {layer.id: layer for layer in layers}
    units_of = {fact.id: fact for fact in facts} | {series_of(fact.id)[0]: fact for fact in facts}
    prefixes = {name.rpartition(".")[0] for name in units_of}
    of_designs = {
        name.partition(".")[2]
        for name in units_of
        if name.partition(".")[0] in {design.id for design in designs}
    }
    roots = [layer.id for layer in layers if not layer.feeds]
    if layers and len(roots) != 1:
        desk.refuse(
            f"layers.toml has {len(roots)} layers that feed nothing: {', '.join(roots) or 'none'}",
            "One layer, the root, feeds nothing",
            "Say what each other layer feeds",
        )
    for layer in layers:
        label = f"Layer {layer.id!r} in layers.toml"
        _check_feeds(layer, by_id, label, desk)
        _check_layer_units(layer, units_of, label, desk)
        _check_known("multiply", layer.multiply, units_of, label, desk)
        _check_known("makers", (layer.makers,), prefixes, label, desk)
        named = tuple(name.removeprefix("/") for name in layer.need)
        _check_known("need", named, of_designs | units_of.keys() | COMPUTED, label, desk)


def _check_feeds(layer: LayerDeclaration, by_id: dict[str, LayerDeclaration], label: str, desk: Desk) -> None:
    if layer.feeds and layer.feeds not in by_id:
        desk.refuse(
            f"{label} feeds {layer.feeds!r}, which is no layer",
            f"The nearest: {', '.join(map(repr, nearest(layer.feeds, by_id) or sorted(by_id)[:3]))}",
            "Correct feeds",
        )
        return
    passed, at = {layer.id}, layer.feeds
    while at in by_id and at not in passed:
        passed.add(at)
        at = by_id[at].feeds
    if at == layer.id:
        desk.refuse(f"{label} feeds itself in the end", "Layers form a tree", "Correct feeds")


def _check_known(entry: str, names: tuple[str, ...], known: Iterable[str], label: str, desk: Desk) -> None:
    known = set(known)
    for name in names:
        if name and name not in known and not desk.excuses(name):
            desk.refuse(
                f"{label}: {entry} names {name!r}, which no fact and no design has",
                f"The nearest: {', '.join(map(repr, nearest(name, known))) or 'none'}",
                "Correct it, or type the fact",
            )


def _check_layer_units(layer: LayerDeclaration, facts: dict[str, Fact], label: str, desk: Desk) -> None:
    """Check the unit of a layer, and the dimension of the facts that it names."""
    try:
        rate = (units.parse(layer.unit) / units.parse("s")).dimension
    except NarrowsError as problem:
        desk.refuse(f"{label}: {problem.given}", problem.acceptable, problem.remedy)
        return
    time, money = units.parse("quarter").dimension, units.parse("usd")
    made = units.parse(layer.unit)
    wanted = {
        "capacity": ((rate,), f"a rate, for instance {layer.unit}/quarter"),
        **dict.fromkeys(("lag", "hold", "lead"), ((time,), "a time, for instance quarter")),
        **dict.fromkeys(("growth", "slip", "ceiling"), ((_NUMBER,), "a ratio")),
        "cost": (
            ((money / made).dimension, (money * units.parse("s") / made).dimension),
            f"usd/{layer.unit} where each unit is paid for, or usd*month/{layer.unit} for a line",
        ),
    }
    for entry, (dimensions, says) in wanted.items():
        name = getattr(layer, entry)
        _check_known(entry, (name,), facts, label, desk)
        fact = facts.get(name)
        if fact and units.parse(fact.unit).dimension not in dimensions:
            desk.refuse(
                f"{label}: {entry} names {fact.id!r} in {fact.unit!r}",
                f"The {entry} of this layer is {says}",
                "Correct the unit of the fact, or the unit of the layer",
            )


# --- companies ----------------------------------------------------------------------------------


def _check_companies(  # noqa: PLR0917 (one list of each kind)
    companies: list[Company],
    roles: list[Role],
    layers: list[LayerDeclaration],
    designs: list[Design],
    facts: list[Fact],
    desk: Desk,
) -> None:
    """Check that makers, designers and roles name companies that are listed, where any are listed."""
    known = {company.id for company in companies}
    if known:
        prefixes = tuple(f"{layer.makers}." for layer in layers if layer.makers)
        for fact in facts:
            prefix = next((text for text in prefixes if fact.id.startswith(text)), "")
            maker = fact.id.removeprefix(prefix).split(".")[0]
            if prefix and maker != _MANY:
                _check_company(maker, known, f"Fact {fact.id!r} in {fact.file}", desk)
        names = {company.name for company in companies}
        for design in designs:
            _check_company(design.maker, names, f"Design {design.id!r} in designs.toml", desk)
    for role in roles:
        label = f"Role {role.id!r} in roles.toml"
        _check_company(role.company, known, label, desk)
        _check_known("layers", role.layers, {"designs"} | {layer.id for layer in layers}, label, desk)


def _check_company(name: str, known: set[str], label: str, desk: Desk) -> None:
    if name not in known:
        desk.refuse(
            f"{label} names the company {name!r}, which companies.toml lacks",
            f"The nearest: {', '.join(map(repr, nearest(name, known))) or 'none'}",
            "Correct it, or add the company",
        )
