"""``narrows compute``: what is held, and an audit of it."""

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
    from narrows.compute.figures import chip, chips

    return shown("compute", arguments, lambda: [chips()], chip)


def _audit(arguments: Namespace) -> tuple[str, int]:
    return audited("compute", arguments)
