"""The figures of a placed model at full load, in every draw: time, speed, energy, money and cache.

The stated values are those of `narrows.inference.throughput`; here each is drawn from the facts behind it
and from the doubt of the law, so that `narrows why` can tell the share of either.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from narrows import draws
from narrows.catalog import PointReader, Reader, default
from narrows.errors import DataError
from narrows.inference.energy import HOST, PUE
from narrows.inference.fit import fit
from narrows.inference.law import closed_loop, first_token_time
from narrows.inference.prices import MILLION
from narrows.inference.throughput import ALIKE, STACK, attained, best_throughput
from narrows.transformer.registry import checkpoint, chip

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from narrows.catalog.catalog import Catalog
    from narrows.inference.fit import Fit
    from narrows.inference.law import Span
    from narrows.inference.throughput import Throughput

    Array = NDArray[np.float64]

__all__ = ["QUANTITIES", "Load", "Loaded", "loaded"]

QUANTITIES = {
    "tokens_per_s_per_chip": ("token/s", "requests in flight / (time per output token x chips)"),
    "tpot": ("s", "time of a step, with the share of steps that meet prompts"),
    "ttft": ("s", "mean time to the first token where all requests start at once"),
    "joules_per_token": ("J/token", "(power of the chip + its share of server and network) x PUE / tokens/s"),
    "usd_per_million": ("usd/Mtoken", "cost of one chip and hour / tokens of that hour"),
    "kv_bytes": ("byte", "bytes of a token's cache x tokens of prompt and answer, over the chips of a copy"),
    "requests": ("request", "memory left by weights and engine / cache of one request, over one copy"),
}
"""Unit of each quantity, and how it comes about."""
LEVEL = "P5-P95"


@dataclass(frozen=True)
class Load:
    """What is asked of a chip at full load.

    Parameters
    ----------
    input, output
        Tokens of a prompt and of an answer.
    tpot
        Limit of the time per output token, which 99 % of requests meet [s]; None for none.
    weights, engine
        As for `narrows.inference.throughput.best_throughput`.
    """

    input: float = 1000.0
    output: float = 1000.0
    tpot: float | None = None
    weights: str | None = None
    engine: str = "trtllm"

    def id(self, quantity: str, model: str, card: str) -> str:
        """Return the id under which `narrows why` tells a quantity."""
        usual = Load()
        terms = [
            f"{word}={value:g}" if isinstance(value, float) else f"{word}={value}"
            for word, value in vars(self).items()
            if value != getattr(usual, word)
        ]
        name = f"inference.speed.{quantity}.{model}.{card}"
        return f"{name}@{','.join(terms)}" if terms else name


@dataclass(frozen=True)
class Loaded:
    """A placed model at full load.

    Parameters
    ----------
    load, best
        What was asked, and what was found.
    model
        The model as it was named.
    catalog, reader
        Facts, and their reading.
    stated
        Each quantity at the stated values.
    values
        Each quantity in every draw; the cost is absent where no cost of the chip is known.
    reads
        Facts behind each quantity.
    law
        Variance of each quantity's logarithm that is the law's.
    """

    load: Load
    best: Throughput
    model: str
    catalog: Catalog
    reader: Reader
    stated: dict[str, float]
    values: dict[str, Array]
    reads: dict[str, tuple[str, ...]]
    law: dict[str, float]

    def band(self, quantity: str) -> tuple[float, float]:
        """Return p05 and p95 of a quantity."""
        low, high = draws.quantiles(self.values[quantity], (0.05, 0.95))
        return float(low), float(high)

    def law_share(self, quantity: str) -> float:
        """Return the share of the variance of a quantity's logarithm that is the law's; 0 where none."""
        whole = float(np.log(np.maximum(self.values[quantity], 1e-300)).var())
        return min(1.0, self.law[quantity] / whole) if whole > 0 else 0.0

    def id(self, quantity: str) -> str:
        """Return the id under which `narrows why` tells a quantity."""
        return self.load.id(quantity, self.model, self.best.chip)


def loaded(
    model: str,
    chip_name: str,
    load: Load | None = None,
    *,
    draws: int = 2000,
    seed: int = 1,
    method: str = "random",
    catalog: Catalog | None = None,
) -> Loaded:
    """Return the figures of a model on a chip at full load, in every draw.

    Parameters
    ----------
    model, chip_name
        A model and a chip of the catalogue.
    load
        What is asked; the usual if left out.
    draws, seed, method
        Number of draws, their seed, and ``random`` or ``sobol``.
    catalog
        Facts; those that come with narrows if left out.

    Raises
    ------
    UnknownNameError, UsageError, DataError
        As for `narrows.inference.throughput.best_throughput`.

    Notes
    -----
    One log-normal factor of the law's 90 % interval moves all times, another that of the first token. How
    much stacks differ, the hour, the PUE and the power beside the chip are facts. Bytes of the cache are
    exact; requests that fit follow the engine's overhead.

    Examples
    --------
    >>> found = loaded("llama-3.1-8b", "h100", draws=100)
    >>> found.stated["kv_bytes"]  # 2000 tokens of 64 KiB, in fp8
    131072000.0
    >>> 0.5 < found.law_share("tpot") <= 1.0
    True
    """
    catalog, load = catalog or default(), load or Load()
    best = best_throughput(
        model,
        chip_name,
        asked=load.input,
        answered=load.output,
        weights=load.weights,
        tpot_limit_s=load.tpot,
        engine=load.engine,
        catalog=catalog,
    )
    reader = Reader(catalog, seed, draws, method)
    half = _law_half(best, catalog)
    kept = checkpoint(ALIKE.get(model, model), catalog)
    card = chip(chip_name, catalog)
    room = fit(kept, card.id, best.setup, catalog)
    loop = closed_loop(
        kept.model,
        attained(card, catalog),
        best.placement,
        asked=load.input,
        answered=load.output,
        concurrency=best.batch / best.placement.stages * best.placement.ranks,
        places=math.inf,
    )
    first = first_token_time(loop)
    stated, _ = _work(_Point(catalog), best, room, load, (half, first))
    values, law = _work(reader, best, room, load, (half, first))
    hour = f"chip.{card.id}.tco_neocloud"
    own = f"chip.{card.id}.all_in_power"
    power = (own, PUE, STACK) if catalog.has(own) else (HOST, PUE, STACK)
    chains = {
        "tokens_per_s_per_chip": (STACK,),
        "tpot": (STACK,),
        "ttft": (),
        "joules_per_token": power,
        "usd_per_million": (hour, STACK),
        "kv_bytes": (),
        "requests": ("inference.memory_overhead",),
    }
    return Loaded(
        load=load,
        best=best,
        model=model,
        catalog=catalog,
        reader=reader,
        stated={word: float(value[0]) for word, value in stated.items()},
        values=values,
        reads={word: chains[word] for word in values},
        law={word: law.get(word, 0.0) for word in values},
    )


class _Point(PointReader):
    """A reading of the values as they are stated."""

    def draws(self, name: str) -> Array:
        return np.array([self.catalog.fact(name).canonical_value])


def _law_half(best: Throughput, catalog: Catalog) -> float:
    """Return half the law's 90 % interval, in logarithms, from the span that holds the stacks too."""
    span, stack = best.tokens_per_s_per_chip, catalog.fact(STACK)
    whole = math.log(span.high / span.value)
    return math.sqrt(max(0.0, whole**2 - math.log(stack.canonical_high) ** 2))


def _factor(reader: Reader, half: float, key: str) -> Array:
    """Return draws of a log-normal factor with a 90 % interval."""
    if isinstance(reader, PointReader):
        return np.ones(1)
    doubt = draws.Doubt(1.0, math.exp(-half), math.exp(half), LEVEL, "lognormal")
    return draws.sample(doubt, reader.n, reader.seed, key, method=reader.method)


def _work(
    reader: Reader, best: Throughput, room: Fit, load: Load, rest: tuple[float, Span]
) -> tuple[dict[str, Array], dict[str, float]]:
    half, first = rest
    catalog = reader.catalog
    law = _factor(reader, half, "inference.law.token")
    late = _factor(reader, math.log(first.high / first.value), "inference.law.first")
    watts = best.energy.chip_w
    power = watts.value * _factor(reader, math.log(watts.value / watts.low), "inference.law.power")
    ones = np.ones_like(law)
    speed = best.tokens_per_s_per_chip.value * reader.draws(STACK) / law
    card = chip(best.chip, catalog)
    power = np.minimum(power, card.power_w)
    own = f"chip.{best.chip}.all_in_power"
    known = catalog.has(own)
    beside = np.maximum(reader.draws(own) - card.power_w, 0.0) if known else reader.draws(HOST)
    length = math.ceil(load.input + load.output)
    ranks, one = best.placement.ranks, room.sequence_bytes(length)
    overhead = reader.draws("inference.memory_overhead")
    given = catalog.fact("inference.memory_overhead").canonical_value
    left = room.room_bytes + room.overhead_bytes * (1.0 - overhead / given)
    values = {
        "tokens_per_s_per_chip": speed,
        "tpot": best.tpot_s * law / reader.draws(STACK),
        "ttft": first.value * late,
        "joules_per_token": (power + beside) * reader.draws(PUE) / speed,
        "kv_bytes": one * best.chips / ranks * ones,
        "requests": np.maximum(np.floor(left / one), 0.0) * ranks,
    }
    hour = f"chip.{best.chip}.tco_neocloud"
    if catalog.has(hour):
        values["usd_per_million"] = reader.draws(hour) * MILLION / speed
    own_law = float(np.log(law).var())
    shares = dict.fromkeys(("tokens_per_s_per_chip", "tpot", "joules_per_token", "usd_per_million"), own_law)
    shares["ttft"] = float(np.log(late).var())
    for word, found in values.items():
        if not np.isfinite(found).all():
            raise DataError(
                f"The figure {word} of {best.model} on {best.chip} is not finite",
                "Each figure is a finite number in every draw",
                "Check the facts that it reads",
            )
    return values, shares
