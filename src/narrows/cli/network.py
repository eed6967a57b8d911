"""``narrows network``: what is held, and an audit of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.cli.machines import audited, run_room, shown

if TYPE_CHECKING:
    from argparse import Namespace

__all__ = ["run"]

RADIX, RAILS = 64, 8  # of the clusters whose prices are held


def run(arguments: Namespace) -> int:
    """Answer one question of the room and show it."""
    return run_room(arguments, {"show": _show, "audit": _audit, "fabric": _fabric})


def _show(arguments: Namespace) -> tuple[str, int]:
    from narrows.network.figures import chip_lines, link, link_lines, switch_lines

    return shown("network", arguments, lambda: [link_lines(), switch_lines(), chip_lines()], link)


def _audit(arguments: Namespace) -> tuple[str, int]:
    return audited("network", arguments)


def _fabric(arguments: Namespace) -> tuple[str, int]:
    from narrows.network.fabric import cluster_cost, fabric
    from narrows.report.machine_need import fabric_json, fabric_text

    built = fabric(arguments.gpus, arguments.radix, arguments.rails)
    usual = (arguments.radix, arguments.rails) == (RADIX, RAILS)
    cost = cluster_cost(arguments.gpus) if usual else None
    return (fabric_json if arguments.json else fabric_text)(built, cost), 0
