"""Beyond one product: the best plan of several that share layers, beside the shortest path.

Every number is a `Number` with an id such as ``plan.gain.mix.2026Q3:2030Q4``; the page, the JSON and
`narrows why` read the same ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.bottlenecks import plain
from narrows.bottlenecks.answer import BAND, DEFAULT_SEED, MODEL_VERSION, Run, asked_of
from narrows.bottlenecks.model import FIRST, LAST, build
from narrows.bottlenecks.products import ROOM, Choice, Product, Shop, named, usual
from narrows.bottlenecks.programme import culprits, optimise, unlimited
from narrows.bottlenecks.told import Told
from narrows.catalog import PointReader, Reader
from narrows.draws import quantiles
from narrows.errors import UnknownNameError, UsageError
from narrows.figure import Shown
from narrows.quarters import Quarter, span

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from narrows.bottlenecks.programme import Culprit, Planned, Programme
    from narrows.bottlenecks.told import Asked
    from narrows.catalog import Catalog

    Array = NDArray[np.float64]

__all__ = ["FAST", "LINEAR", "MOST_PLANS", "Number", "PlanResult", "plan", "tell"]

FAST, LINEAR = "shortest path", "linear program"
MOST_PLANS = 200
"""Draws that a plan may have: each is several linear programs."""
CASES = ("path", "fixed", "apart", "mix")
WHOLE_DEMAND = 1.0
"""A promise up to this is a share of the quarter's demand, one above it H100e a quarter."""
NAMED_CULPRITS = 3
"""Limits that a refusal names."""


@dataclass(frozen=True, slots=True)
class Number:
    """One printed number.

    Parameters
    ----------
    value
        Mean over draws [unit]; the number itself in the median case.
    p05, p50, p95
        Quantiles over draws [unit].
    unit
        Its unit.
    made_by
        ``linear program`` or ``shortest path``.
    """

    value: float
    p05: float
    p50: float
    p95: float
    unit: str
    made_by: str


@dataclass(frozen=True)
class PlanResult(Shown):
    """The plan.

    Parameters
    ----------
    quarters
        Labels of the quarters shown.
    first
        Label of the first quarter that can be decided.
    products
        Products with their designs.
    cases
        Ids of what was solved, the shortest path first: ``path`` (the map), ``fixed`` (the same linear
        program with one product), ``apart`` (products at the mix stated), ``mix`` (shares chosen within
        their room), and either of the last with ``_expand``, ``_elastic`` or both.
    layers
        Names of the layers by id, in flow order.
    expandable
        Layers whose cost of more capacity is known.
    numbers
        Every number by its id.
    question
        What is appended to an id where products or promises were given, such as ``?products=nvidia,tpu``.
    meta
        draws (0 for the median case), seed, vintage, as_of, scenario, model version, room, elasticity.
    """

    quarters: tuple[str, ...]
    first: str
    products: tuple[Product, ...]
    cases: tuple[str, ...]
    layers: dict[str, str]
    expandable: tuple[str, ...]
    numbers: dict[str, Number]
    question: str = ""
    meta: dict[str, Any] = field(default_factory=dict)

    @property
    def window(self) -> str:
        """The quarters shown, as in ids of totals."""
        return f"{self.quarters[0]}:{self.quarters[-1]}"

    def number(self, quantity: str, *parts: str) -> Number:
        """Return a number by the parts of its id, such as ``("gain", "mix", result.window)``."""
        return self.numbers[".".join(("plan", quantity, *parts)) + self.question]


def plan(
    quarters: str | None = None,
    *,
    products: str | None = None,
    fixed_mix: bool = False,
    expand: bool = False,
    elastic: bool = False,
    at_least: Mapping[str, float] | None = None,
    draws: int = 1,
    seed: int = DEFAULT_SEED,
    method: str = "random",
    as_of: str | None = None,
    scenario: str | Path | None = None,
    catalog: Catalog | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> PlanResult:
    """Find the best plan of several products that share layers, and its gain over the shortest path.

    Parameters
    ----------
    quarters
        Quarters to show; default: from the first that can be decided to 2030Q4. The first quarter that
        can be decided is the one after the newest fact, whatever is shown.
    products
        Products, such as ``nvidia,tpu,trainium+amd``; default: each maker, the largest in two generations.
    fixed_mix
        Leave out the plans that choose the mix.
    expand
        Also buy capacity, where its cost and lead time are known.
    elastic
        Also let demand follow the price.
    at_least
        Promised output by product: up to 1 a share of the quarter's demand, above it H100e a quarter.
    draws
        1 for the median case (every fact at its value); else the number of draws, at most 200.
    seed, method, as_of, scenario, catalog, progress
        As for `narrows.map`.

    Returns
    -------
    PlanResult
        Deployed compute by case and product, gains, prices of layers, added capacity.

    Raises
    ------
    UsageError
        If what is promised cannot be met: the sentence names layer, quarter and fact.
    NarrowsError
        If a product, quarter, count or scenario cannot be understood, or HiGHS is not installed.

    Examples
    --------
    >>> result = plan("2027Q1:2027Q4")
    >>> result.cases
    ('path', 'fixed', 'apart', 'mix')
    >>> abs(result.number("gain", "fixed", result.window).value) < 1e-9
    True
    """
    _check_draws(draws)
    asked = _Question(
        products=products or "",
        at_least=tuple(sorted((at_least or {}).items())),
        cases=_cases(fixed_mix=fixed_mix, expand=expand, elastic=elastic),
    )
    solved = _Solved(
        asked, _reader(asked_of(catalog, as_of, scenario), draws, seed, method), quarters, progress
    )
    return solved.result()


@dataclass(frozen=True)
class _Question:
    """What is asked besides facts and quarters."""

    products: str
    at_least: tuple[tuple[str, float], ...]
    cases: tuple[str, ...]

    @property
    def suffix(self) -> str:
        """What is appended to ids."""
        parts = [f"products={self.products}"] if self.products else []
        parts += [f"at-least={name}={amount!r}" for name, amount in self.at_least]
        return "?" + "&".join(parts) if parts else ""


def _cases(*, fixed_mix: bool, expand: bool, elastic: bool) -> tuple[str, ...]:
    cases = CASES[:3] if fixed_mix else CASES
    base = cases[-1]
    if expand:
        cases = (*cases, f"{base}_expand")
    if elastic:
        cases = (*cases, f"{base}_expand_elastic" if expand else f"{base}_elastic")
    return cases


def _choice(case: str) -> Choice:
    base, *more = case.split("_")
    return Choice(
        mix=base == "mix", expand="expand" in more, elastic="elastic" in more, together=base == "fixed"
    )


def _reader(catalog: Catalog, draws: int, seed: int, method: str) -> Reader:
    return PointReader(catalog) if draws == 1 else Reader(catalog, seed, draws, method)


def _check_draws(draws: int) -> None:
    if not 1 <= draws <= MOST_PLANS:
        raise UsageError(
            f"The number of draws is {draws}",
            f"A plan is several linear programs a draw: 1 (the median case) to {MOST_PLANS}",
            "Give --draws 20",
        )


class _Solved:
    """A question with every case solved in every draw."""

    def __init__(
        self,
        asked: _Question,
        reader: Reader,
        quarters: str | None,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self.asked, self.reader = asked, reader
        catalog = reader.catalog
        known = catalog.asked or catalog.last
        first = max(Quarter.of(known) + 1, FIRST)
        shown = span(quarters) if quarters is not None else span(f"{first}:{max(first, LAST)}")
        if shown[0] < first:
            raise UsageError(
                f"The quarters {quarters!r} begin before anything can be decided",
                f"The first quarter after the newest fact is {first}",
                f"Ask for quarters from {first}, for instance --quarters {first}:{max(first, LAST)}",
            )
        self.model = build(reader, max(shown[-1], LAST))
        recipes = self.model.layers[0].recipes
        self.first = first
        self.products = (
            named(asked.products, recipes, first.start.year)
            if asked.products
            else usual(recipes, first.start.year)
        )
        self.shop = Shop(self.model, self.products, first - FIRST)
        self.at = slice(shown[0] - first, shown[-1] - first + 1)
        self.quarters = tuple(str(quarter) for quarter in shown)
        for name, amount in asked.at_least:
            self._check_promise(name, amount)
        self.plans: dict[str, list[Planned]] = {}
        self.programmes: dict[str, list[Programme]] = {}
        cases = asked.cases[1:]
        for done, case in enumerate(cases):
            self.programmes[case] = [self._programme(case, draw) for draw in range(reader.n)]
            self.plans[case] = []
            for draw, programme in enumerate(self.programmes[case]):
                self.plans[case].append(self._optimum(programme, draw))
                if progress:
                    progress(done * reader.n + draw + 1, len(cases) * reader.n)

    def _check_promise(self, name: str, amount: float) -> None:
        ids = [product.id for product in self.products]
        if name not in ids:
            raise UnknownNameError(
                "product", name, ids, remedy="Promise of a product, as in --at-least tpu=0.3"
            )
        if not 0.0 <= amount < np.inf:
            raise UsageError(
                f"The promise of product {name!r} is {amount!r}",
                "A promise is a share of demand from 0 to 1, or H100e a quarter above 1",
                f"Write, for instance, --at-least {name}=0.3",
            )

    def _programme(self, case: str, draw: int) -> Programme:
        choice = _choice(case)
        promised: dict[str, Array] = {}
        if choice.mix:
            for name, amount in self.asked.at_least:
                least = np.zeros(len(self.shop.years))
                wanted = self._demand(draw)[self.at] if amount <= WHOLE_DEMAND else 1.0
                least[self.at] = amount * wanted
                promised[name] = least
        return self.shop.programme(draw, choice, promised)

    def _demand(self, draw: int) -> Array:
        if "demand" not in {layer.id for layer in self.model.layers}:
            raise UsageError(
                "A share of demand is promised",
                "The catalogue has no layer 'demand'",
                "Promise H100e a quarter",
            )
        demand: Array = self.shop.stack.K[draw, self.model.row("demand"), self.shop.first :]
        return demand

    def _optimum(self, programme: Programme, draw: int) -> Planned:
        free = unlimited(programme)
        if free is not None:
            raise self._unlimited(*free)
        if not programme.least.any():
            return optimise(programme)
        found = culprits(programme)
        if found:
            raise self._refusal(found, draw)
        return optimise(programme)

    def _unlimited(self, product: int, quarter: int) -> UsageError:
        """Return the sentence that names a product without a limit, and the facts that would limit it."""
        names = [layer.id for layer in self.model.layers]
        facts = ", ".join(layer.declared.capacity for layer in self.model.layers[-NAMED_CULPRITS:])
        product_name = self.products[product].id if len(self.products) > product else "all"
        return UsageError(
            f"Nothing limits product {product_name!r} in {self.first + quarter}: none of {len(names)} layers "
            "has a capacity then of which it takes something",
            f"A plan has a layer with a capacity for each product, from facts such as {facts}",
            "Type a capacity, or correct the needs of its designs in the scenario",
        )

    def _refusal(self, found: list[Culprit], draw: int) -> UsageError:
        """Return the sentence that names what stands in the way: layer, quarter and fact."""
        promised = " and ".join(f"{name}={amount:g}" for name, amount in self.asked.at_least)
        where = "" if isinstance(self.reader, PointReader) else f" in draw {draw + 1} of {self.reader.n}"
        told = "; ".join(self._limit(culprit) for culprit in _distinct(found)[:NAMED_CULPRITS])
        return UsageError(
            f"At least {promised} cannot be met{where}",
            f"In the way: {told}",
            "Promise less, or change a fact named here in a scenario",
        )

    def _limit(self, culprit: Culprit) -> str:
        quarter = self.first + culprit.quarter
        if culprit.kind in {"high", "low"}:
            product = self.products[culprit.product]
            side = "above" if culprit.kind == "high" else "below"
            mix = self._nearest([f"mix.{design}" for design in product.designs], quarter)
            return (
                f"the share of {product.id} in {quarter} may not be further {side} its mix "
                f"(fact {ROOM}{self._stated(ROOM)}, and {mix}{self._stated(mix)})"
            )
        layer = self.model.layers[culprit.layer - 1]
        if culprit.kind == "balance":
            product = self.products[culprit.product]
            lag = layer.declared.lag
            return (
                f"what is in stock and under way for {product.id} in {quarter}, made by the mix of before, "
                f"lacks {culprit.missing:,.0f} H100e of {layer.id} (fact {lag}{self._stated(lag)})"
            )
        what = "stock of" if culprit.kind == "stock" else "capacity of"
        fact = layer.declared.hold if culprit.kind == "stock" else layer.declared.capacity
        fact = self._nearest([fact], quarter)
        limit = f"{culprit.limit:,.0f}"
        return (
            f"{what} {layer.id} in {quarter}, {limit} H100e, lacks {culprit.missing:,.0f} "
            f"(fact {fact}{self._stated(fact)})"
        )

    def _nearest(self, series: list[str], quarter: Quarter) -> str:
        """Return the fact of some series that speaks of the moment nearest to a quarter."""
        catalog = self.reader.catalog
        facts = [
            fact
            for name in series
            for fact in ([catalog.fact(name)] if catalog.has(name) else catalog.series(name))
        ]
        if not facts:
            return series[0]
        moment = quarter.midpoint
        return min(facts, key=lambda fact: (abs((fact.midpoint or moment) - moment), -fact.value)).id

    def _stated(self, name: str) -> str:
        catalog = self.reader.catalog
        if not catalog.has(name):
            return ""
        fact = catalog.fact(name)
        return f" = {fact.value:,g} {fact.unit}"

    @cached_property
    def fast(self) -> Array:
        """Compute deployed by the shortest path [h100e/quarter], axes (draw, quarter planned)."""
        output = plain.forward(self.shop.stack).output
        found: Array = np.diff(output, axis=1, prepend=0.0)[:, self.shop.first :]
        return found

    def deployed(self, case: str) -> Array:
        """Compute deployed in a case [h100e/quarter], axes (draw, quarter planned)."""
        if case == "path":
            return self.fast
        return np.stack([found.deployed.sum(axis=0) for found in self.plans[case]])

    @cached_property
    def values(self) -> dict[str, tuple[Array, str, str, str]]:
        """Each number in every draw [unit], its unit, its formula and its solver, by id without suffix."""
        found: dict[str, tuple[Array, str, str, str]] = {}
        for case in self.asked.cases:
            found |= self._totals(case)
            if case not in {"path", "fixed"}:
                found |= self._by_product(case)
            if case != "path":
                found |= self._by_layer(case)
        return found

    def _totals(self, case: str) -> dict[str, tuple[Array, str, str, str]]:
        window = f"{self.quarters[0]}:{self.quarters[-1]}"
        method = FAST if case == "path" else LINEAR
        deployed, fast = self.deployed(case), self.fast
        total, base = deployed[:, self.at].sum(axis=1), fast[:, self.at].sum(axis=1)
        text = f"compute deployed by the plan {case!r}, all products"
        found = {
            f"deployed.{case}.{quarter}": (
                deployed[:, self.at.start + column], "h100e/quarter", f"{text}, in {quarter}", method
            )
            for column, quarter in enumerate(self.quarters)
        }  # fmt: skip
        found[f"total.{case}.{window}"] = (total, "h100e", f"{text}, over {window}", method)
        if case == "path":
            return found
        words = f"{text}, over {window} / compute deployed by the shortest path over {window} - 1"
        found[f"gain.{case}.{window}"] = (_ratio(total, base), "ratio", words, LINEAR)
        value = self.shop.value
        words = f"sum of v(t) x {text} / sum of v(t) x compute deployed by the shortest path - 1, whole plan"
        found[f"value_gain.{case}"] = (_ratio(deployed @ value, fast @ value), "ratio", words, LINEAR)
        if "expand" in case:
            spent = np.array([planned.spent for planned in self.plans[case]]) * self.shop.usd_per_h100e
            words = "sum over layers of capacity added x cost of more capacity"
            found[f"spent.{case}"] = (spent, "usd", words, LINEAR)
        return found

    def _by_product(self, case: str) -> dict[str, tuple[Array, str, str, str]]:
        made = np.stack([planned.deployed for planned in self.plans[case]])
        share = made / np.maximum(made.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)
        found = {}
        for row, product in enumerate(self.products):
            for column, quarter in enumerate(self.quarters, self.at.start):
                name = f"{case}.{product.id}.{quarter}"
                text = (
                    f"{product.id} ({', '.join(product.designs)}) deployed by the plan {case!r} in {quarter}"
                )
                found[f"product.{name}"] = (made[:, row, column], "h100e/quarter", text, LINEAR)
                text += " / all that is deployed in it"
                found[f"share.{name}"] = (share[:, row, column], "ratio", text, LINEAR)
        return found

    def _by_layer(self, case: str) -> dict[str, tuple[Array, str, str, str]]:
        window = f"{self.quarters[0]}:{self.quarters[-1]}"
        price = np.stack([planned.price for planned in self.plans[case]])
        K = np.stack([programme.K for programme in self.programmes[case]])
        rent = np.where(price > 0.0, price * np.where(np.isfinite(K), K, 0.0), 0.0)[:, :, self.at].sum(axis=2)
        whole = np.array([planned.objective for planned in self.plans[case]])
        per_unit = self.model.units_usd(slice(self.shop.first, self.shop.first + 1))[:, 0]
        found = {}
        for row, layer in enumerate(self.model.layers, start=1):
            words = f"sum over {window} of dual x capacity of {layer.id} / value of the plan {case!r}"
            found[f"rent.{case}.{layer.id}.{window}"] = (_over(rent[:, row], whole), "ratio", words, LINEAR)
            for column, quarter in enumerate(self.quarters, self.at.start):
                dual = price[:, row, column] / self.shop.value[column]
                words = (
                    f"dual of the capacity of {layer.id} in {quarter} / v({quarter}); one of several at a tie"
                )
                name = f"{case}.{layer.id}.{quarter}"
                found[f"price.{name}"] = (dual, "h100e per h100e", words, LINEAR)
            words = f"highest dual of {layer.id} over {window} x USD per H100e / need per H100e"
            usd = price[:, row, self.at].max(axis=1) * per_unit[row - 1]
            found[f"price_usd.{case}.{layer.id}.{window}"] = (usd, f"usd/{layer.unit}", words, LINEAR)
        if "expand" in case:
            found |= self._added(case)
        return found

    def _added(self, case: str) -> dict[str, tuple[Array, str, str, str]]:
        found = {}
        for name in self.shop.expandable():
            row = self.model.row(name)
            unit = self.model.layers[row - 1].unit
            size = np.array(
                [
                    self.shop.native(draw, programme.expansion, row)
                    if programme.expansion is not None and np.isfinite(programme.expansion.cost[row])
                    else 0.0
                    for draw, programme in enumerate(self.programmes[case])
                ]
            )
            added = np.stack([planned.added[row] for planned in self.plans[case]]) * size[:, None]
            for column, quarter in enumerate(self.quarters, self.at.start):
                words = f"capacity of {name} that the plan {case!r} has added, as of {quarter}"
                found[f"added.{case}.{name}.{quarter}"] = (added[:, column], f"{unit}/quarter", words, LINEAR)
        return found

    def result(self) -> PlanResult:
        """Return what is shown."""
        suffix = self.asked.suffix
        numbers = {f"plan.{name}{suffix}": _number(*told) for name, told in self.values.items()}
        catalog, reader = self.reader.catalog, self.reader
        point = isinstance(reader, PointReader)
        return PlanResult(
            quarters=self.quarters,
            first=str(self.first),
            products=self.products,
            cases=self.asked.cases,
            layers={layer.id: layer.declared.name for layer in self.model.layers},
            expandable=self.shop.expandable(),
            numbers=numbers,
            question=suffix,
            meta={
                "draws": 0 if point else reader.n,
                "seed": reader.seed,
                "method": reader.method,
                "vintage": str(catalog.vintage),
                "catalog": catalog.hash,
                "as_of": catalog.asked.isoformat() if catalog.asked else None,
                "scenario": catalog.scenario,
                "model_version": MODEL_VERSION,
                "room": reader.point(ROOM),
            },
        )

    def run(self) -> Run:
        """Return what `narrows.why` needs to know of the question."""
        shown = slice(self.shop.first + self.at.start, self.shop.first + self.at.stop)
        stack = self.shop.stack
        capacity = stack.K[:, :, shown]
        return Run(self.reader.catalog, self.reader, self.model, plain.solve(stack), capacity, shown, stack)


def tell(id: str, asked: Asked) -> Told:  # noqa: A002 (the word of the trade)
    """Return a figure of the plan in every draw.

    Parameters
    ----------
    id
        Such as ``plan.gain.mix.2026Q4:2030Q4`` or ``plan.share.mix.tpu.2027Q4``.
    asked
        The question that it belongs to; asked with more draws than a plan may have, it is answered for
        the median case, which `narrows.plan` shows where no draws are given.

    Raises
    ------
    UnknownNameError
        If the plan has no such figure.
    """
    draws = asked.draws if asked.draws <= MOST_PLANS else 1
    name, _, suffix = id.partition("?")
    parts = name.split(".")
    quarters = parts[-1] if len(parts) > 3 else None  # noqa: PLR2004 (plan, quantity, case, when)
    question = _question_of(parts[2] if len(parts) > 2 else "", suffix)  # noqa: PLR2004
    try:
        span(quarters or "2030Q4")
    except UsageError:
        quarters = None
    reader = _reader(asked_of(asked.catalog, asked.as_of, asked.scenario), draws, asked.seed, asked.method)
    solved = _Solved(question, reader, quarters)
    key = name.removeprefix("plan.")
    if key not in solved.values or question.suffix.removeprefix("?") != suffix:
        known = [f"plan.{known}{question.suffix}" for known in solved.values]
        raise UnknownNameError("figure", id, known, remedy="Write an id as `narrows plan --json` gives it")
    values, unit, formula, method = solved.values[key]
    case = ". In the median case: give --draws 20 to see which facts move it" if draws == 1 else ""
    return Told(run=solved.run(), values=values, unit=unit, formula=formula + case, method=method)


def _question_of(case: str, suffix: str) -> _Question:
    """Return the question that an id belongs to; no more cases are solved than it needs."""
    base, *more = case.split("_")
    wanted = (
        [case] if case in {*CASES[1:]} or (base in CASES[2:] and set(more) <= {"expand", "elastic"}) else []
    )
    products, promises = "", []
    for part in filter(None, suffix.split("&")):
        option, _, value = part.partition("=")
        if option == "products":
            products = value
        elif option == "at-least":
            name, _, amount = value.partition("=")
            promises.append((name, promise(amount)))
    return _Question(products, tuple(promises), ("path", *wanted))


def promise(text: str) -> float:
    """Return a promise as a number.

    Raises
    ------
    UsageError
        If it is none.
    """
    try:
        return float(text)
    except ValueError:
        raise UsageError(
            f"The promise {text!r} is no number",
            "A promise is a share of demand from 0 to 1, or H100e a quarter above 1",
            "Write, for instance, --at-least tpu=0.3",
        ) from None


def _distinct(found: list[Culprit]) -> list[Culprit]:
    """Return the first culprit of each limit, whatever the quarter."""
    seen: dict[tuple[str, int, int], Culprit] = {}
    for culprit in found:
        seen.setdefault((culprit.kind, culprit.layer, culprit.product), culprit)
    return list(seen.values())


def _ratio(values: Array, base: Array) -> Array:
    return _over(values, base) - 1.0


def _over(values: Array, base: Array) -> Array:
    found: Array = np.divide(values, base, out=np.ones_like(values), where=base > 0.0)
    return found


def _number(values: Array, unit: str, _formula: str, made_by: str) -> Number:
    p05, p50, p95 = (float(q) for q in quantiles(values, BAND))
    return Number(float(values.mean()), p05, p50, p95, unit, made_by)
