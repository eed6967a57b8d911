"""From list price to floor as text, as JSON and as a picture; and the list prices held."""

from __future__ import annotations

import json
from itertools import pairwise
from textwrap import wrap
from typing import TYPE_CHECKING

from narrows.figure import number
from narrows.inference.waterfall import LABELS, PARTS, Economics
from narrows.report.price import WORDS
from narrows.report.svg import picture, rect, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from narrows.inference.price_book import Listed
    from narrows.inference.prices import Price

__all__ = ["book_json", "book_text", "economics_json", "economics_text", "waterfall_svg"]

COSTS = {
    "at_full_load": "at full load",
    "at_utilisation": "at the utilisation",
    "usd_per_million_input": "a million input tokens alone",
    "usd_per_million_cached": "a million cached input tokens alone",
    "usd_per_million_output": "a million output tokens alone",
}
TOPS = {"list_price": "list price", "at_utilisation": "cost at the utilisation"}
BAR, WIDE = 24, 100
"""Characters of the widest bar, and of a line of names."""
PAGE, LEFT, ROW = 900.0, 250.0, 34.0
PLOT = 400.0
KIND = {"floor": "#8a5a44", "margin": "#5b7fa6", "capital": "#8a5a44", "electricity": "#8a5a44"}
STEP, WHOLE, QUIET = "#c4503a", "#1a2330", "#5c6672"


def economics_text(found: Economics) -> str:
    """Return the money of a placed model as text.

    Parameters
    ----------
    found
        The money.
    """
    speed, traffic, terms = found.speed, found.terms.traffic, found.terms
    low, mid, high = found.band("utilisation")
    load = f"drawn, {low:.2f} {mid:.2f} {high:.2f}" if terms.utilisation is None else f"{mid:g}"
    rate = [f"{value:,.0f}" for value in found.band("tokens_per_s")]
    span = speed.token
    lines = [
        f"{found.model} on {_where(found)}",
        (
            f"  traffic      {traffic.input:,.0f} input tokens ({100 * traffic.cached:.0f} % cached), "
            f"{traffic.output:,.0f} output tokens, {speed.concurrency:,} requests in flight of "
            f"{speed.largest:,} that fit"
        ),
        (
            f"  speed        {speed.tokens_per_s:,.0f} output tokens/s a chip ({rate[0]} to {rate[2]}), "
            f"{1000 * span.value:.1f} ms an output token ({1000 * span.low:.1f} to {1000 * span.high:.1f})"
        ),
        f"  hour         {found.stated['usd_per_hour']:.2f} usd ({terms.basis}); utilisation {load}",
        "",
        f"  {'usd per million tokens':<38}{'stated':>9}{'p05':>10}{'p50':>10}{'p95':>10}",
        *(_line(found, word, label) for word, label in COSTS.items()),
        "",
        f"  {'of a million output tokens and input':<38}",
        f"{_line(found, found.top, TOPS[found.top])}  {'█' * BAR}",
    ]
    levels = _levels(found)
    widest = max(levels)
    for part, (upper, lower) in zip(found.parts, pairwise(levels), strict=True):
        first, last = sorted((max(0.0, lower) / widest, upper / widest))
        start = round(first * BAR)
        size = max(1, round(last * BAR) - start)
        bar = " " * min(start, BAR - 1) + ("█" if upper >= lower else "░") * size
        lines.append(f"{_line(found, part, LABELS[part])}  {bar}")
    others = ", ".join(word for word in found.values if word != found.parts[0])
    lines += ["", _verdict(found), f"Why: narrows why '{found.id(found.parts[0])}'"]
    lines += wrap(f"In the place of {found.parts[0]} stand also {others}.", WIDE)
    return "\n".join(line.rstrip() for line in lines)


def _where(found: Economics) -> str:
    place = found.speed.place
    forms = place.weights if place.experts in ("", place.weights) else f"{place.weights}/{place.experts}"
    widths = f"tp{place.tensor} dp{place.ranks}" if place.ranks > 1 else f"tp{place.tensor}"
    return f"{found.speed.chips} x {found.speed.chip} ({widths}, {place.engine}, {forms})"


def _line(found: Economics, word: str, label: str) -> str:
    spread = "".join(f"{value:>10.4f}" for value in found.band(word))
    return f"  {label:<38}{found.stated[word]:>9.4f}{spread}"


def _levels(found: Economics) -> list[float]:
    levels = [found.stated[found.top]]
    for part in found.parts:
        levels.append(levels[-1] - found.stated[part])
    return levels


def _verdict(found: Economics) -> str:
    if "margin" not in found.parts:
        return "No list price of this model is known; the steps begin at its cost."
    low, mid, high = (f"{100 * value:.0f} %" for value in found.band("margin_share"))
    loss = float((found.values["margin"] < 0.0).mean())
    return (
        f"Margin at list price {100 * found.stated['margin_share']:.0f} % (p05 {low}, p50 {mid}, p95 {high})"
        f"; below 0 in {100 * loss:.0f} % of draws."
    )


def economics_json(found: Economics) -> str:
    """Return the money of a placed model as JSON: every quantity by its id.

    Parameters
    ----------
    found
        The money.
    """
    speed = found.speed
    quantities = {}
    for word in found.values:
        low, mid, high = found.band(word)
        quantities[word] = {
            "id": found.id(word),
            "stated": found.stated[word],
            "p05": low,
            "p50": mid,
            "p95": high,
            "unit": found.unit(word),
            "reads": list(found.reads[word]),
        }
    place = speed.place
    table = {
        "model": found.model,
        "chip": speed.chip,
        "chips": speed.chips,
        "engine": place.engine,
        "weights": place.weights,
        "experts": place.expert_format,
        "input_tokens": found.terms.traffic.input,
        "output_tokens": found.terms.traffic.output,
        "cached": found.terms.traffic.cached,
        "concurrency": speed.concurrency,
        "largest": speed.largest,
        "tpot_s": {"value": speed.token.value, "p05": speed.token.low, "p95": speed.token.high},
        "cost": found.terms.basis,
        "top": found.top,
        "parts": list(found.parts),
        "left_out": [part for part in PARTS if part not in found.parts],
        "quantities": quantities,
        "draws": found.reader.n,
        "seed": found.reader.seed,
        "sources": list(dict.fromkeys([*found.reader.reads, *speed.reads])),
    }
    return json.dumps(table, indent=2, allow_nan=False)


def waterfall_svg(found: Economics | Price) -> str:
    """Return the steps from list price to floor as a picture; bars at the stated values, bands beside them.

    Parameters
    ----------
    found
        The money, by the law or at a speed that is given.
    """
    return _law_picture(found) if isinstance(found, Economics) else _speed_picture(found)


def _law_picture(found: Economics) -> str:
    speed, traffic = found.speed, found.terms.traffic
    told = (
        f"{traffic.input:,.0f} input and {traffic.output:,.0f} output tokens, {speed.concurrency:,} requests "
        f"in flight, {speed.tokens_per_s:,.0f} output tokens/s a chip"
    )
    rows = [(found.top, TOPS[found.top]), *((part, LABELS[part]) for part in found.parts)]
    steps = [(word, label, found.stated[word], found.band(word)) for word, label in rows]
    source = (
        f"narrows · facts of {found.catalog.vintage} · {found.reader.n:,} draws · seed {found.reader.seed}"
    )
    return _steps_picture(f"{found.model} on {_where(found)}", told, steps, (_verdict(found), source))


def _speed_picture(found: Price) -> str:
    told = f"{found.tokens_per_s:,.6g} output tokens/s a chip as given, utilisation {found.utilisation:g}"
    top = ("list_price", found.list_price)
    if found.list_price is None:
        top = ("at_utilisation", found.at_utilisation)
    rows = [top, *found.bridge.items()]
    steps = [(word, {**TOPS, **WORDS}[word], value or 0.0, found.bands[word]) for word, value in rows]
    return _steps_picture(f"{found.model} on {found.chip}", told, steps, ("", f"narrows · {found.basis}"))


def _steps_picture(
    head: str,
    told: str,
    steps: Sequence[tuple[str, str, float, tuple[float, float, float]]],
    foot: tuple[str, str],
) -> str:
    """Draw steps (word, label, stated value, band): the first is the whole, the others its parts in order."""
    levels = [steps[0][2]]
    for _, _, value, _ in steps[1:]:
        levels.append(levels[-1] - value)
    most, least = max(levels), min(0.0, *levels)
    scale = PLOT / (most - least)
    top = 96.0

    def across(value: float) -> float:
        return LEFT + (value - least) * scale

    marks = [
        words(24, 34, f"Where the price goes: {head}", 17, font_weight="bold"),
        words(24, 56, f"USD per million output tokens with their input; {told}", 12, fill=QUIET),
        words(PAGE - 24, top - 12, "stated (p05 to p95)", 11, fill=QUIET, text_anchor="end"),
    ]
    ends = [(levels[0], 0.0), *pairwise(levels)]
    for place, ((word, label, value, band), (upper, lower)) in enumerate(zip(steps, ends, strict=True)):
        y = top + place * ROW
        left, right = sorted((across(upper), across(lower)))
        colour = KIND.get(word, STEP) if place else WHOLE
        solid = "1" if upper >= lower else "0.45"
        marks.append(words(LEFT - 12, y + 16, label, 12, text_anchor="end"))
        marks.append(rect(left, y + 3, max(1.5, right - left), ROW - 14, fill=colour, opacity=solid))
        if place + 1 < len(steps):
            joint = across(lower if place else upper)
            marks.append(rect(joint - 0.5, y + 3, 1, ROW, fill="#9aa3ad"))
        text = f"{number(value, 3)} ({number(band[0], 3)} to {number(band[2], 3)})"
        marks.append(words(PAGE - 24, y + 16, text, 12, text_anchor="end"))
    bottom = top + len(steps) * ROW
    marks.append(rect(across(0.0) - 0.5, top - 4, 1, bottom - top + 4, fill=QUIET))
    marks.append(words(24, bottom + 20, foot[0], 12))
    marks.append(words(24, bottom + 40, foot[1], 11, fill=QUIET))
    described = "; ".join(f"{label} {value:.4g}" for _, label, value, _ in steps)
    return picture(PAGE, bottom + 58, f"Where the price goes: {head}", described, marks)


def book_text(rows: Sequence[Listed]) -> str:
    """Return list prices as text; a kind of token without a price is said to be unknown.

    Parameters
    ----------
    rows
        From `narrows.inference.price_book.price_book`.
    """
    lines = [f"{'usd per million tokens':<22}{'':<8}{'value':>8}{'low':>8}{'high':>8}{'hosts':>7}  as of"]
    for model in dict.fromkeys(row.model for row in rows):
        held = {row.token: row for row in rows if row.model == model}
        for at, token in enumerate(("input", "cached", "output")):
            name = model if at == 0 else ""
            row = held.get(token)
            if row is None:
                lines.append(f"{name:<22}{token:<8}{'unknown':>8}")
                continue
            hosts = "" if row.hosts is None else str(row.hosts)
            numbers = "".join(f"{value:>8.3g}" for value in (row.value, row.low, row.high))
            lines.append(f"{name:<22}{token:<8}{numbers}{hosts:>7}  {row.as_of}  {row.locator}")
    lines += ["", "A tenth of the hosts asks less than low, a tenth more than high."]
    return "\n".join(lines)


def book_json(rows: Sequence[Listed]) -> str:
    """Return list prices as JSON; a price that is not known is null.

    Parameters
    ----------
    rows
        From `narrows.inference.price_book.price_book`.
    """
    table: dict[str, dict[str, object]] = {}
    for row in rows:
        entry = table.setdefault(row.model, dict.fromkeys(("input", "cached", "output")))
        entry[row.token] = {
            "id": row.id,
            "usd_per_million": row.value,
            "low": row.low,
            "high": row.high,
            "hosts": row.hosts,
            "as_of": row.as_of,
            "locator": row.locator,
        }
    return json.dumps(table, indent=2, allow_nan=False)
