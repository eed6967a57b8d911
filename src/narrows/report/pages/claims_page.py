"""The ledger of the study's claims as a page: every claim, what is found, and the number behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from narrows.claims.study import VERDICTS
from narrows.report.pages.parts import Model, Prose, Table, Terms, fact_link, joined, num

if TYPE_CHECKING:
    from narrows.claims.study import Entry
    from narrows.report.pages.question import Question
    from narrows.report.pages.study import Study

__all__ = ["claims_page"]

HEAD = ("Claim", "Verdict", "Claimed", "Found", "Why")


def claims_page(study: Study, question: Question, _: str = "") -> Model:
    """Return every claim of the study with its verdict, by part of the study."""
    del question
    found = study.claims
    totals = found.totals
    told = ", ".join(f"{count} {name}" for name, count in totals.items())
    meanings: list[tuple[str, str | Markup]] = [
        (name, f"{totals[name]}: {text}.") for name, text in VERDICTS.items()
    ]
    tables = [
        Table(
            f"{day}: {_counted(found.of_day(day))}",
            HEAD,
            [_row(study, one) for one in found.of_day(day)],
            title=day,
            id=_anchor(day),
        )
        for day in found.days
    ]
    command = Markup("<code>narrows claims study ID</code>")
    read = (
        f"Claims are in our words. Verdicts are computed from {found.draws:,} draws, or from the closes; "
        "ranges that the study does not state are ours, and the claim says so."
    )
    return Model(
        title="Claims of the study",
        lead=joined((num("study.claims", f"{len(found.entries)} claims"), f"that can be checked: {told}.")),
        blocks=[
            Terms(meanings, "What the verdicts mean"),
            *tables,
            Prose(
                [
                    read,
                    joined(("One claim in full, with what it asks and what it rests on:", command + ".")),
                ],
                "How to read it",
            ),
        ],
    )


def _anchor(day: str) -> str:
    return "part-" + "-".join("".join(sign if sign.isalnum() else " " for sign in day.lower()).split())


def _counted(entries: tuple[Entry, ...]) -> str:
    counts = {name: sum(one.verdict == name for one in entries) for name in VERDICTS}
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count)


def _row(study: Study, one: Entry) -> list[str | Markup]:
    shown = f"so in {one.told} of the draws" if one.chance else one.told
    return [
        Markup("{} <small>{}</small>").format(one.claim.claim, _section(one.claim.section)),
        Markup('<span class="{0}">{0}</span>').format(one.verdict),
        one.claimed,
        Markup('<span class="found">{}</span>').format(num(one.figure, shown.replace(" %", "\xa0%")))
        if shown
        else "",
        _why(study, one),
    ]


def _section(name: str) -> str:
    return f"section {name}" if name.isdigit() else name


def _why(study: Study, one: Entry) -> str | Markup:
    if not one.moves:
        return one.reason
    head, _, tail = one.reason.partition(one.moves)
    moves = fact_link(one.moves) if study.catalog.has(one.moves) else one.moves
    return joined((head, moves, tail), "")
