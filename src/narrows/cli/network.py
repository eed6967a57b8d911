"""``narrows network``: what is held, and an audit of it."""

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
    from narrows.network.figures import chip_lines, link, link_lines, switch_lines

    return shown("network", arguments, lambda: [link_lines(), switch_lines(), chip_lines()], link)


def _audit(arguments: Namespace) -> tuple[str, int]:
    return audited("network", arguments)
