"""Tell the figures that follow from a few facts alone: ratios of what is stated of a thing (``derived``).

An id is ``derived.<quantity>.<thing>``, such as ``derived.ridge.h100_sxm``. A quantity is one line in `LAWS`:
facts that multiply, facts that divide, a constant factor, and the unit; facts are named by the thing. A
quantity of a model multiplies what `narrows.transformer` counts of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from narrows.bottlenecks.answer import asked_of
from narrows.bottlenecks.told import Told
from narrows.catalog import Catalog, Reader
from narrows.errors import UnknownNameError
from narrows.facility.rack import AIR
from narrows.transformer import training_flops
from narrows.transformer.registry import model
from narrows.units import from_canonical

if TYPE_CHECKING:
    from collections.abc import Callable

    from narrows.bottlenecks.told import Asked
    from narrows.transformer import Model

__all__ = ["LAWS", "Law", "tell", "things"]

RACK = "rack"
"""The thing of a law whose facts name it without a blank."""
LAYERS = "model.{}.layers"
"""Fact that every model has."""
SEQUENCE = 8192.0
"""Tokens of a sequence in which the operations of training are counted."""
GIB = 2.0**30  # byte
BITS = 8.0
"""Bits of a byte: rate and width are both held in bytes, and their product counts the byte twice."""
REMEDY = "Write derived.<quantity>.<thing>, such as derived.ridge.h100_sxm"


@dataclass(frozen=True, slots=True)
class Law:
    """A quantity as a product and quotient of facts.

    Parameters
    ----------
    unit
        Its unit.
    formula
        How it comes about, in words.
    over, under
        Facts that multiply and divide; ``{}`` stands for the thing.
    factor
        A pure number of arithmetic.
    count
        What is counted of a model that multiplies [canonical unit]; None where the thing is no model.
    """

    unit: str
    formula: str
    over: tuple[str, ...] = ()
    under: tuple[str, ...] = ()
    factor: float = 1.0
    count: Callable[[Model], float] | None = None

    def stated(self, thing: str, catalog: Catalog) -> bool:
        """Return whether all that the law needs is stated of a thing."""
        named = any("{}" in fact for fact in self.over + self.under) or self.count is not None
        return (
            (named or thing == RACK)
            and (self.count is None or catalog.has(LAYERS.format(thing)))
            and all(catalog.has(fact.format(thing)) for fact in self.over + self.under)
        )


def _weights(of: Model) -> float:
    return float(of.weights)


def _active(of: Model) -> float:
    return float(of.active_weights)


def _cache(of: Model) -> float:
    return of.kv_bytes_per_token()


def _training(of: Model) -> float:
    return training_flops(of, SEQUENCE).train


LAWS = {
    "ridge": Law(
        "flop/byte",
        "dense 16-bit rate / bandwidth of the memory: operations a byte that keep both at work",
        ("chip.{}.bf16",),
        ("chip.{}.bandwidth",),
    ),
    "reached": Law(
        "share",
        "best measured 16-bit matrix product / dense 16-bit rate",
        ("chip.{}.best_bf16",),
        ("chip.{}.bf16",),
    ),
    "rate_per_watt": Law(
        "Gflop/J", "dense 16-bit rate / design power of the chip", ("chip.{}.bf16",), ("chip.{}.power",)
    ),
    "price_of_rate": Law(
        "usd/(Pflop/s)", "price of one chip / dense 16-bit rate", ("chip.{}.price",), ("chip.{}.bf16",)
    ),
    "memory_pass": Law(
        "ms",
        "memory of one chip / its bandwidth: the time to read all of it once",
        ("chip.{}.memory",),
        ("chip.{}.bandwidth",),
    ),
    "scale_step": Law(
        "ratio",
        "scale-up link of one chip / its network beyond the scale-up domain, both one way",
        ("chip.{}.scale_up",),
        ("cluster.{}.network",),
    ),
    "sum_inside": Law(
        "ms",
        "2 x 1 GiB / scale-up link of one chip, one way: a sum in a ring of many chips, without delay",
        under=("chip.{}.scale_up",),
        factor=2.0 * GIB,
    ),
    "sum_beyond": Law(
        "ms",
        "2 x 1 GiB / (network of one chip x share of it that collectives reach): the same between nodes",
        under=("cluster.{}.network", "network.node_link.share"),
        factor=2.0 * GIB,
    ),
    "link_share": Law(
        "share",
        "scale-up link of one chip, one way / bandwidth of its memory",
        ("chip.{}.scale_up",),
        ("chip.{}.bandwidth",),
    ),
    "pin_bandwidth": Law(
        "GB/s",
        "rate of one pin x data width of the stack",
        ("hbm_generation.{}.pin_rate", "hbm_generation.{}.width"),
        factor=BITS,
    ),
    "stack_pass": Law(
        "ms",
        "capacity of the largest stack / bandwidth of one stack",
        ("hbm_generation.{}.largest_stack",),
        ("hbm_generation.{}.bandwidth",),
    ),
    "packages_memory": Law(
        "stack/wafer",
        "packages of one CoWoS wafer x memory stacks of one package",
        ("{}.packages_per_cowos_wafer", "{}.hbm_stacks"),
    ),
    "memory_dies": Law(
        "die/package",
        "memory stacks of one package x memory dies of one stack",
        ("{}.hbm_stacks", "{}.dram_dies_per_stack"),
    ),
    "wafer_compute": Law(
        "h100e/wafer",
        "packages of one CoWoS wafer x compute of one package",
        ("{}.packages_per_cowos_wafer", "{}.h100e"),
    ),
    "system_power": Law(
        "kW/chip", "IT power of one system / its accelerators", ("system.{}.power",), ("system.{}.gpus",)
    ),
    "system_price": Law(
        "usd/chip", "price of one system / its accelerators", ("system.{}.price",), ("system.{}.gpus",)
    ),
    "air_usual": Law(
        "kW",
        "density x heat capacity of air x air that a contained aisle gives a rack x its usual rise",
        ("cooling.rack_air", "cooling.air_rise_usual"),
        factor=AIR.density * AIR.heat,
    ),
    "air_most": Law(
        "kW",
        "density x heat capacity of air x the most air that one rack is given x its rise at large sites",
        ("cooling.rack_air_most", "cooling.air_rise_large"),
        factor=AIR.density * AIR.heat,
    ),
    "weights": Law("1", "numbers that the model holds, counted from its widths", (), count=_weights),
    "active_weights": Law("1", "numbers that one token is multiplied with", (), count=_active),
    "cache_per_token": Law(
        "byte", "keys and values of one more token of context, 16 bits each", (), count=_cache
    ),
    "training_compute": Law(
        "flop",
        "operations of one token, forward and backward, in sequences of 8,192 tokens x tokens of training",
        ("training.tokens.{}",),
        count=_training,
    ),
    "training_days": Law(
        "day",
        "operations of the training / (chips of the Llama 3 run x dense 16-bit rate of an H100 x utilisation "
        "of large runs)",
        ("training.tokens.{}",),
        ("training.llama3.chips", "chip.h100_sxm.bf16", "training.mfu"),
        count=_training,
    ),
}
"""The quantities, by their word in an id."""


@dataclass(frozen=True)
class Reading:
    """The facts that a figure came from."""

    catalog: Catalog
    reader: Reader


def things(quantity: str, catalog: Catalog) -> list[str]:
    """Return what a quantity can be asked of: the things of which every fact of its law is stated.

    Parameters
    ----------
    quantity
        A word of `LAWS`.
    catalog
        Facts.

    Examples
    --------
    >>> from narrows.catalog import default
    >>> "h100_sxm" in things("ridge", default())
    True
    """
    law = LAWS[quantity]
    pattern = LAYERS if law.count else (*law.over, *law.under)[0]
    if "{}" not in pattern:
        return [RACK]
    head, tail = pattern.split("{}")
    found = [
        name[len(head) : len(name) - len(tail)]
        for name in catalog.known
        if name.startswith(head) and name.endswith(tail)
    ]
    return [thing for thing in found if law.stated(thing, catalog)]


def tell(id: str, asked: Asked) -> Told:  # noqa: A002 (the word of the trade)
    """Return a figure derived from a few facts, in every draw.

    Parameters
    ----------
    id
        Such as ``derived.ridge.h100_sxm``.
    asked
        The question that it belongs to.

    Raises
    ------
    UnknownNameError
        If there is no such quantity, or one of its facts is not stated of the thing.
    """
    book = asked_of(asked.catalog, asked.as_of, asked.scenario)
    _, _, rest = id.partition(".")
    quantity, _, thing = rest.partition(".")
    law = LAWS.get(quantity)
    if law is None or not law.stated(thing, book):
        words = [quantity] if law else LAWS
        known = [f"derived.{word}.{thing}" for word in words for thing in things(word, book)]
        raise UnknownNameError("figure", id, known, remedy=REMEDY)
    reader = Reader(book, asked.seed, asked.draws, asked.method)
    values = np.full(asked.draws, law.factor)
    if law.count:
        values *= law.count(model(thing, book))
        for counted in book.under(f"model.{thing}"):
            reader.fact(counted.id)
    for fact in law.over:
        values = values * reader.draws(fact.format(thing))
    for fact in law.under:
        values = values / reader.draws(fact.format(thing))
    return Told(
        Reading(book, reader),
        from_canonical(values, law.unit),
        law.unit,
        law.formula,
        method="ratio of facts",
    )
