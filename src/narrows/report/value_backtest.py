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
    head = (
        f"Over {count} layers and years, the rent share known at a year's end and the next year's change of "
        f"gross margin rank alike by {found.correlation:+.2f} ({found.low:+.2f} to {found.high:+.2f}, 5 to "
        f"95 % over layers; chance of as much by luck {100 * found.chance:.0f} %). By year: {years}."
    )
    moved = (
        f"Margins moved {_points(found.scarce)} where the layer earned a rent, "
        f"{_points(found.plain)} where it did not."
    )
    rows = [
        ("layer", "end of", "rent share", "margin, next year", "companies"),
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
    note = (
        "Layers of one year fare alike and share makers, so these are few observations. Margins are of whole "
        "companies, of which the stack is a part."
    )
    return (
        "\n\n".join(
            [paragraph(f"{head} {moved}", width), "\n".join(aligned(rows, (2, 3))), paragraph(note, width)]
        )
        + "\n"
    )


def _points(value: float) -> str:
    return f"{100 * value:+.1f} points"


def backtest_json(found: Backtest) -> str:
    """Return the back-test as one JSON object."""
    return written(found)
