"""``narrows facility simulate`` and ``narrows facility sweep``: a plant through a year."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.cli.output import emit, say, write

if TYPE_CHECKING:
    from argparse import Namespace

__all__ = ["run"]

COOLANT_C = (25.0, 35.0, 45.0)
"""Coolant temperatures of the sweep [C]."""


def run(arguments: Namespace) -> int:
    """Answer the question."""
    if arguments.question == "sweep":
        return _sweep(arguments)
    from narrows.facility.plant_result import run_plant
    from narrows.report.plant import plant_json, plant_svg, plant_text

    result = run_plant(
        arguments.place,
        arguments.design,
        it_mw=arguments.it_mw,
        draws=arguments.draws,
        seed=arguments.seed,
    )
    if arguments.svg is not None:
        write(arguments.svg, plant_svg(result))
        say(f"wrote {arguments.svg}")
    emit(plant_json(result) if arguments.json else plant_text(result), arguments.output)
    return 0


def _sweep(arguments: Namespace) -> int:
    from narrows.facility.plant import HEAT_PATHS, REJECTION, Design
    from narrows.facility.sweep import sweep
    from narrows.facility.weather import weather
    from narrows.report.plant import sweep_text

    designs = [
        Design(heat, out, arguments.redundancy, arguments.age, coolant, adiabatic=wet)
        for heat in HEAT_PATHS
        for out in REJECTION
        for wet in (False, True)
        for coolant in (COOLANT_C if heat in HEAT_PATHS[2:] else COOLANT_C[:1])
        if (heat == "air" or out != "outside air") and not (wet and out == "towers")
    ]
    emit(sweep_text(sweep(designs, weather(arguments.place)), arguments.place), arguments.output)
    return 0
