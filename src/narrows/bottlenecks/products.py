"""Products as groups of designs, and the linear program of a solved map with several of them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from narrows import units
from narrows.bottlenecks.plain import outputs
from narrows.bottlenecks.programme import Expansion, Programme, Steps
from narrows.bottlenecks.supply import QUARTER_S, factor, interpolate
from narrows.errors import UnknownNameError, UsageError
from narrows.units import to_canonical

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from narrows.bottlenecks.model import Model
    from narrows.bottlenecks.network import Stack
    from narrows.bottlenecks.supply import Recipes
    from narrows.catalog import Catalog

    Array = NDArray[np.float64]

__all__ = ["ELASTICITY", "ROOM", "Choice", "Product", "Shop", "named", "usual"]

ROOM = "plan.mix_room"
ELASTICITY = "plan.elasticity"
OTHERS = "others"
LEAST_NAME = 3
"""Letters that the designs of a maker share before they count as a family of their own name."""
STEP_COUNT = 8
"""Steps of an elastic demand."""
DEAREST, CHEAPEST = 2.0, 0.5
"""Prices, relative to the stated one, between which demand has steps."""
LEAST_SHARE = 1e-9
"""A product below this share of the mix is not made."""


@dataclass(frozen=True, slots=True)
class Product:
    """Designs that are made and sold as one.

    Parameters
    ----------
    id
        Name in programs.
    designs
        Ids of its designs.
    """

    id: str
    designs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """What a plan may choose.

    Parameters
    ----------
    mix
        Whether the shares of products may move, within the room of ``plan.mix_room``.
    expand
        Whether capacity may be bought.
    elastic
        Whether demand follows the price.
    together
        Whether all designs count as one product, as on the map.
    """

    mix: bool = False
    expand: bool = False
    elastic: bool = False
    together: bool = False


def usual(recipes: Recipes, year: int) -> tuple[Product, ...]:
    """Return the products of a plan that begins in a year.

    Parameters
    ----------
    recipes
        Mix and recipes.
    year
        Year of the first quarter that can be decided.

    Notes
    -----
    One product a maker. The maker with the largest share of the mix is split in two: designs in the mix
    before the year are its current generation, those that enter from that year on the next. A product
    is named by the family that its designs share (``tpu``), else by its maker.
    """
    makers = {design.id: design.maker for design in recipes.reader.catalog.designs}
    first, shares = recipes.mixed(), recipes.shares_at(year + 0.5)
    held: dict[str, list[str]] = {}
    for design in first:
        held.setdefault(makers[design], []).append(design)
    largest = max(held, key=lambda maker: sum(shares[design] for design in held[maker]))
    found = []
    for maker, designs in held.items():
        if maker != largest:
            found.append(Product(_family(maker, designs), tuple(designs)))
            continue
        now = tuple(design for design in designs if int(first[design]) < year)
        after = tuple(design for design in designs if int(first[design]) >= year)
        name = _slug(maker)
        parts = (Product(f"{name}_current", now), Product(f"{name}_next", after))
        found += [part for part in parts if part.designs]
    return tuple(sorted(found, key=lambda product: makers[product.designs[0]] != largest))


def _slug(text: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in text.lower())


def _shared_start(names: Sequence[str]) -> str:
    """Return the letters that all names begin with."""
    same = itertools.takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    return "".join(letters[0] for letters in same)


def _family(maker: str, designs: Sequence[str]) -> str:
    shared = _shared_start(designs)
    name = "".join(itertools.takewhile(str.isalpha, shared))
    return name if len(name) >= LEAST_NAME else _slug(maker)


def named(text: str, recipes: Recipes, year: int) -> tuple[Product, ...]:
    """Return products as named: makers, families, designs or usual products, several of one joined by ``+``.

    Parameters
    ----------
    text
        Such as ``nvidia,tpu,trainium+amd``; designs that none names are one more product, ``others``.
    recipes, year
        As for `usual`.

    Raises
    ------
    UnknownNameError
        If a part names nothing in the mix.
    UsageError
        If two products share a design, or none is named.
    """
    makers = {design.id: _slug(design.maker) for design in recipes.reader.catalog.designs}
    designs = tuple(recipes.mixed())
    groups: dict[str, tuple[str, ...]] = {product.id: product.designs for product in usual(recipes, year)}
    for design in designs:
        groups.setdefault(
            makers[design], tuple(other for other in designs if makers[other] == makers[design])
        )
        groups.setdefault(design, (design,))
    found: list[Product] = []
    for name in filter(None, (part.strip() for part in text.split(","))):
        members: list[str] = []
        for part in name.split("+"):
            if part not in groups:
                remedy = "Name makers, families, designs or products, with commas between"
                raise UnknownNameError("product", part, groups, remedy=remedy)
            members += [design for design in groups[part] if design not in members]
        for product in found:
            shared = sorted(set(product.designs) & set(members))
            if shared:
                raise UsageError(
                    f"The products {product.id!r} and {name!r} both hold design {shared[0]!r}",
                    "A design belongs to one product",
                    "Leave it out of one of them",
                )
        found.append(Product(name, tuple(members)))
    if not found:
        raise UsageError(
            f"The products {text!r} name none",
            f"Products are {', '.join(one.id for one in usual(recipes, year))}, or makers and designs",
            "Name one, or leave --products out",
        )
    rest = tuple(design for design in designs if all(design not in product.designs for product in found))
    return (*found, Product(OTHERS, rest)) if rest else tuple(found)


@dataclass(frozen=True, eq=False)
class Shop:
    """A model with products, from the first quarter that can be decided.

    Parameters
    ----------
    model
        The stack of the map.
    products
        Groups that hold every design of the mix once.
    first
        Index of the first quarter that can be decided.
    """

    model: Model
    products: tuple[Product, ...]
    first: int

    @property
    def years(self) -> Array:
        """Middles of the quarters planned [year]."""
        return self.model.years[self.first :]

    @cached_property
    def stack(self) -> Stack:
        """The stack of the map, every draw."""
        return self.model.stack(slice(0, self.model.reader.n))

    @cached_property
    def before(self) -> Array:
        """Cumulative output of every layer by the shortest path [h100e], axes (draw, layer, quarter)."""
        return outputs(self.stack)

    @cached_property
    def value(self) -> Array:
        """Value of one H100e deployed, relative to the first quarter planned, axis (quarter)."""
        worth = self.model.worth[self.first :]
        relative: Array = worth / worth[0]
        return relative

    @cached_property
    def usd_per_h100e(self) -> Array:
        """All-in price of one H100e in the first quarter planned [USD/h100e], axis (draw)."""
        price = factor(self.model.reader, "value.usd_per_h100e", self.years[:1])[:, 0]
        return np.broadcast_to(price, (self.model.reader.n,))

    @cached_property
    def _parts(self) -> tuple[Array, Array]:
        recipes = self.model.layers[0].recipes
        needs = [layer.declared.need for layer in self.model.layers]
        return recipes.by_group(needs, [product.designs for product in self.products])

    def shares(self, draw: int, lag: int = 0) -> Array:
        """Return each product's share of what is deployed some quarters later, axes (product, quarter)."""
        weights = interpolate(self.model.stated, self.years + lag / 4)
        found: Array = self._parts[0][draw].T @ weights
        return found

    def need(self, draw: int, row: int) -> Array:
        """Return a layer's need of each product times its share [unit/h100e], axes (product, quarter)."""
        lag = int(self.model.path_lag[row])
        weights = interpolate(self.model.stated, self.years + lag / 4)
        found: Array = self._parts[1][draw, :, :, row - 1].T @ weights
        return found

    def programme(self, draw: int, choice: Choice, promised: Mapping[str, Array] | None = None) -> Programme:
        """Return the linear program of one draw.

        Parameters
        ----------
        draw
            Which draw.
        choice
            What the plan may choose.
        promised
            Least output of a product [h100e/quarter], axis (quarter planned), by product id.

        Notes
        -----
        Opening stock and pipeline are those of the shortest path when the plan begins; what arrives in a
        quarter is split over products by the mix of the quarter in which it will be deployed.
        """
        model, first, net = self.model, self.first, self.model.network
        stack = self.stack
        K = stack.K[draw, :, first:].copy()
        rows, count = K.shape
        names = ("all",) if choice.together else tuple(product.id for product in self.products)
        take = np.ones((len(names), rows, count))
        shares = np.ones((len(names), rows, count))
        if not choice.together:
            for row in range(rows):
                shares[:, row] = self.shares(draw, int(model.path_lag[row]))
                need = self.need(draw, row) if row else shares[:, row]
                with np.errstate(divide="ignore", invalid="ignore"):
                    relative = need / shares[:, row] / need.sum(axis=0)
                made = shares[:, row] >= LEAST_SHARE
                take[:, row] = np.where(made, np.where(np.isfinite(relative), relative, 0.0), np.inf)
        room = float(model.reader.draws(ROOM)[draw]) if choice.mix else 0.0
        steps = self._steps(draw, K) if choice.elastic else None
        if steps is not None:
            K[steps.layer] = steps.width.sum(axis=0)
        expansion = self._expansion(draw, K) if choice.expand else None
        used = np.where(net.parent >= 0, model.path_lag - net.lag, 0)
        at_use = np.ones_like(shares)
        if not choice.together:
            for row in range(rows):
                at_use[:, row] = self.shares(draw, int(used[row]))
        arrivals, cap = self._opening(draw, self._caps(draw, K, take, shares, room, expansion, choice))
        fresh = np.diff(arrivals, axis=1, prepend=0.0)
        least = np.zeros((len(names), count))
        for name, amount in (promised or {}).items():
            least[names.index(name)] = amount
        root = shares[:, net.root]
        return Programme(
            network=net,
            products=names,
            K=K,
            take=take,
            A=np.cumsum(at_use * fresh, axis=2),
            cap=cap,
            value=self.value,
            D=np.full((len(names), count), np.inf),
            low=(1.0 - room) * root,
            high=np.minimum((1.0 + room) * root, 1.0),
            least=least,
            expansion=expansion,
            steps=steps,
        )

    def _caps(  # noqa: PLR0917 (the parts of one program)
        self,
        draw: int,
        K: Array,
        take: Array,
        shares: Array,
        room: float,
        expansion: Expansion | None,
        choice: Choice,
    ) -> Array:
        """Return caps on stock plus transit that follow the greatest flow the plan could reach."""
        if not (choice.mix or choice.expand or choice.elastic):
            return np.broadcast_to(self.stack.B[draw], self.stack.K[draw].shape)
        capacity = self.stack.K[draw : draw + 1].copy()
        least = _least_take(take, shares, room) if choice.mix else np.ones_like(K)
        with np.errstate(divide="ignore", invalid="ignore"):
            ahead = np.where(least > 0.0, K / least, np.inf)
        if expansion is not None:
            for row in np.flatnonzero(np.isfinite(expansion.cost)):
                lead = int(expansion.lead[row])
                grown = expansion.reach[row] * expansion.ceiling[row]
                ahead[row, lead:] += grown[lead:]
        capacity[0, :, self.first :] = np.maximum(ahead, K)
        caps: Array = np.maximum(self.model.caps_for(capacity)[0], self.stack.B[draw])
        return caps

    def _opening(self, draw: int, caps: Array) -> tuple[Array, Array]:
        """Return arrivals from what was made before, and what is left of the caps, axes (layer, quarter)."""
        net, first = self.model.network, self.first
        A = np.broadcast_to(self.stack.A, (self.model.reader.n, *self.stack.A.shape[1:]))[draw]
        if first == 0:
            return A, caps - A[:, -1:]
        Z = self.before[draw]
        quarters = np.arange(first, Z.shape[1])
        arrivals, cap = np.zeros((len(net), len(quarters))), np.full((len(net), len(quarters)), np.inf)
        for c, p in enumerate(net.parent.tolist()):
            if p < 0:
                continue
            made = np.minimum(quarters - int(net.lag[c]), first - 1)
            arrivals[c] = A[c, first:] + np.where(made >= 0, Z[c, made], 0.0) - Z[p, first - 1]
            cap[c] = Z[p, first - 1] - Z[c, first - 1] + caps[c, first:] - A[c, -1]
            # What was made before is counted in the arrivals, not in the output of the plan.
            cap[c] = np.maximum(cap[c], 0.0)
        return np.maximum(arrivals, 0.0), cap

    def _steps(self, draw: int, K: Array) -> Steps | None:
        """Return demand as steps, from those who would pay most to those who would pay least."""
        model = self.model
        names = [layer.id for layer in model.layers]
        if "demand" not in names or not np.isfinite(K[names.index("demand") + 1]).all():
            raise UsageError(
                "The demand of the plan is not known in every quarter",
                "An elastic demand needs the layer 'demand' with a capacity",
                "Leave --elastic out, or ask for a later day",
            )
        row = names.index("demand") + 1
        elasticity = float(model.reader.draws(ELASTICITY)[draw])
        level = np.geomspace(DEAREST, CHEAPEST, STEP_COUNT)
        wanted = level**-elasticity
        width = np.diff(wanted, prepend=0.0)[:, None] * K[row]
        return Steps(row, level, width)

    def expandable(self) -> tuple[str, ...]:
        """Return the ids of the layers whose cost and lead time of more capacity are known."""
        catalog = self.model.reader.catalog
        return tuple(layer.id for layer in self.model.layers if _has_cost(layer.declared, catalog))

    def _expansion(self, draw: int, K: Array) -> Expansion:
        reader = self.model.reader
        rows, count = K.shape
        grow = Expansion(
            cost=np.full(rows, np.inf),
            lead=np.zeros(rows, dtype=np.int64),
            ceiling=np.full((rows, count), np.inf),
            reach=np.ones((rows, count)),
            lasting=np.ones(rows, dtype=np.bool_),
        )
        for row, layer in enumerate(self.model.layers, start=1):
            if not _has_cost(layer.declared, reader.catalog) or not np.isfinite(K[row]).all():
                continue
            lead = max(int(np.ceil(reader.draws(layer.declared.lead)[draw] / QUARTER_S - LEAST_SHARE)), 0)
            grow.lead[row] = lead
            if lead >= count:
                continue
            need = self.need(draw, row).sum(axis=0)
            grow.reach[row] = need[lead] / need
            cost = float(reader.draws(layer.declared.cost)[draw]) * need[lead]
            line = _is_line(reader.fact(layer.declared.cost).unit, layer.unit)
            grow.lasting[row] = line
            grow.cost[row] = cost / (QUARTER_S if line else 1.0) / self.usd_per_h100e[draw]
            if layer.declared.ceiling and reader.catalog.has(layer.declared.ceiling):
                pace = float(reader.draws(layer.declared.ceiling)[draw])
                supply = K[row] * need
                most = supply[lead] * pace ** ((np.arange(count) - lead + 1) / 4)
                grow.ceiling[row] = np.maximum(most - supply, 0.0) / need[lead]
                grow.ceiling[row] = np.maximum.accumulate(grow.ceiling[row])
        return grow

    def native(self, draw: int, expansion: Expansion, row: int) -> float:
        """Return the units of a layer, as it counts them, in one H100e of added capacity [unit/h100e]."""
        lead = int(expansion.lead[row])
        need = float(self.need(draw, row).sum(axis=0)[lead])
        return need / to_canonical(1.0, self.model.layers[row - 1].unit)


def _has_cost(declared: object, catalog: Catalog) -> bool:
    cost, lead = getattr(declared, "cost", ""), getattr(declared, "lead", "")
    return bool(cost) and bool(lead) and catalog.has(cost) and catalog.has(lead)


def _is_line(unit: str, made: str) -> bool:
    """Return whether a cost is that of a line [usd x time / unit], not of each unit [usd / unit]."""
    each = units.parse("usd") / units.parse(made)
    return bool(units.parse(unit).dimension != each.dimension)


def _least_take(take: Array, shares: Array, room: float) -> Array:
    """Return the least capacity that one H100e may take within the room, axes (layer, quarter)."""
    finite = np.where(np.isfinite(take), take, np.inf)
    order = np.argsort(finite, axis=0, kind="stable")
    cost = np.take_along_axis(np.where(np.isfinite(take), take, 0.0), order, axis=0)
    share = np.take_along_axis(shares, order, axis=0)
    given = (1.0 - room) * share
    left = 1.0 - given.sum(axis=0)
    total = (given * cost).sum(axis=0)
    for part, price in zip(np.minimum(2.0 * room * share, 1.0 - given), cost, strict=True):
        moved = np.minimum(part, np.maximum(left, 0.0))
        total += moved * price
        left -= moved
    least: Array = total
    return least
