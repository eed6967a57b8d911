"""Tell the figures of serving models (family ``inference``): ``inference.<kind>.<quantity>.<model>.<chip>``.

An id may end in ``@`` and what was asked besides, such as ``@tpot=0.05,engine=sglang``. A kind of figure is
one function in `KINDS`; a quantity of prices is one line in `FORMULAS`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.bottlenecks.answer import asked_of
from narrows.bottlenecks.earning import tell_demand
from narrows.bottlenecks.told import Told
from narrows.draws import quantiles
from narrows.errors import UnknownNameError, UsageError
from narrows.figure import number
from narrows.inference.loaded import QUANTITIES, Load, loaded
from narrows.inference.speed import Layout, Traffic
from narrows.inference.waterfall import Terms, economics

if TYPE_CHECKING:
    from collections.abc import Callable

    from narrows.bottlenecks.told import Asked
    from narrows.inference.waterfall import Economics

__all__ = ["FORMULAS", "KINDS", "tell"]

METHOD = "law of steps"
BAND = (0.05, 0.5, 0.95)
FORMULAS = {
    "tokens_per_s": "requests in flight / (time per output token x chips), of one chip at full load",
    "tpot": "time per output token of the closed loop, by the law",
    "utilisation": "mean load over the busiest hour x load of that hour over what the chips could serve",
    "usd_per_hour": "cost of one chip and hour",
    "at_full_load": "cost of the hour x chip-seconds of an output token with its input, by the law",
    "at_utilisation": "cost at full load / utilisation",
    "usd_per_million_input": "cost at the utilisation x marginal time of a prompt token, over the whole",
    "usd_per_million_cached": "cost at the utilisation x marginal time of a cached token, over the whole",
    "usd_per_million_output": "cost at the utilisation x marginal time of a decoding request, over the whole",
    "list_price": "list price of output + input per output x list price of input, cached as fresh if unknown",
    "margin": "list price - cost at the utilisation",
    "margin_share": "1 - cost at the utilisation / list price",
    "idle": "cost at the utilisation - cost at full load",
    "latency": "cost at the batch that is kept - cost at the largest batch that fits",
    "prompt": "cost at the largest batch - the same without prompts",
    "software": "cost without prompts by the law - cost at the roof of memory and arithmetic",
    "memory": "cost at the roof of memory and arithmetic - cost at the roof of arithmetic",
    "floor": "operations of an output token / rate of the chip x cost of the hour",
    "capital": "floor - electricity",
    "electricity": "operations / rate x all-in power x PUE x price of electricity",
}
"""How each quantity of a price comes about."""
NUMBERS = ("input", "output", "cached", "tpot", "utilisation")
WHOLE = ("concurrency", "tp", "dp")
NAMES = ("weights", "engine", "cost")
SHAPE = "inference.<kind>.<quantity>.<model>.<chip>"


def tell(id: str, asked: Asked) -> Told:  # noqa: A002 (the word of the trade)
    """Return a figure of serving in every draw.

    Parameters
    ----------
    id
        Such as ``inference.price.margin.deepseek-r1.b200_sxm@tpot=0.05``.
    asked
        The question that it belongs to.

    Raises
    ------
    UnknownNameError
        If there is no such figure.
    UsageError
        If what was asked besides cannot be read.
    """
    name, _, besides = id.partition("@")
    family, _, rest = name.partition(".")
    kind, _, rest = rest.partition(".")
    if kind not in KINDS:
        known = [f"{family}.{word}.{rest}" for word in KINDS]
        raise UnknownNameError("figure", id, known, remedy=f"Write {SHAPE}, or the id of a fact")
    return KINDS[kind](id, rest, _besides(id, besides), asked)


def _besides(name: str, text: str) -> dict[str, str]:
    """Return what an id says after its ``@``."""
    found: dict[str, str] = {}
    for term in text.split(",") if text else ():
        word, _, value = term.partition("=")
        if word not in (*NUMBERS, *WHOLE, *NAMES) or not value:
            raise UsageError(
                f"The figure {name!r} has the term {term!r}",
                f"Terms are {', '.join((*NUMBERS, *WHOLE, *NAMES))}, each with = and a value",
                "Write, for instance, @tpot=0.05,engine=sglang",
            )
        found[word] = value
    return found


def _number(name: str, word: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(
            f"The figure {name!r} has {word}={text}", f"{word} is a number", f"Write, for instance, {word}=1"
        ) from None


def _price(name: str, rest: str, besides: dict[str, str], asked: Asked) -> Told:
    quantity, _, placed = rest.partition(".")
    model, _, chip = placed.rpartition(".")
    if quantity not in FORMULAS or not all((model, chip)):
        known = [f"inference.price.{word}.{model or 'deepseek-r1'}.{chip or 'b200'}" for word in FORMULAS]
        raise UnknownNameError("figure", name, known, remedy=f"Write {SHAPE}, or the id of a fact")
    given = {word: _number(name, word, besides[word]) for word in (*NUMBERS, *WHOLE) if word in besides}
    traffic = Traffic(
        given.get("input", Traffic.input),
        given.get("output", Traffic.output),
        given.get("cached", Traffic.cached),
        int(given["concurrency"]) if "concurrency" in given else None,
        given.get("tpot"),
    )
    layout = Layout(
        int(given["tp"]) if "tp" in given else None,
        int(given.get("dp", Layout.dp)),
        besides.get("weights"),
        besides.get("engine", Layout.engine),
    )
    found = economics(
        model,
        chip,
        Terms(traffic, layout, given.get("utilisation"), besides.get("cost", Terms.basis)),
        draws=asked.draws,
        seed=asked.seed,
        method=asked.method,
        catalog=asked_of(asked.catalog, asked.as_of, asked.scenario),
    )
    if quantity not in found.values:
        raise UnknownNameError(
            "figure",
            name,
            [found.id(word) for word in found.values],
            remedy=f"Write {SHAPE}, or the id of a fact",
        )
    return Told(
        run=found,
        values=found.values[quantity],
        unit=found.unit(quantity),
        formula=_formula(found, quantity),
        reads=found.reads[quantity],
        method=METHOD,
    )


def _formula(found: Economics, quantity: str) -> str:
    low, _, high = quantiles(found.values[quantity], BAND)
    speed = found.speed
    wide = speed.token.high / speed.token.value - 1.0
    return (
        f"{FORMULAS[quantity]}; {speed.concurrency} requests in flight on {speed.chips} x {speed.chip}; "
        f"the law's time is known to about {100 * wide:.0f} % beside the facts; "
        f"90 % of draws lie in {number(float(low), 4)} to {number(float(high), 4)}"
    )


def _speed(name: str, rest: str, besides: dict[str, str], asked: Asked) -> Told:
    quantity, _, placed = rest.partition(".")
    model, _, chip = placed.rpartition(".")
    if quantity not in QUANTITIES or not all((model, chip)):
        known = [f"inference.speed.{word}.{model or 'llama-3.1-70b'}.{chip or 'h100'}" for word in QUANTITIES]
        raise UnknownNameError("figure", name, known, remedy=f"Write {SHAPE}, or the id of a fact")
    usual = Load()
    unread = sorted(besides.keys() - vars(usual).keys())
    if unread:
        raise UsageError(
            f"The figure {name!r} has the term {unread[0]!r}",
            f"A speed at full load has the terms {', '.join(vars(usual))}",
            "Leave it out: the best placement and batch are found",
        )
    given = {word: _number(name, word, besides[word]) for word in NUMBERS if word in besides}
    load = Load(
        given.get("input", usual.input),
        given.get("output", usual.output),
        given.get("tpot"),
        besides.get("weights"),
        besides.get("engine", usual.engine),
    )
    catalog = asked_of(asked.catalog, asked.as_of, asked.scenario)
    found = loaded(
        model, chip, load, draws=asked.draws, seed=asked.seed, method=asked.method, catalog=catalog
    )
    if quantity not in found.values:
        known = [found.id(word) for word in found.values]
        raise UnknownNameError("figure", name, known, remedy="No cost of an hour of this chip is held")
    best, share = found.best, found.law_share(quantity)
    low, high = found.band(quantity)
    text = (
        f"{QUANTITIES[quantity][1]}; {best.batch:,} requests in flight a rank, {best.chips} x {best.chip}; "
        f"stated {number(found.stated[quantity], 4)}; {100 * share:.0f} % of the doubt is the law's; "
        f"90 % of draws lie in {number(low, 4)} to {number(high, 4)}"
    )
    return Told(
        run=found,
        values=found.values[quantity],
        unit=QUANTITIES[quantity][0],
        formula=text,
        reads=found.reads[quantity],
        method=METHOD,
    )


def _demand(name: str, rest: str, besides: dict[str, str], asked: Asked) -> Told:
    if besides:
        raise UsageError(
            f"The figure {name!r} has terms after @",
            "A figure of demand has a quantity and a quarter",
            "Write, for instance, inference.demand.added.2026Q1",
        )
    return tell_demand(name, rest, asked)


KINDS: dict[str, Callable[[str, str, dict[str, str], Asked], Told]] = {
    "demand": _demand,
    "price": _price,
    "speed": _speed,
}
"""The functions that tell each kind of figure: of an id, its part after the kind, and its terms."""
