"""The latency of a simulation as a picture."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from narrows.errors import RunError
from narrows.report.chart import EDGE, FRAME, MARGIN, NIGHT, QUIET
from narrows.report.svg import INK, night_rules, path, picture, words

if TYPE_CHECKING:
    from narrows.inference.simulation import Simulation

__all__ = ["latency_svg"]

WIDTH, HEIGHT = 760.0, 420.0
LEFT, RIGHT, TOP, BOTTOM = 64.0, 150.0, 92.0, 56.0
POINTS = 201
"""Quantiles drawn of each curve."""
BLUE, PALE_BLUE = "#2b6cb0", "#86b0dc"
LINES = {
    "TPOT": {"stroke": FRAME, "stroke_dasharray": "2 3"},
    "TTFT": {"stroke": BLUE},
    "E2E": {"stroke": INK, "stroke_dasharray": "8 4"},
}
"""Curves by the name of what they show; they differ without colour too."""
SHARES = (0.0, 0.25, 0.5, 0.75, 0.9, 1.0)
GRID = 0.5
LABEL = 15.0
"""From one line of the key to the next."""
SHORTEST_S = 1e-6
TAIL = 0.99


def latency_svg(result: Simulation) -> str:
    """Return the share of requests that are faster than a time, for TTFT, TPOT and E2E, as SVG.

    Parameters
    ----------
    result
        A simulation that is not saturated.

    Returns
    -------
    str
        The time axis is logarithmic [s].

    Raises
    ------
    RunError
        If the queue grows without bound: latency has no distribution then.
    """
    if result.saturated:
        raise RunError(
            "The queue grows without bound at this rate",
            "A picture shows latencies, and they have no limit then",
            "Give a lower --rate or more --replicas",
        )
    shares = np.linspace(0.0, 1.0, POINTS)
    values = {"TPOT": result.tpot_s(), "TTFT": result.served.ttft_s, "E2E": result.served.e2e_s}
    curves = {name: np.quantile(found, shares) for name, found in values.items() if found.size}
    low = math.floor(math.log10(max(min(float(curve[1]) for curve in curves.values()), SHORTEST_S)))
    high = math.ceil(math.log10(max(float(curve[-1]) for curve in curves.values())))
    span = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def place(seconds: float, share: float) -> tuple[float, float]:
        at = (math.log10(max(seconds, 10.0**low)) - low) / max(high - low, 1)
        return LEFT + at * span[0], TOP + (1 - share) * span[1]

    told = (
        f"{len(result.requests):,} requests, policy {result.engine.policy}. "
        + ", ".join(f"{name} p50 {_seconds(float(np.median(values[name])))}" for name in curves)
        + "."
    )
    title = "Share of requests that are at least as fast"
    marks = [words(MARGIN, 36, title, 16.5, font_weight="bold"), words(MARGIN, 58, told, 12.5, fill=QUIET)]
    for share in SHARES:
        x, y = place(10.0**low, share)
        marks.append(path(f"M{x:.1f} {y:.1f}H{LEFT + span[0]:.1f}", stroke=EDGE, stroke_width=f"{GRID}"))
        marks.append(words(x - 8, y + 4, f"{100 * share:.0f} %", text_anchor="end", fill=QUIET))
    for power in range(low, max(high, low + 1) + 1):
        x, y = place(10.0**power, 0.0)
        marks.append(path(f"M{x:.1f} {TOP:.1f}V{y + 5:.1f}", stroke=EDGE, stroke_width=f"{GRID}"))
        marks.append(words(x, y + 19, _seconds(10.0**power), text_anchor="middle", fill=QUIET))
    marks.append(
        words(LEFT + span[0] / 2, HEIGHT - 14, "time, logarithmic", text_anchor="middle", fill=QUIET)
    )
    for name, curve in sorted(curves.items(), key=lambda item: -float(np.median(item[1]))):
        steps = [place(float(value), float(share)) for value, share in zip(curve, shares, strict=True)]
        line = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in steps)
        marks.append(path(line, fill="none", stroke_width="2.2", **LINES[name]))
        y = TOP + LABEL * list(LINES)[::-1].index(name) + 4
        left = LEFT + span[0] + 14
        marks.append(path(f"M{left:.1f} {y - 4:.1f}h26", fill="none", stroke_width="2.2", **LINES[name]))
        tail = float(np.quantile(values[name], TAIL))
        marks.append(words(left + 32, y, f"{name}, p99 {_seconds(tail)}", 10))
    return picture(WIDTH, HEIGHT, title, told, marks, style=night_rules(NIGHT | {BLUE: PALE_BLUE}))


def _seconds(value: float) -> str:
    return f"{value:.3g} s" if value >= 1 else f"{1000 * value:.3g} ms"
