"""The members of a week as a store holds them: what claims on weights, counts and cases are checked on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from narrows.errors import DataError, UsageError

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from narrows.market.recap import Recap
    from narrows.market.weights import Composition, SectorPart

__all__ = ["MemberWeek", "member_week"]


@dataclass(frozen=True, eq=False)
class MemberWeek:
    """A week of members, recomputed.

    Parameters
    ----------
    recap
        The week's numbers.
    parts
        The move of all members; None where no weights are held.
    high
        Highest share above the short mean of the last four weeks; None where not held.
    named
        Whether the text names this universe.
    """

    recap: Recap
    parts: Composition | None
    high: float | None
    named: bool

    @property
    def inside(self) -> Any:
        """The members' numbers."""
        return self.recap.inside

    def sector(self, name: str) -> SectorPart | None:
        """Return the part of a sector by its name."""
        sectors = () if self.parts is None else self.parts.sectors
        return next((part for part in sectors if part.name.lower() == name.lower()), None)

    def member(self, ticker: str) -> tuple[float, float, float] | None:
        """Return weight [share], change [%] and contribution [percentage points] of a member."""
        parts = self.parts
        if parts is None or ticker not in parts.tickers:
            return None
        at = parts.tickers.index(ticker)
        return float(parts.weights[at]), float(parts.changes[at]), float(parts.points[at])


def member_week(store: str | Path, day: date, text: str) -> MemberWeek | None:
    """Return the members of the week that ends on a day; None where the store cannot tell them.

    Parameters
    ----------
    store
        Folder of the store.
    day
        Last session of the week.
    text
        In which a universe may be named: "members of big on each day".
    """
    from narrows.market.inside import member_panel
    from narrows.market.recap import recap
    from narrows.market.shelf import Shelf
    from narrows.market.weights import compose

    shelf = Shelf(store, day)
    listed = sorted({spell.name for spell in shelf.store.spells("membership")})
    asked = next((name for name in listed if f"members of {name} on each day" in text), None)
    try:
        found = recap(day, store=store, universe=asked)
        panel = member_panel(shelf, day, asked)
    except (DataError, UsageError):
        return None
    if found.week != day or found.inside is None or panel is None:
        return None
    rows, _, week = panel
    facts: dict[str, Any] = next((one.facts for one in found.signals if "high" in one.facts), {})
    return MemberWeek(
        recap=found,
        parts=compose(rows, week.base, week.end),
        high=facts.get("high"),
        named=found.inside.universe in text,
    )
