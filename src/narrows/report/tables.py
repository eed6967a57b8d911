"""The answers as tables for programs: JSON with a published schema, and CSV for spreadsheets."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TextIO

from narrows.report.words import printable, sources_or_shipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from narrows.bottlenecks.chain import Chain
    from narrows.bottlenecks.result import Band, LayerRow, MapResult, PriceRow
    from narrows.catalog import Fact, Source
    from narrows.figure import Comparison

__all__ = [
    "COLUMNS",
    "Sheet",
    "chain_json",
    "facts_json",
    "layer_json",
    "map_csv",
    "map_json",
    "rows_json",
]

DIGITS = 12
"""Significant digits that are written: beyond them machines differ in the last bits."""
_WRITTEN = f"%.{DIGITS}g"
NO_NEED = "no need of this layer in the quarter"
NOT_KNOWN = "nothing is known of this layer's capacity"
NOT_FINITE = "no finite value in the quarter"
COLUMNS = (
    "quarter",
    "layer",
    "name",
    "binds",
    "price_right",
    "price_left",
    "price_usd_per_unit",
    "unit",
    "quantity",
    "quantity_unit",
    "p05",
    "p50",
    "p95",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBER = re.compile(r"-\d[\d,]*(\.\d+)?([eE][+-]?\d+)?( ?%| [A-Za-z ]+)?")
"""A number below zero written as text, with its unit perhaps, which no spreadsheet takes for a formula."""
_FACT = (
    "id",
    "value",
    "low",
    "high",
    "unit",
    "of",
    "level",
    "kind",
    "as_of",
    "about",
    "source",
    "locator",
    "note",
    "why",
)


def map_json(result: MapResult) -> str:
    """Return the map as one JSON object, described by `narrows.report.schema.map_schema`.

    Parameters
    ----------
    result
        The answer of `narrows.map`.

    Returns
    -------
    str
        One line. Numbers are finite: any other is null, and ``reason`` beside the series says why.

    Examples
    --------
    >>> from narrows.bottlenecks import map as ask
    >>> answer = json.loads(map_json(ask("2027Q1", draws=100)))
    >>> answer["quarters"], answer["deployed"]["unit"]
    (['2027Q1'], 'h100e/quarter')
    """
    return _written(
        {
            "quarters": list(result.quarters),
            "layers": [_layer(row) for row in result.layers],
            "binds": {name: _list(series) for name, series in result.binds.items()},
            "deployed": _band(result.deployed),
            "deployed_mw": _band(result.deployed_mw),
            "installed": _band(result.installed),
            "capacity": {name: _band(band, _why(result, name)) for name, band in result.capacity.items()},
            "price": {name: _price(row, _why(result, name)) for name, row in result.price.items()},
            "tied": _list(result.tied),
            "unknown": list(result.unknown),
            "meta": {name: _value(result.meta[name]) for name in sorted(result.meta)},
        }
    )


def map_csv(result: MapResult) -> str:
    """Return the map as CSV in long form: one line a quarter and layer, then what is deployed.

    Parameters
    ----------
    result
        The answer of `narrows.map`.

    Returns
    -------
    str
        Columns `COLUMNS`; ``quantity`` says what p05, p50 and p95 are. A number that is not finite is
        an empty cell. Text that a spreadsheet would take for a formula begins with an apostrophe.

    Examples
    --------
    >>> from narrows.bottlenecks import map as ask
    >>> table = map_csv(ask("2027Q1", draws=100)).splitlines()
    >>> table[0][:25], table[-1][:25]
    ('quarter,layer,name,binds,', '2027Q1,installed,,,,,,,in')
    """
    file = io.StringIO()
    writer = Sheet(file)
    writer.writerow(COLUMNS)
    totals = {
        "deployed": result.deployed,
        "deployed_mw": result.deployed_mw,
        "installed": result.installed,
    }
    names = {row.id: row.name for row in result.layers}
    for column, quarter in enumerate(result.quarters):
        for name in [*names, *(extra for extra in result.binds if extra not in names)]:
            share = result.binds[name][column]
            writer.writerow(_cells(quarter, name, names.get(name, ""), share, *_limits(result, name, column)))
        for total, band in totals.items():
            writer.writerow(
                _cells(quarter, total, "", None, *_EMPTY_PRICE, total, band.unit, *_quantiles(band, column))
            )
    return file.getvalue()


def facts_json(facts: Iterable[Fact], sources: Mapping[str, Source] | None = None) -> str:
    """Return facts as a JSON list, each with its source in full.

    Parameters
    ----------
    facts
        Statements.
    sources
        Sources by key; those shipped if left out.

    Examples
    --------
    >>> facts_json([])
    '[]'
    """
    named = sources_or_shipped(sources)
    return _written([_fact(fact, named) for fact in facts])


def chain_json(chain: Chain, sources: Mapping[str, Source] | None = None) -> str:
    """Return a figure and the facts behind it as one JSON object: ``figure``, ``path`` and ``links``.

    Parameters
    ----------
    chain
        The answer of `narrows.why` for a figure.
    sources
        Sources by key; those shipped if left out.
    """
    named = sources_or_shipped(sources)
    links = [
        {
            "fact": _fact(link.fact, named),
            "low": _value(link.low),
            "high": _value(link.high),
            "effect": _value(link.effect),
        }
        for link in chain.links
    ]
    path = [{"layer": part.layer, "first": part.first, "last": part.last} for part in chain.path]
    return _written({"figure": _value(chain.figure.to_json()), "path": path, "links": links})


def layer_json(infos: Iterable[Mapping[str, Any]], sources: Mapping[str, Source] | None = None) -> str:
    """Return layers as declared as a JSON list.

    Parameters
    ----------
    infos
        Answers of `narrows.layer`.
    sources
        Sources by key; those shipped if left out.
    """
    named = sources_or_shipped(sources)
    declared = []
    for info in infos:
        rest = {name: _value(value) for name, value in info.items() if name != "facts"}
        declared.append(rest | {"facts": [_fact(fact, named) for fact in info["facts"]]})
    return _written(declared)


def rows_json(rows: Iterable[Comparison]) -> str:
    """Return comparisons of predictions with measurements as a JSON list.

    Parameters
    ----------
    rows
        Comparisons; misses stay in.
    """
    names = ("room", "dataset", "quantity", "metric", "value", "goal", "baseline", "n", "holds")
    return _written([{name: _value(getattr(row, name)) for name in names} for row in rows])


def _written(value: Any) -> str:
    return json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))


@lru_cache(1 << 14)
def _finite(value: float) -> float | None:
    """Return a number as it is written, 0 without a sign; scenarios show most numbers again and again."""
    return float(_WRITTEN % value) + 0.0 if math.isfinite(value) else None


def _value(value: Any) -> Any:
    """Return any answer as JSON can hold it."""
    if isinstance(value, float):
        return _finite(value)
    if isinstance(value, dict):
        return {str(name): _value(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_value(item) for item in value]
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def _list(series: Iterable[float]) -> list[float | None]:
    return [_finite(value) for value in series]


def _why(result: MapResult, name: str) -> str:
    return NOT_KNOWN if name in result.unknown else NO_NEED


def _with_reason(series: dict[str, list[float | None]], reason: str) -> dict[str, Any]:
    return {**series, "reason": reason} if any(None in values for values in series.values()) else {**series}


def _band(band: Band, reason: str = NOT_FINITE) -> dict[str, Any]:
    series = {name: _list(getattr(band, name)) for name in ("p05", "p50", "p95", "mean")}
    return {"unit": band.unit, **_with_reason(series, reason)}


def _price(row: PriceRow, reason: str) -> dict[str, Any]:
    series = {name: _list(getattr(row, name)) for name in ("right", "left", "usd_per_unit")}
    return {"unit": row.unit, **_with_reason(series, reason)}


def _layer(row: LayerRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "day": row.day,
        "family": row.family,
        "unit": row.unit,
        "feeds": row.feeds,
        "makers": [{"name": name, "share": _finite(share)} for name, share in row.makers],
        "lead_quarters": None if row.lead_quarters is None else _list(row.lead_quarters),
        "assumed_share": _finite(row.assumed_share),
    }


def _fact(fact: Fact, sources: Mapping[str, Source]) -> dict[str, Any]:
    stated = {name: _value(getattr(fact, name)) for name in _FACT}
    source = sources.get(fact.source)
    if source is None:
        return stated
    names = ("producer", "title", "url", "date_published", "date_accessed", "licence")
    return stated | {"source_stated": {name: getattr(source, name) for name in names}}


_EMPTY_PRICE: tuple[Any, ...] = (None, None, None, "")


def _limits(result: MapResult, name: str, column: int) -> tuple[Any, ...]:
    """Return price and capacity cells of a layer; empty for what has none, such as the opening stock."""
    price, band = result.price.get(name), result.capacity.get(name)
    money: tuple[Any, ...] = _EMPTY_PRICE
    if price is not None:
        money = (price.right[column], price.left[column], price.usd_per_unit[column], price.unit)
    if band is None:
        return (*money, "", "", None, None, None)
    return (*money, "capacity", band.unit, *_quantiles(band, column))


def _quantiles(band: Band, column: int) -> tuple[float, float, float]:
    return band.p05[column], band.p50[column], band.p95[column]


class Sheet:
    """Rows of CSV, guarded: the only way in which a table of the program becomes one.

    Parameters
    ----------
    file
        Where they are written.
    shown
        Whether numbers come as text, as on a page: one below zero, with its unit perhaps, then stands.

    Notes
    -----
    Text that a spreadsheet would take for a formula begins with an apostrophe, a number that is not finite
    is an empty cell, and everything else stands as it is.

    Examples
    --------
    >>> file = io.StringIO()
    >>> rows = [("name", "rate"), ("=H100", 989.0), ("B200", None), ("-", "-3.5 %")]
    >>> Sheet(file, shown=True).writerows(rows)
    >>> file.getvalue().splitlines()
    ['name,rate', "'=H100,989.0", 'B200,', "'-,-3.5 %"]
    """

    def __init__(self, file: TextIO, *, shown: bool = False) -> None:
        self._shown = shown
        self._writer = csv.writer(file, lineterminator="\n")

    def writerow(self, row: Iterable[Any]) -> None:
        """Write one row."""
        self._writer.writerow([_guarded(value, shown=self._shown) for value in row])

    def writerows(self, rows: Iterable[Iterable[Any]]) -> None:
        """Write some rows."""
        for row in rows:
            self.writerow(row)


def _guarded(value: Any, *, shown: bool = False) -> Any:
    """Return a cell as a spreadsheet may read it."""
    if isinstance(value, str):
        text = printable(value)
        number = shown and _NUMBER.fullmatch(value)
        return f"'{text}" if value.startswith(_FORMULA) and not number else text
    return "" if isinstance(value, float) and not math.isfinite(value) else value


def _cells(*values: Any) -> Sequence[Any]:
    return [_cell(value) for value in values]


def _cell(value: float | str | None) -> float | str:
    """Return one CSV cell: numbers stay numbers, text never becomes a formula."""
    if isinstance(value, str):
        return str(_guarded(value))
    kept = None if value is None else _finite(value)
    return "" if kept is None else kept
