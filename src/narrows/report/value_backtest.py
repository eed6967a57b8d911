"""The back-test of rent against margins, as text and JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.report.columns import aligned, paragraph, written

if TYPE_CHECKING:
    from narrows.value.backtest import Backtest

__all__ = ["backtest_json", "backtest_text"]


def backtest_text(found: Backtest, width: int) -> str:
    """Return the back-test as text.

    Parameters
    ----------
    found
        The answer of `narrows.value.backtest.backtest`.
    width
        Greatest length of a line [character].
    """
    count = len(found.observations)
    years = ", ".join(f"{year} {value:+.2f}" for year, value in found.by_year)
    whose = "segments that book the layer" if found.margins == "segments" else "whole companies"
    rent = "rent share" if found.change is None else "change of rent share"
    when = "the same" if found.change == "same" else "the next"
    head = (
        f"Over {count} layers and years, the {rent} known at a year's end and {when} year's change of margin "
        f"of {whose} rank alike by {found.correlation:+.2f} (5 to 95 %: {found.low:+.2f} to "
        f"{found.high:+.2f} over layers, {found.company_low:+.2f} to {found.company_high:+.2f} over "
        f"companies; chance of as much by luck {100 * found.chance:.0f} %). By year: {years}."
    )
    earned = "the layer earned a rent" if found.change is None else "the rent share rose by a point or more"
    moved = f"Margins moved {_points(found.scarce)} where {earned}, {_points(found.plain)} where not."
    against = [f"{layer.replace('_', ' ')} ({part:+.2f})" for layer, part in found.by_layer if part < 0]
    disagree = f"Layers that disagree, and what each takes from the figure: {', '.join(against) or 'none'}."
    rows = [
        ("layer", "end of", rent, f"margin, {when} year", "companies"),
        *(
            (
                one.layer.replace("_", " "),
                str(one.year),
                f"{100 * one.rent_share:.1f} %",
                _points(one.change),
                ", ".join(one.companies),
            )
            for one in sorted(found.observations, key=lambda one: (one.year, -one.rent_share))
        ),
    ]
    note = "Layers of one year fare alike and share makers, so these are few observations. " + (
        "A margin is in the segment's own measure, so only its change is compared."
        if found.margins == "segments"
        else "Margins are of whole companies, of which the stack is a part."
    )
    return (
        "\n\n".join(
            [
                paragraph(f"{head} {moved}", width),
                paragraph(disagree, width),
                "\n".join(aligned(rows, (2, 3))),
                paragraph(note, width),
            ]
        )
        + "\n"
    )


def _points(value: float) -> str:
    return f"{100 * value:+.1f} points"


def backtest_json(found: Backtest) -> str:
    """Return the back-test as one JSON object."""
    return written(found)
