"""The time map for people and programs: when each layer stops being short, and what the study says of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from narrows.report.columns import aligned, paragraph, rested, rows_csv, shortened, written
from narrows.report.words import percent, printable, within

if TYPE_CHECKING:
    from narrows.bottlenecks.resolution import Spell, TimeResult, TimeRow

__all__ = ["GROUP_WORDS", "grouped", "headline", "spoken_years", "time_csv", "time_json", "time_text"]

GROUP_WORDS = {
    "now": "Not short today",
    "short": "Short: up to 2 years",
    "mid": "Mid: 2 to 4 years",
    "long": "Long: 4 to 10 years",
    "beyond": "Beyond 10 years, or never",
}
"""Groups in order, in words."""
LAST_YEAR = 10.0
NONE = 0.005
"""A probability below this is left blank."""


def headline(result: TimeResult) -> str:
    """Return in one or two sentences which layers last longest and which are not short."""
    groups = grouped(result)
    late = next((groups[name] for name in reversed(GROUP_WORDS) if name in groups), [])
    told = (
        [f"{_sentence(_listed([within(row.name) for row in late]))}: {_LASTS[late[0].group]}."]
        if late
        else []
    )
    clear = groups.get("now", [])
    if clear and clear is not late:
        names = _listed([within(row.name) for row in clear])
        told.append(f"In most draws {names} {'is' if len(clear) == 1 else 'are'} not short at all.")
    return " ".join(told)


_LASTS = {
    "now": "in most draws not short",
    "short": "what is short clears within two years, in the median on announced plans",
    "mid": "the longest to clear, two to four years in the median on announced plans",
    "long": "the longest to clear, four to ten years in the median on announced plans",
    "beyond": "short for more than ten years, in the median on announced plans",
}


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _listed(names: list[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def grouped(result: TimeResult) -> dict[str, list[TimeRow]]:
    """Return the rows of each group that has any, in the order of time."""
    found = {name: [row for row in result.rows if row.group == name] for name in GROUP_WORDS}
    return {name: rows for name, rows in found.items() if rows}


def spoken_years(years: float) -> str:
    """Return a time to resolution in words [year].

    Examples
    --------
    >>> spoken_years(0.0), spoken_years(2.25), spoken_years(10.25)
    ('now', '2.2', '>10')
    """
    if years <= 0:
        return "now"
    return ">10" if years > LAST_YEAR else f"{years:.1f}"


def time_text(result: TimeResult, width: int) -> str:
    """Return the time map as text.

    Parameters
    ----------
    result
        The answer of `narrows.time`.
    width
        Greatest length of a paragraph's line [character].
    """
    first = next((row.layer for row in result.rows if row.study), "cowos")
    parts = [
        paragraph(headline(result), width),
        "\n".join(_table(result, width)),
        paragraph(_meaning(result), width),
        paragraph(_study(result), width),
        paragraph(
            f"{rested(result.meta)} ask: narrows why time.resolved.{first}.{result.quarter} (years), "
            f"time.resolved.{first}.mid.{result.quarter} (a column), time.ordered.{first}.{result.quarter} "
            f"(if ordered today), time.by_study.{first}.{result.quarter} (by then); "
            "`why` shows the interval from 5 to 95 %.",
            width,
        ),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


HEAD = ("layer", "median", "10-90 %", "now", "0-2", "2-4", "4-10", ">10", "ordered", "study", "", "by then")
FLUSH = ("median", "now", "0-2", "2-4", "4-10", ">10", "ordered", "by then")
WIDE, MIDDLE = 104, 78
"""Widths from which the whole table fits, and the table without the interval [character]."""


def _table(result: TimeResult, width: int) -> list[str]:
    left_out = (
        () if width >= WIDE else ("10-90 %",) if width >= MIDDLE else ("10-90 %", "study", "", "by then")
    )
    kept = [place for place, name in enumerate(HEAD) if name not in left_out]
    rows: list[tuple[str, ...]] = [HEAD]
    breaks: dict[int, str] = {}
    for group, members in grouped(result).items():
        breaks[len(rows)] = GROUP_WORDS[group]
        rows += [_line(row) for row in members]
    shown = [[row[place] for place in kept] for row in rows]
    right = [place for place, name in enumerate(shown[0]) if name in FLUSH]
    lines = aligned(shown, right, gap=2 if width >= WIDE else 1)
    told = ["Years until resolved; probability of each span [%]", lines[0]]
    for place, line in enumerate(lines[1:], start=1):
        if place in breaks:
            told.append(f"{breaks[place]}:")
        told.append(line)
    return told


def _line(row: TimeRow) -> tuple[str, ...]:
    spell = row.announced
    return (
        f" {shortened(printable(row.name), NAME)}",
        spoken_years(spell.p50),
        f"{spoken_years(spell.p10)} to {spoken_years(spell.p90)}",
        *(_whole(share) for share in spell.shares.values()),
        spoken_years(row.ordered.p50),
        row.study or "-",
        row.verdict,
        "" if row.by_study is None else percent(row.by_study),
    )


NAME = 19
"""Letters of a layer's name in the table."""


def _whole(share: float) -> str:
    return f"{100 * share:.0f}" if share >= NONE else ""


def _meaning(result: TimeResult) -> str:
    return (
        "A layer is resolved when its own capacity covers what demand asks, at the quarter of deployment, "
        "for four quarters in a row. `ordered` is the median if more of it were ordered in "
        f"{result.quarter}: its lead time, then its fastest growth. Layers are grouped by the median; the "
        "study's group stands beside, whether the median is in it, and the probability that the layer clears "
        "by the end of it. Demand does not give way to price "
        "or scarcity here; beyond the last anchors (2027 to 2030) growth is constant, and the mix of designs "
        "is flat after 2028, so later years say more about growth rates than about plans."
    )


def _study(result: TimeResult) -> str:
    named = [row for row in result.rows if row.study]
    counts = {name: sum(row.verdict == name for row in named) for name in ("agrees", "sooner", "later")}
    told = (
        f"Of {len(named)} layers that the study (Day 9, section 5) sorts by duration the map agrees on "
        f"{counts['agrees']}, has {counts['sooner']} sooner and {counts['later']} later. "
    )
    missing = ", ".join(f"{name} ({group})" for name, group in result.no_layer)
    return f"{told}The study also names what the map has no layer for: {missing}."


def time_json(result: TimeResult) -> str:
    """Return the time map as one JSON object.

    Parameters
    ----------
    result
        The answer of `narrows.time`.
    """
    rows = [{"group": row.group, "verdict": row.verdict} for row in result.rows]
    return written(result, rows=[asdict(row) | extra for row, extra in zip(result.rows, rows, strict=True)])


COLUMNS = (
    "layer",
    "name",
    "reading",
    "p10_year",
    "p50_year",
    "p90_year",
    "now",
    "short",
    "mid",
    "long",
    "beyond",
    "group",
    "study",
    "verdict",
    "by_study",
)


def time_csv(result: TimeResult) -> str:
    """Return the time map as CSV, one row a layer and reading; above 10 years means later, or never.

    Parameters
    ----------
    result
        The answer of `narrows.time`.
    """

    def cells(row: TimeRow, reading: str, spell: Spell) -> tuple[float | str | None, ...]:
        return (
            row.layer,
            row.name,
            reading,
            spell.p10,
            spell.p50,
            spell.p90,
            *spell.shares.values(),
            row.group,
            row.study,
            row.verdict,
            row.by_study,
        )

    return rows_csv(
        COLUMNS,
        [
            cells(row, reading, spell)
            for row in result.rows
            for reading, spell in (("announced", row.announced), ("ordered", row.ordered))
        ],
    )
