"""The best deployments for some traffic, and one deployment in full, as text, JSON and CSV."""

from __future__ import annotations

import io
import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.inference.loaded import Load
from narrows.inference.search import AIMS, REFUSALS, front
from narrows.report.tables import Sheet
from narrows.report.words import folded

if TYPE_CHECKING:
    from narrows.inference.deployment import Deployment, Outcome
    from narrows.inference.plan import Plan, Triple
    from narrows.inference.search import Found, Search
    from narrows.inference.traffic import Objective, Traffic

__all__ = [
    "deployment_words",
    "plan_json",
    "plan_text",
    "search_csv",
    "search_json",
    "search_text",
    "shown_front",
]

LETTERS = 110
ROWS = 8
"""Rows of the front in the table."""
NAMES = {"ttft_s": "TTFT", "tpot_s": "TPOT", "e2e_s": "E2E"}
KINDS = {
    "seen": "measured runs of the same kind stand behind it",
    "chip": "no measured run of this engine, chip, model and format: wider",
    "model": "no measured run of this model: widest",
}
QUANTILES = ("p50", "p90", "p99")


# --- words --------------------------------------------------------------------------------------


def _time(seconds: float) -> str:
    return f"{1e3 * seconds:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"


def _money(usd: float) -> str:
    return f"{usd:.3f}" if usd < 1 else f"{usd:.2f}" if usd < 100 else f"{usd:,.0f}"  # noqa: PLR2004 (digits)


def _count(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"  # noqa: PLR2004 (digits)


def _chip(name: str) -> str:
    return name.removesuffix("_sxm").removesuffix("_server")


def _formats(one: Deployment) -> str:
    place = one.place
    weights = place.expert_format if one.model.experts else place.weights
    return f"{weights.removesuffix('_block')} weights, {place.cache} cache"


def _widths(one: Deployment) -> str:
    setup = one.setup
    return " ".join(
        f"{word}{getattr(setup, word)}" for word in ("tp", "pp", "ep", "dp") if getattr(setup, word) > 1
    )


def deployment_words(one: Deployment) -> str:
    """Return a copy in one line.

    Parameters
    ----------
    one
        The deployment.

    Examples
    --------
    >>> from narrows.inference.deployment import Deployment
    >>> from narrows.inference.fit import Setup
    >>> from narrows.transformer.registry import checkpoint, chip
    >>> deployment_words(Deployment(checkpoint("llama-3.1-8b"), chip("h100"), Setup(), "vllm", 64, 2048))
    '1 x h100, bf16 weights, bf16 cache, vllm, 64 in flight, 2048 a step'
    """
    split = f", {one.split[0]} for prompts + {one.split[1]} decoding" if one.split else ""
    widths = f" {_widths(one)}" if _widths(one) else ""
    engine = one.engine or "any engine"
    return (
        f"{one.chips} x {_chip(one.card.id)}{widths}, {_formats(one)}, {engine}, "
        f"{one.sequences} in flight, {one.budget} a step{split}"
    )


def _traffic(traffic: Traffic) -> str:
    spread = f" (spread {100 * traffic.spread:.0f} %)" if traffic.spread else ""
    cached = f", {100 * traffic.cached:.0f} % of the prompt cached" if traffic.cached else ""
    arrival = ""
    if traffic.rate is not None:
        arrival = f", {traffic.rate:g} requests/s"
    elif traffic.users is not None:
        arrival = f", {traffic.users:g} users"
    return f"{traffic.asked:,.0f} tokens in, {traffic.answered:,.0f} out{spread}{cached}{arrival}"


def _objective(objective: Objective) -> str:
    limits = ", ".join(f"{NAMES[name]} {_time(value)}" for name, value in objective.limits.items())
    return (
        f"within {limits} for {100 * objective.at:g} % of the requests" if limits else "no limit on latency"
    )


def _plus(half: float) -> str:
    """Return how far a time may be off, as a factor above 1 and below."""
    return f"-{100 * (1 - math.exp(-half)):.0f}/+{100 * (math.exp(half) - 1):.0f} %"


# --- the search ---------------------------------------------------------------------------------


def shown_front(result: Search, rows: int = ROWS) -> list[int]:
    """Return places in `Search.found` on the front of latency and cost, at most so many, ends included.

    Parameters
    ----------
    result
        The answer of a search.
    rows
        How many.
    """
    if not result.front:
        return []
    own = [result.found[place] for place in result.front]
    flat = front(np.array([[one.latency_s, one.usd_per_million] for one in own]))
    places = sorted((result.front[k] for k in flat), key=lambda place: result.found[place].latency_s)
    if len(places) <= rows:
        return places
    times = np.log([result.found[place].latency_s for place in places])
    aims = np.linspace(times[0], times[-1], rows)
    chosen = {int(np.argmin(np.abs(times - aim))) for aim in aims}
    return [places[k] for k in sorted({0, len(places) - 1, *chosen})]


def search_text(result: Search) -> str:
    """Return the answer of a search as a page.

    Parameters
    ----------
    result
        The answer.
    """
    lines = [
        f"{result.model}: {_traffic(result.traffic)}; {_objective(result.objective)}",
        f"{result.configurations:,} configurations screened, {result.simulated:,} near the front simulated",
    ]
    if result.interrupted:
        lines.append("Interrupted: this is what was done until then.")
    if not result.found:
        return "\n".join(lines)
    name = NAMES[result.latency]
    places = shown_front(result)
    several = any(one.copies > 1 for one in result.found)
    lines += [
        "",
        f"Front of {name} and cost, {len(places)} of {len(result.front)} (the front counts energy too)",
        f"{name + ' p' + f'{100 * result.objective.at:g}':>10}{'$/M out':>9}{'J/token':>9}{'step':>12}  "
        + ("chips  " if several else "")
        + f"{'one copy':<24}{'weights':<9}{'cache':<7}{'engine':<8}{'at once':>7}{'a step':>8}  apart",
    ]
    lines += [_row(result.found[place], several=several) for place in places]
    lines += ["", "Best for each aim"]
    for aim, words in AIMS.items():
        one = result.found[result.best[aim]]
        lines.append(f"  {words:<17}{_amount(one, aim, result):>24}  {deployment_words(one.deployment)}")
    lines += ["", *_refused(result), *_doubt(result)]
    return "\n".join(lines)


def _row(one: Found, *, several: bool) -> str:
    chips = f"{one.chips:>5}  " if several else ""
    numbers = f"{_time(one.latency_s):>10}{_money(one.usd_per_million):>9}{_count(one.joules_per_token):>9}"
    return f"{numbers}{_plus(one.half):>12}  {chips}{_cells(one.deployment)}".rstrip()


def _cells(one: Deployment) -> str:
    """Return a copy in columns."""
    place = one.place
    weights = (place.expert_format if one.model.experts else place.weights).removesuffix("_block")
    copy = f"{one.chips} x {_chip(one.card.id)} {_widths(one)}"
    apart = f"  {one.split[0]} + {one.split[1]}" if one.split else ""
    return f"{copy:<24}{weights:<9}{place.cache:<7}{one.engine:<8}{one.sequences:>7}{one.budget:>8}{apart}"


def _amount(one: Found, aim: str, result: Search) -> str:
    if aim == "usd_per_million":
        return f"{_money(one.usd_per_million)} $/M"
    if aim == "latency_s":
        return f"{NAMES[result.latency]} {_time(one.latency_s)}"
    if aim == "joules_per_token":
        return f"{_count(one.joules_per_token)} J/token"
    return f"{_count(one.goodput_per_chip * result.traffic.answered)} tokens/s a chip"


def _refused(result: Search) -> list[str]:
    told = "; ".join(f"{REFUSALS[name]} {count:,}" for name, count in result.refused.items())
    return folded(f"Refused: {told}.", LETTERS) if told else []


def _doubt(result: Search) -> list[str]:
    kinds: dict[str, int] = {}
    for place in result.front:
        kinds[result.found[place].kind] = kinds.get(result.found[place].kind, 0) + 1
    lines = [
        "Doubt: `step` is the 90 % interval of the time of a step; latency and cost move with it at least."
    ]
    lines += [f"  {count} of the front: {KINDS[kind]}." for kind, count in sorted(kinds.items())]
    if any(result.found[place].deployment.setup.pp > 1 for place in result.front):
        lines.append("  Pipelines (pp) are without idle stages: no measured run has one.")
    return lines


def _outcome(outcome: Outcome) -> dict[str, Any]:
    found: dict[str, Any] = {
        "requests_per_s": outcome.rate,
        "saturated": outcome.saturated,
        "output_tokens_per_s": None if outcome.saturated else outcome.tokens_per_s,
        "concurrency": None if outcome.saturated else outcome.concurrency,
    }
    for name in NAMES:
        values = getattr(outcome, name)
        told = (
            dict(zip((*QUANTILES, "at_objective"), values, strict=False)) if not outcome.saturated else None
        )
        found[name] = told
    return found


def _deployment(one: Deployment) -> dict[str, Any]:
    setup, place = one.setup, one.place
    return {
        "model": one.model.id,
        "chip": one.card.id,
        "chips": one.chips,
        "tp": setup.tp,
        "pp": setup.pp,
        "ep": setup.ep,
        "dp": setup.dp,
        "weights": place.weights,
        "experts": place.expert_format if one.model.experts else None,
        "cache": place.cache,
        "engine": one.engine,
        "requests_in_flight": one.sequences,
        "tokens_per_step": one.budget,
        "prompt_workers": one.split[0] if one.split else None,
        "decode_workers": one.split[1] if one.split else None,
    }


def _found(one: Found) -> dict[str, Any]:
    return {
        **_deployment(one.deployment),
        "copies": one.copies,
        "latency_s": one.latency_s,
        "usd_per_million_output": one.usd_per_million,
        "joules_per_output_token": one.joules_per_token,
        "goodput_requests_per_s": one.goodput,
        "goodput_requests_per_s_chip": one.goodput_per_chip,
        "step_factor_low": math.exp(-one.half),
        "step_factor_high": math.exp(one.half),
        "law_has_seen": one.kind,
        **_outcome(one.outcome),
    }


def _asked(traffic: Traffic, objective: Objective) -> dict[str, Any]:
    return {
        "traffic": {
            "input": traffic.asked,
            "output": traffic.answered,
            "spread": traffic.spread,
            "cached": traffic.cached,
            "requests_per_s": traffic.rate,
            "users": traffic.users,
        },
        "objective": {**{name: getattr(objective, name) for name in NAMES}, "at": objective.at},
    }


def search_json(result: Search) -> str:
    """Return the answer of a search as JSON.

    Parameters
    ----------
    result
        The answer.
    """
    table = {
        "command": "inference search",
        "model": result.model,
        **_asked(result.traffic, result.objective),
        "latency": result.latency,
        "chips": list(result.chips),
        "cost": result.space.cost,
        "configurations": result.configurations,
        "simulated": result.simulated,
        "interrupted": result.interrupted,
        "refused": result.refused,
        "attainable_s": result.attainable,
        "front": [_found(result.found[place]) for place in result.front],
        "best": {aim: _found(result.found[place]) for aim, place in result.best.items()},
    }
    return json.dumps(table, indent=2, allow_nan=False)


COLUMNS = (
    "front", "chip", "copies", "chips", "tp", "pp", "ep", "dp", "weights", "experts", "cache", "engine",
    "requests_in_flight", "tokens_per_step", "prompt_workers", "decode_workers", "latency_s",
    "usd_per_million_output", "joules_per_output_token", "goodput_requests_per_s_chip",
)  # fmt: skip


def search_csv(result: Search) -> str:
    """Return every simulated deployment that meets the objective, one a row.

    Parameters
    ----------
    result
        The answer.
    """
    out = io.StringIO()
    writer = Sheet(out)
    writer.writerow(COLUMNS)
    on = set(result.front)
    for place, one in enumerate(result.found):
        cells = _found(one) | {"front": int(place in on)}
        writer.writerow(["" if cells[name] is None else cells[name] for name in COLUMNS])
    return out.getvalue()


# --- one deployment -----------------------------------------------------------------------------


def plan_text(found: Plan) -> str:
    """Return one deployment as a page.

    Parameters
    ----------
    found
        The plan.
    """
    one, fit, traffic = found.deployment, found.fit, found.traffic
    card = _chip(one.card.id)
    lines = [
        f"{found.sold} on {card}: {_traffic(traffic)}; {_objective(found.objective)}",
        "",
        f"Laid out   {deployment_words(one)}" + (" (the cheapest found)" if found.searched else ""),
        (
            f"Memory     {fit.weights_bytes / 1e9:.1f} GB of weights, {fit.overhead_bytes / 1e9:.1f} GB "
            f"of the engine and {fit.room_bytes / 1e9:.1f} GB for the cache on each chip"
        ),
        (
            f"Cache      {fit.blocks:,} blocks of 16 tokens ({fit.blocks_low:,} to {fit.blocks_high:,}): "
            f"{found.sequences_held:,} requests of this length at once in a copy"
        ),
        "",
        *_load_lines(found),
        "",
        *_copy_lines(found),
        "",
        *_chip_lines(found),
        *_money_lines(found),
        "",
        f"Doubt      {KINDS[found.kind]}; a step may take {_plus(found.half)} (90 %).",
        "           Fast and slow: the same simulation with every step at the ends of that interval.",
    ]
    if found.price is not None:  # a model of the catalogue
        load = Load(found.traffic.asked, found.traffic.answered)
        lines += ["", f"Best alone `narrows why {load.id('usd_per_million', found.sold, one.card.id)}`"]
    return "\n".join(lines)


def _load_lines(found: Plan) -> list[str]:
    mid, fast, slow = found.load
    what = (
        f"{mid.rate:.3g} requests/s a copy"
        if found.traffic.users is None and (found.traffic.rate or found.objective.limits)
        else f"{mid.concurrency:g} requests always in flight in a copy, {mid.rate:.3g} requests/s"
    )
    lines = [f"Simulated at {what}", f"{'':11}{'p50':>9}{'p90':>9}{'p99':>9}   p90, fast to slow steps"]
    for name, word in NAMES.items():
        values = getattr(mid, name)[:3]
        ends = [_time(getattr(x, name)[1]) if not x.saturated else "saturated" for x in (fast, slow)]
        lines.append(
            f"  {word:<9}" + "".join(f"{_time(x):>9}" for x in values) + f"   {ends[0]} to {ends[1]}"
        )
    return lines


def _copy_lines(found: Plan) -> list[str]:
    one, tokens = (
        found.deployment,
        [x.rate * found.traffic.answered / found.deployment.chips for x in found.full],
    )
    span = f" ({_count(tokens[2])} slow to {_count(tokens[1])} fast)"
    if found.traffic.users is None and (found.traffic.rate or found.objective.limits):
        rates = [x.rate for x in found.full]
        ends = f"{rates[2]:.3g} slow to {rates[1]:.3g} fast"
        words = "within the objective" if found.objective.limits else "before the queue grows"
        lines = [
            f"Goodput    {rates[0]:.3g} requests/s a copy {words} ({ends})",
            f"           {_count(tokens[0])} output tokens/s a chip{span}",
        ]
    else:
        lines = [f"Output     {_count(tokens[0])} tokens/s a chip{span}"]
    if found.traffic.rate is not None or found.traffic.users is not None:
        counts = [("no number" if x is None else str(x)) for x in found.copies]
        ends = f" (fast steps {counts[1]}, slow {counts[2]})" if found.traffic.rate is not None else ""
        copies = f"{counts[0]} {'copy' if counts[0] == '1' else 'copies'}{ends}"
        lines.append(
            f"Needed     {copies}: {_chips(found.chips)}, "
            f"{100 * found.utilisation:.0f} % of what they could serve"
        )
    else:
        lines.append(f"Needed     1 copy: {_chips(one.chips)}")
    return lines


def _chips(count: int) -> str:
    return f"{count} chip" + "s" * (count > 1)


def _span(triple: Triple, show: Any) -> str:
    if triple.value is None:
        return "none"
    ends = [show(x) if x is not None else "no number" for x in (triple.fast, triple.slow)]
    if triple.fast == triple.value == triple.slow:  # the same number of copies at either end
        return f"{show(triple.value)}"
    return f"{show(triple.value)} ({ends[0]} to {ends[1]})"


def _chip_lines(found: Plan) -> list[str]:
    return [
        (
            f"Busy       {100 * found.memory_share:.0f} % of the bandwidth, "
            f"{100 * found.compute_share:.0f} % of the arithmetic as offered"
        ),
        (
            f"Power      {found.watts_per_chip:,.0f} W a chip with its share of the server, "
            f"{_span(found.joules_per_token, _count)} J an output token"
        ),
    ]


def _money_lines(found: Plan) -> list[str]:
    part = found.traffic.asked / found.traffic.answered
    lines = [
        (
            f"Cost       {_span(found.usd_per_million, _money)} $ a million output tokens with the "
            f"{part:.3g} input tokens of each"
        ),
        f"           {_span(found.usd_per_million_all, _money)} $ a million tokens, input and output alike",
    ]
    priced = found.price
    if priced is None or priced.list_price is None:
        return [*lines, "Sold       no list price of this model is in the catalogue"]
    if priced.split:
        lines.append(
            "           by time at full load: "
            + ", ".join(f"{_money(value)} $ a million {word}" for word, value in priced.split.items())
        )
    low, _, high = priced.bands["margin_share"]
    lines.append(
        f"Sold       {_money(priced.list_price)} $ for the same tokens at the list price: margin "
        f"{100 * (priced.margin or 0):.0f} % ({100 * low:.0f} to {100 * high:.0f} over hosts and costs)"
    )
    return lines


def _triple(triple: Triple) -> dict[str, float | None]:
    return {"value": triple.value, "fast_steps": triple.fast, "slow_steps": triple.slow}


def plan_json(found: Plan) -> str:
    """Return one deployment as JSON.

    Parameters
    ----------
    found
        The plan.
    """
    words = ("law", "fast_steps", "slow_steps")
    priced = found.price
    table = {
        "command": "inference plan",
        **_asked(found.traffic, found.objective),
        **_deployment(found.deployment),
        "sold_as": found.sold,
        "searched": found.searched,
        "memory": {
            "weights_bytes": found.fit.weights_bytes,
            "overhead_bytes": found.fit.overhead_bytes,
            "room_bytes": found.fit.room_bytes,
            "kv_bytes_per_token": found.fit.kv_bytes_per_token,
            "blocks": found.fit.blocks,
            "blocks_low": found.fit.blocks_low,
            "blocks_high": found.fit.blocks_high,
            "sequences": found.sequences_held,
        },
        "copies": dict(zip(words, found.copies, strict=True)),
        "chips_in_all": found.chips,
        "load": dict(zip(words, map(_outcome, found.load), strict=True)),
        "goodput": dict(zip(words, map(_outcome, found.full), strict=True)),
        "utilisation": found.utilisation,
        "bandwidth_share": found.memory_share,
        "arithmetic_share": found.compute_share,
        "watts_per_chip": found.watts_per_chip,
        "joules_per_output_token": _triple(found.joules_per_token),
        "cost": found.cost,
        "usd_per_million_output": _triple(found.usd_per_million),
        "usd_per_million_all": _triple(found.usd_per_million_all),
        "list_price_usd": priced.list_price if priced else None,
        "margin": priced.margin if priced else None,
        "margin_bands": list(priced.bands["margin_share"]) if priced and priced.list_price else None,
        "split_usd": priced.split if priced else {},
        "step_factor_low": math.exp(-found.half),
        "step_factor_high": math.exp(found.half),
        "law_has_seen": found.kind,
        "sources": sorted({*found.fit.reads, *(priced.reads if priced else ())}),
    }
    return json.dumps(table, indent=2, allow_nan=False)
