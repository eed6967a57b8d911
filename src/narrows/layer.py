"""The questions every layer of the stack answers: its supply face, in one common currency.

The map reads only these five answers. A layer may be declared as facts in the catalogue
(the usual case) or be written in the room of its Day where physics needs code; either way it
passes the same exam (``tests/rooms/exam.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Layer", "shares_of"]


@runtime_checkable
class Layer(Protocol):
    """One layer of the stack, seen from the map."""

    @property
    def id(self) -> str:
        """Name in programs."""

    @property
    def unit(self) -> str:
        """What the layer makes, for instance wafer, stack, MW."""

    def supply(self, years: NDArray[np.float64]) -> NDArray[np.float64] | None:
        """Return what the layer can make for AI [unit/quarter], axes (draw, time); None if not known.

        Parameters
        ----------
        years
            Moments as calendar years with fraction [year], axis (time).
        """

    def need(self, years: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what one H100-equivalent takes of the layer [unit/h100e], axes (draw, time)."""

    def relief(self) -> tuple[float, float, float] | None:
        """Return the time from a decision to added capacity [quarter]: low, value, high."""

    def makers(self) -> Mapping[str, float]:
        """Return each maker's share of the layer's output, 0 to 1, summing to 1; empty if not known."""

    def watch(self) -> str:
        """Return the published indicator that would show the layer moving."""


def shares_of(parts: Sequence[tuple[str, float]]) -> dict[str, float]:
    """Return shares that sum to 1, largest first, from pairs (maker, stated share).

    Parameters
    ----------
    parts
        Pairs of a maker's name and its stated share [share].

    Examples
    --------
    >>> shares_of([("b", 1.0), ("a", 3.0)])
    {'a': 0.75, 'b': 0.25}
    """
    total = sum(share for _, share in parts)
    if total <= 0:
        return {}
    ordered = sorted(parts, key=lambda part: (-part[1], part[0]))
    return {name: share / total for name, share in ordered}
