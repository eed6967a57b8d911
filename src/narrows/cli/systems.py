"""``narrows systems``: what is held, and an audit of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.cli.machines import audited, run_room, shown

if TYPE_CHECKING:
    from argparse import Namespace

__all__ = ["run"]


def run(arguments: Namespace) -> int:
    """Answer one question of the room and show it."""
    return run_room(arguments, {"show": _show, "audit": _audit, "need": _need})


def _show(arguments: Namespace) -> tuple[str, int]:
    from narrows.systems.figures import system, system_lines

    return shown("systems", arguments, lambda: [system_lines()], system)


def _audit(arguments: Namespace) -> tuple[str, int]:
    return audited("systems", arguments)


def _need(arguments: Namespace) -> tuple[str, int]:
    from narrows.report.machine_need import need_csv, need_json, need_text
    from narrows.systems.need import need

    found = need(arguments.chip, draws=arguments.draws, seed=arguments.seed)
    return (need_json if arguments.json else need_csv if arguments.csv else need_text)(found), 0
