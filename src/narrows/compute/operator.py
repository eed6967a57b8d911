"""Day 1: time of one product of matrices on one chip, by a law with eight coefficients.

C (m x n) = A (m x k) B (k x n), result in bf16. A library cuts C into tiles, one a multiprocessor at a
time. The coefficients say how far kernels and chips are from the catalogue's rates; they were fitted to
measured times and stand, with their covariance, in ``operator.json``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.catalog import default
from narrows.errors import UnknownNameError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from narrows.catalog.catalog import Catalog

    Array = NDArray[np.float64]

__all__ = [
    "BYTES",
    "COEFFICIENTS",
    "OperatorLaw",
    "Processor",
    "ProductTime",
    "Shapes",
    "processor",
    "product_time",
    "read_laws",
]

BYTES = {"bf16": 2.0, "fp8": 1.0, "fp4": 0.5625}
"""Bytes of one operand by precision; four bits with a byte of scale for 16."""
ALIASES = {"bfloat16": "bf16", "nvfp4": "fp4"}
COEFFICIENTS = (
    "launch", "tile_work", "sustained", "memory", "fill", "port", "waves", "split", "cast",
)  # fmt: skip
"""Time of a launch [s]; work in a tile, sustained work and memory traffic in catalogue time; depth that a
tile spends before and after its products [k]; traffic of a multiprocessor's own port in catalogue memory
time; share of the last wave that is lost; cost of adding parts of a split k; cast of the activations in
catalogue time."""
KEPT = 0.68
"""Share of the cache that a product can keep from one run to the next: fitted alike on five chips."""
CACHED = 0.4
"""Time of a cached byte over that of a byte from memory."""
CLIFF = 8.0
"""Power with which operands larger than the cache fall out of it."""
IN_TILE, ROOF, BESIDE, DOUBLED = 4.0, 16.0, 4.0, 5
"""Powers of the soft maximum in a tile, of tiles and sustained work, of these and memory, whose traffic is
not wholly hidden, and of the soft minimum over tiles."""
OUTPUT = 2.0
"""Bytes of one number of C, and of the activations before a cast."""
SPLITS = (1.0, 2.0, 3.0, 4.0, 6.0, 8.0)
"""Parts into which a library cuts k where tiles are few."""
SPLIT_LAUNCH = 1e-6
"""Time to begin the addition of such parts, before its factor [s]."""
TILES = tuple((float(a), float(b)) for a, b in (
    (256, 128), (128, 256), (128, 128), (128, 64), (64, 128), (64, 64), (128, 32), (64, 32),
))  # fmt: skip
FINE_TILES = tuple(
    (float(a), float(b)) for a in (64, 128, 256) for b in (32, 64, 96, 128, 160, 192, 224, 256)
)
"""Rows and columns of C in a tile; chips with a rate for four bits have the fine ones."""


@dataclass(frozen=True)
class Processor:
    """What the catalogue says of a chip that multiplies.

    Parameters
    ----------
    id
        Name in the catalogue.
    flop_per_s
        Dense rate by precision [flop/s].
    bandwidth_bytes_per_s
        Of the memory [byte/s].
    multiprocessors
        Parts that each take a tile.
    cache_bytes
        Last-level cache [byte].
    """

    id: str
    flop_per_s: Mapping[str, float]
    bandwidth_bytes_per_s: float
    multiprocessors: float
    cache_bytes: float

    @property
    def tiles(self) -> tuple[tuple[float, float], ...]:
        """Tiles that its kernels come in: rows and columns."""
        return FINE_TILES if "fp4" in self.flop_per_s else TILES


def processor(name: str, catalog: Catalog | None = None) -> Processor:
    """Return a chip by its name in the catalogue.

    Parameters
    ----------
    name
        Such as ``h100_sxm``; ``h100`` and ``H100`` mean the same.
    catalog
        Facts; those that come with narrows if left out.

    Raises
    ------
    UnknownNameError
        If no chip of that name has its multiprocessors in the catalogue.

    Examples
    --------
    >>> processor("h100").multiprocessors
    132.0
    """
    facts: dict[str, dict[str, float]] = {}
    for fact in (catalog or default()).under("chip"):
        chip, _, quantity = fact.id.removeprefix("chip.").rpartition(".")
        facts.setdefault(chip, {})[quantity] = fact.canonical_value
    known = {
        chip: row for chip, row in facts.items() if {"multiprocessors", "cache", "bandwidth"} <= row.keys()
    }
    plain = name.lower().replace("-", "_")
    found = next((word for word in (plain, f"{plain}_sxm", f"{plain}_server") if word in known), None)
    if found is None:
        raise UnknownNameError(
            "chip", name, known, remedy="Name a chip whose multiprocessors and cache stand in the catalogue"
        )
    row = known[found]
    rates = {word: row[word] for word in BYTES if word in row}
    return Processor(found, rates, row["bandwidth"], row["multiprocessors"], row["cache"])


REMEMBERED = 16
"""Answers that a table of products keeps."""


class Shapes:
    """Products on one chip in one precision as arrays, and their parts by log-coefficients.

    Parameters
    ----------
    chip
        The chip.
    precision
        ``bf16``, ``fp8`` or ``fp4``.
    m, n, k
        Rows of A, columns of B, and what they share.
    """

    def __init__(self, chip: Processor, precision: str, m: Array, n: Array, k: Array) -> None:
        self.m, self.n, self.k = m, n, k
        self.rate, self.band = chip.flop_per_s[precision], chip.bandwidth_bytes_per_s
        self.cores, self.cache = chip.multiprocessors, chip.cache_bytes
        self.size, self.low = BYTES[precision], precision != "bf16"
        options = [(a, b, split) for a, b in chip.tiles for split in SPLITS]
        self.rows, self.columns, self.split = (
            np.array(column)[:, None] for column in zip(*options, strict=True)
        )
        tiles = np.ceil(m / self.rows) * np.ceil(n / self.columns) * self.split
        self.whole = np.log(np.ceil(tiles / self.cores))
        self.even = np.log(np.maximum(tiles / self.cores, 1.0))
        self.work = 2.0 * m * n * k / self.rate
        self.read, self.written = (m * k + n * k) * self.size, m * n * OUTPUT
        self.depths, self.at = np.unique(k, return_inverse=True)
        self.known: dict[bytes, Array] = {}
        self.taken: dict[float, Array] = {}

    def only(self, chosen: Array | NDArray[np.bool_]) -> Shapes:
        """Return some of the products, chosen by a mask."""
        found = object.__new__(Shapes)
        found.__dict__.update(self.__dict__)
        for name in ("m", "n", "k", "work", "read", "written", "at"):
            setattr(found, name, getattr(self, name)[chosen])
        found.known, found.taken = {}, {}
        found.whole, found.even = self.whole[:, chosen], self.even[:, chosen]
        return found

    def parts(self, logs: Array) -> dict[str, Array]:
        """Return the parts of the time of each product [s].

        Parameters
        ----------
        logs
            Logarithms of `COEFFICIENTS`.

        Notes
        -----
        Tiles: waves x (work of a tile and its fill, or the traffic of its port), the least over tiles and
        splits of k. Sustained: all operations at the rate that power allows. Memory: operands not kept in the
        cache, and the result. Time = launch + soft maximum of the first two and then of memory + cast.
        """
        launch, tile_work, sustained, memory, fill, port, waves, split, cast = np.exp(logs)
        tiled = self._tiled(np.array([tile_work, fill, port, waves, split]))
        fallen = 1.0 / (1.0 + (KEPT * self.cache / (self.read + self.written)) ** CLIFF)
        moved = (self.written + self.read * (fallen + (1.0 - fallen) * CACHED)) / self.band * memory
        steady = self.work * sustained
        roof = _softly(BESIDE, _softly(ROOF, tiled, steady), moved)
        thrown = self.m * self.k * OUTPUT / self.band * cast if self.low else np.zeros_like(roof)
        return {
            "latency": np.full_like(roof, launch),
            "waves": tiled,
            "compute": steady,
            "memory": moved,
            "cast": thrown,
            "total": launch + roof + thrown,
        }

    def _tiled(self, factors: Array) -> Array:
        """Return the time of the tiles of each product; the last few answers are kept, as fits ask again."""
        key = factors.tobytes()
        if key in self.known:
            return self.known[key]
        tile_work, fill, port, waves, split = factors
        depth = self.depths / self.split + fill
        work = 2.0 * self.rows * self.columns * depth * (self.cores / self.rate * tile_work)
        traffic = (self.rows + self.columns) * depth * (self.size * self.cores / self.band * port)
        one = (work**IN_TILE + traffic**IN_TILE) ** (1.0 / IN_TILE)
        each = one[:, self.at]
        each *= self._waves(min(float(waves), 1.0))
        cuts = np.array(SPLITS)[:, None]
        added = (self.written * cuts / self.band + SPLIT_LAUNCH) * (0.5 * split) * (cuts > 1)
        each.reshape(-1, *added.shape)[...] += added  # the options end in the splits
        least: Array = each.min(axis=0)
        near = np.divide(least, each, out=each)
        for _ in range(DOUBLED):
            np.square(near, out=near)
        found: Array = least * near.sum(axis=0) ** (-1.0 / 2.0**DOUBLED)
        if len(self.known) >= REMEMBERED:
            self.known.clear()
        self.known[key] = found
        return found

    def _waves(self, lost: float) -> Array:
        """Return how often a core takes a tile; the last two answers are kept for fits."""
        if lost not in self.taken:
            if len(self.taken) > 1:
                self.taken.clear()
            self.taken[lost] = np.exp(lost * self.whole + (1.0 - lost) * self.even)
        return self.taken[lost]

    def __call__(self, logs: Array) -> Array:
        """Return the logarithm of the time of each product."""
        return np.log(self.parts(logs)["total"])


def _softly(power: float, one: Array, other: Array) -> Array:
    """Return the soft maximum of two times."""
    most = np.maximum(one, other)
    found: Array = most * ((one / most) ** power + (other / most) ** power) ** (1.0 / power)
    return found


@dataclass(frozen=True)
class OperatorLaw:
    """The law of one chip and precision, or the common law of a precision.

    Parameters
    ----------
    chip, precision
        Whose law; the chip is empty for the common law.
    logs, covariance
        Logarithms of `COEFFICIENTS`, and their covariance.
    half
        Half the width of the 90 % interval, in logarithms: from held-out misses.
    rows
        Measured products.
    """

    chip: str
    precision: str
    logs: Array
    covariance: Array
    half: float
    rows: int


@cache
def read_laws() -> dict[tuple[str, str], OperatorLaw]:
    """Return the laws that come with the package, by chip (empty for a common law) and precision."""
    text = resources.files("narrows.compute").joinpath("operator.json").read_text("utf-8")
    return {(row["chip"], row["precision"]): _law(row) for row in json.loads(text)["laws"]}


def _law(row: dict[str, Any]) -> OperatorLaw:
    logs = np.array([row["logs"][name] for name in COEFFICIENTS])
    size = len(COEFFICIENTS)
    covariance = np.zeros((size, size))
    covariance[np.tril_indices(size)] = row["covariance"]
    covariance += np.tril(covariance, -1).T
    return OperatorLaw(row["chip"], row["precision"], logs, covariance, row["half"], row["rows"])


@dataclass(frozen=True)
class ProductTime:
    """Time of products with its 90 % interval, and what it is made of.

    Parameters
    ----------
    value, low, high
        Median, 5 % and 95 % [s]; axes those of the shapes.
    rate
        Operations in a second [flop/s].
    peak_share
        That rate over the catalogue's dense rate.
    bound
        What the time is mostly made of: compute, memory, waves, cast or latency.
    parts
        Seconds by part. Compute, memory and waves run side by side: the largest counts.
    measured
        Whether the chip was measured in this precision; else the common law answers.
    """

    value: Array
    low: Array
    high: Array
    rate: Array
    peak_share: Array
    bound: NDArray[np.str_]
    parts: dict[str, Array]
    measured: bool


def product_time(
    chip: str | Processor, m: ArrayLike, n: ArrayLike, k: ArrayLike, precision: str = "bf16"
) -> ProductTime:
    """Return the time of products of matrices with its 90 % interval.

    Parameters
    ----------
    chip
        Name in the catalogue, or what the catalogue would say of it.
    m, n, k
        Rows of A, columns of B, and what they share; numbers or arrays that broadcast.
    precision
        ``bf16``, ``fp8`` or ``fp4`` (``nvfp4``). Weights are held in it, activations are cast.

    Raises
    ------
    UnknownNameError
        If the chip or the precision is not known.
    UsageError
        If a size is below 1, or the chip has no rate for the precision.

    Notes
    -----
    The interval is the 90 % quantile of misses on products that the fit had not seen; for a chip that was not
    measured, of misses on whole chips left out.

    Examples
    --------
    >>> found = product_time("h100", 8192, 8192, 8192)
    >>> round(float(found.value) * 1e3, 1), str(found.bound)
    (1.4, 'compute')
    """
    machine = processor(chip) if isinstance(chip, str) else chip
    named = ALIASES.get(precision.lower(), precision.lower())
    if named not in BYTES:
        raise UnknownNameError("precision", precision, BYTES, remedy="Name one of the known precisions")
    if named not in machine.flop_per_s:
        raise UsageError(
            f"The chip {machine.id!r} has no rate for {precision!r}",
            f"Its rates are {', '.join(machine.flop_per_s)}",
            "Name one of these precisions",
        )
    sizes = np.broadcast_arrays(*(np.asarray(size, dtype=np.float64) for size in (m, n, k)))
    if not all(np.isfinite(size).all() and (size >= 1).all() for size in sizes):
        raise UsageError("A size of the product is below 1", "m, n and k are 1 or more", "Give whole numbers")
    laws = read_laws()
    law = laws.get((machine.id, named)) or laws["", named]
    flat = Shapes(machine, named, *(size.ravel() for size in sizes))
    parts = flat.parts(law.logs)
    total = parts.pop("total")
    names = np.array(list(parts))
    bound = names[np.argmax(np.stack(list(parts.values())), axis=0)]
    shape = sizes[0].shape
    rate = 2.0 * flat.m * flat.n * flat.k / total
    spread = np.exp(law.half)
    return ProductTime(
        total.reshape(shape),
        (total / spread).reshape(shape),
        (total * spread).reshape(shape),
        rate.reshape(shape),
        (rate / machine.flop_per_s[named]).reshape(shape),
        bound.reshape(shape),
        {name: part.reshape(shape) for name, part in parts.items()},
        bool(law.chip),
    )
