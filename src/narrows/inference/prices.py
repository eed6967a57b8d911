"""What a million tokens cost on a chip, what they sell for, and what lies between.

All money is US dollars for one million output tokens, together with the input tokens that belong to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from narrows.catalog import Reader, default
from narrows.errors import DataError, UnknownNameError, UsageError
from narrows.transformer import MULTIPLY_ADD
from narrows.transformer.registry import chip, model, models

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from narrows.catalog.catalog import Catalog

    Array = NDArray[np.float64]

__all__ = ["BRIDGE", "COSTS", "Mix", "Price", "price", "usd_per_million"]

COSTS = ("tco_hyperscaler", "tco_neocloud", "rental_3yr", "rental", "rental_spot")
"""Kinds of cost of a chip and hour."""
BRIDGE = ("margin", "idle", "below_peak", "floor")
"""Parts from the list price down to the floor; they sum to the list price."""
HOUR, MILLION = 3600.0, 1e6
ALIKE = {"deepseek-r1": "deepseek-v3", "llama-3.3-70b": "llama-3.1-70b"}
"""Models of one architecture: the one whose widths the catalogue holds, by the one that is sold."""
QUANTILES = (0.05, 0.5, 0.95)


@dataclass(frozen=True)
class Mix:
    """The input that belongs to one output token, and how fast a chip takes it in.

    Parameters
    ----------
    input_per_output
        Input tokens for each output token.
    cached
        Share of the input that is read from a prefix cache.
    input_per_s, cached_per_s
        Input tokens and cached ones that one chip takes in a second if it does nothing else; None where
        the time of input is not told apart.
    """

    input_per_output: float = 0.0
    cached: float = 0.0
    input_per_s: float | None = None
    cached_per_s: float | None = None


@dataclass(frozen=True)
class Price:
    """What a million output tokens cost and bring in.

    Parameters
    ----------
    model, chip, basis
        What runs, on what, and whose cost of the chip.
    tokens_per_s, utilisation
        Output tokens of one chip in a second at full load, and the share of the hours at full load.
    usd_per_hour
        Cost of one chip and hour.
    at_full_load, at_utilisation
        Cost of a million output tokens [usd].
    energy
        Part of the cost at full load that is electricity [usd].
    list_price
        What they sell for [usd]; None where no list price is known.
    margin
        Share of the list price that is left at the utilisation; None where none is known.
    split
        Cost of a million input, cached and output tokens at full load [usd], where speeds are given.
    bridge
        List price = margin + idle + below_peak + floor [usd]; without a list price, the last three.
    bands
        p05, p50, p95 of each over the doubt of the facts.
    reads
        Facts behind it.
    """

    model: str
    chip: str
    basis: str
    tokens_per_s: float
    utilisation: float
    usd_per_hour: float
    at_full_load: float
    at_utilisation: float
    energy: float
    list_price: float | None
    margin: float | None
    split: dict[str, float]
    bridge: dict[str, float]
    bands: dict[str, tuple[float, float, float]]
    reads: tuple[str, ...]


def usd_per_million(usd_per_hour: float, tokens_per_s: float, utilisation: float = 1.0) -> float:
    """Return the cost of a million tokens [usd].

    Parameters
    ----------
    usd_per_hour
        Cost of one chip and hour.
    tokens_per_s
        Tokens of one chip in a second at full load.
    utilisation
        Share of the hours at full load.

    Notes
    -----
    $/M = $/h x 1e6 / (3600 X u).

    Examples
    --------
    >>> round(usd_per_million(2.07, 2324.025), 4)
    0.2474
    """
    return usd_per_hour * MILLION / (HOUR * tokens_per_s * utilisation)


def price(
    model_name: str,
    chip_name: str,
    tokens_per_s: float,
    *,
    utilisation: float = 1.0,
    basis: str = "tco_neocloud",
    mix: Mix | None = None,
    draws: int = 10_000,
    seed: int = 1,
    catalog: Catalog | None = None,
) -> Price:
    """Return what tokens cost on a chip, and the bridge from the list price to the floor.

    Parameters
    ----------
    model_name
        A model of the catalogue, or one that is sold, such as ``deepseek-r1``.
    chip_name
        A chip of the catalogue.
    tokens_per_s
        Output tokens of one chip in a second at full load.
    utilisation
        Share of the hours at full load.
    basis
        One of `COSTS`.
    mix
        The input that belongs to the output; none if left out.
    draws, seed
        Number of draws over the doubt of the facts, and their seed.
    catalog
        Facts; those that come with narrows if left out.

    Raises
    ------
    UnknownNameError
        The model, the chip or the basis is not known.
    UsageError
        A number is out of range, or faster than the chip can compute.
    DataError
        No cost of that kind is known for the chip.

    Notes
    -----
    Floor: operations of the tokens at the fastest dense rate P of the chip, 2 N_active / P chip-seconds each,
    at the cost of the hour. Below_peak: cost at full load less the floor. Idle: cost at the utilisation less
    that at full load. Margin: list price less cost at the utilisation.

    Examples
    --------
    >>> found = price("deepseek-r1", "b200", 2324.025, draws=200)
    >>> round(found.at_full_load, 4), round(sum(found.bridge.values()), 9) == found.list_price
    (0.2474, True)
    """
    catalog, mix = catalog or default(), mix or Mix()
    sold = [fact.id.split(".", 1)[1].rsplit(".", 1)[0] for fact in catalog.under("price")]
    widths = ALIKE.get(model_name, model_name)
    if widths not in models(catalog):
        raise UnknownNameError("model", model_name, {*models(catalog), *ALIKE}, remedy="Name one of these")
    card = chip(chip_name, catalog)
    _check(catalog, card.id, basis, tokens_per_s, (utilisation, mix))
    seconds = MULTIPLY_ADD * model(widths, catalog).active_weights / max(card.flop_per_s.values())
    computed = 1.0 + mix.input_per_output * (1.0 - mix.cached)
    if tokens_per_s * seconds * computed > 1.0:
        raise UsageError(
            f"The option --tokens-per-s is given {tokens_per_s:g}",
            f"One {card.id} computes at most {1.0 / (seconds * computed):.0f} of {model_name} and its input",
            "Give output tokens of one chip, not of a server",
        )
    names = _names(catalog, model_name if model_name in sold else "", card.id, basis)
    typed = {word: np.array([catalog.fact(name).canonical_value]) for word, name in names.items()}
    stated = _work(typed, tokens_per_s, utilisation, seconds, mix)
    reader = Reader(catalog, seed, draws)
    drawn = _work(
        {word: reader.draws(name) for word, name in names.items()}, tokens_per_s, utilisation, seconds, mix
    )
    bands = {}
    for word, values in drawn.items():
        low, mid, high = np.quantile(values, QUANTILES)
        bands[word] = (float(low), float(mid), float(high))
    one = {word: float(values[0]) for word, values in stated.items()}
    parts = BRIDGE if "list_price" in one else BRIDGE[1:]
    return Price(
        model=model_name,
        chip=card.id,
        basis=basis,
        tokens_per_s=tokens_per_s,
        utilisation=utilisation,
        usd_per_hour=one["usd_per_hour"],
        at_full_load=one["at_full_load"],
        at_utilisation=one["at_utilisation"],
        energy=one["energy"],
        list_price=one.get("list_price"),
        margin=one.get("margin_share"),
        split={word: one[f"{word}_cost"] for word in ("input", "cached", "output") if f"{word}_cost" in one},
        bridge={word: one[word] for word in parts},
        bands=bands,
        reads=tuple(names.values()),
    )


def _check(catalog: Catalog, card: str, basis: str, tokens_per_s: float, load: tuple[float, Mix]) -> None:
    utilisation, mix = load
    for option, value, low, high, usual in (
        ("--tokens-per-s", tokens_per_s, 0.0, np.inf, "2324"),
        ("--utilisation", utilisation, 0.0, 1.0, "0.5"),
        ("--input-tokens-per-s", mix.input_per_s or 1.0, 0.0, np.inf, "20000"),
        ("--cached-tokens-per-s", mix.cached_per_s or 1.0, 0.0, np.inf, "200000"),
    ):
        if not low < value <= high or not np.isfinite(value):
            acceptable = "It is above 0" + (f" and at most {high:g}" if np.isfinite(high) else "")
            raise UsageError(
                f"The option {option} is given {value:g}",
                acceptable,
                f"Write, for instance, {option} {usual}",
            )
    if not 0.0 <= mix.cached <= 1.0:
        raise UsageError(
            f"The option --cached is given {mix.cached:g}",
            "It is a share, 0 to 1",
            "Write, for instance, --cached 0.3",
        )
    if not (mix.input_per_output >= 0.0 and np.isfinite(mix.input_per_output)):
        raise UsageError(
            f"The option --input-per-output is given {mix.input_per_output:g}",
            "It is 0 or more",
            "Write, for instance, --input-per-output 8",
        )
    if basis not in COSTS:
        raise UnknownNameError("cost", basis, COSTS, remedy=f"Name one of {', '.join(COSTS)}")
    if not catalog.has(f"chip.{card}.{basis}"):
        known = [word for word in COSTS if catalog.has(f"chip.{card}.{word}")]
        raise DataError(
            f"No {basis} is known for {card}",
            f"Known are {', '.join(known) or 'none'}",
            f"Write --cost {known[0]}" if known else "Name another chip",
        )
    spent = _input_seconds(mix)
    if spent * tokens_per_s >= 1.0:
        raise UsageError(
            f"The option --input-tokens-per-s is given {mix.input_per_s:g}",
            "At that speed the input alone takes longer than --tokens-per-s leaves",
            "Give the speed of input alone, or fewer --input-per-output",
        )


def _input_seconds(mix: Mix) -> float:
    """Return the chip-seconds of the input of one output token; 0 where speeds are not given."""
    if mix.input_per_s is None:
        return 0.0
    fresh = mix.input_per_output * (1.0 - mix.cached) / mix.input_per_s
    return fresh + (mix.input_per_output * mix.cached / mix.cached_per_s if mix.cached_per_s else 0.0)


def _names(catalog: Catalog, sold: str, card: str, basis: str) -> dict[str, str]:
    """Return the facts to read."""
    names = {
        "hour": f"chip.{card}.{basis}",
        "power": f"chip.{card}.all_in_power",
        "pue": "inference.pue",
        "electricity": "inference.electricity_price",
    }
    if sold:
        names |= {word: f"price.{sold}.{word}" for word in ("input", "output", "cached")}
    return {word: name for word, name in names.items() if catalog.has(name)}


def _work(
    facts: Mapping[str, Array], tokens_per_s: float, utilisation: float, seconds: float, mix: Mix
) -> dict[str, Array]:
    """Return all quantities in every draw; facts are in canonical units."""
    second = facts["hour"]  # [usd/(chip s)]
    computed = 1.0 + mix.input_per_output * (1.0 - mix.cached)
    full = second * MILLION / tokens_per_s
    used = full / utilisation
    floor = second * MILLION * seconds * computed
    zero = np.zeros_like(full)
    power = facts["power"] * facts["pue"] * facts["electricity"] if "power" in facts else zero
    found = {
        "usd_per_hour": second * HOUR,
        "at_full_load": full,
        "at_utilisation": used,
        "energy": power * MILLION / tokens_per_s,
        "idle": used - full,
        "below_peak": full - floor,
        "floor": floor,
    }
    if mix.input_per_s is not None:
        found["input_cost"] = second * MILLION / mix.input_per_s
        if mix.cached_per_s is not None:
            found["cached_cost"] = second * MILLION / mix.cached_per_s
        found["output_cost"] = second * MILLION * (1.0 / tokens_per_s - _input_seconds(mix))
    if "output" in facts:
        fresh, cached = mix.input_per_output * (1.0 - mix.cached), mix.input_per_output * mix.cached
        income = MILLION * (
            facts["output"] + fresh * facts["input"] + cached * facts.get("cached", facts["input"])
        )
        found |= {"list_price": income, "margin": income - used, "margin_share": 1.0 - used / income}
    return found
