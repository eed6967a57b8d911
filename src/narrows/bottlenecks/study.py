"""What the study's Day 9 says about the cascade and about time: statements with windows, to be tested.

Source of every statement here is `SOURCE` of the catalogue, sections 4 and 5.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DATE", "GROUPS", "NO_LAYER", "PHASES", "QUARTER", "SOURCE", "SPANS", "Phase"]

SOURCE = "study-day-9"
DATE = "2026-05-31"
"""Last day of the month in which the study came out: facts known by then are what it could know."""
QUARTER = "2026Q2"
"""The ``now`` of the study."""


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase of the study's cascade.

    Parameters
    ----------
    number
        1 to 4.
    name
        Its name, in our words.
    first, last
        Years after ``now`` at which its window begins and ends [year].
    families
        Families of layers that stand for it in the map.
    caveat
        What of the statement the map cannot test; empty for nothing.
    """

    number: int
    name: str
    first: int
    last: int
    families: tuple[str, ...]
    caveat: str = ""


PHASES = (
    Phase(1, "packaging", 0, 1, ("packaging",)),
    Phase(2, "power", 1, 2, ("space_power", "cooling")),
    Phase(
        3,
        "economics",
        3,
        5,
        ("capital", "demand"),
        "The price of a training run is not a layer: capital and demand stand for it.",
    ),
    Phase(
        4,
        "physical limits",
        5,
        10,
        ("logic",),
        "New computing paradigms are outside the model: lithography and leading-edge wafers are the nearest "
        "thing that it computes.",
    ),
)
"""The four phases of section 4. ``Now`` is read as the first year."""

SPANS = {"short": (0.0, 2.0), "mid": (2.0, 4.0), "long": (4.0, 10.0)}
"""Groups of section 5 by years to resolution [year]: above the first, up to the second. The study has 1-2,
2-4 and 5-10 years; its gap from 4 to 5 goes to ``long``, and what resolves within a year to ``short``."""

GROUPS = {
    "hbm_wafer": "short",
    "hbm_stack": "short",
    "rack": "short",
    "cowos": "mid",
    "euv": "mid",
    "liquid_cooling": "mid",
    "grid_connection": "long",
    "transformer": "long",
}
"""The study's group of each layer of the map that section 5 names."""

NO_LAYER = (
    ("inference software", "short"),
    ("competition among GPU makers", "mid"),
    ("nuclear SMR and renewables", "long"),
    ("scaling-law economics", "long"),
    ("scaling limits of transistors", "long"),
)
"""What section 5 names and the map has no layer for."""
