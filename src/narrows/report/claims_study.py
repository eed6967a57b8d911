"""The ledger of the study's claims as text, JSON and CSV."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

from narrows.claims.study import VERDICTS
from narrows.report.tables import Sheet
from narrows.report.words import folded

if TYPE_CHECKING:
    from narrows.claims.study import Entry, Ledger

__all__ = ["claim_text", "ledger_csv", "ledger_json", "ledger_text", "totals_text"]

MARK, NAME, LEFT = 14, 22, 14
"""Widths of the columns of verdict and id, and the indent of what stands below."""
COLUMNS = (
    "id", "day", "section", "claim", "asks", "source",
    "claimed_low", "claimed_high", "claimed_unit", "verdict",
    "value", "p05", "p95", "unit", "share", "figure", "rests_on", "moves", "reason",
)  # fmt: skip


def totals_text(found: Ledger) -> str:
    """Return how many claims have each verdict, in one sentence.

    Examples
    --------
    >>> from narrows.claims.study import ledger
    >>> totals_text(ledger(["day8.labs", "day9.mfu"], draws=100))
    '2 claims: 1 supported, 0 contradicted, 0 sensitive, 1 unverifiable'
    """
    parts = ", ".join(f"{count} {name}" for name, count in found.totals.items())
    return f"{len(found.entries)} claims: {parts}"


def ledger_text(found: Ledger, width: int = 100) -> str:
    """Return the ledger by part of the study: verdict, id, claim, what is claimed and what is found.

    Parameters
    ----------
    found
        The ledger.
    width
        Of the page [characters].
    """
    lines = folded(f"{totals_text(found)}.", width)
    for day in found.days:
        part = found.of_day(day)
        counts = [f"{sum(one.verdict == name for one in part)} {name}" for name in VERDICTS]
        lines += ["", f"{day}: {', '.join(text for text in counts if not text.startswith('0 '))}"]
        for one in part:
            lines += _entry(one, width)
    lines += ["", *_foot(found, width)]
    return "\n".join(lines) + "\n"


def _entry(one: Entry, width: int) -> list[str]:
    head = f"{one.verdict:<{MARK}}{one.claim.id:<{NAME}} "
    claim = folded(one.claim.claim, max(width - len(head), 20))
    lines = [head + claim[0], *(" " * len(head) + rest for rest in claim[1:])]
    if not one.told:
        text = one.reason
    elif one.claim.how == "text" and one.verdict == "contradicted":
        text = f"claimed {one.claimed}; found {one.told}. {one.reason}"
    else:
        pairs = (
            f"claimed {one.claimed}" if one.claimed else "",
            f"so in {one.told} of the draws" if one.chance else f"found {one.told}",
            f"decided by {one.moves}" if one.moves else "",
        )
        text = "; ".join(pair for pair in pairs if pair)
    return lines + [" " * LEFT + line for line in folded(text, width - LEFT)]


def _foot(found: Ledger, width: int) -> list[str]:
    meanings = "; ".join(f"{name}: {text}" for name, text in VERDICTS.items())
    text = (
        f"{found.draws:,} draws, seed {found.seed}, facts of {found.vintage}. Intervals hold 90 % of the "
        "draws; of a probability, the error of sampling. One claim in full: narrows claims study day6.air; "
        f"the chain behind its figure: narrows why claims.day6.air --draws {found.draws}"
    )
    return [*folded(f"{meanings}.", width), *folded(text, width)]


def claim_text(found: Ledger, width: int = 100) -> str:
    """Return one claim in full.

    Parameters
    ----------
    found
        A ledger of one claim.
    width
        Of the page [characters].
    """
    one = found.entries[0]
    why = f"narrows why {one.figure} --draws {found.draws}" if one.figure else ""
    pairs = (
        ("claim", one.claim.claim),
        ("from", f"{one.claim.day}, section {one.claim.section} ({one.claim.source})"),
        ("asks", one.claim.asks),
        ("claimed", one.claimed),
        ("found", one.told),
        ("verdict", one.verdict),
        ("why", one.reason),
        ("rests on", one.rests_on),
        ("decided by", one.moves),
        ("chain", why),
    )
    lines = []
    for name, text in pairs:
        if text:
            first, *rest = folded(text, width - LEFT)
            lines += [f"{name:<{LEFT}}{first}", *(" " * LEFT + line for line in rest)]
    return "\n".join(lines) + "\n"


def ledger_json(found: Ledger) -> str:
    """Return the ledger as one JSON object."""
    content = {
        "command": "claims study",
        "vintage": found.vintage,
        "draws": found.draws,
        "seed": found.seed,
        "totals": found.totals,
        "verdicts": VERDICTS,
        "claims": [one.to_json() for one in found.entries],
    }
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)


def ledger_csv(found: Ledger) -> str:
    """Return the ledger as CSV, one row a claim."""
    out = io.StringIO()
    writer = Sheet(out)
    writer.writerow(COLUMNS)
    for one in found.entries:
        row = one.to_json()
        claimed = row.pop("claimed")
        row |= {f"claimed_{word}": value for word, value in claimed.items()}
        writer.writerow(["" if row[name] is None else row[name] for name in COLUMNS])
    return out.getvalue()
