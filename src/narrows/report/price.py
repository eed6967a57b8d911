"""What tokens cost and bring in, as text and as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from narrows.inference.prices import Price

__all__ = ["price_json", "price_text"]

WORDS = {
    "margin": "margin of the seller",
    "idle": "chips that stand idle",
    "below_peak": "work below the peak rate",
    "floor": "floor: operations at the peak rate",
}


def price_text(found: Price) -> str:
    """Return a price as text.

    Parameters
    ----------
    found
        The price.
    """
    head = f"{found.model} on {found.chip}, {found.tokens_per_s:,.6g} output tokens/s a chip"
    lines = [
        f"{head}, {found.basis} {found.usd_per_hour:.2f} usd/h",
        "",
        f"  {'usd per million output tokens':<34}{'':>10}{'p05':>12}{'p50':>12}{'p95':>12}",
        _line("at full load", found.at_full_load, found.bands["at_full_load"]),
        _line(f"at utilisation {found.utilisation:g}", found.at_utilisation, found.bands["at_utilisation"]),
        _line("of it electricity, full load", found.energy, found.bands["energy"]),
    ]
    lines += [
        _line(f"one million {word} tokens", cost, found.bands[f"{word}_cost"])
        for word, cost in found.split.items()
    ]
    if found.list_price is None:
        lines += ["", "No list price of this model is known; the bridge begins at its cost."]
    else:
        lines += ["", _line("list price", found.list_price, found.bands["list_price"])]
    lines += [_line(WORDS[word], value, found.bands[word]) for word, value in found.bridge.items()]
    if found.margin is not None:
        low, mid, high = (f"{100 * value:.0f} %" for value in found.bands["margin_share"])
        lines += ["", f"Margin at list price {100 * found.margin:.0f} % (p05 {low}, p50 {mid}, p95 {high})."]
    return "\n".join(lines)


def _line(label: str, value: float, band: tuple[float, float, float]) -> str:
    spread = "".join(f"{number:>12.4f}" for number in band)
    return f"  {label:<34}{value:>10.4f}{spread}"


def price_json(found: Price) -> str:
    """Return a price as JSON.

    Parameters
    ----------
    found
        The price.
    """
    table = asdict(found)
    table["sources"] = list(table.pop("reads"))
    return json.dumps(table, indent=2, allow_nan=False)
