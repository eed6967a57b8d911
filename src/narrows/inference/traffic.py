"""What is asked of a deployment: lengths, arrivals, and the latency that must hold."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from narrows.errors import UsageError
from narrows.inference.simulation import arrive

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from narrows.inference.engine import Requests

    Array = NDArray[np.float64]
    Whole = NDArray[np.int64]

__all__ = ["LIMITS", "Objective", "Traffic", "traffic_of"]

LIMITS = ("ttft_s", "tpot_s", "e2e_s")
"""What an objective may limit: time to the first token, per output token after it, and to the last."""


def _refuse(option: str, value: float, acceptable: str, usual: str) -> UsageError:
    return UsageError(
        f"The option {option} is given {value:g}", acceptable, f"Write, for instance, {option} {usual}"
    )


@dataclass(frozen=True, eq=False)
class Traffic:
    """Requests by their lengths, and how they arrive.

    Parameters
    ----------
    asked, answered
        Mean tokens of a prompt and of an answer.
    spread
        Standard deviation of both lengths over their mean; they are log-normal. 0 for equal lengths.
    cached
        Share of a prompt that is read from a prefix cache.
    rate
        [1/s] Arrivals of all requests together; None where the deployment is asked how many it can take.
    users
        Requests in flight at all times (a closed loop); None where requests arrive on their own.
    burst
        Standard deviation of the gaps between arrivals over their mean: 1 is Poisson.
    prompts, outputs
        Lengths to draw from instead of a log-normal distribution, row by row.

    Raises
    ------
    UsageError
        If a number is out of range, or both a rate and users are given.

    Examples
    --------
    >>> prompt, output = Traffic(4000, 500, cached=0.25).lengths(3, seed=1)
    >>> prompt.tolist(), output.tolist()
    ([3000, 3000, 3000], [500, 500, 500])
    """

    asked: float
    answered: float
    spread: float = 0.0
    cached: float = 0.0
    rate: float | None = None
    users: float | None = None
    burst: float = 1.0
    prompts: Whole | None = None
    outputs: Whole | None = None

    def __post_init__(self) -> None:
        for option, value, usual in (
            ("--input-tokens", self.asked, "4000"),
            ("--output-tokens", self.answered, "500"),
        ):
            if not (math.isfinite(value) and value >= 1):
                raise _refuse(option, value, "It is 1 token or more", usual)
        for option, given, usual in (("--rate", self.rate, "5"), ("--users", self.users, "256")):
            if given is not None and not (math.isfinite(given) and given > 0):
                raise _refuse(option, given, "It is above 0", usual)
        if self.rate is not None and self.users is not None:
            raise UsageError(
                "Both --rate and --users are given",
                "Requests arrive at a rate, or a number of users each wait for their answer",
                "Leave one of the two out",
            )
        for option, value, usual in (("--spread", self.spread, "0.5"), ("--burst", self.burst, "1")):
            if not (math.isfinite(value) and value >= 0):
                raise _refuse(option, value, "It is 0 or more", usual)
        if not 0 <= self.cached < 1:
            raise _refuse("--cached", self.cached, "It is a share, from 0 to below 1", "0.3")

    @property
    def fresh(self) -> float:
        """Tokens of a prompt that are computed."""
        return max(1.0, self.asked * (1.0 - self.cached))

    @property
    def prefix(self) -> float:
        """Tokens of a prompt that are in the cache."""
        return self.asked - self.fresh

    def lengths(self, count: int, seed: int) -> tuple[Whole, Whole]:
        """Return the computed tokens of prompts, and the tokens of answers.

        Parameters
        ----------
        count
            Requests.
        seed
            Seed of the draws.
        """
        random = np.random.default_rng([seed, count])
        if self.prompts is not None and self.outputs is not None:
            rows = random.integers(0, len(self.prompts), count)
            prompt, output = self.prompts[rows].astype(np.float64), self.outputs[rows].astype(np.float64)
        else:
            width = math.sqrt(math.log1p(self.spread**2))
            draws = np.exp(width * random.standard_normal((2, count)) - width**2 / 2)
            prompt, output = self.asked * draws[0], self.answered * draws[1]
        fresh = prompt * (self.fresh / self.asked)
        return tuple(np.maximum(1, np.rint(x)).astype(np.int64) for x in (fresh, output))  # type: ignore[return-value]

    def requests(self, count: int, rate: float | None, seed: int) -> Requests:
        """Return requests at a rate [1/s], or all at once where it is None.

        Parameters
        ----------
        count
            Requests.
        rate
            [1/s] Arrivals.
        seed
            Seed of lengths and gaps.
        """
        from narrows.inference.engine import Requests

        prompt, output = self.lengths(count, seed)
        times = np.zeros(count) if rate is None else arrive(count, rate, cv=self.burst, seed=seed)
        return Requests(times, prompt, output)


def traffic_of(
    requests: Requests, *, cached: float = 0.0, rate: float | None = None, users: float | None = None
) -> Traffic:
    """Return traffic with the lengths of a trace, and its rate unless another rate or users are given.

    Parameters
    ----------
    requests
        The trace.
    cached, rate, users
        As for `Traffic`.

    Examples
    --------
    >>> from narrows.inference.engine import Requests
    >>> told = traffic_of(Requests([0.0, 2.0, 4.0], [100, 200, 300], [5, 10, 15]))
    >>> told.asked, told.answered, told.rate
    (200.0, 10.0, 0.5)
    """
    span = float(requests.arrived_s[-1] - requests.arrived_s[0])
    own = (len(requests) - 1) / span if span > 0 else None
    return Traffic(
        float(requests.prompt.mean()),
        float(requests.output.mean()),
        spread=float(max(x.std() / x.mean() for x in (requests.prompt, requests.output))),
        cached=cached,
        rate=rate if rate is not None or users is not None else own,
        users=users,
        prompts=requests.prompt,
        outputs=requests.output,
    )


@dataclass(frozen=True)
class Objective:
    """The latency that a share of the requests must stay within; None where there is no limit.

    Parameters
    ----------
    ttft_s, tpot_s, e2e_s
        [s] Time to the first token, per output token after the first, and to the last token.
    at
        Share of the requests that stay within each limit.

    Raises
    ------
    UsageError
        If a limit or the share is out of range.

    Examples
    --------
    >>> Objective(ttft_s=1.0, tpot_s=0.05).limits
    {'ttft_s': 1.0, 'tpot_s': 0.05}
    """

    ttft_s: float | None = None
    tpot_s: float | None = None
    e2e_s: float | None = None
    at: float = 0.9

    def __post_init__(self) -> None:
        for name, usual in zip(LIMITS, ("1", "0.05", "30"), strict=True):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value > 0):
                raise _refuse(f"--{name.removesuffix('_s')}", value, "It is above 0 s", usual)
        if not 0 < self.at < 1:
            raise _refuse("--at", self.at, "It is a share between 0 and 1", "0.9")

    @property
    def limits(self) -> dict[str, float]:
        """The limits that there are [s]."""
        found = {name: getattr(self, name) for name in LIMITS}
        return {name: value for name, value in found.items() if value is not None}
