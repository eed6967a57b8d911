"""Claims to sentences: several phrasings of each type, all of which `extract` reads back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from narrows.claims.claim import BestSince, Change, Claim, Count, Share, Span, Streak, type_of
from narrows.claims.entities import entity
from narrows.claims.numerals import ONES, ORDINALS
from narrows.errors import UnknownNameError

if TYPE_CHECKING:
    from datetime import date

    from narrows.market.window import Window

__all__ = ["PHRASES", "day_text", "ordinal", "phrase", "phrasings"]

_UP = ("rose", "gained", "advanced", "climbed", "added", "was up", "finished up")
_DOWN = ("fell", "lost", "declined", "slipped", "shed", "was down", "finished down")
_TO_DATE = {
    "mtd": (
        "in the month to {date}",
        "month to date through {date}",
        "since the start of the month as of {date}",
    ),
    "qtd": ("in the quarter to {date}", "quarter to date through {date}"),
    "ytd": ("in the year to {date}", "year to date through {date}", "so far this year as of {date}"),
}
_WEEK = (
    "in the week ended {date}",
    "for the week ending {date}",
    "over the week to {date}",
    "in the week of {monday} to {date}",
)
_DAY = ("on {date}", "on {weekday}, {date}")

PHRASES: dict[str, tuple[str, ...]] = {
    "level": (
        "{name} closed at {value} on {date}.",
        "{name} finished {date} at {value}.",
        "On {date} {name} settled at {value}.",
    ),
    "change": (
        "{name} {verb} {value} {when}.",
        "{When}, {name} {verb} {value}.",
        "{name}: {signed} {when}.",
        "| Name | Change {when} |\n|---|---|\n| {name} | {signed} |",
    ),
    "record": (
        "{name} closed at a record on {date}.",
        "{name} set a record close on {date}.",
        "On {date} {name} ended at an all-time high.",
    ),
    "extreme_since": (
        "On {date} {name} had its {extreme} close since {since}.",
        "{name} finished {date} at its {extreme} level since {since}.",
    ),
    "best_since": (
        "In the week ended {date} {name} had its {best} {unit} since {since}.",
        "{name} posted its {best} {unitly} {move} since {since} in the week ended {date}.",
    ),
    "best_of_year": (
        "In the week ended {date} {name} had its {best} {unit} of the year.",
        "The week ended {date} was the {best} {unit} of the year for {name}.",
    ),
    "streak": (
        "{name} {verb} for the {nth} straight {unit} {when}.",
        "{name} notched its {nth} consecutive {unitly} {move} {when}.",
        "{When} {name} {verb} for a {nth} {unit} in a row.",
        "{name} was on a {n}-{unit} {winning} streak as of {date}.",
    ),
    "streak_since": ("{When} {name} had its longest {unitly} {winning} streak since {since}.",),
    "streak_ended": ("{When} {name} snapped a {words}-{unit} {winning} streak.",),
    "count_of_past": ("As of {date} {name} had {risen} in {words} of the past {of} {unit}s.",),
    "share": ("{name} {verb} in {value} of {unit}s in {year}.",),
    "distance": (
        "As of {date} {name} was {value} below its record close.",
        "On {date} {name} stood {value} short of its all-time high.",
    ),
    "quiet": ("As of {date} {name} has gone {words} straight {unit}s without a move of {move_size}.",),
    "rank": (
        "{name} ranked {nth} of the 11 sector funds {when}.",
        "{name} was the {nth}-best of the 11 sector funds {when}.",
        "{When} {name} placed {nth} among the 11 sector funds.",
    ),
    "count": (
        "{n} of the 11 sector funds {verb} {when}.",
        "{When}, {words} of the 11 sector funds {verb}.",
        "Of the 11 sector funds, {n} {verb} {when}.",
    ),
    "only": ("{name} was the only sector fund to {fall} {when}.",),
    "spread": ("{name} beat {other} by {value} {when}.",),
}  # fmt: skip
"""Templates by type of claim; one of `change` for every window."""


def day_text(day: date) -> str:
    """Return a day as prose writes it.

    Examples
    --------
    >>> from datetime import date
    >>> day_text(date(2026, 5, 1))
    'May 1, 2026'
    """
    return f"{day:%B} {day.day}, {day.year}"


def ordinal(number: int) -> str:
    """Return a place in a row.

    Examples
    --------
    >>> ordinal(3), ordinal(11), ordinal(22)
    ('third', 'eleventh', '22nd')
    """
    if 0 < number < len(ORDINALS):
        return ORDINALS[number]
    tail = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")  # noqa: PLR2004
    return f"{number}{tail}"


def phrasings(claim: Claim) -> int:
    """Return in how many ways a claim can be put.

    Examples
    --------
    >>> from narrows.claims.claim import Record
    >>> phrasings(Record(entity="SPX"))
    3
    """
    return (
        len(_templates(claim)) * len(_whens(claim))
        if "{when}" in "".join(_templates(claim)).lower()
        else len(_templates(claim))
    )


def _templates(claim: Claim) -> tuple[str, ...]:
    if claim.kind not in PHRASES:
        raise UnknownNameError("type of claim", type_of(claim), PHRASES, remedy="Only these can be phrased")
    return PHRASES[claim.kind]


def _whens(claim: Claim) -> tuple[str, ...]:
    window = claim.window
    if window.kind in _TO_DATE:
        return _TO_DATE[window.kind]
    if window.kind == "day":
        return _DAY
    if window.kind == "past":
        return (
            f"over the past {_count(window.count)} {window.unit}s to {{date}}"
            if window.count > 1
            else f"over the past {window.unit} to {{date}}",
        )
    if window.kind == "since":
        return (f"from {_said(window.start)} to {{date}}",)
    if window.kind == "calendar":
        return (f"in {_calendar(window)}",)
    return _WEEK


def _said(day: date | None) -> str:
    return "" if day is None else day_text(day)


def _calendar(window: Window) -> str:
    start, end = window.start, window.end
    if start is None or end is None:
        return ""
    months = end.month - start.month + 1
    if months == 1:
        return f"{start:%B} {start.year}"
    return (
        str(start.year) if months > 3 else f"the {ORDINALS[(start.month + 2) // 3]} quarter of {start.year}"  # noqa: PLR2004
    )


def _count(number: int) -> str:
    return ONES[number] if 0 <= number < len(ONES) else str(number)


def _since(span: Span | None) -> str:
    if span is None:
        return "records began"
    if span.start == span.end:
        return day_text(span.start)
    if span.start.month == span.end.month:
        return f"{span.start:%B} {span.start.year}"
    return str(span.start.year)


def _number(claim: Claim, *, signed: bool) -> str:
    stated = claim.stated
    if stated is None:
        return ""
    places = max(stated.places, 0)
    text = f"{abs(stated.value):,.{places}f}"
    sign = ("-" if stated.value < 0 else "+") if signed else ""
    unit = {"%": "%", "points": " points", "bp": " basis points", "pp": " percentage points"}.get(
        stated.unit, ""
    )
    money = "$" if stated.unit == "USD" else ""
    return f"{sign}{money}{text}{unit}"


def phrase(claim: Claim, variant: int = 0) -> str:
    """Return a claim as a sentence, or as a small table.

    Parameters
    ----------
    claim
        A claim with a window that ends on a day.
    variant
        Which of the phrasings; counted round.

    Raises
    ------
    UnknownNameError
        If no template fits the type.

    Examples
    --------
    >>> from narrows.claims import extract
    >>> (claim,) = extract("The S&P 500 rose 0.91% in the week ended May 1, 2026.")
    >>> phrase(claim, 1)
    'In the week ended May 1, 2026, the S&P 500 gained 0.91%.'
    """
    templates, whens = _templates(claim), _whens(claim)
    template = templates[variant % len(templates)]
    when = whens[(variant // len(templates)) % len(whens)]
    values = _values(claim, variant)
    when = when.format(**values)
    text = template.format(**values, when=when, When=when[:1].upper() + when[1:])
    return text[:1].upper() + text[1:]


def _name(symbol: str, name: str) -> str:
    known = entity(symbol)
    if known is None:
        return name or symbol
    if known.kind == "fund" and known.tracks.startswith("sector."):
        return f"the {known.name} ({known.id})"
    return f"the {known.name}" if known.kind == "index" else known.name


def _values(claim: Claim, variant: int) -> dict[str, Any]:
    end = claim.window.end
    up = claim.direction >= 0
    verbs = _UP if up else _DOWN
    stated = claim.stated
    whole = int(stated.value) if stated is not None else 0
    unit = getattr(claim, "unit", "week")
    worst = getattr(claim, "worst", False)
    start = None if end is None else end.fromordinal(end.toordinal() - end.weekday())
    verb = verbs[variant % (5 if isinstance(claim, (Streak, Count, Share, Change)) else len(verbs))]
    other = getattr(claim, "other", "")
    return {
        "name": _name(claim.entity, claim.name),
        "value": _number(claim, signed=False),
        "signed": _number(claim, signed=True),
        "date": _said(end),
        "weekday": "" if end is None else f"{end:%A}",
        "monday": "" if start is None else f"{start:%B} {start.day}",
        "year": "" if end is None else str(end.year),
        "verb": "rose" if up and isinstance(claim, (Streak, Count, Share)) and verb == "added" else verb,
        "risen": "risen" if up else "fallen",
        "fall": "rise" if up else "fall",
        "winning": "winning" if up else "losing",
        "move": ("gain" if not worst else "loss")
        if isinstance(claim, BestSince)
        else ("gain" if up else "loss"),
        "best": "worst" if worst else "best",
        "extreme": "lowest" if getattr(claim, "low", False) else "highest",
        "unit": unit,
        "unitly": {"day": "daily", "week": "weekly", "month": "monthly", "quarter": "quarterly"}.get(
            unit, unit
        ),
        "nth": ordinal(whole),
        "n": whole,
        "words": "none" if isinstance(claim, Count) and not whole else _count(whole),
        "of": _count(getattr(claim, "of", 0)),
        "since": _since(getattr(claim, "since", None)),
        "move_size": f"{getattr(claim, 'move', 0.0):g}%",
        "other": _name(other, other) if other else "",
    }
