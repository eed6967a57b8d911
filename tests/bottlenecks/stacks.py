"""The two-layer examples worked by hand (B with a demand that does not fall), and random stacks."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from narrows.bottlenecks.check import random_stack
from narrows.bottlenecks.network import Network, Stack

WEIGHTS = (1.0, 0.9, 0.81)


def two_layers(K, stock, cap, D):
    """Layer 0 packaging feeds layer 1 racks after one quarter."""
    arrivals = [[[stock] * 3, [0] * 3]]
    return Stack(Network([1, -1], [1, 0]), [K], arrivals, [[[cap], [np.inf]]], [D], WEIGHTS)


EXAMPLES = {
    "A": two_layers([[3, 3, 6], [4, 5, 5]], 5, np.inf, [6, 12, 15]),
    "B": two_layers([[3, 3, 6], [4, 5, 5]], 5, np.inf, [6, 11, 11]),
    "C": two_layers([[6, 1, 6], [1, 8, 8]], 2, np.inf, [99, 99, 99]),
    "D": two_layers([[6, 1, 6], [1, 8, 8]], 2, 4, [99, 99, 99]),
}


def many_draws(seed, draws, layers, quarters, *, integer):
    """One random network; every draw scales its capacities anew, or redraws whole numbers."""
    random = np.random.default_rng(seed)
    one = random_stack(random, layers, quarters, integer=integer)
    shape = (draws, layers, quarters)
    factor = random.integers(0, 3, shape) if integer else random.lognormal(0.0, 0.4, shape)
    K = np.where(np.isinf(one.K), np.inf, np.where(np.isinf(one.K), 1.0, one.K) * factor)
    return Stack(one.network, K, one.A, one.B, one.D * random.integers(1, 3, (draws, 1)), one.w)


@st.composite
def stacks(draw, most_draws=70):
    return many_draws(
        draw(st.integers(0, 2**32 - 1)),
        draw(st.integers(1, most_draws)),
        draw(st.integers(1, 8)),
        draw(st.integers(1, 12)),
        integer=draw(st.booleans()),
    )
