"""A shock as a scenario: the facts of the map that it moves, as a file that ``--scenario`` reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from narrows.shocks.answer import EventAnswer

__all__ = ["ABSENT", "MOVED", "overlay_text"]

MOVED = {
    "supply.gas_price": "gas",
    "supply.grid_price": "power",
    "training.electricity_price": "power",
    "inference.electricity_price": "power",
}
"""Facts that exist, and the price that moves each."""
ABSENT = ("freight", "helium", "neon", "resin of substrates", "diesel of standby sets")
"""What an oil or gas shock moves too, and no fact of the catalogue says yet."""


def overlay_text(found: EventAnswer) -> str:
    """Return a scenario file: facts times the median change of the price that moves them.

    Parameters
    ----------
    found
        The answer of `narrows.shocks.shock`.

    Notes
    -----
    The change is that of the first two quarters after the day of the forecast, over the price before the
    event. A scenario scales by one number: the band stays with the shock.
    """
    quarters = found.path.periods("quarter")
    columns = [quarters.index(quarter) for quarter in found.path.ahead]
    shown = ", ".join(found.path.ahead)
    lines = [
        f'name = "{found.event.title}, known on {found.path.as_of}"',
        f'why = "median change of prices in {shown} over those before the event"',
        "",
        "# No fact of the catalogue says yet, so this file does not move: " + ", ".join(ABSENT) + ".",
        "",
        "[scale]",
    ]
    for fact, commodity in MOVED.items():
        factor = 1.0 + float(np.median(found.changes[commodity][:, columns].mean(axis=1)))
        lines.append(f'"{fact}" = {factor:.3f}')
    return "\n".join(lines) + "\n"
