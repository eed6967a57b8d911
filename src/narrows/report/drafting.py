"""A draft of the week by a language model: it passes the checker of claims, or is not published."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from narrows.claims.checking import check
from narrows.claims.document import plain
from narrows.claims.entities import find
from narrows.claims.numerals import ONES, ORDINALS, TENS
from narrows.errors import DataError, NarrowsError
from narrows.report.recap import (
    lead_words,
    recap_markdown,
    score_lines,
    signal_lines,
    span_words,
    takeaway_words,
)

if TYPE_CHECKING:
    from narrows.claims.checking import Checked, Report
    from narrows.market.chat import Endpoint
    from narrows.market.library import Library
    from narrows.market.recap import Move, Recap

__all__ = ["Draft", "draft", "draft_json", "sentences"]

ASKED = (
    "You edit a weekly market recap. The user gives sentences with ids, as JSON. Write one short text of "
    "plain paragraphs that orders and joins these sentences. Add no number, name, cause, opinion or "
    "forecast; change no number, no sign and no period of time; keep the name beside its number. No "
    "headings, lists, tables, links or markup, and no ids."
)
LONGEST = 20_000
"""Letters of a draft: a recap has some five thousand."""
NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
WORD = re.compile(r"[a-z]+")
MARKUP = re.compile(r"<[A-Za-z/!?]|\]\s*[(\[]|\w+://|\bwww\.|`|^\s*[#|>]", re.MULTILINE)
CAUSES = re.compile(
    r"\b(because|due to|driven by|thanks to|owing to|as a result|caused|amid|on the back of|fuel+ed|"
    r"lifted by|weighed|boosted)\b",
    re.IGNORECASE,
)
NUMBER_WORDS = frozenset(ONES[2:]) | frozenset(TENS) | frozenset(ORDINALS[1:]) | {
    "hundred", "thousand", "million", "billion", "trillion", "dozen", "half", "quarter", "third", "double",
    "doubled", "triple", "tripled", "twice", "thrice", "zero", "both",
}  # fmt: skip


@dataclass(frozen=True)
class Draft:
    """What a model wrote, and what is published.

    Parameters
    ----------
    model
        Its name.
    written
        What it wrote, letters that steer a terminal taken out.
    findings
        Why it is not published, a sentence each; none where it is.
    report
        Verdicts on its claims; None where it holds none.
    text
        What is published: the draft, or the words of fixed sentences.
    """

    model: str
    written: str
    findings: tuple[str, ...]
    report: Report | None
    text: str

    @property
    def published(self) -> bool:
        """Whether the draft is what is published."""
        return not self.findings


def sentences(found: Recap) -> dict[str, str]:
    """Return the sentences of a recap by id: all that a model is given.

    Parameters
    ----------
    found
        The answer of `narrows.market.recap.recap`.

    Examples
    --------
    >>> from narrows.market.recap import recap
    >>> sentences(recap("2026-05-01"))["lead"].split(",")[0]
    'The S&P 500 rose 0.91% for the week ended May 1'
    """
    held = {"lead": lead_words(found)}
    held |= {f"sector-{move.symbol}": _sector(move) for move in found.sectors}
    held |= {f"score-{at}": line.replace("**", "") for at, line in enumerate(score_lines(found), 1)}
    held["takeaway"] = takeaway_words(found)
    held |= {f"rule-{at}": line for at, line in enumerate(signal_lines(found), 1)}
    return held


def _sector(move: Move) -> str:
    way = "rose" if move.percent >= 0 else "fell"
    return f"The {move.name} fund {move.symbol} {way} {abs(move.percent):.2f}% for the week."


def draft(found: Recap, endpoint: Endpoint, library: Library | None = None) -> Draft:
    """Return a draft by a language model that passed the check, or the words of fixed sentences.

    Parameters
    ----------
    found
        The week.
    endpoint
        Where the model is asked.
    library
        Closes to check against; those that ship if left out.

    Raises
    ------
    EndpointError
        If the model gives no draft.
    UsageError
        If the endpoint cannot be used.

    Notes
    -----
    The model is given `sentences` and nothing else. Its draft is not published if a claim in it does not
    hold, a claim cannot be told that the recap does not make, a number, a name or a cause in it is not in
    the sentences, or it holds markup or no claim.
    """
    given = sentences(found)
    messages = [
        {"role": "system", "content": ASKED},
        {"role": "user", "content": json.dumps({"week": span_words(found), "sentences": given})},
    ]
    written = _printable(endpoint.ask(messages))
    findings, report = _findings(written, found, given, library)
    fixed = recap_markdown(found)
    title, foot = fixed.partition("\n\n")[0], fixed.rpartition("\n\n")[2]
    if findings:
        told = "The draft of the language model did not pass the check; these are the fixed sentences."
        text = f"{title}\n\n{told}\n\n{fixed.partition(chr(10) * 2)[2]}"
    else:
        count = 0 if report is None else len(report.checked)
        told = f"Order and joins by a language model; its {count} claims passed the check."
        text = f"{title}\n\n{written}\n\n---\n\n{told} {foot}"
    return Draft(endpoint.model, written, tuple(findings), report, text)


def _printable(text: str) -> str:
    """Return a text without letters that steer a terminal, signs and spaces in one form."""
    return plain(unicodedata.normalize("NFKC", text.replace("\r\n", "\n"))).strip()


def _findings(
    written: str, found: Recap, given: dict[str, str], library: Library | None
) -> tuple[list[str], Report | None]:
    """Return why a draft is not published, and the verdicts on its claims."""
    if len(written) > LONGEST:
        return [f"The draft has {len(written):,} letters, more than {LONGEST:,}."], None
    source = _printable(" ".join([span_words(found), *given.values()]))
    findings = []
    if MARKUP.search(written):
        findings.append("The draft holds markup or a link.")
    for kind, new in (
        ("number", sorted(_numbers(written) - _numbers(source))),
        ("name", sorted(_names(written) - _names(source))),
        ("cause", sorted(_causes(written) - _causes(source))),
    ):
        if new:
            findings.append(f"The draft holds a {kind} that the recap does not: {', '.join(new)[:300]}.")
    try:
        report = check(written, found.week, library)
    except DataError:
        return [*findings, "The draft holds no claim that can be checked."], None
    except NarrowsError as error:
        return [*findings, str(error)], None
    findings += [f"{one.verdict.name}: {_said(one)} ({one.verdict.words})." for one in report.wrong]
    known = {_key(one) for one in check(source, found.week, library).open}
    findings += [
        f"{one.verdict.name}: {_said(one)}; the recap makes no such claim."
        for one in report.open
        if _key(one) not in known
    ]
    return findings, report


def _said(one: Checked) -> str:
    stated = "" if one.claim.stated is None else one.claim.stated.text
    return f"{one.claim.entity or one.claim.name} {stated}".strip()


def _key(one: Checked) -> tuple[str, str, str]:
    stated = "" if one.claim.stated is None else one.claim.stated.text
    return type(one.claim).__name__, one.claim.entity, stated


def _numbers(text: str) -> set[str]:
    """Return the numbers of a text, digits and words.

    Examples
    --------
    >>> sorted(_numbers("Up 0.91% to 7,230.12, its fifth gain"))
    ['0.91', '7230.12', 'fifth']
    """
    digits = {match[0].replace(",", "") for match in NUMBER.finditer(text)}
    return digits | ({match[0] for match in WORD.finditer(text.lower())} & NUMBER_WORDS)


def _names(text: str) -> set[str]:
    return {one.name if not one.id else one.id for one in find(text)}


def _causes(text: str) -> set[str]:
    return {match[0].lower() for match in CAUSES.finditer(text)}


def draft_json(found: Draft) -> str:
    """Return a draft with its verdicts as one JSON object."""
    content: dict[str, Any] = {
        "command": "market draft",
        "model": found.model,
        "published": found.published,
        "findings": list(found.findings),
        "verdicts": [] if found.report is None else [one.to_json() for one in found.report.checked],
        "draft": found.written,
        "text": found.text,
    }
    return json.dumps(content, indent=2, ensure_ascii=False)
