"""Prompts on some engines, decoding on others: two runs of one simulation with a transfer between."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np

from narrows.errors import UsageError
from narrows.inference.engine import Batches, Engine, Requests, Served

if TYPE_CHECKING:
    from collections.abc import Callable

    from narrows.inference.engine import Floats
    from narrows.inference.steps import StepTable

__all__ = ["Split", "serve_split"]


@dataclass(frozen=True, slots=True)
class Split:
    """Engines for prompts, engines for decoding, and the link between them.

    Parameters
    ----------
    prompts, decodes
        Engines of each kind.
    cache_bytes_per_token
        [byte] Cache of one token.
    link_bytes_per_s
        [byte/s] Link over which the cache of one request goes.
    latency_s
        [s] Time of a transfer besides its bytes.

    Raises
    ------
    UsageError
        If a kind has no engine, or a number is out of range.

    Examples
    --------
    >>> float(Split(1, 3, cache_bytes_per_token=131072, link_bytes_per_s=50e9).transfer_s(np.array(1000)))
    0.00262144
    """

    prompts: int
    decodes: int
    cache_bytes_per_token: float
    link_bytes_per_s: float
    latency_s: float = 0.0

    def __post_init__(self) -> None:
        if min(self.prompts, self.decodes) < 1:
            raise UsageError(
                f"The split has {self.prompts} engines for prompts and {self.decodes} for decoding",
                "Each kind has at least one",
                "Give --split 1:1",
            )
        for name, least in (("cache_bytes_per_token", 0.0), ("link_bytes_per_s", 1.0), ("latency_s", 0.0)):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= least):
                raise UsageError(
                    f"The split has {name} {value!r}",
                    f"That number is {least:g} or more and finite",
                    "Give another",
                )

    def transfer_s(self, prompt: np.ndarray) -> Floats:
        """Return the time to move the cache of prompts [s]."""
        found: Floats = prompt * self.cache_bytes_per_token / self.link_bytes_per_s + self.latency_s
        return found


def serve_split(
    requests: Requests,
    table: StepTable,
    engine: Engine,
    split: Split,
    *,
    serve: Callable[..., Served],
    batches: bool = False,
) -> tuple[Served, Floats]:
    """Return what becomes of requests, and how long they wait for decoding [s].

    Parameters
    ----------
    requests, table
        As for one deployment.
    engine
        Limits of every engine; its number of replicas is that of the split.
    split
        Engines and link.
    serve
        The simulation of one deployment: of `narrows.inference.serving` or its compiled twin.
    batches
        Whether to return every batch.

    Raises
    ------
    UsageError
        If the policy is not vllm.

    Notes
    -----
    An engine for prompts hands out the first token; the cache then takes its bytes over the link and the
    latency, on a link of its own; an engine for decoding admits the request with its prompt in the cache.
    There a request that is preempted computes its prompt again. A prefix cache works on the engines for
    prompts, speculation on those for decoding. Engines for decoding are numbered after those for prompts.

    Examples
    --------
    >>> from narrows.inference.serving import serve
    >>> from narrows.inference.steps import StepTable
    >>> served, _ = serve_split(
    ...     Requests([0.0], [100], [3]), StepTable.from_law([1.0]), Engine(policy="vllm"),
    ...     Split(1, 1, cache_bytes_per_token=10.0, link_bytes_per_s=2000.0), serve=serve,
    ... )
    >>> served.ttft_s.tolist(), served.e2e_s.tolist()
    ([1.0], [3.5])
    """
    if engine.policy != "vllm":
        raise UsageError(
            f"The policy {engine.policy} is asked to split prompts from decoding",
            "The split is a rule of vllm",
            "Add --policy vllm",
        )
    one = replace(requests, output=np.ones_like(requests.output))
    first = serve(one, table, replace(engine, replicas=split.prompts, speculate=0), batches=batches)
    more = np.flatnonzero(requests.output > 1)
    if not more.size:
        return first, np.zeros(0)
    ended = requests.arrived_s + first.ttft_s
    ready = ended[more] + split.transfer_s(requests.prompt[more])
    order = np.argsort(ready, kind="stable")
    moved = more[order]
    second = serve(
        Requests(ready[order], requests.prompt[moved], requests.output[moved]),
        table,
        replace(engine, replicas=split.decodes, prefix_cache=False),
        batches=batches,
        since_s=ended[moved],
    )
    e2e, restarts, replica = first.e2e_s.copy(), first.restarts.copy(), first.replica.copy()
    e2e[moved] = ready[order] - requests.arrived_s[moved] + second.e2e_s
    restarts[moved] += second.restarts
    replica[moved] = split.prompts + second.replica
    served = replace(
        first,
        e2e_s=e2e,
        restarts=restarts,
        replica=replica,
        gaps=first.gaps + second.gaps,
        iterations=first.iterations + second.iterations,
        peak_blocks=max(first.peak_blocks, second.peak_blocks),
        makespan_s=max(first.makespan_s, second.makespan_s),
        batches=_joined(first.batches, second.batches, split.prompts),
        verifications=second.verifications,
        verified=second.verified,
    )
    return served, second.queue_s[np.argsort(moved)]


def _joined(first: Batches | None, second: Batches | None, shift: int) -> Batches | None:
    if first is None or second is None:
        return None
    second = replace(second, replica=second.replica + shift)
    columns = {
        field.name: np.concatenate([getattr(first, field.name), getattr(second, field.name)])
        for field in fields(Batches)
    }
    order = np.lexsort((columns["replica"], columns["start_s"]))
    return Batches(**{name: values[order] for name, values in columns.items()})
