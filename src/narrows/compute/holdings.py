"""What the catalogue holds of one kind of thing: every quantity with all its statements."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from narrows.catalog import default
from narrows.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from narrows.catalog.catalog import Catalog
    from narrows.catalog.fact import Fact

__all__ = ["Derived", "Holding", "chip_named", "family_of", "held", "holding", "rule_of", "values"]

DAYS_OF_YEAR = 365.25
VARIANTS = {"pcie", "nvl", "mig", "cpu", "max", "ultra", "lite", "server", "40gb"}
"""Words that name another part of the same family."""
FORMS = ("", "_sxm", "_server")
"""What a short name may leave out, the most usual first."""
SHORTEST = 4
"""Letters of a name that may be found inside a longer word."""


@dataclass(frozen=True, slots=True)
class Derived:
    """A figure that follows from facts.

    Parameters
    ----------
    name
        In words.
    value
        The figure [unit].
    unit
        Unit as text.
    formula
        How it follows.
    """

    name: str
    value: float
    unit: str
    formula: str


@dataclass(frozen=True, slots=True)
class Holding:
    """All that is held of one thing.

    Parameters
    ----------
    room, name
        The room that shows it, and its name.
    quantities
        Statements by quantity, the one that is used first.
    rules
        By quantity, the rule that chose where there is more than one statement.
    derived
        Figures that follow.
    """

    room: str
    name: str
    quantities: Mapping[str, tuple[Fact, ...]]
    rules: Mapping[str, str]
    derived: tuple[Derived, ...]


@lru_cache(maxsize=16)
def held(prefix: str, catalog: Catalog | None = None) -> dict[str, dict[str, tuple[Fact, ...]]]:
    """Return statements by thing and quantity.

    Parameters
    ----------
    prefix
        First part of the fact ids, such as ``chip``.
    catalog
        Facts; those that come with narrows if left out.

    Examples
    --------
    >>> [fact.source for fact in held("chip")["gaudi2"]["bf16"]]
    ['ml-engineering', 'epoch-chips']
    """
    found: dict[str, dict[str, tuple[Fact, ...]]] = {}
    for name, statements in (catalog or default()).statements_by_id.items():
        if name.startswith(f"{prefix}."):
            thing, _, quantity = name.removeprefix(f"{prefix}.").partition(".")
            if quantity:
                found.setdefault(thing, {})[quantity] = statements
    return found


def values(quantities: Mapping[str, tuple[Fact, ...]]) -> dict[str, float]:
    """Return the value that is used of each quantity [canonical unit]."""
    return {word: statements[0].canonical_value for word, statements in quantities.items()}


def rule_of(name: str, statements: tuple[Fact, ...], catalog: Catalog | None = None) -> str:
    """Return the rule that chose among statements, empty for one statement.

    Examples
    --------
    >>> rule_of("chip.gaudi2.bf16", held("chip")["gaudi2"]["bf16"])
    'of one date, the most trusted kind'
    """
    if len(statements) == 1:
        return ""
    choice = (catalog or default()).choices.get(name)
    if choice and choice.rule != "newest":
        return f"{choice.rule}: {choice.why}"
    first, second = statements[:2]
    if first.known_on > second.known_on:
        return "the newest"
    if first.kind != second.kind:
        return "of one date, the most trusted kind"
    return "of one date and kind, the last key of the sources in the alphabet"


def age(fact: Fact, today: date | None = None) -> float:
    """Return how long ago a statement was made [year]."""
    return ((today or datetime.now(tz=UTC).date()) - fact.known_on).days / DAYS_OF_YEAR


def _words(name: str) -> list[str]:
    plain = re.sub(r"[^a-z0-9]+", " ", name.lower().replace(" gb", "gb"))
    return [re.sub(r"^sxm\d$", "sxm", word) for word in plain.split()]


def chip_named(name: str, known: Iterable[str]) -> str | None:
    """Return the chip that a free name means, None where it is not one of those known.

    Parameters
    ----------
    name
        A name as tables print it, such as ``NVIDIA H100 SXM5 80GB``.
    known
        Names of the catalogue.

    Examples
    --------
    >>> chip_named("NVIDIA H100 SXM5 80GB", ["h100_sxm", "h100_pcie"])
    'h100_sxm'
    >>> chip_named("H100 NVL", ["h100_sxm", "h100_pcie"])
    """
    words, chips = set(_words(name)), list(known)
    squeezed = "".join(_words(name))
    found = [chip for chip in chips if set(chip.split("_")) <= words]
    found += [chip for chip in chips if "_" not in chip and len(chip) >= SHORTEST and squeezed.endswith(chip)]
    found = [chip for chip in found if not (words & VARIANTS) - set(chip.split("_"))]
    if found:
        return max(found, key=lambda chip: len(chip.split("_")))
    for form in FORMS[1:]:
        for chip in chips:
            if (
                chip.endswith(form)
                and set(chip.removesuffix(form).split("_")) <= words
                and not words & VARIANTS
            ):
                return chip
    return None


def family_of(name: str, known: Iterable[str]) -> list[str]:
    """Return the chips whose first word stands in a name: parts of one family.

    Examples
    --------
    >>> family_of("H100 NVL", ["h100_sxm", "h100_pcie", "h200_sxm"])
    ['h100_sxm', 'h100_pcie']
    """
    words = set(_words(name))
    return [
        chip
        for chip in known
        if any(sign.isdigit() for sign in chip.split("_")[0]) and chip.split("_")[0] in words
    ]


def holding(
    room: str, prefix: str, name: str, catalog: Catalog | None = None, derived: tuple[Derived, ...] = ()
) -> Holding:
    """Return all that is held of one thing.

    Parameters
    ----------
    room, prefix
        The room that asks, and the first part of the ids.
    name
        Name of the thing; ``h100`` means ``h100_sxm``.
    catalog
        Facts; those that come with narrows if left out.
    derived
        Figures that follow.

    Raises
    ------
    UnknownNameError
        No such thing; the error names the nearest.
    """
    tables = held(prefix, catalog)
    found = resolved(prefix, name, tables, room)
    rules = {
        word: rule_of(f"{prefix}.{found}.{word}", statements, catalog)
        for word, statements in tables[found].items()
        if len(statements) > 1
    }
    return Holding(room, found, tables[found], rules, derived)


def resolved(prefix: str, name: str, known: Iterable[str], room: str) -> str:
    """Return the name in the catalogue that a user's name means.

    Raises
    ------
    UnknownNameError
        There is none; the error names the nearest.
    """
    plain = re.sub(r"[\s-]+", "_", name.strip().lower())
    names = list(known)
    dashed = {word.replace("-", "_"): word for word in names}
    for form in FORMS:
        if plain + form in dashed:
            return dashed[plain + form]
    word = prefix.replace("_", " ")
    raise UnknownNameError(word, name, names, remedy=f"List them with `narrows {room} show`")
