"""Verdicts on a draft as text, JSON, and as the draft with notes between its lines."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from narrows.claims.claim import TYPES, type_of
from narrows.claims.verdict import VERDICTS
from narrows.report.words import folded, printable

if TYPE_CHECKING:
    from narrows.claims.checking import Checked, Report

__all__ = ["claims_annotated", "claims_json", "claims_text", "types_json", "types_text"]

MARKS = {True: "ok", False: "WRONG", None: "open"}
TENTH = 0.1
HALF_PERCENT = 0.005


def claims_text(report: Report, width: int = 100) -> str:
    """Return the verdicts: one line a claim, and below a wrong one what is right and which reading fits.

    Parameters
    ----------
    report
        Of the check.
    width
        Of the page [characters].
    """
    lines = [_summary(report), ""]
    for one in report.checked:
        lines += _entry(one, width)
    return "\n".join(lines) + "\n"


def _summary(report: Report) -> str:
    counts = Counter(MARKS[one.verdict.holds] for one in report.checked)
    day = "day not known" if report.day is None else f"day of the text {report.day.isoformat()}"
    return f"{len(report.checked)} claims, {day}: {counts['ok']} hold, {counts['WRONG']} wrong, {counts['open']} cannot be told"  # noqa: E501


def _entry(one: Checked, width: int) -> list[str]:
    claim, verdict = one.claim, one.verdict
    said = claim.stated.text if claim.stated is not None else ""
    name = claim.entity.removeprefix("sector.") or claim.name or "-"
    head = f"{claim.line:>4}  {MARKS[verdict.holds]:<6}{printable(name)[:24]:<25}{type_of(claim):<17}{printable(said)[:22]:<23}{verdict.verdict}"  # noqa: E501
    if verdict.which and len(head) + len(verdict.which) + 2 <= width:
        head += f"({printable(verdict.which)})"
        return [head, *_details(one, width, which=False)]
    return [head, *_details(one, width, which=True)]


def _details(one: Checked, width: int, *, which: bool) -> list[str]:
    verdict = one.verdict
    told = [verdict.which] if which and verdict.which else []
    if verdict.holds is False:
        told += [_capital(verdict.reading.words)] if verdict.reading is not None else []
        told += [f"Recomputed: {verdict.words}"] if verdict.words else []
        if verdict.reading is not None and verdict.chance is not None:
            tried = "1 reading" if verdict.tried == 1 else f"{verdict.tried} readings"
            told.append(f"Chance that {tried} hit this number by accident: {_chance(verdict.chance)}")
    told += [verdict.note] if verdict.note and verdict.holds is not True else []
    return [f"{'':12}{line}" for text in told for line in folded(f"{text}.", width - 12)]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _chance(share: float) -> str:
    if share < HALF_PERCENT:
        return f"{100 * share:.1f} %" if share >= HALF_PERCENT * TENTH else "below 0.1 %"
    return f"{100 * share:.0f} %"


def claims_json(report: Report) -> str:
    """Return the check as one JSON object.

    Examples
    --------
    >>> from narrows.claims import check
    >>> found = json.loads(claims_json(check("The S&P 500 rose 0.91% in the week ended May 1, 2026.")))
    >>> found["holds"], found["claims"][0]["verdict"]
    (1, 'TRUE')
    """
    content: dict[str, Any] = {
        "command": "claims check",
        "day": None if report.day is None else report.day.isoformat(),
        "form": report.document.form,
        "holds": sum(one.verdict.holds is True for one in report.checked),
        "wrong": len(report.wrong),
        "open": len(report.open),
        "claims": [one.to_json() for one in report.checked],
    }
    return json.dumps(content, indent=2, ensure_ascii=False)


def claims_annotated(report: Report) -> str:
    """Return the draft with the verdicts below the lines that they are of, as an editor marks a page.

    Lines of a page of HTML are those of its source.
    """
    notes: dict[int, list[str]] = defaultdict(list)
    for one in report.checked:
        said = one.claim.stated.text if one.claim.stated is not None else one.claim.kind.replace("_", " ")
        note = f"{_short(one)} [{one.claim.entity or one.claim.name or 'text'}: {said}]"
        notes[one.claim.line].append(note)
    lines = []
    for number, line in enumerate(report.document.source.split("\n"), 1):
        lines.append(line)
        lines += [f"    ^ {printable(note)}" for note in notes.get(number, ())]
    return "\n".join(lines)


def _short(one: Checked) -> str:
    verdict = one.verdict
    if verdict.holds:
        return "TRUE"
    told = verdict.reading.words.split(":")[0] if verdict.reading is not None else ""
    right = verdict.words.split(",")[0] if verdict.holds is False else ""
    parts = [verdict.name, told, f"recomputed {right}" if right else ""]
    return "; ".join(part for part in parts if part)


def types_text(width: int = 100) -> str:
    """Return the types of claims with an example each, and the verdicts."""
    lines = [f"{len(TYPES)} types of claims", ""]
    for name, (says, example) in TYPES.items():
        lines.append(f"{name:<18}{says}")
        lines += [f"{'':18}{line}" for line in folded(f"“{example}”", width - 18)]
    lines += ["", "verdicts", ""]
    lines += [f"{name:<18}{told}" for name, told in VERDICTS.items()]
    return "\n".join(lines) + "\n"


def types_json() -> str:
    """Return the types and verdicts as one JSON object."""
    types = [{"type": name, "says": says, "example": example} for name, (says, example) in TYPES.items()]
    return json.dumps(
        {"command": "claims list", "types": types, "verdicts": VERDICTS}, indent=2, ensure_ascii=False
    )
