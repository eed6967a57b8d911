"""Two companies, or the stack as it stands and under a scenario, beside each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from narrows.bottlenecks.answer import DEFAULT_DRAWS, DEFAULT_SEED
from narrows.bottlenecks.told import Asked
from narrows.catalog import default
from narrows.value.answer import Study, ValueResult
from narrows.value.company import find_company

if TYPE_CHECKING:
    from pathlib import Path

    from narrows.catalog import Catalog

__all__ = ["Compared", "against", "compare"]

MOST_SHOWN = 12


@dataclass(frozen=True)
class Compared:
    """Two answers beside each other.

    Parameters
    ----------
    names
        What the two columns are.
    answer
        The comparison in a sentence.
    rows
        Label with unit, and the two values; None where a value is not known.
    """

    names: tuple[str, str]
    answer: str
    rows: tuple[tuple[str, tuple[float | None, float | None]], ...]


def compare(
    first: str,
    second: str,
    quarter: str | None = None,
    *,
    draws: int = DEFAULT_DRAWS,
    seed: int = DEFAULT_SEED,
    method: str = "random",
    as_of: str | None = None,
    scenario: str | Path | None = None,
    catalog: Catalog | None = None,
) -> Compared:
    """Set what two companies keep beside each other, draw by draw.

    Parameters
    ----------
    first, second
        Companies by id, name or ticker.
    quarter, draws, seed, method, as_of, scenario, catalog
        As for `narrows.value`.

    Raises
    ------
    UnknownNameError
        If no company of the stack has that name.

    Examples
    --------
    >>> found = compare("tsmc", "sk_hynix", "2026Q4", draws=200)
    >>> found.names
    ('TSMC', 'SK hynix')
    """
    study = Study(Asked(draws, seed, method, as_of, scenario, catalog), quarter)
    book = catalog or default()
    one, other = (study.company(find_company(book, name).id) for name in (first, second))
    more = float((study.kept(one.id) > study.kept(other.id)).mean())
    layers = list(dict.fromkeys(layer for row in (one, other) for layer, _, _ in row.parts))
    rows: list[tuple[str, tuple[float | None, float | None]]] = [
        ("kept, mean [USD]", (one.kept.mean, other.kept.mean)),
        ("kept, 5 % [USD]", (one.kept.p05, other.kept.p05)),
        ("kept, 95 % [USD]", (one.kept.p95, other.kept.p95)),
        ("share of all rents", (one.rent_share, other.rent_share)),
        ("share of the stack's revenue", (one.revenue_share, other.revenue_share)),
        ("share of its gross profit", (one.profit_share, other.profit_share)),
        ("exposure of revenue", (one.exposure, other.exposure)),
        ("durability [quarter of 8]", (one.durability, other.durability)),
        (
            "rank",
            (one.rank.mean if one.rank else None, other.rank.mean if other.rank else None),
        ),
    ]
    for layer in layers:
        kept = [float(study.kept(row.id, layer).mean()) for row in (one, other)]
        rows.append((f"through {layer.replace('_', ' ')} [USD]", (kept[0], kept[1])))
    answer = (
        f"From {study.quarter} to {study.last} {one.name} keeps more than {other.name} in {100 * more:.0f} % "
        "of the draws."
    )
    return Compared((one.name, other.name), answer, tuple(rows))


def against(
    scenario: str | Path,
    quarter: str | None = None,
    *,
    draws: int = DEFAULT_DRAWS,
    seed: int = DEFAULT_SEED,
    method: str = "random",
    as_of: str | None = None,
    catalog: Catalog | None = None,
) -> Compared:
    """Set the stack as it stands beside a scenario: rents by layer, and what companies keep.

    Parameters
    ----------
    scenario
        A scenario file.
    quarter, draws, seed, method, as_of, catalog
        As for `narrows.value`.

    Raises
    ------
    NarrowsError
        If the scenario cannot be read.
    """
    base, changed = (
        Study(Asked(draws, seed, method, as_of, overlay, catalog), quarter).result()
        for overlay in (None, scenario)
    )
    name = str(changed.meta["scenario_name"])
    rows: list[tuple[str, tuple[float | None, float | None]]] = [
        ("all rents [USD]", (base.total.mean, changed.total.mean))
    ]
    rows += [
        (f"{row.name} [share of all rents]", (row.rent_share, other.rent_share))
        for row, other in zip(base.layers, changed.layers, strict=True)
    ]
    rows += [
        (f"{row.name} keeps [USD]", (row.kept.mean, _kept(changed, row.id)))
        for row in base.companies[:MOST_SHOWN]
    ]
    ratio = changed.total.mean / base.total.mean if base.total.mean else float("nan")
    moved = max(
        zip(base.layers, changed.layers, strict=True),
        key=lambda pair: abs(pair[1].rent_share - pair[0].rent_share),
    )
    answer = (
        f"Under {name!r} scarcity from {base.quarter} to {base.last} is worth {ratio:.2f} times as much; "
        f"{moved[0].name} goes from {100 * moved[0].rent_share:.0f} % to "
        f"{100 * moved[1].rent_share:.0f} % of it."
    )
    return Compared(("as it stands", name), answer, tuple(rows))


def _kept(result: ValueResult, name: str) -> float | None:
    return next((row.kept.mean for row in result.companies if row.id == name), None)
