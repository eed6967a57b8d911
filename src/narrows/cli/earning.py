"""``narrows inference demand``: accelerators that the revenue of inference pays for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from narrows.bottlenecks.earning import earning, scenario_text
from narrows.cli.output import say, write
from narrows.report.earning import earning_json, earning_text

if TYPE_CHECKING:
    from argparse import Namespace

__all__ = ["demand"]


def demand(arguments: Namespace) -> str:
    """Return the answer as text or JSON, and write the scenario if one is asked for."""
    found = earning(arguments.quarters, draws=arguments.draws, seed=arguments.seed, as_of=arguments.as_of)
    text = earning_json(found) if arguments.json else earning_text(found)
    if arguments.scenario is not None:
        done = "replaced" if Path(arguments.scenario).is_file() else "wrote"
        write(arguments.scenario, scenario_text(found))
        if done == "replaced" or not arguments.quiet:
            say(f"{done} {arguments.scenario}")
    return text
