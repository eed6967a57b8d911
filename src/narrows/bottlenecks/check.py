"""Random networks against linear programming: the proof by trial behind the map.

Every quantity is a multiple of a power of two, so that sums are exact: two paths are equally long or
clearly apart, and a difference with a still smaller step has no rounding.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from narrows.bottlenecks.interval import path_counts
from narrows.bottlenecks.network import Network, Stack
from narrows.figure import Comparison

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["check_networks", "random_stack"]

Floats = NDArray[np.float64]

_GRID = 2.0**-20  # spacing of the quantities of networks without forced ties [unit]
_STEP = 2.0**-32  # step of the differences [unit]; the longest path adds up to 80 of them, far below the grid
_DISCOUNT = 0.97  # weight of a quarter against the one before
_LARGEST = (40, 80)  # layers, quarters
_LARGE_EVERY = 100  # one network in so many has the largest size
_USUAL = (10, 20)  # layers, quarters; a larger program costs HiGHS far more than it teaches
_GOALS = {"output": 1e-9, "value": 1e-9, "ledger": 1e-12, "interval": 1e-6}


def random_stack(random: np.random.Generator, layers: int, quarters: int, *, integer: bool) -> Stack:
    """Return a random stack of one draw, with lags, work in progress and stock caps [unit].

    Parameters
    ----------
    random
        Generator.
    layers, quarters
        Size.
    integer
        True for whole quantities, which force ties.

    Examples
    --------
    >>> random_stack(np.random.default_rng(0), 3, 4, integer=True).K.shape
    (1, 3, 4)
    """
    parent = [int(random.integers(i + 1, layers)) for i in range(layers - 1)] + [-1]
    lag = random.integers(0, 3, layers)
    lag[-1] = 0

    def quantity(low: int, high: int, shape: tuple[int, ...] | int) -> Floats:
        if integer:
            return random.integers(low, high, shape).astype(np.float64)
        return np.round(random.uniform(low, high, shape) / _GRID) * _GRID

    early = np.arange(quarters) < lag[:, None] + 1
    arrivals = np.cumsum(quantity(0, 3, (layers, quarters)) * early, axis=1)
    arrivals[-1] = 0.0
    grown = np.cumsum(quantity(0, 3, (layers, quarters)), axis=1)
    caps = arrivals[:, -1:] + quantity(0, 6, (layers, 1)) + grown
    caps[random.random(layers) < 0.5] = np.inf  # noqa: PLR2004 (half of them)
    caps[-1] = np.inf
    demand = np.cumsum(quantity(1, 6, quarters))
    capacity = quantity(0, 6, (layers, quarters))
    unlimited = random.random(layers) < 0.1  # noqa: PLR2004 (some layers have no limit)
    capacity[unlimited] = np.inf
    weight = _DISCOUNT ** np.arange(quarters)
    return Stack(Network(parent, lag), capacity[None], arrivals[None], caps[None], demand[None], weight)


def check_networks(count: int, seed: int) -> list[Comparison]:
    """Return how far the kernel is from linear programming on random networks, as validation rows.

    Parameters
    ----------
    count
        Number of networks; half of them are whole-numbered with forced ties.
    seed
        Seed of the networks.

    Returns
    -------
    list of Comparison
        One row a quantity.

    Examples
    --------
    >>> [row.holds for row in check_networks(4, seed=1)]
    [True, True, True, True]
    """
    worst = dict.fromkeys(_GOALS, 0.0)
    for stack, random in _shown(_networks(count, seed), count):
        for name, gap in _gaps(stack, random).items():
            worst[name] = float(np.maximum(worst[name], gap))  # a NaN stays, and fails the goal
    texts = {
        "output": ("cumulative root output", "max |recursion - LP|"),
        "value": ("value", "max |recursion - LP|, relative"),
        "ledger": ("rents against value", "max |sum - value|, relative"),
        "interval": ("price interval by quarter", "max |interval - two-sided difference|"),
    }
    return [
        Comparison(
            room="bottlenecks",
            dataset=f"random networks, seed {seed}",
            quantity=texts[name][0],
            metric=texts[name][1],
            value=worst[name],
            goal=f"<= {goal:g}",
            baseline=None,
            n=count,
            holds=worst[name] <= goal,
        )
        for name, goal in _GOALS.items()
    ]


def _networks(count: int, seed: int) -> Iterator[tuple[Stack, np.random.Generator]]:
    random = np.random.default_rng(seed)
    for n in range(count):
        integer = n % 2 == 0
        if n % _LARGE_EVERY >= _LARGE_EVERY - 1 - (n // _LARGE_EVERY) % 2:
            layers, quarters = _LARGEST
        else:
            layers, quarters = (int(random.integers(2, most + 1)) for most in _USUAL)
        yield random_stack(random, layers, quarters, integer=integer), random


def _gaps(stack: Stack, random: np.random.Generator) -> dict[str, float]:
    from narrows.bottlenecks.kernel import solve
    from narrows.bottlenecks.lp import optimum

    solved, best = solve(stack), optimum(stack)
    return {
        "output": float(np.abs(solved.output[0] - best.output)[stack.w > 0].max()),
        "value": abs(float(solved.value[0]) - best.value) / max(best.value, 1.0),
        "ledger": solved.ledger_gap(),
        "interval": _interval_gap(stack, random),
    }


def _interval_gap(stack: Stack, random: np.random.Generator) -> float:
    """Compare intervals with differences, for one layer and for demand together with another."""
    from narrows.bottlenecks.kernel import solve

    layers, quarters = stack.layers, stack.quarters
    masks, demand_masks = np.zeros((2, layers, quarters)), np.zeros((2, quarters))
    for mask in masks:
        mask[random.integers(layers), random.integers(quarters) :] = 1.0
    demand_masks[1] = 1.0
    masks[:, stack.K[0] == 0] = 0.0  # nothing can be taken from a capacity of 0
    least, greatest = path_counts(stack, masks, demand_masks)
    steps = np.array([0.0, _STEP, -_STEP])[:, None, None]
    worst = np.float64(0.0)
    for mask, demand_mask, right, left in zip(masks, demand_masks, least, greatest, strict=True):
        moved = Stack(
            stack.network,
            stack.K + steps * mask,
            stack.A,
            stack.B,
            stack.D + steps[:, 0] * demand_mask,
            stack.w,
        )
        output = solve(moved).output
        gain, loss = (output[1] - output[0]) / _STEP, (output[0] - output[2]) / _STEP
        worst = np.maximum(worst, np.abs([gain - right[0], loss - left[0]]).max())
    return float(worst)


def _shown(
    networks: Iterator[tuple[Stack, np.random.Generator]], count: int
) -> Iterator[tuple[Stack, np.random.Generator]]:
    """Pass the networks on, and count them on a terminal."""
    counted = sys.stderr is not None and sys.stderr.isatty()
    for done, network in enumerate(networks, start=1):
        yield network
        if counted:
            end = "\r" if done < count else "\r\033[K"
            print(f"{done} of {count} random networks", end=end, file=sys.stderr, flush=True)
