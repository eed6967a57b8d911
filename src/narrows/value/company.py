"""One company: what it keeps, through which layers, what moves it, what it lacks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from narrows.bottlenecks.answer import DEFAULT_DRAWS, DEFAULT_SEED
from narrows.bottlenecks.chain import links
from narrows.bottlenecks.concentration import makers
from narrows.bottlenecks.told import Asked
from narrows.catalog import default
from narrows.errors import UnknownNameError
from narrows.value.answer import CompanyRow, Study
from narrows.value.companies import FAMILY, GROSS_MARGIN, REVENUE
from narrows.value.segments import SegmentLine, segment_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from narrows.catalog import Catalog
    from narrows.catalog.fact import Company

__all__ = ["CompanyValue", "company", "find_company"]

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
    segments
        What it reports of its segments, by segment and year.
    lacks
        What is not known of it, in sentences.
    year, revenue, gross_margin
        Fiscal year of its newest revenue, that revenue [USD/year], and its newest gross margin; empty and
        None where they are not held.
    """

    row: CompanyRow
    quarter: str
    last: str
    ranked: int
    durability: dict[str, float]
    movers: tuple[tuple[str, float, float], ...]
    watch: tuple[tuple[str, str], ...]
    loss: str
    segments: tuple[SegmentLine, ...] = ()
    lacks: tuple[str, ...] = ()
    year: str = ""
    revenue: float | None = None
    gross_margin: float | None = None


def find_company(catalog: Catalog, name: str) -> Company:
    """Return a company by id, name, ticker, or the first words of its name where these are of one company.

    Parameters
    ----------
    catalog
        The facts.
    name
        Such as ``tsmc``, ``Foxconn`` or ``SMR``.

    Raises
    ------
    UnknownNameError
        If no company, or more than one, has that name.

    Examples
    --------
    >>> from narrows.catalog import default
    >>> find_company(default(), "Foxconn").id, find_company(default(), "Schneider").id
    ('hon_hai', 'schneider')
    """
    wanted = name.casefold().strip()
    for one in catalog.companies:
        inner = one.name.casefold().replace(")", "").split(" (")
        ticker = one.ticker.casefold()
        if wanted in {one.id, one.name.casefold(), *inner, ticker, ticker.rpartition(":")[2]} - {""}:
            return one
    begun = [one for one in catalog.companies if one.name.casefold().startswith(f"{wanted} ")]
    if wanted and len(begun) == 1:
        return begun[0]
    raise UnknownNameError(
        "company", name, [one.id for one in catalog.companies], remedy="List them with `narrows value show`"
    )


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
        A company by id, name or ticker; also one that keeps nothing, of which it says what is lacking.
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
    named = find_company(catalog or default(), name)
    study = Study(asked, quarter, progress)
    row = study.company(named.id)
    revenue, margin = (
        study.run.catalog.series(f"{FAMILY}.{row.id}.{quantity}") for quantity in (REVENUE, GROSS_MARGIN)
    )
    moving = links(study.run, study.kept(row.id), study.run.reader.reads)[:MOVERS] if row.parts else []
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
        loss=_loss(row.id, study.quarter, asked) if row.parts else "",
        segments=segment_lines(study.run.catalog, row.id),
        lacks=tuple(_lacks(study, row, named)),
        year=str(revenue[-1].about) if revenue else "",
        revenue=revenue[-1].value if revenue else None,
        gross_margin=margin[-1].value if margin else None,
    )


def _lacks(study: Study, row: CompanyRow, named: Company) -> Iterator[str]:
    """Say in sentences what is not known of a company."""
    if not row.parts:
        yield f"No fact gives {named.name} a share in a layer of the map, so no rent is traced to it."
    books = study.accounts.get(row.id)
    if books is None:
        yield f"No revenue of it is held here{f': {named.note}' if named.note else ''}."
        return
    if books.gross_margin is None:
        yield "No gross margin of it is held here, so its share of gross profit is not known."
    if not books.exposed:
        note = f": {named.note}" if named.note else ""
        yield f"No fact says what part of its revenue a layer brings{note}."


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
