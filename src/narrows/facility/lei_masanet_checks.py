"""The published demo hour and quantiles of Lei and Masanet, by our code of their equations."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from narrows.facility.lei_masanet import SYSTEMS, published_system
from narrows.figure import Comparison, compared

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from narrows.facility.lei_masanet import Cop

    Floats = NDArray[np.float64]

__all__ = ["demo_hour", "lei_masanet_rows", "published_quantiles"]

ROOM = "facility"
DEMO, RANGES, POINTS, QUANTILES, CLIMATES = (
    "lei_masanet_demo_case.json",
    "lei_masanet_input_ranges.csv",
    "lei_masanet_cop_points.csv",
    "lei_masanet_quantiles.csv",
    "lei_masanet_zone_climate.npz",
)
CASES = {1: SYSTEMS[0], 2: SYSTEMS[2], 3: SYSTEMS[1], 5: SYSTEMS[3], 7: SYSTEMS[4], 8: SYSTEMS[3]}
"""System of each published case."""
PERCENT = ("UPS_e", "PD_lr", "L_percentage", "SHR", "pcop", "Windage_p", "RH_up", "RH_lw")
KILO = "Pump_Pressure"
SHORT = {
    "ups_efficiency": "UPS_e",
    "distribution_loss": "PD_lr",
    "lighting_share": "L_percentage",
    "sensible_heat_ratio": "SHR",
    "delta_t_air_k": "delta_T_air",
    "fan_pressure_crah_pa": "Fan_Pressure_CRAC",
    "fan_efficiency_crah": "Fan_e_CRAC",
    "pump_pressure_humidifier_pa": "Pump_Pressure_HD",
    "pump_efficiency_humidifier": "Pump_e_HD",
    "crah_coil_effectiveness": "HTE",
    "delta_t_facility_water_k": "delta_T_water",
    "tower_approach_k": "AT_CT",
    "exchanger_approach_k": "AT_HE",
    "pump_pressure_economizer_pa": "Pump_Pressure_WE",
    "pump_efficiency_economizer": "Pump_e_WE",
    "pump_pressure_chilled_water_pa": "Pump_Pressure_CW",
    "pump_efficiency_chilled_water": "Pump_e_CW",
    "chiller_load": "Chiller_load",
    "tower_range_k": "delta_T_CT",
    "pump_pressure_tower_pa": "Pump_Pressure_CT",
    "pump_efficiency_tower": "Pump_e_CT",
    "windage_share": "Windage_p",
    "cycles_of_concentration": "CC",
    "liquid_gas_ratio": "LGRatio",
    "fan_pressure_tower_pa": "Fan_Pressure_CT",
    "fan_efficiency_tower": "Fan_e_CT",
    "t_setpoint_high_c": "T_up",
    "cop_relative_error": "pcop",
}
"""Name in table B.1 of the inputs of the demo hour."""
DRAWS, STEP, SEED = 512, 37, 6
"""Draws of the inputs; every so many hours, which visits all hours of the day; seed."""
ENDS = {"5th": 0.05, "95th": 0.95}
MEAN_PUE, WORST_PUE, MEAN_WUE, DEMO_OFF = 0.015, 0.05, 0.15, 1e-3


def _cops(folder: Path) -> dict[str, Cop]:
    """Return the COP of the water-cooled and the air-cooled chiller, between the points."""
    with (folder / POINTS).open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["load_fraction"]]
    found: dict[str, Cop] = {}
    for machine in ("water-cooled chiller", "air-cooled chiller"):
        points = {
            (float(row["temperature_c"]), float(row["load_fraction"])): float(row["cop"])
            for row in rows
            if row["machine"] == machine
        }
        temperatures, loads = (np.array(sorted({key[at] for key in points})) for at in (0, 1))
        table = np.array([[points[t, load] for load in loads] for t in temperatures])
        found[machine] = partial(_between, temperatures, loads, table)
    return found


def _between(temperatures: Floats, loads: Floats, table: Floats, t_c: Floats, load: Floats) -> Floats:
    """Return the table between its points, straight on beyond its ends."""
    row, down = _place(temperatures, t_c)
    column, along = _place(loads, load)
    upper = table[row, column] * (1 - along) + table[row, column + 1] * along
    lower = table[row + 1, column] * (1 - along) + table[row + 1, column + 1] * along
    return np.asarray(upper * (1 - down) + lower * down)


def _place(points: Floats, values: Floats) -> tuple[NDArray[np.intp], Floats]:
    at = np.clip(np.searchsorted(points, values) - 1, 0, points.size - 2)
    return at, (values - points[at]) / (points[at + 1] - points[at])


def demo_hour(folder: Path) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return PUE and WUE of the demo hour, ours and as published."""
    told = json.loads((folder / DEMO).read_text(encoding="utf-8"))
    inputs = {name: np.asarray(float(told["inputs"][long])) for long, name in SHORT.items()}
    inputs["RH_up"] = np.asarray(told["inputs"]["rh_high_pct"] / 100)
    sky = (told["inputs"][name] for name in ("t_outdoor_c", "rh_outdoor_pct", "p_pa"))
    t_c, rh, p_pa = (np.asarray(float(value)) for value in sky)
    chiller = _cops(folder)["water-cooled chiller"]
    pue, wue = published_system(SYSTEMS[2], inputs, t_c, rh / 100, p_pa, chiller)
    stated = told["published"]
    return (float(pue), float(wue)), (stated["pue"], stated["wue_l_per_kwh"])


def _inputs(folder: Path, case: int) -> dict[str, Floats]:
    """Return draws of the inputs of a case, each with axes (draw, 1)."""
    with (folder / RANGES).open(encoding="utf-8", newline="") as file:
        rows = {row["variable"]: row[f"case_{case}"] for row in csv.DictReader(file)}
    ends = {name: text.split(",") for name, text in rows.items() if text.strip(" ,")}
    random = np.random.default_rng(SEED)
    shuffled = random.permuted(np.tile(np.arange(DRAWS)[:, None], len(ends)), axis=0)
    even = (shuffled + random.random(shuffled.shape)) / DRAWS  # each input visits each of its slices once
    found = {}
    for at, (name, (low, high)) in enumerate(ends.items()):
        share = name in PERCENT or "_e_" in name
        scale = 0.01 if share else 1e3 if name.startswith(KILO) else 1.0
        values = (float(low) + (float(high) - float(low)) * even[:, at]) * scale
        found[name] = values[:, None]
    return found


def published_quantiles(
    folder: Path,
) -> Iterator[tuple[int, str, str, tuple[float, float], tuple[float, float]]]:
    """Yield case, zone, quantile, and PUE and WUE of ours and as published."""
    cops = _cops(folder)
    told: dict[tuple[int, str], dict[str, tuple[float, float]]] = defaultdict(dict)
    with (folder / QUANTILES).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            pair = (float(row["pue"]), float(row["wue_l_per_kwh"]))
            told[int(row["case"]), row["zone"]][row["quantile"]] = pair
    with np.load(folder / CLIMATES) as file:
        sites = [str(name) for name in file["site"]]
        t_c, rh, p_pa = (file[name][:, ::STEP] for name in ("t_c_x10", "rh_pct", "p_pa_minus_90000"))
    for (case, zone), ends in told.items():
        at = sites.index(zone)
        system = CASES[case]
        cop = cops["air-cooled chiller" if system == SYSTEMS[4] else "water-cooled chiller"]
        air = (t_c[at] / 10, np.clip(rh[at], 1, 100) / 100, p_pa[at] + 90_000.0)
        both = published_system(system, _inputs(folder, case), *air, cop)
        years = [np.broadcast_to(values, (DRAWS, air[0].size)).mean(1) for values in both]
        for name, stated in ends.items():
            ours = (float(np.quantile(years[0], ENDS[name])), float(np.quantile(years[1], ENDS[name])))
            yield case, zone, name, ours, stated


def lei_masanet_rows(folder: Path | None) -> Iterator[Comparison]:
    """Yield the comparisons with the published demo hour and quantiles.

    Parameters
    ----------
    folder
        Folder of the room's measurements; None where there is none.
    """
    needed = (DEMO, RANGES, POINTS, QUANTILES, CLIMATES)
    if folder is None or not all((folder / name).is_file() for name in needed):
        yield Comparison(
            ROOM, QUANTILES, "published PUE and WUE", "not run: data absent", None, "", None, 0, None
        )
        return
    yield from compared(ROOM, DEMO, partial(_demo, folder))
    yield from compared(ROOM, QUANTILES, partial(_quantiles, folder))


def _demo(folder: Path) -> Iterator[Comparison]:
    ours, told = demo_hour(folder)
    for at, name in enumerate(("PUE", "WUE in L/kWh")):
        off = abs(ours[at] - told[at])
        yield Comparison(
            ROOM,
            DEMO,
            f"demo hour with a waterside economizer, {told[at]:.5f}",
            f"absolute error of {name}",
            off,
            f"within {DEMO_OFF:g}",
            None,
            1,
            off <= DEMO_OFF,
        )


def _quantiles(folder: Path) -> Iterator[Comparison]:
    groups: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for case, _, _, mine, theirs in published_quantiles(folder):
        off_pue, off_wue = mine[0] - theirs[0], mine[1] - theirs[1]
        for group in (f"case {case}, {CASES[case]}", "all cases"):
            groups[group].append((off_pue, off_wue))
    for group, rows in groups.items():
        off = np.abs(np.array(rows))
        for at, name, metric, goal in (
            (0, "PUE", "mean", MEAN_PUE),
            (0, "PUE", "largest", WORST_PUE),
            (1, "WUE", "mean", MEAN_WUE),
        ):
            value = float(off[:, at].mean() if metric == "mean" else off[:, at].max())
            yield Comparison(
                ROOM,
                QUANTILES,
                f"5th and 95th percentile over 12 zones: {group}",
                f"{metric} absolute error of {name}",
                value,
                f"at most {goal:g}",
                None,
                len(rows),
                value <= goal,
            )
