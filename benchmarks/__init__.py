"""Ours beside the peer, as ratios: a registry that one command runs.

A benchmark is a function that returns rows; `benchmark` adds it to the registry under its name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["REGISTRY", "Row", "benchmark"]


@dataclass(frozen=True, slots=True)
class Row:
    """One measured line.

    Parameters
    ----------
    name
        What was measured.
    ours, peer
        The two figures, in `unit`; peer is None where there is none.
    unit
        Unit of both.
    ratio
        How many times the peer's figure ours is better, or None.
    goal
        What is asked for, in words.
    holds
        Whether the goal holds; None where there is none.
    """

    name: str
    ours: float
    peer: float | None
    unit: str
    ratio: float | None
    goal: str
    holds: bool | None


REGISTRY: dict[str, Callable[[], list[Row]]] = {}


def benchmark(name: str) -> Callable[[Callable[[], list[Row]]], Callable[[], list[Row]]]:
    """Add a function to the registry."""

    def add(function: Callable[[], list[Row]]) -> Callable[[], list[Row]]:
        REGISTRY[name] = function
        return function

    return add
