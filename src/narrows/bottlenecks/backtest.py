"""Was the map right before? Past maps against dated statements, and supply against counted chips.

For each statement the map is asked with only the facts known at the end of its quarter. It gives a
distribution over families of layers, which is scored as a forecast of the families that the
statement names, beside simpler forecasts.
"""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from functools import cache, partial
from typing import TYPE_CHECKING

import numpy as np

from narrows.bottlenecks.answer import map as ask
from narrows.bottlenecks.answer import run
from narrows.bottlenecks.shipments import shipments, sold
from narrows.catalog import default
from narrows.figure import Comparison, compared
from narrows.quarters import Quarter, period
from narrows.units import to_canonical

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = ["chances", "check_labels", "check_units"]

ROOM = "bottlenecks"
LABELS = "binding_labels.csv"
COUNTS = "epoch_chip_counts"
DRAWS = 2_000
FLOOR = 0.01
"""Least probability that the log score of a statement counts."""
BEST = 2
"""Families that count as a hit when the statement names one of them."""
Z95 = 1.959964
FAMILIES = ("substrate", "logic", "packaging", "memory", "racks", "space_power", "demand")
"""Families that a statement can name."""
PEER = "peer_tightness"
ENOUGH = 0.8
"""Share of statements, and of quarters, that the goals ask for."""
CUMULATIVE = {"NVIDIA": "nvidia_cumulative_totals", "Google": "tpu_cumulative_totals"}
POWER_BOUNDS = ("5th percentile", "median", "95th percentile")
UNITS = {
    "NVIDIA": "nvidia_calendar_quarter_chip_timelines",
    "Google": "tpu_calendar_quarter_chip_timelines",
}
OTHERS = ("amd_chip_timelines", "trainium_chip_timelines")
FIRST_COUNTED = Quarter(2023, 1)
"""First quarter of full counts of all makers compared."""

Chances = dict[str, float]
Units = dict[Quarter, dict[str, tuple[float, float, float]]]


def table(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file by column name."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def chances(quarter: str, as_of: str) -> Chances:
    """Return P(a layer of the family binds) in a quarter, as known on a day; ties are shared.

    Parameters
    ----------
    quarter
        Label such as ``2024Q3``.
    as_of
        Day, YYYY-MM-DD.
    """
    result = ask(quarter, draws=DRAWS, as_of=as_of)
    found: Chances = defaultdict(float)
    for layer in result.layers:
        found[layer.family] += result.binds[layer.id][0]
    return dict(found)


def check_labels(folder: Path) -> Iterator[Comparison]:
    """Compare past maps with what principals, analysts and the press said was short then.

    Parameters
    ----------
    folder
        Holds ``binding_labels.csv``: quarter, families (accepted answers, ``|`` between), use, strength.

    Notes
    -----
    The score of a statement is -ln(sum of P over its families, at least 0.01); a hit is a named family
    among the two likeliest. The Brier score is (1 - P(named))^2 plus the squared P of all other
    families. Baselines: always packaging (which is also what the study's phases say of every quarter
    up to 2026Q2), the family of the statement before, and another model's tightness of today in shares.
    """
    rows = [row for row in table(folder / LABELS) if row["use"] == "score"]
    named = [frozenset(row["families"].split("|")) for row in rows]
    ours = [chances(row["quarter"], str(period(row["quarter"]).end)) for row in rows]
    before = ["substrate", *(row["families"].split("|")[0] for row in rows[:-1])]
    peers: dict[str, list[Chances]] = {
        "always packaging, as the study's phases": [{"packaging": 1.0} for _ in rows],
        "the statement before": [{family: 1.0} for family in before],
        "the tightness of another model": [_peer() for _ in rows],
    }
    strength = [float(row["strength"]) for row in rows]
    hits = [bool(found & set(_best(chance))) for found, chance in zip(named, ours, strict=True)]
    simplest = max(
        _mean([bool(found & set(_best(p))) for found, p in zip(named, peer, strict=True)])
        for peer in peers.values()
    )
    low, high = _wilson(sum(hits), len(hits))
    yield _row(
        f"a named family is among the two likeliest, as known in the quarter (95 %: {low:.2f} to {high:.2f})",
        "hit rate",
        _mean(hits),
        f">= {ENOUGH}",
        simplest,
        len(rows),
        holds=_mean(hits) >= ENOUGH,
    )
    weighted = float(np.average(hits, weights=strength))
    yield _row(
        "the same, weighted by strength of the statement",
        "hit rate",
        weighted,
        f">= {ENOUGH}",
        None,
        len(rows),
        holds=weighted >= ENOUGH,
    )
    for words, score in (("log score", _log), ("Brier score", _brier)):
        mean = _mean([score(p, found) for p, found in zip(ours, named, strict=True)])
        for name, peer in peers.items():
            other = _mean([score(p, found) for p, found in zip(peer, named, strict=True)])
            metric = "mean -ln P" if score is _log else "mean square"
            yield _row(
                f"{words} against {name}", metric, mean, "< baseline", other, len(rows), holds=mean < other
            )
    error, cases = _calibration(ours, named)
    yield _row(
        "calibration: families by P in five bins, share named less mean P",
        "mean |gap|, weighted by cases",
        error,
        "for information",
        None,
        cases,
        holds=None,
    )


def _row(  # noqa: PLR0917 (the cells of a row, in order)
    quantity: str,
    metric: str,
    value: float,
    goal: str,
    baseline: float | None,
    n: int,
    *,
    holds: bool | None,
    dataset: str = LABELS,
) -> Comparison:
    return Comparison(ROOM, dataset, quantity, metric, value, goal, baseline, n, holds)


def _peer() -> Chances:
    """Return the other model's tightness as shares by family."""
    found: Chances = defaultdict(float)
    for fact in default().under(PEER):
        found[fact.id.split(".")[1]] += fact.canonical_value
    total = sum(found.values())
    return {family: value / total for family, value in found.items()}


def _best(chance: Chances) -> list[str]:
    return sorted(chance, key=lambda family: -chance[family])[:BEST]


def _on(chance: Chances, named: frozenset[str]) -> float:
    return sum(chance.get(family, 0.0) for family in named)


def _log(chance: Chances, named: frozenset[str]) -> float:
    return -math.log(max(_on(chance, named), FLOOR))


def _brier(chance: Chances, named: frozenset[str]) -> float:
    return (1 - _on(chance, named)) ** 2 + sum(p * p for family, p in chance.items() if family not in named)


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))


def _wilson(hits: int, n: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share."""
    centre = (hits + Z95**2 / 2) / (n + Z95**2)
    half = Z95 / (n + Z95**2) * math.sqrt(hits * (n - hits) / n + Z95**2 / 4)
    return centre - half, centre + half


def _calibration(ours: Sequence[Chances], named: Sequence[frozenset[str]]) -> tuple[float, int]:
    """Return the mean gap between P and the share named, over five bins of P, and the cases."""
    pairs = [
        (chance.get(family, 0.0), float(family in found))
        for chance, found in zip(ours, named, strict=True)
        for family in FAMILIES
    ]
    chance, came = np.array(pairs).T
    bins = np.minimum((chance * 5).astype(int), 4)
    gaps = [
        abs(chance[bins == b].mean() - came[bins == b].mean()) * (bins == b).sum()
        for b in range(5)
        if (bins == b).any()
    ]
    return float(sum(gaps) / len(pairs)), len(pairs)


def counted(folder: Path, name: str) -> Units:
    """Return units by quarter and chip [package]: p05, median, p95."""
    found: Units = defaultdict(dict)
    for row in table(folder / COUNTS / f"{name}.csv"):
        found[_quarter_of(row["Start date"])][row["Chip type"]] = (
            float(row["Number of Units (5th percentile)"]),
            float(row["Number of Units"]),
            float(row["Number of Units (95th percentile)"]),
        )
    return found


def _quarter_of(text: str) -> Quarter:
    month, _, year = (int(part) for part in text.split("/"))
    return Quarter(year, (month + 2) // 3)


def check_units(folder: Path) -> Iterator[Comparison]:
    """Compare packages and compute that supply allows with those counted from revenue.

    Parameters
    ----------
    folder
        Holds ``epoch_chip_counts/``.

    Notes
    -----
    Ours: the median over draws of `narrows.bottlenecks.shipments`, one set of lags and yields for all
    quarters, without revenue. Theirs: p05 and p95 of the chips of a quarter, added chip by chip, as if
    the chips of a maker erred together.
    """
    tables = {maker: counted(folder, name) for maker, name in UNITS.items()}
    last = max(max(found) for found in tables.values())
    solved = run(f"{FIRST_COUNTED}:{last + 1}", draws=DRAWS)
    inside_all, cases_all = 0, 0
    for maker, found in tables.items():
        ours = np.median(shipments(solved, maker).packages, axis=0)
        missed, gaps = [], []
        for quarter in sorted(quarter for quarter in found if quarter >= FIRST_COUNTED):
            low, middle, high = (sum(chip[k] for chip in found[quarter].values()) for k in range(3))
            value = ours[quarter - FIRST_COUNTED]
            gaps.append(value / middle - 1)
            if not low <= value <= high:
                missed.append(f"{quarter} {value / middle - 1:+.0%}".replace("%", " %"))
        cases = len(gaps)
        inside = cases - len(missed)
        inside_all, cases_all = inside_all + inside, cases_all + cases
        words = f"{maker} packages a quarter inside Epoch's 5 to 95 %, from supply alone"
        yield _row(
            f"{words}; outside: {', '.join(missed) or 'none'}",
            "share of quarters",
            inside / cases,
            f">= {ENOUGH}",
            None,
            cases,
            holds=inside / cases >= ENOUGH,
            dataset=COUNTS,
        )
        yield _row(
            f"{maker} packages a quarter, from supply alone",
            "mean relative error",
            _mean(gaps),
            "within 0.2",
            None,
            cases,
            holds=abs(_mean(gaps)) <= 0.2,  # noqa: PLR2004 (the goal beside it)
            dataset=COUNTS,
        )
    yield _row(
        "packages of both makers a quarter inside Epoch's 5 to 95 %, from supply alone",
        "share of quarters",
        inside_all / cases_all,
        f">= {ENOUGH}",
        None,
        cases_all,
        holds=inside_all / cases_all >= ENOUGH,
        dataset=COUNTS,
    )
    for maker in UNITS:
        yield from compared(ROOM, f"{COUNTS}, {maker}", partial(_power, folder, maker))
    yield from compared(ROOM, COUNTS, partial(_compute, folder))


def _power(folder: Path, maker: str) -> Iterator[Comparison]:
    """Compare the design power of the chips of a maker sold after the first quarter counted."""
    found = table(folder / COUNTS / f"{CUMULATIVE[maker]}.csv")
    found.sort(key=lambda row: _quarter_of(row["End date"]))
    ends = [_quarter_of(row["End date"]) for row in found]
    bounds = np.array(
        [[to_canonical(float(row[f"Power in MW ({name})"]), "MW") for name in POWER_BOUNDS] for row in found]
    )
    low, middle, high = (bounds[1:] - bounds[0, 1]).T
    solved = run(f"{ends[1]}:{ends[-1]}", draws=DRAWS)
    sold_since = np.median(np.cumsum(shipments(solved, maker).chip_w, axis=1), axis=0)
    ours = sold_since[[end - ends[1] for end in ends[1:]]]
    missed = [
        f"{end} {value / theirs - 1:+.0%}".replace("%", " %")
        for end, value, least, theirs, most in zip(ends[1:], ours, low, middle, high, strict=True)
        if not least <= value <= most
    ]
    share = 1 - len(missed) / len(ours)
    words = f"power of {maker}'s chips sold after {ends[0]} inside Epoch's 5 to 95 %, from supply alone"
    yield _row(
        f"{words}; outside: {', '.join(missed) or 'none'}",
        "share of quarters",
        share,
        f">= {ENOUGH}",
        None,
        len(ours),
        holds=share >= ENOUGH,
        dataset=COUNTS,
    )


def _compute(folder: Path) -> Iterator[Comparison]:
    """Compare compute sold by all makers, quarter by quarter, where all are counted."""
    total: dict[Quarter, float] = defaultdict(float)
    ends: list[Quarter] = []
    for name in (*UNITS.values(), *OTHERS):
        quarters = set()
        for row in table(folder / COUNTS / f"{name}.csv"):
            quarter = _quarter_of(row["Start date"])
            total[quarter] += float(row["Compute estimate in H100e (median)"])
            quarters.add(quarter)
        ends.append(max(quarters))
    whole = sorted(quarter for quarter in total if FIRST_COUNTED <= quarter <= min(ends))
    solved = run(f"{whole[0]}:{whole[-1]}", draws=DRAWS)
    ours = sold(solved.model, solved.solution.output)[:, solved.shown]
    low, middle, high = np.quantile(ours, (0.05, 0.5, 0.95), axis=0)
    theirs = np.array([total[quarter] for quarter in whole])
    missed = [
        f"{quarter} {m / t - 1:+.0%}".replace("%", " %")
        for quarter, t, m, inside in zip(
            whole, theirs, middle, (low <= theirs) & (theirs <= high), strict=True
        )
        if not inside
    ]
    share = 1 - len(missed) / len(whole)
    yield _row(
        f"H100e sold by all makers a quarter inside our 5 to 95 %; outside: {', '.join(missed) or 'none'}",
        "share of quarters",
        share,
        f">= {ENOUGH}",
        None,
        len(whole),
        holds=share >= ENOUGH,
        dataset=COUNTS,
    )
    for year in sorted({quarter.year for quarter in whole}):
        of_year = [column for column, quarter in enumerate(whole) if quarter.year == year]
        if len(of_year) < 4:  # noqa: PLR2004 (quarters of a year)
            continue
        counted_sum = theirs[of_year].sum()
        bounds = np.quantile(ours[:, of_year].sum(axis=1), (0.05, 0.5, 0.95))
        yield _row(
            f"H100e sold in {year}, all makers ({counted_sum:,.0f}), by the median of the draws",
            "relative error",
            bounds[1] / counted_sum - 1,
            "inside p05-p95",
            None,
            len(of_year),
            holds=bool(bounds[0] <= counted_sum <= bounds[2]),
            dataset=COUNTS,
        )
