"""The plant against the PUE and WUE that operators publish."""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from narrows.catalog import default
from narrows.facility.plant import HEAT_PATHS, REJECTION, Design, facts_of, simulate
from narrows.facility.psychrometrics import pressure_at
from narrows.facility.published import infer_family, operator_design
from narrows.facility.sweep import sweep
from narrows.facility.weather import Weather, cities, weather
from narrows.figure import Comparison, compared

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = ["Site", "plant_rows", "published_sites", "reference_weather"]

ROOM = "facility"
GOOGLE, REGIONS, SITES = (
    "google_campus_pue.csv",
    "cloud_region_pue_wue_2022_2024.csv",
    "weather_sites.csv",
)
ARCHIVES = {
    "tmy3": "weather_tmy3.npz",
    "real": "weather_real_2022_2024.npz",
    "zone": "lei_masanet_zone_climate.npz",
}
GOOGLE_YEAR = 2024
"""Weather of the 12 months that Google's page of 2025 shows, where it is of real years."""
FIRST = {2022: 0, 2023: 8760, 2024: 17_520, 2025: 26_304}
"""First hour of a year in the archive of real years."""
FLEET_WUE = (0.18, 0.19)
"""WUE that Amazon states for its fleet and the table repeats for regions without one of their own."""
SETS = {
    "google": ("Google campuses, 12 months", 0.013, (0.0199, 0.0162)),
    "microsoft": ("Azure regions 2022, measured", 0.035, (0.087, 0.054)),
    "amazon": ("AWS regions 2024", 0.05, (0.102, 0.074)),
}
"""Name, goal, and errors of a constant and of a line on the wet bulb, as stated with the data."""
YEARS = {"Amazon Web Services": ("amazon", "2024"), "Microsoft Azure": ("microsoft", "2022")}
LEAST_WUE, FACTOR, SHARE = 0.1, 1.5, 0.75
SAME_FAMILY, SIGNS, APART = 0.8, 0.8, 0.03
SIZE = "facility.per_it"
"""Facility power over IT power by which the map sizes grid connections, transformers and generation."""
KNEE_C = 15.0
BANDS = np.arange(0.0, 5.01, 0.5)


@dataclass(frozen=True)
class Site:
    """A published figure and the plant's.

    Parameters
    ----------
    operator, place
        Who runs it, where.
    design
        The declared design.
    hours
        The weather.
    pue, wue
        As published; WUE in L/kWh, None where the site has none of its own.
    ours
        PUE and WUE of the plant.
    """

    operator: str
    place: str
    design: Design
    hours: Weather
    pue: float
    wue: float | None
    ours: tuple[float, float]

    @property
    def family(self) -> str:
        """Declared cooling family."""
        return self.design.rejection + (", adiabatic" if self.design.adiabatic else "")


def reference_weather(folder: Path, key: str, year: int) -> Weather:
    """Return the weather of a key such as ``tmy3:sterling_va``; a real year for keys that have one."""
    kind, site = key.split(":")
    with np.load(folder / ARCHIVES[kind]) as file:
        at = [str(name) for name in file["site"]].index(site)
        t_c, rh = file["t_c_x10"][at] / 10, np.maximum(file["rh_pct"][at], 1) / 100
        if kind == "tmy3":
            p_pa = file["p_hpa"][at] * 100.0
        elif kind == "zone":
            p_pa = file["p_pa_minus_90000"][at] + 90_000.0
        else:
            t_c, rh = (values[FIRST[year] : FIRST[year + 1]] for values in (t_c, rh))
            with (folder / SITES).open(encoding="utf-8", newline="") as table:
                height = {row["weather"]: row["elev_m"] for row in csv.DictReader(table)}[key]
            p_pa = np.full(t_c.size, float(pressure_at(float(height))))
    return Weather(key, t_c, np.minimum(rh, 1.0), p_pa)


def _stated(folder: Path) -> Iterator[tuple[str, str, str, int, float, float | None]]:
    with (folder / GOOGLE).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["pue_ttm"] and row["weather"]:
                yield "google", row["campus"], row["weather"], GOOGLE_YEAR, float(row["pue_ttm"]), None
    with (folder / REGIONS).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            operator, year = YEARS.get(row["provider"], ("", ""))
            if row["year"] != year or not row["weather"] or row["likely_design_value"] == "True":
                continue
            wue = float(row["wue_l_per_kwh"]) if row["wue_l_per_kwh"] else None
            if operator == "amazon" and wue in FLEET_WUE:
                wue = None
            yield operator, row["location"], row["weather"], int(year), float(row["pue"]), wue


def published_sites(folder: Path) -> list[Site]:
    """Return the published sites with what the plant gives for their declared designs.

    Parameters
    ----------
    folder
        Folder with the tables of figures and of weather.
    """
    found, years = [], {}
    for operator, place, key, year, pue, wue in _stated(folder):
        if (key, year) not in years:
            years[key, year] = reference_weather(folder, key, year)
        hours = years[key, year]
        design = operator_design(operator, hours, place)
        ours = simulate(design, hours)
        found.append(Site(operator, place, design, hours, pue, wue, (ours.pue, ours.wue)))
    return found


def plant_rows(folder: Path | None) -> Iterator[Comparison]:
    """Yield the comparisons of the plant with published sites.

    Parameters
    ----------
    folder
        Folder of the room's measurements; None where there is none.
    """
    yield _sizing()
    needed = (GOOGLE, REGIONS, SITES, *ARCHIVES.values())
    if folder is None or not all((folder / name).is_file() for name in needed):
        yield Comparison(
            ROOM, REGIONS, "PUE of published sites", "not run: data absent", None, "", None, 0, None
        )
        return
    sites = published_sites(folder)
    groups = defaultdict(list)
    for site in sites:
        groups[site.operator].append(site)
    for operator, group in groups.items():
        yield from compared(ROOM, REGIONS, partial(_pue_rows, operator, group))
    yield _signs(sites)
    yield from compared(ROOM, REGIONS, partial(_water_rows, [site for site in sites if site.wue is not None]))


def _sizing() -> Comparison:
    """Compare what sizes a site in the map with the worst hour of the shipped years."""
    designs = [Design(heat="air", rejection="outside air")]
    designs += [Design(heat=heat, rejection=way) for heat in HEAT_PATHS for way in REJECTION[1:]]
    worst = np.concatenate([sweep(designs, weather(city)).peak_pue for city in cities()])
    fact = default().fact(SIZE)
    ours = float(np.median(worst))
    return Comparison(
        ROOM,
        f"{len(cities())} cities, all ways to cool",
        f"facility power over IT power in the worst hour, against {SIZE} of the map",
        "median ratio",
        ours,
        f"{fact.low:g} to {fact.high:g}",
        None,
        worst.size,
        fact.low <= ours <= fact.high,
    )


def _left_out(values: np.ndarray, against: np.ndarray | None = None) -> float:
    """Return the mean absolute error of a constant, or of a line, with each value left out."""
    errors = []
    for at in range(values.size):
        rest = np.delete(values, at)
        if against is None:
            guess = rest.mean()
        else:
            guess = np.polyval(np.polyfit(np.delete(against, at), rest, 1), against[at])
        errors.append(abs(values[at] - guess))
    return float(np.mean(errors))


def _pue_rows(operator: str, group: Sequence[Site]) -> Iterator[Comparison]:
    about, goal, stated = SETS[operator]
    pue = np.array([site.pue for site in group])
    off = np.array([site.ours[0] for site in group]) - pue
    wet = np.array([np.maximum(site.hours.wet_c - KNEE_C, 0).mean() for site in group])
    value = float(np.abs(off).mean())
    table = GOOGLE if operator == "google" else REGIONS
    plain, line = _left_out(pue), _left_out(pue, wet)
    name = f"{about}: PUE of declared designs"
    told = f"mean absolute error; stated baselines {stated[0]:g} (constant), {stated[1]:g} (line on wet bulb)"
    yield Comparison(
        ROOM, table, name, told, value, f"at most {goal:g}", stated[1], len(group), value <= goal
    )
    for word, rule in (("a constant", plain), ("a line on the wet bulb", line)):
        yield Comparison(
            ROOM,
            table,
            name,
            f"mean absolute error; baseline: {word}, each site left out",
            value,
            "below the baseline",
            rule,
            len(group),
            value < rule,
        )
    yield Comparison(
        ROOM, table, name, "mean error", float(off.mean()), "for information", None, len(group), None
    )


def _signs(sites: Sequence[Site]) -> Comparison:
    pairs = [
        (one.pue - two.pue) * (one.ours[0] - two.ours[0]) > 0
        for one, two in combinations(sites, 2)
        if one.operator == two.operator and abs(one.pue - two.pue) >= APART - 1e-9
    ]
    share = float(np.mean(pairs))
    return Comparison(
        ROOM,
        REGIONS,
        f"which of two sites of one operator has more PUE, pairs that differ by {APART:g} or more",
        "share right",
        share,
        f"at least {SIGNS:g}",
        0.5,
        len(pairs),
        share >= SIGNS,
    )


def _near(ours: float, told: float) -> bool:
    return 1 / FACTOR <= ours / told <= FACTOR


def _water_rows(sites: Sequence[Site]) -> Iterator[Comparison]:
    wet = [site for site in sites if site.wue is not None and site.wue >= LEAST_WUE]
    told = [float(site.wue or 0) for site in wet]
    tries = np.array([_by_band(site) for site in wet])
    ends = [_best(np.delete(tries, at, 0), np.delete(told, at)) for at in range(len(wet))]
    for metric, ours in (
        (f"share within a factor of {FACTOR:g}", [site.ours[1] for site in wet]),
        (
            f"share within a factor of {FACTOR:g}; the band of the pads set without the region",
            [tries[at, end] for at, end in enumerate(ends)],
        ),
    ):
        share = float(np.mean([_near(mine, theirs) for mine, theirs in zip(ours, told, strict=True)]))
        yield Comparison(
            ROOM,
            REGIONS,
            f"WUE of AWS 2024 and Azure 2022 regions, {LEAST_WUE:g} L/kWh or more",
            metric,
            share,
            f"at least {SHARE:g}",
            None,
            len(wet),
            share >= SHARE,
        )
    right = [
        infer_family(site.pue, float(site.wue or 0), site.hours)[0].name == site.family for site in sites
    ]
    names = [site.family for site in sites]
    share = float(np.mean(right))
    yield Comparison(
        ROOM,
        REGIONS,
        "cooling family told from PUE, WUE and weather, against the declared",
        "share right; baseline: always the commonest",
        share,
        f"at least {SAME_FAMILY:g}",
        max(names.count(name) for name in names) / len(names),
        len(right),
        share >= SAME_FAMILY,
    )


def _by_band(site: Site) -> list[float]:
    facts = facts_of(site.design.age)
    years = (simulate(site.design, site.hours, facts | {"adiabatic.band": float(band)}) for band in BANDS)
    return [year.wue for year in years]


def _best(tries: np.ndarray, told: np.ndarray) -> int:
    """Return the band whose water is nearest, by the median of the absolute logarithm."""
    return int(np.median(np.abs(np.log(np.maximum(tries, 1e-6) / told[:, None])), axis=0).argmin())
