"""``narrows memory``: what is held, and an audit of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.cli.machines import audited, run_room, shown

if TYPE_CHECKING:
    from argparse import Namespace

__all__ = ["run"]


def run(arguments: Namespace) -> int:
    """Answer one question of the room and show it."""
    return run_room(arguments, {"show": _show, "audit": _audit})


def _show(arguments: Namespace) -> tuple[str, int]:
    from narrows.memory.figures import chip_lines, generation_lines, memory

    return shown("memory", arguments, lambda: [generation_lines(), chip_lines()], memory)


def _audit(arguments: Namespace) -> tuple[str, int]:
    return audited("memory", arguments)
