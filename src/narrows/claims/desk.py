"""What a verification reads: closes and the text's other claims; and how a verdict is made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from narrows.claims.claim import Change, Claim, Streak, StreakEnded
from narrows.claims.entities import entity
from narrows.claims.verdict import Verdict
from narrows.market.window import Window

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from narrows.claims.member_week import MemberWeek
    from narrows.market.history import History
    from narrows.market.inside import FundYear
    from narrows.market.library import Library

__all__ = [
    "FAR",
    "FUNDS",
    "LONG_ENOUGH",
    "NO_PRICE",
    "RECENT",
    "Desk",
    "cannot_tell",
    "history_of",
    "judged",
    "reach",
]

FUNDS = ("XLK", "XLB", "XLC", "XLY", "XLRE", "XLI", "XLP", "XLF", "XLV", "XLU", "XLE")
"""The sector funds, as many as there are sectors."""
RECENT = {"day": 10, "week": 4, "month": 3, "quarter": 2, "year": 1}
"""Periods back in which a claim that was right is called stale, not false."""
LONG_ENOUGH = 250
"""Sessions from which on the highest close of an index's history counts as its record."""
NO_PRICE = "universe: a sector has no price here"
"""Why a sector without an instrument cannot be checked."""
FAR = 8.0
"""Standard deviations from which on a number cannot be meant over a window that the text left out."""


@dataclass
class Desk:
    """What a verification reads: closes, and what else the same text says.

    Parameters
    ----------
    library
        Closes by symbol.
    claims
        All claims of the text.
    text
        The text itself, which names its universe.
    store
        Folder of a store that holds the members; None where there is none.
    """

    library: Library
    claims: Sequence[Claim] = ()
    text: str = ""
    store: str | Path | None = None
    named: tuple[str, ...] = field(init=False)
    weeks: dict[date, MemberWeek | None] = field(init=False, default_factory=dict)
    funds: dict[date, tuple[FundYear, ...]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.named = tuple(dict.fromkeys(claim.entity for claim in self.claims if claim.entity))

    def table(self, window: Window) -> dict[str, float]:
        """Return the sectors' changes over a window as the text's own table prints them."""
        found: dict[str, float] = {}
        for claim in self.claims:
            if isinstance(claim, Change) and claim.entity.startswith("sector.") and claim.stated is not None:  # noqa: SIM102
                if (claim.window.kind, claim.window.end) == (window.kind, window.end) and " | " in claim.text:
                    found.setdefault(claim.entity, claim.stated.value)
        if not found:
            for claim in self.claims:
                if (
                    (
                        isinstance(claim, Change)
                        and claim.entity.startswith("sector.")
                        and claim.stated is not None
                    )
                    and claim.window.kind == window.kind
                    and claim.window.end == window.end
                ):
                    found.setdefault(claim.entity, claim.stated.value)
        return found


def cannot_tell(reason: str, words: str = "", **more: Any) -> Verdict:
    """Return that the data cannot tell, and why."""
    return Verdict("UNVERIFIABLE", reason, words=words, **more)


def judged(*, right: bool, **more: Any) -> Verdict:
    """Return TRUE or FALSE."""
    return Verdict("TRUE" if right else "FALSE", **more)


ANCHORED = (Change, Streak, StreakEnded)
"""Claims that single closes of an earlier time are enough for."""


def history_of(claim: Claim, desk: Desk) -> tuple[History | None, str, Verdict | None]:  # noqa: PLR0911
    """Return the history that a claim is checked on, a note on a stand-in, or why there is none."""
    known = entity(claim.entity)
    if not claim.entity:
        name = f" of {claim.name}" if claim.name else ""
        return None, "", cannot_tell(f"no series{name}")
    if claim.window.end is None:
        return None, "", cannot_tell("the text names no day: give --week DATE")
    if known is not None and known.kind == "sector":
        return None, "", None
    history = desk.library.history(claim.entity, anchored=isinstance(claim, ANCHORED))
    if history is not None and history.end_of(_to_end(claim.window)) is not None:
        return history, "", None
    if known is not None and known.fund:
        fund = desk.library.history(known.fund)
        if fund is not None and fund.end_of(_to_end(claim.window)) is not None:
            return (
                fund,
                f"the fund {known.fund} stands in for {known.name}, whose closes are not in the data",
                None,
            )
    if known is not None and known.other:
        return None, "", _instrument(claim, desk, known.name, known.other)
    name = known.name if known is not None else claim.name
    if history is None:
        return None, "", cannot_tell(f"no series of {name}")
    first, last = history.days[0], history.days[-1]
    if first <= claim.window.end <= last:
        return None, "", cannot_tell(f"no close of {name} for {claim.window.end.isoformat()}")
    return None, "", cannot_tell(f"closes of {name} run from {first.isoformat()} to {last.isoformat()}")


def _to_end(window: Window) -> Window:
    return window if window.kind in {"week", "day"} else Window("mtd", window.end)


def _instrument(claim: Claim, desk: Desk, name: str, other: str) -> Verdict:
    held = desk.library.history(other)
    day = claim.window.end
    if held is None or day is None:
        return cannot_tell(f"no series of {name}")
    twin = entity(other)
    named = twin.name if twin is not None else other
    place = held.last(day)
    tail = (
        f"none for {day.isoformat()}"
        if place is None or (claim.window.kind == "day" and held.at(day) is None)
        else f"{held.closes[place]:,.2f} on {held.days[place].isoformat()}"
    )
    return Verdict("INSTRUMENT", f"{name}; the data holds {named}, {tail}", data=held.hash)


def reach(history: History, note: str = "") -> str:
    """Return where the closes begin, behind another note."""
    first = f"closes from {history.days[0].isoformat()}"
    return f"{note}; {first}" if note else first
