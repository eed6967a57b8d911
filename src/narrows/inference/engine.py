"""What a serving simulation is given and what it returns: requests, engine, latencies, batches."""

from __future__ import annotations

import csv
import math
import random
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from narrows.errors import DataError, UsageError

if TYPE_CHECKING:
    from narrows.inference.steps import StepTable

__all__ = [
    "Batches",
    "Engine",
    "Requests",
    "Served",
    "check",
    "gap_bin",
    "gap_quantile",
    "read_requests",
    "routes",
]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

ROUTINGS = ("round_robin", "lor", "least_outstanding", "random")
POLICIES = ("sarathi", "vllm", "orca", "static")
WATERMARKS = {"sarathi": 0.01, "vllm": 0.0, "orca": 0.0, "static": 0.0}
"""Share of the blocks that admission leaves free by default; vLLM's block manager has none."""
MOST_DRAFTS = 64
MOST_CACHE = 2**26
"""Blocks of an engine with a prefix cache at most: each is followed by itself."""
COLUMNS = ("arrived_at", "num_prefill_tokens", "num_decode_tokens")
MOST_TOKENS = 2**24
"""Tokens of one request at most."""
MOST_REPLICAS = 4096
BINS_PER_DOUBLING = 256
FIRST_DOUBLING = -20
"""Gaps between tokens are counted from 2^-20 s on, in bins of equal width within each doubling."""
DOUBLINGS = 36
BINS = DOUBLINGS * BINS_PER_DOUBLING


@dataclass(frozen=True, slots=True, eq=False)
class Requests:
    """Requests in order of arrival.

    Parameters
    ----------
    arrived_s
        [s] Times of arrival, not decreasing.
    prompt
        [token] Lengths of the prompts, at least 1.
    output
        [token] Tokens to generate, at least 1.
    hashes, offsets
        Names of the blocks of the prompts, one list after the other; those of request i lie from
        ``offsets[i]`` to ``offsets[i + 1]``. A block has one name wherever the same tokens stand before
        its end. None where they are not known.
    hash_tokens
        [token] Size of such a block; the last of a prompt may be shorter.

    Raises
    ------
    DataError
        If there are none, the lists differ in length, times decrease or are not finite, or a length is
        out of range, or a prompt has another number of hashes than of blocks.

    Examples
    --------
    >>> len(Requests([0.0, 1.5], [100, 30], [5, 9]))
    2
    """

    arrived_s: Floats
    prompt: Integers
    output: Integers
    hashes: Integers | None = None
    offsets: Integers | None = None
    hash_tokens: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "arrived_s", np.ascontiguousarray(self.arrived_s, dtype=np.float64))
        for name in ("prompt", "output"):
            object.__setattr__(self, name, _whole(name, getattr(self, name)))
        if self.arrived_s.ndim != 1 or not self.arrived_s.shape == self.prompt.shape == self.output.shape:
            raise DataError(
                f"Requests have {self.arrived_s.size} arrivals, {self.prompt.size} prompts and "
                f"{self.output.size} outputs",
                "Each request has one arrival, one prompt and one output",
                "Give three lists of one length",
            )
        if not len(self):
            raise DataError(
                "There are no requests", "A simulation has at least one request", "Give a trace with rows"
            )
        if not np.isfinite(self.arrived_s).all():
            row = int(np.argmin(np.isfinite(self.arrived_s)))
            raise DataError(
                f"Request {row + 1} arrives at {self.arrived_s[row]}",
                "A time of arrival is a finite number of seconds",
                "Mend the row or leave it out",
            )
        later = np.diff(self.arrived_s) < 0
        if later.any():
            row = int(np.argmax(later)) + 1
            raise DataError(
                f"Request {row + 1} arrives at {self.arrived_s[row]:g} s, before request {row} at "
                f"{self.arrived_s[row - 1]:g} s",
                "Requests stand in order of arrival",
                "Sort the trace by arrived_at",
            )
        if self.hashes is not None:
            self._check_hashes()

    def _check_hashes(self) -> None:
        hashes, offsets = (np.asarray(found, dtype=np.int64) for found in (self.hashes, self.offsets))
        if offsets.shape != (len(self) + 1,) or offsets[0] != 0 or offsets[-1] != hashes.size:
            raise DataError(
                f"There are {hashes.size} hashes and {offsets.size} offsets for {len(self)} requests",
                "Offsets start at 0, end at the number of hashes, and are one more than the requests",
                "Give the offset of each request and the end",
            )
        wanted = -(-self.prompt // max(self.hash_tokens, 1))
        wrong = np.diff(offsets) != wanted
        if self.hash_tokens < 1 or wrong.any():
            row = int(np.argmax(wrong))
            raise DataError(
                f"Request {row + 1} has {np.diff(offsets)[row]} hashes for {self.prompt[row]} tokens",
                f"There is one hash for each block of {self.hash_tokens} tokens, the last may be shorter",
                "Mend the row or leave it out",
            )
        object.__setattr__(self, "hashes", np.ascontiguousarray(hashes))
        object.__setattr__(self, "offsets", np.ascontiguousarray(offsets))

    def __len__(self) -> int:
        return self.arrived_s.size


def _whole(name: str, values: object) -> Integers:
    found = np.asarray(values)
    able = found.dtype.kind in "iuf" and bool(((found >= 1) & (found <= MOST_TOKENS)).all())
    lengths = found.astype(np.int64) if able else None
    if lengths is None or not (lengths == found).all():
        bad = [x for x in found.ravel().tolist() if not _is_length(x)]
        raise DataError(
            f"A request has {name} {bad[0]!r}" if bad else f"The lengths {name} are not numbers",
            f"Prompt and output are whole numbers of tokens from 1 to {MOST_TOKENS}",
            "Mend the row or leave it out",
        )
    return np.ascontiguousarray(lengths)


def _is_length(value: object) -> bool:
    return (
        isinstance(value, int | float)
        and math.isfinite(value)
        and 1 <= value <= MOST_TOKENS
        and value % 1 == 0
    )


def read_requests(path: str | Path) -> Requests:
    """Return the requests of a CSV file with ``arrived_at, num_prefill_tokens, num_decode_tokens``.

    Parameters
    ----------
    path
        The file, plain or with the ending ``.gz``; times in seconds.

    Raises
    ------
    DataError
        If the file cannot be read, lacks a column or holds a cell that is not a number.
    """
    import gzip

    where = Path(path)
    try:
        with (
            gzip.open(where, "rt", encoding="utf-8")
            if where.suffix == ".gz"
            else where.open(encoding="utf-8", newline="") as file
        ):
            rows = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
            if missing:
                raise DataError(
                    f"The trace {str(path)!r} has no column {missing[0]!r}",
                    f"A trace has the columns {', '.join(COLUMNS)}",
                    "Add the column, or name another file",
                )
            cells = [[_cell(path, rows.line_num, name, row[name]) for name in COLUMNS] for row in rows]
    except (OSError, UnicodeDecodeError, csv.Error, EOFError) as error:
        raise DataError(
            f"The trace {str(path)!r} cannot be read: {getattr(error, 'strerror', None) or error}",
            f"A trace is a CSV file with the columns {', '.join(COLUMNS)}",
            "Name another file",
        ) from error
    if not cells:
        raise DataError(
            f"The trace {str(path)!r} has no rows",
            "A simulation has at least one request",
            "Give a trace with rows",
        )
    columns = np.array(cells, dtype=np.float64).T
    return Requests(columns[0], columns[1], columns[2])


def _cell(path: str | Path, line: int, name: str, text: str | None) -> float:
    try:
        return float(text or "")
    except ValueError:
        raise DataError(
            f"Line {line} of the trace {str(path)!r} has {name} {text!r}",
            "Every cell of a trace is a number",
            "Mend the row or leave it out",
        ) from None


@dataclass(frozen=True, slots=True)
class Engine:
    """A deployment: equal replicas of one engine.

    Parameters
    ----------
    replicas
        Engines that share the arrivals.
    blocks
        Cache blocks of one engine.
    block_tokens
        [token] Size of a block.
    chunk
        [token] Most tokens in one batch; of prompts alone with ``orca`` and ``static``.
    sequences
        Most requests that hold cache at a time in one engine.
    watermark
        Share of the blocks that admission leaves free; that of the policy if left out.
    routing
        ``round_robin``; ``lor``: the fewest waiting requests; ``least_outstanding``: the fewest waiting and
        running; ``random``. Lowest index on a tie, decided at arrival.
    seed
        Seed of the random routing and of the acceptance of drafts.
    policy
        How a batch is formed: ``sarathi``, ``vllm``, ``orca`` or ``static``; the rules are in
        `narrows.inference.serving` and `narrows.inference.policies`.
    prefix_cache
        Whether blocks of finished requests serve later ones; with ``vllm`` and requests with hashes.
    speculate
        Tokens drafted for each decoding request in a step; with ``vllm``.
    acceptance
        Chance that a drafted token is accepted, given that those before it were.
    draft_share
        Time to draft one token for all, as a share of a decoding step.

    Raises
    ------
    UsageError
        If a number is out of range, or the routing or the policy is not known or lacks an option.

    Examples
    --------
    >>> Engine(blocks=2000).reserve
    20
    """

    replicas: int = 1
    blocks: int = 29_696
    block_tokens: int = 16
    chunk: int = 512
    sequences: int = 512
    watermark: float | None = None
    routing: str = "round_robin"
    seed: int = 42
    policy: str = "sarathi"
    prefix_cache: bool = False
    speculate: int = 0
    acceptance: float = 0.0
    draft_share: float = 0.0

    def __post_init__(self) -> None:
        limits = {
            "replicas": MOST_REPLICAS,
            "blocks": 2**40,
            "block_tokens": MOST_TOKENS,
            "chunk": MOST_TOKENS,
            "sequences": 2**20,
        }
        for name, most in limits.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
                raise UsageError(
                    f"The engine has {name} {value!r}",
                    f"The number {name} is whole, from 1 to {most}",
                    "Give another",
                )
        if self.watermark is not None and not 0 <= self.watermark < 1:
            raise UsageError(
                f"The watermark is {self.watermark!r}", "It is a share from 0 to below 1", "Give 0.01"
            )
        if self.routing not in ROUTINGS:
            raise UsageError(
                f"The routing is {self.routing!r}", f"Routings are {', '.join(ROUTINGS)}", "Give one of them"
            )
        if self.policy not in POLICIES:
            raise UsageError(
                f"The policy is {self.policy!r}", f"Policies are {', '.join(POLICIES)}", "Give one of them"
            )
        self._check_drafts()
        self._check_policy()

    def _check_drafts(self) -> None:
        drafts = self.speculate
        if type(drafts) is not int or not 0 <= drafts <= MOST_DRAFTS:
            raise UsageError(
                f"The engine drafts {drafts!r} tokens in a step",
                f"That number is whole, from 0 to {MOST_DRAFTS}",
                "Give --speculate 4",
            )
        if not 0 <= self.acceptance <= 1:
            raise UsageError(
                f"The acceptance of a drafted token is {self.acceptance!r}",
                "It is a share from 0 to 1",
                "Give --acceptance 0.7",
            )
        if not 0 <= self.draft_share < math.inf:
            raise UsageError(
                f"A drafted token takes {self.draft_share!r} of a decoding step",
                "That share is 0 or more and finite",
                "Give --draft-share 0.05",
            )

    def _check_policy(self) -> None:
        asked = "a prefix cache" if self.prefix_cache else "speculative decoding"
        if (self.prefix_cache or self.speculate) and self.policy != "vllm":
            raise UsageError(
                f"The policy {self.policy} is asked for {asked}",
                "Prefix cache and speculative decoding are rules of vllm",
                "Add --policy vllm",
            )
        if self.policy == "vllm" and self.chunk < self.sequences:
            raise UsageError(
                f"The engine may have {self.chunk} tokens in a batch and {self.sequences} sequences",
                "With vllm each running request has at least one token of the batch",
                "Give a larger --chunk or fewer --sequences",
            )
        if self.prefix_cache and self.blocks > MOST_CACHE:
            raise UsageError(
                f"The engine has blocks {self.blocks}",
                f"With a prefix cache there are at most {MOST_CACHE}",
                "Give fewer",
            )

    @property
    def reserve(self) -> int:
        """Blocks that admission leaves free."""
        share = WATERMARKS[self.policy] if self.watermark is None else self.watermark
        return int(share * self.blocks)


def routes(count: int, engine: Engine) -> Integers | None:
    """Return the replica of each request; None where it depends on the queues.

    Examples
    --------
    >>> routes(5, Engine(replicas=2)).tolist()
    [0, 1, 0, 1, 0]
    """
    if engine.replicas == 1:
        return np.zeros(count, dtype=np.int64)
    if engine.routing in {"lor", "least_outstanding"}:
        return None
    if engine.routing == "round_robin":
        return np.arange(count, dtype=np.int64) % engine.replicas
    choose = random.Random(engine.seed)  # noqa: S311 (a simulation, not a secret)
    return np.array([choose.randint(0, engine.replicas - 1) for _ in range(count)], dtype=np.int64)


def check(requests: Requests, table: StepTable, engine: Engine) -> None:
    """Refuse what can never be served, or what the step table does not cover.

    Raises
    ------
    DataError
        If a request is longer than the cache or the table, or batches may be larger than the table.
    """
    if engine.prefix_cache:
        _check_hashed(requests, engine)
    if engine.policy in {"orca", "static"} and int(requests.prompt.max()) > engine.chunk:
        row = int(np.argmax(requests.prompt))
        raise DataError(
            f"Request {row + 1} has a prompt of {int(requests.prompt[row])} tokens",
            f"The policy {engine.policy} takes a prompt whole, and a batch has at most {engine.chunk} tokens "
            "of prompts",
            "Give a larger --chunk, or a policy that cuts prompts: sarathi, vllm",
        )
    tokens = requests.prompt + requests.output + engine.speculate
    row = int(np.argmax(tokens))
    longest = int(tokens[row])
    room = (engine.blocks - engine.reserve) * engine.block_tokens
    if longest > room:
        raise DataError(
            f"Request {row + 1} has {longest} tokens",
            f"The cache admits {room}: {engine.blocks} blocks of {engine.block_tokens} less "
            f"{engine.reserve} in reserve",
            "Give more blocks, or leave the request out",
        )
    if longest > table.most_context:
        raise DataError(
            f"Request {row + 1} has {longest} tokens",
            f"The step table covers {table.most_context}",
            "Give a larger table, or leave the request out",
        )
    limits = {
        "sequences": (engine.sequences, table.most_sequences),
        "tokens in a chunk": (engine.chunk, table.most_chunk),
        "tokens in a batch": (engine.chunk + engine.sequences, table.most_tokens),
    }
    for name, (given, most) in limits.items():
        if given > most:
            raise DataError(
                f"The engine may have {given} {name}",
                f"The step table covers {most}",
                "Give a larger table, or an engine with fewer",
            )


def _check_hashed(requests: Requests, engine: Engine) -> None:
    if requests.hashes is None:
        raise DataError(
            "The engine has a prefix cache, and the requests have no hashes",
            "A trace with hashes names each block of a prompt, as Mooncake's .jsonl does",
            "Give such a trace, or leave the prefix cache out",
        )
    if requests.hash_tokens != engine.block_tokens:
        raise DataError(
            f"The hashes are of {requests.hash_tokens} tokens and the blocks of {engine.block_tokens}",
            "A block of the prefix cache has one hash",
            f"Give --block-tokens {requests.hash_tokens}, and as many fewer --blocks",
        )


@dataclass(frozen=True, slots=True, eq=False)
class Batches:
    """Every batch, in order of its start; the replica breaks ties.

    Parameters
    ----------
    start_s, duration_s
        [s] When it starts and how long it takes.
    replica
        Which engine.
    n_decode, decode_kv_tokens
        Decoding requests, and the sum of their contexts [token].
    n_prefill, prefill_tokens
        Chunks of prompts, and their tokens.
    prefill_kv_ceil64
        [token] Sum of the contexts before the chunks, each rounded up to 64.
    prefill_sum_sq
        [token^2] Sum of the squared chunks.
    blocks_in_use
        Cache blocks held once the batch is formed.
    """

    start_s: Floats
    duration_s: Floats
    replica: Integers
    n_decode: Integers
    decode_kv_tokens: Integers
    n_prefill: Integers
    prefill_tokens: Integers
    prefill_kv_ceil64: Integers
    prefill_sum_sq: Integers
    blocks_in_use: Integers

    @classmethod
    def of(cls, times: Floats, counts: Integers) -> Batches:
        """Return batches from columns in any order: two of times, eight of counts, replica first."""
        order = np.lexsort((counts[0], times[0]))
        return cls(*times[:, order], *counts[:, order])


@dataclass(frozen=True, slots=True, eq=False)
class Served:
    """What became of the requests, in order of arrival.

    Parameters
    ----------
    queue_s
        [s] From arrival to the first batch.
    ttft_s
        [s] From arrival to the first token.
    e2e_s
        [s] From arrival to the last token.
    restarts
        How often the request lost its cache and was recomputed.
    replica
        Which engine served it.
    gaps
        Number of gaps between tokens in each bin, see `gap_quantile`.
    iterations
        Batches.
    peak_blocks
        Most cache blocks in use in one engine.
    makespan_s
        [s] When the last batch ends.
    batches
        Every batch, where asked for.
    cached
        [token] Prompt of each request found in the prefix cache when it was first admitted; None without
        one.
    verifications, verified
        Decoding requests over all batches, and the tokens that they were given; 0 without speculation.
    """

    queue_s: Floats
    ttft_s: Floats
    e2e_s: Floats
    restarts: NDArray[np.int32]
    replica: NDArray[np.int32]
    gaps: Integers
    iterations: int
    peak_blocks: int
    makespan_s: float
    batches: Batches | None = None
    cached: Integers | None = None
    verifications: int = 0
    verified: int = 0


def gap_bin(gap_s: float) -> int:
    """Return the bin that counts a gap between tokens.

    Examples
    --------
    >>> gap_bin(2.0**-20), gap_bin(2.0**-19), gap_bin(0.0)
    (0, 256, 0)
    """
    if gap_s <= 0:
        return 0
    mantissa, doubling = math.frexp(gap_s)
    place = (doubling - 1 - FIRST_DOUBLING) * BINS_PER_DOUBLING + int((2 * mantissa - 1) * BINS_PER_DOUBLING)
    return min(max(place, 0), BINS - 1)


def gap_quantile(gaps: Integers, share: float) -> float:
    """Return a quantile of the gaps between tokens [s], exact to 0.2 %; NaN where there are none.

    Parameters
    ----------
    gaps
        Counts by bin.
    share
        From 0 to 1.
    """
    total = int(gaps.sum())
    if not total:
        return math.nan
    place = int(np.searchsorted(np.cumsum(gaps), max(share * total, 1)))
    doubling, part = divmod(place, BINS_PER_DOUBLING)
    return math.ldexp(1 + (part + 0.5) / BINS_PER_DOUBLING, doubling + FIRST_DOUBLING)
