"""The headlines of the map, the facts that move each most, and the value of knowing these better.

`headlines` asks the question; `tell` gives any of its numbers in every draw.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.bottlenecks.answer import BAND, DEFAULT_DRAWS, DEFAULT_SEED, STOCK, _meta
from narrows.bottlenecks.interval import users
from narrows.bottlenecks.pricing import one_quarter
from narrows.bottlenecks.shapley import split
from narrows.bottlenecks.signal import HALF_DOUBT, Bins, enough
from narrows.bottlenecks.solution import chunks
from narrows.bottlenecks.supply import factor
from narrows.bottlenecks.told import Asked, Told
from narrows.draws import quantiles
from narrows.errors import UnknownNameError
from narrows.figure import Shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from narrows.bottlenecks.answer import Run
    from narrows.catalog import Catalog, Fact

    Array = NDArray[np.float64]

__all__ = ["Headline", "HeadlinesResult", "Mover", "headlines", "tell"]

YEAR, TWO_YEARS, FOUR_YEARS = 4, 8, 16
"""Quarters ahead that the headlines speak of."""
MOVERS = 5
"""Facts named for each headline, one of each common cause."""
POWER = "space_power"
"""Family whose first quarter is a headline."""
NOBODY_BUILDS = ("demand",)
"""Families to whose layers nobody can decide to add."""
FLOOR = 4.0
"""Standard errors above chance from which a fact is named."""
CANDIDATES = 40
"""Facts whose choice is judged on draws that did not make it, out of the best on all draws."""
NUMBERS = ("deployed", "deployed_year", "installed", "power_from")
BINDERS = ("binds", "binds_later")
DECISION = "add"
Told3 = tuple["Array", str, str]


@dataclass(frozen=True, slots=True)
class Mover:
    """A fact and what it is worth to know it better, for one headline.

    Parameters
    ----------
    fact
        The statement.
    kin
        Number of other facts that move with it by a common cause.
    values
        The measures by name, each the mean of the figure ``headlines.<headline>.<quarter>.<name>.<fact>``.
        Of a number: ``known`` and ``halved`` (share of its variance that falls away), ``low`` and ``high``
        (90 % interval that is left on average), ``halved_low`` and ``halved_high``. Of who binds: ``known``
        and ``halved`` [bit], ``score`` (gain in mean log score [nat]). Of the decision: ``known`` and
        ``halved`` [H100e per H100e], ``usd`` [USD per H100e of capacity], ``changes`` (share of cases in
        which another layer is chosen).
    """

    fact: Fact
    kin: int
    values: dict[str, float]


@dataclass(frozen=True, slots=True)
class Headline:
    """One number, distribution or decision that people quote, and the facts that move it.

    Parameters
    ----------
    id
        Such as ``headlines.deployed.2026Q4``.
    kind
        ``number``, ``binder`` or ``decision``.
    quarter
        Label of the quarter that it speaks of.
    unit
        Unit of its value: of a binder, the entropy [bit].
    value, p05, p50, p95
        Mean and quantiles over draws.
    options
        Of a binder, pairs (family, probability); of a decision, pairs (layer, mean price), largest first.
    movers
        The facts of which knowledge is worth most, the best first; fewer where fewer stand out from chance.
    """

    id: str
    kind: str
    quarter: str
    unit: str
    value: float
    p05: float
    p50: float
    p95: float
    options: tuple[tuple[str, float], ...]
    movers: tuple[Mover, ...]


@dataclass(frozen=True, slots=True)
class HeadlinesResult(Shown):
    """The headlines of a quarter.

    Parameters
    ----------
    quarter
        Label of the quarter that they are asked from.
    headlines
        The headlines.
    names
        Names of layers by id.
    facts
        Facts of the map that have any doubt, and common causes among them counted once.
    meta
        As in `MapResult`.
    """

    quarter: str
    headlines: tuple[Headline, ...]
    names: dict[str, str]
    facts: tuple[int, int]
    meta: dict[str, Any] = field(default_factory=dict)


def headlines(
    quarter: str | None = None,
    *,
    draws: int = DEFAULT_DRAWS,
    seed: int = DEFAULT_SEED,
    method: str = "random",
    as_of: str | None = None,
    scenario: str | Path | None = None,
    catalog: Catalog | None = None,
) -> HeadlinesResult:
    """Find the facts that move each headline of the map most, and what knowing them better is worth.

    Parameters
    ----------
    quarter
        The quarter that is now, such as ``2026Q4``; that of today, or of ``as_of``, if left out.
    draws
        Number of draws, at least 1,000: the measures are found from them, without new runs.
    seed, method, as_of, scenario, catalog
        As for `narrows.map`.

    Raises
    ------
    UsageError
        If the draws are too few, or the quarter is out of range.

    Notes
    -----
    Of a number Y and a fact X: Var(E[Y | X]) / Var(Y). Of the family that binds: the mutual information
    of fact and family, which is also the gain in mean log score. Of the decision, which layer's capacity
    to add to: E[max_i E[price_i | X]] - max_i E[price_i]. See `narrows.bottlenecks.signal`. A fact stands
    for its common cause: what is known of it is known of the others as far as they move with it.

    Examples
    --------
    >>> result = headlines("2026Q4", draws=1000)
    >>> [headline.id for headline in result.headlines][:2]
    ['headlines.deployed.2026Q4', 'headlines.deployed_year.2026Q4']
    """
    study = _Study(Asked(draws, seed, method, as_of, scenario, catalog), quarter)
    return study.result()


class _Study:
    """One question, with every number in every draw."""

    def __init__(self, asked: Asked, quarter: str | None) -> None:
        enough(asked.draws)
        first = one_quarter(quarter, asked)
        self.quarter = str(first)
        self.run: Run = asked.run(f"{first}:{first + FOUR_YEARS}")
        self.at = self.run.shown.start
        self.layers = self.run.model.layers
        self.families = (*dict.fromkeys(layer.declared.family for layer in self.layers), STOCK)
        self.options = tuple(layer.id for layer in self.layers if layer.declared.family not in NOBODY_BUILDS)
        self._bins: dict[tuple[str, float], Bins] = {}

    # The headlines in every draw.

    @cached_property
    def _members(self) -> NDArray[np.bool_]:
        """Who binds each quarter shown, axes (layer and stock, draw, quarter)."""
        solution, shown = self.run.solution, self.run.shown
        codes = solution.binder[:, shown]
        rows = [*range(1, len(self.layers) + 1), self.run.row(STOCK)]
        found: NDArray[np.bool_] = codes == np.array(rows)[:, None, None]
        ties = self.run.ties
        found[:, ties.draws] = ties.members[rows][:, :, shown]
        return found

    def _shares(self, ahead: int) -> Array:
        """Return how much of each draw belongs to each family, axes (draw, family)."""
        members = self._members[:, :, ahead]
        parts = (members / members.sum(axis=0)).T
        names = [*(layer.declared.family for layer in self.layers), STOCK]
        of = np.array([[name == family for family in self.families] for name in names], dtype=np.float64)
        shares: Array = parts @ of
        return shares

    @cached_property
    def shares(self) -> dict[str, Array]:
        """Families that bind now and in two years, axes (draw, family)."""
        return {"binds": self._shares(0), "binds_later": self._shares(TWO_YEARS)}

    @cached_property
    def numbers(self) -> dict[str, Array]:
        """The headlines that are numbers, axis (draw)."""
        run = self.run
        rows = [layer.declared.family == POWER for layer in self.layers] + [False]
        power = self._members[np.array(rows)].any(axis=0)
        never = power.shape[1]
        return {
            "deployed": run.deployed[:, 0],
            "deployed_year": run.deployed[:, 1 : YEAR + 1].sum(axis=1),
            "installed": run.installed[:, FOUR_YEARS],
            "power_from": np.where(power.any(axis=1), power.argmax(axis=1), never).astype(np.float64),
        }

    @cached_property
    def prices(self) -> Array:
        """Right derivative of each layer that one can add to, axes (draw, option) [H100e per H100e]."""
        model, at = self.run.model, self.at
        sets = [users(model.stack(rows), at)[:, at:] for rows in chunks(self.run.reader.n)]
        right, _, _ = split(np.concatenate(sets), model.weight[at:], len(self.layers) + 1)
        found: Array = right[:, [model.row(name) for name in self.options]] / model.worth[at]
        return found

    @cached_property
    def usd_per_h100e(self) -> float:
        """Mean price of one H100e in the quarter [USD]."""
        years = self.run.model.years[self.at : self.at + 1]
        return float(factor(self.run.reader, "value.usd_per_h100e", years).mean())

    # The facts.

    def bins(self, name: str, correlation: float = 1.0) -> Bins:
        """Return the draws of a fact in bins, kept."""
        key = (name, correlation)
        if key not in self._bins:
            self._bins[key] = Bins.of(self.run.reader.draws(name), correlation=correlation)
        return self._bins[key]

    @cached_property
    def doubtful(self) -> tuple[str, ...]:
        """Ids of the facts read that have any doubt."""
        reader = self.run.reader
        return tuple(name for name in sorted(reader.reads) if np.ptp(reader.draws(name)) > 0)

    @cached_property
    def ranked(self) -> dict[str, list[tuple[str, int]]]:
        """For each headline the facts worth knowing, one of each common cause, with its kin."""
        columns = [*(self.numbers[name][:, None] for name in NUMBERS)]
        columns += [self.shares[name] for name in BINDERS] + [self.prices]
        ends = np.cumsum([part.shape[1] for part in columns])
        values = np.hstack(columns)
        centred = np.asfortranarray(values - values.mean(axis=0))
        squares = (centred**2).sum(axis=0)
        scores: dict[str, dict[str, float]] = {name: {} for name in (*NUMBERS, *BINDERS, DECISION)}
        whole = values.mean(axis=0)
        for fact in self.doubtful:
            bins = self.bins(fact)
            sums = bins.sums(centred)
            explained = bins.screened(sums, squares)
            for place, name in enumerate(NUMBERS):
                scores[name][fact] = float(explained[place])
            for place, name in enumerate(BINDERS):
                own = slice(ends[len(NUMBERS) - 1 + place], ends[len(NUMBERS) + place])
                # to second order, the mutual information is half the sum of the variances of the shares
                apart = (sums[:, own] / bins.sizes[:, None]) ** 2
                scores[name][fact] = float(
                    np.divide(apart, whole[own], out=np.zeros_like(apart), where=whole[own] > 0).sum()
                )
            few = sums[:, ends[-2] :].reshape(bins.count // 4, 4, -1).sum(axis=1)
            size = bins.sizes.reshape(-1, 4).sum(axis=1)[:, None]
            scores[DECISION][fact] = float((few / size + whole[ends[-2] :]).max(axis=1).mean())
        return {name: self._leaders(name, found) for name, found in scores.items()}

    def _leaders(self, headline: str, scores: dict[str, float]) -> list[tuple[str, int]]:
        """Return the best fact of each common cause that stands out from chance, the best first."""
        catalog = self.run.catalog
        groups = {name: catalog.fact(name).group or name for name in scores}
        best: dict[str, str] = {}
        for name in sorted(scores, key=lambda name: (-scores[name], name)):
            best.setdefault(groups[name], name)
        kin = {group: count - 1 for group, count in Counter(groups.values()).items()}
        chosen = list(best.values())[:CANDIDATES]
        measured = []
        for name in chosen:
            values = self.measure(headline, "known", name)[0]
            if values.mean() > self._floor(headline, values):
                measured.append((float(values.mean()), name))
        measured.sort(key=lambda pair: (-pair[0], pair[1]))
        return [(name, kin[groups[name]]) for _, name in measured[:MOVERS]]

    def _floor(self, headline: str, values: Array) -> float:
        """Return what chance alone may reach: several standard errors of the measure without any effect."""
        n = len(values)
        if headline in NUMBERS:
            return FLOOR * float(np.sqrt(2.0 * (self.bins_of(headline) - 1))) / n
        if headline in BINDERS:
            names = np.count_nonzero(self.shares[headline].any(axis=0))
            free = (self.bins_of(headline) - 1) * (names - 1)
            return FLOOR * float(np.sqrt(2.0 * free) / (2.0 * n * np.log(2.0)))
        return float(values.std() / np.sqrt(n))

    @staticmethod
    def bins_of(headline: str) -> int:
        """Return how many bins a headline takes."""
        from narrows.bottlenecks.signal import BINS

        return BINS if headline in NUMBERS else BINS // 2 if headline in BINDERS else BINS // 4

    # The figures.

    def measure(self, headline: str, measure: str, fact: str) -> Told3:
        """Return a measure of a fact in every draw, with unit and formula.

        Raises
        ------
        KeyError
            If the headline has no such measure.
        """
        halved = measure.startswith("halved")
        bins = self.bins(fact, HALF_DOUBT if halved else 1.0)
        known = f"if the doubt of {fact} were halved" if halved else f"if {fact} were known exactly"
        if headline in NUMBERS:
            values = self.numbers[headline]
            if measure in {"known", "halved"}:
                return bins.explained(values), "of variance", f"share of the variance that falls away {known}"
            end = {"low": 0, "high": 1, "halved_low": 0, "halved_high": 1}[measure]
            told = f"{('5', '95')[end]} % quantile of {headline}, on average over draws, {known}"
            return bins.interval(values, (BAND[0], BAND[2]))[end], self._unit(headline), told
        if headline in BINDERS:
            bits = bins.coarse().bits(self.shares[headline])
            unit, size = {"known": ("bit", 1.0), "halved": ("bit", 1.0), "score": ("nat", np.log(2.0))}[
                measure
            ]
            told = "mutual information of the fact and the family that binds"
            return bits * size, unit, f"{told}: entropy that falls away {known}, less what chance would give"
        gained, other = bins.coarse().coarse().choice(self.prices)
        per_h100e = "h100e per h100e"
        worth = f"mean price of the layer chosen {known}, less that of the one chosen without"
        usd = self.usd_per_h100e
        return {
            "known": (gained, per_h100e, worth),
            "halved": (gained, per_h100e, worth),
            "usd": (gained * usd, "usd per h100e", f"({worth}) x USD per H100e"),
            "changes": (other, "of cases", f"share of cases in which another layer is chosen {known}"),
        }[measure]

    @staticmethod
    def measures(headline: str) -> tuple[str, ...]:
        """Return the measures of a headline's facts."""
        if headline in NUMBERS:
            return ("known", "low", "high", "halved", "halved_low", "halved_high")
        if headline in BINDERS:
            return ("known", "score", "halved")
        return ("known", "usd", "changes", "halved")

    @staticmethod
    def _unit(headline: str) -> str:
        return {"deployed": "h100e/quarter", "power_from": "quarter"}.get(headline, "h100e")

    def figure(self, headline: str, option: str = "") -> Told3 | None:
        """Return a headline, or one of its options, in every draw, with unit and formula."""
        about = self.about(headline)
        if headline in NUMBERS and not option:
            told = {
                "deployed": f"compute deployed in {self.quarter}",
                "deployed_year": f"compute deployed in the four quarters after {self.quarter}, to {about}",
                "installed": f"cumulative compute by {about}, the shortest path of Day 9",
                "power_from": (
                    f"quarters from {self.quarter} to the first in which a layer of {POWER} binds; "
                    f"{FOUR_YEARS + 1} where none does by {about}"
                ),
            }[headline]
            return self.numbers[headline], self._unit(headline), told
        if headline in BINDERS:
            shares = self.shares[headline]
            if option in self.families:
                told = f"share of draws in which a layer of {option} binds {about}"
                return shares[:, self.families.index(option)], "share", told
            if not option:
                whole = shares.mean(axis=0)
                bits = -np.log2(np.where(whole > 0, whole, 1.0))
                return shares @ bits, "bit", f"entropy of the family that binds {about}"
        if headline == DECISION and (option in self.options or not option):
            name = option or self.options[int(self.prices.mean(axis=0).argmax())]
            told = f"one unit more of {name} in {self.quarter}: dV/dK / v, V = sum of v(t) x compute deployed"
            return self.prices[:, self.options.index(name)], "h100e per h100e", told
        return None

    def about(self, headline: str) -> str:
        """Return the label of the quarter that a headline speaks of."""
        ahead = {"deployed_year": YEAR, "installed": FOUR_YEARS, "power_from": FOUR_YEARS}
        return self.run.quarters[{**ahead, "binds_later": TWO_YEARS}.get(headline, 0)]

    def ids(self) -> Iterator[str]:
        """Return the id of every number of the answer."""
        for headline in (*NUMBERS, *BINDERS, DECISION):
            yield f"headlines.{headline}.{self.quarter}"
            for option in self._option_names(headline):
                yield f"headlines.{headline}.{self.quarter}.{option}"
            for fact, _ in self.ranked[headline]:
                for measure in self.measures(headline):
                    yield f"headlines.{headline}.{self.quarter}.{measure}.{fact}"

    def _option_names(self, headline: str) -> tuple[str, ...]:
        if headline in BINDERS:
            return self.families
        return self.options if headline == DECISION else ()

    def result(self) -> HeadlinesResult:
        """Return the whole answer."""
        groups = {self.run.catalog.fact(name).group or name for name in self.doubtful}
        return HeadlinesResult(
            quarter=self.quarter,
            headlines=tuple(self._headline(name) for name in (*NUMBERS, *BINDERS, DECISION)),
            names={layer.id: layer.declared.name for layer in self.layers},
            facts=(len(self.doubtful), len(groups)),
            meta=_meta(self.run),
        )

    def _headline(self, name: str) -> Headline:
        values, unit, _ = _known(self.figure(name))
        p05, p50, p95 = (float(q) for q in quantiles(values, BAND))
        options = [
            (option, float(_known(self.figure(name, option))[0].mean()))
            for option in self._option_names(name)
        ]
        kind = "number" if name in NUMBERS else "binder" if name in BINDERS else "decision"
        return Headline(
            id=f"headlines.{name}.{self.quarter}",
            kind=kind,
            quarter=self.about(name),
            unit=unit,
            value=float(values.mean()),
            p05=p05,
            p50=p50,
            p95=p95,
            options=tuple(sorted(options, key=lambda pair: (-pair[1], pair[0]))),
            movers=tuple(self._mover(name, fact, kin) for fact, kin in self.ranked[name]),
        )

    def _mover(self, headline: str, fact: str, kin: int) -> Mover:
        values = {
            name: float(self.measure(headline, name, fact)[0].mean()) for name in self.measures(headline)
        }
        return Mover(self.run.catalog.fact(fact), kin, values)


def _known(found: Told3 | None) -> Told3:
    if found is None:
        raise AssertionError("a headline of the answer has no figure")
    return found


def tell(id: str, asked: Asked) -> Told:  # noqa: A002 (the word of the trade)
    """Return a figure of the headlines in every draw.

    Parameters
    ----------
    id
        Such as ``headlines.deployed.2026Q4``, ``headlines.binds.2026Q4.space_power`` or
        ``headlines.deployed.2026Q4.known.data_hall.utilisation``.
    asked
        The question that it belongs to.

    Raises
    ------
    UnknownNameError
        If there is no such figure.
    """
    _, headline, quarter, option, fact = (*id.split(".", 4), "", "", "", "")[:5]
    study = _Study(asked, quarter)
    found: Told3 | None = None
    if headline in {*NUMBERS, *BINDERS, DECISION}:
        if not fact:
            found = study.figure(headline, option)
        elif fact in study.doubtful and option in study.measures(headline):
            found = study.measure(headline, option, fact)
    if found is None:
        raise UnknownNameError(
            "figure",
            id,
            study.ids(),
            remedy="Write headlines.<headline>.<quarter> or headlines.<headline>.<quarter>.<measure>.<fact>",
        )
    values, unit, formula = found
    return Told(run=study.run, values=values, unit=unit, formula=formula)
