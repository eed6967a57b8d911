"""Day 3: time of a collective among chips, by a law with eight coefficients a chip.

Chips in a ring pass pieces on: an all-gather takes n - 1 steps, an all-reduce twice as many. What a library
adds is latency, the filling of its pipeline and copies on the chip. The coefficients were fitted to measured
times and stand, with their covariance, in ``collective.json``.
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
    from numpy.typing import ArrayLike, NDArray

    from narrows.catalog.catalog import Catalog

    Array = NDArray[np.float64]

__all__ = [
    "COEFFICIENTS",
    "OPERATIONS",
    "CollectiveLaw",
    "CollectiveTime",
    "Exchanges",
    "Linked",
    "bus_factor",
    "collective_time",
    "linked",
    "read_laws",
    "torus_all_reduce",
    "tree_all_reduce",
]

OPERATIONS = ("all_gather", "reduce_scatter", "all_reduce", "alltoall")
COEFFICIENTS = ("launch", "hop", "link", "copy", "startup", "own", "exchange", "switch")
"""Of chips with a scale-up network: launch and one hop [s]; share of the link that rings reach; copy of a
chip's own part in link time; startup of the full-rate pipeline [s]; own part of an exchange in link time;
startup of exchanges [s]; gain where the switch adds. Of chips that share a bus: copy is the extra time of a
byte in small messages, own the message from which they end [MB], switch the power with which a chip's share
falls with their number."""
BUS = 1e11
"""Links below this rate are taken for a shared bus [byte/s]."""
LINE, LINE_BYTES = 0.15, 16e3
"""Extra latency of messages beyond some kilobytes, and where half of it is met."""
PIPE, JOIN, HILL = 1.5, 8.0, 4.0
"""Powers: start of the pipeline, joint startup of exchanges, end of small messages on a bus."""
EXCHANGE_BYTES, EXCHANGE_GROWTH = 24e3, 1.3
"""Message from which exchanges start their pipeline, per chip to the power of growth."""
NARROW = 1.25
"""Copies of integers of one byte that are added take this much longer."""
SWITCH_BYTES = 6e7
"""Message from which the switch gains half of what it can."""
MEGA = 1e6
STEADY = ("2.27.5", "2.28.9")
"""Releases whose exchanges have no startup of their own."""
TURNS = ("2.23",)
"""Releases that exchange with one chip after the other, without such a startup."""
MISLABELLED = ("gb200",)
"""Chips whose oldest label cannot be right: that release came before them, and they behave as later ones."""


def bus_factor(operation: str, chips: ArrayLike) -> Array:
    """Return bytes over the wire of one chip, per byte of the message.

    Parameters
    ----------
    operation
        One of `OPERATIONS`.
    chips
        Number of chips.

    Examples
    --------
    >>> float(bus_factor("all_reduce", 8)), float(bus_factor("all_gather", 8))
    (1.75, 0.875)
    """
    n = np.asarray(chips, dtype=np.float64)
    found: Array = (n - 1) / n * (2.0 if operation == "all_reduce" else 1.0)
    return found


@dataclass(frozen=True)
class Linked:
    """What the catalogue says of a chip among others.

    Parameters
    ----------
    id
        Name in the catalogue.
    link_bytes_per_s
        Scale-up link, one way [byte/s].
    node_link_bytes_per_s
        Link of one chip to other nodes, one way [byte/s].
    switch_from
        Fewest chips whose all-reduce the switch adds; infinite where it does not.
    """

    id: str
    link_bytes_per_s: float
    node_link_bytes_per_s: float
    switch_from: float = np.inf

    @property
    def shared(self) -> bool:
        """Whether the chips share a bus."""
        return self.link_bytes_per_s < BUS


def linked(name: str, catalog: Catalog | None = None) -> Linked:
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
        If no chip of that name has a scale-up link in the catalogue.

    Notes
    -----
    The link to other nodes is the one deployed (``cluster.<chip>.scale_out``) where a statement says which:
    files of machines call the link between boards of one rack so.

    Examples
    --------
    >>> linked("b200").link_bytes_per_s, linked("gb200").node_link_bytes_per_s
    (900000000000.0, 50000000000.0)
    """
    held = catalog or default()
    facts: dict[str, dict[str, float]] = {}
    for fact in held.under("chip"):
        chip, _, quantity = fact.id.removeprefix("chip.").rpartition(".")
        facts.setdefault(chip, {})[quantity] = fact.canonical_value
    known = {chip: row for chip, row in facts.items() if {"scale_up", "scale_out"} <= row.keys()}
    plain = name.lower().replace("-", "_")
    found = next((word for word in (plain, f"{plain}_sxm", f"{plain}_server") if word in known), None)
    if found is None:
        raise UnknownNameError("chip", name, known, remedy="List them with `narrows facts chip scale_up`")
    row, deployed = known[found], f"cluster.{found}.scale_out"
    beyond = held.fact(deployed).canonical_value if held.has(deployed) else row["scale_out"]
    return Linked(found, row["scale_up"], beyond, row.get("reduces_in_switch_from", np.inf))


class Exchanges:
    """Collectives of one chip as arrays, and their times by log-coefficients.

    Parameters
    ----------
    chip
        The chip.
    operation
        Place in `OPERATIONS` of each.
    chips
        Number of chips.
    size
        Message [byte]: of an all-gather the gathered whole, else what each chip holds.
    narrow
        Whether the numbers have one byte.
    release
        Release of the library; empty for the newest.
    """

    def __init__(
        self,
        chip: Linked,
        operation: NDArray[np.intp],
        chips: Array,
        size: Array,
        *,
        narrow: NDArray[np.bool_] | None = None,
        release: NDArray[np.str_] | None = None,
    ) -> None:
        self.chip, self.operation, self.chips, self.size = chip, operation, chips, size
        self.narrow = np.zeros(len(size), dtype=bool) if narrow is None else narrow
        self.release = np.full(len(size), "") if release is None else release
        exchange = operation == OPERATIONS.index("alltoall")
        reduced = operation == OPERATIONS.index("all_reduce")
        old = np.isin(self.release, TURNS) & (chip.id not in MISLABELLED)
        ring = np.where(reduced, 2 * (chips - 1), chips - 1)
        self.steps = np.where(exchange & ~old, 1 + np.log2(chips) / 2, ring)
        self.exchange, self.started = exchange, exchange & ~old & ~np.isin(self.release, STEADY)
        self.wire = size * (chips - 1) / chips * np.where(reduced, 2.0, 1.0)
        self.added = reduced & ~self.narrow & (chips >= chip.switch_from)
        adds = reduced | (operation == OPERATIONS.index("reduce_scatter"))
        self.copied = size / chips * np.where(self.narrow & adds, NARROW, 1.0)

    def only(self, chosen: NDArray[np.bool_]) -> Exchanges:
        """Return some of the collectives, chosen by a mask."""
        return Exchanges(
            self.chip,
            self.operation[chosen],
            self.chips[chosen],
            self.size[chosen],
            narrow=self.narrow[chosen],
            release=self.release[chosen],
        )

    def parts(self, logs: Array) -> dict[str, Array]:
        """Return the parts of the time of each collective [s].

        Parameters
        ----------
        logs
            Logarithms of `COEFFICIENTS`.

        Notes
        -----
        Latency: launch + steps x hop. Startup: grows with the message until the pipeline is full. Wire: bytes
        over the link, less where the switch adds. Copy: the chip's own part.
        """
        launch, hop, link, copy, startup, own, exchange, switch = np.exp(logs)
        band = self.chip.link_bytes_per_s * link
        latency = (launch + hop * self.steps) * (1.0 + LINE * self.size / (self.size + LINE_BYTES))
        begun = self.size / (EXCHANGE_BYTES * self.chips**EXCHANGE_GROWTH)
        turned = np.where(self.started, exchange * _ramp(begun, 2.0), 0.0)
        if self.chip.shared:
            full = 1.0 / (1.0 + (own * MEGA / self.size) ** HILL)
            wire = self.wire / band * (self.chips / 2) ** switch
            piped, copied = startup * full, wire * copy * (1.0 - full)
        else:
            held = 1.0 / (1.0 + (SWITCH_BYTES / self.size) ** 2)
            wire = self.wire / band / np.where(self.added, 1.0 + (switch - 1.0) * held, 1.0)
            copied = self.copied / self.chip.link_bytes_per_s * np.where(self.exchange, own, copy)
            piped = startup * _ramp(self.size / (startup * band), PIPE)
        started = (piped**JOIN + turned**JOIN) ** (1.0 / JOIN)
        return {
            "latency": latency,
            "startup": started,
            "wire": wire,
            "copy": copied,
            "total": latency + started + wire + copied,
        }

    def __call__(self, logs: Array) -> Array:
        """Return the logarithm of the time of each collective."""
        return np.log(self.parts(logs)["total"])


def _ramp(x: Array, power: float) -> Array:
    found: Array = x / (1.0 + x**power) ** (1.0 / power)
    return found


@dataclass(frozen=True)
class CollectiveLaw:
    """The law of one chip, or the common law of chips with a scale-up network or a shared bus.

    Parameters
    ----------
    chip
        Whose law; ``network`` or ``bus`` for a common one.
    logs, covariance
        Logarithms of `COEFFICIENTS`, and their covariance.
    half
        Half the width of the 90 % interval, in logarithms: from held-out misses.
    rows
        Measured collectives.
    """

    chip: str
    logs: Array
    covariance: Array
    half: float
    rows: int


@cache
def read_laws() -> dict[str, CollectiveLaw]:
    """Return the laws that come with the package, by chip."""
    text = resources.files("narrows.network").joinpath("collective.json").read_text("utf-8")
    return {row["chip"]: _law(row) for row in json.loads(text)["laws"]}


def _law(row: dict[str, Any]) -> CollectiveLaw:
    logs = np.array([row["logs"][name] for name in COEFFICIENTS])
    size = len(COEFFICIENTS)
    covariance = np.zeros((size, size))
    covariance[np.tril_indices(size)] = row["covariance"]
    covariance += np.tril(covariance, -1).T
    return CollectiveLaw(row["chip"], logs, covariance, row["half"], row["rows"])


@dataclass(frozen=True)
class CollectiveTime:
    """Time of collectives with its 90 % interval, and what it is made of.

    Parameters
    ----------
    value, low, high
        Median, 5 % and 95 % [s].
    bus_rate
        Bytes over the wire of one chip in a second [byte/s].
    link_share
        That rate over the scale-up link of one chip, within a node.
    bound
        What the time is mostly made of: latency, startup, wire, copy, or the links between nodes.
    parts
        Seconds by part; between nodes they overlap with those within.
    measured
        Whether the chip was measured; else a common law answers.
    """

    value: Array
    low: Array
    high: Array
    bus_rate: Array
    link_share: Array
    bound: NDArray[np.str_]
    parts: dict[str, Array]
    measured: bool


def collective_time(
    chip: str | Linked,
    operation: str,
    size: ArrayLike,
    chips: int,
    nodes: int = 1,
    *,
    node_link_bytes_per_s: float | None = None,
    release: str = "",
) -> CollectiveTime:
    """Return the time of collectives with its 90 % interval.

    Parameters
    ----------
    chip
        Name in the catalogue, or what the catalogue would say of it.
    operation
        ``all_gather``, ``reduce_scatter``, ``all_reduce`` or ``alltoall``.
    size
        Messages [byte]: of an all-gather the gathered whole, else what each chip holds.
    chips
        Chips that take part.
    nodes
        Nodes they stand in, the same number in each.
    node_link_bytes_per_s
        Link of one chip to other nodes, one way [byte/s]; that of the catalogue if left out.
    release
        Release of the library, such as ``2.27.3``; the newest if left out.

    Raises
    ------
    UnknownNameError
        If the chip or the operation is not known.
    UsageError
        If a number is out of range, or the nodes do not share the chips evenly.

    Notes
    -----
    Over nodes a collective runs within each node and between nodes, on one rail a chip, in a pipeline: the
    slower of the two counts for bytes, latencies add. The wire of a rail carries (k - 1) / n of the message
    for k nodes and n chips, twice for an all-reduce, and (n - c) / n for an exchange among c chips a node.

    Examples
    --------
    >>> found = collective_time("h100", "all_reduce", 2**30, 8)
    >>> round(float(found.value) * 1e3, 1), str(found.bound)
    (4.2, 'wire')
    """
    machine = linked(chip) if isinstance(chip, str) else chip
    if operation not in OPERATIONS:
        raise UnknownNameError("operation", operation, OPERATIONS, remedy="Name one of the known operations")
    sizes = np.asarray(size, dtype=np.float64)
    if not (np.isfinite(sizes).all() and (sizes > 0).all()):
        raise UsageError("A message has no bytes", "A message has 1 byte or more", "Give its bytes")
    if chips < 2 or nodes < 1 or chips % nodes:  # noqa: PLR2004 - one chip exchanges with none
        raise UsageError(
            f"{chips} chips stand in {nodes} nodes",
            "At least 2 chips share the nodes evenly",
            "Give a number of chips that the nodes divide",
        )
    laws = read_laws()
    law = laws.get(machine.id) or laws["bus" if machine.shared else "network"]
    flat = sizes.ravel()
    parts, half = _within(machine, law, operation, flat, chips=chips // nodes, release=release)
    if nodes > 1:
        link = node_link_bytes_per_s or machine.node_link_bytes_per_s
        parts, half = _between(parts, half, operation, flat, counts=(chips, nodes), link=link)
    total = parts.pop("total")
    bound = np.array(list(parts))[np.argmax(np.stack(list(parts.values())), axis=0)]
    bus = bus_factor(operation, chips) * flat / total
    shape = sizes.shape
    return CollectiveTime(
        total.reshape(shape),
        (total / np.exp(half)).reshape(shape),
        (total * np.exp(half)).reshape(shape),
        bus.reshape(shape),
        (bus / machine.link_bytes_per_s).reshape(shape),
        bound.reshape(shape),
        {name: part.reshape(shape) for name, part in parts.items()},
        law.chip == machine.id,
    )


def _within(
    machine: Linked, law: CollectiveLaw, operation: str, size: Array, *, chips: int, release: str
) -> tuple[dict[str, Array], float]:
    if chips == 1:
        nothing = np.zeros_like(size)
        return dict.fromkeys(("latency", "startup", "wire", "copy", "total"), nothing), law.half
    place = np.full(len(size), OPERATIONS.index(operation))
    found = Exchanges(
        machine, place, np.full(len(size), float(chips)), size, release=np.full(len(size), release)
    )
    return found.parts(law.logs), law.half


def _between(
    within: dict[str, Array],
    half: float,
    operation: str,
    size: Array,
    *,
    counts: tuple[int, int],
    link: float,
) -> tuple[dict[str, Array], float]:
    chips, nodes = counts
    share, hop = default().fact("network.node_link.share"), default().fact("network.node_hop.time")
    both = 2.0 if operation == "all_reduce" else 1.0
    part = (chips - chips / nodes) / chips if operation == "alltoall" else (nodes - 1) / chips
    rails = both * part * size / (link * share.canonical_value)
    latency = within["latency"] + both * (nodes - 1) * hop.canonical_value
    bytes_within = within["wire"] + within["copy"]
    slower = (bytes_within**HILL + rails**HILL) ** (1.0 / HILL)
    total = latency + within["startup"] + slower
    doubt = max(np.log(share.high / share.value), np.log(share.value / share.low))
    parts = {**within, "latency": latency, "links between nodes": rails, "total": total}
    return parts, float(np.hypot(half, doubt))


def tree_all_reduce(size: float, chips: int, hop: float, band: float) -> float:
    """Return the time of an all-reduce over a double binary tree [s].

    Parameters
    ----------
    size
        Message [byte].
    chips
        Chips.
    hop
        Latency of one step [s].
    band
        Rate of a link, one way [byte/s].

    Notes
    -----
    2 log2(n) hop + 2 size / band: up and down two trees, each with half of the message (Sanders, Speck and
    Träff, "Two-tree algorithms for full bandwidth broadcast, reduction and scan", 2009).

    Examples
    --------
    >>> round(tree_all_reduce(1e6, 8, 1e-6, 1e11) * 1e6, 3)
    26.0
    """
    return float(2 * np.log2(chips) * hop + 2 * size / band)


def torus_all_reduce(size: float, sides: tuple[int, ...], hop: float, band: float) -> float:
    """Return the time of an all-reduce over a torus [s].

    Parameters
    ----------
    size
        Message [byte].
    sides
        Chips along each axis; an axis with wrap-around links.
    hop
        Latency of one step [s].
    band
        Rate of one link, one way [byte/s].

    Notes
    -----
    The message is cut into as many parts as there are axes, and each part is reduced axis by axis, each from
    another first axis on, over both directions of a ring: 2 sum(s - 1) hop + 2 (1 - 1/n) size / (2 d band)
    for d axes of s chips and n in all (Jouppi et al., "TPU v4", 2023, has such tori; the steps are those of
    the bucket algorithm of Barnett et al., 1993).

    Examples
    --------
    >>> round(torus_all_reduce(1e9, (4, 4, 4), 1e-6, 5e10) * 1e3, 2)
    6.58
    """
    chips, axes = int(np.prod(sides)), len(sides)
    steps = 2 * sum(side - 1 for side in sides)
    return float(steps * hop + (1 - 1 / chips) * size / (axes * band))
