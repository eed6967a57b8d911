"""Who makes each layer, how few they are, and what is lost when one of them stops."""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from narrows.bottlenecks.answer import (
    BAND,
    DEFAULT_DRAWS,
    DEFAULT_SEED,
    MODEL_VERSION,
    STOCK,
    run,
)
from narrows.bottlenecks.concentration_result import (
    ALL,
    DESIGNS,
    OTHERS,
    READINGS,
    SINGLE_SUPPLIER_SHARE,
    CompanyThread,
    ConcentrationResult,
    DesignerYear,
    LayerConcentration,
    Loss,
    LossRow,
    MakerRow,
    Reported,
    RoleRow,
    Spread,
    ThreadRow,
)
from narrows.bottlenecks.model import FIRST, LAST
from narrows.bottlenecks.removal import BINDERS_BEFORE, Removal, absent, lose
from narrows.bottlenecks.shipments import sold
from narrows.bottlenecks.solution import DEMAND
from narrows.bottlenecks.solution import STOCK as STOCK_CODE
from narrows.bottlenecks.supply import QUARTER_S, interpolate
from narrows.bottlenecks.told import Asked, Told
from narrows.draws import quantiles
from narrows.errors import DataError, UnknownNameError, UsageError
from narrows.quarters import Quarter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from narrows.bottlenecks.answer import Run
    from narrows.bottlenecks.model import Model
    from narrows.bottlenecks.removal import Lost
    from narrows.catalog import Catalog, Company, Fact, Reader

    Array = NDArray[np.float64]
    Value = tuple[Array, str, str, tuple[str, ...] | None]

__all__ = ["WINDOW", "concentration", "designer_shares", "makers", "stated_shares", "tell"]

WINDOW = 8
"""Quarters over which compute that is not deployed is counted: the two years that most leads fit in."""
YEAR = 4
"""Quarters of the reading in which a maker is away for one year."""
DESIGNS_NAME = "Chip designs"
SCALE = 10_000.0
"""HHI of a layer with one maker."""
TOP_BINDERS = 3
STOPS = "stops_with_maker"
"""Fact of a layer whose maker sells the machines: the part of the layer that stops when it does."""
UNIT_PART = "ratio"

_WHEN = re.compile(r"\.(\d{4}Q[1-4])$")


class Place(NamedTuple):
    """A layer with makers, or the designs.

    Parameters
    ----------
    id, name, day
        Of the layer.
    row
        Row in the arrays of the core; None for the designs.
    """

    id: str
    name: str
    day: int
    row: int | None


class _Question:
    """Every figure of the family in every draw, for one quarter."""

    def __init__(self, solved: Run, *, dated: bool) -> None:
        self.solved, self.model, self.reader = solved, solved.model, solved.reader
        self.dated = dated  # whether the quarter was asked for, and stands in the ids of the figures
        self.start = solved.shown.start
        self.quarter = self.model.quarters[self.start]
        self._shares: dict[str, tuple[dict[str, Array], tuple[str, ...]]] = {}
        self._lost: dict[tuple[str, str], dict[str, Lost]] = {}

    # --- who is there ---------------------------------------------------------------------------

    @cached_property
    def companies(self) -> dict[str, Company]:
        return {company.id: company for company in self.solved.catalog.companies}

    def name(self, company: str) -> str:
        known = self.companies.get(company)
        return known.name if known else company.replace("_", " ")

    @cached_property
    def all_places(self) -> dict[str, Place]:
        """The designs and every layer whose makers the catalogue may name, in flow order."""
        places = {DESIGNS: Place(DESIGNS, DESIGNS_NAME, 1, None)}
        for row, layer in enumerate(self.model.layers, 1):
            if layer.declared.makers:
                places[layer.id] = Place(layer.id, layer.declared.name, layer.declared.day, row)
        return places

    @cached_property
    def places(self) -> dict[str, Place]:
        """Those of which a maker was known."""
        return {name: place for name, place in self.all_places.items() if self.shares(name)}

    @cached_property
    def unknown(self) -> tuple[str, ...]:
        return tuple(name for name in self.all_places if name not in self.places)

    def shares(self, place: str) -> dict[str, Array]:
        """Shares of a layer's makers in every draw, the largest in the mean first, others last."""
        if place not in self._shares:
            with self.reader.chain() as chain:
                found = self._designers(self.quarter.midpoint) if place == DESIGNS else self._made(place)
            self._shares[place] = (_ordered(found), chain.reads or self._mix_reads)
        return self._shares[place][0]

    def share_reads(self, place: str) -> tuple[str, ...]:
        self.shares(place)
        return self._mix_reads if place == DESIGNS else self._shares[place][1]

    @cached_property
    def _mix_reads(self) -> tuple[str, ...]:
        return self.model.layers[0].recipes.reads(())

    def _made(self, place: str) -> dict[str, Array]:
        """Shares as stated, between two statements by a straight line, adding up to 1 in every draw."""
        prefix = self.model.layer(place).declared.makers
        found = stated_shares(self.reader, prefix, np.array([self.quarter.midpoint]))
        return {name: share[:, 0] for name, share in found.items()}

    def _designers(self, year: float, terms: Sequence[str] = ()) -> dict[str, Array]:
        """Share of each designer in what is taken of a layer, the mix itself without terms."""
        found = designer_shares(self.model, np.array([year]), terms)
        return {name: share[:, 0] for name, share in found.items()}

    def takes(self, place: str, company: str) -> Array | None:
        """Share of what a layer makes that goes into a company's designs; None where it designs none."""
        if place == DESIGNS:
            return self.shares(DESIGNS).get(company)
        row = self.model.row(place)
        year = self.quarter.midpoint + (self.model.path_lag[row] - self.model.sale_lag) / 4
        return self._designers(year, self.model.layer(place).declared.need).get(company)

    def designers_of(self, year: int) -> dict[str, Array]:
        """Share of each designer in the H100e sold in a year, weighted by what is sold in its quarters."""
        weights = sold(self.model, self.solved.solution.output).mean(axis=0)
        found: dict[str, Array] = {}
        for quarter, weight in zip(self.model.quarters, weights, strict=True):
            if quarter.year == year:
                for name, share in self._designers(quarter.midpoint).items():
                    found[name] = found.get(name, 0.0) + weight * share
        return _normed(found)

    @cached_property
    def years(self) -> list[int]:
        """Years for which a mix of designs is stated."""
        book = self.solved.catalog
        found = {
            int(fact.midpoint or 0) for design in book.designs for fact in book.series(f"mix.{design.id}")
        }
        return sorted(found)

    # --- what is lost ---------------------------------------------------------------------------

    def lost(
        self, wanted: Sequence[tuple[str, str]], progress: Callable[[int, int], None] | None = None
    ) -> None:
        """Find what is lost when a maker stops in a layer, or in `ALL`, for every reading."""
        new = [pair for pair in dict.fromkeys(wanted) if pair not in self._lost]
        if not new:
            return
        removals = [self._removal(pair, word) for pair in new for word in READINGS]
        found = iter(lose(self.model, self.start, WINDOW, removals, progress))
        for pair in new:
            self._lost[pair] = {word: next(found) for word in READINGS}

    def losses(self, place: str, company: str) -> dict[str, Lost]:
        self.lost([(place, company)])
        return self._lost[place, company]

    def at(self, company: str) -> list[str]:
        """Layers in which a company has a share, in flow order."""
        return [name for name in self.places if company in self.shares(name)]

    def _removal(self, pair: tuple[str, str], word: str) -> Removal:
        layer, company = pair
        shares: dict[int, Array] = {}
        away: dict[int, Array] = {}
        runs_on: dict[int, Array] = {}
        designs = None
        for name in self.at(company) if layer == ALL else [layer]:
            row = self.all_places[name].row
            gone = self._away(name, word)
            if row is None:
                designs = gone * self._designed(company)
                continue
            shares[row], away[row] = self.shares(name)[company], gone
            if self.solved.catalog.has(f"{name}.{STOPS}"):
                runs_on[row] = 1.0 - self.reader.draws(f"{name}.{STOPS}")
        return Removal(shares, away, runs_on, designs)

    def _away(self, place: str, word: str) -> Array:
        """Part of each quarter in which a maker is away, axes (draw, quarter)."""
        lead = f"{DESIGNS}.lead" if place == DESIGNS else self.model.layer(place).declared.lead
        if word == "loss_year":
            time = np.full(self.reader.n, float(YEAR))
        elif word == "loss_good" or not self.solved.catalog.has(lead):
            time = np.full(self.reader.n, float(WINDOW))
        else:
            time = self.reader.draws(lead) / QUARTER_S
        return absent(time, WINDOW)

    def _designed(self, company: str) -> Array:
        """Share of a company's designs in what is deployed, axes (draw, quarter)."""
        quarters = self.model.quarters[self.start : self.start + WINDOW]
        nothing = np.zeros(self.reader.n)
        found = [self._designers(quarter.midpoint).get(company, nothing) for quarter in quarters]
        return np.stack(found, axis=1)

    def binders(self, lost: Lost) -> tuple[tuple[str, float], ...]:
        """Return the layers that bind longest after a removal, and for how many quarters in the mean."""
        means = lost.quarters.mean(axis=0)
        order = np.argsort(-means, kind="stable")[:TOP_BINDERS]
        return tuple((self.binder(int(code)), float(means[code])) for code in order if means[code] > 0)

    def binder(self, code: int) -> str:
        row = code - BINDERS_BEFORE
        if row == STOCK_CODE:
            return STOCK
        return DESIGNS if row == DEMAND else self.model.layers[row - 1].id

    # --- figures by name ------------------------------------------------------------------------

    def value(self, words: list[str]) -> Value | None:
        """Return a figure in every draw, its unit, formula and facts; None for an unknown one."""
        word, *rest = words
        for known, count, tell_it in (
            (("deployed",), 0, self._tell_deployed),
            (("share",), 2, self._tell_share),
            (("hhi", "hhi_most", "effective", "effective_most", "single"), 1, self._tell_concentration),
            (("thread",), 2, self._tell_thread),
            (("designers",), 1, self._tell_designers),
            (("designer",), 2, self._tell_designer),
            (tuple(f"{reading}{end}" for reading in READINGS for end in ("", "_part")), 2, self._tell_loss),
            (tuple(f"{reading}_alone" for reading in READINGS), 1, self._tell_alone),
            (("binds",), 3, self._tell_binds),
        ):
            if word in known and len(rest) == count:
                return tell_it(word, *rest)
        return None

    def _tell_deployed(self, _: str) -> Value:
        found = next(iter(self._lost.values()), None)
        lost = found["loss"] if found else lose(self.model, self.start, WINDOW, [Removal({}, {})])[0]
        return lost.deployed, "h100e", f"compute deployed from {self.quarter} on over {WINDOW} quarters", None

    def _tell_share(self, _: str, place: str, company: str) -> Value | None:
        if place not in self.places or company not in self.shares(place):
            return None
        formula = f"share stated for {company} in {self.quarter} / sum of the shares of all makers of {place}"
        return self.shares(place)[company], UNIT_PART, formula, self.share_reads(place)

    def _tell_concentration(self, word: str, place: str) -> Value | None:
        if place not in self.places:
            return None
        reads = self.share_reads(place)
        shares = self.shares(place)
        many, one = concentration(shares)
        counted = "others as many, each too small to count"
        return {
            "hhi": (many, "point", f"10,000 x sum of squared shares of {place}, {counted}", reads),
            "hhi_most": (one, "point", f"10,000 x sum of squared shares of {place}, others as one", reads),
            "effective": (SCALE / one, "maker", f"10,000 / HHI of {place}, others as one", reads),
            "effective_most": (SCALE / many, "maker", f"10,000 / HHI of {place}, {counted}", reads),
            "single": (
                (_largest(shares) >= SINGLE_SUPPLIER_SHARE).astype(np.float64),
                "share",
                f"one named maker of {place} holds {SINGLE_SUPPLIER_SHARE:g} of it or more",
                reads,
            ),
        }[word]

    def _tell_thread(self, _: str, company: str, place: str) -> Value | None:
        if place not in self.all_places:
            return None
        taken = self.takes(place, company)
        if taken is None:
            return None
        need = () if place == DESIGNS else self.model.layer(place).declared.need
        formula = f"sum over the designs of {company} of mix x need of {place}, / the same over all designs"
        return taken, UNIT_PART, formula, self.model.layers[0].recipes.reads(need)

    def _tell_designers(self, _: str, year: str) -> Value | None:
        if not year.isdigit() or int(year) not in self.years:
            return None
        many, _one = concentration(self.designers_of(int(year)))
        return many, "point", f"10,000 x sum of squared shares of designers in {year}", self._mix_reads

    def _tell_designer(self, _: str, company: str, year: str) -> Value | None:
        if not year.isdigit() or int(year) not in self.years:
            return None
        shares = self.designers_of(int(year))
        if company not in shares:
            return None
        formula = (
            f"mix over the designs of {company} in the quarters of {year}, weighted by what is sold in them"
        )
        return shares[company], UNIT_PART, formula, self._mix_reads

    def _tell_loss(self, word: str, place: str, company: str) -> Value | None:
        if not self._can_stop(place, company):
            return None
        reading = word.removesuffix("_part")
        lost = self.losses(place, company)[reading]
        formula = (
            f"compute deployed over {WINDOW} quarters from {self.quarter}, less the same with {company} away "
            f"{'from all its layers' if place == ALL else f'from {place}'} {READINGS[reading]}"
        )
        if word == reading:
            return lost.loss, "h100e", formula, None
        return _part(lost), UNIT_PART, f"({formula}) / the first", None

    def _tell_alone(self, word: str, company: str) -> Value | None:
        layers = self.at(company)
        if not layers or company == OTHERS:
            return None
        reading = word.removesuffix("_alone")
        self.lost([(name, company) for name in layers])
        total = sum((self._lost[name, company][reading].loss for name in layers), np.zeros(self.reader.n))
        formula = f"sum of makers.{reading}.<layer>.{company} over {', '.join(layers)}"
        return total, "h100e", formula, None

    def _tell_binds(self, _: str, place: str, company: str, binder: str) -> Value | None:
        if not self._can_stop(place, company):
            return None
        lost = self.losses(place, company)["loss"]
        codes = {self.binder(code): code for code in range(lost.quarters.shape[1]) if code != BINDERS_BEFORE}
        if binder not in codes:
            return None
        formula = (
            f"quarters of the {WINDOW} from {self.quarter} in which {binder} holds the newest capacity arc "
            f"on the shortest path while {company} is away {READINGS['loss']}"
        )
        return lost.quarters[:, codes[binder]].astype(np.float64), "quarter", formula, None

    def _can_stop(self, place: str, company: str) -> bool:
        if company == OTHERS:
            return False
        return bool(self.at(company)) if place == ALL else place in self.at(company)

    def ids(self) -> list[str]:
        """Ids near which a misspelt one is looked for."""
        found = ["makers.deployed", *(f"makers.designers.{year}" for year in self.years)]
        for place in self.places:
            found += [f"makers.{word}.{place}" for word in ("hhi", "hhi_most", "effective", "single")]
            for company in self.shares(place):
                words = ("share",) if company == OTHERS else ("share", *READINGS, "binds")
                found += [f"makers.{word}.{place}.{company}" for word in words if word != "binds"]
        for company in self.shares(DESIGNS):
            found += [f"makers.thread.{company}.{place}" for place in self.all_places]
        return found


def stated_shares(reader: Reader, prefix: str, years: Array) -> dict[str, Array]:
    """Return the share of each maker of a layer, adding up to 1, axes (draw, time) by maker.

    Parameters
    ----------
    reader
        The reading of the catalogue.
    prefix
        Facts of the makers, such as ``cowos.maker``.
    years
        Moments [year]; between two statements a straight line, flat outside them.

    Examples
    --------
    >>> from narrows.catalog import Reader, default
    >>> found = stated_shares(Reader(default(), 1, 100), "cowos.maker", np.array([2026.5]))
    >>> max(found, key=lambda name: found[name].mean())
    'tsmc'
    """
    names = dict.fromkeys(
        fact.id.removeprefix(f"{prefix}.").split(".")[0] for fact in reader.catalog.under(prefix)
    )
    found = {}
    for name in names:
        moments, values, facts = reader.series(f"{prefix}.{name}")
        if facts:
            found[name] = values @ interpolate(moments, years)
        else:
            found[name] = np.repeat(reader.draws(f"{prefix}.{name}")[:, None], len(years), axis=1)
    return _normed(found)


def designer_shares(model: Model, years: Array, terms: Sequence[str] = ()) -> dict[str, Array]:
    """Return the share of each designer in what its chips take of a layer, axes (draw, time) by designer.

    Parameters
    ----------
    model
        The stack, with the mix of designs.
    years
        Moments of sale [year].
    terms
        Need of the layer by one H100e; the mix of designs itself without terms.

    Examples
    --------
    >>> from narrows.bottlenecks.answer import run
    >>> found = designer_shares(run(draws=100).model, np.array([2026.5]))
    >>> max(found, key=lambda name: found[name].mean())
    'nvidia'
    """
    catalog = model.reader.catalog
    ids = {company.name: company.id for company in catalog.companies}
    groups: dict[str, list[str]] = {}
    for design in catalog.designs:
        name = ids.get(design.maker, design.maker.lower().replace(" ", "_"))
        groups.setdefault(name, []).append(design.id)
    _, needs = model.layers[0].recipes.by_group([terms], list(groups.values()))
    sold_at = model.stated - model.sale_lag / 4
    taken = np.einsum("dyg,yt->dgt", needs[..., 0], interpolate(sold_at, years))
    found = {name: taken[:, column] for column, name in enumerate(groups)}
    return _normed({name: amount for name, amount in found.items() if amount.any()})


def concentration(shares: dict[str, Array]) -> tuple[Array, Array]:
    """Return HHI in every draw, the others as many, and as one [point], axis (draw).

    Parameters
    ----------
    shares
        Shares by maker, adding up to 1 in every draw; the one named ``others`` is many.

    Notes
    -----
    HHI = 10,000 x sum of squared shares. What n others with a share s in all add lies between 0, for
    many small ones, and s squared, for a single one.

    Source
    ------
    Hirschman (1964), The Paternity of an Index, American Economic Review 54(5); the scale to 10,000 is that
    of the Horizontal Merger Guidelines.

    Examples
    --------
    >>> concentration({"a": np.array([0.5]), "others": np.array([0.5])})
    (array([2500.]), array([5000.]))
    """
    squares = {name: SCALE * share**2 for name, share in shares.items()}
    zero = np.zeros(len(next(iter(shares.values()))))
    many = sum((square for name, square in squares.items() if name != OTHERS), zero)
    return many, many + squares.get(OTHERS, 0.0)


def _largest(shares: dict[str, Array]) -> Array:
    named = [share for name, share in shares.items() if name != OTHERS]
    largest: Array = np.max(named, axis=0)
    return largest


def _normed(found: dict[str, Array]) -> dict[str, Array]:
    total = sum(found.values(), np.zeros(()))
    return {name: share / total for name, share in found.items()}


def _ordered(found: dict[str, Array]) -> dict[str, Array]:
    order = sorted(found, key=lambda name: (name == OTHERS, -float(found[name].mean()), name))
    return {name: found[name] for name in order}


def _part(lost: Lost) -> Array:
    part: Array = np.divide(lost.loss, lost.deployed, out=np.zeros_like(lost.loss), where=lost.deployed > 0)
    return part


def _spread(values: Array, unit: str) -> Spread:
    p05, p50, p95 = (float(q) for q in quantiles(values, BAND))
    return Spread(unit, float(values.mean()), p05, p50, p95)


# --- the answer ---------------------------------------------------------------------------------


def makers(
    name: str | None = None,
    *,
    quarter: str | None = None,
    draws: int = DEFAULT_DRAWS,
    seed: int = DEFAULT_SEED,
    method: str = "random",
    as_of: str | None = None,
    scenario: str | Path | None = None,
    catalog: Catalog | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ConcentrationResult:
    """Find who makes each layer, how concentrated it is, and what is lost when a maker stops.

    Parameters
    ----------
    name
        A layer such as ``cowos`` (``designs`` for the chip designs), or a company such as ``NVIDIA``;
        all layers if left out.
    quarter
        Quarter in which a maker stops, such as ``2027Q1``; the quarter of the vintage if left out.
    draws, seed, method, as_of, scenario, catalog, progress
        As for `narrows.map`.

    Returns
    -------
    ConcentrationResult
        All layers with the loss of their largest maker; one layer with that of every maker; or one
        company through all layers, with the loss of all of it at once.

    Raises
    ------
    UnknownNameError
        If no layer and no company has that name.
    DataError
        If nothing was known about the makers of the layer, or of any, on the day asked for.
    UsageError
        If the quarter is out of range.

    Notes
    -----
    A maker stops without warning at the start of the quarter. Its share of the layer's capacity is gone
    until the lead time of the layer has passed and the rest has rebuilt, or for one year, or for good.
    The loss is compute not deployed over the `WINDOW` quarters from there. Stock that was made before is
    used up; other makers do not hurry, and designs do not change their recipes. Where the maker sells
    machines that its customers run (EUV scanners), what stands runs on and only growth stops, but for the
    part that needs service. Where a designer is gone, others deploy what they would have deployed.

    Examples
    --------
    >>> found = makers("cowos", draws=200)
    >>> found.layers[0].top, found.layers[0].single_supplier
    ('tsmc', True)
    >>> makers("nvidia", draws=200).company.name
    'NVIDIA'
    """
    question = _question(quarter, Asked(draws, seed, method, as_of, scenario, catalog), progress)
    if set(question.unknown) >= set(question.all_places) - {DESIGNS}:
        raise DataError(
            f"Nothing was known about the makers of any layer on {question.solved.catalog.vintage}",
            f"Makers are asked of {', '.join(question.all_places)}",
            "Ask for a later day",
        )
    place, company = _find(question, name)
    if company:
        shown: list[str] = []
        wanted = [(layer, company) for layer in question.at(company)]
        wanted += [(ALL, company)] if wanted else []
    else:
        shown = [place] if place else list(question.places)
        wanted = [
            (layer, maker)
            for layer in shown
            for maker in (_named(question, layer) if place else _named(question, layer)[:1])
        ]
    question.lost(wanted)
    return ConcentrationResult(
        asked=company or place,
        quarter=str(question.quarter),
        last=str(question.quarter + (WINDOW - 1)),
        deployed=_spread(question._tell_deployed("")[0], "h100e"),  # noqa: SLF001 (one room)
        layers=tuple(
            _layer(question, layer, [pair for pair in wanted if pair[0] == layer]) for layer in shown
        ),
        company=_company(question, company) if company else None,
        designers=tuple(_year(question, year) for year in question.years),
        unknown=question.unknown,
        meta=_meta(question.solved) | {"asked_quarter": question.dated},
    )


def tell(id: str, asked: Asked) -> Told:  # noqa: A002 (the word of the trade)
    """Return a figure of the family ``makers`` in every draw.

    Parameters
    ----------
    id
        Such as ``makers.hhi.cowos``, ``makers.loss.cowos.tsmc``, ``makers.thread.nvidia.switch``; with
        a quarter at the end for another than that of the vintage, ``makers.loss.cowos.tsmc.2028Q1``.
    asked
        The question that it belongs to.

    Raises
    ------
    UnknownNameError
        If there is no such figure.
    """
    when = _WHEN.search(id)
    quarter = when.group(1) if when else None
    question = _kept(quarter, asked)
    words = (id[: when.start()] if when else id).split(".")[1:]
    found = question.value(words) if words else None
    if found is None:
        raise UnknownNameError(
            "figure",
            id,
            question.ids(),
            remedy="Write makers.<quantity>.<layer>, or makers.loss.<layer>.<company>",
        )
    values, unit, formula, reads = found
    return Told(question.solved, values, unit, formula, reads)


def _question(
    quarter: str | None, asked: Asked, progress: Callable[[int, int], None] | None = None
) -> _Question:
    if quarter is not None:
        _check_quarter(Quarter.parse(quarter), quarter, LAST)
    solved = run(
        None if quarter is None else f"{quarter}:{Quarter.parse(quarter) + (WINDOW - 1)}",
        draws=asked.draws,
        seed=asked.seed,
        method=asked.method,
        as_of=asked.as_of,
        scenario=asked.scenario,
        catalog=asked.catalog,
        progress=progress,
    )
    first = FIRST + int(solved.model.network.lag.max())
    room = solved.model.quarters[-1]
    start = solved.model.quarters[solved.shown.start]
    if not first <= start <= room + (1 - WINDOW):
        _refuse_quarter(str(start), first)
    return _Question(solved, dated=quarter is not None)


@lru_cache(maxsize=1)
def _kept(quarter: str | None, asked: Asked) -> _Question:
    """Return a question that is kept for the next figure of the same draws."""
    return _question(quarter, asked)


def _check_quarter(asked: Quarter, text: str, last: Quarter) -> None:
    if not FIRST <= asked <= last:
        _refuse_quarter(text, FIRST + 1)


def _refuse_quarter(text: str, first: Quarter) -> None:
    raise UsageError(
        f"A maker cannot stop in {text}",
        f"It stops in a quarter from {first}, when the model has filled its pipeline, to {LAST}",
        f"Give --quarter {LAST + (1 - WINDOW)}",
    )


def _find(question: _Question, name: str | None) -> tuple[str, str]:
    """Return the layer and the company that a name means; one of them, or none for no name."""
    if name is None:
        return "", ""
    asked = re.sub(r"[\s-]+", "_", name.strip().lower())
    if asked in question.all_places:
        if asked in question.unknown:
            raise question.solved.catalog.unknown(question.model.layer(asked).declared.makers)
        return asked, ""
    companies: dict[str, str] = {}
    for company in question.companies.values():
        symbol = company.ticker.rpartition(":")[2]
        words = (company.name, company.name.partition(" (")[0], symbol)
        companies |= {re.sub(r"[\s-]+", "_", word.lower()): company.id for word in words if word}
    companies |= {company: company for company in question.companies}
    companies |= {maker: maker for place in question.places for maker in question.shares(place)}
    companies.pop(OTHERS, None)
    if asked in companies:
        return "", companies[asked]
    known = {*question.all_places, *companies.values()}
    raise UnknownNameError(
        "layer or company", name, known, remedy="List the layers and their makers with `narrows makers`"
    )


def _named(question: _Question, layer: str) -> list[str]:
    return [maker for maker in question.shares(layer) if maker != OTHERS]


def _layer(question: _Question, name: str, wanted: Sequence[tuple[str, str]]) -> LayerConcentration:
    place = question.all_places[name]
    shares = question.shares(name)
    figures = {}
    for word, unit in (
        ("hhi", "point"),
        ("hhi_most", "point"),
        ("effective", "maker"),
        ("effective_most", "maker"),
    ):
        told = question.value([word, name])
        figures[word] = _spread(told[0], unit) if told else _spread(np.zeros(1), unit)
    single = float((_largest(shares) >= SINGLE_SUPPLIER_SHARE).mean())
    losses = [_loss(question, layer, maker) for layer, maker in wanted]
    return LayerConcentration(
        id=name,
        name=place.name,
        day=place.day,
        makers=tuple(
            MakerRow(maker, question.name(maker), _spread(share, UNIT_PART))
            for maker, share in shares.items()
        ),
        **figures,
        top=_named(question, name)[0],
        single=single,
        single_supplier=single > 1 / 2,
        lead_quarters=_lead(question, name),
        losses=tuple(sorted(losses, key=lambda row: -row.readings["loss"].h100e.mean)),
    )


def _lead(question: _Question, name: str) -> tuple[float, float, float] | None:
    if name != DESIGNS:
        return question.model.layer(name).relief()
    if not question.solved.catalog.has(f"{DESIGNS}.lead"):
        return None
    fact = question.solved.catalog.fact(f"{DESIGNS}.lead")
    low, value, high = fact.canonical_low, fact.canonical_value, fact.canonical_high
    return low / QUARTER_S, value / QUARTER_S, high / QUARTER_S


def _loss(question: _Question, layer: str, maker: str) -> LossRow:
    found = question.losses(layer, maker)
    return LossRow(
        layer=layer,
        maker=maker,
        name=question.name(maker),
        readings={
            word: Loss(_spread(lost.loss, "h100e"), _spread(_part(lost), UNIT_PART))
            for word, lost in found.items()
        },
        binders=question.binders(found["loss"]),
    )


def _company(question: _Question, company: str) -> CompanyThread:
    places = sorted(question.all_places.values(), key=lambda place: place.day)
    at = question.at(company)
    known = question.companies.get(company)
    rows = tuple(_thread(question, company, place, at) for place in places)
    alone = {}
    for word in READINGS if at else ():
        told = question.value([f"{word}_alone", company])
        if told:
            alone[word] = _spread(told[0], told[1])
    return CompanyThread(
        id=company,
        name=question.name(company),
        ticker=known.ticker if known else "",
        rows=rows,
        at_once=_loss(question, ALL, company) if at else None,
        alone=alone,
        roles=_roles(question, company, {row.id: row for row in rows}),
        commitments=tuple(
            _reported(fact)
            for series in ("purchase_obligations", "supply_commitments")
            for fact in question.solved.catalog.series(f"{company}.{series}")
        ),
    )


def _thread(question: _Question, company: str, place: Place, at: Sequence[str]) -> ThreadRow:
    made = question.shares(place.id).get(company) if place.id in question.places else None
    taken = question.takes(place.id, company)
    book = question.solved.catalog
    stated = (*book.series(f"{place.id}.{company}_share"), *book.series(f"{place.id}.supplier.{company}"))
    return ThreadRow(
        id=place.id,
        name=place.name,
        day=place.day,
        makes=None if made is None or place.id == DESIGNS else _spread(made, UNIT_PART),
        takes=None if taken is None else _spread(taken, UNIT_PART),
        reported=tuple(_reported(fact) for fact in stated),
        loss=_loss(question, place.id, company) if place.id in at else None,
    )


def _roles(question: _Question, company: str, rows: dict[str, ThreadRow]) -> tuple[RoleRow, ...]:
    found = []
    tail = f".{question.quarter}" if question.dated else ""
    for role in question.solved.catalog.roles:
        if role.company != company:
            continue
        figures: list[tuple[str, str, str, Spread]] = []
        for layer in role.layers:
            row = rows.get(layer)
            if row is not None and row.makes is not None:
                figures.append((f"makers.share.{layer}.{company}{tail}", "makes", row.name, row.makes))
            if row is not None and row.takes is not None:
                words = ("designs", "what is deployed") if layer == DESIGNS else ("takes", row.name)
                figures.append((f"makers.thread.{company}.{layer}{tail}", *words, row.takes))
        found.append(RoleRow(role.part, role.role, role.threat, tuple(figures)))
    return tuple(found)


def _reported(fact: Fact) -> Reported:
    return Reported(fact.id, fact.of, fact.about, fact.as_of, fact.value, fact.low, fact.high, fact.unit)


def _year(question: _Question, year: int) -> DesignerYear:
    shares = _ordered(question.designers_of(year))
    many, _ = concentration(shares)
    return DesignerYear(
        year, _spread(many, "point"), {name: _spread(share, UNIT_PART) for name, share in shares.items()}
    )


def _meta(solved: Run) -> dict[str, Any]:
    facts = [solved.catalog.fact(name) for name in solved.reader.reads]
    asked = solved.catalog.asked
    return {
        "seed": solved.reader.seed,
        "draws": solved.reader.n,
        "method": solved.reader.method,
        "vintage": str(solved.catalog.vintage),
        "catalog": solved.catalog.hash,
        "as_of": asked.isoformat() if asked else None,
        "scenario": solved.catalog.scenario,
        "model_version": MODEL_VERSION,
        "facts": len(facts),
        "assumptions": sum(fact.kind == "assumption" for fact in facts),
        "single_supplier_share": SINGLE_SUPPLIER_SHARE,
        "window_quarters": WINDOW,
        "readings": dict(READINGS),
    }
