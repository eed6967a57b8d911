"""What the catalogue holds: facts, their sources, the layers of the map and the chip designs.

All are plain, frozen and slotted. They are made by the loader, which checks every one of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import date

__all__ = [
    "KINDS",
    "SCENARIO",
    "Choice",
    "Company",
    "Contents",
    "Design",
    "Fact",
    "LayerDeclaration",
    "Role",
    "Source",
    "series_of",
]

SCENARIO = "scenario"
"""Source of a statement that a scenario made."""
KINDS = ("spec", "measured", "reported", "estimate", "forecast", "assumption")
"""Kinds of statement, the most trusted first."""

_WHEN = re.compile(r"\.(\d{4}(?:Q[1-4]|-\d\d(?:-\d\d)?)?)$")


class Fact(NamedTuple):
    """One dated statement of the world, with its doubt and its source.

    A named tuple, because thousands are made from the cache before a command can answer.

    Parameters
    ----------
    id
        ``subject.quantity[.when]``.
    value, low, high
        As typed [unit].
    unit
        Unit as typed.
    of
        Of what.
    level
        What low and high mean, a key of `narrows.draws.LEVELS`.
    kind
        One of `KINDS`.
    as_of
        When the source said it, as typed.
    about
        The period it speaks of, as typed; empty for a timeless quantity.
    source
        Key of the `Source`.
    locator
        Page, table or section of the source.
    note, why
        A remark; why it is assumed. May be empty.
    shape
        Shape of doubt, one of `narrows.draws.SHAPES`.
    group, correlation
        Name of the common factor (empty for none), and the correlation with it, 0 to 1.
    standing
        Used in as-known-on runs before its ``as_of`` too.
    file
        The file it stands in, relative to the catalogue.
    canonical_value, canonical_low, canonical_high
        The three numbers in the canonical unit.
    canonical_unit
        Symbol of the canonical unit.
    known_on
        Last day of ``as_of``: from then on it is known.
    midpoint
        Middle of ``about`` [year], None for a timeless quantity.

    Examples
    --------
    >>> Fact._fields[:4]
    ('id', 'value', 'unit', 'of')
    """

    id: str
    value: float
    unit: str
    of: str
    low: float
    high: float
    level: str
    kind: str
    as_of: str
    about: str
    source: str
    locator: str
    note: str
    why: str
    shape: str
    group: str
    correlation: float
    standing: bool
    file: str
    canonical_value: float
    canonical_low: float
    canonical_high: float
    canonical_unit: str
    known_on: date
    midpoint: float | None


@dataclass(frozen=True, slots=True)
class Source:
    """Where statements come from.

    Parameters
    ----------
    key
        Short name that facts cite.
    producer, title, url
        Who made it, what it is called, where it stands (empty where it is not on the web).
    date_published, date_accessed
        ``YYYY[-MM[-DD]]``.
    licence
        Name of the licence, or ``facts only``.
    note
        A remark; may be empty.
    """

    key: str
    producer: str
    title: str
    url: str
    date_published: str
    date_accessed: str
    licence: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class LayerDeclaration:
    """One layer of the map as declared: which facts say what it can make, and what uses it.

    Parameters
    ----------
    id, name, day, family, unit
        Name in programs and on the page, Day of the study, group, and what the layer makes.
    feeds
        The one layer that uses it; empty for the root.
    keeps
        ``perishable`` (capacity is lost when unused) or ``storable`` (output waits).
    capacity
        Series of its capacity [unit per time]; empty where the layer has none of its own.
    multiply
        Facts or series that multiply the capacity.
    need
        Quantities whose product is the need of one package [unit]; ``/name`` divides.
    lag, hold, lead
        Facts [time]: from output to use, longest wait in stock, from decision to capacity.
    growth, slip
        Facts [ratio]: growth a year after the last anchor, realised over forecast.
    cost
        Fact: what more capacity costs, [usd per unit per time] for a line that then makes a unit each
        quarter for good, or [usd per unit] where every unit made is paid for (a MW of grid, a rack).
    ceiling
        Fact [ratio]: the fastest growth a year that the layer can keep up once new capacity arrives.
    makers
        Prefix of the facts ``<makers>.<name>[.when]`` with shares of output.
    watch
        The published indicator that would show it moving.
    """

    id: str
    name: str
    day: int
    family: str
    unit: str
    feeds: str
    keeps: str
    capacity: str = ""
    multiply: tuple[str, ...] = ()
    need: tuple[str, ...] = ()
    lag: str = ""
    hold: str = ""
    lead: str = ""
    growth: str = ""
    slip: str = ""
    cost: str = ""
    ceiling: str = ""
    makers: str = ""
    watch: str = ""


@dataclass(frozen=True, slots=True)
class Design:
    """A chip design; its recipe are the facts ``<id>.<quantity>``, and the rest is computed from its chip.

    Parameters
    ----------
    id, name, maker
        Name in programs, on the page, and the company.
    announced
        ``YYYY-MM``.
    chip
        Chip of the catalogue whose needs stand for what the recipe does not type; empty for none.
    """

    id: str
    name: str
    maker: str
    announced: str
    chip: str = ""


@dataclass(frozen=True, slots=True)
class Company:
    """A company that makes a layer, designs chips, or sells into a layer; its shares are facts.

    Parameters
    ----------
    id, name
        Name in programs, the same in every layer, and on the page.
    ticker
        Where its shares trade, ``exchange:symbol``; empty where they do not, or the parent's do.
    note
        A remark; may be empty.
    """

    id: str
    name: str
    ticker: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Role:
    """What a company does in one part of the stack, in words.

    Parameters
    ----------
    id
        Name in programs.
    company
        Id of the company.
    part
        Part of the stack, such as Compute.
    role, threat
        What it does there, and who could take its place.
    layers
        Layers of the map that belong to the part; empty where the map has none.
    source
        Key of the source.
    """

    id: str
    company: str
    part: str
    role: str
    threat: str
    layers: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Choice:
    """The named rule that chooses among statements of one id.

    Parameters
    ----------
    id
        The fact.
    rule
        ``newest``, or ``pool``: each draw picks one statement, with equal chance.
    why
        Why this rule.
    """

    id: str
    rule: str
    why: str


class Contents(NamedTuple):
    """Everything a catalogue holds, checked.

    Parameters
    ----------
    facts, layers, designs
        In the order of their files.
    sources
        By key.
    choices
        By fact id.
    companies, roles
        In the order of their files; none where a catalogue names none.
    """

    facts: tuple[Fact, ...]
    layers: tuple[LayerDeclaration, ...]
    designs: tuple[Design, ...]
    sources: dict[str, Source]
    choices: dict[str, Choice]
    companies: tuple[Company, ...] = ()
    roles: tuple[Role, ...] = ()


@lru_cache(maxsize=65_536)
def series_of(name: str) -> tuple[str, str]:
    """Split a fact id into its series and its *when*, empty where the id has none.

    Examples
    --------
    >>> series_of("cowos.capacity.2023-12"), series_of("hbm.supply.2027Q1"), series_of("cowos.lag")
    (('cowos.capacity', '2023-12'), ('hbm.supply', '2027Q1'), ('cowos.lag', ''))
    """
    found = _WHEN.search(name)
    return (name[: found.start()], found.group(1)) if found else (name, "")
