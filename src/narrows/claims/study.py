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
from narrows.claims.study_rooms import BAND, READINGS, Evidence, Facts, chance, fact, figure, less, rooms
from narrows.draws import quantiles
from narrows.errors import UnknownNameError
from narrows.figure import number
from narrows.market.library import Library

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from narrows.catalog import Catalog
    from narrows.claims.checking import Checked
    from narrows.claims.study_rooms import Rooms

__all__ = [
    "DRAWS",
    "SURE",
    "VERDICTS",
    "Entry",
    "Ledger",
    "StudyClaim",
    "judge",
    "ledger",
    "shown",
    "study_claims",
    "tell",
]

DRAWS = 1000
"""Draws of the ledger: a probability of one half is known to 3 percentage points (95 %)."""
SURE = 0.75
"""Share of the draws in the claimed range that supports a claim; on one side of it, that contradicts it."""
SAMPLING = 1.96
"""Standard errors of a 95 % interval: the doubt of a probability that comes from the number of draws."""
VERDICTS = {
    "supported": f"{SURE:.0%} of the draws or more, or the whole interval, lie in the claimed range",
    "contradicted": f"{SURE:.0%} of the draws or more, or the whole interval, lie on one side of it",
    "sensitive": "neither: what is assumed decides",
    "unverifiable": "no model, no data, no definition, or an opinion",
}
"""Verdicts and what they mean."""
FAMILY = "claims"
GIGA, TEN = 1e9, 10.0
NEVER = HORIZON / 4
"""Years from which on a layer counts as never cleared."""
TINY = 1e-6


WORDS = {
    "usd": "USD",
    "ratio": "x",
    "year": "years",
    "month": "months",
    "week": "weeks",
    "day": "days",
    "request": "requests",
    "row": "numbers",
    "sector": "sectors",
    "lab": "labs",
}
"""Units as they are read, in the plural."""
PLURAL = frozenset(WORDS) - {"usd", "ratio"}


def shown(value: float, unit: str) -> str:
    """Return a number of the ledger as it is read, in its unit.

    Examples
    --------
    >>> shown(0.254, "share"), shown(2.15e10, "byte"), shown(133.6, "kW"), shown(10.25, "year")
    ('25 %', '21.5 GB', '134 kW', '>10 years')
    >>> shown(0.06, "share"), shown(-0.000816, "share"), shown(1.0, "year")
    ('6 %', '-0.082 %', '1 year')
    """
    if unit == "share":
        percent = 100 * value
        return f"{percent:.0f} %" if abs(percent) >= TEN else f"{percent:.2g} %"
    if unit == "byte":
        return f"{number(value / GIGA)} GB"
    if unit == "year" and value > NEVER:
        return f">{NEVER:.0f} years"
    text = number(value if abs(value) > TINY else 0.0)
    word = WORDS.get(unit, unit)
    return f"{text} {word[:-1] if unit in PLURAL and value == 1 else word}".strip()


def between(low: float, high: float, unit: str) -> str:
    """Return a range as it is read, with its unit once.

    Examples
    --------
    >>> between(1.0, 2.0, "year"), between(3e9, 3e10, "usd"), between(0.06, 0.09, "share")
    ('1 to 2 years', '3 to 30 bn USD', '6 to 9 %')
    """
    first, last = shown(low, unit), shown(high, unit)
    tail = last.partition(" ")[2]
    head, _, rest = first.partition(" ")
    same = rest == tail or (unit in PLURAL and low == 1)
    return f"{head if same else first} to {last}"


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
    chance
        Whether the figure is the probability that the claim is so.
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
    chance: bool = False

    @property
    def claimed(self) -> str:
        """The range in words; empty where the claim is that something is so."""
        low, high = self.limits
        if self.chance:
            return ""
        if not (np.isfinite(low) or np.isfinite(high)):
            return ""
        unit = self.claim.unit
        ends = [shown(end, unit) for end in (low, high)]
        if low == high:
            return ends[0]
        if not np.isfinite(low):
            return f"up to {ends[1]}"
        return f"{ends[0]} or more" if not np.isfinite(high) else between(low, high, unit)

    @property
    def told(self) -> str:
        """The figure with its interval, in words; empty where there is none."""
        if self.value is None:
            return ""
        value = shown(self.value, self.unit)
        if self.low is None or self.high is None or self.low == self.high:
            return value
        ends = [shown(end, self.unit) for end in (self.low, self.high)]
        if ends[0] == ends[1] == value:
            return value
        return f"{value} ({between(self.low, self.high, self.unit)})"

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
        ways: dict[str, Callable[..., Evidence]] = {
            "figure": figure,
            "chance": chance,
            "fact": fact,
            "less": less,
        }
        found = ways[claim.how](house, *claim.of)
    span = None if found.span is None else (found.span[0] / claim.scale, found.span[1] / claim.scale)
    return replace(found, values=found.values / claim.scale, span=span, unit=claim.unit)


def _by_draws(claim: StudyClaim, found: Evidence) -> Entry:
    limits = found.limits or claim.range
    so = found.chance and claim.low is None
    if found.chance:
        value, low, high = _probability(found.values)
        limits = (SURE, 1.0) if so else limits
        share = value if so else float(limits[0] <= value <= limits[1])
        inside, below = found.values, 1.0 - share
    else:
        inside = ((found.values >= limits[0]) & (found.values <= limits[1])).astype(np.float64)
        share, below = float(inside.mean()), float((found.values < limits[0]).mean())
        low, value, high = (float(q) for q in quantiles(found.values, BAND))
    verdict = _verdict(share, below)
    moves = _mover(found, inside) if verdict == "sensitive" else ""
    return Entry(
        claim,
        verdict,
        value,
        low,
        high,
        found.unit,
        limits,
        share,
        f"{FAMILY}.{claim.id}",
        found.rests_on,
        moves,
        _reason(claim, found, share, moves),
        so,
    )


def _probability(values: np.ndarray[Any, np.dtype[np.float64]]) -> tuple[float, float, float]:
    value = float(values.mean())
    error = SAMPLING * float(values.std()) / float(np.sqrt(len(values)))
    return value, max(value - error, 0.0), min(value + error, 1.0)


def _verdict(inside: float, below: float) -> str:
    """Return the verdict of shares of the draws inside the claimed range and below it."""
    if inside >= SURE:
        return "supported"
    return "contradicted" if max(below, 1.0 - inside - below) >= SURE else "sensitive"


def _mover(found: Evidence, inside: np.ndarray[Any, np.dtype[np.float64]]) -> str:
    """Return the fact that moves the share inside most."""
    if found.hangs_on or found.run is None or len(inside) != found.run.reader.n:
        return found.hangs_on
    ranked = links(found.run, inside, found.reads)
    return ranked[0].fact.id if ranked and ranked[0].effect > 0 else ""


def _by_span(claim: StudyClaim, found: Evidence) -> Entry:
    low, high = found.span or (-np.inf, np.inf)
    limits = found.limits or claim.range
    if limits[0] <= low and high <= limits[1]:
        verdict, told = "supported", "The whole interval lies in the claimed range"
    elif high < limits[0] or low > limits[1]:
        verdict, told = "contradicted", "Nothing of the interval lies in the claimed range"
    else:
        verdict, told = "sensitive", "A part of the interval lies in the claimed range"
    if low == high:
        told = f"The figure lies {'in' if verdict == 'supported' else 'outside'} the claimed range"
    moves = (claim.hangs_on or found.hangs_on) if verdict == "sensitive" else ""
    tail = f"; it hangs on {moves}" if moves else ""
    return Entry(
        claim,
        verdict,
        float(np.median(found.values)),
        low if np.isfinite(low) else None,
        high if np.isfinite(high) else None,
        found.unit,
        limits,
        None,
        f"{FAMILY}.{claim.id}",
        found.rests_on,
        moves,
        _joined(f"{told}{tail}.", claim.why),
    )


def _reason(claim: StudyClaim, found: Evidence, share: float, moves: str) -> str:
    tail = f"; {moves} moves that most" if moves else ""
    if found.chance and claim.low is None:
        told = f"It is so in {share:.0%} of the draws{tail}."
    elif found.chance:
        told = f"The share is {'inside' if share else 'outside'} the claimed range{tail}."
    else:
        what = "draws" if found.run is not None else "cases held"
        outside = _where(found, found.limits or claim.range)
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
    rest = [one.verdict for one in report.checked if one.verdict.holds is None]
    limits = claim.range if claim.low is None else (claim.low, claim.low)
    command = 'narrows claims check (the sentence is in --json under "text")'
    if not told:
        which, words = (rest[0].which, rest[0].words) if rest else ("no number was read", "")
        reason = f"No data: {which}" + (f" ({words})" if words else "") + "."
        why = _joined(reason, claim.why)
        return Entry(claim, "unverifiable", limits=limits, rests_on=command, reason=why)
    held = sum(one.verdict.holds is True for one in told)
    share, first = held / len(told), told[0].verdict
    value, unit = (first.value, claim.unit) if len(told) == 1 else (float(held), "row")
    return Entry(
        claim,
        _verdict(share, 1.0 - share),
        value,
        value,
        value,
        unit,
        limits,
        share,
        f"{FAMILY}.{claim.id}" if value is not None else "",
        command,
        "",
        _joined(
            _closes_told(told, len(rest)), f"{first.note[:1].upper()}{first.note[1:]}." if first.note else ""
        ),
    )


def _closes_told(told: list[Checked], open_: int) -> str:
    """Return what the closes say of a claim, in one or two sentences."""
    first = told[0].verdict
    if len(told) > 1:
        held = sum(one.verdict.holds is True for one in told)
        return f"{held} of {len(told)} numbers hold; {open_} cannot be told."
    if first.holds:
        return f"Recomputed: {first.words}." if first.words else "It is as printed."
    text = f"Recomputed: {first.words}."
    return text if first.reading is None else f"{text} As printed it is another: {first.reading.words}."


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
        raise UnknownNameError(
            "figure", id, known, remedy="Write claims.<id>; `narrows claims study` lists all"
        )
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
        ends = f"{number(low)} to {number(high)}" if np.isfinite(high) else f"{number(low)} or more"
        text = f"{found.formula}; {ends}; from {found.rests_on}"
        values = np.full(asked.draws, float(found.values.mean() if found.chance else np.median(found.values)))
        return Told(none, values, found.unit, text, (), method="ledger of claims")
    text = f"{found.formula}; from {found.rests_on}"
    return Told(found.run, found.values, found.unit, text, found.reads, method="ledger of claims")
