"""Accelerators that the revenue of inference pays for, as text and as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from narrows.bottlenecks.earning import QUANTITIES
from narrows.figure import number

if TYPE_CHECKING:
    from narrows.bottlenecks.earning import Earning

__all__ = ["earning_json", "earning_text"]

BILLION, MILLION = 1e9, 1e6


def earning_text(found: Earning) -> str:
    """Return what revenue pays for as text.

    Parameters
    ----------
    found
        What it pays for, by quarter.
    """
    lines = [
        "Accelerators that the revenue of inference pays for, million H100e; p50 (p10 to p90)",
        "",
        (
            f"  {'quarter':<8}{'revenue':>9}{'one H100e':>11}{'an hour':>9}{'paid in all':>26}"
            f"{'added a quarter':>25}{'ordered':>22}{'added /':>9}"
        ),
        f"  {'':<8}{'bn usd':>9}{'must earn':>11}{'at work':>9}{'':>26}{'':>25}{'':>22}{'ordered':>9}",
    ]
    for quarter in found.quarters:
        mid = {word: found.band(word, quarter)[1] for word in QUANTITIES}
        spread = "".join(
            f"{_spread(found.band(word, quarter)):>{wide}}"
            for word, wide in (("paid", 26), ("added", 25), ("ordered", 22))
        )
        mark = "" if quarter in found.stated else " *"
        lines.append(
            f"  {quarter:<8}{mid['revenue'] / BILLION:>9.1f}{mid['must_earn']:>11,.0f}"
            f"{mid['must_earn_hour']:>9.2f}{spread}{mid['share_of_orders']:>9.2f}{mark}"
        )
    lines += [
        "",
        "Revenue: two labs by their run rates, over their share of all revenue of inference; after the last",
        "statement it grows as stated. Assumed: one share of it pays for the compute that serves, at the",
        "cost of an H100, idle hours too. Training, reserves and revenue not told apart order nothing here.",
    ]
    if len(found.stated) < len(found.quarters):
        lines.append("* The map states no demand of this quarter; a scenario cannot set it.")
    lines.append(f"Why: narrows why inference.demand.added.{found.quarters[-1]}")
    return "\n".join(lines)


def _spread(band: tuple[float, float, float]) -> str:
    low, mid, high = (number(value / MILLION, 2) for value in band)
    return f"{mid} ({low} to {high})"


def earning_json(found: Earning) -> str:
    """Return what revenue pays for as JSON: every number by its id.

    Parameters
    ----------
    found
        What it pays for, by quarter.
    """
    figures = {}
    for word, (unit, _) in QUANTITIES.items():
        for quarter in found.quarters:
            low, mid, high = found.band(word, quarter)
            figures[f"inference.demand.{word}.{quarter}"] = {
                "p10": low,
                "p50": mid,
                "p90": high,
                "unit": unit,
            }
    table = {
        "quarters": list(found.quarters),
        "figures": figures,
        "set_by_a_scenario": found.stated,
        "draws": found.reader.n,
        "seed": found.reader.seed,
        "sources": list(found.reader.reads),
    }
    return json.dumps(table, indent=2, allow_nan=False)
