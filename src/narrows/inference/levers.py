"""What each optimisation of software is worth on the same chips: ratios of the cost of an output token.

Each way of serving is simulated with every place taken; the cost of a token is chips over tokens a second,
so that a ratio of costs is one of speeds. The law's doubt is drawn once for both ways of a ratio: what they
share cancels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from narrows import draws
from narrows.errors import DataError, NarrowsError, UsageError
from narrows.fitted import Z90
from narrows.inference.deployment import place_of
from narrows.inference.engine import Engine, Requests, gap_quantile
from narrows.inference.fit import Setup, fit
from narrows.inference.law import groups_of, read_law, step_time
from narrows.inference.placed import placed_features, placed_steps
from narrows.inference.simulation import simulate
from narrows.inference.split import Split
from narrows.inference.traffic import Traffic
from narrows.transformer.registry import checkpoint, chip

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from narrows.inference.fit import Fit
    from narrows.inference.law import Placement
    from narrows.inference.steps import StepTable

    Array = NDArray[np.float64]

__all__ = ["CLAIMS", "Case", "Claim", "Lever", "Levers", "Way", "levers", "verdict"]

ENGINE = "trtllm"
MOST = 512
"""Most requests in flight in one engine, in every way."""
LEAST = 2
"""Requests that fit at least, for there to be a batch."""
GRAIN = 16
"""Draws of the law behind an interval."""
TURNS = 3
"""Requests of a simulation, in fillings of the engine; the middle one is timed."""
ROOMY = 1.2
"""Tokens that a static batch may begin with, over the mean prompts of a full one."""


@dataclass(frozen=True)
class Case:
    """The case that the ways are compared on.

    Parameters
    ----------
    model, draft
        The model that serves, and the smaller one that drafts for it.
    chip, chips
        The chips, and how many of them.
    asked, answered, spread
        Mean tokens of prompts and answers, and their standard deviation over the mean.
    shared
        Share of each prompt that is the same for all: a made-up share.
    drafts, acceptance
        Tokens drafted in a step, and the chance that each is accepted.
    few
        Requests in flight where few users are served.
    """

    model: str = "llama-3.1-70b"
    draft: str = "llama-3.1-8b"
    chip: str = "b200_sxm"
    chips: int = 8
    asked: float = 1000.0
    answered: float = 1000.0
    spread: float = 0.5
    shared: float = 0.5
    drafts: int = 4
    acceptance: float = 0.7
    few: int = 8


@dataclass(frozen=True)
class Way:
    """One way of serving.

    Parameters
    ----------
    weights, cache
        Precision of weights and of the cache.
    policy
        ``static``, ``orca`` (continuous, cache reserved) or ``vllm`` (continuous, paged).
    chunk
        Tokens of one step.
    prefix
        Whether the cache of shared beginnings is used.
    drafts
        Tokens drafted in a step.
    split
        Whether prompts run on chips of their own.
    most
        Most requests in flight in one engine.
    """

    weights: str = "bf16"
    cache: str = "bf16"
    policy: str = "static"
    chunk: int = 8192
    prefix: bool = False
    drafts: int = 0
    split: bool = False
    most: int = MOST


@dataclass(frozen=True)
class Lever:
    """What one change gives.

    Parameters
    ----------
    name
        The change.
    base, way
        The way before and the way after.
    gain, low, high
        Cost of a token before over after, with its 90 % interval; None where it does not run.
    gap_s
        Time between tokens that 99 % stay below, after the change [s].
    chips
        Chips of one engine after the change.
    why
        Why there is no number; empty where there is one.
    """

    name: str
    base: Way
    way: Way
    gain: float | None
    low: float | None = None
    high: float | None = None
    gap_s: float | None = None
    chips: int | None = None
    why: str = ""


@dataclass(frozen=True)
class Claim:
    """What the study says of some changes.

    Parameters
    ----------
    text
        The claim.
    lever
        The change that it is about.
    low, high
        The range that it names.
    """

    text: str
    lever: str
    low: float
    high: float


CLAIMS = (
    Claim("quantisation 2-4x: 16 bits to 8", "weights bf16 to fp8", 2.0, 4.0),
    Claim("quantisation 2-4x: 16 bits to 4", "weights bf16 to nvfp4", 2.0, 4.0),
    Claim("together 2-10x on the same hardware", "together", 2.0, 10.0),
)
"""The claims of the study, with their ranges."""


def verdict(low: float, high: float, claim: Claim) -> str:
    """Return what a 90 % interval says of a claim.

    Parameters
    ----------
    low, high
        The interval.
    claim
        The claim, with its range.

    Returns
    -------
    str
        ``supported`` where the interval lies in the range, ``contradicted`` where the two do not meet, else
        ``depends``.

    Examples
    --------
    >>> [verdict(low, 3.0, CLAIMS[0]) for low in (2.5, 1.5)], verdict(0.9, 1.5, CLAIMS[0])
    (['supported', 'depends'], 'contradicted')
    """
    if claim.low <= low and high <= claim.high:
        return "supported"
    return "contradicted" if high < claim.low or low > claim.high else "depends"


@dataclass(frozen=True)
class Levers:
    """Every change of a case.

    Parameters
    ----------
    case
        The case.
    alone, together
        Changes one by one on a base; and one after the other, each kept where it lowers the cost.
    verdicts
        Each claim with the change that it is about and what the numbers say.
    """

    case: Case
    alone: tuple[Lever, ...]
    together: tuple[Lever, ...]
    verdicts: tuple[tuple[Claim, Lever, str], ...]


def levers(case: Case | None = None, *, seed: int = 1, only: Collection[str] = ()) -> Levers:
    """Return what each change of software gives on the same chips.

    Parameters
    ----------
    case
        What is served on what; the usual case if left out.
    seed
        Seed of lengths and of the law's draws.
    only
        Names of the changes that are asked for; all if left out. The rest is simulated only as far as the
        changes together need it, and left out of the answer.

    Raises
    ------
    UnknownNameError
        The model or the chip is not known.
    DataError
        The first way, static batches in bf16, does not run at all.

    Notes
    -----
    All requests are at hand; the rate is that of the middle one of three fillings of the engine. Each way
    has the width, of 1, 2, 4 ... chips, that gives the most tokens of a chip at the law's median. For the
    interval 16 draws of the law's coefficients, of its groups that are not known, and of its scatter go
    through both simulations; the interval is log-normal, with the widening of the law. Without paging an
    engine reserves the longest request for each. A static batch takes all its prompts at once.

    Examples
    --------
    >>> found = levers(Case("llama-3.1-8b", "llama-3.1-8b", "h100_sxm", 1, 200.0, 50.0))
    >>> [one.gain is None for one in found.alone if one.name == "weights bf16 to nvfp4"]
    [True]
    """
    stage = _Stage(case or Case(), seed)
    static = Way()
    if stage.best(static) is None:
        raise DataError(
            f"{stage.case.model} in bf16 does not run on {stage.case.chips} x {stage.case.chip}",
            stage.refusal(static),
            "Name another chip, or more of them",
        )
    orca, paged = replace(static, policy="orca"), replace(static, policy="vllm")
    few = replace(paged, most=stage.case.few)
    drafts = stage.case.drafts
    changes = (
        ("continuous batches instead of static", static, orca),
        ("paged cache instead of reserved", orca, paged),
        ("weights bf16 to fp8", paged, replace(paged, weights="fp8")),
        ("weights bf16 to nvfp4", paged, replace(paged, weights="fp4")),
        ("cache bf16 to fp8", paged, replace(paged, cache="fp8")),
        ("prompts in chunks of 1024", paged, replace(paged, chunk=1024)),
        ("prefix cache", paged, replace(paged, prefix=True)),
        ("speculation, every place taken", paged, replace(paged, drafts=drafts)),
        (f"speculation, {stage.case.few} in flight", few, replace(few, drafts=drafts)),
        ("prompts on chips of their own", paged, replace(paged, split=True)),
    )
    alone = tuple(stage.lever(name, base, way) for name, base, way in changes if not only or name in only)
    steps: list[Lever] = []
    now = static
    for name, terms in (
        ("continuous batches", {"policy": "orca"}),
        ("paged cache", {"policy": "vllm"}),
        ("weights in fp8", {"weights": "fp8"}),
        ("weights in nvfp4", {"weights": "fp4"}),
        ("cache in fp8", {"cache": "fp8"}),
        ("prefix cache", {"prefix": True}),
        ("speculation", {"drafts": drafts}),
        ("prompts in chunks of 1024", {"chunk": 1024}),
    ):
        way = replace(now, **terms)
        if not only:
            steps.append(stage.lever(name, now, way))
        gain = stage.gain(now, way)
        now = way if gain is not None and gain > 1.0 else now
    whole = stage.lever("together", static, now)
    by = {one.name: one for one in (*alone, whole)}
    verdicts = tuple(
        (claim, by[claim.lever], verdict(by[claim.lever].low or 0.0, by[claim.lever].high or 0.0, claim))
        for claim in CLAIMS
        if claim.lever in by and by[claim.lever].gain is not None
    )
    return Levers(stage.case, alone, (*steps, whole), verdicts)


@dataclass(frozen=True)
class _Run:
    """Speed of one chip and the gap between tokens."""

    tokens_per_s: float
    gap_s: float


class _Stage:
    """The case, with what has been simulated."""

    def __init__(self, case: Case, seed: int) -> None:
        self.case, self.seed = case, seed
        self.card = chip(case.chip)
        self.kept, self.small = checkpoint(case.model), checkpoint(case.draft)
        self.widths: dict[Way, int | None] = {}
        self.refusals: dict[Way, str] = {}
        self.runs: dict[tuple[Way, int, int], _Run] = {}
        self.features: dict[tuple[Placement, int], tuple[Array, ...]] = {}

    def refusal(self, way: Way) -> str:
        """Return why a way does not run."""
        return self.refusals.get(way, "")

    def lever(self, name: str, base: Way, way: Way) -> Lever:
        """Return what a change gives, with its interval."""
        before, after, gain = self.best(base), self.best(way), self.gain(base, way)
        if before is None or after is None or gain is None:
            return Lever(name, base, way, None, why=self.refusal(way) or self.refusal(base))
        logs = [
            math.log(self.run(way, after, row).tokens_per_s / self.run(base, before, row).tokens_per_s)
            for row in range(1, GRAIN + 1)
        ]
        half = self.wide * float(np.std(logs, ddof=1))
        found = self.run(way, after, 0)
        return Lever(
            name,
            base,
            way,
            gain,
            gain * math.exp(-half),
            gain * math.exp(half),
            found.gap_s,
            after,
        )

    def gain(self, base: Way, way: Way) -> float | None:
        """Return what a change gives at the law's median; None where one of the two does not run."""
        before, after = self.best(base), self.best(way)
        if before is None or after is None:
            return None
        return self.run(way, after, 0).tokens_per_s / self.run(base, before, 0).tokens_per_s

    @property
    def mean(self) -> float:
        """Tokens of a request."""
        return self.case.asked + self.case.answered

    @cached_property
    def longest(self) -> int:
        """Tokens of the longest request, which an engine reserves for every one that does not page."""
        asked = self._requests(TURNS * MOST, Way())
        return int((asked.prompt + asked.output).max())

    def best(self, way: Way) -> int | None:
        """Return the width with the most tokens of a chip; None where none runs."""
        if way not in self.widths:
            speeds: dict[int, float] = {}
            width = 1
            while width <= self.case.chips:
                try:
                    speeds[width] = self.run(way, width, 0).tokens_per_s
                except NarrowsError as problem:
                    self.refusals[way] = problem.given
                width *= 2
            self.widths[way] = max(speeds, key=lambda tp: speeds[tp]) if speeds else None
        return self.widths[way]

    @cached_property
    def wide(self) -> float:
        """Factor from the standard deviation to half of the 90 % interval."""
        factors = read_law()["token"].widening["seen"]
        return max(factors.get(ENGINE, factors.get("", Z90)), Z90)

    def room(self, way: Way, width: int) -> tuple[Fit, Placement]:
        """Return the balance of memory of a way, and its placement."""
        if way.weights not in self.card.flop_per_s:
            raise UsageError(
                f"{self.card.id} does not compute in {way.weights}",
                f"It computes in {', '.join(self.card.flop_per_s)}",
                "Name another chip",
            )
        setup = Setup(tp=width, weights=way.weights, kv=way.cache)
        room = fit(self.kept, self.card.id, setup, remedies=False)
        if room.sequences(math.ceil(self.mean)) < LEAST:
            raise DataError(
                f"It does not fit {width} x {self.card.id}", "Two requests fit", "Give more chips"
            )
        return room, place_of(self.kept, self.card, setup, ENGINE)

    def run(self, way: Way, width: int, row: int) -> _Run:
        """Return what a way does on one width in one draw of the law; row 0 is its median."""
        key = (way, width, row)
        if key not in self.runs:
            self.runs[key] = self._simulated(way, width, row)
        return self.runs[key]

    def _simulated(self, way: Way, width: int, row: int) -> _Run:
        room, place = self.room(way, width)
        paged = way.policy == "vllm"
        most = min(way.most, room.sequences(math.ceil(self.mean if paged else self.longest)))
        busy = max(most, 1)
        chunk = (
            max(way.chunk, math.ceil(busy * self.case.asked * ROOMY)) if way.policy == "static" else way.chunk
        )
        table = self._table(way, place, (row, chunk))
        engine = Engine(
            blocks=room.blocks,
            chunk=chunk,
            sequences=way.most if paged else busy,
            policy=way.policy,
            prefix_cache=way.prefix,
            speculate=way.drafts,
            acceptance=self.case.acceptance if way.drafts else 0.0,
            draft_share=self._draft_share(way, width, busy) if way.drafts else 0.0,
            seed=self.seed,
        )
        asked = self._requests(TURNS * busy, way)
        if not way.split:
            served = simulate(asked, table, engine).served
            return _Run(self._rate(asked, served.e2e_s, busy) / width, gap_quantile(served.gaps, 0.99))
        return self._split(way, width, (table, engine, room, busy))

    def _split(self, way: Way, width: int, rest: tuple[StepTable, Engine, Fit, int]) -> _Run:
        """Return the best of the numbers of workers for prompts and for decoding."""
        table, engine, room, busy = rest
        found = []
        workers = max(2, self.case.chips // width)
        for prompts in range(1, workers):
            decodes = workers - prompts
            split = Split(
                prompts,
                decodes,
                cache_bytes_per_token=room.kv_bytes_per_token * width,
                link_bytes_per_s=self.card.scale_up_bytes_per_s * width,
            )
            many = self._requests(TURNS * busy * decodes, way)
            served = simulate(many, table, engine, split=split).served
            rate = self._rate(many, served.e2e_s, busy * decodes) / (workers * width)
            found.append(_Run(rate, gap_quantile(served.gaps, 0.99)))
        return max(found, key=lambda one: one.tokens_per_s)

    def _rate(self, asked: Requests, ends_s: Array, busy: int) -> float:
        """Return output tokens per second between the first and the last filling."""
        order = np.argsort(ends_s, kind="stable")
        kept = order[busy : (TURNS - 1) * busy]
        span = ends_s[order[(TURNS - 1) * busy]] - ends_s[order[busy]]
        return float(asked.output[kept].sum() / span)

    def _requests(self, count: int, way: Way) -> Requests:
        traffic = Traffic(self.case.asked, self.case.answered, self.case.spread)
        prompt, output = traffic.lengths(count, self.seed)
        arrived = np.zeros(count)
        if not way.prefix:
            return Requests(arrived, prompt, output)
        size = Engine().block_tokens
        blocks = -(-prompt // size)
        offsets = np.concatenate([[0], np.cumsum(blocks)])
        within = np.arange(offsets[-1]) - np.repeat(offsets[:-1], blocks)
        same = within < math.floor(self.case.shared * self.case.asked / size)
        names = np.where(same, within, offsets[-1] + np.arange(offsets[-1])).astype(np.int64)
        return Requests(arrived, prompt, output, names, offsets, size)

    def _draft_share(self, way: Way, width: int, busy: int) -> float:
        """Return the time of a step of the drafting model over one of the model."""
        setup = Setup(tp=width, weights=way.weights, kv=way.cache)
        context = self.case.asked + self.case.answered / 2
        slow, fast = (
            step_time(
                kept.model,
                self.card,
                place_of(kept, self.card, setup, ENGINE),
                requests=busy,
                context=context,
            ).value
            for kept in (self.kept, self.small)
        )
        return fast / slow

    def _table(self, way: Way, place: Placement, at: tuple[int, int]) -> StepTable:
        row, chunk = at
        groups = groups_of(self.kept.model, self.card, place, split=way.split)
        logs = read_law()["token"].logs([groups])[0]
        if row:
            logs = logs + self._shift(groups)[row - 1]
        most = chunk + MOST * (1 + way.drafts)
        if (place, most) not in self.features:
            self.features[place, most] = placed_features(self.kept.model, self.card, place, most_tokens=most)
        made = self.features[place, most]
        return placed_steps(self.kept.model, self.card, place, most_tokens=most, logs=logs, features=made)

    def _shift(self, groups: dict[str, str]) -> Array:
        """Return draws of what the law does not know of a place; groups in common move together."""
        law = read_law()["token"]

        def moved(key: str, covariance: Array) -> Array:
            generator = draws.stream(self.seed, f"inference.levers.{key}")
            return generator.multivariate_normal(
                np.zeros(len(covariance)), covariance, GRAIN, method="eigh", check_valid="ignore"
            )

        found = moved("common", law.covariance)
        for level, (spread, known) in law.levels.items():
            name = groups[level]
            found = found + moved(
                f"{level}.{name}", known[name][1] if name in known else np.diag(np.square(spread))
            )
        scatter = moved(f"scatter.{groups['setting']}", np.eye(1) * law.scatter**2)
        found[:, -1] += scatter[:, 0]
        return found
