"""From decision to capacity: the lead of each layer of Day 6 by the path, and how plans slip.

The map takes the leads of `narrows.facility.lead_law`; of the other layers the statement is better founded,
and the answer says why.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.catalog import Reader, default
from narrows.draws import MOST_DRAWS, quantiles
from narrows.errors import UsageError
from narrows.facility.forecast import run_sites
from narrows.facility.lead_law import LAWS, cooling, grid, hall, onsite, transformer
from narrows.units import to_canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from narrows.catalog import Catalog

    Floats = NDArray[np.float64]
    Law = Callable[[Reader], Floats]

__all__ = ["Lead", "Leads", "Stated", "leads"]

RECORD = ("us-generation.realised_share.2023", "us-solar.realised_share.2023", "us-solar.realised_share.2024")
BAND = (0.1, 0.5, 0.9)
SLIP = ("grid_connection.forecast_ratio", "onsite_generation.forecast_ratio", "data_hall.forecast_ratio")


PATHS: Mapping[str, tuple[Law, str, str]] = {
    "grid_connection": (
        grid,
        "max(grid study and agreement + substation and lines, transformer) + energisation",
        "the path: the statements are of generators, or of delays in general",
    ),
    "transformer": (
        transformer,
        "max(large transformer by the newest report, switchgear)",
        "the path: it follows the newest report, where the statement holds one of 2025",
    ),
    "onsite_generation": (
        onsite,
        "the sooner of engines and fuel cells, each with gas and permits, + installation + energisation",
        "the statement: large turbines are most of the layer from 2028 on, and no path has them",
    ),
    "data_hall": (
        hall,
        "max(permits + building to the roof + fit-out, permits + cooling plant, switchgear) + energisation",
        "the statement: the record of 17 sites, where times of the path are judged",
    ),
    "liquid_cooling": (
        cooling,
        "cooling plant of a site",
        "the statement: it is of the makers, where the path has the works on one site",
    ),
}
"""Law, formula, and what the map takes, by layer."""


@dataclass(frozen=True, slots=True)
class Stated:
    """A statement in the place of a law.

    Parameters
    ----------
    id
        Fact.
    low, value, high
        As stated, in the unit of the row.
    """

    id: str
    low: float
    value: float
    high: float


@dataclass(frozen=True, slots=True)
class Lead:
    """One quantity of one layer by its law, beside what is stated.

    Parameters
    ----------
    id
        Id of the statement.
    layer
        Id of the layer.
    p10, p50, p90
        Quantiles over draws [unit].
    unit, formula
        As text.
    taken
        What the map takes, and why.
    by_law
        Whether the map takes the law.
    stated
        Statements; of several the map would take one in each draw.
    reads
        Ids of the facts behind the law.
    """

    id: str
    layer: str
    p10: float
    p50: float
    p90: float
    unit: str
    formula: str
    taken: str
    by_law: bool
    stated: tuple[Stated, ...]
    reads: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Leads:
    """Leads and slips of the layers of Day 6.

    Parameters
    ----------
    leads
        Time from a decision to capacity, by layer.
    slips
        What came over what was forecast a year ahead, by layer.
    draws, seed
        As asked.
    """

    leads: tuple[Lead, ...]
    slips: tuple[Lead, ...]
    draws: int
    seed: int

    def to_json(self) -> dict[str, Any]:
        """Return the answer as plain data."""
        return {
            "leads": [asdict(row) for row in self.leads],
            "slips": [asdict(row) for row in self.slips],
            "draws": self.draws,
            "seed": self.seed,
        }


def leads(*, draws: int = 10_000, seed: int = 1, catalog: Catalog | None = None) -> Leads:
    """Return the lead and the slip of each layer of Day 6 by its law, beside what is stated.

    Parameters
    ----------
    draws, seed
        Number and seed of the draws.
    catalog
        Facts; those that come with narrows if left out.

    Raises
    ------
    UsageError
        The number of draws is out of range.

    Examples
    --------
    >>> found = {row.layer: row for row in leads(draws=400).leads}
    >>> 10 < found["transformer"].p50 < 15, found["transformer"].by_law, found["data_hall"].by_law
    (True, True, False)
    """
    if not 1 <= draws <= MOST_DRAWS:
        raise UsageError(
            f"The number of draws is {draws}",
            f"Draws are a whole number from 1 to {MOST_DRAWS}",
            "Give --draws 10000",
        )
    facts = catalog or default()
    reader = Reader(facts, seed, draws)
    rows = [
        _row(f"{layer}.lead", law, "quarter", (formula, taken), reader)
        for layer, (law, formula, taken) in PATHS.items()
    ]
    return Leads(tuple(rows), tuple(_slips(facts, draws, seed)), draws, seed)


def _row(name: str, law: Law, unit: str, words: tuple[str, str], reader: Reader) -> Lead:
    """Return a quantity by its law; the words are its formula and what the map takes."""
    size = to_canonical(1.0, unit)
    with reader.chain() as chain:
        values = law(reader) / size
    low, middle, high = (float(each) for each in quantiles(values, BAND))
    said = tuple(
        Stated(name, fact.canonical_low / size, fact.canonical_value / size, fact.canonical_high / size)
        for fact in reader.catalog.candidates(name)
    )
    layer = name.partition(".")[0]
    return Lead(name, layer, low, middle, high, unit, *words, name in LAWS, said, chain.reads)


def _slips(facts: Catalog, draws: int, seed: int) -> list[Lead]:
    """Return the slip of halls by the law of sites, and of grid and generation by it and the US record."""
    first = run_sites(draws=1, seed=seed, catalog=facts)
    day = first.snapshot.replace(year=first.snapshot.year + 1)
    run = run_sites(str(day), draws=draws, seed=seed, catalog=facts)
    added = run.added[:, 0]
    behind = run.reads(tuple(run.sites))

    def halls(reader: Reader) -> Floats:
        reader.note(behind)
        return added

    def both(reader: Reader) -> Floats:
        record = np.mean([reader.draws(name) for name in RECORD], axis=0)
        return np.asarray(np.sqrt(halls(reader) * record))

    reader = Reader(facts, seed, draws)
    text = "power that tracked sites add in the year after the snapshot / power planned for it"
    geometric = f"square root of ({text}) x mean share of planned US generation that came in its year"
    rows = []
    for name in SLIP:
        own = name.startswith("data_hall")
        law, formula = (halls, text) if own else (both, geometric)
        taken = (
            "the statement, which is the law's: nothing else in the map hangs on the facts of the law"
            if own
            else "the statement: a mean of two records is no law, and the statement is wider than either"
        )
        rows.append(_row(name, law, "ratio", (formula, taken), reader))
    return rows
