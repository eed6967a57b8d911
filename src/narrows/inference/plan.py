"""One deployment in full: what it holds, what it does with the traffic, what it costs, how sure that is."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from narrows.catalog import default
from narrows.errors import DataError, UsageError
from narrows.inference.deployment import (
    Deployment,
    Outcome,
    chip_power,
    goodput,
    half_width,
    loads,
    measure,
)
from narrows.inference.law import groups_of, read_law, step_features, step_seconds
from narrows.inference.prices import ALIKE, Mix, price
from narrows.inference.search import Space, check_asked, costs_of, search
from narrows.inference.traffic import LIMITS, Objective
from narrows.transformer.registry import Checkpoint, checkpoint, chip, models

if TYPE_CHECKING:
    from pathlib import Path

    from narrows.inference.fit import Fit, Setup
    from narrows.inference.prices import Price
    from narrows.inference.traffic import Traffic

__all__ = ["Plan", "Triple", "plan"]

MILLION = 1e6
TRIES = 8
"""Copies added at most where the simulation of one share of the rate misses the objective."""
ABOVE = 2.0
"""Factor on the rate of a full closed loop, which bounds the goodput."""
BATCH, BUDGET = 64, 8192
SIMULATED = 60


@dataclass(frozen=True)
class Triple:
    """A number as the law has it, and where steps are as fast or as slow as its 90 % interval allows.

    Parameters
    ----------
    value, fast, slow
        The number with steps of the law, with fast ones and with slow ones; None where there is none.
    """

    value: float | None
    fast: float | None
    slow: float | None


@dataclass(frozen=True)
class Plan:
    """One deployment in full.

    Parameters
    ----------
    deployment
        One copy.
    sold
        Name under which the model was asked for.
    searched
        Whether the way to lay it over chips was searched.
    traffic, objective
        What is asked.
    fit
        Its balance of memory.
    sequences_held
        Sequences of the mean length that the cache of the copy holds.
    copies
        Copies for the traffic, with steps of the law, fast and slow.
    load
        What one copy does with its share of the traffic: the law, fast steps, slow steps.
    full
        What one copy does at its goodput: the highest rate within the objective, or all places taken.
    memory_share, compute_share
        Utilisation of bandwidth and of arithmetic at the load.
    watts_per_chip
        [W] With its share of the server.
    joules_per_token, usd_per_million, usd_per_million_all
        Per output token; per million output tokens; per million tokens of input and output together.
    utilisation
        Load over goodput.
    price
        Cost and list price of the mix, at the utilisation; None where the catalogue does not hold the model.
    half, kind
        Half the width of the 90 % interval of the time of a step, in logarithms; what the law has not seen.
    cost
        Kind of cost of a chip and hour.
    """

    deployment: Deployment
    sold: str
    searched: bool
    traffic: Traffic
    objective: Objective
    fit: Fit
    sequences_held: int
    copies: tuple[int | None, int | None, int | None]
    load: tuple[Outcome, Outcome, Outcome]
    full: tuple[Outcome, Outcome, Outcome]
    memory_share: float
    compute_share: float
    watts_per_chip: float
    joules_per_token: Triple
    usd_per_million: Triple
    usd_per_million_all: Triple
    utilisation: float
    price: Price | None
    half: float
    kind: str
    cost: str

    @property
    def chips(self) -> int:
        """Chips of all copies."""
        return (self.copies[0] or 1) * self.deployment.chips


def plan(
    model: str | Path | Checkpoint,
    chip_name: str,
    traffic: Traffic,
    objective: Objective | None = None,
    setup: Setup | None = None,
    *,
    engine: str | None = None,
    sequences: int | None = None,
    budget: int | None = None,
    cost: str = "tco_neocloud",
    seed: int = 1,
) -> Plan:
    """Return one deployment of a model in full.

    Parameters
    ----------
    model
        A name, a ``config.json``, or a checkpoint.
    chip_name
        A chip of the catalogue.
    traffic, objective
        What is asked, and the latency that must hold.
    setup
        How the model is laid over chips; the cheapest way that `search` finds if left out.
    engine, sequences, budget
        Engine, requests in flight in one copy, and tokens of a step; those found, or ``vllm``, as many as
        fit up to 64, and 8192.
    cost
        Kind of cost of a chip and hour.
    seed
        Seed of lengths and arrivals.

    Raises
    ------
    UnknownNameError, UsageError
        A name is not known or a number is out of range.
    DataError
        It does not fit, or misses the objective at any rate; the error says by how much.

    Notes
    -----
    Latencies come from the event simulation with the law's step times, and again with every step faster or
    slower by half the law's 90 % interval.

    Examples
    --------
    >>> from narrows.inference.fit import Setup
    >>> from narrows.inference.traffic import Traffic
    >>> found = plan("llama-3.1-8b", "h100", Traffic(1000, 200, rate=4.0), setup=Setup(), sequences=64)
    >>> found.copies[0], found.full[0].rate > 4.0, found.load[1].e2e_s[0] < found.load[0].e2e_s[0]
    (1, True, True)
    """
    objective = objective or Objective()
    sold = model if isinstance(model, str) else ""
    named = ALIKE.get(sold, model) if sold else model
    kept = named if isinstance(named, Checkpoint) else checkpoint(named)
    card = chip(chip_name)
    space = Space(chips=(card.id,), cost=cost, simulated=SIMULATED)
    space = replace(space, engines=(engine,)) if engine else space
    check_asked(kept, traffic, space)
    usd = costs_of(space)[card.id]
    searched = setup is None
    if setup is None:
        space = replace(
            space,
            batches=(sequences,) if sequences else space.batches,
            budgets=(budget,) if budget else space.budgets,
        )
        found = search(kept, traffic, objective, space, seed=seed)
        one = found.found[found.best["usd_per_million"]].deployment
    else:
        one = _given(kept, chip_name, setup, traffic, (engine, sequences, budget))
    return _full(one, sold or kept.model.id, traffic, objective, (searched, cost, usd, seed))


def _given(
    kept: Checkpoint,
    chip_name: str,
    setup: Setup,
    traffic: Traffic,
    rest: tuple[str | None, int | None, int | None],
) -> Deployment:
    engine, sequences, budget = rest
    for option, value in (("--batch", sequences), ("--budget", budget)):
        if value is not None and value < 1:
            raise UsageError(
                f"The option {option} is given {value}",
                "It is 1 or more",
                f"Write, for instance, {option} 64",
            )
    one = Deployment(
        kept, chip(chip_name), setup, engine if engine is not None else "vllm", 1, budget or BUDGET
    )
    room = one.room(traffic)
    if not room.fits:
        raise DataError(
            f"{kept.model.id} does not fit {setup.chips} x {room.chip}: "
            f"{math.ceil(room.short_bytes):,} byte are missing on a chip",
            f"Weights take {room.weights_bytes / 1e9:.1f} GB and one sequence "
            f"{room.asked_bytes / 1e9:.2f} GB of {(room.memory_bytes - room.overhead_bytes) / 1e9:.1f} GB",
            f"Enough alone: {'; '.join(room.remedies)}"
            if room.remedies
            else "Give more chips, or larger ones",
        )
    held = room.sequences(math.ceil(traffic.asked + traffic.answered)) * setup.dp
    least = setup.pp * setup.dp
    if sequences is not None and not least <= sequences <= held:
        raise UsageError(
            f"The option --batch is given {sequences}",
            f"It is {least} to {held}: the cache holds {held} sequences of "
            f"{math.ceil(traffic.asked + traffic.answered)} tokens",
            f"Write --batch {min(max(sequences, least), held)}",
        )
    return replace(one, sequences=sequences or max(least, min(held, BATCH * least)))


def _full(
    one: Deployment,
    sold: str,
    traffic: Traffic,
    objective: Objective,
    rest: tuple[bool, str, float, int],
) -> Plan:
    searched, cost, usd, seed = rest
    half = half_width(one, traffic, one.sequences)
    factors = (1.0, math.exp(-half), math.exp(half))
    if traffic.users is not None:
        copies = math.ceil(traffic.users / one.sequences)
        one = replace(one, sequences=max(one.lanes * one.setup.dp, math.ceil(traffic.users / copies)))
        load = full = tuple(measure(one, traffic, objective, seed=seed, factor=f) for f in factors)
        counts: tuple[int | None, ...] = (copies,) * 3
        _refuse_miss(load[0], objective)
    elif traffic.rate is None and not objective.limits:
        load = full = tuple(measure(one, traffic, objective, seed=seed, factor=f) for f in factors)
        counts = (1, 1, 1)
    else:
        tops = [measure(one, traffic, Objective(at=objective.at), seed=seed, factor=f).rate for f in factors]
        full = tuple(
            goodput(one, traffic, objective, bound=ABOVE * top, seed=seed, factor=f)
            for top, f in zip(tops, factors, strict=True)
        )
        _refuse_miss(full[0], objective)
        load, counts = full, (1, 1, 1)
        if traffic.rate is not None:
            counts = tuple(math.ceil(traffic.rate / x.rate - 1e-9) if x.rate else None for x in full)
            share = traffic.rate / _enough(one, traffic, objective, (counts[0] or 1, seed))
            counts = (round(traffic.rate / share), *counts[1:])
            load = tuple(measure(one, traffic, objective, rate=share, seed=seed, factor=f) for f in factors)
    mid = load[0]
    memory, work = loads(one, traffic, mid.rate, mid.concurrency)
    watts = float(chip_power(one.card, memory_share=memory, compute_share=work))
    pue = default().fact("inference.pue").canonical_value

    def per_token(amount: float) -> Triple:
        """Return an amount a chip and second over the output tokens; a rate that is given stays."""
        found = []
        for count, outcome, top in zip(counts, load, full, strict=True):
            if traffic.rate is not None:
                served = traffic.rate * traffic.answered
                found.append(None if count is None else amount * count * one.chips / served)
            else:
                found.append(amount * one.chips / top.tokens_per_s if top.tokens_per_s else None)
            del outcome
        return Triple(*found)

    money, energy = per_token(usd * MILLION), per_token(watts * pue)
    part = traffic.answered / (traffic.asked + traffic.answered)
    utilisation = min(1.0, mid.rate / full[0].rate)
    groups = groups_of(one.model, one.card, one.place, split=one.split is not None)
    room = one.room(traffic)
    length = math.ceil(traffic.asked + traffic.answered)
    return Plan(
        deployment=one,
        sold=sold,
        searched=searched,
        traffic=traffic,
        objective=objective,
        fit=room,
        sequences_held=room.sequences(length) * one.setup.dp * (one.split[1] if one.split else 1),
        copies=tuple(counts),  # type: ignore[arg-type]
        load=tuple(load),  # type: ignore[arg-type]
        full=tuple(full),  # type: ignore[arg-type]
        memory_share=memory,
        compute_share=work,
        watts_per_chip=watts,
        joules_per_token=energy,
        usd_per_million=money,
        usd_per_million_all=Triple(
            *(None if x is None else x * part for x in (money.value, money.fast, money.slow))
        ),
        utilisation=utilisation,
        price=_price(one, sold, traffic, (full[0].tokens_per_s / one.chips, utilisation, cost, seed)),
        half=half,
        kind=read_law()["token"].kind(groups),
        cost=cost,
    )


def _enough(one: Deployment, traffic: Traffic, objective: Objective, rest: tuple[int, int]) -> int:
    """Return the copies with which a share of the rate meets the objective, from a first count on."""
    first, seed = rest
    assert traffic.rate is not None  # noqa: S101 (asked by the caller)
    for copies in range(first, first + TRIES):
        if measure(one, traffic, objective, rate=traffic.rate / copies, seed=seed).meets(objective):
            return copies
    return first + TRIES


def _refuse_miss(found: Outcome, objective: Objective) -> None:
    """Refuse a deployment that misses the objective even with few requests."""
    if found.meets(objective) and found.rate > 0:
        return
    least = {name: getattr(found, name) for name in LIMITS}
    told = ", ".join(
        f"{name.removesuffix('_s').upper()} {1e3 * values[-1]:.3g} ms"
        for name, values in least.items()
        if values
    )
    asked = ", ".join(
        f"{name.removesuffix('_s').upper()} {1e3 * limit:.3g} ms" for name, limit in objective.limits.items()
    )
    raise DataError(
        f"The deployment misses {asked or 'every rate'} for {100 * objective.at:g} % of the requests",
        f"With hardly any load it has {told}" if told else "It is saturated with hardly any load",
        "Give a looser objective, another chip, or leave out the widths to have them searched",
    )


def _price(one: Deployment, sold: str, traffic: Traffic, rest: tuple[float, float, str, int]) -> Price | None:
    """Return the cost and the list price of the mix; None where the catalogue does not hold the model."""
    tokens, utilisation, cost, seed = rest
    if sold not in models() and sold not in ALIKE:
        return None
    parts = step_features(
        one.model,
        one.card,
        one.place,
        requests=0.0,
        context=0.0,
        prompt=float(one.budget),
        prompt_pairs=one.budget * (traffic.prefix + traffic.fresh / 2),
    )
    alone = float(step_seconds(parts[None], one.logs(), parts[None, 0] * 0 + one.budget)[0])
    taken = (
        one.budget * one.setup.dp / alone / one.setup.tp / one.setup.dp
    )  # [token/(s chip)], stages in turn
    mix = Mix(traffic.asked / traffic.answered, traffic.cached, taken, None)
    for tried in (mix, Mix(mix.input_per_output, mix.cached)):
        try:
            return price(
                sold,
                one.card.id,
                tokens,
                utilisation=utilisation,
                basis=cost,
                mix=tried,
                draws=2000,
                seed=seed,
            )
        except UsageError:
            continue
    return None
