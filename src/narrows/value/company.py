"""One company: what it keeps, through which layers, what moves it, what is lost without it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from narrows.bottlenecks.answer import DEFAULT_DRAWS, DEFAULT_SEED
from narrows.bottlenecks.chain import links
from narrows.bottlenecks.concentration import makers
from narrows.bottlenecks.told import Asked
from narrows.errors import UnknownNameError
from narrows.value.answer import CompanyRow, Study

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from narrows.catalog import Catalog

__all__ = ["CompanyValue", "company"]

MOVERS = 6
"""Facts shown that move what the company keeps."""
WATCHED = 3
"""Layers shown with what to watch."""


@dataclass(frozen=True)
class CompanyValue:
    """One company and what it keeps.

    Parameters
    ----------
    row
        As in the table of all.
    quarter, last
        First and last quarter counted.
    ranked
        Number of companies that are ranked.
    durability
        Quarters of the next eight in which each of its layers earns a rent, by layer.
    movers
        Facts that move what it keeps most: id, and the mean of what it keeps in the third of the draws in
        which the fact is lowest, and highest [USD].
    watch
        Its layers with the published figure that would show them moving.
    loss
        What is lost when it stops, in a sentence; empty where it makes nothing.
    """

    row: CompanyRow
    quarter: str
    last: str
    ranked: int
    durability: dict[str, float]
    movers: tuple[tuple[str, float, float], ...]
    watch: tuple[tuple[str, str], ...]
    loss: str


def company(
    name: str,
    quarter: str | None = None,
    *,
    draws: int = DEFAULT_DRAWS,
    seed: int = DEFAULT_SEED,
    method: str = "random",
    as_of: str | None = None,
    scenario: str | Path | None = None,
    catalog: Catalog | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> CompanyValue:
    """Find what one company keeps of the scarcity of a year, through which layers, and what moves it.

    Parameters
    ----------
    name
        A company by id, name or ticker.
    quarter, draws, seed, method, as_of, scenario, catalog, progress
        As for `narrows.value`.

    Raises
    ------
    UnknownNameError
        If no company of the stack has that name.

    Examples
    --------
    >>> found = company("tsmc", "2026Q4", draws=200)
    >>> found.row.name, found.movers[0][1] != found.movers[0][2]
    ('TSMC', True)
    """
    asked = Asked(draws, seed, method, as_of, scenario, catalog)
    study = Study(asked, quarter, progress)
    row = study.result().company(name)
    kept = study.kept(row.id)
    moving = links(study.run, kept, study.run.reader.reads)[:MOVERS]
    layers = {layer.id: layer for layer in study.run.model.layers}
    own = list(dict.fromkeys(layer for layer, _, _ in row.parts))
    return CompanyValue(
        row=row,
        quarter=study.quarter,
        last=study.last,
        ranked=len(study.scores),
        durability=study.held,
        movers=tuple((link.fact.id, link.low, link.high) for link in moving),
        watch=tuple((layers[name].declared.name, layers[name].watch()) for name in own[:WATCHED]),
        loss=_loss(row.id, study.quarter, asked),
    )


def _loss(name: str, quarter: str, asked: Asked) -> str:
    """Say how much compute is not deployed when the company stops."""
    try:
        found = makers(
            name,
            quarter=quarter,
            draws=asked.draws,
            seed=asked.seed,
            method=asked.method,
            as_of=asked.as_of,
            scenario=asked.scenario,
            catalog=asked.catalog,
        )
    except UnknownNameError:
        return ""
    thread = found.company
    if thread is None or thread.at_once is None:
        return ""
    part = thread.at_once.readings["loss"].part.mean
    return (
        f"If it stopped in all its layers in {quarter}, {100 * part:.0f} % of the compute that would be "
        f"deployed by {found.last} would not be, until others have rebuilt (narrows makers {name})."
    )
