"""How the loss of a language model falls with its size and its data, and how to split a budget.

Symbols: N parameters, D tokens of training, C = 6 N D operations, L loss [nat a token],
L(N, D) = E + A / N**alpha + B / D**beta (Hoffmann and others, 2022, arXiv 2203.15556, third approach).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from narrows.catalog import Reader, default
from narrows.draws import MOST_DRAWS, quantiles, stream
from narrows.errors import UsageError
from narrows.fitted import Z90

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from narrows.catalog.catalog import Catalog

    Array = NDArray[np.float64]

__all__ = [
    "FACTS",
    "OPERATIONS",
    "PARAMETERS",
    "Allocation",
    "Law",
    "allocate",
    "best_split",
    "drawn_laws",
    "loss",
    "published_law",
    "with_inference",
]

OPERATIONS, OPERATIONS_SERVED = 6.0, 2.0
"""Operations for each parameter and token: forward and backward in training, forward alone in serving."""
PARAMETERS = ("size_coefficient", "data_coefficient", "floor", "size_exponent", "data_exponent")
"""Names of A, B, E, alpha, beta in the facts ``training.loss.*``."""
FACTS = "training.loss"
BAND = (0.05, 0.5, 0.95)
STEPS = 200  # halvings and more of the range of sizes: far below the last bit
RANGE = 30.0  # natural logarithm of the range of sizes searched for a served model


@dataclass(frozen=True)
class Law:
    """The loss of a model; each part a number, or an array with one axis (draw).

    Parameters
    ----------
    A, B, E
        Coefficient of size, of data, and the loss that no model goes below [nat].
    alpha, beta
        Exponents of size and of data.
    """

    A: Array
    B: Array
    E: Array
    alpha: Array
    beta: Array


@dataclass(frozen=True)
class Allocation:
    """How a budget is split between parameters and tokens.

    Parameters
    ----------
    flop
        Operations of the training [flop].
    inference_tokens
        Tokens that the model will serve; 0 where they were left out of account.
    stated
        Every quantity at the fitted parameters: parameters, tokens, loss, training_flop, served_flop,
        tokens_per_parameter, critical_batch [token].
    bands
        p05, p50, p95 of each over the covariance of the fit.
    exponents
        Exponent of the best N and D in C, with their p05, p50, p95.
    reads
        Facts behind it.
    """

    flop: float
    inference_tokens: float
    stated: dict[str, float]
    bands: dict[str, tuple[float, float, float]]
    exponents: dict[str, tuple[float, float, float, float]]
    reads: tuple[str, ...]


def loss(law: Law, size: float | Array, tokens: float | Array) -> Array:
    """Return the loss of a model [nat a token].

    Parameters
    ----------
    law
        The law.
    size, tokens
        Parameters and tokens of training.

    Notes
    -----
    L = E + A / N**alpha + B / D**beta.

    Examples
    --------
    >>> loss(published_law(), 70e9, 1.4e12).round(4)
    array([1.9734])
    """
    found: Array = law.E + law.A * np.power(size, -law.alpha) + law.B * np.power(tokens, -law.beta)
    return found


def best_split(law: Law, flop: float | Array) -> tuple[Array, Array]:
    """Return the parameters and tokens with the least loss for a budget.

    Parameters
    ----------
    law
        The law.
    flop
        Operations of the training.

    Notes
    -----
    N = G (C/6)**(beta/(alpha+beta)), D = (C/6)/N, G = (alpha A / (beta B))**(1/(alpha+beta)): the place where
    a little more budget brings as much through size as through data.
    """
    total = law.alpha + law.beta
    product = np.asarray(flop, dtype=np.float64) / OPERATIONS
    size = np.power(law.alpha * law.A / (law.beta * law.B), 1.0 / total) * np.power(product, law.beta / total)
    return size, product / size


def with_inference(law: Law, target: Array, served: float) -> tuple[Array, Array]:
    """Return the parameters and tokens that reach a loss with the fewest operations of training and serving.

    Parameters
    ----------
    law
        The law.
    target
        The loss to reach, above `law.E`.
    served
        Tokens that the model will serve.

    Notes
    -----
    Minimises 6 N D + 2 N D_inf where L(N, D) is the target. On that line
    d ln D / d ln N = -(alpha A N**-alpha) / (beta (target - E - A N**-alpha)), and the minimum lies where
    6 D (1 + d ln D / d ln N) + 2 D_inf = 0; the left side rises with N, so halving finds it. The form is that
    of Sardana and others, 2024 (arXiv 2401.00448), known to us from memory and from secondary pages only.
    """
    room = target - law.E
    low = np.log(law.A / room) / law.alpha  # the smallest size that can reach the target with endless data
    high = low + RANGE
    for _ in range(STEPS):
        middle = (low + high) / 2.0
        left = room - law.A * np.exp(-law.alpha * middle)
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            tokens = np.power(law.B / left, 1.0 / law.beta)
            slope = -(law.alpha * (room - left)) / (law.beta * left)
            rising = OPERATIONS * tokens * (1.0 + slope) + OPERATIONS_SERVED * served > 0.0
        low, high = np.where(rising, low, middle), np.where(rising, middle, high)
    size = np.exp(high)
    return size, np.power(law.B / (room - law.A * np.power(size, -law.alpha)), 1.0 / law.beta)


def published_law(catalog: Catalog | None = None) -> Law:
    """Return the law of the catalogue at its stated parameters, axis (1).

    Parameters
    ----------
    catalog
        Facts; those that come with narrows if left out.
    """
    catalog = catalog or default()
    found = [catalog.fact(f"{FACTS}.{name}").canonical_value for name in PARAMETERS]
    return Law(*(np.array([value]) for value in found))


def drawn_laws(draws: int, seed: int, catalog: Catalog | None = None) -> Law:
    """Return laws drawn from the covariance of the fit, axis (draw).

    Parameters
    ----------
    draws, seed
        Number of laws and the seed.
    catalog
        Facts; those that come with narrows if left out.

    Raises
    ------
    UsageError
        The number of draws is out of range.

    Notes
    -----
    ln A, ln B, ln E, alpha, beta are drawn from one normal distribution: spreads from the range p05 to p95 of
    the facts ``training.loss.*``, correlations from ``training.loss.correlation_*``. The coefficient of size
    and its exponent correlate by 0.99 or so; drawn alone they would say nothing.
    """
    if not 1 <= draws <= MOST_DRAWS:
        raise UsageError(
            f"Draws are {draws}", f"Draws are a whole number from 1 to {MOST_DRAWS}", "Give --draws 10000"
        )
    catalog = catalog or default()
    facts = [catalog.fact(f"{FACTS}.{name}") for name in PARAMETERS]
    middle, spread = np.empty(5), np.empty(5)
    for place, fact in enumerate(facts):
        low, value, high = fact.canonical_low, fact.canonical_value, fact.canonical_high
        if place < 3:  # noqa: PLR2004 (coefficients and floor are positive: their logarithm is drawn)
            low, value, high = math.log(low), math.log(value), math.log(high)
        middle[place], spread[place] = value, (high - low) / (2.0 * Z90)
    factor = np.linalg.cholesky(_correlation(catalog))
    scores = stream(seed, FACTS).standard_normal((draws, 5)) @ factor.T
    drawn = middle + scores * spread
    return Law(np.exp(drawn[:, 0]), np.exp(drawn[:, 1]), np.exp(drawn[:, 2]), drawn[:, 3], drawn[:, 4])


def correlations() -> list[tuple[int, int, str]]:
    """Return row, column and fact of each correlation of the fit."""
    return [
        (row, column, f"{FACTS}.correlation_{PARAMETERS[row]}_{PARAMETERS[column]}")
        for row in range(len(PARAMETERS))
        for column in range(row)
    ]


def _correlation(catalog: Catalog) -> Array:
    matrix = np.eye(len(PARAMETERS))
    for row, column, name in correlations():
        matrix[row, column] = matrix[column, row] = catalog.fact(name).canonical_value
    return matrix


def reads() -> tuple[str, ...]:
    """Return the facts behind an allocation."""
    return (
        *(f"{FACTS}.{name}" for name in PARAMETERS),
        *(name for _, _, name in correlations()),
        "training.critical_batch.tokens",
        "training.critical_batch.exponent",
    )


def allocate(
    flop: float,
    *,
    inference_tokens: float = 0.0,
    draws: int = 10_000,
    seed: int = 1,
    catalog: Catalog | None = None,
) -> Allocation:
    """Return the best split of a training budget, with intervals.

    Parameters
    ----------
    flop
        Operations of the training, if nothing is served.
    inference_tokens
        Tokens that the model will serve. Above 0, the loss of the best split is kept, and the model becomes
        smaller and longer trained until training and serving together take the fewest operations.
    draws, seed
        Number of draws over the covariance of the fit, and their seed.
    catalog
        Facts; those that come with narrows if left out.

    Raises
    ------
    UsageError
        The budget or the tokens are not possible.

    Notes
    -----
    See `best_split` and `with_inference`. Critical batch: tokens at loss 1 times L**-exponent.

    Examples
    --------
    >>> found = allocate(5.76e23, draws=200)
    >>> round(found.stated["parameters"] / 1e9, 1), round(found.stated["tokens_per_parameter"], 1)
    (73.2, 17.9)
    """
    if not (flop > 0.0 and math.isfinite(flop)):
        raise UsageError(
            f"The option --flop is given {flop:g}",
            "A budget of operations is above 0",
            "Write, for instance, --flop 3.8e25",
        )
    if not (inference_tokens >= 0.0 and math.isfinite(inference_tokens)):
        raise UsageError(
            f"The option --inference-tokens is given {inference_tokens:g}",
            "Tokens to serve are 0 or more",
            "Write, for instance, --inference-tokens 1e13",
        )
    catalog = catalog or default()
    batch = [catalog.fact(f"training.critical_batch.{name}") for name in ("tokens", "exponent")]
    reader = Reader(catalog, seed, draws)
    law, typed = drawn_laws(draws, seed, catalog), published_law(catalog)
    stated = _quantities(typed, flop, inference_tokens, [np.array([it.canonical_value]) for it in batch])
    drawn = _quantities(law, flop, inference_tokens, [reader.draws(it.id) for it in batch])
    share = typed.beta / (typed.alpha + typed.beta)
    shares = law.beta / (law.alpha + law.beta)
    return Allocation(
        flop=flop,
        inference_tokens=inference_tokens,
        stated={name: float(values[0]) for name, values in stated.items()},
        bands={name: band(values) for name, values in drawn.items()},
        exponents={
            "parameters": (float(share[0]), *band(shares)),
            "tokens": (float(1.0 - share[0]), *band(1.0 - shares)),
        },
        reads=reads(),
    )


def band(values: Array) -> tuple[float, float, float]:
    """Return p05, p50, p95 of some draws."""
    low, middle, high = quantiles(values, BAND)
    return float(low), float(middle), float(high)


def _quantities(law: Law, flop: float, served: float, batch: list[Array]) -> dict[str, Array]:
    size, tokens = best_split(law, flop)
    reached = loss(law, size, tokens)
    if served > 0.0:
        size, tokens = with_inference(law, reached, served)
    return {
        "parameters": size,
        "tokens": tokens,
        "tokens_per_parameter": tokens / size,
        "loss": reached,
        "training_flop": OPERATIONS * size * tokens,
        "served_flop": OPERATIONS_SERVED * size * served,
        "critical_batch": batch[0] * np.power(reached, -batch[1]),
    }
