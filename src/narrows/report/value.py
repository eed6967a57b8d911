"""Who keeps the value, as text, JSON and CSV."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from narrows.figure import number
from narrows.report.columns import aligned, paragraph, rested, rows_csv, written
from narrows.report.words import percent, printable

if TYPE_CHECKING:
    from narrows.bottlenecks.concentration_result import Spread
    from narrows.value.answer import CompanyRow, ValueResult
    from narrows.value.company import CompanyValue
    from narrows.value.comparison import Compared

__all__ = [
    "COLUMNS",
    "company_json",
    "company_text",
    "compared_json",
    "compared_text",
    "headline",
    "value_csv",
    "value_json",
    "value_text",
]

COLUMNS = ("figure", "unit", "mean", "p05", "p50", "p95")
LEAST = 0.005
"""A share below this is shown as 0 %."""
GAP = "  "
SHOWN = 20
"""Companies in the table of all."""
ROLE_WORDS = {
    "makers": "the makers of the layers",
    "designers": "designers of chips",
    "operators": "those who operate the compute",
    "buyers": "those who buy compute",
}
NONE = "-"


def headline(result: ValueResult) -> str:
    """Return the answer in sentences: what scarcity is worth, where it lies, who keeps it."""
    layers = sorted(result.layers, key=lambda row: -row.rent_share)[:3]
    where = ", ".join(f"{row.name} ({percent(row.rent_share)})" for row in layers)
    kept = ", ".join(
        f"{ROLE_WORDS[one.role]} {percent(one.share)}"
        for one in sorted(result.roles, key=lambda one: -one.share)
        if one.share >= LEAST
    )
    return (
        f"From {result.quarter} to {result.last} scarcity is worth {_usd(result.total)}: most of it lies in "
        f"{where}. Of it keep: {kept}."
    )


def value_text(result: ValueResult, width: int) -> str:
    """Return the answer as text: layers, then companies, then what the numbers mean.

    Parameters
    ----------
    result
        The answer of `narrows.value`.
    width
        Greatest length of a line [character].
    """
    parts = [
        paragraph(headline(result), width),
        "\n".join(_layers(result, width)),
        "\n".join(_companies(result, width)),
        paragraph(_meaning(result), width),
        paragraph(_rest(result), width),
        "\n".join(
            [
                f"ask: narrows why value.rent.{_dearest(result)}.{result.quarter}",
                f"ask: narrows why value.rank.{_first(result)}.{result.quarter}",
                f"one company: narrows value company {_first(result)}",
            ]
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _dearest(result: ValueResult) -> str:
    return max(result.layers, key=lambda row: row.rent_share).id


def _first(result: ValueResult) -> str:
    ranked = [row for row in result.companies if row.rank is not None]
    return min(ranked, key=_place).id if ranked else result.companies[0].id


def _place(row: CompanyRow) -> float:
    return row.rank.mean if row.rank is not None else math.inf


def _layers(result: ValueResult, width: int) -> list[str]:
    title = "Rent of each layer, what its makers keep of it, and revenue and gross profit beside it"
    head = ("layer", "bn USD", "5 to 95 %", "share", "kept", "binds", "revenue", "profit")
    rows = [
        (
            printable(row.name),
            _bn(row.rent.mean),
            f"{_bn(row.rent.p05)} to {_bn(row.rent.p95)}",
            percent(row.rent_share),
            _times(row.kept) if row.rent_share >= LEAST else NONE,
            f"{row.durability:.1f} q",
            _share(row.revenue_share),
            _share(row.profit_share),
        )
        for row in result.layers
    ]
    return [*paragraph(title, width).split("\n"), *aligned([head, *rows], range(1, len(head)))]


def _companies(result: ValueResult, width: int) -> list[str]:
    shown = sorted(result.companies, key=lambda row: (_place(row), -row.rent_share))[:SHOWN]
    title = (
        f"Companies by kept rent x durability x exposure ({len(shown)} of {len(result.companies)}; "
        "those without accounts last), what each keeps, and of its accounts"
    )
    head = (
        "company",
        "rank",
        "5 to 95 %",
        "bn USD",
        "share",
        "revenue",
        "profit",
        "exposed",
    )
    rows = [
        (
            printable(row.name).partition(" (")[0],
            NONE if row.rank is None else f"{row.rank.mean:.1f}",
            "no accounts" if row.rank is None else f"{row.rank.p05:.0f} to {row.rank.p95:.0f}",
            _bn(row.kept.mean),
            percent(row.rent_share),
            _share(row.revenue_share),
            _share(row.profit_share),
            _share(row.exposure),
        )
        for row in shown
    ]
    table = aligned([head, *rows], range(1, len(head)))
    room = width - max(map(len, table)) - len(GAP)
    through = ["through", *(_through(row, room) for row in shown)]
    if max(map(len, through)) <= room:
        wide = max(map(len, table))
        table = [f"{line:<{wide}}{GAP}{named}" for line, named in zip(table, through, strict=True)]
    return [*paragraph(title, width).split("\n"), *table]


def _through(row: CompanyRow, room: int) -> str:
    """Return the layers that a company's rent comes through, the largest first, as far as there is room."""
    named = dict.fromkeys(layer.replace("_", " ") for layer, _, share in row.parts if share > 0)
    both = ", ".join(list(named)[:2])
    return (both if len(both) <= room else next(iter(named), "")) or NONE


def _meaning(result: ValueResult) -> str:
    return (
        "Rent: price of the layer's capacity x capacity, in the money that an H100e costs beyond its making; "
        "the rents of all layers, stocks and limits add up to the value of what is deployed (gap "
        f"{result.ledger_gap:.0e}). Kept: the part that makers' prices take, by contract form; above 100 % a "
        "contract outlasts the shortage. Binds: quarters of the next 8 in which the layer earns a rent. "
        "Revenue and profit: shares of what companies with accounts report from the stack, gross profit at "
        "the margin of the whole company. Rank: mean and range over draws. None of this is advice."
    )


def _rest(result: ValueResult) -> str:
    unranked = (
        f" {len(result.unranked)} companies that keep a rent have no accounts." if result.unranked else ""
    )
    return (
        f"Companies that no fact names keep {percent(result.others)} of all rents.{unranked} Concentration "
        f"of what the named keep: {result.concentration:,.0f} of 10,000. {rested(result.meta)}"
    )


def value_json(result: ValueResult) -> str:
    """Return the answer as one JSON object."""
    return written(result)


def value_csv(result: ValueResult) -> str:
    """Return every figure of the answer as CSV, one line a figure with its id for `narrows why`."""
    when = result.quarter
    rows: list[tuple[object, ...]] = [_spread_row(f"value.rent.all.{when}", result.total)]
    for layer in result.layers:
        rows.append(_spread_row(f"value.rent.{layer.id}.{when}", layer.rent))
        rows.append(_alone(f"value.rent_share.{layer.id}.{when}", "part of all rents", layer.rent_share))
        rows.append(_alone(f"value.durability.{layer.id}.{when}", "quarter", layer.durability))
    rows += [_alone(f"value.role.{one.role}.{when}", "part of all rents", one.share) for one in result.roles]
    for row in result.companies:
        rows.append(_spread_row(f"value.kept.{row.id}.{when}", row.kept))
        if row.rank is not None:
            rows.append(_spread_row(f"value.rank.{row.id}.{when}", row.rank))
    return rows_csv(COLUMNS, rows)


def _alone(name: str, unit: str, mean: float) -> tuple[object, ...]:
    return (name, unit, mean, None, None, None)


def _spread_row(name: str, found: Spread) -> tuple[object, ...]:
    return (name, found.unit, found.mean, found.p05, found.p50, found.p95)


# --- one company --------------------------------------------------------------------------------


def company_text(found: CompanyValue, width: int) -> str:
    """Return what one company keeps, through which layers, and what would move it.

    Parameters
    ----------
    found
        The answer of `narrows.value.company.company`.
    width
        Greatest length of a line [character].
    """
    row = found.row
    if not row.parts:
        head = f"{row.name} keeps nothing of the scarcity from {found.quarter} to {found.last}."
        parts = [paragraph(" ".join([head, *_reported(found), *found.lacks]), width), *_segments(found)]
        return "\n\n".join(parts) + "\n"
    head = (
        f"{row.name} keeps {_usd(row.kept)} of the scarcity from {found.quarter} to {found.last}, "
        f"{percent(row.rent_share)} of all rents."
    )
    if row.profit_share is not None and row.revenue_share is not None:
        head += (
            f" It reports {percent(row.revenue_share)} of the stack's revenue and "
            f"{percent(row.profit_share)} of its gross profit."
        )
    if row.rank is not None and row.exposure is not None:
        head += (
            f" Its rank is {row.rank.mean:.1f} ({row.rank.p05:.0f} to {row.rank.p95:.0f}, 5 to 95 %) of "
            f"{found.ranked}; {percent(row.exposure)} of its revenue comes from the stack."
        )
    else:
        head += " It is not ranked."
    head = " ".join([head, *_reported(found), *found.lacks])
    table = [("layer", "as", "share of all rents", "binds"), *_parts(found)]
    watch = [f"  {name}: {text}" for name, text in found.watch if text]
    moved = [
        ("what moves what it keeps", "low third", "high third"),
        *((fact, _bn(low), _bn(high)) for fact, low, high in found.movers),
    ]
    parts = [
        paragraph(head, width),
        "\n".join(aligned(table, (2, 3))),
        "\n".join(["What it keeps [bn USD] where a fact is low and high", *aligned(moved, (1, 2))]),
        *(["\n".join(["Watch", *(paragraph(line, width) for line in watch)])] if watch else []),
        *_segments(found),
        *([paragraph(found.loss, width)] if found.loss else []),
        f"ask: narrows why value.kept.{row.id}.{found.quarter}",
    ]
    return "\n\n".join(parts) + "\n"


def _parts(found: CompanyValue) -> list[tuple[str, ...]]:
    return [
        (
            layer.replace("_", " "),
            role.removesuffix("s"),
            f"{100 * share:.1f} %",
            f"{found.durability[layer]:.1f} q",
        )
        for layer, role, share in found.row.parts
    ]


def _reported(found: CompanyValue) -> list[str]:
    """Return the sentence on its newest accounts; nothing where none are held."""
    if found.revenue is None:
        return []
    margin = f", its gross margin {percent(found.gross_margin)}" if found.gross_margin is not None else ""
    return [f"Its revenue of {found.year} was {_bn(found.revenue)} bn USD{margin}."]


def _segments(found: CompanyValue) -> list[str]:
    """Return the table of what the company reports of its segments; nothing where no fact states it."""
    if not found.segments:
        return []
    rows = [
        ("segment", "year", "margin", "bn USD", "of"),
        *(
            (
                line.segment.replace("_", " "),
                str(line.year),
                f"{100 * line.margin:.1f} %",
                NONE if line.revenue is None else _bn(line.revenue),
                line.of.partition(", ")[2],
            )
            for line in found.segments
        ),
    ]
    asked = f"ask: narrows why {found.segments[-1].fact}"
    return ["\n".join(["Its segments, as reported", *aligned(rows, (1, 2, 3)), asked])]


def company_json(found: CompanyValue) -> str:
    """Return what one company keeps as one JSON object."""
    return written(found)


# --- two beside each other ----------------------------------------------------------------------


def compared_text(found: Compared, width: int) -> str:
    """Return two companies, or two scenarios, beside each other.

    Parameters
    ----------
    found
        The answer of `narrows.value.comparison.compare`.
    width
        Greatest length of a line [character].
    """
    rows = [("", *found.names), *((label, *map(_cell, values)) for label, values in found.rows)]
    parts = [paragraph(found.answer, width), "\n".join(aligned(rows, (1, 2)))]
    return "\n\n".join(parts) + "\n"


def _cell(value: float | None) -> str:
    return NONE if value is None or not math.isfinite(value) else number(value)


def compared_json(found: Compared) -> str:
    """Return two companies, or two scenarios, as one JSON object."""
    return written(found)


def _usd(found: Spread) -> str:
    return f"{_bn(found.mean)} bn USD ({_bn(found.p05)} to {_bn(found.p95)}, 5 to 95 %)"


def _bn(value: float) -> str:
    return number(value / 1e9, 2)


def _share(value: float | None) -> str:
    return NONE if value is None else percent(value)


def _times(value: float) -> str:
    return NONE if not math.isfinite(value) else percent(value)
