"""The time of a training step with its interval, and where it goes.

Parts of `narrows.training.step` times fitted factors. The factors and their covariance stand in ``law.json``;
``python tools/fit_training.py --data DIR`` writes it from public tables.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.fitted import Law, Span, law_from, span
from narrows.training.layout import check
from narrows.training.step import PARTS, bubble, rate, step_parts
from narrows.transformer import training_flops

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from narrows.training.layout import Layout
    from narrows.training.machine import Machine
    from narrows.transformer import Model

    Array = NDArray[np.float64]

__all__ = ["KINDS", "NAMES", "Step", "fitted_rows", "groups_of", "predictor", "read_step_law", "step"]

NAMES = (*PARTS, "scale")
KINDS = (("model", "model"), ("machine", "machine"), ("stack", "stack"))
"""Levels that make a question new, and what it is then called."""
SHOWN = {
    "matrix products": ("linear", "experts", "logits", "state", "short", "short_experts"),
    "attention": ("core",),
    "memory": ("activations", "routed", "casts", "weights"),
    "tensor exchange": ("tensor",),
    "context exchange": ("context",),
    "expert exchange": ("exchange",),
    "pipeline": ("pipeline",),
    "data exchange": ("reduce", "gather"),
    "launches": ("layers", "expert_layers", "passes", "step"),
    "optimiser": ("optimiser",),
}
"""Parts by what a reader calls them."""


@dataclass(frozen=True)
class Step:
    """One training step.

    Parameters
    ----------
    seconds
        Time of the step [s].
    tokens
        Tokens of the step.
    flops_per_token
        Operations of a token, forward and backward, without recomputation.
    mfu
        Those operations over the rate of bf16 of all chips, with the interval of the time.
    share_of_rate
        The same over the rate of the precision used.
    waterfall
        Share of the time of the step by part, and ``bubble``; they sum to 1.
    known
        What of the question the law has seen: ``seen``, or what is new.
    """

    seconds: Span
    tokens: float
    flops_per_token: float
    mfu: Span
    share_of_rate: float
    waterfall: dict[str, float]
    known: str

    @property
    def tokens_per_s(self) -> float:
        """Tokens in a second."""
        return self.tokens / self.seconds.value


@cache
def read_step_law() -> Law:
    """Return the shipped law."""
    return law_from(_shipped()["step"], kinds=KINDS, by="sort")


def fitted_rows() -> str:
    """Return the digests of the runs that the shipped law was fitted to, for `narrows.fitted.unseen`."""
    return str(_shipped()["rows"])


def _shipped() -> dict[str, Any]:
    text = resources.files("narrows.training").joinpath("law.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def predictor(parts: Array) -> Callable[[Array], Array]:
    """Return the logarithm of the time of steps by log-coefficients.

    Parameters
    ----------
    parts
        Rows of `narrows.training.step.step_parts`.
    """

    def predict(logs: Array) -> Array:
        found: Array = np.log((parts * np.exp(logs[..., :-1])).sum(axis=-1)) + logs[..., -1]
        return found

    return predict


def groups_of(
    model: Model, machine: Machine, layout: Layout, *, stack: str = "", vintage: str = ""
) -> dict[str, str]:
    """Return the group of a training job at each level of the law.

    Parameters
    ----------
    model, machine, layout
        What trains where and how.
    stack, vintage
        Software, such as ``bridge``, and its release, such as ``26.06``.
    """
    chip, sort = machine.chip.id, "moe" if model.experts else "dense"
    return {
        "stack": stack,
        "machine": f"{chip}|{layout.precision}",
        "vintage": f"{stack}|{vintage}|{sort}",
        "model": model.id,
        "setting": f"{model.id}|{chip}|{layout.precision}",
        "sort": sort,
    }


def step(
    model: Model,
    machine: Machine,
    layout: Layout,
    *,
    stack: str = "bridge",
    vintage: str = "26.06",
    ahead: bool = True,
) -> Step:
    """Return the time of one training step, its share of the peak, and where it goes.

    Parameters
    ----------
    model, machine, layout
        What trains where and how.
    stack, vintage
        Software and its release: one of those that were measured, or any other name for software in general.
    ahead
        Whether layers that predict further tokens are trained.

    Raises
    ------
    UsageError
        The layout does not divide.

    Notes
    -----
    Sum of the parts at the offer of the machine, each times its factor. The bubble is what the pipeline adds
    to the parts that a micro-batch costs. What of an exchange is hidden behind work is in its factor.

    Examples
    --------
    >>> from narrows.transformer.registry import model
    >>> from narrows.training.layout import Layout
    >>> from narrows.training.machine import machine
    >>> job = Layout(chips=64, tensor=4, stages=8, interleave=5, batch=128, sequence=8192, precision="fp8")
    >>> found = step(model("llama-3.1-70b"), machine("h100"), job)
    >>> 8 < found.seconds.low < found.seconds.value < found.seconds.high < 13
    True
    >>> round(sum(found.waterfall.values()), 9)
    1.0
    """
    check(model, layout)
    law = read_step_law()
    parts = step_parts(model, machine, layout, ahead=ahead)
    group = groups_of(model, machine, layout, stack=stack, vintage=vintage)
    time = span(law, predictor(parts[None, :]), group)
    tokens = float(layout.batch * layout.sequence)
    each = training_flops(model, float(layout.sequence), ahead=ahead).train
    done = tokens * each / float(layout.chips)
    peak = machine.chip.flop_per_s["bf16"]
    return Step(
        seconds=time,
        tokens=tokens,
        flops_per_token=each,
        mfu=Span(*(done / seconds / peak for seconds in (time.value, time.high, time.low))),
        share_of_rate=done / time.value / rate(machine, layout.precision),
        waterfall=_waterfall(law, parts, group, float(bubble(layout))),
        known=law.kind(group),
    )


ONCE = ("reduce", "gather", "optimiser", "step")
"""Parts that a step costs once, whatever its micro-batches."""


def _waterfall(law: Law, parts: Array, group: Mapping[str, str], turns: float) -> dict[str, float]:
    scaled = parts * np.exp(law.logs([group])[0, :-1])
    total = float(scaled.sum())
    found = dict.fromkeys((*SHOWN, "bubble"), 0.0)
    for name, members in SHOWN.items():
        for member in members:
            share = float(scaled[PARTS.index(member)]) / total
            idle = 0.0 if member in ONCE else share * (1 - 1 / turns)
            found[name] += share - idle
            found["bubble"] += idle
    assert math.isclose(sum(found.values()), 1.0, rel_tol=1e-9)  # noqa: S101 (every part is shown)
    return found
