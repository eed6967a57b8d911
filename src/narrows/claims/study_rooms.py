"""What the rooms say of a claim of the study: a figure in every draw, or a room's own interval.

Nothing is computed here that a room computes: readings compare, pool and divide what rooms give.
"""

from __future__ import annotations

import importlib
import itertools
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from narrows.bottlenecks.answer import asked_of
from narrows.bottlenecks.chain import tell as tell_map
from narrows.bottlenecks.migration import HORIZON
from narrows.bottlenecks.migration import MIXED as OWN_MIXED
from narrows.bottlenecks.migration import SUPPORTED as OWN_SUPPORTED
from narrows.bottlenecks.resolution import Resolution, time
from narrows.bottlenecks.study import GROUPS, QUARTER, SPANS
from narrows.bottlenecks.told import FAMILIES, Asked, Told
from narrows.catalog import Catalog, Reader
from narrows.draws import quantiles
from narrows.errors import UnknownNameError
from narrows.quarters import Quarter

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from narrows.bottlenecks.answer import Run
    from narrows.bottlenecks.told import Reading
    from narrows.facility.supply_options import Choice
    from narrows.inference.levers import Lever
    from narrows.inference.tables import Cell, Table
    from narrows.shocks.price import PricePath
    from narrows.shocks.transmission import SectorTable

    Array = NDArray[np.float64]

__all__ = ["BAND", "READINGS", "Evidence", "Facts", "Rooms", "chance", "fact", "figure", "less", "rooms"]

MOST_DRAWS = 500
"""Draws of rooms that are slow by the draw: halls, supply of a campus, tables of Day 8, sectors."""
PLACE, MW = "sterling_va", 100
"""Campus that the supply of power is asked for."""
EVENT, DAY = "hormuz", "2026-04-30"
"""The event of the note, and the last day that its author could know."""
SHOWN = ("2026Q2", "2026Q3", "2026Q4")
"""Quarters of the price path that sectors are asked for."""
FRONTIER = ("llama-3.1-405b", "deepseek-v3")
"""Models that stand for the frontier: the largest of the catalogue."""
CHANGES = (
    "continuous batches instead of static",
    "weights bf16 to fp8",
    "weights bf16 to nvfp4",
    "speculation, every place taken",
    "speculation, 8 in flight",
)
"""Changes of software, beside all together, that a claim is about."""
CHIPS = ("h100_sxm", "h200_sxm", "b200_sxm", "mi300x")
RUN = "h100_sxm.16384.54"
"""The training run of Day 7's page."""
LLAMA = "llama-3.1-405b"
"""Model of the run that trends are drawn on from."""
SLOW = ("facility.", "inference.speed.", "plant.", "push.")
"""Families of figures that are slow by the draw."""
HALF = 0.5
BAND = (0.05, 0.5, 0.95)
"""Shares of the draws below the ends and the middle of an interval."""
POWER = frozenset({"space_power", "cooling"})
QUARTERS = 4
EXPORT = "h20"
"""A design cut down for export: no generation of its own."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """What a room says of a claim.

    Parameters
    ----------
    values
        The figure in every draw, or in every case that is held; for an interval its middle.
    unit
        Its unit.
    rests_on
        Ids or the command behind it.
    formula
        How it comes about, in one sentence.
    run, reads
        The facts that it was read from; None where it does not come from draws.
    span
        A room's own 90 % interval, low and high, where it has no draws.
    chance
        Whether the figure is a probability: its values are zeros, ones and shares between.
    limits
        A range of the claim that a room holds itself, such as the span of a group.
    hangs_on
        What moves it most, where the room says so.
    note
        The room's own judgement, in one sentence.
    """

    values: Array
    unit: str
    rests_on: str
    formula: str
    run: Reading | None = None
    reads: tuple[str, ...] = ()
    span: tuple[float, float] | None = None
    chance: bool = False
    limits: tuple[float, float] | None = None
    hangs_on: str = ""
    note: str = ""


@dataclass(frozen=True)
class Facts:
    """Facts that a figure came from."""

    catalog: Catalog
    reader: Reader


class _Solved(Asked):
    """A question of the map that is solved already."""

    __slots__ = ("solution",)
    solution: Run

    def __init__(self, asked: Asked, solved: Run) -> None:
        super().__init__(asked.draws, asked.seed, asked.method, catalog=asked.catalog)
        object.__setattr__(self, "solution", solved)

    def run(self, quarters: str | None = None) -> Run:  # noqa: ARG002 (solved for the quarter that is asked)
        """Return the solution."""
        return self.solution


class Rooms:
    """The rooms of the house asked once for all claims, in the same draws.

    Parameters
    ----------
    asked
        Draws, seed and facts.
    """

    def __init__(self, asked: Asked) -> None:
        self.asked = replace(asked, catalog=asked_of(asked.catalog, asked.as_of, asked.scenario))
        self.few = replace(self.asked, draws=min(asked.draws, MOST_DRAWS))
        self.supply_facts: Facts | None = None
        self.maps: dict[str, tuple[_Solved, tuple[str, ...]]] = {}

    @property
    def catalog(self) -> Catalog:
        """Facts as asked for."""
        found = self.asked.catalog
        assert found is not None  # noqa: S101 - set above
        return found

    @cached_property
    def facts(self) -> Facts:
        """The facts, in every draw."""
        return Facts(self.catalog, Reader(self.catalog, self.asked.seed, self.asked.draws, self.asked.method))

    @cached_property
    def resolution(self) -> Resolution:
        """When each layer clears, from the study's quarter."""
        start = Quarter.parse(QUARTER)
        found = Resolution(self.asked.run(str(start + HORIZON)), start)
        _ = found.ceilings
        return found

    @cached_property
    def tables(self) -> dict[str, Table]:
        """Tables of Day 8 that were asked for."""
        return {}

    @cached_property
    def choices(self) -> dict[str, Choice]:
        """Supplies of a campus by their key, the plan at the least price of carbon that is shown."""
        from narrows.facility.supply_options import supply_frontier

        keys = ("grid", "bridge", "mixed", "turbines", "combined", "island")
        front = supply_frontier(
            PLACE, MW, options=keys, draws=self.few.draws, seed=self.few.seed, catalog=self.catalog
        )
        self.supply_facts = Facts(self.catalog, front.reader)
        found: dict[str, Choice] = {}
        for choice in sorted(front.choices, key=lambda one: one.carbon_price):
            found.setdefault(choice.key, choice)
        return found

    @cached_property
    def time_words(self) -> dict[str, str]:
        """What the time map itself says of the study's group of each layer."""
        found = time(QUARTER, draws=self.asked.draws, seed=self.asked.seed, catalog=self.catalog)
        return {row.layer: row.verdict for row in found.rows}

    @cached_property
    def path(self) -> PricePath:
        """The path of crude as the author of the note could know it."""
        from narrows.shocks import price_path

        return price_path(EVENT, as_of=DAY, draws=self.few.draws, seed=self.few.seed, catalog=self.catalog)

    @cached_property
    def sectors(self) -> SectorTable:
        """Sectors and the industries asked for, under the path of crude."""
        from narrows.shocks import commodity_changes, sector_table

        return sector_table(
            commodity_changes(self.path, SHOWN),
            duration=len(SHOWN),
            draws=self.few.draws,
            seed=self.few.seed,
            industries=("336112", "326190", "483000"),
            catalog=self.catalog,
        )

    @cached_property
    def levers(self) -> dict[str, Lever]:
        """Changes of software that a claim is about, by name."""
        return _levers(self.asked.seed)

    def table(self, name: str) -> Table:
        """Return a table of Day 8, made once."""
        from narrows.inference.tables import table

        if name not in self.tables:
            self.tables[name] = table(name, draws=self.few.draws, seed=self.few.seed, catalog=self.catalog)
        return self.tables[name]

    def told(self, id_: str) -> Told:
        """Return a figure in every draw, as `narrows why` has it."""
        if self.catalog.has(id_):
            return Told(self.facts, self.fact(id_), self.catalog.fact(id_).unit, "as stated", (id_,))
        if id_.startswith("map."):
            return self._map(id_)
        asked = self.few if id_.startswith(SLOW) else self.asked
        told: Told = importlib.import_module(FAMILIES[id_.partition(".")[0]]).tell(id_, asked)
        return told

    def _map(self, id_: str) -> Told:
        """Return a figure of the map, which is solved once for each quarter."""
        quarter = id_.rpartition(".")[2]
        if quarter not in self.maps:
            solved = self.asked.run(quarter)
            self.maps[quarter] = (_Solved(self.asked, solved), solved.reader.reads)
        asked, before = self.maps[quarter]
        with asked.solution.reader.chain() as chain:
            told = tell_map(id_, asked)
        return replace(told, reads=tuple(dict.fromkeys((*before, *chain.reads))))

    def fact(self, id_: str) -> Array:
        """Return a fact in every draw, in the unit in which it is stated."""
        fact = self.catalog.fact(id_)
        return self.facts.reader.draws(id_) * (fact.value / fact.canonical_value)


@lru_cache(maxsize=2)
def _levers(seed: int) -> dict[str, Lever]:
    """Return changes of software by name; simulations that no draw of the facts moves, asked once a seed."""
    from narrows.inference.levers import levers

    found = levers(seed=seed, only=CHANGES)
    return {one.name: one for one in (*found.alone, *found.together)}


@lru_cache(maxsize=2)
def rooms(asked: Asked) -> Rooms:
    """Return the rooms of a question, kept for the next claim."""
    return Rooms(asked)


# --- readings of more than one figure -------------------------------------------------------------


def figure(house: Rooms, id_: str) -> Evidence:
    """Return a figure by its id."""
    told = house.told(id_)
    return Evidence(told.values, told.unit, id_, told.formula, told.run, _reads(told))


def _reads(told: Told) -> tuple[str, ...]:
    return tuple(told.run.reader.reads) if told.reads is None else told.reads


def chance(house: Rooms, id_: str, *, against: bool = False) -> Evidence:
    """Return a probability by its id, or what is left of it to one."""
    told = house.told(id_)
    values = 1.0 - told.values if against else told.values
    text = f"1 - ({told.formula})" if against else told.formula
    note = ""
    if id_.startswith("cascade.phase."):
        share = float(values.mean())
        word = "supported" if share >= OWN_SUPPORTED else "mixed" if share >= OWN_MIXED else "not supported"
        note = f"The cascade, which asks for {OWN_SUPPORTED:.0%}, calls it {word}."
    return Evidence(values, "share", id_, text, told.run, _reads(told), chance=True, note=note)


def fact(house: Rooms, *ids: str) -> Evidence:
    """Return a statement in every draw; of several, each in its turn of the draws."""
    turn = np.arange(house.facts.reader.n)
    values = np.stack([house.fact(id_) for id_ in ids])[turn % len(ids), turn]
    text = "as stated" if len(ids) == 1 else f"{len(ids)} statements, each in its turn of the draws"
    return Evidence(values, house.catalog.fact(ids[0]).unit, ", ".join(ids), text, house.facts, ids)


def less(house: Rooms, first: str, second: str) -> Evidence:
    """Return where the first of two figures is smaller, in the same draws."""
    one, two = house.told(first), house.told(second)
    reads = tuple(dict.fromkeys((*_reads(one), *_reads(two))))
    text = f"share of draws in which {first} is below {second}"
    return _chance(one.values < two.values, f"{first}, {second}", text, one.run, reads)


def _chance(
    true: NDArray[np.bool_], rests_on: str, text: str, run: Reading | None, reads: tuple[str, ...]
) -> Evidence:
    return Evidence(true.astype(np.float64), "share", rests_on, text, run, reads, chance=True)


def _resolved(house: Rooms, *layers: str) -> Evidence:
    found = house.resolution
    rows = {layer.id: row for row, layer in enumerate(found.run.model.layers, 1)}
    years = np.stack([found.years("announced", rows[name]) for name in layers])
    last = layers[int(np.median(years, axis=1).argmax())]
    reads = tuple(dict.fromkeys(id_ for name in layers for id_ in found.reads(rows[name])))
    return Evidence(
        years.max(axis=0),
        "year",
        f"time.resolved.{last}.{QUARTER}",
        f"years from {QUARTER} until the last of {', '.join(layers)} covers orders for a year",
        found.run,
        reads,
    )


def _group(house: Rooms, layer: str) -> Evidence:
    above, up_to = SPANS[GROUPS[layer]]
    found = _resolved(house, layer)
    word = {"agrees": "in it", "sooner": "sooner", "later": "later"}[house.time_words[layer]]
    note = f"By the time map the median is {word}."
    return replace(found, limits=(float(np.nextafter(above, up_to)), up_to), note=note)


def _power_last(house: Rooms) -> Evidence:
    found = house.resolution
    layers = found.run.model.layers
    power = [row for row in found.rows if layers[row - 1].declared.family in POWER]
    rest = [row for row in found.rows if row not in power]
    late, other = (np.max([found.years("announced", row) for row in rows], axis=0) for rows in (power, rest))
    reads = tuple(dict.fromkeys(id_ for row in found.rows for id_ in found.reads(row)))
    text = "share of draws in which no other layer clears later than the last of power, halls and cooling"
    return _chance(late >= other, f"time.resolved.grid_connection.{QUARTER}", text, found.run, reads)


def _summed(house: Rooms, *ids: str) -> Evidence:
    values = np.sum([house.fact(id_) for id_ in ids], axis=0)
    unit = house.catalog.fact(ids[0]).unit
    return Evidence(values, unit, ", ".join(ids), f"sum of {len(ids)} statements", house.facts, ids)


def _least(house: Rooms, *ids: str) -> Evidence:
    values = np.min([house.fact(id_) for id_ in ids], axis=0)
    return Evidence(
        values, house.catalog.fact(ids[0]).unit, ", ".join(ids), "the least of them", house.facts, ids
    )


def _thread(house: Rooms) -> Evidence:
    ids = [
        f"makers.thread.nvidia.{layer.id}"
        for layer in house.catalog.layers
        if layer.family not in {"demand", "capital"}
    ]
    taken = []
    for id_ in ids:
        try:
            taken.append(house.told(id_))
        except UnknownNameError:
            continue
    values = np.mean([told.values >= HALF for told in taken], axis=0)
    reads = tuple(dict.fromkeys(id_ for told in taken for id_ in _reads(told)))
    text = f"layers of which NVIDIA's designs take half or more / {len(taken)} layers"
    return Evidence(values, "ratio", ids[0], text, taken[0].run, reads)


def _largest_cost(house: Rooms, year: str) -> Evidence:
    from narrows.training.run_cost import Run, drawn_cost
    from narrows.transformer.registry import checkpoint

    trained = house.catalog.fact(f"training.tokens.{LLAMA}")
    chips = round(house.catalog.fact("training.llama3.chips").value)
    size = float(checkpoint(LLAMA).model.active_weights)
    run = Run("h100", chips, tokens=trained.canonical_value, params=size)
    cost, reads = drawn_cost(run, house.facts.reader)
    years = int(year) - int(str(trained.as_of)[:4])
    grown = house.fact("training_compute.growth") ** years
    cheaper = 10.0 ** (house.fact("training.price_fall") * years)
    ids = (*reads, "training_compute.growth", "training.price_fall")
    text = f"cost of the final run x (growth of the largest runs)^{years} / 10^({years} x fall of prices)"
    return Evidence(cost["final_run"] * grown / cheaper, "usd", ", ".join(ids[-2:]), text, house.facts, ids)


def _micron(house: Rooms) -> Evidence:
    id_ = "micron.revenue.fy26q2"
    values = QUARTERS * house.fact(id_)
    low, _, _ = quantiles(values, BAND)
    text = "revenue of the last quarter reported x 4, a floor while sales grow"
    return Evidence(
        values, "usd", id_, text, span=(float(low), float("inf")), hangs_on="growth in the second half"
    )


# --- Day 8 ----------------------------------------------------------------------------------------


def _span(cells: list[Cell]) -> Evidence:
    first = cells[0]
    held = [(c.value, c.low, c.high) for c in cells if None not in (c.value, c.low, c.high)]
    values = np.array([value for value, _, _ in held], dtype=np.float64)
    low, high = min(row[1] for row in held), max(row[2] for row in held)  # type: ignore[type-var]
    named = first.name if len(cells) == 1 else f"{first.name}, {len(cells)} cases"
    return Evidence(values, first.unit, first.told, named, span=(float(low or 0.0), float(high or 0.0)))


def _cell(house: Rooms, table: str, row: str, name: str) -> Evidence:
    return _span([house.table(table).cell(row, name)])


def _ratio(house: Rooms, table: str, row: str, first: str, second: str) -> Evidence:
    one, two = (house.table(table).cell(row, name) for name in (first, second))
    ends = [float(value or np.nan) for value in (one.value, one.low, one.high, two.value, two.low, two.high)]
    values = np.array([ends[0] / ends[3]])
    text = f"{first} / {second}; the ends of the interval take the worse end of each"
    return Evidence(values, "ratio", one.told, text, span=(ends[1] / ends[5], ends[2] / ends[4]))


def _lever(house: Rooms, *names: str) -> Evidence:
    found = [house.levers[name] for name in names]
    held = [one for one in found if None not in (one.gain, one.low, one.high)]
    values = np.array([one.gain for one in held], dtype=np.float64)
    span = (min(one.low or 0.0 for one in held), max(one.high or 0.0 for one in held))
    text = f"cost of a token before / after: {', '.join(names)}"
    return Evidence(values, "ratio", "narrows inference tables levers", text, span=span)


def _no_fit(house: Rooms) -> Evidence:
    from narrows.inference.fit import Setup, fit

    setup = Setup(weights="fp8", context=2000)
    held = [
        float(not fit(model, chip, setup, house.catalog, remedies=False).fits)
        for model in FRONTIER
        for chip in CHIPS
    ]
    told = f"narrows inference fit {FRONTIER[0]} {CHIPS[2]} --weights fp8"
    text = f"{' and '.join(FRONTIER)} in 8 bits on one of {', '.join(CHIPS)}"
    return Evidence(np.array(held), "share", told, text, chance=True)


# --- Hormuz ---------------------------------------------------------------------------------------


def _sector(house: Rooms, name: str) -> Evidence:
    table = house.sectors
    shock = table.shock
    return Evidence(
        table.sector(name).draws,
        "ratio",
        f"narrows shocks run {EVENT} --as-of {DAY}",
        f"change of operating surplus of {name}, mean of {SHOWN[0]} to {SHOWN[-1]}",
        Facts(house.catalog, shock.reader),
        shock.reads,
        note=f"The room's own verdict on its 80 % band: {table.sector(name).verdict}.",
    )


def _resilient(house: Rooms, name: str) -> Evidence:
    found = _sector(house, name)
    most = house.sectors.shock.noticeable
    return replace(found, limits=(-most, most))


def _industry(house: Rooms, code: str) -> Evidence:
    shock = house.sectors.shock
    at = shock.model.economy.at(code)
    values = np.sum([part[:, :, at].mean(axis=1) for part in shock.parts.values()], axis=0)
    name = shock.model.economy.names[at]
    return Evidence(
        np.asarray(values),
        "ratio",
        f"narrows shocks run {EVENT} --as-of {DAY}",
        f"change of operating surplus over revenue of {name.lower()}, mean of {SHOWN[0]} to {SHOWN[-1]}",
        Facts(house.catalog, shock.reader),
        shock.reads,
    )


def _mixed(house: Rooms, code: str) -> Evidence:
    found = _industry(house, code)
    share = float((found.values > 0).mean())
    values = np.array([max(share, 1.0 - share)])
    return replace(found, values=values, run=None, span=(values[0], values[0]))


def _crude(house: Rooms, quarter: str) -> Evidence:
    values = house.path.mean_over(quarter) / house.path.base
    reader = house.path.reader
    text = f"mean of {quarter} / price before the event, as known on {DAY}"
    told = f"shocks.price.{EVENT}.{quarter}"
    return Evidence(values, "ratio", told, text, Facts(reader.catalog, reader), tuple(reader.reads))


# --- Day 6 ----------------------------------------------------------------------------------------


def _sites(house: Rooms) -> Evidence:
    largest: dict[str, tuple[float, str]] = {}
    for fact_ in house.catalog:
        site, _, rest = fact_.id.partition(".")
        if site.startswith("site-") and rest.startswith("power."):
            largest[site] = max(largest.get(site, (0.0, "")), (fact_.value, fact_.id))
    values = np.array([value for value, _ in largest.values()])
    text = f"largest power in operation or planned of each of {len(values)} tracked sites"
    return Evidence(values, "MW", next(iter(largest.values()))[1], text)


def _density(house: Rooms, id_: str, least: str, most: str) -> Evidence:
    usual = (float(least), float(most))
    low, median, high = quantiles(house.fact(id_), BAND)
    middle = float(median) / float(np.mean(usual))
    text = f"{id_} over {least} to {most} kW"
    span = (float(low) / usual[1], float(high) / usual[0])
    return Evidence(np.array([middle]), "ratio", id_, text, span=span)


def _generations(house: Rooms) -> Evidence:
    first = [
        _first_sold(house, design.id)
        for design in house.catalog.designs
        if design.maker == "NVIDIA" and design.id != EXPORT
    ]
    dates = sorted({day for day in first if "Q" in day})
    starts = [Quarter.parse(day) for day in dates]
    years = [(after - before) / QUARTERS for before, after in itertools.pairwise(starts)]
    text = f"years between the first quarters in which NVIDIA's designs are sold: {', '.join(dates)}"
    return Evidence(np.array(years), "year", "narrows facts mix", text)


def _first_sold(house: Rooms, design: str) -> str:
    """Return the period in which a design is first in the mix; a year where the quarter is not stated."""
    held = [fact_.about for fact_ in house.catalog.under(f"mix.{design}") if fact_.value > 0]
    return min(held, default="")


def _air_most(house: Rooms) -> Evidence:
    from narrows.facility.rack import air_limit_kw

    ids = ("cooling.rack_air_most", "cooling.air_rise_large")
    flow, rise = (house.fact(id_) for id_ in ids)
    pairs = zip(flow, rise, strict=True)
    values = np.array([air_limit_kw(float(cfm), float(kelvin)) for cfm, kelvin in pairs])
    text = "density x heat capacity x most air that one rack is given x its rise"
    return Evidence(values, "kW", ", ".join(ids), text, house.facts, ids)


def _most_kw(house: Rooms, family: str) -> float:
    from narrows.facility.rack import families

    return next(row.most_kw for row in families(house.catalog) if row.id == family)


def _needs_liquid(house: Rooms, family: str) -> Evidence:
    id_ = "system.gb200_nvl72.power"
    most = _most_kw(house, family)
    text = f"share of draws in which the rack has more than {most:.0f} kW, where a rear door ends"
    told = f"{id_}, narrows facility rack gb200_nvl72"
    return _chance(house.fact(id_) > most, told, text, house.facts, (id_,))


def _family_most(house: Rooms, family: str) -> Evidence:
    most = _most_kw(house, family)
    text = f"most heat of {family}"
    return Evidence(np.array([most]), "kW", "narrows facility rack 120", text, span=(most, most))


def _immersion(house: Rooms) -> Evidence:
    value = _most_kw(house, "immersion_two") / _most_kw(house, "cold_plate")
    text = "most heat of a rack in two-phase immersion / with cold plates"
    return Evidence(np.array([value]), "ratio", "narrows facility rack 120", text, span=(value, value))


def _fastest(house: Rooms, *keys: str) -> Evidence:
    found = house.choices
    gas = np.min([found[key].months for key in keys], axis=0)
    rest = np.min([found[key].months for key in ("grid", "mixed", "island")], axis=0)
    ids = f"facility.frontier.months.{keys[0]}.{PLACE}.{MW}"
    text = f"share of draws in which {' or '.join(keys)} has first power no later than grid, sun and wind"
    run = house.supply_facts
    return _chance(gas <= rest, ids, text, run, tuple(run.reader.reads) if run else ())


def _renewable_cost(house: Rooms) -> Evidence:
    found = house.choices
    values = found["island"].cost / found["grid"].cost
    text = "usd/MWh of sun, wind and battery alone / of the grid, planned at stated costs"
    run = house.supply_facts
    reads = tuple(run.reader.reads) if run else ()
    return Evidence(values, "ratio", f"facility.frontier.cost.island.{PLACE}.{MW}", text, run, reads)


def _electricity_part(house: Rooms) -> Evidence:
    one, all_ = (house.told(f"training.cost.{part}.{RUN}") for part in ("energy", "total"))
    text = "electricity / all parts of the cost of the run"
    return Evidence(
        one.values / all_.values, "ratio", f"training.cost.energy.{RUN}", text, one.run, _reads(all_)
    )


READINGS: dict[str, Callable[..., Evidence]] = {
    "air_most": _air_most,
    "cell": _cell,
    "crude": _crude,
    "density": _density,
    "electricity_part": _electricity_part,
    "family_most": _family_most,
    "fastest": _fastest,
    "generations": _generations,
    "group": _group,
    "immersion": _immersion,
    "industry": _industry,
    "largest_cost": _largest_cost,
    "least": _least,
    "lever": _lever,
    "micron": _micron,
    "mixed": _mixed,
    "needs_liquid": _needs_liquid,
    "no_fit": _no_fit,
    "power_last": _power_last,
    "ratio": _ratio,
    "renewable_cost": _renewable_cost,
    "resilient": _resilient,
    "resolved": _resolved,
    "sector": _sector,
    "sites": _sites,
    "summed": _summed,
    "thread": _thread,
}
"""Readings of the rooms by name."""
