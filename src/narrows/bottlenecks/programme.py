"""Several products that share layers, as a linear program in HiGHS: what the shortest path cannot do.

Needs the extra ``lp``. Columns are production, stock, added capacity and steps of demand; rows are
written straight into the solver's sparse arrays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from narrows.bottlenecks.lp import highspy_or_refuse
from narrows.errors import RunError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from narrows.bottlenecks.network import Network

__all__ = [
    "Culprit",
    "Expansion",
    "Ledger",
    "Planned",
    "Programme",
    "Steps",
    "culprits",
    "optimise",
    "unlimited",
]

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
_TOLERANCE = 1e-9  # of feasibility and optimality, where capacities are near 1
_MISSING = 1e-6  # shortfall, in shares of the median capacity, from which a limit counts as exceeded
_LAST_RESORT = 1e3  # weight of a part from nowhere beside one of capacity, when culprits are looked for


@dataclass(frozen=True, eq=False)
class Expansion:
    """Capacity that may be bought.

    Parameters
    ----------
    cost
        Cost of added capacity [value per unit/quarter] of a line, or [value per unit] where each unit is
        paid for; inf where none can be bought, axis (layer).
    lead
        Quarters from the decision to the capacity, axis (layer).
    ceiling
        Most that may be added by a quarter [unit/quarter], axes (layer, quarter).
    reach
        Capacity that one unit added gives in a quarter, as recipes change [1], axes (layer, quarter).
    lasting
        True for a line that then makes a unit each quarter, False where each unit is paid for, axis (layer).
    """

    cost: Floats
    lead: Indices
    ceiling: Floats
    reach: Floats
    lasting: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Steps:
    """Demand as steps of falling value.

    Parameters
    ----------
    layer
        Row of the demand layer: what it makes is the sum of the steps.
    level
        Value of a unit of each step relative to the value stated, falling, axis (step).
    width
        Units of each step [unit/quarter], axes (step, quarter).
    """

    layer: int
    level: Floats
    width: Floats


@dataclass(frozen=True, eq=False)
class Programme:
    """Products that share layers.

    Parameters
    ----------
    network
        Who feeds whom, and with what lag; the same for every product.
    products
        Names, axis (product).
    K
        Capacity of each layer, shared by all products [unit/quarter], axes (layer, quarter); inf for none.
    take
        Capacity that one unit of a product made in a quarter takes [1]; inf where it cannot be made yet or
        any more, axes (product, layer, quarter).
    A
        Cumulative arrivals of each product from opening stock and pipeline [unit],
        axes (product, layer, quarter).
    cap
        Most by which a layer's output, over all products, may run ahead of its consumer's [unit],
        axes (layer, quarter); inf for none.
    value
        Value of a unit deployed in a quarter [value/unit], axis (quarter).
    D
        Cumulative demand for each product [unit], axes (product, quarter); inf for none.
    low, high
        Least and most share of a product in what all deploy in a quarter [share], axes (product, quarter).
    least
        Output of a product that is promised [unit/quarter], axes (product, quarter).
    expansion, steps
        Capacity that may be bought, and elastic demand; None for neither.
    """

    network: Network
    products: tuple[str, ...]
    K: Floats
    take: Floats
    A: Floats
    cap: Floats
    value: Floats
    D: Floats
    low: Floats
    high: Floats
    least: Floats
    expansion: Expansion | None = None
    steps: Steps | None = None


class Ledger(NamedTuple):
    """Who holds the value: every price times its quantity [value]; the parts add up to the objective.

    Parameters
    ----------
    capacity, arrivals, stock_caps
        Shared capacities; opening stock and pipeline; caps on stock.
    demand
        Demand of a product, and steps of demand.
    promises
        Promised output (0 or below: a promise costs).
    ceilings
        Limits to what may be added.
    """

    capacity: float
    arrivals: float
    stock_caps: float
    demand: float
    promises: float
    ceilings: float


@dataclass(frozen=True, eq=False)
class Planned:
    """The best plan.

    Parameters
    ----------
    objective
        Value of what is deployed less the cost of added capacity [value].
    deployed
        Output of each product [unit/quarter], axes (product, quarter).
    added
        Capacity added by a quarter [unit/quarter], axes (layer, quarter); zero without expansion.
    spent
        Cost of the added capacity [value].
    price
        Dual of each layer's capacity [value/unit], axes (layer, quarter): one of several where limits tie.
    ledger
        Prices times quantities.
    """

    objective: float
    deployed: Floats
    added: Floats
    spent: float
    price: Floats
    ledger: Ledger


class Culprit(NamedTuple):
    """A limit that stands in the way of what is promised.

    Parameters
    ----------
    kind
        ``capacity``, ``stock``, ``demand``, ``low`` or ``high``; ``balance`` where parts of a layer cannot
        be there in time, whatever its capacity.
    layer, product
        Row of the layer, or of the product; -1 where it is not about one.
    quarter
        Index of the quarter.
    missing, limit
        By how much the limit would have to move, and the limit [unit or unit/quarter].
    """

    kind: str
    layer: int
    product: int
    quarter: int
    missing: float
    limit: float


class _Rows(NamedTuple):
    """Some rows of the program: entries, bounds, and what each is about."""

    kind: str
    row: Indices
    column: Indices
    entry: Floats
    lower: Floats
    upper: Floats
    layer: Indices
    product: Indices
    quarter: Indices


def optimise(programme: Programme) -> Planned:
    """Return the plan of greatest value.

    Parameters
    ----------
    programme
        Products, layers and quantities.

    Raises
    ------
    UsageError
        If a product has no limit, or what is promised cannot be met; `culprits` says why not.
    RunError
        If HiGHS ends without an optimum.

    Notes
    -----
    Production x_pi(t) >= 0, stock s_pc(t) >= 0, added capacity U_i(t), steps d_k(t):

        sum_p take_pi(t) x_pi(t) <= K_i(t) + reach_i(t) U_i(t)
        s_pc(t) = s_pc(t-1) + A_pc(t) - A_pc(t-1) + x_pc(t - lag_c) - x_p,parent(c)(t)
        sum_p (s_pc(t) + under way) <= cap_c(t) + sum_p A_pc(t)
        low_p(t) y(t) <= y_p(t) <= high_p(t) y(t),  y_p(t) = x_p,root(t) >= least_p(t),  sum y_p <= D_p(t)

    maximise sum v(t) y(t) - cost + sum (level_k - 1) v(t) d_k(t), with sum_p x_p,demand(t) = sum_k d_k(t).

    Examples
    --------
    Two products share packages, 10 a quarter; the first takes 1, the second 2, and at least 3 of the
    second are promised: 4 of the first are made.

    >>> from narrows.bottlenecks.network import Network
    >>> none, one = np.full((2, 1), np.inf), np.ones((2, 1))
    >>> plan = optimise(Programme(
    ...     Network([1, -1], [0, 0]), ("a", "b"), K=np.array([[10.0], [np.inf]]),
    ...     take=np.array([[[1.0], [1.0]], [[2.0], [1.0]]]), A=np.zeros((2, 2, 1)), cap=none,
    ...     value=np.array([1.0]), D=none, low=0 * one, high=one, least=np.array([[0.0], [3.0]])))
    >>> plan.deployed.ravel().tolist(), plan.price[0].tolist()
    ([4.0, 3.0], [1.0])
    """
    _check_limits(programme)
    built = _Built(programme)
    solver, status = _solved(built, built.rows)
    highspy = highspy_or_refuse()
    if status in {highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible}:
        raise UsageError(
            "What is promised of the products cannot be met",
            "Promises stay within capacities, and shares within their limits",
            "Ask for the culprits, and promise less",
        )
    if status != highspy.HighsModelStatus.kOptimal:
        raise RunError(
            f"HiGHS ended the plan with {solver.modelStatusToString(status)!r}",
            "A plan with finite capacities has an optimum",
            "Report the programme: this is a fault of its rows",
        )
    return built.read(solver)


def culprits(programme: Programme) -> list[Culprit]:
    """Return the limits in the way of the first promise that cannot be met; none where all can.

    Parameters
    ----------
    programme
        Products, layers and quantities.

    Notes
    -----
    Phase 1: every limit may be exceeded at a cost of 1 for each unit of median capacity, and parts may
    come from nowhere at a thousand times that; the least sum is found, and the limits exceeded there are
    named, the largest excess first. Where several sets would do, one is named. Promises are kept up to the
    first quarter that makes them impossible, which is found by halving.

    Examples
    --------
    Ten packages cannot carry eleven products.

    >>> from narrows.bottlenecks.network import Network
    >>> none, one = np.full((1, 1), np.inf), np.ones((1, 1))
    >>> wrong = Programme(
    ...     Network([1, -1], [0, 0]), ("a",), K=np.array([[10.0], [np.inf]]), take=np.ones((1, 2, 1)),
    ...     A=np.zeros((1, 2, 1)), cap=np.full((2, 1), np.inf), value=np.array([1.0]), D=none, low=0 * one,
    ...     high=one, least=11 * one)
    >>> [(found.kind, found.layer, round(found.missing, 6)) for found in culprits(wrong)]
    [('capacity', 0, 1.0)]
    """
    found = _exceeded(programme)
    if not found:
        return []
    low, high = 0, programme.K.shape[1] - 1
    while low < high:
        middle = (low + high) // 2
        early = programme.least * (np.arange(programme.K.shape[1]) <= middle)
        here = _exceeded(replace(programme, least=early))
        if here:
            high, found = middle, here
        else:
            low = middle + 1
    return found


def _exceeded(programme: Programme) -> list[Culprit]:
    """Return the limits that phase 1 exceeds."""
    built = _Built(programme)
    slack = [rows for rows in built.rows if rows.kind not in {"steps", "lasting"}]
    highs = highspy_or_refuse()
    solver, status = _solved(built, built.rows, slack)
    if status != highs.HighsModelStatus.kOptimal:
        raise RunError(
            f"HiGHS ended the search for culprits with {solver.modelStatusToString(status)!r}",
            "Every limit may be exceeded there, so there is an optimum",
            "Report the programme: this is a fault of its rows",
        )
    excess = np.asarray(solver.getSolution().col_value)[built.columns :]
    found = []
    at = 0
    for rows in slack:
        here = excess[at : at + rows.upper.size]
        at += rows.upper.size
        found += [
            Culprit(
                rows.kind,
                int(rows.layer[place]),
                int(rows.product[place]),
                int(rows.quarter[place]),
                float(here[place] * built.size),
                float(rows.upper[place] * built.size),
            )
            for place in np.flatnonzero(here > _MISSING)
        ]
    return sorted(found, key=lambda culprit: -culprit.missing)


def unlimited(programme: Programme) -> tuple[int, int] | None:
    """Return a product that nothing limits and the quarter, as indices; None where each has a limit.

    Parameters
    ----------
    programme
        Products, layers and quantities.
    """
    limited = np.isfinite(programme.K)[None] & (programme.take > 0.0)
    made = np.isfinite(programme.take).all(axis=1)
    free = made & ~limited.any(axis=1) & np.isinf(programme.D)
    if programme.steps is not None or not free.any():
        return None
    product, quarter = (int(place[0]) for place in np.nonzero(free))
    return product, quarter


def _check_limits(programme: Programme) -> None:
    """Refuse a product that nothing limits, before the solver says no more than 'unbounded'."""
    free = unlimited(programme)
    if free is not None:
        product, quarter = free
        raise UsageError(
            f"Nothing limits product {programme.products[product]!r} in quarter {quarter}",
            "A product takes of a layer with a known capacity, or has a demand",
            "Give a capacity to a layer that it needs, or a demand",
        )
    if programme.expansion is not None and (programme.expansion.cost <= 0.0).any():
        raise UsageError(
            f"Added capacity of layer {int(np.argmin(programme.expansion.cost))} costs nothing",
            "What is added has a cost above 0",
            "Give the layer a cost, or leave it without one",
        )


class _Built:
    """Columns and rows of a programme; quantities in shares of the median capacity."""

    def __init__(self, programme: Programme) -> None:
        self.programme = programme
        self.P, self.L, self.T = programme.take.shape
        net = programme.network
        self.inner = [c for c in range(self.L) if c != net.root]
        finite = programme.K[np.isfinite(programme.K) & (programme.K > 0)]
        self.size = float(np.median(finite)) if finite.size else 1.0
        self.x = np.arange(self.P * self.L * self.T).reshape(self.P, self.L, self.T)
        stocks = self.P * len(self.inner) * self.T
        self.s = np.full((self.P, self.L, self.T), -1)
        self.s[:, self.inner] = self.x.size + np.arange(stocks).reshape(self.P, len(self.inner), self.T)
        at = self.x.size + stocks
        self.grown = (
            []
            if programme.expansion is None
            else np.flatnonzero(np.isfinite(programme.expansion.cost)).tolist()
        )
        self.u = np.full((self.L, self.T), -1)
        self.u[self.grown] = at + np.arange(len(self.grown) * self.T).reshape(-1, self.T)
        at += len(self.grown) * self.T
        count = 0 if programme.steps is None else programme.steps.width.size
        self.d = at + np.arange(count).reshape(-1, self.T)
        self.columns = at + count
        self._columns()
        self.rows = [*self._capacity(), *self._balances(), *self._stocks(), *self._demand(), *self._shares()]

    def _columns(self) -> None:
        """Set the objective and the bounds of the columns."""
        programme = self.programme
        self.objective = np.zeros(self.columns)
        self.lower, self.upper = np.zeros(self.columns), np.full(self.columns, np.inf)
        root = programme.network.root
        self.objective[self.x[:, root]] = programme.value
        self.upper[self.x[np.isinf(programme.take)]] = 0.0
        self.lower[self.x[:, root]] = programme.least / self.size
        if programme.expansion is not None:
            grow = programme.expansion
            for i in self.grown:
                early = np.arange(self.T) < grow.lead[i]
                self.upper[self.u[i]] = np.where(early, 0.0, grow.ceiling[i] / self.size)
                if grow.lasting[i]:
                    self.objective[self.u[i, -1]] = -grow.cost[i]
                else:
                    self.objective[self.u[i]] = -grow.cost[i]
        if programme.steps is not None:
            steps = programme.steps
            self.objective[self.d] = (steps.level[:, None] - 1.0) * programme.value
            self.upper[self.d] = steps.width / self.size

    def _capacity(self) -> list[_Rows]:
        programme = self.programme
        layer, quarter = np.nonzero(np.isfinite(programme.K))
        take = programme.take[:, layer, quarter]
        product, place = np.nonzero(np.isfinite(take) & (take > 0.0))
        parts = [(place, self.x[product, layer[place], quarter[place]], take[product, place])]
        u = self.u[layer, quarter]
        bought = np.flatnonzero(u >= 0)
        if programme.expansion is not None:
            reach = programme.expansion.reach[layer[bought], quarter[bought]]
            parts.append((bought, u[bought], -reach))
        bound = programme.K[layer, quarter] / self.size
        rows = [_rows("capacity", parts, -np.inf, bound, layer, -1, quarter)]
        lasting = [i for i in self.grown if programme.expansion and programme.expansion.lasting[i]]
        if lasting and self.T > 1:
            before, after = self.u[lasting, :-1].ravel(), self.u[lasting, 1:].ravel()
            place = np.arange(before.size)
            ones = np.ones(before.size)
            parts = [(place, before, ones), (place, after, -ones)]
            rows.append(_rows("lasting", parts, -np.inf, np.zeros(before.size), -1, -1, -1))
        return rows

    def _balances(self) -> list[_Rows]:
        """Stock of each product after each layer: what was there, arrived and was used."""
        net = self.programme.network
        inner = np.array(self.inner, dtype=np.int64)
        product, at, quarter = (
            place.ravel()
            for place in np.meshgrid(*map(np.arange, (self.P, len(inner), self.T)), indexing="ij")
        )
        layer = inner[at]
        place = np.arange(layer.size)
        ones = np.ones(layer.size)
        used = quarter - net.lag[layer]
        later, came = quarter > 0, used >= 0
        parts = [
            (place, self.s[product, layer, quarter], ones),
            (place, self.x[product, net.parent[layer], quarter], ones),
            (place[later], self.s[product, layer, quarter - 1][later], -ones[later]),
            (place[came], self.x[product[came], layer[came], used[came]], -ones[came]),
        ]
        arrivals = np.diff(self.programme.A, axis=2, prepend=0.0)[product, layer, quarter] / self.size
        return [_rows("balance", parts, arrivals, arrivals, layer, product, quarter)]

    def _stocks(self) -> list[_Rows]:
        programme = self.programme
        cap = programme.cap.copy()
        cap[programme.network.root] = np.inf
        layer, quarter = np.nonzero(np.isfinite(cap))
        if not layer.size:
            return []
        place = np.arange(layer.size)
        parts = []
        for p in range(self.P):
            parts.append((place, self.s[p, layer, quarter], np.ones(layer.size)))
            for back in range(int(programme.network.lag.max())):
                way = (programme.network.lag[layer] > back) & (quarter >= back)
                parts.append(
                    (place[way], self.x[p, layer[way], quarter[way] - back], np.ones(int(way.sum())))
                )
        bound = (cap[layer, quarter] + programme.A[:, layer, quarter].sum(axis=0)) / self.size
        return [_rows("stock", parts, -np.inf, bound, layer, -1, quarter)]

    def _demand(self) -> list[_Rows]:
        programme, root, rows = self.programme, self.programme.network.root, []
        product, quarter = np.nonzero(np.isfinite(programme.D))
        if product.size:
            place, so_far = np.nonzero(np.arange(self.T)[None, :] <= quarter[:, None])
            parts = [(place, self.x[product[place], root, so_far], np.ones(place.size))]
            bound = programme.D[product, quarter] / self.size
            rows.append(_rows("demand", parts, -np.inf, bound, -1, product, quarter))
        if programme.steps is not None:
            quarter, ones = np.arange(self.T), np.ones(self.T)
            parts = [(quarter, self.x[p, programme.steps.layer], ones) for p in range(self.P)]
            parts += [(quarter, step, -ones) for step in self.d]
            zero = np.zeros(self.T)
            rows.append(_rows("steps", parts, zero, zero, programme.steps.layer, -1, quarter))
        return rows

    def _shares(self) -> list[_Rows]:
        programme, root, rows = self.programme, self.programme.network.root, []
        for kind, share, sign, limits in (
            ("high", programme.high, 1.0, programme.high < 1.0),
            ("low", programme.low, -1.0, programme.low > 0.0),
        ):
            made = np.isfinite(programme.take[:, root])
            product, quarter = np.nonzero(limits & made)
            if self.P == 1 or not product.size:
                continue
            place = np.arange(product.size)
            parts = [
                (place, self.x[q, root, quarter], sign * ((product == q) - share[product, quarter]))
                for q in range(self.P)
            ]
            rows.append(_rows(kind, parts, -np.inf, np.zeros(product.size), -1, product, quarter))
        return rows

    def read(self, solver: Any) -> Planned:
        """Return what the solver found, in the units of the programme."""
        programme, size = self.programme, self.size
        solution = solver.getSolution()
        column = np.asarray(solution.col_value)
        dual, reduced = -np.asarray(solution.row_dual), -np.asarray(solution.col_dual)
        rent = dict.fromkeys(
            ("capacity", "balance", "stock", "demand", "low", "high", "steps", "lasting"), 0.0
        )
        price = np.zeros((self.L, self.T))
        at = 0
        for rows in self.rows:
            here = dual[at : at + rows.upper.size]
            at += rows.upper.size
            rent[rows.kind] += float(here @ rows.upper) * size
            if rows.kind == "capacity":
                price[rows.layer, rows.quarter] = here
        upper = np.where(np.isfinite(self.upper), self.upper, 0.0)
        paid = reduced * np.where(reduced > 0.0, upper, self.lower) * size
        root = self.x[:, programme.network.root]
        added = np.where(self.u >= 0, column[self.u], 0.0) * size
        bought = self.u[self.u >= 0]
        return Planned(
            objective=-float(solver.getInfo().objective_function_value) * size,
            deployed=column[root] * size,
            added=added,
            spent=-float(column[bought] @ self.objective[bought]) * size,
            price=price,
            ledger=Ledger(
                capacity=rent["capacity"],
                arrivals=rent["balance"],
                stock_caps=rent["stock"],
                demand=rent["demand"] + float(paid[self.d].sum()),
                promises=float(paid[root].sum()),
                ceilings=float(paid[bought].sum()),
            ),
        )


def _rows(  # noqa: PLR0917 (what a row holds, then what it is about)
    kind: str,
    parts: Sequence[tuple[Indices, Indices, Floats]],
    lower: Floats | float,
    upper: Floats,
    layer: Indices | int,
    product: Indices | int,
    quarter: Indices | int,
) -> _Rows:
    row, column, entry = (np.concatenate([part[n] for part in parts]) for n in range(3))
    about = [
        np.broadcast_to(np.asarray(place, dtype=np.int64), upper.shape) for place in (layer, product, quarter)
    ]
    return _Rows(kind, row, column, entry, np.broadcast_to(lower, upper.shape), upper, *about)


def _solved(built: _Built, groups: Sequence[_Rows], slack: Sequence[_Rows] = ()) -> tuple[Any, Any]:
    """Run HiGHS on rows, with a slack column for each row of some of them; return solver and status."""
    highspy = highspy_or_refuse()
    starts = np.cumsum([0, *(rows.upper.size for rows in groups)])
    row = np.concatenate([rows.row + start for rows, start in zip(groups, starts, strict=False)])
    column = np.concatenate([rows.column for rows in groups])
    entry = np.concatenate([rows.entry for rows in groups])
    objective, lower, upper = built.objective, built.lower, built.upper
    if slack:
        kinds = {rows.kind for rows in slack}
        places = np.concatenate(
            [
                np.arange(rows.upper.size) + start
                for rows, start in zip(groups, starts, strict=False)
                if rows.kind in kinds
            ]
        )
        extra = np.arange(places.size)
        row, column = np.append(row, places), np.append(column, built.columns + extra)
        entry = np.append(entry, -np.ones(places.size))
        weight = np.concatenate(
            [np.full(rows.upper.size, _LAST_RESORT if rows.kind == "balance" else 1.0) for rows in slack]
        )
        objective = np.append(np.zeros(built.columns), -weight)
        lower = np.append(lower, np.zeros(places.size))
        upper = np.append(upper, np.full(places.size, np.inf))
    order = np.argsort(row, kind="stable")
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = objective.size, int(starts[-1])
    model.col_cost_ = -objective
    model.col_lower_, model.col_upper_ = lower, np.where(np.isinf(upper), highspy.kHighsInf, upper)
    least = np.concatenate([rows.lower for rows in groups])
    model.row_lower_ = np.where(np.isinf(least), -highspy.kHighsInf, least)
    model.row_upper_ = np.concatenate([rows.upper for rows in groups])
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    counts = np.bincount(row, minlength=int(starts[-1]))
    model.a_matrix_.start_ = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    model.a_matrix_.index_ = column[order].astype(np.int32)
    model.a_matrix_.value_ = entry[order]
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("primal_feasibility_tolerance", _TOLERANCE)
    solver.setOptionValue("dual_feasibility_tolerance", _TOLERANCE)
    solver.passModel(model)
    solver.run()
    return solver, solver.getModelStatus()
