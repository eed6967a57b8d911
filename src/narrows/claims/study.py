"""The ledger of the study: every claim that can be checked, with what model and data say of it.

Notes
-----
Verdicts are computed, never typed. With draws, the share of them inside the claimed range decides; with a
room's own interval, whether all of it, some of it or none lies inside; with closes, the checker of claims.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.bottlenecks.answer import DEFAULT_SEED
from narrows.bottlenecks.chain import links
from narrows.bottlenecks.migration import HORIZON
from narrows.bottlenecks.told import Asked, Told
from narrows.claims.checking import check
from narrows.claims.study_rooms import READINGS, Evidence, Facts, chance, fact, figure, less, rooms
from narrows.draws import quantiles
from narrows.errors import UnknownNameError
from narrows.figure import number
from narrows.market.library import Library

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from narrows.catalog import Catalog
    from narrows.claims.study_rooms import Rooms

__all__ = ["CONTRADICTED", "SUPPORTED", "VERDICTS", "Entry", "Ledger", "StudyClaim", "ledger", "study_claims", "tell"]

DRAWS = 2000
"""Draws of the ledger: a probability of one half is known to 2 percentage points."""
SUPPORTED = 0.75
"""Share of the draws inside the claimed range from which a claim is supported."""
CONTRADICTED = 0.25
"""Share up to which it is contradicted."""
BAND = (0.05, 0.5, 0.95)
SAMPLING = 1.96
"""Standard errors of a 95 % interval: the doubt of a probability that comes from the number of draws."""
VERDICTS = {
    "supported": f"{SUPPORTED:.0%} of the draws or more, or the whole interval, lie in the claimed range",
    "contradicted": f"{CONTRADICTED:.0%} of the draws or less, or nothing of the interval, lie in it",
    "sensitive": "between: what is assumed decides",
    "unverifiable": "no model, no data, no definition, or an opinion",
}
"""Verdicts and what they mean."""
FAMILY = "claims"
GIGA, TENTH = 1e9, 0.1
NEVER = HORIZON / 4
"""Years from which on a layer counts as never cleared."""
TINY = 1e-6


def shown(value: float, unit: str) -> str:
    """Return a number of the ledger as it is read, in its unit.

    Examples
    --------
    >>> shown(0.254, "share"), shown(2.15e10, "byte"), shown(133.6, "kW"), shown(10.25, "year")
    ('25 %', '21.5 GB', '134 kW', '>10 years')
    """
    if unit == "share":
        return f"{100 * value:.0f} %" if abs(value) >= TENTH or value == 0 else f"{100 * value:.1f} %"
    if unit == "byte":
        return f"{number(value / GIGA)} GB"
    if unit == "year":
        return f">{NEVER:.0f} years" if value > NEVER else f"{number(value if abs(value) > TINY else 0.0)} years"
    words = {"usd": "USD", "ratio": "x", "day": "days", "month": "months", "week": "weeks", "request": "requests",
             "row": "numbers", "sector": "sectors", "%": "%"}  # fmt: skip
    return f"{number(value)} {words.get(unit, unit)}".strip()


@dataclass(frozen=True, slots=True)
class StudyClaim:
    """One claim of the study.

    Parameters
    ----------
    id
        Its name, ``part.word``.
    day, section
        Where the study makes it.
    claim
        The claim in our words.
    asks
        The quantity that is asked.
    source
        Key of its source in the catalogue.
    unit
        Unit of the range.
    low, high
        The claimed range; None where it is open.
    how, of
        How the figure is got, and from what.
    scale
        What the figure is divided by, to be in the unit of the range.
    text
        A sentence or table for the checker of claims.
    why
        What is missing, or what a reader must know of the figure.
    hangs_on
        What moves the figure most, where no fact of the catalogue does.
    """

    id: str
    day: str
    section: str
    claim: str
    asks: str
    source: str
    unit: str
    how: str
    low: float | None = None
    high: float | None = None
    of: tuple[str, ...] = ()
    scale: float = 1.0
    text: str = ""
    why: str = ""
    hangs_on: str = ""

    @property
    def range(self) -> tuple[float, float]:
        """The claimed range, infinite where it is open."""
        return (-np.inf if self.low is None else self.low, np.inf if self.high is None else self.high)


@dataclass(frozen=True, slots=True)
class Entry:
    """A claim with what model and data say.

    Parameters
    ----------
    claim
        The claim.
    verdict
        One of `VERDICTS`.
    value, low, high
        The figure and its interval: 5 to 95 % of the draws, or that of a room; of a probability the error of
        sampling. None where there is none.
    unit
        Unit of the figure.
    limits
        The range it was held against.
    share
        Part of the draws, or of the checked numbers, that lie in it; None where no draws tell.
    figure
        Id for `narrows why`; empty where there is no figure.
    rests_on
        Ids or the command of the room behind it.
    moves
        Fact that moves the verdict most; empty where none does.
    reason
        One sentence.
    """

    claim: StudyClaim
    verdict: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str = ""
    limits: tuple[float, float] = (-np.inf, np.inf)
    share: float | None = None
    figure: str = ""
    rests_on: str = ""
    moves: str = ""
    reason: str = ""

    @property
    def claimed(self) -> str:
        """The range in words; of a probability, how likely it must be."""
        low, high = self.limits
        if self.unit == "share" and low == SUPPORTED:
            return "it is so"
        if not (np.isfinite(low) or np.isfinite(high)):
            return ""
        unit = self.claim.unit
        ends = [shown(end, unit) for end in (low, high)]
        if low == high:
            return ends[0]
        if not np.isfinite(low):
            return f"up to {ends[1]}"
        return f"{ends[0]} or more" if not np.isfinite(high) else f"{ends[0]} to {ends[1]}"

    @property
    def told(self) -> str:
        """The figure with its interval, in words; empty where there is none."""
        if self.value is None:
            return ""
        value = shown(self.value, self.unit)
        if self.low is None or self.high is None or self.low == self.high:
            return value
        ends = [shown(end, self.unit) for end in (self.low, self.high)]
        return value if ends[0] == ends[1] == value else f"{value} ({ends[0]} to {ends[1]})"

    def to_json(self) -> dict[str, Any]:
        """Return the entry as JSON values."""
        claim = self.claim
        bounds = [None if not np.isfinite(end) else float(end) for end in self.limits]
        return {
            "id": claim.id,
            "day": claim.day,
            "section": claim.section,
            "claim": claim.claim,
            "asks": claim.asks,
            "source": claim.source,
            "claimed": {"low": bounds[0], "high": bounds[1], "unit": claim.unit},
            "verdict": self.verdict,
            "value": self.value,
            "p05": self.low,
            "p95": self.high,
            "unit": self.unit,
            "share": self.share,
            "figure": self.figure or None,
            "rests_on": self.rests_on or None,
            "moves": self.moves or None,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Ledger:
    """All claims with their verdicts.

    Parameters
    ----------
    entries
        In the order of the study.
    draws, seed, vintage
        Of the figures.
    """

    entries: tuple[Entry, ...]
    draws: int
    seed: int
    vintage: str

    @property
    def totals(self) -> dict[str, int]:
        """Number of claims by verdict."""
        return {name: sum(entry.verdict == name for entry in self.entries) for name in VERDICTS}

    @property
    def days(self) -> tuple[str, ...]:
        """Parts of the study, in order."""
        return tuple(dict.fromkeys(entry.claim.day for entry in self.entries))

    def of_day(self, day: str) -> tuple[Entry, ...]:
        """Return the claims of one part of the study."""
        return tuple(entry for entry in self.entries if entry.claim.day == day)

    def only(self, verdict: str) -> Ledger:
        """Return the claims of one verdict."""
        return replace(self, entries=tuple(one for one in self.entries if one.verdict == verdict))

    def entry(self, id_: str) -> Entry:
        """Return one claim.

        Raises
        ------
        UnknownNameError
            If there is no such claim.
        """
        for entry in self.entries:
            if entry.claim.id == id_:
                return entry
        raise _unknown(id_, [entry.claim.id for entry in self.entries])


@cache
def study_claims() -> tuple[StudyClaim, ...]:
    """Return the claims of the study, unjudged.

    Examples
    --------
    >>> found = study_claims()
    >>> len(found) == len({claim.id for claim in found})
    True
    """
    text = (files("narrows.claims") / "study.toml").read_text(encoding="utf-8")
    content = tomllib.loads(text)
    return tuple(
        StudyClaim(**(row | {"of": tuple(row.get("of", ())), "source": content["days"][row["day"]]}))
        for row in content["claim"]
    )


def ledger(
    claims: Iterable[StudyClaim | str] | None = None,
    *,
    draws: int = DRAWS,
    seed: int = DEFAULT_SEED,
    catalog: Catalog | None = None,
    data: Library | str | Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Ledger:
    """Return what model and data say of the claims of the study.

    Parameters
    ----------
    claims
        Claims or their ids; all of the study if left out.
    draws, seed
        Number of draws of the map and their seed; slow rooms take a thousand at most.
    catalog
        Facts; those that come with narrows if left out.
    data
        Closes, or a folder of tables; the built-in closes if left out.
    progress
        Called with the number of claims done and of all.

    Raises
    ------
    UnknownNameError
        If there is no such claim.

    Examples
    --------
    >>> found = ledger(["day6.air", "day9.mfu", "day8.labs"], draws=500)
    >>> [(entry.claim.id, entry.verdict) for entry in found.entries]
    [('day6.air', 'contradicted'), ('day9.mfu', 'supported'), ('day8.labs', 'unverifiable')]
    """
    wanted = study_claims() if claims is None else tuple(_claim(one) for one in claims)
    house = rooms(Asked(draws, seed, catalog=catalog))
    library = data if isinstance(data, Library) else Library(data)
    entries = []
    for done, claim in enumerate(wanted):
        if progress is not None:
            progress(done, len(wanted))
        entries.append(judge(claim, house, library))
    if progress is not None:
        progress(len(wanted), len(wanted))
    return Ledger(tuple(entries), draws, seed, str(house.catalog.vintage))


def _claim(one: StudyClaim | str) -> StudyClaim:
    if isinstance(one, StudyClaim):
        return one
    for claim in study_claims():
        if claim.id == one:
            return claim
    raise _unknown(one, [claim.id for claim in study_claims()])


def _unknown(id_: str, known: list[str]) -> UnknownNameError:
    return UnknownNameError("claim", id_, known, remedy="`narrows claims study` lists all")


def judge(claim: StudyClaim, house: Rooms, library: Library) -> Entry:
    """Return one claim with its verdict.

    Parameters
    ----------
    claim
        The claim.
    house
        The rooms, asked once.
    library
        Closes.
    """
    if claim.how == "none":
        return Entry(claim, "unverifiable", limits=claim.range, reason=claim.why)
    if claim.how == "text":
        return _by_closes(claim, library)
    found = evidence(claim, house)
    return _by_span(claim, found) if found.span is not None else _by_draws(claim, found)


def evidence(claim: StudyClaim, house: Rooms) -> Evidence:
    """Return what the rooms say of a claim, in the unit of its range."""
    if claim.how == "room":
        word, *rest = claim.of
        found = READINGS[word](house, *rest)
    elif claim.how == "not":
        found = chance(house, *claim.of, against=True)
    else:
        found = {"figure": figure, "chance": chance, "fact": fact, "less": less}[claim.how](house, *claim.of)
    unit = claim.unit if claim.unit != "share" or found.chance else found.unit
    return replace(found, values=found.values / claim.scale, unit=unit)


def _by_draws(claim: StudyClaim, found: Evidence) -> Entry:
    limits = found.limits or claim.range
    if found.chance and claim.low is None:
        inside, limits = found.values, (SUPPORTED, 1.0)
        share = float(inside.mean())
        value, low, high = _probability(inside)
    elif found.chance:
        value, low, high = _probability(found.values)
        inside, share = found.values, float(limits[0] <= value <= limits[1])
    else:
        inside = ((found.values >= limits[0]) & (found.values <= limits[1])).astype(np.float64)
        share = float(inside.mean())
        low, value, high = (float(q) for q in quantiles(found.values, BAND))
    verdict = _verdict(share)
    moves = _mover(found, inside) if verdict == "sensitive" else ""
    return Entry(
        claim, verdict, value, low, high, found.unit, limits, share,
        f"{FAMILY}.{claim.id}", found.rests_on, moves,
        _reason(claim, found, share, verdict, moves),
    )  # fmt: skip


def _probability(values: np.ndarray[Any, np.dtype[np.float64]]) -> tuple[float, float, float]:
    value = float(values.mean())
    error = SAMPLING * float(values.std()) / float(np.sqrt(len(values)))
    return value, max(value - error, 0.0), min(value + error, 1.0)


def _verdict(share: float) -> str:
    if share >= SUPPORTED:
        return "supported"
    return "contradicted" if share <= CONTRADICTED else "sensitive"


def _mover(found: Evidence, inside: np.ndarray[Any, np.dtype[np.float64]]) -> str:
    """Return the fact that moves the share inside most."""
    if found.hangs_on or found.run is None or len(inside) != found.run.reader.n:
        return found.hangs_on
    ranked = links(found.run, inside, found.reads)
    return ranked[0].fact.id if ranked and ranked[0].effect > 0 else ""


def _by_span(claim: StudyClaim, found: Evidence) -> Entry:
    low, high = (end / claim.scale for end in found.span or (0.0, 0.0))
    limits = found.limits or claim.range
    if limits[0] <= low and high <= limits[1]:
        verdict, told = "supported", "The whole interval lies in the claimed range"
    elif high < limits[0] or low > limits[1]:
        verdict, told = "contradicted", "Nothing of the interval lies in the claimed range"
    else:
        verdict, told = "sensitive", "A part of the interval lies in the claimed range"
    if low == high:
        told = told.replace("The whole interval", "The figure").replace("Nothing of the interval lies", "The figure lies not")
    moves = (claim.hangs_on or found.hangs_on) if verdict == "sensitive" else ""
    tail = f"; it hangs on {moves}" if moves else ""
    return Entry(
        claim, verdict, float(np.median(found.values)), low, high, found.unit, limits, None,
        f"{FAMILY}.{claim.id}", found.rests_on, moves, _joined(f"{told}{tail}.", claim.why),
    )  # fmt: skip


def _reason(claim: StudyClaim, found: Evidence, share: float, verdict: str, moves: str) -> str:
    tail = f"; {moves} moves that most" if moves else ""
    if found.chance and claim.low is None:
        told = f"It is so in {share:.0%} of the draws{tail}."
    elif found.chance:
        told = f"The share is {'inside' if share else 'outside'} the claimed range{tail}."
    else:
        what = "draws" if found.run is not None or len(found.values) > len(claim.of) * 40 else "cases held"
        limits = found.limits or claim.range
        outside = "" if verdict == "supported" else _where(found, limits)
        told = f"{share:.0%} of the {what} lie in the claimed range{outside}{tail}."
    return _joined(told, found.note, claim.why)


def _where(found: Evidence, limits: tuple[float, float]) -> str:
    below, above = float((found.values < limits[0]).mean()), float((found.values > limits[1]).mean())
    parts = [f"{part:.0%} {word}" for part, word in ((below, "below"), (above, "above")) if part > 0]
    return f", {' and '.join(parts)}" if parts else ""


def _joined(*sentences: str) -> str:
    return " ".join(sentence for sentence in sentences if sentence)


def _by_closes(claim: StudyClaim, library: Library) -> Entry:
    report = check(claim.text, library=library)
    told = [one for one in report.checked if one.verdict.holds is not None]
    open_ = [one.verdict for one in report.checked if one.verdict.holds is None]
    command = 'narrows claims check (the sentence is in --json under "text")'
    if not told:
        which = open_[0].which
        verdict = open_[0]
        reason = f"No data: {which}" + (f" ({verdict.words})" if verdict.words else "") + "."
        return Entry(claim, "unverifiable", limits=claim.range, rests_on=command, reason=_joined(reason, claim.why))
    held = sum(one.verdict.holds is True for one in told)
    share = held / len(told)
    verdict_name = _verdict(share)
    first = told[0].verdict
    several = len(told) > 1
    value = float(held) if several else first.value
    if several:
        reason = f"{held} of {len(told)} numbers hold; {len(open_)} cannot be told."
    elif first.holds:
        reason = f"Recomputed: {first.words}." if first.words else "It is as printed."
    else:
        reading = f" {first.reading.words[:1].upper()}{first.reading.words[1:]}." if first.reading else ""
        reason = f"{first.name}. Recomputed: {first.words}.{reading}"
    return Entry(
        claim, verdict_name, value, value, value, "row" if several else claim.unit,
        (claim.low if claim.low is not None else -np.inf,) * 2 if claim.low is not None else claim.range,
        share, f"{FAMILY}.{claim.id}" if value is not None else "", command, "", _joined(reason, first.note and f"{first.note}."),
    )  # fmt: skip


def tell(id: str, asked: Asked) -> Told:  # noqa: A002 (the word of the trade)
    """Return the figure of a claim in every draw (family ``claims``).

    Parameters
    ----------
    id
        ``claims.<id of a claim>``, such as ``claims.day6.air``.
    asked
        The question that it belongs to.

    Raises
    ------
    UnknownNameError
        If there is no such claim, or it has no figure.
    """
    known = [f"{FAMILY}.{claim.id}" for claim in study_claims() if claim.how != "none"]
    if id not in known:
        raise UnknownNameError("figure", id, known, remedy="Write claims.<id>; `narrows claims study` lists all")
    claim = _claim(id.removeprefix(f"{FAMILY}."))
    house = rooms(asked)
    none = Facts(house.catalog, house.facts.reader)
    if claim.how == "text":
        entry = _by_closes(claim, Library(None))
        if entry.value is None:
            raise UnknownNameError("figure", id, known, remedy=entry.reason)
        return Told(none, np.full(asked.draws, entry.value), entry.unit, entry.reason, (), method="closes")
    found = evidence(claim, house)
    if found.span is not None or found.run is None or len(found.values) != found.run.reader.n:
        low, high = found.span or (float(found.values.min()), float(found.values.max()))
        text = f"{found.formula}; {number(low)} to {number(high)}; from {found.rests_on}"
        values = np.full(asked.draws, float(found.values.mean() if found.chance else np.median(found.values)))
        return Told(none, values, found.unit, text, (), method="ledger of claims")
    text = f"{found.formula}; from {found.rests_on}"
    return Told(found.run, found.values, found.unit, text, found.reads, method="ledger of claims")
