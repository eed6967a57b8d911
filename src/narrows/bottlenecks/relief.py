"""What resolves it: how much compute more capacity of each layer brings, when, at what cost, and together."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import numpy as np

from narrows.bottlenecks.answer import DEFAULT_DRAWS, DEFAULT_SEED, _meta
from narrows.bottlenecks.model import LAST
from narrows.bottlenecks.portfolio import PORTFOLIO_DRAWS, Splitter, spread
from narrows.bottlenecks.relief_result import (
    BILLION,
    LAYER_FIGURES,
    PORTFOLIO_FIGURES,
    Portfolio,
    ReliefResult,
    ReliefRow,
    billions,
)
from narrows.bottlenecks.sweep import (
    EFFECT,
    LADDER,
    LADDER_DRAWS,
    SHARE,
    Part,
    Question,
    Swept,
    earliest,
    first_unit,
    half,
    next_layer,
    reach,
)
from narrows.bottlenecks.told import Asked, Told
from narrows.draws import quantiles
from narrows.errors import DataError, UnknownNameError, UsageError
from narrows.units import to_canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from narrows.catalog import Catalog

    Array = NDArray[np.float64]
    Progress = Callable[[int, int], None]

__all__ = ["relax", "tell"]

MOST_SHARE = 10.0
"""Largest addition, as a share of a layer's capacity."""
BUDGETS_USD = (1e9, 5e9, 20e9, 80e9)
"""Budgets that are split where none is asked for."""
WAITS = (0.1, 0.5, 0.9)
"""Quantiles of the wait for an effect."""
MILLION = 1e6
COSTED = ("cost", "per_million", "usd_per_usd")
"""Figures of a layer that need its cost."""
GAIN = (
    "V with the addition less V without; V = sum over quarters of v(t) / v(decision) x compute deployed in t"
)
_ENDINGS = {
    "share": re.compile(r"(\d+(?:_\d+)?)pct"),
    "quarter": re.compile(r"(\d{4}Q[1-4])"),
    "budget": re.compile(r"(\d+(?:_\d+)?)bn"),
}
"""What an id may end with, last part first."""


def relax(
    quarter: str | None = None,
    *,
    share: float = SHARE,
    budget_usd: float | None = None,
    draws: int = DEFAULT_DRAWS,
    seed: int = DEFAULT_SEED,
    method: str = "random",
    as_of: str | None = None,
    scenario: str | Path | None = None,
    catalog: Catalog | None = None,
    progress: Progress | None = None,
) -> ReliefResult:
    """Find what resolves the constraint: what more capacity of each layer brings, when, and at what cost.

    Parameters
    ----------
    quarter
        Quarter of the decision, such as ``2026Q4``; the quarter of today, or of ``as_of``, if left out.
    share
        Capacity added to each layer in turn, as a share of its own, above 0 to 10.
    budget_usd
        Budget to split over all layers [usd]; some round ones if left out.
    draws, seed, method, as_of, scenario, catalog, progress
        As for `narrows.map`.

    Returns
    -------
    ReliefResult
        One row for each layer, and the best split of each budget.

    Raises
    ------
    UsageError
        If the quarter, the share or the budget is out of range.
    DataError
        If a budget is asked for and HiGHS is not installed, or no cost was known.

    Notes
    -----
    The addition to a layer is a constant e [h100e/quarter]: `share` of the mean over draws of
    the layer's capacity in the first quarter in which it can arrive. It arrives after the layer's lead time,
    drawn anew in every draw and rounded up to whole quarters, and stays. Its gain is V(K + e) - V,

        V = sum over t from the decision to 2030Q4 of v(t) / v(decision) x compute deployed in t,

    in H100e of the quarter of the decision. Caps on stock and transit follow the changed flow (convention
    §12). Added units go wholly to AI. Money is not discounted.

    A portfolio adds x_i >= 0 to all layers at once, with sum of mean cost x_i <= budget, to make the mean
    gain greatest. V is concave in capacities and caps, but caps follow the highest flow so far, which is not
    concave in x. The search therefore runs on a concave function that is nowhere below V
    (`narrows.bottlenecks.addition.Majorant`), by cutting planes. Its bound holds for the real V as well; the
    gain that is shown is that of the real V. What lies between them is the tolerance of the search and the
    room of the caps.

    Examples
    --------
    >>> result = relax("2026Q4", draws=200)
    >>> result.horizon, len(result.rows) >= 14
    ('2030Q4', True)
    >>> all(row.ceiling.mean >= row.gain.mean >= 0 for row in result.rows)
    True
    """
    _check_share(share)
    budgets = BUDGETS_USD if budget_usd is None else (_checked_budget(budget_usd),)
    asked = Asked(draws, seed, method, as_of, scenario, catalog)
    question = Question.of(asked, quarter, share, progress)
    rows = tuple(_row(question, part, swept) for part, swept in question.swept.items())
    rows = tuple(sorted(rows, key=_rank))
    return ReliefResult(
        quarter=str(question.quarter),
        horizon=str(LAST),
        share=share,
        value=spread(question.value, "h100e"),
        rows=rows,
        portfolios=_portfolios(question, budgets, asked_for=budget_usd is not None),
        left_out=question.left_out,
        suffix=question.ending(share),
        budget_suffix=question.ending(SHARE),
        draws_portfolio=min(PORTFOLIO_DRAWS, draws),
        draws_curve=min(LADDER_DRAWS, draws),
        meta=_meta(question.run),
    )


def tell(id: str, asked: Asked) -> Told:  # noqa: A002 (the word of the trade)
    """Return a figure of the relief in every draw.

    Parameters
    ----------
    id
        Such as ``relax.gain.cowos``, ``relax.gain.cowos.2027Q1.25pct`` or ``relax.portfolio.gain.5bn``.
    asked
        The question that it belongs to.

    Raises
    ------
    UnknownNameError
        If there is no such figure.
    """
    parts = id.split(".")[1:]
    ends: dict[str, str] = {}
    for name, pattern in _ENDINGS.items():
        found = pattern.fullmatch(parts[-1]) if parts else None
        if found:
            ends[name] = found[1].replace("_", ".")
            parts.pop()
    share = float(ends["share"]) / 100.0 if "share" in ends else SHARE
    _check_share(share)
    question = Question.of(asked, ends.get("quarter"), share, None)
    if parts == ["value"]:
        text = (
            "sum over quarters from the decision to the horizon of v(t) / v(decision) x compute deployed in t"
        )
        return Told(question.run, question.value, "h100e", text)
    if "budget" in ends and parts in _portfolio_names(question):
        budget = _checked_budget(float(ends["budget"]) * BILLION)
        return _tell_portfolio(question, budget, parts[1:])
    found_part = next((part for part in question.parts if parts[1:] == [part.id]), None)
    if found_part is not None and "budget" not in ends and parts[0] in _layer_names(found_part):
        return _tell_layer(question, found_part, parts[0])
    raise UnknownNameError(
        "figure",
        id,
        _ids(question),
        remedy="Write relax.<quantity>.<layer> or relax.portfolio.<quantity>.<budget>bn, then the decision "
        "and the addition if they are not the usual ones, such as relax.gain.cowos.2027Q1.25pct",
    )


def _layer_names(part: Part) -> list[str]:
    """Return the figures that a layer has."""
    return [name for name in LAYER_FIGURES if part.usd is not None or name not in COSTED]


def _portfolio_names(question: Question) -> list[list[str]]:
    """Return the ids of the figures of a portfolio in parts, without family and ending."""
    spends = [["portfolio", "spend", part.id] for part in question.paid]
    totals = [["portfolio", name] for name in PORTFOLIO_FIGURES if name != "spend"]
    return totals + spends if spends else []


def _ids(question: Question) -> list[str]:
    """Return the id of every figure of a question, with the usual budgets."""
    ids = [
        f"relax.{name}.{part.id}{question.ending(question.share)}"
        for part in question.parts
        for name in _layer_names(part)
    ]
    for usd in BUDGETS_USD:
        end = f"{billions(usd)}{question.ending(SHARE)}"
        ids += [f"relax.{'.'.join(parts)}.{end}" for parts in _portfolio_names(question)]
    return [*ids, f"relax.value{question.ending(SHARE)}"]


def _check_share(share: float) -> None:
    if not 0 < share <= MOST_SHARE:
        raise UsageError(
            f"The addition is {share:g} of the layer's capacity",
            f"An addition is a share above 0, and {MOST_SHARE:g} at most",
            f"Write, for instance, --add {SHARE:g}",
        )


def _checked_budget(usd: float) -> float:
    if not (usd > 0 and math.isfinite(usd)):
        raise UsageError(
            f"The budget is {usd:g} USD",
            "A budget is a finite number of USD above 0",
            f"Write, for instance, --budget {BUDGETS_USD[1]:.0f}",
        )
    return usd


def _rank(row: ReliefRow) -> tuple[bool, float]:
    """Return what rows are sorted by: gain per dollar, then, where the cost was not known, gain."""
    return row.per_million is None, -(row.per_million or row.gain).mean


def _row(question: Question, part: Part, swept: Swept) -> ReliefRow:
    layer = question.run.model.layers[part.row - 1]
    place, rise = next_layer(question, part, swept)
    early = earliest(question, swept)
    wait = [float(q) for q in quantiles(swept.wait, WAITS)]
    money = {
        name: spread(_values(question, part, name, swept), LAYER_FIGURES[name])
        for name in COSTED
        if part.usd is not None
    }
    return ReliefRow(
        id=layer.id,
        name=layer.declared.name,
        unit=layer.unit,
        added_h100e=part.size,
        added_units=part.units / to_canonical(1.0, layer.unit),
        earliest="" if early is None else str(question.quarter + early),
        wait=(wait[0], wait[1], wait[2]),
        effect=float(_values(question, part, "effect", swept).mean()),
        gain=spread(swept.gain, "h100e"),
        ceiling=spread(swept.ceiling, "h100e"),
        first=first_unit(question, part, swept),
        half=half(swept.curve),
        reach=reach(swept.curve),
        next=place,
        next_rise=rise,
        cost=money.get("cost"),
        cost_kind=question.run.reader.fact(layer.declared.cost).kind if money else "",
        per_million=money.get("per_million"),
        usd_per_usd=money.get("usd_per_usd"),
        curve=tuple(swept.curve[:-1].tolist()),
    )


def _tell_layer(question: Question, part: Part, name: str, swept: Swept | None = None) -> Told:
    """Return one figure of a layer in every draw."""
    found = question.sweep([part])[part] if swept is None else swept
    declared = question.run.model.layers[part.row - 1].declared
    lead = f"arriving after {declared.lead}, to {LAST}"
    what = f"{100 * question.share:g} % more of {part.id}, decided in {question.quarter}, {lead}"
    first = f"mean over the first {min(LADDER_DRAWS, question.run.reader.n)} draws"
    place, _ = next_layer(question, part, found)
    text = {
        "gain": f"{GAIN}; {what}",
        "ceiling": f"{GAIN}; {part.id} without limit, {lead}",
        "first": f"gain of the first {LADDER[0]:.0%} of {part.id} / its size, {lead}, {first}",
        "effect": f"share of draws in which what is deployed rises by {EFFECT:.1%} in some quarter; {what}",
        "earliest": f"quarters from the decision to a mean gain of {EFFECT:.1%} of what is deployed; {what}",
        "wait": f"quarters from the decision to the first effect, one past {LAST} for none; {what}",
        "cost": f"{declared.cost} x need per H100e x capacity added; {what}",
        "per_million": f"mean gain / mean cost, spread over draws as gain / cost; {what}",
        "usd_per_usd": f"mean gain x value.usd_per_h100e / mean cost, spread as their ratio; {what}",
        "half": f"addition at which half of the ceiling of {part.id} is reached / its capacity, {first}",
        "reach": f"addition at which a unit of {part.id} brings half of the first / its capacity, {first}",
        "next": f"rise of the share of draws and quarters bound by {place or 'another layer'} with {part.id} "
        f"without limit, {lead}",
    }[name]
    behind = question.run.reader.behind(declared.lead)
    reads = (*question.run.model.chains[part.id], declared.cost, *behind) if name == "cost" else None
    return Told(question.run, _values(question, part, name, found), LAYER_FIGURES[name], text, reads)


def _values(question: Question, part: Part, name: str, swept: Swept) -> Array:
    """Return one figure of a layer, axis (draw); the same in every draw where it is taken over draws."""
    n = question.run.reader.n
    if name in {"gain", "ceiling", "wait"}:
        values: Array = getattr(swept, name)
        return values
    if name == "effect":
        return (swept.wait <= question.last - question.start).astype(np.float64)
    if name in COSTED:
        cost = np.zeros(n) if part.usd is None else part.size * part.usd
        return {
            "cost": lambda: cost,
            "per_million": lambda: _ratio(swept.gain, cost) * MILLION,
            "usd_per_usd": lambda: _ratio(swept.gain * question.usd_per_h100e, cost),
        }[name]()
    early = earliest(question, swept)
    value = {
        "first": first_unit(question, part, swept),
        "earliest": None if early is None else float(early),
        "half": half(swept.curve),
        "reach": reach(swept.curve),
        "next": next_layer(question, part, swept)[1],
    }[name]
    return np.full(n, math.nan if value is None else value)


def _ratio(gain: Array, cost: Array) -> Array:
    """Return the ratio in every draw, scaled so that its mean is the ratio of the means."""
    each = np.divide(gain, cost, out=np.zeros_like(gain), where=cost > 0)
    mean, paid = each.mean(), cost.mean()
    return np.asarray(each * (gain.mean() / paid / mean)) if mean > 0 and paid > 0 else each


def _portfolios(question: Question, budgets: Sequence[float], *, asked_for: bool) -> tuple[Portfolio, ...]:
    """Return the best split of each budget; none where that cannot be found and nobody asked for it."""
    if not question.paid:
        if not asked_for:
            return ()
        raise DataError(
            "A budget is to be split, and no cost of more capacity was known on the day asked for",
            "A split needs the cost of one layer or more",
            "Ask for a later day, or leave --budget out",
        )
    try:
        return tuple(part for part, _ in Splitter(question).split(budgets))
    except DataError:
        if asked_for:
            raise
        return ()


def _tell_portfolio(question: Question, budget: float, names: list[str]) -> Told:
    """Return one figure of a budget in every draw."""
    splitter = Splitter(question)
    found, gains = splitter.split([budget])[0]
    n, name = question.run.reader.n, names[0]
    split = ", ".join(f"{layer} {usd / BILLION:.2f}" for layer, usd in found.spend_usd.items())
    sample = f"first {splitter.rows.stop} draws"
    text = {
        "gain": f"{GAIN}; bn USD: {split}",
        "sample": f"mean gain over the {sample}; bn USD: {split}",
        "bound": f"greatest value under the cutting planes of a concave function nowhere below V, {sample}",
        "alone": f"mean gains of the same spends, each alone, summed, {sample}; bn USD: {split}",
        "single": f"mean gain of the whole budget in {found.single_layer}, {sample}",
        "spend": f"spend on {names[-1]} in the best split of {budget / BILLION:g} bn USD, {sample}",
    }[name]
    if name == "gain":
        values = gains
    else:
        values = np.full(n, found.spend_usd.get(names[-1], 0.0) if name == "spend" else getattr(found, name))
    return Told(
        question.run, values, PORTFOLIO_FIGURES[name], text, method="shortest path and cutting planes"
    )
