"""The throughput of a chip at full load, with its energy and cost, as text and as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from narrows.inference.loaded import Load

if TYPE_CHECKING:
    from narrows.inference.law import Placement, Span
    from narrows.inference.throughput import Throughput

__all__ = ["throughput_json", "throughput_text"]


def throughput_text(found: Throughput) -> str:
    """Return a throughput as text.

    Parameters
    ----------
    found
        The throughput.
    """
    head = f"{found.model} on {found.chip}, {found.asked:,.6g} tokens in and {found.answered:,.6g} out"
    energy = found.energy
    lines = [
        f"{head}, full load",
        "",
        f"  {'':<44}{'':>12}{'p05':>12}{'p95':>12}",
        _line("output tokens/s a chip", found.tokens_per_s_per_chip, "{:,.0f}"),
        _line("power of a chip [W]", energy.chip_w, "{:,.0f}"),
        _line("energy of an output token, chip [J]", energy.chip_j, "{:,.4f}"),
        _line("same at the wall of air-cooled servers [J]", energy.server_j, "{:,.4f}"),
        _line("same all in, with network and facility [J]", energy.facility_j, "{:,.4f}"),
    ]
    if found.usd_per_million is None:
        lines.append("  No cost of this chip is known.")
    else:
        lines.append(_line("usd per million output tokens, full load", found.usd_per_million, "{:,.4f}"))
    share = "99 % of requests stay below" if found.ttft_s is not None else "mean"
    count = f"{found.chips} {'chip' if found.chips == 1 else 'chips'}"
    held = f"{found.batch:,} requests in flight a rank; the best of {found.tried:,} tried."
    lines += [
        "",
        f"Placement: {_placement(found.placement)} on {count}, {held}",
        f"Time per output token, {share}: {1e3 * found.tpot_s:.1f} ms.",
    ]
    if found.ttft_s is not None:
        lines.append(f"Time to the first token, {share}: {found.ttft_s:.2f} s.")
    parts = ", ".join(f"{name} {100 * value:.0f} %" for name, value in found.bounds.items())
    used = f"{100 * found.memory_share:.0f} % of the bandwidth, {100 * found.compute_share:.0f} %"
    lines += [f"A step goes to {parts}.", f"In use: {used} of the peak rate."]
    asked = ",".join(
        f"{word}={value:g}"
        for word, value in (("input", found.asked), ("output", found.answered))
        if value != getattr(Load, word)
    )
    name = f"inference.speed.tpot.{found.model}.{found.chip}"
    lines.append(f"Facts and doubt: `narrows why {name}{'@' if asked else ''}{asked}`.")
    return "\n".join(lines)


def _line(label: str, span: Span, form: str) -> str:
    return f"  {label:<44}" + "".join(
        f"{form.format(value):>12}" for value in (span.value, span.low, span.high)
    )


def _placement(place: Placement) -> str:
    widths = (
        ("tensor", place.tensor),
        ("stages", place.stages),
        ("attention ranks", place.ranks),
        ("expert ranks", place.expert_parallel),
    )
    formats = place.weights
    if place.expert_format != place.weights:
        formats += f", experts {place.expert_format}"
    cut = ", ".join(f"{name} {count}" for name, count in widths if count > 1) or "whole"
    return f"{cut} ({formats}, cache {place.cache})"


def throughput_json(found: Throughput) -> str:
    """Return a throughput as JSON; a span is its median, 5 % and 95 %.

    Parameters
    ----------
    found
        The throughput.
    """
    table = asdict(found)
    table["sources"] = list(table.pop("reads"))
    table["energy"].pop("reads")
    return json.dumps(table, indent=2, allow_nan=False)
