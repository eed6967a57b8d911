"""Prices that survive ties: what a layer's capacity of a quarter is worth, alone and as its part of a whole.

`prices` asks the question; `tell` gives any of its numbers in every draw.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.bottlenecks.answer import BAND, DEFAULT_DRAWS, DEFAULT_SEED, _meta, asked_of
from narrows.bottlenecks.interval import users
from narrows.bottlenecks.model import FIRST, LAST
from narrows.bottlenecks.plain import forward
from narrows.bottlenecks.shapley import Game, split
from narrows.bottlenecks.solution import chunks
from narrows.bottlenecks.told import Asked, Told
from narrows.draws import quantiles
from narrows.errors import UnknownNameError, UsageError
from narrows.figure import Shown
from narrows.quarters import Quarter, span

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from narrows.bottlenecks.answer import Run
    from narrows.catalog import Catalog

    Array = NDArray[np.float64]

__all__ = ["PricedLayer", "PricesResult", "Spread", "one_quarter", "prices", "tell"]

DEFAULT_SHARE = 0.1
"""How much capacity every layer gains in the joint question."""
LEAST_PART = 1e-9
"""A part of the joint gain that is not rounding."""
SETS_SHOWN = 6
"""Most frequent sets of layers that are listed."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A number over draws.

    Parameters
    ----------
    mean, p05, p50, p95
        Mean and quantiles over draws.
    error
        Standard error of the mean from the number of draws.
    """

    mean: float
    p05: float
    p50: float
    p95: float
    error: float


@dataclass(frozen=True, slots=True)
class PricedLayer:
    """What one layer's capacity of a quarter is worth.

    Parameters
    ----------
    id, name
        The layer.
    right, left
        Mean gain of one more unit, and loss of one unit less [H100e per H100e of capacity].
    price
        The same as one number: its exact Shapley value where layers tie, the price elsewhere. Over the
        layers it sums to what one unit more of all of them is worth.
    error
        Standard error of the price from the number of draws.
    usd_per_unit, unit
        The price in money [USD per native unit], and that unit.
    binding
        Share of draws in which one unit less of it is felt.
    alone
        Share of draws in which it is the only such layer.
    gain
        Its exact Shapley value in the gain of more capacity of all layers [H100e].
    gain_share
        Its part of the mean gain, 0 to 1.
    """

    id: str
    name: str
    right: float
    left: float
    price: float
    error: float
    usd_per_unit: float
    unit: str
    binding: float
    alone: float
    gain: Spread
    gain_share: float


@dataclass(frozen=True, slots=True)
class PricesResult(Shown):
    """Prices of one quarter's capacity, who binds together, and who earns what of a joint gain.

    Parameters
    ----------
    quarter
        Label of the quarter.
    share
        How much capacity every layer gains from that quarter on in the joint question.
    layers
        One row a layer, in flow order.
    everyone
        What one unit more of all layers of the quarter is worth [H100e per H100e].
    tied
        Share of draws in which two shortest paths through different layers are equally long.
    sets
        The most frequent sets of layers whose capacity is felt, with the share of draws; the first part
        is empty where the quarter's capacity of no layer is.
    total
        Gain of all layers together [H100e], stock limits as they are.
    total_with_stock
        The same where stock and transit may grow with the flow [H100e], mean.
    earners
        Mean number of layers that earn a part of the gain in a draw.
    meta
        As in `MapResult`.
    """

    quarter: str
    share: float
    layers: tuple[PricedLayer, ...]
    everyone: float
    tied: float
    sets: tuple[tuple[tuple[str, ...], float], ...]
    total: Spread
    total_with_stock: float
    earners: float
    meta: dict[str, Any] = field(default_factory=dict)


def prices(
    quarter: str | None = None,
    *,
    share: float = DEFAULT_SHARE,
    draws: int = DEFAULT_DRAWS,
    seed: int = DEFAULT_SEED,
    method: str = "random",
    as_of: str | None = None,
    scenario: str | Path | None = None,
    catalog: Catalog | None = None,
) -> PricesResult:
    """Find what each layer's capacity of a quarter is worth, and its part of a joint gain, ties included.

    Parameters
    ----------
    quarter
        One quarter, such as ``2026Q4``; that of today, or of ``as_of``, if left out.
    share
        How much capacity all layers gain from that quarter on, as a share above 0: 0.1 is a tenth.
    draws, seed, method, as_of, scenario, catalog
        As for `narrows.map`.

    Raises
    ------
    UsageError
        If the share is not above 0, or the quarter is out of range.

    Notes
    -----
    The gain of a coalition S of layers, in H100e of the quarter, is (V(K_S) - V(K)) / v(quarter), with V
    the sum over quarters t of v(t) x compute deployed in t, and K_S the capacity with a share more of
    the layers of S from the quarter on. Stock caps stay as they are, so that the parts tend to price
    times capacity as the share tends to 0. The Shapley values are exact in every draw, see
    `narrows.bottlenecks.shapley.Game`.

    Examples
    --------
    >>> result = prices("2027Q1", draws=200)
    >>> abs(sum(row.gain.mean for row in result.layers) / result.total.mean - 1) < 1e-9
    True
    """
    study = _Study(Asked(draws, seed, method, as_of, scenario, catalog), quarter, share)
    return study.result()


def one_quarter(quarter: str | None, asked: Asked) -> Quarter:
    """Return the one quarter of a question; that of today, or of its past day, where none is named.

    Raises
    ------
    UsageError
        If several quarters are named, or the quarter lies before the model.
    """
    if quarter is None:
        known = asked_of(asked.catalog, asked.as_of, asked.scenario).asked
        return max(Quarter.of(known or datetime.now(tz=UTC).date()), FIRST)
    found = span(quarter)
    if len(found) != 1 or found[0] < FIRST:
        raise UsageError(
            f"The quarter asked for is {quarter!r}",
            f"It is one quarter, from {FIRST} on",
            f"Ask, for instance, for {LAST}",
        )
    return found[0]


class _Study:
    """One question, with every number in every draw; what is dear is found when it is asked for."""

    def __init__(self, asked: Asked, quarter: str | None, share: float) -> None:
        if not 0 < share < math.inf:
            raise UsageError(
                f"The share of capacity that is added is {share}",
                "It is a number above 0; 0.1 adds a tenth",
                "Give, for instance, --add 0.1",
            )
        self.label = f"{100 * share:.12g}%"
        self.share = float(self.label[:-1]) / 100
        self.asked = asked
        self.quarter = str(one_quarter(quarter, asked))
        self.run: Run = asked.run(self.quarter)
        self.at = self.run.shown.start
        self.names = tuple(layer.id for layer in self.run.model.layers)
        self.worth = self.run.model.worth[self.at]

    @cached_property
    def sets(self) -> NDArray[np.uint64]:
        """Layers whose capacity of the quarter lies on the shortest paths, axes (draw, quarter)."""
        model = self.run.model
        found = [users(model.stack(rows), self.at)[:, self.at :] for rows in chunks(self.run.reader.n)]
        return np.concatenate(found)

    @cached_property
    def derivatives(self) -> tuple[Array, Array, Array]:
        """Right, left and Shapley, axes (draw, layer) [H100e per H100e]; no column for the root."""
        model = self.run.model
        found = split(self.sets, model.weight[self.at :], len(self.names) + 1)
        right, left, part = (side[:, 1:] / self.worth for side in found)
        return right, left, part

    @cached_property
    def joint(self) -> tuple[Array, Array, Array]:
        """Shapley values of the joint game, axes (draw, layer), their whole, with stock free too [H100e].

        No column for the root; then two axes (draw): gain of all layers, and the same where stock limits
        follow the flow.
        """
        model, first, more = self.run.model, self.at, 1.0 + self.share

        def grow(capacity: Array, _rows: object) -> None:
            capacity[:, :, first:] *= more

        grown, parts, whole, freer = model.changed(grow), [], [], []
        for rows in chunks(self.run.reader.n):
            game = Game(model.stack(rows), self.at, self.share)
            parts.append(game.shares()[:, 1:])
            whole.append(game.gain())
            freer.append((forward(grown.stack(rows)).output - game.base[0, 1:].T) @ model.weight)
        shares, total, free = (np.concatenate(found) / self.worth for found in (parts, whole, freer))
        return shares, total, free

    @cached_property
    def _everyone(self) -> Array:
        """What one unit more of all layers is worth [H100e per H100e], axis (draw)."""
        whole: Array = self.derivatives[2].sum(axis=1)
        return whole

    @cached_property
    def _tied(self) -> Array:
        """1 where a shortest path is tied, else 0, axis (draw)."""
        several: Array = (np.bitwise_count(self.sets).max(axis=1) > 1).astype(np.float64)
        return several

    @cached_property
    def felt(self) -> NDArray[np.bool_]:
        """Layers of which one unit less is felt, axes (draw, layer)."""
        return self.derivatives[1] > 0

    def figure(self, rest: list[str]) -> tuple[Array, str, str] | None:  # noqa: PLR0911 (one a kind)
        """Return values in every draw, unit and formula; the parts of an id without family and quarter."""
        match rest:
            case ["right" | "left" | "price" | "price_usd" | "binding" | "alone" as quantity, name] if (
                name in self.names
            ):
                return self._of_layer(quantity, name)
            case ["set", text]:
                return self._of_set(text)
            case ["gain" | "gain_share", *label, name] if ".".join(label) == self.label and (
                name in self.names or name == "all"
            ):
                return self._of_gain(rest[0], name)
            case ["gain_with_stock", *label] if ".".join(label) == self.label:
                told = "where stock and transit may grow with the flow"
                return self.joint[2], "h100e", f"{self._joint()}, {told}"
            case ["everyone"]:
                told = f"what one unit more of every layer in {self.quarter} is worth: {_DERIVATIVE}"
                return self._everyone, "h100e per h100e", told
            case ["tied"]:
                told = (
                    "share of draws in which shortest paths through different layers' capacity of "
                    f"{self.quarter} are equally long"
                )
                return self._tied, "share", told
        return None

    def _of_layer(self, quantity: str, name: str) -> tuple[Array, str, str]:
        place, quarter = self.names.index(name), self.quarter
        right, left, part = (side[:, place] for side in self.derivatives)
        if quantity in {"binding", "alone"}:
            felt = self.felt[:, place]
            if quantity == "alone":
                felt = felt & (self.felt.sum(axis=1) == 1)
            what = "and of no other layer " if quantity == "alone" else ""
            told = f"share of draws in which one unit less of {name} {what}in {quarter} is felt"
            return felt.astype(np.float64), "share", told
        if quantity == "price_usd":
            layer = self.run.model.layers[place]
            usd: Array = part * self.run.model.units_usd(self.run.shown)[place, 0]
            return usd, f"usd/{layer.unit}", f"price of {name} x USD per H100e / need per H100e"
        told_of: dict[str, tuple[Array, str]] = {
            "right": (right, f"one unit more of {name} in {quarter}: {_DERIVATIVE}"),
            "left": (left, f"one unit less of {name} in {quarter}: {_DERIVATIVE}"),
            "price": (
                part,
                (
                    f"Shapley value of {name} where shortest paths through {quarter} tie, which is the price "
                    f"where they do not: {_DERIVATIVE}"
                ),
            ),
        }
        return told_of[quantity][0], "h100e per h100e", told_of[quantity][1]

    def _of_gain(self, quantity: str, name: str) -> tuple[Array, str, str]:
        parts, total, _ = self.joint
        values = total if name == "all" else parts[:, self.names.index(name)]
        whose = "" if name == "all" else f"Shapley value of {name} in the "
        told = f"{whose}{self._joint()}, stock limits as they are"
        if quantity == "gain":
            return values, "h100e", told
        return values / total.mean(), "part of the gain", f"{told}, / the mean gain of all"

    def _of_set(self, text: str) -> tuple[Array, str, str] | None:
        asked = [] if text == "none" else text.split("+")
        if not set(asked) <= set(self.names):
            return None
        members = np.array([name in asked for name in self.names])
        hit = (self.felt == members).all(axis=1)
        whose = " and ".join(asked) or "no layer"
        told = f"share of draws in which one unit less in {self.quarter} is felt of exactly: {whose}"
        return hit.astype(np.float64), "share", told

    def _joint(self) -> str:
        return (
            f"gain of {self.label} more capacity of all layers from {self.quarter} on: sum over quarters t "
            f"of v(t) x compute deployed in t, less that without it, / v({self.quarter})"
        )

    def ids(self) -> Iterator[str]:
        """Return the id of every number of the answer."""
        for quantity in ("right", "left", "price", "price_usd", "binding", "alone"):
            for name in self.names:
                yield f"prices.{quantity}.{name}.{self.quarter}"
        for name in ("all", *self.names):
            yield f"prices.gain.{self.label}.{name}.{self.quarter}"
            yield f"prices.gain_share.{self.label}.{name}.{self.quarter}"
        yield f"prices.gain_with_stock.{self.label}.{self.quarter}"
        for text, _ in self.frequent():
            yield f"prices.set.{'+'.join(text) or 'none'}.{self.quarter}"
        yield f"prices.everyone.{self.quarter}"
        yield f"prices.tied.{self.quarter}"

    def frequent(self) -> list[tuple[tuple[str, ...], float]]:
        """Return the most frequent sets of layers that are felt, with their share of the draws."""
        marks, counts = np.unique(np.packbits(self.felt, axis=1), axis=0, return_counts=True)
        found = Counter(
            {
                tuple(
                    name
                    for name, bit in zip(
                        self.names, np.unpackbits(row, count=len(self.names)).tolist(), strict=True
                    )
                    if bit
                ): int(count)
                for row, count in zip(marks, counts, strict=True)
            }
        )
        ordered = sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))
        return [(names, count / len(self.felt)) for names, count in ordered[:SETS_SHOWN]]

    def mean(self, *rest: str) -> float:
        """Return the mean of one number over draws."""
        found = self.figure(list(rest))
        return float(found[0].mean()) if found else math.nan

    def result(self) -> PricesResult:
        """Return the whole answer."""
        label = self.label
        return PricesResult(
            quarter=self.quarter,
            share=self.share,
            layers=tuple(self._row(place) for place in range(len(self.names))),
            everyone=self.mean("everyone"),
            tied=self.mean("tied"),
            sets=tuple(self.frequent()),
            total=_spread(self.joint[1]),
            total_with_stock=self.mean("gain_with_stock", label),
            earners=float((self.joint[0] > LEAST_PART * self.joint[1][:, None]).sum(axis=1).mean()),
            meta=_meta(self.run),
        )

    def _row(self, place: int) -> PricedLayer:
        layer, name = self.run.model.layers[place], self.names[place]
        part = self.derivatives[2][:, place]
        return PricedLayer(
            id=name,
            name=layer.declared.name,
            right=self.mean("right", name),
            left=self.mean("left", name),
            price=self.mean("price", name),
            error=_error(part),
            usd_per_unit=self.mean("price_usd", name),
            unit=layer.unit,
            binding=self.mean("binding", name),
            alone=self.mean("alone", name),
            gain=_spread(self.joint[0][:, place]),
            gain_share=self.mean("gain_share", self.label, name),
        )


_DERIVATIVE = "dV/dK / v, V = sum over quarters t of v(t) x compute deployed in t"


def _spread(values: Array) -> Spread:
    p05, p50, p95 = (float(q) for q in quantiles(values, BAND))
    return Spread(float(values.mean()), p05, p50, p95, _error(values))


def _error(values: Array) -> float:
    """Return the standard error of a mean; that of one draw is not known."""
    return float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else math.nan


def tell(id: str, asked: Asked) -> Told:  # noqa: A002 (the word of the trade)
    """Return a figure of the prices in every draw.

    Parameters
    ----------
    id
        Such as ``prices.price.cowos.2026Q4`` or ``prices.gain.10%.cowos.2026Q4``.
    asked
        The question that it belongs to.

    Raises
    ------
    UnknownNameError
        If there is no such figure.
    """
    *rest, quarter = id.split(".")[1:] or [""]
    study = _Study(asked, quarter, _share_of(rest))
    found = study.figure(rest)
    if found is None:
        raise UnknownNameError(
            "figure",
            id,
            study.ids(),
            remedy="Write prices.<quantity>.<layer>.<quarter> or prices.gain.<percent>%.<layer>.<quarter>",
        )
    values, unit, formula = found
    return Told(run=study.run, values=values, unit=unit, formula=formula)


def _share_of(rest: list[str]) -> float:
    """Return the share that an id names, such as the 10% of ``gain.10%.cowos``."""
    text = ".".join(rest).partition("%")[0].partition(".")[2]
    try:
        share = float(text) / 100 if "%" in ".".join(rest) else DEFAULT_SHARE
    except ValueError:
        return DEFAULT_SHARE
    return share if 0 < share < math.inf else DEFAULT_SHARE
