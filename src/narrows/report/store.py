"""A store of closes in words and JSON: what an ingest did, what is held, what a question found."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import asdict
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from narrows.report.words import printable

if TYPE_CHECKING:
    from narrows.market.intake import Ingested
    from narrows.market.query import Answer
    from narrows.market.store import Status

__all__ = ["answer_json", "answer_text", "ingested_json", "ingested_text", "status_json", "status_text"]

WIDEST = 40
"""Letters of a cell that are shown on a terminal."""


def ingested_text(found: Ingested) -> str:
    """Return what an ingest did, in words."""
    rows = sum(found.rows.values())
    lines = [
        (
            f"Vintage {found.vintage}: {rows:,} rows of {found.tickers:,} tickers, sessions from "
            f"{found.first} to {found.last}."
        )
    ]
    if found.sentences:
        lines += ["", "Odd in the source:", *(f"- {printable(line)}" for line in found.sentences)]
    return "\n".join(lines)


def ingested_json(found: Ingested) -> str:
    """Return what an ingest did, with every mark."""
    body = asdict(found) | {"rows": {str(year): rows for year, rows in found.rows.items()}}
    body["sentences"] = list(found.sentences)
    return _json({"command": "market ingest", **body})


def status_text(found: Status) -> str:
    """Return what a store holds, in words."""
    span = f", sessions from {found.first} to {found.last}" if found.first else ""
    lines = [
        (
            f"Vintage {found.vintage.number}: {found.rows:,} rows of {found.tickers:,} "
            f"tickers{span}; every file is as written."
        ),
        f"Closes: {found.closes:,}; adjusted closes: {found.adjusted:,}.",
        f"Universes: {', '.join(found.universes) or 'none'}. Tickers with a sector: {found.classified:,}.",
        "",
        "Sources:",
    ]
    licences = Counter((one.provider, one.licence, one.fetched_at) for one in found.vintage.provenance)
    lines += [
        f"- {printable(provider)}, fetched {fetched}, licence {printable(licence)}: {count} "
        f"{'table' if count == 1 else 'tables'}"
        for (provider, licence, fetched), count in sorted(licences.items())
    ]
    if found.vintage.marks:
        lines += ["", "Odd in them:", *(f"- {printable(line)}" for line in found.vintage.marks)]
    return "\n".join(lines)


def status_json(found: Status) -> str:
    """Return what a store holds, with every source."""
    body = asdict(found)
    body["vintage"]["years"] = {str(year): part for year, part in body["vintage"]["years"].items()}
    return _json({"command": "market status", **body})


def answer_text(found: Answer) -> str:
    """Return the rows of an answer as a table."""
    cells = [found.columns, *([_cell(value) for value in row] for row in found.rows)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(found.columns))]
    lines = [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = f"{value:.7g}" if isinstance(value, float) else printable(str(value))
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "\u2026"


def answer_json(found: Answer) -> str:
    """Return the rows of an answer as objects."""
    rows = [dict(zip(found.columns, row, strict=True)) for row in found.rows]
    return _json({"command": "market sql", "vintage": found.vintage, "more": found.more, "rows": rows})


def _json(body: dict[str, Any]) -> str:
    return json.dumps(_finite(body), indent=2, default=str, ensure_ascii=False)


def _finite(value: Any) -> Any:
    """Return a value with numbers that JSON can hold: what is not finite is null."""
    if isinstance(value, dict):
        return {str(key): _finite(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value.isoformat() if isinstance(value, (date, datetime)) else value
