"""Claims against closes: one rule for each type of claim."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from narrows.claims import claim as types
from narrows.claims import groups, member_checks, plain_checks, runs, superlatives
from narrows.claims.desk import Desk

if TYPE_CHECKING:
    from collections.abc import Callable

    from narrows.claims.verdict import Verdict

__all__ = ["RULES", "Desk", "verify"]

RULES: dict[type[types.Claim], Callable[[Any, Desk], Verdict]] = {
    types.Other: plain_checks.check_other,
    types.Contribution: member_checks.check_contribution,
    types.Breadth: member_checks.check_breadth,
    types.MemberCount: member_checks.check_member_count,
    types.MemberMove: member_checks.check_member_move,
    types.Weight: member_checks.check_weight,
    types.Concentration: member_checks.check_concentration,
    types.Dispersion: member_checks.check_dispersion,
    types.Rotation: member_checks.check_rotation,
    types.Leveraged: member_checks.check_leveraged,
    types.Signal: member_checks.check_signal,
    types.Past: member_checks.check_past,
    types.Multiple: plain_checks.check_multiple,
    types.Level: plain_checks.check_level,
    types.Change: plain_checks.check_change,
    types.Spread: plain_checks.check_spread,
    types.Distance: plain_checks.check_distance,
    types.Record: superlatives.check_record,
    types.ExtremeSince: superlatives.check_extreme_since,
    types.BestSince: superlatives.check_best_since,
    types.BestOfYear: superlatives.check_best_of_year,
    types.Streak: runs.check_streak,
    types.StreakSince: runs.check_streak_since,
    types.StreakEnded: runs.check_streak_ended,
    types.CountOfPast: runs.check_count_of_past,
    types.Share: runs.check_share,
    types.Quiet: runs.check_quiet,
    types.Rank: groups.check_rank,
    types.Count: groups.check_count,
    types.Only: groups.check_only,
}
"""What checks a claim, by its type."""


def verify(claim: types.Claim, desk: Desk) -> Verdict:
    """Return the verdict on a claim.

    Parameters
    ----------
    claim
        As extracted.
    desk
        Closes, and the other claims of the text.

    Examples
    --------
    >>> from narrows.claims import extract
    >>> from narrows.market.library import Library
    >>> (claim,) = extract("The S&P 500 rose 0.78% in the week ended May 1, 2026.")
    >>> verify(claim, Desk(Library())).name
    'WRONG_BASE(monday)'
    """
    return RULES[type(claim)](claim, desk)
