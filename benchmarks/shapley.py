"""Shapley shares of all layers: every coalition of one network, and by parts of one gain."""

from __future__ import annotations

import numpy as np

from benchmarks import Row, benchmark
from benchmarks.kernel import LAG, LAYERS, PARENT, QUARTERS, least_seconds, toy
from narrows.bottlenecks.network import Network
from narrows.bottlenecks.shapley import Game, shapley

SHARE = 0.1
RUNS = 3
MANY = 1000


@benchmark("shapley")
def shares() -> list[Row]:
    """Time 2**14 coalitions of one draw, and compare them with few of them."""
    stack = toy(1, Network(PARENT, LAG), QUARTERS)
    whole, _ = least_seconds(lambda: shapley(Game(stack, 0, SHARE).every()), RUNS)
    few, _ = least_seconds(lambda: Game(stack, 0, SHARE).shares(), RUNS)
    game = Game(stack, 0, SHARE)
    total = game.gain()[0]
    parts, proven = shapley(game.every()), game.shares()[0]
    gap = float(abs(parts.sum() - total) / total)
    apart = float(np.abs(parts - proven).max() / total)
    size = f"{LAYERS} layers x {QUARTERS} quarters"
    many = toy(MANY, Network(PARENT, LAG), QUARTERS)
    drawn, _ = least_seconds(lambda: Game(many, QUARTERS // 2, SHARE).shares(), RUNS)
    return [
        Row(
            f"Shapley, all 2^{LAYERS} coalitions, {size}, one draw; peer: parts of one gain",
            whole, few, "s", few / whole, "at most 1", whole <= 1,
        ),
        Row("shares against the joint gain, relative", gap, None, "1", None, "<= 1e-9", gap <= 1e-9),
        Row("shares by parts against all coalitions", apart, None, "1", None, "<= 1e-9", apart <= 1e-9),
        Row(f"Shapley by parts of one gain, {size}, {MANY} draws", drawn, None, "s", None, "", None),
    ]  # fmt: skip
