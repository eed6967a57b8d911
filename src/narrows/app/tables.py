"""Flat tables for programs that draw them themselves: rows of named cells, no nesting, unit in every head."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from narrows.errors import UnknownNameError
from narrows.figure import number
from narrows.report.words import binding, compute, flow, gigawatt, layer_names, likeliest, migration

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from narrows.report.pages.study import Study

    Rows = list[dict[str, Any]]

__all__ = ["COLUMNS", "TABLES", "table"]

FOUND = 50
"""Facts that a search gives at most."""
DIGITS = 6
PERCENT = 100.0

COLUMNS: Mapping[str, Mapping[str, str]] = {
    "deployed": {
        "quarter": "Quarter",
        "p05": "5 % [H100e a quarter]",
        "p50": "Median [H100e a quarter]",
        "p95": "95 % [H100e a quarter]",
        "mw": "IT power, median [MW a quarter]",
        "binds": "Likeliest to bind",
        "share": "in this share of draws [%]",
    },
    "binds": {"quarter": "Quarter"},
    "layers": {
        "layer": "Layer",
        "binds": "Binds [% of draws]",
        "p05": "Alone could carry, 5 % [H100e a quarter]",
        "p50": "Median [H100e a quarter]",
        "p95": "95 % [H100e a quarter]",
        "usd": "One more unit is worth [USD]",
        "unit": "a unit",
        "lead": "Quarters to add, low to high [quarter]",
        "makers": "Largest makers [share of output]",
    },
    "facts": {
        "id": "Fact",
        "value": "Value",
        "low": "Low",
        "high": "High",
        "unit": "Unit",
        "of": "Of what",
        "kind": "Kind",
        "as_of": "Said on",
        "source": "Source",
    },
    "market": {
        "name": "Name",
        "close": "Close",
        "week": "Week [%]",
        "year": "Year to date [%]",
        "run": "Weeks in a row [week]",
    },
}
"""Heads of the columns of each table, by field."""
MAKERS = 3


def table(study: Study, name: str, asked: Mapping[str, str]) -> Any:
    """Return a table.

    Parameters
    ----------
    study
        The study.
    name
        Name of the table.
    asked
        ``quarter``, ``week`` or ``q``, where the table has it.

    Raises
    ------
    UnknownNameError
        If there is no such table, quarter or week.

    Examples
    --------
    >>> from narrows.report.pages import Study
    >>> table(Study(draws=64), "deployed", {})[0]["quarter"]
    '2026Q4'
    """
    if name not in TABLES:
        raise UnknownNameError("table", name, TABLES, remedy="See /widgets.json")
    return TABLES[name](study, asked)


def _short(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def _deployed(study: Study, _: Mapping[str, str]) -> Rows:
    result, names = study.base, layer_names(study.base)
    rows = []
    for column, quarter in enumerate(result.quarters):
        layer, share = likeliest(result, column)[0]
        ends = {end: _short(getattr(result.deployed, end)[column]) for end in ("p05", "p50", "p95")}
        rows.append(
            {"quarter": quarter}
            | ends
            | {
                "mw": _short(result.deployed_mw.p50[column]),
                "binds": names[layer],
                "share": _short(PERCENT * share),
            }
        )
    return rows


def _binds(study: Study, _: Mapping[str, str]) -> Rows:
    result = study.base
    return [
        {"quarter": quarter}
        | {name: _short(PERCENT * series[column]) for name, series in result.binds.items()}
        for column, quarter in enumerate(result.quarters)
    ]


def _layers(study: Study, asked: Mapping[str, str]) -> Rows:
    result = study.base
    quarter = asked.get("quarter") or result.quarters[0]
    if quarter not in result.quarters:
        raise UnknownNameError("quarter", quarter, result.quarters, remedy="Choose a quarter of the map")
    column = result.quarters.index(quarter)
    rows = []
    for row in result.layers:
        price, lead = result.price[row.id], row.lead_quarters
        ends = {end: getattr(result.capacity[row.id], end)[column] for end in ("p05", "p50", "p95")}
        rows.append(
            {"layer": row.name, "binds": _short(PERCENT * result.binds[row.id][column])}
            | {end: _short(value) if value < float("inf") else None for end, value in ends.items()}
            | {
                "usd": _short(price.usd_per_unit[column]),
                "unit": row.unit,
                "lead": f"{lead[0]:.1f} to {lead[2]:.1f}" if lead else "",
                "makers": ", ".join(f"{maker} {share:.0%}" for maker, share in row.makers[:MAKERS]),
            }
        )
    return rows


def _facts(study: Study, asked: Mapping[str, str]) -> Rows:
    found = study.catalog.search(asked.get("q") or "cowos capacity")[:FOUND]
    return [
        {"id": fact.id, "value": fact.value, "low": fact.low, "high": fact.high, "unit": fact.unit}
        | {"of": fact.of, "kind": fact.kind, "as_of": fact.as_of}
        | {"source": study.catalog.sources[fact.source].title}
        for fact in found
    ]


def _market(study: Study, asked: Mapping[str, str]) -> Rows:
    del study
    from narrows.market.recap import recap
    from narrows.report.pages.market_page import WEEKS

    week = asked.get("week") or WEEKS[-1]
    if week not in WEEKS:
        raise UnknownNameError("week", week, WEEKS, remedy="Choose a week that ships")
    found = recap(week)
    rows: Rows = [
        {"name": row.move.name, "close": row.move.close, "week": _short(row.move.percent)}
        | {"year": None if row.year is None else _short(row.year), "run": row.streak}
        for row in found.indices
    ]
    rows += [
        {"name": f"{move.name} ({move.symbol})", "close": move.close, "week": _short(move.percent)}
        | {"year": None, "run": None}
        for move in found.sectors
    ]
    return rows


def _now(study: Study, _: Mapping[str, str]) -> Rows:
    """Return the headline in three cards."""
    result, names = study.base, layer_names(study.base)
    layer, share = likeliest(result, 0)[0]
    low, middle, high = (compute(getattr(result.deployed, end)[0]) for end in ("p05", "p50", "p95"))
    quarter = result.quarters[0]
    return [
        {"label": f"Likeliest to bind in {quarter}", "value": f"{names[layer]}, {share:.0%} of draws"},
        {"label": f"Deployed in {quarter}", "value": f"{middle} H100e ({low} to {high})"},
        {"label": "IT power of it", "value": gigawatt(result.deployed_mw.p50[0])},
    ]


def _words(study: Study, _: Mapping[str, str]) -> str:
    """Return the map in words, as Markdown."""
    result = study.base
    meta = result.meta
    return (
        f"{binding(result, 0)} {flow(result, 0)}\n\n{migration(result)}\n\n"
        f"{number(meta['facts'])} facts of {study.vintage}, {number(meta['assumptions'])} of them "
        f"assumptions; {meta['draws']:,} draws, seed {meta['seed']}, model {study.model}."
    )


TABLES: Mapping[str, Callable[[Study, Mapping[str, str]], Any]] = {
    "now": _now,
    "words": _words,
    "deployed": _deployed,
    "binds": _binds,
    "layers": _layers,
    "facts": _facts,
    "market": _market,
}
"""Maker of each table, by its name in the address."""
