"""What a training run costs, bottom up: who owns or rents the chips, and what each part adds.

All money is US dollars of the day of the facts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from narrows.catalog import PointReader, Reader, default
from narrows.errors import DataError, UnknownNameError, UsageError
from narrows.network.fabric import fabric
from narrows.training.chips import HOURS, chip_id, chip_names, hour_facts
from narrows.training.failures import best_interval, useful_share
from narrows.training.scaling import OPERATIONS, band
from narrows.training.schedule import schedule_days

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from narrows.catalog.catalog import Catalog
    from narrows.network.fabric import Fabric

    Array = NDArray[np.float64]

__all__ = ["BASES", "PARTS", "Run", "RunCost", "drawn_cost", "run_cost"]

BASES = ("life", "trend", *HOURS)
"""How chips are paid: written off over their life, by the fall of prices, or by the hour."""
TIERS = ("none", "one_tier", "two_tiers", "three_tiers")
"""Names of the facts ``training.cable.*``, by tiers of switches."""
PARTS = (
    "chips", "server", "network", "optics", "storage", "facility", "energy", "rent",
    "failed_runs", "post_training", "staff",
)  # fmt: skip
"""Parts of the cost, in the order of the waterfall."""
DAY, HOUR, YEAR = 86_400.0, 3600.0, 31_557_600.0
ENDS = (0.05, 0.95)


@dataclass(frozen=True)
class Run:
    """The run whose cost is asked for: its days, or its work.

    Parameters
    ----------
    chip, chips
        Name of the chip, and how many.
    days
        Days from start to end, interruptions included; found from the work if left out.
    tokens, params
        Tokens of training and parameters active for each.
    mfu
        Operations of the model over the dense 16-bit rate; that of the facts if left out.
    basis
        One of `BASES`.
    """

    chip: str
    chips: int
    days: float | None = None
    tokens: float | None = None
    params: float | None = None
    mfu: float | None = None
    basis: str = "life"


@dataclass(frozen=True)
class RunCost:
    """What a run costs.

    Parameters
    ----------
    run, chip
        The run, and the id of its chip.
    fabric
        The network.
    parts
        Dollars at the stated facts, by `PARTS`; only those that the basis has.
    stated
        total, days, chip_hours, usd_per_chip_hour, kwh, final_run (total without failed runs, post-training
        and staff), and useful (share of useful time) where days follow from work.
    bands
        p05, p50, p95 of each part and of each number of ``stated``.
    tornado
        Facts by how far they move the total: id, total at p05 and at p95 of the fact, farthest first.
    rented
        Cost of the chip-hours of the final run alone at each price of an hour that is known [usd].
    reads
        Facts behind it.
    """

    run: Run
    chip: str
    fabric: Fabric
    parts: dict[str, float]
    stated: dict[str, float]
    bands: dict[str, tuple[float, float, float]]
    tornado: tuple[tuple[str, float, float], ...]
    rented: dict[str, float]
    reads: tuple[str, ...]


def run_cost(run: Run, *, draws: int = 10_000, seed: int = 1, catalog: Catalog | None = None) -> RunCost:
    """Return what a training run costs, with intervals, and which fact moves it most.

    Parameters
    ----------
    run
        The run.
    draws, seed
        Number of draws over the doubt of the facts, and their seed.
    catalog
        Facts; those that come with narrows if left out.

    Raises
    ------
    UnknownNameError
        The chip or the basis is not known.
    UsageError
        A number is out of range, or the run has neither days nor work, or both.
    DataError
        The chip has no price of that kind.

    Notes
    -----
    Hours of all chips H = chips x days x 24. Owned hardware of price P costs P a / u a year: by life n and
    return r, a = r / (1 - (1 + r)**-n); by trend, a = k ln 10, the rate at which its price falls. u is the
    share of the time in which the cluster has a run. The facility is owned over its own life. Energy is
    design power x load x PUE x price. With days from work they are 6 N D / (chips x rate x MFU x useful
    share). Failed runs and post-training are ratios to the final run; staff is a share of all.

    Examples
    --------
    >>> found = run_cost(Run("h100", 16_384, days=54.0), draws=200)
    >>> round(found.stated["total"] / 1e6), round(found.stated["usd_per_chip_hour"], 2)
    (76, 1.76)
    """
    catalog = catalog or default()
    names, card, net = _question(run, catalog)
    interval = _interval(run, names, catalog)
    typed = _work(_read(PointReader(catalog), names), run, net, interval)
    reader = Reader(catalog, seed, draws)
    facts = _read(reader, names)
    drawn = _work(facts, run, net, interval)
    point = {key: float(values[0]) for key, values in _read(PointReader(catalog), names).items()}
    hours = float(typed["chip_hours"][0])
    rented = {
        kind: hours * HOUR * catalog.fact(name).canonical_value
        for kind, name in hour_facts(card, catalog).items()
    }
    return RunCost(
        run=run,
        chip=card,
        fabric=net,
        parts={name: float(typed[name][0]) for name in PARTS if name in typed},
        stated={name: float(values[0]) for name, values in typed.items() if name not in PARTS},
        bands={name: band(values) for name, values in drawn.items()},
        tornado=_tornado(point, facts, names, (run, net, interval)),
        rented=rented,
        reads=reader.reads,
    )


def drawn_cost(run: Run, reader: Reader) -> tuple[dict[str, Array], tuple[str, ...]]:
    """Return every quantity of the cost in every draw [usd, day, h], and the facts behind them.

    Parameters
    ----------
    run
        The run.
    reader
        Where the facts are read.
    """
    names, _, net = _question(run, reader.catalog)
    interval = _interval(run, names, reader.catalog)
    return _work(_read(reader, names), run, net, interval), tuple(names.values())


def _question(run: Run, catalog: Catalog) -> tuple[dict[str, str], str, Fabric]:
    """Check the run; return the facts that it needs by key, the id of the chip, and the network."""
    _check(run)
    if run.basis not in BASES:
        raise UnknownNameError("basis", run.basis, BASES, remedy=f"Name one of {', '.join(BASES)}")
    card = chip_id(run.chip, catalog)
    names = {
        "failed_runs": "training.failed_runs",
        "post_training": "training.post_training",
        "staff": "training.staff",
    }
    node = f"chip.{card}.node"
    per_server = round(catalog.fact(node).canonical_value) if catalog.has(node) else 1
    net = fabric(run.chips, round(catalog.fact("training.switch.ports").canonical_value), per_server)
    if run.basis in HOURS:
        names["hour"] = _known(catalog, f"chip.{card}.{run.basis}", run.basis)
    else:
        names |= {
            "chip": _known(catalog, f"chip.{card}.purchase_price", "price"),
            "server": "training.server.per_chip",
            "switch": "training.switch.price",
            "cable": f"training.cable.{TIERS[net.tiers]}",
            "storage": "training.storage",
            "utilisation": "training.cluster.utilisation",
            "facility": "data_hall.cost",
            "facility_life": "training.facility.life",
            "capital": "training.capital",
        }
        names |= {"fall": "training.price_fall"} if run.basis == "trend" else {"life": "training.life"}
    whole = f"chip.{card}.all_in_power"
    names |= (
        {"power": whole}
        if catalog.has(whole)
        else {"power": f"chip.{card}.power", "ratio": "training.power.server_ratio"}
    )
    names |= {
        "load": "training.power.load",
        "pue": "training.pue",
        "electricity": "training.electricity_price",
    }
    if run.days is None:
        names |= {
            "rate": f"chip.{card}.bf16",
            "mfu": "training.mfu",
            "unexpected": "training.interruption.rate",
            "planned": "training.interruption.planned_rate",
            "write": "training.checkpoint.write",
            "restart": "training.restart.time",
        }
        if run.mfu is not None:
            del names["mfu"]
    return names, card, net


def _known(catalog: Catalog, name: str, words: str) -> str:
    if catalog.has(name):
        return name
    quantity = name.rsplit(".", 1)[1]
    has = [chip for chip in chip_names(catalog) if catalog.has(f"chip.{chip}.{quantity}")]
    raise DataError(
        f"No {words} is known for {name.split('.')[1]}",
        f"It is known for {', '.join(has) or 'no chip'}",
        "Name another chip, or another --basis",
    )


def _check(run: Run) -> None:
    for option, value, usual in (
        ("--chips", float(run.chips), "16384"),
        ("--days", run.days, "54"),
        ("--tokens", run.tokens, "15.6e12"),
        ("--params", run.params, "405e9"),
        ("--mfu", run.mfu, "0.4"),
    ):
        if value is None:
            continue
        most = 1.0 if option == "--mfu" else math.inf
        if not (0.0 < value <= most and math.isfinite(value)):
            raise UsageError(
                f"The option {option} is given {value:g}",
                "It is above 0" + (" and at most 1" if option == "--mfu" else ""),
                f"Write, for instance, {option} {usual}",
            )
    work = run.tokens is not None and run.params is not None
    if (run.days is None) != work or (run.tokens is None) != (run.params is None):
        given = (
            "both its days and its work" if run.days is not None else "neither its days nor all of its work"
        )
        raise UsageError(
            f"The length of the run is given by {given}",
            "It follows from --days, or from --tokens with --params",
            "Give one of them",
        )


def _interval(run: Run, names: Mapping[str, str], catalog: Catalog) -> float:
    """Return the work between checkpoints that is best at the stated facts [s]; 0 where days are given."""
    if run.days is not None:
        return 0.0
    told = _read(PointReader(catalog), names)
    return float(best_interval((told["unexpected"] + told["planned"]) * run.chips, told["write"])[0])


def _read(reader: Reader, names: Mapping[str, str]) -> dict[str, Array]:
    return {key: reader.draws(name) for key, name in names.items()}


def _work(facts: Mapping[str, Array], run: Run, net: Fabric, interval: float) -> dict[str, Array]:
    """Return all quantities in every draw; facts are in canonical units."""
    found: dict[str, Array] = {}
    zero = np.zeros_like(facts["staff"])
    if run.days is not None:
        seconds = zero + run.days * DAY
    else:
        rate = (facts["unexpected"] + facts["planned"]) * run.chips
        found["useful"] = useful_share(rate, facts["write"], facts["restart"], np.array(interval))
        speed = facts["rate"] * facts.get("mfu", zero + (run.mfu or 0.0))
        flop = OPERATIONS * (run.params or 0.0) * (run.tokens or 0.0)
        seconds = schedule_days(flop, run.chips, speed, found["useful"]) * DAY
    chip_seconds = run.chips * seconds
    power = facts["power"] * facts.get("ratio", zero + 1.0) * facts["pue"]
    joules = power * facts["load"] * chip_seconds
    parts = (
        {"rent": facts["hour"] * chip_seconds}
        if "hour" in facts
        else _owned(facts, chip_seconds, power, net.total / run.chips)
        | {"energy": joules * facts["electricity"]}
    )
    final: Array = sum(parts.values(), zero)
    parts["failed_runs"] = final * facts["failed_runs"]
    parts["post_training"] = final * facts["post_training"]
    compute = final + parts["failed_runs"] + parts["post_training"]
    parts["staff"] = compute * facts["staff"] / (1.0 - facts["staff"])
    total = compute + parts["staff"]
    return (
        found
        | parts
        | {
            "total": total,
            "final_run": final,
            "days": seconds / DAY,
            "chip_hours": chip_seconds / HOUR,
            "usd_per_chip_hour": final / chip_seconds * HOUR,
            "kwh": joules / (HOUR * 1000.0),
        }
    )


def _owned(
    facts: Mapping[str, Array], chip_seconds: Array, power: Array, switches: float
) -> dict[str, Array]:
    """Return the cost of what is owned for its chip-seconds [usd]."""
    yearly = facts["capital"] * YEAR
    years = chip_seconds / YEAR / facts["utilisation"]
    if "fall" in facts:
        pace = facts["fall"] * YEAR * math.log(10.0)
    else:
        pace = yearly / -np.expm1(-facts["life"] / YEAR * np.log1p(yearly))
    hall = yearly / -np.expm1(-facts["facility_life"] / YEAR * np.log1p(yearly))
    return {
        "chips": facts["chip"] * pace * years,
        "server": facts["server"] * pace * years,
        "network": facts["switch"] * switches * pace * years,
        "optics": facts["cable"] * pace * years,
        "storage": facts["storage"] * pace * years,
        "facility": facts["facility"] * power / facts["pue"] * hall * years,
    }


def _tornado(
    point: Mapping[str, float],
    facts: Mapping[str, Array],
    names: Mapping[str, str],
    question: tuple[Run, Fabric, float],
) -> tuple[tuple[str, float, float], ...]:
    """Return the total with one fact at p05 and at p95, the others as stated: one column a case."""
    keys = [key for key, values in facts.items() if values.min() < values.max()]
    cases = {key: np.full(2 * len(keys), value) for key, value in point.items()}
    for place, key in enumerate(keys):
        cases[key][2 * place : 2 * place + 2] = np.quantile(facts[key], ENDS)
    if not keys:
        return ()
    totals = _work(cases, *question)["total"]
    rows = [
        (names[key], float(totals[2 * place]), float(totals[2 * place + 1])) for place, key in enumerate(keys)
    ]
    moving = [row for row in rows if row[1] != row[2]]
    return tuple(sorted(moving, key=lambda row: -abs(row[2] - row[1])))
