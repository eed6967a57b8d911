"""The same stack as a linear program in HiGHS: the oracle of the recursion, and its peer in timings.

Needs the extra ``lp``. The program also answers where the recursion does not apply, but costs about
a thousand times more.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from narrows.errors import DataError, RunError, UsageError

if TYPE_CHECKING:
    from narrows.bottlenecks.network import Stack

__all__ = ["Optimum", "cold_seconds", "greatest", "highspy_or_refuse", "optimum"]

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
_TOLERANCE = 1e-10  # the tightest that HiGHS accepts, for feasibility and for optimality


@dataclass(frozen=True, eq=False)
class Optimum:
    """Optimum of one draw.

    Parameters
    ----------
    value
        Weighted sum of cumulative root output [value].
    output
        Cumulative root output [unit], axis (quarter).
    price_K
        Dual of capacity [value/unit], axes (layer, quarter); one of several where layers tie.
    price_D
        Dual of cumulative demand [value/unit], axis (quarter).
    """

    value: float
    output: Floats
    price_K: Floats
    price_D: Floats


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows ``x[plus] - x[minus] <= bound``; ``minus`` is -1 for none."""

    plus: Indices
    minus: Indices
    bound: Floats


def highspy_or_refuse() -> Any:
    """Return the module of HiGHS, which is an extra.

    Raises
    ------
    DataError
        If it is not installed.
    """
    try:
        import highspy
    except ImportError as error:
        raise DataError(
            "highspy, the linear program of HiGHS, is not installed",
            "It comes with narrows",
            "Run `make map` once, or install highspy",
        ) from error
    return highspy


def optimum(stack: Stack, draw: int = 0) -> Optimum:
    """Return the optimum of one draw by linear programming [value].

    Parameters
    ----------
    stack
        Network and quantities, draws first.
    draw
        Which draw.

    Raises
    ------
    RunError
        If HiGHS does not report an optimum.

    Notes
    -----
    Variables are cumulative outputs Z; each constraint is Z_u <= Z_v + c, as in
    `narrows.bottlenecks.plain`, and outputs never fall.

    Examples
    --------
    >>> from narrows.bottlenecks.network import Network, Stack
    >>> line = Network([1, -1], [0, 0])
    >>> K = [[[3, 3], [4, 4]]]
    >>> stack = Stack(line, K, np.zeros((1, 2, 2)), [[[np.inf], [np.inf]]], [[9, 9]], [1, 1])
    >>> optimum(stack).output.tolist()
    [3.0, 6.0]
    """
    highspy = highspy_or_refuse()

    layers, quarters, net = stack.layers, stack.quarters, stack.network
    parts = [_capacity(stack, draw), *_links(stack, draw)]
    root = net.root * quarters + np.arange(quarters)
    parts.append(_Rows(root, np.full(quarters, -1), stack.D[draw]))
    later = (np.arange(layers * quarters).reshape(layers, quarters)[:, 1:]).ravel()
    parts.append(_Rows(later - 1, later, np.zeros(later.size)))
    rows = _Rows(*(np.concatenate([getattr(p, name) for p in parts]) for name in ("plus", "minus", "bound")))
    finite = np.isfinite(rows.bound)
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = layers * quarters, int(finite.sum())
    cost = np.zeros(layers * quarters)
    cost[root] = -stack.w
    model.col_cost_ = cost
    model.col_lower_ = np.zeros(cost.size)
    model.col_upper_ = np.full(cost.size, highspy.kHighsInf)
    model.row_lower_ = np.full(model.num_row_, -highspy.kHighsInf)
    model.row_upper_ = rows.bound[finite]
    _fill(model, highspy.MatrixFormat.kRowwise, rows.plus[finite], rows.minus[finite])
    solver = _solver(model)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise RunError(
            f"HiGHS ended draw {draw} with {solver.modelStatusToString(solver.getModelStatus())!r}",
            "A stack with finite demand has an optimum",
            "Report the stack: this is a fault of the model's rows",
        )
    solution = solver.getSolution()
    duals = np.zeros(finite.size)
    duals[finite] = -np.asarray(solution.row_dual)
    first_demand = sum(part.plus.size for part in parts[:-2])
    return Optimum(
        value=-float(solver.getInfo().objective_function_value),
        output=np.asarray(solution.col_value)[root],
        price_K=duals[: layers * quarters].reshape(layers, quarters),
        price_D=duals[first_demand : first_demand + quarters],
    )


def greatest(cost: Floats, rows: Floats, bounds: Floats) -> tuple[float, Floats]:
    """Return the greatest cost . x over x >= 0 with rows . x <= bounds, and where it is reached.

    Parameters
    ----------
    cost
        Worth of one unit, axis (column).
    rows, bounds
        Constraints, axes (row, column) and (row).

    Raises
    ------
    RunError
        If HiGHS does not report an optimum.

    Examples
    --------
    >>> value, x = greatest(np.array([2.0, 1.0]), np.array([[1.0, 1.0], [1.0, 0.0]]), np.array([3.0, 1.0]))
    >>> value, x.tolist()
    (4.0, [1.0, 2.0])
    """
    highspy = highspy_or_refuse()

    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = len(cost), len(bounds)
    model.col_cost_ = -cost
    model.col_lower_ = np.zeros(len(cost))
    model.col_upper_ = np.full(len(cost), highspy.kHighsInf)
    model.row_lower_ = np.full(len(bounds), -highspy.kHighsInf)
    model.row_upper_ = bounds
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = (len(cost) * np.arange(len(bounds) + 1)).astype(np.int32)
    model.a_matrix_.index_ = np.tile(np.arange(len(cost)), len(bounds)).astype(np.int32)
    model.a_matrix_.value_ = rows.ravel()
    solver = _solver(model)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise RunError(
            f"HiGHS ended with {solver.modelStatusToString(solver.getModelStatus())!r}",
            "A program with bounded columns has an optimum",
            "Report the program: this is a fault of its rows",
        )
    return -float(solver.getInfo().objective_function_value), np.asarray(solver.getSolution().col_value)


def _capacity(stack: Stack, draw: int) -> _Rows:
    place = np.arange(stack.layers * stack.quarters).reshape(stack.layers, stack.quarters)
    before = np.concatenate([np.full((stack.layers, 1), -1), place[:, :-1]], axis=1)
    return _Rows(place.ravel(), before.ravel(), stack.K[draw].ravel())


def _links(stack: Stack, draw: int) -> list[_Rows]:
    """Return what consumers take from their inputs, and the caps on stock."""
    t, links = np.arange(stack.quarters), []
    for c, p in enumerate(stack.network.parent.tolist()):
        if p < 0:
            continue
        used = t - stack.network.lag[c]
        source = np.where(used >= 0, c * stack.quarters + used, -1)
        links.append(_Rows(p * stack.quarters + t, source, stack.A[draw, c]))
        room = stack.B[draw, c] - stack.A[draw, c, -1]
        links.append(_Rows(c * stack.quarters + t, p * stack.quarters + t, room))
    return links


def _fill(model: Any, layout: Any, plus: Indices, minus: Indices) -> None:
    """Put one or two entries into each row."""
    entries = 1 + (minus >= 0)
    columns, values = np.stack([plus, minus], axis=1), np.tile([1.0, -1.0], (plus.size, 1))
    kept = columns >= 0
    model.a_matrix_.format_ = layout
    model.a_matrix_.start_ = np.concatenate([[0], np.cumsum(entries)]).astype(np.int32)
    model.a_matrix_.index_ = columns[kept].astype(np.int32)
    model.a_matrix_.value_ = values[kept]


def _solver(model: Any) -> Any:
    highspy = highspy_or_refuse()

    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("primal_feasibility_tolerance", _TOLERANCE)
    solver.setOptionValue("dual_feasibility_tolerance", _TOLERANCE)
    solver.passModel(model)
    return solver


def cold_seconds(stack: Stack, draw: int = 0) -> tuple[float, float]:
    """Return the time HiGHS needs for one draw from cold [s], and the optimum [value].

    Parameters
    ----------
    stack
        Network and quantities without stock caps, draws first.
    draw
        Which draw.

    Raises
    ------
    UsageError
        If a layer has a stock cap.

    Notes
    -----
    The usual way to write the program: production x_i(t) in [0, K_i(t)], stock
    s_c(t) - s_c(t-1) - x_c(t-lag) + x_p(t) = A_c(t) - A_c(t-1), and root output
    Y(t) - Y(t-1) - x_r(t) = 0 with Y(t) in [0, D(t)]. Only ``run()`` is timed, with the solver's own
    options.

    Examples
    --------
    >>> from narrows.bottlenecks.network import Network, Stack
    >>> line = Network([1, -1], [0, 0])
    >>> K = [[[3, 3], [4, 4]]]
    >>> stack = Stack(line, K, np.zeros((1, 2, 2)), [[[np.inf], [np.inf]]], [[9, 9]], [1, 1])
    >>> cold_seconds(stack)[1]
    9.0
    """
    highspy = highspy_or_refuse()

    if stack.capped.any():
        raise UsageError(
            "The stack has stock caps",
            "The timed program has none: B is inf everywhere",
            "Use `optimum`, which holds every constraint",
        )
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.passModel(_production_model(stack, draw))
    begin = time.perf_counter()
    solver.run()
    seconds = time.perf_counter() - begin
    return seconds, -float(solver.getInfo().objective_function_value)


def _production_model(stack: Stack, draw: int) -> Any:
    highspy = highspy_or_refuse()

    layers, quarters, net = stack.layers, stack.quarters, stack.network
    suppliers = [c for c in range(layers) if c != net.root]
    stock = {c: (layers + n) * quarters for n, c in enumerate(suppliers)}
    total = (layers + len(suppliers)) * quarters
    rows: list[dict[int, float]] = []
    bound: list[float] = []
    for c in suppliers:
        for t in range(quarters):
            row = {stock[c] + t: 1.0, int(net.parent[c]) * quarters + t: 1.0}
            if t:
                row[stock[c] + t - 1] = -1.0
            used = t - int(net.lag[c])
            if used >= 0:
                row[c * quarters + used] = -1.0
            rows.append(row)
            bound.append(float(stack.A[draw, c, t] - (stack.A[draw, c, t - 1] if t else 0.0)))
    for t in range(quarters):
        row = {total + t: 1.0, net.root * quarters + t: -1.0}
        if t:
            row[total + t - 1] = -1.0
        rows.append(row)
        bound.append(0.0)
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = total + quarters, len(rows)
    model.col_cost_ = np.concatenate([np.zeros(total), -stack.w])
    model.col_lower_ = np.zeros(total + quarters)
    free = np.full(len(suppliers) * quarters, highspy.kHighsInf)
    model.col_upper_ = np.concatenate([stack.K[draw].ravel(), free, stack.D[draw]])
    model.row_lower_ = model.row_upper_ = np.array(bound)
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = np.cumsum([0] + [len(row) for row in rows]).astype(np.int32)
    model.a_matrix_.index_ = np.array([column for row in rows for column in row], dtype=np.int32)
    model.a_matrix_.value_ = np.array([value for row in rows for value in row.values()])
    return model
