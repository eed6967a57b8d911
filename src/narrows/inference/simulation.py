"""The public question: how long do requests wait, at what throughput, on this deployment?"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.errors import UsageError
from narrows.inference import serving, serving_kernel
from narrows.inference.engine import MOST_TOKENS, Engine, Requests, gap_quantile
from narrows.inference.split import Split, serve_split

if TYPE_CHECKING:
    from narrows.inference.engine import Served
    from narrows.inference.steps import StepTable

__all__ = ["Simulation", "arrive", "draw_lengths", "grows", "simulate"]

SHARES = (0.5, 0.9, 0.99)
GROWTH = 0.05
"""Seconds of waiting gained in a second, from which a queue counts as growing without bound."""
LEAST = 20
"""Requests from which a queue is judged."""


@dataclass(frozen=True, slots=True, eq=False)
class Simulation:
    """What a deployment does with requests.

    Parameters
    ----------
    requests, engine
        What was asked.
    served
        Latency of every request.
    saturated
        Whether the queue grows without bound: latencies then depend on the length of the trace alone.
    split
        Engines for prompts and for decoding, where they differ.
    """

    requests: Requests
    engine: Engine
    served: Served
    saturated: bool
    split: Split | None = None

    @property
    def cached_share(self) -> float | None:
        """Share of the prompt tokens found in the prefix cache; None without one."""
        if self.served.cached is None:
            return None
        return float(self.served.cached.sum() / self.requests.prompt.sum())

    @property
    def tokens_per_verification(self) -> float | None:
        """Tokens that a decoding request gains in a step; None without speculation."""
        if not self.served.verifications:
            return None
        return self.served.verified / self.served.verifications

    def tpot_s(self) -> np.ndarray:
        """Return the time per output token after the first of each request with more than one [s]."""
        more = self.requests.output > 1
        return (self.served.e2e_s - self.served.ttft_s)[more] / (self.requests.output[more] - 1)

    def to_json(self) -> dict[str, Any]:
        """Return throughput, preemptions and the quantiles of latency.

        Returns
        -------
        dict
            Latencies are None where the queue grows without bound, and ``reason`` says so. ``tpot_s`` is
            (E2E - TTFT)/(tokens - 1) over requests; ``tbt_s`` is over gaps between tokens.
        """
        served = self.served
        span = served.makespan_s - float(self.requests.arrived_s[0])
        answer: dict[str, Any] = {
            "requests": len(self.requests),
            "policy": self.engine.policy,
            "replicas": self.engine.replicas,
            "saturated": self.saturated,
            "requests_per_s": len(self.requests) / span if span > 0 else None,
            "output_tokens_per_s": float(self.requests.output.sum()) / span if span > 0 else None,
            "makespan_s": served.makespan_s,
            "batches": served.iterations,
            "preemptions": int(served.restarts.sum()),
            "peak_blocks": served.peak_blocks,
        }
        if self.split is not None:
            split = self.split
            moved = self.requests.prompt[self.requests.output > 1]
            answer["replicas"] = split.prompts + split.decodes
            answer["prompt_replicas"], answer["decode_replicas"] = split.prompts, split.decodes
            answer["transfer_s"] = float(split.transfer_s(moved).mean()) if moved.size else None
        for name in ("cached_share", "tokens_per_verification"):
            if getattr(self, name) is not None:
                answer[name] = getattr(self, name)
        times = {
            "queue_s": served.queue_s,
            "ttft_s": served.ttft_s,
            "tpot_s": self.tpot_s(),
            "e2e_s": served.e2e_s,
        }
        for name, values in times.items():
            answer[name] = {
                f"p{100 * share:.0f}": None
                if self.saturated or not values.size
                else float(np.quantile(values, share))
                for share in SHARES
            }
        gaps = {f"p{100 * share:.0f}": gap_quantile(served.gaps, share) for share in SHARES}
        answer["tbt_s"] = {
            name: None if self.saturated or math.isnan(value) else value for name, value in gaps.items()
        }
        if self.saturated:
            answer["reason"] = "the queue grows without bound at this rate: latency has no limit"
        return answer


def arrive(count: int, rate: float, *, cv: float = 1.0, seed: int = 42) -> np.ndarray:
    """Return times of arrival [s].

    Parameters
    ----------
    count
        Requests.
    rate
        [1/s] Mean rate.
    cv
        Standard deviation of the gaps over their mean: 1 is Poisson, above is bursty (gamma), 0 is even.
    seed
        Seed of the draws.

    Raises
    ------
    UsageError
        If the rate is not positive or the variation is negative.

    Examples
    --------
    >>> arrive(4, 2.0, cv=0.0).tolist()
    [0.5, 1.0, 1.5, 2.0]
    """
    if not (math.isfinite(rate) and rate > 0):
        raise UsageError(
            f"The rate is {rate:g} requests per second", "A rate is above 0 and finite", "Give --rate 5"
        )
    if not (math.isfinite(cv) and cv >= 0):
        raise UsageError(f"The variation of the gaps is {cv:g}", "It is 0 or more", "Give --cv 1")
    if cv == 0:
        return np.arange(1, count + 1) / rate
    shape = 1 / cv**2
    return np.cumsum(np.random.default_rng(seed).gamma(shape, 1 / (rate * shape), count))


def draw_lengths(count: int, mean: float, *, cv: float = 0.0, seed: int = 42) -> np.ndarray:
    """Return lengths with a lognormal spread, in whole tokens of at least 1.

    Parameters
    ----------
    count
        Requests.
    mean
        [token] Mean length before rounding.
    cv
        Standard deviation over the mean; 0 makes all alike.
    seed
        Seed of the draws.

    Raises
    ------
    UsageError
        If the count is below 1, the mean is out of range or the variation is negative.

    Examples
    --------
    >>> draw_lengths(3, 200.0).tolist()
    [200, 200, 200]
    """
    if count < 1:
        raise UsageError(
            f"There are {count} requests", "A simulation has at least one", "Give --requests 1000"
        )
    if not 1 <= mean <= MOST_TOKENS:
        raise UsageError(
            f"The mean length is {mean:g} tokens",
            f"A length is from 1 to {MOST_TOKENS}",
            "Give --input-tokens 1000",
        )
    if not (math.isfinite(cv) and cv >= 0):
        raise UsageError(f"The variation of the lengths is {cv:g}", "It is 0 or more", "Give --length-cv 1")
    width = math.sqrt(math.log1p(cv**2))
    drawn = np.random.default_rng(seed).lognormal(math.log(mean) - width**2 / 2, width, count)
    lengths: np.ndarray = np.clip(np.rint(drawn), 1, MOST_TOKENS).astype(np.int64)
    return lengths


def simulate(
    requests: Requests,
    table: StepTable,
    engine: Engine | None = None,
    *,
    split: Split | None = None,
    rate: float | None = None,
    cv: float = 1.0,
    seed: int = 42,
    compiled: bool = True,
    batches: bool = False,
) -> Simulation:
    """Return latency and throughput of requests on a deployment.

    Parameters
    ----------
    requests
        Lengths, and times of arrival.
    table
        How long a step takes.
    engine
        Replicas and their limits; one replica with the defaults of `Engine` if left out.
    split
        Engines for prompts and for decoding instead of equal replicas.
    rate
        [1/s] Replace the times of arrival by gamma gaps of this rate; those of the requests if left out.
    cv, seed
        Variation of the gaps (1: Poisson) and seed, with `rate`.
    compiled
        Whether to use the compiled kernel; its plain twin gives the same numbers.
    batches
        Whether to keep every batch.

    Raises
    ------
    DataError, UsageError, RunError
        If the requests, the rate or the engine cannot be simulated.

    Examples
    --------
    >>> from narrows.inference.steps import StepTable
    >>> asked = Requests([0.0] * 50, [200] * 50, [20] * 50)
    >>> answer = simulate(asked, StepTable.from_law([0.01]), rate=5.0)
    >>> answer.saturated, answer.to_json()["preemptions"]
    (False, 0)
    """
    if rate is not None:
        requests = replace(requests, arrived_s=arrive(len(requests), rate, cv=cv, seed=seed))
    run = serving_kernel.serve if compiled else serving.serve
    deployment = engine or Engine()
    if split is None:
        served = run(requests, table, deployment, batches=batches)
        full = grows(requests.arrived_s, served.queue_s, served.e2e_s)
        return Simulation(requests, deployment, served, full)
    served, waits = serve_split(requests, table, deployment, split, serve=run, batches=batches)
    more = requests.output > 1
    full = grows(requests.arrived_s, served.queue_s, served.ttft_s) or grows(
        requests.arrived_s[more], waits, (served.e2e_s - served.ttft_s)[more]
    )
    return Simulation(requests, deployment, served, full, split)


def grows(times: np.ndarray, waits: np.ndarray, spent: np.ndarray) -> bool:
    """Return whether a queue grows without bound: in both halves of a trace, to above the time of service.

    Parameters
    ----------
    times, waits, spent
        Arrival, wait and whole time of each request [s].
    """
    if len(times) < LEAST or times[0] == times[-1]:
        return False
    half, tenth = len(times) // 2, max(len(times) // 10, 5)
    rising = all(_slope(times[part], waits[part]) > GROWTH for part in (slice(0, half), slice(half, None)))
    return bool(rising and np.median(waits[-tenth:]) > np.median(spent - waits))


def _slope(x: np.ndarray, y: np.ndarray) -> float:
    away = x - x.mean()
    spread = float(away @ away)
    return float(away @ y) / spread if spread > 0 else math.inf
