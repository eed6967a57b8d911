"""The least-cost supply of a campus that must have its power in every hour, as a linear program."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.errors import DataError, RunError, UnknownNameError, UsageError
from narrows.facility.supply_costs import CONTRACT, FIRM, RENEWABLE, STORE, PlantCosts, plant_costs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int64]

__all__ = ["PARTS", "Campus", "Supply", "least_cost_supply"]

PARTS = (*RENEWABLE, *FIRM, *STORE, *CONTRACT)
"""What may be built, and contracts for the energy of plant elsewhere."""
MWH_PER_MMBTU = 0.293071  # as the reference problem states it
HOURS_OF_WEEK = 168
YEAR = 8760
COST_SCALE = 1e-3  # costs of the program in thousands of usd: near one, as its tolerances want
TRACE = 1e-6  # MW, below which a flow is none
GRAMS_PER_KG = 1000.0


@dataclass(frozen=True)
class Campus:
    """What is asked: a steady load, and what may serve it.

    Parameters
    ----------
    load
        Power of the campus in every hour [MW].
    grid
        Limit of the grid connection [MW]; 0 for an island.
    price
        Price of grid energy [usd/MWh], axis (hour).
    profiles
        Output over power of ``pv`` and ``wind``, axis (hour).
    carbon_price
        Paid for carbon dioxide burnt on the site [usd/t].
    gas_price
        Price of gas [usd/MMBtu].
    allowed
        Technologies that may be built.
    most
        Greatest capacity by technology [MW; of the battery MWh].
    shared_inverter
        Charge and discharge together stay below the inverter; otherwise it limits the charge alone, as in
        the reference problem.
    wires
        Paid for what comes through the grid connection, bought or contracted [usd/MWh].
    """

    load: float
    grid: float
    price: Floats
    profiles: dict[str, Floats]
    carbon_price: float = 0.0
    gas_price: float = 4.0
    allowed: tuple[str, ...] = ("pv", "wind", "ocgt", "ccgt", "battery", "inverter")
    most: dict[str, float] = field(default_factory=dict)
    shared_inverter: bool = True
    wires: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what cannot be asked."""
        for name in (*self.allowed, *self.most):
            if name not in PARTS:
                raise UnknownNameError("technology", name, PARTS, remedy="Choose among them")
        for word, value in (
            ("load", self.load),
            ("grid limit", self.grid),
            ("carbon price", self.carbon_price),
            ("gas price", self.gas_price),
        ):
            if not (np.isfinite(value) and value >= 0) or (word == "load" and value == 0):
                raise UsageError(
                    f"The {word} is {value:g}",
                    f"The {word} is a finite number {'above 0' if word == 'load' else 'of 0 or more'}",
                    f"Give another {word}",
                )
        sizes = {self.price.shape, *(self.profiles[name].shape for name in RENEWABLE)}
        finite = all(np.isfinite(row).all() for row in (self.price, *self.profiles.values()))
        if len(sizes) > 1 or not finite:
            raise UsageError(
                "The hours of price and of weather differ in number or are not finite",
                "Price, pv and wind have one finite number an hour each",
                "Give series of the same hours",
            )


@dataclass(frozen=True)
class Supply:
    """The least-cost supply.

    Parameters
    ----------
    campus
        What was asked.
    cost
        Cost of energy [usd/MWh].
    capacity
        What is built by technology [MW; of the battery MWh].
    flows
        Power by part [MW], axis (hour): ``grid`` bought, ``contracted`` through the grid, pv and wind as
        ``renewable``, each firm technology, charge, discharge, and ``stored`` [MWh].
    hours
        Which hours of the year were solved, axis (hour).
    weight
        Hours of the year that each hour stands for, axis (hour).
    cost_parts
        Cost by part [usd/MWh of load]; they add up to `cost`.
    one_more
        Cost of one more MW of load in every hour [usd/MWh].
    grid_value
        Saved by one more MW of grid connection [usd/(MW year)].
    costs
        What plant costs.
    """

    campus: Campus
    cost: float
    capacity: dict[str, float]
    flows: dict[str, Floats]
    hours: Indices
    weight: Floats
    cost_parts: dict[str, float]
    one_more: float
    grid_value: float
    costs: PlantCosts

    @property
    def energy(self) -> float:
        """Energy of the load in the year [MWh]."""
        return self.campus.load * float(self.weight.sum())

    @property
    def shares(self) -> dict[str, float]:
        """Energy by part over the load's; storage losses make the sum exceed one."""
        names = ("grid", "contracted", "renewable", *FIRM)
        return {name: float(self.flows[name] @ self.weight) / self.energy for name in names}

    @property
    def curtailed(self) -> float:
        """Share of the energy of sun and wind that is not used."""
        profiles = (self.campus.profiles[name][self.hours] * self.capacity[name] for name in RENEWABLE)
        offered = float(sum(profiles) @ self.weight)
        used = float(self.flows["renewable"] @ self.weight)
        return 0.0 if offered <= TRACE else max(0.0, 1 - used / offered)

    @property
    def both_ways(self) -> tuple[float, float]:
        """Hours in which the battery charges and discharges at once, and their energy [MWh]."""
        least = np.minimum(self.flows["charge"], self.flows["discharge"])
        least = np.where(least > TRACE * self.campus.load, least, 0.0)
        return float(self.weight[least > 0].sum()), float(least @ self.weight)

    def carbon(self, grid_carbon: float) -> dict[str, float]:
        """Return carbon dioxide by scope [g/kWh of load].

        Parameters
        ----------
        grid_carbon
            Carbon of grid energy, mean of the year [t/MWh].
        """
        burnt = sum(heat * self.shares[name] for name, heat in self.costs.heat.items())
        return {
            "scope 1": GRAMS_PER_KG * burnt * self.costs.gas_carbon,
            "scope 2": GRAMS_PER_KG * self.shares["grid"] * grid_carbon,
        }


def running_costs(campus: Campus, costs: PlantCosts) -> dict[str, float]:
    """Return the cost of a MWh of each firm technology, with fuel and carbon [usd/MWh]."""
    fuel = campus.gas_price / MWH_PER_MMBTU + costs.gas_carbon * campus.carbon_price
    return {
        name: costs.running[name] + costs.fuel.get(name, 0.0) + fuel * costs.heat.get(name, 0.0)
        for name in FIRM
    }


class _Rows:
    """Rows of the program, each of them for every hour."""

    def __init__(self, hours: int) -> None:
        self.hour, self.count = np.arange(hours), 0
        self.at: list[tuple[Any, Any, Any]] = []
        self.low: list[Floats] = []
        self.high: list[Floats] = []

    def add(self, low: float, high: float, *terms: tuple[Any, Any]) -> slice:
        size = self.hour.size
        for column, factor in terms:
            self.at.append(
                (
                    self.count + self.hour,
                    np.broadcast_to(column, size),
                    np.broadcast_to(np.asarray(factor, dtype=np.float64), size),
                )
            )
        self.low.append(np.full(size, low))
        self.high.append(np.full(size, high))
        begin, self.count = self.count, self.count + size
        return slice(begin, self.count)


def least_cost_supply(campus: Campus, costs: PlantCosts | None = None, weeks: int | None = None) -> Supply:
    """Return the supply of least cost that serves the load in every hour.

    Parameters
    ----------
    campus
        What is asked.
    costs
        What plant costs; the stated values of the catalogue if left out.
    weeks
        Representative weeks to solve, 1 to 52; every hour if left out.

    Raises
    ------
    RunError
        If nothing that is allowed serves every hour: the worst hour, and what is short.

    Notes
    -----
    Two substitutions make the program small without changing its optimum: grid energy is what the balance
    leaves, so that its limit is a bound of the balance; and sun and wind share one flow an hour, since both
    are curtailed free of cost.

    A contract pays for all that its plant makes. It comes through the grid connection, in the hours in which
    it is made; what the load and the battery cannot take is lost.

    Source
    ------
    The usual capacity expansion of one node; Huangfu and Hall 2018 for the solver, HiGHS.

    Examples
    --------
    >>> day = np.ones(24)
    >>> asked = Campus(100.0, 100.0, 30 * day, {"pv": 0 * day, "wind": 0 * day})
    >>> round(least_cost_supply(asked).cost, 6)
    30.0
    """
    from narrows.facility.supply_weeks import representative_weeks

    costs = plant_costs() if costs is None else costs
    hours, weight, price, profiles = representative_weeks(campus.price, campus.profiles, weeks)
    program = _Program(campus, costs, price, profiles, weight, period=HOURS_OF_WEEK if weeks else price.size)
    solved = program.solve()
    if solved is None:
        raise _shortage(program, hours)
    return _supply(program, solved, hours)


class _Program:
    """The program: columns are capacities, then flows hour by hour."""

    def __init__(
        self,
        campus: Campus,
        costs: PlantCosts,
        price: Floats,
        profiles: dict[str, Floats],
        weight: Floats,
        *,
        period: int,
    ) -> None:
        self.campus, self.costs, self.price, self.weight = campus, costs, price, weight
        hours = price.size
        self.firm = tuple(name for name in FIRM if name in campus.allowed)
        self.contracts = tuple(name for name in CONTRACT if name in campus.allowed and campus.grid > 0)
        self.profiles = profiles
        more = ("contracted",) if self.contracts else ()
        self.flows = ("renewable", *self.firm, "charge", "discharge", "stored", *more)
        begin = len(PARTS)
        self.columns = {
            name: begin + place * hours + np.arange(hours) for place, name in enumerate(self.flows)
        }
        self.short = begin + len(self.flows) * hours + np.arange(hours)
        self.years = weight.sum() / YEAR
        self._cost()
        self._rows(profiles, period)

    def _cost(self) -> None:
        campus, price, weight = self.campus, self.price, self.weight
        running = running_costs(campus, self.costs)
        cost = np.zeros(int(self.short[-1]) + 1)
        cost[: len(PARTS)] = [self.yearly(name) * self.years for name in PARTS]
        bought = (price + campus.wires) * weight if campus.grid > 0 else 0.0 * price
        for name in ("renewable", "discharge"):
            cost[self.columns[name]] = -bought
        cost[self.columns["charge"]] = bought
        for name in self.firm:
            cost[self.columns[name]] = running[name] * weight - bought
        if self.contracts:
            cost[self.columns["contracted"]] = campus.wires * weight - bought
        self.cost, self.bought = cost, bought
        upper = np.full(cost.size, np.inf)
        for place, name in enumerate(PARTS):
            allowed = name in campus.allowed and (name not in CONTRACT or name in self.contracts)
            upper[place] = campus.most.get(name, np.inf) if allowed else 0.0
        upper[self.short] = 0.0
        self.upper = upper

    def yearly(self, name: str) -> float:
        """Return the cost of a MW of a part in a year [usd/(MW year)]; of a battery of a MWh."""
        if name not in CONTRACT:
            return self.costs.yearly[name]
        made = float(self.profiles[CONTRACT[name]] @ self.weight) / float(self.years)
        price: float = self.costs.contract.get(name, 0.0)
        return price * made

    def _rows(self, profiles: dict[str, Floats], period: int) -> None:
        campus, at = self.campus, self.columns
        part = {name: place for place, name in enumerate(PARTS)}
        rows = _Rows(self.price.size)
        made = [(at[name], 1.0) for name in ("renewable", *self.firm, "discharge")]
        self.balance = rows.add(
            campus.load - campus.grid,
            np.inf if self.contracts else campus.load,
            *made,
            (at["charge"], -1.0),
            (self.short, 1.0),
        )
        self.bought_row = None
        if self.contracts:
            inward = (at["contracted"], 1.0)
            self.bought_row = rows.add(-np.inf, campus.load, *made, (at["charge"], -1.0), inward)
            offered = ((part[name], -profiles[CONTRACT[name]]) for name in self.contracts)
            rows.add(-np.inf, 0.0, inward, *offered)
        rows.add(-np.inf, 0.0, (at["renewable"], 1.0), *((part[name], -profiles[name]) for name in RENEWABLE))
        for name in self.firm:
            rows.add(-np.inf, 0.0, (at[name], 1.0), (part[name], -1.0))
        both = ((at["discharge"], 1.0),) if campus.shared_inverter else ()
        rows.add(-np.inf, 0.0, (at["charge"], 1.0), *both, (part["inverter"], -1.0))
        before = np.where(rows.hour % period == 0, rows.hour + period - 1, rows.hour - 1)
        kept = self.costs.one_way
        stored = at["stored"]
        rows.add(
            0.0,
            0.0,
            (stored, 1.0),
            (stored[before], -1.0),
            (at["charge"], -kept),
            (at["discharge"], 1 / kept),
        )
        rows.add(-np.inf, 0.0, (stored, 1.0), (part["battery"], -1.0))
        self.rows = rows

    def solve(self, cost: Floats | None = None) -> tuple[Floats, Floats] | None:
        """Return the columns and the price of each row; None where no supply is possible."""
        highspy = _highs()
        program, rows = highspy.HighsLp(), self.rows
        row, column, factor = (np.concatenate(found) for found in zip(*rows.at, strict=True))
        kept = factor != 0
        row, column, factor = row[kept], column[kept], factor[kept]
        order = np.lexsort((row, column))
        program.num_col_, program.num_row_ = self.upper.size, rows.count
        program.col_cost_ = COST_SCALE * self.cost if cost is None else cost
        program.col_lower_ = np.zeros(self.upper.size)
        program.col_upper_ = self.upper
        program.row_lower_, program.row_upper_ = np.concatenate(rows.low), np.concatenate(rows.high)
        program.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        starts = np.searchsorted(column[order], np.arange(self.upper.size + 1))
        program.a_matrix_.start_ = starts.astype(np.int32)
        program.a_matrix_.index_ = row[order].astype(np.int32)
        program.a_matrix_.value_ = factor[order]
        solver = highspy.Highs()
        solver.setOptionValue("output_flag", False)
        solver.setOptionValue("threads", 1)
        solver.passModel(program)
        solver.HandleKeyboardInterrupt = True
        solver.solve()
        state = solver.getModelStatus()
        if state == highspy.HighsModelStatus.kInterrupt:
            raise KeyboardInterrupt
        if state == highspy.HighsModelStatus.kOptimal:
            found = solver.getSolution()
            return np.asarray(found.col_value), np.asarray(found.row_dual)
        infeasible = (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible)
        if state in infeasible:
            return None
        raise RunError(
            f"The linear program of the supply ended as {solver.modelStatusToString(state)!r}",
            "It ends with an optimum, or with the finding that there is none",
            "Check prices and costs for values far from those of the trade",
        )


def _highs() -> Any:
    try:
        import highspy
    except ImportError as error:
        raise DataError(
            "highspy, the linear program of HiGHS, is not installed",
            "It comes with narrows",
            "Install highspy",
        ) from error
    return highspy


def _shortage(program: _Program, hours: Indices) -> RunError:
    """Return the refusal that names the worst hour, what is short there, and what would serve."""
    program.upper[program.short] = np.inf
    cost = np.zeros(program.upper.size)
    cost[program.short] = program.weight
    solved = program.solve(cost)
    campus = program.campus
    short = np.full(hours.size, campus.load) if solved is None else solved[0][program.short]
    worst = int(short.argmax())
    return RunError(
        f"No supply serves {campus.load:g} MW: in hour {hours[worst]} of the year {short[worst]:.4g} MW are "
        f"short, and {float(short @ program.weight):.4g} MWh in the year at best",
        "What is allowed and the grid together serve every hour",
        f"Raise the grid to {campus.grid + short[worst]:.4g} MW, or allow {short[worst]:.4g} MW more of "
        "a firm technology such as ccgt",
    )


def _supply(program: _Program, solved: tuple[Floats, Floats], hours: Indices) -> Supply:
    campus, costs, weight = program.campus, program.costs, program.weight
    column, dual = solved
    capacity = {name: max(float(column[place]), 0.0) for place, name in enumerate(PARTS)}
    nothing = np.zeros(hours.size)
    flows = {name: column[at] for name, at in program.columns.items()}
    flows |= {name: nothing for name in FIRM if name not in flows}
    made = sum(flows[name] for name in ("renewable", *program.firm, "discharge"))
    flows.setdefault("contracted", nothing)
    flows["grid"] = campus.load - made + flows["charge"] - flows["contracted"]
    energy = campus.load * float(weight.sum())
    parts = {name: program.yearly(name) * program.years * capacity[name] / energy for name in PARTS}
    running = running_costs(campus, costs)
    parts |= {
        f"{name} running": running[name] * float(flows[name] @ weight) / energy for name in program.firm
    }
    inward = flows["grid"] + flows["contracted"]
    parts["grid"] = float(program.price * weight @ flows["grid"]) / energy
    parts["wires"] = campus.wires * float(weight @ inward) / energy
    price_of_row = dual[program.balance] / COST_SCALE
    of_load = (
        price_of_row if program.bought_row is None else price_of_row + dual[program.bought_row] / COST_SCALE
    )
    return Supply(
        campus,
        float(sum(parts.values())),
        capacity,
        flows,
        hours,
        weight,
        {name: float(value) for name, value in parts.items() if abs(value) > TRACE},
        float(program.bought.sum() + of_load.sum()) / float(weight.sum()),
        float(np.maximum(price_of_row, 0.0).sum() / program.years) if campus.grid > 0 else 0.0,
        costs,
    )
