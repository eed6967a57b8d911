"""Areas in proportion to amounts, as near to squares as they come."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Tile", "tiles"]


class Tile(NamedTuple):
    """A rectangle of the map [pixel]."""

    x: float
    y: float
    wide: float
    high: float


def tiles(amounts: Sequence[float], x: float, y: float, wide: float, high: float) -> list[Tile]:
    """Divide a rectangle by amounts, in their order.

    Parameters
    ----------
    amounts
        Amounts above 0, greatest first.
    x, y, wide, high
        The rectangle [pixel].

    Returns
    -------
    list of Tile
        One an amount; together they fill the rectangle.

    Notes
    -----
    A row along the shorter side takes the next amount as long as the most elongated of its tiles gets no more
    elongated: Bruls, Huizing and van Wijk, Squarified Treemaps (2000).

    Examples
    --------
    >>> [tuple(tile) for tile in tiles([2.0, 1.0, 1.0], 0.0, 0.0, 4.0, 2.0)]
    [(0.0, 0.0, 2.0, 2.0), (2.0, 0.0, 2.0, 1.0), (2.0, 1.0, 2.0, 1.0)]
    """
    found: list[Tile] = []
    left, scale = list(amounts), wide * high / sum(amounts) if amounts else 0.0
    while left:
        side = min(wide, high)
        count = 1
        while count < len(left) and _worst(left[: count + 1], side, scale) <= _worst(
            left[:count], side, scale
        ):
            count += 1
        row, left = left[:count], left[count:]
        deep, along = sum(row) * scale / side, 0.0
        for amount in row:
            length = amount * scale / deep
            if wide >= high:
                found.append(Tile(x, y + along, deep, length))
            else:
                found.append(Tile(x + along, y, length, deep))
            along += length
        if wide >= high:
            x, wide = x + deep, wide - deep
        else:
            y, high = y + deep, high - deep
    return found


def _worst(row: Sequence[float], side: float, scale: float) -> float:
    """Return the longest side over the shortest of the tiles of a row."""
    total = sum(row) * scale
    return max(max(side**2 * each * scale / total**2, total**2 / (side**2 * each * scale)) for each in row)
