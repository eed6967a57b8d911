"""The catalogue: every statement, the rule that chooses, and what was known on a day."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from operator import attrgetter
from typing import TYPE_CHECKING

from narrows.catalog.fact import KINDS, Contents, Fact, Source, series_of
from narrows.errors import DataError, UnknownNameError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from narrows.catalog.fact import Choice, Company, Design, LayerDeclaration, Role
    from narrows.catalog.overlays import Overlay

__all__ = ["Catalog"]

_HASH_BYTES = 8
_WORD = re.compile(r"\w+")

_APART = (
    "model.",
    "chip.",
    "price.",
    "inference.",
    "hbm_generation.",
    "link.",
    "network_switch.",
    "cluster.",
    "market_price.",
    "part.",
    "system.",
    "gigawatt.",
    "silicon.",
    "fabric.",
    "audit.",
    "company.",
)  # subjects of facts that no layer reads


def _trust(fact: Fact) -> tuple[date, int, str]:
    """Return what the rule *newest* compares: date, then kind, then the key of the source."""
    return fact.known_on, -KINDS.index(fact.kind), fact.source


@dataclass(frozen=True, eq=False, repr=False)
class Catalog:
    """All facts, or those of one day, or those of one scenario; nothing in it ever changes.

    Parameters
    ----------
    statements_by_id
        The statements of each fact, the one that *newest* chooses first.
    layers
        Layers of the map in flow order.
    designs
        Chip designs.
    sources
        Sources by key.
    choices
        Rules by fact id, where another than *newest* was declared.
    hash
        Digest of the contents, 16 hexadecimal digits; another for each day and each scenario.
    known
        Every fact id of the whole catalogue, with the first day on which it was known.
    asked
        The day asked for, None for all.
    standing_used
        Count of standing facts that are used before their ``as_of``.
    scenario
        Identifier of the scenario, empty for none.
    companies, roles
        Companies, and what they do in words.
    """

    statements_by_id: Mapping[str, tuple[Fact, ...]]
    layers: tuple[LayerDeclaration, ...]
    designs: tuple[Design, ...]
    sources: Mapping[str, Source]
    choices: Mapping[str, Choice]
    hash: str
    known: Mapping[str, date]
    asked: date | None = None
    standing_used: int = 0
    scenario: str = ""
    companies: tuple[Company, ...] = ()
    roles: tuple[Role, ...] = ()

    @classmethod
    def of(cls, contents: Contents, digest: str) -> Catalog:
        """Return the catalogue of checked contents.

        Parameters
        ----------
        contents
            What the lint passed.
        digest
            Digest of the contents.
        """
        gathered: dict[str, list[Fact]] = {}
        for fact in contents.facts:
            gathered.setdefault(fact.id, []).append(fact)
        statements = {
            name: (tuple(facts) if len(facts) == 1 else tuple(sorted(facts, key=_trust, reverse=True)))
            for name, facts in gathered.items()
        }
        known = {name: facts[-1].known_on for name, facts in statements.items()}
        return cls(
            statements,
            contents.layers,
            contents.designs,
            contents.sources,
            contents.choices,
            digest,
            known,
            companies=contents.companies,
            roles=contents.roles,
        )

    def __repr__(self) -> str:
        return f"<Catalog of {len(self)} facts, vintage {self.vintage}, {self.hash}>"

    def __len__(self) -> int:
        return len(self.statements_by_id)

    def __iter__(self) -> Iterator[Fact]:
        """Yield the chosen statement of each fact, in the order of the files."""
        return (facts[0] for facts in self.statements_by_id.values())

    def has(self, name: str) -> bool:
        """Return whether anything is known about a fact on the day asked for."""
        return name in self.statements_by_id

    # --- reading --------------------------------------------------------------------------------

    def statements(self, name: str) -> tuple[Fact, ...]:
        """Return every statement of a fact, the newest first.

        Parameters
        ----------
        name
            Fact id.

        Raises
        ------
        UnknownNameError
            No such fact.
        DataError
            Nothing was known about it on the day asked for.
        """
        found = self.statements_by_id.get(name)
        if found is None:
            raise self.unknown(name)
        return found

    def fact(self, name: str) -> Fact:
        """Return the statement that is shown for a fact: the newest, then the most trusted kind.

        Parameters
        ----------
        name
            Fact id.

        Raises
        ------
        UnknownNameError, DataError
            As `statements`.
        """
        return self.statements(name)[0]

    def candidates(self, name: str) -> tuple[Fact, ...]:
        """Return the statements among which draws choose: all where the rule is *pool*, else one.

        Parameters
        ----------
        name
            Fact id.

        Raises
        ------
        UnknownNameError, DataError
            As `statements`.
        """
        found = self.statements(name)
        choice = self.choices.get(name)
        return found if choice and choice.rule == "pool" else found[:1]

    def series(self, prefix: str) -> tuple[Fact, ...]:
        """Return the facts ``prefix.<when>`` in the order of the periods they are about.

        Parameters
        ----------
        prefix
            Fact id without its *when*.

        Returns
        -------
        tuple of Fact
            Axis (anchor). Empty where there is no such fact, or nothing was known on the day asked for;
            the series that layers name are checked by the lint.
        """
        return self._series.get(prefix, ())

    def under(self, prefix: str) -> tuple[Fact, ...]:
        """Return the facts whose id begins with a prefix and a dot, in the order of the files.

        Parameters
        ----------
        prefix
            First parts of a fact id, for instance ``cowos.maker``.
        """
        inside = f"{prefix}."
        names = self._subjects.get(prefix.partition(".")[0], ())
        return tuple(self.statements_by_id[name][0] for name in names if name.startswith(inside))

    def search(self, query: str = "") -> list[Fact]:
        """Return every statement that holds all words of a query, best first; all for no words.

        Parameters
        ----------
        query
            Words, found in id, of, source, locator and note; parts of words count less.
        """
        words = [word.lower() for word in _WORD.findall(query)]
        everything = [fact for facts in self.statements_by_id.values() for fact in facts]
        if not words:
            return everything
        ranked = [(self._rank(fact, words), fact) for fact in everything]
        return [fact for rank, fact in sorted(ranked, key=lambda pair: -pair[0]) if rank]

    def _rank(self, fact: Fact, words: list[str]) -> float:
        source = self.sources[fact.source]
        places = (
            (8.0, fact.id),
            (4.0, fact.of),
            (2.0, f"{source.producer} {source.title} {fact.source}"),
            (1.0, f"{fact.note} {fact.why} {fact.locator}"),
        )
        total = 0.0
        for word in words:
            best = max(weight * _likeness(word, text.lower()) for weight, text in places)
            if not best:
                return 0.0
            total += best
        return total

    @cached_property
    def _subjects(self) -> dict[str, list[str]]:
        """Ids of facts by their first part, in the order of the files."""
        gathered: dict[str, list[str]] = {}
        for name in self.statements_by_id:
            gathered.setdefault(name.partition(".")[0], []).append(name)
        return gathered

    @cached_property
    def _ids(self) -> dict[str, list[str]]:
        """Ids of facts by their series, in the order of the files; a fact of no series stands alone."""
        gathered: dict[str, list[str]] = {}
        for name in self.statements_by_id:
            gathered.setdefault(series_of(name)[0], []).append(name)
        return gathered

    @cached_property
    def _series(self) -> dict[str, tuple[Fact, ...]]:
        gathered: dict[str, list[tuple[float, Fact]]] = {}
        for name, facts in self.statements_by_id.items():
            prefix, when = series_of(name)
            if when and facts[0].midpoint is not None:
                gathered.setdefault(prefix, []).append((facts[0].midpoint, facts[0]))
        return {
            prefix: tuple(fact for _, fact in sorted(pairs, key=lambda pair: pair[0]))
            for prefix, pairs in gathered.items()
        }

    def unknown(self, name: str) -> DataError | UnknownNameError:
        """Return the refusal of a fact, or of all facts under a prefix, of which nothing is known.

        Parameters
        ----------
        name
            Fact id, or the first parts of one.
        """
        days = [day for fact, day in self.known.items() if fact == name or fact.startswith(f"{name}.")]
        if not days:
            return UnknownNameError("fact", name, self.known, "List them with `narrows facts`")
        return DataError(
            f"Nothing was known about {name!r} on {self.asked}",
            f"It was first known on {min(days)}",
            "Ask for a later day",
        )

    # --- dates ----------------------------------------------------------------------------------

    @cached_property
    def oldest(self) -> str:
        """The oldest ``as_of`` of a chosen statement, empty for no facts."""
        return min(self, key=attrgetter("known_on")).as_of if len(self) else ""

    @cached_property
    def last(self) -> date:
        """Day from which the newest chosen statement was known; those of serving count only if alone.

        Prices of tokens move by the week and are read by no layer: they do not date the build-out.
        """
        return self._last.known_on

    @cached_property
    def newest(self) -> str:
        """The ``as_of`` of that statement, empty for no facts."""
        return self._last.as_of if len(self) else ""

    @cached_property
    def _last(self) -> Fact:
        build_out = [fact for fact in self if not fact.id.startswith(_APART)]
        return max(build_out or self, key=attrgetter("known_on"))

    @property
    def vintage(self) -> str:
        """The day asked for, or the newest ``as_of``."""
        return self.asked.isoformat() if self.asked else self.newest

    def as_known_on(self, day: str | date) -> Catalog:
        """Return the catalogue of what was known on a day.

        Parameters
        ----------
        day
            A date, or a text such as ``2024-08-31``; a month or a year means its last day.

        Returns
        -------
        Catalog
            Statements whose ``as_of`` had ended by that day. A *standing* statement is used before
            too, where nothing else was known of its fact; `standing_used` counts them.

        Raises
        ------
        UsageError
            The day cannot be read.
        """
        if isinstance(day, str):
            from narrows.quarters import period

            try:
                day = period(day).end
            except UsageError:
                raise UsageError(
                    f"The day asked for, {day!r}, cannot be read",
                    "A day is YYYY-MM-DD from 1900 to 2199; a month, quarter or year means its last day",
                    "Write it like 2024-09-30",
                ) from None
        if self.asked:
            day = min(day, self.asked)
        kept: dict[str, tuple[Fact, ...]] = {}
        standing = 0
        for name, facts in self.statements_by_id.items():
            if facts[0].known_on <= day:  # the newest was known, so all were: share the tuple
                kept[name] = facts
                continue
            said = tuple(fact for fact in facts if fact.known_on <= day)
            before = () if said else tuple(fact for fact in facts if fact.standing)
            standing += len(before)
            if said or before:
                kept[name] = said or before
        return replace(
            self,
            statements_by_id=kept,
            hash=_mixed(self.hash, day.isoformat()),
            asked=day,
            standing_used=standing,
        )

    # --- scenarios ------------------------------------------------------------------------------

    def overlay(self, overlay: Overlay) -> Catalog:
        """Return the catalogue under a scenario; an empty scenario changes nothing.

        Parameters
        ----------
        overlay
            The changes; they may override only facts that exist (convention §5).

        Raises
        ------
        UsageError
            A fact is not known, a unit has another dimension, or a number is out of range.
        """
        from narrows.catalog.overlays import changed, scenario_id

        changes = changed(overlay, self.statements_by_id, self._ids, self.known, self.asked)
        if not changes:
            return self
        scenario = scenario_id(overlay, self.vintage)
        source = Source(
            "scenario", "you", overlay.name, "", self.vintage, self.vintage, "own work", overlay.why
        )
        found = replace(
            self,
            statements_by_id={**self.statements_by_id, **changes},
            sources={**self.sources, "scenario": source},
            hash=_mixed(self.hash, scenario),
            scenario=_mixed(self.scenario, scenario) if self.scenario else scenario,
        )
        touched = {series_of(name)[0] for name in changes} & self._series.keys()
        series = {
            prefix: tuple(changes.get(fact.id, (fact,))[0] for fact in self._series[prefix])
            for prefix in touched
        }
        # a scenario changes numbers of facts; it neither adds one nor moves one in time
        last = changes.get(self._last.id, (self._last,))[0]
        vars(found).update(
            _subjects=self._subjects, _ids=self._ids, _series=self._series | series, _last=last
        )
        vars(found)["_changed"] = (self, frozenset(changes))
        return found

    def differs(self, before: Catalog) -> frozenset[str]:
        """Return the ids of the facts of which another catalogue with the same ids states something else.

        Parameters
        ----------
        before
            The other catalogue.
        """
        under, changes = self._changed
        if under is before:
            return changes
        theirs = before.statements_by_id
        return frozenset(name for name, said in self.statements_by_id.items() if said is not theirs[name])

    @cached_property
    def _changed(self) -> tuple[Catalog | None, frozenset[str]]:
        """What a scenario was laid over, and the ids of the facts that it changed."""
        return None, frozenset()


def _likeness(word: str, text: str) -> float:
    """Return 1 for a whole word of a text, 0.5 for a part of one, 0 for none."""
    if word not in text:
        return 0.0
    return 1.0 if re.search(rf"(?<![^\W_]){re.escape(word)}(?![^\W_])", text) else 0.5


def _mixed(first: str, second: str) -> str:
    return blake2b(f"{first} {second}".encode(), digest_size=_HASH_BYTES).hexdigest()
