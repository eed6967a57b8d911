"""A plant as text, JSON and a picture of its hours."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from narrows.facility.plant_result import figure_ids
from narrows.figure import number
from narrows.report.svg import INK, picture, rect, shade, words

if TYPE_CHECKING:
    from narrows.facility.plant_result import PlantResult
    from narrows.facility.sweep import Swept

__all__ = ["plant_json", "plant_svg", "plant_text", "sweep_text"]

DAY_WIDTH, HOUR_HEIGHT, LEFT, TOP = 2.4, 10.0, 56.0, 64.0
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MONTH_DAYS = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)
"""First day of each month of a typical year."""
STEPS = 8
"""Colours of the key."""
NOTE = (
    "Intervals hold 80 % of draws of the facts of machines and halls. Humidity of the hall is not\n"
    "controlled in this model; outside air at a high dew point is taken in."
)


def plant_text(result: PlantResult) -> str:
    """Return the page: PUE, WUE, power by component, hours, water."""
    year = result.year
    design = year.design
    wet = ", adiabatic" if design.adiabatic else ""
    lines = [
        f"{design.heat} + {design.rejection}{wet}, {design.redundancy}, class {design.age}, {result.place}",
        f"IT {number(result.it_mw)} MW, load {design.load:.0%}, coolant {design.supply_c:g} C",
        "",
    ]
    values = {"pue": year.pue, "peak_pue": year.peak_pue, "wue": year.wue}
    names = {"pue": "PUE of the year", "peak_pue": "PUE of the worst hour", "wue": "WUE [L/kWh]"}
    for key, name in names.items():
        low, high = result.spans[key]
        lines.append(f"{name:24}{values[key]:8.3f}   ({low:.3f} to {high:.3f})")
    lines += [
        f"{'hours without chiller':24}{year.free_hours:8}   of {year.free.size}",
        f"{'water [m3/year]':24}{result.water_m3:8.0f}",
        "",
        f"{'mean power':24}{'MW':>8}{'share of IT':>14}",
    ]
    for name, power in result.power_mw.items():
        lines.append(f"{name:24}{power:8.2f}{power / result.it_mw:14.2%}")
    asked = figure_ids(result.place, design)
    why = [f"narrows why {asked['pue']}", f"narrows why {asked['wue']}", ""] if asked else []
    return "\n".join([*lines, "", *why, NOTE]) + "\n"


def plant_json(result: PlantResult) -> str:
    """Return the same as one JSON object."""
    year = result.year
    content: dict[str, Any] = {
        "command": "facility simulate",
        "place": result.place,
        "it_mw": result.it_mw,
        "design": {name: getattr(year.design, name) for name in year.design.__slots__},
        "pue": {"value": year.pue, "p10": result.spans["pue"][0], "p90": result.spans["pue"][1]},
        "peak_pue": {
            "value": year.peak_pue,
            "p10": result.spans["peak_pue"][0],
            "p90": result.spans["peak_pue"][1],
        },
        "wue_l_per_kwh": {"value": year.wue, "p10": result.spans["wue"][0], "p90": result.spans["wue"][1]},
        "free_hours": year.free_hours,
        "water_m3": result.water_m3,
        "power_mw": result.power_mw,
        "figures": figure_ids(result.place, year.design),
        "draws": result.draws,
        "seed": result.seed,
        "sources": list(result.reads),
    }
    return json.dumps(content, indent=2)


def plant_svg(result: PlantResult) -> str:
    """Return PUE by hour of the day and day of the year as a picture."""
    table = result.day_hours()
    hours, days = table.shape
    low, high = float(table.min()), float(table.max())
    span = max(high - low, 1e-9)
    width = LEFT + days * DAY_WIDTH + 24
    marks = [words(LEFT, 26, f"PUE by hour, {result.place}", 15, fill=INK)]
    told = f"{result.year.design.heat} + {result.year.design.rejection}: {result.year.pue:.3f} in the year"
    marks.append(words(LEFT, 46, told, 11, fill=INK))
    for hour in range(hours):
        y = TOP + hour * HOUR_HEIGHT
        marks += [
            rect(
                LEFT + day * DAY_WIDTH,
                y,
                DAY_WIDTH + 0.2,
                HOUR_HEIGHT,
                fill=shade((table[hour, day] - low) / span),
            )
            for day in range(days)
        ]
        if hour % 6 == 0:
            marks.append(words(LEFT - 8, y + 9, f"{hour}:00", 10, fill=INK, text_anchor="end"))
    base = TOP + hours * HOUR_HEIGHT
    marks += [
        words(LEFT + day * DAY_WIDTH, base + 16, month, 10, fill=INK)
        for month, day in zip(MONTHS, MONTH_DAYS, strict=True)
    ]
    for step in range(STEPS):
        share = step / (STEPS - 1)
        x = LEFT + step * 60
        marks.append(rect(x, base + 30, 60, 12, fill=shade(share)))
        marks.append(words(x, base + 56, f"{low + share * span:.3f}", 10, fill=INK))
    return picture(width, base + 72, f"PUE by hour, {result.place}", told, marks)


def sweep_text(swept: Swept, place: str) -> str:
    """Return designs as a table, the least PUE first."""
    lines = [place, f"{'PUE':>7}{'worst':>8}{'WUE':>7}{'free h':>8}  design"]
    for at in swept.pue.argsort():
        design = swept.designs[at]
        name = f"{design.heat} + {design.rejection}{', adiabatic' if design.adiabatic else ''}"
        tail = f", {design.redundancy}, {design.supply_c:g} C"
        lines.append(
            f"{swept.pue[at]:7.3f}{swept.peak_pue[at]:8.3f}{swept.wue[at]:7.2f}"
            f"{swept.free_hours[at]:8.0f}  {name}{tail}"
        )
    return "\n".join(lines) + "\n"
