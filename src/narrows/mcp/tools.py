"""What an assistant may ask: eight tools, each one function from the study and its arguments to plain data.

An answer is made for a reader that pays by the word: ids, values to six digits, units, sources. No number
stands without its unit: that of its own object, or of the object around it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from narrows.errors import DataError, UnknownNameError, UsageError, nearest
from narrows.report.pages.question import Question, read_question
from narrows.report.pages.registry import PAGES
from narrows.report.words import STOCK, layer_names, likeliest, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from narrows.bottlenecks.chain import Link
    from narrows.bottlenecks.result import Band, MapResult
    from narrows.catalog import Fact
    from narrows.figure import Figure
    from narrows.market.recap import Move, Recap
    from narrows.report.pages.study import Study
    from narrows.value.company import CompanyValue

    Answer = dict[str, Any]

__all__ = ["TOOLS", "Tool", "call", "tool_list"]

DIGITS = 6
MOVERS = 8
"""Facts named behind a number."""
FOUND, MOST_FOUND = 10, 50
SHARED_FROM = 0.005
"""Share of draws from which a layer is named among those that bind."""
WORTH = 5
LONGEST_TEXT = 20_000
"""Letters of a text whose claims are checked."""
SLOW_DRAWS = 2_000
"""Draws of an answer that takes seconds with those of the map; each answer says how many it took."""
SHOWN_OF_A_SHOCK = ("lost", "net", "unmet", "price", "without", "odds")
MONTH = 7
"""Letters of a month, as 2026-05: figures of months are left out, those of quarters tell the same."""
ENDS = ("p05", "p50", "p95")
KINDS = {"string": str, "number": (int, float), "integer": int, "object": dict}


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool.

    Parameters
    ----------
    name
        Name in programs.
    told
        What it answers, for the assistant that chooses among tools.
    arguments
        By name: kind, description, and whether it must be given.
    make
        From the study and the arguments to the answer.
    """

    name: str
    told: str
    arguments: Mapping[str, tuple[str, str, bool]]
    make: Callable[..., Answer]

    def described(self) -> Answer:
        """Return the tool as the protocol lists it."""
        properties: dict[str, Any] = {}
        for name, (kind, told, _) in self.arguments.items():
            properties[name] = {"type": kind, "description": told}
            if kind == "object":
                properties[name]["additionalProperties"] = {"type": "number"}
        needed = [name for name, (_, _, must) in self.arguments.items() if must]
        schema: Answer = {"type": "object", "properties": properties, "additionalProperties": False}
        return {
            "name": self.name,
            "description": self.told,
            "inputSchema": schema | ({"required": needed} if needed else {}),
        }


def call(study: Study, name: str, given: Mapping[str, Any] | None = None) -> Answer:
    """Return the answer of a tool.

    Parameters
    ----------
    study
        The study.
    name
        Name of the tool.
    given
        Its arguments.

    Raises
    ------
    NarrowsError
        If the tool, an argument or a name in it is not known, or cannot be read.

    Examples
    --------
    >>> from narrows.report.pages import Study
    >>> call(Study(draws=64), "why", {"id": "map.deployed.2027Q1"})["unit"]
    'h100e/quarter'
    """
    tools = {tool.name: tool for tool in TOOLS}
    if name not in tools:
        raise UnknownNameError("tool", name, tools, remedy="List the tools")
    tool = tools[name]
    arguments = dict(given or {})
    for key, value in arguments.items():
        if key not in tool.arguments:
            raise UnknownNameError(
                "argument", key, tool.arguments, f"See the tool {name!r} in the list of tools"
            )
        kind, told, _ = tool.arguments[key]
        if not isinstance(value, KINDS[kind]) or isinstance(value, bool):  # type: ignore[arg-type]
            raise UsageError(
                f"The argument {key!r} of {name!r} is {value!r}",
                f"It is of type {kind}: {told}",
                "Correct it",
            )
    for key, (_, told, must) in tool.arguments.items():
        if must and key not in arguments:
            raise UsageError(f"The tool {name!r} is called without {key!r}", f"{key!r} is {told}", "Give it")
    return tool.make(study, **arguments)


def tool_list() -> list[Answer]:
    """Return the tools as the protocol lists them.

    Examples
    --------
    >>> [tool["name"] for tool in tool_list()][:3]
    ['map', 'series', 'why']
    """
    return [tool.described() for tool in TOOLS]


# --- numbers ------------------------------------------------------------------------------------------


def _short(value: float | None) -> float | None:
    """Return a number to a few digits; None where it is not finite."""
    if value is None or not math.isfinite(value):
        return None
    short = float(f"{value:.{DIGITS}g}")
    return int(short) if short.is_integer() else short


def _amount(value: float | None, unit: str, id_: str = "", **more: Any) -> Answer:
    """Return a number with its unit."""
    told: Answer = {"id": id_} if id_ else {}
    return told | {"value": _short(value), "unit": unit or "1"} | more


def _banded(band: Band, column: int, id_: str) -> Answer:
    ends = {name: _short(getattr(band, name)[column]) for name in ENDS}
    return _amount(band.mean[column], band.unit, id_, **ends)


def _rests(study: Study, result: MapResult | None = None) -> Answer:
    """Return what an answer rests on."""
    draws = result.meta["draws"] if result else study.draws
    return {
        "facts_of": study.vintage,
        "model": study.model,
        "draws": _amount(draws, "draw"),
        "seed": _amount(study.seed, "1"),
    }


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _asked(quarter: str, changes: Mapping[str, float]) -> Question:
    """Return the question of a quarter and of changed inputs, read as a link is."""
    for name, factor in changes.items():
        if not _is_number(factor):
            raise UsageError(
                f"The input {name!r} is scaled by {factor!r}",
                "A factor is a number from 0",
                "Write 1.2 for +20 %",
            )
    pairs = [f"{quote(name, safe='')}={factor!r}" for name, factor in changes.items()]
    found = read_question("&".join([*pairs, *([f"q={quote(quarter, safe='')}"] if quarter else [])]))
    stray = {name for name, factor in changes.items() if factor != 1} - {name for name, _ in found.changes}
    if stray:
        raise UsageError(
            f"The input {min(stray)!r} is not known",
            "Inputs are facts and series of facts",
            "Search for it",
        )
    return found


def _page(path: str, asked: Question | None = None) -> str:
    query = asked.query() if asked else ""
    return path + (f"?{query}" if query else "")


# --- the map ------------------------------------------------------------------------------------------


def _map(study: Study, quarter: str = "", changes: Mapping[str, float] | None = None) -> Answer:
    asked = _asked(quarter, changes or {})
    answer = _map_of(study, asked)
    if asked.changes:
        before = _map_of(study, Question(quarter=asked.quarter, quick=True))
        answer["without_the_changes"] = {name: before[name] for name in ("binds", "deployed")}
        answer["changes"] = [_amount(factor, "factor", name) for name, factor in asked.changes]
    return answer


def _map_of(study: Study, asked: Question) -> Answer:
    result, column = study.map(asked), study.column(asked)
    quarter, names = result.quarters[column], layer_names(result)
    dear = sorted(result.price.items(), key=lambda pair: -pair[1].right[column])[:WORTH]
    return {
        "quarter": quarter,
        "binds": [
            _amount(share, "share of draws", f"map.binds.{name}.{quarter}", layer=names[name])
            for name, share in likeliest(result, column)
            if share >= SHARED_FROM
        ],
        "deployed": _banded(result.deployed, column, f"map.deployed.{quarter}"),
        "power": _banded(result.deployed_mw, column, f"map.deployed_mw.{quarter}"),
        "worth_of_one_more_unit": [
            _amount(
                row.usd_per_unit[column],
                f"usd/{row.unit}",
                f"map.price_usd.{name}.{quarter}",
                layer=names[name],
            )
            for name, row in dear
        ],
        "page": _page("/", asked),
        "rests_on": _rests(study, result),
    }


SERIES = ("deployed", "deployed_mw", "installed", "tied", "binds", "capacity", "price", "price_usd")


def _series(study: Study, id: str, changes: Mapping[str, float] | None = None) -> Answer:  # noqa: A002
    asked = _asked("", changes or {})
    result = study.map(asked)
    quantity, _, layer = id.removeprefix("map.").partition(".")
    of_layer = quantity in SERIES[4:]
    layers = [row.id for row in result.layers] + ([STOCK] if quantity == "binds" else [])
    known = [f"map.{name}" for name in SERIES[:4]] + [
        f"map.{name}.{one}" for name in SERIES[4:] for one in layers
    ]
    if quantity not in SERIES or of_layer != bool(layer) or (layer and layer not in layers):
        raise UnknownNameError("series", id, known, remedy="Write map.deployed, or map.binds.<layer>")
    unit, rows = _rows_of(result, quantity, layer)
    points = [
        {"quarter": quarter, **{name: _short(series[column]) for name, series in rows.items()}}
        for column, quarter in enumerate(result.quarters)
    ]
    stem = f"map.{quantity}.{layer}" if layer else f"map.{quantity}"
    return {
        "id": stem,
        "unit": unit,
        "points": points,
        "why": f"ask why for {stem}.{result.quarters[0]}, or another quarter",
        "rests_on": _rests(study, result),
    }


def _rows_of(result: MapResult, quantity: str, layer: str) -> tuple[str, dict[str, tuple[float, ...]]]:
    """Return the unit of a series and its rows by name."""
    bands = {"deployed": result.deployed, "deployed_mw": result.deployed_mw, "installed": result.installed}
    band = bands.get(quantity) or (result.capacity[layer] if quantity == "capacity" else None)
    if band is not None:
        return band.unit, {"mean": band.mean, "p05": band.p05, "p50": band.p50, "p95": band.p95}
    if quantity == "tied":
        return "share of draws", {"value": result.tied}
    if quantity == "binds":
        return "share of draws", {"value": result.binds[layer]}
    row = result.price[layer]
    if quantity == "price":
        return "h100e per h100e", {"one_more": row.right, "one_less": row.left}
    return f"usd/{row.unit}", {"one_more": row.usd_per_unit}


# --- numbers, facts, words ----------------------------------------------------------------------------


def _why(study: Study, id: str, changes: Mapping[str, float] | None = None) -> Answer:  # noqa: A002
    asked = _asked("", changes or {})
    if study.catalog.has(id):
        return {
            "id": id,
            "statements": [_fact(study, fact) for fact in study.catalog.statements(id)],
            "page": f"/fact/{quote(id, safe='')}",
        }
    chain = study.chain(id, asked)
    figure = chain.figure
    moved = [_moved(study, link, figure) for link in chain.links[:MOVERS] if link.effect > 0]
    return {
        **_figure(figure),
        "formula": figure.formula,
        "moved_most_by": moved,
        "facts_behind": _amount(len(chain.links), "fact"),
        "path_of_the_median_draw": [f"{part.layer}: {part.first} to {part.last}" for part in chain.path],
        "page": _page(f"/n/{quote(id, safe='')}", asked),
        "rests_on": {
            "facts_of": figure.vintage,
            "model": figure.model,
            "draws": _amount(figure.draws, "draw"),
            "seed": _amount(figure.seed, "1"),
        },
    }


def _figure(figure: Figure) -> Answer:
    ends = {name: _short(getattr(figure, name)) for name in ENDS} if figure.draws else {}
    return _amount(figure.value, figure.unit, figure.id, **ends)


def _moved(study: Study, link: Link, figure: Figure) -> Answer:
    moves = {"low": _short(link.low), "high": _short(link.high), "unit": figure.unit}
    return _fact(study, link.fact) | {"figure_where_the_fact_is_low_and_high": moves}


def _fact(study: Study, fact: Fact) -> Answer:
    source = study.catalog.sources.get(fact.source)
    told = _amount(fact.value, fact.unit, fact.id, low=_short(fact.low), high=_short(fact.high))
    told |= {"low_and_high_are": fact.level, "of": fact.of, "kind": fact.kind, "as_of": fact.as_of}
    if fact.about:
        told["about"] = fact.about
    if source:
        told["source"] = f"{source.producer}: {source.title}" + (f", {source.url}" if source.url else "")
    return told | ({"why_assumed": fact.why} if fact.why else {})


def _search(study: Study, words: str, limit: int = FOUND) -> Answer:
    if not 1 <= limit <= MOST_FOUND:
        raise UsageError(
            f"The limit is {limit}", f"A limit is 1 to {MOST_FOUND}", f"Leave it out for {FOUND}"
        )
    asked = printable(words).strip()
    if not asked:
        raise UsageError("The search has no words", "Words such as cowos capacity", "Give some")
    parts = asked.lower().split()
    numbers = [name for name in study.ids if all(part in name.lower() for part in parts)]
    answer: Answer = {
        "facts": [_fact(study, fact) for fact in study.catalog.search(asked)[:limit]],
        "numbers": numbers[:limit],
        "layers": [
            f"{layer.id}: {layer.name}"
            for layer in study.catalog.layers
            if asked.lower() in layer.name.lower()
        ],
        "pages": [page.path for page in PAGES if page.title and asked.lower() in page.title.lower()],
    }
    if not any(answer.values()):
        return {"nearest": nearest(asked, [*study.catalog.known, *study.ids], FOUND)}
    return {name: found for name, found in answer.items() if found}


# --- companies, shocks, the market --------------------------------------------------------------------


def _company(study: Study, name: str, quarter: str = "") -> Answer:
    from narrows.value.company import company

    draws = min(study.draws, SLOW_DRAWS)
    found: CompanyValue = company(name, quarter or None, draws=draws, seed=study.seed, catalog=study.catalog)
    row, names = found.row, {layer.id: layer.name for layer in study.catalog.layers}
    kept = {end: _short(getattr(row.kept, end)) for end in ENDS}
    return {
        "company": row.name,
        "ticker": row.ticker,
        "year_from": found.quarter,
        "to": found.last,
        "keeps_of_the_rents_of_scarcity": _amount(row.kept.mean, f"{row.kept.unit}/year") | kept,
        "share_of_all_rents": _amount(row.rent_share, "share"),
        "through": [
            _amount(share, "share of all rents", layer=names.get(layer, layer), role=role)
            for layer, role, share in row.parts
        ],
        "durability_of_the_rents": _amount(row.durability, "quarter of the next 8"),
        "revenue_from_the_stack": _amount(row.exposure, "share of its revenue"),
        "rent_share_less_gross_profit_share": _amount(row.gap, "share"),
        "moved_most_by": [
            {"fact": fact, "low": _short(low), "high": _short(high), "unit": f"{row.kept.unit}/year"}
            for fact, low, high in found.movers
        ],
        "watch": [f"{layer}: {told}" for layer, told in found.watch],
        "segments": [
            _amount(line.margin, "ratio", line.fact, of=line.of, segment=line.segment, year=line.year)
            for line in found.segments
        ],
        "lacking": list(found.lacks),
        "if_it_stopped": found.loss,
        "rests_on": _rests(study) | {"draws": _amount(draws, "draw")},
    }


def _shock(study: Study, event: str = "", as_of: str = "") -> Answer:
    from narrows.report.shocks import headline
    from narrows.shocks import known_events, shock

    known = known_events()
    if not event:
        return {"events": [f"{one.id}: {one.title}, from {one.onset}" for one in known.values()]}
    draws = min(study.draws, SLOW_DRAWS)
    told = shock(event, as_of=as_of or None, draws=draws, seed=study.seed, catalog=study.catalog)
    found = told.to_json()
    figures = [
        _amount(one["value"], one["unit"], one["id"]) | {end: _short(one[end]) for end in ENDS}
        for one in found["figures"]
        if one["id"].split(".")[1] in SHOWN_OF_A_SHOCK and not _is_month(one["id"].rpartition(".")[2])
    ]
    return {
        "event": found["event"]["title"],
        "as_of": found["as_of"],
        "in_a_sentence": headline(told),
        "last_price": _amount(
            found["last_price"]["usd_per_barrel"], "usd/barrel", day=str(found["last_price"]["day"])
        ),
        "figures": figures,
        "draws": _amount(draws, "draw"),
        "seed": _amount(study.seed, "1"),
    }


def _is_month(text: str) -> bool:
    return len(text) == MONTH and text[4] == "-"


def _week(study: Study, week: str = "") -> Answer:  # noqa: ARG001 (as every tool)
    from narrows.market.recap import recap
    from narrows.report.pages.market_page import WEEKS
    from narrows.report.recap import lead_words, score_lines, signal_lines, takeaway_words

    found: Recap = recap(week or WEEKS[-1])
    if not found.indices:
        raise DataError(
            f"No closes of the week {week!r} are held",
            f"Weeks that ship: {', '.join(WEEKS)}",
            "Ask for one of them",
        )
    day = found.week.isoformat()
    return {
        "week_to": day,
        "changes_from_the_close_of": found.base.isoformat(),
        "lead": lead_words(found),
        "indices": [
            _move(row.move, day)
            | {
                "year_to_date": _amount(row.year, "%", f"market.change.ytd.{row.move.symbol}.{day}"),
                "weeks_in_a_row": _amount(row.streak, "week", f"market.run.{row.move.symbol}.{day}"),
            }
            for row in found.indices
        ],
        "sectors": [_move(move, day) for move in found.sectors],
        "what_drove_it": [line.replace("**", "") for line in score_lines(found)],
        "takeaway": takeaway_words(found),
        "may_be_underestimated": list(signal_lines(found)),
        "source": found.source,
    }


def _move(move: Move, day: str) -> Answer:
    unit = "usd" if move.stands_for or move.symbol.startswith("XL") else "index point"
    return {
        "name": move.name,
        "symbol": move.symbol,
        "close": _amount(move.close, unit, f"market.close.{move.symbol}.{day}"),
        "week": _amount(move.percent, "%", f"market.change.week.{move.symbol}.{day}"),
    }


def _claims(study: Study, text: str, week: str = "") -> Answer:  # noqa: ARG001 (as every tool)
    from narrows.claims import check

    if len(text) > LONGEST_TEXT:
        raise UsageError(
            f"The text has {len(text)} letters", f"A text has at most {LONGEST_TEXT}", "Check it part by part"
        )
    report = check(text, _day(week) if week else None)
    return {
        "day": report.day.isoformat() if report.day else None,
        "hold": _amount(sum(one.verdict.holds is True for one in report.checked), "claim"),
        "wrong": _amount(len(report.wrong), "claim"),
        "open": _amount(len(report.open), "claim"),
        "claims": [_claim(one.to_json()) for one in report.checked],
    }


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"The week is {text!r}",
            "It is the last trading day as YYYY-MM-DD",
            "Write, for instance, 2026-05-01",
        ) from None


def _claim(said: Mapping[str, Any]) -> Answer:
    stated = said.get("stated") or {}
    unit = stated.get("unit") or "1"
    told: Answer = {
        "text": said["text"],
        "verdict": said["verdict"] + (f"({said['which']})" if said["which"] else ""),
        "holds": said["holds"],
        "stated": _amount(stated.get("value"), unit),
        "recomputed": _amount(said["value"], unit),
        "in_words": said["words"],
    }
    if said.get("reading"):
        told["what_the_printed_number_is"] = said["reading"]["words"]
    return told | ({"note": said["note"]} if said.get("note") else {})


CHANGES = ("object", 'facts or series scaled, as {id: factor}, such as {"data_hall.capacity": 1.2}', False)
QUARTER = ("string", "such as 2027Q1; the first of the map if left out", False)

TOOLS: tuple[Tool, ...] = (
    Tool(
        "map",
        "Which layer of the AI build-out binds in a quarter, with what probability, how much compute is "
        "deployed, what one more unit of a layer is worth; and what would change if inputs were scaled.",
        {"quarter": QUARTER, "changes": CHANGES},
        _map,
    ),
    Tool(
        "series",
        "A quantity of the map in every quarter: map.deployed, map.deployed_mw, map.installed, map.tied; or "
        "map.binds, map.capacity, map.price, map.price_usd with a layer.",
        {"id": ("string", "series, such as map.binds.cowos", True), "changes": CHANGES},
        _series,
    ),
    Tool(
        "why",
        "The chain behind a number or a fact by its id: value, interval, unit, formula, the facts that move "
        "it most, with sources and dates. Ids come from the other tools.",
        {"id": ("string", "such as map.deployed.2027Q1 or cowos.utilisation", True), "changes": CHANGES},
        _why,
    ),
    Tool(
        "search",
        "Facts with value, unit, source and date, and ids of numbers, layers and pages, by words.",
        {
            "words": ("string", "such as cowos capacity", True),
            "limit": ("integer", f"results of each kind, 1 to {MOST_FOUND} ({FOUND})", False),
        },
        _search,
    ),
    Tool(
        "company",
        "What a company keeps of the rents of scarcity in a year, through which layers, what moves it, what "
        "is lost if it stops.",
        {"name": ("string", "name, id or ticker, such as tsmc", True), "quarter": QUARTER},
        _company,
    ),
    Tool(
        "shock",
        "An event to flow lost, shortage and price of oil, with odds of its length; the known events if none "
        "is named.",
        {
            "event": ("string", "id of an event, such as hormuz", False),
            "as_of": ("string", "day YYYY-MM-DD: only what was known then", False),
        },
        _shock,
    ),
    Tool(
        "market_week",
        "A week of the US market: indices, sector funds, what drove it, what may be underestimated.",
        {"week": ("string", "a day of the week as YYYY-MM-DD; the last that ships if left out", False)},
        _week,
    ),
    Tool(
        "check_claims",
        "Every number about the market in a text against the closes: verdict, recomputed value, and which "
        "base or window gives the printed number.",
        {
            "text": ("string", f"Markdown, HTML or plain text, at most {LONGEST_TEXT} letters", True),
            "week": ("string", "last trading day it speaks of, YYYY-MM-DD, where it does not say", False),
        },
        _claims,
    ),
)
"""The tools, in the order of the list."""
