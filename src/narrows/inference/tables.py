"""The tables of Day 8, computed: definitions, drivers, levers, hardware, and training beside inference.

Every cell is a figure with its 90 % interval and the id or the command that explains it, or says why it
is not held.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from narrows.catalog import default
from narrows.errors import NarrowsError, UnknownNameError
from narrows.inference.deployment import Deployment, half_width, measure
from narrows.inference.fit import Setup, fit
from narrows.inference.law import BUDGET
from narrows.inference.levers import ENGINE, TURNS, Case, Lever, levers
from narrows.inference.loaded import QUANTITIES, Load, Loaded, loaded
from narrows.inference.speed import Layout, speed
from narrows.inference.speed import Traffic as Loop
from narrows.inference.traffic import Objective, Traffic
from narrows.transformer.registry import BITS, NEEDED, checkpoint, chip, chips, models

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from narrows.catalog.catalog import Catalog

__all__ = ["TABLES", "Cell", "Row", "Table", "table"]

MODEL, CARD, CHIPS = "llama-3.1-70b", "h100_sxm", 8
"""The reference case: a model in fp8 on one server."""
ASKED = ANSWERED = 1000
NEWER = "b200_sxm"
BATCHES = (1, 8, 64, 256)
LONG = 131_072
"""Tokens of a context of 128k."""
CONTEXTS = (1024, 8192, 32_768, LONG)
LAST = 500
"""Tokens of the answer within such a context."""
LIMITS_S = (0.01, 0.02, 0.05, 0.1)
SIZES = ("llama-3.1-8b", "llama-3.1-70b", "gpt-oss-120b", "llama-3.1-405b", "deepseek-v3")
PAIR = ("llama-3.1-70b", "gpt-oss-120b")
"""Models that chips are compared on: a dense one and one of experts."""
HALF_LOADED = 0.5
"""Load at which latency is told, over the load with every place taken."""
FLOOD = 1000
"""Requests per second that keep every place of an engine taken."""
TRAINED = ("llama-3.1-405b", "deepseek-v3")
SERVED = "inference.served_tokens.deepseek-v3"
WHOLE = 6.0
"""Operations of a token of training for each weight, forward and back."""
YEAR_S = 31_557_600.0
NO_PRICE = "no cost of an hour is held"
MOST_WEIGHTS = "largest model that fits"


@dataclass(frozen=True)
class Cell:
    """One figure of a table.

    Parameters
    ----------
    name
        What it is.
    value, low, high
        Figure and its 90 % interval; None where it is not held. Equal where the figure is exact.
    unit
        Unit.
    told
        The id for `narrows why`, or the command that shows it.
    why
        Why there is no figure; empty where there is one.
    text
        A word beside the figure, such as the name of a model.
    """

    name: str
    value: float | None
    low: float | None
    high: float | None
    unit: str
    told: str
    why: str = ""
    text: str = ""


@dataclass(frozen=True)
class Row:
    """One line of a table: its name and its figures."""

    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """One table.

    Parameters
    ----------
    name, title
        Word by which it is asked for, and what it shows.
    rows
        Its lines.
    notes
        What holds for all of it, in sentences.
    """

    name: str
    title: str
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()

    def cell(self, row: str, name: str) -> Cell:
        """Return one figure.

        Parameters
        ----------
        row, name
            Names of the line and of the figure.

        Raises
        ------
        UnknownNameError
            There is no such line or figure.
        """
        found = {(one.name, cell.name): cell for one in self.rows for cell in one.cells}
        if (row, name) not in found:
            known = [f"{first}: {second}" for first, second in found]
            raise UnknownNameError("cell", f"{row}: {name}", known, remedy="Name one of them")
        return found[row, name]


def table(name: str, *, draws: int = 1000, seed: int = 1, catalog: Catalog | None = None) -> Table:
    """Return one table of Day 8.

    Parameters
    ----------
    name
        ``definitions``, ``drivers``, ``levers``, ``hardware`` or ``training``.
    draws, seed
        Number of draws behind the intervals, and the seed of draws and simulations.
    catalog
        Facts; those that come with narrows if left out.

    Raises
    ------
    UnknownNameError
        There is no such table.

    Examples
    --------
    >>> found = table("training", draws=100)
    >>> found.cell("llama-3.1-405b", "serving compute equals training").unit
    'token'
    """
    if name not in TABLES:
        raise UnknownNameError("table", name, TABLES, remedy=f"Name one of {', '.join(TABLES)}")
    return TABLES[name](_Asked(draws, seed, catalog or default()))


@dataclass(frozen=True)
class _Asked:
    draws: int
    seed: int
    catalog: Catalog

    def loaded(self, model: str, card: str, load: Load | None = None) -> Loaded:
        """Return the figures of a model on a chip at full load."""
        return loaded(model, card, load, draws=self.draws, seed=self.seed, catalog=self.catalog)


NAMES = {
    "tokens_per_s_per_chip": "tokens/s a chip",
    "tpot": "time per output token",
    "ttft": "time to first token",
    "joules_per_token": "energy of a token",
    "usd_per_million": "cost of a million tokens",
    "kv_bytes": "cache of a request",
    "requests": "requests that fit",
}
"""How the quantities at full load are named in the tables."""


def _spread(name: str, span: tuple[float, float, float], unit: str, told: str) -> Cell:
    value, low, high = span
    return Cell(name, value, low, high, unit, told)


def _exact(name: str, value: float, unit: str, told: str, text: str = "") -> Cell:
    return Cell(name, float(value), float(value), float(value), unit, told, text=text)


def _none(name: str, unit: str, why: str, told: str = "") -> Cell:
    return Cell(name, None, None, None, unit, told, why=why)


def _of(found: Loaded, word: str) -> Cell:
    """Return a quantity at full load."""
    name, unit = NAMES[word], QUANTITIES[word][0]
    if word not in found.stated:
        return _none(name, unit, NO_PRICE)
    low, high = found.band(word)
    stated = found.stated[word]
    return Cell(name, stated, min(low, stated), max(high, stated), unit, found.id(word))


def _tried(asked: _Asked, model: str, card: str, load: Load, words: tuple[str, ...]) -> Iterator[Cell]:
    """Yield quantities at full load, or why there are none."""
    try:
        found = asked.loaded(model, card, load)
    except NarrowsError as problem:
        for word in words:
            why = f"{problem.given}: {problem.acceptable}"
            yield _none(NAMES[word], QUANTITIES[word][0], why, load.id(word, model, card))
    else:
        for word in words:
            yield _of(found, word)


# --- definitions --------------------------------------------------------------------------------


def _definitions(asked: _Asked) -> Table:
    kept, card = checkpoint(MODEL, asked.catalog), chip(CARD, asked.catalog)
    setup = Setup(tp=CHIPS, weights="fp8", kv="fp8")
    traffic = Traffic(ASKED, ANSWERED)
    room = fit(kept, CARD, setup, asked.catalog)
    one = Deployment(kept, card, setup, "vllm", BATCHES[-1], int(BUDGET))
    base = f"{MODEL} h100 --tp {CHIPS} --weights fp8 --kv fp8"
    half = half_width(one, traffic, BATCHES[-1] / 2)
    factors = (1.0, math.exp(-half), math.exp(half))
    top = measure(one, traffic, Objective(), seed=asked.seed).rate
    rate = HALF_LOADED * top
    told = (
        f"narrows inference plan {base} --input-tokens {ASKED} --output-tokens {ANSWERED} "
        f"--batch {BATCHES[-1]} --rate {rate:.3g} --seed {asked.seed}"
    )
    runs = [measure(one, traffic, Objective(), rate=rate, seed=asked.seed, factor=f) for f in factors]
    latency = [
        _spread(f"{word.removesuffix('_s').upper()} {name}", sorted_span(spans), "s", told)
        for word in ("ttft_s", "tpot_s")
        for name, place in (("p50", 0), ("p99", 2))
        if (spans := [getattr(run, word)[place] for run in runs])
    ]
    full = asked.loaded(MODEL, CARD, Load(weights="fp8"))
    batching = []
    for batch in BATCHES:
        found = speed(
            MODEL,
            CARD,
            Loop(concurrency=batch),
            Layout(tp=CHIPS, weights="fp8"),
            asked.catalog,
        )
        span, terms = found.token, f"@concurrency={batch},tp={CHIPS},weights=fp8"
        speeds = sorted_span([batch / time / CHIPS for time in (span.value, span.high, span.low)])
        name = f"inference.price.{{}}.{MODEL}.{CARD}{terms}"
        batching += [
            _spread(f"batch {batch}: tokens/s a chip", speeds, "token/s", name.format("tokens_per_s")),
            Cell(f"batch {batch}: time per token", span.value, span.low, span.high, "s", name.format("tpot")),
        ]
    held = f"narrows inference fit {base} --context {LONG}"
    least, most = (
        (room.memory_bytes - room.weights_bytes - over) // room.sequence_bytes(LONG)
        for over in (room.overhead_high, room.overhead_low)
    )
    cache = [
        _exact("a request of 128k tokens", CHIPS * room.sequence_bytes(LONG), "byte", held),
        Cell("such requests that fit", room.sequences(LONG), least, most, "request", held),
    ]
    work = float(kept.model.flops(1.0, ASKED + ANSWERED / 2))
    told = f"narrows why inference.price.floor.{MODEL}.{CARD}"
    return Table(
        "definitions",
        f"Six terms, each with a number: {MODEL} in fp8 on {CHIPS} x {CARD}, {ASKED} tokens in and out",
        (
            Row("inference", (_exact("operations of an output token", work, "flop", told),)),
            Row("latency", tuple(latency)),
            Row("throughput", (_of(full, "tokens_per_s_per_chip"),)),
            Row("batching", tuple(batching)),
            Row("KV cache", tuple(cache)),
            Row("cost per token", (_of(full, "usd_per_million"), _of(full, "joules_per_token"))),
        ),
        (
            (
                f"Latency by simulation at {rate:.3g} requests/s, half of what {BATCHES[-1]} places do; "
                "low and high are the same with every step faster or slower by the law's interval."
            ),
            f"Throughput and cost are of the best placement at full load: {full.best.chips} chips a copy.",
        ),
    )


def sorted_span(values: list[float]) -> tuple[float, float, float]:
    """Return a stated value with the least and the most of all.

    Parameters
    ----------
    values
        The stated value first.

    Examples
    --------
    >>> sorted_span([2.0, 1.0, 3.0])
    (2.0, 1.0, 3.0)
    """
    return values[0], min(values), max(values)


# --- drivers ------------------------------------------------------------------------------------


def _drivers(asked: _Asked) -> Table:
    rows = []
    for model in SIZES:
        cells = list(_tried(asked, model, NEWER, Load(), ("usd_per_million", "tpot")))
        try:
            count = asked.loaded(model, NEWER).best.chips
            shown = _exact("chips of a copy", count, "chip", _throughput(model, NEWER))
        except NarrowsError as problem:
            shown = _none("chips of a copy", "chip", problem.given)
        rows.append(Row(f"model: {model}", (shown, *cells)))
    for context in CONTEXTS:
        load = Load(input=float(context - LAST), output=float(LAST))
        words = ("kv_bytes", "requests", "usd_per_million")
        rows.append(Row(f"context: {context:,}", tuple(_tried(asked, MODEL, NEWER, load, words))))
    for limit in LIMITS_S:
        cells = list(
            _tried(asked, MODEL, NEWER, Load(tpot=limit), ("tokens_per_s_per_chip", "usd_per_million"))
        )
        rows.append(Row(f"limit: {1e3 * limit:.0f} ms a token", tuple(cells)))
    return Table(
        "drivers",
        f"What drives the cost of a token on {NEWER}: size, context, latency",
        tuple(rows),
        (
            f"Sizes and limits: {ASKED} tokens in and out, at full load; the leanest format of the chip.",
            f"Contexts and limits are those of {MODEL}; {LAST} tokens of each context are the answer.",
            "A limit holds for 99 % of requests, which arrive at random.",
        ),
    )


def _throughput(model: str, card: str) -> str:
    return f"narrows inference throughput {model} {card} --input-tokens {ASKED} --output-tokens {ANSWERED}"


# --- levers -------------------------------------------------------------------------------------


def _levers(asked: _Asked) -> Table:
    case = Case()
    found = levers(case, seed=asked.seed)
    rows = []
    for kind, many in (("alone", found.alone), ("step", found.together)):
        for one in many:
            word = "together" if one.name == "together" else kind
            told = _simulated(case, one, asked.seed)
            cells = (
                Cell("cost before / after", one.gain, one.low, one.high, "ratio", told, why=one.why),
                _exact("gap p99", one.gap_s, "s", told)
                if one.gap_s is not None
                else _none("gap p99", "s", one.why),
                _exact("chips of an engine", one.chips, "chip", told)
                if one.chips
                else _none("chips of an engine", "chip", one.why),
            )
            rows.append(Row(f"{word}: {one.name}" if word != "together" else word, cells))
    for claim, one, said in found.verdicts:
        told = _simulated(case, one, asked.seed)
        cell = Cell(
            f"claimed {claim.low:g}-{claim.high:g}x", one.gain, one.low, one.high, "ratio", told, "", said
        )
        rows.append(Row(f"claim: {claim.text}", (cell,)))
    return Table(
        "levers",
        f"What software gives on the same {case.chips} x {case.chip}: {case.model}, "
        f"{case.asked:g} tokens in and {case.answered:g} out on average",
        tuple(rows),
        (
            "A ratio above 1 is a cheaper token. Every place is taken; lengths vary by half of their mean.",
            (
                "Formats, cache, chunks, prefix cache, speculation and split are changed on bf16 with "
                "continuous batches and a paged cache; the steps follow each other from static batches in "
                "bf16, and one that raises the cost is not kept."
            ),
            (
                f"Prefix cache: a made-up half of the mean prompt is the same for all. Speculation: "
                f"{case.drafts} tokens by {case.draft}, each accepted with chance {case.acceptance:g}."
            ),
            (
                "Gap p99: time between tokens that 99 % stay below. The interval holds the law's doubt, not "
                "that of the simulation's rules."
            ),
        ),
    )


def _simulated(case: Case, one: Lever, seed: int) -> str:
    """Return the command that simulates the way after a change, or that of the table where none does."""
    way = one.way
    own = way.cache != "bf16" or way.prefix or way.split or way.drafts or way.policy == "static"
    if own or one.chips is None:
        return f"narrows inference tables levers --seed {seed}"
    terms = (
        f"narrows inference simulate --model {case.model} --chip {case.chip} --engine {ENGINE}",
        f"--tp {one.chips} --weights {way.weights} --policy {way.policy} --sequences {way.most}",
        f"--chunk {way.chunk} --requests {TURNS * way.most} --rate {FLOOD} --input-tokens {case.asked:g}",
        f"--output-tokens {case.answered:g} --length-cv {case.spread:g} --seed {seed}",
    )
    return " ".join(terms)


# --- hardware -----------------------------------------------------------------------------------


def _hardware(asked: _Asked) -> Table:
    catalog = asked.catalog
    ids = dict.fromkeys(fact.id.split(".")[1] for fact in catalog.under("chip"))
    names = [name for name in ids if catalog.has(f"chip.{name}.memory")]
    served = set(chips(catalog))
    rows = [Row(name, tuple(_card(asked, name, served=name in served))) for name in names]
    return Table(
        "hardware",
        f"Chips as they serve: {' and '.join(PAIR)}, {ASKED} tokens in and out, full load",
        tuple(_ranked(rows)),
        (
            "The ridge is the rate in bf16 over the bandwidth: operations a byte where arithmetic binds.",
            "Each model lies on as many chips of one server as serve it cheapest, in the leanest format.",
            "Best and worst are the columns in which a chip ranks highest and lowest of those held.",
            (
                "A chip without its links, power or server in the catalogue has no speed: not held. Software "
                "ecosystems, supply and who may buy are not figures here."
            ),
        ),
    )


def _fact(asked: _Asked, key: str, name: str, unit: str, scale: float = 1.0) -> Cell:
    if not asked.catalog.has(key):
        return _none(name, unit, "not held")
    fact = asked.catalog.fact(key)
    span = (scale * fact.canonical_value, scale * fact.canonical_low, scale * fact.canonical_high)
    return _spread(name, span, unit, key)


def _card(asked: _Asked, card: str, *, served: bool) -> Iterator[Cell]:
    catalog = asked.catalog
    memory = _fact(asked, f"chip.{card}.memory", "memory", "byte")
    bandwidth = _fact(asked, f"chip.{card}.bandwidth", "bandwidth", "byte/s")
    rate = _fact(asked, f"chip.{card}.bf16", "rate", "flop/s")
    yield memory
    yield bandwidth
    told = f"{bandwidth.told}, {rate.told}"
    if None in (rate.value, bandwidth.value):
        yield _none("ridge", "flop/byte", "no rate in bf16 is held")
    else:
        yield Cell(
            "ridge",
            rate.value / bandwidth.value,  # type: ignore[operator]
            rate.low / bandwidth.high,  # type: ignore[operator]
            rate.high / bandwidth.low,  # type: ignore[operator]
            "flop/byte",
            told,
        )
    yield _fact(asked, f"chip.{card}.tco_neocloud", "hour", "usd/h", 3600.0)
    words = ("tokens_per_s_per_chip", "usd_per_million", "joules_per_token")
    if served:
        yield _largest(asked, card)
    else:
        yield _none(MOST_WEIGHTS, "weight", _lacks(catalog, card))
    for model in PAIR:
        if served:
            cells: Iterator[Cell] = _tried(asked, model, card, Load(), words)
        else:
            cells = iter([_none(NAMES[word], QUANTITIES[word][0], _lacks(catalog, card)) for word in words])
        for cell in cells:
            yield replace(cell, name=f"{model} {cell.name}")


def _lacks(catalog: Catalog, card: str) -> str:
    words = [word for word in NEEDED if not catalog.has(f"chip.{card}.{word}")]
    if not any(catalog.has(f"chip.{card}.{word}") for word in BITS):
        words.append("a rate in bf16, fp8 or fp4")
    return f"not held: {', '.join(words)}"


def _largest(asked: _Asked, name: str) -> Cell:
    """Return the largest model whose weights and one request fit on one chip."""
    card = chip(name, asked.catalog)
    lean = min(card.flop_per_s, key=lambda word: BITS[word])
    best: tuple[float, str] = (0.0, "")
    for model in models(asked.catalog):
        kept = checkpoint(model, asked.catalog)
        if not kept.known_cache:
            continue
        try:
            room = fit(
                kept, name, Setup(weights=lean, context=ASKED + ANSWERED), asked.catalog, remedies=False
            )
        except NarrowsError:  # its heads cannot be cut so
            continue
        if room.fits:
            best = max(best, (float(kept.model.weights), model))
    if not best[1]:
        return _none(MOST_WEIGHTS, "weight", "no model of the catalogue fits")
    told = f"narrows inference fit {best[1]} {name} --weights {lean}"
    return _exact(MOST_WEIGHTS, best[0], "weight", told, f"{best[1]} in {lean}")


LESS = (
    "hour",
    *(f"{model} {NAMES[word]}" for model in PAIR for word in ("usd_per_million", "joules_per_token")),
)
"""Columns in which less is better."""
UNRANKED = ("ridge",)


def _ranked(rows: list[Row]) -> Iterator[Row]:
    """Yield rows with the columns in which each ranks best and worst, computed from the stated values."""
    places: dict[str, dict[str, float]] = {row.name: {} for row in rows}
    counts: dict[str, int] = {}
    for name in (cell.name for cell in rows[0].cells if cell.name not in UNRANKED):
        values = {
            row.name: cell.value
            for row in rows
            for cell in row.cells
            if cell.name == name and cell.value is not None
        }
        counts[name] = len(values)
        for chip_name, value in values.items():
            better = sum(other < value if name in LESS else other > value for other in values.values())
            places[chip_name][name] = 1.0 + better
    for row in rows:
        mine = places[row.name]
        share = {name: (place - 1.0) / max(counts[name] - 1, 1) for name, place in mine.items()}
        cells = []
        for word, pick in (("best", min), ("worst", max)):
            column = pick(share, key=lambda name: share[name])
            text = f"{column}: {mine[column]:.0f} of {counts[column]}"
            cells.append(_exact(word, mine[column], "rank", "narrows inference tables hardware --json", text))
        yield Row(row.name, (*row.cells, *cells))


# --- training beside inference ------------------------------------------------------------------


def _training(asked: _Asked) -> Table:
    rows = []
    catalog = asked.catalog
    day = catalog.fact(SERVED)
    for model in TRAINED:
        fact = catalog.fact(f"training.tokens.{model}")
        kept = checkpoint(model, catalog)
        weights = float(kept.model.active_weights)
        work = float(kept.model.flops(1.0, ASKED + ANSWERED / 2))
        seen = (fact.canonical_value, fact.canonical_low, fact.canonical_high)
        whole = [WHOLE * weights * tokens for tokens in seen]
        equal = [one / work for one in whole]
        days = [
            equal[0] / day.canonical_value,
            equal[1] / day.canonical_high,
            equal[2] / day.canonical_low,
        ]
        told = fact.id
        cells = [
            Cell("tokens of training", *seen, "token", told),
            _exact("weights that a token meets", weights, "weight", f"narrows inference fit {model} {NEWER}"),
            Cell("operations of training", whole[0], whole[1], whole[2], "flop", told),
            _exact(
                "operations of a served token",
                work,
                "flop",
                f"narrows why inference.price.floor.{model}.{NEWER}",
            ),
            Cell("serving compute equals training", equal[0], equal[1], equal[2], "token", told),
            Cell("days at the stated load", days[0], days[1], days[2], "day", f"{told}, {SERVED}"),
        ]
        try:
            full = asked.loaded(model, NEWER)
        except NarrowsError as problem:
            cells.append(_none("chip-years of serving that equal it", "chip year", problem.given))
        else:
            rate = full.stated["tokens_per_s_per_chip"]
            low, high = full.band("tokens_per_s_per_chip")
            served = (ASKED + ANSWERED) / ANSWERED  # tokens in and out for each token out
            span = [
                tokens / (served * pace * YEAR_S)
                for tokens, pace in zip(equal, (rate, high, low), strict=True)
            ]
            cells.append(
                Cell(
                    "chip-years of serving that equal it",
                    span[0],
                    span[1],
                    span[2],
                    "chip year",
                    full.id("tokens_per_s_per_chip"),
                )
            )
        rows.append(Row(model, tuple(cells)))
    return Table(
        "training",
        "Training beside inference: when serving has used as much arithmetic as training did",
        (
            *rows,
            Row(
                "all makers",
                (_none("share of spending on inference", "share", "not held: no fact in the catalogue"),),
            ),
        ),
        (
            (
                "Training: six operations for each weight that a token meets, without attention and without "
                "runs that failed. A served token, in or out: with attention to a mean context."
            ),
            (
                "The stated load is one day of one maker's service, in and out; a model that is asked more "
                "reaches the same earlier."
            ),
        ),
    )


TABLES: dict[str, Callable[[_Asked], Table]] = {
    "definitions": _definitions,
    "drivers": _drivers,
    "levers": _levers,
    "hardware": _hardware,
    "training": _training,
}
"""The tables, by name."""
