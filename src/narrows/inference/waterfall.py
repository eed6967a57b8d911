"""From the list price of tokens down to the electricity of their arithmetic: what each step takes.

All money is US dollars for one million output tokens, together with the input that belongs to them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from narrows import draws
from narrows.catalog import PointReader, Reader, default
from narrows.errors import DataError, UnknownNameError, UsageError
from narrows.inference.prices import ALIKE, COSTS, HOUR, MILLION, QUANTILES
from narrows.inference.speed import Layout, Speed, Traffic, speed
from narrows.transformer.registry import chip, models

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from narrows.catalog.catalog import Catalog

    Array = NDArray[np.float64]

__all__ = ["LABELS", "PARTS", "UNITS", "Economics", "Terms", "economics"]

PARTS = ("margin", "idle", "latency", "prompt", "software", "memory", "capital", "electricity")
"""Steps of the waterfall, from the list price down; the last two are the floor."""
LABELS = {
    "margin": "discount and margin of the seller",
    "idle": "hours below full load",
    "latency": "batch kept small for latency",
    "prompt": "prompt work",
    "software": "engine, links and software",
    "memory": "memory roof above the math roof",
    "capital": "floor: the hour at the math roof",
    "electricity": "floor: electricity at the math roof",
}
LOAD = {"mean_load": "inference.mean_load", "peak_load": "inference.peak_load"}
TOKENS = ("input", "cached", "output")
UNITS = {
    "tokens_per_s": "token/s",
    "tpot": "s",
    "utilisation": "ratio",
    "margin_share": "ratio",
    "usd_per_hour": "usd/(gpu h)",
}
"""Units of what is no price of a million tokens."""
MONEY = "usd/Mtoken"


@dataclass(frozen=True)
class Terms:
    """What is asked, besides the model and the chip.

    Parameters
    ----------
    traffic, layout
        Requests, and how the model lies on the chips.
    utilisation
        Share of the chip's hours at full load; None to draw it from the facts.
    basis
        Kind of cost of a chip and hour.
    """

    traffic: Traffic = field(default_factory=Traffic)
    layout: Layout = field(default_factory=Layout)
    utilisation: float | None = None
    basis: str = "tco_neocloud"


@dataclass(frozen=True)
class Economics:
    """The money of one placed model, in every draw.

    Parameters
    ----------
    model, terms, speed
        What is sold, what is asked, and how fast it runs.
    catalog, reader
        Facts, and their reading.
    parts
        Steps of the waterfall that apply, in order; without a list price it begins at the cost.
    stated
        Every quantity at the stated values of the facts and the median of the law.
    values
        Every quantity in every draw.
    reads
        Facts behind each quantity.
    """

    model: str
    terms: Terms
    speed: Speed
    catalog: Catalog
    reader: Reader
    parts: tuple[str, ...]
    stated: dict[str, float]
    values: dict[str, Array]
    reads: dict[str, tuple[str, ...]]

    @property
    def top(self) -> str:
        """Where the waterfall begins: the list price, or the cost where none is known."""
        return "list_price" if "margin" in self.parts else "at_utilisation"

    def band(self, quantity: str) -> tuple[float, float, float]:
        """Return p05, p50 and p95 of a quantity."""
        low, mid, high = np.quantile(self.values[quantity], QUANTILES)
        return float(low), float(mid), float(high)

    def unit(self, quantity: str) -> str:
        """Return the unit of a quantity."""
        return UNITS.get(quantity, MONEY)

    def id(self, quantity: str) -> str:
        """Return the id under which `narrows why` tells a quantity."""
        asked = self.terms
        given = {
            "input": (asked.traffic.input, Traffic.input),
            "output": (asked.traffic.output, Traffic.output),
            "cached": (asked.traffic.cached, Traffic.cached),
            "concurrency": (asked.traffic.concurrency, None),
            "tpot": (asked.traffic.tpot, None),
            "tp": (asked.layout.tp, None),
            "dp": (asked.layout.dp, Layout.dp),
            "weights": (asked.layout.weights, None),
            "engine": (asked.layout.engine, Layout.engine),
            "utilisation": (asked.utilisation, None),
            "cost": (asked.basis, Terms.basis),
        }
        terms = [
            f"{word}={value:g}" if isinstance(value, float) else f"{word}={value}"
            for word, (value, usual) in given.items()
            if value != usual
        ]
        name = f"inference.price.{quantity}.{self.model}.{self.speed.chip}"
        return f"{name}@{','.join(terms)}" if terms else name


def economics(
    model_name: str,
    chip_name: str,
    terms: Terms | None = None,
    *,
    draws: int = 10_000,
    seed: int = 1,
    method: str = "random",
    catalog: Catalog | None = None,
) -> Economics:
    """Return what tokens cost by the law, and the steps from the list price to the floor.

    Parameters
    ----------
    model_name, chip_name
        A model of the catalogue, or one that is sold, and a chip.
    terms
        What is asked besides; the usual if left out.
    draws, seed, method
        Number of draws over facts and law, their seed, and ``random`` or ``sobol``.
    catalog
        Facts; those that come with narrows if left out.

    Raises
    ------
    UnknownNameError
        The model, the chip, the engine or the kind of cost is not known.
    DataError
        The model does not fit, or no cost of that kind is known.
    UsageError
        A number is out of range, or no batch meets the latency objective.

    Notes
    -----
    Levels, of which each part is the difference to the next: list price; cost at the utilisation; at full
    load; with the largest batch that fits; without prompts; at the roof of memory and arithmetic; at the
    roof of arithmetic. That last one is electricity (all-in power x PUE x price) and the rest of the hour.
    The three costs by the law share one log-normal factor of the law's interval in each draw.

    Examples
    --------
    >>> found = economics("gpt-oss-120b", "b200", draws=200)
    >>> gap = found.values["list_price"] - sum(found.values[part] for part in found.parts)
    >>> bool(abs(gap).max() < 1e-9)
    True
    """
    catalog, terms = catalog or default(), terms or Terms()
    widths = ALIKE.get(model_name, model_name)
    if widths not in models(catalog):
        raise UnknownNameError("model", model_name, {*models(catalog), *ALIKE}, remedy="Name one of these")
    card = chip(chip_name, catalog)
    _check(catalog, card.id, terms)
    found = speed(widths, card.id, terms.traffic, terms.layout, catalog)
    names = _names(catalog, model_name, card.id, terms)
    reader = Reader(catalog, seed, draws, method)
    values = _work(reader, names, found, terms)
    stated = _work(_Stated(catalog), names, found, terms)
    parts = [part for part in PARTS if part in values]
    cost = ("hour", *LOAD)
    chains = dict.fromkeys(values, tuple(names[word] for word in cost if word in names)) | {
        "utilisation": tuple(names[word] for word in LOAD if word in names),
        "tokens_per_s": found.reads,
        "tpot": found.reads,
        "list_price": tuple(names[word] for word in TOKENS if word in names),
        "margin": tuple(names[word] for word in (*TOKENS, *cost) if word in names),
        "margin_share": tuple(names[word] for word in (*TOKENS, *cost) if word in names),
    }
    short = (names["hour"],)
    chains |= dict.fromkeys(
        ("usd_per_hour", "at_full_load", "latency", "prompt", "software", "memory", "floor"), short
    )
    watts = tuple(names[word] for word in ("power", "pue", "electricity") if word in names)
    chains |= {"electricity": watts, "capital": (*short, *watts)}
    return Economics(
        model=model_name,
        terms=terms,
        speed=found,
        catalog=catalog,
        reader=reader,
        parts=tuple(parts),
        stated={word: float(value[0]) for word, value in stated.items()},
        values=values,
        reads={word: chains[word] for word in values},
    )


class _Stated(PointReader):
    """A reading of the values as they are stated."""

    def draws(self, name: str) -> Array:
        return np.array([self.catalog.fact(name).canonical_value])


def _check(catalog: Catalog, card: str, terms: Terms) -> None:
    if terms.utilisation is not None and not 0.0 < terms.utilisation <= 1.0:
        raise UsageError(
            f"The option --utilisation is given {terms.utilisation:g}",
            "It is above 0 and at most 1",
            "Write, for instance, --utilisation 0.5",
        )
    if terms.basis not in COSTS:
        raise UnknownNameError("cost", terms.basis, COSTS, remedy=f"Name one of {', '.join(COSTS)}")
    if not catalog.has(f"chip.{card}.{terms.basis}"):
        known = [word for word in COSTS if catalog.has(f"chip.{card}.{word}")]
        raise DataError(
            f"No {terms.basis} is known for {card}",
            f"Known are {', '.join(known) or 'none'}",
            f"Write --cost {known[0]}" if known else "Name another chip",
        )


def _names(catalog: Catalog, sold: str, card: str, terms: Terms) -> dict[str, str]:
    """Return the facts to read, by the word of the quantity."""
    names = {
        "hour": f"chip.{card}.{terms.basis}",
        "power": f"chip.{card}.all_in_power",
        "pue": "inference.pue",
        "electricity": "inference.electricity_price",
    }
    sorts = TOKENS if terms.traffic.held else ("input", "output")
    names |= {word: f"price.{sold}.{word}" for word in sorts}
    if terms.utilisation is None:
        names |= LOAD
    return {word: name for word, name in names.items() if catalog.has(name)}


def _law(reader: Reader, found: Speed) -> Array:
    """Return the draws of the law's error as a factor on its times."""
    if isinstance(reader, PointReader):
        return np.ones(1)
    span = found.token
    doubt = draws.Doubt(1.0, span.low / span.value, span.high / span.value, "P5-P95", "lognormal")
    return draws.sample(doubt, reader.n, reader.seed, "inference.law.token", method=reader.method)


def _work(reader: Reader, names: dict[str, str], found: Speed, terms: Terms) -> dict[str, Array]:
    """Return every quantity in every draw."""
    facts = {word: reader.draws(name) for word, name in names.items()}
    law, times, traffic = _law(reader, found), found.times, terms.traffic
    ones = np.ones_like(law)
    dear = facts["hour"] * MILLION  # [usd / (million chip s)]
    load = facts["mean_load"] * facts["peak_load"] if terms.utilisation is None else terms.utilisation * ones
    full, most = dear * times["served"] * law, dear * times["largest"] * law
    bare, roof, floor = dear * times["decode"] * law, dear * times["roof"], dear * times["math"]
    values = {
        "tokens_per_s": found.tokens_per_s / law,
        "tpot": found.token.value * law,
        "utilisation": load,
        "usd_per_hour": facts["hour"] * HOUR,
        "at_full_load": full,
        "at_utilisation": full / load,
        "idle": full / load - full,
        "prompt": most - bare,
        "software": bare - roof,
        "memory": roof - floor,
        "floor": floor,
        "capital": floor,
    }
    if found.concurrency != found.largest:
        values["latency"] = full - most
    values |= {f"usd_per_million_{word}": dear * found.split[word] * law / load for word in TOKENS}
    if "power" in facts:
        watts = facts["power"] * facts["pue"] * facts["electricity"]
        values["electricity"] = watts * MILLION * times["math"]
        values["capital"] = floor - values["electricity"]
    if "output" in facts:
        fresh, held = traffic.fresh / traffic.output, traffic.held / traffic.output
        unread = facts.get("cached", facts["input"])
        income = MILLION * (facts["output"] + fresh * facts["input"] + held * unread)
        values |= {
            "list_price": income,
            "margin": income - full / load,
            "margin_share": 1.0 - full / load / income,
        }
    assert all(math.isfinite(float(value[0])) for value in values.values())  # noqa: S101 (checked above)
    return values
