"""The step table of a placed model, from the law of step times."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from narrows.inference.law import FEATURES, SUMS, groups_of, read_law, step_features
from narrows.inference.steps import StepTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from narrows.inference.law import Placement
    from narrows.transformer import Chip, Model

    Array = NDArray[np.float64]

__all__ = ["placed_features", "placed_steps"]

FAR = 2.0**24
"""Tokens of context beyond every window."""
SATURATION = 64.0
"""Tokens by which the law counts the saturation of dense work."""


def placed_features(
    model: Model, chip: Chip, place: Placement, *, most_tokens: int = 8704
) -> tuple[Array, ...]:
    """Return what the steps of a placed model are made of, before the law's coefficients weigh it.

    Parameters
    ----------
    model, chip, place, most_tokens
        As for `placed_steps`, which takes the answer for as many sets of coefficients as are asked.

    Examples
    --------
    >>> from narrows.inference.law import Placement
    >>> from narrows.transformer.registry import chip, model
    >>> place = model("llama-3.1-8b"), chip("h100"), Placement("vllm")
    >>> kept = placed_features(*place, most_tokens=64)
    >>> again = placed_steps(*place, most_tokens=64, features=kept).seconds(n_decode=16, decode_kv=16_000)
    >>> again == placed_steps(*place, most_tokens=64).seconds(n_decode=16, decode_kv=16_000)
    True
    """
    tokens = np.arange(most_tokens + 1) / place.ranks
    asked: tuple[tuple[float, float, float | Array, float], ...] = (
        (0.0, 0.0, tokens, 0.0),
        (1.0, 0.0, tokens, 0.0),
        (0.0, 0.0, tokens + 1.0, 0.0),
        (1.0, 0.0, 0.0, 0.0),
        (0.0, 0.0, 1.0, 1.0),
        (0.0, 0.0, 1.0, 0.0),
        (1.0, 1.0, 0.0, 0.0),
        (1.0, FAR, 0.0, 0.0),
        (1.0, FAR + 1.0, 0.0, 0.0),
    )
    return tuple(
        step_features(
            model, chip, place, requests=requests, context=context, prompt=prompt, prompt_pairs=pairs
        )
        for requests, context, prompt, pairs in asked
    )


def placed_steps(
    model: Model,
    chip: Chip,
    place: Placement,
    *,
    most_tokens: int = 8704,
    seconds_per_step: float = 0.0,
    logs: Array | None = None,
    features: tuple[Array, ...] | None = None,
) -> StepTable:
    """Return the time of every step of a placed model, for the simulation.

    Parameters
    ----------
    model, chip, place
        What runs where. One engine holds all attention ranks, which share its requests evenly.
    most_tokens
        Tokens of the largest batch.
    seconds_per_step
        [s] Overhead of a step that the law does not hold.
    logs
        Log-coefficients; those of the shipped law for this place if left out.
    features
        What `placed_features` returns for the same place and tokens; it is asked if left out.

    Notes
    -----
    The law of `narrows.inference.law` is linear in decoding requests, in their contexts up to a limit, and in
    pairs of a prompt token and a token before it; what depends on the tokens of the batch is tabulated.

    Examples
    --------
    >>> from narrows.inference.law import Placement, step_time
    >>> from narrows.transformer.registry import chip, model
    >>> llama, h100, place = model("llama-3.1-8b"), chip("h100"), Placement("vllm")
    >>> table = placed_steps(llama, h100, place, most_tokens=64)
    >>> told = step_time(llama, h100, place, requests=16, context=1000)
    >>> abs(table.seconds(n_decode=16, decode_kv=16_000) / told.value - 1) < 1e-9
    True
    """
    if logs is None:
        logs = read_law()["token"].logs([groups_of(model, chip, place)])[0]
    factor = np.exp(logs)
    size = len(FEATURES)
    made = placed_features(model, chip, place, most_tokens=most_tokens) if features is None else features
    # What is needed of the features: memory, compute, the rest, and dense work by itself.
    weighed = np.column_stack([SUMS * factor[:size, None], np.eye(size)[:, 3] * factor[3]])
    fed, led, later, alone, paired, unpaired, read_one, far, farther = (found @ weighed for found in made)
    ranks = place.ranks
    tokens = np.arange(most_tokens + 1) / ranks
    led = led - later
    short = SATURATION * factor[size] / np.maximum(tokens, 1.0)
    pair = paired - unpaired
    one = read_one - alone
    most = float(model.sparse_context or math.inf)
    span = float(model.window or math.inf)
    whole = farther - far if model.window else one
    read, scored = one[0], one[1]
    wide = whole[0] if math.isinf(most) else read
    return StepTable.from_roof(
        fed[:, 0],
        fed[:, 1] + fed[:, 3] * short,
        (led[:, 1] + led[:, 3] * short) / ranks,
        fed[:, 2] + seconds_per_step / float(factor[-1]),
        cache=(wide / ranks, most),
        window=((read - wide) / ranks, span),
        pairs=pair[1] / ranks,
        scores=scored / ranks,
        request=led[0, 2] / ranks,
        scale=float(factor[-1]),
    )
