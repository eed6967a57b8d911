"""How fast a placed model serves a traffic by the law of steps, and what each kind of token takes of it.

Speeds are those of a closed loop: a fixed number of requests in flight at all times.
"""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from narrows.errors import DataError, UnknownNameError, UsageError
from narrows.inference.fit import Setup, fit
from narrows.inference.law import (
    FEATURES,
    Placement,
    TokenParts,
    arithmetic,
    closed_loop,
    groups_of,
    read_law,
    step_features,
    step_seconds,
    token_time,
)
from narrows.transformer.registry import checkpoint, chip

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from narrows.catalog.catalog import Catalog
    from narrows.errors import NarrowsError
    from narrows.inference.fit import Fit
    from narrows.inference.law import Loop, Span
    from narrows.transformer import Chip, Model
    from narrows.transformer.registry import Checkpoint

    Array = NDArray[np.float64]

__all__ = ["Layout", "Speed", "Traffic", "speed"]

FORMATS = {"bf16": "bf16", "fp8": "fp8", "fp4": "nvfp4"}
SHIPPED = {16.0: "bf16", 8.0: "fp8", 4.5: "nvfp4", 4.25: "mxfp4", 4.0: "int4"}
"""Format of the law by the bits of a shipped weight, scales included."""
BLOCKS = {"fp8": "fp8_block"}
BYTES = ("dense_weights", "expert_weights", "cache")


@dataclass(frozen=True)
class Traffic:
    """What is asked of the chips.

    Parameters
    ----------
    input, output
        Tokens of a prompt and of an answer.
    cached
        Share of the prompt that is read from a prefix cache.
    concurrency
        Requests in flight; None for as many as fit the memory and the objective.
    tpot
        Latency objective: most time per output token [s]; None for none.
    """

    input: float = 1000.0
    output: float = 1000.0
    cached: float = 0.0
    concurrency: int | None = None
    tpot: float | None = None

    def __post_init__(self) -> None:
        for option, value, usual in (
            ("--input-tokens", self.input, "1000"),
            ("--output-tokens", self.output, "1000"),
            ("--concurrency", self.concurrency, "64"),
            ("--tpot", self.tpot, "0.05"),
        ):
            least = 0.0 if option == "--tpot" else 1.0
            if value is not None and not (math.isfinite(value) and value >= least and value > 0.0):
                raise UsageError(
                    f"The option {option} is given {value:g}",
                    "It is above 0 seconds" if option == "--tpot" else "It is 1 or more",
                    f"Write, for instance, {option} {usual}",
                )
        if not 0.0 <= self.cached <= 1.0:
            raise UsageError(
                f"The option --cached is given {self.cached:g}",
                "It is a share, 0 to 1",
                "Write, for instance, --cached 0.3",
            )

    @property
    def fresh(self) -> float:
        """Tokens of a prompt that are computed: at least the last one."""
        return max(1.0, self.input * (1.0 - self.cached))

    @property
    def held(self) -> float:
        """Tokens of a prompt that are read from the cache."""
        return self.input - self.fresh


@dataclass(frozen=True)
class Layout:
    """How the model is laid over chips.

    Parameters
    ----------
    tp
        Tensor-parallel chips; None for the power of two, up to a node, that serves cheapest.
    dp
        Attention ranks that hold other requests; the experts are spread over the chips of all.
    weights
        ``bf16``, ``fp8`` or ``fp4``; None for those of the checkpoint.
    engine
        An engine of the law.
    """

    tp: int | None = None
    dp: int = 1
    weights: str | None = None
    engine: str = "vllm"

    def __post_init__(self) -> None:
        for word, count in (("tp", self.tp), ("dp", self.dp)):
            if count is not None and count < 1:
                raise UsageError(
                    f"The option --{word} is given {count}",
                    "It is 1 or more",
                    f"Write, for instance, --{word} 8",
                )


@dataclass(frozen=True)
class Speed:
    """What a closed loop on a placed model takes, by the law.

    Parameters
    ----------
    model, chip
        Names in the catalogue.
    chips
        Chips of one copy of the model.
    place
        How it lies on them.
    concurrency, largest
        Requests in flight, and the most that the memory holds.
    token
        Time per output token with its 90 % interval [s].
    times
        Chip-seconds of one output token with its input: ``served``, at the ``largest`` batch, there without
        prompts (``decode``), the ``roof`` of memory and arithmetic, and ``math`` alone.
    split
        Chip-seconds of one token of ``input``, ``cached`` and ``output``; with the traffic's mix they add up
        to ``served``.
    reads
        Facts behind the memory.
    """

    model: str
    chip: str
    chips: int
    place: Placement
    concurrency: int
    largest: int
    token: Span
    times: dict[str, float]
    split: dict[str, float]
    reads: tuple[str, ...]

    @property
    def tokens_per_s(self) -> float:
        """Output tokens of one chip in a second at full load."""
        return 1.0 / self.times["served"]


def speed(
    model_name: str,
    chip_name: str,
    traffic: Traffic | None = None,
    layout: Layout | None = None,
    catalog: Catalog | None = None,
) -> Speed:
    """Return how fast a placed model serves a traffic.

    Parameters
    ----------
    model_name, chip_name
        A model and a chip of the catalogue.
    traffic, layout
        What is asked, and how the model lies; the usual ones if left out.
    catalog
        Facts; those that come with narrows if left out.

    Raises
    ------
    UnknownNameError
        The model, the chip, the engine is not known.
    DataError
        The model does not fit, or not with the requests asked for.
    UsageError
        A number is out of range, or no batch meets the objective.

    Notes
    -----
    Chip-seconds of an output token: n t / C, for n chips, time per output token t and C requests in flight.
    A token of each kind has the marginal time of a step: with one more prompt token, with one more cached
    token that the prompt reads, with one more decoding request. What the step costs whatever it holds
    (weights, overhead) is laid over the three in proportion, so that they add up to the whole.
    The roof is the larger of the bytes of weights and cache over the bandwidth and the operations over the
    rate of their format, with nothing fitted and no exchange between chips.

    Examples
    --------
    >>> found = speed("llama-3.1-8b", "h100", Traffic(concurrency=64))
    >>> found.chips, found.times["math"] < found.times["roof"] <= found.times["decode"]
    (1, True)
    """
    traffic, layout = traffic or Traffic(), layout or Layout()
    kept, card = checkpoint(model_name, catalog), chip(chip_name, catalog)
    known = read_law()["token"].levels["engine"][1]
    if layout.engine not in known:
        raise UnknownNameError("engine", layout.engine, known, remedy=f"Name one of {', '.join(known)}")
    if layout.tp is not None:
        return _speed(kept, card, traffic, layout, catalog)
    found: list[Speed] = []
    refusal: NarrowsError | None = None
    for tp in (1 << power for power in range(max(1, card.chips_per_node // layout.dp).bit_length())):
        try:
            found.append(_speed(kept, card, traffic, replace(layout, tp=tp), catalog))
        except (DataError, UsageError) as problem:
            refusal = refusal if refusal and "--tp is" in problem.given else problem
    if not found and traffic.tpot is not None:
        quickest = _quickest(kept, card, traffic, layout, catalog)
        if quickest is not None:  # refuse at the width that comes nearest to the objective
            return _speed(kept, card, traffic, replace(layout, tp=quickest), catalog)
    if not found:
        raise refusal or DataError(f"{card.id} has no chip in a node", "A node has one or more", "Give --tp")
    return min(found, key=lambda one: one.times["served"])


def _speed(kept: Checkpoint, card: Chip, traffic: Traffic, layout: Layout, catalog: Catalog | None) -> Speed:
    balance = _balance(kept, card, traffic, layout, catalog)
    place = _place(kept, card, layout, balance.setup.tp)
    length = math.ceil(traffic.input + traffic.output)
    largest = balance.sequences(length) * layout.dp
    chips = place.tensor * place.ranks
    served = _batch(kept.model, card, place, traffic, largest)
    loop = _loop(kept.model, card, place, traffic, served)
    full = loop if served == largest else _loop(kept.model, card, place, traffic, largest)
    steady = dict(zip(FEATURES, full.steady, strict=True))
    work = float(full.steady @ arithmetic(kept.model, card, place))
    most = chips / largest
    times = {
        "served": _token(loop) * chips / served,
        "largest": _token(full) * most,
        "decode": _seconds(full.steady, full.tokens, full) * most,
        "roof": max(sum(steady[word] for word in BYTES), work) * most,
        "math": work * most,
    }
    return Speed(
        model=kept.model.id,
        chip=card.id,
        chips=chips,
        place=place,
        concurrency=served,
        largest=largest,
        token=token_time(loop),
        times={word: float(value) for word, value in times.items()},
        split=_split(kept.model, card, place, traffic, loop=loop, whole=times["served"]),
        reads=balance.reads,
    )


def _quickest(
    kept: Checkpoint, card: Chip, traffic: Traffic, layout: Layout, catalog: Catalog | None
) -> int | None:
    """Return the width with the least time per output token, with the fewest requests; None if none fits."""
    alone = replace(traffic, tpot=None, concurrency=traffic.concurrency or 1)
    times = {}
    for tp in (1 << power for power in range(max(1, card.chips_per_node // layout.dp).bit_length())):
        with suppress(DataError, UsageError):
            times[tp] = _speed(kept, card, alone, replace(layout, tp=tp), catalog).token.value
    return min(times, key=lambda tp: times[tp]) if times else None


def _balance(kept: Checkpoint, card: Chip, traffic: Traffic, layout: Layout, catalog: Catalog | None) -> Fit:
    """Return the memory of the layout, or say by how much it does not fit."""
    length = math.ceil(traffic.input + traffic.output)
    tp, dp = layout.tp or 1, layout.dp
    spread = tp * dp if dp > 1 and kept.model.experts else 1
    setup = Setup(tp=tp, dp=dp, ep=spread, weights=layout.weights, context=length)
    found = fit(kept, card.id, setup, catalog)
    if not found.fits:
        enough = "; ".join(found.remedies)
        raise DataError(
            f"{kept.model.id} does not fit {found.setup.chips} x {card.id}: "
            f"{math.ceil(found.short_bytes):,} byte are missing on a chip",
            f"Enough alone: {enough}" if enough else "No single change is enough",
            "Ask `narrows inference fit` for every byte",
        )
    return found


def _place(kept: Checkpoint, card: Chip, layout: Layout, tp: int) -> Placement:
    forms = []
    for module in ("attention", "experts"):
        bits = kept.bits_of(module)
        if layout.weights is None and bits not in SHIPPED:
            raise DataError(
                f"The weights of {kept.model.id} have {bits:g} bits",
                f"The law knows {', '.join(f'{known:g}' for known in SHIPPED)}",
                "Write --weights bf16, fp8 or fp4",
            )
        forms.append(FORMATS[layout.weights] if layout.weights else SHIPPED[bits])
    experts = forms[1] if kept.model.experts else ""
    place = Placement(
        layout.engine,
        forms[0],
        experts,
        tensor=tp,
        ranks=layout.dp,
        expert_tensor=tp if layout.dp == 1 else 1,
        expert_parallel=1 if layout.dp == 1 else tp * layout.dp,
    )
    # Blocks of scales are the same bytes and rates: the law may know a setting by that name only.
    blocks = replace(
        place,
        **{word: BLOCKS.get(getattr(place, word), getattr(place, word)) for word in ("weights", "experts")},
    )
    settings = read_law()["token"].levels["setting"][1]
    known = [groups_of(kept.model, card, one)["setting"] in settings for one in (place, blocks)]
    return blocks if known == [False, True] else place


def _loop(model: Model, card: Chip, place: Placement, traffic: Traffic, concurrency: int) -> Loop:
    """Return the loop of the fresh part of the prompts, with contexts that hold the cached part as well."""
    loop = closed_loop(
        model,
        card,
        place,
        asked=traffic.fresh,
        answered=traffic.output,
        concurrency=concurrency,
        places=math.inf,  # bounded before, by what fits
    )
    if traffic.held == 0.0:
        return loop
    context = traffic.input + traffic.output / 2
    prompt = loop.mixed_tokens - loop.tokens
    return replace(
        loop,
        steady=step_features(model, card, place, requests=loop.tokens, context=context),
        mixed=step_features(
            model,
            card,
            place,
            requests=loop.tokens,
            context=context,
            prompt=prompt,
            prompt_pairs=prompt * (traffic.held + traffic.fresh / 2),
        ),
    )


def _seconds(features: Array, tokens: float, loop: Loop) -> float:
    logs = read_law()["token"].logs([loop.groups])
    return float(step_seconds(features[None, :], logs, np.array([tokens]))[0])


def _token(loop: Loop) -> float:
    return float(np.exp(TokenParts([loop])(read_law()["token"].logs([loop.groups])))[0])


def _batch(model: Model, card: Chip, place: Placement, traffic: Traffic, largest: int) -> int:
    """Return the requests in flight: those asked for, or the most that memory and objective allow."""
    asked = traffic.concurrency
    if asked is not None and asked > largest:
        raise DataError(
            f"The option --concurrency is given {asked}",
            f"The memory of {place.tensor * place.ranks} x {card.id} holds {largest} requests of "
            f"{traffic.input + traffic.output:g} tokens of {model.id}",
            f"Write --concurrency {largest} or less, or a larger --tp",
        )
    served = asked or largest
    if traffic.tpot is None:
        return served

    def late(count: int) -> bool:
        return _token(_loop(model, card, place, traffic, count)) > (traffic.tpot or 0.0)

    if not late(served):
        return served
    least = asked or 1
    if late(least):
        best = _token(_loop(model, card, place, traffic, least))
        raise UsageError(
            f"The option --tpot is given {traffic.tpot:g}",
            f"{least} request{'s' * (least > 1)} in flight of {model.id} on "
            f"{place.tensor * place.ranks} x {card.id} take{'s' * (least == 1)} {best:.4f} s an output token",
            "Write a larger --tpot, a larger --tp or fewer requests"
            if asked
            else "Write a larger --tpot or --tp",
        )
    low, high = least, served
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if late(middle) else (middle, high)
    return low


def _split(
    model: Model, card: Chip, place: Placement, traffic: Traffic, *, loop: Loop, whole: float
) -> dict[str, float]:
    """Return the chip-seconds of one token of each kind, by marginal time of a step, made to add up."""
    count, context = loop.tokens, traffic.input + traffic.output / 2
    prompt = loop.mixed_tokens - count
    seen = traffic.held + traffic.fresh / 2

    def step(requests: float, tokens: float, pairs: float, extra: float = 0.0) -> float:
        parts = step_features(
            model,
            card,
            place,
            requests=requests,
            context=context + extra / requests,
            prompt=tokens,
            prompt_pairs=pairs,
        )
        return _seconds(parts, requests + tokens, loop)

    pairs = prompt * seen
    busy, calm = step(count, prompt, pairs), step(count, 0.0, 0.0)
    more = loop.share * step(count + 1.0, prompt, pairs) + (1.0 - loop.share) * step(count + 1.0, 0.0, 0.0)
    marginal = {
        "input": step(count, prompt + 1.0, pairs + seen) - busy,
        "cached": step(count, prompt, pairs + traffic.fresh, 1.0) - busy,
        "output": more - loop.share * busy - (1.0 - loop.share) * calm,
    }
    flow = {"input": traffic.fresh / traffic.output, "cached": traffic.held / traffic.output, "output": 1.0}
    total = sum(flow[word] * value for word, value in marginal.items())
    return {word: whole * value / total for word, value in marginal.items()}
