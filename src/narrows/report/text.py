"""The answers as text for a terminal: calm, aligned, units everywhere, readable without colour."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from narrows.figure import number
from narrows.report.words import (
    MW_PER_GW,
    SHOWN_FROM,
    folded,
    headline,
    layer_names,
    likeliest,
    migration,
    percent,
    printable,
    scenario,
    sources_or_shipped,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from narrows.bottlenecks.chain import Chain, Link
    from narrows.bottlenecks.result import MapResult, PriceRow
    from narrows.catalog import Fact, Source
    from narrows.figure import Comparison, Figure

__all__ = [
    "SHADES",
    "chain_text",
    "facts_text",
    "layer_text",
    "layers_text",
    "map_text",
    "rows_text",
    "statements_text",
]

WIDTH = 100
"""Length of a line where none is asked for [character]."""
CELL = 5
"""Characters of a table column: three digits, a mark and a space."""
SHADES = (
    (0.05, 224, 16),
    (0.10, 217, 16),
    (0.20, 210, 16),
    (0.35, 160, 231),
    (0.60, 88, 231),
)
"""From this probability on, this background and this text, both of the 256-colour palette."""
CUT = "…"
LEAST_LABEL = 12
"""Characters that a layer's name keeps on the narrowest page."""
DEAREST = 6
MOVERS = 10
NORMAL_95 = 1.96
"""Half width of a 95 % interval in standard errors."""
UNITS = {
    "h100e": "H100e",
    "usd": "USD",
    "h100e/quarter": "H100e/quarter",
    "h100e per h100e": "H100e per H100e",
}
Table = list[tuple[str, ...]]


def map_text(result: MapResult, *, colour: bool, width: int) -> str:
    """Return the map as text.

    Parameters
    ----------
    result
        The answer of `narrows.map`.
    colour
        Whether to shade the cells with the 256 colours of a terminal; nothing is told by colour alone.
    width
        Greatest length of a line [character].

    Returns
    -------
    str
        What binds first, then the table of probabilities, the dearest layers, and what it rests on.
    """
    parts = [
        _wrapped(headline(result), width),
        _wrapped(migration(result), width),
        _heat(result, colour, width),
        _dearest(result, width),
        _remarks(result, width),
        _footer(result, width),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def chain_text(chain: Chain, width: int, sources: Mapping[str, Source] | None = None) -> str:
    """Return a figure with its interval and formula, and the facts that move it most.

    Parameters
    ----------
    chain
        The answer of `narrows.why` for a figure.
    width
        Greatest length of a line [character].
    sources
        Sources by key; those shipped if left out.
    """
    figure = chain.figure
    named = sources_or_shipped(sources)
    movers = [link for link in chain.links[:MOVERS] if link.effect > 0]
    parts = [
        figure.id,
        _wrapped(_valued(figure), width, "  "),
        _wrapped(f"formula: {figure.formula}", width, "  "),
    ]
    if figure.note:
        parts.append(_wrapped(f"note: {figure.note}", width, "  "))
    if chain.path:
        stretches = ", then ".join(
            f"{printable(part.layer)} {part.first} to {part.last}" if part.first != part.last
            else f"{printable(part.layer)} {part.first}"
            for part in chain.path
        )  # fmt: skip
        parts.append(_wrapped(f"path of the median draw: {stretches}", width, "  "))
    told = "Facts that move it most, by its mean in the third of the draws where the fact is low -> high."
    if movers:
        parts += ["", _wrapped(told, width)]
    parts += [_mover(place, link, figure.unit, named, width) for place, link in enumerate(movers, 1)]
    rest = len(chain.links) - len(movers)
    if rest:
        words = "more fact" if movers else "fact"
        effect = "a smaller effect or none" if movers else "no effect seen in these draws"
        parts += ["", _wrapped(f"{_counted(rest, words)} of the chain with {effect}.", width)]
    parts += [
        "",
        _wrapped(
            f"Facts of {figure.vintage}, model {figure.model}, {_counted(figure.draws, 'draw')}, "
            f"seed {figure.seed}.",
            width,
        ),
        _wrapped("All statements of a fact: narrows why FACT", width),
    ]
    return "\n".join(parts) + "\n"


def facts_text(facts: Sequence[Fact], width: int) -> str:
    """Return facts as a table: id, value with interval and unit, kind, date, source.

    Parameters
    ----------
    facts
        Facts, in the order to show.
    width
        Greatest length of a line [character]; where a table does not fit, each fact takes two lines.
    """
    rows: Table = [("fact", "value", "low to high", "unit", "kind", "as of", "source")]
    rows += [
        (
            fact.id,
            number(fact.value),
            _span(fact.low, fact.high),
            fact.unit,
            fact.kind,
            fact.as_of,
            fact.source,
        )
        for fact in facts
    ]
    lines = _aligned(rows, width, right=(1,))
    if any(line.endswith(CUT) for line in lines):
        lines = [
            line for fact in facts for line in (fact.id, _wrapped(_stated(fact, fact.source), width, "  "))
        ]
    assumed = sum(fact.kind == "assumption" for fact in facts)
    told = f"{_counted(len(facts), 'fact')}, {_counted(assumed, 'assumption')}."
    return "\n".join([*lines, "", told]) + "\n"


def statements_text(
    facts: Sequence[Fact], width: int = WIDTH, sources: Mapping[str, Source] | None = None
) -> str:
    """Return every statement of one fact, with its source in full.

    Parameters
    ----------
    facts
        The statements, the chosen one first, as `narrows.why` gives them.
    width
        Greatest length of a line [character]; addresses are never cut.
    sources
        Sources by key; those shipped if left out.
    """
    if not facts:
        return "No statement.\n"
    named = sources_or_shipped(sources)
    parts = [facts[0].id]
    for place, fact in enumerate(facts):
        title = "the statement that is used" if place == 0 else "another statement"
        parts += ["", f"{title}:", *_statement(fact, named, width)]
    return "\n".join(parts) + "\n"


def layer_text(info: Mapping[str, Any], width: int = WIDTH) -> str:
    """Return one layer as declared: what it makes, who makes it, its lead time and its facts.

    Parameters
    ----------
    info
        The answer of `narrows.layer`.
    width
        Greatest length of a line [character].
    """
    lead = info["lead_quarters"]
    makers = ", ".join(f"{_name(name)} {percent(share)}" for name, share in info["makers"].items())
    told = {
        "makes": _unit(info["unit"]),
        "feeds": info["feeds"] or "nothing further",
        "family": _name(info["family"]),
        "makers": makers or "not known",
        "lead time": "not known"
        if lead is None
        else f"{number(lead[1])} quarters ({number(lead[0])} to {number(lead[2])}) from decision to capacity",
        "need": _product(info["need"]),
        "watch": info["watch"] or "no indicator known",
        "assumed": f"{percent(info['assumed_share'])} of its facts are assumptions",
    }
    parts = [f"{printable(info['name'])} ({info['id']}), day {info['day']}"]
    parts += [_entry(label, text, width) for label, text in told.items()]
    return "\n".join([*parts, ""]) + "\n" + facts_text(info["facts"], width)


def layers_text(infos: Iterable[Mapping[str, Any]], width: int = WIDTH) -> str:
    """Return all layers as a table in flow order.

    Parameters
    ----------
    infos
        Answers of `narrows.layer`.
    width
        Greatest length of a line [character].
    """
    rows: Table = [("layer", "name", "day", "unit", "feeds", "quarters to add")]
    for info in infos:
        lead = info["lead_quarters"]
        rows.append(
            (
                info["id"],
                info["name"],
                str(info["day"]),
                _unit(info["unit"]),
                info["feeds"] or "-",
                "not known" if lead is None else f"{number(lead[0])} to {number(lead[2])}",
            )
        )
    return "\n".join([*_aligned(rows, width, right=(2,)), "", "one layer: narrows layer ID"]) + "\n"


def rows_text(rows: Iterable[Comparison], width: int = WIDTH) -> str:
    """Return comparisons of predictions with measurements; misses are marked and counted.

    Parameters
    ----------
    rows
        Comparisons.
    width
        Greatest length of a line [character].
    """
    shown = list(rows)
    words = {True: "holds", False: "MISSED", None: "-"}
    parts = []
    for room in dict.fromkeys(row.room for row in shown):
        parts.append(f"{room}:")
        for row in (row for row in shown if row.room == room):
            value = "not run" if row.value is None else f"{row.metric} = {number(row.value)}"
            details = [value if row.value is not None else row.metric]
            details += [f"goal {row.goal}"] if row.goal else []
            details += [f"simplest other {number(row.baseline)}"] if row.baseline is not None else []
            details += [f"n = {row.n}"] if row.n else []
            head = f"  {words[row.holds]:<7} "
            parts.append(_wrapped(f"{printable(row.quantity)} ({printable(row.dataset)})", width, head))
            parts.append(_wrapped("; ".join(map(printable, details)), width, " " * len(head)))
        parts.append("")
    counts = {holds: sum(row.holds is holds for row in shown) for holds in words}
    parts.append(f"{counts[True]} hold, {counts[False]} missed, {counts[None]} without a verdict.")
    return "\n".join(parts) + "\n"


# The map, part by part.


def _heat(result: MapResult, colour: bool, width: int) -> str:  # noqa: FBT001 (handed on from map_text)
    """Return the table of probabilities and what is deployed, folded to the width."""
    names = layer_names(result)
    names = {
        name: text for name, text in names.items() if name != "stock" or max(result.binds[name]) >= SHOWN_FROM
    }
    labels = [*names.values(), *_TOTALS]
    label = min(max(map(len, labels)) + 1, max(LEAST_LABEL, 2 * width // 5))
    columns, step = _columns(len(result.quarters), width - label)
    best = [likeliest(result, column)[0][0] for column in range(len(result.quarters))]
    lines = [
        _cut("Probability that a layer binds [%]", width),
        *_header(result.quarters, columns, label),
    ]
    for name, text in names.items():
        cells = [_cell(result.binds[name][column], name == best[column], colour) for column in columns]
        lines.append(_fitted(text, label) + "".join(cells))
    lines += ["", _cut("Compute deployed in the quarter", width)]
    for text, values in _totals(result).items():
        lines.append(
            _fitted(text, label) + "".join(f"{_short(values[column]):>{CELL - 1}} " for column in columns)
        )
    told = (
        "A layer binds when one more unit of its capacity would raise what is deployed. "
        "* the likeliest of its quarter; blank: below 1 %. H100e: one NVIDIA H100's dense 8-bit arithmetic."
    )
    if step > 1:
        told += f" Every {_ORDINAL.get(step, f'{step}th')} quarter is shown; --json gives all."
    return "\n".join([line.rstrip() for line in lines] + ["", _wrapped(told, width)])


_TOTALS = ("  low (5 %), M H100e", "  median, M H100e", "  high (95 %), M H100e", "  median, GW of IT")
_ORDINAL = {2: "second", 4: "fourth", 8: "eighth"}


def _totals(result: MapResult) -> dict[str, list[float]]:
    million = 1e6
    band = result.deployed
    series = [[value / million for value in values] for values in (band.p05, band.p50, band.p95)]
    series.append([value / MW_PER_GW for value in result.deployed_mw.p50])
    return dict(zip(_TOTALS, series, strict=True))


def _columns(count: int, room: int) -> tuple[range, int]:
    """Return the places of the quarters that fit into a room [character], and their step."""
    step = 1
    while step < count and -(-count // step) * CELL > room:
        step *= 2
    return range(0, count, step), step


def _header(quarters: Sequence[str], columns: range, label: int) -> list[str]:
    """Return two lines: the year over its first column, the quarter over every column."""
    years, names, before = "", "", ""
    for column in columns:
        year, quarter = quarters[column].split("Q")
        years += f"{year if year != before else '':>{CELL - 1}} "
        names += f"{'Q' + quarter:>{CELL - 1}} "
        before = year
    return [" " * label + years, " " * label + names]


def _cell(share: float, best: bool, colour: bool) -> str:  # noqa: FBT001 (one cell, three properties)
    """Return one cell: percent, and a star at the likeliest of its quarter."""
    if share < SHOWN_FROM:
        return " " * CELL
    text = f"{100 * share:>{CELL - 1}.0f}{'*' if best else ' '}"
    shade = next((pair for limit, *pair in reversed(SHADES) if share >= limit), None)
    if not colour or shade is None:
        return text
    back, front = shade
    return f"{text[0]}\x1b[48;5;{back};38;5;{front}m{text[1:]}\x1b[0m"


def _short(value: float) -> str:
    """Return a number in four characters where that is possible."""
    if not math.isfinite(value):
        return "-"
    digits = next(
        (digits for limit, digits in ((1.0, 2), (100.0, 1)) if abs(round(value, digits)) < limit), 0
    )
    return f"{value:.{digits}f}"


def _dearest(result: MapResult, width: int) -> str:
    """Return the layers of which one more unit is worth most in the first quarter."""
    priced = [(row, result.price[row.id]) for row in result.layers if row.id in result.price]
    known = [(row, price) for row, price in priced if math.isfinite(price.right[0]) and price.right[0] > 0]
    if not known:
        return ""
    known.sort(key=lambda pair: -pair[1].right[0])
    rows: Table = [("layer", "H100e/H100e", "USD per unit", "unit", "quarters to add")]
    for row, price in known[:DEAREST]:
        right, left = price.right[0], price.left[0]
        lead = row.lead_quarters
        rows.append(
            (
                printable(row.name),
                _decimals(right, left),
                _money(price, right, left),
                _unit(price.unit),
                "not known" if lead is None else f"{number(lead[0])} to {number(lead[2])}",
            )
        )
    title = (
        f"What one more unit of capacity is worth in {result.quarters[0]}: H100e deployed per H100e of "
        "capacity, and USD"
    )
    return "\n".join([_wrapped(title, width), *_aligned(rows, width, right=(1, 2))])


def _money(price: PriceRow, right: float, left: float) -> str:
    usd = price.usd_per_unit[0]
    return _span(usd, usd * left / right, 2) if math.isfinite(usd) else "not known"


def _decimals(first: float, second: float) -> str:
    low, high = (f"{value:.3f}" for value in (first, second))
    return low if low == high else f"{low} to {high}"


def _span(first: float, second: float, digits: int = 3) -> str:
    low, high = number(first, digits), number(second, digits)
    return low if low == high else f"{low} to {high}"


def _remarks(result: MapResult, width: int) -> str:
    """Return what a reader must know besides: ties, and layers of which nothing was known."""
    names = layer_names(result)
    lines = []
    if max(result.tied, default=0) >= SHOWN_FROM:
        column = result.tied.index(max(result.tied))
        most = f" (at most {percent(result.tied[column])}, in {result.quarters[column]})" if column else ""
        lines.append(
            f"Two or more layers bind together in {percent(result.tied[0])} of the draws of "
            f"{result.quarters[0]}{most}; such a draw is shared among them."
        )
    if result.unknown:
        told = ", ".join(names.get(name, name) for name in result.unknown)
        lines.append(f"Nothing was known of the capacity of: {told}. The map takes them as without limit.")
    return "\n".join(_wrapped(line, width) for line in lines)


def _footer(result: MapResult, width: int) -> str:
    """Return what the map rests on."""
    meta = result.meta
    draws = meta["draws"]
    first, share = likeliest(result, 0)[0]
    error = 100 * NORMAL_95 * math.sqrt(max(share * (1 - share), 1 / draws) / draws)
    facts, assumed = meta["facts"], meta["assumptions"]
    laid = scenario(result)
    same = f" --as-of {meta['as_of']}" if meta.get("as_of") else ""
    same += " --scenario FILE" if laid else ""
    standing = meta.get("standing", 0)
    stood = f" {_counted(standing, 'structural fact')} used before their date." if standing else ""
    lines = [
        (
            f"{draws:,} draws, seed {meta['seed']}: sampling error of {percent(share)} is ± "
            f"{number(error, 2)} percentage points (95 %)."
        ),
        (
            f"{_counted(facts, 'fact')} of vintage {meta['vintage']}, the oldest of {meta['oldest_fact']}, "
            f"the newest of {meta['newest_fact']}; {percent(assumed / facts if facts else 0)} of them are "
            f"assumptions.{stood}"
        ),
        f"ask: narrows why map.binds.{first}.{result.quarters[0]}{same}",
    ]
    if laid:
        lines.insert(0, laid)
    return "\n".join(_wrapped(line, width) for line in lines)


# Facts, one by one.


def _mover(place: int, link: Link, unit: str, sources: Mapping[str, Source], width: int) -> str:
    fact = link.fact
    source = sources.get(fact.source)
    title = printable(source.title) if source else fact.source
    head = f"{place:>3}. "
    move = f"{_quantity(link.low, unit)} -> {_quantity(link.high, unit)}"
    kin = f" (with {_counted(link.kin, 'other fact')} of its series)" if link.kin else ""
    told = _stated(fact, title)
    return "\n".join(
        [_wrapped(f"{fact.id}: {move}{kin}", width, head), _wrapped(told, width, " " * len(head))]
    )


def _stated(fact: Fact, title: str) -> str:
    """Return what a fact says, in one line."""
    return (
        f"{number(fact.value)} [{_span(fact.low, fact.high)}] {fact.unit}, {fact.kind}, "
        f"as of {fact.as_of}, {title}"
    )


def _statement(fact: Fact, sources: Mapping[str, Source], width: int) -> list[str]:
    source = sources.get(fact.source)
    told = {
        "value": f"{number(fact.value)} [{_span(fact.low, fact.high)}, {fact.level}] {fact.unit}",
        "of": fact.of,
        "kind": fact.kind,
        "as of": fact.as_of,
        "about": fact.about,
        "source": fact.source
        if source is None
        else f"{source.producer}, {source.title}, {source.date_published} (accessed {source.date_accessed})",
        "url": source.url if source else "",
        "locator": fact.locator,
        "note": fact.note,
        "why": fact.why,
        "file": fact.file,
    }
    return [_entry(label, text, width) for label, text in told.items() if text]


def _valued(figure: Figure) -> str:
    """Return a figure's mean with its interval; a share has none, for it is itself taken over draws."""
    if figure.unit == "share":
        return f"{percent(figure.value)} of draws"
    spread = f"median {number(figure.p50)}, {number(figure.p05)} to {number(figure.p95)} (5 to 95 %)"
    return f"mean {number(figure.value)} {_unit(figure.unit)}; {spread}"


def _quantity(value: float, unit: str) -> str:
    return percent(value) if unit == "share" else number(value)


def _product(need: Sequence[str]) -> str:
    """Return the need of one package in words, '/name' divides."""
    text = " x ".join(need).replace("x /", "/ ")
    return text.replace("/", "1 / ", 1) if text.startswith("/") else text or "none"


# Lines.


def _wrapped(text: str, width: int, head: str = "") -> str:
    """Return text wrapped to a width, its first line after a head."""
    room = max(width - len(head), LEAST_LABEL)
    return "\n".join(
        (head if place == 0 else " " * len(head)) + line
        for place, line in enumerate(folded(text, room) or [""])
    )


def _entry(label: str, text: str, width: int) -> str:
    return _wrapped(text, width, f"  {label + ':':<11}")


def _aligned(rows: Table, width: int, right: tuple[int, ...] = ()) -> list[str]:
    """Return a table's lines, two spaces between columns, cut at the width."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            text.rjust(size) if place in right else text.ljust(size)
            for place, (text, size) in enumerate(zip(map(printable, row), widths, strict=True))
        ]
        lines.append(_cut("  ".join(cells).rstrip(), width))
    return lines


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + CUT


def _fitted(text: str, width: int) -> str:
    return _cut(text, width).ljust(width)


def _counted(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _unit(unit: str) -> str:
    return UNITS.get(unit, unit)


def _name(name: str) -> str:
    return printable(name).replace("_", " ")
