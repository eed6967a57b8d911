"""Results as a notebook shows them: a sentence, a picture, the numbers; and as a data frame.

What the terminal prints, what ``--svg`` draws and what ``--csv`` writes, put together: a notebook says
nothing of its own. Nothing but the standard library is imported here.
"""

from __future__ import annotations

import csv
import importlib
import io
import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from narrows.errors import DataError
from narrows.figure import number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from narrows.bottlenecks.chain import Chain
    from narrows.figure import Figure

__all__ = ["bundle", "frame"]

WIDTH = 100
SHOWN = 40
"""Rows of a table that a notebook shows."""
MOVERS = 10
TABLE = 'style="font-size:12px;border-collapse:collapse"'
STYLE = "border-bottom:1px solid rgba(128,128,128,.35);padding:2px 12px 2px 0;text-align:"


@dataclass(frozen=True, slots=True)
class Face:
    """How a result is shown: functions of `narrows.report`, each ``module:function``.

    Parameters
    ----------
    text, csv
        What the terminal prints, and the rows for programs.
    svg
        The picture; empty for none.
    options
        What the text takes besides the result.
    """

    text: str
    csv: str
    svg: str = ""
    options: tuple[tuple[str, Any], ...] = (("width", WIDTH),)


FACES = {
    "MapResult": Face(
        "text:map_text", "tables:map_csv", "chart:map_svg", (("colour", False), ("width", WIDTH))
    ),
    "CascadeResult": Face("cascade:cascade_text", "cascade:cascade_csv", "cascade_picture:cascade_svg"),
    "TimeResult": Face("timemap:time_text", "timemap:time_csv", "timemap_picture:time_svg"),
    "ReliefResult": Face("relief:relief_text", "relief:relief_csv", "relief:relief_svg"),
    "PricesResult": Face("prices:prices_text", "prices:prices_csv", "prices:prices_svg"),
    "PlanResult": Face("plan:plan_text", "plan:plan_csv"),
    "LoopResult": Face("loop:loop_text", "loop:loop_csv"),
    "HeadlinesResult": Face("headlines:headlines_text", "headlines:headlines_csv"),
    "ConcentrationResult": Face("concentration:makers_text", "concentration:makers_csv"),
}
"""Results that are shown, by the name of their class."""


def bundle(shown: Any) -> dict[str, str]:
    """Return a result as HTML and as text, by media type.

    Parameters
    ----------
    shown
        An answer of the house: of the map and what is asked of it, a chain, or a figure.

    Examples
    --------
    >>> import narrows
    >>> sorted(bundle(narrows.map("2027Q1", draws=20)))
    ['text/html', 'text/plain']
    """
    if hasattr(shown, "formula"):
        return {"text/plain": _figure_text(shown), "text/html": _box(_figure_html(shown))}
    if hasattr(shown, "links"):
        text = _made("text:chain_text", shown, width=WIDTH)
        return {"text/plain": text, "text/html": _box(_figure_html(shown.figure), _facts_html(shown))}
    face = FACES[type(shown).__name__]
    text = str(_made(face.text, shown, **dict(face.options)))
    first, _, _ = text.strip().partition("\n\n")
    head, *rows = list(csv.reader(io.StringIO(_made(face.csv, shown))))
    parts = [_fitting(_made(face.svg, shown)) if face.svg else f"<p>{escape(' '.join(first.split()))}</p>"]
    parts.append(_folded(f"The numbers: {len(rows)} rows", _table(head, rows[:SHOWN], len(rows) - SHOWN)))
    return {"text/plain": text, "text/html": _box(*parts)}


def frame(shown: Any) -> Any:
    """Return the numbers of a result as a data frame of pandas, one row a number.

    Parameters
    ----------
    shown
        As for `bundle`.

    Raises
    ------
    DataError
        If pandas is not there.
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise DataError(
            "A data frame is asked for, and the package pandas is not there",
            "The same rows are written as CSV without it",
            "Install pandas, or use --csv",
        ) from error
    if hasattr(shown, "formula"):
        return pd.DataFrame([shown.to_json()])
    if hasattr(shown, "links"):
        return pd.DataFrame(
            [dict(zip(FACT_HEAD, row, strict=True)) for row in _facts(shown, len(shown.links))]
        )
    return pd.read_csv(io.StringIO(_made(FACES[type(shown).__name__].csv, shown)))


def _made(where: str, shown: Any, **options: Any) -> Any:
    home, _, name = where.partition(":")
    return getattr(importlib.import_module(f"narrows.report.{home}"), name)(shown, **options)


# --- figures and their facts --------------------------------------------------------------------------

FACT_HEAD = (
    "fact",
    "value",
    "low",
    "high",
    "unit",
    "figure_low",
    "figure_high",
    "figure_unit",
    "as_of",
    "source",
)


def _figure_text(figure: Figure) -> str:
    return f"{figure.id}: {number(figure.value)} {figure.unit}{_interval(figure)}; {figure.formula}"


def _interval(figure: Figure) -> str:
    if not figure.draws or figure.p05 == figure.p95:
        return ""
    return f" ({number(figure.p05)} to {number(figure.p95)}, 5 to 95 %)"


def _figure_html(figure: Figure) -> str:
    return (
        f"<p><b>{escape(figure.id)}</b>: {number(figure.value)} {escape(figure.unit)}"
        f"{escape(_interval(figure))}<br>{escape(figure.formula)}<br>"
        f"<small>Facts of {escape(figure.vintage)}, model {escape(figure.model)}, {figure.draws:,} draws, "
        f"seed {figure.seed}</small></p>"
    )


def _facts(chain: Chain, most: int) -> list[tuple[Any, ...]]:
    unit = chain.figure.unit
    return [
        (
            fact.id,
            fact.value,
            fact.low,
            fact.high,
            fact.unit,
            link.low,
            link.high,
            unit,
            fact.as_of,
            fact.source,
        )
        for link in chain.links[:most]
        for fact in (link.fact,)
    ]


def _facts_html(chain: Chain) -> str:
    rows = [
        (name, f"{number(value)} {unit}", f"{number(low)} to {number(high)} {of}", as_of, source)
        for name, value, _, _, unit, low, high, of, as_of, source in _facts(chain, MOVERS)
    ]
    head = ("Fact", "Value", "The number where the fact is low, and high", "As of", "Source")
    return _table(head, rows, len(chain.links) - MOVERS)


# --- pieces of HTML -----------------------------------------------------------------------------------


def _box(*parts: str) -> str:
    return f'<div style="max-width:1100px;overflow-x:auto">{"".join(parts)}</div>'


def _fitting(svg: str) -> str:
    """Return a picture, which says its headline itself, no wider than the notebook."""
    return svg.replace("<svg ", '<svg style="max-width:100%;height:auto" ', 1)


def _folded(title: str, inside: str) -> str:
    return f"<details><summary>{escape(title)}</summary>{inside}</details>"


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]], left: int) -> str:
    heads = "".join(f'<th style="{STYLE}left">{escape(str(cell))}</th>' for cell in head)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    rest = f"<p>{left} more rows: <code>to_frame()</code></p>" if left > 0 else ""
    return f"<table {TABLE}><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>{rest}"


def _cell(value: Any) -> str:
    text = str(value)
    try:
        plain = float(text)
    except ValueError:
        plain = math.nan
    shown, side = (number(plain), "right") if math.isfinite(plain) else (text, "left")
    return f'<td style="{STYLE}{side}">{escape(shown)}</td>'
